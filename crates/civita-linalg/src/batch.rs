//! Many matrices, one after another or on several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use civita_core::error::Result;
use civita_core::threads;

/// `count` parts of `size` elements each. Parts may be empty.
pub fn parts<T>(mut all: &mut [T], count: usize, size: usize) -> impl Iterator<Item = &mut [T]> {
    (0..count).map(move |_| {
        let (part, rest) = std::mem::take(&mut all).split_at_mut(size);
        all = rest;
        part
    })
}

/// Work in elementary operations from which on a task of its own pays.
const GRAIN: usize = 1 << 16;

/// Calls `f` for each part with its number and a state that lives as long as its thread's share, on several threads where the
/// work (elementary operations for each part) pays. What is computed for a part does not depend on the others.
///
/// # Errors
/// The error of the part with the smallest number.
pub fn each<P: Send, S>(
    count: usize,
    work: usize,
    parts: impl Iterator<Item = P>,
    state: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, usize, P) -> Result<()> + Sync,
) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    let group = (GRAIN / work.max(1)).clamp(1, count);
    if count <= group || threads::threads() == 1 {
        let mut state = state();
        for (i, part) in parts.take(count).enumerate() {
            threads::stop_if_told();
            f(&mut state, i, part)?;
        }
        return Ok(());
    }
    let mut groups = Vec::with_capacity(count.div_ceil(group));
    let mut parts = parts.take(count).peekable();
    while parts.peek().is_some() {
        groups.push(Mutex::new(parts.by_ref().take(group).collect::<Vec<P>>()));
    }
    let failed = AtomicUsize::new(usize::MAX);
    let error = Mutex::new(None);
    threads::run(groups.len(), &|g| {
        let mut own = match groups[g].lock() {
            Ok(mut parts) => std::mem::take(&mut *parts),
            Err(_) => return,
        };
        let mut state = state();
        for (k, part) in own.drain(..).enumerate() {
            let i = g * group + k;
            if i > failed.load(Relaxed) {
                return;
            }
            if let Err(e) = f(&mut state, i, part) {
                if let Ok(mut first) = error.lock()
                    && i < failed.load(Relaxed)
                {
                    failed.store(i, Relaxed);
                    *first = Some(e);
                }
                return;
            }
        }
    });
    match error.into_inner() {
        Ok(Some(e)) => Err(e),
        _ => Ok(()),
    }
}
