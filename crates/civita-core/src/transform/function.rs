//! Functions with a derivative of the user's.

use std::fmt;
use std::sync::Arc;

use super::{transposed_vjp, vmap};
use crate::backend::Backend;
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::primitive::{Gradients, Outputs, Primitive, Reads, Spec, Tangents, Touches, bind};
use crate::raw::Raw;

/// From the inputs to the outputs.
pub type Forward = Arc<dyn Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync>;
/// From inputs, outputs and the outputs' gradients to the inputs' gradients, `None` for zero.
pub type Backward = Arc<dyn Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Option<Raw>>> + Send + Sync>;
/// From inputs, outputs and the inputs' tangents to the outputs' tangents.
pub type Tangent = Arc<dyn Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Raw>> + Send + Sync>;

/// A function with derivatives of the user's. It is a primitive like any other: forward mode comes from its backward map
/// where no tangent map is given, batches from mapping all of them.
#[derive(Clone)]
pub struct Function {
    name: &'static str,
    forward: Forward,
    backward: Option<Backward>,
    tangent: Option<Tangent>,
}

impl Function {
    /// A function with its backward map. Neither holds tensors that track gradients; those are inputs.
    pub fn new(
        name: &'static str,
        forward: impl Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
        backward: impl Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Option<Raw>>> + Send + Sync + 'static,
    ) -> Function {
        Function {
            name,
            forward: Arc::new(forward),
            backward: Some(Arc::new(backward)),
            tangent: None,
        }
    }

    /// With a tangent map too.
    #[must_use]
    pub fn with_tangent(
        mut self,
        tangent: impl Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
    ) -> Function {
        self.tangent = Some(Arc::new(tangent));
        self
    }

    /// The outputs.
    ///
    /// # Errors
    /// When the function fails, or reads a tensor of a graph or a transformation that is none of its inputs.
    pub fn call(&self, x: &[&Raw]) -> Result<Vec<Raw>> {
        Ok(bind(self, x)?.into_vec())
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Primitive for Function {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, _: &[&Spec]) -> Result<Outputs<Spec>> {
        Err(Error::value(self.name, "only running it tells its shapes"))
    }

    fn run(&self, _: &dyn Backend, x: &[&Raw]) -> Result<Outputs<Raw>> {
        let x: Vec<Raw> = x.iter().map(|&x| x.clone()).collect();
        let y = (self.forward)(&x)?;
        if y.iter().any(|y| y.tag().is_some()) {
            return Err(Error::gradient(
                self.name,
                "the function reads a tensor of a gradient graph or a transformation that is none of its inputs",
            )
            .rule("a function with a derivative of its own knows its inputs only")
            .hint("pass the tensor as an input, or `.detach()` it"));
        }
        Ok(Outputs::Several(y))
    }

    fn access(&self) -> Touches {
        Touches::Nothing
    }

    fn reads(&self, _: &[bool]) -> Reads {
        Reads::ALL
    }

    fn jvp(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Tangents> {
        let Some(tangent) = &self.tangent else {
            return transposed_vjp(self, x, y, t);
        };
        let t = or_zero(t, x)?;
        Ok(tangent(x, y, &t)?.into_iter().map(Some).collect())
    }

    fn vjp(&self, x: &[Raw], y: &[Raw], g: &[Option<Raw>], _: &[bool]) -> Result<Gradients> {
        let Some(backward) = &self.backward else {
            return Err(Error::gradient(
                self.name,
                "the function has no backward map",
            ));
        };
        let found = backward(x, y, &or_zero(g, y)?)?;
        if found.len() != x.len() {
            return Err(Error::value(
                self.name,
                format!(
                    "the backward map returns {} gradients for {} inputs",
                    found.len(),
                    x.len()
                ),
            ));
        }
        Ok(found.into_iter().collect())
    }

    fn batch(&self, x: &[&Raw], batched: &[bool]) -> Result<Outputs<Raw>> {
        let axes: Vec<Option<isize>> = batched.iter().map(|b| b.then_some(0)).collect();
        let front = |_: usize| Some(0);
        let Function {
            name,
            forward,
            backward,
            tangent,
        } = self.clone();
        let mapped = {
            let axes = axes.clone();
            move |x: &[Raw]| vmap(|x| forward(x), x, &axes, &front)
        };
        let outer = axes.clone();
        let mapped_back = backward.map(|backward| {
            let axes = axes.clone();
            let map = move |x: &[Raw], y: &[Raw], g: &[Raw]| {
                let all_axes = [&axes[..], &vec![Some(0); 2 * y.len()]].concat();
                let missing = std::cell::RefCell::new(Vec::new());
                let one = |all: &[Raw]| {
                    let (x, rest) = all.split_at(x.len());
                    let (y, g) = rest.split_at(y.len());
                    let found = backward(x, y, g)?;
                    *missing.borrow_mut() = found.iter().map(Option::is_none).collect();
                    found
                        .into_iter()
                        .zip(x)
                        .map(|(g, x)| g.map_or_else(|| x.filled(Scalar::Bool(false)), Ok))
                        .collect()
                };
                let g = vmap(one, &[x, y, g].concat(), &all_axes, &front)?;
                let missing = missing.into_inner();
                g.iter()
                    .zip(&axes)
                    .zip(missing)
                    .map(|((g, axis), missing)| match (missing, axis) {
                        (true, _) => Ok(None),
                        (_, Some(_)) => Ok(Some(g.clone())),
                        // what all samples share gets the sum of their gradients
                        (_, None) => g.sum_to(&g.shape()[1..]).map(Some),
                    })
                    .collect::<Result<Vec<_>>>()
            };
            Arc::new(map) as Backward
        });
        let mapped_tangent = tangent.map(|tangent| {
            let map = move |x: &[Raw], y: &[Raw], t: &[Raw]| {
                let all_axes = [&outer[..], &vec![Some(0); y.len()], &outer[..]].concat();
                let one = |all: &[Raw]| {
                    let (x, rest) = all.split_at(x.len());
                    let (y, t) = rest.split_at(y.len());
                    tangent(x, y, t)
                };
                vmap(one, &[x, y, t].concat(), &all_axes, &front)
            };
            Arc::new(map) as Tangent
        });
        let function = Function {
            name,
            forward: Arc::new(mapped),
            backward: mapped_back,
            tangent: mapped_tangent,
        };
        bind(&function, x)
    }
}

fn or_zero(all: &[Option<Raw>], like: &[Raw]) -> Result<Vec<Raw>> {
    all.iter()
        .zip(like)
        .map(|(g, x)| match g {
            Some(g) => Ok(g.clone()),
            None => x.filled(Scalar::Bool(false)),
        })
        .collect()
}
