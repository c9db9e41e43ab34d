//! Lists of numbers or moments from one to another.

use super::calendar;
use super::elementwise::{Parameter as P, function as make};
use crate::errors::{INVALID_ARGUMENT, NUMBER_OUT_OF_RANGE, failure};
use chrono::DateTime;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, ListArray, TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Field, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

/// Elements of the lists of one batch: a longer series belongs into FROM, where it is made as it is read.
const MOST: usize = 1 << 24;
const MOMENT: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "generate_series" => make("generate_series", &[P::Any], list_type, |a| series(a, true)),
        "range_list" => make("range_list", &[P::Any], list_type, |a| series(a, false)),
        _ => return None,
    })
}

fn list_type(types: &[DataType]) -> DataType {
    let element = match types.first() {
        Some(DataType::Timestamp(..) | DataType::Date32) => MOMENT,
        _ => DataType::Int64,
    };
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

fn series(args: &[ArrayRef], inclusive: bool) -> Result<ArrayRef> {
    match args[0].data_type() {
        DataType::Timestamp(..) | DataType::Date32 => moments(args, inclusive),
        _ => numbers(args, inclusive),
    }
}

/// (to), (from, to), (from, to, step)
fn numbers(args: &[ArrayRef], inclusive: bool) -> Result<ArrayRef> {
    let args = args.iter().map(|a| cast(a, &DataType::Int64));
    let args = args.collect::<std::result::Result<Vec<_>, _>>()?;
    let columns: Vec<&Int64Array> = args.iter().map(|a| a.as_primitive::<Int64Type>()).collect();
    let mut lists = Lists::default();
    for row in 0..columns[0].len() {
        if columns.iter().any(|c| c.is_null(row)) {
            lists.end(false);
            continue;
        }
        let (from, to, step) = match columns[..] {
            [to] => (0, to.value(row), 1),
            [from, to] => (from.value(row), to.value(row), 1),
            [from, to, step, ..] => (from.value(row), to.value(row), step.value(row)),
            [] => return Err(still()),
        };
        if step == 0 {
            return Err(still());
        }
        let mut next = Some(from);
        while let Some(value) = next.filter(|v| within(*v, to, step > 0, inclusive)) {
            lists.push(value)?;
            next = value.checked_add(step);
        }
        lists.end(true);
    }
    let values = Int64Array::from(std::mem::take(&mut lists.values));
    lists.finish(Arc::new(values))
}

/// (from, to, interval)
fn moments(args: &[ArrayRef], inclusive: bool) -> Result<ArrayRef> {
    let [from, to, step] = args else {
        return Err(failure(
            INVALID_ARGUMENT,
            "a series of times needs a start, an end and an interval",
        ));
    };
    let (from, to) = (cast(from, &MOMENT)?, cast(to, &MOMENT)?);
    let step = cast(step, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let (from, to) = (
        from.as_primitive::<TimestampMicrosecondType>(),
        to.as_primitive::<TimestampMicrosecondType>(),
    );
    let step = step.as_primitive::<IntervalMonthDayNanoType>();
    let mut lists = Lists::default();
    for row in 0..from.len() {
        if from.is_null(row) || to.is_null(row) || step.is_null(row) {
            lists.end(false);
            continue;
        }
        let by = step.value(row);
        let rising = plus(0, by, 1)? > 0;
        if plus(0, by, 1)? == 0 {
            return Err(still());
        }
        for n in 0.. {
            let value = plus(from.value(row), by, n)?;
            if !within(value, to.value(row), rising, inclusive) {
                break;
            }
            lists.push(value)?;
        }
        lists.end(true);
    }
    let values = TimestampMicrosecondArray::from(std::mem::take(&mut lists.values));
    lists.finish(Arc::new(values))
}

/// So many intervals later: the end of January and two months is the end of March.
fn plus(micros: i64, by: IntervalMonthDayNano, times: i64) -> Result<i64> {
    let beyond = || failure(NUMBER_OUT_OF_RANGE, "a timestamp beyond the calendar");
    let moment = DateTime::from_timestamp_micros(micros).ok_or_else(beyond)?;
    let nanos = by.nanoseconds.checked_mul(times).ok_or_else(beyond)?;
    let (months, days) = (i64::from(by.months) * times, i64::from(by.days) * times);
    Ok(calendar::to_micros(calendar::plus(
        moment.naive_utc(),
        months,
        days,
        nanos,
    )?))
}

fn within(value: i64, to: i64, rising: bool, inclusive: bool) -> bool {
    value == to && inclusive || if rising { value < to } else { value > to }
}

fn still() -> DataFusionError {
    failure(INVALID_ARGUMENT, "the step of a series cannot be 0")
}

#[derive(Default)]
struct Lists {
    values: Vec<i64>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
    started: usize,
}

impl Lists {
    fn push(&mut self, value: i64) -> Result<()> {
        if self.values.len() >= MOST {
            let message =
                format!("a series of more than {MOST} elements in a list; read it in FROM");
            return Err(failure(NUMBER_OUT_OF_RANGE, message));
        }
        self.values.push(value);
        Ok(())
    }

    fn end(&mut self, valid: bool) {
        self.lengths.push(self.values.len() - self.started);
        self.valid.push(valid);
        self.started = self.values.len();
    }

    fn finish(self, values: ArrayRef) -> Result<ArrayRef> {
        let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        let nulls = NullBuffer::from(self.valid);
        Ok(Arc::new(ListArray::try_new(
            field,
            offsets,
            values,
            Some(nulls),
        )?))
    }
}
