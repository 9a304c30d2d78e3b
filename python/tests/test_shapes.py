"""Views, joins, selections and new arrays against NumPy's, in shape, dtype, value and in what shares memory."""

import itertools

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import DTYPES, NUMPY_DTYPES, assert_same

CUBE = np.arange(2 * 3 * 4).reshape(2, 3, 4)


def both(f, *shapes, dtype="int64"):
    """`f` of either library over the same arrays; a view in one is a view in the other."""
    xs = [np.arange(int(np.prod(s, dtype=int)), dtype=dtype).reshape(s) for s in shapes]
    arrays = [cv.array(x) for x in xs]
    try:
        want = f(np, *xs)
    except (ValueError, IndexError, TypeError) as error:
        with pytest.raises(
            type(error) if not isinstance(error, np.exceptions.AxisError) else (cv.AxisError, ValueError)
        ):
            f(cv, *arrays)
        return
    got = f(cv, *arrays)
    want = np.asarray(want)
    assert_same(got, want)
    if want.size and len(xs) == 1 and want.ndim:
        assert cv.shares_memory(got, arrays[0]) == np.shares_memory(want, xs[0])


# Calls that no sample of a row can be: axes and shapes that do not fit, and views of views, whose memory decides whether they are views.
# What fits is tried from the rows, in `test_functions.py` and `test_random_calls.py`.
NO_SAMPLES = {
    "transpose": [lambda xp, x, p=p: xp.transpose(x, p) for p in [(0, 0, 1), (0, 1), (0, 1, 3)]],
    "reshape": [lambda xp, x, s=s: xp.reshape(x, s) for s in [(5, 5), (-1, 5), (-1, -1), (0, -1), ()]],
    "reshape of the transposed": [
        lambda xp, x, s=s: xp.reshape(xp.transpose(x, (2, 0, 1)), s) for s in [24, (4, 6), (8, 3), (4, 2, 3), (2, 2, 6), (2, 12)]
    ],
    "reshape of the stepped": [lambda xp, x, s=s: xp.reshape(x[:, ::2], s) for s in [16, (2, 8), (4, 4), (2, 2, 2, 2), (4, 2, 2)]],
    "swapaxes": [lambda xp, x, a=a, b=b: xp.swapaxes(x, a, b) for a in range(-4, 4) for b in (-1, 0, 2, 3)],
    "moveaxis": [lambda xp, x, a=a, b=b: xp.moveaxis(x, a, b) for a, b in [(3, 0), ((0, 0), (1, 2)), ((0, 1), (2,))]],
    "flip": [lambda xp, x, a=a: xp.flip(x, a) for a in [3, (1, 1)]],
    "expand_dims": [lambda xp, x, a=a: xp.expand_dims(x, a) for a in [(0, 4), 4, (0, 0)]],
    "squeeze": [lambda xp, x, a=a: xp.squeeze(x[:1, :, :1], a) for a in [None, -1, (0, 2), 1, 3]],
    "broadcast_to": [lambda xp, x, s=s: xp.broadcast_to(x, s) for s in [(2, 3, 5), (3, 4), (0, 2, 3, 4)]],
    "broadcast_to of ones": [lambda xp, x, s=s: xp.broadcast_to(x[:1, :, :1], s) for s in [(2, 3, 4), (7, 5, 3, 2), (0, 3, 4)]],
    "ravel": [lambda xp, x: xp.ravel(x.T), lambda xp, x: xp.ravel(x[::-1]), lambda xp, x: xp.ravel(x[0])],
    "attributes": [lambda xp, x: x.mT, lambda xp, x: x.T, lambda xp, x: xp.matrix_transpose(x[0, 0])],
}


@pytest.mark.parametrize("name", NO_SAMPLES)
def test_calls_that_are_no_samples(name):
    for f in NO_SAMPLES[name]:
        both(f, (2, 3, 4))
    for f in NO_SAMPLES[name]:
        both(f, (2, 0, 4))


def test_methods_of_views():
    for f in [
        lambda xp, x: x.reshape(6, 4),
        lambda xp, x: x.reshape((6, 4)),
        lambda xp, x: x.transpose(2, 0, 1),
        lambda xp, x: x.transpose((2, 0, 1)),
        lambda xp, x: x.transpose(),
        lambda xp, x: x.swapaxes(0, 1),
        lambda xp, x: x.squeeze(),
        lambda xp, x: x.ravel(),
        lambda xp, x: x.flatten(),
        lambda xp, x: x.copy(),
    ]:
        both(f, (2, 3, 4))
        both(f, (1, 6, 4))


# arrays that do not fit along some axis or any, and empty ones; what fits is tried from the rows
MISFITS = [[(2, 3), (4, 3)], [(2, 3), (2, 5)], [(0, 3), (2, 3)], [(2, 3), (3,)], [(), ()]]


@pytest.mark.parametrize("name", ["concatenate", "stack"])
def test_joins_of_what_does_not_fit(name):
    for shapes in MISFITS:
        for axis in (None, 0, 1, -1, 2, -3, 5):
            if name == "stack" and axis is None:
                continue
            both(lambda xp, *xs: getattr(xp, name)(xs, axis=axis), *shapes)
    both(lambda xp, x, y: getattr(xp, name)([x.T, y[::-1]], axis=1), (3, 2), (2, 3))
    with pytest.raises(ValueError):
        getattr(cv, name)([])


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
def test_joins_of_parts_that_lie_apart(rng, dtype):
    """Rows long and short, with gaps, in turned order, repeated; single elements in turn; parts without elements."""
    parts = {
        "whole": lambda xp, x: [x, x[:, :3], x[:, 48:]],
        "every second": lambda xp, x: [x[::2], x[1::2]],
        "turned": lambda xp, x: [x[:, ::-1], x[::-1], x[:, :, ::-1]],
        "crossed": lambda xp, x: [xp.swapaxes(x, 0, 1)[:6], x[:, :30]],
        "outer axes apart": lambda xp, x: [x[:, :40], x[:, 5:45]],
        "repeated": lambda xp, x: [xp.broadcast_to(x[:1], (6, 50, 7)), x],
        "empty": lambda xp, x: [x[:, :0], x, x[:, :0], x],
        "thin": lambda xp, x: [x[:, :1], x[:, 1:2]],
    }
    x = oracle.ordinary(rng, dtype, 6 * 50 * 7).reshape(6, 50, 7)
    a = oracle.to_civita(x, dtype)
    for name, of in parts.items():
        theirs, ours = of(np, x), of(cv, a)
        for axis in range(3):
            try:
                want = np.concatenate(theirs, axis)
            except ValueError:
                continue
            assert_same(cv.concatenate(ours, axis), want, message=f"{name}, axis {axis}")
    for n in (1, 2, 3):
        for axis in range(4):
            assert_same(cv.stack([a, a[::-1], a[:, ::-1]][:n], axis), np.stack([x, x[::-1], x[:, ::-1]][:n], axis))
    flat, other = x.ravel(), x.T.ravel()
    assert_same(cv.stack([a.ravel(), a.T.ravel()], 1), np.stack([flat, other], 1))
    # a buffer of NumPy's that is not aligned to its elements
    shifted = np.frombuffer(b"x" + flat.tobytes(), "u1")[1:].view(dtype)
    assert_same(cv.stack([cv.asarray(shifted), a.ravel()], 1), np.stack([flat, flat], 1))


def test_joins_rolls_and_borders_of_many_rows(rng):
    x = rng.normal(size=(900, 300))
    a = cv.array(x)
    assert_same(cv.concatenate([a[:, 290:], a[:, :290]], 1), np.concatenate([x[:, 290:], x[:, :290]], 1))
    assert_same(cv.roll(a, 10, 1), np.roll(x, 10, 1))
    assert_same(cv.stack([a, a * 2], 2), np.stack([x, x * 2], 2))
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        assert_same(cv.pad(a, ((3, 5), (7, 0)), mode), np.pad(x, ((3, 5), (7, 0)), mode))


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_borders_of_arrays_that_lie_apart(rng, mode):
    widths = ((1, 2), (2, 0), (3, 4))
    views = [
        lambda xp, x: x,
        lambda xp, x: x[::2, 1:],
        lambda xp, x: x[::-1, :, 1:6],
        lambda xp, x: x[:, :, ::-1],
        lambda xp, x: xp.swapaxes(x, 0, 1),
        lambda xp, x: xp.swapaxes(x, 0, 2),
        lambda xp, x: xp.broadcast_to(x[:1], (4, 5, 7)),
    ]
    for dtype in NUMPY_DTYPES:
        x = oracle.ordinary(rng, dtype, 8 * 5 * 7).reshape(8, 5, 7)
        a = oracle.to_civita(x, dtype)
        for view in views:
            assert_same(cv.pad(view(cv, a), widths, mode), np.pad(view(np, x), widths, mode), dtype)
        assert_same(cv.pad(a[0, 0], (6, 2), mode), np.pad(x[0, 0], (6, 2), mode), dtype)
        assert_same(cv.pad(a[:, :0], ((1, 1), (0, 0), (2, 2)), mode), np.pad(x[:, :0], ((1, 1), (0, 0), (2, 2)), mode), dtype)
    # bytes that NumPy wrote and that are neither 0 nor 1 are true
    odd = np.array([[2, 0, 255]], "u1").view("?")
    assert np.asarray(cv.pad(cv.asarray(odd), 1, mode if mode != "reflect" else "edge")).view("u1").max() == 1


def test_joins_promote(rng):
    for p, q in itertools.product(DTYPES, repeat=2):
        x, y = oracle.ordinary(rng, p, 3), oracle.ordinary(rng, q, 3)
        got = cv.concatenate([oracle.to_civita(x, p), oracle.to_civita(y, q)])
        assert got.dtype == oracle.promoted(p, q)
        if "bfloat16" not in (p, q):
            assert_same(got, np.concatenate([x, y]))
    assert_same(
        cv.concatenate([cv.array([1, 2]), cv.array([2.5])], dtype="float32"),
        np.concatenate([[1, 2], [2.5]], dtype="float32"),
    )
    out = cv.zeros(3)
    assert cv.concatenate([cv.array([1.0]), cv.array([2.0, 3.0])], out=out) is out and out.tolist() == [1, 2, 3]


def test_take(rng):
    for dtype in DTYPES:
        x = oracle.ordinary(rng, dtype, 60).reshape(3, 4, 5)
        a = oracle.to_civita(x, dtype)
        for axis in (None, 0, 1, 2, -1):
            n = 60 if axis is None else x.shape[axis]
            for shape in [(), (3,), (2, 2), (0,), (70,)]:
                index = rng.integers(-n, n, shape)
                assert_same(cv.take(a, cv.array(index), axis=axis), np.take(x, index, axis=axis), dtype)
                assert_same(
                    cv.take(a.T, cv.array(index), axis=axis), np.take(x.T, index, axis=axis), dtype
                ) if axis is None else None
    x = np.arange(5)
    for mode in ("wrap", "clip"):
        assert_same(cv.take(cv.array(x), [-7, 9, 2, 5], mode=mode), np.take(x, [-7, 9, 2, 5], mode=mode))
    assert_same(cv.take(cv.array(x), [0, 1]), np.take(x, [0, 1]))
    assert_same(cv.array(CUBE).take([1, 0], axis=1), CUBE.take([1, 0], axis=1))
    for bad in ([5], [-6]):
        with pytest.raises(IndexError, match="5|6"):
            cv.take(cv.array(x), bad)


def test_boolean_selection(rng):
    for dtype in DTYPES:
        for n in (0, 1, 7, 64, 65, 1000, 5001):
            x, mask = oracle.ordinary(rng, dtype, n), rng.random(n) < 0.5
            a, m = oracle.to_civita(x, dtype), cv.array(mask)
            assert_same(a[m], x[mask], dtype)
            assert_same(a[::-1][m], x[::-1][mask], dtype)
            assert_same(a[m[::-1]], x[mask[::-1]], dtype)
        x, a = oracle.ordinary(rng, dtype, 60).reshape(3, 4, 5), None
        a = oracle.to_civita(x, dtype)
        for mask in (
            x > 0 if dtype not in oracle.COMPLEX else x.real > 0,
            rng.random(3) < 0.5,
            rng.random((3, 4)) < 0.5,
            np.zeros(3, bool),
            np.ones(3, bool),
        ):
            assert_same(a[cv.array(mask)], x[mask], dtype)
            assert_same(a[mask], x[mask], dtype)
    big = rng.normal(size=300_000)
    assert_same(cv.array(big)[cv.array(big) > 0.5], big[big > 0.5])
    with pytest.raises(IndexError, match=r"3"):
        cv.arange(4)[cv.ones(3, bool)]


def test_boolean_assignment(rng):
    for dtype in NUMPY_DTYPES:
        x = oracle.ordinary(rng, dtype, 60).reshape(3, 4, 5)
        values = oracle.ordinary(rng, dtype, 60)
        for mask in (
            rng.random((3, 4, 5)) < 0.5,
            rng.random(3) < 0.5,
            rng.random((3, 4)) < 0.5,
            np.zeros((3, 4, 5), bool),
        ):
            y, a = x.copy(), cv.array(x)
            y[mask], a[cv.array(mask)] = values[0], cv.array(values[0])
            assert_same(a, y)
            row = x[mask]
            fill = np.resize(values, row.shape)
            y[mask], a[cv.array(mask)] = fill, cv.array(fill)
            assert_same(a, y)
            if mask.ndim == 3:
                y.T[mask.T], a.T[cv.array(mask).T] = 1, 1
                assert_same(a, y)
    a = cv.arange(5)
    with pytest.raises(ValueError, match="3"):
        a[cv.array([True, False, True, False, False])] = cv.array([1, 2, 3])


def test_integer_array_indexing(rng):
    x = rng.normal(size=(4, 5, 6))
    a = cv.array(x)
    i, j, k = rng.integers(-4, 4, (3, 1)), rng.integers(-5, 5, (2,)), rng.integers(-6, 6, (3, 2))
    for key in [
        (i,),
        (i, j),
        (i, j, k),
        (slice(None), j),
        (i, slice(None), k),
        (i, slice(1, 4), 2),
        (i, slice(0, 0), 2),
        (Ellipsis, k),
        (0, j),
        (None, i),
        (i, None, j),
        ([0, 2],),
        ([[0, 1], [2, 3]], 1),
        (slice(None, None, -1), [1, 0, 1]),
        (np.array([], int),),
        (1, slice(None), k),
        (slice(None), rng.random(5) < 0.5),
        (slice(None), rng.random((5, 6)) < 0.5),
        (1, rng.random(5) < 0.5, slice(0, 3)),
    ]:
        mine = tuple(cv.array(e) if isinstance(e, np.ndarray) else e for e in key)
        assert_same(a[mine], x[key])
        y, b = x.copy(), cv.array(x)
        y[key], b[mine] = 7.5, 7.5
        assert_same(b, y)
        fill = rng.normal(size=x[key].shape)
        unique = x[key].size == np.unique(np.arange(x.size).reshape(x.shape)[key]).size
        if unique:
            y[key], b[mine] = fill, cv.array(fill)
            assert_same(b, y)
    for bad in [([4],), (0, [5]), ([0], [0], [0], [0])]:
        with pytest.raises(IndexError):
            x[bad]
        with pytest.raises(IndexError):
            a[bad]


# ---- new arrays --------------------------------------------------------------------------------------------------


def test_filled_arrays():
    for shape in [(), 3, (3,), (2, 3), (0,), (2, 0, 3), [2, 2]]:
        for dtype in NUMPY_DTYPES:
            assert_same(cv.zeros(shape, dtype), np.zeros(shape, dtype))
            assert_same(cv.ones(shape, dtype), np.ones(shape, dtype))
            assert_same(cv.full(shape, 7, dtype), np.full(shape, 7, dtype))
            assert cv.empty(shape, dtype).shape == np.empty(shape, dtype).shape
        assert_same(cv.zeros(shape), np.zeros(shape))
        for fill in (True, 3, 2.5, 1j, 2**63):
            assert_same(cv.full(shape, fill), np.full(shape, fill))
    x = CUBE.astype("float32")
    for name in ("zeros_like", "ones_like"):
        assert_same(getattr(cv, name)(cv.array(x)), getattr(np, name)(x))
        assert_same(getattr(cv, name)(cv.array(x), dtype="int8"), getattr(np, name)(x, dtype="int8"))
    assert_same(cv.full_like(cv.array(x), 3), np.full_like(x, 3))


RANGES = [
    (5,),
    (0,),
    (-3,),
    (2, 7),
    (7, 2),
    (2, 7, 2),
    (7, 2, -2),
    (0, 1, 0.1),
    (0.5, 3),
    (3.5,),
    (1, 1),
    (-1.5, 1.5, 0.5),
    (10, 0, -3),
    (0, 10, 3),
    (True, 5),
    (0, 1e-3, 1e-4),
    (2**40, 2**40 + 3),
    (1, 2, 0.3),
    # the sum of the first value and the step is rounded, and so is what is added each time
    (-1, 5, 0.01),
    (-10, 20, 0.01),
    (5, -1, -0.3),
    (-0.5, 0.5, 1 / 50),
    (0.1, 0.15, 0.1),
    (1e16, 1e16 + 40, 3.0),
    (np.float32(0.1), 3, np.float32(0.1)),
]


def test_arange():
    for args in RANGES:
        assert_same(cv.arange(*args), np.arange(*args), None, 0, str(args))
        for dtype in ("float32", "int16", "float64", "uint8", "complex64", "complex128", "float16"):
            if dtype in ("uint8", "int16") and any(not isinstance(v, int) or v < 0 or v > 200 for v in args):
                continue
            with np.errstate(over="ignore", invalid="ignore"):
                want = np.arange(*args, dtype=dtype)
            assert_same(cv.arange(*args, dtype=dtype), want, None, 0, f"{args} {dtype}")
    assert_same(cv.arange(start=1, stop=5, step=2), np.arange(start=1, stop=5, step=2))
    with pytest.raises(ZeroDivisionError):
        cv.arange(1, 5, 0)
    with pytest.raises((ValueError, MemoryError)):
        cv.arange(0, float("nan"))
    with pytest.raises((ValueError, MemoryError)):
        cv.arange(0, float("inf"))


def test_ranges_of_index_tricks_are_those_of_arange():
    for got, want in [
        (cv.r_[-1:5:0.01], np.r_[-1:5:0.01]),
        (cv.mgrid[-1:5:0.01], np.mgrid[-1:5:0.01]),
        (cv.mgrid[-1:5:0.3, 0:1:0.1], np.mgrid[-1:5:0.3, 0:1:0.1]),
        (cv.ogrid[-1:5:0.3, 0:1:0.1][0], np.ogrid[-1:5:0.3, 0:1:0.1][0]),
    ]:
        assert_same(got, want, None, 0)


def test_delete_takes_places_in_more_than_one_axis():
    x = np.arange(12).reshape(3, 4)
    where = np.where(np.array([True, False, True, False]))
    for places in (where, [[0, 2]], np.array([[0], [3]]), (np.array([], dtype=int),), [[]]):
        ours = tuple(cv.asarray(p) for p in places) if isinstance(places, tuple) else places
        assert_same(cv.delete(x, ours, axis=1), np.delete(x, places, axis=1), None, 0, repr(places))
    for module in (np, cv):
        with pytest.raises(IndexError):
            module.delete(x, [[0, 9]], axis=1)
        with pytest.raises(ValueError):
            module.insert(x, [[0, 2]], 7, axis=1)
        with pytest.raises(IndexError):
            module.delete(x, [[0.5, 1.0]], axis=1)


def test_resize_in_place_to_as_many_elements():
    shapes_of_twelve = [((2, 6),), (2, 6), (12,), 12, ((3, 4),), ((1, 3, 1, 4),), (np.int64(4), 3), (np.array([6, 2]),), ([4, 3],), (None,), ()]
    for shapes in shapes_of_twelve:
        shapes = shapes if isinstance(shapes, tuple) else (shapes,)
        ours, theirs = cv.arange(12).reshape(3, 4).copy(), np.arange(12).reshape(3, 4).copy()
        view = ours[1:]
        assert ours.resize(*shapes) is None
        theirs.resize(*shapes)
        assert_same(ours, theirs, None, 0, str(shapes))
        assert view.shape == (2, 4)
        ours[...] = 7
        assert (view == 7).all()
    for module in (np, cv):
        for a, shape, error in [
            (module.zeros((3, 4)), (-1, 4), ValueError),
            (module.zeros((4, 4))[:, ::2], (8,), ValueError),
            (module.zeros(6), (2.0, 3), TypeError),
        ]:
            with pytest.raises(error):
                a.resize(shape)
    for a, shape in [(cv.zeros(6), 7), (cv.zeros((2, 3)).T, (6,))]:
        with pytest.raises(ValueError, match="cannot resize"):
            a.resize(shape)


def test_linspace():
    for args in [
        (0, 1),
        (0, 1, 5),
        (1, 0, 5),
        (2, 3, 1),
        (2, 3, 0),
        (-1.5, 7.25, 12),
        (0, 0, 3),
        (1e300, -1e300, 4),
        (0, 1, 101),
    ]:
        for endpoint in (True, False):
            np.testing.assert_allclose(
                np.asarray(cv.linspace(*args, endpoint=endpoint)),
                np.linspace(*args, endpoint=endpoint),
                rtol=1e-15,
                atol=1e-16,
            )
        if len(args) < 3 or args[2] > 1:
            assert cv.linspace(*args)[-1].item() == args[1]
        for dtype in ("float32", "int64", "complex128"):
            if abs(args[0]) < 1e10:
                assert_same(
                    cv.linspace(*args, dtype=dtype), np.linspace(*args, dtype=dtype), None, 1, f"{args} {dtype}"
                )
    with pytest.raises(ValueError, match="non-negative"):
        cv.linspace(0, 1, -1)


def test_eye():
    for args in [(3,), (3, 5), (5, 3), (0,), (3, 0)]:
        for k in (-7, -2, -1, 0, 1, 2, 7):
            for dtype in ("float64", "int8", "bool", "complex64"):
                assert_same(cv.eye(*args, k=k, dtype=dtype), np.eye(*args, k=k, dtype=dtype))
    assert_same(cv.identity(3), np.identity(3))


def test_one_hot():
    index = np.array([[0, 2], [1, 0]])
    assert_same(cv.one_hot(cv.array(index), 3), np.eye(3)[index])
    assert_same(cv.one_hot(cv.array(index), 4, dtype="int64"), np.eye(4, dtype="int64")[index])
    with pytest.raises((IndexError, ValueError), match="2"):
        cv.one_hot(cv.array(index), 2)


NESTED = [
    1,
    2.5,
    True,
    1j,
    [1, 2],
    [1, 2.5],
    [True, 2],
    [[1, 2], [3, 4]],
    [],
    [[]],
    [[], []],
    [1, 2**63],
    [2**63, 1],
    [-1, 2**63],
    [1.5, 1j],
    ((1, 2), [3, 4]),
    range(4),
    [range(3), range(3)],
    [np.float32(1), np.float32(2)],
    [np.int8(1), 2.5],
    [np.arange(3), np.arange(3)],
    [[True], [False]],
    [0.1, 2**70],
    np.float16(1),
    np.uint8(3),
    -0.0,
    [float("nan"), float("inf")],
]


@pytest.mark.parametrize("value", NESTED, ids=repr)
def test_arrays_of_nested_lists(value):
    try:
        want = np.array(value)
    except OverflowError:
        return
    if want.dtype == object:
        return
    assert_same(cv.array(value), want)
    for dtype in ("float32", "int64", "complex128", "bool"):
        if dtype == "bool" and "9223372036854775808" in repr(value):
            continue  # true for Civita, too large for NumPy
        try:
            want = np.array(value, dtype=dtype)
        except (TypeError, OverflowError, ValueError):
            with pytest.raises((TypeError, OverflowError, ValueError)):
                cv.array(value, dtype=dtype)
            continue
        assert_same(cv.array(value, dtype=dtype), want)


def test_conversions_between_the_libraries_share_memory():
    for dtype in NUMPY_DTYPES:
        x = np.ones((3, 4), dtype)
        for view in (x, x.T, x[::2], x[:, ::-1], x[1, 1:]):
            a = cv.asarray(view)
            assert_same(a, view)
            assert np.shares_memory(np.asarray(a), x)
            back = np.asarray(a)
            assert back.dtype == x.dtype and back.shape == view.shape and back.strides == view.strides
    a = cv.zeros((2, 3))
    np.asarray(a)[0, 0] = 5
    assert a[0, 0].item() == 5
    assert memoryview(a).shape == (2, 3) and memoryview(a.T).strides == (8, 24)
    big = np.arange(6, dtype=">f4").reshape(2, 3)
    assert cv.array(big).dtype == big.dtype
    assert_same(cv.array(big, dtype="float32"), big.astype("float32"))


def test_attributes(rng):
    for dtype in NUMPY_DTYPES:
        x = np.ones((2, 3, 4), dtype)
        a = cv.array(x)
        for name in ("shape", "ndim", "size", "itemsize", "nbytes", "strides"):
            assert getattr(a, name) == getattr(x, name), name
            assert getattr(a.T[::2], name) == getattr(x.T[::2], name), name
        assert a.flags.c_contiguous and not a.T.flags.c_contiguous and a.T.flags.f_contiguous
        assert a.dtype == x.dtype and a.dtype == dtype and a.dtype.kind == x.dtype.kind
        assert len(a) == 2 and a.tolist() == x.tolist()
        assert [r.tolist() for r in a] == x.tolist()
    z = rng.normal(size=3) + 1j * rng.normal(size=3)
    assert_same(cv.array(z).real, z.real)
    assert_same(cv.array(z).imag, z.imag)
    assert_same(cv.array(z).conj(), z.conj())


def test_broadcast_arrays_are_raveled_in_the_order_of_numpys_iterator():
    for m_shape in [((3,), (2, 3)), ((3, 1), (3, 2)), ((3, 1, 2), (3, 4, 2)), ((1, 3, 1, 2), (2, 3, 4, 2)), ((1, 1), (2, 3))]:
        small, shape = m_shape
        values = np.arange(np.prod(small)).reshape(small)
        for axes in itertools.permutations(range(len(shape))):
            for turned in (False, True):
                arrays = []
                for m in (cv, np):
                    x = m.array(values.T.copy()).T if turned else m.array(values)
                    x = m.broadcast_to(x, shape).transpose(axes)
                    arrays.append([np.asarray(y).tolist() for y in (x.flatten("K"), x.ravel("K"), m.ravel(x, "K"), x.flatten("A"), x[::-1].ravel("K"))])
                assert arrays[0] == arrays[1], (small, shape, axes, turned)


def test_flatten_copies_in_every_order():
    for order in "CFAK":
        for x in (cv.arange(6).reshape(2, 3), cv.arange(6).reshape(2, 3).T):
            y = x.flatten(order)
            y[:] = 7
            assert sorted(x.ravel().tolist()) == [0, 1, 2, 3, 4, 5]
