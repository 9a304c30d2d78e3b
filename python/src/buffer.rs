//! The buffer protocol (PEP 3118), both ways, without copies.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use civita_core::dtype::DType;
use civita_core::layout::Layout;
use civita_core::raw::Raw;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::array::Array;
use crate::dtype::{ByteOrder, lookup, not_numpys};
use crate::error::{Outcome, type_error, value_error};
use crate::interface::NOT_SHARED;

/// Whether the object offers a buffer.
pub fn has_buffer(ob: &Bound<'_, PyAny>) -> bool {
    // SAFETY: attached, and the object is alive.
    unsafe { ffi::PyObject_CheckBuffer(ob.as_ptr()) != 0 }
}

/// A buffer that we hold; the exporter keeps its memory until it is released.
struct Exported(Box<ffi::Py_buffer>);

// SAFETY: the fields are plain data, and releasing attaches first.
unsafe impl Send for Exported {}
// SAFETY: nothing is done through a shared reference.
unsafe impl Sync for Exported {}

impl Drop for Exported {
    fn drop(&mut self) {
        // after the interpreter has gone there is nobody to release it to
        Python::try_attach(|_| {
            // SAFETY: the buffer was filled by `PyObject_GetBuffer` and is released once.
            unsafe { ffi::PyBuffer_Release(&mut *self.0) };
        });
    }
}

/// The dtype of a format of the `struct` module and an item size.
fn dtype_of(format: &str, itemsize: usize) -> Option<DType> {
    let native = if cfg!(target_endian = "little") {
        '<'
    } else {
        '>'
    };
    let code = format.strip_prefix(['@', '=', native]).unwrap_or(format);
    let kind = match code {
        "?" => 'b',
        "b" | "h" | "i" | "l" | "q" | "n" => 'i',
        "B" | "H" | "I" | "L" | "Q" | "N" => 'u',
        "e" | "f" | "d" => 'f',
        "Zf" | "Zd" | "F" | "D" => 'c',
        // a C long double is a double on some platforms
        "g" if itemsize == 8 => 'f',
        _ => return None,
    };
    DType::ALL.into_iter().find(|d| {
        let same = match kind {
            'b' => *d == DType::Bool,
            'i' => matches!(d, DType::I8 | DType::I16 | DType::I32 | DType::I64),
            'u' => matches!(d, DType::U8 | DType::U16 | DType::U32 | DType::U64),
            'f' => d.is_float() && d.is_numpys(),
            _ => d.is_complex(),
        };
        same && d.size() == itemsize
    })
}

const LONG_IS_64: bool = size_of::<std::ffi::c_long>() == 8;

/// The format that says a dtype.
fn format_of(dtype: DType) -> Option<&'static CStr> {
    Some(match dtype {
        DType::Bool => c"?",
        DType::U8 => c"B",
        DType::U16 => c"H",
        DType::U32 => c"I",
        // NumPy's int64 is a C long where that has 64 bits, and prints its name beside any other
        DType::U64 if LONG_IS_64 => c"L",
        DType::U64 => c"Q",
        DType::I8 => c"b",
        DType::I16 => c"h",
        DType::I32 => c"i",
        DType::I64 if LONG_IS_64 => c"l",
        DType::I64 => c"q",
        DType::F16 => c"e",
        DType::F8E4M3 | DType::F8E5M2 | DType::BF16 => return None,
        DType::F32 => c"f",
        DType::F64 => c"d",
        DType::C64 => c"Zf",
        DType::C128 => c"Zd",
    })
}

/// An array over the memory of a buffer; a copy where its elements are unaligned or lie between whole steps.
pub fn import(ob: &Bound<'_, PyAny>) -> Outcome<Raw> {
    import_in(ob, false)
}

/// As [`import`]; `turned` says that the object is what a conversion to this machine's byte order returned.
fn import_in(ob: &Bound<'_, PyAny>, turned: bool) -> Outcome<Raw> {
    let mut view = Box::new(ffi::Py_buffer::new());
    // SAFETY: attached; the view is new, and at one address until it is released.
    let got = unsafe { ffi::PyObject_GetBuffer(ob.as_ptr(), &mut *view, ffi::PyBUF_FULL_RO) };
    if got != 0 {
        let error = PyErr::fetch(ob.py());
        // NumPy reports a dtype that has no format (datetimes, say) as a ValueError
        if error.is_instance_of::<pyo3::exceptions::PyValueError>(ob.py()) {
            return Err(type_error(error.value(ob.py()).to_string()));
        }
        return Err(error.into());
    }
    let view = Exported(view);
    let info = &*view.0;
    let itemsize = usize::try_from(info.itemsize).unwrap_or(0);
    let format = if info.format.is_null() {
        "B".to_owned()
    } else {
        // SAFETY: a C string that lives as long as the view.
        unsafe { CStr::from_ptr(info.format) }
            .to_string_lossy()
            .into_owned()
    };
    if format == "B"
        && let Ok(own) = ob.getattr("dtype")
        && lookup(&own).is_none()
    {
        // NumPy's dates come as plain bytes
        return Err(type_error(format!(
            "data type '{own}' has no counterpart here"
        )));
    }
    let Some(dtype) = dtype_of(&format, itemsize) else {
        if format.starts_with(if cfg!(target_endian = "little") {
            ['>', '!']
        } else {
            ['<', '<']
        }) && ob.hasattr("astype")?
        {
            if turned {
                return Err(type_error(format!(
                    "a buffer of format '{format}' is in the other byte order, and so is what its `astype` returns"
                )));
            }
            // the other byte order: NumPy turns it around
            let native = ob.call_method1(
                "astype",
                (ob.getattr("dtype")?.call_method1("newbyteorder", ("=",))?,),
            )?;
            return import_in(&native, true);
        }
        return Err(type_error(format!(
            "a buffer of format '{format}' with items of {itemsize} bytes has no dtype here\n  rule: elements are booleans, integers of 8 to 64 bits, floats of 16 to 64, \
             complex numbers of 64 and 128"
        )));
    };
    let rank = usize::try_from(info.ndim).unwrap_or(0);
    let field = |p: *mut ffi::Py_ssize_t| -> Option<Vec<isize>> {
        // SAFETY: the arrays of a view have one entry for each axis, or are null.
        (!p.is_null()).then(|| unsafe { std::slice::from_raw_parts(p, rank) }.to_vec())
    };
    if field(info.suboffsets).is_some_and(|s| s.iter().any(|&o| o >= 0)) {
        return Err(value_error(
            "a buffer of pointers to rows has no strides\n  hint: copy it into one block first",
        ));
    }
    let bytes = usize::try_from(info.len).unwrap_or(0);
    let shape: Vec<usize> = match field(info.shape) {
        Some(shape) => shape
            .into_iter()
            .map(|n| usize::try_from(n).unwrap_or(0))
            .collect(),
        None if rank == 0 => Vec::new(),
        None => vec![bytes / itemsize],
    };
    let strides: Vec<isize> = match field(info.strides) {
        Some(strides) => strides,
        None => {
            let size = itemsize as isize;
            Layout::contiguous(&shape)?
                .strides()
                .iter()
                .map(|s| s * size)
                .collect()
        }
    };
    if shape.contains(&0) {
        return Ok(Raw::zeros(&shape, dtype)?);
    }
    // from the lowest address that is reached to the end of the highest element
    let (mut low, mut high) = (0isize, 0isize);
    for (&n, &s) in shape.iter().zip(&strides) {
        let reach = (n as isize - 1)
            .checked_mul(s)
            .ok_or_else(|| value_error("the strides of the buffer overflow"))?;
        let end = if reach < 0 { &mut low } else { &mut high };
        *end = end
            .checked_add(reach)
            .ok_or_else(|| value_error("the strides of the buffer overflow"))?;
    }
    let base = info.buf.cast::<u8>().wrapping_offset(low);
    let align = dtype.to_real().size();
    let size = itemsize as isize;
    let whole = strides
        .iter()
        .zip(&shape)
        .all(|(s, &n)| n == 1 || s % size == 0);
    if !whole || !base.addr().is_multiple_of(align) {
        return copied(&view, &shape, dtype);
    }
    let span = (high - low) as usize + itemsize;
    let steps: Vec<isize> = strides
        .iter()
        .zip(&shape)
        .map(|(s, &n)| if n == 1 { 0 } else { s / size })
        .collect();
    let offset = low.unsigned_abs() / itemsize;
    let writable = info.readonly == 0;
    // SAFETY: the exporter promises the memory that the view describes, from the lowest to the highest element, until it
    // is released, which is when the owner is dropped.
    Ok(unsafe {
        Raw::foreign(
            base,
            span,
            dtype,
            &shape,
            &steps,
            offset,
            Box::new(view),
            writable,
        )
    }?)
}

/// The bytes of a contiguous buffer, whatever its format.
pub fn import_bytes(ob: &Bound<'_, PyAny>) -> Outcome<Raw> {
    let mut view = Box::new(ffi::Py_buffer::new());
    let wanted = [ffi::PyBUF_WRITABLE | ffi::PyBUF_SIMPLE, ffi::PyBUF_SIMPLE];
    for (flags, writable) in wanted.into_iter().zip([true, false]) {
        // SAFETY: attached; the view is new, and at one address until it is released.
        if unsafe { ffi::PyObject_GetBuffer(ob.as_ptr(), &mut *view, flags) } == 0 {
            let view = Exported(view);
            let (base, len) = (
                view.0.buf.cast::<u8>(),
                usize::try_from(view.0.len).unwrap_or(0),
            );
            if len == 0 {
                return Ok(Raw::zeros(&[0], DType::U8)?);
            }
            // SAFETY: the exporter promises the bytes until the view is released, which is when the owner is dropped.
            let raw = unsafe {
                Raw::foreign(
                    base,
                    len,
                    DType::U8,
                    &[len],
                    &[1],
                    0,
                    Box::new(view),
                    writable,
                )
            };
            return Ok(raw?);
        }
        let error = PyErr::fetch(ob.py());
        if !writable {
            return Err(error.into());
        }
    }
    Err(type_error("the object offers no buffer"))
}

/// The elements of a view in C order, in memory of our own.
fn copied(view: &Exported, shape: &[usize], dtype: DType) -> Outcome<Raw> {
    let raw = Raw::zeros(shape, dtype)?;
    let bytes = (raw.len() * dtype.size()) as isize;
    // SAFETY: the tensor is new, and has as many bytes as the view's elements.
    let failed = unsafe {
        ffi::PyBuffer_ToContiguous(raw.ptr().cast(), &raw const *view.0, bytes, b'C' as c_char)
    };
    if failed != 0 {
        return Err(Python::attach(PyErr::fetch).into());
    }
    if dtype == DType::Bool {
        // other bytes than 0 and 1 are true
        // SAFETY: the tensor is new and ours alone.
        unsafe { std::slice::from_raw_parts_mut(raw.ptr(), raw.len()) }
            .iter_mut()
            .for_each(|b| *b = u8::from(*b != 0));
    }
    Ok(raw)
}

/// What an exported view needs until it is released.
struct Described {
    shape: Vec<isize>,
    strides: Vec<isize>,
    format: CString,
}

#[pymethods]
impl Array {
    /// # Safety
    /// Called by Python with a view to fill.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("there is no view to fill"));
        }
        // SAFETY: the view is Python's, to be filled.
        unsafe { (*view).obj = ptr::null_mut() };
        let array = slf.get();
        let raw = array.raw();
        if raw.opaque().is_some() {
            return Err(PyBufferError::new_err(
                "an array under `vmap` or inside `trace` has no value that can be handed out\n  hint: return it from the function, or choose by `where`",
            ));
        }
        if !raw.is_plain() {
            return Err(PyBufferError::new_err(
                "an array that tracks a gradient is not handed out\n  hint: `.detach()` first",
            ));
        }
        if array.order() == ByteOrder::Swapped {
            return Err(PyBufferError::new_err(NOT_SHARED));
        }
        let Some(format) = format_of(raw.dtype()) else {
            return Err(PyBufferError::new_err(not_numpys(
                "the buffer protocol",
                raw.dtype(),
            )));
        };
        let has = |flag: c_int| flags & flag == flag;
        let writable = raw.is_writable();
        if has(ffi::PyBUF_WRITABLE) && !writable {
            return Err(PyBufferError::new_err("the array is read-only"));
        }
        let c_order = raw.layout().is_contiguous();
        let f_order = raw.layout().is_fortran_contiguous();
        if (!has(ffi::PyBUF_STRIDES) || has(ffi::PyBUF_C_CONTIGUOUS)) && !c_order {
            return Err(PyBufferError::new_err(
                "the array is not contiguous in C order",
            ));
        }
        if has(ffi::PyBUF_F_CONTIGUOUS) && !f_order {
            return Err(PyBufferError::new_err(
                "the array is not contiguous in Fortran order",
            ));
        }
        if has(ffi::PyBUF_ANY_CONTIGUOUS) && !c_order && !f_order {
            return Err(PyBufferError::new_err("the array is not contiguous"));
        }
        let size = raw.dtype().size() as isize;
        let mut described = Box::new(Described {
            shape: raw.shape().iter().map(|&n| n as isize).collect(),
            strides: raw
                .layout()
                .strides()
                .iter()
                .map(|s| s.wrapping_mul(size))
                .collect(),
            format: format.to_owned(),
        });
        // from now on others may write
        // SAFETY: what Python holds is Aliased, and no slice of it exists.
        unsafe { raw.storage().mark_exported() };
        // SAFETY: the view is Python's, to be filled; what it points to lives until `__releasebuffer__`, the memory as
        // long as the array, of which the view holds a reference.
        unsafe {
            let view = &mut *view;
            view.buf = raw.ptr().cast::<c_void>();
            view.len = (raw.len() as isize) * size;
            view.readonly = c_int::from(!writable);
            view.itemsize = size;
            view.format = if has(ffi::PyBUF_FORMAT) {
                described.format.as_ptr().cast_mut()
            } else {
                ptr::null_mut()
            };
            view.ndim = raw.rank() as c_int;
            view.shape = if has(ffi::PyBUF_ND) {
                described.shape.as_mut_ptr()
            } else {
                ptr::null_mut()
            };
            view.strides = if has(ffi::PyBUF_STRIDES) {
                described.strides.as_mut_ptr()
            } else {
                ptr::null_mut()
            };
            view.suboffsets = ptr::null_mut();
            view.internal = Box::into_raw(described).cast();
            drop(raw);
            view.obj = slf.into_any().into_ptr();
        }
        Ok(())
    }

    /// # Safety
    /// Called by Python with a view that `__getbuffer__` filled.
    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: `__getbuffer__` put the box there; Python releases a view once.
        drop(unsafe { Box::from_raw((*view).internal.cast::<Described>()) });
    }
}
