"""A server that dies at any moment loses no row it acknowledged, doubles none, and leaves tables that everybody can read.

`test_every_step` halts the process at each named step of each statement (`dev.kelda.spi.testing.CrashPoint`), one after
the other; `test_any_moment` kills it while many clients write. KELDA_CRASHES=all goes through every step of every
statement (make test: one step of a few), KELDA_KILLS=200 kills that often.
"""

import os
import random
import signal
import subprocess
import threading
import time

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pytest
from kelda_server import ROOT, KeldaServer
from pyiceberg.catalog.sql import SqlCatalog

ALL = os.environ.get("KELDA_CRASHES") == "all"
KILLS = int(os.environ.get("KELDA_KILLS", "2"))
SEED = int(os.environ.get("KELDA_SEED", "1"))
# A cursor whose server is gone cannot be closed in order.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
HALTED = 137
LONGEST_START = 10
FIRST = 10  # statements before a server is killed: a cold one needs a while

MODES = {
    "cow": {"format-version": "2"},
    "mor2": {"format-version": "2", "mode": "merge-on-read"},
    "mor3": {"format-version": "3", "mode": "merge-on-read"},
}

# {t} is the table, {n} a number that no statement had before. What a statement does to the rows, DuckDB says.
CHANGES = {
    "insert": "INSERT INTO {t} SELECT CAST(1000 * {n} + i.v AS BIGINT), 'n', 0 FROM (VALUES (1), (2), (3)) AS i (v)",
    "update": "UPDATE {t} SET n = n + 1 WHERE id % 3 = {n} % 3",
    "delete": "DELETE FROM {t} WHERE id % 7 = {n} % 7",
    "merge": """MERGE INTO {t} AS t USING (SELECT CAST(v.id AS BIGINT) AS id FROM (VALUES (1), (2), ({n} * 1000)) AS v (id)) AS s
        ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = t.n + 10 WHEN NOT MATCHED THEN INSERT (id, cat, n) VALUES (s.id, 'm', 1)""",
}
# Statements whose effect on the rows of {t} is none, or that need other words in DuckDB.
OTHERS = {
    "overwrite": ("INSERT OVERWRITE {t} SELECT id, cat, n + 1 FROM {t}", "UPDATE {t} SET n = n + 1"),
    "truncate": ("TRUNCATE TABLE {t}", "DELETE FROM {t}"),
    "replace": (
        "CREATE OR REPLACE TABLE {t} WITH ({properties}) AS SELECT id, cat, n - 1 AS n FROM {t}",
        "UPDATE {t} SET n = n - 1",
    ),
    "alter": ("ALTER TABLE {t} SET PROPERTIES ('step' = '{n}')", None),
    "compact": ("CALL lake.system.rewrite_data_files('{t}', options => MAP['rewrite-all', 'true'])", None),
    "expire": (
        "CALL lake.system.expire_snapshots('{t}', older_than => TIMESTAMP '2999-01-01 00:00:00', retain_last => 1)",
        None,
    ),
    "manifests": ("CALL lake.system.rewrite_manifests('{t}')", None),
}
EVERY = [*CHANGES, *OTHERS]
SAMPLE = [("cow", "insert"), ("mor2", "update"), ("mor3", "merge")]
CASES = [(mode, kind) for mode in MODES for kind in EVERY] if ALL else SAMPLE


def properties(mode):
    settings = dict(MODES[mode])
    chosen = settings.pop("mode", "copy-on-write")
    settings.update({f"write.{kind}.mode": chosen for kind in ("delete", "update", "merge")})
    return ", ".join(f"'{key}' = '{value}'" for key, value in settings.items())


def sql(home, *statements, crash=0):
    """Runs statements in a process of their own; its exit status, and what it said last."""
    command = [str(ROOT / "kelda"), "sql", "--home", str(home), "--format", "csv"]
    for statement in statements:
        command += ["-e", statement]
    env = {**os.environ, "KELDA_JAVA_OPTS": f"-Dkelda.test.crash={crash}"}
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    return run.returncode, (run.stderr.strip().splitlines() or [""])[-1]


def slowness():
    """How much longer things take on a machine with more work than processors."""
    return max(1, os.getloadavg()[0] / os.cpu_count())


def query(uri, sql):
    with flightsql.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def lake(home):
    return SqlCatalog("lake", uri=f"sqlite:///{home}/metastore.db", warehouse=f"file://{home}/warehouse")


def ordered(rows):
    return sorted(map(tuple, rows), key=lambda row: tuple((v is not None, v) for v in row))


def pyiceberg_rows(home, table):
    return ordered(tuple(row.values()) for row in lake(home).load_table(f"main.{table}").scan().to_arrow().to_pylist())


def after_change(rows, change):
    """The rows as DuckDB says they are after a statement; None changes nothing."""
    model = duckdb.connect()
    model.execute("CREATE TABLE m (id BIGINT, cat VARCHAR, n BIGINT)")
    if rows:
        model.executemany("INSERT INTO m VALUES (?, ?, ?)", rows)
    if change:
        model.execute(change)
    return ordered(model.execute("SELECT * FROM m").fetchall())


def statement(mode, kind, number):
    """For Kelda, and for the model."""
    ours, models = OTHERS[kind] if kind in OTHERS else (CHANGES[kind], CHANGES[kind])
    ours = ours.replace("{t}", "t").replace("{n}", str(number)).replace("{properties}", properties(mode))
    return ours, models and models.replace("{t}", "m").replace("{n}", str(number))


@pytest.mark.parametrize("mode, kind", CASES)
def test_every_step(tmp_path, mode, kind):
    home = tmp_path / "home"
    columns = "id BIGINT, cat VARCHAR, n BIGINT"
    made = [f"CREATE TABLE t ({columns}) PARTITIONED BY (bucket(2, id)) WITH ({properties(mode)})"]
    made += [statement(mode, "insert", number)[0] for number in range(1, 4)] + [statement(mode, "delete", 4)[0]]
    assert sql(home, *made)[0] == 0
    rows = pyiceberg_rows(home, "t")
    steps = []
    first = 0 if ALL else random.randint(0, 3)  # every statement has so many steps
    while ALL or not steps:
        number = 100 + len(steps)
        if not rows:
            assert sql(home, statement(mode, "insert", number)[0])[0] == 0
            rows = pyiceberg_rows(home, "t")
        ours, models = statement(mode, kind, number)
        after = after_change(rows, models)
        status, message = sql(home, ours, crash=first + len(steps) + 1)
        found = pyiceberg_rows(home, "t")
        if status == 0:
            assert found == after
            break
        assert status == HALTED and message.startswith("halted at "), message
        steps.append(message.removeprefix("halted at "))
        assert found == after if steps[-1] == "iceberg.committed" else found in (rows, after), steps
        rows = found
    print(f"{mode} {kind}: {', '.join(steps)}")
    assert steps


class Promises:
    """What clients were told, and what the tables must hold because of it."""

    def __init__(self):
        self.appended = {}  # by writer: how many batches
        self.counted = {"counter_cow": 0, "counter_mor": 0}
        self.generation = 0
        self.made = set()
        self.columns = set()

    def check(self, home):
        """Compares with what PyIceberg finds; what was under way may have happened or not."""
        tables = lake(home)
        batches = {}
        for row in tables.load_table("main.log").scan().to_arrow().to_pylist():
            batches.setdefault((row["writer"], row["batch"]), []).append(row["part"])
        for (writer, batch), parts in batches.items():
            assert sorted(parts) == [0, 1, 2], f"batch {batch} of writer {writer} has the parts {parts}"
        for writer, count in self.appended.items():
            found = {batch for w, batch in batches if w == writer}
            assert found - {count} == set(range(count)), f"of writer {writer}: {count} were acknowledged"
            self.appended[writer] = len(found)
        for table, count in self.counted.items():
            found = [row["n"] for row in tables.load_table(f"main.{table}").scan().to_arrow().to_pylist()]
            assert len(found) == 4 and len(set(found)) == 1 and found[0] in (count, count + 1), f"{table}: {count}, {found}"
            self.counted[table] = found[0]
        found = [row["g"] for row in tables.load_table("main.generation").scan().to_arrow().to_pylist()]
        assert len(found) == 16 and len(set(found)) == 1 and found[0] in (self.generation, self.generation + 1), found
        self.generation = found[0]
        for name in self.made:
            assert tables.load_table(f"main.{name}").scan().to_arrow().num_rows == 16, name
        names = {name for _, name in tables.list_tables("main") if name.startswith("made_")}
        assert len(names - self.made) <= 1 and not self.made - names
        for name in names - self.made:
            assert tables.load_table(f"main.{name}").scan().to_arrow().num_rows == 16, name
        self.made = names
        columns = {field.name for field in tables.load_table("main.wide").schema().fields if field.name.startswith("c_")}
        assert len(columns - self.columns) <= 1 and not self.columns - columns
        self.columns = columns


def clients(uri, promises, told, stopped, failures):
    """Threads that write until the server is gone; `told` counts the statements it acknowledged.

    Maintenance and changes of rows may find that the other was faster (COMMIT_CONFLICT) and have then done nothing.
    """

    def thread(work, conflicts=False):
        def attempt(execute):
            try:
                work(execute)
            except flightsql.Error as e:
                if not conflicts or "COMMIT_CONFLICT" not in str(e):
                    raise
            else:
                told.release()

        def run():
            try:
                with flightsql.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
                    while not stopped.is_set():
                        attempt(cursor.execute)
            except Exception as e:  # noqa: BLE001 - whatever a client says when its server dies
                if not stopped.is_set():
                    failures.append(e)
                    told.release(FIRST)

        return threading.Thread(target=run)

    def append(writer):
        def work(execute):
            batch = promises.appended[writer]
            execute(f"INSERT INTO log VALUES ({writer}, {batch}, 0), ({writer}, {batch}, 1), ({writer}, {batch}, 2)")
            promises.appended[writer] = batch + 1

        promises.appended.setdefault(writer, 0)
        return thread(work)

    def update(execute):
        execute("UPDATE counter_cow SET n = n + 1")
        promises.counted["counter_cow"] += 1

    def merge(execute):
        execute("MERGE INTO counter_mor AS t USING (SELECT * FROM counter_mor) AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = s.n + 1")
        promises.counted["counter_mor"] += 1

    def overwrite(execute):
        execute(f"INSERT OVERWRITE generation SELECT {promises.generation + 1}, i FROM generation")
        promises.generation += 1

    def make(execute):
        name = f"made_{len(promises.made)}"
        execute(f"CREATE TABLE {name} AS SELECT * FROM generation")
        promises.made.add(name)

    def alter(execute):
        name = f"c_{len(promises.columns)}"
        execute(f"ALTER TABLE wide ADD COLUMN {name} BIGINT")
        promises.columns.add(name)

    def maintain(execute):
        table = random.choice(["log", "counter_cow", "counter_mor", "generation"])
        call = random.choice([
            f"rewrite_data_files('{table}', options => MAP['rewrite-all', 'true'])",
            f"expire_snapshots('{table}', older_than => TIMESTAMP '2999-01-01 00:00:00', retain_last => 3)",
            f"rewrite_manifests('{table}')",
        ])
        execute(f"CALL lake.system.{call}")

    changing = [thread(work, conflicts=True) for work in (update, merge, overwrite, maintain)]
    return [append(1), append(2), thread(make), thread(alter), *changing]


def test_any_moment(tmp_path):
    home = tmp_path / "home"
    rng = random.Random(SEED)
    promises = Promises()
    with KeldaServer(home) as server, flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE log (writer BIGINT, batch BIGINT, part BIGINT)")
        cursor.execute("CREATE TABLE counter_cow AS SELECT v.id, CAST(0 AS BIGINT) AS n FROM (VALUES (1), (2), (3), (4)) AS v (id)")
        cursor.execute(f"CREATE TABLE counter_mor WITH ({properties('mor3')}) AS SELECT * FROM counter_cow")
        cursor.execute("CREATE TABLE generation AS SELECT CAST(0 AS BIGINT) AS g, a.id * 10 + b.id AS i FROM counter_cow AS a, counter_cow AS b")
        cursor.execute("CREATE TABLE wide (id BIGINT)")
    for kill in range(KILLS):
        begin = time.monotonic()
        with KeldaServer(home) as server:
            assert time.monotonic() - begin < LONGEST_START * slowness()
            told, stopped, failures = threading.Semaphore(0), threading.Event(), []
            threads = clients(server.uri, promises, told, stopped, failures)
            for thread in threads:
                thread.start()
            for _ in range(FIRST):
                told.acquire()
            time.sleep(rng.uniform(0, 2) * slowness())
            stopped.set()
            assert server.stop(signal.SIGKILL) == -signal.SIGKILL
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive()
        assert not failures
        promises.check(home)
    total = sum(promises.appended.values())
    print(f"{KILLS} kills: {total} appends, {promises.counted}, {promises.generation} overwrites, {len(promises.made)} tables")
