"""Writers at the same time: appends all land, changes land or fail with COMMIT_CONFLICT, and nothing is lost or doubled.

KELDA_WRITERS=16 KELDA_APPENDS=200 is the large run (make test: a small one).
"""

import os
import threading

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException

WRITERS = int(os.environ.get("KELDA_WRITERS", "4"))
APPENDS = int(os.environ.get("KELDA_APPENDS", "5"))
MERGERS = 4


def execute(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.mark.parametrize("mode", ["copy-on-write", "merge-on-read"])
def test_nothing_is_lost(server, mode):
    table = "together_" + mode.replace("-", "_")
    catalog = SqlCatalog("lake", uri=f"sqlite:///{server.home}/metastore.db", warehouse=f"file://{server.home}/warehouse")
    failures = []
    merged = [0] * MERGERS

    def client(work):
        def run():
            try:
                with flightsql.connect(server.uri, autocommit=True) as connection:
                    work(connection)
            except Exception as e:  # noqa: BLE001 - shown below
                failures.append(e)

        return threading.Thread(target=run)

    def append(writer):
        def run(connection):
            for i in range(APPENDS):
                execute(connection, f"INSERT INTO {table} VALUES ({1000 + writer * APPENDS + i}, 1)")

        return client(run)

    def merge(number):
        def run(connection):
            while merged[number] < APPENDS:
                try:
                    execute(connection, f"""MERGE INTO {table} AS t USING (SELECT {number} AS id) AS s ON t.id = s.id
                        WHEN MATCHED THEN UPDATE SET n = t.n + 1 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1)""")
                    merged[number] += 1
                except flightsql.Error as e:
                    assert "COMMIT_CONFLICT" in str(e), e

        return client(run)

    def foreign(_):
        rows = pa.table({"id": pa.array([1], pa.int64()), "n": pa.array([1], pa.int64())})
        for i in range(APPENDS):
            for _ in range(200):
                try:
                    catalog.load_table(f"main.{table}").append(rows.set_column(0, "id", pa.array([100_000 + i], pa.int64())))
                    break
                except CommitFailedException:
                    pass
            else:
                raise AssertionError("PyIceberg never got its turn")

    with flightsql.connect(server.uri, autocommit=True) as connection:
        execute(connection, f"""CREATE TABLE {table} (id BIGINT, n BIGINT) WITH ('write.merge.mode' = '{mode}',
            'write.merge.isolation-level' = 'snapshot')""")
        execute(connection, f"INSERT INTO {table} SELECT v.id, 0 FROM (VALUES (0), (1), (2), (3)) AS v (id)")
        threads = [append(w) for w in range(WRITERS)] + [merge(m) for m in range(MERGERS)] + [client(foreign)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        counts = execute(connection, f"SELECT COUNT(*), COUNT(DISTINCT id), SUM(n) FROM {table}")[0]
    rows = MERGERS + WRITERS * APPENDS + APPENDS
    assert tuple(map(int, counts)) == (rows, rows, MERGERS * APPENDS + WRITERS * APPENDS + APPENDS)
    assert catalog.load_table(f"main.{table}").scan().to_arrow().num_rows == rows
