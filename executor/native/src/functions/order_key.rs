//! Values in a form that compares as PostgreSQL and DuckDB compare them. Not in the registry: only comparisons and sorts
//! use it.

use super::elementwise::{Parameter as P, function as make, returns_binary};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, Decimal128Array,
};
use datafusion::arrow::compute::{SortOptions, cast};
use datafusion::arrow::datatypes::{
    DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

const DAYS_PER_MONTH: i128 = 30;
const NANOS_PER_DAY: i128 = 86_400_000_000_000;

/// Of lists, structs and maps: element by element, field by field, a NULL within them after everything else.
pub fn order_key() -> ScalarUDF {
    make("order_key", &[P::Any], returns_binary, |args| {
        let rows = converter(args[0].data_type())?.convert_columns(args)?;
        let mut keys = BinaryBuilder::new();
        for (row, key) in rows.iter().enumerate() {
            keys.append_option(args[0].is_valid(row).then_some(key.data()));
        }
        let keys: BinaryArray = keys.finish();
        Ok(Arc::new(keys) as ArrayRef)
    })
}

/// Values of the type as bytes that have their order.
pub(super) fn converter(data_type: &DataType) -> Result<RowConverter> {
    let nulls_last = SortOptions::new(false, false);
    let field = SortField::new_with_options(data_type.clone(), nulls_last);
    Ok(RowConverter::new(vec![field])?)
}

/// Of intervals: their nanoseconds, with days of 24 hours and months of 30 days.
pub fn interval_length() -> ScalarUDF {
    make(
        "interval_length",
        &[P::Any],
        |_| DataType::Decimal128(38, 0),
        |args| {
            let intervals = cast(&args[0], &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
            let lengths: Decimal128Array = intervals.iter().map(|i| i.map(length)).collect();
            Ok(Arc::new(lengths.with_precision_and_scale(38, 0)?) as ArrayRef)
        },
    )
}

fn length(interval: IntervalMonthDayNano) -> i128 {
    let days = i128::from(interval.months) * DAYS_PER_MONTH + i128::from(interval.days);
    days * NANOS_PER_DAY + i128::from(interval.nanoseconds)
}
