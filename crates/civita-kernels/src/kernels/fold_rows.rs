//! Sums of short rows with AVX-512: eight rows at a time, whose lanes are added to each other in the same instructions.
//!
//! ```text
//! rows            a vector of eight lanes each, as in `fold::along_few`
//! lanes l, l + 4  of two rows in one vector:     [row 0 | row 1]
//! lanes l, l + 2  of four rows:                  [row 0 | row 1 | row 2 | row 3]
//! lanes l, l + 1  of eight rows, one lane each
//! ```
//! What is left behind the last eight elements is added column by column. Each row is added in the order in which `along`
//! adds it alone: the same bits.

use super::fold::{Fold, Rows};
use crate::dtype::DType;
use crate::isa::Kernel;

/// Rows of fewer elements have no vector, and those of more have sums of their own.
pub const LENGTHS: std::ops::Range<usize> = 8..64;

/// The kernels that write the fold of each of some rows ([`Rows`] is their second input) of a length in [`LENGTHS`] to
/// accumulators one after the other, where a level has one.
pub(super) const fn by_level(fold: Fold, lane: DType) -> [Option<Kernel>; 3] {
    match (fold, lane) {
        #[cfg(target_arch = "x86_64")]
        (Fold::Sum, DType::F32) => [None, None, Some(avx512::sums_f32)],
        #[cfg(target_arch = "x86_64")]
        (Fold::Sum, DType::F64) => [None, None, Some(avx512::sums_f64)],
        _ => [None; 3],
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::Rows;

    macro_rules! sums {
        ($name:ident, $t:ty, |$at:ident| $load:expr, |$base:ident, $places:ident| $gather:expr) => {
            /// # Safety
            /// The processor has AVX-512, and the contract of [`super::by_level`].
            pub(super) unsafe fn $name(n: usize, [x, rows, _]: [*const u8; 3], out: *mut u8) {
                #[target_feature(enable = "avx512f")]
                unsafe fn run(n: usize, x: *const $t, rows: &Rows, out: *mut f64) {
                    let zero = _mm512_setzero_pd();
                    // SAFETY: rows of `n` elements, and a result for each; a row beyond the last is the last.
                    unsafe {
                        for first in (0..rows.count).step_by(8) {
                            let many = (rows.count - first).min(8);
                            let row = |r: usize| {
                                x.offset((first + r.min(many - 1)) as isize * rows.stride)
                            };
                            let mut lanes = [zero; 8];
                            let mut i = 0;
                            while i + 8 <= n {
                                for (r, lanes) in lanes.iter_mut().enumerate() {
                                    let $at = row(r).add(i);
                                    *lanes = _mm512_add_pd(*lanes, $load);
                                }
                                i += 8;
                            }
                            let mut rest = zero;
                            if i < n {
                                let $places: [i64; 8] = std::array::from_fn(|r| {
                                    r.min(many - 1) as i64 * rows.stride as i64
                                });
                                let $places = _mm512_loadu_si512($places.as_ptr().cast());
                                while i < n {
                                    let $base = row(0).add(i);
                                    rest = _mm512_add_pd(rest, $gather);
                                    i += 1;
                                }
                            }
                            let sums = _mm512_add_pd(zero, _mm512_add_pd(across(lanes), rest));
                            let mask = if many == 8 { !0 } else { (1 << many) - 1 };
                            _mm512_mask_storeu_pd(out.add(first), mask, sums);
                        }
                    }
                }
                // SAFETY: the caller's contract.
                unsafe { run(n, x.cast(), &*rows.cast::<Rows>(), out.cast()) }
            }
        };
    }
    sums!(sums_f64, f64, |at| _mm512_loadu_pd(at), |base, places| {
        _mm512_i64gather_pd::<8>(places, base)
    });
    sums!(
        sums_f32,
        f32,
        |at| _mm512_cvtps_pd(_mm256_loadu_ps(at)),
        |base, places| _mm512_cvtps_pd(_mm512_i64gather_ps::<4>(places, base))
    );

    /// The sum of the lanes of each of eight rows.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn across(rows: [__m512d; 8]) -> __m512d {
        let two = |a, b| {
            let (low, high) = (
                _mm512_shuffle_f64x2::<0x44>(a, b),
                _mm512_shuffle_f64x2::<0xee>(a, b),
            );
            _mm512_add_pd(low, high)
        };
        let four = |a, b| {
            let (low, high) = (
                _mm512_shuffle_f64x2::<0x88>(a, b),
                _mm512_shuffle_f64x2::<0xdd>(a, b),
            );
            _mm512_add_pd(low, high)
        };
        let [a, b, c, d, e, f, g, h] = rows;
        let (first, last) = (four(two(a, b), two(c, d)), four(two(e, f), two(g, h)));
        let (low, high) = (
            _mm512_unpacklo_pd(first, last),
            _mm512_unpackhi_pd(first, last),
        );
        // the rows come as 0 4 1 5 2 6 3 7
        let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
        _mm512_permutexvar_pd(order, _mm512_add_pd(low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::level;
    use crate::kernels::fold::folding;

    #[test]
    fn rows_are_summed_to_the_bits_of_each_alone() {
        macro_rules! check {
            ($($D:ident $t:ident),*) => { $(
                if let Some(kernel) = by_level(Fold::Sum, DType::$D)[level() as usize] {
                    let alone = folding(Fold::Sum, DType::$D).expect("floats have sums");
                    for n in LENGTHS {
                        for count in (1..20).chain([100]) {
                            let stride = n + count % 3;
                            let mut x: Vec<$t> = (0..count * stride)
                                .map(|i| (((i * 7919) % 263) as $t - 131.0) / 7.0)
                                .collect();
                            x[0] = -0.0;
                            x[(count - 1) * stride + n - 1] = $t::NAN;
                            x[count / 2 * stride] = $t::INFINITY;
                            let rows = Rows { count, stride: stride as isize };
                            let mut sums = vec![1e300f64; count + 1];
                            // SAFETY: as many rows of as many elements, and a result for each.
                            unsafe {
                                let x = x.as_ptr().cast();
                                kernel(n, [x, (&raw const rows).cast(), x], sums.as_mut_ptr().cast());
                            }
                            for (r, sum) in sums[..count].iter().enumerate() {
                                let mut acc = 0.0f64;
                                let row: *const u8 = x[r * stride..].as_ptr().cast();
                                // SAFETY: a row, and one result.
                                unsafe { (alone.along)(n, [row; 3], (&raw mut acc).cast()) };
                                assert_eq!(sum.to_bits(), acc.to_bits(), "row {r} of {count}, {n} elements");
                            }
                            assert_eq!(sums[count], 1e300);
                        }
                    }
                }
            )* };
        }
        check!(F32 f32, F64 f64);
    }
}
