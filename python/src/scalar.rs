//! NumPy's scalars: `cv.float64(1.5)`, and what `x.sum()` and `x[0]` return.
//!
//! ```text
//! generic ─ bool, number ─ integer ─ signedinteger ─ int8 int16 int32 int64
//!                        │         └ unsignedinteger ─ uint8 uint16 uint32 uint64
//!                        └ inexact ─ floating ─ float8_e4m3fn float8_e5m2 float16 bfloat16 float32, float64 (a Python float too)
//!                                  └ complexfloating ─ complex64, complex128 (a Python complex too)
//! ```
//!
//! A scalar is immutable and hashable, and computes as an array without axes does; what it lacks by itself it asks of that
//! array. `generic` holds nothing, so that `float64` may have `float`'s memory; other scalars hold their bytes in
//! [`Held`]. The classes between are made with Python's `type`: the limited API cannot extend `float` from Rust.

// what `#[pymethods]` writes inside a macro of ours looks like our own code to the lint
#![allow(unsafe_op_in_unsafe_fn)]

use std::ffi::CString;

use civita_core::dtype::{DType, Kind, Scalar};
use civita_core::ops::Op;
use civita_core::print::{self, Legacy};
use civita_core::raw::Raw;
use num_complex::Complex;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyBytes, PyComplex, PyComplexMethods, PyDict, PyFloat, PyInt, PyList, PyString,
    PyTuple, PyType,
};

use crate::array::wrap;
use crate::convert::{Value, array_of, is_operand, scalar_beside, scalar_exact, value};
use crate::dtype::PyDType;
use crate::error::{Outcome, index_error, type_error};
use crate::errstate;
use crate::operators::{apply, by_ufunc, python_scalar};
use crate::overrides::{OF_SCALARS, Protocol, Stance, has_priority, stance};

pub mod slots;

/// The base of all scalars.
#[pyclass(name = "generic", module = "civita", subclass, frozen)]
pub struct Generic;

/// The bytes of a scalar that is no Python number.
#[derive(Clone, Copy)]
struct Held {
    bytes: [u8; 16],
    dtype: DType,
}

/// The classes of the dtypes, and where their instances hold their values.
struct Classes {
    of: Vec<Py<PyType>>,
    /// In a `float64`.
    float: usize,
    /// In a `complex128`.
    complex: usize,
    /// The base of scalars that are no Python numbers, and where they hold [`Held`].
    base: Py<PyType>,
    stored: usize,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// The class of a dtype's scalars.
pub fn class_of(py: Python<'_>, dtype: DType) -> Option<Bound<'_, PyType>> {
    Some(CLASSES.get(py)?.of[dtype as usize].bind(py).clone())
}

/// The dtype whose class this is.
pub fn dtype_of(class: &Bound<'_, PyType>) -> Option<DType> {
    let classes = CLASSES.get(class.py())?;
    let at = classes.of.iter().position(|c| c.is(class))?;
    DType::ALL.into_iter().find(|&d| d as usize == at)
}

/// The dtype of a scalar's class, or of the one that it was derived from.
fn dtype_of_instance(ob: &Bound<'_, PyAny>) -> Option<DType> {
    let class = ob.get_type();
    if let Some(dtype) = dtype_of(&class) {
        return Some(dtype);
    }
    let of = |base: Bound<'_, PyAny>| dtype_of(base.cast::<PyType>().ok()?);
    class.mro().iter().find_map(of)
}

/// What a scalar that is no Python number holds.
#[inline]
fn held(ob: &Bound<'_, PyAny>) -> Option<Held> {
    let classes = CLASSES.get(ob.py())?;
    // SAFETY: an object and a class; instances of the class and of derived ones begin with a header and what they hold.
    unsafe {
        if ffi::PyObject_TypeCheck(ob.as_ptr(), classes.base.bind(ob.py()).as_type_ptr()) == 0 {
            return None;
        }
        Some(
            ob.as_ptr()
                .cast::<u8>()
                .add(classes.stored)
                .cast::<Held>()
                .read(),
        )
    }
}

/// The value and dtype of a scalar of ours.
#[inline]
pub fn parts(ob: &Bound<'_, PyAny>) -> Option<(Scalar, DType)> {
    if !ob.is_instance_of::<Generic>() {
        return None;
    }
    if let Some(Held { bytes, dtype }) = held(ob) {
        return Some((Scalar::from_bytes(dtype, &bytes), dtype));
    }
    if let Ok(v) = ob.cast::<PyFloat>() {
        return Some((Scalar::Float(v.value()), DType::F64));
    }
    let v = ob.cast::<PyComplex>().ok()?;
    Some((
        Scalar::Complex(Complex::new(v.real(), v.imag())),
        DType::C128,
    ))
}

/// A scalar of ours as an array without axes.
#[inline]
pub fn raw_of(ob: &Bound<'_, PyAny>) -> Outcome<Option<Raw>> {
    match parts(ob) {
        Some((value, dtype)) => Ok(Some(Raw::scalar(value, dtype)?)),
        None => Ok(None),
    }
}

/// What an operation returns: an array without axes and tags as a scalar, as in NumPy; any other as an array.
#[inline]
pub fn give(py: Python<'_>, raw: Raw) -> Outcome<Py<PyAny>> {
    if raw.rank() == 0 && raw.is_plain() {
        return make(py, raw.item()?, raw.dtype());
    }
    wrap_result(py, raw)
}

/// As [`wrap`]: without axes, and where something looks at it, it is an array that stands for a scalar. So a function that keeps
/// `total` in a list and goes on with `total += x[i]` keeps the same numbers under transformations as without.
#[inline]
pub fn wrap_result(py: Python<'_>, mut raw: Raw) -> Outcome<Py<PyAny>> {
    if raw.rank() == 0 && !raw.is_plain() {
        raw.set_number(true);
    }
    wrap(py, raw)
}

/// A scalar of this dtype, which holds the value.
pub fn make(py: Python<'_>, value: Scalar, dtype: DType) -> Outcome<Py<PyAny>> {
    let Some(classes) = CLASSES.get(py) else {
        return wrap(py, Raw::scalar(value, dtype)?);
    };
    let class = classes.of[dtype as usize].bind(py);
    match dtype {
        DType::F64 => {
            let object = allocated(class)?;
            // SAFETY: `float64` has the memory of `float` and nothing else, and `register` has found where its number lies.
            unsafe {
                let at = object.as_ptr().cast::<u8>().add(classes.float);
                at.cast::<f64>().write(value.as_f64());
            }
            Ok(object.unbind())
        }
        DType::C128 => complex(class, classes.complex, value.as_complex()),
        DType::Bool => {
            let both = bools(py, classes)?;
            Ok(both[usize::from(value != Scalar::Bool(false))].clone_ref(py))
        }
        _ => stored(classes, class, value, dtype),
    }
}

/// `False_` and `True_`: there are no others.
static BOOLS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

fn bools(py: Python<'_>, classes: &Classes) -> Outcome<&'static [Py<PyAny>; 2]> {
    BOOLS.get_or_try_init(py, || {
        let class = classes.of[DType::Bool as usize].bind(py);
        let one = |v| stored(classes, class, Scalar::Bool(v), DType::Bool);
        Ok([one(false)?, one(true)?])
    })
}

/// A scalar that is no Python number.
fn stored(
    classes: &Classes,
    class: &Bound<'_, PyType>,
    value: Scalar,
    dtype: DType,
) -> Outcome<Py<PyAny>> {
    let bytes = value.to_bytes(dtype)?;
    let object = allocated(class)?;
    // SAFETY: the class has the memory of its base and nothing else; the place is that of every instance. The
    // memory is zero, and nobody sees the object before it is written.
    unsafe {
        let at = object.as_ptr().cast::<u8>().add(classes.stored);
        at.cast::<Held>().write(Held { bytes, dtype });
    }
    Ok(object.unbind())
}

/// A new object of a class of this module, all zeros behind its header.
#[inline]
fn allocated<'py>(class: &Bound<'py, PyType>) -> Outcome<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: a ready type without items; a null pointer is an exception that is set.
    unsafe {
        let object = ffi::PyType_GenericAlloc(class.as_type_ptr(), 0);
        Ok(Bound::from_owned_ptr_or_err(py, object)?)
    }
}

/// A new `complex128`, whose numbers lie at this place.
fn complex(class: &Bound<'_, PyType>, place: usize, v: Complex<f64>) -> Outcome<Py<PyAny>> {
    let object = allocated(class)?;
    // SAFETY: `complex128` has the memory of `complex` and nothing else, and `register` has found where its numbers lie.
    unsafe {
        let at = object.as_ptr().cast::<u8>().add(place);
        at.cast::<[f64; 2]>().write([v.re, v.im]);
    }
    Ok(object.unbind())
}

/// Why a class of scalars has no instances: it is that of several dtypes, or of none that arrays have.
#[cold]
fn no_instances(class: &Bound<'_, PyType>) -> crate::error::Fault {
    let name = |class: &Bound<'_, PyType>| {
        let name = class.name();
        name.map_or_else(|_| "it".to_owned(), |n| n.to_string())
    };
    let names: Vec<String> = (class.mro().iter())
        .filter_map(|base| Some(name(base.cast::<PyType>().ok()?)))
        .collect();
    let what = match () {
        _ if names.iter().any(|n| n == "character") => "strings",
        _ if names
            .iter()
            .any(|n| n == "datetime64" || n == "timedelta64") =>
        {
            "dates and times"
        }
        _ if names.iter().any(|n| n == "object_") => "objects",
        _ if names.iter().any(|n| n == "void") => "structures",
        _ => return type_error(format!("cannot create '{}' instances", name(class))),
    };
    type_error(format!(
        "cannot create '{}' instances: {what} are not supported, and the class is there for `isinstance` only\n  rule: {}",
        name(class),
        crate::convert::ELEMENTS
    ))
}

/// The complex number of a real and an imaginary part, each a real number without axes.
fn of_parts<'py>(values: &Bound<'py, PyTuple>) -> Outcome<Bound<'py, PyAny>> {
    let py = values.py();
    let part = |ob: Bound<'py, PyAny>| -> Outcome<Option<f64>> {
        if ob.is_instance_of::<PyString>() || ob.is_none() || ob.is_instance_of::<PyList>() {
            return Ok(None);
        }
        let whole = ob.is_instance_of::<PyInt>() || ob.is_instance_of::<PyFloat>();
        if whole {
            return Ok(Some(ob.extract()?));
        }
        let x = array_of(&ob, None)?;
        match x.rank() == 0 && !x.dtype().is_complex() {
            true => Ok(Some(x.item()?.as_f64())),
            false => Ok(None),
        }
    };
    let [real, imaginary] = [values.get_item(0)?, values.get_item(1)?];
    match (part(real)?, part(imaginary)?) {
        (Some(re), Some(im)) => Ok(PyComplex::from_doubles(py, re, im).into_any()),
        _ => Err(type_error(format!(
            "Could not convert arguments into a complex scalar. '{}' given.",
            values.repr()?
        ))),
    }
}

/// `cv.float32(value)`: a scalar; of what has axes an array.
#[pyfunction]
#[pyo3(name = "_new_scalar", signature = (class, /, *values))]
fn new_scalar<'py>(class: &Bound<'py, PyType>, values: &Bound<'py, PyTuple>) -> Outcome<Py<PyAny>> {
    let py = class.py();
    let own = dtype_of(class);
    let dtype = match own {
        Some(dtype) => dtype,
        None => class
            .mro()
            .iter()
            .find_map(|base| dtype_of(base.cast::<PyType>().ok()?))
            .ok_or_else(|| no_instances(class))?,
    };
    let most = 1 + usize::from(dtype.is_complex());
    if values.len() > most {
        return Err(type_error(format!(
            "{}() takes at most {most} argument{} ({} given)",
            class.name()?,
            if most == 1 { "" } else { "s" },
            values.len()
        )));
    }
    let parts;
    let value = match values.len() {
        2 => {
            parts = of_parts(values)?;
            Some(parts.clone())
        }
        _ => values.iter().next(),
    };
    let value = value.as_ref();
    if let (true, Some(value)) = (own.is_some(), value)
        && let Some(number) = plain_number(value, dtype)
    {
        return make(py, number, dtype);
    }
    let raw = match value {
        None => Raw::scalar(Scalar::Bool(false), dtype)?,
        Some(text) if text.is_instance_of::<PyString>() => parsed(text, dtype)?,
        // as NumPy's arrays of objects become numbers
        Some(none) if none.is_none() => match dtype.kind() {
            Kind::Bool => Raw::scalar(Scalar::Bool(false), dtype)?,
            Kind::Float | Kind::Complex => {
                let nan = Complex::new(f64::NAN, f64::NAN);
                match dtype.is_complex() {
                    true => Raw::scalar(Scalar::Complex(nan), dtype)?,
                    false => Raw::scalar(Scalar::Float(nan.re), dtype)?,
                }
            }
            Kind::Signed | Kind::Unsigned => {
                return Err(type_error(
                    "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
                ));
            }
        },
        Some(value) => array_of(value, Some(dtype))?,
    };
    if raw.rank() > 0 || !raw.is_plain() {
        return wrap(py, raw);
    }
    let scalar = raw.item()?;
    if own.is_some() {
        return make(py, scalar, dtype);
    }
    // a class that was derived in Python from one of ours
    let object = allocated(class)?;
    let Some(classes) = CLASSES.get(py) else {
        return Ok(object.unbind());
    };
    let from = object.as_ptr().cast::<u8>();
    // SAFETY: as in `make`: memory of a subclass begins as that of its base.
    unsafe {
        match dtype {
            DType::F64 => from.add(classes.float).cast::<f64>().write(scalar.as_f64()),
            DType::C128 => {
                let v = scalar.as_complex();
                from.add(classes.complex)
                    .cast::<[f64; 2]>()
                    .write([v.re, v.im]);
            }
            _ => {
                let bytes = scalar.to_bytes(dtype)?;
                from.add(classes.stored)
                    .cast::<Held>()
                    .write(Held { bytes, dtype });
            }
        }
    }
    Ok(object.unbind())
}

/// A Python number, where the dtype holds it as it is.
fn plain_number(value: &Bound<'_, PyAny>, dtype: DType) -> Option<Scalar> {
    if value.is_exact_instance_of::<PyFloat>() && dtype == DType::F64 {
        return Some(Scalar::Float(value.cast::<PyFloat>().ok()?.value()));
    }
    if value.is_exact_instance_of::<pyo3::types::PyInt>() {
        let v = value.extract::<i64>().ok()?;
        return match dtype {
            DType::F64 => (v.unsigned_abs() < 1 << 53).then_some(Scalar::Float(v as f64)),
            DType::I64 => Some(Scalar::Int(v.into())),
            _ => None,
        };
    }
    None
}

/// The number that a text writes: `cv.float32("nan")`.
pub fn parsed(text: &Bound<'_, PyAny>, dtype: DType) -> Outcome<Raw> {
    let py = text.py();
    let class = match dtype.kind() {
        Kind::Bool => {
            let scalar = Scalar::Bool(text.is_truthy()?);
            return Ok(Raw::scalar(scalar, dtype)?);
        }
        Kind::Signed | Kind::Unsigned => py.get_type::<pyo3::types::PyInt>(),
        Kind::Float => py.get_type::<PyFloat>(),
        Kind::Complex => py.get_type::<PyComplex>(),
    };
    array_of(&class.call1((text,))?, Some(dtype))
}

fn own(slf: &Bound<'_, Generic>) -> Outcome<(Scalar, DType)> {
    parts(slf.as_any()).ok_or_else(|| type_error("the scalar has no value"))
}

/// The array without axes of a scalar.
fn array<'py>(slf: &Bound<'py, Generic>) -> Outcome<Bound<'py, PyAny>> {
    let (value, dtype) = own(slf)?;
    Ok(wrap(slf.py(), Raw::scalar(value, dtype)?)?.into_bound(slf.py()))
}

/// The value as Python's number.
fn number<'py>(slf: &Bound<'py, Generic>) -> Outcome<Bound<'py, PyAny>> {
    python_scalar(slf.py(), own(slf)?.0)
}

/// Sequences of Python's own, which `*` repeats.
fn is_sequence(ob: &Bound<'_, PyAny>) -> bool {
    ob.is_instance_of::<PyList>()
        || ob.is_instance_of::<PyTuple>()
        || ob.is_instance_of::<PyString>()
        || ob.is_instance_of::<PyBytes>()
}

/// A sequence times an integer: its elements, that often.
fn repeated(
    slf: &Bound<'_, Generic>,
    sequence: &Bound<'_, PyAny>,
    dtype: DType,
) -> Outcome<Py<PyAny>> {
    if !dtype.is_integer() {
        return Err(type_error(format!(
            "can't multiply sequence by non-int of type 'civita.{}'\n  hint: `cv.asarray(sequence) * scalar`",
            slf.get_type().name()?
        )));
    }
    Ok(sequence.mul(number(slf)?)?.unbind())
}

fn operate(
    op: Op,
    slf: &Bound<'_, Generic>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let py = slf.py();
    // a class derived from ours that refuses ufuncs has operators of its own
    if reflected && stance(slf.as_any(), Protocol::Ufunc) == Stance::Refuses {
        return Ok(py.NotImplemented());
    }
    let (value_of_mine, dtype) = own(slf)?;
    if op == Op::Mul && is_sequence(other) {
        return repeated(slf, other, dtype);
    }
    let mine = Value::Own(Box::new(Raw::scalar(value_of_mine, dtype)?));
    match stance(other, Protocol::Ufunc) {
        Stance::Operand if is_operand(other) && !has_priority(other, OF_SCALARS) => {}
        Stance::Overrides => return by_ufunc(op, mine, other, reflected),
        _ => return Ok(py.NotImplemented()),
    }
    let other = match scalar_beside(other, dtype)? {
        Some(scalar) => Value::Weak(scalar),
        None => match value(other) {
            Ok(other) => other,
            Err(fault) => {
                let error = PyErr::from(fault);
                if error.is_instance_of::<pyo3::exceptions::PyTypeError>(py) {
                    return Ok(py.NotImplemented());
                }
                return Err(error.into());
            }
        },
    };
    let number = match &other {
        Value::Weak(s) => Some(*s),
        Value::Own(x) if x.rank() == 0 && x.is_plain() => Some(x.item()?),
        _ => None,
    };
    let _within = number.map(|_| errstate::Within::scalar());
    let (a, b) = if reflected {
        (&other, &mine)
    } else {
        (&mine, &other)
    };
    let result = apply(py, op, &[a, b])?;
    if let (Some(Scalar::Int(other)), Scalar::Int(this)) = (number, value_of_mine) {
        let (a, b) = if reflected {
            (other, this)
        } else {
            (this, other)
        };
        let exact = match op {
            Op::Add => a.checked_add(b),
            Op::Sub => a.checked_sub(b),
            Op::Mul => a.checked_mul(b),
            Op::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            _ => return Ok(result),
        };
        check_exact(op, result.bind(py), exact)?;
    }
    Ok(result)
}

/// Tells of integers that do not hold the exact result, `None` where it is beyond all.
fn check_exact(op: Op, result: &Bound<'_, PyAny>, exact: Option<i128>) -> Outcome<()> {
    match parts(result) {
        Some((Scalar::Int(found), _)) if Some(found) != exact => {
            errstate::overflowed(result.py(), op)
        }
        _ => Ok(()),
    }
}

fn unary(op: Op, slf: &Bound<'_, Generic>) -> Outcome<Py<PyAny>> {
    let (py, (value, dtype)) = (slf.py(), own(slf)?);
    let result = give(py, Raw::apply(op, &[(&Raw::scalar(value, dtype)?).into()])?)?;
    if let Scalar::Int(v) = value
        && let Some(exact) = match op {
            Op::Neg => Some(-v),
            Op::Abs => Some(v.abs()),
            _ => None,
        }
    {
        let _within = errstate::Within::scalar();
        check_exact(op, result.bind(py), Some(exact))?;
    }
    Ok(result)
}

fn both_parts(
    slf: &Bound<'_, Generic>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<(Py<PyAny>, Py<PyAny>)> {
    let _within = errstate::Within::function("scalar divmod");
    Ok((
        operate(Op::FloorDivide, slf, other, reflected)?,
        operate(Op::Remainder, slf, other, reflected)?,
    ))
}

macro_rules! operators {
    ($($name:ident $reflected:ident $Op:ident,)*) => {
        #[pymethods]
        impl Generic {
            $(
                fn $name(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
                    operate(Op::$Op, slf, other, false)
                }
                fn $reflected(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
                    operate(Op::$Op, slf, other, true)
                }
            )*
        }
    };
}
operators! {
    __add__ __radd__ Add,
    __sub__ __rsub__ Sub,
    __mul__ __rmul__ Mul,
    __truediv__ __rtruediv__ Div,
    __floordiv__ __rfloordiv__ FloorDivide,
    __mod__ __rmod__ Remainder,
    __and__ __rand__ BitwiseAnd,
    __or__ __ror__ BitwiseOr,
    __xor__ __rxor__ BitwiseXor,
    __lshift__ __rlshift__ LeftShift,
    __rshift__ __rrshift__ RightShift,
}

#[pymethods]
impl Generic {
    fn __pow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        modulus: &Bound<'_, PyAny>,
    ) -> Outcome<Py<PyAny>> {
        if !modulus.is_none() {
            return Ok(slf.py().NotImplemented());
        }
        operate(Op::Pow, slf, other, false)
    }

    fn __rpow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        modulus: &Bound<'_, PyAny>,
    ) -> Outcome<Py<PyAny>> {
        if !modulus.is_none() {
            return Ok(slf.py().NotImplemented());
        }
        operate(Op::Pow, slf, other, true)
    }

    fn __divmod__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> Outcome<(Py<PyAny>, Py<PyAny>)> {
        both_parts(slf, other, false)
    }

    fn __rdivmod__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> Outcome<(Py<PyAny>, Py<PyAny>)> {
        both_parts(slf, other, true)
    }

    fn __neg__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        unary(Op::Neg, slf)
    }

    fn __pos__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let (value, dtype) = own(slf)?;
        if dtype == DType::Bool {
            return Err(type_error("+: takes no bool"));
        }
        make(slf.py(), value, dtype)
    }

    fn __abs__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        unary(Op::Abs, slf)
    }

    fn __invert__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        unary(Op::Invert, slf)
    }

    fn __richcmp__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        op: CompareOp,
    ) -> Outcome<Py<PyAny>> {
        let op = match op {
            CompareOp::Lt => Op::Lt,
            CompareOp::Le => Op::Le,
            CompareOp::Eq => Op::Eq,
            CompareOp::Ne => Op::Ne,
            CompareOp::Gt => Op::Gt,
            CompareOp::Ge => Op::Ge,
        };
        operate(op, slf, other, false)
    }

    fn __bool__(slf: &Bound<'_, Self>) -> Outcome<bool> {
        Ok(own(slf)?.0.as_complex() != Complex::ZERO)
    }

    fn __int__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        let py = slf.py();
        let number = match own(slf)? {
            (Scalar::Complex(v), dtype) => {
                errstate::check_complex(py, dtype, dtype.to_real())?;
                PyFloat::new(py, v.re).into_any()
            }
            _ => number(slf)?,
        };
        Ok(py.get_type::<pyo3::types::PyInt>().call1((number,))?)
    }

    fn __float__(slf: &Bound<'_, Self>) -> Outcome<f64> {
        match own(slf)? {
            (Scalar::Complex(v), dtype) => {
                errstate::check_complex(slf.py(), dtype, dtype.to_real())?;
                Ok(v.re)
            }
            (other, _) => Ok(other.as_f64()),
        }
    }

    fn __complex__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyComplex>> {
        let value = own(slf)?.0.as_complex();
        Ok(PyComplex::from_doubles(slf.py(), value.re, value.im))
    }

    fn __index__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        match own(slf)? {
            (_, dtype) if dtype.is_integer() => number(slf),
            (_, dtype) => Err(type_error(format!(
                "'{dtype}' object cannot be interpreted as an integer"
            ))),
        }
    }

    fn __hash__(slf: &Bound<'_, Self>) -> Outcome<isize> {
        Ok(number(slf)?.hash()?)
    }

    /// An integer, or with `ndigits` a scalar of the same dtype.
    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        slf: &Bound<'py, Self>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Bound<'py, PyAny>> {
        let py = slf.py();
        match ndigits.filter(|n| !n.is_none()) {
            None => Ok(number(slf)?.call_method0("__round__")?),
            Some(n) => {
                let (value, dtype) = own(slf)?;
                if dtype.is_complex() {
                    return Err(type_error("round() of a complex number"));
                }
                let rounded = python_scalar(py, value)?.call_method1("__round__", (n,))?;
                let rounded = scalar_exact(&rounded)?.unwrap_or(value);
                Ok(make(py, rounded, dtype)?.into_bound(py))
            }
        }
    }

    fn __trunc__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        Ok(number(slf)?.call_method0("__trunc__")?)
    }

    fn __floor__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        Ok(number(slf)?.call_method0("__floor__")?)
    }

    fn __ceil__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        Ok(number(slf)?.call_method0("__ceil__")?)
    }

    /// As NumPy writes it: `np.float64(1.5)`.
    fn __repr__(slf: &Bound<'_, Self>) -> Outcome<String> {
        let (value, dtype) = own(slf)?;
        let legacy = print::legacy();
        if legacy == Legacy::V1_13 {
            return Ok(print::old_scalar_text(value, dtype, true));
        }
        let text = print::scalar_text(value, dtype);
        if legacy <= Legacy::V1_25 {
            return Ok(text);
        }
        Ok(match dtype {
            DType::Bool => format!("np.{text}_"),
            _ => {
                let bare = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
                format!("np.{}({})", dtype.name(), bare.unwrap_or(&text))
            }
        })
    }

    fn __str__(slf: &Bound<'_, Self>) -> Outcome<String> {
        let (value, dtype) = own(slf)?;
        if print::legacy() == Legacy::V1_13 {
            return Ok(print::old_scalar_text(value, dtype, false));
        }
        Ok(print::scalar_text(value, dtype))
    }

    fn __format__<'py>(
        slf: &Bound<'py, Self>,
        spec: &Bound<'py, PyString>,
    ) -> Outcome<Bound<'py, PyAny>> {
        // as Python's number, without a format too: `f"{x}"` of a `float32` shows the digits of the `float64` that it is
        // SAFETY: attached; two objects; a null pointer is an exception that is set.
        unsafe {
            let text = ffi::PyObject_Format(number(slf)?.as_ptr(), spec.as_ptr());
            Ok(Bound::from_owned_ptr_or_err(slf.py(), text)?)
        }
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> Outcome<Bound<'py, PyAny>> {
        if key.cast::<PyTuple>().is_ok_and(|t| t.is_empty()) {
            return Ok(slf.clone().into_any());
        }
        if key.is_instance_of::<pyo3::types::PyInt>() && !key.is_instance_of::<PyBool>() {
            return Err(index_error("invalid index to scalar variable."));
        }
        Ok(array(slf)?.get_item(key)?)
    }

    /// What a scalar does not have by itself, the array without axes has.
    fn __getattr__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> Outcome<Bound<'py, PyAny>> {
        let text = name.to_str()?;
        // what would make others take it for an array, or write into it
        let hidden = text.starts_with("__") && text != "__array__" && !text.starts_with("__dlpack")
            || text == "requires_grad_";
        if hidden || own(slf).is_err() {
            let class = slf.get_type().name()?.to_string();
            return Err(pyo3::exceptions::PyAttributeError::new_err(format!(
                "'{class}' object has no attribute '{text}'"
            ))
            .into());
        }
        Ok(array(slf)?.getattr(name)?)
    }

    /// Type of the value.
    #[getter]
    fn dtype(slf: &Bound<'_, Self>) -> Outcome<Py<PyDType>> {
        Ok(PyDType::of(slf.py(), own(slf)?.1))
    }

    /// `()`: there are no axes.
    #[getter]
    fn shape<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyTuple> {
        PyTuple::empty(slf.py())
    }

    /// 0: there are no axes.
    #[getter]
    fn ndim(&self) -> usize {
        0
    }

    /// 1: there is one element.
    #[getter]
    fn size(&self) -> usize {
        1
    }

    /// Bytes of the value.
    #[getter]
    fn itemsize(slf: &Bound<'_, Self>) -> Outcome<usize> {
        Ok(own(slf)?.1.size())
    }

    /// Bytes of the value.
    #[getter]
    fn nbytes(slf: &Bound<'_, Self>) -> Outcome<usize> {
        Ok(own(slf)?.1.size())
    }

    /// The scalar itself.
    #[getter(T)]
    fn transposed<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    /// The real part.
    #[getter]
    fn real(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let (value, dtype) = own(slf)?;
        match dtype.is_complex() {
            true => make(
                slf.py(),
                Scalar::Float(value.as_complex().re),
                dtype.to_real(),
            ),
            false => make(slf.py(), value, dtype),
        }
    }

    /// The imaginary part.
    #[getter]
    fn imag(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let (value, dtype) = own(slf)?;
        let scalar = match dtype.is_complex() {
            true => Scalar::Float(value.as_complex().im),
            false => Scalar::Bool(false),
        };
        make(slf.py(), scalar, dtype.to_real())
    }

    /// The value as Python's number.
    #[pyo3(signature = (*args))]
    fn item<'py>(slf: &Bound<'py, Self>, args: &Bound<'py, PyTuple>) -> Outcome<Bound<'py, PyAny>> {
        if args.is_empty() {
            return number(slf);
        }
        Ok(array(slf)?.getattr("item")?.call1(args)?)
    }

    /// The value as Python's number.
    fn tolist<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyAny>> {
        number(slf)
    }

    /// The complex conjugate.
    fn conjugate(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let (value, dtype) = own(slf)?;
        match value {
            Scalar::Complex(v) => make(slf.py(), Scalar::Complex(v.conj()), dtype),
            value => make(slf.py(), value, dtype),
        }
    }

    /// Whether it is a whole number.
    fn is_integer(slf: &Bound<'_, Self>) -> Outcome<bool> {
        match own(slf)?.0 {
            Scalar::Float(v) => Ok(v.fract() == 0.0),
            Scalar::Complex(_) => Err(type_error("is_integer() of a complex number")),
            Scalar::Bool(_) | Scalar::Int(_) => Ok(true),
        }
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyTuple>> {
        let py = slf.py();
        let arguments = PyTuple::new(py, [number(slf)?])?;
        Ok(PyTuple::new(
            py,
            [slf.get_type().into_any(), arguments.into_any()],
        )?)
    }
}

/// A class made in Python's way.
fn class<'py>(
    py: Python<'py>,
    name: &str,
    doc: &str,
    bases: &Bound<'py, PyTuple>,
    new: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyType>> {
    let names = PyDict::new(py);
    names.set_item("__slots__", PyTuple::empty(py))?;
    names.set_item("__module__", "civita")?;
    names.set_item("__doc__", doc)?;
    names.set_item("__new__", new)?;
    let made = py.get_type::<PyType>().call1((name, bases, names))?;
    Ok(made.cast_into::<PyType>()?)
}

/// The kinds, each with its base.
const KINDS: &[(&str, &str)] = &[
    ("number", "generic"),
    ("integer", "number"),
    ("signedinteger", "integer"),
    ("unsignedinteger", "integer"),
    ("inexact", "number"),
    ("floating", "inexact"),
    ("complexfloating", "inexact"),
    ("flexible", "generic"),
    ("character", "flexible"),
    // of what no array holds, for programs that ask whether one does
    ("str_", "character"),
    ("bytes_", "character"),
    ("void", "flexible"),
    ("object_", "generic"),
    ("datetime64", "generic"),
    ("timedelta64", "signedinteger"),
];

/// Adds the classes under their names.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add_class::<Generic>()?;
    let (base, stored) = slots::base(py)?;
    let new = wrap_pyfunction!(new_scalar, m)?.into_any();
    for (name, base) in KINDS {
        let doc = format!("Scalars of the kind {name}: a class to ask with `isinstance`.");
        let bases = PyTuple::new(py, [m.getattr(*base)?])?;
        let made = class(py, name, &doc, &bases, &new)?;
        m.add(*name, made)?;
    }
    let mut of = Vec::with_capacity(DType::ALL.len());
    for dtype in DType::ALL {
        let kind = match dtype.kind() {
            Kind::Bool => "generic",
            Kind::Signed => "signedinteger",
            Kind::Unsigned => "unsignedinteger",
            Kind::Float => "floating",
            Kind::Complex => "complexfloating",
        };
        let memory = match dtype {
            DType::F64 => py.get_type::<PyFloat>(),
            DType::C128 => py.get_type::<PyComplex>(),
            _ => base.clone(),
        };
        let doc = format!(
            "A number of dtype {}, immutable and hashable.",
            dtype.name()
        );
        let bases = PyTuple::new(py, [m.getattr(kind)?, memory.into_any()])?;
        let made = slots::class(&bases, dtype, &CString::new(doc)?)?;
        m.add(dtype.name(), &made)?;
        of.push(made.unbind());
    }
    let float = place_of_number::<PyFloat>(py)?;
    let complex = place_of_number::<PyComplex>(py)?;
    let classes = Classes {
        of,
        float,
        complex,
        base: base.unbind(),
        stored,
    };
    let classes = CLASSES.get_or_init(py, || classes);
    let bools = bools(py, classes).map_err(PyErr::from)?;
    for (name, object) in ["False_", "True_"].into_iter().zip(bools) {
        m.add(name, object)?;
    }
    let places = DType::ALL.into_iter().map(|dtype| {
        let place = match dtype {
            DType::F64 => float,
            DType::C128 => complex,
            _ => stored,
        };
        (dtype, classes.of[dtype as usize].bind(py), place)
    });
    slots::set(&py.get_type::<Generic>(), new, places, bools)
}

/// Where in its memory a `float` or `complex` holds its number, or the first of two. Instances of a class over it begin as its own.
fn place_of_number<B: pyo3::PyTypeInfo>(py: Python<'_>) -> PyResult<usize> {
    let number = f64::from_bits(0x4142_4344_4546_4748);
    let class = py.get_type::<B>();
    let object = class.call1((number,))?;
    let size: usize = class.getattr("__basicsize__")?.extract()?;
    let from = object.as_ptr().cast::<u8>();
    let holds = |at: &usize| {
        // SAFETY: the object has `size` bytes.
        unsafe { from.add(*at).cast::<f64>().read_unaligned() }.to_bits() == number.to_bits()
    };
    (0..=size - 8)
        .step_by(8)
        .find(holds)
        .ok_or_else(|| pyo3::exceptions::PySystemError::new_err("a number is not held as expected"))
}

/// The dtype of one of our scalars.
pub fn scalar_dtype(ob: &Bound<'_, PyAny>) -> Option<DType> {
    match ob.is_instance_of::<Generic>() {
        true => dtype_of_instance(ob),
        false => None,
    }
}
