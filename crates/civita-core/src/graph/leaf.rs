//! What a pass leaves at nodes: gradients of leaves, and hooks that look at gradients on their way.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Node;
use crate::error::{Error, Result};
use crate::raw::Raw;
use crate::storage::Access;

/// Sees a gradient on its way back; what it returns takes its place.
pub type Hook = Arc<dyn Fn(&Raw) -> Result<Option<Raw>> + Send + Sync>;

/// Takes a hook off again. The hook stays when this is dropped.
#[derive(Clone)]
pub struct HookHandle {
    at: Weak<Extras>,
    id: u64,
}

impl HookHandle {
    /// Takes the hook off. Nothing happens when it is off already, or when the tensor is gone.
    pub fn remove(&self) {
        let Some(extras) = self.at.upgrade() else {
            return;
        };
        let mut hooks = locked(&extras.hooks);
        let at = hooks.iter().position(|(id, ..)| *id == self.id);
        let taken = at.map(|at| hooks.remove(at));
        // what the hook holds is dropped without the lock
        drop(hooks);
        drop(taken);
    }
}

impl std::fmt::Debug for HookHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({})", self.id)
    }
}

#[derive(Default)]
pub(crate) struct Extras {
    /// Each by its number and that of the output it is on.
    hooks: Mutex<Vec<(u64, usize, Hook)>>,
    /// The gradient of each output that has one.
    gradients: Mutex<Vec<Collected>>,
    /// Outputs whose gradient `backward` leaves here though they are no leaves.
    retained: Mutex<Vec<usize>>,
}

/// The gradient of an output, and how often it was replaced.
#[derive(Clone)]
struct Collected {
    output: usize,
    gradient: Option<Raw>,
    version: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A gradient that may be written in place: seeds, broadcast gradients and those of a sum's operands share their memory. Of what a
/// transformation looks at it is the same.
///
/// # Errors
/// When there is no memory.
pub fn own(mut g: Raw) -> Result<Raw> {
    if g.is_plain() && (g.layout().has_internal_overlap() || !g.is_only_handle()) {
        return g.copied();
    }
    Ok(g)
}

/// The place of an output among the gradients; a new one if it has none.
fn slot(all: &mut Vec<Collected>, output: usize) -> &mut Collected {
    let at = all.iter().position(|c| c.output == output);
    let at = at.unwrap_or_else(|| {
        all.push(Collected {
            output,
            gradient: None,
            version: 0,
        });
        all.len() - 1
    });
    &mut all[at]
}

impl Node {
    fn extras(&self) -> &Arc<Extras> {
        self.extras.get_or_init(Default::default)
    }

    pub(crate) fn gradient(&self, output: usize) -> Option<Raw> {
        let all = locked(&self.extras.get()?.gradients);
        all.iter().find(|c| c.output == output)?.gradient.clone()
    }

    pub(crate) fn set_gradient(&self, output: usize, g: Option<Raw>) {
        if g.is_none() && self.extras.get().is_none() {
            return;
        }
        let mut all = locked(&self.extras().gradients);
        let slot = slot(&mut all, output);
        let old = std::mem::replace(&mut slot.gradient, g);
        slot.version += 1;
        drop(all);
        // a graph is taken apart without the lock
        drop(old);
    }

    /// The gradient in memory that others may write, once and for all: what is added meanwhile is lost by nobody.
    fn aliased_gradient(&self, output: usize) -> Result<Option<Raw>> {
        let Some(extras) = self.extras.get() else {
            return Ok(None);
        };
        let mut all = locked(&extras.gradients);
        let Some(slot) = all.iter_mut().find(|c| c.output == output) else {
            return Ok(None);
        };
        // taken, so that it is the only handle and nothing is copied
        let Some(mut g) = slot.gradient.take() else {
            return Ok(None);
        };
        if g.storage().access() == Access::Owned {
            slot.version += 1;
            // the only handle is not copied, so it is not lost for want of memory
            let kept = (!g.is_only_handle()).then(|| g.clone());
            g = match g.into_aliased() {
                Ok(aliased) => aliased,
                Err(error) => {
                    slot.gradient = kept;
                    return Err(error);
                }
            };
        }
        slot.gradient = Some(g.clone());
        Ok(Some(g))
    }

    /// Adds to the gradient. Two threads lose nothing, and nobody ever sees it empty in between: the sum is made without
    /// the lock, and again if somebody else was faster.
    pub(crate) fn accumulate(&self, output: usize, g: Raw) -> Result<()> {
        let gradients = &self.extras().gradients;
        let g = own(g)?;
        loop {
            let old = slot(&mut locked(gradients), output).clone();
            let sum = match &old.gradient {
                Some(old) => old.add(&g)?,
                None => g.clone(),
            };
            let mut all = locked(gradients);
            let slot = slot(&mut all, output);
            if slot.version == old.version {
                let last = slot.gradient.replace(sum);
                slot.version += 1;
                drop(all);
                // whatever it holds is dropped without the lock
                drop(last);
                return Ok(());
            }
        }
    }

    /// Whether `backward` leaves the gradient of this output here.
    pub(crate) fn collects(&self, output: usize) -> bool {
        self.is_leaf()
            || self
                .extras
                .get()
                .is_some_and(|e| locked(&e.retained).contains(&output))
    }

    /// The gradient of an output after its hooks have seen it.
    pub(crate) fn hooked(&self, output: usize, g: Raw) -> Result<Raw> {
        let Some(extras) = self.extras.get() else {
            return Ok(g);
        };
        let hooks: Vec<Hook> = locked(&extras.hooks)
            .iter()
            .filter(|(_, of, _)| *of == output)
            .map(|(_, _, hook)| hook.clone())
            .collect();
        hooks.iter().try_fold(g, |g, hook| {
            let Some(new) = hook(&g)? else { return Ok(g) };
            if new.shape() != g.shape() {
                return Err(Error::shape(
                    "hook",
                    "a hook returned a gradient of another shape than it was given",
                )
                .shapes(&[new.shape(), g.shape()]));
            }
            new.cast(g.dtype())
        })
    }
}

fn untracked(op: &'static str) -> Error {
    Error::gradient(op, "the tensor does not require a gradient").hint_in(
        "call `.requires_grad()` on what it is computed from",
        "call `.requires_grad_()` on what it is computed from",
    )
}

impl Raw {
    /// The gradient that `backward` left on this leaf.
    pub fn grad(&self) -> Option<Raw> {
        self.edge().and_then(|e| e.node().gradient(e.output()))
    }

    /// As [`Raw::grad`], in memory that others may write: what is written into it is the gradient of the leaf.
    ///
    /// # Errors
    /// When the memory has to be copied and cannot be allocated.
    pub fn aliased_grad(&self) -> Result<Option<Raw>> {
        match self.edge() {
            Some(edge) => edge.node().aliased_gradient(edge.output()),
            None => Ok(None),
        }
    }

    /// Replaces the gradient of this leaf; `None` forgets it.
    pub fn set_grad(&self, gradient: Option<Raw>) {
        if let Some(edge) = self.edge() {
            edge.node().set_gradient(edge.output(), gradient);
        }
    }

    /// Makes `backward` leave the gradient of this tensor on it, as on a leaf.
    ///
    /// # Errors
    /// When no gradient reaches it.
    pub fn retain_grad(&self) -> Result<()> {
        let edge = self.edge().ok_or_else(|| untracked("retain_grad"))?;
        let mut retained = locked(&edge.node().extras().retained);
        if !retained.contains(&edge.output()) {
            retained.push(edge.output());
        }
        Ok(())
    }

    /// Takes over from the value that a write has replaced that its gradient is to be left, and the gradient that was.
    pub fn succeed(&self, old: &Raw) {
        let (Some(from), Some(to)) = (old.edge(), self.edge()) else {
            return;
        };
        let Some(extras) = from.node().extras.get() else {
            return;
        };
        if from == to || from.node().is_leaf() {
            return;
        }
        let mut retained = locked(&extras.retained);
        let Some(at) = retained.iter().position(|&o| o == from.output()) else {
            return;
        };
        retained.swap_remove(at);
        drop(retained);
        locked(&to.node().extras().retained).push(to.output());
        self.set_grad(old.grad());
    }

    /// Calls `hook` with the gradient of this tensor in every backward pass that reaches it; what the hook returns takes
    /// the gradient's place.
    ///
    /// # Errors
    /// When no gradient reaches it.
    pub fn register_hook(&self, hook: Hook) -> Result<HookHandle> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let edge = self.edge().ok_or_else(|| untracked("register_hook"))?;
        let (extras, id) = (edge.node().extras(), NEXT.fetch_add(1, Relaxed));
        locked(&extras.hooks).push((id, edge.output(), hook));
        Ok(HookHandle {
            at: Arc::downgrade(extras),
            id,
        })
    }

    /// The gradient of this tensor, which has one element, with respect to every leaf that it was computed from, added
    /// to what they have: `∂self / ∂leaf`. The pass frees what it has used.
    ///
    /// # Errors
    /// When it has several elements (give the gradient yourself, with [`backward`](super::backward)), or was not computed
    /// from any tensor that requires a gradient.
    pub fn backward(&self) -> Result<()> {
        super::backward(self, None, super::Keep::Nothing)
    }
}
