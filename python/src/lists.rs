//! Lists of plain Python numbers as arrays, and arrays as lists: the fast paths, one C type at a time.

use civita_core::dtype::{DType, Kind, Scalar};
use civita_core::error::Error;
use civita_core::layout::Dims;
use civita_core::raw::Raw;
use num_complex::Complex;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyTuple};

use crate::array::Array;
use crate::error::{Fault, Outcome};
use crate::scalar::slots;

/// Lists nested deeper are for the general path.
const DEEPEST: usize = 32;

/// The array of a list, or lists in lists of one shape, whose leaves are all exactly `float`, all `int` or all `bool`. `None` is
/// for the general path to answer, also where something is wrong.
pub fn plain(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Option<Raw>> {
    let mut shape = Dims::new();
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
    if let Ok(array) = first.cast_exact::<Array>() {
        return of_arrays(ob, &shape, array.get().raw().dtype(), dtype);
    }
    let kind = dtype.map(|d| d.kind());
    let own = slots::scalar_of(&first).map(|(_, dtype)| dtype);
    match own {
        // as Python's own
        Some(DType::F64) | None => {}
        Some(own) if dtype.is_some_and(|dtype| dtype != own) => return Ok(None),
        Some(DType::I64) => {
            return filled::<i64>(ob, &shape, len, None, |ob| match slots::scalar_of(ob)? {
                (Scalar::Int(v), DType::I64) => v.try_into().ok(),
                _ => None,
            });
        }
        Some(DType::F32) => {
            return filled::<f32>(ob, &shape, len, None, |ob| match slots::scalar_of(ob)? {
                (Scalar::Float(v), DType::F32) => Some(v as f32),
                _ => None,
            });
        }
        Some(_) => return Ok(None),
    }
    if first.is_exact_instance_of::<PyFloat>() || own.is_some() {
        if !matches!(kind, None | Some(Kind::Float | Kind::Complex)) {
            return Ok(None);
        }
        return filled(ob, &shape, len, dtype, |ob| {
            if let Ok(float) = ob.cast_exact::<PyFloat>() {
                return Some(float.value());
            }
            match slots::scalar_of(ob)? {
                (Scalar::Float(v), DType::F64) => Some(v),
                _ => None,
            }
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

/// As [`plain`], where the leaves are arrays of one dtype and one shape, in C order and without tags.
fn of_arrays(
    ob: &Bound<'_, PyAny>,
    shape: &[usize],
    own: DType,
    dtype: Option<DType>,
) -> Outcome<Option<Raw>> {
    macro_rules! typed {
        ($($D:ident => $T:ty;)*) => {
            match own {
                $(DType::$D => joined::<$T>(ob, shape)?,)*
                _ => None,
            }
        };
    }
    let raw = typed! {
        Bool => bool;
        U8 => u8;
        I32 => i32;
        I64 => i64;
        F32 => f32;
        F64 => f64;
        C128 => Complex<f64>;
    };
    Ok(match (raw, dtype) {
        (Some(raw), Some(dtype)) if dtype != own => Some(raw.cast(dtype)?),
        (raw, _) => raw,
    })
}

fn joined<T: civita_core::dtype::Element + Default>(
    ob: &Bound<'_, PyAny>,
    shape: &[usize],
) -> Outcome<Option<Raw>> {
    let mut each: Option<Dims> = None;
    let mut values: Vec<T> = Vec::new();
    let whole = walk(ob, shape, &mut values, &mut |item, values| {
        let Ok(array) = item.cast_exact::<Array>() else {
            return Ok(false);
        };
        let raw = array.get().raw();
        let like_first = match &each {
            Some(first) => first[..] == *raw.shape(),
            None => {
                each = Some(raw.shape().into());
                true
            }
        };
        Ok(like_first && raw.append_to(values)?)
    })?;
    let Some(each) = each.filter(|_| whole) else {
        return Ok(None);
    };
    let shape = [shape, &each].concat();
    Ok(Some(Raw::from_vec(values, &shape)?))
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
    let read = &mut |item: &Bound<'_, PyAny>, values: &mut Vec<T>| {
        let value = read(item);
        let known = value.is_some();
        values.extend(value);
        Ok(known)
    };
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
pub fn no_memory(elements: usize) -> Fault {
    Error::memory("array", format!("cannot allocate {elements} elements")).into()
}

/// Appends what `read` makes of the leaves; false where one is of another type or a length differs.
fn walk<T>(
    ob: &Bound<'_, PyAny>,
    shape: &[usize],
    values: &mut Vec<T>,
    read: &mut impl FnMut(&Bound<'_, PyAny>, &mut Vec<T>) -> Outcome<bool>,
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
        if values.len() % OFTEN == OFTEN - 1 {
            item.py().check_signals()?;
        }
        read(item, values)
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
                    let own = raw.owned()?;
                    let mut values = own.as_slice::<$T>()?.iter().copied();
                    // SAFETY: attached; each makes a new object, or null with an exception that is set.
                    nest(py, shape, &mut |n| list_of(py, n, &mut values, |$v| unsafe { $make }))
                })*
                // narrow floats, as the numbers that they are
                DType::F8E4M3 | DType::F8E5M2 | DType::F16 | DType::BF16 => return listed(py, &raw.cast(DType::F64)?),
            }
        };
    }
    typed! {
        Bool => bool, |v| ffi::PyBool_FromLong(v.into());
        U8 => u8, |v| ffi::PyLong_FromLong(v.into());
        U16 => u16, |v| ffi::PyLong_FromLong(v.into());
        U32 => u32, |v| ffi::PyLong_FromLongLong(v.into());
        U64 => u64, |v| ffi::PyLong_FromUnsignedLongLong(v);
        I8 => i8, |v| ffi::PyLong_FromLong(v.into());
        I16 => i16, |v| ffi::PyLong_FromLong(v.into());
        I32 => i32, |v| ffi::PyLong_FromLong(v.into());
        I64 => i64, |v| ffi::PyLong_FromLongLong(v);
        F32 => f32, |v| ffi::PyFloat_FromDouble(v.into());
        F64 => f64, |v| ffi::PyFloat_FromDouble(v);
        C64 => Complex<f32>, |v| ffi::PyComplex_FromDoubles(v.re.into(), v.im.into());
        C128 => Complex<f64>, |v| ffi::PyComplex_FromDoubles(v.re, v.im);
    }
}

/// After so many elements Ctrl-C is looked for.
const OFTEN: usize = 1 << 16;

/// What makes the list of the next so many elements.
type NextList<'a, 'py> = &'a mut dyn FnMut(usize) -> Outcome<Bound<'py, PyAny>>;

/// The list of the next `n` values.
fn list_of<'py, T>(
    py: Python<'py>,
    n: usize,
    values: &mut impl Iterator<Item = T>,
    make: impl Fn(T) -> *mut ffi::PyObject,
) -> Outcome<Bound<'py, PyAny>> {
    let list = empty_list(py, n)?;
    for i in 0..n {
        if i % OFTEN == OFTEN - 1 {
            py.check_signals()?;
        }
        let item = values.next().map(&make).ok_or_else(missing)?;
        put(&list, i, item)?;
    }
    Ok(list)
}

#[cold]
fn missing() -> Fault {
    crate::error::type_error("tolist: an element is missing")
}

/// A list with `n` places that [`put`] fills.
fn empty_list(py: Python<'_>, n: usize) -> Outcome<Bound<'_, PyAny>> {
    // SAFETY: attached; a null pointer is an exception that is set.
    unsafe {
        let list = ffi::PyList_New(n as ffi::Py_ssize_t);
        Ok(Bound::from_owned_ptr_or_err(py, list)?)
    }
}

/// Puts a new object, or null with an exception that is set, into place `i` of a list of [`empty_list`].
#[inline]
fn put(list: &Bound<'_, PyAny>, i: usize, item: *mut ffi::PyObject) -> Outcome<()> {
    // SAFETY: the list is new and has that place, which is empty; the reference is given away.
    let fails = item.is_null()
        || unsafe { ffi::PyList_SetItem(list.as_ptr(), i as ffi::Py_ssize_t, item) } != 0;
    if fails {
        return Err(PyErr::fetch(list.py()).into());
    }
    Ok(())
}

/// Ranks above this are nested without recursion: the stack is not deep enough for ten thousands.
const RECURSIVE: usize = 64;

/// Lists of the next elements in this shape.
fn nest<'py>(
    py: Python<'py>,
    shape: &[usize],
    next: NextList<'_, 'py>,
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
    items.pop().ok_or_else(missing)
}

fn nest_shallow<'py>(
    py: Python<'py>,
    shape: &[usize],
    next: NextList<'_, 'py>,
) -> Outcome<Bound<'py, PyAny>> {
    match shape {
        [] => Ok(next(1)?.get_item(0)?),
        [n] => next(*n),
        [n, rest @ ..] => {
            let list = empty_list(py, *n)?;
            for i in 0..*n {
                if i % (OFTEN / 16) == OFTEN / 16 - 1 {
                    py.check_signals()?;
                }
                put(&list, i, nest_shallow(py, rest, next)?.into_ptr())?;
            }
            Ok(list)
        }
    }
}
