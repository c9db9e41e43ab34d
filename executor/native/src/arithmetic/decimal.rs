//! Decimals: the fast path is Arrow's kernel plus a relabelling; values are looked at only where they may not fit.

use super::{Operand, Operation, apply as arrow_apply, exact, type_name};
use crate::errors::{DIVISION_BY_ZERO, NUMBER_OUT_OF_RANGE, failure};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, DecimalType, i256};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result};
use std::sync::Arc;

pub(super) const MAX_DIGITS: u8 = 38;

/// The result is a DECIMAL(precision, scale); rounding is half away from zero.
pub fn apply(
    operation: Operation,
    left: &Operand,
    right: &Operand,
    precision: u8,
    scale: i8,
) -> Result<ArrayRef> {
    let (left, right) = (as_decimal(left)?, as_decimal(right)?);
    let (p1, s1) = digits(left.data_type());
    let (p2, s2) = digits(right.data_type());
    let exact = match operation {
        Operation::Add | Operation::Subtract | Operation::Modulo => s1.max(s2),
        Operation::Multiply => s1 + s2,
        Operation::Divide => i8::MAX,
        Operation::Negate => s1,
    };
    if exact != scale {
        return wide(operation, &left, &right, precision, scale);
    }
    let needed = match operation {
        Operation::Add | Operation::Subtract => {
            (p1 as i16 - s1 as i16).max(p2 as i16 - s2 as i16) + scale as i16 + 1
        }
        Operation::Multiply => p1 as i16 + p2 as i16,
        Operation::Modulo | Operation::Divide | Operation::Negate => p1.max(p2) as i16,
    };
    if let Some(result) = exact::apply(operation, &left, &right, needed, precision, scale)? {
        return Ok(Arc::new(result));
    }
    let result = match arrow_apply(operation, &left, &right) {
        Ok(result) => result,
        Err(ArrowError::DivideByZero) => return Err(failure(DIVISION_BY_ZERO, "division by zero")),
        Err(ArrowError::ArithmeticOverflow(_)) => {
            return Err(too_large(operation, precision, scale));
        }
        // More digits than Arrow's kernels derive a type for.
        Err(ArrowError::InvalidArgumentError(_)) => {
            return wide(operation, &left, &right, precision, scale);
        }
        Err(other) => return Err(other.into()),
    };
    let result = result.as_primitive::<Decimal128Type>().clone();
    if result.scale() != scale {
        return wide(operation, &left, &right, precision, scale);
    }
    let result = result.with_precision_and_scale(precision, scale)?;
    if needed > precision as i16 {
        check(&result, operation, precision, scale)?;
    }
    Ok(Arc::new(result))
}

/// One value at a time over 256 bits: whatever the fast path cannot do.
fn wide(
    operation: Operation,
    left: &Operand,
    right: &Operand,
    precision: u8,
    scale: i8,
) -> Result<ArrayRef> {
    let (l, r) = (
        left.array.as_primitive::<Decimal128Type>(),
        right.array.as_primitive(),
    );
    let (s1, s2) = (i32::from(l.scale()), i32::from(Decimal128Array::scale(r)));
    let rows = match (left.scalar, right.scalar) {
        (true, false) => r.len(),
        _ => l.len(),
    };
    let target = i32::from(scale);
    let compute = |a: i256, b: i256| -> Option<i256> {
        match operation {
            Operation::Add | Operation::Subtract | Operation::Modulo => {
                let common = s1.max(s2);
                let a = rescale(a, s1, common)?;
                let b = rescale(b, s2, common)?;
                let exact = match operation {
                    Operation::Add => a.checked_add(b)?,
                    Operation::Subtract => a.checked_sub(b)?,
                    _ => a.checked_rem(b)?,
                };
                rescale(exact, common, target)
            }
            Operation::Multiply => rescale(a.checked_mul(b)?, s1 + s2, target),
            Operation::Divide => {
                let shift = target + s2 - s1;
                match shift >= 0 {
                    true => divide(a.checked_mul(ten(shift)?)?, b),
                    false => divide(a, b.checked_mul(ten(-shift)?)?),
                }
            }
            Operation::Negate => a.checked_neg(),
        }
    };
    let divides = matches!(operation, Operation::Divide | Operation::Modulo);
    let mut values = Vec::with_capacity(rows);
    let mut valid = Vec::with_capacity(rows);
    for i in 0..rows {
        let (at_l, at_r) = (
            if left.scalar { 0 } else { i },
            if right.scalar { 0 } else { i },
        );
        if l.is_null(at_l) || r.is_null(at_r) {
            values.push(0);
            valid.push(false);
            continue;
        }
        let b = i256::from_i128(r.value(at_r));
        if divides && b == i256::ZERO {
            return Err(failure(DIVISION_BY_ZERO, "division by zero"));
        }
        let value = compute(i256::from_i128(l.value(at_l)), b).and_then(i256::to_i128);
        let value = value.ok_or_else(|| too_large(operation, precision, scale))?;
        values.push(value);
        valid.push(true);
    }
    let nulls = NullBuffer::from(valid);
    let nulls = Some(nulls).filter(|n| n.null_count() > 0);
    let result = Decimal128Array::new(values.into(), nulls);
    let result = result.with_precision_and_scale(precision, scale)?;
    check(&result, operation, precision, scale)?;
    Ok(Arc::new(result))
}

fn check(result: &Decimal128Array, operation: Operation, precision: u8, scale: i8) -> Result<()> {
    match result.validate_decimal_precision(precision) {
        Ok(()) => Ok(()),
        Err(_) => Err(too_large(operation, precision, scale)),
    }
}

fn too_large(operation: Operation, precision: u8, scale: i8) -> DataFusionError {
    let target = type_name(&DataType::Decimal128(precision, scale));
    let text = format!("the result of {} does not fit {target}", operation.symbol());
    failure(NUMBER_OUT_OF_RANGE, text)
}

fn rescale(value: i256, from: i32, to: i32) -> Option<i256> {
    match to >= from {
        true => value.checked_mul(ten(to - from)?),
        false => divide(value, ten(from - to)?),
    }
}

/// Half away from zero.
fn divide(value: i256, by: i256) -> Option<i256> {
    let quotient = value.checked_div(by)?;
    let rest = value.checked_rem(by)?;
    let twice = rest.checked_abs()?.checked_mul(i256::from_i128(2))?;
    if twice < by.checked_abs()? {
        return Some(quotient);
    }
    let away = match value.is_negative() == by.is_negative() {
        true => i256::ONE,
        false => i256::MINUS_ONE,
    };
    quotient.checked_add(away)
}

fn ten(power: i32) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(power).ok()?)
}

fn digits(data_type: &DataType) -> (u8, i8) {
    match data_type {
        DataType::Decimal128(precision, scale) => (*precision, *scale),
        _ => (MAX_DIGITS, 0),
    }
}

fn as_decimal(operand: &Operand) -> Result<Operand> {
    let precision = match operand.data_type() {
        DataType::Decimal128(..) => return operand.cast(operand.data_type()),
        DataType::Int8 => 3,
        DataType::Int16 => 5,
        DataType::Int32 => 10,
        DataType::Int64 => 19,
        _ => Decimal128Type::MAX_PRECISION,
    };
    operand.cast(&DataType::Decimal128(precision, 0))
}
