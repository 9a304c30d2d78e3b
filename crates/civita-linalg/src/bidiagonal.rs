//! Singular values of real bidiagonal matrices, and of those that faer reduces to these: QR iterations with implicit shifts.
//!
//! ```text
//! A = H B Gᴴ                      Householder reflections, faer's
//! B = X diag(s) Yᵀ                QR iterations; their rotations turn the columns of X and Y
//! U = H X, V = G Y                blocks of reflections, faer's
//! ```
//!
//! Source: Golub and Van Loan, *Matrix Computations*, 8.6; Demmel and Kahan 1990. Large matrices come here where the faster way
//! (`divided`) fails, and where no vectors are wanted.

use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::svd::bidiag;
use faer::prelude::default;
use faer::traits::math_utils as math;
use faer::{Conj, Par};

use crate::dense::{columns, columns_mut};
use crate::reflections;
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
///
/// A sweep goes from the larger end of a block to the smaller one: in the other direction graded matrices may not converge. One with a
/// negligible element on its diagonal is swept without a shift, which brings a zero to its end (Demmel and Kahan).
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
    let (mut block, mut down) = ((n, n), true);
    let mut left = 30 * n * n + 100;
    while high > 0 {
        let mut low = high;
        let mut smallest = d[high].abs();
        while low > 0 {
            let beside = (d[low - 1].abs() + d[low].abs()).max(norm / 16.0);
            if e[low - 1].abs() <= eps * beside {
                e[low - 1] = 0.0;
                break;
            }
            low -= 1;
            smallest = smallest.min(d[low].abs());
        }
        if low == high {
            high -= 1;
            continue;
        }
        if low > block.1 || high < block.0 || block.0 == n {
            down = d[low].abs() >= d[high].abs();
        }
        block = (low, high);
        match left.checked_sub(high - low) {
            Some(rest) => left = rest,
            None => return false,
        }
        // the eigenvalue of the last two rows of BᵀB, or the first two of BBᵀ, that is nearer to the element at the end
        let within = |k: Option<usize>| k.filter(|k| (low..high).contains(k)).map_or(0.0, |k| e[k]);
        let (first, f, g, h, before) = match down {
            true => (
                d[low],
                d[high - 1],
                d[high],
                e[high - 1],
                within(high.checked_sub(2)),
            ),
            false => (d[high], d[low + 1], d[low], e[low], within(Some(low + 1))),
        };
        let (t00, t11, t01) = (f * f + before * before, g * g + h * h, f * h);
        let half = (t00 - t11) / 2.0;
        let size = (half * half + t01 * t01).sqrt();
        let square = match t01 == 0.0 {
            true => t11,
            false => t11 - t01 * (t01 / (half + size.copysign(half))),
        };
        let shift = square.max(0.0).sqrt();
        let ratio = shift / first.abs();
        // NaN where the first is zero as well
        let shifted = smallest > least && ratio * ratio >= eps;
        let start = (first.abs() - shift) * (1f64.copysign(first) + shift / first);
        match (down, shifted) {
            (true, true) => {
                let (mut y, mut z) = (start, e[low]);
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
            (false, true) => {
                let (mut y, mut z) = (start, e[high - 1]);
                for k in (low + 1..=high).rev() {
                    let (c, s, r) = Rotation::onto(y, z);
                    if k < high {
                        e[k] = r;
                    }
                    (y, e[k - 1]) = (c * d[k] + s * e[k - 1], c * e[k - 1] - s * d[k]);
                    (z, d[k - 1]) = (s * d[k - 1], c * d[k - 1]);
                    rotate(Of::Left, k, k - 1, c, s);
                    let (c, s, r) = Rotation::onto(y, z);
                    d[k] = r;
                    (y, d[k - 1]) = (c * e[k - 1] + s * d[k - 1], c * d[k - 1] - s * e[k - 1]);
                    if k > low + 1 {
                        (z, e[k - 2]) = (s * e[k - 2], c * e[k - 2]);
                    }
                    rotate(Of::Right, k, k - 1, c, s);
                }
                e[low] = y;
            }
            (true, false) => {
                let (mut c, mut before, mut last) = (1.0, 1.0, 0.0);
                for k in low..high {
                    let (cosine, s, r) = Rotation::onto(d[k] * c, e[k]);
                    c = cosine;
                    rotate(Of::Right, k, k + 1, c, s);
                    if k > low {
                        e[k - 1] = last * r;
                    }
                    (before, last, d[k]) = Rotation::onto(before * r, d[k + 1] * s);
                    rotate(Of::Left, k, k + 1, before, last);
                }
                let end = d[high] * c;
                (d[high], e[high - 1]) = (end * before, end * last);
            }
            (false, false) => {
                let (mut c, mut before, mut last) = (1.0, 1.0, 0.0);
                for k in (low + 1..=high).rev() {
                    let (cosine, s, r) = Rotation::onto(d[k] * c, e[k - 1]);
                    c = cosine;
                    rotate(Of::Left, k, k - 1, c, s);
                    if k < high {
                        e[k] = last * r;
                    }
                    (before, last, d[k]) = Rotation::onto(before * r, d[k - 1] * s);
                    rotate(Of::Right, k, k - 1, before, last);
                }
                let end = d[low] * c;
                (d[low], e[low]) = (end * before, end * last);
            }
        }
    }
    d.iter().all(|x| x.is_finite())
}

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
    vectors: Option<[Turned<T::Real>; 2]>,
    par: Par,
    scratch: Scratch,
}

impl<T: Scalar> Bidiagonal<T> {
    /// For `m` rows and `n ≤ m` columns, at least one.
    pub fn new(m: usize, n: usize, vectors: bool, par: Par) -> Bidiagonal<T> {
        let block = reflections::block::<T>(m, n);
        let mut size = bidiag::bidiag_in_place_scratch::<T>(m, n, par, default());
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
            vectors: vectors.then(|| [Turned::new(n), Turned::new(n)]),
            par,
            scratch: Scratch::new(size),
        }
    }

    /// Decomposes a column-major matrix, which is overwritten: descending singular values into `s`, and the vectors, one after the
    /// other, into `u` and `v`. `u` has as many columns as there are rows or columns. False where it does not converge.
    pub fn run(&mut self, a: &mut [T], s: &mut [T], u: &mut [T], v: &mut [T]) -> bool {
        let (m, n, block, par) = (self.m, self.n, self.block, self.par);
        bidiag::bidiag_in_place(
            columns_mut(a, m, n),
            columns_mut(&mut self.left, block, n),
            columns_mut(&mut self.right, block, n - 1),
            par,
            self.scratch.stack(),
            default(),
        );
        // B = diag(p) |B| diag(q)ᴴ
        let (mut p, mut q) = (vec![math::one::<T>(); n], vec![math::one::<T>(); n]);
        for i in 0..n {
            let (x, y) = (a[i * m + i], (i + 1 < n).then(|| a[(i + 1) * m + i]));
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
        let u = columns_mut(u, m, wide);
        apply(columns(a, m, n), left, Conj::No, u, par, stack);
        if n > 1 {
            for j in 1..n {
                for i in 0..j {
                    a[i * m + j] = a[j * m + i];
                }
            }
            apply(
                columns(a, m, n).submatrix(1, 0, n - 1, n - 1),
                columns(&self.right, block, n - 1),
                Conj::Yes,
                columns_mut(v, n, n).subrows_mut(1, n - 1),
                par,
                stack,
            );
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
