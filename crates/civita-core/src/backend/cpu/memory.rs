//! Memory for results.

use smallvec::SmallVec;

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

/// Contiguous memory under another shape of as many elements.
pub(super) fn reshaped(x: &Raw, shape: &[usize]) -> Result<Raw> {
    Ok(match x.layout().reshape(shape)? {
        Some(layout) => x.with_layout(layout),
        None => super::copy::contiguous(x)?.with_layout(Layout::contiguous(shape)?),
    })
}
