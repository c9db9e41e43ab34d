//! Feature rows come to the slots of a spine: each *lands* on the first slot of its key that may see it. Among the rows
//! landing on one slot the greatest (event time, known-at, content) stays: the winner does not depend on the order of
//! arrival.
use super::super::candidate::{Candidates, FeatureBatch};
use super::super::index::{BLOCK, Found, TimeIndex};
use super::super::packed::PackedLayout;
use super::super::retained::{RetainedBatch, RowRef};
use super::super::shared::prefetch;
use super::{Content, LOCKED, RetainedRows, Room, Slots, State, VACANT};
use super::{offset, read, refer, reference, write};
use datafusion::common::Result;
use std::cmp::Ordering;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::Ordering::*;

/// The bitmap of keys is asked no more when all but one in so many rows of a batch passed it.
const PASSING: usize = 8;

/// A row on the slot on which it lands.
#[derive(Clone, Copy)]
struct Landed<'a> {
    row: u32,
    state: &'a State,
}

/// What became of a batch.
pub enum Offered {
    /// So many rows landed.
    Landed(usize),
    /// The pool has no room for a batch that holds winners; nothing of it was taken.
    NoMemory,
}

impl Slots {
    /// Offers every row of the batch to the slot it lands on; `room` is the writer's.
    pub fn offer(
        &self,
        index: &TimeIndex,
        batch: &FeatureBatch,
        room: &mut Room,
    ) -> Result<Offered> {
        match &self.content {
            Content::Packed(layout) => Ok(self.offer_packed(layout, index, batch, room)),
            Content::Retained(retained) => {
                let offered = self.offer_retained(retained, index, batch, room)?;
                self.compact_if(retained, |bytes, limit| bytes > limit)?;
                Ok(offered)
            }
        }
    }

    fn offer_packed(
        &self,
        layout: &PackedLayout,
        index: &TimeIndex,
        batch: &FeatureBatch,
        room: &mut Room,
    ) -> Offered {
        let source = layout.source(&batch.output);
        let stride = layout.stride();
        let mut packed = vec![0; BLOCK * stride];
        let landed = self.landing(index, &batch.candidates, |landed| {
            let rows = landed.iter().map(|landed| landed.row);
            layout.pack(&source, rows, &mut packed[..landed.len() * stride]);
            for (at, landed) in landed.iter().enumerate() {
                let own = &packed[at * stride..][..stride];
                let compare = |content: &[u8]| Ok(layout.compare(own, content));
                let write = |content: &mut [u8]| content.copy_from_slice(own);
                let contended = self.contend(*landed, &batch.candidates, room, compare, write);
                contended.expect("packed rows can be compared");
            }
        });
        Offered::Landed(landed)
    }

    /// Calls `take` with rows (at most [`BLOCK`]) that land where their event is not too early; returns how many landed.
    fn landing<'a>(
        &'a self,
        index: &TimeIndex,
        rows: &Candidates,
        mut take: impl FnMut(&[Landed<'a>]),
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
        &'a self,
        index: &TimeIndex,
        rows: &Candidates,
        found: &[Found],
        take: &mut impl FnMut(&[Landed<'a>]),
    ) -> usize {
        let mut landed = [const { MaybeUninit::<Landed>::uninit() }; BLOCK];
        let mut count = 0;
        for found in found {
            let row = found.row;
            if let Some(slot) = index.first_from(*found, rows.visible[row as usize]) {
                let state = self.state(slot);
                prefetch(state);
                landed[count].write(Landed { row, state });
                count += 1;
            }
        }
        let mut kept = 0;
        for at in 0..count {
            // SAFETY: written above.
            let row = unsafe { landed[at].assume_init() };
            // Events only grow: a row that is too early now stays too early.
            if offset(rows.event[row.row as usize]) >= row.state.event.load(Relaxed) {
                // As its piece is read.
                let taken = row.state.row.load(Acquire);
                if taken != VACANT && taken != LOCKED {
                    self.rows.prefetch(taken);
                }
                landed[kept].write(row);
                kept += 1;
            }
        }
        // SAFETY: as above.
        take(unsafe { landed[..kept].assume_init_ref() });
        count
    }

    fn offer_retained(
        &self,
        retained: &RetainedRows,
        index: &TimeIndex,
        batch: &FeatureBatch,
        room: &mut Room,
    ) -> Result<Offered> {
        let _gate = read(&retained.gate);
        let rows = &batch.candidates;
        let mut landing: Vec<Landed> = Vec::new();
        let count = self.landing(index, rows, |landed| landing.extend(landed));
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
            let row = landed.row;
            let compare = |content: &[u8]| {
                let best = reference(content);
                let batches = read(&retained.rows);
                let other = batches.batch(best.batch)?;
                Ok(own.compare(row, other, best.row))
            };
            let write = |content: &mut [u8]| refer(content, RowRef { batch: number, row });
            self.contend(landed, rows, room, compare, write)?;
        }
        Ok(Offered::Landed(count))
    }

    /// Makes a feature row the candidate of its slot if it is greater than the one there, whose content `compare` compares
    /// with.
    #[inline]
    fn contend(
        &self,
        landed: Landed,
        rows: &Candidates,
        room: &mut Room,
        compare: impl FnOnce(&[u8]) -> Result<Ordering>,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<()> {
        let before = landed.state.lock();
        let event = offset(rows.event[landed.row as usize]);
        let order = match before {
            VACANT => Ok(Ordering::Greater),
            _ => self.rank(before, event, landed, rows, compare),
        };
        if !matches!(order, Ok(Ordering::Greater)) {
            landed.state.row.store(before, Release);
            return order.map(|_| ());
        }
        let row = match before {
            VACANT => self.rows.append(room),
            _ => before,
        };
        // SAFETY: the slot is locked.
        unsafe { self.fill(row, rows, landed.row, write) };
        landed.state.set(event, row);
        Ok(())
    }

    /// How a feature row compares with the candidate of a locked slot, which has row `before`.
    #[inline]
    fn rank(
        &self,
        before: u32,
        event: u64,
        landed: Landed,
        rows: &Candidates,
        compare: impl FnOnce(&[u8]) -> Result<Ordering>,
    ) -> Result<Ordering> {
        let mut order = event.cmp(&landed.state.event.load(Relaxed));
        if let Some(known) = &rows.known {
            // SAFETY: the slot is locked.
            order =
                order.then_with(|| known[landed.row as usize].cmp(&unsafe { self.known(before) }));
        }
        match order {
            // SAFETY: the slot is locked.
            Ordering::Equal => compare(unsafe { self.content(before) }),
            order => Ok(order),
        }
    }
}
