"""What is damaged or hostile around a table ends in an error that names it; the table stays as it was and others stay usable."""

import os
import re
import resource
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pytest
from conftest import ROOT
from pyiceberg.catalog.sql import SqlCatalog


def run(server, sql):
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def refused(server, sql):
    with pytest.raises(flightsql.Error) as error:
        run(server, sql)
    return str(error.value)


def pointer(home, table):
    with closing(sqlite3.connect(f"{home}/metastore.db")) as database:
        return database.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = ?", [table]).fetchone()[0]


def point(home, table, location):
    with closing(sqlite3.connect(f"{home}/metastore.db")) as database:
        database.execute("UPDATE iceberg_tables SET metadata_location = ? WHERE table_name = ?", [location, table])
        database.commit()


@pytest.fixture
def table(server, request):
    """A table of 1000 rows in one file that the server has not seen yet, its folder, and what PyIceberg says of it."""
    name = re.sub(r"\W+", "_", request.node.name)
    catalog = SqlCatalog("lake", uri=f"sqlite:///{server.home}/metastore.db", warehouse=f"file://{server.home}/warehouse")
    rows = pa.table({"id": pa.array(range(1, 1001), pa.int64())})
    catalog.create_table(f"main.{name}", rows.schema).append(rows)
    return name, server.home / "warehouse" / "main" / name, catalog.load_table(f"main.{name}")


def only(files):
    found = list(files)
    assert len(found) == 1
    return found[0]


def test_missing_data_file(server, table):
    name, folder, _ = table
    file = only(folder.glob("data/*.parquet"))
    file.rename(file.with_suffix(".away"))
    before = pointer(server.home, name)
    message = refused(server, f"SELECT SUM(id) FROM {name}")
    assert "FILE_NOT_FOUND" in message and file.name in message
    message = refused(server, f"UPDATE {name} SET id = id + 1 WHERE id < 10")
    assert "FILE_NOT_FOUND" in message and file.name in message
    assert "FILE_NOT_FOUND" in refused(server, f"CALL lake.system.rewrite_data_files('{name}', options => MAP['rewrite-all', 'true'])")
    assert pointer(server.home, name) == before
    file.with_suffix(".away").rename(file)
    assert run(server, f"SELECT SUM(id) FROM {name}") == [(500500,)]


def damage(file, kind):
    """Does it, and gives what the file was."""
    whole = file.read_bytes()
    if kind == "missing":
        file.unlink()
    else:
        file.write_bytes({"cut": whole[: len(whole) // 2], "short": whole[:-1], "garbage": b"\xff" * len(whole)}[kind])
    return whole


@pytest.mark.parametrize("kind", ["missing", "cut", "short", "garbage"])
@pytest.mark.parametrize("pattern", ["*-m0.avro", "snap-*.avro"])
def test_damaged_manifest(server, table, pattern, kind):
    name, folder, found = table
    file = only(folder.glob(f"metadata/{pattern}"))
    whole = damage(file, kind)
    before = pointer(server.home, name)
    for statement in (f"SELECT SUM(id) FROM {name}", f"DELETE FROM {name} WHERE id < 10", f"CALL lake.system.rewrite_manifests('{name}')"):
        message = refused(server, statement)
        assert "INTERNAL_ERROR" not in message and file.name in message, message
    assert pointer(server.home, name) == before
    file.write_bytes(whole)
    assert found.scan().to_arrow().num_rows == 1000


@pytest.mark.parametrize("kind", ["missing", "cut", "garbage"])
def test_damaged_metadata_file(server, table, kind):
    name, folder, found = table
    file = Path(pointer(server.home, name).removeprefix("file://"))
    run(server, f"CREATE VIEW v_{name} AS SELECT 1 AS one")
    view = Path(pointer(server.home, f"v_{name}").removeprefix("file://"))
    whole, whole_view = damage(file, kind), damage(view, kind)
    # What the server has loaded it may go on using: another name of the table is new to it.
    with closing(sqlite3.connect(f"{server.home}/metastore.db")) as database:
        database.execute("UPDATE iceberg_tables SET table_name = table_name || '_2' WHERE table_name IN (?, ?)", [name, f"v_{name}"])
        database.commit()
    name = f"{name}_2"
    began = time.monotonic()
    statements = (
        f"SELECT SUM(id) FROM {name}", f"INSERT INTO {name} VALUES (1)", f"DELETE FROM {name}", f"TRUNCATE TABLE {name}", f"INSERT OVERWRITE {name} VALUES (1)",
        f"ALTER TABLE {name} ADD COLUMN x INTEGER", f"COMMENT ON TABLE {name} IS 'x'", f"CREATE OR REPLACE TABLE {name} AS SELECT 1 AS one",
        f"CREATE OR REPLACE TABLE {name} (one INTEGER)", f"CALL lake.system.rewrite_data_files('{name}')", f"ANALYZE {name}",
        f"CALL lake.system.register_table('again', 'file://{file}')", f"SELECT * FROM READ_ICEBERG('{file}')",
    )
    for statement in statements:
        message = refused(server, statement)
        expected = "FILE_NOT_FOUND" if kind == "missing" else "INVALID_FILE"
        assert expected in message and file.name in message, (statement, message)
    for statement in (f"SELECT * FROM v_{name}", f"CREATE OR REPLACE VIEW v_{name} AS SELECT 2 AS two", f"COMMENT ON VIEW v_{name} IS 'x'"):
        message = refused(server, statement)
        assert "INTERNAL_ERROR" not in message and view.name in message, (statement, message)
    assert (name, "BASE TABLE") in [tuple(row) for row in run(server, "SHOW TABLES")]
    assert time.monotonic() - began < 30
    assert pointer(server.home, name) == f"file://{file}"
    file.write_bytes(whole)
    view.write_bytes(whole_view)
    assert run(server, f"SELECT SUM(id) FROM {name}") == [(500500,)] and run(server, f"SELECT * FROM v_{name}") == [(1,)]
    damage(file, kind)
    run(server, f"DROP TABLE {name}")
    run(server, f"DROP VIEW v_{name}")


def test_metadata_outside_the_warehouse(server, table, tmp_path):
    name, _, _ = table
    file = pointer(server.home, name)
    stranger = tmp_path / "x.metadata.json"
    shutil.copy(file.removeprefix("file://"), stranger)
    point(server.home, name, f"file://{stranger}")
    for statement in (f"SELECT SUM(id) FROM {name}", f"INSERT INTO {name} VALUES (1)", f"CALL lake.system.register_table('strange', 'file://{stranger}')"):
        message = refused(server, statement)
        assert "ACCESS_DENIED" in message and str(stranger) in message, message
    point(server.home, name, file)
    assert run(server, f"SELECT SUM(id) FROM {name}") == [(500500,)]


def test_disk_that_takes_no_more(tmp_path):
    """Files of this process may have 4 MiB: the database of the metastore and small tables fit."""
    home = tmp_path / "home"

    def sql(*statements, limit=resource.RLIM_INFINITY):
        command = [str(ROOT / "kelda"), "sql", "--home", str(home), "--format", "csv"]
        for statement in statements:
            command += ["-e", statement]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "KELDA_JAVA_OPTS": "-XX:-UsePerfData"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)),
        )
        return done.returncode, done.stdout, done.stderr

    assert sql("CREATE TABLE t (id BIGINT, r DOUBLE)", "INSERT INTO t VALUES (1, 0.5)")[0] == 0
    before, files = pointer(home, "t"), sorted((home / "warehouse").rglob("*"))
    many = "SELECT id, SQRT(id) AS r FROM UNNEST(GENERATE_SERIES(1, 1000000, 1)) AS s (id)"
    for statement in (f"INSERT INTO t {many}", f"CREATE TABLE u AS {many}"):
        status, _, error = sql(statement, limit=4 << 20)
        assert status == 1 and ("DISK_FULL" in error or "STORAGE_ERROR" in error), error
        assert "cannot write" in error and ".parquet" in error, error
    assert pointer(home, "t") == before
    status, out, _ = sql("SELECT COUNT(*), SUM(id) FROM t", "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'u'")
    assert status == 0 and "1,1" in out and out.split()[-1] == "0"
    left = sorted(file for file in (home / "warehouse").rglob("*") if file.is_file())
    assert left == [file for file in files if file.is_file()], "what a statement could not finish is removed"
