//! Lists of plain Python numbers as arrays, and arrays as lists: the fast paths, one C type at a time.

use civita_core::dtype::{DType, Kind};
use civita_core::error::Error;
use civita_core::raw::Raw;
use num_complex::Complex;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyList, PyTuple};

use crate::error::{Fault, Outcome};

/// Lists nested deeper are for the general path.
const DEEPEST: usize = 32;

/// The array of a list, or lists in lists of one shape, whose leaves are all exactly `float`, all `int` or all `bool`. `None` is
/// for the general path to answer, also where something is wrong.
pub fn plain(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Option<Raw>> {
    let mut shape = Vec::new();
    let mut first = ob.clone();
    loop {
        let next = match (first.cast_exact::<PyList>(), first.cast_exact::<PyTuple>()) {
            (Ok(list), _) if !list.is_empty() => {
                shape.push(list.len());
                list.get_item(0)?
            }
            (_, Ok(tuple)) if !tuple.is_empty() => {
                shape.push(tuple.len());
                tuple.get_item(0)?
            }
            _ => break,
        };
        if shape.len() > DEEPEST {
            return Ok(None);
        }
        first = next;
    }
    // an inner length that is a lie would ask for memory: what there is at least is counted below
    let len = shape.iter().try_fold(1usize, |n, &m| n.checked_mul(m));
    let Some(len) = len.filter(|_| !shape.is_empty()) else {
        return Ok(None);
    };
    let kind = dtype.map(|d| d.kind());
    if first.is_exact_instance_of::<PyFloat>() {
        if !matches!(kind, None | Some(Kind::Float | Kind::Complex)) {
            return Ok(None);
        }
        return filled(ob, &shape, len, dtype, |ob| {
            Some(ob.cast_exact::<PyFloat>().ok()?.value())
        });
    }
    if first.is_exact_instance_of::<PyInt>() {
        if kind == Some(Kind::Bool) {
            return Ok(None);
        }
        let values = filled::<i64>(ob, &shape, len, None, |ob| {
            if !ob.is_exact_instance_of::<PyInt>() {
                return None;
            }
            let mut overflow = 0;
            // SAFETY: attached, an int, a place to write to.
            let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(ob.as_ptr(), &mut overflow) };
            (overflow == 0).then_some(value)
        })?;
        return match (values, dtype) {
            (Some(raw), Some(dtype)) if dtype != DType::I64 => fitted(raw, dtype),
            (values, _) => Ok(values),
        };
    }
    if first.is_exact_instance_of::<PyBool>() {
        if !matches!(kind, None | Some(Kind::Bool)) {
            return Ok(None);
        }
        return filled(ob, &shape, len, None, |ob| {
            Some(ob.cast_exact::<PyBool>().ok()?.is_true())
        });
    }
    Ok(None)
}

/// Integers in a dtype; `None` where one does not fit.
fn fitted(raw: Raw, dtype: DType) -> Outcome<Option<Raw>> {
    if dtype.is_integer() {
        let values = raw.as_slice::<i64>()?;
        let bits = dtype.size() as u32 * 8;
        let (low, high) = match dtype.kind() {
            Kind::Unsigned => (0, (u64::MAX >> (64 - bits)).min(i64::MAX as u64) as i64),
            _ => (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)),
        };
        if values.iter().any(|v| !(low..=high).contains(v)) {
            return Ok(None);
        }
    }
    Ok(Some(raw.cast(dtype)?))
}

fn filled<T: civita_core::dtype::Element>(
    ob: &Bound<'_, PyAny>,
    shape: &[usize],
    len: usize,
    dtype: Option<DType>,
    read: impl Fn(&Bound<'_, PyAny>) -> Option<T> + Copy,
) -> Outcome<Option<Raw>> {
    let mut values: Vec<T> = Vec::new();
    // the first list is as long as it says; inner lengths are believed one list at a time
    if shape.len() == 1 {
        values.try_reserve_exact(len).map_err(|_| no_memory(len))?;
    }
    if !walk(ob, shape, &mut values, read)? {
        return Ok(None);
    }
    let raw = Raw::from_vec(values, shape)?;
    Ok(Some(match dtype {
        Some(dtype) => raw.cast(dtype)?,
        None => raw,
    }))
}

#[cold]
fn no_memory(elements: usize) -> Fault {
    Error::memory("array", format!("cannot allocate {elements} elements")).into()
}

/// Appends the leaves; false where one is of another type or a length differs.
fn walk<T>(
    ob: &Bound<'_, PyAny>,
    shape: &[usize],
    values: &mut Vec<T>,
    read: impl Fn(&Bound<'_, PyAny>) -> Option<T> + Copy,
) -> Outcome<bool> {
    let (Some(&n), rest) = (shape.first(), shape.get(1..).unwrap_or(&[])) else {
        return Ok(false);
    };
    if rest.is_empty() && values.try_reserve(n).is_err() {
        return Err(no_memory(n));
    }
    let mut each = |item: &Bound<'_, PyAny>| -> Outcome<bool> {
        if !rest.is_empty() {
            return walk(item, rest, values, read);
        }
        let value = read(item);
        let known = value.is_some();
        values.extend(value);
        Ok(known)
    };
    if let Ok(list) = ob.cast_exact::<PyList>() {
        if list.len() != n {
            return Ok(false);
        }
        for item in list.iter() {
            if !each(&item)? {
                return Ok(false);
            }
        }
        return Ok(list.len() == n);
    }
    let Ok(tuple) = ob.cast_exact::<PyTuple>() else {
        return Ok(false);
    };
    if tuple.len() != n {
        return Ok(false);
    }
    for item in tuple.iter_borrowed() {
        if !each(&item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The elements as nested lists of Python numbers.
pub fn listed<'py>(py: Python<'py>, raw: &Raw) -> Outcome<Bound<'py, PyAny>> {
    let shape = raw.shape();
    macro_rules! typed {
        ($($dtype:ident => $T:ty, |$v:ident| $make:expr;)*) => {
            match raw.dtype() {
                $(DType::$dtype => {
                    let values = raw.to_vec::<$T>()?;
                    let mut values = values.into_iter();
                    nest(py, shape, &mut || {
                        let $v = values.next()?;
                        Some($make)
                    })
                })*
                // halves, as the floats that they are
                _ => {
                    let values = raw.cast(DType::F64)?.to_vec::<f64>()?;
                    let mut values = values.into_iter();
                    nest(py, shape, &mut || Some(PyFloat::new(py, values.next()?).into_any()))
                }
            }
        };
    }
    fn int<'py, T: IntoPyObject<'py>>(py: Python<'py>, v: T) -> Option<Bound<'py, PyAny>> {
        v.into_bound_py_any(py).ok()
    }
    use pyo3::IntoPyObjectExt;
    typed! {
        Bool => bool, |v| PyBool::new(py, v).to_owned().into_any();
        U8 => u8, |v| int(py, v)?;
        U16 => u16, |v| int(py, v)?;
        U32 => u32, |v| int(py, v)?;
        U64 => u64, |v| int(py, v)?;
        I8 => i8, |v| int(py, v)?;
        I16 => i16, |v| int(py, v)?;
        I32 => i32, |v| int(py, v)?;
        I64 => i64, |v| int(py, v)?;
        F32 => f32, |v| PyFloat::new(py, f64::from(v)).into_any();
        F64 => f64, |v| PyFloat::new(py, v).into_any();
        C64 => Complex<f32>, |v| PyComplex::from_doubles(py, v.re.into(), v.im.into()).into_any();
        C128 => Complex<f64>, |v| PyComplex::from_doubles(py, v.re, v.im).into_any();
    }
}

/// Ranks above this are nested without recursion: the stack is not deep enough for ten thousands.
const RECURSIVE: usize = 64;

/// Lists of the next elements in this shape.
fn nest<'py>(
    py: Python<'py>,
    shape: &[usize],
    next: &mut dyn FnMut() -> Option<Bound<'py, PyAny>>,
) -> Outcome<Bound<'py, PyAny>> {
    let Some(outer) = shape.len().checked_sub(RECURSIVE + 1) else {
        return nest_shallow(py, shape, next);
    };
    let (outer, inner) = shape.split_at(outer);
    let mut items = Vec::new();
    for _ in 0..outer.iter().product::<usize>() {
        items.push(nest_shallow(py, inner, next)?);
    }
    // the lists of each axis hold those of the axis behind it
    for (axis, &n) in outer.iter().enumerate().rev() {
        let lists = outer[..axis].iter().product::<usize>();
        let mut items_left = items.into_iter();
        let mut new = Vec::new();
        for _ in 0..lists {
            new.push(PyList::new(py, items_left.by_ref().take(n).collect::<Vec<_>>())?.into_any());
        }
        items = new;
    }
    items
        .pop()
        .ok_or_else(|| crate::error::type_error("tolist: an element is missing"))
}

fn nest_shallow<'py>(
    py: Python<'py>,
    shape: &[usize],
    next: &mut dyn FnMut() -> Option<Bound<'py, PyAny>>,
) -> Outcome<Bound<'py, PyAny>> {
    let missing = || crate::error::type_error("tolist: an element is missing");
    match shape {
        [] => next().ok_or_else(missing),
        [n, rest @ ..] => {
            // SAFETY: attached; a null pointer is an exception that is set.
            let list = unsafe {
                Bound::from_owned_ptr_or_err(py, ffi::PyList_New(*n as ffi::Py_ssize_t))?
            };
            for i in 0..*n {
                let item = match rest {
                    [] => next().ok_or_else(missing)?,
                    rest => nest_shallow(py, rest, next)?,
                };
                // SAFETY: the list is new and has `n` empty places; the reference is given away.
                if unsafe {
                    ffi::PyList_SetItem(list.as_ptr(), i as ffi::Py_ssize_t, item.into_ptr())
                } != 0
                {
                    return Err(PyErr::fetch(py).into());
                }
            }
            Ok(list)
        }
    }
}
