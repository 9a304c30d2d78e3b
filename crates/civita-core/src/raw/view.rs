//! Views: the same elements seen through another layout.

use super::Raw;
use crate::error::Result;
use crate::layout::{Axes, Dims, Layout, PerAxis, SliceItem, normalize_axis};
use crate::primitive::{UNKNOWN, View, bind_one, bind_view};
use crate::storage::Handles;
use crate::transform::{Kind, TagRef};

fn unsigned(axes: &[isize], rank: usize) -> PerAxis<usize> {
    axes.iter()
        .map(|&a| a.rem_euclid(rank.max(1) as isize) as usize)
        .collect()
}

/// The parts of an axis of a tensor without tags, one after the other: views that differ in where they begin.
#[derive(Clone, Debug)]
pub struct Lines {
    first: Raw,
    handles: Handles,
    count: usize,
    /// Elements from one to the next.
    step: isize,
}

impl Lines {
    /// The part with this number.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    pub fn at(&mut self, i: usize) -> Raw {
        assert!(i < self.count, "there are {} parts", self.count);
        let handle = self.handles.take();
        self.first
            .layout()
            .shifted_then(i as isize * self.step, |layout| {
                self.first.with_parts(handle, layout)
            })
    }
}

impl Raw {
    /// The parts of an axis, which exists; `None` where the tensor has a tag, or no parts.
    pub fn lines(&self, axis: usize) -> Option<Lines> {
        let (&count, &step) = (self.shape().get(axis)?, self.layout().strides().get(axis)?);
        if self.tag().is_some() || count == 0 {
            return None;
        }
        let first = self.select_index(axis as isize, 0).ok()?;
        Some(Lines {
            handles: first.storage().handles(count),
            first,
            count,
            step,
        })
    }

    fn view(&self, view: &View) -> Result<Raw> {
        bind_one(view, &[self])
    }

    /// The layout of its visible shape: what arguments are checked against.
    fn as_shape(&self) -> Result<Layout> {
        Layout::contiguous(self.shape())
    }

    /// The elements that a slice names: `x[1:5, ::2, None, ...]`.
    ///
    /// # Errors
    /// When an index is out of range, there are too many, a step is 0, or two ellipses stand side by side.
    pub fn slice(&self, items: &[SliceItem]) -> Result<Raw> {
        self.slice_then(items, |view| view)
    }

    /// [`Raw::slice`], and what `then` makes of it.
    ///
    /// # Errors
    /// As [`Raw::slice`].
    #[inline(always)]
    pub fn slice_then<R>(&self, items: &[SliceItem], then: impl FnOnce(Raw) -> R) -> Result<R> {
        if self.tag().is_none() {
            return self
                .layout()
                .slice_then(items, |layout| then(self.with_layout(layout)));
        }
        let view = View::Slice(items.iter().copied().collect());
        Ok(then(self.view(&view)?))
    }

    /// Part `index` of an axis, which goes.
    ///
    /// # Errors
    /// When the axis or the part does not exist.
    pub fn select_index(&self, axis: isize, index: isize) -> Result<Raw> {
        bind_view(
            self,
            |x| x.select(axis, index).map(Some),
            || {
                let at = axis.rem_euclid(self.rank().max(1) as isize) as usize;
                let item = |a| match a == at {
                    true => SliceItem::Index(index),
                    false => SliceItem::ALL,
                };
                View::Slice((0..=at).map(item).collect())
            },
        )
    }

    /// Whether the elements under another shape of the same length are a view of the memory, also of a batch.
    ///
    /// # Errors
    /// When the lengths do not fit.
    pub fn is_view_under(&self, shape: &[usize]) -> Result<bool> {
        let hidden = self.layout.rank() - self.rank();
        let whole = [&self.layout.shape()[..hidden], shape].concat();
        Ok(self.layout.reshape(&whole)?.is_some())
    }

    /// The same elements in C order under another shape: a view where the memory allows it, else a copy.
    ///
    /// # Errors
    /// When the number of elements is another.
    pub fn reshape(&self, shape: &[usize]) -> Result<Raw> {
        self.reshape_then(shape, |view| view)
    }

    /// [`Raw::reshape`], and what `then` makes of it.
    ///
    /// # Errors
    /// As [`Raw::reshape`].
    #[inline(always)]
    pub fn reshape_then<R>(&self, shape: &[usize], then: impl FnOnce(Raw) -> R) -> Result<R> {
        if self.shape() == shape {
            return Ok(then(self.clone()));
        }
        let general = || bind_one(&View::Reshape(Dims::from_slice(shape)), &[self]);
        match self.tag() {
            Some(_) => Ok(then(general()?)),
            None => self.layout().reshape_then(shape, |layout| {
                Ok(then(match layout {
                    Some(layout) => self.with_layout(layout),
                    None => general()?,
                }))
            }),
        }
    }

    /// As [`Raw::reshape`], where one length may be -1: whatever is left.
    ///
    /// # Errors
    /// As [`Raw::reshape`], and when the lengths do not divide the number of elements.
    pub fn reshape_to(&self, shape: &[isize]) -> Result<Raw> {
        match self.tag() {
            None => self.reshape(&self.layout().resolve_shape(shape)?),
            Some(_) => {
                let lengths = self.as_shape()?.resolve_shape(shape)?;
                let is_traced = |tag: &TagRef| tag.any(|kind| matches!(kind, Kind::Variable(..)));
                if !shape.contains(&-1) || !self.tag().is_some_and(is_traced) {
                    return self.reshape(&lengths);
                }
                // -1 stays what it is: where values decide lengths, it is another number in the next run
                let symbolic = shape.iter().map(|&n| usize::try_from(n).unwrap_or(UNKNOWN));
                bind_one(&View::Reshape(symbolic.collect()), &[self])
            }
        }
    }

    /// The axes in another order.
    ///
    /// # Errors
    /// When `axes` is not each axis once.
    pub fn permute(&self, axes: &[isize]) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().permute(axes)?));
        }
        self.as_shape()?.permute(axes)?;
        self.view(&View::Permute(unsigned(axes, self.rank())))
    }

    /// All axes in reverse order: of a matrix the transpose.
    pub fn transpose(&self) -> Result<Raw> {
        self.transpose_then(|view| view)
    }

    /// [`Raw::transpose`], and what `then` makes of it.
    ///
    /// # Errors
    /// When a transformation refuses.
    #[inline(always)]
    pub fn transpose_then<R>(&self, then: impl FnOnce(Raw) -> R) -> Result<R> {
        if self.tag().is_none() {
            let layout = self.layout();
            return Ok(layout.transpose_then(|layout| then(self.with_layout(layout))));
        }
        let view = View::Permute((0..self.rank()).rev().collect());
        Ok(then(self.view(&view)?))
    }

    /// Two axes exchanged.
    ///
    /// # Errors
    /// When one does not exist.
    pub fn swap_axes(&self, a: isize, b: isize) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().swap_axes(a, b)?));
        }
        let (a, b) = (
            normalize_axis("swap_axes", a, self.rank())?,
            normalize_axis("swap_axes", b, self.rank())?,
        );
        let mut order: PerAxis<usize> = (0..self.rank()).collect();
        order.swap(a, b);
        self.view(&View::Permute(order))
    }

    /// One axis moved to another place.
    ///
    /// # Errors
    /// When one of the two does not exist.
    pub fn move_axis(&self, from: isize, to: isize) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().move_axis(from, to)?));
        }
        let (from, to) = (
            normalize_axis("move_axis", from, self.rank())?,
            normalize_axis("move_axis", to, self.rank())?,
        );
        if from == to {
            return Ok(self.clone());
        }
        let mut order: PerAxis<usize> = (0..self.rank()).filter(|&a| a != from).collect();
        order.insert(to, from);
        self.view(&View::Permute(order))
    }

    /// The elements in reverse order along some axes.
    ///
    /// # Errors
    /// When an axis does not exist.
    pub fn flip(&self, axes: Axes<'_>) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().flip(axes)?));
        }
        let axes = axes.resolve("flip", self.rank())?;
        self.view(&View::Flip(axes.iter().copied().collect()))
    }

    /// Without axes of length 1: those named, or all.
    ///
    /// # Errors
    /// When a named axis does not exist or is longer.
    pub fn squeeze(&self, axes: Option<&[isize]>) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().squeeze(axes)?));
        }
        let layout = self.as_shape()?.squeeze(axes)?;
        self.reshape(layout.shape())
    }

    /// With new axes of length 1 at these places of the result.
    ///
    /// # Errors
    /// When a place does not exist or is named twice.
    pub fn expand_dims(&self, axes: &[isize]) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().expand_dims(axes)?));
        }
        let layout = self.as_shape()?.expand_dims(axes)?;
        self.reshape(layout.shape())
    }

    /// Repeated along axes of length 1 and new leading axes, without a copy.
    ///
    /// # Errors
    /// When the shape does not broadcast to this one.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Raw> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        bind_view(
            self,
            |x| x.broadcast_to(shape).map(Some),
            || View::Broadcast(Dims::from_slice(shape)),
        )
    }

    /// The diagonal at an offset over two axes, as a new last axis.
    ///
    /// # Errors
    /// When an axis does not exist or both are the same.
    pub fn diagonal(&self, offset: isize, axis1: isize, axis2: isize) -> Result<Raw> {
        if self.tag().is_none() {
            let layout = self.layout().diagonal(offset, axis1, axis2)?;
            return Ok(self.with_layout(layout));
        }
        self.as_shape()?.diagonal(offset, axis1, axis2)?;
        self.view(&View::Diagonal {
            offset,
            axis1: normalize_axis("diagonal", axis1, self.rank())?,
            axis2: normalize_axis("diagonal", axis2, self.rank())?,
        })
    }

    /// Windows of `size` elements along an axis, `step` apart, as a new last axis.
    ///
    /// # Errors
    /// When the axis does not exist or is shorter than a window.
    pub fn unfold(&self, axis: isize, size: usize, step: usize) -> Result<Raw> {
        if self.tag().is_none() {
            return Ok(self.with_layout(self.layout().unfold(axis, size, step)?));
        }
        self.as_shape()?.unfold(axis, size, step)?;
        self.view(&View::Unfold {
            axis: normalize_axis("unfold", axis, self.rank())?,
            size,
            step,
        })
    }

    /// Any shape and strides over the elements, counted in C order from the first.
    ///
    /// # Errors
    /// When an element lies outside.
    pub fn as_strided(&self, shape: &[usize], strides: &[isize], offset: usize) -> Result<Raw> {
        self.view(&View::Strided {
            batch: 0,
            shape: Dims::from_slice(shape),
            strides: PerAxis::from_slice(strides),
            offset,
        })
    }
}
