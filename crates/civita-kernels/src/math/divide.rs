//! Floor division and remainder of floats, as Python and NumPy define them: from the exact remainder of `fmod`.
//!
//! `fmod` of the C library is a loop over bits, one element at a time. While the quotient is so small that all integers
//! near it are numbers, one division does:
//! ```text
//! q = ⌊a / b⌋ of the rounded quotient,  m = a - q b with its right sign, by FMA or by an exact product
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
    /// The same from the floor of the rounded quotient and what it leaves, and whether that has the wrong sign.
    fn usual<F: Real>(b: F, q: F, m: F, over: bool) -> F;
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
    fn usual<F: Real>(_: F, q: F, _: F, over: bool) -> F {
        if over { q - F::ONE } else { q }
    }
}

impl Division for Remainder {
    #[inline(always)]
    fn full<F: Real, I: Isa>(a: F, b: F) -> F {
        let m = a % b;
        if (b == F::ZERO) | m.is_nan() {
            m
        } else {
            Self::usual(b, F::ZERO, m, (b < F::ZERO) != (m < F::ZERO))
        }
    }
    #[inline(always)]
    fn usual<F: Real>(b: F, _: F, m: F, over: bool) -> F {
        let r = if over { m + b } else { m };
        if m == F::ZERO { m.copysign(b) } else { r }
    }
}

/// The floor of the rounded quotient, what it leaves of `a`, whether that has another sign than `b`, and whether all this
/// is right.
#[inline(always)]
fn divide<F: Real, I: Isa>(a: F, b: F) -> (F, F, bool, bool) {
    let t = a / b;
    let q = t.floor::<I>();
    let (m, exact) = if I::FMA {
        ((-q).mul_add::<I>(b, a), b.abs() <= F::MAX)
    } else {
        let (p, p_low) = product::<F, I>(q, b);
        let [low, high] = F::SQUARES.bounds;
        ((a - p) - p_low, (b.abs() >= low) & (b.abs() <= high))
    };
    let over = m * F::ONE.copysign(b) < F::ZERO;
    (q, m, over, (t.abs() < F::INTEGERS * F::HALF) & exact)
}

/// Elements worked on at a time.
const BLOCK: usize = 256;

#[inline(always)]
fn block<D: Division, F: Real, I: Isa>(pairs: impl Iterator<Item = (F, F)> + Clone, out: &mut [F]) {
    let mut rare = false;
    for (o, (a, b)) in out.iter_mut().zip(pairs.clone()) {
        let (q, m, over, usual) = divide::<F, I>(a, b);
        rare |= !usual;
        *o = D::usual(b, q, m, over);
    }
    if rare {
        for (o, (a, b)) in out.iter_mut().zip(pairs) {
            if !divide::<F, I>(a, b).3 {
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

/// Divides one dividend by each element.
#[inline(always)]
pub fn of_one<D: Division, F: Real, I: Isa>(a: F, b: &[F], out: &mut [F]) {
    for (b, out) in b.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        block::<D, F, I>(b.iter().map(|&b| (a, b)), out);
    }
}
