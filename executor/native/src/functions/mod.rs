//! From function registry ids to DataFusion functions. Plain operators (add, eq, and, like, cast, ...) are not here.
//!
//! ```text
//! functions.yaml id --scalar | aggregate | window--> DataFusion's function, or one of ours where it lacks or differs
//! ```
//! Invariants: every id of the registry that is not a plain operator and not evaluated in Java is known; our own
//! functions take arguments of any type that casts to their parameters, and answer with the registered type or one
//! that the caller casts to it.
//!
//! Arguments are in the order of the SQL call, with these exceptions:
//! - `date_part`, `date_trunc`, `date_ceil`: (unit text, value); `position`: (needle, text[, from])
//! - aggregates with WITHIN GROUP (see [`is_ordered_set`]): the sort key comes first, then the SQL arguments; the
//!   order stays in `order_by`.

use datafusion::functions as f;
use datafusion::functions_aggregate as agg;
use datafusion::functions_nested as nested;
use datafusion::functions_window as win;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use std::sync::Arc;

mod aggregates;
mod arg_extreme;
mod arrays;
mod calendar;
pub mod casting;
mod chunks;
mod convert;
mod datetime;
mod distinct;
mod elementwise;
mod encoding;
mod format;
mod json;
mod math;
mod mode;
mod moments;
pub mod nested_text;
pub mod order_key;
mod percentile;
mod quantified;
mod reading;
mod regex;
mod regression;
mod rounding;
pub mod rows;
mod series;
mod single_row;
mod text;
mod vectors;
mod zone;

pub use regex::similar_pattern;

/// The ids of the registry whose `evaluated` is `java`. A test compares them with the file.
pub const JAVA: [&str; 2] = ["normalize", "strip_accents"];

/// Whether the function is evaluated by an upcall into the JVM: those of the registry, and those of modules, whose ids
/// carry what the planner bound (`module.function:binding`).
pub fn is_java(id: &str) -> bool {
    JAVA.contains(&id) || id.contains(':')
}

/// Whether the aggregate takes its WITHIN GROUP sort key as the first argument.
pub fn is_ordered_set(id: &str) -> bool {
    matches!(id, "percentile_cont" | "percentile_disc")
}

/// The scalar function with this registry id.
pub fn scalar(id: &str) -> Option<Arc<ScalarUDF>> {
    own_scalar(id).or_else(|| datafusion_scalar(id))
}

fn own_scalar(id: &str) -> Option<Arc<ScalarUDF>> {
    text::function(id)
        .or_else(|| encoding::function(id))
        .or_else(|| regex::function(id))
        .or_else(|| math::function(id))
        .or_else(|| rounding::function(id))
        .or_else(|| datetime::function(id))
        .or_else(|| convert::function(id))
        .or_else(|| format::function(id))
        .or_else(|| arrays::function(id))
        .or_else(|| vectors::function(id))
        .or_else(|| chunks::function(id))
        .or_else(|| crate::search::function(id))
        .or_else(|| json::function(id))
        .or_else(|| quantified::function(id))
        .or_else(|| series::function(id))
        .or_else(|| single_row::function(id))
        .or_else(|| zone::function(id))
        .map(Arc::new)
}

fn datafusion_scalar(id: &str) -> Option<Arc<ScalarUDF>> {
    let udf = match id {
        // text
        "ascii" => f::string::ascii(),
        "bit_length" => f::string::bit_length(),
        "btrim" | "trim" => f::string::btrim(),
        "char_length" => f::unicode::character_length(),
        "chr" => f::string::chr(),
        "concat_text" => f::string::concat(),
        "concat_ws" => f::string::concat_ws(),
        "contains" => f::string::contains(),
        "ends_with" => f::string::ends_with(),
        "initcap" => f::unicode::initcap(),
        "left" => f::unicode::left(),
        "levenshtein" => f::string::levenshtein(),
        "lower" => f::string::lower(),
        "ltrim" => f::string::ltrim(),
        "md5" => f::crypto::md5(),
        "octet_length" => f::string::octet_length(),
        "overlay" => f::core::overlay(),
        "reverse" => f::unicode::reverse(),
        "right" => f::unicode::right(),
        "rtrim" => f::string::rtrim(),
        "split_part" => f::string::split_part(),
        "starts_with" => f::string::starts_with(),
        "strpos" => f::unicode::strpos(),
        "substr" | "substring" => f::unicode::substr(),
        "to_hex" => f::string::to_hex(),
        "translate" => f::unicode::translate(),
        "upper" => f::string::upper(),
        "uuid" => f::string::uuid(),
        "regexp_count" => f::regex::regexp_count(),
        "regexp_instr" => f::regex::regexp_instr(),
        "regexp_like" => f::regex::regexp_like(),
        "regexp_replace" => f::regex::regexp_replace(),
        // numbers
        "abs" => f::math::abs(),
        "acosh" => f::math::acosh(),
        "asinh" => f::math::asinh(),
        "atan" => f::math::atan(),
        "atan2" => f::math::atan2(),
        "atanh" => f::math::atanh(),
        "cbrt" => f::math::cbrt(),
        "cos" => f::math::cos(),
        "cosh" => f::math::cosh(),
        "cot" => f::math::cot(),
        "degrees" => f::math::degrees(),
        "exp" => f::math::exp(),
        "factorial" => f::math::factorial(),
        "gcd" => f::math::gcd(),
        "isnan" => f::math::isnan(),
        "lcm" => f::math::lcm(),
        "pi" => f::math::pi(),
        "power" => f::math::power(),
        "radians" => f::math::radians(),
        "random" => f::math::random(),
        "sin" => f::math::sin(),
        "sinh" => f::math::sinh(),
        "tan" => f::math::tan(),
        "tanh" => f::math::tanh(),
        // conditions
        "coalesce" => f::core::coalesce(),
        "greatest" => f::core::greatest(),
        "least" => f::core::least(),
        "nullif" => f::core::nullif(),
        "row" => f::core::r#struct(),
        // time
        "current_date" => f::datetime::current_date(),
        "current_time" | "localtime" => f::datetime::current_time(),
        "current_timestamp" | "localtimestamp" | "now" => f::datetime::now(&Default::default()),
        "make_date" => f::datetime::make_date(),
        // arrays and maps
        "array" | "list_value" => nested::make_array::make_array_udf(),
        "array_append" => nested::concat::array_append_udf(),
        "array_concat" => nested::concat::array_concat_udf(),
        "array_contains" => nested::array_has::array_has_udf(),
        "array_distinct" => nested::set_ops::array_distinct_udf(),
        "array_except" => nested::except::array_except_udf(),
        "array_intersect" => nested::set_ops::array_intersect_udf(),
        "array_length" | "cardinality" => nested::cardinality::cardinality_udf(),
        "array_max" => nested::min_max::array_max_udf(),
        "array_min" => nested::min_max::array_min_udf(),
        "array_position" => nested::position::array_position_udf(),
        "array_positions" => nested::position::array_positions_udf(),
        "array_prepend" => nested::concat::array_prepend_udf(),
        "array_remove" => nested::remove::array_remove_all_udf(),
        "array_repeat" => nested::repeat::array_repeat_udf(),
        "array_replace" => nested::replace::array_replace_all_udf(),
        "array_reverse" => nested::reverse::array_reverse_udf(),
        "array_slice" => nested::extract::array_slice_udf(),
        "array_sum" => nested::array_sum::array_sum_udf(),
        "array_to_string" => nested::string::array_to_string_udf(),
        "array_union" => nested::set_ops::array_union_udf(),
        "flatten" => nested::flatten::flatten_udf(),
        "item" => nested::extract::array_element_udf(),
        "map_item" => nested::map_extract::map_extract_udf(),
        "map_keys" => nested::map_keys::map_keys_udf(),
        "map_values" => nested::map_values::map_values_udf(),
        "string_to_array" => nested::string::string_to_array_udf(),
        _ => return None,
    };
    Some(udf)
}

/// The aggregate function with this registry id.
pub fn aggregate(id: &str) -> Option<Arc<AggregateUDF>> {
    let udaf = match id {
        "any_value" => agg::any_value::any_value_udaf(),
        "approx_count_distinct" => agg::approx_distinct::approx_distinct_udaf(),
        "approx_median" => agg::approx_median::approx_median_udaf(),
        "approx_quantile" => agg::approx_percentile_cont::approx_percentile_cont_udaf(),
        "array_agg" => agg::array_agg::array_agg_udaf(),
        "bit_and" => agg::bit_and_or_xor::bit_and_udaf(),
        "bit_or" => agg::bit_and_or_xor::bit_or_udaf(),
        "bit_xor" => agg::bit_and_or_xor::bit_xor_udaf(),
        "bool_and" => agg::bool_and_or::bool_and_udaf(),
        "bool_or" => agg::bool_and_or::bool_or_udaf(),
        "corr" => agg::correlation::corr_udaf(),
        "count" => agg::count::count_udaf(),
        "covar_pop" => agg::covariance::covar_pop_udaf(),
        "covar_samp" => agg::covariance::covar_samp_udaf(),
        "first" => agg::first_last::first_value_udaf(),
        "grouping" => agg::grouping::grouping_udaf(),
        "last" => agg::first_last::last_value_udaf(),
        "max" => agg::min_max::max_udaf(),
        "median" => agg::median::median_udaf(),
        "min" => agg::min_max::min_udaf(),
        "regr_avgx" => agg::regr::regr_avgx_udaf(),
        "regr_avgy" => agg::regr::regr_avgy_udaf(),
        "regr_count" => agg::regr::regr_count_udaf(),
        "regr_intercept" => agg::regr::regr_intercept_udaf(),
        "regr_slope" => agg::regr::regr_slope_udaf(),
        "regr_sxx" => agg::regr::regr_sxx_udaf(),
        "regr_sxy" => agg::regr::regr_sxy_udaf(),
        "regr_syy" => agg::regr::regr_syy_udaf(),
        "stddev_pop" => agg::stddev::stddev_pop_udaf(),
        "stddev_samp" => agg::stddev::stddev_udaf(),
        "string_agg" => agg::string_agg::string_agg_udaf(),
        "sum" => agg::sum::sum_udaf(),
        "var_pop" => agg::variance::var_pop_udaf(),
        "var_samp" => agg::variance::var_samp_udaf(),
        _ => return own_aggregate(id).map(Arc::new),
    };
    Some(udaf)
}

fn own_aggregate(id: &str) -> Option<AggregateUDF> {
    aggregates::function(id)
        .or_else(|| arg_extreme::function(id))
        .or_else(|| mode::function(id))
        .or_else(|| moments::function(id))
        .or_else(|| percentile::function(id))
        .or_else(|| regression::function(id))
}

/// The window function with this registry id.
pub fn window(id: &str) -> Option<Arc<WindowUDF>> {
    let udwf = match id {
        "cume_dist" => win::cume_dist::cume_dist_udwf(),
        "dense_rank" => win::rank::dense_rank_udwf(),
        "first_value" => win::nth_value::first_value_udwf(),
        "lag" => win::lead_lag::lag_udwf(),
        "last_value" => win::nth_value::last_value_udwf(),
        "lead" => win::lead_lag::lead_udwf(),
        "nth_value" => win::nth_value::nth_value_udwf(),
        "ntile" => win::ntile::ntile_udwf(),
        "percent_rank" => win::rank::percent_rank_udwf(),
        "rank" => win::rank::rank_udwf(),
        "row_number" => win::row_number::row_number_udwf(),
        _ => return None,
    };
    Some(udwf)
}
