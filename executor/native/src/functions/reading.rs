//! Texts as CAST reads them, brought to the form in which Arrow's kernels do. Not in the registry: only casts use it.

use crate::errors::{INVALID_CAST, failure};
use datafusion::arrow::array::StringArray;
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use std::borrow::Cow;

/// The texts for Arrow's cast to the type. `optional` gives NULL for what is none of its values, where Arrow would see one.
pub fn for_arrow(texts: &StringArray, to: &DataType, optional: bool) -> Result<StringArray> {
    if texts.iter().flatten().all(|text| is_plain(text, to)) {
        return Ok(texts.clone());
    }
    let read = texts.iter().map(|text| match text {
        None => Ok(None),
        Some(text) => match plain(text.trim(), to) {
            None if !optional => Err(failure(
                INVALID_CAST,
                format!("Cannot cast string '{text}' to value of TIME type; write HH:MM:SS"),
            )),
            read => Ok(read),
        },
    });
    read.collect()
}

fn is_plain(text: &str, to: &DataType) -> bool {
    let bytes = text.as_bytes();
    let is_number = |b: &u8| b.is_ascii_digit() || *b == b'.';
    match to {
        DataType::Timestamp(..) => {
            bytes.len() == 10
                || bytes.len() >= 19
                    && bytes[13] == b':'
                    && bytes[16] == b':'
                    && bytes[17..].iter().all(is_number)
        }
        DataType::Time64(_) => {
            bytes.len() >= 8
                && bytes[2] == b':'
                && bytes[5] == b':'
                && bytes[6..].iter().all(is_number)
        }
        DataType::Date32 => text.trim().len() == text.len() && !text.contains('/'),
        _ => text.trim().len() == text.len(),
    }
}

fn plain<'a>(text: &'a str, to: &DataType) -> Option<Cow<'a, str>> {
    Some(match to {
        DataType::Timestamp(_, zone) => moment(text, zone.is_some()).into(),
        DataType::Time64(_) => time(text)?.into(),
        DataType::Date32 => text.replace('/', "-").into(),
        _ => text.into(),
    })
}

/// Without a zone in the type, that of the text means nothing.
fn moment(text: &str, zoned: bool) -> String {
    let (date, rest) = text.split_once([' ', 'T', 't']).unwrap_or((text, ""));
    let date: Vec<String> = date.split(['-', '/']).map(two_digits).collect();
    let date = date.join("-");
    let (clock, zone) = clock(rest.trim_start());
    match zone {
        _ if clock.is_empty() && zone.is_empty() => date,
        "" => format!("{date} {clock}"),
        zone if !zoned && is_zone(zone) => format!("{date} {clock}"),
        zone => format!("{date} {clock}{zone}"),
    }
}

/// The time of a moment, too.
fn time(text: &str) -> Option<String> {
    let colon = text.find(':')?;
    let start = match text[..colon].contains('-') {
        true => text.find([' ', 'T', 't'])? + 1,
        false => 0,
    };
    let (clock, rest) = clock(text[start..].trim_start());
    Some(match rest {
        half if half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm") => {
            format!("{clock} {half}")
        }
        zone if is_zone(zone) => clock,
        rest => format!("{clock}{rest}"),
    })
}

/// `8:30` as `08:30:00`, and what stands behind it.
fn clock(text: &str) -> (String, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
        .unwrap_or(text.len());
    let mut parts: Vec<String> = text[..end].split(':').map(two_digits).collect();
    if parts.len() == 2 {
        parts.push("00".to_owned());
    }
    (parts.join(":"), text[end..].trim())
}

/// Before a point.
fn two_digits(number: &str) -> String {
    match number.find('.').unwrap_or(number.len()) {
        1 => format!("0{number}"),
        _ => number.to_owned(),
    }
}

fn is_zone(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("z") || text.parse::<Tz>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{moment, time};

    #[test]
    fn short_forms_become_long_ones() {
        assert_eq!(moment("2025-1-2 8:30", false), "2025-01-02 08:30:00");
        assert_eq!(moment("2025-01-02T8:3:4.5", false), "2025-01-02 08:03:04.5");
        assert_eq!(moment("2025-01-02", true), "2025-01-02");
        assert_eq!(time("8:30").unwrap(), "08:30:00");
        assert_eq!(time("8:30 PM").unwrap(), "08:30:00 PM");
        assert_eq!(time("2025-01-02 08:30:01.5").unwrap(), "08:30:01.5");
        assert_eq!(time("11"), None);
    }

    #[test]
    fn zones_stay_where_they_mean_something() {
        assert_eq!(
            moment("2025-01-02 08:30+02", true),
            "2025-01-02 08:30:00+02"
        );
        assert_eq!(moment("2025-01-02 08:30+02", false), "2025-01-02 08:30:00");
        assert_eq!(moment("2025-01-02 08:30 Z", false), "2025-01-02 08:30:00");
        assert_eq!(moment("2025-01-02 08:30 x", false), "2025-01-02 08:30:00x");
        assert_eq!(time("08:30:00-05:00").unwrap(), "08:30:00");
    }
}
