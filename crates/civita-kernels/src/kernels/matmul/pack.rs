//! Packing: from any strides and element type into the panels that the micro-kernel reads in order.
//!
//! A panel holds `width` lines (rows of A or columns of B) side by side: `panel[p · width + line]`, padded with zeros.
//! Elements become what the kernel computes with on the way:
//! - `f16`, `bf16` → `f32`; `i8` → `i16` (the low byte of a product and of a sum needs no more); `bool` → 0 or 1.
//! - complex → real, by the 1m method (Van Zee, "Implementing high-performance complex matrix multiplication via the 1m
//!   method", 2020): a row of A becomes `re im re im …` along a k twice as long, a column of B becomes two columns, `re`
//!   over `-im` and `im` over `re`. The real product of the two is the complex product with its parts interleaved, just
//!   as C lies in memory, so there are no complex kernels at all.
//! - `bf16` where the processor multiplies pairs of them: two neighbours along k become one `u32`.

use crate::isa::{Baseline, Isa};

/// One panel to pack. Strides in elements of the source.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub src: *const u8,
    /// Distance between lines.
    pub line: isize,
    /// Distance along k.
    pub step: isize,
    /// Lines that exist.
    pub lines: usize,
    /// Elements along k.
    pub k: usize,
    /// Packed lines, at least as many as the lines become.
    pub width: usize,
    pub dst: *mut u8,
}

/// Packs one panel.
///
/// # Safety
/// `src` is valid for `lines × k` elements through the strides, `dst` for the panel; the instruction set is there.
pub(super) type Pack = unsafe fn(&Panel);

/// How elements of one dtype become panels.
pub(super) trait Source: 'static {
    /// # Safety
    /// As [`Pack`].
    unsafe fn left<I: Isa>(p: &Panel);
    /// # Safety
    /// As [`Pack`].
    unsafe fn right<I: Isa>(p: &Panel);
    /// # Safety
    /// As [`Gather`].
    unsafe fn gather<I: Isa>(src: *const u8, stride: isize, n: usize, dst: *mut u8);
    /// # Safety
    /// As [`Gather`].
    unsafe fn spread<I: Isa>(src: *const u8, stride: isize, n: usize, dst: *mut u8);
}

/// Brings `n` elements with a stride together as packed ones.
///
/// # Safety
/// `src` is valid for `n` elements through the stride, `dst` for the packed ones; the instruction set is there.
pub(super) type Gather = unsafe fn(src: *const u8, stride: isize, n: usize, dst: *mut u8);

/// The functions of one source.
#[derive(Clone, Copy)]
pub(super) struct Packs {
    /// Packs a panel of A.
    pub left: Pack,
    /// Packs a panel of B.
    pub right: Pack,
    /// Brings elements of a row, a column or a vector together.
    pub gather: Gather,
    /// The same for the x of dot products: complex elements become two vectors.
    pub spread: Gather,
}

macro_rules! packs {
    ($(#[$doc:meta])* $name:ident, $I:ty $(, #[$feature:meta])?) => {
        $(#[$doc])*
        pub(super) const fn $name<S: Source>() -> Packs {
            packs!(@shell left(p: &Panel), $I $(, #[$feature])?);
            packs!(@shell right(p: &Panel), $I $(, #[$feature])?);
            packs!(@shell gather(src: *const u8, stride: isize, n: usize, dst: *mut u8), $I $(, #[$feature])?);
            packs!(@shell spread(src: *const u8, stride: isize, n: usize, dst: *mut u8), $I $(, #[$feature])?);
            Packs { left: left::<S>, right: right::<S>, gather: gather::<S>, spread: spread::<S> }
        }
    };
    (@shell $name:ident($($arg:ident: $type:ty),*), $I:ty $(, #[$feature:meta])?) => {
        $(#[$feature])?
        unsafe fn $name<S: Source>($($arg: $type),*) {
            // SAFETY: the caller's contract is the same.
            unsafe { S::$name::<$I>($($arg),*) }
        }
    };
}

packs!(
    /// Packers for every processor of the target.
    baseline_packs, Baseline
);
#[cfg(target_arch = "x86_64")]
packs!(
    /// Packers with AVX2.
    avx2_packs, crate::isa::Avx2, #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
);
