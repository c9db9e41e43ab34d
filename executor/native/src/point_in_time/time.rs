//! Event times as 64-bit integers in the unit of their type.
use super::Direction;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use datafusion::common::{Result, exec_err, plan_err};

/// One batch's times. `values[i]` means nothing where `valid` is unset.
pub struct Times {
    pub values: ScalarBuffer<i64>,
    pub valid: Option<NullBuffer>,
}

/// Whether a column of this type can be the time of a point-in-time join.
pub fn check_type(data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Ok(()),
        DataType::Date32 | DataType::Timestamp(_, _) | DataType::Decimal128(_, _) => Ok(()),
        other => plan_err!(
            "the time of an as-of join must be a timestamp, a date, an integer or a decimal, not {other}"
        ),
    }
}

impl Times {
    /// Times of a join that looks forward (`<=`, `<`) are complemented: their order is reversed without overflow, and the
    /// rest of the operator only ever looks back.
    pub fn of(column: &ArrayRef, direction: Direction) -> Result<Self> {
        let mut values = match column.data_type() {
            DataType::Decimal128(_, _) => decimals(column)?.into(),
            DataType::Date32 => cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .values()
                .clone(),
            _ => cast(column, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .values()
                .clone(),
        };
        if direction == Direction::Forward {
            values = values.iter().map(|value| !*value).collect();
        }
        Ok(Self {
            values,
            valid: column.logical_nulls(),
        })
    }
}

fn decimals(column: &ArrayRef) -> Result<Vec<i64>> {
    let decimals = column.as_primitive::<Decimal128Type>();
    let mut values = Vec::with_capacity(decimals.len());
    for row in 0..decimals.len() {
        match i64::try_from(decimals.value(row)) {
            Ok(value) => values.push(value),
            Err(_) if decimals.is_null(row) => values.push(0),
            Err(_) => {
                return exec_err!(
                    "the as-of time {} is too large",
                    decimals.value_as_string(row)
                );
            }
        }
    }
    Ok(values)
}
