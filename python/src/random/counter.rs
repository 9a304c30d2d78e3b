//! `Philox4x32`: numbers by place, on all threads.

use std::sync::Mutex;

use civita_core::dtype::Element;
use civita_core::raw::Raw;
use civita_core::transform::check_draw;
use civita_random as random;
use civita_random::Counted;
use pyo3::IntoPyObject;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyTuple};

use super::arguments::size_of;
use super::bits::wrapped_u128;
use super::draw::{is_single, lock, value_or_array};
use crate::array::wrap;
use crate::error::{Outcome, value_error};
use crate::gil;

/// Draws by a key and a counter: every number is a function of them and of its place, so that it is the same for any number of
/// threads. Fast for large arrays; the numbers are not NumPy's.
///
/// >>> rng = cv.random.Philox4x32(42)
/// >>> x = rng.normal((1000, 1000), dtype="float32")
/// >>> rng.counter
/// 250000
#[pyclass(name = "Philox4x32", module = "civita.random", frozen)]
pub struct Philox4x32(Mutex<random::Philox4x32>);

/// Elements that a task draws: whole groups of blocks, worth waking a thread for.
const GRAIN: usize = 1 << 14;

impl Philox4x32 {
    fn drawn<'py, T>(
        &self,
        py: Python<'py>,
        size: Option<&Bound<'py, PyAny>>,
        draw: fn(&random::Philox4x32, usize, &mut [T]),
    ) -> Outcome<Py<PyAny>>
    where
        T: Element + Counted + IntoPyObject<'py>,
    {
        check_draw("Philox4x32")?;
        let Some(shape) = size_of(size)? else {
            let rng = lock(&self.0).take::<T>(1);
            return value_or_array(py, None, |out| {
                draw(&rng, 0, out);
                Ok(())
            });
        };
        // before anything is drawn, is there memory?
        let n = Raw::empty(&shape, T::DTYPE)?.len();
        let rng = lock(&self.0).take::<T>(n);
        let drawn = gil::work(py, n, || {
            Raw::written_in_parts(&shape, GRAIN, &|first, out| draw(&rng, first, out))
        })?;
        wrap(py, drawn)
    }
}

#[pymethods]
impl Philox4x32 {
    #[new]
    #[pyo3(signature = (key, counter=None), text_signature = "(key, counter=0)")]
    fn new(key: &Bound<'_, PyAny>, counter: Option<&Bound<'_, PyAny>>) -> Outcome<Philox4x32> {
        let whole = |ob: &Bound<'_, PyAny>, name: &str, bits: u32| -> Outcome<u128> {
            let index = ob.py().import("operator")?.call_method1("index", (ob,))?;
            if index.lt(0)? || index.rshift(bits)?.is_truthy()? {
                return Err(value_error(format!(
                    "{name} must be positive and less than 2**{bits}."
                )));
            }
            wrapped_u128(&index)
        };
        let key = whole(key, "key", 64)? as u64;
        let counter = counter.map_or(Ok(0), |counter| whole(counter, "counter", 128))?;
        Ok(Philox4x32(Mutex::new(random::Philox4x32::at(key, counter))))
    }

    /// Which stream it is: an integer of 64 bits.
    #[getter]
    fn key(&self) -> u64 {
        lock(&self.0).key
    }

    /// The block of four words that is drawn next: an integer of 128 bits.
    #[getter]
    fn counter(&self) -> u128 {
        lock(&self.0).counter
    }

    /// Uniform in [0, 1).
    #[pyo3(signature = (size=None, dtype=None), text_signature = "($self, size=None, dtype='float64')")]
    fn uniform<'py>(
        &self,
        py: Python<'py>,
        size: Option<&Bound<'py, PyAny>>,
        dtype: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        if is_single("uniform", dtype)? {
            self.drawn::<f32>(py, size, random::Philox4x32::uniform_at)
        } else {
            self.drawn::<f64>(py, size, random::Philox4x32::uniform_at)
        }
    }

    /// Standard normal.
    #[pyo3(signature = (size=None, dtype=None), text_signature = "($self, size=None, dtype='float64')")]
    fn normal<'py>(
        &self,
        py: Python<'py>,
        size: Option<&Bound<'py, PyAny>>,
        dtype: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        if is_single("normal", dtype)? {
            self.drawn::<f32>(py, size, random::Philox4x32::normal_at)
        } else {
            self.drawn::<f64>(py, size, random::Philox4x32::normal_at)
        }
    }

    /// A generator with a key of its own, for each `i`: independent streams.
    #[pyo3(signature = (i))]
    fn split(&self, i: u64) -> Philox4x32 {
        Philox4x32(Mutex::new(lock(&self.0).split(i)))
    }

    fn __repr__(&self) -> String {
        let rng = *lock(&self.0);
        format!("Philox4x32(key={}, counter={})", rng.key, rng.counter)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let rng = *lock(&slf.get().0);
        let int = |n: u128| -> PyResult<Bound<'py, PyAny>> {
            Ok(n.into_pyobject(py)?.cast_into::<PyInt>()?.into_any())
        };
        let arguments = PyTuple::new(py, [int(rng.key.into())?, int(rng.counter)?])?;
        PyTuple::new(py, [slf.get_type().into_any(), arguments.into_any()])
    }
}

/// Adds the class.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Philox4x32>()
}
