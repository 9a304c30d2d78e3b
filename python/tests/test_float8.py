"""The 8-bit floats beside ml_dtypes, which has the same formats for NumPy."""

import warnings

import civita as cv
import ml_dtypes
import numpy as np
import oracle
import pytest

PAIRS = {"float8_e4m3fn": ml_dtypes.float8_e4m3fn, "float8_e5m2": ml_dtypes.float8_e5m2}
both = pytest.mark.parametrize("dtype", PAIRS)


def every(dtype):
    """All 256 values, here and there."""
    bits = np.arange(256, dtype="uint8")
    return cv.array(bits).view(dtype), bits.view(PAIRS[dtype])


def numbers(dtype, n=1000, seed=0):
    """Values of the dtype, as float32."""
    x = np.random.default_rng(seed).normal(size=n) * 4
    return x.astype(PAIRS[dtype]).astype("float32")


def same(a, b):
    """Equal elements: NaN at the same places, zeros of the same sign."""
    a, b = np.asarray(a.astype("float64")), np.asarray(b, "float64")
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a) & ~np.isnan(a), np.signbit(b) & ~np.isnan(b))


@both
@pytest.mark.parametrize("to", ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"])
def test_every_value_widens_exactly(dtype, to):
    ours, theirs = every(dtype)
    same(ours.astype(to).real.astype("float64"), theirs.astype("float64"))


@both
def test_what_is_too_large_is_nan_or_infinite(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for x in (460.0, 464.0, 465.0, 61439.0, 61440.0, 1e30, np.inf, -np.inf, np.nan):
            for source in ("float32", "float64"):
                same(cv.array([x, -x], dtype=source).astype(dtype), np.array([x, -x], source).astype(PAIRS[dtype]))


def nearest(x, dtype):
    """The nearest of all finite values, of two the one whose bits are even; ml_dtypes rounds float64 twice, by way of float32."""
    bits = np.arange(128, dtype="uint8")
    values = bits.view(PAIRS[dtype]).astype("float64")
    bits, values = bits[np.isfinite(values)], values[np.isfinite(values)]
    gap = np.abs(np.abs(x)[:, None] - values)
    # a tie goes to the even one
    best = np.argmin(np.where(gap == gap.min(1, keepdims=True), bits % 2, 2), axis=1)
    return np.copysign(values[best], x)


@both
@pytest.mark.parametrize("source", ["float16", "float32", "float64"])
def test_conversions_round_to_nearest_ties_to_even(dtype, source):
    # each value, half way to the next, and the neighbours of both
    values = np.unique(every(dtype)[1].astype("float64"))
    values = values[np.isfinite(values)]
    halves = (values[1:] + values[:-1]) / 2
    x = np.concatenate([values, halves]).astype(source)
    x = np.concatenate([x, np.nextafter(x, np.array(np.inf, source)), np.nextafter(x, np.array(-np.inf, source))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = nearest(x, dtype) if source == "float64" else x.astype(PAIRS[dtype])
        inside = np.abs(x) <= values.max()
        same(cv.array(x).astype(dtype)[inside], want[inside])


@both
@pytest.mark.parametrize("other", ["bool", "uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64"])
def test_integers_become_8_bit_floats_and_back(dtype, other):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.arange(200).astype(other)
        same(cv.array(x).astype(dtype), x.astype("float64").astype(PAIRS[dtype]))
        small = np.arange(16).astype(PAIRS[dtype])
        assert cv.arange(16).astype(dtype).astype(other).tolist() == small.astype("float32").astype(other).tolist()


@both
def test_values_print_with_the_fewest_digits(dtype):
    x = cv.array([0.1, 1, -2.5, 0.0078125], dtype=dtype)
    printed = [float(word) for word in str(x).strip("[]").split()]
    assert cv.array(printed, dtype=dtype).tolist() == x.tolist()
    assert repr(cv.array([0.5, 2], dtype=dtype)) == f"array([0.5, 2. ], dtype={dtype})"
    assert str(x.dtype) == dtype == x.dtype.name
    assert cv.dtype(PAIRS[dtype]) == dtype
    assert getattr(cv, dtype)(0.3) == cv.array(0.3, dtype=dtype)


@both
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "copysign"])
def test_arithmetic_is_that_of_float32_rounded_once(dtype, name):
    a, b = numbers(dtype, seed=1), numbers(dtype, seed=2)
    got = getattr(cv, name)(cv.array(a).astype(dtype), cv.array(b).astype(dtype))
    assert got.dtype == dtype
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(got, getattr(np, name)(a, b).astype(PAIRS[dtype]))
    assert (cv.array(a).astype(dtype) * 2).dtype == dtype
    assert (1.5 + cv.array(a).astype(dtype)).dtype == dtype


@both
@pytest.mark.parametrize("name", ["negative", "abs", "sqrt", "exp", "tanh", "floor", "sign", "isnan", "isfinite", "isinf"])
def test_functions_of_every_value(dtype, name):
    ours, theirs = every(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = getattr(np, name)(theirs.astype("float32"))
        got = getattr(cv, name)(ours)
        same(got, want if want.dtype == bool else want.astype(PAIRS[dtype]))


ROWS = [row for row in cv.rows() if row["kind"] == "elementwise" and any(i.startswith("float8") for i, _ in row["loops"])]


@both
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["numpy"])
def test_every_row_is_computed_wider_and_rounded_once(row, dtype):
    ours, theirs = every(dtype)
    n = row["arity"]
    places = [np.random.default_rng(k).permutation(256) if k else np.arange(256) for k in range(n)]
    a = [ours[p] for p in places]
    wide = [theirs[p].astype("float32") for p in places]
    if row["class"] == "Select":
        a[0] = cv.array(wide[0] > 0)
        wide[0] = wide[0] > 0
    got = getattr(cv, row["numpy"])(*a)
    result = dict(row["loops"])[dtype]
    assert str(got.dtype) == result
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if row["numpy"] in ("nextafter", "spacing"):
            return  # neighbours of the format itself: `test_limits`
        f = oracle.reference(row)
        exact = result == "bool" or not oracle.ulps(row, "float32")
        true = np.asarray(f(*(x if exact or x.dtype == bool else x.astype("float64") for x in wide)))
        if result != dtype:
            oracle.assert_same(got, true, result, oracle.ulps(row, result))
            return
        # a result as near to a tie as float32 can tell may go either way
        ends = [(true * (1 + k * 4 * np.finfo("float32").eps)).astype("float32").astype(PAIRS[dtype]).astype("float32") for k in (-1, 1)]
        got = np.asarray(got.astype("float32"))
        near = (got == ends[0]) | (got == ends[1]) | (np.isnan(got) & (np.isnan(ends[0]) | np.isnan(ends[1])))
        assert near.all(), [(x[~near][:3]) for x in (*wide, got, true)]


@both
def test_comparisons_and_order(dtype):
    ours, theirs = every(dtype)
    wide = theirs.astype("float32")
    for op in ("less", "less_equal", "equal", "not_equal"):
        got = getattr(cv, op)(ours[:, None], ours[None, :])
        np.testing.assert_array_equal(np.asarray(got), getattr(np, op)(wide[:, None], wide[None, :]))
    mixed = np.random.default_rng(0).permutation(256)
    for ordered in (cv.sort(ours[mixed]), ours[mixed][cv.argsort(ours[mixed])]):
        np.testing.assert_array_equal(np.asarray(ordered.astype("float32")), np.sort(wide))
    assert int(cv.count_nonzero(ours)) == np.count_nonzero(wide)
    finite = wide[np.isfinite(wide)]
    x = cv.array(finite).astype(dtype)
    assert float(x.max()) == finite.max() and int(x.argmax()) == finite.argmax()
    assert float(x.min()) == finite.min() and int(x.argmin()) == finite.argmin()
    assert float(cv.median(x)) == np.median(finite)
    same(cv.topk(x, 5)[0], np.sort(finite)[::-1][:5])
    assert cv.searchsorted(cv.sort(x), x).tolist() == np.searchsorted(np.sort(finite), finite).tolist()
    assert cv.unique(x).shape == np.unique(finite).shape


@both
def test_without_infinity_masked_extremes_are_right(dtype):
    x = cv.array([3.0, cv.nan, -2.0, 448.0], dtype=dtype)
    assert float(cv.nanmax(x)) == 448 and float(cv.nanmin(x)) == -2
    assert float(x.max(where=cv.array([True, False, True, False]), initial=-100)) == 3
    assert cv.nanargmax(x) == 3 and cv.nanargmin(x) == 2
    got = cv.softmax(x[cv.array([0, 2])], -1)
    want = np.exp([0.0, -5.0]) / np.exp([0.0, -5.0]).sum()
    same(got, want.astype(PAIRS[dtype]))


@both
def test_sums_are_of_float32(dtype):
    x = numbers(dtype, 20_000)
    got = cv.array(x).astype(dtype)
    assert float(got.sum(dtype="float32")) == pytest.approx(float(x.sum(dtype="float64")), rel=1e-5)
    assert float(got.mean()) == float(np.float32(x.mean(dtype="float64")).astype(PAIRS[dtype]))
    assert float(cv.ones(70_000, dtype=dtype).mean()) == 1


@both
@pytest.mark.parametrize("shapes", [((3, 5), (5, 4)), ((70, 300), (300, 90)), ((2, 8, 16), (16, 8)), ((7,), (7,)), ((40, 9), (9,))])
def test_products_are_summed_in_float32(dtype, shapes):
    a, b = (numbers(dtype, int(np.prod(s)), i).reshape(s) for i, s in enumerate(shapes))
    ours = [cv.array(x).astype(dtype) for x in (a, b)]
    exact = a.astype("float64") @ b.astype("float64")
    wide = cv.matmul(*ours, dtype="float32")
    assert wide.dtype == "float32"
    np.testing.assert_allclose(np.asarray(wide), exact, rtol=1e-5, atol=1e-3)
    got = ours[0] @ ours[1]
    assert got.dtype == dtype
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = np.asarray(wide).astype(PAIRS[dtype]).astype("float64")
    got = np.asarray(got.astype("float64"))
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(want))
    # sums in another order may round to the neighbour
    finite = np.isfinite(want)
    np.testing.assert_allclose(got[finite], want[finite], rtol=0.26 if dtype.endswith("2") else 0.13)
    transposed = ours[0].swapaxes(-1, -2).copy().swapaxes(-1, -2) if a.ndim > 1 else ours[0]
    same(transposed @ ours[1], np.asarray((ours[0] @ ours[1]).astype("float64")))


def test_products_of_both_formats_say_their_dtype():
    a, b = cv.ones((4, 3), dtype="float8_e4m3fn"), cv.ones((3, 2), dtype="float8_e5m2")
    assert cv.matmul(a, b, dtype="float32").tolist() == [[3, 3]] * 4
    with pytest.raises(TypeError, match="8-bit floats are not promoted"):
        a @ b


@both
@pytest.mark.parametrize("other", ["float32", "int8", "bool", "float16", "complex64"])
def test_no_promotion(dtype, other):
    a, b = cv.ones(3, dtype=dtype), cv.ones(3, dtype=other)
    for call in (
        lambda: a + b,
        lambda: b * a,
        lambda: cv.maximum(a, b),
        lambda: cv.concatenate([a, b]),
        lambda: cv.where(cv.array([True, False, True]), a, b),
        lambda: a @ b,
        lambda: cv.result_type(a, b),
        lambda: cv.promote_types(dtype, other),
        lambda: a == b,
        lambda: cv.einsum("i,i", a, b),
        lambda: cv.convolve(a, b),
    ):
        with pytest.raises(TypeError, match=r"8-bit floats are not promoted[\s\S]*astype\('float32'\)"):
            call()


@both
def test_shapes_indices_and_writes(dtype):
    wide = numbers(dtype, 24).reshape(4, 6)
    x = cv.array(wide).astype(dtype)
    same(x.T[::-1, 1:3], wide.T[::-1, 1:3])
    same(x[[2, 0]], wide[[2, 0]])
    same(x[x > 0], wide[wide > 0])
    same(cv.concatenate([x, x], axis=1), np.concatenate([wide, wide], axis=1))
    same(cv.pad(x, 1), np.pad(wide, 1))
    same(cv.roll(x, 3), np.roll(wide, 3))
    same(cv.cumsum(x[0] * 0 + 1), np.arange(1, 7))
    y = x.copy()
    y[1] = 0.5
    y[:, 2] = np.arange(4, dtype="float32")
    z = wide.copy()
    z[1], z[:, 2] = 0.5, np.arange(4)
    same(y, z)


@both
def test_gradients_go_through_conversions_and_products(dtype):
    a, b = numbers(dtype, 12, 1).reshape(3, 4), numbers(dtype, 8, 2).reshape(4, 2)
    x, w = cv.array(a, requires_grad=True), cv.array(b, requires_grad=True)
    cv.matmul(x.astype(dtype), w.astype(dtype), dtype="float32").sum().backward()
    np.testing.assert_allclose(np.asarray(x.grad), np.ones((3, 2)) @ b.T, rtol=0.13)
    np.testing.assert_allclose(np.asarray(w.grad), a.T @ np.ones((3, 2)), rtol=0.13)
    assert x.grad.dtype == "float32"


@both
def test_limits(dtype):
    ours, theirs = cv.finfo(dtype), ml_dtypes.finfo(PAIRS[dtype])
    for name in ("eps", "max", "min", "smallest_normal", "smallest_subnormal", "tiny"):
        assert float(getattr(ours, name)) == float(getattr(theirs, name)), name
    assert (ours.bits, ours.nmant) == (theirs.bits, theirs.nmant)
    one = cv.array(1, dtype=dtype)
    assert float(cv.nextafter(one, one * 2)) == 1 + float(ours.eps)
    assert float(cv.spacing(one)) == float(ours.eps)


@both
def test_files_and_exchange(dtype, tmp_path):
    ours, _ = every(dtype)
    path = tmp_path / "x.safetensors"
    cv.io.save_safetensors(path, {"x": ours})
    again = cv.io.load_safetensors(path)["x"]
    assert again.dtype == dtype and again.view("uint8").tolist() == list(range(256))
    with pytest.raises(TypeError, match="save_safetensors"):
        cv.save(tmp_path / "x.npy", ours)
    with pytest.raises(TypeError, match=f"no {dtype}"):
        np.asarray(ours)
    shared = cv.from_dlpack(ours)
    assert shared.dtype == dtype and shared.view("uint8").tolist() == list(range(256))
    import copy
    import pickle

    for again in (pickle.loads(pickle.dumps(ours)), pickle.loads(pickle.dumps(ours, 5)), copy.deepcopy(ours)):
        assert again.dtype == dtype and again.view("uint8").tolist() == list(range(256))


@both
def test_too_large_numbers_are_told(dtype):
    numbers = [cv.array([1e6]), cv.array([100_000]), cv.array([1e6], dtype="float32")]
    for make in [*(lambda x=x: x.astype(dtype) for x in numbers), lambda: cv.ones(1, dtype=dtype) * 1e6]:
        with cv.errstate(all="warn"), pytest.warns(RuntimeWarning, match="overflow"):
            make()


@both
@pytest.mark.parametrize("name", ["var", "std", "logsumexp", "softmax", "log_softmax", "gradient", "max", "min", "prod", "mean", "cumsum", "diff"])
def test_statistics_meet_wider_numbers_inside_only(dtype, name):
    x = numbers(dtype, 60, 3).reshape(5, 12) / 4
    x = x.astype(PAIRS[dtype]).astype("float32")
    axis = {"axis": 1}
    f = lambda x: getattr(cv, name)(x, **axis)
    ours = f(cv.array(x).astype(dtype))
    wide = f(cv.array(x))
    assert ours.dtype == dtype
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = np.asarray(wide).astype(PAIRS[dtype]).astype("float32")
    got = np.asarray(ours.astype("float32"))
    np.testing.assert_allclose(got, want, rtol=0.26 if dtype.endswith("2") else 0.13, atol=float(cv.finfo(dtype).tiny))
    leaf = cv.array(x).astype(dtype).requires_grad_(True)
    f(leaf).astype("float32").sum().backward()
    exact = cv.array(x, requires_grad=True)
    f(exact).sum().backward()
    assert leaf.grad.dtype == dtype
    np.testing.assert_allclose(np.asarray(leaf.grad.astype("float32")), np.asarray(exact.grad), rtol=0.3, atol=0.25)


@both
def test_comparisons_with_infinity_are_of_finite_numbers(dtype):
    x = cv.array([1, 2, 448], dtype=dtype)
    assert cv.isclose(x, cv.array([1.125, 2.5, 448], dtype=dtype), atol=0.25).tolist() == [True, False, True]
    assert cv.prod(cv.ones((0, 3), dtype=dtype), axis=0).tolist() == [1, 1, 1]
    assert cv.prod(cv.ones((4, 3), dtype=dtype) * 2, axis=0).tolist() == [16, 16, 16]
