"""Indexing, assignment and `add.at` with random keys, compared with NumPy."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civita as cv

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]


def laid_out(draw, x):
    """The array as it is, or the same values in another layout."""
    kind = draw(st.sampled_from(["c", "f", "stepped", "reversed"]))
    if kind == "f":
        return np.asfortranarray(x)
    if kind == "stepped" and x.ndim:
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    if kind == "reversed" and x.ndim:
        return np.ascontiguousarray(x[::-1])[::-1]
    return x


@st.composite
def arrays(draw):
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    dtype = draw(st.sampled_from(DTYPES))
    x = (np.arange(int(np.prod(shape))) % 100 + 1).astype(dtype).reshape(shape)
    return laid_out(draw, x)


@st.composite
def integer_arrays(draw, n, common):
    """Indices for an axis of length n, of a shape that most often broadcasts with the others."""
    shape = draw(
        st.one_of(
            st.just(common),
            st.just(common[1:]),
            st.just(tuple(1 for _ in common)),
            st.lists(st.integers(0, 3), max_size=2).map(tuple),
        )
    )
    beyond = draw(st.integers(0, 9)) == 0
    low, high = (-n - 1, n) if beyond else (-n, n - 1)
    count = int(np.prod(shape))
    if low > high:
        values = [0] * count
    else:
        values = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
    index = np.array(values, dtype=draw(st.sampled_from(["int64", "int64", "int32", "int8"]))).reshape(shape)
    return index.tolist() if draw(st.integers(0, 5)) == 0 and index.size else index


ENDS = st.one_of(st.none(), st.integers(-6, 6))
SLICES = st.builds(slice, ENDS, ENDS, st.sampled_from([None, 1, 2, -1, -3]))


@st.composite
def keys(draw, shape):
    common = tuple(draw(st.lists(st.integers(0, 3), max_size=2)))
    entries, axis, ellipsis = [], 0, False
    for _ in range(draw(st.integers(1, 5))):
        left = len(shape) - axis
        kind = draw(
            st.sampled_from(["int", "slice", "array", "array", "mask", "none", "ellipsis", "bool", "too many"])
        )
        if kind == "none":
            entries.append(None)
        elif kind == "ellipsis" and not ellipsis:
            ellipsis = True
            # the rest is counted from the end
            skip = draw(st.integers(0, left))
            entries.append(Ellipsis)
            axis += skip
        elif kind == "bool" and draw(st.booleans()):
            entries.append(draw(st.booleans()))
        elif left == 0 and kind != "too many":
            continue
        elif kind == "int":
            n = shape[axis]
            entries.append(draw(st.integers(-n - (n == 0), max(n - 1, 0))))
            axis += 1
        elif kind == "slice":
            entries.append(draw(SLICES))
            axis += 1
        elif kind == "array":
            entries.append(draw(integer_arrays(shape[axis], common)))
            axis += 1
        elif kind == "mask":
            rank = draw(st.integers(1, min(left, 2)))
            lengths = shape[axis : axis + rank]
            if draw(st.integers(0, 9)) == 0:
                lengths = tuple(n + 1 for n in lengths)
            count = int(np.prod(lengths))
            values = draw(st.lists(st.booleans(), min_size=count, max_size=count))
            entries.append(np.array(values, bool).reshape(lengths))
            axis += rank
        elif kind == "too many" and draw(st.integers(0, 9)) == 0:
            entries.append(0)
    if len(entries) == 1 and draw(st.booleans()):
        return entries[0]
    return tuple(entries)


@st.composite
def indexed(draw):
    x = draw(arrays())
    return x, draw(keys(x.shape))


def ours(key):
    """The same key with civita's arrays in it."""
    if isinstance(key, tuple):
        return tuple(ours(k) for k in key)
    return cv.array(key) if isinstance(key, np.ndarray) else key


def outcome(f):
    try:
        return f(), None
    except (IndexError, ValueError, TypeError, OverflowError) as error:
        return None, error


def assert_same_error(mine, theirs, key):
    if theirs is None:
        assert mine is None, (key, mine)
        return
    assert mine is not None, (key, theirs)
    kind = next(k for k in (IndexError, OverflowError, ValueError, TypeError) if isinstance(theirs, k))
    assert isinstance(mine, kind), (key, mine, theirs)


def assert_equal(a, x, key):
    assert a.shape == x.shape and a.dtype == x.dtype, (key, a.shape, x.shape)
    np.testing.assert_array_equal(np.asarray(a), x, err_msg=repr(key))


def civita_of(x):
    """The array as civita's, in memory of its own, laid out as `laid_out` did."""
    if x.flags.forc or not x.size or x.base is None:
        return cv.asarray(np.array(x, copy=True, order="K"))
    return cv.array(x.base)[::-1] if x.strides[0] < 0 else cv.array(x.base)[..., ::2]


@settings(max_examples=600, derandomize=True)
@given(indexed())
def test_reading(case):
    x, key = case
    want, error = outcome(lambda: x[key])
    a = civita_of(x)
    got, mine = outcome(lambda: a[ours(key)])
    assert_same_error(mine, error, key)
    if error is None:
        assert_equal(got, np.asarray(want), key)
        # NumPy's arrays are keys too
        assert_equal(a[key], np.asarray(want), key)


@settings(max_examples=600, derandomize=True)
@given(indexed(), st.data())
def test_writing(case, data):
    x, key = case
    y, a = x.copy(), civita_of(x)
    try:
        part = x[key].shape
    except IndexError:
        part = ()
    shape = data.draw(
        st.one_of(
            st.just(()),
            st.just(part),
            st.just((1, *part)),
            st.just(part[1:]),
            st.just(tuple(1 for _ in part)),
            st.lists(st.integers(0, 3), max_size=2).map(tuple),
        )
    )
    value = (np.arange(int(np.prod(shape))) + 101).astype(data.draw(st.sampled_from([x.dtype, np.dtype("int16")])))
    value = value.reshape(shape)
    if shape == () and data.draw(st.booleans()):
        value = data.draw(st.sampled_from([0, 1, True]))
    _, error = outcome(lambda: y.__setitem__(key, value))
    _, mine = outcome(lambda: a.__setitem__(ours(key), ours(value)))
    element = ("setting an array element with a sequence", "only 0-dimensional arrays")
    if any(text in str(error) for text in element):
        # one element in an array is one element; other arrays are refused as elsewhere
        assert isinstance(mine, ValueError) if np.size(value) != 1 else np.asarray(a)[key] == np.asarray(value).item()
        return
    if "boolean array indexing assignment requires" in str(error):
        # NumPy has a rule for values of masks alone; here they broadcast as elsewhere
        assert mine is None or isinstance(mine, ValueError)
        return
    if error is None and np.size(value) == 0 == np.asarray(x[key]).size and isinstance(mine, ValueError):
        # NumPy takes an empty value of more axes than an empty place has (docs/differences.md)
        return
    assert_same_error(mine, error, key)
    assert_equal(a, y, key)


@settings(max_examples=400, derandomize=True)
@given(indexed(), st.data())
def test_adding(case, data):
    x, key = case
    y, a = x.copy(), civita_of(x)
    try:
        part = x[key].shape
    except IndexError:
        part = ()
    shape = data.draw(st.sampled_from([(), part, part[1:], tuple(1 for _ in part)]))
    value = (np.arange(int(np.prod(shape))) % 3 + 1).astype(x.dtype).reshape(shape)
    # NumPy's own broadcasting reads beyond a value of fewer axes where the index is an array of two in a tuple
    _, error = outcome(lambda: np.add.at(y, key, np.broadcast_to(value, part).copy()))
    _, mine = outcome(lambda: cv.add.at(a, ours(key), ours(value)))
    assert_same_error(mine, error, key)
    if error is None:
        assert_equal(a, y, key)


def test_add_at_keeps_the_kind():
    for dtype, value in [
        ("float32", 1.5),
        ("float32", [1.5]),
        ("int8", 1),
        ("uint8", [1]),
        ("complex64", 1j),
        ("float64", [True]),
    ]:
        a, x = cv.zeros(3, dtype), np.zeros(3, dtype)
        cv.add.at(a, [0, 0, 2], cv.array(value) if isinstance(value, list) else value)
        np.add.at(x, [0, 0, 2], value)
        assert a.tolist() == x.tolist()
    # NumPy drops the fraction of every sum on the way
    for dtype, value in [("int64", 1.5), ("int64", cv.array([1.5])), ("float64", 1j)]:
        with pytest.raises(TypeError, match="same_kind"):
            cv.add.at(cv.zeros(3, dtype), [0, 0, 2], value)
    a = cv.zeros(3, "uint8")
    cv.subtract.at(a, [1, 1], cv.array([1, 2], dtype="uint8"))
    assert a.tolist() == [0, 253, 0]
    with pytest.raises(TypeError):
        cv.subtract.at(cv.ones(3, bool), [1, 1], True)
    cv.multiply.at(a, [1], 2)
    assert a.tolist() == [0, 250, 0]


@pytest.mark.parametrize("name", ["logaddexp", "hypot", "power", "divide", "floor_divide", "negative"])
@pytest.mark.parametrize("places", [5, 40, 3000])
def test_at_of_ops_without_a_kernel_of_sums(name, places):
    rng = np.random.default_rng(places)
    key = rng.integers(-places, places, 3000)
    values = rng.uniform(0.9, 1.1, 3000)
    x = rng.uniform(1.0, 2.0, places)
    a, more = cv.array(x), () if name == "negative" else (values,)
    getattr(np, name).at(x, key, *more)
    getattr(cv, name).at(a, cv.array(key), *map(cv.array, more))
    np.testing.assert_allclose(np.asarray(a), x, rtol=1e-12)


def test_booleans_beside_other_keys():
    x = np.arange(5)
    a = cv.arange(5)
    for key in [(True, slice(1, None)), (False, slice(1, None)), (slice(1, None), True), (True, [0, 1]), (None, True)]:
        assert_equal(a[key], x[key], key)
    a[True, 1:] = 7
    assert a.tolist() == [0, 7, 7, 7, 7]
    a[False] = 1
    assert a.tolist() == [0, 7, 7, 7, 7]


def test_an_index_of_nothing_must_exist_too():
    none = cv.zeros((0,), dtype=int)
    with pytest.raises(IndexError, match="axis 0 with size 0"):
        cv.zeros((0, 1))[0, none]
    with pytest.raises(IndexError, match="index 5 is out of bounds for axis 0 with size 3"):
        cv.zeros((3, 0))[[5]]
    assert cv.zeros((3, 1))[0, none].shape == (0,)
    # unless it is broadcast away
    assert cv.zeros((3, 1))[[5], none].shape == (0,)


def test_errors_name_the_index_and_its_axis():
    a = cv.zeros((2, 3))
    for get in (
        lambda: a[[0, 1], [0, 3]],
        lambda: a[:, [3]],
        lambda: a[0, [3]],
        lambda: a[cv.array([True, False]), 3],
        lambda: a.__setitem__(([0, 1], [0, 3]), 1),
        lambda: a.__setitem__((slice(None), [3]), 1),
        lambda: cv.add.at(a, ([0, 1], [0, 3]), 1),
    ):
        with pytest.raises(IndexError, match="index 3 is out of bounds for axis 1 with size 3"):
            get()
    with pytest.raises(IndexError, match="index -4 is out of bounds for axis 1 with size 3"):
        a[[0, 1], [0, -4]]
    with pytest.raises(IndexError, match="index 2 is out of bounds for axis 0 with size 2"):
        a[[0, 2]]
    assert not np.asarray(a).any()


def test_numbers_of_a_list_must_fit():
    for key in (..., [0, 1], cv.array([True, True])):
        a = cv.zeros(2, dtype="int8")
        with pytest.raises(OverflowError):
            a[key] = [300, -1]
        a[key] = [1.9, -1.9]
        assert a.tolist() == [1, -1]
        # arrays are cast as `astype` does
        a[key] = cv.array([300, -1])
        assert a.tolist() == [44, -1]


KEYS = {
    "an integer": 1,
    "a slice": np.s_[::2, 1:],
    "an array": [2, 0, 2],
    "two arrays": ([2, 0, 2], [1, -1, 1]),
    "arrays apart": ([2, 0], slice(None), [1, 1]),
    "a slice and an array": np.s_[1:, [0, -1]],
    "a mask": np.array([True, False, True]),
    "a mask and an integer": (np.array([True, False, True]), 0),
    "an ellipsis and a mask": (Ellipsis, np.array([True, False])),
    "a boolean and an array": (True, [1, 1, 0]),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_gradients(key, rng):
    x, key = rng.normal(size=(3, 4, 2)), ours(key)
    assert cv.check_gradients(lambda a: cv.sin(a[key]).sum(), [cv.array(x)])
    value = rng.normal(size=np.asarray(cv.array(x)[key]).shape)

    def written(a, v):
        b = a * a
        b[key] = v
        return cv.sin(b).sum()

    def added(a, v):
        b = a * a
        cv.add.at(b, key, v)
        return cv.sin(b).sum()

    for f in (written, added):
        for v in (value, value[:1] if value.ndim and value.shape[0] else value):
            assert cv.check_gradients(f, [cv.array(x), cv.array(v)])


FLAT_KEYS = [
    [1, 2], (1,), ([1, 2],), [True, 1], [], ((),), range(3), [1.0, 2.0], True, False, slice(None, None, -2), slice(5, 99),
    [[1, 2], [3, 4]], None, (None,), (1, 2), [True, True], [[True], [False]], (True,), 9, "1 2",
]  # fmt: skip


@pytest.mark.parametrize("key", FLAT_KEYS, ids=repr)
def test_flat_takes_the_keys_that_numpys_takes(key):
    def outcome(module):
        a = module.arange(9).reshape(3, 3)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                found = a.flat[key].tolist()
                a.flat[key] = 7
            except (IndexError, TypeError) as error:
                return type(error)
        return found, a.tolist(), {w.category for w in told}

    assert outcome(cv) == outcome(np) or (key == "1 2" and outcome(cv) is IndexError)


def test_flat_is_not_assigned_by_an_empty_tuple_and_masks_have_its_length():
    for module in (np, cv):
        a = module.arange(4).reshape(2, 2)
        with pytest.raises(IndexError, match="0-D index"):
            a.flat[()] = 1
        with pytest.raises(IndexError, match="boolean index did not match indexed flat iterator"):
            a.flat[module.array([True])]
        it = a.flat
        assert list(it) == [0, 1, 2, 3] and it.index == 4
        assert list(a.flat[a.flat]) == [0, 1, 2, 3]


def test_what_is_no_index_is_told_before_a_slice_of_floats():
    for m in (np, cv):
        a = m.ones((1, 1, 1))
        for key in ((slice(0.0, None), 0.0), (slice(0.0, None), 0.0, slice(None)), (slice(1.5), "a")):
            with pytest.raises(IndexError):
                a[key]
        for key in ((slice(0.0, None), 0), (0, slice(None, None, 1.0))):
            with pytest.raises(TypeError):
                a[key]


OWN_INDEX = {
    "add.at": lambda m, x: m.add.at(x, x, 1),
    "add.at with itself": lambda m, x: m.add.at(x, (x,), x),
    "subtract.at": lambda m, x: m.subtract.at(x, x, x),
    "maximum.at": lambda m, x: m.maximum.at(x, x, x),
    "negative.at": lambda m, x: m.negative.at(x, x),
    "put": lambda m, x: m.put(x, x, x),
    "the method put": lambda m, x: x.put(x, x + 1),
    "put_along_axis": lambda m, x: m.put_along_axis(x, x, x, 0),
    "assignment": lambda m, x: x.__setitem__(x, x[::-1]),
    "in place": lambda m, x: x.__setitem__(x, x[x] + 5),
    "take": lambda m, x: m.take(x, x, out=x),
}


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint64", "uint8"])
@pytest.mark.parametrize("name", OWN_INDEX)
def test_an_array_may_be_its_own_index(name, dtype):
    """The call once waited for itself: it held the array to write it, and then to read the index."""
    if dtype == "uint64" and name in ("put", "the method put", "take"):
        return  # NumPy refuses indices of `uint64`
    found = []
    for m in (np, cv):
        x = m.array([2, 0, 1], dtype=dtype)
        OWN_INDEX[name](m, x)
        found.append(np.asarray(x))
    np.testing.assert_array_equal(found[1], found[0], strict=True)


@pytest.mark.parametrize("values", ["bool", "int8", "uint8", "uint16", "int64", "uint64", "float32"])
@pytest.mark.parametrize("dtype", ["int16", "int32", "uint32", "int64", "uint64", "float32", "float64", "complex128"])
def test_subtract_at_takes_values_of_any_dtype(dtype, values):
    if np.result_type(dtype, values).kind == "f" and np.dtype(dtype).kind != "f":
        return  # integers and floats are not subtracted from integers in place
    for b in ([1, 2, 3], 3):
        found = []
        for m in (np, cv):
            x = m.arange(6).astype(dtype)
            m.subtract.at(x, [-2, 0, 0], m.array(b).astype(values))
            found.append(np.asarray(x))
        np.testing.assert_array_equal(found[1], found[0], strict=True)


def test_what_an_array_without_axes_picks_is_a_copy():
    for keys in (lambda m: m.array(1), lambda m: (m.array(1), slice(None)), lambda m: (slice(None), m.array(-1, "int8"))):
        found = []
        for m in (np, cv):
            x = m.arange(6).reshape(2, 3)
            part = x[keys(m)]
            part[...] = 9
            found.append((x.tolist(), part.tolist()))
        assert found[0] == found[1]
    x = cv.arange(6).reshape(2, 3)
    for key in (1, np.int64(1), cv.int64(1)):
        x[key][...] = 9
    assert x.tolist() == [[0, 1, 2], [9, 9, 9]]
    x[np.array(0)][...] = 7
    assert x.tolist() == [[0, 1, 2], [9, 9, 9]]


@pytest.mark.parametrize("key", [(..., ()), ((), 1), range(0), ([], ...), ((),)], ids=str)
def test_empty_sequences_are_indices(key):
    x = np.arange(6).reshape(2, 3)
    assert cv.array(x)[key].shape == x[key].shape
    a = cv.array(x)
    a[key] = 5
    assert a.tolist() == x.tolist()


SCALARS = ["int64(300)", "uint64(2**63 + 1)", "float32(1e20)", "float64(300.5)", "float16('nan')", "float64('-inf')", "int64(-1)", "bool(True)"]
WRITES = {
    "an element": lambda m, x, s: x.__setitem__(0, s),
    "a slice": lambda m, x, s: x.__setitem__(slice(0, 2), s),
    "an ellipsis": lambda m, x, s: x.__setitem__(..., s),
    "a list": lambda m, x, s: x.__setitem__(slice(0, 2), [s, 1]),
    "a list by indices": lambda m, x, s: x.__setitem__([0, 1], [s, s]),
    "fill": lambda m, x, s: x.fill(s),
    "array": lambda m, x, s: m.array([s, 1], dtype=x.dtype),
}


@pytest.mark.parametrize("name", ["bitwise_or", "power", "logaddexp", "maximum", "hypot", "add", "subtract"])
def test_values_that_lie_in_the_array_are_read_before_it_is_written(name):
    found = []
    for m in (np, cv):
        x = m.array([2, 9, 4, 1, 3]).astype("int64" if name in ("bitwise_or", "power") else "float64")
        x[::2] = m.array([0, 2, 3])
        getattr(m, name).at(x[::2], [0, 2, 0, 1, 0], x[:5])
        found.append(np.asarray(x))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-14, strict=True)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize("name", WRITES)
def test_scalars_that_a_signed_dtype_does_not_hold_are_refused(name, scalar, dtype):
    makes = {np: [np], cv: [np, cv]}
    found = []
    for m in (np, cv):
        for of in makes[m]:
            kind, value = scalar[:-1].split("(")
            s = getattr(of, kind if kind != "bool" else "bool_")(eval(value))
            x = m.zeros(3, dtype)
            try:
                WRITES[name](m, x, s)
                found.append(x.tolist())
            except (OverflowError, ValueError) as error:
                found.append(type(error))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["place", "putmask"])
def test_arrays_go_through_a_mask_where_their_dtype_fits(name):
    for m in (np, cv):
        x, f = m.zeros(3, "int8"), getattr(m, name)
        for values in (m.array([2.5]), m.array([300, 1]), m.array([1j])):
            with pytest.raises(TypeError, match="according to the rule 'safe'"):
                f(x, x == 0, values)
        f(x, x == 0, m.array([1, 2, 3], dtype="int8"))
        assert x.tolist() == [1, 2, 3]
        f(x, x > 1, [7.5])
        f(x, x == 1, 2)
        f(x, x == 2, m.array([True]))
        assert x.tolist() == [1, 7, 7]


@pytest.mark.parametrize("key", [
    "m.zeros(0, bool)", "m.zeros((0, 0), bool)", "m.zeros((2, 0), bool)", "(slice(None), m.zeros(0, bool))", "(..., m.zeros(0, bool))",
    "(m.zeros(0, bool), m.zeros(0, bool))", "(m.zeros(0, bool), [])", "(m.zeros(0, bool), 0)", "(None, m.zeros(0, bool))",
])  # fmt: skip
def test_masks_of_no_elements_stand_for_any_axis(key):
    """NumPy does not compare the length of a mask that is 0 with that of the axis."""
    for shape in [(2, 3), (2, 3, 4)]:
        theirs, ours = np.ones(shape), cv.ones(shape)
        got, want = ours[eval(key, {"m": cv})], theirs[eval(key, {"m": np})]
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        ours[eval(key, {"m": cv})] = 7.0
        cv.add.at(ours, eval(key, {"m": cv}), 1.0)
        np.testing.assert_array_equal(np.asarray(ours), theirs)


@pytest.mark.parametrize("shape", [(3, 0), (0, 5), (0, 0, 0)])
def test_masks_of_no_elements_have_the_other_lengths(shape):
    for m in (cv, np):
        with pytest.raises(IndexError):
            m.ones((2, 3))[m.zeros(shape, bool)]
