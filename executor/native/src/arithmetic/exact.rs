//! Sums, differences and products of decimals that need no look at each value: the result's digits are known to suffice, or
//! both factors turn out to have 64 bits. Half the time of Arrow's checked kernels.

use super::decimal::MAX_DIGITS;
use super::{Operand, Operation};
use datafusion::arrow::array::{Array, AsArray, Decimal128Array, PrimitiveArray};
use datafusion::arrow::compute::kernels::arity::binary;
use datafusion::arrow::datatypes::Decimal128Type;
use datafusion::common::Result;
use std::cell::Cell;

/// Nothing where values have to be checked one by one. `needed` digits hold every result that the operands' types allow;
/// `scale` is the operation's own.
pub fn apply(
    operation: Operation,
    left: &Operand,
    right: &Operand,
    needed: i16,
    precision: u8,
    scale: i8,
) -> Result<Option<Decimal128Array>> {
    let result = match operation {
        Operation::Add | Operation::Subtract if needed <= i16::from(precision) => {
            let up_left = factor(left, scale);
            let up_right = match operation {
                Operation::Subtract => -factor(right, scale),
                _ => factor(right, scale),
            };
            combine(left, right, |l, r| {
                l.wrapping_mul(up_left)
                    .wrapping_add(r.wrapping_mul(up_right))
            })?
        }
        // A product of two 64-bit numbers is below 2^126, which has 38 digits.
        Operation::Multiply if precision == MAX_DIGITS || needed <= i16::from(precision) => {
            let fits = Cell::new(true);
            let product = combine(left, right, |l, r| {
                let (low_left, low_right) = (l as i64, r as i64);
                let same = (i128::from(low_left) == l) & (i128::from(low_right) == r);
                fits.set(fits.get() & same);
                i128::from(low_left) * i128::from(low_right)
            })?;
            match fits.get() {
                true => product,
                false => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(result.with_precision_and_scale(precision, scale)?))
}

/// What brings the operand to `scale`.
fn factor(operand: &Operand, scale: i8) -> i128 {
    let own = operand.array.as_primitive::<Decimal128Type>().scale();
    10i128.pow(u32::from((scale - own).unsigned_abs()))
}

fn combine(
    left: &Operand,
    right: &Operand,
    compute: impl Fn(i128, i128) -> i128,
) -> Result<Decimal128Array> {
    let (l, r) = (
        left.array.as_primitive::<Decimal128Type>(),
        right.array.as_primitive::<Decimal128Type>(),
    );
    Ok(match (left.scalar, right.scalar) {
        (true, false) if l.is_null(0) => PrimitiveArray::new_null(r.len()),
        (false, true) if r.is_null(0) => PrimitiveArray::new_null(l.len()),
        (true, false) => {
            let value = l.value(0);
            r.unary(|other| compute(value, other))
        }
        (false, true) => {
            let value = r.value(0);
            l.unary(|other| compute(other, value))
        }
        _ => binary(l, r, compute)?,
    })
}
