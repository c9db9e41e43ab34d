//! Position delete files: rows of (`file_path`, `pos`), for many data files in one.

use crate::errors::{self, failure};
use crate::scan::failures;
use crate::scan::location::{Location, normal_store};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Fields, Int32Type, Int64Type, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::HashMap;
use std::sync::Arc;

/// Reserved field ids of the Iceberg specification.
const FILE_PATH: i32 = 2_147_483_546;
const POSITION: i32 = 2_147_483_545;

/// The deleted positions of every data file that one delete file names.
#[derive(Debug, Default)]
pub struct FilePositions(HashMap<Location, Vec<u64>>);

impl FilePositions {
    /// Ascending.
    pub fn of(&self, file: &Location) -> &[u64] {
        self.0
            .get(&same_store(file.clone()))
            .map_or(&[], Vec::as_slice)
    }

    /// Rows of a path, as a dictionary, and a position.
    fn add(&mut self, paths: &ArrayRef, positions: &ArrayRef) -> Result<()> {
        let paths = paths.as_dictionary::<Int32Type>();
        let positions = positions.as_primitive::<Int64Type>();
        let (keys, names) = (paths.keys().values(), paths.values().as_string::<i32>());
        let mut row = 0;
        while row < keys.len() {
            // Rows are sorted by path: one lookup a run.
            let key = keys[row];
            let run = keys[row..].iter().take_while(|other| **other == key);
            let end = row + run.count();
            let path = Location::parse(names.value(key as usize))?;
            let known = self.0.entry(same_store(path)).or_default();
            known.extend(positions.values()[row..end].iter().map(|p| *p as u64));
            row = end;
        }
        Ok(())
    }
}

/// Iceberg writes a path as it was given: `file:/p`, `file:///p`, `/p`, `s3a://b/p` and `s3://b/p` are met side by side.
fn same_store(mut location: Location) -> Location {
    location.store = normal_store(&location.store);
    location
}

pub async fn read(store: Arc<dyn ObjectStore>, location: &Location) -> Result<FilePositions> {
    let url = location.url();
    let named = |e| failures::in_file(&url, "Parquet", e);
    try_read(store, location).await.map_err(named)
}

async fn try_read(store: Arc<dyn ObjectStore>, location: &Location) -> Result<FilePositions> {
    let path = location.object_path()?;
    let store_error = |e| failures::of_store(&location.url(), &e);
    let whole = store
        .get(&path)
        .await
        .map_err(store_error)?
        .bytes()
        .await
        .map_err(store_error)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(whole.clone())?;
    let columns = builder.parquet_schema().columns();
    let invalid = |what: &str| {
        let message = format!("\"{}\" is no position delete file: {what}", location.url());
        failure(errors::INVALID_FILE, message)
    };
    let column = |id: i32, name: &str| {
        let info = |i: &usize| columns[*i].self_type().get_basic_info().clone();
        (0..columns.len())
            .find(|i| info(i).has_id() && info(i).id() == id)
            .or_else(|| (0..columns.len()).find(|i| info(i).name() == name))
            .ok_or_else(|| invalid(&format!("it has no column {name}")))
    };
    let (path, position) = (column(FILE_PATH, "file_path")?, column(POSITION, "pos")?);
    let mask = ProjectionMask::leaves(builder.parquet_schema(), [path, position]);
    // Few paths stand in many rows: they are read as what they are written as.
    let options = ArrowReaderOptions::new().with_schema(with_dictionary(builder.schema()));
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(whole, options)?;
    let (path, position) = match path < position {
        true => (0, 1),
        false => (1, 0),
    };
    let mut all = FilePositions::default();
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        let paths = cast(batch.column(path), &path_type())?;
        let positions = cast(batch.column(position), &DataType::Int64)?;
        if paths.logical_null_count() > 0 || positions.null_count() > 0 {
            return Err(invalid("it has a NULL"));
        }
        all.add(&paths, &positions)?;
    }
    // As they should be already.
    all.0.values_mut().for_each(|rows| rows.sort_unstable());
    Ok(all)
}

fn path_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The columns of a file, texts as dictionaries.
fn with_dictionary(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Arc::new(field.as_ref().clone().with_data_type(path_type()))
        }
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new_with_metadata(
        fields.collect::<Fields>(),
        schema.metadata().clone(),
    ))
}
