//! Which conditions may be asked of statistics. The bounds of floating-point columns leave NaN out, which is greater than
//! every number here: `x > 5` holds for a NaN in a row group whose greatest value is 1.

use datafusion::arrow::datatypes::Schema;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, IsNotNullExpr, IsNullExpr, Literal,
};
use datafusion::physical_expr::utils::collect_columns;
use std::sync::Arc;

/// Whether no row with a NaN passes that statistics would exclude.
pub fn leaves_nan_out(expr: &Arc<dyn PhysicalExpr>, row: &Schema) -> bool {
    if expr.is::<IsNullExpr>() || expr.is::<IsNotNullExpr>() || !has_floats(expr, row) {
        return true;
    }
    let Some(binary) = expr.downcast_ref::<BinaryExpr>() else {
        return false;
    };
    let (left, right) = (binary.left(), binary.right());
    match binary.op() {
        Operator::And | Operator::Or => leaves_nan_out(left, row) && leaves_nan_out(right, row),
        Operator::Eq => {
            left.is::<Column>() && is_number(right) || is_number(left) && right.is::<Column>()
        }
        Operator::Lt | Operator::LtEq => left.is::<Column>() && is_number(right),
        Operator::Gt | Operator::GtEq => is_number(left) && right.is::<Column>(),
        _ => false,
    }
}

fn has_floats(expr: &Arc<dyn PhysicalExpr>, row: &Schema) -> bool {
    collect_columns(expr)
        .iter()
        .any(|column| row.field(column.index()).data_type().is_floating())
}

fn is_number(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let literal = expr.downcast_ref::<Literal>().map(Literal::value);
    match literal {
        Some(ScalarValue::Float64(Some(value))) => !value.is_nan(),
        Some(ScalarValue::Float32(Some(value))) => !value.is_nan(),
        _ => false,
    }
}
