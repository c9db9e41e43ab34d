"""Iceberg tables beside the same Parquet files read directly: make bench WHAT=lake [SF=1]

In one run, medians of rounds in turn over one server:
- the 22 TPC-H queries over Iceberg tables whose data files are (by `add_files`) the very files of the other side;
- queries over lineitem before and after merge-on-read deletes of 5 % of its rows;
- `CREATE TABLE AS` of lineitem beside DuckDB's `COPY … TO parquet` with the same codec;
- how many of 1,000 data files a query for one key opens.
Every answer is compared: with the other side's, with DuckDB's, or with a count.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from kelda_server import ROOT, KeldaServer

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
QUERIES = ROOT / "tpc-benchmarks" / "src" / "main" / "resources" / "tpch"
FILES = 1_000
SCANS = {
    "all columns": "SELECT COUNT(*), " + ", ".join(f"MAX({c})" for c in (
        "l_orderkey", "l_partkey", "l_quantity", "l_extendedprice", "l_shipdate", "l_shipmode", "l_comment")) + " FROM {}",
    "one column": "SELECT SUM(l_extendedprice) FROM {}",
    "q01": None,
    "q06": None,
}


def text(number):
    return (QUERIES / f"q{number:02d}.sql").read_text().strip().rstrip(";")


def over_files(query, folder):
    tables = ", ".join(f"{t} AS (SELECT * FROM '{folder}/{t}/{t}.parquet')" for t in TABLES)
    return f"WITH {tables}, {query[5:]}" if query.lower().startswith("with ") else f"WITH {tables} {query}"


class Client:
    def __init__(self, connection):
        self.cursor = connection.cursor()

    def rows(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def timed(self, sql):
        start = time.perf_counter()
        rows = self.rows(sql)
        return time.perf_counter() - start, rows


def same(one, other):
    def plain(value):
        return float(f"{float(value):.9g}") if isinstance(value, (float, Decimal)) else value

    return sorted(repr([plain(v) for v in row]) for row in one) == sorted(repr([plain(v) for v in row]) for row in other)


def in_turns(client, pair, rounds):
    """Medians in seconds of two statements with the same answer."""
    times = ([], [])
    for round_ in range(rounds + 1):
        answers = []
        for sql, into in zip(pair, times, strict=True):
            seconds, rows = client.timed(sql)
            answers.append(rows)
            if round_:
                into.append(seconds)
        assert same(*answers), pair
    return tuple(statistics.median(seconds) for seconds in times)


def tpch(client, files, rounds):
    for table in TABLES:
        client.rows(f"CREATE TABLE {table} AS SELECT * FROM '{files}/{table}/{table}.parquet' WHERE FALSE")
        client.rows(f"CALL lake.system.add_files(table => '{table}', source_table => 'parquet.`{files}/{table}`')")
        client.rows(f"ANALYZE TABLE {table}")
    print("query  Iceberg ms  Parquet ms  ratio", flush=True)
    sums = [0.0, 0.0]
    for number in range(1, 23):
        iceberg, parquet = in_turns(client, (text(number), over_files(text(number), files)), rounds)
        sums = [sums[0] + iceberg, sums[1] + parquet]
        print(f"q{number:02d}    {iceberg * 1000:10.1f}  {parquet * 1000:10.1f}  {iceberg / parquet:5.2f}", flush=True)
    print(f"sum    {sums[0] * 1000:10.1f}  {sums[1] * 1000:10.1f}  {sums[0] / sums[1]:5.2f}", flush=True)


def deletes(client, files, rounds):
    client.rows("CREATE TABLE whole AS SELECT * FROM lineitem")
    client.rows("CREATE TABLE thinned WITH ('write.delete.mode' = 'merge-on-read', 'format-version' = '2') AS SELECT * FROM lineitem")
    client.rows("DELETE FROM thinned WHERE (l_orderkey * 31 + l_linenumber) % 20 = 0")
    (left,), (all_,) = client.rows("SELECT COUNT(*) FROM thinned")[0], client.rows("SELECT COUNT(*) FROM lineitem")[0]
    kept = client.rows("SELECT COUNT(*) FROM lineitem WHERE (l_orderkey * 31 + l_linenumber) % 20 <> 0")[0][0]
    assert left == kept, (left, kept)
    print(f"position deletes of {(all_ - left) / all_:.1%} of lineitem", flush=True)
    for name, sql in SCANS.items():
        of = (lambda t, sql=sql: sql.format(t)) if sql else (lambda t, n=name: re.sub(r"\blineitem\b", t, text(int(n[1:]))))
        times = {"thinned": [], "whole": []}
        for round_ in range(rounds + 1):
            for table, into in times.items():
                seconds, _ = client.timed(of(table))
                if round_:
                    into.append(seconds)
        thinned, whole = (statistics.median(seconds) for seconds in times.values())
        print(f"  {name:12} {thinned * 1000:7.1f} ms, without deletes {whole * 1000:7.1f}: {thinned / whole:5.2f} x", flush=True)


def writing(client, files, scratch, rounds):
    source = f"{files}/lineitem/lineitem.parquet"
    duck = duckdb.connect(config={"threads": os.cpu_count()})
    ours, theirs = [], []
    for round_ in range(rounds):
        seconds, _ = client.timed(f"CREATE TABLE written{round_} AS SELECT * FROM '{source}'")
        ours.append(seconds)
        start = time.perf_counter()
        duck.execute(f"COPY (FROM '{source}') TO '{scratch}/written.parquet' (FORMAT parquet, COMPRESSION zstd)")
        theirs.append(time.perf_counter() - start)
        counts = client.rows(f"SELECT COUNT(*), SUM(l_extendedprice) FROM written{round_}")
        assert same(counts, duck.execute(f"SELECT COUNT(*), SUM(l_extendedprice) FROM '{scratch}/written.parquet'").fetchall())
        client.rows(f"DROP TABLE written{round_}")
    kelda, other = statistics.median(ours), statistics.median(theirs)
    print(f"CREATE TABLE AS of lineitem (zstd): {kelda:.2f} s, DuckDB's COPY {other:.2f} s: {kelda / other:.2f} x", flush=True)


def one_key(client, scratch):
    folder = Path(scratch) / "keys"
    folder.mkdir()
    for n in range(FILES):
        ids = pa.array(range(n * 100, n * 100 + 100), pa.int64())
        pq.write_table(pa.table({"id": ids, "v": ids}), folder / f"{n:04d}.parquet")
    client.rows("CREATE TABLE keys (id BIGINT, v BIGINT)")
    client.rows(f"CALL lake.system.add_files(table => 'keys', source_table => 'parquet.`{folder}`')")
    assert client.rows("SELECT v FROM keys WHERE id = 54321") == [(54321,)]
    plan = "\n".join(str(row[0]) for row in client.rows("EXPLAIN ANALYZE SELECT v FROM keys WHERE id = 54321"))
    opened = len(set(re.findall(r"\d{4}\.parquet", plan)))
    print(f"one key of {FILES} data files: {opened} opened", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale", nargs="?", default="1")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    run = [ROOT / "dev" / "tpch-data", options.scale]
    subprocess.run(run, check=True)
    tpch_files = Path(subprocess.run([*run, "--print"], check=True, capture_output=True, text=True).stdout.strip())
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch) / "tpch"
        for table in TABLES:
            (files / table).mkdir(parents=True)
            (files / table / f"{table}.parquet").write_bytes((tpch_files / f"{table}.parquet").read_bytes())
        with KeldaServer(f"{scratch}/home", allow=[scratch]) as server, flightsql.connect(server.uri, autocommit=True) as connection:
            client = Client(connection)
            print(f"{os.cpu_count()} CPUs, TPC-H SF {options.scale}", flush=True)
            tpch(client, files, options.rounds)
            deletes(client, files, options.rounds)
            writing(client, files, scratch, options.rounds)
            one_key(client, scratch)
            client.cursor.close()


if __name__ == "__main__":
    main()
