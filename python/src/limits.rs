//! `finfo`, `iinfo`, and constants.

use civita_core::dtype::{DType, Kind, Scalar};
use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::pyclass_init::PyClassInitializer;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::array::Array;
use crate::dtype::{PyDType, parse_in_order};
use crate::error::{Outcome, value_error};
use crate::scalar::make;

/// Limits of a float dtype, or of the parts of a complex one.
#[pyclass(name = "finfo", module = "civita", frozen)]
struct FloatLimits {
    dtype: DType,
    /// Bits of an element.
    #[pyo3(get)]
    bits: usize,
    eps: f64,
    max: f64,
    smallest_normal: f64,
    smallest_subnormal: f64,
    /// Bits of the exponent.
    #[pyo3(get)]
    iexp: usize,
    /// Bits of the fraction.
    #[pyo3(get)]
    nmant: i32,
}

impl FloatLimits {
    /// A limit as a scalar of the dtype that it limits.
    fn own(&self, py: Python<'_>, value: f64) -> Outcome<Py<PyAny>> {
        make(py, Scalar::Float(value), self.dtype)
    }

    fn digits(&self) -> i32 {
        (-self.eps.log10()).floor() as i32
    }

    fn of(dtype: DType) -> Outcome<FloatLimits> {
        // bits of the exponent and of the fraction
        let (exponent, fraction) = match dtype {
            DType::F8E4M3 => (4, 3),
            DType::F8E5M2 => (5, 2),
            DType::F16 => (5, 10),
            DType::BF16 => (8, 7),
            DType::F32 => (8, 23),
            DType::F64 => (11, 52),
            other => return Err(value_error(format!("data type {other} not inexact"))),
        };
        let two = |power: i32| 2f64.powi(power);
        let least = 2 - (1 << (exponent - 1));
        let subnormal = if dtype == DType::F64 {
            f64::from_bits(1)
        } else {
            two(least - fraction)
        };
        Ok(FloatLimits {
            dtype,
            bits: dtype.size() * 8,
            eps: two(-fraction),
            max: match dtype {
                // without infinities the largest exponent is one of numbers
                DType::F8E4M3 => dtype.greatest_float(),
                _ => (2.0 - two(-fraction)) * two(1 - least),
            },
            smallest_normal: two(least),
            smallest_subnormal: subnormal,
            iexp: exponent,
            nmant: fraction,
        })
    }
}

/// The dtype of an array, a scalar or a Python number, or a named one.
fn dtype_or_array(ob: &Bound<'_, PyAny>) -> Outcome<DType> {
    if let Ok(array) = ob.cast::<Array>() {
        return Ok(array.get().raw().dtype());
    }
    if let Some(dtype) = crate::scalar::scalar_dtype(ob) {
        return Ok(dtype);
    }
    match crate::convert::scalar_exact(ob) {
        Ok(Some(scalar)) => Ok(scalar.default_dtype()),
        _ => match parse_in_order(ob) {
            Ok((dtype, _)) => Ok(dtype),
            // scalars of NumPy's
            Err(_) if let Ok(Some(raw)) = crate::convert::imported(ob) => Ok(raw.dtype()),
            Err(_) => Err(value_error(format!(
                "invalid data type {}: limits are those of a dtype, a scalar or an array",
                ob.repr()?
            ))),
        },
    }
}

/// The one object of a dtype, which `make` makes when it is asked for first.
fn kept<T: PyClass + Sync + Into<PyClassInitializer<T>>>(
    py: Python<'_>,
    all: &'static PyOnceLock<[PyOnceLock<Py<T>>; DType::ALL.len()]>,
    dtype: DType,
    make: impl FnOnce() -> Outcome<T>,
) -> Outcome<Py<T>> {
    let all = all.get_or_init(py, || std::array::from_fn(|_| PyOnceLock::new()));
    let one =
        all[dtype as usize].get_or_try_init(py, || Py::new(py, make().map_err(PyErr::from)?))?;
    Ok(one.clone_ref(py))
}

#[pymethods]
impl FloatLimits {
    #[new]
    #[pyo3(signature = (dtype, /))]
    fn new(dtype: &Bound<'_, PyAny>) -> Outcome<Py<FloatLimits>> {
        static ALL: PyOnceLock<[PyOnceLock<Py<FloatLimits>>; DType::ALL.len()]> = PyOnceLock::new();
        let (py, dtype) = (dtype.py(), dtype_or_array(dtype)?.to_real());
        kept(py, &ALL, dtype, || FloatLimits::of(dtype))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> (Py<PyType>, (&'static str,)) {
        (slf.get_type().unbind(), (slf.get().dtype.name(),))
    }

    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        class
            .py()
            .import("types")?
            .getattr("GenericAlias")?
            .call1((class, item))
    }

    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyDType> {
        PyDType::of(py, self.dtype)
    }

    /// The distance from 1 to the next number.
    #[getter]
    fn eps(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, self.eps)
    }

    /// The distance from 1 to the number before it.
    #[getter]
    fn epsneg(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, self.eps / 2.0)
    }

    /// The largest number.
    #[getter]
    fn max(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, self.max)
    }

    /// The largest negative number.
    #[getter]
    fn min(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, -self.max)
    }

    /// The smallest positive number that is not subnormal.
    #[getter]
    fn smallest_normal(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, self.smallest_normal)
    }

    /// The smallest positive number that is not subnormal.
    #[getter]
    fn tiny(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, self.smallest_normal)
    }

    /// The smallest positive number.
    #[getter]
    fn smallest_subnormal(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, self.smallest_subnormal)
    }

    /// The smallest power of 2 that overflows.
    #[getter]
    fn maxexp(&self) -> i32 {
        1 << (self.iexp - 1)
    }

    /// The most negative power of 2 that is not subnormal.
    #[getter]
    fn minexp(&self) -> i32 {
        2 - (1 << (self.iexp - 1))
    }

    /// The exponent of `eps`.
    #[getter]
    fn machep(&self) -> i32 {
        -self.nmant
    }

    /// The exponent of `epsneg`.
    #[getter]
    fn negep(&self) -> i32 {
        -self.nmant - 1
    }

    /// Bits of the exponent with its bias and sign.
    #[getter]
    fn nexp(&self) -> usize {
        self.iexp
    }

    /// Decimal digits that are always right.
    #[getter]
    fn precision(&self) -> i32 {
        self.digits()
    }

    /// The distance from 1 to the next number, in decimal: `10**-precision`.
    #[getter]
    fn resolution(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        self.own(py, 10f64.powi(-self.digits()))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast::<FloatLimits>()
            .is_ok_and(|other| other.get().dtype == self.dtype)
    }

    fn __hash__(&self) -> u64 {
        self.dtype as u64
    }

    fn __repr__(&self, py: Python<'_>) -> Outcome<String> {
        let text = |v: f64| -> Outcome<String> {
            let scalar = crate::scalar::make(py, Scalar::Float(v), self.dtype)?;
            Ok(scalar.bind(py).str()?.to_string())
        };
        Ok(format!(
            "finfo(resolution={}, min={}, max={}, dtype={})",
            text(10f64.powi(-self.digits()))?,
            text(-self.max)?,
            text(self.max)?,
            self.dtype.name()
        ))
    }
}

/// Limits of an integer dtype.
#[pyclass(name = "iinfo", module = "civita", frozen)]
struct IntegerLimits {
    dtype: DType,
    /// Bits of an element.
    #[pyo3(get)]
    bits: u32,
    /// The smallest number.
    #[pyo3(get)]
    min: i64,
    /// The largest number.
    #[pyo3(get)]
    max: u64,
}

impl IntegerLimits {
    fn of(dtype: DType) -> Outcome<IntegerLimits> {
        let bits = dtype.size() as u32 * 8;
        let (min, max) = match dtype.kind() {
            Kind::Unsigned => (0, u64::MAX >> (64 - bits)),
            Kind::Signed => (i64::MIN >> (64 - bits), u64::MAX >> (65 - bits)),
            _ => return Err(value_error(format!("Invalid integer data type '{dtype}'."))),
        };
        Ok(IntegerLimits {
            dtype,
            bits,
            min,
            max,
        })
    }
}

#[pymethods]
impl IntegerLimits {
    #[new]
    #[pyo3(signature = (dtype, /))]
    fn new(dtype: &Bound<'_, PyAny>) -> Outcome<Py<IntegerLimits>> {
        static ALL: PyOnceLock<[PyOnceLock<Py<IntegerLimits>>; DType::ALL.len()]> =
            PyOnceLock::new();
        let (py, dtype) = (dtype.py(), dtype_or_array(dtype)?);
        kept(py, &ALL, dtype, || IntegerLimits::of(dtype))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> (Py<PyType>, (&'static str,)) {
        (slf.get_type().unbind(), (slf.get().dtype.name(),))
    }

    #[classmethod]
    fn __class_getitem__<'py>(
        class: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        class
            .py()
            .import("types")?
            .getattr("GenericAlias")?
            .call1((class, item))
    }

    #[getter]
    fn dtype(&self, py: Python<'_>) -> Py<PyDType> {
        PyDType::of(py, self.dtype)
    }

    /// `i` or `u`.
    #[getter]
    fn kind(&self) -> char {
        if self.min < 0 { 'i' } else { 'u' }
    }

    /// NumPy's short code: `i4`.
    #[getter]
    fn key(&self) -> String {
        format!("{}{}", self.kind(), self.bits)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast::<IntegerLimits>()
            .is_ok_and(|other| other.get().dtype == self.dtype)
    }

    fn __hash__(&self) -> u64 {
        self.dtype as u64
    }

    fn __repr__(&self) -> String {
        format!(
            "iinfo(min={}, max={}, dtype={})",
            self.min,
            self.max,
            self.dtype.name()
        )
    }
}

/// Adds the classes and constants to the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<FloatLimits>()?;
    m.add_class::<IntegerLimits>()?;
    m.add("pi", std::f64::consts::PI)?;
    m.add("e", std::f64::consts::E)?;
    m.add("inf", f64::INFINITY)?;
    m.add("nan", f64::NAN)?;
    m.add("euler_gamma", 0.577_215_664_901_532_9)?;
    m.add("newaxis", m.py().None())?;
    Ok(())
}
