//! `a + b` of one element from Rust, with and without recording: what the way to a kernel costs. Prints one JSON line a
//! case: nanoseconds and allocations of one call, the drop of its result included.
//!
//! ```text
//! cargo run --release --manifest-path bench/one_element/Cargo.toml
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use civita::prelude::*;

/// The system's allocator, with a count of what is asked of it.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to `System` as it came; the counter does not touch memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's contract is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's contract is the same.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the same.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls that are timed together, about half a millisecond.
const CALLS: u32 = 4096;
const SAMPLES: usize = 101;

fn case<R>(name: &str, work: impl Fn() -> R) {
    let sample = || {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(work());
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    // Caches fill and clocks rise before anything counts.
    for _ in 0..SAMPLES / 4 {
        sample();
    }
    let before = ALLOCATIONS.load(Relaxed);
    sample();
    let allocations = (ALLOCATIONS.load(Relaxed) - before) as f64 / f64::from(CALLS);
    let mut times: Vec<f64> = (0..SAMPLES).map(|_| sample()).collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{{\"case\": \"{name}\", \"ns\": {:.2}, \"allocations\": {allocations:.3}}}",
        times[SAMPLES / 2]
    );
}

fn main() {
    let (a, b) = (tensor![1.5], tensor![2.5]);
    case("a + b", || &a + &b);
    let (x, y) = (tensor![1.5].requires_grad(), tensor![2.5].requires_grad());
    case("a + b, recorded", || &x + &y);
}
