//! Rows that stand in the plan itself.

use crate::errors;
use crate::plan::rel::{Builder, Built};
use crate::plan::{expr::Row, types};
use crate::proto;
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, Result};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder, Values};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// From this many rows on, literals are turned into a batch at once instead of one expression each.
const AS_BATCH: usize = 16;

impl Builder<'_> {
    pub(super) fn values(&self, message: &proto::Values) -> Result<Built> {
        let fields = types::fields(&message.columns)?;
        let fields: Vec<Field> = fields
            .iter()
            .map(|f| Field::new(self.fresh_name(), f.data_type().clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let df_schema = Arc::new(DFSchema::try_from(Arc::clone(&schema))?);
        let nothing = DFSchema::empty();
        let row = Row {
            context: self.context,
            columns: &[],
            schema: &nothing,
        };
        let mut rows = Vec::with_capacity(message.rows.len());
        for values in &message.rows {
            if values.values.len() != schema.fields().len() {
                return Err(errors::internal("plan: Values of uneven rows"));
            }
            let typed = values.values.iter().zip(schema.fields());
            let exprs = typed
                .map(|(value, field)| Ok(row.typed(value)?.cast_to(field.data_type())?.expr))
                .collect::<Result<Vec<Expr>>>()?;
            rows.push(exprs);
        }
        if rows.is_empty() || (schema.fields().is_empty() && rows.len() == 1) {
            return Ok(Built::all(LogicalPlan::EmptyRelation(EmptyRelation {
                produce_one_row: !rows.is_empty(),
                schema: df_schema,
            })));
        }
        if let Some(batch) = as_batch(&rows, &schema)? {
            let table = MemTable::try_new(schema, vec![vec![batch]])?;
            let name = self.scan_name("values");
            let source = provider_as_source(Arc::new(table));
            return Ok(Built::all(
                LogicalPlanBuilder::scan(name, source, None)?.build()?,
            ));
        }
        Ok(Built::all(LogicalPlan::Values(Values {
            schema: df_schema,
            values: rows,
        })))
    }
}

fn as_batch(rows: &[Vec<Expr>], schema: &Arc<Schema>) -> Result<Option<RecordBatch>> {
    if rows.len() < AS_BATCH || schema.fields().is_empty() {
        return Ok(None);
    }
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for i in 0..schema.fields().len() {
        let mut scalars = Vec::with_capacity(rows.len());
        for row in rows {
            let Expr::Literal(scalar, _) = &row[i] else {
                return Ok(None);
            };
            scalars.push(scalar.clone());
        }
        columns.push(match schema.field(i).data_type() {
            DataType::Null => datafusion::arrow::array::new_null_array(&DataType::Null, rows.len()),
            _ => ScalarValue::iter_to_array(scalars)?,
        });
    }
    Ok(Some(RecordBatch::try_new(Arc::clone(schema), columns)?))
}
