"""`civita.testing`: NumPy's assertions, with NumPy's messages."""

import warnings

import civita as cv
import numpy as np
import pytest

A = np.array
CASES = [
    ("assert_allclose", ([1.0, 2, 3], [1, 2, 4.0]), {}),
    ("assert_allclose", (np.arange(10.0), np.arange(10.0) + 1), {"err_msg": "hm"}),
    ("assert_allclose", (np.ones((2, 2)), np.ones((2, 2)) * 1.1), {}),
    ("assert_allclose", ([1.0], [1.0 + 1e-9]), {}),
    ("assert_allclose", ([1.0, np.nan], [1.0, np.nan]), {}),
    ("assert_allclose", ([1.0, np.nan], [1.0, np.nan]), {"equal_nan": False}),
    ("assert_array_equal", ([1, 2, 3], [1, 2]), {}),
    ("assert_array_equal", ([1, np.nan, 3], [1, 2, 3.0]), {}),
    ("assert_array_equal", ([1, np.inf, 3], [1, 2, 3.0]), {}),
    ("assert_array_equal", ([1, np.inf, 3], [1, np.inf, 3.0]), {}),
    ("assert_array_equal", ([1, np.inf, 3], [1, -np.inf, 3.0]), {}),
    ("assert_array_equal", (A([True, False]), A([True, True])), {}),
    ("assert_array_equal", (A([1, 2, 3], "f4"), A([1.0, 2, 3])), {"strict": True}),
    ("assert_array_equal", (A([1, 2, 3]), 1), {}),
    ("assert_array_equal", (A([1, 1]), 1), {}),
    ("assert_equal", ([1, 2], [1, 3]), {}),
    ("assert_equal", ({"a": 1}, {"a": 2}), {}),
    ("assert_equal", (A([1, 2]), [1, 3]), {}),
    ("assert_equal", (np.nan, np.nan), {}),
    ("assert_equal", (1.0, 1.0), {}),
    ("assert_equal", ("a", "b"), {}),
    ("assert_equal", ((1, [2]), (1, [2])), {}),
    ("assert_almost_equal", (1.0, 1.1), {}),
    ("assert_almost_equal", (1.0, 1.00000001), {}),
    ("assert_almost_equal", ([1.0], [1.1]), {}),
    ("assert_almost_equal", (1 + 1j, 1 + 2j), {}),
    ("assert_array_almost_equal", ([1.0], [1.1]), {"decimal": 3}),
    ("assert_array_almost_equal", ([1.0, 2], [1.0001, 2]), {"decimal": 3}),
    ("assert_array_less", ([1.0, 5], [1.1, 2]), {}),
    ("assert_array_less", ([1.0, 5], 3), {}),
    ("assert_array_less", ([1.0, 2], 3), {}),
    ("assert_approx_equal", (1.0, 1.2), {}),
    ("assert_approx_equal", (1.0, 1.00000001), {}),
    ("assert_array_max_ulp", (A([1.0]), A([1.1])), {}),
    ("assert_array_max_ulp", (A([1.0]), A([1.0 + 2**-52])), {}),
    ("assert_array_almost_equal_nulp", (A([1.0]), A([1.1])), {}),
    ("assert_string_equal", ("abc", "abd"), {}),
    ("assert_", (False,), {"msg": "why"}),
]


def outcome(module, name, args, options, convert):
    try:
        getattr(module.testing, name)(*map(convert, args), **options)
    except AssertionError as error:
        return str(error)
    return None


@pytest.mark.parametrize(("name", "args", "options"), CASES)
def test_an_assertion_fails_as_numpys_with_its_message(name, args, options):
    ours = outcome(cv, name, args, options, lambda v: cv.array(v) if isinstance(v, np.ndarray) else v)
    assert ours == outcome(np, name, args, options, lambda v: v)


def test_exceptions_and_warnings():
    with cv.testing.assert_raises(ValueError):
        raise ValueError
    cv.testing.assert_raises(TypeError, len, 3)
    with pytest.raises(AssertionError), cv.testing.assert_raises(ValueError):
        pass
    with cv.testing.assert_raises_regex(ValueError, "abc"):
        raise ValueError("xabcx")
    with cv.testing.assert_warns(UserWarning):
        warnings.warn("w", stacklevel=1)
    with pytest.raises(AssertionError), cv.testing.assert_no_warnings():
        warnings.warn("w", stacklevel=1)
    with cv.testing.suppress_warnings() as sup:
        log = sup.record(UserWarning, "ab")
        warnings.warn("abc", stacklevel=1)
    assert len(log) == 1


def test_arrays_of_others_are_compared():
    cv.testing.assert_array_equal(np.arange(3), cv.arange(3))
    cv.testing.assert_allclose(cv.arange(3) + 1e-12, np.arange(3), atol=1e-9)
    np.testing.assert_array_equal(cv.arange(3), np.arange(3))


@pytest.mark.parametrize("name", ["assert_array_max_ulp", "assert_array_almost_equal_nulp"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex128"])
@pytest.mark.parametrize(("x", "y"), [([1, 2], [1, 3]), ([1, 0, 3], [1, 1, 3]), ([1, 2], [1, 2]), ([1, 0], [1, 1]), ([3], [1, 2])])
def test_distances_in_units_of_the_last_place_are_of_floats(name, dtype, x, y):
    found = []
    for m in (np, cv):
        try:
            getattr(m.testing, name)(m.asarray(x, dtype=dtype), m.asarray(y, dtype=dtype))
            found.append(None)
        except Exception as error:
            found.append(type(error).__name__)
    assert found[0] == found[1]
