//! ROUND, TRUNC, CEIL and FLOOR over integers, decimals and floats, each in its own type: nothing passes through DOUBLE.

use super::elementwise::{Parameter as P, function as make, integer_at};
use crate::errors::{INVALID_ARGUMENT, NUMBER_OUT_OF_RANGE, failure};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "round" => make("round", &PARAMETERS, result, |a| rounded(a, Mode::Nearest)),
        "trunc" => make("trunc", &PARAMETERS, result, |a| rounded(a, Mode::Zero)),
        "ceil" => make("ceil", &PARAMETERS, result, |a| rounded(a, Mode::Up)),
        "floor" => make("floor", &PARAMETERS, result, |a| rounded(a, Mode::Down)),
        _ => return None,
    })
}

const PARAMETERS: [P; 2] = [P::Any, P::Integer];

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Half away from zero.
    Nearest,
    Zero,
    Up,
    Down,
}

/// A decimal gains a digit and keeps its scale; the caller casts it to the declared type.
fn result(types: &[DataType]) -> DataType {
    match types.first() {
        Some(DataType::Decimal128(p, s)) => DataType::Decimal128((p + 1).min(38), *s),
        Some(DataType::Float32) => DataType::Float32,
        Some(t) if t.is_integer() => DataType::Int64,
        _ => DataType::Float64,
    }
}

fn rounded(args: &[ArrayRef], mode: Mode) -> Result<ArrayRef> {
    let digits = |row: usize| match args.get(1) {
        None => Some(0),
        Some(digits) => integer_at(digits, row).map(|d| d.clamp(-400, 400) as i32),
    };
    let rows = args[0].len();
    let values = &args[0];
    match values.data_type() {
        DataType::Decimal128(p, s) => {
            let decimals = values.as_primitive::<Decimal128Type>();
            let scale = i32::from(*s);
            let result = (0..rows)
                .map(|row| match (decimals.is_valid(row), digits(row)) {
                    (true, Some(digits)) => {
                        exact(decimals.value(row), scale - digits, mode).map(Some)
                    }
                    _ => Ok(None),
                })
                .collect::<Result<Decimal128Array>>()?;
            Ok(Arc::new(
                result.with_precision_and_scale((p + 1).min(38), *s)?,
            ))
        }
        DataType::Float32 => {
            let floats = values.as_primitive::<Float32Type>();
            let result = (0..rows)
                .map(|row| {
                    let digits = digits(row)?;
                    let value = floats.is_valid(row).then(|| floats.value(row))?;
                    Some(float(f64::from(value), digits, mode) as f32)
                })
                .collect::<datafusion::arrow::array::Float32Array>();
            Ok(Arc::new(result))
        }
        t if t.is_integer() => {
            let widened = cast(values, &DataType::Int64)?;
            let integers = widened.as_primitive::<Int64Type>();
            let result = (0..rows)
                .map(|row| match (integers.is_valid(row), digits(row)) {
                    (true, Some(digits)) => integer(integers.value(row), digits, mode).map(Some),
                    _ => Ok(None),
                })
                .collect::<Result<datafusion::arrow::array::Int64Array>>()?;
            Ok(Arc::new(result))
        }
        DataType::Float64 | DataType::Null => {
            let widened = cast(values, &DataType::Float64)?;
            let floats = widened.as_primitive::<Float64Type>();
            let result = (0..rows)
                .map(|row| {
                    let digits = digits(row)?;
                    floats
                        .is_valid(row)
                        .then(|| float(floats.value(row), digits, mode))
                })
                .collect::<datafusion::arrow::array::Float64Array>();
            Ok(Arc::new(result))
        }
        other => Err(failure(INVALID_ARGUMENT, format!("cannot round {other}"))),
    }
}

fn integer(value: i64, digits: i32, mode: Mode) -> Result<i64> {
    if digits >= 0 {
        return Ok(value);
    }
    let wide = exact(i128::from(value), -digits, mode)?;
    i64::try_from(wide).map_err(|_| {
        failure(
            NUMBER_OUT_OF_RANGE,
            format!("{value} rounded does not fit BIGINT"),
        )
    })
}

/// Clears the last `places` decimal places of an unscaled value.
fn exact(value: i128, places: i32, mode: Mode) -> Result<i128> {
    if places <= 0 {
        return Ok(value);
    }
    let Some(unit) = 10i128.checked_pow(places as u32) else {
        return Ok(0);
    };
    let rest = value % unit;
    let down = value - rest;
    let step = match mode {
        Mode::Zero => 0,
        Mode::Nearest if rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2) => rest.signum(),
        Mode::Nearest => 0,
        Mode::Up => i128::from(rest > 0),
        Mode::Down => -i128::from(rest < 0),
    };
    step.checked_mul(unit)
        .and_then(|s| down.checked_add(s))
        .ok_or_else(|| failure(NUMBER_OUT_OF_RANGE, "a rounded decimal exceeds 38 digits"))
}

fn float(value: f64, digits: i32, mode: Mode) -> f64 {
    let of = |v: f64| match mode {
        Mode::Nearest => v.round(),
        Mode::Zero => v.trunc(),
        Mode::Up => v.ceil(),
        Mode::Down => v.floor(),
    };
    if digits == 0 || !value.is_finite() {
        return of(value);
    }
    let factor = 10f64.powi(digits.abs());
    if digits < 0 {
        let result = of(value / factor) * factor;
        return if result.is_finite() { result } else { 0.0 };
    }
    let result = of(value * factor) / factor;
    if result.is_finite() { result } else { value }
}

#[cfg(test)]
mod tests {
    use super::{Mode, exact, float, integer};

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(exact(25, 1, Mode::Nearest).unwrap(), 30);
        assert_eq!(exact(-25, 1, Mode::Nearest).unwrap(), -30);
        assert_eq!(exact(-24, 1, Mode::Nearest).unwrap(), -20);
        assert_eq!(float(2.5, 0, Mode::Nearest), 3.0);
        assert_eq!(integer(1250, -2, Mode::Nearest).unwrap(), 1300);
    }

    #[test]
    fn up_down_and_towards_zero() {
        assert_eq!(exact(-25, 1, Mode::Up).unwrap(), -20);
        assert_eq!(exact(-25, 1, Mode::Down).unwrap(), -30);
        assert_eq!(exact(21, 1, Mode::Up).unwrap(), 30);
        assert_eq!(exact(29, 1, Mode::Zero).unwrap(), 20);
        assert_eq!(exact(29, 60, Mode::Up).unwrap(), 0);
    }

    #[test]
    fn a_float_too_large_to_scale_stays() {
        assert_eq!(float(1e300, 100, Mode::Nearest), 1e300);
        assert!(float(f64::NAN, 2, Mode::Nearest).is_nan());
        assert!(integer(i64::MAX, -1, Mode::Nearest).is_err());
    }
}
