//! The join the other way round: the features are held and indexed, the spine streams past them.
//!
//! Every feature row has a slot of its own, in the order of (key, visible from); a slot's winner is the greatest row up
//! to it. A spine row sees the winner of the last slot of its key that is visible at its time.
use super::candidate::{DecidingColumns, FeatureBatch, Tolerance, key_encoder};
use super::exec::FeatureInput;
use super::index::{BLOCK, Found, MAX_ROWS, NONE, TimeIndex, TimedKeys};
use super::keys::{BatchKeys, KeyEncoder};
use super::row_bytes::Room;
use super::slots::{Slots, Winners};
use super::time::Times;
use datafusion::arrow::array::{BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use std::sync::Arc;

/// One indexed feature.
pub struct IndexedFeature {
    feature: FeatureInput,
    tolerance: Option<Tolerance>,
    index: TimeIndex,
    winners: Winners,
    _reservation: MemoryReservation,
}

/// All features of a join, ready for the spine.
pub struct Lookup {
    schema: SchemaRef,
    features: Vec<IndexedFeature>,
}

/// The keys and times of a spine batch for one feature.
struct Asking {
    keys: BatchKeys,
    times: ScalarBuffer<i64>,
    valid: Option<NullBuffer>,
}

impl IndexedFeature {
    /// `held` pays for the batches and what is made of them; None when the pool has not got the memory.
    pub fn build(
        feature: &FeatureInput,
        batches: &[RecordBatch],
        held: MemoryReservation,
        threads: usize,
    ) -> Result<Option<Self>> {
        let schema = feature.input.schema();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let slots_bytes = Slots::bytes_for(rows, feature, threads);
        let index_held = held.new_empty();
        let states = held.new_empty();
        if rows >= MAX_ROWS
            || held.try_grow(slots_bytes).is_err()
            || states.try_grow(Slots::state_bytes(rows)).is_err()
            || index_held.try_grow(TimeIndex::bytes_for(rows)).is_err()
        {
            return Ok(None);
        }
        let encoder = key_encoder(&feature.feature_keys, &schema)?;
        let all = deciding_columns(feature, batches)?.candidates(&feature.matching, &encoder)?;
        let timed = TimedKeys {
            hashes: all.keys.hashes,
            times: all.visible,
            present: all.valid,
        };
        let index = TimeIndex::build(vec![timed], all.keys.values, threads);
        index_held.resize(index.bytes() + rows * size_of::<i64>());
        let batch_bytes = held.size() - slots_bytes;
        let slots = Slots::new(index.len(), feature, threads, threads, held);
        place(&slots, &index, feature, &encoder, batches, threads)?;
        if !slots.keeps_batches() {
            slots.give_back(batch_bytes);
        }
        let inner = feature.matching.inner;
        Ok(Some(Self {
            tolerance: feature.matching.tolerance(),
            winners: slots.finish_placed(&index, threads, inner)?,
            feature: feature.clone(),
            index,
            _reservation: index_held,
        }))
    }

    pub fn distinct_keys(&self) -> usize {
        self.index.distinct_keys()
    }

    fn asking(&self, spine: &RecordBatch, encoder: &KeyEncoder) -> Result<Asking> {
        let rows = spine.num_rows();
        let columns = DecidingColumns::of_spine(&self.feature, spine)?;
        let keys = encoder.encode(&columns.keys, rows)?;
        let times = Times::of(&columns.time, self.feature.matching.direction)?;
        let valid = NullBuffer::union(keys.valid.as_ref(), times.valid.as_ref());
        Ok(Asking {
            keys,
            times: times.values,
            valid: valid.filter(|valid| valid.null_count() > 0),
        })
    }

    /// The slot whose winner each row sees, or [`NONE`].
    fn slots(&self, asking: &Asking) -> Vec<u32> {
        let rows = asking.times.len();
        let mut slots = vec![NONE; rows];
        for first in (0..rows).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(rows);
            let mut found = [Found::default(); BLOCK];
            let valid = asking.valid.as_ref();
            let count = self
                .index
                .search(&asking.keys, valid, block, true, &mut found);
            for found in &found[..count] {
                let row = found.row as usize;
                let time = asking.times[row];
                let near = |slot: &u32| {
                    let near = |limit: Tolerance| limit.allows(time, self.winners.event(*slot));
                    self.tolerance.is_none_or(near)
                };
                if let Some(slot) = self.index.last_until(*found, time).filter(near) {
                    slots[row] = slot;
                }
            }
        }
        slots
    }
}

/// The columns of all batches, which are not empty, one after the other.
fn deciding_columns(feature: &FeatureInput, batches: &[RecordBatch]) -> Result<DecidingColumns> {
    let empty = [RecordBatch::new_empty(feature.input.schema())];
    let batches = if batches.is_empty() { &empty } else { batches };
    let parts = batches
        .iter()
        .map(|batch| DecidingColumns::of(feature, batch))
        .collect::<Result<Vec<_>>>()?;
    DecidingColumns::whole(&parts)
}

/// Every row into its slot, by several threads.
fn place(
    slots: &Slots,
    index: &TimeIndex,
    feature: &FeatureInput,
    encoder: &KeyEncoder,
    batches: &[RecordBatch],
    threads: usize,
) -> Result<()> {
    let mut first = 0;
    let mut parts: Vec<Vec<(usize, &RecordBatch)>> = vec![Vec::new(); threads.max(1)];
    for (number, batch) in batches.iter().enumerate() {
        parts[number % threads.max(1)].push((first, batch));
        first += batch.num_rows();
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = parts
            .into_iter()
            .map(|part| {
                scope.spawn(move || {
                    let mut room = Room::default();
                    for (first, batch) in part {
                        let batch = FeatureBatch::of(feature, encoder, batch.clone())?;
                        slots.place(index, &batch, first, &mut room);
                    }
                    Ok(())
                })
            })
            .collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().expect("placing rows does not panic"))
    })
}

impl Lookup {
    /// `schema`: the spine's columns, then the output columns of the features.
    pub fn new(schema: SchemaRef, features: Vec<IndexedFeature>) -> Self {
        Self { schema, features }
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The spine's rows with what they see; rows that an inner feature drops are not among them.
    pub fn join(&self, spine: &RecordBatch) -> Result<RecordBatch> {
        let mut slots = Vec::with_capacity(self.features.len());
        for indexed in &self.features {
            let encoder = key_encoder(&indexed.feature.spine_keys, &spine.schema())?;
            slots.push(indexed.slots(&indexed.asking(spine, &encoder)?));
        }
        let keep = self.kept(&slots);
        let spine = match &keep {
            Some(keep) => {
                for slots in &mut slots {
                    let mut row = 0..;
                    slots.retain(|_| row.next().is_some_and(|row| keep.value(row)));
                }
                filter_record_batch(spine, keep)?
            }
            None => spine.clone(),
        };
        let mut columns = spine.columns().to_vec();
        for (indexed, slots) in self.features.iter().zip(&slots) {
            columns.extend(indexed.winners.columns(slots)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(spine.num_rows()));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }

    /// Which of the rows stay; None when all do.
    fn kept(&self, slots: &[Vec<u32>]) -> Option<BooleanArray> {
        let inner: Vec<_> = self
            .features
            .iter()
            .zip(slots)
            .filter(|(indexed, _)| indexed.winners.is_inner())
            .collect();
        let rows = inner.first()?.1.len();
        let stays = |row: usize| inner.iter().all(|(i, slots)| i.winners.keeps(slots[row]));
        let keep: BooleanArray = (0..rows).map(|row| Some(stays(row))).collect();
        (keep.true_count() < rows).then_some(keep)
    }
}
