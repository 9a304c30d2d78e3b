//! `f64`: eight to a vector, 16 to a table.

// the tables are written as the fit printed them, among other numbers √2
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use std::arch::x86_64::{
    __m512d as V, __mmask8 as Mask, _CMP_EQ_OQ, _CMP_LT_OQ, _CMP_UNORD_Q, _MM_FROUND_NO_EXC,
    _MM_FROUND_TO_ZERO, _MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_NAN, _MM_MANT_SIGN_ZERO,
    _mm512_abs_pd as magnitude, _mm512_add_pd as add, _mm512_and_pd as and,
    _mm512_andnot_pd as clear, _mm512_castpd_si512 as bits, _mm512_cmp_pd_mask as compare,
    _mm512_div_pd as div, _mm512_fmadd_pd as fma, _mm512_fmsub_pd as fms, _mm512_fnmadd_pd as fnma,
    _mm512_fpclass_pd_mask as classify, _mm512_getexp_pd as exponent,
    _mm512_getmant_pd as mantissa, _mm512_load_pd as load_aligned, _mm512_loadu_pd as load_whole,
    _mm512_mask_add_pd as add_where, _mm512_mask_loadu_pd as load_some,
    _mm512_mask_mov_pd as replace, _mm512_mask_storeu_pd as store_some,
    _mm512_mask_xor_pd as xor_where, _mm512_maskz_mov_pd as keep, _mm512_max_pd as larger,
    _mm512_min_pd as smaller, _mm512_movepi64_mask as signs, _mm512_mul_pd as mul,
    _mm512_or_pd as or, _mm512_permutex2var_pd as permute, _mm512_roundscale_pd as round,
    _mm512_scalef_pd as scale, _mm512_set1_pd as all, _mm512_store_pd as store_aligned,
    _mm512_storeu_pd as store_whole, _mm512_sub_pd as sub,
};

use super::{BLOCK, Scratch, avx512, unary, width};
use crate::flags;
use crate::math::Float;

/// Adding it rounds to sixteenths and leaves their number in the low bits.
const SIXTEENTHS: f64 = 1.5 * (1_u64 << 48) as f64;

// The entries are by 16 c mod 16: c runs over 1 … 1½, three unused, ¾ … 15/16.
/// About 1/c for `f64`, in sixteenths below 1 and in 32nds above.
static RECIPROCAL: Table = Table([
    1.0, 0.9375, 0.875, 0.84375, 0.8125, 0.75, 0.71875, 0.6875, 0.6875, 1.0, 1.0, 1.0, 1.3125,
    1.25, 1.125, 1.0625,
]);
/// -log of that in multiples of 2^-42: sums with k · ln 2, rounded so too, are exact.
static LOG: Table = Table([
    0.0,
    0.064_538_521_137_592_4,
    0.133_531_392_624_490_76,
    0.169_899_036_795_413_85,
    0.207_639_364_778_287_93,
    0.287_682_072_451_843_85,
    0.330_241_686_870_522_24,
    0.374_693_449_441_338_1,
    0.374_693_449_441_338_1,
    0.0,
    0.0,
    0.0,
    -0.271_933_715_483_555_7,
    -0.223_143_551_314_251_45,
    -0.117_783_035_656_43,
    -0.060_624_621_816_486_98,
]);
/// The rest.
static LOG_LOW: Table = Table([
    0.0,
    -2.122_560_804_480_999_7e-14,
    3.185_973_634_907_833_4e-14,
    -1.637_627_641_409_750_3e-14,
    -4.342_542_259_524_256_4e-14,
    -6.292_357_389_008_195e-14,
    5.461_214_448_992_021_5e-14,
    7.260_466_149_925_637e-14,
    7.260_466_149_925_637e-14,
    0.0,
    0.0,
    0.0,
    -8.604_306_772_808_733e-14,
    4.169_796_584_527_195e-14,
    4.654_729_747_598_445e-14,
    5.213_620_639_136_504e-14,
]);
const LN_2: [f64; 2] = [0.693_147_180_559_890_3, 5.497_923_018_708_371e-14];
/// -log2 of the reciprocal in multiples of 2^-42: sums with k are exact.
static LOG2: Table = Table([
    0.0,
    0.09310940439149817,
    0.1926450779424158,
    0.2451124978365442,
    0.29956028185893047,
    0.41503749927892386,
    0.47643804394306244,
    0.5405683813626183,
    0.5405683813626183,
    0.0,
    0.0,
    0.0,
    -0.39231742277866033,
    -0.3219280948874257,
    -0.16992500144237965,
    -0.0874628412502716,
]);
/// The rest.
static LOG2_LOW: Table = Table([
    0.0,
    -1.6703260328550802e-14,
    -1.9917399279874596e-14,
    -1.275189131300513e-14,
    -2.262651135603261e-14,
    -8.00418555854124e-14,
    -7.531150579247643e-14,
    8.443284155858175e-14,
    8.443284155858175e-14,
    0.0,
    0.0,
    0.0,
    -9.995925486528699e-14,
    6.33385952568616e-14,
    6.728996427240727e-14,
    -6.781363655020842e-14,
]);
/// -log10 of it, as [`LOG`].
static LOG10: Table = Table([
    0.0,
    0.02802872360030051,
    0.05799194697760868,
    0.07378621416091846,
    0.09017663034910584,
    0.12493873660832833,
    0.14342214230237005,
    0.16272729749766768,
    0.16272729749766768,
    0.0,
    0.0,
    0.0,
    -0.11809931207790214,
    -0.09691001300802782,
    -0.051152522447409865,
    -0.026328938722372186,
]);
/// The rest.
static LOG10_LOW: Table = Table([
    0.0,
    -5.697035970961075e-14,
    7.807781277774597e-14,
    2.023262471821997e-16,
    -1.78235453177227e-14,
    -2.8373705641129622e-14,
    -5.695092715108574e-14,
    3.206228782072406e-14,
    3.206228782072406e-14,
    0.0,
    0.0,
    0.0,
    -9.234612513604464e-14,
    -2.859665406848114e-14,
    2.857603188831182e-14,
    2.303833573367737e-14,
]);
/// log10 2, as [`LN_2`]; both parts above 0, so that both have the sign of an infinite exponent.
const LOG10_2: [f64; 2] = [0.301_029_995_663_839_14, 1.420_502_322_726_61e-13];
/// 2^(i/16).
static EXP2: Table = Table([
    1.0,
    1.044_273_782_427_413_8,
    1.090_507_732_665_257_7,
    1.138_788_634_756_691_6,
    1.189_207_115_002_721,
    1.241_857_812_073_484,
    1.296_839_554_651_009_6,
    1.354_255_546_936_892_7,
    1.414_213_562_373_095_1,
    1.476_826_145_939_499_3,
    1.542_210_825_407_940_7,
    1.610_490_331_949_254_3,
    1.681_792_830_507_429,
    1.756_252_160_373_299_5,
    1.834_008_086_409_342_4,
    1.915_206_561_397_147_4,
]);
/// What rounding lost of it.
static EXP2_LOW: Table = Table([
    0.0,
    8.551_889_705_537_965e-17,
    -3.046_782_079_812_471e-17,
    8.912_812_676_025_408e-17,
    3.982_015_231_465_646e-17,
    4.658_027_591_836_937e-17,
    2.538_250_279_488_831_5e-17,
    7.700_948_379_802_99e-17,
    -9.667_293_313_452_913e-17,
    -3.483_994_556_892_796e-17,
    7.949_834_809_697_621e-17,
    2.470_719_256_979_788_8e-17,
    8.199_010_020_581_497e-17,
    2.960_140_695_448_873e-17,
    3.283_107_224_245_627e-17,
    -1.061_994_605_619_596_3e-16,
]);
/// What rounding lost of it, as a part of it.
static EXP2_LOST: Table = Table([
    0.0,
    8.189_317_638_195_515e-17,
    -2.793_911_485_951_573_3e-17,
    7.826_573_258_636_076e-17,
    3.348_462_333_625_152_4e-17,
    3.750_854_201_303_127e-17,
    1.957_258_529_311_203_6e-17,
    5.686_480_957_911_74e-17,
    -6.835_808_657_661_923e-17,
    -2.359_109_477_085_005_3e-17,
    5.154_830_117_078_679e-17,
    1.534_141_005_360_372_3e-17,
    4.875_160_526_227_061e-17,
    1.685_487_290_628_973e-17,
    1.790_126_907_604_513_4e-17,
    -5.545_065_618_639_427e-17,
]);

/// For [`log_in_two`].
static LOGARITHM: [&Table; 3] = [&RECIPROCAL, &LOG, &LOG_LOW];
/// For [`exp_sum`].
static EXPONENTIAL: [&Table; 2] = [&EXP2, &EXP2_LOW];
/// Exponents beyond which powers are 0 or infinite.
const POWERS: f64 = 1000.0;

width!(f64, 8);
unary! { f64, 8;
    /// Exponentials.
    exp = exp_of[EXP2, EXP2_LOW];
    /// Natural logarithms.
    log = log_of[RECIPROCAL, LOG, LOG_LOW] looks;
    /// Powers of two.
    exp2 = exp2_of[EXP2, EXP2_LOW];
    /// Binary logarithms.
    log2 = log2_of[RECIPROCAL, LOG2, LOG2_LOW] looks;
    /// Decimal logarithms.
    log10 = log10_of[RECIPROCAL, LOG10, LOG10_LOW] looks;
    /// Hyperbolic tangents.
    tanh = tanh_of[EXP2, EXP2_LOST];
}

avx512! {
    /// The sign and the special cases, in vectors: the compiler makes none of eight doubles.
    #[cold]
    fn finish(a: V, b: V, r: V) -> V {
        let (zero, one, infinity) = (all(0.0), all(1.0), all(f64::INFINITY));
        let size = magnitude(a);
        let equal = |v, w| compare::<_CMP_EQ_OQ>(v, w);
        let less = |v, w| compare::<_CMP_LT_OQ>(v, w);
        let below = less(b, zero);
        let r = replace(r, equal(size, one), one);
        let r = replace(r, equal(size, zero), keep(below, infinity));
        let r = replace(r, equal(size, infinity), keep(!below, infinity));
        let is_whole = |v| equal(round::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(v), v);
        let whole = is_whole(b);
        let odd = whole & !is_whole(mul(b, all(0.5)));
        let flip = odd & signs(bits(a));
        let r = xor_where(r, flip, r, all(-0.0));
        let outside = less(a, zero) & less(size, infinity) & !whole;
        let nan = outside | compare::<_CMP_UNORD_Q>(a, b);
        let r = replace(r, nan, all(f64::NAN));
        replace(r, equal(b, zero) | equal(a, one), one)
    }

    /// log |x| in two parts, 2^-64; NaN for 0 and infinity.
    fn log_in_two(x: V, tables: [Loaded; 3]) -> (V, V) {
        let [reciprocal, log, log_low] = tables;
        let (k, m) = split(x);
        let index = add(m, all(SIXTEENTHS));
        let r = fma(m, look_up(reciprocal, index), all(-1.0));
        let base = fma(k, all(LN_2[0]), look_up(log, index));
        let low = fma(k, all(LN_2[1]), look_up(log_low, index));
        // log1p(r) = r - r²/2 + r³ P(r)
        let z = mul(r, r);
        let even = fma(all(0.091_517_201_684_519_99), z, all(0.111_109_326_779_543_85));
        let odd = fma(all(-0.082_288_709_303_950_96), z, all(-0.100_008_859_052_491_36));
        let even = fma(even, z, all(0.142_857_145_226_268_25));
        let odd = fma(odd, z, all(-0.124_999_978_135_782_3));
        let even = fma(even, z, all(0.199_999_999_998_641_15));
        let odd = fma(odd, z, all(-0.166_666_666_687_757_73));
        let even = fma(even, z, all(0.333_333_333_333_333_6));
        let odd = fma(odd, z, all(-0.249_999_999_999_993_37));
        let p = fma(odd, r, even);
        let h = add(base, r);
        let l = add(sub(base, h), r);
        let half = mul(r, all(0.5));
        let sum = fnma(half, r, h);
        let lost = fnma(half, r, sub(h, sum));
        let low = add(add(low, l), lost);
        let low = fma(mul(r, z), p, low);
        let high = add(sum, low);
        (high, add(sub(sum, high), low))
    }
    /// e^(x + low).
    fn exp_sum(x: V, low: V, tables: [Loaded; 2]) -> V {
        let [exp2, exp2_low] = tables;
        let x = clamp(x, -760.0, 720.0);
        let index = fma(x, all(std::f64::consts::LOG2_E), all(SIXTEENTHS));
        let n = sub(index, all(SIXTEENTHS));
        let r = add(fnma(n, all(LN_2[0]), x), fnma(n, all(LN_2[1]), low));
        scale(exp_small(r, index, exp2, exp2_low), n)
    }
    fn exp_of(x: V, tables: [Loaded; 2]) -> V {
        exp_sum(x, all(0.0), tables)
    }
    /// e^r · 2^(index / 16), |r| at most ln 2 / 32.
    fn exp_small(r: V, index: V, exp2: Loaded, exp2_low: Loaded) -> V {
        // (e^r - 1 - r) / r², 2^-56.3
        let z = mul(r, r);
        let even = fma(all(0.001_388_859_323_149_424_9), z, all(0.041_666_666_693_367_146));
        let odd = fma(all(0.008_333_472_196_688_686), z, all(0.166_666_666_644_090_16));
        let even = fma(even, z, all(0.499_999_999_999_996));
        let p = fma(fma(odd, r, even), z, r);
        let t = look_up(exp2, index);
        add(fma(p, t, look_up(exp2_low, index)), t)
    }

    fn exp2_of(x: V, tables: [Loaded; 2]) -> V {
        let [exp2, exp2_low] = tables;
        let x = clamp(x, -1100.0, 1100.0);
        let index = add(x, all(SIXTEENTHS));
        let n = sub(index, all(SIXTEENTHS));
        let r = mul(sub(x, n), all(std::f64::consts::LN_2));
        scale(exp_small(r, index, exp2, exp2_low), n)
    }

    /// k and m, the index of m and r.
    fn reduce_log(x: V, reciprocal: Loaded) -> (V, V, V, V) {
        // NaN for negative numbers; -∞ and ∞ come as exponents of 0 and ∞
        let m = mantissa::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_NAN>(x);
        let k = exponent_for(x, m);
        let index = add(m, all(SIXTEENTHS));
        (k, m, index, fma(m, look_up(reciprocal, index), all(-1.0)))
    }
    /// (log1p(r) - r) / r², 2^-54.8, times what the coefficients are multiplied by.
    fn log1p_tail(r: V, z: V, factor: f64) -> V {
        let all = |c: f64| all(c * factor);
        let even = fma(all(-0.098_914_495_370_053_58), z, all(-0.125_007_485_880_024_53));
        let odd = fma(all(0.111_715_266_867_469_49), z, all(0.142_855_754_604_935_02));
        let even = fma(even, z, all(-0.166_666_652_714_937_47));
        let odd = fma(odd, z, all(0.200_000_001_263_866_97));
        let even = fma(even, z, all(-0.250_000_000_008_780_9));
        let odd = fma(odd, z, all(0.333_333_333_332_973_4));
        let even = fma(even, z, all(-0.499_999_999_999_998_7));
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
        in_base(m, r, add(k, look_up(log2, index)), look_up(log2_low, index), f64::LOG2_E)
    }
    fn log10_of(x: V, tables: [Loaded; 3]) -> V {
        let [reciprocal, log10, log10_low] = tables;
        let (k, m, index, r) = reduce_log(x, reciprocal);
        let base = fma(k, all(LOG10_2[0]), look_up(log10, index));
        let low = fma(k, all(LOG10_2[1]), look_up(log10_low, index));
        in_base(m, r, base, low, f64::LOG10_E)
    }
    /// `base + low + log1p(r) · factor`, of which powers of the base become whole numbers.
    fn in_base(m: V, r: V, base: V, low: V, factor: [f64; 2]) -> V {
        let z = mul(r, r);
        let low = fma(log1p_tail(r, z, factor[0]), z, fma(r, all(factor[1]), low));
        let high = fma(r, all(factor[0]), base);
        let lost = fma(r, all(factor[0]), sub(base, high));
        let y = add(high, add(lost, low));
        // of an infinite exponent the base alone, and NaN of no mantissa
        add_where(y, not_finite(y), base, m)
    }
    /// As -e / (2 + e) with e = expm1(-2|x|), from -1 to 0.
    fn tanh_of(x: V, tables: [Loaded; 2]) -> V {
        let [exp2, lost] = tables;
        let a = smaller(all(20.0), magnitude(x));
        let y = mul(a, all(-2.0));
        let index = fma(y, all(std::f64::consts::LOG2_E), all(SIXTEENTHS));
        let n = sub(index, all(SIXTEENTHS));
        let r = fnma(n, all(LN_2[1]), fnma(n, all(LN_2[0]), y));
        // (e^r - 1 - r) / r², 2^-66.3
        let z = mul(r, r);
        let even = fma(all(0.001_388_911_254_985_335_2), z, all(0.041_666_666_660_585_29));
        let odd = fma(all(0.000_198_410_942_221_027_7), z, all(0.008_333_333_335_699_857));
        let even = fma(even, z, all(0.500_000_000_000_000_4));
        let odd = fma(odd, z, all(0.166_666_666_666_666_2));
        let p = fma(odd, r, even);
        let q = add(fma(p, z, look_up(lost, index)), r);
        let s = scale(look_up(exp2, index), n);
        // s - 1 and what rounding loses of it
        let base = sub(s, all(1.0));
        let rest = sub(s, add(base, all(1.0)));
        let e = add(base, fma(s, q, rest));
        let t = div(e, add(e, all(2.0)));
        // the magnitude with the sign of x
        let sign = all(-0.0);
        or(clear(sign, t), and(sign, x))
    }
}
