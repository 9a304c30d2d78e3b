"""What an audit of the transformations found: traces, memory that results share, batches that lie within their samples."""

import numpy as np
import pytest

import civita as cv
from civita import _civita

ag = cv.autograd
x = cv.array([1.0, 2.0, 3.0])


# ---- traces


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("include_self", [True, False])
def test_counts_of_a_traced_mean_are_counted_anew(dtype, include_self):
    def f(i):
        return cv.scatter_reduce(cv.ones(4, dtype=dtype), 0, i, cv.array([1, 2, 3], dtype=dtype), "mean", include_self=include_self)

    graph = cv.trace(f, cv.array([0, 1, 2]))
    for index in ([0, 1, 2], [0, 0, 0], [3, 1, 3]):
        assert graph.run(cv.array(index)).tolist() == f(cv.array(index)).tolist()


def returned(a, b):
    return 2 * a - b, a


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: (2 * a - b, a),
        lambda a, b: (b, a),
        lambda a, b: (b[::-1], a * 2),
        lambda a, b: (a + b, cv.flip(a)),
        lambda a, b: (b.T, a.T),
        lambda a, b: (cv.concatenate([b[1:], a[:1]]), a[::-1]),
    ],
)
def test_results_are_written_over_the_inputs(f):
    graph = cv.trace(f, x, x)
    u, p = cv.array([3.0, 5.0, 7.0]), cv.array([1.0, 2.0, 3.0])
    want = [y.tolist() for y in f(u.copy(), p.copy())]
    graph.run(u, p, out=(u, p))
    assert [u.tolist(), p.tolist()] == want


@pytest.mark.parametrize(
    "f", [lambda a: (a, cv.zeros(3))[1], ag.grad(lambda a: a.sum()), cv.zeros_like, ag.jacrev(lambda a: 2 * a)], ids=["zeros", "grad", "like", "jacobian"]
)
def test_constants_of_a_graph_stay_its_own(f):
    graph = cv.trace(f, x)
    first = graph.run(x)
    before = first.tolist()
    first += 1
    assert graph.run(x).tolist() == before


# ---- results that share memory


def test_a_row_of_a_gradient_is_its_own():
    w = cv.arange(6.0).reshape(2, 3)

    def f(w):
        return (w.sum(0) ** 2).sum()

    for g in [ag.grad(f)(w), ag.vjp(lambda w: w.sum(0), w)[1](cv.array([6.0, 10.0, 14.0]))[0]]:
        g[0] = 0.0
        assert g.tolist() == [[0, 0, 0], [6, 10, 14]]
    leaf = w.copy().requires_grad_()
    (g,) = cv.grad(f(leaf), [leaf])
    g[0] = 0.0
    assert g.tolist() == [[0, 0, 0], [6, 10, 14]]


@pytest.mark.parametrize("f", [lambda w: w.sum(0), lambda w: w[0], lambda w: w.T[:, 0] * 1, lambda w: w.mean(0)])
def test_a_cotangent_stays_what_it_was(f):
    c = cv.ones(3)
    (g,) = ag.vjp(f, cv.ones((2, 3)))[1](c)
    g[:] = 5.0
    assert c.tolist() == [1, 1, 1]
    c2, (t,) = cv.ones((2, 3)), [cv.jvp(lambda w: w.T, (cv.ones((2, 3)),), (c := cv.ones((2, 3)),))[1]]
    t[:] = 5.0
    assert c.tolist() == c2.tolist()


def test_what_has_no_batch_is_repeated_in_memory_of_its_own():
    b = cv.array([1.0, 2.0])
    r = cv.vmap(lambda a: b)(cv.ones((2, 1)))
    r[0] = 9.0
    assert r.tolist() == [[9, 9], [1, 2]] and b.tolist() == [1, 2]
    y = cv.ones((2, 3))
    r = cv.vmap(lambda a: a)(y)
    r[0] = 9.0
    assert y.tolist() == np.ones((2, 3)).tolist()


# ---- narrow floats


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize(
    "f",
    [
        lambda a: a.T.copy(),
        lambda a: a[:, ::2].copy(),
        lambda a: a[::-1].copy(),
        lambda a: cv.broadcast_to(a, (2, 3, 2)).copy(),
        lambda a: a.flatten("F"),
        lambda a: cv.asfortranarray(a),
        lambda a: a[:, cv.array(1)],
    ],
)
def test_narrow_floats_that_track_a_gradient_are_copied(dtype, f):
    a = cv.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=dtype)
    leaf = a.copy().requires_grad_()
    y = f(leaf)
    assert y.detach().astype("float64").tolist() == f(a.astype("float64")).tolist()
    wide = a.astype("float64").requires_grad_()
    y.astype("float32").sum().backward()
    f(wide).sum().backward()
    assert leaf.grad.astype("float64").tolist() == wide.grad.tolist()


# ---- batches within samples


def put(m):
    t = m * 2
    t[0] = 0
    return t


def through_reshape(m):
    t = m * 2
    t.reshape(-1)[:2] = 0
    return t


def through_ravel(m):
    t = cv.where(m > 1, m, -m)
    t.ravel()[1] = 5
    return t


def through_transposed(m):
    t = m.T + 1
    t[0] = 7
    return t


def added(m):
    t = cv.sin(m)
    t += m
    t[..., 0] *= 2
    return t


@pytest.mark.parametrize("f", [put, through_reshape, through_ravel, through_transposed, added])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("order", "CF")
def test_results_are_written_whatever_axis_is_mapped(f, axis, order):
    m = cv.asarray(np.array(np.arange(24.0).reshape(2, 3, 4) / 7, order=order))
    want = [f(part).tolist() for part in cv.moveaxis(m, axis, 0)]
    assert cv.vmap(f, in_axes=axis)(m).tolist() == want
    grads = [ag.grad(lambda p: (f(p) ** 2).sum())(part).tolist() for part in cv.moveaxis(m, axis, 0)]
    assert cv.vmap(ag.grad(lambda p: (f(p) ** 2).sum()), in_axes=axis)(m).tolist() == grads
    twice = cv.vmap(cv.vmap(lambda v: put(v), in_axes=1), in_axes=axis)(m)
    assert twice.tolist() == [[put(v).tolist() for v in part.T] for part in cv.moveaxis(m, axis, 0)]


# ---- lengths that values decide

y, z = cv.array([1.0, -1.0, 2.0, 3.0, -1.0, 5.0]), cv.array([1.0, 2.0, 2.0, 3.0, 4.0, 5.0])

READ = {
    "len": lambda v: v / len(v),
    "shape": lambda v: v / v.shape[0],
    "size": lambda v: v / v.size,
    "median": cv.median,
    "quantile": lambda v: cv.quantile(v, [0.3, 0.6]),
    "percentile": lambda v: cv.percentile(v, 30),
    "hypot.reduce": cv.hypot.reduce,
    "subtract.reduce": cv.subtract.reduce,
    "reduceat": lambda v: cv.add.reduceat(v, [0]),
    "polyval": lambda v: cv.polyval(v, 2.0),
    "interp": lambda v: cv.interp(y, cv.sort(v), cv.sort(v)),
    "isin": lambda v: cv.isin(y, v),
    "searchsorted": lambda v: cv.searchsorted(cv.sort(v), y),
    "roll": lambda v: cv.roll(v, 1),
    "fft": cv.fft.fft,
    "rfft": cv.fft.rfft,
    "fft2": lambda v: cv.fft.fft2(v[:, None]),
    "fftshift": cv.fft.fftshift,
    "gradient": cv.gradient,
    "delete": lambda v: cv.delete(v, 0),
    "insert": lambda v: cv.insert(v, 0, 1.0),
    "split": lambda v: cv.split(v, [1]),
    "array_split": lambda v: cv.array_split(v, 2),
    "unstack": cv.unstack,
    "iteration": lambda v: [item * 2 for item in v],
    "sum of a loop": lambda v: sum(v),
    "zeros_like": cv.zeros_like,
    "ones_like of a view": lambda v: cv.ones_like(v[:, None][:, 0]),
    "full_like": lambda v: cv.full_like(v, 2.0),
    "iscomplex": cv.iscomplex,
    "vstack": cv.vstack,
    "hstack": cv.hstack,
    "squeeze": cv.squeeze,
}


@pytest.mark.parametrize("name", READ)
def test_a_length_that_was_read_is_that_of_the_trace(name):
    f = READ[name]
    graph = cv.trace(lambda v: f(v[v > 0]), y)
    again = cv.array([-1.0, 7.0, 2.0, 3.0, -1.0, 5.0])
    for got, want in zip(flat(graph.run(again)), flat(f(again[again > 0])), strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(want))
    for other in (z, cv.array([1.0, -1.0, -1.0, -1.0, -1.0, 5.0])):
        with pytest.raises(ValueError, match="trace"):
            graph.run(other)


def flat(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


ANY = {
    "sum": cv.sum,
    "mean": cv.mean,
    "std": cv.std,
    "var": cv.var,
    "sort": cv.sort,
    "cumsum": cv.cumsum,
    "softmax": cv.softmax,
    "flip": cv.flip,
    "turned": lambda v: v[None][::-1, :].T,
    "count": lambda v: cv.count_nonzero(v > 1),
    "argsort": lambda v: v[cv.argsort(v)],
}


@pytest.mark.parametrize("name", ANY)
def test_other_functions_take_any_length(name):
    f = ANY[name]
    graph = cv.trace(lambda v: f(v[v > 0]), y)
    for other in (y, z, cv.array([1.0, -1.0, -1.0, -1.0, -1.0, 5.0])):
        np.testing.assert_allclose(np.asarray(graph.run(other)), np.asarray(f(other[other > 0])), rtol=1e-14)


# ---- the rest


def test_constants_of_a_trace_are_checked():
    graph = cv.trace(lambda a, k, b: a * len(k) if b is None else a + b, x, "abc", None)
    assert graph.run(x, "abc", None).tolist() == [3, 6, 9]
    for arguments in [(x, "a", None), (x, "abc", x)]:
        with pytest.raises(ValueError, match="trace"):
            graph.run(*arguments)


def test_running_a_checkpoint_again_leaves_the_generator():
    rng, w = cv.random.Philox4x32(5), x.copy().requires_grad_()
    loss = ag.checkpoint(lambda a: (rng.normal(3) * a).sum())(w)
    counter = rng.counter
    loss.backward()
    assert rng.counter == counter
    other = cv.random.Philox4x32(5)
    assert w.grad.tolist() == other.normal(3).tolist()
    assert rng.normal(3).tolist() == other.normal(3).tolist()


def test_signs_have_derivatives_of_every_order_at_zero():
    at = cv.array([0.0, 1.0, -2.0])
    for f in (lambda a: (a * cv.sign(a)).sum(), lambda a: cv.abs(a).sum(), lambda a: cv.sign(a).sum()):
        assert ag.jacrev(ag.jacrev(f))(at).tolist() == np.zeros((3, 3)).tolist()
        assert ag.hessian(f)(at).tolist() == np.zeros((3, 3)).tolist()
        third = ag.jacrev(ag.jacrev(ag.jacrev(f)))(at)
        assert third.tolist() == np.zeros((3, 3, 3)).tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["var", "std", "mean"])
def test_what_a_mask_hides_has_no_part_in_gradients(name, bad):
    f, mask = getattr(cv, name), cv.array([True, True, True, False])
    a = cv.array([1.0, 2.0, 4.0, bad])
    got = ag.grad(lambda a: f(a, where=mask))(a)
    want = ag.grad(f)(a[:3])
    np.testing.assert_allclose(np.asarray(got), [*want.tolist(), 0.0], rtol=1e-14)
    assert np.asarray(f(a, where=mask)) == np.asarray(f(a[:3]))


@pytest.mark.parametrize("f", [cv.nanstd, cv.std, lambda a: cv.std(a, where=cv.array([True, True])), lambda a: cv.std(a, mean=cv.mean(a))])
def test_a_standard_deviation_of_zero_has_a_gradient_of_zero(f):
    assert ag.grad(f)(cv.array([1.0, 1.0])).tolist() == [0, 0]


def test_orders_of_memory_are_the_same_when_tracked():
    a = cv.asarray(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    want = a.ravel("K").tolist()
    assert want == [0, 3, 1, 4, 2, 5]
    leaf = a.copy(order="K").requires_grad_()
    for f in (lambda b: b.ravel("K"), lambda b: b.ravel("A"), lambda b: cv.ravel(b, "K"), lambda b: b.flatten("K"), lambda b: b.reshape(6, order="A")):
        assert f(leaf).tolist() == f(a).tolist()
        assert cv.jvp(f, (a,), (a,))[1].tolist() == f(a).tolist()
    c = cv.arange(6.0).reshape(1, 2, 3)
    for f in (lambda b: b.T.ravel("K"), lambda b: b.T.ravel("A"), lambda b: b.T.flatten("A")):
        assert cv.vmap(f)(c)[0].tolist() == f(c[0]).tolist()


def test_complex_derivatives_of_real_numbers_are_errors():
    with pytest.raises(RuntimeError, match="complex128"):
        cv.jvp(lambda a: a * a, (x,), (x * 1j,))
    with pytest.raises(RuntimeError, match="complex128"):
        ag.vjp(lambda a: a * a, x)[1](x * 1j)


@pytest.mark.parametrize("f", [lambda w: cv.arange(w, w + 3).sum(), lambda w: cv.var(x, ddof=w), lambda w: cv.linalg.norm(x, w), lambda w: cv.linalg.vector_norm(x, ord=w)])
def test_numbers_without_derivatives_are_errors(f):
    with pytest.raises(RuntimeError, match="no derivative by this number"):
        ag.grad(f)(cv.array(3.0))


def written_through_other_dtypes():
    """Functions of x of 2 elements that write it through a view of another dtype than the array's."""

    def out(x):
        z = cv.zeros(2, dtype=complex)
        cv.multiply(x, 2, out=z.real)
        return cv.abs(z).sum()

    def place(write):
        def f(x):
            z = cv.zeros(2, dtype=complex)
            write(z, x)
            return (cv.abs(z) ** 2).sum()

        return f

    def part(z, x):
        r = z.real
        r += x

    def halves(x):
        z = cv.zeros((3, 2))
        z.view("complex128")[:2, 0] = x
        return z.sum()

    def integers(x):
        z = cv.zeros(2, dtype="int64")
        z.view("float64")[:] = x
        return z.sum()

    return {
        "z.real = x": place(lambda z, x: setattr(z, "real", x)),
        "z.imag = x": place(lambda z, x: setattr(z, "imag", x)),
        "z.real[:] = x": place(lambda z, x: z.real.__setitem__(slice(None), x)),
        "r += x": place(part),
        "cv.real(z)[1:] = x[1:]": place(lambda z, x: cv.real(z).__setitem__(slice(1, None), x[1:])),
        "copyto": place(lambda z, x: cv.copyto(z.imag, x)),
        "view(float)[::2] = x": place(lambda z, x: z.view("float64").__setitem__(slice(None, None, 2), x)),
        "out=z.real": out,
        "halves": halves,
        "integers": integers,
    }


WAYS = {
    "grad": lambda f, x: cv.autograd.grad(f)(x),
    "backward": lambda f, x: f(cv.array(x, requires_grad=True)).backward(),
    "jvp": lambda f, x: cv.jvp(f, (x,), (cv.ones(2),)),
    "vmap": lambda f, x: cv.vmap(f)(cv.stack([x, x])),
    "trace": lambda f, x: cv.trace(f, cv.zeros(2)),
}


@pytest.mark.parametrize("name", written_through_other_dtypes())
@pytest.mark.parametrize("way", WAYS)
def test_what_is_followed_is_not_lost_in_views_of_another_dtype(name, way):
    f = written_through_other_dtypes()[name]
    f(cv.array([1.0, 2.0]))
    with pytest.raises(RuntimeError, match="view of another dtype"):
        WAYS[way](f, cv.array([1.0, 2.0]))


@pytest.mark.parametrize("way", WAYS)
def test_a_view_of_another_dtype_knows_that_it_is_lost(way):
    def f(x):
        z = cv.zeros((2, 2))
        v = z.view("complex128")
        z[:, 0] = x
        return cv.abs(v).sum()

    with pytest.raises(RuntimeError, match="array of another dtype"):
        WAYS[way](f, cv.array([1.0, 2.0]))


def test_lost_views_are_errors_wherever_they_are_used():
    z = cv.zeros(2)
    v = z.view("complex128")
    z[:] = cv.array([1.0, 2.0], requires_grad=True)
    uses = [
        lambda: v + 1, lambda: v[0], v.tolist, v.copy, v.sum, v.item, lambda: bool(v), lambda: np.asarray(v), lambda: np.from_dlpack(v),
        lambda: v.detach() + 1, lambda: v @ v, lambda: v.real, lambda: v.T, lambda: list(v), lambda: v.view("float64"),
        lambda: v.__setitem__(0, 1), lambda: cv.zeros(1, dtype=complex).__setitem__(Ellipsis, v), lambda: cv.add(1, 2, out=v),
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(RuntimeError, match="array of another dtype"):
            use()
    assert "lost" in repr(v) and v.shape == (1,)
    assert z.tolist() == [1.0, 2.0]


def test_parts_of_a_written_array_are_followed_and_bits_stay_bits():
    def f(x):
        z = cv.zeros(2, dtype=complex)
        r = z.real
        z[:] = x * (1 + 2j)
        return r.sum() + (z.imag * 3).sum()

    x = cv.array([1.0, 2.0])
    assert cv.autograd.grad(f)(x).tolist() == [7.0, 7.0]
    assert cv.vmap(f)(x[None]).tolist() == [21.0]
    assert cv.trace(f, cv.zeros(2)).run(x).item() == 21.0
    z = cv.zeros(2)
    bits = z.view("int64")
    z[:] = cv.array([1.0, 2.0], requires_grad=True)
    assert bits.tolist() == np.array([1.0, 2.0]).view("int64").tolist()
    # without derivatives bytes are bytes
    z = cv.zeros(2, dtype=complex)
    with cv.no_grad():
        z.real = cv.array([1.0, 2.0], requires_grad=True)
    assert z.tolist() == [1, 2]


def test_windows_that_overlap_take_what_is_followed_one_by_one():
    def f(x, one):
        z = cv.zeros(3)
        windows = cv.lib.stride_tricks.sliding_window_view(z, 2, writeable=True)
        if one:
            part = windows[0]
            part[...] = x
        else:
            windows[0] = x
        return (z * z).sum()

    x = cv.array([1.0, 2.0])
    assert f(x, False) == f(x, True) == 5
    assert cv.autograd.grad(f)(x, True).tolist() == [2.0, 4.0]
    assert cv.vmap(lambda x: f(x, True))(x[None]).tolist() == [5.0]
    for way in WAYS.values():
        with pytest.raises(TypeError, match="windows that overlap"):
            way(lambda x: f(x, False), x)


def reshaped(shape, new):
    z = cv.ones(shape)
    z.shape = new
    return z


def test_the_shape_that_was_set_outlives_a_tracked_write():
    x = cv.array([1.0, 2.0], requires_grad=True)
    z = reshaped((2, 2), (4,))
    v = z[1:3]
    v *= x
    assert z.shape == (4,) and z.tolist() == [1, 1, 2, 1]
    (z * z).sum().backward()
    assert x.grad.tolist() == [2, 4]
    z = reshaped((2, 3), (3, 2))
    v = z[0]
    v *= x
    assert z.tolist() == [[1, 2], [1, 1], [1, 1]]
    z = cv.ones((2, 2))
    z.resize((4,))
    v = z[:2]
    v *= x
    assert z.tolist() == [1, 2, 1, 1]
    z = reshaped((2, 2), (4,))
    z += cv.ones(4, requires_grad=True)
    assert z.tolist() == [2] * 4

    def f(x):
        z = reshaped((1, 4), (4,))
        z *= x
        z[:2] += z[2:]
        return z

    batch = cv.arange(8.0).reshape(2, 4)
    assert cv.vmap(f)(batch).tolist() == [f(row).tolist() for row in batch]
    z = cv.zeros(4)
    z.dtype = complex
    z[:] = 1 + 2j
    assert z.tolist() == [1 + 2j, 1 + 2j]


def test_results_that_are_made_of_bits_are_written_as_others():
    # `abs` of `float16` clears a bit, parts become complex numbers: new arrays, which no other dtype sees
    w = cv.ones(2, dtype="float16", requires_grad=True)
    y = cv.abs(cv.array([-1.0, 2.0], dtype="float16"))
    y *= w
    y.sum().backward()
    assert w.grad.tolist() == [1.0, 2.0]
    z = cv.nan_to_num(cv.array([1 + 2j, complex(np.nan, 1)]))
    z[0] = cv.array(3.0, requires_grad=True)
    assert z.requires_grad and z.tolist() == [3, 1j]
    # nor does one see the memory of others as the bytes that they lent
    y = cv.frombuffer(bytearray(16), dtype="float64")
    y += cv.array([1.0, 2.0], requires_grad=True)
    assert y.requires_grad and y.tolist() == [1.0, 2.0]


def running(x):
    total, kept = x[0], []
    for i in range(1, 3):
        total += x[i]
        kept.append(total)
    return cv.stack(kept)


def from_nothing(x):
    total, kept = 0.0, {}
    for i in range(3):
        total += x[i]
        kept[i] = total
    return cv.stack([*kept.values()])


def kept_before(x):
    s = x.sum()
    t = s
    t += 1
    low = x.min()
    middle = low
    middle += x.max()
    middle /= 2
    return cv.stack([s * t, low, middle, cv.positive(s) ** 2])


def views_of_it(x):
    s = x.sum()
    a, b, c = cv.atleast_1d(s), s.reshape(1), s[None]
    a[0] = 7.0
    b *= 2
    c[:] += x[0]
    d = cv.asarray(s)
    e = d
    d += 1
    return cv.stack([s, a[0], b[0], c[0], d, e])


def counted(x):
    n = cv.sum(x > 1)
    n += 0.5
    some = x[0] > 0
    some += 1
    z = x[0]
    z = cv.abs(z * 1j)
    s = x[1]
    s += x[:2].sum()
    s -= n
    s //= 0.25
    s **= 2
    s %= 7
    return cv.stack([n * x[0], some * x[1], z, s])


def callee(x):
    def moved(v):
        v += 1
        v *= 2
        return v

    s = cv.sin(x[1])
    return cv.stack([moved(s), s, moved(x[0]), x[0]])


def widened(x):
    s = x.astype("float32").sum()
    s += x[1] / 3
    return cv.stack([s, s * 2])


@pytest.mark.parametrize("f", [running, from_nothing, kept_before, views_of_it, counted, callee, widened])
def test_results_without_axes_are_scalars_under_transformations(f):
    ad, x = cv.autograd, cv.array([1.2, 2.3, 4.2])
    plain, one = f(x), cv.ones(3)
    found = {
        "jvp": cv.jvp(f, (x,), (one,))[0],
        "vjp": ad.vjp(f, x)[0],
        "vmap": cv.vmap(f)(cv.stack([x, x]))[1],
        "trace": cv.trace(f, x).run(x),
        "linearize": ad.linearize(f, x)[0],
        "checkpoint": ad.checkpoint(f)(x),
        "tape": f(cv.array([1.2, 2.3, 4.2], requires_grad=True)).detach(),
    }
    for how, y in found.items():
        assert y.tolist() == plain.tolist() and y.dtype == plain.dtype, how
    if f is not widened:
        assert ad.gradcheck(lambda x: (f(x) ** 2).sum(), (x,)) and ad.gradcheck(lambda x: (ad.checkpoint(f)(x) ** 2).sum(), (x,))


def test_scalars_among_the_samples_of_a_batch():
    def f(x):
        x += 1
        x *= x
        return x

    assert cv.vmap(f)(cv.array([1.0, 2.0])).tolist() == [4, 9] and cv.autograd.grad(f)(3.0).tolist() == 8


def test_an_array_without_axes_is_written_and_a_result_is_not():
    w = cv.array([1.0, 2.0], requires_grad=True)
    z = cv.zeros(())
    same = z
    z += w.sum()
    assert same.tolist() == 3 and cv.grad(same, w)[0].tolist() == [1, 1]
    s = w.sum()
    for write in [lambda: s.__setitem__(..., 1.0), lambda: s.fill(0), lambda: cv.add(s, 1, out=s)]:
        with pytest.raises((ValueError, TypeError), match="read-only"):
            write()
    assert not s.flags.writeable and s.copy().flags.writeable and cv.array(s).flags.writeable


@pytest.mark.parametrize("key", [2, -1, slice(1, 4), slice(None, None, 2), Ellipsis, [0, 3, 5], "mask"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_elements_are_written_by_flat(key, order):
    def f(x):
        y = cv.zeros((2, 3), order=order) + x
        at = x.ravel() > 2.5 if key == "mask" else key
        if key != "mask":
            y.flat[at] = x.ravel()[0] * 10
            y.flat[at] *= x[1, 1]
        y.flat[1] = y.flat[4] + 1
        z = y.T
        z.flat[2] = 5.0
        return y

    x = cv.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    want = f(x).tolist()
    assert cv.vmap(f)(cv.stack([x, x + 1]))[0].tolist() == want
    assert cv.trace(f, x).run(x).tolist() == want and cv.jvp(f, (x,), (x,))[0].tolist() == want
    assert cv.autograd.gradcheck(f, (x,))


def negative(h):
    return h[h < 0]


def put_nines(h):
    o = cv.zeros(3)
    cv.put(o, cv.nonzero(h < 0)[0], 9.0)
    return o


def put_masked(h):
    o = cv.zeros(3)
    cv.putmask(o, h < 0, negative(h))
    return o


def visited(h):
    s = cv.zeros(())
    for i in cv.argwhere(h < 0):
        s = s + h[i].sum()
    return s


INNER = cv.trace(lambda h: negative(h).size * h, cv.array([-1.0, 2.0, 3.0]))

LENGTHS = {
    "append": lambda h: cv.append(negative(h), 0.0).size * h,
    "of what follows": lambda h: (cv.append(negative(h), 0.0) * 2).size * h,
    "argwhere": lambda h: len(cv.argwhere(h < 0)) * h,
    "slice": lambda h: len(negative(h)[:2]) * h,
    "rest": lambda h: negative(h)[1:].size * h,
    "unique": lambda h: cv.unique(negative(h)).size * h,
    "counts": lambda h: cv.unique(h, return_counts=True)[1].size * h,
    "stack": lambda h: cv.stack([negative(h)] * 2).shape[1] * h,
    "diff size": lambda h: cv.diff(negative(h)).size * h,
    "outer": lambda h: (negative(h)[:, None] * negative(h)).size * h,
    "nonzero": lambda h: cv.nonzero(negative(h))[0].size * h,
    "repeat": lambda h: cv.repeat(negative(h), 2).size * h,
    "setdiff1d": lambda h: cv.setdiff1d(h, cv.array([1.0])).size * h,
    "mask of a mask": lambda h: negative(h)[negative(h) < -2].sum(),
    "diff": lambda h: cv.diff(negative(h)).sum(),
    "delete": lambda h: cv.delete(h, cv.nonzero(h < 0)[0]),
    "min": lambda h: negative(h).min(initial=0.0),
    "prod": lambda h: cv.prod(negative(h), initial=2.0),
    "add.reduce": lambda h: cv.add.reduce(negative(h), initial=1.0),
    "maximum.reduce": lambda h: cv.maximum.reduce(negative(h), initial=-9.0),
    "max": lambda h: negative(h).max(),
    "ptp": lambda h: cv.ptp(negative(h)),
    "argmin": lambda h: negative(h).argmin(),
    "extremes of rows": lambda h: cv.stack([negative(h)] * 2).min(axis=1),
    "put": put_nines,
    "putmask": put_masked,
    "loop": visited,
    "graph": lambda h: INNER.run(h) if _civita._is_opaque(h) else negative(h).size * h,
    "sum": lambda h: negative(h).sum(),
    "sort": lambda h: cv.sort(negative(h)) * 2,
    "cumsum": lambda h: cv.cumsum(negative(h)),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_graphs_run_right_or_not_at_all_where_values_decide_lengths(name):
    f = LENGTHS[name]
    inputs = [cv.array(v) for v in ([-1.0, 2.0, -3.0], [-1.0, 2.0, 3.0], [1.0, 2.0, 3.0])]
    ran = 0
    # the inner graph has one length; places whose number is not known are no places to delete
    only = {"graph": inputs[1:2], "delete": inputs[2:]}
    # without elements there is no extreme
    only |= {name: inputs[:2] for name in ("max", "ptp", "argmin", "extremes of rows")}
    for traced in only.get(name, inputs):
        graph = cv.trace(f, traced)
        for x in inputs:
            try:
                want = f(x).tolist()
            except ValueError:
                want = None
            try:
                got = graph.run(x).tolist()
            except ValueError as error:
                assert "values decide" in str(error) or "that it was traced with" in str(error)
                assert x is not traced
                continue
            assert got == want
            ran += 1
    assert ran >= len(only.get(name, inputs))
    if name in ("sum", "sort", "cumsum"):
        assert ran == 9


def test_piecewise_of_constant_conditions_calls_functions_with_their_elements():
    m = cv.array([True, False, True])
    f = lambda x: cv.piecewise(x, [m], [lambda v: v - v.mean(), 5.0])  # noqa: E731
    x = cv.array([-1.0, 2.0, -3.0])
    assert cv.vmap(f)(x[None])[0].tolist() == cv.trace(f, x).run(x).tolist() == f(x).tolist() == [1, 5, -1]
    g = lambda x: cv.piecewise(x, [x < 0], [lambda v: v * v, lambda v: 1.0])  # noqa: E731
    assert cv.vmap(g)(x[None])[0].tolist() == g(x).tolist() == [1, 1, 9]


def test_numbers_that_lose_a_derivative_are_warned_of():
    import math
    import warnings

    with pytest.warns(UserWarning, match="is differentiated"):
        assert cv.autograd.grad(lambda x: math.sqrt(x[0]) * x[1])(cv.array([4.0, 9.0])).tolist() == [0, 2]
    w = cv.array([4.0], requires_grad=True)
    with pytest.warns(UserWarning, match="complex"):
        assert complex(w[0]) == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with cv.no_grad():
            assert float(w[0]) == 4
        assert w.sum().item() == 4 and w.tolist() == [4] and f"{w.sum():.1f}" == "4.0" and float(w.detach()[0]) == 4


def test_deepcopy_of_an_argument_is_followed():
    import copy

    f = lambda x: (copy.deepcopy(x) * x).sum()  # noqa: E731
    assert cv.autograd.grad(f)(cv.array([4.0, 9.0])).tolist() == [8, 18]
    assert cv.vmap(cv.autograd.grad(f))(cv.array([[4.0, 9.0]])).tolist() == [[8, 18]]
    rows = cv.vmap(lambda x: cv.array([x, [1.0, 2.0]]))(cv.array([[4.0, 9.0]]))
    assert rows.tolist() == [[[4, 9], [1, 2]]]
