//! Tables whose rows Java produces.
//!
//! ```text
//! execute(partition) --spawn_blocking--> openScan upcall -> C stream -> next, next, ... --channel(2)--> stream
//! ```
//! Projection and limit are fixed when the query is planned; dynamic filters are read when a partition opens. Every
//! open reader and every batch that Java lent holds a token of the query, so closing the query waits for them.

use crate::engine::Engine;
use crate::errors::Failure;
use crate::foreign::ForeignStream;
use crate::live::Live;
use crate::plan::PlanContext;
use crate::proto;
use crate::query::cancelled;
use crate::{dynamic_filter, errors};
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const CHANNEL: usize = 2;

/// What every scan of one query shares.
#[derive(Clone)]
struct Shared {
    engine: Arc<Engine>,
    live: Arc<Live>,
    cancel: CancellationToken,
    query_id: String,
    scan_id: u32,
    description: String,
    /// About so many, in all partitions.
    rows: Option<usize>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

/// One Java scan of one query as a table.
#[derive(Debug)]
pub struct JavaTable {
    shared: Shared,
    partitions: usize,
    schema: SchemaRef,
}

impl JavaTable {
    /// `schema` is the table's full row.
    pub fn new(
        context: &PlanContext,
        scan_id: u32,
        message: &proto::JavaScan,
        schema: SchemaRef,
    ) -> Result<Self> {
        if message.partitions == 0 {
            return Err(errors::internal("a Java scan without partitions"));
        }
        Ok(Self {
            shared: Shared {
                engine: Arc::clone(context.engine),
                live: Arc::clone(context.live),
                cancel: context.cancel.clone(),
                query_id: context.request.query_id.clone(),
                scan_id,
                description: message.description.clone(),
                rows: message.rows.and_then(|rows| usize::try_from(rows).ok()),
            },
            partitions: message.partitions as usize,
            schema,
        })
    }
}

#[async_trait]
impl TableProvider for JavaTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.schema.fields().len()).collect();
        let projection: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let schema = Arc::new(self.schema.project(&projection)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(self.partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(JavaScanExec {
            shared: self.shared.clone(),
            projection,
            limit,
            filters: Vec::new(),
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }))
    }
}

#[derive(Debug, Clone)]
struct JavaScanExec {
    shared: Shared,
    projection: Vec<usize>,
    limit: Option<usize>,
    /// Over the projected row; hints only.
    filters: Vec<Arc<dyn PhysicalExpr>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl DisplayAs for JavaScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "JavaScanExec: {}, projection={:?}",
            self.shared.description, self.projection
        )?;
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        for filter in &self.filters {
            write!(f, ", filter={filter}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for JavaScanExec {
    fn name(&self) -> &str {
        "JavaScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for filter in &self.filters {
            if f(filter)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
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

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn supports_limit_pushdown(&self) -> bool {
        false
    }

    /// Enough to build a join on the smaller side.
    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if let (Some(rows), None) = (self.shared.rows, args.partition()) {
            statistics.num_rows = Precision::Inexact(rows);
        }
        Ok(Arc::new(statistics))
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        child: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let filters: Vec<_> = child.parent_filters.into_iter().map(|f| f.filter).collect();
        // A source may ignore them, so whoever filters above must go on filtering.
        let answer = FilterPushdownPropagation::with_parent_pushdown_result(vec![
            PushedDown::No;
            filters.len()
        ]);
        if filters.is_empty() || !matches!(phase, FilterPushdownPhase::Post) {
            return Ok(answer);
        }
        let node: Arc<dyn ExecutionPlan> = Arc::new(Self {
            filters,
            ..self.clone()
        });
        Ok(answer.with_updated_node(node))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let scan = Partition {
            shared: self.shared.clone(),
            request: proto::OpenScan {
                query_id: self.shared.query_id.clone(),
                scan_id: self.shared.scan_id,
                partition: partition as u32,
                projection: self.projection.iter().map(|n| *n as u32).collect(),
                filters: Vec::new(),
                limit: self
                    .limit
                    .map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX)),
            },
            projection: self.projection.clone(),
            filters: self.filters.clone(),
            schema: self.schema(),
        };
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let rows = lazily(scan, sender, receiver).map(move |batch| {
            if let Ok(batch) = &batch {
                baseline.record_output(batch.num_rows());
            }
            batch
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

type Batches = mpsc::Receiver<Result<RecordBatch>>;

/// Opens the partition when the first batch is asked for: by then a join's build side has set the dynamic filters.
fn lazily(
    scan: Partition,
    sender: mpsc::Sender<Result<RecordBatch>>,
    receiver: Batches,
) -> impl futures::Stream<Item = Result<RecordBatch>> {
    let start = Some((scan, sender));
    futures::stream::unfold((start, receiver), |(start, mut receiver)| async {
        if let Some((scan, sender)) = start {
            let handle = scan.shared.engine.handle().clone();
            handle.spawn_blocking(move || scan.run(&sender));
        }
        receiver.recv().await.map(|batch| (batch, (None, receiver)))
    })
}

/// One partition being read, on a thread that may block.
struct Partition {
    shared: Shared,
    request: proto::OpenScan,
    projection: Vec<usize>,
    filters: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
}

impl Partition {
    fn run(self, sender: &mpsc::Sender<Result<RecordBatch>>) {
        let _alive = self.shared.live.token();
        let work = std::panic::AssertUnwindSafe(|| self.read(sender));
        let result = std::panic::catch_unwind(work)
            .unwrap_or_else(|panic| Err(Failure::panic(panic.as_ref()).into()));
        if let Err(error) = result {
            let _ = sender.blocking_send(Err(error));
        }
    }

    fn read(mut self, sender: &mpsc::Sender<Result<RecordBatch>>) -> Result<()> {
        if self.shared.cancel.is_cancelled() {
            return Err(cancelled());
        }
        self.request.filters = dynamic_filter::snapshot(&self.filters, &self.projection);
        let stream = self.shared.engine.upcalls()?.open_scan(&self.request)?;
        let mut stream = ForeignStream::new(stream, self.schema, self.shared.live.token())?;
        while let Some(batch) = stream.next_batch()? {
            if self.shared.cancel.is_cancelled() {
                return Err(cancelled());
            }
            if batch.num_rows() > 0 && sender.blocking_send(Ok(batch)).is_err() {
                break;
            }
        }
        Ok(())
    }
}
