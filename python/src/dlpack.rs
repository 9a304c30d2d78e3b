//! DLPack 1.0: arrays of other libraries on the CPU, and ours for them, without copies.
//!
//! The layouts below are those of `dlpack.h`. A capsule named `dltensor` (before 1.0) or `dltensor_versioned` owns its
//! tensor until a consumer renames it to `used_…`; whoever holds it then calls its deleter once.

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

use civita_core::dtype::DType;
use civita_core::layout::Layout;
use civita_core::raw::Raw;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::{Outcome, type_error, value_error};

/// The CPU in DLPack's numbers.
pub const CPU: (i32, i32) = (1, 0);

const READ_ONLY: u64 = 1;

#[repr(C)]
struct Tensor {
    data: *mut c_void,
    device_type: i32,
    device_id: i32,
    ndim: i32,
    code: u8,
    bits: u8,
    lanes: u16,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct Managed {
    tensor: Tensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}

#[repr(C)]
struct ManagedVersioned {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut ManagedVersioned)>,
    flags: u64,
    tensor: Tensor,
}

const NAME: &CStr = c"dltensor";
const USED: &CStr = c"used_dltensor";
const NAME_1: &CStr = c"dltensor_versioned";
const USED_1: &CStr = c"used_dltensor_versioned";

/// DLPack's type code and bits.
fn code(dtype: DType) -> (u8, u8) {
    let bits = dtype.size() as u8 * 8;
    let code = match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 0,
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 1,
        DType::F16 | DType::F32 | DType::F64 => 2,
        DType::BF16 => 4,
        DType::F8E4M3 => 10,
        DType::F8E5M2 => 12,
        DType::C64 | DType::C128 => 5,
        DType::Bool => 6,
    };
    (code, bits)
}

/// What an exported tensor points to.
struct Context {
    shape: Vec<i64>,
    strides: Vec<i64>,
    _raw: Raw,
}

impl Context {
    fn tensor(&mut self, raw: &Raw) -> Tensor {
        let (code, bits) = code(raw.dtype());
        Tensor {
            data: raw.ptr().cast(),
            device_type: CPU.0,
            device_id: CPU.1,
            ndim: self.shape.len() as i32,
            code,
            bits,
            lanes: 1,
            shape: self.shape.as_mut_ptr(),
            strides: self.strides.as_mut_ptr(),
            byte_offset: 0,
        }
    }
}

unsafe extern "C" fn delete(managed: *mut Managed) {
    if managed.is_null() {
        return;
    }
    // SAFETY: made by `export`, deleted once by whoever holds it.
    unsafe {
        let managed = Box::from_raw(managed);
        drop(Box::from_raw(managed.context.cast::<Context>()));
    }
}

unsafe extern "C" fn delete_versioned(managed: *mut ManagedVersioned) {
    if managed.is_null() {
        return;
    }
    // SAFETY: made by `export`, deleted once by whoever holds it.
    unsafe {
        let managed = Box::from_raw(managed);
        drop(Box::from_raw(managed.context.cast::<Context>()));
    }
}

/// Deletes the tensor of a capsule that nobody consumed.
unsafe extern "C" fn drop_capsule(capsule: *mut ffi::PyObject) {
    // SAFETY: called by Python with the capsule; a consumed one has another name.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, NAME.as_ptr()) != 0 {
            delete(ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast());
        } else if ffi::PyCapsule_IsValid(capsule, NAME_1.as_ptr()) != 0 {
            delete_versioned(ffi::PyCapsule_GetPointer(capsule, NAME_1.as_ptr()).cast());
        }
    }
}

/// A capsule over the memory of a tensor.
pub fn export(py: Python<'_>, raw: Raw, versioned: bool) -> Outcome<Bound<'_, PyAny>> {
    let writable = raw.is_writable();
    if !writable && !versioned {
        return Err(PyBufferError::new_err("DLPack before 1.0 has no read-only arrays\n  hint: ask with `max_version=(1, 0)`, or copy").into());
    }
    // SAFETY: what Python holds is Aliased, and no slice of it exists.
    unsafe { raw.storage().mark_exported() };
    let mut context = Box::new(Context {
        shape: raw.shape().iter().map(|&n| n as i64).collect(),
        strides: raw.layout().strides().iter().map(|&s| s as i64).collect(),
        _raw: raw.clone(),
    });
    let tensor = context.tensor(&raw);
    let context = Box::into_raw(context).cast::<c_void>();
    let (pointer, name) = if versioned {
        let flags = if writable { 0 } else { READ_ONLY };
        let managed = ManagedVersioned {
            major: 1,
            minor: 0,
            context,
            deleter: Some(delete_versioned),
            flags,
            tensor,
        };
        (Box::into_raw(Box::new(managed)).cast::<c_void>(), NAME_1)
    } else {
        let managed = Managed {
            tensor,
            context,
            deleter: Some(delete),
        };
        (Box::into_raw(Box::new(managed)).cast::<c_void>(), NAME)
    };
    // SAFETY: attached; the name is static, the destructor takes what is put here.
    let capsule = unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyCapsule_New(pointer, name.as_ptr(), Some(drop_capsule)),
        )
    };
    capsule.map_err(|error| {
        // SAFETY: nobody took the tensor.
        unsafe {
            if versioned {
                delete_versioned(pointer.cast())
            } else {
                delete(pointer.cast())
            }
        };
        error.into()
    })
}

/// A tensor of somebody else's, deleted when dropped.
enum Owner {
    Old(NonNull<Managed>),
    New(NonNull<ManagedVersioned>),
}

// SAFETY: the standard lets any thread call the deleter; those that need Python attach by themselves.
unsafe impl Send for Owner {}
// SAFETY: nothing is done through a shared reference.
unsafe impl Sync for Owner {}

impl Drop for Owner {
    fn drop(&mut self) {
        let delete = || {
            // SAFETY: the tensor was taken out of its capsule, so its deleter is ours to call, once.
            unsafe {
                match &*self {
                    Owner::Old(m) => {
                        if let Some(deleter) = m.as_ref().deleter {
                            deleter(m.as_ptr());
                        }
                    }
                    Owner::New(m) => {
                        if let Some(deleter) = m.as_ref().deleter {
                            deleter(m.as_ptr());
                        }
                    }
                }
            }
        };
        // many deleters drop a Python object without asking
        Python::try_attach(|_| delete());
    }
}

fn capsule_of<'py>(x: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyAny>> {
    let kwargs = PyDict::new(x.py());
    kwargs.set_item("max_version", (1, 0))?;
    match x.call_method("__dlpack__", (), Some(&kwargs)) {
        Ok(capsule) => Ok(capsule),
        // a producer of the time before 1.0 has no such argument
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyTypeError>(x.py()) => {
            Ok(x.call_method0("__dlpack__")?)
        }
        Err(error) => Err(error.into()),
    }
}

/// An array over the memory of an object with `__dlpack__`.
pub fn import(x: &Bound<'_, PyAny>) -> Outcome<Raw> {
    if !x.hasattr("__dlpack__")? {
        return Err(type_error(format!(
            "a value of type '{}' has no __dlpack__",
            x.get_type().name()?
        )));
    }
    let (kind, _): (i32, i32) = x.call_method0("__dlpack_device__")?.extract()?;
    if kind != CPU.0 {
        return Err(PyBufferError::new_err(format!(
            "from_dlpack: the array is on a device of kind {kind}, not on the CPU"
        ))
        .into());
    }
    let capsule = capsule_of(x)?;
    // SAFETY: attached, a live object.
    let valid =
        |name: &CStr| unsafe { ffi::PyCapsule_IsValid(capsule.as_ptr(), name.as_ptr()) } != 0;
    let (new, name, used) = if valid(NAME_1) {
        (true, NAME_1, USED_1)
    } else if valid(NAME) {
        (false, NAME, USED)
    } else {
        return Err(value_error(
            "__dlpack__ did not return a capsule that can be used",
        ));
    };
    // SAFETY: the capsule is valid under this name, and so holds such a tensor; renaming it makes the tensor ours.
    let owner = unsafe {
        let pointer = ffi::PyCapsule_GetPointer(capsule.as_ptr(), name.as_ptr());
        if new && (*pointer.cast::<ManagedVersioned>()).major != 1 {
            return Err(PyBufferError::new_err(
                "from_dlpack: the capsule is of a later major version of DLPack than 1",
            )
            .into());
        }
        if ffi::PyCapsule_SetName(capsule.as_ptr(), used.as_ptr()) != 0 {
            return Err(PyErr::fetch(x.py()).into());
        }
        match (new, NonNull::new(pointer)) {
            (true, Some(p)) => Owner::New(p.cast()),
            (false, Some(p)) => Owner::Old(p.cast()),
            (_, None) => return Err(value_error("__dlpack__ returned an empty capsule")),
        }
    };
    // SAFETY: the owner keeps the tensor alive.
    let (tensor, writable) = unsafe {
        match &owner {
            Owner::Old(m) => (&m.as_ref().tensor, true),
            Owner::New(m) => (&m.as_ref().tensor, m.as_ref().flags & READ_ONLY == 0),
        }
    };
    let Some(dtype) = DType::ALL
        .into_iter()
        .find(|&d| code(d) == (tensor.code, tensor.bits))
        .filter(|_| tensor.lanes == 1)
    else {
        return Err(type_error(format!(
            "from_dlpack: there is no dtype for type code {} with {} bits",
            tensor.code, tensor.bits
        )));
    };
    let rank = usize::try_from(tensor.ndim)
        .map_err(|_| value_error("from_dlpack: a negative number of axes"))?;
    let field = |p: *mut i64| -> Option<Vec<i64>> {
        if rank == 0 {
            return Some(Vec::new());
        }
        // SAFETY: the arrays of a tensor have one entry for each axis, or are null.
        (!p.is_null()).then(|| unsafe { std::slice::from_raw_parts(p, rank) }.to_vec())
    };
    let Some(shape) = field(tensor.shape) else {
        return Err(value_error("from_dlpack: the tensor has no shape"));
    };
    let shape = shape
        .into_iter()
        .map(|n| usize::try_from(n).map_err(|_| value_error("from_dlpack: a negative length")))
        .collect::<Outcome<Vec<_>>>()?;
    let strides: Vec<isize> = match field(tensor.strides) {
        Some(strides) => strides.into_iter().map(|s| s as isize).collect(),
        None => Layout::contiguous(&shape)?.strides().to_vec(),
    };
    if shape.contains(&0) {
        return Ok(Raw::zeros(&shape, dtype)?);
    }
    let overflow = || value_error("from_dlpack: the strides overflow");
    let (mut low, mut high) = (0isize, 0isize);
    for (&n, &s) in shape.iter().zip(&strides) {
        let reach = isize::try_from(n - 1)
            .ok()
            .and_then(|n| n.checked_mul(s))
            .ok_or_else(overflow)?;
        let end = if reach < 0 { &mut low } else { &mut high };
        *end = end.checked_add(reach).ok_or_else(overflow)?;
    }
    let size = dtype.size() as isize;
    let first = tensor
        .data
        .cast::<u8>()
        .wrapping_add(tensor.byte_offset as usize);
    let low_bytes = low.checked_mul(size).ok_or_else(overflow)?;
    let span = high
        .checked_sub(low)
        .and_then(|n| n.checked_add(1))
        .and_then(|n| n.checked_mul(size))
        .ok_or_else(overflow)?;
    let base = first.wrapping_offset(low_bytes);
    if first.is_null() || !base.addr().is_multiple_of(dtype.to_real().size()) {
        return Err(value_error(
            "from_dlpack: the memory is not aligned to its elements\n  hint: copy it first",
        ));
    }
    // SAFETY: the producer promises the memory that the tensor describes until its deleter is called, which is when the
    // owner is dropped.
    Ok(unsafe {
        Raw::foreign(
            base,
            span as usize,
            dtype,
            &shape,
            &strides,
            low.unsigned_abs(),
            Box::new(owner),
            writable,
        )
    }?)
}

const _: () = {
    // what `dlpack.h` says on platforms with 64-bit pointers
    assert!(size_of::<Tensor>() == 48 || size_of::<*const ()>() != 8);
};
