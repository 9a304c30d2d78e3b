//! Indices that sort rows of 32- and 64-bit elements: sorts of single integers that hold both.
//!
//! ```text
//! key(i) = (code(x[i]) - least code) >> shift, then the bits of i     both in 64 bits; `shift` is 0 where the codes fit
//! sort the keys: equal codes stay in the order of their indices, so the sort is stable
//! keys of equal upper bits whose codes were cut: by their codes
//! ```
//!
//! For a partition the keys are selected instead of sorted.
//!
//! A sort of integers moves half the bytes that one of pairs moves, and may be unstable. Of a million random `f64` some 20 bits
//! of the codes are cut, and almost no two keys agree in what is left.

use std::mem::MaybeUninit;

use super::codes;
use super::sort::{Item, known};
use crate::error::Result;
use crate::isa::{Isa, Wide, wide};
use crate::kernels::sort::{select, sort};
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
    struct RangeOf<'a, T>(&'a [T], u64);
    impl<T: Item> Wide for RangeOf<'_, T> {
        type Out = (u64, u64);
        #[inline(always)]
        fn run<I: Isa>(self) -> (u64, u64) {
            let RangeOf(values, flip) = self;
            values.iter().fold((u64::MAX, 0), |(least, most), x| {
                let code = x.digits() ^ flip;
                (least.min(code), most.max(code))
            })
        }
    }
    wide(RangeOf(values, flip))
}

/// Writes the keys of elements, whose first has this index.
fn write_keys<T: Item>(values: &[T], first: usize, packing: Packing, to: &mut [MaybeUninit<u64>]) {
    struct WriteKeys<'a, T>(&'a [T], usize, Packing, &'a mut [MaybeUninit<u64>]);
    impl<T: Item> Wide for WriteKeys<'_, T> {
        type Out = ();
        #[inline(always)]
        fn run<I: Isa>(self) {
            let WriteKeys(values, first, packing, to) = self;
            for (i, (to, &x)) in to.iter_mut().zip(values).enumerate() {
                to.write(packing.key(x, first + i));
            }
        }
    }
    wide(WriteKeys(values, first, packing, to));
}

/// The keys of a row, in `keys`.
fn keys_of<'a, T: Item>(values: &[T], packing: Packing, keys: &'a mut Vec<u64>) -> &'a mut [u64] {
    keys.clear();
    keys.reserve(values.len());
    write_keys(
        values,
        0,
        packing,
        &mut keys.spare_capacity_mut()[..values.len()],
    );
    // SAFETY: as many were written.
    unsafe { keys.set_len(values.len()) };
    keys
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
    let keys = keys_of(values, packing, keys);
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
        let from = range.start;
        // SAFETY: keys that no other task has; memory that holds nothing yet.
        let to = unsafe { std::slice::from_raw_parts_mut(to.at(from).cast(), range.len()) };
        write_keys(&values[range], from, packing, to);
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
    let is_known = |values: &mut [T], indices: &Parts<i64>| {
        // SAFETY: the indices of this row.
        let indices = unsafe { std::slice::from_raw_parts_mut(indices.at(0), n) };
        known(values, Some(indices), p)
    };
    if rows < threads::threads() && codes::is_long(n) {
        for number in 0..rows {
            let (values, indices) = row(number);
            if is_known(values, &indices) {
                continue;
            }
            sort_long(values, flip, &indices)?;
            arrange(values, &indices);
        }
        return Ok(());
    }
    threads::run_ranges(rows, (PIECE / n.max(1)).max(1), &|range| {
        let mut keys = Vec::new();
        for number in range {
            let (values, indices) = row(number);
            if is_known(values, &indices) {
                continue;
            }
            sort_row(values, &mut keys, flip, &indices);
            arrange(values, &indices);
        }
    });
    Ok(())
}

/// Below so many elements a sort costs no more than a partition.
const SHORT: usize = 256;

/// Gathers the keys whose upper bits are those of the key at `place`, where a selection put it, and orders them by their codes.
fn order_group<T: Item>(values: &[T], keys: &mut [u64], packing: Packing, place: usize) {
    /// Whether one of the keys agrees with the last in the bits above these.
    struct Meets<'a>(&'a [u64], u64, u32);
    impl Wide for Meets<'_> {
        type Out = bool;
        #[inline(always)]
        fn run<I: Isa>(self) -> bool {
            let Meets(keys, key, bits) = self;
            keys.iter()
                .fold(false, |any, k| any | ((k ^ key) >> bits == 0))
        }
    }
    const BLOCK: usize = 512;
    let (key, bits, n) = (keys[place], packing.bits, keys.len());
    let (mut from, mut to) = (place, place + 1);
    for end in (1..=place).rev().step_by(BLOCK) {
        let start = end.saturating_sub(BLOCK);
        if wide(Meets(&keys[start..end], key, bits)) {
            for at in (start..end).rev() {
                if (keys[at] ^ key) >> bits == 0 {
                    from -= 1;
                    keys.swap(at, from);
                }
            }
        }
    }
    for start in (place + 1..n).step_by(BLOCK) {
        let end = n.min(start + BLOCK);
        if wide(Meets(&keys[start..end], key, bits)) {
            for at in start..end {
                if (keys[at] ^ key) >> bits == 0 {
                    keys.swap(at, to);
                    to += 1;
                }
            }
        }
    }
    keys[from..to].sort_by_key(|&key| packing.code(values[packing.index(key)]));
}

/// Writes indices of which those at the places, in increasing order, are those that a sort would put there; smaller elements come
/// before, larger ones behind.
fn partition_row<T: Item>(
    values: &[T],
    places: &[usize],
    keys: &mut Vec<u64>,
    indices: &Parts<i64>,
) {
    if values.len() < SHORT {
        return sort_row(values, keys, 0, indices);
    }
    let packing = Packing::new(values.len(), range_of(values, 0), 0);
    let keys = keys_of(values, packing, keys);
    select(keys, places);
    if packing.shift > 0 {
        for &place in places {
            order_group(values, keys, packing, place);
        }
    }
    for (at, &key) in keys.iter().enumerate() {
        // SAFETY: an index of this row, which is this task's.
        unsafe { *indices.at(at) = packing.index(key) as i64 };
    }
}

/// Writes the indices that partition rows of `n` elements about these increasing places.
///
/// # Safety
/// `rows * n` elements of `T` lie at `values`, and as many `i64` may be written at `indices`.
pub(super) unsafe fn partition_rows<T: Item>(
    values: *const u8,
    indices: *mut u8,
    [rows, n]: [usize; 2],
    places: &[usize],
) {
    let (values, indices) = (
        Parts(values.cast::<T>().cast_mut()),
        Parts(indices.cast::<i64>()),
    );
    threads::run_ranges(rows, (PIECE / n.max(1)).max(1), &|range| {
        let mut keys = Vec::new();
        for row in range {
            // SAFETY: a row of the operand, and of the result one that no other task has.
            let (values, indices) = unsafe {
                (
                    std::slice::from_raw_parts(values.at(row * n).cast_const(), n),
                    Parts(indices.at(row * n)),
                )
            };
            partition_row(values, places, &mut keys, &indices);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that fit beside indices, codes that are cut, and groups of equal ones and of ones that agree in what is left.
    #[test]
    fn the_indices_of_a_partition_name_what_a_sort_would_put_there() {
        let mut state = 7_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 20
        };
        let n = 3000;
        let random: Vec<f64> = (0..n).map(|_| next() as f64 / 1e9 - 7e3).collect();
        let few: Vec<f64> = (0..n).map(|_| (next() % 5) as f64).collect();
        // the code is cut by some bits where the range is wide, and these differ in those alone
        let close: Vec<f64> = (0..n)
            .map(|i| match i % 3 {
                0 => f64::from_bits(1.0_f64.to_bits() + next() % 4),
                1 => 1e300,
                _ => -1e300,
            })
            .collect();
        let mut special = random.clone();
        special[5] = f64::NAN;
        special[900] = f64::NEG_INFINITY;
        special[901] = f64::NAN;
        for values in [random, few, close, special] {
            let mut sorted = values.clone();
            sorted.sort_by_key(|x| x.code());
            for places in [
                vec![0],
                vec![n - 1],
                vec![1500],
                vec![999, 1000, 1001, 1999],
                vec![3, 4, 2998],
            ] {
                let mut indices = vec![-1_i64; n];
                partition_row(
                    &values,
                    &places,
                    &mut Vec::new(),
                    &Parts(indices.as_mut_ptr()),
                );
                let mut seen = indices.clone();
                seen.sort_unstable();
                assert!(seen.iter().enumerate().all(|(i, &x)| x == i as i64));
                let code = |at: usize| values[indices[at] as usize].code();
                for &place in &places {
                    assert_eq!(code(place), sorted[place].code(), "{places:?}");
                    assert!((0..place).all(|at| code(at) <= code(place)));
                    assert!((place..n).all(|at| code(at) >= code(place)));
                }
            }
        }
    }
}
