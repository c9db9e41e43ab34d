//! How one table column, at any depth, is found in a file and turned into its declared type.

use super::convert;
use crate::proto;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, ListArray, MapArray, StructArray, new_null_array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, exec_err};
use std::sync::Arc;

/// The key under which the Parquet reader and writer hold a field id in Arrow metadata.
pub const FIELD_ID: &str = "PARQUET:field_id";

/// A table column: what it must become, and by what it is known in files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// In files; `field` is named as in the plan.
    pub name: String,
    pub field: FieldRef,
    pub id: i32,
    /// What files that lack the column hold; NULL if absent.
    pub default: Option<ScalarValue>,
    /// Other names in files without ids.
    pub names: Vec<String>,
    /// Struct: its fields. List: element. Map: key, value.
    pub children: Vec<Column>,
}

impl Column {
    pub fn new(name: String, field: FieldRef, source: Option<&proto::ColumnSource>) -> Self {
        let child = |i: usize| source.and_then(|s| s.children.get(i));
        let children = nested(field.data_type())
            .into_iter()
            .enumerate()
            .map(|(i, f)| Column::new(f.name().clone(), f, child(i)))
            .collect();
        let default = source
            .and_then(|s| s.initial_default.as_ref())
            .and_then(|literal| convert::scalar(literal, field.data_type()));
        Self {
            name,
            id: source.map_or(0, |s| s.field_id),
            names: source.map(|s| s.names.clone()).unwrap_or_default(),
            default,
            children,
            field,
        }
    }

    /// The name in files that are asked for one.
    pub fn own_name(&self) -> &str {
        self.names.first().unwrap_or(&self.name)
    }

    fn missing(&self, rows: usize) -> Result<ArrayRef> {
        match &self.default {
            Some(value) => value.to_array_of_size(rows),
            None => Ok(new_null_array(self.field.data_type(), rows)),
        }
    }
}

/// The fields below a nested type, in the order of [`Column::children`].
fn nested(kind: &DataType) -> Vec<FieldRef> {
    match kind {
        DataType::Struct(fields) => fields.iter().cloned().collect(),
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::ListView(f)
        | DataType::LargeListView(f)
        | DataType::FixedSizeList(f, _) => vec![Arc::clone(f)],
        DataType::Map(entries, _) => nested(entries.data_type()),
        _ => Vec::new(),
    }
}

/// How the fields of one file are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    ById,
    ByName,
    /// Fields of a struct one after the other, whatever their names.
    ByPosition,
}

impl Matching {
    /// Files without any field id are matched by name even in a table that has ids.
    pub fn of(by_field_id: bool, fields: &[FieldRef]) -> Self {
        if by_field_id && fields.iter().any(|f| has_id(f)) {
            Self::ById
        } else {
            Self::ByName
        }
    }

    /// The position of `column` among `fields`.
    pub fn find(self, column: &Column, fields: &[FieldRef]) -> Option<usize> {
        match self {
            Self::ById => {
                let id = column.id.to_string();
                fields
                    .iter()
                    .position(|f| f.metadata().get(FIELD_ID) == Some(&id))
            }
            Self::ByName if !column.names.is_empty() => {
                fields.iter().position(|f| column.names.contains(f.name()))
            }
            Self::ByName | Self::ByPosition => {
                by_name(&column.name, fields.iter().map(|f| f.name().as_str()))
            }
        }
    }
}

/// Exact case first, then any case.
pub fn by_name<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<usize> {
    names
        .clone()
        .position(|n| n == name)
        .or_else(|| names.clone().position(|n| n.eq_ignore_ascii_case(name)))
}

fn has_id(field: &Field) -> bool {
    field.metadata().contains_key(FIELD_ID) || nested(field.data_type()).iter().any(|f| has_id(f))
}

/// What must be done to the values of a file's field to make them values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// Types are equal.
    None,
    /// Arrow's cast; an error where a value does not fit.
    Cast,
    /// One entry per field of the target: the position in the file's struct, or nothing.
    Struct(Vec<(Option<usize>, Conversion)>),
    List(Box<Conversion>),
    Map(Box<Conversion>, Box<Conversion>),
}

impl Conversion {
    pub fn plan(column: &Column, from: &Field, matching: Matching) -> Result<Self> {
        let to = column.field.data_type();
        if from.data_type() == to && !(to.is_nested() && matching == Matching::ById) {
            return Ok(Self::None);
        }
        match (from.data_type(), to) {
            (DataType::Null, _) => Ok(Self::Cast),
            (DataType::Struct(fields), DataType::Struct(_)) => {
                let plan = |(position, child): (usize, &Column)| {
                    let found = match matching {
                        Matching::ByPosition => Some(position).filter(|at| *at < fields.len()),
                        _ => matching.find(child, fields),
                    };
                    match found {
                        Some(i) => Ok((Some(i), Self::plan(child, &fields[i], matching)?)),
                        None => Ok((None, Self::None)),
                    }
                };
                let parts = column.children.iter().enumerate().map(plan);
                Ok(Self::Struct(parts.collect::<Result<_>>()?))
            }
            (
                DataType::List(e) | DataType::LargeList(e) | DataType::FixedSizeList(e, _),
                DataType::List(_) | DataType::FixedSizeList(..),
            ) => Ok(Self::List(Box::new(Self::plan(
                &column.children[0],
                e,
                matching,
            )?))),
            (DataType::Map(entries, _), DataType::Map(..)) => {
                match nested(entries.data_type()).as_slice() {
                    [key, value] => Ok(Self::Map(
                        Box::new(Self::plan(&column.children[0], key, matching)?),
                        Box::new(Self::plan(&column.children[1], value, matching)?),
                    )),
                    _ => exec_err!("column \"{}\" is a map without key and value", column.name),
                }
            }
            (a, b) if a.is_nested() || b.is_nested() => {
                exec_err!("column \"{}\" is {a} in the file, not {b}", column.name)
            }
            _ => Ok(Self::Cast),
        }
    }

    /// The values as the column's type. `array` has the type that [`Conversion::plan`] was made for.
    pub fn apply(&self, column: &Column, array: &ArrayRef) -> Result<ArrayRef> {
        let to = column.field.data_type();
        Ok(match (self, to) {
            (Self::None, _) => Arc::clone(array),
            (Self::Cast, _) => cast(array, to)?,
            (Self::Struct(parts), DataType::Struct(fields)) => {
                let source = array.as_struct();
                let columns = parts
                    .iter()
                    .zip(&column.children)
                    .map(|((at, conversion), child)| match at {
                        Some(i) => conversion.apply(child, source.column(*i)),
                        None => child.missing(source.len()),
                    })
                    .collect::<Result<Vec<_>>>()?;
                let nulls = source.nulls().cloned();
                let (fields, len) = (fields.clone(), source.len());
                Arc::new(StructArray::try_new_with_length(
                    fields, columns, nulls, len,
                )?)
            }
            (Self::List(element), DataType::List(field)) => {
                let list = match array.data_type() {
                    DataType::List(_) => Arc::clone(array),
                    DataType::LargeList(e) | DataType::FixedSizeList(e, _) => {
                        cast(array, &DataType::List(Arc::clone(e)))?
                    }
                    other => return exec_err!("{other} is no list"),
                };
                let list = list.as_list::<i32>();
                let values = element.apply(&column.children[0], list.values())?;
                let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
                Arc::new(ListArray::try_new(
                    Arc::clone(field),
                    offsets,
                    values,
                    nulls,
                )?)
            }
            (Self::List(element), DataType::FixedSizeList(field, size)) => {
                let list = match array.data_type() {
                    DataType::FixedSizeList(_, n) if n == size => Arc::clone(array),
                    DataType::List(e) | DataType::LargeList(e) => {
                        cast(array, &DataType::FixedSizeList(Arc::clone(e), *size))?
                    }
                    other => return exec_err!("{other} is no list of {size} elements"),
                };
                let list = list.as_fixed_size_list();
                let values = element.apply(&column.children[0], list.values())?;
                let nulls = list.nulls().cloned();
                Arc::new(FixedSizeListArray::try_new(
                    Arc::clone(field),
                    *size,
                    values,
                    nulls,
                )?)
            }
            (Self::Map(key, value), DataType::Map(field, ordered)) => {
                let map = array.as_map();
                let keys = key.apply(&column.children[0], map.keys())?;
                let values = value.apply(&column.children[1], map.values())?;
                let DataType::Struct(parts) = field.data_type() else {
                    return exec_err!("a map without entries");
                };
                let entries =
                    StructArray::try_new(parts.clone(), vec![keys, values], None::<NullBuffer>)?;
                let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
                Arc::new(MapArray::try_new(
                    Arc::clone(field),
                    offsets,
                    entries,
                    nulls,
                    *ordered,
                )?)
            }
            (conversion, to) => return exec_err!("{conversion:?} does not make {to}"),
        })
    }
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    Ok(cast_with_options(array, to, &options)?)
}
