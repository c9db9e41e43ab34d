//! The best feature row so far for every slot of an index, for one feature input.
mod offer;
mod winners;

pub use offer::Offered;
pub use winners::Winners;

use super::candidate::{Candidates, FeatureBatch};
use super::index::{NONE, TimeIndex};
use super::packed::PackedLayout;
use super::retained::{Retained, RetainedBatch, RowRef};
use super::row_bytes::RowBytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Retained batches are compacted when they exceed this and have doubled since the last time.
const COMPACT_ABOVE_BYTES: usize = 64 << 20;
const ROWS_PER_COMPACTED_BATCH: usize = 1 << 16;

const EMPTY: u8 = 0;
const TAKEN: u8 = 1;
const LOCKED: u8 = 2;

/// Each slot has a row of bytes: its state, which is also its lock; the candidate's known-at where there is one; the
/// candidate's packed values, or where its row is retained. The candidate's event time, offset so that 0 is the least, is
/// the event of the slot in the index: only one feature at a time uses an index.
///
/// Feature rows come into slots by [`offer`](Self::offer) (a spine is indexed) or [`place`](Self::place) (the features
/// are), [`finish`](Self::finish) makes them winners.
pub struct Slots {
    rows: RowBytes,
    /// Bytes before the content.
    header: usize,
    content: Content,
    reservation: MemoryReservation,
    /// Whether the index's bitmap is asked: until most rows pass it.
    filtered: AtomicBool,
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

impl Slots {
    /// Bytes needed before the first row is offered.
    pub fn bytes_for(slots: usize, input: &Schema, output: &[usize], known_at: bool) -> usize {
        let content = match PackedLayout::of(&output_fields(input, output)) {
            Some(layout) => layout.stride(),
            None => size_of::<RowRef>(),
        };
        slots * (header(known_at) + content)
    }

    /// `reservation` has paid for [`Self::bytes_for`], and pays for retained batches later.
    pub fn new(
        slots: usize,
        input: &SchemaRef,
        output: &[usize],
        known_at: bool,
        threads: usize,
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
            rows: RowBytes::zeroed(slots, stride, threads),
            header,
            content,
            reservation,
            filtered: AtomicBool::new(true),
        }
    }

    /// Puts each row of the batch into the slot that the index, which was made of these very rows, gave it. `first` is the
    /// number of the batch's first row in the index. A retained batch must be paid for already.
    ///
    /// # Safety
    /// Nobody else uses the slots of these rows.
    pub unsafe fn place(&self, index: &TimeIndex, batch: &FeatureBatch, first: usize) {
        let rows = &batch.candidates;
        let slots = &index.slots()[first..first + rows.rows];
        let taken = slots.iter().enumerate().filter(|(_, slot)| **slot != NONE);
        let number = match &self.content {
            Content::Retained(retained) => {
                let output = Arc::clone(&retained.output);
                let own = RetainedBatch::new(batch.input.clone(), output);
                write(&retained.rows).add(Arc::new(own))
            }
            Content::Packed(_) => 0,
        };
        let source = match &self.content {
            Content::Packed(layout) => Some((layout, layout.source(&batch.output))),
            Content::Retained(_) => None,
        };
        for (row, slot) in taken {
            // SAFETY: the caller says so.
            let content = unsafe { self.content(*slot) };
            match &source {
                Some((layout, source)) => layout.pack(source, row, content),
                None => refer(
                    content,
                    RowRef {
                        batch: number,
                        row: row as u32,
                    },
                ),
            }
            // SAFETY: as above.
            unsafe { self.note_known(*slot, rows, row) };
            index.event(*slot).store(offset(rows.event[row]), Relaxed);
            self.state(*slot).store(TAKEN, Relaxed);
        }
    }

    /// Whether winners refer to the batches they came in.
    pub fn keeps_batches(&self) -> bool {
        matches!(self.content, Content::Retained(_))
    }

    /// So many bytes that the reservation has paid for are not used any more.
    pub fn give_back(&self, bytes: usize) {
        self.reservation.shrink(bytes);
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

    fn taken(&self) -> Vec<u32> {
        let slots = self.rows.count() as u32;
        (0..slots)
            .filter(|slot| self.state(*slot).load(Relaxed) != EMPTY)
            .collect()
    }

    #[inline]
    fn row(&self, slot: u32) -> *mut u8 {
        self.rows.at(slot)
    }

    #[inline]
    fn state(&self, slot: u32) -> &AtomicU8 {
        // SAFETY: inside the allocation that `self` owns; the byte is only ever read and written as an atomic.
        unsafe { AtomicU8::from_ptr(self.row(slot)) }
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
                self.rows.stride() - self.header,
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

    /// Notes from when on the slot's new candidate is known.
    ///
    /// # Safety
    /// The caller has locked the slot, or nobody else uses it.
    #[inline]
    unsafe fn note_known(&self, slot: u32, rows: &Candidates, row: usize) {
        if let Some(known) = &rows.known {
            // SAFETY: eight bytes of the header.
            unsafe {
                self.row(slot)
                    .add(1)
                    .cast::<i64>()
                    .write_unaligned(known[row])
            };
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
}

fn output_fields(input: &Schema, output: &[usize]) -> Vec<FieldRef> {
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

/// The event time of an [`offset`].
#[inline]
pub fn original(offset: u64) -> i64 {
    offset as i64 ^ i64::MIN
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
