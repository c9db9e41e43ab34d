//! The physical operator.

use super::file::{Files, PartitionWriter, Settings};
use super::node::output_schema;
use super::schema::Target;
use crate::engine::Engine;
use crate::errors::internal;
use crate::proto;
use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricBuilder, MetricsSet,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties,
    PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::StreamExt;
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
            EmissionType::Final,
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

impl fmt::Debug for WriteExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteExec({})", self.message.location)
    }
}

impl DisplayAs for WriteExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "WriteExec: location={}", self.message.location)
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
        vec![self.input.output_ordering().is_none()]
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
        let mut input = self.input.execute(partition, Arc::clone(&context))?;
        let memory = MemoryConsumer::new(format!("WriteExec[{partition}]"));
        let mut writer = PartitionWriter::new(
            Arc::clone(&self.files),
            Arc::clone(&self.settings),
            Arc::clone(&self.target.schema),
            memory.register(context.memory_pool()),
        );
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let bytes = MetricBuilder::new(&self.metrics).counter("bytes_written", partition);
        let target = Arc::clone(&self.target);
        let work = async move {
            let written = async {
                while let Some(batch) = input.next().await {
                    let batch = batch?;
                    let _timer = baseline.elapsed_compute().timer();
                    writer.write(&target.convert(&batch)?).await?;
                }
                writer.finish().await
            }
            .await;
            let written = match written {
                Ok(()) => writer.into_written(),
                Err(e) => {
                    writer.abort().await;
                    return Err(e);
                }
            };
            bytes.add(written.iter().map(|file| file.bytes as usize).sum());
            baseline.record_output(written.len());
            Ok(RecordBatch::try_new(
                Arc::new(output_schema()),
                vec![
                    Arc::new(StringArray::from_iter_values(
                        written.iter().map(|file| &file.url),
                    )),
                    Arc::new(Int64Array::from_iter_values(
                        written.iter().map(|file| file.rows),
                    )),
                    Arc::new(Int64Array::from_iter_values(
                        written.iter().map(|file| file.bytes),
                    )),
                ],
            )?)
        };
        let batches = futures::stream::once(work)
            .filter(|batch| futures::future::ready(!matches!(batch, Ok(b) if b.num_rows() == 0)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            batches,
        )))
    }
}
