//! `f32`: sixteen to a vector, 32 to a table.

// the tables are written as the fit printed them, among other numbers √2
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use std::arch::x86_64::{
    __m512 as V, __mmask16 as Mask, _CMP_EQ_OQ, _CMP_GT_OQ, _CMP_LT_OQ, _CMP_UNORD_Q,
    _MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_NAN, _MM_MANT_SIGN_ZERO, _mm512_abs_ps as magnitude,
    _mm512_add_epi32 as add_whole, _mm512_add_ps as add, _mm512_and_si512 as and_bits,
    _mm512_castps_si512 as bits, _mm512_castsi512_ps as from_bits, _mm512_cmp_ps_mask as compare,
    _mm512_div_ps as div, _mm512_fmadd_ps as fma, _mm512_fmsub_ps as fms, _mm512_fnmadd_ps as fnma,
    _mm512_fpclass_ps_mask as classify, _mm512_getexp_ps as exponent,
    _mm512_getmant_ps as mantissa, _mm512_load_ps as load_aligned, _mm512_loadu_ps as load_whole,
    _mm512_mask_add_ps as add_where, _mm512_mask_div_ps as div_where,
    _mm512_mask_loadu_ps as load_some, _mm512_mask_mov_ps as replace,
    _mm512_mask_storeu_ps as store_some, _mm512_mask_sub_ps as sub_where,
    _mm512_maskz_mov_ps as keep, _mm512_max_ps as larger, _mm512_min_ps as smaller,
    _mm512_movepi32_mask as signs, _mm512_mul_ps as mul, _mm512_permutex2var_ps as permute,
    _mm512_rsqrt14_ps as inverse_root, _mm512_scalef_ps as scale, _mm512_set1_epi32 as whole,
    _mm512_set1_ps as all, _mm512_slli_epi32 as shift_left, _mm512_sqrt_ps as square_root,
    _mm512_store_ps as store_aligned, _mm512_storeu_ps as store_whole, _mm512_sub_ps as sub,
    _mm512_test_epi32_mask as test, _mm512_xor_si512 as xor_bits,
};

use std::array::from_fn;

use super::{BLOCK, Scratch, avx512, unary, width};
use crate::flags;
use crate::isa::Avx512;
use crate::math::Float;
use crate::math::exp::{TANH_IS_ONE, TANH_P, TANH_Q};
use crate::math::pow::finish as special;
use crate::math::trig::Trig;

/// Adding it rounds to 32nds and leaves their number in the low bits.
const THIRTY_SECONDS: f32 = 1.5 * (1_u32 << 18) as f32;

/// About 1/c, in 32nds below 1 and in 64ths above, which makes r exact.
static RECIPROCAL: Table = Table([
    1.0, 0.968_75, 0.937_5, 0.921_875, 0.890_625, 0.859_375, 0.843_75, 0.828_125, 0.796_875,
    0.781_25, 0.765_625, 0.75, 0.734_375, 0.718_75, 0.703_125, 0.687_5, 0.671_875, 1.0, 1.0, 1.0,
    1.0, 1.0, 1.0, 1.0, 1.312_5, 1.281_25, 1.218_75, 1.187_5, 1.156_25, 1.093_75, 1.062_5,
    1.031_25,
]);
/// -log2 of that in multiples of 2^-15: sums with k are exact.
static LOG2: Table = Table([
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
static LOG2_LOW: Table = Table([
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
static EXP2: Table = Table([
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
static EXP2_LOW: Table = Table([
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
/// -ln of the reciprocal in multiples of 2^-15: sums with k times the high part of ln 2 are exact.
static LOG: Table = Table([
    0.0,
    0.031_738_28,
    0.064_544_68,
    0.081_359_86,
    0.115_844_73,
    0.151_550_3,
    0.169_891_36,
    0.188_598_63,
    0.227_050_78,
    0.246_856_69,
    0.267_059_33,
    0.287_689_2,
    0.308_746_34,
    0.330_230_7,
    0.352_233_9,
    0.374_694_82,
    0.397_674_56,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    -0.271_942_14,
    -0.247_833_25,
    -0.197_814_94,
    -0.171_844_48,
    -0.145_172_12,
    -0.089_599_61,
    -0.060_638_428,
    -0.030_761_719,
]);
/// The rest.
static LOG_LOW: Table = Table([
    0.0,
    1.041_706_5e-5,
    -6.156_597e-6,
    -1.422_382_8e-5,
    -1.291_103_8e-5,
    -3.948_415_5e-7,
    7.679_373e-6,
    -7.463_004_7e-6,
    6.669_385e-6,
    3.388_478_5e-6,
    3.459_077e-6,
    -7.136_532_5e-6,
    -1.085_624_1e-5,
    1.097_398e-5,
    -1.329_312_9e-5,
    -1.374_777_3e-6,
    8.407_119e-6,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    8.423_188e-6,
    -2.911_951_5e-6,
    -1.080_192_4e-5,
    -5.774_504_6e-6,
    -9.890_704e-6,
    -1.254_931_4e-5,
    1.380_591_8e-5,
    -9.939_917e-6,
]);
/// -log10 of the reciprocal in multiples of 2^-15, as [`LOG`].
static LOG10: Table = Table([
    0.0,
    0.013793945,
    0.028015137,
    0.035339355,
    0.05029297,
    0.065826416,
    0.073791504,
    0.08190918,
    0.098602295,
    0.10720825,
    0.115997314,
    0.124938965,
    0.13409424,
    0.14343262,
    0.1529541,
    0.16271973,
    0.17269897,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    -0.11810303,
    -0.1076355,
    -0.08590698,
    -0.074645996,
    -0.06304932,
    -0.038909912,
    -0.02633667,
    -0.013366699,
]);
/// The rest.
static LOG10_LOW: Table = Table([
    0.0,
    -5.660827e-06,
    1.3586881e-05,
    -1.1393127e-05,
    1.2149561e-05,
    -9.131526e-06,
    -5.2897453e-06,
    -5.075304e-06,
    7.502964e-06,
    1.7176948e-06,
    -1.3420497e-05,
    -2.2823545e-07,
    -1.2122233e-05,
    -1.0474885e-05,
    1.3358646e-05,
    7.5709354e-06,
    1.2543795e-05,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    0.0,
    3.7152658e-06,
    1.619647e-06,
    -7.646285e-06,
    1.2377797e-05,
    -2.4293408e-06,
    -8.153921e-06,
    7.7312e-06,
    2.7376607e-06,
]);
/// log10 2, as [`LN_2`].
const LOG10_2: [f32; 2] = [0.301_025_4, 4.605_039e-6];
/// ln 2 in a multiple of 2^-15, and a rest above 0, so that both have the sign of an infinite exponent.
const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];

/// For [`log_in_two`].
static LOGARITHM: [&Table; 3] = [&RECIPROCAL, &LOG2, &LOG2_LOW];
/// For [`exp_sum`].
static EXPONENTIAL: [&Table; 2] = [&EXP2, &EXP2_LOW];
/// Exponents (of 2) beyond which powers are 0 or infinite.
const POWERS: f32 = 200.0;

width!(f32, 16);
unary! { f32, 16;
    /// Exponentials.
    exp = exp_of[EXP2, EXP2_LOW];
    /// Natural logarithms.
    log = log_of[RECIPROCAL, LOG, LOG_LOW] looks;
    /// Inverse sines.
    asin = asin_of[];
    /// Inverse tangents.
    atan = atan_of[];
    /// Powers of two.
    exp2 = exp2_of[EXP2, EXP2_LOW];
    /// Binary logarithms.
    log2 = log2_of[RECIPROCAL, LOG2, LOG2_LOW] looks;
    /// Decimal logarithms.
    log10 = log10_of[RECIPROCAL, LOG10, LOG10_LOW] looks;
}

avx512! {
    /// The logarithm for powers: log2 |x| in two parts, 2^-30; NaN for 0 and infinity.
    fn log_in_two(x: V, tables: [Loaded; 3]) -> (V, V) {
        let [reciprocal, log2, log2_low] = tables;
        let (k, m) = split(x);
        let index = add(m, all(THIRTY_SECONDS));
        let r = fma(m, look_up(reciprocal, index), all(-1.0));
        let base = add(k, look_up(log2, index));
        // log2(1 + r) = r / ln 2 + r² P(r), 2^-37.5
        let scale = all(std::f32::consts::LOG2_E);
        let z = mul(r, r);
        let even = fma(all(-0.240_144_15), z, all(-0.360_674_1));
        let odd = fma(all(0.288_785_04), z, all(0.480_898_3));
        let even = fma(even, z, all(-0.721_347_5));
        let p = fma(odd, r, even);
        let h = fma(r, scale, base);
        let lost = fma(r, scale, sub(base, h));
        let low = add(fma(r, all(1.925_963e-8), look_up(log2_low, index)), lost);
        let low = fma(z, p, low);
        let high = add(h, low);
        (high, add(sub(h, high), low))
    }
    /// 2^(x + low).
    fn exp_sum(x: V, low: V, tables: [Loaded; 2]) -> V {
        let [exp2, exp2_low] = tables;
        let x = clamp(x, -160.0, 130.0);
        let index = add(x, all(THIRTY_SECONDS));
        let n = sub(index, all(THIRTY_SECONDS));
        let r = add(sub(x, n), low);
        // (2^r - 1) / r, 2^-33.1
        let p = fma(all(0.055_504_587), r, all(0.240_228_53));
        let p = mul(fma(p, r, all(0.693_147_2)), r);
        let t = look_up(exp2, index);
        let v = add(fma(p, t, look_up(exp2_low, index)), t);
        scale(v, n)
    }
    fn exp2_of(x: V, tables: [Loaded; 2]) -> V {
        exp_sum(x, all(0.0), tables)
    }

    /// k and m, the index of m and r.
    fn reduce_log(x: V, reciprocal: Loaded) -> (V, V, V, V) {
        // NaN for negative numbers; -∞ and ∞ come as exponents of 0 and ∞
        let m = mantissa::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_NAN>(x);
        let k = exponent_for(x, m);
        let index = add(m, all(THIRTY_SECONDS));
        (k, m, index, fma(m, look_up(reciprocal, index), all(-1.0)))
    }
    /// (log1p(r) - r) / r², 2^-25.9, and |r| < 0.03; times what the coefficients are multiplied by.
    fn log1p_tail(r: V, z: V, factor: f32) -> V {
        let all = |c: f32| all(c * factor);
        let odd = fma(all(0.199_858_41), z, all(0.333_333_43));
        let even = fma(all(-0.250_142_87), z, all(-0.5));
        fma(odd, r, even)
    }
    fn log_of(x: V, tables: [Loaded; 3]) -> V {
        let [reciprocal, log, log_low] = tables;
        let (k, _, index, r) = reduce_log(x, reciprocal);
        let base = fma(k, all(LN_2[0]), look_up(log, index));
        let low = fma(k, all(LN_2[1]), look_up(log_low, index));
        let z = mul(r, r);
        add(base, add(r, fma(log1p_tail(r, z, 1.0), z, low)))
    }
    fn log2_of(x: V, tables: [Loaded; 3]) -> V {
        let [reciprocal, log2, log2_low] = tables;
        let (k, m, index, r) = reduce_log(x, reciprocal);
        in_base(m, r, add(k, look_up(log2, index)), look_up(log2_low, index), f32::LOG2_E)
    }
    fn log10_of(x: V, tables: [Loaded; 3]) -> V {
        let [reciprocal, log10, log10_low] = tables;
        let (k, m, index, r) = reduce_log(x, reciprocal);
        let base = fma(k, all(LOG10_2[0]), look_up(log10, index));
        let low = fma(k, all(LOG10_2[1]), look_up(log10_low, index));
        in_base(m, r, base, low, f32::LOG10_E)
    }
    /// `base + low + log1p(r) · factor`, of which powers of the base become whole numbers.
    fn in_base(m: V, r: V, base: V, low: V, factor: [f32; 2]) -> V {
        let z = mul(r, r);
        let low = fma(log1p_tail(r, z, factor[0]), z, fma(r, all(factor[1]), low));
        let high = fma(r, all(factor[0]), base);
        let lost = fma(r, all(factor[0]), sub(base, high));
        let y = add(high, add(lost, low));
        // of an infinite exponent the base alone, and NaN of no mantissa
        add_where(y, not_finite(y), base, m)
    }
    fn exp_of(x: V, tables: [Loaded; 2]) -> V {
        let [exp2, exp2_low] = tables;
        let x = clamp(x, -110.0, 90.0);
        let index = fma(x, all(std::f32::consts::LOG2_E), all(THIRTY_SECONDS));
        let n = sub(index, all(THIRTY_SECONDS));
        let r = fnma(n, all(-1.904_654_2e-9), fnma(n, all(0.693_147_2), x));
        // (e^r - 1 - r) / r², and |r| < 0.011: 2^-30
        let p = fma(fma(all(0.166_667_43), r, all(0.5)), mul(r, r), r);
        let t = look_up(exp2, index);
        scale(add(fma(p, t, look_up(exp2_low, index)), t), n)
    }
    /// The sign and the special cases.
    #[cold]
    fn finish(a: V, b: V, r: V) -> V {
        // 1 to an infinite exponent comes as NaN
        let one = compare::<_CMP_EQ_OQ>(magnitude(a), all(1.0));
        let r = replace(r, one, all(1.0));
        let mut lanes = [[0.0_f32; 16]; 3];
        for (lanes, v) in lanes.iter_mut().zip([a, b, r]) {
            // SAFETY: sixteen floats.
            unsafe { store_whole(lanes.as_mut_ptr(), v) };
        }
        let [a, b, mut r] = lanes;
        for ((r, a), b) in r.iter_mut().zip(a).zip(b) {
            *r = special::<f32, Avx512>(a, b, *r);
        }
        // SAFETY: as above.
        unsafe { load_whole(r.as_ptr()) }
    }
}

/// π/2, each part what rounding down lost of those before. A product of the first with a whole number below 2^21, taken from
/// the number that it is nearest to, is exact. Parts above 0 leave -0 as it is.
const FRAC_PI_2: [f32; 3] = [1.570_796_3, 7.549_789_4e-8, 5.390_302_5e-15];
/// Adding it rounds to a whole number and leaves that in the low bits.
const WHOLE: f32 = 12_582_912.0;

avx512! {
    /// n among the bits, r of `x = n π/2 + r`, and what rounding added to r. The difference of r and its first step is exact in
    /// two parts: that step is a multiple of r's last bit (Dekker's condition), though it may be the smaller.
    fn reduce_angle(x: V) -> (V, V, V) {
        let t = fma(x, all(std::f32::consts::FRAC_2_PI), all(WHOLE));
        let n = sub(t, all(WHOLE));
        let coarse = fnma(n, all(FRAC_PI_2[0]), x);
        let r = fnma(n, all(FRAC_PI_2[1]), coarse);
        let step = sub(r, coarse);
        let step_low = sub(r, add(coarse, step));
        let added = add(fma(n, all(FRAC_PI_2[1]), step), step_low);
        (t, r, fma(n, all(FRAC_PI_2[2]), added))
    }
    /// sin(x + shift · π/2). The polynomials of sine and cosine (`trig.rs`) have as many coefficients, of which each lane
    /// takes its own: sin r = r - r z Q(z), cos r = 1 - z Q(z).
    fn sin_of(x: V, shift: i32) -> V {
        let (t, r, added) = reduce_angle(x);
        let quadrant = add_whole(bits(t), whole(shift));
        let odd = test(quadrant, whole(1));
        let either = |sin: f32, cos: f32| replace(all(sin), odd, all(cos));
        let z = mul(r, r);
        let q = fma(either(-2.718_237_3e-6, -2.443_241_5e-5), z, either(1.983_932_7e-4, 1.388_731e-3));
        let q = fma(q, z, either(-8.333_329e-3, -4.166_664_6e-2));
        let q = fma(q, z, either(0.166_666_67, 0.5));
        let first = replace(r, odd, all(1.0));
        // the derivative of the cosine is small where the sine's is not; and + 0 keeps the sign of a zero
        let y = sub(first, fma(mul(first, z), q, keep(!odd, added)));
        from_bits(xor_bits(bits(y), and_bits(shift_left::<30>(quadrant), whole(i32::MIN))))
    }
    /// tan r or -1 / tan r.
    fn tan_of(x: V) -> V {
        let (t, r, added) = reduce_angle(x);
        let odd = test(bits(t), whole(1));
        // (tan r - r) / r³ over z, 2^-28.9
        let z = mul(r, r);
        let square = mul(z, z);
        let p = fma(all(0.004_663_608), square, all(0.011_292_191));
        let q = fma(all(-0.000_491_459_97), square, all(0.021_107_197));
        let p = fma(p, square, all(0.054_093_525));
        let q = fma(q, square, all(0.133_323_7));
        let p = fma(p, square, all(0.333_333_58));
        let p = fma(q, z, p);
        let y = sub(r, fnma(mul(r, z), p, added));
        div_where(y, odd, all(-1.0), y)
    }
    /// (atan u - u) / u³ over z = u², up to 1, 2^-28.5.
    fn atan_tail(z: V) -> V {
        let square = mul(z, z);
        let p = fma(all(-0.001_782_824_5), square, all(-0.031_096_987));
        let q = fma(all(0.010_868_691), square, all(0.057_881_39));
        let p = fma(p, square, all(-0.083_993_06));
        let q = fma(q, square, all(0.109_508_805));
        let p = fma(p, square, all(-0.142_640_16));
        let q = fma(q, square, all(0.199_985_3));
        let p = fma(p, square, all(-0.333_333));
        fma(q, z, p)
    }
    /// atan |x|, above 1 as π/2 + atan(-1 / |x|), with the sign of x.
    fn atan_of(x: V, []: [Loaded; 0]) -> V {
        let size = magnitude(x);
        let beyond = compare::<_CMP_GT_OQ>(size, all(1.0));
        let u = div_where(size, beyond, all(-1.0), size);
        let z = mul(u, u);
        let low = fma(mul(u, z), atan_tail(z), keep(beyond, all(FRAC_PI_2[1])));
        let y = add(keep(beyond, all(FRAC_PI_2[0])), add(u, low));
        from_bits(xor_bits(bits(y), and_bits(bits(x), whole(i32::MIN))))
    }
    /// asin |x| with the sign of x; above ½ as π/2 - 2 asin √((1 - |x|) / 2), with what rounding loses of the root.
    fn asin_of(x: V, []: [Loaded; 0]) -> V {
        let size = magnitude(x);
        let far = compare::<_CMP_GT_OQ>(size, all(0.5));
        let half = fnma(size, all(0.5), all(0.5));
        // beyond 1 NaN, with a flag
        let root = square_root(half);
        let twice_lost = mul(fnma(root, root, half), inverse_root(larger(half, all(1e-30))));
        let z = replace(mul(x, x), far, half);
        // (asin √z / √z - 1) / z, 2^-31.7
        let square = mul(z, z);
        let q = fma(all(3.757_810_6e-2), square, all(3.181_981e-2));
        let p = fma(all(1.439_384_2e-2), square, all(4.451_547_2e-2));
        let q = fma(q, square, all(7.500_512e-2));
        let p = fma(p, square, all(0.166_666_6));
        let tail = mul(mul(replace(size, far, root), z), fma(q, z, p));
        let [right, right_low, _] = FRAC_PI_2;
        let coarse = fnma(root, all(2.0), all(right));
        let lost = fnma(root, all(2.0), sub(all(right), coarse));
        let fine = add(fnma(tail, all(2.0), sub(all(right_low), twice_lost)), lost);
        let y = replace(add(size, tail), far, add(coarse, fine));
        from_bits(xor_bits(bits(y), and_bits(bits(x), whole(i32::MIN))))
    }
    /// The angle of (x, y): u is the quotient of the smaller by the larger, which is mirrored at π/4 and at π/2.
    fn atan2_of(y: V, x: V) -> V {
        let (vertical, across) = (magnitude(y), magnitude(x));
        let steep = compare::<_CMP_GT_OQ>(vertical, across);
        let back = signs(bits(x));
        let (a, b) = (smaller(vertical, across), larger(vertical, across));
        // 0 / 0 is 0, and two infinities are as ones
        let b = replace(b, compare::<_CMP_EQ_OQ>(b, all(0.0)), all(1.0));
        let infinite = compare::<_CMP_EQ_OQ>(a, all(f32::INFINITY));
        let (a, b) = (replace(a, infinite, all(1.0)), replace(b, infinite, all(1.0)));
        let u = div(a, b);
        let u = sub_where(u, steep ^ back, all(-0.0), u);
        let z = mul(u, u);
        // π is twice π/2 in each part
        let base = |part: f32| replace(keep(back, all(2.0 * part)), steep, all(part));
        let low = fma(mul(u, z), atan_tail(z), base(FRAC_PI_2[1]));
        let angle = add(base(FRAC_PI_2[0]), add(u, low));
        let angle = from_bits(xor_bits(bits(angle), and_bits(bits(y), whole(i32::MIN))));
        add_where(angle, compare::<_CMP_UNORD_Q>(x, y), x, y)
    }
}

/// Functions of angles. They say whether an angle is beyond [`Trig::REDUCIBLE`]; the result of that is arbitrary.
macro_rules! angles {
    ($($name:ident = $f:ident($($shift:literal)?);)*) => { $(
        /// # Safety
        /// The processor has AVX-512 F, VL, DQ and BW, and `x` is valid for as many elements as `out` has.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn $name(x: *const f32, out: &mut [f32]) -> bool {
            let n = out.len();
            let out = out.as_mut_ptr();
            let mut large: Mask = 0;
            for i in (0..n).step_by(16) {
                let mask = first(n - i);
                // SAFETY: the mask names elements below `n` only.
                let x = unsafe { load::<true>(x, i, mask) };
                let r = $f(x $(, $shift)?);
                large |= compare::<_CMP_GT_OQ>(magnitude(x), all(<f32 as Trig>::REDUCIBLE));
                // SAFETY: as above.
                unsafe { store(out.add(i), mask, r) };
            }
            large != 0
        }
    )* };
}
angles! {
    sin = sin_of(0);
    cos = sin_of(1);
    tan = tan_of();
}

/// `out` = the angle of (x, y). `Y`, `X`: whether they vary.
///
/// # Safety
/// The processor has AVX-512 F, VL, DQ and BW. What varies is valid for as many elements as `out` has, what does not for
/// one.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
pub unsafe fn atan2<const Y: bool, const X: bool>(y: *const f32, x: *const f32, out: &mut [f32]) {
    let n = out.len();
    let out = out.as_mut_ptr();
    for i in (0..n).step_by(16) {
        let mask = first(n - i);
        // SAFETY: the mask names elements below `n` only.
        unsafe {
            let r = atan2_of(load::<Y>(y, i, mask), load::<X>(x, i, mask));
            store(out.add(i), mask, r);
        }
    }
}

/// Vectors worked on at once where one alone would wait for its own results: their instructions alternate.
const ABREAST: usize = 4;

/// Hyperbolic tangents, by [`crate::math::exp::tanh32`]'s formula.
///
/// # Safety
/// The processor has AVX-512 F, VL, DQ and BW, and `x` is valid for as many elements as `out` has.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
pub unsafe fn tanh(x: *const f32, out: &mut [f32]) {
    let n = out.len();
    let out = out.as_mut_ptr();
    let mut i = 0;
    while i + ABREAST * 16 <= n {
        // SAFETY: as many vectors lie before `n`.
        unsafe {
            let r = tanh_of::<ABREAST>(std::array::from_fn(|k| load_whole(x.add(i + 16 * k))));
            for (k, r) in r.into_iter().enumerate() {
                store_whole(out.add(i + 16 * k), r);
            }
        }
        i += ABREAST * 16;
    }
    for i in (i..n).step_by(16) {
        let mask = first(n - i);
        // SAFETY: the mask names elements below `n` only.
        unsafe {
            let [r] = tanh_of([load::<true>(x, i, mask)]);
            store(out.add(i), mask, r);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn tanh_of<const N: usize>(x: [V; N]) -> [V; N] {
    let x = x.map(|x| clamp(x, -TANH_IS_ONE, TANH_IS_ONE));
    let z = x.map(|x| mul(x, x));
    let p = z.map(|z| fma(all(TANH_P[0]), z, all(TANH_P[1])));
    let q = z.map(|z| fma(all(TANH_Q[0]), z, all(TANH_Q[1])));
    let p: [V; N] = from_fn(|k| mul(p[k], z[k]));
    let q: [V; N] = from_fn(|k| fma(q[k], z[k], all(TANH_Q[2])));
    let a: [V; N] = from_fn(|k| fma(x[k], p[k], x[k]));
    let q: [V; N] = from_fn(|k| mul(q[k], z[k]));
    let quarter = a.map(|a| mul(a, all(0.25)));
    let above: [V; N] = from_fn(|k| fma(a[k], q[k], a[k]));
    let square: [V; N] = from_fn(|k| mul(q[k], add(q[k], all(2.0))));
    let below: [V; N] = from_fn(|k| add(fma(quarter[k], a[k], square[k]), all(1.0)));
    from_fn(|k| div(above[k], below[k]))
}
