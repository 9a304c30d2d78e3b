//! Integers: sums and products wrap.

use super::{
    Bits, Compare, Integer, Lane, Numeric, Ordered, RealPair, RealSame, RealToBool, Ring,
    Subtractive, ToBool, ToReal, Whole, order,
};
use crate::dtype::DType;
use crate::isa::Isa;
use crate::math::Real;
use crate::math::invariant::Invariant;

macro_rules! integers {
    (@division $t:ident by $f:ident $whole:ident) => {
        #[inline(always)]
        fn floor_div<I: Isa>(self, b: Self) -> Self {
            let divisor = if b == 0 { 1 } else { b };
            let q = floor_quotient::<$f, I>(self as $f, divisor as $f);
            // one quotient is too large for its type: the least number's by -1, which wraps
            const TOP: $f = <$whole>::MAX as $f;
            let inside = if q < TOP { q } else { TOP };
            // SAFETY: a whole number between the ends of the type; of 8 and 16 bits far from them.
            let whole = unsafe { inside.to_int_unchecked::<$whole>() } as $t;
            let whole = if q > TOP { <$t>::MIN } else { whole };
            if b == 0 { 0 } else { whole }
        }
        #[inline(always)]
        fn rem<I: Isa>(self, b: Self) -> Self {
            let r = self.wrapping_sub(self.floor_div::<I>(b).wrapping_mul(b));
            if b == 0 { 0 } else { r }
        }
        #[inline(always)]
        unsafe fn floor_div_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
            // SAFETY: the caller's contract.
            unsafe { FORM == 1 && by_one(a, *b, out, |_, q| q) }
        }
        #[inline(always)]
        unsafe fn rem_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
            // SAFETY: the caller's contract.
            unsafe { FORM == 1 && by_one(a, *b, out, |a, q| a.wrapping_sub(q.wrapping_mul(*b))) }
        }
    };
    (@division $t:ident wide) => {
        #[inline(always)]
        #[allow(unused_comparisons)]
        fn floor_div<I: Isa>(self, b: Self) -> Self {
            if b == 0 {
                return 0;
            }
            let q = self.wrapping_div(b);
            let r = self.wrapping_sub(q.wrapping_mul(b));
            if r != 0 && (r < 0) != (b < 0) { q.wrapping_sub(1) } else { q }
        }
        #[inline(always)]
        fn rem<I: Isa>(self, b: Self) -> Self {
            let r = self.wrapping_sub(self.floor_div::<I>(b).wrapping_mul(b));
            if b == 0 { 0 } else { r }
        }
        #[inline(always)]
        unsafe fn floor_div_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
            // SAFETY: the caller's contract.
            unsafe {
                FORM == 1 && by_one(a, *b, out, |_, q| q)
                    || integers!(@run $t I FORM a b out, |_: $t, b: $t, q: $t| if b == 0 { 0 } else { q }, |a: $t, b| a.floor_div::<I>(b))
            }
        }
        #[inline(always)]
        unsafe fn rem_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
            // SAFETY: the caller's contract.
            unsafe {
                FORM == 1 && by_one(a, *b, out, |a, q| a.wrapping_sub(q.wrapping_mul(*b)))
                    || integers!(@run $t I FORM a b out, |a: $t, b: $t, q: $t| if b == 0 { 0 } else { a.wrapping_sub(q.wrapping_mul(b)) }, |a: $t, b| a.rem::<I>(b))
            }
        }
    };
    (@run $t:ident $I:ident $FORM:ident $a:ident $b:ident $out:ident, $usual:expr, $any:expr) => {{
        let at = |i: usize| {
            (
                *$a.add(if $FORM == 2 { 0 } else { i }),
                *$b.add(if $FORM == 1 { 0 } else { i }),
            )
        };
        // the sign spread over the rest turns a negative number into the one below its magnitude
        let magnitude = |v: $t| (v ^ (v >> 63)) as u64;
        for (k, out) in $out.chunks_mut(BLOCK).enumerate() {
            let from = k * BLOCK;
            let mut high = 0;
            for i in 0..out.len() {
                let (a, b) = at(from + i);
                high |= magnitude(a) | magnitude(b);
            }
            if high < EXACT {
                for (i, o) in out.iter_mut().enumerate() {
                    let (a, b) = at(from + i);
                    let divisor = if b == 0 { 1 } else { b };
                    let q = floor_quotient::<f64, $I>(a as f64, divisor as f64);
                    // SAFETY: at most 2^53.
                    let q = q.to_int_unchecked::<i64>() as $t;
                    *o = $usual(a, b, q);
                }
            } else {
                for (i, o) in out.iter_mut().enumerate() {
                    let (a, b) = at(from + i);
                    *o = $any(a, b);
                }
            }
        }
        true
    }};
    ($($t:ident $D:ident $signed:literal $($division:ident)*;)*) => { $(
        impl Lane for $t {
            const DTYPE: DType = DType::$D;
            type Real = $t;
            type Seen = ();
            const ZERO: $t = 0;
            const ONE: $t = 1;
        }
        impl Ring for $t {
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self.wrapping_add(b)
            }
            #[inline(always)]
            fn mul<I: Isa>(self, b: Self) -> Self {
                self.wrapping_mul(b)
            }
        }
        impl Subtractive for $t {
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self.wrapping_sub(b)
            }
            #[inline(always)]
            fn neg(self) -> Self {
                self.wrapping_neg()
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn sign<I: Isa>(self) -> Self {
                ((self > 0) as $t).wrapping_sub((self < 0) as $t)
            }
        }
        impl Numeric for $t {
            #[inline(always)]
            fn pow<I: Isa>(self, b: Self) -> Self {
                // squaring with as many steps as the exponent has bits: the same for every lane, so it vectorises
                let (mut base, mut left, mut out) = (self, b, 1 as $t);
                for _ in 0..<$t>::BITS {
                    out = if left & 1 != 0 { out.wrapping_mul(base) } else { out };
                    base = base.wrapping_mul(base);
                    left >>= 1;
                    if left == 0 {
                        break;
                    }
                }
                out
            }
            #[inline(always)]
            fn conj(self) -> Self {
                self
            }
            #[inline(always)]
            fn recip<I: Isa>(self) -> Self {
                // only 1 and -1 have a whole reciprocal; for 1 / 0 NumPy leaves the smallest value of 32 and 64 bits, else 0
                if self == 0 { if <$t>::BITS >= 32 { <$t>::MIN } else { 0 } } else if self == 1 || self.wrapping_add(1) == 0 && $signed { self } else { 0 }
            }
        }
        impl ToReal for $t {
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn abs<I: Isa>(self) -> Self {
                if self < 0 { self.wrapping_neg() } else { self }
            }
            #[inline(always)]
            fn re(self) -> Self {
                self
            }
            #[inline(always)]
            fn im(self) -> Self {
                0
            }
        }
        impl RealSame for $t {
            #[inline(always)]
            fn floor<I: Isa>(self) -> Self {
                self
            }
            #[inline(always)]
            fn ceil<I: Isa>(self) -> Self {
                self
            }
            #[inline(always)]
            fn trunc<I: Isa>(self) -> Self {
                self
            }
            #[inline(always)]
            fn relu(self) -> Self {
                self.max(0)
            }
        }
        impl RealPair for $t {
            integers!(@division $t $($division)*);
            #[inline(always)]
            fn fmod(self, b: Self) -> Self {
                if b == 0 { 0 } else { self.wrapping_rem(b) }
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            unsafe fn fmod_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract.
                unsafe {
                    FORM == 1 && by_one(a, *b, out, |a, q| {
                        let r = a.wrapping_sub(q.wrapping_mul(*b));
                        if r != 0 && (a < 0) != (*b < 0) { r.wrapping_sub(*b) } else { r }
                    })
                }
            }
        }
        impl RealToBool for $t {
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn signbit(self) -> bool {
                self < 0
            }
        }
        impl Whole for $t {
            #[inline(always)]
            fn shl(self, b: Self) -> Self {
                let inside = (b as u64) < u64::from(<$t>::BITS);
                if inside { self.wrapping_shl(b as u32) } else { 0 }
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn shr(self, b: Self) -> Self {
                let inside = (b as u64) < u64::from(<$t>::BITS);
                let last = if inside { b as u32 } else { <$t>::BITS - 1 };
                if inside || self < 0 { self.wrapping_shr(last) } else { 0 }
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn popcount(self) -> Self {
                let size = if self < 0 { self.wrapping_neg() } else { self };
                size.count_ones() as $t
            }
        }
        impl Integer for $t {
            #[inline(always)]
            fn gcd(self, b: Self) -> Self {
                gcd(magnitude(self as i128), magnitude(b as i128)) as $t
            }
            #[inline(always)]
            fn lcm(self, b: Self) -> Self {
                let (a, b) = (magnitude(self as i128), magnitude(b as i128));
                let divisor = gcd(a, b);
                if divisor == 0 { 0 } else { (a / divisor).wrapping_mul(b) as $t }
            }
        }
        impl ToBool for $t {
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn truth(self) -> bool {
                self != 0
            }
        }
        impl Compare for $t {
            order!();
        }
        impl Ordered for $t {
            #[inline(always)]
            fn maximum(self, b: Self) -> Self {
                self.max(b)
            }
            #[inline(always)]
            fn minimum(self, b: Self) -> Self {
                self.min(b)
            }
        }
        impl Bits for $t {
            #[inline(always)]
            fn and(self, b: Self) -> Self {
                self & b
            }
            #[inline(always)]
            fn or(self, b: Self) -> Self {
                self | b
            }
            #[inline(always)]
            fn xor(self, b: Self) -> Self {
                self ^ b
            }
            #[inline(always)]
            fn not(self) -> Self {
                !self
            }
        }
    )* };
}
integers! {
    u8 U8 false by f32 i32; u16 U16 false by f32 i32; u32 U32 false by f64 u32; u64 U64 false wide;
    i8 I8 true by f32 i32; i16 I16 true by f32 i32; i32 I32 true by f64 i32; i64 I64 true wide;
}

/// The floor of a quotient of integers by a division of floats, of which processors have vectors.
///
/// Where `a / b` is not whole it is `1 / |b|` from the next whole number, and rounding moves it by less: by
/// `|a / b| ε`, and `|a| ε` is below 1 for 16 bits in `f32` (ε = 2^-24), for 32 bits and up to 2^53 in `f64` (2^-53).
#[inline(always)]
fn floor_quotient<F: Real, I: Isa>(a: F, b: F) -> F {
    (a / b).floor::<I>()
}

/// The magnitude of an integer of 64 bits.
#[inline(always)]
fn magnitude(v: i128) -> u64 {
    v.unsigned_abs() as u64
}

/// Greatest common divisor (Euclid).
fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Integers below this divide as floats.
const EXACT: u64 = 1 << 53;
/// As many elements are worth working out how to divide by one divisor.
const FEW: usize = 32;

/// What `give` makes of each element and its floor quotient by the one divisor; 0 where that is 0. Says whether it was done.
///
/// # Safety
/// `a` is valid for as many elements as `out` has.
#[inline(always)]
unsafe fn by_one<T: Lane + Invariant + PartialEq>(
    a: *const T,
    b: T,
    out: &mut [T],
    give: impl Fn(T, T) -> T,
) -> bool {
    if out.len() < FEW {
        return false;
    }
    if b == T::ZERO {
        out.fill(T::ZERO);
        return true;
    }
    // SAFETY: the caller's contract.
    unsafe {
        match b.is_negative() {
            false => each_by::<T, false>(a, b, out, give),
            true => each_by::<T, true>(a, b, out, give),
        }
    }
    true
}
/// Elements that are looked at before it is known how they divide.
const BLOCK: usize = 256;

/// # Safety
/// As [`by_one`].
#[inline(always)]
unsafe fn each_by<T: Lane + Invariant, const NEGATIVE: bool>(
    a: *const T,
    b: T,
    out: &mut [T],
    give: impl Fn(T, T) -> T,
) {
    let divisor = b.divisor();
    for (i, o) in out.iter_mut().enumerate() {
        // SAFETY: the caller's contract.
        let a = unsafe { *a.add(i) };
        *o = give(a, a.floor_by::<NEGATIVE>(divisor));
    }
}

/// Both 64-bit integers at once: what `u64` and `i64` compare in, exactly. Never in memory.
#[derive(Clone, Copy, Debug)]
pub struct Wide(pub i128);
impl From<u64> for Wide {
    #[inline(always)]
    fn from(v: u64) -> Wide {
        Wide(v.into())
    }
}
impl From<i64> for Wide {
    #[inline(always)]
    fn from(v: i64) -> Wide {
        Wide(v.into())
    }
}
impl Lane for Wide {
    const DTYPE: DType = DType::I64;
    type Real = Wide;
    type Seen = ();
    const ZERO: Wide = Wide(0);
    const ONE: Wide = Wide(1);
}
impl ToBool for Wide {
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
    #[inline(always)]
    fn truth(self) -> bool {
        self.0 != 0
    }
}
impl Compare for Wide {
    #[inline(always)]
    fn equal(self, b: Self) -> bool {
        self.0 == b.0
    }
    #[inline(always)]
    fn less(self, b: Self) -> bool {
        self.0 < b.0
    }
    #[inline(always)]
    fn less_equal(self, b: Self) -> bool {
        self.0 <= b.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Baseline;

    /// By 128-bit integers, which lose nothing; 0 where the divisor is.
    fn floor_and_remainders(a: i128, b: i128) -> [i128; 3] {
        if b == 0 {
            return [0; 3];
        }
        let r = ((a % b) + b) % b;
        [(a - r) / b, r, a % b]
    }

    /// The ends of a type, and the powers of two and thirds of them with their neighbours.
    macro_rules! edges {
        ($t:ident) => {{
            let mut values = vec![$t::MIN, $t::MAX, 0];
            for shift in 0..$t::BITS {
                let power = (1 as $t).wrapping_shl(shift);
                values.extend([
                    power,
                    power.wrapping_sub(1),
                    power.wrapping_add(1),
                    power.wrapping_neg(),
                ]);
                values.push(($t::MAX / 3).wrapping_shr(shift));
            }
            values
        }};
    }

    #[test]
    fn quotients_and_remainders_are_those_of_whole_numbers() {
        macro_rules! check {
            ($($t:ident)*) => { $(
                let values = edges!($t);
                for &a in &values {
                    for &b in &values {
                        let [q, r, _] = floor_and_remainders(a as i128, b as i128).map(|v| v as $t);
                        assert_eq!(RealPair::floor_div::<Baseline>(a, b), q, "{a} // {b}");
                        assert_eq!(RealPair::rem::<Baseline>(a, b), r, "{a} % {b}");
                        let mut runs = [0; 2];
                        // SAFETY: one element each.
                        let own = unsafe {
                            $t::floor_div_run::<Baseline, 0>(&a, &b, &mut runs[..1])
                                && $t::rem_run::<Baseline, 0>(&a, &b, &mut runs[1..])
                        };
                        assert!(!own || runs == [q, r], "{a} by {b} in a run: {runs:?}");
                    }
                }
            )* };
        }
        check!(u8 u16 u32 u64 i8 i16 i32 i64);
    }

    #[test]
    fn a_run_is_divided_by_one_divisor_as_each_of_its_elements() {
        macro_rules! check {
            ($($t:ident $values:expr;)*) => { $(
                let values: Vec<$t> = $values;
                let mut runs = [const { Vec::new() }; 3];
                for &b in &values {
                    for run in &mut runs {
                        run.clear();
                        run.resize(values.len(), 0);
                    }
                    let [q, r, m] = &mut runs;
                    // SAFETY: as many elements as results, one divisor.
                    let own = unsafe {
                        $t::floor_div_run::<Baseline, 1>(values.as_ptr(), &b, q)
                            && $t::rem_run::<Baseline, 1>(values.as_ptr(), &b, r)
                            && $t::fmod_run::<Baseline, 1>(values.as_ptr(), &b, m)
                    };
                    assert!(own, "{} has no run by one divisor", $t::DTYPE);
                    for (i, &a) in values.iter().enumerate() {
                        let truth = floor_and_remainders(a as i128, b as i128).map(|v| v as $t);
                        assert_eq!([q[i], r[i], m[i]], truth, "{a} by {b}");
                    }
                }
            )* };
        }
        check! {
            u8 (u8::MIN..=u8::MAX).collect();
            i8 (i8::MIN..=i8::MAX).collect();
            u16 edges!(u16);
            i16 edges!(i16);
            u32 edges!(u32);
            i32 edges!(i32);
            u64 edges!(u64);
            i64 edges!(i64);
        }
    }
}
