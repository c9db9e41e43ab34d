//! Types of the plan <-> Arrow types. The list is closed: see `CanonicalTypes` in the SPI.

use crate::plan::missing;
use crate::proto::{self, data_type};
use datafusion::arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use datafusion::common::Result;
use std::sync::Arc;

const UTC: &str = "UTC";

pub fn arrow_type(message: &proto::DataType) -> Result<DataType> {
    use data_type::Kind;
    let kind = message
        .kind
        .as_ref()
        .ok_or_else(|| missing("DataType.kind"))?;
    Ok(match kind {
        Kind::Simple(simple) => simple_type(*simple)?,
        Kind::Decimal(d) => DataType::Decimal128(small(d.precision)?, small(d.scale)? as i8),
        Kind::Timestamp(t) => DataType::Timestamp(
            match t.nanos {
                true => TimeUnit::Nanosecond,
                false => TimeUnit::Microsecond,
            },
            t.zoned.then(|| UTC.into()),
        ),
        Kind::List(element) => DataType::List(Arc::new(field(element)?)),
        Kind::FixedSizeList(list) => {
            let element = list.element.as_deref();
            let element = element.ok_or_else(|| missing("FixedSizeList.element"))?;
            DataType::FixedSizeList(Arc::new(field(element)?), signed(list.size)?)
        }
        Kind::Struct(fields) => DataType::Struct(self::fields(&fields.fields)?),
        Kind::Map(map) => {
            let key = map.key.as_deref().ok_or_else(|| missing("Map.key"))?;
            let value = map.value.as_deref().ok_or_else(|| missing("Map.value"))?;
            let entries = Fields::from(vec![field(key)?.with_nullable(false), field(value)?]);
            let entries = Field::new("entries", DataType::Struct(entries), false);
            DataType::Map(Arc::new(entries), false)
        }
        Kind::FixedSizeBinary(width) => DataType::FixedSizeBinary(signed(*width)?),
    })
}

/// The type in an optional message field called `what`.
pub fn required(message: &Option<proto::DataType>, what: &str) -> Result<DataType> {
    arrow_type(message.as_ref().ok_or_else(|| missing(what))?)
}

pub fn field(message: &proto::Field) -> Result<Field> {
    let data_type = arrow_type(
        message
            .r#type
            .as_deref()
            .ok_or_else(|| missing("Field.type"))?,
    )?;
    Ok(Field::new(&message.name, data_type, message.nullable))
}

pub fn fields(messages: &[proto::Field]) -> Result<Fields> {
    messages.iter().map(field).collect()
}

fn simple_type(value: i32) -> Result<DataType> {
    use data_type::Simple;
    let simple = Simple::try_from(value).unwrap_or(Simple::Unspecified);
    Ok(match simple {
        Simple::Unspecified => return Err(missing("DataType.simple")),
        Simple::Null => DataType::Null,
        Simple::Bool => DataType::Boolean,
        Simple::Int8 => DataType::Int8,
        Simple::Int16 => DataType::Int16,
        Simple::Int32 => DataType::Int32,
        Simple::Int64 => DataType::Int64,
        Simple::Float32 => DataType::Float32,
        Simple::Float64 => DataType::Float64,
        Simple::Utf8 => DataType::Utf8,
        Simple::Binary => DataType::Binary,
        Simple::Date32 => DataType::Date32,
        Simple::Time64Micro => DataType::Time64(TimeUnit::Microsecond),
        Simple::IntervalYearMonth => DataType::Interval(IntervalUnit::YearMonth),
        Simple::IntervalMonthDayNano => DataType::Interval(IntervalUnit::MonthDayNano),
    })
}

/// The message for an Arrow type; none for types outside the closed list.
pub fn to_proto(data_type: &DataType) -> Option<proto::DataType> {
    use data_type::{Kind, Simple};
    let simple = |s: Simple| Kind::Simple(s as i32);
    let kind = match data_type {
        DataType::Null => simple(Simple::Null),
        DataType::Boolean => simple(Simple::Bool),
        DataType::Int8 => simple(Simple::Int8),
        DataType::Int16 => simple(Simple::Int16),
        DataType::Int32 => simple(Simple::Int32),
        DataType::Int64 => simple(Simple::Int64),
        DataType::Float32 => simple(Simple::Float32),
        DataType::Float64 => simple(Simple::Float64),
        DataType::Utf8 => simple(Simple::Utf8),
        DataType::Binary => simple(Simple::Binary),
        DataType::Date32 => simple(Simple::Date32),
        DataType::Time64(TimeUnit::Microsecond) => simple(Simple::Time64Micro),
        DataType::Interval(IntervalUnit::YearMonth) => simple(Simple::IntervalYearMonth),
        DataType::Interval(IntervalUnit::MonthDayNano) => simple(Simple::IntervalMonthDayNano),
        DataType::Decimal128(precision, scale) => Kind::Decimal(data_type::Decimal {
            precision: u32::from(*precision),
            scale: u32::try_from(*scale).ok()?,
        }),
        DataType::Timestamp(unit, zone) => Kind::Timestamp(data_type::Timestamp {
            nanos: match unit {
                TimeUnit::Microsecond => false,
                TimeUnit::Nanosecond => true,
                TimeUnit::Second | TimeUnit::Millisecond => return None,
            },
            zoned: zone.is_some(),
        }),
        DataType::List(element) => Kind::List(Box::new(field_to_proto(element)?)),
        DataType::FixedSizeList(element, size) => {
            Kind::FixedSizeList(Box::new(data_type::FixedSizeList {
                element: Some(Box::new(field_to_proto(element)?)),
                size: u32::try_from(*size).ok()?,
            }))
        }
        DataType::Struct(fields) => Kind::Struct(data_type::Struct {
            fields: fields
                .iter()
                .map(|f| field_to_proto(f))
                .collect::<Option<_>>()?,
        }),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(parts) if parts.len() == 2 => Kind::Map(Box::new(data_type::Map {
                key: Some(Box::new(field_to_proto(&parts[0])?)),
                value: Some(Box::new(field_to_proto(&parts[1])?)),
            })),
            _ => return None,
        },
        DataType::FixedSizeBinary(width) => Kind::FixedSizeBinary(u32::try_from(*width).ok()?),
        _ => return None,
    };
    Some(proto::DataType { kind: Some(kind) })
}

/// The message for a field; none where [`to_proto`] has none.
pub fn field_to_proto(field: &Field) -> Option<proto::Field> {
    Some(proto::Field {
        name: field.name().clone(),
        r#type: Some(Box::new(to_proto(field.data_type())?)),
        nullable: field.is_nullable(),
    })
}

fn small(value: u32) -> Result<u8> {
    match value {
        0..=38 => Ok(value as u8),
        _ => Err(crate::errors::internal(format!(
            "plan: DECIMAL with {value} digits"
        ))),
    }
}

fn signed(value: u32) -> Result<i32> {
    i32::try_from(value).map_err(|_| crate::errors::internal(format!("plan: size {value}")))
}
