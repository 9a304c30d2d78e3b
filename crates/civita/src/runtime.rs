//! What runs, and on what: threads, notes of operations, the machine.

pub use civita_core::explain::{Kind, Note};
pub use civita_core::info::Info;

/// Runs `f` and returns what it returned with a note for each operation that ran on this thread: its name, its elements, how it
/// was done.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![1.0, 2.0];
/// let (y, notes) = civita::explain(|| (&x * 2.0).exp());
/// assert_eq!(y.shape(), [2]);
/// let ops: Vec<&str> = notes.iter().map(|note| note.op).collect();
/// assert_eq!(ops, ["mul", "exp"]);
/// ```
pub fn explain<R>(f: impl FnOnce() -> R) -> (R, Vec<Note>) {
    civita_core::explain::explain(f)
}

/// What this process runs on.
///
/// ```
/// let info = civita::info();
/// assert!(info.threads >= 1);
/// println!("{info:?}");
/// ```
pub fn info() -> Info {
    civita_core::info::info()
}

/// How many threads an operation started here would use: what [`with_threads`] or [`set_threads`] said, else
/// `CIVITA_NUM_THREADS`, else the processors that this process may use.
pub fn threads() -> usize {
    civita_core::threads::threads()
}

/// Sets the number of threads for the whole process, 1 at least.
pub fn set_threads(n: usize) {
    civita_core::threads::set_threads(n);
}

/// Calls `f`, whose operations use up to `n` threads. Results have the same bits for any number.
///
/// ```
/// use civita::prelude::*;
///
/// let x = Vector::<f64>::linspace(0.0, 1.0, 1_000_000);
/// let (one, two) = (civita::with_threads(1, || x.sum()), civita::with_threads(2, || x.sum()));
/// assert_eq!(one, two);
/// ```
pub fn with_threads<R>(n: usize, f: impl FnOnce() -> R) -> R {
    civita_core::threads::with_threads(n, f)
}
