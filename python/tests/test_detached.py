"""Arrays that share memory where one of them is a constant: detached, or viewed inside of `no_grad`; and those that are looked at
there. The gradients are those of the written formulas, which finite differences confirm."""

import gc

import numpy as np
import pytest

import civita as cv


def leaf(*values):
    return cv.array([float(v) for v in values], requires_grad=True)


def gradient(y, *inputs):
    return [g.tolist() for g in cv.grad(y, list(inputs))]


LOOKS = {
    "shape": lambda y: y.shape,
    "sum": lambda y: y.sum(),
    "repr": repr,
    "requires_grad": lambda y: y.requires_grad,
    "detach": lambda y: y.detach(),
    "view": lambda y: y[:1],
    "operation": lambda y: y * 2,
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_at_a_written_array_inside_no_grad_changes_nothing(look):
    def f(a):
        y = a * 1
        v = y[:1]
        v *= 3
        with cv.no_grad():
            LOOKS[look](y)
        return (y * y).sum()

    a = cv.array([[1.0, 2.0], [3.0, 4.0]])
    want = [[18.0, 36.0], [6.0, 8.0]]
    assert cv.autograd.grad(f)(a).tolist() == want
    assert cv.vmap(cv.autograd.grad(f))(cv.stack([a, a])).tolist() == [want, want]
    w = cv.array(a, requires_grad=True)
    (f(w) + (w * 0.5).sum()).backward()
    assert w.grad.tolist() == [[18.5, 36.5], [6.5, 8.5]]


def test_an_older_view_that_is_looked_at_inside_no_grad_stays_tracked():
    h = leaf(1, 2)
    y = h * 1
    row = y[:1]
    y += 1
    with cv.no_grad():
        float(row[0])
    assert row.requires_grad
    assert gradient((row * row).sum(), h) == [[4.0, 0.0]]


def test_a_write_inside_no_grad_keeps_the_history():
    h = leaf(1, 2)
    y = h * 1
    v = y[:1]
    v *= 3
    with cv.no_grad():
        y += 1
    assert y.tolist() == [4.0, 3.0]
    assert gradient(y.sum(), h) == [[3.0, 1.0]]


def test_a_buffer_that_is_filled_by_rows_and_logged_keeps_its_rows():
    w = leaf(1, 2, 3)
    buffer = cv.zeros((3, 2))
    for i, row in enumerate([buffer[k] for k in range(3)]):
        row[:] = w[i] * (i + 1)
        with cv.no_grad():
            float(buffer.sum())
    loss = (buffer * buffer).sum()
    assert gradient(loss, w) == [[4.0, 32.0, 108.0]]


@pytest.mark.parametrize("constant", [lambda y: y.detach(), lambda y: y.data, lambda y: within_no_grad(y)])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_constant_stays_one_when_its_base_is_written(constant, earlier):
    h = leaf(2, 3)
    y = h * 1
    if earlier:
        y += 0
    d = constant(y)
    y += 1
    assert not d.requires_grad and d.tolist() == [3.0, 4.0]
    assert y.requires_grad
    y[0] = 5.0
    assert not d.requires_grad

    def f(x):
        y = x * 1
        d = constant(y)
        y *= x
        return (d * x).sum()

    assert cv.autograd.grad(f)(cv.array([2.0, 3.0])).tolist() == [4.0, 9.0]


def within_no_grad(y):
    with cv.no_grad():
        return y[:]


def test_a_constant_of_memory_that_nothing_tracked_yet_stays_one():
    w = leaf(1)
    y = cv.zeros(2)
    d = y.detach()
    y[:1] = w * 5
    assert not d.requires_grad and y.requires_grad
    assert gradient(y.sum(), w) == [[5.0]]


def test_views_of_a_constant_are_constants():
    h = leaf(1, 2)
    y = h * 1
    v = y.detach()[:1]
    y *= h
    assert not v.requires_grad


def test_a_view_of_an_array_that_is_a_constant_again_follows_it():
    u = leaf(1, 2, 3)
    a = cv.zeros(3)
    a[:] = u
    a[:] = 0.0
    v = a[:2]
    a[:] = u * 2
    assert v.requires_grad
    assert gradient(v.sum(), u) == [[2.0, 2.0, 0.0]]


@pytest.mark.parametrize("constant", [lambda y: y.detach(), lambda y: y.data, lambda y: within_no_grad(y)])
def test_nothing_tracked_is_written_through_a_constant(constant):
    h, u = leaf(2, 3), leaf(1)
    y = h * 1
    d = constant(y)
    for write in [lambda: d.__setitem__(slice(1), u), lambda: d.__imul__(h), lambda: d.__setitem__([0], u),
                  lambda: d.__setitem__(d > 0, u[0]), lambda: cv.multiply(h, h, out=d), lambda: d[:1].__iadd__(u)]:  # fmt: skip
        with pytest.raises(RuntimeError, match="detached|inside `no_grad`"):
            write()
    assert d.tolist() == [2.0, 3.0], "a refused write loses nothing"
    assert gradient((y * y).sum(), h) == [[4.0, 6.0]]


def test_a_leaf_stays_one_beside_a_constant_of_it():
    w, u = leaf(1, 2), leaf(3, 4)
    d = w.detach()
    with pytest.raises(RuntimeError, match="detached"):
        d *= u
    assert w.is_leaf
    (w * w).sum().backward()
    assert w.grad.tolist() == [2.0, 4.0] and u.grad is None


def test_numbers_are_written_through_a_constant():
    w = leaf(1, 2)
    w.data -= 0.5
    w.detach()[0] = 7.0
    assert w.tolist() == [7.0, 1.5] and w.is_leaf
    (w * w).sum().backward()
    assert w.grad.tolist() == [14.0, 3.0]


def test_a_constant_that_is_alone_with_its_memory_is_written_as_any_array():
    h = leaf(1, 2)
    y = h * 1
    y = y.detach()
    gc.collect()
    y[0] = (h * 3)[1]
    assert gradient((y * y).sum(), h) == [[0.0, 36.0]]
    v = y[:1]
    v *= h[0]
    assert gradient(y.sum(), h) == [[6.0, 3.0]]


def test_a_leaf_made_of_a_constant_is_apart_from_where_it_came_from():
    h = leaf(1, 2)
    y = h * 1
    x = y.detach().requires_grad_()
    v = x[:1]
    y[0] = 5.0
    assert x.is_leaf and v.requires_grad
    assert gradient((y * y).sum(), h) == [[0.0, 4.0]]
    assert gradient((v * 3).sum(), x) == [[3.0, 0.0]]
    with pytest.raises(RuntimeError):
        v *= 2
    with cv.no_grad():
        x -= 1
    assert x.is_leaf and x.requires_grad


def test_a_tracked_write_beside_a_leaf_is_refused():
    base, u = cv.zeros(4), leaf(1, 2, 3, 4)
    row = base[:2]
    row.requires_grad_()
    with pytest.raises(RuntimeError):
        base[:] = u
    assert row.is_leaf and base.tolist() == [0.0] * 4
    base[:] = 1.0
    (row * 2).sum().backward()
    assert row.grad.tolist() == [2.0, 2.0]


def test_an_array_that_a_transformation_has_left_is_written():
    a, u = cv.ones(3), leaf(1, 2, 3)
    assert cv.autograd.grad(lambda x: (x * x).sum())(a).tolist() == [2.0] * 3
    cv.jvp(lambda x: x * 2, (a,), (a,))
    cv.vmap(lambda x: x * 2)(a)
    a[:] = u * 2
    assert gradient(a.sum(), u) == [[2.0, 2.0, 2.0]]


def test_a_retained_gradient_follows_a_write():
    x = leaf(1, 1)
    for write in [lambda y: y.__imul__(3), lambda y: y[:].__imul__(3), lambda y: y[:1].__setitem__(0, 5.0)]:
        y = x * 2
        y.retain_grad()
        write(y)
        y.sum().backward()
        assert y.grad.tolist() == [1.0, 1.0]
    base = x * 2
    v = base[:1]
    v.retain_grad()
    base *= 3
    base.sum().backward()
    assert v.grad is None or v.grad.tolist() == [1.0]


def test_no_grad_holds_inside_a_generator_and_not_between_its_steps():
    w = leaf(1)

    @cv.no_grad()
    def steps(n):
        for _ in range(n):
            got = yield (w * 2).requires_grad
            if got:
                yield (w * got).requires_grad
        return (w * 3).requires_grad

    found = []
    generator = steps(2)
    for made in generator:
        found.append(made)
        assert (w * 2).requires_grad
    assert found == [False, False]
    generator = steps(1)
    assert next(generator) is False and generator.send(2) is False
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value is False
    generator = steps(1)
    next(generator)
    with pytest.raises(KeyError):
        generator.throw(KeyError("k"))
    assert (w * 2).requires_grad

    @cv.enable_grad()
    def tracked():
        yield (w * 2).requires_grad

    with cv.no_grad():
        assert list(tracked()) == [True]


def test_gradients_of_functions_of_ones_own_have_the_shape_of_the_input():
    def apply(x, returned):
        class F(cv.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                return returned

        return F.apply(x)

    x = cv.ones((2, 3), requires_grad=True)
    for wrong in [cv.arange(6.0).reshape(3, 2), cv.arange(6.0), cv.array(1.0)]:
        with pytest.raises(ValueError, match="gradient of shape"):
            apply(x, wrong).sum().backward()
    with pytest.raises(TypeError, match="complex"):
        apply(x, cv.ones((2, 3)) * 1j).sum().backward()
    apply(x, cv.ones((4, 2, 3))).sum().backward()
    assert x.grad.tolist() == [[4.0] * 3] * 2
    assert np.asarray(x.grad).shape == (2, 3)


def test_buffers_that_a_graph_needs_are_not_written_unseen():
    x = cv.ones(3, dtype="float32", requires_grad=True)
    c = cv.full(3, 5, dtype="float32")
    y = (x * c).sum()
    cv.buffers.add_into(np.ones(3, "float32"), np.ones(3, "float32"), c)
    assert c.tolist() == [2.0] * 3
    with pytest.raises(RuntimeError, match="written"):
        y.backward()
    with pytest.raises(BufferError, match="tracks a gradient"):
        cv.buffers.add_into(np.ones(3, "float32"), np.ones(3, "float32"), x)


KEEPS = {
    "factor": lambda x, n: x * n["f"],
    "divisor": lambda x, n: x / n["f"],
    "product": lambda x, n: x @ n["f"],
    "index": lambda x, n: x[n["i"]] * cv.array([1.0, 10.0, 100.0]),
    "take": lambda x, n: cv.take(x, n["i"]) * cv.array([1.0, 10.0, 100.0]),
    "mask": lambda x, n: x[n["m"]] * cv.array([1.0, 10.0]),
    "where": lambda x, n: cv.where(n["m"], x, 0.0),
    "masked_fill": lambda x, n: cv.masked_fill(x, n["m"], 0.0),
    "einsum": lambda x, n: cv.einsum("i,i", x, n["f"]),
    "power": lambda x, n: x ** n["f"],
    "clip": lambda x, n: cv.clip(x, n["f"], 9.0),
    "written": lambda x, n: written(x, n["i"]),
}


def written(x, index):
    y = cv.zeros(3)
    y[index] = x
    return y * cv.array([1.0, 10.0, 100.0])


@pytest.mark.parametrize("kind", KEEPS)
def test_a_graph_keeps_what_numpys_arrays_were(kind):
    def arrays():
        return {"f": np.array([3.0, 0.5, 2.0]), "i": np.array([2, 0, 1]), "m": np.array([True, False, True])}

    def run(change):
        x, n = leaf(1, 2, 3), arrays()
        y = KEEPS[kind](x, n)
        if change:
            n["f"][:], n["i"][:], n["m"][:] = 7.0, 1, False
        return gradient(y.sum(), x)

    assert run(True) == run(False)


def test_an_array_that_shares_numpys_memory_on_purpose_still_does():
    n = np.ones(3)
    a = cv.asarray(n)
    n[0] = 5
    assert a.tolist() == [5, 1, 1] and cv.reshape(n, (3, 1)).base is None
    a[1] = 7
    assert n.tolist() == [5, 7, 1]


def test_a_view_made_inside_no_grad_is_written_there_only():
    x = leaf(1, 2, 3)
    y = x * 2
    with cv.no_grad():
        v = y[:2]
        v *= 10
        flipped = v[::-1]
    assert y.tolist() == [20, 40, 6]
    for write in [
        lambda: v.__setitem__(0, 1.0),
        lambda: v.__imul__(2),
        lambda: flipped.fill(0),
        lambda: cv.multiply(v, 2, out=v),
        lambda: cv.copyto(v, 1.0),
        lambda: v.sort(),
        lambda: v.__setitem__([0, 1], 3.0),
        lambda: v.__setitem__(cv.array([True, False]), 3.0),
        lambda: v.__setitem__(slice(None), y[:2]),
        lambda: cv.put(v, 0, 1.0),
        lambda: cv.buffers.add_into(cv.ones(2), cv.ones(2), v),
    ]:
        with pytest.raises((RuntimeError, ValueError, TypeError), match="no_grad|read-only|float32"):
            write()
    assert y.tolist() == [20, 40, 6] and not memoryview(v).readonly == (not v.flags.writeable)
    with cv.no_grad():
        v[0] = 1
    assert y.tolist() == [1, 40, 6]
    copy = v.copy()
    copy[0] = 9
    detached = y.detach()
    detached[0] = 4
    assert y.tolist() == [4, 40, 6]


class Steps:
    """Functions that `no_grad` decorates, with parentheses and without."""

    def __init__(self):
        self.w = leaf(1, 2)

    @cv.no_grad()
    def step(self, rate=0.5):
        self.w -= rate * self.w
        return self

    @cv.no_grad
    def plain(self):
        """What it says."""
        return (self.w * 2).requires_grad

    @cv.enable_grad
    def recorded(self):
        return (self.w * 2).requires_grad

    @staticmethod
    @cv.no_grad
    def of(x):
        return (x * 2).requires_grad

    @cv.no_grad
    def each(self):
        yield (self.w * 2).requires_grad
        yield (self.w * 3).requires_grad


def test_methods_are_decorated_with_grad_modes():
    s = Steps()
    assert s.step() is s and s.step(rate=0.0).w.tolist() == [0.5, 1.0]
    assert not s.plain() and not Steps.of(s.w) and Steps.plain.__doc__ == "What it says."
    assert [*s.each()] == [False, False] and (s.w * 2).requires_grad
    with cv.no_grad():
        assert s.recorded()
    with pytest.raises(TypeError, match="takes a function"):
        cv.no_grad(3)


def test_set_grad_enabled_holds_from_there_on_or_inside_of_with():
    x = leaf(1)
    cv.set_grad_enabled(False)
    try:
        assert not (x * 2).requires_grad and not cv.is_grad_enabled()
        with cv.set_grad_enabled(True) as mode:
            assert (x * 2).requires_grad and mode.mode
        assert not cv.is_grad_enabled()
    finally:
        cv.set_grad_enabled(True)
    with cv.no_grad():
        cv.set_grad_enabled(True)
        assert cv.is_grad_enabled()
    assert cv.is_grad_enabled()

    @cv.set_grad_enabled(False)
    def f(x):
        return (x * 2).requires_grad

    assert cv.is_grad_enabled() and not f(x) and cv.is_grad_enabled()


def test_backward_collects_in_the_named_inputs_only():
    a, b = leaf(1, 2), leaf(3, 4)
    c = a * b
    y = (c * c).sum()
    y.backward(inputs=a, retain_graph=True)
    assert a.grad.tolist() == [18, 64] and b.grad is None and c.grad is None
    y.backward(inputs=[b, c], retain_graph=True)
    assert b.grad.tolist() == [6, 32] and c.grad.tolist() == [6, 16] and a.grad.tolist() == [18, 64]
    y.backward(inputs=(a, a))
    assert a.grad.tolist() == [36, 128]
    del a.grad
    assert a.grad is None
    with pytest.raises(RuntimeError, match="empty"):
        y.backward(inputs=[])
    with pytest.raises(RuntimeError, match="an input was not computed"):
        (a * 2).sum().backward(inputs=cv.ones(2))
