"""More data than memory would like: dask.array of Civita chunks, on a cluster of two workers.

    python examples/scaling.py                  0.3 GB in seconds
    python examples/scaling.py --gigabytes 64   as much as you have patience for; no more than a few chunks are in memory

Each worker makes its chunks, computes on them with Civita's kernels and drops them; what travels are small sums. The statistics
of all rows (mean, standard deviation, correlation, principal components) take two walks over the data.
"""

import argparse
import resource
import time
from typing import Any

import dask.array as da
from dask.distributed import Client, LocalCluster

import civita as cv

COLUMNS = 64
# `chunked - array` is dask's to compute
da.register_chunk_type(cv.ndarray)


def rows(block_info: dict[None, Any]) -> cv.ndarray:
    """One chunk: rows of correlated numbers, made from the chunk's place alone, as if read from a file of that name."""
    (start, end), _ = block_info[None]["array-location"]
    rng = cv.random.default_rng(start)
    hidden = rng.standard_normal((end - start, 3))
    weights = cv.random.default_rng(0).standard_normal((3, COLUMNS))
    return hidden @ weights + 0.1 * rng.standard_normal((end - start, COLUMNS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=0.3)
    parser.add_argument("--chunk", type=int, default=50_000, help="rows of a chunk (25 MB by default)")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    count = max(int(arguments.gigabytes * 1e9 / 8 / COLUMNS), arguments.chunk)
    count -= count % arguments.chunk

    start = time.perf_counter()
    with (
        LocalCluster(n_workers=arguments.workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        print(f"{arguments.workers} workers ready after {time.perf_counter() - start:.1f} s")
        start = time.perf_counter()
        chunks = ((arguments.chunk,) * (count // arguments.chunk), (COLUMNS,))
        x = da.map_blocks(rows, chunks=chunks, dtype="float64", meta=cv.empty((0, 0)))
        print(f"{x.nbytes / 1e9:.2f} GB in {x.npartitions} chunks of {x.nbytes / x.npartitions / 1e6:.0f} MB")

        mean, deviation = da.compute(x.mean(axis=0), x.std(axis=0))
        assert isinstance(mean, cv.ndarray)

        standard = (x - mean) / deviation
        correlation = (standard.T @ standard / count).compute()
        values, vectors = cv.linalg.eigh(correlation)
        share = values[::-1][:4] / values.sum()
        print("largest mean:      ", abs(mean).max().round(4))
        print("principal parts:   ", share.round(4))

        # rows on the first axis, on which they vary most
        first = vectors[:, -1]
        scores = standard.map_blocks(lambda block: block @ first, drop_axis=1, dtype="float64")
        print("variance of scores:", float(scores.var().compute()).__round__(3), "=", float(values[-1]).__round__(3))
        used = [kilobytes / 1e6 for kilobytes in client.run(peak).values()]
        print(f"{time.perf_counter() - start:.1f} s; most memory of a worker {max(used):.2f} GB")


def peak() -> int:
    """The most memory that this process has used, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
