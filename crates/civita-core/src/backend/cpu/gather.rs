//! Elements picked by index, on the CPU.

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::{copy, memory};
use crate::backend::places::{check_dtype, of_indices};
use crate::dtype::DType;
use crate::error::Result;
use crate::explain;
use crate::layout::Layout;
use crate::primitive::Gather;
use crate::raw::{Mode, Raw};
use crate::storage::Access;
use crate::threads::{self, Parts};

/// Elements of a task.
pub(super) const PIECE: usize = 1 << 15;

/// The elements of an integer tensor as places along an axis of this length. Copied before they are looked at, so that
/// nobody can change them in between.
///
/// # Errors
/// When they are no integers, or one is out of range where that is an error.
pub(crate) fn places(op: &'static str, index: &Raw, len: usize, mode: Mode) -> Result<Vec<usize>> {
    check_dtype(op, index.dtype())?;
    // copied first: `to_vec` takes a guard, and the caller holds those of all operands, of one perhaps to write it
    let values = match index.dtype() {
        // beyond i64 is beyond any length
        DType::U64 => copy::copied(index, DType::U64)?
            .to_vec::<u64>()?
            .into_iter()
            .map(|i| i64::try_from(i).unwrap_or(i64::MAX))
            .collect(),
        _ => copy::copied(index, DType::I64)?.to_vec::<i64>()?,
    };
    of_indices(op, values, len, mode)
}

/// Contiguous indices that can be looked at where they lie: a guard keeps everybody from changing them.
pub(super) fn is_plain(index: &Raw) -> bool {
    index.dtype() == DType::I64
        && index.layout().is_contiguous()
        && index.storage().access() != Access::Foreign
}

/// The elements at `index` along some axes of `x`.
pub(super) fn gather(p: &Gather, x: &Raw, index: &Raw) -> Result<Raw> {
    let (at, to, batch) = (p.axis, p.axis + p.axes, p.batch);
    let (shape, picked) = (x.shape(), &index.shape()[batch..]);
    let mut full = shape[..at].to_vec();
    full.extend_from_slice(picked);
    full.extend_from_slice(&shape[to..]);
    let n: usize = shape[at..to].iter().product();
    // the axes as one, where they lie so
    let one = match p.axes {
        1 => None,
        _ => {
            let one = [&shape[..at], &[n], &shape[to..]].concat();
            let layout = x.layout().reshape(&one)?;
            layout.map(|layout| x.with_layout(layout))
        }
    };
    let axes = if one.is_some() { 1 } else { p.axes };
    let x = one.as_ref().unwrap_or(x);
    if p.mode == Mode::Raise
        && batch == 0
        && axes == 1
        && let Some(done) = gather_small(x, index, at, &full)
    {
        return done;
    }
    let list = places("take", index, n, p.mode)?;
    let out = memory::output(&full, x.dtype())?;
    if at == 0 && batch == 0 && !x.layout().is_contiguous() && pick_columns(x, n, &list, &out)? {
        return Ok(out);
    }
    if !x.layout().is_contiguous() && out.len() < x.len() {
        let rows = Rows {
            x,
            axes: at..at + axes,
            batch,
        };
        if rows.pick(&list, &out)? {
            return Ok(out);
        }
    }
    let x = copy::contiguous(x)?;
    let inner: usize = shape[to..].iter().product::<usize>() * x.dtype().size();
    let blocks: usize = shape[..batch].iter().product();
    let middle: usize = shape[batch..at].iter().product();
    let many = list.len().checked_div(blocks).unwrap_or(0);
    explain::note("take", out.len(), || (out.dtype(), explain::Kind::Gather));
    let (from, to) = (Parts(x.ptr()), Parts(out.ptr()));
    let group = (PIECE * 4 / inner.max(1)).max(1);
    // rows without bytes may be more than anyone can count
    let rows = if out.is_empty() {
        0
    } else {
        blocks * middle * many
    };
    let pick: Option<unsafe fn(&[usize], *const u8, *mut u8)> = match inner {
        1 => Some(pick_each::<u8>),
        2 => Some(pick_each::<u16>),
        4 => Some(pick_each::<u32>),
        8 => Some(pick_each::<u64>),
        16 => Some(pick_each::<u128>),
        _ => None,
    };
    threads::run_ranges(rows, group, &|range| {
        let mut task = range.start;
        while task < range.end {
            // the rows that are picked from the same block
            let (outer, k) = (task / many, task % many);
            let end = range.end.min(task - k + many);
            let first = outer / middle * many + k;
            let list = &list[first..first + (end - task)];
            let (from, to) = (from.at(outer * n * inner), to.at(task * inner));
            // SAFETY: the indices were checked; each task writes rows of its own.
            unsafe {
                match pick {
                    Some(pick) => pick(list, from, to),
                    None => {
                        for (k, &i) in list.iter().enumerate() {
                            let row = from.cast_const().add(i * inner);
                            std::ptr::copy_nonoverlapping(row, to.add(k * inner), inner);
                        }
                    }
                }
            }
            task = end;
        }
    });
    Ok(out)
}

/// Elements of a row that are picked for all indices before the next ones, so that what they lie between stays in the cache.
const BLOCK: usize = 128;

/// Rows whose elements are even steps apart, as the columns of a matrix are: picked from where they lie. False, and nothing done, where
/// they lie otherwise.
fn pick_columns(x: &Raw, n: usize, list: &[usize], out: &Raw) -> Result<bool> {
    let inner = x.len().checked_div(n).unwrap_or(0);
    if out.is_empty() || inner < 2 {
        return Ok(false);
    }
    let Some(layout) = x.layout().reshape(&[n, inner])? else {
        return Ok(false);
    };
    let pick: unsafe fn(&[usize], *const u8, [isize; 2], usize, *mut u8, usize) =
        match x.dtype().size() {
            1 => pick_block::<u8>,
            2 => pick_block::<u16>,
            4 => pick_block::<u32>,
            8 => pick_block::<u64>,
            16 => pick_block::<u128>,
            _ => return Ok(false),
        };
    let size = x.dtype().size();
    let steps = [layout.strides()[0], layout.strides()[1]];
    if steps[1] == 1 {
        return Ok(false);
    }
    explain::note("take", out.len(), || (out.dtype(), explain::Kind::Gather));
    let (from, to) = (Parts(x.base()), Parts(out.ptr()));
    let group = (PIECE / BLOCK / list.len().max(1)).max(1);
    threads::run_ranges(inner.div_ceil(BLOCK), group, &|range| {
        for block in range {
            let first = block * BLOCK;
            let at = layout.offset() as isize + first as isize * steps[1];
            // SAFETY: the indices were checked; each block writes elements of its own.
            unsafe {
                let from = from.at(at as usize * size).cast_const();
                let count = BLOCK.min(inner - first);
                pick(list, from, steps, count, to.at(first * size), inner);
            }
        }
    });
    Ok(true)
}

/// `count` elements of each row that is picked; the steps are those from row to row and from element to element. Picked rows lie `inner`
/// elements apart.
///
/// # Safety
/// Rows and elements as far as indices and steps say, and room for as many rows as there are indices.
unsafe fn pick_block<T: Copy>(
    list: &[usize],
    from: *const u8,
    [row, step]: [isize; 2],
    count: usize,
    to: *mut u8,
    inner: usize,
) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    for (k, &i) in list.iter().enumerate() {
        // SAFETY: the caller's contract.
        unsafe {
            let from = from.offset(i as isize * row);
            let to = to.add(k * inner);
            for j in 0..count {
                to.add(j)
                    .write_unaligned(from.offset(j as isize * step).read_unaligned());
            }
        }
    }
}

/// How far the element at an index over some axes, counted in C order, lies from the first.
pub(super) fn offset(x: &Raw, axes: Range<usize>, mut index: usize) -> isize {
    let (shape, strides) = (x.shape(), x.layout().strides());
    let mut at = 0;
    for axis in axes.rev() {
        at += (index % shape[axis]) as isize * strides[axis];
        index /= shape[axis];
    }
    at
}

/// Rows of a tensor behind axes that are picked from.
struct Rows<'a> {
    x: &'a Raw,
    axes: Range<usize>,
    batch: usize,
}

impl Rows<'_> {
    /// Picks rows from where they lie, so that few rows of a large view cost little. False, and nothing done, where the
    /// elements of a row are apart.
    fn pick(&self, list: &[usize], out: &Raw) -> Result<bool> {
        let (x, axes) = (self.x, &self.axes);
        let (shape, strides) = (x.shape(), x.layout().strides());
        let row = Layout::contiguous(&shape[axes.end..])?;
        let dense = (axes.end..x.rank())
            .all(|a| shape[a] == 1 || strides[a] == row.strides()[a - axes.end]);
        if !dense || out.is_empty() {
            return Ok(dense);
        }
        let size = x.dtype().size();
        let inner = row.len() * size;
        let blocks: usize = shape[..self.batch].iter().product();
        let middle: usize = shape[self.batch..axes.start].iter().product();
        let many = list.len() / blocks;
        explain::note("take", out.len(), || (out.dtype(), explain::Kind::Gather));
        let (from, to) = (Parts(x.base()), Parts(out.ptr()));
        let group = (PIECE * 4 / inner).max(1);
        threads::run_ranges(blocks * middle * many, group, &|range| {
            for task in range {
                let (outer, k) = (task / many, task % many);
                let place = list[outer / middle * many + k];
                let at = x.layout().offset() as isize
                    + offset(x, 0..axes.start, outer)
                    + offset(x, axes.clone(), place);
                // SAFETY: a row within the layout of `x`; a row of the new tensor, which is this task's.
                unsafe {
                    let row = from.at(at as usize * size).cast_const();
                    std::ptr::copy_nonoverlapping(row, to.at(task * inner), inner);
                }
            }
        });
        Ok(true)
    }
}

/// Small rows of the first long axis by plain `i64`: checked and picked in one pass. `None` when it is not so, or an index
/// is out of range, which the general path tells.
fn gather_small(x: &Raw, index: &Raw, at: usize, full: &[usize]) -> Option<Result<Raw>> {
    let shape = x.shape();
    let n = shape[at];
    let bytes = shape[at + 1..].iter().product::<usize>() * x.dtype().size();
    let pick = match bytes {
        1 => pick_checked::<u8>,
        2 => pick_checked::<u16>,
        4 => pick_checked::<u32>,
        8 => pick_checked::<u64>,
        _ => return None,
    };
    let small = n > 0
        && shape[..at].iter().all(|&n| n == 1)
        && x.layout().is_contiguous()
        && is_plain(index);
    if !small {
        return None;
    }
    let out = match memory::unwritten(full, x.dtype()) {
        Ok(out) => out,
        Err(error) => return Some(Err(error)),
    };
    let (list, from, to) = (
        Parts(index.ptr().cast::<i64>()),
        Parts(x.ptr()),
        Parts(out.ptr()),
    );
    let outside = AtomicBool::new(false);
    threads::run_ranges(index.len(), PIECE, &|range| {
        // SAFETY: plain indices, which nobody writes under the guard; `n` rows; a part of the new tensor.
        unsafe {
            let list = std::slice::from_raw_parts(list.at(range.start).cast_const(), range.len());
            if !pick(list, n, from.at(0).cast_const(), to.at(range.start * bytes)) {
                outside.store(true, Relaxed);
            }
        }
    });
    if outside.into_inner() {
        return None;
    }
    explain::note("take", out.len(), || (out.dtype(), explain::Kind::Gather));
    Some(Ok(out))
}

/// Rows of the size of a `T` among `n`, negative indices counted from the end, and whether all of them exist; another
/// row stands for one that does not.
///
/// # Safety
/// `n` rows at `from`, at least one; room for as many as there are indices.
unsafe fn pick_checked<T: Copy>(list: &[i64], n: usize, from: *const u8, to: *mut u8) -> bool {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    let mut all = true;
    for (k, &i) in list.iter().enumerate() {
        let at = row_of(i, n);
        all &= at < n;
        // SAFETY: the caller's contract. A row of several elements need not lie at a multiple of its size.
        unsafe {
            to.add(k)
                .write_unaligned(from.add(if at < n { at } else { 0 }).read_unaligned())
        };
    }
    all
}

/// The row that an index means, negative ones counted from the end; `n` or more where there is none.
#[inline(always)]
pub(super) fn row_of(i: i64, n: usize) -> usize {
    (if i < 0 { i.wrapping_add(n as i64) } else { i }) as usize
}

/// Rows of the size of a `T`, which one load and one store move.
///
/// # Safety
/// As many rows at `from` as every index says, and room for as many as there are indices.
unsafe fn pick_each<T: Copy>(list: &[usize], from: *const u8, to: *mut u8) {
    let (from, to) = (from.cast::<T>(), to.cast::<T>());
    for (k, &i) in list.iter().enumerate() {
        // SAFETY: the caller's contract. A row of several elements need not lie at a multiple of its size.
        unsafe { to.add(k).write_unaligned(from.add(i).read_unaligned()) };
    }
}
