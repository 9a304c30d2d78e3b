//! What the algorithms need to know of `f32` and `f64`: bit-level primitives and polynomial coefficients.
//!
//! All coefficients are minimax, made by a Remez exchange in 50 digits on the interval that the reduction leaves,
//! and written from the highest power down, as Horner's scheme reads them. The comment behind each gives the
//! relative error of the approximation before any rounding.

// coefficients stand as the fit printed them; a constant split in two has more digits than the shortest form
#![allow(clippy::excessive_precision)]

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::isa::Isa;

/// Bits and coefficients of a floating-point type. Seals [`Real`](super::Real).
pub trait Float:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// 1.
    const UNIT: Self;
    /// 1.5 · 2^(fraction bits): adding it to a small number rounds that to the nearest integer, ties to even, and
    /// leaves the integer in the low bits.
    const MAGIC: Self;
    /// 2^(fraction bits): every number at least this large is an integer.
    const INTEGERS: Self;
    /// log2 e and what rounding lost of it.
    const LOG2_E: [Self; 2];
    /// log10 e and what rounding lost of it.
    const LOG10_E: [Self; 2];
    /// ln 2 with so few bits that a product with an exponent is exact, and the rest.
    const LN_2_PARTS: [Self; 2];
    /// log10 2, split as `LN_2_PARTS`.
    const LOG10_2_PARTS: [Self; 2];
    /// Below this `exp` is 0, above the second infinity.
    const EXP_RANGE: [Self; 2];
    /// The same for `exp2`.
    const EXP2_RANGE: [Self; 2];
    /// Below this `expm1` is -1.
    const EXPM1_MIN: Self;
    /// Above this `sinh` and `cosh` are infinite.
    const SINH_MAX: Self;
    /// (e^r - 1 - r) / r² on ±ln 2 / 2, to keep e^r.
    const EXP: &'static [Self];
    /// The same, to keep e^r - 1.
    const EXPM1: &'static [Self];
    /// (atan(√z)/√z - 1) / z on 0 … 1/16.
    const ATAN: &'static [Self];
    /// (asin(√z)/√z - 1) / z on 0 … 1/4.
    const ASIN: &'static [Self];
    /// (erf(√z)/√z - 1) on 0 … 0.36.
    const ERF: &'static [Self];
    /// (1 + 2x) e^(x²) erfc(x) - 1 of q = (x - centre) / (x + centre), from x = 0.6 to where erfc underflows.
    const ERFC: &'static [Self];
    /// See [`Float::ERFC`].
    const ERFC_CENTRE: Self;
    /// From here on erfc is 0.
    const ERFC_RANGE: Self;
    /// atan ½, π/4, π/2 and π with so few bits that the first two and the others add exactly, and the rests.
    const ANGLES: [[Self; 2]; 4];
    /// π/2 rounded, and what rounding lost.
    const FRAC_PI_2_ROUNDED: [Self; 2];
    /// Squares of numbers between these neither overflow nor lose bits: bounds, and the powers of two that bring
    /// larger and smaller ones there and back.
    const SQUARES: Squares<Self>;
    /// The splitter of Dekker's exact product, 2^(half the bits) + 1.
    const SPLITTER: Self;
    /// `(1 - h)^(-1/3)` for |h| < 0.106.
    const INVERSE_CBRT: &'static [Self];
    /// Below which bound, and above whose inverse, `cbrt` computes with a multiple; which one, and the inverse of its cube root.
    const CUBES: [Self; 3];

    /// 2^n for `t = MAGIC + n`, where that is a normal number.
    fn exp2_of(t: Self) -> Self;
    /// Two factors whose product is 2^n, for |n| up to twice the exponent range.
    fn exp2_factors(t: Self) -> [Self; 2];
    /// `x = 2^k · m` with `m` from √½ to √2, for positive finite `x`; only where `SUBNORMAL` also for subnormals.
    fn split_exponent<const SUBNORMAL: bool>(self) -> (Self, Self);
    /// `e` of `x = m · 2^e` with `½ ≤ m < 1`, for positive finite `x`.
    fn exponent(self) -> Self;
    /// `m` of `x = m · 2^e` with `½ ≤ |m| < 1`, for normal `x`.
    fn mantissa(self) -> Self;
    /// The largest whole `n` such that 2^n and 2^-n are normal numbers.
    const POWERS: Self;
    /// Whether it is positive, normal and finite.
    fn positive_normal(self) -> bool;
    /// `x^(-1/3)` of a positive normal number to 3.4%, from a third of its bits.
    fn inverse_cbrt_estimate(self) -> Self;
    /// `log1p(f) - f` for `f` from √½ - 1 to √2 - 1.
    fn log1p_tail<I: Isa>(f: Self) -> Self;
    /// Whether the integer `n` in `t = MAGIC + n` is odd, and whether its second bit is set.
    fn quadrant(t: Self) -> (bool, bool);
    /// The least positive number.
    const LEAST: Self;
    /// The magnitude one step of bits larger, or smaller, with the same sign.
    fn step_magnitude(self, up: bool) -> Self;
    /// `self` with the sign of `sign`.
    fn with_sign(self, sign: Self) -> Self;
    /// Returns true where the sign bit is set.
    #[inline(always)]
    fn negative(self) -> bool {
        // a comparison of floats, because SSE2 cannot compare 64-bit integers
        Self::UNIT.with_sign(self) != Self::UNIT
    }
}

/// See [`Float::SQUARES`].
pub struct Squares<F> {
    /// Smallest and largest number whose square is harmless.
    pub bounds: [F; 2],
    /// Power of two that brings a larger number down, and back.
    pub down: [F; 2],
    /// Power of two that brings a smaller number up, and back.
    pub up: [F; 2],
}

/// Σ cₖ xᵏ, coefficients from the highest power down.
///
/// Odd and even powers are two Horner schemes in x²: half the latency for one more multiplication. That is what bounds
/// these loops, since the processor's scheduler holds only two or three iterations of them at a time.
#[inline(always)]
pub fn polynomial<F: super::Real, I: Isa>(coefficients: &[F], x: F) -> F {
    let n = coefficients.len();
    if n < 4 {
        let mut sum = coefficients[0];
        for &c in &coefficients[1..] {
            sum = sum.mul_add::<I>(x, c);
        }
        return sum;
    }
    let square = x * x;
    let (mut first, mut second) = (coefficients[0], coefficients[1]);
    let mut i = 2;
    while i + 1 < n {
        first = first.mul_add::<I>(square, coefficients[i]);
        second = second.mul_add::<I>(square, coefficients[i + 1]);
        i += 2;
    }
    if i < n {
        // an odd count: `first` holds the even powers
        first = first.mul_add::<I>(square, coefficients[i]);
        second.mul_add::<I>(x, first)
    } else {
        first.mul_add::<I>(x, second)
    }
}

impl Float for f32 {
    const UNIT: f32 = 1.0;
    const MAGIC: f32 = 12_582_912.0;
    const INTEGERS: f32 = 8_388_608.0;
    const LOG2_E: [f32; 2] = [std::f32::consts::LOG2_E, 1.925_963e-8];
    const LOG10_E: [f32; 2] = [std::f32::consts::LOG10_E, -1.010_305e-8];
    const LN_2_PARTS: [f32; 2] = [0.693_115_234_375, 3.194_618_3e-5];
    const LOG10_2_PARTS: [f32; 2] = [0.301025390625, 4.605038981195214e-06];
    const EXP_RANGE: [f32; 2] = [-104.0, 89.0];
    const EXP2_RANGE: [f32; 2] = [-151.0, 129.0];
    const EXPM1_MIN: f32 = -20.0;
    const SINH_MAX: f32 = 89.5;
    // 2^-28.3
    const EXP: &'static [f32] = &[
        1.381_456_5e-3,
        8.368_745e-3,
        4.166_839e-2,
        0.166_665_21,
        0.499_999_94,
    ];
    // 2^-26.2
    const EXPM1: &'static [f32] = &[
        1.388_250_4e-3,
        8.366_547e-3,
        4.166_72e-2,
        0.166_665_43,
        0.499_999_97,
    ];
    // 2^-32.5
    const ATAN: &'static [f32] = &[9.837_384e-2, -0.142_207_46, 0.199_986_76, -0.333_333_25];
    // 2^-31.7
    const ASIN: &'static [f32] = &[
        3.757_810_6e-2,
        1.439_384_2e-2,
        3.181_981e-2,
        4.451_547_2e-2,
        7.500_512e-2,
        0.166_666_6,
    ];
    // 2^-33.1
    const ERF: &'static [f32] = &[
        -7.348_930_8e-4,
        5.176_707_6e-3,
        -2.685_746e-2,
        0.112_837_19,
        -0.376_126_38,
        0.128_379_17,
    ];
    // 2^-28.1
    const ERFC: &'static [f32] = &[
        -1.782_231_7e-4,
        -1.308_660_8e-3,
        1.125_676_1e-3,
        8.683_492e-3,
        -8.003_886e-3,
        -5.421_547e-2,
        0.164_048_87,
        -0.166_030_6,
        -9.276_377e-2,
        0.276_978_37,
    ];
    const ERFC_CENTRE: f32 = 2.0;
    const ERFC_RANGE: f32 = 10.2;
    const ANGLES: [[f32; 2]; 4] = [
        [0.463_645_935_058_593_75, 1.673_942_2e-6],
        [0.785_385_131_835_937_5, 1.303_156_1e-5],
        [1.570_770_263_671_875, 2.606_312_2e-5],
        [3.141_540_527_343_75, 5.212_624_4e-5],
    ];
    const FRAC_PI_2_ROUNDED: [f32; 2] = [std::f32::consts::FRAC_PI_2, -4.371_139e-8];
    const SQUARES: Squares<f32> = Squares {
        bounds: [
            f32::from_bits((127 - 50) << 23),
            f32::from_bits((127 + 60) << 23),
        ],
        down: [
            f32::from_bits((127 - 80) << 23),
            f32::from_bits((127 + 80) << 23),
        ],
        up: [
            f32::from_bits((127 + 100) << 23),
            f32::from_bits((127 - 100) << 23),
        ],
    };
    const SPLITTER: f32 = 4097.0;
    const INVERSE_CBRT: &'static [f32] = &[0.174_555_34, 0.223_733_72, 0.333_328_46, 0.999_998];
    const CUBES: [f32; 3] = [
        1.0 / (1_u128 << 70) as f32,
        (1_u64 << 48) as f32,
        1.0 / (1_u32 << 16) as f32,
    ];

    #[inline(always)]
    fn exp2_of(t: f32) -> f32 {
        f32::from_bits(t.to_bits().wrapping_add(127) << 23)
    }
    #[inline(always)]
    fn exp2_factors(t: f32) -> [f32; 2] {
        // n + 254, halved: both halves are biased exponents
        let u = t.to_bits().wrapping_sub(Self::MAGIC.to_bits() - 254);
        let half = u >> 1;
        [
            f32::from_bits(half << 23),
            f32::from_bits(u.wrapping_sub(half) << 23),
        ]
    }
    #[inline(always)]
    fn split_exponent<const SUBNORMAL: bool>(self) -> (f32, f32) {
        const ROOT_HALF: u32 = 0x3f35_04f3;
        let tiny = SUBNORMAL && self < f32::MIN_POSITIVE;
        let x = if tiny { self * 8_388_608.0 } else { self };
        let bias = if tiny {
            8_388_608.0 + 127.0 + 23.0
        } else {
            8_388_608.0 + 127.0
        };
        let u = x.to_bits().wrapping_add(0x3f80_0000 - ROOT_HALF);
        // the exponent becomes a float as the low bits of 2^23, without a conversion
        let k = f32::from_bits((u >> 23) | 0x4b00_0000) - bias;
        (k, f32::from_bits((u & 0x007f_ffff).wrapping_add(ROOT_HALF)))
    }
    const POWERS: f32 = 126.0;
    #[inline(always)]
    fn exponent(self) -> f32 {
        let tiny = self < f32::MIN_POSITIVE;
        let x = if tiny { self * 8_388_608.0 } else { self };
        let bias = if tiny { 126.0 + 23.0 } else { 126.0 };
        // as in `split_exponent`
        f32::from_bits((x.to_bits() >> 23) | 0x4b00_0000) - (8_388_608.0 + bias)
    }
    #[inline(always)]
    fn inverse_cbrt_estimate(self) -> f32 {
        // a product of 32 bits and not a quotient: 0.2% more error
        f32::from_bits(0x54a1_b600 - (self.to_bits() >> 16) * 0x5555)
    }
    #[inline(always)]
    fn positive_normal(self) -> bool {
        self.to_bits().wrapping_sub(0x0080_0000) < 0x7f80_0000 - 0x0080_0000
    }
    #[inline(always)]
    fn log1p_tail<I: Isa>(f: f32) -> f32 {
        // log1p(f) = f + f² P(f), 2^-30.3
        const P: &[f32] = &[
            6.746_597_6e-2,
            -0.116_756_18,
            0.118_881_64,
            -0.124_055_96,
            0.142_195_54,
            -0.166_679_95,
            0.200_021_19,
            -0.250_000_1,
            0.333_333_13,
            -0.5,
        ];
        f * f * polynomial::<f32, I>(P, f)
    }
    #[inline(always)]
    fn quadrant(t: f32) -> (bool, bool) {
        (t.to_bits() & 1 != 0, t.to_bits() & 2 != 0)
    }
    #[inline(always)]
    fn mantissa(self) -> f32 {
        f32::from_bits((self.to_bits() & 0x807f_ffff) | 0.5_f32.to_bits())
    }
    const LEAST: f32 = f32::from_bits(1);
    #[inline(always)]
    fn step_magnitude(self, up: bool) -> f32 {
        let bits = self.to_bits();
        f32::from_bits(if up {
            bits.wrapping_add(1)
        } else {
            bits.wrapping_sub(1)
        })
    }
    #[inline(always)]
    fn with_sign(self, sign: f32) -> f32 {
        f32::from_bits((self.to_bits() & 0x7fff_ffff) | (sign.to_bits() & 0x8000_0000))
    }
}

impl Float for f64 {
    const UNIT: f64 = 1.0;
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    const INTEGERS: f64 = 4_503_599_627_370_496.0;
    const LOG2_E: [f64; 2] = [std::f64::consts::LOG2_E, 2.035_527_374_093_103_3e-17];
    const LOG10_E: [f64; 2] = [std::f64::consts::LOG10_E, 1.098_319_650_216_765e-17];
    const LN_2_PARTS: [f64; 2] = [0.693_147_180_559_890_3, 5.497_923_018_708_371e-14];
    const LOG10_2_PARTS: [f64; 2] = [0.30102999566395283, 2.8363394551044964e-14];
    const EXP_RANGE: [f64; 2] = [-746.0, 710.0];
    const EXP2_RANGE: [f64; 2] = [-1076.0, 1025.0];
    const EXPM1_MIN: f64 = -40.0;
    const SINH_MAX: f64 = 710.6;
    // 2^-57.9
    const EXP: &'static [f64] = &[
        2.500_001_214_188_465e-8,
        2.763_030_617_906_465e-7,
        2.755_758_681_121_997e-6,
        2.480_149_294_975_137_7e-5,
        0.000_198_412_695_057_812_17,
        0.001_388_888_894_375_990_6,
        0.008_333_333_333_494_968,
        0.041_666_666_666_529_725,
        0.166_666_666_666_664_1,
        0.500_000_000_000_001_1,
    ];
    // 2^-61.7
    const EXPM1: &'static [f64] = &[
        2.087_530_620_697_946_5e-9,
        2.510_902_478_290_804_8e-8,
        2.755_740_286_082_231_5e-7,
        2.755_724_425_312_205_5e-6,
        2.480_158_717_210_618_3e-5,
        0.000_198_412_698_860_746_56,
        0.001_388_888_888_896_269,
        0.008_333_333_333_321_653,
        0.041_666_666_666_666_505,
        0.166_666_666_666_666_77,
        0.5,
    ];
    // 2^-57.5
    const ATAN: &'static [f64] = &[
        0.046_084_408_028_032_15,
        -0.065_259_686_318_907_06,
        0.076_837_460_269_142_26,
        -0.090_906_039_157_185_33,
        0.111_111_047_420_872_3,
        -0.142_857_142_119_897_28,
        0.199_999_999_995_867,
        -0.333_333_333_333_325_43,
    ];
    // 2^-55.9
    const ASIN: &'static [f64] = &[
        0.031_981_795_688_297_84,
        -0.016_326_852_602_667_828,
        0.019_594_445_425_465_75,
        0.006_503_481_548_936_691_4,
        0.012_174_951_389_754_963,
        0.013_884_349_028_494_995,
        0.017_359_795_795_475_183,
        0.022_371_751_926_873_976,
        0.030_381_959_395_947_344,
        0.044_642_856_821_965_73,
        0.075_000_000_003_448_09,
        0.166_666_666_666_653_75,
    ];
    // 2^-60.0
    const ERF: &'static [f64] = &[
        -1.391_640_440_914_041_3e-7,
        1.628_002_129_733_572e-6,
        -1.491_804_622_084_544_1e-5,
        0.000_120_551_399_546_570_11,
        -0.000_854_832_398_179_393_5,
        0.005_223_977_596_212_891,
        -0.026_866_170_643_516_1,
        0.112_837_916_709_505_9,
        -0.376_126_389_031_837_04,
        0.128_379_167_095_512_6,
    ];
    // 2^-58.8
    const ERFC: &'static [f64] = &[
        -9.875_296_178_708_268e-9,
        -1.239_669_829_038_889e-8,
        1.039_217_253_859_161_6e-7,
        6.748_849_735_649_636e-8,
        -8.203_565_777_235_498e-7,
        2.990_290_049_150_086e-7,
        5.707_098_791_799_407e-6,
        -1.122_439_917_248_156_6e-5,
        -2.439_832_061_489_947_6e-5,
        0.000_150_622_368_684_296_82,
        -0.000_199_256_893_230_172_8,
        -0.000_757_773_419_055_880_6,
        0.005_031_970_006_142_777,
        -0.016_197_734_042_476_156,
        0.037_167_515_535_074_6,
        -0.066_330_365_813_264_75,
        0.093_732_834_998_462_01,
        -0.101_039_066_036_267_82,
        0.068_097_054_254_690_31,
        0.015_379_652_102_619_249,
        -0.139_621_116_840_562_5,
        0.232_995_118_625_552_5,
    ];
    const ERFC_CENTRE: f64 = 4.0;
    const ERFC_RANGE: f64 = 27.5;
    const ANGLES: [[f64; 2]; 4] = [
        [0.463_647_609_000_418, 3.881_011_570_351_764_5e-13],
        [0.785_398_163_397_076_1, 3.721_773_740_243_311_6e-13],
        [1.570_796_326_794_152_3, 7.443_547_480_486_623e-13],
        [3.141_592_653_588_304_6, 1.488_709_496_097_324_6e-12],
    ];
    const FRAC_PI_2_ROUNDED: [f64; 2] = [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17];
    const SQUARES: Squares<f64> = Squares {
        bounds: [
            f64::from_bits((1023 - 450) << 52),
            f64::from_bits((1023 + 500) << 52),
        ],
        down: [
            f64::from_bits((1023 - 600) << 52),
            f64::from_bits((1023 + 600) << 52),
        ],
        up: [
            f64::from_bits((1023 + 700) << 52),
            f64::from_bits((1023 - 700) << 52),
        ],
    };
    const SPLITTER: f64 = 134_217_729.0;
    const INVERSE_CBRT: &'static [f64] = &[
        0.112_980_071_357_994_14,
        0.126_691_336_753_496_4,
        0.144_019_007_343_478_67,
        0.172_829_705_760_675_86,
        0.222_222_253_391_250_73,
        0.333_333_346_199_292,
        0.999_999_999_988_719_2,
    ];
    // 2^-900, 2^300, 2^-100
    const CUBES: [f64; 3] = [
        f64::from_bits(123 << 52),
        f64::from_bits(1323 << 52),
        f64::from_bits(923 << 52),
    ];

    #[inline(always)]
    fn exp2_of(t: f64) -> f64 {
        f64::from_bits(t.to_bits().wrapping_add(1023) << 52)
    }
    #[inline(always)]
    fn exp2_factors(t: f64) -> [f64; 2] {
        let u = t.to_bits().wrapping_sub(Self::MAGIC.to_bits() - 2046);
        let half = u >> 1;
        [
            f64::from_bits(half << 52),
            f64::from_bits(u.wrapping_sub(half) << 52),
        ]
    }
    #[inline(always)]
    fn split_exponent<const SUBNORMAL: bool>(self) -> (f64, f64) {
        const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
        const TWO_52: f64 = 4_503_599_627_370_496.0;
        let tiny = SUBNORMAL && self < f64::MIN_POSITIVE;
        let x = if tiny {
            self * 18_014_398_509_481_984.0
        } else {
            self
        };
        let bias = if tiny {
            TWO_52 + 1023.0 + 54.0
        } else {
            TWO_52 + 1023.0
        };
        let u = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - ROOT_HALF);
        let k = f64::from_bits((u >> 52) | TWO_52.to_bits()) - bias;
        (
            k,
            f64::from_bits((u & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF)),
        )
    }
    const POWERS: f64 = 1022.0;
    #[inline(always)]
    fn exponent(self) -> f64 {
        const TWO_52: f64 = 4_503_599_627_370_496.0;
        let tiny = self < f64::MIN_POSITIVE;
        let x = if tiny { self * TWO_52 } else { self };
        let bias = if tiny { 1022.0 + 52.0 } else { 1022.0 };
        // as in `split_exponent`
        f64::from_bits((x.to_bits() >> 52) | TWO_52.to_bits()) - (TWO_52 + bias)
    }
    #[inline(always)]
    fn inverse_cbrt_estimate(self) -> f64 {
        // a third of the high half, by a product of 32 bits
        f64::from_bits(0x553e_ea00_0000_0000 - (self.to_bits() >> 32) * 0x5555_5555)
    }
    #[inline(always)]
    fn positive_normal(self) -> bool {
        self.to_bits().wrapping_sub(0x0010_0000_0000_0000)
            < 0x7ff0_0000_0000_0000 - 0x0010_0000_0000_0000
    }
    #[inline(always)]
    fn log1p_tail<I: Isa>(f: f64) -> f64 {
        // s = f / (2 + f); log1p(f) = 2 atanh(s) = f - f²/2 + s (f²/2 + z R(z)), z = s² (fdlibm e_log.c); R: 2^-58.5
        const R: &[f64] = &[
            0.147_959_578_641_687_1,
            0.153_140_496_255_723_85,
            0.181_835_643_679_365_08,
            0.222_221_985_722_360_4,
            0.285_714_287_424_239_88,
            0.399_999_999_994_146_15,
            0.666_666_666_666_673_4,
        ];
        let s = f / (2.0 + f);
        let z = s * s;
        let half_square = 0.5 * f * f;
        let r = z * polynomial::<f64, I>(R, z);
        super::Real::mul_add::<I>(s, half_square + r, -half_square)
    }
    #[inline(always)]
    fn quadrant(t: f64) -> (bool, bool) {
        (t.to_bits() & 1 != 0, t.to_bits() & 2 != 0)
    }
    #[inline(always)]
    fn mantissa(self) -> f64 {
        f64::from_bits((self.to_bits() & 0x800f_ffff_ffff_ffff) | 0.5_f64.to_bits())
    }
    const LEAST: f64 = f64::from_bits(1);
    #[inline(always)]
    fn step_magnitude(self, up: bool) -> f64 {
        let bits = self.to_bits();
        f64::from_bits(if up {
            bits.wrapping_add(1)
        } else {
            bits.wrapping_sub(1)
        })
    }
    #[inline(always)]
    fn with_sign(self, sign: f64) -> f64 {
        const SIGN: u64 = 1 << 63;
        f64::from_bits((self.to_bits() & !SIGN) | (sign.to_bits() & SIGN))
    }
}
