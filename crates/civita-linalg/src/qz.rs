//! The generalised Schur form of two matrices by the QZ iteration.
//!
//! ```text
//! B → triangular by reflections of rows; A → Hessenberg by rotations of rows, each followed by one of columns that keeps B triangular
//! repeat on the last block of A that does not fall apart:
//!     a zero on the diagonal of B moves to its end: an infinite eigenvalue
//!     a step with one shift, or with the two of a complex pair of a real problem: a bulge is chased down both matrices
//! ```
//!
//! All transformations are orthogonal, so the backward error is a small multiple of the precision whatever the condition of B. Everything is
//! computed in double precision. Sources: Moler and Stewart 1973; Golub and Van Loan, section 7.7; LAPACK's `hgeqz` and `tgevc` for the
//! criteria.

use num_complex::Complex;

use crate::givens::Givens;
use crate::scalar::Scalar;

const EPS: f64 = f64::EPSILON;

/// Steps for one eigenvalue before the iteration is given up.
const STEPS: usize = 300;

/// Two square matrices near 1 and the product of the transformations of their columns, in column-major order.
pub struct Pencil<T> {
    /// `A`, then Hessenberg, then (quasi-)triangular.
    pub a: Vec<T>,
    /// `B`, then triangular.
    pub b: Vec<T>,
    /// Unitary: columns were transformed by it.
    pub z: Vec<T>,
    n: usize,
}

/// A reflection of three neighbours, of real matrices: `x - v (w · x)`.
struct Reflection<T> {
    v: [T; 3],
    w: [T; 3],
}

impl<T: Scalar<Real = f64>> Reflection<T> {
    /// That which makes all of `x` but the element `keep` zero, and what that becomes.
    fn to_one(x: [T; 3], keep: usize) -> Option<(Reflection<T>, T)> {
        let largest = x.iter().fold(0.0f64, |most, x| most.max(x.modulus()));
        if largest == 0.0 {
            return None;
        }
        let mut v = x.map(|x| x.scaled(1.0 / largest));
        let norm = v.iter().map(|x| x.re() * x.re()).sum::<f64>().sqrt();
        let signed = norm.copysign(v[keep].re());
        // H x = -signed e
        v[keep] += T::of(signed, 0.0);
        let half = v.iter().map(|x| x.re() * x.re()).sum::<f64>() / 2.0;
        let w = v.map(|x| x.scaled(1.0 / half));
        Some((Reflection { v, w }, T::of(-signed * largest, 0.0)))
    }

    fn of(&self, x: [T; 3]) -> [T; 3] {
        let ([a, b, c], [p, q, r]) = (self.v, self.w);
        let along = p * x[0] + q * x[1] + r * x[2];
        [x[0] - a * along, x[1] - b * along, x[2] - c * along]
    }

    fn rows(&self, m: &mut [T], n: usize, k: usize, from: usize) {
        for column in m.chunks_exact_mut(n).skip(from) {
            let [x, y, z] = self.of([column[k], column[k + 1], column[k + 2]]);
            (column[k], column[k + 1], column[k + 2]) = (x, y, z);
        }
    }

    fn columns(&self, m: &mut [T], n: usize, k: usize, rows: usize) {
        let (x, rest) = m[k * n..].split_at_mut(n);
        let (y, z) = rest.split_at_mut(n);
        let (x, y, z) = (&mut x[..rows], &mut y[..rows], &mut z[..rows]);
        for i in 0..rows {
            [x[i], y[i], z[i]] = self.of([x[i], y[i], z[i]]);
        }
    }
}

impl<T: Scalar<Real = f64>> Pencil<T> {
    /// Two matrices in column-major order whose elements are near 1.
    pub fn new(a: Vec<T>, b: Vec<T>, n: usize) -> Pencil<T> {
        let mut z = vec![T::default(); n * n];
        for i in 0..n {
            z[i * n + i] = T::of(1.0, 0.0);
        }
        Pencil { a, b, z, n }
    }

    fn a(&self, i: usize, j: usize) -> T {
        self.a[j * self.n + i]
    }

    fn b(&self, i: usize, j: usize) -> T {
        self.b[j * self.n + i]
    }

    fn set_a(&mut self, i: usize, j: usize, x: T) {
        self.a[j * self.n + i] = x;
    }

    fn set_b(&mut self, i: usize, j: usize, x: T) {
        self.b[j * self.n + i] = x;
    }

    /// Makes `B[row, zero]` zero by a rotation of two columns, whose elements in `A` end before a row.
    fn clear_b(&mut self, row: usize, [keep, zero]: [usize; 2], rows_of_a: usize) {
        let (turn, r) = Givens::to_first(self.b(row, keep), self.b(row, zero));
        let n = self.n;
        turn.columns(&mut self.b, n, [keep, zero], row);
        self.set_b(row, keep, r);
        self.set_b(row, zero, T::default());
        turn.columns(&mut self.a, n, [keep, zero], rows_of_a);
        turn.columns(&mut self.z, n, [keep, zero], n);
    }

    /// Makes `B` triangular and `A` a Hessenberg matrix.
    fn hessenberg(&mut self) {
        let n = self.n;
        for k in 0..n.saturating_sub(1) {
            self.reflect(k);
        }
        for j in 0..n.saturating_sub(2) {
            for i in (j + 2..n).rev() {
                if self.a(i, j) == T::default() {
                    continue;
                }
                let (turn, r) = Givens::to_first(self.a(i - 1, j), self.a(i, j));
                turn.rows(&mut self.a, n, [i - 1, i], j + 1);
                self.set_a(i - 1, j, r);
                self.set_a(i, j, T::default());
                turn.rows(&mut self.b, n, [i - 1, i], i - 1);
                self.clear_b(i, [i, i - 1], n);
            }
        }
    }

    /// Makes a column of `B` zero below the diagonal by a reflection of rows.
    fn reflect(&mut self, k: usize) {
        let n = self.n;
        let mut v = self.b[k * n + k..(k + 1) * n].to_vec();
        if v[1..].iter().all(|&x| x == T::default()) {
            return;
        }
        let largest = v.iter().fold(0.0f64, |most, x| most.max(x.modulus()));
        let squares = |v: &[T]| v.iter().map(|x| x.modulus().powi(2)).sum::<f64>();
        v.iter_mut().for_each(|x| *x = x.scaled(1.0 / largest));
        let norm = squares(&v).sqrt();
        let phase = match v[0].modulus() {
            0.0 => T::of(1.0, 0.0),
            size => v[0].scaled(1.0 / size),
        };
        v[0] += phase.scaled(norm);
        let half = squares(&v) / 2.0;
        let apply = |column: &mut [T]| {
            let mut along = T::default();
            for (v, x) in v.iter().zip(&*column) {
                along += v.conjugate() * *x;
            }
            let along = along.scaled(1.0 / half);
            for (v, x) in v.iter().zip(column) {
                *x -= *v * along;
            }
        };
        for column in self.b.chunks_exact_mut(n).skip(k + 1) {
            apply(&mut column[k..]);
        }
        for column in self.a.chunks_exact_mut(n) {
            apply(&mut column[k..]);
        }
        self.b[k * n + k..(k + 1) * n].fill(T::default());
        self.set_b(k, k, -phase.scaled(norm * largest));
    }

    /// Brings the pencil to generalised Schur form: both matrices triangular, but for blocks of two of `A` for complex pairs of real problems.
    /// False where it does not converge.
    pub fn schur(&mut self) -> bool {
        self.hessenberg();
        self.iterate()
    }

    /// As [`Pencil::schur`], of a Hessenberg and a triangular matrix.
    fn iterate(&mut self) -> bool {
        let n = self.n;
        let size = |x: T| x.modulus();
        let norm = |m: &[T]| m.iter().map(|x| x.modulus().powi(2)).sum::<f64>().sqrt();
        let least_a = (EPS * norm(&self.a)).max(f64::MIN_POSITIVE);
        let least_b = (EPS * norm(&self.b)).max(f64::MIN_POSITIVE);
        let (mut end, mut steps) = (n, 0usize);
        let mut own_shift = T::default();
        while end > 1 {
            let last = end - 1;
            let mut first = last;
            // where the diagonal of B is zero
            let mut infinite = None;
            while first > 0 {
                let beside =
                    EPS * (size(self.a(first, first)) + size(self.a(first - 1, first - 1)));
                let least = match steps < 30 {
                    true => beside.max(f64::MIN_POSITIVE),
                    false => beside.max(least_a),
                };
                if size(self.a(first, first - 1)) <= least {
                    self.set_a(first, first - 1, T::default());
                    break;
                }
                if size(self.b(first, first)) <= least_b {
                    infinite = Some(first);
                    break;
                }
                first -= 1;
            }
            if first == last && infinite.is_none() {
                (end, steps, own_shift) = (end - 1, 0, T::default());
                continue;
            }
            if infinite.is_none() && size(self.b(first, first)) <= least_b {
                infinite = Some(first);
            }
            if let Some(at) = infinite {
                let top = at == 0 || self.a(at, at - 1) == T::default();
                self.deflate(at, last, top);
                continue;
            }
            steps += 1;
            if steps > STEPS {
                return false;
            }
            if steps % 10 == 0 {
                // a shift of its own where the usual ones go in circles
                own_shift += self.a(last, last - 1) * self.b(last - 1, last - 1).inverse();
                self.single_shift(first, last, own_shift);
                continue;
            }
            match self.shift(last) {
                Some(shift) => self.single_shift(first, last, shift),
                None if first + 1 == last => {
                    (end, steps, own_shift) = (end - 2, 0, T::default());
                }
                None => self.double_shift(first, last),
            }
        }
        true
    }

    /// Makes `B[at, at]` zero and moves the zero to `last`, then makes `A[last, last - 1]` zero; where `A` falls apart above `at` the zero
    /// of `A` is made there instead.
    fn deflate(&mut self, at: usize, last: usize, top: bool) {
        let n = self.n;
        self.set_b(at, at, T::default());
        if top {
            // the infinite eigenvalue is the first
            let (turn, r) = Givens::to_first(self.a(at, at), self.a(at + 1, at));
            turn.rows(&mut self.a, n, [at, at + 1], at + 1);
            self.set_a(at, at, r);
            self.set_a(at + 1, at, T::default());
            turn.rows(&mut self.b, n, [at, at + 1], at + 1);
            return;
        }
        for k in at..last {
            let (turn, r) = Givens::to_first(self.b(k, k + 1), self.b(k + 1, k + 1));
            turn.rows(&mut self.b, n, [k, k + 1], k + 2);
            self.set_b(k, k + 1, r);
            self.set_b(k + 1, k + 1, T::default());
            turn.rows(&mut self.a, n, [k, k + 1], k - 1);
            self.clear_a(k + 1, [k, k - 1]);
        }
        self.clear_a(last, [last, last - 1]);
    }

    /// Makes `A[row, zero]` zero by a rotation of two columns; of `B` those above row `keep` are turned, which is zero on its diagonal there.
    fn clear_a(&mut self, row: usize, [keep, zero]: [usize; 2]) {
        let n = self.n;
        let (turn, r) = Givens::to_first(self.a(row, keep), self.a(row, zero));
        turn.columns(&mut self.a, n, [keep, zero], row);
        self.set_a(row, keep, r);
        self.set_a(row, zero, T::default());
        turn.columns(&mut self.b, n, [keep, zero], keep);
        turn.columns(&mut self.z, n, [keep, zero], n);
    }

    /// The eigenvalue of the last block of two of `A B⁻¹` that is nearer to its last element; none where it is not real and `T` is.
    fn shift(&self, last: usize) -> Option<T> {
        let k = last - 1;
        let (b1, b2) = (self.b(k, k).inverse(), self.b(last, last).inverse());
        let u = self.b(k, last) * b2;
        let (m11, m21) = (self.a(k, k) * b1, self.a(last, k) * b1);
        let m12 = self.a(k, last) * b2 - u * m11;
        let m22 = self.a(last, last) * b2 - u * m21;
        let half = (m11 - m22).scaled(0.5);
        let inside = half * half + m12 * m21;
        if !T::COMPLEX && inside.re() < 0.0 {
            return None;
        }
        let root = faer::traits::math_utils::sqrt(&inside);
        let (plus, minus) = (half + root, half - root);
        let far = match plus.modulus() >= minus.modulus() {
            true => plus,
            false => minus,
        };
        if far == T::default() {
            return Some(m22);
        }
        Some(m22 - m12 * m21 * far.inverse())
    }

    /// A step with one shift on rows and columns from `first` to `last`.
    fn single_shift(&mut self, first: usize, last: usize, shift: T) {
        let n = self.n;
        let top = self.a(first, first) - shift * self.b(first, first);
        let (mut turn, _) = Givens::to_first(top, self.a(first + 1, first));
        for k in first..last {
            if k > first {
                let r;
                (turn, r) = Givens::to_first(self.a(k, k - 1), self.a(k + 1, k - 1));
                self.set_a(k, k - 1, r);
                self.set_a(k + 1, k - 1, T::default());
            }
            turn.rows(&mut self.a, n, [k, k + 1], k);
            turn.rows(&mut self.b, n, [k, k + 1], k);
            self.clear_b(k + 1, [k + 1, k], (k + 3).min(last + 1));
        }
    }

    /// A step with both eigenvalues of the last block of two as shifts, of three rows at least.
    fn double_shift(&mut self, first: usize, last: usize) {
        let n = self.n;
        let mut v = self.first_column(first, last);
        for k in first..last - 1 {
            if k > first {
                v = [0, 1, 2].map(|i| self.a(k + i, k - 1));
            }
            if let Some((turn, r)) = Reflection::to_one(v, 0) {
                turn.rows(&mut self.a, n, k, k);
                turn.rows(&mut self.b, n, k, k);
                if k > first {
                    self.set_a(k, k - 1, r);
                    self.set_a(k + 1, k - 1, T::default());
                    self.set_a(k + 2, k - 1, T::default());
                }
            }
            let below = [0, 1, 2].map(|i| self.b(k + 2, k + i));
            let rows = (k + 4).min(last + 1);
            if let Some((turn, r)) = Reflection::to_one(below, 2) {
                turn.columns(&mut self.b, n, k, k + 2);
                self.set_b(k + 2, k, T::default());
                self.set_b(k + 2, k + 1, T::default());
                self.set_b(k + 2, k + 2, r);
                turn.columns(&mut self.a, n, k, rows);
                turn.columns(&mut self.z, n, k, n);
            }
            self.clear_b(k + 1, [k + 1, k], rows);
        }
        let k = last - 1;
        let (turn, r) = Givens::to_first(self.a(k, k - 1), self.a(last, k - 1));
        self.set_a(k, k - 1, r);
        self.set_a(last, k - 1, T::default());
        turn.rows(&mut self.a, n, [k, last], k);
        turn.rows(&mut self.b, n, [k, last], k);
        self.clear_b(last, [last, k], last + 1);
    }

    /// The first column of `(M - s₁)(M - s₂)` for `M = A B⁻¹` and its shifts, up to a factor.
    fn first_column(&self, first: usize, last: usize) -> [T; 3] {
        let (f, k) = (first, last - 1);
        let b1 = self.b(k, k).inverse();
        let b2 = self.b(last, last).inverse();
        let (a11, a21) = (self.a(k, k) * b1, self.a(last, k) * b1);
        let (a12, a22) = (self.a(k, last) * b2, self.a(last, last) * b2);
        let u = self.b(k, last) * b2;
        let c1 = self.b(f, f).inverse();
        let c2 = self.b(f + 1, f + 1).inverse();
        let (l11, l21) = (self.a(f, f) * c1, self.a(f + 1, f) * c1);
        let (l12, l22) = (self.a(f, f + 1) * c2, self.a(f + 1, f + 1) * c2);
        let l32 = self.a(f + 2, f + 1) * c2;
        let w = self.b(f, f + 1) * c2;
        [
            (a11 - l11) * (a22 - l11) - a12 * a21 + a21 * u * l11 + (l12 - l11 * w) * l21,
            ((l22 - l11) - l21 * w - (a11 - l11) - (a22 - l11) + a21 * u) * l21,
            l32 * l21,
        ]
    }
}

/// An eigenvalue `alpha / beta` and whether it is the first of a pair of conjugates.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The numerator.
    pub alpha: Complex<f64>,
    /// The denominator, not negative.
    pub beta: f64,
    first_of_pair: bool,
}

/// A pencil of which both matrices are triangular, and its eigenvalues.
pub struct Triangular {
    pencil: Pencil<Complex<f64>>,
    /// The eigenvalues.
    pub values: Vec<Value>,
    is_real: bool,
}

impl<T: Scalar<Real = f64>> Pencil<T> {
    /// The eigenvalues and triangles of a pencil in Schur form; those of a pair of a real one are conjugates. None where a block does not converge.
    pub fn triangular(self) -> Option<Triangular> {
        let n = self.n;
        let is_pair = |k: usize| !T::COMPLEX && k + 1 < n && self.a(k + 1, k) != T::default();
        let first_of_pair = Vec::from_iter((0..n).map(is_pair));
        let complex = |m: Vec<T>| Vec::from_iter(m.iter().map(|x| Complex::new(x.re(), x.im())));
        let mut pencil = Pencil {
            a: complex(self.a),
            b: complex(self.b),
            z: complex(self.z),
            n,
        };
        if first_of_pair.contains(&true) && !pencil.iterate() {
            return None;
        }
        let mut values = Vec::with_capacity(n);
        for k in 0..n {
            // beta becomes real by a turn of the column
            let beta = pencil.b(k, k);
            let size = beta.norm();
            if size > 0.0 && beta != Complex::from(size) {
                let turn = beta.conj().unscale(size);
                for (m, rows) in [
                    (&mut pencil.a, k + 1),
                    (&mut pencil.b, k),
                    (&mut pencil.z, n),
                ] {
                    m[k * n..k * n + rows].iter_mut().for_each(|x| *x *= turn);
                }
                pencil.set_b(k, k, size.into());
            }
            values.push(Value {
                alpha: pencil.a(k, k),
                beta: size,
                first_of_pair: first_of_pair[k],
            });
        }
        for k in 0..n {
            if !values[k].first_of_pair {
                continue;
            }
            if values[k].alpha.im == 0.0 {
                values[k].first_of_pair = false;
                values[k + 1].alpha.im = 0.0;
                continue;
            }
            values[k + 1].beta = values[k].beta;
            // the one with a positive imaginary part is first
            let alpha = &mut values[k].alpha;
            alpha.im = alpha.im.abs();
            values[k + 1].alpha = alpha.conj();
        }
        Some(Triangular {
            pencil,
            values,
            is_real: !T::COMPLEX,
        })
    }
}

impl Triangular {
    /// Calls `put` with each eigenvector, of a norm near 1; vectors of real eigenvalues of real problems are real.
    pub fn vectors(&self, mut put: impl FnMut(usize, &[Complex<f64>])) {
        const LARGE: f64 = 1e100;
        let n = self.pencil.n;
        let (a, b, z) = (&self.pencil.a, &self.pencil.b, &self.pencil.z);
        let most = |m: &[Complex<f64>]| m.iter().fold(0.0f64, |most, x| most.max(x.norm()));
        let (size_a, size_b) = (most(a), most(b));
        let zero = Complex::new(0.0, 0.0);
        let (mut x, mut sum) = (vec![zero; n], vec![zero; n]);
        for j in 0..n {
            if j > 0 && self.values[j - 1].first_of_pair {
                sum.iter_mut().for_each(|x| *x = x.conj());
                put(j, &sum);
                continue;
            }
            let (alpha, beta) = (a[j * n + j], b[j * n + j].re);
            let size = alpha.norm().max(beta);
            sum.fill(zero);
            if size <= f64::MIN_POSITIVE {
                // the pencil is singular: any vector will do
                sum[j] = 1.0.into();
                put(j, &sum);
                continue;
            }
            let (by_a, by_b) = (beta / size, alpha.unscale(size));
            let least = EPS * (by_a * size_a + by_b.norm() * size_b);
            let least = least.max(f64::MIN_POSITIVE / EPS);
            let entry = |i: usize, k: usize| a[k * n + i].scale(by_a) - b[k * n + i] * by_b;
            for (i, x) in x[..j].iter_mut().enumerate() {
                *x = -entry(i, j);
            }
            x[j] = 1.0.into();
            for i in (0..j).rev() {
                let gap = entry(i, i);
                let gap = match gap.norm() < least {
                    true => Complex::new(least, 0.0),
                    false => gap,
                };
                let distance = gap.norm();
                let (size, room) = (x[i].norm(), LARGE * distance);
                if size > room {
                    x[..=j].iter_mut().for_each(|x| *x *= room / size / LARGE);
                }
                // the square of a small gap is 0
                x[i] = x[i].unscale(distance) * gap.unscale(distance).conj();
                let factor = x[i];
                for (k, x) in x[..i].iter_mut().enumerate() {
                    *x -= entry(k, i) * factor;
                }
            }
            let largest = most(&x[..=j]);
            for (i, x) in x[..=j].iter().enumerate() {
                let factor = x.unscale(largest);
                for (sum, z) in sum.iter_mut().zip(&z[i * n..(i + 1) * n]) {
                    *sum += *z * factor;
                }
            }
            // a real eigenvalue of a real problem: the real part is a vector too, once the phase makes it the larger
            if self.is_real && self.values[j].alpha.im == 0.0 {
                let top = sum
                    .iter()
                    .fold(zero, |top, x| if x.norm() > top.norm() { *x } else { top });
                let phase = top.conj().unscale(top.norm());
                for x in &mut sum {
                    *x = Complex::new((*x * phase).re, 0.0);
                }
            }
            if self.values[j].first_of_pair && alpha.im < 0.0 {
                sum.iter_mut().for_each(|x| *x = x.conj());
            }
            put(j, &sum);
        }
    }
}
