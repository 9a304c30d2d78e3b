"""Values and derivatives where formulas change over: ties with what a mask hides, series that meet, zeros of norms, NaN."""

import math

import numpy as np
import pytest
import scipy.special

import civita as cv

nan = math.nan


@pytest.mark.parametrize("x", [0.0, -0.0, 0.3, 7.9, 8.0, -8.0, 8.1, -20.0])
def test_derivatives_of_i0_are_other_bessel_functions(x):
    first, second = cv.autograd.grad(cv.i0), cv.autograd.grad(cv.autograd.grad(cv.i0))
    i1 = scipy.special.i1(x)
    assert float(first(cv.array(x))) == pytest.approx(i1, rel=1e-12, abs=1e-15)
    assert float(cv.jvp(cv.i0, (cv.array(x),), (cv.array(1.0),))[1]) == pytest.approx(i1, rel=1e-12, abs=1e-15)
    want = 0.5 * (scipy.special.iv(0, x) + scipy.special.iv(2, x))
    assert float(second(cv.array(x))) == pytest.approx(want, rel=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int64", "float16"])
@pytest.mark.parametrize("name", ["var", "std"])
def test_a_variance_is_about_the_mean_that_is_given(name, dtype):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(3, 4)) * 5).astype(dtype)
    if dtype == "complex128":
        x = x + 1j * rng.normal(size=(3, 4))
    mask = rng.random((3, 4)) < 0.7
    mask[:, 0] = True
    for mean in [np.array([[3.0]]).astype(dtype), x.mean(1, keepdims=True), x.mean(1, keepdims=True) + 1]:
        for options in [{}, {"ddof": 1}, {"keepdims": True}, {"where": mask}]:
            want = getattr(np, name)(x, axis=1, mean=mean, **options)
            got = getattr(cv, name)(cv.array(x), axis=1, mean=cv.array(mean), **options | ({"where": cv.array(mask)} if "where" in options else {}))
            assert got.dtype == want.dtype
            np.testing.assert_allclose(np.asarray(got), want, rtol=2e-2 if dtype == "float16" else 1e-5 if dtype == "float32" else 1e-12)
    x = cv.array([1.0, 2.0], requires_grad=True)
    m = cv.array([3.0], requires_grad=True)
    y = cv.var(x, mean=m)
    assert float(y) == 2.5
    assert [g.tolist() for g in cv.grad(y, [x, m])] == [[-2.0, -1.0], [3.0]]


def test_what_a_mask_hides_takes_no_part_of_a_tie():
    mask = cv.array([True, False, False])
    x = cv.array([1.0, 5.0, 7.0])
    assert cv.autograd.grad(lambda a: cv.max(a, where=mask, initial=1.0))(x).tolist() == [0.5, 0.0, 0.0]
    assert cv.autograd.grad(lambda a: cv.min(a, where=mask, initial=1.0))(x).tolist() == [0.5, 0.0, 0.0]
    assert cv.autograd.grad(lambda a: cv.maximum.reduce(a, where=mask, initial=1.0))(x).tolist() == [0.5, 0.0, 0.0]
    for initial in [-3.0, 1.0, 9.0, math.inf, -math.inf, nan]:
        for hidden in [[True, False, True], [False, False, False]]:
            for name in ["max", "min"]:
                got = getattr(cv, name)(x, where=cv.array(hidden), initial=initial)
                want = getattr(np, name)(np.asarray(x), where=hidden, initial=initial)
                np.testing.assert_array_equal(float(got), float(want))


@pytest.mark.parametrize("order", [0.5, -1, -0.5, 0.9])
def test_norms_of_small_orders_have_the_subgradient_zero_at_zero(order):
    x = np.array([1.0, 0.0, 2.0])
    norm = lambda a: cv.linalg.norm(a, order)
    assert float(norm(cv.array(x))) == pytest.approx(np.linalg.norm(x, order))
    g = cv.autograd.grad(norm)(cv.array(x)).tolist()
    assert g[1] == 0.0
    if order > 0:
        step = 1e-6
        for i in (0, 2):
            moved = [x.copy(), x.copy()]
            moved[0][i] += step
            moved[1][i] -= step
            assert g[i] == pytest.approx((np.linalg.norm(moved[0], order) - np.linalg.norm(moved[1], order)) / (2 * step), rel=1e-6)
    else:
        assert g == [0.0] * 3  # the norm is 0 whatever the others are


def test_nan_lets_gradients_through_as_in_pytorch():
    grad = cv.autograd.grad
    assert grad(lambda x: cv.relu(x).sum())(cv.array([nan, -1.0, 0.0, 2.0])).tolist() == [1.0, 0.0, 0.0, 1.0]
    for f in (cv.maximum, cv.minimum):
        for a, b in [(nan, 1.0), (1.0, nan), (nan, nan)]:
            got = grad(lambda a, b: f(a, b), argnums=(0, 1))(cv.array(a), cv.array(b))
            assert [float(g) for g in got] == [1.0, 1.0]
    a, b = cv.array([1.0, 2.0, 3.0]), cv.array([3.0, 2.0, 1.0])
    for f, want in [(cv.maximum, [[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]]), (cv.minimum, [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])]:
        got = grad(lambda a, b: f(a, b).sum(), argnums=(0, 1))(a, b)
        assert [g.tolist() for g in got] == want


def test_quantiles_have_derivatives_by_their_places():
    x = cv.array([1.0, 2.0, 4.0])
    assert float(cv.autograd.grad(lambda q: cv.quantile(x, q))(cv.array(0.6))) == pytest.approx(4.0)
    assert float(cv.autograd.grad(lambda q: cv.percentile(x, q))(cv.array(60.0))) == pytest.approx(0.04)
    assert float(cv.jvp(lambda q: cv.quantile(x, q), (cv.array(0.6),), (cv.array(1.0),))[1]) == pytest.approx(4.0)
    got = cv.autograd.jacrev(lambda q: cv.quantile(x, q))(cv.array([0.1, 0.7]))
    np.testing.assert_allclose(np.asarray(got), [[2.0, 0.0], [0.0, 4.0]])


def test_numbers_by_which_there_is_no_derivative_refuse_to_track_one():
    h = cv.array(1.5, requires_grad=True)
    with pytest.raises(RuntimeError, match="tracks a gradient"):
        cv.kaiser(5, h)
    # the distance of points is an array as others are
    cv.trapezoid(cv.array([1.0, 2.0, 4.0]), dx=h).backward()
    assert float(h.grad) == 4.5
    with cv.no_grad():
        assert float(cv.trapezoid(cv.array([1.0, 2.0, 4.0]), dx=h)) == 6.75
    assert float(cv.trapezoid(cv.array([1.0, 2.0, 4.0]), dx=h.detach())) == 6.75


def test_functions_that_are_vectorized_keep_gradients():
    x = cv.array([1.0, 2.0, 3.0])
    square = cv.vectorize(lambda r: r * r)
    assert cv.autograd.grad(lambda x: square(x).sum())(x).tolist() == [2.0, 4.0, 6.0]
    assert cv.jvp(square, (x,), (cv.ones(3),))[1].tolist() == [2.0, 4.0, 6.0]
    two = cv.vectorize(lambda a, b: (a * b, a + 1))
    assert cv.autograd.grad(lambda x: two(x, 3.0)[0].sum())(x).tolist() == [3.0] * 3
    assert square(np.array([[1, 2], [3, 4]])).tolist() == [[1, 4], [9, 16]]


def test_sinc_is_flat_far_away():
    g = cv.autograd.grad(lambda x: cv.sinc(x).sum())
    far = g(cv.array([1e200, -1e300, 1e10]))
    assert np.isfinite(np.asarray(far)).all() and abs(np.asarray(far)).max() < 1e-9
    assert float(g(cv.array(0.0))) == 0.0
    assert float(cv.autograd.grad(g)(cv.array(0.0))) == pytest.approx(-math.pi**2 / 3)


def test_a_gradient_of_another_kind_is_refused():
    x = cv.array([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="cast"):
        x.grad = cv.ones(2, dtype="complex128")
    assert x.grad is None
    x.grad = [1, 2]
    assert x.grad.dtype == "float64" and x.grad.tolist() == [1, 2]


def test_edges_of_a_histogram_move_with_the_extremes():
    x = np.array([0.3, 2.0, 1.1, 1.7, 0.9])
    for f in [
        lambda x: (cv.histogram(x, bins=3)[1] * cv.array([1.0, 2.0, 3.0, 4.0])).sum(),
        lambda x: (cv.histogram_bin_edges(x, "sturges") ** 2).sum(),
        lambda x: (cv.histogram(x, bins=3, density=True)[0] * cv.array([1.0, 2.0, 3.0])).sum(),
        lambda x: cv.histogram(x, bins=3, density=True, weights=x * x)[0][1],
        lambda x: cv.histogram2d(x, x * x, bins=2)[2].sum(),
    ]:
        assert cv.autograd.gradcheck(f, (cv.asarray(x),)) and cv.autograd.gradgradcheck(f, (cv.asarray(x),))
    w = cv.array(x, requires_grad=True)
    counts, edges = cv.histogram(w, bins=3)
    want = np.histogram(x, bins=3)
    assert counts.tolist() == want[0].tolist() and edges.tolist() == want[1].tolist()
    assert not counts.requires_grad and not cv.histogram(w, bins=3, range=(0, 3))[1].requires_grad


def test_powers_have_derivatives_by_an_exponent_of_zero():
    for power in [cv.power, cv.float_power]:
        f = lambda v: power(v[0], v[1])  # noqa: E731
        for a in [2.0, 0.5, 3.0]:
            want = [[0.0, 1 / a], [1 / a, np.log(a) ** 2]]
            got = cv.autograd.hessian(f)(cv.array([a, 0.0]))
            np.testing.assert_allclose(np.asarray(got), want, rtol=1e-14, atol=1e-14)
        grad = cv.autograd.grad(lambda x, p=power: p(x, cv.zeros(4)).sum())
        assert grad(cv.array([0.0, -2.0, np.inf, np.nan])).tolist() == [0, 0, 0, 0]
        second = cv.autograd.grad(lambda x: grad(x).sum())
        assert second(cv.array([0.0, -2.0, 3.0, np.nan])).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("values", [[0.0, 0.0, 2.0], [0.0, 3.0, 2.0], [0.0, 0.0, 0.0], [1.5, 3.0, 2.0], [0.0, 5.0, 0.0]])
def test_second_derivatives_of_products_at_a_place_with_zeros(values):
    x = cv.array(values)
    want = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            if i != j:
                want[i, j] = 4 * np.prod([v for k, v in enumerate(values) if k not in (i, j)])

    def at(s):
        y = cv.full(2, 4.0)
        cv.multiply.at(y, cv.array([1, 1, 1]), s)
        return y[1]

    for f in [lambda s: cv.scatter_reduce(cv.full(1, 4.0), 0, cv.array([0, 0, 0]), s, "prod")[0], at]:
        np.testing.assert_allclose(np.asarray(cv.autograd.hessian(f)(x)), want, rtol=1e-13, atol=0)
        first = [4 * np.prod([v for k, v in enumerate(values) if k != i]) for i in range(3)]
        np.testing.assert_allclose(np.asarray(cv.autograd.grad(f)(x)), first, rtol=1e-13, atol=0)


def test_masked_derivatives_stay_masked_in_either_mode():
    ad = cv.autograd
    for f, x in [
        (lambda v: v[0] ** v[1], [0.0, 3.0]),
        (lambda v: cv.float_power(v[0], v[1]), [0.0, 3.0]),
        (lambda v: v[0] ** v[1], [0.0, 0.0]),
        (lambda v: cv.arctan2(v[0], v[1]), [0.0, 0.0]),
    ]:
        x = cv.array(x)
        for outer in (ad.jacrev, ad.jacfwd):
            for inner in (ad.jacrev, ad.jacfwd):
                assert outer(inner(f))(x).tolist() == [[0, 0], [0, 0]]
    x = cv.array([0.0, -2.0])  # on an axis, where nothing is masked
    assert ad.jacrev(ad.jacrev(lambda v: cv.arctan2(v[0], v[1])))(x).tolist() == [[0, -0.25], [-0.25, 0]]
