"""A server process on an empty home for the tests of one module, and the TPC-H tables beside it."""

import subprocess
import sys
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "dev"))
from kelda_server import KeldaServer  # noqa: E402



def complaint(stderr):
    """The lines a person sees, without the JVM's remark about an incubator module."""
    return [line for line in stderr.strip().splitlines() if "incubator modules" not in line]


TPCH_TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


@pytest.fixture(scope="session")
def tpch_folder():
    """TPC-H at scale 0.1 as Parquet files, one a table."""
    command = [str(ROOT / "dev" / "tpch-data"), "0.1"]
    subprocess.run(command, check=True)
    return Path(subprocess.run([*command, "--print"], check=True, capture_output=True, text=True).stdout.strip())


@pytest.fixture(scope="module")
def server(tmp_path_factory, tpch_folder):
    with KeldaServer(tmp_path_factory.mktemp("kelda") / "home", allow=[tpch_folder]) as running:
        yield running
        assert running.stop() == 0, (running.home / "server.log").read_text()[-2000:]
        leftover = [p for p in (running.home / "tmp").glob("**/*") if p.is_file()]
        assert not leftover, "temporary files are gone after the server has stopped"


@pytest.fixture
def connection(server):
    with flightsql.connect(server.uri, autocommit=True) as connection:
        yield connection


@pytest.fixture
def cursor(connection):
    with connection.cursor() as cursor:
        yield cursor


@pytest.fixture(scope="session")
def tpch_duckdb(tpch_folder):
    """DuckDB with the TPC-H tables as views over the same files."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    for table in TPCH_TABLES:
        connection.execute(f"CREATE VIEW {table} AS FROM '{tpch_folder}/{table}.parquet'")
    return connection
