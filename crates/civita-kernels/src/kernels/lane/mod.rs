//! What kernels compute with: the element types as they lie in memory, and what each family of rows asks of them.
//!
//! A lane is the compute type of a dtype: `f16` and `bf16` have none (they are computed in `f32`), `bool` has [`B8`].
//! The traits are named like the signature classes whose kernels they bound, so that a row names one word for both.

mod complexes;
mod floats;
mod integers;
mod truth;

pub use integers::Wide;
pub use truth::B8;

use crate::dtype::DType;
use crate::isa::Isa;

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

/// The order of Rust's own operators.
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
use order;
