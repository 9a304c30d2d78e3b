//! Floor division of integers by one divisor: a multiplication and shifts for each element, which processors have in vectors.
//!
//! Granlund and Montgomery, "Division by invariant integers using multiplication" (PLDI 1994), figure 4.1. Of words with
//! `N` bits, and with `l = ⌈log₂ d⌉`:
//! ```text
//! m = ⌊2^N (2^l - d) / d⌋ + 1                                once for the divisor
//! t = ⌊m n / 2^N⌋,   ⌊n / d⌋ = (t + ((n - t) >> min(l, 1))) >> max(l - 1, 0)
//! ```
//! Signed numbers are divided as natural ones: where `x` is negative, `⌊x / d⌋ = !⌊!x / d⌋`, and `⌊a / -d⌋ = ⌊-a / d⌋`.
//!
//! Two departures: numbers of 8 bits are divided as 16, because no processor shifts bytes; the upper half of a product of
//! 64 bits is put together from products of 32, because none has that in vectors.

/// Integers that are divided by one divisor.
pub trait Invariant: Copy {
    /// What is worked out of a divisor once.
    type Divisor: Copy;
    /// Of a divisor that is not 0.
    fn divisor(self) -> Self::Divisor;
    /// Whether it is below 0.
    fn is_negative(self) -> bool;
    /// `⌊self / d⌋`, where the divisor is negative or not as is said; the one quotient that its type does not hold wraps.
    fn floor_by<const NEGATIVE: bool>(self, d: Self::Divisor) -> Self;
}

/// A divisor of words.
#[derive(Clone, Copy)]
pub struct Divisor<W> {
    multiplier: W,
    shifts: [u32; 2],
}

macro_rules! words {
    ($($w:ident twice $double:ident, $high:expr;)*) => { $(
        impl Divisor<$w> {
            #[inline(always)]
            fn of(d: $w) -> Self {
                let l = $w::BITS - (d - 1).leading_zeros();
                let more = ((1 as $double) << l) - $double::from(d);
                let multiplier = ((more << $w::BITS) / $double::from(d)) as $w;
                Divisor {
                    multiplier: multiplier.wrapping_add(1),
                    shifts: [l.min(1), l.saturating_sub(1)],
                }
            }
            #[inline(always)]
            fn quotient(self, n: $w) -> $w {
                let high: fn($w, $w) -> $w = $high;
                let t = high(self.multiplier, n);
                t.wrapping_add(n.wrapping_sub(t) >> self.shifts[0]) >> self.shifts[1]
            }
        }
    )* };
}
words! {
    u16 twice u32, |a, b| ((u32::from(a) * u32::from(b)) >> 16) as u16;
    u32 twice u64, |a, b| ((u64::from(a) * u64::from(b)) >> 32) as u32;
    u64 twice u128, |a, b| {
        const LOW: u64 = u32::MAX as u64;
        let (a_low, a_high, b_low, b_high) = (a & LOW, a >> 32, b & LOW, b >> 32);
        let first = a_high * b_low + ((a_low * b_low) >> 32);
        let second = a_low * b_high + (first & LOW);
        a_high * b_high + (first >> 32) + (second >> 32)
    };
}

macro_rules! unsigned {
    ($($t:ident as $w:ident),*) => { $(
        impl Invariant for $t {
            type Divisor = Divisor<$w>;
            #[inline(always)]
            fn divisor(self) -> Divisor<$w> {
                Divisor::<$w>::of(self.into())
            }
            #[inline(always)]
            fn is_negative(self) -> bool {
                false
            }
            #[inline(always)]
            fn floor_by<const NEGATIVE: bool>(self, d: Divisor<$w>) -> $t {
                d.quotient(self.into()) as $t
            }
        }
    )* };
}
unsigned!(u8 as u16, u16 as u16, u32 as u32, u64 as u64);

macro_rules! signed {
    ($($t:ident as $s:ident $w:ident),*) => { $(
        impl Invariant for $t {
            type Divisor = Divisor<$w>;
            #[inline(always)]
            fn divisor(self) -> Divisor<$w> {
                Divisor::<$w>::of($s::from(self).unsigned_abs())
            }
            #[inline(always)]
            fn is_negative(self) -> bool {
                self < 0
            }
            #[inline(always)]
            fn floor_by<const NEGATIVE: bool>(self, d: Divisor<$w>) -> $t {
                let a = $s::from(self);
                let negative: $s = if NEGATIVE { -1 } else { 0 };
                // The dividend, negated where the divisor is negative. The negation of the smallest integer overflows to itself,
                // and is then read as unsigned: its magnitude.
                let x = (a ^ negative).wrapping_sub(negative);
                let below = (x & !(a & negative)) >> ($s::BITS - 1);
                (d.quotient((x ^ below) as $w) as $s ^ below) as $t
            }
        }
    )* };
}
signed!(i8 as i16 u16, i16 as i16 u16, i32 as i32 u32, i64 as i64 u64);
