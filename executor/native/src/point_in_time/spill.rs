//! Batches on disk, written once and read once.
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, internal_err};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::{EmptyRecordBatchStream, SpillManager};
use std::sync::Arc;

#[derive(Clone)]
pub struct Spill {
    env: Arc<RuntimeEnv>,
    metrics: SpillMetrics,
}

/// Appends a batch, or ends the file.
type Append = dyn FnMut(Option<&RecordBatch>) -> Result<Option<Arc<dyn SpillFile>>> + Send;

/// One file being written.
pub struct SpillWriter {
    manager: SpillManager,
    file: Box<Append>,
}

impl Spill {
    pub fn new(context: &TaskContext, metrics: &ExecutionPlanMetricsSet) -> Self {
        Self {
            env: context.runtime_env(),
            metrics: SpillMetrics::new(metrics, 0),
        }
    }

    /// Notes what a sort wrote by itself.
    pub fn add(&self, bytes: usize, rows: usize) {
        self.metrics.spilled_bytes.add(bytes);
        self.metrics.spilled_rows.add(rows);
    }

    pub fn writer(&self, schema: &SchemaRef) -> Result<SpillWriter> {
        let manager = SpillManager::new(
            Arc::clone(&self.env),
            self.metrics.clone(),
            Arc::clone(schema),
        );
        let mut file = manager.create_in_progress_file("a point-in-time join")?;
        Ok(SpillWriter {
            manager,
            file: Box::new(move |batch| match batch {
                Some(batch) => file.append_batch(batch).map(|_| None),
                None => file.finish(),
            }),
        })
    }
}

impl SpillWriter {
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match (self.file)(Some(batch))? {
            None => Ok(()),
            Some(_) => internal_err!("a spill file ended by itself"),
        }
    }

    /// The batches again; the file goes when they have been read.
    pub fn finish(mut self) -> Result<SendableRecordBatchStream> {
        match (self.file)(None)? {
            Some(file) => self.manager.read_spill_as_stream(file, None),
            None => Ok(Box::pin(EmptyRecordBatchStream::new(Arc::clone(
                self.manager.schema(),
            )))),
        }
    }
}
