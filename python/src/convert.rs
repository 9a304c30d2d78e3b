//! Python objects as operands: arrays, Python scalars (weak, NEP 50), NumPy's arrays and scalars, buffers, nested lists.

use civita_core::dtype::{Casting, DType, Kind, Scalar, Unwritable, can_cast, promote};
use civita_core::functions::{Held, constant_alone};
use civita_core::raw::{Operand, Raw};
use civita_core::storage;
use num_complex::Complex;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyComplexMethods, PyFloat, PyInt, PyList, PySequence,
    PyString, PyTuple, PyType,
};
use smallvec::SmallVec;

use crate::array::Array;
use crate::buffer;
use crate::error::{Outcome, type_error, value_error};
use crate::errstate;
use crate::fuse::PyExpr;

/// What an operation is applied to.
pub enum Value<'a> {
    /// An array.
    Ref(Held<'a>),
    /// Something that became one; boxed, so that a borrowed array is cheap to hand around.
    Own(Box<Raw>),
    /// A Python scalar.
    Weak(Scalar),
}

impl Value<'_> {
    /// For the engine.
    #[inline]
    pub fn operand(&self) -> Operand<'_> {
        match self {
            Value::Ref(raw) => Operand::Tensor(raw),
            Value::Own(raw) => Operand::Tensor(raw),
            Value::Weak(scalar) => Operand::Scalar(*scalar),
        }
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Value::Ref(raw) => raw.len(),
            Value::Own(raw) => raw.len(),
            Value::Weak(_) => 1,
        }
    }
}

/// The items of a sequence, one by one: PyO3's `Vec` makes room for as many as the sequence says it has.
pub struct Listed<T>(pub Vec<T>);

impl<'py, T: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for Listed<T> {
    type Error = PyErr;

    fn extract(ob: Borrowed<'_, 'py, PyAny>) -> PyResult<Listed<T>> {
        if ob.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("a sequence is needed here, not a str"));
        }
        // NumPy's arrays are no sequences by their class
        let items = match ob.cast::<PySequence>() {
            Ok(sequence) => sequence.try_iter()?,
            Err(_) if ob.is_instance_of::<Array>() || buffer::has_buffer(&ob) => {
                ob.call_method0("tolist")?.try_iter()?
            }
            Err(other) => return Err(other.into()),
        };
        let item = |item: PyResult<Bound<'py, PyAny>>| item?.extract().map_err(Into::into);
        items.map(item).collect::<PyResult<_>>().map(Listed)
    }
}

/// The tensor that an object is or becomes, or a weak scalar.
#[inline]
pub fn value<'a>(ob: &'a Bound<'_, PyAny>) -> Outcome<Value<'a>> {
    if let Ok(array) = ob.cast_exact::<Array>() {
        return Ok(Value::Ref(array.get().raw()));
    }
    match scalar_exact(ob)? {
        Some(scalar) => Ok(Value::Weak(scalar)),
        None => foreign_value(ob),
    }
}

#[cold]
fn foreign_value<'a>(ob: &'a Bound<'_, PyAny>) -> Outcome<Value<'a>> {
    if let Some(raw) = imported(ob)? {
        return Ok(Value::Own(Box::new(raw)));
    }
    if let Some(scalar) = scalar_like(ob)? {
        // instances of classes derived from Python's numbers have the dtypes of their bases (NEP 50: only those are weak)
        let derived = ob.is_instance_of::<PyFloat>()
            || ob.is_instance_of::<PyInt>()
            || ob.is_instance_of::<PyComplex>();
        return Ok(match derived {
            true => Value::Own(Box::new(Raw::scalar(scalar, scalar.default_dtype())?)),
            false => Value::Weak(scalar),
        });
    }
    match nested(ob, None)? {
        Some(raw) => Ok(Value::Own(Box::new(raw))),
        None => Err(not_an_array(ob)),
    }
}

/// Whether it could be an operand at all. Operators return `NotImplemented` when not, so that the other side gets its turn.
pub fn is_operand(ob: &Bound<'_, PyAny>) -> bool {
    !ob.is_none() && !ob.is_instance_of::<PyString>() && !ob.is_instance_of::<PyExpr>()
}

/// `bool`, `int`, `float` and `complex` themselves, not their subclasses (NumPy's `float64` is one of `float`).
#[inline]
pub fn scalar_exact(ob: &Bound<'_, PyAny>) -> Outcome<Option<Scalar>> {
    if let Ok(v) = ob.cast_exact::<PyFloat>() {
        return Ok(Some(Scalar::Float(v.value())));
    }
    if ob.is_exact_instance_of::<PyInt>() {
        return integer(ob).map(Some);
    }
    if let Ok(v) = ob.cast_exact::<PyBool>() {
        return Ok(Some(Scalar::Bool(v.is_true())));
    }
    if let Ok(v) = ob.cast_exact::<PyComplex>() {
        return Ok(Some(Scalar::Complex(Complex::new(v.real(), v.imag()))));
    }
    Ok(None)
}

/// As [`scalar_exact`] beside an operand of this dtype: an integer beyond 128 bits is the nearest float beside floats, as in
/// NumPy. Beside integers it is the end of the range, which compares as it does and fits no dtype.
#[inline]
pub fn scalar_beside(ob: &Bound<'_, PyAny>, dtype: DType) -> Outcome<Option<Scalar>> {
    match scalar_exact(ob) {
        Err(_) => beyond(ob, dtype).map(Some),
        found => found,
    }
}

/// # Errors
/// When it is an array that tracks a gradient, where only its value would be used.
pub fn check_constant(ob: &Bound<'_, PyAny>) -> Outcome<()> {
    match ob.cast::<Array>() {
        Ok(array) if array.get().raw().is_differentiated() => Err(constant_alone().into()),
        _ => Ok(()),
    }
}

/// As [`scalar_exact`] for an array of this dtype: floats take integers of any size.
pub fn scalar_for(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Option<Scalar>> {
    match dtype {
        Some(dtype) if dtype.is_differentiable() => scalar_beside(ob, dtype),
        _ => scalar_exact(ob),
    }
}

#[cold]
fn beyond(ob: &Bound<'_, PyAny>, dtype: DType) -> Outcome<Scalar> {
    if dtype.is_differentiable() {
        return Ok(Scalar::Float(ob.extract()?));
    }
    let end = if ob.lt(0)? { i128::MIN } else { i128::MAX };
    Ok(Scalar::Int(end))
}

/// The operands of one call.
pub fn values<'a, const N: usize>(
    inputs: &'a [Bound<'_, PyAny>],
) -> Outcome<SmallVec<[Value<'a>; N]>>
where
    [Value<'a>; N]: smallvec::Array<Item = Value<'a>>,
{
    let is_beyond =
        |ob: &Bound<'_, PyAny>| ob.is_exact_instance_of::<PyInt>() && scalar_exact(ob).is_err();
    let mut values: SmallVec<[Value<'a>; N]> = SmallVec::new();
    for ob in inputs {
        values.push(match value(ob) {
            Err(_) if is_beyond(ob) => Value::Weak(Scalar::Int(i128::MAX)),
            found => found?,
        });
    }
    let met = values.iter().filter_map(|v: &Value<'_>| match v {
        Value::Ref(x) => Some(x.dtype()),
        Value::Own(x) => Some(x.dtype()),
        Value::Weak(_) => None,
    });
    let met = met
        .reduce(civita_core::dtype::promote)
        .unwrap_or(DType::I64);
    // beside a float of Python's it is one, too
    let beside_float = values
        .iter()
        .any(|v| matches!(v, Value::Weak(Scalar::Float(_) | Scalar::Complex(_))));
    let met = if beside_float {
        promote(met, DType::F64)
    } else {
        met
    };
    for (ob, value) in inputs.iter().zip(&mut values) {
        if matches!(value, Value::Weak(Scalar::Int(i128::MAX))) {
            *value = Value::Weak(beyond(ob, met)?);
        }
    }
    Ok(values)
}

fn integer(ob: &Bound<'_, PyAny>) -> Outcome<Scalar> {
    match ob.extract::<i64>() {
        Ok(v) => Ok(Scalar::Int(v.into())),
        Err(_) => match ob.extract::<i128>() {
            Ok(v) => Ok(Scalar::Int(v)),
            Err(_) => {
                Err(PyOverflowError::new_err("Python integer too large for any dtype").into())
            }
        },
    }
}

/// Subclasses of Python's numbers (enums), and what can stand for one by `__index__`, `__complex__` or `__float__`
/// (fractions, decimals).
pub fn scalar_like(ob: &Bound<'_, PyAny>) -> Outcome<Option<Scalar>> {
    // an attribute that is not there costs an exception
    if ob.is_instance_of::<PyList>() || ob.is_instance_of::<PyTuple>() {
        return Ok(None);
    }
    if ob.is_instance_of::<PyInt>()
        || (ob.hasattr("__index__")? && !ob.is_instance_of::<PySequence>())
    {
        let index = ob.py().import("operator")?.getattr("index")?.call1((ob,))?;
        return integer(&index).map(Some);
    }
    if let Ok(v) = ob.cast::<PyFloat>() {
        return Ok(Some(Scalar::Float(v.value())));
    }
    if let Ok(v) = ob.cast::<PyComplex>() {
        return Ok(Some(Scalar::Complex(Complex::new(v.real(), v.imag()))));
    }
    if ob.hasattr("__float__")? && !ob.is_instance_of::<PySequence>() {
        return Ok(Some(Scalar::Float(ob.extract::<f64>()?)));
    }
    Ok(None)
}

/// An array of somebody else's, without a copy where its layout allows: by the buffer protocol, else by what
/// `__array__` returns, else by DLPack.
pub fn imported(ob: &Bound<'_, PyAny>) -> Outcome<Option<Raw>> {
    if let Some(raw) = crate::scalar::raw_of(ob)? {
        return Ok(Some(raw));
    }
    if let Ok(array) = ob.cast::<Array>() {
        return Ok(Some(array.get().raw().clone()));
    }
    let mut found = exported(ob)?;
    if let Some(raw) = &mut found {
        raw.set_lent(raw.storage().access() == storage::Access::Foreign);
    }
    Ok(found)
}

/// The tensor that an object offers by one of the protocols.
fn exported(ob: &Bound<'_, PyAny>) -> Outcome<Option<Raw>> {
    if ob.is_instance_of::<PyBytes>() || ob.is_instance_of::<PyString>() {
        return Ok(None);
    }
    if ob.is_instance_of::<PyList>() || ob.is_instance_of::<PyTuple>() {
        return Ok(None);
    }
    if buffer::has_buffer(ob) {
        return buffer::import(ob).map(Some);
    }
    if ob.is_instance_of::<PyType>() {
        // a class has its instances' protocols as attributes
        return Ok(None);
    }
    if ob.hasattr("__array__")? {
        let array = ob.call_method0("__array__")?;
        if let Ok(array) = array.cast_exact::<Array>() {
            return Ok(Some(array.get().raw().clone()));
        }
        if buffer::has_buffer(&array) {
            return buffer::import(&array).map(Some);
        }
        return Err(value_error(
            "object __array__ method not producing an array",
        ));
    }
    if ob.hasattr("__array_interface__")? {
        return crate::interface::import(ob).map(Some);
    }
    if ob.hasattr("__dlpack__")? {
        return crate::dlpack::import(ob).map(Some);
    }
    Ok(None)
}

/// What arrays hold, for the texts of errors.
pub const ELEMENTS: &str = "elements are booleans and numbers; docs/differences.md, \"Not there\", has what NumPy holds beside them";

#[cold]
fn not_an_array(ob: &Bound<'_, PyAny>) -> crate::error::Fault {
    let name = ob
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |n| n.to_string());
    let what = match name.as_str() {
        _ if ob.is_instance_of::<PyString>() || ob.is_instance_of::<PyBytes>() => "strings",
        "date" | "datetime" | "time" | "timedelta" => "dates and times",
        "generator" | "map" | "filter" | "zip" => {
            return type_error(format!(
                "a value of type '{name}' is no array and cannot become one\n  hint: `list(x)` takes its elements first"
            ));
        }
        _ => "objects",
    };
    type_error(format!(
        "a value of type '{name}' cannot become an array: arrays of {what} are not supported\n  rule: {ELEMENTS}"
    ))
}

/// The array that an object is or becomes, in this dtype if one is given. It shares memory where it can.
pub fn array_of(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Raw> {
    if let Ok(array) = ob.cast_exact::<Array>() {
        return converted(ob.py(), array.get().raw().clone(), dtype);
    }
    let made = made_of(ob, dtype)?;
    if dtype.is_some_and(errstate::is_narrow) {
        // integers of any size are floats
        let wide = || made_of(ob, None).or_else(|_| made_of(ob, Some(DType::F64)));
        errstate::check_narrowed(ob.py(), &made, wide)?;
    }
    Ok(made)
}

/// A new array of what is no array.
fn made_of(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Raw> {
    if ob.is_exact_instance_of::<PyList>()
        && let Some(raw) = crate::lists::plain(ob, dtype)?
    {
        return Ok(raw);
    }
    if let Some(scalar) = scalar_for(ob, dtype)? {
        return scalar_array(scalar, dtype);
    }
    if let Some(raw) = imported(ob)? {
        return converted(ob.py(), raw, dtype);
    }
    if let Some(scalar) = scalar_like(ob)? {
        return scalar_array(scalar, dtype);
    }
    if let Some(raw) = written(ob, dtype)? {
        return Ok(raw);
    }
    nested(ob, dtype)?.ok_or_else(|| not_an_array(ob))
}

/// An array as it is; a number, or a list of them, in this dtype, which must hold them.
pub fn fitting(ob: &Bound<'_, PyAny>, dtype: DType) -> Outcome<Raw> {
    match imported(ob)? {
        Some(raw) => Ok(raw),
        None => array_of(ob, Some(dtype)),
    }
}

/// The number that a text writes, where a dtype says that numbers are meant.
fn written(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Option<Raw>> {
    match dtype {
        Some(dtype) if ob.is_instance_of::<PyString>() || ob.is_instance_of::<PyBytes>() => {
            crate::scalar::parsed(ob, dtype).map(Some)
        }
        _ => Ok(None),
    }
}

/// An array in this dtype if one is given, with the warnings of a cast.
pub fn converted(py: Python<'_>, raw: Raw, dtype: Option<DType>) -> Outcome<Raw> {
    let Some(dtype) = dtype.filter(|dtype| *dtype != raw.dtype()) else {
        return Ok(raw);
    };
    errstate::watch();
    let cast = raw.cast(dtype)?;
    errstate::check_cast(py, &raw, &cast)?;
    Ok(cast)
}

/// A scalar as an array without axes. What it becomes in an integer dtype must fit; floats lose their fraction, as in NumPy.
pub fn scalar_array(scalar: Scalar, dtype: Option<DType>) -> Outcome<Raw> {
    let dtype = dtype.unwrap_or(scalar.default_dtype());
    match scalar.written_to(dtype) {
        Ok(scalar) => Ok(Raw::scalar(scalar, dtype)?),
        Err(why) => Err(unwritable(why, dtype)),
    }
}

#[cold]
fn unwritable(why: Unwritable, dtype: DType) -> crate::error::Fault {
    match why {
        Unwritable::Complex => type_error(format!(
            "a complex number does not fit into {dtype}\n  hint: take its real part first"
        )),
        Unwritable::Nan => value_error("cannot convert float NaN to integer"),
        Unwritable::Infinite => {
            PyOverflowError::new_err("cannot convert float infinity to integer").into()
        }
    }
}

/// Whether it is a scalar with a dtype, ours or NumPy's: it can become an array, and has no elements to write.
fn is_scalar(ob: &Bound<'_, PyAny>) -> Outcome<bool> {
    if ob.is_instance_of::<Array>() {
        return Ok(false);
    }
    Ok(crate::scalar::raw_of(ob)?.is_some()
        || ob.hasattr("__array_interface__")? && !ob.hasattr("__setitem__")?)
}

/// Whether it is an array, also one without axes: it has elements to write.
pub fn is_array(ob: &Bound<'_, PyAny>) -> Outcome<bool> {
    Ok(ob.is_instance_of::<Array>() || (ob.hasattr("__array__")? && ob.hasattr("__setitem__")?))
}

/// Refuses a scalar that a signed dtype does not hold, as NumPy does where it writes one by itself or as an element of a list. In
/// unsigned dtypes scalars wrap, there too.
pub fn check_scalar(ob: &Bound<'_, PyAny>, dtype: DType) -> Outcome<()> {
    if dtype.kind() != Kind::Signed || ob.is_exact_instance_of::<Array>() || !is_scalar(ob)? {
        return Ok(());
    }
    match imported(ob)? {
        Some(raw) => check_element(&raw, dtype),
        None => Ok(()),
    }
}

fn check_element(raw: &Raw, dtype: DType) -> Outcome<()> {
    if raw.rank() > 0 || raw.dtype().is_complex() || can_cast(raw.dtype(), dtype, Casting::Safe) {
        return Ok(());
    }
    scalar_array(raw.item()?, Some(dtype)).map(|_| ())
}

/// A leaf of nested lists.
enum Leaf {
    Scalar(Scalar),
    Array(Raw),
}

/// The array that nested sequences describe: NumPy's rules for its dtype; `None` when the object is no sequence.
fn nested(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Option<Raw>> {
    if !is_list(ob) {
        return Ok(None);
    }
    if let Some(raw) = crate::lists::plain(ob, dtype)? {
        return Ok(Some(raw));
    }
    let mut leaves = Vec::new();
    let mut shape = Vec::new();
    if let Err(fault) = collect(ob, 0, dtype, &mut shape, &mut leaves) {
        return match has_array(ob, 0)? {
            true => mixed(ob, dtype).map(Some),
            false => Err(fault),
        };
    }
    if leaves.is_empty() {
        return Ok(Some(Raw::zeros(&shape, dtype.unwrap_or(DType::F64))?));
    }
    if leaves.iter().any(|l| matches!(l, Leaf::Array(_))) {
        return stacked(leaves, shape, dtype).map(Some);
    }
    storage::room("array", leaves.len().saturating_mul(2 * size_of::<Leaf>()))?;
    let scalars: Vec<Scalar> = leaves
        .into_iter()
        .filter_map(|l| match l {
            Leaf::Scalar(s) => Some(s),
            Leaf::Array(_) => None,
        })
        .collect();
    of_scalars(&scalars, &shape, dtype).map(Some)
}

/// Whether an array is somewhere in nested lists.
#[cold]
fn has_array(ob: &Bound<'_, PyAny>, depth: usize) -> Outcome<bool> {
    if !is_list(ob) || depth == DEEPEST {
        let lends = depth > 0 && buffer::has_buffer(ob) && !is_scalar(ob)?;
        return Ok(ob.is_instance_of::<Array>() || lends);
    }
    for item in ob.try_iter()? {
        if has_array(&item?, depth + 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The array of a list in which arrays stand beside lists of numbers: each item as an array, and all of them in one.
#[cold]
fn mixed(ob: &Bound<'_, PyAny>, dtype: Option<DType>) -> Outcome<Raw> {
    let mut leaves = Vec::new();
    for item in ob.try_iter()? {
        let item = item?;
        // numbers that the dtype does not hold are refused, elements of arrays are converted
        let own = dtype.filter(|_| is_list(&item));
        leaves.push(Leaf::Array(array_of(&item, own)?));
    }
    let len = leaves.len();
    stacked(leaves, vec![len], dtype)
}

/// The dtype that holds all of these; of none `float64`.
fn common(scalars: &[Scalar]) -> DType {
    let mut kinds = [false; 5];
    for s in scalars {
        kinds[s.kind() as usize] = true;
    }
    if !kinds[Kind::Signed as usize] || kinds[Kind::Float as usize] || kinds[Kind::Complex as usize]
    {
        // the latest kind decides
        return scalars
            .iter()
            .map(|s| s.default_dtype())
            .max_by_key(|d| d.kind())
            .unwrap_or(DType::F64);
    }
    // integers may be above the range of int64
    scalars
        .iter()
        .map(|s| s.default_dtype())
        .reduce(promote)
        .unwrap_or(DType::F64)
}

fn of_scalars(scalars: &[Scalar], shape: &[usize], dtype: Option<DType>) -> Outcome<Raw> {
    let own = common(scalars);
    let wanted = dtype.unwrap_or(own);
    if wanted.is_float() && own.is_complex() {
        return Err(unwritable(Unwritable::Complex, wanted));
    }
    let raw = match wanted.kind() {
        Kind::Bool => Raw::from_vec(
            scalars.iter().map(|s| s.is_true()).collect::<Vec<bool>>(),
            shape,
        )?,
        Kind::Signed | Kind::Unsigned => {
            // each must fit
            let wide = |s: &Scalar| -> Outcome<i128> {
                let v = s
                    .written_to(wanted)
                    .map_err(|why| unwritable(why, wanted))?;
                v.to_bytes(wanted)?;
                Ok(match v {
                    Scalar::Int(v) => v,
                    other => i128::from(other.is_true()),
                })
            };
            // of 64 bits either signedness has the same ones
            Raw::from_vec(
                scalars
                    .iter()
                    .map(|s| Ok(wide(s)? as u64))
                    .collect::<Outcome<Vec<u64>>>()?,
                shape,
            )?
        }
        Kind::Float => Raw::from_vec(scalars.iter().map(|s| s.as_f64()).collect(), shape)?,
        Kind::Complex => Raw::from_vec(scalars.iter().map(|s| s.as_complex()).collect(), shape)?,
    };
    Ok(raw.cast(wanted)?)
}

fn stacked(leaves: Vec<Leaf>, prefix: Vec<usize>, dtype: Option<DType>) -> Outcome<Raw> {
    let dtype = dtype.unwrap_or_else(|| {
        leaves
            .iter()
            .map(|l| match l {
                Leaf::Scalar(s) => s.default_dtype(),
                Leaf::Array(a) => a.dtype(),
            })
            .reduce(promote)
            .unwrap_or(DType::F64)
    });
    let rows = leaves
        .into_iter()
        .map(|l| match l {
            Leaf::Scalar(s) => scalar_array(s, Some(dtype)),
            // the result is in C order, however the arrays lie
            Leaf::Array(a) => Ok(a.cast(dtype)?.contiguous()?),
        })
        .collect::<Outcome<Vec<Raw>>>()?;
    if rows.iter().any(|r| r.shape() != rows[0].shape()) {
        return Err(ragged(&prefix));
    }
    let all = Raw::stack(&rows.iter().collect::<Vec<_>>(), 0)?;
    let mut shape = prefix;
    shape.extend_from_slice(rows[0].shape());
    Ok(all.reshape(&shape)?)
}

/// Deeper lists than this are refused: NumPy's own limit.
const DEEPEST: usize = 64;

fn is_list(ob: &Bound<'_, PyAny>) -> bool {
    ob.is_instance_of::<PyList>()
        || ob.is_instance_of::<PyTuple>()
        || (!ob.is_instance_of::<PyString>()
            && !ob.is_instance_of::<PyBytes>()
            && !ob.is_instance_of::<PyByteArray>()
            && !ob.is_instance_of::<Array>()
            && !ob.is_instance_of::<pyo3::types::PyDict>()
            // what has `__len__` and `__getitem__`
            // SAFETY: attached, and the object is alive.
            && unsafe { pyo3::ffi::PySequence_Check(ob.as_ptr()) } != 0
            && ob.len().is_ok())
}

/// Walks the lists: `shape` is what the first ones say, and the rest must agree.
fn collect(
    ob: &Bound<'_, PyAny>,
    depth: usize,
    dtype: Option<DType>,
    shape: &mut Vec<usize>,
    leaves: &mut Vec<Leaf>,
) -> Outcome<()> {
    if depth == DEEPEST {
        return Err(value_error(format!(
            "lists may be nested at most {DEEPEST} deep"
        )));
    }
    let len = ob.len()?;
    if shape.len() == depth {
        if !leaves.is_empty() {
            // a list where the first lists had a number
            return Err(ragged(shape));
        }
        shape.push(len);
    } else if shape[depth] != len {
        return Err(ragged(&shape[..depth]));
    }
    if depth + 1 == shape.len() {
        // a length may be a lie; what is there is appended anyway
        _ = leaves.try_reserve(len.min(1 << 16));
    }
    let mut each = |item: &Bound<'_, PyAny>| -> Outcome<()> {
        if let Some(scalar) = scalar_for(item, dtype)? {
            return leaf(Leaf::Scalar(scalar), depth, shape, leaves);
        }
        if item.is_instance_of::<PyList>() || item.is_instance_of::<PyTuple>() {
            return collect(item, depth + 1, dtype, shape, leaves);
        }
        if let Some(raw) = imported(item)? {
            if let Some(dtype) = dtype.filter(|dtype| dtype.kind() == Kind::Signed)
                && is_scalar(item)?
            {
                check_element(&raw, dtype)?;
            }
            return leaf(Leaf::Array(raw), depth, shape, leaves);
        }
        if let Some(scalar) = scalar_like(item)? {
            return leaf(Leaf::Scalar(scalar), depth, shape, leaves);
        }
        if let Some(raw) = written(item, dtype)? {
            return leaf(Leaf::Scalar(raw.item()?), depth, shape, leaves);
        }
        if is_list(item) {
            return collect(item, depth + 1, dtype, shape, leaves);
        }
        Err(not_an_array(item))
    };
    if let Ok(list) = ob.cast::<PyList>() {
        for item in list.iter() {
            each(&item)?;
        }
    } else if let Ok(tuple) = ob.cast::<PyTuple>() {
        for item in tuple.iter_borrowed() {
            each(&item)?;
        }
    } else {
        for i in 0..len {
            each(&ob.get_item(i)?)?;
        }
    }
    Ok(())
}

fn leaf(leaf: Leaf, depth: usize, shape: &[usize], leaves: &mut Vec<Leaf>) -> Outcome<()> {
    if depth + 1 != shape.len() {
        return Err(ragged(&shape[..=depth]));
    }
    if leaves.len() == leaves.capacity() && leaves.try_reserve(1).is_err() {
        return Err(crate::lists::no_memory(leaves.len()));
    }
    leaves.push(leaf);
    Ok(())
}

#[cold]
fn ragged(shape: &[usize]) -> crate::error::Fault {
    value_error(format!(
        "the nested lists are ragged: beyond the first {} the lengths differ; the shape that all of them agree on is {}\n  rule: lists at one depth must have one \
         length and one depth",
        if shape.len() == 1 {
            "axis".to_owned()
        } else {
            format!("{} axes", shape.len())
        },
        civita_core::error::shape_text(shape)
    ))
}
