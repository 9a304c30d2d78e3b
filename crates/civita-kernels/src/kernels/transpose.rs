//! Transposing a block of 8 × 8 in registers: a scalar loop moves one element a cycle, which was a third of a 64³ product.

use crate::isa::Isa;

/// Side of a block.
pub(crate) const BLOCK: usize = 8;

/// Writes the columns of a block, whose rows are `stride` elements apart, as rows `width` elements apart.
///
/// # Safety
/// `from` is valid for 8 rows of 8, `to` likewise; the processor has what `I` says.
#[inline(always)]
pub(crate) unsafe fn transpose<T: Copy, I: Isa>(
    from: *const T,
    stride: isize,
    to: *mut T,
    width: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if I::VECTOR_BYTES >= 32 {
        // SAFETY: `I` has AVX2; a block is 64 elements of that size.
        unsafe {
            match size_of::<T>() {
                4 => return avx2::transpose_4(from.cast(), stride, to.cast(), width),
                8 => return avx2::transpose_8(from.cast(), stride, to.cast(), width),
                _ => {}
            }
        }
    }
    // SAFETY: the caller says that the rows are there; in memory that is not ours they need not be aligned.
    unsafe {
        let rows: [[T; BLOCK]; BLOCK] = std::array::from_fn(|i| {
            from.offset(i as isize * stride)
                .cast::<[T; BLOCK]>()
                .read_unaligned()
        });
        for j in 0..BLOCK {
            for (i, row) in rows.iter().enumerate() {
                to.add(j * width + i).write_unaligned(row[j]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    /// Three rounds: 32-bit neighbours, 64-bit neighbours, halves.
    ///
    /// # Safety
    /// As [`super::transpose`].
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) unsafe fn transpose_4(from: *const f32, stride: isize, to: *mut f32, width: usize) {
        // SAFETY: the caller's contract.
        let row: [__m256; 8] =
            std::array::from_fn(|i| unsafe { _mm256_loadu_ps(from.offset(i as isize * stride)) });
        let mut pairs = [_mm256_setzero_ps(); 8];
        for i in 0..4 {
            pairs[2 * i] = _mm256_unpacklo_ps(row[2 * i], row[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_ps(row[2 * i], row[2 * i + 1]);
        }
        let mut fours = [_mm256_setzero_ps(); 8];
        for i in 0..2 {
            for h in 0..2 {
                let (a, b) = (pairs[4 * i + h], pairs[4 * i + 2 + h]);
                fours[4 * i + 2 * h] = _mm256_shuffle_ps::<0b01_00_01_00>(a, b);
                fours[4 * i + 2 * h + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(a, b);
            }
        }
        for i in 0..4 {
            let low = _mm256_permute2f128_ps::<0x20>(fours[i], fours[4 + i]);
            let high = _mm256_permute2f128_ps::<0x31>(fours[i], fours[4 + i]);
            // SAFETY: the caller's contract.
            unsafe {
                _mm256_storeu_ps(to.add(i * width), low);
                _mm256_storeu_ps(to.add((4 + i) * width), high);
            }
        }
    }

    /// Four blocks of 4 × 4.
    ///
    /// # Safety
    /// As [`super::transpose`].
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) unsafe fn transpose_8(from: *const f64, stride: isize, to: *mut f64, width: usize) {
        for (i, j) in [(0, 0), (0, 4), (4, 0), (4, 4)] {
            // SAFETY: the caller's contract.
            let row: [__m256d; 4] = std::array::from_fn(|r| unsafe {
                _mm256_loadu_pd(from.offset((i + r) as isize * stride).add(j))
            });
            let (a, b) = (
                _mm256_unpacklo_pd(row[0], row[1]),
                _mm256_unpackhi_pd(row[0], row[1]),
            );
            let (c, d) = (
                _mm256_unpacklo_pd(row[2], row[3]),
                _mm256_unpackhi_pd(row[2], row[3]),
            );
            let columns = [
                _mm256_permute2f128_pd::<0x20>(a, c),
                _mm256_permute2f128_pd::<0x20>(b, d),
                _mm256_permute2f128_pd::<0x31>(a, c),
                _mm256_permute2f128_pd::<0x31>(b, d),
            ];
            for (r, column) in columns.into_iter().enumerate() {
                // SAFETY: the caller's contract.
                unsafe { _mm256_storeu_pd(to.add((j + r) * width + i), column) };
            }
        }
    }
}
