//! Memory accounting: one pool per query under one budget for all of them.
//!
//! ```text
//! operator -> QueryPool (fair among the query's spilling operators, capped) -> Budget (all queries)
//! ```

use datafusion::common::{Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool,
};
use std::ffi::c_long;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `mi_option_purge_delay` in mimalloc.h; the Rust crate has no name for it.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
const PURGE_DELAY_MILLIS: c_long = 20_000;
const REPORTED_CONSUMERS: NonZeroUsize = NonZeroUsize::new(3).expect("positive");

/// Freed memory goes back to the system after 20 s instead of 1 s: the next query takes it as it is. Pages that the kernel
/// has to clear again cost a tenth of the CPU time of TPC-H.
pub fn keep_freed_memory() {
    // SAFETY: sets a number that the allocator reads atomically.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_DELAY_MILLIS) };
}

/// Bytes that all queries together have reserved.
#[derive(Debug)]
pub struct Budget {
    limit: usize,
    reserved: AtomicUsize,
}

impl Budget {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            reserved: AtomicUsize::new(0),
        }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    pub fn reserved(&self) -> usize {
        self.reserved.load(Ordering::Relaxed)
    }

    fn try_take(&self, bytes: usize) -> bool {
        self.reserved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|total| *total <= self.limit)
            })
            .is_ok()
    }

    fn take(&self, bytes: usize) {
        self.reserved.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, bytes: usize) {
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The memory of one query.
#[derive(Debug)]
pub struct QueryPool {
    inner: TrackConsumersPool<FairSpillPool>,
    limit: usize,
    budget: Arc<Budget>,
    peak: AtomicUsize,
}

impl QueryPool {
    /// `limit` 0 means the whole budget.
    pub fn new(budget: Arc<Budget>, limit: usize) -> Self {
        let limit = match limit {
            0 => budget.limit,
            some => some.min(budget.limit),
        };
        Self {
            inner: TrackConsumersPool::new(FairSpillPool::new(limit), REPORTED_CONSUMERS),
            limit,
            budget,
            peak: AtomicUsize::new(0),
        }
    }

    /// The most bytes ever reserved at once.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    fn note_peak(&self) {
        self.peak
            .fetch_max(self.inner.reserved(), Ordering::Relaxed);
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "query({} bytes)", self.limit)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.inner.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.inner.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.inner.grow(reservation, additional);
        self.budget.take(additional);
        self.note_peak();
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.inner.shrink(reservation, shrink);
        self.budget.give_back(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if !self.budget.try_take(additional) {
            return Err(resources_datafusion_err!(
                "all queries together have reserved {} of {} bytes",
                self.budget.reserved(),
                self.budget.limit
            ));
        }
        if let Err(error) = self.inner.try_grow(reservation, additional) {
            self.budget.give_back(additional);
            return Err(error);
        }
        self.note_peak();
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.inner.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}
