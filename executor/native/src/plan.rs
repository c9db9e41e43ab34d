//! From `plan.proto` to DataFusion's `LogicalPlan`.
//!
//! ```text
//! rel (operators) -> expr (expressions) -> call (operators and functions), cast, literal, types
//! ```
//! Columns are ordinals in the message. Here every column has a name that is unique in the whole plan: a scan's columns
//! are qualified by the scan's own name, computed columns are called `$0`, `$1`, ... Users' names come back only at the
//! root ([`crate::output`]).

use crate::common::Part;
use crate::engine::Engine;
use crate::errors;
use crate::live::Live;
use crate::proto;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub mod aggregate;
pub mod call;
pub mod cast;
pub mod expr;
pub mod join;
pub mod literal;
pub mod order;
pub mod recursion;
pub mod rel;
pub mod scan;
pub mod search;
pub mod set;
pub mod types;
pub mod unnest;
pub mod values;
pub mod window;

/// What building a plan needs beside the plan.
pub struct PlanContext<'a> {
    /// Parts that the plan reads by number.
    pub common: &'a [Arc<Part>],
    pub engine: &'a Arc<Engine>,
    pub request: &'a proto::QueryRequest,
    pub settings: &'a proto::QuerySettings,
    pub live: &'a Arc<Live>,
    pub cancel: &'a CancellationToken,
}

/// Fails for a plan of another version of Java.
pub fn check_version(plan: &proto::Plan) -> Result<()> {
    match plan.version == proto::PLAN_VERSION {
        true => Ok(()),
        false => Err(errors::internal(format!(
            "plan version {} where {} is expected",
            plan.version,
            proto::PLAN_VERSION
        ))),
    }
}

/// Builds the root or a part of a plan. Its columns are the message's, in order, under internal names.
pub fn build(context: &PlanContext, rel: &proto::Rel) -> Result<LogicalPlan> {
    rel::Builder::new(context).rel(rel)?.into_exact_plan()
}

/// A field that the message must have and does not.
pub fn missing(what: &str) -> datafusion::common::DataFusionError {
    errors::internal(format!("plan: {what} is not set"))
}

#[cfg(test)]
mod tests;
