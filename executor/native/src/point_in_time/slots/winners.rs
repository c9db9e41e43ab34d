//! The finished slots: each has the values of the feature row that it sees.
use super::super::candidate::Tolerance;
use super::super::index::{BLOCK, KeySlots, NONE, TimeIndex};
use super::super::retained::RowRef;
use super::super::row_bytes::RowBytes;
use super::super::shared::{Shared, prefetch};
use super::{Content, Slots, VACANT, original, read, reference};
use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::Ordering::*;

pub struct Winners {
    rows: RowBytes,
    header: usize,
    content: Content,
    /// By slot: the row that it sees, or [`NONE`].
    seen: Vec<u32>,
    /// By slot: when that row happened; empty where nobody asks.
    events: Vec<i64>,
    inner: bool,
    _reservation: MemoryReservation,
}

/// The greatest row so far of a key.
#[derive(Clone, Copy)]
struct Best {
    event: u64,
    known: i64,
    row: u32,
}

impl Slots {
    /// Each slot sees the greatest candidate of its key up to it, if that is not too old.
    pub fn finish(
        self,
        index: &TimeIndex,
        tolerance: Option<Tolerance>,
        threads: usize,
        inner: bool,
    ) -> Result<Winners> {
        let seen = Shared::unwritten(self.states.len());
        self.each_key(index, threads, |key, slot, best| {
            let near = |best: &Best| {
                tolerance.is_none_or(|limit| limit.allows(key.time(slot), original(best.event)))
            };
            // SAFETY: the slots of one key are one thread's.
            unsafe { *seen.at(slot as usize) = best.filter(near).map_or(NONE, |best| best.row) };
        })?;
        Ok(self.into_winners(seen.into_vec(), Vec::new(), inner))
    }

    /// As [`finish`](Self::finish) for slots that rows were placed in: whoever reads them knows how old is too old.
    pub fn finish_placed(self, index: &TimeIndex, threads: usize, inner: bool) -> Result<Winners> {
        let seen = Shared::unwritten(self.states.len());
        let events = Shared::unwritten(self.states.len());
        self.each_key(index, threads, |_, slot, best| {
            // SAFETY: the slots of one key are one thread's.
            unsafe {
                *seen.at(slot as usize) = best.map_or(NONE, |best| best.row);
                *events.at(slot as usize) = best.map_or(0, |best| original(best.event));
            }
        })?;
        Ok(self.into_winners(seen.into_vec(), events.into_vec(), inner))
    }

    fn into_winners(self, seen: Vec<u32>, events: Vec<i64>, inner: bool) -> Winners {
        self.reservation.shrink(self.rows.spare_bytes());
        Winners {
            rows: self.rows,
            header: self.header,
            content: self.content,
            seen,
            events,
            inner,
            _reservation: self.reservation,
        }
    }

    /// Calls `see` with each slot of each key and the greatest candidate up to it.
    fn each_key(
        &self,
        index: &TimeIndex,
        threads: usize,
        see: impl Fn(KeySlots, u32, Option<Best>) + Sync,
    ) -> Result<()> {
        let carry = |key: KeySlots| -> Result<()> {
            let mut best: Option<Best> = None;
            for slot in key.slots() {
                let state = self.state(slot);
                let row = state.row.load(Relaxed);
                if row != VACANT {
                    let event = state.event.load(Relaxed);
                    // SAFETY: nobody writes any more.
                    let known = unsafe { self.known(row) };
                    let own = Best { event, known, row };
                    let greater = match best {
                        Some(best) => self.order(own, best)? == Ordering::Greater,
                        None => true,
                    };
                    if greater {
                        best = Some(own);
                    }
                }
                see(key, slot, best);
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let running: Vec<_> = index
                .runs(threads)
                .into_iter()
                .map(|mut keys| scope.spawn(move || keys.try_for_each(carry)))
                .collect();
            let mut threads = running.into_iter();
            threads.try_for_each(|thread| thread.join().expect("carrying does not panic"))
        })
    }

    /// Which of two candidates of one key is the greater.
    fn order(&self, a: Best, b: Best) -> Result<Ordering> {
        let by_time = (a.event, a.known).cmp(&(b.event, b.known));
        if by_time != Ordering::Equal {
            return Ok(by_time);
        }
        // SAFETY: nobody writes any more.
        let (left, right) = unsafe { (&*self.content(a.row), &*self.content(b.row)) };
        Ok(match &self.content {
            Content::Packed(layout) => layout.compare(left, right),
            Content::Retained(retained) => {
                let rows = read(&retained.rows);
                let (left, right) = (reference(left), reference(right));
                let other = rows.batch(right.batch)?;
                rows.batch(left.batch)?.compare(left.row, other, right.row)
            }
        })
    }
}

impl Winners {
    /// Whether a row of this slot stays: it found a row, or need not.
    pub fn keeps(&self, slot: u32) -> bool {
        !self.inner || self.seen(slot) != NONE
    }

    pub fn is_inner(&self) -> bool {
        self.inner
    }

    /// When the row that a slot sees happened; only of placed rows.
    pub fn event(&self, slot: u32) -> i64 {
        self.events[slot as usize]
    }

    fn seen(&self, slot: u32) -> u32 {
        match slot {
            NONE => NONE,
            slot => self.seen[slot as usize],
        }
    }

    /// The output columns for rows with these slots.
    pub fn columns(&self, slots: &[u32]) -> Result<Vec<ArrayRef>> {
        let mut seen = Vec::with_capacity(slots.len());
        for block in slots.chunks(BLOCK) {
            let some = block.iter().filter(|slot| **slot != NONE);
            some.for_each(|slot| prefetch(&raw const self.seen[*slot as usize]));
            seen.extend(block.iter().map(|slot| self.seen(*slot)));
        }
        match &self.content {
            Content::Packed(layout) => {
                // SAFETY: the slots are finished: nobody writes.
                unsafe { layout.unpack(&self.rows, self.header, &seen) }
            }
            Content::Retained(retained) => {
                let rows: Vec<_> = seen.iter().map(|row| self.reference(*row)).collect();
                let input = read(&retained.rows).rows(&rows)?;
                let columns = retained.output.iter();
                Ok(columns.map(|c| Arc::clone(input.column(*c))).collect())
            }
        }
    }

    fn reference(&self, row: u32) -> Option<RowRef> {
        if row == NONE {
            return None;
        }
        let content = self.rows.stride() - self.header;
        // SAFETY: the row's own bytes; nobody writes any more.
        let content = unsafe {
            std::slice::from_raw_parts(self.rows.at(row).add(self.header).cast_const(), content)
        };
        Some(reference(content))
    }
}
