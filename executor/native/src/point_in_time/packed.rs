//! Feature rows of fixed width, packed row by row: one copy when a row wins a slot, one when it is handed out.
use super::index::NONE;
use super::row_bytes::RowBytes;
use datafusion::arrow::array::{Array, ArrayData, ArrayRef, AsArray, make_array};
use datafusion::arrow::buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use std::cmp::Ordering;

/// Rows are handed out in blocks of as many as there are bits in a word of validity.
const BLOCK: usize = 64;

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
    columns: Vec<SourceColumn>,
    rows: usize,
}

struct SourceColumn {
    /// `rows` values of the column's width.
    values: Buffer,
    nulls: Option<NullBuffer>,
}

/// A column being made of packed rows.
struct TargetColumn {
    values: MutableBuffer,
    /// Bit per row that has a value; empty as long as every row of the batch that was found has one.
    valid: Vec<u64>,
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

    /// The arrays have the layout's types and one length.
    pub fn source(&self, arrays: &[ArrayRef]) -> PackedSource {
        let rows = arrays.first().map_or(0, |array| array.len());
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
            // `pack` relies on it.
            assert_eq!(values.len(), rows * column.width, "values of a column");
            let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
            SourceColumn {
                values,
                nulls: nulls.cloned(),
            }
        });
        PackedSource {
            columns: columns.collect(),
            rows,
        }
    }

    /// Writes these rows of the source, which this layout made, one after the other.
    pub fn pack(
        &self,
        source: &PackedSource,
        rows: impl ExactSizeIterator<Item = u32> + Clone,
        packed: &mut [u8],
    ) {
        if self.columns.is_empty() {
            return;
        }
        assert!(packed.len() == rows.len() * self.stride);
        assert!(rows.clone().all(|row| (row as usize) < source.rows));
        for packed in packed.chunks_exact_mut(self.stride) {
            packed[..self.null_bytes()].fill(0);
        }
        for (number, (column, from)) in self.columns.iter().zip(&source.columns).enumerate() {
            // SAFETY: the source's values are `source.rows` times the width, asserted when it was made; the rows are some of
            // them, and there is a stride for each, both asserted above; a column lies within the stride.
            unsafe {
                let to = packed.as_mut_ptr().add(column.offset);
                column.scatter(from.values.as_ptr(), rows.clone(), to, self.stride);
            }
            if let Some(nulls) = &from.nulls {
                for (row, packed) in rows.clone().zip(packed.chunks_exact_mut(self.stride)) {
                    packed[number / 8] |= u8::from(nulls.is_null(row as usize)) << (number % 8);
                }
            }
        }
    }

    fn null_bytes(&self) -> usize {
        self.columns.len().div_ceil(8)
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

    /// The columns of rows with these `numbers`, in this order; the packed row begins after `header` bytes of a row. [`NONE`]
    /// is all NULL.
    ///
    /// # Safety
    /// Nobody writes to the rows.
    pub unsafe fn unpack(
        &self,
        rows: &RowBytes,
        header: usize,
        numbers: &[u32],
    ) -> Result<Vec<ArrayRef>> {
        let stride = rows.stride();
        assert!(stride == header + self.stride);
        let absent = vec![0_u8; stride];
        let row = |number: u32| match number {
            NONE => absent.as_ptr(),
            number => rows.at(number).cast_const(),
        };
        let mut targets: Vec<TargetColumn> = self
            .columns
            .iter()
            .map(|column| TargetColumn {
                values: MutableBuffer::with_capacity(numbers.len() * column.width),
                valid: Vec::new(),
            })
            .collect();
        let mut found = Vec::with_capacity(numbers.len().div_ceil(BLOCK));
        let mut block = [absent.as_ptr(); BLOCK];
        for (at, here) in numbers.chunks(BLOCK).enumerate() {
            let next = numbers.iter().skip((at + 1) * BLOCK).take(BLOCK);
            next.filter(|number| **number != NONE)
                .for_each(|number| rows.prefetch(*number));
            let mut present = 0;
            for (bit, (pointer, number)) in block.iter_mut().zip(here).enumerate() {
                *pointer = row(*number);
                present |= u64::from(*number != NONE) << bit;
            }
            found.push(present);
            // SAFETY: every pointer is that of `stride` bytes that nobody writes: a row of `rows`, or `absent`; the columns
            // of the layout lie within the stride.
            unsafe { self.unpack_block(&block[..here.len()], header, &found, &mut targets) };
        }
        self.arrays(targets, found, numbers.len())
    }

    /// Appends up to [`BLOCK`] rows to the columns; the last word of `found` says which of them are rows.
    ///
    /// # Safety
    /// Each pointer is that of a row of `header` bytes and this layout's stride.
    unsafe fn unpack_block(
        &self,
        rows: &[*const u8],
        header: usize,
        found: &[u64],
        targets: &mut [TargetColumn],
    ) {
        let bits = |is_set: &dyn Fn(*const u8) -> bool| {
            let bits = rows.iter().enumerate();
            bits.fold(0, |word, (at, row)| word | (u64::from(is_set(*row)) << at))
        };
        let present = found[found.len() - 1];
        let mut some_null = 0;
        for byte in 0..self.null_bytes() {
            for row in rows {
                // SAFETY: a packed row begins with its NULL bits.
                some_null |= unsafe { *row.add(header + byte) };
            }
        }
        for (number, (column, target)) in self.columns.iter().zip(targets).enumerate() {
            // SAFETY: a column lies within its row.
            unsafe { column.append(rows, header + column.offset, &mut target.values) };
            if some_null != 0 || !target.valid.is_empty() {
                if target.valid.is_empty() {
                    target.valid.extend(&found[..found.len() - 1]);
                }
                // SAFETY: as above.
                let null =
                    |row: *const u8| unsafe { *row.add(header + number / 8) } & (1 << (number % 8));
                target.valid.push(present & !bits(&|row| null(row) != 0));
            }
        }
    }

    /// Columns without a NULL of their own share one validity.
    fn arrays(
        &self,
        targets: Vec<TargetColumn>,
        found: Vec<u64>,
        rows: usize,
    ) -> Result<Vec<ArrayRef>> {
        let nulls = |valid: Vec<u64>| {
            let nulls = NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, rows));
            (nulls.null_count() > 0).then_some(nulls)
        };
        let found = nulls(found);
        let columns = self.columns.iter().zip(targets);
        columns
            .map(|(column, target)| {
                let nulls = match target.valid.is_empty() {
                    true => found.clone(),
                    false => nulls(target.valid),
                };
                column.array(target.values.into(), nulls, rows)
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

    /// Writes the column's value of each row, `stride` bytes apart.
    ///
    /// # Safety
    /// `from` has values for the rows; there are `self.width` bytes to write at `to` and at each stride from there.
    unsafe fn scatter(
        &self,
        from: *const u8,
        rows: impl Iterator<Item = u32>,
        to: *mut u8,
        stride: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            match self.width {
                4 => scatter::<4>(from, rows, to, stride),
                8 => scatter::<8>(from, rows, to, stride),
                width => {
                    for (at, row) in rows.enumerate() {
                        let from = from.add(row as usize * width);
                        to.add(at * stride).copy_from_nonoverlapping(from, width);
                    }
                }
            }
        }
    }

    /// Appends the column's value of each row.
    ///
    /// # Safety
    /// There are `self.width` bytes to read at `at` of each row.
    unsafe fn append(&self, rows: &[*const u8], at: usize, values: &mut MutableBuffer) {
        // SAFETY: the caller's.
        unsafe {
            match self.width {
                1 => append::<1>(rows, at, values),
                2 => append::<2>(rows, at, values),
                4 => append::<4>(rows, at, values),
                8 => append::<8>(rows, at, values),
                16 => append::<16>(rows, at, values),
                width => {
                    for row in rows {
                        let value = std::slice::from_raw_parts(row.add(at), width);
                        values.extend_from_slice(value);
                    }
                }
            }
        }
    }

    fn array(&self, values: Buffer, nulls: Option<NullBuffer>, rows: usize) -> Result<ArrayRef> {
        let values = match self.data_type {
            DataType::Boolean => {
                BooleanBuffer::collect_bool(rows, |row| values[row] != 0).into_inner()
            }
            _ => values,
        };
        let data = ArrayData::builder(self.data_type.clone())
            .len(rows)
            .nulls(nulls)
            .add_buffer(values)
            .build()?;
        Ok(make_array(data))
    }
}

/// # Safety
/// As of [`PackedColumn::scatter`].
#[inline]
unsafe fn scatter<const WIDTH: usize>(
    from: *const u8,
    rows: impl Iterator<Item = u32>,
    to: *mut u8,
    stride: usize,
) {
    let from = from.cast::<[u8; WIDTH]>();
    for (at, row) in rows.enumerate() {
        // SAFETY: the caller's.
        unsafe {
            let value = from.add(row as usize).read();
            to.add(at * stride).cast::<[u8; WIDTH]>().write(value);
        }
    }
}

/// # Safety
/// There are `WIDTH` bytes to read at `at` of each row.
#[inline]
unsafe fn append<const WIDTH: usize>(rows: &[*const u8], at: usize, values: &mut MutableBuffer) {
    let start = values.len();
    values.reserve(rows.len() * WIDTH);
    // SAFETY: reserved; the caller's for what is read.
    unsafe {
        let to = values.as_mut_ptr().add(start).cast::<[u8; WIDTH]>();
        for (number, row) in rows.iter().enumerate() {
            to.add(number)
                .write(row.add(at).cast::<[u8; WIDTH]>().read());
        }
        values.set_len(start + rows.len() * WIDTH);
    }
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
