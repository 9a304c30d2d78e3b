//! Systems solved with a factorisation made before, and bases of the spaces of a matrix.

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::layout::broadcast_shapes;
use civita_core::primitive::Direction;
use civita_core::raw::Raw;

use crate::checks::{matrices, squares, with_axes};
use crate::ops::{adjoint, last_two, transposed};
use crate::spectra::svd;
use crate::svd::Vectors;
use crate::systems::{Uplo, cholesky, epsilon, number, pinv, solve_triangular};
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

/// Rows in another order, for each matrix of a batch.
fn rows_of(b: &Raw, order: &Raw) -> Result<Raw> {
    let (batch, n, c) = matrices("lu_solve", b.shape())?;
    let orders = &order.shape()[..order.rank() - 1];
    let all = with_axes(&broadcast_shapes("lu_solve", &[batch, orders])?, &[n, c]);
    let b = b.broadcast_to(&all)?;
    if b.is_empty() {
        return Ok(b);
    }
    b.take_along_axis(&order.expand_dims(&[-1])?.broadcast_to(&all)?, -2)
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
    if b.rank() == 1 {
        // of a batch of factors a batch of vectors
        let x = cho_solve(factor, uplo, &b.expand_dims(&[1])?)?;
        return x.squeeze(Some(&[-1]));
    }
    let other = adjoint(factor)?;
    let (lower, upper) = match uplo {
        Uplo::Lower => (factor, &other),
        Uplo::Upper => (&other, factor),
    };
    let y = solve_triangular(lower, b, Triangle::Lower)?;
    solve_triangular(upper, &y, Triangle::Upper)
}

/// The number of singular values that count, which is one for a batch.
fn rank_of(op: &'static str, s: &Raw, rcond: f64) -> Result<usize> {
    if s.opaque().is_some() {
        return Err(Error::value(
            op,
            "the shape of a basis is the rank of the matrix, a value that `vmap` and `trace` cannot ask",
        )
        .hint(format!(
            "`{op}` takes a batch of matrices of one rank; or take the vectors that are needed from `svd`"
        )));
    }
    let k = s.shape().last().copied().unwrap_or(0);
    let values: Vec<f64> = s.detach().cast(DType::F64)?.to_vec()?;
    let rank = |s: &[f64]| s.iter().filter(|&&x| x > rcond * s[0]).count();
    let ranks = values.chunks_exact(k.max(1)).map(rank);
    let (least, most) = ranks.fold((usize::MAX, 0), |(least, most), rank| {
        (least.min(rank), most.max(rank))
    });
    match least == most || least == usize::MAX {
        true => Ok(most),
        false => Err(Error::value(
            op,
            format!(
                "the matrices of the batch have ranks from {least} to {most}, so that their bases are no array"
            ),
        )),
    }
}

fn cut(a: &Raw, s: &Raw, rcond: Option<f64>) -> f64 {
    let (m, n) = last_two(a);
    rcond.unwrap_or(epsilon(s.dtype()) * m.max(n) as f64)
}

/// An orthonormal basis of the range of a matrix: its left singular vectors. Singular values up to `rcond` times the largest count as
/// zero, by default the precision times the longer side. Matrices of a batch have one rank. SciPy's `linalg.orth`.
///
/// # Errors
/// When there are fewer than two axes, an element is not finite, or ranks differ.
pub fn orth(a: &Raw, rcond: Option<f64>) -> Result<Raw> {
    let [u, s, _] = svd(a, Vectors::Thin)?;
    u.narrow(-1, 0, rank_of("orth", &s, cut(a, &s, rcond))?)
}

/// An orthonormal basis of the null space of a matrix: its last right singular vectors. SciPy's `linalg.null_space`.
///
/// Any rotation of a basis is one too. Gradients are those of the basis that turns least: with the pseudoinverse `P` of `a` the one
/// made orthonormal again from `(I - P a) N` for a fixed `N`, so that `dN = -P da N`, and functions that do not depend on the choice
/// have derivatives of every order.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![1.0, 0.0], &[1, 2])?;
/// assert_eq!(civita_linalg::null_space(&a, None)?.abs()?.to_vec::<f64>()?, [0.0, 1.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// As [`orth`].
pub fn null_space(a: &Raw, rcond: Option<f64>) -> Result<Raw> {
    let differentiated = a.is_differentiated();
    let fixed = if differentiated { &a.detach() } else { a };
    let [_, s, vh] = svd(fixed, Vectors::Full)?;
    let rcond = cut(a, &s, rcond);
    let rank = rank_of("null_space", &s, rcond)?;
    let (_, n) = last_two(a);
    let basis = adjoint(&vh.narrow(-2, rank, n - rank)?)?;
    if !differentiated || basis.is_empty() {
        return Ok(basis);
    }
    let inverse = pinv(a, &number(rcond, s.dtype())?)?;
    let inside = basis.sub(&inverse.matmul(&a.matmul(&basis)?)?)?;
    let over = adjoint(&inside)?;
    let l = cholesky(&over.matmul(&inside)?, Uplo::Lower)?;
    adjoint(&solve_triangular(&l, &over, Triangle::Lower)?)
}
