"""A bare ? wherever a value may stand: its type comes from what stands beside it."""

import datetime

import adbc_driver_flightsql.dbapi as flightsql
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


def test_a_fraction_is_no_integer(cursor, rows):
    with pytest.raises(Exception, match="does not fit INTEGER"):
        cursor.execute("SELECT COUNT(*) FROM p WHERE id > ?", (1.5,))
        cursor.fetchall()
