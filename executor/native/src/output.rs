//! The end of a query: its batches under the user's column names, compacted, handed to Java one by one.

use crate::errors::{self, Failure};
use crate::query::cancelled;
use datafusion::arrow::array::{Array, ArrayData, ArrayRef, MutableArrayData, RecordBatch};
use datafusion::arrow::array::{RecordBatchOptions, RecordBatchReader, make_array};
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use futures::{FutureExt, StreamExt};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio_util::sync::CancellationToken;

pub type Answer = std::result::Result<RecordBatch, Failure>;

/// Buffers may be this many times larger than what a batch uses of them before they are copied.
const WASTE: usize = 2;

/// Batches that go to the client as they were read are made larger, up to so many bytes ...
const SENT_BYTES: usize = 2 << 20;
/// ... and so many times the rows that operators work on at a time.
const SENT_TIMES: usize = 4;
const TEXT_WIDTH: usize = 64;

/// Rows a batch: a message has a cost of its own, so that columns which are only read and sent come in larger batches.
pub fn batch_rows(plan: &LogicalPlan, rows: usize) -> usize {
    let mut node = plan;
    loop {
        node = match node {
            LogicalPlan::TableScan(_) => break,
            LogicalPlan::Projection(projection) => &projection.input,
            LogicalPlan::SubqueryAlias(alias) => &alias.input,
            _ => return rows,
        };
    }
    let width = |field: &FieldRef| field.data_type().primitive_width().unwrap_or(TEXT_WIDTH);
    let width: usize = plan.schema().fields().iter().map(width).sum();
    (SENT_BYTES / width.max(1)).clamp(rows, rows.saturating_mul(SENT_TIMES))
}

/// The schema that users see: the physical one under `names`, which may repeat.
pub fn schema(physical: &Schema, names: &[String]) -> Result<SchemaRef> {
    if physical.fields().len() != names.len() {
        return Err(errors::internal(format!(
            "{} output names for {} columns",
            names.len(),
            physical.fields().len()
        )));
    }
    let fields = physical.fields().iter().zip(names).map(|(field, name)| {
        datafusion::arrow::datatypes::Field::new(
            name,
            field.data_type().clone(),
            field.is_nullable(),
        )
    });
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

/// Drives the stream until it ends, fails, is cancelled, or nobody reads any more. Panics become errors.
pub async fn pump(
    stream: SendableRecordBatchStream,
    schema: SchemaRef,
    sender: Sender<Answer>,
    cancel: CancellationToken,
) {
    let work = AssertUnwindSafe(forward(stream, schema, &sender, &cancel)).catch_unwind();
    let failure = match work.await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => Failure::from(&error),
        Err(panic) => Failure::panic(panic.as_ref()),
    };
    let _ = sender.send(Err(failure)).await;
}

async fn forward(
    mut stream: SendableRecordBatchStream,
    schema: SchemaRef,
    sender: &Sender<Answer>,
    cancel: &CancellationToken,
) -> Result<()> {
    loop {
        let next = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(cancelled()),
            next = stream.next() => next,
        };
        let Some(batch) = next else {
            return Ok(());
        };
        let batch = batch?;
        if batch.num_rows() == 0 {
            continue;
        }
        let batch = compacted(&batch, Arc::clone(&schema))?;
        let sent = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(cancelled()),
            sent = sender.send(Ok(batch)) => sent,
        };
        if sent.is_err() {
            return Ok(());
        }
    }
}

/// The batch with the schema's names, each column as [`compact`] leaves it.
pub fn compacted(batch: &RecordBatch, schema: SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(compact);
    let columns = columns.collect::<std::result::Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

/// Arrow's C interface exports whole buffers and Java accounts for them, so a slice of a large buffer is copied; Java
/// also expects offsets to begin at zero.
pub fn compact(column: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
    let data = column.to_data();
    let used = data.get_slice_memory_size().unwrap_or(usize::MAX);
    let held = data.get_buffer_memory_size();
    if starts_at_zero(&data) && held <= used.saturating_mul(WASTE).max(4096) {
        return Ok(Arc::clone(column));
    }
    let mut copy = MutableArrayData::new(vec![&data], false, data.len());
    copy.try_extend(0, 0, data.len())?;
    Ok(make_array(copy.freeze()))
}

fn starts_at_zero(data: &ArrayData) -> bool {
    let offsets_at_zero = match data.data_type() {
        DataType::Utf8 | DataType::Binary | DataType::List(_) | DataType::Map(_, _) => {
            let offsets = data.buffers()[0].typed_data::<i32>();
            offsets.first().is_none_or(|first| *first == 0)
        }
        _ => true,
    };
    data.offset() == 0 && offsets_at_zero && data.child_data().iter().all(starts_at_zero)
}

/// The query's rows as Java pulls them through the C stream.
pub struct RootReader {
    schema: SchemaRef,
    receiver: Receiver<Answer>,
}

impl RootReader {
    pub fn new(schema: SchemaRef, receiver: Receiver<Answer>) -> Self {
        Self { schema, receiver }
    }
}

impl Iterator for RootReader {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let receiver = &mut self.receiver;
        let answer = std::panic::catch_unwind(AssertUnwindSafe(|| receiver.blocking_recv()))
            .unwrap_or_else(|panic| Some(Err(Failure::panic(panic.as_ref()))));
        answer.map(|next| next.map_err(|failure| ArrowError::ExternalError(Box::new(failure))))
    }
}

impl RecordBatchReader for RootReader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
