//! The element types of linear algebra, and what the kernels ask of them.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use civita_core::dtype::Element;
use civita_core::isa::Isa;
use faer::linalg::evd::{self, ComputeEigenvectors, EvdError};
use faer::prelude::default;
use faer::traits::{ComplexField, RealField};
use faer::{Col, Mat, MatRef, Par};
use num_complex::Complex;

use crate::scratch::Scratch;

/// Arithmetic on values.
pub trait Arithmetic:
    Sized
    + Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
}
impl<T> Arithmetic for T where
    T: Sized
        + Copy
        + Add<Output = T>
        + Sub<Output = T>
        + Mul<Output = T>
        + Div<Output = T>
        + Neg<Output = T>
        + AddAssign
        + SubAssign
        + MulAssign
{
}

/// `f32` and `f64`.
pub trait Real: Element + Arithmetic + RealField + PartialOrd {
    /// Distance of 1 from the next number.
    const EPSILON: f64;
    /// The root of the smallest normal number: the product of two that are below it is nothing.
    const TINY: f64;
    /// From `f64`, rounded.
    fn of(x: f64) -> Self;
    /// To `f64`.
    fn wide(self) -> f64;
    /// `self * b + c` with one rounding.
    fn fused(self, b: Self, c: Self) -> Self;
    /// Neither zero nor subnormal, infinite or NaN.
    fn normal(self) -> bool;
}

/// Real and complex numbers of both precisions.
pub trait Scalar: Element + Arithmetic + ComplexField<Real: Real> {
    /// The complex type of this precision.
    type Complex: Scalar<Real = Self::Real>;
    /// Whether it is complex.
    const COMPLEX: bool;
    /// From parts; the imaginary one of a real number is dropped.
    fn of(re: Self::Real, im: Self::Real) -> Self;
    /// The real part.
    fn re(self) -> Self::Real;
    /// The imaginary part.
    fn im(self) -> Self::Real;
    /// The complex conjugate.
    fn conjugate(self) -> Self;
    /// What LAPACK compares pivots by: `|re| + |im|`.
    fn size(self) -> Self::Real;
    /// The absolute value.
    fn modulus(self) -> Self::Real;
    /// The product with a real number: each part by itself, so that an infinite one leaves the other as it is.
    fn scaled(self, by: Self::Real) -> Self;
    /// `1 / x`, of complex numbers without overflow on the way where their parts are not near the ends of the range
    /// (`Divisor` is for these).
    fn inverse(self) -> Self;
    /// Neither NaN nor infinite.
    fn finite(self) -> bool;
    /// `self * b + c`, of real numbers with one rounding where the processor can.
    fn plus_times<I: Isa>(self, b: Self, c: Self) -> Self;
    /// Brings a column-major Hessenberg matrix to Schur form, and turns `q` with it; of a real one that has blocks of two for pairs
    /// of complex eigenvalues. False where it does not converge.
    fn schur(h: &mut [Self], q: &mut [Self], n: usize) -> bool;
    /// Eigenvalues, and right eigenvectors of norm 1, of a column-major matrix.
    fn eigen(
        a: MatRef<'_, Self>,
        vectors: Option<&mut Mat<Self::Complex>>,
        par: Par,
    ) -> Result<Vec<Self::Complex>, EvdError>;
}

macro_rules! scalars {
    ($($real:ident)*) => { $(
        impl Real for $real {
            const EPSILON: f64 = $real::EPSILON as f64;
            const TINY: f64 = if size_of::<$real>() == 4 { 1.1e-19 } else { 1.5e-154 };
            #[inline(always)]
            fn of(x: f64) -> $real {
                x as $real
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn fused(self, b: $real, c: $real) -> $real {
                self.mul_add(b, c)
            }
            #[inline(always)]
            fn normal(self) -> bool {
                $real::is_normal(self)
            }
        }

        impl Scalar for $real {
            type Complex = Complex<$real>;
            const COMPLEX: bool = false;
            #[inline(always)]
            fn of(re: $real, _: $real) -> $real {
                re
            }
            #[inline(always)]
            fn re(self) -> $real {
                self
            }
            #[inline(always)]
            fn im(self) -> $real {
                0.0
            }
            #[inline(always)]
            fn conjugate(self) -> $real {
                self
            }
            #[inline(always)]
            fn size(self) -> $real {
                $real::abs(self)
            }
            #[inline(always)]
            fn modulus(self) -> $real {
                $real::abs(self)
            }
            #[inline(always)]
            fn scaled(self, by: $real) -> $real {
                self * by
            }
            #[inline(always)]
            fn inverse(self) -> $real {
                1.0 / self
            }
            #[inline(always)]
            fn finite(self) -> bool {
                $real::is_finite(self)
            }
            #[inline(always)]
            fn plus_times<I: Isa>(self, b: $real, c: $real) -> $real {
                if I::FMA { self.mul_add(b, c) } else { self * b + c }
            }
            fn schur(h: &mut [$real], q: &mut [$real], n: usize) -> bool {
                crate::francis::real_schur(h, q, n)
            }
            fn eigen(
                a: MatRef<'_, $real>,
                vectors: Option<&mut Mat<Complex<$real>>>,
                par: Par,
            ) -> Result<Vec<Complex<$real>>, EvdError> {
                let n = a.nrows();
                let (mut re, mut im) = (Col::<$real>::zeros(n), Col::<$real>::zeros(n));
                let wanted = match vectors {
                    Some(_) => ComputeEigenvectors::Yes,
                    None => ComputeEigenvectors::No,
                };
                let scratch = evd::evd_scratch::<$real>(n, ComputeEigenvectors::No, wanted, par, default());
                let mut scratch = Scratch::new(scratch);
                let mut packed = vectors.as_ref().map(|_| Mat::<$real>::zeros(n, n));
                evd::evd_real(
                    a,
                    re.as_diagonal_mut(),
                    im.as_diagonal_mut(),
                    None,
                    packed.as_mut().map(|v| v.as_mut()),
                    par,
                    scratch.stack(),
                    default(),
                )?;
                if let (Some(v), Some(packed)) = (vectors, packed) {
                    // a pair of conjugates has the real parts in one column and the imaginary parts in the next
                    let mut j = 0;
                    while j < n {
                        if im[j] == 0.0 || j + 1 == n {
                            for i in 0..n {
                                v[(i, j)] = Complex::new(packed[(i, j)], 0.0);
                            }
                            j += 1;
                        } else {
                            for i in 0..n {
                                v[(i, j)] = Complex::new(packed[(i, j)], packed[(i, j + 1)]);
                                v[(i, j + 1)] = v[(i, j)].conj();
                            }
                            j += 2;
                        }
                    }
                }
                Ok((0..n).map(|j| Complex::new(re[j], im[j])).collect())
            }
        }

        impl Scalar for Complex<$real> {
            type Complex = Complex<$real>;
            const COMPLEX: bool = true;
            #[inline(always)]
            fn of(re: $real, im: $real) -> Complex<$real> {
                Complex::new(re, im)
            }
            #[inline(always)]
            fn re(self) -> $real {
                self.re
            }
            #[inline(always)]
            fn im(self) -> $real {
                self.im
            }
            #[inline(always)]
            fn conjugate(self) -> Complex<$real> {
                self.conj()
            }
            #[inline(always)]
            fn size(self) -> $real {
                self.re.abs() + self.im.abs()
            }
            #[inline(always)]
            fn modulus(self) -> $real {
                self.re.hypot(self.im)
            }
            #[inline(always)]
            fn scaled(self, by: $real) -> Complex<$real> {
                Complex::new(self.re * by, self.im * by)
            }
            #[inline]
            fn inverse(self) -> Complex<$real> {
                // Smith's
                if self.re.abs() >= self.im.abs() {
                    let ratio = self.im / self.re;
                    let scale = 1.0 / (self.re + self.im * ratio);
                    Complex::new(scale, -ratio * scale)
                } else {
                    let ratio = self.re / self.im;
                    let scale = 1.0 / (self.re * ratio + self.im);
                    Complex::new(ratio * scale, -scale)
                }
            }
            #[inline(always)]
            fn finite(self) -> bool {
                Complex::is_finite(self)
            }
            #[inline(always)]
            fn plus_times<I: Isa>(self, b: Complex<$real>, c: Complex<$real>) -> Complex<$real> {
                self * b + c
            }
            fn schur(h: &mut [Complex<$real>], q: &mut [Complex<$real>], n: usize) -> bool {
                crate::schur::triangularize(h, q, n)
            }
            fn eigen(
                a: MatRef<'_, Complex<$real>>,
                vectors: Option<&mut Mat<Complex<$real>>>,
                par: Par,
            ) -> Result<Vec<Complex<$real>>, EvdError> {
                let n = a.nrows();
                let mut values = Col::<Complex<$real>>::zeros(n);
                let wanted = match vectors {
                    Some(_) => ComputeEigenvectors::Yes,
                    None => ComputeEigenvectors::No,
                };
                let scratch =
                    evd::evd_scratch::<Complex<$real>>(n, ComputeEigenvectors::No, wanted, par, default());
                let mut scratch = Scratch::new(scratch);
                evd::evd_cplx(
                    a,
                    values.as_diagonal_mut(),
                    None,
                    vectors.map(|v| v.as_mut()),
                    par,
                    scratch.stack(),
                    default(),
                )?;
                Ok((0..n).map(|j| values[j]).collect())
            }
        }
    )* };
}
scalars!(f32 f64);

/// Runs a body for the element type of a dtype: `f32`, `f64` or complex numbers of these.
macro_rules! for_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            civita_core::dtype::DType::F32 => {
                type $T = f32;
                $body
            }
            civita_core::dtype::DType::C64 => {
                type $T = num_complex::Complex<f32>;
                $body
            }
            civita_core::dtype::DType::C128 => {
                type $T = num_complex::Complex<f64>;
                $body
            }
            _ => {
                type $T = f64;
                $body
            }
        }
    };
}
pub(crate) use for_dtype;
