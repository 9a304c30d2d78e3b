//! `__array_interface__`, NumPy's protocol of before the buffer protocol, both ways.

use civita_core::dtype::{DType, Scalar};
use civita_core::layout::Layout;
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::array::{Array, in_order, wrap, wrap_view};
use crate::buffer::import_bytes;
use crate::convert::{Listed, scalar_array};
use crate::create::made_like;
use crate::dtype::{ByteOrder, code, from_text_in_order, not_numpys, parse_in_order};
use crate::error::{Outcome, type_error, value_error};
use crate::methods::swapped;
use crate::order::Order;
use crate::subclass::{wrap_as, wrap_over};

/// What asks for the memory of an array that was declared in the other byte order hears.
pub const NOT_SHARED: &str = "the memory of an array in the other byte order is not handed out: its elements lie in the machine's\n  \
     hint: `.tobytes()` gives its bytes, `numpy.asarray` a copy in its byte order, `.astype(x.dtype.newbyteorder('='))` an array that shares";

/// NumPy's limit of axes.
const MOST_AXES: usize = 64;

/// An array over the memory that `__array_interface__` describes; a number where it describes none.
pub fn import(ob: &Bound<'_, PyAny>) -> Outcome<Raw> {
    let described = ob.getattr("__array_interface__")?;
    let Ok(described) = described.cast::<PyDict>() else {
        return Err(value_error(
            "Invalid __array_interface__ value, must be a dict",
        ));
    };
    let field = |name: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
        Ok(described.get_item(name)?.filter(|v| !v.is_none()))
    };
    let Some(typestr) = field("typestr")? else {
        return Err(value_error("Missing __array_interface__ typestr"));
    };
    let text: String = typestr
        .extract()
        .map_err(|_| type_error("__array_interface__ typestr must be a string"))?;
    let Some((dtype, order)) = from_text_in_order(&text) else {
        return Err(type_error(format!("data type {text:?} not understood")));
    };
    // without memory the object is a number
    let is_number = !described.contains("data")? && !crate::buffer::has_buffer(ob);
    let shape: Vec<usize> = match described.get_item("shape")? {
        Some(shape) => shape
            .extract()
            .map_err(|_| type_error("__array_interface__ shape must be a tuple of lengths"))?,
        None if is_number => Vec::new(),
        None => return Err(value_error("Missing __array_interface__ shape")),
    };
    if shape.len() > MOST_AXES {
        return Err(value_error(format!(
            "number of dimensions must be within [0, {MOST_AXES}]"
        )));
    }
    let size = dtype.size() as isize;
    let strides: Vec<isize> = match field("strides")? {
        Some(strides) => strides.extract()?,
        None => {
            let layout = Layout::contiguous(&shape)?;
            layout.strides().iter().map(|s| s * size).collect()
        }
    };
    if strides.len() != shape.len() {
        return Err(value_error("mismatch in length of strides and shape"));
    }
    if is_number {
        if shape.iter().product::<usize>() != 1 {
            return Err(value_error("cannot coerce scalar to array with size > 1"));
        }
        let number = scalar_array(Scalar::Float(ob.extract()?), Some(dtype))?;
        return Ok(number.reshape(&shape)?);
    }
    let skip = match field("offset")? {
        Some(offset) => offset.extract::<usize>()?,
        None => 0,
    };
    let data = field("data")?;
    let pointer = match &data {
        Some(data) => data.extract::<(usize, bool)>().ok(),
        None => None,
    };
    let raw = match pointer {
        Some((address, read_only)) => over_memory(ob, address, read_only, dtype, &shape, &strides)?,
        None => {
            // an object with a buffer, or the object itself
            let bytes = import_bytes(data.as_ref().unwrap_or(ob))?;
            over_bytes(&bytes, skip, dtype, &shape, &strides)?
        }
    };
    match order {
        ByteOrder::Native => Ok(raw),
        ByteOrder::Swapped => swapped(&raw),
    }
}

/// From the lowest byte that is reached, relative to the first element, to the end of the highest element.
fn reach(dtype: DType, shape: &[usize], strides: &[isize]) -> Outcome<(isize, usize)> {
    let overflow = || value_error("the strides of the array interface overflow");
    let (mut low, mut high) = (0isize, 0isize);
    for (&n, &s) in shape.iter().zip(strides) {
        let reach = isize::try_from(n.saturating_sub(1))
            .ok()
            .and_then(|n| n.checked_mul(s))
            .ok_or_else(overflow)?;
        let end = if reach < 0 { &mut low } else { &mut high };
        *end = end.checked_add(reach).ok_or_else(overflow)?;
    }
    let span = high.checked_sub(low).ok_or_else(overflow)? as usize;
    Ok((low, span.checked_add(dtype.size()).ok_or_else(overflow)?))
}

fn steps(dtype: DType, shape: &[usize], strides: &[isize]) -> Outcome<Vec<isize>> {
    let size = dtype.size() as isize;
    let each = shape.iter().zip(strides).map(|(&n, &s)| match n {
        0 | 1 => Ok(0),
        _ if s % size == 0 => Ok(s / size),
        _ => Err(value_error(
            "the strides of the array interface are not multiples of the element's size\n  hint: copy the array first",
        )),
    });
    each.collect()
}

fn over_memory(
    ob: &Bound<'_, PyAny>,
    address: usize,
    read_only: bool,
    dtype: DType,
    shape: &[usize],
    strides: &[isize],
) -> Outcome<Raw> {
    if shape.contains(&0) {
        return Ok(Raw::zeros(shape, dtype)?);
    }
    let (low, span) = reach(dtype, shape, strides)?;
    let base = (address as *mut u8).wrapping_offset(low);
    if address == 0 {
        return Err(value_error(
            "data is NULL but array contains data, in the array interface",
        ));
    }
    let owner: Box<dyn Send + Sync> = Box::new(ob.clone().unbind());
    // SAFETY: the object promises that the memory it describes is there as long as it lives, which the owner sees to.
    Ok(unsafe {
        Raw::foreign(
            base,
            span,
            dtype,
            shape,
            &steps(dtype, shape, strides)?,
            low.unsigned_abs() / dtype.size(),
            owner,
            !read_only,
        )
    }?)
}

fn over_bytes(
    bytes: &Raw,
    skip: usize,
    dtype: DType,
    shape: &[usize],
    strides: &[isize],
) -> Outcome<Raw> {
    let (low, span) = reach(dtype, shape, strides)?;
    let first = skip.checked_sub(low.unsigned_abs());
    let Some(first) = first.filter(|f| f.checked_add(span).is_some_and(|end| end <= bytes.len()))
    else {
        return Err(value_error(
            "the buffer of the array interface is too small",
        ));
    };
    let part = bytes.narrow(0, first, span / dtype.size() * dtype.size())?;
    let elements = match part.reinterpret(dtype) {
        Ok(elements) => elements,
        Err(_) => part.copied()?.reinterpret(dtype)?,
    };
    let steps = steps(dtype, shape, strides)?;
    let first = elements.narrow(0, low.unsigned_abs() / dtype.size(), 1)?;
    Ok(first.restrided(shape, &steps)?)
}

/// An array over the bytes of a buffer: a copy where they are not aligned, and a read-only one where they are in the other byte
/// order.
#[pyfunction]
#[pyo3(signature = (buffer, dtype=None, count=-1, offset=0, *, like=None))]
fn frombuffer(
    py: Python<'_>,
    buffer: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    count: isize,
    offset: isize,
    like: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let numbers = (count, offset).into_pyobject(py)?;
    let named = [
        ("dtype", dtype.cloned()),
        ("count", numbers.get_item(0).ok()),
        ("offset", numbers.get_item(1).ok()),
    ];
    let named = named.each_ref().map(|(name, ob)| (*name, ob.as_ref()));
    if let Some(made) = made_like(like, "frombuffer", &[buffer], &named)? {
        return Ok(made);
    }
    let (dtype, order) = match dtype {
        Some(dtype) => parse_in_order(dtype)?,
        None => (DType::F64, ByteOrder::Native),
    };
    let bytes = import_bytes(buffer)?;
    let Some(start) = usize::try_from(offset).ok().filter(|&o| o <= bytes.len()) else {
        return Err(value_error(format!(
            "offset must be non-negative and no greater than buffer length ({})",
            bytes.len()
        )));
    };
    let (size, rest) = (dtype.size(), bytes.len() - start);
    let len = match usize::try_from(count) {
        Ok(count) => match count.checked_mul(size).filter(|&n| n <= rest) {
            Some(len) => len,
            None => return Err(value_error("buffer is smaller than requested size")),
        },
        Err(_) if rest % size != 0 => {
            return Err(value_error(
                "buffer size must be a multiple of element size",
            ));
        }
        Err(_) => rest,
    };
    let part = bytes.narrow(0, start, len)?;
    let (elements, source) = match part.reinterpret(dtype) {
        Ok(elements) => (elements, Some(buffer)),
        Err(_) => (part.copied()?.into_aliased()?.reinterpret(dtype)?, None),
    };
    if order == ByteOrder::Swapped {
        // what would be written into the copy would be missed in the buffer
        let copy = swapped(&elements)?.into_aliased()?.with_frozen(true);
        return in_order(py, wrap(py, copy), order);
    }
    wrap_over(&py.get_type::<Array>(), elements, order, source, None)
}

/// Whether an array has no values of its own, because a transformation looks at all of a batch or at none.
#[pyfunction]
fn _is_opaque(x: &Bound<'_, PyAny>) -> bool {
    x.cast::<Array>()
        .is_ok_and(|x| x.get().raw().opaque().is_some())
}

/// Whether it is an array whose elements are all that is known of it: no gradient, batch, tangent or trace.
#[pyfunction]
fn _is_plain(x: &Bound<'_, PyAny>) -> bool {
    x.cast::<Array>().is_ok_and(|x| x.get().raw().is_plain())
}

/// A view with another shape and strides in bytes, from the first element on.
#[pyfunction]
fn _as_strided(x: &Bound<'_, Array>, shape: Vec<isize>, strides: Vec<isize>) -> Outcome<Py<PyAny>> {
    let raw = x.get().raw();
    let size = raw.dtype().size() as isize;
    let shape = shape
        .into_iter()
        .map(|n| usize::try_from(n).map_err(|_| value_error("negative dimensions are not allowed")))
        .collect::<Outcome<Vec<_>>>()?;
    if strides.iter().any(|s| s % size != 0) {
        return Err(value_error(format!(
            "strides are multiples of the {size} bytes of an element"
        )));
    }
    let steps: Vec<isize> = strides.iter().map(|s| s / size).collect();
    let view = match raw.is_plain() {
        true => raw.restrided(&shape, &steps)?,
        false => raw.as_strided(&shape, &steps, 0)?,
    };
    wrap_view(x.py(), view, x.as_any())
}

/// An array over memory that nobody else has, which is of a dtype in its byte order.
#[pyfunction]
fn _declared(x: &Bound<'_, Array>, dtype: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let raw = x.get().raw().clone();
    in_order(x.py(), wrap(x.py(), raw), parse_in_order(dtype)?.1)
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_as_strided, m)?)?;
    m.add_function(wrap_pyfunction!(_is_opaque, m)?)?;
    m.add_function(wrap_pyfunction!(_is_plain, m)?)?;
    m.add_function(wrap_pyfunction!(_declared, m)?)?;
    m.add_function(wrap_pyfunction!(frombuffer, m)?)
}

#[pymethods]
impl Array {
    /// An array over a buffer, or over new memory with arbitrary contents; strides and offset in bytes. Programs make arrays by
    /// `array`, `zeros` and the like.
    #[new]
    #[classmethod]
    #[pyo3(signature = (shape, dtype=None, buffer=None, offset=0, strides=None, order=None))]
    #[allow(clippy::new_ret_no_self)] // the class has objects of its own only through `wrap`
    fn new(
        class: &Bound<'_, PyType>,
        shape: &Bound<'_, PyAny>,
        dtype: Option<&Bound<'_, PyAny>>,
        buffer: Option<&Bound<'_, PyAny>>,
        offset: usize,
        strides: Option<&Bound<'_, PyAny>>,
        order: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, is_plain) = (class.py(), class.is(class.py().get_type::<Array>()));
        let shape = crate::create::shape_of(shape)?;
        let (dtype, bytes) = match dtype {
            Some(dtype) => parse_in_order(dtype)?,
            None => (DType::F64, ByteOrder::Native),
        };
        let order = Order::parse_new(order)?;
        let strides = match strides.filter(|s| !s.is_none()) {
            None => None,
            Some(strides) => match strides.extract() {
                Ok(Listed(strides)) => Some(strides),
                Err(_) => Some(vec![strides.extract::<isize>()?]),
            },
        };
        if strides.as_ref().is_some_and(|s| s.len() != shape.len()) {
            return Err(value_error(
                "strides, if given, must be the same length as shape",
            ));
        }
        let size = dtype.size() as isize;
        let layout = match order {
            Order::F => {
                let reversed: Vec<usize> = shape.iter().rev().copied().collect();
                Layout::contiguous(&reversed)?.transpose()
            }
            _ => Layout::contiguous(&shape)?,
        };
        let strides =
            strides.unwrap_or_else(|| layout.strides().iter().map(|s| s * size).collect());
        match buffer.filter(|b| !b.is_none()) {
            Some(buffer) => {
                let memory = import_bytes(buffer)?;
                let raw = match shape.contains(&0) {
                    true => Raw::zeros(&shape, dtype)?,
                    false => over_bytes(&memory, offset, dtype, &shape, &strides)
                        .map_err(|_| type_error("buffer is too small for requested array"))?,
                };
                if bytes == ByteOrder::Swapped {
                    // as `frombuffer`
                    let copy = swapped(&raw)?.into_aliased()?.with_frozen(true);
                    return wrap_as(class, copy, bytes, None, None);
                }
                wrap_over(class, raw, bytes, Some(buffer), None)
            }
            None => {
                let raw = crate::order::new(&shape, dtype, order, Raw::empty)?;
                let steps = steps(dtype, &shape, &strides)?;
                let raw = raw.restrided(&shape, &steps).map_err(|_| {
                    value_error(
                        "strides is incompatible with shape of requested array and size of buffer",
                    )
                })?;
                match is_plain {
                    true => in_order(py, wrap(py, raw), bytes),
                    false => wrap_as(class, raw, bytes, None, None),
                }
            }
        }
    }

    /// NumPy's description of the memory: address, shape, strides, type.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyDict>> {
        let raw = self.raw();
        if !raw.is_plain() {
            raw.concrete("__array_interface__")?;
            return Err(pyo3::exceptions::PyAttributeError::new_err(
                "an array that tracks a gradient is not handed out\n  hint: `.detach()` first",
            )
            .into());
        }
        if !raw.dtype().is_numpys() {
            let text = not_numpys("the array interface", raw.dtype());
            return Err(pyo3::exceptions::PyAttributeError::new_err(text).into());
        }
        if self.order() == ByteOrder::Swapped {
            return Err(pyo3::exceptions::PyAttributeError::new_err(NOT_SHARED).into());
        }
        // from now on others may write
        // SAFETY: what Python holds is Aliased, and no slice of it exists.
        unsafe { raw.storage().mark_exported() };
        let size = raw.dtype().size() as isize;
        let dict = PyDict::new(py);
        dict.set_item("data", (raw.ptr().addr(), !raw.is_writable()))?;
        let strides = raw.layout().strides().iter().map(|s| s.wrapping_mul(size));
        match raw.layout().is_contiguous() {
            true => dict.set_item("strides", py.None())?,
            false => dict.set_item("strides", PyTuple::new(py, strides)?)?,
        }
        dict.set_item("descr", vec![("", code(raw.dtype()))])?;
        dict.set_item("typestr", code(raw.dtype()))?;
        dict.set_item("shape", PyTuple::new(py, raw.shape())?)?;
        dict.set_item("version", 3)?;
        Ok(dict)
    }
}
