//! Dates, times and intervals.

use super::{Operand, Operation, apply as arrow_apply, type_name};
use crate::errors::{DIVISION_BY_ZERO, NUMBER_OUT_OF_RANGE, failure, internal};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use datafusion::arrow::compute::kernels::arity::try_binary;
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, DurationMicrosecondType, DurationNanosecondType, Float64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
    Time64MicrosecondType, TimeUnit, UInt32Type,
};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result};
use std::sync::Arc;

const NANOS_PER_DAY: i64 = 86_400_000_000_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

pub fn apply(
    operation: Operation,
    left: &Operand,
    right: &Operand,
    declared: &DataType,
) -> Result<ArrayRef> {
    use DataType::{Date32, Interval, Time64, Timestamp};
    match (left.data_type(), operation, right.data_type(), declared) {
        (Interval(_), Operation::Add, Date32 | Time64(_) | Timestamp(..), _) => {
            apply(operation, right, left, declared)
        }
        (Timestamp(..) | Date32, Operation::Subtract, Timestamp(..) | Date32, Interval(_)) => {
            difference(left, right)
        }
        (Time64(_), _, Interval(_), _) => time(operation, left, right),
        (Date32 | Timestamp(..), Operation::Add | Operation::Subtract, Interval(_), _) => {
            let left = match (left.data_type(), declared) {
                (Date32, Timestamp(..)) => left.cast(declared)?,
                _ => left.cast(left.data_type())?,
            };
            arrow_apply(operation, &left, right).map_err(|e| error(e, declared))
        }
        (Interval(_), Operation::Add | Operation::Subtract, Interval(_), _) => {
            let (left, right) = (interval(left, declared)?, interval(right, declared)?);
            arrow_apply(operation, &left, &right).map_err(|e| error(e, declared))
        }
        (Interval(_), Operation::Multiply | Operation::Divide, _, _) => {
            scale(operation, left, right, declared)
        }
        (_, Operation::Multiply, Interval(_), _) => scale(operation, right, left, declared),
        (Date32, Operation::Subtract, Date32, _) => {
            let (left, right) = (left.cast(&DataType::Int32)?, right.cast(&DataType::Int32)?);
            arrow_apply(operation, &left, &right).map_err(|e| error(e, declared))
        }
        (l, _, r, _) => Err(internal(format!("{l} {} {r}", operation.symbol()))),
    }
}

/// First minus second, in days and nanoseconds of a day.
fn difference(left: &Operand, right: &Operand) -> Result<ArrayRef> {
    let nanos = |o: &Operand| matches!(o.data_type(), DataType::Timestamp(TimeUnit::Nanosecond, _));
    let fine = nanos(left) || nanos(right);
    let unit = match fine {
        true => TimeUnit::Nanosecond,
        false => TimeUnit::Microsecond,
    };
    let naive = DataType::Timestamp(unit, None);
    let cast = |o: &Operand| match o.data_type() {
        // UTC values without their zone: only the difference matters.
        DataType::Timestamp(u, Some(_)) => o
            .cast(&DataType::Timestamp(*u, Some("UTC".into())))
            .and_then(|o| o.cast(&DataType::Int64))
            .and_then(|o| o.cast(&DataType::Timestamp(*u, None)))
            .and_then(|o| o.cast(&naive)),
        _ => o.cast(&naive),
    };
    let declared = DataType::Interval(IntervalUnit::MonthDayNano);
    let span = arrow_apply(Operation::Subtract, &cast(left)?, &cast(right)?)
        .map_err(|e| error(e, &declared))?;
    let of = |days: i64, nanos: i64| IntervalMonthDayNano::new(0, days as i32, nanos);
    let result: PrimitiveArray<IntervalMonthDayNanoType> = match fine {
        true => span
            .as_primitive::<DurationNanosecondType>()
            .unary(|n| of(n / NANOS_PER_DAY, n % NANOS_PER_DAY)),
        false => span
            .as_primitive::<DurationMicrosecondType>()
            .unary(|n| of(n / MICROS_PER_DAY, (n % MICROS_PER_DAY) * 1000)),
    };
    Ok(Arc::new(result))
}

/// A time of day wraps at midnight; only the part of the interval below a day counts.
fn time(operation: Operation, left: &Operand, right: &Operand) -> Result<ArrayRef> {
    let right = right.cast(&DataType::Interval(IntervalUnit::MonthDayNano))?;
    let (left, right) = stretched(left, &right)?;
    let sign = if operation == Operation::Subtract {
        -1
    } else {
        1
    };
    let result: PrimitiveArray<Time64MicrosecondType> = try_binary(
        left.as_primitive::<Time64MicrosecondType>(),
        right.as_primitive::<IntervalMonthDayNanoType>(),
        |time, by| Ok((time + sign * (by.nanoseconds / 1000)).rem_euclid(MICROS_PER_DAY)),
    )?;
    Ok(Arc::new(result))
}

/// An interval times or divided by a number. Fractions of a month are dropped, those of a day become hours.
fn scale(
    operation: Operation,
    interval: &Operand,
    number: &Operand,
    declared: &DataType,
) -> Result<ArrayRef> {
    let number = number.cast(&DataType::Float64)?;
    let factor = move |n: f64| match operation {
        Operation::Divide if n == 0.0 => Err(ArrowError::DivideByZero),
        Operation::Divide => Ok(1.0 / n),
        _ => Ok(n),
    };
    let (left, right) = stretched(interval, &number)?;
    let numbers = right.as_primitive::<Float64Type>();
    let fits = |value: f64, limit: f64| match value.is_finite() && value.abs() <= limit {
        true => Ok(value),
        false => Err(ArrowError::ArithmeticOverflow(String::new())),
    };
    let result: std::result::Result<ArrayRef, ArrowError> = match left.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => {
            binary::<IntervalYearMonthType, _>(left.as_primitive(), numbers, |months, n| {
                Ok(fits(f64::from(months) * factor(n)?, f64::from(i32::MAX))? as i32)
            })
        }
        _ => binary::<IntervalMonthDayNanoType, _>(left.as_primitive(), numbers, |by, n| {
            let factor = factor(n)?;
            let months = fits(f64::from(by.months) * factor, f64::from(i32::MAX))?;
            let days = fits(f64::from(by.days) * factor, f64::from(i32::MAX))?;
            let rest = days.fract() * NANOS_PER_DAY as f64;
            let nanos = fits(by.nanoseconds as f64 * factor + rest, i64::MAX as f64)?;
            Ok(IntervalMonthDayNano::new(
                months as i32,
                days as i32,
                nanos.round() as i64,
            ))
        }),
    };
    result.map_err(|e| error(e, declared))
}

fn binary<T: ArrowPrimitiveType, F>(
    left: &PrimitiveArray<T>,
    right: &PrimitiveArray<Float64Type>,
    compute: F,
) -> std::result::Result<ArrayRef, ArrowError>
where
    F: Fn(T::Native, f64) -> std::result::Result<T::Native, ArrowError>,
{
    let result: PrimitiveArray<T> = try_binary(left, right, compute)?;
    Ok(Arc::new(result))
}

fn interval(operand: &Operand, declared: &DataType) -> Result<Operand> {
    operand.cast(declared)
}

/// Both sides at the same length.
fn stretched(left: &Operand, right: &Operand) -> Result<(ArrayRef, ArrayRef)> {
    let stretch = |side: &Operand, rows: usize| -> Result<ArrayRef> {
        match side.scalar && rows != 1 {
            true => {
                let zeros = PrimitiveArray::<UInt32Type>::from_value(0, rows);
                Ok(take(&side.array, &zeros, None)?)
            }
            false => Ok(Arc::clone(&side.array)),
        }
    };
    Ok((
        stretch(
            left,
            if left.scalar {
                right.array.len()
            } else {
                left.array.len()
            },
        )?,
        stretch(
            right,
            if right.scalar {
                left.array.len()
            } else {
                right.array.len()
            },
        )?,
    ))
}

fn error(error: ArrowError, declared: &DataType) -> DataFusionError {
    match error {
        ArrowError::DivideByZero => failure(DIVISION_BY_ZERO, "division by zero"),
        ArrowError::ArithmeticOverflow(_) => {
            let text = format!("the result does not fit {}", type_name(declared));
            failure(NUMBER_OUT_OF_RANGE, text)
        }
        other => other.into(),
    }
}
