//! MT19937: the Mersenne Twister.

use super::BitGenerator;
use super::mt19937_jump::JUMP;
use crate::error::{Error, Result};
use crate::seed::SeedSequence;

/// Words of the state.
const N: usize = 624;
const M: usize = 397;

/// The Mersenne Twister of 32 bits: period 2¹⁹⁹³⁷ − 1. NumPy's legacy interface draws from it.
///
/// Source: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
/// generator" (1998).
///
/// ```
/// use civita_random::{BitGenerator, Mt19937};
///
/// let mut bits = Mt19937::new(42);
/// assert_eq!(bits.next_u32(), 2327846034); // np.random.MT19937(42).random_raw()
/// let mut bits = Mt19937::legacy(42);
/// assert_eq!(bits.next_u32(), 1608637542); // np.random.RandomState(42)
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mt19937 {
    key: Box<[u32; N]>,
    position: usize,
}

/// A word of the next state, of the upper bit of `a` and the lower bits of `b`.
#[inline(always)]
fn twisted(a: u32, b: u32, middle: u32) -> u32 {
    let y = a & 0x8000_0000 | b & 0x7fff_ffff;
    middle ^ (y >> 1) ^ ((y & 1).wrapping_neg() & 0x9908_b0df)
}

impl Mt19937 {
    /// A generator with a seed. NumPy's `MT19937(seed)`.
    pub fn new(seed: impl Into<SeedSequence>) -> Mt19937 {
        Mt19937::from_words(&seed.into().generate(N))
    }

    /// A generator with the words of a seed sequence, 624 of them (zeros for those that lack).
    pub fn from_words(words: &[u32]) -> Mt19937 {
        let mut key = Box::new([0; N]);
        for (slot, word) in key.iter_mut().zip(words) {
            *slot = *word;
        }
        // so that the state is not zero
        key[0] = 0x8000_0000;
        Mt19937 {
            key,
            position: N - 1,
        }
    }

    /// A generator with a seed of 32 bits by Knuth's recurrence: NumPy's `RandomState(seed)`.
    pub fn legacy(mut seed: u32) -> Mt19937 {
        let mut key = Box::new([0; N]);
        for (i, word) in (1..).zip(key.iter_mut()) {
            *word = seed;
            seed = 1_812_433_253_u32
                .wrapping_mul(seed ^ (seed >> 30))
                .wrapping_add(i);
        }
        Mt19937 { key, position: N }
    }

    /// A generator with a seed of several words: NumPy's `RandomState([1, 2, 3])`. No words are a seed too.
    pub fn legacy_words(seed: &[u32]) -> Mt19937 {
        let mut bits = Mt19937::legacy(19_650_218);
        let key = &mut bits.key;
        let seed = if seed.is_empty() { &[0] } else { seed };
        let mut i = 1;
        let mut step = |mix: &mut dyn FnMut(u32, u32, usize) -> u32| {
            let before = key[i - 1];
            key[i] = mix(key[i], before ^ (before >> 30), i);
            i += 1;
            if i == N {
                key[0] = key[N - 1];
                i = 1;
            }
        };
        for j in (0..seed.len()).cycle().take(N.max(seed.len())) {
            step(&mut |word, before, _| {
                (word ^ before.wrapping_mul(1_664_525))
                    .wrapping_add(seed[j])
                    .wrapping_add(j as u32)
            });
        }
        for _ in 1..N {
            step(&mut |word, before, i| {
                (word ^ before.wrapping_mul(1_566_083_941)).wrapping_sub(i as u32)
            });
        }
        key[0] = 0x8000_0000;
        bits
    }

    /// A generator in a given state: 624 words and how many of them have been drawn.
    ///
    /// # Errors
    /// When there are not 624 words, or more than that have been drawn.
    pub fn from_state(key: &[u32], position: usize) -> Result<Mt19937> {
        let key: Box<[u32; N]> = key.to_vec().try_into().map_err(|_| {
            Error::value(format!(
                "the key of MT19937 has {N} words, not {}",
                key.len()
            ))
        })?;
        if position > N {
            return Err(Error::value(format!(
                "the position of MT19937 is at most {N}, not {position}"
            )));
        }
        Ok(Mt19937 { key, position })
    }

    /// The 624 words of the state.
    pub const fn key(&self) -> &[u32; N] {
        &self.key
    }

    /// How many words have been drawn from the state.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Moves on as if 2¹²⁸ words had been drawn.
    ///
    /// The step is linear over GF(2), so 2¹²⁸ of them are the polynomial `x^(2^128)` modulo its characteristic polynomial, of the
    /// step: Horner's rule with 19937 steps and additions of states.
    pub fn jump(&mut self) {
        let mut start = self.clone();
        if start.position >= N {
            start.position = 0;
        }
        let coefficient = |i: usize| JUMP[i / 32] >> (i % 32) & 1 == 1;
        let Some(degree) = (0..32 * N).rev().find(|&i| coefficient(i)) else {
            return;
        };
        let mut sum = start.clone();
        for i in (0..degree).rev() {
            sum.step();
            if coefficient(i) {
                sum.add(&start);
            }
        }
        *self = sum;
    }

    /// A copy `jumps` jumps ahead: streams for parallel work.
    #[must_use]
    pub fn jumped(&self, jumps: usize) -> Mt19937 {
        let mut copy = self.clone();
        for _ in 0..jumps {
            copy.jump();
        }
        copy
    }

    /// One word of the next state.
    fn step(&mut self) {
        let i = self.position;
        let next = if i + 1 == N { 0 } else { i + 1 };
        self.key[i] = twisted(self.key[i], self.key[next], self.key[(i + M) % N]);
        self.position = next;
    }

    /// The sum of states over GF(2), each read from where it stands.
    fn add(&mut self, other: &Mt19937) {
        for i in 0..N {
            self.key[(self.position + i) % N] ^= other.key[(other.position + i) % N];
        }
    }

    /// The next state.
    fn twist(&mut self) {
        let key = &mut self.key;
        for i in 0..N - M {
            key[i] = twisted(key[i], key[i + 1], key[i + M]);
        }
        for i in N - M..N - 1 {
            key[i] = twisted(key[i], key[i + 1], key[i + M - N]);
        }
        key[N - 1] = twisted(key[N - 1], key[0], key[M - 1]);
        self.position = 0;
    }
}

impl BitGenerator for Mt19937 {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        let high = self.next_u32();
        u64::from(high) << 32 | u64::from(self.next_u32())
    }

    #[inline]
    fn next_u32(&mut self) -> u32 {
        if self.position >= N {
            self.twist();
        }
        let mut y = self.key[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ (y >> 18)
    }

    #[inline]
    fn next_f64(&mut self) -> f64 {
        let (a, b) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    #[inline]
    fn next_raw(&mut self) -> u64 {
        self.next_u32().into()
    }
}
