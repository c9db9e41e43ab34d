"""1,000 random SELECTs give DuckDB's answer. KELDA_RANDOM_SEEDS=from:to runs others."""

import os
import subprocess

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pytest
from answers import difference
from conftest import ROOT, TPCH_TABLES
from kelda_server import KeldaServer
from random_queries import MIXED, mixed_rows, random_query

FIRST, LAST = map(int, os.environ.get("KELDA_RANDOM_SEEDS", "0:1000").split(":"))
STEP = 50


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    command = [str(ROOT / "dev" / "tpch-data"), "0.01"]
    subprocess.run(command, check=True)
    folder = subprocess.run([*command, "--print"], check=True, capture_output=True, text=True).stdout.strip()
    theirs = duckdb.connect()
    with KeldaServer(tmp_path_factory.mktemp("kelda") / "home", allow=[folder]) as server:
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as ours:
            for table in TPCH_TABLES:
                ours.execute(f"CREATE TABLE {table} AS SELECT * FROM '{folder}/{table}.parquet'")
                theirs.execute(f"CREATE TABLE {table} AS FROM '{folder}/{table}.parquet'")
            for engine in (ours, theirs):
                engine.execute(MIXED)
                engine.execute(f"INSERT INTO mixed VALUES {mixed_rows()}")
            yield ours, theirs


def compare(engines, sql):
    """None when both agree: in rows, or in refusing."""
    ours, theirs = engines
    try:
        expected, refused = theirs.execute(sql).fetchall(), None
    except duckdb.Error as error:
        expected, refused = None, error
    try:
        ours.execute(sql)
        rows = ours.fetchall()
    except Exception as error:
        return None if refused else f"failed: {str(error)[:400]}"
    if refused:
        return f"answered what DuckDB refuses: {refused}"
    return difference(rows, expected, ordered=" LIMIT " in sql.rpartition(")")[2])


@pytest.mark.parametrize("first", range(FIRST, LAST, STEP))
def test_random_queries(engines, first):
    failures = []
    for seed in range(first, min(first + STEP, LAST)):
        found = compare(engines, random_query(seed))
        if found:
            failures.append(f"seed {seed}: {found}\n  {random_query(seed)}")
    assert not failures, f"{len(failures)} differ\n" + "\n".join(failures[:5])
