//! JSON lines: one object a line; fields are found by name, missing ones are NULL, unknown ones are passed over.

use super::Decoder;
use crate::errors::{self, failure};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::Decoder as ArrowDecoder;
use datafusion::common::Result;
use std::sync::Arc;

pub struct JsonDecoder {
    url: Arc<str>,
    schema: SchemaRef,
    batch_size: usize,
    decoder: ArrowDecoder,
    /// The text since the last batch, to find the row at fault.
    pending: Vec<u8>,
    rows: u64,
}

impl JsonDecoder {
    pub fn new(url: Arc<str>, schema: SchemaRef, batch_size: usize) -> Result<Self> {
        let decoder = decoder(&schema, batch_size)?;
        Ok(Self {
            url,
            schema,
            batch_size,
            decoder,
            pending: Vec::new(),
            rows: 0,
        })
    }

    fn flush(&mut self, out: &mut Vec<RecordBatch>) -> Result<()> {
        match self.decoder.flush() {
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
    fn broken(&self, error: &ArrowError) -> datafusion::common::DataFusionError {
        let lines = self
            .pending
            .split(|b| *b == b'\n')
            .filter(|l| !l.trim_ascii().is_empty());
        let bad = |line: &&[u8]| {
            let mut one = match decoder(&self.schema, 2) {
                Ok(one) => one,
                Err(_) => return true,
            };
            one.decode(line).is_err() || one.flush().is_err()
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

fn decoder(schema: &SchemaRef, batch_size: usize) -> Result<ArrowDecoder> {
    Ok(ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(batch_size)
        .with_coerce_primitive(true)
        .build_decoder()?)
}

impl Decoder for JsonDecoder {
    fn push(&mut self, mut text: &[u8], out: &mut Vec<RecordBatch>) -> Result<()> {
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
