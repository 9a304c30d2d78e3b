//! The table of distributions: a row is a distribution, its parameters with their ranges, and the functions that draw from it,
//! for `Generator` and for the legacy `RandomState`.

use super::{Distribution, binomial, continuous, discrete, hypergeometric, ziggurat};
use crate::bits::{BitGenerator, unit_f32};
use crate::error::{Error, Result};
use crate::legacy::{self, LegacyDistribution, RandomState};
use crate::range::Range;

macro_rules! distributions {
    ($($(#[doc = $doc:literal])* $name:ident ($($parameter:ident: $range:ident),*) -> $value:ty = $draw:path, $legacy:path;)*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $($parameter: f64,)*
        }

        impl $name {
            /// The names of the parameters, as NumPy has them.
            pub const PARAMETERS: &[&str] = &[$(stringify!($parameter)),*];
            /// Their ranges.
            pub const RANGES: &[Range] = &[$(Range::$range),*];

            /// The distribution with these parameters.
            ///
            /// # Errors
            /// When one lies outside its range.
            #[inline]
            pub fn new($($parameter: f64),*) -> Result<$name> {
                $(Range::$range.check(stringify!($parameter), $parameter)?;)*
                Ok($name { $($parameter),* })
            }
        }

        impl Distribution for $name {
            type Value = $value;
            #[inline(always)]
            fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> $value {
                let $name { $($parameter),* } = *self;
                move |bits| $draw(bits, $($parameter),*)
            }
        }

        impl LegacyDistribution for $name {
            #[inline(always)]
            fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> $value {
                let $name { $($parameter),* } = *self;
                move |state| $legacy(state, $($parameter),*)
            }
        }
    )* };
}

distributions! {
    /// Uniform on [0, 1): multiples of 2⁻⁵³.
    StandardUniform() -> f64 = continuous::standard_uniform, legacy::standard_uniform;

    /// Uniform on [low, low + range).
    ///
    /// ```
    /// use civita_random::{Generator, Uniform};
    ///
    /// let uniform = Uniform::between(-1.0, 1.0)?;
    /// assert_eq!(Generator::new(42).draw(&uniform), 0.5479120971119267); // np.random.default_rng(42).uniform(-1, 1)
    /// # Ok::<(), civita_random::Error>(())
    /// ```
    Uniform(low: Any, range: NonNegative) -> f64 = continuous::uniform, legacy::uniform;

    /// Standard normal: density `exp(-x²/2) / √(2π)`, by the ziggurat; by the polar method in the legacy interface.
    StandardNormal() -> f64 = ziggurat::standard_normal, legacy::standard_normal;

    /// Normal (Gaussian) with mean `loc` and standard deviation `scale`.
    Normal(loc: Any, scale: NonNegative) -> f64 = continuous::normal, legacy::normal;

    /// Log-normal: `exp` of a normal with mean `mean` and standard deviation `sigma`.
    LogNormal(mean: Any, sigma: NonNegative) -> f64 = continuous::log_normal, legacy::log_normal;

    /// Standard exponential: density `exp(-x)`, by the ziggurat; by inversion in the legacy interface.
    StandardExponential() -> f64 = ziggurat::standard_exponential, legacy::standard_exponential;

    /// Exponential with mean `scale`.
    Exponential(scale: NonNegative) -> f64 = continuous::exponential, legacy::exponential;

    /// Gamma of scale 1: density `x^(shape-1) exp(-x) / Γ(shape)`. Marsaglia and Tsang, "A simple method for generating gamma
    /// variables" (2000); for `shape < 1` Ahrens and Dieter (1974).
    StandardGamma(shape: NonNegative) -> f64 = continuous::standard_gamma, legacy::standard_gamma;

    /// Gamma: `scale` times a [`StandardGamma`].
    Gamma(shape: NonNegative, scale: NonNegative) -> f64 = continuous::gamma, legacy::gamma;

    /// Beta: density `x^(a-1) (1-x)^(b-1) / B(a, b)` on [0, 1], by Jöhnk's method or two gammas.
    Beta(a: Positive, b: Positive) -> f64 = continuous::beta, legacy::beta;

    /// χ² with `df` degrees of freedom.
    ChiSquare(df: Positive) -> f64 = continuous::chi_square, legacy::chi_square;

    /// χ² with `df` degrees of freedom and non-centrality `nonc`.
    NoncentralChiSquare(df: Positive, nonc: NonNegative) -> f64 = continuous::noncentral_chi_square, legacy::noncentral_chi_square;

    /// Fisher's F with `dfnum` and `dfden` degrees of freedom.
    F(dfnum: Positive, dfden: Positive) -> f64 = continuous::f, legacy::f;

    /// Fisher's F whose numerator has the non-centrality `nonc`.
    NoncentralF(dfnum: Positive, dfden: Positive, nonc: NonNegative) -> f64 = continuous::noncentral_f, legacy::noncentral_f;

    /// Cauchy at 0 of scale 1: the ratio of two normals.
    StandardCauchy() -> f64 = continuous::standard_cauchy, legacy::standard_cauchy;

    /// Student's t with `df` degrees of freedom.
    StandardT(df: Positive) -> f64 = continuous::standard_t, legacy::standard_t;

    /// Pareto II (Lomax): density `a (1 + x)^(-a-1)`.
    Pareto(a: Positive) -> f64 = continuous::pareto, legacy::pareto;

    /// Weibull of scale 1: density `a x^(a-1) exp(-x^a)`.
    Weibull(a: NonNegative) -> f64 = continuous::weibull, legacy::weibull;

    /// Power function: density `a x^(a-1)` on [0, 1].
    Power(a: Positive) -> f64 = continuous::power, legacy::power;

    /// Laplace (double exponential): density `exp(-|x - loc| / scale) / (2 scale)`.
    Laplace(loc: Any, scale: NonNegative) -> f64 = continuous::laplace, legacy::laplace;

    /// Gumbel: distribution function `exp(-exp(-(x - loc) / scale))`.
    Gumbel(loc: Any, scale: NonNegative) -> f64 = continuous::gumbel, legacy::gumbel;

    /// Logistic: distribution function `1 / (1 + exp(-(x - loc) / scale))`.
    Logistic(loc: Any, scale: NonNegative) -> f64 = continuous::logistic, legacy::logistic;

    /// Rayleigh: density `x / scale² exp(-x² / (2 scale²))`.
    Rayleigh(scale: NonNegative) -> f64 = continuous::rayleigh, legacy::rayleigh;

    /// Wald (inverse Gaussian) with this mean and scale. Michael, Schucany and Haas (1976).
    Wald(mean: Positive, scale: Positive) -> f64 = continuous::wald, legacy::wald;

    /// Triangular on [left, right] with its top at `mode`. [`Triangular::between`] checks their order.
    Triangular(left: Any, mode: Any, right: Any) -> f64 = continuous::triangular, legacy::triangular;

    /// Negative binomial: failures before `n` successes of probability `p`, as a Poisson whose mean is a gamma; `n` may be no
    /// integer.
    NegativeBinomial(n: PositiveNumber, p: UnitAboveZero) -> i64 = discrete::negative_binomial, legacy::negative_binomial;

    /// Zipf (zeta): probabilities proportional to `k^(-a)`, `k = 1, 2, …`. Devroye, "Non-uniform random variate generation"
    /// (1986), X.6.
    Zipf(a: AboveOne) -> i64 = discrete::zipf, legacy::zipf;

    /// Geometric: trials until the first success of probability `p`.
    Geometric(p: UnitAboveZero) -> i64 = discrete::geometric, legacy::geometric;

    /// Logarithmic series: probabilities `-p^k / (k ln(1-p))`. Kemp (1981).
    LogSeries(p: UnitBelowOne) -> i64 = discrete::log_series, legacy::log_series;
}

impl Uniform {
    /// Uniform on [low, high).
    ///
    /// # Errors
    /// When `high` is below `low`, or either is not finite.
    pub fn between(low: f64, high: f64) -> Result<Uniform> {
        if !(high - low).is_finite() {
            return Err(Error::value("high - low range exceeds valid bounds"));
        }
        Range::NonNegative.check("high - low", high - low)?;
        Uniform::new(low, high - low)
    }

    /// As [`between`](Self::between), but `high` may be below `low`, as in the legacy interface.
    ///
    /// # Errors
    /// When either is not finite.
    pub fn from_to(low: f64, high: f64) -> Result<Uniform> {
        let range = high - low;
        if !range.is_finite() {
            return Err(Error::value("Range exceeds valid bounds"));
        }
        Ok(Uniform { low, range })
    }
}

impl Triangular {
    /// Triangular on [left, right] with its top at `mode`.
    ///
    /// # Errors
    /// Unless `left <= mode <= right` and `left < right`.
    pub fn between(left: f64, mode: f64, right: f64) -> Result<Triangular> {
        if left > mode {
            Err(Error::value("left > mode"))
        } else if mode > right {
            Err(Error::value("mode > right"))
        } else if left == right {
            Err(Error::value("left == right"))
        } else {
            Triangular::new(left, mode, right)
        }
    }
}

impl NegativeBinomial {
    /// As [`new`](Self::new), and the mean of the Poisson draw is not too large for 64 bits.
    ///
    /// # Errors
    /// When a parameter lies outside its range, or the mean may be too large.
    pub fn bounded(n: f64, p: f64) -> Result<NegativeBinomial> {
        let it = NegativeBinomial::new(n, p)?;
        if (1.0 - p) / p * (n + 10.0 * n.sqrt()) > crate::range::LARGEST_POISSON_MEAN {
            return Err(Error::value(
                "n too large or p too small, see Generator.negative_binomial Notes",
            ));
        }
        Ok(it)
    }

    /// As in the legacy interface: `p` may be zero.
    ///
    /// # Errors
    /// When a parameter lies outside its range.
    pub fn legacy(n: f64, p: f64) -> Result<NegativeBinomial> {
        Range::Positive.check("n", n)?;
        Range::Unit.check("p", p)?;
        Ok(NegativeBinomial { n, p })
    }
}

macro_rules! standard_f32 {
    ($($(#[doc = $doc:literal])* $name:ident = $draw:path;)*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl Distribution for $name {
            type Value = f32;
            #[inline(always)]
            fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> f32 {
                |bits| $draw(bits)
            }
        }
    )* };
}

/// [`StandardUniform`] in single precision, from 32 bits: multiples of 2⁻²⁴.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardUniformF32;

impl Distribution for StandardUniformF32 {
    type Value = f32;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> f32 {
        |bits| bits.next_f32()
    }
    fn fill<B: BitGenerator>(&self, bits: &mut B, out: &mut [f32]) {
        let (pairs, rest) = out.as_chunks_mut::<2>();
        for pair in pairs {
            *pair = bits.next_u32_pair().map(unit_f32);
        }
        rest.fill_with(|| bits.next_f32());
    }
}

standard_f32! {
    /// [`StandardNormal`] in single precision, from 32 bits.
    StandardNormalF32 = ziggurat::standard_normal_f32;
    /// [`StandardExponential`] in single precision, from 32 bits.
    StandardExponentialF32 = ziggurat::standard_exponential_f32;
    /// [`InverseExponential`] in single precision.
    InverseExponentialF32 = continuous::inverse_exponential_f32;
}

/// Standard exponential by inversion, `-ln(1 - u)`: NumPy's `method='inv'`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InverseExponential;

impl Distribution for InverseExponential {
    type Value = f64;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> f64 {
        continuous::inverse_exponential
    }
}

/// [`StandardGamma`] in single precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandardGammaF32 {
    shape: f32,
}

impl StandardGammaF32 {
    /// Gamma of this shape.
    ///
    /// # Errors
    /// When the shape is negative.
    pub fn new(shape: f32) -> Result<StandardGammaF32> {
        Range::NonNegative.check("shape", shape.into())?;
        Ok(StandardGammaF32 { shape })
    }
}

impl Distribution for StandardGammaF32 {
    type Value = f32;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> f32 {
        let shape = self.shape;
        move |bits| continuous::standard_gamma_f32(bits, shape)
    }
}

/// Von Mises, the normal distribution of the circle: density proportional to `exp(kappa cos(x - mu))` on [−π, π]. Best and
/// Fisher (1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VonMises {
    mu: f64,
    kappa: f64,
}

impl VonMises {
    /// The names of the parameters, as NumPy has them.
    pub const PARAMETERS: &[&str] = &["mu", "kappa"];
    /// Their ranges.
    pub const RANGES: &[Range] = &[Range::Any, Range::NonNegative];

    /// With mean direction `mu` and concentration `kappa`.
    ///
    /// # Errors
    /// When `kappa` is negative.
    pub fn new(mu: f64, kappa: f64) -> Result<VonMises> {
        Range::NonNegative.check("kappa", kappa)?;
        Ok(VonMises { mu, kappa })
    }
}

impl Distribution for VonMises {
    type Value = f64;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> f64 {
        let (mu, constants) = (self.mu, continuous::Constants::new(self.kappa, 1e6));
        move |bits| continuous::von_mises(bits, mu, &constants)
    }
}

impl LegacyDistribution for VonMises {
    #[inline(always)]
    fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> f64 {
        let (mu, constants) = (
            self.mu,
            continuous::Constants::new(self.kappa, f64::INFINITY),
        );
        move |state| continuous::von_mises(&mut state.bits, mu, &constants)
    }
}

/// Poisson with mean `lam`: probabilities `lam^k exp(-lam) / k!`. Products of uniforms below 10, above Hörmann, "The transformed
/// rejection method for generating Poisson random variables" (1993).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poisson {
    lam: f64,
}

impl Poisson {
    /// The name of the parameter, as NumPy has it.
    pub const PARAMETERS: &[&str] = &["lam"];
    /// Its range.
    pub const RANGES: &[Range] = &[Range::PoissonMean];

    /// With mean `lam`.
    ///
    /// # Errors
    /// When it is negative, NaN or too large for 64 bits.
    pub fn new(lam: f64) -> Result<Poisson> {
        Range::PoissonMean.check("lam", lam)?;
        Ok(Poisson { lam })
    }
}

impl Distribution for Poisson {
    type Value = i64;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> i64 {
        let prepared = discrete::PreparedPoisson::new(self.lam);
        move |bits| prepared.draw(bits)
    }
}

impl LegacyDistribution for Poisson {
    #[inline(always)]
    fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> i64 {
        let prepared = discrete::PreparedPoisson::new(self.lam);
        move |state| prepared.draw(&mut state.bits)
    }
}

/// Bernoulli: true with probability `p`, one uniform draw each. NumPy has no function for it; `rng.random(n) < p` is the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bernoulli {
    p: f64,
}

impl Bernoulli {
    /// The name of the parameter.
    pub const PARAMETERS: &[&str] = &["p"];
    /// Its range.
    pub const RANGES: &[Range] = &[Range::Unit];

    /// True with probability `p`.
    ///
    /// ```
    /// use civita_random::{Bernoulli, Generator};
    ///
    /// let coin = Bernoulli::new(0.5)?;
    /// assert_eq!(Generator::new(42).sample(&coin, 4), [false, true, false, false]);
    /// # Ok::<(), civita_random::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `p` is not in [0, 1].
    pub fn new(p: f64) -> Result<Bernoulli> {
        Range::Unit.check("p", p)?;
        Ok(Bernoulli { p })
    }
}

impl Distribution for Bernoulli {
    type Value = bool;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> bool {
        let p = self.p;
        move |bits| bits.next_f64() < p
    }
}

impl LegacyDistribution for Bernoulli {
    #[inline(always)]
    fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> bool {
        let p = self.p;
        move |state| state.bits.next_f64() < p
    }
}

/// Binomial: successes of probability `p` among `n` trials. Inversion for means up to 30, above Kachitvichyanukul and
/// Schmeiser, "Binomial random variate generation" (1988).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binomial {
    n: i64,
    p: f64,
}

impl Binomial {
    /// Successes of probability `p` among `n` trials.
    ///
    /// # Errors
    /// When `n` is negative, or `p` is not in [0, 1].
    pub fn new(n: i64, p: f64) -> Result<Binomial> {
        Range::Unit.check("p", p)?;
        Range::NonNegative.check("n", n as f64)?;
        Ok(Binomial { n, p })
    }
}

impl Distribution for Binomial {
    type Value = i64;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> i64 {
        let prepared = binomial::Prepared::new(self.n, self.p);
        move |bits| prepared.draw(bits)
    }
}

impl LegacyDistribution for Binomial {
    #[inline(always)]
    fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> i64 {
        let prepared = binomial::Prepared::legacy(self.n, self.p);
        move |state| prepared.draw(&mut state.bits)
    }
}

/// Hypergeometric: good ones among `nsample` that are taken, without replacement, out of `ngood` good and `nbad` bad.
/// Counting for small samples, else Stadlober's ratio of uniforms (1990).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hypergeometric {
    good: i64,
    bad: i64,
    sample: i64,
}

impl Hypergeometric {
    /// Samples of `nsample` out of `ngood` good and `nbad` bad.
    ///
    /// # Errors
    /// When one is negative, more are taken than there are, or there are 10⁹ good or bad.
    pub fn new(ngood: i64, nbad: i64, nsample: i64) -> Result<Hypergeometric> {
        if ngood >= 1_000_000_000 || nbad >= 1_000_000_000 {
            return Err(Error::value(
                "both ngood and nbad must be less than 1000000000",
            ));
        }
        Hypergeometric::any(ngood, nbad, nsample, 0)
    }

    /// As in the legacy interface: at least one is taken, and there may be more.
    ///
    /// # Errors
    /// When one is negative, none or more are taken than there are.
    pub fn legacy(ngood: i64, nbad: i64, nsample: i64) -> Result<Hypergeometric> {
        Hypergeometric::any(ngood, nbad, nsample, 1)
    }

    fn any(good: i64, bad: i64, sample: i64, least: i64) -> Result<Hypergeometric> {
        match good.checked_add(bad) {
            Some(total) if total < sample => return Err(Error::value("ngood + nbad < nsample")),
            // beyond, logarithms of factorials have no digit left that could accept a draw
            Some(total) if total < 1 << 55 => {}
            _ => return Err(Error::value("ngood + nbad is too large: 2**55 or more")),
        }
        Range::NonNegative.check("ngood", good as f64)?;
        Range::NonNegative.check("nbad", bad as f64)?;
        if sample < least {
            return Err(Error::value(if least == 0 {
                "nsample < 0"
            } else {
                "nsample < 1 or nsample is NaN"
            }));
        }
        Ok(Hypergeometric { good, bad, sample })
    }
}

impl Distribution for Hypergeometric {
    type Value = i64;
    #[inline(always)]
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> i64 {
        let it = *self;
        let prepared = hypergeometric::Prepared::new(it.good, it.bad, it.sample);
        move |bits| prepared.draw(bits)
    }
}

impl LegacyDistribution for Hypergeometric {
    #[inline(always)]
    fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> i64 {
        let it = *self;
        move |state| legacy::hypergeometric(&mut state.bits, it.good, it.bad, it.sample)
    }
}
