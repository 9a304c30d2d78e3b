//! `ndarray`: arrays become tensors without a copy, tensors lend views.

use civita_core::raw::Raw;
use ndarray::{
    ArcArray, Array, ArrayBase, ArrayView, Axis, CowArray, Data, Dim, Dimension, Ix, IxDyn,
    ShapeBuilder,
};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{DYN, Element, Error, Result, Tensor};

/// The elements of an array where they lie, whatever its strides are.
fn adopt<T: Element, D: Dimension>(array: Array<T, D>) -> Result<Raw> {
    let (shape, strides) = (array.shape().to_vec(), array.strides().to_vec());
    let (elements, first) = array.into_raw_vec_and_offset();
    let n = elements.len();
    match first {
        Some(first) => Raw::from_vec(elements, &[n])?.as_strided(&shape, &strides, first),
        None => Raw::zeros(&shape, T::DTYPE),
    }
}

fn copied<T: Element, D: Dimension>(view: ArrayView<'_, T, D>) -> Result<Raw> {
    Raw::from_vec(view.iter().copied().collect(), view.shape())
}

/// A shape of this rank.
fn dimension<D: Dimension>(lengths: &[usize]) -> D {
    let mut shape = D::zeros(lengths.len());
    shape.slice_mut().copy_from_slice(lengths);
    shape
}

fn lent<T: Element, D: Dimension>(x: &Raw) -> Result<ArrayView<'_, T, D>> {
    let (mut span, first) = x.as_span::<T>()?;
    let (shape, mut strides) = (dimension::<D>(x.shape()), D::zeros(x.rank()));
    let mut turned = Vec::new();
    for (axis, (&stride, &n)) in x.layout().strides().iter().zip(x.shape()).enumerate() {
        // an axis with a negative stride is viewed from its last element, then inverted
        strides[axis] = stride.unsigned_abs();
        if stride < 0 && n > 1 {
            turned.push(Axis(axis));
        }
        if x.is_empty() || n == 1 {
            strides[axis] = 0;
        }
    }
    if turned.is_empty() {
        span = &span[first.min(span.len())..];
    }
    let view = ArrayView::from_shape(shape.strides(strides), span);
    let mut view = view.map_err(|e| Error::shape("as_ndarray", e.to_string()))?;
    turned.into_iter().for_each(|axis| view.invert_axis(axis));
    Ok(view)
}

/// Without a copy, whatever the strides are.
impl<T: Element, const N: usize> From<Array<T, Dim<[Ix; N]>>> for Tensor<T, N>
where
    Dim<[Ix; N]>: Dimension,
{
    #[track_caller]
    fn from(array: Array<T, Dim<[Ix; N]>>) -> Self {
        wrap(adopt(array).or_raise())
    }
}
/// Without a copy, whatever the strides are.
impl<T: Element> From<Array<T, IxDyn>> for Tensor<T, DYN> {
    #[track_caller]
    fn from(array: Array<T, IxDyn>) -> Self {
        wrap(adopt(array).or_raise())
    }
}
/// A copy, in C order.
impl<T: Element, const N: usize> From<ArrayView<'_, T, Dim<[Ix; N]>>> for Tensor<T, N>
where
    Dim<[Ix; N]>: Dimension,
{
    #[track_caller]
    fn from(view: ArrayView<'_, T, Dim<[Ix; N]>>) -> Self {
        wrap(copied(view).or_raise())
    }
}
/// A copy, in C order.
impl<T: Element> From<ArrayView<'_, T, IxDyn>> for Tensor<T, DYN> {
    #[track_caller]
    fn from(view: ArrayView<'_, T, IxDyn>) -> Self {
        wrap(copied(view).or_raise())
    }
}

/// A copy, in C order, of an array of any kind and layout.
///
/// ```
/// use civita::prelude::*;
/// use ndarray::array;
///
/// let kept = array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(Matrix::from(&kept).sum(), kept.sum());
/// ```
impl<T: Element, S: Data<Elem = T>, const N: usize> From<&ArrayBase<S, Dim<[Ix; N]>>>
    for Tensor<T, N>
where
    Dim<[Ix; N]>: Dimension,
{
    #[track_caller]
    fn from(array: &ArrayBase<S, Dim<[Ix; N]>>) -> Self {
        array.view().into()
    }
}
/// A copy, in C order, of an array of any kind and layout.
impl<T: Element, S: Data<Elem = T>> From<&ArrayBase<S, IxDyn>> for Tensor<T, DYN> {
    #[track_caller]
    fn from(array: &ArrayBase<S, IxDyn>) -> Self {
        array.view().into()
    }
}

macro_rules! from_shared {
    ($($(#[doc = $doc:literal])* $Array:ident $(<$a:lifetime>)?;)*) => { $(
        $(#[doc = $doc])*
        impl<T: Element, const N: usize> From<$Array<$($a,)? T, Dim<[Ix; N]>>> for Tensor<T, N>
        where
            Dim<[Ix; N]>: Dimension,
        {
            #[track_caller]
            fn from(array: $Array<T, Dim<[Ix; N]>>) -> Self {
                array.into_owned().into()
            }
        }
        $(#[doc = $doc])*
        impl<T: Element> From<$Array<$($a,)? T, IxDyn>> for Tensor<T, DYN> {
            #[track_caller]
            fn from(array: $Array<T, IxDyn>) -> Self {
                array.into_owned().into()
            }
        }
    )* };
}
from_shared! {
    /// Without a copy where no other array shares the elements.
    ArcArray;
    /// Without a copy where the elements are owned.
    CowArray<'_>;
}

/// With the feature `ndarray`.
impl<T: Element, const N: usize> Tensor<T, N>
where
    Dim<[Ix; N]>: Dimension,
{
    /// The elements as a view of `ndarray`, without a copy, whatever the strides are.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use ndarray::{Array2, array};
    ///
    /// let x = Matrix::from(array![[1.0, 2.0], [3.0, 4.0]]); // takes the array's memory
    /// assert_eq!(x.t().as_ndarray()?, array![[1.0, 3.0], [2.0, 4.0]]); // lends its own
    /// let back: Array2<f64> = (&x * 2.0).into();
    /// assert_eq!(back.sum(), 20.0);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the values are not known (inside `vmap` and `trace`), or the memory is shared with code that may write it.
    pub fn as_ndarray(&self) -> Result<ArrayView<'_, T, Dim<[Ix; N]>>> {
        lent(&self.raw)
    }
}

/// With the feature `ndarray`.
impl<T: Element> Tensor<T, DYN> {
    /// The elements as a view of `ndarray` whose rank is known at run time, without a copy.
    ///
    /// # Errors
    /// As for tensors of static rank.
    pub fn as_ndarray_dyn(&self) -> Result<ArrayView<'_, T, IxDyn>> {
        lent(&self.raw)
    }
}

/// A copy, in C order.
///
/// # Panics
/// When the values are not known (inside `vmap` and `trace`).
impl<T: Element, const N: usize> From<&Tensor<T, N>> for Array<T, Dim<[Ix; N]>>
where
    Dim<[Ix; N]>: Dimension,
{
    #[track_caller]
    fn from(x: &Tensor<T, N>) -> Self {
        let array = Array::from_shape_vec(dimension::<Dim<[Ix; N]>>(x.shape()), x.to_vec());
        array
            .map_err(|e| Error::shape("ndarray", e.to_string()))
            .or_raise()
    }
}
/// A copy, in C order.
///
/// # Panics
/// When the values are not known (inside `vmap` and `trace`).
impl<T: Element> From<&Tensor<T, DYN>> for Array<T, IxDyn> {
    #[track_caller]
    fn from(x: &Tensor<T, DYN>) -> Self {
        let array = Array::from_shape_vec(IxDyn(x.shape()), x.to_vec());
        array
            .map_err(|e| Error::shape("ndarray", e.to_string()))
            .or_raise()
    }
}
/// As of a borrowed tensor.
impl<T: Element, const N: usize> From<Tensor<T, N>> for Array<T, Dim<[Ix; N]>>
where
    Dim<[Ix; N]>: Dimension,
{
    #[track_caller]
    fn from(x: Tensor<T, N>) -> Self {
        (&x).into()
    }
}
/// As of a borrowed tensor.
impl<T: Element> From<Tensor<T, DYN>> for Array<T, IxDyn> {
    #[track_caller]
    fn from(x: Tensor<T, DYN>) -> Self {
        (&x).into()
    }
}
