//! Division by a pivot: multiplication by its inverse, which pivots near the ends of the range do not have.

use crate::scalar::{Real, Scalar};

/// What many numbers are divided by.
#[derive(Clone, Copy)]
pub struct Divisor<T: Scalar> {
    inverse: T,
    /// A power of two that both are multiplied by first, where the inverse itself is infinite or subnormal.
    shift: Option<T::Real>,
}

impl<T: Scalar> Divisor<T> {
    /// Of zero the quotients are infinite or NaN.
    #[inline(always)]
    pub fn new(d: T) -> Divisor<T> {
        let inverse = d.inverse();
        match inverse.size().normal() {
            true => Divisor {
                inverse,
                shift: None,
            },
            false => Divisor::shifted(d),
        }
    }

    #[cold]
    fn shifted(d: T) -> Divisor<T> {
        let single = T::Real::EPSILON > 1e-10;
        let near_zero = d.re().wide().abs() + d.im().wide().abs() < 1.0;
        let exponent = match (near_zero, single) {
            (true, true) => 120,
            (true, false) => 1000,
            (false, true) => -60,
            (false, false) => -500,
        };
        let shift = T::Real::of(2f64.powi(exponent));
        Divisor {
            inverse: d.scaled(shift).inverse(),
            shift: Some(shift),
        }
    }

    /// The quotient.
    #[inline(always)]
    pub fn of(&self, x: T) -> T {
        match self.shift {
            None => x * self.inverse,
            Some(shift) => x.scaled(shift) * self.inverse,
        }
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;

    #[test]
    fn quotients_are_right_at_both_ends_of_the_range() {
        for d in [
            5e-324,
            -3e-310,
            2e-308,
            1e-300,
            -7.0,
            1e300,
            -6e307,
            f64::MAX,
        ] {
            for x in [d, -d / 4.0, d * 0.75] {
                let got = Divisor::new(d).of(x);
                assert!((got - x / d).abs() <= 2e-16, "{x:e} / {d:e}: {got}");
                let (z, w) = (Complex::new(d, -d), Complex::new(x, x));
                let (got, want) = (Divisor::new(z).of(w), Complex::new(0.0, x / d));
                assert!((got - want).norm() <= 4e-16, "{w} / {z}: {got}");
            }
        }
        for d in [1e-45f32, -3e-40, 1e-38, 5.0, -1e38, f32::MAX] {
            let got = Divisor::new(d).of(-d);
            assert!((got + 1.0).abs() <= 1e-7, "{d:e}: {got}");
        }
        assert_eq!(Divisor::new(0.0).of(1.0), f64::INFINITY);
        assert_eq!(Divisor::new(f64::INFINITY).of(1.0), 0.0);
        assert!(Divisor::new(f64::NAN).of(1.0).is_nan());
    }
}
