//! `repr`, `str` and the print options: NumPy's.

use std::borrow::Cow;

use civita_core::print::{self, FloatMode, Options, Sign};
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::array::Array;
use crate::convert::array_of;
use crate::error::{Outcome, type_error, value_error};

/// NumPy's `repr`, and at its end what the array is in the gradient graph.
fn repr(raw: &Raw) -> String {
    if let Some(text) = opaque(raw) {
        return text;
    }
    match raw.node() {
        None => raw.repr("array(", ")"),
        Some(node) if node.is_leaf() => raw.repr("array(", ", requires_grad=True)"),
        Some(node) => raw.repr("array(", &format!(", grad_fn=<{}>)", node.op())),
    }
}

/// What is written of an array whose value cannot be read: under `vmap`, inside `trace`.
fn opaque(raw: &Raw) -> Option<String> {
    let how = raw.opaque()?;
    let shape = match raw.shape() {
        [n] => format!("({n},)"),
        shape => {
            let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    };
    Some(format!(
        "<{how} array, shape {shape}, dtype {}>",
        raw.dtype()
    ))
}

/// NumPy's `str`.
fn text(raw: &Raw) -> String {
    opaque(raw).unwrap_or_else(|| raw.display())
}

#[pymethods]
impl Array {
    fn __repr__(&self) -> String {
        repr(&self.raw())
    }

    fn __str__(&self) -> String {
        text(&self.raw())
    }

    fn __format__<'py>(slf: &Bound<'py, Self>, spec: &str) -> Outcome<Bound<'py, PyAny>> {
        let raw = slf.get().raw();
        if spec.is_empty() {
            return Ok(text(&raw)
                .into_pyobject(slf.py())
                .map_err(PyErr::from)?
                .into_any());
        }
        if raw.rank() != 0 {
            return Err(type_error(
                "unsupported format string passed to civita.ndarray.__format__\n  hint: `.item()` of an array of one element formats as a number",
            ));
        }
        let value = crate::operators::python_scalar(slf.py(), raw.item()?)?;
        Ok(slf
            .py()
            .import("builtins")?
            .getattr("format")?
            .call1((value, spec))?)
    }
}

/// The text of an array as `repr` writes it.
#[pyfunction]
#[pyo3(signature = (arr))]
fn array_repr(arr: &Bound<'_, PyAny>) -> Outcome<String> {
    Ok(repr(&array_of(arr, None)?))
}

/// The text of an array as `str` writes it.
#[pyfunction]
#[pyo3(signature = (a))]
fn array_str(a: &Bound<'_, PyAny>) -> Outcome<String> {
    Ok(text(&array_of(a, None)?))
}

/// Changes the print options that are given: `precision`, `threshold`, `edgeitems`, `linewidth`, `suppress`, `nanstr`,
/// `infstr`, `sign`, `floatmode`.
#[pyfunction]
#[pyo3(signature = (precision=None, threshold=None, edgeitems=None, linewidth=None, suppress=None, nanstr=None, infstr=None, *, sign=None, floatmode=None))]
#[allow(clippy::too_many_arguments)]
fn set_printoptions(
    precision: Option<usize>,
    threshold: Option<&Bound<'_, PyAny>>,
    edgeitems: Option<usize>,
    linewidth: Option<usize>,
    suppress: Option<bool>,
    nanstr: Option<String>,
    infstr: Option<String>,
    sign: Option<&str>,
    floatmode: Option<&str>,
) -> Outcome<()> {
    let mut options = print::get_options();
    if let Some(v) = precision {
        options.precision = v;
    }
    if let Some(v) = threshold {
        options.threshold = match v.extract::<usize>() {
            Ok(n) => n,
            // sys.maxsize, math.inf: all of it
            Err(_) if v.extract::<f64>()? == f64::INFINITY => usize::MAX,
            Err(_) => {
                return Err(value_error(
                    "threshold must be a number of elements, not nan",
                ));
            }
        };
    }
    if let Some(v) = edgeitems {
        options.edgeitems = v;
    }
    if let Some(v) = linewidth {
        options.linewidth = v;
    }
    if let Some(v) = suppress {
        options.suppress_small = v;
    }
    if let Some(v) = nanstr {
        options.nanstr = Cow::Owned(v);
    }
    if let Some(v) = infstr {
        options.infstr = Cow::Owned(v);
    }
    if let Some(v) = sign {
        options.sign = Sign::from_name(v)
            .ok_or_else(|| value_error("sign option must be one of ' ', '+', or '-'"))?;
    }
    if let Some(v) = floatmode {
        options.floatmode = FloatMode::from_name(v).ok_or_else(|| {
            value_error("floatmode option must be one of fixed, unique, maxprec, maxprec_equal")
        })?;
    }
    print::set_options(options);
    Ok(())
}

/// The print options as a dict.
#[pyfunction]
fn get_printoptions(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let Options {
        precision,
        threshold,
        edgeitems,
        linewidth,
        suppress_small,
        sign,
        floatmode,
        nanstr,
        infstr,
    } = print::get_options();
    let dict = PyDict::new(py);
    dict.set_item("edgeitems", edgeitems)?;
    dict.set_item("threshold", threshold)?;
    dict.set_item("floatmode", floatmode.name())?;
    dict.set_item("precision", precision)?;
    dict.set_item("suppress", suppress_small)?;
    dict.set_item("linewidth", linewidth)?;
    dict.set_item("nanstr", nanstr)?;
    dict.set_item("infstr", infstr)?;
    dict.set_item("sign", sign.name())?;
    Ok(dict)
}

/// Options for the length of a `with` block.
#[pyclass(name = "printoptions", module = "civita", frozen)]
struct PrintOptions {
    wanted: Py<PyDict>,
    before: std::sync::Mutex<Vec<Options>>,
}

#[pymethods]
impl PrintOptions {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(py: Python<'_>, options: Option<Bound<'_, PyDict>>) -> PrintOptions {
        PrintOptions {
            wanted: options.unwrap_or_else(|| PyDict::new(py)).unbind(),
            before: Default::default(),
        }
    }

    fn __enter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let before = print::get_options();
        py.import("civita._civita")?
            .getattr("set_printoptions")?
            .call((), Some(self.wanted.bind(py)))?;
        self.before
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(before);
        get_printoptions(py)
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        if let Some(before) = self
            .before
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop()
        {
            print::set_options(before);
        }
    }
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(array_repr, m)?)?;
    m.add_function(wrap_pyfunction!(array_str, m)?)?;
    m.add_function(wrap_pyfunction!(set_printoptions, m)?)?;
    m.add_function(wrap_pyfunction!(get_printoptions, m)?)?;
    m.add_class::<PrintOptions>()?;
    Ok(())
}
