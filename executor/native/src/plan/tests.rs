//! Types and literals survive the way to the message and back.

use super::{literal, types};
use datafusion::arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use datafusion::scalar::ScalarValue;

#[test]
fn types_round_trip() {
    let all = [
        DataType::Null,
        DataType::Boolean,
        DataType::Int8,
        DataType::Int64,
        DataType::Float32,
        DataType::Utf8,
        DataType::Binary,
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Decimal128(38, 10),
        DataType::FixedSizeBinary(16),
        DataType::List(Field::new("item", DataType::Utf8, true).into()),
        DataType::FixedSizeList(Field::new("item", DataType::Float32, true).into(), 384),
        DataType::Struct(vec![Field::new("a", DataType::Int8, true)].into()),
    ];
    for data_type in all {
        let message = types::to_proto(&data_type).unwrap();
        assert_eq!(types::arrow_type(&message).unwrap(), data_type);
    }
}

#[test]
fn literals_round_trip() {
    let all = [
        ScalarValue::Boolean(Some(true)),
        ScalarValue::Int16(Some(-5)),
        ScalarValue::Int64(None),
        ScalarValue::Float64(Some(0.5)),
        ScalarValue::Utf8(Some("ä".into())),
        ScalarValue::Date32(Some(-1)),
        ScalarValue::TimestampMicrosecond(Some(7), Some("UTC".into())),
        ScalarValue::Decimal128(Some(-12345), 9, 2),
    ];
    for value in all {
        let message = literal::to_proto(&value).unwrap();
        assert_eq!(literal::scalar(&message).unwrap(), value);
    }
}

#[test]
fn other_types_have_no_message() {
    let list = DataType::LargeList(Field::new("x", DataType::Int8, true).into());
    assert!(types::to_proto(&list).is_none());
    assert!(types::to_proto(&DataType::UInt8).is_none());
}

#[test]
fn nothing_is_a_default() {
    assert!(types::arrow_type(&Default::default()).is_err());
    assert!(literal::scalar(&Default::default()).is_err());
}
