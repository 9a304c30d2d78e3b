//! Sliding products of planes.

use super::semiring::{matrices, split};
use super::weighted::{Number, SumOf, combine};
use super::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_broadcast, bind_one, product_tangent, some, specs,
};
use crate::backend::Backend;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{Error, Result};
use crate::isa::{Isa, Wide, wide};
use crate::layout::{Axes, Dims, broadcast_shapes};
use crate::raw::Raw;

/// `y[…, r, c] = Σ x[…, r + i, c + j] · w[…, i, j]` over `i` and `j`, wherever `w` lies wholly inside `x`, of planes of one dtype of
/// [`CorrelatePlanes::DTYPES`] whose leading axes broadcast.
///
/// A row of the result is as many stretches of rows of `x` as `w` has elements, with weights. Where `w` has long rows and the result
/// has short ones, as in its own derivative by `w`, an element of the result is a sum of products of rows instead.
#[derive(Clone, Copy, Debug)]
pub struct CorrelatePlanes;

impl CorrelatePlanes {
    /// Those that there are kernels for.
    pub const DTYPES: [DType; 4] = [DType::F32, DType::F64, DType::I32, DType::I64];
}

/// The operands, and which of their planes meet.
struct Problem<'a, T> {
    x: &'a [T],
    w: &'a [T],
    of_x: Vec<usize>,
    of_w: Vec<usize>,
    /// Rows and columns.
    plane: [usize; 2],
    kernel: [usize; 2],
    out: [usize; 2],
}
impl<T> Problem<'_, T> {
    /// Where the stretch begins that a row of the result starts with, and the weights.
    fn row(&self, row: usize) -> (usize, usize) {
        let (plane, r) = (row / self.out[0], row % self.out[0]);
        (
            (self.of_x[plane] * self.plane[0] + r) * self.plane[1],
            self.of_w[plane] * self.kernel[0] * self.kernel[1],
        )
    }
}

/// Rows of the result from number `first` on.
struct Rows<'a, T> {
    problem: &'a Problem<'a, T>,
    first: usize,
    out: &'a mut [T],
}
impl<T: Number> Wide for Rows<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let p = self.problem;
        let [h, w] = p.kernel;
        if w >= 4 * p.out[1] {
            return self.by_elements::<I>();
        }
        combine::<I, T, SumOf>(
            self.out,
            p.out[1],
            p.w,
            h * w,
            |i| p.row(self.first + i).1,
            p.x,
            |i, k| p.row(self.first + i).0 + k / w * p.plane[1] + k % w,
        );
    }
}
impl<T: Number> Rows<'_, T> {
    #[inline(always)]
    fn by_elements<I: Isa>(self) {
        let p = self.problem;
        let [h, w] = p.kernel;
        for (i, row) in self.out.chunks_exact_mut(p.out[1]).enumerate() {
            let (x, weights) = p.row(self.first + i);
            for (c, out) in row.iter_mut().enumerate() {
                let mut sums = [T::ZERO; 32];
                let mut rest = T::ZERO;
                for line in 0..h {
                    let a = p.x[x + c + line * p.plane[1]..][..w].chunks_exact(32);
                    let b = p.w[weights + line * w..][..w].chunks_exact(32);
                    for (&a, &b) in a.remainder().iter().zip(b.remainder()) {
                        rest = a.times_plus::<I>(b, rest);
                    }
                    for (a, b) in a.zip(b) {
                        for lane in 0..32 {
                            sums[lane] = a[lane].times_plus::<I>(b[lane], sums[lane]);
                        }
                    }
                }
                *out = sums.into_iter().fold(rest, T::plus);
            }
        }
    }
}

/// Products in a task, at least.
const GRAIN: usize = 1 << 16;

fn compute<T: Number + Element>(x: &[HostInput<'_>], out: &mut HostOutput<'_>) -> Result<()> {
    if out.shape().contains(&0) {
        return Ok(());
    }
    let (all_x, all_w) = (x[0].elements::<T>()?, x[1].elements::<T>()?);
    let (outer_x, plane) = split(x[0].shape());
    let (outer_w, kernel) = split(x[1].shape());
    let (batch, size) = split(out.shape());
    let problem = Problem {
        x: &all_x,
        w: &all_w,
        of_x: matrices(batch, outer_x),
        of_w: matrices(batch, outer_w),
        plane,
        kernel,
        out: size,
    };
    let rows = GRAIN.div_ceil(kernel[0] * kernel[1] * size[1]);
    out.write_in_parts::<T>(rows * size[1], &|start, out| {
        wide(Rows {
            problem: &problem,
            first: start / size[1],
            out,
        });
    })
}

impl HostKernel for CorrelatePlanes {
    fn name(&self) -> &'static str {
        "convolve2d"
    }

    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        match x[0].dtype() {
            DType::F32 => compute::<f32>(x, &mut out[0]),
            DType::F64 => compute::<f64>(x, &mut out[0]),
            DType::I32 => compute::<i32>(x, &mut out[0]),
            DType::I64 => compute::<i64>(x, &mut out[0]),
            dtype => Err(Error::dtype(
                "convolve2d",
                format!("there is no kernel for {dtype}"),
            )),
        }
    }
}

/// With zeros around the last two axes.
fn padded(x: &Raw, around: [usize; 2]) -> Result<Raw> {
    let mut x = x.clone();
    for (axis, n) in [-2isize, -1].into_iter().zip(around) {
        let mut shape = x.shape().to_vec();
        let at = shape.len() - axis.unsigned_abs();
        shape[at] = n;
        let zeros = x.like(&shape, x.dtype(), Scalar::Bool(false))?;
        x = Raw::concatenate(&[&zeros, &x, &zeros], axis)?;
    }
    Ok(x)
}

impl Primitive for CorrelatePlanes {
    fn name(&self) -> &'static str {
        "convolve2d"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let ((outer_x, [h, w]), (outer_w, [i, j])) = (split(&x[0].shape), split(&x[1].shape));
        if i == 0 || j == 0 || i > h || j > w {
            return Err(Error::shape(
                "convolve2d",
                "the second operand is empty, or larger than the first along an axis",
            )
            .shapes(&[&x[0].shape, &x[1].shape]));
        }
        let mut shape = broadcast_shapes("convolve2d", &[outer_x, outer_w])?;
        shape.push(h - i + 1);
        shape.push(w - j + 1);
        Ok(Outputs::One(Spec {
            shape: Dims::from_slice(&shape),
            dtype: x[0].dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let all = specs(x);
        let out = self.infer(&all.iter().collect::<Vec<_>>())?;
        backend.external(self, &[x[0].dtype(), x[1].dtype()], out, x)
    }

    fn reads(&self, wanted: &[bool]) -> Reads {
        // each gradient reads the other operand
        Reads::of_inputs(&[wanted[1], wanted[0]])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        product_tangent(x, t, |x, w| bind_one(self, &[x, w]))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let mut gradients = Gradients::from_iter([None, None]);
        if wanted[0] {
            // every place of `w` that met an element
            let (_, [i, j]) = split(x[1].shape());
            let turned = x[1].flip(Axes::List(&[-2, -1]))?;
            gradients[0] = Some(bind_one(self, &[&padded(g, [i - 1, j - 1])?, &turned])?);
        }
        if wanted[1] {
            gradients[1] = Some(bind_one(self, &[&x[0], g])?);
        }
        Ok(gradients)
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_broadcast(self, x, batched)
    }
}
