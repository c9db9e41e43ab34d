"""The protocol by its bytes: Flight SQL's messages made by hand and sent with plain pyarrow."""

import time

import pyarrow as pa
import pyarrow.flight as flight
import pytest

CANCELLED = (pa.ArrowException, KeyboardInterrupt)  # pyarrow makes the second of a stream that the server cancelled
PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """A protobuf field: bytes and text by length, integers and flags as varints."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(int(value))


def message(name, *fields):
    body = b"".join(field(number, value) for number, value in fields)
    return field(1, PREFIX + name) + field(2, body)


def fields(data):
    """Number to values of a message's fields."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = number()
        value = number()
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        found.setdefault(tag >> 3, []).append(value)
    return found


@pytest.fixture
def client(server):
    with flight.connect(server.uri) as client:
        yield client


def info(client, name, *parts):
    return client.get_flight_info(flight.FlightDescriptor.for_command(message(name, *parts)))


def read(client, name, *parts):
    told = info(client, name, *parts)
    assert len(told.endpoints) == 1
    table = client.do_get(told.endpoints[0].ticket).read_all()
    assert told.schema == table.schema, "what was announced is what comes"
    return table


def sql(client, text):
    return read(client, "CommandStatementQuery", (1, text)).to_pylist()


def action(client, kind, body):
    return [bytes(result.body) for result in client.do_action(flight.Action(kind, body))]


def text(name, nullable=True):
    return pa.field(name, pa.string(), nullable)


SCHEMAS = {
    "CommandGetCatalogs": [text("catalog_name", False)],
    "CommandGetDbSchemas": [text("catalog_name"), text("db_schema_name", False)],
    "CommandGetTableTypes": [text("table_type", False)],
    "CommandGetTables": [
        text("catalog_name"),
        text("db_schema_name"),
        text("table_name", False),
        text("table_type", False),
    ],
    "CommandGetPrimaryKeys": [
        text("catalog_name"),
        text("db_schema_name"),
        text("table_name", False),
        text("column_name", False),
        pa.field("key_sequence", pa.int32(), False),
        text("key_name"),
    ],
}
KEYS = [
    text("pk_catalog_name"), text("pk_db_schema_name"), text("pk_table_name", False), text("pk_column_name", False),
    text("fk_catalog_name"), text("fk_db_schema_name"), text("fk_table_name", False), text("fk_column_name", False),
    pa.field("key_sequence", pa.int32(), False), text("fk_key_name"), text("pk_key_name"),
    pa.field("update_rule", pa.uint8(), False), pa.field("delete_rule", pa.uint8(), False),
]  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_of_metadata(client, name):
    parts = [(3, "t")] if name == "CommandGetPrimaryKeys" else []
    assert list(read(client, name, *parts).schema) == SCHEMAS[name]


@pytest.mark.parametrize("name", ["CommandGetImportedKeys", "CommandGetExportedKeys", "CommandGetCrossReference"])
def test_schemas_of_keys(client, name):
    parts = [(3, "t")] + ([(6, "u")] if name == "CommandGetCrossReference" else [])
    table = read(client, name, *parts)
    assert list(table.schema) == KEYS and table.num_rows == 0


def test_tables_with_their_columns(client):
    sql(client, "CREATE TABLE IF NOT EXISTS shown (a INTEGER NOT NULL, b DECIMAL(7, 2), c TIMESTAMP)")
    table = read(client, "CommandGetTables", (1, "lake"), (2, "m%"), (3, "sho__"), (4, "TABLE"), (5, True))
    assert table.schema.names == ["catalog_name", "db_schema_name", "table_name", "table_type", "table_schema"]
    [row] = table.to_pylist()
    assert (row["catalog_name"], row["db_schema_name"], row["table_name"], row["table_type"]) == (
        "lake", "main", "shown", "TABLE",
    )  # fmt: skip
    columns = pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))
    assert columns.names == ["a", "b", "c"]
    assert [c.nullable for c in columns] == [False, True, True]
    assert columns.field("b").metadata[b"ARROW:FLIGHT:SQL:PRECISION"] == b"7"
    assert columns.field("b").metadata[b"ARROW:FLIGHT:SQL:SCALE"] == b"2"
    assert columns.field("b").metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"] == b"DECIMAL"
    assert read(client, "CommandGetTables", (1, "no such catalog")).num_rows == 0
    assert read(client, "CommandGetTables", (3, "shown"), (4, "VIEW")).num_rows == 0


def test_type_info(client):
    table = read(client, "CommandGetXdbcTypeInfo")
    assert table.schema.names[:3] == ["type_name", "data_type", "column_size"] and len(table.schema) == 19
    names = table.column("type_name").to_pylist()
    assert {"BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "VARCHAR", "DATE", "TIMESTAMP"} <= set(names)
    [integer] = read(client, "CommandGetXdbcTypeInfo", (1, 4)).to_pylist()
    assert integer["type_name"] == "INTEGER"


def test_sql_info(client):
    rows = {row["info_name"]: row["value"] for row in read(client, "CommandGetSqlInfo").to_pylist()}
    assert rows[0] == "Kelda" and rows[3] is False
    assert rows[4] is True, "SQL"
    assert rows[5] is False, "Substrait"
    assert rows[8] == 0, "no transactions"
    assert rows[9] is True, "cancel"
    assert rows[10] is True and rows[11] is False, "bulk ingestion, not in transactions"
    assert rows[504] == '"'
    assert len(rows) >= 65
    [one] = read(client, "CommandGetSqlInfo", (1, b"\x00")).to_pylist()
    assert one["value"] == "Kelda"


def prepare(client, text):
    [body] = action(client, "CreatePreparedStatement", message("ActionCreatePreparedStatementRequest", (1, text)))
    result = fields(fields(body)[2][0])
    return result[1][0], result.get(2, [b""])[0], result.get(3, [b""])[0]


def test_prepared_statements(client):
    handle, rows, parameters = prepare(client, "SELECT CAST(? AS INTEGER) + 1 AS n, ? || 'x' AS s")
    assert pa.ipc.read_schema(pa.py_buffer(rows)) == pa.schema([("n", pa.int32()), ("s", pa.string())])
    assert len(pa.ipc.read_schema(pa.py_buffer(parameters))) == 2
    command = message("CommandPreparedStatementQuery", (1, handle))
    with pytest.raises(pa.ArrowException, match="WRONG_PARAMETERS"):
        client.get_flight_info(flight.FlightDescriptor.for_command(command))
    for number in (1, 2):
        bound = pa.record_batch({"0": pa.array([number], pa.int64()), "1": [f"v{number}"]})
        writer, reader = client.do_put(flight.FlightDescriptor.for_command(command), bound.schema)
        writer.write_batch(bound)
        writer.done_writing()
        reader.read()
        writer.close()
        told = client.get_flight_info(flight.FlightDescriptor.for_command(command))
        assert client.do_get(told.endpoints[0].ticket).read_all().to_pylist() == [{"n": number + 1, "s": f"v{number}x"}]
    action(client, "ClosePreparedStatement", message("ActionClosePreparedStatementRequest", (1, handle)))
    with pytest.raises(pa.ArrowException, match="INVALID_TICKET"):
        client.get_flight_info(flight.FlightDescriptor.for_command(command))


def test_prepared_updates_have_no_rows(client):
    _, rows, _ = prepare(client, "CREATE TABLE never_made (a INTEGER)")
    assert rows == b""


def test_a_ticket_is_good_again_until_it_expires(client):
    told = info(client, "CommandStatementQuery", (1, "SELECT 1 AS a"))
    endpoint = told.endpoints[0]
    left = endpoint.expiration_time.as_py().timestamp() - time.time()
    assert 60 < left < 3600
    assert [client.do_get(endpoint.ticket).read_all().num_rows for _ in range(3)] == [1, 1, 1]
    renewed = client.renew_flight_endpoint(endpoint) if hasattr(client, "renew_flight_endpoint") else None
    if renewed:
        assert client.do_get(renewed.ticket).read_all().num_rows == 1


def test_cancelled_tickets_are_refused(client):
    told = info(client, "CommandStatementQuery", (1, "SELECT 1 AS a"))
    [body] = action(client, "CancelFlightInfo", field(1, told.serialize()))
    assert fields(body)[1] == [1], "cancelled"
    with pytest.raises(CANCELLED):
        client.do_get(told.endpoints[0].ticket).read_all()


def test_a_running_query_is_cancelled(client, server, tpch_folder):
    big = f"SELECT a.l_comment FROM '{tpch_folder}/lineitem.parquet' a, '{tpch_folder}/lineitem.parquet' b"
    told = info(client, "CommandStatementQuery", (1, big))
    reader = client.do_get(told.endpoints[0].ticket)
    reader.read_chunk()
    with flight.connect(server.uri) as other:
        [body] = action(other, "CancelFlightInfo", field(1, told.serialize()))
    assert fields(body)[1][0] in (1, 2), "cancelled or cancelling"
    with pytest.raises(CANCELLED):
        reader.read_all()


def test_sessions(client):
    # a map entry: name, then an option value with a text (field 1)
    options = field(1, field(1, "time_zone") + field(2, field(1, "Asia/Tokyo")))
    assert action(client, "SetSessionOptions", options) in ([b""], [])
    [body] = action(client, "GetSessionOptions", b"")
    seen = {fields(entry)[1][0]: fields(entry)[2][0] for entry in fields(body)[1]}
    assert fields(seen[b"time_zone"])[1] == [b"Asia/Tokyo"]
    assert fields(seen[b"catalog"])[1] == [b"lake"]
    [body] = action(client, "SetSessionOptions", field(1, field(1, "no_such") + field(2, field(1, "x"))))
    assert fields(body)[1], "an error for the unknown name"
    [body] = action(client, "CloseSession", b"")
    assert fields(body)[1] == [1], "closed"


@pytest.mark.parametrize("kind", ["BeginTransaction", "EndTransaction", "BeginSavepoint", "EndSavepoint", "NoSuchAction"])
def test_actions_that_are_not_there(client, kind):
    with pytest.raises((pa.ArrowException, NotImplementedError), match="not supported"):
        action(client, kind, message(f"Action{kind}Request"))


def ingest(client, table, rows, missing=0, exists=0, **options):
    """Definition options: 1 if_not_exist (1 create, 2 fail), 2 if_exists (1 fail, 2 append, 3 replace)."""
    parts = [(1, field(1, missing) + field(2, exists)), (2, table)]
    parts += [(5, True)] if options.get("temporary") else []
    parts += [(6, b"tx")] if options.get("transaction") else []
    writer, reader = client.do_put(
        flight.FlightDescriptor.for_command(message("CommandStatementIngest", *parts)), rows.schema
    )
    with writer:
        writer.write_table(rows)
        writer.done_writing()
        return fields(reader.read().to_pybytes())[1][0]


def test_ingest_modes(client):
    rows = pa.table({"a": [1, 2, 3]})
    count = "SELECT COUNT(*) AS n FROM ingest_modes"
    with pytest.raises(pa.ArrowException, match="TABLE_NOT_FOUND"):
        ingest(client, "ingest_modes", rows, missing=2, exists=2)
    assert ingest(client, "ingest_modes", rows, missing=1, exists=1) == 3
    with pytest.raises(pa.ArrowException, match="TABLE_EXISTS"):
        ingest(client, "ingest_modes", rows, missing=1, exists=1)
    assert ingest(client, "ingest_modes", rows, missing=1, exists=2) == 3
    assert sql(client, count) == [{"n": 6}]
    assert ingest(client, "ingest_modes", rows, missing=1, exists=3) == 3
    assert sql(client, count) == [{"n": 3}]
    with pytest.raises((pa.ArrowException, NotImplementedError), match="temporary"):
        ingest(client, "ingest_temporary", rows, missing=1, temporary=True)
    with pytest.raises((pa.ArrowException, NotImplementedError), match="transactions"):
        ingest(client, "ingest_tx", rows, missing=1, transaction=True)
    with pytest.raises(pa.ArrowException):
        ingest(client, "ingest_modes", pa.table({"b": ["x"]}), missing=1, exists=2)
    assert sql(client, count) == [{"n": 3}]


def test_malformed_messages_are_errors(client):
    for command in (
        message("CommandNoSuch"),
        message("CommandStatementSubstraitPlan", (1, b"x")),
        field(1, PREFIX + "CommandStatementQuery") + field(2, b"\xff\xff\xff"),
        message("CommandStatementQuery", (1, "SELECT 1"), (2, b"tx")),
        message("CommandPreparedStatementQuery", (1, b"nothing")),
        message("CommandStatementUpdate", (1, "SELECT 1")),
    ):
        with pytest.raises((pa.ArrowException, NotImplementedError)) as caught:
            client.get_flight_info(flight.FlightDescriptor.for_command(command))
        assert "INTERNAL_ERROR" not in str(caught.value)
    with pytest.raises((pa.ArrowException, NotImplementedError)):
        client.get_flight_info(flight.FlightDescriptor.for_path("a", "b"))
    for body in (b"", b"\xff" * 20, message("ActionCreatePreparedStatementRequest", (1, "SELECT FROM"))):
        with pytest.raises(pa.ArrowException) as caught:
            action(client, "CreatePreparedStatement", body)
        assert "INTERNAL_ERROR" not in str(caught.value)
    assert sql(client, "SELECT 1 AS a") == [{"a": 1}]
