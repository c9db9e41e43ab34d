//! Rows of bytes that several writers append, and change where they have locked them.
use super::shared::{Shared, prefetch};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A piece is small enough to take the place of memory that was freed elsewhere: one allocation for all rows would always be
/// memory that the system has to clear first, which takes longer than filling it.
pub const PIECE_BYTES: usize = 4 << 20;

/// Rows of `stride` bytes each, in pieces of a power of two rows. A piece belongs to one writer.
pub struct RowBytes {
    pieces: Vec<OnceLock<Shared<u8>>>,
    /// So many pieces have a writer.
    begun: AtomicUsize,
    piece_bits: u32,
    stride: usize,
}

/// What a writer has left of its piece.
#[derive(Default)]
pub struct Room {
    next: u32,
    end: u32,
}

impl RowBytes {
    /// For at most `count` rows of all `writers`.
    pub fn new(count: usize, stride: usize, writers: usize) -> Self {
        let (pieces, piece_bits) = pieces(count, stride, writers);
        Self {
            pieces: (0..pieces).map(|_| OnceLock::new()).collect(),
            begun: AtomicUsize::new(0),
            piece_bits,
            stride,
        }
    }

    /// What [`Self::new`] may come to.
    pub fn bytes_for(count: usize, stride: usize, writers: usize) -> usize {
        let (pieces, piece_bits) = pieces(count, stride, writers);
        (pieces << piece_bits) * stride
    }

    /// What it has not come to so far.
    pub fn spare_bytes(&self) -> usize {
        ((self.pieces.len() - self.begun.load(Relaxed)) << self.piece_bits) * self.stride
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    /// A new row of a writer, whose bytes are anything.
    #[inline]
    pub fn append(&self, room: &mut Room) -> u32 {
        if room.next == room.end {
            let number = self.begun.fetch_add(1, Relaxed);
            self.pieces[number].get_or_init(|| Shared::unwritten(self.stride << self.piece_bits));
            room.next = (number << self.piece_bits) as u32;
            room.end = room.next + (1 << self.piece_bits);
        }
        room.next += 1;
        room.next - 1
    }

    /// Brings a row, which will soon be read or written, to the cache.
    #[inline]
    pub fn prefetch(&self, row: u32) {
        let bytes = self.at(row);
        prefetch(bytes);
        prefetch(bytes.wrapping_add(self.stride.saturating_sub(1)));
    }

    /// Where the `stride` bytes of a row are.
    #[inline]
    pub fn at(&self, row: u32) -> *mut u8 {
        let row = row as usize;
        let piece = self.pieces[row >> self.piece_bits].get();
        let within = row & ((1 << self.piece_bits) - 1);
        piece.expect("a row's piece").at(within * self.stride)
    }
}

/// How many pieces writers may begin, each of which leaves one unfinished; and the bits of a row's number within one.
fn pieces(count: usize, stride: usize, writers: usize) -> (usize, u32) {
    let rows = (PIECE_BYTES / stride.max(1)).clamp(1, count.next_power_of_two());
    let piece_bits = rows.ilog2();
    ((count >> piece_bits) + writers, piece_bits)
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
            (7, 0),
        ] {
            let rows = RowBytes::new(count, stride, 3);
            let mut rooms = [Room::default(), Room::default(), Room::default()];
            let appended: Vec<u32> = (0..count)
                .map(|number| rows.append(&mut rooms[number * number % 3]))
                .collect();
            let most = RowBytes::bytes_for(count, stride, 3);
            assert!(most - rows.spare_bytes() >= count * stride);
            assert!(rows.spare_bytes() <= most);
            for (number, row) in appended.iter().enumerate().filter(|_| stride > 0) {
                // SAFETY: the row's own bytes.
                unsafe { std::slice::from_raw_parts_mut(rows.at(*row), stride) }.fill(number as u8);
            }
            for (number, row) in appended.iter().enumerate().filter(|_| stride > 0) {
                // SAFETY: as above.
                let bytes = unsafe { std::slice::from_raw_parts(rows.at(*row), stride) };
                assert!(bytes.iter().all(|byte| *byte == number as u8));
            }
        }
    }
}
