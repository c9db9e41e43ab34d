"""As-of joins beside DuckDB and Polars: bench_pit.py [SCALE] [--rounds N] [--case NAME]… [--limit BYTES]

At SCALE 1 three feature groups of 10 million rows (10 floats, a million random ids, random times in a year), a large one of 100 million, and
spines of 1 and 10 million rows; `taxi` is the shape of the Hopsworks feature-store benchmark: 10 million rides with the features of their
pickup and drop-off places in windows of 15 and 30 minutes.

Rounds take turns between the engines, each with 2 threads and warm: a run right before, in the same process, does not count. Medians are
printed, every answer is compared by NULLs and weighted sums.

    duckdb             an Arrow table in its own process              kelda over Flight  an Arrow table in the client of a server
    duckdb drained     its Arrow batches read to the end, not kept    kelda drained      `kelda sql --format none`: the same, no server
    polars             a DataFrame in its own process                 kelda scan         only reads the feature columns, `--format none`

Memory is the peak of the engine's process: of the server for Flight, with its JVM.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
from kelda_server import ROOT, KeldaServer

FEATURES = 10
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kelda" / "pit"
YEAR = 365 * 24 * 3600
PUBLISHED = {"taxi": "967,118 rows/s published for Hopsworks on 16 vCPU (2023)"}


@dataclass(frozen=True)
class Feature:
    """One as-of join: `files` of `alias`, `columns` of it handed up, keys and times of spine and feature."""

    files: str
    alias: str
    columns: tuple
    key: tuple = ("id", "id")
    time: tuple = ("ts", "ts")


@dataclass(frozen=True)
class Case:
    spine: str
    columns: tuple
    features: tuple
    weight: str = "id"

    def sql(self, folder, duck=False):
        columns = [f"s.{column}" for column in self.columns]
        columns += [f"{f.alias}.{column}" for f in self.features for column in f.columns]
        joins = ""
        for f in self.features:
            key, match = f"s.{f.key[0]} = {f.alias}.{f.key[1]}", f"s.{f.time[0]} >= {f.alias}.{f.time[1]}"
            source = f"'{folder}/{f.files}.parquet' {f.alias}"
            joins += (
                f" ASOF LEFT JOIN {source} ON {key} AND {match}" if duck else f" LEFT ASOF JOIN {source} MATCH_CONDITION ({match}) ON {key}"
            )
        return f"SELECT {', '.join(columns)} FROM '{folder}/{self.spine}.parquet' s{joins}"

    def scan(self, folder):
        """The feature columns alone, for the least time a join could take."""
        reads = []
        for f in self.features:
            columns = ", ".join(dict.fromkeys((f.key[1], f.time[1], *f.columns)))
            reads.append(f"SELECT {columns} FROM '{folder}/{f.files}.parquet'")
        return reads

    def sums(self):
        """NULLs and sums that a wrong row would change."""
        checks = ["COUNT(*)"]
        for f in self.features:
            first, last = (f"CAST({column} AS DOUBLE)" for column in (f.columns[0], f.columns[-1]))
            checks += [f"COUNT({f.columns[0]})", f"SUM({first})", f"SUM({first} * ({self.weight} % 1000))", f"SUM({last})"]
        return ", ".join(checks)


def _floats(group):
    return tuple(f"{group}{n}" for n in range(FEATURES))


def _groups(spine, groups):
    return Case(spine, ("id", "ts"), tuple(Feature(f"features_{g}", f"{g}_", _floats(g)) for g in groups))


CASES = {
    "1m x 1": _groups("spine_1m", "a"),
    "1m x 3": _groups("spine_1m", "abc"),
    "10m x 1": _groups("spine_10m", "a"),
    "10m x 3": _groups("spine_10m", "abc"),
    "1m x 100m": Case("spine_1m", ("id", "ts"), (Feature("large_*", "a_", _floats("a")),)),
    "taxi": Case(
        "rides",
        ("ride", "pickup_at", "pickup_place", "dropoff_at", "dropoff_place", "passengers", "distance", "fare", "tip", "total", "payment"),
        (
            Feature("pickups", "p", ("mean_fare", "trips"), ("pickup_place", "place"), ("pickup_at", "at")),
            Feature("dropoffs", "d", ("dropped", "is_weekend"), ("dropoff_place", "place"), ("pickup_at", "at")),
        ),
        "ride",
    ),
}


def generate(folder, scale):
    """The Parquet files of all cases, in row groups of a million rows."""
    done = folder / "done"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows, ids = int(10_000_000 * scale), int(1_000_000 * scale)
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SELECT setseed(0.5)")

    def write(name, query):
        connection.execute(f"COPY ({query}) TO '{folder}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)")

    def events(count, columns=()):
        floats = "".join(f", CAST(random() AS FLOAT) AS {column}" for column in columns)
        at = f"TIMESTAMP '2024-01-01' + to_seconds(CAST(random() * {YEAR} AS BIGINT))"
        return f"SELECT CAST(random() * {ids} AS BIGINT) AS id, {at} AS ts{floats} FROM range({count})"

    for group in "abc":
        write(f"features_{group}", events(rows, _floats(group)))
    for part in range(10):
        write(f"large_{part}", events(rows, _floats("a")))
    write("spine_1m", events(rows // 10))
    write("spine_10m", events(rows))
    # 14 million rides a month between 265 places, as in New York; some places are far busier than others.
    place = "CAST(floor(265 * power(random(), 3)) AS INTEGER)"
    seconds = int(30 * 24 * 3600 * 10 / 14 * scale)
    write(
        "rides",
        f"SELECT *, CAST(fare + tip AS FLOAT) AS total FROM (SELECT range AS ride, TIMESTAMP '2024-01-01' + to_seconds(CAST(range * {seconds}.0 / {rows} AS "
        f"BIGINT)) AS pickup_at, pickup_at + to_seconds(CAST(300 + random() * 2400 AS BIGINT)) AS dropoff_at, {place} AS pickup_place, {place} AS "
        f"dropoff_place, CAST(1 + random() * 4 AS INTEGER) AS passengers, CAST(random() * 20 AS FLOAT) AS distance, CAST(3 + random() * 60 AS FLOAT) AS fare, "
        f"CAST(random() * 9 AS FLOAT) AS tip, CASE WHEN random() < 0.7 THEN 'card' ELSE 'cash' END AS payment FROM range({rows}))",
    )
    rides = f"'{folder}/rides.parquet'"
    write(
        "pickups",
        "SELECT pickup_place AS place, time_bucket(INTERVAL 15 MINUTE, pickup_at) + INTERVAL 15 MINUTE AS at, CAST(avg(fare) AS FLOAT) AS mean_fare, "
        f"CAST(count(*) AS INTEGER) AS trips FROM {rides} GROUP BY ALL",
    )
    write(
        "dropoffs",
        "SELECT dropoff_place AS place, time_bucket(INTERVAL 30 MINUTE, dropoff_at) + INTERVAL 30 MINUTE AS at, CAST(count(*) AS INTEGER) AS dropped, "
        f"isodow(time_bucket(INTERVAL 30 MINUTE, dropoff_at)) > 5 AS is_weekend FROM {rides} GROUP BY ALL",
    )
    done.touch()


def check(table, case):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("answer", table)
    return [float(v) for v in connection.execute(f"SELECT {case.sums()} FROM answer").fetchone()]


def _duckdb(folder, case):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    start = time.perf_counter()
    table = connection.sql(case.sql(folder, True)).to_arrow_table()
    return time.perf_counter() - start, table


def _duckdb_drained(folder, case):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    start = time.perf_counter()
    for _ in connection.sql(case.sql(folder, True)).to_arrow_reader(122_880):
        pass
    return time.perf_counter() - start, None


def _polars(folder, case):
    import polars

    start = time.perf_counter()
    joined = polars.scan_parquet(f"{folder}/{case.spine}.parquet").select(case.columns)
    for f in case.features:
        key, at = f.key, f.time
        feature = polars.scan_parquet(f"{folder}/{f.files}.parquet").select(list(dict.fromkeys((key[1], at[1], *f.columns))))
        # Polars wants both sides sorted by time.
        joined = joined.sort(at[0]).join_asof(feature.sort(at[1]), left_on=at[0], right_on=at[1], by_left=key[0], by_right=key[1])
    table = joined.collect().to_arrow()
    return time.perf_counter() - start, table


PEERS = {"duckdb": _duckdb, "duckdb drained": _duckdb_drained, "polars": _polars}


def peer(name, folder, case):
    """The second run in this process: seconds, peak memory, sums where there is a table."""
    PEERS[name](folder, case)
    seconds, table = PEERS[name](folder, case)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return seconds, peak, check(table, case) if table else None


def _peer_process(name, folder, case):
    command = [sys.executable, __file__, "--peer", name, "--folder", str(folder), "--case", case]
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return None, (done.stderr or "killed").strip().splitlines()[-1][:100]
    return json.loads(done.stdout.splitlines()[-1]), None


def peak_of(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5")


class Console:
    """`kelda sql` that reads every row and shows none, kept running."""

    def __init__(self, home, folder, limit):
        command = [ROOT / "kelda", "sql", "--home", home, "--allow-path", folder, "--format", "none", "--timing"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        self.pid = self._process.pid
        if limit:
            self.run(f"SET memory_limit = '{limit}'")

    def run(self, sql):
        """The seconds that the statement took."""
        self._process.stdin.write(sql + ";\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.endswith(" s\n"):
                return float(line.split()[0])
            if "row" not in line and "OK" not in line and "incubator" not in line:
                raise RuntimeError(line)
        raise RuntimeError("the console ended")

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def over_flight(server, folder, case, limit):
    """Seconds into an Arrow table, peak memory of the server, the answer's sums and rows."""
    forget_peak(server.pid)
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        if limit:
            cursor.execute(f"SET memory_limit = '{limit}'")
        start = time.perf_counter()
        cursor.execute(case.sql(folder))
        table = cursor.fetch_arrow_table()
        seconds = time.perf_counter() - start
    return seconds, peak_of(server.pid), check(table, case), table.num_rows


def equal(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-6 * max(1.0, abs(x)) for x, y in zip(a, b, strict=True))


class Bench:
    def __init__(self, folder, limit):
        self.folder, self.limit = folder, limit

    def run(self, name, rounds, server, console):
        case = CASES[name]
        seconds, peaks, problems = {}, {}, set()
        rows = 0

        def note(engine, taken, peak):
            seconds.setdefault(engine, []).append(taken)
            peaks[engine] = max(peaks.get(engine, 0), peak)

        for _ in range(rounds):
            answers = {}
            for engine in PEERS:
                result, error = _peer_process(engine, self.folder, name)
                if error:
                    problems.add(f"{engine}: {error}")
                    continue
                note(engine, result[0], result[1])
                answers[engine] = result[2]
            console.run(case.sql(self.folder))
            forget_peak(console.pid)
            note("kelda drained", console.run(case.sql(self.folder)), peak_of(console.pid))
            forget_peak(console.pid)
            note("kelda scan", sum(console.run(read) for read in case.scan(self.folder)), peak_of(console.pid))
            over_flight(server, self.folder, case, self.limit)
            taken, peak, answer, rows = over_flight(server, self.folder, case, self.limit)
            note("kelda over Flight", taken, peak)
            if answers.get("duckdb") and not equal(answer, answers["duckdb"]):
                problems.add("kelda differs from duckdb")
        self._print(name, seconds, peaks, rows, problems)
        return any("differs" in problem for problem in problems)

    def _print(self, name, seconds, peaks, rows, problems):
        median = {engine: statistics.median(taken) for engine, taken in seconds.items()}
        for engine, taken in seconds.items():
            base = "duckdb drained" if "drained" in engine else "duckdb"
            ratio = f"{median[engine] / median[base]:5.2f} x {base}" if base in median and engine != "kelda scan" else ""
            memory = f", memory {peaks[engine] / peaks[base]:.2f} x" if ratio and engine.startswith("kelda") else ""
            print(
                f"{name:10} {engine:18} {median[engine]:7.2f} s [{min(taken):.2f}-{max(taken):.2f}] {rows / median[engine] / 1e6:6.2f} M rows/s "
                f"{peaks[engine] / 1e9:5.2f} GB {ratio}{memory}",
                flush=True,
            )
        if name in PUBLISHED:
            print(f"{name:10} {PUBLISHED[name]}")
        print(f"{name:10} {'; '.join(sorted(problems)) or 'answers equal'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale", nargs="?", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", choices=CASES, action="append", help="repeatable; all by default")
    parser.add_argument("--limit", help="memory one Kelda query may reserve, such as 1GB")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(peer(options.peer, options.folder, CASES[options.case[0]])))
        return
    folder = CACHE / f"scale_{options.scale:g}"
    generate(folder, options.scale)
    print(f"{multiprocessing.cpu_count()} CPUs, scale {options.scale:g}, 2 threads each, {options.rounds} rounds, medians", flush=True)
    bench, wrong = Bench(folder, options.limit), False
    with tempfile.TemporaryDirectory() as scratch, KeldaServer(f"{scratch}/server", allow=[folder]) as server:
        console = Console(f"{scratch}/console", folder, options.limit)
        for name in options.case or CASES:
            wrong |= bench.run(name, options.rounds, server, console)
        console.close()
    sys.exit(wrong)


if __name__ == "__main__":
    main()
