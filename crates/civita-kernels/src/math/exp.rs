//! Exponentials and hyperbolic functions.
//!
//! ```text
//! n = round(x · log2 e)      r = x - n · ln 2, ln 2 in two parts      |r| ≤ ln 2 / 2
//! e^x = 2^n · (1 + r + r² P(r))          e^x - 1 = (2^n - 1) + 2^n · (r + r² P(r))
//! ```
//! 2^n is applied as two factors, so that results may be subnormal or overflow by themselves: no select is needed,
//! only the clamp that keeps n in range. NaN passes through the arithmetic.

use super::Real;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::float::{Float, polynomial};
use crate::isa::Isa;

/// `x` between two bounds; NaN stays NaN.
#[inline(always)]
fn clamp<F: Real>(x: F, [low, high]: [F; 2]) -> F {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// `MAGIC + n` and `r` of `x = n ln 2 + r`.
#[inline(always)]
fn reduce<F: Real, I: Isa>(x: F) -> (F, F) {
    let [high, low] = F::LN_2_PARTS;
    let t = x.mul_add::<I>(F::LOG2_E[0], F::MAGIC);
    let n = t - F::MAGIC;
    let r = n.mul_add::<I>(-low, n.mul_add::<I>(-high, x));
    (t, r)
}

/// e^r - 1 for small `r`.
#[inline(always)]
fn expm1_small<F: Real, I: Isa>(r: F, coefficients: &[F]) -> F {
    (r * r).mul_add::<I>(polynomial::<F, I>(coefficients, r), r)
}

#[inline(always)]
pub(super) fn exp<F: Real, I: Isa>(x: F) -> F {
    let (t, r) = reduce::<F, I>(clamp(x, F::EXP_RANGE));
    let [a, b] = F::exp2_factors(t);
    (expm1_small::<F, I>(r, F::EXP) + F::ONE) * a * b
}

/// e^(high + low), where `low` is at most a rounding error of `high`.
#[inline(always)]
pub(super) fn exp_sum<F: Real, I: Isa>(high: F, low: F) -> F {
    let x = clamp(high, F::EXP_RANGE);
    let low = if x == high { low } else { F::ZERO };
    let [ln_2, ln_2_rest] = F::LN_2_PARTS;
    let t = x.mul_add::<I>(F::LOG2_E[0], F::MAGIC);
    let n = t - F::MAGIC;
    let coarse = n.mul_add::<I>(-ln_2, x);
    let fine = n.mul_add::<I>(-ln_2_rest, low);
    let r = coarse + fine;
    let lost = (coarse - r) + fine;
    let e = (r * r).mul_add::<I>(polynomial::<F, I>(F::EXP, r), lost) + r;
    let [a, b] = F::exp2_factors(t);
    (e + F::ONE) * a * b
}

#[inline(always)]
pub(super) fn exp2<F: Real, I: Isa>(x: F) -> F {
    let x = clamp(x, F::EXP2_RANGE);
    let t = x + F::MAGIC;
    let r = (x - (t - F::MAGIC)) * F::LN_2;
    let [a, b] = F::exp2_factors(t);
    (expm1_small::<F, I>(r, F::EXP) + F::ONE) * a * b
}

/// `scale · (e^x - 1)` for a power of two `scale`, with `shift` = log2 of it; `x` is in the range of `scale · 2^n`.
///
/// (2^n - 1) + 2^n r is a sum of two numbers without error, so only the last addition rounds visibly. `REMAINDER` also
/// keeps what rounding loses of r, which shows for n = 1.
#[inline(always)]
fn scaled_expm1<F: Real, I: Isa, const REMAINDER: bool>(x: F, scale: F, shift: F) -> F {
    let [ln_2, ln_2_rest] = F::LN_2_PARTS;
    let t = x.mul_add::<I>(F::LOG2_E[0], F::MAGIC);
    let n = t - F::MAGIC;
    let coarse = n.mul_add::<I>(-ln_2, x);
    let r = n.mul_add::<I>(-ln_2_rest, coarse);
    let tail = if REMAINDER {
        let lost = n.mul_add::<I>(-ln_2_rest, coarse - r);
        (r * r).mul_add::<I>(polynomial::<F, I>(F::EXPM1, r), lost)
    } else {
        r * r * polynomial::<F, I>(F::EXPM1, r)
    };
    let s = F::exp2_of(t + shift);
    let base = s - scale;
    let sum = s.mul_add::<I>(r, base);
    let lost = s.mul_add::<I>(r, base - sum);
    sum + s.mul_add::<I>(tail, lost)
}

#[inline(always)]
pub(super) fn expm1<F: Real, I: Isa>(x: F) -> F {
    // half the scale, because 2^1024 is no number
    let half =
        scaled_expm1::<F, I, true>(clamp(x, [F::EXPM1_MIN, F::EXP_RANGE[1]]), F::HALF, -F::ONE);
    let y = (half * F::TWO).with_sign(x);
    // half of a subnormal loses a bit
    if x.abs() < F::MIN_POSITIVE * F::TWO {
        x
    } else {
        y
    }
}

#[inline(always)]
pub(super) fn sinh<F: Real, I: Isa>(x: F) -> F {
    // (t + t / (t + 1)) / 2 with t = expm1 |x|; half of t may be infinite, a quarter is not
    let a = x.abs();
    let clamped = if a > F::SINH_MAX { F::SINH_MAX } else { a };
    let quarter = scaled_expm1::<F, I, true>(clamped, F::HALF * F::HALF, -F::TWO);
    let half = F::TWO * quarter;
    let y = (half + quarter / (half + F::HALF)).with_sign(x);
    // a quarter of a subnormal loses bits
    if a < F::EPSILON { x } else { y }
}

#[inline(always)]
pub(super) fn cosh<F: Real, I: Isa>(x: F) -> F {
    // e^|x|/2 + 1 / (2 e^|x|), from a quarter of e^|x|, which does not overflow
    let a = x.abs();
    let (t, r) = reduce::<F, I>(if a > F::SINH_MAX { F::SINH_MAX } else { a });
    let quarter = F::exp2_of(t - F::TWO);
    let e = (expm1_small::<F, I>(r, F::EXP) + F::ONE) * quarter;
    let double = e + e;
    double + (F::HALF * F::HALF) / double
}

/// From here on `tanh` rounds to 1 in `f32`.
pub(super) const TANH_IS_ONE: f32 = 9.02;
/// The polynomials of [`tanh32`] over z, from the highest power.
pub(super) const TANH_P: [f32; 2] = [1.141_664_1e-4, 2.976_935_2e-2];
pub(super) const TANH_Q: [f32; 3] = [1.227_384_2e-6, 1.206_095_2e-3, 0.113_102_64];

/// `tanh` by doubling the angle of a rational function:
/// ```text
/// tanh(x/2) = a / 2 (1 + q),   a = x (1 + p),   p and q polynomials in x² that vanish at 0
/// tanh x = (a + a q) / (1 + (q (q + 2) + a²/4))
/// ```
/// Near ±1, where rounding shows most, the result hardly depends on p and q, so few coefficients are enough (minimax on
/// ±9.02, 2^-27) and their rounding errors vanish; near 0 both sums round only at their last addition. A rational
/// function of x itself was off by 6 ULP near 8.
#[inline(always)]
pub(super) fn tanh32<I: Isa>(x: f32) -> f32 {
    let [p0, p1] = TANH_P;
    let [q0, q1, q2] = TANH_Q;
    let x = clamp(x, [-TANH_IS_ONE, TANH_IS_ONE]);
    let z = x * x;
    let p = z * Real::mul_add::<I>(p0, z, p1);
    let q = z * Real::mul_add::<I>(Real::mul_add::<I>(q0, z, q1), z, q2);
    let a = Real::mul_add::<I>(x, p, x);
    let above = Real::mul_add::<I>(a, q, a);
    let below = 1.0 + Real::mul_add::<I>(0.25 * a, a, q * (q + 2.0));
    above / below
}

/// `tanh` as -e / (2 + e) with e = expm1(-2|x|), from -1 to 0.
#[inline(always)]
pub(super) fn tanh64<I: Isa>(x: f64) -> f64 {
    let a = x.abs();
    let e = scaled_expm1::<f64, I, false>(-2.0 * if a > 20.0 { 20.0 } else { a }, 1.0, 0.0);
    (e / (2.0 + e)).with_sign(x)
}

/// `out = e^x`, element by element, as far as both reach. Faster than a loop over [`Real::exp`] where the instruction
/// set has a kernel of its own.
#[inline(always)]
pub fn exp_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 {
        // SAFETY: `I` is `Avx512` only in its shell.
        return unsafe { avx512::run(avx512::exp32, avx512::exp64, x, out) };
    }
    for (o, &x) in out.iter_mut().zip(x) {
        *o = x.exp::<I>();
    }
}

/// `out = 2^x`, as [`exp_slice`].
#[inline(always)]
pub fn exp2_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 {
        // SAFETY: `I` is `Avx512` only in its shell.
        return unsafe { avx512::run(avx512::exp2_32, avx512::exp2_64, x, out) };
    }
    for (o, &x) in out.iter_mut().zip(x) {
        *o = x.exp2::<I>();
    }
}

/// `out = tanh x`, element by element, as far as both reach. Faster than a loop over [`Real::tanh`] where the instruction
/// set has a kernel of its own.
#[inline(always)]
pub fn tanh_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 {
        // SAFETY: `I` is `Avx512` only in its shell.
        return unsafe { avx512::run(avx512::tanh32, avx512::tanh64, x, out) };
    }
    for (o, &x) in out.iter_mut().zip(x) {
        *o = x.tanh::<I>();
    }
}
