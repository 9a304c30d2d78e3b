//! `cv.ndarray`: a handle on the engine's tensor, in the world where views alias.

use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use civita_core::storage::Access;
use civita_core::transform::Shared;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use pyo3::{PyTypeInfo, ffi};

use crate::dtype::PyDType;
use crate::error::{Outcome, type_error};

/// An n-dimensional array: NumPy's semantics, gradients, SIMD kernels.
///
/// Made by `cv.array`, `cv.asarray`, `cv.zeros` and the like. Views share memory as in NumPy.
#[pyclass(name = "ndarray", module = "civita", frozen)]
pub struct Array {
    raw: Raw,
    /// The version of the buffer's cell that the value is of; [`DETACHED`] for an array that follows none.
    seen: AtomicU32,
    /// Was this array given another value after it was made: another place in a gradient graph, or tags made again? Then
    /// `later` holds it.
    moved: AtomicBool,
    later: Mutex<Option<Box<Raw>>>,
}

/// An array that is a constant whatever is written into its memory: `.detach()`.
const DETACHED: u32 = u32::MAX;

/// The tensor of an array, borrowed where it is the one that the array was made with.
pub enum Held<'a> {
    First(&'a Raw),
    Later(Box<Raw>),
}

impl Deref for Held<'_> {
    type Target = Raw;
    #[inline]
    fn deref(&self) -> &Raw {
        match self {
            Held::First(raw) => raw,
            Held::Later(raw) => raw,
        }
    }
}

impl Array {
    /// The tensor.
    #[inline]
    pub fn raw(&self) -> Held<'_> {
        let (now, seen) = (self.raw.shared_version(), self.seen.load(Ordering::Relaxed));
        if now != seen && seen != DETACHED {
            self.refresh(now);
        }
        if self.moved.load(Ordering::Acquire) {
            self.moved_raw()
        } else {
            Held::First(&self.raw)
        }
    }

    /// Takes the value that the buffer has now, after a write through another array. What cannot be found again is told
    /// when the value is used.
    #[cold]
    fn refresh(&self, now: u32) {
        if let Ok(value) = self.raw.refreshed() {
            self.seen.store(now, Ordering::Relaxed);
            self.move_to(value);
        }
    }

    #[cold]
    fn moved_raw(&self) -> Held<'_> {
        match &*self.later.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(raw) => Held::Later(raw.clone()),
            None => Held::First(&self.raw),
        }
    }

    /// The same memory at another place of the gradient graph.
    pub fn move_to(&self, raw: Raw) {
        let old = self
            .later
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(Box::new(raw));
        self.moved.store(true, Ordering::Release);
        // a graph is taken apart without the lock
        drop(old);
    }

    /// Lets `f` write into the tensor, and tells all arrays over the same memory what that does to their gradients.
    pub fn write<R>(&self, f: impl FnOnce(&mut Raw) -> Outcome<R>) -> Outcome<R> {
        self.write_from(|_, after| f(after))
    }

    /// As [`Array::write`]; `f` gets the tensor as it was, too.
    pub fn write_from<R>(&self, f: impl FnOnce(&Raw, &mut Raw) -> Outcome<R>) -> Outcome<R> {
        let before = self.raw();
        let before = &*before;
        let detached = self.seen.load(Ordering::Relaxed) == DETACHED;
        if !before.is_plain() && !detached && self.raw.write_is_quiet(before)? {
            // bytes change, and no graph knows
            let mut value = before.detach();
            return f(before, &mut value);
        }
        let mut after = before.clone();
        let result = f(before, &mut after)?;
        if before.is_plain() && after.is_plain() {
            return Ok(result);
        }
        let place = |raw: &Raw| raw.node().map(std::sync::Arc::as_ptr);
        let same = place(&after) == place(before)
            && after.is_plain() == before.is_plain()
            && !after.is_transformed();
        if !same {
            let value = self.raw.written(before, after)?;
            self.seen
                .store(self.raw.shared_version(), Ordering::Relaxed);
            self.move_to(value);
        }
        Ok(result)
    }

    /// The leaf that this array becomes, or the constant.
    pub fn set_leaf(&self, raw: Raw) {
        self.raw.adopted(&raw);
        self.seen
            .store(self.raw.shared_version(), Ordering::Relaxed);
        self.move_to(raw);
    }
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
    place(py, raw)
}

#[cold]
fn wrap_copied(py: Python<'_>, raw: Raw) -> Outcome<Py<PyAny>> {
    place(py, raw.into_aliased()?)
}

/// A new object, written where it will stay. `Py::new` asks `object.__new__` for the memory and moves the value through
/// its initializer: 30 ns of a call that takes 100.
#[inline]
fn place(py: Python<'_>, raw: Raw) -> Outcome<Py<PyAny>> {
    static OFFSET: PyOnceLock<usize> = PyOnceLock::new();
    let Some(&offset) = OFFSET.get(py) else {
        return first(py, raw, &OFFSET);
    };
    // SAFETY: `ndarray` is a class without a base of its own, a dict or weak references, frozen and `Send`, so that the
    // value is all that an object has to hold (PyO3's checks for borrows and threads have no size). It lies at the same
    // place in every object. Allocated memory is zero, and nobody sees the object before it is written.
    unsafe {
        let object = ffi::PyType_GenericAlloc(Array::type_object_raw(py), 0);
        if object.is_null() {
            return Err(PyErr::fetch(py).into());
        }
        let at = object.cast::<u8>().add(offset).cast::<Array>();
        raw.array_made();
        (&raw mut (*at).seen).write(AtomicU32::new(seen_by(&raw)));
        (&raw mut (*at).raw).write(raw);
        (&raw mut (*at).moved).write(AtomicBool::new(false));
        (&raw mut (*at).later).write(Mutex::new(None));
        Ok(Bound::from_owned_ptr(py, object).unbind())
    }
}

/// A constant over memory that holds more than bytes follows nothing: it was detached.
#[inline]
fn seen_by(raw: &Raw) -> u32 {
    if raw.is_detached() {
        DETACHED
    } else {
        raw.shared_version()
    }
}

/// The first object is made by PyO3, and shows where in it the value lies.
#[cold]
fn first(py: Python<'_>, raw: Raw, offset: &PyOnceLock<usize>) -> Outcome<Py<PyAny>> {
    raw.array_made();
    let object = Py::new(
        py,
        Array {
            seen: AtomicU32::new(seen_by(&raw)),
            raw,
            moved: AtomicBool::new(false),
            later: Mutex::new(None),
        },
    )?;
    let at = ptr::from_ref(object.get()).addr() - object.as_ptr().addr();
    _ = offset.set(py, at);
    Ok(object.into_any())
}

#[pymethods]
impl Array {
    /// Lengths of the axes.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.raw().shape())
    }

    /// Type of the elements.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyDType> {
        PyDType::of(py, self.raw().dtype())
    }

    /// Number of axes.
    #[getter]
    fn ndim(&self) -> usize {
        self.raw().rank()
    }

    /// Number of elements.
    #[getter]
    fn size(&self) -> usize {
        self.raw().len()
    }

    /// Bytes of one element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.raw().dtype().size()
    }

    /// Bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        self.raw().len() * self.raw().dtype().size()
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

    /// How the elements lie in memory: `c_contiguous`, `f_contiguous`, `writeable`, `aligned`; also by name, `a.flags["WRITEABLE"]`.
    #[getter]
    fn flags(&self) -> Outcome<Flags> {
        let raw = self.raw().concrete("flags")?;
        let layout = raw.layout();
        Ok(Flags {
            c_contiguous: layout.is_contiguous(),
            f_contiguous: layout.is_fortran_contiguous(),
            writeable: raw.storage().writable() && !layout.has_internal_overlap(),
        })
    }

    /// The axes in reverse order; a view.
    #[getter(T)]
    fn transposed(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        wrap(py, self.raw().transpose()?)
    }

    /// The last two axes exchanged; a view.
    #[getter(mT)]
    fn matrix_transposed(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        let raw = self.raw();
        if raw.rank() < 2 {
            return Err(crate::error::value_error(format!(
                "mT: an array of {} axes is no stack of matrices",
                raw.rank()
            )));
        }
        wrap(py, raw.swap_axes(-1, -2)?)
    }

    fn __len__(&self) -> Outcome<usize> {
        self.raw()
            .shape()
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

/// What `a.flags` returns.
#[pyclass(name = "flagsobj", module = "civita", frozen)]
struct Flags {
    #[pyo3(get)]
    c_contiguous: bool,
    #[pyo3(get)]
    f_contiguous: bool,
    #[pyo3(get)]
    writeable: bool,
}

#[pymethods]
impl Flags {
    #[getter]
    fn aligned(&self) -> bool {
        true
    }

    fn __getitem__(&self, name: &str) -> Outcome<bool> {
        match name {
            "C_CONTIGUOUS" | "C" | "CONTIGUOUS" => Ok(self.c_contiguous),
            "F_CONTIGUOUS" | "F" | "FORTRAN" => Ok(self.f_contiguous),
            "WRITEABLE" | "W" => Ok(self.writeable),
            "ALIGNED" | "A" => Ok(true),
            _ => {
                Err(pyo3::exceptions::PyKeyError::new_err(format!("unknown flag {name:?}")).into())
            }
        }
    }

    fn __repr__(&self) -> String {
        let text = |b| if b { "True" } else { "False" };
        format!(
            "  C_CONTIGUOUS : {}\n  F_CONTIGUOUS : {}\n  WRITEABLE : {}\n  ALIGNED : True\n",
            text(self.c_contiguous),
            text(self.f_contiguous),
            text(self.writeable)
        )
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
