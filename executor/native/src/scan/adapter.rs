//! Rewrites expressions over the table's row to expressions over a file's row, so that projections, predicates and
//! pruning all see the file's own columns. Columns are found by Iceberg field id or by name ([`Matching`]).

use super::column::{Column, Conversion, Matching};
use super::lineage::Inherited;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column as ColumnExpr, Literal};
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// One per file: knows the values that the table's metadata fixes for it.
#[derive(Debug)]
pub struct FileAdapter {
    columns: Arc<[Column]>,
    file: SchemaRef,
    matching: Matching,
    sources: HashMap<String, (usize, Source)>,
}

#[derive(Debug, Clone)]
enum Source {
    Value(ScalarValue),
    File(usize),
    Expression(Arc<dyn PhysicalExpr>),
}

impl FileAdapter {
    /// `constants`: column ordinal -> the value of every row of the file. `file` is as it is decoded.
    pub fn try_new(
        columns: &Arc<[Column]>,
        by_field_id: bool,
        constants: &HashMap<usize, ScalarValue>,
        inherited: Inherited,
        file: &SchemaRef,
    ) -> Result<Self> {
        let matching = Matching::of(by_field_id, file.fields());
        let mut sources = HashMap::with_capacity(columns.len());
        for (ordinal, column) in columns.iter().enumerate() {
            let found = matching.find(column, file.fields());
            let source = match (
                inherited.value(column, found, file)?,
                constants.get(&ordinal),
            ) {
                (Some(value), _) => Source::Expression(value),
                (None, Some(value)) => Source::Value(value.clone()),
                (None, None) => match (found, &column.default) {
                    (Some(index), _) => Source::File(index),
                    (None, Some(value)) => Source::Value(value.clone()),
                    (None, None) => {
                        Source::Value(ScalarValue::try_new_null(column.field.data_type())?)
                    }
                },
            };
            sources.insert(column.field.name().clone(), (ordinal, source));
        }
        Ok(Self {
            columns: Arc::clone(columns),
            file: Arc::clone(file),
            matching,
            sources,
        })
    }

    /// The expression over the table's row as one over the file's.
    pub fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        // Bottom-up and columns are leaves: what a column became is not visited again.
        expr.transform_up(|node| match node.downcast_ref::<ColumnExpr>() {
            Some(column) => Ok(Transformed::yes(self.column(column.name())?)),
            None => Ok(Transformed::no(node)),
        })
        .data()
    }

    /// The file's column that holds the table's column, in whatever type.
    pub fn file_column(&self, name: &str) -> Option<ColumnExpr> {
        match self.sources.get(name)? {
            (_, Source::File(index)) => {
                Some(ColumnExpr::new(self.file.field(*index).name(), *index))
            }
            _ => None,
        }
    }

    fn column(&self, name: &str) -> Result<Arc<dyn PhysicalExpr>> {
        let Some((ordinal, source)) = self.sources.get(name) else {
            return internal_err!("no column \"{name}\" in the table of this file");
        };
        let index = match source {
            Source::Value(value) => return Ok(Arc::new(Literal::new(value.clone()))),
            Source::Expression(value) => return Ok(Arc::clone(value)),
            Source::File(index) => *index,
        };
        let column = &self.columns[*ordinal];
        let field = self.file.field(index);
        let leaf: Arc<dyn PhysicalExpr> = Arc::new(ColumnExpr::new(field.name(), index));
        Ok(match Conversion::plan(column, field, self.matching)? {
            Conversion::None => leaf,
            Conversion::Cast => {
                let target = column.field.as_ref().clone().with_nullable(true);
                Arc::new(CastExpr::new_with_target_field(
                    leaf,
                    Arc::new(target),
                    None,
                ))
            }
            conversion => Arc::new(ConvertExpr {
                leaf,
                column: column.clone(),
                conversion,
            }),
        })
    }
}

/// A nested file column as the table's type.
#[derive(Debug, Clone, Eq)]
struct ConvertExpr {
    leaf: Arc<dyn PhysicalExpr>,
    column: Column,
    conversion: Conversion,
}

impl PartialEq for ConvertExpr {
    fn eq(&self, other: &Self) -> bool {
        self.leaf.eq(&other.leaf)
            && self.column == other.column
            && self.conversion == other.conversion
    }
}

impl Hash for ConvertExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.leaf.hash(state);
        self.column.hash(state);
        self.conversion.hash(state);
    }
}

impl fmt::Display for ConvertExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "convert({})", self.leaf)
    }
}

impl PhysicalExpr for ConvertExpr {
    fn data_type(&self, _input: &Schema) -> Result<DataType> {
        Ok(self.column.field.data_type().clone())
    }

    fn nullable(&self, _input: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn return_field(&self, _input: &Schema) -> Result<FieldRef> {
        Ok(Arc::new(
            self.column.field.as_ref().clone().with_nullable(true),
        ))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let array = self.leaf.evaluate(batch)?.into_array(batch.num_rows())?;
        Ok(ColumnarValue::Array(
            self.conversion.apply(&self.column, &array)?,
        ))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.leaf]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [leaf] = children.as_slice() else {
            return internal_err!("a conversion has one input");
        };
        Ok(Arc::new(Self {
            leaf: Arc::clone(leaf),
            ..self.as_ref().clone()
        }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.leaf.fmt_sql(f)
    }
}
