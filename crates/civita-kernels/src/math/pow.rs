//! Powers: x^y = e^(y · log|x|), with the logarithm in enough bits that the product still has 53.
//!
//! `f32` is computed in `f64`. `f64` carries the logarithm as an unevaluated sum of two numbers (about 2^-67 relative):
//! ```text
//! |x| = 2^k m,   s = (m - 1) / (m + 1),   log m = 2 s + s³ (2/3 + s² Q(s²))
//! ```
//! with s, s², s³ and 2/3 + … in two parts each (Dekker 1971; Gladman and others call it double-double).
//! Special values are selected at the end: C99 F.10.4.4, which NumPy follows.

use super::Real;
use super::exp::exp_sum;
use super::float::{Float, polynomial};
use crate::flags;
use crate::isa::Isa;

/// `a · b` exactly, as the rounded product and what rounding lost.
#[inline(always)]
pub(super) fn product<F: Real, I: Isa>(a: F, b: F) -> (F, F) {
    let p = a * b;
    if I::FMA {
        return (p, a.mul_add::<I>(b, -p));
    }
    let halves = |v: F| {
        let c = v * F::SPLITTER;
        let high = c - (c - v);
        (high, v - high)
    };
    let ((ah, al), (bh, bl)) = (halves(a), halves(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// `a + b` exactly, for |a| ≥ |b| or a = 0.
#[inline(always)]
fn sum<F: Real>(a: F, b: F) -> (F, F) {
    let s = a + b;
    (s, (a - s) + b)
}

/// log x in two parts, for positive finite x.
#[inline(always)]
fn log_in_two<I: Isa, const SUBNORMAL: bool>(x: f64) -> [f64; 2] {
    // (log((1 + s)/(1 - s)) - 2s - 2/3 s³) / s⁵, 2^-65.3
    const Q: &[f64] = &[
        0.131_962_262_505_790_57,
        0.132_568_280_862_227_7,
        0.153_867_569_202_821_27,
        0.181_817_843_752_505_42,
        0.222_222_225_198_400_4,
        0.285_714_285_700_999_77,
        0.400_000_000_000_022_56,
    ];
    const TWO_THIRDS: [f64; 2] = [0.666_666_666_666_666_6, 3.700_743_415_417_188e-17];
    let [ln_2, ln_2_rest] = f64::LN_2_PARTS;
    let (k, m) = x.split_exponent::<SUBNORMAL>();
    let f = m - 1.0;
    let d = m + 1.0;
    let d_low = m - (d - 1.0);
    let reciprocal = 1.0 / d;
    let s = f * reciprocal;
    let (back, back_low) = product::<f64, I>(s, d);
    let s_low = ((f - back) - back_low - s * d_low) * reciprocal;
    // s²
    let (z, z_low) = product::<f64, I>(s, s);
    let z_low = Real::mul_add::<I>(s + s, s_low, z_low);
    // 2/3 + s² Q
    let (c, c_low) = sum(TWO_THIRDS[0], z * polynomial::<f64, I>(Q, z));
    let c_low = c_low + TWO_THIRDS[1];
    // s³ times that
    let (cube, cube_low) = product::<f64, I>(s, z);
    let cube_low = Real::mul_add::<I>(s, z_low, Real::mul_add::<I>(s_low, z, cube_low));
    let (w, w_low) = product::<f64, I>(cube, c);
    let w_low = Real::mul_add::<I>(cube, c_low, Real::mul_add::<I>(cube_low, c, w_low));
    let (h, e0) = sum(k * ln_2, s + s);
    let (h, e1) = sum(h, w);
    let low = Real::mul_add::<I>(k, ln_2_rest, e0) + (e1 + (s_low + s_low) + w_low);
    let (h, low) = sum(h, low);
    [h, low]
}

/// Everything around the core: signs, zeros, infinities, NaN.
#[inline(always)]
pub(super) fn finish<F: Real, I: Isa>(x: F, y: F, core: F) -> F {
    let a = x.abs();
    let to_zero = if y < F::ZERO { F::INFINITY } else { F::ZERO };
    let to_infinity = if y < F::ZERO { F::ZERO } else { F::INFINITY };
    let r = if a == F::ZERO { to_zero } else { core };
    let r = if a == F::INFINITY { to_infinity } else { r };
    let integer = y.trunc::<I>() == y;
    let half = y * F::HALF;
    let odd = integer & (half.trunc::<I>() != half);
    let flip = if odd & x.negative() { -F::ONE } else { F::ONE };
    let r = r.with_sign(flip);
    let r = if (x < F::ZERO) & !integer & (a < F::INFINITY) {
        F::NAN
    } else {
        r
    };
    let r = if x.is_nan() | y.is_nan() { F::NAN } else { r };
    if (y == F::ZERO) | (x == F::ONE) {
        F::ONE
    } else {
        r
    }
}

/// What `pow` needs of a type: the two halves of the core, for positive finite bases. Only where `FULL` these may be
/// subnormal and the exponent infinite; else its magnitude is at most 2^70.
pub trait Power: Real {
    /// Logarithm of `x` as a sum, in the base that `exp_sum` wants.
    fn log_sum<I: Isa, const FULL: bool>(x: Self) -> [f64; 2];
    /// The base to the power `y · (log[0] + log[1])`.
    fn exp_sum<I: Isa, const FULL: bool>(log: [f64; 2], y: Self) -> Self;

    /// `out = x ^ y` by a kernel of the instruction set's own; says whether it has one. `X`, `Y`: whether they vary.
    ///
    /// # Safety
    /// What varies is valid for as many elements as `out` has, what does not for one.
    unsafe fn kernel<I: Isa, const X: bool, const Y: bool>(
        x: *const Self,
        y: *const Self,
        out: &mut [Self],
    ) -> bool;
}

macro_rules! kernel {
    ($avx512:ident) => {
        #[inline(always)]
        unsafe fn kernel<I: Isa, const X: bool, const Y: bool>(
            x: *const Self,
            y: *const Self,
            out: &mut [Self],
        ) -> bool {
            #[cfg(target_arch = "x86_64")]
            if I::VECTOR_BYTES == 64 {
                // SAFETY: the caller's contract; `I` is `Avx512` only in its shell.
                unsafe { super::avx512::$avx512::<X, Y>(x, y, out) };
                return true;
            }
            let _ = (x, y, out);
            false
        }
    };
}

/// Beyond ±2^70 as an exponent the result is decided, and the splitting of products would overflow.
const LARGEST: f64 = 1_180_591_620_717_411_303_424.0;

/// `y` within ±`LARGEST`; NaN stays.
#[inline(always)]
fn clamp_exponent(y: f64) -> f64 {
    let y = if y > LARGEST { LARGEST } else { y };
    if y < -LARGEST { -LARGEST } else { y }
}

impl Power for f64 {
    kernel!(pow64);
    #[inline(always)]
    fn log_sum<I: Isa, const FULL: bool>(x: f64) -> [f64; 2] {
        log_in_two::<I, FULL>(x)
    }
    #[inline(always)]
    fn exp_sum<I: Isa, const FULL: bool>([high, low]: [f64; 2], y: f64) -> f64 {
        let y = if FULL { clamp_exponent(y) } else { y };
        let (p, p_low) = product::<f64, I>(y, high);
        exp_sum::<f64, I>(p, Real::mul_add::<I>(y, low, p_low))
    }
}

impl Power for f32 {
    kernel!(pow32);
    #[inline(always)]
    fn log_sum<I: Isa, const FULL: bool>(x: f32) -> [f64; 2] {
        // log1p(f) = f - f²/2 + f³ P(f), 2^-38.2
        const P: &[f64] = &[
            -0.048_226_895_631_171_156,
            0.091_158_240_363_806_78,
            -0.092_869_437_741_439_41,
            0.090_401_831_463_443_69,
            -0.098_893_834_812_650_27,
            0.111_054_725_147_973_67,
            -0.125_057_136_831_451_73,
            0.142_861_790_545_233_87,
            -0.166_665_324_554_345_07,
            0.199_999_892_622_081_37,
            -0.250_000_011_257_489_2,
            0.333_333_333_991_682_97,
        ];
        let (k, m) = x.split_exponent::<FULL>();
        let (k, f) = (k as f64, m as f64 - 1.0);
        let p = Real::mul_add::<I>(polynomial::<f64, I>(P, f), f, -0.5);
        let ln = Real::mul_add::<I>(f * f, p, f);
        [Real::mul_add::<I>(ln, std::f64::consts::LOG2_E, k), 0.0]
    }
    #[inline(always)]
    fn exp_sum<I: Isa, const FULL: bool>([log2, _]: [f64; 2], y: f32) -> f32 {
        // 2^f on ±½, 2^-29
        const EXP2: &[f64] = &[
            0.000_153_457_677_657_154_58,
            0.001_339_995_739_621_017_7,
            0.009_618_489_329_480_57,
            0.055_503_287_125_240_136,
            0.240_226_468_851_448_94,
            0.693_147_205_766_342_3,
            1.000_000_000_555_183_2,
        ];
        let y = if FULL {
            clamp_exponent(y as f64)
        } else {
            y as f64
        };
        let z = y * log2;
        let z = if z > 130.0 { 130.0 } else { z };
        let z = if z < -160.0 { -160.0 } else { z };
        let t = z + f64::MAGIC;
        let r = z - (t - f64::MAGIC);
        (polynomial::<f64, I>(EXP2, r) * f64::exp2_of(t)) as f32
    }
}

#[inline(always)]
pub(super) fn pow<F: Power, I: Isa>(x: F, y: F) -> F {
    let log = F::log_sum::<I, true>(x.abs());
    finish::<F, I>(x, y, F::exp_sum::<I, true>(log, y))
}

/// Elements worked on at a time: the scratch stays in the L1 cache.
const BLOCK: usize = 256;

/// A logarithm in two parts for each element of a block. Aligned, because vectors that straddle cache lines cost twice.
#[repr(align(64))]
struct Logs {
    high: [f64; BLOCK],
    low: [f64; BLOCK],
}

impl Logs {
    const ZERO: Logs = Logs {
        high: [0.0; BLOCK],
        low: [0.0; BLOCK],
    };

    /// The core for one block, in two loops. One loop would be bound by latency: the processor's schedulers hold only
    /// three or four iterations of so long a chain, and twice as many of each half.
    #[inline(always)]
    fn positive<F: Power, I: Isa, const FULL: bool>(
        &mut self,
        pairs: impl Iterator<Item = (F, F)> + Clone,
        out: &mut [F],
    ) {
        for ((high, low), (x, _)) in self.high.iter_mut().zip(&mut self.low).zip(pairs.clone()) {
            [*high, *low] = F::log_sum::<I, FULL>(x.abs());
        }
        for (((&high, &low), (_, y)), o) in self.high.iter().zip(&self.low).zip(pairs).zip(out) {
            *o = F::exp_sum::<I, FULL>([high, low], y);
        }
    }

    /// `out = x ^ y` for one block. The sign and the special cases are put right in a pass of their own where they occur.
    #[inline(always)]
    fn block<F: Power, I: Isa>(
        &mut self,
        pairs: impl Iterator<Item = (F, F)> + Clone,
        out: &mut [F],
    ) {
        let largest = F::from_f64(LARGEST);
        let (mut rare, mut negative) = (false, false);
        for (x, y) in pairs.clone() {
            // written so that NaN is rare
            rare |= !(x.abs().positive_normal() & (y.abs() <= largest));
            negative |= x < F::ZERO;
        }
        if rare {
            self.positive::<F, I, true>(pairs.clone(), out);
        } else {
            self.positive::<F, I, false>(pairs.clone(), out);
        }
        if rare | negative {
            // what is chosen here raises no flag
            let mut not_finite = false;
            for (o, (x, y)) in out.iter_mut().zip(pairs) {
                *o = finish::<F, I>(x, y, *o);
                not_finite |= !o.is_finite();
            }
            if not_finite {
                flags::raise_all();
            }
        }
    }
}

/// `out = x ^ y`, element by element, as far as all three reach. Faster than a loop over [`Real::pow`].
#[inline(always)]
pub fn pow_slice<F: Power, I: Isa>(x: &[F], y: &[F], out: &mut [F]) {
    let n = x.len().min(y.len()).min(out.len());
    // SAFETY: all three reach that far.
    if unsafe { F::kernel::<I, true, true>(x.as_ptr(), y.as_ptr(), &mut out[..n]) } {
        return;
    }
    let mut logs = Logs::ZERO;
    for ((x, y), out) in x
        .chunks(BLOCK)
        .zip(y.chunks(BLOCK))
        .zip(out.chunks_mut(BLOCK))
    {
        logs.block::<F, I>(x.iter().zip(y).map(|(&x, &y)| (x, y)), out);
    }
}

/// Exponents that are one exact operation; says whether `y` is such.
#[inline(always)]
fn simple_exponent<F: Real>(x: &[F], y: F, out: &mut [F]) -> bool {
    let pairs = out.iter_mut().zip(x);
    if y == F::TWO {
        pairs.for_each(|(o, &x)| *o = x * x);
    } else if y == F::HALF {
        // a root, as in NumPy and PyTorch; C99's power differs for -0 and -∞
        pairs.for_each(|(o, &x)| *o = x.sqrt());
    } else if y == F::ONE {
        pairs.for_each(|(o, &x)| *o = x);
    } else if y == -F::ONE {
        pairs.for_each(|(o, &x)| *o = F::ONE / x);
    } else {
        return false;
    }
    true
}

/// `out = x ^ y` with one exponent, as [`pow_slice`].
#[inline(always)]
pub fn pow_exponent<F: Power, I: Isa>(x: &[F], y: F, out: &mut [F]) {
    if simple_exponent(x, y, out) {
        return;
    }
    let n = x.len().min(out.len());
    // SAFETY: both reach that far.
    if unsafe { F::kernel::<I, true, false>(x.as_ptr(), &y, &mut out[..n]) } {
        return;
    }
    let mut logs = Logs::ZERO;
    for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        logs.block::<F, I>(x.iter().map(|&x| (x, y)), out);
    }
}

/// `out = x ^ y` with one base, as [`pow_slice`].
#[inline(always)]
pub fn pow_base<F: Power, I: Isa>(x: F, y: &[F], out: &mut [F]) {
    let n = y.len().min(out.len());
    // SAFETY: both reach that far.
    if unsafe { F::kernel::<I, false, true>(&x, y.as_ptr(), &mut out[..n]) } {
        return;
    }
    let mut logs = Logs::ZERO;
    for (y, out) in y.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        logs.block::<F, I>(y.iter().map(|&y| (x, y)), out);
    }
}
