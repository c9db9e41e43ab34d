"""A server that dies while rows are pushed, a view is refreshed and its online table is made loses no acknowledged row,
doubles none, and gives the same values online and offline afterwards. KELDA_KILLS=200 kills that often (make test: a few times).
"""

import collections
import datetime
import os
import random
import signal
import threading
import time

import kelda
import pytest
from kelda_server import KeldaServer

KILLS = int(os.environ.get("KELDA_KILLS", "3"))
SEED = int(os.environ.get("KELDA_SEED", "1"))
# A connection whose server is gone cannot be closed in order.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
KEYS = 40
DAY = datetime.datetime(2024, 1, 1)
VIEW = "CREATE FEATURE VIEW {} PRIMARY KEY (id) TIMESTAMP at WITH (online = true) AS SELECT id, at, origin, n FROM payments"


class Rows:
    """What was sent, and what of it was acknowledged, as (origin, n): every row has an n of its own."""

    def __init__(self):
        self.sent = set()
        self.acknowledged = set()
        self._n = 0

    def insert(self, db, table, origin, count):
        rows = []
        for _ in range(count):
            self._n += 1
            rows.append((self._n % KEYS, DAY + datetime.timedelta(seconds=self._n), origin, self._n))
        names = {(origin, n) for _, _, _, n in rows}
        self.sent |= names
        values = ", ".join(f"({key}, TIMESTAMP '{at}', '{origin}', {n})" for key, at, _, n in rows)
        db.execute(f"INSERT INTO {table} VALUES {values}")
        self.acknowledged |= names

    def check(self, found):
        doubled = [row for row, count in collections.Counter(found).items() if count > 1]
        assert not doubled, doubled
        assert not self.acknowledged - set(found)
        assert not set(found) - self.sent


def repeat(uri, work, stopped, told, failures):
    """A client of its own, until the server is gone."""

    def run():
        try:
            with kelda.connect(uri) as db:
                while not stopped.is_set():
                    work(db)
                    told.release()
        except Exception as failure:
            if not stopped.is_set():
                failures.append(failure)
                told.release()

    return threading.Thread(target=run)


def refresh(db, source, how):
    source.insert(db, "payments", "source", 3)
    if how == "by keys":
        db.execute("UPDATE payments SET origin = 'source' WHERE MOD(n, 5) = 0")  # rows of the same values, made anew
    db.execute(f"REFRESH FEATURE VIEW spent {'FULL' if how == 'full' else ''}")


def materialize(db):
    """The online table is thrown away, and made again by the first lookup."""
    db.execute("ALTER FEATURE VIEW made SET (online = false)")
    db.execute("ALTER FEATURE VIEW made SET (online = true)")
    db.feature_view("made").online({"id": [1]}).to_arrow()


def mismatches(db, view):
    return sum(db.sql(f"SELECT mismatches FROM CONSISTENCY({view})").to_arrow().column(0).to_pylist())


def recovered(db, pushed, source):
    db.execute("ALTER FEATURE VIEW made SET (online = true)")
    for view in ("spent", "made"):
        db.execute(f"REFRESH FEATURE VIEW {view}")
        until = time.monotonic() + 60
        while mismatches(db, view):  # until what was pushed is offline too
            assert time.monotonic() < until, db.sql(f"SELECT * FROM CONSISTENCY({view})").to_pylist()
            time.sleep(0.1)
    found = [(row["origin"], row["n"]) for row in db.sql("SELECT origin, n FROM spent").to_pylist()]
    pushed.check([row for row in found if row[0] == "pushed"])
    source.check([row for row in found if row[0] == "source"])


def test_any_moment(tmp_path):
    home = tmp_path / "home"
    config = tmp_path / "kelda.toml"
    config.write_text('[online]\nfold_interval = "100ms"\n')
    draw = random.Random(SEED)
    pushed, source = Rows(), Rows()
    with KeldaServer(home, config=config) as server, kelda.connect(server.uri) as db:
        db.execute("CREATE TABLE payments (id BIGINT, at TIMESTAMP, origin VARCHAR, n BIGINT)")
        db.execute(VIEW.format("spent"))
        db.execute(VIEW.format("made"))
    for _ in range(KILLS):
        with KeldaServer(home, config=config) as server:
            with kelda.connect(server.uri) as db:
                recovered(db, pushed, source)
            stopped, told, failures = threading.Event(), threading.Semaphore(0), []
            works = (lambda db: pushed.insert(db, "spent", "pushed", draw.randint(1, 20)), lambda db: refresh(db, source, draw.choice(["by rows", "by keys", "full"])), materialize)
            clients = [repeat(server.uri, work, stopped, told, failures) for work in works]
            for client in clients:
                client.start()
            for _ in clients:
                told.acquire(timeout=60)
            time.sleep(draw.uniform(0, 1.5))
            stopped.set()
            server.stop(signal.SIGKILL)
            for client in clients:
                client.join(60)
                assert not client.is_alive()
            assert not failures
    with KeldaServer(home, config=config) as server, kelda.connect(server.uri) as db:
        recovered(db, pushed, source)
    print(f"{KILLS} kills: {len(pushed.acknowledged):,} rows pushed, {len(source.acknowledged):,} refreshed")
    assert pushed.acknowledged and source.acknowledged
