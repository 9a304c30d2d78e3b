//! Averages, covariance and correlation.

use super::nan::{any, kept};
use super::quantile::along_axes;
use super::value::*;
use super::warn;
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::layout;
use crate::ops::{Op, Reduction};
use crate::raw::{Raw, ReduceOptions};

fn with_float(op: Op, x: &Raw, v: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(v).into()])
}

/// Notes that a step made NaN of operands without: they are those of an elementwise op. Values under a transformation are not
/// known, and nothing is said of them.
fn note_nan(result: &Raw, operands: [&Raw; 2], text: &'static str) -> Result<()> {
    let nan = |x: &Raw| Raw::apply(Op::IsNan, &[(&x.detach()).into()]);
    if result.opaque().is_some() || !any(&nan(result)?)? {
        return Ok(());
    }
    let [a, b] = operands;
    let had = nan(a)?.logical_or(&nan(b)?)?;
    if any(&Raw::apply(
        Op::Gt,
        &[(&nan(result)?).into(), (&had).into()],
    )?)? {
        warn(text);
    }
    Ok(())
}

/// Notes that a product of finite factors is infinite.
fn note_overflow(product: &Raw, factor: &Raw) -> Result<()> {
    let infinite = |x: &Raw| any(&Raw::apply(Op::IsInf, &[(&x.detach()).into()])?);
    if product.opaque().is_none() && infinite(product)? && !infinite(factor)? {
        warn("overflow encountered in dot");
    }
    Ok(())
}

pub fn average(
    a: Array,
    axis: Axes,
    weights: OptArray,
    returned: Bool,
    keepdims: Bool,
) -> Result<(Raw, Option<Raw>)> {
    const OP: &str = "average";
    let options = |dtype| ReduceOptions {
        axes: axis.as_layout(),
        keepdims: kept(keepdims),
        dtype,
        ddof: 0.0,
    };
    let Some(weights) = weights else {
        let mean = a
            .reduce(Reduction::Mean, options(None))
            .map_err(|e| e.in_op(OP))?;
        let count = match returned {
            true => {
                a.lengths_are_read(OP);
                let each = a.len() as f64 / mean.len() as f64;
                Some(mean.detach().filled(Scalar::Float(each))?)
            }
            false => None,
        };
        return Ok((mean, count));
    };
    let weights = match weights.shape() == a.shape() {
        true => weights,
        false if axis.0.is_none() => {
            return Err(Error::dtype(
                OP,
                "Axis must be specified when shapes of a and weights differ.",
            )
            .shapes(&[weights.shape(), a.shape()]));
        }
        false => along_axes(OP, &weights, a.shape(), &axis)?,
    };
    let both = promote(a.dtype(), weights.dtype());
    let dtype = match a.dtype().is_differentiable() {
        true => both,
        false => promote(both, DType::F64),
    };
    let whole = weights.reduce(Reduction::Sum, options(Some(dtype)))?;
    if any(&with_float(Op::Eq, &whole.detach(), 0.0)?)? {
        return Err(Error::value(OP, "Weights sum to zero, can't be normalized"));
    }
    let sum = a
        .cast(dtype)?
        .mul(&weights.cast(dtype)?)?
        .reduce(Reduction::Sum, options(None))?;
    let average = sum.div(&whole)?;
    Ok((average, returned.then_some(whole)))
}

/// At least two axes: a vector is a row.
fn as_matrix(x: &Raw) -> Result<Raw> {
    match x.rank() {
        0 => x.reshape(&[1, 1]),
        1 => x.reshape(&[1, x.len()]),
        _ => Ok(x.clone()),
    }
}

fn check_weights(weights: &Raw, name: &str, samples: usize) -> Result<Raw> {
    const OP: &str = "cov";
    if weights.rank() > 1 {
        return Err(Error::value(
            OP,
            format!("cannot handle multidimensional {name}"),
        ));
    }
    if weights.len() != samples {
        return Err(Error::value(
            OP,
            format!("incompatible numbers of samples and {name}"),
        ));
    }
    let weights = weights.cast(DType::F64)?;
    if any(&with_float(Op::Lt, &weights.detach(), 0.0)?)? {
        return Err(Error::value(OP, format!("{name} cannot be negative")));
    }
    Ok(weights)
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn cov(
    m: Array,
    y: OptArray,
    rowvar: Bool,
    bias: Bool,
    ddof: OptFloat,
    fweights: OptArray,
    aweights: OptArray,
    dtype: OptDType,
) -> Result<Raw> {
    const OP: &str = "cov";
    if ddof.0.is_some_and(|ddof| ddof.fract() != 0.0) {
        return Err(Error::value(OP, "ddof must be integer"));
    }
    if let Some(dtype) = dtype.filter(|dtype| !dtype.is_differentiable()) {
        return Err(Error::dtype(
            OP,
            format!("cannot subtract means of float64 from elements of {dtype}"),
        ));
    }
    for (name, x) in [("m", Some(m)), ("y", y.as_ref())] {
        if x.is_some_and(|x| x.rank() > 2) {
            return Err(Error::value(
                OP,
                format!("{name} has more than 2 dimensions"),
            ));
        }
    }
    let dtype = dtype.unwrap_or_else(|| {
        let with = y.as_ref().map_or(DType::F64, Raw::dtype);
        promote(promote(m.dtype(), with), DType::F64)
    });
    let mut x = as_matrix(&m.cast(dtype)?)?;
    if !rowvar && m.rank() != 1 {
        x = x.transpose()?;
    }
    if x.shape()[0] == 0 {
        return Raw::zeros(&[0, 0], DType::F64);
    }
    if let Some(y) = y {
        let mut y = as_matrix(&y.cast(dtype)?)?;
        if !rowvar && y.shape()[0] != 1 {
            y = y.transpose()?;
        }
        x = Raw::concatenate(&[&x, &y], 0).map_err(|e| e.in_op(OP))?;
    }
    let n = x.shape()[1];
    let ddof = ddof.0.unwrap_or(if bias { 0.0 } else { 1.0 });
    let fweights = match fweights {
        None => None,
        Some(weights) => {
            let weights = check_weights(&weights, "fweights", n)?;
            if any(&weights.detach().ne(&weights.detach().rint()?)?)? {
                return Err(Error::dtype(OP, "fweights must be integer"));
            }
            Some(weights)
        }
    };
    let aweights = match aweights {
        None => None,
        Some(weights) => Some(check_weights(&weights, "aweights", n)?),
    };
    let weights = match (&fweights, &aweights) {
        (Some(f), Some(a)) => Some(f.mul(a)?),
        (Some(w), None) | (None, Some(w)) => Some(w.clone()),
        (None, None) => None,
    };
    let rows = [1];
    let mean_options = ReduceOptions {
        axes: layout::Axes::List(&rows),
        keepdims: layout::KeepDims::Yes,
        ..Default::default()
    };
    let (mean, weighted, factor) = match &weights {
        None => {
            if n == 0 {
                warn("Mean of empty slice");
                warn("invalid value encountered in divide");
            }
            let factor = Raw::scalar(Scalar::Float(n as f64 - ddof), DType::F64)?;
            (x.reduce(Reduction::Mean, mean_options)?, None, factor)
        }
        Some(weights) => {
            let total = weights.sum_all()?;
            if any(&with_float(Op::Eq, &total.detach(), 0.0)?)? {
                return Err(Error::value(OP, "Weights sum to zero, can't be normalized"));
            }
            let sum = x.mul(weights)?.reduce(Reduction::Sum, mean_options)?;
            let factor = match &aweights {
                _ if ddof == 0.0 => total.clone(),
                None => with_float(Op::Sub, &total, ddof)?,
                Some(a) => {
                    let squares = weights.mul(a)?.sum_all()?.div(&total)?;
                    total.sub(&with_float(Op::Mul, &squares, ddof)?)?
                }
            };
            (sum.div(&total)?, Some(weights), factor)
        }
    };
    let moved = x.sub(&mean)?;
    note_nan(&moved, [&x, &mean], "invalid value encountered in subtract")?;
    let x = moved;
    if any(&with_float(Op::Le, &factor.detach(), 0.0)?)? {
        warn("Degrees of freedom <= 0 for slice");
    }
    let factor = with_float(Op::Maximum, &factor, 0.0)?;
    let other = match weighted {
        Some(weights) => x.mul(&weights.cast(x.dtype().to_real())?)?,
        None => x.clone(),
    };
    let other = other.transpose()?;
    let other = if other.dtype().is_complex() {
        other.conj()?
    } else {
        other
    };
    let products = x.matmul(&other)?;
    note_overflow(&products, &x)?;
    if any(&with_float(Op::Eq, &factor.detach(), 0.0)?)? {
        warn("divide by zero encountered in divide");
    }
    let scale = factor.reciprocal()?.cast(products.dtype().to_real())?;
    let scaled = products.mul(&scale)?;
    note_nan(
        &scaled,
        [&products, &scale],
        "invalid value encountered in multiply",
    )?;
    scaled.squeeze(None)
}

pub fn corrcoef(x: Array, y: OptArray, rowvar: Bool, dtype: OptDType) -> Result<Raw> {
    let c = cov(x, y, rowvar, false, OptFloat(None), None, None, dtype)
        .map_err(|e| e.in_op("corrcoef"))?;
    let divided = |c: &Raw, by: &Raw| {
        let quotient = c.div(by)?;
        note_nan(&quotient, [c, by], "invalid value encountered in divide")?;
        Ok(quotient)
    };
    if c.rank() == 0 {
        return divided(&c, &c);
    }
    let diagonal = c.diagonal(0, 0, 1)?;
    let real = match c.dtype().is_complex() {
        true => diagonal.real()?,
        false => diagonal,
    };
    let deviation = real.sqrt()?;
    let c = divided(&c, &deviation.expand_dims(&[1])?)?;
    let c = divided(&c, &deviation.expand_dims(&[0])?)?;
    // rounding may lead beyond 1
    let within = |x: &Raw| with_float(Op::Minimum, &with_float(Op::Maximum, x, -1.0)?, 1.0);
    match c.dtype().is_complex() {
        true => super::nan::complex(&within(&c.real()?)?, &within(&c.imag()?)?),
        false => within(&c),
    }
}
