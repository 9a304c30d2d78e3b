//! Views: the same bytes seen through another layout. Each is linear, so each records its transpose.

use super::Raw;
use crate::error::Result;
use crate::graph::{self, Linear};
use crate::layout::{Axes, Layout, SliceItem};

impl Raw {
    fn view(
        &self,
        name: &'static str,
        layout: Layout,
        forward: impl Fn(&Raw) -> Result<Raw> + Send + Sync + 'static,
        backward: impl Fn(&Raw) -> Result<Raw> + Send + Sync + 'static,
    ) -> Raw {
        let out = self.with_layout(layout);
        if !self.tracks_gradient() {
            return out;
        }
        graph::linear(
            out,
            self,
            Linear {
                name,
                forward: Box::new(forward),
                backward: Box::new(backward),
            },
        )
    }

    /// The elements that a slice names: `x[1:5, ::2, None, ...]`.
    ///
    /// # Errors
    /// When an index is out of range, there are too many, a step is 0, or two ellipses stand side by side.
    pub fn slice(&self, items: &[SliceItem]) -> Result<Raw> {
        let layout = self.layout.slice(items)?;
        if !self.tracks_gradient() {
            return Ok(self.with_layout(layout));
        }
        let (items, again, shape) = (items.to_vec(), items.to_vec(), self.shape().to_vec());
        Ok(self.view(
            "slice",
            layout,
            move |t| t.slice(&again),
            move |g| g.embed(&shape, &items),
        ))
    }

    /// Zeros of `shape` with this tensor in a slice of it: the transpose of slicing.
    fn embed(&self, shape: &[usize], items: &[SliceItem]) -> Result<Raw> {
        let out = Raw::zeros(shape, self.dtype)?.in_world_of(self)?;
        out.with_layout(out.layout.slice(items)?)
            .write_copy(&self.detach())?;
        if !self.tracks_gradient() {
            return Ok(out);
        }
        let (items, again, shape) = (items.to_vec(), items.to_vec(), shape.to_vec());
        Ok(graph::linear(
            out,
            self,
            Linear {
                name: "embed",
                forward: Box::new(move |t| t.embed(&shape, &again)),
                backward: Box::new(move |g| g.slice(&items)),
            },
        ))
    }

    /// The same elements in C order under another shape: a view where the memory allows it, else a copy.
    ///
    /// # Errors
    /// When the number of elements is another.
    pub fn reshape(&self, shape: &[usize]) -> Result<Raw> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        let Some(layout) = self.layout.reshape(shape)? else {
            return self.contiguous()?.reshape(shape);
        };
        if !self.tracks_gradient() {
            return Ok(self.with_layout(layout));
        }
        let (old, new) = (self.shape().to_vec(), shape.to_vec());
        Ok(self.view(
            "reshape",
            layout,
            move |t| t.reshape(&new),
            move |g| g.reshape(&old),
        ))
    }

    /// As [`Raw::reshape`], where one length may be -1: whatever is left.
    ///
    /// # Errors
    /// As [`Raw::reshape`], and when the lengths do not divide the number of elements.
    pub fn reshape_to(&self, shape: &[isize]) -> Result<Raw> {
        self.reshape(&self.layout.resolve_shape(shape)?)
    }

    /// The axes in another order.
    ///
    /// # Errors
    /// When `axes` is not each axis once.
    pub fn permute(&self, axes: &[isize]) -> Result<Raw> {
        let layout = self.layout.permute(axes)?;
        if !self.tracks_gradient() {
            return Ok(self.with_layout(layout));
        }
        let rank = self.rank() as isize;
        let mut inverse = vec![0isize; axes.len()];
        for (to, &from) in axes.iter().enumerate() {
            inverse[from.rem_euclid(rank) as usize] = to as isize;
        }
        let axes = axes.to_vec();
        Ok(self.view(
            "permute",
            layout,
            move |t| t.permute(&axes),
            move |g| g.permute(&inverse),
        ))
    }

    /// All axes in reverse order: of a matrix the transpose.
    pub fn transpose(&self) -> Raw {
        self.view(
            "transpose",
            self.layout.transpose(),
            |t| Ok(t.transpose()),
            |g| Ok(g.transpose()),
        )
    }

    /// Two axes exchanged.
    ///
    /// # Errors
    /// When one does not exist.
    pub fn swap_axes(&self, a: isize, b: isize) -> Result<Raw> {
        let layout = self.layout.swap_axes(a, b)?;
        Ok(self.view(
            "swap_axes",
            layout,
            move |t| t.swap_axes(a, b),
            move |g| g.swap_axes(a, b),
        ))
    }

    /// One axis moved to another place.
    ///
    /// # Errors
    /// When one of the two does not exist.
    pub fn move_axis(&self, from: isize, to: isize) -> Result<Raw> {
        let layout = self.layout.move_axis(from, to)?;
        Ok(self.view(
            "move_axis",
            layout,
            move |t| t.move_axis(from, to),
            move |g| g.move_axis(to, from),
        ))
    }

    /// The elements in reverse order along some axes.
    ///
    /// # Errors
    /// When an axis does not exist.
    pub fn flip(&self, axes: Axes<'_>) -> Result<Raw> {
        let layout = self.layout.flip(axes)?;
        let list: Vec<isize> = axes
            .resolve("flip", self.rank())?
            .iter()
            .map(|&a| a as isize)
            .collect();
        let again = list.clone();
        Ok(self.view(
            "flip",
            layout,
            move |t| t.flip(Axes::List(&list)),
            move |g| g.flip(Axes::List(&again)),
        ))
    }

    /// Without axes of length 1: those named, or all.
    ///
    /// # Errors
    /// When a named axis does not exist or is longer.
    pub fn squeeze(&self, axes: Option<&[isize]>) -> Result<Raw> {
        let layout = self.layout.squeeze(axes)?;
        let (old, new) = (self.shape().to_vec(), layout.shape().to_vec());
        Ok(self.view(
            "squeeze",
            layout,
            move |t| t.reshape(&new),
            move |g| g.reshape(&old),
        ))
    }

    /// With new axes of length 1 at these places of the result.
    ///
    /// # Errors
    /// When a place does not exist or is named twice.
    pub fn expand_dims(&self, axes: &[isize]) -> Result<Raw> {
        let layout = self.layout.expand_dims(axes)?;
        let (old, new) = (self.shape().to_vec(), layout.shape().to_vec());
        Ok(self.view(
            "expand_dims",
            layout,
            move |t| t.reshape(&new),
            move |g| g.reshape(&old),
        ))
    }

    /// Repeated along axes of length 1 and new leading axes, without a copy.
    ///
    /// # Errors
    /// When the shape does not broadcast to this one.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Raw> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        let layout = self.layout.broadcast_to(shape)?;
        if !self.tracks_gradient() {
            return Ok(self.with_layout(layout));
        }
        let (old, new) = (self.shape().to_vec(), shape.to_vec());
        Ok(self.view(
            "broadcast_to",
            layout,
            move |t| t.broadcast_to(&new),
            move |g| g.sum_to(&old),
        ))
    }

    /// A new tensor joins the world of the one that it belongs to.
    pub(crate) fn in_world_of(self, other: &Raw) -> Result<Raw> {
        if other.storage.access() == crate::storage::Access::Owned {
            Ok(self)
        } else {
            self.into_aliased()
        }
    }
}
