//! Operators, with NumPy's arrays and Python's scalars on either side.

// what `#[pymethods]` writes inside a macro of ours looks like our own code to the lint
#![allow(unsafe_op_in_unsafe_fn)]

use civita_core::dtype::{Casting, DType, Scalar};
use civita_core::error::Error;
use civita_core::ops::{Op, ROWS};
use civita_core::raw::{Operand, Raw, write_elementwise};
use num_complex::Complex;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyFloat, PyList, PyString, PyTuple};

use crate::array::{Array, wrap};
use crate::convert::{Value, array_of, is_operand, scalar_beside, value};
use crate::error::{Fault, Outcome, type_error, value_error};
use crate::errstate;
use crate::fuse::PyExpr;
use crate::gil;
use crate::overrides::{OF_ARRAYS, Protocol, Stance, has_priority, stance};
use crate::scalar::give;
use crate::subclass;

/// Applies an op, with the interpreter released when it is large.
#[inline]
pub fn apply(py: Python<'_>, op: Op, values: &[&Value<'_>]) -> Outcome<Py<PyAny>> {
    errstate::watch();
    let result = match values {
        [a] => {
            let operands = [a.operand()];
            gil::work(py, a.len(), || Raw::apply(op, &operands))
        }
        [a, b] => {
            let operands = [a.operand(), b.operand()];
            let n = if a.len() == b.len() {
                a.len()
            } else {
                gil::broadcast_len(&[a.len(), b.len()])
            };
            gil::work(py, n, || Raw::apply(op, &operands))
        }
        _ => {
            let operands: smallvec::SmallVec<[Operand<'_>; 3]> =
                values.iter().map(|v| v.operand()).collect();
            let lens: smallvec::SmallVec<[usize; 3]> = values.iter().map(|v| v.len()).collect();
            gil::work(py, gil::broadcast_len(&lens), || Raw::apply(op, &operands))
        }
    };
    match result {
        // of two choices and a condition without axes NumPy makes an array
        Ok(raw) if op == Op::Where => {
            let operands = values[1..].iter().map(|v| v.operand());
            let operands: smallvec::SmallVec<[Operand<'_>; 3]> = operands.collect();
            errstate::check_weak(py, &operands, raw.dtype())?;
            wrap(py, raw)
        }
        Ok(raw) => {
            let operands: smallvec::SmallVec<[Operand<'_>; 3]> =
                values.iter().map(|v| v.operand()).collect();
            errstate::check(py, op, &operands, &raw)?;
            give(py, raw)
        }
        Err(error) => give(py, beyond_range(op, values, error)?),
    }
}

/// A Python integer that the array's dtype cannot hold still compares, and is true: `uint8_array < 300` everywhere.
#[cold]
fn beyond_range(op: Op, values: &[&Value<'_>], error: Error) -> Outcome<Raw> {
    let compares = matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge);
    let logical = matches!(op, Op::LogicalAnd | Op::LogicalOr | Op::LogicalXor);
    // truth is asked of integers that NumPy can hold
    let held =
        |v: &&Value<'_>| !matches!(v, Value::Weak(Scalar::Int(i)) if i64::try_from(*i).is_err());
    let answers = compares || (logical && values.iter().all(held));
    if !answers || !error.is_dtype() || error.op() != "scalar" {
        return Err(match op {
            Op::Where if error.op() == op.row().name => error.in_op(op.row().numpy).into(),
            _ => error.into(),
        });
    }
    let stand_in = |v: &Value<'_>| match v {
        // it lies beyond every element, on this side
        Value::Weak(Scalar::Int(i)) if compares => {
            let end = if *i < 0 {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            };
            Raw::scalar(Scalar::Float(end), DType::F64)
        }
        Value::Weak(s) => Raw::scalar(Scalar::Bool(s.as_complex() != Complex::ZERO), DType::Bool),
        Value::Ref(raw) if compares => raw.detach().cast(DType::F64),
        Value::Own(raw) if compares => raw.cast(DType::F64),
        Value::Ref(raw) => Ok(raw.detach()),
        Value::Own(raw) => Ok(raw.detach()),
    };
    let values = values
        .iter()
        .map(|v| stand_in(v))
        .collect::<Result<Vec<_>, _>>()?;
    let operands: Vec<Operand<'_>> = values.iter().map(Operand::Tensor).collect();
    Ok(Raw::apply(op, &operands)?)
}

/// Applies an op to one array.
#[inline]
pub fn apply_to_one(py: Python<'_>, op: Op, a: &Raw) -> Outcome<Py<PyAny>> {
    errstate::watch();
    match gil::work(py, a.len(), || Raw::apply(op, &[Operand::Tensor(a)])) {
        Ok(raw) => {
            errstate::check(py, op, &[Operand::Tensor(a)], &raw)?;
            give(py, raw)
        }
        Err(error) => Err(error.into()),
    }
}

/// Applies an op to two arrays.
#[inline]
pub fn apply_to_two(py: Python<'_>, op: Op, a: &Raw, b: &Raw) -> Outcome<Py<PyAny>> {
    let n = if a.len() == b.len() {
        a.len()
    } else {
        gil::broadcast_len(&[a.len(), b.len()])
    };
    let operands = [Operand::Tensor(a), Operand::Tensor(b)];
    errstate::watch();
    match gil::work(py, n, || Raw::apply(op, &operands)) {
        Ok(raw) => {
            errstate::check(py, op, &operands, &raw)?;
            give(py, raw)
        }
        Err(error) => Err(error.into()),
    }
}

#[inline]
fn binary(
    op: Op,
    array: &Bound<'_, Array>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let py = array.py();
    if !array.is_exact_instance_of::<Array>() {
        return subclass::operator(ROWS[op as usize].numpy, array, Some(other), reflected);
    }
    let this = array.get().raw();
    if let Ok(other) = other.cast_exact::<Array>() {
        let other = other.get().raw();
        return if reflected {
            apply_to_two(py, op, &other, &this)
        } else {
            apply_to_two(py, op, &this, &other)
        };
    }
    binary_slow(op, Value::Ref(this), other, reflected)
}

/// `==` and `!=` beside an object that knows nothing of arrays: no element is that object.
#[cold]
fn beside_object(op: Op, array: &Bound<'_, Array>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let py = array.py();
    let method = if op == Op::Eq { "__eq__" } else { "__ne__" };
    let class = other.get_type();
    let is_plain = !other.is_instance_of::<PyList>()
        && !other.is_instance_of::<PyTuple>()
        && !class.hasattr("__array_ufunc__")?
        && !class.hasattr("__array_priority__")?
        && class
            .call_method1(method, (other, array))
            .is_ok_and(|answer| answer.is(py.NotImplemented()));
    if !is_plain {
        return Ok(py.NotImplemented());
    }
    let answer = Raw::scalar(Scalar::Bool(op == Op::Ne), DType::Bool)?;
    give(
        py,
        answer.broadcast_to(array.get().raw().shape())?.copied()?,
    )
}

fn binary_slow(
    op: Op,
    this: Value<'_>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let py = other.py();
    let dtype = match &this {
        Value::Ref(x) => x.dtype(),
        Value::Own(x) => x.dtype(),
        Value::Weak(s) => s.default_dtype(),
    };
    if let Some(scalar) = scalar_beside(other, dtype)? {
        let other = Value::Weak(scalar);
        return if reflected {
            apply(py, op, &[&other, &this])
        } else {
            apply(py, op, &[&this, &other])
        };
    }
    match stance(other, Protocol::Ufunc) {
        Stance::Operand if is_operand(other) && !has_priority(other, OF_ARRAYS) => {}
        Stance::Overrides => return by_ufunc(op, this, other, reflected),
        _ => return Ok(py.NotImplemented()),
    }
    let other = match value(other) {
        Ok(other) => other,
        Err(fault) if is_no_operand(&fault, other)? => return Ok(py.NotImplemented()),
        Err(fault) => return Err(fault),
    };
    if reflected {
        apply(py, op, &[&other, &this])
    } else {
        apply(py, op, &[&this, &other])
    }
}

/// Returns true for the error of an object that cannot become an array; what one says that was asked to become one is told.
#[cold]
fn is_no_operand(fault: &Fault, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(fault.is_type_error(other.py()) && !other.hasattr("__array__")?)
}

/// The other operand of `@`, where it is one that leaves the product to arrays.
fn factor(other: &Bound<'_, PyAny>) -> Outcome<Option<Raw>> {
    if let Ok(array) = other.cast_exact::<Array>() {
        return Ok(Some(array.get().raw().clone()));
    }
    if !is_operand(other)
        || stance(other, Protocol::Ufunc) != Stance::Operand
        || has_priority(other, OF_ARRAYS)
    {
        return Ok(None);
    }
    match array_of(other, None) {
        Ok(raw) => Ok(Some(raw)),
        Err(fault) if is_no_operand(&fault, other)? => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The ufunc of an operator, which asks the other operand's class.
#[cold]
pub fn by_ufunc(
    op: Op,
    this: Value<'_>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let py = other.py();
    let this = match this {
        Value::Ref(x) => wrap(py, x.clone())?,
        Value::Own(x) => wrap(py, *x)?,
        Value::Weak(s) => python_scalar(py, s)?.unbind(),
    };
    ufunc_of(ROWS[op as usize].numpy, this.bind(py), other, reflected)
}

/// What a ufunc says of two operands.
#[cold]
fn ufunc_of(
    name: &str,
    this: &Bound<'_, PyAny>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let ufunc = this.py().import("civita._civita")?.getattr(name)?;
    let answer = match reflected {
        true => ufunc.call1((other, this)),
        false => ufunc.call1((this, other)),
    };
    Ok(answer?.unbind())
}

/// The other operand of an operator in place. One that has no ufuncs and a higher priority answers itself: it is not taken, and
/// Python asks it then.
struct Taken<'a, 'py>(Borrowed<'a, 'py, PyAny>);

impl<'a, 'py> FromPyObject<'a, 'py> for Taken<'a, 'py> {
    type Error = PyErr;

    fn extract(ob: Borrowed<'a, 'py, PyAny>) -> PyResult<Taken<'a, 'py>> {
        match has_priority(&ob, OF_ARRAYS) {
            true => Err(type_error("the other operand has a higher priority").into()),
            false => Ok(Taken(ob)),
        }
    }
}

/// The array that an operator in place writes. What stands for a scalar is not written: Python is told that there is no such operator
/// for it, so that `total += x` is `total = total + x`, as it is for NumPy's scalars.
struct Written<'a, 'py>(&'a Bound<'py, Array>);

/// Why not; nobody sees it.
struct IsNumber;

impl From<IsNumber> for PyErr {
    #[cold]
    fn from(_: IsNumber) -> PyErr {
        type_error("a scalar is not written in place").into()
    }
}

impl<'a, 'py> TryFrom<&'a Bound<'py, Array>> for Written<'a, 'py> {
    type Error = IsNumber;

    #[inline]
    fn try_from(array: &'a Bound<'py, Array>) -> Result<Written<'a, 'py>, IsNumber> {
        match array.get().raw().is_number() {
            true => Err(IsNumber),
            false => Ok(Written(array)),
        }
    }
}

fn in_place(op: Op, array: &Bound<'_, Array>, other: &Bound<'_, PyAny>) -> Outcome<()> {
    if !array.is_exact_instance_of::<Array>() {
        return subclass::in_place(op, array, other);
    }
    let other = match scalar_beside(other, array.get().raw().dtype())? {
        Some(scalar) => Value::Weak(scalar),
        None if is_subclass(other) || stance(other, Protocol::Ufunc) == Stance::Overrides => {
            return subclass::in_place(op, array, other);
        }
        None => value(other)?,
    };
    let py = array.py();
    array.get().write_from(|this, out| {
        let operands = [Operand::Tensor(this), other.operand()];
        errstate::check_weak(py, &operands, this.dtype())?;
        errstate::watch();
        gil::work(py, this.len(), || {
            write_elementwise(op, &operands, out, Casting::SameKind)
        })?;
        errstate::check_in_place(py, op, Some(other.operand()), out)
    })
}

macro_rules! operators {
    ($($name:ident $reflected:ident $in_place:ident $Op:ident,)*) => {
        #[pymethods]
        impl Array {
            $(
                #[inline]
                fn $name(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
                    binary(Op::$Op, slf, other, false)
                }
                #[inline]
                fn $reflected(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
                    binary(Op::$Op, slf, other, true)
                }
                fn $in_place(slf: Written<'_, '_>, other: Taken<'_, '_>) -> Outcome<()> {
                    in_place(Op::$Op, slf.0, &other.0)
                }
            )*
        }
    };
}
operators! {
    __add__ __radd__ __iadd__ Add,
    __sub__ __rsub__ __isub__ Sub,
    __mul__ __rmul__ __imul__ Mul,
    __truediv__ __rtruediv__ __itruediv__ Div,
    __floordiv__ __rfloordiv__ __ifloordiv__ FloorDivide,
    __mod__ __rmod__ __imod__ Remainder,
    __and__ __rand__ __iand__ BitwiseAnd,
    __or__ __ror__ __ior__ BitwiseOr,
    __xor__ __rxor__ __ixor__ BitwiseXor,
    __lshift__ __rlshift__ __ilshift__ LeftShift,
    __rshift__ __rrshift__ __irshift__ RightShift,
}

/// Returns true for arrays of classes that are derived from `ndarray`.
#[inline]
fn is_subclass(ob: &Bound<'_, PyAny>) -> bool {
    !ob.is_exact_instance_of::<Array>() && ob.is_instance_of::<Array>()
}

fn no_modulus(modulus: &Bound<'_, PyAny>) -> Outcome<()> {
    if modulus.is_none() {
        Ok(())
    } else {
        Err(type_error(
            "pow() of an array takes no modulus\n  hint: `(a ** b) % m`",
        ))
    }
}

fn unary(op: Op, array: &Bound<'_, Array>) -> Outcome<Py<PyAny>> {
    let py = array.py();
    if !array.is_exact_instance_of::<Array>() {
        return subclass::operator(ROWS[op as usize].numpy, array, None, false);
    }
    apply_to_one(py, op, &array.get().raw())
}

/// The matrix product of two operands.
pub fn matmul(py: Python<'_>, a: &Raw, b: &Raw) -> Outcome<Raw> {
    // an element of the product costs a row and a column
    let work = a
        .len()
        .saturating_mul(b.shape().last().copied().unwrap_or(1))
        .max(b.len());
    errstate::watch();
    let product = gil::work(py, work, || a.matmul(b))?;
    errstate::check_fold(py, "matmul", &[a, b], &product)?;
    Ok(product)
}

/// The quotient and the rest as a tuple, or `NotImplemented`.
fn both_parts(
    slf: &Bound<'_, Array>,
    other: &Bound<'_, PyAny>,
    reflected: bool,
) -> Outcome<Py<PyAny>> {
    let py = slf.py();
    if !slf.is_exact_instance_of::<Array>() {
        return subclass::operator("divmod", slf, Some(other), reflected);
    }
    if stance(other, Protocol::Ufunc) == Stance::Overrides {
        return ufunc_of("divmod", slf, other, reflected);
    }
    let _within = errstate::Within::function("divmod");
    let quotient = binary(Op::FloorDivide, slf, other, reflected)?;
    if quotient.is(py.NotImplemented()) {
        return Ok(quotient);
    }
    let rest = binary(Op::Remainder, slf, other, reflected)?;
    Ok((quotient, rest).into_pyobject(py)?.into_any().unbind())
}

#[pymethods]
impl Array {
    fn __pow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        modulus: &Bound<'_, PyAny>,
    ) -> Outcome<Py<PyAny>> {
        no_modulus(modulus)?;
        binary(Op::Pow, slf, other, false)
    }
    fn __rpow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        modulus: &Bound<'_, PyAny>,
    ) -> Outcome<Py<PyAny>> {
        no_modulus(modulus)?;
        binary(Op::Pow, slf, other, true)
    }
    fn __ipow__(
        slf: Written<'_, '_>,
        other: Taken<'_, '_>,
        modulus: &Bound<'_, PyAny>,
    ) -> Outcome<()> {
        no_modulus(modulus)?;
        in_place(Op::Pow, slf.0, &other.0)
    }

    fn __divmod__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        both_parts(slf, other, false)
    }
    fn __rdivmod__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        both_parts(slf, other, true)
    }

    fn __neg__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        unary(Op::Neg, slf)
    }
    fn __pos__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        let raw = slf.get().raw();
        if raw.dtype() == DType::Bool {
            return Err(type_error("+: takes no bool"));
        }
        if !slf.is_exact_instance_of::<Array>() {
            return subclass::operator("positive", slf, None, false);
        }
        give(slf.py(), raw.copied()?)
    }
    fn __abs__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        unary(Op::Abs, slf)
    }
    fn __invert__(slf: &Bound<'_, Self>) -> Outcome<Py<PyAny>> {
        unary(Op::Invert, slf)
    }

    fn __matmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        if !slf.is_exact_instance_of::<Array>() {
            return subclass::operator("matmul", slf, Some(other), false);
        }
        match factor(other)? {
            Some(factor) => give(py, matmul(py, &slf.get().raw(), &factor)?),
            None if stance(other, Protocol::Ufunc) == Stance::Overrides => {
                ufunc_of("matmul", slf, other, false)
            }
            None => Ok(py.NotImplemented()),
        }
    }
    fn __rmatmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        if !slf.is_exact_instance_of::<Array>() {
            return subclass::operator("matmul", slf, Some(other), true);
        }
        match factor(other)? {
            Some(factor) => give(py, matmul(py, &factor, &slf.get().raw())?),
            None if stance(other, Protocol::Ufunc) == Stance::Overrides => {
                ufunc_of("matmul", slf, other, true)
            }
            None => Ok(py.NotImplemented()),
        }
    }
    /// Sequences are joined by `operator.concat`, arrays are not.
    fn __concat__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        Err(type_error(format!(
            "unsupported operand type(s) for +: '{}' and '{}'\n  hint: `cv.concatenate` joins arrays",
            slf.get_type().name()?,
            other.get_type().name()?
        )))
    }

    fn __imatmul__(slf: &Bound<'_, Self>, other: Taken<'_, '_>) -> Outcome<()> {
        if stance(&other.0, Protocol::Ufunc) == Stance::Overrides {
            return subclass::written_by("matmul", slf, &other.0);
        }
        let other = array_of(&other.0, None)?;
        if slf.get().raw().rank() == 0 || other.rank() < 2 {
            return Err(value_error(
                "inplace matrix multiplication requires the first operand to have at least one and the second at least two \
                 dimensions.",
            ));
        }
        let product = matmul(slf.py(), &slf.get().raw(), &other)?;
        if product.shape() != slf.get().raw().shape() {
            return Err(value_error(format!(
                "inplace matrix multiplication: the product has shape {}, the first operand {}",
                civita_core::error::shape_text(product.shape()),
                civita_core::error::shape_text(slf.get().raw().shape())
            )));
        }
        slf.get()
            .write(|out| Ok(out.assign(&product.cast_if(out.dtype(), Casting::SameKind)?)?))
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
        let is_text = || other.is_instance_of::<PyString>() || other.is_instance_of::<PyBytes>();
        if matches!(op, Op::Eq | Op::Ne) && (other.is_none() || is_text()) {
            // no element is None, or a text
            let answer = Raw::scalar(Scalar::Bool(op == Op::Ne), DType::Bool)?;
            let all = answer.broadcast_to(slf.get().raw().shape())?;
            return subclass::kept(slf, give(slf.py(), all.copied()?));
        }
        let found = binary(op, slf, other, false)?;
        match matches!(op, Op::Eq | Op::Ne) && found.bind(slf.py()).is(slf.py().NotImplemented()) {
            true => beside_object(op, slf, other),
            false => Ok(found),
        }
    }

    fn __bool__(&self) -> Outcome<bool> {
        let raw = self.raw();
        match raw.len() {
            1 => Ok(raw.concrete("bool")?.item()?.as_complex() != Complex::ZERO),
            0 => Err(value_error(
                "The truth value of an empty array is ambiguous\n  hint: `a.size > 0` asks whether it has elements",
            )),
            _ => Err(value_error(
                "The truth value of an array with more than one element is ambiguous\n  hint: `a.any()` or `a.all()`",
            )),
        }
    }

    fn __int__<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyAny>> {
        let value = python_scalar(py, self.scalar("int")?)?;
        Ok(py.get_type::<pyo3::types::PyInt>().call1((value,))?)
    }

    fn __float__(&self, py: Python<'_>) -> Outcome<f64> {
        self.becomes_constant(py, "float")?;
        match self.scalar("float")? {
            Scalar::Complex(_) => Err(type_error(
                "float() of a complex number\n  hint: take `.real` or `abs(x)` first",
            )),
            other => Ok(other.as_f64()),
        }
    }

    /// The nearest integer of an array without axes, as a Python number.
    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        &self,
        py: Python<'py>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Bound<'py, PyAny>> {
        let number = python_scalar(py, self.scalar("round")?)?;
        match ndigits {
            None => Ok(number.call_method0("__round__")?),
            Some(n) => Ok(number.call_method1("__round__", (n,))?),
        }
    }

    fn __complex__<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyComplex>> {
        self.becomes_constant(py, "complex")?;
        let value = self.scalar("complex")?.as_complex();
        Ok(PyComplex::from_doubles(py, value.re, value.im))
    }

    fn __index__<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyAny>> {
        let raw = self.raw();
        if raw.rank() != 0 || !raw.dtype().is_integer() {
            return Err(type_error(
                "only integer arrays without axes can be converted to an index",
            ));
        }
        python_scalar(py, raw.concrete("index")?.item()?)
    }

    fn __contains__(slf: &Bound<'_, Self>, item: &Bound<'_, PyAny>) -> Outcome<bool> {
        let equal = binary(Op::Eq, slf, item, false)?;
        if let Some((found, _)) = crate::scalar::parts(equal.bind(slf.py())) {
            return Ok(found == Scalar::Bool(true));
        }
        match equal.bind(slf.py()).cast::<Array>() {
            Ok(array) => {
                let any = array
                    .get()
                    .raw()
                    .reduce(civita_core::ops::Reduction::Any, Default::default())?;
                Ok(any.concrete("in")?.item()? == Scalar::Bool(true))
            }
            Err(_) => Ok(false),
        }
    }
}

impl Array {
    /// Warns where a function that takes Python's numbers would lose a derivative (`math.sqrt(x)`), as PyTorch does. `item`, `tolist` and
    /// formats say themselves that a number is wanted.
    #[inline]
    fn becomes_constant(&self, py: Python<'_>, to: &str) -> Outcome<()> {
        match self.raw().is_differentiated() {
            true => loses_derivative(py, to),
            false => Ok(()),
        }
    }

    fn scalar(&self, to: &'static str) -> Outcome<Scalar> {
        let raw = self.raw();
        if raw.rank() != 0 {
            return Err(type_error(format!(
                "{to}(): only arrays without axes can be converted to Python scalars\n  hint: `a.item()` takes any array of one element"
            )));
        }
        Ok(raw.concrete(to)?.item()?)
    }
}

#[cold]
fn loses_derivative(py: Python<'_>, to: &str) -> Outcome<()> {
    let text = format!(
        "{to}(x) of an array that is differentiated is a constant: no derivative passes through it\n  hint: functions of `cv` in place of \
         those of Python's math module keep it; `x.item()` or `x.detach()` says that a constant is meant"
    );
    let class = py.get_type::<pyo3::exceptions::PyUserWarning>();
    crate::functions::warn_as(py, class.as_any(), &text)
}

/// A scalar as Python's.
pub fn python_scalar(py: Python<'_>, scalar: Scalar) -> Outcome<Bound<'_, PyAny>> {
    Ok(match scalar {
        Scalar::Bool(v) => PyBool::new(py, v).to_owned().into_any(),
        Scalar::Int(v) => match i64::try_from(v) {
            Ok(v) => v.into_pyobject(py).map_err(PyErr::from)?.into_any(),
            Err(_) => v.into_pyobject(py).map_err(PyErr::from)?.into_any(),
        },
        Scalar::Float(v) => PyFloat::new(py, v).into_any(),
        Scalar::Complex(v) => PyComplex::from_doubles(py, v.re, v.im).into_any(),
    })
}

/// Whether the object is a symbol of a fused function.
pub fn is_expr(ob: &Bound<'_, PyAny>) -> bool {
    ob.is_exact_instance_of::<PyExpr>()
}
