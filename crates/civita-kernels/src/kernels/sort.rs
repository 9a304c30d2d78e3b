//! Unsigned integers sorted or partitioned in place, by vectors.
//!
//! ```text
//! few: 16 registers. Their columns are sorted by a network, a column in each lane, and transposed into runs; runs are merged by
//!   bitonic networks
//! many: partition about the median of a sample
//!   a vector is compared with the pivot, packed (small ones first), and stored at both ends of the gap
//!   always read from the side with less room, eight vectors at a time, so that the choice is rarely waited for
//! nothing above the pivot: what equals it is in place already, and goes off
//! too deep: the library's sort
//! ```
//!
//! After Blacher, Giesen, Kühne, "Fast and robust vectorized in-place sorting of primitive types" (2021), and Wassenberg, Blacher,
//! Giesen, Sanders, "Vectorized and performance-portable quicksort" (2022). Where there are no vectors it is the library's sort.

use std::mem::MaybeUninit;

use crate::isa::{Level, level};

/// Registers that are sorted at once.
const ROWS: usize = 16;
/// Elements from which on the pivot is chosen with more care.
const MANY: usize = 1 << 12;
/// Vectors that are partitioned between two looks at the room.
const STRIDE: usize = 8;

/// An unsigned integer that can be sorted here.
pub trait Code: Copy + Ord + Send + Sync + 'static {
    /// Sorts in place, or where places are given moves to each of them what a sort would put there.
    ///
    /// # Safety
    /// The processor has `level`.
    unsafe fn arrange(level: Level, codes: &mut [Self], places: Option<&[usize]>);
    /// Puts those at most `pivot` first and returns how many they are.
    ///
    /// # Safety
    /// The processor has `level`.
    unsafe fn partition(level: Level, codes: &mut [Self], pivot: Self) -> usize;
    /// The integer below.
    fn below(self) -> Option<Self>;
}

/// Sorts integers in place.
///
/// ```
/// use civita_kernels::kernels::sort::sort;
/// let mut x: Vec<u64> = (0..1000).rev().collect();
/// sort(&mut x);
/// assert!(x.is_sorted());
/// ```
pub fn sort<C: Code>(codes: &mut [C]) {
    // SAFETY: the processor has the level that was found.
    unsafe { C::arrange(level(), codes, None) };
}

/// Moves to these increasing places what a sort would put there: smaller ones come before, larger ones behind.
///
/// ```
/// use civita_kernels::kernels::sort::select;
/// let mut x: Vec<u64> = (0..1000).rev().collect();
/// select(&mut x, &[500]);
/// assert_eq!(x[500], 500);
/// assert!(x[..500].iter().all(|&v| v < 500));
/// ```
pub fn select<C: Code>(codes: &mut [C], places: &[usize]) {
    // SAFETY: the processor has the level that was found.
    unsafe { C::arrange(level(), codes, Some(places)) };
}

/// Parts elements in two, of which none of the first is larger than any of the second, and returns how many the first has: 0 or all
/// where all are equal, or there are fewer than a few hundred. The parts of many elements are about equal, unless a value is frequent.
///
/// ```
/// use civita_kernels::kernels::sort::halve;
/// let mut x: Vec<u32> = (0..10_000).rev().collect();
/// let (low, high) = { let n = halve(&mut x); x.split_at(n) };
/// assert!(low.len() > 4000 && high.len() > 4000);
/// assert!(low.iter().max() <= high.iter().min());
/// ```
pub fn halve<C: Code>(codes: &mut [C]) -> usize {
    // SAFETY: the processor has the level that was found.
    unsafe { halve_at(level(), codes) }
}

/// # Safety
/// The processor has `level`.
unsafe fn halve_at<C: Code>(level: Level, codes: &mut [C]) -> usize {
    if codes.len() < MOST_FEW {
        return codes.len();
    }
    // SAFETY: as many elements; the caller's contract.
    unsafe {
        let pivot = median::<C, 255>(codes.as_ptr(), codes.len());
        match C::partition(level, codes, pivot) {
            // those that equal the pivot are the largest
            all if all == codes.len() => pivot
                .below()
                .map_or(all, |below| C::partition(level, codes, below)),
            small => small,
        }
    }
}

/// By comparison, where there are no vectors.
fn part<C: Code>(codes: &mut [C], pivot: C) -> usize {
    let mut small = 0;
    for i in 0..codes.len() {
        codes.swap(i, small);
        small += usize::from(codes[small] <= pivot);
    }
    small
}

/// The library's, where there are no vectors.
fn arrange<C: Ord>(codes: &mut [C], places: Option<&[usize]>) {
    let Some(places) = places else {
        return codes.sort_unstable();
    };
    let mut from = 0;
    for &place in places {
        // a place that is given twice is done
        if let Some(nth) = place.checked_sub(from) {
            codes[from..].select_nth_unstable(nth);
            from = place + 1;
        }
    }
}

/// What a part of the elements is arranged for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    /// All places if `None`.
    places: Option<&'a [usize]>,
    /// Where the part begins.
    offset: usize,
}

impl Wanted<'_> {
    /// Whether one of these places is in the part's next `n`.
    fn any(self, n: usize) -> bool {
        self.places.is_none_or(|places| {
            let next = places.partition_point(|&place| place < self.offset);
            places
                .get(next)
                .is_some_and(|&place| place < self.offset + n)
        })
    }

    fn behind(self, n: usize) -> Self {
        Wanted {
            offset: self.offset + n,
            ..self
        }
    }
}

/// A vector register of codes.
///
/// Code over it has no closures: one that is not inlined has no instruction set, and neither has what it calls.
///
/// # Safety
/// Every function may only run where the instruction set that the implementor names is present; pointers are valid for
/// [`Lanes::N`] elements, at any alignment.
trait Lanes: Copy {
    type Code: Code;
    const N: usize;
    const LARGEST: Self::Code;
    unsafe fn load(p: *const Self::Code) -> Self;
    unsafe fn store(self, p: *mut Self::Code);
    unsafe fn splat(code: Self::Code) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;

    /// Writes those at most `bound` from `low` on and the others before `high`, and returns how many the former are. All `N` places
    /// from `low` on and before `high` may be written.
    unsafe fn split(self, bound: Self, low: *mut Self::Code, high: *mut Self::Code) -> usize;

    /// The lanes in the opposite order.
    unsafe fn reverse(self) -> Self;
    /// Sorts a register whose lanes rise and then fall, or fall and then rise: lanes half a register apart are compared first, at
    /// last neighbours.
    unsafe fn sort_bitonic(self) -> Self;
    /// Makes each column a run: [`ROWS`] lanes that follow each other, from register to register.
    unsafe fn columns_to_runs(rows: [Self; ROWS]) -> [Self; ROWS];
}

/// Compares and swaps rows.
macro_rules! network {
    ($r:ident: $($i:literal $j:literal),*) => { $(
        ($r[$i], $r[$j]) = ($r[$i].min($r[$j]), $r[$i].max($r[$j]));
    )* };
}

/// Merges neighbouring runs of `W` registers each, which are sorted, into runs of twice as many.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
unsafe fn merge<L: Lanes, const W: usize>(r: &mut [L; ROWS]) {
    // SAFETY: the caller's contract.
    unsafe {
        for pair in r.as_chunks_mut::<W>().0.chunks_exact_mut(2) {
            let [left, right] = pair else { unreachable!() };
            // The first run and the second one read backwards are bitonic, and so are the smaller and the larger of the two.
            let mut turned = *right;
            for i in 0..W {
                turned[i] = right[W - 1 - i].reverse();
            }
            for i in 0..W {
                right[i] = left[i].max(turned[i]);
                left[i] = left[i].min(turned[i]);
            }
            sort_bitonic::<L, W>(left);
            sort_bitonic::<L, W>(right);
        }
    }
}

/// Sorts registers that hold a bitonic sequence.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
unsafe fn sort_bitonic<L: Lanes, const W: usize>(r: &mut [L; W]) {
    // SAFETY: the caller's contract.
    unsafe {
        for (distance, there) in [(4, W > 4), (2, W > 2), (1, W > 1)] {
            for i in 0..W {
                if there && i & distance == 0 {
                    let (a, b) = (r[i], r[i + distance]);
                    (r[i], r[i + distance]) = (a.min(b), a.max(b));
                }
            }
        }
        for row in r {
            *row = row.sort_bitonic();
        }
    }
}

/// Sorts at most `ROWS * N` elements.
///
/// # Safety
/// `n` elements at `p`.
#[inline(always)]
unsafe fn few<L: Lanes>(p: *mut L::Code, n: usize) {
    if n <= 2 * ROWS {
        // SAFETY: the caller's contract.
        unsafe { std::slice::from_raw_parts_mut(p, n) }.sort_unstable();
        return;
    }
    let (whole, rest) = (n / L::N, n % L::N);
    // SAFETY: whole registers lie in the `n` elements; the one that is not goes through a room of its own.
    unsafe {
        let mut room = [L::LARGEST; 16];
        std::ptr::copy_nonoverlapping(p.cast_const().add(whole * L::N), room.as_mut_ptr(), rest);
        let mut r = [L::splat(L::LARGEST); ROWS];
        for (i, row) in r.iter_mut().enumerate() {
            if i < whole {
                *row = L::load(p.cast_const().add(i * L::N));
            } else if i == whole {
                *row = L::load(room.as_ptr());
            }
        }
        network!(r: 0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15, 0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15,
            1 2, 5 6, 9 10, 13 14, 0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15, 2 4, 3 5, 10 12, 11 13,
            1 2, 3 4, 5 6, 9 10, 11 12, 13 14, 0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15, 4 8, 5 9, 6 10, 7 11,
            2 4, 3 5, 6 8, 7 9, 10 12, 11 13, 1 2, 3 4, 5 6, 7 8, 9 10, 11 12, 13 14);
        r = L::columns_to_runs(r);
        // a run has ROWS elements
        if ROWS / L::N == 1 {
            merge::<L, 1>(&mut r);
        }
        if ROWS / L::N <= 2 {
            merge::<L, 2>(&mut r);
        }
        merge::<L, 4>(&mut r);
        merge::<L, 8>(&mut r);
        for (i, row) in r.into_iter().enumerate() {
            if i < whole {
                row.store(p.add(i * L::N));
            } else if i == whole {
                row.store(room.as_mut_ptr());
            }
        }
        std::ptr::copy_nonoverlapping(room.as_ptr(), p.add(whole * L::N), rest);
    }
}

/// The most elements that [`few`] takes, of any instruction set.
const MOST_FEW: usize = ROWS * 16;

/// Puts those at most `pivot` first and returns how many they are.
///
/// # Safety
/// `n` elements at `p`, at least `2 * STRIDE` vectors.
#[inline(always)]
unsafe fn partition<L: Lanes>(p: *mut L::Code, n: usize, pivot: L::Code) -> usize {
    let chunk = STRIDE * L::N;
    // SAFETY: reads stay in `unread`, which is in `0..n`. Of what was read and not yet written there is always a gap, half of it at
    // least a chunk long: two chunks are set aside at the start, and the side that is read from is the one with less room.
    unsafe {
        let bound = L::splat(pivot);
        // the ends, and at last what is left in the middle
        let mut room = MaybeUninit::<[L::Code; 3 * STRIDE * 16]>::uninit();
        let aside = room.as_mut_ptr().cast::<L::Code>();
        std::ptr::copy_nonoverlapping(p.cast_const(), aside, chunk);
        std::ptr::copy_nonoverlapping(p.add(n - chunk).cast_const(), aside.add(chunk), chunk);
        let mut unread = chunk..n - chunk;
        let (mut low, mut high) = (0, n);
        while unread.len() >= chunk {
            let from = if unread.start - low <= high - unread.end {
                unread.start += chunk;
                unread.start - chunk
            } else {
                unread.end -= chunk;
                unread.end
            };
            let mut vectors = [bound; STRIDE];
            for (i, v) in vectors.iter_mut().enumerate() {
                *v = L::load(p.cast_const().add(from + i * L::N));
            }
            for v in vectors {
                let small = v.split(bound, p.add(low), p.add(high));
                low += small;
                high -= L::N - small;
            }
        }
        let rest = unread.len();
        std::ptr::copy_nonoverlapping(p.add(unread.start).cast_const(), aside.add(2 * chunk), rest);
        let left = 2 * chunk + rest;
        for at in left / L::N * L::N..left {
            let code = *aside.add(at);
            let small = code <= pivot;
            *p.add(if small { low } else { high - 1 }) = code;
            low += usize::from(small);
            high -= usize::from(!small);
        }
        for at in (0..left / L::N * L::N).step_by(L::N) {
            let small = L::load(aside.cast_const().add(at)).split(bound, p.add(low), p.add(high));
            low += small;
            high -= L::N - small;
        }
        low
    }
}

/// About the median of a sample: of more elements where the choice decides about more.
///
/// # Safety
/// `n` elements at `p`, at least nine.
#[inline(always)]
unsafe fn pivot<C: Code>(p: *const C, n: usize) -> C {
    let nine = |from: usize, step: usize| {
        // SAFETY: the caller's contract; the largest index that is asked for is below `n`.
        median_of_9(std::array::from_fn(|i| unsafe { *p.add(from + i * step) }))
    };
    if n < MANY {
        let step = n / 9;
        return nine(step / 2, step);
    }
    // of nine medians, each of elements from all parts
    let step = n / 81;
    median_of_9(std::array::from_fn(|i| nine(i * step + step / 2, 9 * step)))
}

/// The median of nine, by a network without branches: Smith, "Implementing median filters in XC4000E FPGAs" (1996).
#[inline(always)]
fn median_of_9<C: Code>(mut s: [C; 9]) -> C {
    for (i, j) in [
        (1, 2),
        (4, 5),
        (7, 8),
        (0, 1),
        (3, 4),
        (6, 7),
        (1, 2),
        (4, 5),
        (7, 8),
        (0, 3),
        (5, 8),
        (4, 7),
        (3, 6),
        (1, 4),
        (2, 5),
        (4, 7),
        (4, 2),
        (6, 4),
        (4, 2),
    ] {
        (s[i], s[j]) = (s[i].min(s[j]), s[i].max(s[j]));
    }
    s[4]
}

/// The median of `K` elements at equal distances.
///
/// # Safety
/// `n` elements at `p`, at least `K`.
#[inline(always)]
unsafe fn median<C: Code, const K: usize>(p: *const C, n: usize) -> C {
    let step = n / K;
    // SAFETY: the largest index is below `n`.
    let mut sample: [C; K] = std::array::from_fn(|i| unsafe { *p.add(i * step + step / 2) });
    *sample.select_nth_unstable(K / 2).1
}

/// # Safety
/// `n` elements at `p`; `again` is this function for the same instruction set.
#[inline(always)]
unsafe fn quicksort<L: Lanes>(
    mut p: *mut L::Code,
    mut n: usize,
    mut wanted: Wanted<'_>,
    mut depth: u32,
    again: unsafe fn(*mut L::Code, usize, Wanted<'_>, u32),
) {
    // SAFETY: parts of the elements.
    unsafe {
        while n > ROWS * L::N {
            if !wanted.any(n) {
                return;
            }
            if depth == 0 {
                return std::slice::from_raw_parts_mut(p, n).sort_unstable();
            }
            depth -= 1;
            let pivot = pivot(p.cast_const(), n);
            let small = partition::<L>(p, n, pivot);
            if small == n {
                // those that equal the pivot are the largest
                match pivot.below() {
                    Some(below) => n = partition::<L>(p, n, below),
                    None => return,
                }
                continue;
            }
            let large = n - small;
            if small < large {
                again(p, small, wanted, depth);
                (p, n, wanted) = (p.add(small), large, wanted.behind(small));
            } else {
                again(p.add(small), large, wanted.behind(small), depth);
                n = small;
            }
        }
        if wanted.any(n) {
            few::<L>(p, n);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Lanes, ROWS};

    /// For each mask of large 64-bit lanes, the order in which small ones come first, in halves of lanes.
    static PACK_64: [[u32; 8]; 16] = {
        let mut table = [[0; 8]; 16];
        let mut mask = 0;
        while mask < 16 {
            let (mut at, mut large) = (0, 0);
            while large < 2 {
                let mut lane = 0;
                while lane < 4 {
                    if mask >> lane & 1 == large {
                        table[mask][at] = 2 * lane as u32;
                        table[mask][at + 1] = 2 * lane as u32 + 1;
                        at += 2;
                    }
                    lane += 1;
                }
                large += 1;
            }
            mask += 1;
        }
        table
    };

    /// The same of 32-bit lanes.
    static PACK_32: [[u8; 8]; 256] = {
        let mut table = [[0; 8]; 256];
        let mut mask = 0;
        while mask < 256 {
            let (mut at, mut large) = (0, 0);
            while large < 2 {
                let mut lane = 0;
                while lane < 8 {
                    if mask >> lane & 1 == large {
                        table[mask][at] = lane as u8;
                        at += 1;
                    }
                    lane += 1;
                }
                large += 1;
            }
            mask += 1;
        }
        table
    };

    /// Four 64-bit codes in AVX2, their highest bits turned: only signed integers can be compared.
    #[derive(Clone, Copy)]
    pub(super) struct Four(__m256i);
    impl Four {
        #[inline(always)]
        unsafe fn turned(v: __m256i) -> __m256i {
            // SAFETY: AVX2.
            unsafe { _mm256_xor_si256(v, _mm256_set1_epi64x(i64::MIN)) }
        }
    }
    impl Lanes for Four {
        type Code = u64;
        const N: usize = 4;
        const LARGEST: u64 = u64::MAX;
        #[inline(always)]
        unsafe fn load(p: *const u64) -> Self {
            // SAFETY: the trait's contract, here and below.
            unsafe { Four(Self::turned(_mm256_loadu_si256(p.cast()))) }
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut u64) {
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(p.cast(), Self::turned(self.0)) }
        }
        #[inline(always)]
        unsafe fn splat(code: u64) -> Self {
            // SAFETY: as above.
            unsafe { Four(Self::turned(_mm256_set1_epi64x(code as i64))) }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                Four(_mm256_blendv_epi8(
                    self.0,
                    other.0,
                    _mm256_cmpgt_epi64(self.0, other.0),
                ))
            }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                Four(_mm256_blendv_epi8(
                    other.0,
                    self.0,
                    _mm256_cmpgt_epi64(self.0, other.0),
                ))
            }
        }
        #[inline(always)]
        unsafe fn split(self, bound: Self, low: *mut u64, high: *mut u64) -> usize {
            // SAFETY: as above.
            unsafe {
                let large =
                    _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(self.0, bound.0)));
                let order = _mm256_loadu_si256((&raw const PACK_64[large as usize]).cast());
                let packed = Self::turned(_mm256_permutevar8x32_epi32(self.0, order));
                _mm256_storeu_si256(low.cast(), packed);
                _mm256_storeu_si256(high.sub(4).cast(), packed);
                4 - large.count_ones() as usize
            }
        }
        #[inline(always)]
        unsafe fn reverse(self) -> Self {
            // SAFETY: as above.
            unsafe { Four(_mm256_permute4x64_epi64(self.0, 0x1b)) }
        }
        #[inline(always)]
        unsafe fn sort_bitonic(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let other = Four(_mm256_permute4x64_epi64(self.0, 0x4e));
                let v = _mm256_blend_epi32(self.min(other).0, self.max(other).0, 0xf0);
                let other = Four(_mm256_shuffle_epi32(v, 0x4e));
                let (low, high) = (Four(v).min(other).0, Four(v).max(other).0);
                Four(_mm256_blend_epi32(low, high, 0xcc))
            }
        }
        #[inline(always)]
        unsafe fn columns_to_runs(r: [Self; ROWS]) -> [Self; ROWS] {
            let mut runs = r;
            for block in 0..4 {
                let i = 4 * block;
                // SAFETY: as above.
                unsafe {
                    let a = _mm256_unpacklo_epi64(r[i].0, r[i + 1].0);
                    let b = _mm256_unpackhi_epi64(r[i].0, r[i + 1].0);
                    let c = _mm256_unpacklo_epi64(r[i + 2].0, r[i + 3].0);
                    let d = _mm256_unpackhi_epi64(r[i + 2].0, r[i + 3].0);
                    runs[block] = Four(_mm256_permute2x128_si256(a, c, 0x20));
                    runs[4 + block] = Four(_mm256_permute2x128_si256(b, d, 0x20));
                    runs[8 + block] = Four(_mm256_permute2x128_si256(a, c, 0x31));
                    runs[12 + block] = Four(_mm256_permute2x128_si256(b, d, 0x31));
                }
            }
            runs
        }
    }

    /// Eight 32-bit codes in AVX2, turned likewise.
    #[derive(Clone, Copy)]
    pub(super) struct Eight(__m256i);
    impl Eight {
        #[inline(always)]
        unsafe fn turned(v: __m256i) -> __m256i {
            // SAFETY: AVX2.
            unsafe { _mm256_xor_si256(v, _mm256_set1_epi32(i32::MIN)) }
        }
    }
    impl Lanes for Eight {
        type Code = u32;
        const N: usize = 8;
        const LARGEST: u32 = u32::MAX;
        #[inline(always)]
        unsafe fn load(p: *const u32) -> Self {
            // SAFETY: the trait's contract, here and below.
            unsafe { Eight(Self::turned(_mm256_loadu_si256(p.cast()))) }
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut u32) {
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(p.cast(), Self::turned(self.0)) }
        }
        #[inline(always)]
        unsafe fn splat(code: u32) -> Self {
            // SAFETY: as above.
            unsafe { Eight(Self::turned(_mm256_set1_epi32(code as i32))) }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            // SAFETY: as above.
            unsafe { Eight(_mm256_min_epi32(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            // SAFETY: as above.
            unsafe { Eight(_mm256_max_epi32(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn split(self, bound: Self, low: *mut u32, high: *mut u32) -> usize {
            // SAFETY: as above.
            unsafe {
                let large =
                    _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(self.0, bound.0)));
                let order = _mm_loadl_epi64((&raw const PACK_32[large as usize]).cast());
                let packed = Self::turned(_mm256_permutevar8x32_epi32(
                    self.0,
                    _mm256_cvtepu8_epi32(order),
                ));
                _mm256_storeu_si256(low.cast(), packed);
                _mm256_storeu_si256(high.sub(8).cast(), packed);
                8 - large.count_ones() as usize
            }
        }
        #[inline(always)]
        unsafe fn reverse(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let order = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
                Eight(_mm256_permutevar8x32_epi32(self.0, order))
            }
        }
        #[inline(always)]
        unsafe fn sort_bitonic(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let other = Eight(_mm256_permute4x64_epi64(self.0, 0x4e));
                let v = _mm256_blend_epi32(self.min(other).0, self.max(other).0, 0xf0);
                let other = Eight(_mm256_shuffle_epi32(v, 0x4e));
                let (low, high) = (Eight(v).min(other).0, Eight(v).max(other).0);
                let v = _mm256_blend_epi32(low, high, 0xcc);
                let other = Eight(_mm256_shuffle_epi32(v, 0xb1));
                let (low, high) = (Eight(v).min(other).0, Eight(v).max(other).0);
                Eight(_mm256_blend_epi32(low, high, 0xaa))
            }
        }
        #[inline(always)]
        unsafe fn columns_to_runs(r: [Self; ROWS]) -> [Self; ROWS] {
            let mut runs = r;
            // SAFETY: as above.
            unsafe {
                let mut quads = [[_mm256_setzero_si256(); 4]; 4];
                for (i, quad) in quads.iter_mut().enumerate() {
                    let i = 4 * i;
                    let a = _mm256_unpacklo_epi32(r[i].0, r[i + 1].0);
                    let b = _mm256_unpackhi_epi32(r[i].0, r[i + 1].0);
                    let c = _mm256_unpacklo_epi32(r[i + 2].0, r[i + 3].0);
                    let d = _mm256_unpackhi_epi32(r[i + 2].0, r[i + 3].0);
                    // columns `j` and `j + 4` of four rows
                    *quad = [
                        _mm256_unpacklo_epi64(a, c),
                        _mm256_unpackhi_epi64(a, c),
                        _mm256_unpacklo_epi64(b, d),
                        _mm256_unpackhi_epi64(b, d),
                    ];
                }
                for j in 0..4 {
                    for block in 0..2 {
                        let (a, b) = (quads[2 * block][j], quads[2 * block + 1][j]);
                        runs[2 * j + block] = Eight(_mm256_permute2x128_si256(a, b, 0x20));
                        runs[2 * (j + 4) + block] = Eight(_mm256_permute2x128_si256(a, b, 0x31));
                    }
                }
            }
            runs
        }
    }

    macro_rules! wide {
        ($(#[$doc:meta])* $Name:ident: $Code:ty, $Signed:ty, $n:literal, $load:ident, $store:ident, $splat:ident, $min:ident, $max:ident;
            $($more:tt)*) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub(super) struct $Name(__m512i);
            impl Lanes for $Name {
                type Code = $Code;
                const N: usize = $n;
                const LARGEST: $Code = <$Code>::MAX;
                #[inline(always)]
                unsafe fn load(p: *const $Code) -> Self {
                    // SAFETY: the trait's contract, here and below.
                    unsafe { $Name($load(p.cast())) }
                }
                #[inline(always)]
                unsafe fn store(self, p: *mut $Code) {
                    // SAFETY: as above.
                    unsafe { $store(p.cast(), self.0) }
                }
                #[inline(always)]
                unsafe fn splat(code: $Code) -> Self {
                    // SAFETY: as above.
                    unsafe { $Name($splat(code as $Signed)) }
                }
                #[inline(always)]
                unsafe fn min(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $Name($min(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn max(self, other: Self) -> Self {
                    // SAFETY: as above.
                    unsafe { $Name($max(self.0, other.0)) }
                }
                $($more)*
            }
        };
    }

    /// Transposes the quarters of four registers: register `i` has quarter `i` of each.
    ///
    /// # Safety
    /// AVX-512.
    #[inline(always)]
    unsafe fn transpose_quarters([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
        // SAFETY: the caller's contract.
        unsafe {
            let [even, odd] = [
                [
                    _mm512_shuffle_i64x2(a, b, 0x88),
                    _mm512_shuffle_i64x2(c, d, 0x88),
                ],
                [
                    _mm512_shuffle_i64x2(a, b, 0xdd),
                    _mm512_shuffle_i64x2(c, d, 0xdd),
                ],
            ];
            [
                _mm512_shuffle_i64x2(even[0], even[1], 0x88),
                _mm512_shuffle_i64x2(odd[0], odd[1], 0x88),
                _mm512_shuffle_i64x2(even[0], even[1], 0xdd),
                _mm512_shuffle_i64x2(odd[0], odd[1], 0xdd),
            ]
        }
    }

    wide! {
        /// Eight 64-bit codes in AVX-512.
        WideEight: u64, i64, 8, _mm512_loadu_epi64, _mm512_storeu_epi64, _mm512_set1_epi64, _mm512_min_epu64, _mm512_max_epu64;

        /// By a table, as with AVX2: a quarter to a third faster than by two compressions and a masked store.
        #[inline(always)]
        unsafe fn split(self, bound: Self, low: *mut u64, high: *mut u64) -> usize {
            // SAFETY: as above.
            unsafe {
                let large = _mm512_cmpgt_epu64_mask(self.0, bound.0);
                let order = _mm_loadl_epi64((&raw const PACK_32[usize::from(large)]).cast());
                let packed = _mm512_permutexvar_epi64(_mm512_cvtepu8_epi64(order), self.0);
                _mm512_storeu_epi64(low.cast(), packed);
                _mm512_storeu_epi64(high.sub(8).cast(), packed);
                8 - large.count_ones() as usize
            }
        }

        #[inline(always)]
        unsafe fn reverse(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let order = _mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0);
                WideEight(_mm512_permutexvar_epi64(order, self.0))
            }
        }
        #[inline(always)]
        unsafe fn sort_bitonic(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let mut v = self.0;
                let other = _mm512_shuffle_i64x2(v, v, 0x4e);
                v = _mm512_mask_max_epu64(_mm512_min_epu64(v, other), 0xf0, v, other);
                let other = _mm512_permutex_epi64(v, 0x4e);
                v = _mm512_mask_max_epu64(_mm512_min_epu64(v, other), 0xcc, v, other);
                let other = _mm512_shuffle_epi32(v, 0x4e);
                WideEight(_mm512_mask_max_epu64(_mm512_min_epu64(v, other), 0xaa, v, other))
            }
        }
        #[inline(always)]
        unsafe fn columns_to_runs(r: [Self; ROWS]) -> [Self; ROWS] {
            let mut runs = r;
            for block in 0..2 {
                // SAFETY: as above.
                unsafe {
                    let (mut even, mut odd) = ([_mm512_setzero_si512(); 4], [_mm512_setzero_si512(); 4]);
                    for i in 0..4 {
                        let (a, b) = (r[8 * block + 2 * i].0, r[8 * block + 2 * i + 1].0);
                        (even[i], odd[i]) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
                    }
                    let (even, odd) = (transpose_quarters(even), transpose_quarters(odd));
                    for i in 0..4 {
                        runs[4 * i + block] = WideEight(even[i]);
                        runs[4 * i + 2 + block] = WideEight(odd[i]);
                    }
                }
            }
            runs
        }
    }
    wide! {
        /// Sixteen 32-bit codes in AVX-512.
        WideSixteen: u32, i32, 16, _mm512_loadu_epi32, _mm512_storeu_epi32, _mm512_set1_epi32, _mm512_min_epu32, _mm512_max_epu32;

        #[inline(always)]
        unsafe fn split(self, bound: Self, low: *mut u32, high: *mut u32) -> usize {
            // SAFETY: as above. The small ones are written first: where `low` and `high` are `N` apart, the zeros behind them are the
            // places of the large ones.
            unsafe {
                let mask = _mm512_cmple_epu32_mask(self.0, bound.0);
                let small = mask.count_ones() as usize;
                let large = 16 - small;
                _mm512_storeu_epi32(low.cast(), _mm512_maskz_compress_epi32(mask, self.0));
                let some = ((1u32 << large) - 1) as u16;
                let packed = _mm512_maskz_compress_epi32(!mask, self.0);
                _mm512_mask_storeu_epi32(high.sub(large).cast(), some, packed);
                small
            }
        }

        #[inline(always)]
        unsafe fn reverse(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
                WideSixteen(_mm512_permutexvar_epi32(order, self.0))
            }
        }
        #[inline(always)]
        unsafe fn sort_bitonic(self) -> Self {
            // SAFETY: as above.
            unsafe {
                let mut v = self.0;
                let other = _mm512_shuffle_i64x2(v, v, 0x4e);
                v = _mm512_mask_max_epu32(_mm512_min_epu32(v, other), 0xff00, v, other);
                let other = _mm512_permutex_epi64(v, 0x4e);
                v = _mm512_mask_max_epu32(_mm512_min_epu32(v, other), 0xf0f0, v, other);
                let other = _mm512_shuffle_epi32(v, 0x4e);
                v = _mm512_mask_max_epu32(_mm512_min_epu32(v, other), 0xcccc, v, other);
                let other = _mm512_shuffle_epi32(v, 0xb1);
                WideSixteen(_mm512_mask_max_epu32(_mm512_min_epu32(v, other), 0xaaaa, v, other))
            }
        }
        #[inline(always)]
        unsafe fn columns_to_runs(r: [Self; ROWS]) -> [Self; ROWS] {
            let mut runs = r;
            // SAFETY: as above.
            unsafe {
                // columns `j`, `j + 4`, `j + 8`, `j + 12` of the rows `4 i` to `4 i + 3`
                let mut quads = [[_mm512_setzero_si512(); 4]; 4];
                let [first, second, third, fourth] = &mut quads;
                for i in 0..4 {
                    let row = 4 * i;
                    let a = _mm512_unpacklo_epi32(r[row].0, r[row + 1].0);
                    let b = _mm512_unpackhi_epi32(r[row].0, r[row + 1].0);
                    let c = _mm512_unpacklo_epi32(r[row + 2].0, r[row + 3].0);
                    let d = _mm512_unpackhi_epi32(r[row + 2].0, r[row + 3].0);
                    first[i] = _mm512_unpacklo_epi64(a, c);
                    second[i] = _mm512_unpackhi_epi64(a, c);
                    third[i] = _mm512_unpacklo_epi64(b, d);
                    fourth[i] = _mm512_unpackhi_epi64(b, d);
                }
                for (j, quad) in quads.into_iter().enumerate() {
                    for (i, column) in transpose_quarters(quad).into_iter().enumerate() {
                        runs[4 * i + j] = WideSixteen(column);
                    }
                }
            }
            runs
        }
    }
}

macro_rules! codes {
    ($($Code:ty: $avx2:ident $part_avx2:ident $Avx2:ty, $avx512:ident $part_avx512:ident $Avx512:ty;)*) => { $(
        /// # Safety
        /// AVX2, and `n` elements at `p`.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        unsafe fn $avx2(p: *mut $Code, n: usize, wanted: Wanted<'_>, depth: u32) {
            // SAFETY: the caller's contract.
            unsafe { quicksort::<$Avx2>(p, n, wanted, depth, $avx2) }
        }
        /// # Safety
        /// AVX-512, and `n` elements at `p`.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,bmi1,bmi2,lzcnt,popcnt")]
        unsafe fn $avx512(p: *mut $Code, n: usize, wanted: Wanted<'_>, depth: u32) {
            // SAFETY: the caller's contract.
            unsafe { quicksort::<$Avx512>(p, n, wanted, depth, $avx512) }
        }
        /// # Safety
        /// AVX2, and `n` elements at `p`, at least `2 * STRIDE` vectors.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        unsafe fn $part_avx2(p: *mut $Code, n: usize, pivot: $Code) -> usize {
            // SAFETY: the caller's contract.
            unsafe { partition::<$Avx2>(p, n, pivot) }
        }
        /// # Safety
        /// AVX-512, and `n` elements at `p`, at least `2 * STRIDE` vectors.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,bmi1,bmi2,lzcnt,popcnt")]
        unsafe fn $part_avx512(p: *mut $Code, n: usize, pivot: $Code) -> usize {
            // SAFETY: the caller's contract.
            unsafe { partition::<$Avx512>(p, n, pivot) }
        }
        impl Code for $Code {
            unsafe fn partition(level: Level, codes: &mut [$Code], pivot: $Code) -> usize {
                #[cfg(target_arch = "x86_64")]
                if codes.len() >= MOST_FEW {
                    let (p, n) = (codes.as_mut_ptr(), codes.len());
                    match level {
                        // SAFETY: the trait's contract; there are 2 * STRIDE of the longest vectors.
                        Level::Avx2 => return unsafe { $part_avx2(p, n, pivot) },
                        // SAFETY: as above.
                        Level::Avx512 => return unsafe { $part_avx512(p, n, pivot) },
                        Level::Baseline => {}
                    }
                }
                part(codes, pivot)
            }
            fn below(self) -> Option<$Code> {
                self.checked_sub(1)
            }
            unsafe fn arrange(level: Level, codes: &mut [$Code], places: Option<&[usize]>) {
                #[cfg(target_arch = "x86_64")]
                {
                    let (p, n) = (codes.as_mut_ptr(), codes.len());
                    let depth = 2 * n.max(1).ilog2() + 8;
                    let wanted = Wanted { places, offset: 0 };
                    match level {
                        // SAFETY: the trait's contract.
                        Level::Avx2 => return unsafe { $avx2(p, n, wanted, depth) },
                        // SAFETY: as above.
                        Level::Avx512 => return unsafe { $avx512(p, n, wanted, depth) },
                        Level::Baseline => {}
                    }
                }
                arrange(codes, places);
            }
        }
    )* };
}
codes! {
    u32: avx2_32 part_avx2_32 x86::Eight, avx512_32 part_avx512_32 x86::WideSixteen;
    u64: avx2_64 part_avx2_64 x86::Four, avx512_64 part_avx512_64 x86::WideEight;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that is right for all zeros and ones is right for all numbers.
    #[test]
    fn the_network_finds_the_median_of_nine() {
        for bits in 0_u32..512 {
            let nine = std::array::from_fn(|i| u64::from(bits >> i & 1));
            assert_eq!(
                median_of_9(nine),
                u64::from(bits.count_ones() > 4),
                "{bits:09b}"
            );
        }
    }

    /// A linear congruential generator: Knuth's.
    fn numbers(n: usize, seed: u64) -> impl Iterator<Item = u64> {
        let mut x = seed;
        (0..n).map(move |_| {
            x = x
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            x ^ x >> 29
        })
    }

    fn check<C: Code + std::fmt::Debug>(level: Level, name: &str, make: impl Fn(u64) -> C) {
        for n in (0..600).chain([1000, 4096, 5000, 100_003]) {
            let shapes: [(&str, Vec<C>); 6] = [
                ("random", numbers(n, 1).map(&make).collect()),
                ("few values", numbers(n, 2).map(|x| make(x % 3)).collect()),
                ("rising", (0..n as u64).map(&make).collect()),
                ("falling", (0..n as u64).rev().map(&make).collect()),
                ("equal", vec![make(7); n]),
                (
                    "ends",
                    numbers(n, 3)
                        .map(|x| make(if x % 2 == 0 { 0 } else { u64::MAX }))
                        .collect(),
                ),
            ];
            for (shape, mut codes) in shapes {
                let mut wanted = codes.clone();
                wanted.sort_unstable();
                let mut part = codes.clone();
                // SAFETY: a level that is available.
                unsafe { C::arrange(level, &mut codes, None) };
                assert_eq!(codes, wanted, "{n} {name}, {shape}");
                let places: Vec<usize> = [0, n / 3, n / 3 + 1, n.saturating_sub(1)]
                    .into_iter()
                    .filter(|&p| p < n)
                    .collect();
                // SAFETY: as above.
                unsafe { C::arrange(level, &mut part, Some(&places)) };
                for place in places {
                    assert_eq!(part[place], wanted[place], "{n} {name}, {shape}: {place}");
                    assert!(part[..place].iter().all(|x| *x <= part[place]));
                }
                // SAFETY: as above.
                let small = unsafe { halve_at(level, &mut part) };
                let (low, high) = part.split_at(small);
                let apart = low.iter().max() <= high.iter().min() || high.is_empty();
                assert!(apart, "{n} {name}, {shape}");
                assert!(
                    n < 256 || !high.is_empty() || wanted[0] == wanted[n - 1],
                    "{n} {name}, {shape}"
                );
                part.sort_unstable();
                assert_eq!(part, wanted, "{n} {name}, {shape}");
            }
        }
    }

    #[test]
    fn codes_are_sorted() {
        for level in Level::available() {
            check(level, "u64", |x| x);
            check(level, "u32", |x| x as u32);
            check(level, "high u64", |x| x | 1 << 63);
        }
    }
}
