//! The driver of elementwise programs: blocks that stay in L1, strides, broadcasting, conversion, threads.
//!
//! ```text
//! make one loop nest for the output and all inputs          (layout::Walk: merged, output innermost)
//! split it by size into tasks, the same for any number of threads
//! for each row of a task, for each block of the row:
//!     an input is   used in place   where it is contiguous and in its lane
//!                   one value       where it does not move along the row
//!                   brought         to scratch otherwise: gathered, converted
//!     each step runs from scratch to scratch, the last one to the output
//! ```
//!
//! Three departures for speed. An input that lies across the row, as a transposed one does, is brought a tile of 16 rows
//! at a time, so that whole cache lines are used. Short rows are packed: several are brought as one, and what was brought is
//! used again while it is asked for (a row that repeats, as in an outer product). An output that shares memory with an
//! input is computed in scratch and stored, never written while it is read.

use std::cell::UnsafeCell;

use super::plan::Plan;
use super::steps::Steps;
use crate::dtype::DType;
use crate::error::Result;
use crate::isa::Kernel;
use crate::kernels::cast;
use crate::kernels::strided::{Tile, fill, gather, scatter};
use crate::layout::{Layout, Order, Walk};
use crate::program::Src;
use crate::threads;

/// An input: where its buffer begins, and how its elements lie in it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub ptr: *const u8,
    pub layout: &'a Layout,
}

/// The output.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub ptr: *mut u8,
    pub layout: &'a Layout,
    pub dtype: DType,
    /// Whether its memory may be an input's too.
    pub shared: bool,
}

/// Elements of an addition that are worth a task of their own: 4 µs on one core, 20 times what a fork-join costs.
pub(crate) const GRAIN: usize = 1 << 14;
/// Scratch of all registers and brought inputs together: what an L1 cache of 32 or 48 KiB holds, of which one pass
/// touches half.
const SCRATCH: usize = 1 << 15;
/// Rows of a tile: a cache line of `f32`.
const TILE_ROWS: usize = 16;
/// Rows shorter than this are packed, and longer ones up to `MIDDLE` where no input has to be brought anew for each.
const SHORT: usize = 64;
const MIDDLE: usize = 512;

/// Runs `plan` for every element of `target`, to which the sources broadcast.
///
/// # Safety
/// The layouts lie within the buffers, whose bytes are initialised; nobody writes the sources or touches the target
/// meanwhile; where the target's memory is a source's, `shared` says so, and either the two have the same layout or they
/// do not overlap. The plan was made for the dtypes of the sources.
pub(crate) unsafe fn run(plan: Plan<'_>, sources: &[Source<'_>], target: Target<'_>) -> Result<()> {
    // SAFETY: the caller's contract is passed on.
    unsafe {
        match sources.len() {
            0 | 1 => run_with::<2>(plan, sources, target),
            2 => run_with::<3>(plan, sources, target),
            3 => run_with::<4>(plan, sources, target),
            _ => run_with::<{ MOST + 1 }>(plan, sources, target),
        }
    }
}

/// The most inputs that a program takes.
pub(crate) const MOST: usize = 8;

unsafe fn run_with<const K: usize>(
    plan: Plan<'_>,
    sources: &[Source<'_>],
    target: Target<'_>,
) -> Result<()> {
    let none = Layout::scalar();
    let layouts = std::array::from_fn(|k| match k {
        0 => target.layout,
        _ => sources.get(k - 1).map_or(&none, |s| s.layout),
    });
    let walk = Walk::<K>::broadcast(target.layout.shape(), layouts, Order::First)?;
    if walk.is_empty() {
        return Ok(());
    }
    let job = Job::new(plan, walk, sources, target);
    let (rows, cols) = (job.walk.outer_len(1), job.walk.inner_len());
    let grain = (GRAIN / plan.typed.weight.min(16)).max(512);
    if rows * cols < 2 * grain {
        // SAFETY: the whole of the walk, once.
        unsafe { job.rows(0..rows, 0..cols) };
        return Ok(());
    }
    let across = cols.div_ceil(grain.max(SCRATCH));
    let width = cols.div_ceil(across).next_multiple_of(64);
    let across = cols.div_ceil(width);
    // whole tiles of rows, so that a transposed input is read by cache lines
    let height = (grain / width.min(cols))
        .max(1)
        .next_multiple_of(if job.tiled { TILE_ROWS } else { 1 });
    threads::run(across * rows.div_ceil(height), &|task| {
        let (r, c) = (task / across * height, task % across * width);
        // SAFETY: the tasks cover the walk without overlap.
        unsafe { job.rows(r..(r + height).min(rows), c..(c + width).min(cols)) };
    });
    Ok(())
}

/// How an input comes to the kernels.
#[derive(Clone, Copy)]
struct Bring {
    /// Bytes of an element in memory.
    size: usize,
    /// To its lane, when that is another type.
    convert: Option<Kernel>,
    /// Whether it lies across the rows.
    across: bool,
}

struct Job<'a, const K: usize> {
    plan: Plan<'a>,
    walk: Walk<K>,
    ptr: [*mut u8; K],
    bring: [Bring; K],
    out_size: usize,
    /// From the plan's lane to the output's dtype.
    store: Option<Kernel>,
    shared: bool,
    tiled: bool,
    /// Whether the elements of the only input are those of the output as they are: they go there without scratch.
    copies: bool,
    inputs: usize,
    /// Elements of a block.
    block: usize,
    /// Bytes of the widest element that scratch holds.
    widest: usize,
}
// SAFETY: the pointers are used under the contract of `run`: tasks write disjoint parts of the output.
unsafe impl<const K: usize> Sync for Job<'_, K> {}

impl<'a, const K: usize> Job<'a, K> {
    fn new(plan: Plan<'a>, walk: Walk<K>, sources: &[Source<'_>], target: Target<'_>) -> Self {
        let axes = walk.shape.len();
        let mut tiled = false;
        let mut ptr = [target.ptr; K];
        let mut bring = [Bring {
            size: 1,
            convert: None,
            across: false,
        }; K];
        for (k, source) in sources.iter().enumerate().map(|(i, s)| (i + 1, s)) {
            let dtype = plan.typed.inputs[k - 1];
            let lane = dtype.compute();
            let across = axes >= 2
                && !matches!(walk.strides[k][axes - 1], 0 | 1)
                && walk.strides[k][axes - 2] == 1
                && walk.shape[axes - 2] >= 4;
            tiled |= across;
            ptr[k] = source.ptr.cast_mut();
            bring[k] = Bring {
                size: dtype.size(),
                convert: (lane != dtype).then(|| cast::kernel(dtype, lane)),
                across,
            };
        }
        let store =
            (plan.typed.lane != target.dtype).then(|| cast::kernel(plan.typed.lane, target.dtype));
        let copies = plan.typed.steps.is_empty()
            && sources.len() == 1
            && plan.typed.result == Src::Input(0)
            && bring[1].convert.is_none()
            && store.is_none()
            && !target.shared;
        let parts = plan.typed.registers + sources.len() + 1;
        // what is stored to places that are not contiguous lies in scratch first, in the output's dtype
        let widest = plan.typed.widest.max(target.dtype.size());
        let mut block = (SCRATCH / (parts * widest))
            .clamp(128, 2048)
            .min(PARTS / (parts * widest));
        if tiled {
            block = block.min(TILES / sources.len() / (TILE_ROWS * widest));
        }
        if block >= 64 {
            block = block / 64 * 64;
        }
        Job {
            plan,
            walk,
            ptr,
            bring,
            out_size: target.dtype.size(),
            store,
            shared: target.shared,
            tiled,
            copies,
            inputs: sources.len(),
            block,
            widest,
        }
    }

    /// # Safety
    /// The contract of [`run`], and no other task runs these rows and columns.
    unsafe fn rows(&self, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
        let axes = self.walk.shape.len();
        let packed = axes >= 2
            && cols.len() == self.walk.inner_len()
            && cols.len() <= self.block
            && (cols.len() < SHORT || cols.len() < MIDDLE && self.repeats());
        let height = if axes >= 2 {
            self.walk.shape[axes - 2]
        } else {
            1
        };
        let scratch = Scratch::take();
        let strides = &self.walk.strides;
        let mut steps = Steps::new(
            self.plan,
            |i| strides[i + 1][axes - 1] == 0 && (!packed || strides[i + 1][axes - 2] == 0),
            |r| scratch.register(r, self),
        );
        let mut brought = [None; K];
        let mut row = rows.start;
        while row < rows.end {
            // the rows that share all outer indices: from one to the next it is one stride
            let inside = row % height;
            let count = (height - inside).min(rows.end - row);
            let mut base = [0isize; K];
            self.walk
                .for_each_outer(2, row / height..row / height + 1, |offsets| base = offsets);
            let down: [isize; K] = std::array::from_fn(|k| {
                if axes >= 2 {
                    self.walk.strides[k][axes - 2]
                } else {
                    0
                }
            });
            for k in 0..K {
                base[k] += inside as isize * down[k]
                    + cols.start as isize * self.walk.strides[k][axes - 1];
            }
            let step = if packed {
                (self.block / cols.len()).max(1)
            } else if self.tiled {
                TILE_ROWS
            } else {
                1
            };
            for r in (0..count).step_by(step) {
                let at = std::array::from_fn(|k| base[k] + r as isize * down[k]);
                let many = step.min(count - r);
                // SAFETY: the rows lie within the walk.
                unsafe {
                    if packed {
                        self.packed(
                            scratch,
                            &mut steps,
                            &mut brought,
                            at,
                            down,
                            many,
                            cols.len(),
                        );
                    } else {
                        self.tile(scratch, &mut steps, at, down, many, cols.len());
                    }
                }
            }
            row += count;
        }
    }

    /// Whether each row of every array follows the one before, or is the same row again.
    fn repeats(&self) -> bool {
        let axes = self.walk.shape.len();
        (0..=self.inputs).all(|k| {
            let [.., down, inner] = self.walk.strides[k][..axes] else {
                return false;
            };
            match inner {
                1 => down == self.walk.shape[axes - 1] as isize || k > 0 && down == 0,
                _ => k > 0 && inner == 0 && down == 0,
            }
        })
    }

    /// Some long rows, a block of columns at a time.
    unsafe fn tile(
        &self,
        scratch: Scratch,
        steps: &mut Steps,
        at: [isize; K],
        down: [isize; K],
        rows: usize,
        cols: usize,
    ) {
        let inner = self.walk.inner_strides();
        for c in (0..cols).step_by(self.block) {
            let n = self.block.min(cols - c);
            let begin = |k: usize, r: usize| at[k] + r as isize * down[k] + c as isize * inner[k];
            // SAFETY: every place is one that the walk names; scratch parts are as long as a block, or a tile of blocks.
            unsafe {
                if self.tiled {
                    for k in (1..=self.inputs).filter(|&k| self.bring[k].across) {
                        let size = self.bring[k].size;
                        let tile = Tile {
                            rows,
                            cols: n,
                            row_stride: down[k],
                            col_stride: inner[k],
                        };
                        gather(
                            size,
                            tile,
                            self.ptr[k].offset(begin(k, 0) * size as isize),
                            scratch.tile(k, self),
                        );
                    }
                }
                for r in 0..rows {
                    if self.copies && !self.tiled && inner[0] == 1 && inner[1] != 0 {
                        let line = Tile {
                            rows: 1,
                            cols: n,
                            row_stride: 0,
                            col_stride: inner[1],
                        };
                        if self.copy(line, begin(1, r), begin(0, r)) {
                            continue;
                        }
                    }
                    for (i, b) in self.bring[1..=self.inputs].iter().enumerate() {
                        let k = i + 1;
                        let (src, stride) = if b.across {
                            (scratch.tile(k, self).add(r * n * b.size).cast_const(), 1)
                        } else {
                            (
                                self.ptr[k]
                                    .offset(begin(k, r) * b.size as isize)
                                    .cast_const(),
                                inner[k],
                            )
                        };
                        let uniform = stride == 0;
                        let m = if uniform { 1 } else { n };
                        let line = Tile {
                            rows: 1,
                            cols: m,
                            row_stride: 0,
                            col_stride: stride,
                        };
                        let at = self.brought(scratch, k, src, line, uniform || stride == 1);
                        steps.set_input(i, at);
                    }
                    let out = self.ptr[0].offset(begin(0, r) * self.out_size as isize);
                    let line = Tile {
                        rows: 1,
                        cols: n,
                        row_stride: 0,
                        col_stride: inner[0],
                    };
                    self.block(scratch, steps, n, out, line);
                }
            }
        }
    }

    /// Some short rows as one block. `brought` says for each input which rows lie in scratch: from where on, how many, and
    /// where.
    #[allow(clippy::too_many_arguments)]
    unsafe fn packed(
        &self,
        scratch: Scratch,
        steps: &mut Steps,
        brought: &mut [Option<(isize, usize, *const u8)>; K],
        at: [isize; K],
        down: [isize; K],
        rows: usize,
        cols: usize,
    ) {
        let inner = self.walk.inner_strides();
        let n = rows * cols;
        let joined = |k: usize| inner[k] == 1 && (down[k] == cols as isize || rows == 1);
        // SAFETY: every place is one that the walk names.
        unsafe {
            if self.copies && joined(0) && (inner[1] != 0 || down[1] != 0) {
                let tile = Tile {
                    rows,
                    cols,
                    row_stride: down[1],
                    col_stride: inner[1],
                };
                if self.copy(tile, at[1], at[0]) {
                    return;
                }
            }
            for k in 1..=self.inputs {
                if let Some((from, many, there)) = brought[k]
                    && from == at[k]
                    && rows <= many
                {
                    steps.set_input(k - 1, there);
                    continue;
                }
                let uniform = inner[k] == 0 && down[k] == 0;
                let (rows, cols) = if uniform { (1, 1) } else { (rows, cols) };
                let tile = Tile {
                    rows,
                    cols,
                    row_stride: down[k],
                    col_stride: inner[k],
                };
                let src = self.ptr[k]
                    .offset(at[k] * self.bring[k].size as isize)
                    .cast_const();
                let there = self.brought(scratch, k, src, tile, uniform || joined(k));
                steps.set_input(k - 1, there);
                // what is read where it lies has no place in scratch
                let many = if uniform { usize::MAX } else { rows };
                brought[k] = (there != src).then_some((at[k], many, there));
            }
            let out = self.ptr[0].offset(at[0] * self.out_size as isize);
            let tile = if joined(0) {
                Tile {
                    rows: 1,
                    cols: n,
                    row_stride: 0,
                    col_stride: 1,
                }
            } else {
                Tile {
                    rows,
                    cols,
                    row_stride: down[0],
                    col_stride: inner[0],
                }
            };
            self.block(scratch, steps, n, out, tile);
        }
    }

    /// Brings a tile of the only input to where it goes; says whether it did.
    #[inline]
    unsafe fn copy(&self, tile: Tile, from: isize, to: isize) -> bool {
        let size = self.out_size;
        // SAFETY: the caller names places of the walk; those of the output follow each other and are no input's.
        unsafe {
            let out = self.ptr[0].offset(to * size as isize);
            let is_aligned = out.addr().is_multiple_of(size.min(8));
            if is_aligned {
                let src = self.ptr[1].offset(from * size as isize).cast_const();
                gather(size, tile, src, out);
            }
            is_aligned
        }
    }

    /// An input in its lane, contiguous: in place where it is so already.
    #[inline]
    unsafe fn brought(
        &self,
        scratch: Scratch,
        k: usize,
        src: *const u8,
        tile: Tile,
        contiguous: bool,
    ) -> *const u8 {
        let b = &self.bring[k];
        // SAFETY: the caller names places of the walk; scratch parts are as long as a block.
        unsafe {
            let src = if contiguous && src.addr().is_multiple_of(b.size.min(8)) {
                src
            } else {
                let raw = if b.convert.is_some() {
                    scratch.raw(self)
                } else {
                    scratch.input(k, self)
                };
                gather(b.size, tile, src, raw);
                raw.cast_const()
            };
            match b.convert {
                None => src,
                Some(convert) => {
                    let out = scratch.input(k, self);
                    convert(tile.rows * tile.cols, [src; 3], out);
                    out.cast_const()
                }
            }
        }
    }

    /// One block: the steps, then the store.
    #[inline]
    unsafe fn block(&self, scratch: Scratch, steps: &Steps, n: usize, out: *mut u8, tile: Tile) {
        let in_place = tile.rows == 1
            && tile.col_stride == 1
            && out.addr().is_multiple_of(self.out_size.min(8));
        let direct = self.store.is_none() && in_place && !self.shared;
        let spread = |one: *const u8, size: usize| {
            let line = Tile {
                rows: 1,
                cols: n,
                row_stride: 0,
                col_stride: 1,
            };
            // SAFETY: scratch holds a block of the widest elements.
            unsafe { fill(size, line, one, scratch.raw(self)) };
            scratch.raw(self).cast_const()
        };
        // SAFETY: the caller's contract; the result is `n` elements, or one; the output's places are those of the walk.
        unsafe {
            if steps.run(n, direct.then_some(out), spread) {
                return;
            }
            let result = steps.result();
            if steps.one && n > 1 {
                let mut value = result;
                if let Some(store) = self.store {
                    store(1, [value; 3], scratch.raw(self));
                    value = scratch.raw(self).cast_const();
                }
                return fill(self.out_size, tile, value, out);
            }
            match self.store {
                None => scatter(self.out_size, tile, result, out),
                Some(store) if in_place && !self.shared => store(n, [result; 3], out),
                Some(store) => {
                    store(n, [result; 3], scratch.raw(self));
                    scatter(self.out_size, tile, scratch.raw(self).cast_const(), out);
                }
            }
        }
    }
}

/// Scratch memory of a thread: parts of `block × widest` bytes, then the tiles.
///
/// ```text
/// raw | inputs in their lanes | registers        tiles of inputs that lie across
/// ```
#[repr(align(64))]
struct Memory(UnsafeCell<[u8; PARTS + TILES]>);

/// Bytes for all parts together.
const PARTS: usize = 1 << 16;
/// Bytes for all tiles together.
const TILES: usize = 1 << 15;

thread_local! {
    static MEMORY: Memory = const { Memory(UnsafeCell::new([0; PARTS + TILES])) };
}

/// The scratch of this thread. Tasks never nest, so one task at a time holds it.
#[derive(Clone, Copy)]
struct Scratch(*mut u8);

impl Scratch {
    #[inline]
    fn take() -> Scratch {
        Scratch(MEMORY.with(|m| m.0.get().cast()))
    }
    #[inline]
    fn part<const K: usize>(self, i: usize, job: &Job<'_, K>) -> *mut u8 {
        // `Job::new` chose the block so that all parts fit
        self.0.wrapping_add(i * job.block * job.widest)
    }
    #[inline]
    fn raw<const K: usize>(self, job: &Job<'_, K>) -> *mut u8 {
        self.part(0, job)
    }
    #[inline]
    fn input<const K: usize>(self, k: usize, job: &Job<'_, K>) -> *mut u8 {
        self.part(k, job)
    }
    #[inline]
    fn register<const K: usize>(self, r: usize, job: &Job<'_, K>) -> *mut u8 {
        self.part(1 + job.inputs + r, job)
    }
    #[inline]
    fn tile<const K: usize>(self, k: usize, job: &Job<'_, K>) -> *mut u8 {
        // `Job::new` chose the block so that the tiles of all inputs fit
        self.0
            .wrapping_add(PARTS + TILES / job.inputs / 64 * 64 * (k - 1))
    }
}
