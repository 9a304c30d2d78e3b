"""Random arguments to every public function and method: ordinary exceptions or a result, never a panic or a crash."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import civita as cv

# Those that change the whole process, or wait for files and devices.
LEFT_OUT = {
    "set_num_threads",
    "set_printoptions",
    "printoptions",
    "no_grad",
    "ndarray",
    "dtype",
    "ufunc",
    "reduction",
    "function",
    "Expr",
    "Info",
    "AxisError",
}
FUNCTIONS = sorted(n for n in dir(cv) if not n.startswith("_") and n not in LEFT_OUT and callable(getattr(cv, n)))
METHODS = sorted(
    n
    for n in dir(cv.ndarray)
    if n
    not in (
        "__class__",
        "__new__",
        "__init__",
        "__init_subclass__",
        "__subclasshook__",
        "__reduce__",
        "__reduce_ex__",
        "__getattribute__",
        "__setattr__",
        "__delattr__",
        "__dir__",
        "__sizeof__",
        "__getstate__",
    )
)
KEYWORDS = [
    "axis",
    "dtype",
    "out",
    "keepdims",
    "ddof",
    "casting",
    "axes",
    "shape",
    "copy",
    "num",
    "mode",
    "indices",
    "k",
    "gradient",
    "create_graph",
    "requires_grad",
    "num_classes",
    "endpoint",
    "order",
    "device",
    "correction",
    "where",
    "step",
    "stop",
]


class Odd:
    """Has what arrays have, and none of it is right."""

    shape = "none"
    __array_interface__ = 5

    def __len__(self):
        return -1 % 5

    def __getitem__(self, i):
        return self if i == 2 else i

    def __float__(self):
        return "no"  # type: ignore[return-value]


def arrays():
    def make(shape, dtype, turn, grad):
        a = (cv.arange(int(np.prod(shape, dtype=int))) % 7).astype(dtype).reshape(shape)
        if turn == 1:
            a = a.T
        elif turn == 2 and a.ndim:
            a = a[::-1]
        elif turn == 3:
            a = cv.broadcast_to(a, (2, *a.shape))
        elif turn == 4 and "f" in str(a.dtype):
            a = a.requires_grad_() if grad else a
        return a

    return st.builds(
        make,
        st.sampled_from([(), (0,), (1,), (3,), (2, 3), (3, 3), (2, 0), (2, 3, 2)]),
        st.sampled_from(
            [
                "bool",
                "uint8",
                "int8",
                "int64",
                "uint64",
                "float16",
                "bfloat16",
                "float32",
                "float64",
                "complex64",
                "complex128",
            ]
        ),
        st.integers(0, 4),
        st.booleans(),
    )


NUMBERS = st.one_of(
    st.integers(-4, 6),
    st.sampled_from(
        [
            2**31,
            -(2**31),
            2**40,
            2**63 - 1,
            -(2**63),
            2**63,
            2**64,
            10**40,
            -1e308,
            float("nan"),
            float("inf"),
            1e-320,
            2.5,
            1j,
            complex("nan"),
            True,
            False,
        ]
    ),
)
GARBAGE = st.one_of(
    st.none(),
    NUMBERS,
    arrays(),
    st.sampled_from(
        [
            "",
            "float32",
            "int8",
            "axis",
            "same_kind",
            "\udcff",
            "x" * 1000,
            b"bytes",
            bytearray(b"12"),
            Ellipsis,
            slice(None),
            slice(5, -9, -2),
            slice(None, None, 0),
            slice("a"),
            range(3),
            {1: 2},
            {3},
            object(),
            object,
            Odd(),
            len,
            lambda *a: a,
            cv,
            cv.float32,
            np.dtype(">i4"),
            np.float32(3),
            np.int8(-1),
            np.array(["s"]),
            np.array([None, 1]),
            np.zeros((2, 3), "M8[s]"),
            np.zeros(3),
            np.ones((3, 1), bool),
            memoryview(b"abcd"),
            NotImplemented,
            ValueError("value"),
        ]
    ),
    st.lists(st.one_of(NUMBERS, arrays(), st.lists(NUMBERS, max_size=3), st.none(), st.text(max_size=3)), max_size=4),
    st.lists(NUMBERS, max_size=4).map(tuple),
    st.tuples(arrays(), arrays()),
)
ORDINARY = (
    TypeError,
    ValueError,
    IndexError,
    OverflowError,
    MemoryError,
    RuntimeError,
    AttributeError,
    ZeroDivisionError,
    KeyError,
    BufferError,
    RecursionError,
    NotImplementedError,
    StopIteration,
    AssertionError,
    ArithmeticError,
    LookupError,
    OSError,
    EOFError,
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What functions of files make stays out of the checkout."""
    monkeypatch.chdir(tmp_path)


def attempt(f, args, kwargs):
    """A result or an ordinary exception. What is returned can be printed."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = f(*args, **kwargs)
        except ORDINARY as error:
            text = f"{error}"
            assert "panicked" not in text and "PanicException" not in repr(type(error)), text
            return
        if isinstance(result, cv.ndarray) and result.size < 10_000:
            repr(result)


def small(args):
    """Allocations of gigabytes succeed, and take long: not what is tested here."""

    def big(v):
        return isinstance(v, (int, float)) and not isinstance(v, bool) and 10**6 < abs(v) < 2**46

    flat = [x for a in args for x in (a if isinstance(a, (list, tuple)) else [a])]
    return not any(big(v) for v in flat)


ANY = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", FUNCTIONS)
@ANY
@given(args=st.lists(GARBAGE, max_size=4), keywords=st.dictionaries(st.sampled_from(KEYWORDS), GARBAGE, max_size=2))
def test_functions(name, args, keywords):
    if small([*args, *keywords.values()]):
        attempt(getattr(cv, name), args, keywords)


@pytest.mark.parametrize("name", METHODS)
@ANY
@given(
    a=arrays(),
    args=st.lists(GARBAGE, max_size=3),
    keywords=st.dictionaries(st.sampled_from(KEYWORDS), GARBAGE, max_size=1),
)
def test_methods(name, a, args, keywords):
    if not small([*args, *keywords.values()]):
        return
    try:
        f = getattr(a, name)
    except ORDINARY:
        return
    if callable(f):
        attempt(f, args, keywords)


MODULES = sorted(f"{m}.{n}" for m in ("linalg", "fft") for n in getattr(cv, m).__all__ if not isinstance(getattr(getattr(cv, m), n), type))
# with no generator, those that touch the state of the process are left out
SOURCES = {
    "default_rng": lambda: cv.random.default_rng(1),
    "RandomState": lambda: cv.random.RandomState(1),
    "Philox4x32": lambda: cv.random.Philox4x32(1),
    "SeedSequence": lambda: cv.random.SeedSequence(1),
    **{name: lambda name=name: getattr(cv.random, name)(1) for name in ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937", "Threefry", "Xoshiro256")},
}
DRAWS = sorted(f"{s}.{n}" for s, make in SOURCES.items() for n in dir(make()) if not n.startswith("_") and callable(getattr(make(), n)))
MAKERS = sorted(n for n in cv.random.__all__ if isinstance(getattr(cv.random, n), type) or n == "default_rng")
PARAMETERS = ["size", "dtype", "out", "axis", "replace", "p", "loc", "scale", "low", "high", "method", "n", "norm", "s", "mode", "hermitian", "rcond", "tol"]


@pytest.mark.parametrize("name", MODULES)
@ANY
@given(args=st.lists(GARBAGE, max_size=4), keywords=st.dictionaries(st.sampled_from([*KEYWORDS, *PARAMETERS]), GARBAGE, max_size=2))
def test_functions_of_modules(name, args, keywords):
    module, function = name.split(".")
    if small([*args, *keywords.values()]):
        attempt(getattr(getattr(cv, module), function), args, keywords)


@pytest.mark.parametrize("name", DRAWS)
@ANY
@given(args=st.lists(GARBAGE, max_size=4), keywords=st.dictionaries(st.sampled_from(PARAMETERS), GARBAGE, max_size=2))
def test_methods_of_generators(name, args, keywords):
    source, method = name.split(".")
    # these count to it one by one, as NumPy's
    far = method == "jumped" and any(isinstance(x, int) and x > 10**4 for x in [*args, *keywords.values()])
    if not far and small([*args, *keywords.values()]):
        attempt(getattr(SOURCES[source](), method), args, keywords)


@pytest.mark.parametrize("name", MAKERS)
@ANY
@given(args=st.lists(GARBAGE, max_size=3))
def test_generators_of_anything(name, args):
    if small(args):
        attempt(getattr(cv.random, name), args, {})


@settings(ANY, max_examples=1500)
@given(a=arrays(), key=GARBAGE, value=GARBAGE)
def test_indexing(a, key, value):
    if not small([value]):
        return
    attempt(lambda: a[key], (), {})
    attempt(lambda: a.__setitem__(key, value), (), {})


@settings(ANY, max_examples=1500)
@given(
    a=arrays(),
    b=GARBAGE,
    op=st.sampled_from(
        [
            "+",
            "-",
            "*",
            "/",
            "//",
            "%",
            "**",
            "@",
            "&",
            "|",
            "^",
            "<",
            "<=",
            "==",
            "!=",
            ">",
            ">=",
            "+=",
            "*=",
            "**=",
            "@=",
            "%=",
            "//=",
        ]
    ),
    left=st.booleans(),
)
def test_operators(a, b, op, left):
    def compute():
        names = {"a": a, "b": b}
        if op.endswith("=") and op not in ("<=", "==", "!=", ">="):
            exec(f"a {op} b" if left else f"b {op} a", names)  # noqa: S102
        else:
            eval(f"a {op} b" if left else f"b {op} a", names)  # noqa: S307

    attempt(compute, (), {})


@settings(ANY, max_examples=300)
@given(
    data=st.recursive(
        st.one_of(NUMBERS, st.none(), st.text(max_size=2), arrays()),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.tuples(inner, inner)),
        max_leaves=12,
    ),
    dtype=st.one_of(
        st.none(), st.sampled_from(["bool", "int8", "uint64", "float16", "bfloat16", "complex64", "nonsense"])
    ),
)
def test_nested_lists(data, dtype):
    attempt(cv.array, (data,), {"dtype": dtype})
