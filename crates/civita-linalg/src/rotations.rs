//! Rotations of columns, kept and carried out many at a time: what the vectors of iterations by QR and QL cost.
//!
//! Columns lie in strips of [`ROWS`] rows, which stay in the first-level cache while a thousand rotations turn them. Neighbours in a
//! sweep share a column, which stays in registers: a rotation reads one column and writes one.

use civita_core::isa::{Isa, Wide, wide};
use faer::traits::math_utils as math;

use crate::scalar::{Real, Scalar};

/// Rows of a strip.
const ROWS: usize = 16;
/// Rotations that are kept.
const KEPT: usize = 1024;

/// Columns `x`, `y` become `c x + s y` and `c y - s x`.
#[derive(Clone, Copy)]
pub struct Rotation {
    /// The number of the column `x`.
    pub x: u32,
    /// That of `y`: of the next rotation it is often `x`.
    pub y: u32,
    /// The cosine.
    pub c: f64,
    /// The sine.
    pub s: f64,
}

impl Rotation {
    /// Of the columns with these numbers.
    #[inline(always)]
    pub fn new(x: usize, y: usize, c: f64, s: f64) -> Rotation {
        let (x, y) = (x as u32, y as u32);
        Rotation { x, y, c, s }
    }

    /// The cosine and the sine that turn `(x, y)` into `(r, 0)`, and `r`.
    #[inline(always)]
    pub fn onto(x: f64, y: f64) -> (f64, f64, f64) {
        let square = x * x + y * y;
        if square > 1e-280 {
            // quotients: of a negligible `y` the cosine is 1, where a product with `1 / r` has the same error in every sweep
            let r = square.sqrt();
            return (x / r, y / r, r);
        }
        // squares that underflow do not add up to those of a rotation
        let r = x.hypot(y);
        match r < 1e-290 {
            true => (1.0, 0.0, x),
            false => (x / r, y / r, r),
        }
    }
}

/// A square matrix that starts as the unit matrix, and rotations of its columns.
pub struct Turned<R> {
    n: usize,
    strips: Vec<R>,
    kept: Vec<Rotation>,
}

impl<R: Real> Turned<R> {
    /// Memory for `n` rows.
    pub fn new(n: usize) -> Turned<R> {
        Turned {
            n,
            strips: vec![R::default(); n.next_multiple_of(ROWS) * n],
            kept: Vec::with_capacity(KEPT),
        }
    }

    /// Makes it the unit matrix.
    pub fn start(&mut self) {
        self.kept.clear();
        self.strips.fill(R::default());
        if self.n == 0 {
            return;
        }
        for (s, strip) in self.strips.chunks_exact_mut(ROWS * self.n).enumerate() {
            for row in s * ROWS..self.n.min((s + 1) * ROWS) {
                strip[row * ROWS + row % ROWS] = math::one::<R>();
            }
        }
    }

    /// Adds a rotation; true where no more fit, and [`Turned::turn`] must follow.
    #[inline(always)]
    pub fn push(&mut self, rotation: Rotation) -> bool {
        self.kept.push(rotation);
        self.kept.len() == KEPT
    }

    /// Carries out the rotations that are kept.
    pub fn turn(&mut self) {
        wide(Turn {
            strips: &mut self.strips,
            n: self.n,
            rotations: &self.kept,
        });
        self.kept.clear();
    }

    /// Writes the upper part of column `j`, element `i` times `factor(i)`.
    pub fn column<T: Scalar<Real = R>>(&self, j: usize, factor: impl Fn(usize) -> T, to: &mut [T]) {
        let strips = self.strips.chunks_exact(ROWS * self.n);
        for (s, (to, strip)) in to[..self.n].chunks_mut(ROWS).zip(strips).enumerate() {
            for (i, (to, &x)) in to.iter_mut().zip(&strip[j * ROWS..]).enumerate() {
                *to = factor(s * ROWS + i) * T::of(x, R::default());
            }
        }
    }
}

struct Turn<'a, R> {
    strips: &'a mut [R],
    n: usize,
    rotations: &'a [Rotation],
}

impl<R: Real> Wide for Turn<'_, R> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Some(first) = self.rotations.first() else {
            return;
        };
        for strip in self.strips.chunks_exact_mut(ROWS * self.n) {
            let (columns, _) = strip.as_chunks_mut::<ROWS>();
            // the column with this number is in `x`, not in memory
            let mut held = first.x as usize;
            let mut x = columns[held];
            for rotation in self.rotations {
                let (to, next) = (rotation.x as usize, rotation.y as usize);
                if to != held {
                    columns[held] = x;
                    x = columns[to];
                }
                let (c, s) = (R::of(rotation.c), R::of(rotation.s));
                let y = columns[next];
                let mut turned = x;
                for l in 0..ROWS {
                    turned[l] = multiply_add::<R, I>(s, y[l], c * x[l]);
                    x[l] = multiply_add::<R, I>(-s, x[l], c * y[l]);
                }
                columns[to] = turned;
                held = next;
            }
            columns[held] = x;
        }
    }
}

/// `a b + c`, with one rounding where the processor can.
#[inline(always)]
fn multiply_add<R: Real, I: Isa>(a: R, b: R, c: R) -> R {
    if I::FMA { a.fused(b, c) } else { a * b + c }
}
