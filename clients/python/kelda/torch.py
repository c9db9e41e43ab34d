"""Training data as a PyTorch dataset; needs the extra `torch`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy
import torch
from torch.utils.data import IterableDataset, get_worker_info

from kelda.stream import BatchStream


class TorchStream(IterableDataset):  # type: ignore[misc]
    """Batches as dicts of tensors; the workers of a DataLoader share the rows."""

    def __init__(self, stream: BatchStream):
        self._stream = stream

    def __iter__(self) -> Iterator[dict[str, Any]]:
        worker = get_worker_info()
        stream = self._stream if worker is None else self._stream.share(worker.id, worker.num_workers)
        for batch in stream:
            yield {name: _tensor(values) for name, values in batch.items()}

    def state_dict(self) -> dict[str, int]:
        return self._stream.state_dict()

    def load_state_dict(self, state: dict[str, int]) -> None:
        self._stream.load_state_dict(state)


def _tensor(values: "numpy.ndarray[Any, Any]") -> Any:
    if values.dtype.kind not in "biuf":
        return values
    return torch.from_numpy(values if values.flags.writeable else values.copy())
