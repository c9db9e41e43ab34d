"""Results, and the kinds of tables that are taken as arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas
    import polars


class Rows:
    """The rows of a query: read as they come, once, or all at once, as often as wanted."""

    def __init__(self, source: pa.RecordBatchReader | pa.Table):
        self._table = source if isinstance(source, pa.Table) else None
        self._reader = None if isinstance(source, pa.Table) else source
        self.schema: pa.Schema = source.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows batch by batch, without keeping them: only the first call gets them."""
        if self._table is not None:
            yield from self._table.to_batches()
            return
        reader, self._reader = self._reader, None
        if reader is None:
            raise RuntimeError("these rows were read already; to_arrow() keeps them")
        yield from reader

    def to_arrow(self) -> pa.Table:
        if self._table is None:
            self._table = pa.Table.from_batches(self.batches(), self.schema)
        return self._table

    def to_pandas(self, **options: Any) -> "pandas.DataFrame":
        return self.to_arrow().to_pandas(**options)

    def to_polars(self) -> "polars.DataFrame":
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)
        return frame

    def to_pylist(self) -> list[dict[str, Any]]:
        return self.to_arrow().to_pylist()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return self.to_arrow().num_rows

    def __repr__(self) -> str:
        return f"Rows({', '.join(f'{f.name}: {f.type}' for f in self.schema)})"


def as_table(data: Any) -> pa.Table:
    """An Arrow table of anything that is one: Arrow, pandas, Polars, a dict of columns, a list of rows."""
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pa.RecordBatchReader):
        return data.read_all()
    if isinstance(data, Rows):
        return data.to_arrow()
    if isinstance(data, Mapping):
        return pa.table({name: _column(values) for name, values in data.items()})
    if hasattr(data, "iloc"):
        return pa.Table.from_pandas(data, preserve_index=False)
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if isinstance(data, Sequence) and all(isinstance(row, Mapping) for row in data):
        return pa.Table.from_pylist(list(data))
    raise TypeError(f"not a table: {type(data).__name__}; give Arrow, pandas, Polars, a dict of columns or a list of dicts")


def _column(values: Any) -> Any:
    one = isinstance(values, (str, bytes)) or not hasattr(values, "__iter__")
    return [values] if one else values


def quoted(name: str) -> str:
    """A name as it stands in SQL; dots part catalog, schema and table, unless in double quotes."""
    parts, part, inside = [], "", False
    for c in name:
        if c == '"':
            inside = not inside
        elif c == "." and not inside:
            parts.append(part)
            part = ""
        else:
            part += c
    parts.append(part)
    return ".".join('"' + p.replace('"', '""') + '"' for p in parts)
