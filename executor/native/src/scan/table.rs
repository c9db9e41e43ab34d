//! A set of files as a table of DataFusion.

use super::column::Column;
use super::location::Location;
use super::parquet::ParquetTable;
use super::statistics;
use super::text::TextSource;
use crate::engine::Engine;
use crate::errors;
use crate::proto::{self, FileFormat};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use object_store::ObjectMeta;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Byte ranges are not cut smaller than this; a range reads the row groups whose middle lies in it.
const MIN_PIECE: u64 = 8 << 20;
/// Pieces per partition: partitions that finish early take over pieces of the others.
const PIECES: u64 = 4;

/// The position of a piece's file in [`proto::FileScan::files`].
#[derive(Debug, Clone, Copy)]
pub struct FileIndex(pub usize);

/// What every reader of a scan shares. The message is the scan's serial form.
pub struct ScanContext {
    pub engine: Arc<Engine>,
    pub scan: proto::FileScan,
    pub columns: Arc<[Column]>,
    pub schema: SchemaRef,
}

impl fmt::Debug for ScanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files", self.scan.files.len())
    }
}

#[derive(Debug)]
pub struct FileTable {
    context: Arc<ScanContext>,
    format: FileFormat,
    statistics: Vec<Arc<Statistics>>,
    total: Statistics,
}

impl FileTable {
    pub fn try_new(context: ScanContext) -> Result<Self> {
        let format = match FileFormat::try_from(context.scan.format) {
            Ok(
                format @ (FileFormat::Parquet
                | FileFormat::Csv
                | FileFormat::Json
                | FileFormat::Arrow),
            ) => format,
            _ => return Err(errors::internal("a file scan without a format")),
        };
        let files = &context.scan.files;
        let statistics = files
            .iter()
            .map(|file| Arc::new(statistics::of_file(file, &context.schema)))
            .collect::<Vec<_>>();
        let total = statistics::of_all(&statistics, &context.schema)?;
        Ok(Self {
            context: Arc::new(context),
            format,
            statistics,
            total,
        })
    }

    fn piece(&self, index: usize, location: &Location) -> Result<PartitionedFile> {
        let file = &self.context.scan.files[index];
        let meta = ObjectMeta {
            location: location.object_path()?,
            last_modified: Default::default(),
            size: file.bytes,
            e_tag: None,
            version: None,
        };
        let mut piece = PartitionedFile::new_from_meta(meta).with_extension(FileIndex(index));
        piece.statistics = Some(Arc::clone(&self.statistics[index]));
        Ok(piece)
    }

    /// Pieces of similar size, dealt out to at most `partitions` groups of similar size.
    fn groups(&self, files: &[(usize, Location)], partitions: usize) -> Result<Vec<FileGroup>> {
        let sizes = files.iter().map(|(i, _)| self.context.scan.files[*i].bytes);
        let total: u64 = sizes.sum();
        let limit = (total / (partitions as u64 * PIECES).max(1)).max(MIN_PIECE);
        let mut pieces = Vec::with_capacity(files.len());
        for (index, location) in files {
            let piece = self.piece(*index, location)?;
            let size = piece.object_meta.size;
            if self.format != FileFormat::Parquet || size <= limit + limit / 2 {
                pieces.push(piece);
                continue;
            }
            let count = size.div_ceil(limit);
            for n in 0..count {
                let (start, end) = (size * n / count, size * (n + 1) / count);
                pieces.push(piece.clone().with_range(start as i64, end as i64));
            }
        }
        let partitions = partitions.min(pieces.len()).max(1);
        let mut groups = vec![(0u64, FileGroup::default()); partitions];
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.effective_size()));
        for piece in pieces {
            let smallest = groups.iter_mut().min_by_key(|(size, _)| *size);
            let (size, group) = smallest.expect("at least one group");
            *size += piece.effective_size() + 1;
            group.push(piece);
        }
        Ok(groups.into_iter().map(|(_, group)| group).collect())
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.context.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Filters prune files, row groups and pages, and may drop rows early; they stay above the scan.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.total.clone())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let limit = limit.filter(|_| filters.is_empty());
        let mut stores: BTreeMap<String, Vec<(usize, Location)>> = BTreeMap::new();
        for (index, file) in self.context.scan.files.iter().enumerate() {
            let location = Location::parse(&file.path)?;
            stores
                .entry(location.store.clone())
                .or_default()
                .push((index, location));
        }
        let projected: SchemaRef = match projection {
            Some(columns) => Arc::new(self.context.schema.project(columns)?),
            None => Arc::clone(&self.context.schema),
        };
        let one_store = stores.len() == 1;
        let mut plans = Vec::with_capacity(stores.len());
        for files in stores.into_values() {
            let url = files[0].1.object_store_url()?;
            let partitions = state.config().target_partitions();
            let groups = self.groups(&files, partitions)?;
            let source: Arc<dyn FileSource> = match self.format {
                FileFormat::Parquet => Arc::new(ParquetTable::new(Arc::clone(&self.context))),
                _ => Arc::new(TextSource::new(
                    Arc::clone(&self.context),
                    self.format,
                    projection.cloned(),
                    Arc::clone(&projected),
                )),
            };
            let mut builder = FileScanConfigBuilder::new(url, source)
                .with_file_groups(groups)
                .with_limit(limit);
            if self.format == FileFormat::Parquet {
                let all = if one_store {
                    self.total.clone()
                } else {
                    Statistics::new_unknown(&self.context.schema)
                };
                builder = builder
                    .with_statistics(all)
                    .with_projection_indices(projection.cloned())?;
            } else {
                builder = builder.with_statistics(self.total.clone().project(projection));
            }
            plans.push(DataSourceExec::from_data_source(builder.build()) as Arc<dyn ExecutionPlan>);
        }
        match plans.len() {
            0 => Ok(Arc::new(EmptyExec::new(projected))),
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }
}

/// The table's columns with where they come from. Names in files are those of the messages: `schema` may have renamed
/// columns to tell them apart.
pub fn columns(
    schema: &Schema,
    named: &[proto::Field],
    sources: &[proto::ColumnSource],
) -> Arc<[Column]> {
    let column = |(i, field): (usize, &FieldRef)| {
        let name = named.get(i).map_or(field.name(), |f| &f.name);
        Column::new(name.clone(), Arc::clone(field), sources.get(i))
    };
    schema.fields().iter().enumerate().map(column).collect()
}
