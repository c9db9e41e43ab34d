//! Which rows of a scan pass its conditions. The cheapest and most selective conditions come first, as the batches before
//! have shown; what can fail is asked last and of the rows that are left only. Filters that joins and top-k operators hand
//! down at run time are hints: one that lets most rows through is not worth its time.

use crate::short_circuit::is_safe;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{and, filter_record_batch, prep_null_mask_filter};
use datafusion::arrow::datatypes::Schema;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Result, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use std::sync::Arc;
use std::time::Instant;

/// Rows that failed are taken out before the next condition once fewer than one in so many are left.
const SPARSE: usize = 4;
/// A hint is worth its time if it takes out at least one row in so many ...
const WORTH: u64 = 4;
/// ... and is asked again after so many batches if it was not.
const PAUSE: u32 = 32;

/// Conditions over one row type, and what is known of them. Not thread-safe: every piece of a file has its own.
#[derive(Debug)]
pub struct Conditions(Vec<Condition>);

#[derive(Debug)]
struct Condition {
    expr: Arc<dyn PhysicalExpr>,
    kind: Kind,
    asked: u64,
    passed: u64,
    nanos: u64,
    pause: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Safe,
    Hint,
    /// May fail, so that it is not asked of rows that are out already.
    Careful,
}

impl Conditions {
    /// `row` is what the conditions are over.
    pub fn new(all: Vec<Arc<dyn PhysicalExpr>>, row: &Schema) -> Self {
        let condition = |expr: Arc<dyn PhysicalExpr>| Condition {
            kind: match is_hint(&expr) {
                true => Kind::Hint,
                false if is_safe(&expr, row) => Kind::Safe,
                false => Kind::Careful,
            },
            expr,
            asked: 0,
            passed: 0,
            nanos: 0,
            pause: 0,
        };
        let mut all: Vec<_> = all.into_iter().map(condition).collect();
        all.sort_by_key(|c| c.kind == Kind::Careful);
        Self(all)
    }

    /// The rows, and which of them pass: all if nothing is said. Rows may have been taken out already.
    pub fn ask(&mut self, mut batch: RecordBatch) -> Result<(RecordBatch, Option<BooleanArray>)> {
        let mut mask: Option<BooleanArray> = None;
        let mut left = batch.num_rows();
        for condition in &mut self.0 {
            if left == 0 {
                break;
            }
            if condition.is_resting() {
                continue;
            }
            if let Some(passing) = &mask
                && (left * SPARSE < batch.num_rows() || condition.kind == Kind::Careful)
            {
                batch = filter_record_batch(&batch, passing)?;
                mask = None;
            }
            let answer = condition.answer(&batch)?;
            let both = match &mask {
                Some(before) => and(before, &answer)?,
                None => answer,
            };
            left = both.true_count();
            mask = Some(both);
        }
        self.reorder();
        Ok((batch, mask))
    }

    /// Of how many rows the hints let how many through; 1 of 1 if there are none.
    pub fn hinted(&self) -> f64 {
        let hints = self
            .0
            .iter()
            .filter(|c| c.kind == Kind::Hint && c.asked > 0);
        hints.map(|c| c.passed as f64 / c.asked as f64).product()
    }

    fn reorder(&mut self) {
        if self.0.len() > 1 {
            self.0.sort_by(|a, b| a.rank().total_cmp(&b.rank()));
        }
    }
}

impl Condition {
    fn is_resting(&mut self) -> bool {
        self.pause = self.pause.saturating_sub(1);
        self.pause > 0
    }

    /// TRUE or FALSE for each row.
    fn answer(&mut self, batch: &RecordBatch) -> Result<BooleanArray> {
        let start = Instant::now();
        let answer = self.expr.evaluate(batch)?.into_array(batch.num_rows())?;
        let answer = booleans(&answer)?;
        self.asked += batch.num_rows() as u64;
        self.passed += answer.true_count() as u64;
        self.nanos += start.elapsed().as_nanos() as u64;
        if self.kind == Kind::Hint && (self.asked - self.passed) * WORTH < self.asked {
            (self.asked, self.passed, self.nanos) = (0, 0, 0);
            self.pause = PAUSE;
        }
        Ok(answer)
    }

    /// Time spent for each row taken out.
    fn rank(&self) -> f64 {
        match self.kind {
            Kind::Careful => f64::INFINITY,
            _ if self.asked == 0 => 0.0,
            _ => self.nanos as f64 / (self.asked - self.passed).max(1) as f64,
        }
    }
}

fn booleans(answer: &ArrayRef) -> Result<BooleanArray> {
    match answer.as_boolean_opt() {
        Some(answer) if answer.null_count() > 0 => Ok(prep_null_mask_filter(answer)),
        Some(answer) => Ok(answer.clone()),
        None => internal_err!("a condition of type {}", answer.data_type()),
    }
}

/// A filter that changes while the query runs.
pub fn is_hint(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.exists(|node| Ok(node.is::<DynamicFilterPhysicalExpr>()))
        .unwrap_or(false)
}
