//! Equality deletes: a row goes when its values in some columns are those of a row of the delete file. NULL is equal to
//! NULL. The planner lists only delete files that are newer than the data file.

use super::super::column::{Column, Conversion, Matching};
use super::super::convert;
use super::super::failures;
use super::super::location::Location;
use super::super::table::ScanContext;
use crate::errors::{self, failure, internal};
use crate::proto;
use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, RecordBatch, new_null_array};
use datafusion::arrow::datatypes::FieldRef;
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::TryStreamExt;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// The rows of one delete file.
pub struct Rows {
    columns: Vec<Column>,
    converter: RowConverter,
    rows: HashSet<OwnedRow>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows", self.rows.len())
    }
}

/// Reads a delete file; values become those of the table's columns of today.
pub async fn read(
    context: &ScanContext,
    store: Arc<dyn ObjectStore>,
    location: &Location,
    delete: &proto::DeleteFile,
) -> Result<Rows> {
    let url = location.url();
    let ids = &delete.equality_field_ids;
    let mut columns: Vec<Column> = Vec::new();
    let mut rows = HashSet::new();
    let mut converter = None;
    for_each(
        context,
        store,
        location,
        delete.bytes,
        |fields, batch, _| {
            if converter.is_none() {
                columns = ids
                    .iter()
                    .map(|id| column(context, *id, fields, &url))
                    .collect::<Result<_>>()?;
                converter = Some(RowConverter::new(sort_fields(&columns))?);
            }
            let known = converter.as_ref().expect("a converter");
            let arrays = values(&columns, fields, batch, &HashMap::new())?;
            let batch = known.convert_columns(&arrays)?;
            rows.extend(batch.iter().map(|row| row.owned()));
            Ok(())
        },
    )
    .await?;
    Ok(Rows {
        converter: match converter {
            Some(converter) => converter,
            None => RowConverter::new(vec![])?,
        },
        columns,
        rows,
    })
}

/// The positions in a data file of the rows that `deletes` take out.
pub async fn positions(
    context: &ScanContext,
    store: Arc<dyn ObjectStore>,
    file: &proto::DataFile,
    deletes: &[Arc<Rows>],
) -> Result<Vec<u64>> {
    let location = Location::parse(&file.path)?;
    let constants: HashMap<i32, ArrayRef> = file
        .constants
        .iter()
        .filter_map(|constant| {
            let column = context.columns.get(constant.column as usize)?;
            let value = convert::scalar(constant.value.as_ref()?, column.field.data_type())?;
            Some((column.id, value.to_array().ok()?))
        })
        .collect();
    let mut taken = Vec::new();
    for_each(
        context,
        store,
        &location,
        file.bytes,
        |fields, batch, start| {
            for deleted in deletes.iter().filter(|d| !d.rows.is_empty()) {
                let arrays = values(&deleted.columns, fields, batch, &constants)?;
                let rows = deleted.converter.convert_columns(&arrays)?;
                let gone = rows.iter().enumerate();
                let gone = gone.filter(|(_, row)| deleted.rows.contains(&row.owned()));
                taken.extend(gone.map(|(i, _)| start + i as u64));
            }
            Ok(())
        },
    )
    .await?;
    Ok(taken)
}

/// DataFusion's reader, whose box is no reader itself.
struct Reader(Box<dyn AsyncFileReader + Send>);

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.0.get_bytes(range)
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.0.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        self.0.get_metadata(options)
    }
}

/// Every batch of a file's top-level columns, with the position of its first row.
async fn for_each(
    context: &ScanContext,
    store: Arc<dyn ObjectStore>,
    location: &Location,
    bytes: u64,
    mut work: impl FnMut(&[FieldRef], &RecordBatch, u64) -> Result<()>,
) -> Result<()> {
    let url = location.url();
    let named = |e| failures::in_file(&url, "Parquet", e);
    let cache = context.engine.cache().get_file_metadata_cache();
    let readers = CachedParquetFileReaderFactory::new(store, cache);
    let file = PartitionedFile::new(location.object_path()?, bytes);
    let reader = readers.create_reader(0, file, None, &ExecutionPlanMetricsSet::new())?;
    let builder = ParquetRecordBatchStreamBuilder::new(Reader(reader))
        .await
        .map_err(|e| named(e.into()))?;
    let schema = Arc::clone(builder.schema());
    let mut stream = builder.build().map_err(|e| named(e.into()))?;
    let mut start = 0;
    while let Some(batch) = stream.try_next().await.map_err(|e| named(e.into()))? {
        work(schema.fields(), &batch, start)?;
        start += batch.num_rows() as u64;
    }
    Ok(())
}

/// The table's column of the id, or the delete file's own one when the table has dropped it.
fn column(context: &ScanContext, id: i32, fields: &[FieldRef], url: &str) -> Result<Column> {
    if let Some(column) = context.columns.iter().find(|c| c.id == id) {
        return Ok(column.clone());
    }
    let text = id.to_string();
    let field = fields
        .iter()
        .find(|f| f.metadata().get(PARQUET_FIELD_ID_META_KEY) == Some(&text))
        .ok_or_else(|| {
            let message = format!("equality deletes by a nested column (\"{url}\", field {id})");
            failure(errors::NOT_SUPPORTED, message)
        })?;
    let source = proto::ColumnSource {
        field_id: id,
        ..Default::default()
    };
    let field = Arc::new(field.as_ref().clone().with_nullable(true));
    Ok(Column::new(field.name().clone(), field, Some(&source)))
}

fn sort_fields(columns: &[Column]) -> Vec<SortField> {
    let kind = |c: &Column| SortField::new(c.field.data_type().clone());
    columns.iter().map(kind).collect()
}

/// The columns' values in a batch of a file.
fn values(
    columns: &[Column],
    fields: &[FieldRef],
    batch: &RecordBatch,
    constants: &HashMap<i32, ArrayRef>,
) -> Result<Vec<ArrayRef>> {
    let matching = Matching::of(true, fields);
    let rows = batch.num_rows();
    let value = |column: &Column| -> Result<ArrayRef> {
        let kind = column.field.data_type();
        if let Some(constant) = constants.get(&column.id) {
            let value = datafusion::common::ScalarValue::try_from_array(constant, 0)?;
            return value.to_array_of_size(rows);
        }
        match (matching.find(column, fields), &column.default) {
            (Some(at), _) => {
                let conversion = Conversion::plan(column, &fields[at], matching)?;
                conversion.apply(column, batch.column(at))
            }
            (None, Some(default)) => default.to_array_of_size(rows),
            (None, None) => Ok(new_null_array(kind, rows)),
        }
    };
    if columns.is_empty() {
        return Err(internal("an equality delete file without columns"));
    }
    columns.iter().map(value).collect()
}
