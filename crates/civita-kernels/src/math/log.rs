//! Logarithms.
//!
//! ```text
//! x = 2^k · (1 + f), 1 + f from √½ to √2       log x = k · ln 2 + f + tail(f)
//! ```
//! The parts are added smallest first: k times the low part of ln 2 into the tail, then f, then the exact k times
//! the high part. Zero, negative numbers, infinity and NaN are selected at the end.

use super::Real;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::pow::product;
use crate::flags;
use crate::isa::Isa;

/// `y` for positive finite `x`, and what every logarithm gives elsewhere.
#[inline(always)]
fn finish<F: Real>(x: F, y: F) -> F {
    let y = if x == F::INFINITY { x } else { y };
    let outside = if x == F::ZERO { -F::INFINITY } else { F::NAN };
    if x > F::ZERO { y } else { outside }
}

#[inline(always)]
fn log_positive<F: Real, I: Isa, const SUBNORMAL: bool>(x: F) -> F {
    let (k, m) = x.split_exponent::<SUBNORMAL>();
    let f = m - F::ONE;
    if size_of::<F>() == 4 && I::FMA {
        // ln 2 rounded to `f32` is off by 2^-28.4 only: with an exact product one part is enough
        return k.mul_add::<I>(F::LN_2, f + F::log1p_tail::<I>(f));
    }
    let [high, low] = F::LN_2_PARTS;
    let tail = k.mul_add::<I>(low, F::log1p_tail::<I>(f));
    k.mul_add::<I>(high, f + tail)
}

#[inline(always)]
pub(super) fn log<F: Real, I: Isa>(x: F) -> F {
    finish(x, log_positive::<F, I, true>(x))
}

#[inline(always)]
pub(super) fn log1p<F: Real, I: Isa>(x: F) -> F {
    log1p_sum::<F, I>(x, F::ZERO)
}

/// `ln(1 + (x + rest))`, where `rest` is at most a rounding error of `x`.
#[inline(always)]
pub(super) fn log1p_sum<F: Real, I: Isa>(x: F, rest: F) -> F {
    let [high, low] = F::LN_2_PARTS;
    let u = F::ONE + x;
    // what rounding lost of 1 + x
    let back = u - F::ONE;
    let lost = (F::ONE - (u - back)) + (x - back) + rest;
    let (k, m) = u.split_exponent::<false>();
    let f = m - F::ONE;
    let tail = F::log1p_tail::<I>(f) + k.mul_add::<I>(low, lost / u);
    let y = finish(u, k.mul_add::<I>(high, f + tail));
    if x == F::ZERO { x } else { y }
}

/// `k · scale + (f + tail) · factor`, both constants in two parts, for the other bases.
#[inline(always)]
fn in_base<F: Real, I: Isa, const SUBNORMAL: bool>(x: F, scale: [F; 2], factor: [F; 2]) -> F {
    let (k, m) = x.split_exponent::<SUBNORMAL>();
    let f = m - F::ONE;
    let tail = F::log1p_tail::<I>(f);
    let (p, p_low) = product::<F, I>(f, factor[0]);
    let low = tail.mul_add::<I>(factor[0], f.mul_add::<I>(factor[1], p_low)) + k * scale[1];
    let whole = k * scale[0];
    let sum = whole + p;
    let lost = (whole - sum) + p;
    sum + (lost + low)
}

#[inline(always)]
pub(super) fn log2<F: Real, I: Isa>(x: F) -> F {
    finish(x, in_base::<F, I, true>(x, [F::ONE, F::ZERO], F::LOG2_E))
}

#[inline(always)]
pub(super) fn log10<F: Real, I: Isa>(x: F) -> F {
    finish(x, in_base::<F, I, true>(x, F::LOG10_2_PARTS, F::LOG10_E))
}

/// Runs `usual`, which need not be right for rare numbers, and where those occur `full` on their block. Says whether a result
/// there is infinite or NaN.
#[inline(always)]
pub(super) fn in_blocks<F: Real>(
    x: &[F],
    out: &mut [F],
    usual: impl Fn(F) -> F,
    full: impl Fn(F) -> F,
    is_rare: impl Fn(F) -> bool,
) -> bool {
    const BLOCK: usize = 512;
    let mut not_finite = false;
    for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        let mut rare = false;
        for (o, &x) in out.iter_mut().zip(x) {
            *o = usual(x);
            rare |= is_rare(x);
        }
        if rare {
            for (o, &x) in out.iter_mut().zip(x) {
                *o = full(x);
                not_finite |= !o.is_finite();
            }
        }
    }
    not_finite
}

/// Logarithms by [`in_blocks`]. Those of numbers that have none are chosen, which raises no flag.
#[inline(always)]
fn logs<F: Real>(x: &[F], out: &mut [F], usual: impl Fn(F) -> F, full: impl Fn(F) -> F) {
    if in_blocks(x, out, usual, full, |x| !x.positive_normal()) {
        flags::raise_all();
    }
}

/// `out = ln x`, element by element, as far as both reach. A quarter faster than a loop over [`Real::log`], because the
/// special cases are looked for once in a block.
#[inline(always)]
pub fn log_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 {
        // SAFETY: `I` is `Avx512` only in its shell.
        return unsafe { avx512::run(avx512::log32, avx512::log64, x, out) };
    }
    logs(x, out, log_positive::<F, I, false>, log::<F, I>);
}

/// `out = log2 x`, as [`log_slice`].
#[inline(always)]
pub fn log2_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 {
        // SAFETY: `I` is `Avx512` only in its shell.
        return unsafe { avx512::run(avx512::log2_32, avx512::log2_64, x, out) };
    }
    logs(
        x,
        out,
        |x| in_base::<F, I, false>(x, [F::ONE, F::ZERO], F::LOG2_E),
        log2::<F, I>,
    );
}

/// `out = log10 x`, as [`log_slice`].
#[inline(always)]
pub fn log10_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 {
        // SAFETY: `I` is `Avx512` only in its shell.
        return unsafe { avx512::run(avx512::log10_32, avx512::log10_64, x, out) };
    }
    logs(
        x,
        out,
        |x| in_base::<F, I, false>(x, F::LOG10_2_PARTS, F::LOG10_E),
        log10::<F, I>,
    );
}
