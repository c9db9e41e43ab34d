//! Casts as users mean them.

use crate::plan::expr::Typed;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Cast, Expr, TryCast};

/// `optional` gives NULL where the cast would fail.
pub fn cast(input: Typed, to: &DataType, optional: bool) -> Result<Typed> {
    if input.data_type == *to {
        return Ok(input);
    }
    let expr = match optional {
        true => Expr::TryCast(TryCast::new(Box::new(input.expr), to.clone())),
        false => match cheaper(&input, to) {
            Some(expr) => expr,
            None => Expr::Cast(Cast::new(Box::new(input.expr), to.clone())),
        },
    };
    Ok(Typed::new(expr, to.clone()))
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
