//! Philox 4×64: a block cipher of multiplications.

use super::counter_bits::{Cipher, CounterBits};
use crate::seed::SeedSequence;

/// Philox4x64-10: four words at a time are an encryption of a counter of 256 bits under a key of 128.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
///
/// ```
/// use civita_random::{BitGenerator, Philox};
///
/// let mut bits = Philox::new(42);
/// assert_eq!(bits.next_u64(), 1587852024645073290); // np.random.Philox(42).random_raw()
/// ```
pub type Philox = CounterBits<Philox4x64>;

/// The cipher of [`Philox`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Philox4x64;

const ROUNDS: usize = 10;

impl Cipher for Philox4x64 {
    type Key = [u64; 2];

    fn key(seeds: &SeedSequence) -> [u64; 2] {
        seeds.state()
    }

    #[inline]
    fn encrypted(mut counter: [u64; 4], mut key: [u64; 2]) -> [u64; 4] {
        for round in 0..ROUNDS {
            if round > 0 {
                key[0] = key[0].wrapping_add(0x9e37_79b9_7f4a_7c15);
                key[1] = key[1].wrapping_add(0xbb67_ae85_84ca_a73b);
            }
            let a = 0xd2e7_470e_e14c_6c93_u128 * u128::from(counter[0]);
            let b = 0xca5a_8263_9512_1157_u128 * u128::from(counter[2]);
            counter = [
                (b >> 64) as u64 ^ counter[1] ^ key[0],
                b as u64,
                (a >> 64) as u64 ^ counter[3] ^ key[1],
                a as u64,
            ];
        }
        counter
    }
}
