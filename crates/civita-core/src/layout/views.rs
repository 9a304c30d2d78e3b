//! Views that reorder, drop or add axes. None of them moves an element.

use super::{Axes, Dims, Layout, PerAxis, Strides, by_axis, normalize_axes, normalize_axis, sized};
use crate::error::{Error, Result, shape_text};

impl Layout {
    /// Axis `k` of the result is axis `axes[k]` of this (NumPy `transpose(axes)`, PyTorch `permute`).
    ///
    /// # Errors
    /// When `axes` is not a permutation of all axes.
    pub fn permute(&self, axes: &[isize]) -> Result<Layout> {
        if axes.len() != self.rank() {
            let problem = format!(
                "{axes:?} names {} axes of a tensor with {}",
                axes.len(),
                self.rank()
            );
            return Err(Error::axis("permute", problem)
                .shapes(&[&self.shape])
                .rule("every axis must be named once"));
        }
        let order = normalize_axes("permute", axes, self.rank())?;
        Ok(self.permuted(&order, |layout| layout))
    }

    /// [`Layout::permute`] by what is a permutation, and what `then` makes of it.
    #[inline(always)]
    fn permuted<R>(&self, order: &[usize], then: impl FnOnce(Layout) -> R) -> R {
        let axis = |k: usize| (self.shape[order[k]], self.strides[order[k]]);
        Layout::viewed(order.len(), self.offset as isize, self.len, axis, then)
    }

    /// All axes in reverse order (NumPy's `.T`).
    pub fn transpose(&self) -> Layout {
        self.transpose_then(|layout| layout)
    }

    /// [`Layout::transpose`], and what `then` makes of it.
    #[inline(always)]
    pub(crate) fn transpose_then<R>(&self, then: impl FnOnce(Layout) -> R) -> R {
        let rank = self.rank();
        let axis = |k: usize| (self.shape[rank - 1 - k], self.strides[rank - 1 - k]);
        Layout::viewed(rank, self.offset as isize, self.len, axis, then)
    }

    /// Exchanges two axes (NumPy `swapaxes`, PyTorch `transpose`).
    ///
    /// # Errors
    /// When one does not exist.
    pub fn swap_axes(&self, a: isize, b: isize) -> Result<Layout> {
        let a = normalize_axis("swap_axes", a, self.rank())?;
        let b = normalize_axis("swap_axes", b, self.rank())?;
        let mut order = by_axis(self.rank(), |k| k);
        order.swap(a, b);
        Ok(self.permuted(&order, |layout| layout))
    }

    /// Moves axis `from` to place `to`; the others keep their order (NumPy `moveaxis`).
    ///
    /// # Errors
    /// When one does not exist.
    pub fn move_axis(&self, from: isize, to: isize) -> Result<Layout> {
        let from = normalize_axis("move_axis", from, self.rank())?;
        let to = normalize_axis("move_axis", to, self.rank())?;
        let mut order = by_axis(self.rank(), |k| k);
        let axis = order.remove(from);
        order.insert(to, axis);
        Ok(self.permuted(&order, |layout| layout))
    }

    /// Reverses the order of the elements along `axes`.
    ///
    /// # Errors
    /// When an axis does not exist or is named twice.
    pub fn flip(&self, axes: Axes<'_>) -> Result<Layout> {
        let mut out = self.clone();
        let mut offset = self.offset as isize;
        for axis in axes.resolve("flip", self.rank())? {
            let last = self.shape[axis].saturating_sub(1) as isize;
            offset = offset.wrapping_add(last.wrapping_mul(self.strides[axis]));
            out.strides[axis] = -self.strides[axis];
        }
        Ok(Layout::derived_with(
            out.shape,
            out.strides,
            offset,
            self.len,
        ))
    }

    /// Drops axes of length 1: all of them, or those named.
    ///
    /// # Errors
    /// When a named axis does not exist, is named twice, or is longer than 1.
    pub fn squeeze(&self, axes: Option<&[isize]>) -> Result<Layout> {
        let drop: PerAxis<usize> = match axes {
            None => (0..self.rank()).filter(|&k| self.shape[k] == 1).collect(),
            Some(axes) => normalize_axes("squeeze", axes, self.rank())?,
        };
        if let Some(&long) = drop.iter().find(|&&k| self.shape[k] != 1) {
            let problem = format!(
                "axis {long} of shape {} has length {}",
                shape_text(&self.shape),
                self.shape[long]
            );
            return Err(Error::shape("squeeze", problem)
                .shapes(&[&self.shape])
                .at_axis(long as isize)
                .rule("only axes of length 1 can be squeezed out"));
        }
        let kept = || (0..self.rank()).filter(|k| !drop.contains(k));
        let shape = kept().map(|k| self.shape[k]).collect();
        let strides = kept().map(|k| self.strides[k]).collect();
        Ok(Layout::derived_with(
            shape,
            strides,
            self.offset as isize,
            self.len,
        ))
    }

    /// Inserts axes of length 1, which then stand at the places `axes` of the result (NumPy `expand_dims`, PyTorch
    /// `unsqueeze`).
    ///
    /// # Errors
    /// When a place does not exist in the result or is named twice.
    pub fn expand_dims(&self, axes: &[isize]) -> Result<Layout> {
        let rank = self.rank() + axes.len();
        let new = normalize_axes("expand_dims", axes, rank)?;
        let (mut shape, mut strides) = (sized(rank, 1), sized(rank, 0));
        let places = (0..rank).filter(|k| !new.contains(k));
        for (place, (&n, &stride)) in places.zip(self.shape.iter().zip(&self.strides)) {
            shape[place] = n;
            strides[place] = stride;
        }
        Ok(Layout::derived_with(
            shape,
            strides,
            self.offset as isize,
            self.len,
        ))
    }

    /// The diagonal `j - i = offset` over the axes `axis1` (i) and `axis2` (j), which go; the diagonal is the last
    /// axis of the result (NumPy `diagonal`).
    ///
    /// # Errors
    /// When an axis does not exist, or both are the same.
    pub fn diagonal(&self, offset: isize, axis1: isize, axis2: isize) -> Result<Layout> {
        let op = "diagonal";
        if self.rank() < 2 {
            let problem = format!("shape {} has fewer than two axes", shape_text(&self.shape));
            return Err(Error::shape(op, problem).shapes(&[&self.shape]));
        }
        let rows = normalize_axis(op, axis1, self.rank())?;
        let columns = normalize_axis(op, axis2, self.rank())?;
        if rows == columns {
            let problem = format!("{axis1} and {axis2} are the same axis");
            return Err(Error::axis(op, problem)
                .at_axis(axis2)
                .rule("it needs two axes"));
        }
        let (first, skip) = if offset < 0 {
            (rows, columns)
        } else {
            (columns, rows)
        };
        let left = self.shape[first].saturating_sub(offset.unsigned_abs());
        let n = left.min(self.shape[skip]);
        let start = if n == 0 {
            0 // nothing is there, and `offset` may be anything
        } else {
            (offset.unsigned_abs() as isize).wrapping_mul(self.strides[first])
        };
        let kept = || (0..self.rank()).filter(|&k| k != rows && k != columns);
        let mut shape: Dims = kept().map(|k| self.shape[k]).collect();
        let mut strides: Strides = kept().map(|k| self.strides[k]).collect();
        shape.push(n);
        // with two elements or more the step between them is an index that can be reached
        strides.push(if n > 1 {
            self.strides[rows].wrapping_add(self.strides[columns])
        } else {
            0
        });
        Layout::derived(
            op,
            shape,
            strides,
            (self.offset as isize).wrapping_add(start),
        )
    }

    /// Windows of `size` elements along `axis`, each `step` after the one before: the axis becomes the number of
    /// windows, `(n - size) / step + 1`, and a last axis of length `size` is added (PyTorch `unfold`; NumPy
    /// `sliding_window_view` for `step` 1).
    ///
    /// # Errors
    /// When the axis does not exist, `size` is longer than it, or `step` is 0.
    pub fn unfold(&self, axis: isize, size: usize, step: usize) -> Result<Layout> {
        let op = "unfold";
        let at = normalize_axis(op, axis, self.rank())?;
        let n = self.shape[at];
        if step == 0 {
            return Err(Error::value(op, "the step is 0").rule("windows must advance by 1 or more"));
        }
        let Some(room) = n.checked_sub(size) else {
            let problem = format!(
                "a window of {size} does not fit into axis {axis} of shape {}, which has length {n}",
                shape_text(&self.shape)
            );
            return Err(Error::shape(op, problem)
                .shapes(&[&self.shape])
                .at_axis(axis));
        };
        let (mut shape, mut strides) = (self.shape.clone(), self.strides.clone());
        shape[at] = room / step + 1;
        shape.push(size);
        strides.push(self.strides[at]);
        // with two windows or more, `step` is less than the length of the axis
        strides[at] = if shape[at] > 1 {
            self.strides[at].wrapping_mul(step as isize)
        } else {
            0
        };
        Layout::derived(op, shape, strides, self.offset as isize)
    }
}
