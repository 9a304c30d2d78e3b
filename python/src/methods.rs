//! Methods of arrays that are neither operators nor reductions.

use civita_core::dtype::Scalar;
use civita_core::layout::{Layout, SliceItem};
use civita_core::ops::Op;
use civita_core::raw::Raw;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyTuple};
use smallvec::SmallVec;

use crate::array::{Array, wrap};
use crate::convert::Value;
use crate::dtype::{casting as casting_rule, parse};
use crate::error::{Outcome, type_error, value_error};
use crate::functions::call_row;
use crate::gil;
use crate::index::element_index;
use crate::operators::{apply, python_scalar};

/// Integers given one by one or as one sequence: `reshape(2, 3)`, `reshape((2, 3))`.
pub fn integers(args: &Bound<'_, PyTuple>) -> Outcome<Dims> {
    if args.len() == 1 {
        let first = args.get_borrowed_item(0)?;
        if let Ok(tuple) = first.cast::<PyTuple>() {
            return each(&tuple);
        }
        if !first.is_exact_instance_of::<PyInt>()
            && let Ok(many) = first.extract::<Vec<isize>>()
        {
            return Ok(Dims::from_vec(many));
        }
    }
    each(args)
}

/// A few signed lengths or axes.
pub type Dims = SmallVec<[isize; 4]>;

fn each(tuple: &Bound<'_, PyTuple>) -> Outcome<Dims> {
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

#[pymethods]
impl Array {
    /// The same elements under another shape; one length may be -1. A view where the memory allows it.
    #[pyo3(signature = (*shape, copy=None), text_signature = "($self, *shape, copy=None)")]
    fn reshape(
        &self,
        py: Python<'_>,
        shape: &Bound<'_, PyTuple>,
        copy: Option<bool>,
    ) -> Outcome<Py<PyAny>> {
        wrap(py, reshaped(py, &self.raw(), &integers(shape)?, copy)?)
    }

    /// One axis: a view where the memory allows it.
    fn ravel(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        wrap(py, reshaped(py, &self.raw(), &[-1], None)?)
    }

    /// A copy with one axis.
    fn flatten(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        wrap(py, reshaped(py, &self.raw(), &[-1], Some(true))?)
    }

    /// The axes in another order, or in reverse; a view.
    #[pyo3(signature = (*axes), text_signature = "($self, *axes)")]
    fn transpose(&self, py: Python<'_>, axes: &Bound<'_, PyTuple>) -> Outcome<Py<PyAny>> {
        let none = axes.is_empty() || (axes.len() == 1 && axes.get_item(0)?.is_none());
        let list = if none { None } else { Some(integers(axes)?) };
        wrap(py, transposed(&self.raw(), list.as_deref())?)
    }

    /// A copy in another dtype; with `copy=False` only where it differs.
    #[pyo3(signature = (dtype, *, casting="unsafe", copy=true, order=None, device=None))]
    fn astype(
        slf: &Bound<'_, Self>,
        dtype: &Bound<'_, PyAny>,
        casting: &str,
        copy: bool,
        order: Option<&str>,
        device: Option<&str>,
    ) -> Outcome<Py<PyAny>> {
        crate::create::check_device(device)?;
        let _ = order;
        let py = slf.py();
        let raw = slf.get().raw();
        let (dtype, rule) = (parse(dtype)?, casting_rule(casting)?);
        if dtype == raw.dtype() {
            if !copy {
                return Ok(slf.clone().into_any().unbind());
            }
            return wrap(py, gil::work(py, raw.len(), || raw.copied())?);
        }
        let raw = &*raw;
        wrap(py, gil::work(py, raw.len(), || raw.cast_if(dtype, rule))?)
    }

    /// A copy, contiguous in C order.
    #[pyo3(signature = (order=None))]
    fn copy(&self, py: Python<'_>, order: Option<&str>) -> Outcome<Py<PyAny>> {
        let _ = order;
        let raw = self.raw();
        let raw = &*raw;
        wrap(py, gil::work(py, raw.len(), || raw.copied())?)
    }

    fn __copy__(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.copy(py, None)
    }

    /// A copy; of a leaf that requires a gradient another such leaf.
    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        let is_leaf = self.raw().node().is_some_and(|node| node.is_leaf());
        if !is_leaf {
            return self.copy(py, None);
        }
        let copy = wrap(py, self.raw().detach().copied()?)?;
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
        let values = raw.concrete("tolist")?.scalars()?;
        listed(py, raw.shape(), &mut values.into_iter())
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
        let options = PyDict::new(py);
        options.set_item("axis", axis)?;
        options.set_item("kind", kind)?;
        options.set_item("order", order)?;
        options.set_item("stable", stable)?;
        options.set_item("descending", descending)?;
        let sorted = call_row(py, "sort", slf.as_any(), Some(&options))?;
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
    fn conj(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        if !slf.get().raw().dtype().is_complex() {
            return Ok(slf.clone().into_any().unbind());
        }
        apply(py, Op::Conj, &[&Value::Ref(slf.get().raw())])
    }

    /// The complex conjugate; a real array itself.
    fn conjugate(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        Self::conj(slf)
    }

    /// The real part; of a real array the array itself, of a complex one a view.
    #[getter]
    fn real(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        if !slf.get().raw().dtype().is_complex() {
            return Ok(slf.clone().into_any().unbind());
        }
        apply(py, Op::Real, &[&Value::Ref(slf.get().raw())])
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
        let py = slf.py();
        apply(py, Op::Imag, &[&Value::Ref(slf.get().raw())])
    }
}

/// The array under another shape.
pub fn reshaped(py: Python<'_>, x: &Raw, shape: &[isize], copy: Option<bool>) -> Outcome<Raw> {
    let shape = Layout::contiguous(x.shape())?.resolve_shape(shape)?;
    match copy {
        Some(true) => Ok(gil::work(py, x.len(), || x.copied()?.reshape(&shape))?),
        Some(false) if x.is_plain() && x.layout().reshape(&shape)?.is_none() => Err(value_error(
            "Unable to avoid creating a copy while reshaping\n  hint: `copy=None` copies only where it must",
        )),
        _ => Ok(gil::work(py, x.len(), || x.reshape(&shape))?),
    }
}

fn listed<'py>(
    py: Python<'py>,
    shape: &[usize],
    values: &mut dyn Iterator<Item = Scalar>,
) -> Outcome<Bound<'py, PyAny>> {
    match shape {
        [] => match values.next() {
            Some(v) => python_scalar(py, v),
            None => Err(type_error("tolist: an element is missing")),
        },
        [n, rest @ ..] => {
            let list = PyList::empty(py);
            for _ in 0..*n {
                list.append(listed(py, rest, values)?)?;
            }
            Ok(list.into_any())
        }
    }
}
