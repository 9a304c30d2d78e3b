//! Sine, cosine, tangent.
//!
//! ```text
//! n = round(x · 2/π)      r + r' = x - n · π/2, π/2 in 33-bit parts, so that every product is exact
//! sin x = ± sin r or ± cos r by n mod 4
//! ```
//! That is right for |x| up to [`Trig::REDUCIBLE`]. Larger arguments, rare in practice, go through Payne and Hanek's
//! method ("Radian reduction for trigonometric functions", 1983): x is an integer times a power of two, so only 192
//! bits of 2/π matter, and the product with them is done in integers. The polynomials are minimax (see `float.rs`), the
//! way of adding the tail r' is fdlibm's `k_sin.c` and `k_cos.c`.
//!
//! A branch inside a loop would keep it from being vectorised, so `*_slice` work in blocks: first all elements by the
//! branch-free part, then the large ones again, one by one.

use super::Real;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::float::{Float, polynomial};
use crate::isa::Isa;

/// What sine and cosine need of a type. `f32` is reduced in `f64`.
pub trait Trig: Real {
    /// Up to this magnitude [`Trig::reduce`] is right.
    const REDUCIBLE: Self;
    /// `(r, r', quadrant)` with x ≡ quadrant · π/2 + r + r'.
    fn reduce<I: Isa>(self) -> Reduced<Self>;
    /// The same for larger magnitudes, exactly; infinity and NaN give NaN.
    fn reduce_huge(self) -> Reduced<Self>;
    /// sin(r + r').
    fn sin_reduced<I: Isa>(r: &Reduced<Self>) -> Self;
    /// cos(r + r').
    fn cos_reduced<I: Isa>(r: &Reduced<Self>) -> Self;
}

/// An angle within ±π/4 of a multiple of π/2.
#[derive(Clone, Copy, Debug)]
pub struct Reduced<F> {
    high: F,
    low: F,
    /// Whether the multiple is odd.
    odd: bool,
    /// Whether the multiple's second bit is set.
    second: bool,
}

const FRAC_PI_2: [f64; 4] = [
    1.570_796_326_734_125_6,
    6.077_100_506_303_966e-11,
    2.022_266_248_711_166_5e-21,
    8.478_427_660_368_9e-32,
];
const FRAC_2_PI: f64 = std::f64::consts::FRAC_2_PI;

impl Trig for f64 {
    const REDUCIBLE: f64 = 1_048_576.0;

    #[inline(always)]
    fn reduce<I: Isa>(self) -> Reduced<f64> {
        let [p0, p1, p2, p3] = FRAC_PI_2;
        let t = Real::mul_add::<I>(self, FRAC_2_PI, f64::MAGIC);
        let n = t - f64::MAGIC;
        let (odd, second) = f64::quadrant(t);
        let r0 = self - n * p0;
        let (r1, e1) = difference(r0, n * p1);
        let (r2, e2) = difference(r1, n * p2);
        let tail = (e1 + e2) - n * p3;
        let high = r2 + tail;
        Reduced {
            high,
            low: (r2 - high) + tail,
            odd,
            second,
        }
    }
    #[cold]
    fn reduce_huge(self) -> Reduced<f64> {
        payne_hanek(self)
    }
    #[inline(always)]
    fn sin_reduced<I: Isa>(r: &Reduced<f64>) -> f64 {
        // 2^-58
        const S: &[f64] = &[
            1.589_650_258_049_398_6e-10,
            -2.505_075_321_977_119_6e-8,
            2.755_731_366_174_351_4e-6,
            -0.000_198_412_698_297_242_13,
            0.008_333_333_333_322_314,
        ];
        const S1: f64 = -0.166_666_666_666_666_32;
        let (x, y) = (r.high, r.low);
        let z = x * x;
        let cube = z * x;
        let p = polynomial::<f64, I>(S, z);
        x - ((z * (0.5 * y - cube * p) - y) - cube * S1)
    }
    #[inline(always)]
    fn cos_reduced<I: Isa>(r: &Reduced<f64>) -> f64 {
        // 2^-63.9
        const C: &[f64] = &[
            -1.135_831_090_399_074_8e-11,
            2.087_569_658_087_374_6e-9,
            -2.755_731_414_868_708e-7,
            2.480_158_728_874_841_7e-5,
            -0.001_388_888_888_887_289_5,
            0.041_666_666_666_666_595,
        ];
        let (x, y) = (r.high, r.low);
        let z = x * x;
        let half = 0.5 * z;
        let w = 1.0 - half;
        w + (((1.0 - w) - half) + (z * (z * polynomial::<f64, I>(C, z)) - x * y))
    }
}

impl Trig for f32 {
    const REDUCIBLE: f32 = 1_048_576.0;

    #[inline(always)]
    fn reduce<I: Isa>(self) -> Reduced<f32> {
        let x = self as f64;
        let t = Real::mul_add::<I>(x, FRAC_2_PI, f64::MAGIC);
        let n = t - f64::MAGIC;
        let (odd, second) = f64::quadrant(t);
        let r = (x - n * FRAC_PI_2[0]) - n * FRAC_PI_2[1];
        Reduced {
            high: r as f32,
            low: 0.0,
            odd,
            second,
        }
    }
    #[cold]
    fn reduce_huge(self) -> Reduced<f32> {
        let r = payne_hanek(self as f64);
        Reduced {
            high: r.high as f32,
            low: 0.0,
            odd: r.odd,
            second: r.second,
        }
    }
    #[inline(always)]
    fn sin_reduced<I: Isa>(r: &Reduced<f32>) -> f32 {
        // 2^-37.6
        const S: &[f32] = &[2.718_237_3e-6, -1.983_932_7e-4, 8.333_329e-3, -0.166_666_67];
        let z = r.high * r.high;
        Real::mul_add::<I>(z * r.high, polynomial::<f32, I>(S, z), r.high)
    }
    #[inline(always)]
    fn cos_reduced<I: Isa>(r: &Reduced<f32>) -> f32 {
        // 2^-33
        const C: &[f32] = &[2.443_241_5e-5, -1.388_731e-3, 4.166_664_6e-2];
        let z = r.high * r.high;
        let half = 0.5 * z;
        let w = 1.0 - half;
        w + ((1.0 - w) - half + z * z * polynomial::<f32, I>(C, z))
    }
}

/// `a - b` exactly, whatever the magnitudes (Knuth).
#[inline(always)]
fn difference(a: f64, b: f64) -> (f64, f64) {
    let d = a - b;
    let v = d - a;
    (d, (a - (d - v)) - (b + v))
}

/// 2/π, 64 bits before the point and 1,280 behind it.
const TWO_OVER_PI: [u64; 21] = [
    0,
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
    0xf0cf_bc20_9af4_361d,
];

/// Reduces |x| ≥ 2^19 exactly.
fn payne_hanek(x: f64) -> Reduced<f64> {
    if !x.is_finite() {
        return Reduced {
            high: f64::NAN,
            low: 0.0,
            odd: false,
            second: false,
        };
    }
    let bits = x.to_bits();
    let m = (bits & 0x000f_ffff_ffff_ffff) | 0x0010_0000_0000_0000;
    // |x| = m · 2^e. Bits of 2/π at and above weight 2^(2-e) give multiples of 4 and drop out: the window begins at
    // weight 2^(1-e), which is bit 62 + e of the table (the first word holds 64 bits before the point)
    let e = ((bits >> 52) & 0x7ff) as i32 - 1075;
    let at = (62 + e) as usize;
    let (word, shift) = (at / 64, at % 64);
    let take = |i: usize| {
        let (a, b) = (TWO_OVER_PI[word + i], TWO_OVER_PI[word + i + 1]);
        if shift == 0 {
            a
        } else {
            (a << shift) | (b >> (64 - shift))
        }
    };
    // the product modulo 2^192, its lowest bit has weight 2^-190
    let low = m as u128 * take(2) as u128;
    let middle = m as u128 * take(1) as u128 + (low >> 64);
    let top = m.wrapping_mul(take(0)).wrapping_add((middle >> 64) as u64);
    // two bits of quadrant, then the fraction: 192 bits in `fraction` and `rest`, the highest with weight ½
    let (product, low) = (((top as u128) << 64) | (middle as u64 as u128), low as u64);
    let (fraction, rest) = ((product << 2) | (low >> 62) as u128, low << 2);
    // to the nearest multiple: from ½ on, the next one, and the fraction becomes negative
    let negative = fraction >> 127 != 0;
    let quadrant = (top >> 62) + u64::from(negative);
    let (magnitude, rest) = if negative {
        (
            (!fraction).wrapping_add(u128::from(rest == 0)),
            rest.wrapping_neg(),
        )
    } else {
        (fraction, rest)
    };
    let zeros = magnitude.leading_zeros();
    let normal = if zeros == 0 {
        magnitude
    } else {
        (magnitude << zeros) | ((rest as u128) << 64 >> (128 - zeros))
    };
    let scale = f64::from_bits(((1023 - zeros as i64) as u64) << 52);
    // 128 bits as two numbers; the fraction is normal · 2^(-128 - zeros)
    let high = (normal >> 75) as f64 * (scale / 9_007_199_254_740_992.0);
    let low = ((normal >> 22) as u64 & 0x001f_ffff_ffff_ffff) as f64
        * (scale / 9_007_199_254_740_992.0 / 9_007_199_254_740_992.0);
    let [pi, pi_low] = f64::FRAC_PI_2_ROUNDED;
    let r = high * pi;
    let r_low = f64::mul_add(high, pi, -r) + high * pi_low + low * pi;
    let (r, r_low) = (r + r_low, (r - (r + r_low)) + r_low);
    // the sign of the fraction and of x; the quadrant of -x is minus that of x
    let (quadrant, sign) = if x < 0.0 {
        (quadrant.wrapping_neg(), -1.0)
    } else {
        (quadrant, 1.0)
    };
    let sign = if negative { -sign } else { sign };
    Reduced {
        high: sign * r,
        low: sign * r_low,
        odd: quadrant & 1 != 0,
        second: quadrant & 2 != 0,
    }
}

#[inline(always)]
fn sin_from<F: Trig, I: Isa>(r: Reduced<F>, x: F) -> F {
    let (s, c) = (F::sin_reduced::<I>(&r), F::cos_reduced::<I>(&r));
    let y = if r.odd { c } else { s };
    let y = if r.second { -y } else { y };
    // -0 stays -0
    if x == F::ZERO { x } else { y }
}

#[inline(always)]
fn cos_from<F: Trig, I: Isa>(r: Reduced<F>, _: F) -> F {
    let (s, c) = (F::sin_reduced::<I>(&r), F::cos_reduced::<I>(&r));
    let y = if r.odd { s } else { c };
    if r.second ^ r.odd { -y } else { y }
}

#[inline(always)]
fn tan_from<F: Trig, I: Isa>(r: Reduced<F>, x: F) -> F {
    let (s, c) = (F::sin_reduced::<I>(&r), F::cos_reduced::<I>(&r));
    let (a, b) = if r.odd { (-c, s) } else { (s, c) };
    if x == F::ZERO { x } else { a / b }
}

macro_rules! functions {
    ($($(#[doc = $doc:literal])* $name:ident, $slice:ident, $from:ident, $avx512:ident;)*) => { $(
        #[inline(always)]
        pub(super) fn $name<F: Trig, I: Isa>(x: F) -> F {
            let reduced = if x.abs() <= F::REDUCIBLE { x.reduce::<I>() } else { x.reduce_huge() };
            $from::<F, I>(reduced, x)
        }
        $(#[doc = $doc])*
        #[inline(always)]
        pub fn $slice<F: Trig, I: Isa>(x: &[F], out: &mut [F]) {
            let rare = |x: F| $from::<F, I>(x.reduce_huge(), x);
            #[cfg(target_arch = "x86_64")]
            if I::VECTOR_BYTES == 64 && size_of::<F>() == 4 {
                // SAFETY: `I` is `Avx512` only in its shell; `F` of four bytes is `f32`, and the slices are of one length.
                let usual = |x: &[F], out: &mut [F]| unsafe {
                    avx512::$avx512(x.as_ptr().cast(), std::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), out.len()))
                };
                return in_blocks(x, out, usual, rare);
            }
            in_blocks(x, out, each(|x: F| $from::<F, I>(x.reduce::<I>(), x)), rare);
        }
    )* };
}
functions! {
    /// `out = sin x`, element by element, as far as both reach.
    sin, sin_slice, sin_from, sin32;
    /// `out = cos x`, element by element, as far as both reach.
    cos, cos_slice, cos_from, cos32;
    /// `out = tan x`, element by element, as far as both reach.
    tan, tan_slice, tan_from, tan32;
}

/// The branch-free part over a block, which says whether an angle is beyond [`Trig::REDUCIBLE`].
#[inline(always)]
fn each<F: Trig>(usual: impl Fn(F) -> F) -> impl Fn(&[F], &mut [F]) -> bool {
    move |x, out| {
        let mut large = 0_u32;
        for (o, &x) in out.iter_mut().zip(x) {
            *o = usual(x);
            large |= u32::from(x.abs() > F::REDUCIBLE);
        }
        large != 0
    }
}

/// Runs `usual` over whole blocks, then `rare` over those elements that need it.
#[inline(always)]
fn in_blocks<F: Trig>(
    x: &[F],
    out: &mut [F],
    usual: impl Fn(&[F], &mut [F]) -> bool,
    rare: impl Fn(F) -> F,
) {
    const BLOCK: usize = 256;
    let n = x.len().min(out.len());
    for (x, out) in x[..n].chunks(BLOCK).zip(out[..n].chunks_mut(BLOCK)) {
        if usual(x, out) {
            for (o, &x) in out.iter_mut().zip(x) {
                if x.abs() > F::REDUCIBLE {
                    *o = rare(x);
                }
            }
        }
    }
}
