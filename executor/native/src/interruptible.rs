//! Joins that notice a cancelled query and leave room for others, however many pairs of rows they try.
//!
//! A join of DataFusion tries all pairs of a batch before it returns, and returns only with rows: where few pairs pass
//! the condition, one call can take minutes. Meanwhile nobody else gets its worker thread, and cancelling has to wait.
//! So the condition of a join, which is asked once per batch of pairs,
//! - fails as soon as the query is cancelled, and
//! - lets another thread have the worker's other tasks once a call has taken longer than [`PATIENCE`].
//!
//! Where many pairs pass, an aggregate above would take batch after batch without ever waiting: DataFusion gives way at
//! the leaves of a plan only, and the join reads these rarely. There the join itself gives way now and then.

use crate::join_condition;
use crate::query::cancelled;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::SchedulingType;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, RecordBatchStream,
};
use futures::{Stream, StreamExt};
use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long one call may keep a worker thread from its other tasks.
const PATIENCE: Duration = Duration::from_millis(20);

thread_local! {
    /// When the innermost join on this thread was last asked for a batch.
    static ASKED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The plan with each join guarded. To be called on a finished plan: the guards know nothing of the optimizer.
pub fn joins(
    plan: Arc<dyn ExecutionPlan>,
    cancel: &CancellationToken,
) -> Result<Arc<dyn ExecutionPlan>> {
    let guarded = plan.transform_up(|plan| {
        let is_join = plan.is::<HashJoinExec>()
            || plan.is::<NestedLoopJoinExec>()
            || plan.is::<CrossJoinExec>();
        if !is_join {
            return Ok(Transformed::no(plan));
        }
        let join = join_condition::changed(plan, |inner, _| {
            Ok(Arc::new(Condition {
                inner: Arc::clone(inner),
                cancel: cancel.clone(),
            }))
        })?;
        Ok(Transformed::yes(Arc::new(GuardExec::new(join)) as _))
    })?;
    Ok(guarded.data)
}

/// The join in a guard, so that what is shown of a plan has no guards in it.
pub fn guarded(plan: &Arc<dyn ExecutionPlan>) -> Option<&Arc<dyn ExecutionPlan>> {
    plan.downcast_ref::<GuardExec>().map(|guard| &guard.join)
}

/// The plan without guards, to be shown.
pub fn unguarded(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let bare = plan.transform_up(|plan| {
        Ok(match guarded(&plan) {
            Some(join) => Transformed::yes(Arc::clone(join)),
            None => Transformed::no(plan),
        })
    })?;
    Ok(bare.data)
}

/// A join that notes when it was asked for a batch, and gives way after some batches.
#[derive(Debug)]
struct GuardExec {
    join: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl GuardExec {
    fn new(join: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::clone(join.properties())
            .with_scheduling_type(SchedulingType::Cooperative);
        Self {
            join,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for GuardExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GuardExec")
    }
}

impl ExecutionPlan for GuardExec {
    fn name(&self) -> &str {
        "GuardExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.join]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [join] = children.as_slice() else {
            return internal_err!("a guard of one join");
        };
        Ok(Arc::new(Self::new(Arc::clone(join))))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let join = self.join.execute(partition, context)?;
        Ok(make_cooperative(Box::pin(Asked { join })))
    }
}

struct Asked {
    join: SendableRecordBatchStream,
}

impl Stream for Asked {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ASKED.set(Some(Instant::now()));
        self.join.poll_next_unpin(context)
    }
}

impl RecordBatchStream for Asked {
    fn schema(&self) -> SchemaRef {
        self.join.schema()
    }
}

/// A join's condition that looks up from its work.
#[derive(Debug)]
struct Condition {
    inner: Arc<dyn PhysicalExpr>,
    cancel: CancellationToken,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Condition {}

impl Hash for Condition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Condition {
    fn data_type(&self, row: &Schema) -> Result<DataType> {
        self.inner.data_type(row)
    }

    fn nullable(&self, row: &Schema) -> Result<bool> {
        self.inner.nullable(row)
    }

    fn return_field(&self, row: &Schema) -> Result<FieldRef> {
        self.inner.return_field(row)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.cancel.is_cancelled() {
            return Err(cancelled());
        }
        match ASKED.get().is_some_and(|at| at.elapsed() > PATIENCE) {
            true => tokio::task::block_in_place(|| self.inner.evaluate(batch)),
            false => self.inner.evaluate(batch),
        }
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [inner] = children.as_slice() else {
            return internal_err!("one condition");
        };
        Ok(Arc::new(Self {
            inner: Arc::clone(inner),
            cancel: self.cancel.clone(),
        }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}
