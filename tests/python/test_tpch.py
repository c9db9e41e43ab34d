"""TPC-H: all 22 queries equal DuckDB's answers, from Parquet files and from Iceberg tables."""

import pytest
from answers import difference
from conftest import ROOT, TPCH_TABLES

QUERIES = ROOT / "tpc-benchmarks" / "src" / "main" / "resources" / "tpch"


def query(number):
    return (QUERIES / f"q{number:02d}.sql").read_text()


@pytest.fixture(scope="module")
def sources(server, tpch_folder):
    """How each source writes the tables: a WITH clause over files, or the names themselves after a CTAS."""
    import adbc_driver_flightsql.dbapi as flightsql

    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        for table in TPCH_TABLES:
            cursor.execute(f"CREATE TABLE {table} AS SELECT * FROM '{tpch_folder}/{table}.parquet'")
        yield cursor


@pytest.mark.parametrize("number", range(1, 23))
def test_from_iceberg(sources, tpch_duckdb, number):
    sources.execute(query(number))
    found = difference(sources.fetchall(), tpch_duckdb.execute(query(number)).fetchall())
    assert found is None


@pytest.mark.parametrize("number", range(1, 23))
def test_from_parquet(sources, tpch_duckdb, tpch_folder, number):
    sql = query(number)
    files = ", ".join(f"{table} AS (SELECT * FROM '{tpch_folder}/{table}.parquet')" for table in TPCH_TABLES)
    sql = sql.replace("with revenue", f"WITH {files}, revenue", 1) if sql.startswith("with") else f"WITH {files} {sql}"
    sources.execute(sql)
    found = difference(sources.fetchall(), tpch_duckdb.execute(query(number)).fetchall())
    assert found is None
