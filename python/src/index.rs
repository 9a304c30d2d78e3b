//! Indexing: the keys of the engine from what stands between the brackets, and fast paths for single elements.

use civita_core::dtype::{DType, Scalar};
use civita_core::layout::SliceItem;
use civita_core::raw::{Key, Raw};
use pyo3::ffi;
use pyo3::impl_::trampoline::{MethodDef, binaryfunc};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PySlice, PyTuple};
use smallvec::SmallVec;

use crate::array::{Array, in_order, place_new, place_view, wrap_part};
use crate::call::slots;
use crate::callback::raised;
use crate::convert::{array_of, is_array};
use crate::error::{Outcome, index_error};
use crate::gil;
use crate::scalar::{self, give, make};
use crate::subclass;

/// What stands between the brackets.
pub type Keys = SmallVec<[Key; 1]>;

/// A number for a slice or an index: what is larger than memory is out of range either way.
fn clamped(ob: &Bound<'_, PyAny>) -> Outcome<isize> {
    match ob.extract::<isize>() {
        Ok(v) => Ok(v),
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(ob.py()) => {
            Ok(if ob.lt(0)? { isize::MIN } else { isize::MAX })
        }
        Err(error) => Err(error.into()),
    }
}

/// A slice of Python's.
#[inline(always)]
pub fn range(slice: &Bound<'_, PySlice>) -> Outcome<SliceItem> {
    let (mut start, mut stop, mut step) = (0, 0, 0);
    // ends that are not given, and those beyond memory, come as the ends of `isize`: out of range, and so clamped
    // SAFETY: attached, a slice, three places to write to.
    if unsafe { ffi::PySlice_Unpack(slice.as_ptr(), &mut start, &mut stop, &mut step) } != 0 {
        return Err(PyErr::fetch(slice.py()).into());
    }
    if (start, stop, step) == (0, isize::MAX, 1) {
        return Ok(SliceItem::ALL);
    }
    Ok(SliceItem::Range {
        start: Some(start),
        stop: Some(stop),
        step,
    })
}

fn key(ob: &Bound<'_, PyAny>) -> Outcome<Key> {
    if ob.is_exact_instance_of::<PyInt>() {
        return Ok(Key::Item(SliceItem::Index(clamped(ob)?)));
    }
    if let Ok(slice) = ob.cast::<PySlice>() {
        return range(slice).map(Key::Item);
    }
    if ob.is_none() {
        return Ok(Key::Item(SliceItem::NewAxis));
    }
    if ob.is_instance_of::<PyEllipsis>() {
        return Ok(Key::Item(SliceItem::Ellipsis));
    }
    if let Ok(value) = ob.cast::<PyBool>() {
        return Ok(Key::Bool(value.is_true()));
    }
    if ob.is_instance_of::<pyo3::types::PyString>() || ob.is_instance_of::<pyo3::types::PyFloat>() {
        return Err(wrong(ob));
    }
    let raw = match array_of(ob, None) {
        Ok(raw) => raw.detach(),
        Err(_) => return Err(wrong(ob)),
    };
    if raw.dtype().is_integer() && raw.rank() == 0 && !raw.is_transformed() {
        return match raw.item()? {
            Scalar::Int(i) => Ok(Key::Item(SliceItem::from(
                i64::try_from(i).unwrap_or(i64::MAX),
            ))),
            _ => Err(wrong(ob)),
        };
    }
    if raw.is_empty() && !is_array(ob)? {
        // an empty sequence says no dtype
        return Ok(Key::Integers(raw.cast(DType::I64)?));
    }
    Ok(raw.into())
}

#[cold]
fn wrong(ob: &Bound<'_, PyAny>) -> crate::error::Fault {
    let name = ob
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |n| n.to_string());
    index_error(format!(
        "only integers, slices (`:`), ellipsis (`...`), cv.newaxis (`None`) and integer or boolean arrays are valid indices, not '{name}'"
    ))
}

/// The keys of an index.
pub fn keys(ob: &Bound<'_, PyAny>) -> Outcome<Keys> {
    let Ok(tuple) = ob.cast::<PyTuple>() else {
        return Ok(SmallVec::from_iter([key(ob)?]));
    };
    let (mut keys, mut bad_slice) = (Keys::with_capacity(tuple.len()), None);
    for ob in tuple.iter_borrowed() {
        match key(&ob) {
            Ok(key) => keys.push(key),
            // what is no index at all is told first
            Err(fault) if ob.is_instance_of::<PySlice>() => bad_slice = bad_slice.or(Some(fault)),
            Err(fault) => return Err(fault),
        }
    }
    match bad_slice {
        None => Ok(keys),
        Some(fault) => Err(fault),
    }
}

/// About how many elements an index with arrays looks at: at least those of the masks, and those that it picks from whole
/// slices.
pub fn work(x: &Raw, keys: &[Key]) -> usize {
    let (mut picks, mut rows, mut masked) = (0, x.len(), 0);
    let mut axis = 0;
    for key in keys {
        let axes = match key {
            Key::Item(SliceItem::Index(_)) => 1,
            Key::Integers(places) => {
                picks = picks.max(places.len());
                1
            }
            Key::Mask(mask) => {
                masked = x.len();
                mask.rank()
            }
            Key::Item(SliceItem::Range { .. }) => {
                axis += 1;
                0
            }
            Key::Item(_) | Key::Bool(_) => 0,
        };
        for n in x.shape().iter().skip(axis).take(axes) {
            rows /= n.max(&1);
        }
        axis += axes;
    }
    picks.saturating_mul(rows).max(masked)
}

/// The place in the buffer of the element that integers alone name: the fast path of `a[i]` and `a[i, j]`. Whatever else
/// the key is, or wrong with it, is for the general path.
#[inline]
pub fn element(x: &Raw, key: &Bound<'_, PyAny>) -> Option<usize> {
    let layout = x.layout();
    let (&[n], &[stride]) = (layout.shape(), layout.strides()) else {
        return layout.index_of(&element_index(x, key)?);
    };
    let (i, n) = (integer(key)?, n as isize);
    let i = if i < 0 { i + n } else { i };
    let place = (layout.offset() as isize).wrapping_add(i.wrapping_mul(stride));
    (0..n).contains(&i).then_some(place as usize)
}

/// An integer of Python's or ours.
#[inline]
fn integer(ob: &Bound<'_, PyAny>) -> Option<isize> {
    if ob.is_exact_instance_of::<PyInt>() {
        return ob.extract().ok();
    }
    // before all classes of scalars are gone through
    if ob.is_none() || ob.is_exact_instance_of::<PySlice>() || ob.is_exact_instance_of::<Array>() {
        return None;
    }
    match scalar::slots::scalar_of(ob)? {
        (Scalar::Int(i), _) => i.try_into().ok(),
        _ => None,
    }
}

/// As [`element`], its index.
#[inline]
pub fn element_index(x: &Raw, key: &Bound<'_, PyAny>) -> Option<SmallVec<[usize; 4]>> {
    let mut index: SmallVec<[usize; 4]> = SmallVec::new();
    let mut number = |ob: &Bound<'_, PyAny>| -> Option<()> {
        let n = *x.shape().get(index.len())?;
        let i = integer(ob)?;
        index.push(usize::try_from(if i < 0 { i.checked_add_unsigned(n)? } else { i }).ok()?);
        Some(())
    };
    match key.cast_exact::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().try_for_each(|ob| number(&ob))?,
        Err(_) => number(key)?,
    }
    if index.len() != x.rank() || index.is_empty() {
        None
    } else {
        Some(index)
    }
}

/// What `f` makes of the items of an index that has integers, slices, new axes and an ellipsis only, and leaves an axis: the fast path
/// of `a[:, 0]` and `a[None]`. Whatever else it is, or wrong with it, is for the general path.
#[inline(always)]
pub fn with_basic<R>(
    x: &Raw,
    key: &Bound<'_, PyAny>,
    f: impl FnOnce(&[SliceItem]) -> R,
) -> Option<R> {
    let mut items = [SliceItem::NewAxis; 4];
    let mut count = 1;
    match key.cast_exact::<PyTuple>() {
        Ok(tuple) => {
            count = tuple.len();
            let places = items.get_mut(..count)?;
            for (place, ob) in places.iter_mut().zip(tuple.iter_borrowed()) {
                basic_item(&ob, place)?;
            }
        }
        Err(_) => basic_item(key, &mut items[0])?,
    }
    let items = &items[..count];
    leaves_axis(x, items).then(|| f(items))
}

/// Writes an item where it stays.
#[inline(always)]
fn basic_item(ob: &Bound<'_, PyAny>, place: &mut SliceItem) -> Option<()> {
    *place = if ob.is_none() {
        SliceItem::NewAxis
    } else if let Ok(slice) = ob.cast_exact::<PySlice>() {
        range(slice).ok()?
    } else if ob.is_exact_instance_of::<PyEllipsis>() {
        SliceItem::Ellipsis
    } else {
        SliceItem::Index(integer(ob)?)
    };
    Some(())
}

/// Whether the result has an axis, and no more axes than there may be.
#[inline]
fn leaves_axis(x: &Raw, items: &[SliceItem]) -> bool {
    let count = |is: fn(&SliceItem) -> bool| items.iter().filter(|item| is(item)).count();
    let picked = count(|item| matches!(item, SliceItem::Index(_)));
    let new = count(|item| *item == SliceItem::NewAxis);
    picked < x.rank() && x.rank() - picked + new <= 64
}

/// The elements that an index picks.
fn get(py: Python<'_>, x: &Raw, key: &Bound<'_, PyAny>) -> Outcome<Raw> {
    if x.rank() >= 1
        && let Some(index) = integer(key)
    {
        return row(x, index);
    }
    if let Ok(array) = key.cast_exact::<Array>()
        && let Some(picked) = picked(py, x, &array.get().raw())?
    {
        return Ok(picked);
    }
    let keys = keys(key)?;
    let part = gil::work(py, work(x, &keys), || x.index(&keys))?;
    let is_basic = keys.iter().all(|key| matches!(key, Key::Item(_)));
    let has_ellipsis = || {
        keys.iter()
            .any(|key| matches!(key, Key::Item(SliceItem::Ellipsis)))
    };
    if is_basic && (part.rank() == 0 && !has_ellipsis() || has_array(key)) {
        return Ok(part.copied()?);
    }
    Ok(part)
}

/// Whether an array is among what stands between the brackets: what it picks is a copy, even where it has no axes, as in NumPy.
fn has_array(key: &Bound<'_, PyAny>) -> bool {
    let is = |ob: &Bound<'_, PyAny>| is_array(ob).unwrap_or(false);
    match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().any(|ob| is(&ob)),
        Err(_) => is(key),
    }
}

/// What one array of integers or booleans without tags picks: most indices with arrays are like that. What is wrong with it is
/// for the general path to say.
fn picked(py: Python<'_>, x: &Raw, key: &Raw) -> Outcome<Option<Raw>> {
    if !key.is_plain() || key.rank() == 0 || x.rank() == 0 {
        return Ok(None);
    }
    let picked = if key.dtype() == DType::Bool {
        gil::work(py, x.len(), || x.select(key))
    } else {
        if !key.dtype().is_integer() {
            return Ok(None);
        }
        let rows = x.len() / x.shape()[0].max(1);
        let elements = key.len().saturating_mul(rows);
        gil::work(py, elements, || x.pick(key))
    };
    match picked {
        Ok(picked) => Ok(Some(picked)),
        Err(error) => match raised(&error) {
            Some(raised) => Err(raised.into()),
            None => Ok(None),
        },
    }
}

/// Whether an ellipsis is among what stands between the brackets.
fn has_ellipsis(key: &Bound<'_, PyAny>) -> bool {
    let is = |ob: &Bound<'_, PyAny>| ob.is_instance_of::<PyEllipsis>();
    match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().any(|ob| is(&ob)),
        Err(_) => is(key),
    }
}

/// A row; of a single element a copy, as NumPy's scalars are (`a[0], a[1] = a[1], a[0]` exchanges).
fn row(x: &Raw, index: isize) -> Outcome<Raw> {
    let part = x.slice(&[SliceItem::Index(index)])?;
    if part.rank() == 0 {
        return Ok(part.copied()?);
    }
    Ok(part)
}

/// What an index picks that names no single element.
#[inline(never)]
fn selected(array: &Bound<'_, Array>, x: &Raw, key: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let py = array.py();
    let part = get(py, x, key)?;
    if part.rank() > 64 {
        return Err(index_error(format!(
            "number of dimensions must be within [0, 64], indexing result would have {}",
            part.rank()
        )));
    }
    // an ellipsis asks for a view, whatever is left of the axes
    if part.rank() == 0 && !has_ellipsis(key) {
        return give(py, part);
    }
    wrap_part(py, part, array)
}

/// What is asked for most: an element, a slice, new axes, a few places. Of the rest, and of what is wrong, nothing.
#[inline(always)]
fn usual(slf: &Bound<'_, Array>, key: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    let py = slf.py();
    let x = slf.get().raw();
    let view = |items: &[SliceItem]| x.slice_then(items, |part| place_view(slf, part));
    if key.is_none() && (1..64).contains(&x.rank()) && slf.is_exact_instance_of::<Array>() {
        return view(&[SliceItem::NewAxis]).ok()?.ok();
    }
    if x.is_plain()
        && let Some(place) = element(&x, key)
    {
        return make(py, x.value_at(place), x.dtype()).ok();
    }
    if !slf.is_exact_instance_of::<Array>() {
        return None;
    }
    if let Ok(slice) = key.cast_exact::<PySlice>() {
        return view(&[range(slice).ok()?]).ok()?.ok();
    }
    if let Some(made) = with_basic(&x, key, view) {
        return made.ok()?.ok();
    }
    if let Ok(places) = key.cast_exact::<Array>()
        && let Some(picked) = x
            .take_few(&places.get().raw(), |picked| place_new(py, picked))
            .ok()?
    {
        return in_order(py, picked, slf.get().order()).ok();
    }
    None
}

/// `x[key]`. What is usual is answered before PyO3 counts the threads that are in Rust, which takes as long as reading an element.
/// Uncounted, a Python object that Rust drops is let go of later; on that way only errors are dropped.
///
/// # Safety
/// The interpreter calls it, with an array and an object.
unsafe extern "C" fn subscript(
    slf: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter is held, and both objects live until the call returns.
    unsafe {
        let py = Python::assume_attached();
        let array = Bound::ref_from_ptr(py, &slf).cast_unchecked::<Array>();
        match usual(array, Bound::ref_from_ptr(py, &key)) {
            Some(made) => made.into_ptr(),
            None => binaryfunc::<General>(slf, key),
        }
    }
}

/// PyO3's way into Rust.
struct General;

impl MethodDef<binaryfunc::Func> for General {
    const METH: binaryfunc::Func = general;
}

/// # Safety
/// As [`subscript`].
unsafe fn general(
    py: Python<'_>,
    slf: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    // SAFETY: the caller's contract.
    let (array, key) = unsafe {
        (
            Bound::ref_from_ptr(py, &slf).cast_unchecked::<Array>(),
            Bound::ref_from_ptr(py, &key),
        )
    };
    Ok(selected(array, &array.get().raw(), key)?.into_ptr())
}

slots! { Array: Py_mp_subscript = subscript as ffi::binaryfunc; }

#[pymethods]
impl Array {
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        let len = slf.get().__len_or_error()?;
        if !slf.is_exact_instance_of::<Self>()
            && let Some(items) = subclass::items(slf)?
        {
            return Ok(items);
        }
        let rows = Rows {
            array: slf.clone().unbind(),
            next: std::sync::atomic::AtomicUsize::new(0),
            len,
        };
        Ok(Bound::new(slf.py(), rows)?.into_any())
    }
}

impl Array {
    fn __len_or_error(&self) -> Outcome<usize> {
        let raw = self.raw();
        raw.length_is_read("iteration", 0);
        raw.shape()
            .first()
            .copied()
            .ok_or_else(|| crate::error::type_error("iteration over a 0-d array"))
    }
}

/// The iterator over the first axis.
#[pyclass(module = "civita", frozen)]
struct Rows {
    array: Py<Array>,
    next: std::sync::atomic::AtomicUsize,
    len: usize,
}

#[pymethods]
impl Rows {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Outcome<Option<Py<PyAny>>> {
        let i = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if i >= self.len {
            return Ok(None);
        }
        let x = self.array.get().raw();
        if x.is_plain()
            && x.rank() == 1
            && let Some(place) = x.layout().index_of(&[i])
        {
            return make(py, x.value_at(place), x.dtype()).map(Some);
        }
        let part = row(&x, i as isize)?;
        match part.rank() {
            0 => give(py, part),
            _ => wrap_part(py, part, self.array.bind(py)),
        }
        .map(Some)
    }

    fn __length_hint__(&self) -> usize {
        self.len
            .saturating_sub(self.next.load(std::sync::atomic::Ordering::Relaxed))
    }
}
