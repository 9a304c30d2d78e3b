//! Systems of equations, inverses, determinants.

use civita_core::dtype::Scalar as Value;
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::broadcast_shapes;
use civita_core::primitive::{bind, bind_one};
use civita_core::raw::Raw;

use crate::checks::{compute_dtype, matrices, squares, with_axes};
use crate::cholesky::bind_cholesky;
use crate::generalized::mirrored;
use crate::lu::{Det, Slogdet, bind_inv, bind_solve};
use crate::lu_factors::{Exchanged, Exchanges, Lu, LuFactor};
use crate::ops::adjoint;
use crate::svd::{self, Lstsq, bind_pinv};
use crate::triangular::{Triangle, bind_triangular};

/// Which triangle of a Hermitian matrix is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uplo {
    /// The elements on and below the diagonal.
    Lower,
    /// The elements on and above the diagonal.
    Upper,
}

/// A matrix and a right-hand side with one batch, and whether that was a vector.
fn system(op: &'static str, a: &Raw, b: &Raw) -> Result<(Raw, Raw, bool)> {
    let (batch, n) = squares(op, a.shape())?;
    let vector = b.rank() == 1;
    let b = if vector {
        b.expand_dims(&[1])?
    } else {
        b.clone()
    };
    let misfit = |b: &Raw| {
        Error::shape(
            op,
            format!(
                "a of shape {} and b of shape {} do not fit",
                shape_text(a.shape()),
                shape_text(b.shape())
            ),
        )
        .shapes(&[a.shape(), b.shape()])
        .rule("b has as many rows as a, and batches broadcast; b is a vector only where it has one axis")
    };
    let (other, rows, columns) = matrices(op, b.shape()).map_err(|_| misfit(&b))?;
    if rows != n {
        return Err(misfit(&b));
    }
    if batch == other {
        return Ok((a.clone(), b, vector));
    }
    let all = broadcast_shapes(op, &[batch, other])?;
    Ok((
        a.broadcast_to(&with_axes(&all, &[n, n]))?,
        b.broadcast_to(&with_axes(&all, &[n, columns]))?,
        vector,
    ))
}

fn shaped(x: Raw, vector: bool) -> Result<Raw> {
    if vector {
        x.squeeze(Some(&[-1]))
    } else {
        Ok(x)
    }
}

/// Solves `a x = b` for square `a`. `b` is a vector where it has one axis, else a matrix or a stack of them; stacks broadcast.
/// NumPy's `linalg.solve`.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![3.0, 1.0, 1.0, 2.0], &[2, 2])?;
/// let b = Raw::from_vec(vec![9.0, 8.0], &[2])?;
/// assert_eq!(civita_linalg::solve(&a, &b)?.to_vec::<f64>()?, [2.0, 3.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When `a` is not square or singular, the shapes do not fit, or there is no linear algebra of the dtype.
pub fn solve(a: &Raw, b: &Raw) -> Result<Raw> {
    let (batch, n) = squares("solve", a.shape())?;
    if batch.is_empty() && b.rank() > 2 && b.shape()[b.rank() - 2] == n && !b.is_empty() {
        // one matrix for many right-hand sides: their columns beside each other
        let moved = b.move_axis(-2, 0)?;
        let columns = moved.len() / n;
        let x = bind_solve(a, &moved.reshape(&[n, columns])?)?;
        return x.reshape(moved.shape())?.move_axis(0, -2);
    }
    let (a, b, vector) = system("solve", a, b)?;
    shaped(bind_solve(&a, &b)?, vector)
}

/// Solves `a x = b` for triangular `a`; elements of the other triangle are not read. SciPy's `linalg.solve_triangular`.
///
/// # Errors
/// As [`solve`].
pub fn solve_triangular(a: &Raw, b: &Raw, triangle: Triangle) -> Result<Raw> {
    let (a, b, vector) = system("solve_triangular", a, b)?;
    shaped(bind_triangular(&a, &b, triangle)?, vector)
}

/// The inverse of square matrices. NumPy's `linalg.inv`.
///
/// # Errors
/// When a matrix is singular or not square, or there is no linear algebra of the dtype.
pub fn inv(a: &Raw) -> Result<Raw> {
    bind_inv(a)
}

/// The determinant. NumPy's `linalg.det`. Its gradient exists for singular matrices too.
///
/// # Errors
/// When a matrix is not square, or there is no linear algebra of the dtype.
pub fn det(a: &Raw) -> Result<Raw> {
    bind_one(&Det, &[a])
}

/// The sign of the determinant and the logarithm of its absolute value. NumPy's `linalg.slogdet`.
///
/// # Errors
/// As [`det`].
pub fn slogdet(a: &Raw) -> Result<(Raw, Raw)> {
    two("slogdet", bind(&Slogdet, &[a])?.into_vec())
}

pub(crate) fn two(op: &'static str, outputs: Vec<Raw>) -> Result<(Raw, Raw)> {
    match <[Raw; 2]>::try_from(outputs) {
        Ok([a, b]) => Ok((a, b)),
        Err(_) => Err(Error::value(op, "there are two outputs")),
    }
}

/// The Cholesky factor: `L` with `a = L Lᴴ` from the lower triangle of `a`, or `U` with `a = Uᴴ U` from the upper one. NumPy's
/// `linalg.cholesky`. Gradients are those of a Hermitian `a`.
///
/// # Errors
/// When a matrix is not positive definite or not square, or there is no linear algebra of the dtype.
pub fn cholesky(a: &Raw, uplo: Uplo) -> Result<Raw> {
    match uplo {
        Uplo::Lower => bind_cholesky(a),
        Uplo::Upper => {
            squares("cholesky", a.shape())?;
            adjoint(&bind_cholesky(&adjoint(a)?)?)
        }
    }
}

/// `P a = L U` in one matrix, as LAPACK packs it, and for each row of it the row of `a` that it comes from.
///
/// # Errors
/// When there are fewer than two axes, or there is no linear algebra of the dtype.
pub fn lu_factor(a: &Raw) -> Result<(Raw, Raw)> {
    two("lu", bind(&LuFactor, &[a])?.into_vec())
}

/// LAPACK's pivots from the rows of [`lu_factor`]: the row that each of the first `steps` was exchanged with, as `int32`.
///
/// # Errors
/// When they are no permutation.
pub fn lu_exchanges(rows: &Raw, steps: usize) -> Result<Raw> {
    bind_one(&Exchanges { steps }, &[rows])
}

/// The order of so many rows after LAPACK's exchanges, which [`lu_solve`](crate::lu_solve) takes.
///
/// # Errors
/// When one of them is not the number of a row.
pub fn lu_rows(pivots: &Raw, rows: usize) -> Result<Raw> {
    bind_one(&Exchanged { rows }, &[pivots])
}

/// `a[rows] = L U`: `[rows, L, U]`, `L` with ones on its diagonal. SciPy's `linalg.lu` with `p_indices=True`, whose indices are the
/// inverse permutation.
///
/// # Errors
/// As [`lu_factor`].
pub fn lu(a: &Raw) -> Result<[Raw; 3]> {
    factors(a, false)
}

/// `a = P L U`: `[P, L, U]`. SciPy's `linalg.lu`.
///
/// # Errors
/// As [`lu_factor`].
pub fn plu(a: &Raw) -> Result<[Raw; 3]> {
    factors(a, true)
}

fn factors(a: &Raw, permutation: bool) -> Result<[Raw; 3]> {
    let mut all = bind(&Lu { permutation }, &[a])?.into_vec();
    if permutation {
        all.rotate_right(1);
        all.remove(1);
    }
    <[Raw; 3]>::try_from(all).map_err(|_| Error::value("lu", "there are three outputs"))
}

/// The pseudoinverse. Singular values up to `rcond` times the largest count as zero; `rcond` broadcasts against the batch. NumPy's
/// `linalg.pinv`.
///
/// # Errors
/// When there are fewer than two axes, an element is not finite, or there is no linear algebra of the dtype.
pub fn pinv(a: &Raw, rcond: &Raw) -> Result<Raw> {
    let (batch, ..) = matrices("pinv", a.shape())?;
    let dtype = compute_dtype("pinv", [a.dtype()])?;
    if a.is_empty() {
        // as empty, and its gradient as well
        return crate::ops::transposed(&a.cast(dtype)?);
    }
    let rcond = rcond.detach().cast(dtype.to_real())?.broadcast_to(batch)?;
    bind_pinv(a, &rcond)
}

/// The pseudoinverse of Hermitian matrices, of which the lower triangle is read. NumPy's `linalg.pinv(a, hermitian=True)`. Gradients
/// are by the lower triangle.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![2.0, f64::NAN, 0.0, 4.0], &[2, 2])?;
/// let p = civita_linalg::pinv_hermitian(&a, &Raw::from_vec(vec![1e-15], &[])?)?;
/// assert_eq!(p.to_vec::<f64>()?, [0.5, 0.0, 0.0, 0.25]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`pinv`], and when a matrix that is not empty is not square.
pub fn pinv_hermitian(a: &Raw, rcond: &Raw) -> Result<Raw> {
    let (_, m, n) = matrices("pinv", a.shape())?;
    if m * n == 0 {
        return pinv(a, rcond);
    }
    squares("pinv", a.shape())?;
    let a = a.cast(compute_dtype("pinv", [a.dtype()])?)?;
    pinv(&mirrored(&a, Uplo::Lower)?, rcond)
}

/// What [`lstsq`] finds.
#[derive(Clone)]
pub struct LeastSquares {
    /// The solution.
    pub x: Raw,
    /// The sums of squares of `b - a x`, one for each column. They mean something where the rank is full and there are more
    /// rows than columns.
    pub residuals: Raw,
    /// The rank, as `int32`.
    pub rank: Raw,
    /// The singular values.
    pub s: Raw,
}

/// `x` with the least `‖b - a x‖`, and of these the shortest. NumPy's `linalg.lstsq`; stacks are allowed. Singular values up to
/// `rcond` times the largest count as zero; by default that is the precision times the longer side.
///
/// # Errors
/// When the shapes do not fit, an element is not finite, or there is no linear algebra of the dtype.
pub fn lstsq(a: &Raw, b: &Raw, rcond: Option<f64>) -> Result<LeastSquares> {
    let (batch, m, n) = matrices("lstsq", a.shape())?;
    let vector = b.rank() == 1;
    let b = if vector {
        b.expand_dims(&[1])?
    } else {
        b.clone()
    };
    let (other, rows, columns) = matrices("lstsq", b.shape())?;
    if rows != m {
        return Err(Error::linalg("lstsq", "Incompatible dimensions")
            .shapes(&[a.shape(), b.shape()])
            .rule("b has as many rows as a"));
    }
    let all = broadcast_shapes("lstsq", &[batch, other])?;
    let (a, b) = (
        a.broadcast_to(&with_axes(&all, &[m, n]))?,
        b.broadcast_to(&with_axes(&all, &[m, columns]))?,
    );
    let dtype = compute_dtype("lstsq", [a.dtype(), b.dtype()])?;
    let rcond = match rcond {
        Some(rcond) if rcond >= 0.0 => rcond,
        Some(_) => epsilon(dtype) / 2.0, // LAPACK's
        None => epsilon(dtype) * m.max(n) as f64,
    };
    let mut outputs = bind(&Lstsq { rcond }, &[&a, &b])?.into_vec();
    let (Some(s), Some(rank), Some(x)) = (outputs.pop(), outputs.pop(), outputs.pop()) else {
        return Err(Error::value("lstsq", "there are three outputs"));
    };
    let residuals = svd::residuals(&a, &b, &x)?;
    Ok(LeastSquares {
        x: shaped(x, vector)?,
        residuals,
        rank,
        s,
    })
}

/// Distance of 1 from the next number.
pub(crate) fn epsilon(dtype: civita_core::dtype::DType) -> f64 {
    match dtype.to_real() {
        civita_core::dtype::DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    }
}

/// A number as a tensor without axes.
pub(crate) fn number(x: f64, dtype: civita_core::dtype::DType) -> Result<Raw> {
    Raw::scalar(Value::Float(x), dtype)
}
