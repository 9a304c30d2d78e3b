//! Eigenvalues of Hermitian matrices with few rows: where blocking costs more than it saves.
//!
//! ```text
//! reflect to real tridiagonal form (LAPACK's hetd2); multiply the reflections out, last one first
//! QL iterations with implicit shifts, whose rotations turn the columns of that product too (EISPACK's tql2)
//! sort
//! ```
//!
//! The vectors lie one after the other, so that a rotation runs along memory.

use faer::traits::math_utils as math;

use crate::scalar::{Real, Scalar};
use crate::tridiagonal::iterate;

/// The largest number of rows that this is for: above, the blocked routines are as fast.
pub const SMALL_EIGH: usize = 24;

/// What counts as zero beside the diagonal whatever is there, in matrices whose largest element is near 1.
const LEAST: f64 = 1e-140;

/// Memory of decompositions of one size.
pub struct SmallEigh<T: Scalar> {
    n: usize,
    d: Vec<f64>,
    e: Vec<f64>,
    tau: Vec<T>,
    column: Vec<T>,
}

fn real<T: Scalar>(x: f64) -> T {
    T::of(T::Real::of(x), T::Real::default())
}

impl<T: Scalar> SmallEigh<T> {
    /// For `n` rows.
    pub fn new(n: usize) -> SmallEigh<T> {
        SmallEigh {
            n,
            d: vec![0.0; n],
            e: vec![0.0; n],
            tau: vec![T::default(); n],
            column: vec![T::default(); n],
        }
    }

    /// Decomposes a row-major matrix, of which the lower triangle is read and overwritten: ascending eigenvalues into `w`, and the vectors,
    /// one after the other, into `v` unless that is empty. False where it does not converge.
    pub fn run(&mut self, a: &mut [T], w: &mut [T], v: &mut [T]) -> bool {
        let n = self.n;
        self.tridiagonal(a);
        if !v.is_empty() {
            self.product(a, v);
        }
        if !self.iterate(v) {
            return false;
        }
        // few are out of order, and they are few
        for i in 0..n {
            let mut least = i;
            for j in i + 1..n {
                if self.d[j] < self.d[least] {
                    least = j;
                }
            }
            if least != i {
                self.d.swap(i, least);
                if !v.is_empty() {
                    let (head, tail) = v.split_at_mut(least * n);
                    head[i * n..(i + 1) * n].swap_with_slice(&mut tail[..n]);
                }
            }
            w[i] = real(self.d[i]);
        }
        true
    }

    /// Leaves the reflections below the diagonal, `d` and `e`.
    fn tridiagonal(&mut self, a: &mut [T]) {
        let n = self.n;
        let reflected = if T::COMPLEX {
            n.saturating_sub(1)
        } else {
            n.saturating_sub(2)
        };
        for k in 0..n.saturating_sub(1) {
            let len = n - k - 1;
            for i in 0..len {
                self.column[i] = a[(k + 1 + i) * n + k];
            }
            let x = &mut self.column[..len];
            let rest: f64 = x[1..]
                .iter()
                .map(|x| (*x * x.conjugate()).re().wide())
                .sum();
            let alpha = x[0];
            if k >= reflected || rest == 0.0 && alpha.im().wide() == 0.0 {
                self.tau[k] = T::default();
                self.e[k] = alpha.re().wide();
                continue;
            }
            let size = ((alpha * alpha.conjugate()).re().wide() + rest).sqrt();
            let beta = if alpha.re().wide() >= 0.0 {
                -size
            } else {
                size
            };
            let tau = (real::<T>(beta) - alpha) * real::<T>(1.0 / beta);
            let scale = (alpha - real::<T>(beta)).inverse();
            x[0] = math::one::<T>();
            for x in &mut x[1..] {
                *x *= scale;
            }
            for i in 0..len {
                a[(k + 1 + i) * n + k] = x[i];
            }
            self.e[k] = beta;
            self.tau[k] = tau;
            // p = τ A v by the lower triangle, in the memory of the last of e's place: v is read, p is written
            let mut p = [T::default(); SMALL_EIGH];
            let p = &mut p[..len];
            for i in 0..len {
                let row = &a[(k + 1 + i) * n + k + 1..][..i + 1];
                let (below, diagonal) = row.split_at(i);
                let mut sum = diagonal[0] * x[i];
                for (j, &y) in below.iter().enumerate() {
                    sum += y * x[j];
                    p[j] += y.conjugate() * x[i];
                }
                p[i] += sum;
            }
            let mut dot = T::default();
            for (p, x) in p.iter_mut().zip(&*x) {
                *p *= tau;
                dot += p.conjugate() * *x;
            }
            let share = real::<T>(-0.5) * tau * dot;
            for (p, x) in p.iter_mut().zip(&*x) {
                *p += share * *x;
            }
            for i in 0..len {
                let row = &mut a[(k + 1 + i) * n + k + 1..][..i + 1];
                let (xi, pi) = (x[i], p[i]);
                for (j, y) in row.iter_mut().enumerate() {
                    *y += -(xi * p[j].conjugate() + pi * x[j].conjugate());
                }
            }
        }
        for i in 0..n {
            self.d[i] = a[i * n + i].re().wide();
        }
    }

    /// The product of the reflections, column by column.
    fn product(&mut self, a: &[T], v: &mut [T]) {
        let n = self.n;
        v.fill(T::default());
        for i in 0..n {
            v[i * n + i] = math::one::<T>();
        }
        for k in (0..n.saturating_sub(1)).rev() {
            let tau = self.tau[k];
            if tau == T::default() {
                continue;
            }
            let x = &mut self.column[..n - k - 1];
            for (i, x) in x.iter_mut().enumerate() {
                *x = a[(k + 1 + i) * n + k];
            }
            for column in v[(k + 1) * n..].chunks_exact_mut(n) {
                let column = &mut column[k + 1..];
                let mut dot = T::default();
                for (y, x) in column.iter().zip(&*x) {
                    dot += x.conjugate() * *y;
                }
                let share = -(tau * dot);
                for (y, x) in column.iter_mut().zip(&*x) {
                    *y += share * *x;
                }
            }
        }
    }

    fn iterate(&mut self, v: &mut [T]) -> bool {
        let n = self.n;
        let (d, e, eps) = (&mut self.d, &mut self.e, T::Real::EPSILON);
        if v.is_empty() {
            return iterate(d, e, eps, LEAST, |_, _, _, _| ());
        }
        iterate(d, e, eps, LEAST, |_, i, c, s| {
            let (left, right) = v[i * n..(i + 2) * n].split_at_mut(n);
            let (cosine, sine) = (real::<T>(c), real::<T>(s));
            for (x, y) in left.iter_mut().zip(right) {
                let (u, t) = (*x, *y);
                *y = sine * u + cosine * t;
                *x = cosine * u - sine * t;
            }
        })
    }
}
