//! Forward mode: tangents from the oldest node to the newest.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Node, no_grad};
use crate::error::{Error, Result, shape_text};
use crate::raw::Raw;

/// The value of `f` at `inputs`, and how its outputs change when the inputs move along `tangents`:
/// `(f(x), J·v)`.
///
/// `f` is run once and recorded; then the tangents are pushed through the linear map of each step.
///
/// # Errors
/// When a tangent has another shape than its input, or `f` fails.
pub fn jvp(
    f: impl FnOnce(&[Raw]) -> Result<Vec<Raw>>,
    inputs: &[Raw],
    tangents: &[Raw],
) -> Result<(Vec<Raw>, Vec<Raw>)> {
    if inputs.len() != tangents.len() {
        return Err(Error::value(
            "jvp",
            format!("{} inputs but {} tangents", inputs.len(), tangents.len()),
        ));
    }
    let leaves = inputs
        .iter()
        .map(Raw::requires_grad)
        .collect::<Result<Vec<_>>>()?;
    let mut moving: HashMap<u64, Raw> = HashMap::new();
    for (leaf, tangent) in leaves.iter().zip(tangents) {
        if leaf.shape() != tangent.shape() {
            return Err(Error::shape(
                "jvp",
                format!(
                    "a tangent has shape {}, its input {}",
                    shape_text(tangent.shape()),
                    shape_text(leaf.shape())
                ),
            )
            .shapes(&[tangent.shape(), leaf.shape()]));
        }
        if let Some(node) = leaf.node() {
            moving.insert(node.id, tangent.cast(leaf.dtype())?);
        }
    }
    let outputs = f(&leaves)?;
    no_grad(|| {
        for node in below(&outputs).values() {
            let Some(rule) = &node.rule else { continue };
            let tangents: Vec<Option<Raw>> = node
                .inputs
                .iter()
                .map(|i| i.as_ref().and_then(|i| moving.get(&i.id).cloned()))
                .collect();
            if tangents.iter().all(Option::is_none) {
                continue;
            }
            if let Some(t) = rule.forward(node, &tangents)? {
                let t = t.broadcast_to(&node.shape)?.cast(node.dtype)?;
                moving.insert(node.id, t);
            }
        }
        let changes = outputs
            .iter()
            .map(|o| match o.node().and_then(|n| moving.get(&n.id)) {
                Some(t) => Ok(t.clone()),
                None => Raw::zeros(o.shape(), o.dtype()),
            })
            .collect::<Result<Vec<_>>>()?;
        Ok((outputs.iter().map(Raw::detach).collect(), changes))
    })
}

/// Every node that the outputs were computed from, by number.
fn below(outputs: &[Raw]) -> BTreeMap<u64, Arc<Node>> {
    let mut all = BTreeMap::new();
    let mut left: Vec<Arc<Node>> = outputs.iter().filter_map(|o| o.node().cloned()).collect();
    while let Some(node) = left.pop() {
        if all.contains_key(&node.id) {
            continue;
        }
        left.extend(node.inputs.iter().flatten().cloned());
        all.insert(node.id, node);
    }
    all
}
