//! Memory that several threads write, each at places that are its own or locked.
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

/// A vector of fixed length without the borrow checker's one writer.
pub struct Shared<T: Copy> {
    data: *mut T,
    len: usize,
    capacity: usize,
    _owns: PhantomData<T>,
}

// SAFETY: it owns plain values; who writes through `at` promises not to race.
unsafe impl<T: Copy + Send> Send for Shared<T> {}
unsafe impl<T: Copy + Send> Sync for Shared<T> {}

impl<T: Copy> From<Vec<T>> for Shared<T> {
    fn from(values: Vec<T>) -> Self {
        let mut values = ManuallyDrop::new(values);
        Self {
            data: values.as_mut_ptr(),
            len: values.len(),
            capacity: values.capacity(),
            _owns: PhantomData,
        }
    }
}

impl<T: Copy> Shared<T> {
    /// Without values yet; every place is written before [`Self::into_vec`].
    pub fn unwritten(len: usize) -> Self {
        let mut values = ManuallyDrop::new(Vec::with_capacity(len));
        Self {
            data: values.as_mut_ptr(),
            len,
            capacity: values.capacity(),
            _owns: PhantomData,
        }
    }

    /// The place of element `index`; at the end itself for `index` = length.
    #[inline]
    pub fn at(&self, index: usize) -> *mut T {
        assert!(index <= self.len);
        // SAFETY: within the allocation, as just asserted.
        unsafe { self.data.add(index) }
    }

    pub fn into_vec(self) -> Vec<T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the parts of the vector it was made of.
        unsafe { Vec::from_raw_parts(this.data, this.len, this.capacity) }
    }
}

impl<T: Copy> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the parts of the vector it was made of, used by nobody any more.
        drop(unsafe { Vec::from_raw_parts(self.data, self.len, self.capacity) });
    }
}

/// Asks for the cache line of an address that will soon be read: for the second level, which keeps more lines on their way
/// than the first.
#[inline]
pub fn prefetch<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; any address is allowed.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
