//! `RandomState`: NumPy's legacy interface.

use std::sync::Mutex;

use civita_core::transform::check_draw;
use civita_random::{
    self as random, AnyBits, LegacyDistribution, Method, NegativeBinomial, Range, StandardNormal,
    StandardUniform,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use super::arguments::{Parameter, size_of};
use super::bits::{BitGenerator, PyMt19937, legacy_seeding, state_of};
use super::choice::{Choice, choice};
use super::draw::{self, Source, drawn, lock, locked, parts, stoppable};
use super::multivariate as vectors;
use super::order;
use crate::create::Given;
use crate::error::{Outcome, type_error, value_error};
use crate::methods::Flag;

/// Draws from distributions, the numbers of NumPy's `RandomState` to the bit. New programs use `default_rng`.
#[pyclass(name = "RandomState", module = "civita.random", frozen)]
pub struct RandomState {
    bits: Mutex<Py<BitGenerator>>,
    /// The second of two normal numbers, if only the first has been drawn.
    gauss: Mutex<Option<f64>>,
}

impl RandomState {
    /// Where the bits come from.
    pub fn bit_generator(&self, py: Python<'_>) -> Py<BitGenerator> {
        lock(&self.bits).clone_ref(py)
    }

    /// Runs `run` on the legacy state, compiled for MT19937 and for a generator chosen at run time. Ctrl-C stops it where it asks.
    pub fn with_state(
        &self,
        py: Python<'_>,
        draws: usize,
        run: impl Run<Outcome<()>>,
    ) -> Outcome<()> {
        let bits = self.bit_generator(py);
        stoppable(py, draws, &bits.get().bits, |bits| {
            on_state(bits, &self.gauss, run)
        })
    }
}

fn on_state<R>(bits: &mut AnyBits, gauss: &Mutex<Option<f64>>, run: impl Run<R>) -> R {
    let kept = &mut *lock(gauss);
    match bits {
        AnyBits::Mt19937(bits) => run.run(&mut Lent::new(bits, kept).state),
        bits => run.run(&mut Lent::new(bits, kept).state),
    }
}

/// A legacy state for the length of a call. The number that is kept goes back also where the call is unwound: to the bits that
/// have been drawn belongs the second number of the last pair drawn.
struct Lent<'a, B> {
    state: random::RandomState<B>,
    kept: &'a mut Option<f64>,
}

impl<'a, B> Lent<'a, B> {
    fn new(bits: B, kept: &'a mut Option<f64>) -> Lent<'a, B> {
        let state = random::RandomState { bits, gauss: *kept };
        Lent { state, kept }
    }
}

impl<B> Drop for Lent<'_, B> {
    fn drop(&mut self) {
        *self.kept = self.state.gauss;
    }
}

/// What runs on a legacy state of any bit generator.
pub trait Run<R>: Send {
    fn run<B: random::BitGenerator>(self, state: &mut random::RandomState<B>) -> R;
}

struct Fill<'a, D: LegacyDistribution>(&'a D, &'a mut [D::Value]);

impl<D: LegacyDistribution + Send> Run<Outcome<()>> for Fill<'_, D> {
    fn run<B: random::BitGenerator>(self, state: &mut random::RandomState<B>) -> Outcome<()> {
        parts(self.1).for_each(|(_, part)| state.fill(self.0, part));
        Ok(())
    }
}

struct FillEach<'a, D: LegacyDistribution, F>(&'a mut [D::Value], F);

impl<D: LegacyDistribution, F: FnMut(usize) -> Outcome<D> + Send> Run<Outcome<()>>
    for FillEach<'_, D, F>
{
    fn run<B: random::BitGenerator>(mut self, state: &mut random::RandomState<B>) -> Outcome<()> {
        for (first, part) in parts(self.0) {
            for (i, value) in part.iter_mut().enumerate() {
                *value = state.draw(&(self.1)(first + i)?);
            }
        }
        Ok(())
    }
}

impl Source for RandomState {
    fn fill<D: LegacyDistribution + Send>(
        &self,
        py: Python<'_>,
        distribution: &D,
        out: &mut [D::Value],
    ) -> Outcome<()> {
        self.with_state(py, out.len(), Fill(distribution, out))
    }

    fn fill_each<D: LegacyDistribution>(
        &self,
        py: Python<'_>,
        out: &mut [D::Value],
        make: impl FnMut(usize) -> Outcome<D> + Send,
    ) -> Outcome<()> {
        self.with_state(py, out.len(), FillEach(out, make))
    }

    fn with_bits<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut AnyBits) -> R + Send,
    ) -> R {
        locked(py, draws, &self.bit_generator(py).get().bits, f)
    }

    fn with_bits_stoppable<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut AnyBits) -> Outcome<R> + Send,
    ) -> Outcome<R> {
        stoppable(py, draws, &self.bit_generator(py).get().bits, f)
    }

    const LEGACY: bool = true;
}

#[pymethods]
impl RandomState {
    #[new]
    #[pyo3(signature = (seed=None))]
    fn new(py: Python<'_>, seed: Option<&Bound<'_, PyAny>>) -> Outcome<RandomState> {
        let bits = match seed.filter(|seed| !seed.is_none()) {
            Some(seed) if seed.is_instance_of::<BitGenerator>() => {
                seed.cast::<BitGenerator>().map_err(PyErr::from)?.clone()
            }
            given => {
                if let Some(seed) = given {
                    super::bits::refuse_class(seed)?;
                }
                let bits = py.get_type::<PyMt19937>().call0()?;
                let bits = bits.cast::<BitGenerator>().map_err(PyErr::from)?.clone();
                if let Some(seed) = given {
                    legacy_seeding(&bits, Some(seed))?;
                }
                bits
            }
        };
        Ok(RandomState {
            bits: Mutex::new(bits.unbind()),
            gauss: Mutex::new(None),
        })
    }

    /// The largest mean of `poisson`.
    #[classattr]
    #[pyo3(name = "_poisson_lam_max")]
    const POISSON_LAM_MAX: f64 = random::LARGEST_POISSON_MEAN;

    #[getter]
    fn _bit_generator(&self, py: Python<'_>) -> Py<BitGenerator> {
        self.bit_generator(py)
    }

    /// Draws from another bit generator from now on.
    #[pyo3(signature = (bit_generator))]
    fn _set_bit_generator(&self, bit_generator: &Bound<'_, BitGenerator>) {
        *lock(&self.bits) = bit_generator.clone().unbind();
        *lock(&self.gauss) = None;
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!(
            "{} at 0x{:X}",
            slf.get().__str__(slf.py())?,
            slf.as_ptr().addr()
        ))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        let bits = self.bit_generator(py);
        Ok(format!("RandomState({})", bits.bind(py).get_type().name()?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Outcome<Bound<'py, PyTuple>> {
        let py = slf.py();
        let bits = slf.get().bit_generator(py).into_bound(py).into_any();
        let state = slf.get().full_state(py)?.into_any();
        Ok(PyTuple::new(
            py,
            [
                py.import("civita.random")?.getattr("_randomstate_ctor")?,
                PyTuple::new(py, [bits])?.into_any(),
                state,
            ],
        )?)
    }

    fn __getstate__<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyDict>> {
        self.full_state(py)
    }

    fn __setstate__(&self, py: Python<'_>, state: &Bound<'_, PyAny>) -> Outcome<()> {
        self.set_state(py, state)
    }

    /// Begins again with a seed: an integer of 32 bits, several of them, or None for entropy of the system.
    #[pyo3(signature = (seed=None))]
    fn seed(&self, py: Python<'_>, seed: Option<&Bound<'_, PyAny>>) -> Outcome<()> {
        let bits = self.bit_generator(py);
        if !bits.bind(py).is_instance_of::<PyMt19937>() {
            return Err(type_error("can only re-seed a MT19937 BitGenerator"));
        }
        legacy_seeding(bits.bind(py), seed)?;
        *lock(&self.gauss) = None;
        Ok(())
    }

    /// The state: a tuple as NumPy's, or a dict.
    #[pyo3(signature = (legacy=true))]
    fn get_state(&self, py: Python<'_>, legacy: bool) -> Outcome<Py<PyAny>> {
        let state = self.full_state(py)?;
        let get = |key: &str| -> PyResult<Bound<'_, PyAny>> { state.as_any().get_item(key) };
        if !legacy {
            return Ok(state.into_any().unbind());
        }
        if !get("bit_generator")?.eq("MT19937")? {
            let warnings = py.import("warnings")?;
            warnings.call_method1(
                "warn",
                (
                    "get_state and legacy can only be used with the MT19937 BitGenerator. To silence this warning, set `legacy` to False.",
                    py.get_type::<pyo3::exceptions::PyRuntimeWarning>(),
                ),
            )?;
            return Ok(state.into_any().unbind());
        }
        let inner = get("state")?;
        let all = [
            get("bit_generator")?,
            inner.get_item("key")?,
            inner.get_item("pos")?,
            get("has_gauss")?,
            get("gauss")?,
        ];
        Ok(PyTuple::new(py, all)?.into_any().unbind())
    }

    /// Goes on from a state that `get_state` returned.
    #[pyo3(signature = (state))]
    fn set_state(&self, py: Python<'_>, state: &Bound<'_, PyAny>) -> Outcome<()> {
        let (bits, has_gauss, gauss) = if let Ok(dict) = state.cast::<PyDict>() {
            if !dict.contains("bit_generator")? || !dict.contains("state")? {
                return Err(value_error("state dictionary is not valid."));
            }
            let has = dict.call_method1("get", ("has_gauss", 0))?;
            let gauss = dict.call_method1("get", ("gauss", 0.0))?;
            (state.clone(), has, gauss)
        } else {
            if !state.is_instance_of::<PyTuple>() && !state.is_instance_of::<PyList>() {
                return Err(type_error("state must be a dict or a tuple."));
            }
            let len = state.len()?;
            if len == 0 {
                return Err(crate::error::index_error("the state is an empty tuple"));
            }
            if len < 3 || !state.get_item(0)?.eq("MT19937")? {
                return Err(value_error(
                    "set_state can only be used with legacy MT19937 state instances.",
                ));
            }
            let (dict, inner) = (PyDict::new(py), PyDict::new(py));
            inner.set_item("key", state.get_item(1)?)?;
            inner.set_item("pos", state.get_item(2)?)?;
            dict.set_item("bit_generator", "MT19937")?;
            dict.set_item("state", inner)?;
            let at = |i: usize| -> PyResult<Bound<'_, PyAny>> {
                if len > 4 {
                    state.get_item(i)
                } else {
                    Ok(0_i32.into_pyobject(py)?.into_any())
                }
            };
            (dict.into_any(), at(3)?, at(4)?)
        };
        let (has_gauss, gauss) = (has_gauss.is_truthy()?, gauss.extract::<f64>()?);
        let held = self.bit_generator(py);
        held.bind(py).setattr("state", bits)?;
        *lock(&self.gauss) = has_gauss.then_some(gauss);
        Ok(())
    }

    /// Uniform in [0, 1), of the shape that the arguments are.
    #[pyo3(signature = (*args), text_signature = "($self, *args)")]
    fn rand(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> Outcome<Py<PyAny>> {
        let size = (!args.is_empty()).then(|| args.as_any());
        drawn(self, py, &StandardUniform {}, size_of(size)?.as_deref())
    }

    /// Standard normal, of the shape that the arguments are.
    #[pyo3(signature = (*args), text_signature = "($self, *args)")]
    fn randn(&self, py: Python<'_>, args: &Bound<'_, PyTuple>) -> Outcome<Py<PyAny>> {
        let size = (!args.is_empty()).then(|| args.as_any());
        drawn(self, py, &StandardNormal {}, size_of(size)?.as_deref())
    }

    /// Integers from `low` up to `high`, which is left out; up to `low` if it is alone.
    #[pyo3(signature = (low, high=None, size=None, dtype=None), text_signature = "($self, low, high=None, size=None, dtype='int64')")]
    fn randint(
        &self,
        py: Python<'_>,
        low: &Bound<'_, PyAny>,
        high: Option<&Bound<'_, PyAny>>,
        size: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let integers = order::Integers {
            name: "randint",
            method: Method::Masked,
            endpoint: false,
        };
        integers.draw(self, py, low, high, size, dtype)
    }

    /// Integers from `low` to `high`, both included; from 1 to `low` if it is alone. Deprecated: `randint`.
    #[pyo3(signature = (low, high=None, size=None))]
    fn random_integers(
        &self,
        py: Python<'_>,
        low: &Bound<'_, PyAny>,
        high: Option<&Bound<'_, PyAny>>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let one = 1_i32.into_pyobject(py).map_err(PyErr::from)?.into_any();
        let (low, high) = match high.filter(|high| !high.is_none()) {
            None => (&one, low),
            Some(high) => (low, high),
        };
        py.import("warnings")?.call_method1(
            "warn",
            (
                format!(
                    "This function is deprecated. Please call randint({low}, {high} + 1) instead"
                ),
                py.get_type::<pyo3::exceptions::PyDeprecationWarning>(),
            ),
        )?;
        let integers = order::Integers {
            name: "random_integers",
            method: Method::Masked,
            endpoint: true,
        };
        let dtype = pyo3::intern!(py, "int64").as_any();
        integers.draw(self, py, low, Some(high), size, Some(dtype))
    }

    /// Integers from 0 to the largest of 64 bits.
    #[pyo3(signature = (size=None))]
    fn tomaxint(&self, py: Python<'_>, size: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
        check_draw("tomaxint")?;
        draw::value_or_array::<i64>(py, size_of(size)?.as_deref(), |out| {
            self.with_watched(py, out.len(), |bits| {
                out.fill_with(|| (random::BitGenerator::next_u64(bits) >> 1) as i64);
                Ok(())
            })
        })
    }

    /// Uniform in [low, high); `high` may be below `low`.
    #[pyo3(signature = (low=Given(None), high=Given(None), size=None), text_signature = "($self, low=0.0, high=1.0, size=None)")]
    fn uniform(
        &self,
        py: Python<'_>,
        low: Given<'_>,
        high: Given<'_>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        draw::uniform(self, py, &low, &high, size)
    }

    /// Triangular on [left, right] with its top at `mode`.
    #[pyo3(signature = (left, mode, right, size=None))]
    fn triangular(
        &self,
        py: Python<'_>,
        left: &Bound<'_, PyAny>,
        mode: &Bound<'_, PyAny>,
        right: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        draw::triangular(self, py, [left, mode, right], size)
    }

    /// Failures before `n` successes of probability `p`; `n` may be no integer.
    #[pyo3(signature = (n, p, size=None))]
    fn negative_binomial(
        &self,
        py: Python<'_>,
        n: &Bound<'_, PyAny>,
        p: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let row = draw::Row {
            op: "negative_binomial",
            names: NegativeBinomial::PARAMETERS,
            ranges: &[Range::Positive, Range::Unit],
            make: |[n, p]| NegativeBinomial::legacy(n, p),
        };
        let parameters = [Parameter::of(n)?, Parameter::of(p)?];
        draw::drawn_by_row(self, py, row, parameters, size_of(size)?)
    }

    /// Successes of probability `p` among `n` trials.
    #[pyo3(signature = (n, p, size=None))]
    fn binomial(
        &self,
        py: Python<'_>,
        n: &Bound<'_, PyAny>,
        p: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        draw::binomial(self, py, n, p, size)
    }

    /// Good ones among `nsample` taken, without replacement, out of `ngood` good and `nbad` bad.
    #[pyo3(signature = (ngood, nbad, nsample, size=None))]
    fn hypergeometric(
        &self,
        py: Python<'_>,
        ngood: &Bound<'_, PyAny>,
        nbad: &Bound<'_, PyAny>,
        nsample: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        draw::hypergeometric(self, py, [ngood, nbad, nsample], size)
    }

    /// Random bytes.
    #[pyo3(signature = (length))]
    fn bytes<'py>(&self, py: Python<'py>, length: isize) -> Outcome<Bound<'py, PyBytes>> {
        order::bytes(self, py, length)
    }

    /// Elements of `a` (or of the integers below `a`), with replacement or without, uniformly or by probabilities `p`.
    #[pyo3(signature = (a, size=None, replace=Flag(true), p=None), text_signature = "($self, a, size=None, replace=True, p=None)")]
    fn choice(
        &self,
        py: Python<'_>,
        a: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
        replace: Flag,
        p: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let how = Choice {
            replace: replace.0,
            axis: Some(0),
            order: random::order::Order::Random,
        };
        choice(self, py, a, size, p, how)
    }

    /// Brings an array, along its first axis, or a list into random order, in place.
    #[pyo3(signature = (x))]
    fn shuffle(&self, py: Python<'_>, x: &Bound<'_, PyAny>) -> Outcome<()> {
        order::shuffle(self, py, x, 0)
    }

    /// The integers below `x`, or a copy of the array `x`, in random order along the first axis.
    #[pyo3(signature = (x))]
    fn permutation(&self, py: Python<'_>, x: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        order::permutation(self, py, x, 0)
    }

    /// How often each outcome of probabilities `pvals` occurs among `n` trials.
    #[pyo3(signature = (n, pvals, size=None))]
    fn multinomial(
        &self,
        py: Python<'_>,
        n: &Bound<'_, PyAny>,
        pvals: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        // a float loses its fraction
        let n = match n.cast::<pyo3::types::PyFloat>() {
            Ok(n) => n.value() as i64,
            Err(_) => n.extract()?,
        };
        vectors::legacy_multinomial(self, py, n, pvals, size)
    }

    /// Normal vectors with mean `mean` and covariance `cov`.
    #[pyo3(signature = (mean, cov, size=None, check_valid="warn", tol=1e-8))]
    #[allow(clippy::too_many_arguments)]
    fn multivariate_normal(
        &self,
        py: Python<'_>,
        mean: &Bound<'_, PyAny>,
        cov: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
        check_valid: &str,
        tol: f64,
    ) -> Outcome<Py<PyAny>> {
        let how = vectors::Normal {
            check_valid,
            tol,
            method: "svd",
        };
        vectors::multivariate_normal(self, py, mean, cov, size, how)
    }

    /// Probabilities that sum to one: density proportional to the product of `x_i^(alpha_i - 1)`.
    #[pyo3(signature = (alpha, size=None))]
    fn dirichlet(
        &self,
        py: Python<'_>,
        alpha: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        vectors::legacy_dirichlet(self, py, alpha, size)
    }
}

impl RandomState {
    /// The dict of the state, with the number that is kept.
    fn full_state<'py>(&self, py: Python<'py>) -> Outcome<Bound<'py, PyDict>> {
        let bits = lock(&self.bit_generator(py).get().bits).clone();
        let state = state_of(py, &bits)?;
        let gauss = *lock(&self.gauss);
        state.set_item("has_gauss", i32::from(gauss.is_some()))?;
        state.set_item("gauss", gauss.unwrap_or(0.0))?;
        Ok(state)
    }
}

/// Adds the class.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<RandomState>()
}
