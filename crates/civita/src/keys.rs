//! Indexing by tensors of integers, masks and slices, mixed: `x.index((&rows, 1..3))`. As for slices, what an entry does
//! follows from its type, so that traits know the rank of the result.
//!
//! An entry changes two ranks: of the axes that are left, and of the arrays together. Both add up at the end, wherever
//! NumPy's rules put the axes of the arrays.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

pub use civita_core::raw::Key;

use crate::index::list;
use crate::rank::{AddRank, Broadcast, Rank, ReduceRank, SubtractRank, TensorRank, typed};
use crate::slice::{Literal, Stepped};
use crate::{
    Any, AssignValue, DYN, Dtype, Ellipsis, NewAxis, Result, SliceEntry, SliceInt, SliceStep,
    Tensor,
};

/// An entry of an index.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in an index",
    note = "an entry is an integer, a range, a range with a step (in `s![…]`), `NewAxis`, `Ellipsis`, a `bool`, or a \
            reference to a tensor of integers or `bool`, or a vector, slice or array of integers"
)]
pub trait IndexEntry {
    /// As the engine takes it.
    fn key(self) -> Key;
}

/// What an entry makes of the axes that are left, `R`, and the rank of the arrays so far, `A`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot index a tensor with `{R}` left",
    note = "an integer or a tensor of integers takes one axis, a mask as many as it has"
)]
pub trait IndexStep<R, A>: IndexEntry {
    /// The axes that are left.
    type Rest: TensorRank;
    /// The rank to which the arrays broadcast.
    type Arrays;
}

macro_rules! slices {
    ($([$($generics:tt)*] $Entry:ty;)*) => { $(
        impl<$($generics)*> IndexEntry for $Entry
        where
            $Entry: SliceEntry,
        {
            #[inline]
            fn key(self) -> Key {
                Key::Item(self.slice_item())
            }
        }
        impl<R, A, $($generics)*> IndexStep<R, A> for $Entry
        where
            $Entry: SliceStep<R>,
        {
            type Rest = <$Entry as SliceStep<R>>::Out;
            type Arrays = A;
        }
    )* };
}
slices! {
    [I: SliceInt] I;
    [I: SliceInt] Range<I>;
    [I: SliceInt] RangeFrom<I>;
    [I: SliceInt] RangeTo<I>;
    [I: SliceInt] RangeInclusive<I>;
    [I: SliceInt] RangeToInclusive<I>;
    [] RangeFull;
    [] Literal;
    [E: SliceEntry] Stepped<E>;
    [] NewAxis;
    [] Ellipsis;
}

impl IndexEntry for bool {
    #[inline]
    fn key(self) -> Key {
        Key::Bool(self)
    }
}
impl<R: TensorRank, A: Broadcast<1>> IndexStep<R, A> for bool {
    type Rest = R;
    type Arrays = A::Rank;
}

macro_rules! arrays {
    ($($T:ty)*) => { $(
        impl<const M: usize> IndexEntry for &Tensor<$T, M> {
            #[inline]
            fn key(self) -> Key {
                Key::Integers(self.raw.clone())
            }
        }
        impl<R: ReduceRank, A: Broadcast<M>, const M: usize> IndexStep<R, A> for &Tensor<$T, M> {
            type Rest = R::Out;
            type Arrays = A::Rank;
        }
    )* };
}
arrays!(u8 u16 u32 u64 i8 i16 i32 i64);

/// Vectors, slices and arrays of Rust's integers pick as a tensor with one axis does.
macro_rules! lists {
    ($([$($generics:tt)*] $List:ty;)*) => { $(
        impl<$($generics)*> IndexEntry for $List {
            #[inline]
            fn key(self) -> Key {
                Key::Integers(list(&self[..]))
            }
        }
        impl<R: ReduceRank, A: Broadcast<1>, $($generics)*> IndexStep<R, A> for $List {
            type Rest = R::Out;
            type Arrays = A::Rank;
        }
        impl<$($generics)*> IndexKeys for $List {
            type Keys = [Key; 1];
            #[inline]
            fn keys(self) -> [Key; 1] {
                [self.key()]
            }
        }
        impl<R, $($generics)*> IndexFold<R> for $List
        where
            Self: IndexStep<R, Rank<0>>,
        {
            type Rest = <Self as IndexStep<R, Rank<0>>>::Rest;
            type Arrays = <Self as IndexStep<R, Rank<0>>>::Arrays;
        }
    )* };
}
lists! {
    [I: SliceInt] Vec<I>;
    [I: SliceInt] &Vec<I>;
    [I: SliceInt] &[I];
    [I: SliceInt, const K: usize] [I; K];
    [I: SliceInt, const K: usize] &[I; K];
}

impl<const M: usize> IndexEntry for &Tensor<bool, M> {
    #[inline]
    fn key(self) -> Key {
        Key::Mask(self.raw.clone())
    }
}
impl<R: SubtractRank<M>, A: Broadcast<1>, const M: usize> IndexStep<R, A> for &Tensor<bool, M> {
    type Rest = R::Rest;
    type Arrays = A::Rank;
}

/// Integers or a mask: which of them is known at run time.
impl<const M: usize> IndexEntry for &Tensor<Any, M> {
    #[inline]
    fn key(self) -> Key {
        self.raw.clone().into()
    }
}
impl<R, A, const M: usize> IndexStep<R, A> for &Tensor<Any, M> {
    type Rest = Rank<DYN>;
    type Arrays = Rank<DYN>;
}

/// What stands between the brackets: a tuple of entries (`s![…]` makes one), or one tensor.
pub trait IndexKeys {
    #[doc(hidden)]
    type Keys: AsRef<[Key]>;
    #[doc(hidden)]
    fn keys(self) -> Self::Keys;
}

/// The ranks that an index leaves, entry by entry.
#[doc(hidden)]
pub trait IndexFold<R>: IndexKeys {
    type Rest: TensorRank;
    type Arrays;
}

/// What an index makes of a tensor of rank `R`.
#[diagnostic::on_unimplemented(
    message = "this index cannot be taken from a tensor of `{R}`",
    note = "an integer or a tensor of integers takes one axis, a mask as many as it has; there are 0 to 8 axes, or `DYN`"
)]
pub trait Index<R>: IndexKeys {
    /// The rank of what it picks.
    type Out: TensorRank;
}
impl<R, K> Index<R> for K
where
    K: IndexFold<R>,
    K::Rest: AddRank<K::Arrays>,
{
    type Out = <K::Rest as AddRank<K::Arrays>>::Sum;
}

/// Entries that are known at run time only.
impl<'a> IndexKeys for &'a [Key] {
    type Keys = &'a [Key];
    fn keys(self) -> &'a [Key] {
        self
    }
}
impl<R> IndexFold<R> for &[Key] {
    type Rest = Rank<DYN>;
    type Arrays = Rank<0>;
}
impl<T: Dtype, const M: usize> IndexKeys for &Tensor<T, M>
where
    Self: IndexEntry,
{
    type Keys = [Key; 1];
    #[inline]
    fn keys(self) -> [Key; 1] {
        [self.key()]
    }
}
impl<R, T: Dtype, const M: usize> IndexFold<R> for &Tensor<T, M>
where
    Self: IndexStep<R, Rank<0>>,
{
    type Rest = <Self as IndexStep<R, Rank<0>>>::Rest;
    type Arrays = <Self as IndexStep<R, Rank<0>>>::Arrays;
}
impl IndexKeys for () {
    type Keys = [Key; 0];
    fn keys(self) -> [Key; 0] {
        []
    }
}
impl<R: TensorRank> IndexFold<R> for () {
    type Rest = R;
    type Arrays = Rank<0>;
}

macro_rules! tuples {
    ($($n:literal: $($E:ident)*, $Last:ident;)*) => { $(
        impl<$($E: IndexEntry,)* $Last: IndexEntry> IndexKeys for ($($E,)* $Last,) {
            type Keys = [Key; $n];
            #[inline]
            #[allow(non_snake_case)]
            fn keys(self) -> Self::Keys {
                let ($($E,)* $Last,) = self;
                [$($E.key(),)* $Last.key()]
            }
        }
        impl<R, $($E: IndexEntry,)* $Last> IndexFold<R> for ($($E,)* $Last,)
        where
            ($($E,)*): IndexFold<R>,
            $Last: IndexStep<<($($E,)*) as IndexFold<R>>::Rest, <($($E,)*) as IndexFold<R>>::Arrays>,
        {
            type Rest = <$Last as IndexStep<<($($E,)*) as IndexFold<R>>::Rest, <($($E,)*) as IndexFold<R>>::Arrays>>::Rest;
            type Arrays = <$Last as IndexStep<<($($E,)*) as IndexFold<R>>::Rest, <($($E,)*) as IndexFold<R>>::Arrays>>::Arrays;
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
}

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// The elements that an index picks: NumPy's `x[rows, 1:3]`. Entries are those of [`s!`](crate::s), `bool`, references
    /// to tensors of integers or booleans, and vectors, slices and arrays of integers.
    ///
    /// * A tensor of integers picks along one axis; negative ones count from the end. Several broadcast together and pick
    ///   element by element.
    /// * A mask picks where it is true, from as many axes as it has.
    /// * The axes of the tensors together stand where the first of them was, or in front when a slice separates them.
    ///   Integers beside tensors count as tensors without axes.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![[1, 2, 3], [4, 5, 6]];
    /// let (rows, columns) = (tensor![0, 1, 1], tensor![2, 0, -1]);
    /// let picked: Vector<i64> = x.index((&rows, &columns))?;
    /// assert_eq!(picked.to_string(), "[3 4 6]");
    /// let reversed: Matrix<i64> = x.index(s![1.., &columns])?;
    /// assert_eq!(reversed.to_string(), "[[6 4 6]]");
    /// let mask = tensor![true, false, true];
    /// assert_eq!(x.index((.., &mask))?.to_string(), "[[1 3]\n [4 6]]");
    /// assert_eq!(x.index((0, vec![2, 2, 0]))?.to_string(), "[3 3 1]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range, there are more entries than axes, the tensors of integers do not broadcast together,
    /// or a mask does not have the lengths of its axes.
    #[doc(alias = "gather")]
    pub fn index<K: Index<Rank<N>>>(&self, key: K) -> Result<<K::Out as TensorRank>::Of<T>> {
        self.raw.index(key.keys().as_ref()).and_then(typed)
    }

    /// Writes `value`, broadcast, over what an index picks: NumPy's `x[rows, 1:3] = value`. Of equal places the last
    /// stays. Other handles on the tensor keep what they have.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let mut x = Matrix::<f64>::zeros([2, 3]);
    /// x.index_assign((.., &tensor![2, 0]), &tensor![1.0, 2.0])?;
    /// assert_eq!(x.to_string(), "[[2. 0. 1.]\n [2. 0. 1.]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::index`], and when `value` does not broadcast to what it gives.
    #[doc(alias = "index_put")]
    pub fn index_assign(&mut self, key: impl IndexKeys, value: impl AssignValue<T>) -> Result<()> {
        let value = value.raw(self.dtype())?;
        self.unfold_repeats()?;
        let written = self.raw.index_assign(key.keys().as_ref(), &value);
        written.map_err(|e| e.in_op("index_assign"))
    }

    /// Adds `value`, broadcast, to what an index picks; at equal places all of it adds up (NumPy's `np.add.at`).
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let mut counts = Vector::<i64>::zeros([3]);
    /// counts.index_add([2, 0, 2, 2], 1)?;
    /// assert_eq!(counts.to_string(), "[1 0 3]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::index_assign`].
    #[doc(alias = "add_at")]
    #[doc(alias = "index_put")]
    pub fn index_add(&mut self, key: impl IndexKeys, value: impl AssignValue<T>) -> Result<()> {
        let value = value.raw(self.dtype())?;
        self.unfold_repeats()?;
        let written = self.raw.index_accumulate(key.keys().as_ref(), &value);
        written.map_err(|e| e.in_op("index_add"))
    }
}
