//! Feature rows of any type: the batches that hold a winner are kept, and compacted when most of their rows have lost.
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{Result, internal_datafusion_err};
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

/// A row of a retained batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// A batch of feature rows whose `output` columns are handed upwards and decide ties.
pub struct RetainedBatch {
    pub batch: RecordBatch,
    output: Arc<[usize]>,
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

    pub fn add(&mut self, batch: Arc<RetainedBatch>) -> u32 {
        self.bytes += batch.bytes();
        self.batches.push(Some(batch));
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

    /// Copies the live rows into new batches of so many rows and frees all others; the references are rewritten.
    pub fn compact(
        &mut self,
        live: &mut [RowRef],
        output: &Arc<[usize]>,
        rows_per_batch: usize,
    ) -> Result<()> {
        let mut kept = Retained::new(Arc::clone(&self.schema));
        kept.batches = vec![None; self.batches.len()];
        for chunk in live.chunks_mut(rows_per_batch) {
            let rows: Vec<_> = chunk.iter().map(|row| Some(*row)).collect();
            let batch = RetainedBatch::new(self.rows(&rows)?, Arc::clone(output));
            let number = kept.add(Arc::new(batch));
            for (row, reference) in chunk.iter_mut().enumerate() {
                *reference = RowRef {
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
        let mut sources: Vec<&RecordBatch> = Vec::new();
        let mut numbers = std::collections::HashMap::new();
        let mut picks = Vec::with_capacity(rows.len());
        for row in rows {
            picks.push(match row {
                None => None,
                Some(reference) => {
                    let source = match numbers.get(&reference.batch) {
                        Some(source) => *source,
                        None => {
                            sources.push(&self.batch(reference.batch)?.batch);
                            numbers.insert(reference.batch, sources.len() - 1);
                            sources.len() - 1
                        }
                    };
                    Some((source, reference.row as usize))
                }
            });
        }
        gather(&self.schema, &sources, &picks)
    }
}

impl RetainedBatch {
    pub fn new(batch: RecordBatch, output: Arc<[usize]>) -> Self {
        Self {
            batch,
            output,
            encoded: OnceLock::new(),
        }
    }

    pub fn bytes(&self) -> usize {
        self.batch.get_array_memory_size()
    }

    /// How a row compares with a row of another batch: column by column, NULL first. Equal where the types have no order.
    pub fn compare(&self, row: u32, other: &Self, other_row: u32) -> Ordering {
        match (self.encoded(), other.encoded()) {
            (Some(own), Some(other)) => {
                let (own, other) = (own.row(row as usize), other.row(other_row as usize));
                own.as_ref().cmp(other.as_ref())
            }
            _ => Ordering::Equal,
        }
    }

    fn encoded(&self) -> Option<&Rows> {
        let rows = self.encoded.get_or_init(|| {
            let columns: Vec<ArrayRef> = self
                .output
                .iter()
                .map(|column| Arc::clone(self.batch.column(*column)))
                .collect();
            let fields = columns
                .iter()
                .map(|c| SortField::new(c.data_type().clone()))
                .collect();
            RowConverter::new(fields)
                .and_then(|converter| converter.convert_columns(&columns))
                .ok()
        });
        rows.as_ref()
    }
}

/// Rows of several batches in the order of the picks (batch, row); None gives a row of NULLs.
pub fn gather(
    schema: &SchemaRef,
    sources: &[&RecordBatch],
    picks: &[Option<(usize, usize)>],
) -> Result<RecordBatch> {
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    let columns = fields
        .iter()
        .map(|field| new_null_array(field.data_type(), 1))
        .collect();
    let null_row = RecordBatch::try_new_with_options(
        Arc::new(Schema::new(fields)),
        columns,
        &RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    let mut all = vec![&null_row];
    all.extend(sources);
    let picks: Vec<_> = picks
        .iter()
        .map(|pick| pick.map_or((0, 0), |(source, row)| (source + 1, row)))
        .collect();
    Ok(interleave_record_batch(&all, &picks)?)
}
