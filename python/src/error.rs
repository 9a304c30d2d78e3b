//! The engine's errors as Python's exceptions; the text is the engine's, its hint in Python.

use civita_core::error::Error;
use civita_core::ops::{REDUCTIONS, ROWS};
use pyo3::exceptions::{
    PyIndexError, PyMemoryError, PyOSError, PyOverflowError, PyRuntimeError, PyTypeError,
    PyValueError, PyZeroDivisionError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// What functions of this crate return: an exception of Python's or an error of the engine's, by `?`.
pub type Outcome<T> = Result<T, Fault>;

/// An exception.
pub struct Fault(PyErr);

impl Fault {
    /// Returns true for a `TypeError`.
    pub fn is_type_error(&self, py: Python<'_>) -> bool {
        self.0.is_instance_of::<PyTypeError>(py)
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Fault {
        Fault(error)
    }
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> PyErr {
        fault.0
    }
}

impl From<Error> for Fault {
    #[cold]
    fn from(error: Error) -> Fault {
        if let Some(raised) = crate::callback::raised(&error) {
            return Fault(raised);
        }
        let text = text_of(&error);
        if error.op() == "average" && text.contains("Weights sum to zero") {
            return Fault(PyZeroDivisionError::new_err(text));
        }
        Fault(if error.is_axis() {
            Python::attach(|py| match axis_error(py) {
                Ok(class) => PyErr::from_type(class.bind(py).clone(), text),
                Err(failed) => failed,
            })
        } else if error.is_linalg() {
            Python::attach(|py| match linalg_error(py) {
                Ok(class) => PyErr::from_type(class.bind(py).clone(), text),
                Err(failed) => failed,
            })
        } else if error.is_memory() {
            PyMemoryError::new_err(text)
        } else if error.is_index() {
            PyIndexError::new_err(text)
        } else if error.is_dtype() && error.op() == "scalar" {
            PyOverflowError::new_err(out_of_bounds(text))
        } else if error.is_dtype() {
            PyTypeError::new_err(text)
        } else if error.is_gradient() || error.is_device() {
            PyRuntimeError::new_err(text)
        } else if error.is_io() {
            PyOSError::new_err(text)
        } else {
            PyValueError::new_err(text)
        })
    }
}

/// The text of an error of the engine in Python's names and code.
#[cold]
pub fn text_of(error: &Error) -> String {
    error.python_text(python_name(error.op()))
}

/// NumPy's name of an operation, where the engine's is Rust's.
fn python_name(op: &'static str) -> &'static str {
    match op {
        "permute" => "transpose",
        "swap_axes" => "swapaxes",
        "move_axis" => "moveaxis",
        // `where` says its name itself: `choose` is another function of NumPy's
        "choose" => op,
        _ => {
            let ops = ROWS.iter().map(|row| (row.name, row.numpy));
            let folds = REDUCTIONS.iter().map(|row| (row.name, row.numpy));
            let found = ops.chain(folds).find(|&(name, _)| name == op);
            found.map_or(op, |(_, numpy)| numpy)
        }
    }
}

/// The text of a Python integer beside an array whose dtype cannot hold it: NumPy's, and the engine's rule.
fn out_of_bounds(text: String) -> String {
    let found = text
        .strip_prefix("scalar: the scalar ")
        .and_then(|rest| rest.split_once(" does not fit into "));
    match found {
        Some((value, rest))
            if value
                .trim_start_matches('-')
                .bytes()
                .all(|b| b.is_ascii_digit()) =>
        {
            let (dtype, rule) = rest.split_once('\n').unwrap_or((rest, ""));
            format!("Python integer {value} out of bounds for {dtype}\n{rule}")
        }
        _ => text,
    }
}

/// `AxisError`: NumPy's is a `ValueError` and an `IndexError` too.
pub fn axis_error(py: Python<'_>) -> PyResult<&'static Py<PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.get_or_try_init(py, || {
        let bases = (py.get_type::<PyValueError>(), py.get_type::<PyIndexError>());
        let members = PyDict::new(py);
        members.set_item("__module__", "civita")?;
        members.set_item(
            "__doc__",
            "An axis that the array does not have, or that is named twice.",
        )?;
        Ok(py
            .get_type::<PyType>()
            .call1(("AxisError", bases, members))?
            .cast_into::<PyType>()?
            .unbind())
    })
}

/// `LinAlgError`, a `ValueError` as NumPy's.
pub fn linalg_error(py: Python<'_>) -> PyResult<&'static Py<PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.get_or_try_init(py, || {
        let members = PyDict::new(py);
        members.set_item("__module__", "civita.linalg")?;
        members.set_item(
            "__doc__",
            "A matrix that an algorithm cannot take: not square, singular, not positive definite, without convergence.",
        )?;
        let bases = (py.get_type::<PyValueError>(),);
        Ok(py
            .get_type::<PyType>()
            .call1(("LinAlgError", bases, members))?
            .cast_into::<PyType>()?
            .unbind())
    })
}

/// A `TypeError`.
#[cold]
pub fn type_error(text: impl Into<String>) -> Fault {
    Fault(PyTypeError::new_err(text.into()))
}

/// A `ValueError`.
#[cold]
pub fn value_error(text: impl Into<String>) -> Fault {
    Fault(PyValueError::new_err(text.into()))
}

/// An `IndexError`.
#[cold]
pub fn index_error(text: impl Into<String>) -> Fault {
    Fault(PyIndexError::new_err(text.into()))
}

/// A `RuntimeError`.
#[cold]
pub fn runtime_error(text: impl Into<String>) -> Fault {
    Fault(PyRuntimeError::new_err(text.into()))
}
