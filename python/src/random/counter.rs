//! `Philox4x32` and `Threefry4x32`: numbers by place, on all threads.

use std::sync::Mutex;

use civita_core::dtype::{DType, Scalar};
use civita_core::error::Result;
use civita_core::primitive::Draw;
use civita_core::raw::Raw;
use civita_core::transform::{Drawing, TensorRng};
use civita_random::{Keyed, KeyedCipher};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::arguments::size_of;
use super::bits::wrapped_u128;
use super::draw::{is_single, lock};
use crate::array::{Array, wrap};
use crate::convert::array_of;
use crate::error::{Outcome, value_error};
use crate::gil;

/// A generator of both classes.
struct ByPlace(Mutex<State>);

#[derive(Clone)]
enum State {
    Host(Keyed),
    Tensors(Box<TensorRng>),
}

impl State {
    fn next(&mut self, op: &'static str, draw: Draw, dtype: DType, n: usize) -> Result<Drawing> {
        match self {
            State::Host(rng) => Drawing::of_host(op, rng, draw, dtype, n),
            State::Tensors(rng) => rng.next(op, draw, dtype, n),
        }
    }
}

/// An integer of as many bits.
fn whole(ob: &Bound<'_, PyAny>, name: &str, bits: u32) -> Outcome<u128> {
    let index = ob.py().import("operator")?.call_method1("index", (ob,))?;
    if index.lt(0)? || index.rshift(bits)?.is_truthy()? {
        return Err(value_error(format!(
            "{name} must be positive and less than 2**{bits}."
        )));
    }
    wrapped_u128(&index)
}

/// An array that a transformation may look at: of `uint64`, or one whose value cannot be read.
fn tensor(ob: &Bound<'_, PyAny>) -> Outcome<Option<Raw>> {
    if !ob.is_instance_of::<Array>() {
        return Ok(None);
    }
    let raw = array_of(ob, None)?;
    Ok((raw.dtype() == DType::U64 || raw.opaque().is_some()).then_some(raw))
}

impl ByPlace {
    fn on(state: State) -> ByPlace {
        ByPlace(Mutex::new(state))
    }

    fn new(
        cipher: KeyedCipher,
        key: &Bound<'_, PyAny>,
        counter: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<ByPlace> {
        let key_tensor = tensor(key)?;
        let counter_tensor = match counter {
            Some(counter) => tensor(counter)?,
            None => None,
        };
        if key_tensor.is_none() && counter_tensor.is_none() {
            let key = whole(key, "key", 64)? as u64;
            let counter = counter.map_or(Ok(0), |counter| whole(counter, "counter", 128))?;
            return Ok(ByPlace::on(State::Host(
                Keyed::at(key, counter).with(cipher),
            )));
        }
        let word = |tensor: Option<Raw>, ob: Option<&Bound<'_, PyAny>>, name| match (tensor, ob) {
            (Some(tensor), _) => Ok(tensor),
            (None, Some(ob)) => {
                let value = whole(ob, name, 64)? as i128;
                Outcome::Ok(Raw::scalar(Scalar::Int(value), DType::U64)?)
            }
            (None, None) => Ok(Raw::scalar(Scalar::Int(0), DType::U64)?),
        };
        let key = word(key_tensor, Some(key), "key")?;
        let counter = word(counter_tensor, counter, "counter")?;
        let rng = TensorRng::new(&key, &counter)?.with(cipher);
        Ok(ByPlace::on(State::Tensors(Box::new(rng))))
    }

    fn drawn(
        &self,
        py: Python<'_>,
        op: &'static str,
        size: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        draw: Draw,
    ) -> Outcome<Py<PyAny>> {
        let dtype = if is_single(op, dtype)? {
            DType::F32
        } else {
            DType::F64
        };
        let shape = size_of(size)?;
        let n = match &shape {
            // before anything is drawn, is there memory?
            Some(shape) => Raw::empty(shape, dtype)?.len(),
            None => 1,
        };
        let drawing = lock(&self.0).next(op, draw, dtype, n)?;
        let single = shape.is_none() && drawing.is_plain();
        let shape = shape.unwrap_or_default();
        let drawn = gil::work(py, n, || drawing.numbers(&shape))?;
        if single {
            let value = drawn.item()?.as_f64();
            return Ok(value.into_py_any(py)?);
        }
        wrap(py, drawn)
    }

    /// Key and counter as Python's integers or arrays.
    fn place<'py>(&self, py: Python<'py>) -> Outcome<[Bound<'py, PyAny>; 2]> {
        match lock(&self.0).clone() {
            State::Host(rng) => Ok([
                rng.key.into_bound_py_any(py)?,
                rng.counter.into_bound_py_any(py)?,
            ]),
            State::Tensors(rng) => Ok([
                wrap(py, rng.key().clone())?.into_bound(py),
                wrap(py, rng.counter().clone())?.into_bound(py),
            ]),
        }
    }

    /// A generator with a key of its own.
    fn split(&self, i: &Bound<'_, PyAny>) -> Outcome<ByPlace> {
        let i = whole(i, "i", 64)? as u64;
        Ok(ByPlace::on(match &*lock(&self.0) {
            State::Host(rng) => State::Host(rng.split(i)),
            State::Tensors(rng) => State::Tensors(Box::new(rng.split(i)?)),
        }))
    }

    fn keys(&self, py: Python<'_>, n: i64) -> Outcome<Py<PyAny>> {
        let n = usize::try_from(n).map_err(|_| value_error("n must not be negative"))?;
        let keys = match lock(&self.0).clone() {
            State::Host(rng) => {
                let mut first = Keyed { counter: 0, ..rng };
                Drawing::of_host("keys", &mut first, Draw::Keys, DType::U64, n)?.numbers(&[n])?
            }
            State::Tensors(rng) => rng.keys(n)?,
        };
        wrap(py, keys)
    }
}

macro_rules! classes {
    ($($(#[doc = $doc:literal])* $class:ident;)*) => { $(
        $(#[doc = $doc])*
        #[pyclass(module = "civita.random", frozen)]
        pub struct $class(ByPlace);

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (key, counter=None), text_signature = "(key, counter=0)")]
            fn new(key: &Bound<'_, PyAny>, counter: Option<&Bound<'_, PyAny>>) -> Outcome<$class> {
                ByPlace::new(KeyedCipher::$class, key, counter).map($class)
            }

            /// Which stream it is: an integer of 64 bits, or the array that it was made of.
            #[getter]
            fn key<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyAny>> {
                let [key, _] = self.0.place(py)?;
                Ok(key)
            }

            /// The block of four words that is drawn next: an integer of 128 bits, or an array if it was made of arrays.
            #[getter]
            fn counter<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyAny>> {
                let [_, counter] = self.0.place(py)?;
                Ok(counter)
            }

            /// Uniform in [0, 1).
            #[pyo3(signature = (size=None, dtype=None), text_signature = "($self, size=None, dtype='float64')")]
            fn uniform(
                &self,
                py: Python<'_>,
                size: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
            ) -> Outcome<Py<PyAny>> {
                self.0.drawn(py, "uniform", size, dtype, Draw::Uniform)
            }

            /// Standard normal.
            #[pyo3(signature = (size=None, dtype=None), text_signature = "($self, size=None, dtype='float64')")]
            fn normal(
                &self,
                py: Python<'_>,
                size: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
            ) -> Outcome<Py<PyAny>> {
                self.0.drawn(py, "normal", size, dtype, Draw::Normal)
            }

            /// A generator with a key of its own, for each `i`: independent streams.
            #[pyo3(signature = (i))]
            fn split(&self, i: &Bound<'_, PyAny>) -> Outcome<$class> {
                self.0.split(i).map($class)
            }

            /// The keys of `split(0)`, …, `split(n - 1)`: an array of `uint64`, for generators under `vmap`.
            #[pyo3(signature = (n))]
            fn keys(&self, py: Python<'_>, n: i64) -> Outcome<Py<PyAny>> {
                self.0.keys(py, n)
            }

            fn __repr__(&self, py: Python<'_>) -> Outcome<String> {
                let [key, counter] = self.0.place(py)?;
                let name = stringify!($class);
                Ok(format!("{name}(key={}, counter={})", key.repr()?, counter.repr()?))
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyTuple>> {
                let py = slf.py();
                let arguments = PyTuple::new(py, slf.get().0.place(py)?)?;
                Ok(PyTuple::new(
                    py,
                    [slf.get_type().into_any(), arguments.into_any()],
                )?)
            }
        }
    )* };
}
classes! {
    /// Draws by a key and a counter: every number is a function of them and of its place, so that it is the same for any number of
    /// threads. Fast for large arrays; the numbers are not NumPy's.
    ///
    /// Under `vmap` it draws as `randomness` says. Of a key and a counter that are arrays (`uint64`, without axes) it draws arrays
    /// that are functions of them: under `vmap` over keys each sample has its own numbers, and a `trace` runs again by key and counter.
    ///
    /// >>> rng = cv.random.Philox4x32(42)
    /// >>> x = rng.normal((1000, 1000), dtype="float32")
    /// >>> rng.counter
    /// 250000
    Philox4x32;
    /// As `Philox4x32`, by the block cipher Threefry4x32-20, which has additions and rotations in place of multiplications.
    ///
    /// >>> rng = cv.random.Threefry4x32(42)
    /// >>> rng.uniform(3).shape, rng.counter
    /// ((3,), 2)
    Threefry4x32;
}

/// Adds the classes.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Philox4x32>()?;
    m.add_class::<Threefry4x32>()
}
