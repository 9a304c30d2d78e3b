"""Derivatives of every row: finite differences in float64 and complex128, second ones too, and PyTorch's values from
`tests/oracles/torch.json`."""

import json
import os
import pathlib
import warnings

import numpy as np
import pytest

import civita as cv
import oracle
from oracle import REDUCTIONS, ROWS

names = lambda row: row["numpy"]
SMOOTH = [row for row in ROWS if row["differentiable"] and not row["zero_gradient"]]
# Pairs of shapes that broadcast against each other in every way.
SHAPES = {
    1: [((),), ((3,),), ((2, 3),), ((2, 0),)],
    2: [((3,), (3,)), ((), (3,)), ((2, 1), (3,)), ((2, 3), ()), ((1, 3), (2, 1)), ((0, 3), (1, 3))],
    3: [((3,), (3,), (3,)), ((2, 1), (3,), ()), ((2, 3), (1, 3), (2, 1))],
}


def function(row):
    return getattr(cv, row["numpy"])


def arguments(row, shapes, dtype, rng):
    """Arrays near the row's samples, where it is smooth."""
    samples = np.array(row["samples"])
    chosen = samples[rng.integers(0, len(samples), 1)[0]]
    arrays = []
    for value, shape in zip(chosen, shapes):
        x = value + rng.uniform(-0.05, 0.05, shape)
        if dtype == "complex128":
            x = x + 1j * rng.uniform(0.1, 0.4, shape)
        arrays.append(cv.array(np.asarray(x, dtype)))
    return arrays


def bound(row, arrays):
    """The row as a function of what moves: the condition of `where` does not."""
    f = function(row)
    if row["class"] == "Select":
        condition = cv.array(np.asarray(arrays[0]).real > 0.5)
        return (lambda *moving: f(condition, *moving)), arrays[1:]
    return f, arrays


def takes(row, dtype):
    return dtype in dict(row["loops"])


@pytest.mark.parametrize(
    "row, dtype",
    [
        pytest.param(row, dtype, id=f"{row['numpy']}-{dtype}")
        for row in SMOOTH
        for dtype in ("float64", "complex128")
        if takes(row, dtype) and not (row["class"] == "Ordered" and dtype == "complex128")
    ],
)
def test_first_and_second_gradients_are_the_differences(row, dtype, rng):
    for shapes in SHAPES[row["arity"]]:
        for _ in row["samples"]:
            f, arrays = bound(row, arguments(row, shapes, dtype, rng))
            assert cv.check_gradients(f, arrays)
            assert cv.check_second_gradients(f, arrays)


@pytest.mark.parametrize("row", [r for r in SMOOTH if r["arity"] == 2], ids=names)
def test_gradients_reach_views_and_broadcast_operands(row, rng):
    f, arrays = bound(row, arguments(row, [(3, 4)] * row["arity"], "float64", rng))
    turned = lambda *xs: f(*(x.T[::-1, 1:2] if i else x.T for i, x in enumerate(xs)))
    assert cv.check_gradients(turned, arrays)
    assert cv.check_second_gradients(lambda *xs: turned(*xs).sum(axis=0), arrays)
    # one tensor as both operands
    assert cv.check_gradients(lambda x: f(*[x] * len(arrays)), arrays[:1])


@pytest.mark.parametrize("row", [r for r in ROWS if r["zero_gradient"]], ids=names)
def test_steps_have_a_gradient_of_zero(row, rng):
    """Beside a path that has a gradient of its own: a step adds nothing to it, and as a factor it is a constant."""
    for _ in range(20):
        values = [np.asarray(a) for a in arguments(row, [(3,)] * row["arity"], "float64", rng)]
        if np.all(np.asarray(function(row)(*map(cv.array, values))) != 0):
            break
    else:
        pytest.fail("the samples are where the step is zero")
    leaves = [cv.array(x).requires_grad_() for x in values]
    step = function(row)(*leaves)
    constant = np.asarray(step.detach())
    if step.requires_grad:
        assert all(g.tolist() == [0, 0, 0] for g in cv.grad(step.sum(), leaves))
        step.sum().backward()
        assert all(x.grad.tolist() == [0, 0, 0] for x in leaves)
    squares = sum((x * x).sum() for x in leaves)
    for g, x in zip(cv.grad(step.sum() + squares, leaves), values):
        np.testing.assert_array_equal(np.asarray(g), 2 * x)
    for k, leaf in enumerate(leaves):
        found = cv.grad((step * leaf).sum(), leaves)
        for i, g in enumerate(found):
            np.testing.assert_array_equal(np.asarray(g), constant if i == k else np.zeros(3))
    moves = [cv.array(np.arange(1.0, 4) + i) for i in range(len(values))]
    _, change = cv.jvp(function(row), [cv.array(x) for x in values], moves)
    assert change.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "row", [r for r in ROWS + REDUCTIONS if not r["differentiable"]], ids=lambda row: f"{row['kind']}-{row['numpy']}"
)
def test_rows_without_a_derivative_say_so(row):
    """Of a float array that has a gradient, or of integers that were computed from one: the result is a constant."""
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    operand = x * 1 if takes(row, "float64") else (x * 1).astype("int64")
    y = function(row)(*[operand] * row.get("arity", 1))
    assert not y.requires_grad
    with pytest.raises(RuntimeError, match="gradient"):
        y.sum().backward()
    # and a constant factor for what comes after it
    (found,) = cv.grad((y * x).sum(), x)
    np.testing.assert_array_equal(np.asarray(found), np.broadcast_to(np.asarray(y), (3,)))


@pytest.mark.parametrize("row", SMOOTH, ids=names)
def test_derivatives_keep_the_dtype_of_what_they_belong_to(row, rng):
    dtypes = [d for d in ("float32", "float16", "bfloat16", "complex64") if takes(row, d)]
    assert "float32" in dtypes or row["class"] == "Double"
    for dtype in dtypes:
        f, arrays = bound(row, arguments(row, [(2,)] * row["arity"], "float64", rng))
        leaves = [a.astype(dtype).requires_grad_() for a in arrays]
        y = f(*leaves)
        for g in cv.grad(y, leaves, cv.ones_like(y.detach())):
            assert g.dtype == dtype and g.shape == (2,)


@pytest.mark.parametrize("row", [r for r in REDUCTIONS if r["differentiable"]], ids=names)
def test_gradients_of_reductions_over_every_axis(row, rng):
    f = getattr(cv, row["numpy"])
    for dtype in ("float64", "complex128"):
        if dtype == "complex128" and (row["class"] == "Same" or row["numpy"] == "std"):
            continue
        x = rng.permutation(24).reshape(2, 3, 4) * 0.11 + 0.3
        x = cv.array(x if dtype == "float64" else x * (1 + 0.3j))
        for axis in [None, 0, 1, 2, -1, (0, 2), (0, 1, 2)]:
            for keepdims in (False, True):
                g = lambda a: f(a, axis=axis, keepdims=keepdims)
                assert cv.check_gradients(g, [x], rtol=1e-3)
        assert cv.check_second_gradients(lambda a: f(a, axis=1), [x])
        assert cv.check_second_gradients(lambda a: f(a.T[::-1], axis=(0, 1)), [x])


def test_products_with_zeros_have_gradients():
    for values in ([1.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]):
        assert cv.check_gradients(lambda x: cv.prod(x), [cv.array(values)])
        assert cv.check_second_gradients(lambda x: cv.prod(x), [cv.array([1.5, 2.0, 3.0])])


# what is no row of a table: operators, indices, conversions by a method, and compositions; rows are in `test_functions.py` and
# `test_row_laws.py`
WITHOUT_A_ROW = {
    "the operator of products": (lambda a, b: a.T @ b, [(3, 2), (3, 4)]),
    "an index by integers": (lambda a: a[cv.array([2, 0, 2])], [(3, 2)]),
    "an index by slices": (lambda a: a[::-1, 1:], [(2, 3)]),
    "an index by a mask": (lambda a: a[cv.array([True, False, True])], [(3, 2)]),
    "the attribute of the transpose": (lambda a: a.T * cv.array([[1.0, 2.0]]), [(2, 3)]),
    "a conversion to complex": (lambda a: a.astype("complex128") * 1j, [(3,)]),
    "a composition": (lambda a, b: cv.log(cv.exp(a * b).sum(axis=0) + 1) / (b * b + 1).mean(), [(2, 3), (3,)]),
}


@pytest.mark.parametrize("name", WITHOUT_A_ROW)
def test_gradients_of_what_has_no_row(name, rng):
    f, shapes = WITHOUT_A_ROW[name]
    arrays = [cv.array(rng.uniform(-1, 1, s)) for s in shapes]
    assert cv.check_gradients(f, arrays)
    assert cv.check_second_gradients(f, arrays)
    if name != "a conversion to complex":
        assert cv.check_gradients(f, [cv.array(np.asarray(a) + 1j * rng.uniform(-1, 1, a.shape)) for a in arrays])


def test_check_gradients_finds_a_wrong_derivative():
    x = cv.array([1.0, 2.0])
    with pytest.raises(RuntimeError, match="element 0.*differences"):
        cv.check_gradients(lambda a: a * a.detach(), [x])
    with pytest.raises(TypeError, match="float64"):
        cv.check_gradients(lambda a: a, [x.astype("float32")])


# ---- PyTorch -----------------------------------------------------------------------------------------------------

FILE = pathlib.Path(__file__).parents[2] / "tests" / "oracles" / "torch.json"
CASES = json.loads(FILE.read_text())["cases"]
NAMES = {"sub": "subtract", "mul": "multiply", "div": "divide"}
# what the oracle calls with its arrays first
OTHERWISE = {
    "gather": lambda x, index, dim: cv.gather(x, dim, index),
    "scatter": lambda x, index, src, dim: cv.scatter(x, dim, index, src),
    "scatter_add": lambda x, index, src, dim: cv.scatter_add(x, dim, index, src),
    "scatter_reduce": lambda x, index, src, dim, **k: cv.scatter_reduce(x, dim, index, src, **k),
    "index_select": lambda x, index, dim: cv.index_select(x, dim, index),
    "index_add": lambda x, index, source, dim, **k: cv.index_add(x, dim, index, source, **k),
    "index_put": lambda x, rows, columns, values, accumulate: cv.index_put(x, (rows, columns), values, accumulate),
    "einsum": lambda *xs, subscripts: cv.einsum(subscripts, *xs),
}


def decode(a):
    data = np.array([float(v) for v in a["data"]])
    if a["dtype"].startswith("complex"):
        data = data.view(np.complex128)
    return data.astype(a["dtype"]).reshape(a["shape"])


def call(case):
    """The case as a function of all of its inputs."""
    kwargs = dict(case["kwargs"])
    axis = kwargs.get("axis")
    if isinstance(axis, list):
        kwargs["axis"] = tuple(axis)
    op = case["op"]
    if op in OTHERWISE:
        return lambda *xs: OTHERWISE[op](*xs, **kwargs)
    f = getattr(cv, NAMES.get(op, op))
    if op == "concatenate":
        return lambda *xs: f(xs, **kwargs)
    return lambda *xs: f(*xs, **kwargs)


def near(got, want, message):
    loose = want["dtype"] in ("float32", "complex64")
    want = decode(want)
    assert got.dtype == str(want.dtype) and got.shape == want.shape, message
    np.testing.assert_allclose(
        np.asarray(got.detach()), want, rtol=2e-5 if loose else 1e-11, atol=1e-5 if loose else 1e-12, err_msg=message
    )


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_pytorchs_values(case):
    f = call(case)
    moving = [i for i, g in enumerate(case["grads"]) if g is not None]
    inputs = [cv.array(decode(x)) for x in case["inputs"]]
    for i in moving:
        inputs[i].requires_grad_()
    leaves = [inputs[i] for i in moving]
    y = f(*inputs)
    near(y, case["output"], "value")
    cotangent = cv.array(decode(case["cotangent"]))
    grads = cv.grad(y, leaves, cotangent, create_graph=True)
    for i, g in zip(moving, grads):
        near(g, case["grads"][i], f"gradient of input {i}")
    y.backward(cotangent, retain_graph=True)
    for i in moving:
        near(inputs[i].grad, case["grads"][i], f"backward to input {i}")

    weights = [cv.array(decode(case["weights"][i])) for i in moving]
    curved = [(g, w) for g, w in zip(grads, weights) if g.requires_grad]
    second = (
        cv.grad([g for g, _ in curved], leaves, [w for _, w in curved])
        if curved
        else [cv.zeros_like(x) for x in leaves]
    )
    for i, s in zip(moving, second):
        # PyTorch's mask of exponents that are 0 has no derivative by them, which is 1 / a (test_gradient_edges.py has the values)
        if (case["name"], i) != ("pow, exponents 0 and 1", 1):
            near(s, case["second"][i], f"second gradient of input {i}")

    def along(*xs):
        each = iter(xs)
        return f(*(next(each) if i in moving else x for i, x in enumerate(inputs)))

    value, change = cv.jvp(along, [x.detach() for x in leaves], weights)
    near(value, case["output"], "value of jvp")
    if not case["name"].startswith("scatter_reduce, prod"):  # of which PyTorch's forward mode makes a constant
        near(change, case["jvp"], "jvp")


# ---- behaviour ---------------------------------------------------------------------------------------------------


def test_gradients_add_up_until_they_are_taken_away():
    x = cv.array([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [4, 8]
    x.grad = None
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_writing_over_what_backward_needs_is_an_error():
    x = cv.array([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y * y
    with cv.no_grad():
        y += 1
    with pytest.raises(RuntimeError, match="(?i)in place|modified|written|changed"):
        z.sum().backward()


def test_in_place_writes_are_recorded():
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1
    y[1:] = y[:-1] * 2
    y *= 3
    y.sum().backward()
    assert x.grad.tolist() == [9, 6, 0]


def test_no_grad_records_nothing():
    x = cv.array([1.0], requires_grad=True)
    with cv.no_grad():
        assert not (x * 2).requires_grad
        assert not cv.is_grad_enabled()
    assert (x * 2).requires_grad
    assert not (x.detach() * 2).requires_grad


def test_integers_have_no_gradient():
    with pytest.raises((TypeError, RuntimeError), match="int64"):
        cv.array([1, 2], requires_grad=True)


def test_a_long_chain_neither_overflows_nor_leaks():
    def resident():
        return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def chain():
        x = cv.array(1.0, requires_grad=True)
        y = x
        for _ in range(200_000):
            y = y * 1.0
        y.backward()
        assert x.grad.item() == 1

    chain()
    if not pathlib.Path("/proc/self/statm").exists():
        return
    # The next chains take the memory that the first gave back; 100 bytes of each operation that stayed were 100 MB.
    before = resident()
    for _ in range(5):
        chain()
    assert resident() - before < 100e6


def test_third_derivatives():
    x = cv.array(2.0, requires_grad=True)
    y = x**4
    for want in (32.0, 48.0, 48.0, 24.0):
        (y,) = cv.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(want)


@pytest.mark.parametrize(
    "key, shape",
    [
        ([2, 0], (3, 4)),
        ([2, 0, 2], (3, 4)),  # of equal places the last value stays
        (([0, 2, 0], [1, 3, 1]), (3, 4)),
        ((slice(None), [3, 1]), (3, 4)),
        ((slice(None, None, 2), None, [1, 3]), (3, 4)),
        (([1], slice(None), [0, 2]), (2, 3, 4)),
        ((slice(1), [[0, 2], [1, 1]]), (2, 3, 4)),
        ((np.array([[True, False], [True, True]]), 1), (2, 2, 3)),
    ],
)
def test_assignment_by_integer_arrays_has_gradients(key, shape, rng):
    index = key if not isinstance(key, tuple) else tuple(np.asarray(k) if isinstance(k, list) else k for k in key)
    values, old = rng.normal(size=np.zeros(shape)[index].shape), rng.normal(size=shape)

    def put(x, v):
        y = x * x
        y[index] = v * v
        return y

    want = old * old
    want[index] = values * values
    np.testing.assert_allclose(np.asarray(put(cv.array(old), cv.array(values))), want, rtol=1e-12)
    assert cv.check_gradients(put, [cv.array(old), cv.array(values)])
    assert cv.check_second_gradients(put, [cv.array(old), cv.array(values)])
    # a value that broadcasts
    assert cv.check_gradients(put, [cv.array(old), cv.array(1.5)])


def test_the_gradient_of_put_rows_goes_to_what_stayed():
    x = cv.array([1.0, 2.0, 3.0], requires_grad=True)
    v = cv.array([10.0, 20.0, 30.0], requires_grad=True)
    y = x * 2
    y[[0, 2, 0]] = v
    (y * cv.array([1.0, 2.0, 3.0])).sum().backward()
    np.testing.assert_array_equal(np.asarray(x.grad), [0, 4, 0])
    np.testing.assert_array_equal(np.asarray(v.grad), [0, 3, 1])
    with cv.no_grad():
        y[[1]] = 7
    np.testing.assert_array_equal(np.asarray(y.detach()), [30, 7, 20])


def both(f, x):
    """The gradient of a sum, and that of its product with 1, 2, 3 …"""
    weights = cv.arange(1.0, x.size + 1).reshape(x.shape)
    first = cv.autograd.grad(f)
    return np.asarray(first(cv.array(x))), np.asarray(cv.autograd.grad(lambda y: (first(y) * weights).sum())(cv.array(x)))


CHOSEN = {
    # f, x, the first and second derivatives: PyTorch's
    "root of relu": (lambda x: cv.sqrt(cv.relu(x)).sum(), [-1.0, 4.0], [0, 0.25], [0, -2 / 32]),
    "hypot of relu": (lambda x: cv.hypot(cv.relu(x), cv.relu(x)).sum(), [-1.0, 2.0, -0.5], [0, 2**0.5, 0], [0, 0, 0]),
    "root of where": (lambda x: cv.sqrt(cv.where(x > 0, x, 0.0)).sum(), [-1.0, 4.0], [0, 0.25], [0, -2 / 32]),
    "root of maximum": (lambda x: cv.sqrt(cv.maximum(x, 0.0)).sum(), [-1.0, 4.0], [0, 0.25], [0, -2 / 32]),
    "root of clip": (lambda x: cv.sqrt(cv.clip(x, 0.0, 9.0)).sum(), [-1.0, 4.0, 16.0], [0, 0.25, 0], [0, -2 / 32, 0]),
    "root of leaky_relu": (lambda x: cv.sqrt(cv.leaky_relu(x, 0.0)).sum(), [4.0], [0.25], [-1 / 32]),
    "std of equals": (lambda x: cv.std(x), [2.0, 2.0, 2.0], [0, 0, 0], [0, 0, 0]),
    "std of one": (lambda x: cv.std(x), [3.0], [0], [0]),
    "log_expit": (lambda x: cv.log_expit(x).sum(), [-800.0, 0.0, 800.0], [1, 0.5, 0], [0, -0.5, 0]),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_derivatives_that_are_not_chosen_are_zero(case):
    f, x, first, second = CHOSEN[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = both(f, np.array(x))
    np.testing.assert_allclose(got[0], first, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(got[1], second, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("offset", [0, 1, -1])
@pytest.mark.parametrize("layout", [lambda x: x, lambda x: x.T, lambda x: x[::-1]], ids=["rows", "columns", "reversed"])
def test_gradients_of_diagonals_are_batched(offset, layout):
    f = lambda x: (cv.diagonal(layout(x), offset) ** 2).sum() + cv.trace(layout(x)) * 3
    g = cv.autograd.grad(f)
    x = np.arange(12.0).reshape(2, 2, 3)
    want = np.stack([np.asarray(g(cv.array(row))) for row in x])
    np.testing.assert_array_equal(np.asarray(cv.vmap(g)(cv.array(x))), want)
