//! Parts of a plan that are computed once and read in several places.
//!
//! ```text
//! input --a task per partition--> batches in memory, later ones on disk --> every reader, from the first batch on
//! ```
//! A partition is computed when somebody first reads it, at its own pace: no reader waits for another one. Its batches
//! are kept until the query ends.

use crate::errors::Failure;
use crate::output;
use crate::spill::{Spill, Spilled};
use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::{FutureExt, StreamExt, TryStreamExt};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// One part of a plan and, once somebody has asked, its rows.
pub struct Part {
    number: usize,
    input: Arc<dyn ExecutionPlan>,
    rows: Precision<usize>,
    partitions: Vec<Mutex<Option<Arc<Partition>>>>,
    metrics: ExecutionPlanMetricsSet,
}

/// Rows of one partition, and who computes them.
struct Partition {
    kept: Arc<Kept>,
    _task: SpawnedTask<()>,
}

struct Kept {
    state: Mutex<State>,
    /// Told of each change of the state.
    changed: watch::Sender<()>,
}

struct State {
    batches: Vec<RecordBatch>,
    /// Of the batches.
    memory: MemoryReservation,
    end: Option<End>,
}

#[derive(Clone)]
enum End {
    /// With the batches that there was no memory for.
    Complete(Option<Arc<Spilled>>),
    Failed(Arc<DataFusionError>),
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "part {}", self.number)
    }
}

impl Part {
    /// `number` names the part in EXPLAIN.
    pub fn new(number: usize, input: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let statistics =
            StatisticsContext::new().compute(input.as_ref(), &StatisticsArgs::new())?;
        let partitions = input.properties().output_partitioning().partition_count();
        Ok(Self {
            number,
            rows: statistics.num_rows.to_inexact(),
            partitions: (0..partitions).map(|_| Mutex::default()).collect(),
            metrics: ExecutionPlanMetricsSet::new(),
            input,
        })
    }

    pub fn number(&self) -> usize {
        self.number
    }

    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    /// What was spilled of its rows.
    pub fn metrics(&self) -> MetricsSet {
        self.metrics.clone_inner()
    }

    /// The rows of a partition, which begin to be computed unless they are already.
    fn partition(&self, partition: usize, context: &Arc<TaskContext>) -> Result<Arc<Partition>> {
        let mut place = self.partitions[partition].lock().expect("partition lock");
        if let Some(begun) = place.as_ref() {
            return Ok(Arc::clone(begun));
        }
        let stream = self.input.execute(partition, Arc::clone(context))?;
        let name = format!("CommonExec[{}]", self.number);
        let memory = MemoryConsumer::new(name)
            .with_can_spill(true)
            .register(context.memory_pool());
        let spill = Spill::new(context, &self.metrics);
        let kept = Arc::new(Kept {
            state: Mutex::new(State {
                batches: Vec::new(),
                memory,
                end: None,
            }),
            changed: watch::Sender::new(()),
        });
        let task = SpawnedTask::spawn(fill(Arc::clone(&kept), stream, spill));
        let begun = Arc::new(Partition { kept, _task: task });
        *place = Some(Arc::clone(&begun));
        Ok(begun)
    }
}

/// Computes all rows.
async fn fill(kept: Arc<Kept>, stream: SendableRecordBatchStream, spill: Spill) {
    let work = AssertUnwindSafe(keep(&kept, stream, &spill)).catch_unwind();
    let end = match work.await {
        Ok(Ok(spilled)) => End::Complete(spilled.map(Arc::new)),
        Ok(Err(error)) => End::Failed(Arc::new(error)),
        Err(panic) => End::Failed(Arc::new(Failure::panic(panic.as_ref()).into())),
    };
    kept.change(|state| state.end = Some(end));
}

async fn keep(
    kept: &Kept,
    mut stream: SendableRecordBatchStream,
    spill: &Spill,
) -> Result<Option<Spilled>> {
    let schema = stream.schema();
    let mut writer = None;
    while let Some(batch) = stream.try_next().await? {
        if batch.num_rows() == 0 {
            continue;
        }
        // A slice of a large batch would keep all of it.
        let batch = output::compacted(&batch, Arc::clone(&schema))?;
        if writer.is_none() && kept.add(&batch) {
            continue;
        }
        let to = match &mut writer {
            Some(writer) => writer,
            none => none.insert(spill.writer(&schema, "rows that are read more than once")?),
        };
        to.write(&batch)?;
        tokio::task::consume_budget().await;
    }
    writer.map(|writer| writer.finish()).transpose()
}

impl Kept {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock().expect("state lock"));
        self.changed.send_replace(());
        changed
    }

    /// False when there is no memory for the batch.
    fn add(&self, batch: &RecordBatch) -> bool {
        self.change(|state| {
            let fits = state.memory.try_grow(batch.get_array_memory_size()).is_ok();
            if fits {
                state.batches.push(batch.clone());
            }
            fits
        })
    }

    fn batch(&self, number: usize) -> (Option<RecordBatch>, Option<End>) {
        let state = self.state.lock().expect("state lock");
        (state.batches.get(number).cloned(), state.end.clone())
    }
}

/// Where a reader is.
struct Reader {
    partition: Arc<Partition>,
    changed: watch::Receiver<()>,
    next: usize,
    spilled: Option<SendableRecordBatchStream>,
}

impl Reader {
    fn new(partition: Arc<Partition>) -> Self {
        Self {
            changed: partition.kept.changed.subscribe(),
            partition,
            next: 0,
            spilled: None,
        }
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(spilled) = &mut self.spilled {
                return spilled.try_next().await;
            }
            match self.partition.kept.batch(self.next) {
                (Some(batch), _) => {
                    self.next += 1;
                    return Ok(Some(batch));
                }
                (None, Some(End::Complete(None))) => return Ok(None),
                (None, Some(End::Complete(Some(spilled)))) => self.spilled = Some(spilled.read()?),
                (None, Some(End::Failed(error))) => return Err(DataFusionError::Shared(error)),
                // The sender lives as long as the partition.
                (None, None) => drop(self.changed.changed().await),
            }
        }
    }
}

/// A part as a table, at one of the places that read it.
#[derive(Debug)]
pub struct PartTable {
    part: Arc<Part>,
    schema: SchemaRef,
}

impl PartTable {
    /// Each column is called what `name` gives next.
    pub fn new(part: &Arc<Part>, mut name: impl FnMut() -> String) -> Self {
        let fields = part.input.schema();
        let fields = fields.fields().iter();
        let fields = fields.map(|field| field.as_ref().clone().with_name(name()));
        Self {
            part: Arc::clone(part),
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
        }
    }
}

#[async_trait]
impl TableProvider for PartTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.schema.fields().len()).collect();
        let projection: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let schema = Arc::new(self.schema.project(&projection)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(self.part.partitions.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(CommonExec {
            part: Arc::clone(&self.part),
            projection,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }
}

/// Reads a part. It is a leaf: what is known of one place must not change what the others read.
#[derive(Debug)]
pub struct CommonExec {
    part: Arc<Part>,
    projection: Vec<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CommonExec {
    pub fn part(&self) -> &Arc<Part> {
        &self.part
    }
}

impl DisplayAs for CommonExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "CommonExec: part {}, projection={:?}",
            self.part.number, self.projection
        )
    }
}

impl ExecutionPlan for CommonExec {
    fn name(&self) -> &str {
        "CommonExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    /// What computing and spilling took is told once, where the part is shown.
    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if args.partition().is_none() {
            statistics.num_rows = self.part.rows;
        }
        Ok(Arc::new(statistics))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let reader = Reader::new(self.part.partition(partition, &context)?);
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let (schema, projection) = (self.schema(), self.projection.clone());
        let rows = futures::stream::try_unfold(reader, |mut reader| async {
            Ok(reader.next().await?.map(|batch| (batch, reader)))
        })
        .map(move |batch: Result<RecordBatch>| -> Result<RecordBatch> {
            let batch = batch?;
            baseline.record_output(batch.num_rows());
            let columns = projection.iter().map(|i| Arc::clone(batch.column(*i)));
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = columns.collect();
            Ok(RecordBatch::try_new_with_options(
                Arc::clone(&schema),
                columns,
                &options,
            )?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

#[cfg(test)]
mod tests;
