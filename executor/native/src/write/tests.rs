//! Writes and reads back.

use super::{extension_planner, logical_plan};
use crate::engine::Engine;
use crate::proto;
use crate::scan::{FIELD_ID, to_proto};
use async_trait::async_trait;
use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::{SessionConfig, SessionContext};
use std::sync::Arc;
use tempfile::TempDir;

#[derive(Debug)]
struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        state: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalPlanner::with_extension_planners(extension_planner().into_iter().collect())
            .create_physical_plan(plan, state)
            .await
    }
}

fn run(batches: Vec<RecordBatch>, target: &proto::WriteTarget) -> Result<Vec<(String, i64, i64)>> {
    let config = proto::EngineConfig {
        worker_threads: 2,
        memory_bytes: 1 << 30,
        ..Default::default()
    };
    let engine = Arc::new(Engine::open(&config, None)?);
    let schema = batches[0].schema();
    let state = SessionStateBuilder::new_with_default_features()
        .with_config(SessionConfig::new().with_target_partitions(2))
        .with_query_planner(Arc::new(Planner))
        .build();
    let context = SessionContext::new_with_state(state);
    let table = context.read_table(Arc::new(MemTable::try_new(schema, vec![batches])?))?;
    let plan = logical_plan(&engine, table.into_unoptimized_plan(), target)?;
    let written = engine.handle().block_on(async {
        let plan = context.state().create_physical_plan(&plan).await?;
        collect(plan, context.task_ctx()).await
    })?;
    let row = |batch: &RecordBatch| {
        let paths = batch.column(0).as_string::<i32>().clone();
        let number = |i: usize, row| {
            batch
                .column(i)
                .as_primitive::<datafusion::arrow::datatypes::Int64Type>()
                .value(row)
        };
        (0..batch.num_rows())
            .map(|row| (paths.value(row).to_owned(), number(1, row), number(2, row)))
            .collect::<Vec<_>>()
    };
    Ok(written.iter().flat_map(row).collect())
}

fn target(folder: &TempDir, fields: &[Field], ids: Vec<proto::ColumnSource>) -> proto::WriteTarget {
    proto::WriteTarget {
        location: format!("file:{}", folder.path().display()),
        file_prefix: "part".to_owned(),
        columns: fields.iter().map(|f| to_proto(f).unwrap()).collect(),
        column_ids: ids,
        compression: "zstd".to_owned(),
        row_group_rows: 1000,
        target_file_bytes: 1 << 30,
        ..Default::default()
    }
}

#[test]
fn rows_come_back_with_field_ids() -> Result<()> {
    let folder = TempDir::new()?;
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None]);
    let input = RecordBatch::try_from_iter([
        (
            "c0",
            Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef,
        ),
        ("c1", Arc::new(list) as ArrayRef),
    ])?;
    let fields = [
        Field::new("n", DataType::Int64, true),
        Field::new("l", DataType::new_list(DataType::Int32, true), true),
    ];
    let id = |field_id, children| proto::ColumnSource {
        field_id,
        children,
        ..Default::default()
    };
    let target = target(
        &folder,
        &fields,
        vec![id(1, vec![]), id(2, vec![id(3, vec![])])],
    );
    let written = run(vec![input], &target)?;
    assert_eq!(written.len(), 1);
    let (url, rows, bytes) = &written[0];
    let path = url.strip_prefix("file:").unwrap();
    assert_eq!(url, &format!("{}/part-00000.parquet", target.location));
    assert_eq!((*rows, *bytes as u64), (2, std::fs::metadata(path)?.len()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path)?)?;
    let schema: Schema = reader.schema().as_ref().clone();
    let id = |f: &Field| f.metadata()[FIELD_ID].clone();
    assert_eq!(
        (id(schema.field(0)), id(schema.field(1))),
        ("1".to_owned(), "2".to_owned())
    );
    let DataType::List(element) = schema.field(1).data_type() else {
        panic!("no list")
    };
    assert_eq!(
        (element.name().as_str(), id(element)),
        ("element", "3".to_owned())
    );
    let back: Vec<RecordBatch> = reader.build()?.collect::<std::result::Result<_, _>>()?;
    assert_eq!(
        back[0].column(0).as_ref(),
        &Int64Array::from(vec![Some(1), None])
    );
    Ok(())
}

#[test]
fn no_rows_no_files_and_failures_leave_none() -> Result<()> {
    let folder = TempDir::new()?;
    let batch = |values: Vec<Option<i64>>| {
        RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(values)) as ArrayRef)])
    };
    let fields = [Field::new("n", DataType::Int64, false)];
    let target = target(&folder, &fields, vec![]);
    let empty = RecordBatch::new_empty(batch(vec![None])?.schema());
    assert!(run(vec![empty], &target)?.is_empty());
    let small = proto::WriteTarget {
        target_file_bytes: 1,
        ..target
    };
    let good = || batch((0..100).map(Some).collect());
    assert!(run(vec![good()?, good()?, batch(vec![None])?], &small).is_err());
    assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
    let nullable = proto::WriteTarget {
        columns: vec![to_proto(&Field::new("n", DataType::Int64, true))?],
        ..small
    };
    let written = run(vec![good()?, good()?, good()?], &nullable)?;
    assert_eq!(written.iter().map(|(_, rows, _)| rows).sum::<i64>(), 300);
    assert_eq!(
        (written.len(), std::fs::read_dir(folder.path())?.count()),
        (3, 3)
    );
    Ok(())
}
