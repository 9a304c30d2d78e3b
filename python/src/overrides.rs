//! Protocols by which other classes take over our functions: `__array_function__` (NEP 18) and `__array_ufunc__` (NEP 13).
//!
//! Here is the question whether an argument's class has such a method, which costs a comparison of addresses for arrays and
//! numbers. Whom to ask, and in which order, is written in Python (`civita._overrides`).

use std::borrow::Borrow;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyComplex, PyDict, PyFloat, PyInt, PyList, PySlice, PyString, PyTuple, PyType,
};

use crate::array::Array;
use crate::call::Arguments;
use crate::dtype::PyDType;
use crate::error::Outcome;
use crate::fuse::PyExpr;
use crate::reduction::AxisArg;
use crate::ufunc::Ufunc;

/// How a class takes over.
#[derive(Clone, Copy, PartialEq)]
pub enum Protocol {
    /// `__array_function__`.
    Function,
    /// `__array_ufunc__`.
    Ufunc,
}

/// What a class says about one of the protocols.
#[derive(Clone, Copy, PartialEq)]
pub enum Stance {
    /// It has no method, or NumPy's.
    Operand,
    /// The method is `None`: instances are no operands.
    Refuses,
    /// It has a method of its own.
    Overrides,
}

/// Returns true for classes that have no protocol or the one of arrays.
#[inline]
fn is_known(ob: &Bound<'_, PyAny>) -> bool {
    ob.is_exact_instance_of::<Array>()
        || ob.is_exact_instance_of::<PyInt>()
        || ob.is_exact_instance_of::<PyFloat>()
        || ob.is_none()
        || ob.is_exact_instance_of::<PyTuple>()
        || ob.is_exact_instance_of::<PyList>()
        || ob.is_exact_instance_of::<PyBool>()
        || ob.is_exact_instance_of::<PyString>()
        || ob.is_exact_instance_of::<PyComplex>()
        || ob.is_exact_instance_of::<PyDType>()
        || ob.is_exact_instance_of::<PyType>()
        || ob.is_exact_instance_of::<PySlice>()
        // symbols of fused functions refuse NumPy's ufuncs only
        || ob.is_exact_instance_of::<PyExpr>()
}

/// What the class of an object says.
#[inline]
pub fn stance(ob: &Bound<'_, PyAny>, protocol: Protocol) -> Stance {
    if is_known(ob) {
        Stance::Operand
    } else {
        stance_of(ob, protocol)
    }
}

#[cold]
fn stance_of(ob: &Bound<'_, PyAny>, protocol: Protocol) -> Stance {
    let py = ob.py();
    if crate::scalar::dtype_of(&ob.get_type()).is_some() {
        return Stance::Operand;
    }
    let name = match protocol {
        Protocol::Function => intern!(py, "__array_function__"),
        Protocol::Ufunc => intern!(py, "__array_ufunc__"),
    };
    match ob.get_type().getattr_opt(name) {
        Ok(Some(method)) if method.is_none() => match protocol {
            Protocol::Function => Stance::Operand,
            Protocol::Ufunc => Stance::Refuses,
        },
        Ok(Some(method)) if !is_numpys(&method, protocol) => Stance::Overrides,
        _ => Stance::Operand,
    }
}

/// Returns true for the methods of NumPy's arrays, which are operands as ours are.
fn is_numpys(method: &Bound<'_, PyAny>, protocol: Protocol) -> bool {
    static METHODS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();
    let py = method.py();
    let find = || -> PyResult<[Py<PyAny>; 2]> {
        let modules = py.import("sys")?.getattr("modules")?;
        let arrays = modules.get_item("numpy")?.getattr("ndarray")?;
        Ok([
            arrays.getattr("__array_function__")?.unbind(),
            arrays.getattr("__array_ufunc__")?.unbind(),
        ])
    };
    METHODS
        .get_or_try_init(py, find)
        .is_ok_and(|both| both[protocol as usize].is(method))
}

/// Returns true where an argument takes over, or an element of lists and tuples that are nested so deep.
fn any<'py>(
    mut values: impl Iterator<Item = impl Borrow<Bound<'py, PyAny>>>,
    protocol: Protocol,
    depth: usize,
) -> bool {
    values.any(|ob| {
        let ob = ob.borrow();
        stance(ob, protocol) != Stance::Operand || (depth > 0 && inside(ob, protocol, depth - 1))
    })
}

/// As [`any`] of what lists and tuples hold.
fn inside(ob: &Bound<'_, PyAny>, protocol: Protocol, depth: usize) -> bool {
    if let Ok(list) = ob.cast_exact::<PyList>() {
        return any(list.iter(), protocol, depth);
    }
    match ob.cast_exact::<PyTuple>() {
        Ok(tuple) => any(tuple.iter(), protocol, depth),
        Err(_) => false,
    }
}

/// What another class answers for a call of one of our functions; `None` where the function itself is meant. The
/// elements of lists and tuples count as arguments down to a depth.
#[inline]
pub fn function<'py>(
    function: &Bound<'py, PyAny>,
    given: Arguments<'_, 'py>,
    depth: usize,
) -> Outcome<Option<Py<PyAny>>> {
    match any(given.all().iter(), Protocol::Function, depth) {
        true => ask(function, given, depth).map(Some),
        false => Ok(None),
    }
}

/// As [`function`] for one that makes an array like its first argument, whose arguments are bound already.
#[inline]
pub fn like<'py>(
    name: &str,
    args: &[&Bound<'py, PyAny>],
    keywords: &[(&str, Option<&Bound<'py, PyAny>>)],
) -> Outcome<Option<Py<PyAny>>> {
    let takes_over = |first: &&Bound<'py, PyAny>| {
        !first.is_instance_of::<Array>() && stance(first, Protocol::Function) == Stance::Overrides
    };
    let Some(first) = args.first().filter(|first| takes_over(first)) else {
        return Ok(None);
    };
    let py = first.py();
    let public = py.import("civita")?.getattr(name)?;
    let all = (public, PyTuple::new(py, args)?, given_of(py, keywords)?, 0);
    Ok(Some(python(py)?.call_method1("function", all)?.unbind()))
}

/// The keywords that were given, as a call takes them.
pub fn given_of<'py>(
    py: Python<'py>,
    keywords: &[(&str, Option<&Bound<'py, PyAny>>)],
) -> PyResult<Bound<'py, PyDict>> {
    let kwargs = PyDict::new(py);
    for (key, given) in keywords {
        if let Some(given) = given {
            kwargs.set_item(key, given)?;
        }
    }
    Ok(kwargs)
}

#[cold]
fn ask<'py>(
    function: &Bound<'py, PyAny>,
    given: Arguments<'_, 'py>,
    depth: usize,
) -> Outcome<Py<PyAny>> {
    let all = (function, given.tuple()?, given.dict()?, depth);
    let asked = python(given.py())?.call_method1("function", all)?;
    Ok(asked.unbind())
}

/// NumPy's priorities of arrays and of scalars.
pub const OF_ARRAYS: f64 = 0.0;
pub const OF_SCALARS: f64 = -1_000_000.0;

/// Returns true where an operator leaves the answer to the other operand by NumPy's oldest rule: its class has no ufuncs, and a
/// priority above this one.
#[cold]
pub fn has_priority(other: &Bound<'_, PyAny>, above: f64) -> bool {
    let py = other.py();
    let has = |name| other.get_type().hasattr(name).unwrap_or(true);
    if is_known(other) || has(intern!(py, "__array_ufunc__")) {
        return false;
    }
    // an attribute that cannot be read is no priority
    let own = other.getattr(intern!(py, "__array_priority__"));
    own.and_then(|own| own.extract::<f64>())
        .is_ok_and(|own| own > above)
}

/// What another class answers for a call of a ufunc; `None` where the ufunc itself is meant.
#[inline]
pub fn ufunc<'py>(
    ufunc: &Bound<'py, PyAny>,
    given: Arguments<'_, 'py>,
) -> Outcome<Option<Py<PyAny>>> {
    if !any(given.positional().iter(), Protocol::Ufunc, 0)
        && !any(given.keyword("out").into_iter(), Protocol::Ufunc, 1)
        && !any(given.keyword("where").into_iter(), Protocol::Ufunc, 0)
    {
        return Ok(None);
    }
    let kwargs = given.dict()?;
    ask_ufunc(ufunc, "__call__", &given.tuple()?, kwargs.as_ref()).map(Some)
}

#[cold]
fn ask_ufunc<'py>(
    ufunc: &Bound<'py, PyAny>,
    method: &str,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Outcome<Py<PyAny>> {
    let asked = python(args.py())?.call_method1("ufunc", (ufunc, method, args, kwargs))?;
    Ok(asked.unbind())
}

/// As [`ufunc`] for one of its methods, whose arguments are bound already.
pub fn method<'py>(
    function: &Bound<'py, Ufunc>,
    name: &str,
    args: &[&Bound<'py, PyAny>],
    keywords: &[(&str, Option<&Bound<'py, PyAny>>)],
) -> Outcome<Option<Py<PyAny>>> {
    let operands = keywords
        .iter()
        .filter(|(key, _)| matches!(*key, "out" | "where"));
    let all = args
        .iter()
        .copied()
        .chain(operands.filter_map(|(_, ob)| *ob))
        .cloned();
    if !any(all, Protocol::Ufunc, 1) {
        return Ok(None);
    }
    let kwargs = given_of(function.py(), keywords)?;
    let args = PyTuple::new(function.py(), args)?;
    ask_ufunc(function, name, &args, Some(&kwargs)).map(Some)
}

/// As [`method`] for `reduce`, whose axes are bound too.
pub fn reduction<'py>(
    function: &Bound<'py, Ufunc>,
    array: &Bound<'py, PyAny>,
    axis: &AxisArg,
    keepdims: bool,
    keywords: &[(&str, &Option<Bound<'py, PyAny>>)],
) -> Outcome<Option<Py<PyAny>>> {
    let py = array.py();
    let is_operand = |ob: &Bound<'py, PyAny>| stance(ob, Protocol::Ufunc) == Stance::Operand;
    if is_operand(array)
        && keywords
            .iter()
            .all(|(_, ob)| ob.as_ref().is_none_or(is_operand))
    {
        return Ok(None);
    }
    let axis = match axis {
        AxisArg::All => None,
        AxisArg::First => Some(PyTuple::new(py, [0])?),
        AxisArg::One(axis) => Some(PyTuple::new(py, axis)?),
        AxisArg::List(list) => Some(PyTuple::new(py, list)?),
    };
    let axis = match axis {
        Some(list) if list.len() == 1 => Some(list.get_item(0)?),
        other => other.map(Bound::into_any),
    };
    let none = py.None().into_bound(py);
    let keepdims = PyBool::new(py, keepdims).to_owned().into_any();
    let mut all = vec![
        ("axis", Some(axis.as_ref().unwrap_or(&none))),
        ("keepdims", Some(&keepdims)),
    ];
    all.extend(keywords.iter().map(|(key, ob)| (*key, ob.as_ref())));
    method(function, "reduce", &[array], &all)
}

/// `like=` chooses the package that makes an array: what another one made, or `None` where it is this one.
#[cold]
pub fn made_like<'py>(
    like: &Bound<'py, PyAny>,
    name: &str,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> Outcome<Option<Py<PyAny>>> {
    if like.is_none() || like.is_exact_instance_of::<Array>() {
        return Ok(None);
    }
    let made = python(like.py())?.call_method1("made_like", (name, like, args, kwargs))?;
    Ok((!made.is_none()).then(|| made.unbind()))
}

fn python(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "civita._overrides"))
}
