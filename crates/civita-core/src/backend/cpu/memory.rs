//! Memory for results.

use std::cell::Cell;

use smallvec::SmallVec;

use crate::backend::{Meeting, meeting};
use crate::dtype::DType;
use crate::error::Result;
use crate::layout::Layout;
use crate::primitive::Out;
use crate::raw::Raw;
use crate::storage::Storage;

/// Memory to be written by a kernel before anyone sees it, in C order.
#[inline]
pub(crate) fn unwritten(shape: &[usize], dtype: DType) -> Result<Raw> {
    of_layout(Layout::contiguous(shape)?, dtype)
}

thread_local! {
    /// The output that is lent to a kernel.
    static LENT: Cell<Option<Raw>> = const { Cell::new(None) };
}

/// Runs a kernel whose result goes into `out`. Where no operand lies in that memory and it is in C order, it is lent: a kernel that asks
/// for its result by [`output`], with the shape and the dtype of `out`, gets it, and nothing is left to copy.
pub(super) fn lend(out: &Raw, x: &[&Raw], run: &mut dyn FnMut() -> Result<Raw>) -> Result<()> {
    struct Return(Option<Raw>);
    impl Drop for Return {
        fn drop(&mut self) {
            LENT.set(self.0.take());
        }
    }
    let apart = x.iter().all(|x| meeting(x, out) == Meeting::Apart);
    let y = if apart && out.layout().is_contiguous() {
        let _before = Return(LENT.replace(Some(out.clone())));
        run()?
    } else {
        run()?
    };
    match Out::holds(out, &y) {
        true => Ok(()),
        false => super::copy::copy_into(&y, out),
    }
}

/// As [`unwritten`], for what a kernel returns: the output that is lent, if it is as is asked for.
pub(super) fn output(shape: &[usize], dtype: DType) -> Result<Raw> {
    match LENT.take() {
        Some(out) if out.shape() == shape && out.dtype() == dtype => Ok(out),
        other => {
            LENT.set(other);
            unwritten(shape, dtype)
        }
    }
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
