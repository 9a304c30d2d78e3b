//! Derivatives, running sums and straight lines of sampled values.

use super::join::flat;
use super::rearrange::part;
use super::sorting::places;
use super::value::*;
use crate::backend::cpu::{difference, interp as kernel};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::{SliceItem, normalize_axis};
use crate::ops::{Fold, Op};
use crate::primitive::{Direction, direct};
use crate::raw::{Mode, Raw};
use num_complex::Complex;

fn with_float(op: Op, x: &Raw, v: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(v).into()])
}

/// Distances of neighbours along an axis.
enum Spacing {
    /// The same everywhere, an array without axes or with one element.
    Even(Raw),
    /// One for each pair of neighbours.
    Each(Raw),
}

fn spacing(x: &Raw, length: usize) -> Result<Spacing> {
    const OP: &str = "gradient";
    let x = match x.dtype().is_differentiable() {
        true => x.clone(),
        false => x.cast(DType::F64)?,
    };
    if x.rank() == 0 {
        return Ok(Spacing::Even(x));
    }
    if x.rank() > 1 {
        return Err(Error::value(OP, "distances must be either scalars or 1d"));
    }
    if x.len() != length {
        return Err(Error::value(
            OP,
            "when 1d, distances must match the length of the corresponding dimension",
        ));
    }
    let n = length.saturating_sub(1);
    let steps = x.narrow(0, n.min(1), n)?.sub(&x.narrow(0, 0, n)?)?;
    if n == 0 || steps.opaque().is_some() {
        return Ok(Spacing::Each(steps));
    }
    let first = steps.narrow(0, 0, 1)?;
    let differs = steps.detach().ne(&first.detach())?;
    Ok(match super::nan::any(&differs)? {
        true => Spacing::Each(steps),
        false => Spacing::Even(first.reshape(&[])?),
    })
}

pub fn gradient(f: Array, varargs: EachArray, axis: Axes, edge_order: Int) -> Result<Vec<Raw>> {
    const OP: &str = "gradient";
    f.lengths_are_read(OP);
    let axes: Vec<usize> = match &axis.0 {
        None => (0..f.rank()).collect(),
        Some(list) => {
            let all = list
                .iter()
                .map(|&axis| normalize_axis(OP, axis, f.rank()))
                .collect::<Result<Vec<_>>>()?;
            if (1..all.len()).any(|i| all[..i].contains(&all[i])) {
                return Err(Error::axis(OP, "repeated axis"));
            }
            all
        }
    };
    let given = varargs.0;
    let one = Raw::scalar(Scalar::Float(1.0), DType::F64)?;
    let distances: Vec<&Raw> = match &given[..] {
        [] => vec![&one; axes.len()],
        [all] if all.rank() == 0 => vec![all; axes.len()],
        many if many.len() == axes.len() => many.iter().collect(),
        _ => return Err(Error::dtype(OP, "invalid number of arguments")),
    };
    if edge_order > 2 {
        return Err(Error::value(
            OP,
            "'edge_order' greater than 2 not supported",
        ));
    }
    let dtype = match f.dtype().is_differentiable() {
        true => f.dtype(),
        false => DType::F64,
    };
    let is_bool = f.dtype() == DType::Bool;
    // distances are float64, which 8-bit floats do not meet
    let computed = if dtype.is_float8() { DType::F32 } else { dtype };
    let f = f.cast(computed)?;
    let spacings = axes
        .iter()
        .zip(distances)
        .map(|(&axis, x)| match spacing(x, f.shape()[axis])? {
            // one number does not widen the values
            Spacing::Even(x) if computed == DType::F32 => Ok(Spacing::Even(x.cast(computed)?)),
            other => Ok(other),
        })
        .collect::<Result<Vec<_>>>()?;
    // weighted sums of booleans exist, differences do not
    let weighted = |s: &Spacing| matches!(s, Spacing::Each(_)) && edge_order == 2;
    if is_bool && !spacings.iter().all(weighted) {
        return Err(Error::dtype(
            OP,
            "booleans have no differences; convert them to numbers first",
        ));
    }
    axes.iter()
        .zip(spacings)
        .map(|(&axis, spacing)| along(&f, axis, &spacing, edge_order)?.cast(dtype))
        .collect()
}

/// Central differences inside, one-sided ones of first or second order at the ends.
fn along(f: &Raw, axis: usize, spacing: &Spacing, edge_order: isize) -> Result<Raw> {
    let n = f.shape()[axis];
    let order = edge_order.max(1) as usize;
    if n < order + 1 {
        return Err(Error::value(
            "gradient",
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required.",
        ));
    }
    if let Spacing::Even(step) = spacing
        && order == 1
        && matches!(f.dtype(), DType::F32 | DType::F64)
        && step.dtype() == f.dtype()
        && f.layout().is_contiguous()
        && let Some(y) = direct("gradient", &[f, step], || {
            difference::central(f, axis, step)
        })?
    {
        return Ok(y);
    }
    let range = |start: usize, len: usize| f.narrow(axis as isize, start, len);
    let one = |i: usize| range(i, 1);
    // distances beside the axis of `f`
    let mut wide = vec![1; f.rank()];
    wide[axis] = n - 1;
    let steps = match spacing {
        Spacing::Even(step) => step.clone(),
        Spacing::Each(steps) => steps.reshape(&wide)?,
    };
    let step = |i: usize, len: usize| match spacing {
        Spacing::Even(step) => Ok(step.clone()),
        Spacing::Each(_) => steps.narrow(axis as isize, i, len),
    };
    let times = |x: &Raw, by: f64| with_float(Op::Mul, x, by);
    let inside = n - 2;
    let (before, here, behind) = (range(0, inside)?, range(1, inside)?, range(2, inside)?);
    let middle = match spacing {
        Spacing::Even(step) => behind.sub(&before)?.div(&times(step, 2.0)?)?,
        Spacing::Each(_) => {
            let (d1, d2) = (step(0, inside)?, step(1, inside)?);
            let both = d1.add(&d2)?;
            let a = d2.neg()?.div(&d1.mul(&both)?)?;
            let b = d2.sub(&d1)?.div(&d1.mul(&d2)?)?;
            let c = d1.div(&d2.mul(&both)?)?;
            a.mul(&before)?.add(&b.mul(&here)?)?.add(&c.mul(&behind)?)?
        }
    };
    let (first, last) = if order == 1 {
        let first = one(1)?.sub(&one(0)?)?.div(&step(0, 1)?)?;
        let last = one(n - 1)?.sub(&one(n - 2)?)?.div(&step(n - 2, 1)?)?;
        (first, last)
    } else {
        let coefficients = match spacing {
            Spacing::Even(d) => {
                let over = |by: f64| Raw::apply(Op::Div, &[Scalar::Float(by).into(), d.into()]);
                [
                    [over(-1.5)?, over(2.0)?, over(-0.5)?],
                    [over(0.5)?, over(-2.0)?, over(1.5)?],
                ]
            }
            Spacing::Each(_) => {
                let (d1, d2) = (step(0, 1)?, step(1, 1)?);
                let both = d1.add(&d2)?;
                let start = [
                    times(&d1, 2.0)?.add(&d2)?.neg()?.div(&d1.mul(&both)?)?,
                    both.div(&d1.mul(&d2)?)?,
                    d1.neg()?.div(&d2.mul(&both)?)?,
                ];
                let (d1, d2) = (step(n - 3, 1)?, step(n - 2, 1)?);
                let both = d1.add(&d2)?;
                let end = [
                    d2.div(&d1.mul(&both)?)?,
                    both.neg()?.div(&d1.mul(&d2)?)?,
                    times(&d2, 2.0)?.add(&d1)?.div(&d2.mul(&both)?)?,
                ];
                [start, end]
            }
        };
        let sum = |c: &[Raw; 3], at: usize| -> Result<Raw> {
            c[0].mul(&one(at)?)?
                .add(&c[1].mul(&one(at + 1)?)?)?
                .add(&c[2].mul(&one(at + 2)?)?)
        };
        (sum(&coefficients[0], 0)?, sum(&coefficients[1], n - 3)?)
    };
    Raw::concatenate(&[&first, &middle, &last], axis as isize)
}

pub fn interp(
    x: Array,
    xp: Array,
    fp: Array,
    left: OptNumber,
    right: OptNumber,
    period: OptFloat,
) -> Result<Raw> {
    const OP: &str = "interp";
    xp.lengths_are_read(OP);
    let dtype = match fp.dtype().is_complex() {
        true => DType::C128,
        false => DType::F64,
    };
    if x.dtype().is_complex() || xp.dtype().is_complex() {
        return Err(Error::dtype(OP, "places are real numbers").dtypes(&[x.dtype(), xp.dtype()]));
    }
    let mut x = x.cast(DType::F64)?;
    let (mut xp, mut fp) = (xp.cast(DType::F64)?, fp.cast(dtype)?);
    if xp.rank() != 1 || fp.rank() != 1 {
        return Err(
            Error::value(OP, "Data points must be 1-D sequences").shapes(&[xp.shape(), fp.shape()])
        );
    }
    if xp.len() != fp.len() {
        return Err(Error::value(OP, "fp and xp are not of the same length.")
            .shapes(&[xp.shape(), fp.shape()]));
    }
    if xp.is_empty() {
        return Err(Error::value(OP, "array of sample points is empty"));
    }
    let (mut left, mut right) = (left, right);
    if let Some(period) = period.0 {
        if period == 0.0 {
            return Err(Error::value(OP, "period must be a non-zero value"));
        }
        let period = period.abs();
        (left, right) = (None, None);
        x = with_float(Op::Remainder, &x, period)?;
        xp = with_float(Op::Remainder, &xp, period)?;
        let order = xp.argsort(0, Direction::Ascending)?;
        xp = xp.take(&order, 0, Mode::Raise)?;
        fp = fp.take(&order, 0, Mode::Raise)?;
        // one more point at either end, from the periods beside
        let n = xp.len();
        let ends =
            |x: &Raw| -> Result<[Raw; 2]> { Ok([x.narrow(0, 0, 1)?, x.narrow(0, n - 1, 1)?]) };
        let ([x0, x1], [f0, f1]) = (ends(&xp)?, ends(&fp)?);
        let before = with_float(Op::Sub, &x1, period)?;
        let behind = with_float(Op::Add, &x0, period)?;
        xp = Raw::concatenate(&[&before, &xp, &behind], 0)?;
        fp = Raw::concatenate(&[&f1, &fp, &f0], 0)?;
    }
    let n = xp.len();
    let end = |given: &OptNumber, at: usize| -> Result<Raw> {
        match given {
            Some(value) => value.written_to(OP, dtype)?.reshape(&[]),
            None => fp.select_index(0, at as isize),
        }
    };
    let (left, right) = (end(&left, 0)?, end(&right, n - 1)?);
    let all = [&x, &xp, &fp, &left, &right];
    if let Some(y) = direct(OP, &all, || kernel::interp(&x, &xp, &fp, [&left, &right]))? {
        return Ok(y);
    }
    on_lines(&x, &xp, &fp, [&left, &right])
}

/// [`interp`] as ops, for derivatives.
fn on_lines(x: &Raw, xp: &Raw, fp: &Raw, [left, right]: [&Raw; 2]) -> Result<Raw> {
    let last = xp.len() - 1;
    let place = places(xp, x, Side::Right)?;
    let start = Raw::apply(Op::Sub, &[(&place).into(), Scalar::Int(1).into()])?;
    let start = Raw::apply(Op::Maximum, &[(&start).into(), Scalar::Int(0).into()])?;
    let low = Raw::apply(
        Op::Minimum,
        &[(&start).into(), Scalar::Int(last as i128).into()],
    )?;
    let high = Raw::apply(Op::Add, &[(&low).into(), Scalar::Int(1).into()])?;
    let high = Raw::apply(
        Op::Minimum,
        &[(&high).into(), Scalar::Int(last as i128).into()],
    )?;
    let at = |of: &Raw, places: &Raw| of.take(places, 0, Mode::Clip);
    let (x0, x1, f0, f1) = (at(xp, &low)?, at(xp, &high)?, at(fp, &low)?, at(fp, &high)?);
    // at a point the line is not asked for, and may be infinitely steep
    let on_point = x.detach().eq(&x0.detach())?;
    let width = x1.sub(&x0)?;
    let one = Scalar::Float(1.0).into();
    let no_width = with_float(Op::Eq, &width.detach(), 0.0)?;
    let width = Raw::apply(Op::Where, &[(&no_width).into(), one, (&width).into()])?;
    let part = x.sub(&x0)?.div(&width)?;
    let line = f0.add(&f1.sub(&f0)?.mul(&part)?)?;
    let steep = on_point.logical_and(&no_width)?;
    let y = steep.choose(&f0, &line)?;
    let ends = |at: usize| xp.detach().select_index(0, at as isize);
    let y = x.detach().lt(&ends(0)?)?.choose(left, &y)?;
    let y = x.detach().gt(&ends(last)?)?.choose(right, &y)?;
    if last == 0 {
        return Ok(y); // as NumPy, of NaN too
    }
    // of complex values a real NaN, as NumPy's
    let nan = match fp.dtype().is_complex() {
        true => Scalar::Complex(Complex::new(f64::NAN, 0.0)).into(),
        false => Scalar::Float(f64::NAN).into(),
    };
    Raw::apply(
        Op::Where,
        &[(&x.detach().isnan()?).into(), nan, (&y).into()],
    )
}

/// The axis of a running fold: of a vector the only one.
fn running_axis(op: &'static str, x: &Raw, axis: &AxisOrFlat) -> Result<isize> {
    match axis.0 {
        Some(axis) => Ok(axis),
        None if x.rank() == 1 => Ok(0),
        None => Err(Error::value(
            op,
            "For arrays which have more than one dimension ``axis`` argument is required.",
        )),
    }
}

fn with_initial(x: &Raw, axis: isize, initial: bool, first: f64) -> Result<Raw> {
    if !initial {
        return Ok(x.clone());
    }
    let at = normalize_axis("cumulative_sum", axis, x.rank())?;
    let mut shape = x.shape().to_vec();
    shape[at] = 1;
    let first = x.like(&shape, x.dtype(), Scalar::Bool(first == 1.0))?;
    Raw::concatenate(&[&first, x], axis)
}

pub fn cumulative_sum(
    x: Array,
    axis: AxisOrFlat,
    dtype: OptDType,
    out: Out,
    include_initial: Bool,
) -> Result<Raw> {
    const OP: &str = "cumulative_sum";
    let x = at_least_vector(x)?;
    let axis = running_axis(OP, &x, &axis)?;
    let out = if include_initial { Out::NONE } else { out };
    let y = x
        .running_fold(Fold::Sum, Some(axis), dtype, &out)
        .map_err(|e| e.in_op(OP))?;
    with_initial(&y, axis, include_initial, 0.0)
}

pub fn cumulative_prod(
    x: Array,
    axis: AxisOrFlat,
    dtype: OptDType,
    out: Out,
    include_initial: Bool,
) -> Result<Raw> {
    const OP: &str = "cumulative_prod";
    let x = at_least_vector(x)?;
    let axis = running_axis(OP, &x, &axis)?;
    let out = if include_initial { Out::NONE } else { out };
    let y = x
        .running_fold(Fold::Prod, Some(axis), dtype, &out)
        .map_err(|e| e.in_op(OP))?;
    with_initial(&y, axis, include_initial, 1.0)
}

fn at_least_vector(x: &Raw) -> Result<Raw> {
    match x.rank() {
        0 => flat(x),
        _ => Ok(x.clone()),
    }
}

/// In `log n` steps, each of which doubles how far back an element has looked.
pub fn logcumsumexp(x: Array, axis: Axis) -> Result<Raw> {
    const OP: &str = "logcumsumexp";
    let at = normalize_axis(OP, axis, x.rank())?;
    let Some(dtype) = crate::ops::Class::RealFloat.compute(x.dtype()) else {
        return Err(Error::dtype(OP, "takes real numbers").dtypes(&[x.dtype()]));
    };
    // narrow floats are rounded at the end, not with each of the steps
    let mut y = x.cast(dtype.compute())?;
    y.length_is_read(OP, at);
    let n = y.shape()[at];
    if n < 2 {
        return x.cast(dtype)?.copied();
    }
    let range = |start: Option<isize>, stop: Option<isize>| SliceItem::Range {
        start,
        stop,
        step: 1,
    };
    let mut step = 1;
    while step < n {
        let back = step as isize;
        let alone = part(&y, at, range(None, Some(back)))?;
        let late = part(&y, at, range(Some(back), None))?;
        let early = part(&y, at, range(None, Some(-back)))?;
        let both = late.logaddexp(&early)?;
        y = Raw::concatenate(&[&alone, &both], at as isize)?;
        step *= 2;
    }
    y.cast(dtype)
}
