//! `cv.autograd.Function`: derivatives written in Python, as a rule of the engine's.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use civita_core::error::Result;
use civita_core::primitive::Reads;
use civita_core::raw::Raw;
use civita_core::transform::{Function, Rule};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::array::wrap;
use crate::callback::{Callback, list, objects, some_tensors, tensors};
use crate::error::Outcome;
use crate::gil;

/// The three maps of a call, which Python binds to the arguments that are no arrays and to what `ctx` holds.
struct Maps {
    forward: Callback,
    backward: Callback,
    tangent: Option<Callback>,
    /// What the derivatives read: known once `forward` has run.
    reads: Mutex<Reads>,
}

fn bit(i: usize) -> u32 {
    1 << i.min(31)
}

impl Maps {
    /// Inputs, outputs and what was kept, as far as `ctx` holds them; None for the others.
    fn values<'py>(&self, py: Python<'py>, x: &[Raw], y: &[Raw]) -> Outcome<Bound<'py, PyList>> {
        let reads = self.reads();
        let held = |all: &[Raw], mask: u32| -> Outcome<Vec<Option<Py<PyAny>>>> {
            let one = |(i, x): (usize, &Raw)| {
                (mask & bit(i) != 0)
                    .then(|| wrap(py, x.clone()))
                    .transpose()
            };
            all.iter().enumerate().map(one).collect()
        };
        let mut all = held(x, reads.inputs)?;
        all.extend(held(y, reads.outputs)?);
        Ok(PyList::new(py, all)?)
    }
}

/// Arrays, with zeros where there is none.
fn or_zeros<'py>(
    py: Python<'py>,
    all: &[Option<Raw>],
    like: &[Raw],
) -> Outcome<Bound<'py, PyList>> {
    let each = all.iter().zip(like).map(|(g, like)| match g {
        Some(g) => wrap(py, g.clone()),
        None => wrap(py, Raw::zeros(like.shape(), like.dtype())?),
    });
    Ok(PyList::new(py, each.collect::<Outcome<Vec<_>>>()?)?)
}

impl Rule for Maps {
    fn forward(&self, x: &[Raw]) -> Result<(Vec<Raw>, Vec<Raw>)> {
        let (y, kept, held) = self.forward.with(
            |py| Ok(PyTuple::new(py, objects(py, x)?)?),
            |result| {
                let (y, kept, held): (Bound<'_, PyAny>, Bound<'_, PyAny>, Vec<usize>) =
                    result.extract()?;
                Ok((tensors(&y)?, tensors(&kept)?, held))
            },
        )?;
        let mut reads = Reads::SHAPES;
        for at in held {
            match at.checked_sub(x.len()) {
                None => reads.inputs |= bit(at),
                Some(output) => reads.outputs |= bit(output),
            }
        }
        if !kept.is_empty() {
            // how these depend on the inputs is found by running `forward` again
            reads.inputs = !0;
        }
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner) = reads;
        Ok((y, kept))
    }

    fn backward(
        &self,
        x: &[Raw],
        y: &[Raw],
        g: &[Option<Raw>],
        wanted: &[bool],
    ) -> Result<Vec<Option<Raw>>> {
        self.backward.with(
            |py| {
                let values = self.values(py, x, y)?.into_any();
                let g = or_zeros(py, g, y)?.into_any();
                let wanted = PyTuple::new(py, wanted)?.into_any();
                Ok(PyTuple::new(py, [values, g, wanted])?)
            },
            |result| some_tensors(&result),
        )
    }

    fn tangent(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>> {
        let Some(tangent) = &self.tangent else {
            return Ok(None);
        };
        let moved = tangent.with(
            |py| {
                let values = self.values(py, x, y)?.into_any();
                let t = or_zeros(py, t, x)?.into_any();
                Ok(PyTuple::new(py, [values, t])?)
            },
            |result| some_tensors(&result),
        )?;
        Ok(Some(moved))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        *self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name as the engine wants it: names of classes are few, and kept for good.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into());
    names.insert(name);
    name
}

/// The outputs of a function with derivatives of its own.
#[pyfunction]
#[pyo3(signature = (name, forward, backward, tangent, x))]
fn _apply_function<'py>(
    name: &str,
    forward: &Bound<'py, PyAny>,
    backward: &Bound<'py, PyAny>,
    tangent: Option<&Bound<'py, PyAny>>,
    x: &Bound<'py, PyAny>,
) -> Outcome<Bound<'py, PyList>> {
    let py = forward.py();
    let function = Function::of(
        interned(name),
        Maps {
            forward: Callback::new(forward),
            backward: Callback::new(backward),
            tangent: tangent.map(Callback::new),
            reads: Mutex::new(Reads::ALL),
        },
    );
    let x = tensors(x)?;
    let y = gil::released(py, || function.call(&x.iter().collect::<Vec<_>>()))?;
    list(py, &y)
}

/// Adds the function to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_apply_function, m)?)
}
