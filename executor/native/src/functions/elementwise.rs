//! The frame of our own scalar functions: declared parameter types, one kernel over whole arrays.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Float64Array, Int64Array, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What an argument is cast to before the kernel sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Parameter {
    Text,
    Binary,
    Integer,
    Double,
    /// Microseconds without a zone.
    Timestamp,
    /// As it comes.
    Any,
}

impl Parameter {
    fn target(&self) -> Option<DataType> {
        match self {
            Parameter::Text => Some(DataType::Utf8),
            Parameter::Binary => Some(DataType::Binary),
            Parameter::Integer => Some(DataType::Int64),
            Parameter::Double => Some(DataType::Float64),
            Parameter::Timestamp => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
            Parameter::Any => None,
        }
    }
}

/// The kernel: arrays of equal length in, one of the same length out.
pub type Kernel = fn(&[ArrayRef]) -> Result<ArrayRef>;

/// The result's type from the arguments' types.
pub type ResultType = fn(&[DataType]) -> DataType;

#[derive(Debug)]
struct Elementwise {
    id: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    kernel: Kernel,
    constants: Constants,
    signature: Signature,
}

/// How constant arguments arrive among columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Constants {
    /// As columns.
    Repeated,
    /// The first one as one row, the others as columns.
    FirstOnce,
    /// As one row each.
    Once,
}

impl PartialEq for Elementwise {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Elementwise {}

impl Hash for Elementwise {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// An immutable function. Fewer arguments than parameters are allowed; more are of the last parameter's type.
pub fn function(
    id: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    kernel: Kernel,
) -> ScalarUDF {
    ScalarUDF::new_from_impl(elementwise(
        id,
        parameters,
        result,
        kernel,
        Constants::Repeated,
    ))
}

/// The same for functions whose first argument is nearly always a constant: it arrives as one row then, the others
/// as columns.
pub fn unit_function(
    id: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    kernel: Kernel,
) -> ScalarUDF {
    ScalarUDF::new_from_impl(elementwise(
        id,
        parameters,
        result,
        kernel,
        Constants::FirstOnce,
    ))
}

/// The same for functions of large values: every constant argument arrives as one row.
pub fn once_function(
    id: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    kernel: Kernel,
) -> ScalarUDF {
    ScalarUDF::new_from_impl(elementwise(id, parameters, result, kernel, Constants::Once))
}

fn elementwise(
    id: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    kernel: Kernel,
    constants: Constants,
) -> Elementwise {
    Elementwise {
        id,
        parameters,
        result,
        kernel,
        constants,
        signature: Signature::user_defined(Volatility::Immutable),
    }
}

impl Elementwise {
    fn target(&self, ordinal: usize, actual: &DataType) -> DataType {
        self.parameters
            .get(ordinal)
            .or(self.parameters.last())
            .and_then(Parameter::target)
            .unwrap_or_else(|| actual.clone())
    }
}

impl ScalarUDFImpl for Elementwise {
    fn name(&self) -> &str {
        self.id
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types
            .iter()
            .enumerate()
            .map(|(i, t)| self.target(i, t))
            .collect())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok((self.result)(types))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let mut arrays = Vec::with_capacity(args.args.len());
        for (i, argument) in args.args.into_iter().enumerate() {
            let once = match self.constants {
                Constants::Repeated => false,
                Constants::FirstOnce => i == 0,
                Constants::Once => true,
            };
            let once = once && matches!(argument, ColumnarValue::Scalar(_));
            let array = argument.into_array(if once { 1 } else { rows })?;
            let target = self.target(i, array.data_type());
            arrays.push(if *array.data_type() == target {
                array
            } else {
                cast(&array, &target)?
            });
        }
        let result = (self.kernel)(&arrays)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &result, 0,
            )?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

pub fn returns_text(_: &[DataType]) -> DataType {
    DataType::Utf8
}

pub fn returns_binary(_: &[DataType]) -> DataType {
    DataType::Binary
}

pub fn returns_integer(_: &[DataType]) -> DataType {
    DataType::Int64
}

pub fn returns_double(_: &[DataType]) -> DataType {
    DataType::Float64
}

pub fn returns_boolean(_: &[DataType]) -> DataType {
    DataType::Boolean
}

pub fn returns_timestamp(_: &[DataType]) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}

pub fn text(array: &ArrayRef) -> &StringArray {
    array.as_string::<i32>()
}

pub fn binary(array: &ArrayRef) -> &BinaryArray {
    array.as_binary::<i32>()
}

pub fn integers(array: &ArrayRef) -> &Int64Array {
    array.as_primitive::<Int64Type>()
}

pub fn doubles(array: &ArrayRef) -> &Float64Array {
    array.as_primitive::<Float64Type>()
}

/// The value at `row`, None for NULL.
pub fn text_at(array: &ArrayRef, row: usize) -> Option<&str> {
    let array = text(array);
    array.is_valid(row).then(|| array.value(row))
}

pub fn integer_at(array: &ArrayRef, row: usize) -> Option<i64> {
    let array = integers(array);
    array.is_valid(row).then(|| array.value(row))
}

pub fn double_at(array: &ArrayRef, row: usize) -> Option<f64> {
    let array = doubles(array);
    array.is_valid(row).then(|| array.value(row))
}

/// One text per row; None is NULL.
pub fn to_text<S: AsRef<str>>(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<S>>,
) -> Result<ArrayRef> {
    let values = (0..rows).map(&mut value).collect::<Result<StringArray>>()?;
    Ok(Arc::new(values))
}

pub fn to_integers(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<i64>>,
) -> Result<ArrayRef> {
    let values = (0..rows).map(&mut value).collect::<Result<Int64Array>>()?;
    Ok(Arc::new(values))
}

pub fn to_doubles(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<f64>>,
) -> Result<ArrayRef> {
    let values = (0..rows)
        .map(&mut value)
        .collect::<Result<Float64Array>>()?;
    Ok(Arc::new(values))
}

pub fn to_booleans(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<bool>>,
) -> Result<ArrayRef> {
    let values = (0..rows)
        .map(&mut value)
        .collect::<Result<BooleanArray>>()?;
    Ok(Arc::new(values))
}
