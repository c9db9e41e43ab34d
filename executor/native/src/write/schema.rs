//! The row that is written: the target's columns with their field ids, and how rows become it.

use crate::errors::{self, failure};
use crate::proto;
use crate::scan::{Column, Conversion, FIELD_ID, Matching};
use datafusion::arrow::array::{Array, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::common::Result;
use std::collections::HashMap;
use std::sync::Arc;

/// Names of nested fields as Iceberg and Parquet have them.
const ELEMENT: &str = "element";

#[derive(Debug)]
pub struct Target {
    pub schema: SchemaRef,
    columns: Vec<(Column, Conversion)>,
}

impl Target {
    /// `input` begins with the columns; more may follow.
    pub fn new(fields: &[Field], ids: &[proto::ColumnSource], input: &Schema) -> Result<Self> {
        if fields.len() > input.fields().len() {
            let (want, have) = (fields.len(), input.fields().len());
            return Err(errors::internal(format!(
                "{have} columns for a table of {want}"
            )));
        }
        let fields: Vec<FieldRef> = fields
            .iter()
            .enumerate()
            .map(|(i, f)| Arc::new(with_ids(f, ids.get(i))))
            .collect();
        let columns = fields
            .iter()
            .zip(input.fields())
            .map(|(to, from)| {
                let column = Column::new(to.name().clone(), Arc::clone(to), None);
                let conversion = Conversion::plan(&column, from, Matching::ByPosition)?;
                Ok((column, conversion))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            schema: Arc::new(Schema::new(fields)),
            columns,
        })
    }

    pub fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for ((column, conversion), array) in self.columns.iter().zip(batch.columns()) {
            let array = conversion.apply(column, array)?;
            if !column.field.is_nullable() && array.null_count() > 0 {
                let message = format!(
                    "column \"{}\" is NOT NULL and cannot hold a NULL",
                    column.name
                );
                return Err(failure(errors::INVALID_ARGUMENT, message));
            }
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(
            Arc::clone(&self.schema),
            arrays,
            &options,
        )?)
    }
}

fn with_ids(field: &Field, source: Option<&proto::ColumnSource>) -> Field {
    let child = |i: usize| source.and_then(|s| s.children.get(i));
    let named = |f: &Field, name: &str, i: usize| Arc::new(with_ids(f, child(i)).with_name(name));
    let kind = match field.data_type() {
        DataType::List(e) => DataType::List(named(e, ELEMENT, 0)),
        DataType::FixedSizeList(e, size) => DataType::FixedSizeList(named(e, ELEMENT, 0), *size),
        DataType::Struct(fields) => {
            let fields = fields
                .iter()
                .enumerate()
                .map(|(i, f)| Arc::new(with_ids(f, child(i))));
            DataType::Struct(fields.collect::<Fields>())
        }
        DataType::Map(entries, ordered) => match entries.data_type() {
            DataType::Struct(parts) if parts.len() == 2 => {
                let parts = vec![named(&parts[0], "key", 0), named(&parts[1], "value", 1)];
                let parts = DataType::Struct(Fields::from(parts));
                DataType::Map(Arc::new(Field::new("key_value", parts, false)), *ordered)
            }
            _ => field.data_type().clone(),
        },
        other => other.clone(),
    };
    let id = source.map_or(0, |s| s.field_id);
    let metadata = (id != 0).then(|| HashMap::from([(FIELD_ID.to_owned(), id.to_string())]));
    Field::new(field.name(), kind, field.is_nullable()).with_metadata(metadata.unwrap_or_default())
}
