//! Gradients: PyTorch's manners on the engine's graph.

use civita_core::error::Error;
use civita_core::graph::{self, Keep, NoGrad, Tolerance};
use civita_core::raw::Raw;
use civita_core::storage::Access;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::array::{Array, wrap};
use crate::convert::array_of;
use crate::error::{Outcome, runtime_error, type_error};
use crate::gil;

fn keep(create_graph: bool, retain_graph: Option<bool>) -> Keep {
    match (create_graph, retain_graph) {
        (true, _) => Keep::Differentiable,
        (false, Some(true)) => Keep::Graph,
        (false, _) => Keep::Nothing,
    }
}

#[pymethods]
impl Array {
    /// Does a gradient reach this array? Setting it makes a leaf, or a constant.
    #[getter]
    fn requires_grad(&self) -> bool {
        self.raw().tracks_gradient()
    }

    #[setter]
    fn set_requires_grad(&self, wanted: bool) -> Outcome<()> {
        let raw = self.raw().clone();
        let leaf = raw.node().is_none_or(|n| n.is_leaf());
        if !leaf {
            return Err(runtime_error(
                "requires_grad of a computed array cannot be changed\n  hint: `.detach()` gives a constant",
            ));
        }
        if raw.tracks_gradient() != wanted {
            self.set_leaf(if wanted {
                raw.requires_grad()?
            } else {
                raw.detach()
            });
        }
        Ok(())
    }

    /// Makes this array a leaf whose gradient `backward` collects (or a constant again), and returns it.
    #[pyo3(signature = (requires_grad=true))]
    fn requires_grad_(slf: &Bound<'_, Self>, requires_grad: bool) -> Outcome<Py<PyAny>> {
        slf.get().set_requires_grad(requires_grad)?;
        Ok(slf.clone().into_any().unbind())
    }

    /// Was it made, rather than computed from what requires a gradient?
    #[getter]
    fn is_leaf(&self) -> bool {
        self.raw().node().is_none_or(|n| n.is_leaf())
    }

    /// The name of the op that computed it, when a gradient reaches it.
    #[getter]
    fn grad_fn(&self) -> Option<&'static str> {
        self.raw().node().filter(|n| !n.is_leaf()).map(|n| n.op())
    }

    /// The gradient that `backward` left on this leaf; None before.
    #[getter]
    fn grad(&self, py: Python<'_>) -> Outcome<Option<Py<PyAny>>> {
        let raw = self.raw();
        let Some(gradient) = raw.grad() else {
            return Ok(None);
        };
        if gradient.storage().access() != Access::Owned {
            return wrap(py, gradient).map(Some);
        }
        // into Python's world once, so that what is written into it stays
        raw.set_grad(None);
        let gradient = gradient.into_aliased()?;
        raw.set_grad(Some(gradient.clone()));
        wrap(py, gradient).map(Some)
    }

    #[setter]
    fn set_grad(&self, gradient: Option<&Bound<'_, PyAny>>) -> Outcome<()> {
        let raw = self.raw();
        match gradient {
            None => raw.set_grad(None),
            Some(g) if g.is_none() => raw.set_grad(None),
            Some(g) => {
                let g = array_of(g, Some(raw.dtype()))?;
                if g.shape() != raw.shape() {
                    return Err(crate::error::value_error(format!(
                        "grad: a gradient has the shape of its array, {}, not {}",
                        civita_core::error::shape_text(raw.shape()),
                        civita_core::error::shape_text(g.shape())
                    )));
                }
                raw.set_grad(Some(g.into_aliased()?));
            }
        }
        Ok(())
    }

    /// Adds the gradient of this array to every leaf that it was computed from. An array of several elements needs the
    /// gradient of what comes after it. The pass frees what it has used, unless `retain_graph` or `create_graph` keeps it.
    #[pyo3(signature = (gradient=None, retain_graph=None, create_graph=false))]
    fn backward(
        &self,
        py: Python<'_>,
        gradient: Option<&Bound<'_, PyAny>>,
        retain_graph: Option<bool>,
        create_graph: bool,
    ) -> Outcome<()> {
        let raw = self.raw().clone();
        let seed = match gradient {
            Some(g) if !g.is_none() => Some(array_of(g, None)?),
            _ => None,
        };
        Ok(gil::released(py, || {
            graph::backward(&raw, seed.as_ref(), keep(create_graph, retain_graph))
        })?)
    }

    /// The same memory as a constant of the graph.
    fn detach(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        wrap(py, self.raw().detach())
    }
}

/// One array, or a sequence of them.
fn arrays<'py>(ob: &Bound<'py, PyAny>) -> Outcome<Vec<Bound<'py, PyAny>>> {
    if let Ok(list) = ob.cast::<PyList>() {
        return Ok(list.iter().collect());
    }
    if let Ok(tuple) = ob.cast::<PyTuple>() {
        return Ok(tuple.iter().collect());
    }
    Ok(vec![ob.clone()])
}

fn raws(obs: &[Bound<'_, PyAny>]) -> Outcome<Vec<Raw>> {
    obs.iter().map(|ob| array_of(ob, None)).collect()
}

/// The gradients of outputs with respect to inputs, as a tuple; nothing is added to any leaf. With `create_graph` they
/// can be differentiated again.
#[pyfunction]
#[pyo3(signature = (outputs, inputs, grad_outputs=None, create_graph=false))]
fn grad<'py>(
    py: Python<'py>,
    outputs: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyAny>,
    grad_outputs: Option<&Bound<'py, PyAny>>,
    create_graph: bool,
) -> Outcome<Bound<'py, PyTuple>> {
    if outputs.is_callable() && !outputs.is_instance_of::<Array>() {
        return Err(type_error(
            "grad takes arrays, not a function\n  hint: `cv.grad(f(x), x)`",
        ));
    }
    let (outputs, inputs) = (raws(&arrays(outputs)?)?, raws(&arrays(inputs)?)?);
    let seeds: Vec<Option<Raw>> = match grad_outputs {
        None => vec![None; outputs.len()],
        Some(g) if g.is_none() => vec![None; outputs.len()],
        Some(g) => arrays(g)?
            .iter()
            .map(|g| {
                if g.is_none() {
                    Ok(None)
                } else {
                    array_of(g, None).map(Some)
                }
            })
            .collect::<Outcome<_>>()?,
    };
    if seeds.len() != outputs.len() {
        return Err(crate::error::value_error(format!(
            "grad: {} outputs but {} gradients of them",
            outputs.len(),
            seeds.len()
        )));
    }
    let found = gil::released(py, || {
        let outputs: Vec<(&Raw, Option<&Raw>)> = outputs
            .iter()
            .zip(&seeds)
            .map(|(o, s)| (o, s.as_ref()))
            .collect();
        graph::grad(
            &outputs,
            &inputs.iter().collect::<Vec<_>>(),
            keep(create_graph, None),
        )
    })?;
    let found = found
        .into_iter()
        .map(|g| wrap(py, g))
        .collect::<Outcome<Vec<_>>>()?;
    Ok(PyTuple::new(py, found)?)
}

/// Calls a Python function with tensors; its exception comes back as it was, not as a text.
struct Caller<'a, 'py> {
    function: &'a Bound<'py, PyAny>,
    raised: std::cell::RefCell<Option<PyErr>>,
}

impl Caller<'_, '_> {
    fn call(&self, inputs: &[Raw]) -> civita_core::error::Result<Vec<Raw>> {
        self.called(inputs).map_err(|fault| {
            *self.raised.borrow_mut() = Some(fault.into());
            Error::gradient("call", "the function raised an exception")
        })
    }

    fn called(&self, inputs: &[Raw]) -> Outcome<Vec<Raw>> {
        let py = self.function.py();
        let args = inputs
            .iter()
            .map(|x| aliased(py, x))
            .collect::<Outcome<Vec<_>>>()?;
        let result = self.function.call1(PyTuple::new(py, args)?)?;
        raws(&arrays(&result)?)
    }

    fn one(&self, inputs: &[Raw]) -> civita_core::error::Result<Raw> {
        let mut all = self.call(inputs)?;
        match (all.pop(), all.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(Error::value(
                "check_gradients",
                "the function must return one array",
            )),
        }
    }

    fn finish<R>(&self, result: civita_core::error::Result<R>) -> Outcome<R> {
        match (self.raised.borrow_mut().take(), result) {
            (Some(raised), Err(_)) => Err(raised.into()),
            (_, result) => Ok(result?),
        }
    }
}

/// A tensor for Python with its place in the graph. One of Rust's world that others hold too is copied, and the copy
/// takes the place.
fn aliased(py: Python<'_>, x: &Raw) -> Outcome<Py<PyAny>> {
    wrap(py, x.clone())
}

/// The value of `f` at `primals`, and how it changes when they move along `tangents`: `(f(x), J·v)`.
#[pyfunction]
#[pyo3(signature = (f, primals, tangents))]
fn jvp<'py>(
    py: Python<'py>,
    f: &Bound<'py, PyAny>,
    primals: &Bound<'py, PyAny>,
    tangents: &Bound<'py, PyAny>,
) -> Outcome<Bound<'py, PyTuple>> {
    let in_python = |all: Vec<Raw>| -> Outcome<Vec<Raw>> {
        all.into_iter().map(|x| Ok(x.into_aliased()?)).collect()
    };
    let (inputs, tangents) = (
        in_python(raws(&arrays(primals)?)?)?,
        in_python(raws(&arrays(tangents)?)?)?,
    );
    let caller = Caller {
        function: f,
        raised: Default::default(),
    };
    let several = std::cell::Cell::new(false);
    let result = graph::jvp(
        |leaves| {
            let all = caller.call(leaves)?;
            several.set(all.len() != 1);
            Ok(all)
        },
        &inputs,
        &tangents,
    );
    let (values, changes) = caller.finish(result)?;
    let pack = |all: Vec<Raw>| -> Outcome<Bound<'py, PyAny>> {
        let mut all = all
            .into_iter()
            .map(|x| Ok(wrap(py, x)?.into_bound(py)))
            .collect::<Outcome<Vec<_>>>()?;
        match all.len() {
            1 => Ok(all.remove(0)),
            _ => Ok(PyTuple::new(py, all)?.into_any()),
        }
    };
    Ok(PyTuple::new(py, [pack(values)?, pack(changes)?])?)
}

type Check = fn(
    &dyn Fn(&[Raw]) -> civita_core::error::Result<Raw>,
    &[Raw],
    Tolerance,
) -> civita_core::error::Result<()>;

fn checked(
    check: Check,
    f: &Bound<'_, PyAny>,
    inputs: &Bound<'_, PyAny>,
    tolerance: Tolerance,
) -> Outcome<bool> {
    let inputs = raws(&arrays(inputs)?)?
        .into_iter()
        .map(|x| Ok(x.detach().into_aliased()?))
        .collect::<Outcome<Vec<_>>>()?;
    let caller = Caller {
        function: f,
        raised: Default::default(),
    };
    caller.finish(check(
        &|inputs| caller.one(&in_python(inputs)?),
        &inputs,
        tolerance,
    ))?;
    Ok(true)
}

fn in_python(inputs: &[Raw]) -> civita_core::error::Result<Vec<Raw>> {
    inputs.iter().map(|x| x.clone().into_aliased()).collect()
}

/// Compares the gradients of `f` at `inputs` (float64 or complex128) with central differences; True, or an error that
/// names the element whose derivative is wrong.
#[pyfunction]
#[pyo3(signature = (f, inputs, eps=1e-6, atol=1e-6, rtol=1e-4), text_signature = "(f, inputs, eps=1e-06, atol=1e-06, rtol=0.0001)")]
fn check_gradients(
    f: &Bound<'_, PyAny>,
    inputs: &Bound<'_, PyAny>,
    eps: f64,
    atol: f64,
    rtol: f64,
) -> Outcome<bool> {
    checked(
        |f, x, t| graph::check_gradients(f, x, t),
        f,
        inputs,
        Tolerance {
            step: eps,
            absolute: atol,
            relative: rtol,
        },
    )
}

/// As `check_gradients`, of the gradients themselves: second derivatives.
#[pyfunction]
#[pyo3(signature = (f, inputs, eps=1e-6, atol=1e-5, rtol=1e-3), text_signature = "(f, inputs, eps=1e-06, atol=1e-05, rtol=0.001)")]
fn check_second_gradients(
    f: &Bound<'_, PyAny>,
    inputs: &Bound<'_, PyAny>,
    eps: f64,
    atol: f64,
    rtol: f64,
) -> Outcome<bool> {
    checked(
        |f, x, t| graph::check_second_gradients(f, x, t),
        f,
        inputs,
        Tolerance {
            step: eps,
            absolute: atol,
            relative: rtol,
        },
    )
}

/// Nothing is recorded inside: `with cv.no_grad(): ...`; or `@cv.no_grad()` over a function.
#[pyclass(name = "no_grad", module = "civita", unsendable)]
struct PyNoGrad {
    held: std::cell::RefCell<Vec<NoGrad>>,
}

#[pymethods]
impl PyNoGrad {
    #[new]
    fn new() -> PyNoGrad {
        PyNoGrad {
            held: Default::default(),
        }
    }

    fn __enter__(slf: Py<Self>, py: Python<'_>) -> Py<Self> {
        slf.borrow(py).held.borrow_mut().push(NoGrad::new());
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        let last = self.held.borrow_mut().pop();
        drop(last);
    }

    /// A function that runs without recording.
    fn __call__(&self, py: Python<'_>, function: Py<PyAny>) -> PyResult<Py<PyAny>> {
        let quiet = Py::new(
            py,
            Quiet {
                function: function.clone_ref(py),
            },
        )?;
        let update = py.import("functools")?.getattr("update_wrapper")?;
        Ok(update.call1((quiet, function))?.unbind())
    }
}

/// A function that `no_grad` decorates.
#[pyclass(name = "no_grad_function", module = "civita", frozen, dict)]
struct Quiet {
    function: Py<PyAny>,
}

#[pymethods]
impl Quiet {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _pause = NoGrad::new();
        self.function.bind(py).call(args, kwargs)
    }
}

/// Are gradients being recorded on this thread?
#[pyfunction]
fn is_grad_enabled() -> bool {
    graph::recording()
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(grad, m)?)?;
    m.add_function(wrap_pyfunction!(jvp, m)?)?;
    m.add_function(wrap_pyfunction!(check_gradients, m)?)?;
    m.add_function(wrap_pyfunction!(check_second_gradients, m)?)?;
    m.add_function(wrap_pyfunction!(is_grad_enabled, m)?)?;
    m.add_class::<PyNoGrad>()?;
    Ok(())
}
