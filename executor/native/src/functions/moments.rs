//! SKEWNESS and KURTOSIS from central moments, merged without losing digits (Pébay 2008).

use super::aggregates::Own;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, AggregateUDF};

pub fn function(id: &str) -> Option<AggregateUDF> {
    let own = |id, accumulator| Own {
        id,
        parameters: |_| vec![DataType::Float64],
        result: |_| DataType::Float64,
        state: |_| vec![DataType::Float64; 5],
        accumulator,
    };
    Some(match id {
        "skewness" => own("skewness", |_| Ok(accumulator(Moments::skewness))).function(),
        "kurtosis" => own("kurtosis", |_| Ok(accumulator(Moments::kurtosis))).function(),
        "kurtosis_pop" => {
            own("kurtosis_pop", |_| Ok(accumulator(Moments::kurtosis_pop))).function()
        }
        _ => return None,
    })
}

fn accumulator(measure: fn(&Moments) -> Option<f64>) -> Box<dyn Accumulator> {
    Box::new(Shape {
        moments: Moments::default(),
        measure,
    })
}

/// Count, mean and the sums of the 2nd to 4th powers of the differences from the mean.
#[derive(Debug, Default, Clone, Copy)]
struct Moments {
    n: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

impl Moments {
    fn of(value: f64) -> Self {
        Self {
            n: 1.0,
            mean: value,
            ..Self::default()
        }
    }

    fn merge(self, other: Self) -> Self {
        if self.n == 0.0 || other.n == 0.0 {
            return if self.n == 0.0 { other } else { self };
        }
        let (a, b) = (self, other);
        let n = a.n + b.n;
        let d = b.mean - a.mean;
        let m2 = a.m2 + b.m2 + d * d * a.n * b.n / n;
        let m3 = a.m3
            + b.m3
            + d.powi(3) * a.n * b.n * (a.n - b.n) / (n * n)
            + 3.0 * d * (a.n * b.m2 - b.n * a.m2) / n;
        let m4 = a.m4
            + b.m4
            + d.powi(4) * a.n * b.n * (a.n * a.n - a.n * b.n + b.n * b.n) / n.powi(3)
            + 6.0 * d * d * (a.n * a.n * b.m2 + b.n * b.n * a.m2) / (n * n)
            + 4.0 * d * (a.n * b.m3 - b.n * a.m3) / n;
        Self {
            n,
            mean: a.mean + d * b.n / n,
            m2,
            m3,
            m4,
        }
    }

    /// Corrected for the sample; NULL below three rows, and of one value alone.
    fn skewness(&self) -> Option<f64> {
        let n = self.n;
        (n > 2.0 && self.m2 != 0.0).then(|| {
            let plain = (self.m3 / n) / (self.m2 / n).powf(1.5);
            (n * (n - 1.0)).sqrt() / (n - 2.0) * plain
        })
    }

    /// Excess over the normal distribution, corrected for the sample; NULL below four rows, and of one value alone.
    fn kurtosis(&self) -> Option<f64> {
        let n = self.n;
        (n > 3.0 && self.m2 != 0.0).then(|| {
            let plain = n * self.m4 / (self.m2 * self.m2);
            (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * plain - 3.0 * (n - 1.0))
        })
    }

    fn kurtosis_pop(&self) -> Option<f64> {
        (self.n > 1.0 && self.m2 != 0.0).then(|| self.n * self.m4 / (self.m2 * self.m2) - 3.0)
    }
}

#[derive(Debug)]
struct Shape {
    moments: Moments,
    measure: fn(&Moments) -> Option<f64>,
}

impl Accumulator for Shape {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<Float64Type>().iter().flatten() {
            self.moments = self.moments.merge(Moments::of(value));
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64((self.measure)(&self.moments)))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let m = self.moments;
        Ok([m.n, m.mean, m.m2, m.m3, m.m4]
            .map(|v| ScalarValue::Float64(Some(v)))
            .to_vec())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let columns: Vec<_> = states
            .iter()
            .map(|s| s.as_primitive::<Float64Type>())
            .collect();
        for row in 0..states[0].len() {
            let [n, mean, m2, m3, m4] = std::array::from_fn(|i| columns[i].value(row));
            self.moments = self.moments.merge(Moments {
                n,
                mean,
                m2,
                m3,
                m4,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Moments;

    #[test]
    fn the_order_of_merging_does_not_matter() {
        let values = [1.0, 2.0, 2.5, 9.0, -4.0, 7.5, 7.5];
        let all = |v: &[f64]| {
            v.iter()
                .fold(Moments::default(), |m, x| m.merge(Moments::of(*x)))
        };
        let whole = all(&values);
        let parts = all(&values[..3]).merge(all(&values[3..]));
        assert!((whole.skewness().unwrap() - parts.skewness().unwrap()).abs() < 1e-12);
        assert!((whole.kurtosis().unwrap() - parts.kurtosis().unwrap()).abs() < 1e-12);
        assert_eq!(all(&[1.0, 2.0]).skewness(), None);
    }
}
