"""Flight alone: 100 MB of Arrow into pyarrow beside a pyarrow server with the same batches, and a prepared SELECT 1."""

import multiprocessing
import statistics
import time

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.flight as pf
import pyarrow.parquet as pq

ROWS = 3_125_000  # four columns of eight bytes: 100 MB
ROUNDS = 9


class _Batches(pf.FlightServerBase):
    def __init__(self, path):
        super().__init__("grpc://127.0.0.1:0")
        self._table = pq.read_table(path)

    def do_get(self, _context, _ticket):
        return pf.RecordBatchStream(self._table)


def _serve(path, pipe):
    server = _Batches(path)
    pipe.send(server.port)
    server.serve()


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
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(path, theirs), daemon=True)
    process.start()
    try:
        plain = pf.connect(f"grpc://127.0.0.1:{ours.recv()}")
        with flightsql.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            kelda = pf.connect(uri)

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
    finally:
        process.kill()
        process.join()
    megabytes = table.nbytes / 1e6
    speeds = {name: megabytes / statistics.median(seconds) for name, seconds in times.items()}
    for name, speed in speeds.items():
        print(f"{megabytes:.0f} MB over Flight, {name}: median {speed:.0f} MB/s", flush=True)
    kelda_speed, plain_speed = speeds.values()
    print(f"ratio: {kelda_speed / plain_speed:.2f} of pyarrow's server", flush=True)


def latency(uri, rounds=500):
    """Milliseconds of a prepared SELECT 1 through ADBC: execute and read the row."""
    with flightsql.connect(uri, autocommit=True) as connection:
        statement = connection.adbc_connection
        import adbc_driver_manager as manager

        times = []
        with manager.AdbcStatement(statement) as prepared:
            prepared.set_sql_query("SELECT 1")
            prepared.prepare()
            for round_ in range(rounds * 2):
                start = time.perf_counter()
                stream, _ = prepared.execute_query()
                pa.RecordBatchReader._import_from_c(stream.address).read_all()
                if round_ >= rounds:
                    times.append((time.perf_counter() - start) * 1000)
        print(f"prepared SELECT 1 through ADBC: median {statistics.median(times):.2f} ms", flush=True)


def flight(uri, scratch):
    latency(uri)
    throughput(uri, scratch)
