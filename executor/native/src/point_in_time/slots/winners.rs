//! The finished slots: each has the values of the feature row that it sees.
use super::super::candidate::Tolerance;
use super::super::index::{KeySlots, NONE, TimeIndex};
use super::super::retained::RowRef;
use super::{Content, EMPTY, Slots, TAKEN, original, read, reference};
use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::Ordering::*;

pub struct Winners {
    slots: Slots,
    inner: bool,
}

/// The greatest row so far of a key.
#[derive(Clone, Copy)]
struct Best {
    event: u64,
    known: i64,
    slot: u32,
}

impl Slots {
    /// Carries every candidate forward to the later rows of its key, as long as it is the greatest and not too old. Every
    /// event of the index is then 0 again, for the next feature.
    pub fn finish(
        self,
        index: &TimeIndex,
        tolerance: Option<Tolerance>,
        threads: usize,
        inner: bool,
    ) -> Result<Winners> {
        let near = |event, time| tolerance.is_none_or(|limit| limit.allows(time, event));
        self.each_key(index, threads, |key| {
            self.carry(key, |event, at| {
                key.events[at].store(0, Relaxed);
                event.is_some_and(|event| near(original(event), key.time(at)))
            })
        })?;
        Ok(Winners { slots: self, inner })
    }

    /// As [`finish`](Self::finish) for slots that rows were placed in: whoever reads them knows how old is too old. The
    /// events of the index are then those of the winners.
    pub fn finish_placed(self, index: &TimeIndex, threads: usize, inner: bool) -> Result<Winners> {
        self.each_key(index, threads, |key| {
            self.carry(key, |event, at| {
                key.events[at].store(event.unwrap_or(0), Relaxed);
                event.is_some()
            })
        })?;
        Ok(Winners { slots: self, inner })
    }

    fn each_key(
        &self,
        index: &TimeIndex,
        threads: usize,
        work: impl Fn(KeySlots) -> Result<()> + Sync,
    ) -> Result<()> {
        std::thread::scope(|scope| {
            let running: Vec<_> = index
                .runs(threads)
                .into_iter()
                .map(|mut keys| {
                    let work = &work;
                    scope.spawn(move || keys.try_for_each(work))
                })
                .collect();
            let mut threads = running.into_iter();
            threads.try_for_each(|thread| thread.join().expect("carrying does not panic"))
        })
    }

    /// Gives each slot of a key the greatest candidate up to it, if `keep` wants the candidate's event there.
    fn carry(&self, key: KeySlots, keep: impl Fn(Option<u64>, usize) -> bool) -> Result<()> {
        let mut best: Option<Best> = None;
        for at in 0..key.events.len() {
            let slot = key.first + at as u32;
            if self.state(slot).load(Relaxed) != EMPTY {
                let own = Best {
                    event: key.events[at].load(Relaxed),
                    known: self.known(slot),
                    slot,
                };
                let greater = match best {
                    Some(best) => self.order(own, best)? == Ordering::Greater,
                    None => true,
                };
                if greater {
                    best = Some(own);
                }
            }
            let keeps = keep(best.map(|best| best.event), at);
            if let Some(Best { slot: from, .. }) = best
                && keeps
                && from != slot
            {
                // SAFETY: the slots of one key are one thread's, and they are two.
                unsafe { self.content(slot).copy_from_slice(self.content(from)) };
            }
            self.state(slot)
                .store(if keeps { TAKEN } else { EMPTY }, Relaxed);
        }
        Ok(())
    }

    /// Which of two candidates of one key is the greater.
    fn order(&self, a: Best, b: Best) -> Result<Ordering> {
        let by_time = (a.event, a.known).cmp(&(b.event, b.known));
        if by_time != Ordering::Equal {
            return Ok(by_time);
        }
        // SAFETY: the slots of one key are one thread's.
        let (left, right) = unsafe { (&*self.content(a.slot), &*self.content(b.slot)) };
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
        !self.inner || self.is_taken(slot)
    }

    pub fn is_inner(&self) -> bool {
        self.inner
    }

    fn is_taken(&self, slot: u32) -> bool {
        slot != NONE && self.slots.state(slot).load(Relaxed) != EMPTY
    }

    /// The output columns for rows with these slots.
    pub fn columns(&self, slots: &[u32]) -> Result<Vec<ArrayRef>> {
        match &self.slots.content {
            Content::Packed(layout) => {
                // SAFETY: the slots are finished: nobody writes.
                unsafe { layout.unpack(&self.slots.rows, self.slots.header, slots) }
            }
            Content::Retained(retained) => {
                let rows: Vec<_> = slots
                    .iter()
                    .map(|slot| self.is_taken(*slot).then(|| self.reference(*slot)))
                    .collect();
                let input = read(&retained.rows).rows(&rows)?;
                let columns = retained.output.iter();
                Ok(columns.map(|c| Arc::clone(input.column(*c))).collect())
            }
        }
    }

    fn reference(&self, slot: u32) -> RowRef {
        // SAFETY: the slots are finished: nobody writes.
        reference(unsafe { self.slots.content(slot) })
    }
}
