//! Random covariances.

use crate::bits::BitGenerator;
use crate::covariance::cholesky;
use crate::distributions::{ChiSquare, StandardNormal};
use crate::error::{Error, Result};

/// Wishart: the distribution of `X Xᵀ` for `df` columns `X` of normal vectors with covariance `scale`; `df` may be no integer. SciPy's
/// `stats.wishart`: the same draws in the same order.
///
/// By Bartlett's decomposition: `C A Aᵀ Cᵀ` with `C` the Cholesky factor of the scale and a lower triangular `A`, which has the square
/// roots of χ² of `df`, `df - 1`, … on the diagonal and standard normals below it (Smith and Hocking 1972).
///
/// ```
/// use civita_random::{Generator, Wishart};
///
/// let wishart = Wishart::new(5.0, &[2.0, 0.5, 0.5, 1.0], 2)?;
/// let mut rng = Generator::new(42);
/// let mut out = [0.0; 8]; // two matrices
/// wishart.fill(&mut rng.bits, &mut out);
/// assert_eq!(out[1], out[2]);
/// # Ok::<(), civita_random::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Wishart {
    df: f64,
    n: usize,
    /// The lower triangular factor of the scale, row by row.
    factor: Vec<f64>,
}

impl Wishart {
    /// With `df` degrees of freedom and a scale of `n` rows, given row by row, of which the lower triangle is read.
    ///
    /// # Errors
    /// Unless `df > n - 1`, and the scale is positive definite and has `n²` entries.
    pub fn new(df: f64, scale: &[f64], n: usize) -> Result<Wishart> {
        if n == 0 || n.checked_mul(n) != Some(scale.len()) {
            return Err(Error::value("scale must be a square matrix, not empty"));
        }
        if !(df > n as f64 - 1.0) || !df.is_finite() {
            return Err(Error::value(
                "Degrees of freedom must be greater than the dimension of scale matrix minus 1.",
            ));
        }
        let factor = cholesky(scale, n, &mut || {})?;
        Ok(Wishart { df, n, factor })
    }

    /// The number of rows of a matrix.
    pub fn rows(&self) -> usize {
        self.n
    }

    /// Fills a slice with matrices, row by row; what is left at its end is not written.
    pub fn fill<B: BitGenerator>(&self, bits: &mut B, out: &mut [f64]) {
        self.fill_pausing(bits, out, &mut || {});
    }

    /// As [`fill`](Self::fill). `pause` is called before each matrix, and may unwind.
    pub fn fill_pausing<B: BitGenerator>(
        &self,
        bits: &mut B,
        out: &mut [f64],
        pause: &mut dyn FnMut(),
    ) {
        let n = self.n;
        let count = out.len() / (n * n);
        let below = n * (n - 1) / 2;
        let mut normals = vec![0.0; count * below];
        bits.fill(&StandardNormal {}, &mut normals);
        let mut diagonals = vec![0.0; count * n];
        for (i, diagonal) in diagonals.chunks_exact_mut(count.max(1)).enumerate() {
            // the constructor checked the least of them
            if let Ok(squares) = ChiSquare::new(self.df - (i + 1) as f64 + 1.0) {
                bits.fill(&squares, diagonal);
            }
        }
        let (mut a, mut product) = (vec![0.0; n * n], vec![0.0; n * n]);
        for (k, matrix) in out.chunks_exact_mut(n * n).enumerate() {
            pause();
            let mut next = normals[k * below..].iter();
            for i in 0..n {
                for j in 0..i {
                    a[i * n + j] = next.next().copied().unwrap_or(0.0);
                }
                a[i * n + i] = diagonals[i * count + k].sqrt();
            }
            for i in 0..n {
                for j in 0..=i {
                    product[i * n + j] =
                        (j..=i).map(|m| self.factor[i * n + m] * a[m * n + j]).sum();
                }
            }
            for i in 0..n {
                for j in 0..=i {
                    let all = (0..=j).map(|m| product[i * n + m] * product[j * n + m]);
                    let x: f64 = all.sum();
                    matrix[i * n + j] = x;
                    matrix[j * n + i] = x;
                }
            }
        }
    }
}
