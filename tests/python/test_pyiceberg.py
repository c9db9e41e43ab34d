"""The home folder is open to others: PyIceberg reads what Kelda wrote, and Kelda what PyIceberg wrote."""

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import LongType, StringType


@pytest.fixture
def catalog(server):
    home = server.home
    return SqlCatalog("lake", uri=f"sqlite:///{home}/metastore.db", warehouse=f"file://{home}/warehouse")


def run(server, sql):
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_pyiceberg_reads_kelda(server, catalog):
    run(server, """CREATE TABLE ours AS SELECT * FROM
        (VALUES (1, 'a', DATE '2024-01-01', 1.25, TRUE), (2, NULL, NULL, NULL, NULL)) AS t (id, s, d, n, b)""")
    table = catalog.load_table("main.ours")
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert [row["s"] for row in rows] == ["a", None]
    assert str(rows[0]["n"]) == "1.25"
    assert table.current_snapshot().summary["total-records"] == "2"


def test_kelda_reads_pyiceberg_and_sees_each_append(server, catalog):
    rows = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["x", "y", None]})
    table = catalog.create_table("main.theirs", schema=rows.schema)
    table.append(rows)
    assert run(server, "SELECT COUNT(*), SUM(id) FROM theirs") == [(3, 6)]
    table.append(rows)
    assert run(server, "SELECT COUNT(*), COUNT(name) FROM theirs") == [(6, 4)]


def test_schema_changes_by_field_id(server, catalog):
    rows = pa.table({"id": pa.array([1, 2], pa.int32()), "old_name": ["x", "y"], "gone": [1.0, 2.0]})
    table = catalog.create_table("main.evolved", schema=rows.schema)
    table.append(rows)
    with table.update_schema() as update:
        update.rename_column("old_name", "new_name")
        update.delete_column("gone")
        update.update_column("id", LongType())
        update.add_column("added", StringType())
    assert run(server, "SELECT id, new_name, added FROM evolved ORDER BY id") == [(1, "x", None), (2, "y", None)]
    with table.update_schema() as update:
        update.add_column("gone", LongType())
    assert run(server, "SELECT gone FROM evolved WHERE id = 1") == [(None,)]


def test_appends_from_both_sides(server, catalog):
    run(server, "CREATE TABLE shared (id BIGINT, who VARCHAR)")
    run(server, "INSERT INTO shared VALUES (1, 'kelda')")
    schema = catalog.load_table("main.shared").scan().to_arrow().schema
    catalog.load_table("main.shared").append(pa.table({"id": [2], "who": ["pyiceberg"]}).cast(schema))
    run(server, "INSERT INTO shared VALUES (3, 'kelda')")
    assert run(server, "SELECT id, who FROM shared ORDER BY id") == [(1, "kelda"), (2, "pyiceberg"), (3, "kelda")]
    assert catalog.load_table("main.shared").scan().to_arrow().num_rows == 3
