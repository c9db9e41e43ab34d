//! Filters of scans against the same filters over the same rows in memory.

use super::conditions::Conditions;
use super::layout;
use super::per_value;
use super::tests::{batch, engine, file, open, parquet, position_delete, rows};
use crate::proto;
use crate::short_circuit::is_safe;
use datafusion::arrow::array::*;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::common::{JoinType, Result};
use datafusion::logical_expr::{Expr, Operator, cast, col, lit, when};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, Literal, NotExpr, binary, col as column, lit as literal,
};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const ROWS: i64 = 3000;

/// A text of few values, one of many, decimals in two widths, and numbers; all but the last with NULLs.
fn sample() -> RecordBatch {
    let flags = [Some("A"), Some("N"), None, Some("R"), Some("Reg"), Some("")];
    let flag: StringArray = (0..ROWS).map(|n| flags[(n * n % 6) as usize]).collect();
    let name: StringArray = (0..ROWS)
        .map(|n| (n % 11 > 0).then(|| format!("name {n}")))
        .collect();
    let price: Decimal128Array = (0..ROWS)
        .map(|n| (n % 7 > 0).then_some(i128::from(n * 37 % 5000 - 2000)))
        .collect();
    let wide: Decimal128Array = (0..ROWS).map(|n| Some(i128::from(n) << 70)).collect();
    let number: Int32Array = (0..ROWS).map(|n| Some((n % 100) as i32)).collect();
    batch(
        vec![
            Field::new("flag", DataType::Utf8, true),
            Field::new("name", DataType::Utf8, true),
            Field::new("price", DataType::Decimal128(12, 2), true),
            Field::new("wide", DataType::Decimal128(38, 0), true),
            Field::new("number", DataType::Int32, true),
        ],
        vec![
            Arc::new(flag),
            Arc::new(name),
            Arc::new(price.with_precision_and_scale(12, 2).unwrap()),
            Arc::new(wide.with_precision_and_scale(38, 0).unwrap()),
            Arc::new(number),
        ],
    )
}

fn write(path: &Path, batch: &RecordBatch, group_rows: usize) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn decimal(value: i128, digits: u8, scale: i8) -> Expr {
    lit(ScalarValue::Decimal128(Some(value), digits, scale))
}

#[test]
fn filters_in_a_scan_are_those_above_it() -> Result<()> {
    let (engine, folder, sample) = (engine(), TempDir::new()?, sample());
    let fields: Vec<Field> = sample
        .schema()
        .fields()
        .iter()
        .map(|f| f.as_ref().clone())
        .collect();
    let filters = [
        col("flag").eq(lit("A")),
        col("flag").not_eq(lit("A")),
        col("flag").in_list(vec![lit("R"), lit("none")], false),
        col("flag").in_list(vec![lit("R"), lit("N")], true),
        col("flag").like(lit("R%")).and(col("number").lt(lit(7i32))),
        col("flag")
            .is_null()
            .or(col("price").lt(decimal(-1999, 12, 2))),
        !col("flag").eq(lit("A")).and(col("number").gt(lit(50i32))),
        col("flag").gt(col("name")),
        col("price").eq(decimal(-200000, 17, 4)),
        col("price").gt(decimal(12345, 17, 3)),
        col("price").between(decimal(-5, 3, 0), decimal(5, 3, 0)),
        col("price").is_not_null().and(col("name").is_null()),
        cast(col("price"), DataType::Float64).gt(lit(29.5)),
        col("wide").gt(decimal(2990 << 70, 38, 0)),
        when(col("flag").eq(lit("N")), col("number").lt(lit(3i32))).otherwise(lit(false))?,
        col("name").like(lit("%77%")).and(col("flag").eq(lit(""))),
        lit(true).and(col("number").eq(lit(1i32))),
        col("number").lt(lit(0i32)),
    ];
    // Close to each other, in runs, and a row group as a whole.
    let deletes: [fn(i64) -> bool; 3] = [
        |_| false,
        |n| n % 7 == 3 || (400..600).contains(&n),
        |n| (100..1100).contains(&n),
    ];
    for (group_rows, is_deleted) in [100, 1000, 5000]
        .into_iter()
        .flat_map(|rows| deletes.map(|deleted| (rows, deleted)))
    {
        let path = folder.path().join(format!("{group_rows}.parquet"));
        write(&path, &sample, group_rows);
        let scan = parquet(vec![with_deletes(&path, is_deleted)]);
        let kept: BooleanArray = (0..ROWS).map(|n| Some(!is_deleted(n))).collect();
        let sample = filter_record_batch(&sample, &kept)?;
        for filter in &filters {
            let found = open(&engine, &scan, fields.clone())?.filter(filter.clone())?;
            let expected = SessionContext::new()
                .read_batch(sample.clone())?
                .filter(filter.clone())?;
            assert_eq!(rows(&engine, found)?, rows(&engine, expected)?, "{filter}");
            let found = open(&engine, &scan, fields.clone())?.filter(filter.clone())?;
            let found = found.select(vec![col("price"), col("flag")])?;
            let expected = SessionContext::new()
                .read_batch(sample.clone())?
                .filter(filter.clone())?
                .select(vec![col("price"), col("flag")])?;
            assert_eq!(rows(&engine, found)?, rows(&engine, expected)?, "{filter}");
        }
        let some = open(&engine, &scan, fields.clone())?.filter(col("flag").eq(lit("N")))?;
        let some = engine
            .handle()
            .block_on(some.limit(0, Some(5))?.collect())?;
        assert_eq!(some.iter().map(RecordBatch::num_rows).sum::<usize>(), 5);
    }
    Ok(())
}

fn with_deletes(path: &Path, is_deleted: impl Fn(i64) -> bool) -> proto::DataFile {
    let url = path.display().to_string();
    let rows: Vec<_> = (0..ROWS)
        .filter(|n| is_deleted(*n))
        .map(|n| (url.as_str(), n))
        .collect();
    let deletes = match rows.is_empty() {
        true => vec![],
        false => vec![position_delete(&path.with_extension("deletes"), &rows)],
    };
    proto::DataFile {
        deletes,
        ..file(path)
    }
}

#[test]
fn deleted_rows_cannot_fail() -> Result<()> {
    let (engine, folder, sample) = (engine(), TempDir::new()?, sample());
    let schema = sample.schema();
    let fields: Vec<Field> = schema.fields().iter().map(|f| Field::clone(f)).collect();
    let path = folder.path().join("a.parquet");
    write(&path, &sample, 1000);
    for step in [10, 50] {
        let scan = parquet(vec![with_deletes(&path, |n| n % step == 0)]);
        let failing = (lit(10i32) / (col("number") - lit(50i32))).gt(lit(1i32));
        let found = open(&engine, &scan, fields.clone())?.filter(failing)?;
        let found = rows(&engine, found.select(vec![col("number")])?.distinct()?)?;
        let mut found: Vec<&str> = found.split(' ').collect();
        found.sort_unstable();
        assert_eq!(found, ["51", "52", "53", "54", "55"]);
    }
    Ok(())
}

/// A filter in memory asks both sides of an AND of all rows if most pass the first one; a scan never does.
#[test]
fn a_guarded_division_never_fails() -> Result<()> {
    let (engine, folder, sample) = (engine(), TempDir::new()?, sample());
    let schema = sample.schema();
    let fields: Vec<Field> = schema.fields().iter().map(|f| Field::clone(f)).collect();
    let path = folder.path().join("a.parquet");
    write(&path, &sample, 100);
    let scan = parquet(vec![file(&path)]);
    let quotient = lit(10i32) / (col("number") - lit(50i32));
    let guard = || col("number").not_eq(lit(50i32));
    let large = quotient.clone().gt(lit(1i32));
    let found = open(&engine, &scan, fields.clone())?.filter(guard().and(large.clone()))?;
    let guarded = SessionContext::new().read_batch(sample)?.filter(guard())?;
    let guarded = engine.handle().block_on(guarded.collect())?;
    let expected = SessionContext::new().read_batches(guarded)?.filter(large)?;
    assert_eq!(rows(&engine, found)?, rows(&engine, expected)?);

    // The filter that a top-k or join hands down at run time divides too.
    let top = open(&engine, &scan, fields.clone())?
        .filter(guard())?
        .select(vec![quotient.clone().alias("q"), col("name")])?;
    let joined = top.clone().join(
        top.clone()
            .select(vec![col("q").alias("other")])?
            .filter(col("other").gt(lit(9i32)))?
            .distinct()?,
        JoinType::Inner,
        &["q"],
        &["other"],
        None,
    )?;
    let sorted = top
        .sort(vec![col("q").sort(false, false)])?
        .limit(0, Some(30))?;
    for plan in [joined, sorted] {
        let batches = engine.handle().block_on(plan.collect())?;
        let all = batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        assert_eq!(all, 30);
    }
    Ok(())
}

#[test]
fn only_scans_with_filters_decode_cheaply() -> Result<()> {
    let folder = TempDir::new()?;
    let path = folder.path().join("a.parquet");
    write(&path, &sample(), 1000);
    let source = std::fs::File::open(&path)?;
    let footer = ArrowReaderMetadata::load(&source, ArrowReaderOptions::new())?;
    let types = |cheap| -> Result<Vec<DataType>> {
        let decoded = layout::decoded(footer.metadata(), cheap)?;
        Ok(decoded
            .fields()
            .iter()
            .map(|f| f.data_type().clone())
            .collect())
    };
    let (text, few) = (
        DataType::Utf8,
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    );
    let wide = DataType::Decimal128(38, 0);
    let (price, cheap_price) = (DataType::Decimal128(12, 2), DataType::Decimal64(12, 2));
    let number = DataType::Int32;
    assert_eq!(
        types(false)?,
        [&text, &text, &price, &wide, &number].map(Clone::clone)
    );
    assert_eq!(
        types(true)?,
        [&few, &text, &cheap_price, &wide, &number].map(Clone::clone)
    );
    Ok(())
}

fn two_columns() -> RecordBatch {
    let flag: DictionaryArray<Int32Type> = [Some("A"), None, Some("B"), Some("A")]
        .into_iter()
        .collect();
    let flag_type = flag.data_type().clone();
    batch(
        vec![
            Field::new("flag", flag_type, true),
            Field::new("n", DataType::Int32, true),
        ],
        vec![Arc::new(flag), Arc::new(Int32Array::from(vec![1, 1, 0, 0]))],
    )
}

fn answers(condition: Arc<dyn PhysicalExpr>, rows: &RecordBatch) -> Result<Vec<Option<bool>>> {
    let answer = condition.evaluate(rows)?.into_array(rows.num_rows())?;
    Ok(answer.as_boolean().iter().collect())
}

#[test]
fn what_is_asked_per_value_stays_unknown_for_null() -> Result<()> {
    let rows = two_columns();
    let row = rows.schema();
    let is_a = binary(column("flag", &row)?, Operator::Eq, literal("A"), &row)?;
    let positive = binary(column("n", &row)?, Operator::Gt, literal(0i32), &row)?;
    let both = binary(is_a, Operator::And, positive, &row)?;
    let neither = Arc::new(NotExpr::new(both)) as Arc<dyn PhysicalExpr>;
    let per_value = per_value::rewrite(Arc::clone(&neither), &row)?;
    assert!(per_value.to_string().contains("per_value"), "{per_value}");
    let expected = [Some(false), None, Some(true), Some(true)];
    assert_eq!(answers(per_value, &rows)?, expected);
    assert_eq!(answers(neither, &rows)?, expected);
    Ok(())
}

#[test]
fn what_can_fail_is_asked_of_the_rows_that_are_left() -> Result<()> {
    let rows = two_columns();
    let row = rows.schema();
    let quotient: Arc<dyn PhysicalExpr> = Arc::new(BinaryExpr::new(
        Arc::new(Literal::new(ScalarValue::Int32(Some(10)))),
        Operator::Divide,
        Arc::new(Column::new("n", 1)),
    ));
    let ten = binary(quotient, Operator::Eq, literal(10i32), &row)?;
    let positive = binary(column("n", &row)?, Operator::Gt, literal(0i32), &row)?;
    assert!(!is_safe(&ten, &row) && is_safe(&positive, &row));
    let mut conditions = Conditions::new(vec![ten, positive], &row);
    for _ in 0..3 {
        let (left, mask) = conditions.ask(rows.clone())?;
        assert_eq!(
            (left.num_rows(), mask.map(|m| m.true_count())),
            (2, Some(2))
        );
    }
    Ok(())
}
