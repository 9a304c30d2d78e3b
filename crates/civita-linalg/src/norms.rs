//! Norms, condition numbers, ranks.

use civita_core::dtype::{DType, Scalar as Value};
use civita_core::error::{Error, Result};
use civita_core::layout::{Axes, KeepDims, normalize_axis};
use civita_core::ops::{Op, Reduction};
use civita_core::primitive::bind_one;
use civita_core::raw::Raw;

use crate::checks::{matrices, squares};
use crate::lu::{Inv, Singular};
use crate::ops::{reduce, sum};
use crate::spectra::{svdvals, svdvals_hermitian};
use crate::systems::{epsilon, number};

/// Which norm. A number is the `p` of a vector's p-norm; of matrices there are those of 1, 2, infinity and their negatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// The 2-norm of vectors, Frobenius' norm of matrices.
    Default,
    /// Frobenius' norm of matrices.
    Frobenius,
    /// The sum of the singular values of matrices.
    Nuclear,
    /// By a number.
    P(f64),
}

/// Floats as they are; integers and booleans as `float64`.
fn inexact(x: &Raw) -> Result<Raw> {
    match x.dtype().is_float() || x.dtype().is_complex() {
        true => Ok(x.clone()),
        false => x.cast(DType::F64),
    }
}

fn squares_of(x: &Raw) -> Result<Raw> {
    match x.dtype().is_complex() {
        true => {
            let (re, im) = (x.real()?, x.imag()?);
            re.mul(&re)?.add(&im.mul(&im)?)
        }
        false => x.mul(x),
    }
}

/// A root whose derivative at zero is zero, the smallest subgradient of a norm.
fn root(x: &Raw, power: f64) -> Result<Raw> {
    let zero = number(0.0, x.dtype())?;
    let is_zero = x.eq(&zero)?;
    let safe = is_zero.choose(&number(1.0, x.dtype())?, x)?;
    let y = match power == 0.5 {
        true => safe.sqrt()?,
        false => Raw::apply(Op::Pow, &[(&safe).into(), Value::Float(power).into()])?,
    };
    is_zero.choose(&zero, &y)
}

/// The norm of vectors along axes, all of them by default, as if they were one. NumPy's `linalg.vector_norm`.
///
/// # Errors
/// When an axis does not exist, or the order is no number.
pub fn vector_norm(x: &Raw, order: Order, axes: Axes<'_>, keepdims: KeepDims) -> Result<Raw> {
    let x = inexact(x)?;
    let p = match order {
        Order::Default => 2.0,
        Order::P(p) => p,
        Order::Frobenius | Order::Nuclear => {
            let name = if order == Order::Frobenius {
                "fro"
            } else {
                "nuc"
            };
            return Err(Error::value(
                "norm",
                format!("Invalid norm order '{name}' for vectors"),
            ));
        }
    };
    if p == 2.0 {
        return root(
            &reduce(&squares_of(&x)?, Reduction::Sum, axes, keepdims)?,
            0.5,
        );
    }
    if p == 0.0 {
        let there = x.ne(&number(0.0, x.dtype())?)?.cast(x.dtype().to_real())?;
        return reduce(&there, Reduction::Sum, axes, keepdims);
    }
    let sizes = x.abs()?;
    if p == f64::INFINITY {
        if sizes.is_empty() {
            return reduce(&sizes, Reduction::Sum, axes, keepdims);
        }
        return reduce(&sizes, Reduction::Max, axes, keepdims);
    }
    if p == f64::NEG_INFINITY {
        return reduce(&sizes, Reduction::Min, axes, keepdims);
    }
    if p == 1.0 {
        return reduce(&sizes, Reduction::Sum, axes, keepdims);
    }
    let power = |x: &Raw| Raw::apply(Op::Pow, &[x.into(), Value::Float(p).into()]);
    let powers = match p < 1.0 {
        false => power(&sizes)?,
        // infinitely steep at 0: the subgradient there is 0
        true => {
            let zero = number(0.0, sizes.dtype())?;
            let is_zero = sizes.eq(&zero)?;
            let choose =
                |a: &Raw, b: &Raw| Raw::apply(Op::Where, &[(&is_zero).into(), a.into(), b.into()]);
            choose(
                &power(&zero)?,
                &power(&choose(&number(1.0, sizes.dtype())?, &sizes)?)?,
            )?
        }
    };
    let all = reduce(&powers, Reduction::Sum, axes, keepdims)?;
    if p < 0.0 {
        return Raw::apply(Op::Pow, &[(&all).into(), Value::Float(1.0 / p).into()]);
    }
    root(&all, 1.0 / p)
}

/// The norm of the matrices over two axes. NumPy's `linalg.matrix_norm` and `linalg.norm` with two axes.
///
/// # Errors
/// When an axis does not exist, both are the same, or there is no such norm.
pub fn matrix_norm(x: &Raw, order: Order, axes: [isize; 2], keepdims: KeepDims) -> Result<Raw> {
    let x = inexact(x)?;
    let row = normalize_axis("norm", axes[0], x.rank())?;
    let column = normalize_axis("norm", axes[1], x.rank())?;
    if row == column {
        return Err(Error::value("norm", "Duplicate axes given."));
    }
    let x = move_to_end(&x, row, column)?;
    let extreme = |x: &Raw, op: Reduction| -> Result<Raw> {
        match op == Reduction::Max && x.shape().last() == Some(&0) {
            true => sum(x, &[-1], KeepDims::No),
            false => reduce(x, op, Axes::List(&[-1]), KeepDims::No),
        }
    };
    let sums = |axis: isize| sum(&x.abs()?, &[axis], KeepDims::No);
    let y = match order {
        Order::Default | Order::Frobenius => {
            root(&sum(&squares_of(&x)?, &[-2, -1], KeepDims::No)?, 0.5)?
        }
        Order::Nuclear => sum(&svdvals(&x)?, &[-1], KeepDims::No)?,
        Order::P(2.0) => extreme(&svdvals(&x)?, Reduction::Max)?,
        Order::P(-2.0) => extreme(&svdvals(&x)?, Reduction::Min)?,
        Order::P(1.0) => extreme(&sums(-2)?, Reduction::Max)?,
        Order::P(-1.0) => extreme(&sums(-2)?, Reduction::Min)?,
        Order::P(f64::INFINITY) => extreme(&sums(-1)?, Reduction::Max)?,
        Order::P(f64::NEG_INFINITY) => extreme(&sums(-1)?, Reduction::Min)?,
        Order::P(_) => {
            return Err(Error::value("norm", "Invalid norm order for matrices."));
        }
    };
    match keepdims {
        KeepDims::No => Ok(y),
        KeepDims::Yes => {
            let mut at = [row as isize, column as isize];
            at.sort_unstable();
            y.expand_dims(&at)
        }
    }
}

/// These axes last, in this order.
fn move_to_end(x: &Raw, row: usize, column: usize) -> Result<Raw> {
    let rest = (0..x.rank()).filter(|&i| i != row && i != column);
    let order: Vec<isize> = rest.chain([row, column]).map(|i| i as isize).collect();
    x.permute(&order)
}

/// The norm of vectors (one axis) or matrices (two axes); without axes that of all elements as a vector, unless an order is given
/// for a matrix. NumPy's `linalg.norm`.
///
/// # Errors
/// When an axis does not exist, there are more than two, or there is no such norm.
pub fn norm(x: &Raw, order: Order, axes: Axes<'_>, keepdims: KeepDims) -> Result<Raw> {
    let found = match axes {
        Axes::All if order == Order::Default => {
            return vector_norm(x, order, axes, keepdims);
        }
        Axes::All => (0..x.rank() as isize).collect::<Vec<_>>(),
        Axes::List(list) => list.to_vec(),
    };
    match *found {
        [_] => vector_norm(x, order, Axes::List(&found), keepdims),
        [row, column] => matrix_norm(x, order, [row, column], keepdims),
        _ => Err(Error::value(
            "norm",
            "Improper number of dimensions to norm.",
        )),
    }
}

/// The condition number by a norm: `‖a‖ ‖a⁻¹‖`, infinite for singular matrices. NumPy's `linalg.cond`.
///
/// # Errors
/// When a matrix is empty, or not square where the norm is not that of 2.
pub fn cond(x: &Raw, order: Order) -> Result<Raw> {
    let (batch, m, n) = matrices("cond", x.shape())?;
    if m * n == 0 && batch.iter().all(|&b| b > 0) {
        return Err(Error::linalg("cond", "cond is not defined on empty arrays"));
    }
    let y = match order {
        Order::Default | Order::P(2.0) | Order::P(-2.0) => {
            let s = svdvals(x)?;
            let (first, last) = (s.select_index(-1, 0)?, s.select_index(-1, -1)?);
            match order {
                Order::P(-2.0) => last.div(&first)?,
                _ => first.div(&last)?,
            }
        }
        _ => {
            squares("cond", x.shape())?;
            let inverse = bind_one(
                &Inv {
                    singular: Singular::Nan,
                },
                &[x],
            )?;
            let norm = matrix_norm(x, order, [-2, -1], KeepDims::No)?;
            norm.mul(&matrix_norm(&inverse, order, [-2, -1], KeepDims::No)?)?
        }
    };
    // NaN that does not come from the matrix means that it is singular
    let own = reduce(
        &x.isnan()?,
        Reduction::Any,
        Axes::List(&[-2, -1]),
        KeepDims::No,
    )?;
    let lost = y.isnan()?.logical_and(&own.logical_not()?)?;
    lost.choose(&number(f64::INFINITY, y.dtype())?, &y)
}

/// The number of singular values that are greater than a tolerance: `tol`, or `rtol` times the largest, by default the precision
/// times the longer side. Both broadcast against the batch. NumPy's `linalg.matrix_rank`.
///
/// # Errors
/// When both are given, or an element is not finite.
pub fn matrix_rank(a: &Raw, tol: Option<&Raw>, rtol: Option<&Raw>, hermitian: bool) -> Result<Raw> {
    if tol.is_some() && rtol.is_some() {
        return Err(Error::value(
            "matrix_rank",
            "`tol` and `rtol` can't be both set.",
        ));
    }
    if a.rank() < 2 {
        let there = a.ne(&Raw::zeros(&[], a.dtype())?)?;
        return reduce(&there, Reduction::Any, Axes::All, KeepDims::No)?.cast(DType::I64);
    }
    let (_, m, n) = matrices("matrix_rank", a.shape())?;
    let s = match hermitian {
        true => svdvals_hermitian(a)?,
        false => svdvals(a)?,
    };
    let least = match (tol, rtol) {
        (Some(tol), _) => tol.expand_dims(&[-1])?,
        (None, rtol) => {
            let largest = match s.shape().last() {
                Some(0) => sum(&s, &[-1], KeepDims::Yes)?,
                _ => reduce(&s, Reduction::Max, Axes::List(&[-1]), KeepDims::Yes)?,
            };
            match rtol {
                Some(rtol) => largest.mul(&rtol.expand_dims(&[-1])?)?,
                None => crate::ops::times(&largest, epsilon(s.dtype()) * m.max(n) as f64)?,
            }
        }
    };
    let above = s.gt(&least)?.cast(DType::I64)?;
    sum(&above, &[-1], KeepDims::No)
}
