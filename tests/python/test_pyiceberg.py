"""The home folder is open to others: PyIceberg reads what Kelda wrote, and Kelda what PyIceberg wrote."""

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.parquet as pq
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


def test_pyiceberg_sees_the_layout(server, catalog):
    run(server, """CREATE TABLE layout (id BIGINT NOT NULL COMMENT 'key', at TIMESTAMP, city VARCHAR)
        PARTITIONED BY (day(at), bucket(16, id), truncate(city, 3), city) SORTED BY (city, id DESC)""")
    table = catalog.load_table("main.layout")
    assert [str(field.transform) for field in table.spec().fields] == ["day", "bucket[16]", "truncate[3]", "identity"]
    assert [str(field.direction) for field in table.sort_order().fields] == ["ASC", "DESC"]
    assert table.schema().find_field("id").required and table.schema().find_field("id").doc == "key"
    run(server, "ALTER TABLE layout REPLACE PARTITION FIELD day(at) WITH hour(at), DROP PARTITION FIELD city")
    run(server, "ALTER TABLE layout SET PROPERTIES ('write.delete.mode' = 'merge-on-read')")
    run(server, "COMMENT ON TABLE layout IS 'where and when'")
    table = catalog.load_table("main.layout")
    assert sorted(str(field.transform) for field in table.spec().fields) == ["bucket[16]", "hour", "truncate[3]"]
    assert table.properties["write.delete.mode"] == "merge-on-read"
    assert table.properties["comment"] == "where and when"


def test_columns_changed_here_are_read_there(server, catalog):
    nested = pa.struct([("x", pa.int32()), ("y", pa.string())])
    rows = pa.table({
        "id": pa.array([1, 2], pa.int32()),
        "p": pa.array([{"x": 10, "y": "ten"}, None], nested),
        "tags": pa.array([[1, 2], []], pa.list_(pa.int32())),
    })
    table = catalog.create_table("main.changed", schema=rows.schema)
    table.append(rows)
    run(server, "ALTER TABLE changed RENAME COLUMN p.y TO why, ALTER COLUMN p.x TYPE BIGINT, ADD COLUMN p.z DOUBLE FIRST")
    run(server, "ALTER TABLE changed ALTER COLUMN tags.element TYPE BIGINT, ALTER COLUMN id TYPE BIGINT, ALTER COLUMN p FIRST")
    assert run(server, "SELECT c.p.z, c.p.x, c.p.why, id, tags[2] FROM changed AS c ORDER BY id") == [
        (None, 10, "ten", 1, 2), (None, None, None, 2, None)]
    theirs = catalog.load_table("main.changed").scan().to_arrow().sort_by("id").to_pylist()
    assert theirs[0] == {"p": {"z": None, "x": 10, "why": "ten"}, "id": 1, "tags": [1, 2]}


def test_tags_and_branches_of_both_sides(server, catalog):
    run(server, "CREATE TABLE named (id BIGINT)")
    run(server, "INSERT INTO named VALUES (1)")
    run(server, "ALTER TABLE named CREATE TAG ours")
    table = catalog.load_table("main.named")
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "theirs").commit()
    schema = table.scan().to_arrow().schema
    table.append(pa.table({"id": [2]}).cast(schema), branch="theirs")
    run(server, "INSERT INTO named VALUES (3)")
    assert run(server, "SELECT id FROM named FOR SYSTEM_VERSION AS OF 'ours'") == [(1,)]
    assert run(server, "SELECT id FROM named FOR SYSTEM_VERSION AS OF 'theirs' ORDER BY id") == [(1,), (2,)]
    refs = catalog.load_table("main.named").refs()
    assert set(refs) == {"main", "ours", "theirs"}


def test_rewritten_files_are_read_there(server, catalog):
    run(server, "CREATE TABLE small (id BIGINT, name VARCHAR)")
    for i in range(6):
        run(server, f"INSERT INTO small VALUES ({i}, 'n{i}')")
    rows = run(server, "CALL lake.system.rewrite_data_files('small')")
    assert rows[0][0] == 6 and rows[0][1] <= 2
    table = catalog.load_table("main.small")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [0, 1, 2, 3, 4, 5]
    run(server, "CALL lake.system.expire_snapshots('small', TIMESTAMP '2999-01-01 00:00:00')")
    assert len(catalog.load_table("main.small").snapshots()) == 1
    assert run(server, "SELECT COUNT(*), SUM(id) FROM small") == [(6, 15)]


def test_registered_by_path_and_added(server, catalog):
    run(server, "CREATE TABLE origin AS SELECT 7 AS id, 'seven' AS name")
    table = catalog.load_table("main.origin")
    assert run(server, f"SELECT * FROM READ_ICEBERG('{table.location()}')") == [(7, "seven")]
    assert run(server, f"SELECT id FROM READ_ICEBERG('{table.metadata_location}')") == [(7,)]
    rows = run(server, f"CALL lake.system.register_table('again', '{table.metadata_location}')")
    assert rows == [(table.current_snapshot().snapshot_id, 1, 1)]
    assert run(server, "SELECT name FROM again") == [("seven",)]
    folder = server.home / "loose"
    folder.mkdir()

    pq.write_table(pa.table({"name": ["eight"], "id": pa.array([8], pa.int32())}), folder / "a.parquet")
    assert run(server, f"CALL lake.system.add_files('origin', 'parquet.`{folder}`')") == [(1, 1)]
    assert run(server, "SELECT id, name FROM origin ORDER BY id") == [(7, "seven"), (8, "eight")]
    assert catalog.load_table("main.origin").scan().to_arrow().num_rows == 2


def test_a_point_filter_reads_few_of_many_files(server, catalog):
    rows = pa.table({"id": pa.array(range(1000), pa.int64())})
    table = catalog.create_table("main.many", schema=rows.schema)
    with table.update_spec() as update:
        update.add_identity("id")
    table.append(rows)
    plan = "\n".join(row[0] for row in run(server, "EXPLAIN ANALYZE SELECT id FROM many WHERE id = 517"))
    assert run(server, "SELECT id FROM many WHERE id = 517") == [(517,)]
    assert len(run(server, "SELECT file_path FROM many$files")) == 1000
    assert 1 <= plan.count(".parquet") <= 3, plan
