//! What is known of a file's rows, in DataFusion's terms. A bound that is not sure is inexact: an exact one lets the
//! engine answer MIN, MAX and COUNT(*) without reading, and replace a constant column by its value.

use super::convert;
use crate::proto;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics};
use std::sync::Arc;

pub fn of_file(file: &proto::DataFile, schema: &SchemaRef) -> Statistics {
    let mut statistics = Statistics::new_unknown(schema);
    let whole = file.deletes.is_empty();
    if let Ok(rows) = usize::try_from(file.rows) {
        statistics.num_rows = precision(rows, whole);
    }
    statistics.total_byte_size = Precision::Inexact(file.bytes as usize);
    for known in &file.statistics {
        let ordinal = known.column as usize;
        let Some(field) = schema.fields().get(ordinal) else {
            continue;
        };
        let kind = field.data_type();
        let exact = whole && known.exact && convert::has_exact_order(kind);
        let bound = |literal: &Option<proto::Literal>| match literal {
            Some(l) => match convert::scalar(l, kind) {
                Some(value) if !value.is_null() && !is_nan(&value) => precision(value, exact),
                _ => Precision::Absent,
            },
            None => Precision::Absent,
        };
        let column = &mut statistics.column_statistics[ordinal];
        column.min_value = bound(&known.min);
        column.max_value = bound(&known.max);
        if let Ok(nulls) = usize::try_from(known.nulls) {
            column.null_count = precision(nulls, whole);
        }
    }
    for constant in &file.constants {
        let ordinal = constant.column as usize;
        let (Some(field), Some(literal)) = (schema.fields().get(ordinal), &constant.value) else {
            continue;
        };
        if let Some(value) = convert::scalar(literal, field.data_type())
            && !value.is_null()
            && convert::has_exact_order(field.data_type())
        {
            statistics.column_statistics[ordinal] = ColumnStatistics::new_unknown()
                .with_min_value(Precision::Exact(value.clone()))
                .with_max_value(Precision::Exact(value))
                .with_null_count(Precision::Exact(0));
        }
    }
    statistics
}

/// The sum over files; unknown where one file is unknown.
pub fn of_all(files: &[Arc<Statistics>], schema: &SchemaRef) -> Result<Statistics> {
    if files.is_empty() {
        let mut none = Statistics::new_unknown(schema);
        none.num_rows = Precision::Exact(0);
        return Ok(none);
    }
    Statistics::try_merge_iter(files.iter().map(Arc::as_ref), schema)
}

fn precision<T: std::fmt::Debug + Clone + PartialEq + Eq + PartialOrd>(
    value: T,
    exact: bool,
) -> Precision<T> {
    if exact {
        Precision::Exact(value)
    } else {
        Precision::Inexact(value)
    }
}

fn is_nan(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Float32(Some(v)) => v.is_nan(),
        ScalarValue::Float64(Some(v)) => v.is_nan(),
        _ => false,
    }
}
