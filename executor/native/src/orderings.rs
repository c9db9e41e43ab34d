//! What DataFusion 55 says of the constants among its rows, where it is not so.
//!
//! A column that is constant in an operator's input needs no sorting, and groups come one after the other. Twice that goes wrong:
//! - Outer joins and grouping sets fill columns up with NULLs and still say that a constant column is constant. Sorts,
//!   windows and aggregates above give wrong answers. [`PaddedInputs`] hides from these operators what is constant.
//! - A join forgets some constants of its right side (`EquivalenceClass::try_with_offset`), after the rule for sorts has
//!   relied on them, and the plan is refused in the end. [`MissingSorts`] sorts what is not sorted.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, Statistics, internal_datafusion_err, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr,
};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    replace_children_if_necessary,
};
use std::fmt;
use std::sync::Arc;

/// DataFusion's rule that adds and removes sorts.
const SORTS: &str = "EnsureRequirements";

/// DataFusion's physical rules with ours around the one that decides about sorts.
pub fn rules() -> Result<Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let sorts = rules
        .iter()
        .position(|rule| rule.name() == SORTS)
        .ok_or_else(|| internal_datafusion_err!("no rule {SORTS}"))?;
    rules.insert(sorts + 1, Arc::new(MissingSorts));
    rules.insert(sorts, Arc::new(PaddedInputs));
    Ok(rules)
}

#[derive(Debug)]
struct PaddedInputs;

impl PhysicalOptimizerRule for PaddedInputs {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let hidden = plan.transform_up(|plan| {
            let padded = padded(plan.as_ref());
            if !padded.contains(&true) {
                return Ok(Transformed::no(plan));
            }
            let children = plan.children().into_iter().zip(padded);
            let children = children.map(|(child, is_padded)| hide(child, is_padded));
            changed(&plan, children.collect())
        })?;
        Ok(hidden.data)
    }

    fn name(&self) -> &str {
        "PaddedInputs"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Which inputs' columns the operator fills up with NULLs. The sides of joins are final when this is asked.
fn padded(plan: &dyn ExecutionPlan) -> Vec<bool> {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return vec![aggregate.group_expr().has_grouping_set()];
    }
    let hash = plan.downcast_ref::<HashJoinExec>();
    let loops = plan.downcast_ref::<NestedLoopJoinExec>();
    let join = hash
        .map(HashJoinExec::join_type)
        .or_else(|| loops.map(NestedLoopJoinExec::join_type));
    match join {
        Some(JoinType::Left) => vec![false, true],
        Some(JoinType::Right) => vec![true, false],
        Some(JoinType::Full) => vec![true, true],
        _ => vec![],
    }
}

fn hide(child: &Arc<dyn ExecutionPlan>, is_padded: bool) -> Arc<dyn ExecutionPlan> {
    let child = Arc::clone(child);
    match is_padded && !child.equivalence_properties().eq_group().is_empty() {
        true => Arc::new(PaddedExec::new(child)),
        false => child,
    }
}

#[derive(Debug)]
struct PaddedExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl PaddedExec {
    fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        let nothing = EquivalenceProperties::new(input.schema());
        let properties = PlanProperties::clone(input.properties()).with_eq_properties(nothing);
        Self {
            input,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for PaddedExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaddedExec")
    }
}

impl ExecutionPlan for PaddedExec {
    fn name(&self) -> &str {
        "PaddedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
            return internal_err!("padded rows have one input");
        };
        Ok(Arc::new(Self::new(Arc::clone(input))))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&inputs[0]))
    }

    /// Filters that come at run time go on to the scan.
    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(filters, &self.children())
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

#[derive(Debug)]
struct MissingSorts;

impl PhysicalOptimizerRule for MissingSorts {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let sorted = plan.transform_up(|plan| {
            let orders = plan.required_input_ordering();
            if orders.iter().all(Option::is_none) {
                return Ok(Transformed::no(plan));
            }
            let children = plan.children().into_iter().zip(orders);
            let children = children.map(|(child, order)| sorted(child, order));
            changed(&plan, children.collect::<Result<_>>()?)
        })?;
        Ok(sorted.data)
    }

    fn name(&self) -> &str {
        "MissingSorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn sorted(
    child: &Arc<dyn ExecutionPlan>,
    order: Option<OrderingRequirements>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let child = Arc::clone(child);
    let Some(order) = order.map(OrderingRequirements::into_single) else {
        return Ok(child);
    };
    let known = child.equivalence_properties();
    if known.ordering_satisfy_requirement(order.clone())? {
        return Ok(child);
    }
    let is_parallel = child.output_partitioning().partition_count() > 1;
    let sort = SortExec::new(LexOrdering::from(order), child);
    Ok(Arc::new(sort.with_preserve_partitioning(is_parallel)))
}

fn changed(
    plan: &Arc<dyn ExecutionPlan>,
    children: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let new = replace_children_if_necessary(Arc::clone(plan), children)?;
    let is_same = Arc::ptr_eq(plan, &new);
    Ok(Transformed::new_transformed(new, !is_same))
}
