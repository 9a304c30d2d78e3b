//! Matrices near 1: iterations for eigenvalues and singular values form fourth powers of elements and compare with small numbers, which
//! both fail far from 1. So they run on a multiple by a power of two, exactly, and what they find is multiplied back.

use faer::traits::math_utils as math;

use crate::scalar::{Real, Scalar};

/// The power of two by which a matrix was divided.
#[derive(Clone, Copy, Debug)]
pub struct Scale(i32);

impl Scale {
    /// That of a matrix that was not divided.
    pub const ONE: Scale = Scale(0);

    /// Its exponent.
    pub fn exponent(self) -> i32 {
        self.0
    }

    /// Divides finite elements by a power of two, so that the largest is near 1. What is negligible beside it may become 0.
    pub fn to_one<T: Scalar>(a: &mut [T]) -> Scale {
        let largest = largest(a);
        Scale::of(largest, a)
    }

    /// The same for each of the `k` columns of a row-major matrix.
    pub fn columns_to_one<T: Scalar>(a: &mut [T], k: usize) -> Vec<Scale> {
        Scale::columns(a, k, |largest| Scale(exponent(largest)))
    }

    /// [`Scale::from_far`] for each column.
    pub fn columns_from_far<T: Scalar>(a: &mut [T], k: usize) -> Vec<Scale> {
        Scale::columns(a, k, far::<T>)
    }

    fn columns<T: Scalar>(a: &mut [T], k: usize, scale: impl Fn(f64) -> Scale) -> Vec<Scale> {
        let mut largest = vec![0f64; k];
        for row in a.chunks_exact(k.max(1)) {
            for (largest, &x) in largest.iter_mut().zip(row) {
                *largest = largest.max(part(x));
            }
        }
        let scales: Vec<Scale> = largest.into_iter().map(scale).collect();
        if scales.iter().all(|scale| scale.0 == 0) {
            return scales;
        }
        for row in a.chunks_exact_mut(k.max(1)) {
            for (x, scale) in row.iter_mut().zip(&scales) {
                multiply(std::slice::from_mut(x), -scale.0);
            }
        }
        scales
    }

    /// The same where the square of the largest element is not well within the range.
    pub fn from_far<T: Scalar>(a: &mut [T]) -> Scale {
        let scale = far::<T>(largest(a));
        multiply(a, -scale.0);
        scale
    }

    /// The same where even the largest element times the precision is not a normal number, as where all are subnormal.
    pub fn from_tiny<T: Scalar>(a: &mut [T]) -> Scale {
        let largest = largest(a);
        let least = math::min_positive::<T::Real>().wide() / T::Real::EPSILON;
        match largest < least {
            true => Scale::of(largest, a),
            false => Scale(0),
        }
    }

    /// The same where the largest element is known.
    pub fn of<T: Scalar>(largest: f64, a: &mut [T]) -> Scale {
        let exponent = exponent(largest);
        multiply(a, -exponent);
        Scale(exponent)
    }

    /// The solution of a system whose matrix was divided by this, and the columns of its right-hand side by those.
    pub fn quotients<T: Scalar>(self, x: &[T], columns: &[Scale], out: &mut [T]) {
        out.copy_from_slice(x);
        self.quotients_in_place(out, columns);
    }

    /// As [`Scale::quotients`], in place.
    pub fn quotients_in_place<T: Scalar>(self, x: &mut [T], columns: &[Scale]) {
        if columns.iter().all(|column| column.0 == self.0) {
            return;
        }
        for row in x.chunks_exact_mut(columns.len()) {
            for (x, column) in row.iter_mut().zip(columns) {
                multiply(std::slice::from_mut(x), column.0 - self.0);
            }
        }
    }

    /// Divides by it what is proportional to the inverse of the matrix.
    pub fn divide<T: Scalar>(self, x: &mut [T]) {
        multiply(x, -self.0);
    }

    /// Multiplies by it what is proportional to the matrix.
    pub fn back<T: Scalar>(self, x: &mut [T]) {
        multiply(x, self.0);
    }
}

/// The largest [`part`] of elements, but for NaN.
pub fn largest<T: Scalar>(a: &[T]) -> f64 {
    const LANES: usize = 16;
    let larger = |most: f64, x: T| if part(x) > most { part(x) } else { most };
    let mut most = [0.0; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for chunk in chunks {
        for (most, &x) in most.iter_mut().zip(chunk) {
            *most = larger(*most, x);
        }
    }
    let all = rest.iter().fold(0.0, |most, &x| larger(most, x));
    most.into_iter().fold(all, f64::max)
}

/// The larger of the sizes of its parts, which is in the range where the absolute value may not be.
pub fn part<T: Scalar>(x: T) -> f64 {
    x.re().wide().abs().max(x.im().wide().abs())
}

/// That by whose power of two such a number is near 1: none where it is already, or infinite.
fn exponent(largest: f64) -> i32 {
    let near = (1.0 / 16.0..16.0).contains(&largest);
    match largest == 0.0 || near || !largest.is_finite() {
        true => 0,
        false => largest.log2().floor() as i32,
    }
}

/// That of elements whose squares are not well within the range.
fn far<T: Scalar>(largest: f64) -> Scale {
    let most = if T::Real::EPSILON > 1e-10 { 30 } else { 300 };
    match exponent(largest) {
        e if e.abs() > most => Scale(e),
        _ => Scale::ONE,
    }
}

/// `x 2^exponent`, in steps, since the factor itself may be out of range.
pub fn multiply<T: Scalar>(x: &mut [T], exponent: i32) {
    let step = if T::Real::EPSILON > 1e-10 { 120 } else { 1000 };
    let mut left = exponent;
    while left != 0 {
        let now = left.clamp(-step, step);
        let factor = T::Real::of(f64::from(now).exp2());
        x.iter_mut().for_each(|x| *x = x.scaled(factor));
        left -= now;
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
