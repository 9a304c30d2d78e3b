//! Transformations: what is done to a computation while it runs. Each is a kind of tag that tensors carry.
//!
//! A *tag* is what one transformation knows of a tensor: its place in a gradient graph, its tangent, that its first axis
//! is a batch, its name in a trace. [`bind`](crate::primitive::bind) finds the newest tag among the operands and hands the
//! primitive to that transformation, with the values that lie under the tags. The transformation binds it again, as it is
//! or batched or differentiated, and puts its tags on what comes out. So recording, forward mode, `vmap` and traces know
//! nothing of each other and nest in any order.
//!
//! * A node saves values from under its own tags, so that node and tensor never hold each other.
//! * The newest tag goes first, so that the batch of a `vmap` is in the shapes before an outer `grad` records: the gradient
//!   of weights that the batch shares is one product.

mod batch;
mod cell;
mod checkpoint;
mod draw;
mod forward;
mod function;
mod functional;
mod scope;
mod tag;
mod trace;

pub(crate) use batch::with_batch_rank;
pub use batch::{Randomness, align, all_with_batch, vmap, vmap_with, with_batch};
pub use cell::{Cell, Shared};
pub use checkpoint::checkpoint;
pub use draw::{Drawing, TensorRng, check_draw};
pub use forward::jvp;
pub(crate) use forward::no_imaginary_part;
pub use function::{Function, Rule};
pub use functional::{
    Pullback, grad, hessian, hvp, jacfwd, jacrev, linear_transpose, transposed_jvp, value_and_grad,
    vjp,
};
pub use scope::{EnableGrad, EnteredScope, NoGrad, Scope, enable_grad, no_grad, recording};
pub(crate) use scope::{GLOBAL, Level, OpenScope, SCOPE, current_scope, grows};
pub use tag::Opaque;
pub(crate) use tag::{Kind, Tag, TagRef, lost};
pub use trace::{Graph, trace};

use smallvec::SmallVec;

use crate::error::Result;
use crate::graph;
use crate::primitive::{Outputs, Primitive};
use crate::raw::Raw;

/// The tags of one level, of the inputs of an operation.
pub(crate) type Tags<'a> = SmallVec<[Option<&'a Tag>; 3]>;
/// The values under them.
pub type Under = SmallVec<[Raw; 2]>;

/// The level of the graph whose edges are the only tags among the inputs.
#[inline]
pub(crate) fn edges_alone(x: &[&Raw]) -> Option<Level> {
    let level = x.iter().filter_map(|x| x.level()).max()?;
    let is_edge_alone = |x: &&Raw| x.tag().is_none_or(|tag| tag.is_edge_alone(level));
    x.iter().all(is_edge_alone).then_some(level)
}

/// The newest tag among the inputs decides.
#[inline(never)]
pub(crate) fn bind_tagged(p: &dyn Primitive, x: &[&Raw]) -> Result<Outputs<Raw>> {
    let Some(level) = x.iter().filter_map(|x| x.level()).max() else {
        return crate::primitive::execute(p, x);
    };
    let is_usual = p.is_elementwise() && !x.iter().any(|x| x.is_lent());
    if is_usual && edges_alone(x).is_some() {
        return graph::record_elementwise(p, level, x);
    }
    let mut tags = Tags::new();
    let mut under = Under::new();
    for x in x {
        let (value, tag) = x.under(level);
        under.push(value);
        tags.push(tag);
    }
    let first = tags.iter().flatten().next();
    match first.map(|tag| &tag.kind) {
        Some(Kind::Node(_)) => graph::record(p, level, &under, &tags),
        Some(Kind::Tangent(_)) => forward::push_forward(p, level, &under, &tags),
        Some(Kind::Batch) => batch::run_batched(p, level, &under, &tags),
        Some(Kind::Variable(recorder, ..)) => trace::append(recorder, p, level, &under, &tags),
        Some(Kind::Lost) => Err(lost(p.name())),
        None => crate::primitive::execute(p, x),
    }
}

/// Borrowed, as primitives take them.
pub fn refs(x: &[Raw]) -> SmallVec<[&Raw; 4]> {
    x.iter().collect()
}
