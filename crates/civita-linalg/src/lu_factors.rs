//! The LU factorisation itself: the factors, or one matrix as LAPACK packs them.

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents, batch_in_front,
    one_tangent, some,
};
use civita_core::raw::Raw;
use faer::traits::math_utils as math;

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, matrices, with_axes};
use crate::dense;
use crate::ops::{kept, last_two, upper};
use crate::scalar::{Scalar, for_dtype};
use crate::triangular::{Triangle, bind_triangular, bind_triangular_right};

fn work(m: usize, n: usize) -> usize {
    m * n * m.min(n) + 100
}

/// `A[rows] = L U`: `rows` as `int64`, `L`, with ones on its diagonal, and `U`; and where it is asked for the matrix `P` with
/// `A = P L U`.
#[derive(Clone, Debug)]
pub struct Lu {
    /// Whether there is a fourth output, `P`.
    pub permutation: bool,
}

impl HostKernel for Lu {
    fn name(&self) -> &'static str {
        "lu"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => lu::<T>(x, out))
    }
}

fn lu<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("lu", x[0].shape())?;
    let (batch, k) = (count(batch), m.min(n));
    let [rows, l, u, permutation @ ..] = out else {
        return Ok(());
    };
    let rows = parts(rows.elements::<i64>()?, batch, m);
    let l = parts(l.elements::<T>()?, batch, m * k);
    let u = parts(u.elements::<T>()?, batch, k * n);
    let factors = rows.zip(l).zip(u);
    let factor = |i: usize, rows: &mut [i64], l: &mut [T], u: &mut [T]| -> Result<()> {
        // in the memory of the factor that is as large as the matrix
        let packed = if n >= m { &mut *u } else { &mut *l };
        x[0].read(i * m * n, packed)?;
        for (to, row) in rows.iter_mut().zip(dense::Lu::new(packed, m, n)?.rows) {
            *to = row as i64;
        }
        separate(l, u, [m, n]);
        Ok(())
    };
    let [permutation] = permutation else {
        return each(
            batch,
            work(m, n),
            factors,
            || (),
            |(), i, ((rows, l), u)| factor(i, rows, l, u),
        );
    };
    let permutations = parts(permutation.elements::<T::Real>()?, batch, m * m);
    let all = factors.zip(permutations);
    each(
        batch,
        work(m, n),
        all,
        || (),
        |(), i, (((rows, l), u), p)| {
            factor(i, rows, l, u)?;
            p.fill(T::Real::default());
            for (column, &row) in rows.iter().enumerate() {
                p[row as usize * m + column] = math::one::<T::Real>();
            }
            Ok(())
        },
    )
}

/// Writes `L` and `U` from the packed matrix, which is where `U` goes, or `L` where there are more rows than columns.
fn separate<T: Scalar>(l: &mut [T], u: &mut [T], [m, n]: [usize; 2]) {
    let k = m.min(n);
    if k == 0 {
        return;
    }
    for (i, (l, u)) in l.chunks_exact_mut(k).zip(u.chunks_exact_mut(n)).enumerate() {
        match n >= m {
            true => l[..i].copy_from_slice(&u[..i]),
            false => u[i..].copy_from_slice(&l[i..]),
        }
        u[..i].fill(T::default());
        l[i] = math::one::<T>();
        l[i + 1..].fill(T::default());
    }
}

impl Primitive for Lu {
    fn name(&self) -> &'static str {
        "lu"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("lu", [x[0].dtype])?;
        let (batch, m, n) = matrices("lu", &x[0].shape)?;
        let spec = |axes: &[usize], dtype| Spec::new(&with_axes(batch, axes), dtype);
        let mut all = vec![
            spec(&[m], DType::I64),
            spec(&[m, m.min(n)], dtype),
            spec(&[m.min(n), n], dtype),
        ];
        if self.permutation {
            all.push(spec(&[m, m], dtype.to_real()));
        }
        Ok(Outputs::Several(all))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads {
            inputs: 0,
            outputs: 0b111,
        }
    }
    fn jvp(&self, _: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let Moved { square, l, u } = Moved::new(&y[0], &y[1], &y[2], some(t, 0)?)?;
        let [mut dl, mut du] = square;
        if let Some(below) = l {
            dl = Raw::concatenate(&[&dl, &below], -2)?;
        }
        if let Some(beside) = u {
            du = Raw::concatenate(&[&du, &beside], -1)?;
        }
        let mut all = Tangents::from_iter([None, Some(dl), Some(du)]);
        all.extend(self.permutation.then_some(None));
        Ok(all)
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// Tangents of the factors.
struct Moved {
    /// Of the leading squares of `L` and `U`.
    square: [Raw; 2],
    /// Of the rows of `L` below.
    l: Option<Raw>,
    /// Of the columns of `U` beside it.
    u: Option<Raw>,
}

impl Moved {
    /// With `W = L⁻¹ P dA U⁻¹` for the leading squares: `dL = L tril₋(W)`, `dU = triu(W) U`; rows and columns beyond follow.
    fn new(rows: &Raw, l: &Raw, u: &Raw, t: &Raw) -> Result<Moved> {
        let ((m, k), (_, n)) = (last_two(l), last_two(u));
        let index = rows.expand_dims(&[-1])?.broadcast_to(t.shape())?;
        let t = t.take_along_axis(&index, -2)?;
        let (l1, u1) = (l.narrow(-2, 0, k)?, u.narrow(-1, 0, k)?);
        let corner = t.narrow(-2, 0, k)?.narrow(-1, 0, k)?;
        let left = bind_triangular(&l1, &corner, Triangle::UnitLower)?;
        let w = bind_triangular_right(&left, &u1, Triangle::Upper)?;
        let dl = l1.matmul(&kept(&w, |i, j| i > j)?)?;
        let du = upper(&w)?.matmul(&u1)?;
        let square = [kept(&dl, |i, j| i > j)?, upper(&du)?];
        let mut moved = Moved {
            square,
            l: None,
            u: None,
        };
        if m > k {
            // A₂ = L₂ U: dL₂ = (dA₂ - L₂ dU) U⁻¹
            let l2 = l.narrow(-2, k, m - k)?;
            let right = t.narrow(-2, k, m - k)?.sub(&l2.matmul(&du)?)?;
            moved.l = Some(bind_triangular_right(&right, &u1, Triangle::Upper)?);
        }
        if n > k {
            // A₂ = L U₂: dU₂ = L⁻¹ (dA₂ - dL U₂)
            let u2 = u.narrow(-1, k, n - k)?;
            let right = t.narrow(-1, k, n - k)?.sub(&dl.matmul(&u2)?)?;
            moved.u = Some(bind_triangular(&l1, &right, Triangle::UnitLower)?);
        }
        Ok(moved)
    }
}

/// `P A = L U`, as LAPACK packs it: `L` below the diagonal and `U` above in one matrix; and for each row of it, the row of `A`
/// that it comes from, as `int64`.
#[derive(Clone, Debug)]
pub struct LuFactor;

impl HostKernel for LuFactor {
    fn name(&self) -> &'static str {
        "lu"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => lu_factor::<T>(x, out))
    }
}

fn lu_factor<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("lu", x[0].shape())?;
    let batch = count(batch);
    let [packed, rows] = out else {
        return Ok(());
    };
    let packed = parts(packed.elements::<T>()?, batch, m * n);
    let rows = parts(rows.elements::<i64>()?, batch, m);
    each(
        batch,
        work(m, n),
        packed.zip(rows),
        || (),
        |(), i, (y, rows)| {
            x[0].read(i * m * n, y)?;
            for (to, row) in rows.iter_mut().zip(dense::Lu::new(y, m, n)?.rows) {
                *to = row as i64;
            }
            Ok(())
        },
    )
}

impl Primitive for LuFactor {
    fn name(&self) -> &'static str {
        "lu"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("lu", [x[0].dtype])?;
        let (batch, m, _) = matrices("lu", &x[0].shape)?;
        Ok(Outputs::Several(vec![
            Spec::new(&x[0].shape, dtype),
            Spec::new(&with_axes(batch, &[m]), DType::I64),
        ]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::OUTPUTS
    }
    fn jvp(&self, _: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let packed = &y[0];
        let (m, n) = last_two(packed);
        let k = m.min(n);
        let l = kept(&packed.narrow(-1, 0, k)?, |i, j| i > j)?;
        let l = l.add(&Raw::eye(m, k, 0, packed.dtype())?)?;
        let u = upper(&packed.narrow(-2, 0, k)?)?;
        let Moved {
            square: [dl, du],
            l: below,
            u: beside,
        } = Moved::new(&y[1], &l, &u, some(t, 0)?)?;
        let mut moved = dl.add(&du)?;
        if let Some(below) = below {
            moved = Raw::concatenate(&[&moved, &below], -2)?;
        }
        if let Some(beside) = beside {
            moved = Raw::concatenate(&[&moved, &beside], -1)?;
        }
        Ok(Tangents::from_iter([Some(moved), None]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// From the row of `A` at each place, the row that each in turn is exchanged with: LAPACK's pivots, as `int32`, of the first `steps` rows.
#[derive(Clone, Debug)]
pub struct Exchanges {
    /// How many there are.
    pub steps: usize,
}

impl HostKernel for Exchanges {
    fn name(&self) -> &'static str {
        "lu_factor"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        let m = x[0].shape().last().copied().unwrap_or(0);
        let batch = x[0].shape().iter().rev().skip(1).product();
        let results = parts(out[0].elements::<i32>()?, batch, self.steps);
        each(batch, 4 * m, results, Vec::new, |order, i, pivots| {
            order.resize(m, 0i64);
            x[0].read(i * m, order)?;
            // which row is at each place, and the place of each row
            let (mut at, mut place) = (Vec::from_iter(0..m), Vec::from_iter(0..m));
            for (i, (to, &row)) in pivots.iter_mut().zip(&*order).enumerate() {
                let row = usize::try_from(row).ok().filter(|&row| row < m);
                let k = place[row.ok_or_else(|| no_row("lu_factor"))?];
                place[at[i]] = k;
                at[k] = at[i];
                *to = k as i32;
            }
            Ok(())
        })
    }
}

#[cold]
fn no_row(op: &'static str) -> Error {
    Error::value(op, "a pivot is not the number of a row")
}

impl Primitive for Exchanges {
    fn name(&self) -> &'static str {
        "lu_factor"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let [batch @ .., _] = &x[0].shape[..] else {
            return Err(Error::shape("lu_factor", "there are no rows"));
        };
        let shape = with_axes(batch, &[self.steps]);
        Ok(Outputs::One(Spec::new(&shape, DType::I32)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let outputs = self.infer(&[&Spec::of(x[0])])?;
        backend.external(self, &[DType::I64], outputs, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(None))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The other way round: the row of `A` at each of `rows` places, as `int64`, after LAPACK's exchanges.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// How many rows there are.
    pub rows: usize,
}

impl HostKernel for Exchanged {
    fn name(&self) -> &'static str {
        "lu_solve"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        let steps = x[0].shape().last().copied().unwrap_or(0);
        let batch = x[0].shape().iter().rev().skip(1).product();
        let results = parts(out[0].elements::<i64>()?, batch, self.rows);
        each(
            batch,
            4 * self.rows,
            results,
            Vec::new,
            |pivots, i, order| {
                pivots.resize(steps, 0i64);
                x[0].read(i * steps, pivots)?;
                for (row, to) in order.iter_mut().enumerate() {
                    *to = row as i64;
                }
                for (i, &k) in pivots.iter().enumerate() {
                    let k = usize::try_from(k).ok().filter(|&k| k < order.len());
                    match (i < order.len(), k) {
                        (true, Some(k)) => order.swap(i, k),
                        _ => return Err(no_row("lu_solve")),
                    }
                }
                Ok(())
            },
        )
    }
}

impl Primitive for Exchanged {
    fn name(&self) -> &'static str {
        "lu_solve"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let [batch @ .., _] = &x[0].shape[..] else {
            return Err(Error::shape("lu_solve", "pivots have one axis at least"));
        };
        let shape = with_axes(batch, &[self.rows]);
        Ok(Outputs::One(Spec::new(&shape, DType::I64)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let outputs = self.infer(&[&Spec::of(x[0])])?;
        backend.external(self, &[DType::I64], outputs, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(None))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}
