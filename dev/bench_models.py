"""PREDICT and EMBED beside onnxruntime in Python, and one-row requests over HTTP: make bench WHAT=models.

Both run the same models over the same floats with as many threads as there are cores, in turn; the best of some rounds counts.
Kelda reads the features from a Parquet file within its time, Python has them as arrays; Python runs batches of the size that is best for it.
The second ratio is without what reading and decoding the same columns takes Kelda by itself.
Requests wait for each other; the first ones, while the JVM still compiles, are shown apart.
"""

import http.client
import json
import os
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
from bench_search import sentences
from kelda_server import ROOT, KeldaServer

sys.path.insert(0, str(ROOT / "tests" / "python"))
import exports  # noqa: E402
from minilm import MiniLm  # noqa: E402

ROUNDS = 8
BATCHES = (8_192, 131_072, 1 << 30)
FIRST = 10_000
REQUESTS = 3_000
TEXTS = 2_000
EMBED_ROUNDS = 3


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def python(export, table):
    """What runs all rows once, for each size of a batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(export.onnx, options)
    tensors = export.tensors(table)

    def run(size):
        for start in range(0, table.num_rows, size):
            session.run(None, {name: tensor[start : start + size] for name, tensor in tensors.items()})

    return [lambda size=size: run(size) for size in BATCHES]


def throughput(cursor, folder, table, make):
    export = make()
    path = Path(folder) / f"{export.name}.onnx"
    path.write_bytes(export.onnx)
    cursor.execute(f"CREATE MODEL {export.name} WITH ('path' = '{path}')")
    sql = f"SELECT COUNT({export.call()}) FROM '{folder}/features.parquet'"
    read = ", ".join(f"MAX({column})" for columns in export.inputs.values() for column in columns)

    def kelda():
        cursor.execute(sql)
        assert cursor.fetchone() == (table.num_rows,)

    def reading():
        cursor.execute(f"SELECT {read} FROM '{folder}/features.parquet'")
        cursor.fetchone()

    theirs = python(export, table)
    rounds = [(seconds(kelda), seconds(reading), min(seconds(run) for run in theirs)) for _ in range(ROUNDS)]
    ours, reads, best = map(min, zip(*rounds, strict=True))
    rates = f"{table.num_rows / ours / 1e6:6.2f} million rows/s, onnxruntime {table.num_rows / best / 1e6:6.2f}"
    print(f"  {export.name:18} {rates}: {best / ours:5.2f} x, {best / (ours - reads):5.2f} x without reading", flush=True)


def embedding(cursor, folder):
    """New sentences each round: Kelda remembers vectors."""
    texts = sentences(TEXTS * (EMBED_ROUNDS + 1))
    model = MiniLm(os.cpu_count())
    times = []
    for start in range(0, len(texts), TEXTS):
        part = texts[start : start + TEXTS]
        pq.write_table(pa.table({"id": range(len(part)), "body": part}), f"{folder}/texts{start}.parquet")
        vectors = {}

        def kelda(path=f"{folder}/texts{start}.parquet", vectors=vectors):
            cursor.execute(f"SELECT EMBED(body, 'minilm') FROM '{path}' ORDER BY id")
            vectors["kelda"] = cursor.fetch_arrow_table().column(0).combine_chunks().flatten().to_numpy().reshape(-1, 384)

        def python(part=part, vectors=vectors):
            vectors["python"] = model.embed(part)

        times.append((seconds(kelda), seconds(python)))
        cosine = (vectors["kelda"] * vectors["python"]).sum(axis=1).min()
        assert cosine > 0.999, cosine
    ours, theirs = (TEXTS / np.median(side) for side in zip(*times[1:], strict=True))
    print(f"EMBED {TEXTS:,} sentences: {ours:,.0f} a second, onnxruntime and tokenizers {theirs:,.0f}: {ours / theirs:.2f} x", flush=True)


def latency(url, export, table):
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    times = []
    for i in range(FIRST + REQUESTS):
        inputs = [
            {"name": name, "datatype": "FP32", "shape": list(tensor.shape), "data": tensor.ravel().tolist()}
            for name, tensor in export.tensors(table.slice(i % table.num_rows, 1)).items()
        ]
        body = json.dumps({"inputs": inputs})
        start = time.perf_counter()
        connection.request("POST", f"/v2/models/{export.name}/infer", body)
        answer = connection.getresponse()
        answer.read()
        times.append((time.perf_counter() - start) * 1000)
        assert answer.status == 200
    for name, part in (("first", times[:REQUESTS]), (f"after {FIRST:,}", times[FIRST:])):
        part = sorted(part)
        print(f"  {export.name}, {name}: p50 {part[REQUESTS // 2]:.2f} ms, p99 {part[REQUESTS * 99 // 100]:.2f} ms", flush=True)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    table = exports.features(rows)
    with tempfile.TemporaryDirectory() as folder, KeldaServer(f"{folder}/home", allow=[folder]) as server:
        pq.write_table(table, f"{folder}/features.parquet", row_group_size=131_072)
        with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
            print(f"PREDICT over {rows:,} rows, {os.cpu_count()} threads", flush=True)
            for make in exports.KINDS:
                throughput(cursor, folder, table, make)
            embedding(cursor, folder)
            print(f"one row over HTTP, {REQUESTS:,} requests one after the other", flush=True)
            for make in (exports.sklearn_regressor, exports.torch):
                latency(server.http, make(), table)


if __name__ == "__main__":
    main()
