//! Comparisons and orders of values that DataFusion 55 compares otherwise than PostgreSQL and DuckDB, or not at all: structs,
//! NULLs in lists, and intervals, which it compares part by part.

use crate::functions::order_key::{interval_length, order_key};
use crate::plan::expr::Typed;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, Operator};

/// What is compared in the place of the value.
pub fn comparable(value: Typed, operator: Operator) -> Expr {
    let is_equality = matches!(operator, Operator::Eq | Operator::NotEq);
    match &value.data_type {
        DataType::Interval(_) => interval_length().call(vec![value.expr]),
        nested if has_rows(nested) || nested.is_nested() && !is_equality => {
            order_key().call(vec![value.expr])
        }
        _ => value.expr,
    }
}

/// What is sorted by in the place of the value.
pub fn sortable(value: Typed) -> Expr {
    match value.data_type {
        DataType::Interval(_) => interval_length().call(vec![value.expr]),
        _ => value.expr,
    }
}

/// The key by which the least and the greatest of such values are found; none where DataFusion finds them.
pub fn extreme_key(value: &Typed) -> Option<Expr> {
    match &value.data_type {
        DataType::Interval(_) => Some(interval_length().call(vec![value.expr.clone()])),
        nested if has_rows(nested) => Some(value.expr.clone()),
        _ => None,
    }
}

/// Whether values hold structs or maps.
fn has_rows(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(_) | DataType::Map(..) => true,
        DataType::List(element) | DataType::FixedSizeList(element, _) => {
            has_rows(element.data_type())
        }
        _ => false,
    }
}
