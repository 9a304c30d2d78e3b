//! Other shapes of the same elements.

use crate::create::IntoShape;
use crate::error::OrRaise;
use crate::rank::{Axes, AxisArg, ExpandRank, Expanded, Rank, wrap};
use crate::{DYN, Dtype, Result, SliceInt, Tensor, Vector};
use civita_core::raw::Raw;

/// Views share the memory of the tensor; nothing is copied but where [`Tensor::reshape`] says so.
impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// The same elements in C order under another shape: a view where the memory allows it, else a copy.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = Vector::<i64>::arange(0..6).reshape([2, 3])?;
    /// assert_eq!(x.to_string(), "[[0 1 2]\n [3 4 5]]");
    /// // one length may be -1: whatever is left; beside a `usize` in a tuple, whose members have types of their own
    /// let columns: usize = 2;
    /// assert_eq!(x.reshape([-1, 2])?.shape(), [3, 2]);
    /// assert_eq!(x.reshape((-1, columns))?.shape(), [3, 2]);
    /// assert_eq!(x.reshape(-1)?.shape(), [6]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape has another number of elements, or the lengths beside -1 do not divide it.
    #[doc(alias = "view")]
    #[doc(alias = "into_shape")]
    #[doc(alias = "to_shape")]
    pub fn reshape<const M: usize>(&self, shape: impl NewShape<M>) -> Result<Tensor<T, M>> {
        shape.reshaped(&self.raw).map(wrap)
    }

    /// As [`Tensor::reshape`], to a shape whose rank is known at run time only.
    ///
    /// # Errors
    /// When the shape has another number of elements.
    pub fn reshape_any(&self, shape: &[usize]) -> Result<Tensor<T, DYN>> {
        self.raw.reshape(shape).map(wrap)
    }

    /// All elements in C order under one axis.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2], [3, 4]].flatten().to_string(), "[1 2 3 4]");
    /// ```
    #[track_caller]
    pub fn flatten(&self) -> Vector<T> {
        wrap(self.raw.reshape_to(&[-1]).or_raise())
    }

    /// All axes in reverse order: of a matrix the transpose (NumPy's `x.T`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2], [3, 4]].t().to_string(), "[[1 3]\n [2 4]]");
    /// ```
    #[doc(alias = "T")]
    pub fn t(&self) -> Self {
        wrap(self.raw.transpose().or_raise())
    }

    /// The axes in another order (NumPy's `transpose(axes)`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Tensor::<f32, 3>::zeros([2, 3, 4]).permute([2, 0, 1])?.shape(), [4, 2, 3]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `axes` is not each axis once.
    pub fn permute(&self, axes: impl AxisArg) -> Result<Self> {
        match axes.axes().named() {
            civita_core::layout::Axes::List(list) => self.raw.permute(list).map(wrap),
            civita_core::layout::Axes::All => Ok(self.clone()),
        }
    }

    /// Two axes exchanged (NumPy's `swapaxes`, PyTorch's `transpose(0, 1)`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Tensor::<f32, 3>::zeros([2, 3, 4]).swap_axes(-1, -2)?.shape(), [2, 4, 3]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When one does not exist.
    #[doc(alias = "swapaxes")]
    #[doc(alias = "transpose")]
    pub fn swap_axes(&self, a: impl SliceInt, b: impl SliceInt) -> Result<Self> {
        self.raw.swap_axes(a.to_isize(), b.to_isize()).map(wrap)
    }

    /// One axis moved to another place (NumPy's `moveaxis`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Tensor::<f32, 3>::zeros([2, 3, 4]).move_axis(0, -1)?.shape(), [3, 4, 2]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When one of the two does not exist.
    #[doc(alias = "moveaxis")]
    pub fn move_axis(&self, from: impl SliceInt, to: impl SliceInt) -> Result<Self> {
        let (from, to) = (from.to_isize(), to.to_isize());
        self.raw.move_axis(from, to).map(wrap)
    }

    /// The elements in reverse order along some axes, or along all with `..`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2], [3, 4]].flip(1)?.to_string(), "[[2 1]\n [4 3]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an axis does not exist.
    pub fn flip(&self, axes: impl AxisArg) -> Result<Self> {
        self.raw.flip(axes.axes().named()).map(wrap)
    }

    /// Repeated along axes of length 1 and along new leading axes, without a copy.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2].broadcast_to([2, 2])?.to_string(), "[[1 2]\n [1 2]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape does not broadcast to this one.
    #[doc(alias = "expand")]
    pub fn broadcast_to<const M: usize>(&self, shape: impl IntoShape<M>) -> Result<Tensor<T, M>> {
        shape.with(|s| self.raw.broadcast_to(s)).map(wrap)
    }

    /// Without these axes, which must have length 1.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2]].squeeze(0)?.to_string(), "[1 2]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When one does not exist or is longer.
    pub fn squeeze<A: Axes<N>>(&self, axes: A) -> Result<A::Out<T>> {
        match axes.axes().named() {
            civita_core::layout::Axes::List(list) => self.raw.squeeze(Some(list)).map(wrap),
            civita_core::layout::Axes::All => self
                .raw
                .reshape(&[])
                .map_err(|e| e.in_op("squeeze"))
                .map(wrap),
        }
    }

    /// Without any axis of length 1.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Tensor::<f32, 3>::zeros([1, 3, 1]).squeeze_all().shape(), [3]);
    /// ```
    #[doc(alias = "squeeze")]
    #[track_caller]
    pub fn squeeze_all(&self) -> Tensor<T, DYN> {
        wrap(self.raw.squeeze(None).or_raise())
    }

    /// With a new axis of length 1 at this place of the result (PyTorch's `unsqueeze`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2].expand_dims(1)?.to_string(), "[[1]\n [2]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the place does not exist.
    pub fn expand_dims(&self, axis: impl SliceInt) -> Result<Expanded<T, N>>
    where
        Rank<N>: ExpandRank,
    {
        self.raw.expand_dims(&[axis.to_isize()]).map(wrap)
    }

    /// Elements `start..start + len` of an axis (PyTorch's `narrow`). Unlike in a slice, out of range is an error.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2, 3, 4].narrow(0, 1, 2)?.to_string(), "[2 3]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist or is shorter.
    pub fn narrow(&self, axis: impl SliceInt, start: usize, len: usize) -> Result<Self> {
        self.raw.narrow(axis.to_isize(), start, len).map(wrap)
    }
}

/// Shapes that [`Tensor::reshape`] takes: an array or a tuple of integers, one of which may be -1, a length alone, or a slice or
/// vector of lengths, whose rank is [`DYN`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape of rank {N}",
    note = "a shape is an array or tuple with an integer for each axis, as `[2, 3]`, `[-1, 3]` or `(-1, n)`; a slice or vector makes a \
            tensor of rank `DYN`"
)]
pub trait NewShape<const N: usize> {
    #[doc(hidden)]
    fn reshaped(&self, x: &Raw) -> Result<Raw>;
}
impl<I: SliceInt, const N: usize> NewShape<N> for [I; N] {
    #[inline]
    fn reshaped(&self, x: &Raw) -> Result<Raw> {
        let signed = self.map(I::to_isize);
        match signed.iter().all(|&length| length >= 0) {
            true => x.reshape(&signed.map(|length| length as usize)),
            false => x.reshape_to(&signed),
        }
    }
}
impl<I: SliceInt> NewShape<1> for I {
    #[inline]
    fn reshaped(&self, x: &Raw) -> Result<Raw> {
        [*self].reshaped(x)
    }
}
impl<I: SliceInt> NewShape<DYN> for &[I] {
    fn reshaped(&self, x: &Raw) -> Result<Raw> {
        let signed: Vec<isize> = self.iter().map(|length| length.to_isize()).collect();
        x.reshape_to(&signed)
    }
}
impl<I: SliceInt> NewShape<DYN> for Vec<I> {
    fn reshaped(&self, x: &Raw) -> Result<Raw> {
        self.as_slice().reshaped(x)
    }
}
macro_rules! tuples {
    ($($n:literal: $($I:ident $i:tt)*;)*) => { $(
        impl<$($I: SliceInt),*> NewShape<$n> for ($($I,)*) {
            #[inline]
            fn reshaped(&self, x: &Raw) -> Result<Raw> {
                [$(self.$i.to_isize()),*].reshaped(x)
            }
        }
    )* };
}
tuples! {
    1: I 0;
    2: I 0 J 1;
    3: I 0 J 1 K 2;
    4: I 0 J 1 K 2 L 3;
}
