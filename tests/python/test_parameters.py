"""A bare ? wherever a value may stand: its type comes from what stands beside it."""

import datetime
from decimal import Decimal

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pytest

CASES = [
    ("SELECT COUNT(*) FROM p WHERE id IN (?, ?)", (1, 2), 2),
    ("SELECT COUNT(*) FROM p WHERE id NOT IN (?, 3)", (1,), 1),
    ("SELECT ? IN (1, 2)", (1,), True),
    ("SELECT COUNT(*) FROM p WHERE ? IN (id, 9)", (1,), 1),
    ("SELECT COUNT(*) FROM p WHERE (id, name) IN ((?, ?), (3, 'cid'))", (1, "ann"), 2),
    ("SELECT COUNT(*) FROM p WHERE id BETWEEN ? AND ?", (1, 2), 2),
    ("SELECT COUNT(*) FROM p WHERE ? BETWEEN id AND 2", (2,), 2),
    ("SELECT ? + 1", (1,), 2),
    ("SELECT ? + ?", (1, 2), 3),
    ("SELECT -?", (1,), -1),
    ("SELECT MAX(id % ?) FROM p", (2,), 1),
    ("SELECT SUM(id * ?) FROM p", (2,), 12),
    ("SELECT ABS(?)", (-1.5,), 1.5),
    ("SELECT SUBSTRING(?, 1, ?)", ("abc", 2), "ab"),
    ("SELECT UPPER(?) || ?", ("a", "b"), "Ab"),
    ("SELECT MAX(CASE WHEN id = ? THEN ? ELSE 'no' END) FROM p", (1, "yes"), "yes"),
    ("SELECT MAX(CASE id WHEN ? THEN 7 ELSE ? END) FROM p", (1, 8), 8),
    ("SELECT CASE WHEN ? THEN 1 ELSE 2 END", (True,), 1),
    ("SELECT MIN(CASE WHEN id = 1 THEN ? ELSE ? END) FROM p", ("a", "b"), "a"),
    ("SELECT COUNT(*) FROM (SELECT id FROM p ORDER BY id LIMIT ?) t", (2,), 2),
    ("SELECT MIN(id) FROM (SELECT id FROM p ORDER BY id LIMIT ? OFFSET ?) t", (2, 1), 2),
    ("SELECT MIN(id) FROM (SELECT id FROM p ORDER BY id OFFSET ? ROWS FETCH NEXT ? ROWS ONLY) t", (2, 1), 3),
    ("SELECT COUNT(*) FROM p WHERE name LIKE ?", ("a%",), 1),
    ("SELECT COUNT(*) FROM p WHERE name ILIKE ?", ("A%",), 1),
    ("SELECT DATE '2024-01-01' + ?", (1,), datetime.date(2024, 1, 2)),
    ("SELECT DATE '2024-01-01' + INTERVAL '1' DAY * ?", (2,), datetime.date(2024, 1, 3)),
    ("SELECT ? + INTERVAL '1' DAY", (datetime.datetime(2024, 1, 1),), datetime.datetime(2024, 1, 2)),
    ("SELECT EXTRACT(YEAR FROM ?)", (datetime.datetime(2024, 1, 1),), 2024),
    ("SELECT ARRAY[10, 20][?]", (2,), 20),
    ("SELECT MAX(x) FROM UNNEST(ARRAY[?, 2]) AS t (x)", (5,), 5),
    ("SELECT SUM(x) FROM (VALUES (?), (2)) t (x)", (1,), 3),
    ("SELECT SUM(x) FROM (SELECT ? AS x UNION ALL SELECT 1) t", (2,), 3),
    ("SELECT NULLIF(id, ?) FROM p ORDER BY id LIMIT 1", (1,), None),
    ("SELECT GREATEST(id, ?) FROM p ORDER BY id LIMIT 1", (3,), 3),
    ("SELECT TRY_CAST(? AS INTEGER)", ("x",), None),
    ("SELECT COUNT(*) FROM p WHERE ? AND id > 1", (True,), 2),
    ("SELECT id FROM p ORDER BY ?, id", ("x",), 1),
    ("SELECT MIN(id) FROM p WHERE price > ?", (Decimal("1.3"),), 3),
    ("SELECT MIN(id) FROM p WHERE price > ?", (Decimal("1.295"),), 2),
    ("SELECT COUNT(*) FROM p WHERE price > ?", (Decimal("12345678.123456"),), 0),
    ("SELECT MIN(id) FROM p WHERE price > ?", (1.295,), 2),
    ("SELECT MIN(id) FROM p WHERE id > ?", (1.5,), 2),
    ("SELECT COUNT(*) FROM p WHERE id < ?", (2**40,), 3),
    ("SELECT COUNT(*) FROM p WHERE DATE '2024-01-01' < ?", (datetime.datetime(2024, 1, 1, 12),), 3),
    ("SELECT ?", (1,), 1),
    ("SELECT ?", (1.5,), 1.5),
    ("SELECT ?", (datetime.date(2024, 1, 1),), datetime.date(2024, 1, 1)),
    ("SELECT ?", ([1, 2],), [1, 2]),
    ("SELECT ? + ?", (Decimal("1.1"), Decimal("2.2")), Decimal("3.3")),
    ("SELECT ? || ?", (5, "x"), "5x"),
    ("SELECT COALESCE(?, 1)", (2,), 2),
    ("SELECT COALESCE(?, 1)", (None,), 1),
    ("SELECT IFNULL(?, 2.5)", (None,), Decimal("2.5")),
    ("SELECT COALESCE(?, ?)", (None, "b"), "b"),
    ("SELECT IFNULL(?, 1)", (None,), 1),
    ("SELECT ? IN (?, ?)", (1, 1, 2), True),
    ("SELECT MOD(?, ?)", (7, 3), 1),
    ("SELECT ROUND(?, ?)", (1.2345, 2), 1.23),
    ("SELECT SUM(?) FROM p", (2,), 6),
    ("SELECT AVG(?) FROM p", (2,), 2.0),
    ("SELECT CAST(? AS INTEGER)", (1.5,), 2),
    ("SELECT CAST(? AS DECIMAL(5, 2))", (Decimal("1.239"),), Decimal("1.24")),
    ("SELECT TIMESTAMP '2024-01-01 00:00:00' + INTERVAL ? HOUR", (5,), datetime.datetime(2024, 1, 1, 5)),
    ("SELECT OVERLAY('abc' PLACING ? FROM ?)", ("zz", 2), "azz"),
    ("SELECT MAX(x) FROM UNNEST(?) AS t (x)", ([5, 7],), 7),
    ("SELECT ? = ARRAY[1, 2]", ("[1, 2]",), True),
    ("SELECT ? = ARRAY[1.5, NULL]", (" [2.5,null] ",), False),
    ("SELECT MAX(x) FROM UNNEST(CAST(? AS SMALLINT ARRAY)) AS t (x)", ([5, 7],), 7),
    ("SELECT MAX(x + y) FROM UNNEST(CAST(? AS INTEGER ARRAY), ?) AS t (x, y)", ([5, 7], [1, 2]), 9),
    ("SELECT COUNT(*) FROM p WHERE ARRAY_CONTAINS(?, id)", ([1, 3],), 2),
    ("SELECT MAX(x) FROM (SELECT LAG(id, ?) OVER (ORDER BY id) AS x FROM p) t", (2,), 1),
    ("SELECT MIN(x) FROM (SELECT LEAD(id, ?, ?) OVER (ORDER BY id) AS x FROM p) t", (1, -5), -5),
    ("SELECT MAX(x) FROM (SELECT NTH_VALUE(name, ?) OVER (ORDER BY id) AS x FROM p) t", (2,), "bob"),
    ("SELECT MAX(x) FROM (SELECT NTILE(?) OVER (ORDER BY id) AS x FROM p) t", (3,), 3),
    ("SELECT MAX(x) FROM (SELECT SUM(id) OVER (ORDER BY id ROWS BETWEEN ? PRECEDING AND ? FOLLOWING) AS x FROM p) t", (1, 0), 5),
    ("SELECT MAX(x) FROM (SELECT SUM(id) OVER (ORDER BY id RANGE BETWEEN ? PRECEDING AND CURRENT ROW) AS x FROM p) t", (1,), 5),
    ("SELECT PERCENTILE_CONT(?) WITHIN GROUP (ORDER BY id) FROM p", (0.25,), 1.5),
    ("SELECT PERCENTILE_DISC(?) WITHIN GROUP (ORDER BY id) FROM p", (0.5,), 2),
    ("SELECT COUNT(r.id) FROM p l LEFT ASOF JOIN p r MATCH_CONDITION (l.id > r.id) TOLERANCE ?", (1,), 2),
    ("SELECT COUNT(*) FROM p FOR SYSTEM_TIME AS OF ?", (datetime.datetime(2100, 1, 1),), 3),
]


@pytest.fixture(scope="module")
def rows(server):
    with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE p AS SELECT * FROM (VALUES (1, 'ann', 1.20), (2, 'bob', 1.30), (3, 'cid', 1.40)) t (id, name, price)"
        )


@pytest.mark.parametrize(("sql", "values", "expected"), CASES, ids=[case[0] for case in CASES])
def test_parameter_types(cursor, rows, sql, values, expected):
    cursor.execute(sql, values)
    assert cursor.fetchone() == (expected,)


def test_insert_takes_the_columns_types(cursor):
    cursor.execute("CREATE TABLE filled (a INTEGER, b VARCHAR)")
    cursor.execute("INSERT INTO filled VALUES (? + 1, UPPER(?)), (?, 'y')", (1, "x", 5))
    cursor.execute("INSERT INTO filled SELECT ?, ?", (7, "z"))
    cursor.execute("SELECT a, b FROM filled ORDER BY a")
    assert cursor.fetchall() == [(2, "X"), (5, "y"), (7, "z")]


@pytest.mark.parametrize("value", ["x", b"x", [1]])
def test_a_value_that_is_no_number_is_refused(cursor, rows, value):
    with pytest.raises(Exception, match="parameter 1|compare|apply|TYPE_MISMATCH"):
        cursor.execute("SELECT COUNT(*) FROM p WHERE id > ?", (value,))
        cursor.fetchall()


def test_paths_and_names_of_tables_are_values(cursor, server, tmp_path, rows):
    path = server.home / "numbers.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    cursor.execute("SELECT b FROM READ_CSV(?) WHERE a = ?", (str(path), 2))
    assert cursor.fetchall() == [("y",)]
    cursor.execute("CALL lake.system.expire_snapshots(?, retain_last => ?)", ("p", 1))
    assert len(cursor.fetchall()) == 1


def test_rows_of_parameters(cursor):
    cursor.execute("CREATE TABLE batch (a INTEGER, b DECIMAL(6, 2), c TIMESTAMP)")
    moment = datetime.datetime(2024, 1, 1, 1, 2, 3, 456789)
    cursor.executemany(
        "INSERT INTO batch VALUES (? + 1, ?, ?)",
        [(1, Decimal("1.50"), moment), (2, Decimal("1234.56"), None), (None, None, moment)],
    )
    cursor.execute("SELECT * FROM batch ORDER BY a")
    assert cursor.fetchall() == [
        (2, Decimal("1.50"), moment),
        (3, Decimal("1234.56"), None),
        (None, None, moment),
    ]


def test_decimals_that_fill_their_type(cursor):
    column = pa.array([Decimal("9.9"), Decimal("-9.9"), None], pa.decimal128(2, 1))
    full = pa.array([Decimal("9" * 38)] * 3, pa.decimal128(38, 0))
    cursor.adbc_ingest("full_decimals", pa.table({"a": column, "b": full}), mode="create")
    cursor.execute("SELECT MIN(a), MAX(a), MAX(b) FROM full_decimals")
    assert cursor.fetchone() == (Decimal("-9.9"), Decimal("9.9"), Decimal("9" * 38))
