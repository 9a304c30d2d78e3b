//! The kernels of a register type, compiled behind `#[target_feature]` once for each instruction set.
//!
//! Tile sizes: AVX-512 has 8 rows of 2 registers: 16 sums cover the latency of two multiply-adds a cycle (8×3, 12×2, 14×2
//! and 6×4 measured the same), and 8 divides the sizes that people use. AVX2 has 6 rows: 12 sums, 2 registers of B and
//! one of A in its 16. NEON has 32 registers, so 8 rows.

use super::lanes::Lanes;
use super::lines::{Columns, Dots, columns, dots};
use super::tile::{Step, TileKernels, tile};

/// Steps along k in a block: with AVX-512 a panel of B, 192 × 2 registers of 64 bytes, is half of L1, and a panel of A fits beside
/// it. With 256 steps products of 2048 took 5 to 13 % longer (Sapphire Rapids). AVX2 has twice as many, of half the bytes.
const DEPTH: usize = 192;

/// Lanes whose packed elements are sums: those that vectors are multiplied in.
pub(super) trait Uniform:
    Lanes<Packed = <Self as Lanes>::Acc, Reg = <Self as Lanes>::Sums>
{
}
impl<V: Lanes<Packed = <V as Lanes>::Acc, Reg = <V as Lanes>::Sums>> Uniform for V {}

/// The kernels that products with vectors use.
#[derive(Clone, Copy)]
pub(super) struct LineKernels {
    /// [`dots`].
    pub dots: unsafe fn(&Dots),
    /// [`columns`].
    pub columns: unsafe fn(&Columns),
}

pub(super) mod baseline {
    use super::*;

    /// Rows of a whole tile.
    pub(in super::super) const ROWS: usize = if cfg!(target_arch = "aarch64") { 8 } else { 4 };
    pub(in super::super) const DEPTH: usize = super::DEPTH;
    pub(in super::super) const STREAMS: bool = true;
    const HALF: usize = ROWS / 2;

    /// # Safety
    /// As [`super::super::tile::TileKernel`].
    unsafe fn product<V: Lanes, const ROWS: usize, const VECTORS: usize>(s: &Step) {
        // SAFETY: the caller's contract is the same.
        unsafe { tile::<V, ROWS, VECTORS, false>(s) }
    }
    /// # Safety
    /// As [`dots`].
    unsafe fn dot_lines<V: Uniform, const PARTS: usize>(d: &Dots) {
        // SAFETY: the caller's contract is the same.
        unsafe { dots::<V, PARTS, 2>(d) }
    }
    /// # Safety
    /// As [`columns`].
    unsafe fn column_lines<V: Uniform, const PARTS: usize>(c: &Columns) {
        // SAFETY: the caller's contract is the same.
        unsafe { columns::<V, PARTS>(c) }
    }

    pub(in super::super) const fn tiles<V: Lanes>() -> TileKernels {
        [
            [product::<V, HALF, 1>, product::<V, HALF, 2>],
            [product::<V, ROWS, 1>, product::<V, ROWS, 2>],
        ]
    }
    pub(in super::super) const fn lines<V: Uniform, const PARTS: usize>() -> LineKernels {
        LineKernels {
            dots: dot_lines::<V, PARTS>,
            columns: column_lines::<V, PARTS>,
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::*;

    /// Rows of a whole tile.
    pub(in super::super) const ROWS: usize = 6;
    pub(in super::super) const DEPTH: usize = 384;
    pub(in super::super) const STREAMS: bool = false;
    const HALF: usize = ROWS / 2;

    /// # Safety
    /// As [`super::super::tile::TileKernel`].
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn product<V: Lanes, const ROWS: usize, const VECTORS: usize>(s: &Step) {
        // SAFETY: the caller's contract is the same.
        unsafe {
            if s.a_row == 1 && s.rows == ROWS {
                tile::<V, ROWS, VECTORS, true>(s)
            } else {
                rows_apart::<V, ROWS, VECTORS>(s)
            }
        }
    }
    /// # Safety
    /// As [`super::super::tile::TileKernel`].
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
    #[inline(never)]
    unsafe fn rows_apart<V: Lanes, const ROWS: usize, const VECTORS: usize>(s: &Step) {
        // SAFETY: the caller's contract is the same.
        unsafe { tile::<V, ROWS, VECTORS, false>(s) }
    }
    /// # Safety
    /// As [`dots`].
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn dot_lines<V: Uniform, const PARTS: usize>(d: &Dots) {
        // SAFETY: the caller's contract is the same.
        unsafe { dots::<V, PARTS, 2>(d) }
    }
    /// # Safety
    /// As [`columns`].
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
    unsafe fn column_lines<V: Uniform, const PARTS: usize>(c: &Columns) {
        // SAFETY: the caller's contract is the same.
        unsafe { columns::<V, PARTS>(c) }
    }

    pub(in super::super) const fn tiles<V: Lanes>() -> TileKernels {
        [
            [product::<V, HALF, 1>, product::<V, HALF, 2>],
            [product::<V, ROWS, 1>, product::<V, ROWS, 2>],
        ]
    }
    pub(in super::super) const fn lines<V: Uniform, const PARTS: usize>() -> LineKernels {
        LineKernels {
            dots: dot_lines::<V, PARTS>,
            columns: column_lines::<V, PARTS>,
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512 {
    use super::*;

    /// Rows of a whole tile.
    pub(in super::super) const ROWS: usize = 8;
    pub(in super::super) const DEPTH: usize = super::DEPTH;
    pub(in super::super) const STREAMS: bool = true;
    const HALF: usize = ROWS / 2;

    /// # Safety
    /// As [`super::super::tile::TileKernel`].
    #[target_feature(
        enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
    )]
    unsafe fn product<V: Lanes, const ROWS: usize, const VECTORS: usize>(s: &Step) {
        // SAFETY: the caller's contract is the same.
        unsafe { tile::<V, ROWS, VECTORS, false>(s) }
    }
    /// # Safety
    /// As [`dots`].
    #[target_feature(
        enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
    )]
    unsafe fn dot_lines<V: Uniform, const PARTS: usize>(d: &Dots) {
        // SAFETY: the caller's contract is the same.
        unsafe { dots::<V, PARTS, 4>(d) }
    }
    /// # Safety
    /// As [`columns`].
    #[target_feature(
        enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
    )]
    unsafe fn column_lines<V: Uniform, const PARTS: usize>(c: &Columns) {
        // SAFETY: the caller's contract is the same.
        unsafe { columns::<V, PARTS>(c) }
    }

    pub(in super::super) const fn tiles<V: Lanes>() -> TileKernels {
        [
            [product::<V, HALF, 1>, product::<V, HALF, 2>],
            [product::<V, ROWS, 1>, product::<V, ROWS, 2>],
        ]
    }
    pub(in super::super) const fn lines<V: Uniform, const PARTS: usize>() -> LineKernels {
        LineKernels {
            dots: dot_lines::<V, PARTS>,
            columns: column_lines::<V, PARTS>,
        }
    }
}

/// AVX-512 with products of four bytes.
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512_vnni {
    use super::super::lanes::I8Quadsx16;
    use super::*;

    /// # Safety
    /// As [`super::super::tile::TileKernel`].
    #[target_feature(
        enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
    )]
    unsafe fn product<const ROWS: usize, const VECTORS: usize>(s: &Step) {
        // SAFETY: the caller's contract is the same.
        unsafe { tile::<I8Quadsx16, ROWS, VECTORS, false>(s) }
    }

    pub(in super::super) const TILES: TileKernels = [
        [product::<4, 1>, product::<4, 2>],
        [product::<8, 1>, product::<8, 2>],
    ];
}

/// AVX-512 with products of pairs of `bf16`.
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512_bf16 {
    use super::super::lanes::Bf16x32;
    use super::*;

    /// # Safety
    /// As [`super::super::tile::TileKernel`].
    #[target_feature(
        enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
    )]
    unsafe fn product<const ROWS: usize, const VECTORS: usize>(s: &Step) {
        // SAFETY: the caller's contract is the same.
        unsafe { tile::<Bf16x32, ROWS, VECTORS, false>(s) }
    }

    pub(in super::super) const TILES: TileKernels = [
        [product::<4, 1>, product::<4, 2>],
        [product::<8, 1>, product::<8, 2>],
    ];
}
