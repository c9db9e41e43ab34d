//! Vectors: rows of arrays of numbers, and the distances between them.
//!
//! ```text
//! LIST / FIXED_SIZE_LIST of FLOAT32 or FLOAT64 --Vectors--> slices --Metric--> dot product, Euclidean, cosine
//! ```
//! Invariants: every slice has no NULL element; two slices that are compared have the same length.

mod metric;

pub use metric::{Metric, Real, cosine, dot, norm, squared_distance};

use crate::errors::{INVALID_ARGUMENT, failure, internal};
use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

/// A column of vectors.
pub struct Vectors<'a, T: ArrowPrimitiveType> {
    array: &'a ArrayRef,
    values: &'a PrimitiveArray<T>,
    shape: Shape<'a>,
}

enum Shape<'a> {
    Offsets(&'a [i32]),
    Width(usize),
}

impl<'a, T: ArrowPrimitiveType> Vectors<'a, T> {
    pub fn of(array: &'a ArrayRef) -> Result<Self> {
        let (values, shape) = match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                (list.values(), Shape::Offsets(list.value_offsets()))
            }
            DataType::FixedSizeList(_, width) => {
                let list = array.as_fixed_size_list();
                (list.values(), Shape::Width(*width as usize))
            }
            other => return Err(internal(format!("a vector of type {other}"))),
        };
        let values = values
            .as_primitive_opt::<T>()
            .ok_or_else(|| internal(format!("a vector of {}", values.data_type())))?;
        Ok(Self {
            array,
            values,
            shape,
        })
    }

    /// The vector at `row`, None for NULL; a NULL element is an error.
    pub fn at(&self, row: usize) -> Result<Option<&'a [T::Native]>> {
        if self.array.is_null(row) {
            return Ok(None);
        }
        let range = match self.shape {
            Shape::Offsets(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
            Shape::Width(width) => row * width..(row + 1) * width,
        };
        if self.values.null_count() > 0 && range.clone().any(|i| self.values.is_null(i)) {
            let message = "a vector has a NULL among its elements";
            return Err(failure(INVALID_ARGUMENT, message));
        }
        Ok(Some(&self.values.values()[range]))
    }

    /// The same, None for one that has a NULL element too.
    pub fn whole_at(&self, row: usize) -> Option<&'a [T::Native]> {
        self.at(row).ok().flatten()
    }
}

/// Two vectors can be compared.
pub fn check_lengths<T>(a: &[T], b: &[T]) -> Result<()> {
    if a.len() == b.len() {
        return Ok(());
    }
    let message = format!(
        "vectors of {} and of {} elements cannot be compared",
        a.len(),
        b.len()
    );
    Err(failure(INVALID_ARGUMENT, message))
}
