"""A fused function computes what its operations compute one by one, on every dtype and layout; so does its gradient."""

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import LAYOUTS, ROWS

CHAINS = {
    "a * b + c": (lambda a, b, c: a * b + c, 3),
    "exp(a * b + 1)": (lambda a, b: cv.exp(a * b + 1.0), 2),
    "a polynomial": (lambda a: ((a * 0.5 + 1) * a - 3) * a + 0.25, 1),
    "tanh and where": (lambda a, b: cv.where(a > b, cv.tanh(a), b * -1), 2),
    "one operand twice": (lambda a: a * a + a, 1),
    "a comparison": (lambda a, b: a + 1 <= b, 2),
    "a norm": (lambda a, b: cv.sqrt(a * a + b * b), 2),
    "only a constant more": (lambda a: 2 - a, 1),
}
DTYPES = ["float16", "bfloat16", "float32", "float64", "int32", "uint8", "bool", "complex64"]


def attempt(f, *args):
    try:
        return f(*args)
    except (TypeError, ValueError, OverflowError) as error:
        return error


# Where a step is float16 or bfloat16 (tanh of a boolean is), a fused function rounds at its end only.
ROUGH = {"float16", "bfloat16", "bool", "uint8"}


def values(rng, dtype, n):
    """Small, so that one rounding more does not grow."""
    x = oracle.ordinary(rng, dtype, n)
    if dtype in ("int32", "uint8"):
        return x % 4
    return oracle.rounded(np.clip(x, -2, 2), dtype) if dtype in ("float16", "bfloat16") else x


def same(f, arrays, message, rough):
    """Fused and one by one: equal dtypes, shapes and values, up to the roundings that fusing saves."""
    want, got = attempt(f, *arrays), attempt(cv.fuse(f), *arrays)
    if isinstance(want, Exception):
        assert isinstance(got, Exception), message
        return
    assert not isinstance(got, Exception), f"{message}: {got!r}"
    assert got.dtype == want.dtype and got.shape == want.shape, f"{message}: {got.dtype} {want.dtype}"
    x, y = oracle.to_numpy(got), oracle.to_numpy(want)
    if x.dtype.kind in "fc":
        single = x.dtype in ("float32", "complex64")
        tolerance = (0.05, 0.05) if rough else (1e-5, 1e-5) if single else (1e-13, 1e-13)
        np.testing.assert_allclose(x, y, err_msg=message, rtol=tolerance[0], atol=tolerance[1])
    else:
        assert np.sum(x != y) <= (0.02 * x.size if rough else 0), message


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_their_operations(name, rng):
    f, count = CHAINS[name]
    for dtype in DTYPES:
        for n in (0, 1, 7, 33, 130, 5000):
            same(
                f,
                [oracle.to_civita(values(rng, dtype, n), dtype) for _ in range(count)],
                f"{dtype} {n}",
                dtype in ROUGH,
            )
        big = [oracle.to_civita(values(rng, dtype, 40).reshape(4, 10), dtype) for _ in range(count)]
        for layout, view in LAYOUTS.items():
            same(f, [view(cv, b, 2, 5) for b in big], f"{dtype} {layout}", dtype in ROUGH)
        same(f, [view(cv, b, 2, 5) for b, view in zip(big, LAYOUTS.values())], f"{dtype} mixed layouts", dtype in ROUGH)
    same(
        f,
        [cv.ones(s, d) for s, d in zip([(3, 1), (4,), ()], ["float32", "int64", "float16"])][:count],
        "mixed dtypes and shapes",
        True,
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["numpy"])
def test_every_row_can_be_fused(row, rng):
    f = getattr(cv, row["numpy"])
    for dtype, result in row["loops"]:
        kinds = ["bool", dtype, dtype] if row["class"] == "Select" else [dtype] * row["arity"]
        arrays = [oracle.to_civita(np.abs(oracle.ordinary(rng, k, 50)).astype(oracle.storage(k)), k) for k in kinds]
        fused = cv.fuse(lambda *xs: f(*xs))(*arrays)
        assert fused.dtype == result
        np.testing.assert_array_equal(oracle.to_numpy(fused), oracle.to_numpy(f(*arrays)))


@pytest.mark.parametrize(
    "name", ["a * b + c", "exp(a * b + 1)", "a polynomial", "tanh and where", "one operand twice", "a norm"]
)
def test_fused_functions_have_gradients(name, rng):
    f, count = CHAINS[name]
    arrays = [cv.array(rng.uniform(0.2, 1.5, s)) for s in [(2, 3), (3,), (2, 1)][:count]]
    assert cv.check_gradients(cv.fuse(f), arrays)
    assert cv.check_second_gradients(cv.fuse(f), arrays)
    leaves = [a.copy().requires_grad_() for a in arrays]
    for g, h in zip(cv.grad(f(*leaves).sum(), leaves), cv.grad(cv.fuse(f)(*leaves).sum(), leaves)):
        np.testing.assert_allclose(np.asarray(g), np.asarray(h), rtol=1e-12)


def test_a_fused_function_of_many_inputs_has_gradients():
    names = [f"x{i}" for i in range(70)]
    f = cv.fuse(eval(f"lambda {', '.join(names)}: x35 * x36 + x64 * x1 + {' + '.join(names)}"))
    xs = [cv.array([float(i)], requires_grad=True) for i in range(70)]
    f(*xs).sum().backward()
    wanted = dict.fromkeys(range(70), 1.0) | {35: 37.0, 36: 36.0, 64: 2.0, 1: 65.0}
    assert [x.grad.item() for x in xs] == list(wanted.values())


def test_fused_integer_powers_refuse_what_is_no_integer():
    power = cv.fuse(lambda a, b: a**b + 1)
    bases, exponents = cv.array([2, 3, -2]), cv.array([3, 0, 2])
    np.testing.assert_array_equal(np.asarray(power(bases, exponents)), [9, 2, 5])
    with pytest.raises(ValueError, match="integers to negative integer powers are not allowed"):
        power(bases, cv.array([1, 1, -1]))
    with pytest.raises(ValueError, match="integers to negative integer powers are not allowed"):
        cv.fuse(lambda a: a**-2)(bases)
    np.testing.assert_allclose(np.asarray(power(bases, -exponents.astype("float64"))), [1.125, 2, 1.25])
