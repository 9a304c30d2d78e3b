"""Every elementwise row on every dtype and layout, against NumPy. The tests are made from `cv.rows()`: a new row is
tested by being one."""

import warnings

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import DTYPES, FLOATS, INTEGERS, LAYOUTS, LENGTHS, LONG, ROWS, assert_same

LOOPS = [pytest.param(row, i, o, id=f"{row['numpy']}-{i}") for row in ROWS for i, o in row["loops"]]
BINARY = [row for row in ROWS if row["arity"] == 2]
names = lambda row: row["numpy"]


def inputs_of(row, dtype):
    """The dtypes of a call: the first input of `where` is a boolean."""
    return ["bool", dtype, dtype] if row["class"] == "Select" else [dtype] * row["arity"]


def refuses(row, arrays):
    """Powers of integers with negative exponents are errors in both libraries."""
    return (
        row["numpy"] == "power"
        and arrays[0].dtype.kind in "iu"
        and arrays[1].dtype.kind == "i"
        and (arrays[1] < 0).any()
    )


def check(row, numpys, civitas, result, message):
    own, true, slack = oracle.expected(row, numpys, result)
    got = getattr(cv, row["numpy"])(*civitas)
    limit = oracle.ulps(row, result, any(a.dtype.kind == "c" for a in numpys))
    if row["class"] == "Ordered":
        own = oracle.either_zero(got, own, numpys)
    assert_same(got, true if limit else own, result, limit, message, numpys, slack)


def without_negative_exponents(row, values):
    if refuses(row, values):
        values[1] = np.where(values[1] < 0, values[1].dtype.type(3), values[1])
    return values


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_result_dtype_is_numpys(row, dtype, result):
    if dtype != "bfloat16":
        arrays = [np.ones(3, d) for d in inputs_of(row, dtype)]
        want = str(np.asarray(oracle.reference(row)(*arrays)).dtype)
        if row["numpy"] not in oracle.FORMULAS:
            assert result == want
    got = getattr(cv, row["numpy"])(*[cv.ones(3, d) for d in inputs_of(row, dtype)])
    assert got.dtype == result


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_every_length_around_every_vector_width(row, dtype, result, rng):
    for n in LENGTHS + LONG[:2]:
        dtypes = inputs_of(row, dtype)
        values = without_negative_exponents(row, [oracle.ordinary(rng, d, n + 1) for d in dtypes])
        pairs = [oracle.pair(v, d) for v, d in zip(values, dtypes)]
        for start in (0, 1):
            a, b = [p[0][start : start + n] for p in pairs], [p[1][start : start + n] for p in pairs]
            check(row, a, b, result, f"{n} elements from {start}")


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_special_values(row, dtype, result, rng):
    dtypes = inputs_of(row, dtype)
    axes = [oracle.specials(d) for d in dtypes]
    values = [g.ravel() for g in np.meshgrid(*axes, indexing="ij")]
    values = without_negative_exponents(row, values)
    if values[0].size > 20_000:
        keep = rng.permutation(values[0].size)[:20_000]
        values = [v[keep] for v in values]
    arrays = [oracle.to_civita(v, d) for v, d in zip(values, dtypes)]
    check(row, values, arrays, result, "special values")
    if result in oracle.COMPLEX and row["numpy"] not in oracle.ROUNDED:
        want = oracle.expected(row, values, result)[0]
        oracle.same_class(oracle.to_numpy(getattr(cv, row["numpy"])(*arrays)), want, "special values", values)


@pytest.mark.parametrize("row, dtype, result", [p for p in LOOPS if p.values[1] in FLOATS + oracle.COMPLEX])
def test_floats_of_all_magnitudes(row, dtype, result, rng):
    dtypes = inputs_of(row, dtype)
    values = [oracle.any_bits(rng, d, 3000) for d in dtypes]
    check(row, values, [oracle.to_civita(v, d) for v, d in zip(values, dtypes)], result, "random bits")


def layouts_of(rng, dtype, r, c):
    values = oracle.ordinary(rng, dtype, 4 * r * c + 4).astype(oracle.storage(dtype))[: 4 * r * c].reshape(2 * r, 2 * c)
    return oracle.pair(values, dtype)


@pytest.mark.parametrize("row, dtype, result", LOOPS)
def test_every_layout(row, dtype, result, rng):
    dtypes = inputs_of(row, dtype)
    some = list(LAYOUTS)
    for r, c in [(5, 7), (3, 67)]:
        values = without_negative_exponents(row, [layouts_of(rng, d, r, c)[0] for d in dtypes])
        bigs = [oracle.pair(v, d) for v, d in zip(values, dtypes)]
        if row["arity"] == 1:
            choices = [(name,) for name in some]
        elif row["arity"] == 2:
            choices = [(p, q) for p in some for q in some]
            choices = choices if r == 5 else [choices[i] for i in rng.permutation(len(choices))[:30]]
        else:
            choices = [tuple(some[i] for i in rng.integers(0, len(some), row["arity"])) for _ in range(30)]
        for choice in choices:
            a = [LAYOUTS[name](np, n, r, c) for name, (n, _) in zip(choice, bigs)]
            b = [LAYOUTS[name](cv, x, r, c) for name, (_, x) in zip(choice, bigs)]
            check(row, a, b, result, f"{choice} {(r, c)}")


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_many_axes_and_broadcasting(row, rng):
    shapes = [(2, 3, 4, 5), (3, 1, 5), (1, 4, 1), (), (2, 1, 4, 1), (5,)]
    for dtype, result in row["loops"]:
        dtypes = inputs_of(row, dtype)
        for _ in range(6):
            chosen = [shapes[i] for i in rng.integers(0, len(shapes), row["arity"])]
            values = without_negative_exponents(
                row, [oracle.ordinary(rng, d, int(np.prod(s, dtype=int))).reshape(s) for d, s in zip(dtypes, chosen)]
            )
            arrays = [oracle.to_civita(v, d) for v, d in zip(values, dtypes)]
            order = rng.permutation(4)
            turned = [np.transpose(v, order) if v.ndim == 4 else v for v in values]
            try:
                np.broadcast_shapes(*(t.shape for t in turned))
            except ValueError:
                turned, order = values, np.arange(4)
            arrays = [cv.transpose(a, [int(i) for i in order]) if a.ndim == 4 else a for a in arrays]
            check(row, turned, arrays, result, f"{chosen} {order}")


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_large_arrays_on_several_threads(row, rng):
    for dtype, result in row["loops"]:
        if dtype not in ("float32", "int64", "complex64", "bool"):
            continue
        dtypes = inputs_of(row, dtype)
        values = without_negative_exponents(row, [oracle.ordinary(rng, d, LONG[-1]) for d in dtypes])
        arrays = [oracle.to_civita(v, d) for v, d in zip(values, dtypes)]
        check(row, values, arrays, result, "70 001 elements")
        check(row, [v[::-3] for v in values], [a[::-3] for a in arrays], result, "every third of 70 001")


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_empty_arrays(row):
    for dtype, result in row["loops"]:
        for shape in [(0,), (0, 3), (2, 0, 4)]:
            got = getattr(cv, row["numpy"])(*[cv.zeros(shape, d) for d in inputs_of(row, dtype)])
            assert got.shape == shape and got.dtype == result


def outcome(f, *args, **kwargs):
    """The result of a call, or the exception."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return f(*args, **kwargs)
        except (TypeError, ValueError, OverflowError) as error:
            return error


def agree(row, numpys, civitas, message):
    """Both give the same array, or both refuse."""
    want = outcome(oracle.reference(row), *numpys)
    got = outcome(getattr(cv, row["numpy"]), *civitas)
    if isinstance(want, Exception) or isinstance(got, Exception):
        assert isinstance(want, Exception) and isinstance(got, Exception), f"{message}: NumPy {want!r}, Civita {got!r}"
        return
    want = np.asarray(want)
    result = str(want.dtype)
    if oracle.ulps(row, result, any(np.iscomplexobj(a) for a in numpys)):
        check(row, [as_operand(numpys, a, result) for a in numpys], civitas, result, message)
        return
    if row["class"] == "Ordered":
        want = oracle.either_zero(got, want, numpys)
    assert_same(got, want, result, 0, message, numpys)


def as_operand(arrays, a, result):
    """An array, or a Python scalar beside one in the dtype that both are computed in, here that of the result."""
    weak = not isinstance(a, np.ndarray) and any(isinstance(x, np.ndarray) for x in arrays)
    return np.asarray(a, result if weak else None)


@pytest.mark.parametrize("row", [r for r in ROWS if r["arity"] == 1], ids=names)
def test_dtypes_that_numpy_refuses_are_refused(row):
    if row["numpy"] in oracle.FORMULAS:
        return
    for dtype in oracle.NUMPY_DTYPES:
        agree(row, [np.ones(3, dtype)], [cv.ones(3, dtype)], dtype)


@pytest.mark.parametrize("row", BINARY, ids=names)
def test_every_pair_of_dtypes(row, rng):
    for a in oracle.NUMPY_DTYPES:
        for b in oracle.NUMPY_DTYPES:
            x, y = oracle.ordinary(rng, a, 24), oracle.ordinary(rng, b, 24)
            if refuses(row, [x, y]):
                y = np.where(y < 0, y.dtype.type(2), y)
            agree(row, [x, y], [cv.array(x), cv.array(y)], f"{a} with {b}")


@pytest.mark.parametrize("row", BINARY, ids=names)
def test_bfloat16_with_every_dtype(row, rng):
    for other in DTYPES:
        for first in (True, False):
            kinds = ["bfloat16", other] if first else [other, "bfloat16"]
            common = oracle.promoted(*kinds)
            loops = dict(row["loops"])
            arrays = [cv.ones(3, kind) for kind in kinds]
            if common not in loops:
                assert isinstance(outcome(getattr(cv, row["numpy"]), *arrays), TypeError)
                continue
            values = [oracle.ordinary(rng, k, 24) for k in kinds]
            arrays = [oracle.to_civita(v, k) for v, k in zip(values, kinds)]
            same = [v.astype(oracle.storage(common)) for v in values]
            if common == "bfloat16":
                same = [oracle.to_bfloat16(v) for v in same]
            check(row, same, arrays, loops[common], f"{kinds}")


@pytest.mark.parametrize("row", [r for r in BINARY if r["class"] == "Compare"], ids=names)
def test_unsigned_and_signed_compare_exactly(row):
    large = np.array([0, 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1], "uint64")
    signed = np.array([0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)], "int64")
    x, y = [g.ravel() for g in np.meshgrid(large, signed, indexing="ij")]
    agree(row, [x, y], [cv.array(x), cv.array(y)], "uint64 with int64")
    agree(row, [y, x], [cv.array(y), cv.array(x)], "int64 with uint64")


SCALARS = [
    True,
    False,
    0,
    1,
    -1,
    3,
    127,
    128,
    255,
    256,
    -128,
    -129,
    300,
    2**31,
    -(2**31) - 1,
    2**40,
    2**63 - 1,
    -(2**63),
    2**63,
    2**64 - 1,
    2**64,
    10**30,
    2.5,
    -0.0,
    1e5,
    1e39,
    1e300,
    float("inf"),
    float("nan"),
    1j,
    2 - 3.5j,
]


@pytest.mark.parametrize("row", BINARY, ids=names)
def test_python_scalars_are_weak(row, rng):
    for dtype in oracle.NUMPY_DTYPES:
        x = oracle.ordinary(rng, dtype, 9)
        for scalar in SCALARS:
            if (
                row["numpy"] == "power"
                and not isinstance(scalar, complex)
                and x.dtype.kind in "iu"
                and scalar == scalar
                and scalar < 0
                and not isinstance(scalar, float)
            ):
                continue
            huge = type(scalar) is int and not -(2**63) <= scalar < 2**63
            if huge and (row["class"] == "ToBool" or (row["class"] == "Compare" and dtype == "bool")):
                continue  # see docs/differences.md: NumPy compares with any integer, but booleans not with these
            agree(row, [x, scalar], [cv.array(x), scalar], f"{dtype} with {scalar!r}")
            if row["numpy"] == "power" and (x < 0).any() and isinstance(scalar, int) and x.dtype.kind == "i":
                continue
            agree(row, [scalar, x], [scalar, cv.array(x)], f"{scalar!r} with {dtype}")


@pytest.mark.parametrize("row", BINARY, ids=names)
def test_python_scalars_with_each_other(row):
    for a in (True, 3, 2.5, 1 + 2j):
        for b in (False, 2, 0.5, 2j):
            agree(row, [a, b], [a, b], f"{a!r} with {b!r}")


OPERATORS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "power": lambda a, b: a**b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
    "bitwise_and": lambda a, b: a & b,
    "bitwise_or": lambda a, b: a | b,
    "bitwise_xor": lambda a, b: a ^ b,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_the_functions(name, rng):
    f = OPERATORS[name]
    row = next(r for r in ROWS if r["numpy"] == name)
    for dtype, result in row["loops"]:
        if dtype == "bfloat16":
            continue
        x, y = np.abs(oracle.ordinary(rng, dtype, 10)), np.abs(oracle.ordinary(rng, dtype, 10))
        if dtype in INTEGERS:
            x, y = x % 11, y % 7
        x, y = x.astype(dtype), y.astype(dtype)
        limit = oracle.ulps(row, result, dtype in oracle.COMPLEX)
        a, b = cv.array(x), cv.array(y)
        want = f(x, y)
        assert_same(f(a, b), want, result, limit, dtype)
        # NumPy's arrays on either side
        assert_same(f(a, y), want, result, limit, dtype)
        assert_same(f(x, b), want, result, limit, dtype)
        for scalar in (True, 2, 1.5, np.float32(1.5), np.int8(2), np.float64(2.5)):
            for u, v, p, q in [(x, scalar, a, scalar), (scalar, y, scalar, b)]:
                if name == "power" and dtype == "bool" and scalar is not True:
                    continue  # see docs/differences.md: a shortcut of NumPy's
                want2, got = outcome(f, u, v), outcome(f, p, q)
                if isinstance(want2, Exception):
                    assert isinstance(got, Exception), f"{dtype} {scalar!r}"
                    continue
                near = 4 if want2.dtype.kind == "c" or (name == "power" and want2.dtype.kind == "f") else 0
                assert_same(got, want2, None, near, f"{dtype} {scalar!r}")


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_integers_are_divided_by_one_number_as_by_each(dtype, rng):
    limits = np.iinfo(dtype)
    powers = [s * 2**k + d for k in range(64) for s in (1, -1) for d in (-1, 0, 1)]
    edges = sorted({v for v in powers + [0, 3, 7, 10, -10, 127, limits.max // 3, limits.min] if limits.min <= v <= limits.max})
    x = np.concatenate([np.array(edges, dtype), rng.integers(limits.min, limits.max, 200, dtype, endpoint=True)])
    for divisor in np.array(edges, dtype):
        with np.errstate(all="ignore"), cv.errstate(all="ignore"):
            for f in (np.floor_divide, np.remainder, np.fmod):
                g = getattr(cv, f.__name__)
                want = f(x, divisor)
                np.testing.assert_array_equal(np.asarray(g(cv.asarray(x), int(divisor))), want, err_msg=f"{f} by {divisor!r}")
                np.testing.assert_array_equal(np.asarray(g(cv.asarray(x)[::-3], int(divisor))), want[::-3])
                out = cv.array(x)
                g(out, int(divisor), out=out)
                np.testing.assert_array_equal(np.asarray(out), want)
            for got, want in zip(divmod(cv.asarray(x), int(divisor)), divmod(x, divisor)):
                np.testing.assert_array_equal(np.asarray(got), want, err_msg=f"divmod by {divisor!r}")


def test_unary_operators(rng):
    for dtype in oracle.NUMPY_DTYPES:
        x = oracle.ordinary(rng, dtype, 10)
        for f in (lambda v: -v, lambda v: +v, abs, lambda v: ~v):
            want, got = outcome(f, x), outcome(f, cv.array(x))
            if isinstance(want, Exception):
                assert isinstance(got, TypeError)
            else:
                assert_same(got, want, None, 4 if dtype in oracle.COMPLEX else 0)
