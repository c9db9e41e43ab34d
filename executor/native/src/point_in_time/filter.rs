//! What the spine tells the feature scans: which times and keys can match at all.
use super::Direction;
use super::candidate::DecidingColumns;
use super::exec::FeatureInput;
use super::index::TimeIndex;
use datafusion::arrow::array::{Array, UInt32Array};
use datafusion::arrow::compute::{cast, interleave};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::min_max::{MaxAccumulator, MinAccumulator};
use datafusion::logical_expr::{Accumulator, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, InListExpr, lit};
use datafusion::physical_expr::utils::conjunction;
use std::sync::Arc;

/// The values of up to so many distinct keys are listed, so that bloom filters can be asked. The range stands beside the
/// list: bounds of files, row groups and pages are compared with short lists only.
const LISTED_KEYS: usize = 256;

/// A condition over the feature's columns that every row which can match fulfils. `spine`: all its rows, in parts.
pub fn of_spine(
    feature: &FeatureInput,
    index: &TimeIndex,
    spine: &[DecidingColumns],
) -> Result<Arc<dyn PhysicalExpr>> {
    let schema: &Schema = &feature.input.schema();
    let mut conditions = times(feature, index, spine[0].time.data_type())?;
    let few = (index.distinct_keys() <= LISTED_KEYS).then(|| index.row_of_each_key());
    for (number, expr) in feature.feature_keys.iter().enumerate() {
        let values: Vec<&dyn Array> = spine
            .iter()
            .map(|part| part.keys[number].as_ref())
            .collect();
        if expr.data_type(schema)? == *values[0].data_type() {
            conditions.extend(key(expr, &values, few.as_ref(), schema)?);
        }
    }
    Ok(match conditions.is_empty() {
        true => lit(true),
        false => conjunction(conditions),
    })
}

fn times(
    feature: &FeatureInput,
    index: &TimeIndex,
    time_type: &DataType,
) -> Result<Vec<Arc<dyn PhysicalExpr>>> {
    let Some((least, greatest)) = index.time_bounds() else {
        return Ok(vec![lit(false)]);
    };
    let literal = |value: i64| -> Result<Option<Arc<dyn PhysicalExpr>>> {
        Ok(scalar(value, time_type)?.map(lit))
    };
    let compare = |expr: &Arc<dyn PhysicalExpr>, operator, value| {
        Arc::new(BinaryExpr::new(Arc::clone(expr), operator, value)) as Arc<dyn PhysicalExpr>
    };
    let tolerance = feature.matching.tolerance.map(|(distance, _)| distance);
    let mut conditions = Vec::new();
    let mut add = |expr, operator, value: Option<i64>| -> Result<()> {
        if let Some(value) = value
            && let Some(value) = literal(value)?
        {
            conditions.push(compare(expr, operator, value));
        }
        Ok(())
    };
    let time = &feature.feature_time;
    match feature.matching.direction {
        Direction::Backward => {
            add(time, Operator::LtEq, Some(greatest))?;
            let oldest = tolerance.and_then(|distance| least.checked_sub(distance));
            add(time, Operator::GtEq, oldest)?;
        }
        // Such times are complemented: the greatest is the earliest.
        Direction::Forward => {
            add(time, Operator::GtEq, Some(!greatest))?;
            let latest = tolerance.and_then(|distance| (!least).checked_add(distance));
            add(time, Operator::LtEq, latest)?;
        }
    }
    if let Some(known) = &feature.known_at {
        add(known, Operator::LtEq, Some(greatest))?;
    }
    Ok(conditions)
}

/// None where a time of this type has no such literal.
fn scalar(value: i64, time_type: &DataType) -> Result<Option<ScalarValue>> {
    Ok(match time_type {
        DataType::Decimal128(precision, scale) => Some(ScalarValue::Decimal128(
            Some(value.into()),
            *precision,
            *scale,
        )),
        DataType::Date32 => i32::try_from(value)
            .ok()
            .map(|days| ScalarValue::Date32(Some(days))),
        DataType::Timestamp(_, _)
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64 => {
            let array = ScalarValue::Int64(Some(value)).to_array()?;
            let array = cast(&array, time_type)?;
            (!array.is_null(0))
                .then(|| ScalarValue::try_from_array(&array, 0))
                .transpose()?
        }
        _ => None,
    })
}

fn key(
    expr: &Arc<dyn PhysicalExpr>,
    values: &[&dyn Array],
    few: Option<&UInt32Array>,
    schema: &Schema,
) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let data_type = values[0].data_type();
    let has_order = data_type.is_integer()
        || data_type.is_temporal()
        || matches!(data_type, DataType::Utf8 | DataType::Decimal128(_, _));
    if !has_order {
        return Ok(None);
    }
    let mut conditions: Vec<Arc<dyn PhysicalExpr>> = Vec::new();
    if let Some(rows) = few {
        let list = distinct(values, rows)?;
        if list.is_empty() {
            return Ok(Some(lit(false)));
        }
        let list = list.into_iter().map(lit).collect();
        let listed = InListExpr::try_new(Arc::clone(expr), list, false, schema)?;
        conditions.push(Arc::new(listed));
    }
    let mut least = MinAccumulator::try_new(data_type)?;
    let mut greatest = MaxAccumulator::try_new(data_type)?;
    for values in values {
        let values = [values.slice(0, values.len())];
        least.update_batch(&values)?;
        greatest.update_batch(&values)?;
    }
    let bound = |operator, value: ScalarValue| {
        Arc::new(BinaryExpr::new(Arc::clone(expr), operator, lit(value))) as Arc<dyn PhysicalExpr>
    };
    conditions.push(bound(Operator::GtEq, least.evaluate()?));
    conditions.push(bound(Operator::LtEq, greatest.evaluate()?));
    Ok(Some(conjunction(conditions)))
}

/// The distinct values of a key column at these rows, without NULL.
fn distinct(parts: &[&dyn Array], rows: &UInt32Array) -> Result<Vec<ScalarValue>> {
    let starts: Vec<usize> = parts
        .iter()
        .scan(0, |next, part| {
            Some(std::mem::replace(next, *next + part.len()))
        })
        .collect();
    let place = |row: &u32| {
        let row = *row as usize;
        let part = starts.partition_point(|start| *start <= row) - 1;
        (part, row - starts[part])
    };
    let places: Vec<_> = rows.values().iter().map(place).collect();
    let values = interleave(parts, &places)?;
    let mut seen = std::collections::HashSet::new();
    let mut list = Vec::new();
    for row in (0..values.len()).filter(|row| values.is_valid(*row)) {
        let value = ScalarValue::try_from_array(&values, row)?;
        if seen.insert(value.clone()) {
            list.push(value);
        }
    }
    Ok(list)
}
