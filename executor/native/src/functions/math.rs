//! Number functions that DataFusion lacks, or whose answer outside their domain differs.

use super::elementwise::{
    Parameter as P, double_at, function as make, integer_at, returns_boolean, returns_double,
    returns_integer, to_booleans, to_doubles, to_integers,
};
use crate::errors::{INVALID_ARGUMENT, NUMBER_OUT_OF_RANGE, failure};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "sign" => make("sign", &[P::Double], returns_integer, |a| {
            to_integers(a[0].len(), |row| Ok(double_at(&a[0], row).map(sign)))
        }),
        "isfinite" => make("isfinite", &[P::Double], returns_boolean, |a| {
            to_booleans(a[0].len(), |row| {
                Ok(double_at(&a[0], row).map(f64::is_finite))
            })
        }),
        "isinf" => make("isinf", &[P::Double], returns_boolean, |a| {
            to_booleans(a[0].len(), |row| {
                Ok(double_at(&a[0], row).map(f64::is_infinite))
            })
        }),
        "ln" => make("ln", &[P::Double], returns_double, |a| each(a, f64::ln)),
        "log10" => make("log10", &[P::Double], returns_double, |a| {
            each(a, f64::log10)
        }),
        "log2" => make("log2", &[P::Double], returns_double, |a| each(a, f64::log2)),
        "log" => make("log", &[P::Double], returns_double, log),
        "acos" => make("acos", &[P::Double], returns_double, |a| each(a, f64::acos)),
        "asin" => make("asin", &[P::Double], returns_double, |a| each(a, f64::asin)),
        "bitwise_and" => make("bitwise_and", &INTEGERS, returns_integer, |a| {
            pairs(a, |x, y| Ok(x & y))
        }),
        "bitwise_or" => make("bitwise_or", &INTEGERS, returns_integer, |a| {
            pairs(a, |x, y| Ok(x | y))
        }),
        "bitwise_xor" => make("bitwise_xor", &INTEGERS, returns_integer, |a| {
            pairs(a, |x, y| Ok(x ^ y))
        }),
        "bitwise_not" => make("bitwise_not", &INTEGERS, returns_integer, |a| {
            to_integers(a[0].len(), |row| Ok(integer_at(&a[0], row).map(|v| !v)))
        }),
        "shift_left" => make("shift_left", &INTEGERS, returns_integer, |a| {
            pairs(a, shift_left)
        }),
        "shift_right" => make("shift_right", &INTEGERS, returns_integer, |a| {
            pairs(a, shift_right)
        }),
        "bit_count" => make("bit_count", &INTEGERS, returns_integer, |a| {
            to_integers(a[0].len(), |row| {
                Ok(integer_at(&a[0], row).map(|v| i64::from(v.count_ones())))
            })
        }),
        "gamma" => make("gamma", &[P::Double], returns_double, |a| {
            each(a, libm::tgamma)
        }),
        "lgamma" => make("lgamma", &[P::Double], returns_double, |a| {
            each(a, libm::lgamma)
        }),
        "sqrt" => make("sqrt", &[P::Double], returns_double, |a| each(a, f64::sqrt)),
        "even" => make("even", &[P::Double], returns_double, |a| each(a, even)),
        "width_bucket" => make(
            "width_bucket",
            &[P::Double, P::Double, P::Double, P::Integer],
            returns_integer,
            width_bucket,
        ),
        _ => return None,
    })
}

const INTEGERS: [P; 1] = [P::Integer];

fn sign(value: f64) -> i64 {
    if value > 0.0 {
        1
    } else if value < 0.0 {
        -1
    } else {
        0
    }
}

/// IEEE 754 outside the domain, as DuckDB: LN(0) is -Infinity, LN(-1) and SQRT(-1) are NaN.
fn each(args: &[ArrayRef], of: fn(f64) -> f64) -> Result<ArrayRef> {
    to_doubles(args[0].len(), |row| Ok(double_at(&args[0], row).map(of)))
}

/// LOG(x) to base 10, LOG(base, x).
fn log(args: &[ArrayRef]) -> Result<ArrayRef> {
    if args.len() == 1 {
        return each(args, f64::log10);
    }
    to_doubles(args[0].len(), |row| {
        Ok(match (double_at(&args[0], row), double_at(&args[1], row)) {
            (Some(base), Some(value)) => Some(value.log10() / base.log10()),
            _ => None,
        })
    })
}

fn pairs(args: &[ArrayRef], of: fn(i64, i64) -> Result<i64>) -> Result<ArrayRef> {
    to_integers(args[0].len(), |row| {
        match (integer_at(&args[0], row), integer_at(&args[1], row)) {
            (Some(x), Some(y)) => of(x, y).map(Some),
            _ => Ok(None),
        }
    })
}

fn shift_left(value: i64, by: i64) -> Result<i64> {
    let places = shift(by)?;
    let shifted = value.checked_shl(places).unwrap_or(0);
    if shifted.checked_shr(places).unwrap_or(0) != value && value != 0 {
        return Err(failure(
            NUMBER_OUT_OF_RANGE,
            format!("{value} << {by} does not fit BIGINT"),
        ));
    }
    Ok(shifted)
}

fn shift_right(value: i64, by: i64) -> Result<i64> {
    Ok(value >> shift(by)?.min(63))
}

fn shift(by: i64) -> Result<u32> {
    u32::try_from(by).map_err(|_| failure(INVALID_ARGUMENT, format!("cannot shift by {by} places")))
}

/// Away from zero to the next even number.
fn even(value: f64) -> f64 {
    let up = value.abs().ceil();
    let even = if up % 2.0 == 0.0 { up } else { up + 1.0 };
    even.copysign(value)
}

/// As PostgreSQL: 0 below, count + 1 above; low > high counts downwards.
fn width_bucket(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_integers(args[0].len(), |row| {
        let (Some(value), Some(low), Some(high), Some(count)) = (
            double_at(&args[0], row),
            double_at(&args[1], row),
            double_at(&args[2], row),
            integer_at(&args[3], row),
        ) else {
            return Ok(None);
        };
        if count <= 0 {
            return Err(failure(
                INVALID_ARGUMENT,
                format!("WIDTH_BUCKET with {count} buckets"),
            ));
        }
        if low == high || !low.is_finite() || !high.is_finite() || value.is_nan() {
            return Err(failure(
                INVALID_ARGUMENT,
                format!("WIDTH_BUCKET of {value} between {low} and {high}"),
            ));
        }
        let place = (value - low) / (high - low);
        Ok(Some(if place < 0.0 {
            0
        } else if place >= 1.0 {
            count + 1
        } else {
            (place * count as f64).floor() as i64 + 1
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::{even, shift_left, shift_right, sign};

    #[test]
    fn signs_and_even_numbers() {
        assert_eq!(
            [sign(-3.0), sign(0.0), sign(f64::NAN), sign(9.0)],
            [-1, 0, 0, 1]
        );
        assert_eq!([even(2.9), even(-3.1), even(2.0)], [4.0, -4.0, 2.0]);
    }

    #[test]
    fn shifts_that_lose_bits_fail() {
        assert_eq!(shift_left(1, 4).unwrap(), 16);
        assert!(shift_left(1, 64).is_err());
        assert!(shift_left(1, -1).is_err());
        assert_eq!(shift_right(-8, 1).unwrap(), -4);
        assert_eq!(shift_right(8, 99).unwrap(), 0);
    }
}
