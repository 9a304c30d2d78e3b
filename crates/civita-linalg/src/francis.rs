//! The real Schur form by the QR iteration with double shifts (Francis 1961), as EISPACK's `hqr2` has it.

use crate::scalar::Real;

/// A square matrix in column-major order.
struct Matrix<'a, R> {
    all: &'a mut [R],
    n: usize,
}

impl<R: Real> Matrix<'_, R> {
    fn at(&self, i: usize, j: usize) -> f64 {
        self.all[j * self.n + i].wide()
    }
    fn get(&self, i: usize, j: usize) -> R {
        self.all[j * self.n + i]
    }
    fn set(&mut self, i: usize, j: usize, x: R) {
        self.all[j * self.n + i] = x;
    }
    /// Turns rows `i` and `i + 1` from a column on.
    fn turn_rows(&mut self, i: usize, from: usize, c: R, s: R) {
        for j in from..self.n {
            let (x, y) = (self.get(i, j), self.get(i + 1, j));
            self.set(i, j, c * x + s * y);
            self.set(i + 1, j, c * y - s * x);
        }
    }
    /// Turns columns `j` and `j + 1` down to a row.
    fn turn_columns(&mut self, j: usize, rows: usize, c: R, s: R) {
        for i in 0..rows {
            let (x, y) = (self.get(i, j), self.get(i, j + 1));
            self.set(i, j, c * x + s * y);
            self.set(i, j + 1, c * y - s * x);
        }
    }
}

/// A reflection of three rows or columns, the last of which may be left out.
struct Reflection {
    x: f64,
    y: f64,
    z: f64,
    q: f64,
    r: f64,
    three: bool,
}

impl Reflection {
    fn of_rows<R: Real>(&self, a: &mut Matrix<'_, R>, k: usize, columns: std::ops::Range<usize>) {
        let [x, y, z, q, r] = [self.x, self.y, self.z, self.q, self.r].map(R::of);
        for j in columns {
            let mut p = a.get(k, j) + q * a.get(k + 1, j);
            if self.three {
                p += r * a.get(k + 2, j);
                a.set(k + 2, j, a.get(k + 2, j) - p * z);
            }
            a.set(k, j, a.get(k, j) - p * x);
            a.set(k + 1, j, a.get(k + 1, j) - p * y);
        }
    }
    fn of_columns<R: Real>(&self, a: &mut Matrix<'_, R>, k: usize, rows: usize) {
        let [x, y, z, q, r] = [self.x, self.y, self.z, self.q, self.r].map(R::of);
        for i in 0..rows {
            let mut p = x * a.get(i, k) + y * a.get(i, k + 1);
            if self.three {
                p += z * a.get(i, k + 2);
                a.set(i, k + 2, a.get(i, k + 2) - p * r);
            }
            a.set(i, k, a.get(i, k) - p);
            a.set(i, k + 1, a.get(i, k + 1) - p * q);
        }
    }
}

/// Brings a column-major Hessenberg matrix to real Schur form, and turns `q` with it. False where it does not converge.
pub fn real_schur<R: Real>(h: &mut [R], q: &mut [R], n: usize) -> bool {
    let mut h = Matrix { all: h, n };
    let mut v = Matrix { all: q, n };
    let eps = R::EPSILON;
    let norm: f64 = (0..n)
        .map(|j| (0..n.min(j + 2)).map(|i| h.at(i, j).abs()).sum::<f64>())
        .sum();
    let (mut end, mut steps, mut shifted) = (n, 0usize, 0.0f64);
    while end > 0 {
        let last = end - 1;
        let mut first = last;
        while first > 0 {
            let beside = h.at(first - 1, first - 1).abs() + h.at(first, first).abs();
            let beside = if beside == 0.0 { norm } else { beside };
            let below = h.at(first, first - 1).abs();
            if below <= eps * beside || below <= R::TINY {
                h.set(first, first - 1, R::default());
                break;
            }
            first -= 1;
        }
        if first == last {
            h.set(last, last, R::of(h.at(last, last) + shifted));
            (end, steps) = (end - 1, 0);
            continue;
        }
        if first + 1 == last {
            for i in [first, last] {
                h.set(i, i, R::of(h.at(i, i) + shifted));
            }
            standardize(&mut h, &mut v, first);
            (end, steps) = (end - 2, 0);
            continue;
        }
        let mut x = h.at(last, last);
        let mut y = h.at(last - 1, last - 1);
        let mut w = h.at(last, last - 1) * h.at(last - 1, last);
        steps += 1;
        if steps > 300 {
            return false;
        }
        if steps % 10 == 0 {
            // a shift of its own where the usual ones go in circles
            shifted += x;
            for i in 0..=last {
                h.set(i, i, R::of(h.at(i, i) - x));
            }
            let s = h.at(last, last - 1).abs() + h.at(last - 1, last - 2).abs();
            (x, y, w) = (0.75 * s, 0.75 * s, -0.4375 * s * s);
        }
        // two consecutive small elements below the diagonal
        let mut m = last - 2;
        let (mut p, mut q, mut r);
        loop {
            let z = h.at(m, m);
            let (dx, dy) = (x - z, y - z);
            p = (dx * dy - w) / h.at(m + 1, m) + h.at(m, m + 1);
            q = h.at(m + 1, m + 1) - z - dx - dy;
            r = h.at(m + 2, m + 1);
            let s = p.abs() + q.abs() + r.abs();
            (p, q, r) = (p / s, q / s, r / s);
            if m == first {
                break;
            }
            let around = h.at(m - 1, m - 1).abs() + z.abs() + h.at(m + 1, m + 1).abs();
            if h.at(m, m - 1).abs() * (q.abs() + r.abs()) < eps * (p.abs() * around) {
                break;
            }
            m -= 1;
        }
        for i in m + 2..=last {
            h.set(i, i - 2, R::default());
            if i > m + 2 {
                h.set(i, i - 3, R::default());
            }
        }
        for k in m..last {
            let three = k + 1 != last;
            let mut scale = 1.0;
            if k != m {
                (p, q) = (h.at(k, k - 1), h.at(k + 1, k - 1));
                r = if three { h.at(k + 2, k - 1) } else { 0.0 };
                scale = p.abs() + q.abs() + r.abs();
                if scale == 0.0 {
                    continue;
                }
                (p, q, r) = (p / scale, q / scale, r / scale);
            }
            let size = (p * p + q * q + r * r).sqrt();
            let s = if p < 0.0 { -size } else { size };
            if s == 0.0 {
                continue;
            }
            if k != m {
                h.set(k, k - 1, R::of(-s * scale));
                h.set(k + 1, k - 1, R::default());
                if three {
                    h.set(k + 2, k - 1, R::default());
                }
            } else if first != m {
                h.set(k, k - 1, R::of(-h.at(k, k - 1)));
            }
            p += s;
            let turn = Reflection {
                x: p / s,
                y: q / s,
                z: r / s,
                q: q / p,
                r: r / p,
                three,
            };
            turn.of_rows(&mut h, k, k..n);
            turn.of_columns(&mut h, k, (k + 4).min(last + 1));
            turn.of_columns(&mut v, k, n);
        }
    }
    for j in 0..n {
        for i in j + 2..n {
            h.set(i, j, R::default());
        }
    }
    true
}

/// What turns a block of two to the standard form, and whether it has real eigenvalues.
pub struct BlockRotation {
    /// The cosine.
    pub cs: f64,
    /// The sine.
    pub sn: f64,
    /// Whether it splits into two real eigenvalues.
    pub is_real: bool,
}

/// The rotation for `[[a, b], [c, d]]` (LAPACK's `dlanv2`); none where it is in the standard form.
pub fn block_rotation([a, b, c, d]: [f64; 4]) -> Option<BlockRotation> {
    if c == 0.0 {
        return None;
    }
    let p = 0.5 * (a - d);
    let inside = p * p + b * c;
    let is_real = inside >= 0.0;
    let (cs, sn) = if is_real {
        let root = inside.sqrt();
        let z = if p >= 0.0 { p + root } else { p - root };
        let size = c.hypot(z);
        (z / size, c / size)
    } else {
        let sigma = b + c;
        let tau = sigma.hypot(a - d);
        if tau == 0.0 {
            return None;
        }
        let cs = (0.5 * (1.0 + sigma.abs() / tau)).sqrt();
        (cs, -(p / (tau * cs)) * if sigma < 0.0 { -1.0 } else { 1.0 })
    };
    Some(BlockRotation { cs, sn, is_real })
}

/// Splits a block of two real eigenvalues; gives one of two complex ones equal elements on the diagonal.
fn standardize<R: Real>(h: &mut Matrix<'_, R>, v: &mut Matrix<'_, R>, k: usize) {
    let block = [(k, k), (k, k + 1), (k + 1, k), (k + 1, k + 1)];
    let Some(found) = block_rotation(block.map(|(i, j)| h.at(i, j))) else {
        return;
    };
    let (cs, sn) = (R::of(found.cs), R::of(found.sn));
    h.turn_rows(k, k, cs, sn);
    h.turn_columns(k, k + 2, cs, sn);
    v.turn_columns(k, v.n, cs, sn);
    if found.is_real {
        h.set(k + 1, k, R::default());
    } else {
        let middle = R::of(0.5 * (h.at(k, k) + h.at(k + 1, k + 1)));
        h.set(k, k, middle);
        h.set(k + 1, k + 1, middle);
    }
}
