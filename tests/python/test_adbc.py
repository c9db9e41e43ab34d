"""ADBC's Flight SQL driver, as Python programs use it."""

import datetime
import decimal

import adbc_driver_flightsql.dbapi as flightsql
import polars as pl
import pyarrow as pa
import pytest


def test_select_into_arrow(cursor):
    cursor.execute("SELECT 1 AS a, 'x' AS b, DATE '2024-02-29' AS c, 1.5 AS d, CAST(NULL AS VARCHAR) AS e")
    table = cursor.fetch_arrow_table()
    assert table.column_names == ["a", "b", "c", "d", "e"]
    assert table.to_pylist() == [
        {"a": 1, "b": "x", "c": datetime.date(2024, 2, 29), "d": decimal.Decimal("1.5"), "e": None}
    ]


def test_no_rows_keep_the_schema(cursor):
    cursor.execute("SELECT CAST(1 AS BIGINT) AS a, 'x' AS b WHERE FALSE")
    table = cursor.fetch_arrow_table()
    assert table.num_rows == 0
    assert table.schema.types == [pa.int64(), pa.string()]


def test_parameters(cursor):
    cursor.execute("SELECT CAST(? AS INTEGER) + 1, ? || 'b'", (41, "a"))
    assert cursor.fetchone() == (42, "ab")


def test_parameters_bound_again(cursor):
    cursor.execute("CREATE TABLE bound (id BIGINT, name VARCHAR)")
    cursor.executemany("INSERT INTO bound VALUES (?, ?)", [(1, "one"), (2, "two"), (3, None)])
    cursor.execute("SELECT name FROM bound WHERE id = ?", (2,))
    assert cursor.fetchall() == [("two",)]
    cursor.execute("SELECT name FROM bound WHERE id = ?", (3,))
    assert cursor.fetchall() == [(None,)]
    cursor.execute("SELECT COUNT(*) FROM bound")
    assert cursor.fetchone() == (3,)


def test_ddl_through_execute_runs_exactly_once(cursor):
    cursor.execute("CREATE TABLE once (a INTEGER)")
    cursor.execute("INSERT INTO once VALUES (1)")
    cursor.execute("SELECT COUNT(*) FROM once")
    assert cursor.fetchone() == (1,)
    with pytest.raises(Exception, match="TABLE_EXISTS"):
        cursor.execute("CREATE TABLE once (a INTEGER)")


def test_ingest_modes(connection, cursor):
    rows = pa.table({"id": [1, 2], "name": ["a", None], "at": pa.array([0, None], pa.timestamp("us"))})
    assert cursor.adbc_ingest("ingested", rows, mode="create") == 2
    assert cursor.adbc_ingest("ingested", rows, mode="append") == 2
    cursor.execute("SELECT COUNT(*), COUNT(name) FROM ingested")
    assert cursor.fetchone() == (4, 2)
    assert cursor.adbc_ingest("ingested", rows, mode="replace") == 2
    cursor.execute("SELECT COUNT(*) FROM ingested")
    assert cursor.fetchone() == (2,)
    with pytest.raises(Exception, match="TABLE_EXISTS"):
        cursor.adbc_ingest("ingested", rows, mode="create")
    with pytest.raises(Exception, match="TABLE_NOT_FOUND"):
        cursor.adbc_ingest("not_there", rows, mode="append")


def test_ingest_of_nested_types(cursor):
    vectors = pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2))
    maps = pa.array([[("k", 1), ("l", None)], None, []], pa.map_(pa.string(), pa.int32()))
    halves = pa.array([1.5, None, -2.0], pa.float16())
    structs = pa.array([{"m": [("a", [0.5, 1.0])]}, None, {"m": None}],
                       pa.struct({"m": pa.map_(pa.string(), pa.list_(pa.float32(), 2))}))
    cursor.adbc_ingest("nested_types", pa.table({"v": vectors, "m": maps, "h": halves, "s": structs}), mode="create")
    cursor.execute("SELECT v, m, h, s FROM nested_types")
    expected = pa.table({"v": vectors, "m": maps, "h": halves, "s": structs}).to_pylist()
    assert cursor.fetch_arrow_table().to_pylist() == expected
    cursor.execute("SELECT ? AS v", pa.record_batch([vectors.slice(2, 1)], names=["0"]))
    assert cursor.fetchall() == [([3.0, 4.0],)]
    cursor.execute("DROP TABLE nested_types")


def test_ingest_of_many_batches(cursor):
    batches = [pa.record_batch({"n": list(range(i * 1000, (i + 1) * 1000))}) for i in range(300)]
    reader = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    cursor.adbc_ingest("many", reader, mode="create")
    cursor.execute("SELECT COUNT(*), SUM(n) FROM many")
    count, total = cursor.fetchone()
    assert (count, int(total)) == (300_000, 300_000 * 299_999 // 2)


def test_metadata(connection, cursor):
    cursor.execute("CREATE TABLE IF NOT EXISTS listed (a INTEGER NOT NULL, b VARCHAR)")
    objects = connection.adbc_get_objects(catalog_filter="lake", table_name_filter="listed").read_all().to_pylist()
    tables = [t for c in objects for s in c["catalog_db_schemas"] for t in s["db_schema_tables"]]
    assert [t["table_name"] for t in tables] == ["listed"]
    assert [c["column_name"] for c in tables[0]["table_columns"]] == ["a", "b"]
    assert connection.adbc_get_table_schema("listed").names == ["a", "b"]
    assert "TABLE" in connection.adbc_get_table_types()
    assert connection.adbc_get_info()["vendor_name"] == "Kelda"


def test_errors_name_code_position_and_nearest(cursor):
    with pytest.raises(Exception, match=r"(?s)COLUMN_NOT_FOUND.*carrier.*line 1, column 8"):
        cursor.execute("SELECT carier FROM (VALUES ('x')) AS t (carrier)")
        cursor.fetchall()


def test_session_options(server):
    options = {"adbc.connection.catalog": "lake", "adbc.connection.db_schema": "main"}
    with flightsql.connect(server.uri, conn_kwargs=options, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)


def test_polars_reads_and_writes(server):
    frame = pl.DataFrame({"id": [1, 2, 3], "x": [0.5, None, 2.5], "s": ["a", "b", None]})
    with flightsql.connect(server.uri, autocommit=True) as connection:
        frame.write_database("from_polars", connection, engine="adbc", if_table_exists="replace")
        back = pl.read_database("SELECT * FROM from_polars ORDER BY id", connection)
    assert back.equals(frame)


def test_cancelled_query_leaves_a_usable_server(connection, tpch_folder):
    lineitem = f"'{tpch_folder}/lineitem.parquet'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT a.l_orderkey FROM {lineitem} a, {lineitem} b WHERE a.l_comment < b.l_comment")
        cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM system.queries WHERE state = 'RUNNING'")
        assert cursor.fetchone()[0] <= 2


def test_many_connections(server):
    connections = [flightsql.connect(server.uri, autocommit=True) for _ in range(20)]
    try:
        for number, connection in enumerate(connections):
            with connection.cursor() as cursor:
                cursor.execute("SELECT CAST(? AS INTEGER)", (number,))
                assert cursor.fetchone() == (number,)
    finally:
        for connection in connections:
            connection.close()
