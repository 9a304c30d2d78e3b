//! Rotations of two rows or columns of a matrix in column-major order.

use crate::scalar::Scalar;

/// A rotation: `(x, y)` becomes `(c x + s y, c y - s̄ x)`.
#[derive(Clone, Copy)]
pub struct Givens<T> {
    /// The cosine.
    pub c: f64,
    /// The sine.
    pub s: T,
}

impl<T: Scalar<Real = f64>> Givens<T> {
    /// That which makes `(f, g)` to `(r, 0)`, and `r`.
    pub fn to_first(f: T, g: T) -> (Givens<T>, T) {
        let (p, q) = (f.modulus(), g.modulus());
        if q == 0.0 {
            return (
                Givens {
                    c: 1.0,
                    s: T::default(),
                },
                f,
            );
        }
        if p == 0.0 {
            let s = g.conjugate().scaled(1.0 / q);
            return (Givens { c: 0.0, s }, T::of(q, 0.0));
        }
        let d = p.hypot(q);
        let unit = f.scaled(1.0 / p);
        let s = unit * g.conjugate().scaled(1.0 / d);
        (Givens { c: p / d, s }, unit.scaled(d))
    }

    /// The rotation with the conjugate sine: what turns columns back after rows.
    pub fn conjugate(self) -> Givens<T> {
        Givens {
            c: self.c,
            s: self.s.conjugate(),
        }
    }

    fn of(self, x: T, y: T) -> (T, T) {
        let Givens { c, s } = self;
        (x.scaled(c) + s * y, y.scaled(c) - s.conjugate() * x)
    }

    /// Turns two rows, from a column on.
    pub fn rows(self, m: &mut [T], n: usize, [i, k]: [usize; 2], from: usize) {
        for column in m.chunks_exact_mut(n).skip(from) {
            (column[i], column[k]) = self.of(column[i], column[k]);
        }
    }

    /// Turns two columns, down to before a row.
    pub fn columns(self, m: &mut [T], n: usize, [i, k]: [usize; 2], rows: usize) {
        let (low, high) = (i.min(k), i.max(k));
        let (left, right) = m[low * n..].split_at_mut((high - low) * n);
        let (x, y) = match i < k {
            true => (left, right),
            false => (right, left),
        };
        for (x, y) in x[..rows].iter_mut().zip(&mut y[..rows]) {
            (*x, *y) = self.of(*x, *y);
        }
    }
}
