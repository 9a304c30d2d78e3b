//! New arrays.

use civita_core::dtype::{DType, Kind, Scalar, promote};
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PySequence, PyTuple};

use crate::array::{Array, wrap};
use crate::convert::{Value, array_of, scalar_array, value};
use crate::dtype::parse_optional;
use crate::error::{Outcome, type_error, value_error};
use crate::gil;

/// A shape: an integer, or a sequence of them.
pub fn shape_of(ob: &Bound<'_, PyAny>) -> Outcome<Vec<usize>> {
    let length = |ob: &Bound<'_, PyAny>| -> Outcome<usize> {
        match ob.extract::<isize>() {
            Ok(n) if n >= 0 => Ok(n as usize),
            Ok(n) => Err(value_error(format!(
                "negative dimensions are not allowed: {n}"
            ))),
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(ob.py()) => {
                Err(value_error("a length of the shape is larger than memory"))
            }
            Err(_) => Err(type_error(format!(
                "a length is an integer, not '{}'",
                ob.get_type().name()?
            ))),
        }
    };
    if ob.is_exact_instance_of::<PyInt>() {
        return Ok(vec![length(ob)?]);
    }
    if let Ok(tuple) = ob.cast::<PyTuple>() {
        return tuple.iter().map(|n| length(&n)).collect();
    }
    if let Ok(list) = ob.cast::<PyList>() {
        return list.iter().map(|n| length(&n)).collect();
    }
    match ob.cast::<PySequence>() {
        Ok(sequence) if !ob.is_instance_of::<Array>() => (0..sequence.len()?)
            .map(|i| length(&sequence.get_item(i)?))
            .collect(),
        _ => Ok(vec![length(ob)?]),
    }
}

/// There is one device.
pub fn check_device(device: Option<&str>) -> Outcome<()> {
    match device {
        None | Some("cpu") => Ok(()),
        Some(other) => Err(value_error(format!(
            "there is no device {other:?}; the devices are [\"cpu\"]"
        ))),
    }
}

fn check_order(order: Option<&str>) -> Outcome<()> {
    match order {
        None | Some("C" | "K" | "A") => Ok(()),
        Some(other) => Err(value_error(format!(
            "order {other:?} is not there: new arrays are in C order\n  hint: `.T` of an array in C order lies in Fortran order"
        ))),
    }
}

fn finish(py: Python<'_>, raw: Raw, requires_grad: bool) -> Outcome<Py<PyAny>> {
    if !requires_grad {
        return wrap(py, raw);
    }
    // the bytes cross into Python's world first, so that the leaf shares them
    wrap(py, raw.into_aliased()?.requires_grad()?)
}

/// An array from nested lists, a number, another array, or any object with the buffer protocol, `__array__` or DLPack. A
/// copy, unless `copy=False` (which refuses to copy) or `copy=None` (which copies only where it must).
#[pyfunction]
#[pyo3(
    signature = (object, dtype=None, *, copy=Some(true), order=None, ndmin=0, requires_grad=false, device=None),
    text_signature = "(object, dtype=None, *, copy=True, order=None, ndmin=0, requires_grad=False, device=None)"
)]
#[allow(clippy::too_many_arguments)]
fn array(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    copy: Option<bool>,
    order: Option<&str>,
    ndmin: usize,
    requires_grad: bool,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    check_order(order)?;
    if ndmin > 64 {
        return Err(value_error("ndmin must be at most 64"));
    }
    let dtype = parse_optional(dtype)?;
    let mut raw = taken(py, object, dtype, copy)?;
    if raw.rank() < ndmin {
        let mut shape = vec![1; ndmin - raw.rank()];
        shape.extend_from_slice(raw.shape());
        raw = raw.reshape(&shape)?;
    }
    finish(py, raw, requires_grad)
}

fn taken(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    dtype: Option<DType>,
    copy: Option<bool>,
) -> Outcome<Raw> {
    let raw = array_of(object, None)?;
    let shared = is_array_like(object)?;
    let converts = dtype.is_some_and(|d| d != raw.dtype());
    match copy {
        Some(false) if !shared || converts => Err(value_error(
            "Unable to avoid copy while creating an array as requested\n  hint: `copy=None` copies only where it must",
        )),
        Some(false) => Ok(raw),
        _ if converts || !shared => match dtype {
            // lists and numbers are checked against the dtype
            Some(_) if !shared => array_of(object, dtype),
            Some(d) => Ok(gil::work(py, raw.len(), || raw.cast(d))?),
            None => Ok(raw),
        },
        Some(true) => Ok(gil::work(py, raw.len(), || raw.copied())?),
        None => Ok(raw),
    }
}

/// Does converting the object share its memory?
fn is_array_like(ob: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(ob.is_instance_of::<Array>()
        || (!ob.is_instance_of::<PyList>()
            && !ob.is_instance_of::<PyTuple>()
            && (crate::buffer::has_buffer(ob)
                || ob.hasattr("__array__")?
                || ob.hasattr("__dlpack__")?)))
}

/// As `array`, sharing the memory of another array (NumPy's too) where its dtype allows.
#[pyfunction]
#[pyo3(signature = (a, dtype=None, *, copy=None, order=None, device=None))]
fn asarray(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    copy: Option<bool>,
    order: Option<&str>,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    check_order(order)?;
    let dtype = parse_optional(dtype)?;
    if copy != Some(true)
        && let Ok(array) = a.cast::<Array>()
        && dtype.is_none_or(|d| d == array.get().raw().dtype())
    {
        return Ok(a.clone().unbind());
    }
    wrap(py, taken(py, a, dtype, copy)?)
}

macro_rules! filled {
    ($(#[doc = $doc:literal] $name:ident #[doc = $like_doc:literal] $like:ident $make:expr;)*) => { $(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(signature = (shape, dtype=None, *, order=None, device=None, requires_grad=false))]
        fn $name(py: Python<'_>, shape: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>, order: Option<&str>, device: Option<&str>, requires_grad: bool) -> Outcome<Py<PyAny>> {
            check_device(device)?;
            check_order(order)?;
            let make: fn(&[usize], DType) -> civita_core::error::Result<Raw> = $make;
            finish(py, make(&shape_of(shape)?, parse_optional(dtype)?.unwrap_or(DType::F64))?, requires_grad)
        }
        #[doc = $like_doc]
        #[pyfunction]
        #[pyo3(signature = (a, dtype=None, *, order=None, shape=None, device=None))]
        fn $like(py: Python<'_>, a: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>, order: Option<&str>, shape: Option<&Bound<'_, PyAny>>, device: Option<&str>) -> Outcome<Py<PyAny>> {
            check_device(device)?;
            check_order(order)?;
            let a = array_of(a, None)?;
            let shape = shape.map(shape_of).transpose()?.unwrap_or_else(|| a.shape().to_vec());
            let make: fn(&[usize], DType) -> civita_core::error::Result<Raw> = $make;
            wrap(py, make(&shape, parse_optional(dtype)?.unwrap_or(a.dtype()))?)
        }
    )* };
}
filled! {
    /// An array of zeros.
    zeros
    /// Zeros of another array's shape and dtype.
    zeros_like Raw::zeros;
    /// An array of ones.
    ones
    /// Ones of another array's shape and dtype.
    ones_like Raw::ones;
    /// An array whose elements nobody chose.
    empty
    /// Memory of another array's shape and dtype.
    empty_like Raw::empty;
}

fn filled_with(
    py: Python<'_>,
    shape: &[usize],
    fill: &Bound<'_, PyAny>,
    dtype: Option<DType>,
) -> Outcome<Py<PyAny>> {
    match value(fill)? {
        Value::Weak(s) => {
            let one = scalar_array(s, dtype)?;
            wrap(py, Raw::full(shape, one.item()?, one.dtype())?)
        }
        _ => {
            let fill = array_of(fill, dtype)?;
            wrap(py, fill.broadcast_to(shape)?.copied()?)
        }
    }
}

/// An array of one value.
#[pyfunction]
#[pyo3(signature = (shape, fill_value, dtype=None, *, order=None, device=None))]
fn full(
    py: Python<'_>,
    shape: &Bound<'_, PyAny>,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&str>,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    check_order(order)?;
    filled_with(py, &shape_of(shape)?, fill_value, parse_optional(dtype)?)
}

/// One value in another array's shape and dtype.
#[pyfunction]
#[pyo3(signature = (a, fill_value, dtype=None, *, order=None, shape=None, device=None))]
fn full_like(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&str>,
    shape: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    check_order(order)?;
    let a = array_of(a, None)?;
    let shape = shape
        .map(shape_of)
        .transpose()?
        .unwrap_or_else(|| a.shape().to_vec());
    filled_with(
        py,
        &shape,
        fill_value,
        Some(parse_optional(dtype)?.unwrap_or(a.dtype())),
    )
}

fn number(ob: &Bound<'_, PyAny>) -> Outcome<(Scalar, DType)> {
    match value(ob)? {
        Value::Weak(s) => Ok((s, s.default_dtype())),
        Value::Ref(raw) => Ok((raw.item()?, raw.dtype())),
        Value::Own(raw) => Ok((raw.item()?, raw.dtype())),
    }
}

/// Evenly spaced values: `arange(stop)`, `arange(start, stop)`, `arange(start, stop, step)`. `stop` is left out.
#[pyfunction]
#[pyo3(signature = (start, stop=None, step=None, dtype=None, *, device=None))]
fn arange(
    py: Python<'_>,
    start: &Bound<'_, PyAny>,
    stop: Option<&Bound<'_, PyAny>>,
    step: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    let zero = (Scalar::Int(0), DType::I64);
    let (start, stop) = match stop {
        Some(stop) => (number(start)?, number(stop)?),
        None => (zero, number(start)?),
    };
    let step = step
        .map(number)
        .transpose()?
        .unwrap_or((Scalar::Int(1), DType::I64));
    if [start, stop, step]
        .iter()
        .any(|(s, _)| s.kind() == Kind::Complex)
    {
        return Err(type_error(
            "arange: complex numbers have no order to count in",
        ));
    }
    let dtype = parse_optional(dtype)?.unwrap_or_else(|| {
        let all = promote(promote(start.1, stop.1), step.1);
        if all == DType::Bool { DType::I64 } else { all }
    });
    let whole = |s: Scalar| {
        if let Scalar::Bool(v) = s {
            Scalar::Int(v.into())
        } else {
            s
        }
    };
    if whole(step.0).as_f64() == 0.0 {
        return Err(pyo3::exceptions::PyZeroDivisionError::new_err(
            "arange: Maximum allowed size exceeded: the step is 0",
        )
        .into());
    }
    wrap(
        py,
        Raw::arange(whole(start.0), whole(stop.0), whole(step.0), dtype)?,
    )
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(array, m)?)?;
    m.add_function(wrap_pyfunction!(asarray, m)?)?;
    // there are no subclasses of arrays to let through
    m.add("asanyarray", m.getattr("asarray")?)?;
    m.add_function(wrap_pyfunction!(zeros, m)?)?;
    m.add_function(wrap_pyfunction!(zeros_like, m)?)?;
    m.add_function(wrap_pyfunction!(ones, m)?)?;
    m.add_function(wrap_pyfunction!(ones_like, m)?)?;
    m.add_function(wrap_pyfunction!(empty, m)?)?;
    m.add_function(wrap_pyfunction!(empty_like, m)?)?;
    m.add_function(wrap_pyfunction!(full, m)?)?;
    m.add_function(wrap_pyfunction!(full_like, m)?)?;
    m.add_function(wrap_pyfunction!(arange, m)?)?;
    Ok(())
}
