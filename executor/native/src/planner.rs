//! From logical to physical plan: DataFusion's planner with our own operators.

use crate::short_circuit;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
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
        short_circuit::plan(physical)
    }
}
