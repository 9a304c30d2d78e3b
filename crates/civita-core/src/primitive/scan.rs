//! Running folds.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, bind_one, one_gradient,
    one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::DType;
use crate::error::Result;
use crate::layout::Axes;
use crate::raw::Raw;

/// The running sum along an axis.
#[derive(Clone)]
pub struct Scan {
    /// Along which.
    pub axis: usize,
    /// Of the result.
    pub dtype: DType,
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cumsum[{}]", self.axis)
    }
}

impl Primitive for Scan {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec {
            shape: x[0].shape.clone(),
            dtype: self.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.scan(self, x[0]).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(Some(bind_one(self, &[some(t, 0)?])?)))
    }

    fn vjp(&self, _: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let axis = [self.axis as isize];
        let back = some(g, 0)?.flip(Axes::List(&axis))?;
        let sums = bind_one(self, &[&back])?;
        Ok(one_gradient(sums.flip(Axes::List(&axis))?))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        let scan = Scan {
            axis: self.axis + 1,
            dtype: self.dtype,
        };
        bind(&scan, x)
    }
}
