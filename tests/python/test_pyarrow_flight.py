"""Plain pyarrow.flight, without a Flight SQL library, and what a hostile client may try."""

import pyarrow as pa
import pyarrow.flight as flight
import pytest


@pytest.fixture
def client(server):
    with flight.connect(server.uri.replace("grpc://", "grpc+tcp://")) as client:
        yield client


def rows(client, sql):
    info = client.get_flight_info(flight.FlightDescriptor.for_command(sql))
    return [row for endpoint in info.endpoints for row in client.do_get(endpoint.ticket).read_all().to_pylist()]


def test_sql_text_as_a_command(client):
    assert rows(client, "SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a") == [{"a": 1}, {"a": 2}]


def test_large_results_come_in_small_batches(client, tpch_folder):
    info = client.get_flight_info(
        flight.FlightDescriptor.for_command(f"SELECT l_orderkey, l_comment FROM '{tpch_folder}/lineitem.parquet'")
    )
    count = 0
    for chunk in client.do_get(info.endpoints[0].ticket):
        assert 0 < chunk.data.nbytes < 16 << 20
        count += chunk.data.num_rows
    assert count == 600_572


def test_tampered_ticket_is_refused(client):
    info = client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1"))
    ticket = bytearray(info.endpoints[0].ticket.ticket)
    ticket[len(ticket) // 2] ^= 1
    with pytest.raises(Exception):
        client.do_get(flight.Ticket(bytes(ticket))).read_all()
    assert rows(client, "SELECT 2 AS a") == [{"a": 2}]


@pytest.mark.parametrize("command", [b"", b"\x00" * 100, b"\xff\xfe", b"\x0a\x05abc", b"SELECT", b"(" * 5000])
def test_strange_commands_are_errors(client, command):
    with pytest.raises(pa.ArrowException):
        client.get_flight_info(flight.FlightDescriptor.for_command(command))
    assert rows(client, "SELECT 3 AS a") == [{"a": 3}]


def test_closing_early_stops_the_query(client, tpch_folder):
    info = client.get_flight_info(
        flight.FlightDescriptor.for_command(
            f"SELECT a.l_comment FROM '{tpch_folder}/lineitem.parquet' a, '{tpch_folder}/lineitem.parquet' b"
        )
    )
    reader = client.do_get(info.endpoints[0].ticket)
    next(iter(reader))
    reader.cancel()
    assert rows(client, "SELECT 4 AS a") == [{"a": 4}]


DEEP = {
    "10,000 terms": "SELECT " + " + ".join(["1"] * 10_000),
    "10,000 ORs": "SELECT 1 WHERE " + " OR ".join(f"{n} = 1" for n in range(10_000)),
    "1,000 parentheses": "SELECT " + "(" * 1000 + "1" + ")" * 1000,
    "1,000 functions": "SELECT " + "ABS(" * 1000 + "1" + ")" * 1000,
    "1,000 sub-queries": "SELECT * FROM " + "(SELECT * FROM " * 1000 + "(VALUES (1)) AS v (a)" + ") AS t" * 1000,
    "1 MB literal": "SELECT LENGTH('" + "x" * (1 << 20) + "')",
    "900 kB literal": "SELECT LENGTH('" + "x" * 900_000 + "') AS n",
    "100,000 in a list": "SELECT 1 WHERE 5 IN (" + ", ".join(map(str, range(100_000))) + ")",
    "2,000 columns": "SELECT " + ", ".join(f"{n} AS c{n}" for n in range(2000)),
    "500 CTEs": "WITH " + ", ".join(f"t{n} AS (SELECT {n} AS a)" for n in range(500)) + " SELECT * FROM t499",
    "1,000 unions": " UNION ALL ".join(["SELECT 1 AS a"] * 1000),
    "nested CASE": "SELECT " + "CASE WHEN TRUE THEN " * 400 + "1" + " END" * 400,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_huge_statements_never_kill_the_server(client, name):
    try:
        rows(client, DEEP[name])
    except pa.ArrowException as error:
        assert "INTERNAL_ERROR" not in str(error), str(error)[:300]
    assert rows(client, "SELECT 5 AS a") == [{"a": 5}]
