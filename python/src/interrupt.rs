//! Ctrl-C inside a long operation.
//!
//! Python runs signal handlers between bytecodes, so an operation of ten seconds would hold a `KeyboardInterrupt` back for
//! ten seconds. To look for one, a thread must hold the interpreter, which others may want; so a handler in C, in front of
//! Python's own, notes that SIGINT came, and the main thread asks for that note between the tasks of an operation
//! (`threads::interruptible`). Only then it takes the interpreter and has Python call its handler: the default one, which
//! raises. Other handlers run after the operation, as ever, for they may go on, and may touch the arrays that it writes.

use std::cell::Cell;

use civita_core::error::Error;
use civita_core::threads;
use pyo3::prelude::*;

use crate::callback::standing_for;
use crate::error::Fault;

/// What an interrupted operation returns.
pub trait Interruptible {
    /// This exception.
    fn interrupted(raised: PyErr) -> Self;
}
impl<T> Interruptible for Result<T, Error> {
    fn interrupted(raised: PyErr) -> Self {
        Err(standing_for(raised))
    }
}
impl<T> Interruptible for Result<T, Fault> {
    fn interrupted(raised: PyErr) -> Self {
        Err(raised.into())
    }
}
impl<T> Interruptible for PyResult<T> {
    fn interrupted(raised: PyErr) -> Self {
        Err(raised)
    }
}

/// Runs `f`, which has released the interpreter, and stops it by Ctrl-C where this is the main thread.
pub fn run<R: Interruptible>(f: impl FnOnce() -> R) -> R {
    if !MAIN.get() {
        return f();
    }
    let mut raised = None;
    let mut ask = || {
        if sigint::came() {
            raised = crate::gil::attached(handle).err();
        }
        raised.is_some()
    };
    let outcome = threads::interruptible(&mut ask, f);
    match (outcome, raised) {
        (Ok(result), None) => result,
        // it ended before the exception could stop it
        (Ok(_), Some(raised)) | (Err(_), Some(raised)) => R::interrupted(raised),
        (Err(_), None) => R::interrupted(pyo3::exceptions::PyKeyboardInterrupt::new_err(())),
    }
}

/// Has Python handle SIGINT, if its handler is the one that raises.
fn handle(py: Python<'_>) -> PyResult<()> {
    let signal = py.import("signal")?;
    let handler = signal.call_method1("getsignal", (signal.getattr("SIGINT")?,))?;
    if handler.is(&signal.getattr("default_int_handler")?) {
        py.check_signals()?;
    }
    Ok(())
}

thread_local! {
    /// Whether this is Python's main thread, which handles signals.
    static MAIN: Cell<bool> = const { Cell::new(false) };
}

/// Begins to watch, if the main thread imports the module.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    if threading.call_method0("get_ident")?.eq(main)? {
        MAIN.set(true);
        sigint::watch();
    }
    Ok(())
}

#[cfg(unix)]
mod sigint {
    use std::mem::{transmute, zeroed};
    use std::ptr::null_mut;
    use std::sync::atomic::Ordering::{Relaxed, SeqCst};
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    use libc::{SA_SIGINFO, SIG_DFL, SIG_IGN, SIGINT, c_int, c_void, sigaction, siginfo_t};

    static CAME: AtomicBool = AtomicBool::new(false);
    /// The handler behind ours, and whether it takes three arguments.
    static NEXT: AtomicUsize = AtomicUsize::new(SIG_DFL);
    static NEXT_TAKES_THREE: AtomicBool = AtomicBool::new(false);

    /// Whether SIGINT may have come since the last call. Also sees to it that the next one is noticed: whoever calls
    /// `signal.signal` puts Python's handler in place of ours, and what came until now was not noted. (To look before each
    /// operation instead would be a system call for each.)
    pub fn came() -> bool {
        let missed = watch();
        missed || CAME.load(Relaxed) && CAME.swap(false, SeqCst)
    }

    /// Puts our handler in front of the one that is there, unless SIGINT kills the process or is ignored. Returns true where
    /// another had been there.
    pub fn watch() -> bool {
        // SAFETY: a structure of integers and pointers, all of which may be zero.
        let mut now: sigaction = unsafe { zeroed() };
        // SAFETY: reads the action into a local.
        if unsafe { libc::sigaction(SIGINT, null_mut(), &mut now) } != 0 {
            return false;
        }
        let ours = note as *const () as usize;
        if [ours, SIG_DFL, SIG_IGN].contains(&now.sa_sigaction) {
            return false;
        }
        NEXT.store(now.sa_sigaction, SeqCst);
        NEXT_TAKES_THREE.store(now.sa_flags & SA_SIGINFO != 0, SeqCst);
        now.sa_sigaction = ours;
        now.sa_flags |= SA_SIGINFO;
        // SAFETY: `note` is a handler of three arguments that only stores to atomics and calls the handler before it.
        unsafe { libc::sigaction(SIGINT, &now, null_mut()) };
        true
    }

    extern "C" fn note(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        let next = NEXT.load(SeqCst);
        if [SIG_DFL, SIG_IGN].contains(&next) {
        } else if NEXT_TAKES_THREE.load(SeqCst) {
            // SAFETY: it was installed as a handler of three arguments.
            let next: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                unsafe { transmute(next) };
            next(signal, info, context);
        } else {
            // SAFETY: it was installed as a handler of one argument.
            let next: extern "C" fn(c_int) = unsafe { transmute(next) };
            next(signal);
        }
        // after the handler, which may run on another thread than the one that asks: whoever reads this finds the signal pending
        CAME.store(true, SeqCst);
    }
}

#[cfg(not(unix))]
mod sigint {
    //! Elsewhere Ctrl-C waits until the operation ends.

    pub fn came() -> bool {
        false
    }

    pub fn watch() -> bool {
        false
    }
}
