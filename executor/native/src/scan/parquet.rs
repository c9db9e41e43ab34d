//! Parquet files as a source of DataFusion. A scan applies its filters itself, so that it can look at rows as they are
//! stored and convert only those that pass; what depends on a file is decided when the file is opened ([`super::open`]).
//!
//! It has no protobuf form, so a plan with it is refused by a serialiser instead of losing deletes or field ids.

use super::conditions::is_hint;
use super::deletes::Deletes;
use super::lineage;
use super::open::{Opening, TableMorselizer};
use super::selectivity::Selectivity;
use super::table::ScanContext;
use crate::errors::internal;
use datafusion::common::Result;
use datafusion::common::config::{ConfigOptions, TableParquetOptions};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{
    FileOpener, FileScanConfig, FileSource, ParquetSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{
    EquivalenceProperties, PhysicalExpr, PhysicalSortExpr, conjunction,
};
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::Morselizer;
use object_store::ObjectStore;
use std::fmt;
use std::sync::Arc;

/// The footer's usual size: one read finds it.
pub const FOOTER_HINT: usize = 64 << 10;

#[derive(Clone)]
pub struct ParquetTable {
    pub context: Arc<ScanContext>,
    pub deletes: Arc<Deletes>,
    pub selectivity: Arc<Selectivity>,
    /// Over the table's row. All but the hints are promised to the plan above.
    pub filters: Vec<Arc<dyn PhysicalExpr>>,
    pub order: Vec<PhysicalSortExpr>,
    pub batch_rows: usize,
    /// Holds the projection and describes the scan; files are read by sources of their own.
    inner: Arc<dyn FileSource>,
}

impl ParquetTable {
    pub fn new(context: Arc<ScanContext>) -> Self {
        let inner = ParquetSource::new(lineage::table_schema(&context.schema, &context.columns));
        Self {
            deletes: Arc::new(Deletes::new(Arc::clone(&context))),
            context,
            selectivity: Arc::default(),
            filters: Vec::new(),
            order: Vec::new(),
            batch_rows: 0,
            inner: Arc::new(inner),
        }
    }

    fn with_inner(&self, inner: Arc<dyn FileSource>) -> Self {
        Self {
            inner,
            ..self.clone()
        }
    }

    /// The library's source for one file whose rows are like `row`.
    pub fn file_source(&self, row: TableSchema, store: &Arc<dyn ObjectStore>) -> ParquetSource {
        let cache = self.context.engine.cache().get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(Arc::clone(store), cache);
        let mut options = TableParquetOptions::default();
        options.global.reorder_filters = true;
        ParquetSource::new(row)
            .with_table_parquet_options(options)
            .with_metadata_size_hint(FOOTER_HINT)
            .with_parquet_file_reader_factory(Arc::new(readers))
    }
}

impl FileSource for ParquetTable {
    fn create_file_opener(
        &self,
        _store: Arc<dyn ObjectStore>,
        _config: &FileScanConfig,
        _partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        Err(internal("Parquet files are read as morsels"))
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let opening = Opening::try_new(self.clone(), store, config.clone(), partition)?;
        Ok(Box::new(TableMorselizer(Arc::new(opening))))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self {
            batch_rows: batch_size,
            ..self.with_inner(self.inner.with_batch_size(batch_size))
        })
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        self.inner.fmt_extra(t, f)?;
        let deletes: usize = self
            .context
            .scan
            .files
            .iter()
            .map(|file| file.deletes.len())
            .sum();
        if deletes > 0 {
            write!(f, ", delete_files={deletes}")?;
        }
        Ok(())
    }

    /// Volatile filters stay above the scan: they are asked once for each row. Run-time filters are hints.
    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let answer = |filter: &Arc<dyn PhysicalExpr>| match is_volatile(filter) || is_hint(filter) {
            true => PushedDown::No,
            false => PushedDown::Yes,
        };
        let answers: Vec<PushedDown> = filters.iter().map(answer).collect();
        let mut table = self.clone();
        let taken = filters.into_iter().filter(|filter| !is_volatile(filter));
        table.filters.extend(taken);
        let answer = FilterPushdownPropagation::with_parent_pushdown_result(answers);
        if table.filters.len() == self.filters.len() {
            return Ok(answer);
        }
        let source = self.inner.downcast_ref::<ParquetSource>();
        let source = source.ok_or_else(|| internal("a table of no Parquet source"))?;
        table.inner = Arc::new(source.with_predicate(conjunction(table.filters.clone())));
        Ok(answer.with_updated_node(Arc::new(table) as _))
    }

    fn try_pushdown_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn FileSource>>> {
        let inner = self.inner.try_pushdown_projection(projection)?;
        Ok(inner.map(|inner| Arc::new(self.with_inner(inner)) as _))
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        use SortOrderPushdownResult as R;
        let wrap = |inner| {
            let mut table = self.with_inner(inner);
            table.order = order.to_vec();
            Arc::new(table) as Arc<dyn FileSource>
        };
        Ok(match self.inner.try_pushdown_sort(order, properties)? {
            R::Exact { inner } => R::Exact { inner: wrap(inner) },
            R::Inexact { inner } => R::Inexact { inner: wrap(inner) },
            R::Unsupported => R::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}
