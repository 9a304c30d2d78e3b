//! Random numbers: generators, distributions, and tensors of draws.
//!
//! For equal seeds the numbers are NumPy's, to the last bit: [`Rng::new(42)`](Rng::new) draws what
//! `np.random.default_rng(42)` draws.
//!
//! ```
//! use civita::prelude::*;
//! use civita::random::{Gamma, Rng};
//!
//! let mut rng = Rng::new(42);
//! let x = rng.normal::<f64, 1>(3);
//! assert_eq!(x.to_string(), "[ 0.30471708 -1.03998411  0.7504512 ]");
//! let y = rng.normal::<f32, 2>([3, 4]);
//! let dice = rng.integers(1..7, 10)?;
//! let gamma = rng.sample(&Gamma::new(2.0, 1.5)?, [2, 2]);
//! # _ = (y, dice, gamma);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A generator has a state, so drawing takes `&mut`. Threads draw from children, which [`Rng::spawn`] makes independent of each
//! other. Inside [`vmap`](crate::autograd::vmap()) and [`trace`](crate::autograd::trace()) drawing from a stream is an error: all
//! samples would share the draw, a trace would keep it as a constant. There [`CounterRng`] and [`TensorRng`] draw, by key and
//! counter.

use std::ops::{Range, RangeInclusive};

use civita_core::dtype::DType;
use civita_core::primitive::Draw;
use civita_core::raw::{Mode, Raw};
use civita_core::transform::{self, Drawing, check_draw};
pub use civita_random::{
    AnyBits, Bernoulli, Beta, Binomial, BitGenerator, ChiSquare, Counted, Covariance, Dirichlet,
    Distribution, Exponential, F, Factor, Gamma, Generator, Geometric, Gumbel, Half, Halton,
    Hypergeometric, Integer, Integers, InverseExponential, InverseExponentialF32, Laplace,
    LegacyDistribution, LogNormal, LogSeries, Logistic, Mt19937, Multinomial,
    MultivariateHypergeometric, NegativeBinomial, NoncentralChiSquare, NoncentralF, Normal, Pareto,
    Pcg64, Pcg64Dxsm, Philox, Philox4x32, Poisson, Power, RandomState, Rayleigh, SeedSequence,
    Sfc64, Sobol, StandardCauchy, StandardExponential, StandardExponentialF32, StandardGamma,
    StandardGammaF32, StandardNormal, StandardNormalF32, StandardT, StandardUniform,
    StandardUniformF32, Triangular, Uniform, Urn, VonMises, Wald, Weibull, Wishart, Within,
    Xoshiro256, Zipf, order,
};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{Element, Error, IntoShape, Result, Tensor, Vector};

/// Types whose standard distributions can be drawn: `f32`, from 32 bits a number, and `f64`, from 64.
pub trait Drawn: Element + Default {
    /// Fills a slice with uniform numbers in [0, 1).
    #[doc(hidden)]
    fn uniform<B: BitGenerator>(bits: &mut B, out: &mut [Self]);
    /// Fills a slice with standard normal numbers.
    #[doc(hidden)]
    fn normal<B: BitGenerator>(bits: &mut B, out: &mut [Self]);
    /// Fills a slice with standard exponential numbers.
    #[doc(hidden)]
    fn exponential<B: BitGenerator>(bits: &mut B, out: &mut [Self]);
}

macro_rules! drawn {
    ($($float:ident $uniform:expr, $normal:expr, $exponential:expr;)*) => { $(
        impl Drawn for $float {
            fn uniform<B: BitGenerator>(bits: &mut B, out: &mut [$float]) {
                bits.fill(&$uniform, out);
            }
            fn normal<B: BitGenerator>(bits: &mut B, out: &mut [$float]) {
                bits.fill(&$normal, out);
            }
            fn exponential<B: BitGenerator>(bits: &mut B, out: &mut [$float]) {
                bits.fill(&$exponential, out);
            }
        }
    )* };
}
drawn! {
    f64 StandardUniform {}, StandardNormal {}, StandardExponential {};
    f32 StandardUniformF32, StandardNormalF32, StandardExponentialF32;
}

/// Ranges of integers: `0..10`, `1..=6`.
pub trait IntegerRange<T> {
    /// The integers of the range.
    #[doc(hidden)]
    fn integers(self) -> Result<Integers<T>>
    where
        T: Integer;
}

macro_rules! ranges {
    ($($integer:ident)*) => { $(
        impl IntegerRange<$integer> for Range<$integer> {
            fn integers(self) -> Result<Integers<$integer>> {
                Integers::below(self.start.into(), self.end.into()).map_err(refused("integers"))
            }
        }
        impl IntegerRange<$integer> for RangeInclusive<$integer> {
            fn integers(self) -> Result<Integers<$integer>> {
                Integers::between((*self.start()).into(), (*self.end()).into()).map_err(refused("integers"))
            }
        }
    )* };
}
ranges!(u8 u16 u32 u64 i8 i16 i32 i64);

/// The engine's error for a parameter that is out of range.
fn refused(op: &'static str) -> impl Fn(civita_random::Error) -> Error {
    move |error| Error::value(op, error.to_string())
}

/// A generator of tensors. NumPy's `Generator`; made by [`Rng::new`], NumPy's `default_rng`.
///
/// Draws inside `vmap` or `trace` panic with an [`Error`], as do tensors for which there is no memory;
/// [`catch`](crate::catch) makes that a `Result`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng<B = Pcg64> {
    bits: B,
    seeds: Option<SeedSequence>,
}

/// [`Rng::new`] by NumPy's name.
///
/// ```
/// use civita::prelude::*;
///
/// let mut rng = random::default_rng(42);
/// let x: Vector<f64> = rng.standard_normal(3);
/// assert_eq!(x.to_string(), "[ 0.30471708 -1.03998411  0.7504512 ]");
/// ```
pub fn default_rng(seed: impl Into<SeedSequence>) -> Rng {
    Rng::new(seed)
}

impl Rng {
    /// A generator on [`Pcg64`] with a seed: NumPy's `default_rng(seed)`.
    ///
    /// ```
    /// # use civita::random::Rng;
    /// assert_eq!(Rng::new(42).uniform::<f64, 1>(2).to_vec(), [0.7739560485559633, 0.4388784397520523]);
    /// ```
    pub fn new(seed: impl Into<SeedSequence>) -> Rng {
        let seeds = seed.into();
        Rng {
            bits: Pcg64::new(&seeds),
            seeds: Some(seeds),
        }
    }

    /// `n` generators, independent of each other and of this one: for threads.
    ///
    /// ```
    /// use civita::random::Rng;
    ///
    /// let mut rng = Rng::new(42);
    /// let parts: Vec<Vec<f64>> = std::thread::scope(|scope| {
    ///     let workers: Vec<_> = rng
    ///         .spawn(4)
    ///         .into_iter()
    ///         .map(|mut rng| scope.spawn(move || rng.normal::<f64, 1>(1000).to_vec()))
    ///         .collect();
    ///     workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    /// });
    /// assert_ne!(parts[0], parts[1]);
    /// ```
    pub fn spawn(&mut self, n: u32) -> Vec<Rng> {
        // only `on` leaves the seeds out, for which the stream itself is one
        let seeds = self.seeds.get_or_insert_with(|| {
            let state = self.bits.next_u64();
            SeedSequence::new(state.into())
        });
        seeds.spawn(n).into_iter().map(Rng::new).collect()
    }
}

impl<B: BitGenerator> Rng<B> {
    /// A generator on these bits, which can be in any state.
    ///
    /// ```
    /// use civita::random::{Philox, Rng};
    ///
    /// let mut rng = Rng::on(Philox::with_key([1, 2], [0; 4]));
    /// let kept = rng.bits().clone();
    /// let x = rng.uniform::<f64, 1>(3);
    /// assert_eq!(Rng::on(kept).uniform::<f64, 1>(3).to_vec(), x.to_vec());
    /// ```
    pub const fn on(bits: B) -> Rng<B> {
        Rng { bits, seeds: None }
    }

    /// Where the bits come from: a clone of it is the state.
    pub const fn bits(&self) -> &B {
        &self.bits
    }

    /// As [`bits`](Self::bits), to draw from or to move on.
    pub const fn bits_mut(&mut self) -> &mut B {
        &mut self.bits
    }

    #[track_caller]
    fn filled<T: Element, const N: usize>(
        &mut self,
        op: &'static str,
        shape: impl IntoShape<N>,
        fill: impl FnOnce(&mut B, &mut [T]),
    ) -> Tensor<T, N> {
        check_draw(op).or_raise();
        shape.with(|shape| {
            let raw: Result<Raw> = Raw::written_by(shape, |out| {
                fill(&mut self.bits, out);
                Ok(())
            });
            wrap(raw.or_raise())
        })
    }

    /// Uniform numbers in [0, 1): [`Rng::uniform`] by NumPy's name.
    #[track_caller]
    pub fn random<T: Drawn, const N: usize>(&mut self, shape: impl IntoShape<N>) -> Tensor<T, N> {
        self.uniform(shape)
    }

    /// Standard normal numbers: [`Rng::normal`] by NumPy's name.
    #[track_caller]
    pub fn standard_normal<T: Drawn, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.normal(shape)
    }

    /// Uniform numbers in [0, 1). NumPy's `random`; of another interval they are `low + (high - low) * rng.uniform(shape)`.
    #[doc(alias = "random")]
    #[track_caller]
    pub fn uniform<T: Drawn, const N: usize>(&mut self, shape: impl IntoShape<N>) -> Tensor<T, N> {
        self.filled("uniform", shape, T::uniform)
    }

    /// Standard normal numbers. NumPy's `standard_normal`. NumPy's `normal(mean, deviation, shape)` is
    /// `rng.normal(shape) * deviation + mean`, or [`sample`](Rng::sample) of a [`Normal`].
    #[doc(alias = "standard_normal")]
    #[doc(alias = "randn")]
    #[track_caller]
    pub fn normal<T: Drawn, const N: usize>(&mut self, shape: impl IntoShape<N>) -> Tensor<T, N> {
        self.filled("normal", shape, T::normal)
    }

    /// Standard exponential numbers. NumPy's `standard_exponential`; [`Exponential`] has a mean.
    #[doc(alias = "standard_exponential")]
    #[track_caller]
    pub fn exponential<T: Drawn, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.filled("exponential", shape, T::exponential)
    }

    /// Values of a distribution.
    ///
    /// ```
    /// use civita::random::{Poisson, Rng};
    ///
    /// let counts = Rng::new(42).sample(&Poisson::new(3.0).unwrap(), 5);
    /// assert_eq!(counts.to_vec(), [4, 4, 5, 1, 7]); // np.random.default_rng(42).poisson(3.0, 5)
    /// ```
    #[track_caller]
    pub fn sample<D: Distribution, const N: usize>(
        &mut self,
        distribution: &D,
        shape: impl IntoShape<N>,
    ) -> Tensor<D::Value, N>
    where
        D::Value: Element,
    {
        self.filled("sample", shape, |bits, out| bits.fill(distribution, out))
    }

    /// Integers of a range, each as likely as the others. NumPy's `integers`.
    ///
    /// ```
    /// use civita::random::Rng;
    ///
    /// let dice = Rng::new(42).integers(1..=6_i64, 5)?;
    /// assert_eq!(dice.to_vec(), [1, 5, 4, 3, 3]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the range is empty.
    #[track_caller]
    pub fn integers<T: Integer + Element, const N: usize>(
        &mut self,
        range: impl IntegerRange<T>,
        shape: impl IntoShape<N>,
    ) -> Result<Tensor<T, N>> {
        let integers = range.integers()?;
        Ok(self.filled("integers", shape, |bits, out| bits.fill(&integers, out)))
    }

    /// The integers below `n` in random order.
    #[track_caller]
    pub fn permutation(&mut self, n: usize) -> Vector<i64> {
        self.filled("permutation", n, order::permute)
    }

    /// The slices along an axis in random order. NumPy's `shuffle`, which works in place: `x = rng.shuffled(&x, 0)?`.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::random::Rng;
    ///
    /// let x = Rng::new(42).shuffled(&Vector::arange(0..5_i64), 0)?;
    /// assert_eq!(x.to_vec(), [4, 2, 3, 1, 0]); // np.random.default_rng(42).permutation(5)
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    #[doc(alias = "shuffle")]
    pub fn shuffled<T: Element, const N: usize>(
        &mut self,
        x: &Tensor<T, N>,
        axis: isize,
    ) -> Result<Tensor<T, N>> {
        let at = civita_core::layout::normalize_axis("shuffled", axis, x.shape().len())?;
        let order = self.permutation(x.shape()[at]);
        Ok(wrap(x.raw().take(order.raw(), axis, Mode::Raise)?))
    }

    /// `n` different integers below `population`, in random order. NumPy's `choice(population, n, replace=False)`.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn choice(&mut self, population: usize, n: usize) -> Result<Vector<i64>> {
        check_draw("choice")?;
        let chosen = order::choose_distinct(&mut self.bits, population, n, order::Order::Random)
            .map_err(refused("choice"))?;
        Ok(Vector::from_vec(chosen))
    }
}

impl<B: BitGenerator> Rng<B> {
    /// `n` Wishart matrices. SciPy's `stats.wishart.rvs`.
    ///
    /// ```
    /// use civita::random::{Rng, Wishart};
    ///
    /// let wishart = Wishart::new(5.0, &[2.0, 0.5, 0.5, 1.0], 2).unwrap();
    /// let x = Rng::new(42).wishart(&wishart, 10);
    /// assert_eq!(x.shape(), [10, 2, 2]);
    /// ```
    #[track_caller]
    pub fn wishart(&mut self, distribution: &Wishart, n: usize) -> Tensor<f64, 3> {
        let rows = distribution.rows();
        self.filled("wishart", [n, rows, rows], |bits, out| {
            distribution.fill(bits, out);
        })
    }

    /// `n` normal vectors with this mean and covariance, the rows of a matrix. NumPy's `multivariate_normal`.
    ///
    /// ```
    /// use civita::random::{Covariance, Factor, Rng};
    ///
    /// let covariance = Covariance::new(&[2.0, 0.5, 0.5, 1.0], 2, Factor::Cholesky, 1e-8).unwrap();
    /// let x = Rng::new(42).multivariate_normal(&[1.0, -1.0], &covariance, 100)?;
    /// assert_eq!(x.shape(), [100, 2]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the mean has another length than the covariance, or there is no memory.
    pub fn multivariate_normal(
        &mut self,
        mean: &[f64],
        covariance: &Covariance,
        n: usize,
    ) -> Result<Tensor<f64, 2>> {
        const OP: &str = "multivariate_normal";
        check_draw(OP)?;
        let rows = covariance.rows();
        if mean.len() != rows {
            return Err(Error::value(OP, "mean and cov must have same length"));
        }
        let raw: Result<Raw> = Raw::written_by(&[n, rows], |out: &mut [f64]| {
            <f64 as Drawn>::normal(&mut self.bits, out);
            covariance.apply(mean, out);
            Ok(())
        });
        raw.map(wrap)
    }

    /// `n` vectors of probabilities, the rows of a matrix. NumPy's `dirichlet`.
    #[track_caller]
    pub fn dirichlet(&mut self, distribution: &Dirichlet, n: usize) -> Tensor<f64, 2> {
        let d = distribution.outcomes();
        self.filled("dirichlet", [n, d], |bits, out: &mut [f64]| {
            out.fill(0.0);
            for row in out.chunks_exact_mut(d.max(1)) {
                distribution.draw(bits, row);
            }
        })
    }

    /// How often each outcome occurs among so many trials, `n` times: the rows of a matrix. NumPy's `multinomial`.
    #[track_caller]
    pub fn multinomial(
        &mut self,
        distribution: &Multinomial,
        trials: i64,
        n: usize,
    ) -> Tensor<i64, 2> {
        let d = distribution.outcomes();
        self.filled("multinomial", [n, d], |bits, out: &mut [i64]| {
            out.fill(0);
            for row in out.chunks_exact_mut(d.max(1)) {
                distribution.draw(bits, trials, row);
            }
        })
    }

    /// A Latin hypercube: `n` points in `d` dimensions, of which each of `n` equal intervals of each axis holds one. SciPy's
    /// `stats.qmc.LatinHypercube`; points of [`Sobol`] and [`Halton`] sequences are drawn by [`points`].
    #[track_caller]
    pub fn latin_hypercube(&mut self, n: usize, d: usize, within: Within) -> Tensor<f64, 2> {
        self.filled("latin_hypercube", [n, d], |bits, out| {
            out.copy_from_slice(&civita_random::latin_hypercube(bits, n, d, within));
        })
    }
}

/// Sequences of points in the unit cube: [`Sobol`] and [`Halton`].
pub trait Points {
    /// The number of coordinates of a point.
    #[doc(hidden)]
    fn coordinates(&self) -> usize;
    /// Writes the next points.
    #[doc(hidden)]
    fn write(&mut self, out: &mut [f64]) -> civita_random::Result<()>;
}

impl Points for Sobol {
    fn coordinates(&self) -> usize {
        self.dimensions()
    }
    fn write(&mut self, out: &mut [f64]) -> civita_random::Result<()> {
        self.fill(out)
    }
}

impl Points for Halton {
    fn coordinates(&self) -> usize {
        self.dimensions()
    }
    fn write(&mut self, out: &mut [f64]) -> civita_random::Result<()> {
        self.fill(out);
        Ok(())
    }
}

/// The next `n` points of a sequence, the rows of a matrix. SciPy's `stats.qmc.Sobol(d).random(n)`.
///
/// ```
/// use civita::random::{self, Pcg64, Sobol};
///
/// let mut sobol = Sobol::new(2, 30)?;
/// let points = random::points(&mut sobol, 4)?;
/// assert_eq!(points.to_string(), "[[0.   0.  ]\n [0.5  0.5 ]\n [0.75 0.25]\n [0.25 0.75]]");
/// let mut scrambled = sobol.scrambled(&mut Pcg64::new(42));
/// let points = random::points(&mut scrambled, 1024)?;
/// # _ = points;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the sequence has no more points, or there is no memory.
pub fn points(sequence: &mut impl Points, n: usize) -> Result<Tensor<f64, 2>> {
    let raw: Result<Raw> = Raw::written_by(&[n, sequence.coordinates()], |out| {
        sequence.write(out).map_err(refused("points"))
    });
    raw.map(wrap)
}

/// A distribution that depends on other tensors is drawn element by element: `rng.sample_each([n], |i| Normal::new(mean[i], 1.0))`.
impl<B: BitGenerator> Rng<B> {
    /// Values of a distribution of its own for each element, by its place in C order.
    ///
    /// # Errors
    /// When a distribution cannot be made.
    pub fn sample_each<D: Distribution, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
        distribution: impl FnMut(usize) -> civita_random::Result<D>,
    ) -> Result<Tensor<D::Value, N>>
    where
        D::Value: Element,
    {
        check_draw("sample_each")?;
        shape.with(|shape| {
            let raw: Result<Raw> = Raw::written_by(shape, |out| {
                Generator::on(&mut self.bits)
                    .fill_each(out, distribution)
                    .map_err(refused("sample_each"))
            });
            raw.map(wrap)
        })
    }
}

fn elements(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, len| n.saturating_mul(*len))
}

/// A generator by key and counter: every number is a function of them and of its place, the same for any number of threads, on
/// all of which it draws. The numbers are not NumPy's; see [`Philox4x32`], which draws into slices.
///
/// ```
/// use civita::random::CounterRng;
///
/// let mut rng = CounterRng::new(42);
/// let x = rng.normal::<f32, 2>([1000, 100]);
/// let again = civita::with_threads(1, || CounterRng::new(42).normal::<f32, 2>([1000, 100]));
/// assert_eq!(x.to_vec(), again.to_vec());
/// assert_eq!(rng.place().counter, 25_000);
/// ```
///
/// Inside of a [`vmap`](crate::autograd::vmap()) it draws as [`Randomness`](crate::autograd::Randomness) says, and a
/// [`checkpoint`](crate::autograd::checkpoint) gives its function the same draws when it runs again. A graph draws from
/// [`TensorRng`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRng(Philox4x32);

impl CounterRng {
    /// The generator of a key, at counter 0.
    pub const fn new(key: u64) -> CounterRng {
        CounterRng(Philox4x32::new(key))
    }

    /// The generator of a key at a counter, which counts blocks of four words of 32 bits.
    pub const fn at(key: u64, counter: u128) -> CounterRng {
        CounterRng(Philox4x32::at(key, counter))
    }

    /// The key and the counter: what restores it.
    pub const fn place(&self) -> Philox4x32 {
        self.0
    }

    /// A generator with a key of its own, for each `i`: independent streams.
    #[must_use]
    pub fn split(&self, i: u64) -> CounterRng {
        CounterRng(self.0.split(i))
    }

    /// The keys of [`split`](Self::split) of the first `n` numbers, for a [`TensorRng`] each.
    #[track_caller]
    pub fn keys(&self, n: usize) -> Vector<u64> {
        let mut rng = Philox4x32::new(self.0.key);
        let keys = Drawing::of_host("keys", &mut rng, Draw::Keys, DType::U64, n);
        wrap(keys.and_then(|keys| keys.numbers(&[n])).or_raise())
    }

    #[track_caller]
    fn drawn<T: Counted + Element, const N: usize>(
        &mut self,
        op: &'static str,
        shape: impl IntoShape<N>,
        draw: Draw,
    ) -> Tensor<T, N> {
        shape.with(|shape| {
            let drawing = Drawing::of_host(op, &mut self.0, draw, T::DTYPE, elements(shape));
            wrap(
                drawing
                    .and_then(|drawing| drawing.numbers(shape))
                    .or_raise(),
            )
        })
    }

    /// Uniform numbers in [0, 1).
    #[track_caller]
    pub fn uniform<T: Counted + Element, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.drawn("uniform", shape, Draw::Uniform)
    }

    /// Standard normal numbers.
    #[track_caller]
    pub fn normal<T: Counted + Element, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.drawn("normal", shape, Draw::Normal)
    }
}

/// A [`CounterRng`] whose key and counter are tensors, for functions that are transformed: what it draws are functions of them. So
/// [`vmap`](crate::autograd::vmap()) over keys gives each sample its own numbers, and a [`trace`](crate::autograd::trace()) with
/// key and counter as inputs runs again with the same bits, or with others.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::{trace, vmap};
/// use civita::random::{CounterRng, TensorRng};
///
/// // a dropout of half of the elements, and the counter of the next one
/// fn dropout(x: Vector<f64>, key: Tensor<u64, 0>, counter: Tensor<u64, 0>) -> civita::Result<(Vector<f64>, Tensor<u64, 0>)> {
///     let mut rng = TensorRng::new(&key, &counter)?;
///     let kept = rng.uniform::<f64, 1>(x.len()).ge(0.5)?;
///     Ok((kept.choose(&(x * 2.0), &Tensor::scalar(0.0))?, rng.counter()))
/// }
/// let (key, counter) = (Tensor::scalar(42_u64), Tensor::scalar(0_u64));
/// let x = Vector::<f64>::ones(4);
/// let graph = trace(|(x, key, counter)| dropout(x, key, counter), (&x, &key, &counter))?;
/// let (y, next) = graph.run((&x, &key, &counter))?;
/// assert_eq!(y.to_vec(), dropout(x, key, counter)?.0.to_vec());
/// assert_eq!(next.item()?, 2);
///
/// // other numbers for each sample, by its key
/// let keys = CounterRng::new(42).keys(3);
/// let noise = vmap(|key| Ok(TensorRng::new(&key, &Tensor::scalar(0))?.normal::<f64, 1>(5)), &keys)?;
/// assert_eq!(noise.shape(), [3, 5]);
/// # Ok::<(), civita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TensorRng(transform::TensorRng);

impl TensorRng {
    /// The generator of a key at a counter, which counts blocks of four words of 32 bits.
    ///
    /// # Errors
    /// None today.
    pub fn new(key: &Tensor<u64, 0>, counter: &Tensor<u64, 0>) -> Result<TensorRng> {
        transform::TensorRng::new(key.raw(), counter.raw()).map(TensorRng)
    }

    /// The key.
    pub fn key(&self) -> Tensor<u64, 0> {
        wrap(self.0.key().clone())
    }

    /// The counter of what is drawn next.
    pub fn counter(&self) -> Tensor<u64, 0> {
        wrap(self.0.counter().clone())
    }

    /// A generator with a key of its own, for each `i`: independent streams.
    #[must_use]
    #[track_caller]
    pub fn split(&self, i: u64) -> TensorRng {
        TensorRng(self.0.split(i).or_raise())
    }

    /// The keys of [`split`](Self::split) of the first `n` numbers.
    #[track_caller]
    pub fn keys(&self, n: usize) -> Vector<u64> {
        wrap(self.0.keys(n).or_raise())
    }

    #[track_caller]
    fn drawn<T: Counted + Element, const N: usize>(
        &mut self,
        op: &'static str,
        shape: impl IntoShape<N>,
        draw: Draw,
    ) -> Tensor<T, N> {
        shape.with(|shape| {
            let drawing = self.0.next(op, draw, T::DTYPE, elements(shape));
            wrap(
                drawing
                    .and_then(|drawing| drawing.numbers(shape))
                    .or_raise(),
            )
        })
    }

    /// Uniform numbers in [0, 1).
    #[track_caller]
    pub fn uniform<T: Counted + Element, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.drawn("uniform", shape, Draw::Uniform)
    }

    /// Standard normal numbers.
    #[track_caller]
    pub fn normal<T: Counted + Element, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.drawn("normal", shape, Draw::Normal)
    }
}
