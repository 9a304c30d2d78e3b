//! NumPy's other protocols, DLPack's methods, and pickling.

use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::array::{Array, in_order, place, wrap};
use crate::convert::Listed;
use crate::dlpack;
use crate::dtype::{ByteOrder, PyDType, from_text_in_order, not_numpys};
use crate::error::{Outcome, runtime_error, type_error, value_error};
use crate::functions::Function;
use crate::methods::swapped;
use crate::overrides::{Protocol, Stance, stance};
use crate::subclass::{keeps_ufuncs, wrap_as};
use crate::ufunc::Ufunc;

/// Versions of the array API standard that `__array_namespace__` answers for.
const API_VERSIONS: &[&str] = &["2021.12", "2022.12", "2023.12", "2024.12", "2025.12"];

#[pymethods]
impl Array {
    /// A NumPy array over the same memory; a copy where the dtype differs or `copy=True`.
    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> Outcome<Bound<'py, PyAny>> {
        let py = slf.py();
        let raw = slf.get().raw();
        if !raw.is_plain() {
            raw.concrete("__array__")?;
            return Err(runtime_error(
                "NumPy would lose the gradient of an array that tracks one\n  hint: `.detach()` first",
            ));
        }
        if !raw.dtype().is_numpys() {
            return Err(type_error(not_numpys("NumPy", raw.dtype())));
        }
        drop(raw);
        let numpy = py.import("numpy")?;
        if slf.get().order() == ByteOrder::Swapped {
            return in_other_order(slf, &numpy, dtype, copy);
        }
        // the view is a buffer with strides, so nothing is copied
        let array = numpy.getattr("asarray")?.call1((py
            .import("builtins")?
            .getattr("memoryview")?
            .call1((slf,))?,))?;
        let converts = match dtype {
            Some(d) if !d.is_none() => !array.getattr("dtype")?.eq(d)?,
            _ => false,
        };
        if converts {
            if copy == Some(false) {
                return Err(value_error(
                    "Unable to avoid copy while creating an array as requested",
                ));
            }
            return Ok(array.call_method1("astype", (dtype,))?);
        }
        if copy == Some(true) {
            return Ok(array.call_method0("copy")?);
        }
        Ok(array)
    }

    /// NumPy's ufuncs on our arrays are ours where we have one of that name; else they run on NumPy arrays over the same
    /// memory.
    #[pyo3(signature = (ufunc, method, *inputs, **kwargs))]
    fn __array_ufunc__<'py>(
        &self,
        ufunc: &Bound<'py, PyAny>,
        method: &str,
        inputs: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Outcome<Bound<'py, PyAny>> {
        let py = ufunc.py();
        let name: String = ufunc.getattr("__name__")?.extract()?;
        let ours = py.import("civita._civita")?.getattr_opt(name.as_str())?;
        let ours = ours.filter(|f| f.is_instance_of::<Ufunc>() || f.is_instance_of::<Function>());
        let out = match kwargs {
            Some(k) => k.get_item("out")?,
            None => None,
        };
        let outputs = out.as_ref().and_then(|o| o.cast::<PyTuple>().ok());
        let mut operands = inputs.iter().chain(outputs.into_iter().flatten());
        if operands.any(|ob| stance(&ob, Protocol::Ufunc) != Stance::Operand && !keeps_ufuncs(&ob))
        {
            return Ok(py.NotImplemented().into_bound(py));
        }
        let into_numpy = match outputs {
            Some(outputs) => outputs
                .iter()
                .any(|o| !o.is_none() && !o.is_instance_of::<Array>()),
            // the first operand of `at` is written
            None => method == "at" && !inputs.get_item(0)?.is_instance_of::<Array>(),
        };
        if let Some(ours) = ours
            && !into_numpy
            && let Some(bound) = ours.getattr_opt(method)?
        {
            return Ok(bound.call(inputs, kwargs)?);
        }
        let numpy = py.import("numpy")?.getattr("asarray")?;
        let plain = |ob: Bound<'py, PyAny>| -> PyResult<Bound<'py, PyAny>> {
            if ob.is_instance_of::<Array>() {
                numpy.call1((ob,))
            } else {
                Ok(ob)
            }
        };
        let inputs = inputs.iter().map(plain).collect::<PyResult<Vec<_>>>()?;
        let ours_out = out.as_ref().filter(|_| !into_numpy).cloned();
        if let (Some(kwargs), Some(out)) = (kwargs, out)
            && let Ok(out) = out.cast::<PyTuple>()
        {
            let out = out.iter().map(plain).collect::<PyResult<Vec<_>>>()?;
            kwargs.set_item("out", PyTuple::new(py, out)?)?;
        }
        let result = ufunc
            .getattr(method)?
            .call(PyTuple::new(py, inputs)?, kwargs)?;
        if let Some(out) = ours_out
            && let Ok(out) = out.cast::<PyTuple>()
            && out.len() == 1
        {
            return Ok(out.get_item(0)?);
        }
        let wrapped = |ob: &Bound<'py, PyAny>| -> Outcome<Bound<'py, PyAny>> {
            let is_array = ob.hasattr("__array_interface__")?;
            if into_numpy || !is_array {
                return Ok(ob.clone());
            }
            Ok(wrap(py, crate::convert::array_of(ob, None)?)?.into_bound(py))
        };
        match result.cast::<PyTuple>() {
            Ok(tuple) => Ok(PyTuple::new(
                py,
                tuple
                    .iter()
                    .map(|o| wrapped(&o))
                    .collect::<Outcome<Vec<_>>>()?,
            )?
            .into_any()),
            Err(_) => wrapped(&result),
        }
    }

    /// The array API's functions for this array.
    #[pyo3(signature = (*, api_version=None))]
    fn __array_namespace__<'py>(
        &self,
        py: Python<'py>,
        api_version: Option<&str>,
    ) -> Outcome<Bound<'py, PyAny>> {
        match api_version {
            Some(version) if !API_VERSIONS.contains(&version) => Err(value_error(format!(
                "Version \"{version}\" of the Array API Standard is not supported."
            ))),
            _ => Ok(py.import("civita")?.into_any()),
        }
    }

    /// A DLPack capsule over the same memory.
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        &self,
        py: Python<'py>,
        stream: Option<&Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(i32, i32)>,
        copy: Option<bool>,
    ) -> Outcome<Bound<'py, PyAny>> {
        if stream.is_some_and(|s| !s.is_none()) {
            return Err(runtime_error("__dlpack__: the CPU has no streams"));
        }
        if dl_device.is_some_and(|d| d != dlpack::CPU) {
            return Err(pyo3::exceptions::PyBufferError::new_err(
                "__dlpack__: the array is on the CPU",
            )
            .into());
        }
        let raw = self.raw();
        if !raw.is_plain() {
            raw.concrete("__dlpack__")?;
            return Err(pyo3::exceptions::PyBufferError::new_err(
                "an array that tracks a gradient is not handed out\n  hint: `.detach()` first",
            )
            .into());
        }
        if self.order() == ByteOrder::Swapped {
            return Err(pyo3::exceptions::PyBufferError::new_err(
                "DLPack only supports native byte order.\n  hint: `.astype(x.dtype.newbyteorder('='))`",
            )
            .into());
        }
        let raw = if copy == Some(true) {
            raw.copied()?.into_aliased()?
        } else {
            raw.clone()
        };
        dlpack::export(py, raw, max_version.is_some_and(|v| v.0 >= 1))
    }

    /// The device in DLPack's numbers: `(1, 0)`, the CPU.
    fn __dlpack_device__(&self) -> (i32, i32) {
        dlpack::CPU
    }

    /// Pickled as dtype, shape and bytes in C order.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyTuple>> {
        let py = slf.py();
        if !slf.is_exact_instance_of::<Array>() {
            let pickled = crate::subclass::python(py)?.call_method1("reduce", (slf,))?;
            return Ok(pickled.cast_into::<PyTuple>().map_err(PyErr::from)?);
        }
        let raw = slf.get().raw();
        let order = slf.get().order();
        // in Fortran order the elements stay so, as in NumPy
        let is_fortran = crate::order::is_fortran(&raw.detach());
        let shape: Vec<usize> = match is_fortran {
            true => raw.shape().iter().rev().copied().collect(),
            false => raw.shape().to_vec(),
        };
        let is_leaf = raw.node().is_some_and(|n| n.is_leaf());
        let raw = match is_fortran {
            true => raw.detach().transpose()?,
            false => raw.clone(),
        };
        let dense = match order {
            ByteOrder::Native => raw.concrete("pickle")?.copied()?,
            ByteOrder::Swapped => swapped(&raw.concrete("pickle")?.copied()?)?,
        };
        let len = crate::array::bytes(&dense);
        let bytes = if len == 0 {
            &[][..]
        } else {
            // SAFETY: the copy is contiguous and ours alone, and has that many bytes.
            unsafe { std::slice::from_raw_parts(dense.ptr().cast_const(), len) }
        };
        let rebuild = py.import("civita._civita")?.getattr("_from_bytes")?;
        let args = (
            bytes_of(py, bytes)?,
            PyDType::in_order(py, raw.dtype(), order).bind(py).str()?,
            PyTuple::new(py, shape)?,
            is_leaf,
            is_fortran,
        );
        Ok(PyTuple::new(
            py,
            [rebuild, args.into_pyobject(py)?.into_any()],
        )?)
    }
}

/// An array in the other byte order as one of NumPy's, which is a copy. It is read-only unless a copy was asked for: what would be
/// written into it would be missed in the array.
#[cold]
fn in_other_order<'py>(
    array: &Bound<'py, Array>,
    numpy: &Bound<'py, PyModule>,
    dtype: Option<&Bound<'py, PyAny>>,
    copy: Option<bool>,
) -> Outcome<Bound<'py, PyAny>> {
    let py = array.py();
    if copy == Some(false) {
        return Err(value_error(
            "Unable to avoid copy while creating an array as requested.\n  hint: elements of an array in the other byte order lie in the \
             machine's; `copy=None` copies them",
        ));
    }
    let (raw, own) = (array.get().raw().clone(), array.get().order());
    let own = PyDType::in_order(py, raw.dtype(), own)
        .bind(py)
        .getattr("dtype")?;
    let native = place(py, raw, None)?;
    let dtype = dtype.filter(|d| !d.is_none()).unwrap_or(&own);
    let made = numpy.getattr("array")?.call1((native, dtype))?;
    if copy.is_none() && made.getattr("dtype")?.eq(own)? {
        made.call_method1("setflags", (false,))?;
    }
    Ok(made)
}

/// A copy of bytes; `MemoryError` where there is no memory for it.
pub fn bytes_of<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, bytes.len(), |out| {
        out.copy_from_slice(bytes);
        Ok(())
    })
}

/// The array that was pickled; in Fortran order the transposed one of this shape.
#[pyfunction]
#[pyo3(signature = (bytes, dtype, shape, requires_grad, is_fortran=false))]
fn _from_bytes(
    py: Python<'_>,
    bytes: &Bound<'_, PyBytes>,
    dtype: &str,
    shape: Listed<usize>,
    requires_grad: bool,
    is_fortran: bool,
) -> Outcome<Py<PyAny>> {
    let (dtype, order) = from_text_in_order(dtype)
        .ok_or_else(|| type_error(format!("data type {dtype:?} not understood")))?;
    let bytes = bytes.as_bytes();
    let raw = Raw::zeros(&shape.0, dtype)?;
    if crate::array::bytes(&raw) != bytes.len() {
        return Err(value_error(format!(
            "{} bytes do not fill an array of {} bytes",
            bytes.len(),
            crate::array::bytes(&raw)
        )));
    }
    // SAFETY: the tensor is new, contiguous, and has as many bytes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), raw.ptr(), bytes.len()) };
    if dtype == civita_core::dtype::DType::Bool && bytes.iter().any(|b| *b > 1) {
        return Err(value_error("a boolean is a byte 0 or 1"));
    }
    let raw = match order {
        ByteOrder::Native => raw.into_aliased()?,
        ByteOrder::Swapped => swapped(&raw)?.into_aliased()?,
    };
    let raw = match is_fortran {
        true => raw.transpose()?,
        false => raw,
    };
    let raw = match requires_grad {
        true => raw.requires_grad()?,
        false => raw,
    };
    in_order(py, wrap(py, raw), order)
}

/// An array over the memory of any object with `__dlpack__`.
#[pyfunction]
#[pyo3(signature = (x, /, *, device=None, copy=None))]
fn from_dlpack(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    device: Option<&str>,
    copy: Option<bool>,
) -> Outcome<Py<PyAny>> {
    crate::create::check_device(device)?;
    let raw = dlpack::import(x)?;
    match copy {
        Some(true) => wrap(py, raw.copied()?),
        _ => wrap_as(
            &py.get_type::<Array>(),
            raw,
            ByteOrder::Native,
            Some(x),
            None,
        ),
    }
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_from_bytes, m)?)?;
    m.add_function(wrap_pyfunction!(from_dlpack, m)?)?;
    Ok(())
}
