//! +, -, *, / and % with the result type that the planner declared: integers and decimals are checked, integer division by
//! zero is an error, floating point follows IEEE 754, dates and times take intervals.

use crate::errors::{DIVISION_BY_ZERO, INVALID_ARGUMENT, NUMBER_OUT_OF_RANGE, failure, internal};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Datum};
use datafusion::arrow::compute::kernels::numeric;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef};
use datafusion::arrow::error::ArrowError;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

mod decimal;
mod exact;
mod name;
mod temporal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Negate,
}

impl Operation {
    /// The operation with this operator id.
    pub fn of(id: &str) -> Option<Self> {
        Some(match id {
            "add" => Self::Add,
            "subtract" | "timestamp_diff" => Self::Subtract,
            "multiply" => Self::Multiply,
            "divide" => Self::Divide,
            "modulo" => Self::Modulo,
            "negate" => Self::Negate,
            _ => return None,
        })
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Negate => "negate",
        }
    }
}

/// `args` may have any types that the operation can bring to `declared`.
pub fn call(operation: Operation, args: Vec<Expr>, declared: &DataType) -> Expr {
    let function = Arithmetic {
        operation,
        declared: declared.clone(),
        digest: name::digest(operation.symbol(), declared, &args),
        signature: Signature::variadic_any(Volatility::Immutable),
    };
    ScalarUDF::new_from_impl(function).call(args)
}

/// A decimal under more digits: the same values, so nothing is looked at.
pub fn relabel(input: Expr, precision: u8, scale: i8) -> Expr {
    let function = Relabel {
        precision,
        scale,
        signature: Signature::any(1, Volatility::Immutable),
    };
    ScalarUDF::new_from_impl(function).call(vec![input])
}

#[derive(Debug)]
struct Arithmetic {
    operation: Operation,
    declared: DataType,
    /// Of the call as it was made; its arguments may have been rewritten since. No part of what the function is.
    digest: u128,
    signature: Signature,
}

impl PartialEq for Arithmetic {
    fn eq(&self, other: &Self) -> bool {
        self.operation == other.operation && self.declared == other.declared
    }
}

impl Eq for Arithmetic {}

impl Hash for Arithmetic {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.operation, &self.declared).hash(state);
    }
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &str {
        self.operation.symbol()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        Ok(name::of(self.name(), self.digest, args))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.declared.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(same_nullability(
            self.name(),
            &self.declared,
            args.arg_fields,
        ))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let all_scalar = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let result = match args.args.as_slice() {
            [left, right] => {
                let left = Operand::new(left)?;
                let right = Operand::new(right)?;
                self.binary(&left, &right)?
            }
            [only] if self.operation == Operation::Negate => {
                let only = Operand::new(only)?;
                numeric::neg(&only.array).map_err(|e| self.error(e))?
            }
            other => {
                let text = format!("{} of {} arguments", self.name(), other.len());
                return Err(internal(text));
            }
        };
        let result = self.at_declared_type(result)?;
        Ok(match all_scalar {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?),
            false => ColumnarValue::Array(result),
        })
    }
}

impl Arithmetic {
    fn binary(&self, left: &Operand, right: &Operand) -> Result<ArrayRef> {
        let (l, r) = (left.data_type(), right.data_type());
        if l.is_null() || r.is_null() {
            let rows = left.array.len().max(right.array.len());
            return Ok(datafusion::arrow::array::new_null_array(
                &self.declared,
                rows,
            ));
        }
        if l.is_temporal() || r.is_temporal() || matches!(self.declared, DataType::Interval(_)) {
            return temporal::apply(self.operation, left, right, &self.declared);
        }
        match &self.declared {
            DataType::Decimal128(precision, scale) => {
                decimal::apply(self.operation, left, right, *precision, *scale)
            }
            number if number.is_integer() || number.is_floating() => {
                let (left, right) = (left.cast(number)?, right.cast(number)?);
                apply(self.operation, &left, &right).map_err(|e| self.error(e))
            }
            other => Err(internal(format!("{l} {} {r} as {other}", self.name()))),
        }
    }

    fn at_declared_type(&self, result: ArrayRef) -> Result<ArrayRef> {
        match result.data_type() == &self.declared {
            true => Ok(result),
            false => Ok(cast_with_options(&result, &self.declared, &strict())?),
        }
    }

    fn error(&self, error: ArrowError) -> datafusion::common::DataFusionError {
        match error {
            ArrowError::DivideByZero => failure(DIVISION_BY_ZERO, "division by zero"),
            ArrowError::ArithmeticOverflow(_) => {
                let text = format!(
                    "the result of {} does not fit {}",
                    self.name(),
                    type_name(&self.declared)
                );
                failure(NUMBER_OUT_OF_RANGE, text)
            }
            other => other.into(),
        }
    }
}

/// The SQL name, for messages.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Int8 => "TINYINT".to_owned(),
        DataType::Int16 => "SMALLINT".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Float32 => "REAL".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Utf8 => "VARCHAR".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        DataType::Timestamp(..) => "TIMESTAMP".to_owned(),
        other => other.to_string(),
    }
}

/// One argument: an array, or a scalar as an array of one that stretches.
pub(crate) struct Operand {
    pub array: ArrayRef,
    pub scalar: bool,
}

impl Operand {
    fn new(value: &ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Array(array) => Self {
                array: Arc::clone(array),
                scalar: false,
            },
            ColumnarValue::Scalar(scalar) => Self {
                array: scalar.to_array()?,
                scalar: true,
            },
        })
    }

    pub fn data_type(&self) -> &DataType {
        self.array.data_type()
    }

    pub fn cast(&self, to: &DataType) -> Result<Self> {
        Ok(Self {
            array: match self.data_type() == to {
                true => Arc::clone(&self.array),
                false => cast_with_options(&self.array, to, &strict())?,
            },
            scalar: self.scalar,
        })
    }
}

impl Datum for Operand {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.scalar)
    }
}

/// Arrow's checked kernels.
pub(crate) fn apply(
    operation: Operation,
    left: &dyn Datum,
    right: &dyn Datum,
) -> std::result::Result<ArrayRef, ArrowError> {
    match operation {
        Operation::Add => numeric::add(left, right),
        Operation::Subtract => numeric::sub(left, right),
        Operation::Multiply => numeric::mul(left, right),
        Operation::Divide => numeric::div(left, right),
        Operation::Modulo => numeric::rem(left, right),
        Operation::Negate => Err(ArrowError::ComputeError(
            "negation takes one value".to_owned(),
        )),
    }
}

fn strict() -> CastOptions<'static> {
    CastOptions {
        safe: false,
        ..CastOptions::default()
    }
}

fn same_nullability(name: &str, data_type: &DataType, args: &[FieldRef]) -> FieldRef {
    let nullable = args.iter().any(|field| field.is_nullable());
    Arc::new(Field::new(name, data_type.clone(), nullable))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Relabel {
    precision: u8,
    scale: i8,
    signature: Signature,
}

impl ScalarUDFImpl for Relabel {
    fn name(&self) -> &str {
        "as_decimal"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(self.precision, self.scale))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let data_type = DataType::Decimal128(self.precision, self.scale);
        Ok(same_nullability(self.name(), &data_type, args.arg_fields))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.first() {
            Some(ColumnarValue::Scalar(ScalarValue::Decimal128(value, _, _))) => Ok(
                ColumnarValue::Scalar(ScalarValue::Decimal128(*value, self.precision, self.scale)),
            ),
            Some(ColumnarValue::Array(array)) => {
                let decimals = array.as_primitive::<Decimal128Type>().clone();
                let decimals = decimals.with_precision_and_scale(self.precision, self.scale)?;
                Ok(ColumnarValue::Array(Arc::new(decimals)))
            }
            _ => Err(failure(INVALID_ARGUMENT, "a decimal is expected")),
        }
    }
}

#[cfg(test)]
mod tests;
