//! Moments as text: STRFTIME with C's specifiers, TO_CHAR with PostgreSQL's patterns.

use super::calendar::{Unit, from_micros, part};
use super::elementwise::{Parameter as P, function as make, returns_text, text_at, to_text};
use crate::errors::{INVALID_ARGUMENT, failure};
use chrono::NaiveDateTime;
use chrono::format::{Item, StrftimeItems};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "strftime" => make("strftime", &PARAMETERS, returns_text, |a| {
            formatted(a, strftime)
        }),
        "to_char" => make("to_char", &PARAMETERS, returns_text, |a| {
            formatted(a, to_char)
        }),
        _ => return None,
    })
}

const PARAMETERS: [P; 2] = [P::Timestamp, P::Text];

fn formatted(
    args: &[ArrayRef],
    write: fn(NaiveDateTime, &str) -> Result<String>,
) -> Result<ArrayRef> {
    let moments = args[0].as_primitive::<TimestampMicrosecondType>();
    to_text(args[0].len(), |row| {
        match (moments.is_valid(row), text_at(&args[1], row)) {
            (true, Some(pattern)) => write(from_micros(moments.value(row))?, pattern).map(Some),
            _ => Ok(None),
        }
    })
}

/// Parses C's specifiers; `%f` is six digits, as in DuckDB and Python.
pub fn specifiers(pattern: &str) -> Result<Vec<Item<'_>>> {
    let items: Vec<Item> = StrftimeItems::new(pattern).collect();
    if items.iter().any(|item| matches!(item, Item::Error)) {
        return Err(failure(
            INVALID_ARGUMENT,
            format!("unknown specifier in the date format '{pattern}'"),
        ));
    }
    Ok(items)
}

fn strftime(t: NaiveDateTime, pattern: &str) -> Result<String> {
    let six = pattern.replace("%f", "%6f").replace("%%6f", "%%f");
    let items = specifiers(&six)?;
    let zoned = t.and_utc();
    let mut text = String::new();
    std::fmt::Write::write_fmt(
        &mut text,
        format_args!("{}", zoned.format_with_items(items.iter())),
    )
    .map_err(|_| {
        failure(
            INVALID_ARGUMENT,
            format!("cannot format a date as '{pattern}'"),
        )
    })?;
    Ok(text)
}

/// PostgreSQL's patterns, the longest first.
const PATTERNS: [&str; 44] = [
    "HH24", "HH12", "YYYY", "IYYY", "MONTH", "Month", "month", "A.M.", "P.M.", "a.m.", "p.m.",
    "SSSSS", "SSSS", "DDD", "DAY", "Day", "day", "MON", "Mon", "mon", "YYY", "IDDD", "HH", "MI",
    "SS", "MS", "US", "AM", "PM", "am", "pm", "YY", "MM", "DD", "ID", "DY", "Dy", "dy", "WW", "IW",
    "CC", "Q", "D", "J",
];

/// One piece of a pattern: what it stands for, or text as it is.
pub enum Piece<'a> {
    /// A pattern and whether `FM` (no padding) stood before it.
    Field(&'static str, bool),
    Literal(&'a str),
}

/// Cuts a PostgreSQL pattern; text in double quotes is literal, `TH` and `th` suffixes are not read.
pub fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let end = rest[1..].find('"').map_or(rest.len(), |i| i + 1);
            pieces.push(Piece::Literal(&rest[1..end]));
            rest = &rest[(end + 1).min(rest.len())..];
            continue;
        }
        let (fill, after) = match rest.strip_prefix("FM") {
            Some(after) => (true, after),
            None => (false, rest),
        };
        let known = PATTERNS
            .iter()
            .filter(|p| after.get(..p.len()).is_some_and(|s| matches(s, p)))
            .max_by_key(|p| p.len());
        match known {
            Some(known) => {
                pieces.push(Piece::Field(known, fill));
                rest = &after[known.len()..];
            }
            None => {
                let length = first.len_utf8();
                pieces.push(Piece::Literal(&rest[..length]));
                rest = &rest[length..];
            }
        }
    }
    pieces
}

/// Case tells apart only where it changes the output: month and day names, AM and am.
fn matches(text: &str, pattern: &str) -> bool {
    let cased = matches!(
        pattern.to_ascii_lowercase().as_str(),
        "month" | "mon" | "day" | "dy" | "am" | "pm" | "a.m." | "p.m."
    );
    if cased {
        text == pattern
    } else {
        text.eq_ignore_ascii_case(pattern)
    }
}

fn to_char(t: NaiveDateTime, pattern: &str) -> Result<String> {
    let mut text = String::new();
    for piece in pieces(pattern) {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Field(field, fill) => text.push_str(&field_text(t, field, fill)),
        }
    }
    Ok(text)
}

fn field_text(t: NaiveDateTime, field: &str, fill: bool) -> String {
    let number = |unit: Unit, width: usize| {
        let value = part(unit, t);
        if fill {
            value.to_string()
        } else {
            format!("{value:0width$}")
        }
    };
    let name = |specifier: &str, width: usize| {
        let name = t.format(specifier).to_string();
        if fill {
            name
        } else {
            format!("{name:<width$}")
        }
    };
    let padded = |value: i64, width: usize| {
        if fill {
            value.to_string()
        } else {
            format!("{value:0width$}")
        }
    };
    let hour = part(Unit::Hour, t);
    let half = if hour < 12 { "AM" } else { "PM" };
    match field {
        "YYYY" => number(Unit::Year, 4),
        "YYY" => padded(part(Unit::Year, t) % 1000, 3),
        "YY" => padded(part(Unit::Year, t) % 100, 2),
        "IYYY" => number(Unit::IsoYear, 4),
        "CC" => number(Unit::Century, 2),
        "Q" => number(Unit::Quarter, 1),
        "MM" => number(Unit::Month, 2),
        "MONTH" => name("%B", 9).to_uppercase(),
        "Month" => name("%B", 9),
        "month" => name("%B", 9).to_lowercase(),
        "MON" => name("%b", 3).to_uppercase(),
        "Mon" => name("%b", 3),
        "mon" => name("%b", 3).to_lowercase(),
        "DAY" => name("%A", 9).to_uppercase(),
        "Day" => name("%A", 9),
        "day" => name("%A", 9).to_lowercase(),
        "DY" => name("%a", 3).to_uppercase(),
        "Dy" => name("%a", 3),
        "dy" => name("%a", 3).to_lowercase(),
        "DDD" => number(Unit::Doy, 3),
        "IDDD" => {
            let week = part(Unit::Week, t) - 1;
            padded(week * 7 + part(Unit::IsoDow, t), 3)
        }
        "DD" => number(Unit::Day, 2),
        "D" => (part(Unit::Dow, t) + 1).to_string(),
        "ID" => number(Unit::IsoDow, 1),
        "IW" => number(Unit::Week, 2),
        "WW" => padded((part(Unit::Doy, t) - 1) / 7 + 1, 2),
        "J" => number(Unit::Julian, 1),
        "HH24" => number(Unit::Hour, 2),
        "HH12" | "HH" => padded((hour + 11) % 12 + 1, 2),
        "MI" => number(Unit::Minute, 2),
        "SS" => number(Unit::Second, 2),
        "MS" => padded(part(Unit::Millisecond, t) % 1000, 3),
        "US" => padded(part(Unit::Microsecond, t) % 1_000_000, 6),
        "SSSS" | "SSSSS" => padded(
            hour * 3600 + part(Unit::Minute, t) * 60 + part(Unit::Second, t),
            1,
        ),
        "AM" | "PM" => half.to_owned(),
        "am" | "pm" => half.to_lowercase(),
        "A.M." | "P.M." => format!("{}.M.", &half[..1]),
        "a.m." | "p.m." => format!("{}.m.", half[..1].to_lowercase()),
        _ => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{strftime, to_char};
    use chrono::NaiveDateTime;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
    }

    #[test]
    fn postgres_patterns() {
        let t = at("2024-03-05 15:04:09.123456");
        let cases = [
            ("YYYY-MM-DD HH24:MI:SS.US", "2024-03-05 15:04:09.123456"),
            (
                "FMDay, FMDD FMMonth YYYY HH12:MI AM",
                "Tuesday, 5 March 2024 03:04 PM",
            ),
            ("\"week\" IW \"of\" IYYY Q", "week 10 of 2024 1"),
            ("Mon DDD D ID MS", "Mar 065 3 2 123"),
            ("yyyy/mm/dd pm", "2024/03/05 pm"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(to_char(t, pattern).unwrap(), expected, "{pattern}");
        }
    }

    #[test]
    fn c_specifiers() {
        let t = at("2024-03-05 15:04:09.5");
        assert_eq!(
            strftime(t, "%d.%m.%Y %H:%M:%S.%f %a %%f").unwrap(),
            "05.03.2024 15:04:09.500000 Tue %f"
        );
        assert!(strftime(t, "%Q").is_err());
    }
}
