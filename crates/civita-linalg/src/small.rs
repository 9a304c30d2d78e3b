//! Matrices of up to [`SMALL`] rows: loops over rows in the first-level cache, without blocking and without memory from the
//! heap. Those of up to 4 rows are compiled for their size.

use crate::divisor::Divisor;
use crate::scalar::Scalar;

/// The largest number of rows that these loops are for.
pub const SMALL: usize = 16;

/// Calls `$f` with a length that the compiler knows where it is small.
macro_rules! known {
    ($n:expr, |$k:ident| $body:expr) => {
        match $n {
            1 => {
                let $k = 1;
                $body
            }
            2 => {
                let $k = 2;
                $body
            }
            3 => {
                let $k = 3;
                $body
            }
            4 => {
                let $k = 4;
                $body
            }
            $k => $body,
        }
    };
}
pub(crate) use known;

/// A row, to be read, and those after it.
#[inline(always)]
fn split<T>(a: &mut [T], n: usize, row: usize) -> (&[T], &mut [T]) {
    let (head, tail) = a.split_at_mut((row + 1) * n);
    (&head[row * n..], tail)
}

/// `P A = L U` in place of a row-major `n × n` matrix, by partial pivoting. `swap(i, j)` is told of each exchange of rows. What
/// comes back is the parity of the permutation, and the first pivot that is zero.
#[inline(always)]
pub fn lu<T: Scalar>(
    a: &mut [T],
    n: usize,
    mut swap: impl FnMut(usize, usize),
) -> (bool, Option<usize>) {
    let a = &mut a[..n * n];
    let (mut odd, mut singular) = (false, None);
    for k in 0..n {
        let mut pivot = k;
        let mut largest = a[k * n + k].size();
        for i in k + 1..n {
            let size = a[i * n + k].size();
            if size > largest {
                (largest, pivot) = (size, i);
            }
        }
        if pivot != k {
            odd = !odd;
            for j in 0..n {
                a.swap(k * n + j, pivot * n + j);
            }
            swap(k, pivot);
        }
        if a[k * n + k] == T::default() {
            singular = singular.or(Some(k));
            continue;
        }
        let pivot = Divisor::new(a[k * n + k]);
        let (upper, below) = split(a, n, k);
        for row in below.chunks_exact_mut(n) {
            let factor = pivot.of(row[k]);
            row[k] = factor;
            for j in k + 1..n {
                row[j] -= factor * upper[j];
            }
        }
    }
    (odd, singular)
}

/// Solves `L U x = b` in place of `b`, a row-major `n × m` matrix whose rows are permuted already.
#[inline(always)]
pub fn solve_lu<T: Scalar>(lu: &[T], n: usize, b: &mut [T], m: usize) {
    let (lu, b) = (&lu[..n * n], &mut b[..n * m]);
    for k in 0..n {
        let (known, below) = split(b, m, k);
        for (i, row) in below.chunks_exact_mut(m).enumerate() {
            let factor = lu[(k + 1 + i) * n + k];
            for (x, &y) in row.iter_mut().zip(known) {
                *x -= factor * y;
            }
        }
    }
    for k in (0..n).rev() {
        let pivot = Divisor::new(lu[k * n + k]);
        let (above, rest) = b.split_at_mut(k * m);
        let known = &mut rest[..m];
        for x in known.iter_mut() {
            *x = pivot.of(*x);
        }
        for (i, row) in above.chunks_exact_mut(m).enumerate() {
            let factor = lu[i * n + k];
            for (x, &y) in row.iter_mut().zip(&*known) {
                *x -= factor * y;
            }
        }
    }
}

/// `A = L Lᴴ` in place of the lower triangle; the upper one becomes zero. False where `A` is not positive definite.
#[inline(always)]
pub fn cholesky<T: Scalar>(a: &mut [T], n: usize) -> bool {
    let a = &mut a[..n * n];
    for j in 0..n {
        let mut d = a[j * n + j].re();
        for k in 0..j {
            let x = a[j * n + k];
            d -= (x * x.conjugate()).re();
        }
        // NaN is not positive either
        let positive = d > T::Real::default();
        if !positive {
            return false;
        }
        let root = faer::traits::math_utils::sqrt(&d);
        let inverse = T::of(root, T::Real::default()).inverse();
        a[j * n + j] = T::of(root, T::Real::default());
        let (upper, below) = split(a, n, j);
        for row in below.chunks_exact_mut(n) {
            let mut x = row[j];
            for k in 0..j {
                x -= row[k] * upper[k].conjugate();
            }
            row[j] = x * inverse;
        }
        for x in &mut a[j * n + j + 1..(j + 1) * n] {
            *x = T::default();
        }
    }
    true
}
