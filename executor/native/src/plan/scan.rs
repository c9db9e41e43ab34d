//! Leaves that read a source.

use crate::java_scan::JavaTable;
use crate::plan::rel::{Builder, Built};
use crate::plan::{missing, types};
use crate::proto::{self, scan_source};
use crate::{errors, scan};
use datafusion::arrow::datatypes::{Field, Fields, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, Result, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlanBuilder;
use std::collections::HashSet;
use std::sync::Arc;

impl Builder<'_> {
    pub(super) fn scan(&self, message: &proto::Scan) -> Result<Built> {
        let sources = &self.context.request.scans;
        let source = sources.iter().find(|s| s.scan_id == message.scan_id);
        let source = source
            .and_then(|s| s.kind.as_ref())
            .ok_or_else(|| missing("Scan.source"))?;
        let schema = unique_names(types::fields(&message.columns)?);
        let provider: Arc<dyn TableProvider> = match source {
            scan_source::Kind::Files(files) => scan::table_provider(
                self.context.engine,
                files,
                &message.columns,
                Arc::clone(&schema),
                self.context.settings,
            )?,
            scan_source::Kind::Java(java) => Arc::new(JavaTable::new(
                self.context,
                message.scan_id,
                java,
                Arc::clone(&schema),
            )?),
        };
        let projection: Vec<usize> = message.projection.iter().map(|n| *n as usize).collect();
        if projection.iter().any(|n| *n >= schema.fields().len()) {
            return Err(errors::internal(format!(
                "plan: projection of {}",
                message.label
            )));
        }
        let name = TableReference::bare(self.scan_name(&message.label));
        let columns = projection
            .iter()
            .map(|n| Column::new(Some(name.clone()), schema.field(*n).name()))
            .collect();
        let mut distinct = projection;
        distinct.sort_unstable();
        distinct.dedup();
        let plan = LogicalPlanBuilder::scan(name, provider_as_source(provider), Some(distinct))?;
        Ok(Built {
            plan: plan.build()?,
            columns,
        })
    }
}

/// Sub-queries pushed to a source may repeat names; columns are found by position anyway.
fn unique_names(fields: Fields) -> SchemaRef {
    let mut seen = HashSet::new();
    let fields = fields.iter().enumerate().map(|(i, field)| {
        let mut name = field.name().clone();
        while !seen.insert(name.clone()) {
            name = format!("{name}#{i}");
        }
        Field::new(name, field.data_type().clone(), field.is_nullable())
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
