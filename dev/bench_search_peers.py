"""One of the engines that bench_search.py compares with: builds on all cores, searches on one thread, prints what it found."""

import os
import statistics
import sys
import time

import numpy as np

RUNS = 5


def timed(queries, search):
    """What is found and queries a second: the median of the runs after a first one."""
    search()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = search()
        seconds.append(time.perf_counter() - start)
    return found, len(queries) / statistics.median(seconds)


def hnswlib(base, queries, m, construction, top, efforts):
    import hnswlib

    index = hnswlib.Index("ip", base.shape[1])
    start = time.perf_counter()
    index.init_index(len(base), M=m, ef_construction=construction)
    index.add_items(base, num_threads=os.cpu_count())
    build = time.perf_counter() - start
    points = []
    for effort in efforts:
        index.set_ef(effort)
        points.append(timed(queries, lambda: index.knn_query(queries, top, num_threads=1)[0].tolist()))
    return build, points


def usearch(base, queries, m, construction, top, efforts):
    from usearch.index import Index

    index = Index(ndim=base.shape[1], metric="ip", dtype="f32", connectivity=m, expansion_add=construction)
    start = time.perf_counter()
    index.add(np.arange(len(base)), base, threads=os.cpu_count())
    build = time.perf_counter() - start
    points = []
    for effort in efforts:
        index.expansion_search = effort
        points.append(timed(queries, lambda: index.search(queries, top, threads=1).keys.tolist()))
    return build, points


def lancedb(base, queries, m, construction, top, efforts):
    """A graph over 8-bit vectors, the found ones compared as they are; its threads share one core for the search."""
    import tempfile

    import lancedb
    import pyarrow as pa

    with tempfile.TemporaryDirectory() as folder:
        table = lancedb.connect(folder).create_table(
            "t", pa.table({"id": pa.array(range(len(base))), "vector": pa.FixedSizeListArray.from_arrays(base.ravel(), base.shape[1])})
        )
        start = time.perf_counter()
        table.create_index(metric="dot", index_type="IVF_HNSW_SQ", num_partitions=1, m=m, ef_construction=construction)
        build = time.perf_counter() - start
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), {0})
        some = queries[:200]
        points = []
        for effort in efforts:

            def search(effort=effort):
                return [
                    table.search(q).metric("dot").ef(max(effort, 2 * top)).refine_factor(2).limit(top).select(["id"]).to_arrow()["id"].to_pylist()
                    for q in some
                ]

            points.append(timed(some, search))
        return build, points


def main():
    name, folder = sys.argv[1:3]
    m, construction, top, *efforts = map(int, sys.argv[3:])
    base, queries = np.load(f"{folder}/base.npy"), np.load(f"{folder}/queries.npy")
    print({"hnswlib": hnswlib, "usearch": usearch, "lancedb": lancedb}[name](base, queries, m, construction, top, efforts))


if __name__ == "__main__":
    main()
