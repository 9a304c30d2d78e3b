//! Factors of covariances, for multivariate normal draws.
//!
//! Jacobi's methods: simple, accurate to the last digits, fast enough for the few dozen variables that a covariance has.

use crate::error::{Error, Result};

/// How a covariance is factored: the same distribution, other draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// `U √S` of the singular value decomposition `U S Vᵀ`.
    Svd,
    /// `V √|Λ|` of the eigenvalues of the lower triangle.
    Eigh,
    /// The lower triangle `L` with `L Lᵀ`, of the lower triangle. The fastest; the covariance must be positive definite.
    Cholesky,
}

/// A factored covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    n: usize,
    /// `A` with `A Aᵀ` the covariance, row by row.
    factor: Vec<f64>,
    positive: bool,
}

/// Sweeps after which Jacobi's methods have long converged.
const SWEEPS: usize = 60;

impl Covariance {
    /// Factors a matrix of `n` rows, given row by row. `tolerance` is by how much it may fail to be positive semidefinite.
    ///
    /// # Errors
    /// When Cholesky meets a matrix that is not positive definite, the singular value decomposition a NaN, or it has no `n²` entries.
    pub fn new(matrix: &[f64], n: usize, by: Factor, tolerance: f64) -> Result<Covariance> {
        Covariance::new_pausing(matrix, n, by, tolerance, &mut || {})
    }

    /// As [`new`](Self::new). `pause` is called between steps of at most `n²` operations, and may unwind.
    ///
    /// # Errors
    /// As `new`.
    pub fn new_pausing(
        matrix: &[f64],
        n: usize,
        by: Factor,
        tolerance: f64,
        pause: &mut dyn FnMut(),
    ) -> Result<Covariance> {
        if n.checked_mul(n) != Some(matrix.len()) {
            return Err(Error::value("cov must be 2 dimensional and square"));
        }
        let (factor, positive) = match by {
            Factor::Cholesky => (cholesky(matrix, n, pause)?, true),
            Factor::Eigh => {
                let (values, mut vectors) = eigen(matrix, n, pause);
                scale_columns(&mut vectors, n, |j| values[j].abs().sqrt());
                (vectors, !values.iter().any(|&v| v < -tolerance))
            }
            Factor::Svd if matrix.iter().any(|x| x.is_nan()) => {
                return Err(Error::value("SVD did not converge"));
            }
            Factor::Svd => {
                let (mut u, s, v) = svd(matrix, n, pause);
                // V S Vᵀ is the matrix if it is positive semidefinite
                let near = (0..n * n).all(|at| {
                    let (i, j) = (at / n, at % n);
                    if j == 0 {
                        pause();
                    }
                    let again: f64 = (0..n).map(|k| v[i * n + k] * s[k] * v[j * n + k]).sum();
                    (again - matrix[at]).abs() <= tolerance + tolerance * matrix[at].abs()
                });
                scale_columns(&mut u, n, |j| s[j].sqrt());
                (u, near)
            }
        };
        Ok(Covariance {
            n,
            factor,
            positive,
        })
    }

    /// The number of variables.
    pub fn rows(&self) -> usize {
        self.n
    }

    /// Whether the covariance is positive semidefinite, within the tolerance.
    pub fn is_positive(&self) -> bool {
        self.positive
    }

    /// Turns rows of standard normal numbers into rows of the distribution.
    pub fn apply(&self, mean: &[f64], rows: &mut [f64]) {
        if self.n == 0 {
            return;
        }
        let mut draw = vec![0.0; self.n];
        for row in rows.chunks_exact_mut(self.n) {
            draw.copy_from_slice(row);
            for ((x, factor), mean) in row
                .iter_mut()
                .zip(self.factor.chunks_exact(self.n))
                .zip(mean)
            {
                let sum: f64 = factor.iter().zip(&draw).map(|(a, z)| a * z).sum();
                *x = mean + sum;
            }
        }
    }
}

fn scale_columns(matrix: &mut [f64], n: usize, by: impl Fn(usize) -> f64) {
    for row in matrix.chunks_exact_mut(n.max(1)) {
        for (j, x) in row.iter_mut().enumerate() {
            *x *= by(j);
        }
    }
}

fn identity(n: usize) -> Vec<f64> {
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        matrix[i * n + i] = 1.0;
    }
    matrix
}

pub(crate) fn cholesky(a: &[f64], n: usize, pause: &mut dyn FnMut()) -> Result<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        pause();
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
            let rest = a[i * n + j] - sum;
            l[i * n + j] = if i > j {
                rest / l[j * n + j]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return Err(Error::value("Matrix is not positive definite"));
            };
        }
    }
    Ok(l)
}

/// The rotation `(c, s)` that makes two numbers of the diagonal, `p` and `q`, independent of what couples them.
fn rotation(p: f64, q: f64, coupling: f64) -> (f64, f64) {
    let zeta = (q - p) / (2.0 * coupling);
    let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    (c, c * t)
}

/// Rotates columns `p` and `q`.
fn rotate(matrix: &mut [f64], n: usize, p: usize, q: usize, (c, s): (f64, f64)) {
    for row in matrix.chunks_exact_mut(n) {
        let (x, y) = (row[p], row[q]);
        row[p] = c * x - s * y;
        row[q] = s * x + c * y;
    }
}

/// The order of values, and columns in that order.
fn ordered(values: &[f64], columns: &[&[f64]], n: usize, up: bool) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| {
        let (i, j) = if up { (i, j) } else { (j, i) };
        values[i].total_cmp(&values[j])
    });
    let sorted = columns
        .iter()
        .map(|m| (0..n * n).map(|at| m[at / n * n + order[at % n]]).collect())
        .collect();
    (order.iter().map(|&i| values[i]).collect(), sorted)
}

/// Eigenvalues in ascending order and eigenvectors in columns, of the lower triangle: Jacobi (1846).
fn eigen(lower: &[f64], n: usize, pause: &mut dyn FnMut()) -> (Vec<f64>, Vec<f64>) {
    let mut a: Vec<f64> = (0..n * n)
        .map(|at| {
            let (i, j) = (at / n, at % n);
            lower[i.max(j) * n + i.min(j)]
        })
        .collect();
    let mut vectors = identity(n);
    for _ in 0..SWEEPS {
        let mut quiet = true;
        for p in 0..n {
            pause();
            for q in p + 1..n {
                let coupling = a[p * n + q];
                let (x, y) = (a[p * n + p], a[q * n + q]);
                if coupling.abs() <= f64::EPSILON * 1e-3 * (x * y).abs().sqrt()
                    || !coupling.is_finite()
                {
                    continue;
                }
                quiet = false;
                let turn = rotation(x, y, coupling);
                rotate(&mut a, n, p, q, turn);
                // the rows, as columns of the symmetric matrix
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    a[p * n + k] = turn.0 * x - turn.1 * y;
                    a[q * n + k] = turn.1 * x + turn.0 * y;
                }
                a[p * n + q] = 0.0;
                a[q * n + p] = 0.0;
                rotate(&mut vectors, n, p, q, turn);
            }
        }
        if quiet {
            break;
        }
    }
    let values: Vec<f64> = (0..n).map(|i| a[i * n + i]).collect();
    let (values, mut sorted) = ordered(&values, &[&vectors], n, true);
    (values, sorted.pop().unwrap_or_default())
}

/// Left singular vectors in columns, singular values in descending order, right singular vectors in columns: Hestenes (1958).
fn svd(matrix: &[f64], n: usize, pause: &mut dyn FnMut()) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut u = matrix.to_vec();
    let mut v = identity(n);
    for _ in 0..SWEEPS {
        let mut quiet = true;
        for p in 0..n {
            pause();
            for q in p + 1..n {
                let (mut x, mut y, mut coupling) = (0.0, 0.0, 0.0);
                for row in u.chunks_exact(n) {
                    x += row[p] * row[p];
                    y += row[q] * row[q];
                    coupling += row[p] * row[q];
                }
                if coupling.abs() <= f64::EPSILON * 0.5 * (x * y).sqrt() || !coupling.is_finite() {
                    continue;
                }
                quiet = false;
                let turn = rotation(x, y, coupling);
                rotate(&mut u, n, p, q, turn);
                rotate(&mut v, n, p, q, turn);
            }
        }
        if quiet {
            break;
        }
    }
    let s: Vec<f64> = (0..n)
        .map(|j| {
            u.chunks_exact(n.max(1))
                .map(|row| row[j] * row[j])
                .sum::<f64>()
                .sqrt()
        })
        .collect();
    scale_columns(&mut u, n, |j| if s[j] > 0.0 { 1.0 / s[j] } else { 1.0 });
    let (s, mut sorted) = ordered(&s, &[&u, &v], n, false);
    let v = sorted.pop().unwrap_or_default();
    (sorted.pop().unwrap_or_default(), s, v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factor_gives_the_covariance_back() {
        let matrix = [4.0, 1.0, 0.5, 1.0, 3.0, -0.25, 0.5, -0.25, 2.0];
        for by in [Factor::Svd, Factor::Eigh, Factor::Cholesky] {
            let covariance = Covariance::new(&matrix, 3, by, 1e-8).unwrap();
            assert!(covariance.is_positive());
            let a = &covariance.factor;
            for (at, entry) in matrix.iter().enumerate() {
                let (i, j) = (at / 3, at % 3);
                let again: f64 = (0..3).map(|k| a[i * 3 + k] * a[j * 3 + k]).sum();
                assert!((again - entry).abs() < 1e-14, "{by:?} {at}: {again}");
            }
        }
    }

    #[test]
    fn what_is_no_covariance_is_found_out() {
        let indefinite = [1.0, 2.0, 2.0, 1.0];
        assert!(Covariance::new(&indefinite, 2, Factor::Cholesky, 1e-8).is_err());
        assert!(
            !Covariance::new(&indefinite, 2, Factor::Eigh, 1e-8)
                .unwrap()
                .is_positive()
        );
        assert!(
            !Covariance::new(&indefinite, 2, Factor::Svd, 1e-8)
                .unwrap()
                .is_positive()
        );
        let nan = [f64::NAN; 4];
        assert!(Covariance::new(&nan, 2, Factor::Svd, 1e-8).is_err());
        assert!(Covariance::new(&nan, 2, Factor::Cholesky, 1e-8).is_err());
        _ = Covariance::new(&nan, 2, Factor::Eigh, 1e-8).unwrap();
    }
}
