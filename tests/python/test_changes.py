"""Random INSERT, UPDATE, DELETE, MERGE, INSERT OVERWRITE and TRUNCATE, compared with DuckDB after every step.

Every sequence runs on a copy-on-write table, a merge-on-read table of format 2 and one of format 3, which must all be
equal to the model; at its end PyIceberg reads them too. KELDA_SEQUENCES=500 runs many sequences (make test: a few),
KELDA_SEED another series of them.
"""

import os
import random

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import LongType, NestedField, StringType, TimestampType

SEQUENCES = int(os.environ.get("KELDA_SEQUENCES", "4"))
SEED = int(os.environ.get("KELDA_SEED", "1"))
STEPS = 10

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "cat", StringType(), required=False),
    NestedField(3, "n", LongType(), required=False),
    NestedField(4, "ts", TimestampType(), required=False),
)
SPECS = {
    "none": (PartitionSpec(), None),
    "identity": (PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "c")), "cat"),
    "day": (PartitionSpec(PartitionField(4, 1000, DayTransform(), "d")), "CAST(ts AS DATE)"),
    "bucket": (PartitionSpec(PartitionField(1, 1000, BucketTransform(4), "b")), None),
    "truncate": (
        PartitionSpec(PartitionField(1, 1000, TruncateTransform(20), "t"), PartitionField(2, 1001, BucketTransform(2), "b")),
        None,
    ),
}
PARTITIONED = {
    "none": "",
    "identity": "PARTITIONED BY (cat)",
    "day": "PARTITIONED BY (day(ts))",
    "bucket": "PARTITIONED BY (bucket(4, id))",
    "truncate": "PARTITIONED BY (truncate(id, 20), bucket(2, cat))",
}
TABLES = {
    "cow": {"format-version": "2"},
    "mor2": {"format-version": "2", "mode": "merge-on-read"},
    "mor3": {"format-version": "3", "mode": "merge-on-read"},
}


def properties(settings):
    settings = dict(settings)
    mode = settings.pop("mode", "copy-on-write")
    return {**settings, **{f"write.{kind}.mode": mode for kind in ("delete", "update", "merge")}}


def create(catalog, cursor, kind, table, name):
    """PyIceberg makes the tables but those of format 3."""
    spec = SPECS[name][0]
    if kind == "mor3":
        chosen = ", ".join(f"'{key}' = '{value}'" for key, value in properties(TABLES[kind]).items())
        columns = "id BIGINT, cat VARCHAR, n BIGINT, ts TIMESTAMP"
        cursor.execute(f"CREATE TABLE {table} ({columns}) {PARTITIONED[name]} WITH ({chosen})")
    else:
        catalog.create_table(f"main.{table}", SCHEMA, partition_spec=spec, properties=properties(TABLES[kind]))


def value(rng):
    cat = rng.choice(["NULL", "'a'", "'b'", "'ccc'", "'%/ü'"])
    n = rng.choice(["NULL", str(rng.randint(-5, 50))])
    at = rng.choice(["NULL", f"TIMESTAMP '{rng.choice([1969, 2024])}-12-{rng.randint(28, 31)} {rng.randint(0, 23):02}:30:00'"])
    return cat, n, at


def rows(rng, ids):
    return ", ".join("({}, {}, {}, {})".format(i, *value(rng)) for i in ids)


def condition(rng, prefix=""):
    number = rng.randint(0, 60)
    return rng.choice([
        f"{prefix}id < {number}", f"{prefix}id % 3 = {number % 3}", f"{prefix}cat = 'a'", f"{prefix}cat IS NULL",
        f"{prefix}n > {number} OR {prefix}n IS NULL", f"{prefix}ts >= TIMESTAMP '2024-12-30 00:00:00'",
        f"{prefix}id BETWEEN {number} AND {number + 20}", f"{prefix}cat <> 'b'", f"{prefix}cat IN ('a', 'ccc')",
    ])


def merge(rng):
    ids = rng.sample(range(80), 12)
    source = f"(SELECT * FROM (VALUES {rows(rng, ids)}) AS v (id, cat, n, ts)) AS s"
    clauses = []
    if rng.random() < 0.5:
        clauses.append(f"WHEN MATCHED AND {condition(rng, 's.')} THEN DELETE")
    if rng.random() < 0.8:
        clauses.append("WHEN MATCHED THEN UPDATE SET cat = s.cat, n = t.n + s.n")
    if rng.random() < 0.8:
        clauses.append("WHEN NOT MATCHED THEN INSERT (id, cat, n, ts) VALUES (s.id, s.cat, s.n, s.ts)")
    if rng.random() < 0.4:
        action = rng.choice(["DELETE", "UPDATE SET n = -1"])
        clauses.append(f"WHEN NOT MATCHED BY SOURCE AND {condition(rng, 't.')} THEN {action}")
    if not clauses:
        clauses = ["WHEN MATCHED THEN DELETE"]
    return f"MERGE INTO {{t}} AS t USING {source} ON t.id = s.id {' '.join(clauses)}"


def step(rng, next_id, key):
    """The statement for Kelda and the statements for the model."""
    kind = rng.choices(
        ["insert", "update", "delete", "merge", "overwrite", "truncate"], [4, 3, 3, 4, 1 if key != "unknown" else 0, 0.3]
    )[0]
    if kind == "insert":
        sql = f"INSERT INTO {{t}} VALUES {rows(rng, range(next_id, next_id + rng.randint(1, 15)))}"
    elif kind == "update":
        change = rng.choice(["n = n + 1", "cat = 'b'", "n = id, cat = cat || 'x'", "ts = ts + INTERVAL 1 DAY"])
        sql = f"UPDATE {{t}} SET {change} WHERE {condition(rng)}"
    elif kind == "delete":
        sql = f"DELETE FROM {{t}} WHERE {condition(rng)}"
    elif kind == "merge":
        sql = merge(rng)
    elif kind == "overwrite":
        new = rows(rng, range(next_id, next_id + rng.randint(1, 5)))
        values = f"SELECT * FROM (VALUES {new}) AS v (id, cat, n, ts)"
        gone = f"DELETE FROM {{t}} WHERE EXISTS (SELECT 1 FROM ({values}) v WHERE {{key_v}} IS NOT DISTINCT FROM {{key_t}})"
        if key is None:
            gone = "DELETE FROM {t}"
        else:
            gone = gone.replace("{key_v}", key.replace("cat", "v.cat").replace("ts AS", "v.ts AS"))
            gone = gone.replace("{key_t}", key.replace("cat", "{t}.cat").replace("ts AS", "{t}.ts AS"))
        return f"INSERT OVERWRITE {{t}} {values}", [gone, f"INSERT INTO {{t}} {values}"]
    else:
        return "TRUNCATE TABLE {t}", ["DELETE FROM {t}"]
    return sql, [sql]


@pytest.mark.parametrize("sequence", range(SEQUENCES))
def test_changes_agree_with_duckdb(server, sequence):
    rng = random.Random(f"{SEED}-{sequence}")
    name = sorted(SPECS)[sequence % len(SPECS)]
    key = SPECS[name][1]
    key = key if name in ("none", "identity", "day") else "unknown"
    catalog = SqlCatalog("lake", uri=f"sqlite:///{server.home}/metastore.db", warehouse=f"file://{server.home}/warehouse")
    tables = {kind: f"changes_{sequence}_{kind}" for kind in TABLES}
    model = duckdb.connect()
    model.execute("CREATE TABLE m (id BIGINT, cat VARCHAR, n BIGINT, ts TIMESTAMP)")
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        for kind, table in tables.items():
            create(catalog, cursor, kind, table, name)
        next_id, history = 0, []
        for _ in range(STEPS):
            sql, for_model = step(rng, next_id, key)
            next_id += 15
            history.append(sql)
            for statement in for_model:
                model.execute(statement.replace("{t}", "m"))
            expected = model.execute("SELECT * FROM m ORDER BY ALL").fetchall()
            for kind, table in tables.items():
                cursor.execute(sql.replace("{t}", table))
                cursor.execute(f"SELECT * FROM {table}")
                found = ordered(cursor.fetchall())
                assert found == ordered(expected), f"{name} {kind}, seed {SEED}:\n" + ";\n".join(history)
        for kind, table in tables.items():
            theirs = catalog.load_table(f"main.{table}").scan().to_arrow().to_pylist()
            assert ordered([tuple(row.values()) for row in theirs]) == ordered(expected), f"PyIceberg: {name} {kind}"


def ordered(all_rows):
    return sorted(all_rows, key=lambda row: tuple((v is not None, v) for v in row))
