//! Parts, truncation, differences and construction of dates and timestamps.

use super::calendar::{self, DAY, Unit, from_micros, midnight, to_micros};
use super::elementwise::{
    Parameter as P, double_at, function as make, integer_at, returns_double, returns_integer,
    returns_text, returns_timestamp, text_at, to_doubles, to_integers, to_text, unit_function,
};
use crate::errors::{INVALID_ARGUMENT, NOT_SUPPORTED, failure};
use chrono::{NaiveDate, NaiveDateTime};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, IntervalMonthDayNanoArray, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    IntervalYearMonthType, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    if let Some(udf) = named_part(id) {
        return Some(udf);
    }
    Some(match id {
        "date_part" | "date_part_text" => {
            unit_function("date_part", &UNIT_ANY, returns_integer, date_part)
        }
        "date_trunc" => unit_function("date_trunc", &UNIT_ANY, returns_second, date_trunc),
        "date_ceil" => unit_function("date_ceil", &UNIT_ANY, returns_second, date_ceil),
        "date_diff" => unit_function("date_diff", &UNIT_TWO, returns_integer, |a| {
            difference(a, calendar::boundaries)
        }),
        "date_sub" | "timestamp_diff_units" => {
            unit_function("date_sub", &UNIT_TWO, returns_integer, |a| {
                difference(a, calendar::whole)
            })
        }
        "date_diff_days" => make(
            "date_diff_days",
            &[P::Timestamp],
            returns_integer,
            days_between,
        ),
        "age" => make(
            "age",
            &[P::Timestamp],
            |_| DataType::Interval(IntervalUnit::MonthDayNano),
            age,
        ),
        "date_add" => make(
            "date_add",
            &[P::Timestamp, P::Any],
            returns_timestamp,
            date_add,
        ),
        "last_day" => make("last_day", &[P::Timestamp], |_| DataType::Date32, last_day),
        "dayname" => make("dayname", &[P::Timestamp], returns_text, |a| named(a, "%A")),
        "monthname" => make("monthname", &[P::Timestamp], returns_text, |a| {
            named(a, "%B")
        }),
        "make_timestamp" => make("make_timestamp", &MOMENT, returns_timestamp, make_timestamp),
        "make_time" => make(
            "make_time",
            &CLOCK,
            |_| DataType::Time64(TimeUnit::Microsecond),
            make_time,
        ),
        "epoch" => make("epoch", &[P::Timestamp], returns_double, epoch),
        "epoch_ms" => make("epoch_ms", &[P::Timestamp], returns_integer, |a| {
            since_epoch(a, |t| t.div_euclid(1000))
        }),
        "epoch_us" => make("epoch_us", &[P::Timestamp], returns_integer, |a| {
            since_epoch(a, |t| t)
        }),
        "epoch_ns" => make("epoch_ns", &[P::Any], returns_integer, epoch_ns),
        "to_timestamp" => make(
            "to_timestamp",
            &[P::Double],
            returns_timestamp,
            to_timestamp,
        ),
        "time_bucket" | "date_bin" => make(
            "time_bucket",
            &[P::Any, P::Timestamp, P::Timestamp],
            returns_timestamp,
            time_bucket,
        ),
        _ => return None,
    })
}

const UNIT_ANY: [P; 2] = [P::Text, P::Any];
const UNIT_TWO: [P; 3] = [P::Text, P::Timestamp, P::Timestamp];
const MOMENT: [P; 6] = [
    P::Integer,
    P::Integer,
    P::Integer,
    P::Integer,
    P::Integer,
    P::Double,
];
const CLOCK: [P; 3] = [P::Integer, P::Integer, P::Double];

/// YEAR(x), MONTH(x) ...: EXTRACT under another name.
fn named_part(id: &str) -> Option<ScalarUDF> {
    macro_rules! parts {
        ($($name:literal => $unit:ident),* $(,)?) => {
            match id {
                $($name => Some(make($name, &[P::Any], returns_integer, |a| parts_of(&a[0], |_| Ok(Some(Unit::$unit))))),)*
                _ => None,
            }
        };
    }
    parts! {
        "century" => Century, "day" => Day, "dayofmonth" => Day, "dayofweek" => Dow, "dayofyear" => Doy,
        "decade" => Decade, "era" => Era, "hour" => Hour, "isodow" => IsoDow, "isoyear" => IsoYear,
        "julian" => Julian, "microsecond" => Microsecond, "millennium" => Millennium,
        "millisecond" => Millisecond, "minute" => Minute, "month" => Month, "quarter" => Quarter,
        "second" => Second, "week" => Week, "year" => Year, "yearweek" => YearWeek,
    }
}

/// A zone stays; a DATE becomes a TIMESTAMP.
fn returns_second(types: &[DataType]) -> DataType {
    match types.get(1) {
        Some(DataType::Timestamp(_, zone)) => {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        _ => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// Looks the unit up once where it is a constant.
fn units(array: &ArrayRef) -> impl FnMut(usize) -> Result<Option<Unit>> {
    let array = Arc::clone(array);
    let mut last: Option<(String, Unit)> = None;
    let constant = array.len() == 1;
    move |row| {
        let Some(text) = text_at(&array, if constant { 0 } else { row }) else {
            return Ok(None);
        };
        if let Some((seen, unit)) = &last
            && seen == text
        {
            return Ok(Some(*unit));
        }
        let unit = Unit::parse(text)?;
        last = Some((text.to_owned(), unit));
        Ok(Some(unit))
    }
}

fn timestamps(array: &ArrayRef) -> Result<TimestampMicrosecondArray> {
    let plain = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    Ok(plain.as_primitive::<TimestampMicrosecondType>().clone())
}

fn moment(array: &TimestampMicrosecondArray, row: usize) -> Result<Option<NaiveDateTime>> {
    array
        .is_valid(row)
        .then(|| from_micros(array.value(row)))
        .transpose()
}

fn moment_at(array: &ArrayRef, row: usize) -> Result<Option<NaiveDateTime>> {
    moment(array.as_primitive::<TimestampMicrosecondType>(), row)
}

fn to_timestamps(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<NaiveDateTime>>,
) -> Result<ArrayRef> {
    let values = (0..rows)
        .map(|row| Ok(value(row)?.map(to_micros)))
        .collect::<Result<TimestampMicrosecondArray>>()?;
    Ok(Arc::new(values))
}

fn date_part(args: &[ArrayRef]) -> Result<ArrayRef> {
    parts_of(&args[1], units(&args[0]))
}

fn parts_of(
    values: &ArrayRef,
    mut unit: impl FnMut(usize) -> Result<Option<Unit>>,
) -> Result<ArrayRef> {
    match values.data_type() {
        DataType::Interval(_) => {
            let intervals = month_day_nano(values)?;
            to_integers(values.len(), |row| {
                match (unit(row)?, intervals.is_valid(row)) {
                    (Some(unit), true) => interval_part(unit, intervals.value(row)).map(Some),
                    _ => Ok(None),
                }
            })
        }
        DataType::Time64(_) => {
            let times = cast(values, &DataType::Time64(TimeUnit::Microsecond))?;
            let times = times.as_primitive::<Time64MicrosecondType>();
            to_integers(values.len(), |row| {
                match (unit(row)?, times.is_valid(row)) {
                    (Some(unit), true) => {
                        Ok(Some(calendar::part(unit, from_micros(times.value(row))?)))
                    }
                    _ => Ok(None),
                }
            })
        }
        DataType::Date32 => {
            let dates = values.as_primitive::<Date32Type>();
            to_integers(values.len(), |row| {
                match (unit(row)?, dates.is_valid(row)) {
                    (Some(unit), true) => {
                        let t = from_micros(i64::from(dates.value(row)) * DAY)?;
                        Ok(Some(calendar::part(unit, t)))
                    }
                    _ => Ok(None),
                }
            })
        }
        _ => {
            let moments = timestamps(values)?;
            to_integers(values.len(), |row| {
                match (unit(row)?, moment(&moments, row)?) {
                    (Some(unit), Some(t)) => Ok(Some(calendar::part(unit, t))),
                    _ => Ok(None),
                }
            })
        }
    }
}

/// Any interval as months, days and nanoseconds.
fn month_day_nano(array: &ArrayRef) -> Result<IntervalMonthDayNanoArray> {
    match array.data_type() {
        DataType::Interval(IntervalUnit::YearMonth) => Ok(array
            .as_primitive::<IntervalYearMonthType>()
            .iter()
            .map(|m| m.map(|m| IntervalMonthDayNano::new(m, 0, 0)))
            .collect()),
        _ => {
            let wide = cast(array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            Ok(wide.as_primitive::<IntervalMonthDayNanoType>().clone())
        }
    }
}

fn interval_part(unit: Unit, interval: IntervalMonthDayNano) -> Result<i64> {
    let months = i64::from(interval.months);
    let seconds = interval.nanoseconds / 1_000_000_000;
    let below_minute = interval.nanoseconds % 60_000_000_000;
    Ok(match unit {
        Unit::Millennium => months / 12_000,
        Unit::Century => months / 1_200,
        Unit::Decade => months / 120,
        Unit::Year => months / 12,
        Unit::Quarter => months % 12 / 3 + 1,
        Unit::Month => months % 12,
        Unit::Day => i64::from(interval.days),
        Unit::Hour => seconds / 3600,
        Unit::Minute => seconds / 60 % 60,
        Unit::Second => below_minute / 1_000_000_000,
        Unit::Millisecond => below_minute / 1_000_000,
        Unit::Microsecond => below_minute / 1_000,
        Unit::Nanosecond => below_minute,
        Unit::Epoch => {
            months / 12 * 31_557_600
                + months % 12 * 2_592_000
                + i64::from(interval.days) * 86_400
                + seconds
        }
        Unit::Week
        | Unit::YearWeek
        | Unit::IsoYear
        | Unit::Dow
        | Unit::IsoDow
        | Unit::Doy
        | Unit::Julian
        | Unit::Era => {
            return Err(failure(
                NOT_SUPPORTED,
                format!("an interval has no {unit:?}"),
            ));
        }
    })
}

fn date_trunc(args: &[ArrayRef]) -> Result<ArrayRef> {
    truncated(args, calendar::truncate)
}

fn date_ceil(args: &[ArrayRef]) -> Result<ArrayRef> {
    truncated(args, |unit, t| {
        let start = calendar::truncate(unit, t)?;
        if start == t {
            return Ok(t);
        }
        let next = match unit {
            Unit::Millennium => calendar::plus_months(start, 12_000)?,
            Unit::Century => calendar::plus_months(start, 1_200)?,
            Unit::Decade => calendar::plus_months(start, 120)?,
            Unit::Year | Unit::Era => calendar::plus_months(start, 12)?,
            Unit::IsoYear => calendar::truncate(unit, calendar::plus(start, 0, 375, 0)?)?,
            Unit::Quarter => calendar::plus_months(start, 3)?,
            Unit::Month => calendar::plus_months(start, 1)?,
            Unit::Week | Unit::YearWeek => calendar::plus(start, 0, 7, 0)?,
            Unit::Hour => calendar::plus(start, 0, 0, 3_600_000_000_000)?,
            Unit::Minute => calendar::plus(start, 0, 0, 60_000_000_000)?,
            Unit::Second | Unit::Epoch => calendar::plus(start, 0, 0, 1_000_000_000)?,
            Unit::Millisecond => calendar::plus(start, 0, 0, 1_000_000)?,
            Unit::Microsecond | Unit::Nanosecond => calendar::plus(start, 0, 0, 1_000)?,
            Unit::Day | Unit::Dow | Unit::IsoDow | Unit::Doy | Unit::Julian => {
                calendar::plus(start, 0, 1, 0)?
            }
        };
        Ok(next)
    })
}

fn truncated(
    args: &[ArrayRef],
    of: impl Fn(Unit, NaiveDateTime) -> Result<NaiveDateTime>,
) -> Result<ArrayRef> {
    let mut unit = units(&args[0]);
    let values = &args[1];
    let moments = timestamps(values)?;
    let result = to_timestamps(values.len(), |row| {
        match (unit(row)?, moment(&moments, row)?) {
            (Some(unit), Some(t)) => of(unit, t).map(Some),
            _ => Ok(None),
        }
    })?;
    let types = [DataType::Utf8, values.data_type().clone()];
    Ok(cast(&result, &returns_second(&types))?)
}

fn difference(
    args: &[ArrayRef],
    of: fn(Unit, NaiveDateTime, NaiveDateTime) -> Result<i64>,
) -> Result<ArrayRef> {
    let mut unit = units(&args[0]);
    to_integers(args[1].len(), |row| {
        match (
            unit(row)?,
            moment_at(&args[1], row)?,
            moment_at(&args[2], row)?,
        ) {
            (Some(unit), Some(from), Some(to)) => of(unit, from, to).map(Some),
            _ => Ok(None),
        }
    })
}

/// date - date.
fn days_between(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_integers(args[0].len(), |row| {
        match (moment_at(&args[0], row)?, moment_at(&args[1], row)?) {
            (Some(a), Some(b)) => calendar::boundaries(Unit::Day, b, a).map(Some),
            _ => Ok(None),
        }
    })
}

fn age(args: &[ArrayRef]) -> Result<ArrayRef> {
    let values = (0..args[0].len())
        .map(
            |row| match (moment_at(&args[0], row)?, moment_at(&args[1], row)?) {
                (Some(to), Some(from)) => {
                    let (months, days, micros) = calendar::age(to, from)?;
                    Ok(Some(IntervalMonthDayNano::new(
                        months as i32,
                        days as i32,
                        micros * 1000,
                    )))
                }
                _ => Ok(None),
            },
        )
        .collect::<Result<IntervalMonthDayNanoArray>>()?;
    Ok(Arc::new(values))
}

fn date_add(args: &[ArrayRef]) -> Result<ArrayRef> {
    let intervals = month_day_nano(&args[1])?;
    to_timestamps(args[0].len(), |row| {
        match (moment_at(&args[0], row)?, intervals.is_valid(row)) {
            (Some(t), true) => {
                let i = intervals.value(row);
                calendar::plus(t, i.months.into(), i.days.into(), i.nanoseconds).map(Some)
            }
            _ => Ok(None),
        }
    })
}

fn last_day(args: &[ArrayRef]) -> Result<ArrayRef> {
    let values = (0..args[0].len())
        .map(|row| {
            let Some(t) = moment_at(&args[0], row)? else {
                return Ok(None);
            };
            let next = calendar::plus_months(calendar::truncate(Unit::Month, t)?, 1)?;
            let last = calendar::plus(next, 0, -1, 0)?;
            Ok(Some(to_micros(last).div_euclid(DAY) as i32))
        })
        .collect::<Result<Date32Array>>()?;
    Ok(Arc::new(values))
}

fn named(args: &[ArrayRef], pattern: &str) -> Result<ArrayRef> {
    to_text(args[0].len(), |row| {
        Ok(moment_at(&args[0], row)?.map(|t| t.format(pattern).to_string()))
    })
}

/// (year, month, day, hour, minute, seconds), or microseconds since 1970.
fn make_timestamp(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_timestamps(args[0].len(), |row| {
        if args.len() == 1 {
            return integer_at(&args[0], row).map(from_micros).transpose();
        }
        let whole: Option<Vec<i64>> = args[..5].iter().map(|a| integer_at(a, row)).collect();
        let (Some(v), Some(seconds)) = (whole, double_at(&args[5], row)) else {
            return Ok(None);
        };
        let invalid = || {
            failure(
                INVALID_ARGUMENT,
                format!(
                    "no such moment: {}-{}-{} {}:{}:{seconds}",
                    v[0], v[1], v[2], v[3], v[4]
                ),
            )
        };
        let date = i32::try_from(v[0])
            .ok()
            .and_then(|y| NaiveDate::from_ymd_opt(y, v[1].try_into().ok()?, v[2].try_into().ok()?))
            .ok_or_else(invalid)?;
        let time = clock(v[3], v[4], seconds).ok_or_else(invalid)?;
        calendar::plus(midnight(date), 0, 0, time * 1000).map(Some)
    })
}

/// Microseconds since midnight.
fn clock(hour: i64, minute: i64, seconds: f64) -> Option<i64> {
    let valid =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0.0..60.0).contains(&seconds);
    valid.then(|| (hour * 3600 + minute * 60) * 1_000_000 + (seconds * 1e6).round() as i64)
}

fn make_time(args: &[ArrayRef]) -> Result<ArrayRef> {
    let values = (0..args[0].len())
        .map(|row| {
            let (Some(h), Some(m), Some(s)) = (
                integer_at(&args[0], row),
                integer_at(&args[1], row),
                double_at(&args[2], row),
            ) else {
                return Ok(None);
            };
            clock(h, m, s)
                .map(Some)
                .ok_or_else(|| failure(INVALID_ARGUMENT, format!("no such time: {h}:{m}:{s}")))
        })
        .collect::<Result<Time64MicrosecondArray>>()?;
    Ok(Arc::new(values))
}

fn epoch(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_doubles(args[0].len(), |row| {
        let micros = args[0].as_primitive::<TimestampMicrosecondType>();
        Ok(micros.is_valid(row).then(|| micros.value(row) as f64 / 1e6))
    })
}

fn since_epoch(args: &[ArrayRef], of: fn(i64) -> i64) -> Result<ArrayRef> {
    to_integers(args[0].len(), |row| {
        let micros = args[0].as_primitive::<TimestampMicrosecondType>();
        Ok(micros.is_valid(row).then(|| of(micros.value(row))))
    })
}

fn epoch_ns(args: &[ArrayRef]) -> Result<ArrayRef> {
    let nanos = cast(&args[0], &DataType::Timestamp(TimeUnit::Nanosecond, None))?;
    Ok(cast(&nanos, &DataType::Int64)?)
}

/// Seconds since 1970.
fn to_timestamp(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_timestamps(args[0].len(), |row| {
        let Some(seconds) = double_at(&args[0], row) else {
            return Ok(None);
        };
        let micros = (seconds * 1e6).round();
        if !micros.is_finite() || micros.abs() >= i64::MAX as f64 {
            return Err(failure(
                INVALID_ARGUMENT,
                format!("no such moment: {seconds} seconds"),
            ));
        }
        from_micros(micros as i64).map(Some)
    })
}

fn time_bucket(args: &[ArrayRef]) -> Result<ArrayRef> {
    let widths = month_day_nano(&args[0])?;
    to_timestamps(args[1].len(), |row| {
        let (true, Some(t)) = (widths.is_valid(row), moment_at(&args[1], row)?) else {
            return Ok(None);
        };
        let origin = match args.get(2) {
            None => None,
            Some(origins) => match moment_at(origins, row)? {
                None => return Ok(None),
                some => some,
            },
        };
        let width = widths.value(row);
        let micros = i64::from(width.days) * DAY + width.nanoseconds / 1000;
        calendar::bucket(width.months.into(), micros, t, origin).map(Some)
    })
}
