"""Linear algebra: NumPy's `linalg` and the most used of SciPy's, batched over leading axes and differentiable.

>>> import civita as cv
>>> a = cv.array([[3.0, 1.0], [1.0, 2.0]])
>>> cv.linalg.solve(a, cv.array([9.0, 8.0]))
array([2., 3.])
>>> w, v = cv.linalg.eigh(a)
>>> w
array([1.38196601, 3.61803399])

`float32` and `complex64` stay what they are; integers and booleans become `float64`. A matrix that an algorithm cannot take is a
`LinAlgError`.
"""

import warnings as _warnings
from collections import namedtuple as _namedtuple
from operator import index as _index

from ._civita import _linalg
from ._civita import (
    argsort as _argsort,
    asarray as _asarray,
    broadcast_to as _broadcast_to,
    cross as _cross,
    diagonal as _diagonal,
    eye as _eye,
    finfo as _finfo,
    matmul,
    matrix_transpose,
    moveaxis as _moveaxis,
    outer as _outer,
    take_along_axis as _take_along_axis,
    tensordot,
    trace as _trace,
)

LinAlgError = _linalg.LinAlgError

EigResult = _namedtuple("EigResult", ["eigenvalues", "eigenvectors"])
EighResult = _namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
QRResult = _namedtuple("QRResult", ["Q", "R"])
SlogdetResult = _namedtuple("SlogdetResult", ["sign", "logabsdet"])
SVDResult = _namedtuple("SVDResult", ["U", "S", "Vh"])
for _result in (EigResult, EighResult, QRResult, SlogdetResult, SVDResult):
    _result.__module__ = __name__


def solve(a, b):
    """Solves `a x = b` for square `a`. `b` is a vector where it has one axis, else a matrix or a stack of matrices.

    Raises LinAlgError where `a` is singular or not square.

    >>> import civita as cv
    >>> cv.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])
    array([0.5 , 0.25])
    """
    return _linalg.solve(a, b)


def inv(a):
    """The inverse of square matrices. Raises LinAlgError where one is singular.

    >>> import civita as cv
    >>> cv.linalg.inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return _linalg.inv(a)


def det(a):
    """The determinant. Its gradient exists for singular matrices too."""
    return _linalg.det(a)


def slogdet(a):
    """The sign of the determinant and the logarithm of its absolute value: `SlogdetResult(sign, logabsdet)`."""
    return SlogdetResult(*_linalg.slogdet(a))


def cholesky(a, /, *, upper=False):
    """The lower triangular `L` with `a = L @ L.conj().T`; with `upper=True` the upper triangular `U` with `a = U.conj().T @ U`.

    Only that triangle of `a` is read. Raises LinAlgError where a matrix is not positive definite.
    """
    return _linalg.cholesky(a, bool(upper))


def qr(a, mode="reduced"):
    """The QR factorisation: `QRResult(Q, R)`.

    `mode` is `'reduced'`, `'complete'` (a square `Q`), `'r'` (`R` alone) or `'raw'` (LAPACK's reflectors and factors).
    """
    if mode in ("f", "full"):
        _warnings.warn("The 'full' option is deprecated in favor of 'reduced'.", DeprecationWarning, stacklevel=2)
        mode = "reduced"
    elif mode in ("e", "economic"):
        _warnings.warn("The 'economic' option is deprecated.", DeprecationWarning, stacklevel=2)
        return _linalg.qr(a, "raw")[0].mT
    out = _linalg.qr(a, mode)
    if mode == "r":
        return out[0]
    return out if mode == "raw" else QRResult(*out)


def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """The singular value decomposition `a = U @ diag(S) @ Vh`, `S` descending: `SVDResult(U, S, Vh)`, or `S` alone.

    Gradients of `U` and `Vh` need distinct singular values, and `full_matrices=False` where `a` is not square.
    """
    if not compute_uv:
        return _linalg.svdvals(a, bool(hermitian))
    return SVDResult(*_linalg.svd(a, bool(full_matrices), bool(hermitian)))


def svdvals(x, /):
    """The singular values, descending."""
    return _linalg.svdvals(x, False)


def eig(a):
    """Eigenvalues and right eigenvectors (columns): `EigResult(eigenvalues, eigenvectors)`.

    They are real where the matrix and all eigenvalues are; under `vmap` and `trace`, where no value can be asked, complex.
    """
    return EigResult(*_linalg.eig(a))


def eigvals(a):
    """Eigenvalues of any square matrices; real where the matrix and all of them are."""
    return _linalg.eigvals(a)


def eigh(a, UPLO="L"):
    """Ascending eigenvalues and eigenvectors (columns) of Hermitian matrices: `EighResult(eigenvalues, eigenvectors)`.

    Only the lower (`UPLO='L'`) or upper (`'U'`) triangle is read. Gradients are those of a Hermitian `a`; of the eigenvectors
    they need distinct eigenvalues.
    """
    return EighResult(*_linalg.eigh(a, UPLO))


def eigvalsh(a, UPLO="L"):
    """Ascending eigenvalues of Hermitian matrices, of which one triangle is read."""
    return _linalg.eigvalsh(a, UPLO)


def pinv(a, rcond=None, hermitian=False, *, rtol=...):
    """The pseudoinverse. Singular values up to `rcond` (or `rtol`) times the largest count as zero: 1e-15 by default, the
    precision times the longer side for `rtol=None`.
    """
    a = _asarray(a)
    if rcond is not None:
        if rtol is not ...:
            raise ValueError("`rtol` and `rcond` can't be both set.")
    elif rtol is ...:
        rcond = 1e-15
    elif rtol is None:
        rcond = _precision(a)
    else:
        rcond = rtol
    return _linalg.pinv(a, rcond, bool(hermitian))


def _precision(a):
    dtype = a.dtype if a.dtype.kind in "fc" else "float64"
    return max(a.shape[-2:], default=1) * float(_finfo(dtype).eps)


def lstsq(a, b, rcond=None):
    """`x` with the least `norm(b - a @ x)`, and of these the shortest: `(x, residuals, rank, s)`.

    `residuals` are the sums of squares for each column, empty where the rank is less than the number of columns or there are no
    more rows than columns.
    """
    a, b = _asarray(a), _asarray(b)
    for x in (a, b):
        if x.ndim > 2 or x is a and x.ndim != 2 or x.ndim == 0:
            raise LinAlgError(f"{x.ndim}-dimensional array given. Array must be two-dimensional")
    x, residuals, rank, s = _linalg.lstsq(a, b, None if rcond is None else float(rcond))
    m, n = a.shape
    if rank != n or m <= n:
        residuals = residuals[:0]
    return x, residuals, rank, s


def matrix_rank(A, tol=None, hermitian=False, *, rtol=None):
    """The number of singular values greater than `tol`, by default the largest times `rtol`, by default the precision times the
    longer side.
    """
    return _linalg.matrix_rank(A, tol, rtol, bool(hermitian))


def cond(x, p=None):
    """The condition number by a norm, infinite for singular matrices."""
    return _linalg.cond(x, p)


def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors (one axis) or matrices (two axes); without `axis` and `ord` that of all elements.

    `ord` of vectors is any number; of matrices 1, -1, 2, -2, `inf`, `-inf`, `'fro'` or `'nuc'`.
    """
    return _linalg.norm(x, ord, axis, bool(keepdims))


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """The norm of vectors along axes, all of them by default, as if they were one axis."""
    return _linalg.vector_norm(x, ord, axis, bool(keepdims))


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """The norm of the matrices over the last two axes."""
    return _linalg.matrix_norm(x, ord, bool(keepdims))


def matrix_power(a, n):
    """The power of square matrices by an integer; negative ones are powers of the inverse."""
    n = _index(n)
    if abs(n) >> 62:
        high, low = divmod(abs(n), 1 << 62)
        a = _asarray(a) if n > 0 else inv(a)
        return matmul(matrix_power(matrix_power(a, 1 << 61), 2 * high), matrix_power(a, low))
    return _linalg.matrix_power(a, n)


def multi_dot(arrays, *, out=None):
    """The product of several matrices in the order that takes the fewest multiplications; the first and last may be vectors."""
    result = _linalg.multi_dot(arrays)
    if out is None:
        return result
    if out.shape != result.shape or out.dtype != result.dtype:
        raise ValueError(f"output array is not acceptable (must have the right shape {result.shape} and dtype {result.dtype})")
    out[...] = result
    return out


def tensorinv(a, ind=2):
    """The inverse of a tensor as a linear map from its last axes to its first `ind`."""
    return _linalg.tensorinv(a, ind)


def tensorsolve(a, b, axes=None):
    """Solves `tensordot(a, x, x.ndim) == b`; `axes` of `a` are moved to the end first."""
    return _linalg.tensorsolve(a, b, None if axes is None else [axes] if isinstance(axes, int) else list(axes))


def outer(x1, x2, /):
    """The products of each element of one vector with each of the other."""
    x1, x2 = _asarray(x1), _asarray(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are x1.ndim={x1.ndim} and x2.ndim={x2.ndim}.")
    return _outer(x1, x2)


def cross(x1, x2, /, *, axis=-1):
    """The cross product of vectors of length 3."""
    x1, x2 = _asarray(x1), _asarray(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(
            f"Both input arrays must be (arrays of) 3-dimensional vectors, but they are {x1.shape[axis]} and {x2.shape[axis]} dimensional instead."
        )
    return _cross(x1, x2, axis=axis)


def diagonal(x, /, *, offset=0):
    """The diagonals of the matrices over the last two axes."""
    return _diagonal(x, offset, -2, -1)


def trace(x, /, *, offset=0, dtype=None):
    """The sums of the diagonals of the matrices over the last two axes."""
    return _trace(x, offset, -2, -1, dtype=dtype)


def vecdot(x1, x2, /, *, axis=-1):
    """The inner product of vectors along an axis; those of the first array are conjugated."""
    x1, x2 = _asarray(x1), _asarray(x2)
    if x1.dtype.kind == "c":
        x1 = x1.conj()
    return (_moveaxis(x1, axis, -1)[..., None, :] @ _moveaxis(x2, axis, -1)[..., None])[..., 0, 0]


def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False):
    """Solves `a x = b` for triangular `a` (`a.T x = b` for `trans=1`, `a.conj().T x = b` for `trans=2`). SciPy's."""
    a = _asarray(a)
    if trans in (1, "T", 2, "C"):
        a, lower = matrix_transpose(a), not lower
        if trans in (2, "C"):
            a = a.conj()
    elif trans not in (0, "N"):
        raise ValueError("trans must be 0, 1, 2, 'N', 'T' or 'C'")
    return _linalg.solve_triangular(a, b, bool(lower), bool(unit_diagonal))


def lu_factor(a, overwrite_a=False, check_finite=True):
    """The LU factorisation for `lu_solve`: `(lu, piv)`, where row `i` was exchanged with row `piv[i]`. SciPy's."""
    lu, rows = _linalg.lu_factor(a)
    return lu, _exchanges(rows)[..., : min(lu.shape[-2:])]


def _exchanges(rows):
    """LAPACK's exchanges of rows from a permutation."""
    flat = rows.reshape(-1, rows.shape[-1]).tolist()
    found = []
    for order in flat:
        at, piv = list(range(len(order))), []
        for i, row in enumerate(order):
            k = at.index(row, i)
            at[i], at[k] = at[k], at[i]
            piv.append(k)
        found.append(piv)
    return _asarray(found, dtype="int32").reshape(rows.shape)


def _permutations(piv, n):
    """The permutation that LAPACK's exchanges make."""
    found = []
    for row in piv.reshape(-1, piv.shape[-1]).tolist():
        order = list(range(n))
        for i, k in enumerate(row):
            order[i], order[k] = order[k], order[i]
        found.append(order)
    return _asarray(found, dtype="int64").reshape((*piv.shape[:-1], n))


def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """Solves `a x = b` with what `lu_factor` found (`a.T x = b` for `trans=1`, `a.conj().T x = b` for `trans=2`). SciPy's."""
    lu, piv = (_asarray(x) for x in lu_and_piv)
    b = _asarray(b)
    vector = b.ndim == 1
    if vector:
        b = b[:, None]
    if lu.shape[-1] != b.shape[-2]:
        raise ValueError(f"Shapes of lu {lu.shape} and b {b.shape} are incompatible")
    rows = _permutations(piv, lu.shape[-1])
    if trans == 0:
        b = _take_along_axis(b, _broadcast_to(rows[..., None], b.shape), -2)
        x = solve_triangular(lu, solve_triangular(lu, b, lower=True, unit_diagonal=True))
    else:
        x = solve_triangular(lu, solve_triangular(lu, b, trans), trans, lower=True, unit_diagonal=True)
        x = _take_along_axis(x, _broadcast_to(_argsort(rows, axis=-1)[..., None], x.shape), -2)
    return x[..., 0] if vector else x


def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    """`(p, l, u)` with `a = p @ l @ u`; `(p @ l, u)` with `permute_l=True`; with `p_indices=True` `p` as indices of rows. SciPy's."""
    packed, rows = _linalg.lu_factor(a)
    lower, upper = _linalg.lu_parts(packed)
    back = _argsort(rows, axis=-1)
    if permute_l:
        return _take_along_axis(lower, _broadcast_to(back[..., None], lower.shape), -2), upper
    if p_indices:
        return back, lower, upper
    m = packed.shape[-2]
    return _eye(m, dtype=packed.real.dtype)[back], lower, upper


def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """The Cholesky factorisation for `cho_solve`: `(c, lower)`. SciPy's."""
    return _linalg.cholesky(a, not lower), bool(lower)


def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """Solves `a x = b` with what `cho_factor` found. SciPy's."""
    c, lower = c_and_lower
    if lower:
        return solve_triangular(c, solve_triangular(c, b, lower=True), 2, lower=True)
    return solve_triangular(c, solve_triangular(c, b, 2))


def expm(A):
    """The matrix exponential. SciPy's."""
    return _linalg.expm(A)


def _real_if_close(a, y):
    """The real part of a function of a real matrix, where the imaginary one is rounding."""
    a = _asarray(a)
    if a.dtype.kind == "c":
        return y
    try:
        imag, real = (float(abs(x.detach()).max()) if x.size else 0.0 for x in (y.imag, y.real))
    except ValueError:  # under `vmap` and `trace` a value cannot be asked
        return y
    return y.real if imag <= 1000 * float(_finfo(y.dtype).eps) * max(real, 1.0) else y


def sqrtm(A):
    """The principal square root of square matrices; real where it is. SciPy's."""
    return _real_if_close(A, _linalg.sqrtm(A))


def logm(A):
    """The principal logarithm of square matrices; real where it is. SciPy's."""
    return _real_if_close(A, _linalg.logm(A))


def schur(a, output="real"):
    """The Schur decomposition `(T, Z)` with `a = Z @ T @ Z.conj().T`. SciPy's.

    `T` is upper triangular; of real matrices it has blocks of two for pairs of complex eigenvalues, unless `output='complex'`.
    """
    a = _asarray(a)
    if output in ("complex", "c"):
        a = a.astype("complex64" if a.dtype == "float32" else "complex128") if a.dtype.kind != "c" else a
    elif output not in ("real", "r"):
        raise ValueError(f"argument must be 'real', or 'complex', not {output!r}")
    return _linalg.schur(a)


def hessenberg(a, calc_q=False):
    """The Hessenberg form `H` with `a = Q @ H @ Q.conj().T`; `(H, Q)` with `calc_q=True`. SciPy's."""
    h, q = _linalg.hessenberg(a)
    return (h, q) if calc_q else h


def polar(a, side="right"):
    """The polar decomposition `(u, p)`: `a = u @ p`, or `a = p @ u` with `side='left'`. SciPy's."""
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    return _linalg.polar(a, side == "right")


def orth(A, rcond=None):
    """An orthonormal basis of the range of a matrix: its left singular vectors. SciPy's."""
    u, s, _ = svd(A, full_matrices=False)
    return u[:, : _rank(s, A, rcond)]


def null_space(A, rcond=None):
    """An orthonormal basis of the null space of a matrix: its last right singular vectors. SciPy's."""
    _, s, vh = svd(A)
    return matrix_transpose(vh[_rank(s, A, rcond) :]).conj()


def _rank(s, a, rcond):
    if rcond is None:
        rcond = float(_finfo(s.dtype).eps) * max(_asarray(a).shape)
    return int((s > rcond * (s[0] if s.shape[0] else 0.0)).sum())


def toeplitz(c, r=None):
    """The matrix with first column `c` and first row `r` (by default the conjugate of `c`), and constant diagonals. SciPy's."""
    return _linalg.toeplitz(c, r)


def hankel(c, r=None):
    """The matrix with first column `c` and last row `r` (by default zero), and constant antidiagonals. SciPy's."""
    return _linalg.hankel(c, r)


def circulant(c):
    """The matrix whose columns are `c`, each turned down by one more. SciPy's."""
    return _linalg.circulant(c)


def hilbert(n):
    """The matrix of `1 / (i + j + 1)`. SciPy's."""
    return _linalg.hilbert(n)


def hadamard(n, dtype=int):
    """Hadamard's matrix, for `n` a power of two. SciPy's."""
    return _linalg.hadamard(n, dtype)


__all__ = [
    "EigResult", "EighResult", "LinAlgError", "QRResult", "SVDResult", "SlogdetResult", "cho_factor", "cho_solve", "cholesky",
    "circulant", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "expm", "hadamard", "hankel",
    "hessenberg", "hilbert", "inv", "logm", "lstsq", "lu", "lu_factor", "lu_solve", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "multi_dot", "norm", "null_space", "orth", "outer", "pinv", "polar", "qr", "schur",
    "slogdet", "solve", "solve_triangular", "sqrtm", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "toeplitz",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip
