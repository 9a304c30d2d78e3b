//! When the interpreter is released: around large work, and while an operation waits for another's guard.
//!
//! Small work keeps it: to release and take it again costs as much as adding a thousand numbers. But nobody may wait for
//! a guard while attached, for the holder of that guard may be waiting for the interpreter. So the engine calls
//! [`wait_detached`] before it goes to sleep.

use std::cell::Cell;

use civita_core::storage::guard;
use pyo3::prelude::*;

use crate::interrupt::{self, Interruptible};

/// Elements from which on other Python threads may run beside the work.
const LARGE: usize = 1 << 15;

thread_local! {
    /// Whether this thread has released the interpreter (through this module).
    static DETACHED: Cell<bool> = const { Cell::new(false) };
}

/// Says until dropped, also by a panic, whether the thread is detached.
struct Mark {
    before: bool,
}

impl Mark {
    fn set(detached: bool) -> Mark {
        Mark {
            before: DETACHED.replace(detached),
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        DETACHED.set(self.before);
    }
}

/// Whether work on about this many elements is done with the interpreter released.
#[inline]
pub fn is_large(elements: usize) -> bool {
    elements >= LARGE
}

/// Runs `f`, which works on about this many elements; with the interpreter released, and stopped by Ctrl-C, when they are
/// many.
#[inline]
pub fn work<R: Interruptible + Send>(
    py: Python<'_>,
    elements: usize,
    f: impl FnOnce() -> R + Send,
) -> R {
    if elements < LARGE {
        f()
    } else {
        released(py, f)
    }
}

/// As [`work`], of what has no exception to return.
#[inline]
pub fn work_to_the_end<R: Send>(
    py: Python<'_>,
    elements: usize,
    f: impl FnOnce() -> R + Send,
) -> R {
    match is_large(elements) {
        true => released_to_the_end(py, f),
        false => f(),
    }
}

/// Runs `f` with the interpreter released, and stopped by Ctrl-C.
#[inline(never)]
pub fn released<R: Interruptible + Send>(py: Python<'_>, f: impl FnOnce() -> R + Send) -> R {
    released_to_the_end(py, || interrupt::run(f))
}

/// Runs `f` with the interpreter released.
#[inline(never)]
pub fn released_to_the_end<R: Send>(py: Python<'_>, f: impl FnOnce() -> R + Send) -> R {
    let _beside = guard::beside();
    py.detach(|| {
        let _mark = Mark::set(true);
        f()
    })
}

/// Runs `f`, which calls Python, attached to the interpreter; inside of [`released`] too.
pub fn attached<R>(f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
    Python::attach(|py| {
        let _mark = Mark::set(false);
        f(py)
    })
}

/// Elements that an elementwise operation on operands of these sizes works on, at most.
#[inline]
pub fn broadcast_len(lens: &[usize]) -> usize {
    let most = lens.iter().copied().max().unwrap_or(1);
    // a small operand beside a large one only repeats; two that are both not small may be an outer product
    lens.iter()
        .filter(|&&n| n != most && n > 1)
        .fold(most, |all, &n| all.saturating_mul(n))
}

/// Tells the engine how to wait, and prepares for forks and Ctrl-C.
pub fn install(py: Python<'_>) -> PyResult<()> {
    guard::set_wait_hook(wait_detached);
    if has_lock(py)? {
        // SAFETY: threads enter this module with the interpreter's lock. Whoever lets go of it to work says so (`released_to_the_end`);
        // whoever waits for a guard (`wait_detached`) has it again before the bytes are touched. Kernels call no Python.
        unsafe { guard::enter_one_at_a_time() };
    }
    civita_core::threads::survive_fork();
    interrupt::install(py)
}

/// Whether one thread at a time runs Python: not in a free-threaded build, even where its lock is on for now.
fn has_lock(py: Python<'_>) -> PyResult<bool> {
    let version: String = py.import("sys")?.getattr("version")?.extract()?;
    Ok(!version.contains("free-threading"))
}

fn wait_detached(sleep: &mut dyn FnMut()) {
    struct Send1<'a>(&'a mut dyn FnMut());
    // SAFETY: `detach` runs its closure on the calling thread.
    unsafe impl Send for Send1<'_> {}
    // A thread of the engine's pool has no Python state, and one that runs large work has let go already.
    // SAFETY: the function may be called from any thread, attached or not.
    if DETACHED.get() || unsafe { pyo3::ffi::PyGILState_GetThisThreadState() }.is_null() {
        return sleep();
    }
    // SAFETY: a thread that Python knows is attached while it runs this crate, but inside `released`.
    let py = unsafe { Python::assume_attached() };
    let sleep = Send1(sleep);
    py.detach(move || {
        let sleep = sleep;
        let _mark = Mark::set(true);
        (sleep.0)();
    });
}
