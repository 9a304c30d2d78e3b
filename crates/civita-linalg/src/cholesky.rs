//! The Cholesky factorisation.

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;

use crate::batch::{each, parts};
use crate::blocked;
use crate::checks::{compute_dtype, count, external_on_lanes, on_lanes, squares};
use crate::lanes::{self, Memory, Task};
use crate::ops::{adjoint, hermitian, lower_half};
use crate::scalar::{Real, Scalar, for_dtype};
use crate::small::{self, SMALL, known};
use crate::triangular::{Triangle, bind_triangular, bind_triangular_right};

/// The lower triangular `L` with `A = L Lᴴ`. Of `A` only the lower triangle is read.
#[derive(Clone, Debug)]
pub struct Cholesky;

impl HostKernel for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(x, out))
    }
}

fn run<T: Scalar>(x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let (batch, n) = squares("cholesky", x[0].shape())?;
    let batch = count(batch);
    if on_lanes(x[0].shape()) {
        let task = &Factors;
        match x[0].dtype() {
            DType::F32 => return lanes::run(task, &x[0], n, batch, out[0].elements::<f32>()?),
            DType::F64 => return lanes::run(task, &x[0], n, batch, out[0].elements::<f64>()?),
            _ => {}
        }
    }
    let results = parts(out[0].elements::<T>()?, batch, n * n);
    each(
        batch,
        n * n * n + 50,
        results,
        || (),
        |(), i, y| {
            x[0].read(i * n * n, y)?;
            let fine = if n <= SMALL {
                known!(n, |n| small::cholesky(y, n))
            } else {
                blocked::cholesky(y, n)?
            };
            fine.then_some(()).ok_or_else(indefinite)
        },
    )
}

fn indefinite() -> Error {
    Error::linalg("cholesky", "Matrix is not positive definite")
}

/// Of matrices beside each other.
struct Factors;

impl<S: Real> Task<S> for Factors {
    fn len(&self, n: usize) -> usize {
        n * n
    }
    fn run(&self, memory: &mut Memory<S>, n: usize, _: usize, count: usize) -> Result<()> {
        match lanes::cholesky(&mut memory.a, n)[..count].contains(&0) {
            true => Err(indefinite()),
            false => Ok(()),
        }
    }
}

impl Primitive for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype("cholesky", [x[0].dtype])?;
        squares("cholesky", &x[0].shape)?;
        Ok(Outputs::One(Spec::new(&x[0].shape, dtype)))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external_on_lanes(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::OUTPUTS
    }
    /// `dL = L Φ(L⁻¹ dA L⁻ᴴ)`, where `Φ` takes the lower triangle with half of the diagonal (Murray 2016). The Hermitian part
    /// of `dA` counts.
    fn jvp(&self, _: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let l = &y[0];
        let left = bind_triangular(l, &hermitian(some(t, 0)?)?, Triangle::Lower)?;
        let both = bind_triangular_right(&left, &adjoint(l)?, Triangle::Upper)?;
        Ok(one_tangent(Some(l.matmul(&lower_half(&both)?)?)))
    }
    /// The Hermitian part of `L⁻ᴴ Φ(Lᴴ g) L⁻¹`.
    fn vjp(&self, _: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let l = &y[0];
        let up = adjoint(l)?;
        let middle = lower_half(&up.matmul(some(g, 0)?)?)?;
        let left = bind_triangular(&up, &middle, Triangle::Upper)?;
        let both = bind_triangular_right(&left, l, Triangle::Lower)?;
        Ok(one_gradient(hermitian(&both)?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// The lower factor.
pub fn bind_cholesky(a: &Raw) -> Result<Raw> {
    bind_one(&Cholesky, &[a])
}
