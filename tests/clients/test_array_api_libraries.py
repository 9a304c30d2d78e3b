"""array-api-compat, array-api-extra and hypothesis' strategies on Civita's arrays, against the same calls on NumPy's."""

import array_api_compat as compat
import array_api_extra as extra
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

import civita as cv

X = np.array([[3.0, -1.0, np.nan, 2.0], [0.5, np.inf, 2.0, -2.0]])
I = np.array([[5, 3, 3, 1], [2, 2, 9, 0]])


def same(ours, theirs):
    assert type(ours).__module__ == "civita", type(ours)
    theirs = np.asarray(theirs)
    assert ours.dtype.name == theirs.dtype.name
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-14)


def test_the_namespace_of_an_array_is_civita():
    a = cv.asarray(X)
    assert compat.array_namespace(a, 1, None) is cv
    assert compat.is_array_api_obj(a) and compat.is_array_api_obj(a.sum())
    assert not compat.is_numpy_array(a) and not compat.is_numpy_namespace(cv)
    with pytest.raises(TypeError):
        compat.array_namespace(a, X)


def test_device_size_and_laziness():
    a = cv.asarray(X)
    assert compat.device(a) == "cpu" and compat.to_device(a, "cpu") is a
    assert compat.size(a) == 8
    assert compat.is_writeable_array(a) and not compat.is_lazy_array(a)


CALLS = {
    "apply_where": lambda m, x, i: extra.apply_where(x > 0, x, lambda v: v * 2, fill_value=-1.0),
    "apply_where with two": lambda m, x, i: extra.apply_where(x > 0, (x, i), lambda a, b: a + b, lambda a, b: a - b),
    "argpartition": lambda m, x, i: m.sort(m.take_along_axis(i, extra.argpartition(i, 2, axis=-1), axis=-1)[:, :3]),
    "at add": lambda m, x, i: extra.at(i)[:, 1].add(10),
    "at set mask": lambda m, x, i: extra.at(x, x > 1).set(0.0),
    "at multiply": lambda m, x, i: extra.at(i)[0, ...].multiply(3),
    "at max": lambda m, x, i: extra.at(i)[1].max(2),
    "atleast_nd": lambda m, x, i: extra.atleast_nd(i, ndim=4),
    "cov": lambda m, x, i: extra.cov(m.astype(i, m.float64)),
    "create_diagonal": lambda m, x, i: extra.create_diagonal(i[0], offset=1),
    "expand_dims": lambda m, x, i: extra.expand_dims(i, axis=(0, 2)),
    "isclose": lambda m, x, i: extra.isclose(x, x + 1e-9, equal_nan=True),
    "isin": lambda m, x, i: extra.isin(i, i[1]),
    "kron": lambda m, x, i: extra.kron(i, i[0]),
    "nan_to_num": lambda m, x, i: extra.nan_to_num(x, fill_value=7.0),
    "one_hot": lambda m, x, i: extra.one_hot(i, 10),
    "pad": lambda m, x, i: extra.pad(i, ((1, 0), (2, 3)), constant_values=4),
    "partition": lambda m, x, i: m.sort(extra.partition(i, 2, axis=-1)[:, :3]),
    "setdiff1d": lambda m, x, i: extra.setdiff1d(i, i[1]),
    "sinc": lambda m, x, i: extra.sinc(m.linspace(-3.0, 3.0, 13)),
    "lazy_apply": lambda m, x, i: extra.lazy_apply(lambda v: v + 1, i, shape=i.shape, dtype=i.dtype),
    "lazy_apply as NumPy": lambda m, x, i: extra.lazy_apply(np.cumsum, i, shape=(8,), dtype=i.dtype, as_numpy=True),
}


@pytest.mark.parametrize("name", CALLS)
def test_array_api_extra(name):
    same(CALLS[name](cv, cv.asarray(X), cv.asarray(I)), CALLS[name](np, X, I))


def test_array_api_extra_without_arrays():
    assert extra.nunique(cv.asarray(I)) == 6
    assert extra.broadcast_shapes((2, 1), (3,)) == (2, 3)
    assert extra.default_dtype(cv) == cv.float64 and extra.default_dtype(cv, "integral") == cv.int64


# the newest version that this hypothesis knows
XPS = make_strategies_namespace(cv, api_version="2024.12")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_hypothesis_makes_arrays_and_indices(data):
    dtype = data.draw(XPS.scalar_dtypes())
    a = data.draw(XPS.arrays(dtype, XPS.array_shapes(max_dims=3, max_side=4)))
    assert isinstance(a, cv.ndarray) and a.dtype == dtype
    index = data.draw(XPS.indices(a.shape))
    np.testing.assert_array_equal(np.asarray(a)[index], np.asarray(a[index]))


@given(XPS.mutually_broadcastable_shapes(2))
@settings(max_examples=50, deadline=None)
def test_hypothesis_broadcasts(shapes):
    first, second = shapes.input_shapes
    assert (cv.ones(first) + cv.ones(second)).shape == shapes.result_shape
