//! Calendar arithmetic on one moment: parts, truncation, differences, intervals.

use crate::errors::{INVALID_ARGUMENT, NUMBER_OUT_OF_RANGE, failure};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use datafusion::common::{DataFusionError, Result};

/// A field of a moment, as EXTRACT and DATE_TRUNC name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    YearWeek,
    Day,
    Dow,
    IsoDow,
    Doy,
    Julian,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
    Era,
}

impl Unit {
    pub fn parse(text: &str) -> Result<Self> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "millennium" | "millennia" | "millenium" | "mil" => Unit::Millennium,
            "century" | "centuries" | "cent" | "c" => Unit::Century,
            "decade" | "decades" | "dec" => Unit::Decade,
            "year" | "years" | "yr" | "yrs" | "y" => Unit::Year,
            "isoyear" => Unit::IsoYear,
            "quarter" | "quarters" | "qtr" => Unit::Quarter,
            "month" | "months" | "mon" | "mons" => Unit::Month,
            "week" | "weeks" | "w" | "weekofyear" => Unit::Week,
            "yearweek" => Unit::YearWeek,
            "day" | "days" | "d" | "dayofmonth" => Unit::Day,
            "dow" | "dayofweek" | "weekday" => Unit::Dow,
            "isodow" => Unit::IsoDow,
            "doy" | "dayofyear" => Unit::Doy,
            "julian" => Unit::Julian,
            "hour" | "hours" | "hr" | "hrs" | "h" => Unit::Hour,
            "minute" | "minutes" | "min" | "mins" | "m" => Unit::Minute,
            "second" | "seconds" | "sec" | "secs" | "s" => Unit::Second,
            "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => Unit::Millisecond,
            "microsecond" | "microseconds" | "us" | "usec" | "usecs" => Unit::Microsecond,
            "nanosecond" | "nanoseconds" | "ns" => Unit::Nanosecond,
            "epoch" => Unit::Epoch,
            "era" => Unit::Era,
            _ => {
                return Err(failure(
                    INVALID_ARGUMENT,
                    format!(
                        "unknown date part '{text}'; use year, quarter, month, week, day, dow, isodow, doy, hour, \
                         minute, second, millisecond, microsecond, epoch, isoyear, decade, century or millennium"
                    ),
                ));
            }
        })
    }

    /// Length in microseconds of the units that have one.
    fn micros(self) -> Option<i64> {
        match self {
            Unit::Day | Unit::Dow | Unit::IsoDow | Unit::Doy | Unit::Julian => Some(DAY),
            Unit::Hour => Some(3_600_000_000),
            Unit::Minute => Some(60_000_000),
            Unit::Second | Unit::Epoch => Some(1_000_000),
            Unit::Millisecond => Some(1_000),
            Unit::Microsecond | Unit::Nanosecond => Some(1),
            Unit::Millennium
            | Unit::Century
            | Unit::Decade
            | Unit::Year
            | Unit::IsoYear
            | Unit::Quarter
            | Unit::Month
            | Unit::Week
            | Unit::YearWeek
            | Unit::Era => None,
        }
    }

    /// Length in months of the units that have one.
    fn months(self) -> Option<i64> {
        match self {
            Unit::Millennium => Some(12_000),
            Unit::Century => Some(1_200),
            Unit::Decade => Some(120),
            Unit::Year | Unit::IsoYear => Some(12),
            Unit::Quarter => Some(3),
            Unit::Month => Some(1),
            _ => None,
        }
    }
}

pub const DAY: i64 = 86_400_000_000;

pub fn from_micros(micros: i64) -> Result<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros)
        .map(|t| t.naive_utc())
        .ok_or_else(|| {
            failure(
                NUMBER_OUT_OF_RANGE,
                format!("timestamp {micros} µs is out of range"),
            )
        })
}

pub fn to_micros(moment: NaiveDateTime) -> i64 {
    moment.and_utc().timestamp_micros()
}

pub fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN)
}

pub fn out_of_range() -> DataFusionError {
    failure(NUMBER_OUT_OF_RANGE, "date or timestamp is out of range")
}

/// EXTRACT(unit FROM moment); whole numbers, seconds without their fraction.
pub fn part(unit: Unit, t: NaiveDateTime) -> i64 {
    let year = i64::from(t.year());
    let seconds = i64::from(t.second());
    let nanos = i64::from(t.nanosecond());
    let iso = t.iso_week();
    match unit {
        Unit::Millennium => era_count(year, 1000),
        Unit::Century => era_count(year, 100),
        Unit::Decade => year.div_euclid(10),
        Unit::Year => year,
        Unit::IsoYear => i64::from(iso.year()),
        Unit::Quarter => i64::from(t.month0() / 3 + 1),
        Unit::Month => i64::from(t.month()),
        Unit::Week => i64::from(iso.week()),
        Unit::YearWeek => i64::from(iso.year()) * 100 + i64::from(iso.week()),
        Unit::Day => i64::from(t.day()),
        Unit::Dow => i64::from(t.weekday().num_days_from_sunday()),
        Unit::IsoDow => i64::from(t.weekday().number_from_monday()),
        Unit::Doy => i64::from(t.ordinal()),
        Unit::Julian => i64::from(t.date().num_days_from_ce()) + 1_721_425,
        Unit::Hour => i64::from(t.hour()),
        Unit::Minute => i64::from(t.minute()),
        Unit::Second => seconds,
        Unit::Millisecond => seconds * 1_000 + nanos / 1_000_000,
        Unit::Microsecond => seconds * 1_000_000 + nanos / 1_000,
        Unit::Nanosecond => seconds * 1_000_000_000 + nanos,
        Unit::Epoch => to_micros(t).div_euclid(1_000_000),
        Unit::Era => i64::from(year > 0),
    }
}

/// The first century is 1 to 100; there is no century 0.
fn era_count(year: i64, length: i64) -> i64 {
    if year > 0 {
        (year - 1) / length + 1
    } else {
        -((-year) / length + 1)
    }
}

/// DATE_TRUNC: the start of the unit that holds the moment.
pub fn truncate(unit: Unit, t: NaiveDateTime) -> Result<NaiveDateTime> {
    let year = t.year();
    let january = |y: i32| NaiveDate::from_ymd_opt(y, 1, 1).ok_or_else(out_of_range);
    let date = match unit {
        Unit::Millennium => january((year - 1).div_euclid(1000) * 1000 + 1)?,
        Unit::Century => january((year - 1).div_euclid(100) * 100 + 1)?,
        Unit::Decade => january(year.div_euclid(10) * 10)?,
        Unit::Year | Unit::Era => january(year)?,
        Unit::IsoYear => NaiveDate::from_isoywd_opt(t.iso_week().year(), 1, chrono::Weekday::Mon)
            .ok_or_else(out_of_range)?,
        Unit::Quarter => {
            NaiveDate::from_ymd_opt(year, t.month0() / 3 * 3 + 1, 1).ok_or_else(out_of_range)?
        }
        Unit::Month => NaiveDate::from_ymd_opt(year, t.month(), 1).ok_or_else(out_of_range)?,
        Unit::Week | Unit::YearWeek => {
            let back = Days::new(u64::from(t.weekday().num_days_from_monday()));
            t.date().checked_sub_days(back).ok_or_else(out_of_range)?
        }
        Unit::Day | Unit::Dow | Unit::IsoDow | Unit::Doy | Unit::Julian => t.date(),
        Unit::Hour
        | Unit::Minute
        | Unit::Second
        | Unit::Epoch
        | Unit::Millisecond
        | Unit::Microsecond
        | Unit::Nanosecond => {
            let length = unit.micros().unwrap_or(1);
            return from_micros(to_micros(t).div_euclid(length) * length);
        }
    };
    Ok(midnight(date))
}

/// DATE_DIFF: how many boundaries of the unit lie between the two moments; of weeks, how many times seven midnights.
pub fn boundaries(unit: Unit, from: NaiveDateTime, to: NaiveDateTime) -> Result<i64> {
    let month_index = |t: NaiveDateTime| i64::from(t.year()) * 12 + i64::from(t.month0());
    Ok(match unit {
        Unit::IsoYear => part(unit, to) - part(unit, from),
        // As DuckDB: seven days, whichever weekday they start on.
        Unit::Week | Unit::YearWeek => boundaries(Unit::Day, from, to)? / 7,
        Unit::Era => part(unit, to) - part(unit, from),
        _ => match (unit.months(), unit.micros()) {
            (Some(months), _) => {
                month_index(to).div_euclid(months) - month_index(from).div_euclid(months)
            }
            (_, Some(micros)) => {
                to_micros(to).div_euclid(micros) - to_micros(from).div_euclid(micros)
            }
            (None, None) => return Err(out_of_range()),
        },
    })
}

/// DATE_SUB and TIMESTAMPDIFF: how many whole units lie between the two moments.
pub fn whole(unit: Unit, from: NaiveDateTime, to: NaiveDateTime) -> Result<i64> {
    let micros = match unit {
        Unit::Week | Unit::YearWeek => Some(7 * DAY),
        other => other.micros(),
    };
    if let Some(micros) = micros {
        return Ok((to_micros(to) - to_micros(from)) / micros);
    }
    let months = unit.months().ok_or_else(out_of_range)?;
    if to < from {
        return Ok(-whole(unit, to, from)?);
    }
    let mut count = boundaries(Unit::Month, from, to)?;
    if count > 0 && plus_months(from, count)? > to {
        count -= 1;
    }
    Ok(count / months)
}

pub fn plus_months(t: NaiveDateTime, months: i64) -> Result<NaiveDateTime> {
    let distance = u32::try_from(months.unsigned_abs()).map_err(|_| out_of_range())?;
    let moved = if months < 0 {
        t.checked_sub_months(Months::new(distance))
    } else {
        t.checked_add_months(Months::new(distance))
    };
    moved.ok_or_else(out_of_range)
}

/// Months first, then days, then time, as SQL adds intervals.
pub fn plus(t: NaiveDateTime, months: i64, days: i64, nanos: i64) -> Result<NaiveDateTime> {
    plus_months(t, months)?
        .checked_add_signed(TimeDelta::days(days))
        .and_then(|t| t.checked_add_signed(TimeDelta::nanoseconds(nanos)))
        .ok_or_else(out_of_range)
}

/// AGE(to, from): (months, days, microseconds), all of one sign.
pub fn age(to: NaiveDateTime, from: NaiveDateTime) -> Result<(i64, i64, i64)> {
    if to < from {
        let (months, days, micros) = age(from, to)?;
        return Ok((-months, -days, -micros));
    }
    let months = whole(Unit::Month, from, to)?;
    let rest = to_micros(to) - to_micros(plus_months(from, months)?);
    Ok((months, rest / DAY, rest % DAY))
}

/// The start of the bucket of `months` or `micros` (one of them is 0) that holds the moment.
pub fn bucket(
    months: i64,
    micros: i64,
    t: NaiveDateTime,
    origin: Option<NaiveDateTime>,
) -> Result<NaiveDateTime> {
    if (months > 0) == (micros > 0) || months < 0 || micros < 0 {
        return Err(failure(
            INVALID_ARGUMENT,
            "the width of a bucket must be positive, and either months or a length of time",
        ));
    }
    let default = NaiveDate::from_ymd_opt(2000, 1, if months > 0 { 1 } else { 3 });
    let origin = origin.or(default.map(midnight)).ok_or_else(out_of_range)?;
    if micros > 0 {
        let start = to_micros(origin);
        let distance = to_micros(t).checked_sub(start).ok_or_else(out_of_range)?;
        return from_micros(start + distance.div_euclid(micros) * micros);
    }
    let mut index = boundaries(Unit::Month, origin, t)?;
    if plus_months(origin, index)? > t {
        index -= 1;
    }
    plus_months(origin, index.div_euclid(months) * months)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
    }

    #[test]
    fn parts_of_the_last_days_of_a_year() {
        let t = at("2024-12-30 23:59:58.250");
        let all: Vec<i64> = [
            Unit::Week,
            Unit::IsoYear,
            Unit::YearWeek,
            Unit::Dow,
            Unit::IsoDow,
            Unit::Doy,
        ]
        .map(|u| part(u, t))
        .to_vec();
        assert_eq!(all, [1, 2025, 202501, 1, 1, 365]);
        assert_eq!(part(Unit::Millisecond, t), 58_250);
        assert_eq!(part(Unit::Century, at("2000-12-31 00:00:00")), 20);
        assert_eq!(part(Unit::Julian, at("2000-01-01 00:00:00")), 2_451_545);
    }

    #[test]
    fn differences_count_boundaries_or_whole_units() {
        let (a, b) = (at("2024-01-31 12:00:00"), at("2024-03-01 11:00:00"));
        assert_eq!(boundaries(Unit::Month, a, b).unwrap(), 2);
        assert_eq!(whole(Unit::Month, a, b).unwrap(), 1);
        assert_eq!(whole(Unit::Month, b, a).unwrap(), -1);
        assert_eq!(boundaries(Unit::Day, a, b).unwrap(), 30);
        assert_eq!(whole(Unit::Day, a, b).unwrap(), 29);
    }

    #[test]
    fn buckets_before_the_origin() {
        assert_eq!(
            bucket(0, 7 * DAY, at("1999-12-31 10:00:00"), None).unwrap(),
            at("1999-12-27 00:00:00")
        );
        assert_eq!(
            bucket(2, 0, at("1999-12-31 10:00:00"), None).unwrap(),
            at("1999-11-01 00:00:00")
        );
        assert!(bucket(0, 0, at("1999-12-31 10:00:00"), None).is_err());
    }
}
