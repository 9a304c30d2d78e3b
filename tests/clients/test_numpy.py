"""NumPy's own functions, its test assertions, pickles and copies of Civita's arrays."""

import copy
import ctypes
import io
import multiprocessing.shared_memory
import pickle

import numpy as np
import numpy.testing as npt
import pytest

import civita as cv

A = np.linspace(-2, 3, 24).reshape(2, 3, 4)
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()


@pytest.mark.parametrize(
    "name", "assert_array_equal assert_allclose assert_equal assert_almost_equal assert_array_almost_equal assert_array_almost_equal_nulp "
    "assert_array_max_ulp assert_array_compare".split()
)  # fmt: skip
def test_assertions_take_civita_on_either_side(name):
    check = getattr(npt, name, None)
    if name == "assert_array_compare":
        check = lambda a, b: npt.assert_array_compare(lambda x, y: x == y, a, b)  # noqa: E731
    ours = cv.asarray(A)
    check(ours, A)
    check(A, ours)
    check(ours, ours)
    with pytest.raises(AssertionError):
        check(ours, A + 1)
    with pytest.raises(AssertionError):
        check(A + 1, ours)


def test_assertions_of_order():
    npt.assert_array_less(cv.asarray(A), A + 1)
    with pytest.raises(AssertionError):
        npt.assert_array_less(cv.asarray(A), A)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_and_memory_are_shared(dtype):
    ours = cv.zeros((2, 3), dtype=dtype)
    view = np.asarray(ours)
    assert view.dtype == np.dtype(dtype) and np.shares_memory(view, np.asarray(ours))
    view[0, 1] = 1
    assert ours[0, 1] == 1
    theirs = np.ones((2, 3), dtype)
    assert cv.asarray(theirs).dtype == dtype and np.dtype(ours.dtype.str) == theirs.dtype
    npt.assert_array_equal(np.from_dlpack(ours), view)
    npt.assert_array_equal(np.asarray(cv.from_dlpack(theirs)), theirs)
    npt.assert_array_equal(np.frombuffer(memoryview(ours), dtype).reshape(2, 3), view)


FUNCTIONS = {
    "sum": lambda a: np.sum(a, axis=0),
    "mean": lambda a: np.mean(a, axis=(0, 2)),
    "concatenate": lambda a: np.concatenate([a, a], axis=1),
    "stack": lambda a: np.stack([a, a]),
    "where": lambda a: np.where(a > 0, a, 0),
    "einsum": lambda a: np.einsum("ijk,ijl->kl", a, a),
    "tensordot": lambda a: np.tensordot(a, a, axes=([0, 1], [0, 1])),
    "sort": lambda a: np.sort(a, axis=1),
    "median": lambda a: np.median(a, axis=-1),
    "percentile": lambda a: np.percentile(a, [10, 50], axis=0),
    "histogram": lambda a: np.histogram(a, bins=5)[0],
    "svd": lambda a: np.linalg.svd(a, compute_uv=False),
    "fft": lambda a: np.fft.fft(a, axis=1),
    "gradient": lambda a: np.gradient(a, axis=2),
    "interp": lambda a: np.interp(a, [-2, 3], [0, 1]),
    "pad": lambda a: np.pad(a, 1),
    "unique": lambda a: np.unique(np.round(a)),
    "ufunc": lambda a: np.exp(a) + np.hypot(a, 1.0),
    "ufunc reduce": lambda a: np.add.reduce(a, axis=1),
    "ufunc outer": lambda a: np.multiply.outer(a[0, 0], a[1, 1]),
    "ufunc accumulate": lambda a: np.maximum.accumulate(a, axis=2),
    "matmul": lambda a: np.matmul(a, np.swapaxes(a, 1, 2)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_numpy_give_civita(name):
    ours = FUNCTIONS[name](cv.asarray(A))
    assert type(ours).__module__ == "civita", type(ours)
    npt.assert_allclose(np.asarray(ours), FUNCTIONS[name](A), rtol=1e-12, atol=1e-12)


def test_mixed_operands():
    assert isinstance(A + cv.asarray(A), cv.ndarray) and isinstance(cv.asarray(A) * A, cv.ndarray)
    out = np.empty_like(A)
    np.add(A, np.asarray(cv.asarray(A)), out=out)
    npt.assert_array_equal(out, A + A)
    out[...] = cv.asarray(A)
    npt.assert_array_equal(out, A)


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
def test_pickles(protocol, dtype):
    a = cv.arange(12).reshape(3, 4).astype(dtype)
    for x in (a, a.T, a[::2, 1:], a[0, 0], cv.zeros((0, 3), dtype=dtype), cv.asarray(a[1, 1])):
        back = pickle.loads(pickle.dumps(x, protocol))
        assert type(back) is type(x) and back.dtype == x.dtype and back.shape == x.shape
        assert (back == x).all()


def test_pickles_out_of_band_share_memory():
    a = cv.arange(10_000.0)
    buffers = []
    data = pickle.dumps(a, 5, buffer_callback=buffers.append)
    assert len(data) < 500 and len(buffers) == 1
    back = pickle.loads(data, buffers=buffers)
    assert (back == a).all() and np.shares_memory(np.asarray(back), np.asarray(a))


def test_copies():
    a = cv.asarray(A)
    for copied in (copy.copy(a), copy.deepcopy(a), copy.deepcopy({"x": a})["x"]):
        copied[...] = 0
        assert (a == A).all()


def test_memory_of_others():
    shared = multiprocessing.shared_memory.SharedMemory(create=True, size=80)
    try:
        a = cv.frombuffer(shared.buf, cv.float64, 10)
        a[:] = range(10)
        assert np.frombuffer(shared.buf, np.float64, 10).sum() == 45
        del a
    finally:
        try:
            shared.close()
        except BufferError:
            pass
        shared.unlink()
    numbers = (ctypes.c_double * 3)(1, 2, 3)
    cv.frombuffer(numbers)[1] = 9
    assert numbers[1] == 9


def test_files_go_both_ways():
    for save, load in ((np.save, cv.load), (cv.save, np.load)):
        file = io.BytesIO()
        save(file, (cv if save is cv.save else np).asarray(A))
        file.seek(0)
        npt.assert_array_equal(np.asarray(load(file)), A)
