"""Classes that programs derive from `ndarray`: each test runs the same class with NumPy and with Civita, and compares what it saw."""

import copy
import gc
import inspect
import pickle
import sys
import warnings
import weakref

import numpy as np
import pytest

import civita as cv
from test_functions import ERRORS, ROWS, Arrays, civita_call, numpy_call


def seen(xp, value):
    """What two libraries must agree on."""
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [seen(xp, each) for each in value]
    if isinstance(value, xp.ndarray):
        name = "ndarray" if type(value) is xp.ndarray else type(value).__name__
        return name, value.shape, str(value.dtype), value.tolist(), getattr(value, "info", None)
    if isinstance(value, xp.generic):
        return "scalar", str(value.dtype), value.item()
    return value


def same(program):
    """Runs a program of a library and a log with both libraries."""
    logs = []
    for xp in (np, cv):
        log = []
        program(xp, lambda value, xp=xp, log=log: log.append(seen(xp, value)))
        logs.append(log)
    assert logs[0], "the program saw nothing"
    assert len(logs[0]) == len(logs[1])
    for want, got in zip(*logs):
        assert got == want


def info_array(xp):
    class InfoArray(xp.ndarray):
        def __new__(cls, data, info=None):
            obj = xp.asarray(data).view(cls)
            obj.info = info
            return obj

        def __array_finalize__(self, obj):
            if obj is None:
                return
            self.info = getattr(obj, "info", None)

    return InfoArray


def test_the_three_ways_to_an_instance_call_finalize():
    def program(xp, log):
        class A(xp.ndarray):
            def __new__(cls, *args, **kwargs):
                log("new")
                return super().__new__(cls, *args, **kwargs)

            def __init__(self, *args, **kwargs):
                log("init")

            def __array_finalize__(self, obj):
                log((type(self).__name__, "ndarray" if type(obj) is xp.ndarray else type(obj).__name__))

        a = A((10,))
        b = xp.arange(10).view(A)
        c = b[:1]
        log((a.shape, type(c) is A, c.base is b, b.base is not None))
        a.__array_finalize__(None)
        log(xp.ndarray.__array_finalize__(a, b))

    same(program)


def test_attributes_go_on_to_slices_copies_and_results():
    def program(xp, log):
        InfoArray = info_array(xp)
        a = InfoArray([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]], "m")
        for f in (
            lambda: a[0], lambda: a[:, 1:], lambda: a[a > 2], lambda: a[[1, 0]], lambda: a[None], lambda: a[0, 1], lambda: a[0, 1, ...],
            lambda: a + 1, lambda: 2 * a, lambda: a - a, lambda: [1, 2, 3] + a, lambda: xp.ones(3) / a, lambda: a @ a.T, lambda: a**2,
            lambda: -a, lambda: +a, lambda: abs(a), lambda: a == a, lambda: a < 3, lambda: divmod(a, 2), lambda: a // 2, lambda: a % 2,
            lambda: xp.ones((2, 2)) @ a, lambda: a.astype(int) & 3, lambda: ~a.astype(int), lambda: a == None, lambda: a != "text",  # noqa: E711
            lambda: a.T, lambda: a.reshape(3, 2), lambda: a.ravel(), lambda: a.flatten(), lambda: a.copy(), lambda: a.transpose(1, 0),
            lambda: a.astype("f4"), lambda: a.astype("f4", subok=False), lambda: a.view("i8"), lambda: a.view(xp.ndarray), lambda: a.view(type=InfoArray),
            lambda: a.swapaxes(0, 1), lambda: a.squeeze(), lambda: a.real, lambda: a.imag, lambda: (a * 1j).imag, lambda: (a * 1j).conj(),
            lambda: a.sum(), lambda: a.sum(0), lambda: a.sum(axis=1, keepdims=True), lambda: a.mean(), lambda: a.std(0), lambda: a.var(),
            lambda: a.min(), lambda: a.max(1), lambda: a.prod(), lambda: a.any(), lambda: a.all(0), lambda: a.argmax(), lambda: a.argmin(0),
            lambda: a.cumsum(), lambda: a.cumprod(0), lambda: a.clip(2, 4), lambda: a.round(), lambda: a.take([0, 1]), lambda: a.repeat(2),
            lambda: a.diagonal(), lambda: a.trace(), lambda: a.argsort(), lambda: a.nonzero(), lambda: a.searchsorted, lambda: a.dot(a.T),
            lambda: a.compress([True], axis=0), lambda: a.item(0), lambda: a.tolist(), lambda: a.flat[1:3], lambda: list(a), lambda: a.byteswap(),
            lambda: copy.copy(a), lambda: copy.deepcopy(a), lambda: xp.array(a), lambda: xp.array(a, subok=True), lambda: xp.asarray(a),
            lambda: xp.asanyarray(a), lambda: xp.asanyarray(a, dtype="f4"), lambda: xp.array(a, copy=False, subok=True), lambda: xp.ascontiguousarray(a),
            lambda: xp.zeros_like(a), lambda: xp.ones_like(a, subok=False), lambda: xp.full_like(a, 3), lambda: xp.empty_like(a).shape,
            lambda: xp.copy(a), lambda: xp.copy(a, subok=True), lambda: xp.broadcast_to(a, (2, 2, 3)), lambda: xp.broadcast_to(a, (2, 2, 3), subok=True),
            lambda: xp.sqrt(a), lambda: xp.add(a, 1), lambda: xp.modf(a), lambda: xp.hypot(a, xp.ones(3)), lambda: xp.where(a > 2, a, 0),
            lambda: xp.add.reduce(a), lambda: xp.add.reduce(a, axis=None), lambda: xp.add.accumulate(a), lambda: xp.add.outer(a, [1, 2]),
            lambda: xp.add(a, 1, subok=False), lambda: xp.add(1, 2, out=a[0, :1]), lambda: xp.sum(a), lambda: xp.mean(a, axis=0),
            lambda: xp.concatenate([a, a]), lambda: xp.linspace(a, a + 1, 3), lambda: xp.frombuffer(a), lambda: xp.from_dlpack(a),
        ):  # fmt: skip
            value = f()
            log(value if not callable(value) else "callable")

    same(program)


def kinds(xp, value):
    if isinstance(value, (tuple, list)):
        return [kinds(xp, each) for each in value]
    if isinstance(value, xp.ndarray):
        return type(value).__name__, value.ndim
    return "scalar" if isinstance(value, xp.generic) else "other"


class Others(Arrays):
    """Arrays of which one, or all, are of a subclass."""

    def __init__(self, xp, cls, which):
        super().__init__(xp)
        self.cls, self.which, self.count = cls, which, 0

    def __getitem__(self, shape):
        array = super().__getitem__(shape)
        self.count += 1
        return array.view(self.cls) if self.which in (None, self.count - 1) else array


@pytest.mark.parametrize("row", [row for row in ROWS if not row["oracle"] and hasattr(np, row["name"])], ids=lambda row: row["name"])
def test_functions_return_numpys_class(row):
    """Every sample of every function, with the first array, the second, or all of them of a subclass, with and without priority."""
    checked = 0
    for text in row["samples"]:
        # what NumPy computes by other functions of its own is of their class
        if "x[" not in text or "optimize=" in text or row["name"] == "histogramdd":
            continue
        for base in ({}, {"__array_priority__": 10.0}):
            for which in (0, 1, None):
                theirs, ours = (Others(xp, type("A", (xp.ndarray,), dict(base)), which) for xp in (np, cv))
                try:
                    want = kinds(np, numpy_call(row, text, theirs))
                except ERRORS:
                    with pytest.raises(ERRORS):
                        civita_call(row, text, ours)
                    continue
                checked += 1
                assert kinds(cv, civita_call(row, text, ours)) == want, f"{text}, {which}, {base}"
    assert checked or not any("x[" in text for text in row["samples"]) or row["name"] == "histogramdd"


def test_the_constructor_takes_buffers_strides_and_orders():
    def program(xp, log):
        class A(xp.ndarray):
            def __array_finalize__(self, obj):
                log(None if obj is None else type(obj).__name__)

        memory = bytearray(range(24))
        log(A((2, 3), "u1", memory, 1))
        log(A(4, "<u2", memory, strides=4))
        log(A(shape=(2, 2), dtype="u1", buffer=memory, offset=2, order="F"))
        log(A((2, 3), order="F").flags.f_contiguous)
        log(xp.ndarray.__new__(A, (3,), int).shape)
        log(xp.ndarray((2,), "u1", memory))
        array = xp.arange(4.0)
        log(A((2,), buffer=array, offset=8))
        log(A((2,), buffer=array).base is array)
        log(type(A((2,), buffer=array).view(A)[1:].base).__name__)

    same(program)


def test_memory_is_shared_and_freed():
    for xp in (np, cv):
        InfoArray = info_array(xp)
        x = xp.arange(4.0)
        a = InfoArray(x, [1])
        a[0] = 9.0
        assert x[0] == 9.0 and a.base is x and a[1:].base is a
        a[1:][0] = 8.0
        assert x[1] == 8.0
        a += 1
        assert type(a) is InfoArray and x[0] == 10.0
        a.info.append(a)  # a cycle through the dict
        gone = weakref.ref(a)
        del a
        gc.collect()
        assert gone() is None or xp is np  # nor does NumPy's own array see that cycle before a later pass


def test_instances_without_a_dict_and_with_slots():
    def program(xp, log):
        class Slots(xp.ndarray):
            __slots__ = ("unit",)

        a = xp.arange(3).view(Slots)
        a.unit = "m"
        log((a.unit, hasattr(a, "__dict__"), hasattr(a[1:], "unit")))
        log(a)
        b = xp.zeros(2)
        with pytest.raises(AttributeError):
            b.unit = 3
        log(hasattr(b, "__dict__"))

    same(program)


def test_the_highest_priority_wraps():
    def program(xp, log):
        def make(name, own):
            def wrap(self, array, context=None, return_scalar=False):
                log((name, context and context[0].__name__, context and len(context[1]), context and context[2], return_scalar))
                return super(cls, self).__array_wrap__(array, context, return_scalar)

            cls = type(name, (xp.ndarray,), {"__array_wrap__": wrap} | ({} if own is None else {"__array_priority__": own}))
            return cls

        classes = [make("Plain", None), make("High", 15.0), make("Low", -1.0)]
        arrays = [xp.arange(1.0, 4.0).view(cls) for cls in classes] + [xp.ones(3)]
        for a in arrays:
            for b in arrays:
                log(a + b)
                log(xp.maximum(a, b))
            log(xp.modf(a))
            log(a.sum())
            log(xp.add.reduce(a))
            log(xp.sqrt(a, out=xp.empty(3)))
            log(xp.sqrt(xp.arange(3.0), out=a.copy()))
        log(xp.ones(3).__array_wrap__(xp.zeros(()), None, True))
        with pytest.raises(TypeError):
            xp.ones(3).__array_wrap__([1])

    same(program)


def test_old_forms_of_array_wrap_warn():
    for xp in (np, cv):

        class Old(xp.ndarray):
            def __array_wrap__(self, array):
                return "wrapped"

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert xp.sqrt(xp.ones(2).view(Old)) == "wrapped"
        assert [w.category for w in caught] == [DeprecationWarning]
        assert "__array_wrap__ must accept context and return_scalar" in str(caught[0].message)


def test_array_ufunc_of_a_subclass_with_super():
    def program(xp, log):
        class A(xp.ndarray):
            def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
                log((ufunc.__name__, method, len(inputs), out is not None, [] if method == "reduce" else sorted(kwargs)))
                args = [x.view(xp.ndarray) if isinstance(x, A) else x for x in inputs]
                if out is not None:
                    kwargs["out"] = tuple(x.view(xp.ndarray) if isinstance(x, A) else x for x in out)
                results = super().__array_ufunc__(ufunc, method, *args, **kwargs)
                if results is NotImplemented or method == "at":
                    return results
                several = results if isinstance(results, tuple) else (results,)
                several = tuple(xp.asarray(r).view(A) if o is None else o for r, o in zip(several, out or (None,) * len(several)))
                return several[0] if len(several) == 1 else several

        a, b = xp.arange(4.0).view(A), xp.ones(4)
        log(a + b)
        log(b + a)
        log(2 - a)
        log(-a)
        log(a == b)
        log(a @ b)
        log(xp.add.reduce(a))
        log(a.sum())
        log(a.max(axis=0))
        log(xp.modf(a))
        log(xp.multiply.outer(a, b))
        a += b
        log(a)
        b += a
        log(b)
        xp.add.at(a, [0, 0], 1)
        log(a)
        log(xp.sqrt(b, out=a))
        log(divmod(a, 2))

        class B(xp.ndarray):
            def __array_ufunc__(self, *args, **kwargs):
                return NotImplemented

        with pytest.raises(TypeError):
            b.view(B) + b
        log(b.view(A).__array_ufunc__(xp.add, "__call__", b, b.view(B)) is NotImplemented)
        log(xp.ndarray.__array_ufunc__(b, xp.add, "__call__", b, a) is NotImplemented)

        class Refuses:
            __array_ufunc__ = None

            def __radd__(self, other):
                return "refused"

        log(b.view(B) + Refuses())
        log(xp.arange(2).view(info_array(xp)) + Refuses())

    same(program)


def test_operands_of_higher_priority_without_ufuncs_answer():
    def program(xp, log):
        class Other:
            def __init__(self, own):
                self.__class__ = type("Other", (Other,), {"__array_priority__": own})

            def __radd__(self, other):
                return "other"

            def __array__(self, dtype=None, copy=None):
                return xp.ones(2)

        a = xp.arange(2.0).view(info_array(xp))
        log(a + Other(3.0))
        log(a + Other(-3.0))

    same(program)


def test_array_function_of_a_subclass_with_super():
    def program(xp, log):
        class A(xp.ndarray):
            def __array_function__(self, func, types, args, kwargs):
                log((func.__name__, len(types), len(args), sorted(kwargs)))
                if func.__name__ == "concatenate":
                    return "mine"
                return super().__array_function__(func, types, args, kwargs)

        a = xp.arange(4.0).view(A)
        log(xp.flip(a))
        log(xp.concatenate([a, a]))
        log(xp.sum(a))
        log(xp.clip(a, 1, 2))
        log(a.clip(1, 2))

        class Foreign:
            def __array_function__(self, func, types, args, kwargs):
                return NotImplemented

        with pytest.raises(TypeError):
            xp.concatenate([a.view(info_array(xp)), Foreign()])

    same(program)


def test_functions_call_methods_of_the_class():
    def program(xp, log):
        class A(xp.ndarray):
            def sum(self, axis=None, out=None, **kwargs):
                return "sum", axis, sorted(kwargs)

            def clip(self, *args, **kwargs):
                return "clip", len(args)

            def mean(self, *args, **kwargs):
                return super().mean(*args, **kwargs) + 100

            def argsort(self, *args, **kwargs):
                return "argsort"

            def __getitem__(self, key):
                log(("item", str(key)))
                return super().__getitem__(key)

            def __setitem__(self, key, value):
                super().__setitem__(key, 2 * value)

            def __eq__(self, other):
                return "equal"

            def __len__(self):
                return 2

        a = xp.arange(4.0).view(A)
        log(xp.sum(a))
        log(xp.sum(a, axis=0, keepdims=True))
        log(xp.clip(a, 0, 1))
        log(xp.mean(a))
        log(a.mean())
        log(xp.argsort(a))
        log(a[1])
        a[1] = 5.0
        log(a.tolist())
        log(a == a)
        log(len(a))
        log([float(x) for x in a])
        log(xp.ndarray.__getitem__(a, slice(1, 2)))
        log(xp.ndarray.clip(a, 1, 2))
        log(xp.ndarray.sum(a))
        log(xp.ndarray.__add__(a, 1))

    same(program)


class Pickled(cv.ndarray):
    """At the top of a module, where `pickle` finds it."""

    def __array_finalize__(self, obj):
        self.info = getattr(obj, "info", None)

    def __reduce__(self):
        function, args, state = super().__reduce__()
        return function, args, (*state, self.info)

    def __setstate__(self, state):
        self.info = state[-1]
        super().__setstate__(state[:-1])


class Plain(cv.ndarray):
    pass


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("order", ["C", "F"])
def test_pickles_keep_class_elements_and_what_the_class_adds(protocol, order):
    for cls in (Plain, Pickled):
        a = cv.asarray(cv.arange(6.0).reshape(2, 3), order=order).view(cls)
        if cls is Pickled:
            a.info = {"unit": "m"}
        back = pickle.loads(pickle.dumps(a, protocol))
        assert type(back) is cls and back.tolist() == a.tolist() and back.dtype == a.dtype
        assert back.flags.writeable and back.flags.f_contiguous == a.flags.f_contiguous
        assert getattr(back, "info", None) == getattr(a, "info", None)
        back[0, 0] = 7.0
        assert back[0, 0] == 7.0 and a[0, 0] == 0.0
    empty = pickle.loads(pickle.dumps(cv.empty((0, 3), "f4").view(Plain), protocol))
    assert type(empty) is Plain and empty.shape == (0, 3) and empty.dtype == "f4"
    none = pickle.loads(pickle.dumps(cv.array(3).view(Plain), protocol))
    assert none.shape == () and none == 3


def test_a_state_with_elements_is_written_where_it_fits():
    a = cv.zeros(2).view(Plain)
    a.__setstate__((1, (2,), cv.dtype("f8"), False, cv.array([1.0, 2.0]).tobytes()))
    assert a.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError):
        a.__setstate__((1, (3,), cv.dtype("f8"), False, bytes(24)))
    with pytest.raises(TypeError):
        a.__setstate__((1,))


def test_deep_copies_go_by_finalize():
    def program(xp, log):
        InfoArray = info_array(xp)
        shared = ["m"]
        a = InfoArray([1.0, 2.0], shared)
        b = copy.deepcopy({"a": a})["a"]
        b[0] = 5.0
        log(a)
        log((type(b) is InfoArray, b.info is shared))

    same(program)


def test_they_print_their_name():
    def program(xp, log):
        class LongName(xp.ndarray):
            pass

        for x in (xp.arange(3), xp.arange(40.0), xp.ones((2, 2), "f4"), xp.zeros(()), xp.zeros((0, 2)), xp.arange(2000)):
            a = x.view(LongName)
            log(repr(a))
            log(str(a))
            log(xp.array_repr(a))
            log(xp.array2string(a))
            log(f"{a}")

    same(program)


def test_classes_derive_from_each_other():
    def program(xp, log):
        class A(xp.ndarray):
            pass

        class Mixin:
            def twice(self):
                return self * 2

        class B(Mixin, A):
            pass

        a, b = xp.arange(3).view(A), xp.arange(3).view(B)
        log(b.twice())
        log(a + b)
        log(b + a)
        log(b.view(A))
        log(a.view(B))
        log([c.__name__ for c in B.__mro__])
        log((isinstance(b, xp.ndarray), issubclass(B, xp.ndarray)))
        log(b.view(xp.ndarray).base is b)
        with pytest.raises(ValueError):
            a.view(type=int)

    same(program)


def test_objects_without_elements_cannot_be_made():
    with pytest.raises(TypeError):
        object.__new__(cv.ndarray)
    with pytest.raises(TypeError):
        object.__new__(Plain)
    with pytest.raises(TypeError):
        cv.ndarray.__new__(int, (2,))
    with pytest.raises(TypeError):

        class Both(cv.ndarray, int):
            pass


def test_methods_of_ufuncs_keep_their_arguments():
    def program(xp, log):
        InfoArray = info_array(xp)
        a = InfoArray(xp.arange(6.0).reshape(2, 3), "m")
        log(xp.add.accumulate(a, axis=1))
        log(xp.add.accumulate(a, 1, "f4"))
        log(xp.add.reduceat(a, [0, 2], axis=1))
        log(xp.add.reduceat(a, [0, 1]))
        log(xp.add.reduce(a, axis=1, keepdims=True, initial=10))
        log(xp.add.reduce(a, where=[True, False, True]))
        log(a.sum(1, "f4", None, True))
        log(a.sum(where=a > 1, initial=5))
        log(a.max(0, None, True))
        log(a.any(1, keepdims=True))
        log(a.std(ddof=1, axis=0))
        out = xp.empty(3).view(InfoArray)
        log(a.sum(0, out=out) is out)
        log(out)
        plain = xp.empty(3)
        log(a.mean(0, out=plain) is plain)
        log(xp.add.accumulate(a, 0, None, xp.empty((2, 3))))

    same(program)


def test_outputs_that_are_left_out_and_ellipses():
    def program(xp, log):
        InfoArray = info_array(xp)
        a = InfoArray([1.5, 2.25], "m")
        r = xp.empty(2).view(InfoArray)
        log(xp.modf(a, r))
        log(xp.modf(a, None, r))
        log(xp.modf(a, out=(None, r))[1] is r)
        log(xp.add(a, 1, None))
        log(xp.add(a[0:1].reshape(()), 1, out=...))
        log(xp.sqrt(xp.array(4.0).view(InfoArray)))
        log(xp.add.reduce(a, out=...))
        log(xp.add.reduce(xp.ones(2), out=...))
        log(xp.add.accumulate(a, out=...))
        for fails, error in ((lambda: xp.modf(a, out=r), TypeError), (lambda: xp.modf(a, out=(r,)), ValueError), (lambda: xp.add(a, 1, out=(r, r)), ValueError)):
            with pytest.raises(error):
                fails()

    same(program)


def test_functions_written_in_python_keep_the_class():
    def program(xp, log):
        InfoArray = info_array(xp)
        a = InfoArray([[3.0, 1.0], [2.0, 4.0]], "m")
        as_strided, windows = xp.lib.stride_tricks.as_strided, xp.lib.stride_tricks.sliding_window_view
        log(as_strided(a, (2,), (8,)))
        log(as_strided(a, (2,), (8,), subok=True))
        log(windows(a[0], 2))
        log(windows(a[0], 2, subok=True))
        log(xp.piecewise(a, [a > 2], [1.0, 0.0]))
        log(xp.apply_along_axis(lambda x: x, 0, a))
        log(kinds(xp, xp.linalg.inv(a)))
        log(kinds(xp, xp.linalg.solve(a, xp.ones(2))))
        log(kinds(xp, xp.linalg.solve(a.view(xp.ndarray), a)))
        log(xp.require(a, requirements="C"))
        log(xp.require(a, requirements="E"))
        log(xp.require(a, requirements="C") is a)
        log(xp.broadcast_arrays(a, xp.ones((3, 1, 1)), subok=True))
        log(xp.broadcast_arrays(xp.ones((3, 1, 1)), a))
        log(xp.average(xp.ones(2), weights=a[0]))

    same(program)


def test_like_asks_the_class():
    def program(xp, log):
        class A(xp.ndarray):
            def __array_function__(self, func, types, args, kwargs):
                log(func.__name__)
                return "mine"

        like = xp.ones(1).view(A)
        for make in (
            lambda: xp.zeros(2, like=like), lambda: xp.array([1], like=like), lambda: xp.arange(3, like=like), lambda: xp.eye(2, like=like),
            lambda: xp.zeros(2, like=xp.ones(1).view(info_array(xp))),
        ):  # fmt: skip
            log(make())

    same(program)


def test_one_base_that_may_write_is_enough():
    for xp in (np, cv):
        a = xp.arange(3)
        first = a.view(info_array(xp))
        second = first[...]
        a.flags.writeable = second.flags.writeable = False
        second.flags.writeable = True
        first.flags.writeable = second.flags.writeable = False
        with pytest.raises(ValueError):
            second.flags.writeable = True


def test_gradients_go_through_a_subclass():
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    (x.view(Plain) ** 2).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_errors_of_finalize_reach_the_caller():
    class Fails(cv.ndarray):
        def __array_finalize__(self, obj):
            raise RuntimeError("no")

    for make in (lambda: Fails((2,)), lambda: cv.ones(2).view(Fails)):
        with pytest.raises(RuntimeError, match="no"):
            make()
    Fails.__array_finalize__ = None
    assert (cv.ones(2).view(Fails) + 1).tolist() == [2.0, 2.0]


def test_no_references_are_lost():
    a, plain = cv.ones(3).view(Plain), cv.ones(3)
    a + plain, a.sum(), a[1:], a.copy(), cv.flip(a), plain + a
    before = [sys.getrefcount(x) for x in (a, plain, Plain)]
    for _ in range(50):
        a + plain, a.sum(), a[1:], a.copy(), cv.flip(a), plain + a, a == plain, a.clip(0, 1)
    gc.collect()
    assert [sys.getrefcount(x) for x in (a, plain, Plain)] == before


def test_the_class_has_numpys_signature():
    assert "buffer" in str(inspect.signature(cv.ndarray))
