"""What holds of every function of the table under every transformation and on any number of threads, tried on the samples of its row."""

import ast
import inspect
import itertools
import operator
import re
import time

import numpy as np
import pytest

import civita as cv
from test_functions import NUMBERS, ROWS, names, values, written

every_row = pytest.mark.parametrize("row", ROWS, ids=names)
every_differentiable_row = pytest.mark.parametrize("row", [row for row in ROWS if row["differentiable"]], ids=names)


class Sample:
    """A sample as a function of the arrays in it: of each list that is written where an array stands, and of each `x[2, 3]`."""

    def __init__(self, row, text):
        self.row, self.text = row, text
        function = written(getattr(cv, row["name"]), row, cv)
        self.scope = {"astype": cv.astype, row["name"]: function} | NUMBERS
        tree = ast.parse(text, mode="eval")
        self.lists = take_lists(tree, row)
        self.code = compile(tree, text, "eval")
        self.shapes = [a.shape for a in self.lists]
        asked = Slots(lambda shape: self.shapes.append(shape) or cv.zeros(shape))
        # what the row's function gets is not looked at here
        eval(self.code, self.scope | {"astype": lambda x, dtype: x, row["name"]: lambda *args, **kwargs: (), "lists": self.lists, "x": asked})

    def __call__(self, *operands):
        """Its results, a list."""
        if self.row["written"]:
            # a leaf cannot be written, what is made of it can
            operands = [x.copy() for x in operands]
        made = iter(operands[len(self.lists) :])
        return flat(eval(self.code, self.scope | {"lists": operands, "x": Slots(lambda _: next(made))}))

    def numbers(self, dtype, seed=0):
        """Operands of NumPy's: others for another seed."""
        lists = [a if self.row["name"] in PAIRED else another(a, seed) for a in self.lists]
        return lists + [values(shape, dtype, 10 * seed + i) for i, shape in enumerate(self.shapes[len(lists) :])]

    def takes(self, dtype):
        try:
            self(*map(cv.array, self.numbers(dtype)))
            return True
        except (TypeError, ValueError, IndexError):
            return False


# one list is the order of another's elements
PAIRED = {"searchsorted"}


def another(a, seed):
    """An array of the same elements, for many are indices: some of them in order where they are, else all in turn."""
    if seed and a.shape[-1] > 1 and np.array_equal(np.sort(a), a):
        return a[..., np.sort(np.random.default_rng(seed).integers(0, a.shape[-1], a.shape[-1]))]
    return np.roll(a.reshape(-1), seed).reshape(a.shape)


def flat(y):
    return [part for each in y for part in flat(each)] if isinstance(y, (tuple, list)) else [y]


class Slots:
    def __init__(self, get):
        self.get = get

    def __getitem__(self, shape):
        return self.get(shape if isinstance(shape, tuple) else (shape,))


def take_lists(tree, row):
    """Puts `lists[0]` and so on where the row's function is given lists for arrays, and returns what stood there."""
    found = []

    class Taking(ast.NodeTransformer):
        def visit_List(self, node):
            try:
                value = np.asarray(ast.literal_eval(node))
            except ValueError:
                return node
            if value.dtype.kind not in "biufc" or not value.size:
                return node
            found.append(value)
            return ast.parse(f"lists[{len(found) - 1}]", mode="eval").body

    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", None) == row["name"]:
            signature = inspect.signature(getattr(cv, row["name"]))
            bound = signature.bind(*call.args, **{k.arg: k.value for k in call.keywords}).arguments
            # where no parameter is a single array, all may be sequences of them
            arrays = [id(node) for name, node in bound.items() if name in row["arrays"] or not row["arrays"]]
            call.args = [Taking().visit(a) if id(a) in arrays or isinstance(bound.get("args"), tuple) else a for a in call.args]
            for keyword in call.keywords:
                keyword.value = Taking().visit(keyword.value) if id(keyword.value) in arrays else keyword.value
    ast.fix_missing_locations(tree)
    return found


def samples(row):
    """Those that have operands, and a dtype that they take."""
    for text in row["samples"]:
        sample = Sample(row, text)
        if sample.shapes:
            dtype = next((d for d in ("float64", "int64", "bool", "uint8", "complex128") if sample.takes(d)), None)
            assert dtype, f"{text} works in no dtype"
            yield sample, dtype


def choices(n):
    """Each operand alone, and all together."""
    alone = [[i == k for i in range(n)] for k in range(n)]
    return alone + [[True] * n] * (n > 1)


def near(got, want, message, rtol=1e-10):
    got, want = np.asarray(got), np.asarray(want)
    assert (got.dtype, got.shape) == (want.dtype, want.shape), f"{message}: {got.dtype} {got.shape}, want {want.dtype} {want.shape}"
    size = np.max(np.abs(want[np.isfinite(want)]), initial=1) if want.dtype.kind in "fc" else 0
    np.testing.assert_allclose(got, want, rtol=rtol * bool(size), atol=rtol * size, err_msg=message)


def batches(sample, dtype):
    """Every choice of operands that carry a batch, with the samples' operands. A batch is as long as an axis (then one that meets it
    gives wrong numbers), or as long as none (then it is an error), and stands first or last."""
    lengths = {n for shape in sample.shapes for n in shape}
    sizes = [max((n for n in lengths if 1 < n < 4), default=2), next(n for n in itertools.count(2) if n not in lengths)]
    for batched, (size, axis) in itertools.product(choices(len(sample.shapes)), zip(sizes, (0, -1))):
        base = sample.numbers(dtype)
        rows = [[n if b else o for b, n, o in zip(batched, sample.numbers(dtype, k), base)] for k in range(size)]
        stacks = [cv.array(np.stack([row[i] for row in rows], axis) if b else base[i]) for i, b in enumerate(batched)]
        axes = tuple(axis if b else None for b in batched)
        yield f"{sample.text} of {dtype}, {size} along {axes}", axes, stacks, [list(map(cv.array, row)) for row in rows]


def arrays(results):
    return [y for y in results if isinstance(y, (cv.ndarray, cv.generic))]


# they tell where elements lie, and those of a batch lie otherwise
OF_MEMORY = {"isfortran", "shares_memory", "may_share_memory"}


@pytest.mark.parametrize("row", [row for row in ROWS if row["name"] not in OF_MEMORY], ids=names)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_vmap_is_a_loop(row):
    """Where the elements decide more than those of the result, a batch of them is an error that says so."""
    refused = 0
    for sample, dtype in samples(row):
        for message, axes, stacks, rows in batches(sample, dtype):
            others = []

            def f(*operands):
                y = sample(*operands)
                others.append([part for part in y if not arrays([part])])
                return arrays(y)

            try:
                found = cv.vmap(f, in_axes=axes)(*stacks)
            except (ValueError, TypeError) as error:
                assert row["reads_values"], f"{message}: {error}"
                assert re.match(f"({row['name']}|vmap): .*(`vmap`|batch).*\n  hint: ", str(error)), f"{message}: {error}"
                refused += 1
                continue
            each = [f(*operands) for operands in rows]
            assert all(plain == others[0] for plain in others), message
            for k, got in enumerate(found):
                near(got, np.stack([np.asarray(y[k]) for y in each]), f"{message}, result {k}")
    assert bool(refused) == row["reads_values"], f"{refused} batches were refused"


def inexact(results):
    """Those that can have a derivative."""
    return [y for y in arrays(results) if y.dtype in ("float64", "complex128")]


def weights(x, seed):
    w = np.cos(seed + np.arange(1.0, x.size + 1)).reshape(x.shape)
    return cv.array(w + 0.5j * w[::-1] if x.dtype == "complex128" and w.ndim else w.astype(str(x.dtype)))


def dot(xs, ys):
    """The real inner product."""
    return sum((float(np.sum((np.conj(x) * np.asarray(y)).real)) for x, y in zip(map(np.asarray, xs), ys)), 0.0)


def moving(sample, dtype):
    """Every choice of operands that move: the function of those alone, their values and tangents; and a name. Lists do not move: many
    stand where a function has a step."""
    base = [cv.array(a) for a in sample.numbers(dtype)]
    fixed = [False] * len(sample.lists)
    for moves in choices(len(base) - len(fixed)):
        moves = fixed + moves
        if not any(moves):
            continue

        def f(*some, moves=moves):
            each = iter(some)
            return inexact(sample(*(next(each) if m else x for m, x in zip(moves, base))))

        xs = [x for m, x in zip(moves, base) if m]
        if any(y.size for y in f(*xs)):
            yield f, xs, [weights(x, i) for i, x in enumerate(xs)], f"{sample.text} of {dtype}, {moves}"


def loss(f, seed=20):
    """A number whose gradient is the adjoint map of `f` at certain weights."""
    return lambda *xs: sum(((y * cv.conj(weights(y, seed + i))).real.sum() for i, y in enumerate(f(*xs))), cv.array(0.0))


def gradients(f, xs):
    leaves = [x.copy().requires_grad_() for x in xs]
    y = loss(f)(*leaves)
    # a sample may move nothing that comes out: one of no elements
    return [g.detach() for g in cv.grad(y, leaves)] if y.requires_grad else [cv.zeros_like(x) for x in xs]


@every_differentiable_row
def test_forward_mode_is_the_transpose_of_reverse_mode(row):
    """And the differences: each operand alone, and all together, real and complex ones."""
    for sample, dtype in itertools.product([sample for sample, _ in samples(row)], ("float64", "complex128")):
        for f, xs, ts, message in moving(sample, dtype) if sample.takes(dtype) else ():
            ys, moved = cv.jvp(lambda *xs: f(*xs), tuple(xs), tuple(ts))
            assert [(m.shape, m.dtype) for m in moved] == [(y.shape, y.dtype) for y in ys], message
            ws = [weights(y, 20 + i) for i, y in enumerate(ys)]
            forward, reverse = dot(moved, ws), dot(gradients(f, xs), ts)
            assert abs(forward - reverse) <= 1e-9 * (1 + abs(reverse)), f"{message}: forward {forward}, reverse {reverse}"
            up, down = (f(*(x + step * t for x, t in zip(xs, ts))) for step in (1e-6, -1e-6))
            for got, a, b in zip(moved, up, down):
                near(got, (np.asarray(a) - np.asarray(b)) / 2e-6, f"{message}: forward mode and differences", 1e-6)


@every_differentiable_row
def test_gradients_of_a_batch_are_a_loop(row):
    for sample, dtype in samples(row):
        if dtype != "float64":
            continue
        for message, axes, stacks, rows in batches(sample, dtype):
            places = tuple(range(len(sample.lists), len(axes)))
            of_one = cv.autograd.grad(loss(lambda *xs: inexact(sample(*xs))), argnums=places)
            if not places or not any(y.size for y in inexact(sample(*rows[0]))):
                continue
            try:
                found = cv.vmap(of_one, in_axes=axes)(*stacks)
            except (ValueError, TypeError) as error:
                assert row["reads_values"] and "batch" in str(error), f"{message}: {error}"
                continue
            each = [of_one(*operands) for operands in rows]
            for k, got in enumerate(found):
                near(got, np.stack([np.asarray(g[k]) for g in each]), f"{message}, gradient {k}")


def enlarged(sample, dtype, f):
    """Operands whose axes are longer by a factor, all of them or those of one length, where the sample takes such: so many elements, or
    so much work for `f`, that threads share it."""
    best = sample.numbers(dtype)
    lengths = sorted({n for shape in sample.shapes for n in shape if n > 0}, reverse=True)
    for longer in [lengths, *([n] for n in lengths)]:
        size = sum(map(np.size, best))
        for factor in (2**k for k in range(1, 18)):
            factors = [[factor if n in longer else 1 for n in shape] for shape in sample.shapes]
            operands = [np.tile(a, by) for a, by in zip(sample.lists, factors)]
            for i in range(len(operands), len(factors)):
                operands.append(values(tuple(n * by for n, by in zip(sample.shapes[i], factors[i])), dtype, i))
            start = time.process_time()
            try:
                y = f(*map(cv.array, operands))
            except (TypeError, ValueError, IndexError):
                break
            best, before = operands, max(size, 1)
            size = sum(map(np.size, [*operands, *y]))
            # the next would be too many, or too slow
            if time.process_time() - start > 1e-3 or size * (size / before) ** 2 > 500_000:
                return best
        if factor > 2:
            break
    return best


@every_row
def test_equal_bits_on_any_number_of_threads(row, threads):
    """Of results and of gradients."""
    for sample, dtype in samples(row):
        places = tuple(range(len(sample.lists), len(sample.shapes)))
        slopes = cv.autograd.grad(loss(lambda *xs: inexact(sample(*xs))), argnums=places)

        def f(*operands):
            y = sample(*operands)
            differentiable = row["differentiable"] and places and any(part.size for part in inexact(y))
            return arrays(y) + (list(slopes(*operands)) if differentiable else [])

        threads(1)
        operands = enlarged(sample, dtype, f)
        for narrow in ("float32", "float64") if dtype == "float64" and sample.takes("float32") else (dtype,):
            xs = [cv.array(a.astype(narrow) if i in places else a) for i, a in enumerate(operands)]
            found = []
            for n in (1, 2):
                threads(n)
                found.append([np.asarray(y).tobytes() for y in f(*xs)])
            # a list of so many bytes is not to be shown
            same = found[0] == found[1]
            assert same, f"{sample.text} of {narrow}, {[x.shape for x in xs]}"


class HalfTangent(cv.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2

    @staticmethod
    def jvp(ctx, t):
        return t


FAULTS = {
    "a batch meets an axis": (lambda a, **k: a + (cv.arange(3) if getattr(a, "shape", ()) == (3,) and "batched" in repr(a) else 0), test_vmap_is_a_loop),
    "a batch is refused": (lambda a, **k: cv.array(float(cv.sum(a))), test_vmap_is_a_loop),
    "a tangent is wrong": (lambda a, **k: HalfTangent.apply(a), test_forward_mode_is_the_transpose_of_reverse_mode),
    "threads decide bits": (lambda a, **k: a * cv.get_num_threads(), test_equal_bits_on_any_number_of_threads),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault, threads, monkeypatch):
    function, test = FAULTS[fault]
    (row,) = [row | {"samples": ["flip(x[3])"]} for row in ROWS if row["name"] == "flip"]
    arguments = [row, threads][: 1 + ("threads" in inspect.signature(test).parameters)]
    test(*arguments)
    monkeypatch.setattr(cv, "flip", function)
    with pytest.raises(AssertionError):
        test(*arguments)


@every_row
def test_traces_say_what_lengths_they_read(row):
    """A graph whose mask keeps more or fewer elements than in the trace gives what the function gives, or is an error."""
    for sample, dtype in samples(row):
        base = list(map(cv.array, sample.numbers(dtype)))
        others = list(map(cv.array, sample.numbers(dtype, 1)))
        for chosen in choices(len(base)):
            if any(b and (not x.ndim or not x.shape[0]) for b, x in zip(chosen, base)):
                continue

            def f(masks, stacks):
                some = iter(zip(stacks, masks))
                return sample(*[operator.getitem(*next(some)) if b else x for b, x in zip(chosen, base)])

            stacks = [cv.concatenate([x, y]) for b, x, y in zip(chosen, base, others) if b]
            masks = lambda more: [cv.arange(len(x)) < len(x) // 2 + more for x in stacks]  # noqa: E731
            try:
                graph = cv.trace(f, masks(0), stacks)
            except (TypeError, ValueError, IndexError, RuntimeError):
                continue
            for more in (0, 1, -1):
                try:
                    want = f(masks(more), stacks)
                    got = graph.run(masks(more), stacks)
                except (TypeError, ValueError, IndexError, RuntimeError, ZeroDivisionError):
                    continue
                assert len(got) == len(want), f"{sample.text} of {dtype}: {len(got)} results, want {len(want)}"
                for g, w in zip(got, want):
                    message = f"{sample.text} of {dtype}, {more} more than in the trace, by {chosen}"
                    near(g, w, message) if isinstance(w, (cv.ndarray, cv.generic)) else operator.eq(g, w) or pytest.fail(message)
