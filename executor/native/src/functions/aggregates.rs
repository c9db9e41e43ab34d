//! The frame of our own aggregate functions, and the small ones: AVG, PRODUCT, COUNT_IF, SINGLE_VALUE, the sum of COUNTs.

use super::distinct::Distinct;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub fn function(id: &str) -> Option<AggregateUDF> {
    let own = match id {
        "avg" => {
            return Some(AggregateUDF::new_from_impl(Delegate::new(
                "avg",
                avg_udaf(),
                true,
            )));
        }
        "sum0" => {
            return Some(AggregateUDF::new_from_impl(Delegate::new(
                "sum0",
                sum_udaf(),
                false,
            )));
        }
        "product" => Own {
            id: "product",
            parameters: |_| vec![DataType::Float64],
            result: |_| DataType::Float64,
            state: |_| vec![DataType::Float64],
            accumulator: |_| Ok(Box::new(Product::default())),
        },
        "count_if" => Own {
            id: "count_if",
            parameters: |_| vec![DataType::Boolean],
            result: |_| DataType::Int64,
            state: |_| vec![DataType::Int64],
            accumulator: |_| Ok(Box::new(CountIf::default())),
        },
        "single_value" => Own {
            id: "single_value",
            parameters: |t| t.to_vec(),
            result: |t| t[0].clone(),
            state: |t| vec![t[0].clone(), DataType::Int64],
            accumulator: |a| {
                let value = ScalarValue::try_from(a.return_field.data_type())?;
                Ok(Box::new(SingleValue { value, rows: 0 }))
            },
        },
        _ => return None,
    };
    Some(own.function())
}

/// An aggregate of ours: types by the arguments' types, one accumulator.
pub struct Own {
    pub id: &'static str,
    /// What the arguments are cast to.
    pub parameters: fn(&[DataType]) -> Vec<DataType>,
    pub result: fn(&[DataType]) -> DataType,
    /// The types of the partial state.
    pub state: fn(&[DataType]) -> Vec<DataType>,
    pub accumulator: fn(&AccumulatorArgs) -> Result<Box<dyn Accumulator>>,
}

impl Own {
    pub fn function(self) -> AggregateUDF {
        let signature = Signature::user_defined(Volatility::Immutable);
        AggregateUDF::new_from_impl(OwnFunction {
            own: self,
            signature,
        })
    }
}

struct OwnFunction {
    own: Own,
    signature: Signature,
}

impl std::fmt::Debug for OwnFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.own.id)
    }
}

impl PartialEq for OwnFunction {
    fn eq(&self, other: &Self) -> bool {
        self.own.id == other.own.id
    }
}

impl Eq for OwnFunction {}

impl Hash for OwnFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.own.id.hash(state);
    }
}

impl AggregateUDFImpl for OwnFunction {
    fn name(&self) -> &str {
        self.own.id
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok((self.own.parameters)(types))
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok((self.own.result)(types))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let own = (self.own.accumulator)(&args)?;
        if !args.is_distinct {
            return Ok(own);
        }
        let types = args.expr_fields.iter().map(|f| f.data_type().clone());
        Ok(Box::new(Distinct::new(own, types.collect())))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let inputs: Vec<DataType> = args
            .input_fields
            .iter()
            .map(|f| f.data_type().clone())
            .collect();
        let state = match args.is_distinct {
            true => Distinct::state_types(&inputs),
            false => (self.own.state)(&inputs),
        };
        Ok(state
            .into_iter()
            .enumerate()
            .map(|(i, t)| Arc::new(Field::new(format!("{}[{i}]", args.name), t, true)))
            .collect())
    }

    fn supports_within_group_clause(&self) -> bool {
        super::is_ordered_set(self.own.id)
    }
}

/// DataFusion's function with one difference: AVG computes in DOUBLE whatever it is given (DataFusion's decimal
/// average has four digits more than its input and no others), and the sum of no rows is 0 for SUM0.
#[derive(Debug)]
struct Delegate {
    id: &'static str,
    inner: Arc<AggregateUDF>,
    double: bool,
    signature: Signature,
}

impl Delegate {
    fn new(id: &'static str, inner: Arc<AggregateUDF>, double: bool) -> Self {
        let signature = Signature::user_defined(Volatility::Immutable);
        Self {
            id,
            inner,
            double,
            signature,
        }
    }

    fn zero_for_empty(&self) -> bool {
        !self.double
    }
}

impl PartialEq for Delegate {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Delegate {}

impl Hash for Delegate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl AggregateUDFImpl for Delegate {
    fn name(&self) -> &str {
        self.id
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types
            .iter()
            .map(|t| match t {
                _ if self.double => DataType::Float64,
                t if t.is_integer() => DataType::Int64,
                DataType::Float32 => DataType::Float64,
                t => t.clone(),
            })
            .collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let zero = ScalarValue::new_zero(args.return_field.data_type());
        let inner = self.inner.accumulator(args)?;
        if self.zero_for_empty() {
            Ok(Box::new(OrZero { inner, zero: zero? }))
        } else {
            Ok(inner)
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let zero = ScalarValue::new_zero(args.return_field.data_type());
        let inner = self.inner.create_sliding_accumulator(args)?;
        if self.zero_for_empty() {
            Ok(Box::new(OrZero { inner, zero: zero? }))
        } else {
            Ok(inner)
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !self.zero_for_empty() && self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(args)
    }
}

#[derive(Debug)]
struct OrZero {
    inner: Box<dyn Accumulator>,
    zero: ScalarValue,
}

impl Accumulator for OrZero {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.inner.evaluate()?;
        Ok(if value.is_null() {
            self.zero.clone()
        } else {
            value
        })
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

#[derive(Debug, Default)]
struct Product {
    value: Option<f64>,
}

impl Accumulator for Product {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<Float64Type>().iter().flatten() {
            self.value = Some(self.value.unwrap_or(1.0) * value);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.value))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}

#[derive(Debug, Default)]
struct CountIf {
    count: i64,
}

impl Accumulator for CountIf {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.count += values[0].as_boolean().true_count() as i64;
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.count)))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.count += states[0]
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .sum::<i64>();
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.count -= values[0].as_boolean().true_count() as i64;
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }
}

/// The value of a scalar sub-query: NULL without rows, an error with more than one.
#[derive(Debug)]
struct SingleValue {
    value: ScalarValue,
    rows: i64,
}

impl SingleValue {
    fn count(&mut self, rows: i64) -> Result<()> {
        self.rows += rows;
        if self.rows > 1 {
            return Err(super::single_row::more_than_one());
        }
        Ok(())
    }
}

impl Accumulator for SingleValue {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.count(values[0].len() as i64)?;
        if !values[0].is_empty() {
            self.value = ScalarValue::try_from_array(&values[0], 0)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![
            self.value.clone(),
            ScalarValue::Int64(Some(self.rows)),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states[1].as_primitive::<Int64Type>();
        for row in 0..rows.len() {
            if rows.value(row) > 0 {
                self.count(rows.value(row))?;
                self.value = ScalarValue::try_from_array(&states[0], row)?;
            }
        }
        Ok(())
    }
}
