//! Deletes as a condition on rows that are decoded: one mask with the other conditions instead of a copy of its own.

use datafusion::arrow::array::{Array, BooleanArray, BooleanBufferBuilder, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema};
use datafusion::common::cast::as_primitive_array;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// Which of some rows of a file are not deleted.
#[derive(Debug)]
pub struct Kept {
    first: u64,
    rows: BooleanBuffer,
}

impl Kept {
    /// `deleted` are some of `rows`.
    pub fn new(rows: Range<u64>, deleted: &[u64]) -> Self {
        let count = (rows.end - rows.start) as usize;
        let mut kept = BooleanBufferBuilder::new(count);
        kept.append_n(count, true);
        for position in deleted {
            kept.set_bit((position - rows.start) as usize, false);
        }
        Self {
            first: rows.start,
            rows: kept.finish(),
        }
    }

    /// Rows that follow each other, as the reader decodes them, are a part of the mask and need no copy.
    fn of(&self, positions: &[i64]) -> Result<BooleanBuffer> {
        let Some(first) = positions.first() else {
            return Ok(BooleanBuffer::new_unset(0));
        };
        let index = |position: i64| (position as u64).wrapping_sub(self.first) as usize;
        if let Some(outside) = positions.iter().find(|p| index(**p) >= self.rows.len()) {
            return internal_err!("row {outside} of a file was read by mistake");
        }
        let in_turn = positions.iter().zip(*first..).all(|(p, next)| *p == next);
        Ok(match in_turn {
            true => self.rows.slice(index(*first), positions.len()),
            false => BooleanBuffer::collect_bool(positions.len(), |i| {
                self.rows.value(index(positions[i]))
            }),
        })
    }
}

/// TRUE for a row that is not deleted.
#[derive(Debug)]
pub struct KeptRows {
    /// Of the row in its file.
    position: Arc<dyn PhysicalExpr>,
    kept: Arc<Kept>,
}

impl KeptRows {
    pub fn new(position: Arc<dyn PhysicalExpr>, kept: Arc<Kept>) -> Self {
        Self { position, kept }
    }
}

impl PartialEq for KeptRows {
    fn eq(&self, other: &Self) -> bool {
        self.position.eq(&other.position) && Arc::ptr_eq(&self.kept, &other.kept)
    }
}

impl Eq for KeptRows {}

impl Hash for KeptRows {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.position.hash(state);
        Arc::as_ptr(&self.kept).hash(state);
    }
}

impl fmt::Display for KeptRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kept({})", self.position)
    }
}

impl PhysicalExpr for KeptRows {
    fn data_type(&self, _row: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, _row: &Schema) -> Result<bool> {
        Ok(false)
    }

    fn return_field(&self, _row: &Schema) -> Result<FieldRef> {
        Ok(Arc::new(Field::new("kept", DataType::Boolean, false)))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let positions = self.position.evaluate(batch)?;
        let positions = positions.into_array(batch.num_rows())?;
        let positions = as_primitive_array::<Int64Type>(&positions)?;
        let kept = self.kept.of(positions.values())?;
        let kept = Arc::new(BooleanArray::new(kept, None));
        Ok(ColumnarValue::Array(kept as Arc<dyn Array>))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.position]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let [position] = children.as_slice() else {
            return internal_err!("a condition on one column");
        };
        Ok(Arc::new(Self::new(
            Arc::clone(position),
            Arc::clone(&self.kept),
        )))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    fn text(kept: &Kept, positions: &[i64]) -> String {
        let rows = kept.of(positions).unwrap();
        rows.iter()
            .map(|kept| if kept { 'x' } else { '-' })
            .collect()
    }

    #[test]
    fn rows_in_any_order() {
        let kept = Kept::new(10..20, &[10, 13, 14, 19]);
        assert_eq!(text(&kept, &[10, 11, 12, 13, 14, 15]), "-xx--x");
        assert_eq!(text(&kept, &[18, 19, 10, 11]), "x--x");
        assert_eq!(text(&kept, &[10, 18, 12]), "-xx");
        assert_eq!(text(&kept, &[]), "");
        for outside in [[9, 10], [19, 20], [-1, 0]] {
            assert!(kept.of(&outside).is_err());
        }
    }
}
