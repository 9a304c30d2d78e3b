"""Protocols by which classes take over functions: `__array_function__`, `__array_ufunc__`, `like=`, and the inspection namespace."""

import operator

import civita as cv
import numpy as np
import pytest


class Duck:
    """Answers every function and ufunc with what it was called with."""

    def __init__(self, answers=True):
        self.answers = answers

    def __array_function__(self, func, types, args, kwargs):
        return (func, types, args, kwargs) if self.answers else NotImplemented

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return (ufunc, method, inputs, kwargs) if self.answers else NotImplemented


class Refusing:
    __array_ufunc__ = None

    def __radd__(self, other):
        return "radd"

    def __rmatmul__(self, other):
        return "rmatmul"

    def __gt__(self, other):
        return "gt"


x = cv.arange(3.0)
FUNCTIONS = [
    ("concatenate", lambda a, b: [[a, b]]),
    ("stack", lambda a, b: [(a, b)]),
    ("sum", lambda a, b: [b]),
    ("mean", lambda a, b: [b]),
    ("median", lambda a, b: [b]),
    ("roll", lambda a, b: [b, 1]),
    ("searchsorted", lambda a, b: [a, b]),
    ("block", lambda a, b: [[[a], [b]]]),
    ("einsum", lambda a, b: ["i,i", a, b]),
    ("copyto", lambda a, b: [a, b]),
    ("zeros_like", lambda a, b: [b]),
    ("ones_like", lambda a, b: [b]),
    ("empty_like", lambda a, b: [b]),
    ("full_like", lambda a, b: [b, 2.0]),
    ("where", lambda a, b: [a > 1, a, b]),
    ("real", lambda a, b: [b]),
    ("imag", lambda a, b: [b]),
    ("fix", lambda a, b: [b]),
    ("apply_along_axis", lambda a, b: [len, 0, b]),
    ("piecewise", lambda a, b: [b, [a > 1], [1]]),
    ("common_type", lambda a, b: [a, b]),
    ("min_scalar_type", lambda a, b: [b]),
    ("savetxt", lambda a, b: ["never written", b]),
    *((name, lambda a, b: [b]) for name in ("poly", "roots", "polyder", "polyint")),
    *((name, lambda a, b: [a, b]) for name in ("polyadd", "polysub", "polymul", "polydiv", "polyval")),
]


@pytest.mark.parametrize("name, arguments", FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_a_class_with_array_function_takes_over(name, arguments):
    duck = Duck()
    func, types, args, kwargs = getattr(cv, name)(*arguments(x, duck))
    assert func is getattr(cv, name) and Duck in types and kwargs == {} and len(args) == len(arguments(x, duck))


def test_arguments_by_keyword_take_over_too():
    duck = Duck()
    _, types, args, kwargs = cv.sum(x, out=duck)
    assert args == (x,) and kwargs == {"out": duck} and types == (cv.ndarray, Duck)
    assert cv.concatenate((x, x), out=duck)[3]["out"] is duck


def test_subclasses_are_asked_before_their_bases():
    class Base:
        def __array_function__(self, func, types, args, kwargs):
            return "base"

    class Derived(Base):
        def __array_function__(self, func, types, args, kwargs):
            return "derived"

    assert cv.concatenate([Base(), Derived()]) == "derived"
    assert cv.concatenate([Derived(), Base()]) == "derived"


def test_who_answers_not_implemented_is_passed_over():

    class Other(Duck):
        pass

    assert cv.concatenate([Other(False), Duck()])[0] is cv.concatenate
    with pytest.raises(TypeError, match="no implementation found for 'civita.concatenate'"):
        cv.concatenate([x, Duck(False)])
    with pytest.raises(TypeError, match="all returned NotImplemented from __array_ufunc__"):
        cv.add(x, Duck(False))


def test_numpys_arrays_and_scalars_stay_operands():
    assert type(cv.concatenate([np.ones(1), x])) is cv.ndarray
    assert type(cv.add(np.ones(3), x)) is cv.ndarray
    assert type(cv.sum(np.ma.ones(3), keepdims=True)) is cv.ndarray
    assert cv.add(np.float64(1), 1) == 2


def test_a_subclass_of_numpys_array_can_call_its_super():
    class Sub(np.ndarray):
        def __array_function__(self, func, types, args, kwargs):
            return "sub", super().__array_function__(func, types, args, kwargs)

    sub = np.ones(2).view(Sub)
    name, result = cv.concatenate([sub, sub])
    assert name == "sub" and result.shape == (4,)


def test_a_class_with_array_ufunc_takes_over():
    duck = Duck()
    ufunc, method, inputs, kwargs = cv.add(x, duck, dtype="float32")
    assert ufunc is cv.add and method == "__call__" and inputs[1] is duck and kwargs == {"dtype": "float32"}
    assert cv.exp(x, duck)[3] == {"out": (duck,)}
    assert cv.exp(x, out=duck)[3] == {"out": (duck,)}
    assert cv.frexp(duck)[0] is cv.frexp
    assert cv.frexp(x, out=(None, duck))[3] == {"out": (None, duck)}


@pytest.mark.parametrize(
    "call, method, rest",
    [
        (lambda d: cv.add.reduce(d), "reduce", {"axis": 0, "keepdims": False}),
        (lambda d: cv.add.reduce(d, axis=None, keepdims=True), "reduce", {"axis": None, "keepdims": True}),
        (lambda d: cv.add.reduce(d, axis=(0, 1)), "reduce", {"axis": (0, 1), "keepdims": False}),
        (lambda d: cv.add.accumulate(d), "accumulate", {}),
        (lambda d: cv.add.outer(d, x), "outer", {}),
    ],
)
def test_methods_of_ufuncs_take_over(call, method, rest):
    ufunc, found, _, kwargs = call(Duck())
    assert ufunc is cv.add and found == method and kwargs == rest


def test_symbols_of_fused_functions_are_operands():
    fused = cv.fuse(lambda a: cv.where(a > 0, cv.add(a, 1.0), 2.0 * a))
    assert fused(cv.array([-1.0, 1.0])).tolist() == [-2.0, 2.0]


def test_at_takes_over():
    assert cv.add.at(Duck(), [0], 1) is None


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.sub, operator.lt, operator.pow])
@pytest.mark.parametrize("array", [x, cv.float64(2.0), cv.int8(2)], ids=["array", "float64", "int8"])
def test_operators_ask_array_ufunc(op, array):
    ufunc, method, inputs, _ = op(array, Duck())
    assert isinstance(ufunc, cv.ufunc) and method == "__call__" and isinstance(inputs[1], Duck)


@pytest.mark.parametrize("symbol, name", [("+", "add"), ("-", "subtract"), ("*", "multiply"), ("/", "divide"), ("//", "floor_divide"), ("%", "remainder"), ("**", "power"),
                                          ("@", "matmul"), ("&", "bitwise_and"), ("<<", "left_shift")])  # fmt: skip
def test_an_answer_that_an_operator_in_place_cannot_bind_is_an_error(symbol, name):
    names = {"a": cv.arange(3), "b": Duck()}
    with pytest.raises(TypeError, match=f"{name}: `Duck.__array_ufunc__` answers an operator in place"):
        exec(f"a {symbol}= b", names)
    assert names["a"].tolist() == [0, 1, 2]


def test_products_and_divmod_ask_their_own_ufunc():
    duck, array = Duck(), cv.arange(3)
    for answer, name in ((array @ duck, "matmul"), (divmod(array, duck), "divmod")):
        ufunc, method, inputs, kwargs = answer
        assert (ufunc.__name__, method, kwargs) == (name, "__call__", {})
        assert inputs[0] is array and inputs[1] is duck


@pytest.mark.parametrize("array", [x, cv.float64(2.0), cv.int8(2)], ids=["array", "float64", "int8"])
def test_none_leaves_operators_to_the_other_class(array):
    assert array + Refusing() == "radd"
    assert (array < Refusing()) == "gt"
    with pytest.raises(TypeError, match="operand 'Refusing' does not support ufuncs"):
        cv.add(array, Refusing())


def test_none_leaves_the_matrix_product_to_the_other_class():
    assert x @ Refusing() == "rmatmul"


@pytest.mark.parametrize("base", [float, int, complex])
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.eq])
def test_classes_derived_from_pythons_numbers_are_strong(base, op):
    class Derived(base):
        pass

    for scalar in ("float16", "int8", "float64"):
        ours, theirs = op(getattr(cv, scalar)(3), Derived(2)), op(getattr(np, scalar)(3), Derived(2))
        assert ours == theirs and ours.dtype.name == theirs.dtype.name
        ours = op(cv.full(2, 3, dtype=scalar), Derived(2))
        theirs = op(np.full(2, 3, dtype=scalar), Derived(2))
        assert ours.dtype.name == theirs.dtype.name and ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("base", [float, int, complex])
def test_classes_derived_from_pythons_numbers_may_refuse(base):
    Derived = type("Derived", (base,), {"__array_ufunc__": None, "__radd__": lambda self, other: "radd"})
    assert cv.float64(1) + Derived(2) == "radd" and cv.int16(1) + Derived(2) == "radd" and x + Derived(2) == "radd"


@pytest.mark.parametrize("kind", [list, tuple])
def test_an_integer_scalar_repeats_a_sequence(kind):
    assert cv.int8(2) * kind([1, 2]) == kind([1, 2, 1, 2]) == kind([1, 2]) * cv.int8(2)
    assert cv.int8(-1) * kind([1]) == kind()
    for scalar in (cv.float64(2), cv.float32(2), cv.bool(True), cv.complex64(1)):
        with pytest.raises(TypeError, match="can't multiply sequence by non-int"):
            scalar * kind([1, 2])


# ---- the other way: NumPy's functions of our arrays

a = cv.array([[3.0, 1.0], [2.0, 4.0]])
b = np.array([[3.0, 1.0], [2.0, 4.0]])
DROP_IN = {
    "concatenate": lambda np, a: np.concatenate([a, a]),
    "concatenate mixed": lambda np, a: np.concatenate([b, a], axis=1),
    "stack": lambda np, a: np.stack([a, a], axis=-1),
    "mean": lambda np, a: np.mean(a, axis=0),
    "sum of all": lambda np, a: np.sum(a),
    "sort": lambda np, a: np.sort(a),
    "where": lambda np, a: np.where(a > 2, a, -1),
    "linalg.inv": lambda np, a: np.linalg.inv(a),
    "linalg.svd": lambda np, a: np.linalg.svd(a)[1],
    "fft.fft": lambda np, a: np.fft.fft(a),
    "einsum": lambda np, a: np.einsum("ij,jk", a, a),
    "unique": lambda np, a: np.unique(a),
    "histogram": lambda np, a: np.histogram(a)[0],
    "split": lambda np, a: np.split(a, 2)[1],
    "ones_like": lambda np, a: np.ones_like(a),
    "full_like": lambda np, a: np.full_like(a, 7),
    "sliding_window_view": lambda np, a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=0),
    "apply_along_axis": lambda np, a: np.apply_along_axis(lambda v: v[::-1], 0, a),
    "add": lambda np, a: np.add(a, b),
    "add.reduce": lambda np, a: np.add.reduce(a),
    "multiply.outer": lambda np, a: np.multiply.outer(a, a),
    "frexp": lambda np, a: np.frexp(a)[0],
    "matmul": lambda np, a: np.matmul(a, a),
    "trapezoid": lambda np, a: np.trapezoid(a),
    "polyfit": lambda np, a: np.polyfit(a[0], a[1], 1),
}


@pytest.mark.parametrize("name", DROP_IN)
def test_numpys_functions_of_our_arrays_return_our_arrays(name):
    ours, theirs = DROP_IN[name](np, a), DROP_IN[name](np, b)
    assert isinstance(ours, (cv.ndarray, cv.generic)) and not isinstance(ours, (np.ndarray, np.generic))
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-12, atol=1e-12)
    assert ours.shape == theirs.shape and ours.dtype.name == theirs.dtype.name


def test_numpys_arrays_are_written_by_numpy():
    target = np.zeros(3)
    np.copyto(target, x)
    assert target.tolist() == [0.0, 1.0, 2.0]
    out = np.zeros(3)
    assert np.cumsum(x, out=out) is out and out.tolist() == [0.0, 1.0, 3.0]
    assert np.add(x, 1, out=out) is out and out.tolist() == [1.0, 2.0, 3.0]
    np.add.at(out, [0], cv.array([5.0]))
    assert out[0] == 6.0


def test_our_arrays_are_written_through_numpys_functions():
    target = cv.zeros(3)
    np.copyto(target, np.arange(3.0))
    assert target.tolist() == [0.0, 1.0, 2.0]
    np.add.at(target, [0], 1)
    assert target.tolist() == [1.0, 1.0, 2.0]


def test_what_only_numpy_has_runs_on_the_same_memory():
    dates = np.busday_count("2024-01-01", "2024-01-08")
    assert dates == 5
    result = np.unwrap(x)
    assert type(result) is cv.ndarray


def test_gradients_flow_through_numpys_functions():
    w = cv.array([1.0, 2.0], requires_grad=True)
    np.sum(np.concatenate([w * w, w])).backward()
    assert w.grad.tolist() == [3.0, 5.0]


def test_other_classes_are_not_taken_over():
    with pytest.raises(TypeError, match="no implementation found"):
        np.concatenate([x, Duck(False)])
    assert np.concatenate([x, Duck()])[0] is np.concatenate
    assert np.add(x, Duck())[0] is np.add


def test_like_chooses_who_makes_the_array():
    for name, args in [("zeros", (3,)), ("ones", ((2, 3),)), ("empty", (1,)), ("full", (2, 7.0)), ("array", ([1, 2],)),
                       ("asarray", ([1.5],)), ("arange", (4,)), ("eye", (2,)), ("identity", (2,))]:  # fmt: skip
        assert type(getattr(np, name)(*args, like=x)) is cv.ndarray
    for name, args in [("zeros", (3,)), ("full", (2, 7.0)), ("array", ([1, 2],)), ("asarray", ([1.5],)), ("arange", (1, 4))]:
        func, types, found, kwargs = getattr(cv, name)(*args, dtype="float32", like=Duck())
        assert func is getattr(cv, name) and types == (Duck,) and found == args and kwargs == {"dtype": "float32"}
    assert type(cv.zeros(2, like=np.ones(1))) is cv.ndarray
    with pytest.raises(TypeError, match="must be an array-like that implements"):
        cv.zeros(2, like=3)


# ---- what the namespace says about itself


def test_the_inspection_namespace_is_numpys():
    ours, theirs = cv.__array_namespace_info__(), np.__array_namespace_info__()
    assert ours.capabilities() == theirs.capabilities()
    assert cv.zeros((1,) * ours.capabilities()["max dimensions"]).ndim == 64
    assert ours.default_device() == theirs.default_device() == x.device
    assert ours.devices() == theirs.devices()
    names = lambda dtypes: {key: value.name for key, value in dtypes.items()}
    assert names(ours.default_dtypes()) == names(theirs.default_dtypes())
    kinds = [None, "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"]
    for kind in [*kinds, (), ("bool", "integral")]:
        assert list(ours.dtypes(kind=kind)) == list(theirs.dtypes(kind=kind))
    for kind in kinds[1:]:
        assert all(cv.isdtype(dtype, kind) for dtype in ours.dtypes(kind=kind).values())
    with pytest.raises(ValueError, match="unsupported kind"):
        ours.dtypes(kind="text")
    for method in (ours.dtypes, ours.default_dtypes):
        with pytest.raises(ValueError, match="Device not understood"):
            method(device="gpu")


def test_arrays_and_scalars_name_their_namespace():
    for value in (x, cv.float32(1), cv.bool(True)):
        xp = value.__array_namespace__()
        assert xp is cv and xp.__array_namespace_info__().default_device() == "cpu"
        assert value.__array_namespace__(api_version="2024.12") is cv
    with pytest.raises(ValueError, match="not supported"):
        x.__array_namespace__(api_version="1999.12")
    assert x.__array_namespace__(api_version=cv.__array_api_version__) is cv


@pytest.mark.parametrize("name", ["float64", "float32", "int8", "complex128", "bool"])
def test_ufuncs_of_numpy_on_scalars_are_ours(name):
    x = getattr(cv, name)(1)
    for ours, theirs in (
        (np.sqrt(x), np.sqrt(np.dtype(name).type(1))),
        (np.add(x, 2), np.add(np.dtype(name).type(1), 2)),
        (np.add(x, cv.asarray([1, 2], dtype=name)), np.add(np.dtype(name).type(1), np.asarray([1, 2], name))),
    ):
        assert type(ours).__module__ == "civita" and ours.dtype == theirs.dtype.name
        np.testing.assert_array_equal(np.asarray(ours), theirs)
    # an array of NumPy's stays NumPy's beside a scalar
    theirs = np.ones(3, name)
    assert type(theirs + x) is np.ndarray and (theirs + x).dtype == (theirs + np.dtype(name).type(1)).dtype
    out = np.zeros(3, name)
    np.multiply(theirs, x, out=out)
    assert out.tolist() == theirs.tolist()


def test_operators_from_ufuncs():
    class Logged(cv.lib.mixins.NDArrayOperatorsMixin):
        def __init__(self, values):
            self.values = cv.asarray(values)

        def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
            results = getattr(ufunc, method)(*(getattr(x, "values", x) for x in inputs), **kwargs)
            if out:
                out[0].values = results
                return out[0]
            return tuple(map(Logged, results)) if isinstance(results, tuple) else Logged(results)

    a = Logged([1.0, 2.5])
    assert (a + 1).values.tolist() == (1 + a).values.tolist() == [2.0, 3.5]
    assert (2**a).values.tolist() == pytest.approx([2.0, 2**2.5])
    assert (a < 2).values.tolist() == [True, False]
    assert [x.values.tolist() for x in divmod(a, 2)] == [[0.0, 1.0], [1.0, 0.5]]
    assert (-a).values.tolist() == [-1.0, -2.5] and abs(-a).values.tolist() == [1.0, 2.5]
    assert (a @ a).values == 7.25 and cv.vecdot(a, [1.0, 1.0]).values == 3.5
    a += 1
    assert isinstance(a, Logged) and a.values.tolist() == [2.0, 3.5]
    assert Logged.__hash__ is None


@pytest.mark.parametrize("name", ["matmul", "vecdot", "matvec", "vecmat"])
def test_generalised_ufuncs_say_what_they_are(name):
    ours, theirs = getattr(cv, name), getattr(np, name)
    assert (ours.signature, ours.nin, ours.nout) == (theirs.signature, theirs.nin, theirs.nout)
    assert not hasattr(cv.sort, "signature")


def test_the_mask_of_a_ufunc_is_asked():
    class Asked:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return method, sorted(kwargs)

    for m in (cv, np):
        x = m.ones(2)
        assert m.add(x, x, where=Asked()) == ("__call__", ["where"])
        assert m.add.reduce(x, where=Asked())[0] == "reduce"

        class Silent:
            def __array_ufunc__(self, *args, **kwargs):
                return NotImplemented

        with pytest.raises(TypeError, match="NotImplemented"):
            m.add(x, x, where=Silent())


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.matmul, operator.sub, operator.truediv])
def test_a_class_of_higher_priority_answers_operators(op):
    def of(priority):
        class Prior:
            __array_priority__ = priority

            def __array__(self, dtype=None, copy=None):
                return np.ones(2)

            def answer(self, other):
                return "answered"

            __add__ = __radd__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = answer
            __sub__ = __rsub__ = __truediv__ = __rtruediv__ = answer

        return Prior()

    for priority in (1, 1000, 2.5):
        for m in (cv, np):
            assert op(m.ones(2), of(priority)) == op(of(priority), m.ones(2)) == "answered"
            if op is not operator.matmul:
                assert op(m.float64(1), of(priority)) == op(m.int32(1), of(priority)) == "answered"
    for m in (cv, np):
        assert not isinstance(op(m.ones(2), of(-1)), str) and op(of(-1), m.ones(2)) == "answered"


def test_products_with_what_is_no_array_are_left_to_it():
    class Sparse:
        def __rmatmul__(self, other):
            return "its product"

    assert cv.ones(2) @ Sparse() == "its product"
    with pytest.raises(TypeError, match="unsupported operand"):
        cv.ones(2) @ object()
    for m in (cv, np):
        for a, b in ((m.ones(2), m.ones(2)), (m.ones(2), [1, 2]), ([1, 2], m.ones(2)), (m.ones(2), 1)):
            with pytest.raises(TypeError):
                operator.concat(a, b)
