"""Linear algebra against NumPy and SciPy: values by what they satisfy, shapes, dtypes, views, batches, errors, gradients."""

import doctest
import functools
import itertools
import pathlib
import re

import numpy as np
import pytest
import scipy.linalg

import civita as cv

LA = cv.linalg
TYPES = ["float64", "complex128", "float32", "complex64"]
EPS = {"float64": 1e-12, "complex128": 1e-12, "float32": 2e-4, "complex64": 2e-4}
SIZES = [1, 2, 3, 5, 16, 17, 50]
BATCHES = [(), (3,), (2, 0), (2, 3)]


def draw(rng, dtype, *shape):
    x = rng.standard_normal(shape)
    if "complex" in dtype:
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def well(rng, dtype, *shape):
    """Matrices that are far from singular."""
    return draw(rng, dtype, *shape) + (3 * np.eye(shape[-1])).astype(dtype)


def adj(x):
    return np.swapaxes(x, -1, -2).conj()


def close(got, expected, eps, dtype=None):
    got = np.asarray(got)
    expected = np.asarray(expected)
    assert got.shape == expected.shape
    if dtype is not None:
        assert got.dtype == dtype, got.dtype
    scale = max(1.0, np.abs(expected).max(initial=0))
    assert np.abs(got - expected).max(initial=0) <= eps * scale * 50


def layouts(x):
    """The same values, contiguous, transposed and stepped in memory."""
    yield cv.asarray(x)
    yield cv.asarray(np.ascontiguousarray(np.swapaxes(x, -1, -2))).swapaxes(-1, -2)
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    yield cv.asarray(wide)[..., ::2]
    yield cv.asarray(x[..., ::-1].copy())[..., ::-1]


@pytest.mark.parametrize("dtype", TYPES)
def test_solve_inv_det(dtype, rng):
    eps = EPS[dtype]
    for n in SIZES:
        for batch in BATCHES:
            a = well(rng, dtype, *batch, n, n)
            b = draw(rng, dtype, *batch, n, 2)
            for x in layouts(a):
                close(LA.solve(x, b), np.linalg.solve(a, b), eps * n, dtype)
                close(LA.inv(x), np.linalg.inv(a), eps * n, dtype)
                sign, log = LA.slogdet(x)
                wanted = np.linalg.slogdet(a)
                close(sign, wanted.sign, eps * n, dtype)
                close(log, wanted.logabsdet, eps * n)
            det, wanted = np.asarray(LA.det(a)), np.linalg.det(a)
            assert det.dtype == dtype and det.shape == wanted.shape
            assert np.allclose(det, wanted, rtol=eps * 10 * n, atol=0)
    a, b = well(rng, dtype, 4, 4), draw(rng, dtype, 4)
    close(LA.solve(a, b), np.linalg.solve(a, b), eps, dtype)
    b = draw(rng, dtype, 5, 1, 4, 3)
    close(LA.solve(well(rng, dtype, 2, 4, 4), b).shape, (5, 2, 4, 3), 0)
    close(LA.solve(a, b), np.linalg.solve(a, b), eps, dtype)


@pytest.mark.parametrize("dtype", TYPES)
def test_cholesky(dtype, rng):
    for n in SIZES:
        for batch in BATCHES:
            x = draw(rng, dtype, *batch, n, n)
            a = x @ adj(x) + np.eye(n, dtype=dtype)
            # what lies in the other triangle is not read
            low, up = np.tril(a) + 9 * np.triu(x, 1), np.triu(a) + 9 * np.tril(x, -1)
            close(LA.cholesky(low.astype(dtype)), np.linalg.cholesky(a), EPS[dtype] * n, dtype)
            close(LA.cholesky(up.astype(dtype), upper=True), adj(np.linalg.cholesky(a)), EPS[dtype] * n, dtype)


def test_qr_has_the_deprecated_modes(rng):
    a = draw(rng, "float64", 4, 3)
    with pytest.warns(DeprecationWarning):
        packed = LA.qr(a, "economic")
    close(np.triu(np.asarray(packed)[:3]), LA.qr(a, "r"), 1e-14)
    with pytest.warns(DeprecationWarning):
        assert LA.qr(a, "full").Q.shape == (4, 3)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (6, 3), (3, 6), (30, 20), (20, 30), (40, 3)])
def test_qr_and_svd(dtype, shape, rng):
    eps = EPS[dtype] * max(shape)
    m, n = shape
    for batch in BATCHES:
        a = draw(rng, dtype, *batch, m, n)
        for mode in ("reduced", "complete"):
            q, r = LA.qr(a, mode)
            wanted = np.linalg.qr(a, mode)
            assert q.shape == wanted.Q.shape and r.shape == wanted.R.shape
            close(q @ r, a, eps, dtype)
            close(adj(np.asarray(q)) @ np.asarray(q), np.broadcast_to(np.eye(q.shape[-1]), adj(wanted.Q).shape[:-2] + (q.shape[-1],) * 2), eps)
            close(np.tril(np.asarray(r), -1), np.zeros(r.shape), 0)
            close(np.abs(np.asarray(r)), np.abs(wanted.R), eps)
        close(LA.qr(a, "r"), r[..., : min(shape), :], eps)
        for full in (False, True):
            u, s, vh = LA.svd(a, full_matrices=full)
            wanted = np.linalg.svd(a, full_matrices=full)
            close(s, wanted.S, eps)
            assert u.shape == wanted.U.shape and vh.shape == wanted.Vh.shape
            assert s.dtype == wanted.S.dtype and u.dtype == vh.dtype == dtype
            k = min(shape)
            close((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], a, eps)
            for square in (adj(np.asarray(u)) @ np.asarray(u), np.asarray(vh) @ adj(np.asarray(vh))):
                close(square, np.broadcast_to(np.eye(square.shape[-1]), square.shape), eps)
        close(LA.svdvals(a), wanted.S, eps)
        close(LA.svd(a, compute_uv=False), wanted.S, eps)


@pytest.mark.parametrize("dtype", TYPES)
def test_eigenvalues(dtype, rng):
    for n in SIZES:
        eps = EPS[dtype] * n
        for batch in BATCHES:
            a = draw(rng, dtype, *batch, n, n)
            w, v = LA.eig(a)
            close(np.asarray(a @ v), np.asarray(v * w[..., None, :]), eps)
            close(np.linalg.norm(np.asarray(v), axis=-2), np.ones((*batch, n)), eps)
            close(np.sort(np.abs(np.asarray(LA.eigvals(a)))), np.sort(np.abs(np.linalg.eigvals(a))), eps)
            h = a + adj(a)
            for uplo in "LU":
                half = np.tril(h) if uplo == "L" else np.triu(h)
                w, v = LA.eigh(half, uplo)
                close(w, np.linalg.eigvalsh(h), eps)
                close((v * w[..., None, :]) @ cv.linalg.matrix_transpose(v).conj(), h, eps, dtype)
                close(LA.eigvalsh(half, uplo), w, eps)
            close(LA.svd(h, hermitian=True).S, np.linalg.svd(h, hermitian=True).S, eps)
            u, s, vh = LA.svd(h, hermitian=True)
            close((u * s[..., None, :]) @ vh, h, eps)


def test_real_eigenvalues_of_real_matrices_are_real(rng):
    x = rng.standard_normal((4, 4))
    assert LA.eig(x + x.T).eigenvalues.dtype == "float64"
    assert LA.eig([[0.0, 1.0], [-1.0, 0.0]]).eigenvalues.dtype == "complex128"
    assert LA.eigvals(np.eye(3, dtype="float32")).dtype == "float32"


@pytest.mark.parametrize("dtype", TYPES)
def test_pinv_lstsq_rank(dtype, rng):
    eps = EPS[dtype] * 20
    for shape in [(4, 4), (7, 3), (3, 7), (30, 20)]:
        a = draw(rng, dtype, *shape)
        rcond = 1e-15 if np.finfo(dtype).eps < 1e-10 else 1e-6
        close(LA.pinv(a, rcond), np.linalg.pinv(a, rcond), eps, dtype)
        for b in (draw(rng, dtype, shape[0]), draw(rng, dtype, shape[0], 2)):
            got, wanted = LA.lstsq(a, b), np.linalg.lstsq(a, b, rcond=None)
            for g, w in zip(got, wanted):
                close(g, w, eps)
    low = draw(rng, dtype, 6, 2) @ draw(rng, dtype, 2, 5)
    assert int(LA.matrix_rank(low)) == 2
    assert LA.matrix_rank(np.stack([low, 0 * low])).tolist() == [2, 0]
    x, residuals, rank, s = LA.lstsq(low, draw(rng, dtype, 6))
    assert rank == 2 and residuals.shape == (0,)
    assert LA.matrix_rank(np.zeros(3)) == 0 and LA.matrix_rank([0, 1]) == 1


@pytest.mark.parametrize("dtype", [*TYPES, "int64"])
def test_norms_and_condition(dtype, rng):
    x = (draw(rng, dtype, 3, 4, 4) if dtype != "int64" else rng.integers(-5, 5, (3, 4, 4)))
    eps = EPS.get(dtype, 1e-12)
    for ord in (None, 0, 1, 2, 3, -1, -2, 0.5, np.inf, -np.inf):
        for axis in (0, -1):
            close(LA.norm(x, ord, axis), np.linalg.norm(x, ord, axis), eps)
        close(LA.vector_norm(x, ord=2 if ord is None else ord), np.linalg.vector_norm(x, ord=2 if ord is None else ord), eps)
    for ord in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        for axis in ((0, 1), (2, 1)):
            for keepdims in (False, True):
                close(LA.norm(x, ord, axis, keepdims), np.linalg.norm(x, ord, axis, keepdims), eps)
        close(LA.matrix_norm(x, ord="fro" if ord is None else ord), np.linalg.matrix_norm(x, ord="fro" if ord is None else ord), eps)
        if ord != "nuc":
            assert np.allclose(np.asarray(LA.cond(x, ord)), np.linalg.cond(x, ord), rtol=1e-3 if eps > 1e-10 else 1e-9)
    close(LA.norm(x), np.linalg.norm(x), eps)
    assert LA.norm(cv.zeros((0,))) == 0
    assert LA.cond(np.ones((2, 2))) > 1e15
    assert LA.cond(np.ones((2, 2)), 1) == np.inf


def test_powers_products_and_tensors(rng):
    a = rng.standard_normal((2, 3, 3))
    for n in range(-3, 6):
        close(LA.matrix_power(a, n), np.linalg.matrix_power(a, n), 1e-11)
    chain = [rng.standard_normal(s) for s in ((3, 10), (10, 4), (4, 20), (20, 2))]
    close(LA.multi_dot(chain), np.linalg.multi_dot(chain), 1e-12)
    close(LA.multi_dot([chain[0][0], *chain[1:3], chain[3][:, 0]]), np.linalg.multi_dot([chain[0][0], *chain[1:3], chain[3][:, 0]]), 1e-12)
    x = rng.standard_normal((4, 6, 8, 3))
    close(LA.tensorinv(x), np.linalg.tensorinv(x), 1e-10)
    y = rng.standard_normal((2, 3, 6))
    b = rng.standard_normal((2, 3))
    close(LA.tensorsolve(y, b), np.linalg.tensorsolve(y, b), 1e-10)
    y = rng.standard_normal((3, 12, 4))
    b = rng.standard_normal((3, 4))
    close(LA.tensorsolve(y, b, axes=(1,)), np.linalg.tensorsolve(y, b, axes=(1,)), 1e-10)
    u, v = rng.standard_normal((2, 5, 3))
    close(LA.vecdot(u, v), np.linalg.vecdot(u, v), 1e-12)
    close(LA.cross(u, v), np.linalg.cross(u, v), 1e-12)
    close(LA.outer(u[0], v[0]), np.linalg.outer(u[0], v[0]), 1e-12)
    close(LA.trace(a, offset=1), np.linalg.trace(a, offset=1), 1e-12)
    close(LA.diagonal(a, offset=-1), np.linalg.diagonal(a, offset=-1), 0)


@pytest.mark.parametrize("dtype", TYPES)
def test_scipy_functions(dtype, rng):
    eps = EPS[dtype] * 20
    a = well(rng, dtype, 6, 6)
    b = draw(rng, dtype, 6, 2)
    for lower in (False, True):
        for trans in (0, 1, 2):
            for unit in (False, True):
                got = LA.solve_triangular(a, b, trans, lower, unit)
                close(got, scipy.linalg.solve_triangular(a, b, trans, lower, unit), eps * 100)
    for shape in [(6, 6), (6, 3), (3, 6)]:
        x = draw(rng, dtype, *shape)
        p, l, u = LA.lu(x)
        close(p @ l @ u, x, eps)
        for got, wanted in zip((p, l, u), scipy.linalg.lu(x)):
            close(got, wanted, eps)
        close(LA.lu(x, permute_l=True)[0], scipy.linalg.lu(x, permute_l=True)[0], eps)
        close(LA.polar(x)[1], scipy.linalg.polar(x)[1], eps)
        close(LA.polar(x, "left")[1], scipy.linalg.polar(x, "left")[1], eps)
    factors, wanted = LA.lu_factor(a), scipy.linalg.lu_factor(a)
    close(factors[0], wanted[0], eps)
    assert factors[1].tolist() == wanted[1].tolist()
    for trans in (0, 1, 2):
        close(LA.lu_solve(factors, b, trans), scipy.linalg.lu_solve(wanted, b, trans), eps)
    h = a @ adj(a)
    for lower in (False, True):
        close(LA.cho_solve(LA.cho_factor(h, lower), b), scipy.linalg.cho_solve(scipy.linalg.cho_factor(h, lower), b), eps * 10)
    for scale in (0.001, 0.1, 0.5, 1, 3, 20):
        x = (a * scale / 6).astype(dtype)
        close(LA.expm(x), scipy.linalg.expm(x), eps * 10, dtype)
    close(LA.sqrtm(h), scipy.linalg.sqrtm(h), eps * 10)
    close(LA.logm(h), scipy.linalg.logm(h), eps * 10)
    x = draw(rng, dtype, 2, 7, 7)
    root = LA.sqrtm(x)
    close(root @ root, x, eps * 10)
    t, z = LA.schur(x)
    close(z @ t @ adj(np.asarray(z)), x, eps, dtype)
    below = np.abs(np.diagonal(np.asarray(t), -1, -2, -1)) > 0
    assert not (below[..., 1:] & below[..., :-1]).any()
    close(np.tril(np.asarray(t), -2), np.zeros(t.shape), 0)
    t, z = LA.schur(x, output="complex")
    close(z @ t @ adj(np.asarray(z)), x, eps)
    close(np.tril(np.asarray(t), -1), np.zeros(t.shape), 0)
    h, q = LA.hessenberg(x, calc_q=True)
    close(q @ h @ adj(np.asarray(q)), x, eps, dtype)
    close(np.tril(np.asarray(h), -2), np.zeros(h.shape), 0)
    low = draw(rng, dtype, 6, 2) @ draw(rng, dtype, 2, 5)
    assert LA.orth(low).shape == (6, 2)
    null = np.asarray(LA.null_space(low))
    assert null.shape == (5, 3)
    close(low @ null, np.zeros((6, 3)), eps)


def test_structured_matrices():
    c, r = [1, 2, 3], [7, 8, 9, 10]
    close(LA.toeplitz(c, r), scipy.linalg.toeplitz(c, r), 0)
    close(LA.toeplitz([1 + 1j, 2j]), scipy.linalg.toeplitz([1 + 1j, 2j]), 0)
    close(LA.hankel(c, r), scipy.linalg.hankel(c, r), 0)
    close(LA.hankel(c), scipy.linalg.hankel(c), 0)
    close(LA.circulant(c), scipy.linalg.circulant(c), 0)
    close(LA.hilbert(4), scipy.linalg.hilbert(4), 0)
    close(LA.hadamard(8), scipy.linalg.hadamard(8), 0)


def test_integers_are_computed_as_float64_and_half_precision_is_refused():
    for dtype in ("int8", "uint64", "bool"):
        assert LA.inv(cv.eye(3, dtype=dtype)).dtype == "float64"
    with pytest.raises(TypeError, match="float16 is unsupported in linalg"):
        LA.inv(cv.eye(3, dtype="float16"))
    assert LA.solve(cv.eye(2, dtype="float32"), cv.ones(2, dtype="int32")).dtype == "float64"


BAD = [
    (lambda m: m.inv(np.ones((2, 2))), "Singular matrix"),
    (lambda m: m.solve(np.ones((2, 2)), [1, 2]), "Singular matrix"),
    (lambda m: m.inv(np.ones((3, 2, 3))), "square"),
    (lambda m: m.inv(np.ones(3)), "at least two-dimensional"),
    (lambda m: m.det(np.ones((2, 3))), "square"),
    (lambda m: m.cholesky([[1, 2], [2, 1]]), "not positive definite"),
    (lambda m: m.eig([[np.nan, 1], [1, 1]]), "infs or NaNs"),
    (lambda m: m.eigvals([[np.inf, 1], [1, 1]]), "infs or NaNs"),
    (lambda m: m.svd([[np.nan, 1], [1, 1]]), "did not converge"),
    (lambda m: m.matrix_power(np.ones((2, 2)), -1), "Singular"),
    (lambda m: m.matrix_power(np.ones((2, 3)), 2), "square"),
    (lambda m: m.lstsq(np.ones((3, 2)), np.ones(2)), "Incompatible dimensions"),
    (lambda m: m.cond(np.ones((0, 2))), "empty arrays"),
]


@pytest.mark.parametrize("call, text", BAD)
def test_errors_are_those_of_numpy(call, text):
    with pytest.raises(np.linalg.LinAlgError):
        call(np.linalg)
    with pytest.raises(cv.linalg.LinAlgError, match=text):
        call(cv.linalg)
    assert issubclass(cv.linalg.LinAlgError, ValueError)


@pytest.mark.parametrize("bad", [
    lambda m: m.solve(np.eye(3), np.ones(2)),
    lambda m: m.qr(np.eye(2), "wrong"),
    lambda m: m.eigh(np.eye(2), "X"),
    lambda m: m.norm(np.eye(2), "wrong"),
    lambda m: m.norm(np.ones((2, 2, 2)), "fro"),
    lambda m: m.norm(np.eye(2), 3),
    lambda m: m.norm(np.eye(2), 2, (0, 0)),
    lambda m: m.tensorinv(np.eye(2), 0),
    lambda m: m.multi_dot([np.eye(2)]),
])  # fmt: skip
def test_values_that_numpy_refuses(bad):
    with pytest.raises(ValueError):
        bad(np.linalg)
    with pytest.raises(ValueError):
        bad(cv.linalg)


@pytest.mark.parametrize("name", "inv det svd eig eigh qr pinv cholesky slogdet expm sqrtm logm schur hessenberg lu polar lstsq cond norm".split())
def test_unusual_input_gives_a_result_or_a_clear_error(name):
    shapes = [(0, 0), (1, 1), (3, 3), (20, 20), (2, 0, 0), (0, 3, 3), (), (3,)]
    for shape in shapes:
        for value in (0.0, 1.0, np.nan, np.inf, 1e308, 1e-310):
            a = np.full(shape, value)
            try:
                getattr(LA, name)(*([a, a] if name == "lstsq" else [a]))
            except (ValueError, TypeError):
                pass


GRADIENTS = {
    "solve": lambda a, b: LA.solve(a, b),
    "inv": lambda a, b: LA.inv(a),
    "det": lambda a, b: LA.det(a),
    "slogdet": lambda a, b: LA.slogdet(a).logabsdet,
    "cholesky": lambda a, b: LA.cholesky(a @ a.T + cv.eye(3)),
    "qr": lambda a, b: LA.qr(a).Q * 2 + LA.qr(a).R,
    "svd": lambda a, b: (lambda u, s, vh: (u * s**2) @ vh)(*LA.svd(a)),
    "eigh": lambda a, b: (lambda w, v: (v * cv.exp(w)) @ v.T)(*LA.eigh(a + a.T)),
    "eigvals": lambda a, b: cv.real(LA.eigvals(a @ a.T + cv.eye(3))),
    "pinv": lambda a, b: LA.pinv(a),
    "lstsq": lambda a, b: LA.lstsq(a, b)[0],
    "norm": lambda a, b: LA.norm(a, 2) + LA.norm(a) + LA.norm(a, "nuc"),
    "matrix_power": lambda a, b: LA.matrix_power(a, 3),
    "expm": lambda a, b: LA.expm(a),
    "multi_dot": lambda a, b: LA.multi_dot([a, b, b.T]),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name, rng):
    f = GRADIENTS[name]
    a = cv.array(rng.standard_normal((3, 3)) + np.diag([3.0, 5.0, 8.0]))
    b = cv.array(rng.standard_normal((3, 2)))
    assert cv.check_gradients(f, [a, b])
    t = [cv.array(rng.standard_normal(x.shape)) for x in (a, b)]
    _, forward = cv.jvp(f, (a, b), tuple(t))
    step = 1e-6
    difference = (f(a + step * t[0], b + step * t[1]) - f(a - step * t[0], b - step * t[1])) / (2 * step)
    close(forward, difference, 1e-7)


@pytest.mark.parametrize("name", GRADIENTS)
def test_vmap(name, rng):
    if name == "lstsq":
        pytest.skip("the shape of its residuals depends on values: `vmap` over `pinv(a) @ b`")
    f = GRADIENTS[name]
    a = cv.array(rng.standard_normal((4, 3, 3)) + np.diag([3.0, 5.0, 8.0]))
    b = cv.array(rng.standard_normal((3, 2)))
    got = cv.vmap(functools.partial(f, b=b))(a)
    close(got, np.stack([np.asarray(f(x, b)) for x in a]), 1e-12)


def test_equal_bits_for_one_and_two_threads(threads, rng):
    a = rng.standard_normal((300, 300))
    stack = rng.standard_normal((2000, 5, 5))
    found = []
    for n in (1, 2):
        threads(n)
        all = [LA.inv(a), LA.svd(a).U, LA.eigh(a + a.T).eigenvectors, LA.qr(a).Q, LA.inv(stack), LA.eig(stack).eigenvectors, LA.det(stack)]
        found.append([np.asarray(x).tobytes() for x in all])
    assert found[0] == found[1]


def test_examples_of_the_page_and_of_the_module():
    page = (pathlib.Path(__file__).parents[2] / "docs" / "linalg.md").read_text()
    runner = doctest.DocTestRunner()
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "linalg.md", None, 0)
    runner.run(test)
    assert runner.failures == 0 and runner.tries > 8
    assert doctest.testmod(cv.linalg).failed == 0


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("n", [17, 31, 64, 97, 129, 300, 600])
def test_blocked_factorisations(dtype, n):
    rng = np.random.default_rng(n)
    eps = np.finfo(dtype).eps
    a = rng.standard_normal((n, n)).astype(dtype)
    if np.iscomplexobj(a):
        a = (a + 1j * rng.standard_normal((n, n))).astype(dtype)
    x = cv.asarray(a)
    for k in (1, 3, 8, 70):
        b = rng.standard_normal((n, k)).astype(dtype)
        got = np.asarray(cv.linalg.solve(x, cv.asarray(b)))
        # the backward error of elimination with row exchanges
        assert np.abs(a @ got - b).max() < 20 * eps * np.abs(a).sum(1).max() * np.abs(got).max()
    p, lower, upper = (np.asarray(part) for part in cv.linalg.lu(x))
    assert np.abs(p @ lower @ upper - a).max() < 4 * n * eps
    if dtype == "float64":
        np.testing.assert_array_equal(p, scipy.linalg.lu(a)[0])
    sign, log = cv.linalg.slogdet(x)
    want = np.linalg.slogdet(a)
    np.testing.assert_allclose([sign, log], want, rtol=n * 10 * eps)
    inverse = np.asarray(cv.linalg.inv(x))
    assert np.abs(inverse @ a - np.eye(n)).max() < 100 * eps * np.linalg.cond(a)
    # of the other triangle nothing is read
    h = (a @ a.conj().T + n * np.eye(n)).astype(dtype)
    factor = np.asarray(cv.linalg.cholesky(cv.asarray(np.tril(h) + np.triu(np.full((n, n), np.nan), 1).astype(dtype))))
    assert (np.triu(factor, 1) == 0).all()
    assert np.abs(factor @ factor.conj().T - h).max() < 20 * eps * np.abs(h).max()
    h[n // 2, n // 2] = -1
    with pytest.raises(cv.linalg.LinAlgError, match="positive definite"):
        cv.linalg.cholesky(cv.asarray(h))
    a[:, n - 1] = a[:, 0]
    a[:, 1] = 0
    for singular in (cv.linalg.inv, lambda x: cv.linalg.solve(x, x)):
        with pytest.raises(cv.linalg.LinAlgError, match="[Ss]ingular"):
            singular(cv.asarray(a))
    assert cv.linalg.det(cv.asarray(a)) == 0


def test_ranks_and_pseudoinverses_check_their_arguments():
    for m in (cv, np):
        for shape in ((), (2,), (2, 2)):
            with pytest.raises(ValueError):
                m.linalg.matrix_rank(m.ones(shape), tol=1.0, rtol=1.0)
        for shape in ((1, 4), (0, 3, 4)):
            with pytest.raises(m.linalg.LinAlgError):
                m.linalg.pinv(m.ones(shape), hermitian=True)


def test_bases_and_special_matrices_of_batches():
    for f, shape in ((cv.linalg.orth, (2, 3, 1)), (cv.linalg.null_space, (2, 3, 2))):
        batch = f(cv.ones((2, 3, 3)))
        assert batch.shape == shape
        np.testing.assert_allclose(abs(batch[0] @ batch[0].T), abs(f(cv.ones((3, 3))) @ f(cv.ones((3, 3))).T), atol=1e-14)
        with pytest.raises(ValueError, match="ranks from 1 to 3"):
            f(cv.stack([cv.ones((3, 3)), cv.eye(3)]))
    c, r = np.arange(24.0).reshape(2, 3, 4), np.arange(30.0).reshape(2, 3, 5)
    for ours, each in (
        (cv.linalg.toeplitz(c), lambda i: cv.linalg.toeplitz(c[i])),
        (cv.linalg.toeplitz(c, r), lambda i: cv.linalg.toeplitz(c[i], r[i])),
        (cv.linalg.toeplitz(c[0, 0], r), lambda i: cv.linalg.toeplitz(c[0, 0], r[i])),
        (cv.linalg.circulant(c), lambda i: cv.linalg.circulant(c[i])),
    ):
        for i in np.ndindex(2, 3):
            np.testing.assert_array_equal(ours[i], each(i))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("end", ["subnormal", "huge"])
def test_systems_and_determinants_at_the_ends_of_the_range(end, dtype):
    """NumPy solves a multiple near 1, exact by a power of two; the multiple at the end of the range has the same solution."""
    single = dtype in ("float32", "complex64")
    power = {("subnormal", True): -141, ("subnormal", False): -1062, ("huge", True): 122, ("huge", False): 1018}[end, single]
    wide = "complex128" if "complex" in dtype else "float64"
    rng = np.random.default_rng(7)

    def far(x, by):
        for step in (by // 2, by - by // 2):
            x = x * 2.0**step
        return x.astype(dtype)

    for n in (1, 2, 3, 4, 8, 10, 16, 17, 40):
        for batch in ((), (3,), (20,)):
            a = rng.integers(-9, 10, (*batch, n, n)) + 12 * np.eye(n)
            a = a + (1j * rng.integers(-9, 10, a.shape) if "complex" in dtype else 0)
            b = rng.integers(-16, 17, (*batch, n, 2)).astype(wide)
            # small matrices are factored where they are, as LAPACK does it: of subnormal numbers with the bits that these have
            x = cv.asarray(far(a, power))
            eps = EPS[dtype] * (8 if single else 1) + (1e-3 if end == "subnormal" and not single else 0)
            close(LA.solve(x, cv.asarray(far(b, power))), np.linalg.solve(a, b), eps)
            close(LA.solve_triangular(x, cv.asarray(far(b, power))), np.linalg.solve(np.triu(a), b), eps)
            if end == "huge":
                unit = far(np.ones(()), power).astype(wide)
                close(np.asarray(LA.inv(x)).astype(wide) * unit, np.linalg.inv(a), eps)
            signs, logs = (np.asarray(y) for y in LA.slogdet(x))
            expected = np.linalg.slogdet(a)
            close(signs, expected.sign, eps)
            np.testing.assert_allclose(logs, expected.logabsdet + n * power * np.log(2), rtol=1e-6 if single else 1e-12, atol=0.01 if end == "subnormal" and not single else 0)
            got = np.asarray(LA.det(x))
            if end == "subnormal" and n > 1:
                assert (got == 0).all()
            elif n > 1 and "complex" not in dtype:
                assert (got == expected.sign * np.inf).all()
        if n > 1:
            tall = np.concatenate([a[0], a[1][:2]])
            right = rng.integers(-16, 17, (n + 2, 2)).astype(wide)
            got = LA.lstsq(cv.asarray(far(tall, power)), cv.asarray(far(right, power)))
            expected = np.linalg.lstsq(tall, right, rcond=None)
            close(got[0], expected[0], eps + (1e-5 if single else 0))
            assert got[2].item() == n
            band = np.stack([np.r_[0, np.diag(a[0], 1)], np.diag(a[0]), np.r_[np.diag(a[0], -1), 0]])
            middle = np.triu(np.tril(a[0], 1), -1)
            got = LA.solve_banded((1, 1), cv.asarray(far(band, power)), cv.asarray(far(b[0], power)))
            close(got, np.linalg.solve(middle, b[0]), eps)


def test_a_pivot_at_the_end_of_the_range_does_not_spoil_the_others():
    for tiny in (5e-324, 1e-310, 2e-308, 1e300, 1e308):
        a = np.diag([1.0, tiny, 3.0])
        for batch in (1, 20):
            stack = cv.asarray(np.stack([a] * batch))
            b = np.array([[1.0], [tiny], [6.0]])
            np.testing.assert_allclose(LA.solve(stack, cv.asarray(np.stack([b] * batch)))[-1], [[1.0], [1.0], [2.0]], rtol=4e-16)
            np.testing.assert_allclose(LA.det(stack), np.linalg.det(np.stack([a] * batch)), rtol=1e-12)
        np.testing.assert_allclose(LA.solve(cv.asarray(a + 0j), cv.asarray(b))[:, 0], [1.0, 1.0, 2.0], rtol=4e-16)


def test_slogdet_of_what_is_not_finite_is_numpys():
    for a in ([[np.nan]], [[np.nan, 1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0, np.nan]], [[np.inf, 0.0], [0.0, 2.0]], [[-np.inf]]):
        for dtype in ("float64", "float32"):
            expected = np.linalg.slogdet(np.array(a, dtype))
            got = LA.slogdet(cv.array(a, dtype))
            np.testing.assert_array_equal(got.sign, expected.sign)
            np.testing.assert_array_equal(got.logabsdet, expected.logabsdet)


def second_differences(a, t):
    """`d² det(a + s t) / ds²` at 0, of the polynomial in `s`."""
    n = len(a)
    s = np.linspace(-1, 1, n + 1)
    fit = np.polynomial.polynomial.polyfit(s, [np.linalg.det(a + x * t) for x in s], n)
    return 2 * fit[2] if n > 1 else 0.0


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_second_derivatives_of_det_of_singular_matrices(n, rank):
    rng = np.random.default_rng(n * 10 + rank)
    a = rng.normal(size=(n, min(n, rank))) @ rng.normal(size=(min(n, rank), n))
    for t in rng.normal(size=(4, n, n)):
        f = lambda s, t=t: LA.det(cv.asarray(a) + s * cv.asarray(t))  # noqa: E731
        want = second_differences(a, t)
        ad = cv.autograd
        backward = ad.grad(ad.grad(f))(cv.array(0.0)).tolist()
        forward = cv.jvp(lambda s: cv.jvp(f, (s,), (cv.array(1.0),))[1], (cv.array(0.0),), (cv.array(1.0),))[1].tolist()
        batched = cv.vmap(ad.grad(ad.grad(f)))(cv.zeros(2)).tolist()
        np.testing.assert_allclose([backward, forward, *batched], want, rtol=1e-9, atol=1e-9)


def test_second_derivatives_of_det_of_complex_and_graded_matrices():
    rng = np.random.default_rng(7)
    a = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
    for scale in [np.ones(4), np.array([1, 1, 1e-9, 0]), np.array([1, 1, 1, 0])]:
        u, _, vh = np.linalg.svd(a)
        x = cv.asarray(u * scale @ vh)
        t = cv.asarray(rng.normal(size=(4, 4)) + 0j)
        f = lambda s: LA.det(x + s * t).real  # noqa: E731, B023
        g = lambda s: LA.det(x + s * t).imag  # noqa: E731, B023
        s = np.linspace(-1, 1, 5)
        values = [np.linalg.det(np.asarray(x) + v * np.asarray(t)) for v in s]
        want = 2 * np.polynomial.polynomial.polyfit(s, values, 4)[2]
        got = [cv.autograd.grad(cv.autograd.grad(h))(cv.array(0.0)).tolist() for h in (f, g)]
        np.testing.assert_allclose(got, [want.real, want.imag], rtol=1e-9, atol=1e-9)
    whole = cv.arange(1.0, 10.0).reshape(3, 3)
    third = cv.autograd.jacfwd(cv.autograd.hessian(LA.det))(whole)
    assert third[0, 0, 1, 1, 2, 2].tolist() == pytest.approx(1) and third[0, 1, 1, 0, 2, 2].tolist() == pytest.approx(-1)


def test_gradient_of_det_far_from_one():
    """`det(A) A⁻ᵀ`, of degree n - 1 in the elements."""
    a = np.random.default_rng(0).standard_normal((20, 20)) * 1e-12
    _, got = cv.autograd.value_and_grad(LA.det)(cv.asarray(a))
    b = a * 1e12
    np.testing.assert_allclose(got, np.linalg.det(b) * np.linalg.inv(b).T * 1e-12**19, rtol=1e-9)


TWO_OPERANDS = {
    "solve": (LA.solve, [((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), ((3, 3), (4, 3, 2)), ((2, 1, 3, 3), (4, 3, 2)), ((2, 3, 3), (3,))]),
    "lstsq": (lambda a, b: LA.lstsq(a, b)[0], [((4, 3), (4, 2)), ((4, 3), (4,))]),
    "pinv": (lambda a, b: LA.pinv(a, rtol=abs(b) * 0.01), [((2, 4, 3), (2,)), ((4, 3), ())]),
    "solve_triangular": (LA.solve_triangular, [((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((3, 3), (3,))]),
    "solve_banded": (lambda a, b: LA.solve_banded((1, 1), a, b), [((3, 5), (5, 2)), ((2, 3, 5), (5, 2)), ((3, 5), (5,))]),
    "lu_solve": (lambda a, b: LA.lu_solve(LA.lu_factor(a), b), [((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 3, 3), (2, 3, 1))]),
}


@pytest.mark.parametrize("name", TWO_OPERANDS)
def test_vmap_of_operands_of_different_rank_is_a_loop(name, rng):
    """Each operand alone in a batch, and both, as long as an axis and longer than any."""
    f, shapes = TWO_OPERANDS[name]
    for (a, b), batched, size in itertools.product(shapes, [(0, None), (None, 0), (0, 0)], (2, 3, 7)):
        make = lambda *shape: well(rng, "float64", *shape) if shape[-2:-1] == shape[-1:] else draw(rng, "float64", *shape)
        xs, ys = make(size, *a), make(size, *b)
        rows = [(cv.array(xs[i if batched[0] == 0 else 0]), cv.array(ys[i if batched[1] == 0 else 0])) for i in range(size)]
        found = cv.vmap(f, in_axes=batched)(*(cv.array(all if axis == 0 else all[0]) for all, axis in zip((xs, ys), batched)))
        close(found, np.stack([np.asarray(f(*row)) for row in rows]), 1e-9)


def test_vmap_of_functions_that_look_at_values(rng):
    a, b = draw(rng, "float64", 4, 5, 3), draw(rng, "float64", 4, 5, 2)
    square, x = well(rng, "float64", 4, 3, 3), draw(rng, "float64", 4, 2, 3, 4)
    loop = lambda f, *arrays: cv.stack([f(*(cv.asarray(one) for one in each)) for each in zip(*arrays, strict=True)])
    mapped = lambda f, *arrays: cv.vmap(f)(*(cv.asarray(each) for each in arrays))
    for i in range(4):
        f = lambda a, b, i=i: cv.asarray(LA.lstsq(a, b)[i])
        close(mapped(f, a, b), loop(f, a, b), 1e-12)
    for trans in (0, 1):
        f = lambda a, b, trans=trans: LA.lu_solve(LA.lu_factor(a), b, trans=trans)
        close(mapped(f, square, b[:, :3]), loop(f, square, b[:, :3]), 1e-12)
    f = lambda a: LA.lu_factor(a)[1]
    np.testing.assert_array_equal(mapped(f, square), np.stack([scipy.linalg.lu_factor(one)[1] for one in square]))
    for name, f in (
        ("tensor_train", lambda x: LA.tensor_train_to_tensor(LA.tensor_train(x))),
        ("tensor_train", lambda x: LA.tensor_train_to_tensor(LA.tensor_train(x, 2))),
        ("tucker", lambda x: LA.tucker_to_tensor(*LA.tucker(x, (2, 2, 2), n_iter_max=5, tol=0))),
        ("cp", lambda x: LA.cp_to_tensor(*LA.cp(x, 2, n_iter_max=5, tol=0))),
    ):
        close(mapped(f, x), loop(f, x), 1e-8)
    for name, f in (
        ("orth", LA.orth),
        ("null_space", LA.null_space),
        ("tensor_train", lambda a: LA.tensor_train(a, tol=0.1)[0]),
        ("tucker", lambda a: LA.tucker(a, (1, 1))[0]),
        ("cp", lambda a: LA.cp(a, 1)[0]),
    ):
        with pytest.raises(ValueError, match=f"{name}.*\n?.*(rank|tolerance)"):
            mapped(f, a)


def test_pivots_that_are_no_rows_are_refused():
    lu, _ = LA.lu_factor(cv.eye(3))
    for pivots in ([0, 1, 3], [0, -1, 2], [0, 1, 2, 2]):
        with pytest.raises(ValueError, match="pivot"):
            LA.lu_solve((lu, cv.array(pivots)), cv.ones(3))


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 3), (3, 5), (33, 33), (40, 20), (70, 65), (129, 129)])
def test_signs_of_complex_factors_are_lapacks(dtype, shape, rng):
    """A reflection leaves a real element, negative where the real part before was positive; `tau` is complex."""
    eps = EPS[dtype] * max(shape)
    a = draw(rng, dtype, *shape)
    for mode in ("reduced", "complete", "raw"):
        for got, wanted in zip(LA.qr(a, mode), np.linalg.qr(a, mode), strict=True):
            close(got, wanted, eps, dtype)
    wanted = scipy.linalg.qr(a, mode="economic", pivoting=True)
    for got, expected in zip(LA.qr(a, "reduced", pivoting=True), wanted, strict=True):
        close(got, expected, eps)
    if shape[0] == shape[1]:
        for got, expected in zip(LA.hessenberg(a, calc_q=True), scipy.linalg.hessenberg(a, calc_q=True), strict=True):
            close(got, expected, eps, dtype)
    # elements whose squares leave the range
    if dtype == "complex128" and shape[0] > 1:
        for size in (1e-200, 1e200):
            q, r = LA.qr(a * size)
            close(q, np.linalg.qr(a).Q, eps)
            close(np.asarray(r) / size, np.linalg.qr(a).R, eps)


def test_eigenvalues_of_graded_matrices_have_lapacks_residuals():
    """Elements that differ by many orders of magnitude are balanced first, and vectors of small eigenvalues are found beside large ones."""
    rng = np.random.default_rng(3)
    for n in (3, 10, 40, 100):
        core = rng.standard_normal((n, n))
        for span in (6, 12, 20):
            d = 10.0 ** np.linspace(0, span, n)
            graded = core * d[:, None] / d
            for a in (graded, graded[::-1, ::-1].copy(), graded * (1 + 0.5j), core * d[:, None], core * d, core * d[:, None] * d / d.max()):
                w, v = map(np.asarray, LA.eig(cv.asarray(a)))
                their_w, their_v = np.linalg.eig(a)
                size = np.linalg.norm(a)
                mine, theirs = (np.linalg.norm(a @ v - v * w) / size for w, v in ((w, v), (their_w, their_v)))
                assert mine <= 10 * max(theirs, 1e-14), (n, span, mine, theirs)
                close(np.linalg.norm(v, axis=0), np.ones(n), 1e-12)
                if a is graded:
                    # those of the matrix without the scaling, to the last digits
                    wanted = list(np.linalg.eigvals(core))
                    for got in (w, np.asarray(LA.eigvals(cv.asarray(a)))):
                        left = list(wanted)
                        for x in got:
                            nearest = left.pop(int(np.argmin(np.abs(np.array(left) - x))))
                            assert abs(nearest - x) <= 1e-12 * n * abs(x), (n, span)


def test_eigenvalues_that_stand_alone_are_elements_of_the_diagonal():
    """A permutation of a triangle: LAPACK takes all eigenvalues from the diagonal, to the last bit."""
    rng = np.random.default_rng(4)
    for n in (3, 8, 30):
        triangle = np.triu(rng.standard_normal((n, n))) * 10.0 ** rng.integers(-8, 9, (n, n))
        order = rng.permutation(n)
        a = triangle[order][:, order]
        for matrix in (a, a.astype("float32"), a + 0j):
            w, v = map(np.asarray, LA.eig(cv.asarray(matrix)))
            single = matrix.dtype == "float32"
            assert sorted(w.real.tolist()) == sorted(np.diag(matrix).real.tolist())
            assert not w.imag.any()
            matrix, v, w = (x.astype(complex) for x in (matrix, v, w))
            rest = np.abs(matrix @ v - v * w) / (np.abs(matrix) @ np.abs(v) + np.abs(v * w) + 1e-300)
            assert single or rest.max() < 1e-9


@pytest.mark.parametrize("dtype", TYPES)
def test_pseudoinverses_of_hermitian_matrices_read_the_lower_triangle(dtype, rng):
    for shape in ((2, 2), (3, 5, 5), (2, 0, 0)):
        a = well(rng, dtype, *shape)
        close(LA.pinv(a, hermitian=True), np.linalg.pinv(a, hermitian=True), EPS[dtype], dtype)
        spoilt = a + np.triu(np.full(shape[-2:], np.nan, dtype), 1)
        close(LA.pinv(spoilt, hermitian=True), np.linalg.pinv(a, hermitian=True), EPS[dtype], dtype)
    # of rank 1, with a cut
    low = np.array([[1.0, 2.0], [2.0, 4.0 + 1e-3]], dtype)
    close(LA.pinv(low, 1e-2, hermitian=True), np.linalg.pinv(low, 1e-2, hermitian=True), EPS[dtype])
    assert LA.pinv(np.zeros((0, 3), dtype), hermitian=True).shape == np.linalg.pinv(np.zeros((0, 3), dtype), hermitian=True).shape
    with pytest.raises(LA.LinAlgError, match="square"):
        LA.pinv(np.ones((2, 3), dtype), hermitian=True)
    empty = cv.array(np.zeros((0, 3), dtype), requires_grad=True)
    abs(LA.pinv(empty)).sum().backward()
    assert empty.grad.shape == (0, 3)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [2, 3, 5, 20, 40, 70])
def test_what_is_not_finite_spoils_its_reflections(dtype, n, rng):
    """As LAPACK: the columns of `Q` from the first one on that meets it."""
    a = draw(rng, dtype, n, n)
    for bad in (np.nan, np.inf):
        a[n // 2, 0] = bad
        q, r = LA.qr(a)
        assert np.isnan(np.asarray(q)[:, 0]).any() and not np.isfinite(np.asarray(r)[0]).all()
        h, tau = LA.qr(a, "raw")
        assert not np.isfinite(np.asarray(tau)[0])
    assert np.isnan(np.asarray(LA.qr(np.full((n, n), np.nan, dtype)).Q)[:, : n - 1]).all()
