//! What goes wrong: as a `Result` from methods, as a panic from operators, and from one to the other with [`catch`].

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub use civita_core::error::{Error, Result};

thread_local! {
    /// How many [`catch`]es are waiting on this thread.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
}

/// Runs `f` and turns a panic of Civita into an error.
///
/// Methods return a [`Result`] when their arguments can be wrong. Operators, constructors, unary functions and
/// reductions of a whole tensor cannot: they panic, with the text of an [`Error`]. This gets the error itself. Other panics
/// pass through.
///
/// ```
/// use civita::prelude::*;
///
/// let (a, b) = (Vector::<f64>::ones(3), Vector::<f64>::ones(4));
/// let error = civita::catch(|| &a + &b).unwrap_err();
/// assert!(error.is_shape());
/// assert_eq!(civita::catch(|| &a + &a)?.to_vec(), [2.0; 3]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// The error that `f` panicked with.
pub fn catch<R>(f: impl FnOnce() -> R) -> Result<R> {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            CATCHING.with(|c| c.set(c.get() - 1));
        }
    }
    CATCHING.with(|c| c.set(c.get() + 1));
    let leave = Leave;
    let outcome = catch_unwind(AssertUnwindSafe(f));
    drop(leave);
    outcome.map_err(|payload| match payload.downcast::<Error>() {
        Ok(error) => *error,
        Err(other) => resume_unwind(other),
    })
}

/// Panics: inside [`catch`] with the error, and nothing is printed; outside with its text, which the standard library prints and
/// `#[should_panic(expected = "…")]` matches.
#[cold]
#[track_caller]
pub(crate) fn raise(error: Error) -> ! {
    if CATCHING.with(Cell::get) > 0 {
        resume_unwind(Box::new(error));
    }
    panic!("{error}")
}

/// The value, or a panic.
pub(crate) trait OrRaise<R> {
    #[track_caller]
    fn or_raise(self) -> R;
}
impl<R> OrRaise<R> for Result<R> {
    #[inline]
    #[track_caller]
    fn or_raise(self) -> R {
        match self {
            Ok(value) => value,
            Err(error) => raise(error),
        }
    }
}
