//! Methods of arrays that are neither operators nor reductions.

use civita_core::dtype::{DType, Scalar};
use civita_core::layout::{Layout, SliceItem};
use civita_core::ops::Op;
use civita_core::primitive::Direction;
use civita_core::raw::{Operand, Raw};
use civita_core::storage::Storage;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple};
use smallvec::{SmallVec, smallvec};

use crate::array::{Array, in_order, place_view, wrap, wrap_part, wrap_view};
use crate::call::with_arguments;
use crate::convert::{Listed, Value};
use crate::dtype::{ByteOrder, PyDType, casting as casting_rule, parse_in_order};
use crate::error::{Outcome, type_error, value_error};
use crate::errstate;
use crate::functions::call_row;
use crate::gil;
use crate::index::element_index;
use crate::operators::{apply, python_scalar};
use crate::order::{self, Order};
use crate::subclass::{class_of, kept, wrap_as};

/// Integers given one by one or as one sequence: `reshape(2, 3)`, `reshape((2, 3))`.
pub fn integers(args: &Bound<'_, PyTuple>) -> Outcome<Dims> {
    if args.len() == 1 {
        let first = args.get_borrowed_item(0)?;
        if let Ok(tuple) = first.cast::<PyTuple>() {
            return each(&tuple);
        }
        if !first.is_exact_instance_of::<PyInt>()
            && let Ok(Listed(many)) = first.extract()
        {
            return Ok(Dims::from_vec(many));
        }
    }
    each(args)
}

/// A few signed lengths or axes.
pub type Dims = SmallVec<[isize; 4]>;

fn each(tuple: &Bound<'_, PyTuple>) -> Outcome<Dims> {
    // two are most
    if tuple.len() == 2 {
        let (a, b) = (tuple.get_borrowed_item(0)?, tuple.get_borrowed_item(1)?);
        return Ok(smallvec![a.extract()?, b.extract()?]);
    }
    tuple
        .iter_borrowed()
        .map(|ob| Ok(ob.extract::<isize>()?))
        .collect()
}

/// Axes for `transpose`: none is all of them in reverse.
pub fn transposed(x: &Raw, axes: Option<&[isize]>) -> Outcome<Raw> {
    match axes {
        None => Ok(x.transpose()?),
        Some(axes) => Ok(x.permute(axes)?),
    }
}

impl Array {
    /// The bytes of the array as elements of another dtype.
    ///
    /// # Errors
    /// When memory has other bytes than the array shows, and parts of elements or another order would show them.
    pub fn reinterpreted(&self, py: Python<'_>, to: (DType, ByteOrder)) -> Outcome<Raw> {
        let (raw, (dtype, order)) = (self.raw(), to);
        let width = |d: DType| d.to_real().size();
        let is_seen = order == self.order()
            && (order == ByteOrder::Native || width(dtype) == width(raw.dtype()));
        if !is_seen {
            let copy = match dtype == raw.dtype() {
                true => "x.byteswap().astype(dtype)",
                false => "cv.frombuffer(x.tobytes(), dtype)",
            };
            return Err(type_error(format!(
                "view: elements of {} lie in the machine's byte order, and cannot be seen as {}\n  hint: `{copy}` is a copy",
                PyDType::in_order(py, raw.dtype(), self.order())
                    .bind(py)
                    .repr()?,
                PyDType::in_order(py, dtype, order).bind(py).repr()?,
            )));
        }
        Ok(raw.seen_as(dtype)?)
    }
}

#[pymethods]
impl Array {
    /// The same elements under another shape; one length may be -1. A view where the memory allows it.
    #[pyo3(signature = (*shape, order=None, copy=None), text_signature = "($self, /, *shape, order='C', copy=None)")]
    fn reshape(
        slf: &Bound<'_, Self>,
        shape: &Bound<'_, PyTuple>,
        order: Option<&Bound<'_, PyAny>>,
        copy: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let (py, raw) = (slf.py(), slf.get().raw());
        let copy = match copy {
            Some(word) if word.is_instance_of::<PyString>() => {
                return Err(value_error(
                    "strings are not allowed for 'copy' keyword. Use True/False/None instead.",
                ));
            }
            Some(given) => Some(given.is_truthy()?),
            None => None,
        };
        let shape = integers(shape)?;
        let order = match order {
            None => Order::C,
            Some(_) => Order::parse(order, Order::C)?,
        };
        if order == Order::C && copy.is_none() && raw.is_plain() && raw.layout().is_contiguous() {
            let shape = raw.layout().resolve_shape(&shape)?;
            return raw.reshape_then(&shape, |view| place_view(slf, view))?;
        }
        wrap_part(py, reshaped_in(py, &raw, &shape, order, copy)?, slf)
    }

    /// One axis: a view where the memory allows it.
    #[pyo3(signature = (order=None), text_signature = "($self, /, order='C')")]
    fn ravel(slf: &Bound<'_, Self>, order: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        let (py, raw) = (slf.py(), slf.get().raw());
        let (order, raw) = (Order::parse(order, Order::C)?, &*raw);
        let flat = gil::work(py, raw.len(), || -> Outcome<Raw> {
            let flat = order::raveled(raw, order)?;
            // what has gaps is copied, as in NumPy
            match flat.is_plain() && !flat.layout().is_contiguous() {
                true => Ok(flat.copied()?),
                false => Ok(flat),
            }
        })?;
        wrap_part(py, flat, slf)
    }

    /// A copy with one axis.
    #[pyo3(signature = (order=None), text_signature = "($self, /, order='C')")]
    fn flatten(slf: &Bound<'_, Self>, order: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        let (py, raw) = (slf.py(), slf.get().raw());
        let (order, raw) = (Order::parse(order, Order::C)?, &*raw);
        let flat = gil::work(py, raw.len(), || -> Outcome<Raw> {
            if order != Order::Keep {
                return order::raveled(&order::copied(raw, order)?, order);
            }
            let flat = order::raveled(raw, order)?;
            match Storage::same_buffer(flat.storage(), raw.storage()) {
                true => Ok(flat.copied()?),
                false => Ok(flat),
            }
        })?;
        kept(slf, in_order(py, wrap(py, flat), slf.get().order()))
    }

    /// The axes in another order, or in reverse; a view.
    #[pyo3(signature = (*axes), text_signature = "($self, /, *axes)")]
    fn transpose(slf: &Bound<'_, Self>, axes: &Bound<'_, PyTuple>) -> Outcome<Py<PyAny>> {
        let none = axes.is_empty() || (axes.len() == 1 && axes.get_item(0)?.is_none());
        let list = if none { None } else { Some(integers(axes)?) };
        let view = transposed(&slf.get().raw(), list.as_deref())?;
        wrap_view(slf.py(), view, slf.as_any())
    }

    /// The same memory as another array; with a dtype its bytes as elements of that one.
    #[pyo3(signature = (dtype=None, r#type=None), text_signature = "($self, /, dtype=None, type=None)")]
    fn view(
        slf: &Bound<'_, Self>,
        dtype: Option<&Bound<'_, PyAny>>,
        r#type: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        let mut class = match r#type {
            Some(given) => match class_of(given) {
                Some(class) => Some(class),
                None => return Err(value_error("Type must be a sub-type of ndarray type")),
            },
            None => None,
        };
        // a class in the place of the dtype
        let mut dtype = dtype;
        if class.is_none()
            && let Some(found) = dtype.and_then(class_of)
        {
            (class, dtype) = (Some(found), None);
        }
        let view = match dtype {
            Some(dtype) => slf.get().reinterpreted(py, parse_in_order(dtype)?)?,
            _ => slf.get().raw().clone(),
        };
        let order = slf.get().order();
        match class {
            Some(class) => wrap_as(&class, view, order, Some(slf.as_any()), Some(slf.as_any())),
            None => in_order(py, wrap_view(py, view, slf.as_any()), order),
        }
    }

    /// A copy in another dtype; with `copy=False` only where it differs.
    #[pyo3(
        signature = (dtype, order=None, casting="unsafe", subok=true, copy=Flag(true), *, device=None),
        text_signature = "($self, /, dtype, order='K', casting='unsafe', subok=True, copy=True, *, device=None)"
    )]
    fn astype(
        slf: &Bound<'_, Self>,
        dtype: &Bound<'_, PyAny>,
        order: Option<&Bound<'_, PyAny>>,
        casting: &str,
        subok: bool,
        copy: Flag,
        device: Option<&str>,
    ) -> Outcome<Py<PyAny>> {
        crate::create::check_device(device)?;
        let order = Order::parse(order, Order::Keep)?;
        let py = slf.py();
        let raw = slf.get().raw();
        let to = match dtype.is_none() {
            true => (DType::F64, ByteOrder::Native),
            false => parse_in_order(dtype)?,
        };
        let ((dtype, bytes), rule) = (to, casting_rule(casting)?);
        let raw = &*raw;
        if dtype == raw.dtype() {
            let is_same = bytes == slf.get().order();
            if !is_same && casting == "no" {
                return Err(type_error(format!(
                    "Cannot cast array data from {} to {} according to the rule 'no'",
                    PyDType::in_order(py, dtype, slf.get().order())
                        .bind(py)
                        .repr()?,
                    PyDType::in_order(py, dtype, bytes).bind(py).repr()?,
                )));
            }
            if is_same
                && !copy.0
                && order::fits(raw, order)
                && (subok || slf.is_exact_instance_of::<Self>())
            {
                return Ok(slf.clone().into_any().unbind());
            }
            let copy = wrap(py, gil::work(py, raw.len(), || order::copied(raw, order))?);
            let copy = in_order(py, copy, bytes);
            return if subok { kept(slf, copy) } else { copy };
        }
        errstate::watch();
        let cast = gil::work(py, raw.len(), || -> Outcome<Raw> {
            let cast = raw.cast_if(dtype, rule)?;
            match order::fits(&cast, order) {
                true => Ok(cast),
                false => order::copied(&cast, order),
            }
        })?;
        errstate::check_complex(py, raw.dtype(), dtype)?;
        errstate::check_cast(py, raw, &cast)?;
        let cast = in_order(py, wrap(py, cast), bytes);
        if subok { kept(slf, cast) } else { cast }
    }

    /// A copy, in C order unless another one is asked for.
    #[pyo3(signature = (order=None), text_signature = "($self, /, order='C')")]
    fn copy(slf: &Bound<'_, Self>, order: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        let order = Order::parse(order, Order::C)?;
        let (py, raw) = (slf.py(), slf.get().raw());
        let raw = &*raw;
        let copy = gil::work(py, raw.len(), || order::copied(raw, order))?;
        kept(slf, in_order(py, wrap(py, copy), slf.get().order()))
    }

    /// The bytes of the elements, in C order unless another one is asked for.
    #[pyo3(signature = (order=None), text_signature = "($self, /, order='C')")]
    fn tobytes<'py>(
        &self,
        py: Python<'py>,
        order: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Bound<'py, pyo3::types::PyBytes>> {
        let order = Order::parse(order, Order::C)?;
        let raw = self.raw().concrete("tobytes")?;
        let raw = match order {
            Order::F => raw.transpose()?,
            Order::Any if !raw.layout().is_contiguous() && raw.layout().is_fortran_contiguous() => {
                raw.transpose()?
            }
            _ => raw,
        };
        let dense = gil::work(py, raw.len(), || match self.order() {
            ByteOrder::Native => Ok(raw.copied()?),
            ByteOrder::Swapped => swapped(&raw.copied()?),
        })?;
        let len = crate::array::bytes(&dense);
        if len == 0 {
            return Ok(pyo3::types::PyBytes::new(py, &[]));
        }
        // SAFETY: the copy is contiguous and ours alone, and has that many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(dense.ptr().cast_const(), len) };
        Ok(crate::interop::bytes_of(py, bytes)?)
    }

    /// The array with the bytes of each element in reverse order; with `inplace=True` in its own memory.
    #[pyo3(signature = (inplace=false), text_signature = "($self, /, inplace=False)")]
    fn byteswap(slf: &Bound<'_, Self>, inplace: bool) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        let swapped = swapped(&slf.get().raw().concrete("byteswap")?)?;
        if inplace {
            slf.get().write(|x| Ok(x.assign(&swapped)?))?;
            return Ok(slf.clone().into_any().unbind());
        }
        kept(slf, in_order(py, wrap(py, swapped), slf.get().order()))
    }

    fn __copy__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let (py, raw) = (slf.py(), slf.get().raw());
        let raw = &*raw;
        let copy = gil::work(py, raw.len(), || order::copied(raw, Order::Keep))?;
        kept(slf, in_order(py, wrap(py, copy), slf.get().order()))
    }

    /// A copy; of a leaf that requires a gradient another such leaf, but of what a transformation follows a copy that it follows too.
    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        let (py, raw) = (slf.py(), slf.get().raw());
        let is_leaf = raw.node().is_some_and(|node| node.is_parameter());
        if !is_leaf {
            return Self::__copy__(slf);
        }
        let copy = in_order(py, wrap(py, raw.detach().copied()?), slf.get().order());
        let copy = kept(slf, copy)?;
        copy.bind(py).setattr("requires_grad", true)?;
        Ok(copy)
    }

    /// The elements as a NumPy array over the same memory; of an array that requires a gradient an error, as in PyTorch.
    fn numpy<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        if !slf.get().raw().is_plain() {
            return Err(type_error(
                "numpy() of an array that requires a gradient
  hint: `.detach().numpy()`",
            ));
        }
        Ok(slf.py().import("numpy")?.call_method1("asarray", (slf,))?)
    }

    /// Writes zeros over all elements (PyTorch's name); the array itself.
    fn zero_<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, Self>> {
        slf.get().write(|x| {
            let zero = Raw::scalar(Scalar::Bool(false), x.dtype())?;
            Ok(gil::work(slf.py(), x.len(), || x.assign(&zero))?)
        })?;
        Ok(slf.clone())
    }

    /// The value of an array of one element, or the element at an index, as a Python number.
    #[pyo3(signature = (*args))]
    fn item<'py>(&self, py: Python<'py>, args: &Bound<'py, PyTuple>) -> Outcome<Bound<'py, PyAny>> {
        let raw = self.raw();
        if args.is_empty() {
            return python_scalar(py, raw.item()?);
        }
        let alone = args.get_borrowed_item(0)?;
        let key = if args.len() == 1 {
            &*alone
        } else {
            args.as_any()
        };
        if raw.is_plain()
            && let Some(index) = element_index(&raw, key)
        {
            return python_scalar(py, raw.at(&index)?);
        }
        let index = integers(args)?;
        let flat = if index.len() == 1 && raw.rank() != 1 {
            raw.reshape(&[raw.len()])?
        } else {
            raw.clone()
        };
        if index.len() != flat.rank() {
            return Err(value_error(format!(
                "incorrect number of indices for array: {} for {} axes",
                index.len(),
                flat.rank()
            )));
        }
        let items: Vec<SliceItem> = index.into_iter().map(SliceItem::Index).collect();
        python_scalar(py, flat.slice(&items)?.item()?)
    }

    /// The elements as nested lists of Python numbers.
    fn tolist<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyAny>> {
        let raw = self.raw();
        crate::lists::listed(py, &raw.concrete("tolist")?)
    }

    /// Sorts the elements along an axis in place; see `sort`.
    #[pyo3(signature = (axis=-1, kind=None, order=None, *, stable=None, descending=false))]
    fn sort(
        slf: &Bound<'_, Self>,
        axis: isize,
        kind: Option<&Bound<'_, PyAny>>,
        order: Option<&Bound<'_, PyAny>>,
        stable: Option<bool>,
        descending: bool,
    ) -> Outcome<()> {
        let py = slf.py();
        let is_usual = kind.is_none() && order.is_none() && stable.is_none() && !descending;
        let raw = slf.get().raw();
        let rank = raw.rank() as isize;
        if is_usual && (-rank..rank).contains(&axis) && raw.is_plain() {
            let sorted = gil::work(py, raw.len(), || raw.sort(axis, Direction::Ascending))?;
            drop(raw);
            return slf
                .get()
                .write(|x| Ok(gil::work(py, x.len(), || x.assign(&sorted))?));
        }
        drop(raw);
        let options = PyDict::new(py);
        options.set_item("axis", axis)?;
        options.set_item("kind", kind)?;
        options.set_item("order", order)?;
        options.set_item("stable", stable)?;
        options.set_item("descending", descending)?;
        let array = PyTuple::new(py, [slf])?;
        let sorted = with_arguments(&array, Some(&options), |given| call_row("sort", given))?;
        let sorted = sorted
            .bind(py)
            .cast::<Array>()
            .map_err(PyErr::from)?
            .get()
            .raw()
            .clone();
        slf.get()
            .write(|x| Ok(gil::work(py, x.len(), || x.assign(&sorted))?))
    }

    /// The complex conjugate; a real array itself.
    #[pyo3(signature = (out=None))]
    fn conj(slf: &Bound<'_, Self>, out: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        if let Some(out) = out.filter(|out| !out.is_none()) {
            let ufunc = py.import("civita._civita")?.getattr("conjugate")?;
            return Ok(ufunc.call1((slf, out))?.unbind());
        }
        if !slf.get().raw().dtype().is_complex() {
            return Ok(slf.clone().into_any().unbind());
        }
        kept(slf, apply(py, Op::Conj, &[&Value::Ref(slf.get().raw())]))
    }

    /// The complex conjugate; a real array itself.
    #[pyo3(signature = (out=None))]
    fn conjugate(slf: &Bound<'_, Self>, out: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        Self::conj(slf, out)
    }

    /// The real part; of a real array the array itself, of a complex one a view.
    #[getter]
    fn real(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        if !slf.get().raw().dtype().is_complex() {
            return Ok(slf.clone().into_any().unbind());
        }
        part(slf, Op::Real)
    }

    #[setter(real)]
    fn set_real(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.getattr("real")?.set_item(slf.py().Ellipsis(), value)
    }

    #[setter(imag)]
    fn set_imag(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if !slf.get().raw().dtype().is_complex() {
            return Err(pyo3::exceptions::PyTypeError::new_err(
                "imag: a real array has no imaginary part to set",
            ));
        }
        slf.getattr("imag")?.set_item(slf.py().Ellipsis(), value)
    }

    /// The imaginary part; of a complex array a view.
    #[getter]
    fn imag(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        part(slf, Op::Imag)
    }
}

/// The real or imaginary part of an array, which is an array whatever its rank.
fn part(slf: &Bound<'_, Array>, op: Op) -> Outcome<Py<PyAny>> {
    let (py, raw) = (slf.py(), slf.get().raw());
    let part = {
        let raw = &*raw;
        gil::work(py, raw.len(), || Raw::apply(op, &[Operand::Tensor(raw)]))?
    };
    // the zeros of a real array are nobody's to write
    let frozen = op == Op::Imag && !raw.dtype().is_complex();
    wrap_part(py, if frozen { part.with_frozen(true) } else { part }, slf)
}

/// A boolean argument: anything that is true or false.
pub struct Flag(pub bool);

impl<'py> FromPyObject<'_, 'py> for Flag {
    type Error = PyErr;

    fn extract(ob: Borrowed<'_, 'py, PyAny>) -> PyResult<Flag> {
        Ok(Flag(ob.is_truthy()?))
    }
}

/// A shape with at most one length of -1: an integer or a sequence of them.
pub fn signed_shape(ob: &Bound<'_, PyAny>) -> Outcome<Dims> {
    match ob.extract::<isize>() {
        Ok(n) => Ok(Dims::from_slice(&[n])),
        Err(_) => Ok(Dims::from_vec(ob.extract::<Listed<isize>>()?.0)),
    }
}

/// A copy with the bytes of each element in reverse order; of complex numbers those of each part.
pub fn swapped(x: &Raw) -> Outcome<Raw> {
    let size = x.dtype().to_real().size();
    let copy = order::copied(x, Order::Keep)?;
    let len = crate::array::bytes(&copy);
    if size > 1 && len > 0 {
        // a copy lies without gaps, whatever the order of its axes
        // SAFETY: the copy is ours alone, and has that many bytes from its first on.
        let bytes = unsafe { std::slice::from_raw_parts_mut(copy.ptr(), len) };
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    Ok(copy)
}

/// The array under another shape, the elements counted in this order.
pub fn reshaped_in(
    py: Python<'_>,
    x: &Raw,
    shape: &[isize],
    order: Order,
    copy: Option<bool>,
) -> Outcome<Raw> {
    let fortran = match order {
        Order::F => true,
        Order::Any => order::is_fortran(x),
        Order::C => false,
        Order::Keep => return Err(value_error("order 'K' is not permitted for reshaping")),
    };
    if !fortran {
        return reshaped(py, x, shape, copy);
    }
    let mut reversed = Dims::from_slice(shape);
    reversed.reverse();
    Ok(reshaped(py, &x.transpose()?, &reversed, copy)?.transpose()?)
}

/// The array under another shape.
pub fn reshaped(py: Python<'_>, x: &Raw, shape: &[isize], copy: Option<bool>) -> Outcome<Raw> {
    let lengths = shape;
    let shape = match x.is_transformed() {
        true => Layout::contiguous(x.shape())?.resolve_shape(shape)?,
        false => x.layout().resolve_shape(shape)?,
    };
    match copy {
        // a trace keeps -1 as it is
        Some(true) if x.is_transformed() => Ok(x.copied()?.reshape_to(lengths)?),
        None if x.is_transformed() => Ok(x.reshape_to(lengths)?),
        Some(true) => Ok(gil::work(py, x.len(), || x.copied()?.reshape(&shape))?),
        Some(false) if !x.is_view_under(&shape)? => Err(value_error(
            "Unable to avoid creating a copy while reshaping\n  hint: `copy=None` copies only where it must",
        )),
        _ => Ok(gil::work(py, x.len(), || x.reshape(&shape))?),
    }
}
