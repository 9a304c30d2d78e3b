//! Bit generators: streams of random words.

mod any;
mod counter_bits;
mod mt19937;
mod mt19937_jump;
mod pcg64;
mod philox;
mod sfc64;
mod threefry;
mod xoshiro256;

pub use any::AnyBits;
pub use counter_bits::{Cipher, CounterBits};
pub use mt19937::Mt19937;
pub use pcg64::{Pcg64, Pcg64Dxsm};
pub use philox::{Philox, Philox4x64};
pub use sfc64::Sfc64;
pub use threefry::{Threefry, Threefry4x64};
pub use xoshiro256::Xoshiro256;

use crate::distributions::{Distribution, intervals};

/// A stream of random bits.
///
/// A generator defines [`next_u64`](Self::next_u64) and [`next_u32`](Self::next_u32); generators of 64 bits give the two halves of a
/// word to two calls of `next_u32`, lower half first, as NumPy's do.
pub trait BitGenerator {
    /// The next 64 bits.
    fn next_u64(&mut self) -> u64;

    /// The next 32 bits.
    fn next_u32(&mut self) -> u32;

    /// The next two of 32 bits. For generators of 64 bits both are of one word at once, where two calls would each ask whether
    /// a half is left: half the time on processors that forward such a store badly.
    #[inline(always)]
    fn next_u32_pair(&mut self) -> [u32; 2] {
        [self.next_u32(), self.next_u32()]
    }

    /// Uniform in [0, 1): a multiple of 2⁻⁵³.
    #[inline(always)]
    fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in [0, 1): a multiple of 2⁻²⁴.
    #[inline(always)]
    fn next_f32(&mut self) -> f32 {
        unit_f32(self.next_u32())
    }

    /// What the algorithm itself puts out next: 64 bits, 32 of them for [`Mt19937`]. NumPy's `random_raw`.
    #[inline]
    fn next_raw(&mut self) -> u64 {
        self.next_u64()
    }

    /// Fills a slice with what a shuffle draws: uniform in [0, largest], in [0, largest - 1] and so on, by masking. All of these have
    /// as many bits as the first.
    fn fill_below(&mut self, largest: u32, out: &mut [u32])
    where
        Self: Sized,
    {
        intervals(self, largest, out);
    }

    /// Called by long loops that draw nothing, with the number of elements that they go through next. It does nothing here; who
    /// wraps a generator may stop them.
    #[inline(always)]
    fn pause(&mut self, _elements: usize) {}

    /// Fills a slice with independent draws. The loop is compiled for each generator, so that its state stays in registers.
    fn fill<D: Distribution>(&mut self, distribution: &D, out: &mut [D::Value])
    where
        Self: Sized,
    {
        distribution.fill(self, out);
    }
}

impl<B: BitGenerator> BitGenerator for &mut B {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        (**self).next_u64()
    }
    #[inline(always)]
    fn next_u32(&mut self) -> u32 {
        (**self).next_u32()
    }
    #[inline(always)]
    fn next_u32_pair(&mut self) -> [u32; 2] {
        (**self).next_u32_pair()
    }
    #[inline(always)]
    fn next_f64(&mut self) -> f64 {
        (**self).next_f64()
    }
    #[inline(always)]
    fn next_raw(&mut self) -> u64 {
        (**self).next_raw()
    }
    fn fill_below(&mut self, largest: u32, out: &mut [u32]) {
        (**self).fill_below(largest, out);
    }
    #[inline(always)]
    fn pause(&mut self, elements: usize) {
        (**self).pause(elements);
    }
    fn fill<D: Distribution>(&mut self, distribution: &D, out: &mut [D::Value]) {
        (**self).fill(distribution, out);
    }
}

/// Uniform in [0, 1), of 32 bits: a multiple of 2⁻²⁴.
#[inline(always)]
pub(crate) fn unit_f32(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// The upper half of the last word of 64 bits from which 32 were drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Half {
    /// Whether it is still to be drawn.
    pub left: bool,
    /// The bits; they remain when they have been drawn.
    pub word: u32,
}

impl Half {
    /// Nothing is left.
    pub const NONE: Half = Half {
        left: false,
        word: 0,
    };
}

/// 32 bits from a stream of 64: the half that is left, or the lower one of a new word.
macro_rules! next_half {
    ($bits:ident) => {
        if $bits.half.left {
            $bits.half.left = false;
            $bits.half.word
        } else {
            let word = $bits.next_u64();
            $bits.half = $crate::bits::Half {
                left: true,
                word: (word >> 32) as u32,
            };
            word as u32
        }
    };
}
use next_half;

/// Two times 32 bits from a stream of 64, as by two calls of `next_half`.
macro_rules! next_halves {
    ($bits:ident) => {{
        let word = $bits.next_u64();
        let (low, high) = (word as u32, (word >> 32) as u32);
        let left = std::mem::replace(&mut $bits.half.word, high);
        if $bits.half.left {
            [left, low]
        } else {
            [low, high]
        }
    }};
}
use next_halves;
