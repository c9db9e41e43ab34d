//! `x < ANY (list)` and `x < ALL (list)`, with the three-valued logic of comparisons with each element.

use super::elementwise::{Parameter as P, function as make, returns_boolean};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, UInt32Array};
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::compute::take;
use datafusion::arrow::error::ArrowError;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

type Compare = fn(&dyn Datum, &dyn Datum) -> std::result::Result<BooleanArray, ArrowError>;

pub fn function(id: &str) -> Option<ScalarUDF> {
    macro_rules! quantified {
        ($($any:literal $all:literal $compare:path),* $(,)?) => {
            match id {
                $(
                    $any => Some(make($any, &[P::Any], returns_boolean, |a| evaluate(a, $compare, true))),
                    $all => Some(make($all, &[P::Any], returns_boolean, |a| evaluate(a, $compare, false))),
                )*
                _ => None,
            }
        };
    }
    quantified! {
        "any_eq" "all_eq" cmp::eq,
        "any_neq" "all_neq" cmp::neq,
        "any_lt" "all_lt" cmp::lt,
        "any_lte" "all_lte" cmp::lt_eq,
        "any_gt" "all_gt" cmp::gt,
        "any_gte" "all_gte" cmp::gt_eq,
    }
}

/// (value, list): ANY is decided by the first true comparison, ALL by the first false one.
fn evaluate(args: &[ArrayRef], compare: Compare, any: bool) -> Result<ArrayRef> {
    let lists = args[1].as_list::<i32>();
    let offsets = lists.value_offsets();
    let (start, end) = (offsets[0] as usize, offsets[lists.len()] as usize);
    let mut rows = Vec::with_capacity(end - start);
    for row in 0..lists.len() {
        rows.extend(std::iter::repeat_n(
            row as u32,
            lists.value_length(row) as usize,
        ));
    }
    let values = take(&args[0], &UInt32Array::from(rows), None)?;
    let found = compare(&values, &lists.values().slice(start, end - start))?;
    let of_row = |row: usize| {
        if lists.is_null(row) {
            return None;
        }
        let elements = offsets[row] as usize - start..offsets[row + 1] as usize - start;
        let mut unknown = false;
        for at in elements {
            match found.is_valid(at) {
                true if found.value(at) == any => return Some(any),
                true => {}
                false => unknown = true,
            }
        }
        (!unknown).then_some(!any)
    };
    Ok(Arc::new(
        (0..lists.len()).map(of_row).collect::<BooleanArray>(),
    ))
}
