"""Every row on calls that nobody wrote down: its samples with other lengths, numbers, axes, dtypes, values and layouts, drawn by
hypothesis and compared with NumPy. A new row is tested by being there."""

import ast
import warnings

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import civita as cv
from oracle import NUMPY_DTYPES
from test_functions import ERRORS, ROWS, civita_call, numpy_call

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, np.nan, np.inf, -np.inf, 2.5, -2.5, 1e300, 1e-300]


class Changed(ast.NodeTransformer):
    """A call with other lengths of its arrays (equal ones stay equal) and other integers as arguments."""

    def __init__(self, draw):
        self.draw, self.lengths = draw, {}

    def visit_Subscript(self, node):
        if not (isinstance(node.value, ast.Name) and node.value.id == "x"):
            return self.generic_visit(node)
        for length in ast.walk(node.slice):
            if isinstance(length, ast.Constant) and isinstance(length.value, int):
                if length.value not in self.lengths:
                    kept = st.just(length.value)
                    self.lengths[length.value] = self.draw(kept | kept | st.integers(0, 7))
                length.value = self.lengths[length.value]
        return node

    def visit_Constant(self, node):
        if type(node.value) is int and node.value > 0:
            # what is negative stays so: where a length is meant NumPy takes -1 for anything
            kept = st.just(node.value)
            node.value = self.draw(kept | kept | kept | st.integers(1, 5))
        elif type(node.value) is bool:
            node.value = self.draw(st.booleans())
        return node


@st.composite
def arrays(draw, shape, dtype, seed, special):
    """How to make a view of ordinary and perhaps special values in either library."""
    rng = np.random.default_rng([seed, *shape])
    kind = np.dtype(dtype).kind
    if kind == "b":
        values = rng.random(shape) < 0.5
    elif kind in "iu":
        values = rng.integers(0 if kind == "u" else -4, 5, shape).astype(dtype)
    else:
        values = np.where(rng.random(shape) < draw(st.sampled_from([0, 0, 0.3 if special else 0])), rng.choice(SPECIAL, shape), rng.normal(size=shape) * 3)
        values = (values + 1j * rng.normal(size=shape) if kind == "c" else values).astype(dtype)
    axes = draw(st.permutations(range(len(shape))))
    steps = [draw(st.sampled_from([1, 1, 1, -1, 2, -2])) for _ in shape]

    def view(module):
        # memory in another order, with gaps and backwards
        whole = module.zeros([shape[axis] * abs(steps[axis]) for axis in axes], dtype=dtype)
        found = whole.transpose([axes.index(k) for k in range(len(shape))])
        found = found[tuple(slice(None, None, step) for step in steps)] if shape else found
        if found.size:
            found[...] = values if module is np else cv.array(values)
        return found

    return view


class Drawn:
    """`x[2, 3]` is an array of that shape; the same ones in the same order for either library."""

    def __init__(self, made, module):
        self.made, self.module = iter(made), module

    def __getitem__(self, shape):
        return next(self.made)(self.module)


# Where numbers or lengths mean something together: edges increase, the mean that is given is that of the array, a sort that need not be
# stable has many results, a length below -1 NumPy takes for -1, elements that are said to be unique are, and where there are no elements
# it refuses some averages and histograms on the way; a partition leaves open what lies between the
# places (`test_sorting.py` draws its own).
FIXED = {"interp", "digitize", "searchsorted", "reshape", "nanvar", "nanstd", "argsort", "average", "median", "nanmedian", "histogramdd",
         "histogram2d", "intersect1d", "setxor1d", "setdiff1d", "partition"}  # fmt: skip
# NumPy compares complex numbers by their real parts, and some dtypes are computed in others: `docs/differences.md`.
REAL = {"interp", "digitize", "histogram", "histogram2d", "histogramdd", "histogram_bin_edges"}
WIDER = {"quantile", "percentile", "nanquantile", "nanpercentile"}
# What is written into integers may not fit them, and PyTorch's functions take arrays of one dtype.
ALIKE = {"insert"} | {row["name"] for row in ROWS if row["written"] or row["oracle"]}


def outcome(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(), None
        except (*ERRORS, RuntimeError, ZeroDivisionError, AttributeError) as error:
            return None, error


def near(got, want, row, message):
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want), message
        for g, w in zip(got, want):
            near(g, w, row, message)
        return
    if not isinstance(want, (np.ndarray, np.generic)):
        if isinstance(want, float):
            np.testing.assert_equal(float(got), want, err_msg=message)
            return
        assert type(got) is type(want) and (got == want or got != got), message
        return
    want = np.asarray(want)
    assert (str(got.dtype), got.shape) == (str(want.dtype), want.shape), f"{message}: {got.dtype} {got.shape}, want {want.dtype} {want.shape}"
    if want.dtype.kind not in "fc":
        np.testing.assert_array_equal(np.asarray(got), want, err_msg=message)
        return
    if want.dtype.kind == "c" and not np.isfinite(want).all():
        # which part of a product of infinite numbers is NaN, NumPy leaves to the machine: `docs/differences.md`
        finite = np.isfinite(want)
        np.testing.assert_array_equal(np.isfinite(np.asarray(got)), finite, err_msg=message)
        got, want = np.asarray(got)[finite], want[finite]
    eps = np.finfo(want.dtype).eps
    size = np.nanmax(np.abs(want[np.isfinite(want)]), initial=1)
    np.testing.assert_allclose(np.asarray(got), want, rtol=64 * eps, atol=64 * eps * size, err_msg=message)


def dtypes_of(row):
    all_of_them = [str(dtype) for dtype in NUMPY_DTYPES]
    if row["name"] in WIDER:
        return [dtype for dtype in all_of_them if dtype not in ("float16", "float32")]
    return [dtype for dtype in all_of_them if row["name"] not in REAL or np.dtype(dtype).kind not in "bc"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["samples"]], ids=lambda row: row["name"])
def test_changed_samples_give_numpys_results(row):
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data):
        text = data.draw(st.sampled_from(row["samples"]))
        changed = text if row["name"] in FIXED else ast.unparse(Changed(data.draw).visit(ast.parse(text, mode="eval")))
        dtype = data.draw(st.sampled_from(dtypes_of(row)))
        makers, dtypes, shapes = [], [], Shapes()
        # in the order in which they are evaluated
        ignored = lambda *args, **kwargs: None
        eval(changed, {"x": shapes, row["name"]: ignored, "astype": ignored, "inf": np.inf, "nan": np.nan})
        for seed, shape in enumerate(shapes.found):
            own = dtype if row["name"] in ALIKE else data.draw(st.just(dtype) | st.sampled_from(dtypes_of(row)))
            dtypes.append(own)
            makers.append(data.draw(arrays(shape, own, seed, not row["name"] in ("cummax", "cummin"))))
        want, refused = outcome(lambda: numpy_call(row, changed, Drawn(makers, np)))
        got, error = outcome(lambda: civita_call(row, changed, Drawn(makers, cv)))
        message = f"{changed} of {', '.join(dtypes)}"
        if row["oracle"] and (refused or error):
            # a formula of the tests answers and refuses what it happens to
            return
        if refused is not None:
            assert error is not None, f"{message}: {got!r}, where NumPy refuses: {refused}"
            return
        if error is not None:
            raise AssertionError(f"{message}: refused, where NumPy answers {want!r}") from error
        near(got, want, row, message)

    check()


class Shapes:
    """Notes the shapes of the arrays that a call is made of."""

    def __init__(self):
        self.found = []

    def __getitem__(self, shape):
        self.found.append(shape if isinstance(shape, tuple) else (shape,))
        return 0


def drawn(data, shape, dtype, seed):
    return data.draw(arrays(shape, dtype, seed, True))


@pytest.mark.parametrize("row", [row for row in cv.rows() if row["kind"] == "elementwise" and hasattr(np, row["numpy"])], ids=lambda row: row["numpy"])
def test_ops_of_arrays_that_broadcast_give_numpys_results(row):
    name, arity = row["numpy"], row["arity"]

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data):
        shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=arity, max_dims=4, min_side=0, max_side=4)).input_shapes
        dtype = data.draw(st.sampled_from([str(dtype) for dtype in NUMPY_DTYPES]))
        dtypes = [data.draw(st.just(dtype) | st.sampled_from([str(dtype) for dtype in NUMPY_DTYPES])) for _ in shapes]
        makers = [drawn(data, shape, own, seed) for seed, (shape, own) in enumerate(zip(shapes, dtypes))]
        theirs, ours = [make(np) for make in makers], [make(cv) for make in makers]
        want, refused = outcome(lambda: getattr(np, name)(*theirs))
        got, error = outcome(lambda: getattr(cv, name)(*ours))
        message = f"{name} of {', '.join(f'{dtype}{list(shape)}' for dtype, shape in zip(dtypes, shapes))}"
        assert (refused is None) == (error is None), f"{message}: {error!r}, NumPy: {refused!r}"
        if refused is None and not np.asarray(want).dtype.kind == "c":
            near(got, want, row, message)
        elif refused is None:
            # complex functions at infinities and NaN: `test_umath_tables.py`
            assert (str(got.dtype), got.shape) == (str(want.dtype), want.shape), message
            finite = np.asarray(np.isfinite(want))
            np.testing.assert_allclose(np.asarray(got)[finite], np.asarray(want)[finite], rtol=1e-2 if want.dtype == "complex64" else 1e-8, atol=1e-6, err_msg=message)

    check()


@pytest.mark.parametrize("row", [row for row in cv.rows() if row["kind"] == "reduction" and hasattr(np, row["numpy"])], ids=lambda row: row["numpy"])
def test_reductions_over_any_axes_give_numpys_results(row):
    name = row["numpy"]

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data):
        shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
        dtype = data.draw(st.sampled_from([str(dtype) for dtype in NUMPY_DTYPES]))
        rank = len(shape)
        one = st.integers(-rank - 1, rank)
        several = st.lists(one, max_size=rank).map(tuple)
        kwargs = {"axis": data.draw(st.none() | one | (one if name.startswith("arg") else several))}
        if data.draw(st.booleans()):
            kwargs["keepdims"] = True
        if rank and name in ("sum", "prod", "mean", "var", "std", "any", "all") and data.draw(st.booleans()):
            kwargs["where"] = data.draw(hnp.arrays(bool, tuple(data.draw(st.sampled_from([1, n])) for n in shape)))
        if name in ("var", "std") and data.draw(st.booleans()):
            kwargs["ddof"] = data.draw(st.sampled_from([0, 1, 1.5]))
        make = drawn(data, shape, dtype, 0)
        theirs, ours = make(np), make(cv)
        want, refused = outcome(lambda: getattr(np, name)(theirs, **kwargs))
        got, error = outcome(lambda: getattr(cv, name)(ours, **kwargs))
        message = f"{name} of {dtype}{list(shape)}, {kwargs}"
        assert (refused is None) == (error is None), f"{message}: {error!r}, NumPy: {refused!r}"
        if refused is not None:
            return
        if dtype in ("float16", "float32", "complex64", "complex128", "float64") and name in ("sum", "prod", "mean", "var", "std"):
            # partial sums and products of NumPy's overflow, and lose digits, where the whole does not
            assert (str(got.dtype), got.shape) == (str(want.dtype), want.shape), message
            with np.errstate(all="ignore"):
                exact = getattr(np, name)(theirs.astype("complex128" if dtype.startswith("c") else "float64"), **kwargs)
            plain = np.isfinite(exact) & np.isfinite(want)
            size = np.abs(theirs)[np.isfinite(theirs)].max(initial=1.0)
            near_one = {"float16": 2e-2, "float32": 1e-4, "complex64": 1e-4}.get(dtype, 1e-9)
            scale = size ** (2 if name == "var" else max(theirs.size, 1) if name == "prod" else 1)
            if np.isfinite(scale):
                np.testing.assert_allclose(np.asarray(got)[plain], exact[plain], rtol=near_one, atol=near_one * scale, err_msg=message)
            return
        near(got, want, row, message)

    check()
