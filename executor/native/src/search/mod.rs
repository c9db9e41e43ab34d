//! Searches: the best rows for each query, by comparing every row or by asking a function of the modules.
//!
//! ```text
//! queries --(collected)--.                       .-- exact: heaps of the nearest rows --.
//!                         >-- rows, streamed --<                                         >-- query row, lists of hits
//! queries --(streamed)---'                       '-- RowSet --> function (an upcall) ---'
//! ```
//! Rows are read once for all queries and all finders. Memory: the queries, `count` hits for each of them, the columns of
//! the rows that are among the hits; a bit per row for functions. All of it is reserved from the query's pool.
//!
//! Invariants: every query row appears once; hits are ordered best first, equal ones by the order of their first column
//! where that is a number; what has no distance (NULL, NaN, other lengths, no direction) is no hit.

mod best;
mod exact;
mod exec;
mod fusion;
mod logical;
mod row_set;

#[cfg(test)]
mod tests;

pub use exec::SearchExec;
pub use fusion::function;

use crate::proto::EvaluateFunction;
use crate::upcall::Upcalls;
use crate::vectors::Metric;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan};
use datafusion::physical_planner::ExtensionPlanner;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// One way to find rows; its expressions are over the plans' own column names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FinderSpec {
    /// Over the queries.
    pub query: Expr,
    pub count: usize,
    /// Of the list of hits in the output.
    pub name: String,
    pub kind: FinderKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FinderKind {
    /// `vector` is a list of FLOAT32 over the rows; `output` are columns of them.
    Exact {
        vector: Expr,
        metric: Metric,
        output: Vec<usize>,
    },
    Function(Function),
}

/// A module's function; see `Search` in plan.proto.
#[derive(Clone)]
pub struct Function {
    pub call: EvaluateFunction,
    pub result: DataType,
    pub upcalls: Arc<dyn Upcalls>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.call.function)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.call == other.call
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.call.query_id.hash(state);
        self.call.function.hash(state);
    }
}

/// The type of a finder's lists: the columns handed upwards, then the value.
pub fn hits_type(columns: &[DataType]) -> DataType {
    let name = |i| match columns {
        [_] => "address".to_owned(),
        _ => format!("f{i}"),
    };
    let mut fields: Vec<FieldRef> = columns
        .iter()
        .enumerate()
        .map(|(i, kind)| Arc::new(Field::new(name(i), kind.clone(), true)))
        .collect();
    fields.push(Arc::new(Field::new("value", DataType::Float64, true)));
    DataType::List(Arc::new(Field::new(
        "item",
        DataType::Struct(Fields::from(fields)),
        true,
    )))
}

/// Output row: the queries' columns under their own names, then each finder's hits under its name.
///
/// `address` is a column of `rows`, which must be there unless every finder is a function.
pub fn logical_plan(
    queries: LogicalPlan,
    rows: Option<LogicalPlan>,
    address: usize,
    finders: Vec<FinderSpec>,
) -> Result<LogicalPlan> {
    let node = logical::SearchNode::try_new(queries, rows, address, finders)?;
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    }))
}

/// Plans the node of [`logical_plan`].
pub fn extension_planner() -> Option<Arc<dyn ExtensionPlanner + Send + Sync>> {
    Some(Arc::new(logical::SearchPlanner))
}

/// The fields of a finder's list of hits.
fn hits_of(kind: &FinderKind, rows: Option<&DFSchema>) -> DataType {
    match kind {
        FinderKind::Function(function) => function.result.clone(),
        FinderKind::Exact { output, .. } => {
            let columns = rows.map(|rows| rows.fields()).into_iter().flatten();
            let types: Vec<DataType> = columns.map(|f| f.data_type().clone()).collect();
            let of = output.iter().filter_map(|n| types.get(*n).cloned());
            hits_type(&of.collect::<Vec<_>>())
        }
    }
}
