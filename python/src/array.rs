//! `cv.ndarray`: a handle on the engine's tensor, with views that alias.

use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use civita_core::dtype::DType;
use civita_core::functions::Held;
use civita_core::raw::Raw;
use civita_core::storage::Access;
use civita_core::transform::Shared;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};
use pyo3::{PyTypeInfo, ffi};

use civita_core::storage::Storage;

use crate::dtype::{ByteOrder, PyDType};
use crate::error::{Outcome, type_error, value_error};
use crate::subclass;

/// An n-dimensional array: NumPy's semantics, gradients, SIMD kernels.
///
/// Made by `cv.array`, `cv.asarray`, `cv.zeros` and the like. Views share memory as in NumPy.
#[pyclass(name = "ndarray", module = "civita", frozen, weakref, subclass)]
pub struct Array {
    raw: Raw,
    /// The object whose memory this is a view of.
    base: Option<Py<PyAny>>,
    /// The version of the buffer's cell that the value is of; [`DETACHED`] for an array that follows none.
    seen: AtomicU32,
    /// Whether this array was given another value after it was made: another place in a gradient graph, or tags made again. Then
    /// `later` holds it.
    moved: AtomicBool,
    /// Whether the array was declared in the other byte order: `order` says what that means.
    swapped: AtomicBool,
    later: Mutex<Option<Later>>,
}

/// What an array became after it was made.
struct Later {
    value: Box<Raw>,
    /// Where in the buffer its elements are now, if its shape or dtype was set.
    place: Option<Box<Raw>>,
}

/// An array that keeps its value whatever others over its memory write: it was detached, or viewed inside of `no_grad`.
const DETACHED: u32 = u32::MAX;

impl Array {
    /// The tensor.
    #[inline]
    pub fn raw(&self) -> Held<'_> {
        let (now, seen) = (self.raw.shared_version(), self.seen.load(Ordering::Relaxed));
        if now != seen && seen != DETACHED {
            self.refresh(now);
        }
        self.last()
    }

    /// The tensor as it was when the array was last looked at.
    #[inline]
    fn last(&self) -> Held<'_> {
        if self.moved.load(Ordering::Acquire) {
            self.moved_raw()
        } else {
            Held::Borrowed(&self.raw)
        }
    }

    /// Takes the value that the buffer has now, after a write through another array.
    #[cold]
    fn refresh(&self, now: u32) {
        if let Ok(value) = self.place().refreshed() {
            value.succeed(&self.last());
            self.seen.store(now, Ordering::Relaxed);
            self.move_to(value);
        }
    }

    #[cold]
    fn moved_raw(&self) -> Held<'_> {
        match &*self.later.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(later) => Held::Owned(later.value.clone()),
            None => Held::Borrowed(&self.raw),
        }
    }

    /// Where in the buffer the elements are.
    fn place(&self) -> Held<'_> {
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        match later.as_ref().and_then(|later| later.place.as_ref()) {
            Some(place) => Held::Owned(place.clone()),
            None => Held::Borrowed(&self.raw),
        }
    }

    /// The same memory, seen in another shape or dtype from now on.
    fn set_place(&self, place: Raw) {
        self.put(place.clone(), Some(Box::new(place)));
    }

    /// The same memory at another place of the gradient graph.
    pub fn move_to(&self, raw: Raw) {
        self.put(raw, None);
    }

    fn put(&self, value: Raw, place: Option<Box<Raw>>) {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let old = later.take();
        let place = place.or_else(|| old.as_ref()?.place.clone());
        *later = Some(Later {
            value: Box::new(value),
            place,
        });
        self.moved.store(true, Ordering::Release);
        drop(later);
        // a graph is taken apart without the lock
        drop(old);
    }

    /// Lets `f` write into the tensor, and tells all arrays over the same memory what that does to their gradients.
    pub fn write<R>(&self, f: impl FnOnce(&mut Raw) -> Outcome<R>) -> Outcome<R> {
        self.write_from(|_, after| f(after))
    }

    /// As [`Array::write`]; `f` gets the tensor as it was, too.
    pub fn write_from<R>(&self, f: impl FnOnce(&Raw, &mut Raw) -> Outcome<R>) -> Outcome<R> {
        let apart = self.is_apart();
        let before = self.raw();
        let before = &*before;
        if !before.is_plain() && self.raw.write_is_quiet(before)? {
            // bytes change, and no graph knows
            let mut value = before.detach();
            return f(before, &mut value);
        }
        let mut after = before.clone();
        if !apart && before.is_plain() && self.raw.is_beside_tracked() {
            // nothing tracked is written where another array's value is, of which this one knows nothing
            after.set_apart(true);
        }
        let result = f(before, &mut after)?;
        if before.is_plain() && after.is_plain() {
            return Ok(result);
        }
        let place = |raw: &Raw| raw.node().map(std::ptr::from_ref);
        let same = place(&after) == place(before)
            && after.is_plain() == before.is_plain()
            && !after.is_transformed();
        if !same && apart {
            // a batch or a trace goes on; the other arrays over the memory keep theirs
            if !Storage::same_buffer(after.storage(), self.raw.storage()) {
                return Err(type_error(
                    "a detached array cannot hold a batch that its memory has no room for\n  hint: write into a copy: `.detach().copy()`",
                ));
            }
            self.move_to(after);
        } else if !same {
            after.set_apart(false);
            let value = self.place().written(before, after)?;
            value.succeed(before);
            self.seen
                .store(self.raw.shared_version(), Ordering::Relaxed);
            self.move_to(value);
        }
        Ok(result)
    }

    /// Whether the array stands apart from what others over its memory track. The last array over it does no more.
    fn is_apart(&self) -> bool {
        if self.seen.load(Ordering::Relaxed) != DETACHED {
            return false;
        }
        if !self.raw.rejoined() {
            return true;
        }
        let value = self.raw().clone().with_apart(false);
        self.seen
            .store(self.raw.shared_version(), Ordering::Relaxed);
        if !value.is_plain() {
            self.raw.adopted(&value);
        }
        self.move_to(value);
        false
    }

    /// Lets the elements be written through this array and views made of it from now on, or not.
    pub fn set_writable(&self, py: Python<'_>, writable: bool) -> Outcome<()> {
        let raw = self.raw().clone();
        if raw.is_frozen() != writable {
            return Ok(());
        }
        if writable {
            // one that may write is enough
            let mut base = self.owner(py);
            let mut is_frozen = false;
            while let Some(array) = base.as_ref().and_then(|ob| ob.cast::<Array>().ok()) {
                is_frozen = array.get().raw().is_frozen();
                if !is_frozen {
                    break;
                }
                base = array.get().owner(py);
            }
            if is_frozen && base.is_none() {
                return Err(cannot_write());
            }
        }
        self.move_to(raw.with_frozen(!writable));
        Ok(())
    }

    /// The byte order that the array was declared in.
    ///
    /// Elements lie in the machine's order in every array, so that no kernel knows of another one. The declared order is what
    /// `dtype` says, and what everything follows that shows bytes: `tobytes`, files and pickles reverse them; what would share
    /// the memory (the buffer protocol, DLPack, `view` as another dtype) refuses.
    #[inline]
    pub fn order(&self) -> ByteOrder {
        match self.swapped.load(Ordering::Relaxed) {
            false => ByteOrder::Native,
            true => ByteOrder::Swapped,
        }
    }

    /// Declares the byte order of a new array; elements of single bytes have none.
    pub fn declare(&self, order: ByteOrder) {
        let swapped = order == ByteOrder::Swapped && self.raw().dtype().to_real().size() > 1;
        self.swapped.store(swapped, Ordering::Relaxed);
    }

    /// The object whose memory this is a view of, if it is one.
    pub fn owner<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.base.as_ref().map(|base| base.bind(py).clone())
    }

    /// The leaf that this array becomes, or the constant.
    pub fn set_leaf(&self, mut raw: Raw) {
        if self.is_apart() {
            return self.move_to(raw);
        }
        raw.set_apart(false);
        self.raw.adopted(&raw);
        self.seen
            .store(self.raw.shared_version(), Ordering::Relaxed);
        self.move_to(raw);
    }
}

/// The error of `flags.writeable = True` where the memory is not the array's to write.
#[cold]
pub fn cannot_write() -> crate::error::Fault {
    value_error("cannot set WRITEABLE flag to True of this array")
}

impl Drop for Array {
    fn drop(&mut self) {
        self.raw.array_dropped();
    }
}

/// A tensor as a Python object. New memory becomes Aliased here, if it is not yet.
#[inline]
pub fn wrap(py: Python<'_>, mut raw: Raw) -> Outcome<Py<PyAny>> {
    if raw.storage().access() == Access::Owned && !raw.alias_unique() {
        return wrap_copied(py, raw);
    }
    place(py, raw, None)
}

/// As [`wrap`], of a tensor that may be a view of an array, which then is its `base`.
#[inline(always)]
pub fn wrap_view(py: Python<'_>, raw: Raw, source: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let Ok(array) = source.cast_exact::<Array>() else {
        return subclass::wrap_view(py, raw, source);
    };
    if raw.storage().access() == Access::Owned {
        return wrap(py, raw);
    }
    if raw.is_number() && !raw.layout().has_internal_overlap() {
        // NumPy's scalars have no views: arrays that are made of them are new
        return crate::scalar::wrap_result(py, raw.copied()?);
    }
    let base = base_of(&raw, array);
    let order = match base {
        Some(_) => array.get().order(),
        None => ByteOrder::Native,
    };
    in_order(py, place(py, raw, base), order)
}

/// As [`wrap_view`], of a view by the layout alone: it is written where it stays, without a copy on the way.
#[inline(always)]
pub fn place_view(source: &Bound<'_, Array>, view: Raw) -> Outcome<Py<PyAny>> {
    let (py, array) = (source.py(), source.get());
    let Some(&offset) = OFFSET.get(py) else {
        return wrap_view(py, view, source.as_any());
    };
    let is_usual = source.is_exact_instance_of::<Array>() && array.order() == ByteOrder::Native;
    if !is_usual || !view.is_plain() {
        return wrap_part(py, view, source);
    }
    let base = base_of(&view, source);
    // SAFETY: as in `place`.
    unsafe { place_at(py, Array::type_object_raw(py), offset, view, base) }
}

/// As [`wrap`], of new Aliased memory without tags: it is written where it stays, without a copy on the way.
#[inline(always)]
pub fn place_new(py: Python<'_>, raw: Raw) -> Outcome<Py<PyAny>> {
    let Some(&offset) = OFFSET.get(py) else {
        return wrap(py, raw);
    };
    // SAFETY: as in `place`.
    unsafe { place_at(py, Array::type_object_raw(py), offset, raw, None) }
}

/// As [`wrap_view`], of elements that keep their dtype where they were copied, too.
pub fn wrap_part(py: Python<'_>, raw: Raw, source: &Bound<'_, Array>) -> Outcome<Py<PyAny>> {
    let (order, source) = (source.get().order(), source.as_any());
    if !source.is_exact_instance_of::<Array>() {
        return subclass::wrap_as(&source.get_type(), raw, order, Some(source), Some(source));
    }
    in_order(py, wrap_view(py, raw, source), order)
}

/// A new array, declared in a byte order.
#[inline]
pub fn in_order(py: Python<'_>, made: Outcome<Py<PyAny>>, order: ByteOrder) -> Outcome<Py<PyAny>> {
    let made = made?;
    if order == ByteOrder::Swapped
        && let Ok(array) = made.bind(py).cast::<Array>()
    {
        array.get().declare(order);
    }
    Ok(made)
}

/// What a tensor is a view of, if it is one. The memory of a view of a view is that of the first.
#[inline]
fn base_of(view: &Raw, source: &Bound<'_, Array>) -> Option<Py<PyAny>> {
    let py = source.py();
    let array = source.get();
    if !Storage::same_buffer(array.raw.storage(), view.storage()) {
        return None;
    }
    Some(match &array.base {
        Some(first) if first.bind(py).is_exact_instance_of::<Array>() => first.clone_ref(py),
        _ => source.clone().into_any().unbind(),
    })
}

#[cold]
fn wrap_copied(py: Python<'_>, raw: Raw) -> Outcome<Py<PyAny>> {
    place(py, raw.into_aliased()?, None)
}

/// A new object, written where it will stay. `Py::new` asks `object.__new__` for the memory and moves the value through
/// its initializer: 30 ns of a call that takes 100.
#[inline]
pub fn place(py: Python<'_>, raw: Raw, base: Option<Py<PyAny>>) -> Outcome<Py<PyAny>> {
    let Some(&offset) = OFFSET.get(py) else {
        return first(py, raw, base);
    };
    // SAFETY: the class is `ndarray`, and it lies at the offset that was found.
    unsafe { place_at(py, Array::type_object_raw(py), offset, raw, base) }
}

/// As [`place`], an object of a subclass: of this class, as `type` makes it.
#[cold]
pub fn place_as(
    class: &Bound<'_, PyType>,
    raw: Raw,
    base: Option<Py<PyAny>>,
) -> Outcome<Py<PyAny>> {
    let py = class.py();
    debug_assert!(class.is_subclass_of::<Array>()?);
    let offset = match OFFSET.get(py) {
        Some(&offset) => offset,
        None => {
            first(py, Raw::zeros(&[0], DType::F64)?.into_aliased()?, None)?;
            return place_as(class, raw, base);
        }
    };
    // SAFETY: a subclass of `ndarray` begins as that does.
    unsafe { place_at(py, class.as_type_ptr(), offset, raw, base) }
}

/// Where in an object the value lies.
static OFFSET: PyOnceLock<usize> = PyOnceLock::new();

/// # Safety
/// The class is `ndarray` or a subclass of it, in whose objects the value lies at the offset.
#[inline(always)]
unsafe fn place_at(
    py: Python<'_>,
    class: *mut ffi::PyTypeObject,
    offset: usize,
    mut raw: Raw,
    base: Option<Py<PyAny>>,
) -> Outcome<Py<PyAny>> {
    // an array is the user's, who knows what it shares; written only where needed: the value is moved next
    if raw.is_lent() {
        raw.set_lent(false);
    }
    // SAFETY: `ndarray` is a class without a base of its own or a dict, frozen and `Send`, so that the value and the list of
    // weak references, which begins as null, are all that an object has to hold (PyO3's checks for borrows and threads have no
    // size). It lies at the same place in every object. Allocated memory is zero, and nobody sees the object before it is
    // written.
    unsafe {
        // moved once, after the allocation: right before it the value is not yet where a move reads it
        let raw = ManuallyDrop::new(raw);
        let object = ffi::PyType_GenericAlloc(class, 0);
        if object.is_null() {
            drop(ManuallyDrop::into_inner(raw));
            return Err(PyErr::fetch(py).into());
        }
        let at = object.cast::<u8>().add(offset).cast::<Array>();
        raw.array_made();
        (&raw mut (*at).seen).write(AtomicU32::new(seen_by(&raw)));
        ptr::copy_nonoverlapping(&*raw, &raw mut (*at).raw, 1);
        (&raw mut (*at).base).write(base);
        (&raw mut (*at).moved).write(AtomicBool::new(false));
        (&raw mut (*at).swapped).write(AtomicBool::new(false));
        (&raw mut (*at).later).write(Mutex::new(None));
        Ok(Bound::from_owned_ptr(py, object).unbind())
    }
}

/// What stands apart follows nothing.
#[inline]
fn seen_by(raw: &Raw) -> u32 {
    if raw.is_apart() {
        DETACHED
    } else {
        raw.shared_version()
    }
}

/// The first object is made by PyO3, and shows where in it the value lies.
#[cold]
fn first(py: Python<'_>, raw: Raw, base: Option<Py<PyAny>>) -> Outcome<Py<PyAny>> {
    raw.array_made();
    let object = Py::new(
        py,
        Array {
            seen: AtomicU32::new(seen_by(&raw)),
            raw,
            base,
            moved: AtomicBool::new(false),
            swapped: AtomicBool::new(false),
            later: Mutex::new(None),
        },
    )?;
    let at = ptr::from_ref(object.get()).addr() - object.as_ptr().addr();
    _ = OFFSET.set(py, at);
    Ok(object.into_any())
}

#[pymethods]
impl Array {
    /// Lengths of the axes.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let raw = self.raw();
        raw.lengths_are_read("shape");
        PyTuple::new(py, raw.shape())
    }

    /// Type of the elements.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyDType> {
        PyDType::in_order(py, self.raw().dtype(), self.order())
    }

    /// Number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.raw().rank()
    }

    /// Number of elements.
    #[getter]
    fn size(&self) -> usize {
        let raw = self.raw();
        raw.lengths_are_read("size");
        raw.len()
    }

    /// Bytes of one element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.raw().dtype().size()
    }

    /// Bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        self.size() * self.raw().dtype().size()
    }

    /// Bytes from one element to the next along each axis.
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyTuple>> {
        let raw = self.raw().concrete("strides")?;
        let size = raw.dtype().size() as isize;
        let strides = raw.layout().strides();
        Ok(PyTuple::new(
            py,
            strides.iter().map(|s| s.wrapping_mul(size)),
        )?)
    }

    /// Where the elements live: `"cpu"`.
    #[getter]
    fn device(&self) -> String {
        self.raw().device().to_string()
    }

    /// The same value on a device; there is only `"cpu"`.
    #[pyo3(signature = (device, /, *, stream=None))]
    fn to_device(
        slf: Bound<'_, Self>,
        device: &str,
        stream: Option<Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        if stream.is_some() {
            return Err(crate::error::value_error(
                "to_device: the device \"cpu\" has no streams",
            ));
        }
        if device != "cpu" {
            return Err(crate::error::value_error(format!(
                "to_device: there is no device {device:?}; the devices are [\"cpu\"]"
            )));
        }
        Ok(slf.into_any().unbind())
    }

    /// How the elements lie in memory, and what may be done with them.
    #[getter]
    fn flags(slf: &Bound<'_, Self>) -> Outcome<crate::flags::Flags> {
        slf.get().raw().concrete("flags")?;
        Ok(crate::flags::Flags::of(slf))
    }

    /// Bytes of the object, and of its elements where they are its own.
    fn __sizeof__(&self) -> usize {
        let raw = self.raw();
        // the header that all objects have, shape and strides
        let object = size_of::<Self>() + 2 * size_of::<usize>() * (1 + raw.rank());
        match &self.base {
            Some(_) => object,
            None => object + raw.len() * raw.dtype().size(),
        }
    }

    /// The object whose memory this is a view of; `None` where the memory is the array's own.
    #[getter]
    fn base(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.base.as_ref().map(|base| base.clone_ref(py))
    }

    /// Gives the array another shape in place; its elements must not have to move.
    #[setter]
    fn set_shape(&self, shape: &Bound<'_, PyAny>) -> Outcome<()> {
        let shape = crate::methods::signed_shape(shape)?;
        let raw = self.raw();
        if !raw.is_plain() {
            return Err(value_error(
                "the shape of an array that requires a gradient cannot be set\n  hint: `.reshape(shape)` returns another array",
            ));
        }
        let shape = raw.layout().resolve_shape(&shape)?;
        if raw.layout().reshape(&shape)?.is_none() {
            return Err(pyo3::exceptions::PyAttributeError::new_err(
                "Incompatible shape for in-place modification. Use `.reshape()` to make a copy with the desired shape.",
            )
            .into());
        }
        let new = raw.reshape(&shape)?;
        drop(raw);
        self.set_place(new);
        Ok(())
    }

    /// Sees the bytes of the array as elements of another dtype, in place.
    #[setter]
    fn set_dtype(&self, dtype: &Bound<'_, PyAny>) -> Outcome<()> {
        let new = self.reinterpreted(dtype.py(), crate::dtype::parse_in_order(dtype)?)?;
        self.set_place(new);
        Ok(())
    }

    /// The axes in reverse order; a view.
    #[getter(T)]
    fn transposed(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        slf.get()
            .raw()
            .transpose_then(|view| place_view(slf, view))?
    }

    /// The last two axes exchanged; a view.
    #[getter(mT)]
    fn matrix_transposed(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let raw = slf.get().raw();
        if raw.rank() < 2 {
            return Err(crate::error::value_error(format!(
                "mT: an array of {} dimensions; it needs at least 2 dimensions",
                raw.rank()
            )));
        }
        wrap_view(slf.py(), raw.swap_axes(-1, -2)?, slf.as_any())
    }

    fn __len__(&self) -> Outcome<usize> {
        let raw = self.raw();
        raw.length_is_read("len", 0);
        raw.shape()
            .first()
            .copied()
            .ok_or_else(|| type_error("len() of unsized object: the array has no axes"))
    }

    // elements compare by value, so an array is no key
    #[classattr]
    const __hash__: Option<Py<PyAny>> = None;

    /// Above NumPy's, so that `np_array + cv_array` is ours.
    #[classattr]
    fn __array_priority__() -> f64 {
        1000.0
    }
}

/// Bytes per element, for those who only have the dtype.
pub fn bytes(raw: &Raw) -> usize {
    let dtype: DType = raw.dtype();
    raw.len() * dtype.size()
}

/// Adds the class to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Array>()
}
