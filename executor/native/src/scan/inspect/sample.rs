//! Columns of one CSV or JSON-lines file, from its first rows.

use super::Inspected;
use super::listing::Listed;
use crate::errors::{self, failure};
use crate::proto::{FileFormat, FormatOptions};
use crate::scan::convert;
use crate::scan::text::{Compression, chunks, dialect, names, without_mark};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::reader::infer_json_schema;
use datafusion::common::{DataFusionError, Result};
use futures::StreamExt;
use std::io::BufReader;
use std::pin::pin;
use std::sync::Arc;

/// No more text than this is looked at.
const MAX_BYTES: usize = 16 << 20;
/// The reader's errors show the value at fault, whatever its size.
const MAX_REASON: usize = 200;

pub async fn inspect(
    listed: Listed,
    format: FileFormat,
    options: &FormatOptions,
    rows: usize,
) -> Result<Inspected> {
    let compression = Compression::of(&options.compression, &listed.url)?;
    let url: Arc<str> = listed.url.as_str().into();
    let store = Arc::clone(&listed.store);
    let mut text = Vec::new();
    let mut whole = true;
    let mut parts = pin!(chunks(
        store,
        listed.meta.clone(),
        compression,
        Arc::clone(&url)
    ));
    while let Some(part) = parts.next().await {
        text.extend_from_slice(&part?);
        let lines = text.iter().filter(|b| **b == b'\n').count();
        if lines > rows || text.len() > MAX_BYTES {
            whole = false;
            break;
        }
    }
    if !whole && let Some(end) = text.iter().rposition(|b| *b == b'\n') {
        text.truncate(end + 1);
    }
    let schema = match format {
        FileFormat::Csv => csv(without_mark(&text), options, rows).map_err(|e| named(&url, e))?,
        _ => json(without_mark(&text), rows, &url)?,
    };
    let field = |f: &Arc<Field>| {
        let kind = convert::canonical(f.data_type()).unwrap_or(DataType::Utf8);
        Field::new(f.name(), kind, true)
    };
    Ok(Inspected {
        fields: schema.fields().iter().map(field).collect(),
        file: listed.data_file(-1),
        bounds: Vec::new(),
    })
}

fn named(url: &str, error: DataFusionError) -> DataFusionError {
    match error {
        DataFusionError::ArrowError(inner, _) => {
            let text = inner.to_string();
            let text = text.strip_prefix("Csv error: ").unwrap_or(&text);
            let message = format!("\"{url}\" is no CSV file: {text}");
            failure(errors::INVALID_FILE, message)
        }
        other => other,
    }
}

fn csv(text: &[u8], options: &FormatOptions, rows: usize) -> Result<Schema> {
    let mut format = dialect(options)?.with_truncated_rows(true);
    if !options.null_string.is_empty() {
        let nulls = format!("^(?:{})?$", regex::escape(&options.null_string));
        let nulls =
            regex::Regex::new(&nulls).map_err(|e| DataFusionError::External(Box::new(e)))?;
        format = format.with_null_regex(nulls);
    }
    // A broken row is reported with its number when the file is read; types then come from the rows before it.
    let (schema, _) = match format.infer_schema(text, Some(rows)) {
        Ok(found) => found,
        Err(_) => format.infer_schema(text, Some(1))?,
    };
    let names = match options.header {
        true => names(&schema),
        false => (0..schema.fields().len())
            .map(|i| format!("column{i}"))
            .collect(),
    };
    let fields = names.into_iter().zip(schema.fields());
    let fields = fields.map(|(name, field)| Field::new(name, field.data_type().clone(), true));
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}

fn json(text: &[u8], rows: usize, url: &str) -> Result<Schema> {
    let failed = match infer_json(text, rows) {
        Ok(schema) => return Ok(schema),
        Err(failed) => failed,
    };
    // As with CSV, if the rows before the broken one tell the types.
    let schema = match first_broken(text) {
        Some(at) if at > 0 => infer_json(&text[..at], rows),
        _ => Err(failed),
    };
    schema.map_err(|e| {
        let reason = match text.trim_ascii_start() {
            [b'[', ..] => "it begins with an array".to_owned(),
            _ => {
                let reason = e.to_string();
                let reason = reason.strip_prefix("Json error: ").unwrap_or(&reason);
                reason.chars().take(MAX_REASON).collect()
            }
        };
        failure(
            errors::INVALID_FILE,
            format!("\"{url}\" is no JSON-lines file, with one object on each line: {reason}"),
        )
    })
}

fn infer_json(text: &[u8], rows: usize) -> std::result::Result<Schema, ArrowError> {
    Ok(infer_json_schema(BufReader::new(text), Some(rows))?.0)
}

/// Where the first line begins that is no object by itself.
fn first_broken(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        if !line.trim_ascii().is_empty() && infer_json(line, 1).is_err() {
            return Some(at);
        }
        at += line.len();
    }
    None
}
