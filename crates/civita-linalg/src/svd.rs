//! The singular value decomposition, and what is made of it: the adjugate, the pseudoinverse, least squares.

use std::mem::take;

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::layout::KeepDims;
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;
use faer::linalg::matmul::matmul as multiply;
use faer::traits::math_utils as math;
use faer::{Accum, Par};

use crate::batch::{each, parts};
use crate::bidiagonal::Bidiagonal;
use crate::blocked::{Diagonal, solve_upper};
use crate::checks::{compute_dtype, count, external, external_in, matrices, with_axes};
use crate::dense::columns;
use crate::divided::{DIVIDED, Divided};
use crate::divisor::Divisor;
use crate::gaps::bind_inverse_gaps;
use crate::gemm::{Rows, View};
use crate::ops::{
    adjoint, as_diagonal, conjugate, diagonal, over, sum, times, times_columns, times_rows, total,
};
use crate::reflections::{self, Phase, Reflections};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::Scale;
use crate::small_svd;
use crate::workers::{VALUES, on_workers, on_workers_owning, par};

/// Which singular vectors are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vectors {
    /// None.
    No,
    /// As many as there are singular values.
    Thin,
    /// As many as the matrix has rows and columns.
    Full,
}

/// Memory of decompositions of one size.
struct Work<T: Scalar> {
    a: Vec<T>,
    s: Vec<T>,
    u: Vec<T>,
    v: Vec<T>,
    /// Column-major: the matrix, or its adjoint where that has more rows.
    columns: Vec<T>,
    /// Small matrices need none.
    by: Option<Box<By<T>>>,
    m: usize,
    n: usize,
    vectors: Vectors,
}

impl<T: Scalar> Work<T> {
    fn new(m: usize, n: usize, vectors: Vectors) -> Work<T> {
        let k = m.min(n);
        let (un, vn) = match vectors {
            Vectors::No => (0, 0),
            Vectors::Thin => (k, k),
            Vectors::Full => (m, n),
        };
        let small = small_svd::is_small(m, n) || k == 0;
        let by = (!small).then(|| {
            let left = if vectors == Vectors::No {
                0
            } else {
                un.max(vn)
            };
            Box::new(By::new(m.max(n), k, left))
        });
        // without vectors small matrices still need room for their columns
        let columns = if small && vectors == Vectors::No {
            m * n
        } else {
            m * un
        };
        Work {
            a: vec![T::default(); m * n],
            s: vec![T::default(); k],
            u: vec![T::default(); columns],
            v: vec![T::default(); n * vn],
            columns: vec![T::default(); if by.is_some() { m * n } else { 0 }],
            by,
            m,
            n,
            vectors,
        }
    }

    /// Decomposes the row-major matrix in `a`: `s`, and column-major `u` and `v`.
    fn run(&mut self, op: &'static str) -> Result<()> {
        let k = self.m.min(self.n);
        if !self.a.iter().all(|x| x.finite()) {
            return Err(unconverged(op));
        }
        let scale = Scale::to_one(&mut self.a);
        if !self.decompose(k)? {
            return Err(unconverged(op));
        }
        scale.back(&mut self.s);
        if self.s.iter().any(|x| !x.finite()) {
            return Err(unconverged(op));
        }
        Ok(())
    }
}

impl<T: Scalar> Work<T> {
    /// False where it does not converge.
    fn decompose(&mut self, k: usize) -> Result<bool> {
        let (m, n) = (self.m, self.n);
        let wanted = self.vectors != Vectors::No;
        if k == 0 {
            for (vectors, n) in [(&mut self.u, m), (&mut self.v, n)] {
                vectors
                    .iter_mut()
                    .step_by(n + 1)
                    .for_each(|x| *x = math::one::<T>());
            }
            return Ok(true);
        }
        if self.by.is_none() {
            if m >= n {
                crate::dense::transpose(&self.a, m, n, &mut self.u);
                let v = wanted.then_some(&mut self.v[..]);
                return Ok(small_svd::svd(m, n, &mut self.u, &mut self.s, v));
            }
            // that of Aᴴ, whose columns are the conjugates of the rows
            let (columns, others) = match wanted {
                true => (&mut self.v, Some(&mut self.u[..])),
                false => (&mut self.u, None),
            };
            for (to, x) in columns.iter_mut().zip(&self.a) {
                *to = x.conjugate();
            }
            return Ok(small_svd::svd(n, m, columns, &mut self.s, others));
        }
        if m >= n {
            crate::dense::transpose(&self.a, m, n, &mut self.columns);
        } else {
            for (to, x) in self.columns.iter_mut().zip(&self.a) {
                *to = x.conjugate();
            }
        }
        let memory = (
            take(&mut self.columns),
            take(&mut self.s),
            take(&mut self.u),
            take(&mut self.v),
            self.by.take(),
        );
        let run = move |(a, s, u, v, by): &mut Memory<T>| {
            let (u, v) = if m >= n { (u, v) } else { (v, u) };
            (by.as_mut()).map_or(Ok(false), |by| by.run(a, s, u, v))
        };
        let fine;
        ((self.columns, self.s, self.u, self.v, self.by), fine) =
            on_workers_owning(par(m, n, VALUES), memory, run)?;
        fine
    }
}

/// What a routine owns while it runs.
type Memory<T> = (Vec<T>, Vec<T>, Vec<T>, Vec<T>, Option<Box<By<T>>>);

/// From so many rows for each column on, `A = Q R` comes first.
const TALL: f64 = 11.0 / 6.0;

/// What decomposes matrices that are not small, of as many rows as columns or more.
struct By<T: Scalar> {
    tall: Option<Tall<T>>,
    /// For large ones whose vectors are wanted.
    divided: Option<Divided<T>>,
    bidiagonal: Bidiagonal<T>,
}

/// `A = Q R`, and what becomes of `R`.
struct Tall<T> {
    m: usize,
    n: usize,
    block: usize,
    factors: Vec<T>,
    r: Vec<T>,
    u: Vec<T>,
}

impl<T: Scalar> By<T> {
    /// For `m` rows, `n ≤ m` columns, at least one, and as many left vectors.
    fn new(m: usize, n: usize, left: usize) -> By<T> {
        let (par, vectors) = (par(m, n, VALUES), left > 0);
        let tall = m as f64 > n as f64 * TALL;
        let (rows, wide) = if tall { (n, n) } else { (m, left) };
        By {
            tall: tall.then(|| Tall::new(m, n, left)),
            divided: (vectors && n >= DIVIDED).then(|| Divided::new(rows, n, wide, par)),
            bidiagonal: Bidiagonal::new(rows, n, vectors, par),
        }
    }

    /// Decomposes a column-major matrix, which is overwritten: descending singular values into `s`, and the vectors, one after the
    /// other, into `u` and `v`. False where it does not converge.
    fn run(&mut self, a: &mut [T], s: &mut [T], u: &mut [T], v: &mut [T]) -> Result<bool> {
        let Some(tall) = &mut self.tall else {
            let divided = self.divided.as_mut();
            return Ok(
                divided.is_some_and(|by| by.run(a, s, u, v)) || self.bidiagonal.run(a, s, u, v)
            );
        };
        tall.factor(a)?;
        let (r, inner) = (&mut tall.r, &mut tall.u);
        let divided = self.divided.as_mut();
        let fine =
            divided.is_some_and(|by| by.run(r, s, inner, v)) || self.bidiagonal.run(r, s, inner, v);
        if fine && !u.is_empty() {
            tall.apply(a, u)?;
        }
        Ok(fine)
    }
}

impl<T: Scalar> Tall<T> {
    fn new(m: usize, n: usize, left: usize) -> Tall<T> {
        let block = reflections::block::<T>(m, n);
        Tall {
            m,
            n,
            block,
            factors: vec![T::default(); block * n],
            r: vec![T::default(); n * n],
            u: vec![T::default(); if left > 0 { n * n } else { 0 }],
        }
    }

    fn factor(&mut self, a: &mut [T]) -> Result<()> {
        let (m, n) = (self.m, self.n);
        reflections::factor(a, [m, n], &mut self.factors, self.block, Phase::Kept)?;
        self.r.fill(T::default());
        let to = self.r.chunks_exact_mut(n);
        for (j, (to, from)) in to.zip(a.chunks_exact(m)).enumerate() {
            to[..=j].copy_from_slice(&from[..=j]);
        }
        Ok(())
    }

    /// Writes `Q` times the vectors of `R`, and further columns of `Q`.
    fn apply(&mut self, a: &[T], u: &mut [T]) -> Result<()> {
        let (m, n, block) = (self.m, self.n, self.block);
        u.fill(T::default());
        for (k, column) in u.chunks_exact_mut(m).enumerate() {
            match k < n {
                true => column[..n].copy_from_slice(&self.u[k * n..(k + 1) * n]),
                false => column[k] = math::one::<T>(),
            }
        }
        let factors = &self.factors;
        let found = Reflections {
            a,
            m,
            factors,
            block,
        };
        found.times(u)
    }
}

fn unconverged(op: &'static str) -> Error {
    Error::linalg(
        op,
        match op {
            "lstsq" => "SVD did not converge in Linear Least Squares",
            _ => "SVD did not converge",
        },
    )
    .rule("all elements must be finite")
}

/// Writes `det(U) det(Vᴴ) V adj(S) Uᴴ`, the adjugate of a row-major square matrix.
pub fn adjugate<T: Scalar>(a: &[T], n: usize, out: &mut [T]) -> Result<()> {
    let mut work = Work::<T>::new(n, n, Vectors::Full);
    work.a.copy_from_slice(a);
    work.run("det")?;
    let det = |columns: &[T]| -> Result<T> {
        let mut columns = columns.to_vec();
        let lu = crate::dense::Lu::new(&mut columns, n, n)?;
        let det = lu.pivots().fold(math::one::<T>(), |all, p| all * p);
        Ok(if lu.odd { -det } else { det })
    };
    // of a matrix in column-major order this is the determinant as well
    let phase = det(&work.u)? * det(&work.v)?.conjugate();
    let others: Vec<T> = (0..n)
        .map(|k| {
            let rest = (0..n).filter(|&i| i != k).map(|i| work.s[i]);
            rest.fold(phase, |all, s| all * s)
        })
        .collect();
    for i in 0..n {
        for j in 0..n {
            let terms =
                (0..n).map(|k| work.v[k * n + i] * others[k] * work.u[k * n + j].conjugate());
            out[i * n + j] = terms.fold(T::default(), |all, x| all + x);
        }
    }
    Ok(())
}

// ---- the decomposition -----------------------------------------------------------------------------------------------

/// `A = U diag(s) Vᴴ`: `u`, `s`, `vh`, or `s` alone.
#[derive(Clone, Debug)]
pub struct Svd {
    /// Which vectors.
    pub vectors: Vectors,
}

impl HostKernel for Svd {
    fn name(&self) -> &'static str {
        "svd"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self.vectors, x, out))
    }
}

fn run<T: Scalar>(vectors: Vectors, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("svd", x[0].shape())?;
    let (batch, k) = (count(batch), m.min(n));
    let work = 10 * m * n * k + 500;
    let state = || Work::<T>::new(m, n, vectors);
    let values = |s: &mut [T::Real], work: &Work<T>| {
        for (to, s) in s.iter_mut().zip(&work.s) {
            *to = s.re();
        }
    };
    match out {
        [s] => {
            let s = parts(s.elements::<T::Real>()?, batch, k);
            each(batch, work, s, state, |work, i, s| {
                x[0].read(i * m * n, &mut work.a)?;
                work.run("svd")?;
                values(s, work);
                Ok(())
            })
        }
        [u, s, vh] => {
            let (un, vn) = match vectors {
                Vectors::Full => (m, n),
                _ => (k, k),
            };
            let s = parts(s.elements::<T::Real>()?, batch, k);
            let u = parts(u.elements::<T>()?, batch, m * un);
            let vh = parts(vh.elements::<T>()?, batch, vn * n);
            each(
                batch,
                work,
                u.zip(s).zip(vh),
                state,
                |work, i, ((u, s), vh)| {
                    x[0].read(i * m * n, &mut work.a)?;
                    work.run("svd")?;
                    values(s, work);
                    crate::dense::transpose(&work.u, un, m, u);
                    for (to, v) in vh.iter_mut().zip(&work.v) {
                        *to = v.conjugate();
                    }
                    Ok(())
                },
            )
        }
        _ => Ok(()),
    }
}

impl Primitive for Svd {
    fn name(&self) -> &'static str {
        "svd"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("svd", [x[0].dtype])?;
        let (batch, m, n) = matrices("svd", &x[0].shape)?;
        let k = m.min(n);
        let s = Spec::new(&with_axes(batch, &[k]), dtype.to_real());
        let (un, vn) = match self.vectors {
            Vectors::No => return Ok(Outputs::One(s)),
            Vectors::Thin => (k, k),
            Vectors::Full => (m, n),
        };
        Ok(Outputs::Several(vec![
            Spec::new(&with_axes(batch, &[m, un]), dtype),
            s,
            Spec::new(&with_axes(batch, &[vn, n]), dtype),
        ]))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        match self.vectors {
            Vectors::No => Reads::INPUTS,
            Vectors::Thin => Reads::OUTPUTS,
            Vectors::Full => Reads::ALL,
        }
    }
    /// With `P = Uᴴ dA V`: `ds = re diag(P)`, `dU = U (F ∘ (P S + S Pᴴ)) + (I - U Uᴴ) dA V S⁻¹`, and the like for `V`, where
    /// `F = 1 / (sⱼ² - sᵢ²)` (Townsend 2016). The phases of complex vectors are not determined by `A`: the share of the
    /// diagonal is divided between `U` and `V`.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        if self.vectors == Vectors::No {
            let [u, _, vh] = thin(&x[0])?;
            let p = adjoint(&u)?.matmul(t)?.matmul(&adjoint(&vh)?)?;
            return Ok(one_tangent(Some(diagonal(&p)?.real()?)));
        }
        let (u, s, vh) = (&y[0], &y[1], &y[2]);
        self.check_differentiable(u, vh)?;
        let (uh, v) = (adjoint(u)?, adjoint(vh)?);
        let along = t.matmul(&v)?;
        let p = uh.matmul(&along)?;
        let ds = diagonal(&p)?.real()?;
        let f = differences(s)?;
        let (ph, complex) = (adjoint(&p)?, p.dtype().is_complex());
        let skew_u = f.mul(&times_columns(&p, s)?.add(&times_rows(s, &ph)?)?)?;
        let skew_v = f.mul(&times_rows(s, &p)?.add(&times_columns(&ph, s)?)?)?;
        let phases = match complex {
            true => {
                let d = diagonal(&p)?;
                let turned = d.sub(&conjugate(&d)?)?.div(&times(s, 4.0)?)?;
                Some(as_diagonal(&turned)?)
            }
            false => None,
        };
        let (skew_u, skew_v) = match phases {
            Some(phases) => (skew_u.add(&phases)?, skew_v.sub(&phases)?),
            None => (skew_u, skew_v),
        };
        let ((m, k), (_, n)) = (crate::ops::last_two(u), crate::ops::last_two(vh));
        let mut du = u.matmul(&skew_u)?;
        if m > k {
            let outside = along.sub(&u.matmul(&p)?)?;
            du = du.add(&times_columns(&outside, &over(1.0, s)?)?)?;
        }
        let mut dv = v.matmul(&skew_v)?;
        if n > k {
            let outside = adjoint(t)?.matmul(u)?.sub(&v.matmul(&ph)?)?;
            dv = dv.add(&times_columns(&outside, &over(1.0, s)?)?)?;
        }
        Ok(Tangents::from_iter([
            Some(du),
            Some(ds),
            Some(adjoint(&dv)?),
        ]))
    }
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        if self.vectors == Vectors::No {
            let [u, _, vh] = thin(&x[0])?;
            return Ok(one_gradient(times_columns(&u, some(g, 0)?)?.matmul(&vh)?));
        }
        let s = &y[1];
        let k = s.shape().last().copied().unwrap_or(0);
        let (u, vh) = (&y[0].narrow(-1, 0, k)?, &y[2].narrow(-2, 0, k)?);
        if g[0].is_none() && g[2].is_none() {
            // the derivative of this is that of the vectors, which are those of this decomposition only where there are none beyond
            let again = self.has_more(&y[0], &y[2]) && x[0].is_differentiated();
            let [u, vh] = match again {
                true => thin(&x[0]).map(|[u, _, vh]| [u, vh])?,
                false => [u.clone(), vh.clone()],
            };
            return Ok(one_gradient(times_columns(&u, some(g, 1)?)?.matmul(&vh)?));
        }
        let within = |g: &Option<Raw>, axis| match g {
            Some(g) => first_alone("svd", g, axis, k, BEYOND).map(Some),
            None => Ok(None),
        };
        let g = &[within(&g[0], -1)?, g[1].clone(), within(&g[2], -2)?];
        let (uh, v) = (adjoint(u)?, adjoint(vh)?);
        let gv = g[2].as_ref().map(adjoint).transpose()?;
        let f = differences(s)?;
        let ((m, k), (_, n)) = (crate::ops::last_two(u), crate::ops::last_two(vh));
        // the gradient of P, by the adjoint of the map above
        let from_u = match &g[0] {
            Some(gu) => {
                let q = uh.matmul(gu)?;
                let w = f.mul(&q)?;
                Some(times_columns(&w.add(&adjoint(&w)?)?, s)?)
            }
            None => None,
        };
        let from_v = match &gv {
            Some(gv) => {
                let q = vh.matmul(gv)?;
                let w = f.mul(&q)?;
                Some(times_rows(s, &w.add(&adjoint(&w)?)?)?)
            }
            None => None,
        };
        let from_s = g[1]
            .as_ref()
            .map(|g| as_diagonal(&g.cast(u.dtype())?))
            .transpose()?;
        let from_phases = match u.dtype().is_complex() {
            true => {
                let qu = g[0]
                    .as_ref()
                    .map(|g| diagonal(&uh.matmul(g)?))
                    .transpose()?;
                let qv = gv
                    .as_ref()
                    .map(|g| diagonal(&vh.matmul(g)?)?.neg())
                    .transpose()?;
                match total([qu, qv])? {
                    Some(q) => {
                        let turned = q.sub(&conjugate(&q)?)?.div(&times(s, 4.0)?)?;
                        Some(as_diagonal(&turned)?)
                    }
                    None => None,
                }
            }
            false => None,
        };
        let inside = total([from_u, from_v, from_s, from_phases])?;
        let inside = inside.map(|p| u.matmul(&p)?.matmul(vh)).transpose()?;
        let beside_u = match &g[0] {
            Some(gu) if m > k => {
                let outside = gu.sub(&u.matmul(&uh.matmul(gu)?)?)?;
                Some(times_columns(&outside, &over(1.0, s)?)?.matmul(vh)?)
            }
            _ => None,
        };
        let beside_v = match &gv {
            Some(gv) if n > k => {
                let outside = gv.sub(&v.matmul(&vh.matmul(gv)?)?)?;
                let outside = times_columns(&outside, &over(1.0, s)?)?;
                Some(u.matmul(&adjoint(&outside)?)?)
            }
            _ => None,
        };
        Ok(Gradients::from_iter([total([inside, beside_u, beside_v])?]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// What derivatives of full decompositions do not exist for.
const BEYOND: [&str; 3] = [
    "the singular vectors beyond the singular values are not determined by the matrix",
    "`linalg::svd(&a)`",
    "`cv.linalg.svd(a, full_matrices=False)`",
];

impl Svd {
    /// Whether there are more vectors than singular values.
    fn has_more(&self, u: &Raw, vh: &Raw) -> bool {
        let (m, n) = (crate::ops::last_two(u).0, crate::ops::last_two(vh).1);
        self.vectors == Vectors::Full && m != n
    }

    fn check_differentiable(&self, u: &Raw, vh: &Raw) -> Result<()> {
        match self.has_more(u, vh) {
            true => Err(Error::gradient("svd", BEYOND[0]).hint_in(BEYOND[1], BEYOND[2])),
            false => Ok(()),
        }
    }
}

/// The cotangent of the first `k` vectors along an axis. What reaches those beyond, which the matrix does not determine, must be zero, and
/// stay so.
pub fn first_alone(
    op: &'static str,
    g: &Raw,
    axis: isize,
    k: usize,
    [why, rust, python]: [&'static str; 3],
) -> Result<Raw> {
    let n = g.shape()[(g.rank() as isize + axis) as usize];
    if n > k {
        let rest = g.narrow(axis, k, n - k)?;
        let fixed = rest.opaque().is_none() && !rest.is_differentiated();
        let any = || -> Result<bool> {
            let any = rest.ne(&Raw::zeros(&[], rest.dtype())?)?;
            let options = civita_core::raw::ReduceOptions::default();
            let any = any.reduce(civita_core::ops::Reduction::Any, options)?;
            Ok(any.item()?.as_f64() != 0.0)
        };
        if !fixed || any()? {
            return Err(Error::gradient(op, why).hint_in(rust, python));
        }
    }
    g.narrow(axis, 0, k)
}

/// `1 / (sⱼ² - sᵢ²)`, zero on the diagonal.
fn differences(s: &Raw) -> Result<Raw> {
    let sums = s.expand_dims(&[-1])?.add(&s.expand_dims(&[-2])?)?;
    // twice a zero on the diagonal would be a NaN
    let n = s.shape().last().copied().unwrap_or(0);
    let one = Raw::ones(&[], s.dtype())?;
    let sums = crate::ops::mask(n, n, |i, j| i == j)?.choose(&one, &sums)?;
    bind_inverse_gaps(s, "svd")?.div(&sums)
}

/// `u`, `s`, `vh` with as many vectors as there are singular values.
pub fn thin(a: &Raw) -> Result<[Raw; 3]> {
    three(a, Vectors::Thin)
}

/// `u`, `s`, `vh`.
pub fn three(a: &Raw, vectors: Vectors) -> Result<[Raw; 3]> {
    let outputs = bind(&Svd { vectors }, &[a])?.into_vec();
    outputs
        .try_into()
        .map_err(|_| Error::value("svd", "there are three outputs"))
}

/// The singular values.
pub fn values(a: &Raw) -> Result<Raw> {
    bind_one(
        &Svd {
            vectors: Vectors::No,
        },
        &[a],
    )
}

// ---- the pseudoinverse -----------------------------------------------------------------------------------------------

/// The pseudoinverse; singular values up to `rcond` times the largest count as zero. Operands: the matrix, and `rcond` with the
/// shape of its batch.
#[derive(Clone, Debug)]
pub struct Pinv;

impl HostKernel for Pinv {
    fn name(&self) -> &'static str {
        "pinv"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => pinv::<T>(x, out))
    }
}

fn pinv<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("pinv", x[0].shape())?;
    let (batch, k) = (count(batch), m.min(n));
    let rcond = x[1].elements::<T::Real>()?;
    let results = parts(out[0].elements::<T>()?, batch, n * m);
    let state = || Work::<T>::new(m, n, Vectors::Thin);
    each(batch, 12 * m * n * k + 500, results, state, |work, i, y| {
        x[0].read(i * m * n, &mut work.a)?;
        work.run("pinv")?;
        let least = work.s.first().map_or(0.0, |s| s.re().wide()) * rcond[i].wide();
        let rank = work.s.iter().filter(|s| s.re().wide() > least).count();
        // V S⁻¹ Uᴴ
        for (j, column) in work.v.chunks_exact_mut(n.max(1)).take(rank).enumerate() {
            let value = Divisor::new(work.s[j]);
            column.iter_mut().for_each(|x| *x = value.of(*x));
        }
        let u = columns(&work.u[..m * rank], m, rank);
        let v = columns(&work.v[..n * rank], n, rank);
        let (par, y) = (
            par(m, n, VALUES),
            faer::MatMut::from_row_major_slice_mut(y, n, m),
        );
        on_workers(par, || {
            multiply(y, Accum::Replace, v, u.adjoint(), math::one::<T>(), par)
        })
    })
}

impl Primitive for Pinv {
    fn name(&self) -> &'static str {
        "pinv"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("pinv", [x[0].dtype])?;
        let (batch, m, n) = matrices("pinv", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&with_axes(batch, &[n, m]), dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let dtype = compute_dtype("pinv", [x[0].dtype()])?;
        external_in(self, backend, &[dtype, dtype.to_real()], x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads {
            inputs: 1,
            outputs: 1,
        }
    }
    /// `dP = -P dA P + P Pᴴ dAᴴ (I - A P) + (I - P A) dAᴴ Pᴴ P`, for matrices of constant rank (Golub & Pereyra 1973).
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let Some(t) = &t[0] else {
            return Ok(one_tangent(None));
        };
        Ok(one_tangent(Some(pinv_tangent(&x[0], &y[0], t)?)))
    }
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        if !wanted[0] {
            return Ok(Gradients::from_iter([None, None]));
        }
        // the adjoint of each of the three terms
        let (a, p, g) = (&x[0], &y[0], some(g, 0)?);
        let (ph, gh) = (adjoint(p)?, adjoint(g)?);
        let first = ph.matmul(g)?.matmul(&ph)?;
        // Re⟨g, P Pᴴ dAᴴ R⟩ with R = I - A P: gA = R gᴴ P Pᴴ
        let right = gh.sub(&a.matmul(&p.matmul(&gh)?)?)?;
        let second = right.matmul(p)?.matmul(&ph)?;
        // Re⟨g, L dAᴴ Pᴴ P⟩ with L = I - P A: gA = Pᴴ P gᴴ L
        let third = ph.matmul(p)?.matmul(&gh)?;
        let third = third.sub(&third.matmul(p)?.matmul(a)?)?;
        let all = second.add(&third)?.sub(&first)?;
        Ok(Gradients::from_iter([Some(all), None]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

fn pinv_tangent(a: &Raw, p: &Raw, t: &Raw) -> Result<Raw> {
    let (ph, th) = (adjoint(p)?, adjoint(t)?);
    let first = p.matmul(t)?.matmul(p)?;
    let b = p.matmul(&ph)?.matmul(&th)?;
    let second = b.sub(&b.matmul(a)?.matmul(p)?)?;
    let c = th.matmul(&ph)?.matmul(p)?;
    let third = c.sub(&p.matmul(&a.matmul(&c)?)?)?;
    second.add(&third)?.sub(&first)
}

/// The pseudoinverse with a cut for each matrix.
pub fn bind_pinv(a: &Raw, rcond: &Raw) -> Result<Raw> {
    bind_one(&Pinv, &[a, rcond])
}

// ---- least squares ---------------------------------------------------------------------------------------------------

/// `x` with the least `‖b - A x‖`, and of these the shortest; the rank of `A`, and its singular values. Operands: `A`, and `b`, a
/// matrix.
#[derive(Clone, Debug)]
pub struct Lstsq {
    /// Singular values up to this times the largest count as zero.
    pub rcond: f64,
}

impl HostKernel for Lstsq {
    fn name(&self) -> &'static str {
        "lstsq"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => lstsq::<T>(self.rcond, x, out))
    }
}

/// More rows than columns: by `A = Q R` the problem becomes that of `R` and `Qᴴ b`, without the left vectors of `A`.
struct Reduce<T> {
    m: usize,
    n: usize,
    rows: Vec<T>,
    /// `R`, row-major.
    r: Vec<T>,
    a: Vec<T>,
    b: Vec<T>,
    factors: Vec<T>,
    block: usize,
}

impl<T: Scalar> Reduce<T> {
    fn new(m: usize, n: usize, c: usize) -> Reduce<T> {
        let block = reflections::block::<T>(m, n);
        Reduce {
            m,
            n,
            rows: vec![T::default(); m * n],
            r: vec![T::default(); n * n],
            a: vec![T::default(); m * n],
            b: vec![T::default(); m * c],
            factors: vec![T::default(); block * n],
            block,
        }
    }

    /// Writes the first rows of `Qᴴ b` into `b`, row-major, and `R`.
    fn run(&mut self, b: &mut [T]) -> Result<()> {
        let (m, n) = (self.m, self.n);
        let c = b.len() / m;
        crate::dense::transpose(&self.rows, m, n, &mut self.a);
        crate::dense::transpose(b, m, c, &mut self.b);
        reflections::factor(
            &mut self.a,
            [m, n],
            &mut self.factors,
            self.block,
            Phase::Kept,
        )?;
        let found = Reflections {
            a: &self.a,
            m,
            factors: &self.factors,
            block: self.block,
        };
        found.adjoint_times(&mut self.b)?;
        let r = &mut self.r;
        for i in 0..n {
            for j in 0..n {
                r[i * n + j] = match j < i {
                    true => T::default(),
                    false => self.a[j * m + i],
                };
            }
            for j in 0..c {
                b[i * c + j] = self.b[j * m + i];
            }
        }
        Ok(())
    }
}

fn lstsq<T: Scalar>(rcond: f64, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, m, n) = matrices("lstsq", x[0].shape())?;
    let columns_of_b = x[1].shape().last().copied().unwrap_or(0);
    let (batch, k, c) = (count(batch), m.min(n), columns_of_b);
    let [y, ranks, s] = out else {
        return Ok(());
    };
    let y = parts(y.elements::<T>()?, batch, n * c);
    let ranks = ranks.elements::<i32>()?.iter_mut();
    let s = parts(s.elements::<T::Real>()?, batch, k);
    let blocked = !small_svd::is_small(n, n);
    let tall = n > 0 && (m >= 2 * n || m >= n && blocked);
    let rows = if tall { n } else { m };
    let state = || {
        let reduce = tall.then(|| Reduce::<T>::new(m, n, c));
        let values = (tall && blocked).then(|| Work::<T>::new(n, n, Vectors::No));
        (None, values, reduce, Vec::new(), Vec::new())
    };
    let work = 12 * m * n * k + 4 * m * k * c + 500;
    each(
        batch,
        work,
        y.zip(ranks).zip(s),
        state,
        |(work, values, reduce, b, uhb), i, ((y, to_rank), s)| {
            b.resize(m * c, T::default());
            x[1].read(i * m * c, b)?;
            if !b.iter().all(|x| x.finite()) {
                return Err(unconverged("lstsq"));
            }
            // as LAPACK does, so that squares neither overflow nor vanish
            let scales = Scale::columns_from_far(b, c);
            let mut scale = Scale::ONE;
            if let Some(reduce) = reduce {
                x[0].read(i * m * n, &mut reduce.rows)?;
                scale = Scale::from_far(&mut reduce.rows);
                reduce.run(b)?;
            }
            // a matrix whose singular values all count is solved with R
            if let (Some(reduce), Some(values)) = (&reduce, values) {
                values.a.copy_from_slice(&reduce.r);
                values.run("lstsq")?;
                let mut sizes = values.s.iter().map(|s| s.re().wide());
                let most = values.s.first().map_or(0.0, |s| s.re().wide());
                let doubt = rcond.max(T::Real::EPSILON * n as f64) * most;
                if sizes.all(|s| s > doubt) {
                    scale.back(&mut values.s);
                    for (to, s) in s.iter_mut().zip(&values.s) {
                        *to = s.re();
                    }
                    *to_rank = n as i32;
                    let b = &mut b[..n * c];
                    let r = View::row_major(&reduce.r, n, n, n);
                    solve_upper(r, Diagonal::Own, Rows::new(b, n, c, c))?;
                    scale.quotients(b, &scales, y);
                    return Ok(());
                }
            }
            let work = work.get_or_insert_with(|| Work::<T>::new(rows, n, Vectors::Thin));
            match reduce {
                Some(reduce) => work.a.copy_from_slice(&reduce.r),
                None => {
                    x[0].read(i * m * n, &mut work.a)?;
                    scale = Scale::from_far(&mut work.a);
                }
            }
            work.run("lstsq")?;
            let m = rows;
            let b = &b[..m * c];
            for (to, &value) in s.iter_mut().zip(&work.s) {
                let mut value = [value];
                scale.back(&mut value);
                *to = value[0].re();
            }
            let least = work.s.first().map_or(0.0, |s| s.re().wide()) * rcond;
            let rank = work.s.iter().filter(|s| s.re().wide() > least).count();
            *to_rank = rank as i32;
            // V S⁻¹ (Uᴴ b)
            uhb.resize(rank * c, T::default());
            let u = columns(&work.u[..m * rank], m, rank);
            let to = faer::MatMut::from_row_major_slice_mut(uhb, rank, c);
            let b = faer::MatRef::from_row_major_slice(b, m, c);
            multiply(
                to,
                Accum::Replace,
                u.adjoint(),
                b,
                math::one::<T>(),
                Par::Seq,
            );
            for (row, s) in uhb.chunks_exact_mut(c.max(1)).zip(&work.s) {
                let value = Divisor::new(*s);
                row.iter_mut().for_each(|x| *x = value.of(*x));
            }
            let v = columns(&work.v[..n * rank], n, rank);
            let to = faer::MatMut::from_row_major_slice_mut(y, n, c);
            let uhb = faer::MatRef::from_row_major_slice(uhb, rank, c);
            multiply(to, Accum::Replace, v, uhb, math::one::<T>(), Par::Seq);
            scale.quotients_in_place(y, &scales);
            Ok(())
        },
    )
}

impl Primitive for Lstsq {
    fn name(&self) -> &'static str {
        "lstsq"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("lstsq", [x[0].dtype, x[1].dtype])?;
        let (batch, m, n) = matrices("lstsq", &x[0].shape)?;
        match &*x[1].shape {
            [b @ .., rows, c] if *rows == m && b == batch => Ok(Outputs::Several(vec![
                Spec::new(&with_axes(batch, &[n, *c]), dtype),
                Spec::new(batch, DType::I32),
                Spec::new(&with_axes(batch, &[m.min(n)]), dtype.to_real()),
            ])),
            b => Err(Error::linalg("lstsq", "Incompatible dimensions")
                .shapes(&[&x[0].shape, b])
                .rule("b has as many rows as a")),
        }
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads {
            inputs: 0b11,
            outputs: 0b1,
        }
    }
    /// That of `A⁺ b`: `A⁺ (db - dA x) + A⁺ A⁺ᴴ dAᴴ (b - A x) + (I - A⁺ A) dAᴴ A⁺ᴴ x`.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let (a, b, solution) = (&x[0], &x[1], &y[0]);
        let p = self.pinv(a)?;
        let along_b = t[1].as_ref().map(|t| p.matmul(t)).transpose()?;
        let mut ds = None;
        let along_a = match &t[0] {
            Some(t) => {
                let (ph, th) = (adjoint(&p)?, adjoint(t)?);
                let first = p.matmul(&t.matmul(solution)?)?;
                let rest = b.sub(&a.matmul(solution)?)?;
                let second = p.matmul(&ph.matmul(&th.matmul(&rest)?)?)?;
                let c = th.matmul(&ph.matmul(solution)?)?;
                let third = c.sub(&p.matmul(&a.matmul(&c)?)?)?;
                let [u, _, vh] = thin(a)?;
                let moved = adjoint(&u)?.matmul(t)?.matmul(&adjoint(&vh)?)?;
                ds = Some(diagonal(&moved)?.real()?);
                Some(second.add(&third)?.sub(&first)?)
            }
            None => None,
        };
        Ok(Tangents::from_iter([total([along_a, along_b])?, None, ds]))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

impl Lstsq {
    fn pinv(&self, a: &Raw) -> Result<Raw> {
        let (batch, ..) = matrices("lstsq", a.shape())?;
        let rcond = civita_core::dtype::Scalar::Float(self.rcond);
        bind_pinv(a, &Raw::full(batch, rcond, a.dtype().to_real())?)
    }
}

/// The squares of the lengths of the columns of `b - A x`.
pub fn residuals(a: &Raw, b: &Raw, x: &Raw) -> Result<Raw> {
    let rest = b.sub(&a.matmul(x)?)?;
    let squares = rest.mul(&conjugate(&rest)?)?.real()?;
    sum(&squares, &[-2], KeepDims::No)
}
