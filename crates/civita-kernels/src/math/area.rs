//! Inverse hyperbolic functions and the cube root.
//!
//! The inverse hyperbolic functions compute `f32` in `f64`. They are logarithms of `1 + s` whose `s` is known to more bits than a number has: the sum of
//! two parts goes into `log1p` as it is.

use super::Real;
use super::float::{Float, polynomial};
use super::log::{in_blocks, log1p_sum};
use super::pow::product;
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

/// Cube root without a division. With u near a^(-1/3), from a third of the bits,
/// ```text
/// h = 1 - a u³,   v = u P(h) ≈ u (1 - h)^(-1/3) = a^(-1/3)     |h| < 0.106
/// y = a v²,       ∛a ≈ y + (a - y³) v² / 3                     with a - y³ in two parts
/// ```
/// The last step squares the error of P, which is 3e-6 for `f32` and 2e-10 for `f64`.
#[inline(always)]
pub(super) fn cbrt<F: Real, I: Isa>(x: F) -> F {
    let a = x.abs();
    let [bound, up, down] = F::CUBES;
    let (tiny, huge) = (a < bound, a > F::ONE / bound);
    let scale = if tiny { up } else { F::ONE };
    let scale = if huge { F::ONE / up } else { scale };
    let back = if tiny { down } else { F::ONE };
    let back = if huge { F::ONE / down } else { back };
    let y = cbrt_usual::<F, I>(a * scale) * back;
    let outside = (x == F::ZERO) | !x.is_finite();
    if outside { x } else { y.with_sign(x) }
}

/// [`cbrt`] of zero and where no part of a product is subnormal and no cube infinite.
#[inline(always)]
fn cbrt_usual<F: Real, I: Isa>(x: F) -> F {
    let a = x.abs();
    let u = a.inverse_cbrt_estimate();
    let h = (-(a * u)).mul_add::<I>(u * u, F::ONE);
    let u = u * polynomial::<F, I>(F::INVERSE_CBRT, h);
    let square = u * u;
    let y = a * square;
    let (y_square, low) = product::<F, I>(y, y);
    let rest = if I::FMA {
        (-y_square).mul_add::<I>(y, a)
    } else {
        let (cube, cube_low) = product::<F, I>(y_square, y);
        (a - cube) - cube_low
    };
    let rest = (-low).mul_add::<I>(y, rest);
    let y = rest.mul_add::<I>(square * F::from_f64(1.0 / 3.0), y);
    y.with_sign(x)
}

/// `out = ∛x`, element by element, as far as both reach: twice as fast as a loop over [`Real::cbrt`], because the very
/// large and the very small are looked for once in a block.
#[inline(always)]
pub fn cbrt_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    let [bound, ..] = F::CUBES;
    let is_rare = |x: F| {
        let a = x.abs();
        let is_usual = (a == F::ZERO) | ((a >= bound) & (a <= F::ONE / bound));
        !is_usual
    };
    in_blocks(x, out, cbrt_usual::<F, I>, cbrt::<F, I>, is_rare);
}
