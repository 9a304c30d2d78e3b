//! Matrices too large for the loops of `small`: column-major memory for faer's routines, and LU factors.

use civita_core::error::Result;
use faer::{MatMut, MatRef};

use crate::blocked::{self, Diagonal};
use crate::gemm::{Rows, View};
use crate::scalar::{Real, Scalar};

/// Writes the transpose of a row-major `m × n` matrix: its elements in column-major order, or back.
pub fn transpose<T: Scalar>(from: &[T], m: usize, n: usize, to: &mut [T]) {
    blocked::transpose(View::row_major(from, m, n, n), Rows::new(to, n, m, m));
}

/// A row-major square matrix in column-major order and double precision.
pub fn wide_columns<T: Scalar, W: Scalar<Real = f64>>(rows: &[T], n: usize) -> Vec<W> {
    let wide = Vec::from_iter(rows.iter().map(|x| W::of(x.re().wide(), x.im().wide())));
    let mut columns = vec![W::default(); n * n];
    transpose(&wide, n, n, &mut columns);
    columns
}

/// Column-major, to be read.
pub fn columns<T>(x: &[T], m: usize, n: usize) -> MatRef<'_, T> {
    MatRef::from_column_major_slice(x, m, n)
}

/// Column-major, to be written.
pub fn columns_mut<T>(x: &mut [T], m: usize, n: usize) -> MatMut<'_, T> {
    MatMut::from_column_major_slice_mut(x, m, n)
}

/// A factorisation `P A = L U` of an `m × n` matrix.
pub struct Lu<'a, T> {
    /// `L` below the diagonal, `U` on and above it, row-major, where `A` was.
    packed: &'a mut [T],
    /// Row `i` of `P A` is this row of `A`.
    pub rows: Vec<usize>,
    /// Whether the permutation is odd.
    pub odd: bool,
    m: usize,
    n: usize,
}

impl<'a, T: Scalar> Lu<'a, T> {
    /// Factors a row-major matrix in place.
    pub fn new(a: &'a mut [T], m: usize, n: usize) -> Result<Lu<'a, T>> {
        let mut rows = Vec::from_iter(0..m);
        let odd = blocked::lu(a, m, n, &mut rows)?;
        Ok(Lu {
            packed: a,
            rows,
            odd,
            m,
            n,
        })
    }

    /// The diagonal of `U`.
    pub fn pivots(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.m.min(self.n)).map(|i| self.packed[i * self.n + i])
    }

    /// Whether `U` has a zero on its diagonal.
    pub fn is_singular(&self) -> bool {
        self.pivots().any(|x| x == T::default())
    }

    /// Solves `A x = b` in place of a row-major `n × k` matrix.
    pub fn solve(&self, b: &mut [T], k: usize) -> Result<()> {
        let n = self.n;
        let factors = View::row_major(self.packed, n, n, n);
        let mut permuted = Vec::with_capacity(n * k);
        for &row in &self.rows {
            permuted.extend_from_slice(&b[row * k..(row + 1) * k]);
        }
        b.copy_from_slice(&permuted);
        let mut b = Rows::new(b, n, k, k);
        blocked::solve_lower(factors, Diagonal::Unit, b.by_ref())?;
        blocked::solve_upper(factors, Diagonal::Own, b)
    }

    /// Writes `A⁻¹`, row-major.
    pub fn invert(&self, out: &mut [T]) -> Result<()> {
        blocked::invert(self.packed, &self.rows, self.n, out)
    }
}
