//! Elements picked by index.

use super::{
    Combine, Gradients, Outputs, Primitive, Reads, Scatter, Spec, Tangents, bind, bind_one,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::Scalar;
use crate::error::{Error, Result, shape_text};
use crate::layout::Dims;
use crate::raw::{Mode, Raw};
use crate::transform::{all_with_batch, refs};

/// A place that exists along no axis, for an index that was found to be out of range before it was joined with others.
pub(crate) const OUTSIDE: i64 = i64::MIN;

/// The elements at the second operand, integers, along axes of the first, which the axes of the indices replace. An index
/// counts the elements of the axes `axis..axis + axes` in C order. Both begin with `batch` axes that belong together.
#[derive(Clone, Debug)]
pub struct Gather {
    /// The first axis that the indices count along.
    pub axis: usize,
    /// How many they count along.
    pub axes: usize,
    /// Leading axes that belong together.
    pub batch: usize,
    /// What becomes of an index that is out of range.
    pub mode: Mode,
}

impl Primitive for Gather {
    fn name(&self) -> &'static str {
        "take"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let (x, index) = (x[0], x[1]);
        let batch = self.batch;
        if index.shape.len() < batch || x.shape[..batch] != index.shape[..batch] {
            return Err(Error::shape(
                "take",
                format!(
                    "batches of shape {} and {} differ",
                    shape_text(&x.shape),
                    shape_text(&index.shape)
                ),
            ));
        }
        let shape: Dims = x.shape[..self.axis]
            .iter()
            .chain(&index.shape[batch..])
            .chain(&x.shape[self.axis + self.axes..])
            .copied()
            .collect();
        Ok(Outputs::One(Spec {
            shape,
            dtype: x.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.gather(self, x[0], x[1]).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::of_inputs(&[false, true])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = t[0].as_ref().map(|t| bind_one(self, &[t, &x[1]]));
        Ok(one_tangent(moved.transpose()?))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let back = Scatter {
            combine: Combine::Add,
            axis: self.axis,
            axes: self.axes,
            batch: self.batch,
            mode: self.mode,
            in_place: false,
        };
        let zeros = x[0].like(x[0].shape(), g.dtype(), Scalar::Bool(false))?;
        let sum = bind_one(&back, &[&zeros, &x[1], g])?;
        Ok(Gradients::from_iter([Some(sum), None]))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let Gather {
            axis,
            axes,
            batch,
            mode,
        } = *self;
        match *batched {
            [true, false] if batch == 0 => {
                let gather = Gather {
                    axis: axis + 1,
                    axes,
                    batch,
                    mode,
                };
                bind(&gather, x)
            }
            // one table for all: the batch is one more axis of the indices
            [false, true] if batch == 0 => bind_one(self, x)?
                .move_axis(axis as isize, 0)
                .map(Outputs::One),
            _ => {
                let gather = Gather {
                    axis: axis + 1,
                    axes,
                    batch: batch + 1,
                    mode,
                };
                bind(&gather, &refs(&all_with_batch(x, batched)?))
            }
        }
    }
}
