//! The finished join, from which every output partition cuts its rows.
use super::index::TimeIndex;
use super::slots::Winners;
use datafusion::arrow::array::{BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, Time};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The spine's batches and what each feature found for its rows.
pub struct Joined {
    schema: SchemaRef,
    spine: Vec<RecordBatch>,
    /// First spine row of each batch, and the number of rows.
    starts: Vec<usize>,
    features: Vec<(Arc<TimeIndex>, Winners)>,
    _reservation: MemoryReservation,
}

impl Joined {
    /// `reservation` pays for the spine and its indexes.
    pub fn new(schema: SchemaRef, spine: Vec<RecordBatch>, reservation: MemoryReservation) -> Self {
        let mut starts = vec![0];
        for batch in &spine {
            starts.push(starts[starts.len() - 1] + batch.num_rows());
        }
        Self {
            schema,
            spine,
            starts,
            features: Vec::new(),
            _reservation: reservation,
        }
    }

    pub fn add(&mut self, index: Arc<TimeIndex>, winners: Winners) {
        self.features.push((index, winners));
    }

    /// The same with the schema of the features added so far.
    pub fn with_schema(self, schema: SchemaRef) -> Self {
        Self { schema, ..self }
    }

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
        let output_rows: Count = MetricBuilder::new(metrics).output_rows(partition);
        let output_time: Time = MetricBuilder::new(metrics).elapsed_compute(partition);
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

    /// All batches.
    pub fn all(
        self: Arc<Self>,
        batch_rows: usize,
    ) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        let rows = self.starts[self.spine.len()];
        self.slices(0..rows, batch_rows)
            .into_iter()
            .map(move |(number, slice)| self.batch(number, slice))
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
        let mut spine = self.spine[number].slice(rows.start, rows.len());
        let first = self.starts[number] + rows.start;
        let keep = self.kept(first..first + rows.len());
        if let Some(keep) = &keep {
            spine = filter_record_batch(&spine, keep)?;
        }
        let mut columns = spine.columns().to_vec();
        for (index, winners) in &self.features {
            let all = &index.slots()[first..first + rows.len()];
            let slots = match &keep {
                None => Cow::Borrowed(all),
                Some(keep) => {
                    let kept = all.iter().zip(keep.values());
                    Cow::Owned(
                        kept.filter_map(|(slot, keep)| keep.then_some(*slot))
                            .collect(),
                    )
                }
            };
            columns.extend(winners.columns(&slots)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(spine.num_rows()));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }

    /// Which of the rows stay; None when all do.
    fn kept(&self, rows: Range<usize>) -> Option<BooleanArray> {
        if !self.features.iter().any(|(_, winners)| winners.is_inner()) {
            return None;
        }
        let stays = |row: usize| {
            self.features
                .iter()
                .all(|(index, winners)| winners.keeps(index.slots()[row]))
        };
        let keep: BooleanArray = rows.map(|row| Some(stays(row))).collect();
        (keep.true_count() < keep.len()).then_some(keep)
    }
}
