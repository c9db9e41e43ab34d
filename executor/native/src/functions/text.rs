//! Text functions that DataFusion lacks.

use super::elementwise::{
    Parameter as P, function as make, integer_at, returns_integer, returns_text, text_at,
    to_integers, to_text,
};
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "position" => make(
            "position",
            &[P::Text, P::Text, P::Integer],
            returns_integer,
            position,
        ),
        "quote_ident" => make("quote_ident", &[P::Text], returns_text, quote_ident),
        "quote_literal" => make("quote_literal", &[P::Text], returns_text, quote_literal),
        "hamming" => make("hamming", &[P::Text, P::Text], returns_integer, hamming),
        "to_bin" => make("to_bin", &[P::Integer], returns_text, |a| {
            based(a, |v| format!("{v:b}"))
        }),
        "to_oct" => make("to_oct", &[P::Integer], returns_text, |a| {
            based(a, |v| format!("{v:o}"))
        }),
        _ => return None,
    })
}

/// (needle, text[, from]): the 1-based place of the first match at or after `from`, else 0.
fn position(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_integers(args[0].len(), |row| {
        let (Some(needle), Some(text)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        let from = match args.get(2).map(|a| integer_at(a, row)) {
            None => 1,
            Some(None) => return Ok(None),
            Some(Some(from)) => from.max(1),
        };
        let skipped = (from - 1) as usize;
        let Some(start) = text
            .char_indices()
            .map(|(i, _)| i)
            .chain([text.len()])
            .nth(skipped)
        else {
            return Ok(Some(0));
        };
        Ok(Some(match text[start..].find(needle) {
            None => 0,
            Some(at) => from + text[start..start + at].chars().count() as i64,
        }))
    })
}

/// As PostgreSQL: quoted only where it must be; keywords are not looked up.
fn quote_ident(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_text(args[0].len(), |row| {
        Ok(text_at(&args[0], row).map(|name| {
            let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if plain {
                name.to_owned()
            } else {
                format!("\"{}\"", name.replace('"', "\"\""))
            }
        }))
    })
}

fn quote_literal(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_text(args[0].len(), |row| {
        Ok(text_at(&args[0], row).map(|value| format!("'{}'", value.replace('\'', "''"))))
    })
}

/// The number of places at which two texts of equal length differ.
fn hamming(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_integers(args[0].len(), |row| {
        let (Some(a), Some(b)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        if a.chars().count() != b.chars().count() {
            return Err(failure(
                INVALID_ARGUMENT,
                format!("HAMMING needs texts of equal length, not '{a}' and '{b}'"),
            ));
        }
        Ok(Some(
            a.chars().zip(b.chars()).filter(|(x, y)| x != y).count() as i64,
        ))
    })
}

fn based(args: &[ArrayRef], write: fn(i64) -> String) -> Result<ArrayRef> {
    to_text(
        args[0].len(),
        |row| Ok(integer_at(&args[0], row).map(write)),
    )
}
