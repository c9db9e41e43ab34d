//! MODE: the most frequent value; of equally frequent ones the smallest.

use super::aggregates::Own;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, AggregateUDF};
use std::collections::HashMap;
use std::sync::Arc;

pub fn function(id: &str) -> Option<AggregateUDF> {
    if id != "mode" {
        return None;
    }
    let own = Own {
        id: "mode",
        parameters: |t| t.to_vec(),
        result: |t| t[0].clone(),
        state: |t| vec![list(t[0].clone()), list(DataType::Int64)],
        accumulator: |a| {
            let data_type = a.return_field.data_type().clone();
            Ok(Box::new(Mode {
                counts: HashMap::new(),
                bytes: 0,
                data_type,
            }))
        },
    };
    Some(own.function())
}

fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

#[derive(Debug)]
struct Mode {
    counts: HashMap<ScalarValue, i64>,
    bytes: usize,
    data_type: DataType,
}

impl Mode {
    fn add(&mut self, values: &ArrayRef, row: usize, count: i64) -> Result<()> {
        let value = ScalarValue::try_from_array(values, row)?;
        match self.counts.get_mut(&value) {
            Some(seen) => *seen += count,
            None => {
                let value = value.compacted();
                self.bytes += value.size() + size_of::<i64>();
                self.counts.insert(value, count);
            }
        }
        Ok(())
    }
}

impl Accumulator for Mode {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for row in (0..values[0].len()).filter(|row| values[0].is_valid(*row)) {
            self.add(&values[0], row, 1)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let best = self.counts.iter().max_by(|(a, x), (b, y)| {
            x.cmp(y)
                .then_with(|| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal))
        });
        match best {
            Some((value, _)) => Ok(value.clone()),
            None => ScalarValue::try_from(&self.data_type),
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (values, counts): (Vec<_>, Vec<_>) = self
            .counts
            .iter()
            .map(|(v, c)| (v.clone(), ScalarValue::Int64(Some(*c))))
            .unzip();
        Ok(vec![
            ScalarValue::List(ScalarValue::new_list_nullable(&values, &self.data_type)),
            ScalarValue::List(ScalarValue::new_list_nullable(&counts, &DataType::Int64)),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (values, counts) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        for group in (0..values.len()).filter(|group| values.is_valid(*group)) {
            let (members, totals) = (values.value(group), counts.value(group));
            let totals = totals.as_primitive::<Int64Type>();
            for row in 0..members.len() {
                self.add(&members, row, totals.value(row))?;
            }
        }
        Ok(())
    }
}
