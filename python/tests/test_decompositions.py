"""SciPy's factorisations, generalised eigenproblems, functions of matrices, and decompositions of tensors, against SciPy live."""

import functools

import numpy as np
import pytest
import scipy.linalg

import civita as cv

LA = cv.linalg
TYPES = ["float64", "complex128", "float32", "complex64"]
EPS = {"float64": 1e-12, "complex128": 1e-12, "float32": 3e-4, "complex64": 3e-4}


def draw(rng, dtype, *shape):
    x = rng.standard_normal(shape)
    if "complex" in dtype:
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def adj(x):
    return np.swapaxes(np.asarray(x), -1, -2).conj()


def close(got, expected, eps, dtype=None):
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    if dtype is not None:
        assert got.dtype == dtype, got.dtype
    scale = max(1.0, np.abs(expected).max(initial=0))
    assert np.abs(got - expected).max(initial=0) <= eps * scale * 50


def same_values(got, expected, eps):
    """In any order."""
    assert len(got) == len(expected)
    gaps = np.abs(got[:, None] - expected[None, :])
    assert gaps.min(axis=1).max() < eps and gaps.min(axis=0).max() < eps


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (7, 3), (3, 7), (40, 30), (30, 40)])
def test_pivoted_qr(dtype, shape, rng):
    eps = EPS[dtype] * max(shape)
    a = draw(rng, dtype, *shape)
    for mode, theirs in (("reduced", "economic"), ("complete", "full"), ("economic", "economic")):
        q, r, p = LA.qr(a, mode, pivoting=True)
        wanted = scipy.linalg.qr(a, mode=theirs, pivoting=True)
        assert p.tolist() == wanted[2].tolist() and p.dtype == "int64"
        close(q @ r, a[:, wanted[2]], eps, dtype)
        close(np.abs(np.asarray(r)), np.abs(wanted[1]), eps)
        close(adj(q) @ np.asarray(q), np.eye(q.shape[1]), eps)
        d = np.abs(np.diagonal(np.asarray(r)))
        assert (d[:-1] >= d[1:] * (1 - 1e-5)).all()
    r, p = LA.qr(a, "r", pivoting=True)
    assert r.shape == scipy.linalg.qr(a, mode="r", pivoting=True)[0].shape == shape
    stack = draw(rng, dtype, 2, 3, *shape)
    q, r, p = LA.qr(stack, pivoting=True)
    close(q @ r, np.take_along_axis(stack, np.asarray(p)[..., None, :], -1), eps)


def test_pivoted_qr_of_graded_low_rank_and_empty_matrices(rng):
    a = rng.standard_normal((30, 20)) * 10.0 ** -np.arange(20)
    assert LA.qr(a, pivoting=True)[2].tolist() == scipy.linalg.qr(a, pivoting=True)[2].tolist()
    low = rng.standard_normal((20, 3)) @ rng.standard_normal((3, 20))
    r = np.abs(np.diagonal(np.asarray(LA.qr(low, pivoting=True)[1])))
    assert r[2] > 1e-3 and r[3:].max() < 1e-12
    for scale in (1e-300, 1e300):
        assert LA.qr(a * scale, pivoting=True)[2].tolist() == LA.qr(a, pivoting=True)[2].tolist()
    for shape in [(0, 0), (0, 3), (3, 0), (2, 0, 3)]:
        q, r, p = LA.qr(np.ones(shape), pivoting=True)
        assert p.shape == (*shape[:-2], shape[-1])
    LA.qr(np.full((4, 4), np.nan), pivoting=True)
    with pytest.raises(ValueError, match="Unrecognized mode"):
        LA.qr(a, "wrong", pivoting=True)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 20, 60])
def test_ldl(dtype, n, rng):
    eps = EPS[dtype] * (n + 1)
    for hermitian in (True, False):
        for lower in (True, False):
            x = draw(rng, dtype, n, n)
            a = x + (adj(x) if hermitian else x.T)
            a[np.arange(n), np.arange(n)] *= rng.choice([0, 1], n)
            half = np.tril(a) + 9 * np.triu(x, 1) if lower else np.triu(a) + 9 * np.tril(x, -1)
            half = half.astype(dtype)
            l, d, p = LA.ldl(half, lower, hermitian)
            wanted = scipy.linalg.ldl(half, lower, hermitian)
            other = adj(l) if hermitian else np.asarray(l).T
            close(np.asarray(l) @ np.asarray(d) @ other, a, eps * 10, dtype)
            assert p.tolist() == wanted[2].tolist()
            close(l, wanted[0], eps * 100)
            close(d, wanted[1], eps * 100)


def test_ldl_of_many_and_of_bad_input(rng):
    x = rng.standard_normal((2, 3, 6, 6))
    a = x + np.swapaxes(x, -1, -2)
    l, d, p = LA.ldl(a)
    close(l @ d @ cv.matrix_transpose(l), a, 1e-12)
    assert p.shape == (2, 3, 6)
    close(LA.ldl(np.zeros((3, 3)))[1], np.zeros((3, 3)), 0)
    with pytest.raises(LA.LinAlgError, match="infs or NaNs"):
        LA.ldl([[np.nan, 1], [1, 1]])
    with pytest.raises(LA.LinAlgError, match="square"):
        LA.ldl(np.ones((2, 3)))


@pytest.mark.parametrize("dtype", TYPES)
def test_banded_systems(dtype, rng):
    eps = EPS[dtype] * 100
    for n in (1, 2, 5, 30):
        for l, u in [(0, 0), (1, 1), (2, 1), (0, 3), (3, 0), (n + 1, 1)]:
            ab = draw(rng, dtype, l + u + 1, n)
            ab[u] += 4 * (l + u + 1)
            for b in (draw(rng, dtype, n), draw(rng, dtype, n, 3)):
                if l < n:
                    close(LA.solve_banded((l, u), ab, b), scipy.linalg.solve_banded((l, u), ab, b), eps, dtype)
                else:
                    close(LA.solve_banded((l, u), ab, b), scipy.linalg.solve_banded((n - 1, u), ab[: n + u], b), eps, dtype)
    # without a large diagonal rows are exchanged
    ab = draw(rng, dtype, 4, 40)
    b = draw(rng, dtype, 40, 2)
    close(LA.solve_banded((2, 1), ab, b), scipy.linalg.solve_banded((2, 1), ab, b), eps * 100)
    ab = draw(rng, dtype, 3, 10)
    ab[2] = 8 + np.abs(ab[2])
    b = draw(rng, dtype, 10)
    close(LA.solveh_banded(ab, b), scipy.linalg.solveh_banded(ab, b), eps)
    close(LA.solveh_banded(ab[::-1].copy(), b, lower=True), scipy.linalg.solveh_banded(ab[::-1].copy(), b, lower=True), eps)
    stack = draw(rng, dtype, 4, 3, 10) + 6
    close(LA.solve_banded((1, 1), stack, b), np.stack([scipy.linalg.solve_banded((1, 1), x, b) for x in stack]), eps)


def test_banded_systems_of_bad_shape(rng):
    with pytest.raises(ValueError, match="l\\+u\\+1"):
        LA.solve_banded((1, 1), np.ones((4, 5)), np.ones(5))
    with pytest.raises(ValueError, match="not compatible"):
        LA.solve_banded((1, 1), np.ones((3, 5)), np.ones(4))
    with pytest.raises(LA.LinAlgError, match="Singular"):
        LA.solve_banded((1, 1), np.zeros((3, 5)), np.ones(5))
    with pytest.raises(ValueError):
        LA.solve_banded((-1, 1), np.ones((1, 5)), np.ones(5))
    assert LA.solve_banded((1, 1), np.ones((3, 0)), np.ones(0)).shape == (0,)
    assert np.isnan(np.asarray(LA.solve_banded((1, 1), np.full((3, 5), np.nan), np.ones(5)))).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_structured_systems(dtype, rng):
    eps = EPS[dtype] * 100
    c, r = draw(rng, dtype, 8), draw(rng, dtype, 8)
    c[0] = r[0] = 8
    for b in (draw(rng, dtype, 8), draw(rng, dtype, 8, 2)):
        close(LA.solve_toeplitz(c, b), scipy.linalg.solve_toeplitz(c, b), eps)
        close(LA.solve_toeplitz((c, r), b), scipy.linalg.solve_toeplitz((c, r), b), eps)
        close(LA.solve_circulant(c, b), scipy.linalg.solve_circulant(c, b), eps)
    with pytest.raises(LA.LinAlgError):
        LA.solve_circulant(np.ones(4), np.ones(4))
    blocks = [draw(rng, dtype, 2, 3), draw(rng, dtype, 4), draw(rng, dtype, 1, 1)]
    close(LA.block_diag(*blocks), scipy.linalg.block_diag(*blocks), 0, dtype)
    close(LA.companion(c), scipy.linalg.companion(c), eps, dtype)


@pytest.mark.parametrize("dtype", TYPES)
def test_generalised_hermitian_eigenvalues(dtype, rng):
    for n in (1, 2, 5, 20):
        eps = EPS[dtype] * n * 10
        x, y = draw(rng, dtype, n, n), draw(rng, dtype, n, n)
        a, b = x + adj(x), y @ adj(y) + n * np.eye(n, dtype=dtype)
        for kind in (1, 2, 3):
            for uplo in "LU":
                w, v = LA.eigh(a, uplo, b=b, type=kind)
                wanted = scipy.linalg.eigh(a, b, lower=uplo == "L", type=kind)
                close(w, wanted[0], eps)
                v = np.asarray(v)
                left, right = {1: (a @ v, b @ v), 2: (a @ b @ v, v), 3: (b @ a @ v, v)}[kind]
                close(left, right * np.asarray(w), eps * n * 10)
                inner = adj(v) @ (np.linalg.inv(b) if kind == 3 else b) @ v
                close(inner, np.eye(n), eps * 10)
    assert LA.eigh(a, b).eigenvalues.tolist() == LA.eigh(a, b=b).eigenvalues.tolist()
    close(LA.eigvalsh(a, b=b), scipy.linalg.eigvalsh(a, b), eps)
    stack = LA.eigh(np.stack([a, 2 * a]), b=b).eigenvalues
    close(stack[1], 2 * np.asarray(stack[0]), eps)
    with pytest.raises(LA.LinAlgError, match="positive definite"):
        LA.eigh(a, b=-b)
    with pytest.raises(ValueError, match="wrong b dimensions"):
        LA.eigh(a, b=np.eye(n + 1))
    with pytest.raises(ValueError, match="1, 2, and 3"):
        LA.eigh(a, b=b, type=4)


@pytest.mark.parametrize("dtype", TYPES)
def test_generalised_eigenvalues(dtype, rng):
    for n in (1, 2, 6, 20):
        eps = EPS[dtype] * n * 100
        a, b = draw(rng, dtype, n, n), draw(rng, dtype, n, n) + (4 * np.eye(n)).astype(dtype)
        w, v = (np.asarray(x) for x in LA.eig(a, b))
        close(a @ v, b @ v * w, eps)
        wanted = scipy.linalg.eig(a, b)[0]
        gaps = np.abs(w[:, None] - wanted[None, :]).min(axis=1)
        assert gaps.max() < eps * 50 * max(1, np.abs(w).max())
    assert LA.eig(np.diag([1.0, 2.0]), np.eye(2)).eigenvalues.dtype == "float64"


def hard_pencils(rng, n, cplx):
    """Graded, singular, nearly singular, clustered, defective, huge and tiny matrices."""
    g = lambda: rng.standard_normal((n, n)) + (1j * rng.standard_normal((n, n)) if cplx else 0)
    unit = lambda: np.linalg.qr(g())[0]
    d = 10.0 ** np.linspace(0, -12, n)
    yield "random", g(), g()
    yield "graded rows", d[:, None] * g(), d[:, None] * g()
    yield "graded b", g(), d[:, None] * g() * d
    yield "graded opposite", d[:, None] * g(), g() * d[::-1]
    for least in (1e-6, 1e-9, 1e-13, 0.0):
        yield f"b with the singular value {least}", g(), (unit() * np.r_[np.ones(n - 1), least]) @ unit()
    yield "half of b", g(), (unit() * np.r_[np.ones(n - n // 2), np.zeros(n // 2)]) @ unit()
    yield "singular pencil", np.diag(np.r_[np.ones(n - 1), 0.0]), np.diag(np.r_[np.arange(1.0, n), 0.0])
    yield "jordan", np.eye(n) + np.eye(n, k=1), np.eye(n)
    yield "nilpotent", np.eye(n), np.eye(n, k=1)
    q, z = unit(), unit()
    yield "clustered", q @ np.diag(1 + 1e-9 * rng.standard_normal(n)) @ z, q @ z
    yield "clustered triangles", q @ (np.eye(n) + np.triu(g(), 1)) @ z, q @ (np.eye(n) + np.triu(g(), 1)) @ z
    yield "zero b", g(), np.zeros((n, n))
    yield "zero a", np.zeros((n, n)), g()
    for p, q in ((1e30, 1e30), (1e-30, 1e-30), (1e30, 1e-30), (1e-30, 1e30)):
        yield f"{p} and {q}", p * g(), q * g()
    yield "symmetric", (lambda x: x + x.conj().T)(g()), (lambda x: x @ x.conj().T)(g())
    yield "integers", np.round(3 * g()), np.round(g())


def backward_error(a, b, alpha, beta, v):
    wide = [np.asarray(x).astype(np.clongdouble) for x in (a, b, alpha, beta, v)]
    a, b, alpha, beta, v = wide
    v = v / np.sqrt((np.abs(v) ** 2).sum(axis=0))
    size = lambda x: np.linalg.norm(x.astype("complex128"), 2)
    residual = np.sqrt((np.abs(a @ v * beta - b @ v * alpha) ** 2).sum(axis=0))
    scale = size(a) * np.abs(beta) + size(b) * np.abs(alpha)
    return float((residual / np.where(scale == 0, 1, scale)).max())


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 8, 40, 100])
def test_generalised_eigenvalues_have_scipys_backward_error(dtype, n, rng):
    eps = np.finfo(dtype).eps
    for name, a, b in hard_pencils(rng, n, "complex" in dtype):
        a, b = a.astype(dtype), b.astype(dtype)
        values, vectors = scipy.linalg.eig(a, b, homogeneous_eigvals=True)
        theirs = backward_error(a, b, *values, vectors)
        w, v, alpha, beta = LA._linalg.eig_generalized(a, b)
        assert backward_error(a, b, alpha, beta, v) <= 3 * theirs + 3 * eps * n**0.5, name
        np.testing.assert_allclose(np.linalg.norm(np.asarray(v), axis=0), 1, rtol=10 * eps * n)
        # pairs of real problems are conjugates to the last bit
        if "float" in dtype and np.asarray(w).dtype.kind == "c":
            w = np.asarray(w)
            pairs = w[w.imag > 0]
            assert (np.sort_complex(pairs.conj()) == np.sort_complex(w[w.imag < 0])).all(), name


def test_infinite_eigenvalues_and_singular_pencils(rng):
    a = rng.standard_normal((4, 4))
    b = np.diag([1.0, 2.0, 3.0, 0.0])
    w = np.asarray(LA.eigvals(a, b))
    assert np.isinf(w).sum() == 1
    wanted = scipy.linalg.eigvals(a, b)
    same_values(w[np.isfinite(w)], wanted[np.isfinite(wanted) & (np.abs(wanted) < 1e10)], 1e-10)
    for a, b in ((np.diag([1.0, 0.0]), np.diag([1.0, 0.0])), (np.diag([1.0, 0.0, 3.0]), np.diag([2.0, 0.0, 0.0])), (np.zeros((2, 2)), np.zeros((2, 2)))):
        np.testing.assert_array_equal(np.asarray(LA.eigvals(a, b)), scipy.linalg.eigvals(a, b).real)
    with pytest.raises(LA.LinAlgError):
        LA.eig(np.full((2, 2), np.nan), np.eye(2))
    assert LA.eigvals(np.ones((0, 0)), np.ones((0, 0))).shape == (0,)


def test_gradients_of_generalised_eigenvalues_by_both_matrices(rng):
    a, b = rng.standard_normal((5, 5)), rng.standard_normal((5, 5))
    w, left, right = scipy.linalg.eig(a, b, left=True)
    for k in range(5):
        x, y = cv.array(a, requires_grad=True), cv.array(b, requires_grad=True)
        mine = LA.eigvals(x, y)
        at = int(np.abs(np.asarray(mine.detach()) - w[k]).argmin())
        (cv.real(mine[at]) if mine.dtype.kind == "c" else mine[at]).backward()
        # dw = u* (da - w db) v / (u* b v)
        u, v = left[:, k], right[:, k]
        outer = u.conj()[:, None] * v[None, :] / (u.conj() @ b @ v)
        np.testing.assert_allclose(x.grad, outer.real, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(y.grad, (-w[k] * outer).real, rtol=1e-9, atol=1e-10)
    # finite eigenvalues beside infinite ones, and vectors
    c = b.copy()
    c[:, 4] = 0
    x = cv.array(c, requires_grad=True)
    mine = LA.eigvals(a, x)
    finite = np.isfinite(np.asarray(mine.detach()))
    assert finite.sum() == 4
    cv.real(mine[np.flatnonzero(finite)]).sum().backward()
    step = rng.standard_normal((5, 5)) * (np.arange(5) < 4)
    total = lambda h: sum(w.real for w in scipy.linalg.eigvals(a, c + h * step) if abs(w) < 1e8)
    np.testing.assert_allclose((np.asarray(x.grad) * step).sum(), (total(1e-6) - total(-1e-6)) / 2e-6, rtol=1e-5)
    with pytest.raises(Exception, match="two eigenvalues are equal"):
        x = cv.array(np.eye(2), requires_grad=True)
        cv.real(LA.eig(x, np.eye(2)).eigenvectors).sum().backward()


SORTS = {"lhp": lambda w: w.real < 0, "rhp": lambda w: w.real >= 0, "iuc": lambda w: abs(w) <= 1, "ouc": lambda w: abs(w) > 1}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 12, 40])
@pytest.mark.parametrize("output", ["real", "complex"])
def test_schur_forms_in_order(dtype, n, output, rng):
    for sort, region in [*SORTS.items(), ("function", lambda w: w.real < w.imag**2 - 0.5), ("all", lambda w: True), ("none", lambda w: False)]:
        a = draw(rng, dtype, n, n) / np.float32(n**0.5)
        is_real = "float" in dtype and output == "real"
        given = sort
        if sort not in SORTS:
            given = (lambda x, y: region(complex(x, y))) if is_real else region
        t, z, sdim = LA.schur(a, output, sort=given)
        wanted = scipy.linalg.schur(a, output, sort=given)
        assert sdim == wanted[2] and isinstance(sdim, int), sort
        t, z = np.asarray(t), np.asarray(z)
        assert t.dtype == wanted[0].dtype and z.dtype == wanted[1].dtype
        eps = EPS[dtype] * n
        close(z @ t @ adj(z), a, eps)
        close(adj(z) @ z, np.eye(n), eps)
        assert np.abs(np.tril(t, -2)).max(initial=0) == 0
        # the leading block has the selected eigenvalues, the last one the others
        for block, inside in ((t[:sdim, :sdim], True), (t[sdim:, sdim:], False)):
            values = np.linalg.eigvals(block) if block.size else np.zeros(0)
            assert all(bool(region(w)) == inside or abs(abs(w) - 1) < 1e-3 or abs(w.real) < 1e-3 for w in values)
        same_values(np.linalg.eigvals(t), np.linalg.eigvals(wanted[0]), eps * 1e3)


def test_schur_forms_in_order_of_batches_and_hard_matrices(rng):
    batch = rng.standard_normal((2, 3, 4, 4))
    t, z, sdim = LA.schur(batch, sort="lhp")
    assert sdim.shape == (2, 3) and sdim.dtype == "int64"
    for i in np.ndindex(2, 3):
        one = LA.schur(batch[i], sort="lhp")
        assert one[2] == int(sdim[i])
        np.testing.assert_array_equal(np.asarray(t)[i], np.asarray(one[0]))
    assert LA.schur(np.ones((0, 0)), sort="lhp")[2] == 0
    # many eigenvalues of one size, and ones that differ by 1e-10
    for seed in range(30):
        rng = np.random.default_rng(seed)
        q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
        blocks = scipy.linalg.block_diag(*([[np.cos(x), np.sin(x)], [-np.sin(x), np.cos(x)]] for x in rng.uniform(0, 3, 3) * 10.0 ** -(seed % 10)))
        a = q @ (blocks + np.triu(rng.standard_normal((6, 6)), 2)) @ q.T
        for sort in ("rhp", "iuc"):
            try:
                t, z, sdim = LA.schur(a, sort=sort)
            except LA.LinAlgError as e:
                assert "reordering" in str(e) or "sort condition" in str(e)
                continue
            close(np.asarray(z) @ np.asarray(t) @ adj(z), a, 1e-12)
    for wrong in ("left", 3, b"lhp"):
        with pytest.raises(ValueError, match="'sort' parameter must either be"):
            LA.schur(np.eye(2), sort=wrong)
    with pytest.raises(ZeroDivisionError):
        LA.schur(np.eye(2), sort=lambda x, y: 1 / 0)
    with pytest.raises(LA.LinAlgError):
        LA.schur(np.full((2, 2), np.nan), sort="lhp")
    # SciPy's order of arguments
    assert LA.schur(np.diag([1.0, -1.0]), "real", None, False, "lhp", True)[2] == 1


def test_polynomial_eigenvalues(rng):
    for k in (1, 2, 3):
        all = [rng.standard_normal((4, 4)) for _ in range(k + 1)]
        w, v = (np.asarray(x) for x in LA.polyeig(*all))
        assert w.shape == (4 * k,) and v.shape == (4, 4 * k)
        for x, u in zip(w, v.T):
            residual = sum(m * x**i for i, m in enumerate(all)) @ u
            size = sum(np.linalg.norm(m) * abs(x) ** i for i, m in enumerate(all))
            assert np.abs(residual).max() < 1e-11 * size
            assert abs(np.linalg.norm(u) - 1) < 1e-12
    with pytest.raises(ValueError):
        LA.polyeig(np.eye(2))
    with pytest.raises(ValueError):
        LA.polyeig(np.eye(2), np.eye(3))


@pytest.mark.parametrize("dtype", TYPES)
def test_functions_of_matrices(dtype, rng):
    eps = EPS[dtype] * 100
    a = draw(rng, dtype, 6, 6)
    for name in ("sinm", "cosm", "tanm", "sinhm", "coshm", "tanhm"):
        x = (a / 4).astype(dtype)
        close(getattr(LA, name)(x), getattr(scipy.linalg, name)(x), eps, dtype)
    x = a + (1.5 * np.eye(6)).astype(dtype)
    s = np.asarray(LA.signm(x))
    close(s @ s, np.eye(6), eps * 10)
    close(s @ x, x @ s, eps * 10)
    close(s, scipy.linalg.signm(x.astype("complex128")), eps * 10)
    with pytest.raises(LA.LinAlgError, match="imaginary axis"):
        LA.signm(np.zeros((2, 2)))
    h = a @ adj(a) + np.eye(6, dtype=dtype)
    for p in (0, 1, 3, -2, 0.5, 2.5, 0.3, -0.7, 1.9):
        close(LA.fractional_matrix_power(h, p), scipy.linalg.fractional_matrix_power(h.astype("complex128"), p), eps * 10)
    close(LA.funm(a, cv.exp), scipy.linalg.expm(a), eps * 10)
    stack = draw(rng, dtype, 2, 4, 4)
    close(LA.funm(stack, lambda w: w * w), stack @ stack, eps)
    with pytest.raises(ZeroDivisionError):
        LA.funm(a, lambda w: 1 / 0)
    with pytest.raises(ValueError, match="one value for each"):
        LA.funm(a, lambda w: w[:2])


@pytest.mark.parametrize("dtype", TYPES)
def test_real_schur_form_becomes_complex(dtype, rng):
    a = draw(rng, dtype, 3, 8, 8)
    t, z = LA.schur(a)
    tc, zc = (np.asarray(x) for x in LA.rsf2csf(t, z))
    close(zc @ tc @ adj(zc), a, EPS[dtype] * 10)
    close(np.tril(tc, -1), np.zeros(tc.shape), 0)
    close(adj(zc) @ zc, np.broadcast_to(np.eye(8), zc.shape), EPS[dtype] * 10)
    for one in range(3):
        wanted = scipy.linalg.rsf2csf(np.asarray(t[one]), np.asarray(z[one]))[0]
        same_values(np.diagonal(tc[one]), np.diagonal(wanted), EPS[dtype] * 100)


@pytest.mark.parametrize("dtype", TYPES)
def test_tensor_decompositions(dtype, rng):
    eps = EPS[dtype] * 20
    x = draw(rng, dtype, 4, 5, 6)
    core, factors = LA.hosvd(x)
    close(LA.tucker_to_tensor(core, factors), x, eps, dtype)
    close(LA.tensor_train_to_tensor(LA.tensor_train(x)), x, eps, dtype)
    # a tensor of ranks 2, 3, 2
    small = draw(rng, dtype, 2, 3, 2)
    parts = [draw(rng, dtype, n, r) for n, r in zip((6, 7, 8), (2, 3, 2))]
    low = np.einsum("abc,ia,jb,kc->ijk", small, *parts)
    for found in (LA.hosvd(low, (2, 3, 2)), LA.tucker(low, (2, 3, 2))):
        assert found.core.shape == (2, 3, 2)
        close(LA.tucker_to_tensor(*found), low, eps)
        for f in found.factors:
            close(adj(f) @ np.asarray(f), np.eye(f.shape[1]), eps)
    # iteration is no worse than the decomposition that it begins with
    errors = [np.linalg.norm(np.asarray(LA.tucker_to_tensor(*f)) - x) for f in (LA.tucker(x, 2), LA.hosvd(x, (2, 2, 2)))]
    assert errors[0] <= errors[1] * (1 + 1e-5)
    # a sum of two outer products
    parts = [draw(rng, dtype, n, 2) for n in (4, 5, 6)]
    two = np.einsum("ir,jr,kr->ijk", *parts)
    weights, factors = LA.cp(two, 2)
    close(LA.cp_to_tensor(weights, factors), two, 1e-4 if eps < 1e-8 else 1e-3)
    assert weights[0] >= weights[1] and weights.dtype == x.real.dtype
    for f in factors:
        close(np.linalg.norm(np.asarray(f), axis=0), np.ones(2), eps)
    assert LA.cp(two, 7)[0].shape == (7,)
    cores = LA.tensor_train(two, tol=1e-4)
    assert [c.shape for c in cores] == [(1, 4, 2), (2, 5, 2), (2, 6, 1)]
    close(LA.tensor_train_to_tensor(cores), two, max(eps, 1e-5))
    error = np.linalg.norm(np.asarray(LA.tensor_train_to_tensor(LA.tensor_train(x, tol=0.3))) - x)
    assert error <= 0.3 * np.linalg.norm(x)
    assert max(c.shape[2] for c in LA.tensor_train(x, 2)) == 2


def test_tensor_decompositions_of_bad_input():
    x = np.ones((2, 3))
    for bad in (
        lambda: LA.hosvd(np.ones(())),
        lambda: LA.hosvd(np.ones((0, 2))),
        lambda: LA.hosvd(x, (1,)),
        lambda: LA.tucker(x, 0),
        lambda: LA.cp(x, 0),
        lambda: LA.tensor_train(x, 0),
        lambda: LA.tensor_train(x, tol=-1.0),
        lambda: LA.cp(np.full((2, 2), np.nan), 1),
        lambda: LA.tucker_to_tensor(np.ones((2, 2)), [x]),
        lambda: LA.cp_to_tensor(np.ones(2), [x]),
        lambda: LA.tensor_train_to_tensor([x]),
        lambda: LA.tensor_train_to_tensor([]),
    ):
        with pytest.raises(ValueError):
            bad()


GRADIENTS = {
    "qr": lambda a, b: LA.qr(a, pivoting=True)[1],
    "ldl": lambda a, b: LA.ldl(a + a.T)[0] + LA.ldl(a + a.T, lower=False)[1],
    "solve_banded": lambda a, b: LA.solve_banded((1, 1), a + 6, b),
    "solveh_banded": lambda a, b: LA.solveh_banded(a[:2] + 6, b),
    "solve_toeplitz": lambda a, b: LA.solve_toeplitz(a[0] + cv.array([6.0, 0.0, 0.0]), b),
    "eigh": lambda a, b: LA.eigvalsh(a + a.T, b=a @ a.T + cv.eye(3)),
    "eig": lambda a, b: cv.real(LA.eigvals(a, a @ a.T + cv.eye(3))),
    "signm": lambda a, b: cv.real(cv.linalg._linalg.signm(a - 6 * cv.eye(3))),
    "hosvd": lambda a, b: LA.tucker_to_tensor(*LA.hosvd(a, (2, 2))),
    "tensor_train": lambda a, b: LA.tensor_train_to_tensor(LA.tensor_train(a, 2)),
    "cosm": lambda a, b: LA.cosm(a / 4),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name, rng):
    f = GRADIENTS[name]
    a = cv.array(rng.standard_normal((3, 3)) + np.diag([3.0, 5.0, 8.0]))
    b = cv.array(rng.standard_normal((3, 2)))
    assert cv.check_gradients(f, [a, b])


@pytest.mark.parametrize("name", "qr ldl solve_banded solveh_banded solve_toeplitz eigh eig hosvd cosm".split())
def test_vmap(name, rng):
    f = GRADIENTS[name]
    a = cv.array(rng.standard_normal((4, 3, 3)) + np.diag([3.0, 5.0, 8.0]))
    b = cv.array(rng.standard_normal((3, 2)))
    got = cv.vmap(functools.partial(f, b=b))(a)
    close(got, np.stack([np.asarray(f(x, b)) for x in a]), 1e-10)


def test_what_has_no_gradient_says_so(rng):
    a = cv.array(rng.standard_normal((3, 3)), requires_grad=True)
    for f in (lambda: LA.funm(a, cv.exp), lambda: LA.rsf2csf(a, a)[0]):
        with pytest.raises(Exception, match="derivative|Schur"):
            cv.real(f()).sum().backward()


SCALES = {
    "float64": (1e-300, 1e-160, 1e-100, 1e-50, 1.0, 1e76, 1e100, 1e154, 1e300),
    "complex128": (1e-200, 1e-100, 1.0, 1e77, 1e200),
    "float32": (1e-34, 1e-20, 1e-10, 1e-5, 1.0, 1e8, 1e12, 1e36),
    "complex64": (1e-30, 1e-15, 1.0, 1e10, 1e30),
}


@pytest.mark.parametrize("n", [2, 3, 5, 20, 40, 60])
@pytest.mark.parametrize("dtype, size", [(dtype, size) for dtype, sizes in SCALES.items() for size in sizes])
def test_decompositions_do_not_depend_on_the_size_of_elements(dtype, size, n, rng):
    wide = "complex128" if dtype.startswith("complex") else "float64"
    a = rng.standard_normal((n, n)) + (1j * rng.standard_normal((n, n)) if wide == "complex128" else 0)
    h = a @ a.conj().T / n + np.eye(n)
    narrow = {name: (m * size).astype(dtype) for name, m in [("a", a), ("h", h)]}
    # what comes of elements near 1 is compared with what comes of these, in double precision
    unit = {name: m.astype(wide) / size for name, m in narrow.items()}
    x, y, la = cv.array(narrow["a"]), cv.array(narrow["h"]), cv.linalg
    eps, condition = float(np.finfo(dtype).eps), np.linalg.cond(unit["a"])

    def near(found, wanted, factor=200.0):
        assert np.abs(found - wanted).max() <= factor * n * eps

    def of(found, power=1.0):
        found = np.asarray(found)
        return found.astype("complex128" if found.dtype.kind == "c" else "float64") / size**power

    u, s, vh = la.svd(x)
    near((of(u, 0) * of(s)) @ of(vh, 0), unit["a"])
    near(of(la.svdvals(x)), np.linalg.svd(unit["a"])[1])
    w, v = la.eigh(y)
    near((of(v, 0) * of(w)) @ of(v, 0).conj().T, unit["h"])
    near(of(la.eigvalsh(y)), np.linalg.eigvalsh(unit["h"]))
    w, v = la.eig(x)
    near(unit["a"] @ of(v, 0), of(v, 0) * of(w), 1000)
    near(of(la.eigvals(x)).sum(), np.trace(unit["a"]), 1000 * n)
    t, z = la.schur(x)
    near(of(z, 0) @ of(t) @ of(z, 0).conj().T, unit["a"], 1000)
    root = of(la.sqrtm(y), 0.5)
    near(root @ root, unit["h"], 1e4)
    u, p = la.polar(x)
    near(of(u, 0) @ of(p), unit["a"], 1000)
    near(float(la.cond(x)) / condition, 1.0, 1000 * condition)
    near(of(la.norm(x, 2)), np.linalg.norm(unit["a"], 2))
    near(of(la.lstsq(x, x[:, 0])[0], 0), np.eye(n)[0], 1e4 * condition)
    assert int(la.matrix_rank(x)) == np.linalg.matrix_rank(unit["a"])
    if 1e-30 < size < 1e30 or dtype == "float64" and 1e-290 < size < 1e290:
        near(of(la.pinv(x), -1) @ unit["a"], np.eye(n), 1e4 * condition)


def test_equal_bits_for_one_and_two_threads(threads, rng):
    a = rng.standard_normal((200, 200))
    stack = rng.standard_normal((500, 6, 6))
    found = []
    for n in (1, 2):
        threads(n)
        all = [LA.qr(a, pivoting=True)[1], LA.ldl(a + a.T)[0], LA.eigh(a + a.T, b=a @ a.T + cv.eye(200)).eigenvectors]
        all += [LA.ldl(stack)[0], LA.qr(stack, pivoting=True)[0], LA.solve_banded((1, 1), a[:3] + 6, a), LA.signm(stack)]
        found.append([np.asarray(x).tobytes() for x in all])
    assert found[0] == found[1]


# ---- singular and huge matrices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
def test_logarithms_and_roots_that_do_not_exist_are_errors(dtype):
    zeros, ones, jordan = (np.array(m, dtype) for m in (np.zeros((2, 2)), np.ones((2, 2)), [[0, 1], [0, 0]]))
    for a in (zeros, ones, jordan, np.diag([0, 1]).astype(dtype)):
        with pytest.raises(LA.LinAlgError, match="[Ss]ingular"):
            LA.logm(a)
    with pytest.raises(LA.LinAlgError, match="root"):
        LA.sqrtm(jordan)
    # a singular matrix whose zero is no Jordan block has one
    for a in (zeros, ones, np.diag([0, 4]).astype(dtype)):
        close(LA.sqrtm(a), scipy.linalg.sqrtm(a), EPS[dtype])
        close(LA.fractional_matrix_power(a, 1.3), scipy.linalg.fractional_matrix_power(a, 1.3), EPS[dtype])


@pytest.mark.parametrize("dtype", TYPES)
def test_signs_of_eigenvalues_that_are_zero_but_for_rounding_are_errors(dtype):
    turned = np.linalg.qr(np.arange(9.0).reshape(3, 3) ** 1.5 + np.eye(3))[0]
    for a in (np.ones((2, 2)), np.ones((3, 3)), turned @ np.diag([1.0, -2.0, 0.0]) @ turned.T, [[0, 1], [-1, 0]]):
        # single precision is computed in double, which takes the rounding of these elements for what it is
        if np.asarray(a).shape != (3, 3) or EPS[dtype] < 1e-6:
            with pytest.raises(LA.LinAlgError, match="imaginary axis"):
                LA.signm(np.asarray(a, dtype))
    # eigenvalues of a triangle are exact, however far from each other
    tiny = 1e-200 if EPS[dtype] < 1e-6 else 1e-30
    close(LA.signm(np.diag([1.0, -tiny]).astype(dtype)), np.diag([1.0, -1.0]), EPS[dtype])


HUGE = {
    "diagonal": np.diag([1e5, 0.0, -1e5]),
    "triangle": np.array([[1e5, 1.0], [0.0, 0.0]]),
    "lower": np.array([[0.0, 0.0], [1.0, 1e5]]),
    "all": np.array([[1e5, 1.0], [1.0, 0.0]]),
    "down": np.array([[-1e5, 1.0], [1.0, 0.0]]),
    "negative": np.array([[1e5, -1.0], [-1.0, 0.0]]),
    "diagonal of two sizes": np.diag([1e200, 1.0]),
    "blocks": scipy.linalg.block_diag([[1e5, 1.0], [1.0, 0.0]], [[0.5, 1.0], [1.0, 0.5]]),
}


@pytest.mark.parametrize("name", HUGE)
def test_exponentials_that_overflow_are_infinite(name):
    a = HUGE[name]
    with np.errstate(all="ignore"):
        # SciPy multiplies nothing by infinity between blocks
        wanted = scipy.linalg.block_diag(*(scipy.linalg.expm(b) for b in (a[:2, :2], a[2:, 2:]))) if name == "blocks" else scipy.linalg.expm(a)
    for kind in ("float64", "complex128"):
        np.testing.assert_allclose(np.asarray(LA.expm(a.astype(kind))).real, wanted, rtol=1e-9, atol=1e-300)
    if name != "blocks":
        for ours, theirs in ((LA.coshm, scipy.linalg.coshm), (LA.sinhm, scipy.linalg.sinhm)):
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(np.asarray(ours(a)), theirs(a), rtol=1e-9, atol=1e-300)
        with pytest.raises(LA.LinAlgError, match="overflow"):
            LA.tanhm(a)


def test_exponentials_of_single_precision_overflow_where_they_do():
    a = np.array([[100.0, 1.0], [0.0, 1.0]], "float32")
    y = np.asarray(LA.expm(a))
    assert y.dtype == np.float32 and np.isinf(y[0, 0]) and y[1, 0] == 0
    np.testing.assert_allclose(y[1, 1], np.e, rtol=1e-6)


def test_sines_of_huge_diagonals_are_those_of_the_elements():
    a = np.diag([1e200, 1.0, -3e5])
    for name in ("cosm", "sinm", "tanm"):
        np.testing.assert_allclose(np.asarray(getattr(LA, name)(a)), getattr(scipy.linalg, name)(a), rtol=1e-10, atol=1e-300)


# ---- gradients where they exist, and batches --------------------------------------------------------------------------


def far_apart(rng, dtype="float64"):
    return draw(rng, dtype, 3, 3) + np.diag([3.0, 5.0, 8.0])


MORE = {
    "cp": lambda a: LA.cp_to_tensor(*LA.cp(a, 1)),
    "cp, weights": lambda a: LA.cp(a, 1)[0],
    "cp of two iterations": lambda a: LA.cp_to_tensor(*LA.cp(a, 2, n_iter_max=2)),
    "tucker": lambda a: LA.tucker_to_tensor(*LA.tucker(a, (2, 2), tol=1e-13)),
    "null_space": lambda a: (lambda n: n @ n.conj().mT)(LA.null_space(a[:1])),
    "null_space, of what it is near": lambda a: LA.norm(LA.null_space(a[:2]).conj().mT @ a[2]) ** 2,
    "svd, values": lambda a: LA.svd(a[:2]).S ** 2,
    "svd, values of columns": lambda a: LA.svd(a[:, :2]).S ** 3,
    "pinv of the lower triangle": lambda a: LA.pinv(a, hermitian=True),
    "solve_circulant": lambda a: LA.solve_circulant(a[0] + cv.array([9.0, 0.0, 0.0]), a[1:].mT),
    "companion": lambda a: LA.companion(a + 3),
    "block_diag": lambda a: LA.block_diag(a, a[0]) ** 2,
    "sinhm": lambda a: LA.sinhm(a / 4),
    "tanhm": lambda a: LA.tanhm(a / 9),
    "tanm": lambda a: LA.tanm(a / 9),
    "polar": lambda a: LA.polar(a)[0],
    "lu_solve": lambda a: LA.lu_solve(LA.lu_factor(a), a[0]),
    "cho_solve": lambda a: LA.cho_solve(LA.cho_factor(a @ a.mT + cv.eye(3)), a[0]),
}


@pytest.mark.parametrize("name", MORE)
def test_more_gradients(name, rng):
    a = cv.array(far_apart(rng))
    assert cv.check_gradients(MORE[name], [a])
    if "cp" not in name and "tucker" not in name:
        assert cv.check_second_gradients(lambda a: MORE[name](a).sum(), [a])


@pytest.mark.parametrize("name", ["cp", "null_space", "svd, values"])
def test_more_gradients_of_complex_matrices(name, rng):
    f = lambda a: (lambda y: (y * y.conj()).real if y.dtype.kind == "c" else y)(MORE[name](a))
    assert cv.check_gradients(f, [cv.array(far_apart(rng, "complex128"))])


def test_gradients_of_decompositions_of_tensors(rng):
    x = cv.array(rng.standard_normal((2, 3, 4)))
    assert cv.check_gradients(lambda x: LA.cp_to_tensor(*LA.cp(x, 2, n_iter_max=3, tol=0)), [x])
    # near a tensor of this rank the iterations are fast
    f = [rng.standard_normal((n, 2)) for n in x.shape]
    near = cv.array(np.einsum("ir,jr,kr", *f) + 1e-3 * rng.standard_normal(x.shape))
    assert cv.check_gradients(lambda x: LA.cp_to_tensor(*LA.cp(x, 2, n_iter_max=5000, tol=1e-13)), [near])


@pytest.mark.parametrize("shape", [(4, 3), (3, 5)])
def test_what_full_factors_share_with_thin_ones_has_gradients(shape, rng):
    a, k = rng.standard_normal(shape), min(shape)
    weights = cv.array(rng.standard_normal(shape))

    def grads(f, a=a):
        x = cv.array(a, requires_grad=True)
        (f(x) * 1.0).sum().backward()
        return np.asarray(x.grad)

    for full in (lambda x: LA.svd(x).U[:, :k] ** 2, lambda x: LA.svd(x).Vh[:k] ** 4, lambda x: LA.svd(x).S):
        assert cv.check_gradients(full, [cv.array(a)])
    for part in (lambda q, r: abs(r), lambda q, r: q[:, :k] ** 2, lambda q, r: (q[:, :k] @ r[:k]) * weights):
        found = grads(lambda x: part(*LA.qr(x, "complete")))
        close(found, grads(lambda x: part(*LA.qr(x))), 1e-12)
    assert cv.check_second_gradients(lambda x: LA.svd(x).S.sum(), [cv.array(a)])
    # what they do not share is not determined
    with pytest.raises(Exception, match="not determined"):
        grads(lambda x: LA.svd(x).U ** 2 if shape[0] > k else LA.svd(x).Vh ** 2)
    if shape[0] > k:
        with pytest.raises(Exception, match="not determined"):
            grads(lambda x: LA.qr(x, "complete").Q[:, k:])


@pytest.mark.parametrize("name", ["solve_circulant", "companion", "block_diag", "tanhm", "lu_solve", "cho_solve", "pinv of the lower triangle"])
def test_more_functions_under_vmap(name, rng):
    a = cv.array(rng.standard_normal((4, 3, 3)) + np.diag([3.0, 5.0, 8.0]))
    f = MORE[name]
    close(cv.vmap(f)(a), np.stack([np.asarray(f(x)) for x in a]), 1e-10)
    graph = cv.trace(f, a[0])
    close(graph.run(a[1]), f(a[1]), 1e-12)


@pytest.mark.parametrize("dtype", TYPES)
def test_circulant_systems_are_scipys(dtype, rng):
    c, b = draw(rng, dtype, 2, 5), draw(rng, dtype, 5, 3)
    for options in ({}, {"caxis": 0, "baxis": 1, "outaxis": -1}):
        c_, b_ = (c[0], b[:, 0]) if not options else (c.T[:, 0], b.T)
        close(LA.solve_circulant(c_, b_, **options), scipy.linalg.solve_circulant(c_, b_, **options), EPS[dtype])
    close(LA.solve_circulant(c, b[:, 0]), scipy.linalg.solve_circulant(c, b[:, 0]), EPS[dtype])
    ones = np.ones(4, dtype)
    with pytest.raises(LA.LinAlgError, match="singular"):
        LA.solve_circulant(ones, b[:4, 0])
    close(LA.solve_circulant(ones, b[:4, 0], singular="lstsq"), scipy.linalg.solve_circulant(ones, b[:4, 0], singular="lstsq"), EPS[dtype])
    close(LA.solve_circulant(c[0], b, tol=1e-9), scipy.linalg.solve_circulant(c[0], b, tol=1e-9), EPS[dtype])


def test_blocks_and_companions_of_batches_are_scipys(rng):
    blocks = [rng.standard_normal(shape) for shape in ((2, 1, 2), (3, 3), (1, 2, 2), (2,))]
    close(LA.block_diag(*blocks), scipy.linalg.block_diag(*blocks), 0)
    mixed = [np.ones((1, 2), "int32"), np.ones((2, 1), "complex64"), 3]
    close(LA.block_diag(*mixed), scipy.linalg.block_diag(*mixed), 0, scipy.linalg.block_diag(*mixed).dtype)
    assert LA.block_diag().shape == scipy.linalg.block_diag().shape
    a = rng.standard_normal((2, 3, 4))
    close(LA.companion(a), scipy.linalg.companion(a), 1e-14)
    close(LA.companion([2, 4, 6]), scipy.linalg.companion([2, 4, 6]), 0)
    for wrong in ([1.0], [[1.0, 2.0], [0.0, 1.0]], 3.0):
        with pytest.raises(ValueError, match="coefficient|length"):
            LA.companion(wrong)


# ---- SciPy's conventions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
def test_one_right_hand_side_for_many_factors(dtype, rng):
    a = draw(rng, dtype, 2, 3, 3) + (3 * np.eye(3)).astype(dtype)
    h = a @ adj(a)
    for b in (draw(rng, dtype, 3), draw(rng, dtype, 3, 2), draw(rng, dtype, 2, 3, 2), draw(rng, dtype, 4, 1, 3, 2)):
        for trans in (0, 1, 2):
            close(LA.lu_solve(LA.lu_factor(a), b, trans), scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), b, trans), EPS[dtype])
        for lower in (False, True):
            ours, theirs = LA.cho_factor(h, lower), scipy.linalg.cho_factor(h, lower)
            close(LA.cho_solve(ours, b), scipy.linalg.cho_solve(theirs, b), EPS[dtype])
    # and one factor for many
    b = draw(rng, dtype, 5, 3, 2)
    close(LA.lu_solve(LA.lu_factor(a[0]), b), scipy.linalg.lu_solve(scipy.linalg.lu_factor(a[0]), b), EPS[dtype])
    with pytest.raises(ValueError):
        LA.lu_solve(LA.lu_factor(a), np.ones(4, dtype))


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3)])
@pytest.mark.parametrize("mode", ["full", "economic", "r", "raw"])
def test_pivoted_modes_have_scipys_shapes(mode, shape, rng):
    a = rng.standard_normal(shape)
    flat = lambda parts: [x for part in parts for x in (part if isinstance(part, tuple) else (part,))]
    ours, theirs = (flat(f(a, mode=mode, pivoting=True)) for f in (LA.qr, scipy.linalg.qr))
    assert [x.shape for x in ours] == ([x.T.shape if mode == "raw" and i == 0 else x.shape for i, x in enumerate(theirs)])
    assert np.asarray(ours[-1]).tolist() == theirs[-1].tolist()
    close(abs(ours[-2]), abs(theirs[-2]), 1e-12)


def test_keywords_that_scipy_has_are_taken():
    a, t = cv.array([[4.0, 1.0], [1.0, 3.0]]), cv.array([[2.0, 1.0], [0.0, 3.0]])
    LA.solve_triangular(t, [1.0, 2.0], overwrite_b=True, check_finite=False)
    LA.schur(a, overwrite_a=True, check_finite=False)
    LA.schur(a, "complex", None)
    LA.hessenberg(a, True, overwrite_a=True, check_finite=False)
    LA.null_space(a[:1], None, check_finite=False, overwrite_a=True)
    for f in (LA.logm, LA.sqrtm, LA.signm):
        f(a, disp=True)


def test_negative_counts_are_named():
    x = cv.ones((2, 2))
    for call, what in (
        (lambda: LA.cp(x, -1), "rank"),
        (lambda: LA.cp(x, 1, n_iter_max=-1), "n_iter_max"),
        (lambda: LA.tucker(x, (-1, 1)), "ranks"),
        (lambda: LA.hosvd(x, (-1, 1)), "ranks"),
        (lambda: LA.tensor_train(x, -1), "max_rank"),
        (lambda: LA.hadamard(-1), "power of 2"),
    ):
        with pytest.raises(ValueError, match=what):
            call()
    assert LA.hilbert(-1).shape == scipy.linalg.hilbert(-1).shape == (0, 0)


@pytest.mark.parametrize("dtype", TYPES)
def test_logarithms_of_several_negative_eigenvalues_are_of_one_branch(dtype):
    rng = np.random.default_rng(31)
    negative = [[[-4.0, -1], [-2, -3]], [[-1.57671437, -0.5816719], [-0.41499565, -0.69034766]], [[-1.0, 1], [0, -1]]]
    for a in [*negative, *(rng.standard_normal((n, n)) for n in (2, 3, 4, 6) for _ in range(40))]:
        a = np.asarray(a, dtype)
        scale = 1e4 * EPS[dtype] * max(1, np.linalg.cond(a))
        # the logarithm of a matrix with eigenvalues near each other's negatives or zero is far from well-conditioned
        log = np.asarray(LA.logm(a))
        assert np.abs(scipy.linalg.expm(log) - a).max() <= scale, a
        third = np.asarray(LA.fractional_matrix_power(a, 1 / 3))
        assert np.abs(third @ third @ third - a).max() <= scale, a
        if a.dtype.kind == "f":
            # real eigenvalues below zero have logarithms above the cut, as SciPy's have
            w, angles = np.linalg.eigvals(a.astype(float)), np.linalg.eigvals(log).imag
            below = np.sum((w.imag == 0) & (w.real < 0))
            assert np.sum(np.abs(angles - np.pi) < 0.1) >= below, (a, angles)
