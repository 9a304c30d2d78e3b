//! Complex numbers: ordered as NumPy does, by real part, then by imaginary part.

use num_complex::Complex;

use super::{
    Compare, Double, Lane, Numeric, Ordered, Ring, Subtractive, ToBool, ToFloat, ToReal, TrueDiv,
};
use crate::dtype::DType;
use crate::isa::Isa;
use crate::math::complex;

macro_rules! by_formula {
    ($f:ident: $($name:ident)*) => { $(
        #[inline(always)]
        fn $name<I: Isa>(self) -> Self {
            complex::$name::<$f, I>(self)
        }
    )* };
}

macro_rules! complexes {
    ($($f:ident $D:ident),*) => { $(
        impl Lane for Complex<$f> {
            const DTYPE: DType = DType::$D;
            type Real = $f;
            type Seen = ();
            const ZERO: Self = Complex::new(0.0, 0.0);
            const ONE: Self = Complex::new(1.0, 0.0);
            const COMPLEX: bool = true;

            #[inline(always)]
            fn any_not_finite(values: &[Self]) -> bool {
                // SAFETY: a complex number is two of its parts in memory.
                let parts = unsafe { std::slice::from_raw_parts(values.as_ptr().cast::<$f>(), 2 * values.len()) };
                <$f>::any_not_finite(parts)
            }
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
            by_formula!($f: exp2 expm1 log2 log10 log1p tan sinh cosh asin acos atan asinh acosh atanh rint);
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
            #[inline(always)]
            fn is_infinite(self) -> bool {
                self.re.is_infinite() || self.im.is_infinite()
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
impl Double for Complex<f64> {}
