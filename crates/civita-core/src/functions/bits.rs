//! Booleans as the bits of bytes, and back.

use std::sync::{Arc, OnceLock};

use super::join::flat;
use super::value::*;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::layout::{SliceItem, normalize_axis};
use crate::ops::Op;
use crate::program::Program;
use crate::raw::Raw;

/// The array and the axis that is meant; without one the flattened array.
fn along(op: &'static str, a: &Raw, axis: AxisOrFlat) -> Result<(Raw, usize)> {
    match axis.0 {
        None => Ok((flat(a)?, 0)),
        Some(axis) => Ok((a.clone(), normalize_axis(op, axis, a.rank())?)),
    }
}

/// Every eighth element along an axis, from the `first`.
fn eighth(x: &Raw, axis: usize, first: usize) -> Result<Raw> {
    let mut items = vec![SliceItem::ALL; axis];
    items.push(SliceItem::Range {
        start: Some(first as isize),
        stop: None,
        step: 8,
    });
    x.slice(&items)
}

/// A byte of eight booleans, the first of which is the lowest bit: one pass over all.
fn packed() -> &'static Arc<Function> {
    static PACKED: OnceLock<Arc<Function>> = OnceLock::new();
    PACKED.get_or_init(|| {
        let program = Program::trace(8, |b| {
            let bit = |k: usize| b.input(k).cast(DType::U8) * b.constant(Scalar::Int(1 << k));
            (1..8).fold(bit(0), |all, k| all.bitwise_or(bit(k)))
        });
        Function::new(program, "packbits")
    })
}

pub fn packbits(a: Array, axis: AxisOrFlat, bitorder: BitOrder) -> Result<Raw> {
    const OP: &str = "packbits";
    if a.dtype() != DType::Bool && !a.dtype().is_integer() {
        return Err(Error::dtype(
            OP,
            "Expected an input array of integer or boolean data type",
        )
        .dtypes(&[a.dtype()]));
    }
    let (x, at) = along(OP, &a, axis)?;
    let mut x = super::indexing::is_nonzero(&x)?;
    let n = x.shape()[at];
    if n % 8 != 0 {
        let mut shape = x.shape().to_vec();
        shape[at] = 8 - n % 8;
        let zeros = x.like(&shape, DType::Bool, Scalar::Bool(false))?;
        x = Raw::concatenate(&[&x, &zeros], at as isize)?;
    }
    let mut bits = (0..8)
        .map(|k| eighth(&x, at, k))
        .collect::<Result<Vec<_>>>()?;
    if bitorder == BitOrder::Big {
        bits.reverse();
    }
    Raw::call(packed(), &bits.iter().collect::<Vec<_>>())
}

pub fn unpackbits(a: Array, axis: AxisOrFlat, count: OptInt, bitorder: BitOrder) -> Result<Raw> {
    const OP: &str = "unpackbits";
    if a.dtype() != DType::U8 {
        return Err(
            Error::dtype(OP, "Expected an input array of unsigned byte data type")
                .dtypes(&[a.dtype()]),
        );
    }
    let (x, at) = along(OP, &a, axis)?;
    let masks: Vec<u8> = (0..8)
        .map(|k| match bitorder {
            BitOrder::Big => 1 << (7 - k),
            BitOrder::Little => 1 << k,
        })
        .collect();
    let mut shape = vec![1; x.rank() + 1 - at];
    shape[1] = 8;
    let masks = Raw::from_vec(masks, &[8])?.reshape(&shape[1..])?;
    let bits = x.detach().expand_dims(&[at as isize + 1])?;
    let is_set = Raw::apply(
        Op::Ne,
        &[(&bits.bitwise_and(&masks)?).into(), Scalar::Int(0).into()],
    )?;
    let n = x.shape()[at];
    let mut whole = x.shape().to_vec();
    whole[at] = n.checked_mul(8).ok_or_else(|| {
        Error::memory(OP, "the result has more elements than memory has addresses")
    })?;
    let all = is_set.cast(DType::U8)?.reshape(&whole)?;
    let Some(count) = count.0 else {
        return Ok(all);
    };
    let (have, axis) = (whole[at], at as isize);
    let wanted = match usize::try_from(count) {
        Ok(count) => count,
        Err(_) => have.checked_sub(count.unsigned_abs()).ok_or_else(|| {
            Error::value(
                OP,
                format!("-count larger than number of elements: {count} of {have}"),
            )
        })?,
    };
    if wanted <= have {
        return match wanted == have {
            true => Ok(all),
            false => all.narrow(axis, 0, wanted)?.copied(),
        };
    }
    whole[at] = wanted - have;
    let zeros = all.like(&whole, DType::U8, Scalar::Bool(false))?;
    Raw::concatenate(&[&all, &zeros], axis)
}
