"""Running sums, matrix products and softmax against NumPy and SciPy."""

import itertools

import numpy as np
import pytest
import scipy.special

import civita as cv
import oracle
from oracle import COMPLEX, DTYPES, FLOATS, INTEGERS, LAYOUTS, assert_same

SUMS = {
    "bool": "int64",
    **{d: "uint64" if d[0] == "u" else "int64" for d in INTEGERS},
    **{d: d for d in FLOATS + COMPLEX},
}


def of(rng, dtype, shape):
    x = oracle.ordinary(rng, dtype, int(np.prod(shape, dtype=int)))
    return x.reshape(shape).astype(oracle.storage(dtype))


def close(got, true, scale, dtype, message, factor=4.0):
    """Within `factor` roundings of `scale`, which the true value came from."""
    assert got.dtype == dtype, message
    assert got.shape == true.shape, message
    values = oracle.to_numpy(got)
    eps = {"bfloat16": 2.0**-7}.get(dtype) or np.finfo(dtype).eps
    least = {"bfloat16": 1e-40}.get(dtype) or np.finfo(dtype).smallest_subnormal
    with np.errstate(all="ignore"):
        bad = ~(np.abs(values - true) <= factor * eps * scale + 2 * least)
    assert not bad.any(), f"{message}: {values[bad][:4]} {np.asarray(true)[bad][:4]}"


# ---- cumsum ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_cumsum(dtype, rng):
    def one(x, a, message, **options):
        got = cv.cumsum(a, **options)
        result = SUMS[dtype]
        if result in FLOATS + COMPLEX:
            wide = x.astype(oracle.WIDE[dtype])
            close(got, np.cumsum(wide, **options), np.cumsum(np.abs(wide), **options), result, message, 3)
        else:
            assert_same(got, np.cumsum(x, **options), result, 0, message)

    for n in oracle.LENGTHS:
        x = of(rng, dtype, (n + 1,))
        a = oracle.to_civita(x, dtype)
        one(x[1:], a[1:], f"{n}", axis=0)
        one(x[::-1], a[::-1], f"{n} backwards")
    for shape in [(), (3, 4), (2, 3, 5), (0, 3), (2, 0)]:
        x = of(rng, dtype, shape)
        a = oracle.to_civita(x, dtype)
        for axis in (None, *range(-len(shape), len(shape))):
            one(x, a, f"{shape} {axis}", axis=axis)
    big = of(rng, dtype, (10, 66))
    mine = oracle.to_civita(big, dtype)
    for name, view in LAYOUTS.items():
        for axis in (None, 0, 1):
            one(view(np, big, 5, 33), view(cv, mine, 5, 33), f"{name} {axis}", axis=axis)


def test_cumsum_of_many_elements(rng):
    for dtype in ("float32", "float64", "int32", "bool"):
        x = of(rng, dtype, (300_001,))
        if dtype not in FLOATS:
            assert_same(cv.cumsum(cv.array(x)), np.cumsum(x))
            continue
        # Of numbers of one sign errors do not cancel: adding in turn makes some 100 roundings, pieces of 16 Ki up to 12.
        for values in (x, np.abs(x)):
            wide = values.astype(np.longdouble)
            close(cv.cumsum(cv.array(values)), np.cumsum(wide), np.cumsum(np.abs(wide)), dtype, f"many of {dtype}", 20)
    # the running float32 sum of ten million tenths: NumPy's is off by 9%
    got = cv.cumsum(cv.full(10_000_000, 0.1, dtype="float32"))[-1].item()
    assert abs(got - 1e6) < 1e-4 * 1e6


def test_cumsum_of_negative_zeros_and_of_views(rng, threads):
    """Nothing is added to the first element, not even 0; and what is summed may lie anyhow."""
    for dtype in ("float32", "float64", "complex64"):
        x = np.full(40, -0.0).astype(dtype)
        np.testing.assert_array_equal(np.signbit(np.asarray(cv.cumsum(cv.array(x))).real), np.signbit(np.cumsum(x).real))
    x = rng.integers(-9, 9, (50, 60)).astype("int32")
    for view in (x, x.T, x[::-1, ::2], x[:, ::-3]):
        for axis in (0, 1, None):
            got = cv.cumsum(cv.asarray(view), axis=axis)
            np.testing.assert_array_equal(np.asarray(got), np.cumsum(view, axis=axis))
    x = rng.standard_normal(100_000)
    for n in (1, 2):
        threads(n)
        parts = np.asarray(cv.cumsum(cv.array(x)))
        np.testing.assert_allclose(parts, np.cumsum(x), rtol=0, atol=1e-9)


def test_cumsum_into_another_dtype_and_out():
    x = np.array([200, 100, 50], "uint8")
    assert_same(cv.cumsum(cv.array(x), dtype="uint8"), np.cumsum(x, dtype="uint8"))
    assert_same(cv.cumsum(cv.array(x), dtype="float32"), np.cumsum(x, dtype="float32"))
    out = cv.zeros(3)
    assert cv.cumsum(cv.array([1.0, 2.0, 3.0]), out=out) is out
    assert out.tolist() == [1, 3, 6]
    a = cv.array([1.0, np.nan, 2.0, np.inf])
    np.testing.assert_array_equal(np.asarray(cv.cumsum(a)), [1, np.nan, np.nan, np.nan])


# ---- matmul ------------------------------------------------------------------------------------------------------

SHAPES = [
    ((3,), (3,)),
    ((0,), (0,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((2, 0), (0, 4)),
    ((0, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((1, 2, 3), (5, 3, 4)),
    ((0, 2, 3), (3, 4)),
    ((2, 1, 2, 3), (1, 3, 3, 2)),
    ((17, 19), (19, 23)),
    ((33, 65), (65, 31)),
    ((64, 64), (64, 64)),
    ((1, 130), (130, 1)),
    ((130, 1), (1, 130)),
    ((7, 300), (300, 5)),
]


def product(x, y, dtype, message, a=None, b=None, result=None):
    a = oracle.to_civita(x, dtype) if a is None else a
    b = oracle.to_civita(y, dtype) if b is None else b
    result = result or dtype
    got = cv.matmul(a, b)
    if result in FLOATS + COMPLEX:
        wide = oracle.WIDE[dtype]
        true = np.asarray(np.matmul(x.astype(wide), y.astype(wide)))
        scale = np.asarray(np.matmul(np.abs(x).astype(np.float64), np.abs(y).astype(np.float64)))
        # 16-bit floats are added up in float32 and rounded once
        factor = 1 if result in ("float16", "bfloat16") else 4 + x.shape[-1] ** 0.5 / 2
        close(got, true, scale, result, message, factor * (2 if result in COMPLEX else 1))
    else:
        assert_same(got, np.asarray(np.matmul(x, y)), result, 0, message)


@pytest.mark.parametrize("dtype", DTYPES)
def test_matmul_of_every_rank(dtype, rng):
    for p, q in SHAPES:
        product(of(rng, dtype, p), of(rng, dtype, q), dtype, f"{p} @ {q}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_matmul_of_every_layout(dtype, rng):
    for r, k, c in [(3, 5, 4), (18, 33, 20)]:
        x, y = of(rng, dtype, (2 * r, 2 * k)), of(rng, dtype, (2 * k, 2 * c))
        a, b = oracle.to_civita(x, dtype), oracle.to_civita(y, dtype)
        for p, q in itertools.product(LAYOUTS, LAYOUTS):
            if r == 18 and rng.random() < 0.7:
                continue
            product(
                LAYOUTS[p](np, x, r, k),
                LAYOUTS[q](np, y, k, c),
                dtype,
                f"{p} @ {q} {(r, k, c)}",
                LAYOUTS[p](cv, a, r, k),
                LAYOUTS[q](cv, b, k, c),
            )


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "complex64", "bfloat16"])
def test_matmul_of_odd_and_large_sizes(dtype, rng):
    for m in (1, 6, 7, 8, 15, 16, 17, 31, 33, 48, 65, 100, 129):
        k, n = int(rng.integers(1, 140)), int(rng.integers(1, 140))
        product(of(rng, dtype, (m, k)), of(rng, dtype, (k, n)), dtype, f"{(m, k, n)}")
    product(of(rng, dtype, (257, 300)), of(rng, dtype, (300, 259)), dtype, "257 300 259")
    product(of(rng, dtype, (513, 700)), of(rng, dtype, (700,)), dtype, "a matrix and a vector")
    product(of(rng, dtype, (700,)), of(rng, dtype, (700, 513)), dtype, "a vector and a matrix")
    product(of(rng, dtype, (40, 9, 8)), of(rng, dtype, (40, 8, 7)), dtype, "many small ones")
    x, y = of(rng, dtype, (9, 8, 40)), of(rng, dtype, (40, 7, 8))
    a, b = cv.transpose(oracle.to_civita(x, dtype), (2, 0, 1)), cv.transpose(oracle.to_civita(y, dtype), (0, 2, 1))
    product(x.transpose(2, 0, 1), y.transpose(0, 2, 1), dtype, "many turned ones", a, b)


def test_integer_products_wrap():
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        x = np.full((5, 40), info.max, dtype)
        product(x, x.T.copy(), dtype, dtype)


def test_products_of_booleans_are_booleans(rng):
    x, y = rng.random((9, 20)) < 0.2, rng.random((20, 7)) < 0.2
    assert_same(cv.array(x) @ cv.array(y), x @ y)
    assert_same(cv.array(x) @ cv.array(y[:, 0]), x @ y[:, 0])


def test_mixed_products_promote(rng):
    for p, q in itertools.product(oracle.NUMPY_DTYPES, repeat=2):
        x, y = of(rng, p, (3, 4)), of(rng, q, (4, 2))
        want = np.matmul(x, y)
        got = cv.matmul(cv.array(x), cv.array(y))
        assert got.dtype == str(want.dtype), (p, q)
        with np.errstate(all="ignore"):
            if want.dtype.kind in "fc":
                scale = np.matmul(np.abs(x.astype("complex128")), np.abs(y.astype("complex128"))).real
                close(
                    got,
                    want.astype(np.clongdouble if want.dtype.kind == "c" else np.longdouble),
                    scale,
                    str(want.dtype),
                    (p, q),
                    8,
                )
            else:
                assert_same(got, want)


def test_nan_and_infinity_in_products():
    for value in (np.nan, np.inf):
        for n in (2, 17, 70):
            x = np.ones((n, n))
            x[1, 0] = value
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(np.asarray(cv.array(x) @ cv.zeros((n, n))), x @ np.zeros((n, n)))
                np.testing.assert_array_equal(np.asarray(cv.array(x) @ cv.ones((n, n))), x @ np.ones((n, n)))


def test_product_operators_and_out(rng):
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
    a, b = cv.array(x), cv.array(y)
    want = cv.matmul(a, b)
    assert (a @ b).tolist() == (a @ y).tolist() == (x @ b).tolist() == want.tolist()
    out = cv.zeros((3, 3))
    assert cv.matmul(a, b, out=out) is out
    assert out.tolist() == want.tolist()
    # into its own operand
    square = cv.array(rng.normal(size=(3, 3)))
    twice = (square @ square).tolist()
    cv.matmul(square, square, out=square)
    assert square.tolist() == twice
    square @= cv.eye(3)
    assert square.tolist() == twice


def test_dot(rng):
    for p, q in [
        ((), ()),
        ((), (3,)),
        ((2, 3), ()),
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (6, 3, 2)),
    ]:
        x, y = rng.normal(size=p), rng.normal(size=q)
        np.testing.assert_allclose(np.asarray(cv.dot(cv.array(x), cv.array(y))), np.dot(x, y), rtol=1e-13)


# ---- softmax -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_softmax(dtype, rng):
    for shape in [(1,), (5,), (3, 4), (2, 3, 67), (4, 130), (300, 3)]:
        x = of(rng, dtype, shape)
        a = oracle.to_civita(x, dtype)
        for axis in range(-len(shape), len(shape)):
            true = scipy.special.softmax(x.astype(np.longdouble), axis=axis)
            close(cv.softmax(a, axis), true, true + 1e-3 * true.max(), dtype, f"{shape} {axis}", 6)
    big = of(rng, dtype, (10, 66))
    mine = oracle.to_civita(big, dtype)
    for name, view in LAYOUTS.items():
        for axis in (0, 1):
            true = scipy.special.softmax(view(np, big, 5, 33).astype(np.longdouble), axis=axis)
            close(cv.softmax(view(cv, mine, 5, 33), axis), true, true + 1e-3 * true.max(), dtype, f"{name} {axis}", 6)


def test_softmax_neither_overflows_nor_loses_nan():
    np.testing.assert_allclose(np.asarray(cv.softmax(cv.array([1000.0, 1000.0]))), [0.5, 0.5])
    np.testing.assert_allclose(np.asarray(cv.softmax(cv.array([-1e300, 0.0]))), [0, 1])
    np.testing.assert_allclose(np.asarray(cv.softmax(cv.array([-np.inf, 0.0]))), [0, 1])
    assert np.isnan(np.asarray(cv.softmax(cv.array([np.nan, 0.0])))).all()
    assert cv.softmax(cv.array([1, 2, 3])).dtype == "float64"
    assert cv.softmax(cv.array([True, False])).dtype == "float16"
    assert cv.softmax(cv.zeros((0, 3)), 0).shape == (0, 3)
    assert cv.softmax(cv.zeros((3, 0)), 0).shape == (3, 0)


@pytest.mark.parametrize("m, k, n", [(1, 5, 1), (1, 5, 3), (3, 5, 1), (2, 1, 2), (4, 0, 3), (9, 33, 17), (64, 64, 64), (130, 515, 70)])
def test_bytes_are_multiplied_with_wide_sums(rng, m, k, n):
    a, b = (rng.integers(-128, 128, shape, dtype="int8") for shape in [(m, k), (k, n)])
    forms = [lambda x: x, lambda x: np.asfortranarray(x), lambda x: np.repeat(x, 2, axis=1)[:, ::2], lambda x: x[::-1, ::-1]]
    for f, g in itertools.product(forms, forms):
        wanted = np.matmul(f(a), g(b), dtype="int32")
        found = cv.matmul(cv.asarray(f(a)), cv.asarray(g(b)), dtype="int32")
        assert found.dtype == "int32"
        np.testing.assert_array_equal(found, wanted)
    batch = rng.integers(-128, 128, (3, 1, m, k), dtype="int8")
    other = rng.integers(-128, 128, (2, k, n), dtype="int8")
    wanted = np.matmul(batch, other, dtype="int32")
    np.testing.assert_array_equal(cv.matmul(cv.array(batch), cv.array(other), dtype="int32"), wanted)
    # other dtypes of sums, and of operands, are converted as before
    np.testing.assert_array_equal(cv.matmul(cv.array(a), cv.array(b), dtype="int64"), np.matmul(a, b, dtype="int64"))
    mixed = cv.matmul(cv.array(a), cv.array(b.astype("uint8")), dtype="int32")
    np.testing.assert_array_equal(mixed, np.matmul(a, b.astype("uint8"), dtype="int32"))
    mapped = cv.vmap(lambda x: cv.matmul(x, cv.array(b), dtype="int32"))(cv.array(batch[:, 0]))
    np.testing.assert_array_equal(mapped, np.matmul(batch[:, 0], b, dtype="int32"))


def test_an_output_of_dot_is_of_its_dtype_and_order():
    a = np.arange(6.0).reshape(2, 3)
    for out in (np.zeros((2, 2), "f4"), np.zeros((2, 2), "f8", order="F"), np.zeros((2, 2), "c16"), np.zeros((2, 3))):
        with pytest.raises(ValueError):
            np.dot(a, a.T, out=out)
        with pytest.raises(ValueError):
            cv.dot(cv.array(a), cv.array(a.T), out=cv.asarray(out))
    out = cv.zeros((2, 2))
    assert cv.dot(cv.array(a), cv.array(a.T), out=out) is out
    np.testing.assert_array_equal(out, np.dot(a, a.T))


@pytest.mark.parametrize("name, a, b, out", [
    ("matmul", (2, 3), (3, 2), (3, 2, 2)), ("matmul", (2, 3), (3,), (3, 2)), ("matmul", (3,), (3, 2), (4, 2)), ("matmul", (3,), (3,), (5,)),
    ("matmul", (1, 2, 3), (3, 2), (4, 2, 2)), ("vecdot", (2, 3), (3,), (3, 2)), ("matvec", (2, 3), (3,), (3, 2)), ("vecmat", (2,), (2, 3), (4, 3)),
])  # fmt: skip
def test_products_are_broadcast_into_outputs_of_more_axes(name, a, b, out):
    rng = np.random.default_rng(0)
    a, b = rng.random(a), rng.random(b)
    want, got = np.empty(out), cv.empty(out)
    assert getattr(cv, name)(cv.array(a), cv.array(b), out=got) is got
    np.testing.assert_allclose(np.asarray(got), getattr(np, name)(a, b, out=want), rtol=1e-14)


@pytest.mark.parametrize("name, a, b, out", [("matmul", (1, 3), (3, 2), (5, 2)), ("matmul", (2, 3), (3, 1), (2, 4)), ("matmul", (4, 2, 3), (3, 2), (2, 2)), ("matvec", (1, 3), (3,), (5,))])
def test_the_core_of_a_product_is_not_broadcast(name, a, b, out):
    for m in (np, cv):
        with pytest.raises(ValueError):
            getattr(m, name)(m.ones(a), m.ones(b), out=m.zeros(out))


SMALL = [((3, 3), (3, 3)), ((2, 2), (2, 2)), ((4, 4), (4, 4)), ((8, 7), (7, 5)), ((9, 8), (8, 8)), ((3, 3), (3, 1)), ((1, 3), (3, 1)), ((3, 4), (4, 2)), ((100, 3), (3, 3))]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize(("a", "b"), SMALL)
def test_batches_of_small_products(dtype, a, b, rng, threads):
    def numbers(shape):
        x = rng.integers(-3, 4, shape)
        return (x + 1j * rng.integers(-3, 4, shape) if dtype.startswith("complex") else x).astype(dtype)

    turned = lambda x: np.swapaxes(np.ascontiguousarray(np.swapaxes(x, -1, -2)), -1, -2)  # noqa: E731
    for batch_a, batch_b in [((7,), (7,)), ((3, 1), (2,)), ((600,), (600,)), ((5,), ()), ((), (4, 2))]:
        x, y = numbers((*batch_a, *a)), numbers((*batch_b, *b))
        want = x @ y
        for left in (x, turned(x), np.repeat(x, 2, axis=-1)[..., ::2]):
            for right in (y, turned(y)):
                for count in (1, 2):
                    threads(count)
                    got = cv.array(left) @ cv.array(right)
                    assert got.dtype == want.dtype and np.array_equal(np.asarray(got), want), (dtype, batch_a, batch_b)


def test_a_small_product_has_the_bits_that_it_has_in_a_batch(rng):
    for dtype in ("float32", "float64", "complex64"):
        for (m, k), (_, n) in SMALL:
            x, y = (cv.array(rng.standard_normal((50, *shape)).astype(dtype)) for shape in ((m, k), (k, n)))
            all_of_them = np.asarray(x @ y)
            for i in range(50):
                assert np.asarray(x[i] @ y[i]).tobytes() == all_of_them[i].tobytes()


# ---- narrow floats are rounded once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sums_of_products_of_any_length_are_rounded_once(dtype):
    rng = np.random.default_rng(41)
    calls = {
        "ij,ij->i": lambda a, b: np.einsum("ij,ij->i", a, b),
        "ij,j,j->i": lambda a, b: np.einsum("ij,j,j->i", a, b[0], b[0]),
        "ij,ij,ij->i": lambda a, b: np.einsum("ij,ij,ij->i", a, b, b),
        "ij,ij->ij": lambda a, b: a * b,
    }
    for n in (1, 2, 3, 8, 31, 32, 33, 70):
        a, b = ((cv.array(rng.standard_normal((200, n)) * 3)).astype(dtype) for _ in range(2))
        wide = [np.asarray(x.astype("float64")) for x in (a, b)]

        def once(x):
            return np.asarray(cv.array(x).astype(dtype).astype("float64"))

        def near(got, true):
            assert got.dtype == dtype
            # sums of float32 may lie on the other side of a tie
            assert np.mean(np.asarray(got.astype("float64")) != once(true)) < 0.01, (dtype, n)

        near(cv.vecdot(a, b), (wide[0] * wide[1]).sum(-1))
        near(cv.linalg.vecdot(a.T, b.T, axis=0), (wide[0] * wide[1]).sum(-1))
        for text, true in calls.items():
            rows = [a, *[b[0] if part == "j" else b for part in text.split("->")[0].split(",")[1:]]]
            near(cv.einsum(text, *rows), true(*wide))
    if dtype == "float16":
        a, b = cv.array([300, 300, -300], dtype=dtype), cv.array([300, 300, 600], dtype=dtype)
        assert cv.vecdot(a, b) == 0 and cv.einsum("i,i,i", a, b, cv.ones(3, dtype=dtype)) == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_log_softmax_is_exact_beside_large_numbers_along_every_axis(dtype):
    rng = np.random.default_rng(43)
    far = np.array([[1000.0], [990.0], [980.0]])
    for x in (far, rng.standard_normal((5, 5)) * 3, rng.standard_normal((40, 50)) * 12, rng.standard_normal((4, 6, 5)) * 5 + 300):
        x = np.asarray(cv.array(x).astype(dtype).astype("float64"))
        for axis in range(x.ndim):
            d = x - x.max(axis=axis, keepdims=True)
            true = d - np.log(np.exp(d).sum(axis=axis, keepdims=True))
            for order in ("C", "F"):
                got = cv.log_softmax(cv.array(x, order=order).astype(dtype), axis=axis)
                assert got.dtype == dtype
                # within the largest exponential, whose logarithm may be near 0
                eps = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-23, "float64": 2.0**-52}[dtype]
                error = np.abs(np.asarray(got.astype("float64")) - true)
                assert (error <= eps * np.abs(true) * 1.01 + 2.0**-23 * (4 if dtype != "float64" else 1e-8)).all(), (axis, error.max())
    inf = cv.inf
    x = cv.array([[inf, 1.0, -inf], [2.0, 1.0, -inf]]).astype(dtype)
    expected = [[float("nan"), -0.6931471805599453, float("nan")], [float("nan"), -0.6931471805599453, float("nan")]]
    np.testing.assert_allclose(np.asarray(cv.log_softmax(x, axis=0).astype("float64")), expected, rtol=8e-3)
