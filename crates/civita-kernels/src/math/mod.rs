//! Elementary functions as branch-free scalar bodies that vectorise.
//!
//! [`Real`] gives `f32` and `f64` the functions of `<math.h>`, each generic over [`Isa`] and always inlined. Called in
//! a loop inside one of the shells of [`crate::isa`], LLVM turns them into vector code of that instruction set.
//!
//! The common plan: reduce the argument with exactly representable steps (Cody and Waite), evaluate a minimax
//! polynomial, put the parts together smallest first, and select the special cases at the end. What keeps it fast:
//! * no branch and no table: both arms are computed and one is selected;
//! * rounding by a magic constant, whose sum leaves the integer in the low bits, so that no conversion is needed;
//! * clamps written `if x > hi { hi } else { x }`, which are one instruction and keep NaN;
//! * exact products by FMA where there is one, by Dekker's splitting elsewhere (only `pow` and `log2`, `log10`).
//!
//! On AVX-512 runs of `pow exp exp2 log log2 log10 tanh` are kernels of their own, with tables, and of `f32` so are those of
//! `sin cos tan asin atan atan2`: `avx512/`.
//!
//! Largest errors seen, in ULP, over the full range with subnormal arguments and results: `exp exp2 log log1p log2 log10
//! pow asin acos hypot` 1.2 (`pow` and `hypot` of `f32` 0.53, `pow` of `f32` with AVX-512 1.1), `sin cos` 0.8 (`f32`
//! 1.5), `expm1` 1.3, `cosh` 1.5, `atan atan2` 2, `tan sinh` 2.2 (`tan` of `f32` 3.1), `tanh` 2.5 (`f32` 3.3, without FMA
//! 3.9), `asinh acosh atanh` 2, `cbrt` 0.7, `erf` 1.3, `erfc` 3. Special values are C99's and NumPy's.
//!
//! Some functions have rare arguments that cost much: huge ones in `sin cos tan`, zero, subnormal, negative and infinite
//! ones in `log` and `pow`. The methods here are right for all of them; loops should call [`trig::sin_slice`],
//! [`log::log_slice`], [`pow::pow_slice`], [`divide::each`] and their siblings, which look for the rare ones once in a
//! block.

use crate::isa::Isa;

pub mod area;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod complex;
mod complex_inverse;
pub mod divide;
mod erf;
pub mod exp;
mod float;
pub mod half;
pub mod invariant;
pub mod inverse;
pub mod log;
pub mod log_sum;
pub mod pow;
pub mod quarter;
mod round;
pub mod scale;
pub mod trig;

#[cfg(test)]
mod tests;

pub use float::Float;

/// A real floating-point number with the elementary functions: `f32` or `f64`. Sealed by [`Float`].
///
/// The inherent methods of `f32` and `f64` have the same names; with a type argument (`x.exp::<I>()`) inside a generic
/// function these are meant, on a concrete type write `Real::exp::<I>(x)`.
pub trait Real:
    Float + Default + std::fmt::Debug + std::fmt::Display + Send + Sync + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// 2.
    const TWO: Self;
    /// 1/2.
    const HALF: Self;
    /// Infinity.
    const INFINITY: Self;
    /// A quiet NaN.
    const NAN: Self;
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;
    /// Smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// Largest finite number.
    const MAX: Self;
    /// π.
    const PI: Self;
    /// π/2.
    const FRAC_PI_2: Self;
    /// e.
    const E: Self;
    /// ln 2.
    const LN_2: Self;
    /// ln 10.
    const LN_10: Self;

    /// The nearest to an `f64`.
    fn from_f64(x: f64) -> Self;
    /// As an `f64`, exactly.
    fn to_f64(self) -> f64;
    /// Returns true where it is NaN.
    #[inline(always)]
    #[allow(clippy::eq_op)]
    fn is_nan(self) -> bool {
        self != self
    }
    /// Returns true where it is neither infinite nor NaN.
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.abs() < Self::INFINITY
    }

    /// |x|.
    fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        self.with_sign(sign)
    }
    /// √x, exactly rounded.
    fn sqrt(self) -> Self;
    /// `self · a + b`: with one rounding where the instruction set has that instruction, with two elsewhere.
    fn mul_add<I: Isa>(self, a: Self, b: Self) -> Self;
    /// The largest integer not above x.
    fn floor<I: Isa>(self) -> Self;
    /// The smallest integer not below x.
    fn ceil<I: Isa>(self) -> Self;
    /// x without its fraction.
    fn trunc<I: Isa>(self) -> Self;
    /// The nearest integer, ties to even. NumPy's `rint` and `round`.
    fn rint<I: Isa>(self) -> Self;

    /// e^x.
    #[inline(always)]
    fn exp<I: Isa>(self) -> Self {
        exp::exp::<Self, I>(self)
    }
    /// 2^x.
    #[inline(always)]
    fn exp2<I: Isa>(self) -> Self {
        exp::exp2::<Self, I>(self)
    }
    /// e^x - 1, accurate near 0.
    #[inline(always)]
    fn expm1<I: Isa>(self) -> Self {
        exp::expm1::<Self, I>(self)
    }
    /// Hyperbolic sine.
    #[inline(always)]
    fn sinh<I: Isa>(self) -> Self {
        exp::sinh::<Self, I>(self)
    }
    /// Hyperbolic cosine.
    #[inline(always)]
    fn cosh<I: Isa>(self) -> Self {
        exp::cosh::<Self, I>(self)
    }
    /// Hyperbolic tangent.
    fn tanh<I: Isa>(self) -> Self;

    /// Natural logarithm.
    #[inline(always)]
    fn log<I: Isa>(self) -> Self {
        log::log::<Self, I>(self)
    }
    /// Logarithm to base 2.
    #[inline(always)]
    fn log2<I: Isa>(self) -> Self {
        log::log2::<Self, I>(self)
    }
    /// Logarithm to base 10.
    #[inline(always)]
    fn log10<I: Isa>(self) -> Self {
        log::log10::<Self, I>(self)
    }
    /// ln(1 + x), accurate near 0.
    #[inline(always)]
    fn log1p<I: Isa>(self) -> Self {
        log::log1p::<Self, I>(self)
    }
    /// x^y with C99's special cases.
    fn pow<I: Isa>(self, y: Self) -> Self;

    /// Sine. In loops use [`trig::sin_slice`].
    fn sin<I: Isa>(self) -> Self;
    /// Cosine. In loops use [`trig::cos_slice`].
    fn cos<I: Isa>(self) -> Self;
    /// Tangent. In loops use [`trig::tan_slice`].
    fn tan<I: Isa>(self) -> Self;
    /// Arc sine.
    #[inline(always)]
    fn asin<I: Isa>(self) -> Self {
        inverse::asin::<Self, I>(self)
    }
    /// Arc cosine.
    #[inline(always)]
    fn acos<I: Isa>(self) -> Self {
        inverse::acos::<Self, I>(self)
    }
    /// Arc tangent.
    #[inline(always)]
    fn atan<I: Isa>(self) -> Self {
        inverse::atan::<Self, I>(self)
    }
    /// The angle of the point `(x, self)`, from -π to π.
    #[inline(always)]
    fn atan2<I: Isa>(self, x: Self) -> Self {
        inverse::atan2::<Self, I>(self, x)
    }
    /// Inverse hyperbolic sine.
    #[inline(always)]
    fn asinh<I: Isa>(self) -> Self {
        area::asinh::<Self, I>(self)
    }
    /// Inverse hyperbolic cosine.
    #[inline(always)]
    fn acosh<I: Isa>(self) -> Self {
        area::acosh::<Self, I>(self)
    }
    /// Inverse hyperbolic tangent.
    #[inline(always)]
    fn atanh<I: Isa>(self) -> Self {
        area::atanh::<Self, I>(self)
    }
    /// Cube root.
    #[inline(always)]
    fn cbrt<I: Isa>(self) -> Self {
        area::cbrt::<Self, I>(self)
    }
    /// The error function.
    #[inline(always)]
    fn erf<I: Isa>(self) -> Self {
        erf::erf::<Self, I>(self)
    }
    /// 1 - erf x, without cancellation.
    #[inline(always)]
    fn erfc<I: Isa>(self) -> Self {
        erf::erfc::<Self, I>(self)
    }
    /// √(x² + y²) without overflow or underflow on the way.
    fn hypot<I: Isa>(self, y: Self) -> Self;
}

macro_rules! real {
    ($t:ident, $tanh:path, $pow:path, $trig:ident, $hypot:path) => {
        impl Real for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const TWO: $t = 2.0;
            const HALF: $t = 0.5;
            const INFINITY: $t = $t::INFINITY;
            const NAN: $t = $t::NAN;
            const EPSILON: $t = $t::EPSILON;
            const MIN_POSITIVE: $t = $t::MIN_POSITIVE;
            const MAX: $t = $t::MAX;
            const PI: $t = std::$t::consts::PI;
            const FRAC_PI_2: $t = std::$t::consts::FRAC_PI_2;
            const E: $t = std::$t::consts::E;
            const LN_2: $t = std::$t::consts::LN_2;
            const LN_10: $t = std::$t::consts::LN_10;

            #[inline(always)]
            fn from_f64(x: f64) -> $t {
                x as $t
            }
            #[inline(always)]
            #[allow(clippy::unnecessary_cast)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn abs(self) -> $t {
                $t::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> $t {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn mul_add<I: Isa>(self, a: $t, b: $t) -> $t {
                if I::FMA {
                    $t::mul_add(self, a, b)
                } else {
                    self * a + b
                }
            }
            #[inline(always)]
            fn floor<I: Isa>(self) -> $t {
                if I::ROUND {
                    $t::floor(self)
                } else {
                    round::floor(self)
                }
            }
            #[inline(always)]
            fn ceil<I: Isa>(self) -> $t {
                if I::ROUND {
                    $t::ceil(self)
                } else {
                    round::ceil(self)
                }
            }
            #[inline(always)]
            fn trunc<I: Isa>(self) -> $t {
                if I::ROUND {
                    $t::trunc(self)
                } else {
                    round::trunc(self)
                }
            }
            #[inline(always)]
            fn rint<I: Isa>(self) -> $t {
                if I::ROUND {
                    $t::round_ties_even(self)
                } else {
                    round::rint(self)
                }
            }
            #[inline(always)]
            fn tanh<I: Isa>(self) -> $t {
                $tanh(self)
            }
            #[inline(always)]
            fn pow<I: Isa>(self, y: $t) -> $t {
                $pow(self, y)
            }
            #[inline(always)]
            fn sin<I: Isa>(self) -> $t {
                trig::sin::<$t, I>(self)
            }
            #[inline(always)]
            fn cos<I: Isa>(self) -> $t {
                trig::cos::<$t, I>(self)
            }
            #[inline(always)]
            fn tan<I: Isa>(self) -> $t {
                trig::tan::<$t, I>(self)
            }
            #[inline(always)]
            fn hypot<I: Isa>(self, y: $t) -> $t {
                $hypot(self, y)
            }
        }
    };
}
real!(
    f32,
    exp::tanh32::<I>,
    pow::pow::<f32, I>,
    trig,
    inverse::hypot32::<I>
);
real!(
    f64,
    exp::tanh64::<I>,
    pow::pow::<f64, I>,
    trig,
    inverse::hypot64::<I>
);
