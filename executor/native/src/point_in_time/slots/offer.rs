//! Feature rows come to the slots of a spine: each *lands* on the first slot of its key that may see it. Among the rows
//! landing on one slot the greatest (event time, known-at, content) stays: the winner does not depend on the order of
//! arrival.
use super::super::candidate::{Candidates, FeatureBatch};
use super::super::index::{BLOCK, Found, TimeIndex};
use super::super::packed::{PackedLayout, PackedSource};
use super::super::retained::{RetainedBatch, RowRef};
use super::super::shared::prefetch;
use super::{Content, EMPTY, RetainedRows, Slots, TAKEN, offset, read, refer, reference, write};
use datafusion::common::Result;
use std::cmp::Ordering;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// The bitmap of keys is asked no more when all but one in so many rows of a batch passed it.
const PASSING: usize = 8;

/// A row on the slot on which it lands.
#[derive(Clone, Copy)]
struct Landed<'a> {
    row: u32,
    slot: u32,
    /// Of the slot.
    event: &'a AtomicU64,
}

/// What became of a batch.
pub enum Offered {
    /// So many rows landed.
    Landed(usize),
    /// The pool has no room for a batch that holds winners; nothing of it was taken.
    NoMemory,
}

impl Slots {
    /// Offers every row of the batch to the slot it lands on.
    pub fn offer(&self, index: &TimeIndex, batch: &FeatureBatch) -> Result<Offered> {
        match &self.content {
            Content::Packed(layout) => {
                let source = layout.source(&batch.output);
                let mut scratch = vec![0; layout.stride()];
                let landed = self.landing(index, &batch.candidates, |landed| {
                    self.offer_packed(layout, &source, &batch.candidates, landed, &mut scratch)
                });
                Ok(Offered::Landed(landed))
            }
            Content::Retained(retained) => {
                let offered = self.offer_retained(retained, index, batch)?;
                self.compact_if(retained, |bytes, limit| bytes > limit)?;
                Ok(offered)
            }
        }
    }

    /// Calls `take` with each row that lands where its event is not too early; returns how many landed.
    fn landing<'a>(
        &self,
        index: &'a TimeIndex,
        rows: &Candidates,
        mut take: impl FnMut(Landed<'a>),
    ) -> usize {
        let filtered = self.filtered.load(Relaxed);
        let (mut known, mut landed) = (0, 0);
        for first in (0..rows.rows).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(rows.rows);
            let mut found = [Found::default(); BLOCK];
            let count = index.search(&rows.keys, rows.valid.as_ref(), block, filtered, &mut found);
            known += count;
            landed += self.land(index, rows, &found[..count], &mut take);
        }
        if filtered && known * PASSING > rows.rows * (PASSING - 1) {
            self.filtered.store(false, Relaxed);
        }
        landed
    }

    fn land<'a>(
        &self,
        index: &'a TimeIndex,
        rows: &Candidates,
        found: &[Found],
        take: &mut impl FnMut(Landed<'a>),
    ) -> usize {
        let mut landed = [const { MaybeUninit::<Landed>::uninit() }; BLOCK];
        let mut count = 0;
        for found in found {
            let row = found.row;
            if let Some(slot) = index.first_from(*found, rows.visible[row as usize]) {
                let event = index.event(slot);
                prefetch(event);
                landed[count].write(Landed { row, slot, event });
                count += 1;
            }
        }
        let mut kept = 0;
        for at in 0..count {
            // SAFETY: written above.
            let row = unsafe { landed[at].assume_init() };
            // Events only grow: a row that is too early now stays too early.
            if offset(rows.event[row.row as usize]) >= row.event.load(Relaxed) {
                let bytes = self.row(row.slot);
                prefetch(bytes);
                prefetch(bytes.wrapping_add(self.rows.stride() - 1));
                landed[kept].write(row);
                kept += 1;
            }
        }
        for row in &landed[..kept] {
            // SAFETY: as above.
            take(unsafe { row.assume_init() });
        }
        count
    }

    #[inline]
    fn offer_packed(
        &self,
        layout: &PackedLayout,
        source: &PackedSource,
        rows: &Candidates,
        landed: Landed,
        scratch: &mut [u8],
    ) {
        let before = self.lock(landed.slot);
        let order = self.rank(before, landed, rows);
        let row = landed.row as usize;
        // SAFETY: the slot is locked.
        let content = unsafe { self.content(landed.slot) };
        let wins = match order {
            Ordering::Less => false,
            Ordering::Greater => {
                layout.pack(source, row, content);
                true
            }
            Ordering::Equal => {
                layout.pack(source, row, scratch);
                let greater = layout.compare(scratch, content) == Ordering::Greater;
                if greater {
                    content.copy_from_slice(scratch);
                }
                greater
            }
        };
        self.unlock(before, wins, landed, rows);
    }

    fn offer_retained(
        &self,
        retained: &RetainedRows,
        index: &TimeIndex,
        batch: &FeatureBatch,
    ) -> Result<Offered> {
        let _gate = read(&retained.gate);
        let rows = &batch.candidates;
        let mut landing = Vec::new();
        let count = self.landing(index, rows, |landed| landing.push(landed));
        if landing.is_empty() {
            return Ok(Offered::Landed(count));
        }
        let own = Arc::new(RetainedBatch::new(
            batch.input.clone(),
            Arc::clone(&retained.output),
        ));
        if self.reservation.try_grow(own.bytes()).is_err() {
            return Ok(Offered::NoMemory);
        }
        let number = write(&retained.rows).add(Arc::clone(&own));
        for landed in landing {
            let before = self.lock(landed.slot);
            let mut order = self.rank(before, landed, rows);
            // SAFETY: the slot is locked.
            let content = unsafe { self.content(landed.slot) };
            if order == Ordering::Equal {
                let best = reference(content);
                order = match read(&retained.rows).batch(best.batch) {
                    Ok(other) => own.compare(landed.row, other, best.row),
                    Err(error) => {
                        self.unlock(before, false, landed, rows);
                        return Err(error);
                    }
                };
            }
            let wins = order == Ordering::Greater;
            if wins {
                let (batch, row) = (number, landed.row);
                refer(content, RowRef { batch, row });
            }
            self.unlock(before, wins, landed, rows);
        }
        Ok(Offered::Landed(count))
    }

    /// How a feature row compares with the candidate of a locked slot; Greater where there is none.
    #[inline]
    fn rank(&self, before: u8, landed: Landed, rows: &Candidates) -> Ordering {
        if before == EMPTY {
            return Ordering::Greater;
        }
        let row = landed.row as usize;
        let by_event = offset(rows.event[row]).cmp(&landed.event.load(Relaxed));
        match &rows.known {
            Some(known) => by_event.then_with(|| known[row].cmp(&self.known(landed.slot))),
            None => by_event,
        }
    }

    #[inline]
    fn unlock(&self, before: u8, wins: bool, landed: Landed, rows: &Candidates) {
        let state = self.state(landed.slot);
        if !wins {
            state.store(before, Release);
            return;
        }
        let row = landed.row as usize;
        landed.event.store(offset(rows.event[row]), Relaxed);
        // SAFETY: the slot is locked.
        unsafe { self.note_known(landed.slot, rows, row) };
        state.store(TAKEN, Release);
    }
}
