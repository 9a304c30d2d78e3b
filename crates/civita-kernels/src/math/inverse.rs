//! Inverse trigonometric functions and `hypot`.

use super::Real;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::float::{Float, polynomial};
use crate::isa::Isa;

/// `atan2` by one division. With a ≤ b the smaller and the larger magnitude, the angle of a/b is
/// ```text
/// atan c + atan t,   t = (a - c b) / (b + c a),   c = 0, ½ or 1, whichever is near a/b: |t| ≤ ¼
/// ```
/// where a - c b is exact; then it is mirrored at π/4 when |y| > |x| and at π/2 when x < 0. The constants are kept in
/// two parts of which the high ones add without error.
#[inline(always)]
pub(super) fn atan2<F: Real, I: Isa>(y: F, x: F) -> F {
    let (ay, ax) = (y.abs(), x.abs());
    let swap = ay > ax;
    let a = if swap { ax } else { ay };
    let b = if swap { ay } else { ax };
    // infinities stand for their directions: as ones beside zeros; 0/0 is 0
    let infinite = b == F::INFINITY;
    let direction = if a == F::INFINITY { F::ONE } else { F::ZERO };
    let a = if infinite { direction } else { a };
    let b = if infinite | (b == F::ZERO) { F::ONE } else { b };
    // b + a must not overflow, and parts of subnormals must not lose bits
    let quarter = F::HALF * F::HALF;
    let scale = if b > F::SQUARES.bounds[1] {
        quarter
    } else {
        F::ONE
    };
    let scale = if b < F::SQUARES.bounds[0] {
        F::SQUARES.up[0]
    } else {
        scale
    };
    let (a, b) = (a * scale, b * scale);
    let (middle, diagonal) = (a > b * quarter, a > b * (F::HALF + quarter));
    let c = if middle { F::HALF } else { F::ZERO };
    let c = if diagonal { F::ONE } else { c };
    let [half, one, right, straight] = F::ANGLES;
    let high = if middle { half[0] } else { F::ZERO };
    let high = if diagonal { one[0] } else { high };
    let low = if middle { half[1] } else { F::ZERO };
    let low = if diagonal { one[1] } else { low };
    let t = (a - c * b) / (b + c * a);
    let z = t * t;
    let low = low + (t * z).mul_add::<I>(polynomial::<F, I>(F::ATAN, z), t);
    let high = if swap { right[0] - high } else { high };
    let low = if swap { right[1] - low } else { low };
    let back = x.negative();
    let high = if back { straight[0] - high } else { high };
    let low = if back { straight[1] - low } else { low };
    let result = (high + low).with_sign(y);
    if y.is_nan() | x.is_nan() {
        F::NAN
    } else {
        result
    }
}

/// As [`atan2`] of x and 1, which needs no scale: an infinite x is the largest number, whose angle is the same.
#[inline(always)]
pub(super) fn atan<F: Real, I: Isa>(x: F) -> F {
    let size = x.abs();
    let swap = size > F::ONE;
    let a = if swap { F::ONE } else { size };
    let b = if swap { size } else { F::ONE };
    let b = if b > F::MAX { F::MAX } else { b };
    let quarter = F::HALF * F::HALF;
    let (middle, diagonal) = (a > b * quarter, a > b * (F::HALF + quarter));
    let c = if middle { F::HALF } else { F::ZERO };
    let c = if diagonal { F::ONE } else { c };
    let [half, one, right, _] = F::ANGLES;
    let high = if middle { half[0] } else { F::ZERO };
    let high = if diagonal { one[0] } else { high };
    let low = if middle { half[1] } else { F::ZERO };
    let low = if diagonal { one[1] } else { low };
    // exact: where c is not 0, a and c b are near each other
    let t = (a - c * b) / c.mul_add::<I>(a, b);
    let z = t * t;
    let low = low + (t * z).mul_add::<I>(polynomial::<F, I>(F::ATAN, z), t);
    let high = if swap { right[0] - high } else { high };
    let low = if swap { right[1] - low } else { low };
    (high + low).with_sign(x)
}

/// `out = atan x`, element by element, as far as both reach. Faster than a loop over [`Real::atan`] where the instruction
/// set has a kernel of its own.
#[inline(always)]
pub fn atan_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `I` is `Avx512` only in its shell.
    if I::VECTOR_BYTES == 64 && unsafe { avx512::run_narrow(avx512::atan32, x, out) } {
        return;
    }
    for (o, &x) in out.iter_mut().zip(x) {
        *o = x.atan::<I>();
    }
}

/// `out = asin x`, as [`atan_slice`].
#[inline(always)]
pub fn asin_slice<F: Real, I: Isa>(x: &[F], out: &mut [F]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: `I` is `Avx512` only in its shell.
    if I::VECTOR_BYTES == 64 && unsafe { avx512::run_narrow(avx512::asin32, x, out) } {
        return;
    }
    for (o, &x) in out.iter_mut().zip(x) {
        *o = x.asin::<I>();
    }
}

/// The angles of a run of points, by a kernel of the instruction set's own; says whether it has one. `FORM`: 0 both vary, 1
/// `x` is one value, 2 `y` is.
///
/// # Safety
/// What varies is valid for as many elements as `out` has, what does not for one.
#[inline(always)]
pub unsafe fn atan2_run<F: Real, I: Isa, const FORM: usize>(
    y: *const F,
    x: *const F,
    out: &mut [F],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES == 64 && size_of::<F>() == 4 {
        let (y, x, n) = (y.cast(), x.cast(), out.len());
        // SAFETY: the caller's contract; `F` of four bytes is `f32`, and `I` is `Avx512` only in its shell.
        unsafe {
            let out = std::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), n);
            match FORM {
                0 => avx512::atan2_32::<true, true>(y, x, out),
                1 => avx512::atan2_32::<true, false>(y, x, out),
                _ => avx512::atan2_32::<false, true>(y, x, out),
            }
        }
        return true;
    }
    let _ = (y, x, out);
    false
}

/// For |x| > ½: z = (1 - |x|) / 2, s = √z, what rounding lost of s, and s z P(z).
#[inline(always)]
fn half_angle<F: Real, I: Isa>(z: F) -> (F, F, F) {
    let s = z.sqrt();
    let (square, low) = super::pow::product::<F, I>(s, s);
    let rest = ((z - square) - low) / (s + s);
    let lost = if s > F::ZERO { rest } else { F::ZERO };
    (s, lost, s * z * polynomial::<F, I>(F::ASIN, z))
}

#[inline(always)]
pub(super) fn asin<F: Real, I: Isa>(x: F) -> F {
    let a = x.abs();
    let z = x * x;
    let near = (a * z).mul_add::<I>(polynomial::<F, I>(F::ASIN, z), a);
    let (s, lost, tail) = half_angle::<F, I>((F::ONE - a) * F::HALF);
    let [high, low] = F::FRAC_PI_2_ROUNDED;
    let far =
        (high - (s + s)) + (low - F::TWO * (lost + tail) + ((high - (high - (s + s))) - (s + s)));
    (if a <= F::HALF { near } else { far }).with_sign(x)
}

#[inline(always)]
pub(super) fn acos<F: Real, I: Isa>(x: F) -> F {
    let a = x.abs();
    let z = x * x;
    let [high, low] = F::FRAC_PI_2_ROUNDED;
    let near = high - (x - (low - x * z * polynomial::<F, I>(F::ASIN, z)));
    let (s, lost, tail) = half_angle::<F, I>((F::ONE - a) * F::HALF);
    let angle = F::TWO * (s + (lost + tail));
    let far = if x < F::ZERO {
        F::TWO * (high - (s + (lost + tail - low)))
    } else {
        angle
    };
    if a <= F::HALF { near } else { far }
}

/// `hypot` of `f32`, to 0.52 units in the last place; subnormal results, which are rounded twice, to 0.77.
///
/// Both squares are exact in `f64`, whose root is rounded once more; but roots of `f64` take four times as long as those of
/// `f32`. With FMA the root of the sum in `f32` is corrected instead, by what its square and the sum lack:
/// ```text
/// g ≥ m, scaled to g from 1 to 4 (a subnormal g less)       s = m² + g² rounded, low = what s lost
/// h = √s,   √(g² + m²) ≈ h + (s - h² + low) / (2h)          1 / 2h from the bits of s, to 4%
/// ```
#[inline(always)]
pub(super) fn hypot32<I: Isa>(x: f32, y: f32) -> f32 {
    const INFINITY: u32 = f32::INFINITY.to_bits();
    // magnitudes are ordered as their bits are, NaN last
    let (x, y) = (x.abs().to_bits(), y.abs().to_bits());
    let infinite = (x == INFINITY) | (y == INFINITY);
    let h = if I::FMA {
        let (larger, smaller) = if x > y { (x, y) } else { (y, x) };
        // the power of two in the larger one, as far as both it and its inverse are normal numbers
        const POWERS: [u32; 2] = [1 << 23, 253 << 23];
        let power = larger & INFINITY;
        let power = if power < POWERS[0] { POWERS[0] } else { power };
        let power = if power > POWERS[1] { POWERS[1] } else { power };
        let scale = f32::from_bits((254 << 23) - power);
        let (g, m) = (
            f32::from_bits(larger) * scale,
            f32::from_bits(smaller) * scale,
        );
        let square = g * g;
        let square_low = g.mul_add(g, -square);
        let sum = m.mul_add(m, square);
        let low = m.mul_add(m, square - sum) + square_low;
        let h = sum.sqrt();
        let rest = (-h).mul_add(h, sum) + low;
        let half_inverse = f32::from_bits(0x5eb7_59df_u32.wrapping_sub(sum.to_bits() >> 1));
        rest.mul_add(half_inverse, h) * f32::from_bits(power)
    } else {
        let (x, y) = (f64::from(f32::from_bits(x)), f64::from(f32::from_bits(y)));
        (x * x + y * y).sqrt() as f32
    };
    if infinite { f32::INFINITY } else { h }
}

#[inline(always)]
pub(super) fn hypot64<I: Isa>(x: f64, y: f64) -> f64 {
    let (x, y) = (x.abs(), y.abs());
    let larger = if x > y { x } else { y };
    let s = f64::SQUARES;
    let (scale, back) = if larger > s.bounds[1] {
        (s.down[0], s.down[1])
    } else {
        (1.0, 1.0)
    };
    let (scale, back) = if larger < s.bounds[0] {
        (s.up[0], s.up[1])
    } else {
        (scale, back)
    };
    let (a, b) = (x * scale, y * scale);
    let h = Real::mul_add::<I>(a, a, b * b).sqrt() * back;
    if x == f64::INFINITY || y == f64::INFINITY {
        f64::INFINITY
    } else {
        h
    }
}
