//! Grouping and aggregate functions.

use crate::arithmetic::{self, Operation};
use crate::errors;
use crate::plan::call::declared;
use crate::plan::expr::Row;
use crate::plan::order;
use crate::plan::rel::{Builder, Built};
use crate::plan::types;
use crate::proto;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::functions_aggregate as functions;
use datafusion::logical_expr::expr::{AggregateFunction, NullTreatment, Sort as SortExpr};
use datafusion::logical_expr::{
    Aggregate, AggregateUDF, Expr, GroupingSet, LogicalPlan, cast, lit,
};
use std::sync::Arc;

/// What stands above the aggregate for one call: the call itself, or something made of others.
enum Output {
    Column(Expr, DataType),
    /// The average of decimals, from a sum that is exact and often wanted anyway.
    Mean {
        sum: Expr,
        count: Expr,
    },
    Value(Expr),
}

impl Output {
    fn calls(&self) -> Vec<&Expr> {
        match self {
            Self::Column(call, _) => vec![call],
            Self::Mean { sum, count } => vec![sum, count],
            Self::Value(_) => vec![],
        }
    }
}

/// Sums of decimals with up to so many digits stay below 39 digits for any number of rows.
const SAFE_SUM_DIGITS: u8 = 19;

impl Builder<'_> {
    pub(super) fn aggregate(&self, message: &proto::Aggregate) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Aggregate.input")?;
        let (input, groups) = self.group_columns(input, message)?;
        let row = self.row(&input);

        let plain = message.grouping_sets.is_empty()
            || (message.grouping_sets.len() == 1
                && message.grouping_sets[0].group_ordinals.len() == groups.len());
        let group_expr = match plain {
            true => groups.iter().cloned().map(Expr::Column).collect(),
            false => vec![grouping_sets(&groups, &message.grouping_sets)?],
        };
        let mut calls: Vec<Expr> = Vec::new();
        let mut outputs = Vec::with_capacity(message.calls.len());
        for call in &message.calls {
            let output = aggregate_call(&row, call, plain)?;
            for expr in output.calls() {
                if !calls.contains(expr) {
                    calls.push(expr.clone());
                }
            }
            outputs.push(output);
        }
        if group_expr.is_empty() && calls.is_empty() {
            calls.push(count_rows());
        }
        let aggregate = Aggregate::try_new(Arc::new(input.plan.clone()), group_expr, calls)?;
        let plan = LogicalPlan::Aggregate(aggregate);

        let mut exprs: Vec<Expr> = groups.into_iter().map(Expr::Column).collect();
        for output in outputs {
            exprs.push(match output {
                Output::Value(expr) => expr,
                Output::Column(call, data_type) => {
                    declared(result_of(&call), plan.schema(), &data_type)?.alias(self.fresh_name())
                }
                Output::Mean { sum, count } => {
                    let double = |call| cast(result_of(call), DataType::Float64);
                    let operands = vec![double(&sum), double(&count)];
                    arithmetic::call(Operation::Divide, operands, &DataType::Float64)
                        .alias(self.fresh_name())
                }
            });
        }
        self.project_to(plan, exprs)
    }

    /// Groups are distinct plain columns; everything else is computed below.
    fn group_columns(
        &self,
        input: Built,
        message: &proto::Aggregate,
    ) -> Result<(Built, Vec<Column>)> {
        let row = self.row(&input);
        let groups = row.exprs(&message.group_by)?;
        let mut columns: Vec<Column> = Vec::with_capacity(groups.len());
        let mut computed = Vec::new();
        for group in groups {
            match group {
                Expr::Column(column) if !columns.contains(&column) => columns.push(column),
                other => {
                    let name = self.fresh_name();
                    columns.push(Column::new_unqualified(name.clone()));
                    computed.push(other.alias(name));
                }
            }
        }
        if computed.is_empty() {
            return Ok((input, columns));
        }
        let mut exprs: Vec<Expr> = input
            .plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        exprs.extend(computed);
        let built = self.project_to(input.plan, exprs)?;
        let below = Built {
            plan: built.plan,
            columns: input.columns,
        };
        Ok((below, columns))
    }
}

fn grouping_sets(groups: &[Column], sets: &[proto::aggregate::GroupingSet]) -> Result<Expr> {
    let mut all = Vec::with_capacity(sets.len());
    for set in sets {
        let columns = set
            .group_ordinals
            .iter()
            .map(|n| groups.get(*n as usize).cloned());
        let columns: Option<Vec<Column>> = columns.collect();
        let columns =
            columns.ok_or_else(|| errors::internal("plan: GroupingSet beyond the groups"))?;
        all.push(columns.into_iter().map(Expr::Column).collect());
    }
    Ok(Expr::GroupingSet(GroupingSet::GroupingSets(all)))
}

fn aggregate_call(row: &Row, call: &proto::AggregateCall, plain: bool) -> Result<Output> {
    let data_type = types::required(&call.r#type, "AggregateCall.type")?;
    match call.function.as_str() {
        "literal_agg" => {
            let value = row.required(call.args.first(), "literal_agg")?;
            return Ok(Output::Value(value.cast_to(&data_type)?.expr));
        }
        "grouping" if plain => {
            let zero = ScalarValue::new_zero(&data_type)?;
            return Ok(Output::Value(lit(zero)));
        }
        "grouping" => {
            let args = row.exprs(&call.args)?;
            let grouping = functions::grouping::grouping_udaf();
            let expr = AggregateFunction::new_udf(grouping, args, false, None, vec![], None);
            return Ok(Output::Column(Expr::AggregateFunction(expr), data_type));
        }
        _ => {}
    }
    let filter = call.filter.as_ref().map(|f| row.expr(f)).transpose()?;
    let order_by = row.sort_keys(&call.order_by)?;
    let nulls = call.ignore_nulls.then_some(NullTreatment::IgnoreNulls);
    let parts = AggregateParts {
        distinct: call.distinct,
        filter,
        order_by,
        nulls,
    };
    if call.function == "avg"
        && data_type == DataType::Float64
        && let Some(mean) = mean(row, &call.args, &parts)?
    {
        return Ok(mean);
    }
    let (function, mut args) = resolve(row, &call.function, &call.args, &data_type)?;
    if crate::functions::is_ordered_set(&call.function) {
        let ordered = call.order_by.iter();
        let ordered = ordered
            .map(|key| Ok(row.required(key.expr.as_ref(), "SortKey.expr")?.expr))
            .collect::<Result<Vec<_>>>()?;
        args.splice(0..0, ordered);
    }
    Ok(Output::Column(parts.of(function, args), data_type))
}

/// AVG of decimals as SUM / COUNT; nothing where the sum could leave its type.
fn mean(row: &Row, args: &[proto::Expr], parts: &AggregateParts) -> Result<Option<Output>> {
    let typed = row.typed_all(args)?;
    let [only] = typed.as_slice() else {
        return Ok(None);
    };
    if !matches!(only.data_type, DataType::Decimal128(digits, _) if digits <= SAFE_SUM_DIGITS) {
        return Ok(None);
    }
    let args = vec![only.expr.clone()];
    Ok(Some(Output::Mean {
        sum: parts.of(functions::sum::sum_udaf(), args.clone()),
        count: parts.of(functions::count::count_udaf(), args),
    }))
}

/// The column of the aggregate that holds this call.
fn result_of(call: &Expr) -> Expr {
    Expr::Column(Column::new_unqualified(call.schema_name().to_string()))
}

struct AggregateParts {
    distinct: bool,
    filter: Option<Expr>,
    order_by: Vec<SortExpr>,
    nulls: Option<NullTreatment>,
}

impl AggregateParts {
    fn of(&self, function: Arc<AggregateUDF>, args: Vec<Expr>) -> Expr {
        Expr::AggregateFunction(AggregateFunction::new_udf(
            function,
            args,
            self.distinct,
            self.filter.clone().map(Box::new),
            self.order_by.clone(),
            self.nulls,
        ))
    }
}

/// The function and its arguments, at the types that give the declared result without overflow.
pub(super) fn resolve(
    row: &Row,
    id: &str,
    args: &[proto::Expr],
    declared: &DataType,
) -> Result<(Arc<AggregateUDF>, Vec<Expr>)> {
    let function = known(id)?;
    if id == "count" && args.is_empty() {
        return Ok((function, vec![lit(1i64)]));
    }
    let mut typed = row.typed_all(args)?;
    if let ("min" | "max", [only]) = (id, typed.as_slice())
        && let Some(key) = order::extreme_key(only)
    {
        let id = if id == "min" { "arg_min" } else { "arg_max" };
        return Ok((known(id)?, vec![only.expr.clone(), key]));
    }
    if let [only] = typed.as_mut_slice() {
        let at = match (id, declared, &only.data_type) {
            ("sum" | "sum0", DataType::Decimal128(..), DataType::Int64) => {
                Some(DataType::Decimal128(19, 0))
            }
            ("sum" | "sum0", DataType::Int64, t) if t.is_integer() => Some(DataType::Int64),
            ("sum" | "sum0", DataType::Float64, _) => Some(DataType::Float64),
            ("avg", DataType::Float64, _) => Some(DataType::Float64),
            _ => None,
        };
        if let Some(at) = at {
            *only = only.clone().cast_to(&at)?;
        }
    }
    Ok((function, typed.into_iter().map(|arg| arg.expr).collect()))
}

fn known(id: &str) -> Result<Arc<AggregateUDF>> {
    crate::functions::aggregate(id)
        .ok_or_else(|| errors::internal(format!("unknown aggregate function \"{id}\"")))
}

fn count_rows() -> Expr {
    functions::expr_fn::count(lit(1i64))
}
