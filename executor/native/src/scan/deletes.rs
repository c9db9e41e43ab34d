//! Iceberg's row-level deletes of one data file, as a selection of its rows.
//!
//! The planner lists under a data file the delete files that apply to it. A kind that is not understood is an error:
//! a delete that is passed over would bring rows back.

mod position;
mod vector;

use super::location::Location;
use super::table::ScanContext;
use crate::errors::{self, failure, internal};
use crate::proto::{self, FileFormat, delete_file::Kind};
use datafusion::common::Result;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use object_store::{ObjectMeta, ObjectStore};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// Which rows of a file are read; all of them if there is no selection.
#[derive(Debug, Default)]
pub struct RowFilter {
    pub selection: Option<RowSelection>,
}

type Positions = OnceCell<Arc<position::FilePositions>>;

/// Reads each delete file of a scan once.
pub struct Deletes {
    context: Arc<ScanContext>,
    positions: Mutex<HashMap<String, Arc<Positions>>>,
}

impl Deletes {
    pub fn new(context: Arc<ScanContext>) -> Self {
        Self {
            context,
            positions: Mutex::default(),
        }
    }

    pub async fn row_filter(
        &self,
        file: &proto::DataFile,
        meta: &ObjectMeta,
        store: &Arc<dyn ObjectStore>,
    ) -> Result<RowFilter> {
        if file.deletes.is_empty() {
            return Ok(RowFilter::default());
        }
        let mut deleted: Vec<u64> = Vec::new();
        for delete in &file.deletes {
            match Kind::try_from(delete.kind) {
                Ok(Kind::Position) => {
                    let all = self.positions(delete).await?;
                    let key = Location::parse(&file.path)?;
                    deleted.extend(all.of(&key).iter().copied());
                }
                Ok(Kind::DeletionVector) => {
                    let (store, location) = self.open(&delete.path)?;
                    deleted.extend(vector::read(&store, &location, delete).await?);
                }
                Ok(Kind::Equality) => {
                    let message = format!("equality delete files (\"{}\")", delete.path);
                    return Err(failure(errors::NOT_SUPPORTED, message));
                }
                Ok(Kind::Unspecified) | Err(_) => {
                    return Err(internal(format!(
                        "a delete file of no kind: \"{}\"",
                        delete.path
                    )));
                }
            }
        }
        let cache = self.context.engine.cache().get_file_metadata_cache();
        let footer = DFParquetMetadata::new(store.as_ref(), meta)
            .with_file_metadata_cache(Some(cache))
            .fetch_metadata()
            .await?;
        let rows = footer.file_metadata().num_rows() as u64;
        deleted.sort_unstable();
        deleted.dedup();
        let kept = kept(&deleted, rows);
        Ok(RowFilter {
            selection: Some(RowSelection::from_consecutive_ranges(
                kept.into_iter(),
                rows as usize,
            )),
        })
    }

    async fn positions(&self, delete: &proto::DeleteFile) -> Result<Arc<position::FilePositions>> {
        if FileFormat::try_from(delete.format) != Ok(FileFormat::Parquet) {
            let message = format!(
                "position delete files that are not Parquet (\"{}\")",
                delete.path
            );
            return Err(failure(errors::NOT_SUPPORTED, message));
        }
        let cell = {
            let mut all = self.positions.lock().expect("delete files");
            Arc::clone(all.entry(delete.path.clone()).or_default())
        };
        let read = || async {
            let (store, location) = self.open(&delete.path)?;
            Ok(Arc::new(position::read(store, &location).await?))
        };
        cell.get_or_try_init(read).await.cloned()
    }

    fn open(&self, url: &str) -> Result<(Arc<dyn ObjectStore>, Location)> {
        let location = Location::parse(url)?;
        Ok((
            self.context.engine.object_store(&location.store_url()?)?,
            location,
        ))
    }
}

/// The runs of rows between `deleted` (ascending, distinct). Positions past the end delete nothing.
fn kept(deleted: &[u64], rows: u64) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for &position in deleted.iter().take_while(|p| **p < rows) {
        if position > start {
            ranges.push(start as usize..position as usize);
        }
        start = position + 1;
    }
    if start < rows {
        ranges.push(start as usize..rows as usize);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn rows_between_deletes_are_kept() {
        assert_eq!(kept(&[0, 1, 4, 9, 20], 10), vec![2..4, 5..9]);
        assert_eq!(kept(&[], 2), vec![0..2]);
        assert!(kept(&[0], 1).is_empty());
    }
}
