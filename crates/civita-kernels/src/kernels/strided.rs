//! Moving elements between strided and contiguous memory, by element size alone.
//!
//! `gather` brings a run or a tile into contiguous scratch, `scatter` takes one out. A tile whose rows lie across the
//! memory (a transposed operand) is read along the memory, eight by eight, so that each cache line is used whole.

use std::marker::PhantomData;

use super::transpose::{BLOCK, transpose};
use crate::isa::{Body, Isa, kernel};

/// A two-dimensional run of elements in memory, strides in elements.
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub cols: usize,
    /// From a row to the next.
    pub row_stride: isize,
    /// From an element of a row to the next.
    pub col_stride: isize,
}

/// Copies a strided tile to `out`, row by row, contiguous.
///
/// # Safety
/// Every element that `tile` names from `src` is valid for reads of `size` bytes, `out` for writes of all of them, and
/// they do not overlap.
pub unsafe fn gather(size: usize, tile: Tile, src: *const u8, out: *mut u8) {
    // SAFETY: the caller's contract; the size says which type has as many bytes. Reads and writes are unaligned-safe,
    // because foreign memory need not be aligned.
    unsafe {
        match size {
            1 => gather_as::<u8>(tile, src.cast(), out.cast()),
            2 => gather_as::<u16>(tile, src.cast(), out.cast()),
            4 => gather_as::<u32>(tile, src.cast(), out.cast()),
            8 => gather_as::<u64>(tile, src.cast(), out.cast()),
            _ => gather_as::<[u64; 2]>(tile, src.cast(), out.cast()),
        }
    }
}

/// Copies contiguous elements to a strided tile.
///
/// # Safety
/// As [`gather`], the other way round; no two elements of the tile are the same memory.
pub unsafe fn scatter(size: usize, tile: Tile, src: *const u8, out: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe {
        match size {
            1 => scatter_as::<u8>(tile, src.cast(), out.cast()),
            2 => scatter_as::<u16>(tile, src.cast(), out.cast()),
            4 => scatter_as::<u32>(tile, src.cast(), out.cast()),
            8 => scatter_as::<u64>(tile, src.cast(), out.cast()),
            _ => scatter_as::<[u64; 2]>(tile, src.cast(), out.cast()),
        }
    }
}

/// Writes one element to every place of a tile.
///
/// # Safety
/// `src` is valid for one element of `size` bytes, every place of `tile` from `out` for writes.
pub unsafe fn fill(size: usize, tile: Tile, src: *const u8, out: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe {
        match size {
            1 => fill_as::<u8>(tile, src.cast(), out.cast()),
            2 => fill_as::<u16>(tile, src.cast(), out.cast()),
            4 => fill_as::<u32>(tile, src.cast(), out.cast()),
            8 => fill_as::<u64>(tile, src.cast(), out.cast()),
            _ => fill_as::<[u64; 2]>(tile, src.cast(), out.cast()),
        }
    }
}

unsafe fn gather_as<T: Copy + 'static>(t: Tile, src: *const T, out: *mut T) {
    // SAFETY: every index is one that the tile names, or one of `rows × cols` in `out`.
    unsafe {
        if t.col_stride == 1 && t.row_stride == 0 {
            same_row(t, src, out);
        } else if t.col_stride == 1 {
            for r in 0..t.rows {
                copy(
                    src.offset(r as isize * t.row_stride),
                    out.add(r * t.cols),
                    t.cols,
                );
            }
        } else if t.col_stride == 0 && t.cols >= LONG {
            kernel::<Repeated<T>>()(
                0,
                [src.cast(), (&raw const t).cast(), src.cast()],
                out.cast(),
            );
        } else if t.row_stride == 1 && t.rows >= BLOCK {
            kernel::<Across<T>>()(
                0,
                [src.cast(), (&raw const t).cast(), src.cast()],
                out.cast(),
            );
        } else if matches!(t.col_stride, -1 | 2 | -2) && t.cols >= LONG {
            kernel::<Stepped<T>>()(
                0,
                [src.cast(), (&raw const t).cast(), src.cast()],
                out.cast(),
            );
        } else {
            step_by(t, t.col_stride, src, out);
        }
    }
}

/// Copies elements by their bytes: foreign memory need not be aligned for `T`.
#[inline(always)]
unsafe fn copy<T>(src: *const T, out: *mut T, n: usize) {
    // SAFETY: the caller names `n` elements at both, which do not overlap.
    unsafe {
        std::ptr::copy_nonoverlapping(src.cast::<u8>(), out.cast::<u8>(), n * size_of::<T>());
    }
}

/// The same row again and again: what is there already is copied, twice as much each time.
unsafe fn same_row<T: Copy>(t: Tile, src: *const T, out: *mut T) {
    if t.rows == 0 {
        return;
    }
    // SAFETY: as `gather_as`; the rows that are there lie before those that they are copied to.
    unsafe {
        copy(src, out, t.cols);
        let mut done = 1;
        while done < t.rows {
            let more = done.min(t.rows - done);
            copy(out.cast_const(), out.add(done * t.cols), more * t.cols);
            done += more;
        }
    }
}

/// One element of each row, as often as the row is long, for an instruction set; the second input is the [`Tile`].
struct Repeated<T>(PhantomData<T>);
impl<T: Copy + 'static> Body for Repeated<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(_: usize, [src, tile, _]: [*const u8; 3], out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let (t, src, out) = (*tile.cast::<Tile>(), src.cast::<T>(), out.cast::<T>());
            for r in 0..t.rows {
                let value = src.offset(r as isize * t.row_stride).read_unaligned();
                let row = out.add(r * t.cols);
                for c in 0..t.cols {
                    row.add(c).write_unaligned(value);
                }
            }
        }
    }
}

/// Shorter rows are not worth a kernel.
const LONG: usize = 16;

/// Every `step`-th element. With a step that the compiler knows it reads vectors and picks from them.
#[inline(always)]
unsafe fn step_by<T: Copy>(t: Tile, step: isize, src: *const T, out: *mut T) {
    for r in 0..t.rows {
        // SAFETY: as `gather_as`.
        unsafe {
            let (src, out) = (src.offset(r as isize * t.row_stride), out.add(r * t.cols));
            for c in 0..t.cols {
                *out.add(c) = src.offset(c as isize * step).read_unaligned();
            }
        }
    }
}

/// [`step_by`] of the usual steps for an instruction set; the second input is the [`Tile`].
struct Stepped<T>(PhantomData<T>);
impl<T: Copy + 'static> Body for Stepped<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(_: usize, [src, tile, _]: [*const u8; 3], out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe {
            let (t, src, out) = (*tile.cast::<Tile>(), src.cast::<T>(), out.cast::<T>());
            match t.col_stride {
                -1 => step_by(t, -1, src, out),
                2 => step_by(t, 2, src, out),
                -2 => step_by(t, -2, src, out),
                step => step_by(t, step, src, out),
            }
        }
    }
}

/// [`gather_across`] for an instruction set; the second input is the [`Tile`].
struct Across<T>(PhantomData<T>);
impl<T: Copy + 'static> Body for Across<T> {
    #[inline(always)]
    unsafe fn run<I: Isa>(_: usize, [src, tile, _]: [*const u8; 3], out: *mut u8) {
        // SAFETY: the caller's contract.
        unsafe { gather_across::<T, I>(*tile.cast::<Tile>(), src.cast(), out.cast()) }
    }
}

/// Rows are neighbours in memory: squares of 8 × 8 are read along the memory and turned in registers.
#[inline(always)]
unsafe fn gather_across<T: Copy, I: Isa>(t: Tile, src: *const T, out: *mut T) {
    let (rows, cols) = (t.rows / BLOCK * BLOCK, t.cols / BLOCK * BLOCK);
    // SAFETY: as `gather_as`.
    unsafe {
        for c in (0..cols).step_by(BLOCK) {
            for r in (0..rows).step_by(BLOCK) {
                let from = src.offset(c as isize * t.col_stride).add(r);
                transpose::<T, I>(from, t.col_stride, out.add(r * t.cols + c), t.cols);
            }
        }
        for r in 0..t.rows {
            for c in if r < rows { cols } else { 0 }..t.cols {
                *out.add(r * t.cols + c) = src
                    .offset(c as isize * t.col_stride)
                    .add(r)
                    .read_unaligned();
            }
        }
    }
}

unsafe fn scatter_as<T: Copy>(t: Tile, src: *const T, out: *mut T) {
    // SAFETY: every index is one that the tile names, or one of `rows × cols` in `src`.
    unsafe {
        for r in 0..t.rows {
            let (src, out) = (src.add(r * t.cols), out.offset(r as isize * t.row_stride));
            if t.col_stride == 1 {
                copy(src, out, t.cols);
            } else {
                for c in 0..t.cols {
                    out.offset(c as isize * t.col_stride)
                        .write_unaligned(*src.add(c));
                }
            }
        }
    }
}

unsafe fn fill_as<T: Copy>(t: Tile, src: *const T, out: *mut T) {
    // SAFETY: one element to read; every index to write is one that the tile names.
    unsafe {
        let value = src.read_unaligned();
        for r in 0..t.rows {
            let out = out.offset(r as isize * t.row_stride);
            if t.col_stride == 1 {
                for c in 0..t.cols {
                    out.add(c).write_unaligned(value);
                }
            } else {
                for c in 0..t.cols {
                    out.offset(c as isize * t.col_stride).write_unaligned(value);
                }
            }
        }
    }
}
