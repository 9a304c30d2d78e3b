//! How the elements of operands and outputs meet in memory.

use crate::raw::Raw;
use crate::storage::{Access, Storage};

/// How the elements of an operand and of an output meet in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meeting {
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
pub(crate) fn meeting(x: &Raw, out: &Raw) -> Meeting {
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

/// Whether the memory of `a` may be another buffer's too: two imports of one array are two buffers over the same bytes.
pub(crate) fn touches_foreign(a: &Raw, b: &Raw) -> bool {
    let (a, b) = (a.storage(), b.storage());
    if a.access() == Access::Owned || b.access() == Access::Owned || Storage::same_buffer(a, b) {
        return false;
    }
    let (from, to) = (a.ptr().addr(), b.ptr().addr());
    from < to.saturating_add(b.len()) && to < from.saturating_add(a.len())
}
