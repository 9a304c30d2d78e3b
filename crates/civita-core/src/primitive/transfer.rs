//! From one device to another.

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, bind, one_gradient, one_tangent, some,
};
use crate::backend::{self, Backend};
use crate::device::Device;
use crate::error::Result;
use crate::raw::Raw;

/// The same elements in the memory of another device, in C order.
#[derive(Clone)]
pub struct Transfer {
    /// Where they go.
    pub to: Device,
    /// Where they come from, and gradients go.
    pub from: Device,
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "to_device[{}]", self.to)
    }
}

impl Primitive for Transfer {
    fn name(&self) -> &'static str {
        "to_device"
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(Outputs::One(x[0].clone()))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let here = backend.download(x[0])?;
        backend::of(self.to).upload(&here).map(Outputs::One)
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }

    fn jvp(&self, _: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        Ok(one_tangent(Some(some(t, 0)?.to_device(self.to)?)))
    }

    fn vjp(&self, _: &[Raw], _: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        Ok(one_gradient(some(g, 0)?.to_device(self.from)?))
    }

    fn batch(&self, x: &[&Raw], _: &[bool]) -> Result<Outputs<Raw>> {
        bind(self, x)
    }
}
