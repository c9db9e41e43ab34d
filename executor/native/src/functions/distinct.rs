//! DISTINCT for our own aggregates: every combination of arguments counts once.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;
use std::collections::HashSet;
use std::mem::size_of;

/// Hands each combination to the inner accumulator when it comes first. The state is a list per argument.
#[derive(Debug)]
pub struct Distinct {
    inner: Box<dyn Accumulator>,
    types: Vec<DataType>,
    seen: HashSet<Vec<ScalarValue>>,
    bytes: usize,
}

impl Distinct {
    pub fn new(inner: Box<dyn Accumulator>, types: Vec<DataType>) -> Self {
        Self {
            inner,
            types,
            seen: HashSet::new(),
            bytes: 0,
        }
    }

    pub fn state_types(types: &[DataType]) -> Vec<DataType> {
        types
            .iter()
            .map(|t| DataType::new_list(t.clone(), true))
            .collect()
    }
}

impl Accumulator for Distinct {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |v| v.len());
        let mut first = Vec::new();
        for row in 0..rows {
            let key = values.iter().map(|v| ScalarValue::try_from_array(v, row));
            let key = key.collect::<Result<Vec<_>>>()?;
            let bytes: usize = key.iter().map(ScalarValue::size).sum();
            if self.seen.insert(key) {
                self.bytes += bytes + size_of::<Vec<ScalarValue>>();
                first.push(row as u32);
            }
        }
        let first = UInt32Array::from(first);
        let new = values.iter().map(|v| Ok(take(v, &first, None)?));
        self.inner.update_batch(&new.collect::<Result<Vec<_>>>()?)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let groups = states.first().map_or(0, |s| s.len());
        for group in (0..groups).filter(|group| states[0].is_valid(*group)) {
            let values = states.iter().map(|s| s.as_list::<i32>().value(group));
            self.update_batch(&values.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let columns = self.types.iter().enumerate().map(|(i, data_type)| {
            let values: Vec<ScalarValue> = self.seen.iter().map(|key| key[i].clone()).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&values, data_type))
        });
        Ok(columns.collect())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.inner.evaluate()
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.inner.size() + self.bytes
    }
}
