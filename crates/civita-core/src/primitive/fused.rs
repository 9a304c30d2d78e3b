//! A fused elementwise program: one pass over memory.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{
    Gradients, Outputs, Primitive, Reads, Spec, Tangents, batch_broadcast, one_tangent, some,
};
use crate::backend::Backend;
use crate::device::Device;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::Function;
use crate::layout::broadcast_shapes;
use crate::raw::Raw;
use crate::transform::refs;

/// A program over the elements of tensors that broadcast.
#[derive(Clone)]
pub struct Fused(pub Arc<Function>);

impl std::fmt::Debug for Fused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{:?}]", self.0.name(), self.0)
    }
}

impl Primitive for Fused {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        let dtypes: SmallVec<[DType; 4]> = x.iter().map(|x| x.dtype).collect();
        let dtype = self.0.typed(Device::Cpu, &dtypes)?.output;
        let shapes: SmallVec<[&[usize]; 4]> = x.iter().map(|x| x.shape.as_slice()).collect();
        let shape = broadcast_shapes("fuse", &shapes)?;
        Ok(Outputs::One(Spec { shape, dtype }))
    }

    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        backend.program(&self.0, x).map(Outputs::One)
    }

    fn run_into(&self, backend: &dyn Backend, x: &[&Raw], out: &Raw) -> Result<()> {
        backend.program_into(&self.0, x, out)
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn reads(&self, wanted: &[bool]) -> Reads {
        let (inputs, output) = self.0.reads(wanted.iter().copied());
        Reads {
            inputs,
            outputs: u32::from(output),
        }
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let t: SmallVec<[Option<&Raw>; 4]> = t.iter().map(Option::as_ref).collect();
        Ok(one_tangent(self.0.push(&refs(x), &y[0], &t)?))
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let (x, g) = (refs(x), some(g, 0)?);
        wanted
            .iter()
            .enumerate()
            .map(|(i, &wanted)| match wanted {
                true => self.0.pull(i, &x, &y[0], g),
                false => Ok(None),
            })
            .collect()
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_broadcast(self, x, batched)
    }
}
