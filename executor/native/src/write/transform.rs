//! Iceberg's partition transforms over Arrow arrays, and its single-value serialisation.
//! Source: Iceberg's table specification, "Partition Transforms" and appendices B and D.

use super::z_order;
use crate::errors::{NOT_SUPPORTED, failure, internal};
use crate::proto::{Transform as Message, transform::Kind};
use datafusion::arrow::array::*;
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::*;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

const DAY_MICROS: i64 = 86_400_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// One transform as a function of its column: a struct's field is found below it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Transform {
    kind: Kind,
    parameter: u32,
    path: Vec<u32>,
    signature: Signature,
}

impl Transform {
    pub fn new(message: &Message) -> Result<Self> {
        let kind = Kind::try_from(message.kind).unwrap_or(Kind::Unspecified);
        let counts = matches!(kind, Kind::Bucket | Kind::Truncate);
        if kind == Kind::Unspecified || message.path.is_empty() || counts && message.parameter == 0
        {
            return Err(internal("plan: Transform"));
        }
        let arguments = if kind == Kind::ZOrder {
            message.path.len()
        } else {
            1
        };
        Ok(Self {
            kind,
            parameter: message.parameter,
            path: message.path.clone(),
            signature: Signature::any(arguments, Volatility::Immutable),
        })
    }

    /// The ordinals of the columns it is a function of.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        let all = if self.kind == Kind::ZOrder {
            &self.path[..]
        } else {
            &self.path[..1]
        };
        all.iter().map(|ordinal| *ordinal as usize)
    }

    pub fn into_function(self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(self))
    }

    fn source_type(&self, column: &DataType) -> Result<DataType> {
        let mut kind = column.clone();
        for step in &self.path[1..] {
            kind = match &kind {
                DataType::Struct(fields) if (*step as usize) < fields.len() => {
                    fields[*step as usize].data_type().clone()
                }
                _ => return Err(internal("plan: Transform.path")),
            };
        }
        Ok(kind)
    }

    fn apply(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let mut array = Arc::clone(column);
        for step in &self.path[1..] {
            let parent = array.as_struct();
            let child = parent.column(*step as usize);
            let nulls = NullBuffer::union(parent.nulls(), child.nulls());
            array = make_array(child.to_data().into_builder().nulls(nulls).build()?);
        }
        match self.kind {
            Kind::Identity => Ok(array),
            Kind::Bucket => bucket(&array, self.parameter),
            Kind::Truncate => truncate(&array, self.parameter),
            Kind::Year => time(&array, |days, _| civil(days).0 - 1970),
            Kind::Month => time(&array, |days, _| {
                let (year, month) = civil(days);
                (year - 1970) * 12 + month - 1
            }),
            Kind::Day => time(&array, |days, _| days),
            Kind::Hour => time(&array, |_, micros| micros.div_euclid(HOUR_MICROS)),
            Kind::Void => Ok(new_null_array(&DataType::Int32, array.len())),
            Kind::ZOrder | Kind::Unspecified => Err(internal("plan: Transform")),
        }
    }
}

impl ScalarUDFImpl for Transform {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Identity => "partition_identity",
            Kind::Bucket => "partition_bucket",
            Kind::Truncate => "partition_truncate",
            Kind::Year => "partition_year",
            Kind::Month => "partition_month",
            Kind::Day => "partition_day",
            Kind::Hour => "partition_hour",
            Kind::ZOrder => "z_order",
            Kind::Void | Kind::Unspecified => "partition_void",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match self.kind {
            Kind::Identity | Kind::Truncate => self.source_type(&arguments[0]),
            Kind::ZOrder => Ok(DataType::Binary),
            _ => Ok(DataType::Int32),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        Ok(ColumnarValue::Array(match self.kind {
            Kind::ZOrder => z_order::keys(&columns)?,
            _ => self.apply(&columns[0])?,
        }))
    }
}

fn unsupported(what: &str, kind: &DataType) -> DataFusionError {
    failure(NOT_SUPPORTED, format!("{what} of a column of type {kind}"))
}

/// Days and microseconds since the epoch, rounded down; dates have no microseconds that matter.
fn time(array: &ArrayRef, to: impl Fn(i64, i64) -> i64) -> Result<ArrayRef> {
    use TimeUnit::{Microsecond, Nanosecond};
    let of = |micros: i64| to(micros.div_euclid(DAY_MICROS), micros) as i32;
    let values: Int32Array = match array.data_type() {
        DataType::Date32 => array
            .as_primitive::<Date32Type>()
            .unary(|days| to(i64::from(days), i64::from(days) * DAY_MICROS) as i32),
        DataType::Timestamp(Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().unary(of)
        }
        DataType::Timestamp(Nanosecond, _) => array
            .as_primitive::<TimestampNanosecondType>()
            .unary(|nanos| of(nanos.div_euclid(1000))),
        other => return Err(unsupported("a time transform", other)),
    };
    Ok(Arc::new(values))
}

/// Year and month of a day since the epoch (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day = shifted.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month)
}

fn truncate(array: &ArrayRef, width: u32) -> Result<ArrayRef> {
    let wide = i64::from(width);
    Ok(match array.data_type() {
        DataType::Int32 => Arc::new(
            array
                .as_primitive::<Int32Type>()
                .unary::<_, Int32Type>(|v| (i64::from(v) - i64::from(v).rem_euclid(wide)) as i32),
        ),
        DataType::Int64 => Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, Int64Type>(|v| v.wrapping_sub(v.rem_euclid(wide))),
        ),
        DataType::Decimal128(precision, scale) => Arc::new(
            array
                .as_primitive::<Decimal128Type>()
                .unary::<_, Decimal128Type>(|v| v - v.rem_euclid(i128::from(width)))
                .with_precision_and_scale(*precision, *scale)?,
        ),
        DataType::Utf8 => Arc::new(StringArray::from_iter(array.as_string::<i32>().iter().map(
            |text| {
                text.map(|text| match text.char_indices().nth(width as usize) {
                    Some((end, _)) => &text[..end],
                    None => text,
                })
            },
        ))),
        DataType::Binary => Arc::new(BinaryArray::from_iter(
            array
                .as_binary::<i32>()
                .iter()
                .map(|bytes| bytes.map(|b| &b[..b.len().min(width as usize)])),
        )),
        other => return Err(unsupported("TRUNCATE", other)),
    })
}

fn bucket(array: &ArrayRef, count: u32) -> Result<ArrayRef> {
    let mut buckets = Int32Builder::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            buckets.append_null();
            continue;
        }
        let hash = hashed(array, row)?;
        buckets.append_value((hash & 0x7fff_ffff) % count as i32);
    }
    Ok(Arc::new(buckets.finish()))
}

/// Integers and times hash as 64 bits, so that promoting a column keeps its buckets; nanoseconds as microseconds.
fn hashed(array: &ArrayRef, row: usize) -> Result<i32> {
    use TimeUnit::{Microsecond, Nanosecond};
    let long = |value: i64| murmur3(&value.to_le_bytes());
    Ok(match array.data_type() {
        DataType::Int32 => long(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => long(array.as_primitive::<Int64Type>().value(row)),
        DataType::Date32 => long(array.as_primitive::<Date32Type>().value(row).into()),
        DataType::Time64(Microsecond) => {
            long(array.as_primitive::<Time64MicrosecondType>().value(row))
        }
        DataType::Timestamp(Microsecond, _) => {
            long(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Timestamp(Nanosecond, _) => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().value(row);
            long(nanos.div_euclid(1000))
        }
        DataType::Decimal128(..) => {
            murmur3(&minimal(array.as_primitive::<Decimal128Type>().value(row)))
        }
        DataType::Utf8 => murmur3(array.as_string::<i32>().value(row).as_bytes()),
        DataType::Binary => murmur3(array.as_binary::<i32>().value(row)),
        DataType::FixedSizeBinary(_) => murmur3(array.as_fixed_size_binary().value(row)),
        other => return Err(unsupported("BUCKET", other)),
    })
}

/// Two's complement, big endian, in as few bytes as hold the value.
fn minimal(value: i128) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let sign = if value < 0 { 0xff } else { 0 };
    let mut start = 0;
    while start < 15 && bytes[start] == sign && (bytes[start + 1] ^ sign) & 0x80 == 0 {
        start += 1;
    }
    bytes[start..].to_vec()
}

/// 32-bit Murmur3 (x86), seed 0.
fn murmur3(bytes: &[u8]) -> i32 {
    let mix = |k: u32| {
        k.wrapping_mul(0xcc9e_2d51)
            .rotate_left(15)
            .wrapping_mul(0x1b87_3593)
    };
    let mut hash = 0u32;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let k = u32::from_le_bytes(block.try_into().expect("four bytes"));
        hash = (hash ^ mix(k))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let tail = blocks.remainder();
    if !tail.is_empty() {
        let k = tail
            .iter()
            .rev()
            .fold(0u32, |k, byte| (k << 8) | u32::from(*byte));
        hash ^= mix(k);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)) as i32
}

/// One value in Iceberg's single-value serialisation; nothing for NULL.
pub fn serialized(array: &ArrayRef, row: usize) -> Result<Option<Vec<u8>>> {
    use TimeUnit::{Microsecond, Nanosecond};
    if array.is_null(row) {
        return Ok(None);
    }
    macro_rules! number {
        ($kind:ty) => {
            array
                .as_primitive::<$kind>()
                .value(row)
                .to_le_bytes()
                .to_vec()
        };
    }
    Ok(Some(match array.data_type() {
        DataType::Boolean => vec![u8::from(array.as_boolean().value(row))],
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::Date32 => number!(Date32Type),
        DataType::Time64(Microsecond) => number!(Time64MicrosecondType),
        DataType::Timestamp(Microsecond, _) => number!(TimestampMicrosecondType),
        DataType::Timestamp(Nanosecond, _) => number!(TimestampNanosecondType),
        DataType::Decimal128(..) => minimal(array.as_primitive::<Decimal128Type>().value(row)),
        DataType::Utf8 => array.as_string::<i32>().value(row).as_bytes().to_vec(),
        DataType::Binary => array.as_binary::<i32>().value(row).to_vec(),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row).to_vec(),
        other => return Err(unsupported("a partition value", other)),
    }))
}

#[cfg(test)]
mod tests {
    use super::{civil, minimal, murmur3};

    /// Values of the specification's appendix B.
    #[test]
    fn hashes_are_icebergs() {
        assert_eq!(murmur3(&34i64.to_le_bytes()), 2_017_239_379);
        assert_eq!(murmur3(&minimal(1420)), -500_754_589);
        assert_eq!(murmur3(&17_486i64.to_le_bytes()), -653_330_422);
        assert_eq!(murmur3(b"iceberg"), 1_210_000_089);
        assert_eq!(murmur3(&[0, 1, 2, 3]), -188_683_207);
    }

    #[test]
    fn small_decimals_are_short() {
        assert_eq!(minimal(0), [0]);
        assert_eq!(minimal(127), [127]);
        assert_eq!(minimal(128), [0, 128]);
        assert_eq!(minimal(-128), [128]);
        assert_eq!(minimal(-129), [255, 127]);
        assert_eq!(minimal(i128::MIN).len(), 16);
    }

    #[test]
    fn months_have_years() {
        assert_eq!(civil(0), (1970, 1));
        assert_eq!(civil(-1), (1969, 12));
        assert_eq!(civil(19_782), (2024, 2));
        assert_eq!(civil(19_783), (2024, 3));
    }
}
