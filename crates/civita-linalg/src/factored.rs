//! Systems solved with a factorisation made before, and bases of the spaces of a matrix.

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::Direction;
use civita_core::raw::Raw;

use crate::checks::{matrices, squares};
use crate::ops::{adjoint, conjugate, transposed};
use crate::spectra::svd;
use crate::svd::Vectors;
use crate::systems::{Uplo, epsilon, solve_triangular};
use crate::triangular::Triangle;

/// Which matrix of a system is the factored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `a x = b`.
    Plain,
    /// `aᵀ x = b`.
    Transposed,
    /// `aᴴ x = b`.
    Adjoint,
}

/// Rows in another order.
fn rows_of(b: &Raw, order: &Raw) -> Result<Raw> {
    if b.is_empty() {
        return Ok(b.clone());
    }
    let order = order.expand_dims(&[-1])?.broadcast_to(b.shape())?;
    b.take_along_axis(&order, -2)
}

/// Solves `a x = b` with what [`lu_factor`](crate::lu_factor) found. SciPy's `linalg.lu_solve`.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_linalg::{Form, lu_factor, lu_solve};
/// let a = Raw::from_vec(vec![3.0, 1.0, 1.0, 2.0], &[2, 2])?;
/// let (packed, rows) = lu_factor(&a)?;
/// let b = Raw::from_vec(vec![9.0, 8.0], &[2])?;
/// let x = lu_solve(&packed, &rows, &b, Form::Plain)?.to_vec::<f64>()?;
/// assert!((x[0] - 2.0).abs() < 1e-15 && (x[1] - 3.0).abs() < 1e-15);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When the matrix is not square or singular, or the shapes do not fit.
pub fn lu_solve(packed: &Raw, rows: &Raw, b: &Raw, form: Form) -> Result<Raw> {
    squares("lu_solve", packed.shape())?;
    if b.rank() == 1 {
        let x = lu_solve(packed, rows, &b.expand_dims(&[1])?, form)?;
        return x.squeeze(Some(&[-1]));
    }
    let (_, m, _) = matrices("lu_solve", b.shape())?;
    if rows.shape().last() != Some(&m) {
        return Err(
            Error::shape("lu_solve", "b has as many rows as the factored matrix")
                .shapes(&[packed.shape(), b.shape()]),
        );
    }
    let turned = match form {
        Form::Plain => {
            let y = solve_triangular(packed, &rows_of(b, rows)?, Triangle::UnitLower)?;
            return solve_triangular(packed, &y, Triangle::Upper);
        }
        Form::Transposed => transposed(packed)?,
        Form::Adjoint => adjoint(packed)?,
    };
    let y = solve_triangular(&turned, b, Triangle::Lower)?;
    let x = solve_triangular(&turned, &y, Triangle::UnitUpper)?;
    rows_of(&x, &rows.argsort(-1, Direction::Ascending)?)
}

/// Solves `a x = b` with the Cholesky factor of `a`. SciPy's `linalg.cho_solve`.
///
/// # Errors
/// When the shapes do not fit, or the factor is singular.
pub fn cho_solve(factor: &Raw, uplo: Uplo, b: &Raw) -> Result<Raw> {
    let other = adjoint(factor)?;
    let (lower, upper) = match uplo {
        Uplo::Lower => (factor, &other),
        Uplo::Upper => (&other, factor),
    };
    let y = solve_triangular(lower, b, Triangle::Lower)?;
    solve_triangular(upper, &y, Triangle::Upper)
}

/// The number of singular values that count.
fn rank_of(a: &Raw, s: &Raw, rcond: Option<f64>) -> Result<usize> {
    let (_, m, n) = matrices("orth", a.shape())?;
    let rcond = rcond.unwrap_or(epsilon(s.dtype()) * m.max(n) as f64);
    let values: Vec<f64> = s.detach().cast(DType::F64)?.to_vec()?;
    let largest = values.first().copied().unwrap_or(0.0);
    Ok(values.iter().filter(|&&s| s > rcond * largest).count())
}

fn one_matrix(op: &'static str, a: &Raw) -> Result<()> {
    match a.rank() {
        2 => Ok(()),
        _ => Err(Error::linalg(op, "takes one matrix").shapes(&[a.shape()])),
    }
}

/// An orthonormal basis of the range of a matrix: its left singular vectors. Singular values up to `rcond` times the largest count as
/// zero, by default the precision times the longer side. SciPy's `linalg.orth`.
///
/// # Errors
/// When it is not one matrix, or an element is not finite.
pub fn orth(a: &Raw, rcond: Option<f64>) -> Result<Raw> {
    one_matrix("orth", a)?;
    let [u, s, _] = svd(a, Vectors::Thin)?;
    u.narrow(-1, 0, rank_of(a, &s, rcond)?)
}

/// An orthonormal basis of the null space of a matrix: its last right singular vectors. SciPy's `linalg.null_space`.
///
/// # Errors
/// As [`orth`].
pub fn null_space(a: &Raw, rcond: Option<f64>) -> Result<Raw> {
    one_matrix("null_space", a)?;
    let [_, s, vh] = svd(a, Vectors::Full)?;
    let rank = rank_of(a, &s, rcond)?;
    let n = a.shape()[1];
    conjugate(&transposed(&vh.narrow(-2, rank, n - rank)?)?)
}
