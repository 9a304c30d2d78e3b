//! The differences between eigenvalues, which derivatives of eigenvectors divide by.

use civita_core::backend::Backend;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_gradient, one_tangent, some,
};
use civita_core::raw::Raw;

use crate::batch::parts;
use crate::checks::{compute_dtype, count, external, with_axes};
use crate::ops::{conjugate, sum};
use crate::scalar::{Scalar, for_dtype};

/// `1 / (λⱼ - λᵢ)` at row `i` and column `j`, zero on the diagonal. Equal eigenvalues are an error.
#[derive(Clone, Debug)]
pub struct InverseGaps {
    /// Whose derivative it is.
    pub op: &'static str,
}

impl HostKernel for InverseGaps {
    fn name(&self) -> &'static str {
        self.op
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        for_dtype!(x[0].dtype(), T => run::<T>(self.op, x, out))
    }
}

fn run<T: Scalar>(op: &'static str, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
    let values = x[0].elements::<T>()?;
    let n = x[0].shape().last().copied().unwrap_or(0);
    let all = parts(
        out[0].elements::<T>()?,
        count(x[0].shape()) / n.max(1),
        n * n,
    );
    for (values, y) in values.chunks_exact(n.max(1)).zip(all) {
        for i in 0..n {
            for j in 0..n {
                let gap = values[j] - values[i];
                if i != j && gap == T::default() {
                    return Err(Error::gradient(
                        op,
                        "the derivatives of eigenvectors and singular vectors do not exist where two of the values are equal",
                    )
                    .hint("differentiate a function of the values alone, or separate the values by a perturbation"));
                }
                y[i * n + j] = if i == j { T::default() } else { gap.inverse() };
            }
        }
    }
    Ok(())
}

impl Primitive for InverseGaps {
    fn name(&self) -> &'static str {
        "inverse_gaps"
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtype = compute_dtype(self.op, [x[0].dtype])?;
        let n = x[0].shape.last().copied().unwrap_or(0);
        Ok(Outputs::One(Spec::new(
            &with_axes(&x[0].shape, &[n]),
            dtype,
        )))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        external(self, backend, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::OUTPUTS
    }
    /// `-y² (dλⱼ - dλᵢ)`.
    fn jvp(&self, _: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t = some(t, 0)?;
        let differences = t.expand_dims(&[-1])?.sub(&t.expand_dims(&[-2])?)?;
        Ok(one_tangent(Some(y[0].mul(&y[0])?.mul(&differences)?)))
    }
    fn vjp(&self, _: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let y = conjugate(&y[0])?;
        let share = y.mul(&y)?.mul(some(g, 0)?)?;
        let keep = civita_core::layout::KeepDims::No;
        Ok(one_gradient(sum(&share, &[-1], keep)?.sub(&sum(
            &share,
            &[-2],
            keep,
        )?)?))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// `1 / (λⱼ - λᵢ)`.
pub fn bind_inverse_gaps(values: &Raw, op: &'static str) -> Result<Raw> {
    bind_one(&InverseGaps { op }, &[values])
}
