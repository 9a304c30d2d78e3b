//! New arrays.

use civita_core::dtype::{DType, Kind, Scalar, promote};
use civita_core::functions::constant_alone;
use civita_core::layout::Dims;
use civita_core::raw::Raw;
use civita_core::storage::Access;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use smallvec::smallvec;

use crate::array::{Array, in_order, place_new, wrap, wrap_view};
use crate::convert::{self, Value, array_of, converted, scalar_array, value};
use crate::dtype::{ByteOrder, optional_in_order, order_of};
use crate::error::{Fault, Outcome, type_error, value_error};
use crate::errstate;
use crate::gil;
use crate::order::{self, Order};
use crate::subclass::{kept_like, wrap_as};

/// A shape: an integer, or a sequence of them.
pub fn shape_of(ob: &Bound<'_, PyAny>) -> Outcome<Dims> {
    let length = |ob: &Bound<'_, PyAny>| -> Outcome<usize> {
        match ob.extract::<isize>() {
            Ok(n) if n >= 0 => Ok(n as usize),
            Ok(n) => Err(value_error(format!(
                "negative dimensions are not allowed: {n}"
            ))),
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(ob.py()) => {
                Err(value_error("a length of the shape is larger than memory"))
            }
            Err(_) => Err(type_error(format!(
                "'{}' object cannot be interpreted as an integer",
                ob.get_type().name()?
            ))),
        }
    };
    if ob.is_exact_instance_of::<PyInt>() {
        return Ok(smallvec![length(ob)?]);
    }
    if let Ok(tuple) = ob.cast::<PyTuple>() {
        return tuple.iter().map(|n| length(&n)).collect();
    }
    if let Ok(list) = ob.cast::<PyList>() {
        return list.iter().map(|n| length(&n)).collect();
    }
    // other sequences, and vectors of integers
    match ob.len() {
        Ok(n) => (0..n).map(|i| length(&ob.get_item(i)?)).collect(),
        Err(_) => Ok(smallvec![length(ob)?]),
    }
}

/// There is one device.
pub fn check_device(device: Option<&str>) -> Outcome<()> {
    match device {
        None | Some("cpu") => Ok(()),
        Some(other) => Err(value_error(format!(
            "Device not understood. Only \"cpu\" is allowed, but received: {other}"
        ))),
    }
}

#[inline(always)]
fn finish(py: Python<'_>, raw: Raw, requires_grad: bool) -> Outcome<Py<PyAny>> {
    if !requires_grad {
        return wrap(py, raw);
    }
    // the bytes become Aliased first, so that the leaf shares them
    wrap(py, raw.into_aliased()?.requires_grad()?)
}

/// What `copy=` says: always, never, or where it must be.
#[derive(Clone, Copy, PartialEq)]
enum CopyMode {
    Always,
    Never,
    IfNeeded,
}

fn copy_mode(ob: &Bound<'_, PyAny>) -> Outcome<CopyMode> {
    if ob.is_none() {
        return Ok(CopyMode::IfNeeded);
    }
    if ob.is_instance_of::<pyo3::types::PyString>() {
        return Err(value_error(
            "strings are not allowed for 'copy' keyword. Use True/False/None instead.",
        ));
    }
    if ob.get_type().name()? == "_CopyMode" {
        return Ok(match ob.getattr("name")?.extract::<String>()?.as_str() {
            "ALWAYS" => CopyMode::Always,
            "NEVER" => CopyMode::Never,
            _ => CopyMode::IfNeeded,
        });
    }
    Ok(if ob.is_truthy()? {
        CopyMode::Always
    } else {
        CopyMode::Never
    })
}

/// `like=` chooses the package that makes the array: what another one made, or `None` where it is this one.
pub fn made_like<'py>(
    like: Option<&Bound<'py, PyAny>>,
    name: &str,
    args: &[&Bound<'py, PyAny>],
    keywords: &[(&str, Option<&Bound<'py, PyAny>>)],
) -> Outcome<Option<Py<PyAny>>> {
    let Some(like) = like else {
        return Ok(None);
    };
    let kwargs = crate::overrides::given_of(like.py(), keywords)?;
    crate::overrides::made_like(like, name, &PyTuple::new(like.py(), args)?, &kwargs)
}

/// A number of Python's or ours, and the dtype of the array that it becomes. Integers of more than 64 bits are for the general path.
fn lone_number(ob: &Bound<'_, PyAny>) -> Option<(Scalar, DType)> {
    if let Some(found) = crate::scalar::slots::scalar_of(ob) {
        return Some(found);
    }
    let scalar = crate::convert::scalar_exact(ob).ok()??;
    let dtype = match scalar {
        Scalar::Bool(_) => DType::Bool,
        Scalar::Int(v) => i64::try_from(v).ok().map(|_| DType::I64)?,
        Scalar::Float(_) => DType::F64,
        Scalar::Complex(_) => DType::C128,
    };
    Some((scalar, dtype))
}

/// An array from nested lists, a number, another array, or any object with the buffer protocol, `__array__` or DLPack. A
/// copy, unless `copy=False` (which refuses to copy) or `copy=None` (which copies only where it must).
#[pyfunction]
#[pyo3(
    signature = (object, dtype=None, *, copy=Given(None), order=None, subok=false, ndmin=0, ndmax=0, like=None, requires_grad=false, device=None),
    text_signature = "(object, dtype=None, *, copy=True, order='K', subok=False, ndmin=0, ndmax=0, like=None, requires_grad=False, device=None)"
)]
#[allow(clippy::too_many_arguments)]
fn array(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    copy: Given<'_>,
    order: Option<&Bound<'_, PyAny>>,
    subok: bool,
    ndmin: isize,
    ndmax: isize,
    like: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
    device: Option<&str>,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    let named = [
        ("dtype", dtype),
        ("copy", copy.0.as_ref()),
        ("order", order),
    ];
    if let Some(made) = made_like(like, "array", &[object], &named)? {
        return Ok(made);
    }
    let order = Order::parse(order, Order::Keep)?;
    if ndmin > 64 {
        return Err(value_error(
            "ndmin bigger than allowable number of dimensions (64)",
        ));
    }
    if !(0..=64).contains(&ndmax) {
        return Err(value_error("ndmax must be in the range [0, 64]"));
    }
    if ndmax > 0 && ndmin > ndmax {
        return Err(value_error("ndmin must be <= ndmax"));
    }
    let dtype = optional_in_order(dtype)?;
    let copy = match &copy.0 {
        Some(ob) => copy_mode(ob)?,
        None => CopyMode::Always,
    };
    // most calls: numbers in a list
    if object.is_exact_instance_of::<PyList>()
        && (dtype, order, ndmin, ndmax) == (None, Order::Keep, 0, 0)
        && copy != CopyMode::Never
        && !requires_grad
        && let Some(raw) = crate::lists::plain(object, None)?
    {
        return wrap(py, raw);
    }
    if (dtype, order, ndmin, ndmax) == (None, Order::Keep, 0, 0)
        && copy != CopyMode::Never
        && !requires_grad
        && let Some((scalar, dtype)) = lone_number(object)
    {
        return wrap(py, Raw::scalar(scalar, dtype)?);
    }
    let made;
    let (object, copy) = match object.is_exact_instance_of::<Array>() {
        true => (object, copy),
        false => {
            made = asked(object, copy)?;
            (&made.0, made.1)
        }
    };
    if copy != CopyMode::Always
        && !requires_grad
        && let Ok(array) = object.cast::<Array>()
        && (ndmin..=if ndmax > 0 { ndmax } else { 64 })
            .contains(&(array.get().raw().rank() as isize))
        && dtype.is_none_or(|d| d == (array.get().raw().dtype(), array.get().order()))
        && order::fits(&array.get().raw(), order)
    {
        return as_asked(object, subok);
    }
    let (mut raw, bytes, is_shared) = taken(py, object, dtype, copy, order)?;
    if ndmax > 0 && raw.rank() > ndmax as usize {
        return Err(value_error(format!(
            "setting an array element with a sequence. The requested array would exceed the maximum number of dimension of {ndmax}.",
        )));
    }
    if (raw.rank() as isize) < ndmin {
        let mut shape = vec![1; ndmin as usize - raw.rank()];
        shape.extend_from_slice(raw.shape());
        raw = raw.reshape(&shape)?;
    }
    if requires_grad {
        return in_order(py, finish(py, raw, true), bytes);
    }
    wrap_taken(py, raw, bytes, is_shared, object, subok)
}

/// An array that need not change: itself, or as an `ndarray` where its class is another one that was not asked for.
fn as_asked(array: &Bound<'_, PyAny>, subok: bool) -> Outcome<Py<PyAny>> {
    match array.cast::<Array>() {
        Ok(own) if !subok && !array.is_exact_instance_of::<Array>() => {
            let class = array.py().get_type::<Array>();
            let (raw, bytes) = (own.get().raw().clone(), own.get().order());
            wrap_as(&class, raw, bytes, Some(array), None)
        }
        _ => Ok(array.clone().unbind()),
    }
}

/// A tensor that was made from an object, or shares its memory; with `subok` it is of the object's class.
fn wrap_taken(
    py: Python<'_>,
    raw: Raw,
    bytes: ByteOrder,
    is_shared: bool,
    object: &Bound<'_, PyAny>,
    subok: bool,
) -> Outcome<Py<PyAny>> {
    if !object.is_exact_instance_of::<Array>() && object.is_instance_of::<Array>() {
        let source = is_shared.then_some(object);
        return match subok {
            true => wrap_as(&object.get_type(), raw, bytes, source, Some(object)),
            false => wrap_as(&py.get_type::<Array>(), raw, bytes, source, None),
        };
    }
    let made = match is_shared {
        true => wrap_view(py, raw, object),
        false => wrap(py, raw),
    };
    in_order(py, made, bytes)
}

/// An argument that may be `None` and still be given: of `Option<Bound>` that would be one that is not.
pub struct Given<'py>(pub Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(ob: Borrowed<'_, 'py, PyAny>) -> PyResult<Given<'py>> {
        Ok(Given(Some(ob.to_owned())))
    }
}

/// What `__array__` of an object returns, which is told whether to copy, and what is left to do of that. An object without
/// the method, or with memory to share, is itself.
fn asked<'py>(
    object: &Bound<'py, PyAny>,
    copy: CopyMode,
) -> Outcome<(Bound<'py, PyAny>, CopyMode)> {
    let py = object.py();
    let is_itself = object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PyInt>()
        || object.is_instance_of::<PyFloat>()
        || object.is_instance_of::<PyType>()
        || crate::scalar::raw_of(object)?.is_some()
        || crate::buffer::has_buffer(object)
        || !object.hasattr("__array__")?;
    if is_itself {
        return Ok((object.clone(), copy));
    }
    let keywords = PyDict::new(py);
    match copy {
        CopyMode::IfNeeded => return Ok((produced(object.call_method0("__array__")?)?, copy)),
        CopyMode::Always => keywords.set_item("copy", true)?,
        CopyMode::Never => keywords.set_item("copy", false)?,
    }
    let error = match object.call_method("__array__", (), Some(&keywords)) {
        // what it copied need not be copied again
        Ok(made) => {
            let left = match copy {
                CopyMode::Always => CopyMode::IfNeeded,
                other => other,
            };
            return Ok((produced(made)?, left));
        }
        Err(error) => error,
    };
    let takes_no_copy = error.is_instance_of::<PyTypeError>(py)
        && error
            .value(py)
            .str()?
            .to_string()
            .contains("unexpected keyword argument");
    match copy {
        _ if !takes_no_copy => Err(error.into()),
        CopyMode::Never => Err(value_error(
            "Unable to avoid copy while creating an array as requested: `__array__` of the object takes no `copy`\n  hint: `copy=None` copies only where it must",
        )),
        _ => Ok((produced(object.call_method0("__array__")?)?, copy)),
    }
}

/// What `__array__` returned, if that is an array.
fn produced(made: Bound<'_, PyAny>) -> Outcome<Bound<'_, PyAny>> {
    match made.is_instance_of::<Array>() || crate::buffer::has_buffer(&made) {
        true => Ok(made),
        false => Err(value_error(
            "object __array__ method not producing an array",
        )),
    }
}

/// The tensor that an array is made of, the byte order it is declared in, and whether it shares the object's memory.
fn taken(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    dtype: Option<(DType, ByteOrder)>,
    copy: CopyMode,
    order: Order,
) -> Outcome<(Raw, ByteOrder, bool)> {
    let own = order_of(object)?;
    let bytes = dtype.map_or(own, |(_, bytes)| bytes);
    let dtype = dtype.map(|(dtype, _)| dtype);
    // what lies in the other order in memory of somebody else's is copied in the machine's
    let is_array = object.is_instance_of::<Array>();
    if copy == CopyMode::Never && !is_array && own == ByteOrder::Swapped {
        return Err(never());
    }
    if !is_array_like(object)? {
        if copy == CopyMode::Never {
            return Err(never());
        }
        // lists and numbers are checked against the dtype
        let raw = array_of(object, dtype)?;
        let raw = match order {
            Order::F if raw.rank() > 1 => order::copied(&raw, order)?,
            _ => raw,
        };
        return Ok((raw, bytes, true));
    }
    let raw = array_of(object, None)?;
    let converts = dtype.is_some_and(|d| d != raw.dtype());
    let moves = converts || !order::fits(&raw, order) || is_array && bytes != own;
    match copy {
        // what could not be shared (unaligned, packed, of the other byte order) is in memory of our own
        CopyMode::Never if moves || !raw.is_empty() && raw.storage().access() == Access::Owned => {
            Err(never())
        }
        CopyMode::Never => Ok((raw, bytes, true)),
        CopyMode::IfNeeded if !moves => Ok((raw, bytes, true)),
        _ => {
            if let Some(to) = dtype {
                errstate::check_complex(py, raw.dtype(), to)?;
            }
            let copied = gil::work(py, raw.len(), || match dtype {
                Some(d) if converts => {
                    let cast = raw.cast(d)?;
                    match order::fits(&cast, order) {
                        true => Ok(cast),
                        false => order::copied(&cast, order),
                    }
                }
                _ => order::copied(&raw, order),
            });
            Ok((copied?, bytes, false))
        }
    }
}

#[cold]
fn never() -> crate::error::Fault {
    value_error(
        "Unable to avoid copy while creating an array as requested.\n  hint: `copy=None` copies only where it must",
    )
}

/// Whether converting the object shares its memory.
fn is_array_like(ob: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(ob.is_instance_of::<Array>()
        || (!ob.is_instance_of::<PyList>()
            && !ob.is_instance_of::<PyTuple>()
            && (crate::buffer::has_buffer(ob)
                || ob.hasattr("__array__")?
                || ob.hasattr("__array_interface__")?
                || ob.hasattr("__dlpack__")?)))
}

/// As `array`, sharing the memory of another array (NumPy's too) where its dtype allows.
#[pyfunction]
#[pyo3(
    signature = (a, dtype=None, order=None, *, device=None, copy=Given(None), like=None, requires_grad=false),
    text_signature = "(a, dtype=None, order=None, *, device=None, copy=None, like=None, requires_grad=False)"
)]
#[allow(clippy::too_many_arguments)]
fn asarray(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
    copy: Given<'_>,
    like: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
) -> Outcome<Py<PyAny>> {
    let named = [
        ("dtype", dtype),
        ("order", order),
        ("copy", copy.0.as_ref()),
    ];
    match made_like(like, "asarray", &[a], &named)? {
        Some(made) => Ok(made),
        None => {
            let class = Class {
                subok: false,
                requires_grad,
            };
            as_array(py, a, dtype, order, device, copy, class)
        }
    }
}

/// What an array that is converted to becomes: of its own class, and a leaf that requires a gradient.
#[derive(Clone, Copy)]
struct Class {
    subok: bool,
    requires_grad: bool,
}

/// `asarray`, and with `subok` `asanyarray`.
fn as_array(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
    copy: Given<'_>,
    Class {
        subok,
        requires_grad,
    }: Class,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    let order = Order::parse(order, Order::Keep)?;
    let dtype = optional_in_order(dtype)?;
    let copy = match &copy.0 {
        Some(ob) => copy_mode(ob)?,
        None => CopyMode::IfNeeded,
    };
    let made;
    let (a, copy) = match a.is_exact_instance_of::<Array>() {
        true => (a, copy),
        false => {
            made = asked(a, copy)?;
            (&made.0, made.1)
        }
    };
    let copy = match a.cast::<Array>() {
        // an array that is made of a scalar is new
        Ok(array) if array.get().raw().is_number() && copy != CopyMode::Never => CopyMode::Always,
        _ => copy,
    };
    if copy != CopyMode::Always
        && let Ok(array) = a.cast::<Array>()
    {
        let raw = array.get().raw();
        let is_leaf = !requires_grad || raw.tracks_gradient();
        let own = (raw.dtype(), array.get().order());
        if is_leaf && dtype.is_none_or(|d| d == own) && order::fits(&raw, order) {
            return as_asked(a, subok);
        }
    }
    let (raw, bytes, is_shared) = taken(py, a, dtype, copy, order)?;
    if requires_grad {
        return in_order(py, finish(py, raw, true), bytes);
    }
    wrap_taken(py, raw, bytes, is_shared, a, subok)
}

/// As `asarray`, of an array of a subclass that array.
#[pyfunction]
#[pyo3(
    signature = (a, dtype=None, order=None, *, device=None, copy=Given(None), like=None, requires_grad=false),
    text_signature = "(a, dtype=None, order=None, *, device=None, copy=None, like=None, requires_grad=False)"
)]
#[allow(clippy::too_many_arguments)]
fn asanyarray(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
    copy: Given<'_>,
    like: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
) -> Outcome<Py<PyAny>> {
    let named = [
        ("dtype", dtype),
        ("order", order),
        ("copy", copy.0.as_ref()),
    ];
    match made_like(like, "asanyarray", &[a], &named)? {
        Some(made) => Ok(made),
        None => {
            let class = Class {
                subok: true,
                requires_grad,
            };
            as_array(py, a, dtype, order, device, copy, class)
        }
    }
}

macro_rules! filled {
    ($(#[doc = $doc:literal] $name:ident #[doc = $like_doc:literal] $like:ident $make:expr;)*) => { $(
        #[doc = $doc]
        #[pyfunction]
        #[pyo3(
            signature = (shape, dtype=None, order=None, *, device=None, like=None, requires_grad=false),
            text_signature = "(shape, dtype=None, order='C', *, device=None, like=None, requires_grad=False)"
        )]
        #[allow(clippy::too_many_arguments)]
        fn $name(py: Python<'_>, shape: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>, order: Option<&Bound<'_, PyAny>>, device: Option<&str>, like: Option<&Bound<'_, PyAny>>, requires_grad: bool) -> Outcome<Py<PyAny>> {
            let make: fn(&[usize], DType) -> civita_core::error::Result<Raw> = $make;
            // what asks for nothing else goes without the results that the rest moves through
            if let (None, None, None, None, false) = (dtype, order, device, like, requires_grad) {
                let mut x = make(&shape_of(shape)?, DType::F64)?;
                return match x.alias_unique() {
                    true => place_new(py, x),
                    false => wrap(py, x),
                };
            }
            check_device(device)?;
            if let Some(made) = made_like(like, stringify!($name), &[shape], &[("dtype", dtype), ("order", order)])? {
                return Ok(made);
            }
            let order = Order::parse_new(order)?;
            let (dtype, bytes) = optional_in_order(dtype)?.unwrap_or((DType::F64, ByteOrder::Native));
            in_order(py, finish(py, order::new(&shape_of(shape)?, dtype, order, make)?, requires_grad), bytes)
        }
        #[doc = $like_doc]
        #[pyfunction]
        #[pyo3(
            signature = (a, dtype=None, order=None, subok=true, shape=None, *, device=None, requires_grad=false),
            text_signature = "(a, dtype=None, order='K', subok=True, shape=None, *, device=None, requires_grad=False)"
        )]
        #[allow(clippy::too_many_arguments)]
        fn $like(py: Python<'_>, a: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>, order: Option<&Bound<'_, PyAny>>, subok: bool, shape: Option<&Bound<'_, PyAny>>, device: Option<&str>, requires_grad: bool) -> Outcome<Py<PyAny>> {
            let named = [("dtype", dtype), ("order", order), ("shape", shape)];
            if let Some(made) = crate::overrides::like(stringify!($like), &[a], &named)? {
                return Ok(made);
            }
            check_device(device)?;
            let order = Order::parse(order, Order::Keep)?;
            let prototype = a;
            let a = array_of(a, None)?;
            let shape = shape.map(shape_of).transpose()?.unwrap_or_else(|| a.shape().into());
            let make: fn(&[usize], DType) -> civita_core::error::Result<Raw> = $make;
            let (dtype, bytes) = match optional_in_order(dtype)? {
                Some(given) => given,
                None => (a.dtype(), order_of(prototype)?),
            };
            let new = order::new_like(&a, &shape, dtype, order, make)?;
            kept_like(prototype, subok, in_order(py, finish(py, new, requires_grad), bytes))
        }
    )* };
}
filled! {
    /// An array of zeros.
    zeros
    /// Zeros of another array's shape and dtype.
    zeros_like Raw::zeros;
    /// An array of ones.
    ones
    /// Ones of another array's shape and dtype.
    ones_like Raw::ones;
    /// An uninitialised array: its contents are arbitrary.
    empty
    /// Memory of another array's shape and dtype.
    empty_like Raw::empty;
}

fn filled_with(
    fill: &Bound<'_, PyAny>,
    dtype: Option<DType>,
    new: impl Fn(DType, &dyn Fn(&[usize], DType) -> civita_core::error::Result<Raw>) -> Outcome<Raw>,
) -> Outcome<Raw> {
    let wide = dtype.filter(|dtype| dtype.is_differentiable());
    // a text is a number where a dtype says so
    if dtype.is_some() && fill.is_instance_of::<PyString>() {
        let fill = array_of(fill, dtype)?;
        let mut all = new(fill.dtype(), &Raw::empty)?;
        all.assign(&fill)?;
        return Ok(all);
    }
    let given = match convert::scalar_for(fill, wide)? {
        Some(Scalar::Int(n)) if wide.is_some() => Value::Weak(Scalar::Float(n as f64)),
        Some(s) => Value::Weak(s),
        None => value(fill)?,
    };
    match given {
        Value::Weak(s) => {
            // as a cast of a number, with its warnings
            if let Some(dtype) = dtype.filter(|dtype| s.kind() > dtype.kind())
                && matches!(s, Scalar::Float(_) | Scalar::Complex(_))
            {
                errstate::check_complex(fill.py(), s.default_dtype(), dtype)?;
                let one = converted(fill.py(), Raw::scalar(s, s.default_dtype())?, Some(dtype))?;
                let mut all = new(dtype, &Raw::empty)?;
                all.assign(&one)?;
                return Ok(all);
            }
            let one = scalar_array(s, dtype)?;
            if errstate::overflows(s, one.dtype()) {
                errstate::check_narrowed(fill.py(), &one, || {
                    Ok(Raw::scalar(s, s.default_dtype())?)
                })?;
            }
            let item = one.item()?;
            new(one.dtype(), &|shape, d| Raw::full(shape, item, d))
        }
        _ => {
            let fill = array_of(fill, dtype)?;
            let mut all = new(fill.dtype(), &Raw::empty)?;
            if !fill.is_plain() {
                return Ok(fill.broadcast_to(all.shape())?.copied()?);
            }
            all.assign(&fill)?;
            Ok(all)
        }
    }
}

/// An array of one value.
#[pyfunction]
#[pyo3(
    signature = (shape, fill_value, dtype=None, order=None, *, device=None, like=None, requires_grad=false),
    text_signature = "(shape, fill_value, dtype=None, order='C', *, device=None, like=None, requires_grad=False)"
)]
#[allow(clippy::too_many_arguments)]
fn full(
    py: Python<'_>,
    shape: &Bound<'_, PyAny>,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
    like: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    let named = [("dtype", dtype), ("order", order)];
    if let Some(made) = made_like(like, "full", &[shape, fill_value], &named)? {
        return Ok(made);
    }
    let order = Order::parse_new(order)?;
    let shape = shape_of(shape)?;
    let dtype = optional_in_order(dtype)?;
    let bytes = match dtype {
        Some((_, bytes)) => bytes,
        None => order_of(fill_value)?,
    };
    let new = filled_with(fill_value, dtype.map(|d| d.0), |dtype, make| {
        order::new(&shape, dtype, order, make)
    });
    in_order(py, finish(py, new?, requires_grad), bytes)
}

/// One value in another array's shape and dtype.
#[pyfunction]
#[pyo3(
    signature = (a, fill_value, dtype=None, order=None, subok=true, shape=None, *, device=None, requires_grad=false),
    text_signature = "(a, fill_value, dtype=None, order='K', subok=True, shape=None, *, device=None, requires_grad=False)"
)]
#[allow(clippy::too_many_arguments)]
fn full_like(
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: Option<&Bound<'_, PyAny>>,
    subok: bool,
    shape: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
    requires_grad: bool,
) -> Outcome<Py<PyAny>> {
    let named = [("dtype", dtype), ("order", order), ("shape", shape)];
    if let Some(made) = crate::overrides::like("full_like", &[a, fill_value], &named)? {
        return Ok(made);
    }
    check_device(device)?;
    let order = Order::parse(order, Order::Keep)?;
    let prototype = a;
    let a = array_of(a, None)?;
    let shape = shape
        .map(shape_of)
        .transpose()?
        .unwrap_or_else(|| a.shape().into());
    let (dtype, bytes) = match optional_in_order(dtype)? {
        Some(given) => given,
        None => (a.dtype(), order_of(prototype)?),
    };
    let new = filled_with(fill_value, Some(dtype), |dtype, make| {
        order::new_like(&a, &shape, dtype, order, make)
    });
    let made = in_order(py, finish(py, new?, requires_grad), bytes);
    kept_like(prototype, subok, made)
}

fn number(ob: &Bound<'_, PyAny>) -> Outcome<(Scalar, DType)> {
    match value(ob)? {
        Value::Weak(s) => Ok((s, s.default_dtype())),
        Value::Ref(raw) => constant(&raw),
        Value::Own(raw) => constant(&raw),
    }
}

/// The value of an array that is a number without derivatives.
fn constant(raw: &Raw) -> Outcome<(Scalar, DType)> {
    if raw.is_differentiated() {
        return Err(constant_alone().into());
    }
    Ok((raw.item()?, raw.dtype()))
}

/// Evenly spaced values: `arange(stop)`, `arange(start, stop)`, `arange(start, stop, step)`. `stop` is left out.
#[pyfunction]
#[pyo3(
    signature = (start_or_stop=None, stop=None, step=None, dtype=None, *, start=None, device=None, like=None, requires_grad=false),
    text_signature = "(start_or_stop, /, stop=None, step=1, dtype=None, *, device=None, like=None, requires_grad=False)"
)]
#[allow(clippy::too_many_arguments)]
fn arange(
    py: Python<'_>,
    start_or_stop: Option<&Bound<'_, PyAny>>,
    stop: Option<&Bound<'_, PyAny>>,
    step: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    device: Option<&str>,
    like: Option<&Bound<'_, PyAny>>,
    requires_grad: bool,
) -> Outcome<Py<PyAny>> {
    check_device(device)?;
    if like.is_some() {
        let given = [start.or(start_or_stop), stop, step];
        let args: Vec<_> = given.into_iter().map_while(|ob| ob).collect();
        if let Some(made) = made_like(like, "arange", &args, &[("dtype", dtype)])? {
            return Ok(made);
        }
    }
    if start.is_some() && start_or_stop.is_some() {
        return Err(type_error(
            "arange() got multiple values for argument 'start'",
        ));
    }
    let zero = (Scalar::Int(0), DType::I64);
    let given =
        |ob: Option<&Bound<'_, PyAny>>| ob.filter(|ob| !ob.is_none()).map(number).transpose();
    let first = given(start.or(start_or_stop))?;
    let (start, stop) = match (first, given(stop)?) {
        (Some(start), Some(stop)) => (start, stop),
        (None, Some(stop)) => (zero, stop),
        (Some(stop), None) if start.is_none() => (zero, stop),
        _ => return Err(type_error("arange() requires stop to be specified.")),
    };
    let step = step
        .filter(|ob| !ob.is_none())
        .map(number)
        .transpose()?
        .unwrap_or((Scalar::Int(1), DType::I64));
    if [start, stop, step]
        .iter()
        .any(|(s, _)| s.kind() == Kind::Complex)
    {
        return Err(type_error(
            "arange: complex numbers have no order to count in",
        ));
    }
    let (dtype, bytes) = optional_in_order(dtype)?.unwrap_or_else(|| {
        // NumPy's: at least that of indices, whatever the numbers have
        let all = promote(promote(start.1, stop.1), step.1);
        (promote(DType::I64, all), ByteOrder::Native)
    });
    let whole = |s: Scalar| {
        if let Scalar::Bool(v) = s {
            Scalar::Int(v.into())
        } else {
            s
        }
    };
    if whole(step.0).as_f64() == 0.0 {
        return Err(pyo3::exceptions::PyZeroDivisionError::new_err(
            "arange: Maximum allowed size exceeded: the step is 0",
        )
        .into());
    }
    let (start, stop, step) = (whole(start.0), whole(stop.0), whole(step.0));
    let length = (stop.as_f64() - start.as_f64()) / step.as_f64();
    if length.is_nan() {
        return Err(value_error("arange: cannot compute length"));
    }
    if length > isize::MAX as f64 {
        return Err(value_error("arange: Maximum allowed size exceeded"));
    }
    // a number of elements; casts saturate
    let about = length as usize;
    let counted = gil::work(py, about, || match dtype {
        // the first two, as booleans
        DType::Bool if (0.0..=2.0).contains(&length.ceil()) => {
            Raw::arange(start, stop, step, DType::F64)?.cast(dtype)
        }
        _ => Raw::arange(start, stop, step, dtype),
    });
    let values = counted.map_err(|error| match error.is_dtype() && dtype != DType::Bool {
        // a value that does not fit
        true => PyOverflowError::new_err(crate::error::text_of(&error)).into(),
        false => Fault::from(error),
    })?;
    in_order(py, finish(py, values, requires_grad), bytes)
}

/// Adds the functions to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(array, m)?)?;
    m.add_function(wrap_pyfunction!(asarray, m)?)?;
    m.add_function(wrap_pyfunction!(asanyarray, m)?)?;
    m.add_function(wrap_pyfunction!(zeros, m)?)?;
    m.add_function(wrap_pyfunction!(zeros_like, m)?)?;
    m.add_function(wrap_pyfunction!(ones, m)?)?;
    m.add_function(wrap_pyfunction!(ones_like, m)?)?;
    m.add_function(wrap_pyfunction!(empty, m)?)?;
    m.add_function(wrap_pyfunction!(empty_like, m)?)?;
    m.add_function(wrap_pyfunction!(full, m)?)?;
    m.add_function(wrap_pyfunction!(full_like, m)?)?;
    m.add_function(wrap_pyfunction!(arange, m)?)?;
    Ok(())
}
