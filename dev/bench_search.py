"""VECTOR_SEARCH beside hnswlib, usearch and LanceDB on real embeddings: make bench WHAT=search.

The vectors are of sentences out of the documentation of this machine's Python packages and crates, embedded by Kelda itself
(all-MiniLM-L6-v2) once and kept in the cache; that takes the longest. Every engine builds a graph of the same shape on all
cores and is then asked for the ten nearest of each query on one thread, over a row of efforts; the answer of a full
comparison says which are found. Kelda answers all queries in one statement, its time includes the statement's and the wire's.
"""

import argparse
import ast
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from bench_search_peers import timed
from kelda_server import ROOT, KeldaServer

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kelda" / "search"
QUERIES = 2_000
TOP = 10
M, CONSTRUCTION = 16, 100
EFFORTS = (10, 15, 20, 30, 40, 60, 80, 120, 200, 400)
WANTED = 0.95
FILTERS = (2, 10, 100, 1000)  # one row in so many


def sentences(count):
    """So many different sentences, always the same ones on one machine."""
    found = {}
    for file in sorted(Path(sys.prefix).glob("lib/python3*/site-packages/**/*.py")):
        try:
            nodes = list(ast.walk(ast.parse(file.read_text(errors="replace"))))
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in nodes:
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                split(ast.get_docstring(node) or "", found)
    for file in sorted(Path.home().glob(".cargo/registry/src/*/*/src/**/*.rs")):
        text = file.read_text(errors="replace")
        for block in re.findall(r"(?:^\s*//[/!] ?.*\n)+", text, re.M):
            split(re.sub(r"^\s*//[/!] ?", "", block, flags=re.M), found)
    texts = list(found)
    random.Random(1).shuffle(texts)
    if len(texts) < count:
        print(f"only {len(texts):,} sentences on this machine, not {count:,}", flush=True)
    return texts[:count]


def split(text, found):
    for sentence in re.split(r"(?<=[.!?])\s+|\n\s*\n", text.split("```")[0]):
        sentence = " ".join(sentence.split())
        if 25 < len(sentence) < 240 and sentence.count(" ") > 3 and ">>>" not in sentence:
            found[sentence] = None


def embedded(rows):
    """A Parquet file of id, body and embedding."""
    path = CACHE / f"sentences_{rows}.parquet"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        texts = sentences(rows + QUERIES)
        print(f"embedding {len(texts):,} sentences, once", flush=True)
        with tempfile.TemporaryDirectory() as folder, KeldaServer(f"{folder}/home", allow=[folder, CACHE]) as server:
            pq.write_table(pa.table({"id": pa.array(range(len(texts)), pa.int64()), "body": texts}), f"{folder}/texts.parquet")
            with flightsql.connect(server.uri, autocommit=True) as connection, connection.cursor() as cursor:
                sql = f"SELECT id, body, EMBED(body, 'minilm') AS embedding FROM '{folder}/texts.parquet'"
                start = time.perf_counter()
                cursor.execute(f"COPY ({sql}) TO '{path}.part' (FORMAT parquet)")
                print(f"  {len(texts) / (time.perf_counter() - start):.0f} a second", flush=True)
        os.rename(f"{path}.part", path)
    return path


def peers():
    """A Python of its own with the other engines: they are for this benchmark alone."""
    requirements = ROOT / "dev" / "requirements-search.txt"
    python = CACHE / "venv" / "bin" / "python"
    ready = CACHE / "venv" / "ready"
    if not ready.exists() or ready.read_text() != requirements.read_text():
        venv.create(CACHE / "venv", clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements], check=True)
        ready.write_text(requirements.read_text())
    return python


def nearest(base, queries):
    """The ten nearest of each query by a full comparison."""
    top = min(TOP, len(base))
    exact = np.empty((len(queries), top), np.int64)
    for start in range(0, len(queries), 256):
        near = queries[start : start + 256] @ base.T
        exact[start : start + 256] = np.argpartition(-near, top - 1, axis=1)[:, :top]
    return exact


def recall(exact, found):
    """Of the queries that were asked: the first ones."""
    exact = exact[: len(found)]
    return sum(len(set(e) & set(f)) for e, f in zip(exact.tolist(), found, strict=True)) / exact.size


def at_recall(points, wanted=WANTED):
    """Queries a second at a recall, between the two efforts around it; None when it is not reached."""
    points = sorted(points)
    for (r0, q0), (r1, q1) in zip(points, points[1:], strict=False):
        if r0 <= wanted <= r1:
            part = 0 if r1 == r0 else (wanted - r0) / (r1 - r0)
            return math.exp(math.log(q0) * (1 - part) + math.log(q1) * part)
    return points[0][1] if points and points[0][0] > wanted else None


def shown(name, build, points):
    curve = ", ".join(f"{r:.3f} {q:,.0f}/s" for r, q in points)
    rate = at_recall(points)
    print(f"{name:8} built in {build:6.1f} s; at recall {WANTED}: {rate or 0:,.0f} queries/s; recall and rate: {curve}", flush=True)
    return rate


def peer(python, name, folder):
    """Runs one of the others in a process of its own."""
    command = [python, ROOT / "dev" / "bench_search_peers.py", name, folder, *map(str, (M, CONSTRUCTION, TOP, *EFFORTS))]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    return ast.literal_eval(out)


class Kelda:
    """A server with some threads on the home of the benchmark."""

    def __init__(self, folder, file, threads):
        config = Path(folder) / "kelda.toml"
        config.write_text(f"[engine]\nthreads = {threads}\n")
        self._server = KeldaServer(f"{folder}/home", allow=[file.parent], config=config)

    def __enter__(self):
        self._server.__enter__()
        self._connection = flightsql.connect(self._server.uri, autocommit=True)
        self._cursor = self._connection.cursor()
        return self

    def run(self, sql):
        self._cursor.execute(sql)
        return self._cursor.fetch_arrow_table()

    def __exit__(self, *error):
        self._cursor.close()
        self._connection.close()
        self._server.__exit__(*error)

    def search(self, effort, condition="TRUE"):
        """Recall's input and queries a second."""
        sql = (
            "SELECT q.id AS query, d.id AS found FROM queries AS q, LATERAL VECTOR_SEARCH(TABLE docs, DESCRIPTOR(embedding),"
            f" q.embedding, top_k => {TOP}, ef => {effort}) AS d WHERE {condition}"
        )
        rows, rate = timed(range(QUERIES), lambda: self.run(sql))
        found = {}
        for query, row in zip(rows["query"].to_pylist(), rows["found"].to_pylist(), strict=True):
            found.setdefault(query, []).append(row)
        return found, rate


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=200_000)
    parser.add_argument("--file", type=Path, help="a Parquet file with id and embedding instead; its last 2,000 rows are the queries")
    options = parser.parse_args()
    file = options.file or embedded(options.rows)
    table = pq.read_table(file, columns=["id", "embedding"])
    vectors = table["embedding"].combine_chunks().values.to_numpy().reshape(table.num_rows, -1)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    base, queries = vectors[:-QUERIES], vectors[-QUERIES:]
    exact = nearest(base, queries)
    print(f"{len(base):,} vectors of {base.shape[1]}, {QUERIES:,} queries, top {TOP}, m = {M}, ef_construction = {CONSTRUCTION}", flush=True)
    python = peers()
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/base.npy", base)
        np.save(f"{folder}/queries.npy", queries)
        pq.write_table(pa.table({"id": pa.array(range(len(base)), pa.int64()), "embedding": pa.FixedSizeListArray.from_arrays(base.ravel(), base.shape[1])}), f"{folder}/base.parquet")
        pq.write_table(pa.table({"id": pa.array(range(QUERIES), pa.int64()), "embedding": pa.FixedSizeListArray.from_arrays(queries.ravel(), base.shape[1])}), f"{folder}/queries.parquet")
        for name in ("hnswlib", "usearch", "lancedb"):
            build, points = peer(python, name, folder)
            rates[name] = shown(name, build, [(recall(exact, found), rate) for found, rate in points])
        with Kelda(folder, Path(folder) / "base.parquet", os.cpu_count()) as kelda:
            kelda.run(f"CREATE TABLE docs AS SELECT * FROM '{folder}/base.parquet'")
            kelda.run(f"CREATE TABLE queries AS SELECT * FROM '{folder}/queries.parquet'")
            start = time.perf_counter()
            kelda.run(f"CREATE VECTOR INDEX docs_v ON docs (embedding) WITH ('m' = '{M}', 'ef_construction' = '{CONSTRUCTION}')")
            build = time.perf_counter() - start
        with Kelda(folder, Path(folder) / "base.parquet", 1) as kelda:
            points = []
            for effort in EFFORTS:
                found, rate = kelda.search(effort)
                points.append((recall(exact, [found[i] for i in range(QUERIES)]), rate))
            rates["kelda"] = shown("kelda", build, points)
            for one in FILTERS:
                wanted = nearest(base[::one], queries) * one
                found, rate = kelda.search(100, f"d.id % {one} = 0")
                print(f"  of one row in {one:5,}: recall {recall(wanted, [found[i] for i in range(QUERIES)]):.3f}, {rate:,.0f} queries/s at ef 100", flush=True)
    for name in ("hnswlib", "usearch", "lancedb"):
        if rates[name] and rates["kelda"]:
            print(f"Kelda answers {rates['kelda'] / rates[name]:.2f} x the queries of {name} at recall {WANTED}", flush=True)


if __name__ == "__main__":
    main()
