//! The index of an extreme.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one, fold::Over, one_tangent,
};
use crate::backend::Backend;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::ops::Fold as Monoid;
use crate::raw::Raw;

/// The index of the largest or smallest element along one axis, or over all in C order: the first of equal ones, the first
/// NaN before all.
#[derive(Clone)]
pub struct ArgFold {
    /// `Max` or `Min`.
    pub fold: Monoid,
    /// Along one axis, or over all.
    pub over: Over,
}

impl std::fmt::Debug for ArgFold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name(), self.over.axes)
    }
}

impl Primitive for ArgFold {
    fn name(&self) -> &'static str {
        match self.fold {
            Monoid::Min => "argmin",
            _ => "argmax",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let axes = self.over.axes.len();
        if axes != 1 && axes != x[0].shape.len() {
            return Err(
                Error::axis(self.name(), format!("takes one axis or all, not {axes}"))
                    .rule("an index counts along one axis, or over all of them")
                    .hint("join the axes first with `reshape`"),
            );
        }
        Ok(Outputs::One(Spec {
            shape: self.over.shape(&x[0].shape),
            dtype: DType::I64,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        self.infer(&[&Spec::of(x[0])])?;
        backend.arg_fold(self, x[0]).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(None))
    }

    fn vjp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        Ok(Gradients::from_iter([None]))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let rank = x[0].rank() - 1;
        if self.over.axes.len() == 1 {
            let arg = ArgFold {
                fold: self.fold,
                over: self.over.behind(),
            };
            return bind(&arg, x);
        }
        // all axes of a sample are one
        let shape = x[0].shape();
        let flat = x[0].reshape(&[shape[0], shape[1..].iter().product()])?;
        let arg = ArgFold {
            fold: self.fold,
            over: Over {
                axes: [1].into_iter().collect(),
                keepdims: crate::layout::KeepDims::No,
            },
        };
        let index = bind_one(&arg, &[&flat])?;
        let mut kept = vec![shape[0]];
        if self.over.keepdims == crate::layout::KeepDims::Yes {
            kept.resize(rank + 1, 1);
        }
        index.reshape(&kept).map(Outputs::One)
    }
}
