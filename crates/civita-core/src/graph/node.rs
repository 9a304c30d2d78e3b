//! Nodes, and how they are recorded.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use smallvec::SmallVec;

use super::leaf::Extras;
use super::reverse::Keep;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::primitive::{Outputs, Primitive, Reads, Recorded, Spec, bind, execute};
use crate::raw::Raw;
use crate::storage::{Access, Shared, Storage};
use crate::transform::{GLOBAL, Kind, Level, Tag, Tags, grows, refs};

/// An output of a node: a tensor's place in the graph.
#[derive(Clone)]
pub struct Edge {
    node: NodeRef,
    output: usize,
}

/// A handle on a node.
pub type NodeRef = Shared<Node>;

impl Edge {
    pub(crate) fn new(node: NodeRef, output: usize) -> Edge {
        Edge { node, output }
    }

    /// The node.
    pub fn node(&self) -> &NodeRef {
        &self.node
    }

    /// Which of its outputs.
    pub fn output(&self) -> usize {
        self.output
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.node.specs[self.output]
    }
}

impl PartialEq for Edge {
    fn eq(&self, other: &Edge) -> bool {
        Shared::ptr_eq(&self.node, &other.node) && self.output == other.output
    }
}

/// A value that a derivative reads, and the state of its memory when it was kept.
struct Kept {
    value: Raw,
    version: u64,
}

enum Saved {
    /// Those of inputs, then outputs, that the derivative reads.
    Values(Box<[Option<Kept>]>),
    /// It reads none.
    Nothing,
    /// A pass has used them.
    Freed,
}

/// One recorded operation, or a leaf.
pub struct Node {
    /// Later nodes have larger numbers, so the numbers are an order of computation.
    pub(crate) id: u64,
    pub(crate) level: Level,
    /// `None` for a leaf.
    pub(crate) primitive: Option<Recorded>,
    pub(crate) inputs: SmallVec<[Option<Edge>; 3]>,
    /// Specs of outputs, then of inputs without an edge: those of the others are with their nodes.
    specs: SmallVec<[Spec; 2]>,
    /// Where it ran.
    pub(crate) device: Device,
    saved: Mutex<Saved>,
    /// What few nodes have: hooks, and what `backward` left.
    pub(crate) extras: OnceLock<Arc<Extras>>,
}

/// A number above this one, which no other node has.
fn next_id(newest: u64) -> u64 {
    /// Numbers that a thread takes at once: to count in common, operation by operation, is what recording would wait for.
    const BLOCK: u64 = 1 << 16;
    static BLOCKS: AtomicU64 = AtomicU64::new(1);
    thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
    let new_block = || BLOCKS.fetch_add(1, Relaxed) * BLOCK;
    // a thread that is ending takes a block for each
    NEXT.try_with(|next| {
        let mut id = next.get();
        // the block is used up, or the other number is of a later one, which another thread took
        if id.is_multiple_of(BLOCK) || newest >= id {
            id = new_block();
        }
        next.set(id + 1);
        id
    })
    .unwrap_or_else(|_| new_block())
}

impl Node {
    pub(crate) fn leaf(level: Level, spec: Spec, device: Device) -> NodeRef {
        Shared::new(Node {
            id: next_id(0),
            level,
            primitive: None,
            inputs: SmallVec::new(),
            specs: SmallVec::from_iter([spec]),
            device,
            saved: Mutex::new(Saved::Nothing),
            extras: OnceLock::new(),
        })
    }

    /// Returns true for a leaf: made by `requires_grad`, rather than computed.
    pub fn is_leaf(&self) -> bool {
        self.primitive.is_none()
    }

    /// Returns true for a leaf that belongs to no transformation: a parameter of PyTorch's way, which `backward` gives a gradient.
    pub fn is_parameter(&self) -> bool {
        self.is_leaf() && self.level <= GLOBAL
    }

    /// The op that made it; `leaf` for none.
    pub fn op(&self) -> &'static str {
        self.primitive.as_ref().map_or("leaf", |p| p.name())
    }

    pub(crate) fn outputs(&self) -> usize {
        self.specs.len() - self.inputs.iter().filter(|edge| edge.is_none()).count()
    }

    fn input_spec(&self, i: usize) -> &Spec {
        match &self.inputs[i] {
            Some(edge) => edge.spec(),
            None => {
                let others = self.inputs[..i].iter().filter(|edge| edge.is_none());
                &self.specs[self.outputs() + others.count()]
            }
        }
    }

    /// Inputs and outputs as the derivative sees them; what it does not read has a shape and a dtype only.
    pub(crate) fn saved(this: &NodeRef, keep: Keep) -> Result<(Vec<Raw>, Vec<Raw>)> {
        let mut slot = this.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let taken;
        let values: &[Option<Kept>] = match &mut *slot {
            Saved::Nothing => &[],
            Saved::Freed => {
                return Err(Error::gradient(
                    this.op(),
                    "an earlier backward pass has freed the values that this one needs",
                )
                .rule("a pass frees what it has used")
                .hint_in(
                    "keep the graph in the earlier pass: `Keep::Graph`",
                    "keep the graph in the earlier pass: `retain_graph=True`",
                ));
            }
            values @ Saved::Values(_) if keep == Keep::Nothing => {
                taken = std::mem::replace(values, Saved::Freed);
                match &taken {
                    Saved::Values(values) => values,
                    _ => &[],
                }
            }
            Saved::Values(values) => values,
        };
        let inputs = this.inputs.len();
        let value = |i: usize| match values.get(i).and_then(Option::as_ref) {
            Some(kept) => kept.get(this.op()),
            None if i < inputs => Raw::absent(this.input_spec(i), this.device),
            None => Raw::absent(&this.specs[i - inputs], this.device),
        };
        let tagged = |x: Raw, edge: Option<&Edge>| match edge {
            Some(edge) if keep == Keep::Differentiable && !x.storage().is_absent() => {
                x.push(this.level, Kind::Node(edge.clone()))
            }
            _ => x,
        };
        let x = (0..inputs)
            .map(|i| Ok(tagged(value(i)?, this.inputs[i].as_ref())))
            .collect::<Result<_>>()?;
        let y = (0..this.outputs())
            .map(|i| {
                let edge = Edge::new(this.clone(), i);
                Ok(tagged(value(inputs + i)?, Some(&edge)))
            })
            .collect::<Result<_>>()?;
        Ok((x, y))
    }
}

impl Kept {
    fn new(value: &Raw) -> Kept {
        Kept {
            value: value.clone(),
            version: value.storage().version(),
        }
    }

    /// The value, if nobody has written its memory meanwhile.
    fn get(&self, op: &'static str) -> Result<Raw> {
        let storage = self.value.storage();
        if storage.access() != Access::Owned && storage.version() != self.version {
            return Err(Error::gradient(op, "a value that backward needs was written in place")
                .shapes(&[self.value.shape()])
                .rule("what the derivative reads must stay as it was until backward has run")
                .hint_in(
                    "write into a copy instead: `x = x.copy()` before the assignment",
                    "write into a copy instead: `x = x.copy()` before the assignment, or `y = y + 1` for `y += 1`",
                ));
        }
        Ok(self.value.clone())
    }
}

/// Runs a primitive on the values under the tags of this level, and hangs a node on what comes out.
pub(crate) fn record(
    p: &dyn Primitive,
    level: Level,
    x: &[Raw],
    tags: &Tags<'_>,
) -> Result<Outputs<Raw>> {
    let edge = |i: usize| tags[i].and_then(Tag::edge);
    let copied;
    let x = match grows(level) && x.iter().any(Raw::is_lent) {
        true => {
            copied = keepable(p, x, tags)?;
            &copied
        }
        false => x,
    };
    let x = &*refs(x);
    let versions = versions(x);
    let mut y = bind(p, x)?;
    hang(p, level, x, &versions, y.as_mut_slice(), edge);
    Ok(y)
}

/// The inputs, with those copied that the derivative reads and others may write as soon as the call is over.
#[cold]
fn keepable(p: &dyn Primitive, x: &[Raw], tags: &Tags<'_>) -> Result<Vec<Raw>> {
    let wanted: SmallVec<[bool; 4]> = tags.iter().map(Option::is_some).collect();
    let reads = p.reads(&wanted).inputs;
    let copy = |(i, x): (usize, &Raw)| match x.is_lent() && reads >> i.min(31) & 1 == 1 {
        true => x.copied(),
        false => Ok(x.clone()),
    };
    x.iter().enumerate().map(copy).collect()
}

/// As [`record`], of an elementwise primitive whose inputs have edges of this level and no other tags. Its kernels do not look at
/// tags, so it runs on the inputs as they are.
pub(crate) fn record_elementwise(
    p: &dyn Primitive,
    level: Level,
    x: &[&Raw],
) -> Result<Outputs<Raw>> {
    let versions = versions(x);
    let mut y = execute(p, x)?;
    for y in y.as_mut_slice() {
        // an op that changes nothing returns its operand
        y.take_tag();
    }
    hang(p, level, x, &versions, y.as_mut_slice(), |i| x[i].edge());
    Ok(y)
}

/// As [`record_elementwise`], of inputs in memory that nobody else writes and of what the backend made of them.
#[inline]
pub(crate) fn record_op(p: &dyn Primitive, level: Level, x: &[&Raw], y: &mut Raw) {
    y.take_tag();
    hang(p, level, x, &[], std::slice::from_mut(y), |i| x[i].edge());
}

fn versions(x: &[&Raw]) -> SmallVec<[u64; 3]> {
    x.iter().map(|x| x.storage().version()).collect()
}

/// Hangs a node on the outputs, where the graph of this level grows. The inputs were in these versions, or nobody could write them.
#[inline]
fn hang<'a>(
    p: &dyn Primitive,
    level: Level,
    x: &[&Raw],
    versions: &[u64],
    outputs: &mut [Raw],
    edge: impl Fn(usize) -> Option<&'a Edge>,
) {
    if !grows(level) {
        return stand_apart(x, outputs, edge);
    }
    if outputs.iter().all(|y| !y.dtype().is_differentiable()) {
        return;
    }
    let mut wanted: SmallVec<[bool; 4]> = SmallVec::new();
    let mut newest = 0;
    for i in 0..x.len() {
        let edge = edge(i);
        wanted.push(edge.is_some());
        newest = newest.max(edge.map_or(0, |edge| edge.node.id));
    }
    let reads = p.reads(&wanted);
    let saved = match reads == Reads::SHAPES {
        true => Saved::Nothing,
        false => Saved::Values(kept(reads, level, x, versions, outputs)),
    };
    let (id, primitive) = (next_id(newest), Some(p.shared()));
    let device = outputs.first().map_or(Device::Cpu, Raw::device);
    let mut node = Shared::made_by(|_| Node {
        id,
        level,
        primitive,
        inputs: SmallVec::new(),
        specs: SmallVec::new(),
        device,
        saved: Mutex::new(saved),
        extras: OnceLock::new(),
    });
    // in place: a list that is made elsewhere is moved here by vectors, which wait for the words just written
    if let Some(node) = Shared::get_mut(&mut node) {
        for y in &*outputs {
            node.specs.push(Spec::of(y));
        }
        for (i, x) in x.iter().enumerate() {
            let edge = edge(i).cloned();
            if edge.is_none() {
                node.specs.push(Spec::of(x));
            }
            node.inputs.push(edge);
        }
    }
    // most have one output, which takes the node as it is
    if let [y] = outputs {
        return y.put_tag(level, Kind::Node(Edge::new(node, 0)));
    }
    for (i, y) in outputs.iter_mut().enumerate() {
        if y.dtype().is_differentiable() {
            y.put_tag(level, Kind::Node(Edge::new(node.clone(), i)));
        }
    }
}

/// A view of a tracked array that is made where nothing is recorded stays a constant, whatever is written into the memory later.
#[cold]
fn stand_apart<'a>(x: &[&Raw], outputs: &mut [Raw], edge: impl Fn(usize) -> Option<&'a Edge>) {
    for y in outputs {
        let views = |x: &Raw| {
            x.storage().access() != Access::Owned && Storage::same_buffer(x.storage(), y.storage())
        };
        if (0..x.len()).any(|i| edge(i).is_some() && views(x[i])) {
            y.set_unrecorded();
        }
    }
}

/// Those of inputs, from under the tags of this level, and of outputs that the derivative reads.
fn kept(
    reads: Reads,
    level: Level,
    x: &[&Raw],
    versions: &[u64],
    y: &[Raw],
) -> Box<[Option<Kept>]> {
    let x = x.iter().enumerate().map(|(i, x)| {
        (reads.inputs >> i.min(31) & 1 == 1).then(|| Kept {
            value: x.under(level).0,
            version: versions
                .get(i)
                .copied()
                .unwrap_or_else(|| x.storage().version()),
        })
    });
    let y = y
        .iter()
        .enumerate()
        .map(|(i, y)| (reads.outputs >> i.min(31) & 1 == 1).then(|| Kept::new(y)));
    x.chain(y).collect()
}

/// What a node holds others with.
struct Held {
    _inputs: SmallVec<[Option<Edge>; 3]>,
    _saved: Saved,
    _primitive: Option<Recorded>,
    _extras: Option<Arc<Extras>>,
}

thread_local! {
    /// What the outermost drop of a node on this thread still has to take apart.
    static DROP_QUEUE: RefCell<Option<Vec<Held>>> = const { RefCell::new(None) };
}

/// A chain of a million operations is a chain of a million nodes: they are taken apart one by one, not by recursion,
/// whichever handle is the last one. A node that is dropped while another is being taken apart queues what it holds.
impl Drop for Node {
    fn drop(&mut self) {
        let saved = self.saved.get_mut().unwrap_or_else(PoisonError::into_inner);
        // where others hold its inputs and it holds nothing else, no chain ends here
        let others_hold = |edge: &Edge| !Shared::is_only(&edge.node);
        if matches!(saved, Saved::Nothing)
            && self.extras.get().is_none()
            && self.primitive.as_ref().is_none_or(|p| p.is_elementwise())
            && self.inputs.iter().flatten().all(others_hold)
        {
            return;
        }
        let mut held = Some(Held {
            _inputs: std::mem::take(&mut self.inputs),
            _saved: std::mem::replace(saved, Saved::Freed),
            _primitive: self.primitive.take(),
            _extras: self.extras.take(),
        });
        let outermost = DROP_QUEUE.try_with(|queue| match &mut *queue.borrow_mut() {
            Some(queue) => {
                queue.extend(held.take());
                false
            }
            empty => {
                *empty = Some(Vec::new());
                true
            }
        });
        // a thread that is ending has no queue any more: `held` is dropped by recursion
        if outermost != Ok(true) {
            return;
        }
        while let Some(next) = held {
            drop(next);
            held = DROP_QUEUE.with(|queue| {
                let mut queue = queue.borrow_mut();
                let next = queue.as_mut().and_then(Vec::pop);
                if next.is_none() {
                    *queue = None;
                }
                next
            });
        }
    }
}
