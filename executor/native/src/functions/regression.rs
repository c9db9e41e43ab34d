//! REGR_R2 as the standard has it: 1 for a horizontal line, where DataFusion 55 has NULL.

use super::aggregates::Own;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, AggregateUDF};

pub fn function(id: &str) -> Option<AggregateUDF> {
    let own = Own {
        id: "regr_r2",
        parameters: |_| vec![DataType::Float64; 2],
        result: |_| DataType::Float64,
        state: |_| vec![DataType::Float64; 6],
        accumulator: |_| Ok(Box::new(Pairs::default())),
    };
    (id == "regr_r2").then(|| own.function())
}

/// Count, means, and the sums of squares and products of the differences from the means.
#[derive(Debug, Default, Clone, Copy)]
struct Pairs {
    n: f64,
    mean_y: f64,
    mean_x: f64,
    yy: f64,
    xx: f64,
    xy: f64,
}

impl Pairs {
    fn of(y: f64, x: f64) -> Self {
        Self {
            n: 1.0,
            mean_y: y,
            mean_x: x,
            ..Self::default()
        }
    }

    fn merge(self, other: Self) -> Self {
        if self.n == 0.0 || other.n == 0.0 {
            return if self.n == 0.0 { other } else { self };
        }
        let n = self.n + other.n;
        let (dy, dx) = (other.mean_y - self.mean_y, other.mean_x - self.mean_x);
        let weight = self.n * other.n / n;
        Self {
            n,
            mean_y: self.mean_y + dy * other.n / n,
            mean_x: self.mean_x + dx * other.n / n,
            yy: self.yy + other.yy + dy * dy * weight,
            xx: self.xx + other.xx + dx * dx * weight,
            xy: self.xy + other.xy + dy * dx * weight,
        }
    }

    fn r2(&self) -> Option<f64> {
        match self {
            Self { xx, .. } if *xx == 0.0 => None,
            Self { yy, .. } if *yy == 0.0 => Some(1.0),
            _ => Some(self.xy * self.xy / (self.xx * self.yy)),
        }
    }
}

impl Accumulator for Pairs {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [ys, xs] = [0, 1].map(|i| values[i].as_primitive::<Float64Type>());
        for (y, x) in ys.iter().zip(xs) {
            if let (Some(y), Some(x)) = (y, x) {
                *self = self.merge(Self::of(y, x));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.r2()))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = [self.n, self.mean_y, self.mean_x, self.yy, self.xx, self.xy];
        Ok(values.map(|v| ScalarValue::Float64(Some(v))).to_vec())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let at = |i: usize, row| states[i].as_primitive::<Float64Type>().value(row);
        for row in 0..states[0].len() {
            *self = self.merge(Self {
                n: at(0, row),
                mean_y: at(1, row),
                mean_x: at(2, row),
                yy: at(3, row),
                xx: at(4, row),
                xy: at(5, row),
            });
        }
        Ok(())
    }
}
