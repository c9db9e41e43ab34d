//! What a physical plan measured about itself.

use crate::common::CommonExec;
use crate::interruptible;
use crate::proto::QueryMetrics;
use crate::proto::query_metrics::Operator;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::{ExecutionPlan, displayable};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The operators in pre-order. Memory is filled in by the caller.
pub fn collect(plan: &Arc<dyn ExecutionPlan>) -> QueryMetrics {
    let mut found = QueryMetrics::default();
    visit(plan, 0, &mut found, &mut HashSet::new());
    found
}

/// A common part is shown below the first place that reads it.
fn visit(
    plan: &Arc<dyn ExecutionPlan>,
    depth: u32,
    found: &mut QueryMetrics,
    parts: &mut HashSet<usize>,
) {
    if let Some(join) = interruptible::guarded(plan) {
        return visit(join, depth, found, parts);
    }
    let mut operator = Operator {
        depth,
        description: displayable(plan.as_ref())
            .one_line()
            .to_string()
            .trim_end()
            .to_owned(),
        rows: -1,
        nanos: -1,
        bytes: -1,
        details: HashMap::new(),
    };
    if let Some(metrics) = plan.metrics() {
        found.spilled_bytes += metrics.spilled_bytes().unwrap_or(0) as u64;
        fill(&mut operator, &metrics);
    }
    let part = plan.downcast_ref::<CommonExec>().map(CommonExec::part);
    let part = part.filter(|part| parts.insert(part.number()));
    if let Some(part) = part {
        let metrics = part.metrics();
        found.spilled_bytes += metrics.spilled_bytes().unwrap_or(0) as u64;
        details(&mut operator, &metrics);
    }
    found.operators.push(operator);
    for child in part
        .map(|part| part.input())
        .into_iter()
        .chain(plan.children())
    {
        visit(child, depth + 1, found, parts);
    }
}

fn fill(operator: &mut Operator, metrics: &MetricsSet) {
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    operator.rows = metrics.output_rows().map_or(-1, signed);
    operator.nanos = metrics.elapsed_compute().map_or(-1, signed);
    details(operator, metrics);
}

fn details(operator: &mut Operator, metrics: &MetricsSet) {
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    for metric in metrics.aggregate_by_name().iter() {
        let value = metric.value();
        match value {
            MetricValue::OutputRows(_)
            | MetricValue::ElapsedCompute(_)
            | MetricValue::StartTimestamp(_)
            | MetricValue::EndTimestamp(_) => {}
            MetricValue::OutputBytes(bytes) => operator.bytes = signed(bytes.value()),
            other => {
                let number = signed(other.as_usize());
                if other.name() == "bytes_scanned" {
                    operator.bytes = number;
                }
                operator.details.insert(other.name().to_owned(), number);
            }
        }
    }
}
