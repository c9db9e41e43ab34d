//! Iceberg's row-level deletes of one data file, and which of its rows are read then.
//!
//! The planner lists under a data file the delete files that apply to it. A kind that is not understood is an error:
//! a delete that is passed over would bring rows back.

mod equality;
mod kept;
mod position;
mod vector;

use super::addresses;
use super::location::Location;
use super::table::ScanContext;
use crate::errors::{self, failure, internal};
use crate::proto::{self, FileFormat, delete_file::Kind};
use datafusion::common::Result;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use object_store::ObjectStore;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

pub use kept::{Kept, KeptRows};

/// Runs of rows that are shorter on average cost the reader more than rows that are decoded in vain. It decodes all then,
/// too, and takes the deleted ones out by a copy of the others.
const SHORT_RUN: u64 = 32;

type Once<T> = Mutex<HashMap<String, Arc<OnceCell<Arc<T>>>>>;

/// What is left of some row groups.
#[derive(Clone)]
pub struct Left {
    access: ParquetAccessPlan,
    /// Given when deleted rows lie close to each other.
    pub scattered: Option<Arc<Kept>>,
}

impl Left {
    /// Of the row groups exactly the rows that are left.
    pub fn exact(self) -> ParquetAccessPlan {
        self.access
    }

    /// Whole row groups, for one who knows which rows are [kept](Self::scattered).
    pub fn whole(self) -> ParquetAccessPlan {
        let groups = self.access.into_inner().into_iter();
        let whole = groups.map(|group| match group {
            RowGroupAccess::Skip => RowGroupAccess::Skip,
            RowGroupAccess::Scan | RowGroupAccess::Selection(_) => RowGroupAccess::Scan,
        });
        ParquetAccessPlan::new(whole.collect())
    }
}

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

    /// The rows that are left in those row groups of a file that begin in `range`; None = all of its rows. `wanted` are
    /// addresses of rows, ascending; None = all rows.
    pub async fn left(
        &self,
        file: &proto::DataFile,
        footer: &ParquetMetaData,
        range: &Range<i64>,
        store: &Arc<dyn ObjectStore>,
        wanted: Option<&[i64]>,
    ) -> Result<Option<Left>> {
        if file.deletes.is_empty() && wanted.is_none() {
            return Ok(None);
        }
        let mut start: u64 = 0;
        let groups: Vec<Option<Range<u64>>> = footer
            .row_groups()
            .iter()
            .map(|group| {
                let rows = start..start.saturating_add(group.num_rows().max(0) as u64);
                start = rows.end;
                range.contains(&first_byte(group)).then_some(rows)
            })
            .collect();
        let mut own = groups.iter().flatten();
        let Some(first) = own.next() else {
            let access = ParquetAccessPlan::new_none(groups.len());
            let scattered = None;
            return Ok(Some(Left { access, scattered }));
        };
        let rows = first.start..own.last().unwrap_or(first).end;
        let deleted = self.deleted(&rows, file, store).await?;
        let wanted = wanted.map(|addresses| addresses::positions(addresses, file.first_row_id));
        let access = groups.iter().map(|group| match group {
            Some(rows) => row_group(rows, &deleted, wanted.as_deref()),
            None => RowGroupAccess::Skip,
        });
        let access = ParquetAccessPlan::new(access.collect());
        let scattered = (wanted.is_none() && are_scattered(&rows, &deleted))
            .then(|| Arc::new(Kept::new(rows, &deleted)));
        Ok(Some(Left { access, scattered }))
    }

    /// The deleted ones of some rows of a file, ascending and distinct.
    async fn deleted(
        &self,
        rows: &Range<u64>,
        file: &proto::DataFile,
        store: &Arc<dyn ObjectStore>,
    ) -> Result<Vec<u64>> {
        let mut deleted: Vec<u64> = Vec::new();
        let mut add = |all: &[u64]| deleted.extend(all.iter().filter(|p| rows.contains(p)));
        let mut by_value = false;
        for delete in &file.deletes {
            match Kind::try_from(delete.kind) {
                Ok(Kind::Position) => {
                    let all = self.positions(delete).await?;
                    let key = Location::parse(&file.path)?;
                    add(within(rows, all.of(&key)));
                }
                Ok(Kind::DeletionVector) => {
                    let (store, location) = self.open(&delete.path)?;
                    add(&vector::read(&store, &location, delete).await?);
                }
                Ok(Kind::Inline) => {
                    add(&vector::of_message(&delete.vector, &file.path)?);
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
            add(self.equal(file, store).await?.as_slice());
        }
        deleted.sort_unstable();
        deleted.dedup();
        Ok(deleted)
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

/// By this the reader tells whether a row group belongs to a range of its file.
pub fn first_byte(group: &RowGroupMetaData) -> i64 {
    group.columns().first().map_or(0, |column| {
        column
            .dictionary_page_offset()
            .unwrap_or_else(|| column.data_page_offset())
    })
}

/// What is read of the row group that has the rows `rows` of its file. Positions are ascending.
fn row_group(rows: &Range<u64>, deleted: &[u64], wanted: Option<&[u64]>) -> RowGroupAccess {
    let deleted = within(rows, deleted);
    let ranges = match wanted {
        None if deleted.is_empty() => return RowGroupAccess::Scan,
        None => kept(rows, deleted),
        Some(wanted) => within(rows, wanted)
            .iter()
            .filter(|position| deleted.binary_search(position).is_err())
            .map(|position| *position..position + 1)
            .collect(),
    };
    if ranges.is_empty() {
        return RowGroupAccess::Skip;
    }
    let own = |position: u64| (position - rows.start) as usize;
    let ranges = ranges.iter().map(|range| own(range.start)..own(range.end));
    let selection = RowSelection::from_consecutive_ranges(ranges, own(rows.end));
    RowGroupAccess::Selection(selection)
}

fn within<'a>(rows: &Range<u64>, positions: &'a [u64]) -> &'a [u64] {
    let from = positions.partition_point(|position| *position < rows.start);
    let to = positions.partition_point(|position| *position < rows.end);
    &positions[from..to]
}

/// `deleted` are some of `rows`, ascending and distinct.
fn are_scattered(rows: &Range<u64>, deleted: &[u64]) -> bool {
    let gaps = deleted.windows(2).filter(|two| two[0] + 1 < two[1]).count() as u64;
    let left = rows.end - rows.start - deleted.len() as u64;
    left < (gaps + 1).saturating_mul(SHORT_RUN)
}

/// The runs of `rows` between `deleted`, ascending and distinct ones of them.
fn kept(rows: &Range<u64>, deleted: &[u64]) -> Vec<Range<u64>> {
    let mut ranges = Vec::with_capacity(deleted.len() + 1);
    let mut start = rows.start;
    for position in deleted {
        if *position > start {
            ranges.push(start..*position);
        }
        start = position + 1;
    }
    if start < rows.end {
        ranges.push(start..rows.end);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::{RowGroupAccess, RowSelection, row_group};

    fn read(rows: std::ops::Range<u64>, deleted: &[u64], wanted: Option<&[u64]>) -> String {
        match row_group(&rows, deleted, wanted) {
            RowGroupAccess::Skip => "none".into(),
            RowGroupAccess::Scan => "all".into(),
            RowGroupAccess::Selection(rows) => selected(&rows),
        }
    }

    fn selected(rows: &RowSelection) -> String {
        let parts = rows.iter().map(|part| match part.skip {
            true => "-".repeat(part.row_count),
            false => "x".repeat(part.row_count),
        });
        parts.collect()
    }

    #[test]
    fn rows_between_deletes_are_read() {
        assert_eq!(read(0..10, &[0, 1, 4, 9, 20], None), "--xx-xxxx-");
        assert_eq!(read(10..15, &[0, 9, 12, 15], None), "xx-xx");
        assert_eq!(read(10..15, &[9, 15], None), "all");
        assert_eq!(read(0..0, &[], None), "all");
        assert_eq!(read(3..5, &[3, 4], None), "none");
    }

    #[test]
    fn of_wanted_rows_those_are_read_that_are_not_deleted() {
        assert_eq!(read(10..15, &[12, 13], Some(&[2, 10, 12, 14, 15])), "x---x");
        assert_eq!(read(10..15, &[], Some(&[11])), "-x---");
        assert_eq!(read(10..15, &[11], Some(&[11])), "none");
        assert_eq!(read(10..15, &[], Some(&[])), "none");
    }
}
