//! Comparisons of whole arrays.

use std::sync::{Arc, OnceLock};

use super::value::*;
use super::warn;
use crate::dtype::{Casting, DType, Kind as DTypeKind, Scalar, promote};
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::ops::{Op, Reduction};
use crate::program::Program;
use crate::raw::{Raw, strong};

/// Returns false where an element is known to be NaN or infinite: those of a batch or a trace are not known.
fn finite(x: &Number) -> bool {
    match x {
        Number::Array(x) => {
            x.opaque().is_some()
                || x.detach()
                    .isfinite()
                    .and_then(|x| all_true("isclose", &x))
                    .unwrap_or(true)
        }
        Number::Scalar(v) => v.as_f64().is_finite(),
    }
}

/// An operand as an array without tags: a number beside an array in that one's dtype.
fn fixed(x: &Number, other: &Number) -> Result<Raw> {
    match (x, other) {
        (Number::Array(x), _) => Ok(x.detach()),
        (Number::Scalar(v), Number::Array(y)) => x.cast(v.weak_with(y.dtype())),
        (Number::Scalar(v), Number::Scalar(_)) => x.cast(v.default_dtype()),
    }
}

/// `|a - b| ≤ atol + rtol · |b|`, or equal, or both NaN where that counts.
///
/// Numbers of the host language take the dtype of what they meet, in bounds too (NEP 50).
pub fn isclose(a: Number, b: Number, rtol: Number, atol: Number, equal_nan: Bool) -> Result<Raw> {
    if ![&rtol, &atol].into_iter().all(finite) {
        let text = |n: &Number| match n {
            Number::Array(x) => x.display().to_string(),
            Number::Scalar(v) => v.to_string(),
        };
        warn(format!(
            "One of rtol or atol is not valid, atol: {}, rtol: {}",
            text(&atol),
            text(&rtol)
        ));
    }
    let (a, b) = (fixed(&a, &b)?, fixed(&b, &a)?);
    let b = b.cast(Scalar::Float(1.0).weak_with(b.dtype()))?;
    let size = b.abs()?;
    let scaled = Raw::apply(Op::Mul, &[(&size).into(), rtol.operand()])?;
    let bound = Raw::apply(Op::Add, &[(&scaled).into(), atol.operand()])?;
    let near = a.sub(&b)?.abs()?.le(&bound)?;
    // an infinite bound would take everything
    let finite = size.isfinite()?;
    let same = near.logical_and(&finite)?.logical_or(&a.eq(&b)?)?;
    match equal_nan {
        true => same.logical_or(&a.isnan()?.logical_and(&b.isnan()?)?),
        false => Ok(same),
    }
}

/// The least and the largest element of a dtype of integers.
fn integer_range(dtype: DType) -> (i128, i128) {
    let bits = 8 * dtype.size();
    match dtype.kind() {
        DTypeKind::Unsigned => (0, (1 << bits) - 1),
        _ => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    }
}

/// Between two bounds, which go by two names each.
pub fn clip(
    a: Array,
    a_min: OptNumber,
    a_max: OptNumber,
    out: Out,
    min: OptNumber,
    max: OptNumber,
    _: Casting,
) -> Result<Raw> {
    let twice = |name: &'static str, both: bool| match both {
        true => Err(Error::value(
            "clip",
            format!("the bounds `a_{name}` and `{name}` are the same: only one may be given"),
        )),
        false => Ok(()),
    };
    twice("min", a_min.is_some() && min.is_some())?;
    twice("max", a_max.is_some() && max.is_some())?;
    // two bounds and the array have a dtype together; numbers take that of the arrays (NEP 50)
    let a = match (
        a_min.as_ref().or(min.as_ref()),
        a_max.as_ref().or(max.as_ref()),
    ) {
        (Some(low), Some(high)) => {
            let bounds = [low, high];
            let arrays = bounds.iter().fold(a.dtype(), |all, bound| match bound {
                Number::Array(x) => promote(all, x.dtype()),
                Number::Scalar(_) => all,
            });
            let dtype = bounds.iter().fold(arrays, |all, bound| match bound {
                Number::Array(_) => all,
                Number::Scalar(v) => v.weak_with(all),
            });
            a.cast(dtype)?
        }
        _ => a.clone(),
    };
    // an integer that no element passes is no bound, whether the dtype has it or not
    let dtype = a.dtype();
    let bounds = |limit: Number, outside: fn(i128, (i128, i128)) -> bool| match limit {
        Number::Scalar(Scalar::Int(v)) if dtype.is_integer() => {
            (!outside(v, integer_range(dtype))).then_some(limit)
        }
        limit => Some(limit),
    };
    let low = a_min
        .or(min)
        .and_then(|v| bounds(v, |v, range| v <= range.0));
    let high = a_max
        .or(max)
        .and_then(|v| bounds(v, |v, range| v >= range.1));
    if let (Some(low), Some(high)) = (&low, &high)
        && !(watched(&a) || watched_number(low) || watched_number(high))
        && let Some(y) = between(&a, low, high, &out)?
    {
        return Ok(y);
    }
    match (&low, &high) {
        (Some(low), Some(high)) => {
            let bounded = limited(Bound::Lower, &a, low, &Out::NONE)?;
            limited(Bound::Upper, &bounded, high, &out)
        }
        (Some(low), None) => limited(Bound::Lower, &a, low, &out),
        (None, Some(high)) => limited(Bound::Upper, &a, high, &out),
        (None, None) => out.copy(&a),
    }
}

/// Whether a gradient or a transformation looks on.
fn watched(x: &Raw) -> bool {
    x.tracks_gradient() || x.is_transformed()
}

fn watched_number(x: &Number) -> bool {
    matches!(x, Number::Array(x) if watched(x))
}

/// The elements between both bounds, in one pass; `None` where a number does not fit, which is for the bound's own op to refuse.
fn between(x: &Raw, low: &Number, high: &Number, out: &Out) -> Result<Option<Raw>> {
    let dtype = x.dtype();
    let bound = |of: &Number| match of {
        Number::Array(x) => Some(x.detach()),
        Number::Scalar(v) => Raw::scalar(*v, v.weak_with(dtype)).ok(),
    };
    let (Some(low), Some(high)) = (bound(low), bound(high)) else {
        return Ok(None);
    };
    let operands = [x.into(), (&low).into(), (&high).into()];
    Raw::apply_into(Op::Clamp, &operands, out)
        .map(Some)
        .map_err(|e| e.in_op("clip"))
}

/// Which bound of an interval.
#[derive(Clone, Copy)]
enum Bound {
    Lower,
    Upper,
}

/// The elements, or the bound where they are not within it. The subgradient of an element that is equal to the bound is that
/// of the smallest norm, as in PyTorch: beside an array each gets half, beside a number the element gets none.
fn limited(bound: Bound, x: &Raw, limit: &Number, out: &Out) -> Result<Raw> {
    static CHOICES: [OnceLock<Arc<Function>>; 2] = [const { OnceLock::new() }; 2];
    let op = match bound {
        Bound::Lower => Op::Maximum,
        Bound::Upper => Op::Minimum,
    };
    // of equals the first, which is the bound here and there
    let operands = [limit.operand(), x.into()];
    let halves = matches!(limit, Number::Array(_));
    if halves || !(x.tracks_gradient() || x.is_transformed()) {
        return Raw::apply_into(op, &operands, out);
    }
    let choice = CHOICES[bound as usize].get_or_init(|| {
        let program = Program::trace(2, |b| {
            let (limit, x) = (b.input(0), b.input(1));
            let inside = match bound {
                Bound::Lower => x.gt(limit),
                Bound::Upper => x.lt(limit),
            };
            inside.logical_or(x.isnan()).choose(x, limit)
        });
        Function::new(program, "clip")
    });
    let operands = strong(op, &operands)?;
    Raw::call_into(choice, &[&operands[0], &operands[1]], out)
}

fn all_true(op: &'static str, x: &Raw) -> Result<bool> {
    let all = x.reduce(Reduction::All, Default::default())?.item();
    Ok(all.map_err(|e| e.in_op(op))? == Scalar::Bool(true))
}

pub fn allclose(a: Number, b: Number, rtol: Number, atol: Number, equal_nan: Bool) -> Result<bool> {
    const OP: &str = "allclose";
    let close = isclose(a, b, rtol, atol, equal_nan).map_err(|e| e.in_op(OP))?;
    all_true(OP, &close)
}

pub fn array_equal(a1: Array, a2: Array, equal_nan: Bool) -> Result<bool> {
    const OP: &str = "array_equal";
    let (a, b) = (a1.detach(), a2.detach());
    if a.shape() != b.shape() {
        return Ok(false);
    }
    let same = a.eq(&b)?;
    match equal_nan {
        true => all_true(OP, &same.logical_or(&a.isnan()?.logical_and(&b.isnan()?)?)?),
        false => all_true(OP, &same),
    }
}

pub fn array_equiv(a1: Array, a2: Array) -> Result<bool> {
    let (a, b) = (a1.detach(), a2.detach());
    if crate::layout::broadcast_shapes("array_equiv", &[a.shape(), b.shape()]).is_err() {
        return Ok(false);
    }
    all_true("array_equiv", &a.eq(&b)?)
}
