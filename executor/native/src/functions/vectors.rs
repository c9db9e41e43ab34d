//! Exact distances between vectors.

use super::elementwise::{Parameter as P, once_function, returns_double, to_doubles};
use crate::vectors::{Real, Vectors, check_lengths, cosine, dot, squared_distance};
use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;

pub fn function(id: &str) -> Option<ScalarUDF> {
    let make = |id, kernel| once_function(id, &[P::Any], returns_double, kernel);
    Some(match id {
        "cosine_similarity" => make("cosine_similarity", |args: &[ArrayRef]| {
            compare(args, cosine, cosine)
        }),
        "cosine_distance" => make("cosine_distance", |args: &[ArrayRef]| {
            compare(
                args,
                |a, b| cosine(a, b).map(|c| 1.0 - c),
                |a, b| cosine(a, b).map(|c| 1.0 - c),
            )
        }),
        "inner_product" => make("inner_product", |args: &[ArrayRef]| {
            compare(args, |a, b| Some(dot(a, b)), |a, b| Some(dot(a, b)))
        }),
        "l2_distance" => make("l2_distance", |args: &[ArrayRef]| {
            compare(
                args,
                |a, b| Some(squared_distance(a, b).sqrt()),
                |a, b| Some(squared_distance(a, b).sqrt()),
            )
        }),
        _ => return None,
    })
}

type Measure<T> = fn(&[T], &[T]) -> Option<f64>;

fn compare(args: &[ArrayRef], single: Measure<f32>, double: Measure<f64>) -> Result<ArrayRef> {
    let element = |array: &ArrayRef| match array.data_type() {
        DataType::List(field) | DataType::FixedSizeList(field, _) => field.data_type().clone(),
        other => other.clone(),
    };
    match element(&args[0]) {
        DataType::Float32 => rows::<Float32Type, f32>(args, single),
        DataType::Null => {
            // Both are [], as one of them would have given the other its type.
            let doubles = DataType::new_list(DataType::Float64, true);
            let args = args.iter().map(|array| cast(array, &doubles));
            rows::<Float64Type, f64>(&args.collect::<Result<Vec<_>, _>>()?, double)
        }
        _ => rows::<Float64Type, f64>(args, double),
    }
}

/// A constant argument has one row.
fn rows<T, N>(args: &[ArrayRef], measure: Measure<N>) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType<Native = N>,
    N: Real,
{
    let (left, right) = (Vectors::<T>::of(&args[0])?, Vectors::<T>::of(&args[1])?);
    let (a, b) = (args[0].len(), args[1].len());
    let rows = if a == 1 { b } else { a };
    to_doubles(rows, |row| {
        let x = left.at(if a == 1 { 0 } else { row })?;
        let y = right.at(if b == 1 { 0 } else { row })?;
        let (Some(x), Some(y)) = (x, y) else {
            return Ok(None);
        };
        check_lengths(x, y)?;
        Ok(measure(x, y))
    })
}
