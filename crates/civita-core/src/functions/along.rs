//! Neighbours, running values and sums along an axis.

use super::join::flat;
use super::product::scaled;
use super::rearrange::part;
use super::value::*;
use crate::backend::cpu::count;
use crate::dtype::{Casting, DType, Scalar, can_cast};
use crate::error::{Error, Result};
use crate::layout::{self, KeepDims, SliceItem, normalize_axis};
use crate::ops::{Fold, Op, Reduction};
use crate::primitive::direct;
use crate::raw::Raw;
use crate::raw::ReduceOptions;

pub fn cumsum(a: Array, axis: AxisOrFlat, dtype: OptDType, out: Out) -> Result<Raw> {
    a.running_fold(Fold::Sum, of_number(a, axis.0), dtype, &out)
}

/// The axis, where a number has one: its first and last is that of the vector of one element.
pub(super) fn of_number(x: &Raw, axis: Option<isize>) -> Option<isize> {
    axis.filter(|axis| x.rank() > 0 || !matches!(axis, 0 | -1))
}

/// As [`of_number`], of several axes.
pub(super) fn axes_of_number<'a>(x: &Raw, axes: &'a Axes) -> layout::Axes<'a> {
    match axes.as_layout() {
        layout::Axes::List(&[0 | -1]) if x.rank() == 0 => layout::Axes::All,
        axes => axes,
    }
}

pub fn softmax(x: Array, axis: Axis) -> Result<Raw> {
    x.softmax(axis)
}

pub fn trace(
    a: Array,
    offset: Int,
    axis1: Axis,
    axis2: Axis,
    dtype: OptDType,
    _: Out,
) -> Result<Raw> {
    let diagonal = super::shape::diagonal(a, offset, axis1, axis2).map_err(|e| e.in_op("trace"))?;
    sum(&diagonal, layout::Axes::List(&[-1]), KeepDims::No, dtype)
}

fn sum(x: &Raw, axes: layout::Axes<'_>, keepdims: KeepDims, dtype: OptDType) -> Result<Raw> {
    x.reduce(
        Reduction::Sum,
        ReduceOptions {
            axes,
            keepdims,
            dtype,
            ddof: 0.0,
        },
    )
}

pub fn count_nonzero(a: Array, axis: Axes, keepdims: Bool) -> Result<Raw> {
    // a count has no gradient
    let detached = a.tag().map(|_| a.detach());
    let a = detached.as_ref().unwrap_or(a);
    if axis.as_layout() == layout::Axes::All
        && !keepdims
        && let Some(count) = direct("count_nonzero", &[a], || count::nonzero(a))?
    {
        return Ok(count);
    }
    let is_nonzero = match a.dtype() {
        DType::Bool => a.clone(),
        _ => Raw::apply(Op::Ne, &[a.into(), Scalar::Bool(false).into()])?,
    };
    let keepdims = if keepdims {
        KeepDims::Yes
    } else {
        KeepDims::No
    };
    sum(
        &is_nonzero,
        axes_of_number(a, &axis),
        keepdims,
        Some(DType::I64),
    )
    .map_err(|e| e.in_op("count_nonzero"))
}

fn range(start: Option<isize>, stop: Option<isize>) -> SliceItem {
    SliceItem::Range {
        start,
        stop,
        step: 1,
    }
}

/// Each element along an axis, and the one after it.
fn neighbours(x: &Raw, axis: usize) -> Result<[Raw; 2]> {
    Ok([
        part(x, axis, range(None, Some(-1)))?,
        part(x, axis, range(Some(1), None))?,
    ])
}

pub fn diff(a: Array, n: Int, axis: Axis, prepend: OptArray, append: OptArray) -> Result<Raw> {
    const OP: &str = "diff";
    let times = usize::try_from(n)
        .map_err(|_| Error::value(OP, format!("order must be non-negative but got {n}")))?;
    if times == 0 {
        return Ok(a.clone());
    }
    if a.rank() == 0 {
        return Err(Error::value(
            OP,
            "diff requires input that is at least one dimensional",
        ));
    }
    let at = normalize_axis(OP, axis, a.rank())?;
    let beside = |x: OptArray| -> Result<Option<Raw>> {
        let mut shape = a.shape().to_vec();
        shape[at] = 1;
        match x {
            Some(x) if x.rank() == 0 => x.broadcast_to(&shape).map(Some),
            other => Ok(other),
        }
    };
    let (before, after) = (beside(prepend)?, beside(append)?);
    let mut x = a.clone();
    if before.is_some() || after.is_some() {
        let parts: Vec<&Raw> = before.iter().chain([a]).chain(after.iter()).collect();
        x = Raw::concatenate(&parts, at as isize).map_err(|e| e.in_op(OP))?;
    }
    // more differences than elements leave none
    if x.shape()[at] < times {
        x.length_is_read(OP, at);
    }
    for _ in 0..times.min(x.shape()[at]) {
        x = differences(&x, at)?;
    }
    Ok(x)
}

/// Differences of neighbours; for booleans, true where they differ.
fn differences(x: &Raw, axis: usize) -> Result<Raw> {
    let [left, right] = neighbours(x, axis)?;
    match x.dtype() {
        DType::Bool => right.ne(&left),
        _ => right.sub(&left),
    }
}

pub fn ediff1d(ary: Array, to_end: OptArray, to_begin: OptArray) -> Result<Raw> {
    const OP: &str = "ediff1d";
    let x = flat(ary)?;
    let [left, right] = neighbours(&x, 0)?;
    let differences = right.sub(&left)?;
    let beside = |name: &str, x: OptArray| -> Result<Option<Raw>> {
        let Some(x) = x else { return Ok(None) };
        if !can_cast(x.dtype(), ary.dtype(), Casting::SameKind) {
            return Err(Error::dtype(
                OP,
                format!(
                    "dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule."
                ),
            ));
        }
        flat(&x.cast(ary.dtype())?).map(Some)
    };
    let (before, after) = (beside("to_begin", to_begin)?, beside("to_end", to_end)?);
    let parts: Vec<&Raw> = before
        .iter()
        .chain([&differences])
        .chain(after.iter())
        .collect();
    Raw::concatenate(&parts, 0)
}

pub fn trapezoid(y: Array, x: OptArray, dx: Number, axis: Axis) -> Result<Raw> {
    const OP: &str = "trapezoid";
    let at = normalize_axis(OP, axis, y.rank())?;
    let [left, right] = neighbours(y, at)?;
    let both = left.add(&right)?;
    let areas = match x {
        None => Raw::apply(Op::Mul, &[dx.operand(), (&both).into()]).map_err(|e| e.in_op(OP))?,
        Some(x) => {
            let across = match x.rank() {
                1 => 0,
                rank => normalize_axis(OP, axis, rank)?,
            };
            let mut widths = differences(&x, across)?;
            if x.rank() == 1 {
                // one width for each step along the axis
                let mut shape = vec![1; y.rank()];
                shape[at] = widths.len();
                widths = widths.reshape(&shape)?;
            }
            both.mul(&widths).map_err(|e| e.in_op(OP))?
        }
    };
    let areas = scaled(&areas, 0.5)?;
    sum(&areas, layout::Axes::List(&[axis]), KeepDims::No, None)
}
