//! Bit generators: `PCG64`, `PCG64DXSM`, `Philox`, `Threefry`, `SFC64`, `MT19937`, `Xoshiro256` and what they have in common.

use std::sync::Mutex;

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use civita_core::threads::stop_if_told;
use civita_core::transform::check_draw;
use civita_random::{
    AnyBits, BitGenerator as _, Cipher, CounterBits, Half, Mt19937, Pcg64, Pcg64Dxsm, Philox4x64,
    Sfc64, Threefry4x64, Xoshiro256,
};
use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyTuple};

use super::arguments::size_of;
use super::draw::{PART, Watched, lock, parts, stoppable, value_or_array};
use super::seed::{SeedSequence, generated};
use crate::array::wrap;
use crate::convert::array_of;
use crate::error::{Outcome, type_error, value_error};
use crate::methods::Flag;

/// A stream of random bits, which `Generator` draws from. The base of `PCG64`, `PCG64DXSM`, `Philox`, `Threefry`, `SFC64`, `MT19937`, `Xoshiro256`.
#[pyclass(name = "BitGenerator", module = "civita.random", frozen, subclass)]
pub struct BitGenerator {
    pub bits: Mutex<AnyBits>,
    seeds: Mutex<Option<Py<PyAny>>>,
}

macro_rules! classes {
    ($($(#[doc = $doc:literal])* $class:ident $name:literal;)*) => { $(
        $(#[doc = $doc])*
        #[pyclass(name = $name, module = "civita.random", frozen, subclass, extends = BitGenerator)]
        pub struct $class;
    )* };
}
classes! {
    /// PCG XSL RR 128/64: the generator of `default_rng`.
    PyPcg64 "PCG64";
    /// PCG CM DXSM 128/64.
    PyPcg64Dxsm "PCG64DXSM";
    /// Philox4x64-10: a block cipher run over a counter of 256 bits under a key of 128.
    PyPhilox "Philox";
    /// Threefry4x64-20: a block cipher run over a counter of 256 bits under a key of 256. NumPy does not have it; its words are those of
    /// randomgen's `ThreeFry`.
    PyThreefry "Threefry";
    /// Small Fast Chaotic: 192 bits and a counter.
    PySfc64 "SFC64";
    /// The Mersenne Twister, which the legacy interface draws from.
    PyMt19937 "MT19937";
    /// xoshiro256++: 256 bits of state, period 2**256 - 1. NumPy does not have it.
    PyXoshiro256 "Xoshiro256";
}

/// The seed sequence of a seed: itself when it is one.
fn seeds_of<'py>(py: Python<'py>, seed: Option<&Bound<'py, PyAny>>) -> Outcome<Bound<'py, PyAny>> {
    match seed {
        Some(seed) if seed.hasattr("generate_state")? => Ok(seed.clone()),
        _ => Ok(Bound::new(py, SeedSequence::of(seed, py)?)?.into_any()),
    }
}

fn state_words<const N: usize>(seeds: &Bound<'_, PyAny>) -> Outcome<[u64; N]> {
    fixed(&generated(seeds, N, DType::U64)?)
}

fn fixed<const N: usize>(raw: &Raw) -> Outcome<[u64; N]> {
    let words: Vec<u64> = raw.to_vec()?;
    words
        .try_into()
        .map_err(|_| value_error(format!("a state has {N} words here")))
}

/// An object on these bits.
pub fn object(
    py: Python<'_>,
    bits: AnyBits,
    seeds: Option<Py<PyAny>>,
) -> Outcome<Bound<'_, BitGenerator>> {
    let base = PyClassInitializer::from(BitGenerator {
        bits: Mutex::new(bits.clone()),
        seeds: Mutex::new(seeds),
    });
    Ok(match bits {
        AnyBits::Pcg64(_) => Bound::new(py, base.add_subclass(PyPcg64))?.into_super(),
        AnyBits::Pcg64Dxsm(_) => Bound::new(py, base.add_subclass(PyPcg64Dxsm))?.into_super(),
        AnyBits::Philox(_) => Bound::new(py, base.add_subclass(PyPhilox))?.into_super(),
        AnyBits::Threefry(_) => Bound::new(py, base.add_subclass(PyThreefry))?.into_super(),
        AnyBits::Sfc64(_) => Bound::new(py, base.add_subclass(PySfc64))?.into_super(),
        AnyBits::Mt19937(_) => Bound::new(py, base.add_subclass(PyMt19937))?.into_super(),
        AnyBits::Xoshiro256(_) => Bound::new(py, base.add_subclass(PyXoshiro256))?.into_super(),
    })
}

fn base(
    bits: impl Into<AnyBits>,
    seeds: Option<Bound<'_, PyAny>>,
) -> PyClassInitializer<BitGenerator> {
    PyClassInitializer::from(BitGenerator {
        bits: Mutex::new(bits.into()),
        seeds: Mutex::new(seeds.map(Bound::unbind)),
    })
}

macro_rules! constructors {
    ($($class:ident $bits:ident;)*) => { $(
        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (seed=None))]
            fn new(py: Python<'_>, seed: Option<&Bound<'_, PyAny>>) -> Outcome<PyClassInitializer<$class>> {
                let seeds = seeds_of(py, seed)?;
                let bits = $bits::from_words(state_words(&seeds)?);
                Ok(base(bits, Some(seeds)).add_subclass($class))
            }
        }
    )* };
}
constructors! {
    PyPcg64 Pcg64;
    PyPcg64Dxsm Pcg64Dxsm;
    PySfc64 Sfc64;
    PyXoshiro256 Xoshiro256;
}

#[pymethods]
impl PyXoshiro256 {
    /// A generator `jumps` times 2**128 draws ahead.
    #[pyo3(signature = (jumps=1))]
    fn jumped<'py>(slf: &Bound<'py, Self>, jumps: i64) -> Outcome<Bound<'py, BitGenerator>> {
        let mut bits = lock(&slf.as_super().get().bits).clone();
        if let AnyBits::Xoshiro256(bits) = &mut bits {
            for _ in 0..jumps {
                slf.py().check_signals()?;
                *bits = bits.jumped(1);
            }
        }
        fresh(slf.py(), bits)
    }
}

#[pymethods]
impl PyMt19937 {
    #[new]
    #[pyo3(signature = (seed=None))]
    fn new(
        py: Python<'_>,
        seed: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<PyClassInitializer<PyMt19937>> {
        let seeds = seeds_of(py, seed)?;
        let bits = mt19937(&seeds)?;
        Ok(base(bits, Some(seeds)).add_subclass(PyMt19937))
    }

    /// A generator `jumps` times 2**128 draws ahead.
    #[pyo3(signature = (jumps=1))]
    fn jumped<'py>(slf: &Bound<'py, Self>, jumps: i64) -> Outcome<Bound<'py, BitGenerator>> {
        let mut bits = lock(&slf.as_super().get().bits).clone();
        if let AnyBits::Mt19937(bits) = &mut bits {
            for _ in 0..jumps {
                slf.py().check_signals()?;
                bits.jump();
            }
        }
        fresh(slf.py(), bits)
    }

    /// As the legacy interface seeds: by an integer of 32 bits or several.
    #[pyo3(signature = (seed))]
    fn _legacy_seeding(slf: &Bound<'_, Self>, seed: Option<&Bound<'_, PyAny>>) -> Outcome<()> {
        legacy_seeding(slf.as_super(), seed)
    }
}

fn mt19937(seeds: &Bound<'_, PyAny>) -> Outcome<Mt19937> {
    let words: Vec<u32> = generated(seeds, 624, DType::U32)?.to_vec()?;
    Ok(Mt19937::from_words(&words))
}

/// Seeds as `RandomState(seed)` does.
pub fn legacy_seeding(
    bits: &Bound<'_, BitGenerator>,
    seed: Option<&Bound<'_, PyAny>>,
) -> Outcome<()> {
    let py = bits.py();
    let seeded = match seed.filter(|seed| !seed.is_none()) {
        None => mt19937(&seeds_of(py, None)?)?,
        Some(seed) => legacy_state(seed)?,
    };
    let bits = bits.get();
    *lock(&bits.bits) = seeded.into();
    *lock(&bits.seeds) = None;
    Ok(())
}

fn legacy_state(seed: &Bound<'_, PyAny>) -> Outcome<Mt19937> {
    const RANGE: &str = "Seed must be between 0 and 2**32 - 1";
    let squeezed;
    let seed = if seed.hasattr("squeeze")? {
        squeezed = seed.call_method0("squeeze")?;
        &squeezed
    } else {
        seed
    };
    match seed.py().import("operator")?.call_method1("index", (seed,)) {
        Ok(index) => {
            let seed: u32 = index.extract().map_err(|_| value_error(RANGE))?;
            return Ok(Mt19937::legacy(seed));
        }
        Err(error) if !error.is_instance_of::<pyo3::exceptions::PyTypeError>(seed.py()) => {
            return Err(error.into());
        }
        Err(_) => {}
    }
    let raw = array_of(seed, None)?;
    if raw.is_empty() {
        return Err(value_error("Seed must be non-empty"));
    }
    if !(raw.dtype().is_integer() || raw.dtype() == DType::Bool) || raw.dtype() == DType::U64 {
        return Err(type_error(format!(
            "Cannot cast array data from dtype('{}') to dtype('int64') according to the rule 'safe'",
            raw.dtype()
        )));
    }
    if raw.rank() != 1 {
        return Err(value_error("Seed array must be 1-d"));
    }
    let words: Vec<i64> = raw.cast(DType::I64)?.to_vec()?;
    let words: Option<Vec<u32>> = words.iter().map(|&w| u32::try_from(w).ok()).collect();
    Ok(Mt19937::legacy_words(
        &words.ok_or_else(|| value_error(RANGE))?,
    ))
}

/// An integer modulo 2**bits as words of 64 bits, lowest first.
fn wrapped_words(ob: &Bound<'_, PyAny>, bits: usize) -> Outcome<Vec<u64>> {
    let one = 1_i32.into_pyobject(ob.py()).map_err(PyErr::from)?;
    let mask = one.as_any().lshift(bits)?.sub(1)?;
    let bytes = ob
        .bitand(mask)?
        .call_method1("to_bytes", (bits / 8, "little"))?;
    let bytes = bytes.cast::<PyBytes>().map_err(PyErr::from)?;
    Ok(bytes
        .as_bytes()
        .chunks_exact(8)
        .map(|w| u64::from_le_bytes([w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]]))
        .collect())
}

pub fn wrapped_u128(ob: &Bound<'_, PyAny>) -> Outcome<u128> {
    let words = wrapped_words(ob, 128)?;
    Ok(words
        .iter()
        .rev()
        .fold(0, |sum, &w| sum << 64 | u128::from(w)))
}

/// A key or a counter: an integer, or an array of words.
fn key_words<const N: usize>(ob: &Bound<'_, PyAny>, name: &str) -> Outcome<[u64; N]> {
    if ob.is_instance_of::<PyInt>() {
        let bits: usize = ob.call_method0("bit_length")?.extract()?;
        if ob.lt(0)? || bits > 64 * N {
            return Err(value_error(format!(
                "{name} must be positive and less than 2**{}.",
                64 * N
            )));
        }
        let mut words = [0; N];
        words.copy_from_slice(&wrapped_words(ob, 64 * N)?);
        return Ok(words);
    }
    let raw = array_of(ob, None)?;
    if raw.rank() == 0 {
        let index = ob.call_method0("__int__")?;
        return key_words(&index, name);
    }
    if raw.shape() != [N] {
        return Err(value_error(format!(
            "{name} must have {N} elements when using array form"
        )));
    }
    fixed(&raw.cast(DType::U64)?)
}

/// A generator from a seed, or from a key, and a counter.
fn counter_bits<C, const N: usize>(
    py: Python<'_>,
    [seed, counter, key]: [Option<&Bound<'_, PyAny>>; 3],
) -> Outcome<PyClassInitializer<BitGenerator>>
where
    C: Cipher<Key = [u64; N]>,
    AnyBits: From<CounterBits<C>>,
{
    let given = |ob: Option<&Bound<'_, PyAny>>| ob.is_some_and(|ob| !ob.is_none());
    if given(seed) && given(key) {
        return Err(value_error("seed and key cannot be both used"));
    }
    let (key, seeds) = match key.filter(|key| !key.is_none()) {
        Some(key) => (key_words(key, "key")?, None),
        None => {
            let seeds = seeds_of(py, seed)?;
            (state_words(&seeds)?, Some(seeds))
        }
    };
    let counter = match counter.filter(|counter| !counter.is_none()) {
        Some(counter) => key_words(counter, "counter")?,
        None => [0; 4],
    };
    Ok(base(CounterBits::<C>::with_key(key, counter), seeds))
}

macro_rules! counters {
    ($($class:ident $bits:ident $cipher:ident;)*) => { $(
        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (seed=None, counter=None, key=None))]
            fn new(
                py: Python<'_>,
                seed: Option<&Bound<'_, PyAny>>,
                counter: Option<&Bound<'_, PyAny>>,
                key: Option<&Bound<'_, PyAny>>,
            ) -> Outcome<PyClassInitializer<$class>> {
                let base = counter_bits::<$cipher, _>(py, [seed, counter, key])?;
                Ok(base.add_subclass($class))
            }

            /// Moves on by `delta` blocks of four draws, modulo 2**256.
            #[pyo3(signature = (delta))]
            fn advance<'py>(slf: Bound<'py, Self>, delta: &Bound<'_, PyAny>) -> Outcome<Bound<'py, Self>> {
                let mut words = [0; 4];
                words.copy_from_slice(&wrapped_words(delta, 256)?);
                if let AnyBits::$bits(bits) = &mut *lock(&slf.as_super().get().bits) {
                    bits.advance(words);
                }
                Ok(slf)
            }

            /// A generator `jumps` times 2**128 blocks ahead.
            #[pyo3(signature = (jumps=None), text_signature = "($self, jumps=1)")]
            fn jumped<'py>(
                slf: &Bound<'py, Self>,
                jumps: Option<&Bound<'_, PyAny>>,
            ) -> Outcome<Bound<'py, BitGenerator>> {
                jumped_copy(slf.as_super(), jumps, |bits, jumps| match bits {
                    AnyBits::$bits(bits) => bits.jumped(jumps).into(),
                    other => other,
                })
            }
        }
    )* };
}
counters! {
    PyPhilox Philox Philox4x64;
    PyThreefry Threefry Threefry4x64;
}

/// Says so where the class of a bit generator stands for an object of it.
pub fn refuse_class(bits: &Bound<'_, PyAny>) -> Outcome<()> {
    let class = bits.cast::<pyo3::types::PyType>();
    match class.is_ok_and(|class| class.is_subclass_of::<BitGenerator>().unwrap_or(false)) {
        true => Err(value_error(
            "the bit generator must be an object, not its class\n  hint: `Generator(PCG64(seed))`",
        )),
        false => Ok(()),
    }
}

/// A generator in a state that no seed made.
fn fresh(py: Python<'_>, bits: AnyBits) -> Outcome<Bound<'_, BitGenerator>> {
    let seeds = seeds_of(py, None)?;
    object(py, bits, Some(seeds.unbind()))
}

/// A copy of a generator, moved on by `jump`.
fn jumped_copy<'py>(
    bits: &Bound<'py, BitGenerator>,
    jumps: Option<&Bound<'_, PyAny>>,
    jump: impl FnOnce(AnyBits, u128) -> AnyBits,
) -> Outcome<Bound<'py, BitGenerator>> {
    let jumps = jumps.map_or(Ok(1), wrapped_u128)?;
    let copy = lock(&bits.get().bits).clone();
    fresh(bits.py(), jump(copy, jumps))
}

macro_rules! advance {
    ($($class:ident $bits:ident;)*) => { $(
        #[pymethods]
        impl $class {
            /// Moves on as if `delta` numbers had been drawn, modulo 2**128.
            #[pyo3(signature = (delta))]
            fn advance<'py>(slf: Bound<'py, Self>, delta: &Bound<'_, PyAny>) -> Outcome<Bound<'py, Self>> {
                let delta = wrapped_u128(delta)?;
                if let AnyBits::$bits(bits) = &mut *lock(&slf.as_super().get().bits) {
                    bits.advance(delta);
                }
                Ok(slf)
            }

            /// A generator `jumps` jumps ahead, each of about 2**127 draws.
            #[pyo3(signature = (jumps=None), text_signature = "($self, jumps=1)")]
            fn jumped<'py>(slf: &Bound<'py, Self>, jumps: Option<&Bound<'_, PyAny>>) -> Outcome<Bound<'py, BitGenerator>> {
                jumped_copy(slf.as_super(), jumps, |bits, jumps| match bits {
                    AnyBits::$bits(bits) => bits.jumped(jumps).into(),
                    other => other,
                })
            }
        }
    )* };
}
advance! {
    PyPcg64 Pcg64;
    PyPcg64Dxsm Pcg64Dxsm;
}

#[pymethods]
impl BitGenerator {
    #[new]
    #[pyo3(signature = (seed=None))]
    fn new(seed: Option<&Bound<'_, PyAny>>) -> PyResult<BitGenerator> {
        _ = seed;
        Err(PyNotImplementedError::new_err(
            "BitGenerator is a base class and cannot be instantized",
        ))
    }

    /// The state: a dict that can be kept and set again.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyDict>> {
        let bits = lock(&self.bits).clone();
        state_of(py, &bits)
    }

    #[setter]
    fn set_state(&self, value: &Bound<'_, PyAny>) -> Outcome<()> {
        let name = lock(&self.bits).name();
        let state = read_state(name, value)?;
        *lock(&self.bits) = state;
        Ok(())
    }

    /// The seed sequence that it was made from.
    #[getter]
    fn seed_seq(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        lock(&self.seeds).as_ref().map(|seeds| seeds.clone_ref(py))
    }

    /// `n_children` generators of the same class, independent of each other and of this one.
    #[pyo3(signature = (n_children))]
    fn spawn<'py>(slf: &Bound<'py, Self>, n_children: i64) -> Outcome<Bound<'py, PyList>> {
        let py = slf.py();
        if n_children < 0 {
            return Err(value_error("n_children must be non-negative"));
        }
        let seeds = slf.get().seed_seq(py);
        let Some(seeds) = seeds.filter(|s| s.bind(py).hasattr("spawn").unwrap_or(false)) else {
            return Err(type_error(
                "The underlying SeedSequence does not implement spawning.",
            ));
        };
        let children = PyList::empty(py);
        for seeds in seeds
            .bind(py)
            .call_method1("spawn", (n_children,))?
            .try_iter()?
        {
            children.append(slf.get_type().call1((seeds?,))?)?;
        }
        Ok(children)
    }

    /// What the algorithm puts out, as `uint64`.
    #[pyo3(signature = (size=None, output=Flag(true)), text_signature = "($self, size=None, output=True)")]
    fn random_raw(
        &self,
        py: Python<'_>,
        size: Option<&Bound<'_, PyAny>>,
        output: Flag,
    ) -> Outcome<Py<PyAny>> {
        check_draw("random_raw")?;
        let size = size_of(size)?;
        if !output.0 {
            let n: usize = size.map_or(1, |shape| shape.iter().sum());
            stoppable(py, n, &self.bits, |bits| {
                for k in 0..n {
                    if k % PART == 0 {
                        stop_if_told();
                    }
                    bits.next_raw();
                }
                Ok(())
            })?;
            return Ok(py.None());
        }
        value_or_array::<u64>(py, size.as_deref(), |out| {
            stoppable(py, out.len(), &self.bits, |bits| {
                parts(out).for_each(|(_, part)| part.fill_with(|| bits.next_raw()));
                Ok(())
            })
        })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyTuple>> {
        let py = slf.py();
        let state = BitGenerator::__getstate__(slf)?;
        Ok(PyTuple::new(
            py,
            [
                slf.get_type().into_any(),
                PyTuple::empty(py).into_any(),
                state.into_any(),
            ],
        )?)
    }

    fn __getstate__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyTuple>> {
        let py = slf.py();
        let state = slf.get().state(py)?.into_any();
        let seeds = slf.get().seed_seq(py).unwrap_or_else(|| py.None());
        Ok(PyTuple::new(py, [state, seeds.into_bound(py)])?)
    }

    /// Draws and forgets, to be timed.
    #[pyo3(signature = (cnt, method="uint64"))]
    fn _benchmark(&self, py: Python<'_>, cnt: usize, method: &str) -> Outcome<()> {
        if !matches!(method, "uint64" | "double") {
            return Err(value_error("Unknown method"));
        }
        stoppable(py, cnt, &self.bits, |bits| {
            let bits = &mut Watched::new(bits);
            for _ in 0..cnt {
                std::hint::black_box(bits.next_u64());
            }
            Ok(())
        })
    }

    fn __setstate__(&self, state: &Bound<'_, PyAny>) -> Outcome<()> {
        if state.is_instance_of::<PyDict>() {
            return self.set_state(state);
        }
        let (state, seeds): (Bound<'_, PyAny>, Bound<'_, PyAny>) = state.extract()?;
        self.set_state(&state)?;
        *lock(&self.seeds) = (!seeds.is_none()).then(|| seeds.unbind());
        Ok(())
    }
}

fn listed(py: Python<'_>, words: &[u64]) -> Outcome<Py<PyAny>> {
    wrap(py, Raw::from_vec(words.to_vec(), &[words.len()])?)
}

/// Writes the state of a generator by counter; returns its half word.
fn counter_state<C: Cipher<Key = [u64; N]>, const N: usize>(
    bits: &CounterBits<C>,
    state: &Bound<'_, PyDict>,
    all: &Bound<'_, PyDict>,
) -> Outcome<Half> {
    let words = |words: &[u64]| listed(state.py(), words);
    state.set_item("counter", words(&bits.counter())?)?;
    state.set_item("key", words(&bits.key())?)?;
    all.set_item("buffer", words(&bits.buffer())?)?;
    all.set_item("buffer_pos", bits.position())?;
    Ok(bits.half())
}

/// NumPy's dict of a state.
pub fn state_of<'py>(py: Python<'py>, bits: &AnyBits) -> Outcome<Bound<'py, PyDict>> {
    let (all, state) = (PyDict::new(py), PyDict::new(py));
    all.set_item("bit_generator", bits.name())?;
    all.set_item("state", &state)?;
    let words = |words: &[u64]| listed(py, words);
    let half = match bits {
        AnyBits::Pcg64(bits) => {
            state.set_item("state", bits.state())?;
            state.set_item("inc", bits.increment())?;
            bits.half()
        }
        AnyBits::Pcg64Dxsm(bits) => {
            state.set_item("state", bits.state())?;
            state.set_item("inc", bits.increment())?;
            bits.half()
        }
        AnyBits::Philox(bits) => counter_state(bits, &state, &all)?,
        AnyBits::Threefry(bits) => counter_state(bits, &state, &all)?,
        AnyBits::Sfc64(bits) => {
            state.set_item("state", words(&bits.state())?)?;
            bits.half()
        }
        AnyBits::Xoshiro256(bits) => {
            state.set_item("state", words(&bits.state())?)?;
            bits.half()
        }
        AnyBits::Mt19937(bits) => {
            let key = Raw::from_vec(bits.key().to_vec(), &[bits.key().len()])?;
            state.set_item("key", wrap(py, key)?)?;
            state.set_item("pos", bits.position())?;
            return Ok(all);
        }
    };
    all.set_item("has_uint32", i32::from(half.left))?;
    all.set_item("uinteger", half.word)?;
    Ok(all)
}

/// A state from NumPy's dict, or the legacy tuple, for the generator of this name.
fn read_state(name: &str, value: &Bound<'_, PyAny>) -> Outcome<AnyBits> {
    if let Ok(legacy) = value.cast::<PyTuple>()
        && name == "MT19937"
    {
        if !matches!(legacy.len(), 3 | 5) || !legacy.get_item(0)?.eq("MT19937")? {
            return Err(value_error("state is not a legacy MT19937 state"));
        }
        return mt19937_state(&legacy.get_item(1)?, &legacy.get_item(2)?);
    }
    if !value.is_instance_of::<PyDict>() {
        return Err(type_error("state must be a dict"));
    }
    let whose = value.call_method1("get", ("bit_generator", ""))?;
    if !whose.eq(name)? {
        return Err(value_error(format!("state must be for a {name} RNG")));
    }
    let state = value.get_item("state")?;
    if name == "MT19937" {
        return mt19937_state(&state.get_item("key")?, &state.get_item("pos")?);
    }
    let half = Half {
        left: value.get_item("has_uint32")?.is_truthy()?,
        word: value.get_item("uinteger")?.extract()?,
    };
    let number = |key: &str| -> Outcome<u128> { Ok(state.get_item(key)?.extract()?) };
    let words = |ob: Bound<'_, PyAny>| array_of(&ob, Some(DType::U64));
    Ok(match name {
        "PCG64" => Pcg64::from_state(number("state")?, number("inc")?, half).into(),
        "PCG64DXSM" => Pcg64Dxsm::from_state(number("state")?, number("inc")?, half).into(),
        "Xoshiro256" => {
            Xoshiro256::from_state(fixed(&words(state.get_item("state")?)?)?, half)?.into()
        }
        "SFC64" => Sfc64::from_state(fixed(&words(state.get_item("state")?)?)?, half).into(),
        "Threefry" => read_counter_state::<Threefry4x64, _>(value, &state, half)?.into(),
        _ => read_counter_state::<Philox4x64, _>(value, &state, half)?.into(),
    })
}

fn read_counter_state<C: Cipher<Key = [u64; N]>, const N: usize>(
    all: &Bound<'_, PyAny>,
    state: &Bound<'_, PyAny>,
    half: Half,
) -> Outcome<CounterBits<C>> {
    let words = |ob: Bound<'_, PyAny>| array_of(&ob, Some(DType::U64));
    Ok(CounterBits::from_state(
        fixed(&words(state.get_item("key")?)?)?,
        fixed(&words(state.get_item("counter")?)?)?,
        fixed(&words(all.get_item("buffer")?)?)?,
        all.get_item("buffer_pos")?.extract()?,
        half,
    ))
}

fn mt19937_state(key: &Bound<'_, PyAny>, position: &Bound<'_, PyAny>) -> Outcome<AnyBits> {
    let key: Vec<u32> = array_of(key, Some(DType::U32))?.to_vec()?;
    let position = usize::try_from(position.extract::<isize>()?)
        .map_err(|_| value_error("the position of MT19937 is not negative"))?;
    Ok(Mt19937::from_state(&key, position)?.into())
}

/// Adds the classes.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<BitGenerator>()?;
    m.add_class::<PyPcg64>()?;
    m.add_class::<PyPcg64Dxsm>()?;
    m.add_class::<PyPhilox>()?;
    m.add_class::<PyThreefry>()?;
    m.add_class::<PySfc64>()?;
    m.add_class::<PyMt19937>()?;
    m.add_class::<PyXoshiro256>()
}
