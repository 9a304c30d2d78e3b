//! Distributions: parameters, checked once, and how values are drawn.
//!
//! The algorithms and the order of their draws are NumPy's, so that equal seeds give equal numbers to the bit. Elementary
//! functions are the platform's (`f64::ln` calls its `log`), products are not fused, for the same reason.

mod binomial;
pub(crate) mod continuous;
pub(crate) mod discrete;
pub(crate) mod hypergeometric;
mod integers;
mod multivariate;
mod table;
mod ziggurat;
mod ziggurat_tables;

pub use integers::{Integer, Integers, Method, Shared, Word};
pub(crate) use integers::{interval, intervals};
pub(crate) use multivariate::kahan_sum_pausing;
pub use multivariate::{Dirichlet, Multinomial, MultivariateHypergeometric, Urn, kahan_sum};
pub use table::*;

use crate::bits::BitGenerator;

/// What values can be drawn from.
///
/// ```
/// use civita_random::{Distribution, Normal, Pcg64};
///
/// let mut bits = Pcg64::new(42);
/// let normal = Normal::new(10.0, 0.5)?;
/// let draw = normal.sampler();
/// assert_eq!(draw(&mut bits), 10.152358539877216); // np.random.default_rng(42).normal(10, 0.5)
/// # Ok::<(), civita_random::Error>(())
/// ```
pub trait Distribution: Sync {
    /// The type of a value.
    type Value: Copy + Default + Send;

    /// The function that draws a value. What depends on the parameters alone is computed here.
    fn sampler<B: BitGenerator>(&self) -> impl Fn(&mut B) -> Self::Value;

    /// Fills a slice with draws, in order.
    fn fill<B: BitGenerator>(&self, bits: &mut B, out: &mut [Self::Value]) {
        let draw = self.sampler();
        for value in out {
            *value = draw(bits);
        }
    }
}
