//! Scans of files made here, through DataFusion's planner.

use super::{FIELD_ID, inspect, table_provider};
use crate::engine::Engine;
use crate::errors::Failure;
use crate::plan::types;
use crate::proto::{self, FileFormat, delete_file::Kind};
use crate::scan::convert;
use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema, TimeUnit};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::common::Result;
use datafusion::functions_aggregate::expr_fn::{count, max};
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

pub(super) fn engine() -> Arc<Engine> {
    let config = proto::EngineConfig {
        worker_threads: 2,
        memory_bytes: 1 << 30,
        ..Default::default()
    };
    Arc::new(Engine::open(&config, None).unwrap())
}

fn write(path: &Path, batch: &RecordBatch) {
    let groups = WriterProperties::builder()
        .set_max_row_group_row_count(Some(4))
        .build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(groups)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn with_id(name: &str, kind: DataType, id: i32) -> Field {
    let metadata = HashMap::from([(FIELD_ID.to_owned(), id.to_string())]);
    Field::new(name, kind, true).with_metadata(metadata)
}

pub(super) fn batch(fields: Vec<Field>, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

pub(super) fn file(path: &Path) -> proto::DataFile {
    proto::DataFile {
        path: format!("file://{}", path.display()),
        bytes: std::fs::metadata(path).map_or(1, |meta| meta.len()),
        rows: -1,
        ..Default::default()
    }
}

fn id(field_id: i32, children: Vec<proto::ColumnSource>) -> proto::ColumnSource {
    proto::ColumnSource {
        field_id,
        children,
        ..Default::default()
    }
}

pub(super) fn open(
    engine: &Arc<Engine>,
    scan: &proto::FileScan,
    fields: Vec<Field>,
) -> Result<DataFrame> {
    let named = fields
        .iter()
        .map(convert::field_to_proto)
        .collect::<Result<Vec<_>>>()?;
    let schema = Arc::new(Schema::new(fields));
    let settings = proto::QuerySettings::default();
    let table = table_provider(engine, scan, &named, schema, &settings)?;
    let config = SessionConfig::new().with_target_partitions(2);
    SessionContext::new_with_config(config).read_table(table)
}

pub(super) fn rows(engine: &Arc<Engine>, frame: DataFrame) -> Result<String> {
    let batches = engine.handle().block_on(frame.collect())?;
    let text = pretty_format_batches(&batches)?.to_string();
    let lines = text.lines().skip(3).filter(|line| !line.starts_with('+'));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut lines: Vec<String> = lines.map(cells).collect();
    lines.sort();
    Ok(lines.join(" "))
}

fn fault<T>(result: Result<T>) -> Failure {
    match result {
        Ok(_) => panic!("no error"),
        Err(e) => Failure::from(&e),
    }
}

pub(super) fn parquet(files: Vec<proto::DataFile>) -> proto::FileScan {
    proto::FileScan {
        format: FileFormat::Parquet as i32,
        files,
        ..Default::default()
    }
}

#[test]
fn columns_are_found_by_field_id_at_every_depth() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let inner: Fields = vec![
        with_id("x", DataType::Int32, 4),
        with_id("y", DataType::Utf8, 5),
    ]
    .into();
    let structs = StructArray::new(
        inner.clone(),
        vec![
            Arc::new(Int32Array::from(vec![10, 20])),
            Arc::new(StringArray::from(vec!["p", "q"])),
        ],
        None,
    );
    let element = Arc::new(with_id("item", DataType::Int32, 7));
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let (_, offsets, values, nulls) = list.into_parts();
    let list = ListArray::new(Arc::clone(&element), offsets, values, nulls);
    let path = folder.path().join("a.parquet");
    write(
        &path,
        &batch(
            vec![
                with_id("old", DataType::Int32, 1),
                with_id("s", DataType::Struct(inner), 3),
                with_id("l", DataType::List(element), 6),
                with_id("f", DataType::Float32, 8),
                with_id("d", DataType::Decimal128(5, 2), 9),
            ],
            vec![
                Arc::new(Int32Array::from(vec![1, 2])),
                Arc::new(structs),
                Arc::new(list),
                Arc::new(Float32Array::from(vec![0.5, 1.5])),
                Arc::new(Decimal128Array::from(vec![150, 250]).with_precision_and_scale(5, 2)?),
            ],
        ),
    );
    let default = proto::Literal {
        r#type: types::to_proto(&DataType::Utf8),
        value: Some(proto::literal::Value::String("none".to_owned())),
    };
    let added = proto::ColumnSource {
        initial_default: Some(default),
        ..id(10, vec![])
    };
    let constant = proto::Constant {
        column: 6,
        value: Some(proto::Literal {
            r#type: types::to_proto(&DataType::Int32),
            value: Some(proto::literal::Value::Integer(7)),
        }),
    };
    let scan = proto::FileScan {
        by_field_id: true,
        columns: vec![
            id(3, vec![id(5, vec![]), id(99, vec![]), id(4, vec![])]),
            id(1, vec![]),
            id(6, vec![id(7, vec![])]),
            added,
            id(8, vec![]),
            id(9, vec![]),
            id(11, vec![]),
        ],
        ..parquet(vec![proto::DataFile {
            constants: vec![constant],
            ..file(&path)
        }])
    };
    let renamed: Fields = vec![
        Field::new("yy", DataType::Utf8, true),
        Field::new("zz", DataType::Int32, true),
        Field::new("xx", DataType::Int64, true),
    ]
    .into();
    let fields = vec![
        Field::new("s", DataType::Struct(renamed), true),
        Field::new("new", DataType::Int64, true),
        Field::new("l", DataType::new_list(DataType::Int64, true), true),
        Field::new("old", DataType::Utf8, true),
        Field::new("f", DataType::Float64, true),
        Field::new("d", DataType::Decimal128(9, 2), true),
        Field::new("part", DataType::Int32, true),
    ];
    let frame = open(&engine, &scan, fields.clone())?;
    assert_eq!(
        rows(&engine, frame.clone())?,
        "{yy: p, zz: , xx: 10},1,[1, ],none,0.5,1.50,7 {yy: q, zz: , xx: 20},2,,none,1.5,2.50,7"
    );
    let filtered = frame
        .clone()
        .filter(col("new").gt(lit(1i64)).and(col("old").eq(lit("none"))))?;
    assert_eq!(
        rows(&engine, filtered.select_columns(&["new", "part"])?)?,
        "2,7"
    );
    let none = frame.filter(col("part").eq(lit(8)))?;
    assert_eq!(rows(&engine, none.select_columns(&["new"])?)?, "");
    Ok(())
}

#[test]
fn types_of_files_become_canonical() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let path = folder.path().join("odd name%20ü [1].parquet");
    let words: DictionaryArray<Int32Type> = vec!["a", "b"].into_iter().collect();
    write(
        &path,
        &batch(
            vec![
                Field::new("U", DataType::UInt32, false),
                Field::new("big", DataType::UInt64, true),
                Field::new("view", DataType::Utf8View, true),
                Field::new("dict", words.data_type().clone(), true),
                Field::new(
                    "ms",
                    DataType::Timestamp(TimeUnit::Millisecond, Some("+02:00".into())),
                    true,
                ),
            ],
            vec![
                Arc::new(UInt32Array::from(vec![4_000_000_000, 1])),
                Arc::new(UInt64Array::from(vec![u64::MAX, 1])),
                Arc::new(StringViewArray::from(vec!["v", "w"])),
                Arc::new(words),
                Arc::new(TimestampMillisecondArray::from(vec![0, 1000]).with_timezone("+02:00")),
            ],
        ),
    );
    let request = proto::InspectFilesRequest {
        format: FileFormat::Parquet as i32,
        paths: vec![format!("file://{}", path.display())],
        ..Default::default()
    };
    let found = engine
        .handle()
        .block_on(inspect::inspect(&engine, request))?;
    let fields = found
        .columns
        .iter()
        .map(types::field)
        .collect::<Result<Vec<_>>>()?;
    let kinds: Vec<DataType> = fields.iter().map(|f| f.data_type().clone()).collect();
    assert_eq!(
        kinds[..4],
        [
            DataType::Int64,
            DataType::Decimal128(20, 0),
            DataType::Utf8,
            DataType::Utf8
        ]
    );
    assert_eq!(
        kinds[4],
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    );
    let frame = open(&engine, &parquet(found.files), fields)?;
    assert_eq!(
        rows(&engine, frame)?,
        "1,1,w,b,1970-01-01T00:00:01Z 4000000000,18446744073709551615,v,a,1970-01-01T00:00:00Z"
    );
    Ok(())
}

fn numbers(path: &Path, range: std::ops::Range<i64>) {
    let values = Int64Array::from_iter_values(range);
    write(
        path,
        &batch(
            vec![Field::new("n", DataType::Int64, false)],
            vec![Arc::new(values)],
        ),
    );
}

/// A new delete file at `path` of positions in files.
pub fn position_delete(path: &Path, rows: &[(&str, i64)]) -> proto::DeleteFile {
    let files = rows.iter().map(|(file, _)| Some(*file));
    let positions = rows.iter().map(|(_, position)| Some(*position));
    write(
        path,
        &batch(
            vec![
                with_id("file_path", DataType::Utf8, 2_147_483_546),
                with_id("pos", DataType::Int64, 2_147_483_545),
            ],
            vec![
                Arc::new(files.collect::<StringArray>()),
                Arc::new(positions.collect::<Int64Array>()),
            ],
        ),
    );
    proto::DeleteFile {
        kind: Kind::Position as i32,
        path: format!("file://{}", path.display()),
        format: FileFormat::Parquet as i32,
        ..Default::default()
    }
}

#[test]
fn position_deletes_hide_rows_and_make_counts_inexact() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let (data, deletes) = (
        folder.path().join("d.parquet"),
        folder.path().join("x.parquet"),
    );
    numbers(&data, 0..10);
    let raw = [
        format!("{}", data.display()),
        format!("file:{}", data.display()),
        "/other".to_owned(),
    ];
    let delete = position_delete(
        &deletes,
        &[(&raw[0], 0), (&raw[0], 5), (&raw[1], 9), (&raw[2], 3)],
    );
    let fields = || vec![Field::new("n", DataType::Int64, false)];
    let with_deletes = proto::DataFile {
        rows: 10,
        deletes: vec![delete.clone()],
        ..file(&data)
    };
    let frame = open(&engine, &parquet(vec![with_deletes.clone()]), fields())?;
    assert_eq!(rows(&engine, frame.clone())?, "1 2 3 4 6 7 8");
    let counted = frame
        .clone()
        .aggregate(vec![], vec![count(lit(1)), max(col("n"))])?;
    assert_eq!(rows(&engine, counted)?, "7,8");
    assert_eq!(
        rows(&engine, frame.filter(col("n").gt_eq(lit(5i64)))?)?,
        "6 7 8"
    );
    Ok(())
}

#[test]
fn equality_deletes_go_by_value_and_null_equals_null() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let path = |name: &str| folder.path().join(name);
    let names = |values: Vec<Option<&'static str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    write(
        &path("d.parquet"),
        &batch(
            vec![
                with_id("old", DataType::Utf8, 1),
                with_id("n", DataType::Int32, 2),
            ],
            vec![
                names(vec![Some("a"), None, Some("b"), Some("a"), Some("c")]),
                Arc::new(Int32Array::from(vec![0, 1, 2, 3, 4])),
            ],
        ),
    );
    write(
        &path("by_name.parquet"),
        &batch(
            vec![with_id("k", DataType::Utf8, 1)],
            vec![names(vec![Some("a"), None])],
        ),
    );
    write(
        &path("by_number.parquet"),
        &batch(
            vec![with_id("n", DataType::Int64, 2)],
            vec![Arc::new(Int64Array::from(vec![4, 9]))],
        ),
    );
    let delete = |name: &str, id: i32| {
        let path = folder.path().join(name);
        proto::DeleteFile {
            kind: Kind::Equality as i32,
            path: format!("file://{}", path.display()),
            bytes: std::fs::metadata(&path).unwrap().len(),
            format: FileFormat::Parquet as i32,
            equality_field_ids: vec![id],
            ..Default::default()
        }
    };
    let left = |deletes: Vec<proto::DeleteFile>| -> Result<String> {
        let data = proto::DataFile {
            rows: 5,
            deletes,
            ..file(&path("d.parquet"))
        };
        let scan = proto::FileScan {
            by_field_id: true,
            columns: vec![id(1, vec![]), id(2, vec![])],
            ..parquet(vec![data])
        };
        let fields = vec![
            Field::new("k", DataType::Utf8, true),
            Field::new("n", DataType::Int64, true),
        ];
        rows(
            &engine,
            open(&engine, &scan, fields)?.select(vec![col("n")])?,
        )
    };
    assert_eq!(left(vec![delete("by_name.parquet", 1)])?, "2 4");
    let both = vec![delete("by_name.parquet", 1), delete("by_number.parquet", 2)];
    assert_eq!(left(both)?, "2");
    Ok(())
}

#[test]
fn rows_know_their_positions() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let data = folder.path().join("d.parquet");
    numbers(&data, 100..110);
    let scan = proto::FileScan {
        by_field_id: true,
        columns: vec![
            id(0, vec![]),
            id(2_147_483_540, vec![]),
            id(2_147_483_539, vec![]),
            id(super::lineage::POSITION, vec![]),
        ],
        ..parquet(vec![proto::DataFile {
            rows: 10,
            first_row_id: 1000,
            data_sequence_number: 7,
            ..file(&data)
        }])
    };
    let fields = vec![
        Field::new("n", DataType::Int64, false),
        Field::new("row_id", DataType::Int64, true),
        Field::new("updated", DataType::Int64, true),
        Field::new("position", DataType::Int64, false),
    ];
    let some = open(&engine, &scan, fields)?.filter(col("n").gt_eq(lit(108i64)))?;
    assert_eq!(rows(&engine, some)?, "108,1008,7,8 109,1009,7,9");
    Ok(())
}

#[test]
fn many_pieces_give_every_row_once() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let files: Vec<proto::DataFile> = (0..7)
        .map(|i| {
            let path = folder.path().join(format!("{i}.parquet"));
            numbers(&path, i * 10..i * 10 + 10);
            proto::DataFile {
                rows: 10,
                ..file(&path)
            }
        })
        .collect();
    let frame = open(
        &engine,
        &parquet(files),
        vec![Field::new("N", DataType::Int64, false)],
    )?;
    let total = frame.clone().aggregate(vec![], vec![count(lit(1))])?;
    assert_eq!(rows(&engine, total)?, "70");
    assert_eq!(
        rows(&engine, frame.clone().filter(col("\"N\"").gt(lit(67i64)))?)?,
        "68 69"
    );
    let limited = engine
        .handle()
        .block_on(frame.limit(0, Some(3))?.collect())?;
    assert_eq!(limited.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
    Ok(())
}

#[test]
fn bad_files_are_named() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let fields = || vec![Field::new("n", DataType::Int64, true)];
    let path = folder.path().join("cut.parquet");
    numbers(&path, 0..10);
    let whole = std::fs::read(&path)?;
    for cut in [0, 3, 20, whole.len() - 9] {
        std::fs::write(&path, &whole[..cut])?;
        let error = fault(rows(
            &engine,
            open(&engine, &parquet(vec![file(&path)]), fields())?,
        ));
        assert_eq!(error.code, "INVALID_FILE", "{error}");
        assert!(error.message.contains("cut.parquet"), "{error}");
    }
    let missing = parquet(vec![file(&folder.path().join("none.parquet"))]);
    let error = fault(rows(&engine, open(&engine, &missing, fields())?));
    assert_eq!(
        (error.code.as_str(), error.message.contains("none.parquet")),
        ("FILE_NOT_FOUND", true)
    );
    let by_id = proto::FileScan {
        by_field_id: true,
        columns: vec![id(1, vec![])],
        ..missing
    };
    let error = fault(rows(&engine, open(&engine, &by_id, fields())?));
    assert_eq!(
        (error.code.as_str(), error.message.contains("none.parquet")),
        ("FILE_NOT_FOUND", true)
    );
    Ok(())
}

fn look(
    engine: &Arc<Engine>,
    format: FileFormat,
    path: String,
    options: proto::FormatOptions,
) -> Result<(DataFrame, proto::InspectFilesResponse)> {
    let request = proto::InspectFilesRequest {
        format: format as i32,
        paths: vec![path],
        options: Some(options.clone()),
        ..Default::default()
    };
    let found = engine
        .handle()
        .block_on(inspect::inspect(engine, request))?;
    let fields = found
        .columns
        .iter()
        .map(types::field)
        .collect::<Result<Vec<_>>>()?;
    let scan = proto::FileScan {
        format: format as i32,
        files: found.files.clone(),
        options: Some(options),
        ..Default::default()
    };
    Ok((open(engine, &scan, fields)?, found))
}

fn csv_options() -> proto::FormatOptions {
    proto::FormatOptions {
        header: true,
        delimiter: ",".to_owned(),
        quote: "\"".to_owned(),
        ..Default::default()
    }
}

#[test]
fn csv_columns_are_found_by_header() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    std::fs::create_dir(folder.path().join("sub"))?;
    std::fs::write(
        folder.path().join("a.csv"),
        "id,name,when\n1,\"x, \"\"y\"\"\nz\",2024-01-02\n2,,\n",
    )?;
    std::fs::write(
        folder.path().join("sub/b.csv"),
        "when,extra,id\n2024-03-04,1.5,3",
    )?;
    let glob = format!("file://{}/**/*.csv", folder.path().display());
    let (frame, found) = look(&engine, FileFormat::Csv, glob, csv_options())?;
    assert_eq!((found.files.len(), found.versions.len()), (2, 2));
    let wanted = frame.clone().select_columns(&["extra", "id", "when"])?;
    assert_eq!(rows(&engine, wanted)?, ",1,2024-01-02 ,2, 1.5,3,2024-03-04");
    let names = engine
        .handle()
        .block_on(frame.select_columns(&["name"])?.collect())?;
    assert!(
        pretty_format_batches(&names)?
            .to_string()
            .contains("x, \"y\"")
    );

    let none = proto::FormatOptions {
        null_string: "NA".to_owned(),
        ..csv_options()
    };
    std::fs::write(folder.path().join("n.csv"), "a,b\nNA,\n1,NA\n")?;
    let path = format!("file://{}/n.csv", folder.path().display());
    let (frame, _) = look(&engine, FileFormat::Csv, path, none)?;
    let nulls = frame.filter(col("b").is_null().or(col("a").is_null()))?;
    assert_eq!(rows(&engine, nulls.clone())?, ", 1,");
    assert_eq!(
        rows(
            &engine,
            nulls
                .filter(col("b").eq(lit("")))?
                .select(vec![col("b").is_null()])?
        )?,
        "false"
    );
    Ok(())
}

#[test]
fn broken_rows_are_named() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    let mut text = "a,b\n".to_owned();
    (0..30_000).for_each(|i| text.push_str(&format!("{i},{i}\n")));
    text.push_str("1,2,3\n");
    let path = folder.path().join("bad.csv");
    std::fs::write(&path, &text)?;
    let url = format!("file://{}", path.display());
    let (frame, _) = look(&engine, FileFormat::Csv, url.clone(), csv_options())?;
    let error = fault(rows(&engine, frame.clone()));
    assert_eq!(error.code, "INVALID_FILE");
    assert!(
        error.message.contains("bad.csv") && error.message.contains("30002"),
        "{error}"
    );

    let text = text.replace("1,2,3\n", "x,2\n");
    std::fs::write(&path, &text)?;
    let (frame, _) = look(&engine, FileFormat::Csv, url, csv_options())?;
    let error = fault(rows(&engine, frame));
    assert!(
        error.message.contains("bad.csv") && error.message.contains("3000"),
        "{error}"
    );

    let path = folder.path().join("bad.json");
    let mut text: String = (0..9_000)
        .map(|i| format!("{{\"a\": {i}, \"b\": {{\"c\": [1]}}}}\n"))
        .collect();
    let url = format!("file://{}", path.display());
    std::fs::write(&path, &text)?;
    let (frame, _) = look(&engine, FileFormat::Json, url.clone(), Default::default())?;
    let last = frame.filter(col("a").gt_eq(lit(8_999i64)))?;
    assert_eq!(rows(&engine, last)?, "8999,{c: [1]}");
    text.push_str("{\"a\": 1, \"b\": 3}\n");
    text.push_str("{\"a\": \n");
    std::fs::write(&path, &text)?;
    let scan = proto::FileScan {
        format: FileFormat::Json as i32,
        files: vec![file(&path)],
        ..Default::default()
    };
    let frame = open(&engine, &scan, vec![Field::new("a", DataType::Int64, true)])?;
    let error = fault(rows(&engine, frame));
    assert!(
        error.message.contains("bad.json") && error.message.contains("row 9002"),
        "{error}"
    );
    Ok(())
}

#[test]
fn compressed_text_is_read() -> Result<()> {
    use std::io::Write;
    let (engine, folder) = (engine(), TempDir::new()?);
    let text: String = (0..100_000).map(|i| format!("{{\"a\":{i}}}\n")).collect();
    let path = folder.path().join("x.json.gz");
    let mut gzip = flate2::write::GzEncoder::new(std::fs::File::create(&path)?, Default::default());
    gzip.write_all(text.as_bytes())?;
    gzip.finish()?;
    std::fs::write(
        folder.path().join("y.json.zst"),
        zstd::encode_all(text.as_bytes(), 1)?,
    )?;
    let folder = format!("file://{}/", folder.path().display());
    let (frame, _) = look(&engine, FileFormat::Json, folder, Default::default())?;
    let expected: Vec<Expr> = vec![count(lit(1)), max(col("a"))];
    assert_eq!(
        rows(&engine, frame.aggregate(vec![], expected)?)?,
        "200000,99999"
    );
    Ok(())
}

#[test]
fn listing_stays_inside_its_folder() -> Result<()> {
    let (engine, folder, outside) = (engine(), TempDir::new()?, TempDir::new()?);
    numbers(&outside.path().join("secret.parquet"), 0..1);
    numbers(&folder.path().join("a.parquet"), 0..1);
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link"))?;
    std::os::unix::fs::symlink(
        outside.path().join("secret.parquet"),
        folder.path().join("b.parquet"),
    )?;
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop"))?;
    for pattern in [
        "",
        "/",
        "/*.parquet",
        "/**/*.parquet",
        "/{a,b}.parquet",
        "/**",
    ] {
        let path = format!("file://{}{pattern}", folder.path().display());
        let (_, found) = look(&engine, FileFormat::Parquet, path, Default::default())?;
        let names: Vec<&str> = found
            .files
            .iter()
            .map(|f| f.path.rsplit('/').next().unwrap())
            .collect();
        assert!(
            names.iter().all(|name| *name == "a.parquet") && !names.is_empty(),
            "{pattern} {names:?}"
        );
    }
    let path = format!("file://{}/*.nothing", folder.path().display());
    assert_eq!(
        fault(look(&engine, FileFormat::Parquet, path, Default::default())).code,
        "FILE_NOT_FOUND"
    );
    Ok(())
}

#[test]
fn footers_give_statistics() -> Result<()> {
    let (engine, folder) = (engine(), TempDir::new()?);
    numbers(&folder.path().join("a.parquet"), 5..15);
    let path = format!("file://{}", folder.path().display());
    let (_, found) = look(&engine, FileFormat::Parquet, path, Default::default())?;
    assert_eq!(found.files[0].rows, 10);
    let statistics = &found.files[0].statistics[0];
    let integer = |l: &Option<proto::Literal>| {
        l.as_ref()
            .and_then(|l| convert::scalar(l, &DataType::Int64))
    };
    assert_eq!((statistics.nulls, statistics.exact), (0, true));
    assert_eq!(integer(&statistics.min), Some(5i64.into()));
    assert_eq!(integer(&statistics.max), Some(14i64.into()));
    Ok(())
}
