//! Text as moments: STRPTIME with C's specifiers, TO_DATE and TO_TIMESTAMP with PostgreSQL's patterns.

use super::calendar::{DAY, midnight, to_micros};
use super::elementwise::{Parameter as P, function as make, returns_timestamp, text_at};
use super::format::{Piece, pieces, specifiers};
use crate::errors::{INVALID_ARGUMENT, failure};
use chrono::format::{Parsed, parse};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use datafusion::arrow::array::{Array, ArrayRef, Date32Array, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "strptime" => make("strptime", &PARAMETERS, returns_timestamp, |a| {
            moments(a, |text, pattern| strptime(text, pattern).map(Some))
        }),
        "try_strptime" => make("try_strptime", &PARAMETERS, returns_timestamp, |a| {
            moments(a, |text, pattern| {
                specifiers(pattern)?;
                Ok(strptime(text, pattern).ok())
            })
        }),
        "to_timestamp_text" => make("to_timestamp_text", &PARAMETERS, returns_timestamp, |a| {
            moments(a, |text, pattern| by_pattern(text, pattern).map(Some))
        }),
        "to_date" => make("to_date", &PARAMETERS, |_| DataType::Date32, to_date),
        _ => return None,
    })
}

const PARAMETERS: [P; 2] = [P::Text, P::Text];

fn moments(
    args: &[ArrayRef],
    read: fn(&str, &str) -> Result<Option<NaiveDateTime>>,
) -> Result<ArrayRef> {
    let values = (0..args[0].len())
        .map(
            |row| match (text_at(&args[0], row), text_at(&args[1], row)) {
                (Some(text), Some(pattern)) => Ok(read(text, pattern)?.map(to_micros)),
                _ => Ok(None),
            },
        )
        .collect::<Result<TimestampMicrosecondArray>>()?;
    Ok(Arc::new(values))
}

fn to_date(args: &[ArrayRef]) -> Result<ArrayRef> {
    let values = (0..args[0].len())
        .map(
            |row| match (text_at(&args[0], row), text_at(&args[1], row)) {
                (Some(text), Some(pattern)) => {
                    let micros = to_micros(by_pattern(text, pattern)?);
                    Ok(Some(micros.div_euclid(DAY) as i32))
                }
                _ => Ok(None),
            },
        )
        .collect::<Result<Date32Array>>()?;
    Ok(Arc::new(values))
}

fn mismatch(text: &str, pattern: &str) -> DataFusionError {
    failure(
        INVALID_ARGUMENT,
        format!("'{text}' does not match the date format '{pattern}'"),
    )
}

/// Missing parts are 1900-01-01 00:00:00; an offset (`%z`) is taken off.
fn strptime(text: &str, pattern: &str) -> Result<NaiveDateTime> {
    let fractional = pattern.replace(".%f", "%.f");
    let items = specifiers(&fractional)?;
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).map_err(|_| mismatch(text, pattern))?;
    let date = match parsed.to_naive_date() {
        Ok(date) => date,
        Err(_) => {
            parsed.set_month(1).ok();
            parsed.set_day(1).ok();
            if parsed.year().is_none() {
                parsed.set_year(1900).ok();
            }
            parsed
                .to_naive_date()
                .map_err(|_| mismatch(text, pattern))?
        }
    };
    let timed = parsed.hour_div_12().is_some() || parsed.hour_mod_12().is_some();
    let time = if timed {
        if parsed.minute().is_none() {
            parsed.set_minute(0).ok();
        }
        if parsed.hour_div_12().is_none() {
            parsed.set_ampm(false).ok();
        }
        parsed
            .to_naive_time()
            .map_err(|_| mismatch(text, pattern))?
    } else {
        NaiveTime::MIN
    };
    let local = date.and_time(time);
    let offset = i64::from(parsed.offset().unwrap_or(0));
    local
        .checked_sub_signed(chrono::TimeDelta::seconds(offset))
        .ok_or_else(|| mismatch(text, pattern))
}

/// What a PostgreSQL pattern read so far.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    afternoon: Option<bool>,
}

fn by_pattern(text: &str, pattern: &str) -> Result<NaiveDateTime> {
    let mut fields = Fields::default();
    let mut rest = text;
    for piece in pieces(pattern) {
        rest = match piece {
            Piece::Literal(literal) => skip(rest, literal),
            Piece::Field(field, _) => fields
                .read(field, rest.trim_start())
                .ok_or_else(|| mismatch(text, pattern))?,
        };
    }
    fields.moment().ok_or_else(|| mismatch(text, pattern))
}

/// A literal skips as many characters of the text, whatever they are, but never a digit.
fn skip<'a>(text: &'a str, literal: &str) -> &'a str {
    let mut rest = text;
    for _ in literal.chars() {
        match rest.chars().next() {
            Some(c) if !c.is_ascii_digit() => rest = &rest[c.len_utf8()..],
            _ => break,
        }
    }
    rest
}

/// Reads up to `width` digits.
fn digits(text: &str, width: usize) -> Option<(i64, &str)> {
    let length = text
        .bytes()
        .take(width)
        .take_while(u8::is_ascii_digit)
        .count();
    let value = text.get(..length).filter(|d| !d.is_empty())?.parse().ok()?;
    Some((value, &text[length..]))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Fields {
    /// The text after the field; None where it is not there.
    fn read<'a>(&mut self, field: &str, text: &'a str) -> Option<&'a str> {
        let number = |width| digits(text, width);
        let (value, rest) = match field.to_ascii_uppercase().as_str() {
            "MONTH" | "MON" => return self.month_name(text),
            "DAY" | "DY" => return Some(text.trim_start_matches(char::is_alphabetic)),
            "AM" | "PM" => return self.half(text, 2),
            "A.M." | "P.M." => return self.half(text, 4),
            "US" => return self.fraction(text, 6),
            "MS" => return self.fraction(text, 3),
            "YYYY" => number(4)?,
            "DDD" => number(3)?,
            _ => number(2)?,
        };
        match field.to_ascii_uppercase().as_str() {
            "YYYY" => self.year = Some(value),
            "YY" => self.year = Some(value + if value < 70 { 2000 } else { 1900 }),
            "MM" => self.month = Some(value),
            "DD" => self.day = Some(value),
            "DDD" => self.day_of_year = Some(value),
            "HH24" | "HH12" | "HH" => self.hour = value,
            "MI" => self.minute = value,
            "SS" => self.second = value,
            _ => return None,
        }
        Some(rest)
    }

    fn month_name<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let length = text
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(text.len());
        let word = text[..length].to_lowercase();
        let place = MONTHS
            .iter()
            .position(|m| word.len() >= 3 && (*m == word || m[..3] == word))?;
        self.month = Some(place as i64 + 1);
        Some(&text[length..])
    }

    fn half<'a>(&mut self, text: &'a str, width: usize) -> Option<&'a str> {
        self.afternoon = match text.chars().next()? {
            'a' | 'A' => Some(false),
            'p' | 'P' => Some(true),
            _ => return None,
        };
        text.get(width..)
    }

    fn fraction<'a>(&mut self, text: &'a str, width: usize) -> Option<&'a str> {
        let (value, rest) = digits(text, width)?;
        let read = text.len() - rest.len();
        self.micros = value * 10i64.pow((6 - read) as u32);
        Some(rest)
    }

    fn moment(&self) -> Option<NaiveDateTime> {
        let year = i32::try_from(self.year.unwrap_or(1)).ok()?;
        let date = match self.day_of_year {
            Some(day) => NaiveDate::from_yo_opt(year, day.try_into().ok()?)?,
            None => NaiveDate::from_ymd_opt(
                year,
                self.month.unwrap_or(1).try_into().ok()?,
                self.day.unwrap_or(1).try_into().ok()?,
            )?,
        };
        let hour = match self.afternoon {
            None => self.hour,
            Some(_) if !(1..=12).contains(&self.hour) => return None,
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
        };
        let in_range = (0..24).contains(&hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second);
        let micros = ((hour * 60 + self.minute) * 60 + self.second) * 1_000_000 + self.micros;
        in_range.then(|| midnight(date) + chrono::TimeDelta::microseconds(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::{by_pattern, strptime};

    #[test]
    fn c_specifiers() {
        let read = |t, p| strptime(t, p).unwrap().to_string();
        assert_eq!(
            read("5.3.2024 15:04", "%d.%m.%Y %H:%M"),
            "2024-03-05 15:04:00"
        );
        assert_eq!(read("2024-03-05", "%Y-%m-%d"), "2024-03-05 00:00:00");
        assert_eq!(read("2024", "%Y"), "2024-01-01 00:00:00");
        assert_eq!(
            read("2024-03-05T01:00:00.25+0100", "%Y-%m-%dT%H:%M:%S.%f%z"),
            "2024-03-05 00:00:00.250"
        );
        assert!(strptime("x", "%Y").is_err());
    }

    #[test]
    fn postgres_patterns() {
        let read = |t, p| by_pattern(t, p).unwrap().to_string();
        assert_eq!(read("05 Dec 2000", "DD Mon YYYY"), "2000-12-05 00:00:00");
        assert_eq!(
            read("2024-03-05 03:04:05.5 PM", "YYYY-MM-DD HH12:MI:SS.MS AM"),
            "2024-03-05 15:04:05.500"
        );
        assert_eq!(read("20240305", "YYYYMMDD"), "2024-03-05 00:00:00");
        assert!(by_pattern("2024-13-01", "YYYY-MM-DD").is_err());
    }
}
