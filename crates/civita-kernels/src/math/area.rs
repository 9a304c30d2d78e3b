//! Inverse hyperbolic functions and the cube root. `f32` is computed in `f64`.
//!
//! The inverse hyperbolic functions are logarithms of `1 + s` whose `s` is known to more bits than a number has: the sum of
//! two parts goes into `log1p` as it is.

use super::Real;
use super::float::Float;
use super::log::log1p_sum;
use crate::isa::Isa;

/// From here on `1 + a²` is `a²`, and `a²` may overflow.
const LARGE: f64 = 268_435_456.0;

/// asinh x = log1p(a + a² / (1 + √(1 + a²))) with a = |x|; of large ones ln 2a.
#[inline(always)]
pub(super) fn asinh<F: Real, I: Isa>(x: F) -> F {
    let x = x.to_f64();
    let a = f64::abs(x);
    let square = a * a;
    let t = square / (1.0 + f64::sqrt(1.0 + square));
    let s = a + t;
    let near = log1p_sum::<f64, I>(s, t - (s - a));
    let far = Real::log::<I>(a) + f64::LN_2;
    F::from_f64((if a > LARGE { far } else { near }).with_sign(x))
}

/// acosh x = log1p(t + √(t (t + 2))) with t = x - 1; of large ones ln 2x.
#[inline(always)]
pub(super) fn acosh<F: Real, I: Isa>(x: F) -> F {
    let x = x.to_f64();
    let t = x - 1.0;
    let root = f64::sqrt(t * (t + 2.0));
    let s = t + root;
    // of two numbers of any order what their sum lost
    let part = s - t;
    let near = log1p_sum::<f64, I>(s, (t - (s - part)) + (root - part));
    let far = Real::log::<I>(x) + f64::LN_2;
    let y = if x > LARGE { far } else { near };
    F::from_f64(if x < 1.0 { f64::NAN } else { y })
}

/// atanh x = log1p(2a / (1 - a)) / 2 with a = |x|, below ½ with the quotient as 2a + 2a² / (1 - a).
#[inline(always)]
pub(super) fn atanh<F: Real, I: Isa>(x: F) -> F {
    let x = x.to_f64();
    let a = f64::abs(x);
    let double = a + a;
    let small = a < 0.5;
    let t = double * a / (1.0 - a);
    let s = double + t;
    let low = t - (s - double);
    let s = if small { s } else { double / (1.0 - a) };
    let low = if small { low } else { 0.0 };
    F::from_f64((0.5 * log1p_sum::<f64, I>(s, low)).with_sign(x))
}

/// Cube root: a third of the exponent, a polynomial and a step of Newton's (FreeBSD's `s_cbrt.c`).
#[inline(always)]
pub(super) fn cbrt<F: Real>(x: F) -> F {
    const P: [f64; 5] = [
        1.875_951_824_271_77,
        -1.884_979_795_433_771_7,
        1.621_429_720_105_354_5,
        -0.758_397_934_778_766,
        0.145_996_192_886_612_45,
    ];
    const UP: f64 = 18_014_398_509_481_984.0; // 2^54, a cube
    const DOWN: f64 = 1.0 / 262_144.0;
    let x = x.to_f64();
    let a = f64::abs(x);
    let tiny = a < f64::MIN_POSITIVE;
    let a = if tiny { a * UP } else { a };
    let high = (a.to_bits() >> 32) as u32;
    let t = f64::from_bits(u64::from(high / 3 + 715_094_163) << 32);
    let r = (t * t) * (t / a);
    let t = t * ((P[0] + r * (P[1] + r * P[2])) + ((r * r) * r) * (P[3] + r * P[4]));
    // rounded to 23 bits, so that its square is exact
    let t = f64::from_bits(t.to_bits().wrapping_add(0x8000_0000) & 0xffff_ffff_c000_0000);
    let quotient = a / (t * t);
    let y = t + t * ((quotient - t) / ((t + t) + quotient));
    let y = if tiny { y * DOWN } else { y };
    let outside = (x == 0.0) | !x.is_finite();
    F::from_f64(if outside { x } else { y.with_sign(x) })
}
