//! Which files a path names, and what their columns are.
//!
//! ```text
//! path, folder or glob -> list (glob, listing) -> footer or sample of each file -> union of columns, statistics
//! ```

mod arrow;
mod footer;
mod glob;
mod listing;
mod sample;

use super::convert;
use crate::engine::Engine;
use crate::errors::{self, failure};
use crate::proto::{self, FileFormat};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use futures::{StreamExt, TryStreamExt};
use listing::Listed;
use std::sync::Arc;

/// Files looked at at once.
const CONCURRENT: usize = 16;
const SAMPLE_ROWS: usize = 10_000;
/// CSV and JSON: files beyond these are assumed to have the columns of the first ones.
const SAMPLED_FILES: usize = 32;

/// What one file says of itself.
struct Inspected {
    fields: Vec<Field>,
    file: proto::DataFile,
    /// Bounds by position in `fields`.
    bounds: Vec<proto::ColumnStatistics>,
}

/// Runs on the engine's runtime.
pub async fn inspect(
    engine: &Engine,
    request: proto::InspectFilesRequest,
) -> Result<proto::InspectFilesResponse> {
    let format = FileFormat::try_from(request.format).unwrap_or_default();
    let mut files = listing::list(engine, format, &request.paths).await?;
    files.sort_by(|a, b| a.url.cmp(&b.url));
    files.dedup_by(|a, b| a.url == b.url);
    let options = request.options.clone().unwrap_or_default();
    let rows = match request.sample_rows {
        0 => SAMPLE_ROWS,
        rows => rows as usize,
    };
    let look = |(index, listed): (usize, Listed)| {
        let options = &options;
        async move {
            match format {
                FileFormat::Parquet => footer::inspect(engine, listed).await,
                FileFormat::Csv | FileFormat::Json if index < SAMPLED_FILES => {
                    sample::inspect(listed, format, options, rows).await
                }
                FileFormat::Csv | FileFormat::Json => Ok(listed.unread()),
                FileFormat::Arrow => arrow::inspect(listed).await,
                FileFormat::Unspecified => Err(errors::internal("files without a format")),
            }
        }
    };
    let versions = files.iter().map(Listed::version).collect();
    let inspected: Vec<Inspected> = futures::stream::iter(files.into_iter().enumerate())
        .map(look)
        .buffered(CONCURRENT)
        .try_collect()
        .await?;
    let mut columns = Union {
        text: matches!(format, FileFormat::Csv | FileFormat::Json),
        cased: format == FileFormat::Json,
        ..Union::default()
    };
    let mut out = Vec::with_capacity(inspected.len());
    for mut one in inspected {
        let places = columns.add(&one)?;
        for mut bound in one.bounds {
            if let Some(place) = places[bound.column as usize] {
                bound.column = place as u32;
                one.file.statistics.push(bound);
            }
        }
        out.push(one.file);
    }
    if columns.fields.is_empty()
        && let Some(first) = out.first()
    {
        let message = format!("\"{}\" has no columns: it is empty", first.path);
        return Err(failure(errors::INVALID_FILE, message));
    }
    let field = |f: &Field| f.clone().with_data_type(known(f.data_type()));
    let columns = columns
        .fields
        .iter()
        .map(|f| convert::field_to_proto(&field(f)));
    Ok(proto::InspectFilesResponse {
        columns: columns.collect::<Result<_>>()?,
        files: out,
        versions,
    })
}

/// Columns of all files by name, each in a type that holds every file's values.
#[derive(Default)]
struct Union {
    fields: Vec<Field>,
    files: usize,
    /// Text formats: what is a number in one file may be text in another.
    text: bool,
    /// JSON: names are what they are, as the text is decoded by them.
    cased: bool,
}

impl Union {
    /// For each of the file's columns its place in the union, or nothing where the type became another than the file's.
    fn add(&mut self, one: &Inspected) -> Result<Vec<Option<usize>>> {
        let mut places = Vec::with_capacity(one.fields.len());
        let mut seen = vec![false; self.fields.len()];
        for field in &one.fields {
            let free = |at: &usize| !seen[*at];
            let exact = (0..seen.len())
                .filter(free)
                .find(|at| self.fields[*at].name() == field.name());
            let any = || {
                if self.cased {
                    return None;
                }
                let same = |at: &usize| self.fields[*at].name().eq_ignore_ascii_case(field.name());
                (0..seen.len()).filter(free).find(same)
            };
            let Some(at) = exact.or_else(any) else {
                if self.fields[seen.len()..]
                    .iter()
                    .any(|f| f.name() == field.name())
                {
                    let message = format!(
                        "\"{}\" has two columns named \"{}\"",
                        one.file.path,
                        field.name()
                    );
                    return Err(failure(errors::INVALID_FILE, message));
                }
                let nullable = field.is_nullable() || self.files > 0;
                places.push(Some(self.fields.len()));
                self.fields.push(field.clone().with_nullable(nullable));
                continue;
            };
            seen[at] = true;
            let known = &self.fields[at];
            let Some(kind) = convert::common(known.data_type(), field.data_type(), self.text)
            else {
                let message = format!(
                    "column \"{}\" is {} in \"{}\" and {} in a file before it",
                    field.name(),
                    field.data_type(),
                    one.file.path,
                    known.data_type()
                );
                return Err(failure(errors::INVALID_FILE, message));
            };
            places.push((kind == *field.data_type()).then_some(at));
            let nullable = known.is_nullable() || field.is_nullable();
            self.fields[at] = Field::new(known.name(), kind, nullable);
        }
        // Columns that this file lacks.
        let unread = one.fields.is_empty() && self.files > 0;
        for (field, seen) in self.fields.iter_mut().zip(seen) {
            if !seen && !unread {
                *field = field.clone().with_nullable(true);
            }
        }
        self.files += 1;
        Ok(places)
    }
}

/// What nothing is known of is VARCHAR, at any depth.
fn known(kind: &DataType) -> DataType {
    let field = |f: &Field| Arc::new(f.clone().with_data_type(known(f.data_type())));
    match kind {
        DataType::Null => DataType::Utf8,
        DataType::List(e) => DataType::List(field(e)),
        DataType::FixedSizeList(e, size) => DataType::FixedSizeList(field(e), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|f| field(f)).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        other => other.clone(),
    }
}
