//! Copies and conversions on the CPU.

use super::program::touches_foreign;
use super::{dense, memory};
use crate::dtype::DType;
use crate::error::Result;
use crate::program::{Plan, Source, Target, run};
use crate::raw::Raw;
use crate::storage::Storage;

/// A copy in C order.
pub(crate) fn copied(x: &Raw, dtype: DType) -> Result<Raw> {
    let out = memory::unwritten(x.shape(), dtype)?;
    copy_into(x, &out)?;
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
    let plan = Plan::copy(source.dtype(), out.dtype());
    let shared = Storage::same_buffer(out.storage(), source.storage())
        && out.layout().overlaps(source.layout());
    if shared && out.layout() == source.layout() && out.dtype() == source.dtype() {
        return Ok(()); // onto itself
    }
    if shared && out.layout() != source.layout() || touches_foreign(out, source) {
        // an overlap that is not element on element: through a copy
        return copy_into(&copied(source, source.dtype())?, out);
    }
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
