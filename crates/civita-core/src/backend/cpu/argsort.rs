//! Indices that sort rows of 32- and 64-bit elements: sorts of single integers that hold both.
//!
//! ```text
//! key(i) = (code(x[i]) - least code) >> shift, then the bits of i     both in 64 bits; `shift` is 0 where the codes fit
//! sort the keys: equal codes stay in the order of their indices, so the sort is stable
//! keys of equal upper bits whose codes were cut: by their codes
//! ```
//!
//! A sort of integers moves half the bytes that one of pairs moves, and may be unstable. Of a million random `f64` some 20 bits
//! of the codes are cut, and almost no two keys agree in what is left.

use super::codes;
use super::sort::Item;
use crate::error::Result;
use crate::kernels::sort::sort;
use crate::primitive::{Direction, Sort, Sorted};
use crate::storage::Storage;
use crate::threads::{self, Parts};

/// Elements of a task.
const PIECE: usize = 1 << 14;

/// How codes and indices share a key.
#[derive(Clone, Copy)]
struct Packing {
    /// Taken off every code.
    least: u64,
    /// Bits of a code that are cut.
    shift: u32,
    /// Bits of an index.
    bits: u32,
    /// Turns the order round.
    flip: u64,
}

impl Packing {
    /// The packing of `n` elements whose codes, flipped, are in this range.
    fn new(n: usize, (least, most): (u64, u64), flip: u64) -> Packing {
        let bits = (n.max(2) - 1).ilog2() + 1;
        let width = u64::BITS - (most - least).leading_zeros();
        Packing {
            least,
            shift: (width + bits).saturating_sub(u64::BITS),
            bits,
            flip,
        }
    }

    #[inline(always)]
    fn code<T: Item>(self, x: T) -> u64 {
        x.digits() ^ self.flip
    }

    #[inline(always)]
    fn key<T: Item>(self, x: T, i: usize) -> u64 {
        (self.code(x) - self.least) >> self.shift << self.bits | i as u64
    }

    #[inline(always)]
    fn index(self, key: u64) -> usize {
        (key & ((1 << self.bits) - 1)) as usize
    }

    /// What is left of the code.
    #[inline(always)]
    fn upper(self, key: u64) -> u64 {
        key >> self.bits
    }
}

/// The least and the largest code, turned.
fn range_of<T: Item>(values: &[T], flip: u64) -> (u64, u64) {
    values.iter().fold((u64::MAX, 0), |(least, most), x| {
        let code = x.digits() ^ flip;
        (least.min(code), most.max(code))
    })
}

/// Writes the indices of the sorted keys whose group of equal upper bits begins in `from..to`.
fn write_groups<T: Item>(
    values: &[T],
    keys: &[u64],
    packing: Packing,
    (from, to): (usize, usize),
    indices: &Parts<i64>,
) {
    // SAFETY: an index of this group, which is this task's.
    let put = |at: usize, i: usize| unsafe { *indices.at(at) = i as i64 };
    if packing.shift == 0 {
        for (at, &key) in (from..to).zip(&keys[from..to]) {
            put(at, packing.index(key));
        }
        return;
    }
    let upper = |at: usize| packing.upper(keys[at]);
    let mut at = from;
    // the group that began before belongs to the task before
    while at < to && at > 0 && upper(at) == upper(at - 1) {
        at += 1;
    }
    while at < to {
        let start = at;
        at += 1;
        while at < keys.len() && upper(at) == upper(start) {
            at += 1;
        }
        if at == start + 1 {
            put(start, packing.index(keys[start]));
            continue;
        }
        let mut group: Vec<usize> = keys[start..at]
            .iter()
            .map(|&key| packing.index(key))
            .collect();
        group.sort_by_key(|&i| packing.code(values[i]));
        for (k, i) in group.into_iter().enumerate() {
            put(start + k, i);
        }
    }
}

/// One row, by this thread alone.
fn sort_row<T: Item>(values: &[T], keys: &mut Vec<u64>, flip: u64, indices: &Parts<i64>) {
    let n = values.len();
    let packing = Packing::new(n, range_of(values, flip), flip);
    keys.clear();
    keys.extend(values.iter().enumerate().map(|(i, &x)| packing.key(x, i)));
    sort(keys);
    write_groups(values, keys, packing, (0, n), indices);
}

/// One row, by all threads.
fn sort_long<T: Item + Send + Sync>(values: &[T], flip: u64, indices: &Parts<i64>) -> Result<()> {
    let n = values.len();
    let room = Storage::uninit(8 * n)?;
    let keys = room.ptr().cast::<u64>();
    let mut ranges = vec![(u64::MAX, 0); n.div_ceil(PIECE)];
    let places = Parts(ranges.as_mut_ptr());
    threads::run_ranges(n, PIECE, &|range| {
        let number = range.start / PIECE;
        let found = range_of(&values[range], flip);
        // SAFETY: a place of this task's own.
        unsafe { *places.at(number) = found };
    });
    let whole = ranges
        .iter()
        .fold((u64::MAX, 0), |(a, b), &(c, d)| (a.min(c), b.max(d)));
    let packing = Packing::new(n, whole, flip);
    let to = Parts(keys);
    threads::run_ranges(n, PIECE, &|range| {
        for i in range {
            // SAFETY: a key that no other task has.
            unsafe { to.at(i).write(packing.key(values[i], i)) };
        }
    });
    // SAFETY: memory for as many integers, which is ours and written.
    let keys = unsafe { std::slice::from_raw_parts_mut(keys, n) };
    codes::sort_long::<u64>(keys);
    let keys = &*keys;
    threads::run_ranges(n, PIECE, &|range| {
        write_groups(values, keys, packing, (range.start, range.end), indices);
    });
    Ok(())
}

/// Writes the indices that sort rows of `n` elements, and sorts the elements where they lie if they are wanted.
///
/// # Safety
/// `rows * n` elements of `T` lie at `values`, and as many `i64` at `indices`; both are ours alone.
pub(super) unsafe fn rows<T: Item + Send + Sync>(
    values: *mut u8,
    indices: *mut u8,
    [rows, n]: [usize; 2],
    p: &Sort,
) -> Result<()> {
    let flip = match p.direction {
        Direction::Ascending => 0,
        Direction::Descending => !0,
    };
    let (values, indices) = (Parts(values.cast::<T>()), Parts(indices.cast::<i64>()));
    // SAFETY: rows of both, which no other task has.
    let row = |row: usize| unsafe {
        (
            std::slice::from_raw_parts_mut(values.at(row * n), n),
            Parts(indices.at(row * n)),
        )
    };
    let arrange = |values: &mut [T], indices: &Parts<i64>| {
        if p.outputs == Sorted::Both {
            let old = values.to_vec();
            for (k, to) in values.iter_mut().enumerate() {
                // SAFETY: an index that was written.
                *to = old[unsafe { *indices.at(k) } as usize];
            }
        }
    };
    if rows < threads::threads() && codes::is_long(n) {
        for number in 0..rows {
            let (values, indices) = row(number);
            sort_long(values, flip, &indices)?;
            arrange(values, &indices);
        }
        return Ok(());
    }
    threads::run_ranges(rows, (PIECE / n.max(1)).max(1), &|range| {
        let mut keys = Vec::new();
        for number in range {
            let (values, indices) = row(number);
            sort_row(values, &mut keys, flip, &indices);
            arrange(values, &indices);
        }
    });
    Ok(())
}
