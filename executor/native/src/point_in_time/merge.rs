//! The join of a spine that does not fit in memory: both sides sorted by key and time, on disk where need be, and merged.
//!
//! ```text
//! spine ----> + key, time ----------> sort --.
//!                                             merge --> spine columns + feature columns, by key and time
//! feature --> + key, visible from --> sort --'
//! ```
//! Memory: the two sorts, a batch of each side, and the feature batches that the rows of one output batch refer to.
use super::candidate::{FeatureBatch, Tolerance, key_encoder};
use super::exec::FeatureInput;
use super::keys::KeyEncoder;
use super::once::OnceExec;
use super::retained::{RetainedBatch, gather};
use super::time::Times;
use crate::spill::Spill;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int64Array, RecordBatch,
    RecordBatchOptions, UInt64Array,
};
use datafusion::arrow::compute::{SortOptions, filter_record_batch, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt64Type};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt};
use std::cmp::Ordering;
use std::sync::Arc;

const SORTED_BATCH_ROWS: usize = 2048;
/// Of the pool, for merging the runs of one sort.
const MERGE_SHARE: usize = 16;

/// The spine's rows in the order of key and time, each with what it sees of the feature.
pub fn join(
    spine: SendableRecordBatchStream,
    features: SendableRecordBatchStream,
    feature: &FeatureInput,
    context: &Arc<TaskContext>,
    spill: &Spill,
) -> Result<SendableRecordBatchStream> {
    let input_schema = features.schema();
    let encoder = key_encoder(&feature.feature_keys, &input_schema)?;
    let spine_schema = spine.schema();
    let output: Vec<_> = feature
        .output
        .iter()
        .map(|o| input_schema.field(*o).clone().with_nullable(true))
        .collect();
    let spine_fields = spine_schema.fields().iter().map(|f| f.as_ref().clone());
    let schema = Arc::new(Schema::new(
        spine_fields
            .chain(output.iter().cloned())
            .collect::<Vec<_>>(),
    ));
    let has_key = !matches!(encoder, KeyEncoder::None);

    let (sorted_spine, first) = sorted(spine, feature, Side::Spine, has_key, context)?;
    let (sorted_features, second) = sorted(features, feature, Side::Feature, has_key, context)?;
    let (spill, sorts) = (spill.clone(), [first, second]);
    let merge = Merge {
        features: sorted_features,
        output: Arc::new(Schema::new(output)),
        width: feature.output.len(),
        known: feature.known_at.is_some(),
        has_key,
        tolerance: feature.matching.tolerance(),
        inner: feature.matching.inner,
        schema: Arc::clone(&schema),
        current: None,
        best: None,
    };
    let stream = futures::stream::try_unfold(
        (sorted_spine, merge, spill, sorts),
        async |(mut spine, mut merge, spill, sorts)| {
            while let Some(batch) = spine.try_next().await? {
                let joined = merge.batch(&batch).await?;
                tokio::task::consume_budget().await;
                if joined.num_rows() > 0 {
                    return Ok(Some((joined, (spine, merge, spill, sorts))));
                }
            }
            for metrics in sorts.iter().filter_map(|sort| sort.metrics()) {
                spill.add(
                    metrics.spilled_bytes().unwrap_or(0),
                    metrics.spilled_rows().unwrap_or(0),
                );
            }
            Ok::<_, DataFusionError>(None)
        },
    );
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
}

#[derive(Clone, Copy)]
enum Side {
    Spine,
    Feature,
}

/// The stream with its key (if any) and time as last columns, sorted by them; and the sort.
fn sorted(
    stream: SendableRecordBatchStream,
    feature: &FeatureInput,
    side: Side,
    has_key: bool,
    context: &Arc<TaskContext>,
) -> Result<(SendableRecordBatchStream, Arc<SortExec>)> {
    let keys = match side {
        Side::Spine => &feature.spine_keys,
        Side::Feature => &feature.feature_keys,
    };
    let columns: fn(&FeatureInput, &KeyEncoder, RecordBatch) -> Result<RecordBatch> = match side {
        Side::Spine => spine_columns,
        Side::Feature => feature_columns,
    };
    let encoder = key_encoder(keys, &stream.schema())?;
    let schema = columns(feature, &encoder, RecordBatch::new_empty(stream.schema()))?.schema();
    let feature = feature.clone();
    let stream = stream
        .map(move |batch| columns(&feature, &encoder, batch?))
        .flat_map(|batch| futures::stream::iter(pieces(batch)));
    let last = schema.fields().len() - 1;
    let options = SortOptions {
        descending: false,
        nulls_first: true,
    };
    let by = |column: usize| PhysicalSortExpr {
        expr: Arc::new(Column::new(schema.field(column).name(), column)) as Arc<dyn PhysicalExpr>,
        options,
    };
    let order = if has_key {
        vec![by(last - 1), by(last)]
    } else {
        vec![by(last)]
    };
    let Some(order) = LexOrdering::new(order) else {
        return internal_err!("a sort without a column");
    };
    let stream = RecordBatchStreamAdapter::new(Arc::clone(&schema), stream);
    let input = Arc::new(OnceExec::new(Box::pin(stream)));
    let sort = Arc::new(SortExec::new(order, input));
    Ok((sort.execute(0, sort_context(context))?, sort))
}

/// The batch in parts of a few rows, copied: what was read from disk shares one buffer, which each column would count.
fn pieces(batch: Result<RecordBatch>) -> Vec<Result<RecordBatch>> {
    let batch = match batch {
        Ok(batch) => batch,
        Err(error) => return vec![Err(error)],
    };
    let rows = batch.num_rows();
    (0..rows)
        .step_by(SORTED_BATCH_ROWS)
        .map(|first| {
            let last = (first + SORTED_BATCH_ROWS).min(rows);
            let indices = UInt64Array::from_iter_values(first as u64..last as u64);
            Ok(take_record_batch(&batch, &indices)?)
        })
        .collect()
}

/// Two sorts share what memory there is: small batches, and little set aside for merging runs.
fn sort_context(context: &TaskContext) -> Arc<TaskContext> {
    let mut config = context.session_config().clone();
    let rows = config.batch_size().min(SORTED_BATCH_ROWS);
    config = config.with_batch_size(rows);
    if let MemoryLimit::Finite(bytes) = context.memory_pool().memory_limit() {
        let execution = &mut config.options_mut().execution;
        let share = bytes / MERGE_SHARE;
        execution.sort_spill_reservation_bytes = execution.sort_spill_reservation_bytes.min(share);
    }
    Arc::new(
        TaskContext::default()
            .with_session_config(config)
            .with_runtime(context.runtime_env()),
    )
}

/// The spine's columns, then the key (if any) and the time; both NULL where one of them is.
fn spine_columns(
    feature: &FeatureInput,
    encoder: &KeyEncoder,
    batch: RecordBatch,
) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let array = |e: &Arc<dyn PhysicalExpr>| e.evaluate(&batch)?.into_array(rows);
    let keys = feature
        .spine_keys
        .iter()
        .map(array)
        .collect::<Result<Vec<_>>>()?;
    let times = Times::of(&array(&feature.spine_time)?, feature.matching.direction)?;
    let time: ArrayRef = Arc::new(Int64Array::new(times.values, times.valid));
    let mut columns = batch.columns().to_vec();
    columns.extend(encoder.encode(&keys, rows)?.into_column()?);
    columns.push(time);
    with_columns(
        batch.schema().fields().iter().map(|f| f.as_ref().clone()),
        columns,
    )
}

/// The output columns, the event time, the known-at (if any), then the key (if any) and the time it is visible from;
/// only rows that can match.
fn feature_columns(
    feature: &FeatureInput,
    encoder: &KeyEncoder,
    batch: RecordBatch,
) -> Result<RecordBatch> {
    let schema = batch.schema();
    let batch = FeatureBatch::of(feature, encoder, batch)?;
    let candidates = batch.candidates;
    let mut columns = batch.output;
    columns.push(Arc::new(Int64Array::new(candidates.event, None)));
    if let Some(known) = candidates.known {
        columns.push(Arc::new(Int64Array::new(known, None)));
    }
    columns.extend(candidates.keys.into_column()?);
    columns.push(Arc::new(Int64Array::new(candidates.visible, None)));
    let output = feature.output.iter();
    let fields = output.map(|o| schema.field(*o).clone().with_nullable(true));
    let all = with_columns(fields, columns)?;
    Ok(match candidates.valid {
        Some(valid) => filter_record_batch(&all, &BooleanArray::new(valid.into_inner(), None))?,
        None => all,
    })
}

/// The columns as a batch; those without a field are named by their place.
fn with_columns(
    fields: impl Iterator<Item = Field>,
    columns: Vec<ArrayRef>,
) -> Result<RecordBatch> {
    let mut fields: Vec<Field> = fields.collect();
    for column in &columns[fields.len()..] {
        let name = format!("#{}", fields.len());
        fields.push(Field::new(name, column.data_type().clone(), true));
    }
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        columns,
    )?)
}

/// Walks over the sorted features beside the sorted spine.
struct Merge {
    features: SendableRecordBatchStream,
    /// The columns handed upwards.
    output: SchemaRef,
    width: usize,
    known: bool,
    has_key: bool,
    tolerance: Option<Tolerance>,
    inner: bool,
    schema: SchemaRef,
    /// The next feature row.
    current: Option<(Arc<Page>, usize)>,
    /// The greatest feature row that rows of the current key have seen.
    best: Option<(Arc<Page>, usize)>,
}

/// One batch of sorted features.
struct Page {
    rows: RetainedBatch,
    key: Key,
    event: Int64Array,
    known: Option<Int64Array>,
    visible: Int64Array,
}

enum Key {
    None,
    Integers(UInt64Array),
    Bytes(BinaryArray),
}

impl Key {
    fn of(column: Option<&ArrayRef>) -> Self {
        match column {
            None => Self::None,
            Some(column) if column.data_type() == &DataType::UInt64 => {
                Self::Integers(column.as_primitive::<UInt64Type>().clone())
            }
            Some(column) => Self::Bytes(column.as_binary::<i32>().clone()),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::None => false,
            Self::Integers(values) => values.is_null(row),
            Self::Bytes(values) => values.is_null(row),
        }
    }

    fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        match (self, other) {
            (Self::Integers(a), Self::Integers(b)) => a.value(row).cmp(&b.value(other_row)),
            (Self::Bytes(a), Self::Bytes(b)) => a.value(row).cmp(b.value(other_row)),
            _ => Ordering::Equal,
        }
    }
}

impl Merge {
    async fn batch(&mut self, spine: &RecordBatch) -> Result<RecordBatch> {
        let columns = spine.columns();
        let (time, columns) = columns.split_last().expect("the spine has a time");
        let time = time.as_primitive::<Int64Type>();
        let (key, columns) = match self.has_key {
            true => {
                let (key, columns) = columns.split_last().expect("the spine has a key");
                (Key::of(Some(key)), columns)
            }
            false => (Key::None, columns),
        };
        let mut pages: Vec<Arc<Page>> = Vec::new();
        let mut picks = Vec::with_capacity(spine.num_rows());
        for row in 0..spine.num_rows() {
            if time.is_null(row) || key.is_null(row) {
                picks.push(None);
                continue;
            }
            self.advance(&key, row, time.value(row)).await?;
            let near = |page: &Page, at: usize| {
                self.tolerance
                    .is_none_or(|limit| limit.allows(time.value(row), page.event.value(at)))
            };
            picks.push(match &self.best {
                Some((page, at)) if near(page, *at) => {
                    if !pages.last().is_some_and(|last| Arc::ptr_eq(last, page)) {
                        pages.push(Arc::clone(page));
                    }
                    Some((pages.len() - 1, *at))
                }
                _ => None,
            });
        }
        let sources: Vec<&RecordBatch> = pages.iter().map(|page| &page.rows.batch).collect();
        let found = gather(&self.output, &sources, &picks)?;
        let columns = columns.iter().chain(found.columns()).cloned().collect();
        let options = RecordBatchOptions::new().with_row_count(Some(picks.len()));
        let joined =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        if !self.inner {
            return Ok(joined);
        }
        let keep: BooleanArray = picks.iter().map(|pick| Some(pick.is_some())).collect();
        Ok(filter_record_batch(&joined, &keep)?)
    }

    /// Takes in every feature row that this spine row sees.
    async fn advance(&mut self, key: &Key, row: usize, time: i64) -> Result<()> {
        if let Some((page, at)) = &self.best
            && page.key.compare(*at, key, row) != Ordering::Equal
        {
            self.best = None;
        }
        loop {
            let Some((page, at)) = self.current().await? else {
                return Ok(());
            };
            match page.key.compare(at, key, row) {
                Ordering::Greater => return Ok(()),
                Ordering::Equal if page.visible.value(at) > time => return Ok(()),
                Ordering::Equal => {
                    if self
                        .best
                        .as_ref()
                        .is_none_or(|best| is_greater((&page, at), best))
                    {
                        self.best = Some((Arc::clone(&page), at));
                    }
                }
                Ordering::Less => {}
            }
            self.current = Some((page, at + 1));
        }
    }

    async fn current(&mut self) -> Result<Option<(Arc<Page>, usize)>> {
        loop {
            match &self.current {
                Some((page, at)) if *at < page.visible.len() => {
                    return Ok(Some((Arc::clone(page), *at)));
                }
                _ => {}
            }
            match self.features.try_next().await? {
                Some(batch) => self.current = Some((Arc::new(self.page(&batch)), 0)),
                None => return Ok(None),
            }
        }
    }

    fn page(&self, batch: &RecordBatch) -> Page {
        let times = |column: usize| batch.column(column).as_primitive::<Int64Type>().clone();
        let last = batch.num_columns() - 1;
        let output: Vec<usize> = (0..self.width).collect();
        let columns = batch.columns()[..self.width].to_vec();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let rows = RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options);
        Page {
            rows: RetainedBatch::new(rows.expect("the columns have these types"), output.into()),
            key: Key::of(self.has_key.then(|| batch.column(last - 1))),
            event: times(self.width),
            known: self.known.then(|| times(self.width + 1)),
            visible: times(last),
        }
    }
}

/// Whether a feature row comes after another of the same key: by event time, known-at, content.
fn is_greater((page, at): (&Arc<Page>, usize), (best, best_at): &(Arc<Page>, usize)) -> bool {
    let known = |page: &Page, at: usize| page.known.as_ref().map(|known| known.value(at));
    let by_time = page.event.value(at).cmp(&best.event.value(*best_at));
    by_time
        .then_with(|| known(page, at).cmp(&known(best, *best_at)))
        .then_with(|| page.rows.compare(at as u32, &best.rows, *best_at as u32))
        == Ordering::Greater
}
