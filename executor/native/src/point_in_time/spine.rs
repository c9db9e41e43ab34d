//! The index of a spine, and what it tells the feature scans.
use super::candidate::{DecidingColumns, key_encoder};
use super::exec::FeatureInput;
use super::index::{TimeIndex, TimedKeys};
use super::keys::{KeyEncoder, KeyValues};
use super::time::Times;
use super::{Direction, filter};
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// The index of the spine (not empty) for features that have their spine keys, time and direction in common, and what
/// the rows of each of them must fulfil.
pub fn index(
    spine: &[RecordBatch],
    features: &[FeatureInput],
    threads: usize,
) -> Result<(TimeIndex, Vec<Arc<dyn PhysicalExpr>>)> {
    let feature = &features[0];
    let encoder = key_encoder(&feature.spine_keys, &spine[0].schema())?;
    let columns = by_threads(spine, threads, |batch| {
        DecidingColumns::of_spine(feature, batch)
    })?;
    let whole;
    let parts = match encoder.hashes_are_keys() {
        true => &columns,
        false => {
            whole = vec![DecidingColumns::whole(&columns)?];
            &whole
        }
    };
    let direction = feature.matching.direction;
    let encoded = by_threads(parts, threads, |part| encode(part, &encoder, direction))?;
    let (timed, mut values): (Vec<_>, Vec<_>) = encoded.into_iter().unzip();
    let index = TimeIndex::build(timed, values.swap_remove(0), threads);
    let conditions = features
        .iter()
        .map(|feature| filter::of_spine(feature, &index, &columns))
        .collect::<Result<_>>()?;
    Ok((index, conditions))
}

fn encode(
    columns: &DecidingColumns,
    encoder: &KeyEncoder,
    direction: Direction,
) -> Result<(TimedKeys, KeyValues)> {
    let keys = encoder.encode(&columns.keys, columns.time.len())?;
    let times = Times::of(&columns.time, direction)?;
    let timed = TimedKeys {
        hashes: keys.hashes,
        times: times.values,
        present: NullBuffer::union(keys.valid.as_ref(), times.valid.as_ref()),
    };
    Ok((timed, keys.values))
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
