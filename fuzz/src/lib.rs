//! What the fuzz targets share: arrays of any layout beside a slow model, bounds on memory and time, seeds.

pub mod bounds;
pub mod model;
pub mod seeds;

pub use bounds::bounded;
pub use model::{DTYPES, Model, array, assert_same, index, numbers, scalar, shape};

/// Turns the pool off, so that every block comes from the allocator, which knows its end; sets two threads, so that what is cut for
/// threads is cut. Before the first tensor.
pub fn start() {
    // SAFETY: libFuzzer starts a target before any thread.
    unsafe {
        std::env::set_var("CIVITA_POOL_BYTES", "0");
        std::env::set_var("CIVITA_NUM_THREADS", "2");
    }
}
