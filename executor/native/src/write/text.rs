//! CSV and JSON lines as files.

use crate::errors::{self, failure};
use crate::proto::{self, FileFormat};
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::csv;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::json::{self, WriterBuilder};
use datafusion::common::Result;
use datafusion::parquet::arrow::async_writer::AsyncFileWriter;
use datafusion::parquet::errors::ParquetError;

/// Bytes are handed to the store in pieces of this size.
const PIECE: usize = 1 << 20;

#[derive(Debug, Clone)]
pub enum Format {
    Parquet,
    Csv(proto::FormatOptions),
    Json,
}

impl Format {
    pub fn of(target: &proto::WriteTarget) -> Result<Self> {
        let options = target.options.clone().unwrap_or_default();
        match FileFormat::try_from(target.format) {
            Ok(FileFormat::Unspecified | FileFormat::Parquet) => Ok(Self::Parquet),
            Ok(FileFormat::Csv) => Ok(Self::Csv(options)),
            Ok(FileFormat::Json) => Ok(Self::Json),
            Ok(FileFormat::Arrow) | Err(_) => Err(failure(
                errors::NOT_SUPPORTED,
                "only Parquet, CSV and JSON lines are written",
            )),
        }
    }
}

enum Encoder {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Json(json::Writer<Vec<u8>, LineDelimited>),
}

pub struct TextWriter<W> {
    upload: W,
    format: Format,
    /// A CSV file begins with its header; what it encoded is taken out of the encoder again and again.
    pending: Vec<u8>,
    bytes: usize,
}

impl<W: AsyncFileWriter> TextWriter<W> {
    pub fn new(upload: W, format: &Format, schema: &SchemaRef) -> Result<Self> {
        let mut writer = Self {
            upload,
            format: format.clone(),
            pending: Vec::new(),
            bytes: 0,
        };
        if let Format::Csv(options) = format
            && options.header
        {
            let empty = RecordBatch::new_empty(schema.clone());
            writer.pending = encode(format, &empty, true)?;
        }
        Ok(writer)
    }

    pub fn bytes_written(&self) -> usize {
        self.bytes + self.pending.len()
    }

    pub async fn write(&mut self, batch: &RecordBatch) -> std::result::Result<(), ParquetError> {
        let text = encode(&self.format, batch, false).map_err(ParquetError::from)?;
        self.pending.extend(text);
        if self.pending.len() >= PIECE {
            self.flush().await?;
        }
        Ok(())
    }

    pub async fn finish(&mut self) -> std::result::Result<(), ParquetError> {
        self.flush().await?;
        self.upload.complete().await
    }

    async fn flush(&mut self) -> std::result::Result<(), ParquetError> {
        let piece = std::mem::take(&mut self.pending);
        self.bytes += piece.len();
        self.upload.write(Bytes::from(piece)).await
    }

    pub fn into_inner(self) -> W {
        self.upload
    }
}

fn encode(
    format: &Format,
    batch: &RecordBatch,
    header: bool,
) -> std::result::Result<Vec<u8>, ArrowError> {
    let encoder = match format {
        Format::Csv(options) => {
            let byte = |text: &str, or: u8| text.as_bytes().first().copied().unwrap_or(or);
            let mut builder = csv::WriterBuilder::new()
                .with_header(header)
                .with_delimiter(byte(&options.delimiter, b','))
                .with_quote(byte(&options.quote, b'"'))
                .with_null(options.null_string.clone())
                .with_timestamp_format("%Y-%m-%d %H:%M:%S%.f".to_owned())
                .with_timestamp_tz_format("%Y-%m-%d %H:%M:%S%.f%:z".to_owned());
            if !options.escape.is_empty() {
                builder = builder
                    .with_escape(byte(&options.escape, b'\\'))
                    .with_double_quote(false);
            }
            Encoder::Csv(Box::new(builder.build(Vec::new())))
        }
        Format::Json | Format::Parquet => Encoder::Json(
            WriterBuilder::new()
                .with_explicit_nulls(true)
                .build(Vec::new()),
        ),
    };
    match encoder {
        Encoder::Csv(mut writer) => {
            writer.write(batch)?;
            Ok(writer.into_inner())
        }
        Encoder::Json(mut writer) => {
            writer.write(batch)?;
            writer.finish()?;
            Ok(writer.into_inner())
        }
    }
}
