//! The condition of a join besides its keys, in a finished plan.

use datafusion::arrow::datatypes::Schema;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use std::sync::Arc;

/// The plan with `change` of its condition, which is given with the row that it is over. The plan as it is if it is no join,
/// has no condition, or `change` gives the same one back.
pub fn changed(
    plan: Arc<dyn ExecutionPlan>,
    change: impl FnOnce(&Arc<dyn PhysicalExpr>, &Schema) -> Result<Arc<dyn PhysicalExpr>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let hash = plan.downcast_ref::<HashJoinExec>();
    let loops = plan.downcast_ref::<NestedLoopJoinExec>();
    let filter = hash
        .and_then(HashJoinExec::filter)
        .or_else(|| loops.and_then(NestedLoopJoinExec::filter));
    let Some(filter) = filter else {
        return Ok(plan);
    };
    let condition = change(filter.expression(), filter.schema())?;
    if Arc::ptr_eq(&condition, filter.expression()) {
        return Ok(plan);
    }
    let columns = filter.column_indices().to_vec();
    let filter = Some(JoinFilter::new(
        condition,
        columns,
        Arc::clone(filter.schema()),
    ));
    match (hash, loops) {
        (Some(join), _) => join.builder().with_filter(filter).build_exec(),
        (_, Some(join)) => Ok(Arc::new(
            NestedLoopJoinExecBuilder::from(join)
                .with_filter(filter)
                .build()?,
        )),
        _ => Ok(plan),
    }
}
