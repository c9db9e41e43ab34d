//! One input partition on its way to files: changes are split into rows taken out and rows to write.

use super::file::{PartitionWriter, Written};
use super::node::output_schema;
use super::schema::Target;
use super::transform::serialized;
use crate::proto;
use datafusion::arrow::array::{
    ArrayRef, AsArray, BinaryBuilder, BooleanArray, Int32Array, Int32Builder, Int64Array,
    Int64Builder, ListBuilder, RecordBatch, StringArray, new_null_array,
};
use datafusion::arrow::compute::{filter_record_batch, partition};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::common::Result;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::{BaselineMetrics, Count};
use futures::{Stream, StreamExt, stream};
use std::collections::BTreeMap;
use std::sync::Arc;

const TAKE_OUT: i32 = 1;
const WRITE: i32 = 2;

pub struct Work {
    input: SendableRecordBatchStream,
    writer: PartitionWriter,
    target: Arc<Target>,
    changes: bool,
    /// Where the partition's values begin in the input row, and how many there are.
    keys: (usize, usize),
    added: i64,
    metrics: BaselineMetrics,
    bytes: Count,
}

impl Work {
    pub fn new(
        input: SendableRecordBatchStream,
        writer: PartitionWriter,
        target: Arc<Target>,
        message: &proto::WriteTarget,
        metrics: BaselineMetrics,
        bytes: Count,
    ) -> Self {
        let first = target.schema.fields().len() + if message.changes { 3 } else { 0 };
        Self {
            input,
            writer,
            target,
            changes: message.changes,
            keys: (first, message.partition.len()),
            added: 0,
            metrics,
            bytes,
        }
    }

    /// Rows of plan.proto's `Write`. Nothing is left of a file that was being written when an error came.
    pub fn into_stream(self) -> impl Stream<Item = Result<RecordBatch>> {
        let batches = stream::unfold(Some(self), |state| async move {
            let mut work = state?;
            match work.next().await {
                Ok(Some(batch)) => Some((Ok(batch), Some(work))),
                Ok(None) => Some((work.end(), None)),
                Err(e) => {
                    work.writer.abort().await;
                    Some((Err(e), None))
                }
            }
        });
        batches.filter(|batch| futures::future::ready(!matches!(batch, Ok(b) if b.num_rows() == 0)))
    }

    /// What a batch takes out; nothing when all rows are written.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(batch) = self.input.next().await {
            let batch = batch?;
            let taken = self.write(&batch).await?;
            if let Some(taken) = taken {
                return Ok(Some(taken));
            }
        }
        self.writer.finish().await?;
        Ok(None)
    }

    async fn write(&mut self, batch: &RecordBatch) -> Result<Option<RecordBatch>> {
        let metrics = self.metrics.clone();
        let _timer = metrics.elapsed_compute().timer();
        let (rows, taken) = if self.changes {
            self.split(batch)?
        } else {
            (batch.clone(), None)
        };
        if rows.num_rows() > 0 {
            let columns = self.target.convert(&rows)?;
            let (first, count) = self.keys;
            let keys = &rows.columns()[first..first + count];
            if keys.is_empty() {
                self.writer.write(&columns, Vec::new()).await?;
            } else {
                for range in partition(keys)?.ranges() {
                    let values = keys.iter().map(|key| serialized(key, range.start));
                    let values = values.collect::<Result<_>>()?;
                    let rows = columns.slice(range.start, range.len());
                    self.writer.write(&rows, values).await?;
                }
            }
        }
        Ok(taken)
    }

    fn split(&mut self, batch: &RecordBatch) -> Result<(RecordBatch, Option<RecordBatch>)> {
        let at = self.keys.0 - 3;
        let files = batch.column(at).as_primitive::<Int32Type>();
        let positions = batch.column(at + 1).as_primitive::<Int64Type>();
        let actions = batch.column(at + 2).as_primitive::<Int32Type>();
        let mut taken: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
        for row in 0..batch.num_rows() {
            let action = actions.value(row);
            if action & TAKE_OUT != 0 {
                let of_file = taken.entry(files.value(row)).or_default();
                of_file.push(positions.value(row));
            } else if action & WRITE != 0 {
                self.added += 1;
            }
        }
        let written = BooleanArray::from_unary(actions, |action| action & WRITE != 0);
        let rows = if written.true_count() == batch.num_rows() {
            batch.clone()
        } else {
            filter_record_batch(batch, &written)?
        };
        let taken = (!taken.is_empty()).then(|| taken_out(&taken));
        Ok((rows, taken.transpose()?))
    }

    fn end(self) -> Result<RecordBatch> {
        let (added, changes) = (self.added, self.changes);
        let files = self.writer.into_written();
        self.bytes
            .add(files.iter().map(|file| file.bytes as usize).sum());
        self.metrics.record_output(files.len());
        written(&files, (changes && added > 0).then_some(added))
    }
}

fn taken_out(taken: &BTreeMap<i32, Vec<i64>>) -> Result<RecordBatch> {
    let schema = Arc::new(output_schema());
    let mut positions = ListBuilder::new(Int64Builder::new());
    for of_file in taken.values() {
        positions.append_value(of_file.iter().map(|position| Some(*position)));
    }
    let nulls = |i: usize| new_null_array(schema.field(i).data_type(), taken.len());
    let rows = taken.values().map(|of_file| of_file.len() as i64);
    let columns: Vec<ArrayRef> = vec![
        nulls(0),
        Arc::new(Int64Array::from_iter_values(rows)),
        nulls(2),
        nulls(3),
        Arc::new(Int32Array::from_iter_values(taken.keys().copied())),
        Arc::new(positions.finish()),
    ];
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn written(files: &[Written], added: Option<i64>) -> Result<RecordBatch> {
    let schema = Arc::new(output_schema());
    let mut partitions = ListBuilder::new(BinaryBuilder::new());
    for file in files {
        for value in &file.partition {
            partitions.values().append_option(value.as_deref());
        }
        partitions.append(true);
    }
    if added.is_some() {
        partitions.append(false);
    }
    let count = files.len() + usize::from(added.is_some());
    let paths = files.iter().map(|f| Some(f.url.as_str()));
    let rows = files.iter().map(|f| f.rows).chain(added);
    let bytes = files.iter().map(|f| Some(f.bytes));
    let mut file = Int32Builder::new();
    file.append_nulls(count);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter(paths.chain(added.map(|_| None)))),
        Arc::new(Int64Array::from_iter_values(rows)),
        Arc::new(Int64Array::from_iter(bytes.chain(added.map(|_| None)))),
        Arc::new(partitions.finish()),
        Arc::new(file.finish()),
        new_null_array(schema.field(5).data_type(), count),
    ];
    Ok(RecordBatch::try_new(schema, columns)?)
}
