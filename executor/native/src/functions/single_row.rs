//! The value of a scalar sub-query that was computed for many outer rows at once.

use super::elementwise::{Parameter as P, function as make, integers};
use crate::errors::{MORE_THAN_ONE_ROW, failure};
use datafusion::arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;

pub fn function(id: &str) -> Option<ScalarUDF> {
    (id == "single_row").then(|| {
        make(
            "single_row",
            &[P::Integer, P::Any],
            |types| types[1].clone(),
            value,
        )
    })
}

/// (number of rows, value): the value, unless there are several rows.
fn value(args: &[ArrayRef]) -> Result<ArrayRef> {
    if integers(&args[0]).iter().flatten().any(|rows| rows > 1) {
        return Err(more_than_one());
    }
    Ok(args[1].clone())
}

pub fn more_than_one() -> DataFusionError {
    failure(
        MORE_THAN_ONE_ROW,
        "a sub-query used as a value returned more than one row",
    )
}
