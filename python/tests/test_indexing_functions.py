"""Functions that choose, write and index, against NumPy's on random shapes, dtypes, layouts and arguments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civita as cv
from oracle import assert_same

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64", "complex128"]
ERRORS = (TypeError, ValueError, IndexError, OverflowError)
few = settings(max_examples=150, deadline=None)


@st.composite
def arrays(draw, rank=(0, 3), dtypes=DTYPES, shape=None):
    """An array of NumPy's in some layout."""
    if shape is None:
        shape = tuple(draw(st.lists(st.integers(0, 4), min_size=rank[0], max_size=rank[1])))
    dtype, layout = draw(st.sampled_from(dtypes)), draw(st.sampled_from(["plain", "transposed", "stepped", "reversed"]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    make = lambda shape: (rng.normal(size=shape) * 4).astype("int8" if dtype.startswith("u") else dtype).astype(dtype)
    if not shape:
        return np.asarray(make(1)[0])
    if layout == "transposed":
        return make(shape[::-1]).T
    if layout == "stepped":
        return make(tuple(2 * n for n in shape))[tuple(slice(None, None, 2) for _ in shape)]
    if layout == "reversed":
        return make(shape)[tuple(slice(None, None, -1) for _ in shape)]
    return make(shape)


def ours(x):
    """The same array in the same layout, in memory of its own."""
    if not isinstance(x, np.ndarray):
        return x
    base = np.empty_like(x, order="K")
    base[...] = x
    return cv.asarray(base)


def agree(f, *args, **kwargs):
    """`f` of either library: the same result, or an error of both."""
    try:
        want = f(np, *args, **kwargs)
    except ERRORS:
        with pytest.raises(ERRORS):
            f(cv, *map(ours, args), **kwargs)
        return
    got = f(cv, *map(ours, args), **kwargs)
    for g, w in zip(*[r if isinstance(r, (tuple, list)) else [r] for r in (got, want)], strict=True):
        assert_same(g, np.asarray(w), message=f"{args} {kwargs}")


def writes(f, x, *args, **kwargs):
    """`f` writes `x` as NumPy's does."""
    theirs, mine = x.copy(order="K"), ours(x)
    try:
        f(np, theirs, *args, **kwargs)
    except ERRORS:
        with pytest.raises(ERRORS):
            f(cv, mine, *map(ours, args), **kwargs)
        return
    f(cv, mine, *map(ours, args), **kwargs)
    assert_same(mine, theirs, message=f"{x!r} {args} {kwargs}")


@few
@given(st.data())
def test_choose_is_numpys(data):
    choices = [data.draw(arrays(rank=(0, 2))) for _ in range(data.draw(st.integers(1, 11)))]
    index = data.draw(arrays(rank=(0, 2), dtypes=["int64", "int8", "uint8"]))
    mode = data.draw(st.sampled_from(["raise", "wrap", "clip"]))
    if mode == "raise" and data.draw(st.booleans()):
        index = index % len(choices)
    agree(lambda xp, index, *choices: xp.choose(index, choices, mode=mode), index, *choices)


@few
@given(st.data())
def test_select_is_numpys(data):
    count = data.draw(st.integers(1, 10))
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=2)))
    conditions = [data.draw(arrays(shape=shape, dtypes=["bool"])) for _ in range(count)]
    # NumPy's writes Python integers through int64, which unsigned dtypes refuse
    dtypes = [dtype for dtype in DTYPES if not dtype.startswith("u")]
    choices = [data.draw(st.one_of(arrays(shape=shape, dtypes=dtypes), st.sampled_from([1, 2.5]))) for _ in range(count)]
    default = data.draw(st.sampled_from([0, 1.5, 3]))
    agree(lambda xp, *all: xp.select(all[:count], all[count:], default), *conditions, *choices)


@few
@given(arrays(rank=(0, 3)), arrays(rank=(1, 1)), st.sampled_from([None, 0, 1, -1]))
def test_compress_is_numpys(x, condition, axis):
    if x.size == 0:
        return  # where there is nothing NumPy does not look at the condition
    agree(lambda xp, c, x: xp.compress(c, x, axis), condition, x)


@few
@given(arrays(), arrays(rank=(0, 2), dtypes=["int64", "int16"]), arrays(rank=(0, 2)), st.sampled_from(["raise", "wrap", "clip"]))
def test_put_is_numpys(x, places, values, mode):
    if values.dtype.kind == "c":
        values = values.real
    if x.dtype.kind == "u" and values.dtype.kind == "f":
        values = abs(values)  # others wrap round there (docs/differences.md)
    writes(lambda xp, x, i, v: xp.put(x, i, v, mode), x, places, values)


@few
@given(st.data())
def test_masked_writes_are_numpys(data):
    x = data.draw(arrays())
    mask = data.draw(arrays(shape=x.shape, dtypes=["bool", "int64"]))
    values = data.draw(arrays(rank=(0, 2), dtypes=[str(x.dtype)]))
    for name in ("place", "putmask"):
        writes(lambda xp, x, m, v: getattr(xp, name)(x, m, v), x, mask, values)


@few
@given(st.data())
def test_copyto_is_numpys(data):
    x = data.draw(arrays())
    source = data.draw(st.one_of(arrays(rank=(0, 2)), st.sampled_from([1, 2.5, True, 300])))
    # which dtype a Python scalar has under the rule 'no' depends on its value in NumPy
    casting = data.draw(st.sampled_from(["no", "safe", "same_kind"] if isinstance(source, np.ndarray) else ["same_kind"]))
    mask = data.draw(st.one_of(st.booleans(), arrays(rank=(0, 2), dtypes=["bool"])))
    writes(lambda xp, x, s, m: xp.copyto(x, s, casting=casting, where=m), x, source, mask)


@few
@given(arrays(rank=(1, 3)), arrays(rank=(0, 1), dtypes=["int8"]), st.booleans())
def test_fill_diagonal_is_numpys(x, values, wrap):
    if x.dtype.kind != "u" and values.size:
        writes(lambda xp, x, v: xp.fill_diagonal(x, v, wrap), x, values)


@few
@given(st.data())
def test_put_along_axis_is_numpys(data):
    x = data.draw(arrays(rank=(1, 3)))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    shape = list(x.shape)
    shape[axis] = data.draw(st.integers(0, 3))
    n = x.shape[axis]
    index = np.array(data.draw(st.lists(st.integers(-n - (data.draw(st.booleans())), max(n - 1, 0)), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), dtype="int64")
    values = data.draw(arrays(shape=tuple(shape), dtypes=["int8"]))
    if x.dtype.kind not in "ub":
        writes(lambda xp, x, i, v: xp.put_along_axis(x, i, v, axis), x, index.reshape(shape), values)


def test_writes_are_seen_by_views_and_refuse_what_is_read_only():
    x = cv.zeros((2, 3))
    view = x.T
    cv.put(view, [0, 3], [1, 2])
    assert x.tolist() == [[1, 0, 0], [0, 2, 0]]
    cv.fill_diagonal(view, 7)
    assert x.tolist() == [[7, 0, 0], [0, 7, 0]]
    wide = cv.broadcast_to(cv.zeros(1), (3,))
    for call in [lambda: cv.put(wide, [0], 1), lambda: cv.place(wide, [1, 0, 0], [1]), lambda: cv.copyto(wide, 1), lambda: cv.putmask(wide, [1, 0, 0], 1)]:
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError, match="must be civita.ndarray"):
        cv.put([1, 2], [0], 1)


def test_writes_are_recorded_and_batched():
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1
    cv.put(y, [0], x[2:] * 10)
    (y * y).sum().backward()
    assert x.grad.tolist() == [0, 4, 606]

    def f(row, value):
        row = row * 1
        cv.putmask(row, cv.array([True, False, True]), value)
        cv.fill_diagonal(row.reshape(3, 1), value * 2)
        return row

    found = cv.vmap(f)(cv.arange(6.0).reshape(2, 3), cv.array([7.0, 8.0]))
    assert found.tolist() == [[14, 1, 7], [16, 4, 8]]


@few
@given(st.data())
def test_indices_and_numbers_of_elements_are_numpys(data):
    dims = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    order = data.draw(st.sampled_from("CF"))
    numbers = data.draw(arrays(rank=(0, 2), dtypes=["int64", "int32", "uint8"]))
    agree(lambda xp, i: xp.unravel_index(i, dims, order), numbers)
    if data.draw(st.booleans()):
        numbers = abs(numbers.astype("int64")) % int(np.prod(dims))
        agree(lambda xp, i: xp.unravel_index(i, dims, order), numbers)
    modes = data.draw(st.one_of(st.sampled_from(["raise", "wrap", "clip"]), st.tuples(*[st.sampled_from(["raise", "wrap", "clip"])] * len(dims))))
    index = [data.draw(arrays(shape=(3,), dtypes=["int64", "int8"])) for _ in dims]
    agree(lambda xp, *i: xp.ravel_multi_index(i, dims, modes, order), *index)


@few
@given(arrays(dtypes=["bool", "uint8", "int64", "float32"]), st.sampled_from([None, 0, 1, -1]), st.sampled_from(["big", "little"]), st.sampled_from([None, 0, 3, 9, -1, -9]))
def test_bits_are_numpys(x, axis, order, count):
    agree(lambda xp, x: xp.packbits(x, axis, order), x)
    if x.size:  # of an empty array NumPy's are whatever the memory held
        agree(lambda xp, x: xp.unpackbits(x, axis, count, order), x)


@few
@given(st.lists(st.lists(arrays(rank=(0, 2), dtypes=["int64", "float32"]), min_size=1, max_size=3), min_size=1, max_size=3))
def test_blocks_are_numpys(rows):
    agree(lambda xp: xp.block([[ours(x) if xp is cv else x for x in row] for row in rows]))


def test_blocks_refuse_what_numpy_refuses():
    for wrong in [[], [[]], [[1], []], [1, [2]], [[1, 2], [3]]]:
        with pytest.raises(ValueError):
            cv.block(wrong)
    with pytest.raises(TypeError, match="tuple"):
        cv.block([(1, 2)])


@few
@given(st.data())
def test_memory_is_shared_as_numpy_says(data):
    base = np.zeros(60, "int64")
    mine = cv.asarray(base)

    def view():
        start, step = data.draw(st.integers(0, 20)), data.draw(st.integers(1, 4))
        rows, columns = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
        part = lambda x: x[start :: step][: rows * columns].reshape(rows, columns)
        cut = data.draw(st.integers(1, 2))
        return lambda x: part(x)[:, ::cut]

    a, b = view(), view()
    try:
        want = np.shares_memory(a(base), b(base)), np.may_share_memory(a(base), b(base))
    except ValueError:
        return
    assert (cv.shares_memory(a(mine), b(mine)), cv.may_share_memory(a(mine), b(mine))) == want


def test_elements_of_other_sizes_share_memory_byte_by_byte():
    x = cv.zeros(4, "complex128")
    assert cv.shares_memory(x, x.real) and cv.shares_memory(x.imag, x) and not cv.shares_memory(x.real, x.imag)
    assert not cv.shares_memory(x[:2], x.real[2:])


def test_piecewise_fromfunction_and_mask_indices_are_numpys():
    x = np.linspace(-2, 2, 7)
    for f in [
        lambda xp, x: xp.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v * 10]),
        lambda xp, x: xp.piecewise(x, [x < -1, x > 1], [1, 2, lambda v: v * 3]),
        lambda xp, x: xp.piecewise(x, x < 0, [5]),
        lambda xp, x: xp.piecewise(x, [x < 0], [lambda v, k, b: v * k + b, 0], 3, b=1),
        lambda xp, x: xp.piecewise(x[3], x[3] > -1, [7, 9]),
        lambda xp, x: xp.piecewise(x, [x < 0, x > 1], [1]),
        lambda xp, x: xp.fromfunction(lambda i, j: i * 10 + j, (2, 3)),
        lambda xp, x: xp.fromfunction(lambda i: i, (4,), dtype=int),
        lambda xp, x: xp.mask_indices(3, xp.triu, 1),
        lambda xp, x: xp.ix_([0, 2], [True, False, True]),
    ]:
        agree(f, x)
    y = cv.array([-1.0, 2.0], requires_grad=True)
    cv.piecewise(y, [y < 0, y >= 0], [lambda v: v * v, lambda v: 5 * v]).sum().backward()
    assert y.grad.tolist() == [-2, 5]


def test_broadcast_objects_are_numpys():
    theirs, mine = np.broadcast([[1], [2]], [3, 4, 5]), cv.broadcast([[1], [2]], [3, 4, 5])
    for name in ("shape", "size", "nd", "ndim", "numiter", "index"):
        assert getattr(theirs, name) == getattr(mine, name), name
    assert [tuple(map(int, pair)) for pair in theirs] == [tuple(map(int, pair)) for pair in mine]
    assert mine.index == 6
    mine.reset()
    assert tuple(map(int, next(mine))) == (1, 3) and mine.index == 1
    assert cv.broadcast().shape == () and cv.broadcast(mine, [[[1]]]).shape == (1, 2, 3)
    with pytest.raises(ValueError, match=r"arg 0 with shape \(1, 3\) and arg 2 with shape \(2,\)"):
        cv.broadcast([[1, 2, 3]], [[4], [5]], [6, 7])
    arrays = cv.ones((6, 1)), cv.ones(7)
    assert all(one.base is a for one, a in zip(cv.broadcast(*arrays).iters, arrays))


# ---- ufunc.at ----------------------------------------------------------------------------------------------------

BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "divide", "power", "bitwise_or", "bitwise_and", "bitwise_xor", "logical_or", "fmax", "floor_divide", "remainder", "hypot", "arctan2", "left_shift", "gcd", "equal", "less"]
FLOATS = ["divide", "hypot", "arctan2"]
UNARY = ["negative", "sqrt", "abs", "square", "invert", "exp", "logical_not"]


@few
@given(st.data())
def test_at_is_numpys(data):
    x = data.draw(arrays(rank=(1, 2), dtypes=["bool", "int8", "int64", "float32", "float64"]))
    n = x.shape[0]
    index = np.array(data.draw(st.lists(st.integers(-n, max(n - 1, 0)), max_size=12)), dtype="int64")
    name = data.draw(st.sampled_from(BINARY + UNARY))
    with np.errstate(all="ignore"):
        values = None if name in UNARY else data.draw(arrays(shape=(len(index), *x.shape[1:]), dtypes=[str(x.dtype)]))
        values = abs(values) if name in ("left_shift", "power") else values
        operands = (index,) if values is None else (index, values)
        theirs, mine = x.copy(order="K"), ours(x)
        # NumPy drops what a dtype cannot hold; here that is an error
        try:
            result = getattr(np, name)(*[x[:0]] * (1 + (values is not None)))
            loses = not np.can_cast(result.dtype, x.dtype, "same_kind")
        except ERRORS:
            loses = True
        try:
            getattr(np, name).at(theirs, *operands)
        except ERRORS:
            loses = True
        try:
            getattr(cv, name).at(mine, *map(ours, operands))
        except ERRORS:
            assert loses, name
            return
    if x.dtype.kind == "f":
        # groups are put together in another order
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-5, atol=1e-5)
    else:
        assert_same(mine, theirs, message=name)


def test_at_takes_every_key_and_many_of_one_place():
    for name in BINARY:
        a = np.ones((3, 4), "int64") * 5
        mine = cv.asarray(a.copy())
        key = (np.array([0, 0, 2]), slice(1, 3))
        if name in FLOATS:
            with pytest.raises(TypeError, match="same_kind"):
                getattr(cv, name).at(mine, [0], 3)
            continue
        getattr(np, name).at(a, key, 3)
        getattr(cv, name).at(mine, (cv.array([0, 0, 2]), slice(1, 3)), 3)
        assert mine.tolist() == a.tolist(), name
    rng = np.random.default_rng(0)
    index, values = rng.integers(0, 3, 5000), rng.integers(0, 99, 5000)
    for name in ["multiply", "maximum", "bitwise_xor", "bitwise_or", "gcd", "fmin", "logical_xor"]:
        a = np.arange(4)
        mine = cv.arange(4)
        getattr(np, name).at(a, index, values)
        getattr(cv, name).at(mine, cv.asarray(index), cv.asarray(values))
        assert mine.tolist() == a.tolist(), name
    with pytest.raises(TypeError):
        cv.add.at(cv.zeros(3, "int64"), [0], 1.5)
    with pytest.raises(ValueError):
        cv.negative.at(cv.zeros(3), [0], 1)
    with pytest.raises(TypeError):
        cv.add.at([1, 2], [0], 1)


def test_at_has_gradients():
    def product(x, b):
        y = x * 1
        cv.multiply.at(y, [0, 2, 0], b)
        return y

    def largest(x, b):
        y = x * 1
        cv.maximum.at(y, [0, 2, 0], b)
        return y

    def quotient(x, b):
        y = x * 1
        cv.divide.at(y, [0, 2, 0], b)
        return y

    x, b = cv.array([1.5, -2.0, 3.0]), cv.array([0.5, 4.0, -2.5])
    for f in (product, largest, quotient):
        assert cv.check_gradients(f, [x, b]) and cv.check_second_gradients(lambda x, b, f=f: f(x, b) ** 2, [x, b])
    found = cv.vmap(product, in_axes=(None, 0))(x, cv.array([[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]))
    assert found.tolist() == [[4.5, -2, 6], [6, -2, 6]]


def test_the_padding_row_of_an_embedding_learns_nothing():
    weight = cv.arange(6.0).reshape(3, 2)
    weight.requires_grad_()
    rows = cv.embedding([[1, 0], [-2, 2]], weight, padding_idx=1)
    assert rows.tolist() == [[[2, 3], [0, 1]], [[2, 3], [4, 5]]]
    rows.sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0], [1, 1]]


def test_where_nothing_is_taken_no_index_is_wrong():
    for shape, index, axis in [((0, 0), [0, -1], 1), ((0, 2), [[5]], 1), ((2, 0, 3), 7, -1)]:
        for dtype in ("float64", "int16", "bool"):
            x = np.zeros(shape, dtype)
            for mode in ("raise", "wrap", "clip"):
                got, want = cv.take(ours(x), index, axis=axis, mode=mode), np.take(x, index, axis=axis, mode=mode)
                assert (got.shape, str(got.dtype)) == (want.shape, str(want.dtype))
    assert cv.choose(1, [cv.zeros(0)]).shape == np.choose(1, [np.zeros(0)]).shape == (0,)
    for f in (lambda xp: xp.take(xp.zeros((2, 0)), [0], axis=1), lambda xp: xp.take(xp.zeros((3, 0)), [5], axis=0)):
        for xp in (np, cv):
            with pytest.raises(IndexError):
                f(xp)
    # an index between brackets is looked at in any case
    for xp in (np, cv):
        with pytest.raises(IndexError):
            xp.zeros((0, 2))[:, [5]]
