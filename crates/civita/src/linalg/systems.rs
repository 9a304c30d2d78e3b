//! Factorisations for systems of equations: SciPy's `linalg`.

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use civita_fft::{Norm, Transform};
use civita_linalg::{self as engine, Uplo};
pub use civita_linalg::{Band, Form, Mode, Symmetry};

use super::{Linear, of_rank};
use crate::rank::{Rank, ReduceRank, Reduced, typed, wrap};
use crate::{Error, Result, Tensor, Vector};

/// The factors `(l, u)` of `a[rows] = l u`, and the rows: `l` is lower triangular with ones on its diagonal. SciPy's
/// `lu(a, p_indices=True)`, whose indices are the inverse permutation.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let (l, u, rows) = linalg::lu(&tensor![[1.0, 2.0], [2.0, 0.0]])?;
/// assert_eq!(rows.to_string(), "[1 0]");
/// assert_eq!(l.to_string(), "[[1.  0. ]\n [0.5 1. ]]");
/// assert_eq!(u.to_string(), "[[2. 0.]\n [0. 2.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two axes.
#[allow(clippy::type_complexity)] // three tensors
pub fn lu<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Tensor<T, N>, Reduced<i64, N>)>
where
    Rank<N>: ReduceRank,
{
    let [rows, l, u] = engine::lu(&a.raw)?;
    Ok((wrap(l), wrap(u), wrap(rows)))
}

/// The LU factorisation of square matrices, kept to solve several systems. SciPy's `lu_factor` and `lu_solve`.
#[derive(Clone, Debug)]
pub struct LuFactor<T: Linear, const N: usize> {
    packed: Tensor<T, N>,
    rows: Raw,
}

/// Factors `a` for [`LuFactor::solve`].
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let factor = linalg::lu_factor(&tensor![[3.0, 1.0], [1.0, 2.0]])?;
/// let x = factor.solve(&tensor![9.0, 8.0])?;
/// assert!(x.allclose(&tensor![2.0, 3.0])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two axes.
pub fn lu_factor<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<LuFactor<T, N>> {
    let (packed, rows) = engine::lu_factor(&a.raw)?;
    Ok(LuFactor {
        packed: wrap(packed),
        rows,
    })
}

impl<T: Linear, const N: usize> LuFactor<T, N> {
    /// Solves `a x = b`; `b` is a vector where it has one axis.
    ///
    /// # Errors
    /// When the matrix is singular or not square, or the shapes do not fit.
    pub fn solve<const M: usize>(&self, b: &Tensor<T, M>) -> Result<Tensor<T, M>> {
        self.solve_of(b, Form::Plain)
    }

    /// As [`solve`](Self::solve), or with the transpose or the adjoint of `a`.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    pub fn solve_of<const M: usize>(&self, b: &Tensor<T, M>, form: Form) -> Result<Tensor<T, M>> {
        let x = engine::lu_solve(&self.packed.raw, &self.rows, &b.raw, form)?;
        of_rank("lu_solve", x)
    }
}

/// Solves `a x = b` with the lower factor of `a` that [`cholesky`](super::cholesky) found. SciPy's `cho_solve((l, True), b)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let l = linalg::cholesky(&tensor![[4.0, 2.0], [2.0, 5.0]])?;
/// assert!(linalg::cho_solve(&l, &tensor![8.0, 12.0])?.allclose(&tensor![1.0, 2.0])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the factor is singular, or the shapes do not fit.
pub fn cho_solve<T: Linear, const N: usize, const M: usize>(
    factor: &Tensor<T, N>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    cho_solve_of(factor, Uplo::Lower, b)
}

/// As [`cho_solve`], with the factor of either triangle, of [`cholesky_of`](super::cholesky_of).
///
/// # Errors
/// As [`cho_solve`].
pub fn cho_solve_of<T: Linear, const N: usize, const M: usize>(
    factor: &Tensor<T, N>,
    uplo: Uplo,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    of_rank("cho_solve", engine::cho_solve(&factor.raw, uplo, &b.raw)?)
}

/// Solves `a x = b` for a banded `a`, given by its diagonals: `ab[upper + i - j, j] = a[i, j]`. SciPy's `solve_banded`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// // [[2, 1, 0], [1, 2, 1], [0, 1, 2]]
/// let ab = tensor![[0.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 1.0, 0.0]];
/// let band = linalg::Band { lower: 1, upper: 1 };
/// let x = linalg::solve_banded(band, &ab, &tensor![4.0, 8.0, 8.0])?;
/// assert!(x.allclose(&tensor![1.0, 2.0, 3.0])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the number of diagonals is another, the shapes do not fit, or a matrix is singular.
pub fn solve_banded<T: Linear, const N: usize, const M: usize>(
    band: Band,
    ab: &Tensor<T, N>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    of_rank("solve_banded", engine::solve_banded(band, &ab.raw, &b.raw)?)
}

/// Solves `a x = b` for a Hermitian banded `a`, given by the diagonals of one triangle. SciPy's `solveh_banded`.
///
/// # Errors
/// As [`solve_banded`].
pub fn solveh_banded<T: Linear, const N: usize, const M: usize>(
    ab: &Tensor<T, N>,
    b: &Tensor<T, M>,
    uplo: Uplo,
) -> Result<Tensor<T, M>> {
    let x = engine::solveh_banded(&ab.raw, &b.raw, uplo)?;
    of_rank("solveh_banded", x)
}

/// Solves `a x = b` for the Hermitian Toeplitz matrix with first column `c`. SciPy's `solve_toeplitz(c, b)`.
///
/// # Errors
/// When the matrix is singular, or the shapes do not fit.
pub fn solve_toeplitz<T: Linear, const M: usize>(
    c: &Vector<T>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    let a = engine::toeplitz(&c.raw, None)?;
    of_rank("solve_toeplitz", engine::solve(&a, &b.raw)?)
}

/// Solves `a x = b` for the Toeplitz matrix with first column `c` and first row `r`. SciPy's `solve_toeplitz((c, r), b)`.
///
/// # Errors
/// As [`solve_toeplitz`], and when the matrix is not square.
pub fn solve_toeplitz_of<T: Linear, const M: usize>(
    c: &Vector<T>,
    r: &Vector<T>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    let a = engine::toeplitz(&c.raw, Some(&r.raw))?;
    of_rank("solve_toeplitz", engine::solve(&a, &b.raw)?)
}

/// The factorisation `(l, d, p)` of a Hermitian matrix that need not be definite, of which the lower triangle is read: `a = l d lᴴ` with a `d` of blocks of one
/// and two rows, and a unit triangle `l[p]`. SciPy's `ldl`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = tensor![[0.0, 2.0], [2.0, 0.0]];
/// let (_, d, _) = linalg::ldl(&a)?;
/// assert_eq!(d.to_string(), "[[0. 2.]\n [2. 0.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a matrix is not square, or an element is not finite.
#[allow(clippy::type_complexity)] // three tensors
pub fn ldl<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Tensor<T, N>, Reduced<i64, N>)>
where
    Rank<N>: ReduceRank,
{
    ldl_of(a, Uplo::Lower, Symmetry::Hermitian)
}

/// As [`ldl`], from either triangle, of a Hermitian or a symmetric matrix.
///
/// # Errors
/// As [`ldl`].
#[allow(clippy::type_complexity)] // three tensors
pub fn ldl_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    uplo: Uplo,
    symmetry: Symmetry,
) -> Result<(Tensor<T, N>, Tensor<T, N>, Reduced<i64, N>)>
where
    Rank<N>: ReduceRank,
{
    engine::ldl(&a.raw, uplo, symmetry).map(|(l, d, p)| (wrap(l), wrap(d), wrap(p)))
}

/// The QR factorisation `(q, r, p)` with column pivoting: `a[.., p] = q r`, and the diagonal of `r` descends in absolute value. SciPy's
/// `qr(a, mode="economic", pivoting=True)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let (_, r, p) = linalg::qr_pivoted(&tensor![[0.0, 3.0], [1.0, 0.0]])?;
/// assert_eq!(p.to_string(), "[1 0]");
/// assert_eq!(r.abs().to_string(), "[[3. 0.]\n [0. 1.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two axes.
#[allow(clippy::type_complexity)] // three tensors
pub fn qr_pivoted<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Tensor<T, N>, Reduced<i64, N>)>
where
    Rank<N>: ReduceRank,
{
    let (factors, p) = engine::qr_pivoted(&a.raw, Mode::Reduced)?;
    match <[_; 2]>::try_from(factors) {
        Ok([q, r]) => Ok((wrap(q), wrap(r), wrap(p))),
        Err(_) => Err(Error::value("qr_pivoted", "there are two factors")),
    }
}

/// Solves `circulant(c) x = b` along the first axis of `b`, by Fourier transforms. SciPy's `solve_circulant`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let x = linalg::solve_circulant(&tensor![2.0, 1.0, 0.0], &tensor![3.0, 3.0, 3.0])?;
/// assert!(x.allclose(&tensor![1.0, 1.0, 1.0])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the lengths differ, or the matrix is singular, but for rounding.
pub fn solve_circulant<T: Linear, const M: usize>(
    c: &Vector<T>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    const OP: &str = "solve_circulant";
    let (c, b) = (&c.raw, &b.raw);
    let n = c.shape()[0];
    if b.shape().first() != Some(&n) {
        let shapes = [c.shape(), b.shape()];
        return Err(Error::shape(OP, "c and b have different lengths").shapes(&shapes));
    }
    if b.is_empty() {
        return Ok(wrap(b.clone()));
    }
    let along = |transform: Transform, x: &Raw| transform.along(x, None, 0, Norm::Backward);
    let w = along(Transform::Fft, c)?;
    if w.opaque().is_none() {
        let sizes: Vec<f64> = w.detach().abs()?.cast(DType::F64)?.to_vec()?;
        let most = sizes.iter().copied().fold(0.0, f64::max);
        let epsilon = match w.dtype() {
            DType::C64 => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        };
        if sizes.iter().any(|&s| s <= most * epsilon * n as f64) {
            return Err(Error::linalg(OP, "near singular circulant matrix."));
        }
    }
    let mut column = vec![1; b.rank()];
    column[0] = n;
    let q = along(Transform::Fft, b)?.div(&w.reshape(&column)?)?;
    let x = along(Transform::Ifft, &q)?;
    match c.dtype().is_complex() || b.dtype().is_complex() {
        true => Ok(wrap(x)),
        false => x.real().and_then(typed),
    }
}

/// An orthonormal basis of the range of a matrix; matrices of a batch have one rank. SciPy's `orth`.
///
/// # Errors
/// When an element is not finite, or ranks differ.
pub fn orth<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    engine::orth(&a.raw, None).and_then(typed)
}

/// As [`orth`], where singular values up to `rcond` times the largest count as zero.
///
/// # Errors
/// As [`orth`].
pub fn orth_of<T: Linear, const N: usize>(a: &Tensor<T, N>, rcond: f64) -> Result<Tensor<T, N>> {
    engine::orth(&a.raw, Some(rcond)).and_then(typed)
}

/// An orthonormal basis of the null space of a matrix; matrices of a batch have one rank. SciPy's `null_space`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let n = linalg::null_space(&tensor![[1.0, 0.0]])?;
/// assert_eq!(n.abs(), [[0.0], [1.0]]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When an element is not finite, or ranks differ.
pub fn null_space<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    engine::null_space(&a.raw, None).and_then(typed)
}

/// As [`null_space`], where singular values up to `rcond` times the largest count as zero.
///
/// # Errors
/// As [`null_space`].
pub fn null_space_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    rcond: f64,
) -> Result<Tensor<T, N>> {
    engine::null_space(&a.raw, Some(rcond)).and_then(typed)
}

/// Solves `tensordot(a, x) = b`: `a` has the axes of `b`, and then those of `x`. NumPy's `tensorsolve`.
///
/// # Errors
/// When the shapes do not fit, or the matrix that `a` is as a linear map is not square or singular.
pub fn tensorsolve<T: Linear, const N: usize, const M: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, { crate::DYN }>> {
    engine::tensorsolve(&a.raw, &b.raw, None).and_then(typed)
}

/// As [`tensorsolve`], where these axes of `a` are those of `x`. NumPy's `tensorsolve(a, b, axes)`.
///
/// # Errors
/// As [`tensorsolve`], and when there is no such axis.
pub fn tensorsolve_of<T: Linear, const N: usize, const M: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, M>,
    axes: &[isize],
) -> Result<Tensor<T, { crate::DYN }>> {
    engine::tensorsolve(&a.raw, &b.raw, Some(axes)).and_then(typed)
}

/// The inverse of a tensor as a linear map from its last axes to its first `split`. NumPy's `tensorinv`.
///
/// # Errors
/// When the axes before and after the split have different sizes, or the map is singular.
pub fn tensorinv<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    split: usize,
) -> Result<Tensor<T, N>> {
    engine::tensorinv(&a.raw, split as isize).and_then(typed)
}
