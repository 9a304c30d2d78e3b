//! Matrices with a structure, and what is made of factorisations: SciPy's `linalg`.

use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::raw::{Mode as Take, Raw};
use civita_core::storage;

use crate::checks::matrices;
use crate::ops::{adjoint, times_columns, times_rows};
use crate::svd;

fn flat(x: &Raw) -> Result<Raw> {
    x.reshape(&[x.len()])
}

/// The elements of a vector at `index(row, column)`.
fn arranged(
    op: &'static str,
    values: &Raw,
    rows: usize,
    columns: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Result<Raw> {
    storage::room(op, rows.saturating_mul(columns).saturating_mul(8))?;
    let all = (0..rows * columns).map(|k| index(k / columns, k % columns) as i64);
    let index = Raw::from_vec(all.collect::<Vec<i64>>(), &[rows, columns])?;
    values.take(&index, 0, Take::Raise)
}

/// The matrix with `c` as its first column and `r` as its first row, and constant diagonals; `r[0]` is not read. By default `r` is
/// the conjugate of `c`.
///
/// # Errors
/// When there is no memory.
pub fn toeplitz(c: &Raw, r: Option<&Raw>) -> Result<Raw> {
    let c = flat(c)?;
    let r = match r {
        Some(r) => flat(r)?,
        None if c.dtype().is_complex() => c.conj()?,
        None => c.clone(),
    };
    let (m, n) = (c.len(), r.len());
    if m == 0 || n == 0 {
        return Raw::zeros(&[m, n], c.dtype());
    }
    let values = Raw::concatenate(&[&c, &r.narrow(0, 1, n - 1)?], 0)?;
    arranged("toeplitz", &values, m, n, |i, j| {
        if i >= j { i - j } else { m - 1 + j - i }
    })
}

/// The matrix with `c` as its first column and `r` as its last row, and constant antidiagonals; `r[0]` is not read. By default
/// `r` is zero.
///
/// # Errors
/// When there is no memory.
pub fn hankel(c: &Raw, r: Option<&Raw>) -> Result<Raw> {
    let c = flat(c)?;
    let r = match r {
        Some(r) => flat(r)?,
        None => Raw::zeros(c.shape(), c.dtype())?,
    };
    let (m, n) = (c.len(), r.len());
    if m == 0 || n == 0 {
        return Raw::zeros(&[m, n], c.dtype());
    }
    let values = Raw::concatenate(&[&c, &r.narrow(0, 1, n - 1)?], 0)?;
    arranged("hankel", &values, m, n, |i, j| i + j)
}

/// The matrix whose columns are `c`, each turned down by one more.
///
/// # Errors
/// When there is no memory.
pub fn circulant(c: &Raw) -> Result<Raw> {
    let c = flat(c)?;
    let n = c.len();
    arranged("circulant", &c, n, n, |i, j| (i + n - j) % n)
}

/// The matrix of `1 / (i + j + 1)`.
///
/// # Errors
/// When there is no memory.
pub fn hilbert(n: usize) -> Result<Raw> {
    storage::room("hilbert", n.saturating_mul(n).saturating_mul(8))?;
    let all = (0..n * n).map(|k| 1.0 / (k / n + k % n + 1) as f64);
    Raw::from_vec(all.collect::<Vec<f64>>(), &[n, n])
}

/// Hadamard's matrix of 1 and -1 with orthogonal rows, by Sylvester's construction.
///
/// # Errors
/// When `n` is no power of two.
pub fn hadamard(n: usize, dtype: DType) -> Result<Raw> {
    if !n.is_power_of_two() {
        return Err(Error::value(
            "hadamard",
            "n must be a positive integer, and n must be a power of 2",
        ));
    }
    let sign = |k: usize| {
        let shared = (k / n) & (k % n);
        if shared.count_ones().is_multiple_of(2) {
            1.0
        } else {
            -1.0
        }
    };
    storage::room("hadamard", n.saturating_mul(n).saturating_mul(8))?;
    let all: Vec<f64> = (0..n * n).map(sign).collect();
    Raw::from_vec(all, &[n, n])?.cast(dtype)
}

/// Which factor of a polar decomposition comes second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `a = u p`.
    Right,
    /// `a = p u`.
    Left,
}

/// The polar decomposition `(u, p)`: `u` with orthonormal columns (or rows) and a Hermitian positive semidefinite `p`.
///
/// # Errors
/// When there are fewer than two axes, or an element is not finite.
pub fn polar(a: &Raw, side: Side) -> Result<(Raw, Raw)> {
    matrices("polar", a.shape())?;
    let [w, s, vh] = svd::thin(a)?;
    let u = w.matmul(&vh)?;
    let p = match side {
        Side::Right => times_columns(&adjoint(&vh)?, &s)?.matmul(&vh)?,
        Side::Left => w.matmul(&times_rows(&s, &adjoint(&w)?)?)?,
    };
    Ok((u, p))
}
