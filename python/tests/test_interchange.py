"""Arrays cross to NumPy and back: DLPack, buffers, pickles, NumPy's functions."""

import copy
import pickle

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import NUMPY_DTYPES, assert_same


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_dlpack_shares_memory_both_ways(dtype, rng):
    x = oracle.ordinary(rng, dtype, 24).reshape(2, 3, 4)
    for view in (lambda v: v, lambda v: v.T, lambda v: v[:, 1:, ::2], lambda v: v[::-1], lambda v: v[:0]):
        a = cv.from_dlpack(view(x))
        assert_same(a, view(x))
        mine = cv.array(x)
        back = np.from_dlpack(view(mine))
        assert back.dtype == x.dtype and np.array_equal(back, view(x), equal_nan=True)
        if view(x).size:
            assert np.shares_memory(np.asarray(a), x)
            assert np.shares_memory(back, np.asarray(mine))


@pytest.mark.parametrize("dtype", [*NUMPY_DTYPES, "bfloat16"])
def test_pickles_and_copies(dtype, rng):
    x = oracle.ordinary(rng, dtype, 24).reshape(2, 3, 4)
    a = oracle.to_civita(x, dtype)
    for view in (a, a.T, a[:, ::-1], a[0, 0, 0], a[:0]):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            b = pickle.loads(pickle.dumps(view, protocol))
            assert b.dtype == dtype and b.shape == view.shape and b.tolist() == view.tolist()
        for b in (copy.copy(view), copy.deepcopy(view)):
            assert b.tolist() == view.tolist() and not cv.shares_memory(a, b)
    for f in (cv.add, cv.sum, cv.float32):
        assert pickle.loads(pickle.dumps(f)) == f


def test_buffers_say_what_they_are():
    for dtype in NUMPY_DTYPES:
        if dtype in oracle.COMPLEX:
            continue
        a = cv.ones((2, 3), dtype)
        m = memoryview(a)
        assert m.shape == (2, 3) and m.itemsize == a.itemsize and not m.readonly
    assert memoryview(cv.broadcast_to(cv.ones(1), (3,))).readonly


def test_numpys_functions_take_civitas_arrays(rng):
    x = rng.normal(size=(3, 4))
    a = cv.array(x)
    np.testing.assert_allclose(np.linalg.norm(a), np.linalg.norm(x))
    np.testing.assert_allclose(np.median(a), np.median(x))
    assert isinstance(x + a, cv.ndarray) and isinstance(a + x, cv.ndarray)
    y = x.copy()
    y += a
    np.testing.assert_array_equal(np.asarray(y), x + x)
    np.testing.assert_array_equal(np.asarray(np.float64(2) * a), 2 * x)
    assert isinstance(np.float32(2) * a, cv.ndarray)


def test_numpys_scalars_are_strong():
    for scalar in (np.float32(1.5), np.int8(3), np.float64(2), np.uint64(7), np.bool_(True), np.complex64(1j)):
        for dtype in ("int8", "float16", "float32", "complex64"):
            got, want = cv.ones(2, dtype) * scalar, np.ones(2, dtype) * scalar
            assert got.dtype == want.dtype, (scalar, dtype)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_keep_fortran_order(protocol):
    x = np.arange(24.0).reshape(2, 3, 4)
    for layout in (lambda a: a, lambda a: a.T, lambda a: a.transpose(1, 0, 2), lambda a: a.T[::2], lambda a: a[0].T):
        got, want = (pickle.loads(pickle.dumps(layout(m.array(x)), protocol)) for m in (cv, np))
        np.testing.assert_array_equal(np.asarray(got), want)
        assert (got.flags.c_contiguous, got.flags.f_contiguous) == (want.flags.c_contiguous, want.flags.f_contiguous)
    leaf = pickle.loads(pickle.dumps(cv.array(x.T.copy(order="C")).T.detach().requires_grad_()))
    assert leaf.requires_grad and leaf.tolist() == x.tolist()
