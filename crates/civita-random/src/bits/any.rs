//! A generator that is chosen at run time.

use super::{BitGenerator, Mt19937, Pcg64, Pcg64Dxsm, Philox, Sfc64, Threefry, Xoshiro256};
use crate::distributions::{Distribution, Integer, Integers, Shared};

/// One of the generators. [`fill`](BitGenerator::fill) asks once which one it is, single draws ask each time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AnyBits {
    Pcg64(Pcg64),
    Pcg64Dxsm(Pcg64Dxsm),
    Philox(Philox),
    Sfc64(Sfc64),
    Threefry(Threefry),
    Mt19937(Mt19937),
    Xoshiro256(Xoshiro256),
}

/// Runs an expression on the generator, compiled for each of them.
macro_rules! each {
    ($any:expr, $bits:ident => $run:expr) => {
        match $any {
            AnyBits::Pcg64($bits) => $run,
            AnyBits::Pcg64Dxsm($bits) => $run,
            AnyBits::Philox($bits) => $run,
            AnyBits::Sfc64($bits) => $run,
            AnyBits::Threefry($bits) => $run,
            AnyBits::Mt19937($bits) => $run,
            AnyBits::Xoshiro256($bits) => $run,
        }
    };
}

impl BitGenerator for AnyBits {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        each!(self, bits => bits.next_u64())
    }

    #[inline]
    fn next_u32(&mut self) -> u32 {
        each!(self, bits => bits.next_u32())
    }

    #[inline]
    fn next_f64(&mut self) -> f64 {
        each!(self, bits => bits.next_f64())
    }

    #[inline]
    fn next_raw(&mut self) -> u64 {
        each!(self, bits => bits.next_raw())
    }

    fn fill_below(&mut self, largest: u32, out: &mut [u32]) {
        each!(self, bits => bits.fill_below(largest, out));
    }

    fn fill<D: Distribution>(&mut self, distribution: &D, out: &mut [D::Value]) {
        each!(self, bits => bits.fill(distribution, out));
    }
}

impl AnyBits {
    /// Fills a part of a slice with integers; narrow ones share words with the part before by `shared`.
    pub fn fill_integers<T: Integer>(
        &mut self,
        integers: &Integers<T>,
        shared: &mut Shared,
        out: &mut [T],
    ) {
        each!(self, bits => integers.fill_part(bits, shared, out));
    }

    /// The name of the generator's class in Python, which is NumPy's.
    pub const fn name(&self) -> &'static str {
        match self {
            AnyBits::Pcg64(_) => "PCG64",
            AnyBits::Pcg64Dxsm(_) => "PCG64DXSM",
            AnyBits::Philox(_) => "Philox",
            AnyBits::Sfc64(_) => "SFC64",
            AnyBits::Threefry(_) => "Threefry",
            AnyBits::Mt19937(_) => "MT19937",
            AnyBits::Xoshiro256(_) => "Xoshiro256",
        }
    }
}

macro_rules! into_any {
    ($($name:ident)*) => { $(
        impl From<$name> for AnyBits {
            fn from(bits: $name) -> AnyBits {
                AnyBits::$name(bits)
            }
        }
    )* };
}
into_any!(Pcg64 Pcg64Dxsm Philox Sfc64 Threefry Mt19937 Xoshiro256);
