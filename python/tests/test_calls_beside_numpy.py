"""Calls in NumPy's words that mean the same here: value, dtype, shape, kind of result, or kind of error. NumPy is asked beside us."""

import operator
import pickle
import warnings

import civita as cv
import numpy as np
import pytest


def outcome(call, m):
    """What a call returns or raises, in terms that do not depend on the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return described(eval(call, {"m": m, "a": m.arange(6).reshape(2, 3), "nan": np.nan, "inf": np.inf, "operator": operator}))
        except Exception as error:
            return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def described(x):
    if isinstance(x, (tuple, list)):
        return type(x).__name__, [described(each) for each in x]
    if isinstance(x, (cv.dtype, np.dtype)):
        return str(x)
    if isinstance(x, (cv.ndarray, cv.generic, np.ndarray, np.generic)):
        kind = "array" if isinstance(x, (cv.ndarray, np.ndarray)) else "scalar"
        x = np.asarray(x)
        return kind, str(x.dtype), x.shape, repr(x.tolist())
    return x


def calls(text):
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    "call",
    calls("""
        m.poly(m.array([1.5], "f2"))
        m.poly(m.array([1.5], "f4"))
        m.roots(m.array([1.0], "f4"))
        m.roots(m.array([1.0, 0.0], "f4"))
        m.polyder(m.array([1], "u1"))
        m.polyder(m.array([1, 2, 3], "u1"), 3)
        m.polyder(m.array([1.0], "f4"), 0)
    """),
)
def test_dtypes_of_polynomials(call):
    assert outcome(call, cv) == outcome(call, np)


def test_pickles_of_any_order_of_axes_go_as_a_buffer():
    a = cv.arange(120.0).reshape(2, 3, 4, 5)
    for axes in [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 2, 3), (2, 0, 3, 1)]:
        buffers = []
        x = a.transpose(axes)
        text = pickle.dumps(x, protocol=5, buffer_callback=buffers.append)
        assert len(buffers) == 1
        y = pickle.loads(text, buffers=buffers)
        assert y.strides == x.strides
        assert (y == x).all()
        # what has gaps goes as a copy
        assert (pickle.loads(pickle.dumps(x[:, ::2], protocol=5)) == x[:, ::2]).all()


def test_words_and_elements_that_do_not_exist():
    d = cv.arange(10)
    with pytest.raises(ValueError, match="kind"):
        d.partition(2, kind="nonsense")
    with pytest.raises(TypeError):
        del d.flat[1]
