//! Rows that are wanted by their addresses: file's first address + position. A join that looks up few rows tells the scan
//! which ones; of a file only these are read.

use super::lineage::ADDRESS;
use super::table::ScanContext;
use datafusion::common::ScalarValue;
use datafusion::physical_expr::expressions::{Column, InListExpr, Literal};
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use std::sync::Arc;

/// The wanted addresses, ascending; None when any row may be wanted.
pub fn wanted(context: &ScanContext, filter: Option<Arc<dyn PhysicalExpr>>) -> Option<Vec<i64>> {
    let column = context.columns.iter().find(|c| c.id == ADDRESS)?;
    let current = snapshot_physical_expr(filter?).ok()?;
    let mut list = split_conjunction(&current)
        .into_iter()
        .find_map(|part| addresses(part, column.field.name()))?;
    list.sort_unstable();
    list.dedup();
    Some(list)
}

fn addresses(part: &Arc<dyn PhysicalExpr>, name: &str) -> Option<Vec<i64>> {
    let list = part.downcast_ref::<InListExpr>()?;
    if list.negated() || list.expr().downcast_ref::<Column>()?.name() != name {
        return None;
    }
    let value = |expr: &Arc<dyn PhysicalExpr>| match expr.downcast_ref::<Literal>()?.value() {
        ScalarValue::Int64(value) => *value,
        _ => None,
    };
    list.list().iter().map(value).collect()
}

/// The positions in a file, whose first row has the address `first`, of those wanted rows that are not before it.
pub fn positions(wanted: &[i64], first: i64) -> Vec<u64> {
    let from = wanted.partition_point(|address| *address < first);
    let own = wanted[from..].iter();
    own.map(|address| (address - first) as u64).collect()
}
