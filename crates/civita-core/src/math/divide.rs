//! Floor division and remainder of floats, as Python and NumPy define them: from the exact remainder of `fmod`.
//!
//! `fmod` of the C library is a loop over bits, one element at a time. While the quotient is so small that all integers
//! near it are numbers, one division does:
//! ```text
//! q = trunc(a / b),  m = a - q b exactly, by FMA or by an exact product
//! ```
//! Rounding can only take a quotient up to the next integer, and then m has the wrong sign and one `b` too little. The
//! others (huge quotients, zero divisors, infinities, NaN) are looked for once in a block.

use super::Real;
use super::pow::product;
use crate::isa::Isa;

/// `⌊a / b⌋` or the remainder that belongs to it.
pub trait Division {
    /// For any operands.
    fn full<F: Real, I: Isa>(a: F, b: F) -> F;
    /// The same from the truncated quotient and the remainder with the sign of `a`.
    fn usual<F: Real, I: Isa>(b: F, q: F, m: F) -> F;
}

/// `⌊a / b⌋`.
pub struct Floor;
/// `a - b ⌊a / b⌋`, with the sign of `b`.
pub struct Remainder;

impl Division for Floor {
    #[inline(always)]
    fn full<F: Real, I: Isa>(a: F, b: F) -> F {
        if b == F::ZERO {
            return a / b;
        }
        let m = a % b;
        let div = (a - m) / b;
        let apart = (m != F::ZERO) & ((b < F::ZERO) != (m < F::ZERO));
        let div = if apart { div - F::ONE } else { div };
        if div != F::ZERO {
            let f = div.floor::<I>();
            if div - f > F::HALF { f + F::ONE } else { f }
        } else {
            F::ZERO.copysign(a / b)
        }
    }
    #[inline(always)]
    fn usual<F: Real, I: Isa>(b: F, q: F, m: F) -> F {
        let apart = (m != F::ZERO) & ((b < F::ZERO) != (m < F::ZERO));
        if apart { q - F::ONE } else { q }
    }
}

impl Division for Remainder {
    #[inline(always)]
    fn full<F: Real, I: Isa>(a: F, b: F) -> F {
        let m = a % b;
        if (b == F::ZERO) | m.is_nan() {
            m
        } else {
            Self::usual::<F, I>(b, F::ZERO, m)
        }
    }
    #[inline(always)]
    fn usual<F: Real, I: Isa>(b: F, _: F, m: F) -> F {
        let apart = (b < F::ZERO) != (m < F::ZERO);
        let r = if apart { m + b } else { m };
        if m == F::ZERO { m.copysign(b) } else { r }
    }
}

/// The truncated quotient, the remainder with the sign of `a`, and whether they are right.
#[inline(always)]
fn divide<F: Real, I: Isa>(a: F, b: F) -> (F, F, bool) {
    let t = a / b;
    let q = t.trunc::<I>();
    let (m, exact) = if I::FMA {
        ((-q).mul_add::<I>(b, a), b.abs() <= F::MAX)
    } else {
        let (p, p_low) = product::<F, I>(q, b);
        let [low, high] = F::SQUARES.bounds;
        ((a - p) - p_low, (b.abs() >= low) & (b.abs() <= high))
    };
    let over = (m != F::ZERO) & ((m < F::ZERO) != (a < F::ZERO));
    let m = if over { m + b.abs().copysign(a) } else { m };
    let q = if over { q - F::ONE.copysign(t) } else { q };
    (q, m, (t.abs() < F::INTEGERS * F::HALF) & exact)
}

/// Elements worked on at a time.
const BLOCK: usize = 256;

#[inline(always)]
fn block<D: Division, F: Real, I: Isa>(pairs: impl Iterator<Item = (F, F)> + Clone, out: &mut [F]) {
    let mut rare = false;
    for (o, (a, b)) in out.iter_mut().zip(pairs.clone()) {
        let (q, m, usual) = divide::<F, I>(a, b);
        rare |= !usual;
        *o = D::usual::<F, I>(b, q, m);
    }
    if rare {
        for (o, (a, b)) in out.iter_mut().zip(pairs) {
            if !divide::<F, I>(a, b).2 {
                *o = D::full::<F, I>(a, b);
            }
        }
    }
}

/// Element by element, as far as all three reach.
#[inline(always)]
pub fn each<D: Division, F: Real, I: Isa>(a: &[F], b: &[F], out: &mut [F]) {
    for ((a, b), out) in a
        .chunks(BLOCK)
        .zip(b.chunks(BLOCK))
        .zip(out.chunks_mut(BLOCK))
    {
        block::<D, F, I>(a.iter().zip(b).map(|(&a, &b)| (a, b)), out);
    }
}

/// By one divisor.
#[inline(always)]
pub fn by_one<D: Division, F: Real, I: Isa>(a: &[F], b: F, out: &mut [F]) {
    for (a, out) in a.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        block::<D, F, I>(a.iter().map(|&a| (a, b)), out);
    }
}

/// Of one dividend.
#[inline(always)]
pub fn of_one<D: Division, F: Real, I: Isa>(a: F, b: &[F], out: &mut [F]) {
    for (b, out) in b.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        block::<D, F, I>(b.iter().map(|&b| (a, b)), out);
    }
}
