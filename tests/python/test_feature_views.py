"""Feature views refreshed along random histories, a server that dies in between, target_lag, training datasets from Python.

KELDA_HISTORIES=500 runs many histories (make test: a few), KELDA_SEED another series of them.
"""

import os
import random
import signal
import threading
import time

import kelda
import pytest
from kelda_server import KeldaServer

HISTORIES = int(os.environ.get("KELDA_HISTORIES", "1"))
SEED = int(os.environ.get("KELDA_SEED", "1"))
STEPS = 4

VIEWS = {
    "rows": ("k", "at", "SELECT id, k, at, x * 2 AS y FROM {t} WHERE x > 20"),
    "daily": ("k", "day", "SELECT k, DATE_TRUNC('DAY', at) AS day, SUM(x) AS s, COUNT(*) AS n FROM {t} GROUP BY k, DATE_TRUNC('DAY', at)"),
    "week": (
        "k",
        "at",
        "SELECT id, k, at, SUM(x) OVER (PARTITION BY k ORDER BY at RANGE INTERVAL '2' DAY PRECEDING) AS w FROM {t}",
    ),
    "joined": ("k", "at", "SELECT t.id, t.k, t.at, d.name FROM {t} AS t LEFT JOIN names AS d ON d.k = t.k"),
}


def row(r, number):
    k = r.choice(["'a'", "'b'", "'c'", "NULL"])
    at = f"TIMESTAMP '2024-01-0{r.randint(1, 6)} {r.randint(0, 23):02}:00:00'"
    return f"({number}, {k}, {at}, {r.choice(['NULL', r.randint(0, 100)])})"


def change(r, table, number):
    kind = r.choice(["insert", "insert", "insert", "update", "delete", "merge-on-read"])
    if kind == "insert":
        return f"INSERT INTO {table} VALUES " + ", ".join(row(r, number + i) for i in range(r.randint(1, 20)))
    if kind == "update":
        return f"UPDATE {table} SET x = x + 1, k = 'b' WHERE MOD(id, 7) = {r.randint(0, 6)}"
    if kind == "delete":
        return f"DELETE FROM {table} WHERE MOD(id, 9) = {r.randint(0, 8)}"
    return f"ALTER TABLE {table} SET PROPERTIES ('write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read')"


def differences(db, view, query):
    ask = "SELECT COUNT(*) AS n FROM (SELECT * FROM ({}) AS a EXCEPT ALL SELECT * FROM ({}) AS b) AS d"
    table = f"SELECT * FROM {view}"
    return [db.sql(ask.format(x, y)).to_arrow().column("n")[0].as_py() for x, y in ((table, query), (query, table))]


def online_differences(db, view, key):
    """Columns of the view whose online values are not the offline ones, and keys that only one side has."""
    wrong = db.sql(f"SELECT * FROM CONSISTENCY({view}) WHERE mismatches > 0").to_pylist()
    keys = f"(SELECT {key} FROM ONLINE({view})) AS o FULL JOIN (SELECT DISTINCT {key} FROM {view} WHERE {key} IS NOT NULL) AS v ON o.{key} = v.{key}"
    return wrong + db.sql(f"SELECT * FROM {keys} WHERE o.{key} IS NULL OR v.{key} IS NULL").to_pylist()


def define(db, prefix, table, online=False):
    for name, (key, time_column, query) in VIEWS.items():
        options = "WITH (online = true)" if online else ""
        db.execute(f"CREATE FEATURE VIEW {prefix}_{name} PRIMARY KEY ({key}) TIMESTAMP {time_column} {options} AS {query.format(t=table)}")


@pytest.fixture(scope="module")
def db(server):
    with kelda.connect(server.uri) as db:
        db.execute("CREATE TABLE names (k VARCHAR, name VARCHAR)")
        db.execute("INSERT INTO names VALUES ('a', 'Anna'), ('b', 'Bert')")
        yield db


@pytest.mark.parametrize("history", range(HISTORIES))
def test_refreshed_views_are_their_queries(db, history):
    r = random.Random(SEED * 10_000 + history)
    table = f"h{history}"
    db.execute(f"CREATE TABLE {table} (id BIGINT, k VARCHAR, at TIMESTAMP, x BIGINT)")
    db.execute(f"INSERT INTO {table} VALUES " + ", ".join(row(r, i) for i in range(100)))
    define(db, table, table, online=True)
    ways = set()
    for step in range(STEPS):
        for name, (key, _, query) in VIEWS.items():
            view = f"{table}_{name}"
            ways.add(db.sql(f"EXPLAIN REFRESH FEATURE VIEW {view}").to_arrow().column(0)[1].as_py().split(":")[0].strip())
            db.execute(f"REFRESH FEATURE VIEW {view}")
            assert differences(db, view, query.format(t=table)) == [0, 0], (history, step, name)
            assert online_differences(db, view, key) == [], (history, step, name)
        for i in range(r.randint(1, 2)):
            db.execute(change(r, table, 1000 * (step + 1) + 100 * i))
    assert "full" in ways and any(way.startswith("incremental") for way in ways)


def test_a_server_that_dies_in_a_refresh_loses_and_doubles_nothing(tmp_path):
    r = random.Random(SEED)
    home = tmp_path / "home"
    for round in range(2):
        with KeldaServer(home) as server, kelda.connect(server.uri) as db:
            if round == 0:
                db.execute("CREATE TABLE names (k VARCHAR, name VARCHAR)")
                db.execute("CREATE TABLE t (id BIGINT, k VARCHAR, at TIMESTAMP, x BIGINT)")
                define(db, "v", "t")
            db.execute("INSERT INTO t VALUES " + ", ".join(row(r, 100 * round + i) for i in range(50)))

            def refresh():
                try:
                    with kelda.connect(server.uri) as other:
                        other.execute("REFRESH FEATURE VIEWS")
                except Exception:  # it was killed
                    pass

            thread = threading.Thread(target=refresh)
            thread.start()
            time.sleep(r.uniform(0, 1.5))
            server.stop(signal.SIGKILL)
            thread.join()
    with KeldaServer(home) as server, kelda.connect(server.uri) as db:
        db.execute("REFRESH FEATURE VIEWS")
        for name, (_, _, query) in VIEWS.items():
            assert differences(db, f"v_{name}", query.format(t="t")) == [0, 0], name


def test_target_lag_refreshes_by_itself(db):
    db.execute("CREATE TABLE ticks (k BIGINT, at TIMESTAMP)")
    db.execute("INSERT INTO ticks VALUES (1, TIMESTAMP '2024-01-01 00:00:00')")
    db.execute("CREATE FEATURE VIEW lagging PRIMARY KEY (k) TIMESTAMP at WITH (target_lag = '1 second') AS SELECT k, at FROM ticks")
    for expected in (1, 2):
        until = time.monotonic() + 60
        while True:
            state = db.sql("SELECT state FROM system.feature_views WHERE name = 'lagging'").to_arrow().column(0)[0].as_py()
            count = db.sql("SELECT COUNT(*) AS n FROM lagging").to_arrow().column("n")[0].as_py()
            if state == "table" and count == expected:
                break
            assert time.monotonic() < until, (state, count)
            time.sleep(0.2)
        db.execute("INSERT INTO ticks VALUES (2, TIMESTAMP '2024-01-02 00:00:00')")
    db.execute("DROP FEATURE VIEW lagging")


def test_training_dataset_by_split(db):
    db.execute("CREATE TABLE facts AS SELECT x AS id, MOD(x, 2) = 0 AS label FROM UNNEST(GENERATE_SERIES(1, 1000)) AS s (x)")
    db.execute("CREATE TRAINING DATASET facts_v LABEL (label) SPLIT (train 0.8, test 0.2) BY HASH (id) SEED 5 AS SELECT id, label FROM facts")
    train = db.training_dataset("facts_v").split("train").to_arrow()
    test = db.training_dataset("facts_v").split("test").to_arrow()
    assert train.num_rows + test.num_rows == 1000 and 750 < train.num_rows < 850
    assert train.column_names == ["id", "label"]
    assert not set(train.column("id").to_pylist()) & set(test.column("id").to_pylist())
    db.execute("ALTER TRAINING DATASET facts_v DELETE DATA")
    db.execute("DELETE FROM facts WHERE id < 500")
    db.execute("ALTER TRAINING DATASET facts_v REPRODUCE")
    assert db.training_dataset("facts_v").split("train").to_arrow().sort_by("id") == train.sort_by("id")


def test_a_dataset_is_reproduced_after_twenty_commits_of_its_source(db):
    db.execute("CREATE TABLE moving AS SELECT x AS id, x * 2 AS v, TIMESTAMP '2024-01-01 00:00:00' + x * INTERVAL '1' HOUR AS at FROM UNNEST(GENERATE_SERIES(1, 500)) AS s (x)")
    db.execute("CREATE FEATURE VIEW moving_v PRIMARY KEY (id) TIMESTAMP at AS SELECT id, at, v FROM moving")
    db.execute("REFRESH FEATURE VIEW moving_v")
    query = "SELECT l.id, w.v FROM moving AS l LEFT JOIN moving_v AS OF l.at AS w ON w.id = l.id"
    db.execute(f"CREATE TRAINING DATASET kept SPLIT (train 0.7, test 0.3) BY RANDOM AS {query}")

    def state():
        rows = db.sql("SELECT * FROM kept").to_arrow().sort_by("id")
        return rows, db.sql("SELECT checksum FROM system.training_datasets WHERE name = 'kept'").to_pylist()

    before = state()
    db.execute("ALTER TRAINING DATASET kept DELETE DATA")
    for commit in range(20):
        db.execute(f"INSERT INTO moving (id, v, at) VALUES ({1000 + commit}, 0, TIMESTAMP '2024-06-01 00:00:00')")
        if commit == 5:
            db.execute("UPDATE moving SET v = -v WHERE id < 250")
        if commit == 10:
            db.execute("ALTER TABLE moving DROP COLUMN v")
            db.execute("ALTER TABLE moving ADD COLUMN v VARCHAR")
            db.execute("CREATE OR REPLACE FEATURE VIEW moving_v PRIMARY KEY (id) TIMESTAMP at AS SELECT id, at, v FROM moving")
            db.execute("REFRESH FEATURE VIEW moving_v")
    db.execute("CALL lake.system.expire_snapshots(table => 'moving', older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 1)")
    db.execute("ALTER TRAINING DATASET kept REPRODUCE")
    assert state() == before
