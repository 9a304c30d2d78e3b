//! Sorts of values alone, by unsigned integers that stand for them.
//!
//! ```text
//! encode(x) = the bits of x as an unsigned integer in the order of x, from which x can be decoded
//! a row with a NaN or -0: as `sort` does it, which keeps payloads and the order of -0 and 0
//! else equal elements are equal bits, and no order among them can be seen:
//!   encode where they lie; sort the integers; decode
//!   long rows: a part for each thread, then merges of two, split where both meet
//! ```
//!
//! Measured on a million normal numbers on Zen 3: by comparison, 18 ms of 64 bits and 22 ms of 32 bits, by radix 38 and 16 ms. By
//! vectors of AVX2, beside comparison in one run: 19.2 and 18.8 ms of 64 bits, 13.3 and 17.3 ms of 32 bits. So 64 bits go to the
//! library's sort; partitions of both go by vectors.

use super::sort::{Item, radix};
use crate::isa::{Level, level};
use crate::kernels::sort::{Code, sort};
use crate::threads::{self, Parts};

/// From this length on 32 bits are sorted by radix, where there are no vectors.
const LONG: usize = 1 << 13;
/// Elements of a part that is worth a thread.
const PART: usize = 1 << 15;
/// The most parts: each doubling is one more pass.
const MOST_PARTS: usize = 16;
/// Elements of a task that decodes.
const PIECE: usize = 1 << 15;

/// Elements whose bits are, encoded, unsigned integers in NumPy's order, and can be decoded from them.
pub(super) trait Coded {
    type Bits: Item + Code;
    fn encode(bits: Self::Bits) -> Self::Bits;
    fn decode(code: Self::Bits) -> Self::Bits;
    /// Returns false for NaN and -0: their codes would lose the payload, or the order among equals.
    fn is_plain(bits: Self::Bits) -> bool;
}
macro_rules! coded { ($($T:ty, $Bits:ty, $Signed:ty: $kind:ident;)*) => { $(impl Coded for $T {
    type Bits = $Bits;
    #[inline(always)]
    fn encode(bits: $Bits) -> $Bits {
        coded!(@encode $kind bits, $Bits, $Signed)
    }
    #[inline(always)]
    fn decode(code: $Bits) -> $Bits {
        coded!(@decode $kind code, $Bits, $Signed)
    }
    #[inline(always)]
    fn is_plain(bits: $Bits) -> bool {
        coded!(@plain $kind bits, $T, $Bits)
    }
})* };
    (@encode unsigned $x:ident, $B:ty, $S:ty) => { $x };
    (@decode unsigned $x:ident, $B:ty, $S:ty) => { $x };
    (@encode signed $x:ident, $B:ty, $S:ty) => { $x ^ 1 << (<$B>::BITS - 1) };
    (@decode signed $x:ident, $B:ty, $S:ty) => { $x ^ 1 << (<$B>::BITS - 1) };
    (@encode float $x:ident, $B:ty, $S:ty) => {
        $x ^ ((($x as $S >> (<$B>::BITS - 1)) as $B) | 1 << (<$B>::BITS - 1))
    };
    (@decode float $x:ident, $B:ty, $S:ty) => {
        $x ^ (((!$x as $S >> (<$B>::BITS - 1)) as $B) | 1 << (<$B>::BITS - 1))
    };
    (@plain float $x:ident, $T:ty, $B:ty) => {
        $x != 1 << (<$B>::BITS - 1) && $x & (<$B>::MAX >> 1) <= <$T>::INFINITY.to_bits()
    };
    (@plain $kind:ident $x:ident, $T:ty, $B:ty) => {{ _ = $x; true }};
}
coded! {
    u32, u32, i32: unsigned;
    u64, u64, i64: unsigned;
    i32, u32, i32: signed;
    i64, u64, i64: signed;
    f32, u32, i32: float;
    f64, u64, i64: float;
}

/// How many of the first `count` elements of two sorted rows, merged, are from `a`.
fn from_first<C: Ord + Copy>(a: &[C], b: &[C], count: usize) -> usize {
    let (mut low, mut high) = (count.saturating_sub(b.len()), count.min(a.len()));
    while low < high {
        let i = low + (high - low) / 2;
        if a[i] <= b[count - 1 - i] {
            low = i + 1;
        } else {
            high = i;
        }
    }
    low
}

/// Merges two sorted rows.
fn merge<C: Ord + Copy>(a: &[C], b: &[C], out: &mut [C]) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        let first = x <= y;
        out[i + j] = if first { x } else { y };
        i += usize::from(first);
        j += usize::from(!first);
    }
    out[i + j..j + a.len()].copy_from_slice(&a[i..]);
    out[a.len() + j..].copy_from_slice(&b[j..]);
}

/// Sorts integers; `spare` is memory that is used and grown as needed.
fn sort_codes<C: Item + Code>(codes: &mut [C], spare: &mut Vec<C>) {
    let narrow = size_of::<C>() == 4;
    if narrow && level() != Level::Baseline {
        sort(codes);
    } else if narrow && codes.len() >= LONG {
        spare.clear();
        spare.extend_from_slice(codes);
        radix(codes, spare, 0);
    } else {
        codes.sort_unstable();
    }
}

/// Returns true where a row can be sorted here.
pub(super) fn is_plain<T: Coded>(bits: &[T::Bits]) -> bool {
    bits.iter().fold(true, |all, &x| all & T::is_plain(x))
}

/// Sorts the bits of a row that is plain.
pub(super) fn sort_bits<T: Coded>(bits: &mut [T::Bits], spare: &mut Vec<T::Bits>) {
    as_codes::<T>(bits, |codes| sort_codes(codes, spare));
}

/// Lets `f` order the codes of a row that is plain.
pub(super) fn as_codes<T: Coded>(bits: &mut [T::Bits], f: impl FnOnce(&mut [T::Bits])) {
    bits.iter_mut().for_each(|x| *x = T::encode(*x));
    f(bits);
    bits.iter_mut().for_each(|x| *x = T::decode(*x));
}

/// How many parts a row of this length has.
pub(super) fn parts_of(n: usize) -> usize {
    let most = threads::threads().next_power_of_two().min(MOST_PARTS);
    if n < most * PART { 1 } else { most }
}

/// As [`sort_bits`], on several threads, with as much memory beside.
///
/// # Safety
/// Both have `n` elements, at most the first ones initialised, and are ours alone.
pub(super) unsafe fn sort_long<T: Coded>(bits: *mut T::Bits, spare: *mut T::Bits, n: usize) {
    let parts = parts_of(n);
    let mut width = n.div_ceil(parts);
    let (bits, mut from, mut to) = (Parts(bits), Parts(bits), Parts(spare));
    threads::run_ranges(n, width, &|range| {
        // SAFETY: a part that no other task has.
        let part = unsafe { std::slice::from_raw_parts_mut(bits.at(range.start), range.len()) };
        part.iter_mut().for_each(|x| *x = T::encode(*x));
        sort_codes(part, &mut Vec::new());
    });
    let grain = width;
    while width < n {
        threads::run_ranges(n, grain, &|range| {
            let mut at = range.start;
            while at < range.end {
                let first = at - at % (2 * width);
                let (middle, end) = ((first + width).min(n), (first + 2 * width).min(n));
                let stop = range.end.min(end);
                // SAFETY: sorted parts, which nobody writes in this round, and a part of the other memory that no other
                // task has.
                let (a, b, out) = unsafe {
                    (
                        std::slice::from_raw_parts(from.at(first).cast_const(), middle - first),
                        std::slice::from_raw_parts(from.at(middle).cast_const(), end - middle),
                        std::slice::from_raw_parts_mut(to.at(at), stop - at),
                    )
                };
                let (start, stop_of) = (at - first, stop - first);
                let (i, k) = (from_first(a, b, start), from_first(a, b, stop_of));
                merge(&a[i..k], &b[start - i..stop_of - k], out);
                at = stop;
            }
        });
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    threads::run_ranges(n, PIECE, &|range| {
        for i in range {
            // SAFETY: an element of each, or of one, that no other task has.
            unsafe { *bits.at(i) = T::decode(*from.at(i)) };
        }
    });
}
