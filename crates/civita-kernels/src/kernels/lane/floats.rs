//! Floating-point numbers.

use super::{
    Compare, Double, Lane, Native, Numeric, Ordered, RealFloat, RealPair, RealSame, RealToBool,
    Ring, Subtractive, ToBool, ToFloat, ToReal, TrueDiv, order,
};
use crate::dtype::DType;
use crate::isa::Isa;
use crate::math::divide::{self, Division};
use crate::math::{Real, area, exp, inverse, log, log_sum, pow, scale, trig};

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

macro_rules! real {
    ($($name:ident)*) => { $(
        #[inline(always)]
        fn $name<I: Isa>(self) -> Self {
            Real::$name::<I>(self)
        }
    )* };
}

macro_rules! floats {
    ($($t:ident $D:ident $bits:ident),*) => { $(
        impl Lane for $t {
            const DTYPE: DType = DType::$D;
            type Real = $t;
            type Seen = $bits;
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;

            #[inline(always)]
            fn look(self, seen: $bits) -> $bits {
                // an exponent of ones and one more is carried into the sign's place
                let bits = self.to_bits();
                let exponent = <$t>::INFINITY.to_bits();
                seen | (bits ^ bits.wrapping_add(exponent & exponent.wrapping_neg()))
            }
            #[inline(always)]
            fn saw_not_finite(seen: $bits) -> bool {
                seen > $bits::MAX / 2
            }
            #[inline(always)]
            fn any_not_finite(values: &[$t]) -> bool {
                Self::saw_not_finite(values.iter().fold(0, |seen, x| x.look(seen)))
            }
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
            real!(ceil trunc);
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
            fn fmod(self, b: Self) -> Self {
                self % b
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
            unsafe fn exp2_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                exp::exp2_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn asin_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                inverse::asin_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn atan_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                inverse::atan_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
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
            unsafe fn log2_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                log::log2_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn log10_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                log::log10_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn tan_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                trig::tan_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            real!(exp2 expm1 log2 log10 log1p tan sinh cosh asin acos atan asinh acosh atanh rint);
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
        impl RealFloat for $t {
            #[inline(always)]
            fn constant(v: f64) -> Self {
                v as $t
            }
            real!(cbrt erf erfc);
            #[inline(always)]
            fn atan2<I: Isa>(self, x: Self) -> Self {
                Real::atan2::<I>(self, x)
            }
            #[inline(always)]
            fn hypot<I: Isa>(self, b: Self) -> Self {
                Real::hypot::<I>(self, b)
            }
            #[inline(always)]
            fn copysign(self, b: Self) -> Self {
                Real::copysign(self, b)
            }
            #[inline(always)]
            fn fabs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn exponent<I: Isa>(self) -> Self {
                scale::exponent::<$t>(self)
            }
            #[inline(always)]
            fn mantissa(self) -> Self {
                scale::mantissa::<$t>(self)
            }
            #[inline(always)]
            fn frac<I: Isa>(self) -> Self {
                scale::frac::<$t, I>(self)
            }
            #[inline(always)]
            fn scalb<I: Isa>(self, b: Self) -> Self {
                scale::scalb::<$t, I>(self, b)
            }
            #[inline(always)]
            unsafe fn cbrt_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                area::cbrt_slice::<$t, I>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn exponent_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                scale::exponent_slice::<$t>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn mantissa_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                scale::mantissa_slice::<$t>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn atan2_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract.
                unsafe { inverse::atan2_run::<$t, I, FORM>(a, b, out) }
            }
            #[inline(always)]
            unsafe fn scalb_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract.
                unsafe { scale::scalb_run::<$t, I, FORM>(a, b, out) };
                true
            }
            #[inline(always)]
            fn logaddexp<I: Isa>(self, b: Self) -> Self {
                log_sum::logaddexp::<$t, I>(self, b)
            }
            #[inline(always)]
            fn logaddexp2<I: Isa>(self, b: Self) -> Self {
                log_sum::logaddexp2::<$t, I>(self, b)
            }
            #[inline(always)]
            fn fma(self, a: $t, b: $t) -> $t {
                $t::mul_add(self, a, b)
            }
        }
        impl Native for $t {
            #[inline(always)]
            fn next_toward(self, b: Self) -> Self {
                scale::next_toward::<$t>(self, b)
            }
            #[inline(always)]
            fn gap(self) -> Self {
                scale::gap::<$t>(self)
            }
            #[inline(always)]
            unsafe fn gap_run<I: Isa>(x: *const $t, out: &mut [$t]) {
                // SAFETY: as `pow_run`.
                scale::gap_slice::<$t>(unsafe { std::slice::from_raw_parts(x, out.len()) }, out)
            }
            #[inline(always)]
            unsafe fn next_toward_run<I: Isa, const FORM: usize>(a: *const $t, b: *const $t, out: &mut [$t]) -> bool {
                // SAFETY: the caller's contract.
                unsafe { scale::next_toward_run::<$t, FORM>(a, b, out) };
                true
            }
        }
        impl RealToBool for $t {
            #[inline(always)]
            fn signbit(self) -> bool {
                self.is_sign_negative()
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
            #[inline(always)]
            fn is_infinite(self) -> bool {
                <$t>::abs(self) == <$t>::INFINITY
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
floats!(f32 F32 u32, f64 F64 u64);
impl Double for f64 {}
