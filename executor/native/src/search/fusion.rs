//! Several lists of hits to one: reciprocal rank fusion.

use crate::errors::{INVALID_ARGUMENT, failure, internal};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray, StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::collections::HashMap;
use std::sync::Arc;

/// `fuse_hits(k, count, hits, …)`: the rows of all lists by the sum of 1 / (k + rank), the greatest first.
pub fn function(id: &str) -> Option<ScalarUDF> {
    (id == "fuse_hits").then(|| {
        ScalarUDF::new_from_impl(FuseHits {
            signature: Signature::variadic_any(Volatility::Immutable),
        })
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct FuseHits {
    signature: Signature,
}

impl ScalarUDFImpl for FuseHits {
    fn name(&self) -> &str {
        "fuse_hits"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        types
            .get(2)
            .cloned()
            .ok_or_else(|| internal("fuse_hits without hits"))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays: Vec<ArrayRef> = args
            .args
            .iter()
            .map(|arg| arg.to_array(args.number_rows))
            .collect::<Result<_>>()?;
        let fused = fuse(&arrays, args.number_rows)?;
        Ok(ColumnarValue::Array(fused))
    }
}

fn fuse(args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let count = cast(&args[1], &DataType::Int64)?; // a client's number is of its own type
    let (k, count) = (
        args[0].as_primitive::<Float64Type>(),
        count.as_primitive::<Int64Type>(),
    );
    let lists: Vec<&ListArray> = args[2..].iter().map(|a| a.as_list::<i32>()).collect();
    let (mut addresses, mut scores, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..rows {
        let most = match usize::try_from(count.value(row)) {
            Ok(most) if most > 0 => most,
            _ => {
                let message = "top_k counts rows: it must be greater than 0";
                return Err(failure(INVALID_ARGUMENT, message));
            }
        };
        let mut sums: HashMap<i64, f64> = HashMap::new();
        for list in &lists {
            let hits = list.value(row);
            let found = hits.as_struct().column(0).as_primitive::<Int64Type>();
            for (rank, address) in found.values().iter().enumerate() {
                *sums.entry(*address).or_default() += 1.0 / (k.value(row) + rank as f64 + 1.0);
            }
        }
        let mut fused: Vec<(i64, f64)> = sums.into_iter().collect();
        fused.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        fused.truncate(most);
        lengths.push(fused.len());
        addresses.extend(fused.iter().map(|hit| hit.0));
        scores.extend(fused.iter().map(|hit| hit.1));
    }
    let DataType::List(item) = args[2].data_type() else {
        return Err(internal("hits are a list"));
    };
    let DataType::Struct(fields) = item.data_type() else {
        return Err(internal("hits are rows"));
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(addresses)),
        Arc::new(Float64Array::from(scores)),
    ];
    let hits = StructArray::try_new(fields.clone(), columns, None)?;
    let list = ListArray::try_new(
        Arc::clone(item),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(hits),
        None,
    )?;
    Ok(Arc::new(list))
}
