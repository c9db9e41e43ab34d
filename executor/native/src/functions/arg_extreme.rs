//! ARG_MIN and ARG_MAX: the first argument where the second is smallest or largest.

use super::aggregates::Own;
use super::order_key::converter;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{OwnedRow, RowConverter};
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
        best: None,
        order: converter(args.expr_fields[1].data_type())?,
        wanted,
    }))
}

/// Rows with a NULL argument or key do not count; of equal keys the first seen wins.
#[derive(Debug)]
struct ArgExtreme {
    argument: ScalarValue,
    key: ScalarValue,
    /// The key in a form that has an order for lists, structs and maps, too.
    best: Option<OwnedRow>,
    order: RowConverter,
    wanted: Ordering,
}

impl Accumulator for ArgExtreme {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let keys = self.order.convert_columns(&values[1..])?;
        let mut found: Option<usize> = None;
        for row in 0..values[0].len() {
            if values[0].is_null(row) || values[1].is_null(row) {
                continue;
            }
            let best = match found {
                Some(found) => Some(keys.row(found)),
                None => self.best.as_ref().map(OwnedRow::row),
            };
            if best.is_none_or(|best| keys.row(row).cmp(&best) == self.wanted) {
                found = Some(row);
            }
        }
        if let Some(row) = found {
            self.argument = ScalarValue::try_from_array(&values[0], row)?.compacted();
            self.key = ScalarValue::try_from_array(&values[1], row)?.compacted();
            self.best = Some(keys.row(row).owned());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.argument.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.argument.size() + 2 * self.key.size() + self.order.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.argument.clone(), self.key.clone()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}
