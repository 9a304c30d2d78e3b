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

try:
    from ._civita import _linalg
except ImportError:
    raise ImportError(
        "this build of civita has no linear algebra\n  hint: build with `--features linalg`, which is on by default", name=__name__
    ) from None
from ._civita import (
    arange as _arange,
    argsort as _argsort,
    asarray as _asarray,
    broadcast_shapes as _broadcast_shapes,
    broadcast_to as _broadcast_to,
    concatenate as _concatenate,
    cross as _cross,
    diagonal as _diagonal,
    finfo as _finfo,
    matmul,
    matrix_transpose as _matrix_transpose,
    moveaxis as _moveaxis,
    outer as _outer,
    pad as _pad,
    take as _take,
    take_along_axis as _take_along_axis,
    tensordot,
    trace as _trace,
    triu as _triu,
    vecdot as _vecdot,
    where as _where,
)

LinAlgError = _linalg.LinAlgError

EigResult = _namedtuple("EigResult", ["eigenvalues", "eigenvectors"])
EighResult = _namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
QRResult = _namedtuple("QRResult", ["Q", "R"])
SlogdetResult = _namedtuple("SlogdetResult", ["sign", "logabsdet"])
SVDResult = _namedtuple("SVDResult", ["U", "S", "Vh"])
for _result in (EigResult, EighResult, QRResult, SlogdetResult, SVDResult):
    _result.__module__ = __name__
    # where NumPy defines them: libraries register them as sequences
    setattr(_linalg, _result.__name__, _result)


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


def qr(a, mode="reduced", *, pivoting=False):
    """The QR factorisation: `QRResult(Q, R)`.

    `mode` is `'reduced'`, `'complete'` (a square `Q`), `'r'` (`R` alone) or `'raw'` (LAPACK's reflectors and factors; with pivoting `((h, tau), R, P)`).

    With `pivoting=True` columns are exchanged so that the absolute values of the diagonal of `R` descend: `(Q, R, P)`, or `(R, P)`, with
    `a[..., P] = Q @ R`. SciPy's `linalg.qr(a, pivoting=True)`, whose modes `'economic'` and `'full'` are taken too.

    >>> import civita as cv
    >>> Q, R, P = cv.linalg.qr([[0.0, 3.0], [1.0, 0.0]], pivoting=True)
    >>> P
    array([1, 0])
    """
    if pivoting:
        mode = {"full": "complete", "economic": "reduced"}.get(mode, mode)
        if mode == "r":
            # as many rows as `a`, as SciPy's
            a = _asarray(a)
            R, order = _linalg.qr_pivoted(a, mode)
            below = max(a.shape[-2] - R.shape[-2], 0)
            return _pad(R, [(0, 0)] * (R.ndim - 2) + [(0, below), (0, 0)]), order
        *factors, order = _linalg.qr_pivoted(a, mode)
        if mode == "raw":
            h, tau = factors
            return (h, tau), _triu(h.mT[..., : tau.shape[-1], :]), order
        return (*factors, order)
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


def eig(a, b=None):
    """Eigenvalues and right eigenvectors (columns): `EigResult(eigenvalues, eigenvectors)`.

    They are real where the matrix and all eigenvalues are; under `vmap` and `trace`, where no value can be asked, complex.

    With `b` those of the generalised problem `a @ v = w b @ v`, SciPy's `linalg.eig(a, b)`, by the QZ iteration: infinite where `b` is
    singular, NaN where `a - w b` is for every `w`.

    >>> import civita as cv
    >>> cv.linalg.eig([[2.0, 0.0], [0.0, 3.0]], [[1.0, 0.0], [0.0, 4.0]]).eigenvalues
    array([2.  , 0.75])
    """
    if b is None:
        return EigResult(*_linalg.eig(a))
    return EigResult(*_linalg.eig_generalized(a, b)[:2])


def eigvals(a, b=None):
    """Eigenvalues of any square matrices; real where the matrix and all of them are. With `b` those of `a @ v = w b @ v`."""
    return _linalg.eigvals(a) if b is None else _linalg.eig_generalized(a, b)[0]


def polyeig(*matrices):
    """Eigenvalues and eigenvectors (columns of norm 1) of `(a0 + w a1 + w**2 a2 + …) @ v = 0`: `EigResult(eigenvalues, eigenvectors)`.

    `k + 1` matrices of `n` rows have `k n` eigenvalues, infinite ones where the last is singular. MATLAB's `polyeig`.

    >>> import civita as cv
    >>> w, v = cv.linalg.polyeig([[6.0]], [[-5.0]], [[1.0]])  # w**2 - 5 w + 6
    >>> cv.sort(w.real)
    array([2., 3.])
    """
    return EigResult(*_linalg.polyeig(matrices))


def eigh(a, UPLO="L", *, b=None, type=1):
    """Ascending eigenvalues and eigenvectors (columns) of Hermitian matrices: `EighResult(eigenvalues, eigenvectors)`.

    Only the lower (`UPLO='L'`) or upper (`'U'`) triangle is read. Gradients are those of a Hermitian `a`; of the eigenvectors
    they need distinct eigenvalues.

    With a positive definite `b` (also as the second argument, as in SciPy) those of the generalised problem `a @ v = w b @ v` (`type=1`),
    `a @ b @ v = w v` (`2`) or `b @ a @ v = w v` (`3`), with `v.conj().T @ b @ v = 1` (`inv(b)` for `3`).

    >>> import civita as cv
    >>> cv.linalg.eigh([[2.0, 0.0], [0.0, 3.0]], b=[[1.0, 0.0], [0.0, 4.0]]).eigenvalues
    array([0.75, 2.  ])
    """
    if not isinstance(UPLO, str):
        UPLO, b = "L", UPLO
    if b is None:
        return EighResult(*_linalg.eigh(a, UPLO))
    return EighResult(*_linalg.eigh_generalized(a, b, UPLO, type))


def eigvalsh(a, UPLO="L", *, b=None, type=1):
    """Ascending eigenvalues of Hermitian matrices, of which one triangle is read. `b` and `type` as for `eigh`."""
    if b is None and isinstance(UPLO, str):
        return _linalg.eigvalsh(a, UPLO)
    return eigh(a, UPLO, b=b, type=type).eigenvalues


def pinv(a, rcond=None, hermitian=False, *, rtol=...):
    """The pseudoinverse. Singular values up to `rcond` (or `rtol`) times the largest count as zero: 1e-15 by default, the
    precision times the longer side for `rtol=None`.

    With `hermitian=True` the lower triangle is read, and gradients are by it.
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
    more rows than columns. Under `vmap`, where a shape cannot depend on ranks, only the number of rows counts.
    """
    a, b = _asarray(a), _asarray(b)
    for x in (a, b):
        if x.ndim > 2 or x is a and x.ndim != 2 or x.ndim == 0:
            raise LinAlgError(f"{x.ndim}-dimensional array given. Array must be two-dimensional")
    return _linalg.lstsq(a, b, None if rcond is None else float(rcond))


def matrix_rank(A, tol=None, hermitian=False, *, rtol=None):
    """The number of singular values greater than `tol`, by default the largest times `rtol`, by default the precision times the
    longer side.
    """
    A = _asarray(A)
    if tol is not None and rtol is not None:
        raise ValueError("`tol` and `rtol` can't be both set.")
    if A.ndim < 2:
        return int(A.any())
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


def matrix_transpose(x, /):
    """The transposes of the matrices over the last two axes."""
    x = _asarray(x)
    if x.ndim < 2:
        raise ValueError("array must be at least 2-dimensional")
    return _matrix_transpose(x)


def diagonal(x, /, *, offset=0):
    """The diagonals of the matrices over the last two axes."""
    return _diagonal(x, offset, -2, -1)


def trace(x, /, *, offset=0, dtype=None):
    """The sums of the diagonals of the matrices over the last two axes."""
    return _trace(x, offset, -2, -1, dtype=dtype)


def vecdot(x1, x2, /, *, axis=-1):
    """The inner product of vectors along an axis; those of the first array are conjugated."""
    return _vecdot(x1, x2, axis=axis)


# SciPy's `overwrite_*`, `check_finite`, `lwork`, `lapack_driver` and `disp` are taken as it takes them, and do nothing.


def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
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
    return lu, _linalg.lu_exchanges(rows, min(lu.shape[-2:]))


def lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    """Solves `a x = b` with what `lu_factor` found (`a.T x = b` for `trans=1`, `a.conj().T x = b` for `trans=2`). SciPy's."""
    lu, piv = (_asarray(x) for x in lu_and_piv)
    b = _asarray(b)
    form = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}.get(trans)
    if form is None:
        raise ValueError("trans must be 0, 1, 2, 'N', 'T' or 'C'")
    if b.ndim == 0 or lu.shape[-1:] != b.shape[-min(b.ndim, 2) :][:1]:
        raise ValueError(f"Shapes of lu {lu.shape} and b {b.shape} are incompatible")
    return _linalg.lu_solve(lu, _linalg.lu_rows(piv, lu.shape[-1]), b, form)


def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    """`(p, l, u)` with `a = p @ l @ u`; `(p @ l, u)` with `permute_l=True`; with `p_indices=True` `p` as indices of rows. SciPy's."""
    if not (permute_l or p_indices):
        return _linalg.plu(a)
    rows, lower, upper = _linalg.lu(a)
    back = _argsort(rows, axis=-1)
    if permute_l:
        return _take_along_axis(lower, _broadcast_to(back[..., None], lower.shape), -2), upper
    return back, lower, upper


def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    """The Cholesky factorisation for `cho_solve`: `(c, lower)`. SciPy's."""
    return _linalg.cholesky(a, not lower), bool(lower)


def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """Solves `a x = b` with what `cho_factor` found. SciPy's."""
    c, lower = c_and_lower
    return _linalg.cho_solve(c, b, bool(lower))


def ldl(A, lower=True, hermitian=True, overwrite_a=False, check_finite=True):
    """`(L, D, perm)` with `A = L @ D @ L.conj().T` for a Hermitian `A` that need not be definite (`L.T` with `hermitian=False`). SciPy's.

    `D` has blocks of one and two rows, and `L[perm]` is a unit lower triangle (upper with `lower=False`). That triangle of `A` is read.
    Bunch and Kaufman's pivoting, as LAPACK's. Gradients are those for fixed pivots, where `D` is not singular.

    >>> import civita as cv
    >>> L, D, perm = cv.linalg.ldl([[0.0, 2.0], [2.0, 0.0]])
    >>> D
    array([[0., 2.],
           [2., 0.]])
    """
    return _linalg.ldl(A, "L" if lower else "U", bool(hermitian))


def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """Solves `a x = b` for a banded `a` with `l` diagonals below and `u` above the main one: `ab[u + i - j, j] = a[i, j]`. SciPy's.

    >>> import civita as cv
    >>> ab = [[0.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 1.0, 0.0]]  # [[2, 1, 0], [1, 2, 1], [0, 1, 2]]
    >>> cv.linalg.solve_banded((1, 1), ab, [4.0, 8.0, 8.0])
    array([1., 2., 3.])
    """
    lower, upper = map(_index, l_and_u)
    if lower < 0 or upper < 0:
        raise ValueError("l and u must be non-negative")
    return _linalg.solve_banded(lower, upper, ab, b)


def solveh_banded(ab, b, overwrite_ab=False, overwrite_b=False, lower=False, check_finite=True):
    """Solves `a x = b` for a Hermitian banded `a`, given by the diagonals of its upper (or lower) triangle: `ab[u + i - j, j] = a[i, j]`,
    or `ab[i - j, j] = a[i, j]`. SciPy's; `a` need not be positive definite.
    """
    return _linalg.solveh_banded(ab, b, "L" if lower else "U")


def solve_toeplitz(c_or_cr, b, check_finite=True):
    """Solves `toeplitz(c, r) x = b` for `c_or_cr` that is `c` or `(c, r)`. SciPy's, by LU with pivoting instead of Levinson's recursion, so
    that leading blocks may be singular.

    >>> import civita as cv
    >>> cv.linalg.solve_toeplitz([2.0, 1.0, 0.0], [4.0, 8.0, 8.0])
    array([1., 2., 3.])
    """
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return solve(toeplitz(c, r), b)


def solve_circulant(c, b, singular="raise", tol=None, caxis=-1, baxis=0, outaxis=0):
    """Solves `circulant(c) x = b` by Fourier transforms. SciPy's.

    Vectors lie along `caxis` of `c`, `baxis` of `b` and `outaxis` of the result; other axes broadcast. Frequencies of `c` up to `tol`, by
    default the largest times the precision and the length, count as zero: then LinAlgError is raised, unless `singular='lstsq'` asks for
    the solution of least squares. (Under `vmap` and `trace`, where no value can be asked, nothing is raised.)

    >>> import civita as cv
    >>> cv.linalg.solve_circulant([2.0, 1.0, 0.0], [3.0, 3.0, 3.0])
    array([1., 1., 1.])
    """
    c, b = _asarray(c), _asarray(b)
    c, b = (x.reshape(1) if x.ndim == 0 else x for x in (c, b))
    n = c.shape[caxis]
    if b.shape[baxis] != n:
        raise ValueError(f"Shapes of c {c.shape} and b {b.shape} are incompatible")
    from . import fft

    if not n:
        return b * 1.0
    w = fft.fft(_moveaxis(c, caxis, -1), axis=-1)
    size = abs(w).detach()
    if tol is None:
        tol = size.max(axis=-1, keepdims=True) * (n * float(_finfo(w.dtype).eps))
    small = size <= tol
    try:
        none = bool(small.any())
    except ValueError:  # under `vmap` and `trace`
        none = singular != "raise"
    if none:
        if singular == "raise":
            raise LinAlgError("near singular circulant matrix.")
        w = _where(small, 1.0, w)
    q = fft.fft(_moveaxis(b, baxis, -1), axis=-1) / w
    x = fft.ifft(_where(small, 0.0, q) if none else q, axis=-1)
    x = x if c.dtype.kind == "c" or b.dtype.kind == "c" else x.real
    return _moveaxis(x, -1, outaxis)


def expm(A):
    """The matrix exponential. SciPy's. Elements that overflow are infinite."""
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


def sqrtm(A, disp=None, blocksize=None):
    """The principal square root of square matrices; real where it is, complex under `vmap` and `trace`. SciPy's.

    Raises LinAlgError where a singular matrix has none, as `[[0, 1], [0, 0]]`.
    """
    return _real_if_close(A, _linalg.sqrtm(A))


def logm(A, disp=None):
    """The principal logarithm of square matrices; real where it is, complex under `vmap` and `trace`. SciPy's.

    Raises LinAlgError where a matrix is singular.
    """
    return _real_if_close(A, _linalg.logm(A))


def signm(A, disp=None):
    """The matrix sign function: eigenvalues become 1 or -1 by their real part; real where it is, complex under `vmap` and `trace`. SciPy's.

    Raises LinAlgError where an eigenvalue lies on the imaginary axis, but for rounding.

    >>> import civita as cv
    >>> cv.linalg.signm([[2.0, 0.0], [0.0, -3.0]])
    array([[ 1.,  0.],
           [ 0., -1.]])
    """
    return _real_if_close(A, _linalg.signm(A))


def fractional_matrix_power(A, t):
    """The principal power of square matrices by any real number; real where it is, complex under `vmap` and `trace`. SciPy's."""
    return _real_if_close(A, _linalg.fractional_matrix_power(A, float(t)))


def funm(A, func, disp=True):
    """A function of square matrices by what it does to eigenvalues: `func` is given arrays of them. SciPy's; real where it is.

    By the Schur form and Parlett's recurrence, which loses digits where eigenvalues are close to each other. It has no gradient.

    >>> import civita as cv
    >>> cv.linalg.funm([[1.0, 1.0], [0.0, 2.0]], lambda w: w * w)
    array([[1., 3.],
           [0., 4.]])
    """
    return _real_if_close(A, _linalg.funm(A, func))


def cosm(A):
    """The cosine of square matrices. SciPy's."""
    return _linalg.cosm(A)


def sinm(A):
    """The sine of square matrices. SciPy's."""
    return _linalg.sinm(A)


def tanm(A):
    """The tangent of square matrices. SciPy's."""
    return _linalg.tanm(A)


def coshm(A):
    """The hyperbolic cosine of square matrices. SciPy's."""
    return _linalg.coshm(A)


def sinhm(A):
    """The hyperbolic sine of square matrices. SciPy's."""
    return _linalg.sinhm(A)


def tanhm(A):
    """The hyperbolic tangent of square matrices. SciPy's. Raises LinAlgError where the exponential overflows."""
    return _linalg.tanhm(A)


def rsf2csf(T, Z, check_finite=True):
    """The complex Schur form `(T, Z)` of the real one that `schur` returns. SciPy's."""
    return _linalg.rsf2csf(T, Z)


_REGIONS = {
    "lhp": lambda w: w.real < 0.0,
    "rhp": lambda w: w.real >= 0.0,
    "iuc": lambda w: abs(w) <= 1.0,
    "ouc": lambda w: abs(w) > 1.0,
}


def schur(a, output="real", lwork=None, overwrite_a=False, sort=None, check_finite=True):
    """The Schur decomposition `(T, Z)` with `a = Z @ T @ Z.conj().T`. SciPy's.

    `T` is upper triangular; of real matrices it has blocks of two for pairs of complex eigenvalues, unless `output='complex'`.

    With `sort` the eigenvalues that it selects come first, and the result is `(T, Z, sdim)` with their number (for a batch, an array of
    numbers): those in the left or right half plane (`'lhp'`, `'rhp'`), inside or outside the unit circle (`'iuc'`, `'ouc'`), or those for which a
    function is true, of the eigenvalue, or of its real and imaginary part where `T` is real. Both of a pair move where one is selected. Raises
    LinAlgError where two eigenvalues are too close to be exchanged, or rounding moves one over the border.

    >>> import civita as cv
    >>> T, Z, sdim = cv.linalg.schur([[1.0, 2.0], [0.0, -3.0]], sort="lhp")
    >>> T.diagonal(), sdim
    (array([-3.,  1.]), 1)
    """
    a = _asarray(a)
    if output in ("complex", "c"):
        a = a.astype("complex64" if a.dtype == "float32" else "complex128") if a.dtype.kind != "c" else a
    elif output not in ("real", "r"):
        raise ValueError(f"argument must be 'real', or 'complex', not {output!r}")
    if sort is None:
        return _linalg.schur(a)
    if callable(sort):
        select = sort if a.dtype.kind == "c" else lambda w: sort(w.real, w.imag)
    elif isinstance(sort, str) and sort in _REGIONS:
        select = _REGIONS[sort]
    else:
        raise ValueError("'sort' parameter must either be 'None', or a callable, or one of ('lhp','rhp','iuc','ouc')")

    def selected(t):
        w = _linalg.schur_eigenvalues(t)
        return _asarray([bool(select(w)) for w in w.ravel().tolist()], dtype=bool).reshape(w.shape)

    t, z = _linalg.schur(a)
    t, z = _linalg.schur_reorder(t, z, selected(t))
    counts = _linalg.schur_counts(t, selected(t))
    return t, z, counts[0] if a.ndim == 2 else _asarray(counts, dtype="int64").reshape(a.shape[:-2])


def hessenberg(a, calc_q=False, overwrite_a=False, check_finite=True):
    """The Hessenberg form `H` with `a = Q @ H @ Q.conj().T`; `(H, Q)` with `calc_q=True`. SciPy's."""
    h, q = _linalg.hessenberg(a)
    return (h, q) if calc_q else h


def polar(a, side="right"):
    """The polar decomposition `(u, p)`: `a = u @ p`, or `a = p @ u` with `side='left'`. SciPy's."""
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    return _linalg.polar(a, side == "right")


def orth(A, rcond=None):
    """An orthonormal basis of the range of a matrix: its left singular vectors. SciPy's.

    Of a batch of matrices a batch, where all are of one rank; `ValueError` where they are not.
    """
    return _linalg.orth(A, None if rcond is None else float(rcond))


def null_space(A, rcond=None, *, overwrite_a=False, check_finite=True, lapack_driver=None):
    """An orthonormal basis of the null space of a matrix: its last right singular vectors. SciPy's.

    Of a batch of matrices a batch, where all are of one rank; `ValueError` where they are not. Gradients are those of the basis that turns
    least, so that functions that do not depend on the choice, as the projection `N @ N.conj().mT`, have derivatives of every order.
    """
    return _linalg.null_space(A, None if rcond is None else float(rcond))


def toeplitz(c, r=None):
    """The matrix with first column `c` and first row `r` (by default the conjugate of `c`), and constant diagonals. SciPy's.

    Of arrays with several axes a matrix for each vector along the last.
    """
    c = _asarray(c)
    r = c.conj() if r is None else _asarray(r)
    if c.ndim < 2 and r.ndim < 2:
        return _linalg.toeplitz(c, r)
    batch = _broadcast_shapes(c.shape[:-1], r.shape[:-1])
    c, r = (_broadcast_to(x, (*batch, x.shape[-1] if x.ndim else 1)) for x in (c, r))
    rows, columns = c.shape[-1], r.shape[-1]
    diagonals = _concatenate((c[..., ::-1], r[..., 1:]), -1)
    return _take(diagonals, rows - 1 + _arange(columns)[None, :] - _arange(rows)[:, None], axis=-1)


def hankel(c, r=None):
    """The matrix with first column `c` and last row `r` (by default zero), and constant antidiagonals. SciPy's."""
    return _linalg.hankel(c, r)


def circulant(c):
    """The matrix whose columns are `c`, each turned down by one more. SciPy's.

    Of an array with several axes a matrix for each vector along the last.
    """
    c = _asarray(c)
    if c.ndim < 2:
        return _linalg.circulant(c)
    n = c.shape[-1]
    return _take(c, (_arange(n)[:, None] - _arange(n)[None, :]) % max(n, 1), axis=-1)


def hilbert(n):
    """The matrix of `1 / (i + j + 1)`. SciPy's."""
    return _linalg.hilbert(n)


def block_diag(*arrs):
    """The matrix with these matrices on its diagonal and zeros elsewhere; a vector is a row. Batches broadcast. SciPy's.

    >>> import civita as cv
    >>> cv.linalg.block_diag([[1, 2]], [3])
    array([[1, 2, 0],
           [0, 0, 3]])
    """
    return _linalg.block_diag(list(arrs))


def companion(a):
    """The matrix whose characteristic polynomial has the coefficients `a`, of which the first is not zero; of several axes one for each vector along the
    last. SciPy's.

    >>> import civita as cv
    >>> cv.linalg.companion([1.0, -10.0, 31.0, -30.0])
    array([[ 10., -31.,  30.],
           [  1.,   0.,   0.],
           [  0.,   1.,   0.]])
    """
    return _linalg.companion(a)


def hadamard(n, dtype=int):
    """Hadamard's matrix, for `n` a power of two. SciPy's."""
    return _linalg.hadamard(n, dtype)


TuckerResult = _namedtuple("TuckerResult", ["core", "factors"])
CPResult = _namedtuple("CPResult", ["weights", "factors"])
for _result in (TuckerResult, CPResult):
    _result.__module__ = __name__


def hosvd(x, ranks=None):
    """The higher-order singular value decomposition: `TuckerResult(core, factors)`.

    `factors` are, for each axis, the leading left singular vectors of the slices along it, as many as its rank (all by default); `core` is
    the tensor times their adjoints. Exact for full ranks, otherwise within `sqrt(x.ndim)` of the least error. De Lathauwer and others (2000).

    >>> import civita as cv
    >>> x = cv.arange(24.0).reshape(2, 3, 4)  # a tensor of ranks 2, 2, 2
    >>> core, factors = cv.linalg.hosvd(x, (2, 2, 2))
    >>> core.shape
    (2, 2, 2)
    >>> bool(cv.allclose(cv.linalg.tucker_to_tensor(core, factors), x))
    True
    """
    core, *factors = _linalg.hosvd(x, None if ranks is None else _ranks(x, ranks))
    return TuckerResult(core, factors)


def tucker(x, ranks, *, n_iter_max=100, tol=1e-8):
    """The Tucker decomposition with these ranks (one for each axis, or one for all): `TuckerResult(core, factors)`.

    By higher-order orthogonal iteration from `hosvd` on, until the tensor that it stands for moves by no more than `tol` times the norm of
    `x`.
    """
    core, *factors = _linalg.tucker(x, _ranks(x, ranks), _index(n_iter_max), float(tol))
    return TuckerResult(core, factors)


def _ranks(x, ranks):
    return [_index(ranks)] * _asarray(x).ndim if hasattr(ranks, "__index__") else [_index(r) for r in ranks]


def tucker_to_tensor(core, factors):
    """The tensor of a Tucker decomposition: the core times each factor along its axis."""
    return _linalg.tucker_to_tensor(core, list(factors))


def cp(x, rank, *, n_iter_max=500, tol=1e-10):
    """The CP decomposition (CANDECOMP/PARAFAC): `CPResult(weights, factors)` with a sum of `rank` outer products of the factors' columns.

    By alternating least squares, until the tensor that it stands for moves by no more than `tol` times the norm of `x`. Columns have the
    norm 1, weights descend. It begins with singular vectors: equal calls give equal results.

    Gradients are those of the decomposition that the iterations come to; where `n_iter_max` is too small for that, those of the iterations.

    >>> import civita as cv
    >>> weights, factors = cv.linalg.cp(cv.outer(cv.array([1.0, 2.0]), cv.array([3.0, 4.0])), 1)
    >>> weights
    array([11.18033989])
    """
    weights, *factors = _linalg.cp(x, _index(rank), _index(n_iter_max), float(tol))
    return CPResult(weights, factors)


def cp_to_tensor(weights, factors):
    """The tensor of a CP decomposition: the sum of the weighted outer products."""
    return _linalg.cp_to_tensor(weights, list(factors))


def tensor_train(x, max_rank=None, *, tol=0.0):
    """The tensor-train decomposition: for each axis a core of `rank x length x next rank`, where the first and the last rank are 1.

    Ranks are at most `max_rank`, and as small as the relative error `tol` allows. By singular value decompositions from left to right
    (Oseledets 2011).

    >>> import civita as cv
    >>> x = cv.arange(24.0).reshape(2, 3, 4)
    >>> [core.shape for core in cv.linalg.tensor_train(x, tol=1e-10)]
    [(1, 2, 2), (2, 3, 2), (2, 4, 1)]
    """
    return list(_linalg.tensor_train(x, None if max_rank is None else _index(max_rank), float(tol)))


def tensor_train_to_tensor(cores):
    """The tensor of a tensor train: the product of the cores over the ranks between them."""
    return _linalg.tensor_train_to_tensor(list(cores))


__all__ = [
    "CPResult", "EigResult", "EighResult", "LinAlgError", "QRResult", "SVDResult", "SlogdetResult", "TuckerResult",
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "companion", "cond", "coshm", "cosm", "cp",
    "cp_to_tensor", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "expm", "fractional_matrix_power", "funm",
    "hadamard", "hankel", "hessenberg", "hilbert", "hosvd", "inv", "ldl", "logm", "lstsq", "lu", "lu_factor", "lu_solve",
    "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "null_space", "orth",
    "outer", "pinv", "polar", "polyeig", "qr", "rsf2csf", "schur", "signm", "sinhm", "sinm", "slogdet", "solve", "solve_banded",
    "solve_circulant", "solve_toeplitz", "solve_triangular", "solveh_banded", "sqrtm", "svd", "svdvals", "tanhm", "tanm",
    "tensor_train", "tensor_train_to_tensor", "tensordot", "tensorinv", "tensorsolve", "toeplitz", "trace", "tucker",
    "tucker_to_tensor", "vecdot", "vector_norm",
]  # fmt: skip
