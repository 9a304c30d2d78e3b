//! Registers: what the tile needs of a vector register, for each compute type and instruction set.
//!
//! Written with intrinsics, because the tile keeps sixteen registers of sums alive: the same tile over `[[f32; 16]; 8]`
//! runs at 4 GFLOP/s (LLVM leaves the sums in memory), over `__m512` at 267 of the core's 268.

use std::marker::PhantomData;

/// A vector register full of one compute type, with the two operations of a matrix multiply.
///
/// # Safety
/// Every function may only run where the instruction set that the implementor names is present; pointers are valid for
/// [`Lanes::N`] elements (one for `splat`), at any alignment.
pub(super) trait Lanes: 'static {
    /// What the panels hold.
    type Packed: Copy;
    /// What the sums are stored as.
    type Acc: Sum;
    /// A register of packed elements.
    type Reg: Copy;
    /// A register of sums.
    type Sums: Copy;
    /// Elements in a register.
    const N: usize;
    /// Whether a panel of B ends with a row of sums, which those of a tile start from.
    const STARTS: bool = false;
    /// All sums zero.
    unsafe fn zero() -> Self::Sums;
    /// `N` neighbours.
    unsafe fn load(p: *const Self::Packed) -> Self::Reg;
    /// One element, `N` times.
    unsafe fn splat(p: *const Self::Packed) -> Self::Reg;
    /// `c + a·b`.
    unsafe fn mul_add(a: Self::Reg, b: Self::Reg, c: Self::Sums) -> Self::Sums;
    /// `a + b`.
    unsafe fn add(a: Self::Sums, b: Self::Sums) -> Self::Sums;
    /// `N` sums from memory.
    unsafe fn load_sums(p: *const Self::Acc) -> Self::Sums;
    /// `N` sums to memory.
    unsafe fn store(v: Self::Sums, p: *mut Self::Acc);
}

/// One sum: arithmetic for the ends that do not fill a register. Integers wrap; for `u8`, which is bool, `+` is or and
/// `·` is and.
pub(super) trait Sum: Copy + Default + 'static {
    /// `self + other`.
    fn plus(self, other: Self) -> Self;
    /// `self - other`; of no use to integers and bool, which are never parts of complex numbers.
    fn minus(self, other: Self) -> Self;
    /// `self · other`.
    fn times(self, other: Self) -> Self;
}

macro_rules! sums {
    ($($t:ty: $plus:expr, $minus:expr, $times:expr;)*) => { $(
        impl Sum for $t {
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                $plus(self, other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                $minus(self, other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                $times(self, other)
            }
        }
    )* };
}
sums! {
    f32: |a, b| a + b, |a, b| a - b, |a, b| a * b;
    f64: |a, b| a + b, |a, b| a - b, |a, b| a * b;
    i16: i16::wrapping_add, i16::wrapping_sub, i16::wrapping_mul;
    i32: i32::wrapping_add, i32::wrapping_sub, i32::wrapping_mul;
    i64: i64::wrapping_add, i64::wrapping_sub, i64::wrapping_mul;
    u8: |a, b| a | b, |a: u8, b: u8| a & !b, |a, b| a & b;
}

/// One scalar in the place of a register: for processors without hand-written lanes, and for products that the baseline
/// has no vector instruction for.
pub(super) struct Single<T>(PhantomData<T>);

impl<T: Sum> Lanes for Single<T> {
    type Packed = T;
    type Acc = T;
    type Reg = T;
    type Sums = T;
    const N: usize = 1;
    #[inline(always)]
    unsafe fn zero() -> T {
        T::default()
    }
    #[inline(always)]
    unsafe fn load(p: *const T) -> T {
        // SAFETY: the caller's pointer is valid for one element.
        unsafe { p.read_unaligned() }
    }
    #[inline(always)]
    unsafe fn splat(p: *const T) -> T {
        // SAFETY: as above.
        unsafe { p.read_unaligned() }
    }
    #[inline(always)]
    unsafe fn mul_add(a: T, b: T, c: T) -> T {
        c.plus(a.times(b))
    }
    #[inline(always)]
    unsafe fn add(a: T, b: T) -> T {
        a.plus(b)
    }
    #[inline(always)]
    unsafe fn load_sums(p: *const T) -> T {
        // SAFETY: as above.
        unsafe { p.read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(v: T, p: *mut T) {
        // SAFETY: as above.
        unsafe { p.write_unaligned(v) }
    }
}

/// One row is one register type: its name, elements, register types, and the instructions.
macro_rules! lanes {
    ($($(#[$doc:meta])* $name:ident: $packed:ty => $acc:ty, $reg:ty => $sums:ty, $n:literal $(starts $starts:literal)?;
       zero $zero:expr; load $load:path; splat $splat:path; mul_add |$a:ident, $b:ident, $c:ident| $mul_add:expr; add $add:path;
       load_sums $load_sums:path; store $store:path;)*) => { $(
        $(#[$doc])*
        pub(in crate::kernels::matmul) struct $name;
        #[allow(clippy::redundant_closure_call, unused_unsafe)]
        impl Lanes for $name {
            type Packed = $packed;
            type Acc = $acc;
            type Reg = $reg;
            type Sums = $sums;
            const N: usize = $n;
            $(const STARTS: bool = $starts;)?
            #[inline(always)]
            unsafe fn zero() -> $sums {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $zero }
            }
            #[inline(always)]
            unsafe fn load(p: *const $packed) -> $reg {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $load(p.cast()) }
            }
            #[inline(always)]
            unsafe fn splat(p: *const $packed) -> $reg {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $splat(p.read_unaligned()) }
            }
            #[inline(always)]
            unsafe fn mul_add($a: $reg, $b: $reg, $c: $sums) -> $sums {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $mul_add }
            }
            #[inline(always)]
            unsafe fn add(a: $sums, b: $sums) -> $sums {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            unsafe fn load_sums(p: *const $acc) -> $sums {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $load_sums(p.cast()) }
            }
            #[inline(always)]
            unsafe fn store(v: $sums, p: *mut $acc) {
                // SAFETY: the trait's contract gives the instruction set and the pointer.
                unsafe { $store(p.cast(), v) }
            }
        }
    )* };
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::*;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    #[target_feature(enable = "sse2")]
    #[inline]
    unsafe fn set1_u8_sse2(v: u8) -> __m128i {
        _mm_set1_epi8(v as i8)
    }
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn set1_u8_avx2(v: u8) -> __m256i {
        _mm256_set1_epi8(v as i8)
    }
    #[target_feature(enable = "avx512bw")]
    #[inline]
    unsafe fn set1_u8_avx512(v: u8) -> __m512i {
        _mm512_set1_epi8(v as i8)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn set1_u32(v: u32) -> __m512i {
        _mm512_set1_epi32(v as i32)
    }
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn set1_u32_avx2(v: u32) -> __m256i {
        _mm256_set1_epi32(v as i32)
    }
    #[target_feature(enable = "avx512f,avx512bf16")]
    #[inline]
    unsafe fn dot_pairs(a: __m512i, b: __m512i, c: __m512) -> __m512 {
        // SAFETY: the same 64 bytes under another name.
        let (a, b) = unsafe {
            (
                std::mem::transmute::<__m512i, __m512bh>(a),
                std::mem::transmute::<__m512i, __m512bh>(b),
            )
        };
        _mm512_dpbf16_ps(c, a, b)
    }

    lanes! {
        /// SSE2.
        F32x4: f32 => f32, __m128 => __m128, 4;
            zero _mm_setzero_ps(); load _mm_loadu_ps; splat _mm_set1_ps;
            mul_add |a, b, c| _mm_add_ps(c, _mm_mul_ps(a, b)); add _mm_add_ps;
            load_sums _mm_loadu_ps; store _mm_storeu_ps;
        /// SSE2.
        F64x2: f64 => f64, __m128d => __m128d, 2;
            zero _mm_setzero_pd(); load _mm_loadu_pd; splat _mm_set1_pd;
            mul_add |a, b, c| _mm_add_pd(c, _mm_mul_pd(a, b)); add _mm_add_pd;
            load_sums _mm_loadu_pd; store _mm_storeu_pd;
        /// SSE2.
        I16x8: i16 => i16, __m128i => __m128i, 8;
            zero _mm_setzero_si128(); load _mm_loadu_si128; splat _mm_set1_epi16;
            mul_add |a, b, c| _mm_add_epi16(c, _mm_mullo_epi16(a, b)); add _mm_add_epi16;
            load_sums _mm_loadu_si128; store _mm_storeu_si128;
        /// SSE2.
        Boolx16: u8 => u8, __m128i => __m128i, 16;
            zero _mm_setzero_si128(); load _mm_loadu_si128; splat set1_u8_sse2;
            mul_add |a, b, c| _mm_or_si128(c, _mm_and_si128(a, b)); add _mm_or_si128;
            load_sums _mm_loadu_si128; store _mm_storeu_si128;

        /// AVX2.
        F32x8: f32 => f32, __m256 => __m256, 8;
            zero _mm256_setzero_ps(); load _mm256_loadu_ps; splat _mm256_set1_ps;
            mul_add |a, b, c| _mm256_fmadd_ps(a, b, c); add _mm256_add_ps;
            load_sums _mm256_loadu_ps; store _mm256_storeu_ps;
        /// AVX2.
        F64x4: f64 => f64, __m256d => __m256d, 4;
            zero _mm256_setzero_pd(); load _mm256_loadu_pd; splat _mm256_set1_pd;
            mul_add |a, b, c| _mm256_fmadd_pd(a, b, c); add _mm256_add_pd;
            load_sums _mm256_loadu_pd; store _mm256_storeu_pd;
        /// AVX2.
        I16x16: i16 => i16, __m256i => __m256i, 16;
            zero _mm256_setzero_si256(); load _mm256_loadu_si256; splat _mm256_set1_epi16;
            mul_add |a, b, c| _mm256_add_epi16(c, _mm256_mullo_epi16(a, b)); add _mm256_add_epi16;
            load_sums _mm256_loadu_si256; store _mm256_storeu_si256;
        /// AVX2.
        I32x8: i32 => i32, __m256i => __m256i, 8;
            zero _mm256_setzero_si256(); load _mm256_loadu_si256; splat _mm256_set1_epi32;
            mul_add |a, b, c| _mm256_add_epi32(c, _mm256_mullo_epi32(a, b)); add _mm256_add_epi32;
            load_sums _mm256_loadu_si256; store _mm256_storeu_si256;
        /// AVX2, which multiplies 32 bits by 32: `lo·lo + ((lo·hi + hi·lo) << 32)`.
        I64x4: i64 => i64, __m256i => __m256i, 4;
            zero _mm256_setzero_si256(); load _mm256_loadu_si256; splat _mm256_set1_epi64x;
            mul_add |a, b, c| {
                let cross = _mm256_mullo_epi32(a, _mm256_shuffle_epi32::<0b10_11_00_01>(b));
                let cross = _mm256_add_epi32(_mm256_slli_epi64::<32>(cross), cross);
                let high = _mm256_and_si256(cross, _mm256_set1_epi64x(-1 << 32));
                _mm256_add_epi64(_mm256_add_epi64(c, high), _mm256_mul_epu32(a, b))
            };
            add _mm256_add_epi64;
            load_sums _mm256_loadu_si256; store _mm256_storeu_si256;
        /// AVX2.
        Boolx32: u8 => u8, __m256i => __m256i, 32;
            zero _mm256_setzero_si256(); load _mm256_loadu_si256; splat set1_u8_avx2;
            mul_add |a, b, c| _mm256_or_si256(c, _mm256_and_si256(a, b)); add _mm256_or_si256;
            load_sums _mm256_loadu_si256; store _mm256_storeu_si256;

        /// AVX-512.
        F32x16: f32 => f32, __m512 => __m512, 16;
            zero _mm512_setzero_ps(); load _mm512_loadu_ps; splat _mm512_set1_ps;
            mul_add |a, b, c| _mm512_fmadd_ps(a, b, c); add _mm512_add_ps;
            load_sums _mm512_loadu_ps; store _mm512_storeu_ps;
        /// AVX-512.
        F64x8: f64 => f64, __m512d => __m512d, 8;
            zero _mm512_setzero_pd(); load _mm512_loadu_pd; splat _mm512_set1_pd;
            mul_add |a, b, c| _mm512_fmadd_pd(a, b, c); add _mm512_add_pd;
            load_sums _mm512_loadu_pd; store _mm512_storeu_pd;
        /// AVX-512 BW.
        I16x32: i16 => i16, __m512i => __m512i, 32;
            zero _mm512_setzero_si512(); load _mm512_loadu_si512; splat _mm512_set1_epi16;
            mul_add |a, b, c| _mm512_add_epi16(c, _mm512_mullo_epi16(a, b)); add _mm512_add_epi16;
            load_sums _mm512_loadu_si512; store _mm512_storeu_si512;
        /// AVX-512.
        I32x16: i32 => i32, __m512i => __m512i, 16;
            zero _mm512_setzero_si512(); load _mm512_loadu_si512; splat _mm512_set1_epi32;
            mul_add |a, b, c| _mm512_add_epi32(c, _mm512_mullo_epi32(a, b)); add _mm512_add_epi32;
            load_sums _mm512_loadu_si512; store _mm512_storeu_si512;
        /// AVX-512 DQ, which has the 64-bit product.
        I64x8: i64 => i64, __m512i => __m512i, 8;
            zero _mm512_setzero_si512(); load _mm512_loadu_si512; splat _mm512_set1_epi64;
            mul_add |a, b, c| _mm512_add_epi64(c, _mm512_mullo_epi64(a, b)); add _mm512_add_epi64;
            load_sums _mm512_loadu_si512; store _mm512_storeu_si512;
        /// AVX-512.
        Boolx64: u8 => u8, __m512i => __m512i, 64;
            zero _mm512_setzero_si512(); load _mm512_loadu_si512; splat set1_u8_avx512;
            mul_add |a, b, c| _mm512_or_si512(c, _mm512_and_si512(a, b)); add _mm512_or_si512;
            load_sums _mm512_loadu_si512; store _mm512_storeu_si512;
        /// AVX2: two products of `i16` in each lane.
        I16Pairsx8: u32 => i32, __m256i => __m256i, 8;
            zero _mm256_setzero_si256(); load _mm256_loadu_si256; splat set1_u32_avx2;
            mul_add |a, b, c| _mm256_add_epi32(c, _mm256_madd_epi16(a, b)); add _mm256_add_epi32;
            load_sums _mm256_loadu_si256; store _mm256_storeu_si256;
        /// AVX-512 BW: the same.
        I16Pairsx16: u32 => i32, __m512i => __m512i, 16;
            zero _mm512_setzero_si512(); load _mm512_loadu_si512; splat set1_u32;
            mul_add |a, b, c| _mm512_add_epi32(c, _mm512_madd_epi16(a, b)); add _mm512_add_epi32;
            load_sums _mm512_loadu_si512; store _mm512_storeu_si512;
        /// AVX-512 VNNI: four products of `u8` and `i8` in each lane.
        I8Quadsx16: u32 => i32, __m512i => __m512i, 16 starts true;
            zero _mm512_setzero_si512(); load _mm512_loadu_si512; splat set1_u32;
            mul_add |a, b, c| _mm512_dpbusd_epi32(c, a, b); add _mm512_add_epi32;
            load_sums _mm512_loadu_si512; store _mm512_storeu_si512;
        /// AVX-512 BF16: two products in each lane, which the processor rounds to `f32` one after the other. It takes
        /// subnormal numbers for zero.
        Bf16x32: u32 => f32, __m512i => __m512, 16;
            zero _mm512_setzero_ps(); load _mm512_loadu_si512; splat set1_u32;
            mul_add |a, b, c| dot_pairs(a, b, c); add _mm512_add_ps;
            load_sums _mm512_loadu_ps; store _mm512_storeu_ps;
    }
}

#[cfg(target_arch = "aarch64")]
pub(super) use neon::*;

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::Lanes;
    use std::arch::aarch64::*;

    lanes! {
        /// NEON.
        F32x4: f32 => f32, float32x4_t => float32x4_t, 4;
            zero vdupq_n_f32(0.0); load vld1q_f32; splat vdupq_n_f32;
            mul_add |a, b, c| vfmaq_f32(c, a, b); add vaddq_f32;
            load_sums vld1q_f32; store vst1q_f32;
        /// NEON.
        F64x2: f64 => f64, float64x2_t => float64x2_t, 2;
            zero vdupq_n_f64(0.0); load vld1q_f64; splat vdupq_n_f64;
            mul_add |a, b, c| vfmaq_f64(c, a, b); add vaddq_f64;
            load_sums vld1q_f64; store vst1q_f64;
        /// NEON.
        I16x8: i16 => i16, int16x8_t => int16x8_t, 8;
            zero vdupq_n_s16(0); load vld1q_s16; splat vdupq_n_s16;
            mul_add |a, b, c| vmlaq_s16(c, a, b); add vaddq_s16;
            load_sums vld1q_s16; store vst1q_s16;
        /// NEON.
        I32x4: i32 => i32, int32x4_t => int32x4_t, 4;
            zero vdupq_n_s32(0); load vld1q_s32; splat vdupq_n_s32;
            mul_add |a, b, c| vmlaq_s32(c, a, b); add vaddq_s32;
            load_sums vld1q_s32; store vst1q_s32;
        /// NEON.
        Boolx16: u8 => u8, uint8x16_t => uint8x16_t, 16;
            zero vdupq_n_u8(0); load vld1q_u8; splat vdupq_n_u8;
            mul_add |a, b, c| vorrq_u8(c, vandq_u8(a, b)); add vorrq_u8;
            load_sums vld1q_u8; store vst1q_u8;
    }
}
