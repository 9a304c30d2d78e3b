//! Arrays of classes that programs derive from `ndarray`: where they are made, and what their methods return.
//!
//! Nothing here is on the way of `ndarray` itself: a method compares the class of its array, and leaves for one of these functions
//! where it is another one. Which class a result is of, and who is asked for it (`__array_wrap__`, `__array_ufunc__`), is written
//! in Python (`civita._subclasses`).

use civita_core::ops::{Op, ROWS};
use civita_core::raw::Raw;
use civita_core::storage::{Access, Storage};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{ffi, intern};

use crate::array::{Array, in_order, place, place_as};
use crate::convert::{is_operand, scalar_exact};
use crate::dtype::ByteOrder;
use crate::error::Outcome;
use crate::overrides::{Protocol, Stance, stance};

/// A tensor as an array of a class, which learns from `__array_finalize__` what it was made from. `source` has the memory, if
/// that is not the array's own.
pub fn wrap_as(
    class: &Bound<'_, PyType>,
    raw: Raw,
    order: ByteOrder,
    source: Option<&Bound<'_, PyAny>>,
    template: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let is_new = raw.storage().access() == Access::Owned;
    let source = source.filter(|source| !is_new && has_memory_of(&raw, source));
    wrap_over(class, raw, order, source, template)
}

/// As [`wrap_as`], of a tensor that lies in the memory of an object.
pub fn wrap_over(
    class: &Bound<'_, PyType>,
    raw: Raw,
    order: ByteOrder,
    source: Option<&Bound<'_, PyAny>>,
    template: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let py = class.py();
    let raw = match raw.storage().access() == Access::Owned {
        true => raw.into_aliased()?,
        false => raw,
    };
    let base = source.map(|source| base_of(source, class));
    if class.is(py.get_type::<Array>()) {
        return in_order(py, place(py, raw, base), order);
    }
    let object = in_order(py, place_as(class, raw, base), order)?;
    finalize(object.bind(py), template)?;
    Ok(object)
}

/// Returns false where an array was copied.
fn has_memory_of(view: &Raw, source: &Bound<'_, PyAny>) -> bool {
    source
        .cast::<Array>()
        .ok()
        .is_none_or(|array| Storage::same_buffer(array.get().raw().storage(), view.storage()))
}

/// What an array of a class is a view of. The memory of a view of a view is that of the first of the same class.
fn base_of(source: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> Py<PyAny> {
    let mut base = source.clone();
    while let Ok(array) = base.cast::<Array>()
        && let Some(next) = array.get().owner(base.py())
        && next.get_type().is(class)
    {
        base = next;
    }
    base.unbind()
}

fn finalize(array: &Bound<'_, PyAny>, template: Option<&Bound<'_, PyAny>>) -> Outcome<()> {
    let py = array.py();
    let name = intern!(py, "__array_finalize__");
    let method = array.get_type().getattr(name)?;
    if !method.is_none() && !method.is(py.get_type::<Array>().getattr(name)?) {
        // what is no function says so
        method.call1((array, template))?;
    }
    Ok(())
}

/// A view of a source that is not exactly an `ndarray`: one of its class, or an array over the memory of an object.
#[cold]
pub fn wrap_view(py: Python<'_>, raw: Raw, source: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let class = match source.is_instance_of::<Array>() {
        true => source.get_type(),
        false => py.get_type::<Array>(),
    };
    let order = match source.cast::<Array>() {
        Ok(array) if has_memory_of(&raw, source) => array.get().order(),
        _ => ByteOrder::Native,
    };
    wrap_as(&class, raw, order, Some(source), Some(source))
}

/// The class, where an object is one of arrays.
pub fn class_of<'py>(ob: &Bound<'py, PyAny>) -> Option<Bound<'py, PyType>> {
    let class = ob.cast::<PyType>().ok()?;
    let is_one = class.is_subclass_of::<Array>().unwrap_or(false);
    is_one.then(|| class.clone())
}

/// What a method of an array returns, which for a subclass is of that class.
#[inline]
pub fn kept(array: &Bound<'_, Array>, result: Outcome<Py<PyAny>>) -> Outcome<Py<PyAny>> {
    if array.is_exact_instance_of::<Array>() {
        result
    } else {
        of_class(array, result?)
    }
}

/// As [`kept`], of a function of a prototype.
#[inline]
pub fn kept_like(
    prototype: &Bound<'_, PyAny>,
    subok: bool,
    result: Outcome<Py<PyAny>>,
) -> Outcome<Py<PyAny>> {
    match prototype.cast::<Array>() {
        Ok(array) if subok => kept(array, result),
        _ => result,
    }
}

#[cold]
fn of_class(array: &Bound<'_, Array>, result: Py<PyAny>) -> Outcome<Py<PyAny>> {
    match result.bind(array.py()).cast_exact::<Array>() {
        Ok(plain) => {
            let (raw, order) = (plain.get().raw().clone(), plain.get().order());
            wrap_as(&array.get_type(), raw, order, None, Some(array.as_any()))
        }
        Err(_) => Ok(result),
    }
}

/// A result as `__array_wrap__` of an argument makes it, where that is an array of a subclass.
#[cfg(feature = "linalg")]
#[inline]
pub fn wrapped_by(argument: &Bound<'_, PyAny>, result: Outcome<Py<PyAny>>) -> Outcome<Py<PyAny>> {
    if argument.is_exact_instance_of::<Array>() || !argument.is_instance_of::<Array>() {
        return result;
    }
    let wrapped = python(argument.py())?.call_method1("wrapped", (result?, argument))?;
    Ok(wrapped.unbind())
}

/// The ufunc of an operator where an operand is of a subclass, whose class is asked.
#[cold]
pub fn operator(
    name: &str,
    array: &Bound<'_, Array>,
    other: Option<&Bound<'_, PyAny>>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let py = array.py();
    let ufunc = py.import(intern!(py, "civita._civita"))?.getattr(name)?;
    let Some(other) = other else {
        return Ok(ufunc.call1((array,))?.unbind());
    };
    if defers(array, other)? {
        return Ok(py.NotImplemented());
    }
    let answer = match reflected {
        true => ufunc.call1((other, array)),
        false => ufunc.call1((array, other)),
    };
    Ok(answer?.unbind())
}

/// Returns true where an operator leaves the answer to the other operand: it refuses ufuncs, or has none and a higher priority.
fn defers(array: &Bound<'_, Array>, other: &Bound<'_, PyAny>) -> Outcome<bool> {
    let py = array.py();
    Ok(match stance(other, Protocol::Ufunc) {
        Stance::Refuses => true,
        Stance::Overrides => false,
        Stance::Operand if !is_operand(other) => !other.is_none(),
        Stance::Operand if scalar_exact(other).is_ok_and(|s| s.is_some()) => false,
        Stance::Operand if other.is_instance_of::<Array>() => false,
        Stance::Operand => python(py)?
            .call_method1("defers", (array, other))?
            .is_truthy()?,
    })
}

/// An operator in place where an operand is of a subclass, or of a class that answers for ufuncs: a ufunc with the array as its
/// output.
#[cold]
pub fn in_place(op: Op, array: &Bound<'_, Array>, other: &Bound<'_, PyAny>) -> Outcome<()> {
    written_by(ROWS[op as usize].numpy, array, other)
}

/// As [`in_place`], of a ufunc's name.
#[cold]
pub fn written_by(name: &str, array: &Bound<'_, Array>, other: &Bound<'_, PyAny>) -> Outcome<()> {
    let py = array.py();
    let ufunc = py.import(intern!(py, "civita._civita"))?.getattr(name)?;
    let out = PyDict::new(py);
    out.set_item("out", (array,))?;
    let answer = ufunc.call((array, other), Some(&out))?;
    // Python binds the array, whatever the operator returns here
    if !answer.is_instance_of::<Array>() {
        return Err(crate::error::type_error(format!(
            "{name}: `{}.__array_ufunc__` answers an operator in place with another object than the array\n  hint: the operator that \
             is not in place binds its answer, as in `a = a + b`",
            other.get_type().name()?
        )));
    }
    Ok(())
}

/// A reduction of an array of a subclass.
#[cold]
pub fn reduction(
    name: &str,
    array: &Bound<'_, Array>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> Outcome<Py<PyAny>> {
    let result = python(array.py())?.call_method1("reduction", (name, array, args, kwargs))?;
    Ok(result.unbind())
}

/// The method of a subclass's array that is a function.
#[cold]
pub fn method<'py>(
    function: &Bound<'py, PyAny>,
    array: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    python(array.py())?.call_method1("method", (function, array))
}

/// Returns true for arrays of a subclass that leaves ufuncs to `ndarray`.
#[cold]
pub fn keeps_ufuncs(ob: &Bound<'_, PyAny>) -> bool {
    let name = intern!(ob.py(), "__array_ufunc__");
    ob.is_instance_of::<Array>()
        && ob.get_type().getattr(name).is_ok_and(|own| {
            let first = ob.py().get_type::<Array>().getattr(name);
            first.is_ok_and(|first| first.is(&own))
        })
}

/// The elements of an array of a subclass one after the other, by its `__getitem__` where it has one of its own.
#[cold]
pub fn items<'py>(array: &Bound<'py, Array>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = array.py();
    let name = intern!(py, "__getitem__");
    if array
        .get_type()
        .getattr(name)?
        .is(py.get_type::<Array>().getattr(name)?)
    {
        return Ok(None);
    }
    // SAFETY: attached, an object; an error comes back as null.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PySeqIter_New(array.as_ptr())) }.map(Some)
}

/// Where results of subclasses are made.
pub fn python(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "civita._subclasses"))
}

/// The tensor of an array as one of a class: a view of it, or with its memory, which may be that of the template.
#[pyfunction]
fn _as_class(
    class: &Bound<'_, PyType>,
    array: &Bound<'_, Array>,
    template: &Bound<'_, PyAny>,
    view: bool,
) -> Outcome<Py<PyAny>> {
    if !class.is_subclass_of::<Array>()? {
        return Err(crate::error::type_error(
            "Type must be a sub-type of ndarray type",
        ));
    }
    let (raw, order) = (array.get().raw().clone(), array.get().order());
    let template = (!template.is_none()).then_some(template);
    let source = if view { Some(array.as_any()) } else { template };
    wrap_as(class, raw, order, source, template)
}

/// Adds the function to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_as_class, m)?)
}
