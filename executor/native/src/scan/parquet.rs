//! Parquet files as a source of DataFusion: its `ParquetSource` with what a table adds to a file, decided per file when
//! it is opened: where its columns are, which of its rows are deleted, and whether to filter while decoding.
//!
//! ```text
//! piece of a file -> [stat, read its deletes] -> ParquetSource with the file's own adapter and row selection -> batches
//! ```
//! It has no protobuf form, so a plan with it is refused by a serialiser instead of losing deletes or field ids.

use super::adapter::FileAdapterFactory;
use super::addresses;
use super::convert;
use super::deletes::{Deletes, RowFilter};
use super::failures;
use super::lineage::{self, Inherited};
use super::selectivity::{Probe, Selectivity};
use super::table::{FileIndex, ScanContext};
use crate::errors::{self, failure, internal};
use crate::proto;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetRowSelection,
};
use datafusion::datasource::physical_plan::{
    FileOpener, FileScanConfig, FileSource, ParquetSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{ObjectStore, ObjectStoreExt};
use std::fmt;
use std::sync::Arc;

/// The footer's usual size: one read finds it.
const FOOTER_HINT: usize = 64 << 10;

#[derive(Clone)]
pub struct ParquetTable {
    context: Arc<ScanContext>,
    deletes: Arc<Deletes>,
    selectivity: Arc<Selectivity>,
    inner: Arc<dyn FileSource>,
}

impl ParquetTable {
    pub fn new(context: Arc<ScanContext>, store: Arc<dyn ObjectStore>) -> Self {
        let cache = context.engine.cache().get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(store, cache);
        let mut options = datafusion::common::config::TableParquetOptions::default();
        options.global.coerce_int96 = Some("us".to_owned());
        options.global.reorder_filters = true;
        let source = ParquetSource::new(lineage::table_schema(&context.schema, &context.columns))
            .with_table_parquet_options(options)
            .with_metadata_size_hint(FOOTER_HINT)
            .with_parquet_file_reader_factory(Arc::new(readers));
        let deletes = Arc::new(Deletes::new(Arc::clone(&context)));
        Self {
            deletes,
            context,
            selectivity: Arc::default(),
            inner: Arc::new(source),
        }
    }

    fn with_inner(&self, inner: Arc<dyn FileSource>) -> Self {
        Self {
            inner,
            ..self.clone()
        }
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
        Ok(Box::new(TableMorselizer(Arc::new(Opening {
            table: self.clone(),
            store,
            config: config.clone(),
            partition,
        }))))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(self.with_inner(self.inner.with_batch_size(batch_size)))
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

    /// Every filter stays above the scan, so that a file may decide for itself whether it filters while decoding.
    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let none = vec![PushedDown::No; filters.len()];
        let pushed = self.inner.try_pushdown_filters(filters, config)?;
        let answer = FilterPushdownPropagation::with_parent_pushdown_result(none);
        Ok(match pushed.updated_node {
            Some(inner) => answer.with_updated_node(Arc::new(self.with_inner(inner)) as _),
            None => answer,
        })
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
        let wrap = |inner| Arc::new(self.with_inner(inner)) as Arc<dyn FileSource>;
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

/// One partition's way of opening files.
struct Opening {
    table: ParquetTable,
    store: Arc<dyn ObjectStore>,
    config: FileScanConfig,
    partition: usize,
}

impl Opening {
    fn file(&self, piece: &PartitionedFile) -> Result<&proto::DataFile> {
        let index = piece.extension::<FileIndex>();
        let files = &self.table.context.scan.files;
        index
            .and_then(|index| files.get(index.0))
            .ok_or_else(|| internal("a piece of no file of the scan"))
    }

    /// Table formats never change a file, and asking a remote store for it costs a round trip. Others are looked at
    /// again, so that a footer in the cache is that of the file as it is now.
    fn is_known(&self, file: &proto::DataFile) -> bool {
        let remote = !file.path.starts_with("file:") && !file.path.starts_with('/');
        self.table.context.scan.by_field_id && file.bytes != 0 && remote
    }

    /// What must be known before the file can be read.
    async fn prepare(&self, piece: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let file = self.file(&piece)?;
        let wanted = addresses::wanted(&self.table.context, self.table.filter());
        let mut piece = piece;
        if !self.is_known(file) {
            let meta = self.store.head(&piece.object_meta.location).await;
            let meta = meta.map_err(|e| failures::of_store(&file.path, &e))?;
            if file.bytes != 0 && meta.size != file.bytes {
                let message = format!(
                    "\"{}\" is not the file that the query was planned for: it had {} bytes and has {}",
                    file.path, file.bytes, meta.size
                );
                return Err(failure(errors::INVALID_FILE, message));
            }
            piece.object_meta = meta;
        }
        let rows = self
            .table
            .deletes
            .row_filter(file, &piece.object_meta, &self.store, wanted.as_deref())
            .await?;
        self.plan(piece, rows)
    }

    fn plan(&self, mut piece: PartitionedFile, rows: RowFilter) -> Result<Box<dyn MorselPlanner>> {
        let file = self.file(&piece)?;
        let context = &self.table.context;
        let constants = file.constants.iter().filter_map(|constant| {
            let ordinal = constant.column as usize;
            let kind = context.schema.fields().get(ordinal)?.data_type();
            Some((ordinal, convert::scalar(constant.value.as_ref()?, kind)?))
        });
        let mut config = self.config.clone();
        config.expr_adapter_factory = Some(Arc::new(FileAdapterFactory {
            columns: Arc::clone(&context.columns),
            by_field_id: context.scan.by_field_id,
            constants: constants.collect(),
            inherited: Inherited {
                first_row_id: file.first_row_id,
                sequence_number: file.data_sequence_number,
            },
        }));
        if let Some(selection) = rows.selection {
            piece.extensions.insert(ParquetRowSelection::new(selection));
        }
        let mut source = Arc::clone(&self.table.inner);
        if let Some(parquet) = source.downcast_ref::<ParquetSource>()
            && self.table.selectivity.is_low()
        {
            source = Arc::new(parquet.clone().with_pushdown_filters(true));
        }
        let store = Arc::clone(&self.store);
        let morsels = source.create_morselizer(store, &config, self.partition)?;
        morsels.plan_file(piece)
    }

    fn probe(&self) -> Option<Probe> {
        if self.table.selectivity.is_low() {
            return None;
        }
        Probe::new(
            &self.table.selectivity,
            self.table.filter()?,
            self.table.projection()?,
        )
    }
}

struct TableMorselizer(Arc<Opening>);

impl fmt::Debug for TableMorselizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableMorselizer({})", self.0.partition)
    }
}

impl Morselizer for TableMorselizer {
    fn plan_file(&self, piece: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let file = self.0.file(&piece)?;
        let url = Arc::from(file.path.as_str());
        let plain = file.deletes.is_empty() && !addresses::may_be_wanted(&self.0.table.context);
        let step = if self.0.is_known(file) && plain {
            Step::Ready(self.0.plan(piece, RowFilter::default())?)
        } else {
            Step::Unprepared(Arc::clone(&self.0), Box::new(piece))
        };
        Ok(Box::new(FilePlanner {
            url,
            probe: self.0.probe(),
            step,
        }))
    }
}

enum Step {
    Unprepared(Arc<Opening>, Box<PartitionedFile>),
    Ready(Box<dyn MorselPlanner>),
}

/// Plans one file; every error it meets names the file.
struct FilePlanner {
    url: Arc<str>,
    /// Looks at the file's first rows.
    probe: Option<Probe>,
    step: Step,
}

impl fmt::Debug for FilePlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilePlanner({})", self.url)
    }
}

impl MorselPlanner for FilePlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let (url, probe) = (self.url, self.probe);
        let inner = match self.step {
            Step::Ready(inner) => inner,
            Step::Unprepared(opening, piece) => {
                return Ok(Some(MorselPlan::new().with_pending_planner(async move {
                    let prepared = opening.prepare(*piece).await;
                    wrap(&url, &probe, prepared)
                })));
            }
        };
        let Some(mut plan) = inner
            .plan()
            .map_err(|e| failures::in_file(&url, "Parquet", e))?
        else {
            return Ok(None);
        };
        let mut out = MorselPlan::new();
        let morsels = plan.take_morsels();
        if !morsels.is_empty() {
            let named = |inner| {
                let (url, probe) = (Arc::clone(&url), probe.clone());
                Box::new(FileMorsel { url, probe, inner }) as _
            };
            out = out.with_morsels(morsels.into_iter().map(named).collect());
        }
        let planners = plan.take_ready_planners().into_iter();
        out = out.with_planners(
            planners
                .map(|p| wrap(&url, &probe, Ok(p)))
                .collect::<Result<_>>()?,
        );
        if let Some(pending) = plan.take_pending_planner() {
            out.set_pending_planner(async move { wrap(&url, &probe, pending.await) });
        }
        Ok(Some(out))
    }
}

fn wrap(
    url: &Arc<str>,
    probe: &Option<Probe>,
    inner: Result<Box<dyn MorselPlanner>>,
) -> Result<Box<dyn MorselPlanner>> {
    let inner = inner.map_err(|e| failures::in_file(url, "Parquet", e))?;
    let (url, probe) = (Arc::clone(url), probe.clone());
    Ok(Box::new(FilePlanner {
        url,
        probe,
        step: Step::Ready(inner),
    }))
}

#[derive(Debug)]
struct FileMorsel {
    url: Arc<str>,
    probe: Option<Probe>,
    inner: Box<dyn Morsel>,
}

impl Morsel for FileMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let (url, mut probe) = (self.url, self.probe);
        self.inner
            .into_stream()
            .map(move |batch| {
                if let Ok(batch) = &batch
                    && let Some(probe) = probe.take_if(|_| batch.num_rows() > 0)
                {
                    probe.look(batch);
                }
                batch.map_err(|e| failures::in_file(&url, "Parquet", e))
            })
            .boxed()
    }
}
