"""Random programs of views and writes, run in both libraries: after every step all arrays are equal, so aliasing is."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civita as cv

SLICES = st.one_of(
    st.none(),
    st.builds(
        slice,
        st.one_of(st.none(), st.integers(-6, 6)),
        st.one_of(st.none(), st.integers(-6, 6)),
        st.sampled_from([None, 1, 2, 3, -1, -2, -3]),
    ),
)
ENTRY = st.one_of(
    SLICES.map(lambda s: slice(None) if s is None else s), st.integers(-4, 3), st.just(None), st.just(Ellipsis)
)
KEY = st.one_of(ENTRY, st.lists(ENTRY, max_size=4).map(tuple))
VALUE = st.one_of(st.integers(-9, 9), st.just("another"), st.just("row"))
STEP = st.one_of(
    st.tuples(st.just("get"), st.integers(0, 9), KEY),
    st.tuples(st.just("set"), st.integers(0, 9), KEY, VALUE, st.integers(0, 9)),
    st.tuples(st.just("in place"), st.integers(0, 9), st.sampled_from(["+=", "-=", "*="]), st.integers(0, 9)),
    st.tuples(st.just("out"), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("transpose"), st.integers(0, 9), st.permutations([0, 1, 2])),
    st.tuples(st.just("reshape"), st.integers(0, 9), st.sampled_from([(-1,), (2, -1), (-1, 2), (1, -1), (3, -1, 1)])),
    st.tuples(st.just("flip"), st.integers(0, 9), st.integers(-2, 2)),
    st.tuples(st.just("mask"), st.integers(0, 9), st.integers(-9, 9)),
    st.tuples(st.just("copy"), st.integers(0, 9)),
    st.tuples(st.just("take"), st.integers(0, 9), st.lists(st.integers(-3, 3), min_size=1, max_size=3)),
)

REFUSALS = (IndexError, ValueError, TypeError)


def run(xp, arrays, step):
    """One step in one library. A new array is appended."""
    kind, which, *rest = step
    a = arrays[which % len(arrays)]
    if kind == "get":
        got = a[rest[0]]
        # NumPy's scalars are values, not views
        arrays.append(xp.array(got) if got.ndim == 0 and not isinstance(got, xp.ndarray) else got)
    elif kind == "set":
        key, value, other = rest
        if value == "another":
            value = arrays[other % len(arrays)]
        elif value == "row":
            value = xp.arange(a.shape[-1] if a.ndim else 1) + 100
        if a[key].ndim == 0 and not isinstance(value, int):
            value = 7  # see docs/differences.md: an array of one element as the value of one
        a[key] = value
    elif kind == "in place":
        b = arrays[rest[1] % len(arrays)]
        if rest[0] == "+=":
            a += b
        elif rest[0] == "-=":
            a -= b
        else:
            a *= b
    elif kind == "out":
        xp.add(a, arrays[rest[0] % len(arrays)], out=arrays[which % len(arrays)])
    elif kind == "transpose":
        arrays.append(xp.transpose(a, [p for p in rest[0] if p < a.ndim]))
    elif kind == "reshape":
        arrays.append(xp.reshape(a, rest[0]))
    elif kind == "flip" and a.ndim:
        arrays.append(xp.flip(a, rest[0] if rest[0] < 2 else None))
    elif kind == "mask":
        a[a > rest[0]] = rest[0]
    elif kind == "copy":
        arrays.append(a.copy())
    elif kind == "take":
        arrays.append(a[rest[0]])


@settings(max_examples=800)
@given(
    st.sampled_from([(24,), (4, 6), (2, 3, 4), (6, 1, 4), (3, 0, 2), ()]),
    st.lists(STEP, min_size=1, max_size=14),
    st.sampled_from(["int64", "float32", "int8", "float16"]),
)
def test_random_programs_of_views_and_writes_stay_equal(shape, steps, dtype):
    n = int(np.prod(shape, dtype=int))
    theirs = [np.arange(n).astype(dtype).reshape(shape)]
    mine = [cv.arange(n).astype(dtype).reshape(shape)]
    for step in steps:
        errors = []
        for xp, arrays in ((np, theirs), (cv, mine)):
            try:
                with np.errstate(all="ignore"):
                    run(xp, arrays, step)
                errors.append(None)
            except REFUSALS as error:
                errors.append(error)
        assert (errors[0] is None) == (errors[1] is None), (step, errors, [x.shape for x in theirs])
        assert len(theirs) == len(mine)
        for x, a in zip(theirs, mine):
            assert a.shape == x.shape, step
            assert a.dtype == x.dtype, step
            assert np.array_equal(np.asarray(a), x, equal_nan=True), (step, x, a)
    for i, x in enumerate(theirs):
        for j, y in enumerate(theirs):
            if x.size and y.size and x.ndim and y.ndim:
                assert cv.shares_memory(mine[i], mine[j]) == np.shares_memory(x, y), (i, j)


@settings(max_examples=400)
@given(st.lists(st.integers(0, 5), min_size=0, max_size=4), KEY)
def test_every_basic_index_makes_numpys_view(shape, key):
    x = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
    a = cv.array(x)
    try:
        want = x[key]
    except IndexError:
        with pytest.raises(IndexError):
            a[key]
        return
    got = a[key]
    assert got.shape == want.shape
    assert np.array_equal(np.asarray(got), want)


OVERLAPS = {
    "shifted right": lambda a: (a[1:], a[:-1]),
    "shifted left": lambda a: (a[:-1], a[1:]),
    "reversed": lambda a: (a, a[::-1]),
    "stepped": lambda a: (a[::2], a[: (len(a) + 1) // 2]),
    "backwards step": lambda a: (a[: (len(a) + 1) // 2], a[::-2]),
}


@pytest.mark.parametrize("name", OVERLAPS)
@pytest.mark.parametrize("n", [2, 5, 17, 64, 129, 5000, 200_001])
def test_overlapping_operands_act_as_if_copied(name, n):
    for dtype in ("float64", "int8", "complex64"):
        for f in (
            lambda xp, out, x: xp.add(x, 1, out=out),
            lambda xp, out, x: xp.add(x, out, out=out),
            lambda xp, out, x: xp.negative(x, out=out),
            lambda xp, out, x: out.__setitem__(..., x),
            lambda xp, out, x: out.__iadd__(x),
            lambda xp, out, x: out.__imul__(x),
            lambda xp, out, x: xp.cumsum(x, axis=0, out=out),
        ):
            theirs, mine = (np.arange(n) % 100).astype(dtype), (cv.arange(n) % 100).astype(dtype)
            out, x = OVERLAPS[name](theirs)
            f(np, out, x.copy())  # an assignment between different steps NumPy itself gets wrong without
            f(cv, *OVERLAPS[name](mine))
            assert np.array_equal(np.asarray(mine), theirs), dtype


def test_overlap_in_two_dimensions():
    for n in (2, 3, 7, 33, 200):
        for f in (
            lambda xp, a: a.__iadd__(a.T),
            lambda xp, a: xp.add(a, a.T, out=a),
            lambda xp, a: a.__setitem__(slice(None), a.T),
            lambda xp, a: a.__setitem__(0, a[:, 0]),
            lambda xp, a: a.__iadd__(a[0]),
            lambda xp, a: a.__imul__(a[:, :1]),
            lambda xp, a: xp.add(a[0], a[1], out=a[:, 0]),
            lambda xp, a: xp.matmul(a, a, out=a),
            lambda xp, a: xp.sum(a, axis=0, out=a[0]),
            lambda xp, a: a.__setitem__(a > 3, a[a > 3][::-1]),
        ):
            x = np.arange(n * n, dtype="float64").reshape(n, n) % 13
            a = cv.array(x)
            f(np, x), f(cv, a)
            assert np.array_equal(np.asarray(a), x), n


ROWS_WITH_OUT = {
    "round": lambda xp, x, out: xp.round(x * 0.37, 1, out=out),
    "round of the operand": lambda xp, x, out: xp.round(x, 2, out=out),
    "round to tens": lambda xp, x, out: xp.round(x, -1, out=out),
    "round to integers": lambda xp, x, out: xp.round(x, out=out),
    "clip": lambda xp, x, out: xp.clip(x, 10, 60, out=out),
    "clip below": lambda xp, x, out: xp.clip(x, 10, None, out=out),
    "clip by arrays": lambda xp, x, out: xp.clip(50, x, x + 9, out=out),
    "clip by the output": lambda xp, x, out: xp.clip(x, out, 60, out=out),
    "cumsum": lambda xp, x, out: xp.cumsum(x, out=out),
    "cumprod": lambda xp, x, out: xp.cumprod(x / 50, out=out),
    "nancumsum": lambda xp, x, out: xp.nancumsum(x, out=out),
    "cumulative_sum": lambda xp, x, out: xp.cumulative_sum(x, out=out),
    "take": lambda xp, x, out: xp.take(x, np.arange(len(x))[::-1] // 2, out=out),
    "take by clipped indices": lambda xp, x, out: xp.take(x, np.arange(len(x))[::-1] * 2, mode="clip", out=out),
    "take by wrapped indices": lambda xp, x, out: xp.take(x, np.arange(len(x)) * 3, mode="wrap", out=out),
    "concatenate": lambda xp, x, out: xp.concatenate([x[len(x) // 2 :], x[: len(x) // 2]], out=out),
    "stack": lambda xp, x, out: xp.stack([x], out=out[None]),
    "choose": lambda xp, x, out: xp.choose(np.arange(len(x)) % 3, [x, x[::-1], out], out=out),
    "matmul": lambda xp, x, out: xp.matmul(x[:, None], x[:1], out=out),
    "matmul of rows": lambda xp, x, out: xp.matmul(x, np.eye(len(x)), out=out) if len(x) < 200 else out.__setitem__(..., x),
    "dot": lambda xp, x, out: xp.dot(x, 3.0, out=out),
    "matvec": lambda xp, x, out: xp.matvec(np.eye(len(x)), x, out=out) if len(x) < 200 else out.__setitem__(..., x),
    "vecmat": lambda xp, x, out: xp.vecmat(x, np.eye(len(x)), out=out) if len(x) < 200 else out.__setitem__(..., x),
    "outer": lambda xp, x, out: xp.outer(x, x[:1], out=out[:, None]),
}
PLACES = OVERLAPS | {
    "itself": lambda a: (a, a),
    "apart": lambda a: (a[: len(a) // 2], a[(len(a) + 1) // 2 :]),
    "apart backwards": lambda a: (a[: len(a) // 2][::-1], a[(len(a) + 1) // 2 :]),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ROWS_WITH_OUT)
def test_functions_write_outputs_that_overlap_as_if_they_were_copied(name, place):
    call = ROWS_WITH_OUT[name]
    for n in (6, 41, 20_000):
        for make in (cv.array, lambda x: cv.asarray(x.copy())):
            theirs = (np.arange(n) * 7919 % 100).astype(float)
            mine = make(theirs)
            out, x = PLACES[place](theirs)
            if name == "dot" and not out.flags.c_contiguous:
                continue  # an error, as in NumPy
            # NumPy's results for operands of their own; with an output of its own too where it is an operand
            result = out.copy()
            call(np, x.copy(), result)
            out[...] = result
            mine_out, mine_x = PLACES[place](mine)
            call(cv, mine_x, mine_out)
            np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-13)


@pytest.mark.parametrize("name", ["round", "clip", "cumsum", "concatenate", "choose", "matmul", "dot", "outer"])
def test_functions_write_outputs_of_other_dtypes_by_numpys_rules(name):
    call = ROWS_WITH_OUT[name]
    for dtype in ("float64", "float32", "float16", "int64", "complex128", "bool"):
        for given in ("float64", "float32", "int64"):
            x = (np.arange(50) % 7).astype(given)
            theirs, mine = np.ones(50, dtype), cv.ones(50, dtype)
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    call(np, x, theirs)
            except TypeError:
                with pytest.raises(TypeError):
                    call(cv, cv.array(x), mine)
                continue
            except ValueError:
                # `dot` takes an output of its own dtype only
                continue
            call(cv, cv.array(x), mine)
            np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-3, err_msg=f"{given} into {dtype}")


def test_indices_may_be_outputs():
    for n in (10, 40_000):
        for mode in ("raise", "wrap", "clip"):
            for dtype in ("int64", "uint64", "int32"):
                index = (np.arange(n) * 7 % n).astype(dtype)
                for x in (np.arange(n)[::-1].astype(dtype), None):
                    mine = cv.array(index)
                    other = mine if x is None else cv.array(x)
                    cv.take(other, mine, out=mine, mode=mode)
                    assert np.array_equal(np.asarray(mine), np.take(index if x is None else x, index.astype("int64"), mode=mode))
        mine = cv.array(index % 3)
        cv.choose(mine, [mine, 5, mine], out=mine)
        assert np.array_equal(np.asarray(mine), np.choose((index % 3).astype("int64"), [index % 3, 5, index % 3]))


def test_functions_refuse_outputs_that_cannot_be_written():
    x = cv.arange(5.0)
    frozen = cv.zeros(5)
    frozen.flags.writeable = False
    for call in (lambda out: cv.round(x, 1, out=out), lambda out: cv.cumsum(x, out=out), lambda out: cv.take(x, [0, 1, 2, 3, 4], out=out, mode="clip")):
        with pytest.raises(ValueError):
            call(frozen)
        with pytest.raises(ValueError):
            call(cv.zeros(4))
        assert frozen.tolist() == [0] * 5


def test_a_wrong_index_leaves_the_output_as_it_was():
    out = cv.zeros(70_000)
    index = cv.zeros(70_000, "int64")
    index[-1] = 3
    with pytest.raises(IndexError):
        cv.take(cv.ones(3), index, out=out)
    with pytest.raises(ValueError):
        cv.choose(index, [cv.ones(70_000)], out=out)
    assert not out.any()


def test_gradients_pass_through_outputs_of_functions():
    for call in (lambda x, out: cv.cumsum(x, out=out), lambda x, out: cv.clip(x, -1, 1, out=out), lambda x, out: cv.concatenate([x, x], out=out)):
        x = cv.array([0.5, 2.0, -0.25], requires_grad=True)
        out = cv.zeros(call(x, None).shape)
        call(x, out)
        assert out.requires_grad
        (out * out).sum().backward()
        y = cv.array([0.5, 2.0, -0.25], requires_grad=True)
        new = call(y, None)
        (new * new).sum().backward()
        assert x.grad.tolist() == y.grad.tolist()
    # an output that a gradient has reached is written by the graph
    w = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    out = w * 2
    cv.cumsum(cv.array([1.0, 1.0, 1.0]), out=out)
    assert out.tolist() == [1, 2, 3]
    (out * w).sum().backward()
    assert w.grad.tolist() == [1, 2, 3]
    # and under vmap
    rows = cv.arange(6.0).reshape(2, 3)
    f = lambda x: cv.cumsum(x, out=cv.zeros(3))
    assert cv.vmap(f)(rows).tolist() == cv.cumsum(rows, axis=1).tolist()


def test_two_imports_of_one_array_know_that_they_overlap():
    x = np.arange(10.0)
    a, b = cv.asarray(x[1:]), cv.asarray(x[:-1])
    a[:] = b
    assert x.tolist() == [0, *range(9)]
    a += b
    assert x.tolist() == [0, 0, 1, 3, 5, 7, 9, 11, 13, 15]


def test_out_casts_by_the_rule_and_broadcasts_only_inputs():
    a = cv.arange(3)
    out = cv.zeros((2, 3))
    cv.add(a, cv.ones((2, 1), "int64"), out=out)
    assert out.tolist() == [[1, 2, 3]] * 2
    with pytest.raises(TypeError, match="float64.*int64.*same_kind"):
        cv.add(a, 0.5, out=cv.zeros(3, "int64"))
    cv.add(a, 0.5, out=a, casting="unsafe")
    assert a.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"\(3,\)"):
        cv.add(cv.ones((2, 3)), 1, out=cv.zeros(3))
    with pytest.raises(ValueError):
        cv.add(cv.ones(3), 1, out=cv.zeros(1))
    half = cv.zeros(3, "float16")
    assert cv.add(cv.array([1.0, 2.0, 3.0]), 1, out=half) is half and half.tolist() == [2, 3, 4]
    assert cv.add(1, 2, out=(one := cv.zeros(()))) is one and one.item() == 3


def test_in_place_keeps_the_dtype():
    for dtype in ("int8", "float16", "float32", "complex64"):
        a = cv.ones(3, dtype)
        before = a
        a += 1
        a *= cv.array(2).astype(dtype)
        assert a is before and a.dtype == dtype
    a = cv.ones(3, "int64")
    with pytest.raises(TypeError):
        a += 0.5
    with pytest.raises(TypeError):
        a /= 2
    with pytest.raises(ValueError):
        a += cv.ones((2, 3), "int64")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_parts_of_complex_arrays_are_views(dtype):
    x = (np.arange(12) + 1j * np.arange(12, 24)).astype(dtype).reshape(3, 4)
    for view in (np.s_[:], np.s_[::2, ::-1], np.s_[1], np.s_[..., 2], np.s_[:0]):
        n, c = x.copy(), cv.array(x)
        for part in ("real", "imag"):
            got, want = getattr(c[view], part), getattr(n[view], part)
            assert got.dtype == want.dtype and got.shape == want.shape
            assert got.strides == want.strides or not want.size
            np.testing.assert_array_equal(np.asarray(got), want)
            got[...] = 7
            want[...] = 7
        np.testing.assert_array_equal(np.asarray(c), n)
    real = cv.array([1.0, 2.0])
    cv.real(real)[0] = 5.0
    assert real[0] == 5.0

    n, c = np.arange(3) + 1j, cv.array(np.arange(3) + 1j)
    for a in (n, c):
        a.real = 5
        a.imag = [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(np.asarray(c), n)
    real.real = 7.0
    np.testing.assert_array_equal(np.asarray(real), [7.0, 7.0])
    with pytest.raises(TypeError, match="no imaginary part"):
        real.imag = 1.0


def test_windows_are_written_one_by_one():
    for m in (np, cv):
        x = m.arange(5)
        windows = m.lib.stride_tricks.sliding_window_view(x, 2, writeable=True)
        assert windows.flags.writeable and not m.lib.stride_tricks.sliding_window_view(x, 2).flags.writeable
        windows[0, 1] = 3
        windows[1:2, 1] = 7
        windows[::2] += 10
        assert x.tolist() == [10, 13, 17, 13, 4]
        assert not m.broadcast_to(x, (2, 5)).flags.writeable
    # where an element would be written twice NumPy keeps the last
    with pytest.raises(ValueError, match="same memory"):
        windows[...] = 1
    with pytest.raises(ValueError, match="read-only"):
        cv.lib.stride_tricks.sliding_window_view(cv.arange(5), 2)[0, 1] = 3


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: x.ravel(),
        lambda m, x: x.ravel("F"),
        lambda m, x: x.ravel("K"),
        lambda m, x: x.ravel("A"),
        lambda m, x: m.ravel(x),
        lambda m, x: m.ravel(x, "F"),
        lambda m, x: x.reshape(-1),
        lambda m, x: x.reshape(x.shape),
        lambda m, x: m.broadcast_to(x, x.shape),
        lambda m, x: m.broadcast_to(x, (2, *x.shape)),
        lambda m, x: m.squeeze(x),
        lambda m, x: m.flip(x),
        lambda m, x: m.rot90(x, 0) if x.ndim > 1 else x,
        lambda m, x: m.atleast_2d(x),
        lambda m, x: x.real,
        lambda m, x: x.imag,
        lambda m, x: m.imag(x),
        lambda m, x: x.T,
        lambda m, x: m.tile(x, 1),
        lambda m, x: m.roll(x, 0),
        lambda m, x: x.round(),
        lambda m, x: m.nan_to_num(x),
        lambda m, x: m.concatenate([x]),
        lambda m, x: m.pad(x, 0),
        lambda m, x: m.meshgrid(x.ravel())[0],
        lambda m, x: m.broadcast_arrays(x, x)[0],
    ],
)
def test_who_shares_memory_and_may_be_written(call):
    def layouts(m):
        x = m.arange(24.0).reshape(4, 6)
        yield from (x, x.T, x[:, ::2], x[1], x[1, ::2], x[::-1], x[:, 1:2], x[:1, :1], x[:0])
        yield from (m.arange(12).reshape(3, 4).T, m.arange(12).reshape(3, 4) * (1 + 1j), m.arange(5) > 2)

    for a, b in zip(layouts(cv), layouts(np), strict=True):
        ours, theirs = call(cv, a), call(np, b)
        assert cv.shares_memory(ours, a) == np.shares_memory(theirs, b)
        assert ours.flags.writeable == theirs.flags.writeable
        np.testing.assert_array_equal(np.asarray(ours), theirs)


def test_diagonals_are_read_only():
    for m in (np, cv):
        x = m.arange(9).reshape(3, 3)
        for view in (x.diagonal(), m.diagonal(x), m.diag(x), x[::-1].diagonal(), m.diagonal(x, 1)):
            with pytest.raises(ValueError, match="read-only"):
                view[0] = 1
        m.diag(x[0])[0, 0] = 1
