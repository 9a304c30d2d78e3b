//! Eigenproblems of two matrices, and of polynomials in a number.

use civita_core::dtype::Scalar as Value;
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::{KeepDims, broadcast_shapes};
use civita_core::raw::Raw;

use crate::checks::{compute_dtype, squares, with_axes};
use crate::ops::{adjoint, sum, times};
use crate::spectra::eigh;
use crate::systems::{Uplo, cholesky, solve_triangular};
use crate::triangular::Triangle;

/// Which generalised Hermitian eigenproblem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// `a v = w b v`.
    AvBv,
    /// `a b v = w v`.
    AbV,
    /// `b a v = w v`.
    BaV,
}

/// Two batches of square matrices of one size, in one dtype.
fn pair(op: &'static str, a: &Raw, b: &Raw) -> Result<(Raw, Raw)> {
    let (batch, n) = squares(op, a.shape())?;
    let (other, m) = squares(op, b.shape())?;
    if n != m {
        return Err(Error::shape(
            op,
            format!(
                "wrong b dimensions: a is {}, b is {}",
                shape_text(a.shape()),
                shape_text(b.shape())
            ),
        )
        .shapes(&[a.shape(), b.shape()])
        .rule("both are square and of one size"));
    }
    let dtype = compute_dtype(op, [a.dtype(), b.dtype()])?;
    let all = with_axes(&broadcast_shapes(op, &[batch, other])?, &[n, n]);
    Ok((
        a.cast(dtype)?.broadcast_to(&all)?,
        b.cast(dtype)?.broadcast_to(&all)?,
    ))
}

/// Ascending eigenvalues and eigenvectors (columns) of a Hermitian `a` and a Hermitian positive definite `b`, of which one triangle is
/// read. The vectors satisfy `vᴴ b v = 1` (`vᴴ b⁻¹ v = 1` for [`Problem::BaV`]). SciPy's `linalg.eigh(a, b)`.
///
/// By the Cholesky factor of `b` it becomes a Hermitian problem (Golub and Van Loan, section 8.7.2).
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_linalg::{Problem, Uplo, eigh_generalized};
/// let a = Raw::from_vec(vec![2.0, 0.0, 0.0, 3.0], &[2, 2])?;
/// let b = Raw::from_vec(vec![1.0, 0.0, 0.0, 4.0], &[2, 2])?;
/// let (w, _) = eigh_generalized(&a, &b, Uplo::Lower, Problem::AvBv)?;
/// assert_eq!(w.to_vec::<f64>()?, [0.75, 2.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When a matrix is not square, the sizes differ, `b` is not positive definite, an element is not finite, or there is no linear
/// algebra of the dtype.
pub fn eigh_generalized(a: &Raw, b: &Raw, uplo: Uplo, problem: Problem) -> Result<(Raw, Raw)> {
    let (a, b) = pair("eigh", a, b)?;
    let a = mirrored(&a, uplo)?;
    let l = cholesky(&mirrored(&b, uplo)?, Uplo::Lower)?;
    let lh = adjoint(&l)?;
    let c = match problem {
        Problem::AvBv => {
            let left = solve_triangular(&l, &a, Triangle::Lower)?;
            solve_triangular(&l, &adjoint(&left)?, Triangle::Lower)?
        }
        Problem::AbV | Problem::BaV => lh.matmul(&a)?.matmul(&l)?,
    };
    let (w, y) = eigh(&c, Uplo::Lower)?;
    let v = match problem {
        Problem::AvBv | Problem::AbV => solve_triangular(&lh, &y, Triangle::Upper)?,
        Problem::BaV => l.matmul(&y)?,
    };
    Ok((w, v))
}

/// The Hermitian matrix of which one triangle is given.
pub(crate) fn mirrored(a: &Raw, uplo: Uplo) -> Result<Raw> {
    let keep = |i: usize, j: usize| match uplo {
        Uplo::Lower => i > j,
        Uplo::Upper => i < j,
    };
    let strict = crate::ops::kept(a, keep)?;
    let diagonal = crate::ops::kept(a, |i, j| i == j)?;
    let diagonal = times(&diagonal.add(&adjoint(&diagonal)?)?, 0.5)?;
    strict.add(&adjoint(&strict)?)?.add(&diagonal)
}

/// What solves `beta a v = alpha b v`: `(alpha, beta, v)`, all complex, where the columns of `v` have the norm 1 and `beta` is not negative. The
/// eigenvalues are `alpha / beta`: infinite where `b` is singular, and anything where both are zero, since then `det(s a + t b)` is zero
/// for all `s` and `t`. SciPy's `linalg.eig(a, b, homogeneous_eigvals=True)`.
///
/// By the QZ iteration, in double precision: the backward error is a small multiple of the precision whatever the condition of `b`.
///
/// ```
/// use civita_core::raw::Raw;
/// use civita_linalg::{eig_generalized, eigenvalues};
/// let a = Raw::from_vec(vec![2.0, 1.0, 0.0, 3.0], &[2, 2])?;
/// let b = Raw::from_vec(vec![4.0, 0.0, 0.0, 0.0], &[2, 2])?;
/// let (alpha, beta, _) = eig_generalized(&a, &b)?;
/// assert_eq!(eigenvalues(&alpha, &beta)?.real()?.to_vec::<f64>()?, [0.5, f64::INFINITY]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When a matrix is not square, the sizes differ, an element is not finite, or there is no linear algebra of the dtype. A gradient is that of
/// functions of `alpha / beta` and of the vectors; of the vectors it does not exist where two eigenvalues are equal, and none does for singular pencils.
pub fn eig_generalized(a: &Raw, b: &Raw) -> Result<(Raw, Raw, Raw)> {
    let (a, b) = pair("eig", a, b)?;
    crate::generalized_eig::three(&a, &b)
}

/// `alpha / beta`, infinite where `beta` is zero, NaN where both are.
///
/// # Errors
/// When shapes do not broadcast.
pub fn eigenvalues(alpha: &Raw, beta: &Raw) -> Result<Raw> {
    let is_zero = |x: &Raw| -> Result<Raw> { x.detach().eq(&Raw::zeros(&[], x.dtype())?) };
    let zero = is_zero(beta)?;
    let one = Raw::scalar(Value::Float(1.0), beta.dtype())?;
    let w = alpha.div(&zero.choose(&one, beta)?)?;
    let constant = |x: f64| Raw::scalar(Value::Float(x), w.dtype());
    let without = is_zero(alpha)?.choose(&constant(f64::NAN)?, &constant(f64::INFINITY)?)?;
    zero.choose(&without, &w)
}

/// Eigenvalues and right eigenvectors (columns of norm 1) of the polynomial `a₀ + λ a₁ + … + λᵏ aₖ`: `k n` values `λ` and an
/// `n × k n` matrix of vectors with `(a₀ + λ a₁ + …) v = 0`, both complex. MATLAB's `polyeig`.
///
/// By the companion pencil of `k n` rows; infinite where `aₖ` is singular.
///
/// ```
/// use civita_core::raw::Raw;
/// // λ² - 3 λ + 2
/// let all = [2.0, -3.0, 1.0].map(|x| Raw::from_vec(vec![x], &[1, 1]).unwrap());
/// let (w, _) = civita_linalg::polyeig(&all.iter().collect::<Vec<_>>())?;
/// let w = w.real()?.sort(-1, civita_core::primitive::Direction::Ascending)?.to_vec::<f64>()?;
/// assert!((w[0] - 1.0).abs() < 1e-12 && (w[1] - 2.0).abs() < 1e-12);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two matrices, their sizes differ, or as [`eig_generalized`].
pub fn polyeig(matrices: &[&Raw]) -> Result<(Raw, Raw)> {
    const OP: &str = "polyeig";
    let [first, rest @ ..] = matrices else {
        return Err(Error::value(OP, "takes at least two matrices"));
    };
    let Some(last) = rest.last() else {
        return Err(Error::value(OP, "takes at least two matrices"));
    };
    let (_, n) = squares(OP, first.shape())?;
    let dtype = compute_dtype(OP, matrices.iter().map(|a| a.dtype()))?;
    for a in matrices {
        if a.shape() != first.shape() {
            return Err(
                Error::shape(OP, "all matrices have one shape").shapes(&[first.shape(), a.shape()])
            );
        }
    }
    let k = rest.len();
    // blocks: a has the identity above the last row of -a₀ … -aₖ₋₁, b the identity and aₖ
    let zeros = Raw::zeros(first.shape(), dtype)?;
    let unit = Raw::eye(n, n, 0, dtype)?.broadcast_to(first.shape())?;
    let (mut rows_a, mut rows_b) = (Vec::new(), Vec::new());
    for i in 0..k {
        let (mut row_a, mut row_b) = (Vec::new(), Vec::new());
        for (j, block) in matrices.iter().enumerate().take(k) {
            row_a.push(match (i + 1 == k, j == i + 1) {
                (true, _) => block.cast(dtype)?.neg()?,
                (false, true) => unit.clone(),
                (false, false) => zeros.clone(),
            });
            row_b.push(match (i == j, i + 1 == k) {
                (true, true) => last.cast(dtype)?,
                (true, false) => unit.clone(),
                (false, _) => zeros.clone(),
            });
        }
        rows_a.push(joined(&row_a, -1)?);
        rows_b.push(joined(&row_b, -1)?);
    }
    let (alpha, beta, v) = eig_generalized(&joined(&rows_a, -2)?, &joined(&rows_b, -2)?)?;
    // the vectors are [v, λ v, λ² v …]: of a large λ the last block has the most digits
    let head = v.narrow(-2, 0, n)?;
    let tail = v.narrow(-2, (k - 1) * n, n)?;
    let squares = |x: &Raw| {
        let size = x.abs()?;
        sum(&size.mul(&size)?, &[-2], KeepDims::Yes)
    };
    let (large, small) = (squares(&tail)?, squares(&head)?);
    let which = large.detach().gt(&small.detach())?;
    let chosen = which.choose(&tail, &head)?;
    let norm = which.choose(&large, &small)?.sqrt()?.cast(v.dtype())?;
    Ok((eigenvalues(&alpha, &beta)?, chosen.div(&norm)?))
}

fn joined(parts: &[Raw], axis: isize) -> Result<Raw> {
    Raw::concatenate(&parts.iter().collect::<Vec<_>>(), axis)
}
