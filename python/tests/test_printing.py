"""`repr` and `str` are NumPy's, letter by letter."""

import threading

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


def test_options_are_the_threads_own():
    def of(m):
        seen = []

        def other():
            seen.append((m.get_printoptions()["precision"], repr(m.array([1 / 3]))))
            m.set_printoptions(precision=2)
            seen.append(repr(m.array([1 / 3])))

        with m.printoptions(precision=4, formatter={"int": lambda v: f"<{v}>"}):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            seen.append((repr(m.array([1 / 3])), repr(m.array([7]))))
        return seen

    assert of(cv) == of(np)


@pytest.mark.parametrize("legacy", ["2.2", "2.1", "1.25", "1.21", False])
def test_half_precision_of_older_versions(legacy):
    with np.printoptions(legacy=legacy), cv.printoptions(legacy=legacy):
        for values in ([1e3, 1e4, 65504], [2049, 4099.0], [1.5, 20001.0], [1e-3, 3e4]):
            same(np.array(values, "float16"))
            same(np.array(values, "float32"))


def test_digits_of_positional_floats():
    large = np.finfo(np.float32).max
    for x in (large, np.float32(1.5), np.float32(123456.789), np.float32(1e-7), np.float32(0)):
        for fractional in (True, False):
            for digits in (None, 1, 3, 4, 20, 45):
                for least in (None, 1, 4, 20, 45):
                    for unique in (True, False):
                        if (digits is not None and least is not None and least > digits) or (not unique and digits is None):
                            continue
                        options = dict(unique=unique, fractional=fractional, precision=digits, min_digits=least)
                        for trim in "k.0-":
                            ours = cv.format_float_positional(cv.float32(x), trim=trim, **options)
                            assert ours == np.format_float_positional(x, trim=trim, **options), (x, options, trim)


@pytest.mark.parametrize("legacy", ["1.13", "1.21", "1.25", "2.1", "2.2", False])
def test_summaries_of_older_versions(legacy):
    for dtype in ("i8", "f8", "f4", "c16", "?"):
        texts = []
        for m in (np, cv):
            a = m.arange(-4, 26).astype(dtype)
            with m.printoptions(legacy=legacy, threshold=5, edgeitems=2):
                texts.append((repr(a), str(a.reshape(5, 6)), repr(a[:0]), m.get_printoptions()["sign"]))
            with m.printoptions(legacy=legacy, sign="+"):
                texts[-1] += (m.get_printoptions()["sign"], repr(a[:5]))
            texts[-1] += tuple(m.array2string(a[k:][:6], legacy=legacy, sign=sign) for sign in "-+ " for k in (0, 9))
        assert texts[0] == texts[1]


@pytest.mark.parametrize("trim", ["k", ".", "0", "-"])
@pytest.mark.parametrize("x", [54.0, 54.5, 0.0, -5.01, 5e3, 9.9999])
@pytest.mark.parametrize(
    "options",
    [
        {"pad_right": 1}, {"pad_right": 4, "pad_left": 5}, {"precision": 1, "unique": False}, {"precision": 3, "unique": False},
        {"min_digits": 10}, {"precision": 0, "min_digits": 30}, {"precision": 2, "min_digits": 3}, {"precision": -1}, {"min_digits": -1},
        {"pad_left": -1}, {"pad_right": -1}, {"exp_digits": -1}, {"exp_digits": 0}, {"exp_digits": 3},
    ],
)  # fmt: skip
def test_numbers_are_padded_and_trimmed_as_numpys(options, x, trim):
    for function, others in (("format_float_positional", {"exp_digits"}), ("format_float_scientific", {"pad_right"})):
        if others & options.keys():
            continue
        for dtype in ("float64", "float16"):
            texts = []
            for m in (np, cv):
                try:
                    texts.append(getattr(m, function)(getattr(m, dtype)(x), trim=trim, **options))
                except ValueError as error:
                    texts.append(str(error))
            assert texts[0] == texts[1]
