"""Calls in NumPy's words that mean the same here: value, dtype, shape, kind of result, or kind of error. NumPy is asked beside us."""

import operator
import inspect
import pickle
import sys
import warnings

import civita as cv
import numpy as np
import pytest


def outcome(call, m):
    """What a call returns or raises, in terms that do not depend on the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return described(eval(call, {"m": m, "a": m.arange(6).reshape(2, 3), "nan": np.nan, "inf": np.inf, "operator": operator}))
        except Exception as error:
            return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def described(x):
    if isinstance(x, (tuple, list)):
        return type(x).__name__, [described(each) for each in x]
    if isinstance(x, (cv.dtype, np.dtype)):
        return str(x)
    if isinstance(x, (cv.ndarray, cv.generic, np.ndarray, np.generic)):
        kind = "array" if isinstance(x, (cv.ndarray, np.ndarray)) else "scalar"
        x = np.asarray(x)
        return kind, str(x.dtype), x.shape, repr(x.tolist())
    return x


def calls(text):
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    "call",
    calls("""
        m.max(a, initial=9.5)
        m.max(a, initial=9.5, where=a > 2)
        m.min(a, initial=2.5, where=a > 2)
        m.max(m.array([True, False]), initial=2.5)
        m.min(m.zeros(0, int), initial=2.5)
        m.max(m.zeros((0, 2), "u1"), initial=2.5, axis=0)
        m.max(a.astype("u1"), initial=-3)
        m.sum(a.astype("u1"), initial=-3, dtype="u1")
        m.sum(a, initial=2.5)
        m.sum([], initial=-0.0)
        m.add.reduce(m.zeros((2, 0)), axis=1, initial=-0.0)
        m.prod(m.zeros((0, 2), "i4"), axis=0, initial=3)
        m.maximum.reduce(a, initial=9.5)
    """),
)
def test_the_initial_value_of_a_reduction_has_the_dtype_of_the_result(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.cumsum(5, axis=0)
        m.cumprod(5.0, axis=-1)
        m.nancumsum(5.0, axis=0)
        m.cumsum(5, axis=1)
        m.ptp(5, axis=0)
        m.ptp(5, axis=1)
        m.count_nonzero(5, axis=-1)
        m.count_nonzero(m.array(5), keepdims=True)
        m.take(5, 0, axis=0)
        m.take(5, [0, 0], axis=-1)
        m.take(5, 1, axis=0)
        m.repeat(5, 3, axis=0)
        m.repeat(5, [2], axis=-1)
        m.repeat(5, 3, axis=1)
        m.lexsort([5.0])
        m.lexsort(m.array([1, 2]))
    """),
)
def test_a_number_has_a_first_and_a_last_axis(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.resize(5, ())
        m.tile(True, ())
        m.i0(m.array(5))
        m.diff(m.array(5), n=0)
        m.real_if_close(m.array(5))
        m.cross([1, 2], [3, 4])
        m.unique(m.array(5), return_inverse=True)
        m.array([1, 2]) == "a"
        m.array([[1, 2]]) != b"a"
        m.array(0) == "a"
        m.array([1, 2]) < "a"
    """),
)
def test_results_without_axes_that_are_arrays(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.round(m.array([-0.01 + 1j, 2.25 - 0.01j]), 1)
        m.round(m.array([-0.01 + 1j], "c8"), 1)
        m.round(m.array(complex(-inf, 2.25)), 1)
        m.round(m.array([complex(1, nan).imag * 1j]), 0)
        m.nan_to_num(m.array([complex(1, inf), complex(-inf, nan)]))
        m.take(a, [True, False])
        m.take(a, m.array([True, False]), axis=1)
        m.nanquantile(m.zeros(0, int), 0.5)
        m.nanpercentile(m.zeros((2, 0), bool), 30, axis=1)
        m.quantile(m.zeros(0, int), 0.5)
        m.clip(m.array([True]), 0, m.array([3], "u2"))
        m.clip(m.array([1], "i1"), 0.5, m.array([3], "f4"))
        m.clip(m.array([5], "i1"), m.array([3], "i2"), 4)
        m.clip(m.array([9], "u1"), 300, 1.5)
        m.clip(m.array([9], "u1"), -1, 300)
        m.clip(m.array([-9], "i1"), 300, m.array(-0.5))
        m.clip(m.array([True]), 300, m.array([-5], "i4"))
        m.clip(a, 1, 3, dtype="f4")
        m.linalg.vecdot(m.arange(3), m.arange(3.0))
        m.linalg.matrix_rank(m.array([1, 0]))
        m.linalg.matrix_rank(0)
        m.clip(a, 1.5, 3, dtype="i8", casting="unsafe")
        m.clip(m.array([1.5]), 1, 3, dtype="i8")
        m.clip(a, 1, 3, out=m.zeros((2, 3)), where=a > 1)
        m.choose([0, 1], [[1.5, 2], [3, 4.5]], out=m.zeros(2, int))
        m.choose([0, 1], [[1, 2], [3, 4]], out=m.zeros(2))
        m.choose([0, 1], [[1j, 2], [3, 4.5]], out=m.zeros(2, int))
        m.take([1.5, 2.5], [0, 1], out=m.zeros(2, int))
        m.compress([1, 1], [1.5, 2.5], out=m.zeros(2, int))
        m.pad(a, 1, mode=1)
        m.pad(a, 1, "edge", stat_length=None)
        m.pad(a, 1, "mean", constant_values=0)
        m.pad(a, 1, "wrap", reflect_type="even")
        m.setbufsize(-5)
        m.quantile(m.array([1, 2, 4], "i1"), m.array([0.5, 0.25], "f4"))
        m.quantile(m.array([1, 2, 4], "i8"), m.float32(0.5))
        m.quantile(m.array([1, 2, 4], "f4"), m.array([0.5]))
        m.bincount(m.zeros(0, int), weights=m.zeros(0))
        m.bincount(m.zeros(0, int), weights=m.zeros(0), minlength=2)
        m.bincount([0, 1, 1], weights=[1, 2, 3])
    """),
)
def test_values_dtypes_and_errors(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.bitwise_and(2, m.array([1, 2], "u8"), casting="safe")
        m.add(m.array([1, 2], "i1"), 1, casting="no")
        m.add(m.array([1, 2], "f4"), 1.5, casting="no")
        m.add(m.array([1, 2], "i1"), 1.5, casting="no")
        m.add(m.array([1, 2], "i1"), m.array([1], "i2"), casting="no")
        m.add(1, m.array([1, 2], "u8"), dtype="u8", casting="no")
        m.sin(a, dtype=bool)
        m.frexp(a, dtype="i4")
        m.nextafter(a, a, dtype="i4")
        m.spacing(a, dtype="u1")
        m.divmod(a, 2, dtype="i4")
        m.modf(a, dtype="f4")
        m.ldexp(m.array([1.5], "f4"), m.array([2]), dtype="f8")
        m.bitwise_count(m.array([7], "u1"), dtype="u1")
        m.greater.reduce(a, dtype="i8")
        m.divide.reduce(a, dtype="i8")
        m.hypot.reduce(a, dtype="f4")
        m.logical_and.reduce(a, dtype="i8")
        m.logical_and.reduce(a, dtype=bool)
        m.equal.reduce(a)
        m.less.accumulate(a)
        m.not_equal.reduceat(a, [0, 1])
        m.equal.reduce(a > 2)
        m.add(1, 2, sig="ii->i", signature="ii->i")
        m.subtract(a, 2, out=m.zeros((2, 3), int), where=[[1, 0, 1], [0, 1, 0]])
        m.subtract(a, 2, out=m.zeros((2, 3), int), where=[True, False, True])
        m.subtract(a, 2, out=m.zeros((2, 3), int), where=m.array([1, 0, 1]))
        m.sum(a, where=[[1, 0, 1], [0, 1, 0]])
    """),
)
def test_dtypes_of_ufuncs(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.add.resolve_dtypes((m.dtype("i4"), m.dtype("f4"), None))
        m.add.resolve_dtypes((m.dtype("i4"), int, None))
        m.add.resolve_dtypes((m.dtype("f4"), float, m.dtype("f8")))
        m.add.resolve_dtypes((m.dtype("f4"), complex, None))
        m.sqrt.resolve_dtypes((m.dtype("i4"), None))
        m.equal.resolve_dtypes((m.dtype("i4"), m.dtype("i8"), None))
        m.frexp.resolve_dtypes((m.dtype("f4"), None, None))
        m.divmod.resolve_dtypes((m.dtype("i4"), m.dtype("i2"), None, None))
        m.add.resolve_dtypes((m.dtype("f4"), m.dtype("f4"), m.dtype("i4")))
        m.add.resolve_dtypes((m.dtype("f4"), m.dtype("f4"), m.dtype("i4")), casting="unsafe")
        m.add.resolve_dtypes((m.dtype("f4"), m.dtype("f4")))
        m.add.resolve_dtypes((None, m.dtype("f4"), None), reduction=True)
        m.negative.resolve_dtypes((m.dtype("f4"), None), reduction=True)
    """),
)
def test_the_dtypes_that_a_ufunc_resolves(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.sum(m.array([1.5, 1.5]), out=m.zeros((), int))
        m.max(m.array([1.5, 2.5]), out=m.zeros((), int))
        m.mean(m.array([1.5, 2.0]), out=m.zeros((), int))
        m.var(m.array([1.5, 2.0]), out=m.zeros((), int))
        m.std(m.array([1.5, 2.0]), out=m.zeros((), int))
        m.any(m.array([1.5, 2.0]), out=m.zeros((), int))
        m.ptp(m.array([1.5, 2.0]), out=m.zeros((), int))
        m.median([1.5, 2.5], out=m.zeros((), int))
        m.nansum([1.5, nan], out=m.zeros((), int))
        m.trace([[1.5]], out=m.zeros((), int))
        m.cumsum([1.5, 1.5], out=m.zeros(2, int))
        m.cumprod([1.5, 2.5], out=m.zeros(2, int))
        m.add.accumulate([1.5, 1.5], out=m.zeros(2, int))
        m.max([[1.5, 2.5]], axis=1, out=m.zeros((1, 1), int))
        m.spacing(2.0, out=m.zeros(2))
        m.nextafter([1.0, 2.0], 3.0, out=m.zeros((2, 2)))
        m.ldexp([1.0, 2.0], 3, out=m.zeros(1))
        m.positive([1, 2], out=m.zeros(1))
    """),
)
def test_outputs(call):
    assert outcome(call, cv) == outcome(call, np)


@pytest.mark.parametrize(
    "call",
    calls("""
        m.matmul(a, a.T, axes=[(0, 1), (0, 1), (1, 0)])
        m.matmul(a, a, axes=[(0, 1), (1, 0)])
        m.matmul(a, a, axes=[(1, 0), (0, 1), (0, 1)])
        m.matmul(a, m.arange(3), axes=[(0, 1), 0, 0])
        m.matmul(m.arange(3), m.arange(3), axes=[0, 0, ()])
        m.matmul(a, a.T, axes=[(0, 1), (0, 1)], out=m.zeros((2, 2), int))
        m.matmul(a, a.T, axes=[(0, 1), (0,)])
        m.matmul(a, a.T, axes=((0, 1), (0, 1), (0, 1)))
        m.matmul(a, a.T, axis=0)
        m.matmul(a, a.T, keepdims=True)
        m.matmul(a, a.T, signature="ff->f")
        m.vecdot(a, a, keepdims=True)
        m.vecdot(a, a, axis=0, keepdims=True)
        m.vecdot(a, a, axes=[0, 0])
        m.vecdot(a, a, axes=[1, 1, 0], keepdims=True)
        m.vecdot(a, a, axis=0, axes=[0, 0])
        m.matvec(a, m.arange(3), axes=[(0, 1), 0, 0])
        m.vecmat(m.arange(3), a, axes=[0, (1, 0), 0])
    """),
)
def test_axes_of_products(call):
    assert outcome(call, cv) == outcome(call, np)


def test_copy_says_when_an_array_is_copied():
    a = cv.ones((3, 4))
    for copy in (None, False, cv._CopyMode.IF_NEEDED, cv._CopyMode.NEVER):
        assert cv.array(a, copy=copy) is a
        assert cv.asarray(a, copy=copy) is a
        view = memoryview(a)
        assert cv.array(view, copy=copy).base is view
    for copy in (True, cv._CopyMode.ALWAYS):
        assert not cv.shares_memory(cv.array(a, copy=copy), a)
    assert cv.array(a.T, copy=None, order="C").flags.c_contiguous
    for copy in (False, cv._CopyMode.NEVER):
        with pytest.raises(ValueError, match="Unable to avoid copy"):
            cv.array(a.T, copy=copy, order="C")


def test_what_an_object_becomes_is_told_whether_to_copy():
    class Keeper:
        def __init__(self):
            self.array, self.other, self.told = cv.ones((3, 4)), cv.zeros((3, 4)), []

        def __array__(self, dtype=None, copy=None):
            self.told.append(copy)
            return self.other if copy else self.array

    x = Keeper()
    assert cv.array(x) is x.other
    assert cv.array(x, copy=None) is x.array
    assert cv.asarray(x, copy=False) is x.array
    assert x.told == [True, None, False]
    assert not cv.shares_memory(cv.array(x, order="F"), x.other)
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        cv.asarray(x, dtype="f4", copy=False)

    class Old:
        def __init__(self):
            self.array = cv.ones(3)

        def __array__(self, dtype=None):
            return self.array

    x = Old()
    assert not cv.shares_memory(cv.array(x), x.array)
    assert cv.asarray(x) is x.array
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        cv.asarray(x, copy=False)


def test_only_an_array_that_shares_memory_has_a_base():
    theirs = np.arange(6.0)
    assert cv.asarray(theirs).base is theirs
    for copied in (cv.array(theirs), cv.asarray(theirs, dtype="f4"), cv.array(memoryview(theirs))):
        assert copied.base is None
        assert copied.flags.owndata


def test_what_an_object_says_when_it_is_to_become_an_array_is_told():
    class Refuses:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("not this way")

    for op in (operator.eq, operator.ne, operator.lt, operator.ge, operator.add):
        with pytest.raises(TypeError, match="not this way"):
            op(cv.arange(2), Refuses())
        with pytest.raises(TypeError, match="not this way"):
            op(Refuses(), cv.arange(2))


def test_a_number_with_an_array_interface():
    class Number:
        def __init__(self, **more):
            self.__array_interface__ = {"typestr": "f8", **more}

        def __float__(self):
            return 0.5

    for m in (cv, np):
        assert outcome("m.array(x)", m) is not None
        assert described(m.array(Number())) == ("array", "float64", (), "0.5")
        assert described(m.array([Number(), Number()])) == ("array", "float64", (2,), "[0.5, 0.5]")
        assert described(m.array(Number(shape=(1, 1)))) == ("array", "float64", (1, 1), "[[0.5]]")
        for wrong, error in [({"shape": (2,)}, ValueError), ({"strides": (2,)}, ValueError), ({"shape": None}, TypeError)]:
            with pytest.raises(error):
                m.array(Number(**wrong))


@pytest.mark.parametrize(
    "call",
    calls("""
        m.poly(m.array([1.5], "f2"))
        m.poly(m.array([1.5], "f4"))
        m.roots(m.array([1.0], "f4"))
        m.roots(m.array([1.0, 0.0], "f4"))
        m.polyder(m.array([1], "u1"))
        m.polyder(m.array([1, 2, 3], "u1"), 3)
        m.polyder(m.array([1.0], "f4"), 0)
    """),
)
def test_dtypes_of_polynomials(call):
    assert outcome(call, cv) == outcome(call, np)


def test_pickles_of_any_order_of_axes_go_as_a_buffer():
    a = cv.arange(120.0).reshape(2, 3, 4, 5)
    for axes in [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 2, 3), (2, 0, 3, 1)]:
        buffers = []
        x = a.transpose(axes)
        text = pickle.dumps(x, protocol=5, buffer_callback=buffers.append)
        assert len(buffers) == 1
        y = pickle.loads(text, buffers=buffers)
        assert y.strides == x.strides
        assert (y == x).all()
        # what has gaps goes as a copy
        assert (pickle.loads(pickle.dumps(x[:, ::2], protocol=5)) == x[:, ::2]).all()


def test_words_and_elements_that_do_not_exist():
    d = cv.arange(10)
    with pytest.raises(ValueError, match="kind"):
        d.partition(2, kind="nonsense")
    with pytest.raises(TypeError):
        del d.flat[1]


def test_the_size_of_an_array_in_memory():
    a = cv.ones((10, 100))
    assert a.nbytes < sys.getsizeof(a) < a.nbytes + 512
    assert sys.getsizeof(a[...]) < 512
    assert sys.getsizeof(a.reshape(10, 10, 10).copy()) > sys.getsizeof(a)
    assert len(pickle.dumps(a)) > a.nbytes


def test_no_order_is_the_functions_own():
    a = cv.arange(6).reshape(2, 3).T
    x = np.arange(6).reshape(2, 3).T
    for name, *more in [("reshape", (6,)), ("ravel",), ("copy",)]:
        mine, theirs = getattr(cv, name)(a, *more, order=None), getattr(np, name)(x, *more, order=None)
        assert mine.tolist() == theirs.tolist()
        assert mine.strides == theirs.strides
    assert cv.eye(3, order=None).strides == np.eye(3, order=None).strides


def test_arguments_by_position_and_by_name():
    a = cv.arange(6.0).reshape(2, 3)
    for call in (cv.flip, type(cv.flip).__call__):
        front = () if call is cv.flip else (cv.flip,)
        for args, kwargs in [((a, 1), {}), ((a,), {"axis": 1}), ((), {"axis": 1, "m": a}), ((), {"m": a, "axis": 1})]:
            assert call(*front, *args, **kwargs).tolist() == [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]
    # a method of the class, of an array, and kept
    kept = a.take
    for result in (cv.ndarray.take(a, [1]), a.take([1]), a.take(indices=[1]), kept([1]), kept(*([1],), **{"axis": None})):
        assert result.tolist() == [1.0]
    assert kept.__self__ is a
    assert list(map(cv.sqrt, [4.0, 9.0])) == [2.0, 3.0]
    assert cv.sqrt(a, out=a) is a
    assert cv.add(*[a, a], **{"dtype": "float32"}).dtype == cv.float32
    for wrong in (cv.flip, cv.sin, cv.sum, cv.ndarray.take):
        with pytest.raises(TypeError):
            wrong()
        with pytest.raises(TypeError):
            wrong(a, nothing=1)
        with pytest.raises(TypeError):
            type(wrong)()


def test_calls_keep_no_references():
    a, objects = cv.arange(6.0), [cv.flip, cv.sin, cv.sum, cv.ndarray.take]
    before = [sys.getrefcount(ob) for ob in [a, *objects]]
    for _ in range(100):
        cv.flip(a), cv.flip(a, axis=0), cv.sin(a), cv.sin(a, out=a), cv.sum(a), cv.sum(a, axis=0), a.take([1], axis=0)
        for function in objects:
            with pytest.raises(TypeError):
                function(a, nothing=1)
    del function
    assert [sys.getrefcount(ob) for ob in [a, *objects]] == before


def test_reductions_as_methods():
    a = cv.arange(6.0).reshape(2, 3)
    for name in ("sum", "mean", "max", "any", "argmax", "std"):
        method, of_class = getattr(a, name), getattr(cv.ndarray, name)
        theirs = getattr(np.arange(6.0).reshape(2, 3), name)
        for args, kwargs in [((), {}), ((0,), {}), ((), {"axis": 1}), ((), {"axis": 0, "keepdims": True})]:
            wanted = theirs(*args, **kwargs)
            for mine in (method(*args, **kwargs), of_class(a, *args, **kwargs), getattr(cv, name)(a, *args, **kwargs)):
                np.testing.assert_allclose(np.asarray(mine), wanted, rtol=1e-15)
        assert pickle.loads(pickle.dumps(method))() == method()
        assert method.__name__ == name and method.__self__ is a
        assert len(method.__doc__) > 20 and method.__doc__ in getattr(cv, name).__doc__
        assert "axis" in inspect.signature(method).parameters
        with pytest.raises(TypeError, match="array in front"):
            of_class([1.0])
        with pytest.raises(TypeError):
            method(nothing=1)
