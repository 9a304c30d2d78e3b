//! Checkpoints: memory for time. Of a function only its inputs are kept, and its backward pass runs it again.

use super::functional::pulled_back;
use super::{Function, Rule, jvp};
use crate::error::Result;
use crate::primitive::Reads;
use crate::raw::Raw;

struct Checkpoint<F>(F);

/// The inputs with those at `at` replaced.
fn put(x: &[Raw], at: &[usize], some: &[Raw]) -> Vec<Raw> {
    let mut x = x.to_vec();
    for (&i, new) in at.iter().zip(some) {
        x[i] = new.clone();
    }
    x
}

impl<F: Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync> Rule for Checkpoint<F> {
    fn forward(&self, x: &[Raw]) -> Result<(Vec<Raw>, Vec<Raw>)> {
        Ok(((self.0)(x)?, Vec::new()))
    }

    fn backward(
        &self,
        x: &[Raw],
        _: &[Raw],
        g: &[Option<Raw>],
        wanted: &[bool],
    ) -> Result<Vec<Option<Raw>>> {
        let at: Vec<usize> = (0..x.len()).filter(|&i| wanted[i]).collect();
        let some: Vec<Raw> = at.iter().map(|&i| x[i].clone()).collect();
        let found = pulled_back(&|some| (self.0)(&put(x, &at, some)), &some, g)?;
        let mut all = vec![None; x.len()];
        for (i, g) in at.into_iter().zip(found) {
            all[i] = g;
        }
        Ok(all)
    }

    fn tangent(&self, x: &[Raw], _: &[Raw], t: &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>> {
        let at: Vec<usize> = (0..x.len()).filter(|&i| t[i].is_some()).collect();
        let some: Vec<Raw> = at.iter().map(|&i| x[i].clone()).collect();
        let tangents: Vec<Raw> = t.iter().flatten().cloned().collect();
        let moved = jvp(|some| (self.0)(&put(x, &at, some)), &some, &tangents)?.1;
        Ok(Some(moved.into_iter().map(Some).collect()))
    }

    fn reads(&self) -> Reads {
        Reads::INPUTS
    }
}

/// `f(x)`, of which a graph keeps the inputs only: the backward pass runs `f` again for the values that its derivatives
/// read (PyTorch's `torch.utils.checkpoint`, JAX's `jax.checkpoint`). `f` gives the same results each time, and holds no
/// tensor that tracks a gradient; those are inputs.
///
/// # Errors
/// When `f` fails, or reads a tensor of a graph or a transformation that is none of its inputs.
pub fn checkpoint(
    f: impl Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
    x: &[&Raw],
) -> Result<Vec<Raw>> {
    Function::of("checkpoint", Checkpoint(f)).call(x)
}
