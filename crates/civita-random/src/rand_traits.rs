//! The traits of `rand_core`, so that crates of the `rand` family draw from our generators.

use rand_core::{Infallible, SeedableRng, TryRng};

use crate::bits::{BitGenerator, Pcg64, Pcg64Dxsm, Xoshiro256};
use crate::generator::Generator;
use crate::seed::SeedSequence;

impl<B: BitGenerator> TryRng for Generator<B> {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.bits.next_u32())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits.next_u64())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for part in out.chunks_mut(8) {
            let word = self.bits.next_u64().to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
        }
        Ok(())
    }
}

/// Seeds are the state's words; `seed_from_u64` is [`Generator::new`], NumPy's `default_rng(seed)` for [`Pcg64`].
macro_rules! seedable {
    ($($bits:ident)*) => { $(
        impl SeedableRng for Generator<$bits> {
            type Seed = [u8; 32];

            fn from_seed(seed: [u8; 32]) -> Self {
                let mut words = [0_u64; 4];
                for (word, bytes) in words.iter_mut().zip(seed.chunks_exact(8)) {
                    let mut eight = [0; 8];
                    eight.copy_from_slice(bytes);
                    *word = u64::from_le_bytes(eight);
                }
                Generator::on($bits::from_words(words))
            }

            fn seed_from_u64(seed: u64) -> Self {
                Generator::on($bits::new(SeedSequence::from(seed)))
            }
        }
    )* };
}
seedable!(Pcg64 Pcg64Dxsm Xoshiro256);
