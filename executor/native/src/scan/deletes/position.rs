//! Position delete files: rows of (`file_path`, `pos`), for many data files in one.

use crate::errors::{self, failure};
use crate::scan::failures;
use crate::scan::location::Location;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
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
    pub fn of(&self, file: &Location) -> &[u64] {
        self.0
            .get(&same_store(file.clone()))
            .map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let paths = cast(batch.column(0), &DataType::Utf8)?;
        let positions = cast(batch.column(1), &DataType::Int64)?;
        let (paths, positions) = (
            paths.as_string::<i32>(),
            positions.as_primitive::<Int64Type>(),
        );
        let mut row = 0;
        while row < paths.len() {
            // Rows are sorted by path: one lookup a run.
            let path = paths.value(row);
            let end = (row..paths.len())
                .find(|i| paths.value(*i) != path)
                .unwrap_or(paths.len());
            let known = self
                .0
                .entry(same_store(Location::parse(path)?))
                .or_default();
            known.extend((row..end).map(|i| positions.value(i) as u64));
            row = end;
        }
        Ok(())
    }
}

/// Iceberg writes a path as it was given: `file:/p`, `file:///p`, `/p`, `s3a://b/p` and `s3://b/p` are met side by side.
fn same_store(mut location: Location) -> Location {
    for alias in ["s3a://", "s3n://"] {
        if let Some(bucket) = location.store.strip_prefix(alias) {
            location.store = format!("s3://{bucket}");
        }
    }
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
    let builder = ParquetRecordBatchReaderBuilder::try_new(whole)?;
    let columns = builder.parquet_schema().columns();
    let column = |id: i32, name: &str| {
        let info = |i: &usize| columns[*i].self_type().get_basic_info().clone();
        (0..columns.len())
            .find(|i| info(i).has_id() && info(i).id() == id)
            .or_else(|| (0..columns.len()).find(|i| info(i).name() == name))
            .ok_or_else(|| {
                let message = format!(
                    "\"{}\" is no position delete file: it has no column {name}",
                    location.url()
                );
                failure(errors::INVALID_FILE, message)
            })
    };
    let (path, position) = (column(FILE_PATH, "file_path")?, column(POSITION, "pos")?);
    let mask = ProjectionMask::leaves(builder.parquet_schema(), [path, position]);
    let swapped = path > position;
    let mut all = FilePositions::default();
    for batch in builder.with_projection(mask).build()? {
        let batch = batch?;
        all.add(&if swapped {
            batch.project(&[1, 0])?
        } else {
            batch
        })?;
    }
    Ok(all)
}
