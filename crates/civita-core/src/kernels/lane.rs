//! What kernels compute with: the element types as they lie in memory, and what each family of rows asks of them.
//!
//! A lane is the compute type of a dtype: `f16` and `bf16` have none (they are computed in `f32`), `bool` has [`B8`].
//! The traits are named like the signature classes whose kernels they bound, so that a row names one word for both.

use num_complex::Complex;

use crate::dtype::DType;
use crate::isa::Isa;
use crate::math::divide::{self, Division};
use crate::math::{Real, complex, exp, log, pow, trig};

/// A truth value in memory. Any byte but 0 counts as true, so that memory filled by others is never undefined.
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

/// A type that kernels compute in.
pub trait Lane: Copy + Send + Sync + 'static {
    /// The dtype whose memory it is.
    const DTYPE: DType;
    /// The lane of `abs`.
    type Real: Lane;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
}

/// `a + b` and `a · b`, wrapping in integers, or/and in truth values.
pub trait Ring: Lane {
    /// Sum.
    fn add(self, b: Self) -> Self;
    /// Product.
    fn mul<I: Isa>(self, b: Self) -> Self;
}
/// `a - b`; truth values are refused, as in NumPy.
pub trait Subtractive: Ring {
    /// Difference.
    fn sub(self, b: Self) -> Self;
    /// Negative.
    fn neg(self) -> Self;
    /// `x / |x|`, 0 at 0, NaN of NaN.
    fn sign<I: Isa>(self) -> Self;
}
/// Numbers: everything but truth values.
pub trait Numeric: Subtractive {
    /// Power; integers wrap, an exponent below zero is refused before the kernel runs.
    fn pow<I: Isa>(self, b: Self) -> Self;
    /// Powers of a run, where that has a kernel of its own; says whether it has. `FORM`: 0 both vary, 1 the exponent is
    /// one value, 2 the base is.
    ///
    /// # Safety
    /// What varies is valid for as many elements as `out` has, what does not for one.
    #[inline(always)]
    unsafe fn pow_run<I: Isa, const FORM: usize>(
        _a: *const Self,
        _b: *const Self,
        _out: &mut [Self],
    ) -> bool {
        false
    }
    /// Conjugate.
    fn conj(self) -> Self;
    /// `1 / x`; integers divide towards zero, `1 / 0` is what NumPy leaves there.
    fn recip<I: Isa>(self) -> Self;
}
/// `|x|`, and the two parts of a complex number.
pub trait ToReal: Lane {
    /// Absolute value.
    fn abs<I: Isa>(self) -> Self::Real;
    /// Real part.
    fn re(self) -> Self::Real;
    /// Imaginary part.
    fn im(self) -> Self::Real;
}
/// Rows that keep a real number's dtype.
pub trait RealSame: Lane {
    /// Largest integer not above.
    fn floor<I: Isa>(self) -> Self;
    /// `max(x, 0)`, NaN of NaN.
    fn relu(self) -> Self;
}
/// Quotients that stay whole.
pub trait RealPair: Lane {
    /// `⌊a / b⌋`; integers divided by zero give 0, as NumPy's do.
    fn floor_div<I: Isa>(self, b: Self) -> Self;
    /// `a - b · ⌊a / b⌋`, with the sign of `b`.
    fn rem<I: Isa>(self, b: Self) -> Self;
    /// Floor quotients of a run, where that has a kernel of its own; says whether it has. `FORM` as in
    /// [`Numeric::pow_run`].
    ///
    /// # Safety
    /// As there; so for the next.
    #[inline(always)]
    unsafe fn floor_div_run<I: Isa, const FORM: usize>(
        _a: *const Self,
        _b: *const Self,
        _out: &mut [Self],
    ) -> bool {
        false
    }
    /// Remainders of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn rem_run<I: Isa, const FORM: usize>(
        _a: *const Self,
        _b: *const Self,
        _out: &mut [Self],
    ) -> bool {
        false
    }
}
/// Functions of floats and complex numbers.
pub trait ToFloat: Numeric {
    /// `e^x`.
    fn exp<I: Isa>(self) -> Self;
    /// `1 / (1 + e^-x)`, where that is small as `e^x / (1 + e^x)`, which does not overflow.
    fn sigmoid<I: Isa>(self) -> Self;
    /// Natural logarithm.
    fn log<I: Isa>(self) -> Self;
    /// Logarithms of a run.
    ///
    /// # Safety
    /// `x` is valid for as many elements as `out` has; so for those below.
    #[inline(always)]
    unsafe fn log_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.log::<I>();
        }
    }
    /// Exponentials of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn exp_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.exp::<I>();
        }
    }
    /// Hyperbolic tangents of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn tanh_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.tanh::<I>();
        }
    }
    /// Sines of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn sin_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.sin::<I>();
        }
    }
    /// Cosines of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn cos_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.cos::<I>();
        }
    }
    /// Hyperbolic tangent.
    fn tanh<I: Isa>(self) -> Self;
    /// Square root.
    fn sqrt<I: Isa>(self) -> Self;
    /// Sine.
    fn sin<I: Isa>(self) -> Self;
    /// Cosine.
    fn cos<I: Isa>(self) -> Self;
}
/// True division.
pub trait TrueDiv: Lane {
    /// Quotient.
    fn div<I: Isa>(self, b: Self) -> Self;
}
/// Questions about one element.
pub trait ToBool: Lane {
    /// Is it not a number?
    fn is_nan(self) -> bool;
    /// Does it count as true?
    fn truth(self) -> bool;
}
/// Order and equality; complex numbers compare by real part, then by imaginary part.
pub trait Compare: ToBool {
    /// `a = b`.
    fn equal(self, b: Self) -> bool;
    /// `a < b`.
    fn less(self, b: Self) -> bool;
    /// `a ≤ b`.
    fn less_equal(self, b: Self) -> bool;
}
/// The larger and the smaller of two.
pub trait Ordered: Compare {
    /// The larger, or the first NaN.
    fn maximum(self, b: Self) -> Self;
    /// The smaller, or the first NaN.
    fn minimum(self, b: Self) -> Self;
}
/// Bit patterns.
pub trait Bits: Lane {
    /// And.
    fn and(self, b: Self) -> Self;
    /// Or.
    fn or(self, b: Self) -> Self;
    /// Exclusive or.
    fn xor(self, b: Self) -> Self;
    /// Not.
    fn not(self) -> Self;
}

macro_rules! order {
    () => {
        #[inline(always)]
        fn equal(self, b: Self) -> bool {
            self == b
        }
        #[inline(always)]
        fn less(self, b: Self) -> bool {
            self < b
        }
        #[inline(always)]
        fn less_equal(self, b: Self) -> bool {
            self <= b
        }
    };
}

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

/// Quotients or remainders of a run, by which operands vary.
///
/// # Safety
/// As [`Numeric::pow_run`] says.
#[inline(always)]
unsafe fn division_run<D: Division, T: Real, I: Isa, const FORM: usize>(
    a: *const T,
    b: *const T,
    out: &mut [T],
) {
    let n = out.len();
    // SAFETY: the caller's contract; the slices live for this call, in which nobody writes.
    unsafe {
        match FORM {
            0 => divide::each::<D, T, I>(
                std::slice::from_raw_parts(a, n),
                std::slice::from_raw_parts(b, n),
                out,
            ),
            1 => divide::by_one::<D, T, I>(std::slice::from_raw_parts(a, n), *b, out),
            _ => divide::of_one::<D, T, I>(*a, std::slice::from_raw_parts(b, n), out),
        }
    }
}

macro_rules! floats {
    ($($t:ident $D:ident),*) => { $(
        impl Lane for $t {
            const DTYPE: DType = DType::$D;
            type Real = $t;
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
        }
        impl Ring for $t {
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self + b
            }
            #[inline(always)]
            fn mul<I: Isa>(self, b: Self) -> Self {
                self * b
            }
        }
        impl Subtractive for $t {
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self - b
            }
            #[inline(always)]
            fn neg(self) -> Self {
                -self
            }
            #[inline(always)]
            fn sign<I: Isa>(self) -> Self {
                // keeps NaN; both zeros give +0, as NumPy does
                if self > 0.0 { 1.0 } else if self < 0.0 { -1.0 } else if self == 0.0 { 0.0 } else { self }
            }
        }
        impl Numeric for $t {
            #[inline(always)]
            fn pow<I: Isa>(self, b: Self) -> Self {
                Real::pow::<I>(self, b)
            }
            #[inline(always)]
            unsafe fn pow_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract. The slices live for this call, in which nobody writes: an op holds the
                // guards of its inputs.
                unsafe {
                    let n = out.len();
                    match FORM {
                        0 => pow::pow_slice::<$t, I>(std::slice::from_raw_parts(a, n), std::slice::from_raw_parts(b, n), out),
                        1 => pow::pow_exponent::<$t, I>(std::slice::from_raw_parts(a, n), *b, out),
                        _ => pow::pow_base::<$t, I>(*a, std::slice::from_raw_parts(b, n), out),
                    }
                }
                true
            }
            #[inline(always)]
            fn conj(self) -> Self {
                self
            }
            #[inline(always)]
            fn recip<I: Isa>(self) -> Self {
                1.0 / self
            }
        }
        impl ToReal for $t {
            #[inline(always)]
            fn abs<I: Isa>(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn re(self) -> Self {
                self
            }
            #[inline(always)]
            fn im(self) -> Self {
                0.0
            }
        }
        impl RealSame for $t {
            #[inline(always)]
            fn floor<I: Isa>(self) -> Self {
                Real::floor::<I>(self)
            }
            #[inline(always)]
            fn relu(self) -> Self {
                // the comparison is false for NaN, so NaN stays
                if self < 0.0 { 0.0 } else { self }
            }
        }
        impl RealPair for $t {
            #[inline(always)]
            fn floor_div<I: Isa>(self, b: Self) -> Self {
                divide::Floor::full::<$t, I>(self, b)
            }
            #[inline(always)]
            fn rem<I: Isa>(self, b: Self) -> Self {
                divide::Remainder::full::<$t, I>(self, b)
            }
            #[inline(always)]
            unsafe fn floor_div_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract.
                unsafe { division_run::<divide::Floor, $t, I, FORM>(a, b, out) };
                true
            }
            #[inline(always)]
            unsafe fn rem_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract.
                unsafe { division_run::<divide::Remainder, $t, I, FORM>(a, b, out) };
                true
            }
        }
        impl ToFloat for $t {
            #[inline(always)]
            fn exp<I: Isa>(self) -> Self {
                Real::exp::<I>(self)
            }
            #[inline(always)]
            fn sigmoid<I: Isa>(self) -> Self {
                let e = Real::exp::<I>(-<$t>::abs(self));
                (if self < 0.0 { e } else { 1.0 }) / (1.0 + e)
            }
            #[inline(always)]
            fn log<I: Isa>(self) -> Self {
                Real::log::<I>(self)
            }
            #[inline(always)]
            unsafe fn exp_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                exp::exp_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn tanh_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                exp::tanh_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn log_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                log::log_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn sin_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                trig::sin_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn cos_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                trig::cos_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            fn tanh<I: Isa>(self) -> Self {
                Real::tanh::<I>(self)
            }
            #[inline(always)]
            fn sqrt<I: Isa>(self) -> Self {
                Real::sqrt(self)
            }
            #[inline(always)]
            fn sin<I: Isa>(self) -> Self {
                Real::sin::<I>(self)
            }
            #[inline(always)]
            fn cos<I: Isa>(self) -> Self {
                Real::cos::<I>(self)
            }
        }
        impl TrueDiv for $t {
            #[inline(always)]
            fn div<I: Isa>(self, b: Self) -> Self {
                self / b
            }
        }
        impl ToBool for $t {
            #[inline(always)]
            fn is_nan(self) -> bool {
                self != self
            }
            #[inline(always)]
            fn truth(self) -> bool {
                self != 0.0
            }
        }
        impl Compare for $t {
            order!();
        }
        impl Ordered for $t {
            #[inline(always)]
            fn maximum(self, b: Self) -> Self {
                // `a` when it is larger or NaN, else `b`, which may be NaN itself; of equal zeros the first
                if self >= b || self != self { self } else { b }
            }
            #[inline(always)]
            fn minimum(self, b: Self) -> Self {
                if self <= b || self != self { self } else { b }
            }
        }
    )* };
}
floats!(f32 F32, f64 F64);

macro_rules! complexes {
    ($($f:ident $D:ident),*) => { $(
        impl Lane for Complex<$f> {
            const DTYPE: DType = DType::$D;
            type Real = $f;
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);
        }
        impl Ring for Complex<$f> {
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self + b
            }
            #[inline(always)]
            fn mul<I: Isa>(self, b: Self) -> Self {
                complex::mul::<$f>(self, b)
            }
        }
        impl Subtractive for Complex<$f> {
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self - b
            }
            #[inline(always)]
            fn neg(self) -> Self {
                -self
            }
            #[inline(always)]
            fn sign<I: Isa>(self) -> Self {
                let r = complex::abs::<$f, I>(self);
                if r == 0.0 {
                    Self::ZERO
                } else if r == <$f>::INFINITY {
                    // the infinite part decides; two have no direction
                    let of = |part: $f, other: $f| if part.is_infinite() { part.signum() } else { other };
                    let both = if self.re.is_infinite() && self.im.is_infinite() { <$f>::NAN } else { 0.0 };
                    if both.is_nan() { Complex::new(both, both) } else { Complex::new(of(self.re, 0.0), of(self.im, 0.0)) }
                } else {
                    Complex::new(self.re / r, self.im / r)
                }
            }
        }
        impl Numeric for Complex<$f> {
            #[inline(always)]
            fn pow<I: Isa>(self, b: Self) -> Self {
                complex::pow::<$f, I>(self, b)
            }
            #[inline(always)]
            fn conj(self) -> Self {
                Complex::new(self.re, -self.im)
            }
            #[inline(always)]
            fn recip<I: Isa>(self) -> Self {
                complex::recip::<$f>(self)
            }
        }
        impl ToReal for Complex<$f> {
            #[inline(always)]
            fn abs<I: Isa>(self) -> $f {
                complex::abs::<$f, I>(self)
            }
            #[inline(always)]
            fn re(self) -> $f {
                self.re
            }
            #[inline(always)]
            fn im(self) -> $f {
                self.im
            }
        }
        impl ToFloat for Complex<$f> {
            #[inline(always)]
            fn exp<I: Isa>(self) -> Self {
                complex::exp::<$f, I>(self)
            }
            #[inline(always)]
            fn sigmoid<I: Isa>(self) -> Self {
                let small = self.re < 0.0;
                let e = complex::exp::<$f, I>(if small { self } else { Subtractive::neg(self) });
                complex::div::<$f>(if small { e } else { Self::ONE }, Ring::add(e, Self::ONE))
            }
            #[inline(always)]
            fn log<I: Isa>(self) -> Self {
                complex::log::<$f, I>(self)
            }
            #[inline(always)]
            fn tanh<I: Isa>(self) -> Self {
                complex::tanh::<$f, I>(self)
            }
            #[inline(always)]
            fn sqrt<I: Isa>(self) -> Self {
                complex::sqrt::<$f, I>(self)
            }
            #[inline(always)]
            fn sin<I: Isa>(self) -> Self {
                complex::sin::<$f, I>(self)
            }
            #[inline(always)]
            fn cos<I: Isa>(self) -> Self {
                complex::cos::<$f, I>(self)
            }
        }
        impl TrueDiv for Complex<$f> {
            #[inline(always)]
            fn div<I: Isa>(self, b: Self) -> Self {
                complex::div::<$f>(self, b)
            }
        }
        impl ToBool for Complex<$f> {
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.re != self.re || self.im != self.im
            }
            #[inline(always)]
            fn truth(self) -> bool {
                self.re != 0.0 || self.im != 0.0
            }
        }
        impl Compare for Complex<$f> {
            #[inline(always)]
            fn equal(self, b: Self) -> bool {
                self.re == b.re && self.im == b.im
            }
            #[inline(always)]
            fn less(self, b: Self) -> bool {
                // NumPy's CLT: a NaN in an imaginary part spoils the order of the real parts
                (self.re < b.re && self.im == self.im && b.im == b.im) || (self.re == b.re && self.im < b.im)
            }
            #[inline(always)]
            fn less_equal(self, b: Self) -> bool {
                (self.re < b.re && self.im == self.im && b.im == b.im) || (self.re == b.re && self.im <= b.im)
            }
        }
        impl Ordered for Complex<$f> {
            #[inline(always)]
            fn maximum(self, b: Self) -> Self {
                if self.is_nan() || b.less_equal(self) && !b.is_nan() { self } else { b }
            }
            #[inline(always)]
            fn minimum(self, b: Self) -> Self {
                if self.is_nan() || self.less_equal(b) && !b.is_nan() { self } else { b }
            }
        }
    )* };
}
complexes!(f32 C64, f64 C128);

impl Lane for B8 {
    const DTYPE: DType = DType::Bool;
    type Real = B8;
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
    fn relu(self) -> Self {
        B8::new(self.get())
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
