"""Promotion and casting: every pair of dtypes, and values that do not fit."""

import itertools
import warnings

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import COMPLEX, DTYPES, FLOATS, INTEGERS, NUMPY_DTYPES, assert_same

# imaginary parts are dropped on purpose
pytestmark = pytest.mark.filterwarnings("ignore:Casting complex values")

PAIRS = list(itertools.product(NUMPY_DTYPES, repeat=2))


def test_promote_types_and_result_type():
    for a, b in PAIRS:
        assert cv.promote_types(a, b) == np.promote_types(a, b), (a, b)
        assert cv.result_type(a, b) == np.result_type(a, b), (a, b)
        assert cv.result_type(cv.zeros(2, a), cv.zeros((), b)) == np.result_type(np.zeros(2, a), np.zeros((), b))
    for a in NUMPY_DTYPES:
        for scalar in (True, 1, 1.0, 1j):
            assert cv.result_type(a, scalar) == np.result_type(a, scalar), (a, scalar)
    for several in itertools.product(["uint8", "int8", "float16", "int64", "complex64", "bool"], repeat=3):
        assert cv.result_type(*several) == np.result_type(*several), several


def test_bfloat16_promotes_as_the_other_float_of_16_bits():
    for other in DTYPES:
        assert cv.promote_types("bfloat16", other) == oracle.promoted("bfloat16", other), other
        assert cv.promote_types(other, "bfloat16") == oracle.promoted("bfloat16", other), other


def test_can_cast():
    for a, b in PAIRS:
        for rule in ("no", "equiv", "safe", "same_kind", "unsafe"):
            assert cv.can_cast(a, b, rule) == np.can_cast(a, b, rule), (a, b, rule)
    for other in DTYPES:
        assert cv.can_cast("bfloat16", other) == (other in ("bfloat16", "float32", "float64", *COMPLEX)), other


def test_astype_obeys_its_rule():
    for a, b in PAIRS:
        for rule in ("no", "safe", "same_kind", "unsafe"):
            if np.can_cast(a, b, rule):
                assert cv.ones(2, a).astype(b, casting=rule).dtype == b
            else:
                with pytest.raises(TypeError, match=f"{a}.*{b}.*{rule}"):
                    cv.ones(2, a).astype(b, casting=rule)


@pytest.mark.parametrize("a, b", PAIRS, ids=lambda d: d)
def test_values_keep_or_wrap_or_round_as_numpys(a, b, rng):
    x = np.concatenate([oracle.ordinary(rng, a, 70), oracle.specials(a)])
    if a in FLOATS + COMPLEX and b in INTEGERS:
        # beyond the range C leaves the answer open; Civita saturates (docs/differences.md)
        info = np.iinfo(b)
        inside = (x.real >= float(info.min)) & (x.real <= float(info.max) * (1 - 2**-11)) & np.isfinite(x.real)
        x = x[inside]
    with np.errstate(all="ignore"), pytest.warns() if a in COMPLEX and b not in COMPLEX + ["bool"] else _nothing():
        want = x.astype(b)
    for view in (lambda v: v, lambda v: v[::-1], lambda v: v[1::2]):
        assert_same(cv.array(view(x)).astype(b), np.ascontiguousarray(view(want)), b)


class _nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def test_bfloat16_rounds_to_even(rng):
    for source in ("float32", "float64"):
        x = np.concatenate(
            [
                oracle.any_bits(rng, source, 20_000),
                oracle.specials(source),
                np.float32(1) + np.arange(64, dtype="float32") * np.float32(2**-10),
            ]
        ).astype(source)
        got = oracle.to_numpy(cv.array(x).astype("bfloat16"))
        with np.errstate(all="ignore"):
            want = oracle.to_bfloat16(x)
        np.testing.assert_array_equal(got, want)
        assert (np.signbit(got) == np.signbit(want))[~np.isnan(want)].all()
    # exact the other way
    x = oracle.any_bits(rng, "bfloat16", 1000)
    np.testing.assert_array_equal(np.asarray(oracle.to_civita(x, "bfloat16").astype("float64")), x.astype("float64"))


def test_floats_beyond_integers_saturate_and_nan_is_zero():
    x = cv.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 300.7, -300.7])
    assert x.astype("int8").tolist() == [0, 127, -128, 127, -128, 127, -128]
    assert x.astype("uint8").tolist() == [0, 255, 0, 255, 0, 255, 0]
    assert x.astype("int64").tolist() == [0, 2**63 - 1, -(2**63), 2**63 - 1, -(2**63), 300, -300]
    assert x.astype("uint64").tolist() == [0, 2**64 - 1, 0, 2**64 - 1, 0, 300, 0]
    assert x.astype("float32").astype("int32").tolist() == [0, 2**31 - 1, -(2**31), 2**31 - 1, -(2**31), 300, -300]
    assert x.astype("bool").tolist() == [True] * 7


def test_assignment_casts():
    for a, b in itertools.product(["bool", "int8", "uint64", "float16", "float32", "complex128"], repeat=2):
        x, y = np.zeros(4, a), np.array([0, 1, 2, 3]).astype(b)
        mine = cv.zeros(4, a)
        with np.errstate(all="ignore"), pytest.warns() if b in COMPLEX and a not in COMPLEX + ["bool"] else _nothing():
            x[:] = y
        mine[:] = cv.array(y)
        assert_same(mine, x)


def test_scalars_must_fit_where_they_are_stored():
    a = cv.zeros(3, "uint8")
    for bad in (256, -1, 2**70):
        with pytest.raises(OverflowError):
            a[0] = bad
        with pytest.raises(OverflowError):
            cv.full(3, bad, dtype="uint8")
        with pytest.raises(OverflowError):
            cv.array([bad], dtype="uint8")
    with pytest.raises(TypeError, match="complex"):
        a[0] = 1j
    a[1] = 2.9
    assert a.tolist() == [0, 2, 0]


def test_dtype_names_and_limits():
    for name in NUMPY_DTYPES:
        d = np.dtype(name)
        for spelling in (name, d, d.type, d.str, d.char, getattr(cv, name)):
            assert cv.zeros(1, spelling).dtype == name, spelling
        if name in FLOATS:
            mine, theirs = cv.finfo(name), np.finfo(name)
            for what in ("eps", "max", "min", "tiny", "smallest_normal", "bits"):
                assert float(getattr(mine, what)) == float(getattr(theirs, what)), (name, what)
        if name in INTEGERS:
            assert (cv.iinfo(name).min, cv.iinfo(name).max, cv.iinfo(name).bits) == (
                np.iinfo(name).min,
                np.iinfo(name).max,
                np.iinfo(name).bits,
            )
    for bad in ("float128", "object", "S3", "int7", object, "datetime64"):
        with pytest.raises(TypeError, match="not understood"):
            cv.zeros(1, bad)


@pytest.mark.parametrize(
    "name",
    "bool_ byte ubyte short ushort intc uintc int_ uint long ulong longlong ulonglong intp uintp"
    " half single double csingle cdouble".split(),
)
def test_dtypes_go_by_numpys_other_names(name):
    assert getattr(cv, name) == cv.dtype(getattr(np, name)) == cv.dtype(name)
    assert cv.zeros(2, dtype=getattr(cv, name)).dtype.name == np.dtype(getattr(np, name)).name


def test_dropped_imaginary_parts_are_told():
    def put(m, key):
        x = m.zeros(3)
        x[key(m)] = m.array([1j, 2, 3])
        return x

    calls = [
        lambda m: put(m, lambda m: slice(None)),
        lambda m: put(m, lambda m: [0, 1, 2]),
        lambda m: put(m, lambda m: m.array([True, True, True])),
        lambda m: m.array([1j, 2]).astype("f4"),
        lambda m: m.array([1j, 2]).astype("i4"),
        lambda m: m.array(m.array([1j, 2]), dtype="f8"),
        lambda m: m.asarray(m.array([1j, 2]), dtype="f8"),
    ]
    for call in calls:
        for m in (np, cv):
            with warnings.catch_warnings():
                warnings.simplefilter("error", m.exceptions.ComplexWarning)
                with pytest.raises(m.exceptions.ComplexWarning, match="discards the imaginary part"):
                    call(m)
    for m in (np, cv):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            m.array([1j, 0]).astype(bool)
            m.array([1j, 0]).astype("c8")
            m.zeros(2, complex)[:] = m.array([1j, 2])
