//! PERCENTILE_DISC: the first value whose share of the sorted values reaches the fraction.

use super::aggregates::Own;
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{SortOptions, concat, sort, take};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF};
use datafusion::physical_expr::expressions::Literal;
use std::sync::Arc;

pub fn function(id: &str) -> Option<AggregateUDF> {
    if !matches!(id, "percentile_disc" | "quantile_disc") {
        return None;
    }
    let own = Own {
        id: if id == "quantile_disc" {
            "quantile_disc"
        } else {
            "percentile_disc"
        },
        parameters: |t| {
            t.iter()
                .enumerate()
                .map(|(i, t)| if i == 0 { t.clone() } else { DataType::Float64 })
                .collect()
        },
        result: |t| t[0].clone(),
        state: |t| {
            vec![DataType::List(Arc::new(Field::new_list_field(
                t[0].clone(),
                true,
            )))]
        },
        accumulator: |a| {
            let descending = a.order_bys.first().is_some_and(|s| s.options.descending);
            Ok(Box::new(Discrete {
                values: Vec::new(),
                data_type: a.expr_fields[0].data_type().clone(),
                fraction: fraction(a)?,
                descending,
            }))
        },
    };
    Some(own.function())
}

fn fraction(args: &AccumulatorArgs) -> Result<f64> {
    let literal = args.exprs.get(1).and_then(|e| e.downcast_ref::<Literal>());
    let value = literal
        .map(|l| l.value().cast_to(&DataType::Float64))
        .transpose()?;
    match value {
        Some(ScalarValue::Float64(Some(f))) if (0.0..=1.0).contains(&f) => Ok(f),
        Some(other) => Err(failure(
            INVALID_ARGUMENT,
            format!("the fraction of a percentile must be between 0 and 1, not {other}"),
        )),
        None => Err(failure(
            INVALID_ARGUMENT,
            "the fraction of a percentile must be a constant",
        )),
    }
}

#[derive(Debug)]
struct Discrete {
    values: Vec<ArrayRef>,
    data_type: DataType,
    fraction: f64,
    descending: bool,
}

impl Discrete {
    fn all(&self) -> Result<ArrayRef> {
        if self.values.is_empty() {
            return Ok(datafusion::arrow::array::new_empty_array(&self.data_type));
        }
        let parts: Vec<&dyn Array> = self.values.iter().map(|v| v.as_ref()).collect();
        Ok(concat(&parts)?)
    }
}

impl Accumulator for Discrete {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let column = &values[0];
        if column.null_count() == 0 {
            self.values.push(Arc::clone(column));
            return Ok(());
        }
        let rows: datafusion::arrow::array::UInt32Array = (0..column.len())
            .filter(|row| column.is_valid(*row))
            .map(|row| row as u32)
            .collect();
        self.values.push(take(column, &rows, None)?);
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let all = self.all()?;
        if all.is_empty() {
            return ScalarValue::try_from(&self.data_type);
        }
        let options = SortOptions {
            descending: self.descending,
            nulls_first: false,
        };
        let sorted = sort(&all, Some(options))?;
        let place = (self.fraction * sorted.len() as f64).ceil() as usize;
        let value = ScalarValue::try_from_array(&sorted, place.saturating_sub(1))?;
        self.values = vec![sorted];
        Ok(value)
    }

    fn size(&self) -> usize {
        size_of_val(self)
            + self
                .values
                .iter()
                .map(|v| v.get_array_memory_size())
                .sum::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let all = self.all()?;
        let list =
            datafusion::common::utils::SingleRowListArrayBuilder::new(all).build_list_array();
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states[0].as_list::<i32>();
        for group in (0..lists.len()).filter(|group| lists.is_valid(*group)) {
            self.values.push(lists.value(group));
        }
        Ok(())
    }
}
