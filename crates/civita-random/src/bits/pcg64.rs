//! PCG64: a linear congruential generator of 128 bits whose output is permuted.

use super::{BitGenerator, Half, next_half, next_halves};
use crate::seed::SeedSequence;

/// The golden ratio, odd: how far apart jumped streams lie.
const JUMP: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// The multiplier of PCG XSL RR.
const MULTIPLIER: u128 = 2_549_297_995_355_413_924 << 64 | 4_865_540_595_714_422_341;

/// The multiplier of PCG DXSM, half as long.
const CHEAP_MULTIPLIER: u64 = 0xda94_2042_e4dd_58b5;

/// The state after `delta` steps `s → m s + c`, in time of the logarithm: Brown, "Random number generation with arbitrary
/// stride" (1994).
fn advanced(state: u128, mut delta: u128, mut multiplier: u128, mut plus: u128) -> u128 {
    let (mut all_multiplier, mut all_plus) = (1_u128, 0_u128);
    while delta > 0 {
        if delta & 1 == 1 {
            all_multiplier = all_multiplier.wrapping_mul(multiplier);
            all_plus = all_plus.wrapping_mul(multiplier).wrapping_add(plus);
        }
        plus = multiplier.wrapping_add(1).wrapping_mul(plus);
        multiplier = multiplier.wrapping_mul(multiplier);
        delta >>= 1;
    }
    all_multiplier.wrapping_mul(state).wrapping_add(all_plus)
}

fn wide(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

macro_rules! pcg {
    ($(#[doc = $doc:literal])* $name:ident, $multiplier:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            state: u128,
            increment: u128,
            half: Half,
        }

        impl $name {
            /// A generator with a seed.
            pub fn new(seed: impl Into<SeedSequence>) -> $name {
                $name::from_words(seed.into().state())
            }

            /// A generator with the four words of a seed sequence.
            pub fn from_words([high, low, stream_high, stream_low]: [u64; 4]) -> $name {
                // a step from zero, the seed added, and another step, by the longer multiplier whichever it is
                let increment = wide(stream_high, stream_low) << 1 | 1;
                let state = increment.wrapping_add(wide(high, low));
                $name {
                    state: state.wrapping_mul(MULTIPLIER).wrapping_add(increment),
                    increment,
                    half: Half::NONE,
                }
            }

            /// A generator in a given state. Odd increments choose among 2¹²⁷ streams.
            pub const fn from_state(state: u128, increment: u128, half: Half) -> $name {
                $name { state, increment, half }
            }

            /// The state of the congruential generator.
            pub const fn state(&self) -> u128 {
                self.state
            }

            /// The increment: which stream it is.
            pub const fn increment(&self) -> u128 {
                self.increment
            }

            /// The half of a word that `next_u32` has left.
            pub const fn half(&self) -> Half {
                self.half
            }

            /// Moves on as if `delta` words had been drawn; a `delta` near 2¹²⁸ goes back.
            pub fn advance(&mut self, delta: u128) {
                self.state = advanced(self.state, delta, $multiplier, self.increment);
                self.half = Half::NONE;
            }

            /// A copy `jumps` jumps ahead, each of about 2¹²⁸ / φ draws: streams for parallel work.
            #[must_use]
            pub fn jumped(&self, jumps: u128) -> $name {
                let mut copy = self.clone();
                copy.advance(JUMP.wrapping_mul(jumps));
                copy
            }
        }
    };
}

pcg! {
    /// PCG XSL RR 128/64, the generator of NumPy's `default_rng`: 128 bits of state, period 2¹²⁸, 2¹²⁷ streams.
    ///
    /// Source: O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for random number
    /// generation" (2014).
    ///
    /// ```
    /// use civita_random::{BitGenerator, Pcg64};
    ///
    /// let mut bits = Pcg64::new(42);
    /// assert_eq!(bits.next_u64(), 14276969152011380360); // np.random.PCG64(42).random_raw()
    /// ```
    Pcg64, MULTIPLIER
}

pcg! {
    /// PCG CM DXSM 128/64: the same congruential generator with a cheaper multiplier and a stronger output function, so that
    /// streams of neighbouring increments are unrelated.
    ///
    /// Source: O'Neill's `pcg-cpp` (2019), as in NumPy.
    ///
    /// ```
    /// use civita_random::{BitGenerator, Pcg64Dxsm};
    ///
    /// let mut bits = Pcg64Dxsm::new(42);
    /// assert_eq!(bits.next_u64(), 12329818062196000797); // np.random.PCG64DXSM(42).random_raw()
    /// ```
    Pcg64Dxsm, CHEAP_MULTIPLIER as u128
}

impl BitGenerator for Pcg64 {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(self.increment);
        ((self.state >> 64) as u64 ^ self.state as u64).rotate_right((self.state >> 122) as u32)
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

impl BitGenerator for Pcg64Dxsm {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        let mut high = (self.state >> 64) as u64;
        let low = self.state as u64 | 1;
        high ^= high >> 32;
        high = high.wrapping_mul(CHEAP_MULTIPLIER);
        high ^= high >> 48;
        self.state = self
            .state
            .wrapping_mul(CHEAP_MULTIPLIER.into())
            .wrapping_add(self.increment);
        high.wrapping_mul(low)
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
