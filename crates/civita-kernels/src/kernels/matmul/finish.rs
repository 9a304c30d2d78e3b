//! From sums to elements, where they differ: rounded once, when the last of the sums is there.

use half::{bf16, f16};

use crate::float8::{f8e4m3, f8e5m2};
use crate::math::half::{bf16_to_f32, f16_to_f32, f32_to_bf16, f32_to_f16};

/// Rounds `n` sums into elements, adding what is there if the last argument says so.
///
/// # Safety
/// Both pointers are valid for `n`, and the instruction set is there.
pub(super) type Finish = unsafe fn(sums: *const u8, n: usize, out: *mut u8, accumulate: bool);

/// What sums and elements are.
pub(super) trait Rounds: 'static {
    type Sum: Copy;
    type Element: Copy;
    /// The element, without a branch.
    fn round(sum: Self::Sum) -> Self::Element;
    /// The element that is `sum` more than an old one.
    fn add(old: Self::Element, sum: Self::Sum) -> Self::Element;
}

macro_rules! rounds {
    ($($(#[$doc:meta])* $name:ident: $sum:ty => $element:ty, $round:expr, $add:expr;)*) => { $(
        $(#[$doc])*
        pub(super) struct $name;
        impl Rounds for $name {
            type Sum = $sum;
            type Element = $element;
            #[inline(always)]
            fn round(sum: $sum) -> $element {
                $round(sum)
            }
            #[inline(always)]
            fn add(old: $element, sum: $sum) -> $element {
                $add(old, sum)
            }
        }
    )* };
}
rounds! {
    /// `f32` to `f16`.
    Half: f32 => f16, |sum| f16::from_bits(f32_to_f16(sum)),
        |old: f16, sum| f16::from_bits(f32_to_f16(f16_to_f32(old.to_bits()) + sum));
    /// `f32` to `bf16`.
    Brain: f32 => bf16, |sum| bf16::from_bits(f32_to_bf16(sum)),
        |old: bf16, sum| bf16::from_bits(f32_to_bf16(bf16_to_f32(old.to_bits()) + sum));
    /// `f32` to `f8e4m3`.
    E4m3: f32 => f8e4m3, f8e4m3::from_f32, |old: f8e4m3, sum| f8e4m3::from_f32(old.to_f32() + sum);
    /// `f32` to `f8e5m2`.
    E5m2: f32 => f8e5m2, f8e5m2::from_f32, |old: f8e5m2, sum| f8e5m2::from_f32(old.to_f32() + sum);
    /// `i16` to `i8`.
    Byte: i16 => i8, |sum| sum as i8, |old: i8, sum| old.wrapping_add(sum as i8);
}

/// # Safety
/// As [`Finish`].
#[inline(always)]
unsafe fn finish<R: Rounds>(sums: *const u8, n: usize, out: *mut u8, accumulate: bool) {
    let (sums, out) = (sums.cast::<R::Sum>(), out.cast::<R::Element>());
    for i in 0..if accumulate { n } else { 0 } {
        // SAFETY: valid for `n` elements.
        unsafe {
            out.add(i)
                .write(R::add(out.add(i).read(), sums.add(i).read()))
        };
    }
    for i in 0..if accumulate { 0 } else { n } {
        // SAFETY: as above.
        unsafe { out.add(i).write(R::round(sums.add(i).read())) };
    }
}

/// For every processor of the target.
///
/// # Safety
/// As [`Finish`].
pub(super) unsafe fn finish_baseline<R: Rounds>(
    sums: *const u8,
    n: usize,
    out: *mut u8,
    accumulate: bool,
) {
    // SAFETY: the caller's contract is the same.
    unsafe { finish::<R>(sums, n, out, accumulate) }
}

/// With AVX2.
///
/// # Safety
/// As [`Finish`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn finish_avx2<R: Rounds>(
    sums: *const u8,
    n: usize,
    out: *mut u8,
    accumulate: bool,
) {
    // SAFETY: the caller's contract is the same.
    unsafe { finish::<R>(sums, n, out, accumulate) }
}
