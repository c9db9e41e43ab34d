//! Filters that DataFusion 55 hands down go by the names of columns, and stop where several have one name.
//!
//! A filter on its way to a scan is written anew over every operator's input, by `index_of(name)`: the first of several
//! columns of one name (`FilterRemapper`). What a join learns about one of them would be asked of another, and rows would be
//! missing. While filters are pushed down, [`NamedExec`] stands above the operators where that can be; it lets through what
//! reads nothing but columns whose names are their own. Joins tell their sides apart by places, projections read theirs by
//! places.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase,
    FilterPushdownPropagation,
};
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::point_in_time::PointInTimeJoinExec;

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// DataFusion's rule that pushes filters down, twice.
const FILTERS: &str = "FilterPushdown";

/// The rules with ours around those that push filters down.
pub fn guarded(rules: Vec<Rule>) -> Result<Vec<Rule>> {
    let mut guarded: Vec<Rule> = Vec::with_capacity(rules.len() + 4);
    let mut found = 0;
    for rule in rules {
        match rule.name().starts_with(FILTERS) {
            true => {
                found += 1;
                guarded.extend([Arc::new(Guard) as Rule, rule, Arc::new(Release)]);
            }
            false => guarded.push(rule),
        }
    }
    match found {
        0 => Err(internal_datafusion_err!("no rule {FILTERS}")),
        _ => Ok(guarded),
    }
}

#[derive(Debug)]
struct Guard;

impl PhysicalOptimizerRule for Guard {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let guarded = plan.transform_up(|plan| {
            Ok(match unambiguous(plan.as_ref()) {
                Some(columns) => Transformed::yes(Arc::new(NamedExec {
                    input: plan,
                    columns,
                })),
                None => Transformed::no(plan),
            })
        })?;
        Ok(guarded.data)
    }

    fn name(&self) -> &str {
        "Guard"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Release;

impl PhysicalOptimizerRule for Release {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let released = plan.transform_up(|plan| {
            let input = plan
                .downcast_ref::<NamedExec>()
                .map(|n| Arc::clone(&n.input));
            Ok(match input {
                Some(input) => Transformed::yes(input),
                None => Transformed::no(plan),
            })
        })?;
        Ok(released.data)
    }

    fn name(&self) -> &str {
        "Release"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The columns that filters from above may read; None where that is all.
fn unambiguous(plan: &dyn ExecutionPlan) -> Option<HashSet<usize>> {
    let by_place = plan.is::<HashJoinExec>()
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<CrossJoinExec>()
        || plan.is::<SortMergeJoinExec>()
        || plan.is::<PointInTimeJoinExec>();
    if by_place {
        return None;
    }
    let schema = plan.schema();
    let mut schemas = vec![Arc::clone(&schema)];
    if !plan.is::<ProjectionExec>() {
        schemas.extend(plan.children().iter().map(|child| child.schema()));
    }
    let mut namesakes: HashSet<String> = HashSet::new();
    for schema in schemas {
        let mut seen = HashSet::new();
        for field in schema.fields() {
            if !seen.insert(field.name().clone()) {
                namesakes.insert(field.name().clone());
            }
        }
    }
    if namesakes.is_empty() {
        return None;
    }
    let columns = schema.fields().iter().enumerate();
    let single = columns.filter(|(_, field)| !namesakes.contains(field.name()));
    Some(single.map(|(place, _)| place).collect())
}

/// Stands in the plan only while filters are pushed down.
#[derive(Debug)]
struct NamedExec {
    input: Arc<dyn ExecutionPlan>,
    columns: HashSet<usize>,
}

impl DisplayAs for NamedExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedExec")
    }
}

impl ExecutionPlan for NamedExec {
    fn name(&self) -> &str {
        "NamedExec"
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

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = children.as_slice() else {
            return internal_err!("named columns have one input");
        };
        Ok(Arc::new(Self {
            input: Arc::clone(input),
            columns: self.columns.clone(),
        }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        let child = ChildFilterDescription::from_child_with_allowed_indices(
            &filters,
            self.columns.clone(),
            &self.input,
        )?;
        Ok(FilterDescription::new().with_child(child))
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}
