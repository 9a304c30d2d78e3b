//! Kernels with tables, for AVX-512 only.
//!
//! That instruction set looks up 16 doubles in one instruction, without memory, and takes numbers apart and puts them
//! together for subnormals too (`getexp`, `getmant`, `scalef`). Tables shorten the polynomials, and most special cases
//! need no code. The compiler finds none of these instructions by itself, hence intrinsics.
//!
//! ```text
//! x = 2^k m,  m from ¾ to 1½      c = the multiple of 1/16 nearest to m      r = m / c - 1, |r| < 1/18
//! log x = k log 2 + log c + log1p(r)                                         1/c and log c from tables
//! e^x = 2^⌊n⌋ · 2^(n - ⌊n⌋) · e^(x - n log 2),  n = x / log 2 in sixteenths   2^(i/16) from a table
//! ```
//! (Tang 1989, 1990.) c = 1 near 1, so that the result has all its bits there. For `f64`, 1/c is rounded to so few bits
//! that r is exact.
//!
//! Loops are over whole vectors; the last one is a masked vector, so that short runs are fast.

mod narrow;
mod wide;

pub use narrow::pow32;
pub use wide::{exp64, log64, pow64, tanh64};

/// Writes a function for this instruction set.
macro_rules! avx512 {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $t:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => { $(
        $(#[$attribute])*
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        $visibility fn $name($($argument: $t),*) $(-> $result)? $body
    )* };
}
use avx512;

/// Elements worked on at a time.
const BLOCK: usize = 256;

/// Scratch for a block, in the L1 cache.
#[repr(align(64))]
struct Scratch<T>([std::mem::MaybeUninit<T>; BLOCK]);
