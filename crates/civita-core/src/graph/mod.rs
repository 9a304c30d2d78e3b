//! The gradient graph: which tensors came from which, and how a change of one changes the other.
//!
//! A [`Node`] hangs on each tensor that a gradient can reach. It holds the nodes of its inputs and a rule: the linear
//! map from their tangents to its own, and the transposed map from its gradient to theirs. Reverse mode walks the nodes
//! from the newest to the oldest with the transposed maps, forward mode from the oldest to the newest with the maps. The
//! rules are written with ops, so they can be recorded themselves: that is what higher orders are.
//!
//! Recording costs nothing when no input has a node. A rule keeps the inputs and the output that its map reads, the
//! output without its node, else node and tensor would hold each other. Walks and `Drop` are loops, not recursions.

mod check;
mod elementwise;
mod forward;
mod in_place;
mod reverse;
mod rules;

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use smallvec::SmallVec;

pub use check::{Tolerance, check_gradients, check_second_gradients};
pub use elementwise::Function;
pub(crate) use elementwise::elementwise;
pub use forward::jvp;
pub(crate) use in_place::{assigned, check_in_place};
pub use reverse::{Keep, backward, grad};
pub(crate) use rules::{Linear, Saved, linear, record};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::PerAxis;
use crate::raw::Raw;

/// Gradients of the inputs of a node, where there are any.
pub(crate) type Gradients = SmallVec<[Option<Raw>; 3]>;

/// The derivative of one step of a computation.
pub(crate) trait Rule: Send + Sync {
    /// The op's name, for texts.
    fn name(&self) -> &'static str;
    /// The gradients of the inputs that are wanted, from that of the output. `node` is the output's.
    fn backward(&self, node: &Arc<Node>, gradient: &Raw, wanted: &[bool]) -> Result<Gradients>;
    /// The tangent of the output from those of the inputs; an input without one stands still.
    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>>;
}

/// A tensor's place in the graph.
pub struct Node {
    /// Later nodes have larger numbers, so the numbers are an order of computation.
    id: u64,
    /// `None` for a leaf.
    rule: Option<Box<dyn Rule>>,
    inputs: SmallVec<[Option<Arc<Node>>; 3]>,
    shape: PerAxis<usize>,
    dtype: DType,
    gradient: Mutex<Option<Raw>>,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Node {
    fn new(
        value: &Raw,
        rule: Option<Box<dyn Rule>>,
        inputs: SmallVec<[Option<Arc<Node>>; 3]>,
    ) -> Arc<Node> {
        Arc::new(Node {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            rule,
            inputs,
            shape: SmallVec::from_slice(value.shape()),
            dtype: value.dtype(),
            gradient: Mutex::new(None),
        })
    }

    /// Was it made by `requires_grad`, rather than computed?
    pub fn is_leaf(&self) -> bool {
        self.rule.is_none()
    }

    /// The op that made it; `leaf` for none.
    pub fn op(&self) -> &'static str {
        self.rule.as_ref().map_or("leaf", |r| r.name())
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    fn gradient(&self) -> Option<Raw> {
        self.gradient
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_gradient(&self, g: Option<Raw>) {
        *self.gradient.lock().unwrap_or_else(PoisonError::into_inner) = g;
    }
}

/// What a node holds others with.
type Held = (
    SmallVec<[Option<Arc<Node>>; 3]>,
    Option<Box<dyn Rule>>,
    Option<Raw>,
);

thread_local! {
    /// What the outermost drop of a node on this thread still has to take apart.
    static FALLING: RefCell<Option<Vec<Held>>> = const { RefCell::new(None) };
}

/// A chain of a million ops is a chain of a million nodes: they are taken apart one by one, not by recursion. Whichever
/// handle is the last one, an input's or that of a value that a rule has saved: a node that falls while another is being
/// taken apart only queues what it holds.
impl Drop for Node {
    fn drop(&mut self) {
        let gradient = self
            .gradient
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut held = Some((std::mem::take(&mut self.inputs), self.rule.take(), gradient));
        let outermost = FALLING.try_with(|falling| match &mut *falling.borrow_mut() {
            Some(queue) => {
                queue.extend(held.take());
                false
            }
            empty => {
                *empty = Some(Vec::new());
                true
            }
        });
        // a thread that is ending has no queue any more: `held` falls by recursion
        if outermost != Ok(true) {
            return;
        }
        while let Some(next) = held {
            drop(next);
            held = FALLING.with(|falling| {
                let mut falling = falling.borrow_mut();
                let next = falling.as_mut().and_then(Vec::pop);
                if next.is_none() {
                    *falling = None;
                }
                next
            });
        }
    }
}

thread_local! {
    static PAUSED: Cell<u32> = const { Cell::new(0) };
}

/// Is this thread recording gradients?
#[inline]
pub fn recording() -> bool {
    PAUSED.with(|p| p.get() == 0)
}

/// Nothing is recorded on this thread while it lives. See [`no_grad`].
#[derive(Debug)]
pub struct NoGrad(std::marker::PhantomData<*const ()>);

impl NoGrad {
    /// Stops recording on this thread until it is dropped.
    #[must_use = "recording goes on when this is dropped"]
    pub fn new() -> NoGrad {
        PAUSED.with(|p| p.set(p.get() + 1));
        NoGrad(std::marker::PhantomData)
    }
}

impl Default for NoGrad {
    fn default() -> NoGrad {
        NoGrad::new()
    }
}

impl Drop for NoGrad {
    fn drop(&mut self) {
        PAUSED.with(|p| p.set(p.get() - 1));
    }
}

/// Runs `f` without recording gradients on this thread.
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    let _pause = NoGrad::new();
    f()
}

/// Runs `f` with recording on, even inside [`no_grad`].
pub(crate) fn recorded<R>(f: impl FnOnce() -> R) -> R {
    struct Resume(u32);
    impl Drop for Resume {
        fn drop(&mut self) {
            PAUSED.with(|p| p.set(self.0));
        }
    }
    let _resume = Resume(PAUSED.with(|p| p.replace(0)));
    f()
}

impl Raw {
    /// The same value as a new leaf, whose gradient `backward` will collect.
    ///
    /// # Errors
    /// When the dtype is neither float nor complex.
    pub fn requires_grad(&self) -> Result<Raw> {
        if !self.dtype().is_differentiable() {
            return Err(Error::gradient(
                "requires_grad",
                format!("a tensor of {} has no gradient", self.dtype()),
            )
            .dtypes(&[self.dtype()])
            .rule("only floats and complex numbers can be varied")
            .hint("convert first: `.cast::<f64>()` (Python: `.astype('float64')`)"));
        }
        let value = self.detach();
        let node = Node::new(&value, None, SmallVec::new());
        Ok(value.with_node(Some(node)))
    }

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

    /// The gradient of this tensor, which has one element, with respect to every leaf that it was computed from, added
    /// to what they have: `∂self / ∂leaf`.
    ///
    /// # Errors
    /// When it has several elements (give the gradient yourself, with [`backward`]), or was not computed from any tensor
    /// that requires a gradient.
    pub fn backward(&self) -> Result<()> {
        backward(self, None, Keep::Values)
    }
}
