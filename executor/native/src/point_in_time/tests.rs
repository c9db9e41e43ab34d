//! Random joins against a brute-force model, for every kind of key, payload, comparison and partitioning.
use super::{Build, FeatureSpec, extension_planner, logical_plan};
use crate::proto::point_in_time_join::feature::Match;
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, col};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::{SessionConfig, SessionContext};
use std::sync::Arc;

#[derive(Debug)]
struct Planner;

#[async_trait::async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn datafusion::catalog::Session,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(
            extension_planner().into_iter().collect(),
        );
        planner.create_physical_plan(plan, session).await
    }
}

/// A small generator, so that a failure names a seed that reproduces it.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn maybe(&mut self, value: i64) -> Option<i64> {
        (self.below(10) > 0).then_some(value)
    }
}

#[derive(Clone, Debug)]
struct Row {
    key: Option<i64>,
    time: Option<i64>,
    known: Option<i64>,
    value: i64,
}

#[derive(Debug)]
struct Case {
    spine: Vec<Row>,
    feature: Vec<Row>,
    keys: usize,
    strings: bool,
    known_at: bool,
    matching: Match,
    tolerance: Option<i64>,
    exclusive: bool,
    inner: bool,
    build: Build,
}

fn case(seed: u64) -> Case {
    let random = &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    let (keys, times) = (1 + random.below(6), 1 + random.below(40));
    // Close together, or far apart: they are found in different ways.
    let distance = [1, 1, 7, 1 << 60, -(1 << 60)][random.below(5) as usize];
    let mut rows = |count: u64, values: u64| -> Vec<Row> {
        let mut value = 0;
        (0..random.below(count))
            .map(|_| {
                value += random.below(values) as i64;
                let time = random.below(times) as i64 - 5;
                Row {
                    key: {
                        let k = random.below(keys) as i64 * distance;
                        random.maybe(k)
                    },
                    time: random.maybe(time),
                    known: {
                        let late = random.below(8) as i64;
                        random.maybe(time + late)
                    },
                    value,
                }
            })
            .collect()
    };
    let (spine, feature) = (rows(40, 2), rows(60, 3));
    let matching = [
        Match::GreaterOrEqual,
        Match::Greater,
        Match::LessOrEqual,
        Match::Less,
    ][random.below(4) as usize];
    Case {
        spine,
        feature,
        keys: random.below(3) as usize,
        strings: random.below(2) == 0,
        known_at: random.below(3) == 0
            && matches!(matching, Match::GreaterOrEqual | Match::Greater),
        matching,
        tolerance: (random.below(2) == 0).then(|| random.below(12) as i64),
        exclusive: random.below(2) == 0,
        inner: random.below(3) == 0,
        build: Build::Spine,
    }
}

/// The value each spine row must get, straight from the definition.
fn model(case: &Case) -> Vec<(i64, Option<i64>)> {
    let visible = |s: &Row, f: &Row| -> bool {
        let (Some(st), Some(ft)) = (s.time, f.time) else {
            return false;
        };
        let keys = case.keys == 0 || (s.key.is_some() && s.key == f.key);
        let order = match case.matching {
            Match::GreaterOrEqual => st >= ft,
            Match::Greater => st > ft,
            Match::LessOrEqual => st <= ft,
            Match::Less => st < ft,
            Match::Unspecified => unreachable!(),
        };
        keys && order && (!case.known_at || f.known.is_some_and(|known| known <= st))
    };
    let back = matches!(case.matching, Match::GreaterOrEqual | Match::Greater);
    let mut rows = Vec::new();
    for s in &case.spine {
        let best = case
            .feature
            .iter()
            .filter(|f| visible(s, f))
            .max_by_key(|f| {
                let event = if back {
                    f.time.unwrap()
                } else {
                    -f.time.unwrap()
                };
                (event, if case.known_at { f.known } else { None }, f.value)
            });
        let near = best.filter(|f| {
            let distance = (s.time.unwrap() - f.time.unwrap()).abs();
            case.tolerance.is_none_or(|t| {
                if case.exclusive {
                    distance < t
                } else {
                    distance <= t
                }
            })
        });
        if near.is_some() || !case.inner {
            rows.push((s.value, near.map(|f| f.value)));
        }
    }
    rows.sort();
    rows
}

fn batches(
    rows: &[Row],
    prefix: &str,
    case: &Case,
    batch_rows: usize,
) -> (Arc<Schema>, Vec<RecordBatch>) {
    let names = ["key", "key2", "time", "known", "value", "text"];
    let types = [
        DataType::Int64,
        DataType::Float64,
        DataType::Int64,
        DataType::Int64,
        DataType::Int64,
        DataType::Utf8,
    ];
    let fields: Vec<_> = names
        .iter()
        .zip(types)
        .map(|(n, t)| Field::new(format!("{prefix}{n}"), t, true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let _ = case;
    let parts = rows.chunks(batch_rows).map(|rows| {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(|r| r.key).collect::<Int64Array>()),
            Arc::new(
                rows.iter()
                    .map(|r| r.key.map(|k| if k == 0 { f64::NAN } else { k as f64 }))
                    .collect::<Float64Array>(),
            ),
            Arc::new(rows.iter().map(|r| r.time).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|r| r.known).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|r| Some(r.value)).collect::<Int64Array>()),
            Arc::new(
                rows.iter()
                    .map(|r| Some(format!("{:08}", r.value)))
                    .collect::<StringArray>(),
            ),
        ];
        RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
    });
    let parts = parts.collect();
    (schema, parts)
}

fn scan(
    name: &str,
    schema: Arc<Schema>,
    batches: Vec<RecordBatch>,
    partitions: usize,
) -> LogicalPlan {
    let mut parts = vec![Vec::new(); partitions];
    for (number, batch) in batches.into_iter().enumerate() {
        parts[number % partitions].push(batch);
    }
    let table = MemTable::try_new(schema, parts).unwrap();
    LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(table)), None)
        .unwrap()
        .build()
        .unwrap()
}

fn context(partitions: usize, batch_rows: usize, memory: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(batch_rows);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
        .build_arc()
        .unwrap();
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_query_planner(Arc::new(Planner))
        .build();
    SessionContext::new_with_state(state)
}

fn plan(case: &Case, partitions: usize, batch_rows: usize) -> LogicalPlan {
    let (spine_schema, spine) = batches(&case.spine, "s_", case, batch_rows);
    let (feature_schema, feature) = batches(&case.feature, "f_", case, batch_rows);
    let keys = ["key", "key2"];
    let key = |prefix: &str| {
        keys[..case.keys]
            .iter()
            .map(|k| col(format!("{prefix}{k}")))
            .collect::<Vec<_>>()
    };
    let output = if case.strings { vec![4, 5] } else { vec![4] };
    let spec = FeatureSpec {
        input: scan("f", feature_schema, feature, partitions),
        spine_keys: key("s_"),
        feature_keys: key("f_"),
        spine_time: col("s_time"),
        feature_time: col("f_time"),
        matching: case.matching,
        tolerance: case.tolerance,
        tolerance_exclusive: case.exclusive,
        known_at: case.known_at.then(|| col("f_known")),
        output,
        inner: case.inner,
    };
    logical_plan(
        scan("s", spine_schema, spine, partitions),
        vec![spec],
        case.build,
    )
    .unwrap()
}

async fn join(case: &Case, partitions: usize, batch_rows: usize) -> Vec<(i64, Option<i64>)> {
    join_within(case, partitions, batch_rows, 1 << 30).await
}

async fn join_within(
    case: &Case,
    partitions: usize,
    batch_rows: usize,
    memory: usize,
) -> Vec<(i64, Option<i64>)> {
    let context = context(partitions, batch_rows, memory);
    let batches = context
        .execute_logical_plan(plan(case, partitions, batch_rows))
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let mut rows = Vec::new();
    for batch in &batches {
        assert!(batch.num_rows() <= batch_rows);
        let value = |name: &str, row: usize| {
            let column = batch.column_by_name(name).unwrap();
            let text = ArrayFormatter::try_new(column, &FormatOptions::default())
                .unwrap()
                .value(row)
                .to_string();
            (!text.is_empty()).then(|| text.parse::<i64>().unwrap())
        };
        for row in 0..batch.num_rows() {
            let found = value("f_value", row);
            if case.strings {
                assert_eq!(
                    found,
                    value("f_text", row),
                    "the columns of one row stay together"
                );
            }
            rows.push((value("s_value", row).unwrap(), found));
        }
    }
    rows.sort();
    assert_eq!(context.runtime_env().memory_pool.reserved(), 0);
    rows
}

const BUILDS: [Build; 2] = [Build::Spine, Build::Features];

/// Ten thousand: `KELDA_PIT_CASES=10000 executor/native/build.sh --test`; others: `KELDA_PIT_SEED=1000000`.
fn seeds() -> std::ops::Range<u64> {
    let number = |name, default| std::env::var(name).map_or(default, |n| n.parse().unwrap());
    let first = number("KELDA_PIT_SEED", 0);
    first..first + number("KELDA_PIT_CASES", 300)
}

#[tokio::test]
async fn random_cases_equal_the_model() {
    for seed in seeds() {
        let mut case = case(seed);
        let partitions = 1 + (seed % 8) as usize;
        for build in BUILDS {
            case.build = build;
            for (partitions, batch_rows) in [(partitions, 7), (9 - partitions, 8192), (4, 1)] {
                let rows = join(&case, partitions, batch_rows).await;
                assert_eq!(
                    rows,
                    model(&case),
                    "seed {seed}, {partitions} partitions, {batch_rows} rows a batch: {case:?}"
                );
            }
        }
    }
}

/// So little memory that collecting the spine, its index, or the rows kept of a feature does not fit; the sorts just do.
#[tokio::test]
async fn random_cases_on_disk_equal_the_model() {
    for seed in seeds().step_by(3) {
        let mut case = case(seed);
        for (build, memory) in BUILDS.into_iter().flat_map(|b| [(b, 70_000), (b, 90_000)]) {
            case.build = build;
            let rows = join_within(&case, 1 + (seed % 8) as usize, 7, memory).await;
            assert_eq!(rows, model(&case), "seed {seed}, {memory} bytes: {case:?}");
        }
    }
}

#[tokio::test]
async fn ten_times_the_memory_gives_the_same_rows() {
    let random = &mut Random(11);
    let mut rows = |count: i64| -> Vec<Row> {
        (0..count)
            .map(|value| Row {
                key: Some(random.below(2_000) as i64),
                time: Some(random.below(500) as i64),
                known: Some(random.below(600) as i64),
                value,
            })
            .collect()
    };
    let mut case = Case {
        spine: rows(60_000),
        feature: rows(120_000),
        keys: 1,
        strings: false,
        known_at: false,
        matching: Match::GreaterOrEqual,
        tolerance: Some(100),
        exclusive: true,
        inner: false,
        build: Build::Spine,
    };
    // About 70 bytes a row of 180,000.
    for (keys, strings, known_at) in [(1, false, false), (2, true, true), (0, false, false)] {
        (case.keys, case.strings, case.known_at) = (keys, strings, known_at);
        let unlimited = join(&case, 4, 128).await;
        for build in BUILDS {
            case.build = build;
            assert_eq!(join_within(&case, 4, 128, 1_200_000).await, unlimited);
        }
    }
}

#[tokio::test]
async fn large_spines_are_sharded_and_large_payloads_compacted() {
    for distance in [1, 1_000_003] {
        large_spine(distance).await;
    }
}

/// Keys are so far apart.
async fn large_spine(distance: i64) {
    let random = &mut Random(7);
    let mut rows = |count: i64| -> Vec<Row> {
        (0..count)
            .map(|value| {
                let time = random.below(100_000) as i64;
                Row {
                    key: Some(random.below(5_000) as i64 * distance),
                    time: Some(time),
                    known: Some(time),
                    value,
                }
            })
            .collect()
    };
    let mut case = Case {
        spine: rows(30_000),
        feature: rows(40_000),
        keys: 1,
        strings: false,
        known_at: false,
        matching: Match::GreaterOrEqual,
        tolerance: None,
        exclusive: false,
        inner: false,
        build: Build::Spine,
    };
    let packed = join(&case, 4, 1024).await;
    let mut features: std::collections::HashMap<i64, Vec<(i64, i64)>> = Default::default();
    for f in &case.feature {
        features
            .entry(f.key.unwrap())
            .or_default()
            .push((f.time.unwrap(), f.value));
    }
    for list in features.values_mut() {
        list.sort();
    }
    let mut expected: Vec<_> = case
        .spine
        .iter()
        .map(|s| {
            let list = features.get(&s.key.unwrap()).map_or(&[][..], Vec::as_slice);
            let end = list.partition_point(|(time, _)| *time <= s.time.unwrap());
            (s.value, end.checked_sub(1).map(|at| list[at].1))
        })
        .collect();
    expected.sort();
    assert_eq!(packed, expected);
    case.strings = true;
    assert_eq!(join(&case, 4, 1024).await, expected);
    case.build = Build::Features;
    assert_eq!(join(&case, 4, 1024).await, expected);
    case.strings = false;
    assert_eq!(join(&case, 4, 1024).await, expected);
}

#[tokio::test]
async fn too_little_memory_is_an_error() {
    let row = |value| Row {
        key: Some(value % 10),
        time: Some(value),
        known: None,
        value,
    };
    let case = Case {
        spine: (0..20_000).map(row).collect(),
        feature: (0..10).map(row).collect(),
        ..case(3)
    };
    let context = context(2, 1024, 100_000);
    let error = context
        .execute_logical_plan(plan(&case, 2, 1024))
        .await
        .unwrap()
        .collect()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.find_root(),
            datafusion::common::DataFusionError::ResourcesExhausted(_)
        ),
        "{error}"
    );
}
