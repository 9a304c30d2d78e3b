//! New arrays from numbers.

use super::Returned;
use super::rearrange::lower;
use super::shape::or_f64;
use super::value::*;
use crate::backend::cpu::compress;
use crate::dtype::{DType, Kind, Scalar, promote};
use crate::error::{Error, Result};
use crate::layout::{broadcast_shapes, normalize_axis};
use crate::ops::{Op, Reduction};
use crate::primitive::direct;
use crate::raw::{Endpoint, Raw};

#[allow(non_snake_case)] // NumPy's names
pub fn eye(
    N: Count,
    M: OptCount,
    k: Diagonal,
    dtype: OptDType,
    order: Order,
    _: Device,
) -> Result<Raw> {
    let k = k.0;
    let (rows, columns, dtype) = (N, M.0.unwrap_or(N), or_f64(dtype));
    match order {
        Order::F => Raw::eye(columns, rows, k.saturating_neg(), dtype)?.transpose(),
        Order::C | Order::A | Order::K => Raw::eye(rows, columns, k, dtype),
    }
}

pub fn identity(n: Count, dtype: OptDType) -> Result<Raw> {
    Raw::eye(n, n, 0, or_f64(dtype))
}

#[allow(non_snake_case)] // NumPy's names
pub fn tri(N: Count, M: OptCount, k: Int, dtype: OptDType) -> Result<Raw> {
    lower(N, M.0.unwrap_or(N), k)?.cast(or_f64(dtype))
}

/// So many integers from `first` on.
pub(super) fn counted(first: isize, n: usize) -> Result<Raw> {
    let first = first as i128;
    Raw::arange(
        Scalar::Int(first),
        Scalar::Int(first + n as i128),
        Scalar::Int(1),
        DType::I64,
    )
}

/// As [`counted`], on the device of `x`.
pub(super) fn counted_beside(x: &Raw, first: isize, n: usize) -> Result<Raw> {
    counted(first, n)?.to_device(x.device())
}

pub fn indices(dimensions: Shape, dtype: OptDType, sparse: Bool) -> Result<Returned> {
    let (shape, dtype) = (dimensions.0, dtype.unwrap_or(DType::I64));
    match sparse {
        true => Ok(Returned::Tuple(grids(&shape, dtype)?)),
        false => Ok(grid(&shape)?.cast(dtype)?.into()),
    }
}

/// The indices along each axis, which broadcast to the shape.
fn grids(shape: &[usize], dtype: DType) -> Result<Vec<Raw>> {
    let along = |(axis, &n): (usize, &usize)| {
        let mut own = vec![1; shape.len()];
        own[axis] = n;
        counted(0, n)?.cast(dtype)?.reshape(&own)
    };
    shape.iter().enumerate().map(along).collect()
}

/// The indices of all elements, under a new first axis.
pub fn grid(shape: &[usize]) -> Result<Raw> {
    let grids = grids(shape, DType::I64)?;
    let wide = grids
        .iter()
        .map(|g| g.broadcast_to(shape))
        .collect::<Result<Vec<_>>>()?;
    match wide[..] {
        [] => Raw::zeros(&[0], DType::I64),
        _ => Raw::stack(&wide.iter().collect::<Vec<_>>(), 0),
    }
}

#[allow(non_snake_case)] // NumPy's names
pub fn vander(x: Array, N: OptCount, increasing: Bool) -> Result<Raw> {
    const OP: &str = "vander";
    if x.rank() != 1 {
        return Err(
            Error::shape(OP, "x must be a one-dimensional array or sequence").shapes(&[x.shape()]),
        );
    }
    let x = x.cast(promote(x.dtype(), DType::I64))?;
    x.lengths_are_read(OP);
    let count = N.0.unwrap_or(x.len());
    let columns = Raw::empty(&[x.len(), count], x.dtype())?; // is there memory for them?
    let mut powers: Vec<Raw> = Vec::new();
    for i in 0..if columns.is_empty() { 0 } else { count } {
        powers.push(match i {
            0 => x.like(x.shape(), x.dtype(), Scalar::Bool(true))?,
            1 => x.clone(),
            _ => powers[i - 1].mul(&x)?,
        });
    }
    if !increasing {
        powers.reverse();
    }
    match powers[..] {
        [] => Ok(columns),
        _ => Raw::stack(&powers.iter().collect::<Vec<_>>(), 1),
    }
}

/// `num` values evenly spaced along a new first axis, and their distance; both ends are of one dtype.
fn spaced(start: &Raw, stop: &Raw, num: usize, endpoint: bool) -> Result<(Raw, Raw)> {
    let gaps = if endpoint { num.saturating_sub(1) } else { num };
    let span = stop.sub(start)?;
    let rank = span.rank();
    let steps = counted_beside(&span, 0, num)?.cast(span.dtype().to_real())?;
    let steps = steps.reshape(&[&[num], &vec![1; rank][..]].concat())?;
    if gaps == 0 {
        let not_a_number = super::product::scaled(&span, f64::NAN)?;
        return Ok((steps.mul(&span)?.add(start)?, not_a_number));
    }
    let apart = Scalar::Float(gaps as f64);
    let step = Raw::apply(Op::Div, &[(&span).into(), apart.into()])?;
    // where a step underflows, fractions of the span do not
    let fractions = Raw::apply(Op::Div, &[(&steps).into(), apart.into()])?.mul(&span)?;
    let is_zero = Raw::apply(Op::Eq, &[(&step).into(), Scalar::Bool(false).into()])?;
    let away = is_zero.choose(&fractions, &steps.mul(&step)?)?;
    let all = away.add(start)?;
    if endpoint && num > 1 {
        // the last one is exact
        let last = stop.broadcast_to(span.shape())?.expand_dims(&[0])?;
        return Ok((
            Raw::concatenate(&[&all.narrow(0, 0, num - 1)?, &last], 0)?,
            step,
        ));
    }
    Ok((all, step))
}

/// The first axis moved, and the dtype that was asked for; integers are rounded down.
fn finished(y: Raw, dtype: OptDType, axis: isize) -> Result<Raw> {
    let at = normalize_axis("linspace", axis, y.rank())?;
    let y = y.move_axis(0, at as isize)?;
    match dtype {
        Some(dtype) if dtype.is_integer() && y.dtype().is_float() => y.floor()?.cast(dtype),
        Some(dtype) if dtype != y.dtype() && !dtype.is_complex() && y.dtype().is_complex() => {
            y.real()?.cast(dtype)
        }
        Some(dtype) => y.cast(dtype),
        None => Ok(y),
    }
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn linspace(
    start: Number,
    stop: Number,
    num: Count,
    endpoint: Bool,
    retstep: Bool,
    dtype: OptDType,
    axis: Axis,
    _: Device,
) -> Result<(Raw, Option<Raw>)> {
    if let (Number::Scalar(a), Number::Scalar(b)) = (&start, &stop)
        && a.kind().max(b.kind()) < Kind::Complex
        && !retstep
        && [0, -1].contains(&axis)
    {
        let end = if endpoint {
            Endpoint::Included
        } else {
            Endpoint::Excluded
        };
        return Ok((
            Raw::linspace(a.as_f64(), b.as_f64(), num, end, or_f64(dtype))?,
            None,
        ));
    }
    let wide = Number::inexact(&[&start, &stop]);
    let (y, step) = spaced(&start.cast(wide)?, &stop.cast(wide)?, num, endpoint)?;
    Ok((finished(y, dtype, axis)?, retstep.then_some(step)))
}

pub fn logspace(
    start: Number,
    stop: Number,
    num: Count,
    endpoint: Bool,
    base: Number,
    dtype: OptDType,
    axis: Axis,
) -> Result<Raw> {
    const OP: &str = "logspace";
    let wide = Number::inexact(&[&start, &stop]);
    let shape = broadcast_shapes(OP, &[start.shape(), stop.shape(), base.shape()])?;
    let ends = [
        start.cast(wide)?.broadcast_to(&shape)?,
        stop.cast(wide)?.broadcast_to(&shape)?,
    ];
    let (y, _) = spaced(&ends[0], &ends[1], num, endpoint)?;
    let y = match base {
        Number::Scalar(base) => Raw::apply(Op::Pow, &[base.into(), (&y).into()])?,
        Number::Array(base) => base.pow(&y)?,
    };
    let y = y.move_axis(0, normalize_axis(OP, axis, y.rank())? as isize)?;
    dtype.map_or(Ok(y.clone()), |dtype| y.cast(dtype))
}

pub fn geomspace(
    start: Array,
    stop: Array,
    num: Count,
    endpoint: Bool,
    dtype: OptDType,
    axis: Axis,
) -> Result<Raw> {
    const OP: &str = "geomspace";
    // under `vmap` and `trace` a zero makes NaN
    for end in [&start, &stop]
        .into_iter()
        .filter(|end| end.opaque().is_none())
    {
        let is_zero = Raw::apply(
            Op::Eq,
            &[(&end.detach()).into(), Scalar::Bool(false).into()],
        )?;
        if is_zero.reduce(Reduction::Any, Default::default())?.item()? == Scalar::Bool(true) {
            return Err(Error::value(OP, "Geometric sequence cannot include zero"));
        }
    }
    let wide = [start.dtype(), stop.dtype(), dtype.unwrap_or(DType::F64)];
    let wide = wide.into_iter().fold(DType::F64, promote);
    let shape = broadcast_shapes(OP, &[start.shape(), stop.shape()])?;
    let (start, stop) = (
        start.cast(wide)?.broadcast_to(&shape)?,
        stop.cast(wide)?.broadcast_to(&shape)?,
    );
    // both are turned so that the first is positive, and back: negative and complex sequences are exact
    let sign = start.sign()?;
    let (from, to) = (start.div(&sign)?, stop.div(&sign)?);
    let (logs, _) = spaced(&from.log()?, &to.log()?, num, endpoint)?;
    let mut y = logs.exp()?;
    if num > 0 {
        let first = from.expand_dims(&[0])?;
        let last = to.expand_dims(&[0])?;
        y = match endpoint && num > 1 {
            true => Raw::concatenate(&[&first, &y.narrow(0, 1, num - 2)?, &last], 0)?,
            false => Raw::concatenate(&[&first, &y.narrow(0, 1, num - 1)?], 0)?,
        };
    }
    let y = y.mul(&sign)?;
    let y = y.move_axis(0, normalize_axis(OP, axis, y.rank())? as isize)?;
    dtype.map_or(Ok(y.clone()), |dtype| y.cast(dtype))
}

/// Without a number of classes there are as many as the largest index needs.
pub fn one_hot(x: Array, num_classes: OptCount, dtype: OptDType) -> Result<Raw> {
    let depth = match num_classes.0 {
        Some(n) => n,
        None if x.is_empty() => 0,
        None => match x
            .detach()
            .reduce(Reduction::Max, Default::default())?
            .item()
            .map_err(|e| e.in_op("one_hot"))?
        {
            Scalar::Int(most) => usize::try_from(most.saturating_add(1)).unwrap_or(0),
            _ => return Err(Error::dtype("one_hot", "indices are integers").dtypes(&[x.dtype()])),
        },
    };
    x.one_hot(depth, or_f64(dtype))
}

/// An array of indices for each axis.
pub fn nonzero(a: Array) -> Result<Vec<Raw>> {
    if a.rank() == 0 {
        return Err(
            Error::value("nonzero", "Calling nonzero on 0d arrays is not allowed.")
                .hint_in("`a.reshape(1)?.nonzero()?`", "`a.reshape(1).nonzero()`"),
        );
    }
    let mask = Raw::apply(Op::Ne, &[(&a.detach()).into(), Scalar::Bool(false).into()])?;
    if a.rank() == 1
        && let Some(places) = direct("nonzero", &[&mask], || compress::places(&mask))?
    {
        return Ok(vec![places]);
    }
    let at = |axis: usize| {
        let mut shape = vec![1; a.rank()];
        shape[axis] = a.shape()[axis];
        let places = counted_beside(a, 0, shape[axis])?.reshape(&shape)?;
        places.broadcast_to(a.shape())?.select(&mask)
    };
    (0..a.rank()).map(at).collect()
}
