//! Balancing before eigenvalues are looked for: LAPACK's `gebal` and `gebak`.
//!
//! ```text
//! rows with nothing beside the diagonal go to the end, columns with nothing to the front: their eigenvalues are on the diagonal
//! of what is in between, row i is divided by dᵢ and column i multiplied, powers of two that make their norms alike
//! ```
//!
//! The eigenvalues of a graded matrix, whose elements differ by many orders of magnitude, have the errors of the balanced matrix, which is
//! smaller. Sources: Parlett and Reinsch 1969; James, Langou and Lowery 2014 for the norm.

use crate::scalar::{Real, Scalar};
use crate::scale::{multiply, part};

/// What was done to a matrix.
pub struct Balance {
    /// Rows and columns that were scaled: from the first to before the second.
    middle: [usize; 2],
    /// The factor of each row in the middle; of the others, the row that it was exchanged with.
    factors: Vec<f64>,
    exchanged: Vec<usize>,
    /// Whether a factor is not 1.
    is_scaled: bool,
}

/// A sweep counts where the norms become less by this.
const GAIN: f64 = 0.95;

/// Balances a column-major matrix.
pub fn balance<T: Scalar>(a: &mut [T], n: usize) -> Balance {
    let mut found = Balance {
        middle: [0, n],
        factors: vec![1.0; n],
        exchanged: Vec::from_iter(0..n),
        is_scaled: false,
    };
    if n == 0 {
        return found;
    }
    let [first, last] = isolate(a, n, &mut found.exchanged);
    found.middle = [first, last];
    scale(a, n, found.middle, &mut found.factors);
    found.is_scaled = found.factors.iter().any(|&factor| factor != 1.0);
    found
}

/// Exchanges rows `i` and `j`, from a column on, and these columns, down to before a row.
fn exchange<T: Scalar>(
    a: &mut [T],
    n: usize,
    [i, j]: [usize; 2],
    from_column: usize,
    to_row: usize,
) {
    if i == j {
        return;
    }
    for row in 0..to_row {
        a.swap(i * n + row, j * n + row);
    }
    for column in from_column..n {
        a.swap(column * n + i, column * n + j);
    }
}

/// Moves eigenvalues that stand alone to the ends; what is left in between.
fn isolate<T: Scalar>(a: &mut [T], n: usize, exchanged: &mut [usize]) -> [usize; 2] {
    let (mut first, mut last) = (0, n);
    let mut again = true;
    while again {
        again = false;
        for i in (0..last).rev() {
            if (0..last).any(|j| j != i && a[j * n + i] != T::default()) {
                continue;
            }
            exchanged[last - 1] = i;
            exchange(a, n, [i, last - 1], first, last);
            again = true;
            last -= 1;
            if last == 0 {
                return [0, 0];
            }
        }
    }
    again = true;
    while again {
        again = false;
        let columns = first..last;
        for j in columns {
            if (first..last).any(|i| i != j && a[j * n + i] != T::default()) {
                continue;
            }
            exchanged[first] = j;
            exchange(a, n, [j, first], first, last);
            again = true;
            first += 1;
        }
    }
    [first, last]
}

fn norm<T: Scalar>(x: impl Iterator<Item = T>) -> f64 {
    x.map(|x| x.re().wide().powi(2) + x.im().wide().powi(2))
        .sum::<f64>()
        .sqrt()
}

fn scale<T: Scalar>(a: &mut [T], n: usize, [first, last]: [usize; 2], factors: &mut [f64]) {
    // factors stay well within the range of the elements
    let most: f64 = if T::Real::EPSILON > 1e-10 {
        1e30
    } else {
        1e290
    };
    let mut again = true;
    while again {
        again = false;
        for i in first..last {
            let mut column = norm((first..last).map(|k| a[i * n + k]));
            let mut row = norm((first..last).map(|k| a[k * n + i]));
            if column == 0.0 || row == 0.0 {
                continue;
            }
            let mut above = (0..last).map(|k| part(a[i * n + k])).fold(0.0, f64::max);
            let mut beside = (first..n).map(|k| part(a[k * n + i])).fold(0.0, f64::max);
            let (before, mut factor) = (column + row, 1.0f64);
            while column < row / 2.0
                && factor.max(column).max(above) < most
                && row.min(beside) > 1.0 / most
            {
                (factor, column, above) = (factor * 2.0, column * 2.0, above * 2.0);
                (row, beside) = (row / 2.0, beside / 2.0);
            }
            while column / 2.0 >= row
                && row.max(beside) < most
                && factor.min(column).min(above) > 1.0 / most
            {
                (factor, column, above) = (factor / 2.0, column / 2.0, above / 2.0);
                (row, beside) = (row * 2.0, beside * 2.0);
            }
            let whole = factors[i] * factor;
            if column + row >= GAIN * before || !(1.0 / most..most).contains(&whole) {
                continue;
            }
            factors[i] = whole;
            again = true;
            let [by, back] = [T::Real::of(factor), T::Real::of(1.0 / factor)];
            for k in first..n {
                a[k * n + i] = a[k * n + i].scaled(back);
            }
            for k in 0..last {
                a[i * n + k] = a[i * n + k].scaled(by);
            }
        }
    }
}

impl Balance {
    /// Makes eigenvectors of the matrix from one of the balanced matrix; norms are others.
    pub fn back<T: Scalar>(&self, x: &mut [T]) {
        let [first, last] = self.middle;
        if self.is_scaled {
            self.scale_back(x);
        }
        for i in (0..first).rev().chain(last..x.len()) {
            x.swap(i, self.exchanged[i]);
        }
    }

    fn scale_back<T: Scalar>(&self, x: &mut [T]) {
        let exponents = self.factors.iter().map(|factor| factor.log2() as i32);
        // the largest product becomes a number near 1, so that none leaves the range
        let largest = (exponents.clone().zip(&*x))
            .filter(|(_, x)| part(**x) > 0.0)
            .map(|(exponent, x)| exponent + part(*x).log2().floor() as i32)
            .max();
        for (x, exponent) in x.iter_mut().zip(exponents) {
            multiply(std::slice::from_mut(x), exponent - largest.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_powers_of_two_and_vectors_come_back() {
        // column-major: a row that stands alone, and a block that is graded
        let mut a = [
            [1.0f64, 1e-8, 0.0, 1e-3],
            [1e8, 2.0, 0.0, 5.0],
            [3.0, 1.0, 7.0, 2.0],
            [4.0, 2e-5, 0.0, 3.0],
        ]
        .concat();
        let before = a.clone();
        let found = balance(&mut a, 4);
        assert_eq!(found.middle, [0, 3], "the third row has a diagonal alone");
        let [first, last] = found.middle;
        for i in first..last {
            let [column, row] = [
                norm((first..last).map(|k| a[i * 4 + k])),
                norm((first..last).map(|k| a[k * 4 + i])),
            ];
            assert!((0.2..5.0).contains(&(column / row)), "{i}: {column} {row}");
        }
        // A (D P x) = D P (B x) for the balanced B
        let mut x = vec![1.0, -2.0, 0.5, 4.0];
        let times = |a: &[f64], x: &[f64]| -> Vec<f64> {
            (0..4)
                .map(|i| (0..4).map(|j| a[j * 4 + i] * x[j]).sum())
                .collect()
        };
        let mut right = times(&a, &x);
        found.back(&mut x);
        found.back(&mut right);
        let left = times(&before, &x);
        let ratio = left[1] / right[1];
        for (l, r) in left.iter().zip(&right) {
            assert!(
                (l - r * ratio).abs() <= 1e-14 * l.abs(),
                "{left:?} {right:?}"
            );
        }
    }
}
