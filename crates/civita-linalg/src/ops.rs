//! Short names for what derivatives of matrix functions are written with.

use civita_core::dtype::{DType, Scalar as Value};
use civita_core::error::Result;
use civita_core::layout::{Axes, KeepDims};
use civita_core::ops::{Op, Reduction};
use civita_core::raw::{Raw, ReduceOptions};

/// The transpose of the last two axes.
pub fn transposed(x: &Raw) -> Result<Raw> {
    x.swap_axes(-2, -1)
}

/// The conjugate; real tensors as they are.
pub fn conjugate(x: &Raw) -> Result<Raw> {
    match x.dtype().is_complex() {
        true => x.conj(),
        false => Ok(x.clone()),
    }
}

/// The conjugate transpose of the last two axes.
pub fn adjoint(x: &Raw) -> Result<Raw> {
    conjugate(&transposed(x)?)
}

/// `x · s`.
pub fn times(x: &Raw, s: f64) -> Result<Raw> {
    Raw::apply(Op::Mul, &[x.into(), Value::Float(s).into()])
}

/// `s / x`.
pub fn over(s: f64, x: &Raw) -> Result<Raw> {
    Raw::apply(Op::Div, &[Value::Float(s).into(), x.into()])
}

/// The sum over some axes.
pub fn sum(x: &Raw, axes: &[isize], keepdims: KeepDims) -> Result<Raw> {
    reduce(x, Reduction::Sum, Axes::List(axes), keepdims)
}

/// A reduction over axes.
pub fn reduce(x: &Raw, op: Reduction, axes: Axes<'_>, keepdims: KeepDims) -> Result<Raw> {
    let options = ReduceOptions {
        axes,
        keepdims,
        ..Default::default()
    };
    x.reduce(op, options)
}

/// `tr(a b)`, without the product.
pub fn trace_of_product(a: &Raw, b: &Raw) -> Result<Raw> {
    sum(&a.mul(&transposed(b)?)?, &[-2, -1], KeepDims::No)
}

/// The diagonal of the last two axes.
pub fn diagonal(x: &Raw) -> Result<Raw> {
    x.diagonal(0, -2, -1)
}

/// A matrix of booleans, true where `keep(row, column)`.
pub fn mask(rows: usize, columns: usize, keep: impl Fn(usize, usize) -> bool) -> Result<Raw> {
    let all = (0..rows * columns).map(|i| keep(i / columns, i % columns));
    Raw::from_vec(all.collect::<Vec<bool>>(), &[rows, columns])
}

/// The elements where `keep(row, column)`, zeros elsewhere.
pub fn kept(x: &Raw, keep: impl Fn(usize, usize) -> bool) -> Result<Raw> {
    let (rows, columns) = last_two(x);
    mask(rows, columns, keep)?.choose(x, &Raw::zeros(&[], x.dtype())?)
}

/// The lower triangle, with the diagonal.
pub fn lower(x: &Raw) -> Result<Raw> {
    kept(x, |i, j| i >= j)
}

/// The upper triangle, with the diagonal.
pub fn upper(x: &Raw) -> Result<Raw> {
    kept(x, |i, j| i <= j)
}

/// The lower triangle with half of the diagonal.
pub fn lower_half(x: &Raw) -> Result<Raw> {
    halved_diagonal(&lower(x)?)
}

fn halved_diagonal(x: &Raw) -> Result<Raw> {
    let (rows, columns) = last_two(x);
    mask(rows, columns, |i, j| i == j)?.choose(&times(x, 0.5)?, x)
}

/// Matrices with these diagonals.
pub fn as_diagonal(d: &Raw) -> Result<Raw> {
    let n = d.shape().last().copied().unwrap_or(0);
    let column = d.expand_dims(&[-1])?;
    mask(n, n, |i, j| i == j)?.choose(&column, &Raw::zeros(&[], d.dtype())?)
}

/// `a · diag(d)`.
pub fn times_columns(a: &Raw, d: &Raw) -> Result<Raw> {
    a.mul(&d.expand_dims(&[-2])?)
}

/// `diag(d) · a`.
pub fn times_rows(d: &Raw, a: &Raw) -> Result<Raw> {
    d.expand_dims(&[-1])?.mul(a)
}

/// The unit matrix.
pub fn unit(n: usize, dtype: DType) -> Result<Raw> {
    Raw::eye(n, n, 0, dtype)
}

/// `(x + xᴴ) / 2`.
pub fn hermitian(x: &Raw) -> Result<Raw> {
    times(&x.add(&adjoint(x)?)?, 0.5)
}

/// Lengths of the last two axes.
pub fn last_two(x: &Raw) -> (usize, usize) {
    match *x.shape() {
        [.., m, n] => (m, n),
        _ => (1, 1),
    }
}

/// The sum of what is there.
pub fn total(terms: impl IntoIterator<Item = Option<Raw>>) -> Result<Option<Raw>> {
    let mut all: Option<Raw> = None;
    for term in terms.into_iter().flatten() {
        all = Some(match all {
            Some(sum) => sum.add(&term)?,
            None => term,
        });
    }
    Ok(all)
}
