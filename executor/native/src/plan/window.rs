//! Window functions.

use crate::errors;
use crate::plan::call::declared;
use crate::plan::expr::Row;
use crate::plan::rel::{Builder, Built};
use crate::plan::{aggregate, missing, types};
use crate::proto::{self, frame};
use datafusion::arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, TimeUnit};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::expr::{NullTreatment, Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, cast,
};
use datafusion::scalar::ScalarValue;

impl Builder<'_> {
    pub(super) fn window(&self, message: &proto::Window) -> Result<Built> {
        let input = self.input(message.input.as_deref(), "Window.input")?;
        let row = self.row(&input);
        let mut calls: Vec<Expr> = Vec::new();
        let mut outputs = Vec::with_capacity(message.calls.len());
        for call in &message.calls {
            let data_type = types::required(&call.r#type, "WindowCall.type")?;
            let expr = window_call(&row, call, &data_type)?;
            outputs.push((expr.schema_name().to_string(), data_type));
            if !calls.contains(&expr) {
                calls.push(expr);
            }
        }
        let mut exprs: Vec<Expr> = input.columns.into_iter().map(Expr::Column).collect();
        let plan = LogicalPlanBuilder::window_plan(input.plan, calls)?;
        for (name, data_type) in outputs {
            let column = Expr::Column(Column::new_unqualified(name));
            exprs.push(declared(column, plan.schema(), &data_type)?.alias(self.fresh_name()));
        }
        self.project_to(plan, exprs)
    }
}

fn window_call(row: &Row, call: &proto::WindowCall, data_type: &DataType) -> Result<Expr> {
    let id = call.function.as_str();
    let (fun, args) = match crate::functions::window(id) {
        Some(function) => {
            let args = row.exprs(&call.args)?;
            (WindowFunctionDefinition::WindowUDF(function), args)
        }
        None => {
            let (function, args) = aggregate::resolve(row, id, &call.args, data_type)?;
            (WindowFunctionDefinition::AggregateUDF(function), args)
        }
    };
    let frame = call
        .frame
        .as_ref()
        .ok_or_else(|| missing("WindowCall.frame"))?;
    let filter = call.filter.as_ref().map(|f| row.expr(f)).transpose()?;
    let mut order_by = row.sort_keys(&call.order_by)?;
    let key = call.order_by.first().and_then(|key| key.expr.as_ref());
    let key = key.map(|key| row.typed(key)).transpose()?;
    let key = key.map(|typed| typed.data_type);
    let mut window_frame = window_frame(row, frame, key.as_ref())?;
    if let (Some(key), [sort]) = (&key, &mut order_by[..]) {
        align_types(key, sort, &mut window_frame)?;
    }
    let params = WindowFunctionParams {
        args,
        partition_by: row.exprs(&call.partition_by)?,
        order_by,
        window_frame,
        filter: filter.map(Box::new),
        null_treatment: call.ignore_nulls.then_some(NullTreatment::IgnoreNulls),
        distinct: call.distinct,
    };
    let function = WindowFunction { fun, params };
    Ok(Expr::WindowFunction(Box::new(function)))
}

/// RANGE with offsets. DataFusion adds an offset to the key as the two are, compares the sum with keys, and takes every
/// failure for a bound beyond all rows. So key and offsets get types here with which that works, or the frame is refused.
fn align_types(key: &DataType, sort: &mut Sort, frame: &mut WindowFrame) -> Result<()> {
    if frame.units != WindowFrameUnits::Range {
        return Ok(());
    }
    let mut offsets: Vec<_> = [&mut frame.start_bound, &mut frame.end_bound]
        .into_iter()
        .filter_map(|bound| match bound {
            WindowFrameBound::Preceding(value) | WindowFrameBound::Following(value) => Some(value),
            WindowFrameBound::CurrentRow => None,
        })
        .filter(|value| !value.is_null())
        .collect();
    if offsets.is_empty() {
        return Ok(());
    }
    let aligned = aligned_type(key, &offsets);
    if aligned != *key {
        sort.expr = cast(sort.expr.clone(), aligned.clone());
    }
    let any_key = ScalarValue::new_default(&aligned)?;
    for offset in &mut offsets {
        if aligned.is_numeric() {
            **offset = offset.cast_to(&aligned)?;
        }
        if is_negative(offset)? {
            let negative = "a window frame's offset cannot be negative";
            return Err(errors::failure(errors::INVALID_ARGUMENT, negative));
        }
        if any_key.add_checked(&**offset).is_err() {
            let message = format!(
                "a window frame RANGE over {key} with an offset of {}",
                offset.data_type()
            );
            return Err(errors::failure(errors::NOT_SUPPORTED, message));
        }
    }
    Ok(())
}

/// Of the key; numeric offsets get it too.
fn aligned_type(key: &DataType, offsets: &[&mut ScalarValue]) -> DataType {
    if *key == DataType::Date32 && offsets.iter().any(|offset| has_time(offset)) {
        return DataType::Timestamp(TimeUnit::Microsecond, None);
    }
    if !key.is_numeric() {
        return key.clone();
    }
    let types: Vec<_> = std::iter::once(key.clone())
        .chain(offsets.iter().map(|offset| offset.data_type()))
        .collect();
    let scale = types.iter().filter_map(|t| match t {
        DataType::Decimal128(_, scale) => Some(*scale),
        _ => None,
    });
    match scale.max() {
        _ if types.iter().any(DataType::is_floating) => DataType::Float64,
        // Of another precision the sum would have another type than the key.
        Some(scale) => DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale),
        None => DataType::Int64,
    }
}

fn has_time(offset: &ScalarValue) -> bool {
    matches!(offset, ScalarValue::IntervalMonthDayNano(Some(v)) if v.nanoseconds != 0)
}

fn is_negative(offset: &ScalarValue) -> Result<bool> {
    Ok(match offset {
        ScalarValue::IntervalMonthDayNano(Some(v)) => {
            v.months < 0 || v.days < 0 || v.nanoseconds < 0
        }
        ScalarValue::IntervalYearMonth(Some(months)) => *months < 0,
        number if number.data_type().is_numeric() => {
            *number < ScalarValue::new_zero(&number.data_type())?
        }
        _ => false,
    })
}

/// `key` is the type of the first key of the order.
fn window_frame(row: &Row, message: &proto::Frame, key: Option<&DataType>) -> Result<WindowFrame> {
    let units = match frame::Unit::try_from(message.unit).unwrap_or(frame::Unit::Unspecified) {
        frame::Unit::Unspecified => return Err(missing("Frame.unit")),
        frame::Unit::Rows => WindowFrameUnits::Rows,
        frame::Unit::Range => WindowFrameUnits::Range,
        frame::Unit::Groups => WindowFrameUnits::Groups,
    };
    let start = message
        .start
        .as_ref()
        .ok_or_else(|| missing("Frame.start"))?;
    let end = message.end.as_ref().ok_or_else(|| missing("Frame.end"))?;
    if key.is_none() && units != WindowFrameUnits::Rows {
        // Without an order all rows of a partition are peers: every frame by peers is the partition.
        return Ok(WindowFrame::new(None));
    }
    let has_offset = start.offset.is_some() || end.offset.is_some();
    let units = match units {
        // The same frame, which DataFusion takes over keys of any type.
        WindowFrameUnits::Range if !has_offset && !key.is_some_and(has_ranges) => {
            WindowFrameUnits::Groups
        }
        units => units,
    };
    Ok(WindowFrame::new_bounds(
        units,
        bound(row, start, units)?,
        bound(row, end, units)?,
    ))
}

/// Whether DataFusion takes RANGE over keys of the type.
fn has_ranges(key: &DataType) -> bool {
    use DataType as T;
    key.is_numeric()
        || matches!(
            key,
            T::Utf8
                | T::Boolean
                | T::Null
                | T::Date32
                | T::Timestamp(..)
                | T::List(_)
                | T::FixedSizeList(..)
        )
}

fn bound(row: &Row, message: &frame::Bound, units: WindowFrameUnits) -> Result<WindowFrameBound> {
    use frame::bound::Kind;
    let offset = || offset(row, message, units);
    Ok(
        match Kind::try_from(message.kind).unwrap_or(Kind::Unspecified) {
            Kind::Unspecified => return Err(missing("Bound.kind")),
            Kind::UnboundedPreceding => WindowFrameBound::Preceding(unbounded(units)),
            Kind::Preceding => WindowFrameBound::Preceding(offset()?),
            Kind::CurrentRow => WindowFrameBound::CurrentRow,
            Kind::Following => WindowFrameBound::Following(offset()?),
            Kind::UnboundedFollowing => WindowFrameBound::Following(unbounded(units)),
        },
    )
}

fn unbounded(units: WindowFrameUnits) -> ScalarValue {
    match units {
        WindowFrameUnits::Range => ScalarValue::Null,
        WindowFrameUnits::Rows | WindowFrameUnits::Groups => ScalarValue::UInt64(None),
    }
}

fn offset(row: &Row, message: &frame::Bound, units: WindowFrameUnits) -> Result<ScalarValue> {
    let typed = row.required(message.offset.as_ref(), "Bound.offset")?;
    let Expr::Literal(value, _) = typed.expr else {
        return Err(errors::failure(
            errors::NOT_SUPPORTED,
            "a window frame whose offset is not a literal",
        ));
    };
    match units {
        WindowFrameUnits::Range if value.is_null() => Err(errors::failure(
            errors::INVALID_ARGUMENT,
            "a window frame's offset cannot be NULL",
        )),
        WindowFrameUnits::Range => Ok(value),
        WindowFrameUnits::Rows | WindowFrameUnits::Groups => {
            let negative = "a window frame's offset counts rows and cannot be negative";
            value
                .cast_to(&DataType::UInt64)
                .map_err(|_| errors::failure(errors::INVALID_ARGUMENT, negative))
        }
    }
}
