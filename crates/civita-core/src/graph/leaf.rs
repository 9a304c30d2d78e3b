//! What a pass leaves at nodes: gradients of leaves, and hooks that look at gradients on their way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::Node;
use crate::error::{Error, Result};
use crate::raw::Raw;

/// Sees a gradient on its way back; what it returns takes its place.
pub type Hook = Arc<dyn Fn(&Raw) -> Result<Option<Raw>> + Send + Sync>;
/// Names a hook, so that it can be taken off.
pub type HookId = u64;

#[derive(Default)]
pub(crate) struct Extras {
    hooks: Mutex<Vec<(HookId, usize, Hook)>>,
    /// The gradient, and how often it was replaced.
    gradient: Mutex<(Option<Raw>, u64)>,
    /// Does `backward` leave the gradient here though it is no leaf?
    retained: AtomicBool,
}

impl Node {
    fn extras(&self) -> &Extras {
        self.extras.get_or_init(Default::default)
    }

    pub(crate) fn gradient(&self) -> Option<Raw> {
        let extras = self.extras.get()?;
        extras
            .gradient
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clone()
    }

    pub(crate) fn set_gradient(&self, g: Option<Raw>) {
        if g.is_none() && self.extras.get().is_none() {
            return;
        }
        let mut slot = self
            .extras()
            .gradient
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *slot, (g, 0));
        slot.1 = old.1 + 1;
        drop(slot);
        // a graph is taken apart without the lock
        drop(old);
    }

    /// Adds to the gradient. Two threads lose nothing, and nobody ever sees it empty in between: the sum is made without
    /// the lock, and again if somebody else was faster.
    pub(crate) fn accumulate(&self, g: &Raw) -> Result<()> {
        let extras = self.extras();
        let lock = || {
            extras
                .gradient
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        loop {
            let (old, version) = lock().clone();
            let sum = match &old {
                Some(old) => old.add(g)?,
                None => g.clone(),
            };
            let mut slot = lock();
            if slot.1 == version {
                *slot = (Some(sum), version + 1);
                return Ok(());
            }
        }
    }

    pub(crate) fn collects(&self) -> bool {
        self.is_leaf() || self.extras.get().is_some_and(|e| e.retained.load(Relaxed))
    }

    /// The gradient of an output after its hooks have seen it.
    pub(crate) fn hooked(&self, output: usize, g: Raw) -> Result<Raw> {
        let Some(extras) = self.extras.get() else {
            return Ok(g);
        };
        let hooks: Vec<Hook> = extras
            .hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
    Error::gradient(op, "the tensor does not require a gradient")
        .hint("call `.requires_grad()` (Python: `.requires_grad_()`) on what it is computed from")
}

impl Raw {
    /// The gradient that `backward` left on this leaf.
    pub fn grad(&self) -> Option<Raw> {
        self.node().and_then(|n| n.gradient())
    }

    /// Replaces the gradient of this leaf; `None` forgets it.
    pub fn set_grad(&self, gradient: Option<Raw>) {
        if let Some(node) = self.node() {
            node.set_gradient(gradient);
        }
    }

    /// Makes `backward` leave the gradient of this tensor on it, as on a leaf.
    ///
    /// # Errors
    /// When no gradient reaches it.
    pub fn retain_grad(&self) -> Result<()> {
        let node = self.node().ok_or_else(|| untracked("retain_grad"))?;
        node.extras().retained.store(true, Relaxed);
        Ok(())
    }

    /// Calls `hook` with the gradient of this tensor in every backward pass that reaches it; what the hook returns takes
    /// the gradient's place.
    ///
    /// # Errors
    /// When no gradient reaches it.
    pub fn register_hook(&self, hook: Hook) -> Result<HookId> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let edge = self.edge().ok_or_else(|| untracked("register_hook"))?;
        let id = NEXT.fetch_add(1, Relaxed);
        edge.node()
            .extras()
            .hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((id, edge.output(), hook));
        Ok(id)
    }

    /// Takes a hook off again; says whether it was there.
    pub fn remove_hook(&self, id: HookId) -> bool {
        let Some(extras) = self.node().and_then(|node| node.extras.get()) else {
            return false;
        };
        let mut hooks = extras.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let before = hooks.len();
        hooks.retain(|(other, ..)| *other != id);
        hooks.len() < before
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
