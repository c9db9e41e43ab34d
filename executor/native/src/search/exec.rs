//! The physical operator.
//!
//! Finders that are functions take the queries as they come, a partition for a partition, once the rows to choose from are
//! known. A finder that compares needs all queries first: then there is one partition.

use super::Function;
use super::best::Merged;
use super::exact::{self, Compared, Queries};
use super::row_set::RowSet;
use crate::errors::internal;
use crate::vectors::Metric;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array, ListArray, RecordBatch,
    StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, Count, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, Partitioning, PlanProperties,
};
use futures::future::{BoxFuture, FutureExt, Shared, TryFutureExt};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::sync::{Arc, Mutex};

/// See the module's documentation.
#[derive(Debug)]
pub struct SearchExec {
    queries: Arc<dyn ExecutionPlan>,
    rows: Option<Arc<dyn ExecutionPlan>>,
    address: usize,
    finders: Arc<[Finder]>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
    chosen: Mutex<Option<SharedRows>>,
}

/// A finder with its expressions over the physical inputs.
#[derive(Clone, Debug)]
pub struct Finder {
    pub query: Arc<dyn PhysicalExpr>,
    pub count: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Exact {
        vector: Arc<dyn PhysicalExpr>,
        metric: Metric,
        output: Vec<usize>,
    },
    Function(Function),
}

/// The encoded addresses of the rows to choose from; None = all.
type Addresses = Option<Arc<[u8]>>;
type SharedRows = Shared<BoxFuture<'static, Result<Addresses, Arc<DataFusionError>>>>;

impl SearchExec {
    pub fn new(
        queries: Arc<dyn ExecutionPlan>,
        rows: Option<Arc<dyn ExecutionPlan>>,
        address: usize,
        finders: Vec<Finder>,
        schema: SchemaRef,
    ) -> Self {
        let compares = finders.iter().any(Finder::compares);
        let partitions = match compares {
            true => 1,
            false => queries.output_partitioning().partition_count(),
        };
        let emission = match compares {
            true => EmissionType::Final,
            false => EmissionType::Incremental,
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            emission,
            Boundedness::Bounded,
        );
        Self {
            queries,
            rows,
            address,
            finders: finders.into(),
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            chosen: Mutex::new(None),
        }
    }

    fn compares(&self) -> bool {
        self.finders.iter().any(Finder::compares)
    }

    fn job(&self, context: &Arc<TaskContext>) -> Job {
        Job {
            rows: self.rows.clone(),
            address: self.address,
            finders: Arc::clone(&self.finders),
            schema: Arc::clone(&self.schema),
            context: Arc::clone(context),
            compared: MetricBuilder::new(&self.metrics).global_counter("rows_compared"),
            chosen: MetricBuilder::new(&self.metrics).global_counter("rows_chosen"),
            memory: Arc::new(Mutex::new(
                MemoryConsumer::new("Search").register(context.memory_pool()),
            )),
        }
    }

    /// What all partitions of the queries wait for.
    fn chosen_rows(&self, context: &Arc<TaskContext>) -> SharedRows {
        let mut chosen = self.chosen.lock().unwrap_or_else(|e| e.into_inner());
        chosen
            .get_or_insert_with(|| {
                let job = self.job(context);
                async move { job.addresses().await.map_err(Arc::new) }
                    .boxed()
                    .shared()
            })
            .clone()
    }
}

impl Finder {
    fn compares(&self) -> bool {
        matches!(self.kind, Kind::Exact { .. })
    }
}

impl DisplayAs for SearchExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SearchExec: ")?;
        for (i, finder) in self.finders.iter().enumerate() {
            let separator = if i > 0 { "; " } else { "" };
            write!(f, "{separator}{} of {} by ", finder.count, finder.query)?;
            match &finder.kind {
                Kind::Exact { vector, metric, .. } => {
                    write!(f, "{metric:?} distance of every row to {vector}")?;
                }
                Kind::Function(function) => write!(f, "{}", function.call.function)?,
            }
        }
        Ok(())
    }
}

impl ExecutionPlan for SearchExec {
    fn name(&self) -> &str {
        "SearchExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        std::iter::once(&self.queries).chain(&self.rows).collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let queries = match self.compares() {
            true => Distribution::SinglePartition,
            false => Distribution::UnspecifiedDistribution,
        };
        let rows = self
            .rows
            .iter()
            .map(|_| Distribution::UnspecifiedDistribution);
        InputDistributionRequirements::new(std::iter::once(queries).chain(rows).collect())
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; 1 + usize::from(self.rows.is_some())]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for finder in self.finders.iter() {
            let vector = match &finder.kind {
                Kind::Exact { vector, .. } => Some(vector),
                Kind::Function(_) => None,
            };
            for expression in std::iter::once(&finder.query).chain(vector) {
                if f(expression)? == TreeNodeRecursion::Stop {
                    return Ok(TreeNodeRecursion::Stop);
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut children = children.into_iter();
        let Some(queries) = children.next() else {
            return internal_err!("a search without queries");
        };
        Ok(Arc::new(Self::new(
            queries,
            children.next(),
            self.address,
            self.finders.to_vec(),
            Arc::clone(&self.schema),
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let job = self.job(&context);
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let batches = if self.compares() {
            let queries = Arc::clone(&self.queries);
            async move {
                Ok(stream::iter(
                    job.compare(queries).await?.into_iter().map(Ok),
                ))
            }
            .try_flatten_stream()
            .boxed()
        } else {
            let chosen = self.chosen_rows(&context);
            let queries = self.queries.execute(partition, context)?;
            async move {
                let addresses = chosen.await.map_err(DataFusionError::Shared)?;
                Ok(queries.then(move |batch| {
                    let (job, addresses) = (job.clone(), addresses.clone());
                    async move { job.ask(batch?, addresses).await }
                }))
            }
            .try_flatten_stream()
            .boxed()
        };
        let counted = batches.inspect_ok(move |batch| {
            baseline.record_output(batch.num_rows());
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            counted,
        )))
    }
}

/// One run.
#[derive(Clone)]
struct Job {
    rows: Option<Arc<dyn ExecutionPlan>>,
    address: usize,
    finders: Arc<[Finder]>,
    schema: SchemaRef,
    context: Arc<TaskContext>,
    /// Pairs of a query and a row.
    compared: Count,
    chosen: Count,
    memory: Arc<Mutex<MemoryReservation>>,
}

impl Job {
    fn grow(&self, bytes: usize) -> Result<()> {
        let memory = self.memory.lock().unwrap_or_else(|e| e.into_inner());
        memory.try_grow(bytes)
    }

    /// The addresses of all rows.
    async fn addresses(&self) -> Result<Addresses> {
        let Some(rows) = &self.rows else {
            return Ok(None);
        };
        let mut tasks = Vec::new();
        for partition in 0..rows.output_partitioning().partition_count() {
            let mut stream = rows.execute(partition, Arc::clone(&self.context))?;
            let job = self.clone();
            tasks.push(SpawnedTask::spawn(async move {
                let mut set = RowSet::default();
                let mut reserved = 0;
                while let Some(batch) = stream.try_next().await? {
                    set.add(job.address_of(&batch)?);
                    job.chosen.add(batch.num_rows());
                    let bytes = set.bytes();
                    job.grow(bytes - reserved)?;
                    reserved = bytes;
                }
                Ok::<_, DataFusionError>(set)
            }));
        }
        let mut all = RowSet::default();
        for task in tasks {
            all.merge(task.join_unwind().await.map_err(joined)??);
        }
        Ok(Some(all.encode().into()))
    }

    fn address_of<'a>(&self, batch: &'a RecordBatch) -> Result<&'a Int64Array> {
        batch
            .column(self.address)
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(|| internal("addresses of rows are numbers"))
    }

    /// A batch of queries with what functions find for them.
    async fn ask(&self, batch: RecordBatch, addresses: Addresses) -> Result<RecordBatch> {
        let mut columns = batch.columns().to_vec();
        for finder in self.finders.iter() {
            columns.push(self.ask_one(finder, &batch, &addresses).await?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    async fn ask_one(
        &self,
        finder: &Finder,
        batch: &RecordBatch,
        addresses: &Addresses,
    ) -> Result<ArrayRef> {
        let Kind::Function(function) = &finder.kind else {
            return internal_err!("no function is asked");
        };
        let queries = finder.query.evaluate(batch)?.into_array(batch.num_rows())?;
        let arguments = arguments(&queries, finder.count, addresses)?;
        let function = function.clone();
        let rows = batch.num_rows();
        let asked = move || {
            let hits = function.upcalls.evaluate(&function.call, arguments)?;
            match declared(&hits, &function.result) {
                Some(hits) if hits.len() == rows => Ok(hits),
                _ => Err(internal(format!(
                    "function \"{}\" returned {} values of type {}",
                    function.call.function,
                    hits.len(),
                    hits.data_type()
                ))),
            }
        };
        SpawnedTask::spawn_blocking(asked)
            .join_unwind()
            .await
            .map_err(joined)?
    }

    /// All queries with the nearest of all rows, and with what functions find.
    async fn compare(&self, queries: Arc<dyn ExecutionPlan>) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        let mut stream = queries.execute(0, Arc::clone(&self.context))?;
        while let Some(batch) = stream.try_next().await? {
            self.grow(batch.get_array_memory_size())?;
            batches.push(batch);
        }
        let queries = Arc::new(self.vectors(&batches)?);
        let (found, addresses) = self.look(&queries).await?;
        let mut first = 0;
        let mut output = Vec::with_capacity(batches.len());
        for batch in batches {
            let rows = first..first + batch.num_rows();
            first = rows.end;
            let mut columns = batch.columns().to_vec();
            for (finder, found) in self.finders.iter().zip(&found) {
                columns.push(match found {
                    Some(merged) => {
                        let at = columns.len();
                        hits(merged, rows.clone(), self.schema.field(at).data_type())?
                    }
                    None => self.ask_one(finder, &batch, &addresses).await?,
                });
            }
            output.push(RecordBatch::try_new(Arc::clone(&self.schema), columns)?);
        }
        Ok(output)
    }

    /// By finder; nothing for functions.
    fn vectors(&self, batches: &[RecordBatch]) -> Result<Vec<Option<Queries>>> {
        let all = |finder: &Finder| {
            let mut queries = Queries::default();
            for batch in batches {
                let column = finder.query.evaluate(batch)?.into_array(batch.num_rows())?;
                queries.add(&column)?;
            }
            self.grow(queries.bytes())?;
            Ok(queries)
        };
        self.finders
            .iter()
            .map(|finder| finder.compares().then(|| all(finder)).transpose())
            .collect()
    }

    /// Reads the rows once, its partitions in parallel.
    async fn look(
        &self,
        queries: &Arc<Vec<Option<Queries>>>,
    ) -> Result<(Vec<Option<Merged>>, Addresses)> {
        let rows = self
            .rows
            .as_ref()
            .ok_or_else(|| internal("no rows to compare"))?;
        let asks = self.finders.iter().any(|finder| !finder.compares());
        let mut tasks = Vec::new();
        for partition in 0..rows.output_partitioning().partition_count() {
            let stream = rows.execute(partition, Arc::clone(&self.context))?;
            let (job, queries) = (self.clone(), Arc::clone(queries));
            tasks.push(SpawnedTask::spawn(job.part(stream, queries, asks)));
        }
        let mut parts: Vec<Vec<Compared>> = self.finders.iter().map(|_| Vec::new()).collect();
        let mut set = RowSet::default();
        for task in tasks {
            let (compared, part) = task.join_unwind().await.map_err(joined)??;
            for (to, one) in parts.iter_mut().zip(compared) {
                to.extend(one);
            }
            set.merge(part);
        }
        let mut found = Vec::new();
        for (parts, queries) in parts.into_iter().zip(queries.iter()) {
            found.push(match queries {
                Some(queries) => {
                    exact::check_lengths(queries, &parts)?;
                    Some(Merged::new(parts.into_iter().map(|p| p.best).collect()))
                }
                None => None,
            });
        }
        Ok((found, asks.then(|| set.encode().into())))
    }

    async fn part(
        self,
        mut rows: SendableRecordBatchStream,
        queries: Arc<Vec<Option<Queries>>>,
        asks: bool,
    ) -> Result<(Vec<Option<Compared>>, RowSet)> {
        let mut compared: Vec<Option<Compared>> = self
            .finders
            .iter()
            .zip(queries.iter())
            .map(|(finder, queries)| match (&finder.kind, queries) {
                (Kind::Exact { metric, .. }, Some(queries)) => {
                    Some(Compared::new(queries.len(), finder.count, *metric))
                }
                _ => None,
            })
            .collect();
        let mut set = RowSet::default();
        let memory = MemoryConsumer::new("Search hits").register(self.context.memory_pool());
        while let Some(batch) = rows.try_next().await? {
            if asks {
                set.add(self.address_of(&batch)?);
            }
            self.chosen.add(batch.num_rows());
            for ((finder, queries), compared) in
                self.finders.iter().zip(queries.iter()).zip(&mut compared)
            {
                let (Kind::Exact { vector, output, .. }, Some(queries), Some(compared)) =
                    (&finder.kind, queries, compared)
                else {
                    continue;
                };
                let column = vector.evaluate(&batch)?.into_array(batch.num_rows())?;
                let columns: Vec<ArrayRef> = output
                    .iter()
                    .map(|n| Arc::clone(batch.column(*n)))
                    .collect();
                compared.add(queries, &column, &columns)?;
                self.compared.add(batch.num_rows() * queries.len());
            }
            let hits: usize = compared.iter().flatten().map(|c| c.best.bytes()).sum();
            memory.try_resize(hits + set.bytes())?;
            tokio::task::consume_budget().await;
        }
        // The hits live as long as the run, which has its own reservation.
        let bytes = memory.size();
        drop(memory);
        self.grow(bytes)?;
        Ok((compared, set))
    }
}

/// The lists as the declared type: Arrow's Java vectors have a name of their own for elements.
fn declared(hits: &ArrayRef, kind: &DataType) -> Option<ArrayRef> {
    let (DataType::List(item), lists) = (kind, hits.as_list_opt::<i32>()?) else {
        return None;
    };
    let (_, offsets, values, nulls) = lists.clone().into_parts();
    let lists = ListArray::try_new(Arc::clone(item), offsets, values, nulls);
    Some(Arc::new(lists.ok()?))
}

fn joined(error: tokio::task::JoinError) -> DataFusionError {
    internal(format!("a part of a search ended: {error}"))
}

/// The addresses stand in the first row.
fn arguments(queries: &ArrayRef, count: usize, addresses: &Addresses) -> Result<RecordBatch> {
    let rows = queries.len();
    let count = Int64Array::from_value(i64::try_from(count).unwrap_or(i64::MAX), rows);
    let addresses = BinaryArray::from_iter((0..rows).map(|row| match row {
        0 => addresses.as_deref(),
        _ => None,
    }));
    let schema = Schema::new(vec![
        Field::new("a0", queries.data_type().clone(), true),
        Field::new("a1", DataType::Int64, true),
        Field::new("a2", DataType::Binary, true),
    ]);
    let queries = crate::output::compact(queries)?;
    let columns: Vec<ArrayRef> = vec![queries, Arc::new(count), Arc::new(addresses)];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

/// The hits of some queries as a column.
fn hits(merged: &Merged, queries: std::ops::Range<usize>, kind: &DataType) -> Result<ArrayRef> {
    let DataType::List(item) = kind else {
        return internal_err!("hits are a list");
    };
    let DataType::Struct(fields) = item.data_type() else {
        return internal_err!("hits are rows");
    };
    let types: Vec<DataType> = fields.iter().map(|f| f.data_type().clone()).collect();
    let (values, ends, mut columns) = merged.hits(queries, &types[..types.len() - 1])?;
    columns.push(Arc::new(Float64Array::from(values)));
    let rows = StructArray::try_new(fields.clone(), columns, None)?;
    let lengths = ends.iter().scan(0, |start, end| {
        let length = end - *start;
        *start = *end;
        Some(length)
    });
    Ok(Arc::new(ListArray::try_new(
        Arc::clone(item),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(rows),
        None,
    )?))
}
