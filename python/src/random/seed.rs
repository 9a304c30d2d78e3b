//! `SeedSequence`, and what seeds are made of.

use std::sync::Mutex;

use civita_core::dtype::{DType, Kind};
use civita_core::raw::Raw;
use civita_random as random;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyList, PyRange, PyString, PyTuple};

use super::draw::lock;
use crate::array::{Array, wrap};
use crate::convert::array_of;
use crate::error::{Outcome, type_error, value_error};

/// Mixes entropy into states of bit generators, and spawns independent children.
///
/// >>> seeds = cv.random.SeedSequence(42)
/// >>> seeds.generate_state(2)
/// array([3444837047, 2669555309], dtype=uint32)
#[pyclass(name = "SeedSequence", module = "civita.random", frozen)]
pub struct SeedSequence {
    inner: Mutex<random::SeedSequence>,
    entropy: Py<PyAny>,
    spawn_key: Py<PyTuple>,
    pool_size: usize,
}

/// Bits from the system.
pub fn entropy(py: Python<'_>, bytes: usize) -> PyResult<Bound<'_, PyAny>> {
    let drawn = py.import("os")?.call_method1("urandom", (bytes,))?;
    py.get_type::<PyInt>()
        .call_method1("from_bytes", (drawn, "little"))
}

/// An integer as NumPy's or Python's classes have it.
fn is_integer(ob: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(ob.is_instance_of::<PyInt>()
        || ob.hasattr("__index__")? && !ob.is_instance_of::<Array>() && !ob.hasattr("__len__")?)
}

/// The words of 32 bits of a seed, lowest first: of an integer of any size, of text that says one, or of several.
pub fn words(ob: &Bound<'_, PyAny>) -> Outcome<Vec<u32>> {
    collected(ob, 0)
}

fn collected(ob: &Bound<'_, PyAny>, depth: usize) -> Outcome<Vec<u32>> {
    let py = ob.py();
    if depth > 64 {
        return Err(type_error("SeedSequence does not accept nested sequences."));
    }
    if let Ok(text) = ob.cast::<PyString>() {
        let text = text.to_str()?;
        let int = py.get_type::<PyInt>();
        return match text.strip_prefix("0x") {
            Some(_) => integer_words(&int.call1((text, 16))?),
            None if text.starts_with(|c: char| c.is_ascii_digit()) => {
                integer_words(&int.call1((text,))?)
            }
            None => Err(value_error("unrecognized seed string")),
        };
    }
    if is_integer(ob)? {
        return integer_words(&py.import("operator")?.call_method1("index", (ob,))?);
    }
    if ob.is_instance_of::<PyFloat>() {
        return Err(type_error("seed must be integer"));
    }
    if ob.is_instance_of::<Array>() || crate::buffer::has_buffer(ob) {
        return array_words(&array_of(ob, None)?);
    }
    let mut words = Vec::new();
    for item in ob.try_iter()? {
        words.extend(collected(&item?, depth + 1)?);
    }
    Ok(words)
}

fn array_words(raw: &Raw) -> Outcome<Vec<u32>> {
    match raw.dtype().kind() {
        Kind::Float | Kind::Complex => Err(type_error("seed must be integer")),
        Kind::Signed => {
            let all: Vec<i64> = raw.cast(DType::I64)?.to_vec()?;
            if all.iter().any(|&n| n < 0) {
                return Err(value_error("expected non-negative integer"));
            }
            Ok(all
                .iter()
                .flat_map(|&n| random::words_of(n as u128))
                .collect())
        }
        Kind::Unsigned | Kind::Bool => {
            let all: Vec<u64> = raw.cast(DType::U64)?.to_vec()?;
            Ok(all
                .iter()
                .flat_map(|&n| random::words_of(n.into()))
                .collect())
        }
    }
}

/// The words of a Python integer.
fn integer_words(n: &Bound<'_, PyAny>) -> Outcome<Vec<u32>> {
    if n.lt(0)? {
        return Err(value_error("expected non-negative integer"));
    }
    let bits: usize = n.call_method0("bit_length")?.extract()?;
    let bytes = n.call_method1("to_bytes", (bits.div_ceil(32).max(1) * 4, "little"))?;
    let bytes = bytes.cast::<PyBytes>().map_err(PyErr::from)?;
    Ok(bytes
        .as_bytes()
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect())
}

impl SeedSequence {
    fn made(
        entropy: Bound<'_, PyAny>,
        spawn_key: &Bound<'_, PyAny>,
        pool_size: usize,
        children: u32,
    ) -> Outcome<SeedSequence> {
        let py = entropy.py();
        let spawn_key = PyTuple::new(py, spawn_key.try_iter()?.collect::<PyResult<Vec<_>>>()?)?;
        let mut inner = random::SeedSequence::with_key(
            &words(&entropy)?,
            &words(spawn_key.as_any())?,
            pool_size,
        )?;
        inner.set_children_spawned(children);
        Ok(SeedSequence {
            inner: Mutex::new(inner),
            entropy: entropy.unbind(),
            spawn_key: spawn_key.unbind(),
            pool_size,
        })
    }

    /// One from a seed: None for entropy of the system.
    pub fn of(seed: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> Outcome<SeedSequence> {
        SeedSequence::new(
            py,
            seed,
            PyTuple::empty(py).as_any(),
            random::POOL_SIZE as isize,
            0,
        )
    }
}

#[pymethods]
impl SeedSequence {
    #[new]
    #[pyo3(signature = (entropy=None, *, spawn_key=None, pool_size=4, n_children_spawned=0), text_signature = "(entropy=None, *, spawn_key=(), pool_size=4, n_children_spawned=0)")]
    fn py_new(
        py: Python<'_>,
        entropy: Option<&Bound<'_, PyAny>>,
        spawn_key: Option<&Bound<'_, PyAny>>,
        pool_size: isize,
        n_children_spawned: u32,
    ) -> Outcome<SeedSequence> {
        let none = PyTuple::empty(py).into_any();
        let spawn_key = spawn_key.unwrap_or(&none);
        SeedSequence::new(py, entropy, spawn_key, pool_size, n_children_spawned)
    }

    /// Words of state for a bit generator: `n_words` of `uint32` or `uint64`.
    #[pyo3(signature = (n_words, dtype=None), text_signature = "($self, n_words, dtype='uint32')")]
    fn generate_state(
        &self,
        py: Python<'_>,
        n_words: i64,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let n_words = usize::try_from(n_words)
            .map_err(|_| value_error("n_words: negative dimensions are not allowed"))?;
        let dtype = crate::dtype::parse_optional(dtype)?.unwrap_or(DType::U32);
        // the shape says whether memory can hold them
        Raw::empty(&[n_words], dtype)?;
        let inner = lock(&self.inner).clone();
        match dtype {
            DType::U32 => wrap(py, Raw::from_vec(inner.generate(n_words), &[n_words])?),
            DType::U64 => wrap(py, Raw::from_vec(inner.generate_u64(n_words), &[n_words])?),
            _ => Err(value_error("only support uint32 or uint64")),
        }
    }

    /// `n_children` new sequences, independent of each other and of this one.
    #[pyo3(signature = (n_children))]
    fn spawn<'py>(&self, py: Python<'py>, n_children: i64) -> Outcome<Bound<'py, PyList>> {
        let Ok(n) = u32::try_from(n_children) else {
            return Err(value_error(if n_children < 0 {
                "n_children must be non-negative"
            } else {
                "n_children must be less than 2**32"
            }));
        };
        let first = {
            let mut inner = lock(&self.inner);
            let first = inner.children_spawned();
            inner.set_children_spawned(first.wrapping_add(n));
            first
        };
        let children = PyList::empty(py);
        for i in 0..n {
            let number = first
                .wrapping_add(i)
                .into_pyobject(py)
                .map_err(PyErr::from)?;
            let key = self
                .spawn_key
                .bind(py)
                .as_any()
                .add(PyTuple::new(py, [number])?)?;
            let entropy = self.entropy.bind(py).clone();
            children.append(Py::new(
                py,
                SeedSequence::made(entropy, &key, self.pool_size, 0)?,
            )?)?;
        }
        Ok(children)
    }

    /// What it was made from.
    #[getter]
    fn entropy(&self, py: Python<'_>) -> Py<PyAny> {
        self.entropy.clone_ref(py)
    }

    /// Its place in the tree of spawned sequences.
    #[getter]
    fn spawn_key(&self, py: Python<'_>) -> Py<PyTuple> {
        self.spawn_key.clone_ref(py)
    }

    /// Words of the pool.
    #[getter]
    fn pool_size(&self) -> usize {
        self.pool_size
    }

    /// Children that it has spawned.
    #[getter]
    fn n_children_spawned(&self) -> u32 {
        lock(&self.inner).children_spawned()
    }

    /// The mixed words.
    #[getter]
    fn pool(&self, py: Python<'_>) -> Outcome<Py<PyAny>> {
        let pool = lock(&self.inner).pool().to_vec();
        let n = pool.len();
        wrap(py, Raw::from_vec(pool, &[n])?)
    }

    /// The arguments that make it again.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = PyDict::new(py);
        state.set_item("entropy", &self.entropy)?;
        state.set_item("spawn_key", &self.spawn_key)?;
        state.set_item("pool_size", self.pool_size)?;
        state.set_item("n_children_spawned", self.n_children_spawned())?;
        Ok(state)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut text = format!(
            "SeedSequence(\n    entropy={},\n",
            self.entropy.bind(py).repr()?
        );
        let key = self.spawn_key.bind(py);
        if !key.is_empty() {
            text += &format!("    spawn_key={},\n", key.repr()?);
        }
        if self.pool_size != random::POOL_SIZE {
            text += &format!("    pool_size={},\n", self.pool_size);
        }
        let children = self.n_children_spawned();
        if children != 0 {
            text += &format!("    n_children_spawned={children},\n");
        }
        Ok(text + ")")
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let functools = py.import("functools")?;
        let keywords = slf.get().state(py)?;
        let entropy = slf.get().entropy.bind(py).clone();
        keywords.del_item("entropy")?;
        let make = functools.call_method("partial", (slf.get_type(),), Some(&keywords))?;
        PyTuple::new(py, [make, PyTuple::new(py, [entropy])?.into_any()])
    }
}

impl SeedSequence {
    fn new(
        py: Python<'_>,
        entropy: Option<&Bound<'_, PyAny>>,
        spawn_key: &Bound<'_, PyAny>,
        pool_size: isize,
        children: u32,
    ) -> Outcome<SeedSequence> {
        // negative sizes are too small
        let pool_size = usize::try_from(pool_size).unwrap_or(0);
        let entropy = match entropy.filter(|e| !e.is_none()) {
            None => self::entropy(py, pool_size.clamp(4, random::LARGEST_POOL) * 4)?,
            Some(given) => {
                let taken = is_integer(given)?
                    || given.is_instance_of::<PyList>()
                    || given.is_instance_of::<PyTuple>()
                    || given.is_instance_of::<PyRange>()
                    || given.is_instance_of::<Array>()
                    || given.hasattr("__array__")?;
                if !taken {
                    return Err(PyTypeError::new_err(format!(
                        "SeedSequence expects int or sequence of ints for entropy not {}",
                        given.str()?
                    ))
                    .into());
                }
                given.clone()
            }
        };
        SeedSequence::made(entropy, spawn_key, pool_size, children)
    }
}

/// Words of a seed sequence, ours or of anyone who has `generate_state`.
pub fn generated(seeds: &Bound<'_, PyAny>, n: usize, dtype: DType) -> Outcome<Raw> {
    let words = match seeds.cast::<SeedSequence>() {
        Ok(own) => {
            let inner = lock(&own.get().inner).clone();
            match dtype {
                DType::U32 => Raw::from_vec(inner.generate(n), &[n])?,
                _ => Raw::from_vec(inner.generate_u64(n), &[n])?,
            }
        }
        Err(_) => {
            let words = seeds.call_method1("generate_state", (n, dtype.name()))?;
            array_of(&words, Some(dtype))?
        }
    };
    if words.shape() != [n] {
        return Err(PyValueError::new_err(format!(
            "generate_state({n}) returned shape {}",
            civita_core::error::shape_text(words.shape())
        ))
        .into());
    }
    Ok(words)
}

/// Adds the class.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<SeedSequence>()
}
