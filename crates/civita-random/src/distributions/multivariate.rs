//! Draws of vectors.

use super::binomial::Prepared;
use super::continuous::{beta, standard_gamma};
use super::hypergeometric::hypergeometric;
use super::integers::interval;
use crate::bits::BitGenerator;
use crate::error::{Error, Result};
use crate::legacy::{self, RandomState};
use crate::range::Range;

/// A sum with the rounding of each step carried to the next: Kahan (1965).
pub fn kahan_sum(values: &[f64]) -> f64 {
    kahan_sum_pausing(values, || ())
}

/// As [`kahan_sum`], with a call of `pause` before every 65,536 elements.
pub(crate) fn kahan_sum_pausing(values: &[f64], mut pause: impl FnMut()) -> f64 {
    let (mut sum, mut lost) = match values.first() {
        None => return 0.0,
        Some(&first) => (first, 0.0),
    };
    for part in values[1..].chunks(1 << 16) {
        pause();
        for x in part {
            let y = x - lost;
            let t = sum + y;
            lost = (t - sum) - y;
            sum = t;
        }
    }
    sum
}

/// Multinomial: how often each of `d` outcomes of given probabilities occurs among `n` trials.
///
/// ```
/// use civita_random::{Multinomial, Pcg64};
///
/// let mut counts = [0; 3];
/// let multinomial = Multinomial::new(vec![0.2, 0.3, 0.5])?;
/// multinomial.draw(&mut Pcg64::new(42), 10, &mut counts);
/// assert_eq!(counts.iter().sum::<i64>(), 10);
/// # Ok::<(), civita_random::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Multinomial {
    probabilities: Vec<f64>,
}

impl Multinomial {
    /// With these probabilities. The last one is what the others leave, whatever it says.
    ///
    /// # Errors
    /// When there are none, one is outside [0, 1], or the sum of all but the last exceeds 1.
    pub fn new(probabilities: Vec<f64>) -> Result<Multinomial> {
        let Some((_, others)) = probabilities.split_last() else {
            return Err(Error::value(
                "pvals must have at least 1 dimension and the last dimension of pvals must be greater than 0.",
            ));
        };
        Range::Unit.check_all("pvals", &probabilities)?;
        if kahan_sum(others) > 1.0 + 1e-12 {
            return Err(Error::value("sum(pvals[:-1]) > 1.0"));
        }
        Ok(Multinomial { probabilities })
    }

    /// The number of outcomes.
    pub fn outcomes(&self) -> usize {
        self.probabilities.len()
    }

    /// Counts of `n` trials into `out`, one for each outcome, which holds zeros before. The legacy interface draws the same.
    pub fn draw<B: BitGenerator>(&self, bits: &mut B, n: i64, out: &mut [i64]) {
        let (mut left, mut remaining) = (n, 1.0);
        let Some((last, others)) = out.split_last_mut() else {
            return;
        };
        for (count, p) in others.iter_mut().zip(&self.probabilities) {
            *count = Prepared::new(left, p / remaining).draw(bits);
            left -= *count;
            if left <= 0 {
                return;
            }
            remaining -= p;
        }
        *last = left;
    }
}

/// Dirichlet: probabilities that sum to one, with density proportional to `∏ xᵢ^(αᵢ-1)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dirichlet {
    alpha: Vec<f64>,
    /// Sums from the right, where all are so small that gammas would vanish: a stick is broken by betas instead.
    sums: Option<Vec<f64>>,
}

impl Dirichlet {
    /// With these concentrations.
    ///
    /// # Errors
    /// When one is negative.
    pub fn new(alpha: Vec<f64>) -> Result<Dirichlet> {
        if alpha.iter().any(|&a| a < 0.0) {
            return Err(Error::value("alpha < 0"));
        }
        let small = !alpha.is_empty() && alpha.iter().all(|&a| a < 0.1);
        let sums = small.then(|| {
            let mut sum = 0.0;
            let mut sums: Vec<f64> = alpha
                .iter()
                .rev()
                .map(|a| {
                    sum += a;
                    sum
                })
                .collect();
            sums.reverse();
            sums
        });
        Ok(Dirichlet { alpha, sums })
    }

    /// As in the legacy interface, where none may be zero.
    ///
    /// # Errors
    /// When one is not positive.
    pub fn legacy(alpha: Vec<f64>) -> Result<Dirichlet> {
        if alpha.iter().any(|&a| a <= 0.0) {
            return Err(Error::value("alpha <= 0"));
        }
        Ok(Dirichlet { alpha, sums: None })
    }

    /// The number of probabilities.
    pub fn outcomes(&self) -> usize {
        self.alpha.len()
    }

    /// One draw into `out`, which holds zeros before.
    pub fn draw<B: BitGenerator>(&self, bits: &mut B, out: &mut [f64]) {
        let Some(sums) = &self.sums else {
            return self.normalised(out, |a| standard_gamma(bits, a));
        };
        // all zero: no draw
        if !(sums.first() > Some(&0.0)) {
            return;
        }
        let Some((last, others)) = out.split_last_mut() else {
            return;
        };
        let mut left = 1.0;
        for ((x, &a), &rest) in others.iter_mut().zip(&self.alpha).zip(&sums[1..]) {
            let v = beta(bits, a, rest);
            *x = left * v;
            left *= 1.0 - v;
            if rest == 0.0 {
                break;
            }
        }
        *last = left;
    }

    /// As [`draw`](Self::draw), in the legacy interface.
    pub fn legacy_draw<B: BitGenerator>(&self, state: &mut RandomState<B>, out: &mut [f64]) {
        self.normalised(out, |a| legacy::standard_gamma(state, a));
    }

    fn normalised(&self, out: &mut [f64], mut gamma: impl FnMut(f64) -> f64) {
        let mut sum = 0.0;
        for (x, &a) in out.iter_mut().zip(&self.alpha) {
            *x = gamma(a);
            sum += *x;
        }
        let inverse = 1.0 / sum;
        for x in out {
            *x *= inverse;
        }
    }
}

/// How a multivariate hypergeometric draw is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urn {
    /// A list of all items is shuffled as far as needed: time and memory in their number.
    Count,
    /// One colour after the other, by [`Hypergeometric`](super::Hypergeometric).
    Marginals,
}

/// Multivariate hypergeometric: how many of each colour are among `nsample` items taken, without replacement, from an urn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultivariateHypergeometric {
    colors: Vec<i64>,
    total: i64,
    sample: i64,
    urn: Urn,
    /// All items, for [`Urn::Count`]. Each draw goes on with the order that the one before has left.
    items: Vec<usize>,
}

impl MultivariateHypergeometric {
    /// Samples of `nsample` from an urn with so many items of each colour.
    ///
    /// # Errors
    /// When a number is negative, more are taken than there are, or there are too many: 10⁹ for marginals, as many as
    /// memory holds for counts.
    pub fn new(colors: Vec<i64>, nsample: i64, urn: Urn) -> Result<MultivariateHypergeometric> {
        if nsample < 0 {
            return Err(Error::value("nsample must be nonnegative."));
        }
        if colors.iter().any(|&n| n < 0) {
            return Err(Error::value(format!(
                "colors must be a one-dimensional sequence of nonnegative integers not exceeding {}.",
                i64::MAX
            )));
        }
        let Some(total) = colors.iter().try_fold(0_i64, |sum, &n| sum.checked_add(n)) else {
            return Err(Error::value(format!(
                "sum(colors) must not exceed the maximum value of a 64 bit signed integer ({})",
                i64::MAX
            )));
        };
        if urn == Urn::Marginals && total >= 1_000_000_000 {
            return Err(Error::value(
                "When method is \"marginals\", sum(colors) must be less than 1000000000.",
            ));
        }
        let largest = i64::MAX / 8;
        if urn == Urn::Count && total > largest {
            return Err(Error::value(format!(
                "When method is 'count', sum(colors) must not exceed {largest}"
            )));
        }
        if nsample > total {
            return Err(Error::value("nsample > sum(colors)"));
        }
        let mut items = Vec::new();
        if urn == Urn::Count && nsample > 0 {
            items.try_reserve_exact(total as usize).map_err(|_| {
                Error::value(format!(
                    "Insufficient memory for multivariate_hypergeometric with method='count' and sum(colors)={total}"
                ))
            })?;
            for (color, &n) in colors.iter().enumerate() {
                items.extend(std::iter::repeat_n(color, n as usize));
            }
        }
        Ok(MultivariateHypergeometric {
            colors,
            total,
            sample: nsample,
            urn,
            items,
        })
    }

    /// One draw into `out`, a number for each colour, which holds zeros before.
    pub fn draw<B: BitGenerator>(&mut self, bits: &mut B, out: &mut [i64]) {
        if self.total == 0 || self.sample == 0 {
            return;
        }
        let complement = self.sample > self.total / 2;
        let sample = if complement {
            self.total - self.sample
        } else {
            self.sample
        };
        match self.urn {
            Urn::Count => {
                let last = self.items.len() - 1;
                for j in 0..sample as usize {
                    let k = j + interval(bits, (last - j) as u64) as usize;
                    self.items.swap(j, k);
                    out[self.items[j]] += 1;
                }
            }
            Urn::Marginals => {
                let (mut left, mut remaining) = (sample, self.total);
                let Some((last, others)) = out.split_last_mut() else {
                    return;
                };
                for (count, &color) in others.iter_mut().zip(&self.colors) {
                    if left <= 0 {
                        break;
                    }
                    remaining -= color;
                    *count = hypergeometric(bits, color, remaining, left);
                    left -= *count;
                }
                if left > 0 {
                    *last = left;
                }
            }
        }
        if complement {
            for (count, color) in out.iter_mut().zip(&self.colors) {
                *count = color - *count;
            }
        }
    }
}
