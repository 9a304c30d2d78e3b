//! Sorts of values alone, by unsigned integers that stand for them.
//!
//! ```text
//! encode(x) = the bits of x as an unsigned integer in the order of x, from which x can be decoded
//! a row with a NaN or -0: as `sort` does it, which keeps payloads and the order of -0 and 0
//! else equal elements are equal bits, and no order among them can be seen:
//!   encode where they lie; sort the integers; decode
//!   long rows: parted about medians until there is a piece for every thread, in place; each piece by itself
//! ```

use std::ops::Range;

use super::sort::{Item, radix};
use crate::isa::{Isa, Level, Wide, level, wide};
use crate::kernels::sort::{Code, halve, sort};
use crate::threads::{self, Parts};

/// From this length on 32 bits are sorted by radix, where there are no vectors.
const LONG: usize = 1 << 13;
/// Elements of a piece that is worth a thread.
const PIECE: usize = 1 << 15;
/// Pieces for each thread: they differ in length, and whoever is done takes the next.
const PIECES: usize = 4;

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

/// Sorts integers; `spare` is memory that is used and grown as needed.
fn sort_codes<C: Item + Code>(codes: &mut [C], spare: &mut Vec<C>) {
    if size_of::<C>() == 4 && codes.len() >= LONG && level() == Level::Baseline {
        spare.clear();
        spare.extend_from_slice(codes);
        radix(codes, spare, 0);
    } else {
        sort(codes);
    }
}

/// Returns true where a row can be sorted here.
pub(super) fn is_plain<T: Coded>(bits: &[T::Bits]) -> bool {
    struct IsPlain<'a, T: Coded>(&'a [T::Bits]);
    impl<T: Coded> Wide for IsPlain<'_, T> {
        type Out = bool;
        #[inline(always)]
        fn run<I: Isa>(self) -> bool {
            self.0.iter().fold(true, |all, &x| all & T::is_plain(x))
        }
    }
    // a row that is not plain is known to be so early
    const BLOCK: usize = 1 << 12;
    bits.chunks(BLOCK).all(|block| wide(IsPlain::<T>(block)))
}

/// Puts the codes of elements in their places.
fn encode<T: Coded>(bits: &mut [T::Bits]) {
    struct Encode<'a, T: Coded>(&'a mut [T::Bits]);
    impl<T: Coded> Wide for Encode<'_, T> {
        type Out = ();
        #[inline(always)]
        fn run<I: Isa>(self) {
            self.0.iter_mut().for_each(|x| *x = T::encode(*x));
        }
    }
    wide(Encode::<T>(bits));
}

/// Puts elements in the places of their codes.
fn decode<T: Coded>(codes: &mut [T::Bits]) {
    struct Decode<'a, T: Coded>(&'a mut [T::Bits]);
    impl<T: Coded> Wide for Decode<'_, T> {
        type Out = ();
        #[inline(always)]
        fn run<I: Isa>(self) {
            self.0.iter_mut().for_each(|x| *x = T::decode(*x));
        }
    }
    wide(Decode::<T>(codes));
}

/// Sorts the bits of a row that is plain.
pub(super) fn sort_bits<T: Coded>(bits: &mut [T::Bits], spare: &mut Vec<T::Bits>) {
    as_codes::<T>(bits, |codes| sort_codes(codes, spare));
}

/// Lets `f` order the codes of a row that is plain.
pub(super) fn as_codes<T: Coded>(bits: &mut [T::Bits], f: impl FnOnce(&mut [T::Bits])) {
    encode::<T>(bits);
    f(bits);
    decode::<T>(bits);
}

/// Returns true where a row of this length is worth several threads.
pub(super) fn is_long(n: usize) -> bool {
    threads::threads() > 1 && n >= 2 * PIECE
}

/// As [`sort_bits`], on several threads.
pub(super) fn sort_long<T: Coded>(bits: &mut [T::Bits]) {
    let n = bits.len();
    let most = (n / (PIECES * threads::threads())).max(PIECE);
    let all = Parts(bits.as_mut_ptr());
    // SAFETY: ranges that no other task of the same round has.
    let part = |range: &Range<usize>| unsafe {
        std::slice::from_raw_parts_mut(all.at(range.start), range.len())
    };
    threads::run_ranges(n, PIECE, &|range| {
        encode::<T>(part(&range));
    });
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    whole.push(0..n);
    while !whole.is_empty() {
        let mut middles = vec![0; whole.len()];
        let slots = Parts(middles.as_mut_ptr());
        threads::run(whole.len(), &|i| {
            // SAFETY: one slot for each task.
            unsafe { *slots.at(i) = whole[i].start + halve(part(&whole[i])) };
        });
        let mut next = Vec::new();
        for (range, middle) in whole.into_iter().zip(middles) {
            for half in [range.start..middle, middle..range.end] {
                let list = if half.len() > most && half != range {
                    &mut next
                } else {
                    &mut pieces
                };
                list.push(half);
            }
        }
        whole = next;
    }
    threads::run(pieces.len(), &|i| {
        let piece = part(&pieces[i]);
        sort_codes(piece, &mut Vec::new());
        decode::<T>(piece);
    });
}
