//! Threefry 4×64: a block cipher of additions, rotations and exclusive ors.

use super::counter_bits::{Cipher, CounterBits};
use crate::seed::SeedSequence;

/// Threefry4x64-20: four words at a time are an encryption of a counter of 256 bits under a key of 256, by the rounds of the cipher
/// Threefish. NumPy does not have it; for a seed, or for a key and a counter, the words are those of randomgen's `ThreeFry`.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
///
/// ```
/// use civita_random::{BitGenerator, Threefry};
///
/// let mut bits = Threefry::new(42);
/// assert_eq!(bits.next_u64(), 2473921411710000963); // randomgen.ThreeFry(42).random_raw()
/// ```
pub type Threefry = CounterBits<Threefry4x64>;

/// The cipher of [`Threefry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threefry4x64;

const ROUNDS: usize = 20;

/// Threefish's constant, by which no key has words that are all zero.
const PARITY: u64 = 0x1bd1_1bda_a9fc_1a22;

/// How far the two mixed words of a round are rotated; after eight rounds it begins again.
const ROTATIONS: [[u32; 2]; 8] = [
    [14, 16],
    [52, 57],
    [23, 40],
    [5, 37],
    [25, 33],
    [46, 12],
    [58, 22],
    [32, 32],
];

impl Cipher for Threefry4x64 {
    type Key = [u64; 4];

    fn key(seeds: &SeedSequence) -> [u64; 4] {
        seeds.state()
    }

    #[inline]
    fn encrypted(counter: [u64; 4], key: [u64; 4]) -> [u64; 4] {
        let parity = key.iter().fold(PARITY, |all, word| all ^ word);
        let keys = [key[0], key[1], key[2], key[3], parity];
        let mut x = counter;
        for (x, key) in x.iter_mut().zip(keys) {
            *x = x.wrapping_add(key);
        }
        for round in 0..ROUNDS {
            let [first, second] = ROTATIONS[round % 8];
            // even rounds mix the words 0 with 1 and 2 with 3, odd rounds 0 with 3 and 2 with 1
            let (a, b) = if round % 2 == 0 { (1, 3) } else { (3, 1) };
            x[0] = x[0].wrapping_add(x[a]);
            x[a] = x[a].rotate_left(first) ^ x[0];
            x[2] = x[2].wrapping_add(x[b]);
            x[b] = x[b].rotate_left(second) ^ x[2];
            if round % 4 == 3 {
                let s = round / 4 + 1;
                for (i, x) in x.iter_mut().enumerate() {
                    *x = x.wrapping_add(keys[(i + s) % 5]);
                }
                x[3] = x[3].wrapping_add(s as u64);
            }
        }
        x
    }
}
