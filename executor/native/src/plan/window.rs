//! Window functions.

use crate::errors;
use crate::plan::call::declared;
use crate::plan::expr::Row;
use crate::plan::rel::{Builder, Built};
use crate::plan::{aggregate, missing, types};
use crate::proto::{self, frame};
use datafusion::arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
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
    let mut window_frame = window_frame(row, frame, !call.order_by.is_empty())?;
    if let (
        [
            proto::SortKey {
                expr: Some(key), ..
            },
        ],
        [sort],
    ) = (&call.order_by[..], &mut order_by[..])
    {
        widen_decimals(&row.typed(key)?.data_type, sort, &mut window_frame)?;
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

/// RANGE over decimals: DataFusion compares key and key ± offset only when both are of one type, which is so at the
/// greatest precision.
fn widen_decimals(key: &DataType, sort: &mut Sort, frame: &mut WindowFrame) -> Result<()> {
    let DataType::Decimal128(_, scale) = *key else {
        return Ok(());
    };
    let offset = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::Preceding(value) | WindowFrameBound::Following(value)
            if !value.is_null() =>
        {
            Some(value.data_type())
        }
        _ => None,
    };
    let offsets = [offset(&frame.start_bound), offset(&frame.end_bound)];
    if frame.units != WindowFrameUnits::Range || offsets.iter().all(Option::is_none) {
        return Ok(());
    }
    let scale = offsets.iter().flatten().fold(scale, |most, t| match t {
        DataType::Decimal128(_, scale) => most.max(*scale),
        _ => most,
    });
    let wide = DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale);
    sort.expr = cast(sort.expr.clone(), wide.clone());
    for bound in [&mut frame.start_bound, &mut frame.end_bound] {
        if let WindowFrameBound::Preceding(value) | WindowFrameBound::Following(value) = bound {
            *value = value.cast_to(&wide)?;
        }
    }
    Ok(())
}

fn window_frame(row: &Row, message: &proto::Frame, ordered: bool) -> Result<WindowFrame> {
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
    if !ordered && units != WindowFrameUnits::Rows {
        // Without an order all rows of a partition are peers: every frame by peers is the partition.
        return Ok(WindowFrame::new(None));
    }
    Ok(WindowFrame::new_bounds(
        units,
        bound(row, start, units)?,
        bound(row, end, units)?,
    ))
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
        WindowFrameUnits::Range => Ok(value),
        WindowFrameUnits::Rows | WindowFrameUnits::Groups => {
            let negative = "a window frame's offset counts rows and cannot be negative";
            value
                .cast_to(&DataType::UInt64)
                .map_err(|_| errors::failure(errors::INVALID_ARGUMENT, negative))
        }
    }
}
