//! Bounds on what a reader may use: memory in proportion to the file, and time of the processor, which does not count what other
//! programs take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(by: usize) {
    let now = NOW.fetch_add(by, Relaxed).wrapping_add(by);
    PEAK.fetch_max(now, Relaxed);
}

// SAFETY: the system's allocator, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(ptr, layout) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // both exist while the elements move
        grown(size);
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Nanoseconds of the processor that this process has used.
fn time() -> u64 {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes one time.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// Calls a reader of `bytes` bytes.
///
/// # Panics
/// When it holds more than 1 MiB and `factor` bytes for each byte of the file, or takes longer than 2 seconds and 100 microseconds
/// for each byte. (Address sanitizer and counters of coverage make it some twenty times slower than a release build.)
pub fn bounded<R>(bytes: usize, factor: usize, read: impl FnOnce() -> R) -> R {
    let (held, began) = (NOW.load(Relaxed), time());
    PEAK.store(held, Relaxed);
    let result = read();
    let (most, took) = (PEAK.load(Relaxed).saturating_sub(held), time() - began);
    assert!(
        most <= (1 << 20) + factor * bytes,
        "{most} bytes of memory for a file of {bytes}"
    );
    assert!(
        took <= 2_000_000_000 + 100_000 * bytes as u64,
        "{took} ns for a file of {bytes} bytes"
    );
    result
}
