//! One output partition of a join whose run has come so far that rows can be had.
use super::joined::Joined;
use super::lookup::Lookup;
use super::run::Output;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

pub struct Partition {
    pub number: usize,
    /// Of all partitions.
    pub count: usize,
    pub spine: Arc<dyn ExecutionPlan>,
    pub context: Arc<TaskContext>,
    pub metrics: ExecutionPlanMetricsSet,
}

impl Partition {
    pub fn batches(self, output: &Output) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        match output {
            Output::Memory(joined) => Ok(self.slice(Arc::clone(joined))),
            Output::Lookup(lookup) => self.streamed(Arc::clone(lookup)),
            Output::Merged(merged) => {
                let merged = merged.lock().unwrap_or_else(|e| e.into_inner()).take();
                let rows = self.output_rows();
                Ok(stream::iter(merged)
                    .flatten()
                    .inspect_ok(move |batch| rows.add(batch.num_rows()))
                    .boxed())
            }
        }
    }

    fn output_rows(&self) -> Count {
        MetricBuilder::new(&self.metrics).output_rows(self.number)
    }

    /// Its share of the spine's rows.
    fn slice(self, joined: Arc<Joined>) -> BoxStream<'static, Result<RecordBatch>> {
        let batch_rows = self.context.session_config().batch_size();
        let batches = joined.batches(self.number, self.count, batch_rows, &self.metrics);
        stream::iter(batches)
            .then(async |batch| {
                tokio::task::consume_budget().await;
                batch
            })
            .boxed()
    }

    /// The rows of its partition of the spine, as they come.
    fn streamed(self, lookup: Arc<Lookup>) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let rows = self.output_rows();
        let time = MetricBuilder::new(&self.metrics).elapsed_compute(self.number);
        let spine_rows = MetricBuilder::new(&self.metrics).counter("spine_rows", self.number);
        let join = move |batch: RecordBatch| {
            let _timer = time.timer();
            spine_rows.add(batch.num_rows());
            let joined = lookup.join(&batch)?;
            rows.add(joined.num_rows());
            Ok(joined)
        };
        let spine = self.spine.execute(self.number, self.context)?;
        Ok(spine
            .map(move |batch| batch.and_then(&join))
            .try_filter(|batch| std::future::ready(batch.num_rows() > 0))
            .boxed())
    }
}
