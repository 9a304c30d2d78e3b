//! Exponents of floating-point numbers, products with powers of two, and neighbours.

use super::log::in_blocks;
use super::{Float, Real};
use crate::flags;
use crate::isa::Isa;

/// `e` of `x = m · 2^e` with `½ ≤ |m| < 1`; 0 of zero, infinity and NaN.
#[inline(always)]
pub fn exponent<T: Real>(x: T) -> T {
    let size = x.abs();
    if size > T::ZERO && size < T::INFINITY {
        size.exponent()
    } else {
        T::ZERO
    }
}

/// [`exponent`], element by element, as far as both reach.
#[inline(always)]
pub fn exponent_slice<T: Real>(x: &[T], out: &mut [T]) {
    in_blocks(
        x,
        out,
        |x| x.abs().exponent(),
        exponent,
        |x| !x.abs().positive_normal(),
    );
}

/// `m` of `x = m · 2^e` with `½ ≤ |m| < 1`; zero, infinity and NaN stay.
#[inline(always)]
pub fn mantissa<T: Real>(x: T) -> T {
    let size = x.abs();
    let up = if size < T::MIN_POSITIVE {
        T::INTEGERS
    } else {
        T::ONE
    };
    let m = (x * up).mantissa();
    if size > T::ZERO && size < T::INFINITY {
        m
    } else {
        x
    }
}

/// [`mantissa`], element by element, as far as both reach.
#[inline(always)]
pub fn mantissa_slice<T: Real>(x: &[T], out: &mut [T]) {
    let is_rare = |x: T| !x.abs().positive_normal();
    in_blocks(x, out, Float::mantissa, mantissa, is_rare);
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

/// `x · 2^n`, element by element. In a block of which each 2^n is a normal number, that is a product; where others occur,
/// [`scalb`] runs on their block.
///
/// # Safety
/// What varies is valid for as many elements as `out` has, what does not for one. `FORM`: 0 both vary, 1 the exponent is
/// one value, 2 `x` is.
#[inline(always)]
pub unsafe fn scalb_run<T: Real, I: Isa, const FORM: usize>(
    x: *const T,
    n: *const T,
    out: &mut [T],
) {
    const BLOCK: usize = 512;
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        // SAFETY: the caller's contract.
        let at = |i: usize| unsafe {
            let i = block * BLOCK + i;
            (
                *x.add(if FORM == 2 { 0 } else { i }),
                *n.add(if FORM == 1 { 0 } else { i }),
            )
        };
        let mut rare = false;
        for (i, o) in out.iter_mut().enumerate() {
            let (x, n) = at(i);
            *o = x * T::exp2_of(T::MAGIC + n.trunc::<I>());
            let is_usual = n.abs() <= T::POWERS;
            rare |= !is_usual;
        }
        if rare {
            for (i, o) in out.iter_mut().enumerate() {
                let (x, n) = at(i);
                *o = scalb::<T, I>(x, n);
            }
        }
    }
}

/// What is behind the point, with the sign of `x`: of a whole number and of infinity a zero. The difference is exact.
#[inline(always)]
pub fn frac<T: Real, I: Isa>(x: T) -> T {
    let size = x.abs();
    let size = if size == T::INFINITY { T::ZERO } else { size };
    (size - size.trunc::<I>()).with_sign(x)
}

/// The distance from `x` to its neighbour farther from zero, with the sign of `x`; of zero the least number, NaN of infinity.
#[inline(always)]
pub fn gap<T: Real>(x: T) -> T {
    let size = x.abs();
    let finite = if size == T::INFINITY { T::ONE } else { size };
    let gap = finite.step_magnitude(true) - finite;
    let gap = if x < T::ZERO { -gap } else { gap };
    if size < T::INFINITY { gap } else { T::NAN }
}

/// [`gap`], element by element. What it chooses raises no flag, so results are looked at.
#[inline(always)]
pub fn gap_slice<T: Real>(x: &[T], out: &mut [T]) {
    let (mut infinite, mut none) = (false, false);
    for (o, &x) in out.iter_mut().zip(x) {
        *o = gap(x);
        infinite |= o.abs() == T::INFINITY;
        none |= x.abs() == T::INFINITY;
    }
    if infinite {
        flags::raise(flags::OVERFLOW);
    }
    if none {
        flags::raise(flags::INVALID);
    }
}

/// The number that follows `x` towards `to`; `to` where they are equal, NaN where either is.
///
/// Magnitudes are ordered as their bits are: the neighbour is one more where the way leads from zero, else one less.
#[inline(always)]
pub fn next_toward<T: Real>(x: T, to: T) -> T {
    let from_zero = (x < to) == (x > T::ZERO);
    let y = x.step_magnitude(from_zero);
    let y = if x == T::ZERO {
        T::LEAST.with_sign(to)
    } else {
        y
    };
    let y = if x == to { to } else { y };
    if x.is_nan() || to.is_nan() { x + to } else { y }
}

/// [`next_toward`], element by element. Steps of bits raise no flag, so results are looked at.
///
/// # Safety
/// What varies is valid for as many elements as `out` has, what does not for one. `FORM`: 0 both vary, 1 `to` is one
/// value, 2 `x` is.
#[inline(always)]
pub unsafe fn next_toward_run<T: Real, const FORM: usize>(
    x: *const T,
    to: *const T,
    out: &mut [T],
) {
    // a value that does not vary is read before the loop, which writes
    if out.is_empty() {
        return;
    }
    // SAFETY: the caller's contract, and there is an element to read.
    let (x0, to0) = unsafe { (*x, *to) };
    let mut infinite = false;
    for (i, o) in out.iter_mut().enumerate() {
        // SAFETY: the caller's contract.
        let (x, to) = unsafe {
            (
                if FORM == 2 { x0 } else { *x.add(i) },
                if FORM == 1 { to0 } else { *to.add(i) },
            )
        };
        *o = next_toward(x, to);
        infinite |= o.abs() == T::INFINITY;
    }
    if infinite {
        flags::raise(flags::OVERFLOW);
    }
}
