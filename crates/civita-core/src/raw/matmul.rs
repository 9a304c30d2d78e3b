//! Matrix products of tensors.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Raw;
use crate::dtype::{DType, promote};
use crate::error::Result;
use crate::explain;
use crate::graph::{self, Gradients, Node, Rule, Saved};
use crate::kernels::matmul::{Batch, Operand, Problem, matmul, shape_check};
use crate::layout::{Layout, PerAxis};
use crate::storage::guard;

impl Raw {
    /// The matrix product over the last two axes, batched over the rest, by NumPy's rules: a vector on the left is a row,
    /// on the right a column, and that axis leaves the result.
    ///
    /// # Errors
    /// When the inner lengths differ, the batch axes do not broadcast, or an operand has rank 0.
    pub fn matmul(&self, rhs: &Raw) -> Result<Raw> {
        let shape = shape_check(self.shape(), rhs.shape())?;
        let dtype = promote(self.dtype(), rhs.dtype());
        let (a, b) = (in_dtype(self, dtype)?, in_dtype(rhs, dtype)?);
        let out = Raw::unwritten(&shape.out, dtype)?
            .in_world_of(&a)?
            .in_world_of(&b)?;
        if !out.is_empty() {
            let (la, lb) = (
                matrix(&a, &shape.batch, [shape.m, shape.k], 0)?,
                matrix(&b, &shape.batch, [shape.k, shape.n], 1)?,
            );
            let operand = |x: &Raw, l: &Layout| Operand {
                ptr: x
                    .base()
                    .wrapping_add(l.offset() * dtype.size())
                    .cast_const(),
                row_stride: l.strides()[l.rank() - 2],
                col_stride: l.strides()[l.rank() - 1],
            };
            let problem = Problem {
                m: shape.m,
                n: shape.n,
                k: shape.k,
                a: operand(&a, &la),
                b: operand(&b, &lb),
                c: out.ptr(),
                ldc: shape.n,
                accumulate: false,
            };
            let axes = shape.batch.len();
            let mut steps: PerAxis<isize> = SmallVec::from_elem(0, axes);
            let mut step = (shape.m * shape.n) as isize;
            for axis in (0..axes).rev() {
                steps[axis] = step;
                step *= shape.batch[axis] as isize;
            }
            let batch = Batch {
                shape: &shape.batch,
                a: &la.strides()[..axes],
                b: &lb.strides()[..axes],
                c: &steps,
            };
            let _guards = guard::acquire(&[a.storage(), b.storage()], &[out.storage()]);
            explain::note("matmul", shape.m * shape.n * shape.k, || {
                (dtype, explain::Kind::Matmul)
            });
            // SAFETY: layouts lie within their buffers, guards keep writers away, the result is new.
            unsafe { matmul(dtype, &problem, &batch)? };
        }
        Ok(graph::record(out, &[self, rhs], |_| {
            Box::new(Product {
                a: rhs.tracks_gradient().then(|| Saved::new(self)),
                b: self.tracks_gradient().then(|| Saved::new(rhs)),
                shapes: [self.shape().to_vec(), rhs.shape().to_vec()],
            })
        }))
    }

    /// The conjugate transpose of the last two axes.
    fn adjoint(&self) -> Result<Raw> {
        let t = self.swap_axes(-2, -1)?;
        if t.dtype().is_complex() {
            t.conj()
        } else {
            Ok(t)
        }
    }
}

fn in_dtype(x: &Raw, dtype: DType) -> Result<Cow<'_, Raw>> {
    if x.dtype() == dtype {
        return Ok(Cow::Borrowed(x));
    }
    x.detach().cast(dtype).map(Cow::Owned)
}

/// An operand with its batch axes and two more; a vector gets the one of the two that it lacks.
fn matrix<'a>(
    x: &'a Raw,
    batch: &[usize],
    matrix: [usize; 2],
    lacks: isize,
) -> Result<Cow<'a, Layout>> {
    if x.rank() == 2 && batch.is_empty() {
        return Ok(Cow::Borrowed(x.layout()));
    }
    let mut full: PerAxis<usize> = SmallVec::from_slice(batch);
    full.extend(matrix);
    let layout = match x.rank() {
        1 => x.layout().expand_dims(&[lacks])?,
        _ => x.layout().clone(),
    };
    layout.broadcast_to(&full).map(Cow::Owned)
}

/// `dA = G · Bᴴ`, `dB = Aᴴ · G`, with vectors as rows and columns.
struct Product {
    a: Option<Saved>,
    b: Option<Saved>,
    shapes: [Vec<usize>; 2],
}

impl Product {
    /// The gradient with the axes that vectors lost.
    fn whole(&self, g: &Raw) -> Result<Raw> {
        let (left, right) = (self.shapes[0].len() == 1, self.shapes[1].len() == 1);
        match (left, right) {
            (true, true) => g.reshape(&[1, 1]),
            (true, false) => g.expand_dims(&[-2]),
            (false, true) => g.expand_dims(&[-1]),
            (false, false) => Ok(g.clone()),
        }
    }
}

impl Rule for Product {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, wanted: &[bool]) -> Result<Gradients> {
        let g = self.whole(g)?;
        let mut out: Gradients = SmallVec::from_iter([None, None]);
        if let (true, Some(b)) = (wanted[0], &self.b) {
            let b = b.get("matmul")?;
            let b = if b.rank() == 1 {
                b.expand_dims(&[1])?
            } else {
                b.clone()
            };
            let da = g.matmul(&b.adjoint()?)?;
            let column = if self.shapes[0].len() == 1 {
                da.squeeze(Some(&[-2]))?
            } else {
                da
            };
            out[0] = Some(column);
        }
        if let (true, Some(a)) = (wanted[1], &self.a) {
            let a = a.get("matmul")?;
            let a = if a.rank() == 1 {
                a.expand_dims(&[0])?
            } else {
                a.clone()
            };
            let db = a.adjoint()?.matmul(&g)?;
            let row = if self.shapes[1].len() == 1 {
                db.squeeze(Some(&[-1]))?
            } else {
                db
            };
            out[1] = Some(row);
        }
        Ok(out)
    }
    fn forward(&self, _: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let mut sum: Option<Raw> = None;
        if let (Some(t), Some(b)) = (&tangents[0], &self.b) {
            sum = Some(t.matmul(b.get("matmul")?)?);
        }
        if let (Some(t), Some(a)) = (&tangents[1], &self.a) {
            let part = a.get("matmul")?.matmul(t)?;
            sum = Some(match sum {
                Some(s) => s.add(&part)?,
                None => part,
            });
        }
        Ok(sum)
    }
}
