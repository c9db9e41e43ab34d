"""Random changes of rows and definitions and maintenance, compared with DuckDB after every step.

Every sequence runs on a copy-on-write table and merge-on-read tables, which must all be equal to the model; half of the
sequences on formats 2 and 3, half on format 3 with column defaults. Tags are read again at the end, and PyIceberg reads
the tables. KELDA_SEQUENCES=500 KELDA_STEPS=50 runs many (make test: a few short ones), KELDA_SEED another series of them.
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
STEPS = int(os.environ.get("KELDA_STEPS", "12"))
SEED = int(os.environ.get("KELDA_SEED", "1"))

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "cat", StringType(), required=False),
    NestedField(3, "n", LongType(), required=False),
    NestedField(4, "ts", TimestampType(), required=False),
)
SPECS = {
    "none": PartitionSpec(),
    "identity": PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "c")),
    "day": PartitionSpec(PartitionField(4, 1000, DayTransform(), "d")),
    "bucket": PartitionSpec(PartitionField(1, 1000, BucketTransform(4), "b")),
    "truncate": PartitionSpec(PartitionField(1, 1000, TruncateTransform(20), "t"), PartitionField(2, 1001, BucketTransform(2), "b")),
}
PARTITIONED = {
    "none": "",
    "identity": "PARTITIONED BY (cat)",
    "day": "PARTITIONED BY (day(ts))",
    "bucket": "PARTITIONED BY (bucket(4, id))",
    "truncate": "PARTITIONED BY (truncate(id, 20), bucket(2, cat))",
}
# What rows of one partition have in common, where DuckDB can say it; None: all rows are one partition.
KEYS = {"none": None, "identity": "{}cat", "day": "CAST({}ts AS DATE)"}
FORMATS = [
    {"cow2": {"format-version": "2"}, "mor2": {"format-version": "2", "mode": "merge-on-read"}, "mor3": {"format-version": "3", "mode": "merge-on-read"}},
    {"cow3": {"format-version": "3"}, "mor3": {"format-version": "3", "mode": "merge-on-read"}},
]
# Types of added columns: what they widen to, a default, and values.
TYPES = {
    "INTEGER": ("BIGINT", "7", ["NULL", "-3", "2147483647"]),
    "BIGINT": (None, "-9", ["NULL", "5", "9007199254740993"]),
    "REAL": ("DOUBLE", "0.5", ["NULL", "-1.5", "0"]),
    "DOUBLE": (None, "0.25", ["NULL", "1e300", "-0.125"]),
    "DECIMAL(9, 2)": ("DECIMAL(18, 2)", "1.25", ["NULL", "-0.01", "9999999.99"]),
    "DECIMAL(18, 2)": (None, "2.50", ["NULL", "12345678901.23"]),
    "VARCHAR": (None, "'ö'", ["NULL", "''", "'x'"]),
    "DATE": (None, "DATE '2020-02-29'", ["NULL", "DATE '1969-12-31'"]),
    "BOOLEAN": (None, "TRUE", ["NULL", "FALSE"]),
}


def properties(settings):
    settings = dict(settings)
    mode = settings.pop("mode", "copy-on-write")
    return {**settings, **{f"write.{kind}.mode": mode for kind in ("delete", "update", "merge")}}


def listed(settings):
    return ", ".join(f"'{key}' = '{value}'" for key, value in properties(settings).items())


def create(catalog, cursor, table, settings, name):
    """PyIceberg makes the tables but those of format 3."""
    if settings["format-version"] == "3":
        columns = "id BIGINT, cat VARCHAR, n BIGINT, ts TIMESTAMP"
        cursor.execute(f"CREATE TABLE {table} ({columns}) {PARTITIONED[name]} WITH ({listed(settings)})")
    else:
        catalog.create_table(f"main.{table}", SCHEMA, partition_spec=SPECS[name], properties=properties(settings))


def condition(rng, prefix=""):
    number = rng.randint(0, 60)
    return rng.choice([
        f"{prefix}id < {number}", f"{prefix}id % 3 = {number % 3}", f"{prefix}cat = 'a'", f"{prefix}cat IS NULL",
        f"{prefix}n > {number} OR {prefix}n IS NULL", f"{prefix}ts >= TIMESTAMP '2024-12-30 00:00:00'",
        f"{prefix}id BETWEEN {number} AND {number + 20}", f"{prefix}cat <> 'b'", f"{prefix}cat IN ('a', 'ccc')",
    ])


class Steps:
    """Statements for the tables and for the model: {t} is the table, {properties} its own; what they must agree on."""

    def __init__(self, rng, key, defaults):
        self.rng, self.key, self.defaults = rng, key, defaults
        self.next_id = 0
        self.columns = {"id": "BIGINT", "cat": "VARCHAR", "n": "BIGINT", "ts": "TIMESTAMP"}
        self.terms, self.tags = set(), 0

    def next(self):
        kinds = {
            self.insert: 5, self.update: 4, self.delete: 4, self.merge: 5, self.overwrite: 1 if self.key != "unknown" else 0, self.truncate: 0.3,
            self.add: 2, self.drop: 0.7, self.rename: 0.8, self.widen: 0.8, self.move: 0.8, self.partition: 0.8, self.sort: 0.4,
            self.replace: 0.3, self.rename_table: 0.3, self.maintain: 3, self.tag: 0.8,
        }
        return self.rng.choices(list(kinds), list(kinds.values()))[0]()

    def added(self):
        return [name for name in self.columns if name not in ("id", "cat", "n", "ts")]

    def value(self, column):
        rng = self.rng
        if column == "cat":
            return rng.choice(["NULL", "'a'", "'b'", "'ccc'", "'%/ü'"])
        if column == "n":
            return rng.choice(["NULL", str(rng.randint(-5, 50))])
        if column == "ts":
            return rng.choice(["NULL", f"TIMESTAMP '{rng.choice([1969, 2024])}-12-{rng.randint(28, 31)} {rng.randint(0, 23):02}:30:00'"])
        kind = self.columns[column]
        return f"CAST({rng.choice(TYPES[kind][2])} AS {kind})"

    def rows(self, ids, columns):
        return ", ".join("(" + ", ".join([str(i), *map(self.value, columns[1:])]) + ")" for i in ids)

    def fresh(self, most):
        first = self.next_id
        self.next_id += 15
        return range(first, first + self.rng.randint(1, most))

    def some(self):
        """Columns for new rows: the first four and some of the others, which are else NULL or their default."""
        return ["id", "cat", "n", "ts", *(c for c in self.added() if self.rng.random() < 0.6)]

    def both(self, sql):
        return [sql], [sql]

    def insert(self):
        columns = self.some()
        return self.both(f"INSERT INTO {{t}} ({', '.join(columns)}) VALUES {self.rows(self.fresh(15), columns)}")

    def update(self):
        changes = ["n = n + 1", "cat = 'b'", "n = id, cat = cat || 'x'", "ts = ts + INTERVAL 1 DAY"]
        changes += [f"{c} = {self.value(c)}" for c in self.added()]
        return self.both(f"UPDATE {{t}} SET {self.rng.choice(changes)} WHERE {condition(self.rng)}")

    def delete(self):
        return self.both(f"DELETE FROM {{t}} WHERE {condition(self.rng)}")

    def merge(self):
        rng, columns = self.rng, self.some()
        ids = rng.sample(range(max(80, self.next_id)), 12)
        names = ", ".join(columns)
        source = f"(SELECT * FROM (VALUES {self.rows(ids, columns)}) AS v ({names})) AS s"
        clauses = []
        if rng.random() < 0.5:
            clauses.append(f"WHEN MATCHED AND {condition(rng, 's.')} THEN DELETE")
        if rng.random() < 0.8:
            more = "".join(f", {c} = s.{c}" for c in columns[4:])
            clauses.append(f"WHEN MATCHED THEN UPDATE SET cat = s.cat, n = t.n + s.n{more}")
        if rng.random() < 0.8:
            clauses.append(f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({', '.join('s.' + c for c in columns)})")
        if rng.random() < 0.4:
            action = rng.choice(["DELETE", "UPDATE SET n = -1"])
            clauses.append(f"WHEN NOT MATCHED BY SOURCE AND {condition(rng, 't.')} THEN {action}")
        if not clauses:
            clauses = ["WHEN MATCHED THEN DELETE"]
        return self.both(f"MERGE INTO {{t}} AS t USING {source} ON t.id = s.id {' '.join(clauses)}")

    def overwrite(self):
        columns = list(self.columns)
        front = ["id", *(c for c in columns if c != "id")]
        values = f"SELECT {', '.join(columns)} FROM (VALUES {self.rows(self.fresh(5), front)}) AS v ({', '.join(front)})"
        gone = "DELETE FROM {t}"
        if self.key:
            same = f"{self.key.format('v.')} IS NOT DISTINCT FROM {self.key.format('{t}.')}"
            gone += f" WHERE EXISTS (SELECT 1 FROM ({values}) v WHERE {same})"
        insert = f"INSERT INTO {{t}} ({', '.join(columns)}) {values}"
        return [f"INSERT OVERWRITE {{t}} {values}"], [gone, insert]

    def truncate(self):
        return ["TRUNCATE TABLE {t}"], ["DELETE FROM {t}"]

    def add(self):
        free = [name for name in ("c0", "c1", "c2", "c3") if name not in self.columns]
        if not free:
            return self.drop()
        name, kind = self.rng.choice(free), self.rng.choice(list(TYPES))
        default = f" DEFAULT {TYPES[kind][1]}" if self.defaults and self.rng.random() < 0.5 else ""
        place, order = "", [*self.columns, name]
        if self.rng.random() < 0.4:
            after = self.rng.choice(list(self.columns))
            place, order = f" AFTER {after}", [x for c in self.columns for x in ([c, name] if c == after else [c])]
        types = {**self.columns, name: kind}
        self.columns = {c: types[c] for c in order}
        model = [f"ALTER TABLE {{t}} ADD COLUMN {name} {kind}{default}"]
        return [f"ALTER TABLE {{t}} ADD COLUMN {name} {kind}{default}{place}"], model

    def drop(self):
        if not self.added():
            return self.insert()
        name = self.rng.choice(self.added())
        del self.columns[name]
        return self.both(f"ALTER TABLE {{t}} DROP COLUMN {name}")

    def rename(self):
        free = [name for name in ("c0", "c1", "c2", "c3") if name not in self.columns]
        if not free or not self.added():
            return self.add()
        old, new = self.rng.choice(self.added()), self.rng.choice(free)
        self.columns = {new if c == old else c: kind for c, kind in self.columns.items()}
        return self.both(f"ALTER TABLE {{t}} RENAME COLUMN {old} TO {new}")

    def widen(self):
        able = [c for c in self.added() if TYPES[self.columns[c]][0]]
        if not able:
            return self.add()
        name = self.rng.choice(able)
        self.columns[name] = TYPES[self.columns[name]][0]
        sql = f"ALTER TABLE {{t}} ALTER COLUMN {name} TYPE {self.columns[name]}"
        return self.both(sql)

    def move(self):
        name = self.rng.choice(list(self.columns))
        order = [name, *(c for c in self.columns if c != name)]
        self.columns = {c: self.columns[c] for c in order}
        return [f"ALTER TABLE {{t}} ALTER COLUMN {name} FIRST"], []

    def partition(self):
        term = self.rng.choice(["bucket(3, n)", "truncate(cat, 1)", "month(ts)"])
        action = "DROP" if term in self.terms else "ADD"
        self.terms ^= {term}
        self.key = "unknown"
        return [f"ALTER TABLE {{t}} {action} PARTITION FIELD {term}"], []

    def sort(self):
        return [f"ALTER TABLE {{t}} SET SORTED BY ({self.rng.choice(['n DESC', 'cat, id', 'ts NULLS LAST', 'bucket(2, id), n'])})"], []

    def replace(self):
        self.key, self.terms = None, set()
        # What was a default is a value now, and a new table's column has none.
        columns = ", ".join(self.columns)
        model = [f"CREATE OR REPLACE TABLE {{t}}_2 AS SELECT {columns} FROM {{t}}", "DROP TABLE {t}", "ALTER TABLE {t}_2 RENAME TO {t}"]
        return [f"CREATE OR REPLACE TABLE {{t}} WITH ({{properties}}) AS SELECT {columns} FROM {{t}}"], model

    def rename_table(self):
        return ["ALTER TABLE {t} RENAME TO {t}_moved", "INSERT INTO {t}_moved (id) VALUES (-1)", "ALTER TABLE {t}_moved RENAME TO {t}"], [
            "INSERT INTO {t} (id) VALUES (-1)"
        ]

    def maintain(self):
        name = self.rng.choice(["cat", "n DESC", "zorder(id, n)"])
        return [self.rng.choice([
            "CALL lake.system.rewrite_data_files('{t}', options => MAP['rewrite-all', 'true'])",
            f"CALL lake.system.rewrite_data_files('{{t}}', strategy => 'sort', sort_order => '{name}', options => MAP['rewrite-all', 'true'])",
            "CALL lake.system.rewrite_data_files('{t}', options => MAP['delete-file-threshold', '1'])",
            "CALL lake.system.rewrite_position_delete_files('{t}', options => MAP['rewrite-all', 'true'])",
            "CALL lake.system.rewrite_manifests('{t}')",
            "CALL lake.system.expire_snapshots('{t}', older_than => TIMESTAMP '2999-01-01 00:00:00', retain_last => 1)",
            "ANALYZE {t}",
        ])], []

    def tag(self):
        self.tags += 1
        # A tag has the columns of its snapshot, which a change of columns alone does not make.
        row = "INSERT INTO {t} (id) VALUES (-2)"
        return [row, f"ALTER TABLE {{t}} CREATE TAG tag_{self.tags}"], [row]


@pytest.mark.parametrize("sequence", range(SEQUENCES))
def test_changes_agree_with_duckdb(server, sequence):
    rng = random.Random(f"{SEED}-{sequence}")
    name = sorted(SPECS)[sequence % len(SPECS)]
    formats = FORMATS[sequence // len(SPECS) % 2 if SEQUENCES > len(SPECS) else sequence % 2]
    catalog = SqlCatalog("lake", uri=f"sqlite:///{server.home}/metastore.db", warehouse=f"file://{server.home}/warehouse")
    tables = {kind: f"changes_{sequence}_{kind}" for kind in formats}
    steps = Steps(rng, KEYS.get(name, "unknown"), defaults="cow3" in formats)
    model = duckdb.connect()
    model.execute("CREATE TABLE m (id BIGINT, cat VARCHAR, n BIGINT, ts TIMESTAMP)")
    history, tagged = [], {}
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:

        def check(expected, what):
            for kind, table in tables.items():
                told = f"{name} {kind} {what}, seed {SEED}:\n" + ";\n".join(history)
                try:
                    cursor.execute(f"SELECT * FROM {table} {what}")
                    found = ordered(cursor.fetchall())
                except flightsql.Error as e:
                    raise AssertionError(told) from e
                assert found == expected, told

        for kind, table in tables.items():
            create(catalog, cursor, table, formats[kind], name)
        for number in range(STEPS):
            ours, models = steps.insert() if number == 0 else steps.next()
            history.extend(ours)
            for statement in models:
                model.execute(statement.replace("{t}", "m"))
            expected = ordered(model.execute(f"SELECT {', '.join(steps.columns)} FROM m").fetchall())
            for kind, table in tables.items():
                for statement in ours:
                    try:
                        cursor.execute(statement.replace("{t}", table).replace("{properties}", listed(formats[kind])))
                        cursor.fetchall()
                    except flightsql.Error as e:
                        raise AssertionError(f"{name} {kind}, seed {SEED}:\n" + ";\n".join(history)) from e
            check(expected, "")
            if steps.tags > len(tagged):
                tagged[f"tag_{steps.tags}"] = expected
        for tag, rows in tagged.items():
            check(rows, f"FOR SYSTEM_VERSION AS OF '{tag}'")
        for kind, table in tables.items():
            theirs = catalog.load_table(f"main.{table}").scan().to_arrow().to_pylist()
            assert ordered([tuple(row.values()) for row in theirs]) == expected, f"PyIceberg: {name} {kind}:\n" + ";\n".join(history)


def ordered(all_rows):
    return sorted(map(tuple, all_rows), key=lambda row: tuple((v is not None, v) for v in row))
