"""Training datasets, whole or by split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kelda.feature_view import quoted_column
from kelda.rows import Rows, quoted
from kelda.stream import BatchStream

if TYPE_CHECKING:
    from kelda.connection import Connection


class TrainingDataset:
    """A training dataset of a server, or one split of it."""

    def __init__(self, connection: "Connection", name: str, split: str | None = None):
        self._connection = connection
        self.name = name
        self._split = split

    def split(self, name: str) -> "TrainingDataset":
        """The rows of one split: `train`, `test`, …"""
        return TrainingDataset(self._connection, self.name, name)

    def columns(self) -> list[str]:
        """All columns but the one that says which split a row is in."""
        names = self._connection.sql(f"SELECT * FROM {quoted(self.name)} LIMIT 0").schema.names
        return [n for n in names if n != "split"]

    def query(self, columns: Sequence[str] | None = None, *, ordered: bool = False) -> str:
        """The query that reads it. `ordered`: by all its columns, so that the order is the same each time."""
        names = list(columns) if columns is not None else self.columns()
        chosen = ", ".join(quoted_column(c) for c in names)
        where = "" if self._split is None else " WHERE split = '" + self._split.replace("'", "''") + "'"
        order = f" ORDER BY {chosen}" if ordered else ""
        return f"SELECT {chosen} FROM {quoted(self.name)}{where}{order}"

    def rows(self, columns: Sequence[str] | None = None) -> Rows:
        return self._connection.sql(self.query(columns))

    def to_arrow(self) -> Any:
        return self.rows().to_arrow()

    def to_pandas(self) -> Any:
        return self.rows().to_pandas()

    def to_polars(self) -> Any:
        return self.rows().to_polars()

    def stream(
        self,
        batch_size: int,
        *,
        columns: Sequence[str] | None = None,
        shuffle_buffer: int = 0,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        drop_last: bool = False,
    ) -> BatchStream:
        """Batches of so many rows, straight from the server's Flight endpoints, as dicts of numpy arrays.

        `shuffle_buffer`: rows leave in random order out of so many that wait. `rank` of `world`: every `world`-th row,
        so that each process sees its share. `state_dict` and `load_state_dict` of the stream go on where it stopped:
        the rows come in one order each time.
        """
        return BatchStream(
            self._connection,
            self.query(columns, ordered=True),
            batch_size,
            shuffle_buffer=shuffle_buffer,
            seed=seed,
            rank=rank,
            world=world,
            drop_last=drop_last,
        )

    def to_torch(
        self,
        batch_size: int,
        *,
        columns: Sequence[str] | None = None,
        shuffle_buffer: int = 0,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        drop_last: bool = False,
    ) -> Any:
        """As `stream`, a `torch.utils.data.IterableDataset` of dicts of tensors; texts stay arrays. Needs torch.

        Use it as it is, or in a `DataLoader(dataset, batch_size=None)`: its workers share the rows.
        """
        from kelda.torch import TorchStream

        return TorchStream(
            self.stream(
                batch_size,
                columns=columns,
                shuffle_buffer=shuffle_buffer,
                seed=seed,
                rank=rank,
                world=world,
                drop_last=drop_last,
            )
        )

    def __repr__(self) -> str:
        return f"TrainingDataset({self.name}{', ' + self._split if self._split else ''})"
