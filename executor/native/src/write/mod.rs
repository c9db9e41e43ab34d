//! Writing data files: rows in, files below a folder out, one row for each (plan.proto `Write`).
//!
//! ```text
//! WriteNode (logical): adds partition values and sort keys (transform)
//!   -> WriteExec: asks for its input clustered and sorted by them
//!   -> Work: splits changes into rows taken out and rows to write -> PartitionWriter -> Parquet or text -> object store
//! ```
//! Rows come sorted by partition, so that one file is open at a time however many partitions there are; the sort spills.
//! Invariants: no rows, no files (but the one file that has a name); files of an execution that did not end well are removed; Parquet types and field ids
//! are those of the target's columns, at every depth.

mod exec;
mod file;
mod node;
mod schema;
mod text;
mod transform;
mod work;
mod z_order;

use crate::engine::Engine;
use crate::proto;
use datafusion::common::Result;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::physical_planner::ExtensionPlanner;
use std::sync::Arc;

/// A node over `input` that writes it to `target` and returns (path, rows, bytes), one row per file.
pub fn logical_plan(
    engine: &Arc<Engine>,
    input: LogicalPlan,
    target: &proto::WriteTarget,
) -> Result<LogicalPlan> {
    let node = node::WriteNode::try_new(engine, input, target)?;
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    }))
}

/// Plans the node of [`logical_plan`].
pub fn extension_planner() -> Option<Arc<dyn ExtensionPlanner + Send + Sync>> {
    Some(Arc::new(node::WritePlanner))
}

#[cfg(test)]
mod tests;
