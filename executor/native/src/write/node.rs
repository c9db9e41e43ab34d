//! The logical node and its planner.

use super::exec::WriteExec;
use super::schema::Target;
use super::transform::Transform;
use crate::engine::Engine;
use crate::errors::internal;
use crate::plan::types;
use crate::proto;
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, LogicalPlan, Projection, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use prost::Message;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[derive(Clone)]
pub struct WriteNode {
    input: LogicalPlan,
    target: Arc<proto::WriteTarget>,
    engine: Arc<Engine>,
    schema: DFSchemaRef,
}

impl WriteNode {
    pub fn try_new(
        engine: &Arc<Engine>,
        input: LogicalPlan,
        target: &proto::WriteTarget,
    ) -> Result<Self> {
        let schema = Arc::new(DFSchema::try_from(output_schema())?);
        Ok(Self {
            input: with_keys(input, target)?,
            target: Arc::new(target.clone()),
            engine: Arc::clone(engine),
            schema,
        })
    }
}

/// The input's columns, then the partition's values, then the keys that rows are sorted by.
fn with_keys(input: LogicalPlan, target: &proto::WriteTarget) -> Result<LogicalPlan> {
    let sort = target.sort.iter().filter_map(|s| s.transform.as_ref());
    let messages: Vec<_> = target.partition.iter().chain(sort).collect();
    if messages.is_empty() {
        return Ok(input);
    }
    let columns = input.schema().columns();
    let mut exprs: Vec<Expr> = columns.iter().cloned().map(Expr::Column).collect();
    for (i, message) in messages.into_iter().enumerate() {
        let transform = Transform::new(message)?;
        let arguments = transform
            .columns()
            .map(|column| columns.get(column).cloned().map(Expr::Column))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| internal("plan: Transform.path"))?;
        let value = transform.into_function().call(arguments);
        exprs.push(value.alias(format!("$key{i}")));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(
        exprs,
        Arc::new(input),
    )?))
}

/// As plan.proto's `Write` says.
pub fn output_schema() -> Schema {
    let list = |kind| DataType::List(Arc::new(Field::new("item", kind, true)));
    Schema::new(vec![
        Field::new("path", DataType::Utf8, true),
        Field::new("rows", DataType::Int64, false),
        Field::new("bytes", DataType::Int64, true),
        Field::new("partition", list(DataType::Binary), true),
        Field::new("file", DataType::Int32, true),
        Field::new("positions", list(DataType::Int64), true),
    ])
}

impl fmt::Debug for WriteNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteNode({})", self.target.location)
    }
}

impl PartialEq for WriteNode {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input && self.target == other.target
    }
}

impl Eq for WriteNode {}

impl PartialOrd for WriteNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.target
            .target_id
            .partial_cmp(&other.target.target_id)
            .filter(|_| self == other)
    }
}

impl Hash for WriteNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.target.encode_to_vec().hash(state);
    }
}

impl UserDefinedLogicalNodeCore for WriteNode {
    fn name(&self) -> &str {
        "Write"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Write: {}", self.target.location)
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let [input] =
            <[LogicalPlan; 1]>::try_from(inputs).map_err(|_| internal("a write has one input"))?;
        Ok(Self {
            input,
            ..self.clone()
        })
    }

    /// Every column is written.
    fn necessary_children_exprs(&self, _output: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![(0..self.input.schema().fields().len()).collect()])
    }
}

pub struct WritePlanner;

#[async_trait]
impl ExtensionPlanner for WritePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<WriteNode>() else {
            return Ok(None);
        };
        let [input] = inputs else {
            return Err(internal("a write has one input"));
        };
        let columns = node
            .target
            .columns
            .iter()
            .map(types::field)
            .collect::<Result<Vec<_>>>()?;
        let target = Target::new(&columns, &node.target.column_ids, &input.schema())?;
        let (engine, message) = (Arc::clone(&node.engine), Arc::clone(&node.target));
        Ok(Some(Arc::new(WriteExec::try_new(
            engine,
            message,
            Arc::new(target),
            Arc::clone(input),
        )?)))
    }
}
