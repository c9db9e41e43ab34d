"""Online lookups of 100 features over the wire beside Redis and a pyarrow server that looks nothing up, the loading of 10 million rows,
and refreshes: make bench WHAT=online.

The servers have one core, the client the other one. All are asked 500 times a second, each for its share of the time in turn;
a request is late from the moment when it should have been sent.
"""

import argparse
import gc
import itertools
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import kelda
import pyarrow as pa
import pyarrow.flight as pf
from bench_flight import served
from kelda_server import ROOT, KeldaServer

FEATURES = 100
KEYS = 20_000
WARM = 40_000  # requests before any is measured: the JVM compiles meanwhile


def redis_binary(folder):
    """The redis-server that the Java tests use, out of its jar."""
    config = ROOT / ".mvn" / "maven.config"
    own = [w.split("=", 1)[1] for w in config.read_text().split() if w.startswith("-Dmaven.repo.local=")] if config.exists() else []
    for repository in [*own, Path.home() / ".m2" / "repository"]:
        for jar in sorted(Path(repository).glob("com/github/codemonstur/embedded-redis/*/*.jar")):
            with zipfile.ZipFile(jar) as content:
                name = next(n for n in content.namelist() if n.endswith("linux-amd64"))
                path = Path(content.extract(name, folder))
                path.chmod(0o755)
                return path
    sys.exit("embedded-redis is not in Maven's repository: make build first")


def encoded(parts):
    """As Redis sends and takes a list of texts."""
    return b"".join([b"*%d\r\n" % len(parts), *(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)])


class Redis:
    """A redis-server of its own, and as much of a client as the measurement needs: a client in Python that looked into the
    answers could not ask 500 times a second."""

    def __init__(self, folder, core):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [redis_binary(folder), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]
        self._process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self._socket = socket.create_connection(("127.0.0.1", port))
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in = self._socket.makefile("rb", buffering=1 << 20)

    def ask(self, commands, size):
        """Sends encoded commands and reads the `size` bytes of their answers."""
        self._socket.sendall(b"".join(commands))
        answer = self._in.read(size)
        assert len(answer) == size, answer[:200]

    def close(self):
        self._socket.close()
        self._process.terminate()
        self._process.wait()


class Ready(pf.FlightServerBase):
    """Answers every batch of keys with as many rows that it has ready: what Flight itself costs."""

    def __init__(self, _path):
        super().__init__("grpc://127.0.0.1:0")

    def do_exchange(self, _context, _descriptor, reader, writer):
        row = pa.RecordBatch.from_pydict({f"f{i}": pa.array([i / 7] * 100) for i in range(FEATURES)})
        writer.begin(row.schema)
        for chunk in reader:
            writer.write_batch(row.slice(0, chunk.data.num_rows))


def exchange(address):
    """Asks the server that looks nothing up."""
    writer, reader = pf.connect(address).do_exchange(pf.FlightDescriptor.for_path("ready"))
    schema = pa.schema([("id", pa.int64())])
    writer.begin(schema)

    def ask(keys):
        writer.write_batch(pa.record_batch([pa.array(keys, pa.int64())], schema=schema))
        return pa.Table.from_batches([reader.read_chunk().data], reader.schema)

    return ask


def paced(ask, rate, seconds, keys, count):
    """Milliseconds from when each request was due until its answer was there."""
    took = []
    start = time.perf_counter() + 0.01
    for n in range(int(rate * seconds)):
        due = start + n / rate
        while time.perf_counter() < due:
            pass
        ask(random.sample(keys, count) if count > 1 else [random.choice(keys)])
        took.append((time.perf_counter() - due) * 1000)
    return took


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def lookups(folder, seconds):
    names = [f"f{i}" for i in range(FEATURES)]
    rng = random.Random(1)
    keys = list(range(KEYS))
    table = pa.table(
        {
            "id": pa.array(keys, pa.int64()),
            "at": pa.array([0] * KEYS, pa.timestamp("us")),
            **{name: pa.array([rng.random() for _ in keys]) for name in names},
        }
    )
    os.sched_setaffinity(0, {0})
    with KeldaServer(folder / "home") as server, kelda.connect(server.uri) as db, served(Ready) as ready:
        os.sched_setaffinity(0, {1})
        redis = Redis(folder, 0)
        db.write("wide", table, mode="create")
        db.execute(f"CREATE FEATURE VIEW wide_v PRIMARY KEY (id) TIMESTAMP at WITH (online = true) AS SELECT * FROM wide")
        view = db.feature_view("wide_v")
        columns = [table.column(name).to_pylist() for name in names]
        rows = [[part for name, column in zip(names, columns, strict=True) for part in (name.encode(), repr(column[k]).encode())] for k in keys]
        for first in range(0, KEYS, 1000):
            some = range(first, first + 1000)
            redis.ask([encoded([b"HSET", b"row:%d" % k, *rows[k]]) for k in some], len(some) * len(b":%d\r\n" % FEATURES))
        get = [encoded([b"HGETALL", b"row:%d" % k]) for k in keys]
        sizes = [len(encoded(row)) for row in rows]
        asked = {
            "Kelda, Flight": lambda ks: view.online({"id": pa.array(ks, pa.int64())}).to_arrow(),
            "pyarrow, ready row": exchange(ready),
            "Redis, HGETALL": lambda ks: redis.ask([get[k] for k in ks], sum(sizes[k] for k in ks)),
        }
        for ask in asked.values():
            for _ in range(WARM):
                ask([rng.choice(keys)])
            for _ in range(WARM // 4):
                ask(rng.sample(keys, 100))
        gc.disable()  # it looks through the rows of all systems, 20 ms long, and is not what is measured
        print(f"\n{FEATURES} features, 500 requests a second, one core for the server, milliseconds")
        print(f"{'':20}{'keys':>6}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}")
        for count in (1, 100):
            took = {name: [] for name in asked}
            for _ in range(3):
                for name, ask in asked.items():
                    took[name] += paced(ask, 500, seconds / 3, keys, count)
            for name, values in took.items():
                figures = "".join(f"{v:9.3f}" for v in (*(percentile(values, s) for s in (0.5, 0.95, 0.99)), max(values)))
                print(f"{name:20}{count:6}{figures}")
        gc.enable()
        redis.close()
    os.sched_setaffinity(0, {0, 1})


def load(folder, rows):
    with KeldaServer(folder / "load") as server, kelda.connect(server.uri) as db:
        features = ", ".join(f"CAST(MOD(n * {7919 + i}, 1000003) AS DOUBLE) / 7 AS f{i}" for i in range(10))
        db.execute(
            f"CREATE TABLE events AS SELECT n AS id, TIMESTAMP '2024-01-01 00:00:00' AS at, {features}"
            f" FROM (SELECT a.n * 1000 + b.n AS n FROM (SELECT * FROM UNNEST(GENERATE_SERIES(0, {rows // 1000 - 1})) AS t (n)) AS a,"
            f" (SELECT * FROM UNNEST(GENERATE_SERIES(0, 999)) AS t (n)) AS b)"
        )
        db.execute("CREATE FEATURE VIEW v PRIMARY KEY (id) TIMESTAMP at WITH (online = true) AS SELECT * FROM events")
        start = time.perf_counter()
        db.feature_view("v").online({"id": [1]}).to_arrow()
        took = time.perf_counter() - start
        peak = next(l for l in Path(f"/proc/{server.pid}/status").read_text().splitlines() if l.startswith("VmHWM"))
        size = sum(f.stat().st_size for f in (folder / "load" / "online").rglob("*") if f.is_file())
        found = db.sql("SELECT COUNT(*) AS n FROM ONLINE(v)").to_pylist()[0]["n"]
        assert found == rows, found
        print(f"\n{rows:,} rows x 10 features brought online: {took:.1f} s, peak memory {int(peak.split()[1]) >> 10} MB, store {size >> 20} MB")


def refreshes(folder, rows):
    """What a refresh after 1 % of new rows costs, beside one in full: of rows as they are, and of sums by key and day, each offline
    alone and online as well."""
    names = [f"f{i}" for i in range(10)]
    sums = ", ".join(f"SUM({name}) AS {name}" for name in names)
    views = {
        "rows": f"SELECT id, at, {', '.join(names)} FROM events",
        "sums": f"SELECT id, DATE_TRUNC('DAY', at) AS at, {sums} FROM events GROUP BY id, DATE_TRUNC('DAY', at)",
    }
    features = ", ".join(f"CAST(MOD(n * {7919 + i}, 1000003) AS DOUBLE) / 7 AS {name}" for i, name in enumerate(names))
    made = (
        "SELECT MOD(n * 7919, {ids}) AS id, TIMESTAMP '2024-01-01 00:00:00' + MOD(n, 30) * INTERVAL '1' DAY AS at, " + features +
        " FROM (SELECT a.n * 1000 + b.n AS n FROM (SELECT * FROM UNNEST(GENERATE_SERIES({first}, {last})) AS t (n)) AS a,"
        " (SELECT * FROM UNNEST(GENERATE_SERIES(0, 999)) AS t (n)) AS b)"
    )
    blocks, ids = rows // 1000, rows // 10
    with KeldaServer(folder / "refresh") as server, kelda.connect(server.uri) as db:
        db.execute("CREATE TABLE events AS " + made.format(ids=ids, first=0, last=blocks - 1))
        print(f"\nrefreshes of {rows:,} rows x {len(names)} features, medians of 3")
        first = blocks
        for view, online in itertools.product(views, ("false", "true")):
            name = f"{view}_{online}"
            db.execute(f"CREATE FEATURE VIEW {name} PRIMARY KEY (id) TIMESTAMP at WITH (online = {online}) AS {views[view]}")
            db.execute(f"REFRESH FEATURE VIEW {name}")
            if online == "true":
                db.feature_view(name).online({"id": [1]}).to_arrow()
            took = {"FULL": [], "": []}
            for _ in range(3):
                new = made.format(ids=ids // 100, first=first, last=first + blocks // 100 - 1)  # of one key in a hundred
                db.execute("INSERT INTO events " + new)
                first += blocks // 100
                for how in ("", "FULL"):
                    start = time.perf_counter()
                    db.execute(f"REFRESH FEATURE VIEW {name} {how}")
                    took[how].append(time.perf_counter() - start)
            full, part = (statistics.median(took[how]) for how in ("FULL", ""))
            print(f"{view}, online = {online}: in full {full:.2f} s, after 1 % of new rows {part:.3f} s: {part / full:.1%}", flush=True)
            if online == "true":
                wrong = db.sql(f"SELECT SUM(mismatches) AS n FROM CONSISTENCY({name})").to_pylist()[0]["n"]
                assert wrong == 0, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", choices=["lookups", "load", "refreshes"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only in (None, "lookups"):
            lookups(Path(folder), arguments.seconds)
        if arguments.only in (None, "load"):
            load(Path(folder), arguments.rows)
        if arguments.only in (None, "refreshes"):
            refreshes(Path(folder), arguments.rows)


if __name__ == "__main__":
    main()
