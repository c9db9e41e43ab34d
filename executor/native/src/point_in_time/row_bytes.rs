//! Rows of bytes that several threads write.
use super::shared::Shared;

/// A piece is small enough to take the place of memory that was freed elsewhere: one allocation for all rows would always be
/// memory that the system has to clear first, which takes longer than filling it.
pub const PIECE_BYTES: usize = 4 << 20;

/// So many rows of `stride` bytes each, in pieces of a power of two rows.
pub struct RowBytes {
    pieces: Vec<Shared<u8>>,
    piece_bits: u32,
    count: usize,
    stride: usize,
}

impl RowBytes {
    pub fn zeroed(count: usize, stride: usize, threads: usize) -> Self {
        let piece_bits = (PIECE_BYTES / stride.max(1)).max(1).ilog2();
        let sizes: Vec<usize> = (0..count)
            .step_by(1 << piece_bits)
            .map(|first| (count - first).min(1 << piece_bits) * stride)
            .collect();
        let run = sizes.len().div_ceil(threads.max(1)).max(1);
        let zeros = |sizes: &[usize]| -> Vec<Shared<u8>> {
            sizes.iter().map(|size| vec![0; *size].into()).collect()
        };
        let pieces = std::thread::scope(|scope| {
            let running: Vec<_> = sizes
                .chunks(run)
                .map(|sizes| scope.spawn(move || zeros(sizes)))
                .collect();
            let threads = running.into_iter();
            threads
                .flat_map(|thread| thread.join().expect("zeroing does not panic"))
                .collect()
        });
        Self {
            pieces,
            piece_bits,
            count,
            stride,
        }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Where the `stride` bytes of a row are.
    #[inline]
    pub fn at(&self, row: u32) -> *mut u8 {
        let row = row as usize;
        assert!(row < self.count);
        let within = row & ((1 << self.piece_bits) - 1);
        self.pieces[row >> self.piece_bits].at(within * self.stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_own_bytes() {
        for (count, stride) in [
            (0, 5),
            (1, 1),
            (1_000_003, 43),
            (40, 1 << 20),
            (3, 20 << 20),
        ] {
            let rows = RowBytes::zeroed(count, stride, 2);
            assert_eq!((rows.count(), rows.stride()), (count, stride));
            for row in (0..count as u32).rev() {
                // SAFETY: the row's own bytes.
                let bytes = unsafe { std::slice::from_raw_parts_mut(rows.at(row), stride) };
                assert!(bytes[0] == 0 && bytes[stride - 1] == 0);
                bytes[stride - 1] = 1;
                bytes[0] = 1;
            }
        }
    }
}
