//! xoshiro256++: xor, shift and rotate on 256 bits.

use super::{BitGenerator, Half, next_half, next_halves};
use crate::error::{Error, Result};
use crate::seed::SeedSequence;

/// The jump polynomial of 2¹²⁸ steps.
const JUMP: [u64; 4] = [
    0x180e_c6d3_3cfd_0aba,
    0xd5a6_1266_f0c9_392c,
    0xa958_2618_e03f_c9aa,
    0x39ab_dc45_29b1_661c,
];

/// The jump polynomial of 2¹⁹² steps.
const LONG_JUMP: [u64; 4] = [
    0x76e1_5d3e_fefd_cbbf,
    0xc500_4e44_1c52_2fb3,
    0x7771_0069_854e_e241,
    0x3910_9bb0_2acb_e635,
];

/// Blackman and Vigna's xoshiro256++: 256 bits of state, period 2²⁵⁶ − 1. NumPy does not have it; seeds are mixed as for NumPy's
/// generators.
///
/// Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).
///
/// ```
/// use civita_random::{BitGenerator, Half, Xoshiro256};
///
/// let mut bits = Xoshiro256::from_state([1, 2, 3, 4], Half::NONE)?;
/// assert_eq!([bits.next_u64(), bits.next_u64()], [41943041, 58720359]); // the authors' first numbers
/// # Ok::<(), civita_random::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xoshiro256 {
    state: [u64; 4],
    half: Half,
}

impl Xoshiro256 {
    /// A generator with a seed.
    pub fn new(seed: impl Into<SeedSequence>) -> Xoshiro256 {
        Xoshiro256::from_words(seed.into().state())
    }

    /// A generator with the four words of a seed sequence. Four zeros, which the generator would stay at, count as 1, 0, 0, 0.
    pub const fn from_words(state: [u64; 4]) -> Xoshiro256 {
        let state = match state {
            [0, 0, 0, 0] => [1, 0, 0, 0],
            other => other,
        };
        Xoshiro256 {
            state,
            half: Half::NONE,
        }
    }

    /// A generator in a given state.
    ///
    /// # Errors
    /// When all words are zero: the generator would put out nothing else.
    pub fn from_state(state: [u64; 4], half: Half) -> Result<Xoshiro256> {
        match state {
            [0, 0, 0, 0] => Err(Error::value("the state of Xoshiro256 is not zero")),
            _ => Ok(Xoshiro256 { state, half }),
        }
    }

    /// The state.
    pub const fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The half of a word that `next_u32` has left.
    pub const fn half(&self) -> Half {
        self.half
    }

    fn moved(&self, polynomial: [u64; 4]) -> Xoshiro256 {
        let (mut from, mut to) = (self.clone(), [0; 4]);
        for word in polynomial {
            for bit in 0..64 {
                if word >> bit & 1 == 1 {
                    for (to, from) in to.iter_mut().zip(from.state) {
                        *to ^= from;
                    }
                }
                from.next_u64();
            }
        }
        Xoshiro256 {
            state: to,
            half: Half::NONE,
        }
    }

    /// A copy `jumps` times 2¹²⁸ draws ahead: streams for parallel work.
    #[must_use]
    pub fn jumped(&self, jumps: u64) -> Xoshiro256 {
        (0..jumps).fold(self.clone(), |bits, _| bits.moved(JUMP))
    }

    /// A copy 2¹⁹² draws ahead: for each machine, within which [`jumped`](Self::jumped) makes streams.
    #[must_use]
    pub fn long_jumped(&self) -> Xoshiro256 {
        self.moved(LONG_JUMP)
    }
}

impl BitGenerator for Xoshiro256 {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
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
