//! Memory from the operating system: zeroed without touching it.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// The alignment of every block: a cache line, and the widest vector register.
pub(super) const ALIGN: usize = 64;

/// From this size on blocks are mapped, not allocated. `calloc` would also map at first, but then raises its threshold
/// (glibc: up to 32 MiB) and hands out recycled memory, which it has to clear; and for an alignment of 64 the standard
/// library clears everything itself. A mapping is zero for free, and unmapping it gives the pages back at once.
#[cfg(all(unix, not(miri)))]
const MAP_FROM: usize = 64 << 10;

/// The size of a huge page, and the size from which on blocks consist of them. One page fault then makes 2 MiB instead
/// of 4 KiB: to fill 16 MiB of fresh memory took 0.9 ms instead of 23, measured on a virtual machine (where the small
/// faults are dearest). The system gives huge pages to aligned and whole ones of a mapping only.
#[cfg(all(target_os = "linux", not(miri)))]
const HUGE: usize = 2 << 20;

/// `size` zeros at a multiple of [`ALIGN`], or `None`. `size` is not 0.
pub(super) fn allocate(size: usize) -> Option<NonNull<u8>> {
    #[cfg(all(unix, not(miri)))]
    if size > MAP_FROM {
        return map(size);
    }
    let layout = Layout::from_size_align(size, ALIGN).ok()?;
    // SAFETY: the size is not 0.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}

/// Gives back what [`allocate`] gave.
///
/// # Safety
/// `ptr` came from `allocate(size)` and is not used any more.
pub(super) unsafe fn release(ptr: NonNull<u8>, size: usize) {
    #[cfg(all(unix, not(miri)))]
    if size > MAP_FROM {
        // SAFETY: a mapping of that size starts at `ptr`. It cannot fail but for a lack of kernel memory (when it
        // splits a mapping that was merged with its neighbours); then the pages stay ours, unused.
        unsafe { libc::munmap(ptr.as_ptr().cast(), mapped(size)) };
        return;
    }
    // SAFETY: `allocate` used this layout.
    unsafe { dealloc(ptr.as_ptr(), Layout::from_size_align_unchecked(size, ALIGN)) };
}

/// The bytes that are mapped for a block: whole pages (the largest that systems use have 64 KiB), and from 4 MiB on
/// whole huge ones, which below could be mostly waste.
#[cfg(all(unix, not(miri)))]
fn mapped(size: usize) -> usize {
    #[cfg(target_os = "linux")]
    if size >= 2 * HUGE {
        return size.next_multiple_of(HUGE);
    }
    size.next_multiple_of(64 << 10)
}

#[cfg(all(unix, not(miri)))]
fn map(size: usize) -> Option<NonNull<u8>> {
    let new = |size| {
        let (access, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new private mapping touches nothing that exists.
        let ptr = unsafe { libc::mmap(std::ptr::null_mut(), size, access, kind, -1, 0) };
        if ptr == libc::MAP_FAILED {
            None
        } else {
            NonNull::new(ptr.cast::<u8>())
        }
    };
    let size = mapped(size);
    #[cfg(target_os = "linux")]
    if size >= HUGE {
        // one page more than needed, of which what lies before and behind the aligned block is cut off
        let whole = new(size.checked_add(HUGE)?)?;
        let before = whole.align_offset(HUGE);
        // SAFETY: all offsets lie within the mapping or at its end, both ends are ours to cut off, and the advice is on what
        // stays. Where it is refused the pages are small, and all works.
        unsafe {
            let ptr = whole.add(before);
            if before > 0 {
                libc::munmap(whole.as_ptr().cast(), before);
            }
            libc::munmap(ptr.add(size).as_ptr().cast(), HUGE - before);
            libc::madvise(ptr.as_ptr().cast(), size, libc::MADV_HUGEPAGE);
            return Some(ptr);
        }
    }
    new(size)
}

/// The memory that this process may use, if the system says: the machine's, or its control group's (containers).
pub(super) fn memory_bytes() -> Option<usize> {
    #[cfg(all(unix, not(miri)))]
    {
        // SAFETY: asks for two numbers.
        let (pages, page) = unsafe {
            (
                libc::sysconf(libc::_SC_PHYS_PAGES),
                libc::sysconf(libc::_SC_PAGESIZE),
            )
        };
        let machine = usize::try_from(pages)
            .ok()?
            .checked_mul(usize::try_from(page).ok()?)?;
        let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
            .ok()
            .and_then(|text| text.trim().parse().ok());
        Some(group.map_or(machine, |group: usize| group.min(machine)))
    }
    #[cfg(not(all(unix, not(miri))))]
    None
}
