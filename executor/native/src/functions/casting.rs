//! What CAST does where Arrow's kernels differ from PostgreSQL and DuckDB. Not in the registry: only casts use them.

use super::elementwise::{Parameter as P, function as make, returns_text};
use super::reading::for_arrow;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use datafusion::arrow::compute::CastOptions;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::format::DEFAULT_CAST_OPTIONS;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;

/// A timestamp as `2024-01-31 08:30:00.25`, a time as `08:30:00.25`: a space between date and time, no more digits than
/// there are.
pub fn moment_text() -> ScalarUDF {
    make("moment_text", &[P::Any], returns_text, |args| {
        moment_array_text(&args[0])
    })
}

pub(super) fn moment_array_text(moments: &ArrayRef) -> Result<ArrayRef> {
    let format = FormatOptions::new()
        .with_time_format(Some("%H:%M:%S%.f"))
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f+00"));
    let formatter = ArrayFormatter::try_new(moments, &format)?;
    let texts = (0..moments.len()).map(|row| {
        moments
            .is_valid(row)
            .then(|| shortest(&formatter.value(row).to_string()))
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
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

/// Whether values of the one type are read from texts of the other.
pub fn reads(from: &DataType, to: &DataType) -> bool {
    *from == DataType::Utf8 && !matches!(to, DataType::Utf8 | DataType::Binary)
}

/// CAST where the order of the results is not that of the values, so that nothing is to be said of their bounds.
/// `optional` gives NULL where it would fail.
pub fn unordered_cast(to: &DataType, optional: bool) -> ScalarUDF {
    let name = if optional { "try_cast_as" } else { "cast_as" };
    ScalarUDF::new_from_impl(UnorderedCast {
        name: format!("{name}_{to}").to_lowercase(),
        to: to.clone(),
        optional,
        signature: Signature::any(1, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UnorderedCast {
    name: String,
    to: DataType,
    optional: bool,
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
        let mut value = args.args[0].clone();
        if reads(&value.data_type(), &self.to) {
            let texts = value.to_array(1)?;
            let texts = for_arrow(texts.as_string(), &self.to, self.optional)?;
            value = match value {
                ColumnarValue::Array(_) => ColumnarValue::Array(Arc::new(texts)),
                ColumnarValue::Scalar(_) => {
                    ColumnarValue::Scalar(ScalarValue::try_from_array(&texts, 0)?)
                }
            };
        }
        let options = CastOptions {
            safe: self.optional,
            ..DEFAULT_CAST_OPTIONS
        };
        value.cast_to(&self.to, Some(&options))
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
