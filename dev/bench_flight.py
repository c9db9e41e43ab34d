"""Flight alone, beside pyarrow servers that do nothing else: 100 MB of Arrow, and a prepared SELECT 1 through ADBC."""

import contextlib
import multiprocessing
import statistics
import time

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager as manager
import pyarrow as pa
import pyarrow.flight as pf
import pyarrow.parquet as pq

ROWS = 3_125_000  # four columns of eight bytes: 100 MB
ROUNDS = 9


class _Batches(pf.FlightServerBase):
    """Serves one Parquet file, read before."""

    def __init__(self, path):
        super().__init__("grpc://127.0.0.1:0")
        self._table = pq.read_table(path)

    def do_get(self, _context, _ticket):
        return pf.RecordBatchStream(self._table)


class _OneRow(pf.FlightServerBase):
    """As much of Flight SQL as ADBC's client needs to prepare a statement, whose answer is always the same row."""

    ROW = pa.table({"EXPR$0": pa.array([1], pa.int32())})
    INFO_VALUES = [pa.string(), pa.bool_(), pa.int64(), pa.int32(), pa.list_(pa.string()), pa.map_(pa.int32(), pa.list_(pa.int32()))]
    INFO = pa.schema([
        pa.field("info_name", pa.uint32(), nullable=False),
        pa.field("value", pa.dense_union([pa.field(str(i), t) for i, t in enumerate(INFO_VALUES)]), nullable=False),
    ])

    def __init__(self, _path):
        super().__init__("grpc://127.0.0.1:0")

    def do_action(self, _context, action):
        if action.type == "CreatePreparedStatement":
            result = b"type.googleapis.com/arrow.flight.protocol.sql.ActionCreatePreparedStatementResult"
            yield _field(1, result) + _field(2, _field(1, b"handle"))

    def get_flight_info(self, _context, descriptor):
        asked = b"info" if b"GetSqlInfo" in descriptor.command else b"row"
        schema = self.INFO if asked == b"info" else self.ROW.schema
        return pf.FlightInfo(schema, descriptor, [pf.FlightEndpoint(asked, [])], -1, -1)

    def do_get(self, _context, ticket):
        return pf.GeneratorStream(self.INFO, iter(())) if ticket.ticket == b"info" else pf.RecordBatchStream(self.ROW)


def _field(number, content):
    """A field of bytes of a protobuf message, shorter than 128."""
    return bytes([number << 3 | 2, len(content)]) + content


def _serve(kind, path, pipe):
    server = kind(path)
    pipe.send(server.port)
    server.serve()


@contextlib.contextmanager
def served(kind, path=None):
    """The address of a pyarrow server in a process of its own; `kind` is its class, made with the path."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(kind, path, theirs), daemon=True)
    process.start()
    try:
        yield f"grpc://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def _table():
    numbers = pa.array(range(ROWS), pa.int64())
    halves = numbers.cast(pa.float64())
    return pa.table({"a": numbers, "b": halves, "c": numbers, "d": halves})


def _seconds(read):
    start = time.perf_counter()
    rows = read()
    seconds = time.perf_counter() - start
    assert rows == ROWS, rows
    return seconds


def _count(reader):
    rows = 0
    while True:
        try:
            rows += reader.read_chunk().data.num_rows
        except StopIteration:
            return rows


def throughput(uri, scratch):
    """MB/s of Kelda and of pyarrow's own server, in turns. The files are in the page cache."""
    path = f"{scratch}/numbers.parquet"
    table = _table()
    pq.write_table(table, path, compression="none", use_dictionary=False, row_group_size=500_000)
    with served(_Batches, path) as address, flightsql.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        plain, kelda = pf.connect(address), pf.connect(uri)

        def from_kelda():
            partitions, _ = cursor.adbc_execute_partitions(f"SELECT * FROM '{path}'")
            info = pf.FlightInfo.deserialize(partitions[0])
            return _count(kelda.do_get(info.endpoints[0].ticket))

        def from_pyarrow():
            return _count(plain.do_get(pf.Ticket(b"")))

        reads = {"Kelda (from Parquet)": from_kelda, "pyarrow server (from memory)": from_pyarrow}
        times = {name: [] for name in reads}
        for round_ in range(ROUNDS + 1):
            for name, read in reads.items():
                seconds = _seconds(read)
                if round_:
                    times[name].append(seconds)
    megabytes = table.nbytes / 1e6
    speeds = {name: megabytes / statistics.median(seconds) for name, seconds in times.items()}
    for name, speed in speeds.items():
        print(f"{megabytes:.0f} MB over Flight, {name}: median {speed:.0f} MB/s", flush=True)
    kelda_speed, plain_speed = speeds.values()
    print(f"ratio: {kelda_speed / plain_speed:.2f} of pyarrow's server", flush=True)


def _millis(prepared):
    start = time.perf_counter()
    stream, _ = prepared.execute_query()
    rows = pa.RecordBatchReader._import_from_c(stream.address).read_all().num_rows
    assert rows == 1, rows
    return (time.perf_counter() - start) * 1000


def latency(uri, rounds=2000):
    """Milliseconds of a prepared SELECT 1 through ADBC, execute and read the row, in turns with a server that does nothing.

    The JVM still compiles during the first half, which is told apart.
    """
    with (
        served(_OneRow) as address,
        flightsql.connect(uri, autocommit=True) as kelda,
        flightsql.connect(address, autocommit=True) as plain,
        manager.AdbcStatement(kelda.adbc_connection) as ours,
        manager.AdbcStatement(plain.adbc_connection) as theirs,
    ):
        for statement in (ours, theirs):
            statement.set_sql_query("SELECT 1")
            statement.prepare()
        times = [(_millis(ours), _millis(theirs)) for _ in range(rounds * 2)]
    for what, part in (("first", times[:rounds]), ("next", times[rounds:])):
        kelda, plain = (statistics.median(side) for side in zip(*part))
        print(
            f"prepared SELECT 1 through ADBC, {what} {rounds}: median {kelda:.2f} ms, "
            f"pyarrow server with a ready row {plain:.2f}: {kelda / plain:.2f} x",
            flush=True,
        )


def flight(uri, scratch):
    latency(uri)
    throughput(uri, scratch)
