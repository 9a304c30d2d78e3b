//! Unsigned integers sorted or partitioned in place, by vectors.
//!
//! ```text
//! few: columns of 16 rows by a sorting network, a column in each lane; then the columns are merged
//! many: partition about the median of a sample
//!   a vector is compared with the pivot, packed (small ones first), and stored at both ends of the gap
//!   always read from the side with less room, four vectors at a time, so that the choice is rarely waited for
//! nothing above the pivot: what equals it is in place already, and goes off
//! too deep: the library's sort
//! ```
//!
//! After Blacher, Giesen, Kühne, "Fast and robust vectorized in-place sorting of primitive types" (2021), and Wassenberg, Blacher,
//! Giesen, Sanders, "Vectorized and performance-portable quicksort" (2022). Where there are no vectors it is the library's sort.

use std::mem::MaybeUninit;

use crate::isa::{Level, level};

/// Rows of the network.
const ROWS: usize = 16;
/// Vectors that are partitioned between two looks at the room.
const STRIDE: usize = 4;

/// An unsigned integer that can be sorted here.
pub trait Code: Copy + Ord + Send + Sync + 'static {
    /// Sorts in place, or where places are given moves to each of them what a sort would put there.
    fn arrange(codes: &mut [Self], places: Option<&[usize]>);
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
    C::arrange(codes, None);
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
    C::arrange(codes, Some(places));
}

/// The library's, where there are no vectors.
fn arrange<C: Ord>(codes: &mut [C], places: Option<&[usize]>) {
    let Some(places) = places else {
        return codes.sort_unstable();
    };
    let mut from = 0;
    for &place in places {
        codes[from..].select_nth_unstable(place - from);
        from = place;
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

    /// The integer below.
    fn below(code: Self::Code) -> Option<Self::Code>;
}

/// Compares and swaps rows.
macro_rules! network {
    ($r:ident: $($i:literal $j:literal),*) => { $(
        ($r[$i], $r[$j]) = ($r[$i].min($r[$j]), $r[$i].max($r[$j]));
    )* };
}

/// Merges two sorted runs of `len` elements from both ends at once: two chains that do not wait for each other.
///
/// # Safety
/// `2 * len` elements at `from` and room for as many at `to`.
#[inline(always)]
unsafe fn merge<C: Code>(from: *const C, len: usize, to: *mut C) {
    // SAFETY: after `k` steps each end has taken `k` elements, fewer than a run has.
    unsafe {
        let (mut a, mut b) = (from, from.add(len));
        let (mut x, mut y) = (b.sub(1), b.add(len - 1));
        let (mut low, mut high) = (to, to.add(2 * len - 1));
        for _ in 0..len {
            let (p, q) = (*a, *b);
            let second = q < p;
            *low = if second { q } else { p };
            a = a.add(usize::from(!second));
            b = b.add(usize::from(second));
            low = low.add(1);
            let (p, q) = (*x, *y);
            let first = q < p;
            *high = if first { p } else { q };
            x = x.wrapping_sub(usize::from(first));
            y = y.wrapping_sub(usize::from(!first));
            high = high.wrapping_sub(1);
        }
    }
}

/// The most elements that [`few`] takes, of any instruction set.
const MOST_FEW: usize = ROWS * 16;

/// Sorts at most `ROWS * N` elements.
///
/// # Safety
/// `n` elements at `p`.
#[inline(always)]
unsafe fn few<L: Lanes>(p: *mut L::Code, n: usize) {
    let size = ROWS * L::N;
    if n <= 2 * ROWS {
        // SAFETY: the caller's contract.
        unsafe { std::slice::from_raw_parts_mut(p, n) }.sort_unstable();
        return;
    }
    let mut rooms = [const { MaybeUninit::<[L::Code; MOST_FEW]>::uninit() }; 2];
    let [mut from, mut to] = rooms
        .each_mut()
        .map(|room| room.as_mut_ptr().cast::<L::Code>());
    // SAFETY: `n` is at most `size`, which is at most the room; what is read was written.
    unsafe {
        std::ptr::copy_nonoverlapping(p.cast_const(), from, n);
        for i in n..size {
            from.add(i).write(L::LARGEST);
        }
        let mut r: [L; ROWS] = [L::splat(L::LARGEST); ROWS];
        for (i, row) in r.iter_mut().enumerate() {
            *row = L::load(from.add(i * L::N));
        }
        network!(r: 0 1, 2 3, 4 5, 6 7, 8 9, 10 11, 12 13, 14 15, 0 2, 1 3, 4 6, 5 7, 8 10, 9 11, 12 14, 13 15,
            1 2, 5 6, 9 10, 13 14, 0 4, 1 5, 2 6, 3 7, 8 12, 9 13, 10 14, 11 15, 2 4, 3 5, 10 12, 11 13,
            1 2, 3 4, 5 6, 9 10, 11 12, 13 14, 0 8, 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15, 4 8, 5 9, 6 10, 7 11,
            2 4, 3 5, 6 8, 7 9, 10 12, 11 13, 1 2, 3 4, 5 6, 7 8, 9 10, 11 12, 13 14);
        for (i, row) in r.into_iter().enumerate() {
            row.store(to.add(i * L::N));
        }
        for lane in 0..L::N {
            for row in 0..ROWS {
                from.add(lane * ROWS + row)
                    .write(*to.add(row * L::N + lane));
            }
        }
        let mut len = ROWS;
        while len < size {
            for at in (0..size).step_by(2 * len) {
                merge(from.add(at).cast_const(), len, to.add(at));
            }
            (from, to) = (to, from);
            len *= 2;
        }
        std::ptr::copy_nonoverlapping(from.cast_const(), p, n);
    }
}

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
            let vectors: [L; STRIDE] = std::array::from_fn(|i| L::load(p.add(from + i * L::N)));
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

/// The median of a sample.
///
/// # Safety
/// `n` elements at `p`, at least nine.
#[inline(always)]
unsafe fn pivot<C: Code>(p: *const C, n: usize) -> C {
    // SAFETY: the caller's contract: the largest index is below `n`.
    let at = |i: usize| unsafe { *p.add(i) };
    let step = n / 9;
    let mut sample: [C; 9] = std::array::from_fn(|i| at(i * step + step / 2));
    sample.sort_unstable();
    sample[4]
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
                match L::below(pivot) {
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

    use super::Lanes;

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
        fn below(code: u64) -> Option<u64> {
            code.checked_sub(1)
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
        fn below(code: u32) -> Option<u32> {
            code.checked_sub(1)
        }
    }

    macro_rules! wide {
        ($(#[$doc:meta])* $Name:ident: $Code:ty, $Signed:ty, $n:literal, $Mask:ty, $load:ident, $store:ident, $splat:ident, $min:ident, $max:ident,
            $at_most:ident, $compress:ident, $store_some:ident;) => {
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
                #[inline(always)]
                unsafe fn split(self, bound: Self, low: *mut $Code, high: *mut $Code) -> usize {
                    // SAFETY: as above. The small ones are written first: where `low` and `high` are `N` apart, the zeros behind them
                    // are the places of the large ones.
                    unsafe {
                        let mask: $Mask = $at_most(self.0, bound.0);
                        let small = mask.count_ones() as usize;
                        let large = $n - small;
                        $store(low.cast(), $compress(mask, self.0));
                        let some = ((1u32 << large) - 1) as $Mask;
                        $store_some(high.sub(large).cast(), some, $compress(!mask, self.0));
                        small
                    }
                }
                fn below(code: $Code) -> Option<$Code> {
                    code.checked_sub(1)
                }
            }
        };
    }
    wide! {
        /// Eight 64-bit codes in AVX-512.
        WideEight: u64, i64, 8, u8, _mm512_loadu_epi64, _mm512_storeu_epi64, _mm512_set1_epi64, _mm512_min_epu64, _mm512_max_epu64,
            _mm512_cmple_epu64_mask, _mm512_maskz_compress_epi64, _mm512_mask_storeu_epi64;
    }
    wide! {
        /// Sixteen 32-bit codes in AVX-512.
        WideSixteen: u32, i32, 16, u16, _mm512_loadu_epi32, _mm512_storeu_epi32, _mm512_set1_epi32, _mm512_min_epu32, _mm512_max_epu32,
            _mm512_cmple_epu32_mask, _mm512_maskz_compress_epi32, _mm512_mask_storeu_epi32;
    }
}

macro_rules! codes {
    ($($Code:ty: $avx2:ident $Avx2:ty, $avx512:ident $Avx512:ty;)*) => { $(
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
        impl Code for $Code {
            fn arrange(codes: &mut [$Code], places: Option<&[usize]>) {
                #[cfg(target_arch = "x86_64")]
                {
                    let (p, n) = (codes.as_mut_ptr(), codes.len());
                    let depth = 2 * n.max(1).ilog2() + 8;
                    let wanted = Wanted { places, offset: 0 };
                    match level() {
                        // SAFETY: the level is one that the processor has.
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
    u32: avx2_32 x86::Eight, avx512_32 x86::WideSixteen;
    u64: avx2_64 x86::Four, avx512_64 x86::WideEight;
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn check<C: Code + std::fmt::Debug>(name: &str, make: impl Fn(u64) -> C) {
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
                sort(&mut codes);
                assert_eq!(codes, wanted, "{n} {name}, {shape}");
                let places: Vec<usize> = [0, n / 3, n / 3 + 1, n.saturating_sub(1)]
                    .into_iter()
                    .filter(|&p| p < n)
                    .collect();
                select(&mut part, &places);
                for place in places {
                    assert_eq!(part[place], wanted[place], "{n} {name}, {shape}: {place}");
                    assert!(part[..place].iter().all(|x| *x <= part[place]));
                }
                part.sort_unstable();
                assert_eq!(part, wanted, "{n} {name}, {shape}");
            }
        }
    }

    #[test]
    fn codes_are_sorted() {
        check("u64", |x| x);
        check("u32", |x| x as u32);
        check("high u64", |x| x | 1 << 63);
    }
}
