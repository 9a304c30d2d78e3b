//! Elements picked by index.

use super::{
    Combine, Gradients, Outputs, Primitive, Reads, Scatter, Spec, Tangents, bind, bind_one,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::Scalar;
use crate::error::{Error, Result, shape_text};
use crate::layout::{Dims, PerAxis};
use crate::raw::{Mode, Raw};
use crate::transform::{all_with_batch, refs};

/// A place that exists along no axis, for an index that was found to be out of range before it was joined with others.
pub(crate) const OUTSIDE: i64 = i64::MIN;

/// Where what a [`Gather`] picks lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picked {
    /// In C order: NumPy's `take`.
    InOrder,
    /// The axes of the indices outermost, as the indices lie, then the other axes as those of the tensor lie: NumPy's `x[keys]`.
    IndicesFirst,
}

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
    /// How the result lies in memory.
    pub picked: Picked,
}

impl Gather {
    /// The result with the axes of the indices outermost in memory.
    fn indices_first(&self, backend: &dyn Backend, x: &Raw, index: &Raw) -> Result<Raw> {
        let (at, axes) = (self.axis, self.axes);
        let picks: PerAxis<usize> = (at..at + axes).collect();
        // beside other axes NumPy's indices lie in C order
        let places = index.layout().memory_order();
        let places = places.filter(|_| axes == x.rank());
        let places = places.unwrap_or_else(|| (0..index.rank()).collect());
        let by_steps = x.layout().memory_order();
        let by_steps = by_steps.unwrap_or_else(|| (0..x.rank()).collect());
        let rest: PerAxis<usize> = (by_steps.iter().copied())
            .filter(|axis| !picks.contains(axis))
            .collect();
        // where each axis of the result goes
        let more = index.rank();
        let in_result = |axis: usize| if axis < at { axis } else { axis - axes + more };
        let to = (places.iter().map(|&axis| at + axis)).chain(rest.iter().map(|&a| in_result(a)));
        let to: PerAxis<usize> = to.collect();
        let order: PerAxis<usize> = picks.iter().chain(&rest).copied().collect();
        let is_sorted = |order: &[usize]| order.windows(2).all(|pair| pair[0] < pair[1]);
        let moved = x.reordered(&order)?;
        if is_sorted(&order) || is_of_steps(&moved, axes)? {
            let gather = Gather {
                axis: 0,
                ..self.clone()
            };
            let y = backend.gather(&gather, &moved, &index.reordered(&places)?)?;
            return y.in_former_order(&to);
        }
        // rows whose elements are apart are picked in C order, then put in their order
        let y = backend.gather(self, x, index)?;
        match is_sorted(&to) {
            true => Ok(y),
            false => backend
                .copy(&y.reordered(&to)?, y.dtype())?
                .in_former_order(&to),
        }
    }
}

/// Whether the axes behind the first ones, and these, are each one axis of even steps.
fn is_of_steps(x: &Raw, first: usize) -> Result<bool> {
    let count = |axes: &[usize]| axes.iter().product();
    let (picks, rest) = x.shape().split_at(first);
    Ok(!x.is_empty() && x.layout().reshape(&[count(picks), count(rest)])?.is_some())
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
        let (x, index) = (x[0], x[1]);
        let in_order = self.picked == Picked::InOrder
            || self.batch > 0
            || index.rank() == 1 && (x.rank() == 1 || self.axis == 0 && x.layout().is_contiguous());
        match in_order {
            true => backend.gather(self, x, index).map(Outputs::One),
            false => self.indices_first(backend, x, index).map(Outputs::One),
        }
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
        // the batch encloses a sample in memory: one that is written is found there
        let next = Gather {
            axis: self.axis + 1,
            picked: Picked::InOrder,
            ..self.clone()
        };
        match *batched {
            [true, false] if self.batch == 0 => bind(&next, x),
            // one table for all: the batch is one more axis of the indices
            [false, true] if self.batch == 0 => bind_one(self, x)?
                .move_axis(self.axis as isize, 0)
                .map(Outputs::One),
            _ => {
                let next = Gather {
                    batch: self.batch + 1,
                    ..next
                };
                bind(&next, &refs(&all_with_batch(x, batched)?))
            }
        }
    }
}
