"""Dtype objects, attributes of arrays, orders, iterators and index objects: as NumPy's, live."""

import collections.abc
import copy
import gc
import pickle
import weakref

import civita as cv
import numpy as np
import pytest

NAMES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
         "complex64", "complex128"]  # fmt: skip
ATTRIBUTES = ["name", "kind", "char", "num", "itemsize", "byteorder", "str", "alignment", "isnative", "fields", "names", "subdtype",
              "shape", "ndim", "hasobject", "flags", "isbuiltin", "descr", "metadata"]  # fmt: skip


def same(ours, theirs):
    assert isinstance(ours, (cv.ndarray, cv.generic)), type(ours)
    assert ours.dtype.name == theirs.dtype.name and ours.shape == theirs.shape
    np.testing.assert_array_equal(np.asarray(ours), theirs)


# ---- dtypes


@pytest.mark.parametrize("name", NAMES)
def test_a_dtype_has_numpys_attributes(name):
    for code in (name, np.dtype(name).str, np.dtype(name).newbyteorder().str):
        ours, theirs = cv.dtype(code), np.dtype(code)
        for attribute in ATTRIBUTES:
            assert getattr(ours, attribute) == getattr(theirs, attribute), (code, attribute)
        assert repr(ours) == repr(theirs) and str(ours) == str(theirs)
        assert ours.type.__name__ == theirs.type.__name__
        assert ours.newbyteorder().str == theirs.newbyteorder().str
        assert ours.newbyteorder("<").str == theirs.newbyteorder("<").str
        assert ours == theirs and hash(ours) == hash(cv.dtype(code))
        assert cv.dtype(theirs) is ours and pickle.loads(pickle.dumps(ours)) is ours


def test_dtypes_compare_as_numpys():
    for a in NAMES:
        for b in NAMES:
            for op in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"):
                ours = getattr(cv.dtype(a), op)(cv.dtype(b))
                assert ours == getattr(np.dtype(a), op)(np.dtype(b)), (a, op, b)
    assert cv.dtype("f8") == "float64" and cv.dtype("f8") == float and cv.dtype("f8") != None  # noqa: E711
    assert cv.dtype(None) == "float64" and cv.dtype(b"f4") == "float32"


def test_questions_about_dtypes_are_answered_as_by_numpy():
    for value in (0, 1, 255, 256, -1, -129, 70000, 2**40, -(2**40), 2**63, 1.0, 1e10, 1e300, float("nan"), 1j, 1e300j, True):
        assert cv.min_scalar_type(value).name == np.min_scalar_type(value).name, value
    for a in NAMES[1:]:
        for b in NAMES[1:]:
            assert cv.common_type(cv.zeros(1, a), cv.zeros(1, b)).__name__ == np.common_type(np.zeros(1, a), np.zeros(1, b)).__name__
    for codes in ("f", "fd", "Fd", "iI", "b", "dD", "x"):
        assert cv.mintypecode(codes) == np.mintypecode(codes)
    assert cv.typename("d") == np.typename("d")
    assert cv.sctypeDict["f8"] is cv.float64 and cv.float32 in cv.ScalarType
    assert cv.longdouble is cv.float64 and cv.dtype("G") == "complex128"
    assert isinstance(cv.dtype("f8"), cv.dtypes.Float64DType) and cv.dtypes.Int8DType() == "i1"
    assert not cv.issubdtype(cv.float32, cv.character) and issubclass(cv.character, cv.flexible)


# ---- attributes


def arrays():
    rng = np.random.default_rng(0)
    for dtype in NAMES:
        a = (rng.random((3, 4, 5)) * 50).astype(dtype)
        yield from (a, a.T, a[::2, 1:, ::-1], a[0], a[:, :1], np.asfortranarray(a), a[..., :0], a[1, 2, 3:4], a.transpose(1, 0, 2))


def test_flags_are_numpys():
    for a in arrays():
        b = cv.asarray(a)
        for flag in ("c_contiguous", "f_contiguous", "fnc", "forc", "aligned", "writebackifcopy", "carray", "behaved"):
            assert getattr(b.flags, flag) == getattr(a.flags, flag), (flag, a.shape, a.strides)
    x = cv.zeros((2, 3))
    assert repr(x.flags) == repr(np.zeros((2, 3)).flags)
    assert x.flags.owndata and not x.T.flags.owndata and x.flags["OWNDATA"] and x.flags.num == np.zeros((2, 3)).flags.num
    with pytest.raises(KeyError):
        x.flags["Q"]


def test_an_array_may_be_read_only_and_so_are_views_of_it():
    x = cv.arange(6.0)
    before = x[1:]
    x.flags.writeable = False
    for write in (lambda: x.__setitem__(0, 1), lambda: x.__iadd__(1), lambda: x.sort(), lambda: cv.add(x, 1, out=x), lambda: x.fill(0),
                  lambda: x[2:].__setitem__(0, 1), lambda: x.reshape(2, 3).__setitem__((0, 0), 1), lambda: x.view().__iadd__(1)):  # fmt: skip
        with pytest.raises(ValueError, match="read-only"):
            write()
    assert not memoryview(x).readonly is False
    assert not np.asarray(x).flags.writeable
    before[0] = 7
    assert x[1] == 7
    with pytest.raises(ValueError, match="WRITEABLE"):
        x[1:].flags.writeable = True
    x.setflags(write=True)
    x[0] = 5
    assert x[0] == 5 and x.copy().flags.writeable
    assert not cv.frombuffer(b"abcd", "u1").flags.writeable


def test_a_view_knows_its_base():
    x = cv.arange(12)
    for view in (x[1:], x[::2], x.reshape(3, 4), x.T, x.view(), x[1:][2:], x.reshape(3, 4).T, x.ravel(), x[None].squeeze(), x[None],
                 cv.expand_dims(x, 0), cv.broadcast_to(x, (2, 12)), x.view("u8"), next(iter(x.reshape(3, 4)))):  # fmt: skip
        assert view.base is x
    for new in (x, x.squeeze(), x.copy(), x + 1, x[[1, 2]], x[x > 3], x.astype("f4"), x.flatten(), cv.array(x)):
        assert new.base is None
    data = bytearray(8)
    assert cv.frombuffer(data, "u1").base is data
    a = np.arange(3)
    assert cv.asarray(a).base is a


def test_shape_and_dtype_are_set_in_place():
    x = cv.arange(6)
    y = x[:]
    x.shape = (2, -1)
    assert x.shape == (2, 3) and y.shape == (6,)
    x[0, 0] = 9
    assert y[0] == 9
    with pytest.raises(AttributeError, match="in-place"):
        x.T.shape = 6
    with pytest.raises(ValueError):
        x.shape = 5
    x.dtype = "u4"
    assert x.shape == (2, 6) and x.dtype == "uint32"


@pytest.mark.parametrize("new", NAMES)
@pytest.mark.parametrize("old", NAMES)
def test_a_view_of_another_dtype_has_numpys_elements(old, new):
    for shape in [(4, 16), (16,), (2, 3, 8)]:
        a = np.arange(np.prod(shape)).reshape(shape).astype(old) if old != "bool" else np.ones(shape, bool)
        if new == "bool" and old != "bool":
            # other bytes than 0 and 1 are true; NumPy keeps them
            continue
        for cut in (lambda x: x, lambda x: x[::-1], lambda x: x[..., :8], lambda x: x.T):
            try:
                theirs = cut(a).view(new)
            except ValueError as error:
                with pytest.raises(ValueError, match=str(error)[:30].replace(".", r"\.")):
                    cut(cv.array(a)).view(new)
                continue
            ours = cut(cv.array(a)).view(new)
            assert ours.strides == theirs.strides
            assert ours.dtype == new and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()


def test_weak_references_and_reversed():
    x = cv.arange(3)
    seen = weakref.ref(x)
    assert seen() is x
    del x
    gc.collect()
    assert seen() is None
    assert [int(v) for v in reversed(cv.arange(3))] == [2, 1, 0]


def test_orders_of_copies_are_numpys():
    for a in arrays():
        b = cv.asarray(a)
        for order in "CFAK":
            for f in (lambda x, o: x.copy(o), lambda x, o: x.astype("float32", order=o) if x.dtype.kind != "c" else x.copy(o),
                      lambda x, o: x.flatten(o), lambda x, o: x.ravel(o)):  # fmt: skip
                theirs, ours = f(a, order), f(b, order)
                same(ours, theirs)
                if a.size > 1 and 1 not in a.shape:
                    assert ours.strides == theirs.strides, (order, a.shape, a.strides, ours.strides, theirs.strides)
            assert b.tobytes(order if order != "K" else "C") == a.tobytes(order if order != "K" else "C")
            theirs, ours = np.zeros_like(a, order=order), cv.zeros_like(b, order=order)
            if a.size > 1 and 1 not in a.shape:
                assert ours.strides == theirs.strides
        for order in "CFA":
            same(b.reshape(-1, order=order), a.reshape(-1, order=order))
            if a.size:
                same(b.reshape(a.shape[::-1], order=order), a.reshape(a.shape[::-1], order=order))


def test_constructors_take_orders():
    for make in ("zeros", "ones", "empty"):
        assert getattr(cv, make)((2, 3), order="F").flags.f_contiguous
        assert getattr(cv, make)((2, 3), "i4", "F").strides == (4, 8)
    assert cv.full((2, 3), 7, order="F").strides == (8, 16)
    assert cv.array([[1, 2], [3, 4]], order="F").strides == (8, 16)
    assert cv.asarray(cv.ones((2, 3)), order="F").flags.f_contiguous
    x = cv.ones((2, 3))
    assert cv.asarray(x, order="C") is x
    for wrong, error in (("Q", ValueError), (3, TypeError)):
        with pytest.raises(error):
            cv.zeros(3, order=wrong)
    assert cv.array([1, 2], ndmin=3).shape == (1, 1, 2)
    with pytest.raises(ValueError, match="copy"):
        cv.array([1], copy=False)
    assert cv.arange(start=2, stop=5).tolist() == [2, 3, 4]


def test_pickles_go_both_ways_with_and_without_buffers():
    for a in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.array(3), np.zeros((0, 2)), np.arange(8)[::2]):
        x = cv.array(a) if a.flags.c_contiguous else cv.array(a, order="K")
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            same(pickle.loads(pickle.dumps(x, protocol)), a)
        buffers = []
        data = pickle.dumps(x, 5, buffer_callback=buffers.append)
        back = pickle.loads(data, buffers=buffers)
        same(back, a)
        if a.size > 1 and (x.flags.forc):
            assert len(buffers) == 1 and np.shares_memory(np.asarray(back), np.asarray(x))
        same(copy.deepcopy(x), a)
        same(copy.copy(x), a)
    w = cv.array([1.0], requires_grad=True)
    assert pickle.loads(pickle.dumps(w)).requires_grad


def test_the_array_interface_goes_both_ways():
    for a in arrays():
        if a.dtype == "bool":
            continue

        class Other:
            __array_interface__ = a.__array_interface__
            hold = a

        if a.size:
            same(cv.asarray(Other()), a)
        described = cv.array(a).__array_interface__
        assert described["shape"] == a.shape and described["typestr"] == a.dtype.str and described["version"] == 3
    for broken in ({}, {"typestr": "<f8"}, {"typestr": "<f8", "shape": (2,), "data": b"abc"}, 3):
        thing = type("Thing", (), {"__array_interface__": broken})()
        with pytest.raises((ValueError, TypeError)):
            cv.asarray(thing)


def test_lists_of_any_kind_become_numpys_arrays():
    class Sequence:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            if i > 2:
                raise IndexError
            return i

    for value in ([1, 2], [1.0, 2], [1, 2.5], [True, False], [True, 2], [[1, 2], [3, 4]], [(1, 2), [3, 4]], [1, 2j], [[]], [[], []], [2**63], [-1, 2**63],
                  ((1.0,), (2.0,)), [[True], [False]], range(4), [range(2), range(2)], Sequence(), [Sequence()], bytearray(b"ab"), [np.float32(1), 2], 3, 2.5):  # fmt: skip
        same(cv.array(value), np.array(value))
    for value, dtype in (([1, 2], "i1"), ([1.5, 2], "f4"), ([1, 0], "?"), ([1, 2], "c8"), ([True], "f8"), ([1.7], "i4")):
        same(cv.array(value, dtype=dtype), np.array(value, dtype=dtype))
    for value, dtype in (([300], "i1"), ([-1], "u1"), ([float("nan")], "i4")):
        with pytest.raises((OverflowError, ValueError)):
            cv.array(value, dtype=dtype)
    with pytest.raises(ValueError, match="ragged"):
        cv.array([[1, 2], [3]])


@pytest.mark.parametrize("name", [*NAMES, "bfloat16"])
def test_tolist_gives_numpys_lists(name):
    a = np.arange(24).reshape(2, 3, 4) % 7
    x = cv.array(a).astype(name)
    wanted = a.astype(name if name != "bfloat16" else "float32")
    for cut in (lambda v: v, lambda v: v.T, lambda v: v[0, ::2], lambda v: v[..., :0], lambda v: v[0, 0, 0]):
        ours, theirs = cut(x).tolist(), cut(wanted).tolist()
        assert ours == theirs and repr(ours) == repr(theirs)


def test_a_length_that_is_a_lie_is_an_error():
    class Liar:
        def __len__(self):
            return 2**40

        def __getitem__(self, i):
            raise IndexError(i)

    with pytest.raises((IndexError, ValueError, MemoryError)):
        cv.array(Liar())


def test_arguments_that_lie_about_their_length_are_errors_or_empty():
    class Liar(list):
        def __len__(self):
            return 2**61

    collections.abc.Sequence.register(Liar)
    x = cv.ones((2, 3))
    calls = [
        lambda a: cv.linalg.norm(x, axis=a),
        lambda a: x.reshape(a),
        lambda a: x.transpose(a),
        lambda a: cv.linalg.tensorsolve(cv.eye(6).reshape(2, 3, 6), x, axes=a),
        lambda a: cv.linalg.hosvd(x, a),
        lambda a: cv.ndarray((2, 3), strides=a),
        lambda a: cv.zeros(a),
        lambda a: cv.fft.fftn(x, axes=a),
        lambda a: cv.random.default_rng(1).random(a),
        lambda a: x.sum(axis=a),
    ]
    for call in calls:
        for items in ([], [0], [0, 1], [7, 8, 9]):
            try:
                call(Liar(items))
            except Exception:  # a panic is no `Exception`
                pass


def test_parts_of_arrays_without_axes_are_arrays():
    x = cv.array(1 + 2j)
    assert isinstance(x.real, cv.ndarray) and x.real.base is x
    x.real = 5
    x.imag[...] = 6
    assert x.item() == 5 + 6j and cv.array(3.0).imag.shape == ()


def test_in_place_indices_that_are_the_array_itself():
    a = np.arange(5)
    x = cv.array(a)
    a[2:][a[:-2]] = 3
    x[2:][x[:-2]] = 3
    same(x, a)


# ---- iterators and index objects


def test_flat_reads_writes_and_iterates():
    for a in (np.arange(12).reshape(3, 4), np.arange(24).reshape(2, 3, 4)[:, ::2].T):
        x = cv.array(a)
        x = x if a.flags.c_contiguous else cv.arange(24).reshape(2, 3, 4)[:, ::2].T
        for key in (0, -1, slice(1, 7, 2), [1, 3], slice(None), cv.array([0, 2]), Ellipsis):
            mine = np.asarray(key) if isinstance(key, cv.ndarray) else key
            same(x.flat[key], a.flat[mine])
        assert [int(v) for v in x.flat] == list(a.flat) and len(x.flat) == a.size
        for key, value in ((2, 50), (slice(3, 6), [7, 8]), ([0, 1], 5), (slice(0, 3), 9)):
            b, y = a.copy("K"), x.copy("K")
            b, y = a[...], x[...]
            b.flat[key], y.flat[key] = value, value
            same(y, b)
        it = x.flat
        next(it)
        assert it.index == 1 and it.coords == np.unravel_index(1, a.shape) and it.base is x
        x.flat = 3
        assert x.tolist() == np.full(a.shape, 3).tolist()
        with pytest.raises(IndexError):
            x.flat[a.size]
        with pytest.raises(IndexError):
            x.flat[0, 1]


def test_index_objects_make_numpys_arrays():
    for take in (lambda m: m.r_[1:4, 0, [5, 6]], lambda m: m.r_[0:1:5j], lambda m: m.r_["0,2", [1, 2], [3, 4]], lambda m: m.r_[1.5, 2],
                 lambda m: m.r_["1,2,0", [1, 2], [3, 4]], lambda m: m.c_[[1, 2], [3, 4]], lambda m: m.c_[m.array([[1, 2]]), [[3]]],
                 lambda m: m.mgrid[0:2, 0:3], lambda m: m.mgrid[0:1:3j, 0:2], lambda m: m.mgrid[-1:1:5j], lambda m: m.mgrid[2:5],
                 lambda m: m.r_[-1:1:6j, [0] * 3, 5, 6], lambda m: m.r_["-1", m.ones((2, 2)), m.zeros((2, 2))]):  # fmt: skip
        same(take(cv), take(np))
    for ours, theirs in zip(cv.ogrid[0:2, 0:3:4j], np.ogrid[0:2, 0:3:4j]):
        same(ours, theirs)
    assert cv.s_[1:3, None] == np.s_[1:3, None] and cv.index_exp[2] == (2,)


def test_iterators_visit_what_numpys_visit():
    for shape in ((2, 3), (0, 2), (), (3,)):
        assert list(cv.ndindex(shape)) == list(np.ndindex(shape))
    a = np.arange(6).reshape(2, 3)
    assert [(i, int(v)) for i, v in cv.ndenumerate(cv.array(a))] == list(np.ndenumerate(a))
    b = cv.broadcast([1, 2, 3], [[4], [5]])
    t = np.broadcast([1, 2, 3], [[4], [5]])
    assert (b.shape, b.size, b.nd, b.numiter) == (t.shape, t.size, t.nd, t.numiter)
    assert [tuple(int(v) for v in pair) for pair in b] == [tuple(int(v) for v in pair) for pair in t]
    with pytest.raises(ValueError, match="shape mismatch"):
        cv.broadcast([1, 2], [1, 2, 3])


def test_a_simple_nditer():
    a = np.arange(6).reshape(2, 3)
    x = cv.array(a)
    for order in "CFKA":
        assert [int(v) for v in cv.nditer(x, order=order)] == [int(v) for v in np.nditer(a, order=order)]
        assert [int(v) for v in cv.nditer(x.T, order=order)] == [int(v) for v in np.nditer(a.T, order=order)]
    it = cv.nditer(x, flags=["multi_index"])
    seen = []
    while not it.finished:
        seen.append((it.multi_index, int(it[0])))
        it.iternext()
    assert seen == list(np.ndenumerate(a))
    with cv.nditer(x, op_flags=["readwrite"]) as it:
        for v in it:
            v[...] = 2 * v
    same(x, 2 * a)
    [whole] = list(cv.nditer(x, flags=["external_loop"]))
    assert whole.tolist() == (2 * a).ravel().tolist()
    it = cv.nditer([x, None], [], [["readonly"], ["writeonly", "allocate"]])
    with it:
        for v, out in it:
            out[...] = v + 1
    same(it.operands[1], 2 * a + 1)
    pairs = [(int(p), int(q)) for p, q in cv.nditer([[1, 2], [[3], [4]]])]
    assert pairs == [(int(p), int(q)) for p, q in np.nditer([[1, 2], [[3], [4]]])]
    with pytest.raises(ValueError):
        next(iter(cv.nditer(x)))[...] = 1
    with pytest.raises(NotImplementedError):
        cv.nested_iters([x], [[0], [1]])


def test_functions_of_functions():
    def scalar(a, b=2):
        return a * b if a > 1 else a - b

    for args in (([1, 2, 3],), ([1, 2, 3], 4), ([[1], [2]], [1, 2, 3]), (5,)):
        same(cv.vectorize(scalar)(*args), np.vectorize(scalar)(*args))
    same(cv.vectorize(scalar, otypes=["f4"])([1, 2]), np.vectorize(scalar, otypes=["f4"])([1, 2]))
    mul = lambda m: m.vectorize(lambda a, b: a @ b, signature="(m,n),(n)->(m)")  # noqa: E731
    a, v = np.arange(12.0).reshape(2, 2, 3), np.arange(3.0)
    same(mul(cv)(cv.array(a), cv.array(v)), mul(np)(a, v))
    powers = lambda m: m.vectorize(lambda p, x: sum(c * x**i for i, c in enumerate(p)), excluded=["p"])  # noqa: E731
    same(powers(cv)(p=[1, 2, 3], x=[0, 1, 2]), powers(np)(p=[1, 2, 3], x=[0, 1, 2]))
    a = np.arange(24.0).reshape(2, 3, 4)
    for axis in (0, 1, 2, -1):
        for f in (lambda m: m.sum, lambda m: lambda v: v[::-1], lambda m: lambda v: m.stack([v, v])):
            same(cv.apply_along_axis(f(cv), axis, cv.array(a)), np.apply_along_axis(f(np), axis, a))
    same(cv.apply_over_axes(cv.sum, cv.array(a), [0, 2]), np.apply_over_axes(np.sum, a, [0, 2]))
    same(cv.fromfunction(lambda i, j: i + j, (2, 3), dtype=int), np.fromfunction(lambda i, j: i + j, (2, 3), dtype=int))
    same(cv.fromiter((i * i for i in range(4)), "f8"), np.fromiter((i * i for i in range(4)), "f8"))
    with pytest.raises(ValueError, match="iterator too short"):
        cv.fromiter(range(2), int, 3)
    with pytest.raises(TypeError, match="vectorize"):
        cv.frompyfunc(len, 1, 1)


def test_small_functions_are_numpys():
    for n in (0, 1, 5, 255, -5, -1, 2**70):
        assert cv.base_repr(n, 7) == np.base_repr(n, 7) and cv.binary_repr(n) == np.binary_repr(n)
    for n, width in ((3, 8), (-3, 8), (-128, 8), (0, 4), (-1, 3)):
        assert cv.binary_repr(n, width) == np.binary_repr(n, width)
    for x in (1.5, 0.1, 1e10, 1.23456789e-7, 0.0, -2.5, 1e300, float("nan"), float("-inf")):
        for options in ({}, {"precision": 3}, {"trim": "0"}, {"trim": "-"}, {"trim": ".", "precision": 2}, {"sign": True}, {"unique": False, "precision": 4}, {"min_digits": 5}):
            assert cv.format_float_scientific(x, **options) == np.format_float_scientific(x, **options), (x, options)
            if abs(x) < 1e20 and (options or x):
                assert cv.format_float_positional(x, **options) == np.format_float_positional(x, **options), (x, options)
    assert cv.format_float_positional(np.float16(0.1)) == np.format_float_positional(np.float16(0.1))
    assert cv.format_float_positional(12345.678, precision=3, fractional=False) == np.format_float_positional(12345.678, precision=3, fractional=False)
    for value in (3, 2.5, "a", [1], cv.float32(1), None):
        mine = np.float32(1) if isinstance(value, cv.generic) else value
        assert cv.isscalar(value) == np.isscalar(mine) and cv.iterable(value) == np.iterable(mine)
    for f in ("sqrt", "log", "log2", "log10", "arccos", "arcsin", "arctanh"):
        for value in ([0.5, 0.25], [-1.5, 0.5], 0.5, -2.0, 2.0):
            np.testing.assert_allclose(np.asarray(getattr(cv.emath, f)(value)), getattr(np.emath, f)(value))
    a = np.array([1.234, -5.675, 12345.678, 2.5, 3.5])
    for d in (0, 1, 2, -1, -3):
        same(cv.round(cv.array(a), d), np.round(a, d))
        same(cv.array(a).round(d), a.round(d))
        same(cv.round(cv.array([15, 25, 1234]), d), np.round(np.array([15, 25, 1234]), d))


def test_printing_with_options_is_numpys():
    a = np.array([[1.5, -2.25, 1e-9], [3, 1e5, 0.1]])
    for options in ({}, {"separator": ", "}, {"precision": 2}, {"suppress_small": True}, {"prefix": "abcdef"}, {"max_line_width": 20},
                    {"formatter": {"float": lambda v: f"<{v:.1f}>"}}, {"formatter": {"int": str}}, {"threshold": 2, "edgeitems": 1}, {"sign": "+"},
                    {"floatmode": "fixed", "precision": 3}, {"suffix": "xyz", "max_line_width": 25}):  # fmt: skip
        assert cv.array2string(cv.array(a), **options) == np.array2string(a, **options), options
        ints = (a * 10).astype(int)
        assert cv.array2string(cv.array(ints), **options) == np.array2string(ints, **options), options
    assert cv.array_repr(cv.array(a), 20, 3, True) == np.array_repr(a, 20, 3, True)
    assert cv.array_str(cv.array(a), 20, 3, True) == np.array_str(a, 20, 3, True)
    with cv.printoptions(formatter={"all": lambda v: "x"}), np.printoptions(formatter={"all": lambda v: "x"}):
        assert repr(cv.array(a)) == repr(a) and str(cv.array(a)) == str(a)
    big = np.arange(2000)
    for legacy in ("1.25", "2.1", False):
        with cv.printoptions(legacy=legacy), np.printoptions(legacy=legacy):
            assert repr(cv.array(big)) == repr(big)
            assert repr(cv.float64(1.5)) == repr(np.float64(1.5)) and repr(cv.bool(True)) == repr(np.bool(True))
    with pytest.raises(ValueError, match="legacy"):
        cv.set_printoptions(legacy="0.9")


def test_ctypes_sees_the_memory():
    import ctypes

    x = cv.arange(6, dtype="i4").reshape(2, 3)
    pointer = x.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
    assert [pointer[i] for i in range(6)] == list(range(6))
    assert list(x.ctypes.shape) == [2, 3] and list(x.ctypes.strides) == [12, 4]


def test_strided_views_stay_within_the_buffer():
    tricks = cv.lib.stride_tricks
    a = np.arange(10)
    x = cv.array(a)
    same(tricks.sliding_window_view(x, 3), np.lib.stride_tricks.sliding_window_view(a, 3))
    same(tricks.sliding_window_view(x.reshape(2, 5).T, (2, 2)), np.lib.stride_tricks.sliding_window_view(a.reshape(2, 5).T, (2, 2)))
    same(tricks.as_strided(x, (4, 3), (16, 8)), np.lib.stride_tricks.as_strided(a, (4, 3), (16, 8)))
    with pytest.raises(IndexError):
        tricks.as_strided(x, (100,), (8,))
    assert not tricks.sliding_window_view(x, 3).flags.writeable


def test_importing_is_quick_and_lazy():
    import subprocess
    import sys

    code = "import civita, sys; print(sorted(m for m in sys.modules if m.startswith('civita.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for lazy in ("_files", "testing", "_functional", "emath", "_iterators"):
        assert f"civita.{lazy}" not in loaded
    assert "vectorize" in dir(cv) and cv.vectorize is cv.vectorize
    with pytest.raises(AttributeError):
        cv.no_such_name


# ---- loops of ufuncs that are asked for


def outcome(call):
    """The value and dtype, or the class of the error."""
    try:
        y = np.asarray(call())
        return y.tolist(), y.dtype
    except Exception as e:
        return next(c for c in (TypeError, ValueError, OverflowError) if isinstance(e, c))


@pytest.mark.parametrize(
    "options",
    [
        {"signature": "dd->d"},
        {"sig": "ff->f", "casting": "unsafe"},
        {"signature": "ii->i", "casting": "unsafe"},
        {"signature": (None, None, "d")},
        {"signature": ("i4", "i4", None), "casting": "unsafe"},
        {"signature": (None, None, None)},
        {"signature": b"dd->d"},
        {"signature": "d"},
        {"signature": "dd>d"},
        {"signature": "%^->#"},
        {"signature": 3.0},
        {"signature": ("d",)},
        {"signature": "dd->f"},
        {"signature": "dd->d", "dtype": "d"},
        {"dtype": "f4", "casting": "equiv"},
        {"dtype": "i8"},
        {"dtype": "i8", "casting": "safe"},
        {"dtype": "i8", "casting": "unsafe"},
        {"dtype": bool},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["add", "divide", "less", "power"])
def test_a_loop_can_be_asked_for(name, options):
    for x, y in [([1.5, 2.5], [2.0, 3.0]), (1.5, 2.0), ([1, 2], [3, 4])]:
        wanted = outcome(lambda: getattr(np, name)(np.asarray(x), y, **options))
        got = outcome(lambda: getattr(cv, name)(cv.asarray(x), y, **options))
        assert got == wanted, (x, y)


def test_an_ellipsis_asks_for_arrays():
    assert type(cv.add(1, 2, out=...)) is cv.ndarray and cv.add(1, 2, out=...).shape == ()
    quotient, rest = cv.divmod(7, 2, out=...)
    assert type(quotient) is type(rest) is cv.ndarray
    with pytest.raises(TypeError, match="only allowed as a keyword argument"):
        cv.add(1, 2, ...)
    with pytest.raises(TypeError, match="per-operand"):
        cv.negative(1, out=(...,))


def test_an_array_can_be_a_shape():
    assert cv.ones(cv.asarray([2, 3])).shape == cv.zeros(np.array([2, 3])).shape == (2, 3)
    assert cv.ones(cv.asarray([], dtype=int)).shape == ()
    with pytest.raises(TypeError):
        cv.ones(cv.asarray([2.0]))


# ---- names that programs ask for


def test_the_version_is_numpys_and_the_package_has_its_own():
    assert cv.__version__.split(".")[:2] == np.__version__.split(".")[:2]
    assert cv.lib.NumpyVersion(cv.__version__) >= "2.0.0"
    assert cv.version.version == cv.version.full_version == cv.version.short_version == cv.__version__
    assert cv.version.release is True and sorted(vars(np.version).keys() & {"git_revision"}) == sorted(vars(cv.version).keys() & {"git_revision"})
    assert cv.version.civita_version == cv._civita.__version__ and cv.version.civita_version != cv.__version__


@pytest.mark.parametrize("size", [None, 1, 2, 3, 4, 5, 7, 12, 13, 24, 100])
def test_arrayterator_reads_numpys_blocks(size):
    from civita.lib import Arrayterator

    x = np.arange(24.0).reshape(2, 3, 4)
    theirs, ours = np.lib.Arrayterator(x, size), Arrayterator(cv.asarray(x), size)
    for index in (Ellipsis, 1, (slice(None), slice(1, 3)), (0, Ellipsis, slice(None, None, 2)), (slice(1, None), 0, slice(0, 3, 2)), (Ellipsis, 2)):
        a, b = ours[index], theirs[index]
        assert a.shape == b.shape and a.dtype == b.dtype and a.ndim == b.ndim
        assert [block.tolist() for block in a] == [block.tolist() for block in b]
        assert list(a.flat) == list(b.flat)
        np.testing.assert_array_equal(np.asarray(a.__array__()), b.__array__())
    # NumPy takes a stop of 0 for none, and counts no steps of steps
    assert list(ours[0:0]) == [] and ours[0:0].shape == (0, 3, 4)
    for index in ((Ellipsis, slice(None, None, 2)), (slice(None), slice(-2, None)), -1):
        np.testing.assert_array_equal(ours[index][index].__array__(), x[index if index != -1 else slice(1, 2)][index if index != -1 else slice(0, 1)])
    with pytest.raises(ValueError):
        ours[::-1]
    with pytest.raises(IndexError):
        ours[0, 0, 0, 0]


def test_unstack_of_a_vector_gives_scalars():
    for dtype in ("f4", "i8", "?"):
        ours, theirs = cv.unstack(cv.arange(3).astype(dtype)), np.unstack(np.arange(3).astype(dtype))
        assert [type(x).__name__ for x in ours] == [type(x).__name__ for x in theirs] and ours == theirs
    assert [x.shape for x in cv.unstack(cv.ones((2, 3)))] == [(3,), (3,)]


def test_ldexp_has_numpys_dtype():
    exponents = lambda m: (2, m.int64(2), m.int8(2), m.uint8(1), m.arange(3), m.arange(3, dtype="i2"), m.array(1), True)
    numbers = lambda m: (5, -7, 4097, 70000, 5.0, True, m.float32(5), m.int8(5), m.arange(3, dtype="i1"), m.arange(3, dtype="u2"), m.array([True]))
    keywords = lambda m: ({}, {"dtype": "f8"}, {"out": m.empty(3)})
    with cv.errstate(all="ignore"), np.errstate(all="ignore"):
        for i in range(11):
            for j in range(8):
                for k in range(3):
                    got, want = (m.ldexp(numbers(m)[i], exponents(m)[j], **keywords(m)[k]) for m in (cv, np))
                    assert got.dtype == want.dtype.name and type(got).__name__ == type(want).__name__, (i, j, k)
                    np.testing.assert_array_equal(np.asarray(got), want)


def test_private_names_that_libraries_import():
    from civita._core.einsumfunc import _parse_einsum_input as ours
    from numpy._core.einsumfunc import _parse_einsum_input as theirs

    shapes = {"ij,jk->ik": [(2, 3), (3, 4)], "ij,jk": [(2, 3), (3, 4)], "ba": [(2, 3)], "ii": [(3, 3)], " i j -> j ": [(2, 3)], "i,i->": [(3,), (3,)]}
    for text, all_ in shapes.items():
        got, want = (parse([text, *map(m.ones, all_)]) for parse, m in ((ours, cv), (theirs, np)))
        assert got[:2] == want[:2] and [x.shape for x in got[2]] == [x.shape for x in want[2]]
    # letters of ellipses are anybody's choice: the results say whether they are right
    for text, all_ in (("...ij,...jk", [(5, 2, 3), (3, 4)]), ("...i->...", [(2, 3)]), ("i...->i...", [(2, 3, 4)]), ("...,...", [(), (2,)])):
        inputs, output, arrays = ours([text, *map(cv.ones, all_)])
        assert cv.einsum(f"{inputs}->{output}", *arrays).shape == np.einsum(text, *map(np.ones, all_)).shape
    a, b = np.ones((2, 3)), np.ones((3, 4))
    got = ours([cv.asarray(a), [0, 1], cv.asarray(b), [1, 2], [2, 0]])
    assert np.einsum("->".join(got[:2]), a, b).shape == (4, 2)
    for bad in (["ij,jk", cv.ones((2, 3))], ["i->j", cv.ones(2)], ["i->ii", cv.ones(2)], ["i!", cv.ones(2)], [], ["...ijk", cv.ones(2)]):
        with pytest.raises(ValueError):
            ours(bad)
    for name in ("EigResult", "EighResult", "QRResult", "SlogdetResult", "SVDResult"):
        assert getattr(cv.linalg._linalg, name) is getattr(cv.linalg, name)


ITERATED = {
    "C order": lambda m: m.arange(6).reshape(2, 3),
    "Fortran order": lambda m: m.asarray(m.arange(6).reshape(2, 3), order="F"),
    "transposed": lambda m: m.arange(6).reshape(2, 3).T,
    "parts": lambda m: m.arange(24).reshape(2, 3, 4)[:, ::2, 1:3],
    "moved": lambda m: m.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
    "reversed": lambda m: m.arange(6).reshape(2, 3)[::-1],
    "reversed in part": lambda m: [m.arange(6).reshape(2, 3)[:, ::-1], m.arange(3)],
    "broadcast": lambda m: m.broadcast_to(m.arange(3), (2, 3)),
    "two": lambda m: [m.arange(6).reshape(2, 3), m.arange(3)],
    "two orders": lambda m: [m.arange(6).reshape(2, 3), m.asarray(m.arange(6).reshape(2, 3), order="F")],
    "no axes": lambda m: m.array(5),
    "axes of length 1": lambda m: m.arange(4).reshape(1, 4, 1),
}


@pytest.mark.parametrize("order", "KCFA")
@pytest.mark.parametrize("flags", [[], ["external_loop"], ["external_loop", "buffered"], ["multi_index"], ["c_index"], ["f_index"]])
@pytest.mark.parametrize("name", ITERATED)
def test_nditer_walks_as_numpys(name, flags, order):
    if name == "reversed in part" and "buffered" in flags:
        return  # how much goes into a buffer NumPy leaves open
    walks = []
    for m in (cv, np):
        it = m.nditer(ITERATED[name](m), flags=flags, order=order)
        walk = []
        for value in it:
            parts = value if isinstance(value, tuple) else (value,)
            walk.append([np.asarray(part).tolist() for part in parts])
            walk.append(it.multi_index if "multi_index" in flags else it.index if "_index" in str(flags) else None)
        walks.append(walk)
    assert walks[0] == walks[1]


@pytest.mark.parametrize("order", "KCFA")
@pytest.mark.parametrize("flags", [[], ["external_loop"], ["external_loop", "buffered"]])
def test_nditer_writes_whatever_the_order(flags, order):
    for make in (lambda m: m.arange(6).reshape(2, 3), lambda m: m.arange(12).reshape(3, 4)[:, ::2]):
        x = make(cv)
        with cv.nditer(x, flags=flags, op_flags=["readwrite"], order=order) as it:
            for value in it:
                value[...] = 2 * value
        np.testing.assert_array_equal(np.asarray(x), 2 * make(np))
    for a in (np.ones((2, 3)), np.ones((2, 3), order="F")):
        it = cv.nditer([cv.asarray(a), None], order=order)
        for value, out in it:
            out[...] = value + 1
        theirs = np.nditer([a, None], order=order)
        assert it.operands[1].strides == theirs.operands[1].strides
        np.testing.assert_array_equal(np.asarray(it.operands[1]), a + 1)
