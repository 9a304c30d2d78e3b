//! The error function and its complement.
//!
//! ```text
//! |x| < 0.6:   erf x = x + x P(x²)
//! else:        erfc |x| = e^(-x²) (1 + Q(q)) / (1 + 2|x|),   q = (|x| - k) / (|x| + k)
//! ```
//! P and Q are polynomials; the quotient flattens what is left of erfc from 0.6 to where it underflows (Shepherd and Laframboise,
//! Chebyshev approximation of (1 + 2x) exp(x²) erfc x, 1981). x² is taken as an exact sum of two numbers, since the exponential
//! makes a relative error of an absolute one.

use super::pow::product;
use super::{Real, float::polynomial};
use crate::isa::Isa;

/// Up to here the series for small numbers.
const SMALL: f64 = 0.6;

/// erf x - x, of small numbers.
#[inline(always)]
fn beyond_x<F: Real, I: Isa>(x: F) -> F {
    x * polynomial::<F, I>(F::ERF, x * x)
}

/// erfc a, for `a` from 0.6 on.
#[inline(always)]
fn tail<F: Real, I: Isa>(a: F) -> F {
    // at this bound it is 0 already
    let a = if a > F::ERFC_RANGE { F::ERFC_RANGE } else { a };
    let q = (a - F::ERFC_CENTRE) / (a + F::ERFC_CENTRE);
    let (square, rest) = product::<F, I>(a, a);
    let e = (-square).exp::<I>();
    let e = e - e * rest;
    let flat = polynomial::<F, I>(F::ERFC, q);
    let scale = F::ONE + (a + a);
    let part = e / scale;
    flat.mul_add::<I>(part, part)
}

/// 2/√π ∫₀ˣ e^(-t²) dt.
#[inline(always)]
pub fn erf<F: Real, I: Isa>(x: F) -> F {
    let a = x.abs();
    let small = x + beyond_x::<F, I>(x);
    let large = (F::ONE - tail::<F, I>(a)).copysign(x);
    if a < F::from_f64(SMALL) { small } else { large }
}

/// 1 - erf x, without cancellation.
#[inline(always)]
pub fn erfc<F: Real, I: Isa>(x: F) -> F {
    let a = x.abs();
    let small = F::HALF - ((x - F::HALF) + beyond_x::<F, I>(x));
    let tail = tail::<F, I>(a);
    let large = if x < F::ZERO { F::TWO - tail } else { tail };
    if a < F::from_f64(SMALL) { small } else { large }
}
