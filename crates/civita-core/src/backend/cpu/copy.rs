//! Copies and conversions on the CPU.

use super::program::{GRAIN, run_typed};
use super::{dense, memory};
use crate::backend::overlap::{Meeting, meeting};
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::program::Typed;
use crate::raw::Raw;
use crate::threads::{self, Parts};

/// Times that an element is repeated by a kernel of its own; more are a row of the general path.
const FEW_TIMES: std::ops::RangeInclusive<usize> = 2..=64;

/// A copy in C order.
pub(crate) fn copied(x: &Raw, dtype: DType) -> Result<Raw> {
    let out = memory::unwritten(x.shape(), dtype)?;
    if !dense::copy_small(x, &out) {
        copy_into(x, &out)?;
    }
    Ok(out)
}

/// A conversion whose elements lie as those of `x`, or `x` itself where it has the dtype.
pub(super) fn cast(x: &Raw, dtype: DType) -> Result<Raw> {
    if x.dtype() == dtype {
        return Ok(x.clone());
    }
    converted(x, dtype)
}

/// As [`cast`], always new.
pub(super) fn converted(x: &Raw, dtype: DType) -> Result<Raw> {
    match dense::cast(x, dtype) {
        Some(out) => out,
        None => {
            let out = memory::for_result(x.shape(), dtype, &[x])?;
            copy_into(x, &out)?;
            Ok(out)
        }
    }
}

/// The same elements in C order: `x` itself where it lies so already.
pub(super) fn contiguous(x: &Raw) -> Result<Raw> {
    if x.layout().is_contiguous() {
        Ok(x.clone())
    } else {
        copied(x, x.dtype())
    }
}

/// As [`contiguous`], without another handle on `x`: what had to be copied is kept in `copy`.
pub(super) fn in_c_order<'a>(x: &'a Raw, copy: &'a mut Option<Raw>) -> Result<&'a Raw> {
    if x.layout().is_contiguous() {
        return Ok(x);
    }
    Ok(copy.insert(copied(x, x.dtype())?))
}

/// Writes `source`, broadcast and converted, over the elements of `out`.
pub(crate) fn copy_into(source: &Raw, out: &Raw) -> Result<()> {
    let meeting = meeting(source, out);
    if meeting == Meeting::Aligned && out.dtype() == source.dtype() {
        return Ok(()); // onto itself
    }
    if meeting == Meeting::Crossed {
        return copy_into(&copied(source, source.dtype())?, out);
    }
    let shared = meeting == Meeting::Aligned;
    if !shared && (dense::copy_small(source, out) || repeat_into(source, out)?) {
        return Ok(());
    }
    if source.dtype() == out.dtype() && out.dtype().compute() != out.dtype() {
        // narrow floats are moved as they lie: through their lane, f32, signalling NaNs would come out as quiet ones
        let bits = match out.dtype().size() {
            1 => DType::U8,
            _ => DType::U16,
        };
        // a recorded operand is seen as it is, and what a graph knows of it does not matter here
        let (source, out) = (source.untagged().reinterpret(bits)?, out.reinterpret(bits)?);
        return run_typed(&Typed::copy(bits, bits), &[&source], &out, shared);
    }
    // constructors check that layouts lie within their buffers, and the guards of `bind` keep writers away
    let typed = Typed::copy(source.dtype(), out.dtype());
    run_typed(&typed, &[source], out, shared)
}

/// Each element some times in a row: the last axis of `source` is broadcast, the others lie in C order. Returns false where
/// it is not so.
fn repeat_into(source: &Raw, out: &Raw) -> Result<bool> {
    let layout = source.layout();
    let (Some(&times), Some(0)) = (layout.shape().last(), layout.strides().last()) else {
        return Ok(false);
    };
    let dtype = out.dtype();
    // a byte that others chose is no `bool`
    let fits = FEW_TIMES.contains(&times)
        && source.dtype() == dtype
        && dtype != DType::Bool
        && layout.shape() == out.layout().shape()
        && out.layout().is_contiguous()
        && layout.narrow(-1, 0, 1)?.is_contiguous();
    if !fits {
        return Ok(false);
    }
    explain::note("copy", out.len(), || (dtype, explain::Kind::Elementwise));
    let of: unsafe fn(&Raw, &Raw, usize) = match dtype.size() {
        1 => repeat::<u8>,
        2 => repeat::<u16>,
        4 => repeat::<u32>,
        8 => repeat::<u64>,
        _ => repeat::<[u64; 2]>,
    };
    // SAFETY: elements of this size in C order, each for `times` elements of the output, which does not overlap them.
    unsafe { of(source, out, times) };
    Ok(true)
}

/// # Safety
/// The elements of `source`, each once, lie in C order and have the size of `T`; `out` has room for each of them `times` times
/// and is ours alone.
unsafe fn repeat<T: Copy>(source: &Raw, out: &Raw, times: usize) {
    let (from, to) = (
        Parts(source.ptr().cast::<T>()),
        Parts(out.ptr().cast::<T>()),
    );
    threads::run_ranges(out.len() / times, (GRAIN / times).max(1), &|range| {
        // SAFETY: elements of the source, and their places in the output, which no other task has.
        let (from, to) = unsafe {
            (
                std::slice::from_raw_parts(from.at(range.start).cast_const(), range.len()),
                std::slice::from_raw_parts_mut(to.at(range.start * times), range.len() * times),
            )
        };
        match times {
            2 => repeat_each::<T, 2>(from, to),
            3 => repeat_each::<T, 3>(from, to),
            4 => repeat_each::<T, 4>(from, to),
            8 => repeat_each::<T, 8>(from, to),
            _ => to
                .chunks_exact_mut(times)
                .zip(from)
                .for_each(|(run, &x)| run.fill(x)),
        }
    });
}

fn repeat_each<T: Copy, const TIMES: usize>(from: &[T], to: &mut [T]) {
    for (run, &x) in to.chunks_exact_mut(TIMES).zip(from) {
        run.fill(x);
    }
}
