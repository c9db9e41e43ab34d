"""What is damaged or hostile around a table ends in an error that names it; the table stays as it was and others stay usable."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import pytest
from pyiceberg.catalog.sql import SqlCatalog

ROWS = "SELECT * FROM UNNEST(GENERATE_SERIES(1, 1000, 1)) AS s (id)"


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
    """A table of 1000 rows in one file that nobody has read, its folder, and what PyIceberg says of it."""
    name = re.sub(r"\W+", "_", request.node.name)
    run(server, f"CREATE TABLE {name} AS {ROWS}")
    catalog = SqlCatalog("lake", uri=f"sqlite:///{server.home}/metastore.db", warehouse=f"file://{server.home}/warehouse")
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


@pytest.mark.parametrize("damage", ["missing", "cut", "garbage", "empty"])
def test_damaged_manifest(server, table, damage):
    name, folder, found = table
    file = only(folder.glob("metadata/*-m0.avro"))
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"cut": whole[: len(whole) // 2], "garbage": b"\xff" * len(whole), "empty": b""}[damage])
    before = pointer(server.home, name)
    for statement in (f"SELECT SUM(id) FROM {name}", f"DELETE FROM {name} WHERE id < 10", f"CALL lake.system.rewrite_manifests('{name}')"):
        message = refused(server, statement)
        assert "INTERNAL_ERROR" not in message and file.name in message, message
    assert pointer(server.home, name) == before
    file.write_bytes(whole)
    assert found.scan().to_arrow().num_rows == 1000


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
