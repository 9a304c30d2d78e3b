//! Singular values of real bidiagonal matrices, and of those that faer reduces to these: QR iterations with implicit shifts.
//!
//! ```text
//! A = Q R                         where there are many more rows than columns
//! A = H B Gᴴ                      Householder reflections, faer's
//! B = X diag(s) Yᵀ                QR iterations; their rotations turn the columns of X and Y
//! U = Q H X, V = G Y              blocks of reflections, faer's
//! ```
//!
//! Source: Golub and Van Loan, *Matrix Computations*, 8.6. faer's own method for larger matrices, divide and conquer, has wrong singular
//! values where many of them are zero.

use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::qr::no_pivoting::factor as faer_qr;
use faer::linalg::svd::bidiag;
use faer::prelude::default;
use faer::traits::math_utils as math;
use faer::{Conj, Par};

use crate::dense::{columns, columns_mut};
use crate::rotations::{Rotation, Turned};
use crate::scalar::{Real, Scalar};
use crate::scratch::Scratch;
use crate::tridiagonal::phase;
use crate::workers::both;

/// Which vectors a rotation turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Left,
    Right,
}

/// Brings `e`, above the diagonal `d` of a bidiagonal matrix, to zero. `rotate(of, x, y, c, s)` is told
/// how to turn the columns of the vectors, as a [`Rotation`]. False where it does not converge.
#[inline(always)]
fn iterate(
    d: &mut [f64],
    e: &mut [f64],
    eps: f64,
    mut rotate: impl FnMut(Of, usize, usize, f64, f64),
) -> bool {
    let n = d.len();
    let norm = d.iter().chain(&*e).fold(0.0f64, |all, x| all.max(x.abs()));
    let least = (eps * norm).max(f64::MIN_POSITIVE);
    let mut high = n.saturating_sub(1);
    let mut steps = 0;
    while high > 0 {
        let mut low = high;
        while low > 0 {
            let beside = (d[low - 1].abs() + d[low].abs()).max(norm / 16.0);
            if e[low - 1].abs() <= eps * beside {
                e[low - 1] = 0.0;
                break;
            }
            low -= 1;
        }
        if low == high {
            (high, steps) = (high - 1, 0);
            continue;
        }
        steps += 1;
        if steps > 100 {
            return false;
        }
        // a zero on the diagonal: its row becomes zero, or the last column
        if let Some(k) = (low..high).rev().find(|&k| d[k].abs() <= least) {
            d[k] = 0.0;
            let mut x = std::mem::take(&mut e[k]);
            for j in k + 1..=high {
                let (c, s, r) = Rotation::onto(d[j], x);
                d[j] = r;
                if j < high {
                    (x, e[j]) = (-s * e[j], c * e[j]);
                }
                rotate(Of::Left, j, k, c, s);
            }
            continue;
        }
        if d[high].abs() <= least {
            d[high] = 0.0;
            let mut x = std::mem::take(&mut e[high - 1]);
            for j in (low..high).rev() {
                let (c, s, r) = Rotation::onto(d[j], x);
                d[j] = r;
                if j > low {
                    (x, e[j - 1]) = (-s * e[j - 1], c * e[j - 1]);
                }
                rotate(Of::Right, j, high, c, s);
            }
            continue;
        }
        // the eigenvalue of the last two rows of BᵀB that is nearer to the last element
        let before = if high - 1 > low { e[high - 2] } else { 0.0 };
        let (f, g, h) = (d[high - 1], d[high], e[high - 1]);
        let (t00, t11, t01) = (f * f + before * before, g * g + h * h, f * h);
        let half = (t00 - t11) / 2.0;
        let size = half.hypot(t01);
        let shift = match t01 == 0.0 {
            true => t11,
            false => t11 - t01 * (t01 / (half + size.copysign(half))),
        };
        let mut y = (d[low].abs() - shift.max(0.0).sqrt())
            * (1f64.copysign(d[low]) + shift.max(0.0).sqrt() / d[low]);
        let mut z = e[low];
        for k in low..high {
            let (c, s, r) = Rotation::onto(y, z);
            if k > low {
                e[k - 1] = r;
            }
            (y, e[k]) = (c * d[k] + s * e[k], c * e[k] - s * d[k]);
            (z, d[k + 1]) = (s * d[k + 1], c * d[k + 1]);
            rotate(Of::Right, k, k + 1, c, s);
            let (c, s, r) = Rotation::onto(y, z);
            d[k] = r;
            (y, d[k + 1]) = (c * e[k] + s * d[k + 1], c * d[k + 1] - s * e[k]);
            if k + 1 < high {
                (z, e[k + 1]) = (s * e[k + 1], c * e[k + 1]);
            }
            rotate(Of::Left, k, k + 1, c, s);
        }
        e[high - 1] = y;
    }
    d.iter().all(|x| x.is_finite())
}

/// From so many rows for each column on, `A = Q R` comes first.
const TALL: f64 = 11.0 / 6.0;

/// Memory of decompositions of one size.
pub struct Bidiagonal<T: Scalar> {
    m: usize,
    n: usize,
    d: Vec<f64>,
    e: Vec<f64>,
    order: Vec<usize>,
    block: usize,
    left: Vec<T>,
    right: Vec<T>,
    /// The reflectors of `Q`, and `R`.
    tall: Option<(Vec<T>, Vec<T>)>,
    vectors: Option<[Turned<T::Real>; 2]>,
    par: Par,
    scratch: Scratch,
}

impl<T: Scalar> Bidiagonal<T> {
    /// For `m` rows and `n ≤ m` columns, at least one.
    pub fn new(m: usize, n: usize, vectors: bool, par: Par) -> Bidiagonal<T> {
        let block = faer_qr::recommended_block_size::<T>(m, n).clamp(1, n);
        let tall = m as f64 > n as f64 * TALL;
        let rows = if tall { n } else { m };
        let mut size = bidiag::bidiag_in_place_scratch::<T>(rows, n, par, default());
        if tall {
            let factor = faer_qr::qr_in_place_scratch::<T>(m, n, block, par, default());
            size = size.or(factor);
        }
        if vectors {
            size = size.or(apply_scratch::<T>(m, block, m));
        }
        Bidiagonal {
            m,
            n,
            d: vec![0.0; n],
            e: vec![0.0; n - 1],
            order: Vec::with_capacity(n),
            block,
            left: vec![T::default(); block * n],
            right: vec![T::default(); block * (n - 1)],
            tall: tall.then(|| (vec![T::default(); block * n], vec![T::default(); n * n])),
            vectors: vectors.then(|| [Turned::new(n), Turned::new(n)]),
            par,
            scratch: Scratch::new(size),
        }
    }

    /// Decomposes a column-major matrix, which is overwritten: descending singular values into `s`, and the vectors, one after the
    /// other, into `u` and `v`. `u` has as many columns as there are rows or columns. False where it does not converge.
    pub fn run(&mut self, a: &mut [T], s: &mut [T], u: &mut [T], v: &mut [T]) -> bool {
        let (m, n, block, par) = (self.m, self.n, self.block, self.par);
        let (rows, b) = match &mut self.tall {
            Some((reflectors, r)) => {
                let (to, reflectors) = (columns_mut(a, m, n), columns_mut(reflectors, block, n));
                faer_qr::qr_in_place(to, reflectors, par, self.scratch.stack(), default());
                r.fill(T::default());
                for (j, (to, from)) in r.chunks_exact_mut(n).zip(a.chunks_exact(m)).enumerate() {
                    to[..=j].copy_from_slice(&from[..=j]);
                }
                (n, &mut r[..])
            }
            None => (m, &mut *a),
        };
        bidiag::bidiag_in_place(
            columns_mut(b, rows, n),
            columns_mut(&mut self.left, block, n),
            columns_mut(&mut self.right, block, n - 1),
            par,
            self.scratch.stack(),
            default(),
        );
        // B = diag(p) |B| diag(q)ᴴ
        let (mut p, mut q) = (vec![math::one::<T>(); n], vec![math::one::<T>(); n]);
        for i in 0..n {
            let (x, y) = (b[i * rows + i], (i + 1 < n).then(|| b[(i + 1) * rows + i]));
            if !T::COMPLEX {
                self.d[i] = x.re().wide();
                if let Some(y) = y {
                    self.e[i] = y.re().wide();
                }
                continue;
            }
            self.d[i] = x.modulus().wide();
            p[i] = phase(x) * q[i];
            if let Some(y) = y {
                self.e[i] = y.modulus().wide();
                q[i + 1] = phase(y).conjugate() * p[i];
            }
        }
        if !decompose::<T>(&mut self.d, &mut self.e, &mut self.vectors, par) {
            return false;
        }
        let d = &self.d;
        self.order.clear();
        self.order.extend(0..n);
        self.order
            .sort_by(|&i, &j| d[j].abs().total_cmp(&d[i].abs()));
        for (s, &i) in s.iter_mut().zip(&self.order) {
            *s = T::of(T::Real::of(d[i].abs()), T::Real::default());
        }
        let Some([x, y]) = &self.vectors else {
            return true;
        };
        u.fill(T::default());
        for (k, column) in u.chunks_exact_mut(m).enumerate() {
            match self.order.get(k) {
                Some(&j) => x.column(j, |i| p[i], column),
                None => column[k] = math::one::<T>(),
            }
        }
        for (column, &j) in v.chunks_exact_mut(n).zip(&self.order) {
            match d[j] < 0.0 {
                true => y.column(j, |i| -q[i], column),
                false => y.column(j, |i| q[i], column),
            }
        }
        let wide = u.len() / m;
        let stack = self.scratch.stack();
        let left = columns(&self.left, block, n);
        let upper = match rows == m {
            true => columns_mut(u, m, wide),
            false => columns_mut(u, m, wide).submatrix_mut(0, 0, n, n),
        };
        apply(columns(b, rows, n), left, Conj::No, upper, par, stack);
        if n > 1 {
            for j in 1..n {
                for i in 0..j {
                    b[i * rows + j] = b[j * rows + i];
                }
            }
            apply(
                columns(b, rows, n).submatrix(1, 0, n - 1, n - 1),
                columns(&self.right, block, n - 1),
                Conj::Yes,
                columns_mut(v, n, n).subrows_mut(1, n - 1),
                par,
                stack,
            );
        }
        if let Some((reflectors, _)) = &self.tall {
            let reflectors = columns(reflectors, block, n);
            let (a, u) = (columns(a, m, n), columns_mut(u, m, wide));
            apply(a, reflectors, Conj::No, u, par, stack);
        }
        true
    }
}

/// Diagonalises, with the vectors.
fn decompose<T: Scalar>(
    d: &mut [f64],
    e: &mut [f64],
    vectors: &mut Option<[Turned<T::Real>; 2]>,
    par: Par,
) -> bool {
    let eps = T::Real::EPSILON;
    let Some([left, right]) = vectors else {
        return iterate(d, e, eps, |_, _, _, _, _| ());
    };
    left.start();
    right.start();
    let fine = iterate(d, e, eps, |of, x, y, c, s| {
        let to = match of {
            Of::Left => &mut *left,
            Of::Right => &mut *right,
        };
        if to.push(Rotation::new(x, y, c, s)) {
            both(par, || left.turn(), || right.turn());
        }
    });
    both(par, || left.turn(), || right.turn());
    fine
}
