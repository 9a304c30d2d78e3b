//! The walk: from the newest node to the oldest, each once, with the sum of what its users sent it.

use std::collections::{BTreeMap, HashMap, HashSet};

use smallvec::{SmallVec, smallvec};

use super::leaf::own;
use super::{Edge, Node, NodeRef};
use crate::dtype::Scalar;
use crate::error::{Error, Result, shape_text};
use crate::primitive::Spec;
use crate::raw::Raw;
use crate::transform::{Level, no_imaginary_part};

/// What a backward pass leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: what was saved is freed as soon as it was used.
    Nothing,
    /// The graph, for another pass (PyTorch's `retain_graph`).
    Graph,
    /// The graph, and gradients that belong to it and can be differentiated again (PyTorch's `create_graph`).
    Differentiable,
}

/// The gradient of `output` with respect to every leaf below it, added to what the leaves have.
///
/// `seed` is the gradient of the final quantity with respect to `output`; without one, `output` must have one real element,
/// whose gradient is 1.
///
/// # Errors
/// When `output` has no graph, a seed is missing or has another shape, a saved value was written in place or freed by an
/// earlier pass.
pub fn backward(output: &Raw, seed: Option<&Raw>, keep: Keep) -> Result<()> {
    let Some((edge, level)) = output.edge().zip(output.level()) else {
        return Err(no_graph("backward", output, "the output"));
    };
    let seed = seed_for("backward", output, seed)?;
    sweep(&[(edge, seed)], None, keep, level, &mut |edge, g| {
        edge.node().accumulate(edge.output(), g)
    })
}

/// As [`backward`], where only `inputs` collect their gradients: leaves, or computed tensors, which then have one too.
///
/// # Errors
/// As [`backward`], and when an input is not part of the graph.
pub fn backward_to(output: &Raw, seed: Option<&Raw>, inputs: &[&Raw], keep: Keep) -> Result<()> {
    let found = gradients(&[(output, seed)], inputs, keep)?;
    let mut done: Vec<&Edge> = Vec::new();
    for (edge, g) in inputs.iter().map(|x| x.edge()).zip(found) {
        // one that is named twice collects once
        if let (Some(edge), Some(g)) = (edge, g)
            && !done.contains(&edge)
        {
            edge.node().accumulate(edge.output(), g)?;
            done.push(edge);
        }
    }
    Ok(())
}

/// The gradients of `outputs` with respect to `inputs`, which need not be leaves; nothing is added to any leaf.
///
/// An input that no output depends on has a gradient of zeros.
///
/// # Errors
/// As [`backward`], and when an input is not part of a graph.
pub fn grad(outputs: &[(&Raw, Option<&Raw>)], inputs: &[&Raw], keep: Keep) -> Result<Vec<Raw>> {
    let found = gradients(outputs, inputs, keep)?;
    inputs
        .iter()
        .zip(found)
        .map(|(input, g)| g.map_or_else(|| zero_like(input), own))
        .collect()
}

/// Zeros of the shape, dtype and device of `x`, in the memory of one.
pub(crate) fn zero_like(x: &Raw) -> Result<Raw> {
    x.filled(Scalar::Bool(false))
}

/// As [`grad`], with `None` for an input that no gradient reaches.
///
/// # Errors
/// As [`grad`].
pub fn gradients(
    outputs: &[(&Raw, Option<&Raw>)],
    inputs: &[&Raw],
    keep: Keep,
) -> Result<Vec<Option<Raw>>> {
    let mut wanted: HashMap<(u64, usize), SmallVec<[usize; 1]>> = HashMap::new();
    let mut level = None;
    for (i, input) in inputs.iter().enumerate() {
        let Some(edge) = input.edge() else {
            return Err(no_graph("grad", input, "an input"));
        };
        if level.is_some_and(|level| level != edge.node().level) {
            return Err(Error::gradient(
                "grad",
                "the inputs belong to different transformations",
            ));
        }
        level = Some(edge.node().level);
        wanted
            .entry((edge.node().id, edge.output()))
            .or_default()
            .push(i);
    }
    let Some(level) = level else {
        return Ok(Vec::new());
    };
    let mut starts = Vec::new();
    for (output, seed) in outputs {
        if output.level() > Some(level) {
            return Err(Error::gradient(
                "grad",
                "the output belongs to a transformation inside of that of the inputs",
            )
            .rule(
                "inside `vmap`, `jvp` or `grad` only leaves that were made inside have gradients",
            ));
        }
        match output.edge() {
            Some(edge) if output.level() == Some(level) => {
                starts.push((edge, seed_for("grad", output, *seed)?));
            }
            // what has no tag of this level does not depend on the inputs
            _ if output.is_transformed() || level > crate::transform::GLOBAL => {}
            _ => return Err(no_graph("grad", output, "the output")),
        }
    }
    let mut found: Vec<Option<Raw>> = vec![None; inputs.len()];
    let is_wanted = |edge: &Edge| wanted.contains_key(&(edge.node().id, edge.output()));
    sweep(&starts, Some(&is_wanted), keep, level, &mut |edge, g| {
        let places = wanted.get(&(edge.node().id, edge.output()));
        for &i in places.into_iter().flatten() {
            found[i] = Some(g.clone());
        }
        Ok(())
    })?;
    Ok(found)
}

#[cold]
fn no_graph(op: &'static str, x: &Raw, what: &str) -> Error {
    if x.is_transformed() {
        return Error::gradient(
            op,
            format!("{what} belongs to a transformation in which it has no gradient"),
        )
        .rule("inside `vmap`, `jvp` or `trace` only leaves that were made inside have gradients");
    }
    Error::gradient(
        op,
        format!("{what} was not computed from a tensor that requires a gradient"),
    )
    .rule("comparisons, indices and conversions to integers have no derivative: no gradient passes through them")
    .hint_in(
        "call `.requires_grad()` on the inputs before computing with them, outside `no_grad`",
        "call `.requires_grad_()` on the inputs before computing with them, outside `no_grad`",
    )
}

/// What has been sent to the outputs of a node whose users are not all done.
type Waiting = BTreeMap<u64, (NodeRef, SmallVec<[Option<Raw>; 1]>)>;

/// Walks from some outputs to the wanted ones (`None`: leaves, and what retains its gradient), and hands each its gradient.
/// Nodes that lead to nothing wanted are not visited.
fn sweep(
    starts: &[(&Edge, Raw)],
    wanted: Option<&dyn Fn(&Edge) -> bool>,
    keep: Keep,
    level: Level,
    found: &mut dyn FnMut(&Edge, Raw) -> Result<()>,
) -> Result<()> {
    // of a leaf's gradient every node is on the way: each was recorded because of one
    let leading = wanted.map(|wanted| leading_to(wanted, starts));
    let leads = |node: &Node| leading.as_ref().is_none_or(|all| all.contains(&node.id));
    let mut waiting = Waiting::new();
    for (edge, seed) in starts {
        if leads(edge.node()) {
            send(&mut waiting, edge, seed.clone())?;
        }
    }
    while let Some((_, (node, mut g))) = waiting.pop_last() {
        let is_flat = g.iter().all(Option::is_none);
        for (output, slot) in g.iter_mut().enumerate() {
            let edge = Edge::new(node.clone(), output);
            let sum = match slot.take() {
                Some(sum) => sum,
                None if is_flat && wanted.is_none() && node.collects(output) => {
                    let spec = edge.spec();
                    Raw::scalar(Scalar::Bool(false), spec.dtype)?
                        .to_device(edge.node().device)?
                        .broadcast_to(&spec.shape)?
                }
                None => continue,
            };
            let sum = node.hooked(output, sum)?;
            let is_wanted = match wanted {
                Some(wanted) => wanted(&edge),
                None => node.collects(output),
            };
            if is_wanted {
                found(&edge, sum.clone())?;
            }
            *slot = Some(sum);
        }
        let ways: SmallVec<[bool; 4]> = node
            .inputs
            .iter()
            .map(|edge| edge.as_ref().is_some_and(|edge| leads(edge.node())))
            .collect();
        let (Some(primitive), true) = (&node.primitive, ways.contains(&true)) else {
            continue;
        };
        if is_flat {
            let ways = node.inputs.iter().zip(&ways);
            for edge in ways.filter_map(|(edge, way)| edge.as_ref().filter(|_| *way)) {
                reach(&mut waiting, edge);
            }
            continue;
        }
        let (x, y) = Node::saved(&node, keep)?;
        let sent = match keep {
            // at this level nothing records: the values are those under the tags
            Keep::Nothing | Keep::Graph => {
                let under: SmallVec<[Option<Raw>; 1]> = g
                    .iter()
                    .map(|g| g.as_ref().map(|g| g.pop(level).0))
                    .collect();
                primitive.vjp(&x, &y, &under, &ways)?
            }
            Keep::Differentiable => primitive.vjp(&x, &y, &g, &ways)?,
        };
        for ((g, edge), way) in sent.into_iter().zip(&node.inputs).zip(&ways) {
            match (g, edge, way) {
                (Some(g), Some(edge), true) => {
                    send(&mut waiting, edge, fitted(g, edge.spec())?)?;
                }
                // a leaf behind steps alone has a gradient of zeros, as in PyTorch
                (None, Some(edge), true) if wanted.is_none() => {
                    reach(&mut waiting, edge);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Lets the walk come to a node, of which nothing is known to depend on it.
fn reach<'w>(waiting: &'w mut Waiting, edge: &Edge) -> &'w mut SmallVec<[Option<Raw>; 1]> {
    let node = edge.node();
    let (_, sums) = waiting
        .entry(node.id)
        .or_insert_with(|| (node.clone(), smallvec![None; node.outputs()]));
    sums
}

fn send(waiting: &mut Waiting, edge: &Edge, g: Raw) -> Result<()> {
    let slot = &mut reach(waiting, edge)[edge.output()];
    *slot = Some(match slot.take() {
        Some(sum) => sum.add(&g)?,
        None => g,
    });
    Ok(())
}

/// The nodes from which a wanted one can be reached, of those that the outputs were computed from.
fn leading_to(wanted: &dyn Fn(&Edge) -> bool, starts: &[(&Edge, Raw)]) -> HashSet<u64> {
    let mut all: BTreeMap<u64, NodeRef> = BTreeMap::new();
    let mut left: Vec<NodeRef> = starts.iter().map(|(edge, _)| edge.node().clone()).collect();
    while let Some(node) = left.pop() {
        if let std::collections::btree_map::Entry::Vacant(place) = all.entry(node.id) {
            left.extend(node.inputs.iter().flatten().map(|edge| edge.node().clone()));
            place.insert(node);
        }
    }
    let mut leading = HashSet::new();
    for (&id, node) in &all {
        let is_wanted = (0..node.outputs()).any(|output| wanted(&Edge::new(node.clone(), output)));
        let mut inputs = node.inputs.iter().flatten();
        if is_wanted || inputs.any(|edge| leading.contains(&edge.node().id)) {
            leading.insert(id);
        }
    }
    leading
}

fn seed_for(op: &'static str, output: &Raw, seed: Option<&Raw>) -> Result<Raw> {
    match seed {
        None if output.dtype().is_complex() => Err(Error::gradient(
            op,
            format!(
                "the output is {}, so it has no gradient by itself",
                output.dtype()
            ),
        )
        .dtypes(&[output.dtype()])
        .rule("backward starts from one real number")
        .hint_in(
            "make it real first: `y.real().sum()`; or give the gradient of what comes after",
            "make it real first: `y.real.sum()`; or give the gradient of what comes after",
        )),
        None if output.len() == 1 => output.filled(Scalar::Bool(true)),
        None => Err(Error::gradient(
            op,
            format!(
                "the output has shape {}, so it has no gradient by itself",
                shape_text(output.shape())
            ),
        )
        .shapes(&[output.shape()])
        .rule("backward starts from one number")
        .hint("reduce it first: `y.sum()`; or give the gradient of what comes after")),
        Some(seed) if seed.shape() != output.shape() => Err(Error::shape(
            op,
            format!(
                "the gradient has shape {}, the output {}",
                shape_text(seed.shape()),
                shape_text(output.shape())
            ),
        )
        .shapes(&[seed.shape(), output.shape()])
        .rule("a gradient has the shape of what it is the gradient of")),
        Some(seed) => {
            no_imaginary_part(op, "gradient", seed, output)?;
            seed.cast(output.dtype())
        }
    }
}

/// A gradient has the shape and dtype of what it is the gradient of: broadcasting is summed away, and the imaginary part
/// of the gradient of a real number dropped.
pub(crate) fn fitted(g: Raw, spec: &Spec) -> Result<Raw> {
    let g = if g.shape() == spec.shape.as_slice() {
        g
    } else {
        g.sum_to(&spec.shape)?
    };
    g.cast(spec.dtype)
}

/// Whether a tensor of this shape is a gradient of one of that shape: of its shape, or of one that it was broadcast to.
pub(crate) fn fits(g: &[usize], of: &[usize]) -> bool {
    let behind = g.len().checked_sub(of.len()).map(|extra| &g[extra..]);
    behind.is_some_and(|g| g.iter().zip(of).all(|(&g, &n)| n == g || n == 1))
}
