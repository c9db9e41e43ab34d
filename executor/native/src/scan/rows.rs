//! From a file's decoded rows to the table's: conditions, then conversions of the rows that pass, in batches of the usual
//! size.

use super::conditions::Conditions;
use super::selectivity::Selectivity;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{BatchCoalescer, filter_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_plan::metrics::{Count, Time};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// What stands between the reader of a piece and the query.
#[derive(Debug)]
pub struct Rows {
    conditions: Option<Conditions>,
    /// The decoded columns that rows above need.
    kept: Vec<usize>,
    /// Over the kept columns.
    outputs: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    coalescer: Option<BatchCoalescer>,
    ready: VecDeque<RecordBatch>,
    selectivity: Option<Arc<Selectivity>>,
    measures: Measures,
}

#[derive(Debug, Clone)]
pub struct Measures {
    pub rows_decoded: Count,
    pub filter_time: Time,
}

impl Rows {
    /// `outputs` are over the decoded row and give `schema`. What the run-time filters among the conditions do to the
    /// first rows goes to `selectivity`.
    pub fn try_new(
        conditions: Option<Conditions>,
        outputs: Vec<Arc<dyn PhysicalExpr>>,
        decoded: &SchemaRef,
        schema: SchemaRef,
        batch_rows: usize,
        selectivity: Option<Arc<Selectivity>>,
        measures: Measures,
    ) -> Result<Self> {
        let columns = outputs.iter().flat_map(collect_columns);
        let kept: BTreeSet<usize> = columns.map(|column| column.index()).collect();
        let kept: Vec<usize> = kept.into_iter().collect();
        let kept_schema = Arc::new(decoded.project(&kept)?);
        let outputs = outputs
            .into_iter()
            .map(|expr| reassign_expr_columns(expr, &kept_schema))
            .collect::<Result<_>>()?;
        // Without columns there are only counts, which need no copying.
        let coalescer = (conditions.is_some() && !schema.fields().is_empty()).then(|| {
            BatchCoalescer::new(Arc::clone(&schema), batch_rows)
                .with_biggest_coalesce_batch_size(Some(batch_rows / 2))
        });
        Ok(Self {
            conditions,
            kept,
            outputs,
            schema,
            coalescer,
            ready: VecDeque::new(),
            selectivity,
            measures,
        })
    }

    /// Takes the next rows of the reader.
    pub fn push(&mut self, decoded: RecordBatch) -> Result<()> {
        self.measures.rows_decoded.add(decoded.num_rows());
        let Some(conditions) = &mut self.conditions else {
            let batch = self.converted(&decoded.project(&self.kept)?)?;
            self.ready.push_back(batch);
            return Ok(());
        };
        let timer = self.measures.filter_time.timer();
        let (batch, mask) = conditions.ask(decoded)?;
        drop(timer);
        if let Some(selectivity) = self.selectivity.take() {
            selectivity.note(conditions.hinted());
        }
        let batch = batch.project(&self.kept)?;
        let batch = match mask {
            Some(mask) if mask.true_count() < mask.len() => filter_record_batch(&batch, &mask)?,
            _ => batch,
        };
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = self.converted(&batch)?;
        match &mut self.coalescer {
            Some(coalescer) => coalescer.push_batch(batch)?,
            None => self.ready.push_back(batch),
        }
        self.take_completed();
        Ok(())
    }

    /// The reader is at its end; whether rows have waited for more.
    pub fn finish(&mut self) -> Result<bool> {
        if let Some(coalescer) = &mut self.coalescer {
            coalescer.finish_buffered_batch()?;
        }
        self.take_completed();
        Ok(!self.ready.is_empty())
    }

    /// The next batch for the query, if there is one yet.
    pub fn pop(&mut self) -> Option<RecordBatch> {
        self.ready.pop_front()
    }

    fn take_completed(&mut self) {
        if let Some(coalescer) = &mut self.coalescer {
            let completed = std::iter::from_fn(|| coalescer.next_completed_batch());
            self.ready.extend(completed);
        }
    }

    fn converted(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = self
            .outputs
            .iter()
            .map(|expr| expr.evaluate(batch)?.into_array(batch.num_rows()))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }
}
