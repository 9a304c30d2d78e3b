//! One tensor with another written over a view of it.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, Touches, View, bind, bind_one,
    one_tangent,
};
use crate::backend::Backend;
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::raw::Raw;
use crate::transform::{with_batch, with_batch_rank};

/// The first operand with the second, broadcast and converted, written over a view of it: `x[1:3] = y` as a function.
#[derive(Clone)]
pub struct Write {
    /// Where.
    pub view: View,
    /// Whether the result takes the memory of the first operand: then its other handles see the write, as NumPy's views do.
    pub in_place: bool,
}

impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "write[{:?}]", self.view)
    }
}

impl Write {
    fn functional(&self) -> Write {
        Write {
            view: self.view.clone(),
            in_place: false,
        }
    }
}

impl Primitive for Write {
    fn name(&self) -> &'static str {
        "assign"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(x[0].clone()))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let base = if self.in_place {
            x[0].clone()
        } else {
            backend.copy(x[0], x[0].dtype())?
        };
        let Some(layout) = self.view.layout(base.layout())? else {
            return Err(Error::value(
                "assign",
                "the view to be written has no layout in the memory of the tensor",
            ));
        };
        backend.copy_into(x[1], &base.with_layout(layout))?;
        Ok(Outputs::One(base))
    }

    fn access(&self) -> Touches {
        if self.in_place {
            Touches::WritesFirst
        } else {
            Touches::Reads
        }
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let or_zero = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => x[i].filled(Scalar::Bool(false)),
        };
        let moved = bind_one(&self.functional(), &[&or_zero(0)?, &or_zero(1)?])?;
        Ok(one_tangent(Some(moved)))
    }

    fn vjp(&self, _: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = super::some(g, 0)?;
        let base = || {
            let zero = g.like(&[], g.dtype(), Scalar::Bool(false))?;
            bind_one(&self.functional(), &[g, &zero])
        };
        let value = || bind_one(&self.view, &[g]);
        Ok(Gradients::from_iter([
            wanted[0].then(base).transpose()?,
            wanted[1].then(value).transpose()?,
        ]))
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let size = x[usize::from(!batched[0])].shape()[0];
        // a base that all samples share gets the batch first, in memory of its own
        let base = if batched[0] {
            x[0].clone()
        } else {
            with_batch(x[0], false, size)?.copied()?
        };
        let view = self.view.behind(size);
        let picked = view.infer(&[&Spec::of(&base)])?.one().shape.len() - 1;
        let value = if batched[1] {
            with_batch_rank(x[1], picked)?
        } else {
            x[1].clone()
        };
        let write = Write {
            view,
            in_place: self.in_place,
        };
        bind(&write, &[&base, &value])
    }
}
