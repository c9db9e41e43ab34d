//! WITH RECURSIVE: a first part, and a step that reads the rows of the step before until there are none.

use crate::errors::{self, STATEMENT_TOO_COMPLEX, failure, internal};
use crate::plan::missing;
use crate::plan::rel::{Builder, Built};
use crate::plan::types;
use crate::proto;
use async_trait::async_trait;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A recursion that has not ended by then is taken for one that never ends.
const MAX_STEPS: usize = 100_000;

/// The rows of the step before, as the step sees them.
#[derive(Debug, Clone)]
pub struct WorkTable {
    name: String,
    schema: SchemaRef,
    steps: Arc<AtomicUsize>,
}

impl Builder<'_> {
    pub(super) fn recursion(&self, message: &proto::Recursion) -> Result<Built> {
        let seed = self.input(message.seed.as_deref(), "Recursion.seed")?;
        let names: Vec<String> = seed.columns.iter().map(|_| self.fresh_name()).collect();
        let declared = types::fields(&message.columns)?;
        if declared.len() != names.len() {
            return Err(internal("plan: Recursion of the wrong width"));
        }
        let columns = seed.columns.into_iter().zip(&names);
        let seed = self.project_to(
            seed.plan,
            columns
                .map(|(column, name)| Expr::Column(column).alias(name))
                .collect(),
        )?;
        let fields = declared.iter().zip(&names);
        let fields: Vec<Field> = fields
            .map(|(field, name)| Field::new(name, field.data_type().clone(), true))
            .collect();
        let table = WorkTable {
            name: self.fresh_name(),
            schema: Arc::new(Schema::new(fields)),
            steps: Arc::default(),
        };
        self.work_tables
            .borrow_mut()
            .insert(message.id, table.clone());
        let step = self.input(message.step.as_deref(), "Recursion.step")?;
        let plan = LogicalPlanBuilder::from(seed.into_exact_plan()?)
            .to_recursive_query(table.name, step.into_exact_plan()?, !message.all)?
            .build()?;
        Ok(Built::all(plan))
    }

    pub(super) fn work_table(&self, message: &proto::WorkTable) -> Result<Built> {
        let table = self.work_tables.borrow().get(&message.id).cloned();
        let table = table.ok_or_else(|| missing("WorkTable.recursion"))?;
        let name = self.scan_name("recursion");
        let source = provider_as_source(Arc::new(table));
        LogicalPlanBuilder::scan(name, source, None)?
            .build()
            .map(Built::all)
    }
}

#[async_trait]
impl TableProvider for WorkTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let inner = CteWorkTable::new(&self.name, Arc::clone(&self.schema));
        let input = inner.scan(state, projection, filters, limit).await?;
        Ok(Arc::new(StepExec {
            input,
            steps: Arc::clone(&self.steps),
        }))
    }
}

/// Counts the steps, as each of them reads the work table once.
#[derive(Debug)]
struct StepExec {
    input: Arc<dyn ExecutionPlan>,
    steps: Arc<AtomicUsize>,
}

impl DisplayAs for StepExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "StepExec: at most {MAX_STEPS}")
    }
}

impl ExecutionPlan for StepExec {
    fn name(&self) -> &str {
        "StepExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] =
            <[_; 1]>::try_from(children).map_err(|_| errors::internal("a step has one input"))?;
        let steps = Arc::clone(&self.steps);
        Ok(Arc::new(Self { input, steps }))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if self.steps.fetch_add(1, Ordering::Relaxed) >= MAX_STEPS {
            let message = format!(
                "WITH RECURSIVE has not ended after {MAX_STEPS} steps; give it a condition that ends it"
            );
            return Err(failure(STATEMENT_TOO_COMPLEX, message));
        }
        self.input.execute(partition, context)
    }
}
