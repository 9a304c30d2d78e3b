//! The driver of folds: any axes, any strides, any number of threads.
//!
//! ```text
//! make one loop nest for operand and result         (layout::Walk: merged, the operand's smallest steps innermost)
//! innermost axis reduced?  along:  runs are folded to one accumulator each
//! innermost axis kept?     across: a tile of columns is folded row by row
//! ```
//!
//! Long reductions are cut into pieces of a fixed size, whose partial results are merged in a tree; so the bits do not
//! depend on how many threads there are. What is not contiguous is gathered into L1 first.

use std::cell::UnsafeCell;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::repeated;
use crate::error::Result;
use crate::isa::Kernel;
use crate::kernels::fold::{Folding, Rows};
use crate::kernels::fold_rows;
use crate::kernels::strided::{Tile, fill, gather, scatter};
use crate::layout::{Layout, Order, PerAxis, Walk};
use crate::storage::Storage;
use crate::threads::{self, Parts};

/// Elements of a piece: some 10 µs of work.
const PIECE: usize = 1 << 15;
/// Columns of a tile: long enough that each row's part is more than the prefetcher's page.
const COLUMNS: usize = 2048;
/// Elements of a piece of columns: enough rows that what begins and ends a piece does not show.
const SLICE: usize = 1 << 17;
/// Elements that are folded to one accumulator at once.
pub(super) const RUN: usize = 1 << 13;
/// Elements of one result that are folded by one thread, run after run.
pub(super) const SERIAL: usize = 2 * PIECE;
/// Runs shorter than this are folded across, where there is something to fold across.
const SHORT: usize = 24;

const GATHERED: usize = 1 << 15;
const ACCUMULATORS: usize = COLUMNS * 16;

#[repr(align(64))]
struct Memory(UnsafeCell<[u8; GATHERED + ACCUMULATORS]>);
thread_local! {
    static MEMORY: Memory = const { Memory(UnsafeCell::new([0; GATHERED + ACCUMULATORS])) };
}

/// An axis of the operand: length, stride of the operand, stride of the result.
#[derive(Clone, Copy)]
struct Axis {
    len: usize,
    x: isize,
    out: isize,
}
type AxisList = PerAxis<Axis>;

fn count(axes: &[Axis]) -> usize {
    axes.iter().map(|a| a.len).product()
}

/// Offsets of the operand and the result at a linear index over some axes.
fn offsets(axes: &[Axis], mut index: usize) -> (isize, isize) {
    let (mut x, mut out) = (0, 0);
    for axis in axes.iter().rev() {
        let i = (index % axis.len) as isize;
        index /= axis.len;
        x += i * axis.x;
        out += i * axis.out;
    }
    (x, out)
}

struct Job<'a> {
    folding: &'a Folding,
    size: usize,
    acc: usize,
    x: *const u8,
    out: *mut u8,
    kept: AxisList,
    reduced: AxisList,
    /// The innermost axis: of a run (along), of a tile (across).
    inner: Axis,
}
// SAFETY: tasks read the operand and write disjoint parts of the result.
unsafe impl Sync for Job<'_> {}

/// Folds `x` into `out`: `strides` and `offset` say where the result of each element goes, with 0 on reduced axes.
///
/// # Safety
/// `x` points to a buffer in which `layout` lies, of lanes that `folding` folds, `size` bytes each; `out` to accumulators
/// for every kept index. Nobody writes the one or touches the other meanwhile.
pub(crate) unsafe fn fold(
    folding: &Folding,
    size: usize,
    x: *const u8,
    layout: &Layout,
    out: *mut u8,
    strides: &[isize],
    offset: usize,
) -> Result<()> {
    let walk = Walk::<2>::new(
        layout.shape(),
        [layout.strides(), strides],
        [layout.offset(), offset],
        Order::First,
    );
    if walk.is_empty() {
        return Ok(());
    }
    let mut axes: AxisList = (0..walk.shape.len())
        .map(|a| Axis {
            len: walk.shape[a],
            x: walk.strides[0][a],
            out: walk.strides[1][a],
        })
        .collect();
    // a single element has stride 1 in both
    if walk.len() == 1 {
        axes[0].out = 0;
    }
    let last = axes.len() - 1;
    let rows = folding.rows.filter(|_| match axes[..] {
        [kept, row] => {
            kept.out == 1 && row.out == 0 && row.x == 1 && fold_rows::LENGTHS.contains(&row.len)
        }
        _ => false,
    });
    if rows.is_none()
        && axes[last].out == 0
        && axes[last].len < SHORT
        && let Some(k) = axes.iter().rposition(|a| a.out != 0)
    {
        let kept = axes.remove(k);
        axes.push(kept);
    }
    let Some(inner) = axes.pop() else {
        return Ok(());
    };
    let (kept, reduced): (AxisList, AxisList) = axes.into_iter().partition(|a| a.out != 0);
    let acc = folding.acc.size();
    // SAFETY: the walk's offsets lie within the buffers.
    let (x, out) = unsafe {
        (
            x.offset(walk.offsets[0] * size as isize),
            out.offset(walk.offsets[1] * acc as isize),
        )
    };
    let job = Job {
        folding,
        size,
        acc,
        x,
        out,
        kept,
        reduced,
        inner,
    };
    // SAFETY: the caller's contract.
    unsafe {
        if let Some(kernel) = rows {
            job.short_rows(kernel)
        } else if inner.out == 0 {
            job.along()
        } else {
            job.across()
        }
    }
}

impl Job<'_> {
    /// Short rows one after the other, many at a time.
    unsafe fn short_rows(&self, kernel: Kernel) -> Result<()> {
        let (kept, n) = (self.kept[0], self.inner.len);
        threads::run_ranges(kept.len, (PIECE / n).max(1), &|range| {
            let rows = Rows {
                count: range.len(),
                stride: kept.x,
            };
            // SAFETY: rows of the walk, and their results, of this task alone.
            unsafe {
                let from = range.start as isize * kept.x * self.size as isize;
                let from = self.x.offset(from);
                let to = self.out.add(range.start * self.acc);
                kernel(n, [from, (&raw const rows).cast(), from], to);
            }
        });
        Ok(())
    }

    unsafe fn along(&self) -> Result<()> {
        let (outputs, rows, n) = (count(&self.kept), count(&self.reduced), self.inner.len);
        let each = rows * n;
        if each < SERIAL {
            let group = (PIECE / each).max(1);
            // one run a result, in the order of memory: nothing to be gathered, no index to be taken apart
            let stride = match *self.kept {
                [kept] if rows == 1 && self.inner.x == 1 && n <= RUN => Some((kept.x, kept.out)),
                _ => None,
            };
            threads::run_ranges(outputs, group, &|range| {
                for o in range {
                    // SAFETY: one result, by one task; its pieces are those of the walk.
                    unsafe {
                        let mut acc = self.folding.identity;
                        let out = match stride {
                            Some((x, out)) => {
                                let row = self.x.offset(o as isize * x * self.size as isize);
                                (self.folding.along)(n, [row; 3], acc.at_mut());
                                o as isize * out
                            }
                            None => {
                                let (x, out) = offsets(&self.kept, o);
                                self.runs(x, 0..rows, 0..n, acc.at_mut());
                                out
                            }
                        };
                        self.put(acc.at(), out);
                    }
                }
            });
            return Ok(());
        }
        // few results of many elements: pieces of rows, or of a row
        let (height, width) = if n >= PIECE {
            (1, PIECE)
        } else {
            (PIECE / n, n)
        };
        let wide = n.div_ceil(width);
        let pieces = rows.div_ceil(height) * wide;
        let mut partial = repeated(self.folding.identity, outputs.saturating_mul(pieces))?;
        let base = Parts(partial.as_mut_ptr());
        // of one result, what one piece has settled the others need not look at
        let settled = AtomicBool::new(false);
        threads::run(outputs * pieces, &|task| {
            if outputs == 1 && settled.load(Relaxed) {
                return;
            }
            let (x, _) = offsets(&self.kept, task / pieces);
            let (r, c) = (
                (task % pieces) / wide * height,
                (task % pieces) % wide * width,
            );
            // SAFETY: one partial result, by one task.
            unsafe {
                let acc = base.at(task).cast::<u8>();
                self.runs(x, r..(r + height).min(rows), c..(c + width).min(n), acc);
                if self.folding.absorbing == Some(*acc) {
                    settled.store(true, Relaxed);
                }
            }
        });
        for (o, partial) in partial.chunks_mut(pieces).enumerate() {
            let mut left = pieces;
            while left > 1 {
                let half = left / 2;
                for i in 0..half {
                    let from = partial[left - half + i].at();
                    // SAFETY: two accumulators.
                    unsafe { (self.folding.merge)(1, [from; 3], partial[i].at_mut()) };
                }
                left -= half;
            }
            // SAFETY: a result of the walk.
            unsafe { self.put(partial[0].at(), offsets(&self.kept, o).1) };
        }
        Ok(())
    }

    /// Folds columns of some rows, which begin at offset `x`, into one accumulator.
    unsafe fn runs(
        &self,
        x: isize,
        rows: std::ops::Range<usize>,
        cols: std::ops::Range<usize>,
        acc: *mut u8,
    ) {
        let limit = if self.inner.x == 1 {
            RUN
        } else {
            RUN.min(GATHERED / self.size)
        };
        for r in rows {
            let row = x + offsets(&self.reduced, r).0;
            let mut c = cols.start;
            while c < cols.end {
                let n = limit.min(cols.end - c);
                // SAFETY: a run of the walk; what is gathered fits the scratch.
                unsafe {
                    let src = self
                        .x
                        .offset((row + c as isize * self.inner.x) * self.size as isize);
                    let src = if self.inner.x == 1 {
                        src
                    } else {
                        let scratch = MEMORY.with(|m| m.0.get().cast::<u8>());
                        let tile = Tile {
                            rows: 1,
                            cols: n,
                            row_stride: 0,
                            col_stride: self.inner.x,
                        };
                        gather(self.size, tile, src, scratch);
                        scratch.cast_const()
                    };
                    (self.folding.along)(n, [src; 3], acc);
                    if self.folding.absorbing == Some(*acc) {
                        return;
                    }
                }
                c += n;
            }
        }
    }

    unsafe fn put(&self, acc: *const u8, out: isize) {
        // SAFETY: the result lies within the output. Of a known size it is a move and not a call.
        unsafe {
            let to = self.out.offset(out * self.acc as isize);
            match self.acc {
                4 => to.cast::<[u8; 4]>().write(acc.cast::<[u8; 4]>().read()),
                8 => to.cast::<[u8; 8]>().write(acc.cast::<[u8; 8]>().read()),
                size => std::ptr::copy_nonoverlapping(acc, to, size),
            }
        }
    }

    unsafe fn across(&self) -> Result<()> {
        let (outer, rows, cols) = (count(&self.kept), count(&self.reduced), self.inner.len);
        let tiles = cols.div_ceil(COLUMNS);
        let units = outer * tiles;
        let height = (SLICE / cols.min(COLUMNS)).max(1);
        if units >= 32 || rows < 2 * height {
            // whole columns: as many tiles to a task as make a piece
            let group = (PIECE / (rows * cols.min(COLUMNS)).max(1)).max(1);
            threads::run_ranges(units, group, &|range| {
                for unit in range {
                    let (x, out) = offsets(&self.kept, unit / tiles);
                    // SAFETY: the results of one tile, by one task.
                    unsafe {
                        self.tile(
                            x,
                            unit % tiles * COLUMNS,
                            0..rows,
                            self.out,
                            out,
                            self.inner.out,
                        )
                    };
                }
            });
            return Ok(());
        }
        // few columns of many rows: pieces of rows have partial results of their own
        let pieces = rows.div_ceil(height);
        let results = outer * cols;
        let partial = Storage::uninit(pieces * results * self.acc)?;
        let base = Parts(partial.ptr());
        threads::run(units * pieces, &|task| {
            let (unit, piece) = (task / pieces, task % pieces);
            let (x, _) = offsets(&self.kept, unit / tiles);
            let range = piece * height..((piece + 1) * height).min(rows);
            // SAFETY: a tile of one piece's partial results, by one task.
            unsafe {
                let at = base.at(piece * results * self.acc);
                self.tile(
                    x,
                    unit % tiles * COLUMNS,
                    range,
                    at,
                    (unit / tiles * cols) as isize,
                    1,
                );
            }
        });
        let mut left = pieces;
        while left > 1 {
            let half = left / 2;
            // SAFETY: `half` times as many accumulators as there are results, on both sides.
            unsafe {
                let from = partial
                    .ptr()
                    .add((left - half) * results * self.acc)
                    .cast_const();
                (self.folding.merge)(half * results, [from; 3], partial.ptr());
            }
            left -= half;
        }
        for o in 0..outer {
            let tile = Tile {
                rows: 1,
                cols,
                row_stride: 0,
                col_stride: self.inner.out,
            };
            // SAFETY: the results of an outer index.
            unsafe {
                let from = partial.ptr().add(o * cols * self.acc).cast_const();
                scatter(
                    self.acc,
                    tile,
                    from,
                    self.out
                        .offset(offsets(&self.kept, o).1 * self.acc as isize),
                );
            }
        }
        Ok(())
    }

    /// Folds rows of one tile of columns, and puts the results at `to[out + c · stride]`.
    unsafe fn tile(
        &self,
        x: isize,
        first: usize,
        rows: std::ops::Range<usize>,
        to: *mut u8,
        out: isize,
        stride: isize,
    ) {
        let n = COLUMNS.min(self.inner.len - first);
        // SAFETY: columns of the walk; the accumulators of a tile and what is gathered fit the scratch.
        unsafe {
            let scratch = MEMORY.with(|m| m.0.get().cast::<u8>());
            let acc = scratch.add(GATHERED);
            let line = Tile {
                rows: 1,
                cols: n,
                row_stride: 0,
                col_stride: 1,
            };
            fill(self.acc, line, self.folding.identity.at(), acc);
            let x = self
                .x
                .offset((x + first as isize * self.inner.x) * self.size as isize);
            // the innermost reduced axis is the kernel's, the rest are looped over
            let (row, outer) = match self.reduced.split_last() {
                Some((last, rest)) => (*last, rest),
                None => (
                    Axis {
                        len: 1,
                        x: 0,
                        out: 0,
                    },
                    &[][..],
                ),
            };
            let mut r = rows.start;
            while r < rows.end {
                let inside = r % row.len;
                let many = (row.len - inside).min(rows.end - r);
                let at = offsets(outer, r / row.len).0 + inside as isize * row.x;
                self.rows(x.offset(at * self.size as isize), n, many, row.x, acc);
                r += many;
            }
            let tile = Tile {
                rows: 1,
                cols: n,
                row_stride: 0,
                col_stride: stride,
            };
            scatter(
                self.acc,
                tile,
                acc,
                to.offset((out + first as isize * stride) * self.acc as isize),
            );
        }
    }

    unsafe fn rows(&self, x: *const u8, n: usize, many: usize, stride: isize, acc: *mut u8) {
        let across = |x: *const u8, n: usize, rows: Rows, acc: *mut u8| {
            // SAFETY: the rows and columns that the callers below name.
            unsafe { (self.folding.across)(n, [x, (&raw const rows).cast(), x], acc) };
        };
        let room = COLUMNS / n;
        // SAFETY: as `tile`; several short rows lie side by side in a contiguous operand, and so do their accumulators.
        unsafe {
            if self.inner.x == 1
                && n == self.inner.len
                && stride == n as isize
                && room >= 4
                && many >= 2 * room
            {
                let more = Tile {
                    rows: 1,
                    cols: (room - 1) * n,
                    row_stride: 0,
                    col_stride: 1,
                };
                fill(
                    self.acc,
                    more,
                    self.folding.identity.at(),
                    acc.add(n * self.acc),
                );
                across(
                    x,
                    room * n,
                    Rows {
                        count: many / room,
                        stride: (room * n) as isize,
                    },
                    acc,
                );
                for k in 1..room {
                    (self.folding.merge)(n, [acc.add(k * n * self.acc).cast_const(); 3], acc);
                }
                let done = many / room * room;
                across(
                    x.add(done * n * self.size),
                    n,
                    Rows {
                        count: many - done,
                        stride,
                    },
                    acc,
                );
                return;
            }
            if self.inner.x == 1 {
                return across(
                    x,
                    n,
                    Rows {
                        count: many,
                        stride,
                    },
                    acc,
                );
            }
            let scratch = MEMORY.with(|m| m.0.get().cast::<u8>());
            let height = (GATHERED / (n * self.size)).max(1);
            let mut r = 0;
            while r < many {
                let rows = height.min(many - r);
                let tile = Tile {
                    rows,
                    cols: n,
                    row_stride: stride,
                    col_stride: self.inner.x,
                };
                gather(
                    self.size,
                    tile,
                    x.offset(r as isize * stride * self.size as isize),
                    scratch,
                );
                across(
                    scratch,
                    n,
                    Rows {
                        count: rows,
                        stride: n as isize,
                    },
                    acc,
                );
                r += rows;
            }
        }
    }
}
