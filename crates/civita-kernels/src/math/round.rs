//! Rounding without a rounding instruction (SSE2).
//!
//! Adding and taking away 2^(fraction bits) rounds to the nearest integer, ties to even; the other directions correct
//! that by one. Numbers at least that large, infinities and NaN are returned as they are, -0 keeps its sign.

use super::Real;

#[inline(always)]
pub(super) fn rint<F: Real>(x: F) -> F {
    let a = x.abs();
    let rounded = ((a + F::INTEGERS) - F::INTEGERS).with_sign(x);
    if a < F::INTEGERS { rounded } else { x }
}

#[inline(always)]
pub(super) fn floor<F: Real>(x: F) -> F {
    let r = rint(x);
    r - if r > x { F::ONE } else { F::ZERO }
}

#[inline(always)]
pub(super) fn ceil<F: Real>(x: F) -> F {
    let r = rint(x);
    (r + if r < x { F::ONE } else { F::ZERO }).with_sign(x)
}

#[inline(always)]
pub(super) fn trunc<F: Real>(x: F) -> F {
    let a = x.abs();
    let r = rint(a);
    (r - if r > a { F::ONE } else { F::ZERO }).with_sign(x)
}
