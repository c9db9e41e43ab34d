//! In which types the columns of a file are decoded. A scan that drops rows decodes cheaply, looks at the rows, and turns
//! only those that are left into the table's types:
//!
//! ```text
//! DECIMAL of up to 18 digits stored as an integer -> Decimal64        (half the bytes)
//! text with few values in every row group         -> dictionary keys  (each value is looked at once)
//! ```

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::basic::{Encoding, Type};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::sync::Arc;

/// Digits that any 64-bit integer has room for.
const DECIMAL64_DIGITS: u8 = 18;
/// A dictionary is small if it is at most one so-manieth of its column chunk.
const SMALL_DICTIONARY: i64 = 4;

/// The columns of the file as they are decoded. `cheap` = for a look at the rows first.
pub fn decoded(footer: &ParquetMetaData, cheap: bool) -> Result<SchemaRef> {
    let file = footer.file_metadata();
    let leaves = file.schema_descr();
    let own = parquet_to_arrow_schema(leaves, file.key_value_metadata())?;
    let mut types: Vec<Option<DataType>> = vec![None; own.fields().len()];
    for leaf in 0..leaves.num_columns() {
        let root = leaves.get_column_root_idx(leaf);
        let field = own.field(root);
        if !field.data_type().is_nested() {
            let physical = leaves.column(leaf).physical_type();
            types[root] = decoded_as(field.data_type(), physical, footer, leaf, cheap);
        }
    }
    let fields = own.fields().iter().zip(types);
    let fields = fields.map(|(field, kind)| -> FieldRef {
        match kind {
            Some(kind) => Arc::new(Field::clone(field).with_data_type(kind)),
            None => Arc::clone(field),
        }
    });
    let fields = fields.collect::<Vec<_>>();
    Ok(Arc::new(Schema::new_with_metadata(
        fields,
        own.metadata().clone(),
    )))
}

/// Nothing = as the file says.
fn decoded_as(
    own: &DataType,
    physical: Type,
    footer: &ParquetMetaData,
    leaf: usize,
    cheap: bool,
) -> Option<DataType> {
    match (own, physical) {
        (_, Type::INT96) => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        // The reader has no dictionaries of them.
        (DataType::Dictionary(_, values), _) if values.is_decimal() => {
            Some(values.as_ref().clone())
        }
        (DataType::Decimal128(digits, scale), Type::INT32 | Type::INT64)
            if cheap && *digits <= DECIMAL64_DIGITS =>
        {
            Some(DataType::Decimal64(*digits, *scale))
        }
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, Type::BYTE_ARRAY)
            if cheap && has_few_values(footer, leaf) =>
        {
            let (keys, values) = (Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Some(DataType::Dictionary(keys, values))
        }
        _ => None,
    }
}

fn has_few_values(footer: &ParquetMetaData, leaf: usize) -> bool {
    let groups = footer.row_groups();
    !groups.is_empty()
        && groups.iter().all(|group| {
            let chunk = group.column(leaf);
            only_keys(chunk)
                && chunk.dictionary_page_offset().is_some_and(|start| {
                    let dictionary = chunk.data_page_offset().saturating_sub(start);
                    dictionary.saturating_mul(SMALL_DICTIONARY) <= chunk.compressed_size()
                })
        })
}

/// No page of the chunk holds values themselves, as far as its writer tells.
fn only_keys(chunk: &ColumnChunkMetaData) -> bool {
    chunk.page_encoding_stats_mask().is_some_and(|mask| {
        mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
    })
}
