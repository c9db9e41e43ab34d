//! Arrow IPC: files (Feather 2) and streams, message by message. Columns are found by name, missing ones are NULL.

use super::Decoder;
use crate::errors::{self, failure};
use crate::scan::column::by_name;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::StreamDecoder;
use datafusion::common::{DataFusionError, Result};
use std::sync::Arc;

/// A file is this, zeros up to the writer's alignment, a stream of messages, and a footer that repeats where they are.
const MAGIC: &[u8] = b"ARROW1\0\0";
const PADDING: &[u8] = &[0; 8];
const MOST_PADDING: usize = 4096;
const CONTINUATION: &[u8] = &[0xff; 4];

/// The messages of a file or stream. What follows the end of the stream is passed over.
pub struct Messages {
    url: Arc<str>,
    /// The text so far, until it is known which of the two it is.
    start: Option<Vec<u8>>,
    decoder: StreamDecoder,
    ended: bool,
}

impl Messages {
    pub fn new(url: Arc<str>) -> Self {
        Self {
            url,
            start: Some(Vec::new()),
            decoder: StreamDecoder::new(),
            ended: false,
        }
    }

    /// Known once the first message is complete.
    pub fn schema(&self) -> Option<SchemaRef> {
        self.decoder.schema()
    }

    pub fn push(
        &mut self,
        bytes: &[u8],
        batch: &mut dyn FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let mut buffer = match &mut self.start {
            None => Buffer::from(bytes),
            Some(start) => {
                start.extend_from_slice(bytes);
                if start.len() < MAGIC.len() {
                    return Ok(());
                }
                let first = match start.strip_prefix(MAGIC) {
                    Some(mut rest) => {
                        while let Some(next) = rest.strip_prefix(PADDING) {
                            rest = next;
                        }
                        if rest.len() < PADDING.len() && start.len() <= MOST_PADDING {
                            return Ok(());
                        }
                        start.len() - rest.len()
                    }
                    None if start.starts_with(CONTINUATION) => 0,
                    None => return Err(self.broken("it begins with neither ARROW1 nor a message")),
                };
                let start = self.start.take().unwrap_or_default();
                Buffer::from(&start[first..])
            }
        };
        while !self.ended && !buffer.is_empty() {
            match self.decoder.decode(&mut buffer) {
                Ok(Some(found)) => batch(found)?,
                Ok(None) => {}
                Err(ArrowError::IpcError(text)) if text == "Unexpected EOS" => self.ended = true,
                Err(e) => return Err(self.broken(&e.to_string())),
            }
        }
        Ok(())
    }

    pub fn finish(&mut self) -> Result<()> {
        if self.start.is_some() || self.decoder.schema().is_none() {
            return Err(self.broken("it ends before its columns are known"));
        }
        if !self.ended {
            let ended = self.decoder.finish();
            ended.map_err(|_| self.broken("it ends within a message"))?;
        }
        Ok(())
    }

    fn broken(&self, what: &str) -> DataFusionError {
        let what = what.strip_prefix("Ipc error: ").unwrap_or(what);
        failure(
            errors::INVALID_FILE,
            format!("\"{}\" is not a readable Arrow file: {what}", self.url),
        )
    }
}

pub struct IpcDecoder {
    messages: Messages,
    schema: SchemaRef,
    /// Of the columns in the file.
    names: Vec<String>,
}

impl IpcDecoder {
    pub fn new(url: Arc<str>, schema: SchemaRef, names: &[&str]) -> Self {
        Self {
            messages: Messages::new(url),
            schema,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

impl Decoder for IpcDecoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<RecordBatch>) -> Result<()> {
        let Self {
            messages,
            schema,
            names,
        } = self;
        messages.push(bytes, &mut |batch| {
            out.push(project(&batch, schema, names)?);
            Ok(())
        })
    }

    fn finish(&mut self, _out: &mut Vec<RecordBatch>) -> Result<()> {
        self.messages.finish()
    }
}

fn project(batch: &RecordBatch, schema: &SchemaRef, wanted: &[String]) -> Result<RecordBatch> {
    let file = batch.schema();
    let names = file.fields().iter().map(|f| f.name().as_str());
    let exact = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = schema.fields().iter().zip(wanted).map(|(field, name)| {
        Ok(match by_name(name, names.clone()) {
            None => new_null_array(field.data_type(), batch.num_rows()),
            Some(at) => cast_with_options(batch.column(at), field.data_type(), &exact)?,
        })
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

#[cfg(test)]
mod tests {
    use super::{Decoder, IpcDecoder};
    use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::arrow::ipc::writer::{FileWriter, StreamWriter};
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("a", DataType::Int64, true),
            Field::new("b", DataType::Utf8, true),
        ]);
        let a = Int64Array::from(vec![Some(1), None, Some(3)]);
        let b = StringArray::from(vec!["x", "y", "z"]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(a), Arc::new(b)]).unwrap()
    }

    fn rows(bytes: &[u8], piece: usize) -> Result<usize, String> {
        let mut decoder = IpcDecoder::new("test".into(), batch().schema(), &["a", "b"]);
        let mut out = Vec::new();
        for part in bytes.chunks(piece.max(1)) {
            decoder.push(part, &mut out).map_err(|e| e.to_string())?;
        }
        decoder.finish(&mut out).map_err(|e| e.to_string())?;
        Ok(out.iter().map(RecordBatch::num_rows).sum())
    }

    #[test]
    fn files_and_streams_in_pieces() {
        let batch = batch();
        let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        for _ in 0..2 {
            file.write(&batch).unwrap();
            stream.write(&batch).unwrap();
        }
        for bytes in [file.into_inner().unwrap(), stream.into_inner().unwrap()] {
            for piece in [1, 7, 64, bytes.len()] {
                assert_eq!(rows(&bytes, piece), Ok(6));
            }
        }
    }

    #[test]
    fn what_is_broken_is_said() {
        let batch = batch();
        let mut file = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        file.write(&batch).unwrap();
        let bytes = file.into_inner().unwrap();
        assert!(rows(&bytes[..200], 64).is_err());
        assert!(rows(b"", 1).is_err());
        assert!(rows(b"a,b\n1,2\n3,4\n", 64).unwrap_err().contains("ARROW1"));
        for at in 8..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            let _ = std::panic::catch_unwind(|| rows(&changed, 64));
        }
    }
}
