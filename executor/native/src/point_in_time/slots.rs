//! The best feature row so far for every slot of an index, for one feature input.
mod offer;
mod winners;

pub use offer::Offered;
pub use winners::Winners;

use super::candidate::{Candidates, FeatureBatch};
use super::exec::FeatureInput;
use super::index::{BLOCK, NONE, TimeIndex};
use super::packed::PackedLayout;
use super::retained::{Retained, RetainedBatch, RowRef};
use super::row_bytes::{Room, RowBytes};
use datafusion::arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Retained batches are compacted when they exceed this and have doubled since the last time.
const COMPACT_ABOVE_BYTES: usize = 64 << 20;
const ROWS_PER_COMPACTED_BATCH: usize = 1 << 16;

/// Instead of a row's number: no candidate yet.
const VACANT: u32 = NONE;
/// Instead of a row's number: some thread compares the candidate with another one.
const LOCKED: u32 = NONE - 1;

/// The candidates of an index's slots. A candidate has a row of bytes from when it comes first; a greater one takes the row
/// over: when it is known, where the join asks; then its packed values, or where its batch is retained.
///
/// Feature rows come into slots by [`offer`](Self::offer) (a spine is indexed) or [`place`](Self::place) (the features
/// are), [`finish`](Self::finish) makes them winners.
pub struct Slots {
    states: Box<[State]>,
    rows: RowBytes,
    /// Bytes before the content.
    header: usize,
    content: Content,
    reservation: MemoryReservation,
    /// Whether the index's bitmap is asked: until most rows pass it.
    filtered: AtomicBool,
}

/// Of one slot.
struct State {
    /// When the candidate happened, offset so that 0 is the least.
    event: AtomicU64,
    /// The number of the candidate's row; also the slot's lock.
    row: AtomicU32,
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
    /// Bytes that rows and winners need at most, without retained batches.
    pub fn bytes_for(slots: usize, feature: &FeatureInput, writers: usize) -> usize {
        let stride = header(feature) + Content::of(feature).stride();
        RowBytes::bytes_for(slots, stride, writers) + slots * size_of::<u32>()
    }

    /// Bytes beside those, until the slots are finished.
    pub fn state_bytes(slots: usize) -> usize {
        slots * size_of::<State>()
    }

    /// `reservation` has paid for [`Self::bytes_for`], and pays for retained batches later. So many `writers` bring rows.
    pub fn new(
        slots: usize,
        feature: &FeatureInput,
        writers: usize,
        threads: usize,
        reservation: MemoryReservation,
    ) -> Self {
        let header = header(feature);
        let content = Content::of(feature);
        Self {
            states: vacant(slots, threads),
            rows: RowBytes::new(slots, header + content.stride(), writers),
            header,
            content,
            reservation,
            filtered: AtomicBool::new(true),
        }
    }

    /// Puts each row of the batch into the slot that the index, which was made of these very rows, gave it. `first` is the
    /// number of the batch's first row in the index. A retained batch must be paid for already.
    pub fn place(&self, index: &TimeIndex, batch: &FeatureBatch, first: usize, room: &mut Room) {
        let rows = &batch.candidates;
        let slots = index.slots()[first..first + rows.rows].iter().copied();
        let taken: Vec<(u32, u32)> = (0..).zip(slots).filter(|(_, s)| *s != NONE).collect();
        let mut place = |row: u32, slot: u32, write: &dyn Fn(&mut [u8])| {
            let number = self.rows.append(room);
            // SAFETY: the row is new.
            unsafe { self.fill(number, rows, row, write) };
            self.state(slot)
                .set(offset(rows.event[row as usize]), number);
        };
        match &self.content {
            Content::Packed(layout) => {
                let source = layout.source(&batch.output);
                let stride = layout.stride();
                let mut packed = vec![0; BLOCK * stride];
                for block in taken.chunks(BLOCK) {
                    let packed = &mut packed[..block.len() * stride];
                    layout.pack(&source, block.iter().map(|(row, _)| *row), packed);
                    for (at, (row, slot)) in block.iter().enumerate() {
                        let packed = &packed[at * stride..][..stride];
                        place(*row, *slot, &|content| content.copy_from_slice(packed));
                    }
                }
            }
            Content::Retained(retained) => {
                let output = Arc::clone(&retained.output);
                let own = RetainedBatch::new(batch.input.clone(), output);
                let batch = write(&retained.rows).add(Arc::new(own));
                for (row, slot) in taken {
                    place(row, slot, &|content| refer(content, RowRef { batch, row }));
                }
            }
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
        let taken = self.taken();
        let mut live: Vec<RowRef> = taken
            .iter()
            // SAFETY: the gate keeps everybody else out.
            .map(|row| reference(unsafe { self.content(*row) }))
            .collect();
        rows.compact(&mut live, &retained.output, ROWS_PER_COMPACTED_BATCH)?;
        for (row, live) in taken.iter().zip(live) {
            // SAFETY: as above.
            refer(unsafe { self.content(*row) }, live);
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
        let mut batches = Vec::new();
        for chunk in self.taken().chunks(ROWS_PER_COMPACTED_BATCH) {
            let rows: Vec<_> = chunk
                .iter()
                // SAFETY: `self` is owned.
                .map(|row| Some(reference(unsafe { self.content(*row) })))
                .collect();
            batches.push(read(&retained.rows).rows(&rows)?);
        }
        Ok(batches)
    }

    /// The rows of all candidates.
    fn taken(&self) -> Vec<u32> {
        let rows = self.states.iter().map(|state| state.row.load(Relaxed));
        rows.filter(|row| *row != VACANT).collect()
    }

    #[inline]
    fn state(&self, slot: u32) -> &State {
        &self.states[slot as usize]
    }

    /// The bytes of a row after its header.
    ///
    /// # Safety
    /// The caller has locked the row's slot, or nobody else uses it.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    unsafe fn content(&self, row: u32) -> &mut [u8] {
        // SAFETY: inside the allocation; the caller has it alone.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.rows.at(row).add(self.header),
                self.rows.stride() - self.header,
            )
        }
    }

    /// From when on the candidate of a row is known; 0 where the join has no known-at.
    ///
    /// # Safety
    /// As of [`Self::content`].
    #[inline]
    unsafe fn known(&self, row: u32) -> i64 {
        match self.header {
            0 => 0,
            // SAFETY: eight bytes of the header.
            _ => unsafe { self.rows.at(row).cast::<i64>().read_unaligned() },
        }
    }

    /// Writes row `from` of a batch to a row of bytes.
    ///
    /// # Safety
    /// As of [`Self::content`].
    #[inline]
    unsafe fn fill(&self, row: u32, rows: &Candidates, from: u32, write: impl FnOnce(&mut [u8])) {
        // SAFETY: the caller's; eight bytes of the header, which is there if the rows have a known-at.
        unsafe {
            if let Some(known) = &rows.known {
                let header = self.rows.at(row).cast::<i64>();
                header.write_unaligned(known[from as usize]);
            }
            write(self.content(row));
        }
    }
}

impl State {
    /// Waits for the slot and returns the row it had.
    #[inline]
    fn lock(&self) -> u32 {
        loop {
            let before = self.row.load(Relaxed);
            if before != LOCKED
                && self
                    .row
                    .compare_exchange_weak(before, LOCKED, Acquire, Relaxed)
                    .is_ok()
            {
                return before;
            }
            std::hint::spin_loop();
        }
    }

    /// Unlocks the slot, whose candidate is now this one.
    #[inline]
    fn set(&self, event: u64, row: u32) {
        self.event.store(event, Relaxed);
        self.row.store(row, Release);
    }
}

impl Content {
    fn of(feature: &FeatureInput) -> Self {
        let input = feature.input.schema();
        let fields = feature.output.iter();
        let fields: Vec<_> = fields.map(|o| Arc::clone(&input.fields()[*o])).collect();
        match PackedLayout::of(&fields) {
            Some(layout) => Self::Packed(layout),
            None => Self::Retained(Box::new(RetainedRows {
                output: feature.output.as_slice().into(),
                rows: RwLock::new(Retained::new(input)),
                gate: RwLock::new(()),
                compact_at: Mutex::new(COMPACT_ABOVE_BYTES),
            })),
        }
    }

    /// Bytes of a row.
    fn stride(&self) -> usize {
        match self {
            Self::Packed(layout) => layout.stride(),
            Self::Retained(_) => size_of::<RowRef>(),
        }
    }
}

/// So many slots without a candidate, written by all threads.
fn vacant(slots: usize, threads: usize) -> Box<[State]> {
    let mut states = Box::new_uninit_slice(slots);
    let share = slots.div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for share in states.chunks_mut(share) {
            scope.spawn(move || {
                for state in share {
                    state.write(State {
                        event: AtomicU64::new(0),
                        row: AtomicU32::new(VACANT),
                    });
                }
            });
        }
    });
    // SAFETY: all were written.
    unsafe { states.assume_init() }
}

/// Bytes of a row before its content.
fn header(feature: &FeatureInput) -> usize {
    feature.known_at.as_ref().map_or(0, |_| size_of::<i64>())
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
