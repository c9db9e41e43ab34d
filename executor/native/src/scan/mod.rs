//! Files as tables: `FileScan` message -> `TableProvider` -> morsels of Parquet, CSV or JSON lines.
//!
//! ```text
//! table (groups of byte ranges, statistics) -> parquet -> adapter, column (field ids, names, types, defaults)
//!                                           |          '-> deletes (positions, vectors -> row selection or condition)
//!                                           '-> text (csv, json)
//! inspect: paths -> files, columns, statistics
//! ```
//! Invariants: the row handed upwards is exactly the declared schema; statistics are exact only where nothing can make
//! them wrong; an error names its file; a delete is applied or refused, never passed over.

mod adapter;
mod addresses;
mod column;
mod conditions;
mod convert;
mod deletes;
mod failures;
pub mod inspect;
mod layout;
mod lineage;
mod location;
mod nan;
mod open;
mod parquet;
mod per_value;
mod rows;
mod selectivity;
mod statistics;
mod table;
mod text;

pub use column::{Column, Conversion, FIELD_ID, Matching};
pub use convert::field_to_proto as to_proto;
pub use deletes::KeptRows;
pub use failures::store_failure;
pub use location::{Location, normal_store};
pub use per_value::PerValue;

use crate::engine::Engine;
use crate::proto;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use std::sync::Arc;

/// A table over `source`. `columns` and `schema` are the table's full row in canonical types.
pub fn table_provider(
    engine: &Arc<Engine>,
    source: &proto::FileScan,
    columns: &[proto::Field],
    schema: SchemaRef,
    _settings: &proto::QuerySettings,
) -> Result<Arc<dyn TableProvider>> {
    let schema = lineage::marked(schema, &source.columns);
    Ok(Arc::new(table::FileTable::try_new(table::ScanContext {
        engine: Arc::clone(engine),
        columns: table::columns(&schema, columns, &source.columns),
        scan: source.clone(),
        schema,
    })?))
}

#[cfg(test)]
mod filter_tests;
#[cfg(test)]
mod tests;
