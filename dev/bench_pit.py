"""As-of joins beside DuckDB and Polars: bench_pit.py [SCALE] [--rounds N] [--case NAME] [--limit BYTES]

SCALE 1 is 10 million feature rows of 10 floats over a million ids, three such groups, and spines of 1 and 10 million rows; also
100 million feature rows for a spine of a million. Rounds take turns between the engines, medians are printed, every answer is
checked: NULLs and weighted sums of the first and the last feature. Peers run in a fresh process each time with 2 threads; Kelda
is a warm server: over Flight into an Arrow table, and "in-process", where the same rows are only counted and summed in the engine.
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
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
from kelda_server import KeldaServer

FEATURES = 10
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kelda" / "pit"
YEAR = 365 * 24 * 3600


def generate(folder, scale):
    """Feature groups a, b, c and the spines, as Parquet with row groups of a million rows; ids and times are random."""
    done = folder / "done"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows, ids = int(10_000_000 * scale), int(1_000_000 * scale)
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SELECT setseed(0.5)")

    def write(name, count, columns):
        start = "TIMESTAMP '2024-01-01'"
        connection.execute(
            f"COPY (SELECT CAST(random() * {ids} AS BIGINT) AS id, {start} + to_seconds(CAST(random() * {YEAR} AS BIGINT)) AS ts"
            f"{columns} FROM range({count})) TO '{folder}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)"
        )

    for group in "abc":
        floats = "".join(f", CAST(random() AS FLOAT) AS {group}{n}" for n in range(FEATURES))
        write(f"features_{group}", rows, floats)
    floats = "".join(f", CAST(random() AS FLOAT) AS a{n}" for n in range(FEATURES))
    for part in range(10):
        write(f"large_{part}", rows, floats)
    write("spine_1m", int(1_000_000 * scale), "")
    write("spine_10m", int(10_000_000 * scale), "")
    done.touch()


CASES = {
    "1m x 1": ("spine_1m", "a"),
    "1m x 3": ("spine_1m", "abc"),
    "10m x 1": ("spine_10m", "a"),
    "10m x 3": ("spine_10m", "abc"),
    "1m x 100m": ("spine_1m", "large"),
}


def _source(folder, group):
    return f"'{folder}/large_*.parquet'" if group == "large" else f"'{folder}/features_{group}.parquet'"


def _groups(groups):
    return [("a", "large")] if groups == "large" else [(group, group) for group in groups]


def sql(folder, case, duck):
    spine, groups = CASES[case]
    columns = "".join(f", {g}{n}" for g, _ in _groups(groups) for n in range(FEATURES))
    joins = ""
    for group, source in _groups(groups):
        table = _source(folder, source)
        if duck:
            joins += f" ASOF LEFT JOIN {table} {group}_ ON s.id = {group}_.id AND s.ts >= {group}_.ts"
        else:
            joins += f" LEFT ASOF JOIN {table} {group}_ MATCH_CONDITION (s.ts >= {group}_.ts) ON s.id = {group}_.id"
    return f"SELECT s.id, s.ts{columns} FROM '{folder}/{spine}.parquet' s{joins}"


def sums(query, case):
    """NULLs and sums that a wrong row would change."""
    _, groups = CASES[case]
    checks = ", ".join(
        f"COUNT({g}0), SUM(CAST({g}0 AS DOUBLE)), SUM(CAST({g}0 AS DOUBLE) * (id % 1000)), SUM(CAST({g}{FEATURES - 1} AS DOUBLE))"
        for g, _ in _groups(groups)
    )
    return f"SELECT COUNT(*), {checks} FROM ({query}) q"


def check(table, case):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("answer", table)
    return [float(v) for v in connection.execute(sums("SELECT * FROM answer", case)).fetchone()]


def _duckdb(folder, case):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    start = time.perf_counter()
    table = connection.execute(sql(folder, case, True)).to_arrow_table()
    return time.perf_counter() - start, table


def _polars(folder, case):
    import polars

    spine, groups = CASES[case]
    start = time.perf_counter()
    # Polars wants both sides sorted by time.
    joined = polars.scan_parquet(f"{folder}/{spine}.parquet").sort("ts")
    for _, source in _groups(groups):
        files = "large_*" if source == "large" else f"features_{source}"
        joined = joined.join_asof(polars.scan_parquet(f"{folder}/{files}.parquet").sort("ts"), on="ts", by="id")
    table = joined.collect().to_arrow()
    return time.perf_counter() - start, table


PEERS = {"duckdb": _duckdb, "polars": _polars}


def peer(name, folder, case):
    """Runs in a process of its own: seconds, peak memory, sums."""
    seconds, table = PEERS[name](folder, case)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return seconds, peak, check(table, case), table.num_rows


def _peer_process(name, folder, case):
    command = [sys.executable, __file__, "--peer", name, "--folder", str(folder), "--case", case]
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        return None, (done.stderr or "killed").strip().splitlines()[-1][:100]
    return json.loads(done.stdout.splitlines()[-1]), None


def _peak(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def kelda(server, folder, case, limit):
    """Seconds over Flight and in-process, peak memory of the server process, sums of both answers."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    query = sql(folder, case, False)
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        if limit:
            cursor.execute(f"SET memory_limit = '{limit}'")
        start = time.perf_counter()
        cursor.execute(sums(query, case))
        inside = [float(v) for v in cursor.fetchone()]
        in_process = time.perf_counter() - start
        peak = _peak(server.pid)
        start = time.perf_counter()
        cursor.execute(query)
        table = cursor.fetch_arrow_table()
        flight = time.perf_counter() - start
    return in_process, flight, peak, inside, check(table, case), table.num_rows


def equal(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-6 * max(1.0, abs(x)) for x, y in zip(a, b, strict=True))


def bench(server, folder, case, rounds, limit):
    seconds = {"duckdb": [], "polars": [], "kelda in-process": [], "kelda over Flight": []}
    peaks, problems, rows = {}, set(), 0
    kelda(server, folder, case, limit)
    for _ in range(rounds):
        answers = {}
        for name in PEERS:
            result, error = _peer_process(name, folder, case)
            if error:
                problems.add(f"{name}: {error}")
                continue
            taken, peak, answers[name], _ = result
            seconds[name].append(taken)
            peaks[name] = max(peaks.get(name, 0), peak)
        in_process, flight, peak, inside, over_flight, rows = kelda(server, folder, case, limit)
        seconds["kelda in-process"].append(in_process)
        seconds["kelda over Flight"].append(flight)
        peaks["kelda in-process"] = peaks["kelda over Flight"] = max(peaks.get("kelda in-process", 0), peak)
        for name, answer in (("kelda in-process", inside), ("kelda over Flight", over_flight)):
            if "duckdb" in answers and not equal(answer, answers["duckdb"]):
                problems.add(f"{name} differs from duckdb")
    base = statistics.median(seconds["duckdb"]) if seconds["duckdb"] else None
    for name, taken in seconds.items():
        if taken:
            median = statistics.median(taken)
            ratio = f"{median / base:5.2f} x DuckDB" if base else ""
            print(
                f"{case:10} {name:18} {median:7.2f} s [{min(taken):.2f}-{max(taken):.2f}] {rows / median / 1e6:6.2f} M rows/s "
                f"{peaks[name] / 1e9:5.2f} GB {ratio}",
                flush=True,
            )
    print(f"{case:10} {'; '.join(sorted(problems)) or 'answers equal'}", flush=True)
    return any("differs" in problem for problem in problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scale", nargs="?", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--limit", help="memory one Kelda query may reserve, such as 1GB")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(peer(options.peer, options.folder, options.case)))
        return
    folder = CACHE / f"scale_{options.scale:g}"
    generate(folder, options.scale)
    print(f"{multiprocessing.cpu_count()} CPUs, scale {options.scale:g}, 2 threads each, {options.rounds} rounds, medians", flush=True)
    wrong = False
    with tempfile.TemporaryDirectory() as scratch, KeldaServer(f"{scratch}/home", allow=[folder]) as server:
        for case in [options.case] if options.case else CASES:
            wrong |= bench(server, folder, case, options.rounds, options.limit)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
