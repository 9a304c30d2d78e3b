//! `Generator`: what draws from distributions.

use crate::bits::{BitGenerator, Pcg64};
use crate::distributions::{
    Distribution, Integer, Integers, StandardExponential, StandardNormal, StandardUniform,
};
use crate::error::Result;
use crate::order::{self, Order};
use crate::seed::SeedSequence;

/// A bit generator and the distributions drawn from it: NumPy's `Generator`, the same numbers to the bit.
///
/// ```
/// use civita_random::{Gamma, Generator};
///
/// let mut rng = Generator::new(42); // np.random.default_rng(42)
/// assert_eq!(rng.random(2), [0.7739560485559633, 0.4388784397520523]);
/// assert_eq!(rng.integers::<i64>(0, 10, 3)?, [4, 8, 0]);
/// let gamma = Gamma::new(2.0, 1.5)?;
/// assert_eq!(rng.draw(&gamma), 2.7558233704607065);
/// # Ok::<(), civita_random::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator<B = Pcg64> {
    /// Where the bits come from.
    pub bits: B,
}

impl Generator {
    /// A generator on [`Pcg64`] with a seed: NumPy's `default_rng(seed)`.
    pub fn new(seed: impl Into<SeedSequence>) -> Generator {
        Generator::on(Pcg64::new(seed))
    }
}

impl<B: BitGenerator> Generator<B> {
    /// A generator on these bits.
    pub const fn on(bits: B) -> Generator<B> {
        Generator { bits }
    }

    /// One value.
    pub fn draw<D: Distribution>(&mut self, distribution: &D) -> D::Value {
        let mut out = [D::Value::default()];
        self.fill(distribution, &mut out);
        out[0]
    }

    /// Fills a slice with values, in order.
    pub fn fill<D: Distribution>(&mut self, distribution: &D, out: &mut [D::Value]) {
        self.bits.fill(distribution, out);
    }

    /// Fills a slice with values, each from a distribution of its own: parameters that are arrays.
    ///
    /// # Errors
    /// When a distribution cannot be made. What was drawn before it remains.
    pub fn fill_each<D: Distribution, E>(
        &mut self,
        out: &mut [D::Value],
        mut distribution: impl FnMut(usize) -> Result<D, E>,
    ) -> Result<(), E> {
        for (i, value) in out.iter_mut().enumerate() {
            let it = distribution(i)?;
            let draw = it.sampler();
            *value = draw(&mut self.bits);
        }
        Ok(())
    }

    /// `n` values.
    pub fn sample<D: Distribution>(&mut self, distribution: &D, n: usize) -> Vec<D::Value> {
        let mut out = vec![D::Value::default(); n];
        self.fill(distribution, &mut out);
        out
    }

    /// `n` uniform numbers in [0, 1).
    pub fn random(&mut self, n: usize) -> Vec<f64> {
        self.sample(&StandardUniform {}, n)
    }

    /// `n` standard normal numbers.
    pub fn standard_normal(&mut self, n: usize) -> Vec<f64> {
        self.sample(&StandardNormal {}, n)
    }

    /// `n` standard exponential numbers.
    pub fn standard_exponential(&mut self, n: usize) -> Vec<f64> {
        self.sample(&StandardExponential {}, n)
    }

    /// `n` integers from `low` up to `high`, which is left out. Narrow types share words, so that `n` of them are not `n` draws.
    ///
    /// # Errors
    /// When the type does not hold them, or there are none.
    pub fn integers<T: Integer>(&mut self, low: i128, high: i128, n: usize) -> Result<Vec<T>> {
        Ok(self.sample(&Integers::below(low, high)?, n))
    }

    /// Random bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(n + 3);
        while out.len() < n {
            out.extend_from_slice(&self.bits.next_u32().to_le_bytes());
        }
        out.truncate(n);
        out
    }

    /// Brings a slice into random order.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        order::shuffle(&mut self.bits, values);
    }

    /// The numbers below `n` in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<i64> {
        order::permutation(&mut self.bits, n)
    }

    /// `n` different numbers below `population`, in random order.
    ///
    /// # Errors
    /// When there are fewer than `n`.
    pub fn choice(&mut self, population: usize, n: usize) -> Result<Vec<i64>> {
        order::choose_distinct(&mut self.bits, population, n, Order::Random)
    }
}
