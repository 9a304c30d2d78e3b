//! NumPy's older polynomials: vectors of coefficients, from the highest power to the lowest.

use std::ops;

use civita_core::functions;
use civita_core::raw::Raw;

use crate::error::OrRaise;
use crate::rank::{typed, wrap};
use crate::{
    Dtype, Element, Error, Float, Number, Result, SameDtype, Scalar, TakesScalar, Tensor, Vector,
};

/// Where a polynomial of `T` is evaluated: at the elements of a borrowed tensor of `T`, or at a number.
#[diagnostic::on_unimplemented(
    message = "a polynomial with coefficients of `{T}` has no value at `{Self}`",
    note = "a borrowed tensor of the same element type, or a number that it takes"
)]
pub trait Place<T> {
    /// The values.
    type Out: crate::FromRaw;
    #[doc(hidden)]
    fn raw(&self) -> Result<Raw>;
}
impl<T: SameDtype<U>, U: Dtype, const N: usize> Place<T> for &Tensor<U, N> {
    type Out = Tensor<T, N>;
    fn raw(&self) -> Result<Raw> {
        Ok(self.raw.clone())
    }
}
impl<T: TakesScalar<S> + Element, S: Scalar> Place<T> for S {
    type Out = Tensor<T, 0>;
    fn raw(&self) -> Result<Raw> {
        Raw::scalar(self.into_scalar(), T::DTYPE)
    }
}

/// The values of a polynomial at the elements of a tensor, or at a number, by Horner's rule. NumPy's `polyval`.
///
/// ```
/// use civita::prelude::*;
///
/// let p = tensor![3.0, 0.0, 1.0]; // 3 x² + 1
/// assert_eq!(np::polyval(&p, &tensor![0.0, 1.0, 2.0])?, [1.0, 4.0, 13.0]);
/// assert_eq!(np::polyval(&p, 2.0)?, 13.0);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn polyval<T: Dtype, X: Place<T>>(p: &Vector<T>, x: X) -> Result<X::Out> {
    let zero = civita_core::dtype::Scalar::Bool(false);
    let x = x.raw()?;
    let mut y = x.like(x.shape(), x.dtype(), zero)?;
    for i in 0..p.len() as isize {
        let coefficient = p.raw.narrow(0, i as usize, 1)?.squeeze(Some(&[0]))?;
        y = y.mul(&x)?.add(&coefficient)?;
    }
    Ok(wrap(y))
}

/// With zeros before, `n` elements.
fn widened(x: &Raw, n: usize) -> Result<Raw> {
    let zeros = x.like(
        &[n - x.len()],
        x.dtype(),
        civita_core::dtype::Scalar::Bool(false),
    )?;
    Raw::concatenate(&[&zeros, x], 0)
}

fn beside<T>(
    a: &Vector<T>,
    b: &Vector<T>,
    op: impl Fn(&Raw, &Raw) -> Result<Raw>,
) -> Result<Vector<T>>
where
    T: Dtype,
{
    let n = a.raw.len().max(b.raw.len());
    op(&widened(&a.raw, n)?, &widened(&b.raw, n)?).and_then(typed)
}

/// The sum of two polynomials. NumPy's `polyadd`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::polyadd(&tensor![1, 2], &tensor![9, 5, 4])?, [9, 6, 6]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn polyadd<T: Dtype>(a: &Vector<T>, b: &Vector<T>) -> Result<Vector<T>> {
    beside(a, b, Raw::add)
}

/// The difference of two polynomials. NumPy's `polysub`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::polysub(&tensor![2, 10, -2], &tensor![3, 10, -4])?, [-1, 0, 2]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn polysub<T: Number>(a: &Vector<T>, b: &Vector<T>) -> Result<Vector<T>> {
    beside(a, b, Raw::sub)
}

/// The product of two polynomials. NumPy's `polymul`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::polymul(&tensor![1, 2, 3], &tensor![9, 5, 1])?, [9, 23, 38, 17, 3]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When one has no coefficients.
pub fn polymul<T: Dtype>(a: &Vector<T>, b: &Vector<T>) -> Result<Vector<T>> {
    functions::signal::convolve(&a.raw, &b.raw, functions::ConvolveMode::Full)
        .map_err(|e| e.in_op("polymul"))
        .and_then(typed)
}

/// Quotient and remainder of two polynomials. NumPy's `polydiv`.
///
/// ```
/// use civita::prelude::*;
///
/// let (quotient, remainder) = np::polydiv(&tensor![3.0, 5.0, 2.0], &tensor![2.0, 1.0])?;
/// assert_eq!(quotient, [1.5, 1.75]);
/// assert_eq!(remainder, [0.25]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the divisor has no coefficients, or begins with 0.
pub fn polydiv<T: Float>(u: &Vector<T>, v: &Vector<T>) -> Result<(Vector<T>, Vector<T>)> {
    let zero = T::from_f64(0.0);
    if values(v)?.first().is_none_or(|&lead| lead == zero) {
        return Err(Error::value(
            "polydiv",
            "the divisor is empty, or its first coefficient is 0",
        ));
    }
    let (lead, by) = (v.slice(..1)?, v.slice(1..)?);
    let (mut rest, mut quotient) = (u.clone(), Vec::new());
    while rest.len() >= v.len() {
        let factor = rest.slice(..1)?.div(&lead)?;
        let near = rest.slice(1..v.len())?.sub(&by.mul(&factor)?)?;
        rest = crate::concatenate([&near, &rest.slice(v.len()..)?], 0)?;
        quotient.push(factor);
    }
    if quotient.is_empty() {
        quotient.push(Vector::zeros(1));
    }
    // what is left begins with a coefficient that is not 0, but for rounding
    let is_zero = |x: &T| x.to_f64().abs() <= 1e-8;
    let start = values(&rest)?.iter().position(|x| !is_zero(x));
    let rest = match start.unwrap_or(rest.len().saturating_sub(1)) {
        _ if rest.is_empty() => Vector::zeros(1),
        start => rest.slice(start..)?,
    };
    Ok((crate::concatenate(&quotient, 0)?, rest))
}

/// What the coefficients are, where a polynomial's degree depends on that. Not to be had of a batch or a trace.
fn values<T: Element>(p: &Vector<T>) -> Result<Vec<T>> {
    p.raw().detach().to_vec()
}

/// The `m`-th derivative of a polynomial. NumPy's `polyder`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::polyder(&tensor![1.0, 1.0, 1.0, 1.0], 1)?, [3.0, 2.0, 1.0]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn polyder<T: Float>(p: &Vector<T>, m: usize) -> Result<Vector<T>> {
    let mut p = p.clone();
    for _ in 0..m {
        let n = p.len().saturating_sub(1);
        let powers = Vector::<T>::arange_step(n..0, -1);
        p = p.slice(..n)?.mul(&powers)?;
    }
    Ok(p)
}

/// The `m`-th integral of a polynomial, with constants 0. NumPy's `polyint`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::polyint(&tensor![3.0, 2.0, 1.0], 1)?, [1.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn polyint<T: Float>(p: &Vector<T>, m: usize) -> Result<Vector<T>> {
    let mut p = p.clone();
    for _ in 0..m {
        let powers = Vector::<T>::arange_step(p.len()..0, -1);
        p = crate::concatenate([&p.div(&powers)?, &Vector::zeros(1)], 0)?;
    }
    Ok(p)
}

/// The coefficients of the polynomial with these roots. NumPy's `poly`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::poly(&tensor![1.0, 2.0])?, [1.0, -3.0, 2.0]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn poly<T: Number + Element>(roots: &Vector<T>) -> Result<Vector<T>> {
    let mut p = Vector::<T>::ones(1);
    for i in 0..roots.len() {
        let factor = crate::concatenate([&Vector::ones(1), &-roots.slice(i..i + 1)?], 0)?;
        p = polymul(&p, &factor)?;
    }
    Ok(p)
}

/// The polynomial of a degree that is nearest to the values `y` at `x`, by least squares. NumPy's `polyfit`.
///
/// ```
/// use civita::prelude::*;
///
/// let x = np::arange(5.0);
/// let y = 1.0 + 2.0 * &x - 0.5 * x.square();
/// let p = np::polyfit(&x, &y, 2)?;
/// assert!(p.allclose(&tensor![-0.5, 2.0, 1.0])?);
/// assert!(np::polyval(&p, &x)?.allclose(&y)?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// Standard errors and the like are those of [`linalg::lstsq`](crate::linalg::lstsq) of [`np::vander`](super::vander).
///
/// # Errors
/// When the vectors differ in length, are empty, or hold what is not finite.
#[cfg(feature = "linalg")]
pub fn polyfit<T>(x: &Vector<T>, y: &Vector<T>, degree: usize) -> Result<Vector<T>>
where
    T: Float + crate::linalg::Linear,
{
    if x.is_empty() {
        return Err(Error::value("polyfit", "expected non-empty vector for x"));
    }
    if x.len() != y.len() {
        return Err(
            Error::shape("polyfit", "expected x and y to have same length")
                .shapes(&[x.shape(), y.shape()]),
        );
    }
    let powers = functions::create::vander(&x.raw, Some(degree.saturating_add(1)).into(), false)?;
    let powers: crate::Matrix<T> = wrap(powers.cast(T::DTYPE)?);
    // columns of one length make the condition better
    let scale = powers.square().over(0).sum()?.sqrt();
    let fit: Vector<T> = typed(civita_linalg::lstsq((powers / &scale).raw(), y.raw(), None)?.x)?;
    Ok(fit / scale)
}

/// The roots of a polynomial, as eigenvalues of its companion matrix. NumPy's `roots`.
///
/// ```
/// use civita::prelude::*;
///
/// let roots = np::roots(&tensor![1.0, 0.0, 1.0])?; // x² + 1
/// assert!(roots.real().abs().max() < 1e-15);
/// assert!(np::sort(&roots.imag(), 0)?.allclose(&tensor![-1.0, 1.0])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a coefficient is not finite.
#[cfg(feature = "linalg")]
pub fn roots<T>(p: &Vector<T>) -> Result<Vector<T::Complex>>
where
    T: Float + crate::linalg::Linear<Complex: Element>,
{
    // how many roots there are is read, their places are differentiated
    let all = values(p)?;
    let zero = T::from_f64(0.0);
    let Some(first) = all.iter().position(|&c| c != zero) else {
        return Ok(Vector::zeros(0));
    };
    let last = all.iter().rposition(|&c| c != zero).unwrap_or(first);
    // each coefficient of 0 at the end is a root at 0
    let at_zero = Vector::<T::Complex>::zeros(all.len() - 1 - last);
    let n = last - first;
    if n == 0 {
        return Ok(at_zero);
    }
    let mut companion = crate::Matrix::<T>::eye_diagonal([n, n], -1);
    let row = -p.slice(first + 1..=last)? / p.slice(crate::s![first])?;
    companion.slice_assign(crate::s![0], &row)?;
    let found: Vector<T::Complex> = wrap(crate::linalg::eigvals(&companion)?.raw().clone());
    crate::concatenate([&found, &at_zero], 0)
}

/// A polynomial: its coefficients from the highest power to the lowest. NumPy's `poly1d`.
///
/// ```
/// use civita::prelude::*;
///
/// let p = np::poly1d(&tensor![1.0, 2.0, 3.0]); // x² + 2 x + 3
/// assert_eq!(p.at(&tensor![0.0, 0.5])?, [3.0, 4.25]);
/// assert_eq!((&p * &p).coefficients(), &[1.0, 4.0, 10.0, 12.0, 9.0]);
/// assert_eq!(p.derivative(1)?.coefficients(), &[2.0, 2.0]);
/// assert_eq!(p.order(), 2);
/// # Ok::<(), civita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Poly1d<T> {
    coefficients: Vector<T>,
}

/// The polynomial with these coefficients, without those of 0 in front. NumPy's `poly1d`; see [`Poly1d`]. In a batch or a trace, where
/// no value can be read, all of them stay.
pub fn poly1d<T: Float>(coefficients: &Vector<T>) -> Poly1d<T> {
    let first = match values(coefficients) {
        Ok(all) => all.iter().position(|&c| c != T::from_f64(0.0)),
        Err(_) => Some(0),
    };
    let kept = first.and_then(|first| coefficients.slice(first..).ok());
    Poly1d {
        coefficients: kept.unwrap_or_else(|| Vector::zeros(1)),
    }
}

impl<T: Float> Poly1d<T> {
    /// The coefficients, from the highest power to the lowest.
    pub fn coefficients(&self) -> &Vector<T> {
        &self.coefficients
    }

    /// The highest power.
    pub fn order(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// Its values: [`polyval`].
    ///
    /// # Errors
    /// When there is no memory.
    pub fn at<const N: usize>(&self, x: &Tensor<T, N>) -> Result<Tensor<T, N>> {
        polyval(&self.coefficients, x)
    }

    /// The `m`-th derivative. NumPy's `deriv`.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn derivative(&self, m: usize) -> Result<Poly1d<T>> {
        polyder(&self.coefficients, m).map(|p| poly1d(&p))
    }

    /// The `m`-th integral, with constants 0. NumPy's `integ`.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn integral(&self, m: usize) -> Result<Poly1d<T>> {
        polyint(&self.coefficients, m).map(|p| poly1d(&p))
    }

    /// Its roots: [`roots`].
    ///
    /// # Errors
    /// When a coefficient is not finite.
    #[cfg(feature = "linalg")]
    pub fn roots(&self) -> Result<Vector<T::Complex>>
    where
        T: crate::linalg::Linear<Complex: Element>,
    {
        roots(&self.coefficients)
    }
}

macro_rules! operators {
    ($($Trait:ident $method:ident $function:ident;)*) => { $(
        impl<T: Float> ops::$Trait for &Poly1d<T> {
            type Output = Poly1d<T>;
            #[track_caller]
            fn $method(self, other: &Poly1d<T>) -> Poly1d<T> {
                poly1d(&$function(&self.coefficients, &other.coefficients).or_raise())
            }
        }
    )* };
}
operators! {
    Add add polyadd;
    Sub sub polysub;
    Mul mul polymul;
}
