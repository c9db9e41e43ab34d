//! Columns that Iceberg reserves: a row's position in its file, its row id and the sequence number of its last change.
//! A row id or number that a file does not hold is inherited from the file: first row id + position, sequence number.
//! Source: Iceberg's table specification, "Reserved Field IDs" and "Row Lineage".

use super::column::Column;
use crate::proto;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::Operator;
use datafusion::parquet::arrow::RowNumber;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column as ColumnExpr, IsNotNullExpr, Literal,
};
use std::sync::Arc;

/// The name of arrow's extension type of such a column.
const ROW_NUMBER: &str = "parquet.virtual.row_number";

pub const POSITION: i32 = 2_147_483_645;
/// Not of Iceberg: the row's address, which is the file's first row id (here its first address) + position.
pub const ADDRESS: i32 = -2;
const ROW_ID: i32 = 2_147_483_540;
const LAST_UPDATED: i32 = 2_147_483_539;

/// The schema with its position column marked for the Parquet reader. It is the last one, if there is one.
pub fn marked(schema: SchemaRef, columns: &[proto::ColumnSource]) -> SchemaRef {
    if columns.last().is_none_or(|c| c.field_id != POSITION) {
        return schema;
    }
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    if let Some(last) = fields.pop() {
        let position = Field::new(last.name(), DataType::Int64, false);
        fields.push(Arc::new(position.with_extension_type(RowNumber)));
    }
    Arc::new(Schema::new(fields))
}

/// The schema as the Parquet reader divides it.
pub fn table_schema(schema: &SchemaRef, columns: &[Column]) -> TableSchema {
    if columns.last().is_none_or(|c| c.id != POSITION) {
        return TableSchema::from(Arc::clone(schema));
    }
    let (last, rest) = schema.fields().split_last().expect("a position");
    let file = Arc::new(Schema::new(rest.to_vec()));
    TableSchema::builder(file)
        .with_virtual_columns(vec![Arc::clone(last)])
        .build()
}

/// A column for the reader to put beside those of a file.
pub fn position_beside(file: &Schema) -> FieldRef {
    let mut name = "position".to_owned();
    while file.index_of(&name).is_ok() {
        name.push('_');
    }
    Arc::new(Field::new(name, DataType::Int64, false).with_extension_type(RowNumber))
}

/// The column of a file's row that says where in the file it is, if there is one.
pub fn position(row: &Schema) -> Option<Arc<dyn PhysicalExpr>> {
    let marked = |f: &FieldRef| f.extension_type_name() == Some(ROW_NUMBER);
    let at = row.fields().iter().position(marked)?;
    Some(Arc::new(ColumnExpr::new(row.field(at).name(), at)))
}

/// What a file gives rows that have no value of their own.
#[derive(Debug, Clone, Copy)]
pub struct Inherited {
    /// -1 = the file has none.
    pub first_row_id: i64,
    pub sequence_number: i64,
}

impl Inherited {
    /// The expression for a reserved column; nothing for any other.
    pub fn value(
        self,
        column: &Column,
        own: Option<usize>,
        file: &Schema,
    ) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let literal = |value| Arc::new(Literal::new(ScalarValue::Int64(value))) as Arc<_>;
        let position = || position(file);
        let inherited: Arc<dyn PhysicalExpr> = match column.id {
            POSITION => return Ok(position()),
            ROW_ID => match position() {
                Some(position) if self.first_row_id >= 0 => Arc::new(BinaryExpr::new(
                    literal(Some(self.first_row_id)),
                    Operator::Plus,
                    position,
                )),
                _ => literal(None),
            },
            ADDRESS => match position() {
                Some(position) => {
                    let first = literal(Some(self.first_row_id));
                    return Ok(Some(Arc::new(BinaryExpr::new(
                        first,
                        Operator::Plus,
                        position,
                    ))));
                }
                None => return internal_err!("addresses of rows without positions"),
            },
            LAST_UPDATED => literal(Some(self.sequence_number)),
            _ => return Ok(None),
        };
        let Some(at) = own else {
            return Ok(Some(inherited));
        };
        let own: Arc<dyn PhysicalExpr> = Arc::new(ColumnExpr::new(file.field(at).name(), at));
        let present = Arc::new(IsNotNullExpr::new(Arc::clone(&own)));
        let value = CaseExpr::try_new(None, vec![(present, own)], Some(inherited))?;
        Ok(Some(Arc::new(value)))
    }
}
