//! AND and OR whose right side is not asked of the rows that the left side has decided.
//!
//! DataFusion asks both sides of all rows, unless the left side decides most of them, and it rewrites a CASE of conditions
//! to AND and OR. So `a <> 0 AND 10 / a > 1` fails on a row that it takes out, and so does a CASE that guards the
//! division. Here a side that can fail is asked of all rows first, which is the fast way, and after it has failed
//! of the open rows only.

use crate::join_condition;
use crate::scan::{KeptRows, PerValue};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{and_kleene, not, or_kleene, prep_null_mask_filter};
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, Operator};
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, DynamicFilterPhysicalExpr, InListExpr, IsNotNullExpr, IsNullExpr,
    LikeExpr, Literal, NotExpr,
};
use datafusion::physical_expr::{PhysicalExpr, conjunction, split_conjunction};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The plan with the conditions of its filters, projections and joins made so. Scans ask theirs by themselves.
pub fn plan(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let rewritten = plan.transform_up(|plan| {
        let old = Arc::clone(&plan);
        let new = if let Some(filter) = plan.downcast_ref::<FilterExec>() {
            of_filter(filter)?.unwrap_or(plan)
        } else if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
            of_projection(projection)?.unwrap_or(plan)
        } else {
            join_condition::changed(plan, |expr, row| condition(Arc::clone(expr), row))?
        };
        let is_same = Arc::ptr_eq(&old, &new);
        Ok(Transformed::new_transformed(new, !is_same))
    })?;
    Ok(rewritten.data)
}

/// What can fail comes last, wherever the statement has it.
fn of_filter(filter: &FilterExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let row = filter.input().schema();
    let terms = split_conjunction(filter.predicate());
    let (safe, careful): (Vec<_>, Vec<_>) = terms.into_iter().partition(|t| is_safe(t, &row));
    if careful.is_empty() {
        return Ok(None);
    }
    let ordered = conjunction(safe.into_iter().chain(careful).map(Arc::clone));
    let predicate = condition(ordered, &row)?;
    let filter = FilterExecBuilder::from(filter).with_predicate(predicate);
    Ok(Some(Arc::new(filter.build()?)))
}

fn of_projection(projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let row = projection.input().schema();
    let parts = projection.expr();
    let rewritten = parts
        .iter()
        .map(|part| {
            let expr = condition(Arc::clone(&part.expr), &row)?;
            Ok(ProjectionExpr::new(expr, part.alias.clone()))
        })
        .collect::<Result<Vec<_>>>()?;
    let same = |(old, new): (&ProjectionExpr, &ProjectionExpr)| Arc::ptr_eq(&old.expr, &new.expr);
    if parts.iter().zip(&rewritten).all(same) {
        return Ok(None);
    }
    let projection = ProjectionExec::try_new(rewritten, Arc::clone(projection.input()))?;
    Ok(Some(Arc::new(projection)))
}

/// The expression over `row`, the same if no AND or OR in it has a right side that can fail.
pub fn condition(expr: Arc<dyn PhysicalExpr>, row: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    Ok(rewrite(expr, row)?.0)
}

/// The expression, and whether it is safe.
fn rewrite(expr: Arc<dyn PhysicalExpr>, row: &Schema) -> Result<(Arc<dyn PhysicalExpr>, bool)> {
    let mut safe = cannot_fail(&expr, row);
    let mut right_is_safe = true;
    let mut changed = false;
    let mut children = Vec::with_capacity(expr.children().len());
    for child in expr.children() {
        let (new, child_is_safe) = rewrite(Arc::clone(child), row)?;
        changed |= !Arc::ptr_eq(&new, child);
        right_is_safe = child_is_safe;
        safe &= child_is_safe;
        children.push(new);
    }
    let expr = match changed {
        true => expr.with_new_children(children)?,
        false => expr,
    };
    let new = match expr.downcast_ref::<BinaryExpr>() {
        Some(both) if !right_is_safe && matches!(both.op(), Operator::And | Operator::Or) => {
            Arc::new(ShortCircuit::new(both.clone()))
        }
        _ => expr,
    };
    Ok((new, safe))
}

/// `left AND right` or `left OR right`.
#[derive(Debug)]
struct ShortCircuit {
    both: BinaryExpr,
    /// The right side has failed on some row.
    failed: AtomicBool,
}

impl ShortCircuit {
    fn new(both: BinaryExpr) -> Self {
        Self {
            both,
            failed: AtomicBool::new(false),
        }
    }

    fn of_open_rows(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let left = booleans(self.both.left().evaluate(batch)?, batch)?;
        let left = left.as_boolean();
        let decided = match self.both.op() {
            Operator::And => not(left)?,
            _ => left.clone(),
        };
        let open = match decided.null_count() {
            0 => not(&decided)?,
            _ => not(&prep_null_mask_filter(&decided))?,
        };
        let right = self.both.right().evaluate_selection(batch, &open)?;
        let right = booleans(right, batch)?;
        let answer = match self.both.op() {
            Operator::And => and_kleene(left, right.as_boolean())?,
            _ => or_kleene(left, right.as_boolean())?,
        };
        Ok(ColumnarValue::Array(Arc::new(answer)))
    }
}

fn booleans(value: ColumnarValue, batch: &RecordBatch) -> Result<ArrayRef> {
    let array = value.into_array(batch.num_rows())?;
    match array.data_type() {
        DataType::Boolean => Ok(array),
        other => internal_err!("a condition of type {other}"),
    }
}

impl PartialEq for ShortCircuit {
    fn eq(&self, other: &Self) -> bool {
        self.both.eq(&other.both)
    }
}

impl Eq for ShortCircuit {}

impl Hash for ShortCircuit {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.both.hash(state);
    }
}

impl fmt::Display for ShortCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.both.op() {
            Operator::Or => write!(f, "({})", self.both), // the operator around it sees no OR
            _ => self.both.fmt(f),
        }
    }
}

impl PhysicalExpr for ShortCircuit {
    fn data_type(&self, _row: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, row: &Schema) -> Result<bool> {
        self.both.nullable(row)
    }

    fn return_field(&self, row: &Schema) -> Result<FieldRef> {
        self.both.return_field(row)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if !self.failed.load(Ordering::Relaxed) {
            match self.both.evaluate(batch) {
                Ok(answer) => return Ok(answer),
                Err(_) => self.failed.store(true, Ordering::Relaxed),
            }
        }
        self.of_open_rows(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.both.children()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [left, right] = children.as_slice() else {
            return internal_err!("a condition of two sides");
        };
        let both = BinaryExpr::new(Arc::clone(left), *self.both.op(), Arc::clone(right));
        Ok(Arc::new(Self::new(both)))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.both.fmt_sql(f)
    }
}

/// Whether the condition has an answer for any row over `row`, so that it may be asked before others. A hint has one if the
/// expressions that it compares have.
pub fn is_safe(expr: &Arc<dyn PhysicalExpr>, row: &Schema) -> bool {
    let mut safe = true;
    let walked = expr.apply(|node| {
        safe &= cannot_fail(node, row);
        Ok(match safe {
            true => TreeNodeRecursion::Continue,
            false => TreeNodeRecursion::Stop,
        })
    });
    safe && walked.is_ok()
}

fn cannot_fail(node: &Arc<dyn PhysicalExpr>, row: &Schema) -> bool {
    if let Some(binary) = node.downcast_ref::<BinaryExpr>() {
        return !is_arithmetic(binary.op());
    }
    if let Some(cast) = node.downcast_ref::<CastExpr>() {
        return cast
            .expr()
            .data_type(row)
            .is_ok_and(|from| always_fits(&from, cast.cast_type()));
    }
    node.is::<Column>()
        || node.is::<Literal>()
        || node.is::<DynamicFilterPhysicalExpr>()
        || node.is::<InListExpr>()
        || node.is::<LikeExpr>()
        || node.is::<IsNullExpr>()
        || node.is::<IsNotNullExpr>()
        || node.is::<NotExpr>()
        || node.is::<PerValue>()
        || node.is::<KeptRows>()
}

fn is_arithmetic(operator: &Operator) -> bool {
    use Operator as O;
    !matches!(
        operator,
        O::Eq
            | O::NotEq
            | O::Lt
            | O::LtEq
            | O::Gt
            | O::GtEq
            | O::And
            | O::Or
            | O::IsDistinctFrom
            | O::IsNotDistinctFrom
    )
}

fn always_fits(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    match (from, to) {
        (T::Dictionary(_, values), to) => values.as_ref() == to,
        (T::Utf8View | T::LargeUtf8, T::Utf8) | (T::Float32, T::Float64) => true,
        (
            T::Decimal32(p, s) | T::Decimal64(p, s) | T::Decimal128(p, s),
            T::Decimal128(to_p, to_s),
        ) => to_s >= s && i16::from(*to_p) - i16::from(*to_s) >= i16::from(*p) - i16::from(*s),
        (T::Timestamp(from, _), T::Timestamp(to, _)) => to <= from,
        (T::Int8 | T::Int16 | T::UInt8 | T::UInt16, T::Int32) => true,
        (
            T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16 | T::UInt32,
            T::Int64 | T::Float64,
        ) => true,
        _ => from == to,
    }
}
