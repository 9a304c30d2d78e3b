//! Functions that are neither rows of a table nor make new arrays: shapes, products, selections, comparisons.

use civita_core::dtype::{DType, Scalar};
use civita_core::layout::{Axes, broadcast_shapes};
use civita_core::ops::{Op, Reduction};
use civita_core::raw::Raw;
use civita_core::raw::ReduceOptions;
use pyo3::prelude::*;
use pyo3::types::{PyList, PySequence, PyTuple};

use crate::array::{Array, wrap};
use crate::convert::{Value, array_of, value};
use crate::create::shape_of;
use crate::dtype::parse_optional;
use crate::error::{Outcome, type_error, value_error};
use crate::gil;
use crate::methods;
use crate::reduction::{AxisArg, write_out};
use crate::ufunc::output;

/// The arrays of a sequence, or the rows of an array.
fn many(ob: &Bound<'_, PyAny>) -> Outcome<Vec<Raw>> {
    if let Ok(list) = ob.cast::<PyList>() {
        return list.iter().map(|o| array_of(&o, None)).collect();
    }
    if let Ok(tuple) = ob.cast::<PyTuple>() {
        return tuple.iter().map(|o| array_of(&o, None)).collect();
    }
    if ob.is_instance_of::<Array>()
        || ob.cast::<PySequence>().is_ok()
        || crate::buffer::has_buffer(ob)
    {
        let all = array_of(ob, None)?;
        return (0..all.shape().first().copied().unwrap_or(0))
            .map(|i| Ok(all.slice(&[civita_core::layout::SliceItem::Index(i as isize)])?))
            .collect();
    }
    Err(type_error(
        "the arrays to join are given as one sequence\n  hint: `cv.concatenate([a, b])`",
    ))
}

fn joined(
    py: Python<'_>,
    name: &'static str,
    parts: Vec<Raw>,
    out: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    join: impl Fn(&[&Raw]) -> civita_core::error::Result<Raw> + Send + Sync,
) -> Outcome<Py<PyAny>> {
    let dtype = parse_optional(dtype)?;
    let n: usize = parts.iter().map(Raw::len).sum();
    let result = gil::work(py, n, || {
        let parts = match dtype {
            Some(d) => parts
                .iter()
                .map(|p| p.cast(d))
                .collect::<civita_core::error::Result<Vec<_>>>()?,
            None => parts,
        };
        join(&parts.iter().collect::<Vec<_>>())
    })?;
    match out.map(output).transpose()?.flatten() {
        Some(out) => write_out(name, result, out),
        None => wrap(py, result),
    }
}

/// Joins arrays along an axis that they have; with `axis=None` flattened.
#[pyfunction]
#[pyo3(signature = (arrays, axis=Some(0), out=None, *, dtype=None), text_signature = "(arrays, axis=0, out=None, *, dtype=None)")]
fn concatenate(
    py: Python<'_>,
    arrays: &Bound<'_, PyAny>,
    axis: Option<isize>,
    out: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let mut parts = many(arrays)?;
    if axis.is_none() {
        parts = parts
            .iter()
            .map(|p| p.reshape(&[p.len()]))
            .collect::<Result<_, _>>()?;
    }
    joined(py, "concatenate", parts, out, dtype, |parts| {
        Raw::concatenate(parts, axis.unwrap_or(0))
    })
}

/// Joins arrays of one shape along a new axis.
#[pyfunction]
#[pyo3(signature = (arrays, axis=0, out=None, *, dtype=None))]
fn stack(
    py: Python<'_>,
    arrays: &Bound<'_, PyAny>,
    axis: isize,
    out: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    joined(py, "stack", many(arrays)?, out, dtype, |parts| {
        Raw::stack(parts, axis)
    })
}

/// The matrix product over the last two axes; `a @ b`.
#[pyfunction]
#[pyo3(signature = (x1, x2, /, out=None, *, dtype=None))]
fn matmul(
    py: Python<'_>,
    x1: &Bound<'_, PyAny>,
    x2: &Bound<'_, PyAny>,
    out: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let dtype = parse_optional(dtype)?;
    let (mut a, mut b) = (array_of(x1, None)?, array_of(x2, None)?);
    if let Some(d) = dtype {
        (a, b) = (a.cast(d)?, b.cast(d)?);
    }
    let result = crate::operators::matmul(py, &a, &b)?;
    match out.map(output).transpose()?.flatten() {
        Some(out) => write_out("matmul", result, out),
        None => wrap(py, result),
    }
}

/// NumPy's `dot`: a sum over the last axis of `a` and the second-to-last of `b`.
pub fn dot_product(py: Python<'_>, a: &Raw, b: &Raw) -> Outcome<Raw> {
    if a.rank() == 0 || b.rank() == 0 {
        return Ok(a.mul(b)?);
    }
    if b.rank() <= 2 {
        // an array of many axes times a matrix is what `matmul` does too
        return crate::operators::matmul(py, a, b);
    }
    // b's inner axis in front, the rest merged; then the merged axes come back
    let k = b.shape()[b.rank() - 2];
    let moved = b.move_axis(-2, 0)?;
    let rest = moved.shape()[1..].to_vec();
    let flat = moved.reshape_to(&[k as isize, -1])?;
    let product = crate::operators::matmul(py, a, &flat)?;
    let mut shape = a.shape()[..a.rank() - 1].to_vec();
    shape.extend_from_slice(&rest);
    Ok(product.reshape(&shape)?)
}

/// The dot product: of two vectors a number, of matrices their product, of more axes a sum over the last axis of `a` and
/// the second-to-last of `b`.
#[pyfunction]
#[pyo3(signature = (a, b, out=None))]
fn dot(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    out: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let result = dot_product(py, &array_of(a, None)?, &array_of(b, None)?)?;
    match out.map(output).transpose()?.flatten() {
        Some(out) => write_out("dot", result, out),
        None => wrap(py, result),
    }
}

/// The same elements under another shape; a view where the memory allows it.
#[pyfunction]
#[pyo3(signature = (a, /, shape, *, copy=None))]
fn reshape(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    shape: &Bound<'_, PyAny>,
    copy: Option<bool>,
) -> Outcome<Py<PyAny>> {
    let list = match shape.extract::<isize>() {
        Ok(n) => vec![n],
        Err(_) => shape.extract::<Vec<isize>>()?,
    };
    wrap(py, methods::reshaped(py, &array_of(a, None)?, &list, copy)?)
}

/// One axis; a view where the memory allows it.
#[pyfunction]
fn ravel(py: Python<'_>, a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    wrap(py, methods::reshaped(py, &array_of(a, None)?, &[-1], None)?)
}

/// The axes in another order, or in reverse; a view.
#[pyfunction]
#[pyo3(signature = (a, axes=None))]
fn transpose(py: Python<'_>, a: &Bound<'_, PyAny>, axes: Option<Vec<isize>>) -> Outcome<Py<PyAny>> {
    wrap(
        py,
        methods::transposed(&array_of(a, None)?, axes.as_deref())?,
    )
}

/// The axes in another order; a view.
#[pyfunction]
#[pyo3(signature = (a, /, axes))]
fn permute_dims(py: Python<'_>, a: &Bound<'_, PyAny>, axes: Vec<isize>) -> Outcome<Py<PyAny>> {
    wrap(py, array_of(a, None)?.permute(&axes)?)
}

/// The last two axes exchanged; a view.
#[pyfunction]
#[pyo3(signature = (x, /))]
fn matrix_transpose(py: Python<'_>, x: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let x = array_of(x, None)?;
    if x.rank() < 2 {
        return Err(value_error(format!(
            "matrix_transpose: an array of {} axes is no stack of matrices",
            x.rank()
        )));
    }
    wrap(py, x.swap_axes(-1, -2)?)
}

/// Two axes exchanged; a view.
#[pyfunction]
fn swapaxes(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    axis1: isize,
    axis2: isize,
) -> Outcome<Py<PyAny>> {
    wrap(py, array_of(a, None)?.swap_axes(axis1, axis2)?)
}

/// Axes moved to other places; a view.
#[pyfunction]
fn moveaxis(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    source: &Bound<'_, PyAny>,
    destination: &Bound<'_, PyAny>,
) -> Outcome<Py<PyAny>> {
    let a = array_of(a, None)?;
    let list = |ob: &Bound<'_, PyAny>| -> Outcome<Vec<isize>> {
        match AxisArg::parse(ob)? {
            AxisArg::All => Err(type_error("moveaxis: axes are integers")),
            AxisArg::List(list) => Ok(list.to_vec()),
        }
    };
    let (from, to) = (list(source)?, list(destination)?);
    if from.len() != to.len() {
        return Err(value_error(
            "moveaxis: `source` and `destination` arguments must have the same number of elements",
        ));
    }
    if from.len() == 1 {
        return wrap(py, a.move_axis(from[0], to[0])?);
    }
    let from = civita_core::layout::normalize_axes("moveaxis", &from, a.rank())?;
    let to = civita_core::layout::normalize_axes("moveaxis", &to, a.rank())?;
    let mut order: Vec<Option<usize>> = vec![None; a.rank()];
    for (&f, &t) in from.iter().zip(&to) {
        order[t] = Some(f);
    }
    let mut rest = (0..a.rank()).filter(|axis| !from.contains(axis));
    let order: Vec<isize> = order
        .into_iter()
        .filter_map(|o| o.or_else(|| rest.next()))
        .map(|o| o as isize)
        .collect();
    wrap(py, a.permute(&order)?)
}

/// The elements in reverse order along axes, or along all; a view.
#[pyfunction]
#[pyo3(signature = (m, axis=None))]
fn flip(
    py: Python<'_>,
    m: &Bound<'_, PyAny>,
    axis: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let axis = axis.map_or(Ok(AxisArg::All), AxisArg::parse)?;
    wrap(py, array_of(m, None)?.flip(axis.axes())?)
}

/// Without axes of length 1: those named, or all; a view.
pub fn squeezed(x: &Raw, axis: Option<&Bound<'_, PyAny>>) -> Outcome<Raw> {
    match axis.map_or(Ok(AxisArg::All), AxisArg::parse)? {
        AxisArg::All => Ok(x.squeeze(None)?),
        AxisArg::List(list) => Ok(x.squeeze(Some(&list))?),
    }
}

/// Without axes of length 1: those named, or all; a view.
#[pyfunction]
#[pyo3(signature = (a, axis=None))]
fn squeeze(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    axis: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    wrap(py, squeezed(&array_of(a, None)?, axis)?)
}

/// New axes of length 1 at these places of the result; a view.
#[pyfunction]
#[pyo3(signature = (a, axis=None))]
fn expand_dims(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    axis: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    match axis.map_or(Ok(AxisArg::List(smallvec::smallvec![0])), AxisArg::parse)? {
        AxisArg::All => Err(type_error("expand_dims: an axis is an integer")),
        AxisArg::List(list) => wrap(py, array_of(a, None)?.expand_dims(&list)?),
    }
}

/// Repeated to a shape without a copy; a view that cannot be written.
#[pyfunction]
#[pyo3(signature = (array, shape))]
fn broadcast_to(
    py: Python<'_>,
    array: &Bound<'_, PyAny>,
    shape: &Bound<'_, PyAny>,
) -> Outcome<Py<PyAny>> {
    wrap(py, array_of(array, None)?.broadcast_to(&shape_of(shape)?)?)
}

/// All arrays repeated to their common shape; views that cannot be written.
#[pyfunction]
#[pyo3(signature = (*arrays))]
fn broadcast_arrays<'py>(
    py: Python<'py>,
    arrays: &Bound<'py, PyTuple>,
) -> Outcome<Bound<'py, PyTuple>> {
    let all = arrays
        .iter()
        .map(|a| array_of(&a, None))
        .collect::<Outcome<Vec<_>>>()?;
    let shapes: Vec<&[usize]> = all.iter().map(|a| a.shape()).collect();
    let shape = broadcast_shapes("broadcast_arrays", &shapes)?;
    let views = all
        .iter()
        .map(|a| wrap(py, a.broadcast_to(&shape)?))
        .collect::<Outcome<Vec<_>>>()?;
    Ok(PyTuple::new(py, views)?)
}

/// The shape to which these shapes broadcast.
#[pyfunction(name = "broadcast_shapes")]
#[pyo3(signature = (*shapes))]
fn common_shape<'py>(
    py: Python<'py>,
    shapes: &Bound<'py, PyTuple>,
) -> Outcome<Bound<'py, PyTuple>> {
    let all = shapes
        .iter()
        .map(|s| shape_of(&s))
        .collect::<Outcome<Vec<_>>>()?;
    let all: Vec<&[usize]> = all.iter().map(Vec::as_slice).collect();
    Ok(PyTuple::new(
        py,
        broadcast_shapes("broadcast_shapes", &all)?,
    )?)
}

/// The elements at indices along an axis, or of the flattened array.
#[pyfunction]
#[pyo3(signature = (a, indices, axis=None, out=None, mode="raise"))]
fn take(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    indices: &Bound<'_, PyAny>,
    axis: Option<isize>,
    out: Option<&Bound<'_, PyAny>>,
    mode: &str,
) -> Outcome<Py<PyAny>> {
    let result = methods::take(py, &array_of(a, None)?, indices, axis, mode)?;
    match out.map(output).transpose()?.flatten() {
        Some(out) => write_out("take", result, out),
        None => wrap(py, result),
    }
}

/// `e^(x - max) / Σ e^(x - max)` along an axis.
#[pyfunction]
#[pyo3(signature = (x, axis=-1), text_signature = "(x, axis=-1)")]
fn softmax(py: Python<'_>, x: &Bound<'_, PyAny>, axis: isize) -> Outcome<Py<PyAny>> {
    let x = array_of(x, None)?;
    wrap(py, gil::work(py, x.len(), || x.softmax(axis))?)
}

/// Where each index is, in a new last axis: 1, and 0 elsewhere. Without `num_classes` as many as the largest index needs.
#[pyfunction]
#[pyo3(signature = (x, num_classes=None, dtype=None))]
fn one_hot(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    num_classes: Option<usize>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let x = array_of(x, None)?;
    let depth = match num_classes {
        Some(n) => n,
        None if x.is_empty() => 0,
        None => {
            let Scalar::Int(most) = x
                .detach()
                .reduce(Reduction::Max, ReduceOptions::default())?
                .item()?
            else {
                return Err(type_error("one_hot: indices are integers"));
            };
            usize::try_from(most.saturating_add(1)).unwrap_or(0)
        }
    };
    wrap(
        py,
        x.one_hot(depth, parse_optional(dtype)?.unwrap_or(DType::F64))?,
    )
}

/// The running sum along an axis, or over all elements.
#[pyfunction]
#[pyo3(signature = (a, axis=None, dtype=None, out=None))]
fn cumsum(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    axis: Option<isize>,
    dtype: Option<&Bound<'_, PyAny>>,
    out: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let (a, dtype) = (array_of(a, None)?, parse_optional(dtype)?);
    let result = gil::work(py, a.len(), || a.cumsum(axis, dtype))?;
    match out.map(output).transpose()?.flatten() {
        Some(out) => write_out("cumsum", result, out),
        None => wrap(py, result),
    }
}

/// A copy in another dtype; with `copy=False` only where it differs.
#[pyfunction]
#[pyo3(signature = (x, dtype, /, *, copy=true, device=None))]
fn astype(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    dtype: &Bound<'_, PyAny>,
    copy: bool,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    crate::create::check_device(device)?;
    let (x, dtype) = (array_of(x, None)?, crate::dtype::parse(dtype)?);
    wrap(
        py,
        gil::work(py, x.len(), || {
            if dtype == x.dtype() && copy {
                x.copied()
            } else {
                x.cast(dtype)
            }
        })?,
    )
}

/// Where elements are not zero: a tuple with an array of indices for each axis.
pub fn nonzero_tuple(py: Python<'_>, a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let a = array_of(a, None)?.detach();
    if a.rank() == 0 {
        return Err(value_error(
            "Calling nonzero on 0d arrays is not allowed.\n  hint: `a.reshape(1).nonzero()`",
        ));
    }
    let found = crate::index::nonzero(&a)?;
    let arrays = found
        .into_iter()
        .map(|places| {
            let n = places.len();
            wrap(py, Raw::from_vec(places, &[n])?)
        })
        .collect::<Outcome<Vec<_>>>()?;
    Ok(PyTuple::new(py, arrays)?.into_any().unbind())
}

/// Where elements are not zero: a tuple with an array of indices for each axis.
#[pyfunction]
#[pyo3(signature = (a))]
fn nonzero(py: Python<'_>, a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    nonzero_tuple(py, a)
}

fn strong(v: Value<'_>) -> Outcome<Raw> {
    match v {
        Value::Ref(raw) => Ok(raw.detach()),
        Value::Own(raw) => Ok(*raw),
        Value::Weak(s) => crate::convert::scalar_array(s, None),
    }
}

/// `|a - b| ≤ atol + rtol · |b|`, or equal, or both NaN where that counts.
fn close(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
) -> Outcome<Raw> {
    let (a, b) = (strong(value(a)?)?, strong(value(b)?)?);
    let real = |x: Raw| {
        if x.dtype().is_complex() {
            x.cast(DType::C128)
        } else {
            x.cast(DType::F64)
        }
    };
    let (a, b) = (real(a)?, real(b)?);
    gil::work(py, gil::broadcast_len(&[a.len(), b.len()]), || {
        let bound = Raw::apply(
            Op::Add,
            &[
                (&Raw::apply(Op::Mul, &[(&b.abs()?).into(), Scalar::Float(rtol).into()])?).into(),
                Scalar::Float(atol).into(),
            ],
        )?;
        let near = a.sub(&b)?.abs()?.le(&bound)?;
        // an infinite bound says nothing
        let finite = Raw::apply(
            Op::Lt,
            &[(&b.abs()?).into(), Scalar::Float(f64::INFINITY).into()],
        )?;
        let mut same = near.logical_and(&finite)?.logical_or(&a.eq(&b)?)?;
        if equal_nan {
            same = same.logical_or(&a.isnan()?.logical_and(&b.isnan()?)?)?;
        }
        Ok(same)
    })
}

/// Element by element: `|a - b| ≤ atol + rtol · |b|`?
#[pyfunction]
#[pyo3(signature = (a, b, rtol=1e-5, atol=1e-8, equal_nan=false), text_signature = "(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)")]
fn isclose(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
) -> Outcome<Py<PyAny>> {
    wrap(py, close(py, a, b, rtol, atol, equal_nan)?)
}

fn all_true(x: &Raw) -> Outcome<bool> {
    Ok(x.reduce(
        Reduction::All,
        ReduceOptions {
            axes: Axes::All,
            ..Default::default()
        },
    )?
    .item()?
        == Scalar::Bool(true))
}

/// Are all elements close? See `isclose`.
#[pyfunction]
#[pyo3(signature = (a, b, rtol=1e-5, atol=1e-8, equal_nan=false), text_signature = "(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)")]
fn allclose(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
) -> Outcome<bool> {
    all_true(&close(py, a, b, rtol, atol, equal_nan)?)
}

/// Have the two the same shape and equal elements?
#[pyfunction]
#[pyo3(signature = (a1, a2, equal_nan=false))]
fn array_equal(
    py: Python<'_>,
    a1: &Bound<'_, PyAny>,
    a2: &Bound<'_, PyAny>,
    equal_nan: bool,
) -> Outcome<bool> {
    let (a, b) = (array_of(a1, None)?.detach(), array_of(a2, None)?.detach());
    if a.shape() != b.shape() {
        return Ok(false);
    }
    let mut same = gil::work(py, a.len(), || a.eq(&b))?;
    if equal_nan {
        same = same.logical_or(&a.isnan()?.logical_and(&b.isnan()?)?)?;
    }
    all_true(&same)
}

/// Lengths of the axes.
#[pyfunction]
fn shape<'py>(py: Python<'py>, a: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyTuple>> {
    Ok(PyTuple::new(py, array_of(a, None)?.shape())?)
}

/// Number of axes.
#[pyfunction]
fn ndim(a: &Bound<'_, PyAny>) -> Outcome<usize> {
    Ok(array_of(a, None)?.rank())
}

/// Number of elements, of all or along an axis.
#[pyfunction]
#[pyo3(signature = (a, axis=None))]
fn size(a: &Bound<'_, PyAny>, axis: Option<isize>) -> Outcome<usize> {
    let a = array_of(a, None)?;
    match axis {
        None => Ok(a.len()),
        Some(axis) => Ok(a.shape()[civita_core::layout::normalize_axis("size", axis, a.rank())?]),
    }
}

/// May the two reach the same memory?
#[pyfunction]
fn shares_memory(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Outcome<bool> {
    let (a, b) = (array_of(a, None)?, array_of(b, None)?);
    let span = |x: &Raw| -> Option<(usize, usize)> {
        let (low, high) = x.layout().span()?;
        let (base, size) = (x.storage().ptr().addr(), x.dtype().size());
        Some((base + low * size, base + (high + 1) * size))
    };
    match (span(&a), span(&b)) {
        (Some((a0, a1)), Some((b0, b1))) if a0 < b1 && b0 < a1 => {
            let same = civita_core::storage::Storage::same_buffer(a.storage(), b.storage())
                && a.dtype() == b.dtype();
            Ok(!same || a.layout().overlaps(b.layout()))
        }
        _ => Ok(false),
    }
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    macro_rules! add {
        ($($name:ident)*) => { $( m.add_function(wrap_pyfunction!($name, m)?)?; )* };
    }
    add!(concatenate stack matmul dot reshape ravel transpose permute_dims matrix_transpose swapaxes moveaxis flip squeeze
         expand_dims broadcast_to broadcast_arrays common_shape take softmax one_hot cumsum astype nonzero isclose allclose
         array_equal shape ndim size shares_memory);
    m.add("concat", m.getattr("concatenate")?)?;
    Ok(())
}
