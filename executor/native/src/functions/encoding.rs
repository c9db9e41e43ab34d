//! Bytes as text and back, and digests as hexadecimal text.

use super::elementwise::{
    Parameter as P, binary, function as make, integer_at, returns_binary, returns_text, text_at,
    to_text,
};
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{Array, ArrayRef, BinaryArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use std::sync::Arc;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn function(id: &str) -> Option<ScalarUDF> {
    Some(match id {
        "encode" => make("encode", &[P::Binary, P::Text], returns_text, encode),
        "decode" => make("decode", &[P::Text, P::Text], returns_binary, decode),
        "to_base64" => make("to_base64", &[P::Binary], returns_text, |a| {
            to_text(a[0].len(), |row| Ok(bytes_at(&a[0], row).map(to_base64)))
        }),
        "from_base64" => make("from_base64", &[P::Text], returns_binary, |a| {
            to_binary(a[0].len(), |row| {
                text_at(&a[0], row).map(from_base64).transpose()
            })
        }),
        "hex" => make("hex", &[P::Any], returns_text, hex),
        "unhex" => make("unhex", &[P::Text], returns_binary, |a| {
            to_binary(a[0].len(), |row| {
                text_at(&a[0], row).map(from_hex).transpose()
            })
        }),
        "sha256" => make("sha256", &[P::Binary], returns_text, |a| {
            digest(a, "sha256")
        }),
        "sha512" => make("sha512", &[P::Binary], returns_text, |a| {
            digest(a, "sha512")
        }),
        _ => return None,
    })
}

/// Of a number its digits, of bytes and texts two digits for each byte.
fn hex(args: &[ArrayRef]) -> Result<ArrayRef> {
    if args[0].data_type().is_integer() {
        let numbers = cast(&args[0], &DataType::Int64)?;
        return to_text(numbers.len(), |row| {
            Ok(integer_at(&numbers, row).map(|n| format!("{n:X}")))
        });
    }
    let bytes = cast(&args[0], &DataType::Binary)?;
    to_text(bytes.len(), |row| {
        Ok(bytes_at(&bytes, row).map(|b| to_hex(b).to_uppercase()))
    })
}

fn bytes_at(array: &ArrayRef, row: usize) -> Option<&[u8]> {
    let array = binary(array);
    array.is_valid(row).then(|| array.value(row))
}

fn to_binary(rows: usize, value: impl FnMut(usize) -> Result<Option<Vec<u8>>>) -> Result<ArrayRef> {
    let values = (0..rows).map(value).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(BinaryArray::from_iter(values)))
}

fn encode(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_text(args[0].len(), |row| {
        let (Some(bytes), Some(format)) = (bytes_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        Ok(Some(match format.to_ascii_lowercase().as_str() {
            "hex" => to_hex(bytes),
            "base64" => to_base64(bytes),
            "escape" => to_escape(bytes),
            _ => return Err(unknown_format(format)),
        }))
    })
}

fn decode(args: &[ArrayRef]) -> Result<ArrayRef> {
    to_binary(args[0].len(), |row| {
        let (Some(text), Some(format)) = (text_at(&args[0], row), text_at(&args[1], row)) else {
            return Ok(None);
        };
        match format.to_ascii_lowercase().as_str() {
            "hex" => from_hex(text).map(Some),
            "base64" => from_base64(text).map(Some),
            "escape" => from_escape(text).map(Some),
            _ => Err(unknown_format(format)),
        }
    })
}

fn unknown_format(format: &str) -> DataFusionError {
    failure(
        INVALID_ARGUMENT,
        format!("unknown encoding '{format}'; use 'hex', 'base64' or 'escape'"),
    )
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    let invalid = || failure(INVALID_ARGUMENT, format!("'{text}' is not hexadecimal"));
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(invalid());
    }
    let digit = |d: u8| {
        (d as char)
            .to_digit(16)
            .map(|v| v as u8)
            .ok_or_else(invalid)
    };
    digits
        .chunks(2)
        .map(|pair| Ok(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// With padding, without line breaks.
fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0u32, |g, i| g << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            text.push(if i <= chunk.len() {
                ALPHABET[(group >> (18 - 6 * i) & 63) as usize] as char
            } else {
                '='
            });
        }
    }
    text
}

fn from_base64(text: &str) -> Result<Vec<u8>> {
    let invalid = || failure(INVALID_ARGUMENT, format!("'{text}' is not base64"));
    let trimmed = text.trim_end_matches('=');
    if text.len() - trimmed.len() > 2 || trimmed.len() % 4 == 1 {
        return Err(invalid());
    }
    let mut bytes = Vec::with_capacity(trimmed.len() * 3 / 4);
    let (mut group, mut bits) = (0u32, 0);
    for c in trimmed.bytes() {
        let value = ALPHABET.iter().position(|&a| a == c).ok_or_else(invalid)?;
        group = group << 6 | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    Ok(bytes)
}

/// PostgreSQL's escape format: bytes above 127 and NUL as `\ooo`, a backslash doubled.
fn to_escape(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&b| match b {
            b'\\' => "\\\\".to_owned(),
            0 | 128.. => format!("\\{b:03o}"),
            _ => (b as char).to_string(),
        })
        .collect()
}

fn from_escape(text: &str) -> Result<Vec<u8>> {
    let invalid = || failure(INVALID_ARGUMENT, format!("'{text}' has an invalid escape"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
        } else if let [b'\\', tail @ ..] = rest {
            bytes.push(b'\\');
            rest = tail;
        } else {
            let octal = rest.get(..3).and_then(|o| std::str::from_utf8(o).ok());
            bytes.push(
                octal
                    .and_then(|o| u8::from_str_radix(o, 8).ok())
                    .ok_or_else(invalid)?,
            );
            rest = &rest[3..];
        }
    }
    Ok(bytes)
}

/// DataFusion's digest of the bytes, as hexadecimal text like DuckDB.
fn digest(args: &[ArrayRef], name: &str) -> Result<ArrayRef> {
    let udf = match name {
        "sha256" => datafusion::functions::crypto::sha256(),
        _ => datafusion::functions::crypto::sha512(),
    };
    let rows = args[0].len();
    let field = |t| Arc::new(datafusion::arrow::datatypes::Field::new("", t, true));
    let hashed = udf
        .invoke_with_args(ScalarFunctionArgs {
            args: vec![ColumnarValue::Array(Arc::clone(&args[0]))],
            arg_fields: vec![field(args[0].data_type().clone())],
            number_rows: rows,
            return_field: field(udf.return_type(&[args[0].data_type().clone()])?),
            config_options: Arc::new(ConfigOptions::default()),
        })?
        .into_array(rows)?;
    let hashed =
        datafusion::arrow::compute::cast(&hashed, &datafusion::arrow::datatypes::DataType::Binary)?;
    to_text(rows, |row| Ok(bytes_at(&hashed, row).map(to_hex)))
}

#[cfg(test)]
mod tests {
    use super::{from_base64, from_escape, from_hex, to_base64, to_escape, to_hex};

    #[test]
    fn every_encoding_reads_what_it_writes() {
        for bytes in [
            &b""[..],
            b"a",
            b"ab",
            b"abc",
            b"\x00\xff\\z",
            b"hello world",
        ] {
            assert_eq!(from_base64(&to_base64(bytes)).unwrap(), bytes);
            assert_eq!(from_hex(&to_hex(bytes)).unwrap(), bytes);
            assert_eq!(from_escape(&to_escape(bytes)).unwrap(), bytes);
        }
        assert_eq!(to_base64(b"hello"), "aGVsbG8=");
        assert!(from_base64("a").is_err());
        assert!(from_hex("0g").is_err());
        assert!(from_escape("\\9").is_err());
    }
}
