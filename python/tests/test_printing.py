"""`repr` and `str` are NumPy's, letter by letter."""

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import NUMPY_DTYPES


def same(x, message=""):
    a = cv.array(x)
    assert repr(a) == repr(x), message
    assert str(a) == str(x), message


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_random_arrays(dtype, rng):
    for n in (0, 1, 2, 3, 7, 30):
        for _ in range(12):
            same(oracle.ordinary(rng, dtype, n))
            same(oracle.any_bits(rng, dtype, n))
            same(rng.choice(oracle.specials(dtype), n))
    for shape in [(), (1, 1), (2, 3), (3, 2, 2), (2, 0), (0, 3), (1, 1, 1, 1), (4, 30), (2, 2, 3, 2)]:
        for _ in range(4):
            same(oracle.ordinary(rng, dtype, int(np.prod(shape, dtype=int))).reshape(shape))


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "complex64"])
def test_long_arrays_are_summarised(dtype, rng):
    for shape in [(1000,), (1001,), (2000, 3), (3, 2000), (40, 40), (11, 11, 11), (1001, 1), (0, 2000)]:
        same(oracle.ordinary(rng, dtype, int(np.prod(shape, dtype=int))).reshape(shape), str(shape))


def test_rounded_numbers_of_all_scales(rng):
    for scale in (1e-300, 1e-9, 1e-4, 1e-3, 1, 1e3, 1e5, 1e8, 1e15, 1e16, 1e17, 1e300):
        for digits in (0, 1, 3, 8, 12):
            same(np.round(rng.normal(size=6), digits) * scale, f"{scale} {digits}")
            same((np.round(rng.normal(size=6), digits) * scale).astype("float32"), f"{scale} {digits}")
    same(np.array([1.0, 1e16, np.nan, -np.inf]))
    same(np.array([1e-5, 1.0]))
    same(np.array([0.1, 0.25, 1e8]))


def test_views_print_what_they_show(rng):
    x = rng.normal(size=(6, 7))
    a = cv.array(x)
    for view in (lambda v: v.T, lambda v: v[::-1, ::2], lambda v: v[2], lambda v: v[:, None, 3]):
        assert repr(view(a)) == repr(view(x))


def test_options():
    x = np.array([[np.pi, 1e-7], [12345.678, np.nan]])
    a = cv.array(x)
    for options in [
        {"precision": 3},
        {"precision": 0},
        {"suppress": True},
        {"suppress": True, "precision": 2},
        {"linewidth": 20},
        {"threshold": 2, "edgeitems": 1},
        {"sign": "+"},
        {"sign": " "},
        {"floatmode": "fixed"},
        {"floatmode": "unique"},
        {"floatmode": "maxprec_equal", "precision": 4},
        {"nanstr": "no", "infstr": "oo"},
    ]:
        with np.printoptions(**options), cv.printoptions(**options):
            assert repr(a) == repr(x), options
            assert str(a) == str(x), options
    assert repr(a) == repr(x)


def test_formats_of_single_elements():
    for value in (1.5, 2, True, 1 + 2j):
        assert str(cv.array(value)) == str(np.array(value))
        assert f"{cv.array(value)}" == f"{np.array(value)}"
    assert f"{cv.array(1.23456):.2f}" == "1.23"


def test_bfloat16_prints_its_dtype():
    assert repr(cv.array([1.0, 2.5], dtype="bfloat16")) == "array([1. , 2.5], dtype=bfloat16)"
