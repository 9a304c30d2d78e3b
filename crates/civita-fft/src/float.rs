//! The element types of transforms.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};
use std::sync::Mutex;

use civita_kernels::dtype::DType;
use civita_kernels::isa::Isa;
use civita_kernels::kernels::fourier;
use num_complex::Complex;

use crate::plan::Plans;
use crate::scratch::Plain;

/// `f32` or `f64`: the type that a transform computes in.
pub trait Float:
    rustfft::FftNum
    + fourier::Real
    + Plain
    + Default
    + PartialEq
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// The dtype of complex numbers of this type.
    const COMPLEX: DType;
    /// The nearest value of this type.
    fn of(value: f64) -> Self;
    /// `self · a + b`, rounded once where the instruction set can.
    #[doc(hidden)]
    fn fused<I: Isa>(self, a: Self, b: Self) -> Self;
    /// The plans that are kept.
    #[doc(hidden)]
    fn plans() -> &'static Mutex<Plans>;
}

macro_rules! floats { ($($T:ident $C:ident;)*) => { $(
    impl Float for $T {
        const COMPLEX: DType = DType::$C;
        #[inline]
        fn of(value: f64) -> $T {
            value as $T
        }
        #[inline(always)]
        fn fused<I: Isa>(self, a: $T, b: $T) -> $T {
            match I::FMA {
                true => self.mul_add(a, b),
                false => self * a + b,
            }
        }
        fn plans() -> &'static Mutex<Plans> {
            static PLANS: Mutex<Plans> = Mutex::new(Plans::new());
            &PLANS
        }
    }
)* } }
floats! {
    f32 C64;
    f64 C128;
}

/// `exp(-2πi k / n)`, both parts to within a unit in the last place of `f64`: the angle is reduced to an eighth of a turn with
/// integers before it is rounded.
pub(crate) fn root<T: Float>(k: u64, n: u64) -> Complex<T> {
    // in eighths of a turn, `8k = octant · n + rest`
    let scaled = 8 * u128::from(k % n);
    let (octant, rest) = (
        (scaled / u128::from(n)) as u8,
        (scaled % u128::from(n)) as u64,
    );
    let odd = octant & 1 == 1;
    let rest = if odd { n - rest } else { rest };
    // the angle within the octant as a sum of two numbers
    let (hi, lo) = eighth(rest, n);
    let (s, c) = hi.sin_cos();
    let (c, s) = (c - lo * s, s + lo * c);
    let (c, s) = match octant.div_ceil(2) % 4 {
        // nearest axis: the cosine's, the sine's, and their opposites
        0 => (c, if odd { -s } else { s }),
        1 => (if odd { s } else { -s }, c),
        2 => (-c, if odd { s } else { -s }),
        _ => (if odd { -s } else { s }, -c),
    };
    Complex::new(T::of(c), T::of(-s))
}

/// `π/4 · k / n` as the sum of two numbers.
fn eighth(k: u64, n: u64) -> (f64, f64) {
    const HI: f64 = std::f64::consts::FRAC_PI_4;
    // π/4 - HI
    const LO: f64 = 3.061_616_997_868_383e-17;
    // the upper half of HI has 26 bits, so that its products with halves of k and n are exact
    const UPPER: f64 = f64::from_bits(HI.to_bits() & !((1 << 27) - 1));
    const LOWER: f64 = HI - UPPER;
    let (k, n) = (k as f64, n as f64);
    let product = HI * k;
    let split = |x: f64| {
        let upper = f64::from_bits(x.to_bits() & !((1 << 27) - 1));
        (upper, x - upper)
    };
    let (ku, kl) = split(k);
    let error = ((UPPER * ku - product) + UPPER * kl + LOWER * ku) + LOWER * kl;
    let quotient = product / n;
    let ((qu, ql), (nu, nl)) = (split(quotient), split(n));
    let back = quotient * n;
    let back_error = ((qu * nu - back) + qu * nl + ql * nu) + ql * nl;
    (
        quotient,
        ((product - back) - back_error + error + LO * k) / n,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_lie_on_the_circle_at_their_angles() {
        for n in [1u64, 2, 3, 7, 8, 12, 1000, 1 << 20] {
            for k in (0..3 * n).step_by(1 + n as usize / 50) {
                let w: Complex<f64> = root(k, n);
                let angle = -std::f64::consts::TAU * (k % n) as f64 / n as f64;
                assert!((w.re - angle.cos()).abs() < 2e-15, "{k}/{n}: {w}");
                assert!((w.im - angle.sin()).abs() < 2e-15, "{k}/{n}: {w}");
                assert!((w.norm_sqr() - 1.0).abs() < 4e-16);
            }
        }
    }
}
