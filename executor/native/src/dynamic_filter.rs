//! What dynamic filters say right now, as expressions of the plan that Java understands: comparisons of a column with a
//! literal, and IN lists. Everything else is left out: the filters are hints.

use crate::plan::literal;
use crate::proto::{self, expr::Kind};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, InListExpr, Literal};
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;
use std::sync::Arc;

/// The conjuncts over the table's full row; `projection` maps the filters' ordinals to the table's.
pub fn snapshot(filters: &[Arc<dyn PhysicalExpr>], projection: &[usize]) -> Vec<proto::Expr> {
    let mut found = Vec::new();
    for filter in filters {
        if let Ok(current) = snapshot_physical_expr(Arc::clone(filter)) {
            conjuncts(&current, projection, &mut found);
        }
    }
    found
}

fn conjuncts(expr: &Arc<dyn PhysicalExpr>, projection: &[usize], found: &mut Vec<proto::Expr>) {
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        if *binary.op() == Operator::And {
            conjuncts(binary.left(), projection, found);
            conjuncts(binary.right(), projection, found);
            return;
        }
        found.extend(comparison(binary, projection));
    } else if let Some(list) = expr.downcast_ref::<InListExpr>() {
        found.extend(in_list(list, projection));
    }
}

fn comparison(binary: &BinaryExpr, projection: &[usize]) -> Option<proto::Expr> {
    let function = match binary.op() {
        Operator::Eq => "eq",
        Operator::Lt => "lt",
        Operator::LtEq => "lte",
        Operator::Gt => "gt",
        Operator::GtEq => "gte",
        _ => return None,
    };
    let args = vec![
        column(binary.left(), projection)?,
        constant(binary.right())?,
    ];
    Some(wrap(Kind::Call(proto::Call {
        function: function.to_owned(),
        args,
        r#type: crate::plan::types::to_proto(&datafusion::arrow::datatypes::DataType::Boolean),
    })))
}

fn in_list(list: &InListExpr, projection: &[usize]) -> Option<proto::Expr> {
    if list.negated() {
        return None;
    }
    let values: Option<Vec<proto::Expr>> = list.list().iter().map(constant).collect();
    Some(wrap(Kind::InList(Box::new(proto::InList {
        input: Some(Box::new(column(list.expr(), projection)?)),
        values: values?,
        negated: false,
    }))))
}

fn column(expr: &Arc<dyn PhysicalExpr>, projection: &[usize]) -> Option<proto::Expr> {
    let column = expr.downcast_ref::<Column>()?;
    let ordinal = *projection.get(column.index())?;
    Some(wrap(Kind::Column(u32::try_from(ordinal).ok()?)))
}

fn constant(expr: &Arc<dyn PhysicalExpr>) -> Option<proto::Expr> {
    let literal = expr.downcast_ref::<Literal>()?;
    Some(wrap(Kind::Literal(literal::to_proto(literal.value())?)))
}

fn wrap(kind: Kind) -> proto::Expr {
    proto::Expr { kind: Some(kind) }
}
