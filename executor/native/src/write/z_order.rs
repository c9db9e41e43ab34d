//! Keys whose order is the Z-order curve over several columns (G. M. Morton, "A computer oriented geodetic data base", 1966):
//! rows that are near each other in all of them come near each other.

use crate::errors::{NOT_SUPPORTED, failure};
use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::*;
use datafusion::common::Result;
use std::sync::Arc;

/// One key a row: the bits of the columns' values, taken in turn from the highest on. NULL comes first.
pub fn keys(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let ranks = columns.iter().map(ranks).collect::<Result<Vec<_>>>()?;
    let rows = columns.first().map_or(0, |column| column.len());
    let mut keys = BinaryBuilder::with_capacity(rows, rows * columns.len() * 8);
    let mut key = vec![0_u8; columns.len() * 8];
    for row in 0..rows {
        key.fill(0);
        let mut at = 0;
        for bit in (0..u64::BITS).rev() {
            for ranks in &ranks {
                key[at / 8] |= (((ranks[row] >> bit) & 1) as u8) << (7 - at % 8);
                at += 1;
            }
        }
        keys.append_value(&key);
    }
    Ok(Arc::new(keys.finish()))
}

/// Values as numbers in the same order, by their first 64 bits.
fn ranks(column: &ArrayRef) -> Result<Vec<u64>> {
    use TimeUnit::{Microsecond, Nanosecond};
    let mut ranks = match column.data_type() {
        DataType::Boolean => {
            let values = column.as_boolean().values();
            values.iter().map(|v| u64::from(v) << 63).collect()
        }
        DataType::Int32 => signed(column.as_primitive::<Int32Type>().values()),
        DataType::Int64 => signed(column.as_primitive::<Int64Type>().values()),
        DataType::Date32 => signed(column.as_primitive::<Date32Type>().values()),
        DataType::Time64(_) => signed(column.as_primitive::<Time64MicrosecondType>().values()),
        DataType::Timestamp(Microsecond, _) => {
            signed(column.as_primitive::<TimestampMicrosecondType>().values())
        }
        DataType::Timestamp(Nanosecond, _) => {
            signed(column.as_primitive::<TimestampNanosecondType>().values())
        }
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().values();
            values.iter().map(|v| floating(f64::from(*v))).collect()
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().values();
            values.iter().map(|v| floating(*v)).collect()
        }
        DataType::Decimal128(_, _) => {
            let values = column.as_primitive::<Decimal128Type>().values();
            let near = |v: &i128| (*v).clamp(i64::MIN.into(), i64::MAX.into()) as i64;
            values.iter().map(|v| flipped(near(v))).collect()
        }
        DataType::Utf8 => texts(
            column
                .as_string::<i32>()
                .iter()
                .map(|v| v.map(str::as_bytes)),
        ),
        DataType::Binary => texts(column.as_binary::<i32>().iter()),
        DataType::FixedSizeBinary(_) => texts(column.as_fixed_size_binary().iter()),
        other => {
            let message = format!("a z-order over a column of type {other}");
            return Err(failure(NOT_SUPPORTED, message));
        }
    };
    if let Some(nulls) = column.nulls() {
        for row in (0..ranks.len()).filter(|row| nulls.is_null(*row)) {
            ranks[row] = 0;
        }
    }
    Ok(ranks)
}

fn signed<T: Copy + Into<i64>>(values: &[T]) -> Vec<u64> {
    values.iter().map(|v| flipped((*v).into())).collect()
}

fn flipped(value: i64) -> u64 {
    value as u64 ^ (1 << 63)
}

// The bits of positive numbers are in their order, those of negative ones the other way round.
fn floating(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | (1 << 63)
    }
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Vec<u64> {
    let first = |bytes: &[u8]| {
        let mut head = [0; 8];
        let length = bytes.len().min(8);
        head[..length].copy_from_slice(&bytes[..length]);
        u64::from_be_bytes(head)
    };
    values.map(|v| v.map_or(0, first)).collect()
}

#[cfg(test)]
mod tests {
    use super::keys;
    use datafusion::arrow::array::*;
    use std::sync::Arc;

    fn order(columns: &[ArrayRef]) -> Vec<usize> {
        let keys = keys(columns).unwrap();
        let keys = keys.as_binary::<i32>();
        let mut rows: Vec<usize> = (0..keys.len()).collect();
        rows.sort_by_key(|row| keys.value(*row).to_vec());
        rows
    }

    #[test]
    fn one_column_keeps_its_order() {
        let columns: [ArrayRef; 5] = [
            Arc::new(Int64Array::from(vec![
                None,
                Some(i64::MIN),
                Some(-1),
                Some(0),
                Some(7),
            ])),
            Arc::new(Float64Array::from(vec![
                f64::NEG_INFINITY,
                -1.5,
                0.0,
                0.1,
                f64::INFINITY,
            ])),
            Arc::new(StringArray::from(vec![
                None,
                Some("a"),
                Some("aa"),
                Some("b"),
                Some("ü"),
            ])),
            Arc::new(BooleanArray::from(vec![false, false, false, false, true])),
            Arc::new(Decimal128Array::from(vec![-i128::MAX, -5, 0, 5, i128::MAX])),
        ];
        for column in columns {
            assert_eq!(order(&[column]), [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn two_columns_are_walked_in_z() {
        let x = Int32Array::from(vec![0, 1, 0, 1, 2, 3, 2, 3]);
        let y = Int32Array::from(vec![0, 0, 1, 1, 0, 0, 1, 1]);
        let columns: [ArrayRef; 2] = [Arc::new(y), Arc::new(x)];
        assert_eq!(order(&columns), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn rows_without_an_order_are_refused() {
        let list = ListArray::new_null(
            Arc::new(datafusion::arrow::datatypes::Field::new_list_field(
                datafusion::arrow::datatypes::DataType::Int32,
                true,
            )),
            1,
        );
        assert!(keys(&[Arc::new(list)]).is_err());
    }
}
