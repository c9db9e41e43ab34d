//! Feature rows of any type: the batches that hold a winner are kept, and compacted when most of their rows have lost.
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{Result, internal_datafusion_err};
use std::sync::{Arc, OnceLock};

/// A row of a retained batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RowRef {
    pub batch: u32,
    pub row: u32,
}

/// The retained batches of one feature, by number; a freed number stays empty.
pub struct Retained {
    schema: SchemaRef,
    batches: Vec<Option<Arc<RetainedBatch>>>,
    bytes: usize,
}

pub struct RetainedBatch {
    pub batch: RecordBatch,
    /// Comparable encodings, made when the first tie in the batch has to be decided.
    encoded: OnceLock<Option<Rows>>,
}

impl Retained {
    pub fn new(schema: SchemaRef) -> Self {
        Self {
            schema,
            batches: Vec::new(),
            bytes: 0,
        }
    }

    pub fn add(&mut self, batch: RecordBatch) -> u32 {
        self.bytes += batch.get_array_memory_size();
        self.batches.push(Some(Arc::new(RetainedBatch {
            batch,
            encoded: OnceLock::new(),
        })));
        (self.batches.len() - 1) as u32
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The batch that a live reference points into.
    pub fn batch(&self, number: u32) -> Result<&Arc<RetainedBatch>> {
        self.batches[number as usize]
            .as_ref()
            .ok_or_else(|| internal_datafusion_err!("batch {number} of an as-of join was freed"))
    }

    /// Copies the live rows into one new batch a call and frees all others; the references are rewritten.
    pub fn compact(&mut self, live: Vec<&mut RowRef>, rows_per_batch: usize) -> Result<()> {
        let mut kept = Retained::new(Arc::clone(&self.schema));
        kept.batches = vec![None; self.batches.len()];
        let mut live = live;
        for chunk in live.chunks_mut(rows_per_batch) {
            let rows: Vec<_> = chunk.iter().map(|row| Some(**row)).collect();
            let number = kept.add(self.rows(&rows)?);
            for (row, reference) in chunk.iter_mut().enumerate() {
                **reference = RowRef {
                    batch: number,
                    row: row as u32,
                };
            }
        }
        *self = kept;
        Ok(())
    }

    /// The referenced rows in order; None gives a row of NULLs.
    pub fn rows(&self, rows: &[Option<RowRef>]) -> Result<RecordBatch> {
        let nulls = RecordBatch::new_empty(Arc::clone(&self.schema));
        let null_row = null_row(&nulls)?;
        let mut sources = vec![&null_row];
        let mut numbers = std::collections::HashMap::new();
        let mut picks = Vec::with_capacity(rows.len());
        for row in rows {
            match row {
                None => picks.push((0, 0)),
                Some(reference) => {
                    let source = match numbers.get(&reference.batch) {
                        Some(source) => *source,
                        None => {
                            sources.push(&self.batch(reference.batch)?.batch);
                            numbers.insert(reference.batch, sources.len() - 1);
                            sources.len() - 1
                        }
                    };
                    picks.push((source, reference.row as usize));
                }
            }
        }
        Ok(interleave_record_batch(&sources, &picks)?)
    }
}

impl RetainedBatch {
    /// The comparable encoding of a row, empty where the row's types cannot be compared.
    pub fn encoded(&self, row: u32) -> Option<Vec<u8>> {
        let rows = self.encoded.get_or_init(|| {
            let fields = self
                .batch
                .columns()
                .iter()
                .map(|c| SortField::new(c.data_type().clone()))
                .collect();
            RowConverter::new(fields)
                .and_then(|converter| converter.convert_columns(self.batch.columns()))
                .ok()
        });
        rows.as_ref()
            .map(|rows| rows.row(row as usize).as_ref().to_vec())
    }
}

fn null_row(empty: &RecordBatch) -> Result<RecordBatch> {
    use datafusion::arrow::array::new_null_array;
    use datafusion::arrow::datatypes::Schema;
    let fields: Vec<_> = empty
        .schema()
        .fields()
        .iter()
        .map(|f| f.as_ref().clone().with_nullable(true))
        .collect();
    let columns = fields
        .iter()
        .map(|field| new_null_array(field.data_type(), 1))
        .collect();
    Ok(RecordBatch::try_new_with_options(
        Arc::new(Schema::new(fields)),
        columns,
        &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(1)),
    )?)
}
