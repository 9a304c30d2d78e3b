//! Integers: sums and products wrap.

use super::{
    Bits, Compare, Lane, Numeric, Ordered, RealPair, RealSame, Ring, Subtractive, ToBool, ToReal,
    order,
};
use crate::dtype::DType;
use crate::isa::Isa;

macro_rules! integers {
    ($($t:ident $D:ident $signed:literal),*) => { $(
        impl Lane for $t {
            const DTYPE: DType = DType::$D;
            type Real = $t;
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
            fn relu(self) -> Self {
                self.max(0)
            }
        }
        impl RealPair for $t {
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn floor_div<I: Isa>(self, b: Self) -> Self {
                if b == 0 {
                    return 0;
                }
                let q = self.wrapping_div(b);
                let r = self.wrapping_rem(b);
                if r != 0 && (r < 0) != (b < 0) { q.wrapping_sub(1) } else { q }
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn rem<I: Isa>(self, b: Self) -> Self {
                if b == 0 {
                    return 0;
                }
                let r = self.wrapping_rem(b);
                if r != 0 && (r < 0) != (b < 0) { r.wrapping_add(b) } else { r }
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
integers!(u8 U8 false, u16 U16 false, u32 U32 false, u64 U64 false, i8 I8 true, i16 I16 true, i32 I32 true, i64 I64 true);

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
