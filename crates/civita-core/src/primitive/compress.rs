//! Elements picked by a mask: how many there are, only the values tell.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, Touches, UNKNOWN, bind_one, one_tangent,
};
use crate::backend::Backend;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::{Dims, PerAxis};
use crate::raw::Raw;

/// The rows of the second operand where the first, a mask over its leading axes, is true: `x[mask]`, in C order.
#[derive(Clone, Debug)]
pub struct Compress;

/// Zeros with the rows of the second operand where the first, a mask, is true: the transpose of [`Compress`].
#[derive(Clone, Debug)]
pub struct Expand;

/// The first operand with the rows of the third where the second, a mask over its leading axes, is true, in the memory of
/// the first: `x[mask] = few` in one pass. Of operands without tags; others are chosen from what [`Expand`] makes.
#[derive(Clone, Debug)]
pub struct Place;

/// A mask that does not have the lengths of the axes from `first` on.
#[cold]
pub(crate) fn not_covered(op: &'static str, x: &[usize], mask: &[usize], first: usize) -> Error {
    let differs = x[first.min(x.len())..]
        .iter()
        .zip(mask)
        .position(|(n, m)| n != m);
    let problem = match differs {
        Some(at) => format!(
            "boolean index did not match indexed array along axis {}; size of axis is {} but size of corresponding boolean axis is {}",
            first + at,
            x[first + at],
            mask[at]
        ),
        None => format!(
            "too many indices for array: array is {}-dimensional, but {} were indexed",
            x.len(),
            first + mask.len()
        ),
    };
    Error::index(op, problem)
        .shapes(&[mask, x])
        .rule("a mask has the lengths of the axes that it replaces")
}

fn check_mask(op: &'static str, mask: &Spec) -> Result<()> {
    if mask.dtype == DType::Bool {
        return Ok(());
    }
    Err(
        Error::dtype(op, format!("a mask is boolean, not {}", mask.dtype))
            .dtypes(&[mask.dtype])
            .hint_in(
                "compare first, as in `x.gt(0)`; integer indices go to `take`",
                "compare first, as in `x > 0`; integer indices go to `take`",
            ),
    )
}

impl Primitive for Compress {
    fn name(&self) -> &'static str {
        "select"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let (mask, x) = (x[0], x[1]);
        check_mask("select", mask)?;
        let covered = mask.shape.len();
        if covered > x.shape.len() || mask.shape[..] != x.shape[..covered] {
            return Err(not_covered("select", &x.shape, &mask.shape, 0));
        }
        let shape: Dims = [UNKNOWN]
            .into_iter()
            .chain(x.shape[covered..].iter().copied())
            .collect();
        Ok(Outputs::One(Spec {
            shape,
            dtype: x.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        self.infer(&[&Spec::of(x[0]), &Spec::of(x[1])])?;
        // the axes behind the mask lie as those of the operand do
        let (mask, x) = (x[0], x[1]);
        let covered = mask.rank();
        let rest = x.layout().memory_order().filter(|_| covered > 0);
        let rest: Option<PerAxis<usize>> =
            rest.map(|order| order.into_iter().filter(|&a| a >= covered).collect());
        match rest {
            Some(rest) if !rest.windows(2).all(|pair| pair[0] < pair[1]) => {
                let order: PerAxis<usize> = (0..covered).chain(rest.iter().copied()).collect();
                let places: PerAxis<usize> = std::iter::once(0)
                    .chain(rest.iter().map(|axis| axis + 1 - covered))
                    .collect();
                let y = backend.compress(mask, &x.reordered(&order)?)?;
                y.in_former_order(&places).map(Outputs::One)
            }
            _ => backend.compress(mask, x).map(Outputs::One),
        }
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::of_inputs(&[true, false])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = t[1].as_ref().map(|t| bind_one(self, &[&x[0], t]));
        Ok(one_tangent(moved.transpose()?))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let back = bind_one(&Expand, &[&x[0], super::some(g, 0)?])?;
        Ok(Gradients::from_iter([None, Some(back)]))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let found = unbatched_mask(self, x, batched)?;
        found.move_axis(-1, 0).map(Outputs::One)
    }
}

impl Primitive for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let (mask, few) = (x[0], x[1]);
        check_mask("expand", mask)?;
        let rest = few.shape.iter().skip(1);
        let shape: Dims = mask.shape.iter().chain(rest).copied().collect();
        Ok(Outputs::One(Spec {
            shape,
            dtype: few.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.expand(x[0], x[1]).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::of_inputs(&[true, false])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let moved = t[1].as_ref().map(|t| bind_one(self, &[&x[0], t]));
        Ok(one_tangent(moved.transpose()?))
    }

    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let back = bind_one(&Compress, &[&x[0], super::some(g, 0)?])?;
        Ok(Gradients::from_iter([None, Some(back)]))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let found = unbatched_mask(self, x, batched)?;
        found.move_axis(-1, 0).map(Outputs::One)
    }
}

impl Primitive for Place {
    fn name(&self) -> &'static str {
        "assign"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        check_mask("assign", x[1])?;
        Ok(Outputs::One(x[0].clone()))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.place(x[0], x[1], x[2])?;
        Ok(Outputs::One(x[0].clone()))
    }

    fn access(&self) -> Touches {
        Touches::WritesFirst
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::of_inputs(&[false, true, false])
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let or_zero = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => x[i].filled(Scalar::Bool(false)),
        };
        let base = or_zero(0)?;
        let mut wide = x[1].shape().to_vec();
        wide.resize(base.rank(), 1);
        let placed = bind_one(&Expand, &[&x[1], &or_zero(2)?])?;
        let moved = x[1].reshape(&wide)?.choose(&placed, &base)?;
        Ok(one_tangent(Some(moved)))
    }
}

/// A mask that all samples share meets rows whose last axis is the batch.
fn unbatched_mask(p: &dyn Primitive, x: &[&Raw], batched: &[bool]) -> Result<Raw> {
    if batched[0] {
        return Err(Error::value(
            "vmap",
            "each mask of a batch keeps another number of elements, so the results have no common shape",
        )
        .hint_in(
            "use `mask.choose(&x, 0.0)`, which keeps all elements",
            "use `cv.where(mask, x, 0.0)`, which keeps all elements",
        ));
    }
    bind_one(p, &[x[0], &x[1].move_axis(0, -1)?])
}
