//! PERCENTILE_DISC: the first value whose share of the sorted values reaches the fraction; PERCENTILE_CONT: the value at
//! the fraction, between two values if need be (DataFusion's has six digits only).

use super::aggregates::Own;
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::compute::{SortOptions, concat, sort, take};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF};
use datafusion::physical_expr::expressions::Literal;
use std::sync::Arc;

pub fn function(id: &str) -> Option<AggregateUDF> {
    Some(match id {
        "percentile_disc" => discrete("percentile_disc"),
        "quantile_disc" => discrete("quantile_disc"),
        "percentile_cont" => continuous("percentile_cont"),
        "quantile_cont" => continuous("quantile_cont"),
        _ => return None,
    })
}

fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

fn discrete(id: &'static str) -> AggregateUDF {
    let own = Own {
        id,
        parameters: |t| vec![t[0].clone(), DataType::Float64],
        result: |t| t[0].clone(),
        state: |t| vec![list(t[0].clone())],
        accumulator: |a| percentile(a, fraction(a)?, false),
    };
    own.function()
}

fn continuous(id: &'static str) -> AggregateUDF {
    let own = Own {
        id,
        parameters: |_| vec![DataType::Float64, DataType::Float64],
        result: |_| DataType::Float64,
        state: |_| vec![list(DataType::Float64)],
        accumulator: |a| percentile(a, fraction(a)?, true),
    };
    own.function()
}

fn percentile(
    args: &AccumulatorArgs,
    fraction: f64,
    interpolate: bool,
) -> Result<Box<dyn Accumulator>> {
    Ok(Box::new(Percentile {
        values: Vec::new(),
        data_type: args.expr_fields[0].data_type().clone(),
        fraction,
        descending: args.order_bys.first().is_some_and(|s| s.options.descending),
        interpolate,
    }))
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

/// The value at a fraction of the way from the first to the last.
fn between(sorted: &Float64Array, fraction: f64) -> f64 {
    let place = fraction * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted.value(place.floor() as usize),
        sorted.value(place.ceil() as usize),
    );
    if low == high {
        low
    } else {
        low + (high - low) * place.fract()
    }
}

#[derive(Debug)]
struct Percentile {
    values: Vec<ArrayRef>,
    data_type: DataType,
    fraction: f64,
    descending: bool,
    interpolate: bool,
}

impl Percentile {
    fn all(&self) -> Result<ArrayRef> {
        if self.values.is_empty() {
            return Ok(datafusion::arrow::array::new_empty_array(&self.data_type));
        }
        let parts: Vec<&dyn Array> = self.values.iter().map(|v| v.as_ref()).collect();
        Ok(concat(&parts)?)
    }
}

impl Accumulator for Percentile {
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
        let value = if self.interpolate {
            ScalarValue::Float64(Some(between(
                sorted.as_primitive::<Float64Type>(),
                self.fraction,
            )))
        } else {
            let place = (self.fraction * sorted.len() as f64).ceil() as usize;
            ScalarValue::try_from_array(&sorted, place.saturating_sub(1))?
        };
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
