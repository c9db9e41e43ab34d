//! Rows that are wanted by their addresses: file's first address + position. A join that looks up few rows tells the scan
//! which ones; of a file only these are read.

use super::lineage::ADDRESS;
use super::table::ScanContext;
use crate::proto;
use datafusion::common::ScalarValue;
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::physical_expr::expressions::{Column, InListExpr, Literal};
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use std::ops::Range;
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

/// The wanted rows of a file of `rows` rows.
pub fn selection(wanted: &[i64], file: &proto::DataFile, rows: usize) -> RowSelection {
    let first = file.first_row_id;
    let from = wanted.partition_point(|address| *address < first);
    let ranges: Vec<Range<usize>> = wanted[from..]
        .iter()
        .map(|address| (*address - first) as usize)
        .take_while(|position| *position < rows)
        .map(|position| position..position + 1)
        .collect();
    RowSelection::from_consecutive_ranges(ranges.into_iter(), rows)
}
