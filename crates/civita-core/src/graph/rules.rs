//! How ops tell the graph what they did.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Gradients, Node, Rule, recording};
use crate::error::{Error, Result};
use crate::raw::Raw;
use crate::storage::Access;

/// A tensor that a rule will need again, and the state of its memory when it was kept.
pub(crate) struct Saved {
    value: Raw,
    version: u64,
}

impl Saved {
    /// Keeps an input, with its node, so that the rule's result can be differentiated too.
    pub fn new(value: &Raw) -> Saved {
        Saved {
            value: value.clone(),
            version: value.storage().version(),
        }
    }

    /// Keeps an output, without its node, which will own this.
    pub fn output(value: &Raw) -> Saved {
        Saved {
            value: value.detach(),
            version: value.storage().version(),
        }
    }

    /// The value, if nobody has written its memory meanwhile.
    pub fn get(&self, op: &'static str) -> Result<&Raw> {
        if self.value.storage().access() != Access::Owned
            && self.value.storage().version() != self.version
        {
            return Err(Error::gradient(op, "a value that backward needs was written in place")
                .shapes(&[self.value.shape()])
                .rule("what the derivative reads must stay as it was until backward has run")
                .hint("write into a copy instead: `x = x.copy()` before the assignment, or `y = y + 1` for `y += 1`"));
        }
        Ok(&self.value)
    }

    /// An output again with its node.
    pub fn get_output(&self, op: &'static str, node: &Arc<Node>) -> Result<Raw> {
        Ok(self.get(op)?.clone().with_node(Some(node.clone())))
    }
}

/// Hangs a node on `out` if an input has one and this thread is recording.
pub(crate) fn record(out: Raw, inputs: &[&Raw], rule: impl FnOnce(&Raw) -> Box<dyn Rule>) -> Raw {
    if !inputs.iter().any(|i| i.tracks_gradient())
        || !recording()
        || !out.dtype().is_differentiable()
    {
        return out;
    }
    let rule = rule(&out);
    let nodes: SmallVec<[_; 3]> = inputs.iter().map(|i| i.node().cloned()).collect();
    let node = Node::new(&out, Some(rule), nodes);
    out.with_node(Some(node))
}

type Map = Box<dyn Fn(&Raw) -> Result<Raw> + Send + Sync>;

/// A linear op of one input: the map itself, and its transpose.
pub(crate) struct Linear {
    pub name: &'static str,
    pub forward: Map,
    pub backward: Map,
}

impl Rule for Linear {
    fn name(&self) -> &'static str {
        self.name
    }
    fn backward(&self, _: &Arc<Node>, gradient: &Raw, _: &[bool]) -> Result<Gradients> {
        Ok(SmallVec::from_iter([Some((self.backward)(gradient)?)]))
    }
    fn forward(&self, _: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        tangents[0].as_ref().map(&self.forward).transpose()
    }
}

/// Records a linear op of one input.
pub(crate) fn linear(out: Raw, input: &Raw, rule: Linear) -> Raw {
    if !input.tracks_gradient() {
        return out;
    }
    record(out, &[input], |_| Box::new(rule))
}
