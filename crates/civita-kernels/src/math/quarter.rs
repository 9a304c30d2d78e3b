//! Conversions of 8-bit floats as branch-free integer code, by the methods of [`half`](super::half).
//!
//! Rounding is to nearest, ties to even; subnormals are exact. `e4m3` has no infinities: what is too large, infinities among
//! it, becomes NaN, as in PyTorch and ml_dtypes (OCP's conversion without saturation). `e5m2` is the upper byte of binary16.

use super::half::{f16_to_f32, f64_to_f32_odd};

/// The bits of `e4m3` to `f32`, exactly.
#[inline(always)]
pub fn e4m3_to_f32(bits: u8) -> f32 {
    const REBIAS: f32 = f32::from_bits((127 + 127 - 7) << 23);
    let bits = u32::from(bits);
    let rest = bits & 0x7f;
    // the product makes subnormals normal
    let scaled = (f32::from_bits(rest << 20) * REBIAS).to_bits();
    let magnitude = if rest == 0x7f { 0x7fc0_0000 } else { scaled };
    f32::from_bits(magnitude | (bits & 0x80) << 24)
}

/// The bits of `e5m2` to `f32`, exactly.
#[inline(always)]
pub fn e5m2_to_f32(bits: u8) -> f32 {
    f16_to_f32(u16::from(bits) << 8)
}

/// `f32` to an 8-bit float with `FRACTION` bits of fraction, whose exponent has the bias `BIAS`: its magnitude where it is a
/// number that is not too large.
#[inline(always)]
fn magnitude<const FRACTION: u32, const BIAS: u32>(a: u32) -> u32 {
    let shift = 23 - FRACTION;
    let magic = (127 - BIAS + shift + 1) << 23;
    let odd = (a >> shift) & 1;
    let normal = a
        .wrapping_add(BIAS.wrapping_sub(127) << 23)
        .wrapping_add((1 << (shift - 1)) - 1)
        .wrapping_add(odd)
        >> shift;
    // below the least normal number: adding the magic number shifts the fraction into place and rounds it
    let tiny = (f32::from_bits(a) + f32::from_bits(magic))
        .to_bits()
        .wrapping_sub(magic);
    if a < ((128 - BIAS) << 23) {
        tiny
    } else {
        normal
    }
}

/// `f32` to the bits of `e4m3`, to nearest, ties to even.
#[inline(always)]
pub fn f32_to_e4m3(x: f32) -> u8 {
    /// Half way between the largest number and the one that would follow: the even one is the largest.
    const LARGEST: u32 = 464_f32.to_bits();
    let bits = x.to_bits();
    let a = bits & 0x7fff_ffff;
    let number = magnitude::<3, 7>(a);
    let magnitude = if a > LARGEST { 0x7f } else { number };
    (magnitude | ((bits >> 24) & 0x80)) as u8
}

/// `f32` to the bits of `e5m2`, to nearest, ties to even.
#[inline(always)]
pub fn f32_to_e5m2(x: f32) -> u8 {
    let bits = x.to_bits();
    let a = bits & 0x7fff_ffff;
    let number = magnitude::<2, 15>(a);
    let nan = 0x7e | ((a >> 21) & 3);
    let special = if a > 0x7f80_0000 { nan } else { 0x7c };
    let magnitude = if a >= (143 << 23) { special } else { number };
    (magnitude | ((bits >> 24) & 0x80)) as u8
}

/// `f64` to the bits of `e4m3`, rounded once, to nearest, ties to even.
#[inline(always)]
pub fn f64_to_e4m3(x: f64) -> u8 {
    f32_to_e4m3(f64_to_f32_odd(x))
}

/// `f64` to the bits of `e5m2`, rounded once, to nearest, ties to even.
#[inline(always)]
pub fn f64_to_e5m2(x: f64) -> u8 {
    f32_to_e5m2(f64_to_f32_odd(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the specification says of the bits.
    fn value(bits: u8, fraction: i32, bias: i32) -> f64 {
        let (exponent, rest) = (
            i32::from(bits & 0x7f) >> fraction,
            f64::from((bits & 0x7f) & ((1 << fraction) - 1)),
        );
        let rest = rest / f64::from(1 << fraction);
        let size = match exponent {
            0 => rest * 2_f64.powi(1 - bias),
            e => (1.0 + rest) * 2_f64.powi(e - bias),
        };
        if bits & 0x80 == 0 { size } else { -size }
    }

    #[test]
    fn each_of_the_256_values_is_what_the_specification_says() {
        for bits in 0..=u8::MAX {
            let rest = bits & 0x7f;
            match rest {
                0x7f => assert!(e4m3_to_f32(bits).is_nan()),
                _ => assert_eq!(f64::from(e4m3_to_f32(bits)), value(bits, 3, 7), "{bits:#x}"),
            }
            match rest {
                0x7c => assert!(e5m2_to_f32(bits).is_infinite()),
                0x7d.. => assert!(e5m2_to_f32(bits).is_nan()),
                _ => assert_eq!(
                    f64::from(e5m2_to_f32(bits)),
                    value(bits, 2, 15),
                    "{bits:#x}"
                ),
            }
            let sign = (bits & 0x80 != 0, e4m3_to_f32(bits).is_sign_negative());
            assert_eq!(sign.0, sign.1, "{bits:#x}");
            if rest != 0x7f {
                assert_eq!(f32_to_e4m3(e4m3_to_f32(bits)), bits);
                assert_eq!(f64_to_e4m3(e4m3_to_f32(bits).into()), bits);
            }
            if rest <= 0x7c {
                assert_eq!(f32_to_e5m2(e5m2_to_f32(bits)), bits);
                assert_eq!(f64_to_e5m2(e5m2_to_f32(bits).into()), bits);
            }
        }
    }

    /// Beside the nearest of all values, found by comparing: at, below and above each value and each half way.
    #[test]
    fn numbers_are_rounded_to_the_nearest_ties_to_even() {
        for (fraction, bias, largest, above) in [(3, 7, 0x7e_u8, 480.0), (2, 15, 0x7b, 65536.0)] {
            let at = |bits: u8| match bits > largest {
                true => above,
                false => value(bits, fraction, bias),
            };
            for bits in 0..=largest {
                let (low, high) = (at(bits), at(bits + 1));
                let half = f64::midpoint(low, high);
                let even = if bits % 2 == 0 { bits } else { bits + 1 };
                for (x, nearest) in [
                    (low, bits),
                    (half.next_down(), bits),
                    (half, even),
                    (half.next_up(), bits + 1),
                ] {
                    for (x, sign) in [(x, 0), (-x, 0x80)] {
                        let got = match fraction {
                            3 => f64_to_e4m3(x),
                            _ => f64_to_e5m2(x),
                        };
                        assert_eq!(got, nearest | sign, "{x:e}");
                        let single = x as f32;
                        if f64::from(single) == x {
                            let got = match fraction {
                                3 => f32_to_e4m3(single),
                                _ => f32_to_e5m2(single),
                            };
                            assert_eq!(got, nearest | sign, "{x:e}");
                        }
                    }
                }
            }
        }
        for huge in [481.0, 1e30, f32::MAX, f32::INFINITY, f32::NAN] {
            assert_eq!(f32_to_e4m3(huge) & 0x7f, 0x7f, "{huge}");
            assert_eq!(f32_to_e4m3(-huge) & 0x7f, 0x7f, "{huge}");
        }
        assert_eq!(f32_to_e5m2(f32::MAX), 0x7c);
        assert_eq!(f32_to_e5m2(-1e30), 0xfc);
        assert!(e5m2_to_f32(f32_to_e5m2(f32::NAN)).is_nan());
        assert!(e5m2_to_f32(f32_to_e5m2(f32::from_bits(0x7f80_0001))).is_nan());
    }
}
