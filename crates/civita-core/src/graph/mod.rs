//! Reverse mode: which tensors came from which, and the walk that collects gradients.
//!
//! A [`Node`] is one recorded `bind`. It holds the primitive, the nodes of its inputs, and those values that the derivative
//! reads, as they are *under* the tags of its own level. So a node never holds itself; the derivative runs unrecorded at
//! this level and recorded at all older ones; and dropping a node recurses to nodes of older levels only. Walks and `Drop`
//! are loops, not recursions.

mod check;
mod leaf;
mod node;
mod program;
mod reverse;

pub use crate::transform::{EnableGrad, NoGrad, enable_grad, jvp, no_grad, recording};
pub use check::{Tolerance, check_gradients, check_second_gradients};
pub use leaf::{Hook, HookHandle, own};
pub use node::{Edge, Node, NodeRef};
pub(crate) use node::{record, record_elementwise, record_op};
pub use program::Function;
pub(crate) use reverse::fits;
pub use reverse::{Keep, backward, backward_to, grad, gradients};
