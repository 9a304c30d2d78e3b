//! Which axis goes where: the order in which loops visit axes, and in which new tensors store them.

use smallvec::SmallVec;

use super::{Dims, Layout, PerAxis, Strides, checked_len, inline};
use crate::error::Result;

/// Which order of elements a [`Walk`](super::Walk) may choose. Pairs of elements always stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// C order of the indices, for results that depend on it.
    Logical,
    /// The first operand, the output, is walked by its smallest steps innermost; where it says nothing (steps equal or
    /// 0) the next operand decides, and so on.
    First,
    /// Every operand has a say, as in NumPy's `nditer`: an axis moves inwards when some operand wants that and none is
    /// against it.
    All,
}

impl Order {
    /// Whether the axis with the first stride of each pair should be further in than the one with the second. One pair for each
    /// operand; `None` when no operand cares.
    #[inline]
    pub(super) fn wants(self, pairs: impl Iterator<Item = (isize, isize)>) -> Option<bool> {
        let mut votes = pairs.filter(|&(a, b)| a != 0 && b != 0);
        let compare = |(a, b): (isize, isize)| a.unsigned_abs().cmp(&b.unsigned_abs());
        match self {
            Order::Logical => None,
            Order::First => votes.map(compare).find(|o| o.is_ne()).map(|o| o.is_lt()),
            Order::All => {
                let first = compare(votes.next()?).is_lt();
                Some(first && votes.all(|pair| compare(pair).is_lt()))
            }
        }
    }
}

/// Where to insert an axis among `count` others, innermost first. `goes_inside(k)` says if it should be further in than
/// number `k`, when someone cares. Axes about which no one does are passed, but not left behind: undecided ones stay in
/// the order in which they come.
///
/// An insertion sort, because "no one cares" is no order that `sort` could work with. It is that of NumPy's `nditer`.
#[inline]
pub(super) fn place(count: usize, goes_inside: impl Fn(usize) -> Option<bool>) -> usize {
    let mut place = count;
    for k in (0..count).rev() {
        match goes_inside(k) {
            Some(true) => place = k,
            Some(false) => break,
            None => {}
        }
    }
    place
}

impl Layout {
    /// A new tensor of `shape` whose axes lie in memory as those of `inputs` do, which broadcast to it (NumPy's
    /// `order='K'`). So the sum of two transposed tensors is transposed too, and all three are walked as one run.
    ///
    /// Inputs that do not broadcast to `shape` have no say.
    ///
    /// # Errors
    /// When the lengths multiply to more than [`MAX_ELEMENTS`](super::MAX_ELEMENTS).
    ///
    /// ```
    /// use civita_core::layout::Layout;
    /// let t = Layout::contiguous(&[3, 2])?.transpose();
    /// assert_eq!(Layout::keep_order(&[2, 3], &[&t, &t])?.strides(), [1, 2]);
    /// assert_eq!(Layout::keep_order(&[2, 3], &[&t, &Layout::contiguous(&[2, 3])?])?.strides(), [3, 1]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    #[inline]
    pub fn keep_order(shape: &[usize], inputs: &[&Layout]) -> Result<Layout> {
        // C order never wants anything else, broadcast or not
        if inputs.iter().all(|l| l.is_contiguous()) {
            return Layout::contiguous(shape);
        }
        Layout::in_order_of(shape, inputs)
    }

    /// The axes of this layout from the outermost in memory to the innermost, as [`Layout::keep_order`] puts them; `None` where
    /// that is their own order.
    ///
    /// ```
    /// use civita_core::layout::Layout;
    /// let x = Layout::contiguous(&[3, 2])?;
    /// assert_eq!(x.transpose().memory_order().as_deref(), Some(&[1, 0][..]));
    /// assert_eq!(x.memory_order(), None);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    #[inline]
    pub fn memory_order(&self) -> Option<PerAxis<usize>> {
        if self.rank() < 2 || self.is_contiguous() {
            return None;
        }
        let mut order = axes_inside_out(&self.shape, &[self]);
        order.reverse();
        let moved = order.iter().enumerate().any(|(place, &axis)| place != axis);
        moved.then_some(order)
    }

    fn in_order_of(shape: &[usize], inputs: &[&Layout]) -> Result<Layout> {
        let len = checked_len("layout", shape)?;
        let rank = shape.len();
        let order = axes_inside_out(shape, inputs);
        let mut strides: Strides = SmallVec::from_elem(1, rank);
        let mut step = 1usize;
        for axis in order {
            strides[axis] = step as isize;
            step *= shape[axis].max(1);
        }
        let shape: Dims = inline(shape);
        Ok(Layout::derived_with(shape, strides, 0, len))
    }
}

/// The axes of `shape` from the innermost to the outermost, as inputs that broadcast to it want them.
fn axes_inside_out(shape: &[usize], inputs: &[&Layout]) -> PerAxis<usize> {
    let rank = shape.len();
    // the step of an input along an axis, 0 where it repeats
    let stride = |input: &Layout, axis: usize| match (axis + input.rank()).checked_sub(rank) {
        Some(own) if input.shape[own] != 1 => input.strides[own],
        _ => 0,
    };
    axes_by_strides(rank, inputs.len(), |k, axis| stride(inputs[k], axis))
}

/// The axes from the innermost to the outermost, as operands want them that have these strides: `stride(operand, axis)`, 0 where an
/// operand does not care.
pub(crate) fn axes_by_strides(
    rank: usize,
    operands: usize,
    stride: impl Fn(usize, usize) -> isize,
) -> PerAxis<usize> {
    let mut order: PerAxis<usize> = SmallVec::new();
    for axis in (0..rank).rev() {
        let wants = |k: usize| {
            let pairs = (0..operands).map(|i| (stride(i, axis), stride(i, order[k])));
            Order::All.wants(pairs)
        };
        let at = place(order.len(), wants);
        order.insert(at, axis);
    }
    order
}
