//! Reverse mode: from the newest node to the oldest, each once, with what its users sent it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{NoGrad, Node};
use crate::error::{Error, Result, shape_text};
use crate::raw::Raw;

/// What the gradients that come out can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Their values only.
    Values,
    /// They are recorded, and can be differentiated again (PyTorch's `create_graph`).
    Graph,
}

/// The gradient of `output` with respect to every leaf below it, added to what the leaves have.
///
/// `seed` is the gradient of the final quantity with respect to `output`; without one, `output` must have one element,
/// whose gradient is 1.
///
/// # Errors
/// When `output` has no graph, a seed is missing or has another shape, or a saved value was written in place.
pub fn backward(output: &Raw, seed: Option<&Raw>, keep: Keep) -> Result<()> {
    walk(&[(output, seed)], keep, |node, gradient| {
        if node.is_leaf() {
            let sum = match node.gradient() {
                Some(old) => old.add(&gradient)?,
                None => gradient,
            };
            node.set_gradient(Some(sum));
        }
        Ok(())
    })
}

/// The gradients of `outputs` with respect to `inputs`, which need not be leaves; nothing is added to any leaf.
///
/// An input that no output depends on has a gradient of zeros.
///
/// # Errors
/// As [`backward`], and when an input is not part of a graph.
pub fn grad(outputs: &[(&Raw, Option<&Raw>)], inputs: &[&Raw], keep: Keep) -> Result<Vec<Raw>> {
    let mut found: Vec<Option<Raw>> = vec![None; inputs.len()];
    for input in inputs {
        if input.node().is_none() {
            return Err(no_graph("grad", "an input"));
        }
    }
    walk(outputs, keep, |node, gradient| {
        for (input, found) in inputs.iter().zip(&mut found) {
            if input.node().is_some_and(|n| Arc::ptr_eq(n, node)) {
                *found = Some(gradient.clone());
            }
        }
        Ok(())
    })?;
    inputs
        .iter()
        .zip(found)
        .map(|(input, g)| g.map_or_else(|| Raw::zeros(input.shape(), input.dtype()), Ok))
        .collect()
}

#[cold]
fn no_graph(op: &'static str, what: &str) -> Error {
    Error::gradient(
        op,
        format!("{what} was not computed from a tensor that requires a gradient"),
    )
    .hint("call `.requires_grad()` (Python: `.requires_grad_()`) on the inputs before computing with them, outside `no_grad`")
}

fn walk(
    outputs: &[(&Raw, Option<&Raw>)],
    keep: Keep,
    mut visit: impl FnMut(&Arc<Node>, Raw) -> Result<()>,
) -> Result<()> {
    let _pause = (keep == Keep::Values).then(NoGrad::new);
    // by number: the last one is newer than all that are left, so all its users are done
    let mut waiting: BTreeMap<u64, (Arc<Node>, Raw)> = BTreeMap::new();
    for (output, seed) in outputs {
        let Some(node) = output.node() else {
            return Err(no_graph("backward", "the output"));
        };
        let seed = seed_for(output, *seed)?;
        add(&mut waiting, node, seed)?;
    }
    while let Some((_, (node, gradient))) = waiting.pop_last() {
        if let Some(rule) = &node.rule {
            let wanted: smallvec::SmallVec<[bool; 3]> =
                node.inputs.iter().map(Option::is_some).collect();
            let gradients = rule.backward(&node, &gradient, &wanted)?;
            for (input, g) in node.inputs.iter().zip(gradients) {
                if let (Some(input), Some(g)) = (input, g) {
                    add(&mut waiting, input, fitted(g, input)?)?;
                }
            }
        }
        visit(&node, gradient)?;
    }
    Ok(())
}

fn seed_for(output: &Raw, seed: Option<&Raw>) -> Result<Raw> {
    match seed {
        None if output.len() == 1 => {
            Raw::ones(output.shape(), output.dtype()).map(|s| s.in_world_of(output))?
        }
        None => Err(Error::gradient(
            "backward",
            format!(
                "the output has shape {}, so it has no gradient by itself",
                shape_text(output.shape())
            ),
        )
        .shapes(&[output.shape()])
        .rule("backward starts from one number")
        .hint("reduce it first: `y.sum().backward()`; or give the gradient of what comes after")),
        Some(seed) if seed.shape() != output.shape() => Err(Error::shape(
            "backward",
            format!(
                "the gradient has shape {}, the output {}",
                shape_text(seed.shape()),
                shape_text(output.shape())
            ),
        )
        .shapes(&[seed.shape(), output.shape()])
        .rule("a gradient has the shape of what it is the gradient of")),
        Some(seed) => seed.cast(output.dtype()),
    }
}

/// A gradient has the shape and dtype of what it is the gradient of: broadcasting is summed away, and the imaginary part
/// of the gradient of a real number dropped.
pub(super) fn fitted(g: Raw, node: &Node) -> Result<Raw> {
    let g = if g.shape() == node.shape.as_slice() {
        g
    } else {
        g.sum_to(&node.shape)?
    };
    g.cast(node.dtype)
}

fn add(
    waiting: &mut BTreeMap<u64, (Arc<Node>, Raw)>,
    node: &Arc<Node>,
    gradient: Raw,
) -> Result<()> {
    use std::collections::btree_map::Entry;
    match waiting.entry(node.id) {
        Entry::Vacant(place) => {
            place.insert((node.clone(), gradient));
        }
        Entry::Occupied(mut place) => {
            let sum = place.get().1.add(&gradient)?;
            place.get_mut().1 = sum;
        }
    }
    Ok(())
}
