//! Exponents of floating-point numbers, and products with powers of two.

use super::Real;
use crate::isa::Isa;

/// `e` of `x = m · 2^e` with `½ ≤ |m| < 1`; 0 of zero, infinity and NaN.
#[inline(always)]
pub fn exponent<T: Real>(x: T) -> T {
    let size = x.abs();
    let (k, m) = size.split_exponent::<true>();
    let e = if m >= T::ONE { k + T::ONE } else { k };
    if size > T::ZERO && size < T::INFINITY {
        e
    } else {
        T::ZERO
    }
}

/// `x · 2^n` for a whole `n`, rounded once, also where the result is subnormal: the exponent of `x` and `n` are added, and
/// of the two factors that make up the sum's power only the last can round.
#[inline(always)]
pub fn scalb<T: Real, I: Isa>(x: T, n: T) -> T {
    let size = x.abs();
    let (k, m) = size.split_exponent::<true>();
    let [low, high] = T::EXP2_RANGE;
    let sum = k + n.trunc::<I>();
    let sum = if sum < low { low } else { sum };
    let sum = if sum > high { high } else { sum };
    let [first, second] = T::exp2_factors(T::MAGIC + sum);
    let y = (m * first * second).copysign(x);
    let y = if size > T::ZERO && size < T::INFINITY {
        y
    } else {
        x
    };
    if n.is_nan() { n } else { y }
}
