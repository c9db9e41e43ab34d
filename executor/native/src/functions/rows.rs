//! The names of rows' fields. Not in the registry: only casts use them.

use crate::errors::internal;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, ListArray, MapArray, StructArray,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// `from` with the field names of `to` wherever both have rows of as many fields, by position unless the names are the
/// same in another order; all else stays as it is.
pub fn renamed(from: &DataType, to: &DataType) -> DataType {
    match (from, to) {
        (DataType::Struct(from), DataType::Struct(to)) if from.len() == to.len() => {
            let named = from.iter().all(|f| to.find(f.name()).is_some());
            let fields = from.iter().zip(to).map(|(f, at)| {
                let t = to.find(f.name()).filter(|_| named).map_or(at, |(_, t)| t);
                let kind = renamed(f.data_type(), t.data_type());
                Field::new(t.name(), kind, f.is_nullable())
            });
            DataType::Struct(fields.collect())
        }
        (DataType::List(f), DataType::List(t) | DataType::FixedSizeList(t, _)) => {
            DataType::List(element(f, t))
        }
        (DataType::FixedSizeList(f, size), DataType::List(t) | DataType::FixedSizeList(t, _)) => {
            DataType::FixedSizeList(element(f, t), *size)
        }
        (DataType::Map(f, sorted), DataType::Map(t, _)) => {
            // Key and value are called the same everywhere.
            DataType::Map(element(f, t), *sorted)
        }
        _ => from.clone(),
    }
}

fn element(from: &FieldRef, to: &FieldRef) -> FieldRef {
    let kind = renamed(from.data_type(), to.data_type());
    Arc::new(from.as_ref().clone().with_data_type(kind))
}

/// The same values under other names: nothing is copied.
pub fn with_names(result: DataType) -> ScalarUDF {
    ScalarUDF::new_from_impl(WithNames {
        result,
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WithNames {
    result: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for WithNames {
    fn name(&self) -> &str {
        "field_names"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.args[0].to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(named(&rows, &self.result)?))
    }
}

fn named(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(match to {
        _ if array.data_type() == to => Arc::clone(array),
        DataType::Struct(fields) => Arc::new(named_row(array.as_struct(), fields)?),
        DataType::List(element) => {
            let list: &ListArray = array.as_list();
            Arc::new(ListArray::try_new(
                Arc::clone(element),
                list.offsets().clone(),
                named(list.values(), element.data_type())?,
                list.nulls().cloned(),
            )?)
        }
        DataType::FixedSizeList(element, size) => {
            let list = array.as_fixed_size_list();
            Arc::new(FixedSizeListArray::try_new(
                Arc::clone(element),
                *size,
                named(list.values(), element.data_type())?,
                list.nulls().cloned(),
            )?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(internal("a map without entries"));
            };
            Arc::new(MapArray::try_new(
                Arc::clone(entries),
                map.offsets().clone(),
                named_row(map.entries(), fields)?,
                map.nulls().cloned(),
                *sorted,
            )?)
        }
        other => return Err(internal(format!("{other} has no names"))),
    })
}

fn named_row(row: &StructArray, fields: &Fields) -> Result<StructArray> {
    let columns = row
        .columns()
        .iter()
        .zip(fields)
        .map(|(column, field)| named(column, field.data_type()))
        .collect::<Result<Vec<_>>>()?;
    Ok(StructArray::try_new_with_length(
        fields.clone(),
        columns,
        row.nulls().cloned(),
        row.len(),
    )?)
}
