//! Array functions that DataFusion has with other defaults.

use super::elementwise::{Parameter as P, function as make, text_at};
use crate::errors::{INVALID_ARGUMENT, failure};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StructArray, UInt32Array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::{SortOptions, interleave, sort_to_indices, take};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::functions_nested::array_has::{array_has_all_udf, array_has_any_udf};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::sync::Arc;

pub fn function(id: &str) -> Option<ScalarUDF> {
    let first = |t: &[DataType]| t.first().cloned().unwrap_or(DataType::Null);
    Some(match id {
        "array_sort" => make("array_sort", &[P::Any, P::Text], first, array_sort),
        "map" => make("map", &[P::Any], map_type, map),
        "array_has_all" => nulls_kept(array_has_all_udf()),
        "array_has_any" => nulls_kept(array_has_any_udf()),
        _ => return None,
    })
}

fn nulls_kept(inner: Arc<ScalarUDF>) -> ScalarUDF {
    ScalarUDF::new_from_impl(NullsKept { inner })
}

/// NULL where an argument is: the function itself forgets that in a batch where no list of the second argument has an
/// element.
#[derive(Debug, PartialEq, Eq, Hash)]
struct NullsKept {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for NullsKept {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arguments = args.args.clone();
        let answers = self.inner.invoke_with_args(args)?.into_array(rows)?;
        let mut nulls = answers.logical_nulls();
        for argument in arguments {
            let argument = argument.into_array(rows)?;
            nulls = NullBuffer::union(nulls.as_ref(), argument.logical_nulls().as_ref());
        }
        let answers = answers.as_boolean().values().clone();
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(
            answers, nulls,
        ))))
    }
}

/// MAP[key, value, ...]: an entry per pair of arguments.
fn map(args: &[ArrayRef]) -> Result<ArrayRef> {
    let rows = args[0].len();
    let pairs = args.len() / 2;
    let picked: Vec<(usize, usize)> = (0..rows)
        .flat_map(|row| (0..pairs).map(move |pair| (pair, row)))
        .collect();
    let column = |first: usize| {
        let arrays: Vec<&dyn Array> = args
            .iter()
            .skip(first)
            .step_by(2)
            .map(|a| a.as_ref())
            .collect();
        interleave(&arrays, &picked)
    };
    let (keys, values) = (column(0)?, column(1)?);
    if keys.null_count() > 0 {
        return Err(failure(INVALID_ARGUMENT, "the key of a map cannot be NULL"));
    }
    let types: Vec<DataType> = args.iter().map(|a| a.data_type().clone()).collect();
    let DataType::Map(entry, sorted) = map_type(&types) else {
        return Err(failure(INVALID_ARGUMENT, "a map needs keys and values"));
    };
    let DataType::Struct(fields) = entry.data_type().clone() else {
        return Err(failure(INVALID_ARGUMENT, "a map needs keys and values"));
    };
    let entries = StructArray::try_new(fields, vec![keys, values], None)?;
    let offsets = OffsetBuffer::from_repeated_length(pairs, rows);
    Ok(Arc::new(MapArray::try_new(
        entry, offsets, entries, None, sorted,
    )?))
}

fn map_type(types: &[DataType]) -> DataType {
    let [key, value, ..] = types else {
        return DataType::Null;
    };
    let fields = vec![
        Field::new("key", key.clone(), false),
        Field::new("value", value.clone(), true),
    ];
    DataType::Map(
        Arc::new(Field::new(
            "entries",
            DataType::Struct(fields.into()),
            false,
        )),
        false,
    )
}

/// (array[, 'ASC' | 'DESC'[, 'NULLS FIRST' | 'NULLS LAST']]): ascending, NULLs last unless said otherwise.
fn array_sort(args: &[ArrayRef]) -> Result<ArrayRef> {
    let lists = args[0].as_list::<i32>();
    let mut picked: Vec<u32> = Vec::with_capacity(lists.values().len());
    let mut offsets: Vec<i32> = vec![0];
    let mut valid = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        let order = word(args.get(1), row, ["ASC", "DESC"])?;
        let nulls = word(args.get(2), row, ["NULLS LAST", "NULLS FIRST"])?;
        let known = lists.is_valid(row).then_some(()).and(order).zip(nulls);
        valid.push(known.is_some());
        if let Some((descending, nulls_first)) = known {
            let start = lists.value_offsets()[row] as u32;
            let options = SortOptions {
                descending,
                nulls_first,
            };
            let sorted = sort_to_indices(&lists.value(row), Some(options), None)?;
            picked.extend(sorted.values().iter().map(|i| start + i));
        }
        offsets.push(picked.len() as i32);
    }
    let values = take(lists.values(), &UInt32Array::from(picked), None)?;
    let DataType::List(field) = args[0].data_type() else {
        return Err(failure(
            INVALID_ARGUMENT,
            "ARRAY_SORT of something that is not an array",
        ));
    };
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(ListArray::try_new(
        Arc::clone(field),
        offsets,
        values,
        Some(valid.into()),
    )?))
}

/// Whether the second of two words stands there; None for NULL, false where there is no argument.
fn word(argument: Option<&ArrayRef>, row: usize, words: [&str; 2]) -> Result<Option<bool>> {
    let Some(texts) = argument else {
        return Ok(Some(false));
    };
    match text_at(texts, row) {
        None => Ok(None),
        Some(text) if text.eq_ignore_ascii_case(words[0]) => Ok(Some(false)),
        Some(text) if text.eq_ignore_ascii_case(words[1]) => Ok(Some(true)),
        Some(text) => Err(failure(
            INVALID_ARGUMENT,
            format!(
                "ARRAY_SORT takes '{}' or '{}', not '{text}'",
                words[0], words[1]
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::array_sort;
    use datafusion::arrow::array::{ArrayRef, AsArray, ListArray, StringArray};
    use datafusion::arrow::datatypes::Int32Type;
    use std::sync::Arc;

    #[test]
    fn slices_and_nulls() {
        let rows = [
            Some(vec![Some(9)]),
            Some(vec![Some(3), None, Some(1)]),
            None,
            Some(vec![Some(2), Some(1)]),
        ];
        let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows));
        let sorted = array_sort(&[lists.slice(1, 3)]).unwrap();
        let expected = [
            Some(vec![Some(1), Some(3), None]),
            None,
            Some(vec![Some(1), Some(2)]),
        ];
        assert_eq!(
            sorted.as_list::<i32>(),
            &ListArray::from_iter_primitive::<Int32Type, _, _>(expected)
        );
        let wrong: ArrayRef = Arc::new(StringArray::from(vec!["down"]));
        assert!(array_sort(&[lists.slice(0, 1), wrong]).is_err());
    }
}
