//! Half-precision conversions as branch-free integer code, so that loops over them vectorise on every instruction set.
//!
//! Rounding is to nearest, ties to even; overflow goes to infinity, subnormals are exact, a NaN keeps its sign and the
//! upper bits of its payload and becomes quiet. The method for binary16 is Fabian Giesen's ("half-float conversions"):
//! rebias in the integer domain, and let one floating-point addition do the rounding or normalising of subnormals.
//!
//! Runs of binary16 go through the processor's own instructions where it has them.
//!
//! `f64` values are first rounded *to odd* in `f32`: the sticky lowest bit keeps the second rounding right (Boldo and
//! Melquiond, "When double rounding is odd", 2005).

use crate::isa::Isa;

/// Binary16 bits to `f32`, exactly.
#[inline(always)]
pub fn f16_to_f32(bits: u16) -> f32 {
    const EXPONENT: u32 = 0x7c00 << 13;
    const REBIAS: u32 = (127 - 15) << 23;
    let bits = bits as u32;
    let shifted = (bits & 0x7fff) << 13;
    let exponent = shifted & EXPONENT;
    let normal = shifted.wrapping_add(REBIAS);
    // infinity and NaN: rebias a second time; a NaN is made quiet
    let quiet = if shifted > EXPONENT { 0x0040_0000 } else { 0 };
    let special = normal.wrapping_add((128 - 16) << 23) | quiet;
    // zero and subnormal: as if with an implicit 1, which a subtraction then takes away, normalising
    let tiny = (f32::from_bits(normal.wrapping_add(1 << 23)) - f32::from_bits(113 << 23)).to_bits();
    let magnitude = if exponent == 0 { tiny } else { normal };
    let magnitude = if exponent == EXPONENT {
        special
    } else {
        magnitude
    };
    f32::from_bits(magnitude | ((bits & 0x8000) << 16))
}

/// `f32` to binary16 bits, to nearest, ties to even.
#[inline(always)]
pub fn f32_to_f16(x: f32) -> u16 {
    const SUBNORMAL_MAGIC: u32 = ((127 - 15) + (23 - 10) + 1) << 23;
    let bits = x.to_bits();
    let a = bits & 0x7fff_ffff;
    let odd = (a >> 13) & 1;
    let normal = a
        .wrapping_add((15u32.wrapping_sub(127) << 23).wrapping_add(0xfff))
        .wrapping_add(odd)
        >> 13;
    // below 2^-14: adding the magic number shifts the fraction into place and rounds it
    let tiny = (f32::from_bits(a) + f32::from_bits(SUBNORMAL_MAGIC))
        .to_bits()
        .wrapping_sub(SUBNORMAL_MAGIC);
    let nan = 0x7e00 | ((a >> 13) & 0x3ff);
    let special = if a > 0x7f80_0000 { nan } else { 0x7c00 };
    let magnitude = if a < (113 << 23) { tiny } else { normal };
    let magnitude = if a >= (143 << 23) { special } else { magnitude };
    (magnitude | ((bits >> 16) & 0x8000)) as u16
}

/// bfloat16 bits to `f32`, exactly.
#[inline(always)]
pub fn bf16_to_f32(bits: u16) -> f32 {
    let bits = (bits as u32) << 16;
    let quiet = if bits & 0x7fff_ffff > 0x7f80_0000 {
        0x0040_0000
    } else {
        0
    };
    f32::from_bits(bits | quiet)
}

/// `f32` to bfloat16 bits, to nearest, ties to even.
#[inline(always)]
pub fn f32_to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let odd = (bits >> 16) & 1;
    let rounded = bits.wrapping_add(0x7fff).wrapping_add(odd) >> 16;
    let nan = (bits >> 16) | 0x40;
    (if bits & 0x7fff_ffff > 0x7f80_0000 {
        nan
    } else {
        rounded
    }) as u16
}

/// `f64` to `f32`, rounded to odd: truncated, and the lowest bit set when anything was lost.
#[inline(always)]
pub(super) fn f64_to_f32_odd(x: f64) -> f32 {
    let nearest = x as f32;
    let back = nearest as f64;
    let bits = nearest.to_bits();
    let truncated = if back.abs() > x.abs() {
        bits.wrapping_sub(1)
    } else {
        bits
    };
    f32::from_bits(if back == x { bits } else { truncated | 1 })
}

/// `f64` to binary16 bits, rounded once, to nearest, ties to even.
#[inline(always)]
pub fn f64_to_f16(x: f64) -> u16 {
    f32_to_f16(f64_to_f32_odd(x))
}

/// `f64` to bfloat16 bits, rounded once, to nearest, ties to even.
#[inline(always)]
pub fn f64_to_bf16(x: f64) -> u16 {
    f32_to_bf16(f64_to_f32_odd(x))
}

/// Conversions of runs by the processor's own instructions, which agree with the functions above in every bit and raise
/// the flags of what is lost.
#[cfg(target_arch = "x86_64")]
mod f16c {
    use std::arch::x86_64::*;

    /// Widens as many elements as fill vectors, from the first on; says how many.
    ///
    /// # Safety
    /// `x` is valid for as many elements as `out` has; the processor has F16C.
    #[target_feature(enable = "avx,f16c")]
    pub unsafe fn widen_8(x: *const u16, out: &mut [f32]) -> usize {
        let (chunks, _) = out.as_chunks_mut::<8>();
        for (i, chunk) in chunks.iter_mut().enumerate() {
            // SAFETY: eight elements lie there, and eight go into the chunk.
            unsafe {
                let half = _mm_loadu_si128(x.add(8 * i).cast());
                _mm256_storeu_ps(chunk.as_mut_ptr(), _mm256_cvtph_ps(half));
            }
        }
        8 * chunks.len()
    }

    /// As [`widen_8`].
    ///
    /// # Safety
    /// As there, with AVX-512.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn widen_16(x: *const u16, out: &mut [f32]) -> usize {
        let (chunks, _) = out.as_chunks_mut::<16>();
        for (i, chunk) in chunks.iter_mut().enumerate() {
            // SAFETY: sixteen elements lie there, and sixteen go into the chunk.
            unsafe {
                let half = _mm256_loadu_si256(x.add(16 * i).cast());
                _mm512_storeu_ps(chunk.as_mut_ptr(), _mm512_cvtph_ps(half));
            }
        }
        16 * chunks.len()
    }

    /// Narrows as many elements as fill vectors, from the first on; says how many.
    ///
    /// # Safety
    /// As [`widen_8`].
    #[target_feature(enable = "avx,f16c")]
    pub unsafe fn narrow_8(x: *const f32, out: &mut [u16]) -> usize {
        let (chunks, _) = out.as_chunks_mut::<8>();
        for (i, chunk) in chunks.iter_mut().enumerate() {
            // SAFETY: as in `widen_8`.
            unsafe {
                let wide = _mm256_loadu_ps(x.add(8 * i));
                let half = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(wide);
                _mm_storeu_si128(chunk.as_mut_ptr().cast(), half);
            }
        }
        8 * chunks.len()
    }

    /// As [`narrow_8`].
    ///
    /// # Safety
    /// As [`widen_16`].
    #[target_feature(enable = "avx512f")]
    pub unsafe fn narrow_16(x: *const f32, out: &mut [u16]) -> usize {
        let (chunks, _) = out.as_chunks_mut::<16>();
        for (i, chunk) in chunks.iter_mut().enumerate() {
            // SAFETY: as in `widen_16`.
            unsafe {
                let wide = _mm512_loadu_ps(x.add(16 * i));
                let half = _mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(wide);
                _mm256_storeu_si256(chunk.as_mut_ptr().cast(), half);
            }
        }
        16 * chunks.len()
    }
}

/// Widens the first elements, as many as the instruction set does faster than [`f16_to_f32`] in a loop; says how many.
///
/// # Safety
/// `x` is valid for as many elements as `out` has, and the processor has what `I` says.
#[inline(always)]
pub unsafe fn widen_f16<I: Isa>(x: *const u16, out: &mut [f32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    match I::VECTOR_BYTES {
        // SAFETY: the caller's contract; the shell of AVX2 has F16C too.
        32 => return unsafe { f16c::widen_8(x, out) },
        // SAFETY: as above.
        64 => return unsafe { f16c::widen_16(x, out) },
        _ => {}
    }
    let _ = (x, out);
    0
}

/// Narrows the first elements, as [`widen_f16`] widens them. Flags are raised where finite ones become infinite.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn narrow_f16<I: Isa>(x: *const f32, out: &mut [u16]) -> usize {
    #[cfg(target_arch = "x86_64")]
    match I::VECTOR_BYTES {
        // SAFETY: the caller's contract; the shell of AVX2 has F16C too.
        32 => return unsafe { f16c::narrow_8(x, out) },
        // SAFETY: as above.
        64 => return unsafe { f16c::narrow_16(x, out) },
        _ => {}
    }
    let _ = (x, out);
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn every_half_widens_as_the_half_crate_does() {
        for bits in 0..=u16::MAX {
            let (ours, theirs) = (f16_to_f32(bits), f16::from_bits(bits).to_f32_const());
            assert_eq!(ours.to_bits(), theirs.to_bits(), "f16 {bits:#06x}");
            let (ours, theirs) = (bf16_to_f32(bits), bf16::from_bits(bits).to_f32_const());
            assert_eq!(ours.to_bits(), theirs.to_bits(), "bf16 {bits:#06x}");
        }
    }

    #[test]
    fn narrowing_agrees_with_the_half_crate_on_a_dense_sample_and_around_every_tie() {
        let check = |bits: u32| {
            let x = f32::from_bits(bits);
            assert_eq!(
                f32_to_f16(x),
                f16::from_f32_const(x).to_bits(),
                "f16 of {bits:#010x}"
            );
            assert_eq!(
                f32_to_bf16(x),
                bf16::from_f32_const(x).to_bits(),
                "bf16 of {bits:#010x}"
            );
        };
        for bits in (0..=u32::MAX).step_by(4093) {
            check(bits);
        }
        for high in 0..=u16::MAX {
            for low in [0, 1, 0x0fff, 0x1000, 0x1001, 0x7fff, 0x8000, 0x8001, 0xffff] {
                check((high as u32) << 16 | low);
            }
        }
    }

    /// The neighbours of `x` and `x` itself.
    fn around(x: f64) -> [f64; 3] {
        [
            f64::from_bits(x.to_bits().wrapping_sub(1)),
            x,
            f64::from_bits(x.to_bits().wrapping_add(1)),
        ]
    }

    #[test]
    fn f64_is_rounded_once() {
        for bits in 0..0x7bff_u16 {
            let (low, high) = (f16::from_bits(bits), f16::from_bits(bits + 1));
            let middle = (low.to_f64() + high.to_f64()) / 2.0;
            let even = if bits & 1 == 0 { bits } else { bits + 1 };
            let [below, tie, above] = around(middle);
            assert_eq!(
                [f64_to_f16(below), f64_to_f16(tie), f64_to_f16(above)],
                [bits, even, bits + 1]
            );
            assert_eq!(f64_to_f16(-above), (bits + 1) | 0x8000);
        }
        for bits in 0..0x7f7f_u16 {
            let (low, high) = (bf16::from_bits(bits), bf16::from_bits(bits + 1));
            let middle = (low.to_f64() + high.to_f64()) / 2.0;
            let even = if bits & 1 == 0 { bits } else { bits + 1 };
            let [below, tie, above] = around(middle);
            assert_eq!(
                [f64_to_bf16(below), f64_to_bf16(tie), f64_to_bf16(above)],
                [bits, even, bits + 1]
            );
        }
        assert_eq!(f64_to_f16(65519.999), 0x7bff);
        assert_eq!(f64_to_f16(65520.0), 0x7c00);
        assert_eq!(f64_to_f16(1e300), 0x7c00);
        assert_eq!(f64_to_f16(-f64::INFINITY), 0xfc00);
        assert!(f16::from_bits(f64_to_f16(f64::NAN)).is_nan());
        assert_eq!(f64_to_bf16(f64::MAX), 0x7f80);
        assert!(bf16::from_bits(f64_to_bf16(f64::NAN)).is_nan());
        assert_eq!(f64_to_f16(5e-324), 0);
    }
}
