"""The connection: SQL over ADBC, features over Flight."""

from __future__ import annotations

import base64
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.flight as flight
from adbc_driver_flightsql import DatabaseOptions

from kelda.dataset import TrainingDataset
from kelda.feature_view import FeatureView
from kelda.rows import Rows, as_table, quoted


def connect(
    uri: str = "grpc://127.0.0.1:8815",
    *,
    user: str | None = None,
    password: str | None = None,
    tls_roots: str | bytes | None = None,
) -> "Connection":
    """Connects to a server.

    `uri` is `grpc://host:port`, or `grpc+tls://host:port`; `tls_roots` are certificates (PEM) that the system does not trust.
    """
    return Connection(uri, user=user, password=password, tls_roots=tls_roots)


class Connection:
    """A session with a server. Statements of several threads wait for each other; close it, or use it in `with`."""

    def __init__(
        self,
        uri: str,
        *,
        user: str | None = None,
        password: str | None = None,
        tls_roots: str | bytes | None = None,
    ):
        self.uri = uri
        roots = tls_roots.encode() if isinstance(tls_roots, str) else tls_roots
        options = {}
        if user is not None:
            options["username"], options["password"] = user, password or ""
        if roots is not None:
            options[DatabaseOptions.TLS_ROOT_CERTS.value] = roots.decode()
        self._adbc = flightsql.connect(uri, db_kwargs=options, autocommit=True)
        self._flight = flight.FlightClient(uri.replace("grpc://", "grpc+tcp://"), **({"tls_root_certs": roots} if roots else {}))
        self._headers: list[tuple[bytes, bytes]] = []
        if user is not None:
            basic = base64.b64encode(f"{user}:{password or ''}".encode())
            self._headers = [(b"authorization", b"Basic " + basic)]
        self._lock = threading.Lock()
        self._views: weakref.WeakSet[FeatureView] = weakref.WeakSet()

    def sql(self, text: str, parameters: Sequence[Any] | None = None) -> Rows:
        """Runs one statement; `?` in it stand for the parameters. A statement without rows gives none."""
        with self._lock:
            cursor = self._adbc.cursor()
            try:
                cursor.execute(text, parameters)
                reader = cursor.fetch_record_batch()
            except BaseException:
                cursor.close()
                raise
        return Rows(_closing(reader, cursor))

    def execute(self, text: str, parameters: Sequence[Any] | None = None) -> int:
        """Runs one statement to its end: rows written, or read."""
        with self._lock, self._adbc.cursor() as cursor:
            cursor.execute(text, parameters)
            rows = cursor.fetch_arrow_table().num_rows
            return cursor.rowcount if cursor.rowcount > 0 else rows

    def write(self, table: str, data: Any, *, mode: str = "append") -> int:
        """Writes Arrow, pandas or Polars rows into a table; `mode` is append, create, replace or create_append."""
        parts = [p.strip('"').replace('""', '"') for p in quoted(table).split('"."')]
        place: dict[str, str] = {}
        if len(parts) == 3:
            place["catalog_name"] = parts[0]
        if len(parts) >= 2:
            place["db_schema_name"] = parts[-2]
        rows = as_table(data)
        if rows.num_rows == 0:  # without a batch the driver would not even send the columns
            rows = pa.RecordBatch.from_pylist([], rows.schema)
        with self._lock, self._adbc.cursor() as cursor:
            return cursor.adbc_ingest(parts[-1], rows, mode=mode, **place)

    def feature_view(self, name: str) -> FeatureView:
        """A feature view; `name@2` is its second version."""
        view = FeatureView(self, name)
        self._views.add(view)
        return view

    def training_dataset(self, name: str) -> TrainingDataset:
        return TrainingDataset(self, name)

    @property
    def flight(self) -> flight.FlightClient:
        """The Flight client, for calls that this class has no method for."""
        return self._flight

    def call_options(self, timeout: float | None = None) -> flight.FlightCallOptions:
        """Who calls, for calls of the Flight client."""
        return flight.FlightCallOptions(headers=self._headers, timeout=timeout)

    def close(self) -> None:
        for view in list(self._views):
            view.close()
        self._flight.close()
        self._adbc.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _closing(reader: pa.RecordBatchReader, cursor: Any) -> pa.RecordBatchReader:
    def batches() -> Any:
        try:
            yield from reader
        finally:
            cursor.close()

    return pa.RecordBatchReader.from_batches(reader.schema, batches())
