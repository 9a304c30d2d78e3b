//! Gradients: a PyTorch-style API over the engine's graph.

use std::sync::Arc;

use civita_core::dtype::Casting;
use civita_core::graph::{self, Hook, Keep, Tolerance};
use civita_core::raw::Raw;
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::array::{Array, wrap};
use crate::callback::{Callback, objects};
use crate::convert::array_of;
use crate::error::{Outcome, runtime_error, type_error};
use crate::gil;

/// PyTorch warns of the same.
const CYCLE: &str = "backward(create_graph=True) leaves gradients whose graph leads back to their arrays, and such a cycle keeps \
    their memory\n  hint: `cv.grad` makes none; `x.grad = None` frees it";

/// PyTorch's two options: a graph that gradients belong to is kept, whatever `retain_graph` says.
fn keep(retain_graph: Option<bool>, create_graph: bool) -> Keep {
    match (create_graph, retain_graph) {
        (true, _) => Keep::Differentiable,
        (false, Some(true)) => Keep::Graph,
        (false, _) => Keep::Nothing,
    }
}

#[pymethods]
impl Array {
    /// Whether a gradient reaches this array. Setting it makes a leaf, or a constant.
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

    /// Whether it was made, rather than computed from what requires a gradient.
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
        // aliased once, so that what is written into it stays
        match self.raw().aliased_grad()? {
            Some(gradient) => wrap(py, gradient).map(Some),
            None => Ok(None),
        }
    }

    #[setter]
    fn set_grad(&self, gradient: Option<&Bound<'_, PyAny>>) -> Outcome<()> {
        let raw = self.raw();
        match gradient {
            None => raw.set_grad(None),
            Some(g) if g.is_none() => raw.set_grad(None),
            Some(g) => {
                let g = array_of(g, None)?;
                // a plain number takes the dtype, as everywhere
                let g = g
                    .cast_if(raw.dtype(), Casting::SameKind)
                    .map_err(|e| e.in_op("grad"))?;
                if g.shape() != raw.shape() {
                    return Err(crate::error::value_error(format!(
                        "grad: a gradient has the shape of its array, {}, not {}",
                        civita_core::error::shape_text(raw.shape()),
                        civita_core::error::shape_text(g.shape())
                    )));
                }
                let is_itself =
                    matches!((raw.node(), g.node()), (Some(a), Some(b)) if std::ptr::eq(a, b));
                if is_itself {
                    return Err(crate::error::value_error(
                        "grad: an array cannot be its own gradient\n  hint: `x.detach().copy()`",
                    ));
                }
                raw.set_grad(Some(g.into_aliased()?));
            }
        }
        Ok(())
    }

    #[deleter(grad)]
    fn del_grad(&self) {
        self.raw().set_grad(None);
    }

    /// Adds the gradient of this array to the `grad` of every leaf that it was computed from. An array of several elements
    /// needs `gradient`, that of the final value with respect to it. The pass frees what the graph has saved: for another
    /// one, `retain_graph=True`; for gradients that can be differentiated again, `create_graph=True`. With `inputs`, an array or a
    /// sequence of them, only these collect it.
    #[pyo3(signature = (gradient=None, retain_graph=None, create_graph=false, inputs=None))]
    fn backward(
        &self,
        py: Python<'_>,
        gradient: Option<&Bound<'_, PyAny>>,
        retain_graph: Option<bool>,
        create_graph: bool,
        inputs: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<()> {
        let raw = self.raw().clone();
        let seed = match gradient {
            Some(g) if !g.is_none() => Some(array_of(g, None)?),
            _ => None,
        };
        if create_graph {
            let class = py.get_type::<PyUserWarning>();
            crate::functions::warn_as(py, class.as_any(), CYCLE)?;
        }
        let inputs = match inputs {
            Some(inputs) if !inputs.is_none() => Some(raws(&arrays(inputs)?)?),
            _ => None,
        };
        if inputs.as_ref().is_some_and(Vec::is_empty) {
            return Err(runtime_error(
                "backward: `inputs` is empty\n  hint: without it, every leaf collects its gradient",
            ));
        }
        let keep = keep(retain_graph, create_graph);
        Ok(gil::released(py, || match &inputs {
            None => graph::backward(&raw, seed.as_ref(), keep),
            Some(inputs) => {
                let inputs: Vec<&Raw> = inputs.iter().collect();
                graph::backward_to(&raw, seed.as_ref(), &inputs, keep)
            }
        })?)
    }

    /// Makes `backward` leave the gradient of this computed array in its `grad`, as on a leaf.
    fn retain_grad(&self) -> Outcome<()> {
        Ok(self.raw().retain_grad()?)
    }

    /// Calls `hook` with the gradient of this array in every backward pass that reaches it; an array that the hook returns
    /// takes the gradient's place. Returns a handle whose `remove()` takes the hook off.
    fn register_hook(&self, hook: &Bound<'_, PyAny>) -> Outcome<HookHandle> {
        if !hook.is_callable() {
            return Err(type_error("register_hook takes a function of the gradient"));
        }
        let raw = self.raw();
        let callback = Callback::new(hook);
        let hook: Hook = Arc::new(move |g: &Raw| {
            callback.with(
                |py| Ok(PyTuple::new(py, [wrap(py, g.clone())?])?),
                |result| match result {
                    result if result.is_none() => Ok(None),
                    result => array_of(&result, None).map(Some),
                },
            )
        });
        Ok(HookHandle(raw.register_hook(hook)?))
    }

    /// The same memory as a constant of the graph.
    fn detach(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        // it stays a constant, whatever is written into the array later
        wrap(py, self.raw().detach().with_apart(true))
    }

    /// The same memory without its gradient (PyTorch's name); `p.data -= lr * g` writes into it.
    #[getter(data)]
    fn detached_data(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.detach(py)
    }

    #[setter(data)]
    fn set_detached_data(&self, value: &Bound<'_, PyAny>) -> Outcome<()> {
        let value = crate::convert::array_of(value, None)?;
        let mut here = self.raw().detach();
        Ok(here.assign(&value.detach())?)
    }
}

/// What `register_hook` returns: takes the hook off again.
#[pyclass(name = "hook_handle", module = "civita", frozen)]
struct HookHandle(graph::HookHandle);

#[pymethods]
impl HookHandle {
    /// Takes the hook off. Nothing happens when it is off already, or when the array is gone.
    fn remove(&self) {
        self.0.remove();
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        self.remove();
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

/// The gradients of outputs with respect to inputs, as a tuple; nothing is added to any leaf.
///
/// `grad_outputs` are the gradients of the final value with respect to the outputs, which arrays of several elements need.
/// The pass frees what the graph has saved, but for `retain_graph=True`; with `create_graph=True` the gradients can be
/// differentiated again. An input that no gradient reaches has zeros; with `allow_unused=True` None; with
/// `allow_unused=False` it is an error.
#[pyfunction]
#[pyo3(signature = (outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=false, allow_unused=None))]
fn grad<'py>(
    py: Python<'py>,
    outputs: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyAny>,
    grad_outputs: Option<&Bound<'py, PyAny>>,
    retain_graph: Option<bool>,
    create_graph: bool,
    allow_unused: Option<bool>,
) -> Outcome<Bound<'py, PyTuple>> {
    if outputs.is_callable() && !outputs.is_instance_of::<Array>() {
        return Err(type_error(
            "grad takes arrays, not a function\n  hint: `cv.grad(f(x), x)`, or `cv.autograd.grad(f)(x)`",
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
        graph::gradients(
            &outputs,
            &inputs.iter().collect::<Vec<_>>(),
            keep(retain_graph, create_graph),
        )?
        .into_iter()
        .map(|g| g.map(graph::own).transpose())
        .collect::<Result<Vec<_>, _>>()
    })?;
    let one = |(i, (g, x)): (usize, (Option<Raw>, &Raw))| match (g, allow_unused) {
        (Some(g), _) => wrap(py, g),
        (None, Some(true)) => Ok(py.None()),
        (None, None) => wrap(py, Raw::zeros(x.shape(), x.dtype())?),
        (None, Some(false)) => Err(runtime_error(format!(
            "grad: no gradient reaches input {i}\n  hint: `allow_unused=True` returns None for it, and without the argument it has zeros"
        ))),
    };
    let found = found.into_iter().zip(&inputs).enumerate().map(one);
    Ok(PyTuple::new(py, found.collect::<Outcome<Vec<_>>>()?)?)
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
    let inputs: Vec<Raw> = raws(&arrays(inputs)?)?.iter().map(Raw::detach).collect();
    let f = Callback::new(f);
    let one = |inputs: &[Raw]| {
        f.with(
            |py| {
                // memory that views share, whatever the differences were made of
                let inputs = inputs.iter().map(|x| Ok(x.clone().into_aliased()?));
                let inputs = inputs.collect::<Outcome<Vec<_>>>()?;
                Ok(PyTuple::new(py, objects(py, &inputs)?)?)
            },
            |result| {
                let all = raws(&arrays(&result)?)?;
                match <[Raw; 1]>::try_from(all) {
                    Ok([one]) => Ok(one),
                    Err(_) => Err(crate::error::value_error(
                        "check_gradients: the function must return one array",
                    )),
                }
            },
        )
    };
    check(&one, &inputs, tolerance)?;
    Ok(true)
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

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(grad, m)?)?;
    m.add_function(wrap_pyfunction!(check_gradients, m)?)?;
    m.add_function(wrap_pyfunction!(check_second_gradients, m)?)?;
    m.add_class::<HookHandle>()?;
    Ok(())
}
