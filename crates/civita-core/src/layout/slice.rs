//! Basic indexing: integers, ranges with steps, new axes and an ellipsis, by Python's rules.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use super::{Dims, Layout, Strides, normalize_axis};
use crate::error::{Error, Result, shape_text};

/// One entry of an index, as between the brackets of `x[1, 2:8:2, None, ...]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceItem {
    /// One element; the axis goes. Negative numbers count from the end.
    Index(isize),
    /// Python's `start:stop:step`: negative numbers count from the end, both ends are clamped to the axis.
    Range {
        /// First element; `None` is the first in the direction of `step`.
        start: Option<isize>,
        /// The first that is left out; `None` takes all up to the end in the direction of `step`.
        stop: Option<isize>,
        /// Distance; negative walks back. 0 is refused.
        step: isize,
    },
    /// A new axis of length 1 (Python's `None`).
    NewAxis,
    /// As many whole axes as are left (Python's `...`). At most one.
    Ellipsis,
}

impl SliceItem {
    /// A whole axis (Python's `:`).
    pub const ALL: SliceItem = SliceItem::Range {
        start: None,
        stop: None,
        step: 1,
    };

    /// This range with another step (Python's `start:stop:step`); anything else stays what it is.
    ///
    /// The ends keep their meaning, as in Python: `s![5..0;-2]` takes 5, 3, 1.
    pub const fn step_by(self, step: isize) -> SliceItem {
        match self {
            SliceItem::Range { start, stop, .. } => SliceItem::Range { start, stop, step },
            other => other,
        }
    }

    const fn range(start: Option<isize>, stop: Option<isize>) -> SliceItem {
        SliceItem::Range {
            start,
            stop,
            step: 1,
        }
    }
}

impl fmt::Display for SliceItem {
    /// As Python writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SliceItem::Index(i) => write!(f, "{i}"),
            SliceItem::Range { start, stop, step } => {
                let end = |end: &Option<isize>| end.map_or(String::new(), |i| i.to_string());
                write!(f, "{}:{}", end(start), end(stop))?;
                if *step != 1 {
                    write!(f, ":{step}")?;
                }
                Ok(())
            }
            SliceItem::NewAxis => f.write_str("None"),
            SliceItem::Ellipsis => f.write_str("..."),
        }
    }
}

/// The number after `last`, which an inclusive range ends before. After -1, the last element, there is none.
fn after(last: isize) -> Option<isize> {
    if last == -1 {
        None
    } else {
        last.checked_add(1)
    }
}

impl From<RangeFull> for SliceItem {
    fn from(_: RangeFull) -> SliceItem {
        SliceItem::ALL
    }
}

/// Numbers beyond `isize` become its ends: they are out of range either way.
macro_rules! from_integers {
    ($($t:ty => $to_isize:expr;)*) => { $(
        impl From<$t> for SliceItem {
            #[inline]
            fn from(index: $t) -> SliceItem {
                SliceItem::Index($to_isize(index))
            }
        }
        impl From<Range<$t>> for SliceItem {
            #[inline]
            fn from(r: Range<$t>) -> SliceItem {
                SliceItem::range(Some($to_isize(r.start)), Some($to_isize(r.end)))
            }
        }
        impl From<RangeFrom<$t>> for SliceItem {
            #[inline]
            fn from(r: RangeFrom<$t>) -> SliceItem {
                SliceItem::range(Some($to_isize(r.start)), None)
            }
        }
        impl From<RangeTo<$t>> for SliceItem {
            #[inline]
            fn from(r: RangeTo<$t>) -> SliceItem {
                SliceItem::range(None, Some($to_isize(r.end)))
            }
        }
        /// `a..=b` is Python's `a:b+1`; `a..=-1` reaches to the end.
        impl From<RangeInclusive<$t>> for SliceItem {
            #[inline]
            fn from(r: RangeInclusive<$t>) -> SliceItem {
                SliceItem::range(Some($to_isize(*r.start())), after($to_isize(*r.end())))
            }
        }
        /// `..=b` is Python's `:b+1`; `..=-1` is the whole axis.
        impl From<RangeToInclusive<$t>> for SliceItem {
            #[inline]
            fn from(r: RangeToInclusive<$t>) -> SliceItem {
                SliceItem::range(None, after($to_isize(r.end)))
            }
        }
    )* };
}
from_integers! {
    i32 => |v| v as isize;
    i64 => |v: i64| v.clamp(isize::MIN as i64, isize::MAX as i64) as isize;
    isize => |v| v;
    usize => |v| isize::try_from(v).unwrap_or(isize::MAX);
}

/// Python's `slice.indices` for an axis of `n` elements: the first element and how many there are. `step` is not 0.
fn resolve_range(
    start: Option<isize>,
    stop: Option<isize>,
    step: isize,
    n: isize,
) -> (isize, usize) {
    // where an end lies outside, it is clamped to the place before the first or after the last element that the
    // direction can reach
    let (low, high) = if step < 0 { (-1, n - 1) } else { (0, n) };
    let clamp = |end: isize| {
        let end = if end < 0 { end + n } else { end };
        end.clamp(low, high)
    };
    let start = start.map_or(if step < 0 { high } else { low }, clamp);
    let stop = stop.map_or(if step < 0 { low } else { high }, clamp);
    let distance = if step < 0 { start - stop } else { stop - start };
    if distance <= 0 {
        return (0, 0);
    }
    (start, (distance as usize - 1) / step.unsigned_abs() + 1)
}

/// The length, the stride and the way to the first element of a part of an axis that is not empty.
#[inline(always)]
fn range(n: usize, stride: isize, item: SliceItem) -> Option<(usize, isize, isize)> {
    let SliceItem::Range { start, stop, step } = item else {
        return None;
    };
    if step == 0 {
        return None;
    }
    let (first, count) = resolve_range(start, stop, step, n as isize);
    let by = if count > 1 {
        stride.wrapping_mul(step)
    } else {
        stride
    };
    (count > 0).then_some((count, by, first.wrapping_mul(stride)))
}

/// The axes of a part in registers, of which those from `rank` on are not there, and the way to its first element.
struct FewAxes {
    axes: [(usize, isize); 3],
    rank: usize,
    more: isize,
}

impl FewAxes {
    /// One more axis, if there is room.
    #[inline(always)]
    fn put(&mut self, axis: (usize, isize)) -> Option<()> {
        *self.axes.get_mut(self.rank)? = axis;
        self.rank += 1;
        Some(())
    }
}

impl Layout {
    /// The elements that `items` pick, as a view. Axes that no item names are kept whole.
    ///
    /// # Errors
    /// When an index is out of range, a step is 0, or there are too many items or two ellipses.
    ///
    /// ```
    /// use civita_core::layout::{Layout, SliceItem};
    /// let a = Layout::contiguous(&[4, 5])?;
    /// let b = a.slice(&[(1..).into(), SliceItem::ALL.step_by(-2)])?;
    /// assert_eq!((b.shape(), b.strides(), b.offset()), (&[3, 3][..], &[5, -2][..], 9));
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    pub fn slice(&self, items: &[SliceItem]) -> Result<Layout> {
        self.slice_then(items, |layout| layout)
    }

    /// [`Layout::slice`], and what `then` makes of it: the usual slices of vectors and matrices without lists that grow, and without a
    /// layout that moves.
    #[inline(always)]
    pub(crate) fn slice_then<R>(
        &self,
        items: &[SliceItem],
        then: impl FnOnce(Layout) -> R,
    ) -> Result<R> {
        if self.len > 0 {
            let at = |more: isize| (self.offset as isize).wrapping_add(more);
            let vector = match (self.shape(), self.strides(), items) {
                (&[n], &[stride], &[item]) => range(n, stride, item),
                (&[_, n], &[_, stride], &[SliceItem::Index(row)]) => {
                    self.way(0, row).map(|more| (n, stride, more))
                }
                (&[_, n], &[_, stride], &[SliceItem::Index(row), item]) => self
                    .way(0, row)
                    .zip(range(n, stride, item))
                    .map(|(more, (n, by, first))| (n, by, more.wrapping_add(first))),
                (&[n, _], &[stride, _], &[item, SliceItem::Index(column)]) => self
                    .way(1, column)
                    .zip(range(n, stride, item))
                    .map(|(more, (n, by, first))| (n, by, more.wrapping_add(first))),
                _ => None,
            };
            if let Some((n, by, more)) = vector {
                return Ok(then(Layout::of_axes([(n, by)], at(more), n)));
            }
            if let (&[m, n], &[down, right], &[first, ref rest @ ..]) =
                (self.shape(), self.strides(), items)
                && rest.len() < 2
                && let Some((m, down, more)) = range(m, down, first)
                && let Some((n, right, then_more)) =
                    range(n, right, rest.first().copied().unwrap_or(SliceItem::ALL))
            {
                let axes = [(m, down), (n, right)];
                let more = more.wrapping_add(then_more);
                return Ok(then(Layout::of_axes(axes, at(more), m * n)));
            }
        }
        let mut part = FewAxes {
            axes: [(1, 0); 3],
            rank: 0,
            more: 0,
        };
        if self.len > 0 && self.few_axes(items, &mut part).is_some() {
            let offset = (self.offset as isize).wrapping_add(part.more);
            let len = part.axes.iter().map(|(n, _)| n).product();
            let [first, second, _] = part.axes;
            match part.rank {
                1 => return Ok(then(Layout::of_axes([first], offset, len))),
                2 => return Ok(then(Layout::of_axes([first, second], offset, len))),
                3 => return Ok(then(Layout::of_axes(part.axes, offset, len))),
                _ => {}
            }
        }
        Ok(then(self.slice_any(items)?))
    }

    /// The axes of a part that has up to three and is not empty, added to none; `None` of others. They are written where they stay: a
    /// copy of words that were just written waits for them.
    #[inline]
    fn few_axes(&self, items: &[SliceItem], part: &mut FewAxes) -> Option<()> {
        let whole = |axis: usize| Some((*self.shape().get(axis)?, self.strides()[axis]));
        let mut axis = 0;
        for (at, &item) in items.iter().enumerate() {
            match item {
                SliceItem::NewAxis => part.put((1, 0))?,
                SliceItem::Index(index) => {
                    whole(axis)?;
                    part.more = part.more.wrapping_add(self.way(axis, index)?);
                    axis += 1;
                }
                SliceItem::Range { .. } => {
                    let (n, stride) = whole(axis)?;
                    let (n, by, first) = range(n, stride, item)?;
                    part.put((n, by))?;
                    part.more = part.more.wrapping_add(first);
                    axis += 1;
                }
                SliceItem::Ellipsis => {
                    let behind = &items[at + 1..];
                    if behind.contains(&SliceItem::Ellipsis) {
                        return None;
                    }
                    let named = behind.iter().filter(|item| **item != SliceItem::NewAxis);
                    let end = self.rank().checked_sub(named.count())?;
                    while axis < end {
                        part.put(whole(axis)?)?;
                        axis += 1;
                    }
                }
            }
        }
        while let Some(last) = whole(axis) {
            part.put(last)?;
            axis += 1;
        }
        Some(())
    }

    /// The way to an element of an axis, if it exists.
    #[inline(always)]
    fn way(&self, axis: usize, index: isize) -> Option<isize> {
        let n = self.shape[axis] as isize;
        let at = if index < 0 { index + n } else { index };
        (0..n)
            .contains(&at)
            .then(|| at.wrapping_mul(self.strides[axis]))
    }

    fn slice_any(&self, items: &[SliceItem]) -> Result<Layout> {
        let used = items
            .iter()
            .filter(|item| matches!(item, SliceItem::Index(_) | SliceItem::Range { .. }))
            .count();
        let ellipses = items
            .iter()
            .filter(|item| **item == SliceItem::Ellipsis)
            .count();
        if ellipses > 1 {
            return Err(
                Error::index("slice", format!("the index has {ellipses} ellipses"))
                    .rule("an index can only have a single ellipsis"),
            );
        }
        let Some(whole) = self.rank().checked_sub(used) else {
            return Err(self.too_many(used));
        };
        let (mut shape, mut strides) = (Dims::new(), Strides::new());
        let mut offset = self.offset as isize;
        let mut axis = 0;
        for &item in items {
            match item {
                SliceItem::NewAxis => {
                    shape.push(1);
                    strides.push(0);
                }
                SliceItem::Ellipsis => {
                    shape.extend_from_slice(&self.shape[axis..axis + whole]);
                    strides.extend_from_slice(&self.strides[axis..axis + whole]);
                    axis += whole;
                }
                SliceItem::Index(index) => {
                    let at = self.check_index(axis, index)?;
                    offset = offset.wrapping_add(at.wrapping_mul(self.strides[axis]));
                    axis += 1;
                }
                SliceItem::Range { start, stop, step } => {
                    if step == 0 {
                        return Err(
                            Error::value("slice", format!("the step of axis {axis} is 0"))
                                .at_axis(axis as isize)
                                .rule("a slice step cannot be zero"),
                        );
                    }
                    let (n, stride) = (self.shape[axis], self.strides[axis]);
                    let (first, count) = resolve_range(start, stop, step, n as isize);
                    shape.push(count);
                    // with two elements or more the step between them is an index that can be reached
                    strides.push(if count > 1 {
                        stride.wrapping_mul(step)
                    } else {
                        stride
                    });
                    offset = offset.wrapping_add(first.wrapping_mul(stride));
                    axis += 1;
                }
            }
        }
        shape.extend_from_slice(&self.shape[axis..]);
        strides.extend_from_slice(&self.strides[axis..]);
        let len = shape.iter().product();
        Ok(Layout::derived_with(shape, strides, offset, len))
    }

    /// Index `index` of `axis`; the axis goes.
    ///
    /// # Errors
    /// When the axis does not exist or the index is out of range.
    pub fn select(&self, axis: isize, index: isize) -> Result<Layout> {
        let axis = normalize_axis("select", axis, self.rank())?;
        let at = self
            .check_index(axis, index)
            .map_err(|e| e.in_op("select"))?;
        let offset = (self.offset as isize).wrapping_add(at.wrapping_mul(self.strides[axis]));
        let (mut shape, mut strides) = (self.shape.clone(), self.strides.clone());
        shape.remove(axis);
        strides.remove(axis);
        let len = shape.iter().product();
        Ok(Layout::derived_with(shape, strides, offset, len))
    }

    /// Elements `start..start + count` of `axis` (PyTorch `narrow`).
    ///
    /// # Errors
    /// When the axis does not exist or is shorter.
    pub fn narrow(&self, axis: isize, start: usize, count: usize) -> Result<Layout> {
        let at = normalize_axis("narrow", axis, self.rank())?;
        let n = self.shape[at];
        if start > n || count > n - start {
            let problem = format!(
                "{count} elements from {start} on are not in axis {axis} of shape {}, which has length {n}",
                shape_text(&self.shape)
            );
            return Err(Error::index("narrow", problem)
                .shapes(&[&self.shape])
                .at_axis(axis));
        }
        let mut shape = self.shape.clone();
        shape[at] = count;
        let step = (start as isize).wrapping_mul(self.strides[at]);
        let len = shape.iter().product();
        let offset = (self.offset as isize).wrapping_add(step);
        Ok(Layout::derived_with(
            shape,
            self.strides.clone(),
            offset,
            len,
        ))
    }

    /// `index` as a number below the length of `axis`.
    fn check_index(&self, axis: usize, index: isize) -> Result<isize> {
        let n = self.shape[axis] as isize;
        let at = if index < 0 { index + n } else { index };
        if (0..n).contains(&at) {
            Ok(at)
        } else {
            Err(self.out_of_range(axis, index))
        }
    }

    #[cold]
    fn out_of_range(&self, axis: usize, index: isize) -> Error {
        let n = self.shape[axis];
        let problem = format!("index {index} is out of bounds for axis {axis} with size {n}");
        let error = Error::index("slice", problem)
            .shapes(&[&self.shape])
            .at_axis(axis as isize);
        match n {
            0 => error.rule("an axis of length 0 has no element to pick"),
            _ => error.rule(format!(
                "indices go from -{n} to {}; -1 is the last element",
                n - 1
            )),
        }
    }

    #[cold]
    fn too_many(&self, used: usize) -> Error {
        let problem = format!(
            "too many indices: shape {} has {} {}, but {used} were indexed",
            shape_text(&self.shape),
            self.rank(),
            if self.rank() == 1 { "axis" } else { "axes" },
        );
        Error::index("slice", problem)
            .shapes(&[&self.shape])
            .rule("each axis may be indexed once; a new axis and the ellipsis do not count")
    }
}
