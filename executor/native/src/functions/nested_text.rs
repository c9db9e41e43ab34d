//! CAST of lists, structs and maps to text, as DuckDB writes them: `[1, NULL]`, `{'a': 1}`, `{k=1}`, rows `(1, x)`.
//! Not in the registry: only casts use it.

use super::casting::moment_array_text;
use super::elementwise::{Parameter as P, function as make, returns_text};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use std::sync::Arc;

pub fn nested_text() -> ScalarUDF {
    make("nested_text", &[P::Any], returns_text, |args| {
        let values = Texts::of(&args[0])?;
        let texts = (0..args[0].len()).map(|row| {
            let mut text = String::new();
            values.is_valid(row).then(|| {
                values.write(row, &mut text);
                text
            })
        });
        Ok(Arc::new(texts.collect::<StringArray>()) as ArrayRef)
    })
}

/// An array with the texts of its innermost values.
struct Texts {
    array: ArrayRef,
    parts: Vec<Texts>,
}

impl Texts {
    fn of(array: &ArrayRef) -> Result<Self> {
        let rows_of = |row: &StructArray| {
            let parts = row.columns().iter().map(Self::of);
            parts.collect::<Result<Vec<_>>>()
        };
        let parts = match array.data_type() {
            DataType::List(_) => vec![Self::of(array.as_list::<i32>().values())?],
            DataType::FixedSizeList(..) => vec![Self::of(array.as_fixed_size_list().values())?],
            DataType::Struct(_) => rows_of(array.as_struct())?,
            DataType::Map(..) => rows_of(array.as_map().entries())?,
            _ => vec![],
        };
        let array = match array.data_type() {
            leaf if !leaf.is_nested() => leaf_text(array)?,
            _ => Arc::clone(array),
        };
        Ok(Self { array, parts })
    }

    fn is_valid(&self, row: usize) -> bool {
        self.array.is_valid(row)
    }

    fn write(&self, row: usize, to: &mut String) {
        if !self.is_valid(row) {
            return to.push_str("NULL");
        }
        match self.array.data_type() {
            DataType::List(_) => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                self.write_list(offsets[row] as usize..offsets[row + 1] as usize, to);
            }
            DataType::FixedSizeList(_, size) => {
                let size = *size as usize;
                self.write_list(row * size..(row + 1) * size, to);
            }
            DataType::Struct(fields) => {
                let named = has_names(fields);
                to.push(if named { '{' } else { '(' });
                for (i, (field, part)) in fields.iter().zip(&self.parts).enumerate() {
                    to.push_str(if i == 0 { "" } else { ", " });
                    if named {
                        quote(field.name(), to);
                        to.push_str(": ");
                    }
                    part.write(row, to);
                }
                to.push(if named { '}' } else { ')' });
            }
            DataType::Map(..) => {
                let offsets = self.array.as_map().value_offsets();
                to.push('{');
                for entry in offsets[row]..offsets[row + 1] {
                    to.push_str(if entry == offsets[row] { "" } else { ", " });
                    self.parts[0].write(entry as usize, to);
                    to.push('=');
                    self.parts[1].write(entry as usize, to);
                }
                to.push('}');
            }
            _ => match self.array.as_string::<i32>().value(row) {
                text if is_plain(text) => to.push_str(text),
                text => quote(text, to),
            },
        }
    }

    fn write_list(&self, elements: std::ops::Range<usize>, to: &mut String) {
        let first = elements.start;
        to.push('[');
        for element in elements {
            to.push_str(if element == first { "" } else { ", " });
            self.parts[0].write(element, to);
        }
        to.push(']');
    }
}

/// Fields without names are called so in plans.
fn has_names(fields: &Fields) -> bool {
    let mut numbered = fields.iter().zip(1..);
    !numbered.all(|(field, number)| *field.name() == format!("f{number}"))
}

fn leaf_text(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::Timestamp(..) | DataType::Time64(_) => moment_array_text(array),
        _ => Ok(cast(array, &DataType::Utf8)?),
    }
}

/// Whether a text can be told from what stands around it.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim().len() == text.len()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|c| ",:'\"\\[](){}=".contains(c))
}

fn quote(text: &str, to: &mut String) {
    to.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\\') {
            to.push('\\');
        }
        to.push(c);
    }
    to.push('\'');
}
