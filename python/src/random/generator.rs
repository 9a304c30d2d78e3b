//! `Generator` and `default_rng`.

use civita_core::dtype::Element;
use civita_core::transform::check_draw;
use civita_random::{
    self as random, AnyBits, BitGenerator as _, Distribution, LegacyDistribution, Method,
    NegativeBinomial, StandardUniform, StandardUniformF32,
};
use pyo3::IntoPyObject;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use super::arguments::{Parameter, size_of};
use super::bits::BitGenerator;
use super::choice::{Choice, choice};
use super::draw::{self, Source, into_out, is_single, locked, parts, stoppable};
use super::legacy::RandomState;
use super::multivariate as vectors;
use super::order;
use crate::create::Given;
use crate::error::{Outcome, type_error, value_error};
use crate::methods::Flag;

/// Draws from distributions, the numbers of NumPy's `Generator` to the bit: `cv.random.default_rng(seed)`.
#[pyclass(name = "Generator", module = "civita.random", frozen)]
pub struct Generator {
    bits: Py<BitGenerator>,
}

impl Source for Generator {
    fn fill<D: LegacyDistribution + Send>(
        &self,
        py: Python<'_>,
        distribution: &D,
        out: &mut [D::Value],
    ) -> Outcome<()> {
        self.fill_modern(py, distribution, out)
    }

    fn fill_each<D: LegacyDistribution>(
        &self,
        py: Python<'_>,
        out: &mut [D::Value],
        mut make: impl FnMut(usize) -> Outcome<D> + Send,
    ) -> Outcome<()> {
        self.with_bits_stoppable(py, out.len(), |bits| {
            let mut rng = random::Generator::on(bits);
            for (first, part) in parts(out) {
                rng.fill_each(part, |i| make(first + i))?;
            }
            Ok(())
        })
    }

    fn with_bits<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut AnyBits) -> R + Send,
    ) -> R {
        locked(py, draws, &self.bits.get().bits, f)
    }

    fn with_bits_stoppable<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut AnyBits) -> Outcome<R> + Send,
    ) -> Outcome<R> {
        stoppable(py, draws, &self.bits.get().bits, f)
    }

    const LEGACY: bool = false;
}

impl Generator {
    fn fill_modern<D: Distribution>(
        &self,
        py: Python<'_>,
        distribution: &D,
        out: &mut [D::Value],
    ) -> Outcome<()> {
        self.with_bits_stoppable(py, out.len(), |bits| {
            parts(out).for_each(|(_, part)| bits.fill(distribution, part));
            Ok(())
        })
    }

    /// Draws from a distribution into `out=`, a new array or a number.
    fn standard<'py, D: Distribution>(
        &self,
        py: Python<'py>,
        distribution: &D,
        size: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
        c_order: bool,
    ) -> Outcome<Py<PyAny>>
    where
        D::Value: Element + IntoPyObject<'py>,
    {
        check_draw("random")?;
        into_out(py, size_of(size)?, out, c_order, |out| {
            self.fill_modern(py, distribution, out)
        })
    }
}

#[pymethods]
impl Generator {
    #[new]
    #[pyo3(signature = (bit_generator))]
    fn new(bit_generator: &Bound<'_, PyAny>) -> Outcome<Generator> {
        super::bits::refuse_class(bit_generator)?;
        let bits = bit_generator.cast::<BitGenerator>().map_err(|_| {
            type_error(
                "a Generator draws from a bit generator of this module\n  hint: `cv.random.default_rng(seed)`, `Generator(PCG64(seed))`",
            )
        })?;
        Ok(Generator {
            bits: bits.clone().unbind(),
        })
    }

    /// The largest mean of `poisson`.
    #[classattr]
    #[pyo3(name = "_poisson_lam_max")]
    const POISSON_LAM_MAX: f64 = random::LARGEST_POISSON_MEAN;

    /// Where the bits come from.
    #[getter]
    fn bit_generator(&self, py: Python<'_>) -> Py<BitGenerator> {
        self.bits.clone_ref(py)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(format!(
            "{} at 0x{:X}",
            slf.get().__str__(slf.py())?,
            slf.as_ptr().addr()
        ))
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "Generator({})",
            self.bits.bind(py).get_type().name()?
        ))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let bits = slf.get().bits.bind(py).clone().into_any();
        let made_by = py.import("civita.random")?.getattr("_generator_ctor")?;
        let arguments = PyTuple::new(py, [bits])?.into_any();
        PyTuple::new(py, [made_by, arguments, py.None().into_bound(py)])
    }

    /// `n_children` generators, independent of each other and of this one: for threads and processes.
    #[pyo3(signature = (n_children))]
    fn spawn<'py>(slf: &Bound<'py, Self>, n_children: i64) -> PyResult<Bound<'py, PyList>> {
        let py = slf.py();
        let all = PyList::empty(py);
        let children = slf
            .get()
            .bits
            .bind(py)
            .call_method1("spawn", (n_children,))?;
        for bits in children.try_iter()? {
            all.append(slf.get_type().call1((bits?,))?)?;
        }
        Ok(all)
    }

    /// Uniform in [0, 1).
    #[pyo3(signature = (size=None, dtype=None, out=None), text_signature = "($self, size=None, dtype='float64', out=None)")]
    fn random<'py>(
        &self,
        py: Python<'py>,
        size: Option<&Bound<'py, PyAny>>,
        dtype: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        if is_single("random", dtype)? {
            self.standard(py, &StandardUniformF32, size, out, false)
        } else {
            self.standard(py, &StandardUniform {}, size, out, false)
        }
    }

    /// Standard normal, by the ziggurat.
    #[pyo3(signature = (size=None, dtype=None, out=None), text_signature = "($self, size=None, dtype='float64', out=None)")]
    fn standard_normal<'py>(
        &self,
        py: Python<'py>,
        size: Option<&Bound<'py, PyAny>>,
        dtype: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        if is_single("standard_normal", dtype)? {
            self.standard(py, &random::StandardNormalF32, size, out, false)
        } else {
            self.standard(py, &random::StandardNormal {}, size, out, false)
        }
    }

    /// Standard exponential, by the ziggurat (`method="zig"`) or by inversion (`"inv"`).
    #[pyo3(signature = (size=None, dtype=None, method="zig", out=None), text_signature = "($self, size=None, dtype='float64', method='zig', out=None)")]
    fn standard_exponential<'py>(
        &self,
        py: Python<'py>,
        size: Option<&Bound<'py, PyAny>>,
        dtype: Option<&Bound<'py, PyAny>>,
        method: &str,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        match (is_single("standard_exponential", dtype)?, method == "zig") {
            (false, true) => self.standard(py, &random::StandardExponential {}, size, out, false),
            (false, false) => self.standard(py, &random::InverseExponential, size, out, false),
            (true, true) => self.standard(py, &random::StandardExponentialF32, size, out, false),
            (true, false) => self.standard(py, &random::InverseExponentialF32, size, out, false),
        }
    }

    /// Gamma of scale 1: density proportional to `x^(shape-1) exp(-x)`.
    #[pyo3(signature = (shape, size=None, dtype=None, out=None), text_signature = "($self, shape, size=None, dtype='float64', out=None)")]
    fn standard_gamma<'py>(
        &self,
        py: Python<'py>,
        shape: &Bound<'py, PyAny>,
        size: Option<&Bound<'py, PyAny>>,
        dtype: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let single = is_single("standard_gamma", dtype)?;
        let shape = Parameter::of(shape)?;
        if shape.is_differentiated() {
            if single || out.is_some_and(|out| !out.is_none()) {
                return Err(type_error(
                    "standard_gamma of a shape that a derivative is taken by is a new array of float64: it takes no dtype and no out",
                ));
            }
            let row = draw::Row {
                op: "standard_gamma",
                names: random::StandardGamma::PARAMETERS,
                ranges: random::StandardGamma::RANGES,
                make: |[shape]| random::StandardGamma::new(shape),
            };
            return draw::drawn_by_row(self, py, row, [shape], size_of(size)?);
        }
        match (shape.one(), single) {
            (Some(shape), false) => {
                let gamma = random::StandardGamma::new(shape)?;
                self.standard(py, &gamma, size, out, true)
            }
            (Some(shape), true) => {
                let gamma = random::StandardGammaF32::new(shape as f32)?;
                self.standard(py, &gamma, size, out, true)
            }
            (None, false) => self.gammas(py, &shape, size, out, random::StandardGamma::new),
            (None, true) => self.gammas(py, &shape, size, out, |shape| {
                random::StandardGammaF32::new(shape as f32)
            }),
        }
    }

    /// Uniform in [low, high).
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
            ranges: NegativeBinomial::RANGES,
            make: |[n, p]| NegativeBinomial::bounded(n, p),
        };
        let parameters = [Parameter::of(n)?, Parameter::of(p)?];
        draw::drawn_by_row(self, py, row, parameters, size_of(size)?)
    }

    /// True with probability `p`: booleans, one uniform draw each, as `self.random(size) < p`. NumPy has no such function.
    #[pyo3(signature = (p=Given(None), size=None), text_signature = "($self, p=0.5, size=None)")]
    fn bernoulli(
        &self,
        py: Python<'_>,
        p: Given<'_>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        let row = draw::Row {
            op: "bernoulli",
            names: random::Bernoulli::PARAMETERS,
            ranges: random::Bernoulli::RANGES,
            make: |[p]| random::Bernoulli::new(p),
        };
        draw::drawn_by_row(self, py, row, [Parameter::or(&p, 0.5)?], size_of(size)?)
    }

    /// Wishart matrices with `df` degrees of freedom and this scale: `X @ X.T` for `df` columns `X` of normal vectors with that covariance.
    /// SciPy's `stats.wishart.rvs`, the same draws in the same order for a `size` of one axis; without one, a matrix.
    #[pyo3(signature = (df, scale, size=None))]
    fn wishart(
        &self,
        py: Python<'_>,
        df: &Bound<'_, PyAny>,
        scale: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        vectors::wishart(self, py, df, scale, size)
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

    /// Integers from `low` up to `high`, which is left out unless `endpoint`; up to `low` if it is alone.
    #[pyo3(signature = (low, high=None, size=None, dtype=None, endpoint=Flag(false)), text_signature = "($self, low, high=None, size=None, dtype='int64', endpoint=False)")]
    fn integers(
        &self,
        py: Python<'_>,
        low: &Bound<'_, PyAny>,
        high: Option<&Bound<'_, PyAny>>,
        size: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        endpoint: Flag,
    ) -> Outcome<Py<PyAny>> {
        let integers = order::Integers {
            name: "integers",
            method: Method::Lemire,
            endpoint: endpoint.0,
        };
        integers.draw(self, py, low, high, size, dtype)
    }

    /// Random bytes.
    #[pyo3(signature = (length))]
    fn bytes<'py>(&self, py: Python<'py>, length: isize) -> Outcome<Bound<'py, PyBytes>> {
        order::bytes(self, py, length)
    }

    /// Elements of `a` (or of the integers below `a`), with replacement or without, uniformly or by probabilities `p`.
    #[pyo3(signature = (a, size=None, replace=Flag(true), p=None, axis=Some(0), shuffle=Flag(true)), text_signature = "($self, a, size=None, replace=True, p=None, axis=0, shuffle=True)")]
    #[allow(clippy::too_many_arguments)]
    fn choice(
        &self,
        py: Python<'_>,
        a: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
        replace: Flag,
        p: Option<&Bound<'_, PyAny>>,
        axis: Option<isize>,
        shuffle: Flag,
    ) -> Outcome<Py<PyAny>> {
        let how = Choice {
            replace: replace.0,
            axis,
            order: if shuffle.0 {
                random::order::Order::Random
            } else {
                random::order::Order::Any
            },
        };
        choice(self, py, a, size, p, how)
    }

    /// Brings an array, along an axis, or a list into random order, in place.
    #[pyo3(signature = (x, axis=0))]
    fn shuffle(&self, py: Python<'_>, x: &Bound<'_, PyAny>, axis: isize) -> Outcome<()> {
        order::shuffle(self, py, x, axis)
    }

    /// The integers below `x`, or a copy of the array `x`, in random order along an axis.
    #[pyo3(signature = (x, axis=0))]
    fn permutation(&self, py: Python<'_>, x: &Bound<'_, PyAny>, axis: isize) -> Outcome<Py<PyAny>> {
        order::permutation(self, py, x, axis)
    }

    /// A copy of an array in which each slice along an axis is in an order of its own; all elements without an axis.
    #[pyo3(signature = (x, *, axis=None, out=None))]
    fn permuted(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        axis: Option<isize>,
        out: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        order::permuted(self, py, x, axis, out)
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
        vectors::multinomial(self, py, n, pvals, size)
    }

    /// How many of each colour are among `nsample` items taken, without replacement, out of `colors` of them.
    #[pyo3(signature = (colors, nsample, size=None, method="marginals"))]
    fn multivariate_hypergeometric(
        &self,
        py: Python<'_>,
        colors: &Bound<'_, PyAny>,
        nsample: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
        method: &str,
    ) -> Outcome<Py<PyAny>> {
        vectors::multivariate_hypergeometric(self, py, colors, nsample, size, method)
    }

    /// Normal vectors with mean `mean` and covariance `cov`, which is factored by `method`: "svd", "eigh" or "cholesky".
    #[pyo3(signature = (mean, cov, size=None, check_valid="warn", tol=1e-8, *, method="svd"))]
    #[allow(clippy::too_many_arguments)]
    fn multivariate_normal(
        &self,
        py: Python<'_>,
        mean: &Bound<'_, PyAny>,
        cov: &Bound<'_, PyAny>,
        size: Option<&Bound<'_, PyAny>>,
        check_valid: &str,
        tol: f64,
        method: &str,
    ) -> Outcome<Py<PyAny>> {
        let how = vectors::Normal {
            check_valid,
            tol,
            method,
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
        vectors::dirichlet(self, py, alpha, size)
    }
}

impl Generator {
    /// Gammas whose shapes are an array.
    fn gammas<'py, D: Distribution>(
        &self,
        py: Python<'py>,
        shape: &Parameter,
        size: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
        make: impl Fn(f64) -> random::Result<D> + Sync,
    ) -> Outcome<Py<PyAny>>
    where
        D::Value: Element + IntoPyObject<'py>,
    {
        check_draw("standard_gamma")?;
        shape.check(py, "shape", random::Range::NonNegative)?;
        let written = match out.filter(|out| !out.is_none()) {
            Some(out) => crate::ufunc::output(out)?.map(|out| out.get().raw().shape().to_vec()),
            None => None,
        };
        let size = size_of(size)?;
        if let (Some(size), Some(written)) = (&size, &written)
            && size != written
        {
            return Err(value_error("size must match out.shape when used together"));
        }
        let all = super::arguments::result_shape(size.or(written), &[shape.shape()])?;
        let mut along = shape.along(&all)?;
        into_out(py, Some(all), out, true, |out| {
            self.with_bits_stoppable(py, out.len(), |bits| {
                let mut rng = random::Generator::on(bits);
                for (first, part) in parts(out) {
                    rng.fill_each(part, |i| Outcome::Ok(make(along.at(first + i)?)?))?;
                }
                Ok(())
            })
        })
    }
}

/// A generator on `PCG64` with a seed; on a bit generator if `seed` is one; `seed` itself if it is a generator.
///
/// >>> cv.random.default_rng(42).random(2)
/// array([0.77395605, 0.43887844])
#[pyfunction]
#[pyo3(signature = (seed=None))]
fn default_rng(py: Python<'_>, seed: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    if let Some(seed) = seed {
        if seed.is_instance_of::<Generator>() {
            return Ok(seed.clone().unbind());
        }
        let bits = match seed.cast::<RandomState>() {
            Ok(state) => Some(state.get().bit_generator(py)),
            Err(_) => seed.cast::<BitGenerator>().ok().map(|b| b.clone().unbind()),
        };
        if let Some(bits) = bits {
            return Ok(Py::new(py, Generator { bits })?.into_any());
        }
    }
    let keywords = PyDict::new(py);
    keywords.set_item("seed", seed)?;
    let bits = py
        .get_type::<super::bits::PyPcg64>()
        .call((), Some(&keywords))?;
    Ok(Py::new(py, Generator::new(&bits)?)?.into_any())
}

/// Adds the class and the function.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Generator>()?;
    m.add_function(wrap_pyfunction!(default_rng, m)?)
}
