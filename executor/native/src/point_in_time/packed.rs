//! Feature rows of fixed width, packed row by row: one copy when a row wins a slot, one when it is handed out.
use datafusion::arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanArray, make_array};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use std::cmp::Ordering;

/// Bytes of each column in a packed row; the row begins with a bit per column that is set where the value is NULL.
pub struct PackedLayout {
    columns: Vec<PackedColumn>,
    stride: usize,
}

struct PackedColumn {
    data_type: DataType,
    order: Order,
    offset: usize,
    width: usize,
}

/// How two values of a column compare: as Arrow's row format compares them.
#[derive(Clone, Copy)]
enum Order {
    Signed,
    Unsigned,
    Float,
    Bytes,
}

/// One batch's columns, ready to be copied out of row by row.
pub struct PackedSource {
    columns: Vec<(Buffer, Option<NullBuffer>)>,
}

/// Packed rows one after the other, each with `header` bytes before it; a row whose first header byte is 0 is all NULL.
pub struct PackedRows<'a> {
    pub bytes: &'a [u8],
    pub header: usize,
    pub rows: usize,
}

impl PackedLayout {
    /// None when some column is not of fixed width.
    pub fn of(fields: &[FieldRef]) -> Option<Self> {
        let mut offset = fields.len().div_ceil(8);
        let columns = fields
            .iter()
            .map(|field| {
                let (width, order) = width(field.data_type())?;
                let column = PackedColumn {
                    data_type: field.data_type().clone(),
                    order,
                    offset,
                    width,
                };
                offset += width;
                Some(column)
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            columns,
            stride: offset,
        })
    }

    /// Bytes of a row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    pub fn source(&self, arrays: &[ArrayRef]) -> PackedSource {
        let columns = arrays.iter().zip(&self.columns).map(|(array, column)| {
            let values = match array.data_type() {
                DataType::Boolean => {
                    let bits = array.as_boolean().values();
                    Buffer::from_iter(bits.iter().map(u8::from))
                }
                _ => {
                    let data = array.to_data();
                    data.buffers()[0]
                        .slice_with_length(data.offset() * column.width, data.len() * column.width)
                }
            };
            (
                values,
                array
                    .nulls()
                    .filter(|nulls| nulls.null_count() > 0)
                    .cloned(),
            )
        });
        PackedSource {
            columns: columns.collect(),
        }
    }

    /// Writes row `row` of the source.
    #[inline]
    pub fn pack(&self, source: &PackedSource, row: usize, packed: &mut [u8]) {
        packed[..self.columns.len().div_ceil(8)].fill(0);
        for (number, (column, (values, nulls))) in
            self.columns.iter().zip(&source.columns).enumerate()
        {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                packed[number / 8] |= 1 << (number % 8);
                continue;
            }
            let target = &mut packed[column.offset..column.offset + column.width];
            let from = &values[row * column.width..(row + 1) * column.width];
            match column.width {
                4 => target.copy_from_slice(&from[..4]),
                8 => target.copy_from_slice(&from[..8]),
                _ => target.copy_from_slice(from),
            }
        }
    }

    /// Compares two packed rows by their columns, NULL first.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        for (number, column) in self.columns.iter().enumerate() {
            let is_null = |row: &[u8]| row[number / 8] & (1 << (number % 8)) != 0;
            let order = match (is_null(a), is_null(b)) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => column.compare(a, b),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// The columns of the rows.
    pub fn unpack(&self, packed: &PackedRows) -> Result<Vec<ArrayRef>> {
        let stride = packed.header + self.stride;
        let all_present = packed.bytes.iter().step_by(stride).all(|state| *state != 0);
        self.columns
            .iter()
            .enumerate()
            .map(|(number, column)| {
                let byte = packed.header + number / 8;
                let is_valid = |row: usize| {
                    let row = &packed.bytes[row * stride..(row + 1) * stride];
                    row[0] != 0 && row[byte] & (1 << (number % 8)) == 0
                };
                let nulls = if all_present && !(0..packed.rows).any(|row| !is_valid(row)) {
                    None
                } else {
                    Some(NullBuffer::new(BooleanBuffer::collect_bool(
                        packed.rows,
                        is_valid,
                    )))
                };
                column.array(packed, stride, nulls.filter(|n| n.null_count() > 0))
            })
            .collect()
    }
}

impl PackedColumn {
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        let range = self.offset..self.offset + self.width;
        let (a, b) = (&a[range.clone()], &b[range]);
        match self.order {
            Order::Bytes => a.cmp(b),
            Order::Unsigned => a.iter().rev().cmp(b.iter().rev()),
            Order::Signed => signed(a).cmp(&signed(b)),
            Order::Float => float(a).total_cmp(&float(b)),
        }
    }

    fn array(
        &self,
        packed: &PackedRows,
        stride: usize,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef> {
        let rows = packed.rows;
        let at = packed.header + self.offset;
        if self.data_type == DataType::Boolean {
            let values =
                BooleanBuffer::collect_bool(rows, |row| packed.bytes[row * stride + at] != 0);
            return Ok(std::sync::Arc::new(BooleanArray::new(values, nulls)));
        }
        let values = match self.width {
            1 => gather::<1>(packed.bytes, stride, at),
            2 => gather::<2>(packed.bytes, stride, at),
            4 => gather::<4>(packed.bytes, stride, at),
            8 => gather::<8>(packed.bytes, stride, at),
            16 => gather::<16>(packed.bytes, stride, at),
            width => {
                let mut values = MutableBuffer::with_capacity(rows * width);
                for row in packed.bytes.chunks_exact(stride) {
                    values.extend_from_slice(&row[at..at + width]);
                }
                values.into()
            }
        };
        let data = ArrayData::builder(self.data_type.clone())
            .len(rows)
            .nulls(nulls)
            .add_buffer(values)
            .build()?;
        Ok(make_array(data))
    }
}

fn gather<const WIDTH: usize>(packed: &[u8], stride: usize, at: usize) -> Buffer {
    let mut values: Vec<[u8; WIDTH]> = Vec::with_capacity(packed.len() / stride);
    values.extend(packed.chunks_exact(stride).map(|row| {
        let value: [u8; WIDTH] = row[at..at + WIDTH].try_into().expect("of that width");
        value
    }));
    let mut buffer = MutableBuffer::with_capacity(values.len() * WIDTH);
    buffer.extend_from_slice(values.as_flattened());
    buffer.into()
}

fn signed(bytes: &[u8]) -> i128 {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 16];
    wide[..bytes.len()].copy_from_slice(bytes);
    i128::from_le_bytes(wide)
}

fn float(bytes: &[u8]) -> f64 {
    match bytes.try_into() {
        Ok(wide) => f64::from_le_bytes(wide),
        Err(_) => {
            let narrow = bytes.try_into().expect("floats have 4 or 8 bytes");
            f64::from(f32::from_le_bytes(narrow))
        }
    }
}

fn width(data_type: &DataType) -> Option<(usize, Order)> {
    use DataType as D;
    let order = match data_type {
        D::Boolean => return Some((1, Order::Unsigned)),
        D::FixedSizeBinary(width) => {
            let width = usize::try_from(*width).ok().filter(|width| *width > 0)?;
            return Some((width, Order::Bytes));
        }
        D::UInt8 | D::UInt16 | D::UInt32 | D::UInt64 => Order::Unsigned,
        D::Int8 | D::Int16 | D::Int32 | D::Int64 => Order::Signed,
        D::Date32 | D::Date64 | D::Time32(_) | D::Time64(_) | D::Timestamp(_, _) => Order::Signed,
        D::Decimal32(_, _) | D::Decimal64(_, _) | D::Decimal128(_, _) => Order::Signed,
        D::Float32 | D::Float64 => Order::Float,
        _ => return None,
    };
    data_type.primitive_width().map(|width| (width, order))
}
