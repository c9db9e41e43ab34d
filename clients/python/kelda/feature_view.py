"""Feature views: as they were, as they are now, and new rows for them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.flight as flight

from kelda.rows import Rows, as_table, quoted

if TYPE_CHECKING:
    from kelda.connection import Connection

_ROW = "$row"


class FeatureView:
    """A feature view of a server. Thread-safe."""

    def __init__(self, connection: "Connection", name: str):
        self._connection = connection
        self.name = name
        self._exchanges: dict[tuple[str, ...], _Exchange] = {}
        self._lock = threading.Lock()

    def describe(self) -> pa.Table:
        """Its columns: name, type, role (key, event time, known at, feature) and sources."""
        return self._connection.sql(f"DESCRIBE FEATURE VIEW {quoted(self.name)}").to_arrow()

    @property
    def keys(self) -> list[str]:
        """The columns of its key."""
        return [c["column_name"] for c in self.describe().to_pylist() if c["role"] == "key"]

    def historical(self, entities: Any, at: str = "event_timestamp", *, features: Sequence[str] | None = None) -> Rows:
        """The rows of `entities`, in their order, with the features as they were known at the instant in column `at`.

        `entities` has the view's key columns, the instants, and whatever else shall stay beside them: labels, ids.
        `features` names the wanted columns; without, all that are not of the key.
        """
        spine = as_table(entities)
        columns = self.describe().to_pylist()
        keys = [c["column_name"] for c in columns if c["role"] == "key"]
        wanted = list(features) if features is not None else [c["column_name"] for c in columns if c["role"] != "key"]
        for missing in [c for c in [*keys, at] if c not in spine.column_names]:
            raise KeyError(f"the entities have no column {missing!r}; they have {spine.column_names}")
        spine = spine.append_column(_ROW, pa.array(range(spine.num_rows), pa.int64()))
        table = f"spine_{uuid.uuid4().hex}"
        self._connection.write(table, spine, mode="create")
        try:
            given = ", ".join(f'e.{quoted_column(c)}' for c in spine.column_names if c != _ROW)
            found = "".join(f', f.{quoted_column(c)} AS {quoted_column(self._free(c, spine.column_names))}' for c in wanted)
            on = " AND ".join(f"e.{quoted_column(k)} = f.{quoted_column(k)}" for k in keys) or "TRUE"
            sql = (
                f"SELECT {given}{found} FROM {quoted(table)} AS e LEFT JOIN {quoted(self.name)} AS OF e.{quoted_column(at)} AS f"
                f" ON {on} ORDER BY e.{quoted_column(_ROW)}"
            )
            return Rows(self._connection.sql(sql).to_arrow())
        finally:
            self._connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")

    def _free(self, column: str, taken: Sequence[str]) -> str:
        return column if column not in taken else f"{self.name.rsplit('.', 1)[-1]}__{column}"

    def online(self, keys: Any, *, features: Sequence[str] | None = None) -> Rows:
        """The latest features of the keys: a row for each, in their order, NULL where there is nothing.

        `keys` has the view's key columns: a dict of columns, a list of dicts, Arrow, pandas, Polars.
        """
        path = tuple([self.name] if features is None else [f"{self.name}:{f}" for f in features])
        table = as_table(keys)
        with self._lock:
            for attempt in (1, 2):
                exchange = self._exchanges.get(path)
                if exchange is None or exchange.schema != table.schema:
                    if exchange is not None:
                        exchange.close()
                    exchange = self._exchanges[path] = _Exchange(self._connection, path, table.schema)
                try:
                    return Rows(exchange.call(table))
                except (flight.FlightError, pa.ArrowException, StopIteration) as error:
                    del self._exchanges[path]
                    fresh = exchange.calls <= 1
                    exchange.abandon()
                    if fresh or attempt == 2 or not _is_lost(error):
                        raise
        raise AssertionError("unreachable")

    def push(self, rows: Any) -> int:
        """Adds rows: when this returns they are on disk and online, and soon in the offline table. How many."""
        return self._connection.write(self.name, rows, mode="append")

    def refresh(self) -> None:
        """Brings the offline table and the online store up to date with the view's sources."""
        self._connection.execute(f"REFRESH FEATURE VIEW {quoted(self.name)}")

    def close(self) -> None:
        """Ends the streams of `online`; the next call opens another one. The connection does so when it is closed."""
        with self._lock:
            while self._exchanges:
                self._exchanges.popitem()[1].abandon()

    def __repr__(self) -> str:
        return f"FeatureView({self.name})"


def quoted_column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_lost(error: Exception) -> bool:
    """Whether the stream is gone, so that another one may do."""
    return isinstance(error, (flight.FlightUnavailableError, flight.FlightCancelledError, StopIteration))


class _Exchange:
    """One stream of key batches out and feature batches in."""

    def __init__(self, connection: "Connection", path: Sequence[str], schema: pa.Schema):
        self.schema = schema
        self.calls = 0
        descriptor = flight.FlightDescriptor.for_path("online", *path)
        self._writer, self._reader = connection.flight.do_exchange(descriptor, connection.call_options())
        self._writer.begin(schema)

    def call(self, table: pa.Table) -> pa.Table:
        self.calls += 1
        batches = table.combine_chunks().to_batches()
        answers = []
        for batch in batches:
            self._writer.write_batch(batch)
            answers.append(self._reader.read_chunk().data)
        return pa.Table.from_batches(answers, self._reader.schema)

    def close(self) -> None:
        self._writer.done_writing()
        self._writer.close()

    def abandon(self) -> None:
        try:
            self.close()
        except (flight.FlightError, pa.ArrowException):
            pass  # it has failed already
