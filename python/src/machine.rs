//! What the machine has, how many threads are used, which kernels ran.

use civita_core::{explain as engine_explain, info as engine_info, threads};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::error::{Outcome, value_error};

/// What this process runs on: processor, instruction set, threads, memory, ops. Printed it reads like a page.
#[pyclass(name = "Info", module = "civita", frozen)]
struct Info(engine_info::Info);

#[pymethods]
impl Info {
    #[getter]
    fn version(&self) -> &'static str {
        self.0.version
    }
    #[getter]
    fn arch(&self) -> &'static str {
        self.0.arch
    }
    /// The instruction set in use.
    #[getter]
    fn isa(&self) -> &'static str {
        self.0.isa.name()
    }
    /// The widest instruction set that the processor has.
    #[getter]
    fn widest_isa(&self) -> &'static str {
        self.0.widest.name()
    }
    #[getter]
    fn threads(&self) -> usize {
        self.0.threads
    }
    /// Bytes that may be kept for later arrays.
    #[getter]
    fn pool_limit(&self) -> usize {
        self.0.pool_limit
    }
    fn __repr__(&self) -> String {
        self.0.to_string()
    }
}

/// What this process runs on.
#[pyfunction]
fn info() -> Info {
    Info(engine_info::info())
}

/// How many threads large operations use.
#[pyfunction]
#[pyo3(signature = (n))]
fn set_num_threads(n: isize) -> Outcome<()> {
    match usize::try_from(n) {
        Ok(n) if n > 0 => {
            threads::set_threads(n);
            Ok(())
        }
        _ => Err(value_error(format!(
            "set_num_threads: {n} is no number of threads; at least one works"
        ))),
    }
}

/// How many threads large operations use.
#[pyfunction]
fn get_num_threads() -> usize {
    threads::threads()
}

/// Calls a function and returns `(result, notes)`: a dict for each operation that ran, with its op, kind, dtype, elements,
/// isa and threads.
#[pyfunction]
#[pyo3(signature = (function, *args, **kwargs))]
fn explain<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let (result, notes) = engine_explain::explain(|| function.call(args, kwargs));
    let result = result?;
    let list = PyList::empty(py);
    for note in notes {
        let dict = PyDict::new(py);
        dict.set_item("op", note.op)?;
        dict.set_item("kind", format!("{:?}", note.kind).to_lowercase())?;
        dict.set_item("dtype", note.dtype.name())?;
        dict.set_item("elements", note.elements)?;
        dict.set_item("isa", note.isa.name())?;
        dict.set_item("threads", note.threads)?;
        list.append(dict)?;
    }
    PyTuple::new(py, [result, list.into_any()])
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Info>()?;
    m.add_function(wrap_pyfunction!(info, m)?)?;
    m.add_function(wrap_pyfunction!(set_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(get_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(explain, m)?)?;
    Ok(())
}
