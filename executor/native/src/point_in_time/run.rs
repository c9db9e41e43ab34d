//! One execution: collect and index the spine, stream the features, hand out the joined rows.
use super::candidates::{Candidates, FeatureBatch, Winners};
use super::exec::FeatureInput;
use super::index::{NONE, SpineIndex};
use super::keys::KeyEncoder;
use super::time::Times;
use super::{Direction, Matching};
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{concat, filter_record_batch};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result, exec_err, resources_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, Time};
use futures::TryStreamExt;
use std::ops::Range;
use std::sync::Arc;

/// The finished join, from which every output partition cuts its rows.
pub struct Joined {
    schema: SchemaRef,
    spine: Vec<RecordBatch>,
    /// First spine row of each batch, and the number of rows.
    starts: Vec<usize>,
    features: Vec<(Arc<SpineIndex>, Winners, bool)>,
    _reservation: MemoryReservation,
}

#[derive(Clone)]
struct Metrics {
    collect_time: Time,
    index_time: Time,
    match_time: Time,
    feature_rows: Count,
    landed_rows: Count,
}

pub async fn run(
    spine: Arc<dyn ExecutionPlan>,
    features: Vec<FeatureInput>,
    schema: SchemaRef,
    threads: usize,
    context: Arc<TaskContext>,
    metrics: ExecutionPlanMetricsSet,
) -> Result<Joined> {
    let metrics = Metrics {
        collect_time: MetricBuilder::new(&metrics).subset_time("collect_time", 0),
        index_time: MetricBuilder::new(&metrics).subset_time("index_time", 0),
        match_time: MetricBuilder::new(&metrics).subset_time("match_time", 0),
        feature_rows: MetricBuilder::new(&metrics).counter("feature_rows", 0),
        landed_rows: MetricBuilder::new(&metrics).counter("landed_rows", 0),
    };
    let consumer = |name: &str| {
        MemoryConsumer::new(format!("PointInTimeJoinExec[{name}]")).register(context.memory_pool())
    };
    let reservation = consumer("spine");
    let timer = metrics.collect_time.timer();
    let spine = collect(&spine, &context, &reservation).await?;
    timer.done();
    let mut starts = vec![0];
    for batch in &spine {
        starts.push(starts[starts.len() - 1] + batch.num_rows());
    }
    let rows = starts[spine.len()];
    if rows >= NONE as usize {
        return Err(resources_datafusion_err!(
            "an as-of join of {rows} rows; {NONE} is the most"
        ));
    }

    let mut indexes: Vec<(&FeatureInput, Arc<SpineIndex>)> = Vec::new();
    let mut joined = Vec::new();
    for feature in if rows == 0 { &[] } else { features.as_slice() } {
        let known = indexes.iter().find(|(other, _)| same_index(other, feature));
        let index = match known {
            Some((_, index)) => Arc::clone(index),
            None => {
                let timer = metrics.index_time.timer();
                let transient = SpineIndex::bytes_for(rows);
                reservation.try_grow(transient)?;
                let index = index(&spine, feature, rows, threads).await?;
                reservation.shrink(transient.saturating_sub(index.bytes()));
                timer.done();
                indexes.push((feature, Arc::clone(&index)));
                index
            }
        };
        let winners =
            stream_feature(feature, &index, &context, consumer("feature"), &metrics).await?;
        joined.push((index, winners, feature.matching.inner));
    }
    Ok(Joined {
        schema,
        spine,
        starts,
        features: joined,
        _reservation: reservation,
    })
}

/// Features with the same spine keys, time and direction share an index.
fn same_index(a: &FeatureInput, b: &FeatureInput) -> bool {
    a.matching.direction == b.matching.direction
        && a.spine_time.eq(&b.spine_time)
        && a.spine_keys == b.spine_keys
}

async fn collect(
    plan: &Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
    reservation: &MemoryReservation,
) -> Result<Vec<RecordBatch>> {
    let partitions = plan.properties().partitioning.partition_count();
    let mut tasks = Vec::with_capacity(partitions);
    for partition in 0..partitions {
        let stream = plan.execute(partition, Arc::clone(context))?;
        let share = reservation.new_empty();
        tasks.push(SpawnedTask::spawn(collect_partition(stream, share)));
    }
    let mut batches = Vec::new();
    for task in tasks {
        let (part, share) = task
            .join_unwind()
            .await
            .map_err(|e| DataFusionError::External(Box::new(e)))??;
        batches.extend(part);
        reservation.grow(share.free());
    }
    Ok(batches)
}

async fn collect_partition(
    mut stream: SendableRecordBatchStream,
    share: MemoryReservation,
) -> Result<(Vec<RecordBatch>, MemoryReservation)> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        if batch.num_rows() > 0 {
            share.try_grow(batch.get_array_memory_size())?;
            batches.push(batch);
        }
    }
    Ok((batches, share))
}

async fn index(
    spine: &[RecordBatch],
    feature: &FeatureInput,
    rows: usize,
    threads: usize,
) -> Result<Arc<SpineIndex>> {
    let spine = spine.to_vec();
    let feature = feature.clone();
    let task = SpawnedTask::spawn_blocking(move || {
        let keys = feature
            .spine_keys
            .iter()
            .map(|key| whole_column(&spine, key))
            .collect::<Result<Vec<_>>>()?;
        let time = whole_column(&spine, &feature.spine_time)?;
        let keys = key_encoder(&feature, &spine[0].schema())?.encode(&keys, rows)?;
        let times = Times::of(&time, feature.matching.direction)?;
        Ok::<_, DataFusionError>(Arc::new(SpineIndex::build(
            keys,
            &times.values,
            times.valid.as_ref(),
            threads,
        )))
    });
    task.join_unwind()
        .await
        .map_err(|e| DataFusionError::External(Box::new(e)))?
}

fn whole_column(batches: &[RecordBatch], expression: &Arc<dyn PhysicalExpr>) -> Result<ArrayRef> {
    let parts = batches
        .iter()
        .map(|batch| expression.evaluate(batch)?.into_array(batch.num_rows()))
        .collect::<Result<Vec<_>>>()?;
    Ok(concat(
        &parts.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
    )?)
}

fn key_encoder(feature: &FeatureInput, spine: &Schema) -> Result<KeyEncoder> {
    let types = feature
        .spine_keys
        .iter()
        .map(|key| key.data_type(spine))
        .collect::<Result<Vec<_>>>()?;
    KeyEncoder::new(&types)
}

async fn stream_feature(
    feature: &FeatureInput,
    index: &Arc<SpineIndex>,
    context: &Arc<TaskContext>,
    reservation: MemoryReservation,
    metrics: &Metrics,
) -> Result<Winners> {
    let input_schema = feature.input.schema();
    let fields: Vec<_> = feature
        .output
        .iter()
        .map(|o| input_schema.field(*o).clone().with_nullable(true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let Matching { strict, .. } = feature.matching;
    let candidates = Candidates::new(
        index,
        &schema,
        strict,
        feature.known_at.is_some(),
        reservation,
    )?;
    let candidates = Arc::new(candidates);
    let partitions = feature.input.properties().partitioning.partition_count();
    let mut tasks = Vec::with_capacity(partitions);
    for partition in 0..partitions {
        let mut stream = feature.input.execute(partition, Arc::clone(context))?;
        let (feature, index, candidates) =
            (feature.clone(), Arc::clone(index), Arc::clone(&candidates));
        let (schema, metrics) = (Arc::clone(&schema), metrics.clone());
        let encoder = key_encoder_of_feature(&feature, &input_schema)?;
        tasks.push(SpawnedTask::spawn(async move {
            while let Some(batch) = stream.try_next().await? {
                if batch.num_rows() == 0 {
                    continue;
                }
                let _timer = metrics.match_time.timer();
                let prepared = prepare(&feature, &encoder, &batch)?;
                metrics.feature_rows.add(prepared.rows);
                metrics
                    .landed_rows
                    .add(candidates.offer(&index, &prepared, &schema)?);
            }
            Ok::<_, DataFusionError>(())
        }));
    }
    for task in tasks {
        task.join_unwind()
            .await
            .map_err(|e| DataFusionError::External(Box::new(e)))??;
    }
    let Some(candidates) = Arc::into_inner(candidates) else {
        return exec_err!("an as-of join's feature stream outlived its task");
    };
    let (index, tolerance) = (Arc::clone(index), feature.matching.tolerance());
    let finish = SpawnedTask::spawn_blocking(move || candidates.finish(&index, tolerance));
    finish
        .join_unwind()
        .await
        .map_err(|e| DataFusionError::External(Box::new(e)))
}

fn key_encoder_of_feature(feature: &FeatureInput, schema: &Schema) -> Result<KeyEncoder> {
    let types = feature
        .feature_keys
        .iter()
        .map(|key| key.data_type(schema))
        .collect::<Result<Vec<_>>>()?;
    KeyEncoder::new(&types)
}

fn prepare(
    feature: &FeatureInput,
    encoder: &KeyEncoder,
    batch: &RecordBatch,
) -> Result<FeatureBatch> {
    let rows = batch.num_rows();
    let array = |expression: &Arc<dyn PhysicalExpr>| expression.evaluate(batch)?.into_array(rows);
    let keys = feature
        .feature_keys
        .iter()
        .map(array)
        .collect::<Result<Vec<_>>>()?;
    let known = feature.known_at.as_ref().map(array).transpose()?;
    Ok(FeatureBatch {
        keys: encoder.encode(&keys, rows)?,
        event: Times::of(&array(&feature.feature_time)?, feature.matching.direction)?,
        known: known
            .map(|known| Times::of(&known, Direction::Backward))
            .transpose()?,
        columns: feature
            .output
            .iter()
            .map(|ordinal| Arc::clone(batch.column(*ordinal)))
            .collect(),
        rows,
    })
}

impl Joined {
    /// The batches of output partition `partition` of `partitions`, each of at most `batch_rows` rows, made when asked for.
    pub fn batches(
        self: Arc<Self>,
        partition: usize,
        partitions: usize,
        batch_rows: usize,
        metrics: &ExecutionPlanMetricsSet,
    ) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        let rows = self.starts[self.spine.len()];
        let range = rows * partition / partitions..rows * (partition + 1) / partitions;
        let output_rows = MetricBuilder::new(metrics).output_rows(partition);
        let output_time = MetricBuilder::new(metrics).elapsed_compute(partition);
        self.slices(range, batch_rows)
            .into_iter()
            .map(move |(number, slice)| {
                let _timer = output_time.timer();
                let batch = self.batch(number, slice)?;
                output_rows.add(batch.num_rows());
                Ok(batch)
            })
            .filter(|batch| !matches!(batch, Ok(batch) if batch.num_rows() == 0))
    }

    /// The range of spine rows, cut at the spine's batches and at `batch_rows`: (batch, rows within it).
    fn slices(&self, range: Range<usize>, batch_rows: usize) -> Vec<(usize, Range<usize>)> {
        let mut slices = Vec::new();
        for (number, batch) in self.spine.iter().enumerate() {
            let start = self.starts[number];
            let first = range.start.max(start);
            let last = range.end.min(start + batch.num_rows());
            for from in (first..last).step_by(batch_rows.max(1)) {
                slices.push((number, from - start..last.min(from + batch_rows) - start));
            }
        }
        slices
    }

    fn batch(&self, number: usize, rows: Range<usize>) -> Result<RecordBatch> {
        let spine = self.spine[number].slice(rows.start, rows.len());
        let first = (self.starts[number] + rows.start) as u32;
        let spine_rows: Vec<u32> = (first..first + rows.len() as u32).collect();
        let mut columns = spine.columns().to_vec();
        for (index, winners, _) in &self.features {
            columns.extend(winners.columns(index, &spine_rows)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        if !self.features.iter().any(|(_, _, inner)| *inner) {
            return Ok(batch);
        }
        let keep: BooleanArray = spine_rows
            .iter()
            .map(|row| {
                Some(
                    self.features
                        .iter()
                        .all(|(index, winners, inner)| !inner || winners.has_match(index, *row)),
                )
            })
            .collect();
        Ok(filter_record_batch(&batch, &keep)?)
    }
}
