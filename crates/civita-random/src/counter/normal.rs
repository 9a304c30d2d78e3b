//! Pairs of normal numbers, without branches and without fused products: each step is a loop over lanes that becomes a few
//! vector instructions.

use std::f64::consts::{LN_2, PI};

use super::cipher::LANES;

/// A number for each block.
pub(super) type Lanes<T> = [T; LANES];

/// `r cos 2πv` and `r sin 2πv` with `r = √(-2 ln u)`, for `u` in (0, 1] and `v` in [0, 1).
macro_rules! pairs {
    ($name:ident, $float:ident, $ln:ident, $sin_cos:ident) => {
        #[inline(always)]
        pub(super) fn $name(u: &Lanes<$float>, v: &Lanes<$float>) -> [Lanes<$float>; 2] {
            let mut r = [0.0; LANES];
            for lane in 0..LANES {
                r[lane] = (-2.0 * $ln(u[lane])).sqrt();
            }
            let mut pair = [[0.0; LANES]; 2];
            for lane in 0..LANES {
                let (sin, cos) = $sin_cos(v[lane]);
                pair[0][lane] = r[lane] * cos;
                pair[1][lane] = r[lane] * sin;
            }
            pair
        }
    };
}
pairs!(pairs, f64, ln, sin_cos);
pairs!(pairs_f32, f32, ln_f32, sin_cos_f32);

/// `ln x` for `x` in [2⁻⁶⁴, 1]: `x = 2ᵏ (1 + f)` with `1 + f` in [√½, √2), and
/// `ln(1 + f) = f - f²/2 + s (f²/2 + R(s²))`, `s = f / (2 + f)`.
#[inline(always)]
fn ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    /// 2⁵²: with an integer in its lowest bits it is that much larger.
    const SHIFT: f64 = 4_503_599_627_370_496.0;
    // 1024 is added to the exponent, so that no step needs a sign
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF).wrapping_add(1024 << 52);
    let k = f64::from_bits(SHIFT.to_bits() | shifted >> 52) - (SHIFT + 1024.0);
    let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF));
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z
        * (6.666_666_666_666_735e-1
            + z * (3.999_999_999_940_942e-1
                + z * (2.857_142_874_366_239e-1
                    + z * (2.222_219_843_214_978_4e-1
                        + z * (1.818_357_216_161_805e-1
                            + z * (1.531_383_769_920_937_3e-1
                                + z * 1.479_819_860_511_658_6e-1))))));
    let half = 0.5 * f * f;
    k * LN_2 - ((half - s * (half + series)) - f)
}

/// Sine and cosine of `2πv`: the nearest quarter turn, and polynomials of what is left.
#[inline(always)]
fn sin_cos(v: f64) -> (f64, f64) {
    /// Added and subtracted, it rounds to an integer, which its lowest bits then are.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let turns = 4.0 * v + ROUND;
    let quarter = turns.to_bits();
    let x = (4.0 * v - (turns - ROUND)) * (0.5 * PI);
    let z = x * x;
    let sin = x + x
        * z
        * (-1.666_666_666_666_663_2e-1
            + z * (8.333_333_333_322_49e-3
                + z * (-1.984_126_982_985_795e-4
                    + z * (2.755_731_370_707_007e-6
                        + z * (-2.505_076_025_340_686_3e-8 + z * 1.589_690_995_211_55e-10)))));
    let cos = 1.0 - 0.5 * z
        + z * z
            * (4.166_666_666_666_66e-2
                + z * (-1.388_888_888_887_411e-3
                    + z * (2.480_158_728_947_673e-5
                        + z * (-2.755_731_435_139_066_3e-7
                            + z * (2.087_572_321_298_175e-9 + z * -1.135_964_755_778_819_5e-11)))));
    let swap = (quarter & 1).wrapping_neg();
    let (a, b) = (sin.to_bits(), cos.to_bits());
    let exchanged = (a ^ b) & swap;
    let (sin, cos) = (a ^ exchanged, b ^ exchanged);
    (
        f64::from_bits(sin ^ (quarter & 2) << 62),
        f64::from_bits(cos ^ (quarter.wrapping_add(1) & 2) << 62),
    )
}

/// As [`ln`].
#[inline(always)]
fn ln_f32(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let k = shifted as i32 >> 23;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(SQRT_HALF));
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * (0.666_666_6 + z * (0.400_009_7 + z * (0.284_987_87 + z * 0.242_790_79)));
    let half = 0.5 * f * f;
    k as f32 * std::f32::consts::LN_2 - ((half - s * (half + series)) - f)
}

/// As [`sin_cos`].
#[inline(always)]
fn sin_cos_f32(v: f32) -> (f32, f32) {
    const ROUND: f32 = 12_582_912.0;
    let turns = 4.0 * v + ROUND;
    let quarter = turns.to_bits();
    let x = (4.0 * v - (turns - ROUND)) * std::f32::consts::FRAC_PI_2;
    let z = x * x;
    let sin = x + x * z * (-0.166_666_55 + z * (8.332_161e-3 + z * -1.951_529_6e-4));
    let cos = 1.0 - 0.5 * z + z * z * (4.166_664_6e-2 + z * (-1.388_731_6e-3 + z * 2.443_315_7e-5));
    let swap = (quarter & 1).wrapping_neg();
    let (a, b) = (sin.to_bits(), cos.to_bits());
    let exchanged = (a ^ b) & swap;
    let (sin, cos) = (a ^ exchanged, b ^ exchanged);
    (
        f32::from_bits(sin ^ (quarter & 2) << 30),
        f32::from_bits(cos ^ (quarter.wrapping_add(1) & 2) << 30),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_sine_and_cosine_are_accurate() {
        for i in 1..=100_000_u32 {
            let u = f64::from(i) / 100_000.0;
            let exact = u.ln();
            assert!(
                (ln(u) - exact).abs() <= 4e-16 * exact.abs().max(1e-3),
                "{u}"
            );
            let narrow = f64::from(u as f32).ln();
            let error = (f64::from(ln_f32(u as f32)) - narrow).abs();
            assert!(error <= 3e-7 * narrow.abs().max(0.1), "{u}");
            let v = f64::from(i - 1) / 100_000.0;
            let (sin, cos) = sin_cos(v);
            assert!((sin - (2.0 * PI * v).sin()).abs() < 1e-15, "{v}");
            assert!((cos - (2.0 * PI * v).cos()).abs() < 1e-15, "{v}");
            let (sin, cos) = sin_cos_f32(v as f32);
            let angle = 2.0 * PI * f64::from(v as f32);
            assert!((f64::from(sin) - angle.sin()).abs() < 2e-7, "{v}");
            assert!((f64::from(cos) - angle.cos()).abs() < 2e-7, "{v}");
        }
        assert_eq!((ln(1.0), ln_f32(1.0)), (0.0, 0.0));
        for k in 1..=60 {
            let exact = -f64::from(k) * LN_2;
            assert!((ln(0.5_f64.powi(k)) - exact).abs() < 1e-14);
            assert!((f64::from(ln_f32(0.5_f32.powi(k))) - exact).abs() < 1e-5);
        }
    }
}
