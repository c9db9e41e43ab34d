//! How one piece of a Parquet file is opened and read.
//!
//! ```text
//! piece -> [prune by statistics, stat, deletes, footer] -> row groups -> ParquetSource over the file's own columns
//!                                                                              | decoded rows
//!                                                                              v
//!                                                      conditions -> conversions -> the table's rows
//! ```
//! While nobody knows how selective the run-time filters of a scan are, the first row group of a piece is read alone: it
//! tells whether the reader should filter while it decodes the others.

use super::adapter::FileAdapter;
use super::addresses;
use super::conditions::{Conditions, is_hint};
use super::convert;
use super::deletes::{KeptRows, Left, first_byte};
use super::failures;
use super::layout;
use super::lineage::{self, Inherited};
use super::nan::leaves_nan_out;
use super::parquet::{FOOTER_HINT, ParquetTable};
use super::per_value;
use super::rows::{Measures, Rows};
use super::table::FileIndex;
use crate::errors::{self, failure, internal};
use crate::proto;
use crate::short_circuit;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{
    ParquetFileMetrics, can_expr_be_pushed_down_with_schemas,
};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::simplifier::PhysicalExprSimplifier;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{
    EquivalenceProperties, PhysicalExpr, PhysicalSortExpr, conjunction, conjunction_opt,
    split_conjunction,
};
use datafusion::physical_optimizer::pruning::FilePruner;
use datafusion::physical_plan::SortOrderPushdownResult;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Batches without a row for the query that are read before others get a turn.
const TURN: usize = 16;

/// One partition's way of opening files.
pub struct Opening {
    table: ParquetTable,
    store: Arc<dyn ObjectStore>,
    config: FileScanConfig,
    partition: usize,
    projection: ProjectionExprs,
    /// Of the batches handed upwards.
    schema: SchemaRef,
    conjuncts: Vec<Arc<dyn PhysicalExpr>>,
    /// Those of them that may be asked of a file's statistics, if there are any.
    prunes: Option<Arc<dyn PhysicalExpr>>,
    /// Columns are handed upwards that no condition reads, so that a reader which filters has something to skip.
    skips: bool,
    measures: Measures,
}

impl Opening {
    pub fn try_new(
        table: ParquetTable,
        store: Arc<dyn ObjectStore>,
        config: FileScanConfig,
        partition: usize,
    ) -> Result<Self> {
        let projection = table.projection().cloned();
        let projection = projection.ok_or_else(|| internal("a Parquet scan of no columns"))?;
        let row = table.table_schema().table_schema();
        let schema = Arc::new(projection.project_schema(row)?);
        let conjuncts: Vec<_> = table
            .filters
            .iter()
            .flat_map(|filter| split_conjunction(filter))
            .cloned()
            .collect();
        let prunes = conjuncts.iter().filter(|c| leaves_nan_out(c, row));
        let prunes = conjunction_opt(prunes.cloned());
        let read_first: BTreeSet<usize> = conjuncts.iter().flat_map(columns_of).collect();
        let handed_up = projection.iter().flat_map(|part| columns_of(&part.expr));
        let skips = handed_up.into_iter().any(|n| !read_first.contains(&n));
        let metrics = table.metrics().clone();
        let measures = Measures {
            rows_decoded: MetricBuilder::new(&metrics).counter("rows_decoded", partition),
            filter_time: MetricBuilder::new(&metrics).subset_time("filter_time", partition),
        };
        Ok(Self {
            table,
            store,
            config,
            partition,
            projection,
            schema,
            conjuncts,
            prunes,
            skips,
            measures,
        })
    }

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

    /// What must be known before the piece can be read; nothing if no row of its file can pass.
    async fn prepare(&self, mut piece: PartitionedFile) -> Result<Option<Prepared>> {
        let file = self.file(&piece)?;
        if self.is_pruned(&piece)? {
            return Ok(None);
        }
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
        let cache = self.table.context.engine.cache().get_file_metadata_cache();
        let footer = DFParquetMetadata::new(self.store.as_ref(), &piece.object_meta)
            .with_metadata_size_hint(Some(FOOTER_HINT))
            .with_file_metadata_cache(Some(cache))
            .fetch_metadata()
            .await?;
        let wanted = addresses::wanted(&self.table.context, self.table.filter());
        let left = self
            .table
            .deletes
            .left(
                file,
                &footer,
                &bytes_of(&piece),
                &self.store,
                wanted.as_deref(),
            )
            .await?;
        piece.statistics = None;
        Ok(Some(Prepared {
            piece,
            footer,
            left,
        }))
    }

    /// Whether the statistics of the piece's file exclude every row, with the run-time filters as they are now.
    fn is_pruned(&self, piece: &PartitionedFile) -> Result<bool> {
        let Some(filter) = self.prunes.clone() else {
            return Ok(false);
        };
        let schema = self.table.table_schema().file_schema();
        let Some(mut pruner) = FilePruner::try_new(filter, schema, piece, Count::new()) else {
            return Ok(false);
        };
        let pruned = pruner.should_prune()?;
        if pruned {
            let name = piece.object_meta.location.as_ref();
            ParquetFileMetrics::new(self.partition, name, self.table.metrics())
                .files_ranges_pruned_statistics
                .add_pruned(1);
        }
        Ok(pruned)
    }

    /// Nobody knows yet what the run-time filters of this scan do.
    fn should_scout(&self) -> bool {
        self.skips && self.conjuncts.iter().any(is_hint) && !self.table.selectivity.is_known()
    }

    /// The reader of the prepared row groups.
    fn open(&self, prepared: Prepared) -> Result<Open> {
        let Prepared {
            mut piece,
            footer,
            left,
        } = prepared;
        let file = self.file(&piece)?;
        let context = &self.table.context;
        let cheap = self.conjuncts.iter().any(|c| !is_hint(c));
        let own = layout::decoded(&footer, cheap)?;
        let filters = self.skips && self.table.selectivity.is_low();
        let kept = left.as_ref().and_then(|left| left.scattered.clone());
        let kept = kept.filter(|_| !filters);
        if let Some(left) = left {
            piece.extensions.insert(match kept {
                Some(_) => left.whole(),
                None => left.exact(),
            });
        }
        let mut virtual_columns = self.table.table_schema().virtual_columns().to_vec();
        if kept.is_some() && virtual_columns.is_empty() {
            virtual_columns.push(lineage::position_beside(&own));
        }
        let row = TableSchema::builder(Arc::clone(&own))
            .with_virtual_columns(virtual_columns)
            .build();
        let whole = Arc::clone(row.table_schema());
        let constants = constants(file, &context.schema);
        let inherited = Inherited {
            first_row_id: file.first_row_id,
            sequence_number: file.data_sequence_number,
        };
        let by_id = context.scan.by_field_id;
        let adapter = FileAdapter::try_new(&context.columns, by_id, &constants, inherited, &whole)?;
        let own_terms = |expr: &Arc<dyn PhysicalExpr>| adapter.rewrite(Arc::clone(expr));
        let conjuncts = self.conjuncts.iter().map(own_terms);
        let conjuncts = conjuncts.collect::<Result<Vec<_>>>()?;
        let outputs = self.projection.iter().map(|part| own_terms(&part.expr));
        let outputs = outputs.collect::<Result<Vec<_>>>()?;

        let simplifier = PhysicalExprSimplifier::new(&whole);
        let mut pushed = Vec::new();
        let mut asked = Vec::new();
        if let Some(kept) = kept {
            let position = lineage::position(&whole);
            let position = position.ok_or_else(|| internal("deletes without positions"))?;
            asked.push(Arc::new(KeptRows::new(position, kept)) as _);
        }
        for conjunct in conjuncts {
            let safe = short_circuit::is_safe(&conjunct, &whole);
            if is_hint(&conjunct) && !safe {
                continue; // It could fail on a row that another condition takes out.
            }
            let simple = simplifier.simplify(Arc::clone(&conjunct))?;
            let readable = !columns_of(&simple).is_empty()
                && leaves_nan_out(&simple, &whole)
                && can_expr_be_pushed_down_with_schemas(&simple, &own);
            // A reader that filters asks in an order of its own; one that does not only looks at statistics.
            let asks = filters && readable && safe;
            if asks || (readable && !filters) {
                pushed.push(simple);
            }
            if !asks {
                asked.push(conjunct);
            }
        }

        let needed = asked.iter().chain(&outputs).flat_map(columns_of);
        let needed: Vec<usize> = needed.collect::<BTreeSet<_>>().into_iter().collect();
        let decoded = Arc::new(whole.project(&needed)?);
        let asked = asked.into_iter().map(|condition| {
            let condition = reassign_expr_columns(condition, &decoded)?;
            let condition =
                match short_circuit::is_safe(&condition, &decoded) && !is_hint(&condition) {
                    true => per_value::rewrite(condition, &decoded)?,
                    false => condition,
                };
            let condition = PhysicalExprSimplifier::new(&decoded).simplify(condition)?;
            short_circuit::condition(condition, &decoded)
        });
        let asked = asked.collect::<Result<Vec<_>>>()?;
        let outputs = outputs
            .into_iter()
            .map(|expr| reassign_expr_columns(expr, &decoded));
        let outputs = outputs.collect::<Result<Vec<_>>>()?;
        let unconditional = self.conjuncts.is_empty() && asked.is_empty();
        let batch_rows = self.table.batch_rows;
        let rows = Rows::try_new(
            (!asked.is_empty()).then(|| Conditions::new(asked, &decoded)),
            outputs,
            &decoded,
            Arc::clone(&self.schema),
            self.config
                .limit
                .map_or(batch_rows, |n| n.clamp(1, batch_rows)),
            (self.skips && !filters).then(|| Arc::clone(&self.table.selectivity)),
            self.measures.clone(),
        )?;

        let mut source = self.table.file_source(row, &self.store);
        if !pushed.is_empty() {
            source = source
                .with_pushdown_filters(filters)
                .with_predicate(conjunction(pushed));
        }
        let source = source.with_batch_size(batch_rows);
        let source = in_order(source, &self.table.order, &adapter, &whole)?;
        let columns = ProjectionExprs::from_indices(&needed, &whole);
        let source = source
            .try_pushdown_projection(&columns)?
            .ok_or_else(|| internal("the Parquet reader takes no projection"))?;
        let mut config = self.config.clone();
        config.expr_adapter_factory = None;
        config.limit = config.limit.filter(|_| unconditional);
        piece.arrow_schema = Some(own);
        let morsels = source.create_morselizer(Arc::clone(&self.store), &config, self.partition)?;
        Ok(Open {
            planner: morsels.plan_file(piece)?,
            reading: Reading {
                url: Arc::from(file.path.as_str()),
                rows,
                _metrics: PieceMetrics {
                    own: source.metrics().clone(),
                    all: self.table.metrics().clone(),
                },
            },
        })
    }
}

/// A piece whose file is known.
struct Prepared {
    piece: PartitionedFile,
    footer: Arc<ParquetMetaData>,
    /// Nothing = all its rows.
    left: Option<Left>,
}

impl Prepared {
    /// The first row group of the piece, and the others; nothing if there is but one.
    fn split(&self) -> Option<(Prepared, Prepared)> {
        let Range { start, end } = bytes_of(&self.piece);
        let starts = self.footer.row_groups().iter().map(first_byte);
        let mut starts: Vec<i64> = starts.filter(|at| (start..end).contains(at)).collect();
        starts.sort_unstable();
        let second = *starts.get(1)?;
        let part = |start, end| Prepared {
            piece: PartitionedFile {
                range: Some(FileRange { start, end }),
                ..self.piece.clone()
            },
            footer: Arc::clone(&self.footer),
            left: self.left.clone(),
        };
        Some((part(start, second), part(second, end)))
    }
}

/// Which bytes of its file a piece is.
fn bytes_of(piece: &PartitionedFile) -> Range<i64> {
    match &piece.range {
        Some(range) => range.start..range.end,
        None => 0..i64::try_from(piece.object_meta.size).unwrap_or(i64::MAX),
    }
}

fn columns_of(expr: &Arc<dyn PhysicalExpr>) -> Vec<usize> {
    let columns = collect_columns(expr);
    columns.into_iter().map(|column| column.index()).collect()
}

fn constants(file: &proto::DataFile, schema: &Schema) -> HashMap<usize, ScalarValue> {
    let constants = file.constants.iter().filter_map(|constant| {
        let ordinal = constant.column as usize;
        let kind = schema.fields().get(ordinal)?.data_type();
        Some((ordinal, convert::scalar(constant.value.as_ref()?, kind)?))
    });
    constants.collect()
}

/// The source with row groups in the order that the plan above would like best.
fn in_order(
    source: Arc<dyn FileSource>,
    order: &[PhysicalSortExpr],
    adapter: &FileAdapter,
    row: &SchemaRef,
) -> Result<Arc<dyn FileSource>> {
    let own = order.iter().map_while(|key| {
        let column = key.expr.downcast_ref::<Column>()?;
        let expr = Arc::new(adapter.file_column(column.name())?);
        Some(PhysicalSortExpr::new(expr, key.options))
    });
    let own: Vec<_> = own.collect();
    let properties = EquivalenceProperties::new(Arc::clone(row));
    Ok(match source.try_pushdown_sort(&own, &properties)? {
        SortOrderPushdownResult::Inexact { inner } => inner,
        _ => source,
    })
}

/// Hands what a piece's reader measured to the scan.
struct PieceMetrics {
    own: ExecutionPlanMetricsSet,
    all: ExecutionPlanMetricsSet,
}

impl Drop for PieceMetrics {
    fn drop(&mut self) {
        for metric in self.own.clone_inner().iter() {
            self.all.register(Arc::clone(metric));
        }
    }
}

pub struct TableMorselizer(pub Arc<Opening>);

impl fmt::Debug for TableMorselizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableMorselizer({})", self.0.partition)
    }
}

impl Morselizer for TableMorselizer {
    fn plan_file(&self, piece: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let opening = Arc::clone(&self.0);
        Ok(Box::new(PiecePlanner::Unprepared(opening, Box::new(piece))))
    }
}

/// Plans one piece.
enum PiecePlanner {
    Unprepared(Arc<Opening>, Box<PartitionedFile>),
    Prepared(Arc<Opening>, Box<Prepared>),
    Empty,
}

impl fmt::Debug for PiecePlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self {
            Self::Unprepared(..) => "unprepared",
            Self::Prepared(..) => "prepared",
            Self::Empty => "empty",
        };
        write!(f, "PiecePlanner({step})")
    }
}

impl MorselPlanner for PiecePlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        match *self {
            Self::Empty => Ok(None),
            Self::Unprepared(opening, piece) => {
                let url = opening.file(&piece)?.path.clone();
                let prepare = async move {
                    let prepared = opening.prepare(*piece).await;
                    let prepared = prepared.map_err(|e| failures::in_file(&url, "Parquet", e))?;
                    Ok(Box::new(match prepared {
                        Some(prepared) => Self::Prepared(opening, Box::new(prepared)),
                        None => Self::Empty,
                    }) as Box<dyn MorselPlanner>)
                };
                Ok(Some(MorselPlan::new().with_pending_planner(prepare)))
            }
            Self::Prepared(opening, prepared) => {
                if opening.should_scout()
                    && let Some((scout, rest)) = prepared.split()
                {
                    let scout = opening.planner(scout)?;
                    let rest = Box::new(Self::Prepared(opening, Box::new(rest)));
                    return Ok(Some(MorselPlan::new().with_planners(vec![scout, rest])));
                }
                let planner = opening.planner(*prepared)?;
                Ok(Some(MorselPlan::new().with_planners(vec![planner])))
            }
        }
    }
}

impl Opening {
    fn planner(&self, prepared: Prepared) -> Result<Box<dyn MorselPlanner>> {
        let url = self.file(&prepared.piece)?.path.clone();
        let open = self.open(prepared);
        let open = open.map_err(|e| failures::in_file(&url, "Parquet", e))?;
        Ok(Box::new(open))
    }
}

/// The library's planner of a piece, whose one reader `reading` follows; every error it meets names the file.
struct Open {
    planner: Box<dyn MorselPlanner>,
    reading: Reading,
}

struct Reading {
    url: Arc<str>,
    rows: Rows,
    _metrics: PieceMetrics,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Open({})", self.reading.url)
    }
}

impl MorselPlanner for Open {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { planner, reading } = *self;
        let named = |e| failures::in_file(&reading.url, "Parquet", e);
        let Some(mut plan) = planner.plan().map_err(named)? else {
            return Ok(None);
        };
        let (mut morsels, mut planners) = (plan.take_morsels(), plan.take_ready_planners());
        let pending = plan.take_pending_planner();
        Ok(Some(match (morsels.pop(), planners.pop(), pending) {
            (Some(reader), None, None) if morsels.is_empty() => {
                let reader = Box::new(PieceReader { reader, reading });
                MorselPlan::new().with_morsels(vec![reader])
            }
            (None, Some(planner), None) if planners.is_empty() => {
                MorselPlan::new().with_planners(vec![Box::new(Self { planner, reading })])
            }
            (None, None, Some(pending)) => MorselPlan::new().with_pending_planner(async move {
                let named = |e| failures::in_file(&reading.url, "Parquet", e);
                let planner = pending.await.map_err(named)?;
                Ok(Box::new(Self { planner, reading }) as Box<dyn MorselPlanner>)
            }),
            _ => return Err(internal("a piece of a file with more than one reader")),
        }))
    }
}

struct PieceReader {
    reader: Box<dyn Morsel>,
    reading: Reading,
}

impl fmt::Debug for PieceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PieceReader({})", self.reading.url)
    }
}

impl Morsel for PieceReader {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { reader, reading } = *self;
        let url = Arc::clone(&reading.url);
        let decoded = reader.into_stream();
        let batches = futures::stream::try_unfold(Some((decoded, reading)), next_batch);
        batches
            .map(move |batch| batch.map_err(|e| failures::in_file(&url, "Parquet", e)))
            .boxed()
    }
}

/// What is left to read of a piece; nothing after its end.
type Unread = Option<(BoxStream<'static, Result<RecordBatch>>, Reading)>;

async fn next_batch(unread: Unread) -> Result<Option<(RecordBatch, Unread)>> {
    let Some((mut decoded, mut reading)) = unread else {
        return Ok(None);
    };
    for turn in 1.. {
        if let Some(batch) = reading.rows.pop() {
            return Ok(Some((batch, Some((decoded, reading)))));
        }
        match decoded.next().await {
            Some(batch) => reading.rows.push(batch?)?,
            None if reading.rows.finish()? => {}
            None => return Ok(None),
        }
        if turn % TURN == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(None)
}
