"""10,000 random as-of joins give what plain SQL gives: a join on keys and times, then the first row by time and content.

Every case is a slice of two tables, told apart by one more key, so that one statement runs hundreds of cases; the plain SQL
runs in DuckDB. Statements take turns in partitions and batch size; joins on disk are tested in Rust. KELDA_PIT_SEED=n draws other cases.
"""

import os
import random
from itertools import product

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from answers import difference
from kelda_server import KeldaServer

CASES = 10_000
COMPARISONS = (">=", ">", "<=", "<")
SHAPES = list(product(COMPARISONS, ("LEFT ", ""), (None, 0, 4), (0, 1, 2)))
RUNS = ((1, 7), (3, 1), (8, 8192), (2, 1024), (5, 64))


def _rows(random, spine):
    for case in range(CASES):
        keys, times = random.randint(1, 4), random.randint(1, 20)
        for _ in range(random.choice((0, 1, random.randint(2, 12)))):
            row = [
                case % len(SHAPES),
                case,
                random.randrange(keys) if random.random() < 0.9 else None,
                random.choice("ab") if random.random() < 0.9 else None,
                random.randrange(times) if random.random() < 0.9 else None,
            ]
            # Ties have different contents, or equal rows would be as good as each other.
            yield [*row, len(spine) if spine is not None else random.randrange(1_000_000)]
            if spine is not None:
                spine.append(None)


def _table(rows, value):
    names = ["shape", "c", "k1", "k2", "t", value]
    types = [pa.int32(), pa.int64(), pa.int32(), pa.string(), pa.int64(), pa.int64()]
    return pa.table(
        {name: pa.array(column, kind) for name, kind, column in zip(names, types, zip(*rows, strict=True), strict=True)}
    )


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    draw = random.Random(int(os.environ.get("KELDA_PIT_SEED", "1")))
    folder = tmp_path_factory.mktemp("pit")
    tables = {"s": _table(list(_rows(draw, [])), "id"), "f": _table(list(_rows(draw, None)), "x")}
    theirs = duckdb.connect()
    for name, table in tables.items():
        theirs.register(name, table)
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=10_000)
    with KeldaServer(tmp_path_factory.mktemp("kelda") / "home", allow=[folder]) as server:
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as ours:
            yield ours, theirs, folder


def _keys(count):
    return " AND ".join(["s.c = f.c", "s.k1 = f.k1", "s.k2 = f.k2"][: count + 1])


@pytest.mark.parametrize("run", range(len(RUNS)))
def test_random_cases_equal_plain_sql(engines, run):
    ours, theirs, folder = engines
    partitions, batch_rows = RUNS[run]
    ours.execute(f"SET target_partitions = {partitions}")
    ours.execute(f"SET batch_rows = {batch_rows}")
    for shape in range(run, len(SHAPES), len(RUNS)):
        comparison, kind, tolerance, keys = SHAPES[shape]
        within = "" if tolerance is None else f" TOLERANCE {tolerance}"
        ours.execute(
            f"SELECT s.id, f.x, f.t FROM (SELECT * FROM '{folder}/s.parquet' WHERE shape = {shape}) s "
            f"{kind}ASOF JOIN (SELECT * FROM '{folder}/f.parquet' WHERE shape = {shape}) f "
            f"MATCH_CONDITION (s.t {comparison} f.t){within} ON {_keys(keys)}"
        )
        found = ours.fetchall()
        near = "TRUE" if tolerance is None else f"ABS(s.t - m.t) <= {tolerance}"
        nearest = "DESC" if comparison in (">=", ">") else "ASC"
        expected = theirs.execute(
            f"WITH m AS (SELECT s.id, f.x, f.t FROM s JOIN f ON {_keys(keys)} AND s.t {comparison} f.t "
            f"WHERE s.shape = {shape} AND f.shape = {shape} "
            f"QUALIFY ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY f.t {nearest}, f.x DESC) = 1) "
            f"SELECT s.id, m.x, m.t FROM s {'LEFT' if kind else ''} JOIN m ON s.id = m.id AND {near} WHERE s.shape = {shape}"
        ).fetchall()
        problem = difference(found, expected)
        assert not problem, f"{SHAPES[shape]} {RUNS[run]}: {problem}"


def test_duckdb_agrees(engines):
    """Where no time is tied, DuckDB's own ASOF JOIN answers the same."""
    ours, theirs, folder = engines
    for name in ("LEFT ", ""):
        distinct = "SELECT * FROM {} WHERE k1 IS NOT NULL QUALIFY ROW_NUMBER() OVER (PARTITION BY c, k1, t ORDER BY x) = 1"
        ours.execute("RESET target_partitions")
        ours.execute("RESET batch_rows")
        ours.execute(
            f"SELECT s.id, f.x FROM '{folder}/s.parquet' s ASOF {name}JOIN ({distinct.format(repr(str(folder / 'f.parquet')))}) f "
            "ON s.c = f.c AND s.k1 = f.k1 AND s.t >= f.t"
        )
        found = ours.fetchall()
        expected = theirs.execute(
            f"SELECT s.id, f.x FROM s ASOF {name}JOIN ({distinct.format('f')}) f ON s.c = f.c AND s.k1 = f.k1 AND s.t >= f.t"
        ).fetchall()
        assert not difference(found, expected)
