//! Whether a scan should filter while it decodes.
//!
//! Decoding filter columns first pays when few rows pass and other columns are skipped, and costs when most pass. For
//! the filters that joins and top-k operators hand down at run time nobody knows beforehand, so the first rows of each
//! piece tell; pieces opened later act on it. Constant comparisons are left to the filter above the scan. A scan that
//! hands up nothing but filter columns has nothing to skip.

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::physical_expr::expressions::{Column, DynamicFilterPhysicalExpr};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, conjunction, split_conjunction};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Fewer rows than one in this many pass.
const LOW: usize = 8;

/// What a scan's pieces found out.
#[derive(Debug, Default)]
pub struct Selectivity(AtomicBool);

impl Selectivity {
    pub fn is_low(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Looks at the first rows of one piece.
#[derive(Debug, Clone)]
pub struct Probe {
    found: Arc<Selectivity>,
    /// Over the rows that the scan hands upwards.
    filter: Arc<dyn PhysicalExpr>,
}

impl Probe {
    /// `None` if there is no run-time filter whose columns the scan hands upwards, or no column that it could skip.
    pub fn new(
        found: &Arc<Selectivity>,
        filter: Arc<dyn PhysicalExpr>,
        projection: &ProjectionExprs,
    ) -> Option<Self> {
        let read_first = collect_columns(&filter);
        let skips = collect_columns_of(projection)
            .iter()
            .any(|column| !read_first.iter().any(|f| f.name() == column.name()));
        if !skips {
            return None;
        }
        let parts = split_conjunction(&filter)
            .into_iter()
            .filter(|part| is_dynamic(part));
        let parts: Vec<_> = parts
            .filter_map(|part| above(Arc::clone(part), projection).ok())
            .collect();
        let filter = (!parts.is_empty()).then(|| conjunction(parts))?;
        Some(Self {
            found: Arc::clone(found),
            filter,
        })
    }

    pub fn look(&self, batch: &RecordBatch) {
        let passed = self
            .filter
            .evaluate(batch)
            .and_then(|v| v.into_array(batch.num_rows()));
        let Ok(passed) = passed else { return };
        if let Some(passed) = passed.as_boolean_opt() {
            let low = passed.true_count() * LOW < passed.len();
            self.found.0.store(low, Ordering::Relaxed);
        }
    }
}

fn collect_columns_of(projection: &ProjectionExprs) -> HashSet<Column> {
    let columns = projection.iter().map(|part| collect_columns(&part.expr));
    columns.flatten().collect()
}

fn is_dynamic(filter: &Arc<dyn PhysicalExpr>) -> bool {
    let mut found = false;
    let walked = filter.apply(|node| {
        found |= node.is::<DynamicFilterPhysicalExpr>();
        Ok(if found {
            TreeNodeRecursion::Stop
        } else {
            TreeNodeRecursion::Continue
        })
    });
    walked.is_ok() && found
}

/// `filter`, which is over the table's row, over the projected one.
fn above(
    filter: Arc<dyn PhysicalExpr>,
    projection: &ProjectionExprs,
) -> Result<Arc<dyn PhysicalExpr>> {
    let rewrite = |node: Arc<dyn PhysicalExpr>| {
        let Some(column) = node.downcast_ref::<Column>() else {
            return Ok(Transformed::no(node));
        };
        let same = |expr: &Arc<dyn PhysicalExpr>| {
            expr.downcast_ref::<Column>()
                .is_some_and(|c| c.name() == column.name())
        };
        match projection
            .iter()
            .enumerate()
            .find(|(_, part)| same(&part.expr))
        {
            Some((at, part)) => Ok(Transformed::yes(
                Arc::new(Column::new(&part.alias, at)) as Arc<dyn PhysicalExpr>
            )),
            None => internal_err!("{column} is not handed upwards"),
        }
    };
    filter.transform_up(rewrite).data()
}
