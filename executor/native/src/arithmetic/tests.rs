//! The edges that SQL tests reach only with effort.

use super::{Operand, Operation, decimal, temporal};
use datafusion::arrow::array::{ArrayRef, AsArray, Decimal128Array, Int64Array};
use datafusion::arrow::array::{IntervalMonthDayNanoArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, IntervalMonthDayNanoType};
use datafusion::arrow::datatypes::{IntervalMonthDayNano, IntervalUnit};
use std::sync::Arc;

fn decimals(values: Vec<Option<i128>>, precision: u8, scale: i8) -> Operand {
    let array = Decimal128Array::from(values);
    let array = array.with_precision_and_scale(precision, scale).unwrap();
    array_of(Arc::new(array))
}

fn array_of(array: ArrayRef) -> Operand {
    Operand {
        array,
        scalar: false,
    }
}

fn unscaled(array: &ArrayRef) -> Vec<Option<i128>> {
    array.as_primitive::<Decimal128Type>().iter().collect()
}

#[test]
fn division_rounds_half_away_from_zero() {
    let left = decimals(vec![Some(100), Some(-100), None, Some(250)], 5, 2);
    let right = decimals(vec![Some(300), Some(800), Some(1), Some(10000)], 6, 2);
    let result = decimal::apply(Operation::Divide, &left, &right, 10, 2).unwrap();
    assert_eq!(unscaled(&result), vec![Some(33), Some(-13), None, Some(3)]);
}

#[test]
fn products_beyond_128_bits_are_exact_when_the_result_fits() {
    let large = 10i128.pow(30);
    let left = decimals(vec![Some(large)], 38, 20);
    let right = decimals(vec![Some(large)], 38, 20);
    let result = decimal::apply(Operation::Multiply, &left, &right, 38, 10).unwrap();
    assert_eq!(unscaled(&result), vec![Some(large)]);
}

#[test]
fn decimals_that_do_not_fit_are_errors() {
    let nines = decimals(vec![Some(99)], 2, 0);
    for operation in [Operation::Add, Operation::Multiply] {
        assert!(decimal::apply(operation, &nines, &nines, 2, 0).is_err());
    }
    let zero = decimals(vec![Some(0)], 2, 0);
    assert!(decimal::apply(Operation::Divide, &nines, &zero, 10, 2).is_err());
}

#[test]
fn scales_are_aligned_and_nulls_stay() {
    let left = decimals(vec![Some(150), None, Some(-5)], 15, 2);
    let right = decimals(vec![Some(1), Some(2), Some(3)], 10, 0);
    let sum = decimal::apply(Operation::Add, &left, &right, 18, 2).unwrap();
    assert_eq!(unscaled(&sum), vec![Some(250), None, Some(295)]);
    let one = Operand {
        scalar: true,
        ..decimals(vec![Some(1)], 10, 0)
    };
    let difference = decimal::apply(Operation::Subtract, &one, &left, 18, 2).unwrap();
    assert_eq!(unscaled(&difference), vec![Some(-50), None, Some(105)]);
    let nothing = Operand {
        scalar: true,
        ..decimals(vec![None], 10, 0)
    };
    let product = decimal::apply(Operation::Multiply, &left, &nothing, 25, 2).unwrap();
    assert_eq!(unscaled(&product), vec![None, None, None]);
}

#[test]
fn wide_factors_are_checked() {
    let wide = decimals(vec![Some(10i128.pow(20))], 38, 0);
    let product = decimal::apply(
        Operation::Multiply,
        &wide,
        &decimals(vec![Some(7)], 1, 0),
        38,
        0,
    );
    assert_eq!(unscaled(&product.unwrap()), vec![Some(7 * 10i128.pow(20))]);
    assert!(decimal::apply(Operation::Multiply, &wide, &wide, 38, 0).is_err());
}

#[test]
fn integers_mix_with_decimals() {
    let left = array_of(Arc::new(Int64Array::from(vec![3])));
    let right = decimals(vec![Some(150)], 5, 2);
    let result = decimal::apply(Operation::Add, &left, &right, 22, 2).unwrap();
    assert_eq!(unscaled(&result), vec![Some(450)]);
}

#[test]
fn timestamps_differ_by_days_and_nanoseconds() {
    let day = 86_400_000_000i64;
    let left = array_of(Arc::new(TimestampMicrosecondArray::from(vec![3 * day + 5])));
    let right = array_of(Arc::new(TimestampMicrosecondArray::from(vec![day])));
    let interval = DataType::Interval(IntervalUnit::MonthDayNano);
    let result = temporal::apply(Operation::Subtract, &left, &right, &interval).unwrap();
    let found = result.as_primitive::<IntervalMonthDayNanoType>().value(0);
    assert_eq!(found, IntervalMonthDayNano::new(0, 2, 5000));
}

#[test]
fn half_of_an_odd_day_is_twelve_hours_more() {
    let three_days = IntervalMonthDayNano::new(0, 3, 0);
    let left = array_of(Arc::new(IntervalMonthDayNanoArray::from(vec![three_days])));
    let right = array_of(Arc::new(Int64Array::from(vec![2])));
    let interval = DataType::Interval(IntervalUnit::MonthDayNano);
    let result = temporal::apply(Operation::Divide, &left, &right, &interval).unwrap();
    let found = result.as_primitive::<IntervalMonthDayNanoType>().value(0);
    assert_eq!(
        found,
        IntervalMonthDayNano::new(0, 1, 12 * 3_600_000_000_000)
    );
}
