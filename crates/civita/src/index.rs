//! Elements picked by index or by mask, and tensors joined.

use std::borrow::Cow;
use std::ops::Range;

use civita_core::dtype::{DType, Scalar as Value};
use civita_core::raw::{Mode, Operand, Raw};
use civita_core::storage::Access;

use crate::error::OrRaise;
use crate::rank::{ExpandRank, Expanded, MaskRank, Rank, ReduceRank, Reduced, TakeRank, typed};
use crate::{
    Boolean, Dtype, Element, FromRaw, Result, Rhs, SameDtype, Scalar, SliceInt, TakesScalar, Tensor,
};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// A tensor is a value: where an element of memory stands for several, as after broadcasting, each gets its own before one
    /// of them is written.
    pub(crate) fn unfold_repeats(&mut self) -> Result<()> {
        if self.raw.layout().has_internal_overlap() && self.raw.storage().access() == Access::Owned
        {
            self.raw = self.raw.copied()?;
        }
        Ok(())
    }

    /// The elements at `indices` along an axis: NumPy's `x[:, indices]` for axis 1. Negative ones count from the end. The
    /// axes of the indices replace the axis.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1, 2, 3], [4, 5, 6]];
    /// assert_eq!(x.take(&tensor![-1, 0], 1)?.to_string(), "[[3 1]\n [6 4]]");
    /// let places: Vec<usize> = vec![1, 1];
    /// assert_eq!(x.take(&places, 0)?.to_string(), "[[4 5 6]\n [4 5 6]]");
    /// assert_eq!(x.take(1..3, 1)?.to_string(), "[[2 3]\n [5 6]]");
    /// assert_eq!(x.take(0, 0)?, [1, 2, 3]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or the axis does not exist.
    #[doc(alias = "index_select")]
    pub fn take<I: Indices<N>>(&self, indices: I, axis: impl SliceInt) -> Result<I::Out<T>> {
        let indices = indices.raw();
        self.raw
            .take(&indices, axis.to_isize(), Mode::Raise)
            .and_then(typed)
    }

    /// The elements where a mask is true, in C order: NumPy's `x[mask]`. The mask covers the leading axes, which become
    /// one.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![1.0, -2.0, 3.0];
    /// assert_eq!(x.select(&x.gt(0.0)?)?.to_string(), "[1. 3.]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape of the mask is not that of the leading axes.
    #[doc(alias = "masked_select")]
    pub fn select<B: Boolean, const M: usize>(
        &self,
        mask: &Tensor<B, M>,
    ) -> Result<<Rank<N> as MaskRank<M>>::Out<T>>
    where
        Rank<N>: MaskRank<M>,
    {
        self.raw.select(&mask.raw).and_then(typed)
    }

    /// Writes `source` where a mask is true: NumPy's `x[mask] = source`. `source` is a tensor, which broadcasts to what
    /// `x.select(mask)` would be, or a number.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let mut x = tensor![1.0, -2.0, 3.0];
    /// x.assign_where(&x.lt(0.0)?, 0.0)?;
    /// assert_eq!(x.to_string(), "[1. 0. 3.]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape of the mask is not that of the leading axes, or `source` does not broadcast.
    #[doc(alias = "masked_fill")]
    pub fn assign_where<B: Boolean, const M: usize>(
        &mut self,
        mask: &Tensor<B, M>,
        source: impl AssignValue<T>,
    ) -> Result<()> {
        let source = source.raw(self.dtype())?;
        self.unfold_repeats()?;
        self.raw.assign_where(&mask.raw, &source)
    }

    /// Where each index is, in a new last axis of this length: 1, and 0 elsewhere.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x: Matrix<f32> = tensor![0, 2].one_hot(3)?;
    /// assert_eq!(x.to_string(), "[[1. 0. 0.]\n [0. 0. 1.]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is not an integer from 0 to `depth - 1`.
    pub fn one_hot<U: Element>(&self, depth: usize) -> Result<Expanded<U, N>>
    where
        Rank<N>: ExpandRank,
    {
        self.raw.one_hot(depth, U::DTYPE).and_then(typed)
    }

    /// The running sum along an axis. Integers and booleans are summed in 64 bits.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2, 3].cumsum(0)?.to_string(), "[1 3 6]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn cumsum(&self, axis: impl SliceInt) -> Result<Tensor<T::Sum, N>> {
        self.raw.cumsum(Some(axis.to_isize()), None).and_then(typed)
    }

    /// `e^x / Σ e^x` along an axis, without overflow: positive numbers whose sum is 1.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![0.0, 0.0, 1000.0].softmax(-1)?.to_string(), "[0. 0. 1.]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn softmax(&self, axis: impl SliceInt) -> Result<Tensor<T::Float, N>> {
        self.raw.softmax(axis.to_isize()).and_then(typed)
    }
}

/// What is written over a part of a tensor of `T`: a tensor of the same element type, which broadcasts, or a number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written into a tensor of `{T}`",
    note = "what is written is a tensor of the same element type, or a number",
    note = "convert first with `.cast::<…>()`"
)]
pub trait AssignValue<T> {
    #[doc(hidden)]
    fn raw(&self, dtype: DType) -> Result<Cow<'_, Raw>>;
}
impl<T: SameDtype<U>, U: Dtype, const M: usize> AssignValue<T> for &Tensor<U, M> {
    #[inline]
    fn raw(&self, _: DType) -> Result<Cow<'_, Raw>> {
        Ok(Cow::Borrowed(&self.raw))
    }
}
impl<T: SameDtype<U>, U: Dtype, const M: usize> AssignValue<T> for Tensor<U, M> {
    #[inline]
    fn raw(&self, _: DType) -> Result<Cow<'_, Raw>> {
        Ok(Cow::Borrowed(&self.raw))
    }
}
impl<T: TakesScalar<S>, S: Scalar> AssignValue<T> for S {
    #[inline]
    fn raw(&self, dtype: DType) -> Result<Cow<'_, Raw>> {
        Raw::scalar(self.into_scalar(), dtype).map(Cow::Owned)
    }
}

/// Indices along an axis of a tensor of rank `N`: a tensor of integers, a vector, slice, array or range of Rust's, or one integer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no indices into a tensor of rank {N}",
    note = "indices are a borrowed tensor of integers, a vector, slice, array or range of integers, or one integer"
)]
pub trait Indices<const N: usize> {
    /// What they pick.
    type Out<T: Dtype>: FromRaw;
    #[doc(hidden)]
    fn raw(&self) -> Cow<'_, Raw>;
}
impl<I: Dtype, const N: usize, const M: usize> Indices<N> for &Tensor<I, M>
where
    Rank<N>: TakeRank<M>,
{
    type Out<T: Dtype> = <Rank<N> as TakeRank<M>>::Out<T>;
    #[inline]
    fn raw(&self) -> Cow<'_, Raw> {
        Cow::Borrowed(&self.raw)
    }
}
macro_rules! lists {
    ($([$($generics:tt)*] $List:ty;)*) => { $(
        impl<$($generics)*, const N: usize> Indices<N> for $List
        where
            Rank<N>: TakeRank<1>,
        {
            type Out<T: Dtype> = <Rank<N> as TakeRank<1>>::Out<T>;
            #[track_caller]
            fn raw(&self) -> Cow<'_, Raw> {
                Cow::Owned(list(&self[..]))
            }
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
/// One index takes the axis away.
impl<I: SliceInt, const N: usize> Indices<N> for I
where
    Rank<N>: ReduceRank,
{
    type Out<T: Dtype> = Reduced<T, N>;
    #[track_caller]
    fn raw(&self) -> Cow<'_, Raw> {
        Cow::Owned(Raw::scalar(Value::Int(self.to_isize() as i128), DType::I64).or_raise())
    }
}
impl<I: SliceInt, const N: usize> Indices<N> for Range<I>
where
    Rank<N>: TakeRank<1>,
{
    type Out<T: Dtype> = <Rank<N> as TakeRank<1>>::Out<T>;
    #[track_caller]
    fn raw(&self) -> Cow<'_, Raw> {
        let [start, stop] = [self.start, self.end].map(|i| Value::Int(i.to_isize() as i128));
        Cow::Owned(Raw::arange(start, stop, Value::Int(1), DType::I64).or_raise())
    }
}

/// Rust's integers as the engine takes indices.
#[track_caller]
pub(crate) fn list<I: SliceInt>(indices: &[I]) -> Raw {
    let indices: Vec<i64> = indices.iter().map(|i| i.to_isize() as i64).collect();
    let n = indices.len();
    Raw::from_vec(indices, &[n]).or_raise()
}

/// A tensor of one element type and rank, borrowed or owned: what [`concatenate`] and [`stack`] join, and the right operand of
/// [`Tensor::matmul`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tensor of `{T}` and rank {N}",
    note = "both operands have one element type: convert one side with `.cast::<…>()`"
)]
pub trait AsTensor<T, const N: usize> {
    #[doc(hidden)]
    fn raw(&self) -> &Raw;
}
impl<T: Dtype, const N: usize> AsTensor<T, N> for Tensor<T, N> {
    fn raw(&self) -> &Raw {
        &self.raw
    }
}
impl<T, const N: usize, P: AsTensor<T, N>> AsTensor<T, N> for &P {
    fn raw(&self) -> &Raw {
        (**self).raw()
    }
}

/// Tensors of one type and rank to be joined: an array, a slice or a vector of them, borrowed or owned, or a tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no tensors that can be joined",
    note = "tensors of one element type and one rank: `&[&a, &b]`, `(&a, &b)`, `&all` of a `Vec` of tensors",
    note = "convert with `.cast::<…>()`, or give a tensor another axis with `.expand_dims(0)?`"
)]
pub trait Parts<T, const N: usize> {
    #[doc(hidden)]
    fn parts(&self) -> Vec<&Raw>;
}
macro_rules! parts {
    ($([$($generics:tt)*] $List:ty;)*) => { $(
        impl<T, P: AsTensor<T, N>, const N: usize, $($generics)*> Parts<T, N> for $List {
            fn parts(&self) -> Vec<&Raw> {
                self.iter().map(AsTensor::raw).collect()
            }
        }
    )* };
    (tuples $(($($P:ident $i:tt),*))*) => { $(
        /// As NumPy has tuples of arrays.
        impl<T, const N: usize, $($P: AsTensor<T, N>),*> Parts<T, N> for ($($P,)*) {
            fn parts(&self) -> Vec<&Raw> {
                vec![$(self.$i.raw()),*]
            }
        }
    )* };
}
parts! {
    [const K: usize] [P; K];
    [const K: usize] &[P; K];
    [] &[P];
    [] Vec<P>;
    [] &Vec<P>;
}
parts!(tuples(A 0, B 1)(A 0, B 1, C 2)(A 0, B 1, C 2, D 3));

/// Joins tensors along an axis that they have; their other lengths are equal. The tensors may be owned, too:
/// `concatenate(&parts, 0)` of a `Vec<Tensor<_, _>>`, and `(&a, &b)` are two.
///
/// ```
/// use civita::prelude::*;
///
/// let (a, b) = (tensor![[1, 2]], tensor![[3, 4], [5, 6]]);
/// assert_eq!(civita::concatenate([&a, &b], 0)?.to_string(), "[[1 2]\n [3 4]\n [5 6]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are none, the axis is missing, or other lengths differ.
#[doc(alias = "cat")]
pub fn concatenate<T: Dtype, const N: usize>(
    parts: impl Parts<T, N>,
    axis: impl SliceInt,
) -> Result<Tensor<T, N>> {
    Raw::concatenate(&parts.parts(), axis.to_isize()).and_then(typed)
}

/// Joins tensors of one shape along a new axis, at this place of the result.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(civita::stack([&tensor![1, 2], &tensor![3, 4]], 0)?.to_string(), "[[1 2]\n [3 4]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are none, or their shapes differ.
pub fn stack<T: Dtype, const N: usize>(
    parts: impl Parts<T, N>,
    axis: impl SliceInt,
) -> Result<Expanded<T, N>>
where
    Rank<N>: ExpandRank,
{
    Raw::stack(&parts.parts(), axis.to_isize()).and_then(typed)
}

/// Comparisons of whole tensors.
impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Whether the two have the same shape and equal elements. NaN is not equal to itself.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert!(tensor![1.0, 2.0].array_equal(&tensor![1, 2]));
    /// assert!(!tensor![1.0, 2.0].array_equal(&tensor![1.0]));
    /// ```
    #[track_caller]
    pub fn array_equal<U: Dtype, const M: usize>(&self, other: &Tensor<U, M>) -> bool {
        self.shape() == other.shape() && truth(self.raw.detach().eq(&other.raw.detach())).or_raise()
    }

    /// Whether all elements are near those of a tensor of the same element type, or a number: `|a - b| ≤ 1e-8 + 1e-5 · |b|`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert!((tensor![0.1, 0.2] * 3.0).allclose(&tensor![0.3, 0.6])?);
    /// assert!(tensor![[1.0, 0.0], [0.0, 1.0]].allclose(&Matrix::eye(2))?);
    /// assert!(!tensor![0.1, 0.2].allclose(0.0)?);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn allclose<B: Rhs<T, N>>(&self, other: B) -> Result<bool> {
        self.allclose_within(other, 1e-5, 1e-8)
    }

    /// Whether all elements are near each other: `|a - b| ≤ absolute + relative · |b|`.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn allclose_within<B: Rhs<T, N>>(
        &self,
        other: B,
        relative: f64,
        absolute: f64,
    ) -> Result<bool> {
        near(&self.raw, other.operand(), relative, absolute)
    }
}

fn truth(x: Result<Raw>) -> Result<bool> {
    Ok(x?
        .reduce(civita_core::ops::Reduction::All, Default::default())?
        .item()?
        .as_f64()
        != 0.0)
}

fn near(a: &Raw, b: Operand<'_>, relative: f64, absolute: f64) -> Result<bool> {
    use civita_core::dtype::{DType, Scalar};
    use civita_core::ops::Op;
    let a = a.detach();
    let b = match b {
        Operand::Tensor(b) => b.detach(),
        Operand::Scalar(value) => Raw::scalar(value, a.dtype())?,
    };
    let wide = |x: &Raw| {
        x.cast(if x.dtype().is_complex() {
            DType::C128
        } else {
            DType::F64
        })
    };
    let (a, b) = (wide(&a)?, wide(&b)?);
    let scaled = Raw::apply(
        Op::Mul,
        &[(&b.abs()?).into(), Scalar::Float(relative).into()],
    )?;
    let bound = Raw::apply(Op::Add, &[(&scaled).into(), Scalar::Float(absolute).into()])?;
    // an infinite bound would take everything; equal infinities are equal
    let finite = Raw::apply(
        Op::Lt,
        &[(&bound).into(), Scalar::Float(f64::INFINITY).into()],
    )?;
    let close = a.sub(&b)?.abs()?.le(&bound)?.logical_and(&finite)?;
    truth(close.logical_or(&a.eq(&b)?))
}
