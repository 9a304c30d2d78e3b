"""Every function of the table on its own samples, against NumPy: the same text, evaluated with either library. The tests
are made from `cv.rows()`: a new row is tested by being there."""

import copy
import inspect
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import NUMPY_DTYPES, assert_same

ROWS = [row for row in cv.rows() if row["kind"] == "function"]
names = lambda row: row["name"]
every_row = pytest.mark.parametrize("row", ROWS, ids=names)

# what rounds: sums and products in another order, logarithms
ROUNDED = {
    "angle", "average", "convolve", "convolve2d", "corrcoef", "correlate", "cov", "cross", "cross_entropy", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum",
    "dot", "einsum", "expit", "geomspace", "gradient", "grouped_matmul", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd", "i0", "index_add",
    "index_put", "inner", "interp", "kaiser", "khatri_rao", "kron", "layer_norm", "linspace", "log_expit", "log_softmax", "logcumsumexp", "logspace", "matmul",
    "matmul_bias",
    "matvec", "median", "nancumprod", "nancumsum", "nanmean", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar",
    "outer", "pad", "percentile", "quantile", "rms_norm", "round", "scatter_add", "scatter_reduce", "sinc", "softmax", "tensordot", "trace",
    "trapezoid", "unwrap", "vdot", "vecdot", "vecmat", "xlogy",
}  # fmt: skip
ERRORS = (TypeError, ValueError, IndexError, OverflowError)

# Ways to make a view of a shape from a fresh array, the same in both libraries.
LAYOUTS = {
    "contiguous": lambda xp, make, shape: make(shape),
    "transposed": lambda xp, make, shape: make(shape[::-1]).T,
    "stepped": lambda xp, make, shape: make(tuple(2 * n for n in shape))[tuple(slice(None, None, 2) for _ in shape)],
    "reversed": lambda xp, make, shape: make(shape)[tuple(slice(None, None, -1) for _ in shape)],
    "offset": lambda xp, make, shape: make(tuple(n + 1 for n in shape))[tuple(slice(1, None) for _ in shape)],
    "broadcast": lambda xp, make, shape: xp.broadcast_to(make((1, *shape[1:]) ), shape),
}


def values(shape, dtype, seed):
    """Small numbers that differ; the same ones for the same shape, dtype and seed."""
    rng = np.random.default_rng([*shape, seed])
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0 if np.dtype(dtype).kind == "u" else -9, 10, shape).astype(dtype)
    x = rng.normal(size=shape) * 3
    return (x + 1j * rng.normal(size=shape)).astype(dtype) if np.dtype(dtype).kind == "c" else x.astype(dtype)


class Arrays:
    """`x[2, 3]` is an array of that shape, with a layout."""

    def __init__(self, xp, dtype="float64", layout="contiguous", seed=None):
        self.xp, self.dtype, self.layout, self.seed, self.made = xp, dtype, layout, seed, []

    def __getitem__(self, shape):
        shape = shape if isinstance(shape, tuple) else (shape,)
        seed = len(self.made) if self.seed is None else self.seed
        make = lambda shape: self.xp.asarray(values(shape, self.dtype, seed))
        if self.xp is cv:
            make = lambda shape: cv.array(values(shape, self.dtype, seed))
        self.made.append(LAYOUTS[self.layout](self.xp, make, shape) if shape else make(shape))
        return self.made[-1]


class Leaves:
    """`x[2, 3]` is the next of these arrays."""

    def __init__(self, arrays):
        self.arrays = iter(arrays)

    def __getitem__(self, _):
        return next(self.arrays)


NUMBERS = {"inf": np.inf, "nan": np.nan}


def numpy_function(row):
    function = eval(row["oracle"], {"np": np, "oracle": oracle}) if row["oracle"] else getattr(np, row["name"])
    return written(function, row, np)


def written(function, row, xp):
    """A function that writes its first argument as one that returns it; what is no array becomes one."""
    if not row["written"]:
        return function

    def call(a, *args, **kwargs):
        a = a if isinstance(a, xp.ndarray) else xp.array(a)
        assert function(a, *args, **kwargs) is None
        return a

    return call


def numpy_call(row, text, x):
    return eval(text, {"astype": lambda x, dtype: np.asarray(x, dtype), row["name"]: numpy_function(row), "x": x} | NUMBERS)


def civita_call(row, text, x, function=None):
    return eval(text, {"astype": cv.astype, row["name"]: written(function or getattr(cv, row["name"]), row, cv), "x": x} | NUMBERS)


def same(got, want, row, message):
    """One array, several, or none: the same in kind, shape, dtype and value."""
    if isinstance(want, (tuple, list)) and not (want and isinstance(want[0], int)):
        fields = getattr(want, "_fields", None)
        assert (type(got) is type(want) or fields and got._fields == fields) and len(got) == len(want), f"{message}: {type(got)}, want {type(want)}"
        for g, w in zip(got, want):
            same(g, w, row, message)
        return
    if isinstance(want, (np.ndarray, np.generic)):
        # a scalar where NumPy gives one, an array without axes where NumPy gives that
        kind = cv.ndarray if isinstance(want, np.ndarray) else cv.generic
        assert isinstance(got, kind), f"{message}: {type(got)}, want {type(want)}"
    else:
        assert type(got) is type(want) and got == want, f"{message}: {got!r}, want {want!r}"
        return
    want = np.asarray(want)
    if row["name"] not in ROUNDED or want.dtype.kind not in "fc":
        assert_same(got, want, message=message)
        return
    assert (str(got.dtype), got.shape) == (str(want.dtype), want.shape), f"{message}: {got.dtype} {got.shape}, want {want.dtype} {want.shape}"
    size = np.nanmax(np.abs(want[np.isfinite(want)]), initial=1)
    eps = np.finfo(want.dtype).eps
    np.testing.assert_allclose(np.asarray(got), want, rtol=32 * eps, atol=32 * eps * size, err_msg=message)


def both(row, text, dtype, layout):
    theirs, ours = Arrays(np, dtype, layout), Arrays(cv, dtype, layout)
    message = f"{text} of {dtype}, {layout}"
    try:
        want = numpy_call(row, text, theirs)
    except ERRORS as error:
        with pytest.raises(ERRORS):
            civita_call(row, text, ours)
        return str(error)
    got = civita_call(row, text, ours)
    same(got, want, row, message)
    pairs = zip(got, want) if isinstance(want, (tuple, list)) else [(got, want)]
    for g, w in pairs:
        # a view is a view, a copy a copy (a diagonal that is no slice of the memory is a copy here)
        if isinstance(w, np.ndarray) and w.size and isinstance(g, cv.ndarray) and row["name"] not in ("diagonal", "diag"):
            for a, b in zip(ours.made, theirs.made):
                assert cv.shares_memory(g, a) == np.shares_memory(w, b), f"{message}: shares memory: {np.shares_memory(w, b)}"
    return None


@every_row
def test_samples_give_numpys_results_in_every_dtype(row):
    for text in row["samples"]:
        # NumPy takes differences of narrow floats in their dtype, whatever comes out; here they are float64's
        narrow = ("float16", "float32") if row["name"].endswith(("quantile", "percentile")) else ()
        # NumPy compares complex numbers by their real parts, and drops imaginary parts of places
        narrow += ("complex64", "complex128") if row["name"].startswith("histogram") or row["name"] == "interp" else ()
        # and its sums of booleans are booleans, where its bins can sum them
        narrow += ("bool",) if row["name"] == "histogram" and "weights" in text else ()
        errors = [both(row, text, dtype, "contiguous") for dtype in NUMPY_DTYPES if dtype not in narrow]
        assert None in errors, f"{text} works in no dtype: {errors[0]}"


@every_row
@pytest.mark.parametrize("layout", LAYOUTS)
def test_samples_give_numpys_results_in_every_layout(row, layout):
    for text in row["samples"]:
        for dtype in ("float64", "int16"):
            both(row, text, dtype, layout)


@every_row
def test_calls_by_name_are_calls_by_position(row):
    function = getattr(cv, row["name"])

    def by_name(*args, **kwargs):
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        bound.arguments.pop("out", None)
        positional, keywords, starred = [], {}, any(p.kind is p.VAR_POSITIONAL for p in bound.signature.parameters.values())
        for name, p in bound.signature.parameters.items():
            # a mode of `pad` takes no arguments of others, even their defaults
            if name not in bound.arguments or (row["name"] == "pad" and p.default is bound.arguments[name]):
                continue
            if p.kind is p.VAR_POSITIONAL:
                positional += bound.arguments[name]
            elif p.kind is p.POSITIONAL_ONLY or (starred and p.kind is p.POSITIONAL_OR_KEYWORD):
                positional.append(bound.arguments[name])
            else:
                keywords[name] = bound.arguments[name]
        return function(*positional, **keywords)

    for text in row["samples"]:
        want, got = civita_call(row, text, Arrays(cv)), civita_call(row, text, Arrays(cv), by_name)
        flat = lambda r: list(r) if isinstance(r, (tuple, list)) else [r]
        for g, w in zip(flat(got), flat(want), strict=True):
            assert str(g) == str(w), text


@every_row
def test_examples_print_what_they_say(row):
    found = eval(row["example"], {"astype": cv.astype, row["name"]: written(getattr(cv, row["name"]), row, cv)})
    assert str(found) == row["prints"]
    if not row["written"]:
        assert row["example"] in getattr(cv, row["name"]).__doc__


@every_row
def test_laws_hold(row):
    functions = {name: getattr(cv, name) for name in dir(cv) if callable(getattr(cv, name))}
    for law in row["laws"]:
        assert bool(eval(law, {**functions, "x": Arrays(cv, seed=0)})), law


@pytest.mark.parametrize("row", [row for row in ROWS if row["differentiable"]], ids=names)
def test_gradients_are_the_differences(row):
    checked = 0
    for text in row["samples"]:
        arrays = Arrays(cv)
        found = civita_call(row, text, arrays)
        found = [y for y in (found if isinstance(found, (tuple, list)) else [found]) if y.dtype in ("float64", "complex128")]
        if not arrays.made or not found or not any(y.size for y in found):
            continue

        def f(*leaves, text=text):
            # a leaf cannot be written; what is made of it can
            y = civita_call(row, text, Leaves([leaf * 1 for leaf in leaves] if row["written"] else leaves))
            if not isinstance(y, (tuple, list)):
                return y
            return cv.concatenate([part.reshape(-1) for part in y])

        assert cv.check_gradients(f, arrays.made), text
        # a product with itself, so that the second derivative is not zero
        assert cv.check_second_gradients(lambda *leaves: f(*leaves) * f(*leaves), arrays.made), text
        checked += 1
    assert checked or not any("x[" in text for text in row["samples"]), "no sample has a gradient to check"


def test_gradients_of_geometric_sequences():
    ends = [cv.array([1.5, -2.0]), cv.array([9.0, -7.0])]
    f = lambda a, b: cv.geomspace(a, b, 4, axis=-1)
    assert cv.check_gradients(f, ends) and cv.check_second_gradients(f, ends)


@pytest.mark.parametrize("row", [row for row in ROWS if "out" in row["parameters"]], ids=names)
def test_results_go_into_out(row):
    for text in row["samples"]:
        if row["name"] in ("concatenate", "stack") and "dtype" in text:
            continue  # an output or a dtype, as in NumPy
        want = civita_call(row, text, Arrays(cv))
        imported = cv.asarray(np.zeros(want.shape, str(want.dtype)))
        whole = cv.zeros((*want.shape, 2), want.dtype)
        # in C order, transposed, with gaps, backwards, memory that NumPy sees too
        for out in (
            cv.zeros(want.shape, want.dtype),
            cv.zeros(want.shape[::-1], want.dtype).T,
            whole[..., 1],
            cv.zeros(want.shape, want.dtype)[(slice(None, None, -1),) * len(want.shape) + (...,)],
            imported,
        ):
            if row["name"] == "dot" and not out.flags.c_contiguous:
                continue  # an error, as in NumPy
            found = civita_call(row, text, Arrays(cv), lambda *a, **k: getattr(cv, row["name"])(*a, out=out, **k))
            assert found is out
            assert str(out) == str(want), text
        assert not whole[..., 0].any()


@pytest.mark.parametrize("row", [row for row in ROWS if row["method"]], ids=names)
def test_methods_are_the_functions(row):
    def method(a, *args, **kwargs):
        bound = getattr(a if row["written"] else cv.asarray(a), row["method"])
        assert bound.__name__ == row["name"] and bound.__doc__ == getattr(cv, row["name"]).__doc__
        return bound(*args, **kwargs)

    for text in row["samples"]:
        assert str(civita_call(row, text, Arrays(cv), method)) == str(civita_call(row, text, Arrays(cv)))


def python_twin(row):
    """A function of Python's own with the row's parameters."""
    defaults = inspect.signature(getattr(cv, row["name"]))
    parameters = [p.replace(default=None if p.default is not p.empty else p.empty) for n, p in defaults.parameters.items() if n in row["parameters"]]
    scope = {}
    exec(f"def {row['name']}{defaults.replace(parameters=parameters)}: pass", scope)
    return scope[row["name"]]


# ufuncs count their arguments as all ufuncs do
@pytest.mark.parametrize("row", [r for r in ROWS if not isinstance(getattr(cv, r["name"]), cv.ufunc)], ids=lambda row: row["name"])
def test_wrong_calls_get_pythons_own_messages(row):
    function, twin = getattr(cv, row["name"]), python_twin(row)
    signature = list(inspect.signature(twin).parameters.values())
    by_position = [p for p in signature if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    many, first = [1] * (len(by_position) + 2), signature[0]
    calls = [
        ([], {}),
        ([1], {}),
        (many, {}),
        (many, {signature[-1].name: 1}),
        (many[2:], {"no_such_thing": 1}),
        (many[2:], {signature[-1].name + "s": 1}),
        (many[2:], {first.name: 1}),
        ([], {p.name: 1 for p in by_position}),
        (many[2:], {by_position[-1].name: 1} if by_position else {}),
    ]
    for args, kwargs in calls:
        try:
            twin(*args, **kwargs)
        except TypeError as error:
            want = str(error).split(". Did you mean")[0]
            with pytest.raises(TypeError) as found:
                function(*args, **kwargs)
            assert str(found.value).split(". Did you mean")[0] == want, f"{args} {kwargs}"


def test_near_misses_are_suggested():
    for call, name in [("roll([1], 1, axs=0)", "axis"), ("pad([1], 1, constant_value=3)", "constant_values"), ("concatenate([[1]], dtyp=int)", "dtype")]:
        with pytest.raises(TypeError, match=f"Did you mean '{name}'"):
            eval(f"cv.{call}", {"cv": cv})
    with pytest.raises(TypeError) as found:
        cv.roll([1], 1, nonsense=0)
    assert "mean" not in str(found.value)


def test_arguments_of_the_wrong_kind_say_what_they_should_be():
    for call, text in [
        ("roll([1], 'two')", "roll: argument 'shift' must be an integer or a sequence of integers, not str"),
        ("tril([[1]], k=1.5)", "tril: argument 'k' must be an integer, not float"),
        ("roll([1], {})", "roll: argument 'shift' must be an integer or a sequence of integers, not dict"),
        ("astype([1], 'int8', copy='no')", "astype: argument 'copy' must be a boolean, not str"),
    ]:
        with pytest.raises(TypeError) as found:
            eval(f"cv.{call}", {"cv": cv})
        assert str(found.value) == text
    for call, text in [
        ("pad([1], 1, 'round')", "pad: mode must be one of 'constant', 'edge'"),
        ("pad([1], -1)", "negative"),
        ("zeros(2).repeat(-1)", "negative"),
        ("split([1, 2, 3], 2)", "equal division"),
        ("eye(2, device='gpu')", "no device"),
    ]:
        with pytest.raises(ValueError, match=text):
            eval(f"cv.{call}", {"cv": cv})


@every_row
def test_functions_are_like_functions(row):
    f = getattr(cv, row["name"])
    assert f.__name__ == f.__qualname__ == row["name"] and f.__module__ == "civita"
    assert pickle.loads(pickle.dumps(f)) is f and copy.copy(f) is f and copy.deepcopy(f) is f
    assert f.__doc__.startswith(row["name"] + "(") and row["doc"].split("\n")[0] in f.__doc__
    # what makes leaves takes `requires_grad` beside the row's parameters
    assert isinstance(f, cv.ufunc) or [p for p in inspect.signature(f).parameters if p != "requires_grad"] == row["parameters"]
    assert all(getattr(cv, alias) is f for alias in row["aliases"])


@every_row
def test_parameters_are_numpys(row):
    """As many as NumPy has, in its order, but for what only subclasses and C programmers need."""
    if row["oracle"] or isinstance(getattr(np, row["name"]), np.ufunc):
        return
    try:
        want = inspect.signature(getattr(np, row["name"]))
    except ValueError:  # some of NumPy's have none
        return
    left_out = {"subok", "like", "kwargs"}
    more = {"device", "copy", "descending", "dtype", "order", "casting"} | ({"stat_length", "constant_values", "end_values", "reflect_type"} if row["name"] == "pad" else set())
    theirs = [p for p in want.parameters if p not in left_out]
    ours = [p for p in row["parameters"] if p in theirs or p not in more]
    assert ours == theirs


def test_what_would_not_fit_into_memory_is_an_error():
    x = cv.ones(3)
    for call in [
        lambda: cv.repeat(x, 2**60),
        lambda: cv.repeat(x, [2**61, 2**61, 2**61]),
        lambda: cv.tile(x, (2**40, 2**40)),
        lambda: cv.tri(2**40),
        lambda: cv.resize(x, (2**40, 2**40)),
        lambda: cv.pad(x, 2**61),
        lambda: cv.diag(x, 2**40),
        lambda: cv.indices((2**30, 2**30)),
        lambda: cv.vander(x, 2**60),
        lambda: cv.array_split(x, 2**60),
        lambda: cv.unstack(cv.broadcast_to(x, (2**40, 3))),
        lambda: cv.kron(cv.zeros((0, 2**40)), cv.zeros((0, 2**40))),
        lambda: cv.diagonal(cv.zeros((0, 2**40, 2**40)), axis1=1, axis2=2),
        lambda: cv.linspace(0, 1, 2**60),
        lambda: cv.logspace(0, 1, 2**60),
        lambda: cv.outer(cv.broadcast_to(1.0, 2**40), cv.broadcast_to(1.0, 2**40)),
    ]:
        with pytest.raises((MemoryError, ValueError)):
            call()


def test_the_table_of_the_docs_is_up_to_date():
    tools = pathlib.Path(__file__).parent.parent / "tools"
    for tool in ("make_numpy_table.py", "make_stubs.py"):
        done = subprocess.run([sys.executable, tools / tool, "--check"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_ufuncs_with_two_results():
    x = np.array([1.5, -2.25, 7.0])
    assert (cv.modf.nin, cv.modf.nout, cv.modf.nargs) == (1, 2, 3)
    fraction, whole = cv.zeros(3), cv.zeros(3)
    got = cv.modf(cv.array(x), out=(fraction, whole))
    assert got[0] is fraction and got[1] is whole
    assert_same(fraction, np.modf(x)[0], message="out=")
    assert_same(cv.modf(cv.array(x), None, whole)[1], np.modf(x)[1], message="out by position")
    q, r = cv.divmod(cv.array([7, -7, 9]), 4, where=cv.array([True, True, False]), out=(cv.full(3, -1), cv.full(3, -1)))
    assert q.tolist() == [1, -2, -1] and r.tolist() == [3, 1, -1]
    assert_same(cv.nextafter.outer(cv.array([0.0, 1.0]), cv.array([2.0, -1.0])), np.nextafter.outer([0.0, 1.0], [2.0, -1.0]), message="outer")
    with pytest.raises(TypeError, match="must be a tuple"):
        cv.modf(1.5, out=fraction)
    with pytest.raises(ValueError, match="2 entries"):
        cv.modf(1.5, out=(fraction,))
    with pytest.raises(ValueError, match="single value"):
        cv.divmod.reduce(cv.array([7, 3]))
    with pytest.raises(TypeError, match="an integer, not float64"):
        cv.ldexp(1.5, 2.0)
    with pytest.raises(TypeError, match="no step of a fused function"):
        cv.fuse(lambda a: cv.spacing(a))(cv.ones(3))


def test_gradients_of_ufuncs_that_are_programs():
    for f, want in ((lambda x: cv.modf(x)[0], [1.0] * 3), (lambda x: cv.modf(x)[1], [0.0] * 3), (lambda x: cv.ldexp(x, 3), [8.0] * 3),
                    (lambda x: cv.frexp(x)[0], [0.5, 0.25, 1.0]), (lambda x: cv.divmod(x, 2)[1], [1.0] * 3), (lambda x: cv.nextafter(x, 9.0), [1.0] * 3)):
        x = cv.array([1.5, -3.0, 0.75], requires_grad=True)
        f(x).sum().backward()
        assert x.grad.tolist() == want
    # a cast to integers on the way has no gradient
    x = cv.array([1.5, -3.0], requires_grad=True)
    cv.fuse(lambda a: a * a.astype("int64").astype("float64"))(x).sum().backward()
    assert x.grad.tolist() == [1.0, -3.0]


def test_every_name_of_numpy_is_here_or_left_out_with_a_reason():
    import civita._lazy as lazy

    missing = [name for name in np.__all__ if not hasattr(cv, name) and name not in lazy.LEFT_OUT]
    assert not missing
    for space in ("linalg", "fft", "random", "lib.stride_tricks", "emath"):
        ours, theirs = cv, np
        for part in space.split("."):
            ours, theirs = getattr(ours, part), getattr(theirs, part)
        wanted = [name for name in getattr(theirs, "__all__", dir(theirs)) if not name.startswith("_")]
        lacks = [name for name in wanted if not hasattr(ours, name)]
        assert not lacks, (space, lacks)
    for name in lazy.LEFT_OUT:
        with pytest.raises(AttributeError, match="hint"):
            getattr(cv, name)
