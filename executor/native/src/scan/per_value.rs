//! A condition over one dictionary-encoded column, answered once for each value of the dictionary.
//!
//! Every batch of a row group has the same dictionary, so that a row costs one look into a table.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int32Type, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_expr::utils::collect_columns;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

/// `condition` with each part that names one dictionary-encoded column and nothing else answered per value. It must be
/// [`crate::short_circuit::is_safe`]: values that no row has are looked at too.
pub fn rewrite(condition: Arc<dyn PhysicalExpr>, row: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    let visit = |node: Arc<dyn PhysicalExpr>| -> Result<Transformed<Arc<dyn PhysicalExpr>>> {
        let columns = collect_columns(&node);
        let mut columns = columns.into_iter();
        let (Some(column), None) = (columns.next(), columns.next()) else {
            return Ok(Transformed::no(node));
        };
        let values = match row.field(column.index()).data_type() {
            DataType::Dictionary(_, values) => values.as_ref().clone(),
            _ => return Ok(Transformed::no(node)),
        };
        if node.data_type(row)? != DataType::Boolean {
            return Ok(Transformed::no(node));
        }
        let per_value = PerValue::try_new(column, values, &node)?;
        Ok(Transformed::new(
            Arc::new(per_value),
            true,
            TreeNodeRecursion::Jump,
        ))
    };
    condition.transform_down(visit).data()
}

/// Cannot fail: [`rewrite`] makes it of conditions that cannot.
#[derive(Debug)]
pub struct PerValue {
    column: Arc<dyn PhysicalExpr>,
    /// Over a row of one value.
    condition: Arc<dyn PhysicalExpr>,
    row: SchemaRef,
    last: Mutex<Option<Answers>>,
}

/// What the condition says of each value of one dictionary and, last, of NULL.
#[derive(Debug)]
struct Answers {
    values: ArrayRef,
    passes: Vec<bool>,
    known: Vec<bool>,
}

impl Answers {
    fn are_of(&self, values: &ArrayRef) -> bool {
        Arc::ptr_eq(&self.values, values) || self.values.to_data().ptr_eq(&values.to_data())
    }

    fn of_keys(&self, keys: &Int32Array) -> BooleanArray {
        let null = self.passes.len() - 1;
        // Keys beyond the dictionary stand under NULLs of empty dictionaries only.
        let key = |i: usize| (keys.value(i) as usize).min(null);
        let look = |table: &[bool]| match keys.nulls() {
            None => BooleanBuffer::collect_bool(keys.len(), |i| table[key(i)]),
            Some(nulls) => BooleanBuffer::collect_bool(keys.len(), |i| {
                table[if nulls.is_valid(i) { key(i) } else { null }]
            }),
        };
        let unknown = self.known.contains(&false);
        let nulls = unknown.then(|| NullBuffer::new(look(&self.known)));
        BooleanArray::new(look(&self.passes), nulls)
    }
}

impl PerValue {
    fn try_new(column: Column, values: DataType, node: &Arc<dyn PhysicalExpr>) -> Result<Self> {
        let value: Arc<dyn PhysicalExpr> = Arc::new(Column::new("value", 0));
        let is_column = |expr: &Arc<dyn PhysicalExpr>| expr.is::<Column>();
        let onto_value = |expr: Arc<dyn PhysicalExpr>| {
            let decoded = expr
                .downcast_ref::<CastExpr>()
                .is_some_and(|cast| is_column(cast.expr()) && *cast.cast_type() == values);
            Ok(match decoded || is_column(&expr) {
                true => Transformed::new(Arc::clone(&value), true, TreeNodeRecursion::Jump),
                false => Transformed::no(expr),
            })
        };
        let condition = Arc::clone(node).transform_down(onto_value).data()?;
        Ok(Self {
            column: Arc::new(column),
            condition,
            row: Arc::new(Schema::new(vec![Field::new("value", values, true)])),
            last: Mutex::default(),
        })
    }

    fn answers(&self, values: &ArrayRef) -> Result<Answers> {
        let null = ScalarValue::try_from(values.data_type())?.to_array()?;
        let both = [self.ask(values)?, self.ask(&null)?];
        let all = || both.iter().flat_map(BooleanArray::iter);
        Ok(Answers {
            values: Arc::clone(values),
            passes: all().map(|answer| answer == Some(true)).collect(),
            known: all().map(|answer| answer.is_some()).collect(),
        })
    }

    fn ask(&self, values: &ArrayRef) -> Result<BooleanArray> {
        let batch = RecordBatch::try_new(Arc::clone(&self.row), vec![Arc::clone(values)])?;
        let answer = self.condition.evaluate(&batch)?.into_array(values.len())?;
        match answer.as_boolean_opt() {
            Some(answer) => Ok(answer.clone()),
            None => internal_err!("a condition of type {}", answer.data_type()),
        }
    }
}

impl PartialEq for PerValue {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.condition.eq(&other.condition)
    }
}

impl Eq for PerValue {}

impl Hash for PerValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.condition.hash(state);
    }
}

impl fmt::Display for PerValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "per_value({}, {})", self.column, self.condition)
    }
}

impl PhysicalExpr for PerValue {
    fn data_type(&self, _row: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _row: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn return_field(&self, _row: &Schema) -> Result<FieldRef> {
        Ok(Arc::new(Field::new("passes", DataType::Boolean, true)))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let column = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() else {
            return internal_err!("{} has no dictionary", self.column);
        };
        let values = dictionary.values();
        let mut last = self.last.lock().expect("answers");
        if last.as_ref().is_none_or(|known| !known.are_of(values)) {
            *last = Some(self.answers(values)?);
        }
        let answers = last.as_ref().expect("just asked");
        Ok(ColumnarValue::Array(Arc::new(
            answers.of_keys(dictionary.keys()),
        )))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [column] = children.as_slice() else {
            return internal_err!("a condition on one column");
        };
        Ok(Arc::new(Self {
            column: Arc::clone(column),
            condition: Arc::clone(&self.condition),
            row: Arc::clone(&self.row),
            last: Mutex::default(),
        }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}
