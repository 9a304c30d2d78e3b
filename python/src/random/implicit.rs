//! Draws with implicit derivatives: those that no operation on noise makes, since they are chosen by rejection.
//!
//! The draw is a primitive of its parameters whose value is what was drawn; its derivative is [`Family::slope`].

use civita_core::backend::Backend;
use civita_core::dtype::DType;
use civita_core::error::{Error, Result};
use civita_core::primitive::{
    Gradients, HostInput, HostKernel, HostOutput, Outputs, Primitive, Reads, Spec, Tangents,
    batch_in_front, bind_one, one_tangent, some,
};
use civita_core::raw::Raw;

use super::slopes::Family;

/// Draws of a family as a function of its one to three parameters, which broadcast to them.
pub fn implicit(family: Family, parameters: &[Raw], draws: &Raw) -> Result<Raw> {
    let mut inputs = parameters
        .iter()
        .map(|p| p.broadcast_to(draws.shape()))
        .collect::<Result<Vec<Raw>>>()?;
    inputs.push(draws.clone());
    bind_one(&Draws(family), &inputs.iter().collect::<Vec<&Raw>>())
}

/// The parameters, and the draws behind them; the derivative by a parameter is [`Slope`] times its own.
#[derive(Clone, Debug)]
struct Draws(Family);

fn spec(x: &[&Spec]) -> Outputs<Spec> {
    Outputs::One(Spec::new(&x[x.len() - 1].shape, DType::F64))
}

impl Primitive for Draws {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(spec(x))
    }
    fn run(&self, _: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        Ok(Outputs::One(x[x.len() - 1].clone()))
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::INPUTS
    }
    fn jvp(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let mut moved: Option<Raw> = None;
        for (by, t) in t[..x.len() - 1].iter().enumerate() {
            let Some(t) = t else { continue };
            let step = along(self.0, by, x, t)?;
            moved = Some(match moved {
                Some(sum) => sum.add(&step)?,
                None => step,
            });
        }
        Ok(one_tangent(moved))
    }
    fn vjp(&self, x: &[Raw], _: &[Raw], g: &[Option<Raw>], wanted: &[bool]) -> Result<Gradients> {
        let g = some(g, 0)?;
        let back = |by: usize| match wanted[by] && by + 1 < x.len() {
            true => along(self.0, by, x, g).map(Some),
            false => Ok(None),
        };
        (0..x.len()).map(back).collect()
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}

/// A tangent or gradient times the derivative by a parameter.
fn along(family: Family, by: usize, x: &[Raw], t: &Raw) -> Result<Raw> {
    match (family, by) {
        // a location
        (Family::VonMises, 0) => Ok(t.clone()),
        _ => bind_one(&Slope(family, by), &x.iter().collect::<Vec<&Raw>>())?.mul(t),
    }
}

/// The derivative of each draw by a parameter.
#[derive(Clone, Debug)]
struct Slope(Family, usize);

impl HostKernel for Slope {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn run(&self, x: &[HostInput<'_>], out: &mut [HostOutput<'_>]) -> Result<()> {
        let (first, last) = (x[0].elements::<f64>()?, x[x.len() - 1].elements::<f64>()?);
        // of families with fewer parameters these are the draws, which are not read as one
        let second = x[1].elements::<f64>()?;
        let third = x[2.min(x.len() - 1)].elements::<f64>()?;
        out[0].write_in_parts::<f64>(512, &|start, part| {
            for (i, to) in (start..).zip(part) {
                *to = self
                    .0
                    .slope(self.1, [first[i], second[i], third[i]], last[i]);
            }
        })
    }
}

impl Primitive for Slope {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn infer(&self, x: &[&Spec]) -> Result<Outputs<Spec>> {
        Ok(spec(x))
    }
    fn run(&self, backend: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let outputs = spec(&[&Spec::of(x[x.len() - 1])]);
        backend.external(self, &[DType::F64; 4][..x.len()], outputs, x)
    }
    fn reads(&self, _: &[bool]) -> Reads {
        Reads::SHAPES
    }
    fn jvp(&self, _: &[Raw], _: &[Raw], _: &[Option<Raw>]) -> Result<Tangents> {
        Err(Error::gradient(
            self.0.name(),
            "there is no second derivative of draws by their shape",
        )
        .rule("the first one is implicit, as PyTorch's is"))
    }
    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        batch_in_front(self, x, batched)
    }
}
