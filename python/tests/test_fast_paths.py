"""Calls of few elements take shorter ways through the bindings; they give what NumPy gives, and what the general ways give."""

import itertools

import numpy as np
import pytest

import civita as cv

DTYPES = ["bool", "int8", "uint8", "int16", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


def both(shape, dtype):
    x = (np.arange(np.prod(shape, dtype=int)) % 7).astype(dtype).reshape(shape)
    return x, cv.asarray(x.copy())


def outcome(f):
    """What a call returns, or the class of its error."""
    try:
        return f()
    except Exception as error:
        return type(error).__name__


def same(ours, theirs):
    if isinstance(theirs, str):
        return ours == theirs
    ours = np.asarray(ours)
    theirs = np.asarray(theirs)
    return ours.dtype == theirs.dtype and ours.shape == theirs.shape and np.array_equal(ours, theirs)


ENDS = [None, 0, 1, 3, -1, -4, 10, -10]
SLICES = [slice(a, b, s) for a, b, s in itertools.product(ENDS, ENDS, [None, 1, 2, -1, -3])]


@pytest.mark.parametrize("shape", [(0,), (1,), (5,), (8,)])
def test_every_slice_of_a_vector(shape):
    x, y = both(shape, "int64")
    for base, own in [(x, y), (x[::-1], y[::-1]), (x[1::2], y[1::2])]:
        for key in SLICES:
            part = own[key]
            assert same(part, base[key]), key
            assert part.strides == base[key].strides or part.size < 2, key
            assert part.base is not None


@pytest.mark.parametrize("shape", [(3, 4), (1, 5), (4, 1), (0, 3), (3, 0)])
def test_pairs_of_keys_of_a_matrix(shape):
    x, y = both(shape, "float32")
    singles = [0, -1, 2, 9, slice(None), slice(1, None), slice(None, None, -1), slice(3, 1), None, ..., True]
    for base, own in [(x, y), (x.T, y.T)]:
        for key in singles + list(itertools.product(singles, singles)):
            if isinstance(key, tuple) and key.count(...) > 1:
                continue
            assert same(outcome(lambda: own[key]), outcome(lambda: base[key])), key


def test_numbers_written_over_parts_of_a_matrix():
    singles = [0, -1, 9, slice(None), slice(1, None), slice(None, None, -1), slice(3, 1), None, ...]
    for key in singles + list(itertools.product(singles, singles)):
        if isinstance(key, tuple) and key.count(...) > 1:
            continue
        x, y = both((3, 4), "float64")

        def write(a, key=key):
            a.T[key] = 7.5
            a[key] = 2
            return a

        assert same(outcome(lambda: write(y)), outcome(lambda: write(x))), key


def test_keys_of_many_axes():
    x, y = both((2, 3, 4, 2), "int16")
    singles = [0, -2, 5, slice(None), slice(None, None, -2), None, ...]
    for key in itertools.product(singles, repeat=3):
        if key.count(...) > 1:
            continue
        assert same(outcome(lambda: y[key]), outcome(lambda: x[key])), key
    assert same(outcome(lambda: y[(None,) * 60]), x[(None,) * 60])
    assert same(outcome(lambda: y[(None,) * 61]), outcome(lambda: x[(None,) * 61]))
    for key in [(), None, ..., (None, None), (..., None)]:
        assert same(cv.array(3.5)[key], np.array(3.5)[key]), key


def test_a_view_is_written_through():
    x, y = both((4, 6), "int32")
    y.T[0][1:3] = 9
    x.T[0][1:3] = 9
    y[::2][:, 1][:1] = 5
    x[::2][:, 1][:1] = 5
    y.reshape(2, 12)[1][-2:] = 4
    x.reshape(2, 12)[1][-2:] = 4
    assert same(y, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_written_over_a_slice(dtype):
    for value in [0, 1, 2, True, 2.0, 2.5, -1, 300, 1j, float("nan")]:
        for key in [slice(2, 5), slice(None), slice(5, 2), slice(None, None, -2), slice(-3, None), 3, -1, 9]:
            x, y = both((8,), dtype)

            def write(a, key=key, value=value):
                with np.errstate(all="ignore"):
                    a[key] = value
                return a

            with cv.errstate(all="ignore"):
                ours = outcome(lambda: write(y))
            theirs = outcome(lambda: write(x))
            if isinstance(theirs, str) or isinstance(ours, str):
                # floats that no integer holds are an error of one or the other
                assert dtype not in ("float32", "float64") or ours == theirs or value == 1j
                continue
            if value != value and dtype not in ("float16", "float32", "float64", "complex64", "complex128"):
                continue
            assert np.array_equal(np.asarray(ours), theirs, equal_nan=dtype[0] in "fc"), (key, value)


def test_a_read_only_array_is_not_written():
    y = cv.arange(8.0)
    y.flags.writeable = False
    for key in [slice(2, 4), 3, cv.array([1, 2])]:
        with pytest.raises(ValueError, match="read-only"):
            y[key] = 1
    with pytest.raises(ValueError):
        cv.broadcast_to(cv.arange(1.0), (8,))[2:4] = 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("index", ["int64", "int32", "uint8"])
def test_few_elements_are_picked(dtype, index):
    x, y = both((9,), dtype)
    signed = index != "uint8"
    for places in [[3, 1, 2], [0], [], [8] * 64, [8] * 65, [-1, -9] if signed else [8], [9], [-10] if signed else [255]]:
        for base, own in [(x, y), (x[::-2], y[::-2])]:
            p = np.array(places, dtype=index)
            q = cv.asarray(p)
            assert same(outcome(lambda: own[q]), outcome(lambda: base[p])), places
            assert same(outcome(lambda: own[q[::-1]]), outcome(lambda: base[p[::-1]])), places


def test_what_is_picked_is_a_copy_and_keeps_the_byte_order():
    y = cv.arange(5.0)
    picked = y[cv.array([1, 2])]
    assert picked.base is None and picked.flags.owndata and picked.flags.writeable
    picked[0] = 7
    assert y[1] == 1
    assert y.astype(">f8")[cv.array([1, 2])].dtype == np.dtype(">f8")


def test_gradients_pass_what_is_picked_and_sliced():
    w = cv.array([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    (w[cv.array([1, 1, 3])].sum() + 2 * w[1:3].sum() + w.reshape(2, 2).T[0].sum()).backward()
    assert w.grad.tolist() == [1.0, 4.0, 3.0, 1.0]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "uint8", "float16"])
def test_scalars_stand_where_numbers_do(dtype):
    x, y = both((6,), dtype)
    v, w = x[2], y[2]
    for target in DTYPES:
        if np.dtype(target).kind in "bui" and np.dtype(dtype).kind == "f":
            continue
        a, b = np.zeros(4, target), cv.zeros(4, target)
        a[1], b[1] = v, w
        a[2:], b[2:] = v, w
        assert same(b, a), target
    for k in ["int64", "uint8", "int16"]:
        assert x[np.dtype(k).type(3)] == y[getattr(cv, k)(3)]
    m, n = both((3, 4), dtype)
    assert same(n[cv.int64(1)], m[1]) and same(n[cv.int64(1), cv.int8(-1)], m[1, -1])
    assert same(outcome(lambda: n[cv.int64(3)]), "IndexError")
    assert same(outcome(lambda: n[cv.float64(1)]), "IndexError")


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "float16", "complex128", "bool"])
def test_lists_of_scalars(dtype):
    x, y = both((6,), dtype)
    assert same(cv.array(list(y)), np.array(list(x)))
    assert same(cv.array([list(y), list(y)]), np.array([list(x), list(x)]))
    for other in [1, 2.5, True, 1j]:
        assert same(cv.array([y[1], other]), np.array([x[1], other])), other
        assert same(cv.array([other, y[1]]), np.array([other, x[1]])), other
    for wanted in ["float32", "float64", "complex64"]:
        if dtype != "complex128" or wanted == "complex64":
            assert same(cv.array(list(y), dtype=wanted), np.array(list(x), dtype=wanted))
    assert same(cv.array([cv.float32(1), cv.float64(2)]), np.array([np.float32(1), np.float64(2)]))


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "var", "std", "any", "all", "argmax", "argmin"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "float16", "float32", "float64", "complex128"])
def test_numbers_that_all_elements_are_reduced_to(name, dtype):
    for shape in [(), (1,), (7,), (2, 3)]:
        x, y = both(shape, dtype)
        ours, theirs = outcome(lambda: getattr(y, name)()), outcome(lambda: getattr(x, name)())
        assert type(ours).__name__ == type(theirs).__name__, shape
        if not isinstance(theirs, str):
            assert np.asarray(ours).dtype == np.asarray(theirs).dtype
            assert np.allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-3 if dtype == "float16" else 1e-6)


def test_faults_of_reductions_are_told():
    big = cv.array([1e308, 1e308])
    with cv.errstate(over="warn"), pytest.warns(RuntimeWarning, match="overflow encountered in reduce"):
        assert big.sum() == cv.inf
    with cv.errstate(over="raise"), pytest.raises(FloatingPointError):
        big.sum()
    with cv.errstate(over="warn"), pytest.warns(RuntimeWarning, match="overflow"):
        cv.array([60000.0, 60000.0], dtype="float16").sum()


@pytest.mark.parametrize("shape", [(12,), (-1,), (3, 4), (3, -1), (-1, 4), (2, 3, 2), (2, -1, 2), (12, 1, 1, 1), (5, -1), (0, -1), (7,), (-1, -1)])
def test_shapes_of_few_lengths(shape):
    x, y = both((12,), "int64")
    for base, own in [(x, y), (x.reshape(4, 3), y.reshape(4, 3)), (x.reshape(4, 3).T, y.reshape(4, 3).T), (x[:0], y[:0])]:
        for call in [lambda a: a.reshape(shape), lambda a: a.reshape(*shape)]:
            assert same(outcome(lambda: call(own)), outcome(lambda: call(base)))
