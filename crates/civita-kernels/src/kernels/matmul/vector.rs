//! Matrix times vector, vector times matrix, dot products: bound by memory, so the matrix is read once, in its own order.
//!
//! ```text
//! neighbours along k:   y[r]     = Σ_p A[r, p] · x[p]     four rows at a time, several registers of sums each
//! neighbours in rows:   y[rows] += A[rows, p] · x[p]      eight columns at a time, y stays in L1
//! ```
//! Whatever is neither, and whatever needs conversion, is gathered strip by strip into L1 first. Complex numbers are two
//! real products: the dot's x is spread into `re -im re -im …` and `im re im re …`, the other form multiplies by the
//! real and the imaginary part and puts them together at the end.
//! Sums along k are cut into blocks of [`DEPTH`] at most, whose results are added in order.

use std::ops::Range;

use super::engine::Engine;
use super::lines::{Columns, Dots, ROWS};
use super::pack::Packs;
use super::shells::LineKernels;
use super::{Operand, scratch};
use crate::error::Result;
use crate::kernels::Slot;
use crate::threads;

/// Elements along k in a block.
const DEPTH: usize = 1 << 14;
/// Elements along k that are worth a dot where columns are as good.
const SHORT_DOT: usize = 48;
/// Products in a task, at least.
const GRAIN: usize = 1 << 16;
/// Tasks that are enough.
const TASKS: usize = 32;
/// Bytes of a strip of one row or column.
const STRIP: usize = 4096;
/// Columns that are gathered at a time.
const COLUMNS: usize = 8;

/// `y = A · x` (or `+=`), strides in elements.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub rows: usize,
    pub k: usize,
    pub a: Operand,
    pub x: *const u8,
    pub x_stride: isize,
    pub y: *mut u8,
    pub y_stride: isize,
    pub accumulate: bool,
}
// SAFETY: only read by tasks; they write different parts of scratch memory.
unsafe impl Sync for Product {}

/// What a dtype needs for products with vectors.
pub(super) struct VectorKernels {
    /// Bytes of a packed element, which is also a sum.
    pub packed: usize,
    /// Reals in an element, and vectors in the spread x.
    pub parts: usize,
    /// Whether the packed form is what lies in memory.
    pub direct: bool,
    pub lines: LineKernels,
    pub packs: Packs,
    /// Adds blocks of `n` sums into the first: `(sums, n, blocks)`.
    pub add_blocks: unsafe fn(*mut u8, usize, usize),
    /// Adds the two products of a complex one to the sums: `(products, reals, sums)`.
    pub combine: unsafe fn(*const u8, usize, *mut u8),
    /// Copies or adds `n` sums to elements with a stride: `(sums, n, y, stride, accumulate)`.
    pub store: unsafe fn(*const u8, usize, *mut u8, isize, bool),
}

/// Pointers that tasks write through, each in its own part.
#[derive(Clone, Copy)]
struct Sums(*mut u8);
// SAFETY: see above.
unsafe impl Sync for Sums {}
impl Sums {
    fn get(&self) -> *mut u8 {
        self.0
    }
}

/// Multiplies a matrix by a vector. `rows` and `k` are not 0.
///
/// # Safety
/// All of `p` is valid as [`super::matmul`] says, and the processor has what `engine` needs.
pub(super) unsafe fn multiply(engine: &Engine, p: &Product) -> Result<()> {
    let kernels = &engine.vector;
    // both are neighbours where rows overlap, as those of a sliding product do: then short dots are not worth their ends
    let (row, col) = (p.a.row_stride.unsigned_abs(), p.a.col_stride.unsigned_abs());
    let along_k = p.rows == 1 || col < row || col == row && p.k >= SHORT_DOT.min(p.rows);
    let neighbours = kernels.direct && kernels.parts == 1 && p.a.col_stride == 1 && p.x_stride == 1;
    if p.rows == 1 && neighbours && p.k <= DEPTH {
        // SAFETY: the caller's contract.
        unsafe { p.one_dot(engine) };
        return Ok(());
    }
    let depth = p.k.div_ceil(p.k.div_ceil(DEPTH));
    let blocks = p.k.div_ceil(depth);
    let least = if along_k {
        ROWS
    } else {
        STRIP / (kernels.packed * kernels.parts)
    };
    let rows = match p.rows.saturating_mul(p.k) {
        work if work <= 2 * GRAIN => p.rows,
        _ => (GRAIN / depth).max(1).next_multiple_of(least).min(p.rows),
    };
    let row_blocks = p.rows.div_ceil(rows);
    // blocks along k are tasks of their own only where there are few rows: each needs room for its sums
    let cuts = if row_blocks >= TASKS { 1 } else { blocks };
    let reals = p.rows * kernels.parts;
    scratch::with(
        reals.saturating_mul(cuts).saturating_mul(kernels.packed),
        |sums| {
            let sums = Sums(sums);
            let task = |i: usize| {
                let (cut, first) = (i % cuts, i / cuts * rows);
                let rows = first..(first + rows).min(p.rows);
                // SAFETY: each task has its own rows of its own cut.
                unsafe {
                    let y = sums
                        .get()
                        .add((cut * reals + first * kernels.parts) * kernels.packed);
                    y.write_bytes(0, rows.len() * kernels.parts * kernels.packed);
                    for block in if cuts == 1 { 0..blocks } else { cut..cut + 1 } {
                        let ks = block * depth..((block + 1) * depth).min(p.k);
                        if along_k {
                            p.dot_block(engine, rows.clone(), ks, y);
                        } else {
                            p.column_block(engine, rows.clone(), ks, y);
                        }
                    }
                }
            };
            threads::run(row_blocks * cuts, &task);
            // SAFETY: the sums are all there, and y is valid for `rows`.
            unsafe {
                (kernels.add_blocks)(sums.get(), reals, cuts);
                p.finish(engine, sums.get());
            }
        },
    )
}

/// Strips on the stack.
#[repr(C, align(64))]
struct Strips<const N: usize>([std::mem::MaybeUninit<[u8; STRIP]>; N]);

impl<const N: usize> Strips<N> {
    fn new() -> Strips<N> {
        Strips([const { std::mem::MaybeUninit::uninit() }; N])
    }
    fn ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

impl Product {
    /// Address of `A[row, k]`.
    ///
    /// # Safety
    /// The element exists.
    unsafe fn at(&self, engine: &Engine, row: usize, k: usize) -> *const u8 {
        // SAFETY: the caller says that it exists.
        unsafe {
            self.a.ptr.offset(
                (row as isize * self.a.row_stride + k as isize * self.a.col_stride)
                    * engine.elem as isize,
            )
        }
    }

    /// The product of one row that lies as the kernel wants it: no strips, no scratch, no tasks.
    ///
    /// # Safety
    /// As [`multiply`].
    unsafe fn one_dot(&self, engine: &Engine) {
        let mut sum = Slot::ZERO;
        let dots = Dots {
            a: self.a.ptr,
            row: self.a.row_stride,
            rows: 1,
            x: self.x,
            x_next: self.k,
            k: self.k,
            y: sum.at_mut(),
        };
        // SAFETY: the row and x have `k` neighbours; a slot holds one sum of any dtype.
        unsafe {
            (engine.vector.lines.dots)(&dots);
            self.finish(engine, sum.at_mut());
        }
    }

    /// Stores the sums of all rows.
    ///
    /// # Safety
    /// As [`multiply`]; there is a sum for each row.
    unsafe fn finish(&self, engine: &Engine, sums: *mut u8) {
        let kernels = &engine.vector;
        // SAFETY: y is valid for `rows`.
        unsafe {
            match engine.finish {
                None => (kernels.store)(sums, self.rows, self.y, self.y_stride, self.accumulate),
                Some(finish) if self.y_stride == 1 => {
                    finish(sums, self.rows, self.y, self.accumulate)
                }
                Some(finish) => {
                    for i in 0..self.rows {
                        let y = self
                            .y
                            .offset(i as isize * self.y_stride * engine.elem as isize);
                        finish(sums.add(i * kernels.packed), 1, y, self.accumulate);
                    }
                }
            }
        }
    }

    /// Adds the dot products of some rows with a part of x to the sums at `y`.
    ///
    /// # Safety
    /// As [`multiply`]; `y` is valid for the rows' sums.
    unsafe fn dot_block(&self, engine: &Engine, rows: Range<usize>, ks: Range<usize>, y: *mut u8) {
        let kernels = &engine.vector;
        let (mut xs, mut lines) = (Strips::<2>::new(), Strips::<ROWS>::new());
        let direct_a = kernels.direct && self.a.col_stride == 1;
        let direct_x = kernels.direct && self.x_stride == 1 && kernels.parts == 1;
        let whole = if direct_a && direct_x {
            ks.len()
        } else {
            STRIP / (kernels.packed * kernels.parts)
        };
        for first in ks.clone().step_by(whole) {
            let n = whole.min(ks.end - first);
            // SAFETY: strips hold `whole` elements, x has them in as many parts; rows and elements along k exist.
            unsafe {
                let mut x = self
                    .x
                    .offset(first as isize * self.x_stride * engine.elem as isize);
                if !direct_x {
                    (kernels.packs.spread)(x, self.x_stride, n, xs.ptr());
                    x = xs.ptr();
                }
                for row in rows
                    .clone()
                    .step_by(if direct_a { rows.len() } else { ROWS })
                {
                    let mut dots = Dots {
                        a: self.at(engine, row, first),
                        row: self.a.row_stride * kernels.parts as isize,
                        rows: rows.end - row,
                        x,
                        x_next: n * kernels.parts,
                        k: n * kernels.parts,
                        y: y.add((row - rows.start) * kernels.parts * kernels.packed),
                    };
                    if !direct_a {
                        dots.rows = ROWS.min(rows.end - row);
                        for i in 0..dots.rows {
                            (kernels.packs.gather)(
                                self.at(engine, row + i, first),
                                self.a.col_stride,
                                n,
                                lines.ptr().add(i * STRIP),
                            );
                        }
                        (dots.a, dots.row) = (lines.ptr(), (STRIP / kernels.packed) as isize);
                    }
                    (kernels.lines.dots)(&dots);
                }
            }
        }
    }

    /// Adds some columns times their elements of x to the sums at `y`.
    ///
    /// # Safety
    /// As [`Product::dot_block`].
    unsafe fn column_block(
        &self,
        engine: &Engine,
        rows: Range<usize>,
        ks: Range<usize>,
        y: *mut u8,
    ) {
        let kernels = &engine.vector;
        let (mut products, mut lines, mut xs) = (
            Strips::<2>::new(),
            Strips::<COLUMNS>::new(),
            Strips::<1>::new(),
        );
        let whole = STRIP / (kernels.packed * kernels.parts);
        let direct = kernels.direct && self.a.row_stride == 1;
        for row in rows.clone().step_by(whole) {
            let reals = whole.min(rows.end - row) * kernels.parts;
            // SAFETY: strips hold `whole` elements; rows and elements along k exist.
            unsafe {
                let out = y.add((row - rows.start) * kernels.parts * kernels.packed);
                let sums = if kernels.parts == 1 {
                    out
                } else {
                    products.ptr()
                };
                if kernels.parts == 2 {
                    sums.write_bytes(0, 2 * reals * kernels.packed);
                }
                for k in ks.clone().step_by(COLUMNS) {
                    let cols = COLUMNS.min(ks.end - k);
                    let x = self
                        .x
                        .offset(k as isize * self.x_stride * engine.elem as isize);
                    (kernels.packs.gather)(x, self.x_stride, cols, xs.ptr());
                    let (mut a, mut col) = (
                        self.at(engine, row, k),
                        self.a.col_stride * kernels.parts as isize,
                    );
                    if !direct {
                        for i in 0..cols {
                            let to = lines.ptr().add(i * STRIP);
                            (kernels.packs.gather)(
                                self.at(engine, row, k + i),
                                self.a.row_stride,
                                reals / kernels.parts,
                                to,
                            );
                        }
                        (a, col) = (lines.ptr(), (STRIP / kernels.packed) as isize);
                    }
                    (kernels.lines.columns)(&Columns {
                        a,
                        col,
                        cols,
                        rows: reals,
                        x: xs.ptr(),
                        y: sums,
                        y_next: reals,
                    });
                }
                if kernels.parts == 2 {
                    (kernels.combine)(sums, reals, out);
                }
            }
        }
    }
}
