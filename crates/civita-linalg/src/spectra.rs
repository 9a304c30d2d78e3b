//! Factorisations by orthogonal matrices, eigenvalues and singular values.

use civita_core::error::Result;
use civita_core::primitive::Direction;
use civita_core::raw::Raw;

use crate::checks::squares;
use crate::ops::{adjoint, conjugate, times_rows, transposed};
use crate::qr::{Mode, factors};
use crate::svd::{self, Vectors};
use crate::systems::{Uplo, number};
use crate::{eig as general, eigh as symmetric};

/// The QR factorisation: `[q, r]`, or `[r]`, or LAPACK's `[h, tau]`. NumPy's `linalg.qr`.
///
/// # Errors
/// When there are fewer than two axes, or there is no linear algebra of the dtype.
pub fn qr(a: &Raw, mode: Mode) -> Result<Vec<Raw>> {
    factors(a, mode)
}

/// The singular value decomposition `a = u diag(s) vh`: `[u, s, vh]`, `s` descending. NumPy's `linalg.svd`.
///
/// # Errors
/// When there are fewer than two axes, an element is not finite, or there is no linear algebra of the dtype. Gradients of the
/// vectors do not exist where two singular values are equal, nor those of the vectors beyond the singular values.
pub fn svd(a: &Raw, vectors: Vectors) -> Result<[Raw; 3]> {
    svd::three(a, vectors)
}

/// The singular values, descending. NumPy's `linalg.svdvals`.
///
/// # Errors
/// When there are fewer than two axes, an element is not finite, or there is no linear algebra of the dtype.
pub fn svdvals(a: &Raw) -> Result<Raw> {
    svd::values(a)
}

/// The singular value decomposition of Hermitian matrices, by their eigenvalues.
///
/// # Errors
/// As [`eigh`].
pub fn svd_hermitian(a: &Raw) -> Result<[Raw; 3]> {
    let (w, v) = eigh(a, Uplo::Lower)?;
    let s = w.abs()?;
    let order = s.detach().argsort(-1, Direction::Descending)?;
    let n = order.shape().last().copied().unwrap_or(0);
    let columns = order.expand_dims(&[-2])?;
    let shape: Vec<usize> = [&order.shape()[..order.rank() - 1], &[n, n]].concat();
    let u = v.take_along_axis(&columns.broadcast_to(&shape)?, -1)?;
    // zero counts as positive: rows of `vh` are unit vectors
    let negative = w
        .take_along_axis(&order, -1)?
        .detach()
        .lt(&number(0.0, s.dtype())?)?;
    let sign = negative.choose(&number(-1.0, s.dtype())?, &number(1.0, s.dtype())?)?;
    let vh = times_rows(&sign, &adjoint(&u)?)?;
    Ok([u, s.take_along_axis(&order, -1)?, vh])
}

/// The singular values of Hermitian matrices, by their eigenvalues.
///
/// # Errors
/// As [`eigvalsh`].
pub fn svdvals_hermitian(a: &Raw) -> Result<Raw> {
    let s = eigvalsh(a, Uplo::Lower)?.abs()?;
    s.sort(-1, Direction::Descending)
}

/// Eigenvalues and right eigenvectors, the columns of a matrix. Both are complex. NumPy's `linalg.eig`, which returns real arrays
/// where all eigenvalues are real.
///
/// # Errors
/// When a matrix is not square, an element is not finite, or there is no linear algebra of the dtype. Gradients of the vectors do
/// not exist where two eigenvalues are equal.
pub fn eig(a: &Raw) -> Result<(Raw, Raw)> {
    general::both(a)
}

/// Eigenvalues, complex. NumPy's `linalg.eigvals`.
///
/// # Errors
/// As [`eig`].
pub fn eigvals(a: &Raw) -> Result<Raw> {
    general::values(a)
}

/// Ascending eigenvalues of Hermitian matrices and eigenvectors, the columns of a matrix. Only one triangle is read. NumPy's
/// `linalg.eigh`.
///
/// # Errors
/// As [`eig`].
pub fn eigh(a: &Raw, uplo: Uplo) -> Result<(Raw, Raw)> {
    symmetric::both(&oriented("eigh", a, uplo)?)
}

/// Ascending eigenvalues of Hermitian matrices. Only one triangle is read. NumPy's `linalg.eigvalsh`.
///
/// # Errors
/// As [`eig`].
pub fn eigvalsh(a: &Raw, uplo: Uplo) -> Result<Raw> {
    symmetric::values(&oriented("eigvalsh", a, uplo)?)
}

/// The matrix whose lower triangle counts.
fn oriented(op: &'static str, a: &Raw, uplo: Uplo) -> Result<Raw> {
    squares(op, a.shape())?;
    match uplo {
        Uplo::Lower => Ok(a.clone()),
        Uplo::Upper => conjugate(&transposed(a)?),
    }
}
