//! One execution: collect and index one side, stream the other, hand out the joined rows; without the memory for it, sort
//! and merge.
mod on_disk;

use super::candidate::{FeatureBatch, key_encoder};
use super::exec::FeatureInput;
use super::index::{MAX_ROWS, TimeIndex};
use super::joined::Joined;
use super::lookup::{IndexedFeature, Lookup};
use super::row_bytes::Room;
use super::slots::{Offered, Slots, Winners};
use super::{Build, spine};
use crate::spill::Spill;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, Time};
use futures::TryStreamExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What the operator was given.
pub struct Inputs {
    pub spine: Arc<dyn ExecutionPlan>,
    pub features: Vec<FeatureInput>,
    pub build: Build,
    /// Of the output.
    pub schema: SchemaRef,
    pub threads: usize,
}

/// How the output is to be had.
pub enum Output {
    /// Any slice of it, at any time.
    Memory(Arc<Joined>),
    /// By joining the spine's batches as they come.
    Lookup(Arc<Lookup>),
    /// As one stream, by whoever takes it first.
    Merged(Mutex<Option<SendableRecordBatchStream>>),
}

#[derive(Clone)]
struct Metrics {
    collect_time: Time,
    index_time: Time,
    match_time: Time,
    spine_rows: Count,
    spine_keys: Count,
    feature_keys: Count,
    feature_rows: Count,
    landed_rows: Count,
}

impl Metrics {
    fn new(set: &ExecutionPlanMetricsSet) -> Self {
        let count = |name: &'static str| MetricBuilder::new(set).counter(name, 0);
        let time = |name: &'static str| MetricBuilder::new(set).subset_time(name, 0);
        Self {
            collect_time: time("collect_time"),
            index_time: time("index_time"),
            match_time: time("match_time"),
            spine_rows: count("spine_rows"),
            spine_keys: count("spine_keys"),
            feature_keys: count("feature_keys"),
            feature_rows: count("feature_rows"),
            landed_rows: count("landed_rows"),
        }
    }
}

struct Run {
    inputs: Inputs,
    context: Arc<TaskContext>,
    metrics: Metrics,
    spill: Spill,
    reservation: MemoryReservation,
}

pub async fn run(
    inputs: Inputs,
    context: Arc<TaskContext>,
    metrics: ExecutionPlanMetricsSet,
) -> Result<Output> {
    let spill = Spill::new(&context, &metrics);
    let run = Run {
        reservation: consumer(&context, "spine"),
        metrics: Metrics::new(&metrics),
        inputs,
        context,
        spill,
    };
    match run.inputs.build {
        Build::Spine => run.index_spine().await,
        Build::Features => run.index_features().await,
    }
}

fn consumer(context: &TaskContext, name: &str) -> MemoryReservation {
    MemoryConsumer::new(format!("PointInTimeJoinExec[{name}]")).register(context.memory_pool())
}

/// Indexes and the number of each feature's.
struct Indexes {
    of_feature: Vec<usize>,
    indexes: Vec<Arc<TimeIndex>>,
    /// Pays for the states of the slots of one feature at a time.
    _states: MemoryReservation,
}

/// Batches that were read before the memory ran out, and what is left of the streams.
type Unfit = (Vec<RecordBatch>, Vec<SendableRecordBatchStream>);

/// What is left of a partition whose rows no longer fit.
type Rest = (Vec<RecordBatch>, Option<SendableRecordBatchStream>);

enum Streamed {
    Done(Winners),
    /// The winners so far and the rows not looked at yet.
    TooLarge(Vec<RecordBatch>, Vec<SendableRecordBatchStream>),
}

impl Run {
    /// The features are held, whatever the number of their rows; the spine is only read when the output is.
    async fn index_features(self) -> Result<Output> {
        let mut indexed = Vec::new();
        for number in 0..self.inputs.features.len() {
            match self.index_feature(&self.inputs.features[number]).await? {
                Ok(feature) => indexed.push(feature),
                Err((batches, rest)) => {
                    let width = self.width_of(number);
                    let schema = Arc::new(self.inputs.schema.project(&width)?);
                    return self
                        .merge_after(number, Lookup::new(schema, indexed), batches, rest)
                        .await;
                }
            }
        }
        let schema = Arc::clone(&self.inputs.schema);
        Ok(Output::Lookup(Arc::new(Lookup::new(schema, indexed))))
    }

    /// The feature's index, or its rows when they do not fit.
    async fn index_feature(
        &self,
        feature: &FeatureInput,
    ) -> Result<std::result::Result<IndexedFeature, Unfit>> {
        let held = consumer(&self.context, "feature");
        let (batches, rest) = self.collect(&feature.input, &held).await?;
        if !rest.is_empty() {
            return Ok(Err((batches, rest)));
        }
        let _timer = self.metrics.index_time.timer();
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        self.metrics.feature_rows.add(rows);
        let (feature, threads) = (feature.clone(), self.inputs.threads);
        let task = SpawnedTask::spawn_blocking(move || {
            let built = IndexedFeature::build(&feature, &batches, held, threads)?;
            Ok::<_, DataFusionError>((built, batches))
        });
        let (built, batches) = joined_task(task).await??;
        Ok(match built {
            Some(built) => {
                self.metrics.feature_keys.add(built.distinct_keys());
                Ok(built)
            }
            None => Err((batches, Vec::new())),
        })
    }

    /// The output columns before those of feature `number`.
    fn width_of(&self, number: usize) -> Vec<usize> {
        let later = self.inputs.features[number..].iter();
        let later: usize = later.map(|feature| feature.output.len()).sum();
        (0..self.inputs.schema.fields().len() - later).collect()
    }

    async fn index_spine(mut self) -> Result<Output> {
        let (batches, rest) = self.collect(&self.inputs.spine, &self.reservation).await?;
        if !rest.is_empty() {
            return self.merge_from(0, batches, rest, None).await;
        }
        let rows = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        self.metrics.spine_rows.add(rows);
        if rows == 0 {
            let joined = Joined::new(Arc::clone(&self.inputs.schema), batches, self.reservation);
            return Ok(Output::Memory(Arc::new(joined)));
        }
        let room = match rows < MAX_ROWS {
            true => self.index(&batches, rows).await?,
            false => None,
        };
        let Some((indexes, slots)) = room else {
            return self.merge_from(0, batches, Vec::new(), None).await;
        };
        let mut joined = Joined::new(
            Arc::clone(&self.inputs.schema),
            batches,
            self.reservation.take(),
        );
        for (number, (feature, reservation)) in self.inputs.features.iter().zip(slots).enumerate() {
            let index = &indexes.indexes[indexes.of_feature[number]];
            match self.stream(feature, index, reservation).await? {
                Streamed::Done(winners) => joined.add(Arc::clone(index), winners),
                Streamed::TooLarge(winners, rest) => {
                    drop(indexes);
                    return self.merge_rest(number, joined, winners, rest).await;
                }
            }
        }
        Ok(Output::Memory(Arc::new(joined)))
    }

    /// The input's batches, paid for by `held`; and what is left of its streams when they do not fit.
    async fn collect(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        held: &MemoryReservation,
    ) -> Result<Unfit> {
        let _timer = self.metrics.collect_time.timer();
        let full = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for stream in self.streams(input)? {
            let share = held.new_empty();
            tasks.push(SpawnedTask::spawn(collect_partition(
                stream,
                share,
                Arc::clone(&full),
            )));
        }
        let (mut batches, mut rest) = (Vec::new(), Vec::new());
        for task in tasks {
            let (part, left, share) = joined_task(task).await??;
            batches.extend(part);
            rest.extend(left);
            held.grow(share.free());
        }
        Ok((batches, rest))
    }

    fn streams(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<SendableRecordBatchStream>> {
        (0..plan.properties().partitioning.partition_count())
            .map(|partition| plan.execute(partition, Arc::clone(&self.context)))
            .collect()
    }

    /// One index for each distinct (keys, time, direction), and the memory that each feature's slots need; None when the
    /// pool has not got it. Tells the feature scans what the indexes know.
    async fn index(
        &self,
        spine: &[RecordBatch],
        rows: usize,
    ) -> Result<Option<(Indexes, Vec<MemoryReservation>)>> {
        let _timer = self.metrics.index_time.timer();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (number, feature) in self.inputs.features.iter().enumerate() {
            let same =
                |group: &&mut Vec<usize>| same_index(&self.inputs.features[group[0]], feature);
            match groups.iter_mut().find(same) {
                Some(group) => group.push(number),
                None => groups.push(vec![number]),
            }
        }
        let mut of_feature = vec![0; self.inputs.features.len()];
        let mut indexes = Vec::with_capacity(groups.len());
        for group in groups {
            let transient = TimeIndex::bytes_for(rows);
            let paid = self.reservation.new_empty();
            if paid.try_grow(transient).is_err() {
                return Ok(None);
            }
            let features: Vec<_> = group
                .iter()
                .map(|number| self.inputs.features[*number].clone())
                .collect();
            let (spine, threads) = (spine.to_vec(), self.inputs.threads);
            let task =
                SpawnedTask::spawn_blocking(move || spine::index(&spine, &features, threads));
            let (index, conditions) = joined_task(task).await??;
            paid.resize(index.bytes());
            self.reservation.grow(paid.free());
            self.metrics.spine_keys.add(index.distinct_keys());
            for (number, condition) in group.iter().zip(conditions) {
                of_feature[*number] = indexes.len();
                if let Some(filter) = &self.inputs.features[*number].filter {
                    filter.update(condition)?;
                    filter.mark_complete();
                }
            }
            indexes.push(Arc::new(index));
        }
        let most = indexes.iter().map(|index| index.len()).max();
        let states = self.reservation.new_empty();
        if states
            .try_grow(Slots::state_bytes(most.unwrap_or(0)))
            .is_err()
        {
            return Ok(None);
        }
        let mut slots = Vec::new();
        for (number, feature) in self.inputs.features.iter().enumerate() {
            let reservation = consumer(&self.context, "feature");
            let count = indexes[of_feature[number]].len();
            let bytes = Slots::bytes_for(count, feature, writers(feature));
            if reservation.try_grow(bytes).is_err() {
                return Ok(None);
            }
            slots.push(reservation);
        }
        Ok(Some((
            Indexes {
                of_feature,
                indexes,
                _states: states,
            },
            slots,
        )))
    }

    async fn slots(
        &self,
        feature: &FeatureInput,
        count: usize,
        reservation: MemoryReservation,
    ) -> Result<Slots> {
        let (feature, threads) = (feature.clone(), self.inputs.threads);
        let task = SpawnedTask::spawn_blocking(move || {
            Slots::new(count, &feature, writers(&feature), threads, reservation)
        });
        joined_task(task).await
    }

    async fn stream(
        &self,
        feature: &FeatureInput,
        index: &Arc<TimeIndex>,
        reservation: MemoryReservation,
    ) -> Result<Streamed> {
        let slots = Arc::new(self.slots(feature, index.len(), reservation).await?);
        let full = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for stream in self.streams(&feature.input)? {
            let offering = Offering {
                feature: feature.clone(),
                index: Arc::clone(index),
                slots: Arc::clone(&slots),
                full: Arc::clone(&full),
                metrics: self.metrics.clone(),
            };
            tasks.push(SpawnedTask::spawn(offering.run(stream)));
        }
        let (mut batches, mut rest) = (Vec::new(), Vec::new());
        for task in tasks {
            let (left, stream) = joined_task(task).await??;
            batches.extend(left);
            rest.extend(stream);
        }
        let Some(slots) = Arc::into_inner(slots) else {
            return exec_err!("an as-of join's feature stream outlived its task");
        };
        if !batches.is_empty() || !rest.is_empty() {
            batches.extend(slots.into_input_rows()?);
            return Ok(Streamed::TooLarge(batches, rest));
        }
        let (index, threads) = (Arc::clone(index), self.inputs.threads);
        let (tolerance, inner) = (feature.matching.tolerance(), feature.matching.inner);
        let finish =
            SpawnedTask::spawn_blocking(move || slots.finish(&index, tolerance, threads, inner));
        Ok(Streamed::Done(joined_task(finish).await??))
    }
}

/// The tasks that bring a feature's rows.
fn writers(feature: &FeatureInput) -> usize {
    feature.input.properties().partitioning.partition_count()
}

/// Features with the same spine keys, time and direction share an index.
fn same_index(a: &FeatureInput, b: &FeatureInput) -> bool {
    a.matching.direction == b.matching.direction
        && a.spine_time.eq(&b.spine_time)
        && a.spine_keys == b.spine_keys
}

async fn collect_partition(
    mut stream: SendableRecordBatchStream,
    share: MemoryReservation,
    full: Arc<AtomicBool>,
) -> Result<(
    Vec<RecordBatch>,
    Option<SendableRecordBatchStream>,
    MemoryReservation,
)> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        if batch.num_rows() == 0 {
            continue;
        }
        let fits = share.try_grow(batch.get_array_memory_size()).is_ok();
        batches.push(batch);
        if !fits || full.load(Ordering::Relaxed) {
            full.store(true, Ordering::Relaxed);
            return Ok((batches, Some(stream), share));
        }
    }
    Ok((batches, None, share))
}

/// One task: a partition of a feature's rows.
struct Offering {
    feature: FeatureInput,
    index: Arc<TimeIndex>,
    slots: Arc<Slots>,
    full: Arc<AtomicBool>,
    metrics: Metrics,
}

impl Offering {
    async fn run(self, mut stream: SendableRecordBatchStream) -> Result<Rest> {
        let schema = self.feature.input.schema();
        let encoder = key_encoder(&self.feature.feature_keys, &schema)?;
        let mut room = Room::default();
        while let Some(batch) = stream.try_next().await? {
            if batch.num_rows() == 0 {
                continue;
            }
            if self.full.load(Ordering::Relaxed) {
                return Ok((vec![batch], Some(stream)));
            }
            let _timer = self.metrics.match_time.timer();
            let prepared = FeatureBatch::of(&self.feature, &encoder, batch)?;
            self.metrics.feature_rows.add(prepared.candidates.rows);
            let mut offered = self.slots.offer(&self.index, &prepared, &mut room)?;
            if matches!(offered, Offered::NoMemory) {
                self.slots.compact()?;
                offered = self.slots.offer(&self.index, &prepared, &mut room)?;
            }
            match offered {
                Offered::Landed(rows) => self.metrics.landed_rows.add(rows),
                Offered::NoMemory => {
                    self.full.store(true, Ordering::Relaxed);
                    return Ok((vec![prepared.input], Some(stream)));
                }
            }
        }
        Ok((Vec::new(), None))
    }
}

async fn joined_task<T: Send + 'static>(task: SpawnedTask<T>) -> Result<T> {
    task.join_unwind()
        .await
        .map_err(|e| DataFusionError::External(Box::new(e)))
}
