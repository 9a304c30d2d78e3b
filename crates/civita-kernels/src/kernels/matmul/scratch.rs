//! Memory for panels: one buffer for each thread, aligned to cache lines and used again.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::NonNull;

use crate::error::{Error, Result};

/// A cache line.
const LINE: usize = 64;
/// More than this is given back after use.
const KEEP: usize = 16 << 20;
/// A huge page. Panels are read again and again in an order that touches hundreds of small pages.
const HUGE: usize = 2 << 20;

/// Initialised memory, aligned to a line; in huge pages if it fills one.
struct Buffer {
    ptr: NonNull<u8>,
    layout: Layout,
}

impl Buffer {
    fn new(bytes: usize) -> Option<Buffer> {
        let huge = bytes >= HUGE;
        let align = if huge { HUGE } else { LINE };
        let layout = Layout::from_size_align(bytes.max(1).checked_next_multiple_of(align)?, align);
        let layout = layout.ok()?;
        // SAFETY: the size is not 0; the advice is on memory that is ours alone, and may be refused.
        unsafe {
            let ptr = NonNull::new(alloc(layout))?;
            #[cfg(all(target_os = "linux", not(miri)))]
            if huge {
                libc::madvise(ptr.as_ptr().cast(), layout.size(), libc::MADV_HUGEPAGE);
            }
            ptr.write_bytes(0, layout.size());
            Some(Buffer { ptr, layout })
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: `new` allocated it with this layout.
        unsafe { dealloc(self.ptr.as_ptr(), self.layout) }
    }
}

thread_local! {
    static BUFFER: Cell<Option<Buffer>> = const { Cell::new(None) };
}

/// Bytes rounded up to whole cache lines.
pub(super) const fn lines(bytes: usize) -> usize {
    bytes.next_multiple_of(LINE)
}

/// Calls `f` with `bytes` of initialised memory, aligned to 64. A nested call gets memory of its own.
pub(super) fn with<R>(bytes: usize, f: impl FnOnce(*mut u8) -> R) -> Result<R> {
    let kept = BUFFER.take().filter(|kept| kept.layout.size() >= bytes);
    // fresh memory where the old is too short: its content is of no use, and need not be copied
    let buffer = kept.or_else(|| Buffer::new(bytes)).ok_or_else(|| {
        Error::memory(
            "matmul",
            format!("cannot allocate {bytes} bytes for packed operands"),
        )
    })?;
    let result = f(buffer.ptr.as_ptr());
    if buffer.layout.size() <= KEEP {
        BUFFER.set(Some(buffer));
    }
    Ok(result)
}
