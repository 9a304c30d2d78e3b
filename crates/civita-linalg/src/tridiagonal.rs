//! Eigenvalues of real tridiagonal matrices, and of Hermitian ones that faer reduces to these: QL iterations with implicit shifts
//! (EISPACK's tql2).
//!
//! ```text
//! A = Q T Qᴴ                      Householder reflections, faer's
//! T = Z diag(d) Zᵀ                QL iterations; their rotations turn the columns of Z
//! V = Q Z                         blocks of reflections, faer's
//! ```

use faer::linalg::evd::tridiag;
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::prelude::default;
use faer::traits::math_utils as math;
use faer::{Conj, Par};

use crate::dense::{columns, columns_mut};
use crate::rotations::{Rotation, Turned};
use crate::scalar::{Real, Scalar};
use crate::scratch::Scratch;

/// Up to so many rows vectors are turned by rotations; of larger matrices dividing is faster.
pub const TURNED_EIGH: usize = 160;

/// Brings `e`, beside the diagonal `d` of a symmetric tridiagonal matrix, to zero; elements up to `least` count as zero. `rotate(x, y, c, s)` is
/// told how to turn the columns of the vectors, as a [`Rotation`]. False where it does not converge.
#[inline(always)]
pub fn iterate(
    d: &mut [f64],
    e: &mut [f64],
    eps: f64,
    least: f64,
    mut rotate: impl FnMut(usize, usize, f64, f64),
) -> bool {
    let n = d.len();
    for l in 0..n {
        for step in 0.. {
            let mut m = l;
            while m + 1 < n {
                let beside = d[m].abs() + d[m + 1].abs();
                if e[m].abs() <= eps * beside || e[m].abs() <= least {
                    break;
                }
                m += 1;
            }
            if m == l {
                break;
            }
            if step >= 60 {
                return false;
            }
            let g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = g.hypot(1.0);
            let mut g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut split = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r;
                (c, s, r) = Rotation::onto(g, f);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    split = true;
                    break;
                }
                g = d[i + 1] - p;
                let r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                rotate(i + 1, i, c, s);
            }
            if !split {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
    true
}

/// Memory of decompositions of one size.
pub struct Tridiagonal<T: Scalar> {
    n: usize,
    d: Vec<f64>,
    e: Vec<f64>,
    order: Vec<usize>,
    reflectors: Vec<T>,
    block: usize,
    /// The vectors of the tridiagonal matrix.
    z: Option<Turned<T::Real>>,
    par: Par,
    scratch: Scratch,
}

impl<T: Scalar> Tridiagonal<T> {
    /// For `n` rows.
    pub fn new(n: usize, vectors: bool, par: Par) -> Tridiagonal<T> {
        let block = recommended_block_size::<T>(n, n);
        let mut size = tridiag::tridiag_in_place_scratch::<T>(n, par, default());
        if vectors {
            size = size.or(apply_scratch::<T>(n - 1, block, n));
        }
        Tridiagonal {
            n,
            d: vec![0.0; n],
            e: vec![0.0; n],
            order: Vec::with_capacity(n),
            reflectors: vec![T::default(); block * (n - 1)],
            block,
            z: vectors.then(|| Turned::new(n)),
            par,
            scratch: Scratch::new(size),
        }
    }

    /// Decomposes a column-major matrix, of which the lower triangle is read and overwritten: ascending eigenvalues into `w`, and the
    /// vectors, one after the other, into `v`. False where it does not converge.
    pub fn run(&mut self, a: &mut [T], w: &mut [T], v: &mut [T]) -> bool {
        let (n, block, par) = (self.n, self.block, self.par);
        tridiag::tridiag_in_place(
            columns_mut(a, n, n),
            columns_mut(&mut self.reflectors, block, n - 1),
            par,
            self.scratch.stack(),
            default(),
        );
        for i in 0..n {
            self.d[i] = a[i * n + i].re().wide();
        }
        for i in 0..n - 1 {
            let beside = a[i * n + i + 1];
            self.e[i] = match T::COMPLEX {
                true => beside.modulus().wide(),
                false => beside.re().wide(),
            };
        }
        self.e[n - 1] = 0.0;
        let (d, e, eps) = (&mut self.d, &mut self.e, T::Real::EPSILON);
        // noise of graded or singular matrices needs many steps and means nothing
        let norm = d.iter().chain(&*e).fold(0.0f64, |all, x| all.max(x.abs()));
        let least = eps * norm / 16.0;
        let fine = match &mut self.z {
            None => iterate(d, e, eps, least, |_, _, _, _| ()),
            Some(z) => {
                z.start();
                let fine = iterate(d, e, eps, least, |x, y, c, s| {
                    if z.push(Rotation::new(x, y, c, s)) {
                        z.turn();
                    }
                });
                z.turn();
                fine
            }
        };
        if !fine {
            return false;
        }
        let d = &self.d;
        self.order.clear();
        self.order.extend(0..n);
        self.order.sort_by(|&i, &j| d[i].total_cmp(&d[j]));
        for (w, &i) in w.iter_mut().zip(&self.order) {
            *w = T::of(T::Real::of(d[i]), T::Real::default());
        }
        let Some(z) = &self.z else {
            return true;
        };
        // the phases that make the elements beside the diagonal real
        let mut phases = vec![math::one::<T>(); n];
        if T::COMPLEX {
            for i in 1..n {
                phases[i] = phase(a[(i - 1) * n + i]) * phases[i - 1];
            }
        }
        for (to, &j) in v.chunks_exact_mut(n).zip(&self.order) {
            z.column(j, |i| phases[i], to);
        }
        apply(
            columns(a, n, n).submatrix(1, 0, n - 1, n - 1),
            columns(&self.reflectors, block, n - 1),
            Conj::No,
            columns_mut(v, n, n).subrows_mut(1, n - 1),
            par,
            self.scratch.stack(),
        );
        true
    }
}

/// `x / |x|`; 1 of zero.
pub fn phase<T: Scalar>(x: T) -> T {
    let size = x.modulus();
    match size == T::Real::default() {
        true => math::one::<T>(),
        false => T::of(x.re() / size, x.im() / size),
    }
}
