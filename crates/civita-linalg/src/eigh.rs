//! Eigenvalues and eigenvectors of Hermitian matrices.

use std::mem::take;

use civita_core::backend::Backend;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;
use faer::Spec as Settings;
use faer::linalg::evd::{self, ComputeEigenvectors, SelfAdjointEvdParams};

use crate::batch::{each, parts};
use crate::checks::{compute_dtype, count, external, squares, with_axes};
use crate::dense::{columns, columns_mut};
use crate::gaps::bind_inverse_gaps;
use crate::ops::{adjoint, as_diagonal, diagonal, hermitian, times_columns, total};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::scale::Scale;
use crate::scratch::Scratch;
use crate::small_eigh::{SMALL_EIGH, SmallEigh};
use crate::tridiagonal::{TURNED_EIGH, Tridiagonal};
use crate::workers::{VALUES, on_workers_owning, par};

/// `A = V diag(w) Vᴴ` with ascending `w`: both, or `w` alone. Of `A` only the lower triangle is read.
#[derive(Clone, Debug)]
pub struct Eigh {
    /// Whether eigenvectors are computed.
    pub vectors: bool,
}

impl HostKernel for Eigh {
    fn name(&self) -> &'static str {
        "eigh"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

/// faer's settings, but that matrices are divided down to fewer rows than its 128.
fn settings<T: Scalar>() -> Settings<SelfAdjointEvdParams, T> {
    let mut settings = Settings::<SelfAdjointEvdParams, T>::default();
    settings.recursion_threshold = 32;
    settings
}

struct Work<T: Scalar> {
    rows: Vec<T>,
    a: Vec<T>,
    w: Vec<T>,
    v: Vec<T>,
    by: By<T>,
}

/// Which loops decompose.
enum By<T: Scalar> {
    Small(SmallEigh<T>),
    /// There unless a routine has it.
    Turned(Option<Box<Tridiagonal<T>>>),
    Faer(Scratch),
}

impl<T: Scalar> Work<T> {
    fn new(n: usize, vectors: bool) -> Work<T> {
        let by = if n <= SMALL_EIGH {
            By::Small(SmallEigh::new(n))
        } else if n <= TURNED_EIGH || !vectors {
            let par = par(n, n, VALUES);
            By::Turned(Some(Box::new(Tridiagonal::new(n, vectors, par))))
        } else {
            let compute = ComputeEigenvectors::Yes;
            let par = par(n, n, VALUES);
            let size = evd::self_adjoint_evd_scratch::<T>(n, compute, par, settings());
            By::Faer(Scratch::new(size))
        };
        Work {
            rows: vec![T::default(); n * n],
            a: vec![T::default(); if n <= SMALL_EIGH { 0 } else { n * n }],
            w: vec![T::default(); n],
            v: vec![T::default(); if vectors { n * n } else { 0 }],
            by,
        }
    }

    /// Decomposes the row-major matrix in `rows`.
    fn run(&mut self, n: usize) -> Result<()> {
        let failed = || {
            Error::linalg("eigh", "Eigenvalues did not converge")
                .rule("all elements must be finite")
        };
        let mut largest = 0.0f64;
        for i in 0..n {
            for x in &self.rows[i * n..i * n + i + 1] {
                if !x.finite() {
                    return Err(failed());
                }
                largest = largest.max(x.size().wide());
            }
            // LAPACK takes the diagonal as real
            let d = &mut self.rows[i * n + i];
            *d = T::of(d.re(), T::Real::default());
        }
        let scale = Scale::of(largest, &mut self.rows);
        let fine = match &mut self.by {
            By::Small(small) => small.run(&mut self.rows, &mut self.w, &mut self.v),
            By::Turned(by) => {
                crate::dense::transpose(&self.rows, n, n, &mut self.a);
                let memory = (
                    take(&mut self.a),
                    take(&mut self.w),
                    take(&mut self.v),
                    by.take(),
                );
                let run = move |(a, w, v, by): &mut (Vec<T>, Vec<T>, Vec<T>, Option<Box<_>>)| {
                    by.as_mut()
                        .is_some_and(|by: &mut Box<Tridiagonal<T>>| by.run(a, w, v))
                };
                let fine;
                ((self.a, self.w, self.v, *by), fine) =
                    on_workers_owning(par(n, n, VALUES), memory, run)?;
                fine
            }
            By::Faer(scratch) => {
                crate::dense::transpose(&self.rows, n, n, &mut self.a);
                let par = par(n, n, VALUES);
                let memory = (
                    take(&mut self.a),
                    take(&mut self.w),
                    take(&mut self.v),
                    take(scratch),
                );
                let run = move |(a, w, v, scratch): &mut (Vec<T>, Vec<T>, Vec<T>, Scratch)| {
                    let v = (!v.is_empty()).then(|| columns_mut(v, n, n));
                    let w = faer::ColMut::from_slice_mut(w).as_diagonal_mut();
                    let (a, stack) = (columns(a, n, n), scratch.stack());
                    evd::self_adjoint_evd(a, w, v, par, stack, settings()).is_ok()
                };
                let fine;
                ((self.a, self.w, self.v, *scratch), fine) = on_workers_owning(par, memory, run)?;
                fine
            }
        };
        if !fine {
            return Err(failed());
        }
        scale.back(&mut self.w);
        if self.w.iter().any(|x| !x.finite()) {
            return Err(failed());
        }
        Ok(())
    }
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("eigh", x[0].shape())?;
    let batch = if n == 0 { 0 } else { count(batch) };
    let work = 10 * n * n * n + 500;
    let vectors = out.len() == 2;
    let state = || Work::<T>::new(n, vectors);
    let solve = |work: &mut Work<T>, i: usize, w: &mut [T::Real]| -> Result<()> {
        x[0].read(i * n * n, &mut work.rows)?;
        work.run(n)?;
        for (to, w) in w.iter_mut().zip(&work.w) {
            *to = w.re();
        }
        Ok(())
    };
    match out {
        [w] => {
            let w = parts(w.elements::<T::Real>()?, batch, n);
            each(batch, work, w, state, solve)
        }
        [w, v] => {
            let w = parts(w.elements::<T::Real>()?, batch, n);
            let v = parts(v.elements::<T>()?, batch, n * n);
            each(batch, work, w.zip(v), state, |work, i, (w, v)| {
                solve(work, i, w)?;
                crate::dense::transpose(&work.v, n, n, v);
                Ok(())
            })
        }
        _ => Ok(()),
    }
}

impl Primitive for Eigh {
    fn name(&self) -> &'static str {
        "eigh"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("eigh", [x[0].dtype])?;
        let (batch, n) = squares("eigh", &x[0].shape)?;
        let w = Spec::new(&with_axes(batch, &[n]), dtype.to_real());
        Ok(match self.vectors {
            false => Outputs::One(w),
            true => Outputs::Several(vec![w, Spec::new(&x[0].shape, dtype)]),
        })
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        match self.vectors {
            true => Reads::OUTPUTS,
            false => Reads::INPUTS,
        }
    }
    /// With `P = Vᴴ dA V`: `dw = re diag(P)` and `dV = V (G ∘ P)`, `G = 1 / (wⱼ - wᵢ)`.
    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = hermitian(some(t, 0)?)?;
        if !self.vectors {
            let (_, v) = both(&x[0])?;
            let p = adjoint(&v)?.matmul(&t)?.matmul(&v)?;
            return Ok(one_tangent(Some(diagonal(&p)?.real()?)));
        }
        let (w, v) = (&y[0], &y[1]);
        let p = adjoint(v)?.matmul(&t)?.matmul(v)?;
        let dv = v.matmul(&bind_inverse_gaps(w, "eigh")?.mul(&p)?)?;
        Ok(Tangents::from_iter([Some(diagonal(&p)?.real()?), Some(dv)]))
    }
    /// The Hermitian part of `V (diag(gw) + G ∘ (Vᴴ gV)) Vᴴ`.
    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        if !self.vectors {
            let (_, v) = both(&x[0])?;
            let back = times_columns(&v, some(g, 0)?)?.matmul(&adjoint(&v)?)?;
            return Ok(one_gradient(back));
        }
        let (w, v) = (&y[0], &y[1]);
        let vh = adjoint(v)?;
        let Some(gv) = &g[1] else {
            let back = times_columns(v, some(g, 0)?)?.matmul(&vh)?;
            return Ok(one_gradient(back));
        };
        let from_v = bind_inverse_gaps(w, "eigh")?.mul(&vh.matmul(gv)?)?;
        let from_w = g[0]
            .as_ref()
            .map(|g| as_diagonal(&g.cast(v.dtype())?))
            .transpose()?;
        let Some(inside) = total([Some(from_v), from_w])? else {
            return Ok(Gradients::from_iter([None]));
        };
        let back = v.matmul(&inside)?.matmul(&vh)?;
        Ok(one_gradient(hermitian(&back)?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// Eigenvalues and eigenvectors.
pub fn both(a: &Raw) -> Result<(Raw, Raw)> {
    let outputs = bind(&Eigh { vectors: true }, &[a])?.into_vec();
    match <[Raw; 2]>::try_from(outputs) {
        Ok([w, v]) => Ok((w, v)),
        Err(_) => Err(Error::value("eigh", "there are two outputs")),
    }
}

/// Eigenvalues.
pub fn values(a: &Raw) -> Result<Raw> {
    bind_one(&Eigh { vectors: false }, &[a])
}
