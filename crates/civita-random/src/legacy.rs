//! The legacy interface, `np.random.RandomState`: the algorithms of NumPy before 1.17, which most programs still draw from.
//!
//! They differ from those of [`Generator`](crate::Generator): normals by the polar method, two at a time of which the second is
//! kept, exponentials by inversion, and formulas whose last bits have been improved since.

use crate::bits::{BitGenerator, Mt19937};
use crate::distributions::continuous as modern;
use crate::distributions::discrete::{
    geometric_search, log_gamma, poisson, power_of_two, truncated, zipf_accepted,
};
use crate::distributions::hypergeometric::{D1, D2};
use crate::distributions::{Distribution, Method};

/// A bit generator and a normal number kept for the next draw: NumPy's `RandomState`.
///
/// ```
/// use civita_random::RandomState;
///
/// let mut rng = RandomState::seed(42); // np.random.seed(42)
/// assert_eq!(rng.rand(2), [0.3745401188473625, 0.9507143064099162]); // np.random.rand(2)
/// assert_eq!(rng.randn(2), [0.6476885381006925, 1.5230298564080254]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RandomState<B = Mt19937> {
    /// Where the bits come from.
    pub bits: B,
    /// The second of two normal numbers, if only the first has been drawn.
    pub gauss: Option<f64>,
}

/// What `RandomState` draws from: the same distributions by older algorithms.
pub trait LegacyDistribution: Distribution {
    /// The function that draws a value.
    fn legacy_sampler<B: BitGenerator>(&self) -> impl Fn(&mut RandomState<B>) -> Self::Value;
}

impl RandomState {
    /// A generator with a seed of 32 bits: `np.random.RandomState(seed)`.
    pub fn seed(seed: u32) -> RandomState {
        RandomState::new(Mt19937::legacy(seed))
    }
}

impl<B: BitGenerator> RandomState<B> {
    /// A generator on these bits.
    pub const fn new(bits: B) -> RandomState<B> {
        RandomState { bits, gauss: None }
    }

    /// One value.
    pub fn draw<D: LegacyDistribution>(&mut self, distribution: &D) -> D::Value {
        let draw = distribution.legacy_sampler();
        draw(self)
    }

    /// Fills a slice with values, in order.
    pub fn fill<D: LegacyDistribution>(&mut self, distribution: &D, out: &mut [D::Value]) {
        let draw = distribution.legacy_sampler();
        for value in out {
            *value = draw(self);
        }
    }

    /// `n` values.
    pub fn sample<D: LegacyDistribution>(&mut self, distribution: &D, n: usize) -> Vec<D::Value> {
        let mut out = vec![D::Value::default(); n];
        self.fill(distribution, &mut out);
        out
    }

    /// `n` uniform numbers in [0, 1): `np.random.rand(n)`.
    pub fn rand(&mut self, n: usize) -> Vec<f64> {
        self.sample(&crate::StandardUniform {}, n)
    }

    /// `n` standard normal numbers: `np.random.randn(n)`.
    pub fn randn(&mut self, n: usize) -> Vec<f64> {
        self.sample(&crate::StandardNormal {}, n)
    }

    /// `n` integers from `low` up to `high`, which is left out: `np.random.randint(low, high, n)`.
    ///
    /// # Errors
    /// When there is no such integer.
    pub fn randint(&mut self, low: i64, high: i64, n: usize) -> crate::Result<Vec<i64>> {
        let integers = crate::Integers::<i64>::below(low.into(), high.into())?.by(Method::Masked);
        let mut out = vec![0; n];
        integers.fill(&mut self.bits, &mut out);
        Ok(out)
    }

    /// `n` random bytes: `np.random.bytes(n)`.
    ///
    /// ```
    /// # use civita_random::RandomState;
    /// assert_eq!(RandomState::seed(42).bytes(6), [102, 220, 225, 95, 179, 61]); // NumPy's
    /// ```
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        crate::Generator::on(&mut self.bits).bytes(n)
    }

    /// `n` numbers below `population`, with replacement: `np.random.choice(population, n)`.
    ///
    /// ```
    /// # use civita_random::RandomState;
    /// assert_eq!(RandomState::seed(42).choice(5, 4)?, [3, 4, 2, 4]); // NumPy's
    /// # Ok::<(), civita_random::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is none.
    pub fn choice(&mut self, population: usize, n: usize) -> crate::Result<Vec<i64>> {
        match (population, n) {
            (_, 0) => Ok(Vec::new()),
            (0, _) => Err(crate::Error::value(
                "a must be greater than 0 unless no samples are taken",
            )),
            _ => self.randint(0, population as i64, n),
        }
    }

    /// `n` different numbers below `population`: `np.random.choice(population, n, replace=False)`.
    ///
    /// ```
    /// # use civita_random::RandomState;
    /// assert_eq!(RandomState::seed(42).choice_distinct(10, 4)?, [8, 1, 5, 0]); // NumPy's
    /// # Ok::<(), civita_random::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are fewer.
    pub fn choice_distinct(&mut self, population: usize, n: usize) -> crate::Result<Vec<i64>> {
        if n > population {
            return Err(crate::Error::value(
                "Cannot take a larger sample than population when 'replace=False'",
            ));
        }
        let mut all = self.permutation(population);
        all.truncate(n);
        Ok(all)
    }

    /// `n` numbers, each as probable as its weight: `np.random.choice(len(p), n, p=p)`.
    ///
    /// ```
    /// # use civita_random::{RandomState, order::Weights};
    /// let p = Weights::new(vec![0.5, 0.0, 0.5], 1e-8)?;
    /// assert_eq!(RandomState::seed(42).choice_weighted(p, 10), [0, 2, 2, 2, 0, 0, 0, 2, 2, 2]); // NumPy's
    /// # Ok::<(), civita_random::Error>(())
    /// ```
    pub fn choice_weighted(&mut self, weights: crate::order::Weights, n: usize) -> Vec<i64> {
        weights.choose(&mut self.bits, n)
    }

    /// `n` normal vectors with this mean and covariance, one after the other: `np.random.multivariate_normal(mean, cov, n)`, which
    /// factors by [`Factor::Svd`](crate::Factor::Svd).
    ///
    /// # Errors
    /// When the mean has another length than the covariance.
    pub fn multivariate_normal(
        &mut self,
        mean: &[f64],
        covariance: &crate::Covariance,
        n: usize,
    ) -> crate::Result<Vec<f64>> {
        let rows = covariance.rows();
        if mean.len() != rows {
            return Err(crate::Error::value("mean and cov must have same length"));
        }
        let mut out = self.randn(n.saturating_mul(rows));
        covariance.apply(mean, &mut out);
        Ok(out)
    }

    /// Brings a slice into random order: `np.random.shuffle`.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        crate::order::shuffle(&mut self.bits, values);
    }

    /// The numbers below `n` in random order: `np.random.permutation(n)`.
    pub fn permutation(&mut self, n: usize) -> Vec<i64> {
        crate::order::permutation(&mut self.bits, n)
    }
}

#[inline(always)]
pub(crate) fn standard_uniform<B: BitGenerator>(state: &mut RandomState<B>) -> f64 {
    state.bits.next_f64()
}

/// Marsaglia's polar method.
#[inline]
pub(crate) fn standard_normal<B: BitGenerator>(state: &mut RandomState<B>) -> f64 {
    if let Some(kept) = state.gauss.take() {
        return kept;
    }
    loop {
        let x1 = 2.0 * state.bits.next_f64() - 1.0;
        let x2 = 2.0 * state.bits.next_f64() - 1.0;
        let r2 = x1 * x1 + x2 * x2;
        if r2 < 1.0 && r2 != 0.0 {
            let f = (-2.0 * r2.ln() / r2).sqrt();
            state.gauss = Some(f * x1);
            return f * x2;
        }
    }
}

#[inline]
pub(crate) fn normal<B: BitGenerator>(state: &mut RandomState<B>, loc: f64, scale: f64) -> f64 {
    loc + scale * standard_normal(state)
}

#[inline]
pub(crate) fn log_normal<B: BitGenerator>(
    state: &mut RandomState<B>,
    mean: f64,
    sigma: f64,
) -> f64 {
    normal(state, mean, sigma).exp()
}

#[inline]
pub(crate) fn standard_exponential<B: BitGenerator>(state: &mut RandomState<B>) -> f64 {
    -(1.0 - state.bits.next_f64()).ln()
}

#[inline]
pub(crate) fn exponential<B: BitGenerator>(state: &mut RandomState<B>, scale: f64) -> f64 {
    scale * standard_exponential(state)
}

modern::gamma_by!(
    #[inline]
    standard_gamma,
    f64,
    RandomState<B>,
    standard_uniform,
    standard_exponential,
    standard_normal
);

#[inline]
pub(crate) fn gamma<B: BitGenerator>(state: &mut RandomState<B>, shape: f64, scale: f64) -> f64 {
    scale * standard_gamma(state, shape)
}

pub(crate) fn beta<B: BitGenerator>(state: &mut RandomState<B>, a: f64, b: f64) -> f64 {
    if !(a <= 1.0 && b <= 1.0) {
        let x = standard_gamma(state, a);
        let y = standard_gamma(state, b);
        return x / (x + y);
    }
    loop {
        let u = state.bits.next_f64();
        let v = state.bits.next_f64();
        let (x, y) = (u.powf(1.0 / a), v.powf(1.0 / b));
        if x + y <= 1.0 {
            if x + y > 0.0 {
                return x / (x + y);
            }
            // both powers underflowed: logarithms
            let (x, y) = (u.ln() / a, v.ln() / b);
            let most = if x > y { x } else { y };
            let (x, y) = (x - most, y - most);
            return (x - (x.exp() + y.exp()).ln()).exp();
        }
    }
}

#[inline]
pub(crate) fn chi_square<B: BitGenerator>(state: &mut RandomState<B>, df: f64) -> f64 {
    2.0 * standard_gamma(state, df / 2.0)
}

pub(crate) fn noncentral_chi_square<B: BitGenerator>(
    state: &mut RandomState<B>,
    df: f64,
    nonc: f64,
) -> f64 {
    if nonc == 0.0 {
        return chi_square(state, df);
    }
    if 1.0 < df {
        let central = chi_square(state, df - 1.0);
        let n = standard_normal(state) + nonc.sqrt();
        return central + n * n;
    }
    let i = poisson(&mut state.bits, nonc / 2.0);
    let x = chi_square(state, df + i.wrapping_mul(2) as f64);
    if nonc.is_nan() { f64::NAN } else { x }
}

pub(crate) fn f<B: BitGenerator>(state: &mut RandomState<B>, dfnum: f64, dfden: f64) -> f64 {
    let numerator = chi_square(state, dfnum) * dfden;
    numerator / (chi_square(state, dfden) * dfnum)
}

pub(crate) fn noncentral_f<B: BitGenerator>(
    state: &mut RandomState<B>,
    dfnum: f64,
    dfden: f64,
    nonc: f64,
) -> f64 {
    let t = noncentral_chi_square(state, dfnum, nonc) * dfden;
    t / (chi_square(state, dfden) * dfnum)
}

pub(crate) fn standard_cauchy<B: BitGenerator>(state: &mut RandomState<B>) -> f64 {
    let numerator = standard_normal(state);
    numerator / standard_normal(state)
}

pub(crate) fn standard_t<B: BitGenerator>(state: &mut RandomState<B>, df: f64) -> f64 {
    let numerator = standard_normal(state);
    let denominator = standard_gamma(state, df / 2.0);
    (df / 2.0).sqrt() * numerator / denominator.sqrt()
}

pub(crate) fn pareto<B: BitGenerator>(state: &mut RandomState<B>, a: f64) -> f64 {
    (standard_exponential(state) / a).exp() - 1.0
}

pub(crate) fn weibull<B: BitGenerator>(state: &mut RandomState<B>, a: f64) -> f64 {
    if a == 0.0 {
        return 0.0;
    }
    standard_exponential(state).powf(1.0 / a)
}

pub(crate) fn power<B: BitGenerator>(state: &mut RandomState<B>, a: f64) -> f64 {
    (1.0 - (-standard_exponential(state)).exp()).powf(1.0 / a)
}

pub(crate) fn rayleigh<B: BitGenerator>(state: &mut RandomState<B>, scale: f64) -> f64 {
    scale * (-2.0 * (-state.bits.next_f64()).ln_1p()).sqrt()
}

pub(crate) fn wald<B: BitGenerator>(state: &mut RandomState<B>, mean: f64, scale: f64) -> f64 {
    let factor = mean / (2.0 * scale);
    let y = standard_normal(state);
    let y = mean * y * y;
    let x = mean + factor * (y - (4.0 * scale * y + y * y).sqrt());
    let u = state.bits.next_f64();
    if u <= mean / (mean + x) {
        x
    } else {
        mean * mean / x
    }
}

/// Draws in which the two interfaces agree.
macro_rules! same {
    ($($name:ident($($parameter:ident),*))*) => { $(
        #[inline]
        pub(crate) fn $name<B: BitGenerator>(state: &mut RandomState<B>, $($parameter: f64),*) -> f64 {
            modern::$name(&mut state.bits, $($parameter),*)
        }
    )* };
}
same! {
    uniform(low, range)
    laplace(loc, scale)
    gumbel(loc, scale)
    logistic(loc, scale)
    triangular(left, mode, right)
}

pub(crate) fn negative_binomial<B: BitGenerator>(
    state: &mut RandomState<B>,
    n: f64,
    p: f64,
) -> i64 {
    let mean = gamma(state, n, (1.0 - p) / p);
    poisson(&mut state.bits, mean)
}

pub(crate) fn zipf<B: BitGenerator>(state: &mut RandomState<B>, a: f64) -> i64 {
    if a >= 1025.0 {
        // NumPy would not return
        return 1;
    }
    let a1 = a - 1.0;
    if a1 < 1e-9 {
        // one draw in so many is below 2⁶³ that NumPy does not return: the same distribution, drawn below it
        return crate::distributions::discrete::zipf(&mut state.bits, a);
    }
    let b = power_of_two(a1);
    loop {
        let u = 1.0 - state.bits.next_f64();
        let v = state.bits.next_f64();
        if let Some(x) = zipf_accepted(u, v, a1, b) {
            return x;
        }
    }
}

pub(crate) fn geometric<B: BitGenerator>(state: &mut RandomState<B>, p: f64) -> i64 {
    if p >= 1.0 / 3.0 {
        return geometric_search(&mut state.bits, p);
    }
    truncated(((-state.bits.next_f64()).ln_1p() / (1.0 - p).ln()).ceil())
}

pub(crate) fn log_series<B: BitGenerator>(state: &mut RandomState<B>, p: f64) -> i64 {
    let r = (1.0 - p).ln();
    loop {
        let v = state.bits.next_f64();
        if v >= p {
            return 1;
        }
        let u = state.bits.next_f64();
        let q = 1.0 - (r * u).exp();
        if v <= q * q {
            let n = truncated((1.0 + v.ln() / q.ln()).floor());
            if n < 1 || v == 0.0 {
                continue;
            }
            return n;
        }
        return if v >= q { 1 } else { 2 };
    }
}

pub(crate) fn hypergeometric<B: BitGenerator>(
    bits: &mut B,
    good: i64,
    bad: i64,
    sample: i64,
) -> i64 {
    if sample > 10 {
        hypergeometric_ratio(bits, good, bad, sample)
    } else if sample > 0 {
        hypergeometric_counting(bits, good, bad, sample)
    } else {
        0
    }
}

fn hypergeometric_counting<B: BitGenerator>(bits: &mut B, good: i64, bad: i64, sample: i64) -> i64 {
    let rest = bad + good - sample;
    let least = good.min(bad) as f64;
    let (mut y, mut k) = (least, sample);
    while y > 0.0 {
        let u = bits.next_f64();
        y -= (u + y / (rest + k) as f64).floor();
        k -= 1;
        if k == 0 {
            break;
        }
    }
    let z = truncated(least - y);
    if good > bad { sample - z } else { z }
}

/// Algorithm HRUA, with Frohne's corrections.
fn hypergeometric_ratio<B: BitGenerator>(bits: &mut B, good: i64, bad: i64, sample: i64) -> i64 {
    let population = good + bad;
    let (least, most) = (good.min(bad), good.max(bad));
    let m = sample.min(population - sample);
    let p = least as f64 / population as f64;
    let q = 1.0 - p;
    let a = m as f64 * p + 0.5;
    let c =
        ((population - m) as f64 * sample as f64 * p * q / (population - 1) as f64 + 0.5).sqrt();
    let h = D1 * c + D2;
    let mode = truncated(
        ((m + 1) as f64 * (least + 1) as f64 / population.saturating_add(2) as f64).floor(),
    );
    let log_inverse = |k: i64| {
        log_gamma((k + 1) as f64)
            + log_gamma((least - k + 1) as f64)
            + log_gamma((m - k + 1) as f64)
            + log_gamma((most - m + k + 1) as f64)
    };
    let g = log_inverse(mode);
    let (range, far) = (m.min(least) as f64 + 1.0, (a + 16.0 * c).floor());
    let b = if range < far { range } else { far };
    let mut z = loop {
        let u = bits.next_f64();
        let v = bits.next_f64();
        let w = a + h * (v - 0.5) / u;
        if w < 0.0 || w >= b || w.is_nan() {
            continue;
        }
        let z = truncated(w.floor());
        let t = g - log_inverse(z);
        if u * (4.0 - u) - 3.0 <= t {
            break z;
        }
        if u * (u - t) >= 1.0 {
            continue;
        }
        if 2.0 * u.ln() <= t {
            break z;
        }
    };
    if good > bad {
        z = m - z;
    }
    if m < sample {
        z = good - z;
    }
    z
}
