//! JSON lines: one object a line; fields are found by name, missing ones are NULL, unknown ones are passed over.

use super::{Decoder, without_mark};
use crate::errors::{self, failure};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, ListArray, MapArray, RecordBatch, RecordBatchOptions,
    StringArray, StructArray,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::Decoder as ArrowDecoder;
use datafusion::common::{DataFusionError, Result};
use std::sync::Arc;

/// Integers beyond these are not exact in a floating-point number.
const EXACT: f64 = (1u64 << 53) as f64;

pub struct JsonDecoder {
    url: Arc<str>,
    lines: Lines,
    batch_size: usize,
    decoder: ArrowDecoder,
    /// The text since the last batch, to find the row at fault.
    pending: Vec<u8>,
    rows: u64,
    started: bool,
}

/// How lines become rows.
struct Lines {
    schema: SchemaRef,
    /// As the library decodes them: fields as the file names them, and texts for integers, as it would cut the fraction
    /// off a number that is none.
    decoded: SchemaRef,
}

impl Lines {
    fn decoder(&self, batch_size: usize) -> Result<ArrowDecoder> {
        Ok(ReaderBuilder::new(Arc::clone(&self.decoded))
            .with_batch_size(batch_size)
            .with_coerce_primitive(true)
            .build_decoder()?)
    }

    fn rows(&self, decoder: &mut ArrowDecoder) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(batch) = decoder.flush()? else {
            return Ok(None);
        };
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(column, field)| exact(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = Arc::clone(&self.schema);
        RecordBatch::try_new_with_options(schema, columns, &options).map(Some)
    }
}

fn with_texts(field: &Field) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Int64 => DataType::Utf8,
        DataType::List(e) => DataType::List(with_texts(e)),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|f| with_texts(f)).collect())
        }
        DataType::Map(entries, sorted) => DataType::Map(with_texts(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(field.clone().with_data_type(kind))
}

/// The texts of [`with_texts`] as the integers that they are.
fn exact(array: &ArrayRef, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    Ok(match (array.data_type(), kind) {
        (DataType::Utf8, DataType::Int64) => Arc::new(integers(array.as_string())?),
        (DataType::List(_), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let values = exact(list.values(), field.data_type())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(
                Arc::clone(field),
                offsets,
                values,
                nulls,
            )?)
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let parts = array.as_struct();
            let columns = parts.columns().iter().zip(fields);
            let columns = columns.map(|(column, field)| exact(column, field.data_type()));
            Arc::new(StructArray::try_new_with_length(
                fields.clone(),
                columns.collect::<Result<_, _>>()?,
                parts.nulls().cloned(),
                parts.len(),
            )?)
        }
        (DataType::Map(..), DataType::Map(field, sorted)) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let entries = exact(&entries, field.data_type())?.as_struct().clone();
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let field = Arc::clone(field);
            Arc::new(MapArray::try_new(field, offsets, entries, nulls, *sorted)?)
        }
        _ => Arc::clone(array),
    })
}

fn integers(texts: &StringArray) -> Result<Int64Array, ArrowError> {
    let integer = |text: &str| {
        if let Ok(value) = text.parse::<i64>() {
            return Ok(value);
        }
        match text.parse::<f64>() {
            Ok(value) if value.fract() == 0.0 && value.abs() <= EXACT => Ok(value as i64),
            _ => Err(ArrowError::JsonError(format!("{text} is no BIGINT"))),
        }
    };
    texts
        .iter()
        .map(|text| text.map(integer).transpose())
        .collect()
}

impl JsonDecoder {
    /// `names`: of the columns in the file.
    pub fn new(
        url: Arc<str>,
        schema: SchemaRef,
        names: &[&str],
        batch_size: usize,
    ) -> Result<Self> {
        let named =
            |(field, name): (&FieldRef, &&str)| Field::clone(&with_texts(field)).with_name(*name);
        let decoded = schema.fields().iter().zip(names).map(named);
        let decoded = Arc::new(Schema::new(decoded.collect::<Vec<_>>()));
        let lines = Lines { schema, decoded };
        Ok(Self {
            url,
            decoder: lines.decoder(batch_size)?,
            lines,
            batch_size,
            pending: Vec::new(),
            rows: 0,
            started: false,
        })
    }

    fn flush(&mut self, out: &mut Vec<RecordBatch>) -> Result<()> {
        match self.lines.rows(&mut self.decoder) {
            Ok(Some(batch)) => {
                self.rows += batch.num_rows() as u64;
                self.pending.clear();
                out.push(batch);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(e) => Err(self.broken(&e)),
        }
    }

    /// Decodes line by line until the first that fails.
    fn broken(&self, error: &ArrowError) -> DataFusionError {
        let lines = self
            .pending
            .split(|b| *b == b'\n')
            .filter(|l| !l.trim_ascii().is_empty());
        let bad = |line: &&[u8]| {
            let mut one = match self.lines.decoder(2) {
                Ok(one) => one,
                Err(_) => return true,
            };
            one.decode(line).is_err() || self.lines.rows(&mut one).is_err()
        };
        let at = lines.clone().position(|line| bad(&line));
        let row = self.rows + at.map_or_else(|| lines.count() as u64, |at| at as u64 + 1);
        let text = error.to_string();
        let text = text.strip_prefix("Json error: ").unwrap_or(&text);
        failure(
            errors::INVALID_FILE,
            format!("\"{}\", row {row}: {text}", self.url),
        )
    }
}

impl Decoder for JsonDecoder {
    fn push(&mut self, mut text: &[u8], out: &mut Vec<RecordBatch>) -> Result<()> {
        if !self.started {
            text = without_mark(text);
            self.started = true;
        }
        while !text.is_empty() {
            let decoded = self.decoder.decode(text);
            let consumed = *decoded.as_ref().unwrap_or(&text.len());
            self.pending.extend_from_slice(&text[..consumed]);
            if let Err(e) = decoded {
                return Err(self.broken(&e));
            }
            text = &text[consumed..];
            if !text.is_empty() || self.decoder.len() >= self.batch_size {
                self.flush(out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RecordBatch>) -> Result<()> {
        self.flush(out)
    }
}
