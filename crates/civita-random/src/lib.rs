//! Random numbers: NumPy's generators and distributions bit for bit.
//!
//! | | |
//! |---|---|
//! | [`SeedSequence`] | entropy of any size becomes states; children for threads |
//! | [`Pcg64`], [`Pcg64Dxsm`], [`Philox`], [`Threefry`], [`Sfc64`], [`Mt19937`], [`Xoshiro256`] | streams of bits; [`AnyBits`] is one of them, chosen at run time |
//! | [`Generator`] | draws from a [`Distribution`] |
//! | [`RandomState`] | the legacy interface, draws from a [`LegacyDistribution`] |
//! | [`Keyed`] | numbers by place: a key, a counter, any thread count |
//! | [`order`] | shuffles, permutations, choices |
//! | [`Sobol`], [`Halton`], [`latin_hypercube`] | points that fill the unit cube evenly: SciPy's `stats.qmc` |
//!
//! For equal seeds the numbers are those of NumPy 2 on x86-64 Linux, to the last bit: the same algorithms, the same order of draws,
//! the platform's elementary functions, no fused products.
//!
//! ```
//! use civita_random::{Generator, Normal};
//!
//! let mut rng = Generator::new(42);
//! let normal = Normal::new(0.0, 1.0)?;
//! assert_eq!(rng.sample(&normal, 2), [0.30471707975443135, -1.0399841062404955]);
//! # Ok::<(), civita_random::Error>(())
//! ```
//!
//! The crate depends on nothing (with the feature `rand_core` on that crate, whose traits [`Generator`] then implements). It allocates what it returns, and never panics on parameters from outside: constructors of
//! distributions check them.
#![deny(unsafe_code)]
// `counter::isa` calls functions that are compiled for the processor
// where a comparison is negated, NaN goes the way that it goes in the algorithm's source
#![allow(clippy::neg_cmp_op_on_partial_ord)]

mod bits;
mod counter;
mod covariance;
mod distributions;
mod error;
mod generator;
mod legacy;
pub mod order;
mod quasi;
#[cfg(feature = "rand_core")]
mod rand_traits;
mod range;
mod seed;
mod wishart;

pub use bits::{
    AnyBits, BitGenerator, Cipher, CounterBits, Half, Mt19937, Pcg64, Pcg64Dxsm, Philox,
    Philox4x64, Sfc64, Threefry, Threefry4x64, Xoshiro256,
};
pub use counter::{Counted, Keyed, KeyedCipher};
pub use covariance::{Covariance, Factor};
pub use distributions::*;
pub use error::{Error, Result};
pub use generator::Generator;
pub use legacy::{LegacyDistribution, RandomState};
pub use quasi::{Halton, SOBOL_DIMENSIONS, Sobol, Within, latin_hypercube};
pub use range::{LARGEST_POISSON_MEAN, Range};
pub use seed::{LARGEST_POOL, POOL_SIZE, SeedSequence, words_of};
pub use wishart::Wishart;
