"""What the suites of CuPy, JAX and others ask of NumPy, live: dtypes of outputs, arguments that are arrays or floats, classes of errors.

A case is an expression in which `x` is NumPy or Civita. Results are compared with their dtypes, shapes and classes, errors by their
builtin classes.
"""

import itertools
import warnings

import numpy as np
import pytest

import civita as cv

ERRORS = (TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError, AttributeError)


def into(x, shape, dtype, write):
    """An output after a call has written it."""
    out = x.zeros(shape, dtype)
    write(out)
    return out


def written(a, write):
    write(a)
    return a


def shown(value):
    if isinstance(value, (tuple, list)):
        return [shown(v) for v in value]
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return (value.ndim, np.dtype(value.dtype.name).name, value.shape, repr(value.tolist()))
    return repr(value)


def answer(x, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return shown(eval(text, {"x": x, "np": np, "into": into, "written": written}))
        except ERRORS as error:
            return next(base for base in type(error).__mro__ if base.__module__ == "builtins" and base in ERRORS)


def check(text):
    assert answer(cv, text) == answer(np, text), text


EINSUMS = {
    "i,i->": ("[{0}, {0}]", "[{0}, {0}]", ()),
    "i,i->i": ("[{0}, {0}]", "[{0}, {0}]", (2,)),
    "ij,jk->ik": ("[[{0}, {0}]] * 2", "[[{0}, {0}]] * 2", (2, 2)),
    "ij,j->i": ("[[{0}, {0}]] * 2", "[{0}, {0}]", (2,)),
    "bij,bjk->bik": ("[[[{0}, {0}]] * 2]", "[[[{0}, {0}]] * 2]", (1, 2, 2)),
}


@pytest.mark.parametrize("text", EINSUMS)
def test_einsum_computes_in_the_dtype_of_operands_and_output(text):
    a, b, shape = EINSUMS[text]
    values = {"int8": 100, "bool": True, "int64": 2**40, "float16": 300.0, "float32": 3e30, "complex64": 3e30}
    for (dtype, value), out in itertools.product(values.items(), ["int8", "int32", "int64", "float32", "float64", "complex128"]):
        left, right = (f"x.array({side.format(value)}, dtype={dtype!r})" for side in (a, b))
        check(f"into(x, {shape}, {out!r}, lambda o: x.einsum({text!r}, {left}, {right}, out=o))")


@pytest.mark.parametrize(
    "text",
    [
        "into(x, (), 'int32', lambda o: x.einsum('i,i->', x.ones(2, int), x.ones(2, int), out=o, casting='unsafe'))",
        "into(x, (), 'int32', lambda o: x.einsum(x.array([100], 'i1'), [0], x.array([100], 'i1'), [0], [], out=o))",
        "into(x, (2,), 'complex64', lambda o: x.einsum('ii->i', x.ones((2, 2), 'i1'), out=o))",
    ],
)
def test_einsum_of_other_calls(text):
    check(text)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64"])
def test_ranges_of_numbers_with_dtypes_are_at_least_of_int64(dtype):
    for one in (f"x.{dtype}({{}})", f"np.{dtype}({{}})", f"x.array({{}}, {dtype!r})"):
        start, stop, step = (one.format(n) for n in (0, 100, 60))
        for call in ("arange({2})", "arange({0}, {1})", "arange({0}, {1}, {2})", "arange({0}, {1}, 1)", "mgrid[{0}:{1}:{2}]",
                     "ogrid[{0}:{1}:{2}]", "r_[{0}:{1}:{2}]", "arange(stop={1}, step={2})"):  # fmt: skip
            check("x." + call.format(start, stop, step))
    check(f"x.arange(x.{dtype}(0), x.{dtype}(9), x.{dtype}(2), dtype={dtype!r})")


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "complex64"])
def test_vectorize_hands_on_numbers_of_python(dtype):
    a = f"x.array([1, 0, 1], {dtype!r})"
    for function, otypes in [
        ("lambda v: v * 200 * 200", "['int64']"), ("lambda v: v - 1", "['int64']"), ("lambda v: v / 3", "[float]"), ("lambda v: -v", "['c8']"),
        ("lambda v: v is True", "[bool]"), ("lambda v: isinstance(v, int)", "[bool]"), ("lambda v: type(v) in (bool, int, float, complex)", "[bool]"),
        ("lambda v: v.bit_length()", "[int]"), ("lambda v: (v, v * 2)", "['i8', 'c16']"), ("lambda v: v * 10 ** 40", "[float]"),
    ]:  # fmt: skip
        check(f"x.vectorize({function}, otypes={otypes})({a})")
    for cache in (True, False):
        # of the first call, which has scalars with dtypes, is the dtype of the result
        check(f"x.vectorize(lambda v: v * 100, cache={cache})({a})")
        check(f"x.vectorize(lambda v: type(v) in (bool, int, float, complex), cache={cache})({a})")


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "float16", "float32"])
def test_initial_values_stay_what_they_are_in_outputs_of_floats(dtype):
    for name, out, initial in itertools.product(
        ["max", "min", "amax", "amin", "nanmax", "nanmin"], ["float32", "float64", "complex128", "int64"], ["0.5", "2", "x.float64(0.25)"]
    ):
        check(f"into(x, (), {out!r}, lambda o: x.{name}(x.array([3, 2, 0], {dtype!r}), out=o, initial={initial}))")
        if name in ("max", "min"):
            check(f"into(x, (2,), {out!r}, lambda o: x.ones((2, 2), {dtype!r}).{name}(axis=0, out=o, initial={initial}))")
            check(f"into(x, (), {out!r}, lambda o: x.{name}imum.reduce(x.array([3, 2, 0], {dtype!r}), out=o, initial={initial}))")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_folds_of_floats_into_integers(dtype):
    a = f"x.array([300, 300], {dtype!r})"
    for out in ("int32", "int64", "uint64", "float64"):
        for name in ("prod", "sum", "nanprod", "nansum", "multiply.reduce", "add.reduce"):
            check(f"into(x, (), {out!r}, lambda o: x.{name}({a}, out=o))")
        for name in ("cumprod", "cumsum", "nancumprod", "cumulative_prod", "cumulative_sum", "multiply.accumulate", "add.accumulate"):
            check(f"into(x, (2,), {out!r}, lambda o: x.{name}({a}, out=o))")
        for name in ("prod", "sum"):
            check(f"into(x, (), {out!r}, lambda o: {a}.{name}(out=o))")
        check(f"into(x, (1,), {out!r}, lambda o: x.multiply.reduceat({a}, [0], out=o))")


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "complex64", "int8", "uint64", "bool_", "intc", "longlong"])
def test_numpy_knows_the_classes_of_scalars(name):
    ours, theirs = getattr(cv, name), getattr(np, name)
    assert np.dtype(ours) == np.dtype(theirs)
    assert np.zeros(2, dtype=ours).dtype == np.dtype(theirs)
    assert hash(cv.dtype(ours)) == hash(np.dtype(theirs))
    assert {np.dtype(theirs): 1}[cv.dtype(ours)] == 1
    assert ours(1).dtype == cv.dtype(ours)
    if name != "bool_":
        swapped = np.dtype(theirs).newbyteorder()
        assert hash(cv.dtype(swapped.str)) == hash(swapped)


OUTPUTS = [
    "into(x, 3, 'int64', lambda o: x.nanmean([[1, 2, 4], [0, 5, 5]], axis=0, out=o))",
    "into(x, 3, 'int64', lambda o: x.nanmean([[1, 2, 4], [0, 5, 5.5]], axis=0, out=o))",
    "into(x, 3, 'int64', lambda o: x.nanmedian([[1.5, 2, 4], [0, 5, 5]], axis=0, out=o))",
    "into(x, (2, 3), 'float64', lambda o: x.nanmedian([[1.5, 2, 4], [0, 5, 5]], axis=0, out=o))",
    "into(x, (), bool, lambda o: x.nanmax([1, 2, 3], out=o))",
    "into(x, (), int, lambda o: x.nanmin([1.5, x.nan], out=o))",
    "into(x, (), int, lambda o: x.ptp(x.array([True, False]), out=o))",
    "into(x, (), float, lambda o: x.ptp(x.array([True, False]), out=o))",
    "x.ptp(x.array([True, False]))",
    "into(x, 3, 'uint8', lambda o: x.cumulative_sum(x.array([100, 200, 3]), out=o))",
    "into(x, 3, bool, lambda o: x.cumulative_prod(x.array([100, 200, 3]), out=o))",
    "into(x, 4, 'int64', lambda o: x.cumulative_sum(x.array([1.5, 2.5, 3]), out=o, include_initial=True))",
    "into(x, 2, int, lambda o: x.choose([0, 0], [x.array([1.5, 3])], out=o))",
    "into(x, 2, 'float32', lambda o: x.choose([0, 0], [x.array([1, 3])], out=o))",
    "into(x, 1, int, lambda o: x.take(x.array([1.5, 3]), [0], out=o))",
    "into(x, 1, 'float32', lambda o: x.take(x.array([1, 3]), [0], out=o))",
    "into(x, 1, 'float32', lambda o: x.array([1, 3]).take([0], out=o))",
    "into(x, 1, 'complex64', lambda o: x.take(x.array([1.5, 3]), [0], out=o))",
    "into(x, 1, float, lambda o: x.compress([1, 0], x.array([1, 3]), out=o))",
    "into(x, (), float, lambda o: x.argmax(x.arange(3), out=o))",
    "into(x, (), 'int8', lambda o: x.argmax(x.arange(3), out=o))",
    "into(x, (), 'uint64', lambda o: x.arange(3).argmin(out=o))",
    "into(x, (), float, lambda o: x.nanargmax([1.0, 2], out=o))",
    "into(x, 4, bool, lambda o: x.isposinf(x.inf, out=o))",
    "into(x, (2, 4), float, lambda o: x.isneginf(x.array([1, -x.inf, 0, 0]), out=o))",
    "into(x, (2, 4), float, lambda o: x.clip(x.array([1.5, -2.5, 0, 0]), 0, 1, out=o))",
    "into(x, (2, 1), float, lambda o: x.outer([1.], [2.], out=o))",
]
AXES = [
    f"x.ones((2, 3)).{method}({axes})"
    for method, axes in itertools.product(
        ["reshape", "transpose"], ["np.array([1, 0]) + 0", "x.array([1, 0])", "[1, 0]", "range(2)", "np.array(6)", "np.array([3, 2])"]
    )
] + [
    "x.ones((2, 3)).reshape(np.array([3, 2]), order='F')",
    "x.ones((2, 3)).reshape(3, np.array(2))",
    "x.ones(3).reshape(3, 1, copy='foo')",
    "x.transpose(x.ones((2, 3)), x.array([1, 0]))",
    "x.transpose(x.ones((2, 3)), np.array([1, 0]))",
    "x.permute_dims(x.ones((2, 3)), np.array([1, 0]))",
    "x.tensordot(x.ones((2, 3)), x.ones((3, 2)), x.array([[1], [0]]))",
    "x.tensordot(x.ones((2, 3)), x.ones((3, 2)), np.array([1, 0]))",
    "x.indices(3)",
    "x.indices(x.array([2, 1]))",
]
COUNTS = [
    f"x.repeat(x.arange(3), {repeats})"
    for repeats in ("x.array([True, False, True])", "[True, False, True]", "True", "2.0", "2.5", "[2.0, 1, 1]", "x.array([1, 2, 3], 'uint8')",
                    "x.array([1, 2, 3], 'uint64')", "x.array([1., 2, 3])", "[[1, 2, 3]]", "x.array([[1, 2, 3]])", "x.nan", "-1")  # fmt: skip
] + [
    "x.arange(3).repeat(2.0)",
    "x.tri(3, k=1.0)",
    "x.tri(2.0, 3)",
    "x.tril(x.ones((3, 3)), 1.0)",
    "x.triu(x.ones((3, 3)), k=x.float64(-1))",
    "x.triu(x.ones((3, 3)), k=np.float64(-1))",
    "x.tril_indices(3, k=1.0)",
    "x.triu_indices(3, 1.0)",
    "x.roll(x.arange(3), 1.0)",
    "x.roll(x.arange(6).reshape(2, 3), [1.7, -1.2], axis=(0, 1))",
    "x.rot90(x.ones((2, 3)), 1.0)",
    "x.partition(x.arange(4), x.array([[1, 2]]))",
    "x.argpartition(x.arange(4), [[1]])",
    "x.bincount([])",
    "x.bincount(())",
    "x.bincount(x.array([]))",
    "x.ix_([])",
    "x.ix_(x.array([]))",
    "x.take([1, 2], x.array([]))",
    "x.take([1, 2], ())",
    "x.ravel_multi_index(([1], [2]), (3, 3), order='K')",
    "x.unravel_index([1, 2], (3, 3), 'A')",
    "x.delete(x.arange(3), True)",
    "x.delete(x.arange(3), x.array(True))",
    "x.delete(x.arange(3), [True, False, True])",
    "x.delete([1, 2, 3], 1.5)",
    "x.delete([1, 2, 3], [1.0])",
    "x.insert([1, 2, 3], 1.5, 9)",
    "x.searchsorted([1, 2], 1, sorter=[])",
    "x.searchsorted([1, 2], 1, sorter=x.array([0.0, 1]))",
    "x.searchsorted([1, 2], 1, sorter=[1, 0])",
    "x.quantile([1, 2, 3], 0.5j)",
    "x.quantile([1, 2, 3], x.full((2, 2), 0.5))",
    "x.percentile([1, 2, 3], x.full((2, 2, 2), 0.5))",
    "x.nanquantile([1, 2, 3.0], x.full((2, 2, 2), 0.5))",
]
FILLS = [
    f"x.{function}(2, {value}, {dtype!r})"
    for function, value, dtype in itertools.product(
        ["full"], ["300", "-1.5", "1j", "True", "2**64", "10**40", "x.int64(3)"], ["int8", "float16", "float32", "complex64"]
    )
] + [
    "x.full(2, x.nan, dtype=bool)",
    "x.full(2, '3', dtype=int)",
    "x.full(2, x.nan, dtype=int).shape",
    "x.full_like(x.arange(3), 2.7)",
    "x.full_like(x.arange(3), x.inf).dtype.name",
    "x.full_like(x.arange(3.0), 1j)",
    "x.array([10**40], dtype=float)",
    "x.array(10**40, 'float32')",
    "x.float64(10**40)",
    "x.array([10**400], dtype=float)",
    "written(x.zeros(2), lambda a: a.__setitem__(0, 10**40))",
    "x.where([True], 10**40, 1.0)",
    "written(x.zeros((2, 3)), lambda a: a.fill(x.array([1, 2, 3])))",
    "written(x.zeros(3), lambda a: a.fill([1]))",
    "written(x.zeros(3), lambda a: a.fill(x.array(1)))",
    "written(x.zeros(3), lambda a: x.copyto(a, 5, where=1))",
    "written(x.zeros(3), lambda a: x.copyto(a, 5, where=[1, 0, 1]))",
    "written(x.zeros(3), lambda a: x.copyto(a, 5, where=x.array([1, 0, 1])))",
    "written(x.zeros((5, 5)), lambda a: x.fill_diagonal(a, []))",
    "written(x.zeros(3), lambda a: a.setflags(False)).flags.writeable",
    "x.asarray_chkfinite([1.0, x.inf], dtype=int)",
    "x.asarray_chkfinite([1.0, x.nan], dtype=int)",
    "x.asarray_chkfinite([1.5, 2], dtype=int)",
    "x.arange(3).astype(None)",
    "x.astype(x.arange(3), None)",
    "x.arange(10, 11, dtype=bool)",
    "x.arange(-1, 1, dtype=bool)",
    "x.arange(0, 3, dtype=bool)",
    "x.mgrid[0:]",
    "x.mgrid[:3]",
]
OTHERS = [
    "x.trapezoid(x.array([1, 2, 4], 'f4'), dx=x.float64(0.1))",
    "x.trapezoid(x.array([1, 2, 4], 'c8'), dx=np.float64(0.1))",
    "x.trapezoid(x.array([1, 2, 4], 'f4'), dx=0.1)",
    "x.trapezoid(x.array([1, 2], 'i4'), dx=x.float32(0.5))",
    "x.trapezoid(x.arange(4.0), dx=x.array([1.0, 2, 3]))",
    "x.trapezoid(x.arange(6.0).reshape(2, 3), dx=[[1.0], [2]])",
    "x.trapezoid(x.arange(4), dx=2)",
    "x.histogram_bin_edges(x.array([1, 2], 'f4'), bins=2, range=(x.float64(0.25), x.float64(1.25)))",
    "x.histogram(x.array([1, 2], 'f4'), bins=2, range=(0.25, 1.25))",
    "x.histogram(x.array([1, 2], 'f4'), bins=2, range=[np.float64(0.25), np.float64(1.25)])",
    "x.histogram([1, 2, 2], bins=2, weights=[True, False, True])",
    "x.histogram([1, 2, 2], bins=2, weights=[True, False, False])",
    "x.histogram([1, 2, 2], bins=2, weights=[True, False, True], density=True)",
    "x.histogram([1, 2, 2], bins=[0, 1.5, 2], weights=[True, False, True])",
    "x.histogram2d([1, 2, 2], [1, 2, 3], bins=2, weights=[True, False, True])",
    "x.interp([x.nan, 1.5], [1, 2], [1j, 2])",
    "x.interp([x.nan], [1, 2], [1j, 2], period=3)",
    "x.nanvar(x.arange(4, dtype='f4'), dtype='c8')",
    "x.nanstd(x.arange(4, dtype='c8'), dtype='c16')",
    "x.nanvar(x.arange(4, dtype='c8'))",
    "x.average([1, 2], weights=[1, -1])",
    "x.average([[1.0, 2], [3, 4]], axis=0, weights=[0, 0])",
    "x.cov([[1, 2.5], [2, 4]], dtype=int)",
    "x.corrcoef([[1, 2], [2, 4]], dtype=bool)",
    "x.correlate(1.0, [2.0])",
    "x.polynomial.polynomial.polysub([1.0, 2], [1, 2, 0.0, 3])",
    "x.polynomial.polynomial.polyadd([x.inf, 1.0], [1, 2, 3])",
    "x.polynomial.polynomial.polyadd([1, 2, 3], [x.inf, 1.0])",
    "x.finfo(np.float32(1)).eps",
    "x.finfo(np.complex128(1)).bits",
    "x.iinfo(np.int8(1)).max",
    "int(x.complex64(1 + 2j))",
    "float(x.complex128(1 + 2j))",
    "int(x.array(1 + 2j))",
    "x.equal([1, 2], None)",
    "x.not_equal(None, [1, 2])",
] + [f"x.arange(3) {op} {other}" for op in ("==", "!=") for other in ("object()", "{}", "slice(None)", "None", "range", "(lambda: 0)", "[0, 2, 2]")]  # fmt: skip


@pytest.mark.parametrize("text", OUTPUTS + AXES + COUNTS + FILLS + OTHERS)
def test_as_numpy(text):
    check(text)


def test_what_is_as_asked_is_returned_itself():
    for x in (np, cv):
        a = x.ones((2, 2))
        for same in ("atleast_1d", "atleast_2d", "ascontiguousarray", "asarray_chkfinite", "require", "squeeze", "real_if_close"):
            assert getattr(x, same)(a) is a, same
        first, second = x.atleast_1d(a, 2.0)
        assert first is a and second.shape == (1,)
        fortran = a.T.copy(order="F")
        assert x.asfortranarray(fortran) is fortran and x.ascontiguousarray(fortran) is not fortran
        assert x.atleast_3d(a) is not a and x.require(a, "float32") is not a
    leaf = cv.ones(2, requires_grad=True)
    cv.atleast_1d(leaf).sum().backward()
    assert leaf.grad.tolist() == [1.0, 1.0]


def test_comparison_leaves_objects_that_know_arrays_their_turn():
    class Knows:
        def __eq__(self, other):
            return "mine"

    class Refuses:
        __array_ufunc__ = None

    assert (cv.arange(3) == Knows()) == "mine"
    assert (cv.arange(3) == Refuses()) is False


def test_vectorize_keeps_gradients():
    leaf = cv.array([1.0, 2.0], requires_grad=True)
    cv.vectorize(lambda v: v * v, otypes=["float64"])(leaf).sum().backward()
    assert leaf.grad.tolist() == [2.0, 4.0]


def test_arange_keeps_the_first_element_where_the_quotient_is_zero():
    calls = [(0, 10, np.inf), (5, 4, -np.inf), (0, 1e-200, 1e200), (0, 5e-324, 10.0), (1, 1, np.inf), (0, -1, np.inf), (3, 2, np.inf), (2, 2, -np.inf)]
    for start, stop, step in calls:
        for dtype in (None, "int64", "float32", "float16"):
            wanted, got = np.arange(start, stop, step, dtype=dtype), cv.arange(start, stop, step, dtype=dtype)
            assert got.dtype == wanted.dtype and got.tolist() == wanted.tolist(), (start, stop, step, dtype)


def test_gather_has_the_shape_of_its_index():
    # torch.gather
    assert cv.gather([1.0, 2.0], 0, 1).shape == ()
    assert cv.gather(cv.array(3.0), 0, [0, 0]).tolist() == [3.0, 3.0]
    assert cv.gather(cv.array(3.0), 0, 0).shape == ()
    leaf = cv.array([1.0, 2.0], requires_grad=True)
    cv.gather(leaf, -1, 1).backward()
    assert leaf.grad.tolist() == [0.0, 1.0]


def test_nditer_checks_the_cast_back_to_what_it_writes():
    def halved(x, casting):
        a = x.arange(6) - 3
        with x.nditer(a, flags=["buffered"], op_flags=["readwrite"], op_dtypes=["float64"], casting=casting) as it:
            for v in it:
                v[...] = v / 2
        return a.tolist()

    for casting in ("safe", "same_kind"):
        for x in (np, cv):
            with pytest.raises(TypeError, match="could not be cast from"):
                halved(x, casting)
    assert halved(cv, "unsafe") == halved(np, "unsafe")
