//! `f64`: eight to a vector, 16 to a table.

// the tables are written as the fit printed them, among other numbers √2
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use std::arch::x86_64::*;

use super::{BLOCK, Scratch, avx512};

/// A table by the low four bits.
#[repr(align(64))]
struct Table([f64; 16]);

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

/// A table in two registers.
#[derive(Clone, Copy)]
struct Loaded(__m512d, __m512d);

avx512! {
    fn load(table: &Table) -> Loaded {
        // SAFETY: sixteen doubles, aligned to 64 bytes.
        unsafe { Loaded(_mm512_load_pd(table.0.as_ptr()), _mm512_load_pd(table.0.as_ptr().add(8))) }
    }
    fn look_up(table: Loaded, index: __m512d) -> __m512d {
        _mm512_permutex2var_pd(table.0, _mm512_castpd_si512(index), table.1)
    }
    fn all(x: f64) -> __m512d {
        _mm512_set1_pd(x)
    }
    fn fma(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        _mm512_fmadd_pd(a, b, c)
    }
    fn add(a: __m512d, b: __m512d) -> __m512d {
        _mm512_add_pd(a, b)
    }
    fn sub(a: __m512d, b: __m512d) -> __m512d {
        _mm512_sub_pd(a, b)
    }
    fn mul(a: __m512d, b: __m512d) -> __m512d {
        _mm512_mul_pd(a, b)
    }
    /// Between two bounds; NaN stays.
    fn clamp(x: __m512d, low: f64, high: f64) -> __m512d {
        // both return their second operand where one is NaN
        _mm512_max_pd(all(low), _mm512_min_pd(all(high), x))
    }
    /// k and m of `x = 2^k m`, `m` from ¾ to 1½, of the magnitude.
    fn split(x: __m512d) -> (__m512d, __m512d) {
        let m = _mm512_getmant_pd::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_ZERO>(x);
        let k = _mm512_getexp_pd(x);
        let below = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(m, all(1.0));
        (_mm512_mask_add_pd(k, below, k, all(1.0)), m)
    }
}

/// The first `n` lanes.
#[inline(always)]
fn mask8(n: usize) -> __mmask8 {
    if n >= 8 { !0 } else { (1 << n) - 1 }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn load64<const VARIES: bool>(p: *const f64, i: usize, mask: __mmask8) -> __m512d {
    // SAFETY: the caller vouches for the elements that the mask names, and for the first one.
    unsafe {
        if !VARIES {
            _mm512_set1_pd(*p)
        } else if mask == !0 {
            _mm512_loadu_pd(p.add(i))
        } else {
            _mm512_maskz_loadu_pd(mask, p.add(i))
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn store64(p: *mut f64, mask: __mmask8, v: __m512d) {
    // SAFETY: the caller vouches for the elements that the mask names.
    unsafe {
        if mask == !0 {
            _mm512_storeu_pd(p, v);
        } else {
            _mm512_mask_storeu_pd(p, mask, v);
        }
    }
}

/// As [`super::pow32`].
///
/// # Safety
/// As there.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
pub unsafe fn pow64<const X: bool, const Y: bool>(x: *const f64, y: *const f64, out: &mut [f64]) {
    let mut scratch =
        [const { Scratch([const { std::mem::MaybeUninit::<f64>::uninit() }; BLOCK]) }; 2];
    let [high, low] = scratch.each_mut().map(|s| s.0.as_mut_ptr().cast::<f64>());
    let n = out.len();
    let out = out.as_mut_ptr();
    let mut start = 0;
    while start < n {
        let len = (n - start).min(BLOCK);
        let (reciprocal, log, log_low) = (load(&RECIPROCAL), load(&LOG), load(&LOG_LOW));
        for i in (0..len).step_by(8) {
            let mask = mask8(len - i);
            // SAFETY: the mask names elements below `n` only.
            let (a, b) = unsafe {
                (
                    load64::<X>(x, start + i, mask),
                    load64::<Y>(y, start + i, mask),
                )
            };
            let (h, l) = log_in_two(a, reciprocal, log, log_low);
            let p = mul(b, h);
            // the low part of an infinite product would be NaN
            let small = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(_mm512_abs_pd(p), all(1000.0));
            let p_low = fma(b, l, _mm512_fmsub_pd(b, h, p));
            // SAFETY: the scratch has whole vectors.
            unsafe {
                _mm512_store_pd(high.add(i), p);
                _mm512_store_pd(low.add(i), _mm512_maskz_mov_pd(small, p_low));
            }
        }
        let (exp2, exp2_low) = (load(&EXP2), load(&EXP2_LOW));
        for i in (0..len).step_by(8) {
            let mask = mask8(len - i);
            // SAFETY: written above; and the mask.
            let (p, p_low, a) = unsafe {
                (
                    _mm512_load_pd(high.add(i)),
                    _mm512_load_pd(low.add(i)),
                    load64::<X>(x, start + i, mask),
                )
            };
            let mut r = exp_sum(p, p_low, exp2, exp2_low);
            let rare = _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(r, r)
                | _mm512_movepi64_mask(_mm512_castpd_si512(a));
            if rare != 0 {
                // SAFETY: as above.
                r = finish64(a, unsafe { load64::<Y>(y, start + i, mask) }, r);
            }
            // SAFETY: as above.
            unsafe { store64(out.add(start + i), mask, r) };
        }
        start += len;
    }
}

avx512! {
    /// The sign and the special cases, in vectors: the compiler makes none of eight doubles.
    #[cold]
    fn finish64(a: __m512d, b: __m512d, r: __m512d) -> __m512d {
        let (zero, one, infinity) = (all(0.0), all(1.0), all(f64::INFINITY));
        let size = _mm512_abs_pd(a);
        let equal = |v, w| _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(v, w);
        let less = |v, w| _mm512_cmp_pd_mask::<_CMP_LT_OQ>(v, w);
        let below = less(b, zero);
        let r = _mm512_mask_mov_pd(r, equal(size, one), one);
        let r = _mm512_mask_mov_pd(r, equal(size, zero), _mm512_maskz_mov_pd(below, infinity));
        let r = _mm512_mask_mov_pd(r, equal(size, infinity), _mm512_maskz_mov_pd(!below, infinity));
        let is_whole = |v| equal(_mm512_roundscale_pd::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(v), v);
        let whole = is_whole(b);
        let odd = whole & !is_whole(mul(b, all(0.5)));
        let flip = odd & _mm512_movepi64_mask(_mm512_castpd_si512(a));
        let r = _mm512_mask_xor_pd(r, flip, r, all(-0.0));
        let outside = less(a, zero) & less(size, infinity) & !whole;
        let nan = outside | _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(a, b);
        let r = _mm512_mask_mov_pd(r, nan, all(f64::NAN));
        _mm512_mask_mov_pd(r, equal(b, zero) | equal(a, one), one)
    }

    /// log |x| in two parts, 2^-64; NaN for 0 and infinity.
    fn log_in_two(x: __m512d, reciprocal: Loaded, log: Loaded, log_low: Loaded) -> (__m512d, __m512d) {
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
        let sum = _mm512_fnmadd_pd(half, r, h);
        let lost = _mm512_fnmadd_pd(half, r, sub(h, sum));
        let low = add(add(low, l), lost);
        let low = fma(mul(r, z), p, low);
        let high = add(sum, low);
        (high, add(sub(sum, high), low))
    }
    /// e^(x + low).
    fn exp_sum(x: __m512d, low: __m512d, exp2: Loaded, exp2_low: Loaded) -> __m512d {
        let x = clamp(x, -760.0, 720.0);
        let index = fma(x, all(std::f64::consts::LOG2_E), all(SIXTEENTHS));
        let n = sub(index, all(SIXTEENTHS));
        let r = add(_mm512_fnmadd_pd(n, all(LN_2[0]), x), _mm512_fnmadd_pd(n, all(LN_2[1]), low));
        _mm512_scalef_pd(exp_small(r, index, exp2, exp2_low), n)
    }
    /// e^r · 2^(index / 16), |r| at most ln 2 / 32.
    fn exp_small(r: __m512d, index: __m512d, exp2: Loaded, exp2_low: Loaded) -> __m512d {
        // (e^r - 1 - r) / r², 2^-56.3
        let z = mul(r, r);
        let even = fma(all(0.001_388_859_323_149_424_9), z, all(0.041_666_666_693_367_146));
        let odd = fma(all(0.008_333_472_196_688_686), z, all(0.166_666_666_644_090_16));
        let even = fma(even, z, all(0.499_999_999_999_996));
        let p = fma(fma(odd, r, even), z, r);
        let t = look_up(exp2, index);
        add(fma(p, t, look_up(exp2_low, index)), t)
    }
}

/// `out = f(x)` by vectors.
macro_rules! unary64 {
    ($(#[$doc:meta])* $name:ident, |$x:ident, [$($table:ident = $from:ident),*]| $body:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// The processor has AVX-512 F, VL, DQ and BW, and `x` is valid for as many elements as `out` has.
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
        pub unsafe fn $name(x: *const f64, out: &mut [f64]) {
            $(let $table = load(&$from);)*
            let n = out.len();
            let out = out.as_mut_ptr();
            for i in (0..n).step_by(8) {
                let mask = mask8(n - i);
                // SAFETY: the mask names elements below `n` only.
                let $x = unsafe { load64::<true>(x, i, mask) };
                let r = $body;
                // SAFETY: as above.
                unsafe { store64(out.add(i), mask, r) };
            }
        }
    };
}
unary64! {
    /// Exponentials.
    exp64, |x, [exp2 = EXP2, exp2_low = EXP2_LOW]| exp_sum(x, all(0.0), exp2, exp2_low)
}
unary64! {
    /// Natural logarithms.
    log64, |x, [reciprocal = RECIPROCAL, high = LOG, low = LOG_LOW]| log(x, reciprocal, high, low)
}
unary64! {
    /// Hyperbolic tangents.
    tanh64, |x, [exp2 = EXP2, lost = EXP2_LOST]| tanh(x, exp2, lost)
}

avx512! {
    fn log(x: __m512d, reciprocal: Loaded, log: Loaded, log_low: Loaded) -> __m512d {
        // NaN for negative numbers; -∞ and ∞ come as exponents of 0 and ∞
        let m = _mm512_getmant_pd::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_NAN>(x);
        let k = _mm512_getexp_pd(x);
        let below = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(m, all(1.0));
        let k = _mm512_mask_add_pd(k, below, k, all(1.0));
        let index = add(m, all(SIXTEENTHS));
        let r = fma(m, look_up(reciprocal, index), all(-1.0));
        let base = fma(k, all(LN_2[0]), look_up(log, index));
        let low = fma(k, all(LN_2[1]), look_up(log_low, index));
        // (log1p(r) - r) / r², 2^-54.8
        let z = mul(r, r);
        let even = fma(all(-0.098_914_495_370_053_58), z, all(-0.125_007_485_880_024_53));
        let odd = fma(all(0.111_715_266_867_469_49), z, all(0.142_855_754_604_935_02));
        let even = fma(even, z, all(-0.166_666_652_714_937_47));
        let odd = fma(odd, z, all(0.200_000_001_263_866_97));
        let even = fma(even, z, all(-0.250_000_000_008_780_9));
        let odd = fma(odd, z, all(0.333_333_333_332_973_4));
        let even = fma(even, z, all(-0.499_999_999_999_998_7));
        let p = fma(odd, r, even);
        add(base, add(r, fma(p, z, low)))
    }
    /// As -e / (2 + e) with e = expm1(-2|x|), from -1 to 0.
    fn tanh(x: __m512d, exp2: Loaded, lost: Loaded) -> __m512d {
        let a = _mm512_min_pd(all(20.0), _mm512_abs_pd(x));
        let y = mul(a, all(-2.0));
        let index = fma(y, all(std::f64::consts::LOG2_E), all(SIXTEENTHS));
        let n = sub(index, all(SIXTEENTHS));
        let r = _mm512_fnmadd_pd(n, all(LN_2[1]), _mm512_fnmadd_pd(n, all(LN_2[0]), y));
        // (e^r - 1 - r) / r², 2^-66.3
        let z = mul(r, r);
        let even = fma(all(0.001_388_911_254_985_335_2), z, all(0.041_666_666_660_585_29));
        let odd = fma(all(0.000_198_410_942_221_027_7), z, all(0.008_333_333_335_699_857));
        let even = fma(even, z, all(0.500_000_000_000_000_4));
        let odd = fma(odd, z, all(0.166_666_666_666_666_2));
        let p = fma(odd, r, even);
        let q = add(fma(p, z, look_up(lost, index)), r);
        let s = _mm512_scalef_pd(look_up(exp2, index), n);
        // s - 1 and what rounding loses of it
        let base = sub(s, all(1.0));
        let rest = sub(s, add(base, all(1.0)));
        let e = add(base, fma(s, q, rest));
        let t = _mm512_div_pd(e, add(e, all(2.0)));
        // the magnitude with the sign of x
        let sign = all(-0.0);
        _mm512_or_pd(_mm512_andnot_pd(sign, t), _mm512_and_pd(sign, x))
    }
}
