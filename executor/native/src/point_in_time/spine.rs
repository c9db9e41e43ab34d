//! The index of a spine, and what it tells the feature scans.
use super::candidate::key_encoder;
use super::exec::FeatureInput;
use super::index::{TimeIndex, TimedKeys};
use super::keys::{KeyEncoder, KeyValues};
use super::time::Times;
use super::{Direction, filter};
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// The columns of some of the spine's rows by which features find them.
pub struct SpineColumns {
    pub keys: Vec<ArrayRef>,
    pub time: ArrayRef,
}

/// The index of the spine (not empty) for features that have their spine keys, time and direction in common, and what
/// the rows of each of them must fulfil.
pub fn index(
    spine: &[RecordBatch],
    features: &[FeatureInput],
    threads: usize,
) -> Result<(TimeIndex, Vec<Arc<dyn PhysicalExpr>>)> {
    let feature = &features[0];
    let encoder = key_encoder(&feature.spine_keys, &spine[0].schema())?;
    let columns = by_threads(spine, threads, |batch| SpineColumns::of(feature, batch))?;
    let whole;
    let parts = match encoder.hashes_are_keys() {
        true => &columns,
        false => {
            whole = vec![SpineColumns::whole(&columns)?];
            &whole
        }
    };
    let direction = feature.matching.direction;
    let encoded = by_threads(parts, threads, |part| part.encode(&encoder, direction))?;
    let (timed, mut values): (Vec<_>, Vec<_>) = encoded.into_iter().unzip();
    let index = TimeIndex::build(timed, values.swap_remove(0), threads);
    let conditions = features
        .iter()
        .map(|feature| filter::of_spine(feature, &index, &columns))
        .collect::<Result<_>>()?;
    Ok((index, conditions))
}

impl SpineColumns {
    fn of(feature: &FeatureInput, batch: &RecordBatch) -> Result<Self> {
        let array = |e: &Arc<dyn PhysicalExpr>| e.evaluate(batch)?.into_array(batch.num_rows());
        Ok(Self {
            keys: feature
                .spine_keys
                .iter()
                .map(array)
                .collect::<Result<_>>()?,
            time: array(&feature.spine_time)?,
        })
    }

    fn whole(parts: &[Self]) -> Result<Self> {
        let all = |column: &dyn Fn(&Self) -> ArrayRef| {
            filter::whole(&parts.iter().map(column).collect::<Vec<_>>())
        };
        Ok(Self {
            keys: (0..parts[0].keys.len())
                .map(|key| all(&|part| Arc::clone(&part.keys[key])))
                .collect::<Result<_>>()?,
            time: all(&|part| Arc::clone(&part.time))?,
        })
    }

    fn encode(&self, encoder: &KeyEncoder, direction: Direction) -> Result<(TimedKeys, KeyValues)> {
        let keys = encoder.encode(&self.keys, self.time.len())?;
        let times = Times::of(&self.time, direction)?;
        let timed = TimedKeys {
            hashes: keys.hashes,
            times: times.values,
            present: NullBuffer::union(keys.valid.as_ref(), times.valid.as_ref()),
        };
        Ok((timed, keys.values))
    }
}

/// What `work` makes of each item, in their order.
fn by_threads<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let per_thread = items.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = items
            .chunks(per_thread)
            .map(|items| scope.spawn(|| items.iter().map(&work).collect::<Result<Vec<_>>>()))
            .collect();
        let mut made = Vec::with_capacity(items.len());
        for thread in running {
            made.extend(thread.join().expect("work on the spine does not panic")?);
        }
        Ok(made)
    })
}
