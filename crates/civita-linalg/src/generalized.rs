//! Eigenproblems of two matrices, and of polynomials in a number.

use civita_core::dtype::Scalar as Value;
use civita_core::error::{Error, Result, shape_text};
use civita_core::layout::{Axes, KeepDims, broadcast_shapes};
use civita_core::ops::Reduction;
use civita_core::raw::Raw;

use crate::checks::{compute_dtype, squares, with_axes};
use crate::norms::{Order, matrix_norm};
use crate::ops::{adjoint, reduce, sum, times};
use crate::spectra::{eig, eigh};
use crate::systems::{Uplo, cholesky, epsilon, inv, number, solve, solve_triangular};
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

/// Combinations of the two matrices, each scaled to norm 1, whose inverse the problem is multiplied by.
const ROTATIONS: [(f64, f64); 6] = [
    (0.0, 1.0),
    (0.6, 0.8),
    (0.6, -0.8),
    (0.96, 0.28),
    (0.28, 0.96),
    (0.8, -0.6),
];

/// Condition up to which the first combination, `b` itself, is taken.
const WELL: f64 = 1e6;

/// What solves `beta a v = alpha b v`: `(alpha, beta, v)`, all complex, where the columns of `v` have the norm 1. The eigenvalues are
/// `alpha / beta`, infinite where `beta` is zero. SciPy's `linalg.eig(a, b, homogeneous_eigvals=True)`.
///
/// The problem is multiplied by the inverse of `b` where that is well conditioned, otherwise of the best of some combinations `c = s a + t b`:
/// then `c⁻¹ b v = μ v` and the eigenvalue is `(1 - t μ) / (s μ)`. The relative backward error is the precision times the condition number
/// of that matrix. Where values cannot be asked (`vmap`, `trace`) it is `b`.
///
/// # Errors
/// When a matrix is not square, the sizes differ, an element is not finite, `s a + t b` is singular for all `s` and `t`, or there is no
/// linear algebra of the dtype. Gradients of the vectors do not exist where two eigenvalues are equal.
pub fn eig_generalized(a: &Raw, b: &Raw) -> Result<(Raw, Raw, Raw)> {
    let (a, b) = pair("eig", a, b)?;
    let complex = a.dtype().to_complex();
    let one = number(1.0, a.dtype().to_real())?.cast(complex)?;
    let (size_a, size_b) = (size(&a)?, size(&b)?);
    let mut best: Option<(f64, Raw, (f64, f64))> = None;
    for (s, t) in ROTATIONS {
        let c = match (s, size_a, size_b) {
            (0.0, ..) => b.clone(),
            (_, Some(size_a), Some(size_b)) => {
                times(&a, s / size_a)?.add(&times(&b, t / size_b)?)?
            }
            _ => break,
        };
        let condition = match size_a {
            Some(_) => condition(&c)?,
            None => 0.0,
        };
        if best.as_ref().is_none_or(|(least, ..)| condition < *least) {
            best = Some((condition, c, (s, t)));
        }
        if condition <= WELL {
            break;
        }
    }
    let singular = || {
        Error::linalg("eig", "the pencil of a and b is singular")
            .rule("det(s a + t b) is not zero for all s and t")
    };
    let (condition, c, (s, t)) = best.ok_or_else(singular)?;
    if condition >= 1.0 / epsilon(a.dtype()) {
        return Err(singular());
    }
    if s == 0.0 {
        let (w, v) = eig(&solve(&b, &a)?)?;
        let ones = one.broadcast_to(w.shape())?;
        return Ok((w, ones, v));
    }
    let (s, t) = (s / size_a.unwrap_or(1.0), t / size_b.unwrap_or(1.0));
    let (mu, v) = eig(&solve(&c, &b)?)?;
    let alpha = one.sub(&times(&mu, t)?)?;
    let beta = times(&mu, s)?;
    // zero but for rounding, which the inverse of c amplifies
    let sizes = mu.detach().abs()?;
    let largest = reduce(&sizes, Reduction::Max, Axes::List(&[-1]), KeepDims::Yes)?;
    let n = mu.shape().last().copied().unwrap_or(0) as f64;
    let limit = n * epsilon(a.dtype()) * condition.clamp(10.0, 1e3);
    let noise = sizes.le(&times(&largest, limit)?)?;
    let beta = noise.choose(&Raw::zeros(&[], complex)?, &beta)?;
    Ok((alpha, beta, v))
}

/// The largest Frobenius norm of a batch, at least the smallest normal number; nothing where values cannot be asked.
fn size(a: &Raw) -> Result<Option<f64>> {
    if a.opaque().is_some() || a.is_empty() {
        return Ok(None);
    }
    let norms = matrix_norm(&a.detach(), Order::Frobenius, [-2, -1], KeepDims::No)?;
    let largest = reduce(&norms, Reduction::Max, Axes::All, KeepDims::No)?;
    let largest = largest.item()?.as_f64();
    match largest.is_finite() {
        true => Ok(Some(if largest > 0.0 { largest } else { 1.0 })),
        false => Err(Error::linalg("eig", "Array must not contain infs or NaNs")),
    }
}

/// The largest condition number of a batch in the norm of 1; infinite where one has no inverse.
fn condition(a: &Raw) -> Result<f64> {
    let a = a.detach();
    let inverse = match inv(&a) {
        Ok(inverse) => inverse,
        Err(e) if e.is_linalg() => return Ok(f64::INFINITY),
        Err(e) => return Err(e),
    };
    let norm = |x: &Raw| matrix_norm(x, Order::P(1.0), [-2, -1], KeepDims::No);
    let all = norm(&a)?.mul(&norm(&inverse)?)?;
    let largest = reduce(&all, Reduction::Max, Axes::All, KeepDims::No)?;
    let largest = largest.item()?.as_f64();
    Ok(if largest.is_nan() {
        f64::INFINITY
    } else {
        largest
    })
}

/// `alpha / beta`, infinite where `beta` is zero.
///
/// # Errors
/// When shapes do not broadcast.
pub fn eigenvalues(alpha: &Raw, beta: &Raw) -> Result<Raw> {
    let zero = beta.detach().eq(&Raw::zeros(&[], beta.dtype())?)?;
    let one = Raw::scalar(Value::Float(1.0), beta.dtype())?;
    let w = alpha.div(&zero.choose(&one, beta)?)?;
    zero.choose(&Raw::scalar(Value::Float(f64::INFINITY), w.dtype())?, &w)
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
