//! `f32`: sixteen to a vector, 32 to a table.

// the tables are written as the fit printed them, among other numbers √2
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use std::arch::x86_64::*;

use super::{BLOCK, Scratch, avx512};
use crate::isa::Avx512;
use crate::math::pow::finish;

/// A table by the low five bits, for `f32`: c is the nearest multiple of 1/32 there.
#[repr(align(64))]
struct Narrow([f32; 32]);

/// As [`SIXTEENTHS`].
const THIRTY_SECONDS: f32 = 1.5 * (1_u32 << 18) as f32;

/// About 1/c, in 32nds below 1 and in 64ths above, which makes r exact.
static RECIPROCAL_NARROW: Narrow = Narrow([
    1.0, 0.968_75, 0.937_5, 0.921_875, 0.890_625, 0.859_375, 0.843_75, 0.828_125, 0.796_875,
    0.781_25, 0.765_625, 0.75, 0.734_375, 0.718_75, 0.703_125, 0.687_5, 0.671_875, 1.0, 1.0, 1.0,
    1.0, 1.0, 1.0, 1.0, 1.312_5, 1.281_25, 1.218_75, 1.187_5, 1.156_25, 1.093_75, 1.062_5,
    1.031_25,
]);
/// -log2 of that in multiples of 2^-15: sums with k are exact.
static LOG2: Narrow = Narrow([
    0.0,
    0.045_806_884_765_625,
    0.093_109_130_859_375,
    0.117_370_605_468_75,
    0.167_114_257_812_5,
    0.218_627_929_687_5,
    0.245_117_187_5,
    0.272_094_726_562_5,
    0.327_575_683_593_75,
    0.356_140_136_718_75,
    0.385_284_423_828_125,
    0.415_039_062_5,
    0.445_404_052_734_375,
    0.476_440_429_687_5,
    0.508_148_193_359_375,
    0.540_557_861_328_125,
    0.573_730_468_75,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    -0.392_303_466_796_875,
    -0.357_543_945_312_5,
    -0.285_400_390_625,
    -0.247_924_804_687_5,
    -0.209_442_138_671_875,
    -0.129_272_460_937_5,
    -0.087_463_378_906_25,
    -0.044_403_076_171_875,
]);
/// The rest.
static LOG2_LOW: Narrow = Narrow([
    0.0,
    -3.195_152_4e-06,
    2.735_321e-07,
    -1.365_483_1e-05,
    -4.271_977e-06,
    1.235_678_8e-05,
    -4.689_663_5e-06,
    -1.518_112_55e-05,
    -1.025_565_2e-06,
    3.673_506_6e-06,
    5.732_056_7e-06,
    -1.563_221_2e-06,
    7.095_588e-06,
    -2.385_744_4e-06,
    -1.289_689_1e-06,
    1.052_003_4e-05,
    4.776_548e-06,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    -1.395_598_2e-05,
    -8.059_305e-06,
    -1.828_237_3e-06,
    -2.708_756e-06,
    -1.122_695_7e-05,
    -1.055_600_75e-05,
    5.376_559e-07,
    8.956_814e-06,
]);
/// 2^(i/32).
static EXP2_NARROW: Narrow = Narrow([
    1.0,
    1.021_897_2,
    1.044_273_7,
    1.067_140_5,
    1.090_507_7,
    1.114_386_8,
    1.138_788_6,
    1.163_724_9,
    1.189_207_1,
    1.215_247_4,
    1.241_857_8,
    1.269_051,
    1.296_839_6,
    1.325_236_7,
    1.354_255_6,
    1.383_91,
    1.414_213_5,
    1.445_180_8,
    1.476_826_2,
    1.509_164_5,
    1.542_210_8,
    1.575_980_9,
    1.610_490_3,
    1.645_755_5,
    1.681_792_9,
    1.718_619_3,
    1.756_252_2,
    1.794_709_1,
    1.834_008_1,
    1.874_167_7,
    1.915_206_6,
    1.957_144_1,
]);
/// What rounding lost of it.
static EXP2_LOW_NARROW: Narrow = Narrow([
    0.0,
    -4.811_56e-08,
    4.833_47e-08,
    -5.933_752e-08,
    -1.307_754e-08,
    -5.435_54e-08,
    5.386_222_3e-08,
    -4.051_441_5e-08,
    3.797_635_3e-08,
    -3.267_395e-08,
    4.496_838e-08,
    1.419_333_3e-09,
    -4.018_999_5e-08,
    -3.496_373_3e-08,
    -1.012_334_9e-08,
    -5.875_577_4e-08,
    2.420_323_5e-08,
    3.324_2e-08,
    -4.500_899e-08,
    -2.495_937_3e-08,
    8.070_905e-09,
    -5.661_025_4e-08,
    9.836_217e-09,
    -5.124_972e-08,
    -2.475_532_7e-08,
    -4.849_617_6e-08,
    -9.235_77e-09,
    -1.141_504_5e-08,
    -1.123_927_8e-08,
    -4.663_005_6e-08,
    9.845_328e-09,
    -1.702_180_4e-08,
]);

/// A table in two registers.
#[derive(Clone, Copy)]
struct LoadedNarrow(__m512, __m512);

avx512! {
    fn load_narrow(table: &Narrow) -> LoadedNarrow {
        // SAFETY: 32 floats, aligned to 64 bytes.
        unsafe { LoadedNarrow(_mm512_load_ps(table.0.as_ptr()), _mm512_load_ps(table.0.as_ptr().add(16))) }
    }
    fn look_up_narrow(table: LoadedNarrow, index: __m512) -> __m512 {
        _mm512_permutex2var_ps(table.0, _mm512_castps_si512(index), table.1)
    }
    /// log2 |x| in two parts, 2^-30; NaN for 0 and infinity.
    fn log2_in_two(x: __m512, reciprocal: LoadedNarrow, log2: LoadedNarrow, log2_low: LoadedNarrow) -> (__m512, __m512) {
        let c = |v: f32| _mm512_set1_ps(v);
        let m = _mm512_getmant_ps::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_ZERO>(x);
        let k = _mm512_getexp_ps(x);
        let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(m, c(1.0));
        let k = _mm512_mask_add_ps(k, below, k, c(1.0));
        let index = _mm512_add_ps(m, c(THIRTY_SECONDS));
        let r = _mm512_fmadd_ps(m, look_up_narrow(reciprocal, index), c(-1.0));
        let base = _mm512_add_ps(k, look_up_narrow(log2, index));
        // log2(1 + r) = r / ln 2 + r² P(r), 2^-37.5
        let scale = c(std::f32::consts::LOG2_E);
        let z = _mm512_mul_ps(r, r);
        let even = _mm512_fmadd_ps(c(-0.240_144_15), z, c(-0.360_674_1));
        let odd = _mm512_fmadd_ps(c(0.288_785_04), z, c(0.480_898_3));
        let even = _mm512_fmadd_ps(even, z, c(-0.721_347_5));
        let p = _mm512_fmadd_ps(odd, r, even);
        let h = _mm512_fmadd_ps(r, scale, base);
        let lost = _mm512_fmadd_ps(r, scale, _mm512_sub_ps(base, h));
        let low = _mm512_add_ps(_mm512_fmadd_ps(r, c(1.925_963e-8), look_up_narrow(log2_low, index)), lost);
        let low = _mm512_fmadd_ps(z, p, low);
        let high = _mm512_add_ps(h, low);
        (high, _mm512_add_ps(_mm512_sub_ps(h, high), low))
    }
    /// 2^(x + low).
    fn exp2_sum(x: __m512, low: __m512, exp2: LoadedNarrow, exp2_low: LoadedNarrow) -> __m512 {
        let c = |v: f32| _mm512_set1_ps(v);
        let x = _mm512_max_ps(c(-160.0), _mm512_min_ps(c(130.0), x));
        let index = _mm512_add_ps(x, c(THIRTY_SECONDS));
        let n = _mm512_sub_ps(index, c(THIRTY_SECONDS));
        let r = _mm512_add_ps(_mm512_sub_ps(x, n), low);
        // (2^r - 1) / r, 2^-33.1
        let p = _mm512_fmadd_ps(c(0.055_504_587), r, c(0.240_228_53));
        let p = _mm512_mul_ps(_mm512_fmadd_ps(p, r, c(0.693_147_2)), r);
        let t = look_up_narrow(exp2, index);
        let v = _mm512_add_ps(_mm512_fmadd_ps(p, t, look_up_narrow(exp2_low, index)), t);
        _mm512_scalef_ps(v, n)
    }
}

/// The first `n` lanes.
#[inline(always)]
fn mask16(n: usize) -> __mmask16 {
    if n >= 16 { !0 } else { (1 << n) - 1 }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn load32<const VARIES: bool>(p: *const f32, i: usize, mask: __mmask16) -> __m512 {
    // SAFETY: the caller vouches for the elements that the mask names, and for the first one.
    unsafe {
        if !VARIES {
            _mm512_set1_ps(*p)
        } else if mask == !0 {
            _mm512_loadu_ps(p.add(i))
        } else {
            _mm512_maskz_loadu_ps(mask, p.add(i))
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn store32(p: *mut f32, mask: __mmask16, v: __m512) {
    // SAFETY: the caller vouches for the elements that the mask names.
    unsafe {
        if mask == !0 {
            _mm512_storeu_ps(p, v);
        } else {
            _mm512_mask_storeu_ps(p, mask, v);
        }
    }
}

/// `out = x ^ y`. `X`, `Y`: do they vary?
///
/// # Safety
/// The processor has AVX-512 F, VL, DQ and BW. What varies is valid for as many elements as `out` has, what does not for
/// one.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
pub unsafe fn pow32<const X: bool, const Y: bool>(x: *const f32, y: *const f32, out: &mut [f32]) {
    let mut scratch =
        [const { Scratch([const { std::mem::MaybeUninit::<f32>::uninit() }; BLOCK]) }; 2];
    let [high, low] = scratch.each_mut().map(|s| s.0.as_mut_ptr().cast::<f32>());
    let n = out.len();
    let out = out.as_mut_ptr();
    let mut start = 0;
    while start < n {
        let len = (n - start).min(BLOCK);
        let (reciprocal, log2, log2_low) = (
            load_narrow(&RECIPROCAL_NARROW),
            load_narrow(&LOG2),
            load_narrow(&LOG2_LOW),
        );
        for i in (0..len).step_by(16) {
            let mask = mask16(len - i);
            // SAFETY: the mask names elements below `n` only.
            let (a, b) = unsafe {
                (
                    load32::<X>(x, start + i, mask),
                    load32::<Y>(y, start + i, mask),
                )
            };
            let (h, l) = log2_in_two(a, reciprocal, log2, log2_low);
            let p = _mm512_mul_ps(b, h);
            // the low part of an infinite product would be NaN
            let small = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(_mm512_abs_ps(p), _mm512_set1_ps(200.0));
            let p_low = _mm512_fmadd_ps(b, l, _mm512_fmsub_ps(b, h, p));
            // SAFETY: the scratch has whole vectors.
            unsafe {
                _mm512_store_ps(high.add(i), p);
                _mm512_store_ps(low.add(i), _mm512_maskz_mov_ps(small, p_low));
            }
        }
        let (exp2, exp2_low) = (load_narrow(&EXP2_NARROW), load_narrow(&EXP2_LOW_NARROW));
        for i in (0..len).step_by(16) {
            let mask = mask16(len - i);
            // SAFETY: written above; and the mask.
            let (p, p_low, a) = unsafe {
                (
                    _mm512_load_ps(high.add(i)),
                    _mm512_load_ps(low.add(i)),
                    load32::<X>(x, start + i, mask),
                )
            };
            let mut r = exp2_sum(p, p_low, exp2, exp2_low);
            let rare = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(r, r)
                | _mm512_movepi32_mask(_mm512_castps_si512(a));
            if rare != 0 {
                // SAFETY: as above.
                r = finish32(a, unsafe { load32::<Y>(y, start + i, mask) }, r);
            }
            // SAFETY: as above.
            unsafe { store32(out.add(start + i), mask, r) };
        }
        start += len;
    }
}

avx512! {
    /// The sign and the special cases.
    #[cold]
    fn finish32(a: __m512, b: __m512, r: __m512) -> __m512 {
        // 1 to an infinite exponent comes as NaN
        let one = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(_mm512_abs_ps(a), _mm512_set1_ps(1.0));
        let r = _mm512_mask_mov_ps(r, one, _mm512_set1_ps(1.0));
        let mut lanes = [[0.0_f32; 16]; 3];
        for (lanes, v) in lanes.iter_mut().zip([a, b, r]) {
            // SAFETY: sixteen floats.
            unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), v) };
        }
        let [a, b, mut r] = lanes;
        for ((r, a), b) in r.iter_mut().zip(a).zip(b) {
            *r = finish::<f32, Avx512>(a, b, *r);
        }
        // SAFETY: as above.
        unsafe { _mm512_loadu_ps(r.as_ptr()) }
    }
}
