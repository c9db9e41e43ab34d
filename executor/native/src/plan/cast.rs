//! Casts as users mean them.

use crate::functions::{casting, nested_text, rows};
use crate::plan::expr::Typed;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Cast, Expr, TryCast, lit};

/// `optional` gives NULL where the cast would fail.
pub fn cast(input: Typed, to: &DataType, optional: bool) -> Result<Typed> {
    if input.data_type == *to {
        return Ok(input);
    }
    if *to == DataType::Null {
        return Ok(Typed::new(lit(ScalarValue::Null), DataType::Null));
    }
    let input = as_users_mean(input, to);
    if input.data_type == *to {
        return Ok(input);
    }
    if casting::reads(&input.data_type, to) {
        let read = casting::unordered_cast(to, optional).call(vec![input.expr]);
        return Ok(Typed::new(read, to.clone()));
    }
    let expr = match optional || is_day(&input.data_type, to) {
        true => Expr::TryCast(TryCast::new(Box::new(input.expr), to.clone())),
        false => match cheaper(&input, to) {
            Some(expr) => expr,
            None if !keeps_order(&input.data_type, to) => {
                casting::unordered_cast(to, false).call(vec![input.expr])
            }
            None => Expr::Cast(Cast::new(Box::new(input.expr), to.clone())),
        },
    };
    Ok(Typed::new(expr, to.clone()))
}

/// Goes before the cast where Arrow would write a timestamp in ISO form or cut a fraction off.
fn as_users_mean(input: Typed, to: &DataType) -> Typed {
    match (&input.data_type, to) {
        (DataType::Timestamp(..) | DataType::Time64(_), DataType::Utf8) => Typed::new(
            casting::moment_text().call(vec![input.expr]),
            DataType::Utf8,
        ),
        (nested, DataType::Utf8) if nested.is_nested() => Typed::new(
            nested_text::nested_text().call(vec![input.expr]),
            DataType::Utf8,
        ),
        (DataType::Float32 | DataType::Float64, integer) if integer.is_integer() => Typed::new(
            casting::nearest_integer().call(vec![input.expr]),
            DataType::Float64,
        ),
        (DataType::Decimal128(_, scale), integer) if *scale > 0 && integer.is_integer() => {
            let whole = DataType::Decimal128(38, 0);
            let rounded = Expr::Cast(Cast::new(Box::new(input.expr), whole.clone()));
            Typed::new(rounded, whole)
        }
        (from, to) => match rows::renamed(from, to) {
            // Fields meet by their place, as columns do; Arrow's casts look at their names.
            renamed if renamed != *from => Typed::new(
                rows::with_names(renamed.clone()).call(vec![input.expr]),
                renamed,
            ),
            _ => input,
        },
    }
}

/// DataFusion 55 takes the cast of the smallest value for the smallest of the cast values, whatever the types: '10' is less
/// than '9'.
fn keeps_order(from: &DataType, to: &DataType) -> bool {
    let is_text = |t: &DataType| matches!(t, DataType::Utf8 | DataType::Binary);
    let is_time = |t: &DataType| matches!(t, DataType::Time64(_));
    is_text(from) == is_text(to) && is_time(from) == is_time(to)
}

/// The day of a timestamp. It is there for all of them, so that TRY_CAST means the same; of a CAST DataFusion 55 takes the
/// days back for timestamps, finds more of them than there were, and refuses the filter ("Selectivity is out of limit").
fn is_day(from: &DataType, to: &DataType) -> bool {
    matches!((from, to), (DataType::Timestamp(..), DataType::Date32))
}

/// A decimal that only gets more digits before the point needs no look at its values.
fn cheaper(input: &Typed, to: &DataType) -> Option<Expr> {
    let (DataType::Decimal128(from, from_scale), DataType::Decimal128(digits, scale)) =
        (&input.data_type, to)
    else {
        return None;
    };
    if from_scale != scale || digits < from || matches!(input.expr, Expr::Literal(..)) {
        return None;
    }
    Some(crate::arithmetic::relabel(
        input.expr.clone(),
        *digits,
        *scale,
    ))
}
