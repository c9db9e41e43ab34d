//! AT TIME ZONE: the instant of a wall clock's time in a zone, and the other way round.

use super::elementwise::{Parameter as P, text_at, unit_function};
use crate::errors::{INVALID_ARGUMENT, NUMBER_OUT_OF_RANGE, failure};
use chrono::{DateTime, Days, NaiveDateTime, Offset, TimeZone, Utc};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    (id == "timezone").then(|| unit_function("timezone", &[P::Text, P::Any], other_kind, timezone))
}

/// A time without a zone becomes an instant, an instant a time without a zone.
fn other_kind(types: &[DataType]) -> DataType {
    let zone = match types.get(1) {
        Some(DataType::Timestamp(_, Some(_))) => None,
        _ => Some("UTC".into()),
    };
    DataType::Timestamp(TimeUnit::Microsecond, zone)
}

fn timezone(args: &[ArrayRef]) -> Result<ArrayRef> {
    let (zones, moments) = (&args[0], &args[1]);
    let types = [zones.data_type().clone(), moments.data_type().clone()];
    let DataType::Timestamp(unit, zone) = other_kind(&types) else {
        return Ok(Arc::clone(moments));
    };
    let to_instant = zone.is_some();
    let micros = cast(moments, &DataType::Timestamp(unit, None))?;
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    let once = zones.len() == 1;
    let known = match once {
        true => text_at(zones, 0).map(parse).transpose()?,
        false => None,
    };
    let convert = |row: usize| -> Result<Option<i64>> {
        let zone = match once {
            true => known,
            false => text_at(zones, row).map(parse).transpose()?,
        };
        let Some(zone) = zone.filter(|_| micros.is_valid(row)) else {
            return Ok(None);
        };
        let moment = DateTime::from_timestamp_micros(micros.value(row)).ok_or_else(beyond)?;
        let there = match to_instant {
            true => instant(zone, moment.naive_utc())?,
            false => zone
                .from_utc_datetime(&moment.naive_utc())
                .naive_local()
                .and_utc(),
        };
        Ok(Some(there.timestamp_micros()))
    };
    let values = (0..micros.len()).map(convert);
    let values = values.collect::<Result<TimestampMicrosecondArray>>()?;
    Ok(Arc::new(values.with_timezone_opt(zone)))
}

fn parse(zone: &str) -> Result<Tz> {
    zone.parse()
        .map_err(|_| failure(INVALID_ARGUMENT, format!("there is no time zone '{zone}'")))
}

/// A time that a clock shows twice is the later one; of one that it skips the clock before is read on.
fn instant(zone: Tz, local: NaiveDateTime) -> Result<DateTime<Utc>> {
    if let Some(found) = zone.from_local_datetime(&local).latest() {
        return Ok(found.with_timezone(&Utc));
    }
    for days in 1..=2 {
        let before = local.checked_sub_days(Days::new(days)).ok_or_else(beyond)?;
        if let Some(found) = zone.from_local_datetime(&before).latest() {
            let offset = found.offset().fix();
            return Ok((local - offset).and_utc());
        }
    }
    Err(beyond())
}

fn beyond() -> DataFusionError {
    failure(NUMBER_OUT_OF_RANGE, "a timestamp beyond the calendar")
}
