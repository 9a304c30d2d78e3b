//! `rand`: tensors of draws from its distributions, by any of its generators.

use std::convert::Infallible;

use ::rand::Rng;
use ::rand::distr::Distribution;
use ::rand::rand_core::TryRng;

use crate::error::OrRaise;
use crate::random::BitGenerator;
use crate::{Element, IntoShape, Tensor};

/// With the feature `rand`: crates of the `rand` family draw from Civita's generators.
impl<B: BitGenerator> TryRng for crate::random::Rng<B> {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.bits_mut().next_u32())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits_mut().next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for part in out.chunks_mut(8) {
            let word = self.bits_mut().next_u64().to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
        }
        Ok(())
    }
}

/// With the feature `rand`.
impl<T: Element, const N: usize> Tensor<T, N> {
    /// Draws from a distribution of `rand` or `rand_distr`, by any generator of theirs; [`random::Rng`](crate::random::Rng)
    /// is one. Civita's own distributions are in [`random`](crate::random).
    ///
    /// ```
    /// use civita::prelude::*;
    /// use rand::distr::Uniform;
    ///
    /// let mut rng = civita::random::Rng::new(7);
    /// let dice: Vector<i64> = Tensor::draw(100, &Uniform::new_inclusive(1, 6)?, &mut rng);
    /// assert!(dice.min() >= 1 && dice.max() <= 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// When the shape overflows or memory cannot be allocated.
    #[track_caller]
    pub fn draw<R: Rng + ?Sized>(
        shape: impl IntoShape<N>,
        distribution: &impl Distribution<T>,
        rng: &mut R,
    ) -> Self {
        let zeros = shape.with(|s| civita_core::raw::Raw::zeros(s, T::DTYPE));
        let mut x: Self = crate::rank::wrap(zeros.or_raise());
        x.iter_mut().for_each(|v| *v = distribution.sample(rng));
        x
    }
}
