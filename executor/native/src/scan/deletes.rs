//! Iceberg's row-level deletes of one data file, as a selection of its rows.
//!
//! The planner lists under a data file the delete files that apply to it. A kind that is not understood is an error:
//! a delete that is passed over would bring rows back.

mod equality;
mod position;
mod vector;

use super::addresses;
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

type Once<T> = Mutex<HashMap<String, Arc<OnceCell<Arc<T>>>>>;

/// Reads each delete file of a scan once.
pub struct Deletes {
    context: Arc<ScanContext>,
    positions: Once<position::FilePositions>,
    /// By delete file.
    equal: Once<equality::Rows>,
    /// By data file.
    equal_positions: Once<Vec<u64>>,
}

impl Deletes {
    pub fn new(context: Arc<ScanContext>) -> Self {
        Self {
            context,
            positions: Mutex::default(),
            equal: Mutex::default(),
            equal_positions: Mutex::default(),
        }
    }

    /// `wanted` are addresses of rows, ascending; None = all rows.
    pub async fn row_filter(
        &self,
        file: &proto::DataFile,
        meta: &ObjectMeta,
        store: &Arc<dyn ObjectStore>,
        wanted: Option<&[i64]>,
    ) -> Result<RowFilter> {
        if file.deletes.is_empty() && wanted.is_none() {
            return Ok(RowFilter::default());
        }
        let mut deleted: Vec<u64> = Vec::new();
        let mut by_value = false;
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
                Ok(Kind::Inline) => {
                    deleted.extend(vector::of_message(&delete.vector, &file.path)?);
                }
                Ok(Kind::Equality) => by_value = true,
                Ok(Kind::Unspecified) | Err(_) => {
                    return Err(internal(format!(
                        "a delete file of no kind: \"{}\"",
                        delete.path
                    )));
                }
            }
        }
        if by_value {
            deleted.extend(self.equal(file, store).await?.iter().copied());
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
        let mut selection = RowSelection::from_consecutive_ranges(kept.into_iter(), rows as usize);
        if let Some(wanted) = wanted {
            selection = selection.intersection(&addresses::selection(wanted, file, rows as usize));
        }
        Ok(RowFilter {
            selection: Some(selection),
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
        let cell = once(&self.positions, &delete.path);
        let read = || async {
            let (store, location) = self.open(&delete.path)?;
            Ok(Arc::new(position::read(store, &location).await?))
        };
        cell.get_or_try_init(read).await.cloned()
    }

    /// The positions that equality deletes take out: found once for all pieces of the file.
    async fn equal(
        &self,
        file: &proto::DataFile,
        store: &Arc<dyn ObjectStore>,
    ) -> Result<Arc<Vec<u64>>> {
        let find = || async {
            let mut all = Vec::new();
            for delete in &file.deletes {
                if Kind::try_from(delete.kind) == Ok(Kind::Equality) {
                    all.push(self.equal_rows(delete).await?);
                }
            }
            let found = equality::positions(&self.context, Arc::clone(store), file, &all).await?;
            Ok(Arc::new(found))
        };
        once(&self.equal_positions, &file.path)
            .get_or_try_init(find)
            .await
            .cloned()
    }

    async fn equal_rows(&self, delete: &proto::DeleteFile) -> Result<Arc<equality::Rows>> {
        let read = || async {
            let (store, location) = self.open(&delete.path)?;
            let rows = equality::read(&self.context, store, &location, delete).await?;
            Ok(Arc::new(rows))
        };
        once(&self.equal, &delete.path)
            .get_or_try_init(read)
            .await
            .cloned()
    }

    fn open(&self, url: &str) -> Result<(Arc<dyn ObjectStore>, Location)> {
        let location = Location::parse(url)?;
        Ok((
            self.context.engine.object_store(&location.store_url()?)?,
            location,
        ))
    }
}

fn once<T>(all: &Once<T>, key: &str) -> Arc<OnceCell<Arc<T>>> {
    let mut all = all.lock().expect("delete files");
    Arc::clone(all.entry(key.to_owned()).or_default())
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
