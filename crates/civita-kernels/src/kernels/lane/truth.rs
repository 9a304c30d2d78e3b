//! Booleans: a sum is "or", a product "and".

use super::{Bits, Compare, Lane, Ordered, RealSame, RealToBool, Ring, ToBool, ToReal};
use crate::dtype::DType;
use crate::isa::Isa;

/// A boolean in memory. Any byte but 0 counts as true, so that memory filled by others is never undefined.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct B8(pub u8);

impl B8 {
    /// From a Rust `bool`.
    #[inline(always)]
    pub fn new(v: bool) -> B8 {
        B8(u8::from(v))
    }
    /// To a Rust `bool`.
    #[inline(always)]
    pub fn get(self) -> bool {
        self.0 != 0
    }
}

impl Lane for B8 {
    const DTYPE: DType = DType::Bool;
    type Real = B8;
    type Seen = ();
    const ZERO: B8 = B8(0);
    const ONE: B8 = B8(1);
}
impl Ring for B8 {
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.or(b)
    }
    #[inline(always)]
    fn mul<I: Isa>(self, b: Self) -> Self {
        self.and(b)
    }
}
impl ToReal for B8 {
    #[inline(always)]
    fn abs<I: Isa>(self) -> Self {
        B8::new(self.get())
    }
    #[inline(always)]
    fn re(self) -> Self {
        B8::new(self.get())
    }
    #[inline(always)]
    fn im(self) -> Self {
        B8(0)
    }
}
impl RealSame for B8 {
    #[inline(always)]
    fn floor<I: Isa>(self) -> Self {
        B8::new(self.get())
    }
    #[inline(always)]
    fn ceil<I: Isa>(self) -> Self {
        B8::new(self.get())
    }
    #[inline(always)]
    fn trunc<I: Isa>(self) -> Self {
        B8::new(self.get())
    }
    #[inline(always)]
    fn relu(self) -> Self {
        B8::new(self.get())
    }
}
impl RealToBool for B8 {
    #[inline(always)]
    fn signbit(self) -> bool {
        false
    }
}
impl ToBool for B8 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
    #[inline(always)]
    fn truth(self) -> bool {
        self.get()
    }
}
impl Compare for B8 {
    #[inline(always)]
    fn equal(self, b: Self) -> bool {
        self.get() == b.get()
    }
    #[inline(always)]
    fn less(self, b: Self) -> bool {
        !self.get() & b.get()
    }
    #[inline(always)]
    fn less_equal(self, b: Self) -> bool {
        !self.get() | b.get()
    }
}
impl Ordered for B8 {
    #[inline(always)]
    fn maximum(self, b: Self) -> Self {
        self.or(b)
    }
    #[inline(always)]
    fn minimum(self, b: Self) -> Self {
        self.and(b)
    }
}
impl Bits for B8 {
    #[inline(always)]
    fn and(self, b: Self) -> Self {
        B8::new(self.get() & b.get())
    }
    #[inline(always)]
    fn or(self, b: Self) -> Self {
        B8::new(self.get() | b.get())
    }
    #[inline(always)]
    fn xor(self, b: Self) -> Self {
        B8::new(self.get() ^ b.get())
    }
    #[inline(always)]
    fn not(self) -> Self {
        B8::new(!self.get())
    }
}
