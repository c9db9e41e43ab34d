//! Texts in pieces.

use super::elementwise::{Parameter as P, function as make, integer_at, text_at};
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    let returns = |_: &[DataType]| DataType::new_list(DataType::Utf8, true);
    (id == "chunks").then(|| {
        make(
            "chunks",
            &[P::Text, P::Integer, P::Integer],
            returns,
            chunks,
        )
    })
}

/// (text, size[, overlap]): see [`pieces`].
fn chunks(args: &[ArrayRef]) -> Result<ArrayRef> {
    let element = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let mut lists = ListBuilder::new(StringBuilder::new()).with_field(element);
    for row in 0..args[0].len() {
        let overlap = match args.get(2) {
            Some(overlap) => integer_at(overlap, row),
            None => Some(0),
        };
        match (text_at(&args[0], row), integer_at(&args[1], row), overlap) {
            (Some(text), Some(size), Some(overlap)) => {
                let (size, overlap) = lengths(size, overlap)?;
                for piece in pieces(text, size, overlap) {
                    lists.values().append_value(piece);
                }
                lists.append(true);
            }
            _ => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}

fn lengths(size: i64, overlap: i64) -> Result<(usize, usize)> {
    let invalid = |message| -> DataFusionError { failure(INVALID_ARGUMENT, message) };
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| invalid(format!("a chunk has at least 1 character, not {size}")))?;
    let overlap = usize::try_from(overlap)
        .ok()
        .filter(|overlap| *overlap < size)
        .ok_or_else(|| {
            invalid(format!(
                "chunks of {size} characters overlap by 0 to {}, not by {overlap}",
                size - 1
            ))
        })?;
    Ok((size, overlap))
}

/// Pieces of at most `size` characters, which end where a paragraph does, else a sentence, else a word, if that is in the
/// second half of the piece. Each begins at a word of the `overlap` characters before.
fn pieces(text: &str, size: usize, overlap: usize) -> Vec<&str> {
    let places: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    let last = places.len() - 1;
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < last {
        if text[places[start]..].starts_with(char::is_whitespace) {
            start += 1;
            continue;
        }
        let most = (start + size).min(last);
        let end = if most == last {
            last
        } else {
            start + end_of(text, &places[start..=most])
        };
        pieces.push(text[places[start]..places[end]].trim_end());
        if end == last {
            break;
        }
        start = begin_of(text, &places, end, overlap).max(start + 1);
    }
    pieces
}

/// How many characters the piece between these places has.
fn end_of(text: &str, places: &[usize]) -> usize {
    let (first, last) = (places[0], places[places.len() - 1]);
    let half = places.len() / 2;
    let after = |n: usize| &text[first..places[n]];
    let ends: [fn(&str, &str) -> bool; 3] = [
        |before, _| before.ends_with("\n\n"),
        |before, rest| {
            before.ends_with(['.', '!', '?', '\n']) && rest.starts_with(char::is_whitespace)
        },
        |_, rest| rest.starts_with(char::is_whitespace),
    ];
    for end in ends {
        let found = (half..places.len())
            .rev()
            .find(|n| end(after(*n), &text[places[*n]..]));
        if let Some(n) = found.filter(|n| *n > 0) {
            return n;
        }
    }
    debug_assert!(last > first);
    places.len() - 1
}

/// Where the next piece begins.
fn begin_of(text: &str, places: &[usize], end: usize, overlap: usize) -> usize {
    let from = end - overlap.min(end);
    let is_word_start = |n: usize| {
        let (before, rest) = text.split_at(places[n]);
        before.ends_with(char::is_whitespace) && !rest.starts_with(char::is_whitespace)
    };
    (from..end)
        .find(|n| is_word_start(*n))
        .unwrap_or(match overlap {
            0 => end,
            _ => from,
        })
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn pieces_end_at_paragraphs_sentences_and_words() {
        let text = "One two three.\n\nFour five. Six seven eight nine";
        assert_eq!(
            pieces(text, 20, 0),
            ["One two three.", "Four five.", "Six seven eight nine"]
        );
        assert_eq!(pieces("aaaa bbbb cccc", 9, 0), ["aaaa bbbb", "cccc"]);
        assert_eq!(pieces("aaaaaaaaaa", 4, 0), ["aaaa", "aaaa", "aa"]);
    }

    #[test]
    fn pieces_overlap_by_whole_words() {
        assert_eq!(pieces("aa bb cc dd ee", 8, 3), ["aa bb cc", "cc dd ee"]);
        assert_eq!(pieces("aaaaaaaa", 4, 2), ["aaaa", "aaaa", "aaaa"]);
    }

    #[test]
    fn nothing_has_no_pieces() {
        assert!(pieces("", 4, 0).is_empty());
        assert!(pieces("  \n ", 2, 1).is_empty());
        assert_eq!(pieces("äöü", 10, 3), ["äöü"]);
    }
}
