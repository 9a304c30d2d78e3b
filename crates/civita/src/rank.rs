//! Arithmetic of ranks at compile time: which tensor a function returns.
//!
//! Programs rarely name these traits: the compiler picks the impl. A function that is generic over ranks names the one
//! that its own calls need:
//!
//! ```
//! use civita::prelude::*;
//! use civita::rank::{ExpandRank, Expanded, Rank};
//!
//! fn twice<T: Element, const N: usize>(x: &Tensor<T, N>) -> civita::Result<Expanded<T, N>>
//! where
//!     Rank<N>: ExpandRank,
//! {
//!     civita::stack(&[x, x], 0)
//! }
//! # fn main() -> civita::Result<()> {
//! let pair: Matrix<i64> = twice(&tensor![1, 2])?;
//! assert_eq!(pair.shape(), [2, 2]);
//! # Ok(())
//! # }
//! ```
//!
//! Stable Rust has no `{N + 1}` in types, so the rules are tables of impls, made by macros for ranks 0 to 8 and [`DYN`].
//! Their result is a tensor type, which keeps most bounds out of the signatures of users.

use std::ops::RangeFull;

use civita_core::dtype::Scalar;
use civita_core::functions::Number;
use civita_core::layout::Axes as Named;
use civita_core::raw::Raw;

use crate::{AnyNumber, DYN, Dtype, FromRaw, Result, SliceInt, Tensor};

/// A rank as a type.
#[derive(Clone, Copy, Debug)]
pub struct Rank<const N: usize>;

/// [`Rank<N>`], whatever `N` is: leads to the tensors of that rank.
pub trait TensorRank {
    /// The tensor of this rank that holds `T`.
    type Of<T: Dtype>: FromRaw + crate::autograd::Tensors;
}
impl<const N: usize> TensorRank for Rank<N> {
    type Of<T: Dtype> = Tensor<T, N>;
}

/// Which ranks broadcast together, and to what: the larger one.
///
/// The same rank is a blanket impl, so generic functions over one rank need no `where`. Over two unknown ranks, use
/// [`DYN`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not broadcast with rank {M}",
    note = "static ranks are 0 to 8; use `Tensor<T, DYN>` beyond, and in code that is generic over two ranks"
)]
pub trait Broadcast<const M: usize> {
    /// The rank of the result.
    type Rank: TensorRank;
    /// The result.
    type Out<T: Dtype>: FromRaw;
}
impl<const N: usize> Broadcast<N> for Rank<N> {
    type Rank = Rank<N>;
    type Out<T: Dtype> = Tensor<T, N>;
}

/// The tensor of `T` to which ranks `N` and `M` broadcast.
pub type Broadcasted<T, const N: usize, const M: usize> = <Rank<N> as Broadcast<M>>::Out<T>;

macro_rules! broadcast {
    ($($n:literal: $($m:expr),*;)*) => { $($(
        impl Broadcast<{ $m }> for Rank<{ $n }> {
            type Rank = Rank<{ $m }>;
            type Out<T: Dtype> = Tensor<T, { $m }>;
        }
        impl Broadcast<{ $n }> for Rank<{ $m }> {
            type Rank = Rank<{ $m }>;
            type Out<T: Dtype> = Tensor<T, { $m }>;
        }
    )*)* };
}
broadcast! {
    0: 1, 2, 3, 4, 5, 6, 7, 8, DYN;
    1: 2, 3, 4, 5, 6, 7, 8, DYN;
    2: 3, 4, 5, 6, 7, 8, DYN;
    3: 4, 5, 6, 7, 8, DYN;
    4: 5, 6, 7, 8, DYN;
    5: 6, 7, 8, DYN;
    6: 7, 8, DYN;
    7: 8, DYN;
    8: DYN;
}

/// What `x.over(…)` takes: an axis, an array, tuple or slice of axes, or `..` for all.
///
/// Axes are of any integer type; negative ones count from the end. One impl serves all of them, so that the rank of a result is
/// known before the type of a literal is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no axes",
    note = "axes are integers: `over(0)`, `over([0, -1])`, a slice `over(&list[..])`, or `over(..)` for all"
)]
pub trait AxisArg {
    /// A list of axes.
    #[doc(hidden)]
    type List: AsRef<[isize]>;
    /// As the engine takes them.
    fn axes(&self) -> AxisList<Self::List>;
}
/// Axes as the engine takes them: some, or all.
#[derive(Clone, Copy, Debug)]
pub struct AxisList<L>(Option<L>);
impl<L: AsRef<[isize]>> AxisList<L> {
    /// The axes by their numbers.
    #[inline]
    pub fn named(&self) -> Named<'_> {
        match &self.0 {
            Some(list) => Named::List(list.as_ref()),
            None => Named::All,
        }
    }
}
impl<I: SliceInt> AxisArg for I {
    type List = [isize; 1];
    #[inline]
    fn axes(&self) -> AxisList<[isize; 1]> {
        AxisList(Some([self.to_isize()]))
    }
}
impl<I: SliceInt, const K: usize> AxisArg for [I; K] {
    type List = [isize; K];
    #[inline]
    fn axes(&self) -> AxisList<[isize; K]> {
        AxisList(Some(self.map(I::to_isize)))
    }
}
impl<I: SliceInt> AxisArg for &[I] {
    type List = Vec<isize>;
    fn axes(&self) -> AxisList<Vec<isize>> {
        AxisList(Some(self.iter().map(|axis| axis.to_isize()).collect()))
    }
}
impl AxisArg for RangeFull {
    type List = [isize; 0];
    #[inline]
    fn axes(&self) -> AxisList<[isize; 0]> {
        AxisList(None)
    }
}

/// `over((0, -1))`, as NumPy has tuples of axes.
macro_rules! axis_tuples {
    ($($k:literal: $($I:ident $i:tt)*;)*) => { $(
        impl<$($I: SliceInt),*> AxisArg for ($($I,)*) {
            type List = [isize; $k];
            #[inline]
            fn axes(&self) -> AxisList<[isize; $k]> {
                AxisList(Some([$(self.$i.to_isize()),*]))
            }
        }
        impl<$($I: SliceInt,)* const N: usize> Axes<N> for ($($I,)*)
        where
            [isize; $k]: Axes<N>,
        {
            type Out<T: Dtype> = <[isize; $k] as Axes<N>>::Out<T>;
        }
    )* };
}
axis_tuples! {
    2: I 0 J 1;
    3: I 0 J 1 K 2;
    4: I 0 J 1 K 2 L 3;
}

/// The rank that is left after axes go: one axis lowers it by one, `K` axes by `K`; it is [`DYN`] after a slice of axes.
#[diagnostic::on_unimplemented(
    message = "a tensor of rank {N} has not as many axes as `{Self}` names",
    note = "with `.keepdims()` the rank stays"
)]
pub trait Axes<const N: usize>: AxisArg {
    /// The result.
    type Out<T: Dtype>: FromRaw;
}
/// What quantiles are asked for of which the result is `R`: one number, or several, which become an axis in front.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number and no list of numbers",
    note = "`0.5`, `[0.25, 0.75]`, `[25, 75]`, `&[f64]`, `Vec<f64>`, `&Vector<f64>`"
)]
pub trait Fractions<R> {
    /// The result.
    type Out: FromRaw;
    /// The numbers, for the engine.
    #[doc(hidden)]
    fn numbers(self) -> Result<Number>;
}
impl<F: AnyNumber, R: FromRaw> Fractions<R> for F {
    type Out = R;
    fn numbers(self) -> Result<Number> {
        Ok(Number::Scalar(Scalar::Float(self.to_f64())))
    }
}
/// Percentages are integers as often as floats.
fn all_numbers<F: AnyNumber>(all: &[F]) -> Result<Raw> {
    let all: Vec<f64> = all.iter().map(|q| q.to_f64()).collect();
    let n = all.len();
    Raw::from_vec(all, &[n])
}
macro_rules! fractions {
    ($([$($generics:tt)*] $Q:ty: $all:ident => $raw:expr;)*) => { $(
        impl<T: Dtype, const N: usize, $($generics)*> Fractions<Tensor<T, N>> for $Q
        where
            Rank<N>: ExpandRank,
        {
            type Out = Expanded<T, N>;
            fn numbers(self) -> Result<Number> {
                let $all = self;
                Ok(Number::Array($raw))
            }
        }
    )* };
}
fractions! {
    [F: AnyNumber, const K: usize] [F; K]: all => all_numbers(&all)?;
    [F: AnyNumber, const K: usize] &[F; K]: all => all_numbers(all)?;
    [F: AnyNumber] &Vec<F>: all => all_numbers(all)?;
    [F: AnyNumber] &[F]: all => all_numbers(all)?;
    [F: AnyNumber] Vec<F>: all => all_numbers(&all)?;
    [] &Tensor<f64, 1>: all => all.raw.clone();
}

impl<const N: usize> Axes<N> for RangeFull {
    type Out<T: Dtype> = Tensor<T, 0>;
}
impl<I: SliceInt, const N: usize> Axes<N> for &[I] {
    type Out<T: Dtype> = Tensor<T, DYN>;
}
impl<I: SliceInt, const N: usize> Axes<N> for I
where
    Rank<N>: ReduceRank,
{
    type Out<T: Dtype> = Reduced<T, N>;
}

macro_rules! axes {
    ($($k:literal: $($n:expr => $m:expr),*;)*) => { $($(
        impl<I: SliceInt> Axes<{ $n }> for [I; $k] {
            type Out<T: Dtype> = Tensor<T, { $m }>;
        }
    )*)* };
}
axes! {
    0: 0 => 0, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    1: 1 => 0, 2 => 1, 3 => 2, 4 => 3, 5 => 4, 6 => 5, 7 => 6, 8 => 7, DYN => DYN;
    2: 2 => 0, 3 => 1, 4 => 2, 5 => 3, 6 => 4, 7 => 5, 8 => 6, DYN => DYN;
    3: 3 => 0, 4 => 1, 5 => 2, 6 => 3, 7 => 4, 8 => 5, DYN => DYN;
    4: 4 => 0, 5 => 1, 6 => 2, 7 => 3, 8 => 4, DYN => DYN;
    5: 5 => 0, 6 => 1, 7 => 2, 8 => 3, DYN => DYN;
    6: 6 => 0, 7 => 1, 8 => 2, DYN => DYN;
    7: 7 => 0, 8 => 1, DYN => DYN;
    8: 8 => 0, DYN => DYN;
}

/// The rank of a matrix product: a vector's axis leaves the result, the other axes broadcast.
#[diagnostic::on_unimplemented(
    message = "there is no matrix product of `{Self}` and rank {M}",
    note = "both operands need an axis: ranks are 1 to 8, or `DYN`"
)]
pub trait MatmulRank<const M: usize> {
    /// The rank of the result.
    type Rank: TensorRank;
    /// The result.
    type Out<T: Dtype>: FromRaw;
}
macro_rules! matmul_ranks {
    ($($n:expr, $($m:expr => $out:expr),*;)*) => { $($(
        impl MatmulRank<{ $m }> for Rank<{ $n }> {
            type Rank = Rank<{ $out }>;
            type Out<T: Dtype> = Tensor<T, { $out }>;
        }
    )*)* };
}
matmul_ranks! {
    1, 1 => 0, 2 => 1, 3 => 2, 4 => 3, 5 => 4, 6 => 5, 7 => 6, 8 => 7, DYN => DYN;
    2, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    3, 1 => 2, 2 => 3, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    4, 1 => 3, 2 => 4, 3 => 4, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    5, 1 => 4, 2 => 5, 3 => 5, 4 => 5, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    6, 1 => 5, 2 => 6, 3 => 6, 4 => 6, 5 => 6, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    7, 1 => 6, 2 => 7, 3 => 7, 4 => 7, 5 => 7, 6 => 7, 7 => 7, 8 => 8, DYN => DYN;
    8, 1 => 7, 2 => 8, 3 => 8, 4 => 8, 5 => 8, 6 => 8, 7 => 8, 8 => 8, DYN => DYN;
    DYN, 1 => DYN, 2 => DYN, 3 => DYN, 4 => DYN, 5 => DYN, 6 => DYN, 7 => DYN, 8 => DYN, DYN => DYN;
}

/// One axis more: `stack`, `one_hot`, `s![NewAxis]`.
#[diagnostic::on_unimplemented(
    message = "the rank of `{Self}` would exceed the largest static rank",
    note = "static ranks are 0 to 8; `.to_dyn()` goes beyond"
)]
pub trait ExpandRank: TensorRank {
    /// That rank.
    type Out: TensorRank;
}
/// One axis less: `s![0]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no axis that could go",
    note = "an integer as an axis or between the brackets of an index takes an axis away; a range keeps it, and so does `.keepdims()`"
)]
pub trait ReduceRank: TensorRank {
    /// That rank.
    type Out: TensorRank;
}
macro_rules! neighbours {
    ($($n:expr => $m:expr),*) => { $(
        impl ExpandRank for Rank<{ $n }> {
            type Out = Rank<{ $m }>;
        }
        impl ReduceRank for Rank<{ $m }> {
            type Out = Rank<{ $n }>;
        }
    )* };
}
neighbours!(0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8, DYN => DYN);

/// The tensor of `T` with one axis more than `N`.
pub type Expanded<T, const N: usize> = <<Rank<N> as ExpandRank>::Out as TensorRank>::Of<T>;

/// The tensor of `T` with one axis less than `N`.
pub type Reduced<T, const N: usize> = <<Rank<N> as ReduceRank>::Out as TensorRank>::Of<T>;

/// The ranks of one number: 0, and [`DYN`], where the shape is looked at when it runs.
#[diagnostic::on_unimplemented(
    message = "a gradient is of one number, not of a tensor that is `{Self}`",
    note = "reduce the result, for example by `.sum()`; or take `jacrev`"
)]
pub trait ScalarRank {}
impl ScalarRank for Rank<0> {}
impl ScalarRank for Rank<DYN> {}

/// The rank of a Jacobian: the axes of both, so `N + M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` and {M} more axes are more than 8",
    note = "static ranks are 0 to 8; use `DYN` ranks beyond"
)]
pub trait JacobianRank<const M: usize> {
    /// That rank.
    type Out: TensorRank;
}
macro_rules! jacobian_ranks {
    ($($n:expr, $($m:expr => $out:expr),*;)*) => { $($(
        impl JacobianRank<{ $m }> for Rank<{ $n }> {
            type Out = Rank<{ $out }>;
        }
    )*)* };
}
jacobian_ranks! {
    0, 0 => 0, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    1, 0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8, DYN => DYN;
    2, 0 => 2, 1 => 3, 2 => 4, 3 => 5, 4 => 6, 5 => 7, 6 => 8, DYN => DYN;
    3, 0 => 3, 1 => 4, 2 => 5, 3 => 6, 4 => 7, 5 => 8, DYN => DYN;
    4, 0 => 4, 1 => 5, 2 => 6, 3 => 7, 4 => 8, DYN => DYN;
    5, 0 => 5, 1 => 6, 2 => 7, 3 => 8, DYN => DYN;
    6, 0 => 6, 1 => 7, 2 => 8, DYN => DYN;
    7, 0 => 7, 1 => 8, DYN => DYN;
    8, 0 => 8, DYN => DYN;
    DYN, 0 => DYN, 1 => DYN, 2 => DYN, 3 => DYN, 4 => DYN, 5 => DYN, 6 => DYN, 7 => DYN, 8 => DYN, DYN => DYN;
}

/// The tensor of `T` with `N` and then `M` axes.
pub type JacobianOf<T, const N: usize, const M: usize> =
    <<Rank<N> as JacobianRank<M>>::Out as TensorRank>::Of<T>;

/// The rank of `take`: the axis is replaced by the axes of the indices, so `N + M - 1`.
#[diagnostic::on_unimplemented(
    message = "rank {M} indices do not fit into `{Self}`",
    note = "use `DYN` ranks"
)]
pub trait TakeRank<const M: usize> {
    /// The result.
    type Out<T: Dtype>: FromRaw;
}
macro_rules! take_ranks {
    ($($n:expr, $($m:expr => $out:expr),*;)*) => { $($(
        impl TakeRank<{ $m }> for Rank<{ $n }> {
            type Out<T: Dtype> = Tensor<T, { $out }>;
        }
    )*)* };
}
take_ranks! {
    1, 0 => 0, 1 => 1, 2 => 2, 3 => 3, 4 => 4, DYN => DYN;
    2, 0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, DYN => DYN;
    3, 0 => 2, 1 => 3, 2 => 4, 3 => 5, 4 => 6, DYN => DYN;
    4, 0 => 3, 1 => 4, 2 => 5, 3 => 6, 4 => 7, DYN => DYN;
    5, 0 => 4, 1 => 5, 2 => 6, 3 => 7, 4 => 8, DYN => DYN;
    6, 0 => 5, 1 => 6, 2 => 7, 3 => 8, DYN => DYN;
    7, 0 => 6, 1 => 7, 2 => 8, DYN => DYN;
    8, 0 => 7, 1 => 8, DYN => DYN;
    DYN, 0 => DYN, 1 => DYN, 2 => DYN, 3 => DYN, 4 => DYN, DYN => DYN;
}

/// The rank of `x.select(mask)`: the axes that the mask covers become one, so `N - M + 1`.
#[diagnostic::on_unimplemented(
    message = "a mask of rank {M} covers more axes than `{Self}` has",
    note = "a mask covers the leading axes"
)]
pub trait MaskRank<const M: usize> {
    /// The result.
    type Out<T: Dtype>: FromRaw;
}
macro_rules! mask_ranks {
    ($($n:expr, $($m:expr => $out:expr),*;)*) => { $($(
        impl MaskRank<{ $m }> for Rank<{ $n }> {
            type Out<T: Dtype> = Tensor<T, { $out }>;
        }
    )*)* };
}
mask_ranks! {
    0, 0 => 1, DYN => DYN;
    1, 0 => 2, 1 => 1, DYN => DYN;
    2, 0 => 3, 1 => 2, 2 => 1, DYN => DYN;
    3, 0 => 4, 1 => 3, 2 => 2, 3 => 1, DYN => DYN;
    4, 0 => 5, 1 => 4, 2 => 3, 3 => 2, 4 => 1, DYN => DYN;
    5, 0 => 6, 1 => 5, 2 => 4, 3 => 3, 4 => 2, 5 => 1, DYN => DYN;
    6, 0 => 7, 1 => 6, 2 => 5, 3 => 4, 4 => 3, 5 => 2, 6 => 1, DYN => DYN;
    7, 0 => 8, 1 => 7, 2 => 6, 3 => 5, 4 => 4, 5 => 3, 6 => 2, 7 => 1, DYN => DYN;
    8, 1 => 8, 2 => 7, 3 => 6, 4 => 5, 5 => 4, 6 => 3, 7 => 2, 8 => 1, DYN => DYN;
    DYN, 0 => DYN, 1 => DYN, 2 => DYN, 3 => DYN, 4 => DYN, 5 => DYN, 6 => DYN, 7 => DYN, 8 => DYN, DYN => DYN;
}

/// The rank of a sum over the last axis of one tensor and an axis of another, as in `dot` and `inner`: `N + M - 2`.
pub trait DotRank<const M: usize> {
    /// The result.
    type Out<T: Dtype>: FromRaw;
}
impl<const N: usize, const M: usize> DotRank<M> for Rank<N>
where
    Rank<N>: ReduceRank,
    Rank<M>: ReduceRank,
    <Rank<N> as ReduceRank>::Out: AddRank<<Rank<M> as ReduceRank>::Out>,
{
    type Out<T: Dtype> =
        <<<Rank<N> as ReduceRank>::Out as AddRank<<Rank<M> as ReduceRank>::Out>>::Sum as TensorRank>::Of<T>;
}

/// One tensor for each axis, as `nonzero` and `meshgrid` return them: an array where the rank is known, so that
/// `let [rows, columns] = np::nonzero(&x)?;` takes it apart; of rank [`DYN`] a vector.
pub trait PerAxis {
    /// So many of `X`.
    type Of<X>;
    #[doc(hidden)]
    fn wrapped<X: FromRaw>(all: Vec<Raw>) -> Result<Self::Of<X>>;
}
impl PerAxis for Rank<DYN> {
    type Of<X> = Vec<X>;
    fn wrapped<X: FromRaw>(all: Vec<Raw>) -> Result<Vec<X>> {
        all.into_iter().map(typed).collect()
    }
}
macro_rules! per_axis {
    ($($n:literal)*) => { $(
        impl PerAxis for Rank<$n> {
            type Of<X> = [X; $n];
            fn wrapped<X: FromRaw>(all: Vec<Raw>) -> Result<[X; $n]> {
                wrap_array(all)
            }
        }
    )* };
}
per_axis!(0 1 2 3 4 5 6 7 8);

/// The rank of what [`einsum!`](crate::einsum) returns, from its subscripts: as many labels as stand behind `->`, or without
/// it stand in the text once. [`DYN`] where the result has `...`.
#[doc(hidden)]
pub const fn of_subscripts(text: &str) -> usize {
    let text = text.as_bytes();
    let mut arrow = 0;
    while arrow < text.len() && text[arrow] != b'>' {
        arrow += 1;
    }
    let explicit = arrow < text.len();
    let mut rank = 0;
    let mut at = if explicit { arrow } else { 0 };
    while at < text.len() {
        let label = text[at];
        if label == b'.' {
            return DYN;
        }
        if label.is_ascii_alphabetic() && (explicit || count(text, label) == 1) {
            rank += 1;
        }
        at += 1;
    }
    rank
}
const fn count(text: &[u8], label: u8) -> usize {
    let (mut n, mut at) = (0, 0);
    while at < text.len() {
        n += (text[at] == label) as usize;
        at += 1;
    }
    n
}

/// The sum of two ranks: `x.index((&rows, ..))`, whose axes are those that are left and those of the arrays.
#[diagnostic::on_unimplemented(
    message = "`{Self}` and `{A}` together are more axes than a static rank has",
    note = "static ranks are 0 to 8; `.to_dyn()` goes beyond"
)]
pub trait AddRank<A> {
    /// That rank.
    type Sum: TensorRank;
}
macro_rules! add_ranks {
    ($($n:literal: $($m:literal => $sum:literal),*;)*) => { $(
        $(impl AddRank<Rank<$m>> for Rank<$n> {
            type Sum = Rank<$sum>;
        })*
        impl AddRank<Rank<DYN>> for Rank<$n> {
            type Sum = Rank<DYN>;
        }
    )* };
}
add_ranks! {
    0: 0 => 0, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8;
    1: 0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8;
    2: 0 => 2, 1 => 3, 2 => 4, 3 => 5, 4 => 6, 5 => 7, 6 => 8;
    3: 0 => 3, 1 => 4, 2 => 5, 3 => 6, 4 => 7, 5 => 8;
    4: 0 => 4, 1 => 5, 2 => 6, 3 => 7, 4 => 8;
    5: 0 => 5, 1 => 6, 2 => 7, 3 => 8;
    6: 0 => 6, 1 => 7, 2 => 8;
    7: 0 => 7, 1 => 8;
    8: 0 => 8;
}
impl<const M: usize> AddRank<Rank<M>> for Rank<DYN> {
    type Sum = Rank<DYN>;
}

/// The axes that a mask of rank `M` leaves: `N - M`.
#[diagnostic::on_unimplemented(
    message = "a mask of rank {M} covers more axes than the `{Self}` that is left",
    note = "a mask has the lengths of the axes that it replaces"
)]
pub trait SubtractRank<const M: usize> {
    /// That rank.
    type Rest: TensorRank;
}
macro_rules! subtract_ranks {
    ($($n:expr, $($m:expr => $rest:expr),*;)*) => { $($(
        impl SubtractRank<{ $m }> for Rank<{ $n }> {
            type Rest = Rank<{ $rest }>;
        }
    )*)* };
}
subtract_ranks! {
    0, 0 => 0, DYN => DYN;
    1, 0 => 1, 1 => 0, DYN => DYN;
    2, 0 => 2, 1 => 1, 2 => 0, DYN => DYN;
    3, 0 => 3, 1 => 2, 2 => 1, 3 => 0, DYN => DYN;
    4, 0 => 4, 1 => 3, 2 => 2, 3 => 1, 4 => 0, DYN => DYN;
    5, 0 => 5, 1 => 4, 2 => 3, 3 => 2, 4 => 1, 5 => 0, DYN => DYN;
    6, 0 => 6, 1 => 5, 2 => 4, 3 => 3, 4 => 2, 5 => 1, 6 => 0, DYN => DYN;
    7, 0 => 7, 1 => 6, 2 => 5, 3 => 4, 4 => 3, 5 => 2, 6 => 1, 7 => 0, DYN => DYN;
    8, 0 => 8, 1 => 7, 2 => 6, 3 => 5, 4 => 4, 5 => 3, 6 => 2, 7 => 1, 8 => 0, DYN => DYN;
    DYN, 0 => DYN, 1 => DYN, 2 => DYN, 3 => DYN, 4 => DYN, 5 => DYN, 6 => DYN, 7 => DYN, 8 => DYN, DYN => DYN;
}

/// Wraps as many tensors as the engine made.
pub(crate) fn wrap_array<X: FromRaw, const K: usize>(all: Vec<Raw>) -> Result<[X; K]> {
    let all = all.into_iter().map(typed).collect::<Result<Vec<X>>>()?;
    <[X; K]>::try_from(all)
        .map_err(|all| crate::Error::value("np", format!("{} tensors, and not {K}", all.len())))
}

/// Wraps what the engine made, where that depends on more than types: a function that makes a vector of an array without axes
/// makes one of a `Tensor<T, 0>` too, which its type cannot say.
#[inline]
pub(crate) fn typed<X: FromRaw>(raw: Raw) -> Result<X> {
    X::typed(raw)
}

/// Wraps what the engine made.
#[inline]
pub(crate) fn wrap<X: FromRaw>(raw: Raw) -> X {
    X::wrap(raw)
}
