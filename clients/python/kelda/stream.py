"""Rows of a query as batches of one size, shuffled, shared among processes, resumable."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.flight as flight

if TYPE_CHECKING:
    import numpy

    from kelda.connection import Connection


class BatchStream:
    """Each iteration is an epoch: all rows of this rank once, in an order that depends on seed and epoch alone."""

    def __init__(
        self,
        connection: "Connection",
        query: str,
        batch_size: int,
        *,
        shuffle_buffer: int = 0,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        drop_last: bool = False,
    ):
        if batch_size < 1 or shuffle_buffer < 0 or not 0 <= rank < world:
            raise ValueError(f"batch_size {batch_size}, shuffle_buffer {shuffle_buffer}, rank {rank} of {world}")
        self._connection = connection
        self._query = query
        self.batch_size = batch_size
        self.shuffle_buffer = shuffle_buffer
        self.seed = seed
        self.rank = rank
        self.world = world
        self.drop_last = drop_last
        self._epoch = 0
        self._done = 0
        self._skip = 0

    def state_dict(self) -> dict[str, int]:
        """Where the iteration is: the epoch, and how many batches of it were given out."""
        return {"epoch": self._epoch, "batch": self._done, "batch_size": self.batch_size, "rank": self.rank, "world": self.world}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """The next iteration goes on where the state was taken."""
        for name in ("batch_size", "rank", "world"):
            if state[name] != getattr(self, name):
                raise ValueError(f"the state is of {name} {state[name]}, not {getattr(self, name)}")
        self._epoch, self._skip, self._done = state["epoch"], state["batch"], state["batch"]

    def share(self, rank: int, world: int) -> "BatchStream":
        """The same for one of several workers of this rank."""
        return BatchStream(
            self._connection,
            self._query,
            self.batch_size,
            shuffle_buffer=self.shuffle_buffer,
            seed=self.seed,
            rank=self.rank + self.world * rank,
            world=self.world * world,
            drop_last=self.drop_last,
        )

    def __iter__(self) -> Iterator[dict[str, "numpy.ndarray[Any, Any]"]]:
        skip, self._skip = self._skip, 0
        self._done = 0
        for table in self._batches(random.Random(f"{self.seed} {self._epoch} {self.rank}")):
            self._done += 1
            if self._done > skip:
                yield {name: _array(table.column(name)) for name in table.column_names}
        self._epoch += 1
        self._done = 0

    def _batches(self, rng: random.Random) -> Iterator[pa.Table]:
        """Batches of the wanted size."""
        waiting: list[pa.Table] = []
        count = 0
        for table in self._shuffled(rng):
            waiting.append(table)
            count += table.num_rows
            while count >= self.batch_size:
                whole = pa.concat_tables(waiting)
                yield whole.slice(0, self.batch_size)
                rest = whole.slice(self.batch_size)
                waiting, count = [rest], rest.num_rows
        if count and not self.drop_last:
            yield pa.concat_tables(waiting)

    def _shuffled(self, rng: random.Random) -> Iterator[pa.Table]:
        """Rows leave a buffer in random order, half of it at a time, as it fills."""
        if self.shuffle_buffer < 2:
            yield from self._mine()
            return
        buffer: list[pa.Table] = []
        count = 0
        for table in self._mine():
            buffer.append(table)
            count += table.num_rows
            while count >= self.shuffle_buffer:
                mixed = _mixed(pa.concat_tables(buffer), rng)
                half = max(1, self.shuffle_buffer // 2)
                yield mixed.slice(0, half)
                buffer, count = [mixed.slice(half)], mixed.num_rows - half
        if count:
            yield _mixed(pa.concat_tables(buffer), rng)

    def _mine(self) -> Iterator[pa.Table]:
        """Every `world`-th row, from this rank's on."""
        seen = 0
        for batch in self._received():
            table = pa.Table.from_batches([batch])
            first = (self.rank - seen) % self.world
            seen += table.num_rows
            if self.world > 1:
                table = table.take(pa.array(range(first, table.num_rows, self.world), pa.int64()))
            if table.num_rows:
                yield table

    def _received(self) -> Iterator[pa.RecordBatch]:
        options = self._connection.call_options()
        client = self._connection.flight
        info = client.get_flight_info(flight.FlightDescriptor.for_command(self._query.encode()), options)
        for endpoint in info.endpoints:
            for chunk in client.do_get(endpoint.ticket, options):
                yield chunk.data


def _mixed(table: pa.Table, rng: random.Random) -> pa.Table:
    order = list(range(table.num_rows))
    rng.shuffle(order)
    return table.take(pa.array(order, pa.int64())).combine_chunks()


def _array(column: pa.ChunkedArray) -> Any:
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = whole.chunk(0) if whole.num_chunks == 1 else pa.concat_arrays(whole.chunks)
    if pa.types.is_fixed_size_list(whole.type) and whole.null_count == 0:
        return whole.flatten().to_numpy(zero_copy_only=False).reshape(len(whole), whole.type.list_size)
    return whole.to_numpy(zero_copy_only=False)
