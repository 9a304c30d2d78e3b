//! Loops over indices and axes, and what NumPy says of types.

use std::iter::FusedIterator;

use civita_core::dtype::{self, DType};
use civita_core::raw::Raw;

use crate::rank::{Broadcast, ExpandRank, Expanded, Rank, TakeRank, typed, wrap};
use crate::{
    Arange, Dtype, Element, Error, Float, Integer, Result, Scalar, SliceInt, TakesScalar, Tensor,
    Vector,
};

/// The indices of a shape, the last axis first. NumPy's `ndindex`.
///
/// ```
/// use civita::prelude::*;
///
/// let all: Vec<[usize; 2]> = np::ndindex([2, 2]).collect();
/// assert_eq!(all, [[0, 0], [0, 1], [1, 0], [1, 1]]);
/// assert_eq!((np::ndindex([3, 4]).len(), np::ndindex([3, 4]).next_back()), (12, Some([2, 3])));
/// ```
pub fn ndindex<const N: usize>(shape: [usize; N]) -> NdIndex<N> {
    let left = match shape.contains(&0) {
        true => 0,
        // more than `usize::MAX` are more than anyone sees
        false => shape.iter().fold(1, |n: usize, &len| n.saturating_mul(len)),
    };
    NdIndex {
        shape,
        left,
        front: [0; N],
        back: shape.map(|len| len.saturating_sub(1)),
    }
}

/// The iterator of [`ndindex`].
#[derive(Clone, Debug)]
pub struct NdIndex<const N: usize> {
    shape: [usize; N],
    /// The next index from either end.
    front: [usize; N],
    back: [usize; N],
    left: usize,
}
impl<const N: usize> Iterator for NdIndex<N> {
    type Item = [usize; N];
    #[inline]
    fn next(&mut self) -> Option<[usize; N]> {
        self.left = self.left.checked_sub(1)?;
        let now = self.front;
        for axis in (0..N).rev() {
            self.front[axis] += 1;
            if self.front[axis] < self.shape[axis] {
                break;
            }
            self.front[axis] = 0;
        }
        Some(now)
    }
    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
impl<const N: usize> DoubleEndedIterator for NdIndex<N> {
    #[inline]
    fn next_back(&mut self) -> Option<[usize; N]> {
        self.left = self.left.checked_sub(1)?;
        let now = self.back;
        for axis in (0..N).rev() {
            match self.back[axis].checked_sub(1) {
                Some(before) => {
                    self.back[axis] = before;
                    break;
                }
                None => self.back[axis] = self.shape[axis] - 1,
            }
        }
        Some(now)
    }
}
impl<const N: usize> ExactSizeIterator for NdIndex<N> {}
impl<const N: usize> FusedIterator for NdIndex<N> {}

/// The elements with their indices, in C order. NumPy's `ndenumerate`.
///
/// ```
/// use civita::prelude::*;
///
/// for ([row, column], value) in np::ndenumerate(&tensor![[1, 2], [3, 4]]) {
///     assert_eq!(value, 1 + 2 * row as i64 + column as i64);
/// }
/// let last = np::ndenumerate(&tensor![0, 7, 7, 0]).rev().find(|&(_, v)| v == 7);
/// assert_eq!(last, Some(([2], 7)));
/// ```
pub fn ndenumerate<T: Element, const N: usize>(
    x: &Tensor<T, N>,
) -> impl DoubleEndedIterator<Item = ([usize; N], T)> + ExactSizeIterator + FusedIterator + use<T, N>
{
    let all = x.to_vec();
    ndindex(x.dims()).zip(all)
}

/// The elements of two tensors side by side, broadcast, in C order. NumPy's `nditer` of two operands; of one it is
/// [`Tensor::iter`], with indices [`ndenumerate`].
///
/// ```
/// use civita::prelude::*;
///
/// let pairs: Vec<(i64, f64)> = np::nditer(&tensor![[1], [2]], &tensor![0.5, 1.5])?.collect();
/// assert_eq!(pairs, [(1, 0.5), (1, 1.5), (2, 0.5), (2, 1.5)]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the shapes do not broadcast.
pub fn nditer<T: Element, U: Element, const N: usize, const M: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<U, M>,
) -> Result<
    impl DoubleEndedIterator<Item = (T, U)> + ExactSizeIterator + FusedIterator + use<T, U, N, M>,
>
where
    Rank<N>: Broadcast<M>,
{
    let shape = civita_core::layout::broadcast_shapes("nditer", &[a.shape(), b.shape()])?;
    let all: Vec<T> = a.raw.broadcast_to(&shape)?.to_vec()?;
    Ok(all
        .into_iter()
        .zip(b.raw.broadcast_to(&shape)?.to_vec::<U>()?))
}

/// What a function makes of the vectors along an axis, in their place. NumPy's `apply_along_axis`.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![[3, 1, 2], [6, 5, 4]];
/// let spread = np::apply_along_axis(|row: Vector<i64>| Ok(row.max() - row.min()), 1, &x)?;
/// assert_eq!(spread, [2, 2]);
/// let sorted = np::apply_along_axis(|row: Vector<i64>| np::sort(&row, 0), 1, &x)?;
/// assert_eq!(sorted, [[1, 2, 3], [4, 5, 6]]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// A function of rows that takes tensors of any rank, or [`vmap`](crate::autograd::vmap()), makes all of them at once and is faster.
///
/// # Errors
/// Those of the function; when there is no vector, or its results differ in shape.
pub fn apply_along_axis<T: Element, U: Element, const N: usize, const M: usize>(
    mut f: impl FnMut(Vector<T>) -> Result<Tensor<U, M>>,
    axis: impl SliceInt,
    x: &Tensor<T, N>,
) -> Result<<Rank<N> as TakeRank<M>>::Out<U>>
where
    Rank<N>: TakeRank<M>,
{
    let at = civita_core::layout::normalize_axis("apply_along_axis", axis.to_isize(), x.rank())?;
    let last = x.raw.move_axis(at as isize, -1)?;
    let outer = last.shape()[..last.rank() - 1].to_vec();
    let n = last.shape()[last.rank() - 1];
    let rows = last.reshape(&[outer.iter().product(), n])?;
    let mut all = Vec::with_capacity(rows.shape()[0]);
    for i in 0..rows.shape()[0] {
        let row = rows.narrow(0, i, 1)?.squeeze(Some(&[0]))?;
        all.push(f(wrap(row))?.raw);
    }
    let Some(first) = all.first() else {
        return Err(Error::value(
            "apply_along_axis",
            "Cannot apply_along_axis when any iteration dimensions are 0",
        ));
    };
    let inner = first.shape().to_vec();
    let y = Raw::stack(&all.iter().collect::<Vec<_>>(), 0)?
        .reshape(&[&outer[..], &inner[..]].concat())?;
    // the axes of a result stand where the axis was
    let mut order: Vec<isize> = (0..at as isize).collect();
    order.extend((0..inner.len()).map(|k| (outer.len() + k) as isize));
    order.extend((at..outer.len()).map(|k| k as isize));
    y.permute(&order).and_then(typed)
}

/// A function of a tensor and an axis, along one axis after the other. NumPy's `apply_over_axes`: the function keeps the axes.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![[1, 2], [3, 4]];
/// let sum = np::apply_over_axes(|x, axis| x.over(axis).keepdims().sum(), &x, [0, 1])?;
/// assert_eq!(sum, [[10]]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// Those of the function.
pub fn apply_over_axes<T: Element, I: SliceInt, const N: usize>(
    mut f: impl FnMut(&Tensor<T, N>, isize) -> Result<Tensor<T, N>>,
    x: &Tensor<T, N>,
    axes: impl IntoIterator<Item = I>,
) -> Result<Tensor<T, N>> {
    let mut y = x.clone();
    for axis in axes {
        y = f(&y, axis.to_isize())?;
    }
    Ok(y)
}

/// Coordinates: for each range a tensor of the shape of all of them, under a new first axis. NumPy's `mgrid[0:2, 1:4]`.
///
/// ```
/// use civita::prelude::*;
///
/// let grid = np::mgrid([0..2, 1..4])?;
/// assert_eq!(grid, [[[0, 0, 0], [1, 1, 1]], [[1, 2, 3], [1, 2, 3]]]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// Of other steps and of `num` points (`mgrid[0:1:5j]`) it is [`meshgrid`](super::meshgrid) of [`linspace`](super::linspace).
///
/// # Errors
/// When there is no memory.
pub fn mgrid<A: Arange, const N: usize>(ranges: [A; N]) -> Result<Expanded<A::Element, N>>
where
    Rank<N>: ExpandRank,
{
    let open = ogrid(ranges)?;
    let shapes: Vec<&[usize]> = open.iter().map(|x| x.shape()).collect();
    let shape = civita_core::layout::broadcast_shapes("mgrid", &shapes)?;
    let all = open
        .iter()
        .map(|x| x.raw.broadcast_to(&shape))
        .collect::<Result<Vec<_>>>()?;
    Raw::stack(&all.iter().collect::<Vec<_>>(), 0).and_then(typed)
}

/// Coordinates that broadcast: for each range a tensor whose other axes have length 1. NumPy's `ogrid[0:2, 1:4]`.
///
/// ```
/// use civita::prelude::*;
///
/// let [rows, columns] = np::ogrid([0..2, 1..4])?;
/// assert_eq!(&rows * &columns, [[0, 0, 0], [1, 2, 3]]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn ogrid<A: Arange, const N: usize>(ranges: [A; N]) -> Result<[Tensor<A::Element, N>; N]> {
    let mut all = Vec::with_capacity(N);
    for (axis, range) in ranges.into_iter().enumerate() {
        let line = super::arange(range);
        let mut shape = [1; N];
        shape[axis] = line.len();
        all.push(line.raw.reshape(&shape)?);
    }
    crate::rank::wrap_array(all)
}

/// The dtype that both can become. NumPy's `promote_types`.
///
/// ```
/// use civita::{DType, prelude::*};
///
/// assert_eq!(np::promote_types(DType::I32, DType::F32), DType::F64);
/// ```
pub fn promote_types(a: DType, b: DType) -> DType {
    dtype::promote(a, b)
}

/// The dtype that all can become, which is that of their sum; of types that the compiler knows it is
/// [`Promoted`](crate::Promoted). NumPy's `result_type`.
///
/// ```
/// use civita::{DType, prelude::*};
///
/// let (a, b) = (tensor![1u8, 2], tensor![0.5f32]);
/// assert_eq!(np::result_type([a.dtype(), b.dtype()])?, DType::F32);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is none.
pub fn result_type(all: impl IntoIterator<Item = DType>) -> Result<DType> {
    all.into_iter()
        .reduce(dtype::promote)
        .ok_or_else(|| Error::value("result_type", "at least one array or dtype is required"))
}

/// Limits of a float type, as [`finfo`] returns them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatInfo<T> {
    /// Bits of an element.
    pub bits: usize,
    /// The distance from 1 to the next larger number.
    pub eps: T,
    /// The distance from 1 to the next smaller number.
    pub epsneg: T,
    /// The largest finite number.
    pub max: T,
    /// The smallest finite number.
    pub min: T,
    /// The smallest positive number with all its digits; NumPy's `tiny` too.
    pub smallest_normal: T,
    /// The smallest positive number.
    pub smallest_subnormal: T,
    /// Decimal digits that a number is sure to keep.
    pub precision: usize,
    /// `10 ** -precision`.
    pub resolution: T,
}

/// Limits of a float type. NumPy's `finfo`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::finfo::<f32>().eps, f32::EPSILON);
/// assert_eq!(np::finfo::<f64>().max, f64::MAX);
/// assert_eq!(np::finfo::<civita::f16>().precision, 3);
/// ```
pub fn finfo<T: Float>() -> FloatInfo<T> {
    // digits of the significand beside the leading one, and the smallest exponent of a normal number
    let (bits, digits, least, largest) = match T::DTYPE {
        DType::F8E4M3 => (8, 3, -6, 448.0),
        DType::F8E5M2 => (8, 2, -14, 57344.0),
        DType::F16 => (16, 10, -14, 65504.0),
        DType::BF16 => (16, 7, -126, 3.389_531_389_251_535_5e38),
        DType::F32 => (32, 23, -126, f64::from(f32::MAX)),
        _ => (64, 52, -1022, f64::MAX),
    };
    let two = |n: i32| 2f64.powi(n);
    let precision = (f64::from(digits) * 2f64.log10()).floor();
    // 2^-1074 is no product of powers that f64 holds both
    let subnormal = if bits == 64 {
        f64::from_bits(1)
    } else {
        two(least - digits)
    };
    FloatInfo {
        bits,
        eps: T::from_f64(two(-digits)),
        epsneg: T::from_f64(two(-digits - 1)),
        max: T::from_f64(largest),
        min: T::from_f64(-largest),
        smallest_normal: T::from_f64(if bits == 64 {
            f64::MIN_POSITIVE
        } else {
            two(least)
        }),
        smallest_subnormal: T::from_f64(subnormal),
        precision: precision as usize,
        resolution: T::from_f64(10f64.powi(-(precision as i32))),
    }
}

/// Limits of an integer type, as [`iinfo`] returns them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegerInfo {
    /// Bits of an element.
    pub bits: usize,
    /// The smallest number.
    pub min: i128,
    /// The largest number.
    pub max: i128,
}

/// Limits of an integer type. NumPy's `iinfo`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::iinfo::<i8>().min, -128);
/// assert_eq!(np::iinfo::<u64>().max, u64::MAX as i128);
/// ```
pub fn iinfo<T: Integer + Element>() -> IntegerInfo {
    let bits = 8 * T::DTYPE.size();
    match T::DTYPE.kind() {
        dtype::Kind::Unsigned => IntegerInfo {
            bits,
            min: 0,
            max: (1 << bits) - 1,
        },
        _ => IntegerInfo {
            bits,
            min: -(1 << (bits - 1)),
            max: (1 << (bits - 1)) - 1,
        },
    }
}

/// A tensor of the shape and element type of another, to be written. Its elements are 0: memory that nobody wrote is no value.
#[track_caller]
pub fn empty_like<T: Element, const N: usize>(x: &Tensor<T, N>) -> Tensor<T, N> {
    x.empty_like()
}

/// One value everywhere, in the shape and element type of a tensor. NumPy's `full_like`.
///
/// ```
/// use civita::prelude::*;
///
/// assert_eq!(np::full_like(&tensor![[1, 2], [3, 4]], 7), [[7, 7], [7, 7]]);
/// ```
#[track_caller]
pub fn full_like<T: Dtype + TakesScalar<S>, S: Scalar, const N: usize>(
    x: &Tensor<T, N>,
    value: S,
) -> Tensor<T, N> {
    x.full_like(value)
}
