//! Rows whose result has a type that depends on the types of arguments.

use civita_core::functions::{self, AxisOrFlat, EachArray, EachShape, Number, Out, rank};
use civita_core::primitive::Direction;
use civita_core::raw::Raw;

use super::functions::{OneAxis, RankRule, example, row_example};
use crate::create::IntoShape;
use crate::elementwise::Rhs;
use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{
    AxisArg, Axes, Broadcast, Broadcasted, Dtype, Element, Float, Grow, Grown, Matrix, Promote, Promoted,
    Rank, Real, Result, Tensor, Vector,
};

macro_rules! by_hand {
    ($($(#[doc = $doc:literal])* fn $name:ident[$($generics:tt)*]($($arg:ident: $ty:ty),*) -> $out:ty
        $(where [$($bound:tt)*])? = $call:expr;)*) => { $(
        $(#[doc = $doc])*
        #[doc = row_example!($name)]
        ///
        /// # Errors
        /// When shapes or values do not fit.
        pub fn $name<$($generics)*>($($arg: $ty),*) -> Result<$out>
        $(where $($bound)*)?
        {
            $call
        }
    )* };
}
by_hand! {
    /// The tensor with at least one axis.
    fn atleast_1d[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <rank::AtLeast1 as RankRule<N>>::Of<T>
        where [rank::AtLeast1: RankRule<N>] = one(functions::shape::atleast_1d(each(&[x])));
    /// The tensor with at least two axes; a vector becomes a row.
    fn atleast_2d[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <rank::AtLeast2 as RankRule<N>>::Of<T>
        where [rank::AtLeast2: RankRule<N>] = one(functions::shape::atleast_2d(each(&[x])));
    /// The tensor with at least three axes; a matrix gets one behind, a vector one before and one behind.
    fn atleast_3d[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <rank::AtLeast3 as RankRule<N>>::Of<T>
        where [rank::AtLeast3: RankRule<N>] = one(functions::shape::atleast_3d(each(&[x])));
    /// All tensors repeated to their common shape, without a copy.
    fn broadcast_arrays[T: Dtype, const N: usize](all: &[&Tensor<T, N>]) -> Vec<Tensor<T, N>> =
        functions::shape::broadcast_arrays(each(all)).map(|all| all.into_iter().map(wrap).collect());
    /// The shape to which these shapes broadcast.
    fn broadcast_shapes[](all: &[&[usize]]) -> Vec<usize> =
        functions::shape::common_shape(EachShape(all.iter().map(|shape| shape.to_vec()).collect()));
    /// Tensors joined along the second axis, vectors along their only one.
    fn hstack[T: Dtype, const N: usize](all: &[&Tensor<T, N>]) -> <rank::AtLeast1 as RankRule<N>>::Of<T>
        where [rank::AtLeast1: RankRule<N>] = functions::join::hstack(each(all).0, None, SAME_KIND).map(wrap);
    /// Tensors joined along the first axis; a vector is a row.
    fn vstack[T: Dtype, const N: usize](all: &[&Tensor<T, N>]) -> <rank::AtLeast2 as RankRule<N>>::Of<T>
        where [rank::AtLeast2: RankRule<N>] = functions::join::vstack(each(all).0, None, SAME_KIND).map(wrap);
    /// Grids of coordinates: each vector repeated along the axes of the others.
    fn meshgrid[T: Dtype, const K: usize](all: [&Vector<T>; K], options: Meshgrid) -> Vec<Tensor<T, K>> =
        functions::join::meshgrid(each(&all), false, options.sparse, options.indexing).map(|all| all.into_iter().map(wrap).collect());
    /// The elements in C order, again and again until the new shape is full.
    fn resize[T: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, shape: impl IntoShape<M>) -> Tensor<T, M> =
        functions::rearrange::resize(x.raw.clone(), shape.with(<[usize]>::to_vec).into()).map(wrap);
    /// Ones on and below the `k`-th diagonal of a matrix, zeros above it.
    fn tri[T: Element](rows: usize, columns: usize, k: isize) -> Matrix<T> =
        functions::create::tri(rows, Some(columns).into(), k, Some(T::DTYPE)).map(wrap);
    /// The indices of the elements of a tensor of this shape, a tensor for each axis, under a new first axis.
    fn indices[const N: usize](shape: [usize; N]) -> Grown<i64, N>
        where [Rank<N>: Grow] = functions::create::grid(shape.to_vec()).map(wrap);
    /// Powers of a vector as columns, from the highest to the 0th, or with `increasing` the other way.
    fn vander[T: Dtype + Promote<i64>](x: &Vector<T>, columns: usize, increasing: bool) -> Matrix<Promoted<T, i64>> =
        functions::create::vander(x.raw.clone(), Some(columns).into(), increasing).map(wrap);
    /// 10 to the powers of evenly spaced numbers.
    fn logspace[T: Float](start: T, stop: T, num: usize) -> Vector<T> = functions::create::logspace(
        number(start), number(stop), num, true, Number::Scalar(civita_core::dtype::Scalar::Float(10.0)), Some(T::DTYPE), 0,
    ).map(wrap);
    /// `num` numbers from `start` to `stop` of which each is the one before times a constant.
    fn geomspace[T: Float](start: T, stop: T, num: usize) -> Vector<T> =
        functions::create::geomspace(Tensor::scalar(start).raw, Tensor::scalar(stop).raw, num, true, Some(T::DTYPE), 0).map(wrap);
    /// The vector product, of vectors along an axis.
    fn cross[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>, axis: isize) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::product::cross(a.raw.clone(), b.raw.clone(), axis, axis, axis, AxisOrFlat(None)).map(wrap);
    /// Differences of neighbours along an axis, `n` times.
    fn diff[T: Dtype, const N: usize](x: &Tensor<T, N>, n: isize, axis: isize) -> Tensor<T, N> =
        functions::along::diff(x.raw.clone(), n, axis, None, None).map(wrap);
    /// Differences of neighbours of the flattened tensor.
    fn ediff1d[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Vector<T> =
        functions::along::ediff1d(x.raw.clone(), None, None).map(wrap);
    /// The integral along an axis by the trapezoidal rule, of values at equal distances.
    fn trapezoid[T: Dtype, const N: usize](y: &Tensor<T, N>, dx: f64, axis: isize) -> <isize as Axes<N>>::Out<T::Mean>
        where [isize: Axes<N>] = functions::along::trapezoid(y.raw.clone(), None, dx, axis).map(wrap);
    /// The sum of the `offset`-th diagonal.
    fn trace[T: Dtype](x: &Matrix<T>, offset: isize) -> Tensor<T::Sum, 0> =
        functions::along::trace(x.raw.clone(), offset, 0, 1, None, Out).map(wrap);
    /// The number of elements that are not zero, over axes, or over all with `..`.
    fn count_nonzero[T: Dtype, const N: usize, A: Axes<N>](x: &Tensor<T, N>, axes: A) -> A::Out<i64> =
        functions::along::count_nonzero(x.raw.clone(), axes.axes().into(), false).map(wrap);
    /// The elements limited to an interval; NaN stays. With one bound alone the values are those of
    /// [`maximum`](super::maximum) or [`minimum`](super::minimum). An element that is equal to a bound has no gradient, or
    /// half of it where the bound is a tensor, which gets the other half.
    fn clip[T: Dtype, const N: usize, A: Rhs<T, N, Out<T> = Tensor<T, N>>, B: Rhs<T, N, Out<T> = Tensor<T, N>>](x: &Tensor<T, N>, min: A, max: B) -> Tensor<T, N> =
        functions::compare::clip(x.raw.clone(), Some(min.operand().into()), Some(max.operand().into()), Out, None, None).map(wrap);
    /// `|a - b| ≤ 1e-8 + 1e-5 · |b|` for each element.
    fn isclose[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> Broadcasted<bool, N, M>
        where [Rank<N>: Broadcast<M>] = functions::compare::isclose(a.raw.clone(), b.raw.clone(), 1e-5, 1e-8, false).map(wrap);
    /// The running product along an axis.
    fn cumprod[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: isize) -> Tensor<T::Sum, N> = x.raw.cumprod(Some(axis), None).map(wrap);
    /// The running largest elements along an axis, and where each is: of equal ones the last.
    fn cummax[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: isize) -> (Tensor<T, N>, Tensor<i64, N>) = x.raw.cummax(axis).map(pair);
    /// The running smallest elements along an axis, and where each is: of equal ones the last.
    fn cummin[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: isize) -> (Tensor<T, N>, Tensor<i64, N>) = x.raw.cummin(axis).map(pair);
    /// The elements at indices along an axis, one index for each of them; the other axes broadcast.
    fn take_along_axis[T: Dtype, I: Dtype, const N: usize](x: &Tensor<T, N>, indices: &Tensor<I, N>, axis: isize) -> Tensor<T, N> =
        x.raw.take_along_axis(&indices.raw, axis).map(wrap);
    /// The elements along an axis from small to large, with `..` those of the flattened tensor. NaN is last.
    fn sort[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, axis: A) -> A::Out<T> =
        along(x, &axis.axis()).and_then(|(x, axis)| x.sort(axis, Direction::Ascending)).map(wrap);
    /// The indices that sort an axis, or with `..` the flattened tensor. Equal elements keep their order.
    fn argsort[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, axis: A) -> A::Out<i64> =
        along(x, &axis.axis()).and_then(|(x, axis)| x.argsort(axis, Direction::Ascending)).map(wrap);
    /// The `k` largest (or smallest) elements along an axis, and their indices.
    fn topk[T: Dtype, const N: usize](x: &Tensor<T, N>, k: usize, axis: isize, largest: bool) -> (Tensor<T, N>, Tensor<i64, N>) =
        functions::sorting::topk(x.raw.clone(), k, axis, largest, true).and_then(two);
    /// Where values would stand in a sorted vector: before equal elements, or behind them.
    fn searchsorted[T: Dtype, U: Dtype, const N: usize](a: &Vector<T>, v: &Tensor<U, N>, side: functions::Side) -> Tensor<i64, N> =
        functions::sorting::searchsorted(a.raw.clone(), v.raw.clone(), side, None).map(wrap);
    /// How often each number from 0 on is there.
    fn bincount[T: Dtype](x: &Vector<T>, minlength: usize) -> Vector<i64> =
        functions::sorting::bincount(x.raw.clone().into(), None, isize::try_from(minlength).unwrap_or(isize::MAX)).map(wrap);
    /// The largest element minus the smallest, over axes, or over all with `..`.
    fn ptp[T: Dtype, const N: usize, A: Axes<N>](x: &Tensor<T, N>, axes: A) -> A::Out<T> =
        functions::sorting::ptp(x.raw.clone(), axes.axes().into(), Out, false).map(wrap);
    /// The middle element of the sorted ones, or the mean of the two in the middle.
    fn median[T: Dtype, const N: usize, A: Axes<N>](x: &Tensor<T, N>, axes: A) -> A::Out<T::Mean> =
        functions::sorting::median(x.raw.clone(), axes.axes().into(), Out, false, false).map(wrap);
    /// The value below which a fraction `q` of the elements is, with straight lines between elements.
    fn quantile[T: Dtype, const N: usize, A: Axes<N>](x: &Tensor<T, N>, q: f64, axes: A) -> A::Out<T::Mean> =
        functions::sorting::quantile(x.raw.clone(), number(q), axes.axes().into(), Out, false, functions::QuantileMethod::Linear, false).map(wrap);
    /// As [`quantile`], with a percentage.
    fn percentile[T: Dtype, const N: usize, A: Axes<N>](x: &Tensor<T, N>, q: f64, axes: A) -> A::Out<T::Mean> =
        functions::sorting::percentile(x.raw.clone(), number(q), axes.axes().into(), Out, false, functions::QuantileMethod::Linear, false).map(wrap);
    /// The different elements, sorted.
    fn unique[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Vector<T> =
        functions::sets::unique(x.raw.clone(), false, false, false, AxisOrFlat(None), true, true).map(|all| wrap(all.0));
    /// The different elements, sorted, and how often each is there.
    fn unique_counts[T: Dtype, const N: usize](x: &Tensor<T, N>) -> (Vector<T>, Vector<i64>) =
        functions::sets::unique_counts(x.raw.clone()).and_then(two);
    /// The different elements, sorted, and which of them each element is.
    fn unique_inverse[T: Dtype, const N: usize](x: &Tensor<T, N>) -> (Vector<T>, Tensor<i64, N>) =
        functions::sets::unique_inverse(x.raw.clone()).and_then(two);
    /// Returns true where an element is among the test elements.
    fn isin[T: Dtype, U: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, tests: &Tensor<U, M>) -> Tensor<bool, N> =
        functions::sets::isin(x.raw.clone(), tests.raw.clone(), false, false, functions::sets::LookupKind).map(wrap);
    /// The common elements of two tensors, sorted.
    fn intersect1d[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> Vector<T> =
        functions::sets::intersect1d(a.raw.clone(), b.raw.clone(), false, false).map(|all| wrap(all.0));
    /// The triangular window of so many points, with zeros at the ends.
    fn bartlett[](points: usize) -> Vector<f64> = functions::signal::bartlett(points as f64).map(wrap);
    /// The Blackman window of so many points.
    fn blackman[](points: usize) -> Vector<f64> = functions::signal::blackman(points as f64).map(wrap);
    /// The Hamming window of so many points.
    fn hamming[](points: usize) -> Vector<f64> = functions::signal::hamming(points as f64).map(wrap);
    /// The Hann window of so many points.
    fn hanning[](points: usize) -> Vector<f64> = functions::signal::hanning(points as f64).map(wrap);
    /// The Kaiser window of so many points: the larger `beta`, the narrower.
    fn kaiser[](points: usize, beta: f64) -> Vector<f64> = functions::signal::kaiser(points as f64, beta).map(wrap);
    /// The modified Bessel function of the first kind and order 0.
    fn i0[T: Real, const N: usize](x: &Tensor<T, N>) -> Tensor<T::Mean, N> = functions::signal::i0(x.raw.clone()).map(wrap);
    /// `sin(πx) / (πx)`, which is 1 at 0.
    fn sinc[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T::Mean, N> = functions::signal::sinc(x.raw.clone()).map(wrap);
    /// Phases without jumps: where neighbours along an axis differ by more than half a period, multiples of it are added.
    fn unwrap[T: Float, const N: usize](p: &Tensor<T, N>, axis: isize, period: T) -> Tensor<T, N> =
        functions::signal::unwrap(p.raw.clone(), None, axis, number(period)).map(wrap);
    /// Without zeros at the ends of every axis.
    fn trim_zeros[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> =
        functions::signal::trim_zeros(x.raw.clone(), functions::signal::TrimEnds::BOTH, (..).axes().into()).map(wrap);
    /// Returns true where both can reach the same memory.
    fn shares_memory[T: Dtype, const N: usize, U: Dtype, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool =
        functions::compare::shares_memory(a.raw.clone(), b.raw.clone());
}

/// The identity matrix: [`Tensor::eye`].
#[track_caller]
pub fn identity<T: Element>(n: usize) -> Matrix<T> {
    wrap(Raw::eye(n, n, 0, T::DTYPE).or_raise())
}

/// What [`meshgrid`] takes beside its vectors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meshgrid {
    /// Vectors that broadcast to the grids, in place of the grids.
    pub sparse: bool,
    /// Which of the vectors goes along the rows.
    pub indexing: functions::Indexing,
}

const SAME_KIND: civita_core::dtype::Casting = civita_core::dtype::Casting::SameKind;

fn each<T, const N: usize>(all: &[&Tensor<T, N>]) -> EachArray {
    EachArray(all.iter().map(|x| x.raw.clone()).collect())
}

fn one<X: crate::FromRaw>(all: Result<Vec<Raw>>) -> Result<X> {
    all?.pop()
        .map(wrap)
        .ok_or_else(|| crate::Error::value("atleast", "there is no array"))
}

/// The tensor and its axis; without one the flattened tensor.
fn along<T: Dtype, const N: usize>(x: &Tensor<T, N>, axis: &AxisOrFlat) -> Result<(Raw, isize)> {
    match axis.0 {
        None => Ok((x.raw.reshape(&[x.raw.len()])?, 0)),
        Some(axis) => Ok((x.raw.clone(), axis)),
    }
}

fn pair<X: crate::FromRaw, Y: crate::FromRaw>((x, y): (Raw, Raw)) -> (X, Y) {
    (wrap(x), wrap(y))
}

fn two<X: crate::FromRaw, Y: crate::FromRaw>(mut all: Vec<Raw>) -> Result<(X, Y)> {
    match (all.pop(), all.pop()) {
        (Some(y), Some(x)) => Ok((wrap(x), wrap(y))),
        _ => Err(crate::Error::value("np", "an output is missing")),
    }
}

fn number<T: Element>(value: T) -> Number {
    Number::Scalar(value.into_scalar())
}
