//! Matrices too large for the loops of `small`: faer's routines, on column-major memory.

use faer::linalg::lu::partial_pivoting as plu;
use faer::perm::PermRef;
use faer::prelude::default;
use faer::{MatMut, MatRef, Par};

use crate::scalar::Scalar;
use crate::scratch::Scratch;

/// How a routine on matrices of this many elements is split: by their size alone, never by the number of threads.
pub fn par(_elements: usize) -> Par {
    Par::Seq
}

/// Writes the transpose of a row-major `m × n` matrix: its elements in column-major order, or back.
pub fn transpose<T: Copy>(from: &[T], m: usize, n: usize, to: &mut [T]) {
    const TILE: usize = 16;
    for i in (0..m).step_by(TILE) {
        for j in (0..n).step_by(TILE) {
            for jj in j..n.min(j + TILE) {
                for ii in i..m.min(i + TILE) {
                    to[jj * m + ii] = from[ii * n + jj];
                }
            }
        }
    }
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
pub struct Lu<T> {
    /// `L` below the diagonal, `U` above, column-major.
    pub packed: Vec<T>,
    /// Row `i` of `P A` is this row of `A`.
    pub rows: Vec<usize>,
    /// The inverse permutation.
    pub inverse: Vec<usize>,
    /// Whether the permutation is odd.
    pub odd: bool,
    m: usize,
    n: usize,
}

impl<T: Scalar> Lu<T> {
    /// Factors a row-major matrix.
    pub fn new(a: &[T], m: usize, n: usize) -> Lu<T> {
        let mut packed = vec![T::default(); m * n];
        transpose(a, m, n, &mut packed);
        let (mut rows, mut inverse) = (vec![0usize; m], vec![0usize; m]);
        let par = par(m * n);
        let mut scratch = Scratch::new(plu::factor::lu_in_place_scratch::<usize, T>(
            m,
            n,
            par,
            default(),
        ));
        let (info, _) = plu::factor::lu_in_place(
            columns_mut(&mut packed, m, n),
            &mut rows,
            &mut inverse,
            par,
            scratch.stack(),
            default(),
        );
        Lu {
            packed,
            rows,
            inverse,
            odd: info.transposition_count % 2 == 1,
            m,
            n,
        }
    }

    /// The diagonal of `U`.
    pub fn pivots(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.m.min(self.n)).map(|i| self.packed[i * self.m + i])
    }

    /// Whether `U` has a zero on its diagonal.
    pub fn is_singular(&self) -> bool {
        self.pivots().any(|x| x == T::default())
    }

    fn permutation(&self) -> PermRef<'_, usize> {
        PermRef::new_checked(&self.rows, &self.inverse, self.m)
    }

    /// Solves `A x = b` in place of a row-major `n × k` matrix.
    pub fn solve(&self, b: &mut [T], k: usize) {
        let n = self.n;
        if k == 1 {
            return self.solve_one(b);
        }
        let a = columns(&self.packed, n, n);
        let par = par(n * n);
        let mut scratch = Scratch::new(plu::solve::solve_in_place_scratch::<usize, T>(n, k, par));
        let b = match k {
            1 => columns_mut(b, n, 1),
            _ => MatMut::from_row_major_slice_mut(b, n, k),
        };
        plu::solve::solve_in_place(a, a, self.permutation(), b, par, scratch.stack());
    }

    /// Solves `A x = b` in place, column by column: for one vector blocking costs more than it saves.
    fn solve_one(&self, b: &mut [T]) {
        let n = self.n;
        let permuted: Vec<T> = self.rows.iter().map(|&row| b[row]).collect();
        b.copy_from_slice(&permuted);
        let subtract = |from: &mut [T], column: &[T], x: T| {
            for (y, &a) in from.iter_mut().zip(column) {
                *y -= a * x;
            }
        };
        for (j, column) in self.packed.chunks_exact(n.max(1)).enumerate() {
            let x = b[j];
            subtract(&mut b[j + 1..], &column[j + 1..], x);
        }
        for (j, column) in self.packed.chunks_exact(n.max(1)).enumerate().rev() {
            let x = b[j] * column[j].inverse();
            b[j] = x;
            subtract(&mut b[..j], &column[..j], x);
        }
    }

    /// Writes `A⁻¹`, row-major.
    pub fn invert(&self, out: &mut [T]) {
        let n = self.n;
        let a = columns(&self.packed, n, n);
        let par = par(n * n);
        let mut scratch = Scratch::new(plu::inverse::inverse_scratch::<usize, T>(n, par));
        let mut inverse = vec![T::default(); n * n];
        plu::inverse::inverse(
            columns_mut(&mut inverse, n, n),
            a,
            a,
            self.permutation(),
            par,
            scratch.stack(),
        );
        transpose(&inverse, n, n, out);
    }
}
