//! `a[key] = value`.

use std::ffi::c_int;

use civita_core::dtype::{Casting, DType, Kind, Scalar, can_cast};
use civita_core::functions::ufuncs;
use civita_core::layout::{Layout, SliceItem};
use civita_core::ops::Op;
use civita_core::primitive::host;
use civita_core::raw::{Key, Raw};
use civita_core::storage::Storage;
use pyo3::ffi::{self, PyObject};
use pyo3::impl_::trampoline::{MethodDef, setattrofunc};
use pyo3::prelude::*;
use pyo3::types::PySlice;
use smallvec::SmallVec;

use crate::array::Array;
use crate::call;
use crate::convert::{array_of, check_scalar, scalar_exact, value};
use crate::error::{Outcome, value_error};
use crate::errstate;
use crate::gil;
use crate::index::{Keys, element, keys, range, with_basic, work};
use crate::scalar::slots;

/// The value of an assignment: arrays as they are, numbers and lists in this dtype, which must hold them.
pub fn source(ob: &Bound<'_, PyAny>, dtype: DType) -> Outcome<Raw> {
    match ob.cast_exact::<Array>() {
        Ok(array) => Ok(array.get().raw().clone()),
        Err(_) => array_of(ob, Some(dtype)),
    }
}

/// About how many elements an assignment writes.
fn written(x: &Raw, keys: &[Key]) -> Outcome<usize> {
    let item = |key: &Key| match key {
        Key::Item(item) => Some(*item),
        _ => None,
    };
    let items: Option<SmallVec<[SliceItem; 4]>> = keys.iter().map(item).collect();
    Ok(match items {
        // at most all of them
        Some(_) if !gil::is_large(x.len()) => x.len(),
        Some(items) => Layout::contiguous(x.shape())?.slice(&items)?.len(),
        None => work(x, keys),
    })
}

/// Keys of which none shares the memory that is written: such an index is read first.
fn read_first(mut keys: Keys, x: &Raw) -> Outcome<Keys> {
    for key in &mut keys {
        if let Key::Integers(index) | Key::Mask(index) = key
            && Storage::same_buffer(index.storage(), x.storage())
        {
            *index = index.copied()?;
        }
    }
    Ok(keys)
}

/// Writes `value` over what `key` picks.
fn set(
    py: Python<'_>,
    x: &mut Raw,
    key: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> Outcome<()> {
    let keys = read_first(keys(key)?, x)?;
    if keys.iter().all(|key| matches!(key, Key::Item(_))) {
        check_scalar(value, x.dtype())?;
    }
    let source = source(value, x.dtype())?;
    errstate::check_complex(py, source.dtype(), x.dtype())?;
    let elements = written(x, &keys)?.max(source.len());
    errstate::watch();
    // of windows that overlap, a part in which nothing does may be written
    let items = || {
        keys.iter().map(|key| match key {
            Key::Item(item) => Some(*item),
            _ => None,
        })
    };
    if x.is_plain()
        && x.layout().has_internal_overlap()
        && let Some(items) = items().collect::<Option<SmallVec<[SliceItem; 4]>>>()
    {
        if source.is_differentiated() || source.is_transformed() {
            return Err(crate::error::type_error(
                "a value that a gradient, a batch or a trace follows cannot be written into windows that overlap\n  hint: write through a view \
                 of its own: `y = x[0]; y[...] = value`",
            ));
        }
        let mut part = x.slice(&items)?;
        gil::work(py, elements, || part.assign(&source))?;
    } else {
        gil::work(py, elements, || x.index_assign(&keys, &source))?;
    }
    errstate::check_written(py, &source, x.dtype())
}

/// Applies an op in place to what `key` picks; again and again for a place that is picked several times.
pub fn at(
    py: Python<'_>,
    op: Op,
    array: &Array,
    key: &Bound<'_, PyAny>,
    b: Option<&Bound<'_, PyAny>>,
) -> Outcome<()> {
    let keys = keys(key)?;
    let b = b.map(value).transpose()?;
    array.write(|x| {
        let keys = read_first(keys, x)?;
        let elements = written(x, &keys)?.max(b.as_ref().map_or(0, |b| b.len()));
        let operand = b.as_ref().map(|b| b.operand());
        errstate::watch();
        gil::work(py, elements, || ufuncs::at(op, x, &keys, operand))?;
        errstate::check_in_place(py, op, operand, x)
    })
}

/// A number of Python's, or one of ours that the dtype holds.
#[inline(always)]
fn number(value: &Bound<'_, PyAny>, dtype: DType) -> Option<Scalar> {
    if let Some((scalar, from)) = slots::scalar_of(value) {
        return (from == dtype || can_cast(from, dtype, Casting::Safe)).then_some(scalar);
    }
    match scalar_exact(value).ok()?? {
        // a Python integer, which has no sign where it is not negative: what does not fit is an error
        Scalar::Int(v) if dtype == DType::Bool => Some(Scalar::Bool(v != 0)),
        Scalar::Int(v) if dtype.kind() == Kind::Unsigned => {
            let bits = 8 * dtype.size() as u32;
            (0..1_i128 << bits).contains(&v).then_some(Scalar::Int(v))
        }
        scalar => (scalar.kind() <= dtype.kind()).then_some(scalar),
    }
}

/// Writes a number over few elements, all of an array; false as in [`set_number`].
fn fill_few(x: &Raw, value: &Bound<'_, PyAny>) -> bool {
    let dtype = x.dtype();
    let bytes = number(value, dtype)
        .filter(|scalar| !errstate::overflows(*scalar, dtype))
        .and_then(|scalar| scalar.to_bytes(dtype).ok());
    bytes.is_some_and(|bytes| x.write_few(&[], &bytes))
}

/// Writes a number over one element or a short slice: the fast path of `a[i] = 2.5` and `a[i:j] = 2.5`. False when it takes the
/// general one: what loses something, does not fit or is wrong is for that.
#[inline(always)]
fn set_number(x: &Raw, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> bool {
    let dtype = x.dtype();
    if !x.is_plain() || !x.is_writable() {
        return false;
    }
    // a number that is infinite in the dtype is told of
    let fits = |scalar: &Scalar| !errstate::overflows(*scalar, dtype);
    let Some(scalar) = number(value, dtype).filter(fits) else {
        return false;
    };
    if let Some(place) = element(x, key) {
        return host::write_number(x, place, scalar);
    }
    let Ok(bytes) = scalar.to_bytes(dtype) else {
        return false;
    };
    if let Ok(slice) = key.cast_exact::<PySlice>() {
        return range(slice).is_ok_and(|range| x.write_few(&[range], &bytes));
    }
    with_basic(x, key, |items| x.write_few(items, &bytes)) == Some(true)
}

/// `x[key] = value`, and `del x[key]` where there is no value; as `x[key]`, without PyO3 first.
///
/// # Safety
/// The interpreter calls it, with an array, an object, and an object or null.
unsafe extern "C" fn assign_subscript(
    slf: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: the interpreter is held, and the objects live until the call returns.
    unsafe {
        if !value.is_null() {
            let py = Python::assume_attached();
            let array = Bound::ref_from_ptr(py, &slf).cast_unchecked::<Array>();
            let (key, value) = (
                Bound::ref_from_ptr(py, &key),
                Bound::ref_from_ptr(py, &value),
            );
            if set_number(&array.get().raw(), key, value) {
                return 0;
            }
        }
        setattrofunc::<General>(slf, key, value)
    }
}

/// PyO3's way into Rust.
struct General;

impl MethodDef<setattrofunc::Func> for General {
    const METH: setattrofunc::Func = general;
}

/// # Safety
/// As [`assign_subscript`].
unsafe fn general(
    py: Python<'_>,
    slf: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> PyResult<c_int> {
    if value.is_null() {
        return Err(value_error("cannot delete array elements").into());
    }
    // SAFETY: the caller's contract.
    let (array, key, value) = unsafe {
        (
            Bound::ref_from_ptr(py, &slf).cast_unchecked::<Array>(),
            Bound::ref_from_ptr(py, &key),
            Bound::ref_from_ptr(py, &value),
        )
    };
    array.get().write(|x| set(py, x, key, value))?;
    Ok(0)
}

call::slots! { Array: Py_mp_ass_subscript = assign_subscript as ffi::objobjargproc; }

#[pymethods]
impl Array {
    /// Writes one value over all elements.
    #[pyo3(signature = (value))]
    fn fill(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> Outcome<()> {
        let py = slf.py();
        if fill_few(&slf.get().raw(), value) {
            return Ok(());
        }
        slf.get().write(|x| {
            check_scalar(value, x.dtype())?;
            let source = source(value, x.dtype())?;
            if source.rank() > 0 {
                return Err(value_error("setting an array element with a sequence."));
            }
            errstate::check_complex(py, source.dtype(), x.dtype())?;
            errstate::watch();
            gil::work(py, x.len(), || x.assign(&source))?;
            errstate::check_written(py, &source, x.dtype())
        })
    }
}
