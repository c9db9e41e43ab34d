//! From logical to physical plan: DataFusion's planner with our own operators.

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use std::sync::Arc;

#[derive(Debug)]
pub struct KeldaPlanner;

#[async_trait]
impl QueryPlanner for KeldaPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        state: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let extensions = [
            crate::write::extension_planner(),
            crate::point_in_time::extension_planner(),
            crate::search::extension_planner(),
        ];
        let extensions = extensions.into_iter().flatten().collect();
        let physical = DefaultPhysicalPlanner::with_extension_planners(extensions)
            .create_physical_plan(plan, state)
            .await?;
        yielding(physical)
    }
}

/// Joins that make many batches of one never wait for their input, so that an aggregate above them would run to its end
/// before it noticed that the query was cancelled: here they give way now and then. DataFusion does so at the leaves only.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let multiplies = |plan: &Arc<dyn ExecutionPlan>| {
        matches!(plan.name(), "NestedLoopJoinExec" | "CrossJoinExec")
    };
    let wrapped = plan.transform_up(|plan| match multiplies(&plan) {
        true => Ok(Transformed::yes(
            Arc::new(CooperativeExec::new(plan)) as Arc<dyn ExecutionPlan>
        )),
        false => Ok(Transformed::no(plan)),
    })?;
    Ok(wrapped.data)
}
