"""dask.array of Civita chunks: results are those of NumPy's chunks, and the chunks stay Civita's."""

import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster

import civita as cv

A = np.random.default_rng(0).standard_normal((60, 40))


def chunked(convert):
    return da.from_array(convert(A), chunks=(20, 16), asarray=False)


CALLS = {
    "elementwise": lambda x: da.exp(x) + x * 2,
    "comparison": lambda x: da.where(x > 0, x, 0),
    "sum": lambda x: x.sum(),
    "sum of an axis": lambda x: x.sum(axis=0),
    "mean": lambda x: x.mean(axis=1),
    "var": lambda x: x.var(axis=0),
    "std": lambda x: x.std(),
    "max": lambda x: x.max(axis=1),
    "argmax": lambda x: x.argmax(axis=1),
    "any": lambda x: (x > 3).any(axis=0),
    "prod": lambda x: (1 + x / 100).prod(axis=0),
    "nanmean": lambda x: da.nanmean(da.where(x > 1, np.nan, x), axis=0),
    "cumsum": lambda x: x.cumsum(axis=0),
    "transpose": lambda x: x.T,
    "matmul": lambda x: x @ x.T,
    "dot": lambda x: da.dot(x.T, x),
    "tensordot": lambda x: da.tensordot(x, x, axes=([0], [0])),
    "einsum": lambda x: da.einsum("ij,kj->ik", x, x),
    "map_blocks": lambda x: x.map_blocks(lambda b: b - b.mean()),
    "map_overlap": lambda x: x.map_overlap(lambda b: b * 2, depth=1, boundary="reflect"),
    "blockwise": lambda x: da.blockwise(lambda a, b: a + b, "ij", x, "ij", x, "ij", dtype=x.dtype),
    "slicing": lambda x: x[5:50:3, ::-1],
    "integer index": lambda x: x[[1, 30, 59]],
    "mask": lambda x: x[(x[:, 0] > 0).compute()],
    "rechunk": lambda x: x.rechunk((13, 40)),
    "reshape": lambda x: x.reshape(20, 3, 40),
    "concatenate": lambda x: da.concatenate([x, x]),
    "stack": lambda x: da.stack([x, x]),
    "pad": lambda x: da.pad(x, 1, mode="constant"),
    "percentile": lambda x: da.percentile(x[:, 0].rechunk(60), [25, 75]),
    "histogram": lambda x: da.histogram(x, bins=np.linspace(-3, 3, 7))[0],
    "topk": lambda x: da.topk(x, 3, axis=1),
    "svd": lambda x: da.linalg.svd(x.rechunk((20, 40)))[1],
    "qr": lambda x: abs(da.linalg.qr(x.rechunk((20, 40)))[1]),
    "norm": lambda x: da.linalg.norm(x),
    "solve": lambda x: da.linalg.solve((x.T @ x).rechunk(20), x[0].rechunk(20)),
    "fft": lambda x: da.fft.fft(x.rechunk((20, 40)), axis=1),
    "astype": lambda x: x.astype("float32"),
    "clip": lambda x: da.clip(x, -1, 1),
    "apply_along_axis": lambda x: da.apply_along_axis(lambda r: r.sum(), 1, x, dtype=x.dtype, shape=()),
    "gufunc": lambda x: da.apply_gufunc(lambda a: a.mean(axis=-1), "(i)->()", x.rechunk((20, 40)), output_dtypes="f8"),
    "reduction": lambda x: da.reduction(x, chunk=lambda b, axis, keepdims: b.sum(axis=axis, keepdims=keepdims),
                                        aggregate=lambda b, axis, keepdims: b.sum(axis=axis, keepdims=keepdims), dtype=x.dtype),
    "diff": lambda x: da.diff(x, axis=0),
    "roll": lambda x: da.roll(x, 3, axis=0),
    "unique": lambda x: da.unique(da.round(x)),
    "outer": lambda x: da.outer(x[0], x[1]),
    "cov": lambda x: da.cov(x.T),
    "isin": lambda x: da.isin(da.round(x), [0.0, 1.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_results_are_those_of_numpy(name):
    ours, theirs = CALLS[name](chunked(cv.asarray)), CALLS[name](chunked(np.asarray))
    got, wanted = ours.compute(scheduler="sync"), theirs.compute(scheduler="sync")
    assert type(got).__module__ == "civita", type(got)
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-9, atol=1e-11)


def test_chunks_are_civita():
    x = chunked(cv.asarray)
    assert isinstance(x._meta, cv.ndarray) and isinstance((x + 1).T.sum(axis=0)._meta, cv.ndarray)
    assert isinstance(x.blocks[0, 0].compute(), cv.ndarray)


def test_operations_with_arrays():
    da.register_chunk_type(cv.ndarray)
    x, row = chunked(cv.asarray), cv.arange(40.0)
    for got, wanted in ((x - row, A - np.arange(40.0)), (row * x, np.arange(40.0) * A)):
        got = got.compute(scheduler="sync")
        assert isinstance(got, cv.ndarray)
        np.testing.assert_allclose(np.asarray(got), wanted)


def test_chunks_made_by_functions():
    x = da.map_blocks(lambda block_info=None: cv.ones((5, 5)) * block_info[None]["chunk-location"][0],
                      chunks=((5, 5), (5,)), dtype="float64", meta=cv.empty((0, 0)))  # fmt: skip
    assert float(x.sum().compute()) == 25.0


def test_threads():
    x = chunked(cv.asarray)
    np.testing.assert_allclose(np.asarray((x @ x.T).sum(axis=0).compute(scheduler="threads")), (A @ A.T).sum(axis=0), atol=1e-10)


@pytest.fixture(scope="module")
def client():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        yield client


@pytest.mark.parametrize("name", ["sum of an axis", "matmul", "map_blocks", "svd", "rechunk", "mean", "cumsum"])
def test_two_workers(client, name):
    got = CALLS[name](chunked(cv.asarray)).compute()
    assert type(got).__module__ == "civita"
    np.testing.assert_allclose(np.asarray(got), CALLS[name](chunked(np.asarray)).compute(scheduler="sync"), rtol=1e-9, atol=1e-11)


def test_futures_and_scattered_arrays(client):
    future = client.scatter(cv.asarray(A), broadcast=True)
    got = client.submit(lambda a: (a.T @ a).sum(), future).result()
    assert np.isclose(float(got), (A.T @ A).sum())
