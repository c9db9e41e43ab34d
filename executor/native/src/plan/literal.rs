//! Literals of the plan <-> DataFusion scalars.

use crate::errors;
use crate::plan::{missing, types};
use crate::proto::{self, literal};
use datafusion::arrow::array::{ArrayRef, FixedSizeListArray, ListArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::TimeUnit;
use datafusion::arrow::datatypes::{DataType, FieldRef, IntervalMonthDayNano, IntervalUnit};
use datafusion::common::{Result, ScalarValue};
use std::sync::Arc;

pub fn scalar(message: &proto::Literal) -> Result<ScalarValue> {
    use literal::Value;
    let data_type = types::required(&message.r#type, "Literal.type")?;
    let value = message
        .value
        .as_ref()
        .ok_or_else(|| missing("Literal.value"))?;
    match value {
        Value::Null(_) => ScalarValue::try_from(&data_type),
        Value::Boolean(v) => match data_type {
            DataType::Boolean => Ok(ScalarValue::Boolean(Some(*v))),
            other => mismatch("boolean", &other),
        },
        Value::Integer(v) => integer(*v, &data_type),
        Value::Floating(v) => match data_type {
            DataType::Float32 => Ok(ScalarValue::Float32(Some(*v as f32))),
            DataType::Float64 => Ok(ScalarValue::Float64(Some(*v))),
            other => mismatch("floating", &other),
        },
        Value::String(v) => match data_type {
            DataType::Utf8 => Ok(ScalarValue::Utf8(Some(v.clone()))),
            other => mismatch("string", &other),
        },
        Value::Binary(v) => match data_type {
            DataType::Binary => Ok(ScalarValue::Binary(Some(v.to_vec()))),
            DataType::FixedSizeBinary(width) if v.len() == width as usize => {
                Ok(ScalarValue::FixedSizeBinary(width, Some(v.to_vec())))
            }
            other => mismatch("binary", &other),
        },
        Value::Decimal(v) => match data_type {
            DataType::Decimal128(precision, scale) => Ok(ScalarValue::Decimal128(
                Some(unscaled(v)?),
                precision,
                scale,
            )),
            other => mismatch("decimal", &other),
        },
        Value::MonthDayNano(v) => match data_type {
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                let interval = IntervalMonthDayNano::new(v.months, v.days, v.nanos);
                Ok(ScalarValue::IntervalMonthDayNano(Some(interval)))
            }
            other => mismatch("interval", &other),
        },
        Value::List(list) => nested(&list.values, &data_type),
    }
}

/// The literal for a scalar; none for types that the plan does not have.
pub fn to_proto(value: &ScalarValue) -> Option<proto::Literal> {
    use literal::Value;
    let r#type = Some(types::to_proto(&value.data_type())?);
    let value = match value {
        v if v.is_null() => Value::Null(true),
        ScalarValue::Boolean(Some(v)) => Value::Boolean(*v),
        ScalarValue::Int8(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Int16(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Int32(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Int64(Some(v)) => Value::Integer(*v),
        ScalarValue::Date32(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Time64Microsecond(Some(v)) => Value::Integer(*v),
        ScalarValue::TimestampMicrosecond(Some(v), _) => Value::Integer(*v),
        ScalarValue::TimestampNanosecond(Some(v), _) => Value::Integer(*v),
        ScalarValue::IntervalYearMonth(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Float32(Some(v)) => Value::Floating(f64::from(*v)),
        ScalarValue::Float64(Some(v)) => Value::Floating(*v),
        ScalarValue::Utf8(Some(v)) => Value::String(v.clone()),
        ScalarValue::Binary(Some(v)) => Value::Binary(v.clone()),
        ScalarValue::FixedSizeBinary(_, Some(v)) => Value::Binary(v.clone()),
        ScalarValue::Decimal128(Some(v), _, _) => Value::Decimal(v.to_be_bytes().to_vec()),
        _ => return None,
    };
    Some(proto::Literal {
        r#type,
        value: Some(value),
    })
}

fn integer(value: i64, data_type: &DataType) -> Result<ScalarValue> {
    let out_of_range = || errors::internal(format!("plan: literal {value} as {data_type}"));
    let as_i32 = || i32::try_from(value).map_err(|_| out_of_range());
    Ok(match data_type {
        DataType::Int8 => ScalarValue::Int8(Some(value.try_into().map_err(|_| out_of_range())?)),
        DataType::Int16 => ScalarValue::Int16(Some(value.try_into().map_err(|_| out_of_range())?)),
        DataType::Int32 => ScalarValue::Int32(Some(as_i32()?)),
        DataType::Int64 => ScalarValue::Int64(Some(value)),
        DataType::Date32 => ScalarValue::Date32(Some(as_i32()?)),
        DataType::Time64(TimeUnit::Microsecond) => ScalarValue::Time64Microsecond(Some(value)),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            ScalarValue::TimestampMicrosecond(Some(value), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            ScalarValue::TimestampNanosecond(Some(value), zone.clone())
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            ScalarValue::IntervalYearMonth(Some(as_i32()?))
        }
        other => return mismatch("integer", other),
    })
}

fn unscaled(bytes: &[u8]) -> Result<i128> {
    let Some(first) = bytes.first() else {
        return Err(missing("Literal.decimal"));
    };
    if bytes.len() > 16 {
        return Err(errors::internal(
            "plan: a decimal literal of more than 16 bytes",
        ));
    }
    let mut full = [if first & 0x80 == 0 { 0 } else { 0xff }; 16];
    full[16 - bytes.len()..].copy_from_slice(bytes);
    Ok(i128::from_be_bytes(full))
}

fn nested(values: &[proto::Literal], data_type: &DataType) -> Result<ScalarValue> {
    let children = || values.iter().map(scalar).collect::<Result<Vec<_>>>();
    match data_type {
        DataType::List(field) => {
            let values = elements(children()?, field)?;
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            let list = ListArray::try_new(Arc::clone(field), offsets, values, None)?;
            Ok(ScalarValue::List(Arc::new(list)))
        }
        DataType::FixedSizeList(field, size) => {
            let values = elements(children()?, field)?;
            let list = FixedSizeListArray::try_new(Arc::clone(field), *size, values, None)?;
            Ok(ScalarValue::FixedSizeList(Arc::new(list)))
        }
        DataType::Struct(fields) => {
            let columns = children()?
                .iter()
                .map(|child| child.to_array())
                .collect::<Result<Vec<ArrayRef>>>()?;
            let value = StructArray::try_new(fields.clone(), columns, None)?;
            Ok(ScalarValue::Struct(Arc::new(value)))
        }
        other => mismatch("list", other),
    }
}

fn elements(values: Vec<ScalarValue>, field: &FieldRef) -> Result<ArrayRef> {
    match values.is_empty() {
        true => Ok(datafusion::arrow::array::new_empty_array(field.data_type())),
        false => ScalarValue::iter_to_array(values),
    }
}

fn mismatch<T>(what: &str, data_type: &DataType) -> Result<T> {
    Err(errors::internal(format!(
        "plan: {what} literal of type {data_type}"
    )))
}
