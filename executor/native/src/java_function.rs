//! Functions that Java evaluates, a batch at a time, on blocking threads.

use crate::engine::Engine;
use crate::errors::{self, Failure};
use crate::plan::{PlanContext, types};
use crate::proto::EvaluateFunction;
use crate::upcall::Upcalls;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The function with this registry id; Java reports an id that it does not know when it is called.
pub fn scalar(context: &PlanContext, id: &str, declared: &DataType) -> Result<Arc<ScalarUDF>> {
    let message = types::to_proto(declared).ok_or_else(|| {
        let text = format!("function \"{id}\" with a result of type {declared}");
        errors::failure(errors::NOT_SUPPORTED, text)
    })?;
    let function = JavaFunction {
        call: EvaluateFunction {
            query_id: context.request.query_id.clone(),
            function: id.to_owned(),
            r#type: Some(message),
        },
        declared: declared.clone(),
        upcalls: context.engine.upcalls()?,
        engine: Arc::clone(context.engine),
        signature: Signature::variadic_any(Volatility::Volatile),
    };
    Ok(Arc::new(ScalarUDF::new_from_impl(function)))
}

struct JavaFunction {
    call: EvaluateFunction,
    declared: DataType,
    upcalls: Arc<dyn Upcalls>,
    engine: Arc<Engine>,
    signature: Signature,
}

impl JavaFunction {
    /// A call whose arguments are all constants is evaluated once for the whole batch.
    fn evaluate(&self, args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = |arg: &ColumnarValue| matches!(arg, ColumnarValue::Scalar(_));
        if args.number_rows > 1 && !args.args.is_empty() && args.args.iter().all(constant) {
            let value = self.evaluate_rows(args, 1)?;
            return Ok(ScalarValue::try_from_array(&value, 0)?.into());
        }
        Ok(self.evaluate_rows(args, args.number_rows)?.into())
    }

    fn evaluate_rows(&self, args: &ScalarFunctionArgs, rows: usize) -> Result<ArrayRef> {
        let arrays = args.args.iter().map(|arg| arg.to_array(rows));
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let fields = arrays
            .iter()
            .enumerate()
            .map(|(i, array)| Field::new(format!("a{i}"), array.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = arrays.iter().map(crate::output::compact);
        let columns = columns.collect::<std::result::Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let result = self.upcalls.evaluate(&self.call, batch)?;
        if result.len() != rows || !result.data_type().equals_datatype(&self.declared) {
            return Err(errors::internal(format!(
                "function \"{}\" returned {} values of type {}",
                self.call.function,
                result.len(),
                result.data_type()
            )));
        }
        // Arrow Java calls the elements of a list something else.
        Ok(cast(&result, &self.declared)?)
    }
}

impl ScalarUDFImpl for JavaFunction {
    fn name(&self) -> &str {
        &self.call.function
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.declared.clone())
    }

    /// Runs on a thread that may block, while this one waits with its tasks handed to another.
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let work = || {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.evaluate(&args)))
                .unwrap_or_else(|panic| Err(Failure::panic(panic.as_ref()).into()))
        };
        match tokio::runtime::Handle::try_current().is_ok() {
            true => tokio::task::block_in_place(work),
            false => work(),
        }
    }
}

impl fmt::Debug for JavaFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JavaFunction({})", self.call.function)
    }
}

impl PartialEq for JavaFunction {
    fn eq(&self, other: &Self) -> bool {
        self.call == other.call && Arc::ptr_eq(&self.engine, &other.engine)
    }
}

impl Eq for JavaFunction {}

impl Hash for JavaFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.call.query_id.hash(state);
        self.call.function.hash(state);
    }
}
