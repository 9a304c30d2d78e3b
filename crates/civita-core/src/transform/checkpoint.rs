//! Checkpoints: memory for time. Of a function only its inputs are kept, and its backward pass runs it again.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::draw::{Record, replay};
use super::functional::pulled_back;
use super::{Function, Rule, jvp};
use crate::error::Result;
use crate::primitive::Reads;
use crate::raw::Raw;

/// What it keeps beside its outputs are the keys and counters of the draws inside it.
struct Checkpoint<F> {
    f: F,
    outputs: AtomicUsize,
}

impl<F: Fn(&[Raw]) -> Result<Vec<Raw>>> Checkpoint<F> {
    /// The function again, with the draws of the first time.
    fn again(&self, x: &[Raw], at: &[usize], some: &[Raw], places: &[Raw]) -> Result<Vec<Raw>> {
        let _replay = replay(places);
        (self.f)(&put(x, at, some))
    }
}

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
        let record = Record::new();
        let y = (self.f)(x)?;
        self.outputs.store(y.len(), Relaxed);
        Ok((y, record.places()))
    }

    fn backward(
        &self,
        x: &[Raw],
        y: &[Raw],
        g: &[Option<Raw>],
        wanted: &[bool],
    ) -> Result<Vec<Option<Raw>>> {
        let at: Vec<usize> = (0..x.len()).filter(|&i| wanted[i]).collect();
        let some: Vec<Raw> = at.iter().map(|&i| x[i].clone()).collect();
        let found = pulled_back(&|some| self.again(x, &at, some, &y[g.len()..]), &some, g)?;
        let mut all = vec![None; x.len()];
        for (i, g) in at.into_iter().zip(found) {
            all[i] = g;
        }
        Ok(all)
    }

    fn tangent(&self, x: &[Raw], y: &[Raw], t: &[Option<Raw>]) -> Result<Option<Vec<Option<Raw>>>> {
        let at: Vec<usize> = (0..x.len()).filter(|&i| t[i].is_some()).collect();
        let some: Vec<Raw> = at.iter().map(|&i| x[i].clone()).collect();
        let tangents: Vec<Raw> = t.iter().flatten().cloned().collect();
        let places = &y[self.outputs.load(Relaxed).min(y.len())..];
        let moved = jvp(|some| self.again(x, &at, some, places), &some, &tangents)?.1;
        Ok(Some(moved.into_iter().map(Some).collect()))
    }

    fn reads(&self) -> Reads {
        let outputs = self.outputs.load(Relaxed).min(31) as u32;
        Reads {
            outputs: !0 << outputs,
            ..Reads::INPUTS
        }
    }

    fn kept_moves(&self) -> bool {
        false
    }
}

/// `f(x)`, of which a graph keeps the inputs only: the backward pass runs `f` again for the values that its derivatives
/// read (PyTorch's `torch.utils.checkpoint`, JAX's `jax.checkpoint`). `f` gives the same results each time, and holds no
/// tensor that tracks a gradient; those are inputs. Draws by key and counter are the same each time by themselves.
///
/// # Errors
/// When `f` fails, or reads a tensor of a graph or a transformation that is none of its inputs.
pub fn checkpoint(
    f: impl Fn(&[Raw]) -> Result<Vec<Raw>> + Send + Sync + 'static,
    x: &[&Raw],
) -> Result<Vec<Raw>> {
    let rule = Checkpoint {
        f,
        outputs: AtomicUsize::new(usize::MAX),
    };
    Function::of("checkpoint", rule).call(x)
}
