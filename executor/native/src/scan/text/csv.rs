//! CSV. Columns are found by the header's names; without a header by position, as `column0`, `column1` …

use super::Decoder;
use crate::errors::{self, failure};
use crate::proto::FormatOptions;
use crate::scan::column::by_name;
use datafusion::arrow::array::new_null_array;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringBuilder,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::csv::ReaderBuilder;
use datafusion::arrow::csv::reader::{Decoder as ArrowDecoder, Format};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::common::Result;
use std::collections::HashSet;
use std::sync::Arc;

/// A header longer than this is no header.
const MAX_HEADER: usize = 1 << 20;

pub struct Csv {
    pub url: Arc<str>,
    pub options: FormatOptions,
    /// The names of the table's full row.
    pub table: Vec<String>,
    /// The wanted ordinals of `table`.
    pub columns: Vec<usize>,
    /// The row of `columns`.
    pub schema: SchemaRef,
    pub batch_size: usize,
}

/// How the options read a line.
pub fn dialect(options: &FormatOptions) -> Result<Format> {
    let mut format = Format::default().with_header(options.header);
    if let Some(byte) = one_byte("delimiter", &options.delimiter)? {
        format = format.with_delimiter(byte);
    }
    if let Some(byte) = one_byte("quote", &options.quote)? {
        format = format.with_quote(byte);
    }
    if let Some(byte) = one_byte("escape", &options.escape)? {
        format = format.with_escape(byte);
    }
    if let Some(byte) = one_byte("comment", &options.comment)? {
        format = format.with_comment(byte);
    }
    Ok(format)
}

fn one_byte(option: &str, text: &str) -> Result<Option<u8>> {
    match text.as_bytes() {
        [] => Ok(None),
        [byte] => Ok(Some(*byte)),
        _ => {
            let message = format!("the {option} of a CSV file must be one byte, not \"{text}\"");
            Err(failure(errors::INVALID_ARGUMENT, message))
        }
    }
}

/// What the columns of a header are called: one without a name by its place, and one whose name is taken `name_1`.
pub fn names(header: &Schema) -> Vec<String> {
    let mut taken = HashSet::new();
    let name = |(place, field): (usize, &FieldRef)| {
        let own = match field.name().as_str() {
            "" => format!("column{place}"),
            name => name.to_owned(),
        };
        let mut name = own.clone();
        let mut n = 0;
        while !taken.insert(name.to_ascii_lowercase()) {
            n += 1;
            name = format!("{own}_{n}");
        }
        name
    };
    header.fields().iter().enumerate().map(name).collect()
}

pub struct CsvDecoder {
    csv: Csv,
    state: State,
    rows: u64,
}

enum State {
    /// The text so far, without a whole header yet.
    Header(Vec<u8>),
    Body(Box<Body>),
}

struct Body {
    decoder: ArrowDecoder,
    /// For each wanted column its position in the decoder's batch, or nothing if the file lacks it.
    sources: Vec<Option<usize>>,
}

impl CsvDecoder {
    pub fn new(csv: Csv) -> Result<Self> {
        dialect(&csv.options)?;
        Ok(Self {
            csv,
            state: State::Header(Vec::new()),
            rows: 0,
        })
    }

    /// Values are read as text and cast here if NULL has a spelling of its own.
    fn as_text(&self) -> bool {
        !self.csv.options.null_string.is_empty()
    }

    fn open(&self, text: &[u8]) -> Result<Body> {
        let csv = &self.csv;
        let format = dialect(&csv.options)?;
        let first = if csv.options.header { 0 } else { 1 };
        let (file, _) = format.infer_schema(text, Some(first)).map_err(|e| {
            let message = format!("\"{}\": {}", csv.url, plain(&e.to_string(), true));
            failure(errors::INVALID_FILE, message)
        })?;
        let names = names(&file);
        // Without a header a file has as many columns as its first row, and they are the table's first.
        let find = |ordinal: usize| match csv.options.header {
            true => by_name(&csv.table[ordinal], names.iter().map(String::as_str)),
            false => (ordinal < names.len()).then_some(ordinal),
        };
        let wanted: Vec<Option<usize>> = csv.columns.iter().map(|c| find(*c)).collect();
        let mut kinds = vec![DataType::Utf8; names.len()];
        for (at, field) in wanted.iter().zip(csv.schema.fields()) {
            if let Some(at) = at
                && !self.as_text()
                && !matches!(
                    field.data_type(),
                    DataType::Binary | DataType::Decimal128(..)
                )
                && !field.data_type().is_nested()
            {
                kinds[*at] = field.data_type().clone();
            }
        }
        let fields = names
            .iter()
            .zip(kinds)
            .map(|(name, kind)| Field::new(name, kind, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut projection: Vec<usize> = wanted.iter().flatten().copied().collect();
        projection.sort_unstable();
        projection.dedup();
        let place = |at: usize| projection.binary_search(&at).ok();
        let sources = wanted.iter().map(|at| at.and_then(place)).collect();
        let decoder = ReaderBuilder::new(schema)
            .with_format(format)
            .with_batch_size(csv.batch_size)
            .with_projection(projection)
            .build_decoder();
        Ok(Body { decoder, sources })
    }

    fn decode(&mut self, mut text: &[u8], end: bool, out: &mut Vec<RecordBatch>) -> Result<()> {
        let url = Arc::clone(&self.csv.url);
        let header = self.csv.options.header;
        let broken = |e: ArrowError| match e {
            ArrowError::CsvError(text) | ArrowError::ParseError(text) => failure(
                errors::INVALID_FILE,
                format!("\"{url}\": {}", plain(&text, header)),
            ),
            other => failure(errors::INVALID_FILE, format!("\"{url}\": {other}")),
        };
        loop {
            let State::Body(body) = &mut self.state else {
                return Ok(());
            };
            let room = body.decoder.capacity();
            let consumed = body.decoder.decode(text).map_err(&broken)?;
            // An empty slice ends a record that the end of its line has not ended.
            if text.is_empty() && body.decoder.capacity() < room {
                let row = self.rows + (self.csv.batch_size - room) as u64 + 1;
                let message = format!("\"{url}\": a quote of row {row} is not closed");
                return Err(failure(errors::INVALID_FILE, message));
            }
            text = &text[consumed..];
            let full = body.decoder.capacity() == 0;
            if !full && !text.is_empty() {
                continue;
            }
            if !full && !end {
                return Ok(());
            }
            let batch = body.decoder.flush().map_err(&broken)?;
            let Some(batch) = batch else { return Ok(()) };
            let sources = body.sources.clone();
            out.push(self.finish_batch(&batch, &sources)?);
            if text.is_empty() && !end {
                return Ok(());
            }
        }
    }

    fn finish_batch(
        &mut self,
        batch: &RecordBatch,
        sources: &[Option<usize>],
    ) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let mut columns = Vec::with_capacity(sources.len());
        for (at, field) in sources.iter().zip(self.csv.schema.fields()) {
            columns.push(match at {
                None => new_null_array(field.data_type(), rows),
                Some(at) => self.value(batch.column(*at), field)?,
            });
        }
        self.rows += rows as u64;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.csv.schema),
            columns,
            &options,
        )?)
    }

    fn value(&self, array: &ArrayRef, field: &Field) -> Result<ArrayRef> {
        let text = if self.as_text() {
            self.with_nulls(array, field)
        } else {
            Arc::clone(array)
        };
        if text.data_type() == field.data_type() {
            return Ok(text);
        }
        let options = CastOptions {
            safe: true,
            ..CastOptions::default()
        };
        let cast = cast_with_options(&text, field.data_type(), &options)?;
        let bad = (0..text.len()).find(|row| text.is_valid(*row) && cast.is_null(*row));
        match bad {
            None => Ok(cast),
            Some(row) => {
                let message = format!(
                    "\"{}\", row {}: \"{}\" is no {} (column \"{}\")",
                    self.csv.url,
                    self.rows + row as u64 + 1,
                    text.as_string_opt::<i32>().map_or("", |t| t.value(row)),
                    field.data_type(),
                    field.name()
                );
                Err(failure(errors::INVALID_FILE, message))
            }
        }
    }

    /// The reader takes empty fields for NULL; here only the given text is, and for other types than text an empty one.
    fn with_nulls(&self, array: &ArrayRef, field: &Field) -> ArrayRef {
        let source = array.as_string::<i32>();
        let mut out = StringBuilder::with_capacity(source.len(), source.values().len());
        let is_text = *field.data_type() == DataType::Utf8;
        for value in source {
            match value {
                Some(value) if value == self.csv.options.null_string => out.append_null(),
                Some(value) => out.append_value(value),
                None if is_text => out.append_value(""),
                None => out.append_null(),
            }
        }
        Arc::new(out.finish())
    }
}

impl Decoder for CsvDecoder {
    fn push(&mut self, text: &[u8], out: &mut Vec<RecordBatch>) -> Result<()> {
        let State::Header(seen) = &mut self.state else {
            return match text.is_empty() {
                true => Ok(()), // it would end a record
                false => self.decode(text, false, out),
            };
        };
        seen.extend_from_slice(text);
        if seen.len() < MAX_HEADER && !seen.contains(&b'\n') {
            return Ok(());
        }
        let text = std::mem::take(seen);
        let text = without_mark(&text);
        self.state = State::Body(Box::new(self.open(text)?));
        self.decode(text, false, out)
    }

    fn finish(&mut self, out: &mut Vec<RecordBatch>) -> Result<()> {
        if let State::Header(seen) = &mut self.state {
            let text = std::mem::take(seen);
            if text.is_empty() {
                return Ok(());
            }
            let text = without_mark(&text);
            self.state = State::Body(Box::new(self.open(text)?));
            self.decode(text, false, out)?;
        }
        self.decode(b"\n", false, out)?;
        self.decode(&[], true, out)
    }
}

/// Without the mark that some programs put before UTF-8.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The reader's messages without their oddities.
fn plain(text: &str, header: bool) -> String {
    let text = text.strip_prefix("Csv error: ").unwrap_or(text);
    let text = text.split(". Row data:").next().unwrap_or(text);
    // About a short or long row, it ends in a stray brace.
    if text.starts_with("incorrect number of fields") {
        return text.trim_end_matches('}').to_owned();
    }
    // About a value, it counts rows of data from zero, and the header among them.
    match text.rsplit_once(" at line ") {
        Some((what, number)) if let Ok(number) = number.parse::<u64>() => {
            format!("{what} in row {}", number + u64::from(!header))
        }
        _ => text.to_owned(),
    }
}
