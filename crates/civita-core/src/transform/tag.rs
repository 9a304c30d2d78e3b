//! Tags: what transformations know of a tensor.

use std::fmt;
use std::sync::Arc;

use super::scope::grows;
use super::trace::Recorder;
use super::{Level, SCOPE};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::graph::{Edge, Node};
use crate::primitive::Spec;
use crate::raw::Raw;
use crate::storage::Shared;

/// A handle on a tag.
pub(crate) type TagRef = Shared<Tag>;

/// What one transformation knows of a tensor, and what older ones know of the value under it.
pub struct Tag {
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    pub(crate) below: Option<TagRef>,
    /// Leading axes of the layout that `shape()` does not show: one for each [`Kind::Batch`] from here down.
    pub(crate) hidden: usize,
}

pub(crate) enum Kind {
    /// Reverse mode: its place in the graph.
    Node(Edge),
    /// Forward mode: how it moves.
    Tangent(Raw),
    /// `vmap`: without this tag the batch would be the first axis.
    Batch,
    /// A trace: the variable's number, and what is known of it without values.
    Variable(Arc<Recorder>, usize, Spec),
    /// A view of which nothing is known: its memory holds what another transformation follows, in another dtype.
    Lost,
}

/// Why a tensor has no value that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opaque {
    /// It stands for a batch of values under `vmap`.
    Batched,
    /// It is a variable of a trace.
    Traced,
    /// Its memory was written through an array of another dtype.
    Lost,
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Opaque::Batched => "batched",
            Opaque::Traced => "traced",
            Opaque::Lost => "lost",
        })
    }
}

impl Tag {
    /// Whether it is an edge of the graph of this level, and the only tag.
    #[inline]
    pub(crate) fn is_edge_alone(&self, level: Level) -> bool {
        self.level == level && self.below.is_none() && matches!(self.kind, Kind::Node(_))
    }

    pub(crate) fn edge(&self) -> Option<&Edge> {
        match &self.kind {
            Kind::Node(edge) => Some(edge),
            _ => None,
        }
    }

    pub(crate) fn tangent(&self) -> Option<&Raw> {
        match &self.kind {
            Kind::Tangent(t) => Some(t),
            _ => None,
        }
    }
}

impl Raw {
    /// The level of its newest tag.
    #[inline]
    pub(crate) fn level(&self) -> Option<Level> {
        self.tag().map(|tag| tag.level)
    }

    /// Its place in a gradient graph, if that is its newest tag.
    #[inline]
    pub(crate) fn edge(&self) -> Option<&Edge> {
        self.tag()?.edge()
    }

    /// Its node of the gradient graph, if that is its newest tag.
    #[inline]
    pub fn node(&self) -> Option<&Node> {
        self.edge().map(|edge| &**edge.node())
    }

    /// With one more tag.
    pub(crate) fn push(mut self, level: Level, kind: Kind) -> Raw {
        self.put_tag(level, kind);
        self
    }

    /// As [`Raw::push`], of this handle.
    pub(crate) fn put_tag(&mut self, level: Level, kind: Kind) {
        let below = self.take_tag();
        let hidden =
            below.as_ref().map_or(0, |tag| tag.hidden) + usize::from(matches!(kind, Kind::Batch));
        self.set_tag(Shared::new(Tag {
            level,
            kind,
            below,
            hidden,
        }));
    }

    /// What the transformation of this level sees: the value under its tag, and the tag if there is one.
    pub(crate) fn under(&self, level: Level) -> (Raw, Option<&Tag>) {
        match self.tag() {
            Some(tag) if tag.level == level => {
                (self.untagged().with_tag(tag.below.clone()), Some(tag))
            }
            _ => (self.clone(), None),
        }
    }

    /// As [`Raw::under`], with the tag beyond the life of this handle.
    pub(crate) fn pop(&self, level: Level) -> (Raw, Option<TagRef>) {
        let tag = self.tag().filter(|tag| tag.level == level).cloned();
        (self.under(level).0, tag)
    }

    /// Whether a gradient reaches it: true of a tensor that requires one and of all that is computed from it.
    #[inline]
    pub fn tracks_gradient(&self) -> bool {
        self.tag()
            .is_some_and(|tag| tag.any(|kind| matches!(kind, Kind::Node(_))))
    }

    /// Whether a derivative by it would be recorded here: it tracks a gradient, outside of [`no_grad`](super::no_grad), or has a tangent.
    pub fn is_differentiated(&self) -> bool {
        let mut next = self.tag();
        while let Some(tag) = next {
            match &tag.kind {
                Kind::Node(_) if grows(tag.level) => return true,
                Kind::Tangent(_) => return true,
                _ => next = tag.below.as_ref(),
            }
        }
        false
    }

    /// Returns true where a transformation that is under way looks at it: it has a tangent, a batch, a name in a trace.
    pub fn is_transformed(&self) -> bool {
        self.tag()
            .is_some_and(|tag| tag.any(|kind| !matches!(kind, Kind::Node(_))))
    }

    /// Why its value cannot be read, if it cannot: see [`Raw::concrete`].
    pub fn opaque(&self) -> Option<Opaque> {
        let tag = self.tag()?;
        if matches!(tag.kind, Kind::Lost) {
            return Some(Opaque::Lost);
        }
        if tag.hidden > 0 {
            return Some(Opaque::Batched);
        }
        tag.any(|kind| matches!(kind, Kind::Variable(..)))
            .then_some(Opaque::Traced)
    }

    /// The same value as a constant: no gradient and no tangent reaches through it. A batch stays one, and a variable of a
    /// trace.
    pub fn detach(&self) -> Raw {
        let Some(tag) = self.tag() else {
            return self.clone();
        };
        let mut kept: Vec<&Tag> = Vec::new();
        let mut next = Some(tag);
        while let Some(tag) = next {
            if matches!(tag.kind, Kind::Batch | Kind::Variable(..) | Kind::Lost) {
                kept.push(tag);
            }
            next = tag.below.as_ref();
        }
        let mut value = self.untagged();
        for tag in kept.into_iter().rev() {
            let kind = match &tag.kind {
                Kind::Variable(recorder, number, spec) => {
                    Kind::Variable(recorder.clone(), *number, spec.clone())
                }
                Kind::Lost => Kind::Lost,
                _ => Kind::Batch,
            };
            value = value.push(tag.level, kind);
        }
        value
    }

    /// The value itself in the host's memory, for what leaves the engine: numbers, slices, buffers, text. Gradients and tangents
    /// are left behind.
    ///
    /// # Errors
    /// When it stands for a batch of values (`vmap`), or for a variable whose value a trace must not depend on.
    pub fn concrete(&self, op: &'static str) -> Result<Raw> {
        match self.opaque() {
            None => self.untagged().to_device(Device::Cpu),
            Some(Opaque::Batched) => Err(Error::value(
                op,
                "under `vmap` a tensor stands for a whole batch and has no value of its own",
            )
            .hint_in(
                "return it from the function, or choose by `mask.choose(&a, &b)`",
                "return it from the function, or choose by `cv.where(mask, a, b)`",
            )),
            Some(Opaque::Traced) => Err(Error::value(
                op,
                "inside `trace` the value of a variable cannot be read: the graph would depend on it",
            )
            .hint_in(
                "choose by `mask.choose(&a, &b)`; or make what depends on it an input of the function",
                "choose by `cv.where(mask, a, b)`; or make what depends on it an input of the function",
            )),
            Some(Opaque::Lost) => Err(lost(op)),
        }
    }

    /// The place of a view whose value is not known any more.
    pub(crate) fn lost(&self) -> Raw {
        self.untagged().push(Level::MAX, Kind::Lost)
    }

    /// A new leaf of the graph of this level, whose gradient a backward pass finds.
    pub(crate) fn leaf(&self, level: Level) -> Raw {
        let node = Node::leaf(level, Spec::of(self), self.device());
        self.clone().push(level, Kind::Node(Edge::new(node, 0)))
    }

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
            .rule("only floats and complex numbers can require gradients")
            .hint_cast("convert first", crate::dtype::DType::F64));
        }
        let level = SCOPE.get() + 1;
        Ok(self.pop(level).0.leaf(level))
    }
}

/// The error of a use of [`Kind::Lost`].
#[cold]
pub(crate) fn lost(op: &'static str) -> Error {
    Error::gradient(
        op,
        "the memory of this view was written through an array of another dtype, with a value that a gradient, a batch or a trace follows",
    )
    .rule("what follows values knows of elements, not of the bytes that they share with those of another dtype")
    .hint("use the array that was written")
}

impl Tag {
    /// Whether there is such a tag here or below.
    pub(crate) fn any(&self, is: impl Fn(&Kind) -> bool) -> bool {
        let mut next = Some(self);
        while let Some(tag) = next {
            if is(&tag.kind) {
                return true;
            }
            next = tag.below.as_deref();
        }
        false
    }
}
