//! Literals of plan.proto as Arrow values, and back; canonical types of files.

use crate::errors::internal;
use crate::plan::types;
use crate::proto::{self, literal::Value};
use datafusion::arrow::datatypes::IntervalMonthDayNano;
use datafusion::arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use datafusion::common::{Result, ScalarValue};
use std::sync::Arc;

/// The message of a canonical field.
pub fn field_to_proto(field: &Field) -> Result<proto::Field> {
    types::field_to_proto(field)
        .ok_or_else(|| internal(format!("{} is no canonical type", field.data_type())))
}

/// The value of a literal as a value of `target`. `None` where the literal is NULL, nested or does not fit.
pub fn scalar(literal: &proto::Literal, target: &DataType) -> Option<ScalarValue> {
    let own = types::arrow_type(literal.r#type.as_ref()?).ok()?;
    let value = match (literal.value.as_ref()?, &own) {
        (Value::Null(_), _) => return ScalarValue::try_new_null(target).ok(),
        (Value::Boolean(b), DataType::Boolean) => ScalarValue::Boolean(Some(*b)),
        (Value::Integer(v), kind) => integer(*v, kind)?,
        (Value::Floating(v), DataType::Float32) => ScalarValue::Float32(Some(*v as f32)),
        (Value::Floating(v), DataType::Float64) => ScalarValue::Float64(Some(*v)),
        (Value::String(s), DataType::Utf8) => ScalarValue::Utf8(Some(s.clone())),
        (Value::Binary(b), DataType::Binary) => ScalarValue::Binary(Some(b.clone())),
        (Value::Binary(b), DataType::FixedSizeBinary(width)) if b.len() == *width as usize => {
            ScalarValue::FixedSizeBinary(*width, Some(b.clone()))
        }
        (Value::Decimal(bytes), DataType::Decimal128(precision, scale)) => {
            ScalarValue::Decimal128(Some(big_endian(bytes)?), *precision, *scale)
        }
        (Value::MonthDayNano(v), DataType::Interval(IntervalUnit::MonthDayNano)) => {
            let value = IntervalMonthDayNano::new(v.months, v.days, v.nanos);
            ScalarValue::IntervalMonthDayNano(Some(value))
        }
        _ => return None,
    };
    if own == *target {
        Some(value)
    } else {
        value.cast_to(target).ok()
    }
}

fn integer(v: i64, kind: &DataType) -> Option<ScalarValue> {
    Some(match kind {
        DataType::Int8 => ScalarValue::Int8(Some(v.try_into().ok()?)),
        DataType::Int16 => ScalarValue::Int16(Some(v.try_into().ok()?)),
        DataType::Int32 => ScalarValue::Int32(Some(v.try_into().ok()?)),
        DataType::Int64 => ScalarValue::Int64(Some(v)),
        DataType::Date32 => ScalarValue::Date32(Some(v.try_into().ok()?)),
        DataType::Time64(TimeUnit::Microsecond) => ScalarValue::Time64Microsecond(Some(v)),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            ScalarValue::TimestampMicrosecond(Some(v), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            ScalarValue::TimestampNanosecond(Some(v), zone.clone())
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            ScalarValue::IntervalYearMonth(Some(v.try_into().ok()?))
        }
        _ => return None,
    })
}

fn big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let fill = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut whole = [fill; 16];
    whole[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(whole))
}

/// The literal of a bound; `None` for values that statistics do not carry.
pub fn literal(value: &ScalarValue) -> Option<proto::Literal> {
    if value.is_null() {
        return None;
    }
    let out = match value {
        ScalarValue::Boolean(Some(b)) => Value::Boolean(*b),
        ScalarValue::Int8(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Int16(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Int32(Some(v)) | ScalarValue::Date32(Some(v)) => Value::Integer(i64::from(*v)),
        ScalarValue::Int64(Some(v))
        | ScalarValue::Time64Microsecond(Some(v))
        | ScalarValue::TimestampMicrosecond(Some(v), _)
        | ScalarValue::TimestampNanosecond(Some(v), _) => Value::Integer(*v),
        ScalarValue::Float32(Some(v)) => Value::Floating(f64::from(*v)),
        ScalarValue::Float64(Some(v)) => Value::Floating(*v),
        ScalarValue::Utf8(Some(s)) => Value::String(s.clone()),
        ScalarValue::Binary(Some(b)) | ScalarValue::FixedSizeBinary(_, Some(b)) => {
            Value::Binary(b.clone())
        }
        ScalarValue::Decimal128(Some(v), _, _) => Value::Decimal(v.to_be_bytes().to_vec()),
        _ => return None,
    };
    Some(proto::Literal {
        r#type: types::to_proto(&value.data_type()),
        value: Some(out),
    })
}

/// The canonical type that stands for a type found in a file, at any depth; `None` if there is none.
pub fn canonical(kind: &DataType) -> Option<DataType> {
    let child = |f: &Field| -> Option<Arc<Field>> {
        Some(Arc::new(Field::new(
            f.name(),
            canonical(f.data_type())?,
            f.is_nullable(),
        )))
    };
    Some(match kind {
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Nanosecond => TimeUnit::Nanosecond,
                _ => TimeUnit::Microsecond,
            };
            DataType::Timestamp(unit, zone.as_ref().map(|_| "UTC".into()))
        }
        DataType::Duration(_) => DataType::Int64,
        DataType::Interval(IntervalUnit::DayTime) => DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
            decimal(*p, *s)?
        }
        DataType::Decimal256(p, s) => decimal(*p, *s)?,
        DataType::Dictionary(_, value) => canonical(value)?,
        DataType::RunEndEncoded(_, value) => canonical(value.data_type())?,
        DataType::List(e)
        | DataType::LargeList(e)
        | DataType::ListView(e)
        | DataType::LargeListView(e) => DataType::List(child(e)?),
        DataType::FixedSizeList(e, size) => DataType::FixedSizeList(child(e)?, *size),
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|f| child(f))
                .collect::<Option<Fields>>()?,
        ),
        DataType::Map(entries, _) => {
            let DataType::Struct(parts) = entries.data_type() else {
                return None;
            };
            let parts = parts.iter().map(|f| child(f)).collect::<Option<Fields>>()?;
            let entries = Field::new("entries", DataType::Struct(parts), false);
            DataType::Map(Arc::new(entries), false)
        }
        DataType::Union(_, _) => return None,
        DataType::Boolean
        | DataType::Null
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::Binary
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Interval(IntervalUnit::YearMonth | IntervalUnit::MonthDayNano) => kind.clone(),
    })
}

/// DECIMAL(p, s) with 0 <= s <= p <= 38.
fn decimal(precision: u8, scale: i8) -> Option<DataType> {
    if scale < 0 {
        let precision = i16::from(precision) - i16::from(scale);
        return (precision <= 38).then_some(DataType::Decimal128(precision as u8, 0));
    }
    let precision = precision.max(scale as u8);
    (precision <= 38).then_some(DataType::Decimal128(precision, scale))
}

/// The narrowest canonical type that holds the values of both, at any depth. Where only text would: text if `text`,
/// else nothing.
pub fn common(left: &DataType, right: &DataType, text: bool) -> Option<DataType> {
    use DataType::*;
    let both = |a: &Field, b: &Field| -> Option<Arc<Field>> {
        let kind = common(a.data_type(), b.data_type(), text)?;
        let nullable = a.is_nullable() || b.is_nullable();
        Some(Arc::new(Field::new(a.name(), kind, nullable)))
    };
    Some(match (left, right) {
        (a, b) if a == b => a.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (FixedSizeList(a, n), FixedSizeList(b, m)) if n == m => FixedSizeList(both(a, b)?, *n),
        (List(a) | FixedSizeList(a, _), List(b) | FixedSizeList(b, _)) => List(both(a, b)?),
        (Struct(a), Struct(b)) => Struct(all_fields(a, b, text, both)?),
        (Map(a, _), Map(b, _)) => match (a.data_type(), b.data_type()) {
            (Struct(x), Struct(y)) if x.len() == 2 && y.len() == 2 => {
                let parts = Struct(vec![both(&x[0], &y[0])?, both(&x[1], &y[1])?].into());
                Map(Arc::new(Field::new(a.name(), parts, false)), false)
            }
            _ => return None,
        },
        (a, b) if a.is_nested() || b.is_nested() => return None,
        (a, b) => return common_scalar(a, b).or(text.then_some(Utf8)),
    })
}

/// The fields of two structs by name; those of one alone may be missing. Names of a text are what they are: it is
/// decoded by them.
fn all_fields(
    left: &Fields,
    right: &Fields,
    text: bool,
    both: impl Fn(&Field, &Field) -> Option<Arc<Field>>,
) -> Option<Fields> {
    let same = |a: &Field, b: &Field| match text {
        true => a.name() == b.name(),
        false => a.name().eq_ignore_ascii_case(b.name()),
    };
    let missing = |field: &Arc<Field>| Arc::new(field.as_ref().clone().with_nullable(true));
    let mut fields = Vec::with_capacity(left.len());
    for field in left {
        fields.push(match right.iter().find(|other| same(field, other)) {
            Some(other) => both(field, other)?,
            None => missing(field),
        });
    }
    let new = |field: &&Arc<Field>| !left.iter().any(|known| same(known, field));
    fields.extend(right.iter().filter(new).map(missing));
    Some(fields.into())
}

fn common_scalar(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::*;
    let rank = |t: &DataType| match t {
        Int8 => Some(0),
        Int16 => Some(1),
        Int32 => Some(2),
        Int64 => Some(3),
        _ => None,
    };
    match (left, right) {
        (Float32 | Float64, Float32 | Float64) => return Some(Float64),
        (Float32 | Float64, Decimal128(..)) | (Decimal128(..), Float32 | Float64) => {
            return Some(Float64);
        }
        (Decimal128(p1, s1), Decimal128(p2, s2)) => {
            let scale = *s1.max(s2);
            let whole = (*p1 as i8 - s1).max(*p2 as i8 - s2);
            let precision = (whole + scale).min(38) as u8;
            return Some(Decimal128(precision, scale));
        }
        (Date32, t @ Timestamp(..)) | (t @ Timestamp(..), Date32) => return Some(t.clone()),
        (Timestamp(u1, z1), Timestamp(u2, z2)) if z1.is_some() == z2.is_some() => {
            let nanos = [u1, u2].contains(&&TimeUnit::Nanosecond);
            let unit = if nanos {
                TimeUnit::Nanosecond
            } else {
                TimeUnit::Microsecond
            };
            return Some(Timestamp(unit, z1.clone()));
        }
        _ => {}
    }
    match (rank(left), rank(right)) {
        (Some(a), Some(b)) => Some(if a > b { left.clone() } else { right.clone() }),
        (Some(_), None) if matches!(right, Float32 | Float64) => Some(Float64),
        (None, Some(_)) if matches!(left, Float32 | Float64) => Some(Float64),
        (Some(rank), None) => with_integer(right, rank),
        (None, Some(rank)) => with_integer(left, rank),
        (None, None) => None,
    }
}

fn with_integer(decimal: &DataType, rank: u8) -> Option<DataType> {
    let digits = [3, 5, 10, 19][rank as usize];
    match decimal {
        DataType::Decimal128(p, s) => {
            let whole = (*p as i8 - s).max(digits);
            Some(DataType::Decimal128((whole + s).min(38) as u8, *s))
        }
        _ => None,
    }
}

/// Whether bounds of this type order as the engine orders values, so that they may be trusted as exact.
pub fn has_exact_order(kind: &DataType) -> bool {
    !matches!(
        kind,
        DataType::Float16 | DataType::Float32 | DataType::Float64
    ) && !kind.is_nested()
}
