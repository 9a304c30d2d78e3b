//! Slicing: `s![1..5, ..;2, NewAxis, ..]`, whose result has a rank that the compiler knows.
//!
//! An integer takes an axis away, a range keeps it, `NewAxis` adds one. What an entry does follows from its type, so the
//! macro only makes a tuple, and traits walk over it with the rank in hand.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

pub use civita_core::layout::SliceItem;

use crate::rank::{ExpandRank, Rank, ReduceRank, TensorRank, wrap};
use crate::{AssignValue, DYN, Dtype, Result, Tensor};

/// A new axis of length 1 in `s![…]` (NumPy's `np.newaxis`).
#[derive(Clone, Copy, Debug)]
pub struct NewAxis;
/// As many whole axes as are left, in `s![…]` (Python's `...`).
#[derive(Clone, Copy, Debug)]
pub struct Ellipsis;
/// An integer literal in `s![…]`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Literal(pub isize);
/// `range;step` in `s![…]`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Stepped<R>(pub R, pub isize);

/// An entry of `s![…]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in `s![…]`",
    note = "an entry is an integer, a range of integers, a range with a step (`..;2`), \
            `NewAxis` or `Ellipsis`"
)]
pub trait SliceEntry {
    /// As the engine takes it.
    #[doc(hidden)]
    fn slice_item(self) -> SliceItem;
    /// The same with a step, whose sign says on which side of the last index a range ends.
    #[doc(hidden)]
    fn stepped_item(self, step: isize) -> SliceItem
    where
        Self: Sized,
    {
        self.slice_item().step_by(step)
    }
}
/// What an entry makes of the rank `R`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot index a tensor of `{R}`",
    note = "an integer takes an axis away, so there must be one"
)]
pub trait SliceStep<R>: SliceEntry {
    /// The rank after it.
    type Out: TensorRank;
}

/// Integers that slices are written with.
pub trait SliceInt: Copy + std::fmt::Display {
    /// As the engine takes it.
    fn to_isize(self) -> isize;
    /// Its place on an axis of this length: negative ones count from the end. What is out of range stays so.
    #[doc(hidden)]
    fn place(self, len: usize) -> usize;
}
macro_rules! integers {
    ($($t:ty)*, $place:expr) => { $(
        impl SliceInt for $t {
            #[inline]
            fn to_isize(self) -> isize {
                // beyond `isize` is out of range either way
                isize::try_from(self).unwrap_or(isize::MAX)
            }
            #[inline]
            fn place(self, len: usize) -> usize {
                $place(usize::try_from(self).ok(), len, self.to_isize())
            }
        }
    )* };
}
integers!(i32 i64 isize i8 i16, |positive: Option<usize>, len: usize, i: isize| {
    positive.unwrap_or_else(|| len.wrapping_add_signed(i))
});
integers!(usize u8 u16 u32 u64, |place: Option<usize>, _, _| {
    place.unwrap_or(usize::MAX)
});

// One impl for all integers, as for ranges below: so that the rank is known before the type of a literal is, as in
// `for i in 0..4 { x.slice(s![i])?… }`.
impl<I: SliceInt> SliceEntry for I {
    #[inline]
    fn slice_item(self) -> SliceItem {
        SliceItem::Index(self.to_isize())
    }
}
impl<I: SliceInt, R: ReduceRank> SliceStep<R> for I {
    type Out = R::Out;
}

macro_rules! ranges {
    ($($Range:ident)*) => { $(
        impl<I: SliceInt> SliceEntry for $Range<I> {
            #[inline]
            fn slice_item(self) -> SliceItem {
                bounds(&self, 1)
            }
            #[inline]
            fn stepped_item(self, step: isize) -> SliceItem {
                bounds(&self, step)
            }
        }
        impl<I: SliceInt, R: TensorRank> SliceStep<R> for $Range<I> {
            type Out = R;
        }
    )* };
}
ranges!(Range RangeFrom RangeTo RangeInclusive RangeToInclusive);

fn bounds<I: SliceInt>(range: &impl std::ops::RangeBounds<I>, step: isize) -> SliceItem {
    use std::ops::Bound;
    let start = match range.start_bound() {
        Bound::Included(i) | Bound::Excluded(i) => Some(i.to_isize()),
        Bound::Unbounded => None,
    };
    let stop = match range.end_bound() {
        Bound::Excluded(i) => Some(i.to_isize()),
        // after -1, the last, nothing ends a range upwards, and after 0 nothing one downwards
        Bound::Included(i) => match (step < 0, i.to_isize()) {
            (false, -1) | (true, 0) => None,
            (false, i) => i.checked_add(1),
            (true, i) => i.checked_sub(1),
        },
        Bound::Unbounded => None,
    };
    SliceItem::Range { start, stop, step }
}

impl SliceEntry for RangeFull {
    #[inline]
    fn slice_item(self) -> SliceItem {
        SliceItem::ALL
    }
}
impl<R: TensorRank> SliceStep<R> for RangeFull {
    type Out = R;
}
impl SliceEntry for Literal {
    #[inline]
    fn slice_item(self) -> SliceItem {
        SliceItem::Index(self.0)
    }
}
impl<R: ReduceRank> SliceStep<R> for Literal {
    type Out = R::Out;
}
impl<E: SliceEntry> SliceEntry for Stepped<E> {
    #[inline]
    fn slice_item(self) -> SliceItem {
        self.0.stepped_item(self.1)
    }
}
impl<E: SliceStep<R>, R> SliceStep<R> for Stepped<E> {
    type Out = E::Out;
}
impl SliceEntry for NewAxis {
    #[inline]
    fn slice_item(self) -> SliceItem {
        SliceItem::NewAxis
    }
}
impl<R: ExpandRank> SliceStep<R> for NewAxis {
    type Out = R::Out;
}
impl SliceEntry for Ellipsis {
    #[inline]
    fn slice_item(self) -> SliceItem {
        SliceItem::Ellipsis
    }
}
impl<R: TensorRank> SliceStep<R> for Ellipsis {
    type Out = R;
}

/// What `s![…]` makes: the entries as a tuple.
pub trait Slice {
    #[doc(hidden)]
    type Items: AsRef<[SliceItem]>;
    #[doc(hidden)]
    fn items(self) -> Self::Items;
}
/// What a slice makes of a tensor of rank `R`.
#[diagnostic::on_unimplemented(
    message = "this slice cannot be taken from a tensor of `{R}`",
    note = "an integer takes an axis away, a range keeps it, `NewAxis` adds one; there are 0 to 8 axes, or `DYN`"
)]
pub trait SliceOf<R>: Slice {
    /// The rank of the part.
    type Out: TensorRank;
}
/// Entries that are known at run time only.
impl<'a> Slice for &'a [SliceItem] {
    type Items = &'a [SliceItem];
    fn items(self) -> &'a [SliceItem] {
        self
    }
}
impl<R> SliceOf<R> for &[SliceItem] {
    type Out = Rank<DYN>;
}
/// A range alone is that of the first axis: `x.slice(1..3)?`.
macro_rules! alone {
    ($([$($generics:tt)*] $Entry:ty;)*) => { $(
        impl<$($generics)*> Slice for $Entry {
            type Items = [SliceItem; 1];
            #[inline]
            fn items(self) -> [SliceItem; 1] {
                [self.slice_item()]
            }
        }
        impl<R, $($generics)*> SliceOf<R> for $Entry
        where
            $Entry: SliceStep<R>,
        {
            type Out = <$Entry as SliceStep<R>>::Out;
        }
    )* };
}
alone! {
    [I: SliceInt] Range<I>;
    [I: SliceInt] RangeFrom<I>;
    [I: SliceInt] RangeTo<I>;
    [I: SliceInt] RangeInclusive<I>;
    [I: SliceInt] RangeToInclusive<I>;
    [] RangeFull;
}
impl Slice for () {
    type Items = [SliceItem; 0];
    fn items(self) -> [SliceItem; 0] {
        []
    }
}
impl<R: TensorRank> SliceOf<R> for () {
    type Out = R;
}

macro_rules! tuples {
    ($($n:literal: $($E:ident)*, $Last:ident;)*) => { $(
        impl<$($E: SliceEntry,)* $Last: SliceEntry> Slice for ($($E,)* $Last,) {
            type Items = [SliceItem; $n];
            #[inline]
            #[allow(non_snake_case)]
            fn items(self) -> Self::Items {
                let ($($E,)* $Last,) = self;
                [$($E.slice_item(),)* $Last.slice_item()]
            }
        }
        impl<R, $($E: SliceEntry,)* $Last> SliceOf<R> for ($($E,)* $Last,)
        where
            ($($E,)*): SliceOf<R>,
            $Last: SliceStep<<($($E,)*) as SliceOf<R>>::Out>,
        {
            type Out = <$Last as SliceStep<<($($E,)*) as SliceOf<R>>::Out>>::Out;
        }
    )* };
}
tuples! {
    1: , A;
    2: A, B;
    3: A B, C;
    4: A B C, D;
    5: A B C D, E;
    6: A B C D E, F;
    7: A B C D E F, G;
    8: A B C D E F G, H;
    9: A B C D E F G H, I;
    10: A B C D E F G H I, J;
}

/// A slice: what stands between the brackets of NumPy's `x[1:5, ::2, None, ..., 0]`.
///
/// | here | NumPy | axis |
/// |---|---|---|
/// | `3`, `-1`, `i` | `3`, `-1`, `i` | goes |
/// | `1..5`, `2..`, `..-1`, `1..=3` | `1:5`, `2:`, `:-1`, `1:4` | stays |
/// | `..` | `:` | stays |
/// | `1..5;2`, `..;-1` | `1:5:2`, `::-1` | stays |
/// | `NewAxis` | `None` | new, of length 1 |
/// | `Ellipsis` | `...` | all that are left stay |
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![[1, 2, 3], [4, 5, 6]];
/// let row: Vector<i64> = x.slice(s![1])?;
/// let part: Matrix<i64> = x.slice(s![.., ..;2])?;
/// let column: Matrix<i64> = x.slice(s![.., -1, NewAxis])?;
/// assert_eq!(row.to_string(), "[4 5 6]");
/// assert_eq!(part.to_string(), "[[1 3]\n [4 6]]");
/// assert_eq!(column.to_string(), "[[3]\n [6]]");
/// # Ok::<(), civita::Error>(())
/// ```
#[macro_export]
macro_rules! s {
    (@ [$($done:tt)*]) => { ($($done)*) };
    (@ [$($done:tt)*] $index:literal) => { ($($done)* $crate::__private::Index($index),) };
    (@ [$($done:tt)*] $index:literal, $($rest:tt)*) => {
        $crate::s!(@ [$($done)* $crate::__private::Index($index),] $($rest)*)
    };
    (@ [$($done:tt)*] $entry:expr) => { ($($done)* $entry,) };
    (@ [$($done:tt)*] $entry:expr, $($rest:tt)*) => { $crate::s!(@ [$($done)* $entry,] $($rest)*) };
    (@ [$($done:tt)*] $entry:expr; $step:expr) => { ($($done)* $crate::__private::Stepped($entry, $crate::SliceInt::to_isize($step)),) };
    (@ [$($done:tt)*] $entry:expr; $step:expr, $($rest:tt)*) => {
        $crate::s!(@ [$($done)* $crate::__private::Stepped($entry, $crate::SliceInt::to_isize($step)),] $($rest)*)
    };
    ($($entries:tt)*) => {{
        // -1 is the last place, so `1..-1` is no empty range
        #[allow(clippy::reversed_empty_ranges)]
        let slice = $crate::s!(@ [] $($entries)*);
        slice
    }};
}

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// A part of the tensor, as a view of the same memory: see [`s!`](crate::s).
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = Vector::<i64>::arange(0..6);
    /// assert_eq!(x.slice(s![1..5;2])?.to_string(), "[1 3]");
    /// assert_eq!(x.slice(s![..;-1])?.to_string(), "[5 4 3 2 1 0]");
    /// assert_eq!(x.slice(..2)?.to_string(), "[0 1]"); // a range alone needs no `s![…]`
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range, a step is 0, or there are more entries than axes. Ranges are clamped, as in
    /// Python.
    pub fn slice<S: SliceOf<Rank<N>>>(&self, slice: S) -> Result<<S::Out as TensorRank>::Of<T>> {
        self.raw.slice(slice.items().as_ref()).map(wrap)
    }

    /// Writes `source`, a tensor that broadcasts or a number, over a part of the tensor: NumPy's `x[1:3] = source`. Other
    /// handles on the value keep what they have.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let mut x = Matrix::<f64>::zeros([2, 3]);
    /// x.slice_assign(s![.., 1..], &tensor![1.0, 2.0])?;
    /// x.slice_assign(s![0, 0], 5.0)?;
    /// assert_eq!(x.to_string(), "[[5. 1. 2.]\n [0. 1. 2.]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the slice leaves the tensor, or `source` does not broadcast to it.
    #[doc(alias = "slice_mut")]
    #[doc(alias = "row_mut")]
    pub fn slice_assign(&mut self, slice: impl Slice, source: impl AssignValue<T>) -> Result<()> {
        let source = source.raw(self.dtype())?;
        self.unfold_repeats()?;
        let written = self.raw.assign_slice(slice.items().as_ref(), &source);
        written.map_err(|e| e.in_op("slice_assign"))
    }
}
