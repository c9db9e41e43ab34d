//! Joins.

use crate::plan::expr::Row;
use crate::plan::missing;
use crate::plan::rel::{Builder, Built};
use crate::proto;
use datafusion::common::{JoinConstraint, JoinType, NullEquality, Result};
use datafusion::logical_expr::logical_plan::Join;
use datafusion::logical_expr::{Expr, LogicalPlan};
use std::sync::Arc;

impl Builder<'_> {
    pub(super) fn join(&self, message: &proto::Join) -> Result<Built> {
        let left = self.input(message.left.as_deref(), "Join.left")?;
        let right = self.input(message.right.as_deref(), "Join.right")?;
        let join_type = join_type(message.r#type)?;
        let (on, mut conditions, null_equality) = self.keys(&left, &right, &message.keys)?;

        let both: Vec<_> = left.columns.iter().chain(&right.columns).cloned().collect();
        if let Some(residual) = &message.residual {
            let schema = left.plan.schema().join(right.plan.schema())?;
            let row = Row {
                context: self.context,
                columns: &both,
                schema: &schema,
            };
            conditions.push(row.expr(residual)?);
        }
        let columns = match join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => left.columns.clone(),
            _ => both,
        };
        let join = Join::try_new(
            Arc::new(left.plan),
            Arc::new(right.plan),
            on,
            conditions.into_iter().reduce(Expr::and),
            join_type,
            JoinConstraint::On,
            null_equality,
            false,
        )?;
        Ok(Built {
            plan: LogicalPlan::Join(join),
            columns,
        })
    }

    /// A join has one null equality for all its keys. Where the keys differ, NULLs count as equal and the ordinary keys
    /// get a further condition.
    #[allow(clippy::type_complexity)]
    fn keys(
        &self,
        left: &Built,
        right: &Built,
        keys: &[proto::join::Key],
    ) -> Result<(Vec<(Expr, Expr)>, Vec<Expr>, NullEquality)> {
        let (left_row, right_row) = (self.row(left), self.row(right));
        let null_equal = keys.iter().any(|key| key.null_equal);
        let mut on = Vec::with_capacity(keys.len());
        let mut conditions = Vec::new();
        for key in keys {
            let l = left_row.required(key.left.as_ref(), "Key.left")?;
            let r = right_row.required(key.right.as_ref(), "Key.right")?;
            let r = r.cast_to(&l.data_type)?;
            if null_equal && !key.null_equal {
                conditions.push(l.expr.clone().is_not_null());
            }
            on.push((l.expr, r.expr));
        }
        let equality = match null_equal {
            true => NullEquality::NullEqualsNull,
            false => NullEquality::NullEqualsNothing,
        };
        Ok((on, conditions, equality))
    }
}

fn join_type(value: i32) -> Result<JoinType> {
    use proto::join::Type;
    match Type::try_from(value).unwrap_or(Type::Unspecified) {
        Type::Unspecified => Err(missing("Join.type")),
        Type::Inner => Ok(JoinType::Inner),
        Type::Left => Ok(JoinType::Left),
        Type::Right => Ok(JoinType::Right),
        Type::Full => Ok(JoinType::Full),
        Type::Semi => Ok(JoinType::LeftSemi),
        Type::Anti => Ok(JoinType::LeftAnti),
    }
}
