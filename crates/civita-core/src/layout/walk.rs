//! The loop nest that visits every element of several operands of one shape, in as few and as long runs as possible.
//!
//! ```text
//! drop the axes of length 1
//! put the axes with the smallest steps innermost        (not for Order::Logical)
//! turn the axes that every operand walks back           (not for Order::Logical)
//! join neighbours that are one run in every operand
//! ```
//!
//! This is the preparation of NumPy's `nditer`. Most calls are on small or contiguous tensors, so shapes that collapse
//! into one run are found in one pass, before anything is sorted.

use std::ops::Range;

use smallvec::SmallVec;

use super::order::{Order, place};
use super::{Dims, INLINE, Layout, PerAxis, Strides, sized};
use crate::error::Result;

/// A loop nest over `K` operands. It always has at least one axis.
///
/// An axis of length 1 only remains for a single element; its strides are 1, so that it counts as contiguous. Without
/// elements the shape is `[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk<const K: usize> {
    /// Lengths, outermost first; all are 2 or more, unless there is one axis only.
    pub shape: Dims,
    /// Strides of each operand.
    pub strides: [Strides; K],
    /// Index of the first element of each operand.
    pub offsets: [isize; K],
}

impl<const K: usize> Walk<K> {
    /// The nest over `shape` for operands with these strides, one for each axis, and offsets.
    ///
    /// Nothing is checked or reached here: strides that do not belong to a valid layout give a walk over wrong indices.
    ///
    /// # Panics
    /// When an operand has another number of strides than `shape` has axes: a bug of the caller.
    #[inline]
    pub fn new(
        shape: &[usize],
        strides: [&[isize]; K],
        offsets: [usize; K],
        order: Order,
    ) -> Walk<K> {
        assert!(
            strides.iter().all(|s| s.len() == shape.len()),
            "one stride for each axis"
        );
        let offsets = offsets.map(|o| o as isize);
        match one_run(shape, strides, order) {
            Some(run) => Walk {
                shape: Dims::from_buf_and_len([run.length; INLINE], 1),
                strides: run
                    .strides
                    .map(|s| Strides::from_buf_and_len([s; INLINE], 1)),
                offsets,
            },
            None => Walk::nest(shape, strides, offsets, order),
        }
    }

    /// The nest over operands that are broadcast to `shape` on the way, without making their broadcast layouts.
    ///
    /// # Errors
    /// When an operand does not broadcast to `shape`.
    #[inline]
    pub fn broadcast(shape: &[usize], operands: [&Layout; K], order: Order) -> Result<Walk<K>> {
        let offsets = operands.map(|l| l.offset);
        if operands.iter().all(|l| *l.shape == *shape) {
            return Ok(Walk::new(
                shape,
                operands.map(Layout::strides),
                offsets,
                order,
            ));
        }
        let mut strides = std::array::from_fn::<_, K, _>(|_| Strides::new());
        for (out, layout) in strides.iter_mut().zip(operands) {
            *out = layout.broadcast_strides(shape)?;
        }
        Ok(Walk::new(
            shape,
            strides.each_ref().map(|s| &s[..]),
            offsets,
            order,
        ))
    }

    /// The general case.
    #[inline(never)]
    fn nest(shape: &[usize], strides: [&[isize]; K], offsets: [isize; K], order: Order) -> Walk<K> {
        if shape.contains(&0) {
            return Walk {
                shape: Dims::from_elem(0, 1),
                strides: std::array::from_fn(|_| Strides::from_elem(1, 1)),
                offsets,
            };
        }
        // which axes, innermost first
        let mut axes: PerAxis<usize> = SmallVec::new();
        for axis in (0..shape.len()).rev() {
            if shape[axis] == 1 {
                continue;
            }
            let count = axes.len();
            axes.push(axis);
            if order != Order::Logical {
                let wants = |k: usize| order.wants(strides.iter().map(|s| (s[axis], s[axes[k]])));
                // by steps of one place, most often none
                for k in (place(count, wants)..count).rev() {
                    axes.swap(k, k + 1);
                }
            }
        }
        let mut walk = Walk {
            shape: sized(axes.len().max(1), 1),
            strides: std::array::from_fn(|_| sized(axes.len().max(1), 1)),
            offsets,
        };
        // join what is one run; `inner` is the axis that grows, innermost first until the end
        let mut count = 0;
        let mut inner = Axis {
            length: 1,
            strides: [1; K],
        };
        for &axis in &axes {
            let mut outer = Axis {
                length: shape[axis],
                strides: strides.map(|s| s[axis]),
            };
            if order != Order::Logical && runs_back(&outer.strides) {
                outer.turn(&mut walk.offsets);
            }
            if count > 0 && inner.continues_into(&outer) {
                inner.length *= outer.length;
            } else {
                count += 1;
                inner = outer;
            }
            walk.shape[count - 1] = inner.length;
            for (strides, step) in walk.strides.iter_mut().zip(inner.strides) {
                strides[count - 1] = step;
            }
        }
        walk.shape.truncate(count.max(1));
        walk.shape.reverse();
        for strides in &mut walk.strides {
            strides.truncate(count.max(1));
            strides.reverse();
        }
        walk
    }

    /// Number of elements of each operand.
    #[inline]
    pub fn len(&self) -> usize {
        self.outer_len(0)
    }

    /// Whether there is nothing to visit.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.shape[0] == 0
    }

    /// Length of the innermost axis.
    #[inline]
    pub fn inner_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// Stride of each operand on the innermost axis.
    #[inline]
    pub fn inner_strides(&self) -> [isize; K] {
        std::array::from_fn(|k| self.strides[k][self.strides[k].len() - 1])
    }

    /// How many times the innermost `inner_axes` axes are run through.
    #[inline]
    pub fn outer_len(&self, inner_axes: usize) -> usize {
        let axes = self.shape.len().saturating_sub(inner_axes);
        self.shape[..axes]
            .iter()
            .fold(1, |product, &n| product.saturating_mul(n))
    }

    /// Calls `f` with each operand's offset at the start of each run over the `inner_axes` innermost axes, for the runs
    /// number `outer` of `0..outer_len(inner_axes)` in order. Parts of the range may go to different threads.
    ///
    /// A step costs one addition per operand; the start of a range costs one division per outer axis.
    #[inline]
    pub fn for_each_outer(
        &self,
        inner_axes: usize,
        outer: Range<usize>,
        mut f: impl FnMut([isize; K]),
    ) {
        let axes = self.shape.len().saturating_sub(inner_axes);
        let outer = outer.start..outer.end.min(self.outer_len(inner_axes));
        if outer.is_empty() {
            return;
        }
        let Some(last) = axes.checked_sub(1) else {
            return f(self.offsets);
        };
        let mut offsets = self.offsets;
        let mut index = Dims::from_elem(0, axes);
        let mut rest = outer.start;
        for axis in (0..axes).rev() {
            index[axis] = rest % self.shape[axis];
            rest /= self.shape[axis];
            self.shift(&mut offsets, axis, index[axis] as isize);
        }
        let step: [isize; K] = std::array::from_fn(|k| self.strides[k][last]);
        let mut left = outer.len();
        loop {
            let run = left.min(self.shape[last] - index[last]);
            for _ in 0..run {
                f(offsets);
                for (offset, step) in offsets.iter_mut().zip(step) {
                    *offset = offset.wrapping_add(step);
                }
            }
            left -= run;
            if left == 0 {
                return;
            }
            // the last outer axis is through: carry
            let mut axis = last;
            index[last] = self.shape[last];
            while index[axis] == self.shape[axis] && axis > 0 {
                self.shift(
                    &mut offsets,
                    axis,
                    (self.shape[axis] as isize).wrapping_neg(),
                );
                index[axis] = 0;
                axis -= 1;
                index[axis] += 1;
                self.shift(&mut offsets, axis, 1);
            }
        }
    }

    /// Moves `offsets` by `count` steps along `axis`. Steps past the end may wrap; they are never used.
    #[inline]
    fn shift(&self, offsets: &mut [isize; K], axis: usize, count: isize) {
        for (offset, strides) in offsets.iter_mut().zip(&self.strides) {
            *offset = offset.wrapping_add(strides[axis].wrapping_mul(count));
        }
    }
}

/// The one axis that all axes join to in every operand, if they do and it need not be turned.
#[inline]
fn one_run<const K: usize>(
    shape: &[usize],
    strides: [&[isize]; K],
    order: Order,
) -> Option<Axis<K>> {
    let mut run = Axis {
        length: 1,
        strides: [1; K],
    };
    for axis in (0..shape.len()).rev() {
        if shape[axis] == 1 {
            continue;
        }
        let outer = Axis {
            length: shape[axis],
            strides: strides.map(|s| s[axis]),
        };
        if run.length == 1 {
            run = outer;
        } else if run.continues_into(&outer) {
            run.length *= outer.length;
        } else {
            return None;
        }
    }
    if run.length == 0 {
        run.strides = [1; K];
    }
    (order == Order::Logical || !runs_back(&run.strides)).then_some(run)
}

/// Whether some operand walks an axis of these strides backwards, and none forwards.
#[inline]
fn runs_back<const K: usize>(strides: &[isize; K]) -> bool {
    strides.iter().all(|&s| s <= 0) && strides.iter().any(|&s| s < 0)
}

/// One axis of a nest that is being made.
#[derive(Clone, Copy)]
struct Axis<const K: usize> {
    length: usize,
    strides: [isize; K],
}

impl<const K: usize> Axis<K> {
    /// Walks it from its other end.
    fn turn(&mut self, offsets: &mut [isize; K]) {
        let last = (self.length as isize).wrapping_sub(1);
        for (offset, stride) in offsets.iter_mut().zip(&mut self.strides) {
            *offset = offset.wrapping_add(last.wrapping_mul(*stride));
            *stride = stride.wrapping_neg();
        }
    }

    /// Whether a step along `outer` is what comes after the end of this axis, for every operand.
    #[inline]
    fn continues_into(&self, outer: &Axis<K>) -> bool {
        let fits = |(s, o): (&isize, &isize)| s.checked_mul(self.length as isize) == Some(*o);
        self.strides.iter().zip(&outer.strides).all(fits)
            && self.length.checked_mul(outer.length).is_some()
    }
}
