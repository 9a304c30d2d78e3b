//! Arrow's C data interface: `__arrow_c_array__`, by which polars, pyarrow and DuckDB take arrays.
//!
//! Arrow's memory never changes, so it gets a copy of the elements, in C order: booleans as bits, further axes as lists of a
//! fixed size. The layouts below are those of "The Arrow C data interface"; whoever holds a structure calls its `release` once.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::array::Array;
use crate::error::{Outcome, runtime_error, type_error, value_error};

#[repr(C)]
struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private: *mut c_void,
}

#[repr(C)]
struct Elements {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Elements,
    dictionary: *mut Elements,
    release: Option<unsafe extern "C" fn(*mut Elements)>,
    private: *mut c_void,
}

/// What a schema points to.
struct SchemaParts {
    _format: CString,
    child: *mut Schema,
}

/// What an array points to: no bitmap of missing values, the elements, the array one axis further in.
struct ElementsParts {
    buffers: [*const c_void; 2],
    child: *mut Elements,
    _owner: Owner,
}

/// Keeps the elements alive.
enum Owner {
    Nothing,
    Elements { _raw: Raw },
    Bits { _bits: Vec<u8> },
}

unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: called once, with what `schema` below made; a child was made the same way, and goes unless a consumer took it.
    unsafe {
        let parts = Box::from_raw((*schema).private.cast::<SchemaParts>());
        if !parts.child.is_null() {
            if let Some(release) = (*parts.child).release {
                release(parts.child);
            }
            drop(Box::from_raw(parts.child));
        }
        (*schema).release = None;
    }
}

unsafe extern "C" fn release_elements(elements: *mut Elements) {
    // SAFETY: as in `release_schema`.
    unsafe {
        let parts = Box::from_raw((*elements).private.cast::<ElementsParts>());
        if !parts.child.is_null() {
            if let Some(release) = (*parts.child).release {
                release(parts.child);
            }
            drop(Box::from_raw(parts.child));
        }
        (*elements).release = None;
    }
}

fn schema(format: CString, child: *mut Schema) -> Box<Schema> {
    let text = format.as_ptr();
    let parts = Box::into_raw(Box::new(SchemaParts {
        _format: format,
        child,
    }));
    // SAFETY: just made; the place of the child stays until the parts are dropped.
    let children = unsafe { &raw mut (*parts).child };
    Box::new(Schema {
        format: text,
        name: c"".as_ptr(),
        metadata: ptr::null(),
        flags: 0,
        n_children: i64::from(!child.is_null()),
        children: if child.is_null() {
            ptr::null_mut()
        } else {
            children
        },
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private: parts.cast(),
    })
}

fn elements(
    length: usize,
    data: Option<*const c_void>,
    child: *mut Elements,
    owner: Owner,
) -> Box<Elements> {
    let parts = Box::into_raw(Box::new(ElementsParts {
        buffers: [ptr::null(), data.unwrap_or(ptr::null())],
        child,
        _owner: owner,
    }));
    // SAFETY: as in `schema`.
    let (buffers, children) =
        unsafe { ((&raw mut (*parts).buffers).cast(), &raw mut (*parts).child) };
    Box::new(Elements {
        length: length as i64,
        null_count: 0,
        offset: 0,
        n_buffers: if data.is_some() { 2 } else { 1 },
        n_children: i64::from(!child.is_null()),
        buffers,
        children: if child.is_null() {
            ptr::null_mut()
        } else {
            children
        },
        dictionary: ptr::null_mut(),
        release: Some(release_elements),
        private: parts.cast(),
    })
}

/// Arrow's letter for a dtype.
fn letter(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "b",
        DType::I8 => "c",
        DType::U8 => "C",
        DType::I16 => "s",
        DType::U16 => "S",
        DType::I32 => "i",
        DType::U32 => "I",
        DType::I64 => "l",
        DType::U64 => "L",
        DType::F16 => "e",
        DType::F32 => "f",
        DType::F64 => "g",
        _ => return None,
    })
}

/// The elements as Arrow's: of one axis, and lists of them for the others.
fn exported(x: &Raw) -> Outcome<(Box<Schema>, Box<Elements>)> {
    let Some(letter) = letter(x.dtype()) else {
        return Err(type_error(format!(
            "Arrow has no {}\n  hint: export `x.real` and `x.imag`, or `x.astype('float32')`",
            x.dtype()
        )));
    };
    let shape = x.shape().to_vec();
    let Some((&length, inner)) = shape.split_first() else {
        return Err(value_error(
            "an array without axes has no counterpart in Arrow\n  hint: `x.reshape(1)`",
        ));
    };
    let dense = x.concrete("__arrow_c_array__")?.copied()?;
    let count = dense.len();
    let (data, owner) = if dense.dtype() == DType::Bool {
        let mut bits = vec![0u8; count.div_ceil(8).max(1)];
        for (i, set) in dense.to_vec::<bool>()?.into_iter().enumerate() {
            bits[i / 8] |= u8::from(set) << (i % 8);
        }
        (bits.as_ptr().cast(), Owner::Bits { _bits: bits })
    } else {
        let data = dense.ptr().cast_const().cast();
        (data, Owner::Elements { _raw: dense })
    };
    let text = |text: String| CString::new(text).map_err(|e| value_error(e.to_string()));
    let mut kind = schema(text(letter.to_owned())?, ptr::null_mut());
    let mut values = elements(count, Some(data), ptr::null_mut(), owner);
    // from the innermost axis to the outermost
    for (axis, &n) in inner.iter().enumerate().rev() {
        let lists = length * inner[..axis].iter().product::<usize>();
        kind = schema(text(format!("+w:{n}"))?, Box::into_raw(kind));
        values = elements(lists, None, Box::into_raw(values), Owner::Nothing);
    }
    Ok((kind, values))
}

const SCHEMA: &CStr = c"arrow_schema";
const ELEMENTS: &CStr = c"arrow_array";

/// Releases and drops what a capsule holds; a consumer that took it has set `release` to null.
unsafe extern "C" fn drop_schema(capsule: *mut ffi::PyObject) {
    // SAFETY: called by Python with a capsule that `capsule` below made.
    unsafe {
        let p = ffi::PyCapsule_GetPointer(capsule, SCHEMA.as_ptr()).cast::<Schema>();
        if !p.is_null() {
            drop_schema_at(p);
        }
    }
}

unsafe fn drop_schema_at(p: *mut Schema) {
    // SAFETY: the caller owns it.
    unsafe {
        if let Some(release) = (*p).release {
            release(p);
        }
        drop(Box::from_raw(p));
    }
}

unsafe extern "C" fn drop_elements(capsule: *mut ffi::PyObject) {
    // SAFETY: as in `drop_schema`.
    unsafe {
        let p = ffi::PyCapsule_GetPointer(capsule, ELEMENTS.as_ptr()).cast::<Elements>();
        if !p.is_null() {
            drop_elements_at(p);
        }
    }
}

unsafe fn drop_elements_at(p: *mut Elements) {
    // SAFETY: the caller owns it.
    unsafe {
        if let Some(release) = (*p).release {
            release(p);
        }
        drop(Box::from_raw(p));
    }
}

#[pymethods]
impl Array {
    /// The elements for libraries of Arrow (polars, pyarrow), as the pair of capsules of its C data interface: a copy in C
    /// order, in which the axes behind the first are lists of a fixed size.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        // the interface leaves it to the producer to convert, or not
        _ = requested_schema;
        let raw = self.raw();
        let raw = &*raw;
        if !raw.is_plain() {
            raw.concrete("__arrow_c_array__")?;
            return Err(runtime_error(
                "Arrow would lose the gradient of an array that tracks one\n  hint: `.detach()` first",
            ));
        }
        let (kind, values) = exported(raw)?;
        let (kind, values) = (Box::into_raw(kind), Box::into_raw(values));
        // SAFETY: attached; names are static, destructors take what is put here.
        let capsules = unsafe {
            (
                Bound::from_owned_ptr_or_err(
                    py,
                    ffi::PyCapsule_New(kind.cast(), SCHEMA.as_ptr(), Some(drop_schema)),
                ),
                Bound::from_owned_ptr_or_err(
                    py,
                    ffi::PyCapsule_New(values.cast(), ELEMENTS.as_ptr(), Some(drop_elements)),
                ),
            )
        };
        // SAFETY: what no capsule took is ours still.
        unsafe {
            if capsules.0.is_err() {
                drop_schema_at(kind);
            }
            if capsules.1.is_err() {
                drop_elements_at(values);
            }
        }
        Ok((capsules.0?, capsules.1?))
    }

    /// As `numpy()`, under the name that pandas, polars and matplotlib ask for.
    fn to_numpy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.call_method0("numpy")
    }
}
