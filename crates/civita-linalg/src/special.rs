//! Matrices with a structure, and what is made of factorisations: SciPy's `linalg`.

use civita_core::dtype::{DType, promote};
use civita_core::error::{Error, Result};
use civita_core::layout::broadcast_shapes;
use civita_core::ops::Reduction;
use civita_core::raw::{Mode as Take, Raw, ReduceOptions};
use civita_core::storage;

use crate::checks::{matrices, with_axes};
use crate::ops::{adjoint, last_two, times_columns, times_rows};
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

/// The matrix with these matrices on its diagonal and zeros elsewhere; a vector is a row, a number a matrix of one. Batches broadcast.
/// SciPy's `linalg.block_diag`.
///
/// ```
/// use civita_core::raw::Raw;
/// let (a, b) = (Raw::from_vec(vec![1, 2], &[1, 2])?, Raw::from_vec(vec![3], &[1, 1])?);
/// let both = civita_linalg::block_diag(&[&a, &b])?;
/// assert_eq!(both.to_vec::<i32>()?, [1, 2, 0, 0, 0, 3]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When batches do not broadcast, or there is no memory.
pub fn block_diag(blocks: &[&Raw]) -> Result<Raw> {
    const OP: &str = "block_diag";
    let matrix = |x: &&Raw| match *x.shape() {
        [] => x.reshape(&[1, 1]),
        [n] => x.reshape(&[1, n]),
        _ => Ok((*x).clone()),
    };
    let blocks: Vec<Raw> = blocks.iter().map(matrix).collect::<Result<_>>()?;
    let Some(first) = blocks.first() else {
        return Raw::zeros(&[1, 0], DType::F64);
    };
    let batch = |x: &Raw| x.shape()[..x.rank() - 2].to_vec();
    let batches: Vec<Vec<usize>> = blocks.iter().map(batch).collect();
    let batches: Vec<&[usize]> = batches.iter().map(Vec::as_slice).collect();
    let all = broadcast_shapes(OP, &batches)?;
    let kind = |kind, x: &Raw| promote(kind, x.dtype());
    let dtype = blocks.iter().fold(first.dtype(), kind);
    let width: usize = blocks.iter().map(|x| last_two(x).1).sum();
    let mut before = 0;
    let mut rows = Vec::new();
    for x in &blocks {
        let (m, n) = last_two(x);
        let x = x.cast(dtype)?.broadcast_to(&with_axes(&all, &[m, n]))?;
        let zeros = |n| Raw::zeros(&with_axes(&all, &[m, n]), dtype);
        rows.push(Raw::concatenate(
            &[&zeros(before)?, &x, &zeros(width - before - n)?],
            -1,
        )?);
        before += n;
    }
    Raw::concatenate(&rows.iter().collect::<Vec<_>>(), -2)
}

/// The matrix whose characteristic polynomial has these coefficients, of which the first is not zero; of an array with several axes a
/// matrix for each vector along the last. SciPy's `linalg.companion`.
///
/// ```
/// use civita_core::raw::Raw;
/// let a = Raw::from_vec(vec![1.0, -5.0, 6.0], &[3])?;
/// assert_eq!(civita_linalg::companion(&a)?.to_vec::<f64>()?, [5.0, -6.0, 1.0, 0.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two coefficients, or the first is zero.
pub fn companion(a: &Raw) -> Result<Raw> {
    const OP: &str = "companion";
    let n = a.shape().last().copied().unwrap_or(0);
    if n < 2 {
        return Err(Error::value(
            OP,
            "The length of `a` along the last axis must be at least 2.",
        ));
    }
    let dtype = match a.dtype().is_float() || a.dtype().is_complex() {
        true => a.dtype(),
        false => DType::F64,
    };
    let a = a.cast(dtype)?;
    let first = a.narrow(-1, 0, 1)?;
    if first.opaque().is_none() {
        let zero = first.detach().eq(&Raw::zeros(&[], dtype)?)?;
        let any = zero.reduce(Reduction::Any, ReduceOptions::default())?;
        if any.item()?.as_f64() != 0.0 {
            return Err(Error::value(
                OP,
                "The first coefficient(s) of `a` (i.e. elements of `a[..., 0]`) must not be zero.",
            ));
        }
    }
    let row = a.narrow(-1, 1, n - 1)?.div(&first)?.neg()?;
    let batch = &a.shape()[..a.rank() - 1];
    let below = Raw::eye(n - 2, n - 1, 0, dtype)?;
    let below = below.broadcast_to(&with_axes(batch, &[n - 2, n - 1]))?;
    Raw::concatenate(&[&row.expand_dims(&[-2])?, &below], -2)
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
