//! What holds on a thread inside of `with`: whether gradients are recorded, and the scope of another thread.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use civita_core::graph::{EnableGrad, NoGrad, recording};
use civita_core::transform::{EnteredScope, Scope};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{Outcome, runtime_error};
use crate::errstate::{self, Reaction};

/// What was entered; dropping it restores what held before.
enum Entered {
    NoGrad {
        _pause: NoGrad,
    },
    EnableGrad {
        _record: EnableGrad,
    },
    Scope {
        _scope: EnteredScope,
        _reaction: Reaction,
    },
}

thread_local! {
    /// What this thread has entered and not left, with the objects by which it was entered: `with` counts for its own thread,
    /// so an object may be entered in several.
    static HELD: RefCell<Vec<(u64, Entered)>> = const { RefCell::new(Vec::new()) };
}

/// A number for a new object in [`HELD`].
fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Relaxed)
}

fn enter(id: u64, entered: Entered) {
    HELD.with_borrow_mut(|held| held.push((id, entered)));
}

fn leave(id: u64, name: &str) -> Outcome<()> {
    let last = HELD.with_borrow_mut(|held| {
        let at = held.iter().rposition(|(other, _)| *other == id)?;
        // the state before is that of the newest, whoever leaves first
        for i in at + 1..held.len() {
            held[i - 1].0 = held[i].0;
        }
        held.pop()
    });
    match last {
        Some(_) => Ok(()),
        None => Err(runtime_error(format!(
            "{name}: this thread leaves what it has not entered\n  rule: `with` begins and ends in one thread"
        ))),
    }
}

/// Nothing is recorded inside: `with cv.no_grad(): ...`. `civita/_modes.py` makes a decorator of it.
#[pyclass(name = "_NoGrad", module = "civita", frozen, subclass)]
struct PyNoGrad {
    id: u64,
}

#[pymethods]
impl PyNoGrad {
    #[new]
    fn new() -> PyNoGrad {
        PyNoGrad { id: next_id() }
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        let _pause = NoGrad::new();
        enter(slf.get().id, Entered::NoGrad { _pause });
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) -> Outcome<()> {
        leave(self.id, "no_grad")
    }
}

/// Gradients are recorded inside, also within `no_grad`: `with cv.enable_grad(): ...`.
#[pyclass(name = "_EnableGrad", module = "civita", frozen, subclass)]
struct PyEnableGrad {
    id: u64,
}

#[pymethods]
impl PyEnableGrad {
    #[new]
    fn new() -> PyEnableGrad {
        PyEnableGrad { id: next_id() }
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        let _record = EnableGrad::new();
        enter(slf.get().id, Entered::EnableGrad { _record });
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) -> Outcome<()> {
        leave(self.id, "enable_grad")
    }
}

/// What holds on the thread that made it; `civita/autograd.py` documents it.
#[pyclass(name = "_Scope", module = "civita", frozen)]
struct PyScope {
    id: u64,
    scope: Scope,
    reaction: errstate::State,
}

#[pymethods]
impl PyScope {
    #[new]
    fn new() -> PyScope {
        PyScope {
            id: next_id(),
            scope: Scope::current(),
            reaction: errstate::current(),
        }
    }

    fn enter(&self) {
        let entered = Entered::Scope {
            _scope: self.scope.enter(),
            _reaction: Reaction::enter(self.reaction),
        };
        enter(self.id, entered);
    }

    fn leave(&self) -> Outcome<()> {
        leave(self.id, "Scope")
    }
}

/// Records gradients on this thread from now on, or not, until what was entered before is left.
#[pyfunction]
fn _record(on: bool) {
    match on {
        true => std::mem::forget(EnableGrad::new()),
        false => std::mem::forget(NoGrad::new()),
    }
}

/// Whether gradients are recorded on this thread.
#[pyfunction]
fn is_grad_enabled() -> bool {
    recording()
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(is_grad_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(_record, m)?)?;
    m.add_class::<PyNoGrad>()?;
    m.add_class::<PyEnableGrad>()?;
    m.add_class::<PyScope>()?;
    Ok(())
}
