//! Regular expressions beyond DataFusion's: extracting, splitting, matching the whole text. The flavour is Rust's `regex`.

use super::elementwise::{
    Parameter as P, function as make, integer_at, returns_boolean, returns_text, text_at,
    to_booleans, to_text,
};
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use regex::{Regex, RegexBuilder};
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "regexp_extract" => make(
            "regexp_extract",
            &[P::Text, P::Text, P::Integer, P::Text],
            returns_text,
            extract,
        ),
        "regexp_substr" => make("regexp_substr", &[P::Text, P::Text], returns_text, substr),
        "regexp_extract_all" => make(
            "regexp_extract_all",
            &[P::Text, P::Text, P::Integer],
            returns_texts,
            extract_all,
        ),
        "regexp_split_to_array" => make(
            "regexp_split_to_array",
            &[P::Text, P::Text],
            returns_texts,
            split,
        ),
        "regexp_matches" => make(
            "regexp_matches",
            &[P::Text, P::Text, P::Text],
            returns_boolean,
            matches,
        ),
        "regexp_full_match" => make(
            "regexp_full_match",
            &[P::Text, P::Text, P::Text],
            returns_boolean,
            full_match,
        ),
        _ => return None,
    })
}

fn returns_texts(_: &[DataType]) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// The last pattern compiled: a pattern is nearly always the same in every row.
#[derive(Default)]
struct Patterns {
    last: Option<(String, String, Regex)>,
}

impl Patterns {
    fn compile(&mut self, pattern: &str, flags: &str) -> Result<&Regex> {
        let hit = matches!(&self.last, Some((p, f, _)) if p == pattern && f == flags);
        if !hit {
            let regex = compile(pattern, flags)?;
            self.last = Some((pattern.to_owned(), flags.to_owned(), regex));
        }
        match &self.last {
            Some((_, _, regex)) => Ok(regex),
            None => Err(failure(INVALID_ARGUMENT, "no pattern")),
        }
    }
}

/// Flags: `i` case-insensitive, `c` case-sensitive, `s` dot matches line breaks, `m` line anchors, `g` ignored here.
fn compile(pattern: &str, flags: &str) -> Result<Regex> {
    let mut builder = RegexBuilder::new(pattern);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'c' => builder.case_insensitive(false),
            's' => builder.dot_matches_new_line(true),
            'm' | 'n' => builder.multi_line(true),
            'x' => builder.ignore_whitespace(true),
            'g' => &mut builder,
            _ => {
                return Err(failure(
                    INVALID_ARGUMENT,
                    format!(
                        "unknown regular expression flag '{flag}' in '{flags}'; use c, i, m, s, x"
                    ),
                ));
            }
        };
    }
    builder.build().map_err(|e| {
        let reason = e.to_string();
        let last = reason
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        failure(
            INVALID_ARGUMENT,
            format!("invalid regular expression '{pattern}': {last}"),
        )
    })
}

fn group_of(args: &[ArrayRef], row: usize) -> Result<Option<usize>> {
    match args.get(2).map(|a| integer_at(a, row)) {
        None => Ok(Some(0)),
        Some(None) => Ok(None),
        Some(Some(group)) => match usize::try_from(group) {
            Ok(group) => Ok(Some(group)),
            Err(_) => Err(failure(
                INVALID_ARGUMENT,
                format!("group {group} of a regular expression; groups count from 0"),
            )),
        },
    }
}

fn known_group(regex: &Regex, group: usize) -> Result<usize> {
    if group < regex.captures_len() {
        return Ok(group);
    }
    Err(failure(
        INVALID_ARGUMENT,
        format!(
            "regular expression '{}' has {} groups, not {group}",
            regex.as_str(),
            regex.captures_len() - 1
        ),
    ))
}

/// The group of the first match; empty text where nothing matches, as DuckDB.
fn extract(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut patterns = Patterns::default();
    to_text(args[0].len(), |row| {
        let (Some(text), Some(pattern), Some(group)) = (
            text_at(&args[0], row),
            text_at(&args[1], row),
            group_of(args, row)?,
        ) else {
            return Ok(None);
        };
        let flags = args
            .get(3)
            .map_or(Some(""), |a| text_at(a, row))
            .unwrap_or("");
        let regex = patterns.compile(pattern, flags)?;
        let group = known_group(regex, group)?;
        let found = regex
            .captures(text)
            .and_then(|c| c.get(group))
            .map_or("", |m| m.as_str());
        Ok(Some(found.to_owned()))
    })
}

/// The first match, NULL where nothing matches, as PostgreSQL.
fn substr(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut patterns = Patterns::default();
    to_text(args[0].len(), |row| {
        let (Some(text), Some(pattern)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        Ok(patterns
            .compile(pattern, "")?
            .find(text)
            .map(|m| m.as_str().to_owned()))
    })
}

fn extract_all(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut patterns = Patterns::default();
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..args[0].len() {
        let (Some(text), Some(pattern), Some(group)) = (
            text_at(&args[0], row),
            text_at(&args[1], row),
            group_of(args, row)?,
        ) else {
            lists.append_null();
            continue;
        };
        let regex = patterns.compile(pattern, "")?;
        let group = known_group(regex, group)?;
        for captures in regex.captures_iter(text) {
            lists
                .values()
                .append_value(captures.get(group).map_or("", |m| m.as_str()));
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn split(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut patterns = Patterns::default();
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..args[0].len() {
        let (Some(text), Some(pattern)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            lists.append_null();
            continue;
        };
        // An empty match splits only within the text, as in PostgreSQL.
        let mut start = 0;
        for found in patterns.compile(pattern, "")?.find_iter(text) {
            if found.start() < text.len() && found.end() > start {
                lists.values().append_value(&text[start..found.start()]);
                start = found.end();
            }
        }
        lists.values().append_value(&text[start..]);
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn matches(args: &[ArrayRef]) -> Result<ArrayRef> {
    test(args, |regex, text| regex.is_match(text))
}

fn full_match(args: &[ArrayRef]) -> Result<ArrayRef> {
    let mut patterns = Patterns::default();
    to_booleans(args[0].len(), |row| {
        let (Some(text), Some(pattern)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        let Some(flags) = args.get(2).map_or(Some(""), |a| text_at(a, row)) else {
            return Ok(None);
        };
        let whole = format!("^(?:{pattern})$");
        Ok(Some(patterns.compile(&whole, flags)?.is_match(text)))
    })
}

fn test(args: &[ArrayRef], check: fn(&Regex, &str) -> bool) -> Result<ArrayRef> {
    let mut patterns = Patterns::default();
    to_booleans(args[0].len(), |row| {
        let (Some(text), Some(pattern)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        let Some(flags) = args.get(2).map_or(Some(""), |a| text_at(a, row)) else {
            return Ok(None);
        };
        Ok(Some(check(patterns.compile(pattern, flags)?, text)))
    })
}
/// A pattern of SIMILAR TO as a regular expression: `%` and `_` as in LIKE, `| * + ? {} () []` as in regular
/// expressions, everything else for itself.
pub fn similar_pattern(pattern: &str, escape: char) -> String {
    let mut out = String::from("^(?s:");
    let mut in_brackets = false;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let plain = |out: &mut String, c: char| {
            if c.is_ascii_punctuation() {
                out.push('\\');
            }
            out.push(c);
        };
        match c {
            c if c == escape => chars
                .by_ref()
                .take(1)
                .for_each(|next| plain(&mut out, next)),
            ']' => {
                in_brackets = false;
                out.push(c);
            }
            c if in_brackets => out.push(c),
            '[' => {
                in_brackets = true;
                out.push(c);
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '|' | '*' | '+' | '?' | '{' | '}' | '(' | ')' => out.push(c),
            other => plain(&mut out, other),
        }
    }
    out.push_str(")$");
    out
}
