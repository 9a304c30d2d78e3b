//! Memory for results.

use smallvec::SmallVec;

use super::program::touches_foreign;
use crate::dtype::DType;
use crate::error::Result;
use crate::layout::Layout;
use crate::raw::Raw;
use crate::storage::Storage;

/// Memory to be written by a kernel before anyone sees it, in C order.
#[inline]
pub(crate) fn unwritten(shape: &[usize], dtype: DType) -> Result<Raw> {
    of_layout(Layout::contiguous(shape)?, dtype)
}

/// Memory for a result of these operands, in the layout that it should have: NumPy's `order='K'`.
#[inline]
pub(super) fn for_result(shape: &[usize], dtype: DType, operands: &[&Raw]) -> Result<Raw> {
    if shape.len() < 2 || operands.iter().all(|o| o.layout().is_contiguous()) {
        return unwritten(shape, dtype);
    }
    let layouts: SmallVec<[&Layout; 4]> = operands.iter().map(|o| o.layout()).collect();
    of_layout(Layout::keep_order(shape, &layouts)?, dtype)
}

#[inline]
fn of_layout(layout: Layout, dtype: DType) -> Result<Raw> {
    // a layout's length is bounded so that the largest element type does not overflow
    let storage = Storage::uninit(layout.len() * dtype.size())?;
    Ok(Raw::new(storage, layout, dtype))
}

/// How the elements of an operand and of an output meet in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// Not at all.
    Apart,
    /// Element on element: what is read is what is written next.
    Aligned,
    /// In some other way: an element would be written before another is read.
    Crossed,
}

/// How an operand meets an output. Layouts count in elements, so views of one buffer in elements of two sizes (complex numbers
/// and their real parts) are compared by the bytes that they reach.
#[inline]
pub(super) fn meeting(x: &Raw, out: &Raw) -> Meeting {
    if !Storage::same_buffer(x.storage(), out.storage()) {
        return match touches_foreign(x, out) {
            true => Meeting::Crossed,
            false => Meeting::Apart,
        };
    }
    let (size, to) = (x.dtype().size(), out.dtype().size());
    if size != to {
        let (Some((a, b)), Some((c, d))) = (x.layout().span(), out.layout().span()) else {
            return Meeting::Apart;
        };
        return match a * size < (d + 1) * to && c * to < (b + 1) * size {
            true => Meeting::Crossed,
            false => Meeting::Apart,
        };
    }
    if x.layout() == out.layout() {
        Meeting::Aligned
    } else if x.layout().overlaps(out.layout()) {
        Meeting::Crossed
    } else {
        Meeting::Apart
    }
}

/// Contiguous memory under another shape of as many elements.
pub(super) fn reshaped(x: &Raw, shape: &[usize]) -> Result<Raw> {
    Ok(match x.layout().reshape(shape)? {
        Some(layout) => x.with_layout(layout),
        None => super::copy::contiguous(x)?.with_layout(Layout::contiguous(shape)?),
    })
}
