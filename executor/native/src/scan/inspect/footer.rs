//! Columns and statistics of one Parquet file, from its footer. Footers stay in the engine's cache for the scan.

use super::Inspected;
use super::listing::Listed;
use crate::engine::Engine;
use crate::errors::{self, failure};
use crate::proto;
use crate::scan::{convert, failures};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::TimeUnit;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::physical_plan::parquet::Int96Coercer;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::functions_aggregate::min_max::{MaxAccumulator, MinAccumulator};
use datafusion::logical_expr::Accumulator;
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use std::sync::Arc;

const FOOTER_HINT: usize = 64 << 10;

pub async fn inspect(engine: &Engine, listed: Listed) -> Result<Inspected> {
    let named = |e| failures::in_file(&listed.url, "Parquet", e);
    if listed.meta.size == 0 {
        let message = format!(
            "\"{}\" is not a readable Parquet file: it is empty",
            listed.url
        );
        return Err(failure(errors::INVALID_FILE, message));
    }
    let footer = DFParquetMetadata::new(listed.store.as_ref(), &listed.meta)
        .with_file_metadata_cache(Some(engine.cache().get_file_metadata_cache()))
        .with_metadata_size_hint(Some(FOOTER_HINT))
        .fetch_metadata()
        .await
        .map_err(named)?;
    describe(&listed, &footer).map_err(named)
}

fn describe(listed: &Listed, footer: &Arc<ParquetMetaData>) -> Result<Inspected> {
    let metadata = footer.file_metadata();
    let descriptor = metadata.schema_descr();
    let schema = parquet_to_arrow_schema(descriptor, metadata.key_value_metadata())?;
    let schema = Int96Coercer::new(descriptor, &schema, &TimeUnit::Microsecond)
        .coerce()
        .unwrap_or(schema);
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let kind = convert::canonical(field.data_type()).ok_or_else(|| {
            let message = format!(
                "column \"{}\" of \"{}\" is {}, which has no SQL type here",
                field.name(),
                listed.url,
                field.data_type()
            );
            failure(errors::NOT_SUPPORTED, message)
        })?;
        fields.push(Field::new(field.name(), kind, field.is_nullable()));
    }
    let mut bounds = Vec::new();
    for (ordinal, field) in fields.iter().enumerate() {
        if !field.data_type().is_nested()
            && let Ok(Some(bound)) = of_column(ordinal, field, &schema, footer)
        {
            bounds.push(bound);
        }
    }
    Ok(Inspected {
        fields,
        file: listed.data_file(metadata.num_rows()),
        bounds,
    })
}

fn of_column(
    ordinal: usize,
    field: &Field,
    schema: &Schema,
    footer: &ParquetMetaData,
) -> Result<Option<proto::ColumnStatistics>> {
    let groups = footer.row_groups();
    let converter =
        StatisticsConverter::try_new(field.name(), schema, footer.file_metadata().schema_descr())?
            .with_missing_null_counts_as_zero(false);
    let (mins, maxes) = (
        converter.row_group_mins(groups)?,
        converter.row_group_maxes(groups)?,
    );
    let exact = |flags: &datafusion::arrow::array::BooleanArray| {
        flags.null_count() == 0 && flags.false_count() == 0
    };
    let exact = exact(&converter.row_group_is_min_value_exact(groups)?)
        && exact(&converter.row_group_is_max_value_exact(groups)?);
    let nulls = converter.row_group_null_counts(groups)?;
    let nulls = match nulls.null_count() {
        0 => nulls.values().iter().map(|n| *n as i64).sum(),
        _ => -1,
    };
    let mut min = MinAccumulator::try_new(field.data_type())?;
    let mut max = MaxAccumulator::try_new(field.data_type())?;
    let bound =
        |accumulator: &mut dyn Accumulator, values: &ArrayRef| -> Result<Option<ScalarValue>> {
            // A row group without a bound may hold anything, unless all its values are NULL.
            if values.null_count() > 0 {
                return Ok(None);
            }
            accumulator.update_batch(&[cast(values, field.data_type())?])?;
            Ok(Some(accumulator.evaluate()?))
        };
    let literal = |value: Option<ScalarValue>| value.as_ref().and_then(convert::literal);
    let min = literal(bound(&mut min, &mins)?);
    let max = literal(bound(&mut max, &maxes)?);
    let floats = matches!(field.data_type(), DataType::Float32 | DataType::Float64);
    Ok(Some(proto::ColumnStatistics {
        column: ordinal as u32,
        nulls,
        exact: exact && !floats && min.is_some() && max.is_some(),
        min,
        max,
    }))
}
