//! ARG_MIN and ARG_MAX: the first argument where the second is smallest or largest.

use super::aggregates::Own;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF};
use std::cmp::Ordering;

pub fn function(id: &str) -> Option<AggregateUDF> {
    let own = |id, accumulator| Own {
        id,
        parameters: |t| t.to_vec(),
        result: |t| t[0].clone(),
        state: |t| t.to_vec(),
        accumulator,
    };
    Some(match id {
        "arg_min" => own("arg_min", |a| make(a, Ordering::Less)).function(),
        "arg_max" => own("arg_max", |a| make(a, Ordering::Greater)).function(),
        _ => return None,
    })
}

fn make(args: &AccumulatorArgs, wanted: Ordering) -> Result<Box<dyn Accumulator>> {
    let null = |i: usize| ScalarValue::try_from(args.expr_fields[i].data_type() as &DataType);
    Ok(Box::new(ArgExtreme {
        argument: null(0)?,
        key: null(1)?,
        wanted,
    }))
}

/// Rows with a NULL argument or key do not count; of equal keys the first seen wins.
#[derive(Debug)]
struct ArgExtreme {
    argument: ScalarValue,
    key: ScalarValue,
    wanted: Ordering,
}

impl Accumulator for ArgExtreme {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for row in 0..values[0].len() {
            if values[0].is_null(row) || values[1].is_null(row) {
                continue;
            }
            let key = ScalarValue::try_from_array(&values[1], row)?;
            if self.key.is_null() || key.partial_cmp(&self.key) == Some(self.wanted) {
                self.argument = ScalarValue::try_from_array(&values[0], row)?.compacted();
                self.key = key.compacted();
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.argument.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.argument.size() + self.key.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.argument.clone(), self.key.clone()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
