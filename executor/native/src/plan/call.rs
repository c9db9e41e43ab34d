//! Calls: operators of the language here, functions of the registry in [`crate::functions`], functions evaluated in Java
//! in [`crate::java_function`]. The operators' ids are listed in `OperatorIds` of the planner.

use crate::arithmetic::{self, Operation};
use crate::errors;
use crate::java_function;
use crate::plan::expr::{Row, Typed, typed_literal};
use crate::plan::{order, types};
use crate::proto;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Case, Expr, ExprSchemable, Like, Operator, lit};

const MICROS_PER_DAY: i64 = 86_400_000_000;

pub fn build(row: &Row, call: &proto::Call) -> Result<Typed> {
    let declared = types::required(&call.r#type, "Call.type")?;
    let id = call.function.as_str();
    if let Some(value) = instant(row, id, &declared)? {
        return Ok(value);
    }
    let args = row.typed_all(&call.args)?;
    if let Some(operation) = Operation::of(id) {
        let exprs = args.into_iter().map(|arg| arg.expr).collect();
        return Ok(Typed::new(
            arithmetic::call(operation, exprs, &declared),
            declared,
        ));
    }
    match operator(id, args.clone(), &declared)? {
        Some(expr) => row.declare(expr, &declared),
        None => function(row, id, args, &declared),
    }
}

/// The expression at the declared type.
pub fn declared(expr: Expr, schema: &DFSchema, data_type: &DataType) -> Result<Expr> {
    let derived = expr.get_type(schema)?;
    Ok(Typed::new(expr, derived).cast_to(data_type)?.expr)
}

fn operator(id: &str, args: Vec<Typed>, declared: &DataType) -> Result<Option<Expr>> {
    if let Some(op) = comparison(id) {
        let [left, right] = compared(id, args, op)?;
        return Ok(Some(binary(left, op, right)));
    }
    let unary: Option<fn(Expr) -> Expr> = match id {
        "not" => Some(|e| Expr::Not(Box::new(e))),
        "is_null" => Some(Expr::is_null),
        "is_not_null" => Some(Expr::is_not_null),
        "is_true" => Some(Expr::is_true),
        "is_not_true" => Some(Expr::is_not_true),
        "is_false" => Some(Expr::is_false),
        "is_not_false" => Some(Expr::is_not_false),
        _ => None,
    };
    if let Some(make) = unary {
        let [only] = exactly(id, args)?;
        return Ok(Some(make(only)));
    }
    Ok(Some(match id {
        "and" => all(args, Operator::And, true),
        "or" => all(args, Operator::Or, false),
        "concat" => {
            let parts = args
                .into_iter()
                .map(|arg| arg.cast_to(declared).map(|arg| arg.expr));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            match declared {
                DataType::List(_) => joined_lists(parts),
                _ => scalar_call("concat_operator", parts)?,
            }
        }
        "item" if matches!(args.first(), Some(of) if matches!(of.data_type, DataType::Map(..))) => {
            let found = args.into_iter().map(|arg| arg.expr).collect();
            scalar_call("item", vec![scalar_call("map_item", found)?, lit(1i64)])?
        }
        "like" | "ilike" | "similar_to" => like(id, args)?,
        "coalesce" => coalesce(args, declared)?,
        "nullif" => {
            let [value, _] = exactly(id, args.clone())?;
            let [left, right] = compared(id, args, Operator::Eq)?;
            let same = binary(left, Operator::Eq, right);
            let nothing = Box::new(lit(ScalarValue::try_from(declared)?));
            let whens = vec![(Box::new(same), nothing)];
            Expr::Case(Case::new(None, whens, Some(Box::new(value))))
        }
        "row" => row_of(args, declared)?,
        "array" => array_of(args, declared)?,
        _ => return Ok(None),
    }))
}

fn scalar_call(id: &str, args: Vec<Expr>) -> Result<Expr> {
    let function = crate::functions::scalar(id)
        .ok_or_else(|| errors::internal(format!("unknown function \"{id}\"")))?;
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(
        function, args,
    )))
}

/// `a || b` of arrays: NULL when one of them is.
fn joined_lists(lists: Vec<Expr>) -> Expr {
    let missing = lists.iter().cloned().map(Expr::is_null).reduce(Expr::or);
    let joined = datafusion::functions_nested::expr_fn::array_concat(lists);
    let whens = missing
        .into_iter()
        .map(|missing| (Box::new(missing), Box::new(lit(ScalarValue::Null))))
        .collect();
    Expr::Case(Case::new(None, whens, Some(Box::new(joined))))
}

fn comparison(id: &str) -> Option<Operator> {
    Some(match id {
        "eq" => Operator::Eq,
        "neq" => Operator::NotEq,
        "lt" => Operator::Lt,
        "lte" => Operator::LtEq,
        "gt" => Operator::Gt,
        "gte" => Operator::GtEq,
        "is_distinct_from" => Operator::IsDistinctFrom,
        "is_not_distinct_from" => Operator::IsNotDistinctFrom,
        _ => return None,
    })
}

fn compared(id: &str, args: Vec<Typed>, op: Operator) -> Result<[Expr; 2]> {
    let args = args.into_iter().map(|arg| {
        let data_type = arg.data_type.clone();
        Typed::new(order::comparable(arg, op), data_type)
    });
    exactly(id, args.collect())
}

fn binary(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

/// A balanced tree: plans with thousands of terms stay shallow.
fn all(args: Vec<Typed>, op: Operator, empty: bool) -> Expr {
    let mut level: Vec<Expr> = args.into_iter().map(|arg| arg.expr).collect();
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        let mut pairs = level.into_iter();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => binary(left, op, right),
                None => left,
            });
        }
        level = next;
    }
    level.pop().unwrap_or_else(|| lit(empty))
}

fn like(id: &str, args: Vec<Typed>) -> Result<Expr> {
    let mut args = args.into_iter().map(|arg| arg.expr);
    let (Some(value), Some(pattern)) = (args.next(), args.next()) else {
        return Err(errors::internal(format!(
            "plan: {id} takes a value and a pattern"
        )));
    };
    let escape = match args.next() {
        None => None,
        Some(Expr::Literal(ScalarValue::Utf8(Some(text)), _)) => match text.chars().count() {
            0 => None,
            1 => text.chars().next(),
            _ => {
                let message = format!("ESCAPE takes one character, not '{text}'");
                return Err(errors::failure(errors::INVALID_ARGUMENT, message));
            }
        },
        Some(_) => {
            let message = "ESCAPE with anything but a literal";
            return Err(errors::failure(errors::NOT_SUPPORTED, message));
        }
    };
    let like = Like::new(
        false,
        Box::new(value),
        Box::new(pattern),
        escape,
        id == "ilike",
    );
    if id == "similar_to" {
        return similar_to(like, escape);
    }
    match escape {
        None | Some('\\') => Ok(Expr::Like(like)),
        Some(escape) => with_backslash(like, escape),
    }
}

/// The whole text must match the pattern; the engine's own operator looks for a part that does.
fn similar_to(like: Like, escape: Option<char>) -> Result<Expr> {
    let pattern = match like.pattern.as_ref() {
        Expr::Literal(ScalarValue::Utf8(Some(pattern)), _) => pattern,
        Expr::Literal(value, _) if value.is_null() => return Ok(lit(ScalarValue::Boolean(None))),
        _ => {
            let message = "SIMILAR TO with a pattern that is not a literal";
            return Err(errors::failure(errors::NOT_SUPPORTED, message));
        }
    };
    let regex = crate::functions::similar_pattern(pattern, escape.unwrap_or('\\'));
    Ok(Expr::SimilarTo(Like {
        pattern: Box::new(lit(regex)),
        escape_char: None,
        ..like
    }))
}

/// The matcher knows only the backslash, so a literal pattern is rewritten to use it.
fn with_backslash(like: Like, escape: char) -> Result<Expr> {
    let Expr::Literal(ScalarValue::Utf8(Some(pattern)), _) = like.pattern.as_ref() else {
        let message = "LIKE with an ESCAPE other than '\\' and a pattern that is not a literal";
        return Err(errors::failure(errors::NOT_SUPPORTED, message));
    };
    let mut rewritten = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let plain = match c == escape {
            true => chars.next().ok_or_else(|| {
                let message = format!("the pattern '{pattern}' ends in its escape character");
                errors::failure(errors::INVALID_ARGUMENT, message)
            })?,
            false => c,
        };
        if c == escape || plain == '\\' {
            rewritten.push('\\');
        }
        rewritten.push(plain);
    }
    let pattern = Box::new(lit(rewritten));
    Ok(Expr::Like(Like {
        pattern,
        escape_char: None,
        ..like
    }))
}

/// Evaluates no argument after the first one that is not NULL.
fn coalesce(args: Vec<Typed>, declared: &DataType) -> Result<Expr> {
    let mut args = args.into_iter().map(|arg| Ok(arg.cast_to(declared)?.expr));
    let args: Vec<Expr> = args.by_ref().collect::<Result<_>>()?;
    let mut args = args.into_iter().rev();
    let last = args
        .next()
        .ok_or_else(|| errors::internal("plan: coalesce of nothing"))?;
    let whens: Vec<_> = args
        .rev()
        .map(|arg| (Box::new(arg.clone().is_not_null()), Box::new(arg)))
        .collect();
    match whens.is_empty() {
        true => Ok(last),
        false => Ok(Expr::Case(Case::new(None, whens, Some(Box::new(last))))),
    }
}

fn row_of(args: Vec<Typed>, declared: &DataType) -> Result<Expr> {
    let DataType::Struct(fields) = declared else {
        return Err(errors::internal(format!("plan: row of type {declared}")));
    };
    let mut exprs = Vec::with_capacity(args.len() * 2);
    for (arg, field) in args.into_iter().zip(fields) {
        exprs.push(lit(field.name().clone()));
        exprs.push(arg.cast_to(field.data_type())?.expr);
    }
    Ok(datafusion::functions::core::named_struct().call(exprs))
}

/// Elements get one type here: DataFusion has none for structs with other names of fields.
fn array_of(args: Vec<Typed>, declared: &DataType) -> Result<Expr> {
    let (DataType::List(element) | DataType::FixedSizeList(element, _)) = declared else {
        return Err(errors::internal(format!("plan: array of type {declared}")));
    };
    if args.is_empty() {
        let nothing = ScalarValue::new_list_nullable(&[], element.data_type());
        return Ok(lit(ScalarValue::List(nothing)));
    }
    let elements = args
        .into_iter()
        .map(|arg| Ok(arg.cast_to(element.data_type())?.expr))
        .collect::<Result<Vec<_>>>()?;
    scalar_call("array", elements)
}

fn function(row: &Row, id: &str, args: Vec<Typed>, declared: &DataType) -> Result<Typed> {
    let exprs: Vec<Expr> = args.into_iter().map(|arg| arg.expr).collect();
    if crate::functions::is_java(id) {
        let function = java_function::scalar(row.context, id, declared)?;
        let function = ScalarFunction::new_udf(function, exprs);
        return Ok(Typed::new(Expr::ScalarFunction(function), declared.clone()));
    }
    let function = crate::functions::scalar(id)
        .ok_or_else(|| errors::internal(format!("unknown function \"{id}\"")))?;
    row.declare(
        Expr::ScalarFunction(ScalarFunction::new_udf(function, exprs)),
        declared,
    )
}

/// The statement's own instant, in the session's time zone where the type has none.
fn instant(row: &Row, id: &str, declared: &DataType) -> Result<Option<Typed>> {
    let utc = row.context.settings.start_micros;
    let value = match id {
        "current_timestamp" | "now" => {
            ScalarValue::TimestampMicrosecond(Some(utc), Some("UTC".into()))
        }
        "localtimestamp" => ScalarValue::TimestampMicrosecond(Some(local(row, utc)?), None),
        "current_date" => {
            let days = local(row, utc)?.div_euclid(MICROS_PER_DAY);
            ScalarValue::Date32(i32::try_from(days).ok())
        }
        "current_time" | "localtime" => {
            ScalarValue::Time64Microsecond(Some(local(row, utc)?.rem_euclid(MICROS_PER_DAY)))
        }
        _ => return Ok(None),
    };
    typed_literal(value).cast_to(declared).map(Some)
}

fn local(row: &Row, utc: i64) -> Result<i64> {
    let zone = match row.context.settings.time_zone.as_str() {
        "" => "UTC",
        zone => zone,
    };
    let instant = ScalarValue::TimestampMicrosecond(Some(utc), Some(zone.into()));
    let naive = DataType::Timestamp(TimeUnit::Microsecond, None);
    match instant.cast_to(&naive)? {
        ScalarValue::TimestampMicrosecond(Some(local), _) => Ok(local),
        other => Err(errors::internal(format!("{utc} in {zone} is {other}"))),
    }
}

fn exactly<const N: usize>(id: &str, args: Vec<Typed>) -> Result<[Expr; N]> {
    let count = args.len();
    let exprs: Vec<Expr> = args.into_iter().map(|arg| arg.expr).collect();
    exprs
        .try_into()
        .map_err(|_| errors::internal(format!("plan: {id} with {count} arguments, not {N}")))
}
