"""Searches against brute force in numpy: with an index, without one, after changes, after kills and damage.

KELDA_SEARCH_STEPS=n  changes of the table in the random run (default 12)
KELDA_SEARCH_KILLS=all  kills the process after every named step of building and refreshing (default: some)
"""

import os
import subprocess
import urllib.request

import adbc_driver_flightsql.dbapi as flightsql
import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT, KeldaServer

DIMENSIONS = 24
ROWS = 6_000


def clusters(rows, seed):
    """Vectors that lie as embeddings do: around centres, on the unit sphere."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(40, DIMENSIONS))
    vectors = centres[random.integers(0, 40, rows)] + 0.5 * random.normal(size=(rows, DIMENSIONS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def arrow(ids, vectors):
    lists = pa.ListArray.from_arrays(
        pa.array(np.arange(len(vectors) + 1) * DIMENSIONS, pa.int32()), pa.array(vectors.ravel(), pa.float32())
    )
    words = ["late", "early", "parcel", "letter", "north"]
    body = [f"{words[i % 5]} {words[i % 3]} number {i}" for i in ids]
    return pa.table({"id": pa.array(ids, pa.int64()), "part": pa.array([i % 1000 for i in ids], pa.int32()), "body": body, "v": lists})


def nearest(ids, vectors, query, k):
    distances = 1 - vectors.astype(np.float64) @ query.astype(np.float64)
    order = np.lexsort((ids, distances))[:k]
    return [int(ids[i]) for i in order], distances[order]


@pytest.fixture(scope="module")
def data():
    return np.arange(ROWS), clusters(ROWS, 1), clusters(60, 2)


@pytest.fixture(scope="module")
def loaded(server, data):
    ids, vectors, _ = data
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("docs", arrow(ids.tolist(), vectors), mode="create")
        cursor.execute("CREATE TABLE plain AS SELECT * FROM docs")
        cursor.execute("CREATE VECTOR INDEX docs_v ON docs (v) WITH (auto_refresh = false)")
        cursor.execute("CREATE TEXT INDEX docs_t ON docs (body) WITH (auto_refresh = false)")
    return server


@pytest.fixture
def cursor(loaded):
    with flightsql.connect(loaded.uri, autocommit=True) as connection, connection.cursor() as cursor:
        yield cursor


def search(cursor, table, query, k, where=""):
    cursor.execute(
        f"SELECT id, distance FROM VECTOR_SEARCH(TABLE {table}, DESCRIPTOR(v), ?, top_k => {k}) {where}", (query.tolist(),)
    )
    found = cursor.fetch_arrow_table()
    return found["id"].to_pylist(), found["distance"].to_numpy()


def test_every_row_is_compared_without_an_index(cursor, data):
    ids, vectors, queries = data
    for query in queries[:5]:
        found, distances = search(cursor, "plain", query, 10)
        wanted, exact = nearest(ids, vectors, query, 10)
        assert found == wanted
        np.testing.assert_allclose(distances, exact, atol=1e-6)


def test_an_index_finds_nearly_all_and_measures_as_exactly(cursor, data):
    ids, vectors, queries = data
    hits = 0
    for query in queries:
        found, distances = search(cursor, "docs", query, 10)
        wanted, _ = nearest(ids, vectors, query, 10)
        hits += len(set(found) & set(wanted))
        np.testing.assert_allclose(distances, [1 - float(vectors[i] @ query) for i in found], atol=1e-6)
    assert hits >= 0.95 * 10 * len(queries)


@pytest.mark.parametrize("below", [500, 100, 10, 1])
def test_conditions_choose_before_the_nearest_are_taken(cursor, data, below):
    ids, vectors, queries = data
    chosen = ids % 1000 < below
    hits = wanted_hits = 0
    for query in queries[:20]:
        found, _ = search(cursor, "docs", query, 10, f"WHERE part < {below}")
        wanted, _ = nearest(ids[chosen], vectors[chosen], query, 10)
        assert len(found) == len(wanted)
        hits += len(set(found) & set(wanted))
        wanted_hits += len(wanted)
    assert hits >= 0.95 * wanted_hits


def test_many_queries_in_one_statement(cursor, data):
    ids, vectors, queries = data
    cursor.adbc_ingest("queries", arrow(list(range(len(queries))), queries), mode="create")
    for table, least in (("docs", 0.95), ("plain", 1.0)):
        cursor.execute(
            f"SELECT q.id, d.id AS found FROM queries q, LATERAL VECTOR_SEARCH(TABLE {table}, DESCRIPTOR(v), q.v, top_k => 10) AS d"
        )
        pairs = cursor.fetch_arrow_table()
        found = {(q, d) for q, d in zip(pairs["id"].to_pylist(), pairs["found"].to_pylist())}
        wanted = {(i, d) for i, query in enumerate(queries) for d in nearest(ids, vectors, query, 10)[0]}
        assert len(found) == len(wanted)
        assert len(found & wanted) >= least * len(wanted)


def test_ranks_are_fused(cursor, data):
    ids, vectors, queries = data
    cursor.execute("SELECT id FROM TEXT_SEARCH(TABLE docs, DESCRIPTOR(body), 'north letter', top_k => 50)")
    texts = cursor.fetch_arrow_table()["id"].to_pylist()
    near, _ = search(cursor, "docs", queries[0], 50)
    scores = {}
    for ranked in (near, texts):
        for rank, row in enumerate(ranked):
            scores[row] = scores.get(row, 0) + 1 / (60 + rank + 1)
    cursor.execute(
        "SELECT id, fused_score FROM RRF(VECTOR_SEARCH(TABLE docs, DESCRIPTOR(v), ?, top_k => 50), "
        "TEXT_SEARCH(TABLE docs, DESCRIPTOR(body), ?, top_k => 50), join_key => 'id', k => 60, top_k => ?)",
        (queries[0].tolist(), "north letter", 20),
    )
    fused = cursor.fetch_arrow_table()
    assert fused.num_rows == 20
    np.testing.assert_allclose(fused["fused_score"].to_numpy(), sorted(scores.values(), reverse=True)[:20], rtol=1e-12)
    for row, score in zip(fused["id"].to_pylist(), fused["fused_score"].to_pylist()):
        assert score == pytest.approx(scores[row])


def test_parameters_that_do_not_fit(cursor):
    sql = "SELECT id FROM VECTOR_SEARCH(TABLE docs, DESCRIPTOR(v), ?, top_k => ?)"
    for values, message in (
        (([1.0, 2.0], 5), "the query vector has 2 elements"),
        (([float("nan")] * DIMENSIONS, 5), "NaN"),
        (([1.0] * DIMENSIONS, 0), "must be greater than 0"),
        (([1.0] * DIMENSIONS, -1), "negative"),
    ):
        with pytest.raises(Exception, match=message):
            cursor.execute(sql, values)
            cursor.fetch_arrow_table()
    cursor.execute(sql, (None, 5))
    assert cursor.fetch_arrow_table().num_rows == 0


def test_what_is_known_of_indexes(cursor, loaded):
    cursor.execute("SHOW INDEXES LIKE 'docs%'")
    shown = {row["name"]: row for row in cursor.fetch_arrow_table().to_pylist()}
    assert set(shown) == {"docs_t", "docs_v"}
    vector = shown["docs_v"]
    assert (vector["kind"], vector["rows"], vector["coverage"], vector["rows_behind"], vector["problem"]) == ("VECTOR", ROWS, 1.0, 0, "")
    assert vector["recall"] >= 0.95 and vector["bytes"] > ROWS * DIMENSIONS * 4
    cursor.execute("EXPLAIN SELECT id FROM VECTOR_SEARCH(TABLE docs, DESCRIPTOR(v), ?, top_k => 3, ef => 77) WHERE part < 9", ([1.0] * DIMENSIONS,))
    plan = "\n".join(str(v) for v in cursor.fetch_arrow_table().columns[0].to_pylist())
    assert f"index docs_v, ef=77, 0 of {ROWS} rows searched exactly" in plan and "part" in plan
    cursor.execute("SELECT COUNT(*) FROM system.runs WHERE kind = 'refresh_index' AND target LIKE 'lake.main.docs%'")
    assert cursor.fetchone()[0] >= 2
    metrics = urllib.request.urlopen(loaded.http + "/metrics").read().decode()
    assert "kelda_index_searches_total" in metrics


@pytest.mark.parametrize("format_version", [2, 3])
@pytest.mark.parametrize("mode", ["copy-on-write", "merge-on-read"])
def test_rows_are_found_as_they_are_whatever_happens(cursor, mode, format_version):
    """A random run of changes, refreshes and searches; after each step the rows found are those of the table as it is."""
    random = np.random.default_rng(7)
    table = f"changing_{mode[:4]}_{format_version}"
    ids, vectors = list(range(800)), clusters(800, 3)
    rows = dict(zip(ids, vectors))
    cursor.execute(
        f"CREATE TABLE {table} (id BIGINT, part INTEGER, body VARCHAR, v REAL ARRAY) WITH ('format-version' = {format_version}, "
        f"'write.delete.mode' = '{mode}', 'write.update.mode' = '{mode}', 'write.merge.mode' = '{mode}')"
    )
    cursor.adbc_ingest(table, arrow(ids, vectors), mode="append")
    cursor.execute(f"CREATE VECTOR INDEX {table}_v ON {table} (v) WITH (auto_refresh = false)")
    cursor.execute(f"CREATE TEXT INDEX {table}_t ON {table} (body) WITH (auto_refresh = false)")
    next_id = 800
    for step in range(int(os.environ.get("KELDA_SEARCH_STEPS", "12"))):
        what = random.choice(["insert", "delete", "update", "compact", "refresh"], p=[0.25, 0.25, 0.2, 0.1, 0.2])
        if what == "insert":
            count = int(random.integers(1, 30))
            new = clusters(count, 100 + step)
            cursor.adbc_ingest(table, arrow(list(range(next_id, next_id + count)), new), mode="append")
            rows |= {next_id + i: new[i] for i in range(count)}
            next_id += count
        elif what == "delete":
            gone = random.choice(list(rows), 5, replace=False).tolist()
            cursor.execute(f"DELETE FROM {table} WHERE id IN ({', '.join(map(str, gone))})")
            for row in gone:
                del rows[row]
        elif what == "update":
            row, other = (int(i) for i in random.choice(list(rows), 2, replace=False))
            cursor.execute(f"UPDATE {table} SET v = (SELECT v FROM {table} WHERE id = {other}), body = 'wombat {step}' WHERE id = {row}")
            rows[row] = rows[other]
            cursor.execute(f"SELECT id FROM TEXT_SEARCH(TABLE {table}, DESCRIPTOR(body), '+wombat +{step}')")
            assert cursor.fetch_arrow_table()["id"].to_pylist() == [row]
        elif what == "compact":
            cursor.execute(f"CALL lake.system.rewrite_data_files('main.{table}', options => MAP['rewrite-all', 'true'])")
        else:
            cursor.execute(f"REFRESH INDEX {table}_{random.choice(['v', 't'])}")
        known, all_vectors = np.array(list(rows)), np.array(list(rows.values()))
        for query in clusters(3, 200 + step):
            found, _ = search(cursor, table, query, 10)
            wanted, _ = nearest(known, all_vectors, query, 10)
            assert len(set(found) & set(wanted)) >= 8, (step, what)
            assert set(found) <= set(rows), (step, what)
        cursor.execute(f"SELECT COUNT(*) FROM TEXT_SEARCH(TABLE {table}, DESCRIPTOR(body), 'number wombat', top_k => 100000)")
        assert cursor.fetchone()[0] == len(rows), (step, what)


def kelda(home, sql, crash=0):
    command = [str(ROOT / "kelda"), "sql", "--home", str(home), "--format", "csv", "-e", sql]
    env = {**os.environ, "KELDA_JAVA_OPTS": f"-Dkelda.test.crash={crash}"}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)


SEARCH = "SELECT id FROM VECTOR_SEARCH(TABLE t, DESCRIPTOR(v), ARRAY[COS(0.5), SIN(0.5)], top_k => 4)"
FILL = "INSERT INTO t SELECT n, ARRAY[COS(n / 1000.0), SIN(n / 1000.0)] FROM UNNEST(RANGE({}, {})) AS r (n)"


def home_with_table(home):
    done = kelda(home, f"CREATE TABLE t (id BIGINT, v REAL ARRAY); {FILL.format(0, 3000)}; DELETE FROM t WHERE id = 499;")
    assert done.returncode == 0, done.stderr
    return home


def test_a_killed_process_leaves_an_index_that_works(tmp_path):
    work = f"CREATE VECTOR INDEX i ON t (v) WITH (auto_refresh = false); {FILL.format(5000, 5001)}; DELETE FROM t WHERE id = 501; REFRESH INDEX i;"
    steps = range(1, 100) if os.environ.get("KELDA_SEARCH_KILLS") == "all" else (2, 4, 100)
    for crash in steps:
        home = home_with_table(tmp_path / str(crash))
        halted = kelda(home, work, crash)
        after = kelda(home, f"{SEARCH}; REFRESH INDEX i; {SEARCH};")
        lines = [line for line in after.stdout.split() if line.isdigit()]
        without = ["500", "498", "502", "497"] if "501" not in lines else ["500", "501", "498", "502"]
        found = [lines[i : i + 4] for i in range(0, len(lines), 4)]
        assert found and all(set(one) == set(without) for one in found), (crash, halted.stderr, after.stdout, after.stderr)
        if halted.returncode == 0:
            break
        assert halted.returncode == 137, halted.stderr


def test_a_damaged_index_is_made_anew(tmp_path):
    home = home_with_table(tmp_path / "home")
    assert kelda(home, "CREATE VECTOR INDEX i ON t (v)").returncode == 0
    files = [f for f in (home / "indexes").glob("*/*") if f.is_file()]
    assert files
    for file in files:
        with open(file, "r+b") as damaged:
            damaged.truncate(file.stat().st_size // 2)
    done = kelda(home, f"{SEARCH}; REFRESH INDEX i; {SEARCH};")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.split() if line.isdigit()]
    assert lines == ["500", "501", "498", "502"] * 2 or sorted(lines) == sorted(["500", "501", "498", "502"] * 2)


def test_an_index_is_refreshed_in_the_background(tmp_path):
    with KeldaServer(tmp_path / "home") as server, flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("t", arrow(list(range(300)), clusters(300, 5)), mode="create")
        cursor.execute("CREATE VECTOR INDEX i ON t (v)")
        cursor.adbc_ingest("t", arrow([300], clusters(1, 6)), mode="append")
        search(cursor, "t", clusters(1, 6)[0], 1)
        for _ in range(100):
            cursor.execute("SHOW INDEXES")
            if cursor.fetch_arrow_table()["rows_behind"].to_pylist() == [0]:
                break
            cursor.execute("SELECT COUNT(*) FROM UNNEST(RANGE(0, 3000000)) AS r (n)")  # waits a little
            cursor.fetchall()
        else:
            pytest.fail("the index was not refreshed")
        assert search(cursor, "t", clusters(1, 6)[0], 1)[0] == [300]
