//! Booleans as the bits of bytes, and back.

use std::sync::{Arc, OnceLock};

use super::join::flat;
use super::value::*;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::graph::Function;
use crate::isa::{Isa, Wide, wide};
use crate::layout::{SliceItem, normalize_axis};
use crate::ops::Op;
use crate::program::Program;
use crate::raw::Raw;

/// The array and the axis that is meant; without one the flattened array.
fn along(op: &'static str, a: &Raw, axis: AxisOrFlat) -> Result<(Raw, usize)> {
    match axis.0 {
        None => Ok((flat(a)?, 0)),
        // NumPy's array without axes is a vector of one here
        Some(0 | -1) if a.rank() == 0 => Ok((flat(a)?, 0)),
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

/// Bytes that a task writes.
const GRAIN: usize = 1 << 14;

/// Whole bytes of booleans: eight at once, by a product that brings the lowest bit of each byte to the top one.
struct Packing<'a>(&'a [[bool; 8]], &'a mut [u8], BitOrder);
impl Wide for Packing<'_> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Packing(bits, bytes, order) = self;
        let gather = match order {
            BitOrder::Big => 0x8040_2010_0804_0201u64,
            BitOrder::Little => 0x0102_0408_1020_4080,
        };
        for (byte, &eight) in bytes.iter_mut().zip(bits) {
            let word = u64::from_le_bytes(eight.map(u8::from));
            *byte = (word.wrapping_mul(gather) >> 56) as u8;
        }
    }
}

/// The bits of each byte as bytes 0 and 1.
struct Unpacking<'a>(&'a [u8], &'a mut [[u8; 8]], BitOrder);
impl Wide for Unpacking<'_> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Unpacking(bytes, bits, order) = self;
        let places: u64 = match order {
            BitOrder::Big => 0x0102_0408_1020_4080,
            BitOrder::Little => 0x8040_2010_0804_0201,
        };
        for (eight, &byte) in bits.iter_mut().zip(bytes) {
            // each byte of the word has its bit or not; adding 0x7f brings it to the top
            let word = (u64::from(byte) * 0x0101_0101_0101_0101) & places;
            let top = (word + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
            *eight = top.to_le_bytes();
        }
    }
}

/// Rows of `n` booleans as bytes, in this shape.
fn pack_rows(bits: &[bool], n: usize, order: BitOrder, shape: &[usize]) -> Result<Raw> {
    if n.is_multiple_of(8) {
        let (bits, _) = bits.as_chunks::<8>();
        return Raw::written_in_parts(shape, GRAIN, &|start, bytes| {
            wide(Packing(&bits[start..start + bytes.len()], bytes, order));
        });
    }
    Raw::written_by(shape, |bytes: &mut [u8]| {
        for (row, bytes) in bits.chunks(n).zip(bytes.chunks_mut(n.div_ceil(8))) {
            let (whole, rest) = row.as_chunks::<8>();
            wide(Packing(whole, bytes, order));
            let mut eight = [false; 8];
            eight[..rest.len()].copy_from_slice(rest);
            wide(Packing(&[eight], &mut bytes[whole.len()..], order));
        }
        Ok(())
    })
}

/// The bits of all bytes, in this shape.
fn unpack_all(bytes: &[u8], order: BitOrder, shape: &[usize]) -> Result<Raw> {
    Raw::written_in_parts(shape, 8 * GRAIN, &|start, bits: &mut [u8]| {
        let (bits, _) = bits.as_chunks_mut::<8>();
        let first = start / 8;
        wide(Unpacking(&bytes[first..first + bits.len()], bits, order));
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
    let (x, at) = along(OP, a, axis)?;
    let mut x = super::indexing::is_nonzero(&x)?;
    let n = x.shape()[at];
    if x.is_plain() {
        let last = x.move_axis(at as isize, -1)?;
        let mut shape = last.shape().to_vec();
        shape[x.rank() - 1] = n.div_ceil(8);
        let last = last.owned()?;
        return pack_rows(last.as_slice::<bool>()?, n, bitorder, &shape)?
            .move_axis(-1, at as isize)?
            .contiguous();
    }
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
    let (x, at) = along(OP, a, axis)?;
    match x.is_plain() && x.layout().is_fortran_contiguous() {
        true => super::shape::keeping_order(&x, at, |x, at| unpacked_along(x, at, count, bitorder)),
        false => unpacked_along(&x, at, count, bitorder),
    }
}

fn unpacked_along(x: &Raw, at: usize, count: OptInt, bitorder: BitOrder) -> Result<Raw> {
    const OP: &str = "unpackbits";
    let n = x.shape()[at];
    let mut whole = x.shape().to_vec();
    whole[at] = n.checked_mul(8).ok_or_else(|| {
        Error::memory(OP, "the result has more elements than memory has addresses")
    })?;
    let all = match x.is_plain() && x.len().checked_mul(8).is_some() {
        true => {
            let last = x.move_axis(at as isize, -1)?;
            let mut shape = last.shape().to_vec();
            shape[x.rank() - 1] = whole[at];
            let last = last.owned()?;
            unpack_all(last.as_slice::<u8>()?, bitorder, &shape)?.move_axis(-1, at as isize)?
        }
        false => unpacked(x, at, &whole, bitorder)?,
    };
    finished(OP, all, at, &whole, count)
}

/// By ops, so that a batch may be under way.
fn unpacked(x: &Raw, at: usize, whole: &[usize], bitorder: BitOrder) -> Result<Raw> {
    let masks: Vec<u8> = (0..8)
        .map(|k| match bitorder {
            BitOrder::Big => 1 << (7 - k),
            BitOrder::Little => 1 << k,
        })
        .collect();
    let mut shape = vec![1; x.rank() + 1 - at];
    shape[1] = 8;
    let masks = Raw::from_vec(masks, &[8])?
        .to_device(x.device())?
        .reshape(&shape[1..])?;
    let bits = x.detach().expand_dims(&[at as isize + 1])?;
    let is_set = Raw::apply(
        Op::Ne,
        &[(&bits.bitwise_and(&masks)?).into(), Scalar::Int(0).into()],
    )?;
    is_set.cast(DType::U8)?.reshape(whole)
}

/// As many bits as are asked for.
fn finished(op: &'static str, all: Raw, at: usize, whole: &[usize], count: OptInt) -> Result<Raw> {
    let Some(count) = count.0 else {
        return all.contiguous();
    };
    let (have, axis) = (whole[at], at as isize);
    let wanted = match usize::try_from(count) {
        Ok(count) => count,
        Err(_) => have.checked_sub(count.unsigned_abs()).ok_or_else(|| {
            Error::value(
                op,
                format!("-count larger than number of elements: {count} of {have}"),
            )
        })?,
    };
    if wanted <= have {
        return match wanted == have {
            true => all.contiguous(),
            false => all.narrow(axis, 0, wanted)?.copied(),
        };
    }
    let mut more = whole.to_vec();
    more[at] = wanted - have;
    let zeros = all.like(&more, DType::U8, Scalar::Bool(false))?;
    Raw::concatenate(&[&all, &zeros], axis)
}
