//! Copies and conversions.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, one_gradient, one_tangent, some,
};
use crate::backend::Backend;
use crate::dtype::DType;
use crate::error::Result;
use crate::raw::Raw;

/// How the elements of a copy lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last axis innermost.
    C,
    /// As those of the operand (NumPy's `order='K'`).
    Keep,
}

/// A copy in another dtype, or the same. Floats to integers go towards zero and saturate; integers wrap.
#[derive(Clone)]
pub struct Copy {
    /// Dtype of the result.
    pub dtype: DType,
    /// Memory order of the result.
    pub order: Order,
}

impl std::fmt::Debug for Copy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "copy[{}]", self.dtype)
    }
}

impl Copy {
    /// A copy in C order.
    pub fn new(dtype: DType) -> Copy {
        Copy {
            dtype,
            order: Order::C,
        }
    }
}

impl Primitive for Copy {
    fn name(&self) -> &'static str {
        match self.order {
            Order::C => "copy",
            Order::Keep => "cast",
        }
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(Spec {
            shape: x[0].shape.clone(),
            dtype: self.dtype,
        }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        match self.order {
            Order::C => backend.copy(x[0], self.dtype),
            Order::Keep => backend.cast(x[0], self.dtype),
        }
        .map(Outputs::One)
    }

    fn run_into(&self, backend: &dyn Backend, x: &[&Raw], out: &Raw) -> Result<()> {
        backend.copy_into(x[0], out)
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(Some(some(t, 0)?.cast(self.dtype)?)))
    }

    fn vjp(&self, _: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        Ok(one_gradient(some(g, 0)?.clone()))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        bind(self, x)
    }
}
