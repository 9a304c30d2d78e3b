//! SFC64: a small fast counting generator.

use super::{BitGenerator, Half, next_half, next_halves};
use crate::seed::SeedSequence;

/// Doty-Humphrey's Small Fast Chaotic generator: 192 bits of state and a counter, period at least 2⁶⁴.
///
/// Source: Doty-Humphrey, PractRand (2010).
///
/// ```
/// use civita_random::{BitGenerator, Sfc64};
///
/// let mut bits = Sfc64::new(42);
/// assert_eq!(bits.next_u64(), 9775594601838723485); // np.random.SFC64(42).random_raw()
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sfc64 {
    state: [u64; 4],
    half: Half,
}

impl Sfc64 {
    /// A generator with a seed.
    pub fn new(seed: impl Into<SeedSequence>) -> Sfc64 {
        Sfc64::from_words(seed.into().state())
    }

    /// A generator with the three words of a seed sequence.
    pub fn from_words([a, b, c]: [u64; 3]) -> Sfc64 {
        let mut bits = Sfc64::from_state([a, b, c, 1], Half::NONE);
        for _ in 0..12 {
            bits.next_u64();
        }
        bits
    }

    /// A generator in a given state: three words and the counter.
    pub const fn from_state(state: [u64; 4], half: Half) -> Sfc64 {
        Sfc64 { state, half }
    }

    /// The state: three words and the counter.
    pub const fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The half of a word that `next_u32` has left.
    pub const fn half(&self) -> Half {
        self.half
    }
}

impl BitGenerator for Sfc64 {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        let [a, b, c, counter] = self.state;
        let out = a.wrapping_add(b).wrapping_add(counter);
        self.state = [
            b ^ (b >> 11),
            c.wrapping_add(c << 3),
            c.rotate_left(24).wrapping_add(out),
            counter.wrapping_add(1),
        ];
        out
    }

    #[inline(always)]
    fn next_u32(&mut self) -> u32 {
        next_half!(self)
    }

    #[inline(always)]
    fn next_u32_pair(&mut self) -> [u32; 2] {
        next_halves!(self)
    }
}
