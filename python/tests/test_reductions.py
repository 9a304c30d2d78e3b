"""Every reduction row on every dtype, over every axis and layout, against NumPy and SciPy; made from `cv.rows()`."""

import itertools
import warnings

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import COMPLEX, FLOATS, LAYOUTS, LONG, REDUCTIONS, assert_same

LOOPS = [pytest.param(row, i, o, id=f"{row['numpy']}-{i}") for row in REDUCTIONS for i, o in row["loops"]]
# NumPy's index of an extreme takes one axis or all.
ONE_AXIS = ("Index",)
names = lambda row: row["numpy"]


def roundings(row, elements):
    """How many roundings of its scale a result may be off. Adding up in turn takes dozens, from a thousand elements on;
    factors that are multiplied each cost one, of random sign."""
    if row["numpy"] == "prod":
        return 2 + np.sqrt(elements)
    return 4 if row["class"] == "RealMean" else 2


def compare(row, x, a, dtype, result, message, times=1, **options):
    """`times` as many roundings as usual are allowed."""
    f = oracle.reference(row)
    got = getattr(cv, row["numpy"])(a, **options)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if result not in FLOATS + COMPLEX or row["class"] == "Same":
            want = np.asarray(f(x, **options))
            if dtype == "bfloat16" and row["class"] != "Same":
                want = want.astype(result)
            if row["class"] == "Same" and want.dtype.kind == "f":
                # the largest of 0 and -0 is either
                values = oracle.to_numpy(got)
                want = np.where((want == 0) & (values == 0), values, want).astype(want.dtype)
            assert_same(got, want, result, 0, message)
            return
        wide = x.astype(oracle.WIDE.get(dtype, np.longdouble))
        true = np.asarray(f(wide, **options))
        # rounding errors are relative to the sum of magnitudes
        scale = np.maximum(np.abs(true), np.abs(np.asarray(f(np.abs(wide), **options))))
        if row["class"] == "Float":
            scale = np.abs(true) + 1  # a logarithm of about 1 is what is left of it
        # and what the inputs' own roundings change, as the variance of what differs little
        eps = {"bfloat16": 2.0**-7}.get(result) or np.finfo(result).eps
        change, chessboard = 0, (-1) ** (np.indices(x.shape).sum(0) % 2)
        for signs in (np.random.default_rng(0).choice([-1, 1], x.shape), chessboard):
            nudged = wide * (1 + np.longdouble(eps) * signs)
            change = np.maximum(change, np.abs(np.asarray(f(nudged, **options)) - true))
    assert got.dtype == result, message
    assert got.shape == true.shape, message
    values = oracle.to_numpy(got)
    want = oracle.rounded(true, result)
    least = {"bfloat16": 9.2e-41}.get(result) or np.finfo(result).smallest_subnormal
    number = np.isfinite(want) & np.isfinite(scale)
    with np.errstate(all="ignore"):
        allowed = times * roundings(row, x.size / max(true.size, 1)) * (eps * scale + change) + 2 * least
        near = np.abs(values.astype(true.dtype) - true) <= allowed
    alike = (
        np.array_equal(np.isnan(values), np.isnan(want))
        and (values[~number & ~np.isnan(want)] == want[~number & ~np.isnan(want)]).all()
    )
    if near[number].all() and alike:
        return
    off = np.argwhere(number & ~near)
    where = "" if not len(off) else f"at {tuple(off[0])} got {values[tuple(off[0])]!r}, want {want[tuple(off[0])]!r}; "
    pytest.fail(f"{message}: {where}got {values.ravel()[:8]!r}, want {want.ravel()[:8]!r}")


def axes_of(ndim, row):
    yield {}
    for axis in range(-ndim, ndim):
        yield {"axis": axis}
    if row["class"] not in ONE_AXIS:
        for n in range(2, ndim + 1):
            for several in itertools.combinations(range(ndim), n):
                yield {"axis": several}
        if ndim:
            yield {"axis": ()}
            yield {"axis": (-1, 0)[:ndim]}


def of(rng, dtype, shape):
    x = oracle.ordinary(rng, dtype, int(np.prod(shape, dtype=int)))
    return x.reshape(shape).astype(oracle.storage(dtype))


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_result_dtype_is_numpys(row, dtype, result):
    assert getattr(cv, row["numpy"])(cv.ones(3, dtype)).dtype == result
    if dtype != "bfloat16" and row["numpy"] not in oracle.FORMULAS:
        assert np.asarray(oracle.reference(row)(np.ones(3, dtype))).dtype == result


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_every_axis_of_every_rank(row, dtype, result, rng):
    for shape in [(), (1,), (5,), (17,), (3, 4), (2, 3, 5), (2, 3, 2, 4)]:
        x = of(rng, dtype, shape)
        a = oracle.to_civita(x, dtype)
        for options in axes_of(len(shape), row):
            if row["class"] in ONE_AXIS and options.get("axis") == ():
                continue
            for keepdims in (False, True):
                compare(row, x, a, dtype, result, f"{shape} {options} {keepdims}", keepdims=keepdims, **options)


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_every_layout(row, dtype, result, rng):
    for r, c in [(5, 7), (4, 33)]:
        big = of(rng, dtype, (2 * r, 2 * c))
        mine = oracle.to_civita(big, dtype)
        for name, view in LAYOUTS.items():
            x, a = view(np, big, r, c), view(cv, mine, r, c)
            for options in ({}, {"axis": 0}, {"axis": 1}):
                compare(row, x, a, dtype, result, f"{name} {(r, c)} {options}", **options)
    cube = of(rng, dtype, (3, 4, 5))
    mine = oracle.to_civita(cube, dtype)
    for order in itertools.permutations(range(3)):
        x, a = np.transpose(cube, order)[:, ::-1], cv.transpose(mine, order)[:, ::-1]
        for options in axes_of(3, row):
            if options.get("axis") != () or row["class"] not in ONE_AXIS:
                compare(row, x, a, dtype, result, f"{order} {options}", **options)


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_every_length(row, dtype, result, rng):
    for n in oracle.LENGTHS[1:]:
        x = of(rng, dtype, (n + 1,))
        a = oracle.to_civita(x, dtype)
        for start in (0, 1):
            compare(row, x[start : start + n], a[start : start + n], dtype, result, f"{n} from {start}")
        compare(row, x[::-1], a[::-1], dtype, result, f"{n + 1} backwards")
        two = np.stack([x, x[::-1]])
        compare(row, two, oracle.to_civita(two, dtype), dtype, result, f"columns of {n + 1}", axis=0)


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_special_values_anywhere(row, dtype, result, rng):
    values = oracle.specials(dtype)
    for n in (1, 3, 20, 70):
        for _ in range(12):
            x = oracle.ordinary(rng, dtype, n).astype(oracle.storage(dtype))
            x[rng.integers(0, n)] = rng.choice(values)
            if rng.random() < 0.5:
                x[rng.integers(0, n)] = rng.choice(values)
            if dtype in COMPLEX + FLOATS and result in FLOATS + COMPLEX and row["class"] != "Same":
                # of magnitudes that overflow only where the true result does
                big = np.abs(x.astype(np.complex128)) > 1e3
                x = np.where(big & np.isfinite(x), x.dtype.type(7), x)
                if dtype in COMPLEX:
                    # which NaN an infinite complex product or sum gives is nobody's promise
                    x = np.where(np.isfinite(x), x, x.dtype.type(complex(np.nan, np.nan)))
            compare(row, x, oracle.to_civita(x, dtype), dtype, result, f"{x!r}")


@pytest.mark.parametrize("row", [r for r in REDUCTIONS if r["numpy"] not in oracle.FORMULAS], ids=names)
def test_nan_anywhere_is_found(row):
    for n in (1, 2, 15, 16, 17, 63, 64, 65, 1000, 5000):
        for at in sorted({0, 1 % n, n // 2, n - 1}):
            x = np.arange(n, dtype="float32")
            x[at] = np.nan
            got = getattr(cv, row["numpy"])(cv.array(x)).item()
            want = getattr(np, row["numpy"])(x).item()
            assert got == want or (got != got and want != want), (n, at)


def factors(rng, dtype):
    """Many numbers whose product is exact and tells whether one was left out: signs, and some powers of 2."""
    x = np.ones(LONG[-1]) if dtype == "bool" else rng.choice([-1, 1], LONG[-1])
    x[rng.permutation(x.size)[:11]] = 0 if dtype == "bool" and rng.random() < 0.5 else 1 if dtype == "bool" else 2
    return x


@pytest.mark.parametrize("row", REDUCTIONS, ids=names)
def test_large_arrays(row, rng):
    for dtype, result in row["loops"]:
        if dtype not in ("float32", "float64", "int32", "bool", "float16"):
            continue
        if row["class"] in ("Same", "Index", "Bool"):
            # many equal ones, on every thread: the first counts
            few = rng.integers(0, 3, (300, 701)).astype(dtype)
            for view in (lambda v: v, lambda v: v.T, lambda v: v[::-1, 1:]):
                for axis in (None, 0, 1):
                    compare(row, view(few), view(cv.array(few)), dtype, result, f"ties, axis {axis}", axis=axis)
        x = (oracle.ordinary(rng, dtype, LONG[-1]) if row["numpy"] != "prod" else factors(rng, dtype)).astype(dtype)
        a = cv.array(x)
        compare(row, x, a, dtype, result, "flat")
        if dtype in FLOATS:  # errors of a sum of both signs cancel
            compare(row, np.abs(x), cv.abs(a), dtype, result, "positive")
            # In columns of float64 blocks of some hundred rows are added in turn: up to 7 roundings, where all in turn
            # makes 21.
            for axis, shape, times in ((1, (7, -1), 1), (0, (-1, 7), 5 if dtype == "float64" else 1)):
                y, b = np.abs(x[:70_000]).reshape(shape), cv.abs(a[:70_000]).reshape(shape)
                compare(row, y, b, dtype, result, f"positive, axis {axis}", times, axis=axis)
        compare(row, x[::-3], a[::-3], dtype, result, "stepped")
        y, b = x[:70_000].reshape(350, 200), a[:70_000].reshape(350, 200)
        for view in (lambda m: m, lambda m: m.T, lambda m: m[:, ::-1], lambda m: m[::2, 1:]):
            for axis in (0, 1):
                compare(row, view(y), view(b), dtype, result, f"axis {axis}", axis=axis)
        y, b = x[:69_984].reshape(6, 2, 18, 324), a[:69_984].reshape(6, 2, 18, 324)
        if row["class"] not in ONE_AXIS:
            for axes in [(0, 2), (1, 3), (0, 3), (1, 2), (0, 1, 2)]:
                compare(row, y, b, dtype, result, f"axes {axes}", axis=axes)


@pytest.mark.parametrize("row", REDUCTIONS, ids=names)
def test_of_nothing(row):
    for dtype, result in row["loops"]:
        if dtype == "bfloat16":
            continue
        for shape in [(0,), (0, 3), (3, 0), (2, 0, 3)]:
            x, a = np.ones(shape, dtype), cv.ones(shape, dtype)
            for axis in (None, *range(len(shape))):
                try:
                    with warnings.catch_warnings(), np.errstate(all="ignore"):
                        warnings.simplefilter("ignore")
                        want = np.asarray(oracle.reference(row)(x, axis=axis))
                except (ValueError, IndexError):
                    if row["empty"] is not None:  # SciPy's logsumexp refuses, though an empty sum is 0
                        want = np.full(np.sum(x, axis=axis).shape, row["empty"], result)
                    else:
                        with pytest.raises(ValueError, match=row["numpy"]):
                            getattr(cv, row["numpy"])(a, axis=axis)
                        continue
                got = getattr(cv, row["numpy"])(a, axis=axis)
                np.testing.assert_array_equal(oracle.to_numpy(got), want)
                assert got.dtype == result


def test_the_extreme_of_nothing_says_so():
    for name in ("max", "min", "argmax", "argmin"):
        with pytest.raises(ValueError, match="empty|no element|nothing"):
            getattr(cv, name)(cv.zeros((0,)))


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std"])
def test_dtype_argument(name, rng):
    for dtype in ("bool", "uint8", "int32", "float16", "float32"):
        x = np.abs(of(rng, dtype, (3, 5)))
        for to in ("int64", "float32", "float64", "complex128"):
            if name in ("mean", "var", "std") and to not in ("float32", "float64"):
                continue
            want = getattr(np, name)(x, axis=0, dtype=to)
            got = getattr(cv, name)(cv.array(x), axis=0, dtype=to)
            assert got.dtype == str(want.dtype), (dtype, to)
            np.testing.assert_allclose(oracle.to_numpy(got), want, rtol=1e-5, err_msg=f"{dtype} {to}")


def test_ddof_and_correction(rng):
    x = rng.normal(size=(4, 6))
    a = cv.array(x)
    for name in ("var", "std"):
        for ddof in (0, 1, 2, 0.5, 4, 7):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                want = getattr(np, name)(x, axis=0, ddof=ddof)
            np.testing.assert_allclose(np.asarray(getattr(cv, name)(a, axis=0, ddof=ddof)), want, rtol=1e-13)
            np.testing.assert_allclose(np.asarray(getattr(cv, name)(a, axis=0, correction=ddof)), want, rtol=1e-13)


@pytest.mark.parametrize("row", REDUCTIONS, ids=names)
def test_methods_and_out(row, rng):
    x = rng.normal(size=(4, 6))
    a = cv.array(x)
    want = getattr(cv, row["numpy"])(a, axis=1)
    assert getattr(a, row["numpy"])(axis=1).tolist() == want.tolist()
    out = cv.zeros(4, want.dtype)
    assert getattr(cv, row["numpy"])(a, axis=1, out=out) is out
    assert out.tolist() == want.tolist()
    with pytest.raises(ValueError, match=r"\(4,\).*\(5,\)"):
        getattr(cv, row["numpy"])(a, axis=1, out=cv.zeros(5, want.dtype))


# ---- accuracy ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_tolerance_refuses_a_sum_in_turn_and_a_lost_element(dtype, rng, monkeypatch):
    """`compare` itself: what it must not let pass."""
    row = next(r for r in REDUCTIONS if r["numpy"] == "sum")
    x = np.abs(oracle.ordinary(rng, dtype, LONG[-1]))
    a = cv.array(x)
    compare(row, x, a, dtype, dtype, "civita's own")
    for wrong in (lambda a: np.cumsum(np.asarray(a))[-1], lambda a: np.sum(np.asarray(a)[:-1], dtype="float64")):
        monkeypatch.setattr(cv, "sum", lambda a, wrong=wrong: cv.array(wrong(a)).astype(dtype))
        with pytest.raises(pytest.fail.Exception):
            compare(row, x, a, dtype, dtype, "wrong")


def test_ten_million_tenths_sum_to_seven_digits():
    n = 10_000_000
    x = cv.full(n, 0.1, dtype="float32")
    true = n * float(np.float32(0.1))
    assert abs(x.sum().item() - true) <= 1e-7 * true
    assert abs(x.mean().item() - true / n) <= 1e-7 * true / n
    assert abs(cv.full((n // 10, 10), 0.1, dtype="float32").sum(axis=0)[3].item() - true / 10) <= 1e-7 * true / 10
    assert abs(cv.full((10, n // 10), 0.1, dtype="float32").sum(axis=1)[3].item() - true / 10) <= 1e-7 * true / 10
    wide = cv.full(n, 0.1)
    assert abs(wide.sum().item() - 1e6) <= 1e-13 * 1e6


def test_the_variance_of_large_numbers_that_differ_little():
    for dtype in ("float64", "int64"):
        assert cv.var(cv.array([1e8, 1e8 + 1] * 500).astype(dtype)).item() == 0.25
    assert cv.var(cv.array([1e4, 1e4 + 1] * 500, dtype="float32")).item() == 0.25
    assert cv.std(cv.array([[1e8, 1e8 + 1]] * 9), axis=1).tolist() == [0.5] * 9
    # one number many times does not vary
    assert cv.var(cv.full(1001, 0.1)).item() <= 1e-32


def test_half_precision_sums_do_not_stall():
    # a running float16 sum of ones stops at 2048, of bfloat16 at 256
    assert cv.ones(30_000, dtype="float16").sum().item() == 30_000
    assert cv.ones(4096, dtype="bfloat16").sum().item() == 4096
    assert cv.ones((4096, 3), dtype="bfloat16").mean(axis=0).tolist() == [1, 1, 1]
    assert cv.full(10_000, 60_000, dtype="float16").mean().item() == 60_000


def test_logsumexp_neither_overflows_nor_underflows():
    for c in (0.0, 1000.0, -1000.0, 1e300, -1e300):
        assert cv.logsumexp(cv.array([c, c])).item() == pytest.approx(c + np.log(2))
    assert cv.logsumexp(cv.array([-np.inf, -np.inf])).item() == -np.inf
    assert cv.logsumexp(cv.array([np.inf, 1.0])).item() == np.inf
    assert np.isnan(cv.logsumexp(cv.array([np.nan, 1.0])).item())


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("shape", [(5, 8), (37, 50), (3, 9, 11), (2, 1, 40), (4, 2000), (300, 1100), (2, 5000)])
def test_the_first_of_equal_extremes_along_any_axis(name, dtype, shape, rng):
    """Few distinct values, so most extremes occur often; NaN in some columns; columns side by side and strided."""
    x = rng.integers(0, 4, shape).astype(dtype)
    if np.dtype(dtype).kind in "fc":
        x[rng.random(shape) < 0.02] = np.nan
    for layout in (x, x[::-1], x.T, x[..., ::2], np.asfortranarray(x)):
        a = cv.asarray(layout)
        for axis in range(layout.ndim):
            got, want = getattr(cv, name)(a, axis=axis), getattr(np, name)(layout, axis=axis)
            np.testing.assert_array_equal(np.asarray(got), want, f"axis {axis} of {layout.shape}, {layout.strides}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 1000, 16_384, 16_385, 50_000, 200_000])
def test_variance_and_logsumexp_of_pieces(dtype, n, rng):
    """Long tensors are taken in pieces, which differ in where their mean and their maximum are."""
    drift = np.linspace(-300, 300, n)
    x = (drift + rng.standard_normal(n)).astype(dtype)
    eps = np.finfo(dtype).eps
    wide = x.astype(np.longdouble)
    for y in (x, x[::-1].copy()):
        a = cv.array(y)
        assert abs(float(a.var()) / float(wide.var() or 1) - (n > 1)) <= 8 * eps
        assert abs(float(cv.logsumexp(a)) - float(scipy_logsumexp(wide))) <= 8 * eps * 300


def scipy_logsumexp(x):
    top = x.max()
    return np.log(np.exp(x - top).sum()) + top


@pytest.mark.parametrize("place", [0, 20_000, 49_999])
def test_pieces_with_infinities_and_nan(place):
    low, far = np.full(50_000, -np.inf), np.full(50_000, 1000.0)
    assert cv.logsumexp(cv.array(low)) == -np.inf
    low[place] = -7.0
    assert cv.logsumexp(cv.array(low)) == -7.0
    far[place] = np.inf
    assert cv.logsumexp(cv.array(far)) == np.inf
    assert np.isnan(float(cv.array(far).var()))
    far[50_000 - 1 - place] = np.nan
    assert np.isnan(float(cv.logsumexp(cv.array(far))))
    assert np.isnan(float(cv.array(far).var()))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64", "float16", "float32", "float64", "complex128"])
@pytest.mark.parametrize("n", [1, 31, 32, 63, 64, 65, 255, 300, 9000, 70_000])
def test_one_element_decides_wherever_it_is(dtype, n):
    none, every = np.zeros(n, dtype), np.ones(n, dtype)
    if np.dtype(dtype).kind in "fc":
        none[::2] = -none[::2]  # -0 is no truth
    assert not cv.any(cv.array(none)) and cv.all(cv.array(every))
    for i in {0, n // 3, n - 1}:
        one, but_one = none.copy(), every.copy()
        one[i], but_one[i] = 1, 0
        assert cv.any(cv.array(one)) and not cv.all(cv.array(but_one))
        rows = np.stack([one, none, but_one, every])
        for axis in (0, 1):
            for f in ("any", "all"):
                want = getattr(np, f)(rows, axis=axis)
                np.testing.assert_array_equal(np.asarray(getattr(cv, f)(cv.array(rows), axis=axis)), want)
    if np.dtype(dtype).kind in "fc":
        none[n // 2] = np.nan
        assert cv.any(cv.array(none))


FOLDS = ["sum", "prod", "mean", "nansum", "nanprod", "nanmean", "add.reduce", "multiply.reduce", "subtract.reduce"]
RUNNING = ["cumsum", "cumprod", "nancumsum", "nancumprod", "cumulative_sum", "cumulative_prod", "add.accumulate", "multiply.accumulate"]
INTO = [
    ([2**40, 2**40], "int64", "float64"),
    ([2**63 - 1, 2**63 - 1], "int64", "float32"),
    ([200, 200], "uint8", "float64"),
    ([60000.0, 60000.0], "float16", "float64"),
    ([0.1, 0.2], "float32", "float64"),
    ([0.1, 0.2], "float32", "complex128"),
    ([2**40, 2**40], "int64", "complex128"),
    ([100, 100], "int8", "int8"),
    ([2**31, 5], "int64", "int32"),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("values, own, into", INTO, ids=lambda v: str(v))
@pytest.mark.parametrize("name", FOLDS + RUNNING)
def test_an_output_of_floats_says_in_what_dtype_a_fold_computes(name, values, own, into):
    if "mean" in name and np.dtype(into).kind == "i":
        return  # NumPy's `nanmean` casts, its `mean` does not
    found = []
    for m in (np, cv):
        f = m
        for part in name.split("."):
            f = getattr(f, part)
        out = m.zeros(2 if name in RUNNING else (), into)
        f(m.array(values, dtype=own), out=out)
        found.append(np.asarray(out))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6 if into == "float32" else 1e-14, strict=True)


@pytest.mark.parametrize("name", ["var", "std"])
def test_variances_compute_in_the_dtype_of_their_output(name):
    x = np.array([0.1, 0.2, 0.7], dtype="float32")
    out = cv.zeros(())
    getattr(cv, name)(cv.array(x), out=out)
    assert out.item() == pytest.approx(getattr(np, name)(x, dtype="float64"), rel=1e-14)


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "nancumsum", "cumulative_sum", "add.accumulate", "multiply.accumulate", "sum", "prod"])
@pytest.mark.parametrize("values", [[-5, 5, 2], [0.5, 0.2, 0.0], [1j, 0, 1], [0.0, np.nan, 0.0], [256, 0, 256], [True, False, True]], ids=str)
def test_folds_of_booleans_are_logical(name, values):
    found = []
    for m in (np, cv):
        f = m
        for part in name.split("."):
            f = getattr(f, part)
        found.append(np.asarray(f(m.array(values), dtype="bool")))
    np.testing.assert_array_equal(found[1], found[0], strict=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["mean", "var", "std"])
def test_averages_of_some_elements_compute_in_the_dtype_asked_for(name, dtype):
    x, where = np.array([-1.40625, 1.29, 0.147216796875], dtype="float16"), np.array([True, False, True])
    got = getattr(cv, name)(cv.array(x), dtype=dtype, where=cv.array(where))
    want = getattr(np, name)(x, dtype=dtype, where=where)
    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-6, strict=True)
    many = cv.full(10_000, 60_000, dtype="float16")
    assert many.mean(where=cv.ones(10_000, dtype="bool")).item() == 60_000


@pytest.mark.parametrize("values", [[-2.0], [-0.0], [[-2.0, -3.0]], [[-2.0], [3.0]], [-128.0, 0.0]], ids=str)
@pytest.mark.parametrize("axis", [0, -1, ()])
def test_hypot_of_one_element_is_its_absolute_value(values, axis):
    got, want = (np.asarray(m.hypot.reduce(m.array(values), axis=axis)) for m in (cv, np))
    np.testing.assert_array_equal(got, want, strict=True)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


def test_the_initial_value_of_a_fold_is_a_number_of_its_kind():
    for m in (np, cv):
        x = m.zeros(3, "int32")
        for initial, error in [(m.array([1, 2]), ValueError), (m.array([1.5]), ValueError), (1j, TypeError), (np.nan, ValueError)]:
            for fold in (x.sum, x.max, lambda initial: m.add.reduce(x, initial=initial)):
                with pytest.raises(error):
                    fold(initial=initial)
        assert x.sum(initial=m.array(2.5)) == 2


@pytest.mark.parametrize("axis", [0, -1, (0,), (-1,), 1, (), None], ids=repr)
@pytest.mark.parametrize("name", ["mean", "var", "std", "median", "sum", "max", "all", "argmax", "nanmean", "nansum", "average", "ptp", "cumsum"])
def test_axes_of_arrays_without_axes_are_taken_as_numpy_takes_them(name, axis):
    # what divides by a length wants the axis; folds take the first or the last as none, where it is no tuple
    if name in ("nanmean", "nansum", "ptp") and axis in ((0,), (-1,)):
        pytest.skip("one axis in a tuple is taken as a number")
    results = []
    for m in (cv, np):
        try:
            results.append(np.asarray(getattr(m, name)(m.array(3.0), axis=axis)).tolist())
        except (TypeError, ValueError) as error:
            results.append("TypeError" if isinstance(error, TypeError) else "AxisError")
    assert results[0] == results[1]


@pytest.mark.parametrize("name", ["quantile", "percentile", "nanquantile", "nanpercentile"])
def test_quantiles_of_arrays_without_axes_take_no_axis(name):
    for m in (cv, np):
        assert getattr(m, name)(m.array(3.0), 0.5) == 3.0
        for axis in (0, -1, (0,)):
            with pytest.raises(m.exceptions.AxisError):
                getattr(m, name)(m.array(3.0), 0.5, axis=axis)


def test_an_axis_is_no_boolean():
    x = np.arange(6.0).reshape(2, 3)
    for m in (cv, np):
        for name in ("sum", "prod", "mean", "var", "max", "any", "argmax", "cumsum", "argsort", "repeat"):
            with pytest.raises(TypeError):
                getattr(m, name)(m.array(x), *([2] if name == "repeat" else []), axis=True)


def test_means_in_an_integer_dtype_are_those_of_sums_that_wrap():
    cases = [([-3, -4], "uint8"), ([-3, -4, 300], "uint8"), ([100, 100], "int8"), ([1.5, 2.0, 4.0], "int64"), ([[1, 2], [250, 9]], "uint8")]
    for values, dtype in cases:
        for options in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}):
            got, want = (m.mean(m.array(values), dtype=dtype, **options) for m in (cv, np))
            np.testing.assert_array_equal(np.asarray(got), want, strict=True)
            where = [True, False, True][: len(values)]
        if np.ndim(values) == 1:
            got, want = (m.mean(m.array(values), dtype=dtype, where=m.array(where)) for m in (cv, np))
            np.testing.assert_array_equal(np.asarray(got), want, strict=True)
    got, want = (m.nanstd(m.array([1, 2, 4]), dtype=int) for m in (cv, np))
    assert got == want and got.dtype == want.dtype


@pytest.mark.parametrize("name", ["mean", "var", "std", "nanmean", "nanvar", "nanstd"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int64", "uint64"])
def test_statistics_in_a_dtype_of_integers_wrap_as_numpys(name, dtype):
    for values in [[1, 2, 4], [1, 2, 4, 100], [[1, 5], [2, 9], [60, 70]]]:
        for kind in ["int64", "float64", "int8", "uint16"]:
            if kind == "float64" and name.startswith("nan"):
                continue
            theirs = np.array(values, kind)
            ours = cv.array(theirs)
            for kwargs in [{}, {"axis": 0}, {"axis": -1, "keepdims": True}]:
                if "std" in name and kwargs:
                    # NumPy's root of several refuses an output of integers
                    continue
                if "mean" not in name:
                    kwargs["ddof"] = 1
                got, want = (getattr(m, name)(x, dtype=dtype, **kwargs) for m, x in ((cv, ours), (np, theirs)))
                if "std" in name and np.iinfo(dtype).bits == 8 and np.max(theirs) > 60:
                    # the root of a negative square is NaN, whose integer depends on the machine
                    continue
                if name == "var" and kind == "float64" and np.iinfo(dtype).bits == 8 and np.max(theirs) > 60:
                    # so does that of a square of floats that does not fit
                    continue
                assert got.dtype == want.dtype
                np.testing.assert_array_equal(np.asarray(got), want, err_msg=f"{values} {kind} {kwargs}")


@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanargmax", "ptp", "count_nonzero", "sum", "max", "all", "var"])
def test_an_axis_of_a_fold_is_no_boolean(name):
    for m in (cv, np):
        for axis in (True, (0, True)):
            with pytest.raises(TypeError):
                getattr(m, name)(m.ones((3, 2)), axis=axis)


@pytest.mark.parametrize("name", ["nextafter", "ldexp"])
def test_functions_of_two_arrays_fold(name):
    values = {"nextafter": [np.arange(6.0).reshape(2, 3), np.float32([[3, 1, 2]]), np.array([1, 2, 3])], "ldexp": [np.array([1, 2, 3]), np.array([[1, 2], [3, 4]], "int8")]}
    theirs, ours = getattr(np, name), getattr(cv, name)
    for x in values[name]:
        for axis in range(x.ndim):
            for method, given in [("reduce", ()), ("accumulate", ()), ("reduceat", ([0, 1],))]:
                # NumPy's `ldexp` refuses to go on from its own results, but in `reduce`
                if method == "reduceat" and x.shape[axis] < 2 or method != "reduce" and name == "ldexp":
                    continue
                got = getattr(ours, method)(cv.array(x), *given, axis=axis)
                want = getattr(theirs, method)(x, *given, axis=axis)
                assert got.dtype == want.dtype, (method, x.dtype)
                np.testing.assert_array_equal(np.asarray(got), want)
        assert ours.reduce(cv.array(x), axis=0, keepdims=True).shape == theirs.reduce(x, axis=0, keepdims=True).shape
    for m in (np, cv):
        with pytest.raises(ValueError):
            m.nextafter.reduce(m.ones((2, 0)), axis=1)
        with pytest.raises(ValueError):
            m.nextafter.reduce(m.ones((2, 2)), axis=None)
        with pytest.raises(TypeError):
            m.ldexp.reduce(m.array([1.0, 2.0]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "fmin", "logical_and", "logical_or", "bitwise_xor", "divide", "gcd"])
def test_reduceat_of_many_parts(name, rng):
    for dtype in ("bool", "int8", "int64", "float32", "float64", "complex128"):
        for shape, axis in [((40,), 0), ((12, 3), 0), ((3, 12), 1), ((4, 9, 2), -2), ((1,), 0)]:
            x = rng.integers(1, 4, shape).astype(dtype)
            n = shape[axis]
            some = rng.integers(0, n, 9).tolist()
            for i in [[0], [*range(0, n, 3)], [*range(n)], [n - 1, 0], sorted(some), some, [0, 0, 0], [*range(0, n, 2)][::-1], [n], [-1], [*range(0, n - 1, 4)], [0, n - 1] * 5]:
                a = cv.array(x)
                for view in (lambda z: z, lambda z: z[::-1]):
                    try:
                        want = getattr(np, name).reduceat(view(x), i, axis=axis)
                    except (TypeError, IndexError) as error:
                        with pytest.raises((TypeError, IndexError)) as raised:
                            getattr(cv, name).reduceat(view(a), i, axis=axis)
                        assert raised.type in type(error).__mro__, (name, dtype, i)
                        continue
                    got = getattr(cv, name).reduceat(view(a), i, axis=axis)
                    assert got.dtype == want.dtype and got.shape == want.shape, (name, dtype, i)
                    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-6, err_msg=f"{name} {dtype} {i}")
                    got[...] = 0
                    assert np.array_equal(np.asarray(a), x)


def test_reduceat_has_gradients(rng):
    x = cv.array(rng.uniform(0.5, 2, 12))
    for i in ([0, 3, 6, 9], [0, 1, 5], [7, 2, 2, 11]):
        assert cv.check_gradients(lambda x, i=i: cv.add.reduceat(x, i), [x])
        assert cv.check_gradients(lambda x, i=i: cv.multiply.reduceat(x, i), [x])
