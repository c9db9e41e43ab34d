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
        "concat_operator" => make("concat", &[P::Text], returns_text, concat),
        "repeat" => make("repeat", &[P::Text, P::Integer], returns_text, repeat),
        "lpad" => make("lpad", PAD, returns_text, |a| pad("LPAD", a, true)),
        "rpad" => make("rpad", PAD, returns_text, |a| pad("RPAD", a, false)),
        "replace" => make(
            "replace",
            &[P::Text, P::Text, P::Text],
            returns_text,
            replace,
        ),
        _ => return None,
    })
}

const PAD: &[P] = &[P::Text, P::Integer, P::Text];

/// The longest text a function makes, in bytes: one value must fit into a message to a client.
const LONGEST: usize = 16 << 20;
/// The texts of one batch together, in bytes: they are made before the memory budget hears of them.
const LONGEST_BATCH: usize = 1 << 30;

/// Checks each value of a column before it is made.
struct Bounds {
    function: &'static str,
    total: usize,
}

impl Bounds {
    fn of(function: &'static str) -> Self {
        Self { function, total: 0 }
    }

    fn check(&mut self, bytes: usize) -> Result<()> {
        self.total = self.total.saturating_add(bytes);
        let (what, most) = match bytes > LONGEST {
            true => ("a text", LONGEST),
            false => ("the texts of one batch", LONGEST_BATCH),
        };
        if bytes <= LONGEST && self.total <= LONGEST_BATCH {
            return Ok(());
        }
        let found = bytes.max(self.total);
        let message = format!(
            "{} would make {what} of {found} bytes; at most {most} are allowed",
            self.function
        );
        Err(failure(INVALID_ARGUMENT, message))
    }
}

/// `a || b || …`: NULL when one of them is.
fn concat(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut bounds = Bounds::of("||");
    to_text(args[0].len(), |row| {
        let parts: Option<Vec<&str>> = args.iter().map(|a| text_at(a, row)).collect();
        let Some(parts) = parts else { return Ok(None) };
        bounds.check(parts.iter().map(|part| part.len()).sum())?;
        Ok(Some(parts.concat()))
    })
}

fn repeat(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut bounds = Bounds::of("REPEAT");
    to_text(args[0].len(), |row| {
        let (Some(text), Some(count)) = (text_at(&args[0], row), integer_at(&args[1], row)) else {
            return Ok(None);
        };
        let count = usize::try_from(count).unwrap_or(0);
        bounds.check(text.len().saturating_mul(count))?;
        Ok(Some(text.repeat(count)))
    })
}

/// (text, length[, fill]): exactly `length` characters; longer texts lose their end.
fn pad(function: &'static str, args: &[ArrayRef], left: bool) -> Result<ArrayRef> {
    let mut bounds = Bounds::of(function);
    to_text(args[0].len(), |row| {
        let fill = match args.get(2) {
            None => Some(" "),
            Some(fill) => text_at(fill, row),
        };
        let (Some(text), Some(length), Some(fill)) =
            (text_at(&args[0], row), integer_at(&args[1], row), fill)
        else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(0);
        let present = text.chars().count();
        if present >= length || fill.is_empty() {
            return Ok(Some(text.chars().take(length).collect::<String>()));
        }
        let widest = fill.chars().map(char::len_utf8).max().unwrap_or(1);
        bounds.check(
            text.len()
                .saturating_add((length - present).saturating_mul(widest)),
        )?;
        let padding: String = fill.chars().cycle().take(length - present).collect();
        Ok(Some(match left {
            true => padding + text,
            false => text.to_owned() + &padding,
        }))
    })
}

/// (text, from, to): an empty `from` changes nothing.
fn replace(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut bounds = Bounds::of("REPLACE");
    to_text(args[0].len(), |row| {
        let (Some(text), Some(from), Some(to)) = (
            text_at(&args[0], row),
            text_at(&args[1], row),
            text_at(&args[2], row),
        ) else {
            return Ok(None);
        };
        if from.is_empty() {
            return Ok(Some(text.to_owned()));
        }
        if to.len() > from.len() {
            let grown = text
                .matches(from)
                .count()
                .saturating_mul(to.len() - from.len());
            bounds.check(text.len().saturating_add(grown))?;
        }
        Ok(Some(text.replace(from, to)))
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
