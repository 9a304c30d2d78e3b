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
//! let x = rng.standard_normal(3);
//! assert_eq!(x.to_string(), "[ 0.30471708 -1.03998411  0.7504512 ]");
//! let noise = rng.normal(0.0, 0.1, [3, 4]); // mean, standard deviation, shape
//! let dice = rng.integers(1..7, 10);
//! let single = rng.standard_normal_as::<f32, 2>([3, 4]);
//! let gamma = rng.sample(&Gamma::new(2.0, 1.5)?, [2, 2]); // a distribution whose parameters are checked first
//! # _ = (noise, dice, single, gamma);
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
use civita_core::storage::room;
use civita_core::transform::{self, Drawing, check_draw};
pub use civita_random::{
    AnyBits, Bernoulli, Beta, Binomial, BitGenerator, ChiSquare, Cipher, Counted, CounterBits,
    Covariance, Dirichlet, Distribution, Exponential, F, Factor, Gamma, Generator, Geometric,
    Gumbel, Half, Halton, Hypergeometric, Integer, Integers, InverseExponential,
    InverseExponentialF32, Keyed, KeyedCipher, Laplace, LegacyDistribution, LogNormal, LogSeries,
    Logistic, Mt19937, Multinomial, MultivariateHypergeometric, NegativeBinomial,
    NoncentralChiSquare, NoncentralF, Normal, Pareto, Pcg64, Pcg64Dxsm, Philox, Philox4x64,
    Poisson, Power, RandomState, Rayleigh, SeedSequence, Sfc64, Sobol, StandardCauchy,
    StandardExponential, StandardExponentialF32, StandardGamma, StandardGammaF32, StandardNormal,
    StandardNormalF32, StandardT, StandardUniform, StandardUniformF32, Threefry, Threefry4x64,
    Triangular, Urn, VonMises, Wald, Weibull, Wishart, Within, Xoshiro256, Zipf, order,
};

use crate::error::OrRaise;
use crate::rank::{Rank, TakeRank, wrap};
use crate::{
    AnyNumber, DYN, Dtype, Element, Error, FromRaw, IntoShape, Result, SliceInt, Tensor, Vector,
};

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

/// Ranges of integers of any type: `0..10`, `1..=6`, `0..x.len()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range of integers",
    note = "`rng.integers(0..10, shape)`, `rng.integers(1..=6, shape)`"
)]
pub trait IntegerRange {
    /// The first and the last.
    #[doc(hidden)]
    fn ends(self) -> (i128, i128);
}
impl<I: WholeNumber> IntegerRange for Range<I> {
    fn ends(self) -> (i128, i128) {
        (self.start.whole(), self.end.whole() - 1)
    }
}
impl<I: WholeNumber> IntegerRange for RangeInclusive<I> {
    fn ends(self) -> (i128, i128) {
        (self.start().whole(), self.end().whole())
    }
}
/// Rust's integers.
pub trait WholeNumber: Copy {
    #[doc(hidden)]
    fn whole(self) -> i128;
}
macro_rules! whole {
    ($($integer:ident)*) => { $(
        impl WholeNumber for $integer {
            #[inline]
            fn whole(self) -> i128 {
                self as i128
            }
        }
    )* };
}
whole!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

/// What is drawn from: the integers below a number, or the parts of a tensor along its first axis.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing to draw from",
    note = "`rng.choice(n, …)` draws integers below `n`, `rng.choice(&x, …)` elements or rows of a tensor"
)]
pub trait Population {
    /// Several of them, along one axis.
    type All: FromRaw;
    #[doc(hidden)]
    fn size(&self) -> usize;
    #[doc(hidden)]
    fn at(&self, places: &Raw) -> Result<Raw>;
}
impl<I: SliceInt> Population for I {
    type All = Vector<i64>;
    fn size(&self) -> usize {
        usize::try_from(self.to_isize()).unwrap_or(0)
    }
    fn at(&self, places: &Raw) -> Result<Raw> {
        Ok(places.clone())
    }
}
impl<T: Dtype, const N: usize> Population for &Tensor<T, N> {
    type All = Tensor<T, N>;
    fn size(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }
    fn at(&self, places: &Raw) -> Result<Raw> {
        self.raw.take(places, 0, Mode::Raise)
    }
}

/// A [`Population`] of which draws have `K` axes, followed by those that each part has.
pub trait PopulationOf<const K: usize>: Population {
    /// The draws.
    type Draws: FromRaw;
}
impl<I: SliceInt, const K: usize> PopulationOf<K> for I {
    type Draws = Tensor<i64, K>;
}
impl<T: Dtype, const N: usize, const K: usize> PopulationOf<K> for &Tensor<T, N>
where
    Rank<N>: TakeRank<K>,
{
    type Draws = <Rank<N> as TakeRank<K>>::Out<T>;
}

/// How many draws: a length, or an array or tuple of lengths; `()` for one draw without an axis of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` says not how many are drawn from `{P}`",
    note = "a length, or an array or tuple of `usize`: `rng.choice(&x, 5)`, `rng.choice(&x, [3, 4])`; `()` for one"
)]
pub trait Draws<P> {
    /// What is drawn.
    type Out: FromRaw;
    #[doc(hidden)]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R;
}
// of a length alone the rank is that of the population, whatever it is: code that is generic over ranks draws
impl<P: Population> Draws<P> for usize {
    type Out = P::All;
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(&[*self])
    }
}
impl<P: PopulationOf<K>, const K: usize> Draws<P> for [usize; K] {
    type Out = P::Draws;
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(self)
    }
}
macro_rules! tuples_of_draws {
    ($($k:literal: $($length:ident $i:tt)*;)*) => { $(
        impl<P: PopulationOf<$k>> Draws<P> for ($($length,)*) {
            type Out = P::Draws;
            fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
                f(&[$(self.$i),*])
            }
        }
    )* };
}
tuples_of_draws! {
    1: usize 0;
    2: usize 0 usize 1;
    3: usize 0 usize 1 usize 2;
    4: usize 0 usize 1 usize 2 usize 3;
}
/// One draw, as NumPy's `choice` without a size: of a vector a tensor without axes, of a matrix a row.
impl<P: PopulationOf<0>> Draws<P> for () {
    type Out = P::Draws;
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(&[])
    }
}

/// Uniform on [low, high): NumPy's `uniform(low, high)`.
///
/// ```
/// use civita::random::{Rng, Uniform};
///
/// let x = Rng::new(42).sample(&Uniform::new(-1.0, 1.0)?, 2);
/// assert_eq!(x.to_vec(), Rng::new(42).uniform(-1.0, 1.0, 2).to_vec());
/// # Ok::<(), civita::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform(civita_random::Uniform);

impl Uniform {
    /// The distribution between two numbers.
    ///
    /// # Errors
    /// When the interval is not finite.
    pub fn new(low: f64, high: f64) -> civita_random::Result<Uniform> {
        match (high - low).is_finite() {
            true => civita_random::Uniform::new(low, high - low).map(Uniform),
            false => Err(civita_random::Error::value(
                "high - low range exceeds valid bounds",
            )),
        }
    }
}
impl Distribution for Uniform {
    type Value = f64;
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> f64 {
        self.0.sampler()
    }
}

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
    /// assert_eq!(Rng::new(42).random(2).to_vec(), [0.7739560485559633, 0.4388784397520523]);
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
    ///         .map(|mut rng| scope.spawn(move || rng.standard_normal(1000).to_vec()))
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
    /// let x = rng.random(3);
    /// assert_eq!(Rng::on(kept).random(3).to_vec(), x.to_vec());
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

    /// Uniform numbers in [0, 1). NumPy's `random`; in `f32` they are [`random_as`](Rng::random_as).
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x: Matrix<f64> = random::default_rng(42).random([2, 3]);
    /// assert_eq!(x[[0, 0]], 0.7739560485559633);
    /// ```
    #[track_caller]
    #[doc(alias = "rand")]
    pub fn random<const N: usize>(&mut self, shape: impl IntoShape<N>) -> Tensor<f64, N> {
        self.random_as(shape)
    }

    /// As [`random`](Rng::random), of `f32` or `f64`: `rng.random_as::<f32, 2>([2, 3])`, NumPy's `random(dtype=…)`.
    #[track_caller]
    pub fn random_as<T: Drawn, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.filled("random", shape, T::uniform)
    }

    /// Random bytes. NumPy's `bytes`.
    ///
    /// ```
    /// use civita::random::Rng;
    ///
    /// assert_eq!(Rng::new(42).bytes(6), [136, 38, 217, 22, 205, 251]); // NumPy's
    /// ```
    ///
    /// # Panics
    /// When there is no memory for so many.
    #[track_caller]
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        check_draw("bytes").or_raise();
        room("bytes", n).or_raise();
        Generator::on(&mut self.bits).bytes(n)
    }

    /// Standard normal numbers. NumPy's `standard_normal`; in `f32` they are [`standard_normal_as`](Rng::standard_normal_as).
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = random::default_rng(42).standard_normal(3);
    /// assert_eq!(x.to_string(), "[ 0.30471708 -1.03998411  0.7504512 ]");
    /// ```
    #[track_caller]
    #[doc(alias = "randn")]
    pub fn standard_normal<const N: usize>(&mut self, shape: impl IntoShape<N>) -> Tensor<f64, N> {
        self.standard_normal_as(shape)
    }

    /// As [`standard_normal`](Rng::standard_normal), of `f32` or `f64`: `rng.standard_normal_as::<f32, 2>([2, 3])`.
    #[track_caller]
    pub fn standard_normal_as<T: Drawn, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.filled("standard_normal", shape, T::normal)
    }

    /// Standard exponential numbers. NumPy's `standard_exponential`; [`exponential`](Rng::exponential) has a mean.
    #[track_caller]
    pub fn standard_exponential<const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<f64, N> {
        self.standard_exponential_as(shape)
    }

    /// As [`standard_exponential`](Rng::standard_exponential), of `f32` or `f64`.
    #[track_caller]
    pub fn standard_exponential_as<T: Drawn, const N: usize>(
        &mut self,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        self.filled("standard_exponential", shape, T::exponential)
    }

    /// Uniform numbers in [low, high). NumPy's `uniform`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = random::default_rng(42).uniform(-1.0, 1.0, [2, 3]);
    /// assert_eq!(x[[0, 0]], 0.5479120971119267); // np.random.default_rng(42).uniform(-1, 1, (2, 3))[0, 0]
    /// ```
    ///
    /// # Panics
    /// When the interval is not finite.
    #[track_caller]
    pub fn uniform<const N: usize>(
        &mut self,
        low: impl AnyNumber,
        high: impl AnyNumber,
        shape: impl IntoShape<N>,
    ) -> Tensor<f64, N> {
        let uniform = Uniform::new(low.to_f64(), high.to_f64());
        self.drawn("uniform", uniform, shape)
    }

    #[track_caller]
    fn drawn<D: Distribution, const N: usize>(
        &mut self,
        op: &'static str,
        distribution: civita_random::Result<D>,
        shape: impl IntoShape<N>,
    ) -> Tensor<D::Value, N>
    where
        D::Value: Element,
    {
        let distribution = distribution.map_err(refused(op)).or_raise();
        self.filled(op, shape, |bits, out| bits.fill(&distribution, out))
    }

    /// Values of a distribution, whose parameters were checked when it was made: `Poisson::new(mean)?` is an error where
    /// [`poisson`](Rng::poisson) panics.
    ///
    /// ```
    /// use civita::random::{Poisson, Rng};
    ///
    /// let counts = Rng::new(42).sample(&Poisson::new(3.0)?, 5);
    /// assert_eq!(counts.to_vec(), [4, 4, 5, 1, 7]); // np.random.default_rng(42).poisson(3.0, 5)
    /// # Ok::<(), civita::Error>(())
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

    /// Integers of a range, each as likely as the others. NumPy's `integers`, of the type that the range has; of literals and lengths
    /// it is `i64`.
    ///
    /// ```
    /// use civita::random::Rng;
    ///
    /// let dice = Rng::new(42).integers(1..=6, 5);
    /// assert_eq!(dice.to_vec(), [1, 5, 4, 3, 3]);
    /// let places = Rng::new(42).integers(0..dice.len(), [2, 3]);
    /// assert_eq!(places.shape(), [2, 3]);
    /// ```
    ///
    /// # Panics
    /// When the range is empty.
    #[track_caller]
    pub fn integers<const N: usize>(
        &mut self,
        range: impl IntegerRange,
        shape: impl IntoShape<N>,
    ) -> Tensor<i64, N> {
        let (low, high) = range.ends();
        let integers = Integers::<i64>::between(low, high).map_err(refused("integers"));
        let integers = integers.or_raise();
        self.filled("integers", shape, |bits, out| bits.fill(&integers, out))
    }

    /// As [`integers`](Rng::integers), of another type: `rng.integers_as::<u8, 1>(0..256, 5)`. NumPy's `integers(dtype=…)`.
    ///
    /// # Panics
    /// When the range is empty, or is not one of the type.
    #[track_caller]
    pub fn integers_as<T: Integer + Element, const N: usize>(
        &mut self,
        range: impl IntegerRange,
        shape: impl IntoShape<N>,
    ) -> Tensor<T, N> {
        let (low, high) = range.ends();
        let integers = Integers::<T>::between(low, high).map_err(refused("integers"));
        let integers = integers.or_raise();
        self.filled("integers", shape, |bits, out| bits.fill(&integers, out))
    }

    /// The integers below `n`, or the parts of a tensor along its first axis, in random order. NumPy's `permutation`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// assert_eq!(random::default_rng(42).permutation(5), [4, 2, 3, 1, 0]);
    /// assert_eq!(random::default_rng(42).permutation(&tensor![10, 11, 12, 13, 14]), [14, 12, 13, 11, 10]);
    /// ```
    #[track_caller]
    pub fn permutation<P: Population>(&mut self, of: P) -> P::All {
        let order: Vector<i64> = self.filled("permutation", of.size(), order::permute);
        wrap(of.at(order.raw()).or_raise())
    }

    /// Draws with replacement from the integers below a number, or from the parts of a tensor along its first axis, as many as
    /// the shape has places. NumPy's `choice`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let mut rng = random::default_rng(42);
    /// assert_eq!(rng.choice(5, 4), [0, 3, 3, 2]);
    /// let one: i64 = rng.choice(5, ()).item()?;
    /// assert!((0..5).contains(&one));
    /// let heights = tensor![1.62, 1.75, 1.80];
    /// let means: Vector<f64> = (0..100).map(|_| rng.choice(&heights, 3).mean()).collect(); // bootstrap
    /// assert!(means.min() >= 1.62 && means.max() <= 1.80);
    /// let walks = rng.choice(&tensor![-1, 1], [5, 100]).cumsum(1)?; // five of a hundred steps
    /// assert_eq!(walks.shape(), [5, 100]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Panics
    /// When there is nothing to draw from.
    #[track_caller]
    pub fn choice<P: Population, S: Draws<P>>(&mut self, of: P, shape: S) -> S::Out {
        let chosen = shape.with(|shape| self.integers::<DYN>(0..of.size(), shape));
        wrap(of.at(chosen.raw()).or_raise())
    }

    /// As [`choice`](Rng::choice), without replacement: no part twice. NumPy's `choice(replace=False)`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let hand = random::default_rng(42).choice_distinct(52, 5);
    /// assert_eq!(hand, [37, 22, 32, 4, 51]); // np.random.default_rng(42).choice(52, 5, replace=False)
    /// ```
    ///
    /// # Panics
    /// When there are fewer parts than the shape has places.
    #[track_caller]
    pub fn choice_distinct<P: Population, S: Draws<P>>(&mut self, of: P, shape: S) -> S::Out {
        check_draw("choice").or_raise();
        let n = shape.with(elements);
        // the numbers, and a table of those that were drawn
        room("choice", n.saturating_mul(4 * size_of::<i64>())).or_raise();
        let chosen = order::choose_distinct(&mut self.bits, of.size(), n, order::Order::Random);
        let chosen = chosen.map_err(refused("choice")).or_raise();
        let chosen = shape.with(|shape| Raw::from_vec(chosen, shape)).or_raise();
        wrap(of.at(&chosen).or_raise())
    }

    /// As [`choice`](Rng::choice), where each part has a probability. NumPy's `choice(p=…)`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let drawn = random::default_rng(42).choice_weighted(3, 10, &tensor![0.5, 0.0, 0.5]);
    /// assert_eq!(drawn, [2, 0, 2, 2, 0, 2, 2, 2, 0, 0]); // NumPy's
    /// ```
    ///
    /// # Panics
    /// When there are not as many probabilities as parts, one is negative, or they do not sum to 1.
    #[track_caller]
    pub fn choice_weighted<P: Population, S: Draws<P>>(
        &mut self,
        of: P,
        shape: S,
        p: &Vector<f64>,
    ) -> S::Out {
        let refuse = |text: &str| Err::<(), _>(Error::value("choice", text)).or_raise();
        if p.len() != of.size() {
            refuse("a and p must have same size");
        }
        let p = p.to_vec();
        if p.iter().any(|p| p.is_nan()) {
            refuse("Probabilities contain NaN");
        }
        if p.iter().any(|&p| p < 0.0) {
            refuse("Probabilities are not non-negative");
        }
        if (p.iter().sum::<f64>() - 1.0).abs() > f64::EPSILON.sqrt() {
            refuse(
                "Probabilities do not sum to 1. See Notes section of docstring for more information.",
            );
        }
        let mut sums: Vec<f64> = p
            .iter()
            .scan(0.0, |sum, p| {
                *sum += p;
                Some(*sum)
            })
            .collect();
        let total = sums.last().copied().unwrap_or(1.0);
        sums.iter_mut().for_each(|sum| *sum /= total);
        let chosen = shape
            .with(|shape| self.random::<DYN>(shape))
            .map(|u| sums.partition_point(|&sum| sum <= u) as i64);
        wrap(of.at(chosen.raw()).or_raise())
    }

    /// The parts along the first axis in random order, in place. NumPy's `shuffle`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let mut x = np::arange(5);
    /// random::default_rng(42).shuffle(&mut x);
    /// assert_eq!(x, [4, 2, 3, 1, 0]); // NumPy's
    /// ```
    ///
    /// # Panics
    /// When the tensor has no axis, or is a variable outside of [`no_grad`](crate::autograd::no_grad).
    #[track_caller]
    pub fn shuffle<T: Element, const N: usize>(&mut self, x: &mut Tensor<T, N>) {
        let shuffled = self.permutation(&*x);
        x.raw.assign(&shuffled.raw).or_raise();
    }

    /// Each slice along an axis in a random order of its own. NumPy's `permuted(x, axis=axis)`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = random::default_rng(42).permuted(&tensor![[0, 1, 2], [3, 4, 5]], 1)?;
    /// assert_eq!(x.to_string(), "[[2 1 0]\n [3 5 4]]"); // NumPy's
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn permuted<T: Element, const N: usize>(
        &mut self,
        x: &Tensor<T, N>,
        axis: impl SliceInt,
    ) -> Result<Tensor<T, N>> {
        check_draw("permuted")?;
        let axis = axis.to_isize();
        let rows = x.raw().move_axis(axis, -1)?;
        let n = rows.shape().last().copied().unwrap_or(0);
        let places: Result<Raw> = Raw::written_by(rows.shape(), |out: &mut [i64]| {
            for row in out.chunks_exact_mut(n.max(1)) {
                order::permute(&mut self.bits, row);
            }
            Ok(())
        });
        let turned = rows.take_along_axis(&places?, -1)?;
        turned.move_axis(-1, axis).map(wrap)
    }

    /// The slices along an axis in random order. NumPy's `permutation(x, axis)`; [`shuffle`](Rng::shuffle) works in place.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::random::Rng;
    ///
    /// let x = Rng::new(42).shuffled(&np::arange(5), 0)?;
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
        axis: impl SliceInt,
    ) -> Result<Tensor<T, N>> {
        let axis = axis.to_isize();
        let at = civita_core::layout::normalize_axis("shuffled", axis, x.shape().len())?;
        let order = self.permutation(x.shape()[at]);
        Ok(wrap(x.raw().take(order.raw(), axis, Mode::Raise)?))
    }
}

/// A row is a distribution as a method, by NumPy's name: its parameters in NumPy's order, and the shape.
macro_rules! distributions {
    ($($(#[doc = $doc:literal])* $name:ident($($parameter:ident),*) -> $value:ty = $Distribution:ident, $example:literal => $prints:literal;)*) => {
        /// Distributions by NumPy's names, with the parameters in NumPy's order and the shape behind them. They panic where a parameter
        /// is out of its range; [`sample`](Rng::sample) takes distributions that were checked before.
        impl<B: BitGenerator> Rng<B> { $(
            $(#[doc = $doc])*
            #[doc = concat!(
                "\n\n```\nuse civita::prelude::*;\n\nlet mut rng = random::default_rng(42);\nassert_eq!(", $example,
                ".to_string(), \"", $prints, "\"); // NumPy's\n```\n\n# Panics\nWhen a parameter is out of its range."
            )]
            #[track_caller]
            pub fn $name<const N: usize>(&mut self, $($parameter: impl AnyNumber,)* shape: impl IntoShape<N>) -> Tensor<$value, N> {
                self.drawn(stringify!($name), $Distribution::new($($parameter.to_f64()),*), shape)
            }
        )* }
    };
}
distributions! {
    /// Normal numbers with this mean and standard deviation.
    normal(mean, deviation) -> f64 = Normal, "rng.normal(10.0, 0.5, 2)" => "[10.15235854  9.48000795]";
    /// Numbers whose logarithm is normal, with this mean and standard deviation of the logarithm.
    lognormal(mean, deviation) -> f64 = LogNormal, "rng.lognormal(0.0, 1.0, 2)" => "[1.35624124 0.3534603 ]";
    /// Exponential numbers with this mean.
    exponential(scale) -> f64 = Exponential, "rng.exponential(2.0, 2)" => "[4.80841721 4.67237931]";
    /// Gamma numbers with this shape parameter and scale.
    gamma(k, scale) -> f64 = Gamma, "rng.gamma(2.0, 1.5, 2)" => "[3.13772591 4.25301838]";
    /// Beta numbers, between 0 and 1.
    beta(a, b) -> f64 = Beta, "rng.beta(2.0, 3.0, 2)" => "[0.33841184 0.41040973]";
    /// Chi-square numbers with so many degrees of freedom.
    chisquare(df) -> f64 = ChiSquare, "rng.chisquare(3.0, 2)" => "[3.05543949 4.35892866]";
    /// Chi-square numbers that are not central, with so many degrees of freedom.
    noncentral_chisquare(df, nonc) -> f64 = NoncentralChiSquare, "rng.noncentral_chisquare(3.0, 2.0, 2)" => "[ 4.94846489 10.31450274]";
    /// Numbers of Student's distribution with so many degrees of freedom.
    standard_t(df) -> f64 = StandardT, "rng.standard_t(5.0, 2)" => "[0.48968078 0.96799059]";
    /// Numbers of Fisher's distribution with these degrees of freedom.
    f(dfnum, dfden) -> f64 = F, "rng.f(5.0, 10.0, 2)" => "[0.81657973 1.01948397]";
    /// Numbers of Fisher's distribution that are not central, with these degrees of freedom.
    noncentral_f(dfnum, dfden, nonc) -> f64 = NoncentralF, "rng.noncentral_f(5.0, 10.0, 2.0, 2)" => "[1.26567114 0.4708845 ]";
    /// Laplace numbers about `loc`.
    laplace(loc, scale) -> f64 = Laplace, "rng.laplace(0.0, 1.0, 2)" => "[ 0.79387864 -0.13038563]";
    /// Logistic numbers about `loc`.
    logistic(loc, scale) -> f64 = Logistic, "rng.logistic(0.0, 1.0, 2)" => "[ 1.23078563 -0.24571509]";
    /// Gumbel numbers with this mode and scale.
    gumbel(loc, scale) -> f64 = Gumbel, "rng.gumbel(0.0, 1.0, 2)" => "[-0.39677803  0.54849684]";
    /// Cauchy numbers about 0.
    standard_cauchy() -> f64 = StandardCauchy, "rng.standard_cauchy(2)" => "[-0.29300167  0.797873  ]";
    /// Pareto numbers of the second kind (Lomax): those of the first kind minus 1.
    pareto(a) -> f64 = Pareto, "rng.pareto(3.0, 2)" => "[1.22866526 1.1787033 ]";
    /// Weibull numbers with this shape parameter.
    weibull(a) -> f64 = Weibull, "rng.weibull(2.0, 2)" => "[1.55055106 1.5284599 ]";
    /// Numbers in [0, 1] with the density `a x^(a - 1)`.
    power(a) -> f64 = Power, "rng.power(3.0, 2)" => "[0.96893248 0.96666964]";
    /// Rayleigh numbers with this mode.
    rayleigh(scale) -> f64 = Rayleigh, "rng.rayleigh(1.0, 2)" => "[2.19281034 2.16156872]";
    /// Inverse Gaussian numbers with this mean.
    wald(mean, scale) -> f64 = Wald, "rng.wald(3.0, 2.0, 2)" => "[2.06999077 1.23258829]";
    /// Numbers of the triangle between `left` and `right`, the most frequent about `mode`.
    triangular(left, mode, right) -> f64 = Triangular, "rng.triangular(-1.0, 0.0, 2.0, 2)" => "[0.83541264 0.16513506]";
    /// Angles about `mu`, the closer the larger `kappa`.
    vonmises(mu, kappa) -> f64 = VonMises, "rng.vonmises(0.0, 4.0, 2)" => "[-0.10171522 -0.18556391]";
    /// Counts of independent events of which so many are expected.
    poisson(lam) -> i64 = Poisson, "rng.poisson(3.0, 5)" => "[4 4 5 1 7]";
    /// Numbers of trials up to the first success, of probability `p`.
    geometric(p) -> i64 = Geometric, "rng.geometric(0.3, 5)" => "[7 7 7 1 1]";
    /// Numbers of failures before `n` successes of probability `p`.
    negative_binomial(n, p) -> i64 = NegativeBinomial, "rng.negative_binomial(5.0, 0.4, 5)" => "[12  4 15  8  8]";
    /// Numbers of Zipf's distribution: `k` with a probability in proportion to `k^-a`.
    zipf(a) -> i64 = Zipf, "rng.zipf(2.5, 5)" => "[2 1 1 1 1]";
    /// Numbers of the logarithmic series.
    logseries(p) -> i64 = LogSeries, "rng.logseries(0.6, 5)" => "[1 2 1 5 1]";
}

impl<B: BitGenerator> Rng<B> {
    /// Booleans that are true with probability `p`; NumPy has none.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let heads = random::default_rng(42).bernoulli(0.5, 1000);
    /// assert!((heads.mean().item()? - 0.5).abs() < 0.1);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Panics
    /// When `p` is no probability.
    #[track_caller]
    pub fn bernoulli<const N: usize>(
        &mut self,
        p: impl AnyNumber,
        shape: impl IntoShape<N>,
    ) -> Tensor<bool, N> {
        self.drawn("bernoulli", Bernoulli::new(p.to_f64()), shape)
    }

    /// How often `n` trials succeed, each with probability `p`. NumPy's `binomial`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let heads = random::default_rng(42).binomial(10, 0.5, 5);
    /// assert_eq!(heads.to_string(), "[6 5 7 6 3]"); // NumPy's
    /// ```
    ///
    /// # Panics
    /// When `n` is negative, or `p` is no probability.
    #[track_caller]
    pub fn binomial<const N: usize>(
        &mut self,
        n: impl SliceInt,
        p: impl AnyNumber,
        shape: impl IntoShape<N>,
    ) -> Tensor<i64, N> {
        let binomial = Binomial::new(n.to_isize() as i64, p.to_f64());
        self.drawn("binomial", binomial, shape)
    }

    /// How many of `nsample` taken from `ngood` good and `nbad` bad ones are good. NumPy's `hypergeometric`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let good = random::default_rng(42).hypergeometric(10, 5, 4, 5);
    /// assert_eq!(good.to_string(), "[3 3 2 3 3]"); // NumPy's
    /// ```
    ///
    /// # Panics
    /// When a number is negative, or more are taken than there are.
    #[track_caller]
    pub fn hypergeometric<const N: usize>(
        &mut self,
        ngood: impl SliceInt,
        nbad: impl SliceInt,
        nsample: impl SliceInt,
        shape: impl IntoShape<N>,
    ) -> Tensor<i64, N> {
        let [good, bad, sample] = [ngood.to_isize(), nbad.to_isize(), nsample.to_isize()];
        let distribution = Hypergeometric::new(good as i64, bad as i64, sample as i64);
        self.drawn("hypergeometric", distribution, shape)
    }

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
/// all of which it draws. The numbers are not NumPy's; see [`Keyed`], which draws into slices.
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
pub struct CounterRng(Keyed);

impl CounterRng {
    /// The generator of a key, at counter 0.
    pub const fn new(key: u64) -> CounterRng {
        CounterRng(Keyed::new(key))
    }

    /// The generator of a key at a counter, which counts blocks of four words of 32 bits.
    pub const fn at(key: u64, counter: u128) -> CounterRng {
        CounterRng(Keyed::at(key, counter))
    }

    /// The generator of the same key and counter by this cipher: Philox4x32-10 unless it is told.
    ///
    /// ```
    /// use civita::random::{CounterRng, KeyedCipher};
    ///
    /// let mut rng = CounterRng::new(42).with(KeyedCipher::Threefry4x32);
    /// let x = rng.uniform::<f64, 1>(4);
    /// assert_eq!(rng.place().counter, 2);
    /// assert_ne!(x.to_vec(), CounterRng::new(42).uniform::<f64, 1>(4).to_vec());
    /// ```
    #[must_use]
    pub const fn with(self, cipher: KeyedCipher) -> CounterRng {
        CounterRng(self.0.with(cipher))
    }

    /// The cipher, the key and the counter: what restores it.
    pub const fn place(&self) -> Keyed {
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
        let mut rng = Keyed::new(self.0.key).with(self.0.cipher);
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

    /// The generator of the same key and counter by this cipher: Philox4x32-10 unless it is told.
    #[must_use]
    pub fn with(self, cipher: KeyedCipher) -> TensorRng {
        TensorRng(self.0.with(cipher))
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
