//! JSON documents in texts: members by key, index or path. A document is checked as a whole and never built as a tree.

use super::elementwise::{
    Parameter as P, function as make, integer_at, returns_boolean, returns_integer, returns_text,
    text_at, to_booleans, to_integers, to_text,
};
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use std::borrow::Cow;
use std::sync::Arc;

const MOST_DEPTH: usize = 1000;
const PATH: [P; 2] = [P::Text, P::Any];

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "json_extract" => make("json_extract", &PATH, returns_text, |a| {
            extract(a, |found| Ok(Some(compact(found))))
        }),
        "json_extract_string" => make("json_extract_string", &PATH, returns_text, |a| {
            extract(a, as_text)
        }),
        "json_valid" => make("json_valid", &[P::Text], returns_boolean, |a| {
            to_booleans(a[0].len(), |row| {
                Ok(text_at(&a[0], row).map(|text| document(text).is_ok()))
            })
        }),
        "json_array_length" => make("json_array_length", &PATH, returns_integer, length),
        "json_type" => make("json_type", &PATH, returns_text, |a| {
            extract(a, |found| Ok(Some(kind(found).to_owned())))
        }),
        "json_keys" => make("json_keys", &PATH, keys_type, keys),
        _ => return None,
    })
}

/// A step into a document.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    /// From the end when negative.
    Index(i64),
}

fn extract(args: &[ArrayRef], answer: impl Fn(&str) -> Result<Option<String>>) -> Result<ArrayRef> {
    let paths = Paths::of(args.get(1))?;
    to_text(args[0].len(), |row| {
        match found(text_at(&args[0], row), &paths, row)? {
            Some(value) => answer(value),
            None => Ok(None),
        }
    })
}

fn length(args: &[ArrayRef]) -> Result<ArrayRef> {
    let paths = Paths::of(args.get(1))?;
    to_integers(args[0].len(), |row| {
        let Some(value) = found(text_at(&args[0], row), &paths, row)? else {
            return Ok(None);
        };
        let mut elements = 0;
        Scanner::new(value).elements(&mut |_, _| {
            elements += 1;
            true
        })?;
        Ok(Some(elements))
    })
}

fn keys_type(_: &[DataType]) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

fn keys(args: &[ArrayRef]) -> Result<ArrayRef> {
    let paths = Paths::of(args.get(1))?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..args[0].len() {
        let Some(value) = found(text_at(&args[0], row), &paths, row)? else {
            lists.append(false);
            continue;
        };
        let mut names = Vec::new();
        Scanner::new(value).members(&mut |key, _| {
            names.push(key.into_owned());
            true
        })?;
        names
            .iter()
            .for_each(|name| lists.values().append_value(name));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

enum Paths {
    None,
    Texts(ArrayRef),
    Indexes(ArrayRef),
}

impl Paths {
    fn of(argument: Option<&ArrayRef>) -> Result<Self> {
        Ok(match argument {
            None => Self::None,
            Some(array) if array.data_type().is_integer() => {
                Self::Indexes(cast(array, &DataType::Int64)?)
            }
            Some(array) => Self::Texts(cast(array, &DataType::Utf8)?),
        })
    }

    fn at(&self, row: usize) -> Result<Option<Vec<Step>>> {
        Ok(match self {
            Self::None => Some(vec![]),
            Self::Indexes(array) => integer_at(array, row).map(|n| vec![Step::Index(n)]),
            Self::Texts(array) => text_at(array, row).map(steps).transpose()?,
        })
    }
}

fn found<'a>(text: Option<&'a str>, paths: &Paths, row: usize) -> Result<Option<&'a str>> {
    let (Some(text), Some(path)) = (text, paths.at(row)?) else {
        return Ok(None);
    };
    let mut value = document(text)?;
    for step in &path {
        match inside(value, step)? {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

fn inside<'a>(value: &'a str, step: &Step) -> Result<Option<&'a str>> {
    let mut found = None;
    match step {
        Step::Key(wanted) if value.starts_with('{') => {
            Scanner::new(value).members(&mut |key, member| {
                let here = key == wanted.as_str();
                found = here.then_some(member);
                !here
            })?;
        }
        Step::Index(wanted) if value.starts_with('[') => {
            let mut all = Vec::new();
            Scanner::new(value).elements(&mut |_, element| {
                all.push(element);
                *wanted < 0 || all.len() as i64 <= *wanted
            })?;
            let at = if *wanted < 0 {
                wanted + all.len() as i64
            } else {
                *wanted
            };
            found = usize::try_from(at).ok().and_then(|at| all.get(at).copied());
        }
        _ => {}
    }
    Ok(found)
}

/// `$.a."b c"[0]`, `/a/b`, or one key.
fn steps(path: &str) -> Result<Vec<Step>> {
    if let Some(pointer) = path.strip_prefix('/') {
        let step = |part: &str| match part.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key(part.replace("~1", "/").replace("~0", "~")),
        };
        return Ok(pointer.split('/').map(step).collect());
    }
    let Some(mut rest) = path.strip_prefix('$') else {
        return Ok(vec![Step::Key(path.to_owned())]);
    };
    let wrong = || {
        failure(
            INVALID_ARGUMENT,
            format!("'{path}' is no JSON path; write $.key[0]"),
        )
    };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix(".\"") {
            let end = quoted.find('"').ok_or_else(wrong)?;
            steps.push(Step::Key(quoted[..end].to_owned()));
            rest = &quoted[end + 1..];
        } else if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 || &name[..end] == "*" {
                return Err(wrong());
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        } else {
            let inner = rest.strip_prefix('[').ok_or_else(wrong)?;
            let end = inner.find(']').ok_or_else(wrong)?;
            let index = inner[..end].strip_prefix('#').unwrap_or(&inner[..end]);
            steps.push(Step::Index(index.parse().map_err(|_| wrong())?));
            rest = &inner[end + 1..];
        }
    }
    Ok(steps)
}

/// The one value of a text, checked.
fn document(text: &str) -> Result<&str> {
    let mut scanner = Scanner::new(text);
    let value = scanner.value(0)?;
    scanner.spaces();
    match scanner.at == text.len() {
        true => Ok(value),
        false => Err(scanner.wrong()),
    }
}

fn kind(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// A string without its quotes, `null` as NULL, anything else as it is.
fn as_text(value: &str) -> Result<Option<String>> {
    Ok(match kind(value) {
        "string" => Some(Scanner::new(value).string()?.into_owned()),
        "null" => None,
        _ => Some(compact(value)),
    })
}

/// Without the spaces between tokens.
fn compact(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in value.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '"' {
            quoted = true;
        } else if c.is_ascii_whitespace() {
            continue;
        }
        out.push(c);
    }
    out
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn wrong(&self) -> DataFusionError {
        let place = self.text[..self.text.floor_char_boundary(self.at)]
            .chars()
            .count()
            + 1;
        failure(
            INVALID_ARGUMENT,
            format!("not a JSON document: character {place}"),
        )
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Result<()> {
        self.spaces();
        match self.peek() == Some(wanted) {
            true => {
                self.at += 1;
                Ok(())
            }
            false => Err(self.wrong()),
        }
    }

    /// Whether another one follows in a list that ends with `end`.
    fn another(&mut self, first: bool, end: u8) -> Result<bool> {
        self.spaces();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(false);
        }
        if !first {
            self.take(b',')?;
        }
        Ok(true)
    }

    fn value(&mut self, depth: usize) -> Result<&'a str> {
        self.spaces();
        let start = self.at;
        match self.peek() {
            _ if depth > MOST_DEPTH => {
                let message = format!("a JSON document nested deeper than {MOST_DEPTH}");
                return Err(failure(INVALID_ARGUMENT, message));
            }
            Some(b'{') => self.each_member(depth, &mut |_, _| true)?,
            Some(b'[') => self.each_element(depth, &mut |_, _| true)?,
            Some(b'"') => drop(self.string()?),
            _ => self.word()?,
        }
        Ok(&self.text[start..self.at])
    }

    fn word(&mut self) -> Result<()> {
        let start = self.at;
        while let Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'+' | b'.') = self.peek() {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        match matches!(word, "true" | "false" | "null") || is_number(word) {
            true => Ok(()),
            false => {
                self.at = start;
                Err(self.wrong())
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>> {
        self.take(b'"')?;
        let start = self.at;
        let mut plain = true;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    plain = false;
                    self.at += 2;
                }
                Some(0..0x20) | None => return Err(self.wrong()),
                Some(_) => self.at += 1,
            }
        }
        let raw = self.text.get(start..self.at).ok_or_else(|| self.wrong())?;
        let text = match plain {
            true => Cow::Borrowed(raw),
            false => Cow::Owned(unescaped(raw).ok_or_else(|| self.wrong())?),
        };
        self.at += 1;
        Ok(text)
    }

    /// The members of an object until one is enough; none of anything else.
    fn members(&mut self, member: &mut dyn FnMut(Cow<'a, str>, &'a str) -> bool) -> Result<()> {
        match self.peek() {
            Some(b'{') => self.each_member(0, member),
            _ => Ok(()),
        }
    }

    fn each_member(
        &mut self,
        depth: usize,
        member: &mut dyn FnMut(Cow<'a, str>, &'a str) -> bool,
    ) -> Result<()> {
        self.take(b'{')?;
        let mut first = true;
        while self.another(first, b'}')? {
            first = false;
            self.spaces();
            let key = self.string()?;
            self.take(b':')?;
            let value = self.value(depth + 1)?;
            if !member(key, value) {
                break;
            }
        }
        Ok(())
    }

    /// The elements of an array until one is enough; none of anything else.
    fn elements(&mut self, element: &mut dyn FnMut(usize, &'a str) -> bool) -> Result<()> {
        match self.peek() {
            Some(b'[') => self.each_element(0, element),
            _ => Ok(()),
        }
    }

    fn each_element(
        &mut self,
        depth: usize,
        element: &mut dyn FnMut(usize, &'a str) -> bool,
    ) -> Result<()> {
        self.take(b'[')?;
        let mut count = 0;
        while self.another(count == 0, b']')? {
            let value = self.value(depth + 1)?;
            count += 1;
            if !element(count - 1, value) {
                break;
            }
        }
        Ok(())
    }
}

/// -?(0|[1-9]d*)(.d+)?([eE][+-]?d+)?
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (number, exponent) = match word.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

fn unescaped(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let first = four(&mut chars)?;
                let code = match first {
                    0xd800..0xdc00 => {
                        (chars.next()? == '\\' && chars.next()? == 'u').then_some(())?;
                        let low = four(&mut chars)?;
                        (0xdc00..0xe000).contains(&low).then_some(())?;
                        0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)
                    }
                    code => code,
                };
                char::from_u32(code)?
            }
            plain @ ('"' | '\\' | '/') => plain,
            _ => return None,
        });
    }
    Some(out)
}

fn four(chars: &mut std::str::Chars) -> Option<u32> {
    let mut code = 0;
    for _ in 0..4 {
        code = code * 16 + chars.next()?.to_digit(16)?;
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::{Step, as_text, compact, document, inside, steps};

    fn at(text: &str, path: &str) -> Option<String> {
        let mut value = document(text).unwrap();
        for step in steps(path).unwrap() {
            value = inside(value, &step).unwrap()?;
        }
        Some(compact(value))
    }

    #[test]
    fn paths() {
        let text = r#" {"a": [1, {"b c": "x\"y"}, null], "é": {"k": true}, "a": 2} "#;
        assert_eq!(at(text, "a"), Some(r#"[1,{"b c":"x\"y"},null]"#.into()));
        assert_eq!(at(text, "$.a[0]"), Some("1".into()));
        assert_eq!(at(text, "$.a[#-1]"), Some("null".into()));
        assert_eq!(at(text, "$.a[1].\"b c\""), Some(r#""x\"y""#.into()));
        assert_eq!(at(text, "/é/k"), Some("true".into()));
        assert_eq!(at(text, "$.a[9]"), None);
        assert_eq!(at(text, "nothing"), None);
        assert_eq!(at("[1]", "a"), None);
        assert_eq!(steps("$").unwrap(), vec![]);
        assert_eq!(steps("x.y").unwrap(), vec![Step::Key("x.y".into())]);
        assert!(steps("$.").is_err());
        assert!(steps("$[x]").is_err());
    }

    #[test]
    fn documents() {
        for good in [
            "1",
            "-0.5e+3",
            "\"\\u00e9\\ud83d\\ude00\"",
            "[]",
            "{}",
            " [ 1 , 2 ] ",
            "null",
        ] {
            assert!(document(good).is_ok(), "{good}");
        }
        for bad in [
            "", "{", "[1,]", "{\"a\"}", "01", "1 2", "nul", "\"a", "\"\\x\"", "{a:1}", "+1", "\"\\",
        ] {
            assert!(document(bad).is_err(), "{bad}");
        }
        let deep = "[".repeat(2000) + &"]".repeat(2000);
        assert!(document(&deep).is_err());
        assert_eq!(as_text("\"\\ud83d\\ude00\"").unwrap(), Some("😀".into()));
        assert_eq!(as_text("null").unwrap(), None);
    }
}
