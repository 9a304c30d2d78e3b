//! Copies and conversions on the CPU.

use super::memory::Meeting;
use super::{dense, memory};
use crate::dtype::DType;
use crate::error::Result;
use crate::program::{Plan, Source, Target, run};
use crate::raw::Raw;

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

/// Writes `source`, broadcast and converted, over the elements of `out`.
pub(crate) fn copy_into(source: &Raw, out: &Raw) -> Result<()> {
    let meeting = memory::meeting(source, out);
    if meeting == Meeting::Aligned && out.dtype() == source.dtype() {
        return Ok(()); // onto itself
    }
    if meeting == Meeting::Crossed {
        return copy_into(&copied(source, source.dtype())?, out);
    }
    let shared = meeting == Meeting::Aligned;
    if !shared && dense::copy_small(source, out) {
        return Ok(());
    }
    let plan = Plan::copy(source.dtype(), out.dtype());
    let source = Source {
        ptr: source.base(),
        layout: source.layout(),
    };
    let target = Target {
        ptr: out.base(),
        layout: out.layout(),
        dtype: out.dtype(),
        shared,
    };
    // SAFETY: layouts lie within their buffers (constructors check that), the guards of `bind` keep writers away, and an
    // overlap is element on element.
    unsafe { run(&plan, &[source], target) }
}
