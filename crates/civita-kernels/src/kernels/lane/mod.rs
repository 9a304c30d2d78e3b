//! What kernels compute with: the element types as they lie in memory, and what each family of rows asks of them.
//!
//! A lane is the compute type of a dtype: floats of 8 and 16 bits have none (they are computed in `f32`), `bool` has [`B8`].
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
    /// Whether functions of it are computed by formulas that choose infinities and NaN.
    const COMPLEX: bool = false;
    /// What [`Lane::look`] gathers.
    type Seen: Copy + Default;

    /// What was seen so far, and whether this is infinite or NaN.
    #[inline(always)]
    fn look(self, seen: Self::Seen) -> Self::Seen {
        seen
    }
    /// Whether an infinity or NaN was seen.
    #[inline(always)]
    fn saw_not_finite(_seen: Self::Seen) -> bool {
        false
    }

    /// Whether one of them is infinite or NaN.
    #[inline(always)]
    fn any_not_finite(_values: &[Self]) -> bool {
        false
    }
}

/// `a + b` and `a · b`, wrapping in integers, or/and in booleans.
pub trait Ring: Lane {
    /// Sum.
    fn add(self, b: Self) -> Self;
    /// Product.
    fn mul<I: Isa>(self, b: Self) -> Self;
}
/// `a - b`; booleans are refused, as in NumPy.
pub trait Subtractive: Ring {
    /// Difference.
    fn sub(self, b: Self) -> Self;
    /// Negative.
    fn neg(self) -> Self;
    /// `x / |x|`, 0 at 0, NaN of NaN.
    fn sign<I: Isa>(self) -> Self;
}
/// Numbers: everything but booleans.
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
    /// Smallest integer not below.
    fn ceil<I: Isa>(self) -> Self;
    /// Without its fraction.
    fn trunc<I: Isa>(self) -> Self;
    /// `max(x, 0)`, NaN of NaN.
    fn relu(self) -> Self;
}
/// Quotients that stay whole.
pub trait RealPair: Lane {
    /// `⌊a / b⌋`; integers divided by zero give 0, as NumPy's do.
    fn floor_div<I: Isa>(self, b: Self) -> Self;
    /// `a - b · ⌊a / b⌋`, with the sign of `b`.
    fn rem<I: Isa>(self, b: Self) -> Self;
    /// `a - b · trunc(a / b)`, with the sign of `a`; of integers by zero 0.
    fn fmod(self, b: Self) -> Self;
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
    /// Remainders of truncated quotients of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn fmod_run<I: Isa, const FORM: usize>(
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
    /// Powers of two of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn exp2_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.exp2::<I>();
        }
    }
    /// Inverse sines of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn asin_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.asin::<I>();
        }
    }
    /// Inverse tangents of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn atan_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.atan::<I>();
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
    /// Binary logarithms of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn log2_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.log2::<I>();
        }
    }
    /// Decimal logarithms of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn log10_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.log10::<I>();
        }
    }
    /// Tangents of a run.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn tan_run<I: Isa>(x: *const Self, out: &mut [Self]) {
        for (i, o) in out.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *o = unsafe { *x.add(i) }.tan::<I>();
        }
    }
    /// `2^x`.
    fn exp2<I: Isa>(self) -> Self;
    /// `e^x - 1`.
    fn expm1<I: Isa>(self) -> Self;
    /// Logarithm to base 2.
    fn log2<I: Isa>(self) -> Self;
    /// Logarithm to base 10.
    fn log10<I: Isa>(self) -> Self;
    /// `ln(1 + x)`.
    fn log1p<I: Isa>(self) -> Self;
    /// Tangent.
    fn tan<I: Isa>(self) -> Self;
    /// Hyperbolic sine.
    fn sinh<I: Isa>(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh<I: Isa>(self) -> Self;
    /// Arc sine.
    fn asin<I: Isa>(self) -> Self;
    /// Arc cosine.
    fn acos<I: Isa>(self) -> Self;
    /// Arc tangent.
    fn atan<I: Isa>(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh<I: Isa>(self) -> Self;
    /// Inverse hyperbolic cosine.
    fn acosh<I: Isa>(self) -> Self;
    /// Inverse hyperbolic tangent.
    fn atanh<I: Isa>(self) -> Self;
    /// The nearest whole number, of two the even one; of a complex number part by part.
    fn rint<I: Isa>(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh<I: Isa>(self) -> Self;
    /// Square root.
    fn sqrt<I: Isa>(self) -> Self;
    /// Sine.
    fn sin<I: Isa>(self) -> Self;
    /// Cosine.
    fn cos<I: Isa>(self) -> Self;
}
/// Functions of real floats.
pub trait RealFloat: ToFloat + Ordered {
    /// A constant.
    fn constant(v: f64) -> Self;
    /// Cube root.
    fn cbrt<I: Isa>(self) -> Self;
    /// The error function.
    fn erf<I: Isa>(self) -> Self;
    /// 1 - erf x.
    fn erfc<I: Isa>(self) -> Self;
    /// The angle of the point `(x, self)`.
    fn atan2<I: Isa>(self, x: Self) -> Self;
    /// `√(a² + b²)`.
    fn hypot<I: Isa>(self, b: Self) -> Self;
    /// The magnitude with the sign of `b`.
    fn copysign(self, b: Self) -> Self;
    /// The magnitude.
    fn fabs(self) -> Self;
    /// `e` of `m · 2^e` with `½ ≤ |m| < 1`; 0 where there is none.
    fn exponent<I: Isa>(self) -> Self;
    /// `m` of `m · 2^e` with `½ ≤ |m| < 1`; the number where there is none.
    fn mantissa(self) -> Self;
    /// What is behind the point, with the number's sign.
    fn frac<I: Isa>(self) -> Self;
    /// `a · 2^b` for a whole `b`.
    fn scalb<I: Isa>(self, b: Self) -> Self;
    /// Cube roots of a run.
    ///
    /// # Safety
    /// `x` is valid for as many elements as `out` has.
    unsafe fn cbrt_run<I: Isa>(x: *const Self, out: &mut [Self]);
    /// [`RealFloat::exponent`] of a run.
    ///
    /// # Safety
    /// As above.
    unsafe fn exponent_run<I: Isa>(x: *const Self, out: &mut [Self]);
    /// [`RealFloat::mantissa`] of a run.
    ///
    /// # Safety
    /// As above.
    unsafe fn mantissa_run<I: Isa>(x: *const Self, out: &mut [Self]);
    /// [`RealFloat::atan2`] of a run; says whether there is such a kernel. `FORM` as in [`Numeric::pow_run`].
    ///
    /// # Safety
    /// As there.
    unsafe fn atan2_run<I: Isa, const FORM: usize>(
        a: *const Self,
        b: *const Self,
        out: &mut [Self],
    ) -> bool;
    /// [`RealFloat::scalb`] of a run; says that there is such a kernel. `FORM` as in [`Numeric::pow_run`].
    ///
    /// # Safety
    /// As there.
    unsafe fn scalb_run<I: Isa, const FORM: usize>(
        a: *const Self,
        b: *const Self,
        out: &mut [Self],
    ) -> bool;
    /// `ln(e^a + e^b)`.
    fn logaddexp<I: Isa>(self, b: Self) -> Self;
    /// `log2(2^a + 2^b)`.
    fn logaddexp2<I: Isa>(self, b: Self) -> Self;
    /// `self · a + b`, rounded once on every instruction set.
    fn fma(self, a: Self, b: Self) -> Self;
}
/// Floats that are computed as they are stored.
pub trait Native: RealFloat {
    /// The number that follows towards `b`; `b` where they are equal.
    fn next_toward(self, b: Self) -> Self;
    /// The distance to the neighbour farther from zero, with the number's sign.
    fn gap(self) -> Self;
    /// [`Native::gap`] of a run.
    ///
    /// # Safety
    /// `x` is valid for as many elements as `out` has.
    unsafe fn gap_run<I: Isa>(x: *const Self, out: &mut [Self]);
    /// [`Native::next_toward`] of a run; says that there is such a kernel. `FORM` as in [`Numeric::pow_run`].
    ///
    /// # Safety
    /// As there.
    unsafe fn next_toward_run<I: Isa, const FORM: usize>(
        a: *const Self,
        b: *const Self,
        out: &mut [Self],
    ) -> bool;
}
/// Numbers of 64 bits a part.
pub trait Double: Numeric {}
/// True division.
pub trait TrueDiv: Lane {
    /// Quotient.
    fn div<I: Isa>(self, b: Self) -> Self;
}
/// Questions about one element.
pub trait ToBool: Lane {
    /// Returns true where it is not a number.
    fn is_nan(self) -> bool;
    /// Returns true where it counts as true.
    fn truth(self) -> bool;
    /// Returns true where it, or a part of it, is infinite.
    #[inline(always)]
    fn is_infinite(self) -> bool {
        false
    }
}
/// Questions about a real number.
pub trait RealToBool: Lane {
    /// Returns true where its sign bit is set.
    fn signbit(self) -> bool;
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
/// What a condition chooses from: everything.
pub trait Select: Lane {}
impl<T: Lane> Select for T {}
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
/// Shifts of integers.
pub trait Whole: Lane {
    /// `a · 2^b`, wrapping; 0 where `b` is negative or as large as the type has bits.
    fn shl(self, b: Self) -> Self;
    /// `⌊a / 2^b⌋`; where `b` is negative or as large as the type has bits, 0 or of a negative number -1.
    fn shr(self, b: Self) -> Self;
    /// How many bits of the absolute value are 1.
    fn popcount(self) -> Self;
}
/// Divisors of integers.
pub trait Integer: Lane {
    /// Greatest common divisor, not negative.
    fn gcd(self, b: Self) -> Self;
    /// Least common multiple, wrapping.
    fn lcm(self, b: Self) -> Self;
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
