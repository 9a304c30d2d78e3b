//! The loops around the micro-kernel (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).
//!
//! ```text
//! for each super-block of C (at most SUPER × SUPER), for each block along k:
//!     in parallel: pack the panels of A and of B that are not read where they lie
//!     in parallel: for each block of C: for each panel of B (stays in L1): for each panel of A (from L2): tile
//! ```
//! Departures: both operands are packed by everyone together and shared, so that blocks of C can be cut both ways; an
//! operand that the kernel can stream as it lies is not packed at all; sums that are not elements (`f16`, `i8`, …) are
//! kept in a super-block of their own and rounded once, by the block that adds the last of them.
//! Blocks depend on sizes alone.

use super::engine::Engine;
use super::pack::{Pack, Panel};
use super::tile::Step;
use super::{Operand, Problem, scratch};
use crate::error::Result;
use crate::threads;

/// Rows and columns of a super-block: what bounds the memory for panels.
const SUPER: usize = 4096;
/// The same where sums take memory of their own.
const SUPER_SUMS: usize = 2048;
/// Rows of a block of C: with its depth 48 KiB of `f32`, which stays in L2 beside the panels of B that stream through
/// (128 rows cost 10% at 2048³).
const BLOCK_ROWS: usize = 64;
/// Columns of a block of C, so that large products have enough blocks for many processors.
const BLOCK_COLS: usize = 1024;
/// Products in a task, at least: a few microseconds, against a fork-join's fraction of one.
const GRAIN: usize = 1 << 16;
/// Tasks that are enough.
const TASKS: usize = 32;
/// Bytes after which the lines of L1 repeat, and of a line.
const WAY: isize = 4096;
const LINE: isize = 64;
/// Bytes of an operand that stays in L1 while it is read where it lies.
const SMALL: usize = 16 << 10;

/// One operand of a super-block: panels that are read where they lie, then packed ones.
#[derive(Clone, Copy)]
struct Side {
    /// The block's first element.
    src: *const u8,
    /// Distances between lines and along k in elements of the source.
    line: isize,
    step: isize,
    /// Lines (rows of A, columns of B) of the source.
    lines: usize,
    /// Lines of the source in a panel, and their packed width.
    per_panel: usize,
    width: usize,
    /// Panels in all, and how many of the first are read where they lie.
    panels: usize,
    direct: usize,
    /// The packed ones.
    packed: *mut u8,
    /// Bytes of each.
    bytes: usize,
}

impl Side {
    fn new(
        src: *const u8,
        line: isize,
        step: isize,
        lines: usize,
        per_panel: usize,
        width: usize,
    ) -> Side {
        let panels = lines.div_ceil(per_panel);
        Side {
            src,
            line,
            step,
            lines,
            per_panel,
            width,
            panels,
            direct: 0,
            packed: std::ptr::null_mut(),
            bytes: 0,
        }
    }

    fn packed_bytes(&self) -> usize {
        scratch::lines((self.panels - self.direct) * self.bytes)
    }

    /// Lines of the source that panel `i` has.
    fn lines_in(&self, i: usize) -> usize {
        self.per_panel.min(self.lines - i * self.per_panel)
    }

    /// # Safety
    /// `i` is a packed panel, and nobody else writes or reads it.
    unsafe fn pack(&self, pack: Pack, elem: usize, i: usize, k: usize) {
        // SAFETY: the panel's lines exist in the source; its memory is `bytes` long and ours alone.
        unsafe {
            let first = (i * self.per_panel) as isize * self.line;
            pack(&Panel {
                src: self.src.offset(first * elem as isize),
                line: self.line,
                step: self.step,
                lines: self.lines_in(i),
                k,
                width: self.width,
                dst: self.packed.add((i - self.direct) * self.bytes),
            });
        }
    }
}

/// One super-block at one depth.
struct Work<'a> {
    engine: &'a Engine,
    a: Side,
    b: Side,
    /// Elements along k.
    k: usize,
    /// C or the sums, with the distance of rows in sums.
    c: *mut u8,
    ldc: usize,
    accumulate: bool,
    /// Where the sums go when this is the last depth: C, its rows' distance, and whether it is added to.
    finish: Option<(*mut u8, usize, bool)>,
    /// Panels in a block of C.
    block: [usize; 2],
}

/// Multiplies one matrix by another. `m`, `n` and `k` are not 0.
///
/// # Safety
/// The contract of [`super::matmul`], and the processor has what `engine` needs.
pub(super) unsafe fn multiply(engine: &Engine, p: &Problem) -> Result<()> {
    let most = engine.depth * engine.group / engine.parts;
    let depth =
        p.k.div_ceil(p.k.div_ceil(most))
            .next_multiple_of(engine.group.max(2));
    let per_super = if engine.finish.is_some() {
        SUPER_SUMS
    } else {
        SUPER
    };
    let elem = engine.elem as isize;
    for i in (0..p.m).step_by(per_super) {
        for j in (0..p.n).step_by(per_super) {
            let (m, n) = (per_super.min(p.m - i), per_super.min(p.n - j));
            let (mut a, mut b) = sides(engine, p, m, n, depth.min(p.k));
            let sums = if engine.finish.is_some() {
                m * n * engine.parts * engine.acc
            } else {
                0
            };
            let bytes = a.packed_bytes() + b.packed_bytes() + sums;
            let mut whole = |memory: *mut u8| {
                for first in (0..p.k).step_by(depth) {
                    let (i, j, first_k) = (i as isize, j as isize, first as isize);
                    // SAFETY: offsets stay within the operands; the scratch has room for all three parts.
                    unsafe {
                        a.packed = memory;
                        b.packed = memory.add(a.packed_bytes());
                        a.src =
                            p.a.ptr
                                .offset((i * p.a.row_stride + first_k * p.a.col_stride) * elem);
                        b.src =
                            p.b.ptr
                                .offset((j * p.b.col_stride + first_k * p.b.row_stride) * elem);
                        let c =
                            p.c.offset((i * p.ldc as isize + j) * engine.result() as isize);
                        let k = depth.min(p.k - first);
                        let mut work = Work {
                            engine,
                            a,
                            b,
                            k,
                            c,
                            ldc: p.ldc * engine.parts,
                            accumulate: p.accumulate || first > 0,
                            finish: None,
                            block: block(engine, m, n, k),
                        };
                        if engine.finish.is_some() {
                            work.c = b.packed.add(b.packed_bytes());
                            work.ldc = n * engine.parts;
                            work.accumulate = first > 0;
                            work.finish = (first + k == p.k).then_some((c, p.ldc, p.accumulate));
                        }
                        work.run();
                    }
                }
            };
            if bytes == 0 {
                whole(std::ptr::NonNull::<u64>::dangling().as_ptr().cast())
            } else {
                scratch::with(bytes, whole)?
            }
        }
    }
    Ok(())
}

/// How the operands of a super-block will be read.
fn sides(engine: &Engine, p: &Problem, m: usize, n: usize, k: usize) -> (Side, Side) {
    let Operand {
        row_stride,
        col_stride,
        ..
    } = p.a;
    let width = 2 * engine.lanes;
    let mut a = Side::new(p.a.ptr, row_stride, col_stride, m, engine.rows, engine.rows);
    let mut b = Side::new(
        p.b.ptr,
        p.b.col_stride,
        p.b.row_stride,
        n,
        width / engine.parts,
        width,
    );
    let steps = (k * engine.parts).div_ceil(engine.group);
    a.bytes = scratch::lines(steps * a.width * engine.packed);
    let sums = usize::from(engine.starts) * b.width * engine.acc;
    b.bytes = scratch::lines(steps * b.width * engine.packed + sums);
    if engine.direct {
        // A panel of A is read once for each panel of B: not packed where it lies well (along k, and its rows do not fall
        // on the same lines of L1), where it is read a few times only, or where the whole stays in L1. Complex rows are
        // pairs of reals only where they are contiguous.
        let distance = (row_stride * engine.elem as isize).rem_euclid(WAY);
        let apart = (LINE..WAY - LINE).contains(&distance) || n <= 4 * width;
        let streams = col_stride == 1 && apart && (engine.streams || n <= 4 * width);
        let small = m * k * engine.elem <= SMALL && engine.parts == 1;
        if streams || small {
            a.direct = a.panels;
        }
        // B is read once for each panel of A, in rows: unless it is small, only for few of those.
        let small = n * k * engine.elem <= SMALL || m <= 2 * engine.rows;
        if engine.parts == 1 && b.line == 1 && small {
            // the last panel's registers may not reach beyond the matrix
            b.direct = if n.is_multiple_of(engine.lanes) {
                b.panels
            } else {
                n / width
            };
        }
    }
    (a, b)
}

/// Panels of A and of B in a block of C: enough work in each block, and enough blocks for everyone.
fn block(engine: &Engine, m: usize, n: usize, k: usize) -> [usize; 2] {
    let (row_panels, col_panels) = (
        m.div_ceil(engine.rows),
        n.div_ceil(2 * engine.lanes / engine.parts),
    );
    let mut rows = row_panels.min(BLOCK_ROWS / engine.rows);
    let mut cols = col_panels.min((BLOCK_COLS / (2 * engine.lanes)).max(1));
    let per_tile = engine.rows * 2 * engine.lanes * k;
    while row_panels.div_ceil(rows) * col_panels.div_ceil(cols) < TASKS
        && rows * cols * per_tile >= 2 * GRAIN
    {
        // halve the longer side; ceil, so that no sliver is left over
        if rows * engine.rows >= cols * 2 * engine.lanes && rows > 1 {
            rows = rows.div_ceil(2);
        } else if cols > 1 {
            cols = cols.div_ceil(2);
        } else {
            break;
        }
    }
    [rows, cols]
}

// SAFETY: the tasks of one multiplication never touch the same part of C or of a panel at the same time, and the memory
// outlives the fork-join.
unsafe impl Sync for Work<'_> {}

impl Work<'_> {
    /// # Safety
    /// The sides and C are valid as their fields say.
    unsafe fn run(&self) {
        let (a, b) = (&self.a, &self.b);
        let (to_pack, a_panels) = (
            a.panels - a.direct + b.panels - b.direct,
            a.panels - a.direct,
        );
        let pack = |i: usize| {
            let engine = self.engine;
            // SAFETY: each panel is packed by one task.
            unsafe {
                if i < a_panels {
                    self.a
                        .pack(engine.packs.left, engine.elem, self.a.direct + i, self.k);
                } else {
                    self.b.pack(
                        engine.packs.right,
                        engine.elem,
                        self.b.direct + i - a_panels,
                        self.k,
                    );
                }
            }
        };
        let row_blocks = a.panels.div_ceil(self.block[0]);
        let tasks = row_blocks * b.panels.div_ceil(self.block[1]);
        // SAFETY: each block is multiplied by one task, after all panels were packed.
        let multiply = |i: usize| unsafe { self.multiply_block(i % row_blocks, i / row_blocks) };
        if tasks == 1 {
            (0..to_pack).for_each(pack);
            multiply(0);
        } else {
            let grain = (GRAIN / 8 / (a.bytes.min(b.bytes)).max(1)).max(1);
            threads::run_ranges(to_pack, grain, &|range| range.for_each(pack));
            threads::run(tasks, &multiply);
        }
    }

    /// # Safety
    /// As [`Work::run`], and the block is this task's alone.
    unsafe fn multiply_block(&self, row_block: usize, col_block: usize) {
        let Work { engine, a, b, .. } = *self;
        let rows = row_block * self.block[0]..((row_block + 1) * self.block[0]).min(a.panels);
        let cols = col_block * self.block[1]..((col_block + 1) * self.block[1]).min(b.panels);
        let mut step = Step {
            k: (self.k * engine.parts).div_ceil(engine.group),
            a: a.src,
            a_row: 1,
            a_k: a.width as isize,
            b: b.src,
            b_k: b.width as isize,
            c: self.c,
            ldc: self.ldc,
            rows: 0,
            cols: 0,
            accumulate: self.accumulate,
        };
        // SAFETY: panels exist; tiles stay within the block.
        unsafe {
            if let Some([begin, _]) = engine.around {
                begin();
            }
            for j in cols.clone() {
                step.cols = b.lines_in(j) * engine.parts;
                if j < b.direct {
                    step.b = b.src.add(j * b.width * engine.packed);
                    step.b_k = b.step;
                } else {
                    step.b = b.packed.add((j - b.direct) * b.bytes);
                    step.b_k = b.width as isize;
                }
                let kernels =
                    [0, 1].map(|full| engine.kernels[full][usize::from(step.cols > engine.lanes)]);
                for i in rows.clone() {
                    step.rows = a.lines_in(i);
                    if i < a.direct {
                        let (row, along) = if engine.parts == 2 {
                            (2 * a.line, 1)
                        } else {
                            (a.line, a.step)
                        };
                        step.a = a
                            .src
                            .offset((i * a.width) as isize * a.line * engine.elem as isize);
                        (step.a_row, step.a_k) = (row, along);
                    } else {
                        step.a = a.packed.add((i - a.direct) * a.bytes);
                        (step.a_row, step.a_k) = (1, a.width as isize);
                    }
                    step.c = self
                        .c
                        .add((i * a.width * self.ldc + j * b.width) * engine.acc);
                    kernels[usize::from(2 * step.rows > engine.rows)](&step);
                }
            }
            if let Some([_, end]) = engine.around {
                end();
            }
            if let (Some((c, ldc, accumulate)), Some(finish)) = (self.finish, engine.finish) {
                let first = cols.start * b.width;
                let n = (cols.end * b.width).min(b.lines) - first;
                for r in rows.start * a.width..(rows.end * a.width).min(a.lines) {
                    let sums = self.c.add((r * self.ldc + first) * engine.acc);
                    finish(
                        sums,
                        n,
                        c.add((r * ldc + first) * engine.result()),
                        accumulate,
                    );
                }
            }
        }
    }
}
