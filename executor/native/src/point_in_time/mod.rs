//! Point-in-time joins: to every spine row the feature row that was current at the spine row's time.
//!
//! ```text
//! spine ----> collect --> TimeIndex (key -> its rows by time) --> filters of the feature scans (times, keys)
//!                              |
//! feature 1 --> stream ------> Slots: each feature row lands on the first slot that may see it,
//! feature 2 --> stream ------> the greatest (event time, known-at, content) stays
//!                              |
//!                          carry forward --> spine columns + feature columns, in spine order
//! ```
//! The spine is held in memory and indexed once per distinct (keys, time, direction); the features are streamed once,
//! unsorted, and not kept: memory is bounded by the spine, all of it reserved from the query's pool. Where the planner
//! knows the features to be much smaller, it is they that are held and indexed, and the spine is streamed (`lookup`). What
//! the pool has no room for is sorted and merged on disk (`merge`).
//!
//! Invariants: a spine row appears exactly once (inner: at most once); the chosen row does not depend on threads or the
//! order of arrival; NULL keys and times match nothing.
mod candidate;
mod exec;
mod filter;
mod index;
mod joined;
mod keys;
mod logical;
mod lookup;
mod merge;
mod once;
mod packed;
mod partition;
mod retained;
mod row_bytes;
mod run;
mod shared;
mod slots;
mod spine;
mod time;

#[cfg(test)]
mod tests;

use crate::proto;
use candidate::Tolerance;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan};
use datafusion::physical_planner::ExtensionPlanner;
use std::sync::Arc;

pub use exec::PointInTimeJoinExec;

/// One feature input of `proto::PointInTimeJoin`, its expressions built over the plans' own column names.
pub struct FeatureSpec {
    pub input: LogicalPlan,
    /// Over the spine's columns; parallel to `feature_keys`.
    pub spine_keys: Vec<Expr>,
    /// Over the columns of `input`.
    pub feature_keys: Vec<Expr>,
    pub spine_time: Expr,
    pub feature_time: Expr,
    pub matching: proto::point_in_time_join::feature::Match,
    /// In the unit of the time type.
    pub tolerance: Option<i64>,
    pub tolerance_exclusive: bool,
    pub known_at: Option<Expr>,
    /// Ordinals of the columns of `input` handed upwards.
    pub output: Vec<usize>,
    pub inner: bool,
}

/// `build` is the side that is held in memory; it changes nothing but time and memory.
///
/// Output row: the spine's columns under their own names, then every feature's output columns in order under the names
/// they have in `input` (all column names in one plan are unique).
pub fn logical_plan(
    spine: LogicalPlan,
    features: Vec<FeatureSpec>,
    build: Build,
) -> Result<LogicalPlan> {
    let node = logical::PointInTimeJoinNode::try_new(spine, features, build)?;
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    }))
}

/// Plans the node of [`logical_plan`].
pub fn extension_planner() -> Option<Arc<dyn ExtensionPlanner + Send + Sync>> {
    Some(Arc::new(logical::PointInTimeJoinPlanner))
}

/// The side that is held in memory and indexed; the other is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Build {
    Spine,
    Features,
}

impl Build {
    fn name(self) -> &'static str {
        match self {
            Self::Spine => "spine",
            Self::Features => "features",
        }
    }
}

/// Where the matching feature row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Direction {
    /// `spine >= feature`, `spine > feature`: the latest row up to the spine's time.
    Backward,
    /// `spine <= feature`, `spine < feature`: the earliest row from the spine's time on.
    Forward,
}

/// How one feature input is matched; everything that is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Hash)]
struct Matching {
    direction: Direction,
    /// Equal times do not match.
    strict: bool,
    /// In the unit of the time type; true = the distance itself is already too far.
    tolerance: Option<(i64, bool)>,
    inner: bool,
}

impl Matching {
    fn tolerance(&self) -> Option<Tolerance> {
        self.tolerance.map(|(distance, exclusive)| Tolerance {
            distance,
            exclusive,
        })
    }

    /// The comparison as SQL writes it: `spine <symbol> feature`.
    fn symbol(&self) -> &'static str {
        match (self.direction, self.strict) {
            (Direction::Backward, false) => ">=",
            (Direction::Backward, true) => ">",
            (Direction::Forward, false) => "<=",
            (Direction::Forward, true) => "<",
        }
    }
}
