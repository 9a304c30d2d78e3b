//! Logarithms of sums of exponentials: the larger plus what the smaller adds, which does not overflow. `f32` is computed
//! in `f64`.

use super::Real;
use crate::isa::Isa;

/// The larger, the distance of the smaller from it, not above 0, and what rounding lost of the distance: exponentials make
/// a relative error of that. The distance is 0 between equals, which includes infinities, and NaN where either is NaN.
#[inline(always)]
fn larger_and_distance<F: Real>(a: F, b: F) -> (f64, f64, f64) {
    let (a, b) = (a.to_f64(), b.to_f64());
    let larger = if a > b { a } else { b };
    let smaller = if a > b { b } else { a };
    let distance = if a == b { 0.0 } else { smaller - larger };
    // Knuth's two-sum
    let back = distance - smaller;
    let lost = (smaller - (distance - back)) - (larger + back);
    (
        larger,
        distance,
        if f64::abs(lost) < 1.0 { lost } else { 0.0 },
    )
}

/// ln(e^a + e^b).
#[inline(always)]
pub fn logaddexp<F: Real, I: Isa>(a: F, b: F) -> F {
    let (larger, distance, lost) = larger_and_distance(a, b);
    let e = Real::exp::<I>(distance);
    let more = Real::log1p::<I>(e + e * lost);
    F::from_f64(larger + more)
}

/// log2(2^a + 2^b).
#[inline(always)]
pub fn logaddexp2<F: Real, I: Isa>(a: F, b: F) -> F {
    let (larger, distance, lost) = larger_and_distance(a, b);
    let e = Real::exp2::<I>(distance);
    let more = Real::log1p::<I>(e + e * (lost * std::f64::consts::LN_2)) * std::f64::consts::LOG2_E;
    F::from_f64(larger + more)
}
