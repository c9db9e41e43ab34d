//! The logical node and its translation to [`SearchExec`].

use super::exec::{Finder, Kind, SearchExec};
use super::{FinderKind, FinderSpec, hits_of};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchNode {
    queries: LogicalPlan,
    rows: Option<LogicalPlan>,
    address: usize,
    finders: Vec<FinderSpec>,
    schema: DFSchemaRef,
}

impl SearchNode {
    pub fn try_new(
        queries: LogicalPlan,
        rows: Option<LogicalPlan>,
        address: usize,
        finders: Vec<FinderSpec>,
    ) -> Result<Self> {
        let rows_schema = rows.as_ref().map(|rows| rows.schema());
        for finder in &finders {
            match (&finder.kind, rows_schema) {
                (FinderKind::Exact { .. }, None) => {
                    return internal_err!("rows are compared that are not there");
                }
                (FinderKind::Function(_), Some(schema))
                    if schema.fields().get(address).map(|f| f.data_type())
                        != Some(&DataType::Int64) =>
                {
                    return internal_err!("rows without addresses");
                }
                _ => {}
            }
        }
        let mut fields: Vec<(_, FieldRef)> = queries
            .schema()
            .iter()
            .map(|(qualifier, field)| (qualifier.cloned(), Arc::clone(field)))
            .collect();
        for finder in &finders {
            let hits = hits_of(&finder.kind, rows_schema.map(AsRef::as_ref));
            fields.push((None, Arc::new(Field::new(&finder.name, hits, true))));
        }
        let schema = DFSchema::new_with_metadata(fields, Default::default())?;
        Ok(Self {
            queries,
            rows,
            address,
            finders,
            schema: Arc::new(schema),
        })
    }
}

impl PartialOrd for SearchNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.queries.partial_cmp(&other.queries)
    }
}

impl UserDefinedLogicalNodeCore for SearchNode {
    fn name(&self) -> &str {
        "Search"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        std::iter::once(&self.queries).chain(&self.rows).collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        let mut all = Vec::new();
        for finder in &self.finders {
            all.push(finder.query.clone());
            if let FinderKind::Exact { vector, .. } = &finder.kind {
                all.push(vector.clone());
            }
        }
        all
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Search: ")?;
        for finder in &self.finders {
            write!(f, "{} of {}, ", finder.count, finder.query)?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let (mut exprs, mut inputs) = (exprs.into_iter(), inputs.into_iter());
        let mut finders = self.finders.clone();
        for finder in &mut finders {
            let Some(query) = exprs.next() else {
                return internal_err!("too few expressions for a search");
            };
            finder.query = query;
            if let FinderKind::Exact { vector, .. } = &mut finder.kind {
                let Some(of_rows) = exprs.next() else {
                    return internal_err!("too few expressions for a search");
                };
                *vector = of_rows;
            }
        }
        let Some(queries) = inputs.next() else {
            return internal_err!("a search without queries");
        };
        Self::try_new(queries, inputs.next(), self.address, finders)
    }

    // Calcite has trimmed the inputs already; naming every column lets the rule go on below them.
    fn necessary_children_exprs(&self, _output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let inputs = UserDefinedLogicalNodeCore::inputs(self);
        let all = |input: &&LogicalPlan| (0..input.schema().fields().len()).collect();
        Some(inputs.iter().map(all).collect())
    }
}

pub struct SearchPlanner;

#[async_trait]
impl ExtensionPlanner for SearchPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<SearchNode>() else {
            return Ok(None);
        };
        let physical = |expr: &Expr, schema: &DFSchema| {
            planner.create_physical_expr(expr, schema, session, context)
        };
        let mut finders = Vec::new();
        for finder in &node.finders {
            finders.push(Finder {
                query: physical(&finder.query, node.queries.schema())?,
                count: finder.count,
                kind: match (&finder.kind, &node.rows) {
                    (
                        FinderKind::Exact {
                            vector,
                            metric,
                            output,
                        },
                        Some(rows),
                    ) => Kind::Exact {
                        vector: physical(vector, rows.schema())?,
                        metric: *metric,
                        output: output.clone(),
                    },
                    (FinderKind::Function(function), _) => Kind::Function(function.clone()),
                    (FinderKind::Exact { .. }, None) => {
                        return internal_err!("rows are compared that are not there");
                    }
                },
            });
        }
        let schema: &Schema = node.schema.as_arrow();
        let exec = SearchExec::new(
            Arc::clone(&physical_inputs[0]),
            physical_inputs.get(1).cloned(),
            node.address,
            finders,
            Arc::new(schema.clone()),
        );
        Ok(Some(Arc::new(exec)))
    }
}
