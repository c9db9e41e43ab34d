//! DataFusion's state for one query: our settings, our optimizer rules, our planners, the query's memory.

use crate::engine::{Engine, QueryPool};
use crate::errors;
use crate::namesakes;
use crate::orderings;
use crate::planner::KeldaPlanner;
use crate::proto::QuerySettings;
use datafusion::common::Result;
use datafusion::execution::config::SessionConfig;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::optimizer::Optimizer;
use std::sync::Arc;

/// Join order is decided before the plan comes here; this rule would flatten bushy trees.
const REMOVED_RULES: [&str; 1] = ["eliminate_cross_join"];

/// Up to here joins build one hash table instead of shuffling both sides.
const FEW_PARTITIONS: usize = 4;

/// A join on integers looks rows up in an array over the range of its keys, up to so many (32 MB), instead of a hash table:
/// TPC-H SF 1 takes 6 % less CPU time.
const SMALL_KEY_RANGE: usize = 8 << 20;

pub fn state(
    engine: &Engine,
    settings: &QuerySettings,
    batch_rows: usize,
    pool: &Arc<QueryPool>,
) -> Result<SessionState> {
    let mut rules = Optimizer::new().rules;
    rules.retain(|rule| !REMOVED_RULES.contains(&rule.name()));
    Ok(SessionStateBuilder::new()
        .with_config(config(settings, batch_rows)?)
        .with_runtime_env(engine.runtime_env(Arc::clone(pool)))
        .with_optimizer_rules(rules)
        .with_physical_optimizer_rules(namesakes::guarded(orderings::rules()?)?)
        .with_query_planner(Arc::new(KeldaPlanner))
        .build())
}

fn config(settings: &QuerySettings, batch_rows: usize) -> Result<SessionConfig> {
    if settings.target_partitions == 0 || batch_rows == 0 {
        return Err(errors::internal(
            "settings without partitions or batch rows",
        ));
    }
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.target_partitions as usize)
        .with_batch_size(batch_rows)
        .with_information_schema(false)
        .with_collect_statistics(true);
    let options = config.options_mut();
    // DataFusion 55 alone, TPC-H SF 1, two partitions: the 22 queries in 4.4 s instead of 5.2 s.
    options.optimizer.repartition_joins = settings.target_partitions as usize > FEW_PARTITIONS;
    options.execution.parquet.schema_force_view_types = false;
    options.execution.perfect_hash_join_small_build_threshold = SMALL_KEY_RANGE;
    // A FILTER makes DataFusion's two derivations of the input's nullability differ; the types are compared elsewhere.
    options.execution.skip_physical_aggregate_schema_check = true;
    options.catalog.create_default_catalog_and_schema = false;
    if !settings.time_zone.is_empty() {
        options.execution.time_zone = Some(settings.time_zone.clone());
    }
    let mut given: Vec<_> = settings.options.iter().collect();
    given.sort();
    for (key, value) in given {
        options.set(key, value).map_err(|e| {
            let message = format!("setting {key} = \"{value}\": {e}");
            errors::failure(errors::INVALID_CONFIGURATION, message)
        })?;
    }
    Ok(config)
}
