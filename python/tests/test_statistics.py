"""Statistics against NumPy on arrays of any shape, with NaN, infinities and equal elements: the calls that samples of rows do
not reach."""

import warnings

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civita as cv

METHODS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "linear",
    "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
]  # fmt: skip
few = settings(max_examples=60, deadline=None)
numbers = st.sampled_from([0.0, 1.0, -1.0, 2.5, 3.25, -7.0, 1e-3, 100.0])
or_nan = st.one_of(numbers, st.just(float("nan")))
shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6)


@st.composite
def arrays_and_axes(draw, elements=or_nan):
    """An array in one of several layouts, and axes to reduce."""
    x = draw(hnp.arrays("float64", draw(shapes), elements=elements))
    axis = draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1), st.lists(st.integers(0, x.ndim - 1), unique=True, min_size=1).map(tuple)))
    x = draw(st.sampled_from([x, x.T, x[::-1], np.repeat(x, 2, 0)[::2]]))
    return x, axis


def quietly(call):
    """The result, and the texts of warnings; or the type of the error."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            return call(), {str(w.message) for w in seen if issubclass(w.category, RuntimeWarning) and "encountered in" not in str(w.message)}
        except (ValueError, TypeError, IndexError) as error:
            return type(error), set()


def same(call):
    """The same call of both libraries has the same result: values up to rounding, shapes, dtypes, warnings, errors."""
    (want, texts), (got, found) = quietly(lambda: call(np, np.asarray)), quietly(lambda: call(cv, cv.array))
    if isinstance(want, type):
        assert got is want, f"{got}, want {want}"
        return
    assert not isinstance(got, type), got
    want, got = np.asarray(want), got
    assert (str(got.dtype), got.shape) == (str(want.dtype), want.shape)
    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-12, atol=1e-12)
    assert found == texts


@few
@given(arrays_and_axes(), st.sampled_from(["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian"]), st.booleans())
def test_reductions_leave_nan_out(array, name, keepdims):
    x, axis = array
    same(lambda xp, make: getattr(xp, name)(make(x), axis=axis, keepdims=keepdims))


@few
@given(arrays_and_axes(), st.sampled_from(["nanargmax", "nanargmin", "nancumsum", "nancumprod"]))
def test_functions_along_an_axis_leave_nan_out(array, name):
    x, axis = array
    axis = axis[0] if isinstance(axis, tuple) else axis
    same(lambda xp, make: getattr(xp, name)(make(x), axis=axis))


@few
@given(arrays_and_axes(), st.data(), st.sampled_from(["nansum", "nanprod", "nanmean", "nanvar", "nanstd"]))
def test_reductions_of_what_a_mask_picks(array, data, name):
    x, axis = array
    mask = data.draw(hnp.arrays(bool, x.shape))
    same(lambda xp, make: getattr(xp, name)(make(x), axis=axis, where=make(mask)))


@few
@given(arrays_and_axes(), st.sampled_from(METHODS), st.sampled_from([0.3, 0.0, 1.0, [0.1, 0.5], [[0.25], [0.9]]]), st.booleans(), st.sampled_from(["quantile", "nanquantile"]))
def test_quantiles_by_every_method(array, method, q, keepdims, name):
    x, axis = array
    same(lambda xp, make: getattr(xp, name)(make(x), q, axis=axis, method=method, keepdims=keepdims))


@few
@given(hnp.arrays("float64", (4, 5), elements=or_nan), st.data(), st.sampled_from([0.3, 0.0, 1.0, [0.1, 0.5]]), st.sampled_from(["quantile", "nanquantile", "percentile"]))
def test_quantiles_with_weights(x, data, q, name):
    # NumPy's `nanquantile` takes weights of the whole shape only
    weights = data.draw(hnp.arrays("float64", (4, 5) if name == "nanquantile" else (5,), elements=st.sampled_from([0.5, 1.0, 2.0, 4.0])))
    same(lambda xp, make: getattr(xp, name)(make(x), q, axis=1, method="inverted_cdf", weights=make(weights)))


@few
@given(arrays_and_axes())
def test_medians(array):
    x, axis = array
    same(lambda xp, make: xp.median(make(x), axis=axis))


@pytest.mark.parametrize("n", [70_001, 300_000])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
@pytest.mark.parametrize("kind", ["random", "sorted", "few", "ends"])
def test_order_statistics_of_long_rows(n, dtype, kind):
    rng = np.random.default_rng(5)
    x = {"random": rng.normal(size=n) * 50 + 100, "sorted": np.arange(n) % 251, "few": rng.integers(0, 3, n), "ends": np.where(rng.random(n) < 0.5, 0, 200)}[kind].astype(dtype)
    q = [0.0, 1e-5, 0.01, 0.5, 0.501, 0.99, 1.0]
    assert cv.median(cv.array(x)) == np.median(x)
    np.testing.assert_allclose(np.asarray(cv.quantile(cv.array(x), q)), np.quantile(x, q), rtol=1e-5 if dtype == "float32" else 1e-12)
    np.testing.assert_array_equal(np.asarray(cv.quantile(cv.array(x), q, method="lower")), np.quantile(x, q, method="lower"))
    values, indices = cv.topk(cv.array(x), 100)
    np.testing.assert_array_equal(np.asarray(values), np.sort(x)[::-1][:100])
    np.testing.assert_array_equal(x[np.asarray(indices)], np.asarray(values))
    places = [5, n // 2, n - 7]
    parted = np.asarray(cv.partition(cv.array(x), places))
    np.testing.assert_array_equal(parted[places], np.sort(x)[places])
    np.testing.assert_array_equal(np.sort(parted), np.sort(x))


def test_one_nan_in_a_long_row_is_found():
    x = np.random.default_rng(0).normal(size=200_000)
    x[123_456] = np.nan
    a = cv.array(x)
    assert np.isnan(cv.median(a)) and np.isnan(cv.quantile(a, 0.1))
    for name, args in [("nanmedian", ()), ("nanquantile", (0.3,)), ("nansum", ()), ("nanmean", ()), ("nanvar", ()), ("nanmax", ())]:
        np.testing.assert_allclose(getattr(cv, name)(a, *args), getattr(np, name)(x, *args), rtol=1e-12)
    assert cv.nanargmax(a) == np.nanargmax(x)


@few
@given(
    hnp.arrays("float64", st.integers(0, 40), elements=or_nan),
    st.one_of(st.integers(1, 12), st.just([-7.0, 0.0, 1.0, 2.5, 100.0]), st.just([0, 0, 1, 3])),
    st.sampled_from([None, (-1.0, 3.0), (0, 2)]),
    st.sampled_from([None, True]),
    st.booleans(),
)
def test_histograms(x, bins, range, density, weighted):
    weights = np.arange(x.size) % 5 * 0.5 if weighted else None
    for part in (0, 1):
        same(lambda xp, make: xp.histogram(make(x), bins, range=range, density=density, weights=None if weights is None else make(weights))[part])


@pytest.mark.parametrize("rule", ["auto", "fd", "doane", "scott", "stone", "rice", "sturges", "sqrt"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
def test_rules_for_bins(rule, dtype):
    x = (np.random.default_rng(1).normal(size=500) * 10).astype(dtype)
    for part in (0, 1):
        want, got = np.histogram(x, rule)[part], cv.histogram(cv.array(x), rule)[part]
        assert (str(got.dtype), got.shape) == (str(want.dtype), want.shape)
        np.testing.assert_allclose(np.asarray(got), want, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "uint16"])
def test_large_histograms(dtype):
    x = (np.random.default_rng(2).normal(size=300_000) * 20).astype(dtype)
    for bins in (10, 1000, np.array([-30.0, -1.0, 0.0, 0.5, 40.0])):
        want, got = np.histogram(x, bins), cv.histogram(cv.array(x), cv.array(bins) if isinstance(bins, np.ndarray) else bins)
        np.testing.assert_array_equal(np.asarray(got[0]), want[0])


def test_histograms_of_points():
    x = np.random.default_rng(3).normal(size=(200, 3))
    for bins in (4, [2, 3, 4], [np.array([-2.0, 0.0, 2.0]), 3, 2]):
        want, got = np.histogramdd(x, bins), cv.histogramdd(cv.array(x), [cv.array(b) if isinstance(b, np.ndarray) else b for b in bins] if isinstance(bins, list) else bins)
        np.testing.assert_array_equal(np.asarray(got[0]), want[0])
        for g, w in zip(got[1], want[1]):
            np.testing.assert_allclose(np.asarray(g), w, rtol=1e-14)
    want, got = np.histogram2d(x[:, 0], x[:, 1], 5, density=True), cv.histogram2d(cv.array(x[:, 0]), cv.array(x[:, 1]), 5, density=True)
    for g, w in zip(got, want):
        np.testing.assert_allclose(np.asarray(g), w, rtol=1e-12)


@few
@given(
    hnp.arrays("float64", st.integers(0, 40), elements=or_nan),
    st.lists(numbers, min_size=1, max_size=12).map(sorted),
    st.sampled_from([{}, {"left": -1.0}, {"right": 5.0}, {"period": 3.0}]),
    st.booleans(),
)
def test_straight_lines_between_points(x, xp, options, is_complex):
    if "period" in options:
        xp = sorted({v % 3: v for v in xp}.values())
    fp = np.linspace(-1, 2, len(xp)) ** 2 * (1 + 2j if is_complex else 1)
    same(lambda xp_, make: xp_.interp(make(x), make(xp), make(fp), **options))


def test_lines_at_places_that_rise():
    rng = np.random.default_rng(0)
    points = [np.sort(rng.normal(size=n)) for n in (1, 2, 7, 100)] + [np.array([-1.0, 0.0, 0.0, 0.0, 2.0]), np.array([0.0, np.inf])]
    for xp in points:
        fp = rng.normal(size=len(xp))
        for x in [np.linspace(-3, 3, 1000), np.repeat(xp, 3), np.array([-np.inf, -0.0, 0.0, 0.0, np.inf]), np.sort(rng.normal(size=20_000)), xp[:1]]:
            for y in (x, x[::-1], np.append(x, np.nan)):
                np.testing.assert_array_equal(np.asarray(cv.interp(y, xp, fp)), np.interp(y, xp, fp))


def test_lines_are_differentiable():
    x, xp, fp = cv.array([0.5, 1.25, 2.75, -1.0, 9.0]), cv.array([0.0, 1.0, 2.0, 4.0]), cv.array([1.0, 3.0, -2.0, 0.5])
    f = lambda x, xp, fp: cv.interp(x, xp, fp)
    assert cv.check_gradients(f, [x, xp, fp])
    batch = cv.stack([x, x + 0.1])
    np.testing.assert_allclose(np.asarray(cv.vmap(lambda x: cv.interp(x, xp, fp))(batch)), np.asarray(cv.interp(batch, xp, fp)))


def test_weights_of_histograms_have_gradients():
    x, w = cv.array([0.1, 0.5, 0.9, 0.55]), cv.array([1.0, 2.0, 3.0, 4.0])
    assert cv.check_gradients(lambda w: cv.histogram(x, 2, (0, 1), weights=w)[0] ** 2, [w])


@pytest.mark.parametrize("name", ["nansum", "nanmean", "nanvar", "nanmax", "nanmedian"])
def test_gradients_and_batches_leave_nan_out(name):
    f = getattr(cv, name)
    x = cv.array([1.0, float("nan"), 3.5, -2.0])
    g = cv.autograd.grad(lambda x: f(x))(x)
    assert np.isfinite(np.asarray(g)).all() and np.asarray(g)[1] == 0
    rows = cv.array([[1.0, float("nan"), 3.5], [float("nan"), 2.0, float("nan")], [4.0, 1.0, 0.5]])
    np.testing.assert_allclose(np.asarray(cv.vmap(f)(rows)), getattr(np, name)(np.asarray(rows), axis=1))


def test_quantiles_under_vmap():
    rows = cv.array(np.random.default_rng(0).normal(size=(3, 7)))
    for method in METHODS:
        for name in ("quantile", "nanquantile"):
            got = cv.vmap(lambda x: getattr(cv, name)(x, [0.2, 0.7], method=method))(rows)
            np.testing.assert_allclose(np.asarray(got), np.quantile(np.asarray(rows), [0.2, 0.7], axis=1, method=method).T)


def test_warnings_and_errors_are_numpys():
    nan = float("nan")
    for call in [
        lambda xp, make: xp.nanmean(make([nan, nan])),
        lambda xp, make: xp.nanmax(make([[nan, 1.0], [nan, nan]]), axis=1),
        lambda xp, make: xp.nanvar(make([1.0, nan]), ddof=1),
        lambda xp, make: xp.nanmedian(make([nan])),
        lambda xp, make: xp.nanquantile(make([[nan, 1.0], [nan, nan]]), 0.5, axis=1),
        lambda xp, make: xp.median(make([])),
        lambda xp, make: xp.nanargmin(make([nan])),
        lambda xp, make: xp.nanargmax(make([[1.0, nan], [nan, nan]]), axis=1),
        lambda xp, make: xp.quantile(make([1.0]), 1.5),
        lambda xp, make: xp.quantile(make([1.0]), 0.5, method="linear", weights=make([1.0])),
        lambda xp, make: xp.quantile(make([1.0, 2.0]), 0.5, method="inverted_cdf", weights=make([1.0, -1.0])),
        lambda xp, make: xp.quantile(make([1.0, 2.0]), 0.5, method="inverted_cdf", weights=make([0.0, 0.0])),
        lambda xp, make: xp.percentile(make([1j]), 5),
        lambda xp, make: xp.nanmean(make([1.0]), dtype="int64"),
        lambda xp, make: xp.histogram(make([1.0]), 0)[0],
        lambda xp, make: xp.histogram(make([1.0]), "nothing")[0],
        lambda xp, make: xp.histogram(make([1.0, nan]))[0],
        lambda xp, make: xp.histogram(make([1.0]), range=(2, 1))[0],
        lambda xp, make: xp.histogram(make([True, False]), 2)[0],
        lambda xp, make: xp.cov(make([1.0])),
        lambda xp, make: xp.cov(make([[1.0, 2.0]]), ddof=1.5),
        lambda xp, make: xp.cov(make([[1.0, 2.0]]), fweights=make([1.5, 1.0])),
        lambda xp, make: xp.gradient(make([1.0])),
        lambda xp, make: xp.gradient(make([1.0, 2.0]), edge_order=3),
        lambda xp, make: xp.gradient(make([[1.0, 2.0]] * 3), 1.0, 2.0, 3.0),
        lambda xp, make: xp.interp(make([1.0]), make([]), make([])),
        lambda xp, make: xp.interp(make([1.0]), make([1.0]), make([1.0, 2.0])),
        lambda xp, make: xp.interp(make([1.0]), make([1.0]), make([1.0]), period=0),
        lambda xp, make: xp.cumulative_sum(make([[1.0]])),
    ]:
        same(call)


@few
@given(hnp.arrays(st.sampled_from(["float64", "float32", "int64", "int16", "complex128"]), shapes, elements=st.integers(-999, 999)), st.integers(-3, 3))
def test_rounding(x, decimals):
    x = x / 8 if x.dtype.kind != "i" else x
    same(lambda xp, make: xp.round(make(x), decimals))


def test_infinities_and_nan_become_numbers():
    x = np.array([np.nan, np.inf, -np.inf, 2.0])
    for dtype in ("float64", "float32", "float16", "complex64", "complex128"):
        np.testing.assert_array_equal(np.asarray(cv.nan_to_num(cv.array(x.astype(dtype)))), np.nan_to_num(x.astype(dtype)))
    a = cv.array(x)
    cv.nan_to_num(a, copy=False, nan=7, posinf=8, neginf=9)
    assert a.tolist() == [7, 8, 9, 2]
    assert cv.nan_to_num(x, nan=np.inf, posinf=5).tolist() == np.nan_to_num(x, nan=np.inf, posinf=5).tolist()


@few
@given(hnp.arrays("float64", (3, 6), elements=numbers), st.sampled_from([None, 0, 1]), st.booleans())
def test_averages(x, axis, keepdims):
    weights = np.abs(np.arange(x.size).reshape(x.shape) % 4 + 0.5)
    same(lambda xp, make: xp.average(make(x), axis, make(weights), keepdims=keepdims))


@few
@given(hnp.arrays("float64", (3, 5), elements=numbers), st.booleans(), st.sampled_from([None, 0, 1, 2]))
def test_covariances(x, rowvar, ddof):
    frequencies, weights = np.arange(5 if rowvar else 3) + 1, np.arange(5 if rowvar else 3) * 0.5 + 0.25
    same(lambda xp, make: xp.cov(make(x), rowvar=rowvar, ddof=ddof, fweights=make(frequencies), aweights=make(weights)))
    same(lambda xp, make: xp.cov(make(x), rowvar=rowvar, ddof=ddof))


@few
@given(hnp.arrays("float64", (4, 5), elements=numbers), st.sampled_from([1, 2]), st.sampled_from([(), (2.0,), (0.5, [0, 1, 2, 4, 7]), ([0, 2, 3, 7], 1.5)]))
def test_derivatives_of_samples(x, edge_order, spacings):
    for part in (0, 1):
        same(lambda xp, make: xp.gradient(make(x), *spacings, edge_order=edge_order)[part])


@few
@given(hnp.arrays("int64", (3, 6), elements=st.integers(0, 3)), st.integers(0, 1))
def test_modes(x, axis):
    values, places = cv.mode(cv.array(x), axis)
    np.testing.assert_array_equal(np.take_along_axis(x, np.expand_dims(np.asarray(places), axis), axis).squeeze(axis), np.asarray(values))
    most = lambda v: np.unique(v)[np.argmax(np.unique(v, return_counts=True)[1])]
    np.testing.assert_array_equal(np.asarray(values), np.apply_along_axis(most, axis, x))


def test_quotients_by_integers_have_gradients():
    assert cv.check_gradients(lambda x: x / cv.array([2, 4]), [cv.array([1.0, 3.0])])


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_what_is_not_finite_reaches_only_the_products_that_it_is_part_of(name, mode):
    rng = np.random.default_rng(5)
    for n, k in [(5, 2), (4, 4), (2, 5), (7, 3), (1, 3)]:
        for dtype in ("float64", "float32", "complex128"):
            for bad in (np.nan, np.inf, -np.inf):
                a, v = rng.integers(1, 5, n).astype(dtype), rng.integers(1, 5, k).astype(dtype)
                for x in (a, v):
                    x[rng.integers(len(x))] = bad
                got, want = (getattr(m, name)(m.array(a), m.array(v), mode) for m in (cv, np))
                np.testing.assert_array_equal(np.isfinite(np.asarray(got)), np.isfinite(want))
                if dtype != "complex128":
                    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_clip_keeps_the_sign_of_zeros(dtype):
    x = np.array([-0.0, 0.0, -1.0, 1.0, np.nan], dtype)
    for low, high in [(0, 1), (0.0, 1.0), (-0.0, 1.0), (-1, 0), (-1, -0.0), (0, 0)]:
        got, want = (np.asarray(m.clip(m.array(x), low, high)) for m in (cv, np))
        np.testing.assert_array_equal(got, want, strict=True)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))
        for value in (-0.0, 0.0):
            got, want = (float(m.clip(value, low, high)) for m in (cv, np))
            assert np.signbit(got) == np.signbit(want)


@pytest.mark.parametrize("edges", [[0, np.nan], [0, 1, np.nan], [np.nan, 1], [np.nan, np.nan], [np.nan, 1, 2], [0, 1, np.nan, np.nan], [0, np.nan, 3]])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4], [1j, 2, 3, 4]])
def test_histograms_between_edges_that_are_nan(edges, weights):
    """NaN is larger than all numbers, among the edges and among the values."""
    x = [2, 1, np.nan, 0.5]
    got, want = (m.histogram(x, edges, weights=weights) for m in (cv, np))
    assert got[0].dtype == want[0].dtype
    np.testing.assert_array_equal(np.asarray(got[0]), want[0])
    np.testing.assert_array_equal(np.asarray(got[1]), want[1])
