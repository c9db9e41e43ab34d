//! The best feature row so far for every slot of the spine, for one feature input.
use super::index::{NONE, SpineIndex};
use super::keys::BatchKeys;
use super::packed::PackedLayout;
use super::retained::{Retained, RowRef};
use super::time::Times;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::{Mutex, RwLock};

/// Retained batches are compacted when they exceed this and have doubled since the last time.
const COMPACT_ABOVE_BYTES: usize = 64 << 20;

/// One batch of a feature input: what decides, and the columns handed upwards.
pub struct FeatureBatch {
    pub keys: BatchKeys,
    pub event: Times,
    pub known: Option<Times>,
    pub columns: Vec<ArrayRef>,
    pub rows: usize,
}

/// Slots guarded stripe by stripe, so that threads rarely wait for each other.
///
/// A feature row *lands* on the first slot of its key that may see it. Among the rows landing on one slot the greatest
/// (event time, known-at, content) stays: the winner does not depend on the order of arrival.
pub struct Candidates {
    strict: bool,
    stripes: Vec<Mutex<Stripe>>,
    layout: Option<PackedLayout>,
    /// Workers hold it shared while they use references; compaction holds it alone.
    retained: RwLock<Retained>,
    compact_at: Mutex<usize>,
    reservation: Mutex<MemoryReservation>,
}

struct Stripe {
    slots: Range<u32>,
    taken: Vec<bool>,
    event: Vec<i64>,
    known: Vec<i64>,
    payload: Payload,
}

enum Payload {
    Packed(Vec<u8>),
    Retained(Vec<RowRef>),
}

/// The finished state: for every slot the slot whose candidate it sees, or [`NONE`].
pub struct Winners {
    winner: Vec<u32>,
    stripes: Vec<Stripe>,
    layout: Option<PackedLayout>,
    retained: Retained,
    /// Pays for all of the above until it is dropped.
    _reservation: MemoryReservation,
}

/// A feature row and the slot it lands on.
struct Landing {
    stripe: u16,
    slot: u32,
    row: u32,
}

impl Candidates {
    /// `reservation` pays for the slots now and for retained batches later.
    pub fn new(
        index: &SpineIndex,
        schema: &SchemaRef,
        strict: bool,
        known_at: bool,
        reservation: MemoryReservation,
    ) -> Result<Self> {
        let layout = PackedLayout::of(schema.fields());
        let payload_bytes = layout
            .as_ref()
            .map_or(size_of::<RowRef>(), PackedLayout::stride);
        let known_bytes = if known_at { size_of::<i64>() } else { 0 };
        reservation.try_grow(
            index.len() * (payload_bytes + known_bytes + size_of::<i64>() + 1 + size_of::<u32>()),
        )?;
        let stripes = index.stripe_slots().into_iter().map(|slots| {
            let count = slots.len();
            Mutex::new(Stripe {
                slots,
                taken: vec![false; count],
                event: vec![0; count],
                known: vec![0; if known_at { count } else { 0 }],
                payload: match &layout {
                    Some(layout) => Payload::Packed(vec![0; count * layout.stride()]),
                    None => Payload::Retained(vec![RowRef { batch: 0, row: 0 }; count]),
                },
            })
        });
        Ok(Self {
            strict,
            stripes: stripes.collect(),
            layout,
            retained: RwLock::new(Retained::new(std::sync::Arc::clone(schema))),
            compact_at: Mutex::new(COMPACT_ABOVE_BYTES),
            reservation: Mutex::new(reservation),
        })
    }

    /// Offers every row of the batch to the slot it lands on. Returns how many rows landed.
    pub fn offer(
        &self,
        index: &SpineIndex,
        batch: &FeatureBatch,
        schema: &SchemaRef,
    ) -> Result<usize> {
        let landings = self.landings(index, batch);
        if landings.is_empty() {
            return Ok(0);
        }
        match &self.layout {
            Some(layout) => self.offer_packed(layout, batch, &landings),
            None => self.offer_retained(batch, &landings, schema)?,
        }
        Ok(landings.len())
    }

    fn landings(&self, index: &SpineIndex, batch: &FeatureBatch) -> Vec<Landing> {
        let event = &batch.event;
        let mut landings = Vec::new();
        for row in 0..batch.rows {
            let hash = batch.keys.hashes[row];
            if !index.may_contain(hash)
                || batch
                    .keys
                    .valid
                    .as_ref()
                    .is_some_and(|nulls| nulls.is_null(row))
                || event.valid.as_ref().is_some_and(|nulls| nulls.is_null(row))
            {
                continue;
            }
            let Some(slice) = index.find(hash, &batch.keys.values, row) else {
                continue;
            };
            let time = event.values[row];
            let mut place = first(slice.times, time, self.strict);
            if let Some(known) = &batch.known {
                if known.valid.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    continue;
                }
                place = place.max(first(slice.times, known.values[row], false));
            }
            if place < slice.times.len() {
                landings.push(Landing {
                    stripe: index.stripe_of(hash) as u16,
                    slot: slice.first_slot + place as u32,
                    row: row as u32,
                });
            }
        }
        if self.stripes.len() > 1 {
            landings.sort_unstable_by_key(|landing| landing.stripe);
        }
        landings
    }

    fn offer_packed(&self, layout: &PackedLayout, batch: &FeatureBatch, landings: &[Landing]) {
        let source = layout.source(&batch.columns);
        let mut scratch = vec![0; layout.stride()];
        for group in landings.chunk_by(|a, b| a.stripe == b.stripe) {
            let mut stripe = lock(&self.stripes[group[0].stripe as usize]);
            for landing in group {
                let (slot, row) = (
                    (landing.slot - stripe.slots.start) as usize,
                    landing.row as usize,
                );
                let order = stripe.rank(slot, batch, row);
                let bytes = slot * layout.stride()..(slot + 1) * layout.stride();
                let Payload::Packed(packed) = &mut stripe.payload else {
                    unreachable!("the layout is packed")
                };
                match order {
                    Ordering::Less => continue,
                    Ordering::Greater => layout.pack(&source, row, &mut packed[bytes]),
                    Ordering::Equal => {
                        layout.pack(&source, row, &mut scratch);
                        if scratch.as_slice() > &packed[bytes.clone()] {
                            packed[bytes].copy_from_slice(&scratch);
                        }
                    }
                }
                stripe.take(slot, batch, row);
            }
        }
    }

    fn offer_retained(
        &self,
        batch: &FeatureBatch,
        landings: &[Landing],
        schema: &SchemaRef,
    ) -> Result<()> {
        let rows = RecordBatch::try_new(std::sync::Arc::clone(schema), batch.columns.clone())?;
        let number = {
            let mut retained = self.retained.write().unwrap_or_else(|e| e.into_inner());
            let number = retained.add(rows);
            lock(&self.reservation)
                .try_grow(retained.batch(number)?.batch.get_array_memory_size())?;
            number
        };
        {
            let retained = self.retained.read().unwrap_or_else(|e| e.into_inner());
            let own = retained.batch(number)?;
            for group in landings.chunk_by(|a, b| a.stripe == b.stripe) {
                let mut stripe = lock(&self.stripes[group[0].stripe as usize]);
                for landing in group {
                    let (slot, row) = (
                        (landing.slot - stripe.slots.start) as usize,
                        landing.row as usize,
                    );
                    let mut order = stripe.rank(slot, batch, row);
                    let Payload::Retained(refs) = &mut stripe.payload else {
                        unreachable!("rows are retained")
                    };
                    if order == Ordering::Equal {
                        let best = retained.batch(refs[slot].batch)?;
                        order = own.encoded(landing.row).cmp(&best.encoded(refs[slot].row));
                    }
                    if order == Ordering::Greater {
                        refs[slot] = RowRef {
                            batch: number,
                            row: landing.row,
                        };
                        stripe.take(slot, batch, row);
                    }
                }
            }
        }
        self.compact_if_large()
    }

    fn compact_if_large(&self) -> Result<()> {
        let mut compact_at = lock(&self.compact_at);
        if self
            .retained
            .read()
            .unwrap_or_else(|e| e.into_inner())
            .bytes()
            < *compact_at
        {
            return Ok(());
        }
        let mut retained = self.retained.write().unwrap_or_else(|e| e.into_inner());
        let before = retained.bytes();
        let mut stripes: Vec<_> = self.stripes.iter().map(lock).collect();
        let live = stripes
            .iter_mut()
            .flat_map(|stripe| {
                let Stripe { taken, payload, .. } = &mut **stripe;
                let Payload::Retained(refs) = payload else {
                    unreachable!("rows are retained")
                };
                refs.iter_mut()
                    .zip(taken.iter())
                    .filter(|(_, taken)| **taken)
                    .map(|(reference, _)| reference)
            })
            .collect();
        retained.compact(live, 1 << 16)?;
        *compact_at = (retained.bytes() * 2).max(COMPACT_ABOVE_BYTES);
        lock(&self.reservation).shrink(before.saturating_sub(retained.bytes()));
        Ok(())
    }

    /// Carries every candidate forward to the later rows of its key, as long as it is the greatest and not too old.
    pub fn finish(self, index: &SpineIndex, tolerance: Option<Tolerance>) -> Winners {
        let mut stripes: Vec<Stripe> = self.stripes.into_iter().map(unlock).collect();
        let mut winner = vec![NONE; index.len()];
        let mut current = 0;
        index.for_each_slice(|slice| {
            while slice.first_slot >= stripes[current].slots.end {
                current += 1;
            }
            let stripe = &stripes[current];
            let first = (slice.first_slot - stripe.slots.start) as usize;
            let mut best: Option<usize> = None;
            for (step, time) in slice.times.iter().enumerate() {
                let slot = first + step;
                if stripe.taken[slot]
                    && best.is_none_or(|best| stripe.rank_of(slot) >= stripe.rank_of(best))
                {
                    best = Some(slot);
                }
                if let Some(best) = best
                    && tolerance.is_none_or(|tolerance| tolerance.allows(*time, stripe.event[best]))
                {
                    winner[slice.first_slot as usize + step] = stripe.slots.start + best as u32;
                }
            }
        });
        for stripe in &mut stripes {
            (stripe.taken, stripe.event, stripe.known) = (Vec::new(), Vec::new(), Vec::new());
        }
        Winners {
            winner,
            stripes,
            layout: self.layout,
            retained: self
                .retained
                .into_inner()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
            _reservation: unlock(self.reservation),
        }
    }
}

impl Stripe {
    /// How a feature row compares with the slot's candidate; Greater where there is none.
    #[inline]
    fn rank(&self, slot: usize, batch: &FeatureBatch, row: usize) -> Ordering {
        if !self.taken[slot] {
            return Ordering::Greater;
        }
        let by_event = batch.event.values[row].cmp(&self.event[slot]);
        match &batch.known {
            Some(known) => by_event.then_with(|| known.values[row].cmp(&self.known[slot])),
            None => by_event,
        }
    }

    #[inline]
    fn take(&mut self, slot: usize, batch: &FeatureBatch, row: usize) {
        self.taken[slot] = true;
        self.event[slot] = batch.event.values[row];
        if let Some(known) = &batch.known {
            self.known[slot] = known.values[row];
        }
    }

    fn packed(&self, slot: u32, stride: usize) -> &[u8] {
        let Payload::Packed(packed) = &self.payload else {
            unreachable!("the layout is packed")
        };
        let at = (slot - self.slots.start) as usize * stride;
        &packed[at..at + stride]
    }

    fn row_ref(&self, slot: u32) -> RowRef {
        let Payload::Retained(refs) = &self.payload else {
            unreachable!("rows are retained")
        };
        refs[(slot - self.slots.start) as usize]
    }

    fn rank_of(&self, slot: usize) -> (i64, i64) {
        (self.event[slot], self.known.get(slot).copied().unwrap_or(0))
    }
}

impl Winners {
    /// The slot whose candidate a spine row sees.
    fn winner_of(&self, index: &SpineIndex, row: u32) -> Option<u32> {
        let slot = index.slot_of_row(row as usize);
        (slot != NONE)
            .then(|| self.winner[slot as usize])
            .filter(|winner| *winner != NONE)
    }

    pub fn has_match(&self, index: &SpineIndex, row: u32) -> bool {
        self.winner_of(index, row).is_some()
    }

    /// The output columns for these spine rows.
    pub fn columns(&self, index: &SpineIndex, rows: &[u32]) -> Result<Vec<ArrayRef>> {
        let winners = rows.iter().map(|row| self.winner_of(index, *row));
        match &self.layout {
            Some(layout) => self.packed_columns(layout, winners),
            None => {
                let refs: Vec<_> = winners
                    .map(|winner| winner.map(|slot| self.stripe(slot).row_ref(slot)))
                    .collect();
                Ok(self.retained.rows(&refs)?.columns().to_vec())
            }
        }
    }

    fn packed_columns(
        &self,
        layout: &PackedLayout,
        winners: impl ExactSizeIterator<Item = Option<u32>>,
    ) -> Result<Vec<ArrayRef>> {
        let stride = layout.stride();
        let mut bytes = Vec::with_capacity(winners.len() * stride);
        let rows: Vec<_> = winners
            .map(|winner| {
                winner.map(|slot| {
                    bytes.extend_from_slice(self.stripe(slot).packed(slot, stride));
                    bytes.len() - stride
                })
            })
            .collect();
        layout.unpack(&bytes, &rows)
    }

    #[inline]
    fn stripe(&self, slot: u32) -> &Stripe {
        &self.stripes[self
            .stripes
            .partition_point(|stripe| stripe.slots.end <= slot)]
    }
}

/// The greatest allowed distance between the two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    pub distance: i64,
    /// Whether the distance itself is too far.
    pub exclusive: bool,
}

impl Tolerance {
    fn allows(self, later: i64, earlier: i64) -> bool {
        let distance = i128::from(later) - i128::from(earlier);
        match self.exclusive {
            true => distance < i128::from(self.distance),
            false => distance <= i128::from(self.distance),
        }
    }
}

/// The first place in ascending times that is not before (strict: that is after) `time`.
#[inline]
fn first(times: &[i64], time: i64, strict: bool) -> usize {
    match strict {
        true => times.partition_point(|t| *t <= time),
        false => times.partition_point(|t| *t < time),
    }
}

// A poisoned lock means another task of the query panicked and its error is on the way.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn unlock<T>(mutex: Mutex<T>) -> T {
    mutex
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
