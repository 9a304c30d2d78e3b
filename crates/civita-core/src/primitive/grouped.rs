//! Matrix products by groups.

use std::sync::Arc;

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind_one, product_tangent, result_dtype,
    some,
};
use crate::backend::Backend;
use crate::dtype::Scalar;
use crate::error::{Error, Result, shape_text};
use crate::layout::Dims;
use crate::raw::Raw;

/// Which axis the groups are ranges of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouped {
    /// The rows of the first operand, `[M, K]`, of which each group meets a matrix of `[G, K, N]`: `[M, N]`.
    Rows,
    /// The columns of the second, `[K, N]`, of which each group meets a matrix of `[G, M, K]`: `[M, N]`.
    Columns,
    /// The axis that is summed over, of `[M, K]` and `[K, N]`: a product for each group, `[G, M, N]`.
    Depth,
}

/// Products of the groups of an axis, which end at these places; what lies behind the last one is left out, or 0 in the result.
///
/// The derivatives of each kind are products of the other kinds, by the same groups.
#[derive(Clone, Debug)]
pub struct GroupedMatmul {
    /// Which axis.
    pub groups: Grouped,
    /// Where each group ends; the next one begins there.
    pub ends: Arc<[usize]>,
}

impl GroupedMatmul {
    fn of(&self, groups: Grouped, a: &Raw, b: &Raw) -> Result<Raw> {
        let ends = self.ends.clone();
        bind_one(&GroupedMatmul { groups, ends }, &[a, b])
    }

    /// The length of the axis that the groups are of, and the shape of the result.
    fn shape(&self, a: &[usize], b: &[usize]) -> Result<(usize, Dims)> {
        let g = self.ends.len();
        let found = match (self.groups, a, b) {
            (Grouped::Rows, &[m, k], &[count, inner, n]) if k == inner && count == g => {
                Some((m, Dims::from_slice(&[m, n])))
            }
            (Grouped::Columns, &[count, m, k], &[inner, n]) if k == inner && count == g => {
                Some((n, Dims::from_slice(&[m, n])))
            }
            (Grouped::Depth, &[m, k], &[inner, n]) if k == inner => {
                Some((k, Dims::from_slice(&[g, m, n])))
            }
            _ => None,
        };
        found.ok_or_else(|| {
            Error::shape(
                "grouped_matmul",
                format!(
                    "shapes {} and {} and {g} groups do not fit",
                    shape_text(a),
                    shape_text(b)
                ),
            )
            .shapes(&[a, b])
            .rule("(M, K) with (groups, K, N), (groups, M, K) with (K, N), or (M, K) with (K, N)")
        })
    }
}

fn adjoint(x: &Raw) -> Result<Raw> {
    let t = x.swap_axes(-2, -1)?;
    if t.dtype().is_complex() {
        t.conj()
    } else {
        Ok(t)
    }
}

impl Primitive for GroupedMatmul {
    fn name(&self) -> &'static str {
        "grouped_matmul"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let (len, shape) = self.shape(&x[0].shape, &x[1].shape)?;
        let mut last = 0;
        for &end in self.ends.iter() {
            if end < last || end > len {
                return Err(Error::value(
                    "grouped_matmul",
                    format!("a group ends at {end}, behind {last}, of {len}"),
                )
                .rule("the ends of groups increase, up to the length of the axis"));
            }
            last = end;
        }
        Ok(Outputs::One(Spec {
            shape,
            dtype: result_dtype(None, [x[0].dtype, x[1].dtype])?,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let spec = self.infer(&[&Spec::of(x[0]), &Spec::of(x[1])])?.one();
        let out = backend.result(&spec.shape, spec.dtype, &[])?;
        let part = |x: &Raw, axis: isize, start: usize, len: usize| -> Result<Raw> {
            let axis = if axis < 0 {
                x.rank() - axis.unsigned_abs()
            } else {
                axis as usize
            };
            Ok(x.with_layout(x.layout().narrow(axis as isize, start, len)?))
        };
        let matrix = |x: &Raw, g: usize| -> Result<Raw> {
            let one = x.layout().narrow(0, g, 1)?.squeeze(Some(&[0]))?;
            Ok(x.with_layout(one))
        };
        let mut start = 0;
        for (g, &end) in self.ends.iter().enumerate() {
            let len = end - start;
            let (a, b, to) = match self.groups {
                Grouped::Rows => (
                    part(x[0], 0, start, len)?,
                    matrix(x[1], g)?,
                    part(&out, 0, start, len)?,
                ),
                Grouped::Columns => (
                    matrix(x[0], g)?,
                    part(x[1], 1, start, len)?,
                    part(&out, 1, start, len)?,
                ),
                Grouped::Depth => (
                    part(x[0], 1, start, len)?,
                    part(x[1], 0, start, len)?,
                    matrix(&out, g)?,
                ),
            };
            backend.run_into(&to, &[&a, &b], &mut || backend.matmul(&a, &b, None))?;
            start = end;
        }
        if self.groups != Grouped::Depth {
            let axis = if self.groups == Grouped::Rows { 0 } else { 1 };
            let len = spec.shape[axis];
            if start < len {
                let rest = part(&out, axis as isize, start, len - start)?;
                let zero = Raw::scalar(Scalar::Bool(false), spec.dtype)?.to_device(out.device())?;
                backend.copy_into(
                    &zero.with_layout(zero.layout().broadcast_to(rest.shape())?),
                    &rest,
                )?;
            }
        }
        Ok(Outputs::One(out))
    }

    fn reads(&self, wanted: &[bool]) -> Reads {
        Reads::of_inputs(&[wanted[1], wanted[0]])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        product_tangent(x, t, |a, b| bind_one(self, &[a, b]))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let (left, right) = match self.groups {
            Grouped::Rows => (Grouped::Rows, Grouped::Depth),
            Grouped::Columns => (Grouped::Depth, Grouped::Columns),
            Grouped::Depth => (Grouped::Columns, Grouped::Rows),
        };
        let mut gradients = Gradients::from_iter([None, None]);
        if wanted[0] {
            gradients[0] = Some(self.of(left, g, &adjoint(&x[1])?)?);
        }
        if wanted[1] {
            gradients[1] = Some(self.of(right, &adjoint(&x[0])?, g)?);
        }
        Ok(gradients)
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        // groups of one batch are not those of the next: sample by sample
        let count = x[usize::from(!batched[0])].shape()[0];
        let samples = (0..count)
            .map(|i| {
                let of = |at: usize| -> Result<Raw> {
                    match batched[at] {
                        true => x[at].narrow(0, i, 1)?.squeeze(Some(&[0])),
                        false => Ok(x[at].clone()),
                    }
                };
                bind_one(self, &[&of(0)?, &of(1)?])
            })
            .collect::<Result<Vec<_>>>()?;
        Raw::stack(&samples.iter().collect::<Vec<_>>(), 0).map(Outputs::One)
    }
}
