//! Philox 4×64: a block cipher run over a counter.

use super::{BitGenerator, Half, next_half, next_halves};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Philox {
    counter: [u64; 4],
    key: [u64; 2],
    /// The block of the counter, of which the words before `position` have been drawn.
    buffer: [u64; 4],
    position: usize,
    half: Half,
}

const ROUNDS: usize = 10;

/// The four words of a counter under a key.
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

impl Philox {
    /// A generator whose key is made from a seed; the counter begins at 0.
    pub fn new(seed: impl Into<SeedSequence>) -> Philox {
        Philox::with_key(seed.into().state(), [0; 4])
    }

    /// A generator with this key and counter, lowest words first.
    pub const fn with_key(key: [u64; 2], counter: [u64; 4]) -> Philox {
        Philox {
            counter,
            key,
            buffer: [0; 4],
            position: 4,
            half: Half::NONE,
        }
    }

    /// A generator in a given state: the block of the counter, and how many of its words have been drawn (4 at most).
    pub fn from_state(
        key: [u64; 2],
        counter: [u64; 4],
        buffer: [u64; 4],
        position: usize,
        half: Half,
    ) -> Philox {
        Philox {
            counter,
            key,
            buffer,
            position: position.min(4),
            half,
        }
    }

    /// The key, lowest word first.
    pub const fn key(&self) -> [u64; 2] {
        self.key
    }

    /// The counter, lowest word first.
    pub const fn counter(&self) -> [u64; 4] {
        self.counter
    }

    /// The block that is being drawn from.
    pub const fn buffer(&self) -> [u64; 4] {
        self.buffer
    }

    /// How many words of the block have been drawn.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// The half of a word that `next_u32` has left.
    pub const fn half(&self) -> Half {
        self.half
    }

    /// Adds `delta` (lowest word first) to the counter, which counts blocks of four words, and drops what was left of the block.
    pub fn advance(&mut self, delta: [u64; 4]) {
        let mut carry = false;
        for (word, step) in self.counter.iter_mut().zip(delta) {
            let (sum, over) = word.overflowing_add(step);
            let (sum, again) = sum.overflowing_add(carry.into());
            (*word, carry) = (sum, over | again);
        }
        *self = Philox::with_key(self.key, self.counter);
    }

    /// A copy `jumps` times 2¹²⁸ blocks ahead: streams for parallel work.
    #[must_use]
    pub fn jumped(&self, jumps: u128) -> Philox {
        let mut copy = self.clone();
        copy.advance([0, 0, jumps as u64, (jumps >> 64) as u64]);
        copy
    }

    fn next_block(&mut self) {
        for word in &mut self.counter {
            *word = word.wrapping_add(1);
            if *word != 0 {
                break;
            }
        }
        self.buffer = encrypted(self.counter, self.key);
    }
}

impl BitGenerator for Philox {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        if self.position >= 4 {
            self.next_block();
            self.position = 0;
        }
        self.position += 1;
        self.buffer[(self.position - 1) & 3]
    }

    #[inline]
    fn next_u32(&mut self) -> u32 {
        next_half!(self)
    }

    #[inline(always)]
    fn next_u32_pair(&mut self) -> [u32; 2] {
        next_halves!(self)
    }
}
