//! Rows with weights, put together: `out[j] = out[j] ⊕ (w[k] ⊗ rows[k][j])` over `k`.
//!
//! What products over other semirings and convolutions of planes have in common. Eight rows are taken at once, so that eight
//! products are made for each element of the result that is read and written; a stretch of a row is short enough that eight of
//! them stay in L1 (16 KiB).

use std::marker::PhantomData;

use crate::isa::Isa;

/// Elements of a row that are worked on at once, in bytes.
const STRETCH: usize = 2048;

/// A number of a kernel.
pub(super) trait Number: Copy + PartialOrd + Send + Sync + crate::dtype::Element {
    const ZERO: Self;
    /// No element is larger than the first of these, none smaller than the second.
    const LIMITS: [Self; 2];
    fn plus(self, b: Self) -> Self;
    fn times(self, b: Self) -> Self;
    fn times_plus<I: Isa>(self, b: Self, c: Self) -> Self;
    fn is_nan(self) -> bool;
}
macro_rules! numbers {
    (floats $($T:ident)*) => { $(
        impl Number for $T {
            const ZERO: Self = 0.0;
            const LIMITS: [Self; 2] = [$T::INFINITY, $T::NEG_INFINITY];
            #[inline(always)]
            fn plus(self, b: Self) -> Self {
                self + b
            }
            #[inline(always)]
            fn times(self, b: Self) -> Self {
                self * b
            }
            #[inline(always)]
            fn times_plus<I: Isa>(self, b: Self, c: Self) -> Self {
                if I::FMA { self.mul_add(b, c) } else { self * b + c }
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }
        }
    )* };
    (integers $($T:ident)*) => { $(
        impl Number for $T {
            const ZERO: Self = 0;
            const LIMITS: [Self; 2] = [$T::MAX, $T::MIN];
            #[inline(always)]
            fn plus(self, b: Self) -> Self {
                self.wrapping_add(b)
            }
            #[inline(always)]
            fn times(self, b: Self) -> Self {
                self.wrapping_mul(b)
            }
            #[inline(always)]
            fn times_plus<I: Isa>(self, b: Self, c: Self) -> Self {
                self.wrapping_mul(b).wrapping_add(c)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
        }
    )* };
}
numbers!(floats f32 f64);
numbers!(integers i32 i64 u8);

/// `⊗`: what a weight makes of an element.
pub(super) trait Weigh<T>: Send + Sync {
    fn weigh(w: T, x: T) -> T;
}
/// `⊕` of products.
pub(super) trait Join<T>: Send + Sync {
    /// What nothing comes to.
    const START: T;
    fn join<I: Isa>(sum: T, w: T, x: T) -> T;
}

pub(super) struct Plus;
pub(super) struct Times;
impl<T: Number> Weigh<T> for Plus {
    #[inline(always)]
    fn weigh(w: T, x: T) -> T {
        w.plus(x)
    }
}
impl<T: Number> Weigh<T> for Times {
    #[inline(always)]
    fn weigh(w: T, x: T) -> T {
        w.times(x)
    }
}

/// The smaller or larger of two. Without `NAN` the second operand is taken where either is NaN, which is one instruction; with it,
/// NaN stays.
pub(super) struct Extreme<const LARGEST: bool, const NAN: bool>;
impl<const LARGEST: bool, const NAN: bool> Extreme<LARGEST, NAN> {
    #[inline(always)]
    fn of<T: Number>(sum: T, v: T) -> T {
        let better = if LARGEST { v > sum } else { v < sum };
        if better || (NAN && v.is_nan()) {
            v
        } else {
            sum
        }
    }
}
impl<T: Number, const LARGEST: bool, const NAN: bool> Weigh<T> for Extreme<LARGEST, NAN> {
    #[inline(always)]
    fn weigh(w: T, x: T) -> T {
        Self::of(w, x)
    }
}

/// Extremes of products.
pub(super) struct ExtremeOf<W, const LARGEST: bool, const NAN: bool>(PhantomData<W>);
impl<T: Number, W: Weigh<T>, const LARGEST: bool, const NAN: bool> Join<T>
    for ExtremeOf<W, LARGEST, NAN>
{
    const START: T = T::LIMITS[LARGEST as usize];
    #[inline(always)]
    fn join<I: Isa>(sum: T, w: T, x: T) -> T {
        Extreme::<LARGEST, NAN>::of(sum, W::weigh(w, x))
    }
}

/// Sums of products.
pub(super) struct SumOf;
impl<T: Number> Join<T> for SumOf {
    const START: T = T::ZERO;
    #[inline(always)]
    fn join<I: Isa>(sum: T, w: T, x: T) -> T {
        w.times_plus::<I>(x, sum)
    }
}

/// Eight rows into one.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn eight<I: Isa, T: Number, J: Join<T>>(out: &mut [T], w: &[T; 8], r: [&[T]; 8]) {
    let n = out.len();
    let [r0, r1, r2, r3, r4, r5, r6, r7] = r;
    let (r0, r1, r2, r3) = (&r0[..n], &r1[..n], &r2[..n], &r3[..n]);
    let (r4, r5, r6, r7) = (&r4[..n], &r5[..n], &r6[..n], &r7[..n]);
    for j in 0..n {
        let mut sum = out[j];
        sum = J::join::<I>(sum, w[0], r0[j]);
        sum = J::join::<I>(sum, w[1], r1[j]);
        sum = J::join::<I>(sum, w[2], r2[j]);
        sum = J::join::<I>(sum, w[3], r3[j]);
        sum = J::join::<I>(sum, w[4], r4[j]);
        sum = J::join::<I>(sum, w[5], r5[j]);
        sum = J::join::<I>(sum, w[6], r6[j]);
        sum = J::join::<I>(sum, w[7], r7[j]);
        out[j] = sum;
    }
}

/// One row into one.
#[inline(always)]
fn one<I: Isa, T: Number, J: Join<T>>(out: &mut [T], w: T, row: &[T]) {
    for (out, &x) in out.iter_mut().zip(row) {
        *out = J::join::<I>(*out, w, x);
    }
}

/// Rows of a result of `n` elements each. Row `i` is made of `depth` weights from `weights[first_weight(i)]` on, and of the
/// stretches `source[place(i, k)..][..n]`.
#[inline(always)]
pub(super) fn combine<I: Isa, T: Number, J: Join<T>>(
    out: &mut [T],
    n: usize,
    weights: &[T],
    depth: usize,
    first_weight: impl Fn(usize) -> usize,
    source: &[T],
    place: impl Fn(usize, usize) -> usize,
) {
    out.fill(J::START);
    let stretch = (STRETCH / size_of::<T>()).max(1);
    for first in (0..n).step_by(stretch) {
        let len = stretch.min(n - first);
        let mut k = 0;
        while k < depth {
            let together = if depth - k >= 8 { 8 } else { 1 };
            for (i, row) in out.chunks_exact_mut(n).enumerate() {
                let part = &mut row[first..first + len];
                let w = &weights[first_weight(i) + k..];
                let stretch_of = |d: usize| &source[place(i, k + d) + first..][..len];
                if let (8, Some(w)) = (together, w.first_chunk::<8>()) {
                    eight::<I, T, J>(part, w, std::array::from_fn(stretch_of));
                } else {
                    one::<I, T, J>(part, w[0], stretch_of(0));
                }
            }
            k += together;
        }
    }
}
