//! The micro-kernel: a tile of C in registers, one rank-1 update for each step along k.
//!
//! ```text
//! for p in 0..k:   b0, b1 = B[p, two registers of columns]
//!                  for r in 0..ROWS:  sums[r] += splat(A[r, p]) * [b0, b1]
//! C[tile] = or += sums
//! ```
//! Both operands are read through strides: a packed panel and an unpacked matrix are the same to it (AVX-512 measured: no
//! difference at 267 GFLOP/s), so small products need no packing. AVX2 needs more instructions for each product: where rows are
//! neighbours its kernel has one address for all of them. Each element of C is one chain of multiply-adds in the
//! order of k, whatever the tile's shape: splitting C in another way changes no bit.

use super::lanes::{Lanes, Sum};

/// One call of a micro-kernel. Strides in elements of the packed type, C's in sums.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Length of the sums.
    pub k: usize,
    /// The first row of A, its rows' distance, and the distance along k.
    pub a: *const u8,
    pub a_row: isize,
    pub a_k: isize,
    /// The first column of B (columns are neighbours) and the distance along k.
    pub b: *const u8,
    pub b_k: isize,
    /// The tile of C.
    pub c: *mut u8,
    pub ldc: usize,
    /// How much of the tile exists: `1..=ROWS` and `1..=VECTORS * N`. Missing rows of A are never read; missing columns
    /// of B must be readable.
    pub rows: usize,
    pub cols: usize,
    /// Whether it is `+=`.
    pub accumulate: bool,
}

/// A micro-kernel for one register type, tile shape and instruction set.
///
/// # Safety
/// A is valid for `rows × k`, B for `k × VECTORS·N`, or `k + 1` where it ends with sums, C for `rows × cols`; the processor has the
/// instruction set.
pub(super) type TileKernel = unsafe fn(&Step);

/// Steps along k from which on the tile of C is asked for before them. Its rows lie on pages of their own, so that processors do not
/// read ahead: where C is not in L2, products of 900 × 900 by 32 to 128 steps took 1.3 to 2.2 times as long without (AMD Zen 3).
const FETCHED: usize = 16;

/// Asks for the line at `p`, which need not be readable.
#[inline(always)]
pub(super) fn prefetch<T>(p: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch of an address that is not mapped does nothing.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(p.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = p;
}

/// `PACKED`: A has all rows, and they are neighbours, as in a panel.
///
/// # Safety
/// As [`TileKernel`].
#[inline(always)]
pub(super) unsafe fn tile<V: Lanes, const ROWS: usize, const VECTORS: usize, const PACKED: bool>(
    s: &Step,
) {
    debug_assert!(!PACKED || s.a_row == 1 && s.rows == ROWS);
    let mut a = s.a.cast::<V::Packed>();
    let mut b = s.b.cast::<V::Packed>();
    let c = s.c.cast::<V::Acc>();
    // SAFETY: row indices stay below `rows`, k below `k`, columns below `VECTORS * N`; stores stay within `rows × cols`.
    unsafe {
        let mut sums = [[V::zero(); VECTORS]; ROWS];
        if V::STARTS {
            let start = b.wrapping_offset(s.k as isize * s.b_k).cast::<V::Acc>();
            for row in &mut sums {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = V::load_sums(start.add(j * V::N));
                }
            }
        }
        if s.k >= FETCHED {
            for r in 0..s.rows {
                let row = c.wrapping_add(r * s.ldc);
                prefetch(row);
                prefetch(row.wrapping_add(VECTORS * V::N - 1));
            }
        }
        let mut row = [a; ROWS];
        for (r, p) in row.iter_mut().enumerate() {
            *p = a.offset(r.min(s.rows - 1) as isize * s.a_row);
        }
        for _ in 0..s.k {
            let mut regs = [V::load(b); VECTORS];
            for (j, reg) in regs.iter_mut().enumerate().skip(1) {
                *reg = V::load(b.add(j * V::N));
            }
            for r in 0..ROWS {
                // one address for all rows, or one for each
                let x = V::splat(if PACKED { a.wrapping_add(r) } else { row[r] });
                row[r] = row[r].wrapping_offset(s.a_k);
                for j in 0..VECTORS {
                    sums[r][j] = V::mul_add(x, regs[j], sums[r][j]);
                }
            }
            a = a.wrapping_offset(s.a_k);
            b = b.wrapping_offset(s.b_k);
        }
        if s.rows == ROWS && s.cols == VECTORS * V::N {
            for (r, sums) in sums.iter().enumerate() {
                for (j, &sum) in sums.iter().enumerate() {
                    let p = c.add(r * s.ldc + j * V::N);
                    V::store(
                        if s.accumulate {
                            V::add(V::load_sums(p), sum)
                        } else {
                            sum
                        },
                        p,
                    );
                }
            }
        } else {
            partial::<V, ROWS, VECTORS>(s, &sums);
        }
    }
}

/// Stores the part of a tile that exists.
///
/// # Safety
/// As [`TileKernel`].
#[inline(always)]
unsafe fn partial<V: Lanes, const ROWS: usize, const VECTORS: usize>(
    s: &Step,
    sums: &[[V::Sums; VECTORS]; ROWS],
) {
    let from = sums.as_ptr().cast::<V::Acc>();
    let c = s.c.cast::<V::Acc>();
    for r in 0..s.rows {
        for j in 0..s.cols {
            // SAFETY: a register of sums is `N` sums without padding, so `from` is valid for `ROWS × VECTORS·N`.
            unsafe {
                let sum = from.add(r * VECTORS * V::N + j).read();
                let p = c.add(r * s.ldc + j);
                p.write(if s.accumulate {
                    p.read().plus(sum)
                } else {
                    sum
                });
            }
        }
    }
}

/// The kernels of one register type: by `[half or full rows][one or two registers of columns]`.
pub(super) type TileKernels = [[TileKernel; 2]; 2];
