//! Matrices near 1: iterations for eigenvalues and singular values form fourth powers of elements and compare with small numbers, which
//! both fail far from 1. So they run on a multiple by a power of two, exactly, and what they find is multiplied back.

use faer::traits::math_utils as math;

use crate::scalar::{Real, Scalar};

/// The power of two by which a matrix was divided.
#[derive(Clone, Copy, Debug)]
pub struct Scale(i32);

impl Scale {
    /// Divides finite elements by a power of two, so that the largest is near 1. What is negligible beside it may become 0.
    pub fn to_one<T: Scalar>(a: &mut [T]) -> Scale {
        let largest = a.iter().map(|x| x.size().wide()).fold(0.0, f64::max);
        Scale::of(largest, a)
    }

    /// The same where even the largest element times the precision is not a normal number, as where all are subnormal.
    pub fn from_tiny<T: Scalar>(a: &mut [T]) -> Scale {
        let largest = a.iter().map(|x| x.size().wide()).fold(0.0, f64::max);
        let least = math::min_positive::<T::Real>().wide() / T::Real::EPSILON;
        match largest < least {
            true => Scale::of(largest, a),
            false => Scale(0),
        }
    }

    /// The same where the largest element is known.
    pub fn of<T: Scalar>(largest: f64, a: &mut [T]) -> Scale {
        if largest == 0.0 || (1.0 / 16.0..16.0).contains(&largest) {
            return Scale(0);
        }
        let exponent = largest.log2().floor() as i32;
        multiply(a, -exponent);
        Scale(exponent)
    }

    /// Multiplies by it what is proportional to the matrix.
    pub fn back<T: Scalar>(self, x: &mut [T]) {
        multiply(x, self.0);
    }
}

/// `x 2^exponent`, in two steps, since the factor itself may be out of range.
fn multiply<T: Scalar>(x: &mut [T], exponent: i32) {
    if exponent == 0 {
        return;
    }
    let half = exponent / 2;
    let [a, b] = [half, exponent - half]
        .map(|e| T::of(T::Real::of(f64::from(e).exp2()), T::Real::default()));
    for x in x {
        *x = *x * a * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_near_one_and_comes_back() {
        for x in [5e-324, 1e-310, 1e-40, 0.01, 1.0, 3e20, 1e300, f64::MAX] {
            let mut a = [x, -x / 4.0, 0.0];
            let before = a;
            let scale = Scale::to_one(&mut a);
            assert!((1.0 / 16.0..=16.0).contains(&a[0]), "{x:e}: {a:?}");
            scale.back(&mut a);
            assert_eq!(a[0], before[0]);
        }
        for x in [1e-45f32, 1e-38, 1e-5, 1e8, f32::MAX] {
            let mut a = [x];
            Scale::to_one(&mut a).back(&mut a);
            assert_eq!(a, [x]);
        }
        let mut zero = [0.0f64; 3];
        Scale::to_one(&mut zero).back(&mut zero);
        assert_eq!(zero, [0.0; 3]);
    }
}
