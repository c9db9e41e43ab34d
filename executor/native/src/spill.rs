//! Batches on disk, written once and read as often as needed.
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

    /// `what` is spilled, in an error's words.
    pub fn writer(&self, schema: &SchemaRef, what: &str) -> Result<SpillWriter> {
        let manager = SpillManager::new(
            Arc::clone(&self.env),
            self.metrics.clone(),
            Arc::clone(schema),
        );
        let mut file = manager.create_in_progress_file(what)?;
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

    pub fn finish(mut self) -> Result<Spilled> {
        Ok(Spilled {
            file: (self.file)(None)?,
            manager: self.manager,
        })
    }
}

/// Batches that were written; the file goes when this and all streams of it have gone.
pub struct Spilled {
    manager: SpillManager,
    /// None: there were no batches.
    file: Option<Arc<dyn SpillFile>>,
}

impl Spilled {
    /// The batches from the first one on.
    pub fn read(&self) -> Result<SendableRecordBatchStream> {
        match &self.file {
            Some(file) => self.manager.read_spill_as_stream(Arc::clone(file), None),
            None => Ok(Box::pin(EmptyRecordBatchStream::new(Arc::clone(
                self.manager.schema(),
            )))),
        }
    }
}
