//! Collections turned into rows.

use crate::errors;
use crate::plan::expr::Typed;
use crate::plan::missing;
use crate::plan::rel::{Builder, Built};
use crate::proto;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, NullHandling, Result, UnnestOptions};
use datafusion::functions_nested::expr_fn::{array_length, range};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};

impl Builder<'_> {
    pub(super) fn unnest(&self, message: &proto::Unnest) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Unnest.input")?;
        let collections = self.row(&input).typed_all(&message.collections)?;
        if collections.is_empty() {
            return Err(missing("Unnest.collections"));
        }
        let mut lists: Vec<Expr> = Vec::with_capacity(collections.len() + 1);
        for collection in &collections {
            if !matches!(
                collection.data_type,
                DataType::List(_) | DataType::FixedSizeList(..)
            ) {
                let text = format!("UNNEST of a {}", collection.data_type);
                return Err(errors::failure(errors::NOT_SUPPORTED, text));
            }
            lists.push(collection.expr.clone());
        }
        if message.with_ordinality {
            lists.push(ordinals(&collections)?);
        }
        let width = lists.len();
        let mut exprs: Vec<Expr> = input.columns.iter().cloned().map(Expr::Column).collect();
        exprs.extend(lists);
        let below = self.project_to(input.plan, exprs)?;
        let names: Vec<Column> = below.columns[below.columns.len() - width..].to_vec();
        let options = UnnestOptions {
            null_handling: match message.outer {
                true => NullHandling::PreserveAndExpandEmpty,
                false => NullHandling::Drop,
            },
            recursions: vec![],
        };
        let plan = LogicalPlanBuilder::from(below.plan)
            .unnest_columns_with_options(names, options)?
            .build()?;
        if !message.with_ordinality {
            return Ok(Built {
                plan,
                columns: below.columns,
            });
        }
        let mut exprs: Vec<Expr> = below.columns.into_iter().map(Expr::Column).collect();
        let ordinal = exprs.pop().ok_or_else(|| missing("Unnest.collections"))?;
        let ordinal = Typed::new(ordinal, DataType::Int64).cast_to(&DataType::Int32)?;
        exprs.push(ordinal.expr);
        self.project_to(plan, exprs)
    }
}

/// 1, 2, ... up to the length of the longest collection.
fn ordinals(collections: &[Typed]) -> Result<Expr> {
    let lengths = collections.iter().map(|list| {
        let length = Expr::Cast(datafusion::logical_expr::Cast::new(
            Box::new(array_length(list.expr.clone())),
            DataType::Int64,
        ));
        datafusion::functions::core::expr_fn::coalesce(vec![length, lit(0i64)])
    });
    let lengths: Vec<Expr> = lengths.collect();
    let longest = match lengths.as_slice() {
        [only] => only.clone(),
        _ => datafusion::functions::core::expr_fn::greatest(lengths),
    };
    Ok(range(lit(1i64), longest + lit(1i64), lit(1i64)))
}
