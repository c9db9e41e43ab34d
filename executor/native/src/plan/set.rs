//! UNION, INTERSECT, EXCEPT.

use crate::errors;
use crate::plan::missing;
use crate::plan::rel::{Builder, Built};
use crate::proto::{self, set_op};
use datafusion::common::{Column, JoinConstraint, JoinType, NullEquality, Result};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::logical_plan::{Distinct, Join};
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, Projection, Union,
};
use std::sync::Arc;

impl Builder<'_> {
    pub(super) fn set_op(&self, message: &proto::SetOp) -> Result<Built> {
        let kind = set_op::Kind::try_from(message.kind).unwrap_or(set_op::Kind::Unspecified);
        let join_type = match kind {
            set_op::Kind::Unspecified => return Err(missing("SetOp.kind")),
            set_op::Kind::Union => return self.union(message),
            set_op::Kind::Intersect => JoinType::LeftSemi,
            set_op::Kind::Except => JoinType::LeftAnti,
        };
        let mut inputs = message.inputs.iter().map(|input| self.rel(input));
        let mut result = inputs.next().ok_or_else(|| missing("SetOp.inputs"))??;
        for right in inputs {
            result = match message.all {
                true => self.multiset(result, right?, join_type)?,
                false => self.set(result, right?, join_type)?,
            };
        }
        Ok(result)
    }

    fn union(&self, message: &proto::SetOp) -> Result<Built> {
        let mut inputs = Vec::with_capacity(message.inputs.len());
        let mut types: Option<Vec<_>> = None;
        for input in &message.inputs {
            let built = self.rel(input)?;
            let row = self.row(&built);
            let ordinals = 0..built.columns.len() as u32;
            let columns = ordinals.map(|n| {
                row.typed(&proto::Expr {
                    kind: Some(proto::expr::Kind::Column(n)),
                })
            });
            let mut columns = columns.collect::<Result<Vec<_>>>()?;
            match &types {
                None => types = Some(columns.iter().map(|c| c.data_type.clone()).collect()),
                Some(types) if types.len() == columns.len() => {
                    let cast = columns.into_iter().zip(types).map(|(c, t)| c.cast_to(t));
                    columns = cast.collect::<Result<Vec<_>>>()?;
                }
                Some(_) => return Err(errors::internal("plan: SetOp of uneven rows")),
            }
            // Every input gets names of its own: a union takes those of the first.
            let exprs = columns.into_iter().map(|c| c.expr.alias(self.fresh_name()));
            let plan = Projection::try_new(exprs.collect(), Arc::new(built.plan))?;
            inputs.push(Arc::new(LogicalPlan::Projection(plan)));
        }
        let union = match inputs.len() {
            0 => return Err(missing("SetOp.inputs")),
            1 => Arc::unwrap_or_clone(inputs.remove(0)),
            _ => LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?),
        };
        Ok(Built::all(match message.all {
            true => union,
            false => LogicalPlan::Distinct(Distinct::All(Arc::new(union))),
        }))
    }

    fn set(&self, left: Built, right: Built, join_type: JoinType) -> Result<Built> {
        let columns = left.columns.clone();
        let left = LogicalPlan::Distinct(Distinct::All(Arc::new(left.into_exact_plan()?)));
        let plan = by_all_columns(left, &columns, right.plan, &right.columns, join_type)?;
        Ok(Built { plan, columns })
    }

    /// Rows count as often as they occur: the n-th copy on the left meets the n-th copy on the right.
    fn multiset(&self, left: Built, right: Built, join_type: JoinType) -> Result<Built> {
        let columns = left.columns.clone();
        let (left, left_keys) = self.numbered(left)?;
        let (right, right_keys) = self.numbered(right)?;
        let plan = by_all_columns(left, &left_keys, right, &right_keys, join_type)?;
        Ok(Built { plan, columns })
    }

    fn numbered(&self, input: Built) -> Result<(LogicalPlan, Vec<Column>)> {
        let copies: Vec<Expr> = input.columns.iter().cloned().map(Expr::Column).collect();
        let number = row_number().partition_by(copies.clone()).build()?;
        let name = number.schema_name().to_string();
        let plan = LogicalPlanBuilder::window_plan(input.plan, vec![number])?;
        let mut exprs = copies;
        exprs.push(Expr::Column(Column::new_unqualified(name)).alias(self.fresh_name()));
        let built = self.project_to(plan, exprs)?;
        Ok((built.plan, built.columns))
    }
}

fn by_all_columns(
    left: LogicalPlan,
    left_keys: &[Column],
    right: LogicalPlan,
    right_keys: &[Column],
    join_type: JoinType,
) -> Result<LogicalPlan> {
    if left_keys.len() != right_keys.len() {
        return Err(errors::internal("plan: SetOp of uneven rows"));
    }
    let pairs = left_keys.iter().cloned().zip(right_keys.iter().cloned());
    let on = pairs
        .map(|(l, r)| (Expr::Column(l), Expr::Column(r)))
        .collect();
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(left),
        Arc::new(right),
        on,
        None,
        join_type,
        JoinConstraint::On,
        NullEquality::NullEqualsNull,
        false,
    )?))
}
