//! Python functions that the engine calls: while it runs a transformation, on the way back, in hooks.
//!
//! They are called attached to the interpreter, the engine around them works detached from it. An exception travels beside
//! the engine's error: it waits in the thread until that error becomes an exception again, and is then raised as it was.

use std::cell::RefCell;

use civita_core::error::{Error, Result};
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::convert::array_of;
use crate::error::Outcome;
use crate::gil;
use crate::scalar::wrap_result;

/// The operation that errors name which stand for an exception.
const OP: &str = "callback";

thread_local! {
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// The engine's error for an exception.
#[cold]
pub fn standing_for(raised: PyErr) -> Error {
    // what was there before belongs to an error that nobody looked at
    let before = RAISED.replace(Some(raised));
    drop(before);
    Error::gradient(OP, "a Python function raised an exception")
}

/// The exception that an error of the engine's stands for.
pub fn raised(error: &Error) -> Option<PyErr> {
    if error.op() == OP {
        RAISED.take()
    } else {
        None
    }
}

/// A Python function, called by the engine.
pub struct Callback(Py<PyAny>);

impl Callback {
    /// The function.
    pub fn new(function: &Bound<'_, PyAny>) -> Callback {
        Callback(function.clone().unbind())
    }

    /// Calls it with arguments that `args` makes, and lets `read` take apart what it returns.
    pub fn with<R>(
        &self,
        args: impl for<'py> FnOnce(Python<'py>) -> Outcome<Bound<'py, PyTuple>>,
        read: impl for<'py> FnOnce(Bound<'py, PyAny>) -> Outcome<R>,
    ) -> Result<R> {
        gil::attached(|py| {
            let result = || -> Outcome<R> { read(self.0.bind(py).call1(args(py)?)?) };
            result().map_err(|fault| standing_for(fault.into()))
        })
    }

    /// From arrays, each an argument, to a list of arrays.
    pub fn call(&self, x: &[Raw]) -> Result<Vec<Raw>> {
        self.with(
            |py| Ok(PyTuple::new(py, objects(py, x)?)?),
            |result| tensors(&result),
        )
    }
}

/// Arrays of Python's.
pub fn objects(py: Python<'_>, x: &[Raw]) -> Outcome<Vec<Py<PyAny>>> {
    x.iter().map(|x| wrap_result(py, x.clone())).collect()
}

/// A list of arrays.
pub fn list<'py>(py: Python<'py>, x: &[Raw]) -> Outcome<Bound<'py, PyList>> {
    Ok(PyList::new(py, objects(py, x)?)?)
}

/// The tensors of a sequence of arrays. Whoever gets them next says whether they are scalars.
pub fn tensors(ob: &Bound<'_, PyAny>) -> Outcome<Vec<Raw>> {
    ob.try_iter()?.map(|ob| tensor(&ob?)).collect()
}

fn tensor(ob: &Bound<'_, PyAny>) -> Outcome<Raw> {
    let mut raw = array_of(ob, None)?;
    raw.set_number(false);
    Ok(raw)
}

/// As [`tensors`], of a sequence in which some are None.
pub fn some_tensors(ob: &Bound<'_, PyAny>) -> Outcome<Vec<Option<Raw>>> {
    ob.try_iter()?
        .map(|ob| match ob? {
            ob if ob.is_none() => Ok(None),
            ob => tensor(&ob).map(Some),
        })
        .collect()
}
