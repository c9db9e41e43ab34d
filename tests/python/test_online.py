"""Online views as their users see them: the kelda package, JSON over HTTP."""

import datetime
import json
import urllib.error
import urllib.request
from decimal import Decimal

import kelda
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

DAY = datetime.datetime(2024, 1, 1)
VIEW = "CREATE FEATURE VIEW spent PRIMARY KEY (id) TIMESTAMP at TTL INTERVAL '36500' DAY WITH (online = true) AS SELECT id, at, amount, note FROM payments"
ROWS = pa.table(
    {
        "id": pa.array([1, 1, 2], pa.int64()),
        "at": pa.array([DAY, DAY + datetime.timedelta(days=1), DAY], pa.timestamp("us")),
        "amount": [1.5, 2.5, None],
        "note": ["x", "y", "z"],
    }
)


@pytest.fixture(scope="module")
def db(server):
    with kelda.connect(server.uri) as db:
        db.write("payments", ROWS, mode="create")
        db.execute(VIEW)
        yield db


def post(server, path, body, raw=None):
    data = raw if raw is not None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(server.http + path, data)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error"]


@pytest.mark.parametrize(
    "keys",
    [
        {"id": [2, 7, 1]},
        [{"id": 2}, {"id": 7}, {"id": 1}],
        pa.table({"id": pa.array([2, 7, 1], pa.int32()), "other": ["a", "b", "c"]}),
        pd.DataFrame({"id": [2, 7, 1]}),
        pl.DataFrame({"id": [2, 7, 1]}),
    ],
    ids=["dict", "rows", "arrow", "pandas", "polars"],
)
def test_keys_of_every_kind_give_a_row_each(db, keys):
    found = db.feature_view("spent").online(keys)
    assert found.to_arrow().column_names == ["at", "amount", "note"]
    assert [row["note"] for row in found.to_pylist()] == ["z", None, "y"]
    assert found.to_polars()["amount"].to_list() == [None, None, 2.5]
    assert len(found.to_pandas()) == 3


def test_chosen_features_and_repeated_calls(db):
    view = db.feature_view("spent")
    for _ in range(3):
        assert view.online({"id": 1}, features=["amount"]).to_pylist() == [{"amount": 2.5}]
    assert view.online({"id": []}).to_pylist() == []


def test_wrong_keys_are_named_and_the_view_goes_on(db):
    view = db.feature_view("spent")
    with pytest.raises(Exception, match='needs a column "id"'):
        view.online({"key": [1]})
    with pytest.raises(Exception, match="is BIGINT, not VARCHAR"):
        view.online({"id": ["a"]})
    with pytest.raises(Exception, match='has no feature "nope"'):
        view.online({"id": [1]}, features=["nope"])
    with pytest.raises(Exception, match="TABLE_NOT_FOUND"):
        db.feature_view("nothing").online({"id": [1]})
    assert view.online({"id": [1]}).to_pylist()[0]["amount"] == 2.5


def test_decimal_keys_of_another_scale(db):
    db.execute("CREATE TABLE priced AS SELECT CAST(1.5 AS DECIMAL(10, 2)) AS price, TIMESTAMP '2024-01-01 00:00:00' AS at, 7 AS n")
    db.execute("CREATE FEATURE VIEW by_price PRIMARY KEY (price) TIMESTAMP at WITH (online = true) AS SELECT price, at, n FROM priced")
    view = db.feature_view("by_price")
    for text in ("1.5", "1.50", "1.5000"):
        assert view.online({"price": [Decimal(text)]}, features=["n"]).to_pylist() == [{"n": 7}]
    for text in ("1.501", "123456789.5"):
        with pytest.raises(Exception, match=f"key {text} of .* does not fit DECIMAL"):
            view.online({"price": [Decimal(text)]})


def test_no_rows_at_all(db):
    none = ROWS.slice(0, 0)
    view = db.feature_view("spent")
    assert view.push(none) == 0
    found = view.historical(none.select(["id", "at"]).rename_columns(["id", "when"]), at="when", features=["amount"])
    assert found.to_pylist() == [] and found.schema.names == ["id", "when", "amount"]


def test_historical_keeps_the_order_and_sees_no_future(db):
    spine = pl.DataFrame({"id": [1, 2, 1, 9], "when": [DAY + datetime.timedelta(hours=h) for h in (30, 1, 1, 1)], "label": [1, 0, 1, 0]})
    rows = db.feature_view("spent").historical(spine, at="when", features=["amount"]).to_pylist()
    assert [(r["id"], r["label"], r["amount"]) for r in rows] == [(1, 1, 2.5), (2, 0, None), (1, 1, 1.5), (9, 0, None)]
    assert db.sql("SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_name LIKE 'spine%'").to_pylist() == [{"n": 0}]


def test_pushed_rows_are_online_at_once(db, server):
    view = db.feature_view("spent")
    assert view.push(pd.DataFrame({"id": [3], "at": [pd.Timestamp(DAY)], "amount": [7.0], "note": ["pushed"]})) == 1
    assert db.execute("INSERT INTO spent (id, at, amount) VALUES (?, ?, ?)", (4, DAY, 8.0)) == 1
    body = {"push_source_name": "spent", "df": {"id": [5], "at": ["2024-01-01 00:00:00"], "amount": [9]}, "to": "online"}
    assert post(server, "/push", body) == (200, None)
    assert [r["amount"] for r in view.online({"id": [3, 4, 5]}).to_pylist()] == [7.0, 8.0, 9.0]


def test_lookups_over_sql_and_prepared(db):
    sql = "SELECT id, amount FROM ONLINE(spent) WHERE id = ?"
    assert [db.sql(sql, [id]).to_pylist() for id in (1, 77)] == [[{"id": 1, "amount": 2.5}], []]
    sql = "SELECT ? AS paid, ? / NULLIF(amount, 0) AS ratio FROM ONLINE(spent) WHERE id = ?"
    assert db.sql(sql, ["x", 5.0, 1]).to_pylist() == [{"paid": "x", "ratio": 2.0}]


def test_feasts_json(db, server):
    body = {"features": ["spent:amount", "spent:note"], "entities": {"id": [1, 2, 99]}}
    status, answer = post(server, "/get-online-features", body)
    assert status == 200
    assert answer["metadata"]["feature_names"] == ["id", "amount", "note"]
    keys, amount, note = answer["results"]
    assert keys["values"] == [1, 2, 99] and set(keys["statuses"]) == {"PRESENT"}
    assert amount["values"] == [2.5, None, None]
    assert amount["statuses"] == ["PRESENT", "NULL_VALUE", "NOT_FOUND"]
    assert amount["event_timestamps"] == ["2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]
    assert note["values"] == ["y", "z", None]
    status, answer = post(server, "/get-online-features", {**body, "full_feature_names": True})
    assert answer["metadata"]["feature_names"] == ["id", "spent__amount", "spent__note"]


def test_features_of_many_types(db, server):
    db.execute(
        "CREATE FEATURE VIEW mixed PRIMARY KEY (id) TIMESTAMP at WITH (online = true) AS"
        " SELECT id, at, NULL AS nothing, amount > 2 AS much, amount, CAST(id AS SMALLINT) AS small, CAST(id AS DECIMAL(20, 3)) AS exact,"
        " CAST(at AS DATE) AS day, note, [id, NULL] AS ids FROM payments WHERE id = 1"
    )
    present = {"much": True, "amount": 2.5, "small": 1, "exact": Decimal("1.000"), "day": datetime.date(2024, 1, 2), "note": "y", "ids": [1, None]}
    absent = dict.fromkeys(present)
    view = db.feature_view("mixed")
    for keys in ([1], [9, 1], [1] * 9, [9] * 9):
        found = view.online({"id": keys}, features=["nothing", *present]).to_pylist()
        assert found == [{"nothing": None, **(present if key == 1 else absent)} for key in keys]
    body = {"features": ["mixed:nothing", "mixed:exact", "mixed:ids"], "entities": {"id": [9, 1]}}
    status, answer = post(server, "/get-online-features", body)
    assert status == 200 and [column["values"] for column in answer["results"]] == [[9, 1], [None, None], [None, 1], [None, [1, None]]]
    db.execute("DROP FEATURE VIEW mixed")


def test_a_row_beyond_its_time_is_outside_max_age(db, server):
    db.execute("CREATE FEATURE VIEW brief PRIMARY KEY (id) TIMESTAMP at TTL INTERVAL '1' DAY WITH (online = true) AS SELECT id, at, amount FROM payments")
    _, answer = post(server, "/get-online-features", {"features": ["brief:amount", "spent:amount"], "entities": {"id": [1]}})
    assert answer["metadata"]["feature_names"] == ["id", "brief__amount", "spent__amount"]
    assert [r["statuses"] for r in answer["results"][1:]] == [["OUTSIDE_MAX_AGE"], ["PRESENT"]]
    assert answer["results"][1]["values"] == [None]


@pytest.mark.parametrize(
    "path, body, status, message",
    [
        ("/get-online-features", {"feature_service": "s", "entities": {"id": [1]}}, 501, "no feature services"),
        ("/get-online-features", {"features": [], "entities": {"id": [1]}}, 400, "no feature is asked for"),
        ("/get-online-features", {"features": "spent:amount", "entities": {"id": [1]}}, 400, '"features" must be a list of texts'),
        ("/get-online-features", {"features": ["spent:amount"], "entities": {"id": [1]}, "full_feature_names": "yes"}, 400, "true or false"),
        ("/get-online-features", {"features": ["spent:x"], "entities": {"id": [1]}}, 404, 'no feature "x"'),
        ("/get-online-features", {"features": ["spent:amount"], "entities": {"no": [1]}}, 404, 'needs the entity "id"'),
        ("/get-online-features", {"features": ["spent:amount"], "entities": {"id": ["a"]}}, 400, "is no value of"),
        ("/get-online-features", {"features": ["spent:amount"], "entities": {"id": [1e30]}}, 400, "does not fit BIGINT"),
        ("/get-online-features", {"features": ["spent:amount"], "entities": {"id": [1], "b": [1, 2]}}, 400, "different lengths"),
        ("/get-online-features", {"features": ["payments:amount"], "entities": {"id": [1]}}, 400, "is not a feature view"),
        ("/push", {"push_source_name": "spent", "df": {"id": [1], "at": ["soon"]}}, 400, "is no value of"),
        ("/push", {"push_source_name": "spent", "df": {"id": [1]}}, 400, 'has no "at"'),
        ("/push", {"push_source_name": "spent", "df": {"nope": [1]}}, 404, 'no column "nope"'),
        ("/push", {"push_source_name": "spent", "df": {}, "to": "offline"}, 501, "goes online and offline"),
    ],
)
def test_json_that_is_wrong(db, server, path, body, status, message):
    got, error = post(server, path, body)
    assert got == status and message in error


def test_no_json(db, server):
    assert post(server, "/push", None, raw=b"{")[0] == 400
    assert post(server, "/push", None, raw=b"[1]")[0] == 400


def test_metrics_count_lookups(db, server):
    def metric(name):
        page = urllib.request.urlopen(server.http + "/metrics").read().decode()
        return next(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name + " "))

    before = metric("kelda_online_keys_total"), metric("kelda_online_misses_total")
    db.feature_view("spent").online({"id": [1, 1001]})
    assert (metric("kelda_online_keys_total"), metric("kelda_online_misses_total")) == (before[0] + 2, before[1] + 1)
    assert metric("kelda_online_store_bytes") > 0
