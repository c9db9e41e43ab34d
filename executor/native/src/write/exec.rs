//! The physical operator.

use super::file::{Files, PartitionWriter, Settings};
use super::node::output_schema;
use super::schema::Target;
use super::work::Work;
use crate::engine::Engine;
use crate::errors::internal;
use crate::proto;
use datafusion::arrow::compute::SortOptions;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, Partitioning,
    PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use std::fmt;
use std::sync::Arc;

/// Writes each input partition to files of its own. The message is the operator's serial form.
pub struct WriteExec {
    engine: Arc<Engine>,
    message: Arc<proto::WriteTarget>,
    target: Arc<Target>,
    input: Arc<dyn ExecutionPlan>,
    files: Arc<Files>,
    settings: Arc<Settings>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl WriteExec {
    pub fn try_new(
        engine: Arc<Engine>,
        message: Arc<proto::WriteTarget>,
        target: Arc<Target>,
        input: Arc<dyn ExecutionPlan>,
    ) -> Result<Self> {
        let partitions = input.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::new(output_schema())),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            files: Arc::new(Files::open(&engine, &message, partitions)?),
            settings: Arc::new(Settings::of(&message)?),
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
            engine,
            message,
            target,
            input,
        })
    }
}

impl WriteExec {
    /// The input's last columns: the partition's values, then the sort keys.
    fn keys(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        let schema = self.input.schema();
        let count = self.message.partition.len() + self.message.sort.len();
        (schema.fields().len() - count..schema.fields().len())
            .map(|i| Arc::new(Column::new(schema.field(i).name(), i)) as _)
            .collect()
    }
}

impl fmt::Debug for WriteExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteExec({})", self.message.location)
    }
}

impl DisplayAs for WriteExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "WriteExec: location={}", self.message.location)?;
        let (partition, sort) = (self.message.partition.len(), self.message.sort.len());
        if partition > 0 {
            write!(f, ", partition_fields={partition}")?;
        }
        if sort > 0 {
            write!(f, ", sort_fields={sort}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for WriteExec {
    fn name(&self) -> &str {
        "WriteExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// Encoding is most of the work: one partition is spread over all threads.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        let one = !self.message.file_name.is_empty();
        vec![!one && self.input.output_ordering().is_none()]
    }

    /// An ORDER BY holds in the one file of a COPY; a table has an order of its own.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![!self.message.file_name.is_empty()]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        use proto::write_target::Distribution as Wanted;
        let one_file = !self.message.file_name.is_empty();
        let partitioned = !self.message.partition.is_empty();
        InputDistributionRequirements::new(vec![match self.message.distribution() {
            _ if one_file => Distribution::SinglePartition,
            Wanted::OneWriter => Distribution::SinglePartition,
            Wanted::ByPartition if partitioned => {
                let mut keys = self.keys();
                keys.truncate(self.message.partition.len());
                Distribution::KeyPartitioned(keys)
            }
            Wanted::ByPartition | Wanted::Any => Distribution::UnspecifiedDistribution,
        }])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let plain = self.message.partition.iter().map(|_| (false, true));
        let sort = self.message.sort.iter();
        let options = plain.chain(sort.map(|s| (s.descending, s.nulls_first)));
        let keys = self.keys().into_iter().zip(options);
        let keys = keys.map(|(expr, (descending, nulls_first))| {
            PhysicalSortExpr::new(
                expr,
                SortOptions {
                    descending,
                    nulls_first,
                },
            )
        });
        vec![LexOrdering::new(keys).map(OrderingRequirements::from)]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] =
            <[_; 1]>::try_from(children).map_err(|_| internal("a write has one input"))?;
        let (engine, message) = (Arc::clone(&self.engine), Arc::clone(&self.message));
        Ok(Arc::new(Self::try_new(
            engine,
            message,
            Arc::clone(&self.target),
            input,
        )?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let memory = MemoryConsumer::new(format!("WriteExec[{partition}]"));
        let writer = PartitionWriter::new(
            Arc::clone(&self.files),
            Arc::clone(&self.settings),
            Arc::clone(&self.target.schema),
            memory.register(context.memory_pool()),
        );
        let bytes = MetricBuilder::new(&self.metrics).counter("bytes_written", partition);
        let work = Work::new(
            input,
            writer,
            Arc::clone(&self.target),
            &self.message,
            BaselineMetrics::new(&self.metrics, partition),
            bytes,
        );
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            work.into_stream(),
        )))
    }
}
