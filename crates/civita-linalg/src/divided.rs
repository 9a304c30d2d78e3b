//! Singular values and vectors of large matrices by faer's divide and conquer, whose answer is checked before it is given.
//!
//! Its rotations are products, which the iterations of `bidiagonal` cannot match from some hundred rows on. But where many singular values
//! are zero it may be wrong, in `f32` in the first digit. What is wrong shows in one of
//!
//! ```text
//! A V - U S,   Uᴴ U - I,   Vᴴ V - I
//! ```
//!
//! so each of them is applied to a few vectors of pseudo-random elements, always the same, which takes as long as reading the matrices
//! a few times. An error `E` is overlooked where every one of them lies within `bound / ‖E‖` of its null space: the chance is the
//! fourth power of that ratio.

use faer::linalg::matmul::matmul as multiply;
use faer::linalg::svd::{self as faer_svd, ComputeSvdVectors, SvdParams};
use faer::traits::math_utils as math;
use faer::{Accum, MatMut, MatRef, Par, Spec as Settings};

use crate::dense::{columns, columns_mut};
use crate::scalar::{Real, Scalar};
use crate::scratch::Scratch;

/// From so many rows and columns on divide and conquer is faster than QR iterations.
pub const DIVIDED: usize = 200;
/// How many vectors check the answer.
const PROBES: usize = 4;

/// faer's settings, but that matrices are divided down to fewer rows than its 128, and never factored by its QR (`reflections` says why).
fn settings<T: Scalar>() -> Settings<SvdParams, T> {
    let mut settings = Settings::<SvdParams, T>::default();
    settings.recursion_threshold = 32;
    settings.qr_ratio_threshold = f64::INFINITY;
    settings
}

/// Memory of decompositions of one size.
pub struct Divided<T: Scalar> {
    m: usize,
    n: usize,
    /// How many left vectors.
    wide: usize,
    par: Par,
    scratch: Scratch,
    probes: Vec<T>,
    products: [Vec<T>; 3],
}

impl<T: Scalar> Divided<T> {
    /// For `m` rows and `n ≤ m` columns, and `wide` left vectors: `n` or `m`.
    pub fn new(m: usize, n: usize, wide: usize, par: Par) -> Divided<T> {
        let compute = match wide == n {
            true => ComputeSvdVectors::Thin,
            false => ComputeSvdVectors::Full,
        };
        let size = faer_svd::svd_scratch::<T>(m, n, compute, compute, par, settings());
        let mut state = 1u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            T::Real::of((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
        };
        Divided {
            m,
            n,
            wide,
            par,
            scratch: Scratch::new(size),
            probes: (0..wide * PROBES).map(|_| T::of(draw(), draw())).collect(),
            products: [(); 3].map(|()| vec![T::default(); m * PROBES]),
        }
    }

    /// Decomposes a column-major matrix: descending singular values into `s`, and the vectors, one after the other, into `u` and `v`.
    /// False where the answer does not pass.
    pub fn run(&mut self, a: &[T], s: &mut [T], u: &mut [T], v: &mut [T]) -> bool {
        let (m, n, wide) = (self.m, self.n, self.wide);
        let a = columns(a, m, n);
        let (mut left, mut right) = (columns_mut(u, m, wide), columns_mut(v, n, n));
        let values = faer::ColMut::from_slice_mut(s).as_diagonal_mut();
        let (l, r, stack) = (left.as_mut(), right.as_mut(), self.scratch.stack());
        let done = faer_svd::svd(a, values, Some(l), Some(r), self.par, stack, settings());
        done.is_ok() && self.passes(a, s, left.as_ref(), right.as_ref())
    }

    fn passes(&mut self, a: MatRef<'_, T>, s: &[T], u: MatRef<'_, T>, v: MatRef<'_, T>) -> bool {
        let (m, n, wide, par) = (self.m, self.n, self.wide, self.par);
        let sizes = || s.iter().map(|s| s.re().wide());
        let ordered = sizes().zip(sizes().skip(1)).all(|(x, y)| x >= y);
        if !ordered || !sizes().all(|s| s >= 0.0) {
            return false;
        }
        let bound = T::Real::EPSILON * n as f64 / 2.0;
        let most = sizes().next().unwrap_or(0.0);
        let [x, y, z] = &mut self.products;
        let set = |to: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>| {
            multiply(to, Accum::Replace, a, b, math::one::<T>(), par);
        };
        let probes = columns(&self.probes, wide, PROBES);
        for q in [u, v] {
            let (rows, k) = q.shape();
            let (image, back) = (&mut x[..rows * PROBES], &mut y[..k * PROBES]);
            let probes = probes.subrows(0, k);
            set(columns_mut(image, rows, PROBES), q, probes);
            let image = columns(image, rows, PROBES);
            let (to, one) = (columns_mut(back, k, PROBES), math::one::<T>());
            multiply(to, Accum::Replace, q.adjoint(), image, one, par);
            let back = columns(back, k, PROBES);
            let off = distance(back, probes);
            // NaN does not pass either
            let fine = off <= bound;
            if !fine {
                return false;
            }
        }
        // x holds V X
        let probes = probes.subrows(0, n);
        let (image, scaled) = (columns(&x[..n * PROBES], n, PROBES), &mut z[..n * PROBES]);
        for j in 0..PROBES {
            for (i, s) in s.iter().enumerate() {
                scaled[j * n + i] = probes[(i, j)] * *s;
            }
        }
        let across = &mut y[..m * PROBES];
        set(columns_mut(across, m, PROBES), a, image);
        let across = columns(across, m, PROBES);
        let residual = &mut x[..m * PROBES];
        let scaled = columns(scaled, n, PROBES);
        set(columns_mut(residual, m, PROBES), u.subcols(0, n), scaled);
        let residual = columns(residual, m, PROBES);
        let off = distance(across, residual) * (m as f64 / n as f64).sqrt();
        off <= bound * most
    }
}

/// The root mean square of the differences.
fn distance<T: Scalar>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> f64 {
    let mut all = 0.0;
    for (a, b) in a.col_iter().zip(b.col_iter()) {
        for (&a, &b) in a.iter().zip(b.iter()) {
            let off = a - b;
            let (re, im) = (off.re().wide(), off.im().wide());
            all += re * re + im * im;
        }
    }
    (all / (a.nrows() * a.ncols()) as f64).sqrt()
}
