//! `A = Q R` of column-major matrices by blocks of Householder reflections, in faer's format, whose routines apply them.
//!
//! ```text
//! for each block of columns V:                  factor(V)
//!     factor(left half of V)                    down to NARROW columns: one reflection after another
//!     right half = Qᴴ (right half)              Q = I - V T⁻¹ Vᴴ of the left half
//!     factor(right half)
//!     T = [T₁, V₁ᴴ V₂; 0, T₂]
//!     columns after the block = Qᴴ (those)
//! ```
//!
//! The columns after a block are changed in stripes, each a task; the first of them holds the next block and factors it as well, while
//! other threads have the others. How the work is cut depends on sizes alone.
//!
//! faer's own leaves out columns that are small beside those before them: of a matrix that is not of full rank but for rounding, `Q R` is
//! off by up to `16 m ε ‖A‖` a column, in `f32` in the third digit.
//!
//! Source: Schreiber and Van Loan 1989, with `T⁻¹` where they have `T` (Puglisi 1992); Elmroth and Gustavson 2000 for the recursion.

use civita_core::error::Result;
use civita_core::isa::{Isa, Wide, wide};
use faer::dyn_stack::MemStack;
use faer::linalg::householder::{
    apply_block_householder_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_on_the_left_in_place_with_conj as apply,
    apply_block_householder_transpose_on_the_left_in_place_with_conj as apply_adjoint,
    make_householder_in_place,
};
use faer::linalg::matmul::matmul as multiply;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::traits::math_utils as math;
use faer::{Accum, ColMut, Conj, Par};

use crate::batch::each;
use crate::blocked::PRODUCTS;
use crate::dense::{columns, columns_mut};
use crate::scalar::{Real, Scalar};
use crate::scale::{Scale, part};
use crate::scratch::Scratch;
use crate::workers::memory_for_products;

/// How a reflection of complex vectors turns them; of real ones there is one way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The first element keeps its phase, but for the sign, and the factor is real: what faer's routines take.
    Kept,
    /// The first element becomes real, as in LAPACK, and the factor is complex. faer's routines take blocks of two and more of these.
    Real,
}

/// Blocks of so many columns are factored one column after another.
const NARROW: usize = 8;
/// Columns that are changed together: a task where there are threads.
const STRIPE: usize = 96;

/// How many columns a block has.
pub fn block<T: Scalar>(m: usize, n: usize) -> usize {
    let k = m.min(n);
    let mut block = recommended_block_size::<T>(m, n).clamp(1, k.max(1));
    // faer takes the factor of a block of one column for real
    while T::COMPLEX && block > 1 && k % block == 1 {
        block -= 1;
    }
    block
}

/// Overwrites an `m × n` matrix with `R` and, below the diagonal, the reflections, whose factors it writes: `block` rows for each
/// of `min(m, n)` columns.
///
/// # Errors
/// When there is no memory to work in; so for the others here.
pub fn factor<T: Scalar>(
    a: &mut [T],
    [m, n]: [usize; 2],
    factors: &mut [T],
    block: usize,
    phase: Phase,
) -> Result<()> {
    let k = m.min(n);
    if block == 1 {
        // nothing to be gained by products
        wide(OneByOne {
            a,
            m,
            n,
            factors,
            phase,
        });
        return Ok(());
    }
    let mut first = Panel {
        a: &mut a[..m * block.min(k)],
        m,
        skip: 0,
        t: factors,
        block,
        phase,
    };
    memory_for_products("qr")?;
    first.factor(0, block.min(k), memory::<T>(block).stack());
    for start in (0..k).step_by(block) {
        let width = block.min(k - start);
        let end = start + width;
        let (done, after) = a[..m * n].split_at_mut(end * m);
        let (of_done, later) = factors.split_at_mut(end * block);
        let reflections = Block {
            v: &done[start * m..],
            t: &of_done[start * block..],
            m,
            top: start,
            block,
        };
        let ahead = block.min(k - end);
        let (next, others) = after.split_at_mut(ahead * m);
        let stripes = others.chunks_mut((STRIPE * m).max(1));
        let tasks = stripes.len() + 1;
        let parts = std::iter::once((next, (ahead > 0).then_some(later)))
            .chain(stripes.map(|stripe| (stripe, None)));
        each(
            tasks,
            2 * (m - start) * width * STRIPE.min(n) / PRODUCTS,
            parts,
            || memory::<T>(block),
            |scratch, _, (columns, later)| {
                memory_for_products("qr")?;
                reflections.adjoint_times(columns, scratch.stack());
                if let Some(t) = later {
                    let mut panel = Panel {
                        a: columns,
                        m,
                        skip: end,
                        t,
                        block,
                        phase,
                    };
                    panel.factor(0, ahead, scratch.stack());
                }
                Ok(())
            },
        )?;
    }
    Ok(())
}

/// The memory that a task needs to change a stripe.
fn memory<T: Scalar>(block: usize) -> Scratch {
    Scratch::new(apply_scratch::<T>(0, block, STRIPE.max(block)))
}

/// Reflections of some columns of a factored matrix.
struct Block<'a, T> {
    /// The columns.
    v: &'a [T],
    /// Their factors, `block` rows.
    t: &'a [T],
    m: usize,
    /// The row of the first one's first element.
    top: usize,
    block: usize,
}

impl<T: Scalar> Block<'_, T> {
    fn width(&self) -> usize {
        self.v.len() / self.m
    }

    /// `C = Qᴴ C` of column-major columns.
    fn adjoint_times(&self, columns: &mut [T], stack: &mut MemStack) {
        self.turn(columns, true, stack);
    }

    /// `C = Q C`.
    fn times(&self, columns: &mut [T], stack: &mut MemStack) {
        self.turn(columns, false, stack);
    }

    fn turn(&self, after: &mut [T], adjoint: bool, stack: &mut MemStack) {
        let (m, top, width, count) = (self.m, self.top, self.width(), after.len() / self.m);
        if count == 0 {
            return;
        }
        if T::COMPLEX && width == 1 {
            // faer takes the factor for real
            let inverse = self.t[0].inverse();
            return wide(Reflect {
                v: &self.v[top + 1..],
                scale: -if adjoint {
                    inverse.conjugate()
                } else {
                    inverse
                },
                columns: after,
                m,
                row: top,
            });
        }
        let v = columns(self.v, m, width).subrows(top, m - top);
        let t = columns(&self.t[..width * self.block], self.block, width).subrows(0, width);
        let after = columns_mut(after, m, count).subrows_mut(top, m - top);
        match adjoint {
            true => apply_adjoint(v, t, Conj::Yes, after, Par::Seq, stack),
            false => apply(v, t, Conj::No, after, Par::Seq, stack),
        }
    }
}

/// The columns of a block while they are factored, without the rows above.
struct Panel<'a, T> {
    a: &'a mut [T],
    m: usize,
    /// How many rows there are above.
    skip: usize,
    t: &'a mut [T],
    block: usize,
    phase: Phase,
}

impl<T: Scalar> Panel<'_, T> {
    /// Factors columns from `j` on, and writes their `T`.
    fn factor(&mut self, j: usize, width: usize, stack: &mut MemStack) {
        if width <= NARROW {
            return self.narrow(j, width);
        }
        let half = (width / 2).next_multiple_of(NARROW);
        let rest = width - half;
        self.factor(j, half, stack);
        let (m, block) = (self.m, self.block);
        let (v, after) = self.a[j * m..].split_at_mut(half * m);
        // whose factors begin in row `j`
        let left = Block {
            v,
            t: &self.t[j * block + j..],
            m,
            top: self.skip + j,
            block,
        };
        left.adjoint_times(&mut after[..rest * m], stack);
        self.factor(j + half, rest, stack);
        // the product of the reflections on the left with those on the right
        let top = self.skip + j + half;
        let v = columns(&self.a[j * m..(j + width) * m], m, width);
        let (left, right) = v.subrows(top, m - top).split_at_col(half);
        let t = columns_mut(&mut self.t[..(j + width) * block], block, j + width);
        let mut corner = t.submatrix_mut(j, j + half, half, rest);
        triangular::matmul(
            corner.as_mut(),
            BlockStructure::Rectangular,
            Accum::Replace,
            left.subrows(0, rest).adjoint(),
            BlockStructure::Rectangular,
            right.subrows(0, rest),
            BlockStructure::UnitTriangularLower,
            math::one::<T>(),
            Par::Seq,
        );
        let below = m - top - rest;
        let (left, right) = (left.subrows(rest, below), right.subrows(rest, below));
        let one = math::one::<T>();
        multiply(corner, Accum::Add, left.adjoint(), right, one, Par::Seq);
    }

    /// Factors a few columns one after another.
    fn narrow(&mut self, j: usize, width: usize) {
        let m = self.m;
        for k in j..j + width {
            let row = self.skip + k;
            let (done, rest) = self.a.split_at_mut(k * m);
            let (column, rest) = rest.split_at_mut(m);
            let (upper, tail) = column.split_at_mut(row + 1);
            let tau = wide(Reflection {
                head: &mut upper[row],
                tail,
                phase: self.phase,
            });
            self.t[k * self.block + k] = tau;
            let columns = &mut rest[..(j + width - k - 1) * m];
            wide(Reflect {
                v: tail,
                scale: -tau.inverse().conjugate(),
                columns,
                m,
                row,
            });
            for i in j..k {
                let before = &done[i * m + row..(i + 1) * m];
                let product = dot(&before[1..], tail);
                self.t[k * self.block + i] = before[0].conjugate() + product;
            }
        }
    }
}

/// What [`factor`] wrote, as the factor `Q`.
#[derive(Clone, Copy)]
pub struct Reflections<'a, T> {
    /// The matrix, column-major.
    pub a: &'a [T],
    /// Its rows.
    pub m: usize,
    /// The factors of the reflections.
    pub factors: &'a [T],
    /// Rows of those.
    pub block: usize,
}

impl<T: Scalar> Reflections<'_, T> {
    fn count(&self) -> usize {
        self.factors.len() / self.block
    }

    /// The reflections from column `start` on, as many as a block has.
    fn block(&self, start: usize) -> Block<'_, T> {
        let (m, block) = (self.m, self.block);
        let end = (start + block).min(self.count());
        Block {
            v: &self.a[start * m..end * m],
            t: &self.factors[start * block..end * block],
            m,
            top: start,
            block,
        }
    }

    /// Writes the first columns of `Q`, as many as there is room for.
    pub fn form(&self, q: &mut [T]) -> Result<()> {
        let m = self.m;
        q.fill(T::default());
        q.iter_mut()
            .step_by(m + 1)
            .for_each(|x| *x = math::one::<T>());
        if self.block == 1 {
            wide(Form { of: *self, q });
            return Ok(());
        }
        self.stripes(q, |first, stripe, stack| {
            let last = (first + stripe.len() / m).min(self.count());
            for start in (0..last).step_by(self.block).rev() {
                // columns before the block are of the unit matrix, which it leaves as they are
                let skipped = start.saturating_sub(first);
                self.block(start).times(&mut stripe[skipped * m..], stack);
            }
        })
    }

    /// `C = Q C` of column-major columns.
    pub fn times(&self, columns: &mut [T]) -> Result<()> {
        self.stripes(columns, |_, stripe, stack| {
            for start in (0..self.count()).step_by(self.block).rev() {
                self.block(start).times(stripe, stack);
            }
        })
    }

    /// `C = Qᴴ C`.
    pub fn adjoint_times(&self, columns: &mut [T]) -> Result<()> {
        self.stripes(columns, |_, stripe, stack| {
            for start in (0..self.count()).step_by(self.block) {
                self.block(start).adjoint_times(stripe, stack);
            }
        })
    }

    /// Changes columns in stripes, the last ones first: `f` takes the number of a stripe's first column.
    fn stripes(
        &self,
        columns: &mut [T],
        f: impl Fn(usize, &mut [T], &mut MemStack) + Sync,
    ) -> Result<()> {
        let size = (STRIPE * self.m).max(1);
        let stripes = columns.chunks_mut(size);
        let tasks = stripes.len();
        each(
            tasks,
            2 * self.a.len() * STRIPE / PRODUCTS,
            stripes.enumerate().rev(),
            || memory::<T>(self.block),
            |scratch, _, (i, stripe)| {
                memory_for_products("qr")?;
                f(i * STRIPE, stripe, scratch.stack());
                Ok(())
            },
        )
    }
}

/// [`factor`] by single reflections.
struct OneByOne<'a, T> {
    a: &'a mut [T],
    m: usize,
    n: usize,
    factors: &'a mut [T],
    phase: Phase,
}

impl<T: Scalar> Wide for OneByOne<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let OneByOne {
            a,
            m,
            n,
            factors,
            phase,
        } = self;
        for (k, factor) in factors.iter_mut().enumerate().take(m.min(n)) {
            let (column, columns) = a[k * m..].split_at_mut(m);
            let (upper, tail) = column.split_at_mut(k + 1);
            let tau = reflection::<T, I>(&mut upper[k], tail, phase);
            *factor = tau;
            Reflect {
                v: tail,
                scale: -tau.inverse().conjugate(),
                columns: &mut columns[..(n - k - 1) * m],
                m,
                row: k,
            }
            .run::<I>();
        }
    }
}

/// [`Reflections::form`] by single reflections, of a unit matrix.
struct Form<'a, T> {
    of: Reflections<'a, T>,
    q: &'a mut [T],
}

impl<T: Scalar> Wide for Form<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Form { of, q } = self;
        let m = of.m;
        for (k, factor) in of.factors.iter().enumerate().rev() {
            Reflect {
                v: &of.a[k * m + k + 1..(k + 1) * m],
                scale: -factor.inverse(),
                columns: &mut q[k * m..],
                m,
                row: k,
            }
            .run::<I>();
        }
    }
}

fn real<T: Scalar>(x: f64) -> T {
    T::of(T::Real::of(x), T::Real::default())
}

struct Reflection<'a, T> {
    head: &'a mut T,
    tail: &'a mut [T],
    phase: Phase,
}

impl<T: Scalar> Wide for Reflection<'_, T> {
    type Out = T;
    #[inline(always)]
    fn run<I: Isa>(self) -> T {
        reflection::<T, I>(self.head, self.tail, self.phase)
    }
}

/// Makes the reflection `H = I - v vᴴ / tau` whose adjoint leaves of a column its first element alone: `v` is 1 and `tail`, what comes
/// back `tau`.
#[inline(always)]
fn reflection<T: Scalar, I: Isa>(head: &mut T, tail: &mut [T], phase: Phase) -> T {
    if T::COMPLEX && phase == Phase::Real {
        return onto_real::<T, I>(head, tail);
    }
    let size = |x: &T| {
        let (re, im) = (x.re().wide(), x.im().wide());
        re * re + im * im
    };
    let (first, rest) = (size(head), products::<T, I>(tail, tail).re().wide());
    let far = if T::Real::EPSILON > 1e-10 {
        1e28
    } else {
        1e280
    };
    let fine = |x: f64| (1.0 / far..far).contains(&x);
    let tau = match fine(rest) && (fine(first) || *head == T::default()) {
        true => {
            let norm = (first + rest).sqrt();
            let sign = match first.sqrt() {
                0.0 => math::one::<T>(),
                size => T::of(
                    T::Real::of(head.re().wide() / size),
                    T::Real::of(head.im().wide() / size),
                ),
            };
            let onto = sign * real::<T>(norm);
            let inverse = Scalar::inverse(*head + onto);
            tail.iter_mut().for_each(|x| *x *= inverse);
            *head = -onto;
            0.5 * (1.0 + rest * size(&inverse))
        }
        // NaN and infinity go on to all of `Q`, as in LAPACK
        false if tail.iter().any(|x| !x.finite()) => {
            let nan = real::<T>(f64::NAN);
            *head = nan;
            tail.fill(nan);
            return nan;
        }
        // squares would overflow, or vanish
        false => make_householder_in_place(head, ColMut::from_slice_mut(tail))
            .tau
            .wide(),
    };
    if tau.is_finite() {
        return real(tau);
    }
    tail.fill(T::default());
    none()
}

/// LAPACK's `larfg`: the first element becomes `beta`, which is real.
#[inline(always)]
fn onto_real<T: Scalar, I: Isa>(head: &mut T, tail: &mut [T]) -> T {
    let square = |head: T, tail: &[T]| {
        let (re, im) = (head.re().wide(), head.im().wide());
        re * re + im * im + products::<T, I>(tail, tail).re().wide()
    };
    let far = if T::Real::EPSILON > 1e-10 {
        1e28
    } else {
        1e280
    };
    let mut scale = Scale::ONE;
    let mut size = square(*head, tail);
    if !(1.0 / far..far).contains(&size) {
        // squares would overflow, or vanish
        let largest = tail.iter().copied().chain([*head]).map(part);
        scale = Scale::of(largest.fold(0.0, f64::max), tail);
        let mut first = [*head];
        scale.divide(&mut first);
        *head = first[0];
        size = square(*head, tail);
    }
    let (re, im) = (head.re().wide(), head.im().wide());
    if im == 0.0 && re * re == size && tail.iter().all(|x| *x == T::default()) {
        let mut first = [*head];
        scale.back(&mut first);
        *head = first[0];
        return none();
    }
    let beta = -size.sqrt().copysign(re);
    let inverse = Scalar::inverse(*head - real::<T>(beta));
    tail.iter_mut().for_each(|x| *x *= inverse);
    let mut first = [real::<T>(beta)];
    scale.back(&mut first);
    *head = first[0];
    T::of(T::Real::of((beta - re) / beta), T::Real::of(-im / beta)).inverse()
}

/// The factor where there is nothing to reflect: as good as infinite, and its square is finite.
fn none<T: Scalar>() -> T {
    real(NONE / (T::Real::EPSILON * T::Real::EPSILON))
}

/// Factors of this and above, times `ε⁻²`, are of no reflection.
const NONE: f64 = 4.0;

/// Whether this is the factor of no reflection.
pub fn is_none<T: Scalar>(factor: T) -> bool {
    factor.re().wide() * T::Real::EPSILON * T::Real::EPSILON >= NONE / 2.0
}

/// How many sums run beside each other.
const SUMS: usize = 32;

/// `aᴴ b`.
#[inline(always)]
fn products<T: Scalar, I: Isa>(a: &[T], b: &[T]) -> T {
    if a.len() < SUMS {
        let mut sums = [T::default(); 4];
        let (a, a_rest) = a.as_chunks::<4>();
        let (b, b_rest) = b.as_chunks::<4>();
        for (a, b) in a.iter().zip(b) {
            for l in 0..4 {
                sums[l] = a[l].conjugate().plus_times::<I>(b[l], sums[l]);
            }
        }
        for (a, b) in a_rest.iter().zip(b_rest) {
            sums[0] = a.conjugate().plus_times::<I>(*b, sums[0]);
        }
        return (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    let mut sums = [T::default(); SUMS];
    let (a, a_rest) = a.as_chunks::<SUMS>();
    let (b, b_rest) = b.as_chunks::<SUMS>();
    for (a, b) in a.iter().zip(b) {
        for l in 0..SUMS {
            sums[l] = a[l].conjugate().plus_times::<I>(b[l], sums[l]);
        }
    }
    for (l, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[l] = a.conjugate().plus_times::<I>(*b, sums[l]);
    }
    let mut half = SUMS / 2;
    while half > 0 {
        for l in 0..half {
            sums[l] += sums[l + half];
        }
        half /= 2;
    }
    sums[0]
}

struct Dot<'a, T>(&'a [T], &'a [T]);

impl<T: Scalar> Wide for Dot<'_, T> {
    type Out = T;
    #[inline(always)]
    fn run<I: Isa>(self) -> T {
        products::<T, I>(self.0, self.1)
    }
}

fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    wide(Dot(a, b))
}

/// Columns become `(I + scale v vᴴ)` times them from `row` on, where `v` is 1 there and goes on with `v`.
struct Reflect<'a, T> {
    v: &'a [T],
    scale: T,
    columns: &'a mut [T],
    m: usize,
    row: usize,
}

impl<T: Scalar> Wide for Reflect<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        for column in self.columns.chunks_exact_mut(self.m) {
            let (upper, below) = column.split_at_mut(self.row + 1);
            let head = &mut upper[self.row];
            let factor = self.scale * (*head + products::<T, I>(self.v, below));
            *head += factor;
            for (to, &v) in below.iter_mut().zip(self.v) {
                *to = v.plus_times::<I>(factor, *to);
            }
        }
    }
}

/// The Hessenberg form `Qᴴ A Q` of a column-major matrix in place, by reflections that leave a real element below the diagonal, LAPACK's
/// `gehd2`; `q`, a unit matrix before, becomes `Q`. One of two rows is that already, to SciPy.
pub fn hessenberg<T: Scalar>(a: &mut [T], q: &mut [T], n: usize) {
    if n <= 2 {
        return;
    }
    for k in 0..n.saturating_sub(1) {
        let row = k + 1;
        let mut v = a[k * n + row..(k + 1) * n].to_vec();
        let (head, tail) = v.split_at_mut(1);
        let tau = wide(Reflection {
            head: &mut head[0],
            tail,
            phase: Phase::Real,
        });
        a[k * n + row..(k + 1) * n].fill(T::default());
        a[k * n + row] = head[0];
        head[0] = math::one::<T>();
        // from the right, of both
        let factor = tau.inverse();
        for matrix in [&mut *a, &mut *q] {
            wide(FromRight {
                v: &v,
                scale: -factor,
                columns: &mut matrix[row * n..],
                n,
            });
        }
        wide(Reflect {
            v: &v[1..],
            scale: -factor.conjugate(),
            columns: &mut a[row * n..],
            m: n,
            row,
        });
    }
}

/// Columns `C` become `C (I + scale v vᴴ)`.
struct FromRight<'a, T> {
    v: &'a [T],
    scale: T,
    columns: &'a mut [T],
    n: usize,
}

impl<T: Scalar> Wide for FromRight<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let mut sum = vec![T::default(); self.n];
        for (column, &v) in self.columns.chunks_exact(self.n).zip(self.v) {
            for (sum, &x) in sum.iter_mut().zip(column) {
                *sum = x.plus_times::<I>(v, *sum);
            }
        }
        for (column, &v) in self.columns.chunks_exact_mut(self.n).zip(self.v) {
            let factor = self.scale * v.conjugate();
            for (x, &sum) in column.iter_mut().zip(&sum) {
                *x = sum.plus_times::<I>(factor, *x);
            }
        }
    }
}
