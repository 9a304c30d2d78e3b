//! Rows along any axis of strided arrays, on the threads of the pool.
//!
//! ```text
//! the axes across, the nearest in memory last
//! for each block of rows, on any thread:
//!   gather the rows into scratch, unless they lie there one after the other
//!   transform
//!   scatter what came out, unless it was written in its place
//! ```
//!
//! A block of rows whose elements are far from each other is as wide as a few cache lines, so that every line is read once. How the
//! work is split depends on sizes alone.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use civita_kernels::kernels::strided::{self, Tile};
use civita_kernels::threads::{self, Parts, stop_if_told};
use smallvec::SmallVec;

use crate::pause::steps;
pub use crate::scratch::NoMemory;
use crate::scratch::{self, Plain};

/// What is done to rows.
pub(crate) trait Rows: Sync {
    /// Elements of a row.
    type In: Plain;
    /// Elements of what comes out.
    type Out: Plain;
    /// Elements of scratch.
    type Scratch: Plain;
    /// How long a row is, padded.
    fn takes(&self) -> usize;
    /// How long what comes out is.
    fn gives(&self) -> usize;
    /// Numbers of scratch.
    fn scratch(&self) -> usize;
    /// How many rows it likes to have together.
    fn width(&self) -> usize {
        1
    }
    /// Transforms rows that lie one after the other and need not be kept. `first` is the number of the first of them, where there
    /// is one axis across.
    fn run(
        &self,
        first: usize,
        x: &mut [Self::In],
        y: &mut [Self::Out],
        scratch: &mut [Self::Scratch],
    ) -> Result<(), NoMemory>;
    /// Transforms [`Rows::width`] rows whose elements lie side by side, element `k` of row `l` at `k · width + l` of the first part of
    /// the scratch, and returns where the results lie so; `None` where it has no such kernel. Asked only where a row becomes one
    /// as long.
    fn run_beside<'a>(&self, _scratch: &'a mut [Self::Scratch]) -> Option<&'a [Self::Scratch]> {
        None
    }
    /// What is still to be done to results of [`Rows::run_beside`], row by row.
    fn finish(&self, _row: usize, _y: &mut [Self::Out]) {}
    /// As [`Rows::run`], of rows that must be kept, and whether that can be done.
    fn run_shared(
        &self,
        _x: &[Self::In],
        _y: &mut [Self::Out],
        _scratch: &mut [Self::Scratch],
    ) -> Option<Result<(), NoMemory>> {
        None
    }
}

/// An axis across: its length, and its strides in both arrays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Across {
    pub len: usize,
    pub x: isize,
    pub y: isize,
}

/// Where rows are and where they go. Strides count elements.
pub(crate) struct Job<'a, In, Out> {
    pub x: *const In,
    pub y: *mut Out,
    pub across: &'a [Across],
    /// Elements of a row; what is missing is zeros, what is too much is not read.
    pub x_len: usize,
    pub x_stride: isize,
    /// Elements to be written; what is missing is zeros, what is too much is not written.
    pub y_len: usize,
    pub y_stride: isize,
    /// Nobody writes `x` meanwhile, and it is apart from `y`: rows may be read where they are.
    pub shared: bool,
}

/// Bytes of rows that are worked on together, so that they stay in the second cache.
const BLOCK: usize = 1 << 16;
/// Bytes of neighbouring rows that are gathered together, at least: two cache lines.
const WIDTH: usize = 128;
/// Neighbours within a row that are gathered for one row after the other: as many lines as a set of the first cache holds, for rows
/// of a power of two lie in one set.
const TILE: usize = 4;
/// Neighbours within a row from one place to stop at to the next, where each is a line or a page away from the last: 10 ms.
const FAR: usize = 1 << 13;
/// Elements of a task.
const TASK: usize = 1 << 14;

/// Transforms all rows.
///
/// # Safety
/// The elements that `job` describes can be read and written; no element of `y` is of two rows; `y` is `x` itself, row by row, or
/// apart from it.
pub(crate) unsafe fn run<K: Rows>(
    kernel: &K,
    job: &Job<'_, K::In, K::Out>,
) -> Result<(), NoMemory> {
    let mut across: SmallVec<[Across; 6]> =
        job.across.iter().filter(|a| a.len != 1).copied().collect();
    across.sort_by_key(|a| std::cmp::Reverse(a.x.unsigned_abs() + a.y.unsigned_abs()));
    let rows: usize = across.iter().map(|a| a.len).product();
    if rows == 0 || job.y_len == 0 {
        return Ok(());
    }
    let (n, m) = (kernel.takes(), kernel.gives());
    let Job {
        x_len,
        x_stride,
        y_len,
        y_stride,
        ..
    } = *job;
    let row_bytes = (n * size_of::<K::In>()).max(m * size_of::<K::Out>()).max(1);
    let apart = x_stride.unsigned_abs() != 1 || y_stride.unsigned_abs() != 1;
    let least = match apart {
        true => WIDTH / size_of::<K::In>().max(size_of::<K::Out>()),
        false => 1,
    };
    let width = kernel.width();
    let block = (BLOCK / row_bytes).max(least).max(width) / width * width;
    let block = block.clamp(1, rows);
    let blocks = rows.div_ceil(block);
    let grain = (TASK / (block * n.max(m)).max(1)).max(1);
    let direct_out = y_stride == 1 && y_len == m;
    let direct_in = job.shared && x_stride == 1 && x_len >= n;
    let failed = AtomicBool::new(false);
    let (x, y) = (Parts(job.x.cast_mut()), Parts(job.y));
    let near = across.last().map_or(0, |a| a.x.unsigned_abs()) < x_stride.unsigned_abs();
    let near_out = across.last().map_or(0, |a| a.y.unsigned_abs()) < y_stride.unsigned_abs();
    let used = x_len.min(n);

    let work = |range: std::ops::Range<usize>| -> Result<(), NoMemory> {
        let sizes = [
            block * n,
            if direct_out { 0 } else { block * m },
            kernel.scratch(),
        ];
        scratch::with(
            sizes,
            |gathered: &mut [K::In], out: &mut [K::Out], scratch: &mut [K::Scratch]| {
                let mut places: SmallVec<[(isize, isize); 64]> = SmallVec::new();
                for index in range {
                    let first = index * block;
                    let count = block.min(rows - first);
                    places_of(&across, first, count, &mut places);
                    let follow = |of: fn(&(isize, isize)) -> isize, len: usize| {
                        places
                            .windows(2)
                            .all(|w| of(&w[1]) - of(&w[0]) == len as isize)
                    };
                    let beside = width > 1
                        && count > 1
                        && used == n
                        && n == m
                        && y_len == m
                        && follow(|p| p.0, 1)
                        && (follow(|p| p.1, 1) || direct_out && follow(|p| p.1, m));
                    if beside {
                        // SAFETY: rows of `x` and of `y` that lie side by side, or those of `y` one after the other; the kernel has
                        // room for `width` of them, and its elements are all of one type.
                        let done = unsafe {
                            run_beside(
                                kernel,
                                [x.0.cast(), y.0.cast()],
                                [x_stride, y_stride],
                                &places,
                                first,
                                scratch,
                            )
                        };
                        if done {
                            continue;
                        }
                    }
                    if direct_out && follow(|p| p.1, m) {
                        let (px, py) = places[0];
                        // SAFETY: rows of `y` that lie one after the other, this task's alone.
                        let out = unsafe {
                            std::slice::from_raw_parts_mut(y.0.wrapping_offset(py), count * m)
                        };
                        if direct_in && (count == 1 || (x_len == n && follow(|p| p.0, n))) {
                            // SAFETY: rows of `x` that lie one after the other, which nobody writes.
                            let row = unsafe {
                                std::slice::from_raw_parts(
                                    x.0.wrapping_offset(px).cast_const(),
                                    count * n,
                                )
                            };
                            if let Some(done) = kernel.run_shared(row, out, scratch) {
                                done?;
                                continue;
                            }
                        }
                        // SAFETY: rows of `x`.
                        unsafe { gather(x, &places, x_stride, used, n, near, gathered) };
                        kernel.run(first, &mut gathered[..count * n], out, scratch)?;
                        continue;
                    }
                    if direct_out {
                        // in turn: rows of `y` need not follow each other
                        for (i, &(_, py)) in places.iter().enumerate() {
                            // SAFETY: a row of `y`, which is this task's alone.
                            let out = unsafe {
                                std::slice::from_raw_parts_mut(y.0.wrapping_offset(py), m)
                            };
                            if near {
                                // gathered together, by the first of them
                                if i == 0 {
                                    // SAFETY: rows of `x`.
                                    unsafe {
                                        gather(x, &places, x_stride, used, n, true, gathered)
                                    };
                                }
                                kernel.run(first + i, &mut gathered[i * n..][..n], out, scratch)?;
                            } else {
                                // SAFETY: a row of `x`.
                                unsafe {
                                    gather(x, &places[i..=i], x_stride, used, n, false, gathered)
                                };
                                kernel.run(first + i, &mut gathered[..n], out, scratch)?;
                            }
                        }
                        continue;
                    }
                    // SAFETY: rows of `x`.
                    unsafe { gather(x, &places, x_stride, used, n, near, gathered) };
                    kernel.run(
                        first,
                        &mut gathered[..count * n],
                        &mut out[..count * m],
                        scratch,
                    )?;
                    // SAFETY: rows of `y`, which are this task's alone.
                    unsafe {
                        scatter(
                            &out[..count * m],
                            y,
                            &places,
                            (y_stride, y_len),
                            m,
                            near_out,
                        )
                    };
                }
                Ok(())
            },
        )?
    };
    threads::run_ranges(blocks, grain, &|range| {
        if work(range).is_err() {
            failed.store(true, Relaxed);
        }
    });
    match failed.into_inner() {
        true => Err(NoMemory),
        false => Ok(()),
    }
}

/// Rows that lie side by side, a line of neighbours at a time; says whether the kernel can do it.
///
/// # Safety
/// The rows at `places` can be read, those of the results can be written; the former are neighbours, the latter neighbours too or one
/// after the other.
unsafe fn run_beside<K: Rows>(
    kernel: &K,
    [x, y]: [*mut K::Scratch; 2],
    [x_stride, y_stride]: [isize; 2],
    places: &[(isize, isize)],
    first: usize,
    scratch: &mut [K::Scratch],
) -> bool {
    let dtype = K::Scratch::DTYPE;
    if K::In::DTYPE != dtype || K::Out::DTYPE != dtype {
        return false;
    }
    let size = size_of::<K::Scratch>();
    let (n, width) = (kernel.takes(), kernel.width());
    let neighbours = places.windows(2).all(|w| w[1].1 - w[0].1 == 1);
    for (group, places) in places.chunks(width).enumerate() {
        let (px, py) = places[0];
        let lanes = places.len();
        let (x, y) = (x.wrapping_offset(px), y.wrapping_offset(py));
        if lanes < width {
            scratch[..n * width].fill(K::Scratch::default());
        }
        for k in 0..n {
            // SAFETY: element `k` of the rows, which are neighbours.
            unsafe {
                let from = x.wrapping_offset(k as isize * x_stride);
                let to = scratch.as_mut_ptr().add(k * width);
                std::ptr::copy_nonoverlapping(from, to, lanes);
            }
        }
        let Some(found) = kernel.run_beside(scratch) else {
            return false;
        };
        if neighbours {
            for k in 0..n {
                // SAFETY: element `k` of the results.
                unsafe {
                    let to = y.wrapping_offset(k as isize * y_stride);
                    std::ptr::copy_nonoverlapping(found.as_ptr().add(k * width), to, lanes);
                }
            }
            continue;
        }
        let across = Tile {
            rows: lanes,
            cols: n,
            row_stride: 1,
            col_stride: width as isize,
        };
        // SAFETY: rows of results one after the other, which are this task's alone.
        let rows = unsafe {
            strided::gather(size, across, found.as_ptr().cast(), y.cast());
            std::slice::from_raw_parts_mut(y.cast::<K::Out>(), lanes * n)
        };
        for (l, row) in rows.chunks_exact_mut(n).enumerate() {
            kernel.finish(first + group * width + l, row);
        }
    }
    true
}

/// Where rows `first..first + count` begin in both arrays.
fn places_of(
    across: &[Across],
    first: usize,
    count: usize,
    places: &mut SmallVec<[(isize, isize); 64]>,
) {
    places.clear();
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, across.len());
    let (mut rest, mut place) = (first, (0isize, 0isize));
    for (i, a) in across.iter().enumerate().rev() {
        index[i] = rest % a.len;
        rest /= a.len;
        place.0 += index[i] as isize * a.x;
        place.1 += index[i] as isize * a.y;
    }
    for _ in 0..count {
        places.push(place);
        for (i, a) in across.iter().enumerate().rev() {
            index[i] += 1;
            place.0 += a.x;
            place.1 += a.y;
            if index[i] < a.len {
                break;
            }
            place.0 -= a.len as isize * a.x;
            place.1 -= a.len as isize * a.y;
            index[i] = 0;
        }
    }
}

/// Copies rows one after the other, padded with zeros to `n`. `near`: elements of neighbouring rows are nearer than those of a row.
///
/// # Safety
/// `used` elements of each row can be read.
unsafe fn gather<T: Plain>(
    x: Parts<T>,
    places: &[(isize, isize)],
    stride: isize,
    used: usize,
    n: usize,
    near: bool,
    to: &mut [T],
) {
    let to = &mut to[..places.len() * n];
    if near {
        for start in (0..used).step_by(TILE) {
            if start % FAR == 0 {
                stop_if_told();
            }
            let end = used.min(start + TILE);
            let column = x.0.wrapping_offset(start as isize * stride);
            for (row, &(place, _)) in to.chunks_exact_mut(n).zip(places) {
                let mut at = column.wrapping_offset(place);
                for to in &mut row[start..end] {
                    // SAFETY: an element of a row.
                    *to = unsafe { at.read() };
                    at = at.wrapping_offset(stride);
                }
            }
        }
    }
    for (row, &(place, _)) in to.chunks_exact_mut(n).zip(places) {
        let from = x.0.wrapping_offset(place);
        if near {
        } else if stride == 1 {
            for at in steps(0..used) {
                let (from, to) = (from.wrapping_add(at.start), &mut row[at]);
                // SAFETY: elements of the row, and scratch is apart from them.
                unsafe { std::ptr::copy_nonoverlapping(from, to.as_mut_ptr(), to.len()) };
            }
        } else {
            for at in steps(0..used) {
                for (j, to) in at.clone().zip(&mut row[at]) {
                    // SAFETY: an element of the row.
                    *to = unsafe { from.wrapping_offset(j as isize * stride).read() };
                }
            }
        }
        for at in steps(used..n) {
            row[at].fill(T::default());
        }
    }
}

/// Writes rows to their places, padded with zeros.
///
/// # Safety
/// `len` elements of each row can be written.
unsafe fn scatter<T: Plain>(
    from: &[T],
    y: Parts<T>,
    places: &[(isize, isize)],
    (stride, len): (isize, usize),
    m: usize,
    near: bool,
) {
    let used = m.min(len);
    if near {
        for start in (0..used).step_by(TILE) {
            if start % FAR == 0 {
                stop_if_told();
            }
            let end = used.min(start + TILE);
            let column = y.0.wrapping_offset(start as isize * stride);
            for (row, &(_, place)) in from.chunks_exact(m).zip(places) {
                let mut at = column.wrapping_offset(place);
                for value in &row[start..end] {
                    // SAFETY: an element of a row.
                    unsafe { at.write(*value) };
                    at = at.wrapping_offset(stride);
                }
            }
        }
    }
    for (row, &(_, place)) in from.chunks_exact(m).zip(places) {
        let to = y.0.wrapping_offset(place);
        if near {
        } else if stride == 1 {
            for at in steps(0..used) {
                let (from, to) = (&row[at.clone()], to.wrapping_add(at.start));
                // SAFETY: elements of the row, and scratch is apart from them.
                unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
            }
        } else {
            for at in steps(0..used) {
                for (j, value) in at.clone().zip(&row[at]) {
                    // SAFETY: an element of the row.
                    unsafe { to.wrapping_offset(j as isize * stride).write(*value) };
                }
            }
        }
        for j in used..len {
            // SAFETY: an element of the row.
            unsafe { to.wrapping_offset(j as isize * stride).write(T::default()) };
        }
    }
}
