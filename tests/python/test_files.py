"""Files of every shape, written here, read by Kelda and by DuckDB."""

import datetime
import decimal
import gzip
import os
import uuid

import adbc_driver_flightsql.dbapi as flightsql
import duckdb
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from answers import difference
from kelda_server import KeldaServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def cursor(folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with KeldaServer(home, allow=[folder]) as server:
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
            yield cursor
        assert server.stop() == 0


def rows(cursor, sql):
    cursor.execute(sql)
    return [list(row.values()) for row in cursor.fetch_arrow_table().to_pylist()]


def same(cursor, sql, expected=None):
    """Kelda's answer is DuckDB's, to the same text or to another."""
    theirs = duckdb.sql(expected or sql).to_arrow_table().to_pylist()
    found = difference(rows(cursor, sql), [list(row.values()) for row in theirs])
    assert found is None, found


def fails(cursor, sql, *parts):
    with pytest.raises(Exception) as caught:
        rows(cursor, sql)
    text = str(caught.value)
    assert all(part in text for part in parts), text
    assert "INTERNAL_ERROR" not in text, text
    assert rows(cursor, "SELECT 1") == [[1]]


def microseconds(*values):
    return pa.array(values, pa.timestamp("us"))


NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
ODD = {
    "unsigned": pa.table(
        {
            "u8": pa.array([255, None], pa.uint8()),
            "u16": pa.array([65535, 0], pa.uint16()),
            "u32": pa.array([4294967295, 0], pa.uint32()),
            "u64": pa.array([18446744073709551615, 0], pa.uint64()),
        }
    ),
    "small": pa.table({"i8": pa.array([-128, 127], pa.int8()), "i16": pa.array([-32768, None], pa.int16())}),
    "floats": pa.table(
        {"f16": pa.array([1.5, None], pa.float16()), "f32": pa.array([0.1, float("inf")], pa.float32())}
    ),
    "times": pa.table(
        {
            "s": pa.array([NOON, None], pa.timestamp("ms")),
            "us": microseconds(NOON, None),
            "zoned": pa.array([NOON, None], pa.timestamp("us", tz="UTC")),
            "t": pa.array([datetime.time(23, 59, 59, 999999), None], pa.time64("us")),
            "d": pa.array([datetime.date(1582, 1, 1), datetime.date(9999, 12, 31)], pa.date32()),
        }
    ),
    "decimals": pa.table(
        {
            "small": pa.array([decimal.Decimal("1.23"), None], pa.decimal128(5, 2)),
            "middle": pa.array([decimal.Decimal("-12345678901.5"), None], pa.decimal128(15, 1)),
            "large": pa.array([decimal.Decimal("9" * 36 + ".99"), None], pa.decimal128(38, 2)),
        }
    ),
    "nested": pa.table(
        {
            "list": pa.array([[1, None, 3], None, []], pa.list_(pa.int32())),
            "lists": pa.array([[["a"], []], None, [None]], pa.list_(pa.list_(pa.string()))),
            "struct": pa.array([{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}]),
            "structs": pa.array([[{"k": 1}], [], None], pa.list_(pa.struct({"k": pa.int64()}))),
        }
    ),
    "binary": pa.table({"b": pa.array([b"\x00\xff", None], pa.binary()), "f": pa.array([b"abcd", b"efgh"], pa.binary(4))}),
    "dictionary": pa.table({"d": pa.array(["x", "y", None, "x"]).dictionary_encode(), "n": [1, 2, 3, 4]}),
    "large_text": pa.table({"s": pa.array(["a", None], pa.large_string()), "v": pa.array(["b", "c"], pa.string_view())}),
    "nulls": pa.table({"n": pa.nulls(3), "i": [1, 2, 3]}),
    "no_rows": pa.table({"a": pa.array([], pa.int32()), "s": pa.array([], pa.string())}),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
def test_parquet_types(cursor, folder, name, compression):
    path = folder / f"{name}-{compression}.parquet"
    pq.write_table(ODD[name], path, compression=compression, row_group_size=2)
    same(cursor, f"SELECT * FROM '{path}'")


def test_parquet_timestamps_of_96_bits(cursor, folder):
    path = folder / "int96.parquet"
    pq.write_table(pa.table({"t": microseconds(NOON, None)}), path, use_deprecated_int96_timestamps=True)
    same(cursor, f"SELECT * FROM '{path}'")


def test_parquet_decimals_in_integers(cursor, folder):
    path = folder / "decimal_int.parquet"
    pq.write_table(ODD["decimals"], path, store_decimal_as_integer=True)
    same(cursor, f"SELECT * FROM '{path}'")


def test_parquet_versions_pages_and_dictionaries(cursor, folder):
    table = pa.table({"i": list(range(5000)), "s": [f"v{n % 50}" for n in range(5000)]})
    for version in ("1.0", "2.6"):
        for dictionary in (True, False):
            path = folder / f"pages-{version}-{dictionary}.parquet"
            pq.write_table(
                table, path, version=version, data_page_version=version[0] + ".0", use_dictionary=dictionary,
                row_group_size=700, data_page_size=1000, write_page_index=True,
            )
            same(cursor, f"SELECT s, COUNT(*), SUM(i) FROM '{path}' WHERE i BETWEEN 100 AND 4321 GROUP BY s")


def test_parquet_maps(cursor, folder):
    path = folder / "maps.parquet"
    pq.write_table(pa.table({"m": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int32()))}), path)
    assert rows(cursor, f"SELECT * FROM '{path}'") == [[[("a", 1)]], [None], [[]]]


def test_parquet_uuids(cursor, folder):
    path = folder / "uuid.parquet"
    value = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    pq.write_table(pa.table({"u": pa.array([value.bytes, None], pa.uuid())}), path)
    [[first], [second]] = rows(cursor, f"SELECT u FROM '{path}'")
    assert (str(first) if not isinstance(first, bytes) else str(uuid.UUID(bytes=first)), second) == (str(value), None)


def test_parquet_without_row_groups_or_columns(cursor, folder):
    path = folder / "no_groups.parquet"
    with pq.ParquetWriter(path, pa.schema({"a": pa.int32()})):
        pass
    assert rows(cursor, f"SELECT COUNT(*), MAX(a) FROM '{path}'") == [[0, None]]
    assert rows(cursor, f"SELECT a FROM '{path}'") == []


def test_broken_parquet(cursor, folder):
    whole = folder / "whole.parquet"
    pq.write_table(pa.table({"i": list(range(100_000))}), whole, compression="none", use_dictionary=False)
    data = whole.read_bytes()
    cases = {"empty": b"", "short": data[:7], "cut": data[: len(data) // 2], "text": b"hello, world\n" * 20}
    cases["pages"] = data[:2000] + b"\xff" * 4000 + data[6000:]
    cases["footer"] = data[:-200] + b"\x00" * 150 + data[-50:]
    for name, content in cases.items():
        path = folder / f"broken-{name}.parquet"
        path.write_bytes(content)
        if name == "pages":  # nothing in the file says that these bytes are wrong, but for the page's header
            try:
                rows(cursor, f"SELECT SUM(i) FROM '{path}'")
            except Exception as error:
                assert path.name in str(error), str(error)
        else:
            fails(cursor, f"SELECT SUM(i) FROM '{path}'", "INVALID_FILE", path.name)


def test_glob_of_different_schemas(cursor, folder):
    many = folder / "evolved"
    many.mkdir()
    pq.write_table(pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), many / "1.parquet")
    pq.write_table(pa.table({"b": ["y"], "a": pa.array([2**40], pa.int64()), "c": [1.5]}), many / "2.parquet")
    same(
        cursor,
        f"SELECT a, b, c FROM '{many}/*.parquet'",
        f"SELECT a, b, c FROM read_parquet('{many}/*.parquet', union_by_name = true)",
    )
    pq.write_table(pa.table({"a": [[1]]}), many / "3.parquet")
    fails(cursor, f"SELECT a FROM '{many}/*.parquet'", "3.parquet")


def test_glob_of_different_structs(cursor, folder):
    many = folder / "structs"
    many.mkdir()
    point = pa.struct({"x": pa.int32(), "names": pa.list_(pa.struct({"n": pa.string()}))})
    pq.write_table(pa.table({"s": pa.array([{"x": 1, "names": [{"n": "a"}]}, None], point)}), many / "1.parquet")
    wider = pa.table({"s": [{"y": "q", "x": 2**40, "names": [{"n": None, "m": 1.5}, None]}], "k": pa.array([["t"]])})
    pq.write_table(wider, many / "2.parquet")
    pq.write_table(pa.table({"s": pa.nulls(1), "k": pa.nulls(1)}), many / "3.parquet")
    cursor.execute(f"SELECT s, k FROM '{many}/*.parquet' ORDER BY s.x")
    found = cursor.fetch_arrow_table().to_pylist()
    assert found[:2] == [
        {"s": {"x": 1, "names": [{"n": "a", "m": None}], "y": None}, "k": None},
        {"s": {"x": 2**40, "names": [{"n": None, "m": 1.5}, None], "y": "q"}, "k": ["t"]},
    ]
    assert found[2:] == [{"s": None, "k": None}] * 2


@pytest.mark.parametrize("format", ["parquet", "arrow", "jsonl"])
def test_names_that_differ_in_case_or_are_none(cursor, folder, format):
    path = folder / f"odd_names.{format}"
    table = pa.Table.from_arrays([pa.array([1, 2]), pa.array([3, 4]), pa.array([5, 6])], names=["a", "A", ""])
    if format == "parquet":
        pq.write_table(table, path)
    elif format == "arrow":
        feather.write_feather(table, path)
    else:
        path.write_text('{"a": 1, "A": 3, "": 5}\n{"a": 2, "A": 4, "": 6}\n')
    cursor.execute(f"SELECT * FROM '{path}' ORDER BY column{0 if format == 'jsonl' else 2}")
    found = cursor.fetch_arrow_table()
    columns = found.to_pydict()
    assert sorted(map(tuple, columns.values())) == [(1, 2), (3, 4), (5, 6)], columns
    assert len({name.lower() for name in columns}) == 3


def test_parquet_dictionary_of_decimals(cursor, folder):
    path = folder / "decimal_dictionary.parquet"
    values = [decimal.Decimal("1.5"), None, decimal.Decimal("2.0"), decimal.Decimal("2.0")]
    pq.write_table(pa.table({"d": pa.array(values).dictionary_encode()}), path)
    same(cursor, f"SELECT d, COUNT(*) FROM '{path}' WHERE d > 1.5 OR d IS NULL GROUP BY d")


CSV = {
    "plain": "a,b\n1,x\n2,y\n",
    "crlf": "a,b\r\n1,x\r\n2,y\r\n",
    "no_newline_at_end": "a,b\n1,x",
    "quotes": 'a,b\n1,"x, ""y"""\n2,""\n',
    "newline_in_quotes": 'a,b\n1,"x\ny"\n2,"z"\n',
    "bom": "\ufeffa,b\n1,x\n",
    "empty_fields": "a,b\n1,\n,y\n",
    "unicode": "größe,名\n1,ß\n2,漢字\n",
    "header_only": "a,b\n",
    "blank_lines_at_end": "a,b\n1,x\n\n",
    "dates": "d,t,n\n2024-02-29,2024-02-29 12:34:56,1.25\n2023-01-01,2023-01-01 00:00:00,-3e2\n",
    "booleans": "f\ntrue\nfalse\n",
    "large_numbers": "n\n9223372036854775807\n1\n",
    "late_text": "n,m\n" + "1,2\n" * 50 + "1,x\n",
    "spaces_in_names": "first name,a b\n1,2\n",
    "names_that_are_none": ",a,\n0,x,y\n",
    "names_that_are_taken": "a,a,A\n1,2,3\n",
}


@pytest.mark.parametrize("name", CSV)
def test_csv(cursor, folder, name):
    path = folder / f"{name}.csv"
    path.write_bytes(CSV[name].encode())
    same(cursor, f"SELECT * FROM '{path}'", f"SELECT * FROM read_csv('{path}', header = true, delim = ',', quote = '\"')")
    packed = folder / f"{name}.csv.gz"
    packed.write_bytes(gzip.compress(CSV[name].encode()))
    assert rows(cursor, f"SELECT * FROM '{packed}'") == rows(cursor, f"SELECT * FROM '{path}'")


def test_csv_options(cursor, folder):
    path = folder / "options.csv"
    path.write_text("1;x\n2;'y;z'\nNA;w\n")
    same(
        cursor,
        f"SELECT * FROM READ_CSV('{path}', header => FALSE, delimiter => ';', quote => '''', nullstr => 'NA')",
        f"SELECT * FROM read_csv('{path}', header = false, delim = ';', quote = '''', nullstr = 'NA')",
    )
    tabs = folder / "tabs.tsv"
    tabs.write_text("a\tb\n1\tx y\n")
    assert rows(cursor, f"SELECT * FROM '{tabs}'") == [[1, "x y"]]
    commented = folder / "comment.csv"
    commented.write_text("# made by hand\na,b\n1,2\n")
    assert rows(cursor, f"SELECT * FROM READ_CSV('{commented}', comment => '#')") == [[1, 2]]


def test_broken_csv(cursor, folder):
    ragged = folder / "ragged.csv"
    ragged.write_text("a,b\n1,2\n3\n")
    fails(cursor, f"SELECT * FROM '{ragged}'", "INVALID_FILE", "ragged.csv", "line 3")
    wrong = folder / "wrong.csv"
    wrong.write_text("a\n" + "1\n" * 30_000 + "word\n")
    fails(cursor, f"SELECT SUM(a) FROM '{wrong}'", "INVALID_FILE", "wrong.csv", "row 30001")
    cut = folder / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"a,b\n" + os.urandom(50_000).hex().encode() + b",1\n")[:-2000])
    fails(cursor, f"SELECT * FROM '{cut}'", "cut.csv.gz")


def test_json_lines(cursor, folder):
    path = folder / "events.jsonl"
    path.write_text(
        '{"id": 1, "s": "x", "n": {"a": 1, "l": [1, 2]}, "f": true}\n'
        '{"id": 2, "s": null, "n": {"a": null, "l": []}, "extra": 1.5}\n'
        '{"s": "\\u00fc \\"q\\" \\n", "id": 3}\n'
    )
    same(
        cursor,
        f"SELECT id, s, t.n.a, t.n.l, f, extra FROM '{path}' AS t",
        f"SELECT id, s, n.a, n.l, f, extra FROM read_json('{path}', format = 'newline_delimited')",
    )
    packed = folder / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert rows(cursor, f"SELECT id, s FROM '{packed}'") == rows(cursor, f"SELECT id, s FROM '{path}'")


def test_broken_json_lines(cursor, folder):
    path = folder / "broken.jsonl"
    path.write_text('{"id": 1}\n{"id": 2\n{"id": 3}\n')
    fails(cursor, f"SELECT * FROM '{path}'", "INVALID_FILE", "broken.jsonl", "row 2")
    late = folder / "late.jsonl"
    late.write_text('{"id": 1}\n' * 30_000 + '{"id": "word"}\n')
    fails(cursor, f"SELECT SUM(id) FROM '{late}'", "INVALID_FILE", "late.jsonl", "row 30001")
    late.write_text('{"id": 1, "n": {"l": [2]}}\n' * 30_000 + '{"id": 3.0, "n": {"l": [1e2, 1.5]}}\n')
    assert rows(cursor, f"SELECT SUM(id) FROM '{late}'") == [[30_003]]
    fails(cursor, f"SELECT MAX(t.n.l[1]) FROM '{late}' AS t", "INVALID_FILE", "late.jsonl", "row 30001", "1.5 is no BIGINT")
    late.write_text('{"id": 1}\n' * 30_000 + '{"id": 1.5}\n')
    fails(cursor, f"SELECT SUM(id) FROM '{late}'", "INVALID_FILE", "row 30001", "1.5 is no BIGINT")
    assert rows(cursor, f"SELECT MAX(id) FROM READ_JSON('{late}', all_varchar => TRUE)") == [["1.5"]]
    array = folder / "array.json"
    array.write_text("[" + '{"id": 1},' * 30_000 + '{"id": 2}]')
    fails(cursor, f"SELECT * FROM '{array}'", "array.json", "it begins with an array")


def test_json_lines_of_different_shapes(cursor, folder):
    many = folder / "shapes"
    many.mkdir()
    (many / "1.jsonl").write_text('{"id": 1, "u": {"a": null, "b": {"c": 1}}, "tags": []}\n')
    (many / "2.jsonl").write_text('\ufeff{"id": 2, "u": {"a": 2, "b": {"d": "x"}}, "tags": ["t"], "n": 1.5}\n')
    (many / "3.jsonl").write_text('{"id": 3, "u": null, "Tags": 7}\n')
    cursor.execute(f"SELECT * FROM '{many}/*.jsonl' ORDER BY id")
    assert cursor.fetch_arrow_table().to_pylist() == [
        {"id": 1, "u": {"a": None, "b": {"c": 1, "d": None}}, "tags": [], "n": None, "Tags_1": None},
        {"id": 2, "u": {"a": 2, "b": {"c": None, "d": "x"}}, "tags": ["t"], "n": 1.5, "Tags_1": None},
        {"id": 3, "u": None, "tags": None, "n": None, "Tags_1": 7},
    ]
    (many / "4.jsonl").write_text('{"id": 4, "u": 5}\n')
    fails(cursor, f"SELECT id FROM '{many}/*.jsonl'", "INVALID_FILE", "4.jsonl", '"u"')


@pytest.mark.parametrize("name", ["with space", "größe 漢字", "100%", "50%25", "a#b", "a+b&c=d", "it's", "q?uestion", "[1]"])
def test_names_of_files(cursor, folder, name):
    inner = folder / f"dir {name}"
    inner.mkdir()
    pq.write_table(pa.table({"a": [1]}), inner / f"{name}.parquet")
    path = f"{inner}/{name}.parquet".replace("'", "''")
    if any(c in name for c in "?["):  # these are a glob's
        path = f"{folder}/dir*/".replace("'", "''") + "".join(f"[{c}]" if c in "?[" else c for c in name) + ".parquet"
    assert rows(cursor, f"SELECT a FROM '{path}'") == [[1]]


def test_names_are_values_not_urls(cursor, folder):
    pq.write_table(pa.table({"a": [2]}), folder / "pct%20.parquet")
    pq.write_table(pa.table({"a": [3]}), folder / "pct .parquet")
    assert rows(cursor, f"SELECT a FROM '{folder}/pct%20.parquet'") == [[2]]
    assert rows(cursor, f"SELECT a FROM '{folder}/pct .parquet'") == [[3]]


def test_links_do_not_lead_out(cursor, folder, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    (folder / "link.csv").symlink_to(secret)
    (folder / "out").symlink_to(tmp_path)
    (folder / "inside.csv").write_text("a\n7\n")
    (folder / "inner.csv").symlink_to(folder / "inside.csv")
    for path in (f"{folder}/link.csv", f"{folder}/out/secret.csv", f"{folder}/out/*.csv"):
        fails(cursor, f"SELECT * FROM '{path}'", "ACCESS_DENIED")
    fails(cursor, f"SELECT * FROM '{folder}/li*.csv'", "FILE_NOT_FOUND")  # a listing passes such links over
    fails(cursor, f"SELECT * FROM '{folder}/../{tmp_path.name}/secret.csv'", "ACCESS_DENIED")
    fails(cursor, f"SELECT * FROM 'file://{secret}'", "ACCESS_DENIED")
    fails(cursor, f"SELECT * FROM '{folder}/%2e%2e/secret.csv'", "FILE_NOT_FOUND")
    fails(cursor, f"SELECT * FROM 's3://bucket/x.csv'", "ACCESS_DENIED")
    fails(cursor, f"SELECT * FROM 'http://127.0.0.1/x.csv'", "ACCESS_DENIED")
    fails(cursor, f"SELECT * FROM '{folder}/nul\x00.csv'", "")
    assert rows(cursor, f"SELECT * FROM '{folder}/inner.csv'") == [[7]]


def test_changed_files_are_seen(cursor, folder):
    path = folder / "changing.csv"
    for value in (1, 22, 333):
        path.write_text(f"a\n{value}\n")
        assert rows(cursor, f"SELECT a FROM '{path}'") == [[value]]
    path.unlink()
    fails(cursor, f"SELECT a FROM '{path}'", "FILE_NOT_FOUND")
