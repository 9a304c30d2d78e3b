//! Arrays that share memory, and what transformations know of them.
//!
//! In Python views alias: a write through one is seen by all. Gradients, tangents and batches hang on tags, and a tag belongs
//! to a value, so what is written needs a place where all arrays over a buffer find the value that is there now. That is the
//! buffer's [`Cell`]: the whole buffer as one tensor of one axis, with its tags. An array whose cell has changed since it
//! looked makes its tags again, as a view of the cell's value ([`Shared::refreshed`]); a tracked write replaces the cell's
//! value by one with the written elements in it ([`Shared::written`]). Bytes are written in place, as without gradients. Where
//! the value does not fit the bytes (a batch written into an array that had none) it lives elsewhere, and all arrays see it
//! there.
//!
//! A cell dies with the last array over its buffer. Buffers that no gradient has reached have none, and pay for the question.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::scope::{EnableGrad, current_scope};
use super::{Kind, Level, Tag, TagRef, grows};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::NodeRef;
use crate::layout::{Dims, Layout, PerAxis};
use crate::primitive::{View, Write, bind_one};
use crate::raw::Raw;
use crate::storage::Storage;

/// The value that the arrays over a buffer share.
pub struct Cell {
    version: AtomicU32,
    /// Arrays over the buffers that lead here.
    arrays: AtomicU32,
    /// The innermost transformation that was under way when the buffer was made.
    born: Level,
    /// `None` while nothing is tracked.
    state: Mutex<Option<State>>,
}

/// The value, without a handle on the buffer that holds the cell: the two would keep each other.
struct State {
    layout: Layout,
    dtype: DType,
    tag: Option<TagRef>,
    /// The whole value, where it does not lie in the buffer.
    elsewhere: Option<Raw>,
}

impl State {
    fn of(x: &Raw) -> State {
        State {
            layout: x.layout().clone(),
            dtype: x.dtype(),
            tag: x.tag().cloned(),
            elsewhere: None,
        }
    }
}

impl Cell {
    fn new(x: &Raw, arrays: u32) -> Cell {
        Cell {
            version: AtomicU32::new(0),
            arrays: AtomicU32::new(arrays),
            born: 0,
            state: Mutex::new(Some(State::of(x))),
        }
    }

    /// The cell of a buffer that is made inside a transformation.
    pub(crate) fn blank(born: Level) -> Cell {
        Cell {
            version: AtomicU32::new(0),
            arrays: AtomicU32::new(0),
            born,
            state: Mutex::new(None),
        }
    }

    pub(crate) fn born(&self) -> Level {
        self.born
    }

    /// The first tracked tensor over the buffer is what it holds.
    fn adopt(&self, x: &Raw) {
        let mut state = self.state();
        if state.is_none() {
            *state = Some(State::of(x));
        }
    }

    /// Whether no array is over the buffer, and nothing is tracked.
    pub(crate) fn is_blank(&self) -> bool {
        self.version() == 0 && self.arrays.load(Relaxed) == 0 && self.state().is_none()
    }

    pub(crate) fn version(&self) -> u32 {
        self.version.load(Acquire)
    }

    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it holds a value of which others than the cell know: a leaf that an array or a graph holds, or what a transformation that
    /// is under way made.
    fn is_tracked(&self) -> bool {
        let state = self.state();
        let mut next = state.as_ref().and_then(|state| state.tag.as_ref());
        let mut shared = false;
        while let Some(tag) = next {
            shared |= !TagRef::is_only(tag);
            let held = match &tag.kind {
                Kind::Node(edge) => shared || !NodeRef::is_only(edge.node()),
                _ => tag.level <= current_scope(),
            };
            if held {
                return true;
            }
            next = tag.below.as_ref();
        }
        false
    }

    /// The value as one axis over the whole buffer, whose elements are of this dtype where nothing is tracked.
    fn flat(&self, storage: &Storage, dtype: DType) -> Result<Raw> {
        let value = match &*self.state() {
            Some(State {
                elsewhere: Some(value),
                ..
            }) => return Ok(value.clone()),
            Some(state) => Raw::new(storage.clone(), state.layout.clone(), state.dtype)
                .with_tag(state.tag.clone()),
            None => return untracked(storage, dtype),
        };
        flat_of(&value)
    }

    fn set(&self, storage: &Storage, flat: Raw) {
        let here = Storage::same_buffer(flat.storage(), storage);
        let mut state = self.state();
        // a value that has moved is elsewhere for the arrays over the first buffer, also where one over the new memory wrote it
        let moved = state.as_ref().is_some_and(|old| old.elsewhere.is_some());
        let mut new = State::of(&flat);
        new.elsewhere = (moved || !here).then_some(flat);
        let old = state.replace(new);
        drop(state);
        self.version.fetch_add(1, Release);
        // a graph is taken apart without the lock
        drop(old);
    }
}

/// The whole buffer as bytes that nobody tracks.
fn untracked(storage: &Storage, dtype: DType) -> Result<Raw> {
    let elements = storage.len() / dtype.size();
    let whole = Layout::contiguous(&[elements])?;
    Ok(Raw::new(storage.clone(), whole, dtype))
}

/// A tensor over a buffer as a part of the whole buffer, which becomes one axis.
fn flat_of(value: &Raw) -> Result<Raw> {
    let elements = value.storage().len() / value.dtype().size();
    let layout = value.layout();
    let covers = layout.offset() == 0 && layout.len() == elements;
    if covers && layout.is_contiguous() {
        return value.reshape(&[value.len()]);
    }
    let hidden = layout.rank() - value.shape().len();
    let (shape, strides) = (layout.shape(), layout.strides());
    let long = |axes: std::ops::Range<usize>| axes.filter(|&a| shape[a] > 1).map(|a| strides[a]);
    // the batch encloses a sample, or there is none
    let (outer, inner) = (long(0..hidden).min(), long(hidden..layout.rank()).max());
    let encloses = outer.is_none_or(|outer| inner.is_none_or(|inner| outer > inner));
    if covers && layout.is_dense() && encloses && strides.iter().all(|&stride| stride >= 0) {
        // the axes of a sample in the order of memory
        let mut order: Vec<isize> = (0..value.shape().len() as isize).collect();
        order.sort_by_key(|&a| std::cmp::Reverse(strides[hidden + a as usize]));
        return value.permute(&order)?.reshape(&[value.len()]);
    }
    if hidden > 0 {
        return Err(Error::gradient(
            "assign",
            "the array lies in memory in another order than its batch",
        )
        .hint("write into a copy: `.copy()`"));
    }
    let bytes = untracked(value.storage(), value.dtype())?;
    embed(&bytes, layout, value)
}

fn strided(layout: &Layout, hidden: usize) -> View {
    View::Strided {
        batch: 0,
        shape: Dims::from_slice(&layout.shape()[hidden..]),
        strides: PerAxis::from_slice(&layout.strides()[hidden..]),
        offset: layout.offset(),
    }
}

/// `flat` with `value` where `layout` says; the bytes are there already, unless a batch is new to them.
fn embed(flat: &Raw, layout: &Layout, value: &Raw) -> Result<Raw> {
    let hidden = layout.rank() - value.shape().len();
    let write = Write {
        view: strided(layout, hidden),
        in_place: true,
    };
    bind_one(&write, &[flat, value])
}

/// What a host language asks about the memory of an array that may alias. `self` is the array as it was made: its buffer and
/// its place there.
pub trait Shared {
    /// How often what transformations know of the buffer has changed; 0 where they know nothing.
    fn shared_version(&self) -> u32;
    /// Whether other arrays over the buffer are tracked, of which this one, a constant, knows nothing.
    fn is_beside_tracked(&self) -> bool;
    /// Lets the buffer forget what it held if this array, which stands apart, is the last one over it; and whether it did.
    fn rejoined(&self) -> bool;
    /// Counts a new array over the buffer; a tensor that is tracked becomes what the buffer holds.
    fn array_made(&self);
    /// The array over this place becomes a leaf, or a constant again.
    fn adopted(&self, value: &Raw);
    /// Counts an array that is dropped; with the last one the buffer forgets.
    fn array_dropped(&self);
    /// The value of the array now; what cannot be found again, as other bytes of complex numbers than their parts, is an error where it
    /// is used.
    ///
    /// # Errors
    /// When there is no memory.
    fn refreshed(&self) -> Result<Raw>;
    /// Makes what was written into the array known to all arrays over the buffer; the array's value after it.
    ///
    /// # Errors
    /// When the write cannot be followed.
    fn written(&self, before: &Raw, after: Raw) -> Result<Raw>;
    /// Whether the array may be written with its bytes alone changing, because no graph records the write. An array over the memory of a
    /// leaf whose graph grows may not.
    ///
    /// # Errors
    /// As said.
    fn write_is_quiet(&self, value: &Raw) -> Result<bool>;
}

impl Shared for Raw {
    #[inline]
    fn shared_version(&self) -> u32 {
        self.storage().cell_version()
    }

    fn is_beside_tracked(&self) -> bool {
        let cell = self.storage().cell();
        cell.is_some_and(|cell| cell.version() == 0 && cell.is_tracked())
    }

    fn rejoined(&self) -> bool {
        let storage = self.storage();
        if storage.arrays().load(Relaxed) != 1 {
            return false;
        }
        if let Some(cell) = storage.cell() {
            if cell.arrays.load(Relaxed) != 1 {
                return false;
            }
            let old = cell.state().take();
            drop(old);
        }
        true
    }

    #[inline]
    fn array_made(&self) {
        let storage = self.storage();
        let arrays = storage.arrays();
        arrays.store(arrays.load(Relaxed) + 1, Relaxed);
        match storage.cell() {
            Some(cell) => {
                cell.arrays.fetch_add(1, Relaxed);
                if self.tag().is_some() {
                    cell.adopt(self);
                }
            }
            None if self.tag().is_some() => {
                storage.set_cell(Arc::new(Cell::new(self, arrays.load(Relaxed))));
            }
            None => {}
        }
    }

    fn adopted(&self, value: &Raw) {
        let storage = self.storage();
        match storage.cell() {
            Some(cell) => {
                let tagged = self.untagged().with_tag(value.tag().cloned());
                let old = cell.state().replace(State::of(&tagged));
                drop(old);
            }
            None if value.tag().is_some() => {
                let arrays = storage.arrays().load(Relaxed);
                let tagged = self.untagged().with_tag(value.tag().cloned());
                storage.set_cell(Arc::new(Cell::new(&tagged, arrays)));
            }
            None => {}
        }
    }

    #[inline]
    fn array_dropped(&self) {
        let storage = self.storage();
        let arrays = storage.arrays();
        let left = arrays.load(Relaxed).saturating_sub(1);
        arrays.store(left, Relaxed);
        if storage.has_cell() {
            dropped_with_cell(storage, left);
        }
    }

    fn refreshed(&self) -> Result<Raw> {
        let Some(cell) = self.storage().cell() else {
            return Ok(self.untagged().with_apart(false));
        };
        // a view of what is tracked is tracked, also where it is looked at inside of `no_grad`
        let _recording = EnableGrad::new();
        let flat = cell.flat(self.storage(), self.dtype())?;
        let hidden = self.layout().rank() - self.shape().len();
        if self.dtype() != flat.dtype() {
            let bytes_tell = Storage::same_buffer(flat.storage(), self.storage())
                && !flat.is_transformed()
                && !self.dtype().is_differentiable();
            return match part(self, &flat, hidden)? {
                Some(part) => Ok(part),
                // bits of a float, seen as an integer, have no gradient
                None if bytes_tell => Ok(self.untagged().with_apart(false)),
                None => Ok(self.lost()),
            };
        }
        let visible = self.layout().rank() == hidden + 1
            && self.layout().offset() == 0
            && self.layout().strides()[hidden] == 1;
        if visible && self.shape() == flat.shape() {
            return Ok(flat);
        }
        bind_one(&strided(self.layout(), hidden), &[&flat])
    }

    fn written(&self, before: &Raw, after: Raw) -> Result<Raw> {
        let storage = self.storage();
        let cell = match storage.cell() {
            Some(cell) => {
                if before.tag().is_none() && cell.version() == 0 {
                    // what was tracked over the same memory, of which nobody is left
                    cell.set(storage, untracked(storage, self.dtype())?);
                }
                cell
            }
            None => {
                // the first tracked write into the buffer
                let whole = match before.tag() {
                    Some(_) => before.clone(),
                    None => untracked(storage, self.dtype())?,
                };
                let cell = Arc::new(Cell::new(&whole, storage.arrays().load(Relaxed)));
                storage.set_cell(cell.clone());
                cell
            }
        };
        let flat = cell.flat(storage, self.dtype())?;
        if self.dtype() != flat.dtype() {
            return Err(Error::gradient(
                "assign",
                "the real or imaginary part of an array that tracks a gradient cannot be written",
            )
            .hint("write a complex value into the array itself"));
        }
        let hidden = self.layout().rank() - self.shape().len();
        let write = Write {
            view: strided(self.layout(), hidden),
            in_place: true,
        };
        let new = bind_one(&write, &[&flat, &after])?;
        let here = Storage::same_buffer(new.storage(), storage)
            && Storage::same_buffer(after.storage(), storage);
        if !Storage::same_buffer(new.storage(), storage) {
            // arrays that are made over the new memory lead to the same value
            let own = new.storage().cell();
            if own.is_some_and(|own| own.is_blank()) {
                drop(new.storage().forget_cell());
            }
            new.storage().set_cell(cell.clone());
        }
        cell.set(storage, new);
        if here { Ok(after) } else { self.refreshed() }
    }

    fn write_is_quiet(&self, value: &Raw) -> Result<bool> {
        let leaf = |tag: &Option<TagRef>| match tag.as_deref() {
            Some(Tag {
                level,
                kind: Kind::Node(edge),
                ..
            }) if edge.node().is_leaf() => Some(*level),
            _ => None,
        };
        if value.tag().is_none() {
            return Ok(false);
        }
        let cell = self.storage().cell();
        let of_cell = cell.and_then(|cell| leaf(&cell.state().as_ref()?.tag));
        let of_value = leaf(&value.tag().cloned());
        for level in of_cell.into_iter().chain(of_value) {
            if grows(level) {
                return Err(Error::gradient(
                    "assign",
                    "a leaf that requires a gradient cannot be written in place, nor through a view",
                )
                .rule("the gradient of a leaf is that of the value it was made with")
                .hint("write inside `no_grad`, as an optimizer does; or write into a copy"));
            }
        }
        let silent = match value.tag().map(|tag| (&tag.kind, tag.level)) {
            Some((Kind::Node(_), level)) => !grows(level),
            _ => false,
        };
        Ok(of_cell.is_some() || of_value.is_some() || silent)
    }
}

#[cold]
fn dropped_with_cell(storage: &Storage, left: u32) {
    let Some(cell) = storage.cell() else { return };
    let all = cell.arrays.fetch_sub(1, Relaxed) - 1;
    let elsewhere = cell.state().as_ref().and_then(|s| s.elsewhere.clone());
    let is_elsewhere = elsewhere
        .as_ref()
        .is_some_and(|raw| Storage::same_buffer(raw.storage(), storage));
    if all == 0 {
        let other = elsewhere.as_ref().map(|raw| raw.storage().forget_cell());
        let old = storage.forget_cell();
        let value = cell.state().take();
        drop((other, old, value));
    } else if left == 0 && !is_elsewhere {
        drop(storage.forget_cell());
    }
}

/// The real or imaginary part of complex elements, seen through strides of real numbers; `None` of what else another dtype shows.
fn part(x: &Raw, flat: &Raw, hidden: usize) -> Result<Option<Raw>> {
    let layout = x.layout();
    let strides = &layout.strides()[hidden..];
    if flat.dtype().to_real() != x.dtype() || strides.iter().any(|s| s % 2 != 0) {
        return Ok(None);
    }
    let view = View::Strided {
        batch: 0,
        shape: Dims::from_slice(x.shape()),
        strides: strides.iter().map(|s| s / 2).collect(),
        offset: layout.offset() / 2,
    };
    let complex = bind_one(&view, &[flat])?;
    if layout.offset().is_multiple_of(2) {
        complex.real().map(Some)
    } else {
        complex.imag().map(Some)
    }
}
