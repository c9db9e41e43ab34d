//! The best feature row so far for every slot of the spine, for one feature input.
use super::candidate::{FeatureBatch, Tolerance};
use super::index::{NONE, SpineIndex};
use super::packed::{PackedLayout, PackedRows, PackedSource};
use super::retained::{Retained, RetainedBatch, RowRef};
use super::shared::{Shared, prefetch};
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Retained batches are compacted when they exceed this and have doubled since the last time.
const COMPACT_ABOVE_BYTES: usize = 64 << 20;
const ROWS_PER_COMPACTED_BATCH: usize = 1 << 16;

/// Rows go through the stages of a search together, so that memory is fetched for the next stage meanwhile.
const BLOCK: usize = 256;
/// Rows handed out ahead of which memory is fetched.
const AHEAD: usize = 16;

const EMPTY: u8 = 0;
const TAKEN: u8 = 1;
const LOCKED: u8 = 2;

/// A feature row *lands* on the first slot of its key that may see it. Among the rows landing on one slot the greatest
/// (event time, known-at, content) stays: the winner does not depend on the order of arrival.
///
/// Each slot has a row of bytes: its state, which is also its lock; the candidate's known-at where there is one; the
/// candidate's packed values, or where its row is retained.
pub struct Slots {
    /// The candidate's event time, offset so that 0 is the least; grows only.
    events: Shared<u64>,
    rows: Shared<u8>,
    stride: usize,
    /// Bytes before the content.
    header: usize,
    content: Content,
    reservation: MemoryReservation,
}

enum Content {
    Packed(PackedLayout),
    Retained(Box<RetainedRows>),
}

struct RetainedRows {
    output: Arc<[usize]>,
    rows: RwLock<Retained>,
    /// Held shared while rows are offered, alone while they are compacted.
    gate: RwLock<()>,
    compact_at: Mutex<usize>,
}

/// What became of a batch.
pub enum Offered {
    /// So many rows landed.
    Landed(usize),
    /// The pool has no room for a batch that holds winners; nothing of it was taken.
    NoMemory,
}

/// The finished state: every slot has the values of the feature row it sees.
pub struct Winners {
    slots: Slots,
    inner: bool,
}

#[derive(Clone, Copy, Default)]
struct Found {
    row: u32,
    slots: (u32, u32),
}

impl Slots {
    /// Bytes needed before the first row is offered.
    pub fn bytes_for(slots: usize, input: &Schema, output: &[usize], known_at: bool) -> usize {
        let content = match PackedLayout::of(&output_fields(input, output)) {
            Some(layout) => layout.stride(),
            None => size_of::<RowRef>(),
        };
        slots * (size_of::<u64>() + header(known_at) + content)
    }

    /// `reservation` has paid for [`Self::bytes_for`], and pays for retained batches later.
    pub fn new(
        slots: usize,
        input: &SchemaRef,
        output: &[usize],
        known_at: bool,
        reservation: MemoryReservation,
    ) -> Self {
        let content = match PackedLayout::of(&output_fields(input, output)) {
            Some(layout) => Content::Packed(layout),
            None => Content::Retained(Box::new(RetainedRows {
                output: output.into(),
                rows: RwLock::new(Retained::new(Arc::clone(input))),
                gate: RwLock::new(()),
                compact_at: Mutex::new(COMPACT_ABOVE_BYTES),
            })),
        };
        let header = header(known_at);
        let stride = header
            + match &content {
                Content::Packed(layout) => layout.stride(),
                Content::Retained(_) => size_of::<RowRef>(),
            };
        Self {
            events: Shared::from(vec![0; slots]),
            rows: Shared::from(vec![0; slots * stride]),
            stride,
            header,
            content,
            reservation,
        }
    }

    /// Offers every row of the batch to the slot it lands on.
    pub fn offer(&self, index: &SpineIndex, batch: &FeatureBatch) -> Result<Offered> {
        match &self.content {
            Content::Packed(layout) => {
                let source = layout.source(&batch.output);
                let mut scratch = vec![0; layout.stride()];
                let mut landed = 0;
                for first in (0..batch.rows).step_by(BLOCK) {
                    landed += self.block(index, batch, first, |slot, row| {
                        self.offer_packed(layout, &source, batch, slot, row, &mut scratch)
                    });
                }
                Ok(Offered::Landed(landed))
            }
            Content::Retained(retained) => {
                let offered = self.offer_retained(retained, index, batch)?;
                self.compact_if(retained, |bytes, limit| bytes > limit)?;
                Ok(offered)
            }
        }
    }

    /// One block of rows: calls `take` with each slot on which a row lands whose event is not too early for it.
    fn block(
        &self,
        index: &SpineIndex,
        batch: &FeatureBatch,
        first: usize,
        mut take: impl FnMut(u32, usize),
    ) -> usize {
        let last = (first + BLOCK).min(batch.rows);
        let mut found = [Found::default(); BLOCK];
        let mut count = 0;
        for row in first..last {
            let hash = batch.keys.hashes[row];
            found[count].row = row as u32;
            count += usize::from(index.may_contain(hash));
        }
        if let Some(valid) = &batch.valid {
            let mut kept = 0;
            for at in 0..count {
                found[kept] = found[at];
                kept += usize::from(valid.is_valid(found[at].row as usize));
            }
            count = kept;
        }
        for row in &found[..count] {
            index.prefetch_key(batch.keys.hashes[row.row as usize]);
        }
        let mut kept = 0;
        for at in 0..count {
            let row = found[at].row as usize;
            if let Some(slots) = index.find(batch.keys.hashes[row], &batch.keys.values, row) {
                index.prefetch_times(slots);
                found[kept] = Found {
                    row: row as u32,
                    slots,
                };
                kept += 1;
            }
        }
        count = kept;
        kept = 0;
        for at in 0..count {
            let row = found[at].row;
            if let Some(slot) = index.first_from(found[at].slots, batch.visible[row as usize]) {
                prefetch(self.events.at(slot as usize));
                found[kept] = Found {
                    row,
                    slots: (slot, 1),
                };
                kept += 1;
            }
        }
        let landed = kept;
        count = kept;
        kept = 0;
        for at in 0..count {
            let Found {
                row,
                slots: (slot, _),
            } = found[at];
            // Events only grow: a row that is too early now stays too early.
            if offset(batch.event[row as usize]) >= self.event(slot).load(Relaxed) {
                let bytes = self.row(slot);
                prefetch(bytes);
                prefetch(bytes.wrapping_add(self.stride - 1));
                found[kept] = found[at];
                kept += 1;
            }
        }
        for row in &found[..kept] {
            take(row.slots.0, row.row as usize);
        }
        landed
    }

    #[inline]
    fn offer_packed(
        &self,
        layout: &PackedLayout,
        source: &PackedSource,
        batch: &FeatureBatch,
        slot: u32,
        row: usize,
        scratch: &mut [u8],
    ) {
        let before = self.lock(slot);
        let order = self.rank(before, slot, batch, row);
        // SAFETY: the slot is locked.
        let content = unsafe { self.content(slot) };
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
        self.unlock(before, wins, slot, batch, row);
    }

    fn offer_retained(
        &self,
        retained: &RetainedRows,
        index: &SpineIndex,
        batch: &FeatureBatch,
    ) -> Result<Offered> {
        let _gate = read(&retained.gate);
        let mut candidates = Vec::new();
        let mut landed = 0;
        for first in (0..batch.rows).step_by(BLOCK) {
            landed += self.block(index, batch, first, |slot, row| {
                candidates.push((slot, row))
            });
        }
        if candidates.is_empty() {
            return Ok(Offered::Landed(landed));
        }
        let own = Arc::new(RetainedBatch::new(
            batch.input.clone(),
            Arc::clone(&retained.output),
        ));
        if self.reservation.try_grow(own.bytes()).is_err() {
            return Ok(Offered::NoMemory);
        }
        let number = write(&retained.rows).add(Arc::clone(&own));
        for (slot, row) in candidates {
            let before = self.lock(slot);
            let mut order = self.rank(before, slot, batch, row);
            // SAFETY: the slot is locked.
            let content = unsafe { self.content(slot) };
            if order == Ordering::Equal {
                let best = reference(content);
                order = match read(&retained.rows).batch(best.batch) {
                    Ok(other) => own.compare(row as u32, other, best.row),
                    Err(error) => {
                        self.unlock(before, false, slot, batch, row);
                        return Err(error);
                    }
                };
            }
            let wins = order == Ordering::Greater;
            if wins {
                refer(
                    content,
                    RowRef {
                        batch: number,
                        row: row as u32,
                    },
                );
            }
            self.unlock(before, wins, slot, batch, row);
        }
        Ok(Offered::Landed(landed))
    }

    /// Gives back what no winner needs. Waits until nobody offers rows.
    pub fn compact(&self) -> Result<()> {
        match &self.content {
            Content::Packed(_) => Ok(()),
            Content::Retained(retained) => self.compact_if(retained, |bytes, _| bytes > 0),
        }
    }

    fn compact_if(
        &self,
        retained: &RetainedRows,
        due: impl Fn(usize, usize) -> bool,
    ) -> Result<()> {
        let mut compact_at = lock(&retained.compact_at);
        if !due(read(&retained.rows).bytes(), *compact_at) {
            return Ok(());
        }
        let _gate = write(&retained.gate);
        let mut rows = write(&retained.rows);
        let before = rows.bytes();
        let slots = self.taken();
        let mut live: Vec<RowRef> = slots
            .iter()
            // SAFETY: the gate keeps everybody else out.
            .map(|slot| reference(unsafe { self.content(*slot) }))
            .collect();
        rows.compact(&mut live, &retained.output, ROWS_PER_COMPACTED_BATCH)?;
        for (slot, row) in slots.iter().zip(live) {
            // SAFETY: as above.
            refer(unsafe { self.content(*slot) }, row);
        }
        *compact_at = (rows.bytes() * 2).max(COMPACT_ABOVE_BYTES);
        let after = rows.bytes();
        match after < before {
            true => self.reservation.shrink(before - after),
            false => self.reservation.grow(after - before),
        };
        Ok(())
    }

    /// The winners so far, as rows of the input; only where rows are retained. Nobody may offer rows any more.
    pub fn into_input_rows(self) -> Result<Vec<RecordBatch>> {
        let Content::Retained(retained) = &self.content else {
            return Ok(Vec::new());
        };
        let slots = self.taken();
        let mut batches = Vec::new();
        for chunk in slots.chunks(ROWS_PER_COMPACTED_BATCH) {
            let rows: Vec<_> = chunk
                .iter()
                // SAFETY: `self` is owned.
                .map(|slot| Some(reference(unsafe { self.content(*slot) })))
                .collect();
            batches.push(read(&retained.rows).rows(&rows)?);
        }
        Ok(batches)
    }

    /// Carries every candidate forward to the later rows of its key, as long as it is the greatest and not too old.
    pub fn finish(
        self,
        index: &SpineIndex,
        tolerance: Option<Tolerance>,
        threads: usize,
        inner: bool,
    ) -> Winners {
        std::thread::scope(|scope| {
            for run in index.runs(threads) {
                let slots = &self;
                scope.spawn(move || {
                    for key in run {
                        slots.carry(index, key, tolerance);
                    }
                });
            }
        });
        Winners { slots: self, inner }
    }

    fn carry(&self, index: &SpineIndex, key: std::ops::Range<u32>, tolerance: Option<Tolerance>) {
        let mut best: Option<(u64, i64, u32)> = None;
        for slot in key {
            let own = (self.state(slot).load(Relaxed) != EMPTY)
                .then(|| (self.event(slot).load(Relaxed), self.known(slot), slot));
            if let Some(own) = own
                && best.is_none_or(|best| (own.0, own.1) >= (best.0, best.1))
            {
                best = Some(own);
            }
            let Some((event, _, from)) = best else {
                continue;
            };
            let near = tolerance
                .is_none_or(|limit| limit.allows(index.time(slot), event as i64 ^ i64::MIN));
            if near && from != slot {
                // SAFETY: the slots of one key are one thread's, and they are two.
                unsafe { self.content(slot).copy_from_slice(self.content(from)) };
            }
            self.state(slot)
                .store(if near { TAKEN } else { EMPTY }, Relaxed);
        }
    }

    fn taken(&self) -> Vec<u32> {
        let slots = self.slots() as u32;
        (0..slots)
            .filter(|slot| self.state(*slot).load(Relaxed) != EMPTY)
            .collect()
    }

    fn slots(&self) -> usize {
        self.events.len()
    }

    #[inline]
    fn row(&self, slot: u32) -> *mut u8 {
        self.rows.at(slot as usize * self.stride)
    }

    #[inline]
    fn state(&self, slot: u32) -> &AtomicU8 {
        // SAFETY: inside the allocation that `self` owns; the byte is only ever read and written as an atomic.
        unsafe { AtomicU8::from_ptr(self.row(slot)) }
    }

    #[inline]
    fn event(&self, slot: u32) -> &AtomicU64 {
        // SAFETY: as `state`.
        unsafe { AtomicU64::from_ptr(self.events.at(slot as usize)) }
    }

    /// The bytes after the header.
    ///
    /// # Safety
    /// The caller has locked the slot, or nobody else uses it.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    unsafe fn content(&self, slot: u32) -> &mut [u8] {
        // SAFETY: inside the allocation; the caller has it alone.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.row(slot).add(self.header),
                self.stride - self.header,
            )
        }
    }

    /// 0 where the join has no known-at. The caller has locked the slot, or nobody else uses it.
    #[inline]
    fn known(&self, slot: u32) -> i64 {
        match self.header {
            1 => 0,
            // SAFETY: eight bytes of the header.
            _ => unsafe { self.row(slot).add(1).cast::<i64>().read_unaligned() },
        }
    }

    /// Waits for the slot and returns the state it had.
    #[inline]
    fn lock(&self, slot: u32) -> u8 {
        let state = self.state(slot);
        loop {
            let before = state.load(Relaxed);
            if before != LOCKED
                && state
                    .compare_exchange_weak(before, LOCKED, Acquire, Relaxed)
                    .is_ok()
            {
                return before;
            }
            std::hint::spin_loop();
        }
    }

    /// How a feature row compares with the candidate of a locked slot; Greater where there is none.
    #[inline]
    fn rank(&self, before: u8, slot: u32, batch: &FeatureBatch, row: usize) -> Ordering {
        if before == EMPTY {
            return Ordering::Greater;
        }
        let by_event = offset(batch.event[row]).cmp(&self.event(slot).load(Relaxed));
        match &batch.known {
            Some(known) => by_event.then_with(|| known[row].cmp(&self.known(slot))),
            None => by_event,
        }
    }

    #[inline]
    fn unlock(&self, before: u8, wins: bool, slot: u32, batch: &FeatureBatch, row: usize) {
        if !wins {
            self.state(slot).store(before, Release);
            return;
        }
        self.event(slot).store(offset(batch.event[row]), Relaxed);
        if let Some(known) = &batch.known {
            // SAFETY: eight bytes of the header of a locked slot.
            unsafe {
                self.row(slot)
                    .add(1)
                    .cast::<i64>()
                    .write_unaligned(known[row])
            };
        }
        self.state(slot).store(TAKEN, Release);
    }
}

impl Winners {
    /// Whether a spine row of this slot stays: it found a row, or need not.
    pub fn keeps(&self, slot: u32) -> bool {
        !self.inner || (slot != NONE && self.slots.state(slot).load(Relaxed) != EMPTY)
    }

    pub fn is_inner(&self) -> bool {
        self.inner
    }

    /// The output columns for spine rows with these slots.
    pub fn columns(&self, slots: &[u32]) -> Result<Vec<ArrayRef>> {
        match &self.slots.content {
            Content::Packed(layout) => {
                let stride = self.slots.stride;
                let mut bytes = Vec::with_capacity(slots.len() * stride);
                for (at, slot) in slots.iter().enumerate() {
                    if let Some(next) = slots.get(at + AHEAD).filter(|next| **next != NONE) {
                        let row = self.slots.row(*next);
                        prefetch(row);
                        prefetch(row.wrapping_add(stride - 1));
                    }
                    match *slot {
                        NONE => bytes.resize(bytes.len() + stride, 0),
                        // SAFETY: the slots are finished: nobody writes.
                        slot => bytes.extend_from_slice(unsafe {
                            std::slice::from_raw_parts(self.slots.row(slot), stride)
                        }),
                    }
                }
                layout.unpack(&PackedRows {
                    bytes: &bytes,
                    header: self.slots.header,
                    rows: slots.len(),
                })
            }
            Content::Retained(retained) => {
                let rows: Vec<_> = slots
                    .iter()
                    .map(|slot| {
                        let found = *slot != NONE && self.slots.state(*slot).load(Relaxed) != EMPTY;
                        // SAFETY: the slots are finished: nobody writes.
                        found.then(|| reference(unsafe { self.slots.content(*slot) }))
                    })
                    .collect();
                let input = read(&retained.rows).rows(&rows)?;
                let columns = retained.output.iter();
                Ok(columns.map(|c| Arc::clone(input.column(*c))).collect())
            }
        }
    }
}

fn output_fields(input: &Schema, output: &[usize]) -> Vec<datafusion::arrow::datatypes::FieldRef> {
    let fields = output.iter();
    fields.map(|o| Arc::clone(&input.fields()[*o])).collect()
}

fn header(known_at: bool) -> usize {
    1 + if known_at { size_of::<i64>() } else { 0 }
}

/// An event time whose least value is 0.
#[inline]
fn offset(event: i64) -> u64 {
    (event ^ i64::MIN) as u64
}

fn reference(content: &[u8]) -> RowRef {
    let number = |at: usize| u32::from_ne_bytes(content[at..at + 4].try_into().expect("4 bytes"));
    RowRef {
        batch: number(0),
        row: number(4),
    }
}

fn refer(content: &mut [u8], row: RowRef) {
    content[..4].copy_from_slice(&row.batch.to_ne_bytes());
    content[4..8].copy_from_slice(&row.row.to_ne_bytes());
}

// A poisoned lock means another task of the query panicked and its error is on the way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|e| e.into_inner())
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(|e| e.into_inner())
}
