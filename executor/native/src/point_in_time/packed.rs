//! Feature rows of fixed width, packed row by row: one copy when a row wins a slot, one when it is handed out.
use datafusion::arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanArray, make_array};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;

/// Bytes of each column in a packed row; the row begins with a bit per column that is set where the value is NULL.
pub struct PackedLayout {
    columns: Vec<PackedColumn>,
    stride: usize,
}

struct PackedColumn {
    data_type: DataType,
    offset: usize,
    width: usize,
}

/// One batch's columns, ready to be copied out of row by row.
pub struct PackedSource {
    columns: Vec<(Buffer, Option<NullBuffer>)>,
}

impl PackedLayout {
    /// None when some column is not of fixed width.
    pub fn of(fields: &[FieldRef]) -> Option<Self> {
        let mut offset = fields.len().div_ceil(8);
        let columns = fields
            .iter()
            .map(|field| {
                let width = width(field.data_type())?;
                let column = PackedColumn {
                    data_type: field.data_type().clone(),
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
            (values, array.nulls().cloned())
        });
        PackedSource {
            columns: columns.collect(),
        }
    }

    /// Writes row `row` of the source; NULL values are zero bytes, so equal rows have equal bytes.
    #[inline]
    pub fn pack(&self, source: &PackedSource, row: usize, packed: &mut [u8]) {
        packed[..self.columns.len().div_ceil(8)].fill(0);
        for (number, (column, (values, nulls))) in
            self.columns.iter().zip(&source.columns).enumerate()
        {
            let target = &mut packed[column.offset..column.offset + column.width];
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                target.fill(0);
                packed[number / 8] |= 1 << (number % 8);
            } else {
                let from = &values[row * column.width..(row + 1) * column.width];
                match column.width {
                    4 => target.copy_from_slice(&from[..4]),
                    8 => target.copy_from_slice(&from[..8]),
                    _ => target.copy_from_slice(from),
                }
            }
        }
    }

    /// The columns of the rows that start at the given byte offsets; None gives NULLs.
    pub fn unpack(&self, packed: &[u8], rows: &[Option<usize>]) -> Result<Vec<ArrayRef>> {
        self.columns
            .iter()
            .enumerate()
            .map(|(number, column)| {
                let valid = BooleanBuffer::collect_bool(rows.len(), |i| {
                    rows[i].is_some_and(|at| packed[at + number / 8] & (1 << (number % 8)) == 0)
                });
                let nulls = Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0);
                column.array(packed, rows, nulls)
            })
            .collect()
    }
}

impl PackedColumn {
    fn array(
        &self,
        packed: &[u8],
        rows: &[Option<usize>],
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef> {
        if self.data_type == DataType::Boolean {
            let values = BooleanBuffer::collect_bool(rows.len(), |i| {
                rows[i].is_some_and(|at| packed[at + self.offset] != 0)
            });
            return Ok(std::sync::Arc::new(BooleanArray::new(values, nulls)));
        }
        let values = match self.width {
            4 => self.gather::<4>(packed, rows),
            8 => self.gather::<8>(packed, rows),
            16 => self.gather::<16>(packed, rows),
            _ => {
                let mut values = MutableBuffer::with_capacity(rows.len() * self.width);
                for row in rows {
                    match row {
                        Some(at) => values.extend_from_slice(
                            &packed[at + self.offset..at + self.offset + self.width],
                        ),
                        None => values.extend_zeros(self.width),
                    }
                }
                values
            }
        };
        let data = ArrayData::builder(self.data_type.clone())
            .len(rows.len())
            .nulls(nulls)
            .add_buffer(values.into())
            .build()?;
        Ok(make_array(data))
    }

    fn gather<const WIDTH: usize>(&self, packed: &[u8], rows: &[Option<usize>]) -> MutableBuffer {
        let mut values = MutableBuffer::from_len_zeroed(rows.len() * WIDTH);
        for (target, row) in values.as_slice_mut().chunks_exact_mut(WIDTH).zip(rows) {
            if let Some(at) = row {
                target.copy_from_slice(&packed[at + self.offset..at + self.offset + WIDTH]);
            }
        }
        values
    }
}

fn width(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Boolean => Some(1),
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok().filter(|width| *width > 0),
        other => other.primitive_width(),
    }
}
