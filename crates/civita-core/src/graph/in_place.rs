//! Writing in place, as a step of the graph.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Gradients, Node, Rule, record};
use crate::dtype::Scalar;
use crate::error::{Error, Result};
use crate::layout::SliceItem;
use crate::raw::Raw;

/// The output is the first input with the second written over a slice of it.
struct Assigned {
    slice: Vec<SliceItem>,
    source_shape: Vec<usize>,
}

impl Rule for Assigned {
    fn name(&self) -> &'static str {
        "assign"
    }
    fn backward(&self, _: &Arc<Node>, g: &Raw, wanted: &[bool]) -> Result<Gradients> {
        let source = wanted[1]
            .then(|| g.slice(&self.slice)?.sum_to(&self.source_shape))
            .transpose()?;
        let old = wanted[0]
            .then(|| self.written(g, &Raw::scalar(Scalar::Bool(false), g.dtype())?))
            .transpose()?;
        Ok(SmallVec::from_iter([old, source]))
    }
    fn forward(&self, node: &Arc<Node>, tangents: &[Option<Raw>]) -> Result<Option<Raw>> {
        let old = tangents[0]
            .clone()
            .map_or_else(|| Raw::zeros(&node.shape, node.dtype), Ok)?;
        let source = tangents[1]
            .clone()
            .map_or_else(|| Raw::scalar(Scalar::Bool(false), node.dtype), Ok)?;
        self.written(&old, &source).map(Some)
    }
}

impl Assigned {
    fn written(&self, old: &Raw, source: &Raw) -> Result<Raw> {
        let mut new = old.copied()?;
        new.assign_slice(&self.slice, source)?;
        Ok(new)
    }
}

/// Records that `out` is `old` with `source` written over a slice of it.
pub(crate) fn assigned(out: Raw, old: &Raw, source: &Raw, slice: &[SliceItem]) -> Raw {
    record(out, &[old, source], |_| {
        Box::new(Assigned {
            slice: slice.to_vec(),
            source_shape: source.shape().to_vec(),
        })
    })
}

/// # Errors
/// When `x` is a leaf that requires a gradient: what is written over it would have none.
pub(crate) fn check_in_place(x: &Raw) -> Result<()> {
    if x.node().is_some_and(|n| n.is_leaf()) {
        return Err(Error::gradient(
            "assign",
            "a tensor that requires a gradient cannot be written in place",
        )
        .rule("the gradient of a leaf is that of the value it was made with")
        .hint("write inside `no_grad`, as an optimizer does; or write into a copy"));
    }
    Ok(())
}
