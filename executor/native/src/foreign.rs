//! Streams that Java exported: aligned, validated, checked against the expected types, and accounted for.

use crate::errors::{self, Failure};
use crate::live::Token;
use datafusion::arrow::array::{
    Array, ArrayData, ArrayRef, RecordBatch, RecordBatchOptions, make_array,
};
use datafusion::arrow::buffer::{Buffer, NullBuffer};
use datafusion::arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use datafusion::common::Result;
use std::ptr::NonNull;
use std::sync::Arc;

/// Blocks in `next_batch`. Every buffer of its batches holds a clone of the token.
pub struct ForeignStream {
    reader: ArrowArrayStreamReader,
    schema: SchemaRef,
    token: Token,
}

impl ForeignStream {
    pub fn new(stream: FFI_ArrowArrayStream, schema: SchemaRef, token: Token) -> Result<Self> {
        let reader = ArrowArrayStreamReader::try_new(stream).map_err(|e| Failure::from(&e))?;
        Ok(Self {
            reader,
            schema,
            token,
        })
    }

    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        match self.reader.next() {
            None => Ok(None),
            Some(Ok(batch)) => self.adopt(&batch).map(Some),
            Some(Err(error)) => Err(failure(&error).into()),
        }
    }

    fn adopt(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        if batch.num_columns() != self.schema.fields().len() {
            return Err(errors::internal(format!(
                "a Java scan returned {} columns, not {}",
                batch.num_columns(),
                self.schema.fields().len()
            )));
        }
        let fields = batch.columns().iter().zip(self.schema.fields());
        let columns = fields
            .map(|(column, field)| self.column(column, field.name(), field.data_type()))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            columns,
            &options,
        )?)
    }

    fn column(&self, column: &ArrayRef, name: &str, expected: &DataType) -> Result<ArrayRef> {
        let mut data = column.to_data();
        data.align_buffers();
        data.validate_full()
            .map_err(|e| errors::internal(format!("column \"{name}\" of a Java scan: {e}")))?;
        let array = make_array(held(&data, &self.token)?);
        if array.data_type() == expected {
            return Ok(array);
        }
        // Wide strings, unsigned numbers, other time units, names of nested fields: all become the declared type.
        let strict = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        if !can_cast_types(array.data_type(), expected) {
            return Err(errors::internal(format!(
                "column \"{name}\" of a Java scan is {}, not {expected}",
                array.data_type()
            )));
        }
        Ok(cast_with_options(&array, expected, &strict)?)
    }
}

/// Java's message stands behind whatever the C interface wraps it in.
fn failure(error: &ArrowError) -> Failure {
    let text = error.to_string();
    Failure::decode(&text).unwrap_or_else(|| Failure::from(error))
}

/// A buffer and the token that says that it is still in use.
struct Held {
    _buffer: Buffer,
    _token: Token,
}

fn held(data: &ArrayData, token: &Token) -> Result<ArrayData> {
    let children = data.child_data().iter().map(|child| held(child, token));
    let nulls = data.nulls().map(|nulls| {
        let bits = nulls.inner();
        let buffer = held_buffer(bits.inner(), token);
        NullBuffer::new(datafusion::arrow::buffer::BooleanBuffer::new(
            buffer,
            bits.offset(),
            bits.len(),
        ))
    });
    let builder = ArrayData::builder(data.data_type().clone())
        .len(data.len())
        .offset(data.offset())
        .nulls(nulls)
        .buffers(
            data.buffers()
                .iter()
                .map(|b| held_buffer(b, token))
                .collect(),
        )
        .child_data(children.collect::<Result<Vec<_>>>()?);
    Ok(builder.build()?)
}

fn held_buffer(buffer: &Buffer, token: &Token) -> Buffer {
    let Some(start) = NonNull::new(buffer.as_ptr().cast_mut()) else {
        return buffer.clone();
    };
    let owner = Held {
        _buffer: buffer.clone(),
        _token: token.clone(),
    };
    // SAFETY: the owner keeps the buffer, and so these bytes, alive.
    unsafe { Buffer::from_custom_allocation(start, buffer.len(), Arc::new(owner)) }
}
