//! Keys of a point-in-time join: hashed and comparable, whatever their types.
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryArray, UInt64Array};
use datafusion::arrow::array::{Float32Array, Float64Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Result;
use std::sync::Arc;

/// Turns key columns into [`BatchKeys`]. Equal keys of spine and features have equal encodings: NaN equals NaN and -0.0
/// equals 0.0.
pub enum KeyEncoder {
    /// No key at all: every row belongs to one group.
    None,
    /// One column that fits a 64-bit integer.
    Integer,
    Rows(RowConverter),
}

/// The keys of one batch; rows whose `valid` bit is unset have a NULL in some key.
pub struct BatchKeys {
    pub hashes: Vec<u64>,
    pub values: KeyValues,
    pub valid: Option<NullBuffer>,
}

/// What tells apart keys of one hash.
pub enum KeyValues {
    None,
    /// The hash of an integer is a bijection: equal hashes are equal keys.
    Integers,
    Rows(Rows),
}

impl KeyEncoder {
    pub fn new(types: &[DataType]) -> Result<Self> {
        match types {
            [] => Ok(Self::None),
            [one] if is_integer(one) => Ok(Self::Integer),
            many => {
                let fields = many.iter().cloned().map(SortField::new).collect();
                Ok(Self::Rows(RowConverter::new(fields)?))
            }
        }
    }

    /// Whether equal hashes are equal keys: those of one batch are then never compared with those of another.
    pub fn hashes_are_keys(&self) -> bool {
        !matches!(self, Self::Rows(_))
    }

    pub fn encode(&self, columns: &[ArrayRef], rows: usize) -> Result<BatchKeys> {
        let valid = columns.iter().fold(None, |all, column| {
            NullBuffer::union(all.as_ref(), column.logical_nulls().as_ref())
        });
        let (hashes, values) = match self {
            Self::None => (vec![0; rows], KeyValues::None),
            Self::Integer => {
                let integers = cast(&columns[0], &DataType::Int64)?;
                let integers = integers.as_primitive::<Int64Type>().values();
                let hashes = integers.iter().map(|key| mix(*key as u64)).collect();
                (hashes, KeyValues::Integers)
            }
            Self::Rows(converter) => {
                let normal: Vec<ArrayRef> = columns.iter().map(normalise_floats).collect();
                let encoded = converter.convert_columns(&normal)?;
                let hashes = encoded.iter().map(|row| hash_bytes(row.as_ref())).collect();
                (hashes, KeyValues::Rows(encoded))
            }
        };
        Ok(BatchKeys {
            hashes,
            values,
            valid,
        })
    }
}

impl BatchKeys {
    /// One column that is equal where the keys are, in some order; None without a key.
    pub fn into_column(self) -> Result<Option<ArrayRef>> {
        let Self {
            hashes,
            values,
            valid,
        } = self;
        Ok(match values {
            KeyValues::None => None,
            KeyValues::Integers => Some(Arc::new(UInt64Array::new(hashes.into(), valid))),
            KeyValues::Rows(rows) => {
                let (offsets, bytes, _) = rows.try_into_binary()?.into_parts();
                Some(Arc::new(BinaryArray::new(offsets, bytes, valid)))
            }
        })
    }
}

impl KeyValues {
    /// Whether row `a` of these keys equals row `b` of the other's, given that their hashes are equal.
    #[inline]
    pub fn equal(&self, a: usize, other: &KeyValues, b: usize) -> bool {
        match (self, other) {
            (Self::Rows(left), Self::Rows(right)) => left.row(a) == right.row(b),
            _ => true,
        }
    }

    /// Bytes held, for the memory pool.
    pub fn bytes(&self) -> usize {
        match self {
            Self::None | Self::Integers => 0,
            Self::Rows(rows) => rows.size(),
        }
    }
}

fn is_integer(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Date32
            | DataType::Time64(_)
            | DataType::Timestamp(_, _)
    )
}

fn normalise_floats(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>();
            let normal: Float32Array =
                values.unary(|v| if v.is_nan() { f32::NAN } else { v + 0.0 });
            Arc::new(normal)
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            let normal: Float64Array =
                values.unary(|v| if v.is_nan() { f64::NAN } else { v + 0.0 });
            Arc::new(normal)
        }
        _ => Arc::clone(column),
    }
}

/// The key of a hash of [`KeyValues::Integers`].
#[inline]
pub fn integer(hash: u64) -> i64 {
    let mut h = hash ^ (hash >> 33);
    h = h.wrapping_mul(0x9cb4_b2f8_1293_37db);
    h ^= h >> 33;
    h = h.wrapping_mul(0x4f74_430c_22a5_4005);
    (h ^ (h >> 33)) as i64
}

// The finaliser of MurmurHash3: a bijection in which every input bit reaches every output bit.
#[inline]
fn mix(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    let mut h = bytes.len() as u64;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of 8"));
        h = (h ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    }
    let mut tail = [0; 8];
    tail[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    mix(h ^ u64::from_le_bytes(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_from_their_hashes() {
        for key in [0, 1, -1, 42, i64::MIN, i64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(integer(mix(key as u64)), key);
        }
    }
}
