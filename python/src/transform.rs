//! Transformations of functions whose arguments and results are lists of arrays. `civita/autograd.py` takes tuples, lists
//! and dicts of arrays apart and puts them together again.

use std::sync::Mutex;
use std::sync::PoisonError;

use civita_core::error::Result;
use civita_core::graph;
use civita_core::raw::Raw;
use civita_core::transform::{self, Randomness};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::array::Array;
use crate::callback::{Callback, list, objects, tensors};
use crate::error::{Outcome, value_error};
use crate::gil;

type Pair<'py> = (Bound<'py, PyList>, Bound<'py, PyList>);

/// In memory of their own, whatever the transformation made them of: arrays can be written, and a write reaches neither an argument nor
/// another element.
fn own(found: Vec<Raw>) -> Result<Vec<Raw>> {
    found.into_iter().map(graph::own).collect()
}

/// `f` of each element along an axis of the arrays. It returns a list of arrays and a list of their axes.
#[pyfunction]
fn _vmap<'py>(
    f: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    in_axes: Vec<Option<isize>>,
    randomness: &str,
) -> Outcome<Bound<'py, PyList>> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    let randomness = match randomness {
        "different" => Randomness::Different,
        "same" => Randomness::Same,
        _ => Randomness::Error,
    };
    let out_axes: Mutex<Vec<Option<isize>>> = Mutex::default();
    let y = gil::released(py, || {
        let run = |x: &[Raw]| {
            let (y, axes) = f.with(
                |py| Ok(PyTuple::new(py, objects(py, x)?)?),
                |result| {
                    let (y, axes): (Bound<'_, PyAny>, Vec<Option<isize>>) = result.extract()?;
                    let y = tensors(&y)?;
                    if y.len() != axes.len() {
                        return Err(value_error("vmap: an axis for each output"));
                    }
                    Ok((y, axes))
                },
            )?;
            *out_axes.lock().unwrap_or_else(PoisonError::into_inner) = axes;
            Ok(y)
        };
        let axis = |i: usize| out_axes.lock().unwrap_or_else(PoisonError::into_inner)[i];
        transform::vmap_with(run, &x, &in_axes, &axis, randomness).and_then(own)
    })?;
    list(py, &y)
}

/// The outputs of `f`, and the gradients of the first one with respect to all inputs.
#[pyfunction]
fn _value_and_grad<'py>(f: &Bound<'py, PyAny>, x: &Bound<'py, PyAny>) -> Outcome<Pair<'py>> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    let all: Vec<usize> = (0..x.len()).collect();
    let (y, found) = gil::released(py, || -> Result<_> {
        let (y, found) = transform::value_and_grad(&|x| f.call(x), &x, &all)?;
        Ok((y, own(found)?))
    })?;
    Ok((list(py, &y)?, list(py, &found)?))
}

/// The way back from gradients of outputs to gradients of inputs.
#[pyclass(name = "_Pullback", module = "civita._civita", frozen)]
struct Pullback(transform::Pullback);

#[pymethods]
impl Pullback {
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        cotangents: &Bound<'py, PyAny>,
    ) -> Outcome<Bound<'py, PyList>> {
        let cotangents = tensors(cotangents)?;
        let found = gil::released(py, || self.0.call(&cotangents).and_then(own))?;
        list(py, &found)
    }
}

/// The outputs of `f`, and the way back.
#[pyfunction]
fn _vjp<'py>(
    f: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
) -> Outcome<(Bound<'py, PyList>, Pullback)> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    let (y, back) = gil::released(py, || transform::vjp(&|x| f.call(x), &x))?;
    Ok((list(py, &y)?, Pullback(back)))
}

/// The outputs of `f`, and how they change when the inputs move along tangents.
#[pyfunction]
fn _jvp<'py>(
    f: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    tangents: &Bound<'py, PyAny>,
) -> Outcome<Pair<'py>> {
    let py = f.py();
    let (f, x, t) = (Callback::new(f), tensors(x)?, tensors(tangents)?);
    let (y, moved) = gil::released(py, || -> Result<_> {
        let (y, moved) = transform::jvp(|x| f.call(x), &x, &t)?;
        Ok((y, own(moved)?))
    })?;
    Ok((list(py, &y)?, list(py, &moved)?))
}

/// The Jacobian of each output with respect to one input, column by column.
#[pyfunction]
fn _jacfwd<'py>(
    f: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    argnum: usize,
) -> Outcome<Bound<'py, PyList>> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    let found = gil::released(py, || {
        transform::jacfwd(&|x| f.call(x), &x, argnum).and_then(own)
    })?;
    list(py, &found)
}

/// The Jacobians of each output with respect to all inputs, row by row.
#[pyfunction]
fn _jacrev<'py>(f: &Bound<'py, PyAny>, x: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyList>> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    let all: Vec<usize> = (0..x.len()).collect();
    let found = gil::released(py, || -> Result<Vec<_>> {
        let found = transform::jacrev(&|x| f.call(x), &x, &all)?;
        found.into_iter().map(own).collect()
    })?;
    let rows = found
        .iter()
        .map(|row| list(py, row))
        .collect::<Outcome<Vec<_>>>()?;
    Ok(PyList::new(py, rows)?)
}

/// The outputs of `f`, which backward passes run again.
#[pyfunction]
fn _checkpoint<'py>(f: &Bound<'py, PyAny>, x: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyList>> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    let y = gil::released(py, || {
        transform::checkpoint(move |x| f.call(x), &x.iter().collect::<Vec<_>>())
    })?;
    list(py, &y)
}

/// A function as data.
#[pyclass(name = "_Graph", module = "civita._civita", frozen)]
struct Graph(transform::Graph);

#[pymethods]
impl Graph {
    fn run<'py>(&self, py: Python<'py>, x: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyList>> {
        let x = tensors(x)?;
        let y = gil::released(py, || self.0.run(&x))?;
        list(py, &y)
    }

    /// Writes the results into arrays.
    fn run_into(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        out: Vec<Bound<'_, Array>>,
    ) -> Outcome<()> {
        let x = tensors(x)?;
        if x.iter().all(Raw::is_plain) && out.iter().all(|out| out.get().raw().is_plain()) {
            // handles on the arrays' memory
            let mut handles: Vec<Raw> = out.iter().map(|out| out.get().raw().clone()).collect();
            return Ok(gil::released(py, || {
                self.0
                    .run_into(&x, &mut handles.iter_mut().collect::<Vec<_>>())
            })?);
        }
        let mut fresh = out
            .iter()
            .map(|out| Raw::empty(out.get().raw().shape(), out.get().raw().dtype()))
            .collect::<civita_core::error::Result<Vec<_>>>()?;
        gil::released(py, || {
            self.0
                .run_into(&x, &mut fresh.iter_mut().collect::<Vec<_>>())
        })?;
        for (out, y) in out.iter().zip(&fresh) {
            out.get().write(|raw| Ok(raw.assign(y)?))?;
        }
        Ok(())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// What `f` does with arrays of these shapes and dtypes.
#[pyfunction]
fn _trace(f: &Bound<'_, PyAny>, x: &Bound<'_, PyAny>) -> Outcome<Graph> {
    let py = f.py();
    let (f, x) = (Callback::new(f), tensors(x)?);
    Ok(Graph(gil::released(py, || {
        transform::trace(|x| f.call(x), &x)
    })?))
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_vmap, m)?)?;
    m.add_function(wrap_pyfunction!(_value_and_grad, m)?)?;
    m.add_function(wrap_pyfunction!(_vjp, m)?)?;
    m.add_function(wrap_pyfunction!(_jvp, m)?)?;
    m.add_function(wrap_pyfunction!(_jacfwd, m)?)?;
    m.add_function(wrap_pyfunction!(_jacrev, m)?)?;
    m.add_function(wrap_pyfunction!(_checkpoint, m)?)?;
    m.add_function(wrap_pyfunction!(_trace, m)?)?;
    Ok(())
}
