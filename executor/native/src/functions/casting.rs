//! What CAST does where Arrow's kernels differ from PostgreSQL and DuckDB. Not in the registry: only casts use them.

use super::elementwise::{Parameter as P, function as make, returns_text};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use datafusion::common::format::DEFAULT_CAST_OPTIONS;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// A timestamp as `2024-01-31 08:30:00.25`: a space between date and time, no more digits than there are.
pub fn timestamp_text() -> ScalarUDF {
    make("timestamp_text", &[P::Any], returns_text, |args| {
        let format = FormatOptions::new()
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
            .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f+00"));
        let formatter = ArrayFormatter::try_new(&args[0], &format)?;
        let texts = (0..args[0].len()).map(|row| {
            args[0]
                .is_valid(row)
                .then(|| shortest(&formatter.value(row).to_string()))
        });
        Ok(Arc::new(texts.collect::<StringArray>()) as ArrayRef)
    })
}

// chrono writes fractions of 3, 6 or 9 digits.
fn shortest(text: &str) -> String {
    let (moment, zone) = match text.strip_suffix("+00") {
        Some(moment) => (moment, "+00"),
        None => (text, ""),
    };
    match moment.split_once('.') {
        Some((seconds, fraction)) => {
            format!("{seconds}.{}{zone}", fraction.trim_end_matches('0'))
        }
        None => text.to_string(),
    }
}

/// A double rounded to the nearest integer, ties to the even one.
pub fn nearest_integer() -> ScalarUDF {
    make(
        "nearest_integer",
        &[P::Double],
        |_| DataType::Float64,
        |args| {
            let rounded: Float64Array = args[0]
                .as_primitive::<Float64Type>()
                .unary(|value: f64| value.round_ties_even());
            Ok(Arc::new(rounded) as ArrayRef)
        },
    )
}

/// CAST where the order of the results is not that of the values, so that nothing is to be said of their bounds.
pub fn unordered_cast(to: &DataType) -> ScalarUDF {
    ScalarUDF::new_from_impl(UnorderedCast {
        name: format!("cast_as_{to}").to_lowercase(),
        to: to.clone(),
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UnorderedCast {
    name: String,
    to: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for UnorderedCast {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.to.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        args.args[0].cast_to(&self.to, Some(&DEFAULT_CAST_OPTIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn fractions_lose_their_zeros() {
        assert_eq!(shortest("2024-01-01 10:00:00.500"), "2024-01-01 10:00:00.5");
        assert_eq!(
            shortest("2024-01-01 10:00:00.120+00"),
            "2024-01-01 10:00:00.12+00"
        );
        assert_eq!(shortest("2024-01-01 10:00:00"), "2024-01-01 10:00:00");
    }
}
