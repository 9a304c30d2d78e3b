"""Sorts, running folds, searches and sets on what the samples of their rows do not reach: long rows, equal elements, NaN,
-0, infinities, every dtype and layout."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civita as cv
from oracle import NUMPY_DTYPES

SPECIAL = [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 1.0, -1.0, 5e-324, -2.5, 2.5]
# short rows, those that are counted, and those that are sorted by their bytes
LENGTHS = [1, 2, 17, 255, 256, 300, 5000]


def numbers(dtype, n, rng):
    """Numbers with many equal ones among them, and the special ones of the dtype."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.random(n) < 0.5
    if kind in "iu":
        info = np.iinfo(dtype)
        wide = rng.integers(info.min, info.max, n, dtype=dtype, endpoint=True)
        few = rng.integers(0, 10, n).astype(dtype)
        return np.where(rng.random(n) < 0.5, wide, few)
    if kind == "f":
        x = np.where(rng.random(n) < 0.5, rng.normal(size=n) * 10.0 ** rng.integers(-3, 4, n), rng.choice(SPECIAL, n))
        with np.errstate(all="ignore"):
            return x.astype(dtype)
    part = "float32" if dtype == "complex64" else "float64"
    x = np.empty(n, dtype)
    x.real, x.imag = numbers(part, n, rng), numbers(part, n, rng)
    return x


def same_bits(got, want):
    got, want = np.asarray(got), np.asarray(want)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    assert got.tobytes() == want.tobytes(), f"{got}\nwant {want}"


def equal(got, want):
    got, want = np.asarray(got), np.asarray(want)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("n", LENGTHS)
def test_sorts_are_stable_to_the_bit(dtype, n, rng):
    x = numbers(dtype, n, rng)
    order = np.argsort(x, kind="stable")
    a = cv.array(x)
    equal(cv.argsort(a), order)
    same_bits(cv.sort(a), x[order])
    values, indices = cv.topk(a, n, largest=False)
    equal(indices, order)
    same_bits(values, x[order])
    # the other way equal elements keep their order too
    down = n - 1 - np.argsort(x[::-1], kind="stable")[::-1]
    equal(cv.argsort(a, descending=True), down)
    same_bits(cv.sort(a, descending=True), x[down])


@pytest.mark.parametrize("dtype", ["int8", "float32", "complex128"])
def test_sorts_of_every_layout_and_axis(dtype, rng):
    x = numbers(dtype, 4 * 6 * 310, rng).reshape(4, 6, 310)
    for view in (x, x.T, x[::2, ::-1, 3:], x.transpose(1, 2, 0), np.broadcast_to(x[:1], x.shape)):
        a = cv.asarray(view) if view.flags.writeable else cv.array(view)
        for axis in (0, 1, 2, -1, None):
            equal(cv.argsort(a, axis=axis), np.argsort(view, axis=axis, kind="stable"))
            same_bits(cv.sort(a, axis=axis), np.sort(view, axis=axis, kind="stable"))


def test_sorts_of_bfloat16(rng):
    x = cv.array(numbers("float32", 3000, rng)).astype("bfloat16")
    equal(cv.argsort(x), np.argsort(np.asarray(x.astype("float32")), kind="stable"))


def test_sorts_do_not_depend_on_threads(rng, threads):
    x = rng.normal(size=(50, 700)).astype("float32")
    want = np.sort(x)
    for n in (1, 2, 3):
        threads(n)
        same_bits(cv.sort(cv.array(x)), want)
        same_bits(cv.sort(cv.array(x), axis=0), np.sort(x, axis=0))


def test_arrays_are_sorted_in_place():
    a = cv.array([[3, 1, 2], [6, 5, 4]])
    view = a[:, ::-1]
    assert a.sort() is None
    assert a.tolist() == [[1, 2, 3], [4, 5, 6]] and view.tolist() == [[3, 2, 1], [6, 5, 4]]
    view.sort()
    assert a.tolist() == [[3, 2, 1], [6, 5, 4]]
    a.sort(0, descending=True)
    assert a.tolist() == [[6, 5, 4], [3, 2, 1]]
    x = cv.array([2.0, 1.0], requires_grad=True)
    y = x * 1
    y.sort()
    (y * cv.array([10.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 10.0]


def test_wrong_sorts():
    a = cv.array([3, 1, 2])
    for call, error in [
        (lambda: cv.sort(a, 1), cv.AxisError),
        (lambda: cv.sort(a, kind="bubble"), ValueError),
        (lambda: cv.sort(a, kind="stable", stable=True), ValueError),
        (lambda: cv.sort(a, order="x"), ValueError),
        (lambda: a.sort(2), cv.AxisError),
        (lambda: cv.topk(a, 4), ValueError),
        (lambda: cv.partition(a, 3), ValueError),
        (lambda: cv.lexsort([]), TypeError),
        (lambda: cv.lexsort([[1, 2], [1]]), ValueError),
        (lambda: cv.bincount([-1]), ValueError),
        (lambda: cv.bincount([1.5]), TypeError),
        (lambda: cv.digitize(1, [0, 2, 1]), ValueError),
        (lambda: cv.quantile(a, 1.5), ValueError),
        (lambda: cv.take_along_axis(a, [5], 0), IndexError),
        (lambda: cv.take_along_axis(a, [[1]], 0), ValueError),
        (lambda: cv.isin(a, a, kind="tree"), ValueError),
    ]:
        with pytest.raises(error):
            call()


# ---- running folds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_running_products_and_extremes(dtype, rng, threads):
    x = numbers(dtype, 3 * 40_000, rng).reshape(3, 40_000)
    for n in (1, 3):
        threads(n)
        for view in (x, x.T, x[:, ::-2]):
            a = cv.asarray(view)
            axis = int(np.argmax(view.shape))
            if np.dtype(dtype).kind in "biu":
                equal(cv.cumprod(a, axis), np.cumprod(view, axis))
            if np.dtype(dtype).kind != "c":
                equal(cv.cummax(a, axis)[0], np.maximum.accumulate(view, axis))
                equal(cv.cummin(a, axis)[0], np.minimum.accumulate(view, axis))
                values, at = cv.cummax(a, axis)
                equal(cv.take_along_axis(a, at, axis), values)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_running_products_of_many_numbers(dtype, rng):
    x = (1 + 1e-3 * rng.normal(size=50_000)).astype(dtype)
    got, want = cv.cumprod(cv.array(x)), np.cumprod(x.astype("complex128" if x.dtype.kind == "c" else "float64"))
    np.testing.assert_allclose(np.asarray(got), want, rtol=50 * np.finfo(dtype).eps * 50)
    assert str(got.dtype) == dtype


def test_gradients_of_running_products_with_zeros():
    for values in ([1.5, 0.0, 2.0, 3.0], [0.0, 2.0, 0.0, 1.0], [0.0, 0.0, 0.0], [2.0]):
        x = cv.array(values)
        assert cv.check_gradients(cv.cumprod, [x])
        assert cv.check_second_gradients(lambda x: cv.cumprod(x) * cv.cumprod(x), [x])


def test_gradients_of_running_extremes_go_to_the_last_of_equals():
    x = cv.array([1.0, 3.0, 3.0, 2.0], requires_grad=True)
    cv.cummax(x)[0].sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 2.0, 0.0]


# ---- searches and sets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("n", [0, 1, 7, 64, 1000])
def test_searches(dtype, n, rng):
    sorted_, values = np.sort(numbers(dtype, n, rng)), numbers(dtype, 200, rng).reshape(20, 10)
    if dtype.startswith("complex"):
        # NumPy's sort puts equal complex numbers with NaN in orders that its search does not agree with
        sorted_, values = sorted_[~np.isnan(sorted_)], values[~np.isnan(values).any(axis=1)]
    for side in ("left", "right"):
        equal(cv.searchsorted(cv.array(sorted_), cv.array(values), side), np.searchsorted(sorted_, values, side))


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_sets(dtype, rng):
    x, y = numbers(dtype, 300, rng), numbers(dtype, 200, rng)
    if np.dtype(dtype).kind in "fc":
        # one payload of NaN, and no -0: which of equal elements is left is not NumPy's to say
        x, y = (np.where(np.isnan(v), np.array(np.nan, v.dtype), v) + 0 for v in (x, y))
    a, b = cv.array(x), cv.array(y)
    for equal_nan in (True, False):
        options = dict(return_index=True, return_inverse=True, return_counts=True, equal_nan=equal_nan)
        for got, want in zip(cv.unique(a, **options), np.unique(x, **options)):
            equal(got, want)
    equal(cv.unique(a.reshape(10, 30), return_inverse=True)[1], np.unique(x.reshape(10, 30), return_inverse=True)[1])
    equal(cv.isin(a, b), np.isin(x, y))
    equal(cv.union1d(a, b), np.union1d(x, y))
    equal(cv.setdiff1d(a, b), np.setdiff1d(x, y))
    equal(cv.setxor1d(a, b), np.setxor1d(x, y))
    for got, want in zip(cv.intersect1d(a, b, return_indices=True), np.intersect1d(x, y, return_indices=True)):
        equal(got, want)


def test_unique_rows(rng):
    x = rng.integers(0, 2, (40, 3, 2))
    options = dict(return_index=True, return_inverse=True, return_counts=True)
    for axis in (0, 1, -1):
        for got, want in zip(cv.unique(cv.array(x), axis=axis, **options), np.unique(x, axis=axis, **options)):
            equal(got, want)


def test_medians_and_quantiles_with_nan(rng):
    x = rng.normal(size=(4, 7))
    x[1, 3] = np.nan
    equal(cv.median(cv.array(x), 1), np.median(x, 1))
    equal(cv.median(cv.array(x)), np.median(x))
    got, want = cv.quantile(cv.array(x), [0.1, 0.5], 1), np.quantile(x, [0.1, 0.5], 1)
    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-14)


# ---- long rows, which threads share


def long_rows(rng):
    """Rows that keys of 64 bits hold in different ways: exactly, cut, cut so that many are equal in what is left."""
    n = 300_000
    yield "normal", rng.standard_normal(n)
    yield "single", rng.standard_normal(n).astype(np.float32)
    yield "NaN, zeros of both signs, infinities", rng.choice([np.nan, 0.0, -0.0, np.inf, -np.inf, 1.0, -1.0], n)
    yield "close together and one far away", np.append(1.0 + rng.integers(0, 1000, n) * 2.0**-50, 1e300)
    yield "whole range", rng.integers(np.iinfo(np.int64).min, np.iinfo(np.int64).max, n)
    yield "few values", rng.integers(-5, 5, n)
    yield "unsigned", rng.integers(0, 2**64 - 1, n, dtype=np.uint64)
    yield "narrow", rng.integers(-100, 100, n).astype(np.int8)
    yield "all equal", np.full(n, 7.0)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_long_rows_are_argsorted_stably(rng, threads, count):
    threads(count)
    for what, x in long_rows(rng):
        order = np.argsort(x, kind="stable")
        assert np.array_equal(np.asarray(cv.argsort(cv.asarray(x), stable=True)), order), what
        falling = np.asarray(cv.argsort(cv.asarray(x), descending=True))
        values = x[falling]
        assert np.array_equal(values, np.sort(x)[::-1], equal_nan=x.dtype.kind == "f"), what
        same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]) if x.dtype.kind == "f" else False)
        assert (np.diff(falling)[same] > 0).all(), what


def test_rows_are_argsorted_each(rng):
    x = rng.integers(0, 50, (70, 333)) * 1.5
    x[3, 5] = np.nan
    assert np.array_equal(np.asarray(cv.argsort(cv.asarray(x), axis=1)), np.argsort(x, axis=1, kind="stable"))
    assert np.array_equal(np.asarray(cv.argsort(cv.asarray(x.astype(np.int32)), axis=0)), np.argsort(x.astype(np.int32), axis=0, kind="stable"))


@pytest.mark.parametrize("k", [1, 10, 1000])
def test_topk_of_long_rows(rng, threads, k):
    for count in (1, 3):
        threads(count)
        for what, x in long_rows(rng):
            for largest in (True, False):
                values, indices = map(np.asarray, cv.topk(cv.asarray(x), k, largest=largest))
                wanted = np.sort(x)[::-1][:k] if largest else np.sort(x)[:k]
                assert np.array_equal(values, wanted, equal_nan=x.dtype.kind == "f"), what
                assert np.array_equal(x[indices], wanted, equal_nan=x.dtype.kind == "f"), what
                assert len(set(indices.tolist())) == k


def test_many_indices_keep_their_order(rng, threads):
    n, many = 100_000, 400_000
    index = rng.integers(-n, n, many)
    for dtype in ("float32", "float64", "int64", "int8", "complex128"):
        values = rng.integers(-100, 100, many).astype(dtype)
        wanted, added = np.zeros(n, dtype), np.zeros(n, dtype)
        wanted[index] = values
        np.add.at(added, index, values)
        for count in (1, 2, 7):
            threads(count)
            x, y = cv.zeros(n, dtype), cv.zeros(n, dtype)
            x[cv.asarray(index)] = cv.asarray(values)
            cv.add.at(y, cv.asarray(index), cv.asarray(values))
            assert np.array_equal(np.asarray(x), wanted), (dtype, count)
            assert np.array_equal(np.asarray(y), added), (dtype, count)


@st.composite
def partitions(draw):
    """An array in some layout, an axis (None: all elements) and one place along it or several, from either end."""
    dtype = draw(st.sampled_from(["bool", "int8", "uint16", "int64", "float16", "float32", "float64", "complex64", "complex128"]))
    shape = tuple(draw(st.lists(st.integers(1, 40), min_size=1, max_size=3)))
    x = numbers(dtype, math.prod(shape), np.random.default_rng(draw(st.integers(0, 2**32)))).reshape(shape)
    x = draw(st.sampled_from([x, x.T, x[::-1], x[..., ::2], np.asfortranarray(x)]))
    axis = draw(st.sampled_from([None, *range(-x.ndim, x.ndim)]))
    n = x.size if axis is None else x.shape[axis]
    places = st.integers(-n, n - 1)
    return x, axis, draw(places | st.lists(places, min_size=1, max_size=4))


@settings(max_examples=300, deadline=None)
@given(partitions())
def test_partitions_hold_what_numpy_promises(drawn):
    """What stands at a place is what a sort puts there, what is before it is not greater, what is behind it not less: the order
    inside is free, so NumPy's sort of each part is the oracle, and not its partition."""
    x, axis, places = drawn
    a = cv.array(x)
    rows = np.moveaxis(x.reshape(-1) if axis is None else x, -1 if axis is None else axis, -1)
    taken = np.asarray(cv.argpartition(a, places, axis=axis))
    taken = np.moveaxis(taken, -1 if axis is None else axis, -1)
    np.testing.assert_array_equal(np.sort(taken), np.broadcast_to(np.arange(rows.shape[-1]), rows.shape))
    parted = np.moveaxis(np.asarray(cv.partition(a, places, axis=axis)), -1 if axis is None else axis, -1)
    want = np.sort(rows)
    at = sorted({int(p) % rows.shape[-1] for p in np.atleast_1d(places)})
    ends = [0, *(end for place in at for end in (place, place + 1)), rows.shape[-1]]
    for got in (parted, np.take_along_axis(rows, taken, -1)):
        for start, end in zip(ends, ends[1:]):
            np.testing.assert_array_equal(np.sort(got[..., start:end]), want[..., start:end])


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_few_values_are_searched_for_where_the_sorted_ones_lie(dtype, rng):
    x = np.sort(numbers(dtype, 3000, rng))
    twice = cv.array(np.repeat(x, 2))
    for given, sorted_ones in [(x, cv.array(x)), (x, twice[::2]), (x[:3], twice[:6:2]), (x[:0], twice[:0]), (x, cv.array(x[::-1].copy())[::-1])]:
        for side in ("left", "right"):
            for number in [5.5, 3, -2, True, 0, np.nan, 1e300]:
                assert int(cv.searchsorted(sorted_ones, number, side)) == np.searchsorted(given, number, side), (number, side)
            for other in ["bool", "int8", "uint64", "float16", "float64", "complex128"]:
                for many in (1, 40, 3000):
                    v = numbers(other, many, rng)
                    equal(cv.searchsorted(sorted_ones, cv.array(v), side), np.searchsorted(given, v, side))


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_rows_that_are_sorted_either_way_stay_stable(dtype, rng):
    for n in (1, 2, 3, 65, 300, 70_000):
        up = np.sort(numbers(dtype, n, rng), kind="stable")
        few = np.sort(rng.integers(0, 2 if dtype == "bool" else 5, n)).astype(dtype)
        distinct = np.arange(n).astype(dtype)
        almost = np.concatenate((distinct[:-1], distinct[:1]))
        for x in (up, up[::-1].copy(), few, few[::-1].copy(), distinct, distinct[::-1].copy(), almost):
            order = np.argsort(x, kind="stable")
            equal(cv.argsort(cv.array(x), kind="stable"), order)
            same_bits(cv.sort(cv.array(x), stable=True), x[order])
            down = (n - 1 - np.argsort(x[::-1], kind="stable"))[::-1]
            equal(cv.argsort(cv.array(x), descending=True, stable=True), down)
            same_bits(cv.sort(cv.array(x), descending=True, stable=True), x[down])
        if n < 1000:
            rows = np.stack((up, up[::-1], rng.permutation(up)))
            for axis in (0, 1):
                equal(cv.argsort(cv.array(rows), axis=axis, kind="stable"), np.argsort(rows, axis=axis, kind="stable"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_counts_and_members_without_places(dtype, rng):
    for n in (0, 1, 5, 400):
        x = numbers(dtype, n, rng)
        for equal_nan in (True, False):
            got, want = (m.unique(a, return_counts=True, equal_nan=equal_nan) for m, a in ((cv, cv.array(x)), (np, x)))
            for one, other in zip(got, want, strict=True):
                equal(one, other)
        for many in (0, 1, 3, 12, 60):
            for other in ("bool", "int8", "uint64", "float32", "complex128"):
                tests = numbers(other, many, rng)
                for invert in (False, True):
                    equal(cv.isin(cv.array(x), cv.array(tests), invert=invert), np.isin(x, tests, invert=invert))
