"""What integers and masks pick is written and added to beside NumPy: values and targets of every layout, broadcast, cast, shared."""

import numpy as np
import pytest

import civita as cv

DTYPES = ["bool", "int8", "int16", "float16", "int32", "float32", "float64", "complex64", "complex128"]


def numbers(rng, shape, dtype):
    return rng.random(shape) < 0.5 if dtype == "bool" else (rng.standard_normal(shape) * 9).astype(dtype)


def targets(rng, shape, dtype):
    """The memory of an array and the view of it that is written, as functions of the module and the memory."""
    x = numbers(rng, shape, dtype)
    yield x, lambda m, x: x
    yield np.ascontiguousarray(x.T), lambda m, x: m.transpose(x)
    yield np.repeat(x, 2, axis=-1), lambda m, x: x[..., ::2]
    yield x, lambda m, x: x[::-1]
    yield np.concatenate((x, x)), lambda m, x: x[1 : 1 + shape[0]]


def values(rng, part, dtype):
    """What is written over a part of this shape."""
    yield 1, 1
    for v in [
        numbers(rng, part, dtype),
        numbers(rng, part, dtype).astype("uint8"),
        numbers(rng, part[1:], dtype),
        numbers(rng, (*part[:1], *[1] * (len(part) - 1)), dtype),
        numbers(rng, (), dtype),
    ]:
        yield v, cv.array(v)
    v = numbers(rng, part[::-1], dtype)
    yield v.T, cv.array(v).T
    v = numbers(rng, (*part[:-1], 2 * part[-1]), dtype)
    yield v[..., ::2], cv.array(v)[..., ::2]


def ours(key):
    if isinstance(key, tuple):
        return tuple(map(ours, key))
    return cv.array(key) if isinstance(key, np.ndarray) else key


def same(got, want, what):
    got = np.asarray(got)
    assert got.dtype == want.dtype and got.shape == want.shape, what
    assert got.tobytes() == want.tobytes() or np.array_equal(got, want, equal_nan=True), what


ALL = slice(None)


def keys(rng, shape):
    def at(axis, *lengths):
        return rng.integers(-shape[axis], shape[axis], lengths)

    yield at(0, 30)
    yield at(0, 5, 6)
    yield at(0, 0)
    yield rng.random(shape[0]) < 0.5
    if len(shape) == 1:
        return
    n = shape[1]
    yield from [(ALL, at(1, 3)), (ALL, at(1, 2, 3)), (ALL, [0, 2]), (at(0, 20), at(1, 20)), (at(0, 20, 1), at(1, 3)), (slice(2, 20, 2), at(1, 7))]
    yield from [(at(0, 5), slice(0, n - 1)), (at(0, 5), None, ALL), (rng.random(shape[0]) < 0.5, 1), (rng.random(shape[0]) < 0.5, slice(0, 2))]
    yield ALL, rng.random(n) < 0.6
    if len(shape) == 3:
        yield from [(ALL, ALL, at(2, 3)), (at(0, 4), ALL, at(2, 4)), (ALL, at(1, 4), at(2, 4)), (at(0, 3), at(1, 3), at(2, 3)), (..., at(2, 2, 2))]
        yield from [(0, ALL, at(2, 3)), (at(0, 4), ALL, slice(0, 8, 3)), (slice(0, 6, 2), at(1, 3), slice(0, 8, 3)), (at(0, 3), slice(0, 7, 2), slice(0, 8, 3))]
        yield rng.random(shape[:2]) < 0.4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(40,), (30, 5), (30, 20), (6, 7, 8)])
@pytest.mark.filterwarnings("ignore")
def test_places_are_written_in_every_layout(dtype, shape, rng):
    for key in keys(rng, shape):
        for number, (memory, view) in enumerate(targets(rng, shape, dtype)):
            for v, w in values(rng, view(np, memory)[key].shape or (1,), dtype):
                x, y = memory.copy(), cv.array(memory)
                try:
                    view(np, x)[key] = v
                except ValueError:
                    with pytest.raises(ValueError):
                        view(cv, y)[ours(key)] = w
                    continue
                view(cv, y)[ours(key)] = w
                same(y, x, (key, number, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_written_may_be_what_is_written_to(dtype, rng):
    x = numbers(rng, (50, 4), dtype)
    y = cv.array(x)
    order = rng.permutation(50)
    for z, i in [(x, order), (y, cv.array(order))]:
        z[:, [0, 1]] = z[:, [1, 0]]
        z[i] = z
        z[i[:30]] = z[0]
        z[i[:20]] = z[10:30]
        z[:, 1:][i[:25]] = z[::2, :3]
        z[i[:25], 1] = z[::2, 2]
    same(y, x, dtype)


@pytest.mark.parametrize("axis", [0, 1, None])
def test_put_along_axis_broadcasts_its_values(axis, rng):
    for dtype in DTYPES:
        for v in [1, numbers(rng, (1, 4), dtype) if axis is not None else numbers(rng, 1, dtype), numbers(rng, (), dtype)]:
            x = numbers(rng, (50, 4), dtype)
            y = cv.array(x)
            index = np.array([1, 5, -3]) if axis is None else np.argsort(rng.random((50, 4)), axis=axis)
            np.put_along_axis(x, index, v, axis)
            cv.put_along_axis(y, cv.array(index), v if isinstance(v, int) else cv.array(v), axis)
            same(y, x, (dtype, v))


def test_threads_write_columns_of_their_own_rows(rng, threads):
    memory = rng.standard_normal((3000, 80))
    index, v = rng.integers(-40, 40, 60), rng.standard_normal((3000, 60))
    for count in (1, 2, 7):
        threads(count)
        for view in (lambda z: z[:, :40], lambda z: z[:, ::2], lambda z: z[::-1, :40]):
            x, y = memory.copy(), cv.array(memory)
            view(x)[:, index] = v
            view(y)[:, cv.array(index)] = cv.array(v)
            same(y, x, count)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum"])
def test_one_value_comes_to_many_places(dtype, name, rng):
    if dtype.startswith("complex") and name in ("maximum", "minimum"):
        return
    for size, many in [(7, 3), (7, 900), (5000, 900)]:
        i = rng.integers(-size, size, many)
        one = np.full((), 1, dtype)
        for v, w in [(1, 1), (one, cv.array(one)), (np.full(many, one), cv.broadcast_to(cv.array(one), (many,)))]:
            x = rng.integers(1, 5, size).astype(dtype)
            y, z = cv.array(x), cv.array(np.repeat(x, 2))[::2]
            getattr(np, name).at(x, i, v)
            getattr(cv, name).at(y, cv.array(i), w)
            getattr(cv, name).at(z, cv.array(i), w)
            # half floats are rounded once, NumPy's after each value
            for got in (y, z):
                np.testing.assert_allclose(np.asarray(got), x, rtol=2e-2 if dtype == "float16" else 0)
                assert got.dtype == x.dtype


def test_one_value_comes_to_places_of_several_axes(rng):
    i, j = rng.integers(0, 6, 50), rng.integers(-7, 7, 50)
    x = rng.integers(0, 9, (6, 7)) * 1.0
    y = cv.array(x)
    for m, z, i, j in [(np, x, i, j), (cv, y, cv.array(i), cv.array(j))]:
        m.add.at(z, (i, j), 1)
        m.add.at(z, i, m.arange(7))
        m.multiply.at(z, (j % 6, i), 2)
    same(y, x, "add.at")


NUMBERS = [1, True, False, 2, 1.5, 0, -1, [0, 1, 1, -1, 2, 0], [0.5, 1, 2, -1, 0, 3], [True, False, True, True, False, True]]
OF_BOOLEANS = "add subtract multiply maximum minimum logical_or logical_and bitwise_or bitwise_xor power equal less divide floor_divide hypot"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OF_BOOLEANS.split())
def test_numbers_come_to_booleans(name):
    for v in NUMBERS:
        x = np.array([True, False, True, False])
        y, i = cv.array(x), [0, 1, 1, 3, 3, 3]
        v, w = (np.array(v), cv.array(v)) if isinstance(v, list) else (v, v)
        try:
            getattr(np, name).at(x, i, v)
        except (TypeError, ValueError) as error:
            with pytest.raises(TypeError if isinstance(error, TypeError) else ValueError):
                getattr(cv, name).at(y, i, w)
            continue
        getattr(cv, name).at(y, i, w)
        same(y, x, (name, v))


# ---- PyTorch's functions take numbers as an assignment does ----------------------------------------------------------

PLACED = {
    "masked_fill": lambda a, v: cv.masked_fill(a, [True, False], v),
    "scatter": lambda a, v: cv.scatter(a, 0, [0], v),
    "scatter_add": lambda a, v: cv.scatter_add(cv.zeros_like(a), 0, [0], v),
    "scatter_reduce": lambda a, v: cv.scatter_reduce(cv.zeros_like(a), 0, [0], v, "sum"),
    "index_put": lambda a, v: cv.index_put(a, [[0]], v),
}


@pytest.mark.parametrize("name", PLACED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_fit_or_are_refused(name, dtype):
    for v in (1, 300, -1, 2**40, 2.7, -2.7, 3e9, float("nan"), float("inf"), 1j, 1 + 2j, True):
        a = np.ones(2, dtype)
        try:
            with np.errstate(all="ignore"):
                a[0] = v
        except (OverflowError, ValueError, TypeError) as error:
            with pytest.raises(type(error)):
                PLACED[name](cv.ones(2, dtype=dtype), v)
            continue
        got = PLACED[name](cv.ones(2, dtype=dtype), v)
        assert got.dtype == dtype
        np.testing.assert_array_equal(np.asarray(got)[:1], a[:1], err_msg=f"{name} {dtype} {v}")


@pytest.mark.parametrize("name", [*PLACED, "index_add", "masked_scatter"])
def test_arrays_are_cast_within_their_kind_only(name):
    calls = PLACED | {
        "index_add": lambda a, v: cv.index_add(a, 0, [0], v[None]),
        "masked_scatter": lambda a, v: cv.masked_scatter(a, [True, False], v[None]),
    }
    for dtype, value in (("int64", cv.array(2.5)), ("float32", cv.array(1j)), ("bool", cv.array(3))):
        with pytest.raises(TypeError, match="cannot cast|Cannot cast"):
            calls[name](cv.ones(2, dtype=dtype), cv.asarray(value))
    for dtype, value in (("float32", cv.array(2.5)), ("complex64", cv.array(2)), ("int8", cv.array(7))):
        assert calls[name](cv.zeros(2, dtype=dtype), cv.asarray(value)).tolist() == [value, 0]


def test_complex_shares_of_real_arrays_are_errors():
    with pytest.raises(TypeError, match="cast"):
        cv.index_add(cv.ones(3), 0, [0], cv.ones(1), alpha=1j)
    with pytest.raises(TypeError, match="complex"):
        cv.nan_to_num(cv.ones(3) * cv.nan, nan=1j)
    with pytest.raises(TypeError, match="complex"):
        cv.interp([0.5], [0, 1], [0, 1], left=1j)


def test_means_of_narrow_numbers_do_not_overflow_on_their_way():
    cases = {"float16": [100.0] * 1000, "bfloat16": [1.0] * 1000, "int8": [100, 100, 100], "uint8": [200] * 400, "uint64": [2**63, 2**63 - 2]}
    for dtype, values in cases.items():
        x = cv.array(values, dtype=dtype)
        for include_self in (False, True):
            got = cv.scatter_reduce(x[:1], 0, [0] * (len(x) - include_self), x[include_self:], "mean", include_self=include_self)
            assert got.dtype == dtype and got.tolist() == [sum(values) // len(values)]
    many = cv.ones(70_000, dtype="float16", requires_grad=True)
    mean = cv.scatter_reduce(cv.zeros(1, dtype="float16"), 0, cv.zeros(70_000, dtype="int64"), many, "mean", include_self=False)
    mean.sum().backward()
    assert mean.tolist() == [1] and np.isclose(float(many.grad[0]), 1 / 70_000, rtol=0.01)
