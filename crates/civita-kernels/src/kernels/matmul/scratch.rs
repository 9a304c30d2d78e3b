//! Memory for panels: one buffer for each thread, aligned to cache lines and used again.

use std::cell::Cell;

use crate::error::{Error, Result};

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// More than this is given back after use.
const KEEP: usize = 16 << 20;

thread_local! {
    static BUFFER: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// Bytes rounded up to whole cache lines.
pub(super) const fn lines(bytes: usize) -> usize {
    bytes.next_multiple_of(64)
}

/// Calls `f` with `bytes` of initialised memory, aligned to 64. A nested call gets memory of its own.
pub(super) fn with<R>(bytes: usize, f: impl FnOnce(*mut u8) -> R) -> Result<R> {
    let mut buffer = BUFFER.take();
    let lines = bytes.div_ceil(64);
    if buffer.len() < lines {
        // fresh memory instead of `reserve`: the old content is of no use, and need not be copied
        buffer = Vec::new();
        buffer.try_reserve_exact(lines).map_err(|_| {
            Error::memory(
                "matmul",
                format!("cannot allocate {bytes} bytes for packed operands"),
            )
        })?;
        buffer.resize(lines, Line([0; 64]));
    }
    let result = f(buffer.as_mut_ptr().cast());
    if buffer.len() * 64 <= KEEP {
        BUFFER.set(buffer);
    }
    Ok(result)
}
