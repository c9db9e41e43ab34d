"""Batches of training data over the kelda package, as a training loop takes them; torch itself is not needed for that."""

import itertools

import kelda
import numpy as np
import pyarrow as pa
import pytest

ROWS = 1000


@pytest.fixture(scope="module")
def train(server):
    with kelda.connect(server.uri) as db:
        table = pa.table(
            {
                "n": pa.array(range(ROWS), pa.int64()),
                "x": [i / 7 if i % 10 else None for i in range(ROWS)],
                "word": [f"w{i}" for i in range(ROWS)],
                "split": ["test" if i % 5 == 0 else "train" for i in range(ROWS)],
            }
        )
        db.write("dataset", table, mode="create")
        yield db.training_dataset("dataset").split("train")


def numbers(batches):
    return [int(n) for batch in batches for n in batch["n"]]


def test_a_split_whole(train):
    table = train.to_arrow()
    assert table.column_names == ["n", "x", "word"] and table.num_rows == 800
    assert train.to_polars().shape == train.to_pandas().shape == (800, 3)


def test_batches_have_one_size_and_every_row_once(train):
    batches = list(train.stream(64))
    assert [len(b["n"]) for b in batches] == [64] * 12 + [32]
    assert numbers(batches) == [n for n in range(ROWS) if n % 5]
    assert batches[0]["n"].dtype == np.int64 and batches[0]["x"].dtype == np.float64 and batches[0]["word"][0] == "w1"
    assert [len(b["n"]) for b in train.stream(64, drop_last=True)] == [64] * 12


def test_shuffled_epochs_differ_and_come_again(train):
    stream = train.stream(50, shuffle_buffer=200, seed=3, columns=["n"])
    first, second = numbers(stream), numbers(stream)
    assert sorted(first) == sorted(second) == [n for n in range(ROWS) if n % 5]
    assert first != second and first != sorted(first)
    again = train.stream(50, shuffle_buffer=200, seed=3, columns=["n"])
    assert [numbers(again), numbers(again)] == [first, second]
    assert numbers(train.stream(50, shuffle_buffer=200, seed=4, columns=["n"])) != first


def test_ranks_share_the_rows(train):
    parts = [numbers(train.stream(7, rank=rank, world=3, columns=["n"])) for rank in range(3)]
    assert sorted(itertools.chain(*parts)) == [n for n in range(ROWS) if n % 5]
    workers = [numbers(train.stream(7, rank=1, world=3, columns=["n"]).share(worker, 2)) for worker in range(2)]
    assert sorted(itertools.chain(*workers)) == sorted(parts[1])


def test_a_run_that_was_cut_off_goes_on(train):
    whole = train.stream(32, shuffle_buffer=100, seed=1, columns=["n"])
    epochs = [[numbers([b]) for b in whole] for _ in range(2)]
    cut = train.stream(32, shuffle_buffer=100, seed=1, columns=["n"])
    list(cut)
    for _ in zip(range(5), cut):
        state = cut.state_dict()
    resumed = train.stream(32, shuffle_buffer=100, seed=1, columns=["n"])
    resumed.load_state_dict(state)
    assert [numbers([b]) for b in resumed] == epochs[1][5:]
    with pytest.raises(ValueError, match="batch_size"):
        train.stream(16).load_state_dict(state)


def test_arguments_are_checked(train):
    for wrong in ({"batch_size": 0}, {"batch_size": 1, "rank": 2, "world": 2}, {"batch_size": 1, "shuffle_buffer": -1}):
        with pytest.raises(ValueError):
            train.stream(**wrong)
