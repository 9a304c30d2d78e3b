//! Rows whose result has a type that depends on the types of arguments.

use civita_core::dtype::Scalar as Value;
use civita_core::functions::histogram::{Bins, BinsOfEach, RangeOfEach};
use civita_core::functions::{
    self, AxisOrFlat, EachArray, EachShape, Number, OptBool, OptFloat, Out, rank,
};
use civita_core::layout::{Axes as Named, normalize_axis};
use civita_core::primitive::Direction;
use civita_core::raw::{Mode, Operand, Raw};

use super::functions::{OneAxis, RankRule, example, row_example};
use crate::create::{AnyNumber, IntoShape};
use crate::elementwise::{Beside, BroadcastWith, Rhs};
use crate::rank::{
    AddRank, Axes, AxisArg, Broadcast, Broadcasted, DotRank, ExpandRank, Expanded, MatmulRank,
    PerAxis, Rank, ReduceRank, SubtractRank, TensorRank, typed, wrap, wrap_array,
};
use crate::{
    Any, AsTensor, AssignValue, Bits, Boolean, DYN, Dtype, Element, Error, Float, Matrix, Parts,
    Promote, Promoted, Real, Result, SliceInt, Tensor, Vector,
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
    fn broadcast_arrays[T: Dtype, const N: usize](all: impl Parts<T, N>) -> Vec<Tensor<T, N>> =
        functions::shape::broadcast_arrays(parts(all)).map(|all| all.into_iter().map(wrap).collect());
    /// The shape to which these shapes broadcast.
    fn broadcast_shapes[](all: &[&[usize]]) -> Vec<usize> =
        functions::shape::common_shape(EachShape(all.iter().map(|shape| shape.to_vec()).collect()));
    /// Tensors joined along the second axis, vectors along their only one.
    fn hstack[T: Dtype, const N: usize](all: impl Parts<T, N>) -> <rank::AtLeast1 as RankRule<N>>::Of<T>
        where [rank::AtLeast1: RankRule<N>] = functions::join::hstack(parts(all).0, None, SAME_KIND).and_then(typed);
    /// Tensors joined along the first axis; a vector is a row.
    fn vstack[T: Dtype, const N: usize](all: impl Parts<T, N>) -> <rank::AtLeast2 as RankRule<N>>::Of<T>
        where [rank::AtLeast2: RankRule<N>] = functions::join::vstack(parts(all).0, None, SAME_KIND).and_then(typed);
    /// Grids of coordinates: each vector repeated along the axes of the others.
    fn meshgrid[T: Dtype, const K: usize](all: [&Vector<T>; K], options: Meshgrid) -> [Tensor<T, K>; K] =
        functions::join::meshgrid(each(&all), false, options.sparse, options.indexing).and_then(wrap_array);
    /// The tensor again and again along each axis, so many times; more numbers than axes make new leading axes.
    fn tile[T: Dtype, R: Repeats<N>, const N: usize](x: &Tensor<T, N>, repeats: R) -> R::Out<T> =
        functions::rearrange::tile(&x.raw, repeats.repeats()).and_then(typed);
    /// The inner product of vectors; of more axes the sums of products over the last axis of both.
    fn inner[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> <Rank<N> as DotRank<M>>::Out<T>
        where [Rank<N>: DotRank<M>] = functions::product::inner(&a.raw, &b.raw).and_then(typed);
    /// The sum of products over pairs of axes: `([1], [0])` sums over axis 1 of the first and axis 0 of the second, and the
    /// compiler knows the rank that is left; `2` sums over the last two of the first and the first two of the second.
    fn tensordot[T: Dtype, C: Contracts<N, M>, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>, axes: C) -> C::Out<T> =
        functions::product::tensordot(&a.raw, &b.raw, axes.contraction()).and_then(typed);
    /// The elements in C order, again and again until the new shape is full.
    fn resize[T: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, shape: impl IntoShape<M>) -> Tensor<T, M> =
        functions::rearrange::resize(&x.raw, shape.with(|s| s.into())).and_then(typed);
    /// Ones on and below the `k`-th diagonal of a matrix, zeros above it.
    fn tri[](rows: usize, columns: usize, k: impl SliceInt) -> Matrix<f64> =
        functions::create::tri(rows, Some(columns).into(), k.to_isize(), None).and_then(typed);
    /// The indices of the elements of a tensor of this shape, a tensor for each axis, under a new first axis.
    fn indices[const N: usize](shape: [usize; N]) -> Expanded<i64, N>
        where [Rank<N>: ExpandRank] = functions::create::grid(&shape).and_then(typed);
    /// Powers of a vector as columns, from the highest to the 0th, or with `increasing` the other way.
    fn vander[T: Dtype + Promote<i64>](x: &Vector<T>, columns: usize, increasing: bool) -> Matrix<Promoted<T, i64>> =
        functions::create::vander(&x.raw, Some(columns).into(), increasing).and_then(typed);
    /// 10 to the powers of evenly spaced numbers.
    fn logspace[](start: impl AnyNumber, stop: impl AnyNumber, num: usize) -> Vector<f64> = functions::create::logspace(
        number(start.to_f64()), number(stop.to_f64()), num, true, number(10.0), None, 0,
    ).and_then(typed);
    /// `num` numbers from `start` to `stop` of which each is the one before times a constant.
    fn geomspace[](start: impl AnyNumber, stop: impl AnyNumber, num: usize) -> Vector<f64> =
        functions::create::geomspace(&Tensor::scalar(start.to_f64()).raw, &Tensor::scalar(stop.to_f64()).raw, num, true, None, 0).and_then(typed);
    /// The vector product, of vectors along an axis. That of vectors of two elements, `x0 * y1 - x1 * y0`, has no axis, which the type
    /// of two tensors of one rank cannot say: an error, as other lengths but 3.
    fn cross[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>, axis: impl SliceInt) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::product::cross(&a.raw, &b.raw, axis.to_isize(), axis.to_isize(), axis.to_isize(), AxisOrFlat(None)).and_then(typed);
    /// `x @ w + b`, in one piece of memory.
    fn matmul_bias[T: Dtype, const N: usize, const M: usize, const K: usize](x: &Tensor<T, N>, w: &Tensor<T, M>, b: &Tensor<T, K>)
        -> <<Rank<N> as MatmulRank<M>>::Rank as BroadcastWith<K>>::Out<T>
        where [Rank<N>: MatmulRank<M>, <Rank<N> as MatmulRank<M>>::Rank: BroadcastWith<K>] =
        functions::product::matmul_bias(&x.raw, &w.raw, &b.raw).and_then(typed);
    /// Matrix products by groups of an axis, which end at `offs`.
    fn grouped_matmul[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>, offs: impl Into<functions::Ints>)
        -> <Rank<N> as GroupedRank<M>>::Out<T> where [Rank<N>: GroupedRank<M>] =
        functions::product::grouped_matmul(&a.raw, &b.raw, offs.into()).and_then(typed);
    /// Differences of neighbours along an axis, `n` times.
    fn diff[T: Dtype, const N: usize](x: &Tensor<T, N>, n: impl SliceInt, axis: impl SliceInt) -> Tensor<T, N> =
        functions::along::diff(&x.raw, n.to_isize(), axis.to_isize(), None, None).and_then(typed);
    /// Differences of neighbours of the flattened tensor.
    fn ediff1d[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Vector<T> =
        functions::along::ediff1d(&x.raw, None, None).and_then(typed);
    /// The integral along an axis by the trapezoidal rule, of values at equal distances.
    fn trapezoid[T: Dtype, const N: usize](y: &Tensor<T, N>, dx: f64, axis: impl SliceInt) -> <isize as Axes<N>>::Out<T::Mean>
        where [isize: Axes<N>] = functions::along::trapezoid(&y.raw, None, functions::Number::Scalar(Value::Float(dx)), axis.to_isize()).and_then(typed);
    /// The sum of the `offset`-th diagonal.
    fn trace[T: Dtype](x: &Matrix<T>, offset: impl SliceInt) -> Tensor<T::Sum, 0> =
        functions::along::trace(&x.raw, offset.to_isize(), 0, 1, None, Out::NONE).and_then(typed);
    /// The elements limited to an interval; NaN stays. With one bound alone the values are those of
    /// [`maximum`](super::maximum) or [`minimum`](super::minimum). An element that is equal to a bound has no gradient, or
    /// half of it where the bound is a tensor, which gets the other half.
    fn clip[T: Dtype, const N: usize, A: Rhs<T, N, Out<T> = Tensor<T, N>>, B: Rhs<T, N, Out<T> = Tensor<T, N>>](x: &Tensor<T, N>, min: A, max: B) -> Tensor<T, N> =
        functions::compare::clip(&x.raw, Some(min.operand().into()), Some(max.operand().into()), Out::NONE, None, None, civita_core::dtype::Casting::SameKind).and_then(typed);
    /// What stands behind the point and what stands before it, both with the sign of `x`.
    fn modf[T: Real, const N: usize](x: &Tensor<T, N>) -> (Tensor<T::Float, N>, Tensor<T::Float, N>) =
        functions::composed::modf(operand(x)).and_then(two);
    /// `m` and `e` of `x = m · 2^e` with `½ ≤ |m| < 1`; `e` is 0 of zero, infinity and NaN.
    fn frexp[T: Real, const N: usize](x: &Tensor<T, N>) -> (Tensor<T::Float, N>, Tensor<i32, N>) =
        functions::composed::frexp(operand(x)).and_then(two);
    /// `x · 2^n` for integers `n`, rounded once.
    fn ldexp[T: Real, const N: usize, B: Beside<N>](x: &Tensor<T, N>, n: B) -> B::Out<T::Float> =
        functions::composed::ldexp(operand(x), n.beside().into()).and_then(typed);
    /// The floor quotient and the remainder.
    fn divmod[T: Real, const N: usize, B: Rhs<T, N>](a: &Tensor<T, N>, b: B) -> (B::Out<T::Number>, B::Out<T::Number>) =
        functions::composed::divmod(operand(a), b.operand().into()).and_then(two);
    /// How many bits of the absolute value are 1.
    fn bitwise_count[T: Bits, const N: usize](x: &Tensor<T, N>) -> Tensor<u8, N> =
        functions::composed::bitwise_count(operand(x)).and_then(typed);
    /// The distance to the neighbouring number that is farther from zero, negative where `x` is; NaN of infinity.
    fn spacing[T: Real, const N: usize](x: &Tensor<T, N>) -> Tensor<T::Float, N> =
        functions::composed::spacing(operand(x)).and_then(typed);
    /// The number of the same dtype that follows `a` in the direction of `b`.
    fn nextafter[T: Real, const N: usize, B: Rhs<T, N>](a: &Tensor<T, N>, b: B) -> B::Out<T::Float> =
        functions::composed::nextafter(operand(a), b.operand().into()).and_then(typed);
    /// `|a - b| ≤ 1e-8 + 1e-5 · |b|` for each element.
    fn isclose[T: Dtype, const N: usize, B: Rhs<T, N>](a: &Tensor<T, N>, b: B) -> B::Out<bool> =
        functions::compare::isclose(operand(a), b.operand().into(), number(1e-5), number(1e-8), false).and_then(typed);
    /// The running product along an axis.
    fn cumprod[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Tensor<T::Sum, N> = x.raw.cumprod(Some(axis.to_isize()), None).and_then(typed);
    /// The running largest elements along an axis, and where each is: of equal ones the last.
    fn cummax[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> (Tensor<T, N>, Tensor<i64, N>) = x.raw.cummax(axis.to_isize()).map(pair);
    /// The running smallest elements along an axis, and where each is: of equal ones the last.
    fn cummin[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> (Tensor<T, N>, Tensor<i64, N>) = x.raw.cummin(axis.to_isize()).map(pair);
    /// The elements at indices along an axis, one index for each of them; the other axes broadcast.
    fn take_along_axis[T: Dtype, I: Dtype, const N: usize](x: &Tensor<T, N>, indices: &Tensor<I, N>, axis: impl SliceInt) -> Tensor<T, N> =
        x.raw.take_along_axis(&indices.raw, axis.to_isize()).and_then(typed);
    /// The elements along an axis from small to large, with `..` those of the flattened tensor. NaN is last.
    fn sort[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, axis: A) -> A::Out<T> =
        along(x, &axis.axis()).and_then(|(x, axis)| x.sort(axis, Direction::Ascending)).and_then(typed);
    /// The indices that sort an axis, or with `..` the flattened tensor. Equal elements keep their order.
    fn argsort[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, axis: A) -> A::Out<i64> =
        along(x, &axis.axis()).and_then(|(x, axis)| x.argsort(axis, Direction::Ascending)).and_then(typed);
    /// The `k` largest (or smallest) elements along an axis, and their indices.
    fn topk[T: Dtype, const N: usize](x: &Tensor<T, N>, k: usize, axis: impl SliceInt, largest: bool) -> (Tensor<T, N>, Tensor<i64, N>) =
        functions::sorting::topk(&x.raw, k, axis.to_isize(), largest, true).and_then(two);
    /// Where values, or one number, would stand in a sorted vector: before equal elements, or behind them.
    fn searchsorted[T: Dtype, V: Sought](a: &Vector<T>, v: V, side: functions::Side) -> V::Of<i64> =
        functions::sorting::searchsorted(&a.raw, &v.sought()?, side, None).and_then(typed);
    /// The bin of each element, or of one number: `i` where it is from `bins[i - 1]` on and below `bins[i]`, which increase or
    /// decrease; with `right` a bin holds its upper edge and not its lower one.
    fn digitize[X: Sought, U: Dtype](x: X, bins: &Vector<U>, right: bool) -> X::Of<i64> =
        functions::sorting::digitize(&x.sought()?, &bins.raw, right).and_then(typed);
    /// How often each number from 0 on is there.
    fn bincount[T: Dtype](x: &Vector<T>, minlength: usize) -> Vector<i64> =
        functions::sorting::bincount(x.raw.clone().into(), None, isize::try_from(minlength).unwrap_or(isize::MAX)).and_then(typed);
    /// The running sum along an axis; NaN counts as 0.
    fn nancumsum[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Tensor<T::Sum, N> =
        functions::nan::nancumsum(&x.raw, AxisOrFlat(Some(axis.to_isize())), None, Out::NONE).and_then(typed);
    /// The running product along an axis; NaN counts as 1.
    fn nancumprod[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Tensor<T::Sum, N> =
        functions::nan::nancumprod(&x.raw, AxisOrFlat(Some(axis.to_isize())), None, Out::NONE).and_then(typed);
    /// Numbers in place of NaN, `∞` and `-∞`: 0, and the largest and the smallest finite number.
    fn nan_to_num[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> =
        functions::nan::nan_to_num(&x.raw, true, number(0.0), None, None).and_then(typed);
    /// The covariance of variables, the rows, whose samples are the columns: a matrix, also of one row. Of a vector it is the
    /// variance.
    fn cov[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <Covariance as RankRule<N>>::Of<T::Mean>
        where [Covariance: RankRule<N>] =
        functions::statistics::cov(&x.raw, None, true, false, OptFloat(None), None, None, None).and_then(|y| covariance(&x.raw, y, N)).and_then(typed);
    /// The correlation of variables, the rows, whose samples are the columns: a matrix, also of one row. Of a vector it is 1.
    fn corrcoef[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <Covariance as RankRule<N>>::Of<T::Mean>
        where [Covariance: RankRule<N>] =
        functions::statistics::corrcoef(&x.raw, None, true, None).and_then(|y| covariance(&x.raw, y, N)).and_then(typed);
    /// The indices that put the elements along an axis in the order of [`partition`], with `..` those of the flattened tensor.
    fn argpartition[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, places: impl Into<functions::Ints>, axis: A) -> A::Out<i64> =
        functions::sorting::argpartition(&x.raw, places.into(), axis.axis(), functions::SelectKind::Introselect, functions::sorting::Fields).and_then(typed);
    /// The distinct elements in order, where each is first, which one each element is, and how often each is there.
    fn unique_all[T: Dtype, const N: usize](x: &Tensor<T, N>) -> UniqueAll<T, N> =
        functions::sets::unique_all(&x.raw).and_then(unique_parts);
    /// How many points, the rows of a matrix, lie in each of so many bins of one width along each column, and the edges of the bins.
    fn histogramdd[T: Dtype](points: &Matrix<T>, bins: usize) -> (Tensor<f64, DYN>, Vec<Vector<T::Mean>>) =
        functions::histogram::histogramdd(functions::histogram::Points(points.raw.clone()), BinsOfEach::Same(count(bins)), RangeOfEach(None), OptBool(None), None)
            .map(|(counts, edges)| (wrap(counts), edges.into_iter().map(wrap).collect()));
    /// How many elements lie in each of so many bins of one width, or between edges, and the edges of the bins.
    fn histogram[T: Dtype, const N: usize](x: &Tensor<T, N>, bins: impl HistogramBins<T>) -> (Vector<i64>, Vector<T::Mean>) = {
        let all = functions::histogram::histogram(&x.raw, bins.bins()?, functions::histogram::Range(None), OptBool(None), None)?;
        let (counts, edges): (_, Tensor<Any, 1>) = two(all)?;
        Ok((counts, wrap(edges.raw.cast(statistic(x.dtype()))?)))
    };
    /// The edges of so many bins of one width.
    fn histogram_bin_edges[T: Dtype, const N: usize](x: &Tensor<T, N>, bins: usize) -> Vector<T::Mean> =
        functions::histogram::histogram_bin_edges(&x.raw, count(bins), functions::histogram::Range(None), None).and_then(typed);
    /// As [`histogram`], of pairs, with counts as floats.
    fn histogram2d[T: Dtype](x: &Vector<T>, y: &Vector<T>, bins: usize) -> (Matrix<f64>, Vector<T::Mean>, Vector<T::Mean>) =
        functions::histogram::histogram2d(&x.raw, &y.raw, BinsOfEach::Same(count(bins)), RangeOfEach(None), OptBool(None), None).and_then(three);
    /// The derivative along an axis of samples at equal distances: central differences, one-sided ones at the ends.
    fn gradient[T: Dtype, const N: usize](x: &Tensor<T, N>, distance: f64, axis: impl SliceInt) -> Tensor<T::Mean, N> =
        one(functions::calculus::gradient(&x.raw, EachArray(vec![Tensor::scalar(distance).raw]), civita_core::layout::Axes::List(&[axis.to_isize()]).into(), 1));
    /// The values at `x` of the straight lines through the points `(xp, fp)`, whose places increase; beyond them their ends.
    fn interp[X: Sought, U: Dtype, V: Dtype](x: X, xp: &Vector<U>, fp: &Vector<V>) -> X::Of<f64> =
        functions::calculus::interp(&x.sought()?, &xp.raw, &fp.raw, None, None, OptFloat(None)).and_then(typed);
    /// The running sum along an axis; on request with the 0 before the first element.
    fn cumulative_sum[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt, include_initial: bool) -> Tensor<T::Sum, N> =
        functions::calculus::cumulative_sum(&x.raw, AxisOrFlat(Some(axis.to_isize())), None, Out::NONE, include_initial).and_then(typed);
    /// The running product along an axis; on request with the 1 before the first element.
    fn cumulative_prod[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt, include_initial: bool) -> Tensor<T::Sum, N> =
        functions::calculus::cumulative_prod(&x.raw, AxisOrFlat(Some(axis.to_isize())), None, Out::NONE, include_initial).and_then(typed);
    /// `ln Σ eˣ` of the elements up to each one, along an axis.
    fn logcumsumexp[T: Float, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Tensor<T, N> =
        functions::calculus::logcumsumexp(&x.raw, axis.to_isize()).and_then(typed);
    /// The elements along an axis with these places as a sort would leave them, smaller ones before, larger ones behind.
    fn partition[T: Dtype, const N: usize](x: &Tensor<T, N>, places: impl Into<functions::Ints>, axis: impl SliceInt) -> Tensor<T, N> =
        functions::sorting::partition(&x.raw, places.into(), AxisOrFlat(Some(axis.to_isize())), functions::SelectKind::Introselect, functions::sorting::Fields).and_then(typed);
    /// The `k`-th smallest elements along an axis, counted from 1, and where they are.
    fn kthvalue[T: Dtype, const N: usize](x: &Tensor<T, N>, k: impl SliceInt, axis: impl SliceInt) -> (<isize as Axes<N>>::Out<T>, <isize as Axes<N>>::Out<i64>)
        where [isize: Axes<N>] = functions::sorting::kthvalue(&x.raw, k.to_isize(), axis.to_isize(), false).and_then(two);
    /// The most frequent elements along an axis, of several the smallest, and where they are last.
    fn mode[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> (<isize as Axes<N>>::Out<T>, <isize as Axes<N>>::Out<i64>)
        where [isize: Axes<N>] = functions::sorting::mode(&x.raw, axis.to_isize(), false).and_then(two);
    /// `x - ln Σ eˣ` along an axis: the logarithm of softmax, without its underflow.
    fn log_softmax[T: Float, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Tensor<T, N> = x.raw.log_softmax(axis.to_isize()).and_then(typed);
    /// `(x - mean) / √(var + eps) · weight + bias` along the last axes, those of `normalized_shape`.
    fn layer_norm[T: Float, const N: usize, const K: usize](x: &Tensor<T, N>, normalized_shape: [usize; K], weight: Option<&Tensor<T, K>>, bias: Option<&Tensor<T, K>>, eps: f64) -> Tensor<T, N> =
        functions::neural::layer_norm(&x.raw, normalized_shape[..].into(), optional(weight), optional(bias), eps).and_then(typed);
    /// `x / √(Σx² / n + eps) · weight` along the last axes, those of `normalized_shape`. Without `eps` it is the distance from 1 to the
    /// next number, `2⁻²³` for `f32` and narrower.
    fn rms_norm[T: Float, const N: usize, const K: usize](x: &Tensor<T, N>, normalized_shape: [usize; K], weight: Option<&Tensor<T, K>>, eps: Option<f64>) -> Tensor<T, N> =
        functions::neural::rms_norm(&x.raw, normalized_shape[..].into(), optional(weight), eps.into()).and_then(typed);
    /// The negative logarithm of the softmax of `x` at the target, the mean of all samples. Classes are the second axis of `x`,
    /// the only one of a vector. The target holds indices of classes, with the other axes, or probabilities of them, with all
    /// axes. [`cross_entropy_each`] is the loss of each sample, and its sum PyTorch's `reduction="sum"`.
    fn cross_entropy[T: Float, U: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, target: &Tensor<U, M>, options: CrossEntropy<T>) -> Tensor<T, 0> =
        entropy(&x.raw, &target.raw, options, functions::LossReduction::Mean).and_then(typed);
    /// `x · ln y`, and 0 where `x` is 0 and `y` is not NaN.
    fn xlogy[T: Float, const N: usize, B: Rhs<T, N>](x: &Tensor<T, N>, y: B) -> B::Out<T> = match y.operand() {
        Operand::Tensor(y) => functions::special::xlogy(&x.raw, y).and_then(typed),
        Operand::Scalar(y) => functions::special::xlogy(&x.raw, &Raw::scalar(y, x.dtype())?).and_then(typed),
    };
    /// `1 / (1 + e⁻ˣ)`, the logistic function.
    fn expit[T: Float, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> = x.raw.sigmoid().and_then(typed);
    /// The logarithm of [`expit`], without its underflow.
    fn log_expit[T: Float, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> = functions::special::log_expit(&x.raw).and_then(typed);
    /// The angle of a complex number, in radians; π of a negative real number.
    fn angle[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<<T::Mean as Dtype>::Real, N> =
        functions::classify::angle(&x.raw, false).and_then(|y| y.cast(statistic(x.raw.dtype()).to_real())).and_then(typed);
    /// The real parts, where all imaginary parts are smaller than so many times the dtype's epsilon; else the tensor.
    fn real_if_close[T: Dtype, const N: usize](x: &Tensor<T, N>, tol: f64) -> Tensor<Any, N> =
        functions::classify::real_if_close(&x.raw, tol).and_then(typed);
    /// Returns true where the imaginary part is not 0.
    fn iscomplex[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<bool, N> = functions::classify::iscomplex(&x.raw).and_then(typed);
    /// Returns true where the imaginary part is 0.
    fn isreal[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<bool, N> = functions::classify::isreal(&x.raw).and_then(typed);
    /// Returns true where the dtype is complex.
    fn iscomplexobj[T: Dtype, const N: usize](x: &Tensor<T, N>) -> bool = functions::classify::iscomplexobj(&x.raw);
    /// Returns true where the dtype is not complex.
    fn isrealobj[T: Dtype, const N: usize](x: &Tensor<T, N>) -> bool = functions::classify::isrealobj(&x.raw);
    /// Returns true where the element is `∞`.
    fn isposinf[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<bool, N> = functions::classify::isposinf(&x.raw, Out::NONE).and_then(typed);
    /// Returns true where the element is `-∞`.
    fn isneginf[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<bool, N> = functions::classify::isneginf(&x.raw, Out::NONE).and_then(typed);
    /// The elements from small to large along the last axis, as complex numbers.
    fn sort_complex[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<num_complex::Complex<f64>, N> =
        functions::classify::sort_complex(&x.raw).and_then(|y| y.cast(civita_core::dtype::DType::C128)).and_then(typed);
    /// The elements rounded to so many decimals, of two as near the even one; negative numbers are places before the point.
    fn round[T: Dtype, const N: usize](x: &Tensor<T, N>, decimals: impl SliceInt) -> Tensor<T, N> =
        functions::classify::round(&x.raw, decimals.to_isize(), Out::NONE).and_then(|y| y.cast(x.raw.dtype())).and_then(typed);
    /// Returns true where both have equal elements after broadcasting.
    fn array_equiv[T: Dtype, U: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool =
        functions::compare::array_equiv(&a.raw, &b.raw);
    /// The different elements, sorted.
    fn unique[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Vector<T> =
        functions::sets::unique(&x.raw, false, false, false, AxisOrFlat(None), true, true).map(|all| wrap(all.0));
    /// The different elements, sorted, and how often each is there.
    fn unique_counts[T: Dtype, const N: usize](x: &Tensor<T, N>) -> (Vector<T>, Vector<i64>) =
        functions::sets::unique_counts(&x.raw).and_then(two);
    /// The different elements, sorted, and which of them each element is.
    fn unique_inverse[T: Dtype, const N: usize](x: &Tensor<T, N>) -> (Vector<T>, Tensor<i64, N>) =
        functions::sets::unique_inverse(&x.raw).and_then(two);
    /// Returns true where an element is among the test elements: a tensor, a list or one number.
    fn isin[T: Dtype, const N: usize](x: &Tensor<T, N>, tests: impl Sought) -> Tensor<bool, N> =
        functions::sets::isin(&x.raw, &tests.sought()?, false, false, functions::sets::LookupKind).and_then(typed);
    /// Values, or one number, behind the elements along an axis, with `..` behind those of the flattened tensor.
    fn append[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, values: impl AssignValue<T>, axis: A) -> A::Out<T> =
        functions::join::append(&x.raw, &*values.raw(x.dtype())?, axis.axis()).and_then(typed);
    /// Values, or one number, before places along an axis, with `..` of the flattened tensor.
    fn insert[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, places: impl Into<functions::Positions>, values: impl AssignValue<T>, axis: A) -> A::Out<T> =
        functions::rearrange::insert(&x.raw, places.into(), values.raw(x.dtype())?.into_owned().into(), axis.axis()).and_then(typed);
    /// The common elements of two tensors, sorted.
    fn intersect1d[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> Vector<T> =
        functions::sets::intersect1d(&a.raw, &b.raw, false, false).map(|all| wrap(all.0));
    /// The triangular window of so many points, with zeros at the ends.
    fn bartlett[](points: usize) -> Vector<f64> = functions::signal::bartlett(points as f64).and_then(typed);
    /// The Blackman window of so many points.
    fn blackman[](points: usize) -> Vector<f64> = functions::signal::blackman(points as f64).and_then(typed);
    /// The Hamming window of so many points.
    fn hamming[](points: usize) -> Vector<f64> = functions::signal::hamming(points as f64).and_then(typed);
    /// The Hann window of so many points.
    fn hanning[](points: usize) -> Vector<f64> = functions::signal::hanning(points as f64).and_then(typed);
    /// The Kaiser window of so many points: the larger `beta`, the narrower.
    fn kaiser[](points: usize, beta: f64) -> Vector<f64> = functions::signal::kaiser(points as f64, beta).and_then(typed);
    /// The modified Bessel function of the first kind and order 0.
    fn i0[T: Real, const N: usize](x: &Tensor<T, N>) -> Tensor<T::Mean, N> = functions::signal::i0(&x.raw).and_then(typed);
    /// `sin(πx) / (πx)`, which is 1 at 0.
    fn sinc[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T::Mean, N> = functions::signal::sinc(&x.raw).and_then(typed);
    /// Phases without jumps: where neighbours along an axis differ by more than half a period, multiples of it are added.
    fn unwrap[T: Float, const N: usize](p: &Tensor<T, N>, axis: impl SliceInt, period: T) -> Tensor<T, N> =
        functions::signal::unwrap(&p.raw, None, axis.to_isize(), number(period)).and_then(typed);
    /// Without zeros at the ends of every axis.
    fn trim_zeros[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> =
        functions::signal::trim_zeros(&x.raw, functions::signal::TrimEnds::BOTH, (..).axes().named().into()).and_then(typed);
    /// For each index the element of the tensor with that number, of several that broadcast together.
    fn choose[I: Dtype, T: Dtype, const N: usize, const M: usize](index: &Tensor<I, N>, choices: &[&Tensor<T, M>]) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::indexing::choose(&index.raw, numbers(choices), Out::NONE, Mode::Raise).and_then(typed);
    /// For each element the first of the choices whose condition is true, and the default where none is.
    fn select[T: Element, const N: usize, const M: usize](conditions: &[&Tensor<bool, N>], choices: &[&Tensor<T, M>], default: T) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::indexing::select(each(conditions).0, numbers(choices), Number::Array(Tensor::scalar(default).raw)).and_then(typed);
    /// The elements along an axis where a condition is true, with `..` those of the flattened tensor.
    fn compress[C: Boolean, T: Dtype, const N: usize, A: OneAxis<N>](condition: &Vector<C>, x: &Tensor<T, N>, axis: A) -> A::Out<T> =
        functions::indexing::compress(&condition.raw, &x.raw, axis.axis(), Out::NONE).and_then(typed);
    /// Writes values at places that count the elements in C order; values that are too few are repeated, and of equal places
    /// the last stays.
    fn put[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &mut Tensor<T, N>, places: &Tensor<I, M>, values: impl AssignValue<T>) -> () = {
        let values = values.raw(x.dtype())?.into_owned();
        functions::writes::put_into(&mut x.raw, places.raw.clone().into(), values.into(), Mode::Raise)
    };
    /// Writes values over the elements where a mask is true: the first value over the first of them, and so on; values that
    /// are too few are repeated.
    fn place[T: Dtype, const N: usize](x: &mut Tensor<T, N>, mask: &Tensor<bool, N>, values: impl AssignValue<T>) -> () = {
        let values = values.raw(x.dtype())?.into_owned();
        functions::writes::place_into(&mut x.raw, &mask.raw, values.into())
    };
    /// Writes over the elements where a mask is true the values at the same places, counted in C order; values that are too
    /// few are repeated.
    fn putmask[T: Dtype, const N: usize](x: &mut Tensor<T, N>, mask: &Tensor<bool, N>, values: impl AssignValue<T>) -> () = {
        let values = values.raw(x.dtype())?.into_owned();
        functions::writes::putmask_into(&mut x.raw, &mask.raw, values.into())
    };
    /// Writes values at indices along an axis, one index for each of them; the other axes broadcast.
    fn put_along_axis[T: Dtype, I: Dtype, const N: usize](x: &mut Tensor<T, N>, indices: &Tensor<I, N>, values: impl AssignValue<T>, axis: impl SliceInt) -> () = {
        let values = values.raw(x.dtype())?.into_owned();
        functions::writes::put_along_axis_into(&mut x.raw, indices.raw.clone().into(), values.into(), AxisOrFlat(Some(axis.to_isize())))
    };
    /// Writes a tensor, broadcast, or a number over another tensor: [`Tensor::assign`].
    fn copyto[T: Dtype, const N: usize](x: &mut Tensor<T, N>, source: impl AssignValue<T>) -> () = x.assign(source);
    /// Writes values over the main diagonal; with `wrap` that of a tall matrix goes on after each square.
    fn fill_diagonal[T: Dtype, const N: usize](x: &mut Tensor<T, N>, values: impl AssignValue<T>, wrap: bool) -> () = {
        let values = values.raw(x.dtype())?.into_owned();
        functions::writes::fill_diagonal_into(&mut x.raw, values.into(), wrap)
    };
    /// The indices of the main diagonal of a matrix with `n` rows and columns. Along more axes they are the same vector.
    fn diag_indices[](n: usize) -> [Vector<i64>; 2] = functions::indexing::diag_indices(n, 2).and_then(wrap_array);
    /// The indices of the lower triangle of an `n` × `m` matrix, up to the `k`-th diagonal.
    fn tril_indices[](n: usize, k: impl SliceInt, m: usize) -> [Vector<i64>; 2] = functions::indexing::tril_indices(n, k.to_isize(), Some(m).into()).and_then(wrap_array);
    /// The indices of the upper triangle of an `n` × `m` matrix, from the `k.to_isize()`-th diagonal on.
    fn triu_indices[](n: usize, k: impl SliceInt, m: usize) -> [Vector<i64>; 2] = functions::indexing::triu_indices(n, k.to_isize(), Some(m).into()).and_then(wrap_array);
    /// Indices that broadcast to a grid of some rows, columns and so on.
    fn ix_[I: Dtype, const K: usize](all: [&Vector<I>; K]) -> [Tensor<i64, K>; K] =
        functions::indexing::ix_(functions::EachIndices(each(&all).0))
            .and_then(|all| all.iter().map(|x| x.cast(civita_core::dtype::DType::I64)).collect::<Result<_>>()).and_then(wrap_array);
    /// The number of an element, counted in C order, from its index along each axis.
    fn ravel_multi_index[I: Dtype, const N: usize, const K: usize](index: [&Tensor<I, N>; K], shape: [usize; K]) -> Tensor<i64, N> =
        functions::indexing::ravel_multi_index(each(&index).0, shape[..].into(), Mode::Raise.into(), functions::Order::C).and_then(typed);
    /// The index along each axis of an element, from its number in C order.
    fn unravel_index[I: Dtype, const N: usize, const M: usize](numbers: &Tensor<I, N>, shape: impl IntoShape<M>) -> <Rank<M> as PerAxis>::Of<Tensor<i64, N>>
        where [Rank<M>: PerAxis] =
        functions::indexing::unravel_index(&numbers.raw, shape.with(|s| s.into()), functions::Order::C).and_then(<Rank<M> as PerAxis>::wrapped);
    /// Matrices in rows put together: those of a row beside each other, the rows below each other.
    fn block[T: Dtype](rows: &[&[&Matrix<T>]]) -> Matrix<T> = functions::indexing::block(functions::Nested::List(
        rows.iter().map(|row| functions::Nested::List(row.iter().map(|x| functions::Nested::Array(x.raw.clone())).collect())).collect(),
    )).and_then(typed);
    /// Booleans as the bits of bytes, eight in one, along an axis, or with `..` of the flattened tensor.
    fn packbits[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, axis: A, order: functions::BitOrder) -> A::Out<u8> =
        functions::bits::packbits(&x.raw, axis.axis(), order).and_then(typed);
    /// The bits of bytes as numbers 0 and 1, along an axis, or with `..` of the flattened tensor.
    fn unpackbits[const N: usize, A: OneAxis<N>](x: &Tensor<u8, N>, axis: A, order: functions::BitOrder) -> A::Out<u8> =
        functions::bits::unpackbits(&x.raw, axis.axis(), None.into(), order).and_then(typed);
    /// Sums of products over the last axis of both, the first conjugated; the other axes broadcast.
    fn vecdot[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> <<<Rank<N> as Broadcast<M>>::Rank as ReduceRank>::Out as TensorRank>::Of<T>
        where [Rank<N>: Broadcast<M>, <Rank<N> as Broadcast<M>>::Rank: ReduceRank] =
        functions::einsum::vecdot(&a.raw, &b.raw, Out::NONE, -1, None, SAME_KIND).and_then(typed);
    /// The product of matrices and vectors; the axes before them broadcast.
    fn matvec[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> <<Rank<N> as ReduceRank>::Out as BroadcastWith<M>>::Out<T>
        where [Rank<N>: ReduceRank, <Rank<N> as ReduceRank>::Out: BroadcastWith<M>] =
        functions::einsum::matvec(&a.raw, &b.raw, Out::NONE, None, SAME_KIND).and_then(typed);
    /// The product of vectors, conjugated, and matrices; the axes before them broadcast.
    fn vecmat[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> <<Rank<M> as ReduceRank>::Out as BroadcastWith<N>>::Out<T>
        where [Rank<M>: ReduceRank, <Rank<M> as ReduceRank>::Out: BroadcastWith<N>] =
        functions::einsum::vecmat(&a.raw, &b.raw, Out::NONE, None, SAME_KIND).and_then(typed);
    /// The sum of products over labelled axes: `"ij,jk->ik"` is the matrix product. A label that stands in several terms joins
    /// their axes, one that is not in the result is summed over, one that stands twice in a term takes the diagonal, and
    /// `...` stands for all other axes, which broadcast.
    ///
    /// A function cannot read the rank of its result from a text: [`einsum!`](macro@crate::einsum) can, and is this function with
    /// that rank. Here it is named: `let y: Matrix<f64> = np::einsum(…)?.typed()?`.
    fn einsum[T: Dtype](subscripts: &str, operands: &[&dyn Labelled<T>]) -> Tensor<T, DYN> =
        functions::einsum::einsum(labelled(subscripts, operands), Out::NONE, functions::einsum::Optimize::No, None, functions::Order::K, SAME_KIND).and_then(typed);
    /// The order in which [`einsum`] contracts its tensors by `"greedy"` or `"optimal"` search, and a text that describes it.
    fn einsum_path[T: Dtype](subscripts: &str, operands: &[&dyn Labelled<T>], optimize: &str) -> (Vec<Vec<usize>>, String) = {
        let optimize = match optimize {
            "greedy" => functions::einsum::Optimize::Greedy(None),
            "optimal" => functions::einsum::Optimize::Optimal(None),
            other => return Err(crate::Error::value("einsum_path", format!("Path name {other} not found"))),
        };
        let path = functions::einsum::einsum_path(labelled(subscripts, operands), optimize, false)?;
        Ok((path.steps, path.text))
    };
    /// The elements at indices along an axis: `x[i, index[i, j]]` for axis 1. The other axes may have fewer indices.
    fn gather[T: Dtype, I: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt, index: &Tensor<I, N>) -> Tensor<T, N> =
        functions::scatter::gather(&x.raw, axis.to_isize(), index.raw.clone().into()).and_then(typed);
    /// A copy of the tensor with elements placed at indices along an axis, of equal places the last. A source without axes is
    /// one value for all.
    fn scatter[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: impl SliceInt, index: &Tensor<I, N>, source: &Tensor<T, M>) -> Tensor<T, N> =
        functions::scatter::scatter(&x.raw, axis.to_isize(), index.raw.clone().into(), Number::Array(source.raw.clone())).and_then(typed);
    /// A copy of the tensor with elements added at indices along an axis.
    fn scatter_add[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: impl SliceInt, index: &Tensor<I, N>, source: &Tensor<T, M>) -> Tensor<T, N> =
        functions::scatter::scatter_add(&x.raw, axis.to_isize(), index.raw.clone().into(), Number::Array(source.raw.clone())).and_then(typed);
    /// A copy of the tensor with elements reduced to indices along an axis, together with the element that is there or without it.
    fn scatter_reduce[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: impl SliceInt, index: &Tensor<I, N>, source: &Tensor<T, M>, reduce: functions::scatter::Reduce, include_self: bool) -> Tensor<T, N> =
        functions::scatter::scatter_reduce(&x.raw, axis.to_isize(), index.raw.clone().into(), Number::Array(source.raw.clone()), reduce, include_self).and_then(typed);
    /// The elements, or parts, at indices that stand along the last axis, one for each of the first axes of the tensor.
    fn gather_nd[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, indices: &Tensor<I, M>) -> Tensor<T, DYN> =
        functions::scatter::gather_nd(&x.raw, indices.raw.clone().into()).and_then(typed);
    /// The slices at indices along an axis.
    fn index_select[T: Dtype, I: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt, index: &Vector<I>) -> Tensor<T, N> =
        functions::scatter::index_select(&x.raw, axis.to_isize(), index.raw.clone().into()).and_then(typed);
    /// A copy of the tensor with values at what arrays of indices pick, or with values added there: at equal places all of them.
    fn index_put[T: Dtype, I: Dtype, const N: usize, const M: usize, const K: usize](x: &Tensor<T, N>, indices: &[&Tensor<I, M>], values: &Tensor<T, K>, accumulate: bool) -> Tensor<T, N> =
        functions::scatter::index_put(&x.raw, each(indices).0, Number::Array(values.raw.clone()), accumulate).and_then(typed);
    /// A copy of the tensor with slices added at indices along an axis.
    fn index_add[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: impl SliceInt, index: &Vector<I>, source: &Tensor<T, M>) -> Tensor<T, N> =
        functions::scatter::index_add(&x.raw, axis.to_isize(), index.raw.clone().into(), &source.raw, number(1i64)).and_then(typed);
    /// A number where a mask is true, the elements elsewhere.
    fn masked_fill[T: Dtype, V: AssignValue<T>, const N: usize, const M: usize](x: &Tensor<T, N>, mask: &Tensor<bool, M>, value: V) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::scatter::masked_fill(&x.raw, &mask.raw, Number::Array(value.raw(x.dtype())?.into_owned())).and_then(typed);
    /// The elements where a mask is true, as a vector; the two broadcast together.
    fn masked_select[T: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, mask: &Tensor<bool, M>) -> Vector<T> =
        functions::scatter::masked_select(&x.raw, &mask.raw).and_then(typed);
    /// A copy of the tensor with the elements of another, in C order, where a mask is true.
    fn masked_scatter[T: Dtype, const N: usize, const M: usize, const K: usize](x: &Tensor<T, N>, mask: &Tensor<bool, M>, source: &Tensor<T, K>) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::scatter::masked_scatter(&x.raw, &mask.raw, &source.raw).and_then(typed);
    /// The rows of a matrix at indices. The row `padding` gets no gradient.
    fn embedding[T: Dtype, I: Dtype, const N: usize](indices: &Tensor<I, N>, weight: &Matrix<T>, padding: Option<isize>) -> Expanded<T, N>
        where [Rank<N>: ExpandRank] =
        functions::scatter::embedding(indices.raw.clone().into(), &weight.raw, padding.into()).and_then(typed);
    /// Returns true where an element of one tensor lies on one of the other.
    fn shares_memory[T: Dtype, const N: usize, U: Dtype, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool =
        functions::memory::shares_memory(&a.raw, &b.raw, None.into());
    /// Returns true where the memory that two tensors cover meets; elements need not lie on each other.
    fn may_share_memory[T: Dtype, const N: usize, U: Dtype, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool =
        functions::memory::may_share_memory(&a.raw, &b.raw, Some(0).into());
    /// Returns true where a tensor lies in Fortran order and not in C order.
    fn isfortran[T: Dtype, const N: usize](x: &Tensor<T, N>) -> bool = functions::memory::isfortran(&x.raw);
    /// The tensor in Fortran order: itself where it lies so already, else a copy.
    fn asfortranarray[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <rank::AtLeast1 as RankRule<N>>::Of<T>
        where [rank::AtLeast1: RankRule<N>] = functions::memory::asfortranarray(&x.raw, None).and_then(typed);
    /// The tensor, in which every number is finite.
    fn asarray_chkfinite[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> =
        functions::memory::asarray_chkfinite(&x.raw, None, functions::Order::K).and_then(typed);
    /// The tensor with memory that meets requirements, by letter: `"C"`, `"F"`, `"W"`(riteable), `"O"`(wned).
    fn require[T: Dtype, const N: usize](x: &Tensor<T, N>, requirements: &str) -> Tensor<T, N> =
        functions::memory::Requirements::of(requirements).and_then(|all| functions::memory::require(&x.raw, None, all)).and_then(typed);
}

/// The identity matrix of `f64`: [`Tensor::eye`].
#[track_caller]
pub fn identity(n: usize) -> Matrix<f64> {
    Matrix::eye(n)
}

/// What [`meshgrid`] takes beside its vectors.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meshgrid {
    /// Vectors that broadcast to the grids, in place of the grids.
    pub sparse: bool,
    /// Which of the vectors goes along the rows.
    pub indexing: functions::Indexing,
}

/// What [`cross_entropy`] takes beside the input and the target.
#[derive(Clone, Debug)]
pub struct CrossEntropy<T> {
    /// How much each class counts.
    pub weight: Option<Vector<T>>,
    /// Targets that are this do not count.
    pub ignore_index: isize,
    /// The part of each target that goes to all classes alike.
    pub label_smoothing: f64,
}
impl<T> Default for CrossEntropy<T> {
    fn default() -> CrossEntropy<T> {
        CrossEntropy {
            weight: None,
            ignore_index: -100,
            label_smoothing: 0.0,
        }
    }
}

/// The loss of each sample by [`cross_entropy`], with the axes of `x` but that of the classes: PyTorch's `reduction="none"`.
///
/// ```
/// use civita::prelude::*;
///
/// let scores = tensor![[0.0, 0.0], [1000.0, 0.0]];
/// let losses = np::cross_entropy_each(&scores, &tensor![0, 0], np::CrossEntropy::default())?;
/// assert_eq!(losses.to_string(), "[0.69314718 0.        ]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When shapes or values do not fit.
pub fn cross_entropy_each<T: Float, U: Dtype, const N: usize, const M: usize>(
    x: &Tensor<T, N>,
    target: &Tensor<U, M>,
    options: CrossEntropy<T>,
) -> Result<<isize as Axes<N>>::Out<T>>
where
    isize: Axes<N>,
{
    let none = functions::LossReduction::None;
    entropy(&x.raw, &target.raw, options, none).and_then(typed)
}

fn entropy<T>(
    x: &Raw,
    target: &Raw,
    options: CrossEntropy<T>,
    reduction: functions::LossReduction,
) -> Result<Raw> {
    functions::neural::cross_entropy(
        x,
        target,
        optional(options.weight.as_ref()),
        options.ignore_index,
        reduction,
        options.label_smoothing,
    )
}

/// The rank of [`cov`] and [`corrcoef`]: of a vector one number, of a matrix a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Covariance;
impl RankRule<1> for Covariance {
    type Of<T: Dtype> = Tensor<T, 0>;
}
impl RankRule<2> for Covariance {
    type Of<T: Dtype> = Matrix<T>;
}
impl RankRule<DYN> for Covariance {
    type Of<T: Dtype> = Tensor<T, DYN>;
}

/// Of one variable NumPy returns a number without axes, whatever the rank; of a matrix it is a matrix here.
fn covariance(x: &Raw, y: Raw, rank: usize) -> Result<Raw> {
    let y = y.cast(statistic(x.dtype()))?;
    match rank == 2 && y.rank() == 0 {
        true => y.reshape(&[1, 1]),
        false => Ok(y),
    }
}

/// How often [`tile`] repeats along the axes of a tensor of rank `N`: a number, or one for each of the last axes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how often a tensor of rank {N} is repeated",
    note = "`2`, `[2, 1]`, or a slice `&list[..]` of integers"
)]
pub trait Repeats<const N: usize> {
    /// The result.
    type Out<T: Dtype>: crate::FromRaw;
    #[doc(hidden)]
    fn repeats(self) -> functions::Ints;
}
// one impl for all integers, so that the rank of the result is known before the type of a literal is
impl<I: SliceInt, const N: usize> Repeats<N> for I {
    type Out<T: Dtype> = Tensor<T, N>;
    fn repeats(self) -> functions::Ints {
        self.to_isize().into()
    }
}
impl<I: SliceInt, const N: usize, const K: usize> Repeats<N> for [I; K]
where
    Rank<N>: Broadcast<K>,
{
    type Out<T: Dtype> = Broadcasted<T, N, K>;
    fn repeats(self) -> functions::Ints {
        self.map(I::to_isize).into()
    }
}
impl<I: SliceInt, const N: usize> Repeats<N> for &[I] {
    type Out<T: Dtype> = Tensor<T, DYN>;
    fn repeats(self) -> functions::Ints {
        let all: Vec<isize> = self.iter().map(|n| n.to_isize()).collect();
        all[..].into()
    }
}

/// Windows of neighbours along axes, one for each place where a whole one fits, as new last axes; a view. NumPy's
/// `lib.stride_tricks.sliding_window_view`.
///
/// A window is a length and an axis, or as many lengths as axes; `..` are all axes. The rank of the result is known to the compiler
/// where the number of lengths is; after a slice or vector of lengths it is [`DYN`].
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![1.0, 2.0, 4.0, 8.0];
/// let windows: Matrix<f64> = np::sliding_window_view(&x, 3, 0)?;
/// assert_eq!(windows, [[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]);
/// // a box blur: the mean of each square of 2 × 2 pixels
/// let image = tensor![[0.0, 4.0, 0.0], [0.0, 0.0, 8.0]];
/// let squares: Tensor<f64, 4> = np::sliding_window_view(&image, [2, 2], ..)?;
/// assert_eq!(squares.over([-2, -1]).mean()?, [[1.0, 3.0]]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// The windows one after the other are [`Tensor::windows`], those that are some elements apart [`unfold`](super::unfold).
///
/// # Errors
/// When an axis does not exist, is shorter than its window, or there are not as many lengths as axes.
pub fn sliding_window_view<T: Dtype, W: WindowShape<N>, const N: usize>(
    x: &Tensor<T, N>,
    window: W,
    axes: impl AxisArg,
) -> Result<W::Out<T>> {
    const OP: &str = "sliding_window_view";
    let window = window.lengths();
    let list = axes.axes();
    let axes: Vec<usize> = match list.named() {
        Named::All => (0..x.rank()).collect(),
        Named::List(axes) => axes
            .iter()
            .map(|&axis| normalize_axis(OP, axis, x.rank()))
            .collect::<Result<_>>()?,
    };
    if window.len() != axes.len() {
        let (lengths, axes) = (window.len(), axes.len());
        return Err(Error::shape(
            OP,
            format!("the window has {lengths} lengths, and {axes} axes are named"),
        )
        .rule("a window has a length for each axis that it moves along"));
    }
    let mut y = x.raw.clone();
    for (&axis, &len) in axes.iter().zip(&window) {
        y = y.unfold(axis as isize, len, 1).map_err(|e| e.in_op(OP))?;
    }
    typed(y)
}

/// The lengths of the windows of [`sliding_window_view`] on a tensor of rank `N`: a length, or an array, tuple, slice or vector of
/// lengths.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the shape of a window on a tensor of rank {N}",
    note = "a window is a `usize`, `[3, 3]`, `(3, 3)`, a slice or a vector of `usize`",
    note = "each of its axes is one more of the result, whose static rank is 0 to 8; use `DYN` ranks beyond"
)]
pub trait WindowShape<const N: usize> {
    /// The result.
    type Out<T: Dtype>: crate::FromRaw;
    #[doc(hidden)]
    fn lengths(&self) -> Vec<usize>;
}
impl<const N: usize> WindowShape<N> for usize
where
    Rank<N>: ExpandRank,
{
    type Out<T: Dtype> = Expanded<T, N>;
    fn lengths(&self) -> Vec<usize> {
        vec![*self]
    }
}
macro_rules! window_shapes {
    ($([$($K:ident)?] $Window:ty, $k:expr, $w:ident => $lengths:expr;)*) => { $(
        impl<const N: usize $(, const $K: usize)?> WindowShape<N> for $Window
        where
            Rank<N>: AddRank<Rank<{ $k }>>,
        {
            type Out<T: Dtype> = <<Rank<N> as AddRank<Rank<{ $k }>>>::Sum as TensorRank>::Of<T>;
            fn lengths(&self) -> Vec<usize> {
                let $w = self;
                $lengths.to_vec()
            }
        }
    )* };
}
window_shapes! {
    [K] [usize; K], K, w => w;
    [] (usize,), 1, w => [w.0];
    [] (usize, usize), 2, w => [w.0, w.1];
    [] (usize, usize, usize), 3, w => [w.0, w.1, w.2];
}
impl<const N: usize> WindowShape<N> for &[usize] {
    type Out<T: Dtype> = Tensor<T, DYN>;
    fn lengths(&self) -> Vec<usize> {
        self.to_vec()
    }
}
impl<const N: usize> WindowShape<N> for Vec<usize> {
    type Out<T: Dtype> = Tensor<T, DYN>;
    fn lengths(&self) -> Vec<usize> {
        self.clone()
    }
}

/// The axes that [`tensordot`] sums over, of tensors of rank `N` and `M`: pairs of them in two arrays, or their number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no axes that a tensor of rank {N} and one of rank {M} are contracted over",
    note = "`([1], [0])` pairs axis 1 of the first with axis 0 of the second; a number `2` counts axes, and the rank is `DYN`"
)]
pub trait Contracts<const N: usize, const M: usize> {
    /// The result.
    type Out<T: Dtype>: crate::FromRaw;
    #[doc(hidden)]
    fn contraction(self) -> functions::product::Contraction;
}
impl<I: SliceInt, const N: usize, const M: usize> Contracts<N, M> for I {
    type Out<T: Dtype> = Tensor<T, DYN>;
    fn contraction(self) -> functions::product::Contraction {
        self.to_isize().into()
    }
}
impl<I: SliceInt, J: SliceInt, const N: usize, const M: usize, const K: usize> Contracts<N, M>
    for ([I; K], [J; K])
where
    Rank<N>: SubtractRank<K>,
    Rank<M>: SubtractRank<K>,
    <Rank<N> as SubtractRank<K>>::Rest: AddRank<<Rank<M> as SubtractRank<K>>::Rest>,
{
    type Out<T: Dtype> = <<<Rank<N> as SubtractRank<K>>::Rest as AddRank<
        <Rank<M> as SubtractRank<K>>::Rest,
    >>::Sum as TensorRank>::Of<T>;
    fn contraction(self) -> functions::product::Contraction {
        (self.0.map(I::to_isize), self.1.map(J::to_isize)).into()
    }
}

fn optional<T, const N: usize>(x: Option<&Tensor<T, N>>) -> Option<Raw> {
    x.map(|x| x.raw.clone())
}

const SAME_KIND: civita_core::dtype::Casting = civita_core::dtype::Casting::SameKind;

fn each<T, const N: usize>(all: &[impl AsTensor<T, N>]) -> EachArray {
    EachArray(all.iter().map(|x| x.raw().clone()).collect())
}

fn parts<T, const N: usize>(all: impl Parts<T, N>) -> EachArray {
    EachArray(all.parts().into_iter().cloned().collect())
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

fn operand<T: Dtype, const N: usize>(x: &Tensor<T, N>) -> Number {
    Number::Array(x.raw.clone())
}

/// What [`unique_all`] returns.
#[derive(Clone, Debug)]
pub struct UniqueAll<T, const N: usize> {
    /// The distinct elements, in order.
    pub values: Vector<T>,
    /// Where each is first in the flattened tensor.
    pub indices: Vector<i64>,
    /// Which of them each element is.
    pub inverse_indices: Tensor<i64, N>,
    /// How often each is there.
    pub counts: Vector<i64>,
}
fn unique_parts<T: Dtype, const N: usize>(all: Vec<Raw>) -> Result<UniqueAll<T, N>> {
    let [values, indices, inverse_indices, counts] = <[Raw; 4]>::try_from(all)
        .map_err(|_| crate::Error::value("unique_all", "an output is missing"))?;
    Ok(UniqueAll {
        values: wrap(values),
        indices: wrap(indices),
        inverse_indices: wrap(inverse_indices),
        counts: wrap(counts),
    })
}

/// The rank of a product by groups: that of matrices, or one more where each group makes a matrix.
#[diagnostic::on_unimplemented(
    message = "there is no product by groups of `{Self}` and rank {M}",
    note = "one operand has the axis that is cut into groups: ranks 2 and 3, 3 and 2, or 2 and 2"
)]
pub trait GroupedRank<const M: usize> {
    /// The result.
    type Out<T: Dtype>: crate::FromRaw;
}
macro_rules! grouped_ranks {
    ($($n:expr, $m:expr => $out:expr;)*) => { $(
        impl GroupedRank<{ $m }> for Rank<{ $n }> {
            type Out<T: Dtype> = Tensor<T, { $out }>;
        }
    )* };
}
grouped_ranks! {
    2, 3 => 2;
    3, 2 => 2;
    2, 2 => 3;
    DYN, DYN => DYN;
}

/// What is looked up, in a sorted vector or at points: the elements of a borrowed tensor, of a list of numbers, or one number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing to be looked up",
    note = "a borrowed tensor, as `&tensor![2, 5]`, a list of numbers, as `[2, 5]` or `&numbers`, or a number"
)]
pub trait Sought {
    /// An element of this type for each.
    type Of<D: Dtype>: crate::FromRaw;
    #[doc(hidden)]
    fn sought(&self) -> Result<Raw>;
}
impl<U: Dtype, const N: usize> Sought for &Tensor<U, N> {
    type Of<D: Dtype> = Tensor<D, N>;
    fn sought(&self) -> Result<Raw> {
        Ok(self.raw.clone())
    }
}
impl<S: AnyNumber> Sought for S {
    type Of<D: Dtype> = Tensor<D, 0>;
    fn sought(&self) -> Result<Raw> {
        let value = self.value();
        Raw::scalar(value, value.default_dtype())
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $List:ty;)*) => { $(
        impl<F: AnyNumber, $($generics)*> Sought for $List {
            type Of<D: Dtype> = Vector<D>;
            fn sought(&self) -> Result<Raw> {
                listed(&self[..])
            }
        }
    )* };
}
lists! {
    [const K: usize] [F; K];
    [const K: usize] &[F; K];
    [] &[F];
    [] Vec<F>;
    [] &Vec<F>;
}
/// Integers as `int64`, other numbers as `float64`.
fn listed(all: &[impl AnyNumber]) -> Result<Raw> {
    let values = all.iter().map(|number| number.value());
    let integers: Option<Vec<i64>> = values
        .map(|value| match value {
            Value::Int(i) => i64::try_from(i).ok(),
            _ => None,
        })
        .collect();
    match integers {
        Some(integers) => Raw::from_vec(integers, &[all.len()]),
        None => Raw::from_vec(all.iter().map(|x| x.to_f64()).collect(), &[all.len()]),
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

fn three<X: crate::FromRaw, Y: crate::FromRaw, Z: crate::FromRaw>(
    mut all: Vec<Raw>,
) -> Result<(X, Y, Z)> {
    match (all.pop(), all.pop(), all.pop()) {
        (Some(z), Some(y), Some(x)) => Ok((wrap(x), wrap(y), wrap(z))),
        _ => Err(crate::Error::value("np", "an output is missing")),
    }
}

/// The bins of [`histogram`]: how many, or their edges.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no bins of a histogram of `{T}`",
    note = "how many, as a `usize`, or the edges: a borrowed vector, as `&np::linspace(0, 1, 11)`, or a list of numbers"
)]
pub trait HistogramBins<T> {
    #[doc(hidden)]
    fn bins(self) -> Result<Bins>;
}
impl<T> HistogramBins<T> for usize {
    fn bins(self) -> Result<Bins> {
        Ok(count(self))
    }
}
impl<T, U: Dtype> HistogramBins<T> for &Vector<U> {
    fn bins(self) -> Result<Bins> {
        Ok(Bins::Edges(self.raw.clone()))
    }
}
macro_rules! edges {
    ($([$($generics:tt)*] $List:ty;)*) => { $(
        impl<T, F: AnyNumber, $($generics)*> HistogramBins<T> for $List {
            fn bins(self) -> Result<Bins> {
                listed(&self[..]).map(Bins::Edges)
            }
        }
    )* };
}
edges! {
    [const K: usize] [F; K];
    [const K: usize] &[F; K];
    [] &[F];
    [] &Vec<F>;
}

fn count(bins: usize) -> Bins {
    Bins::Count(isize::try_from(bins).unwrap_or(isize::MAX))
}

/// The dtype of a mean.
fn statistic(dtype: civita_core::dtype::DType) -> civita_core::dtype::DType {
    civita_core::ops::ReduceClass::Mean.result(dtype)
}

/// A tensor of any rank, as an operand of [`einsum`].
pub trait Labelled<T> {
    #[doc(hidden)]
    fn operand(&self) -> &Raw;
}
impl<T, const N: usize> Labelled<T> for Tensor<T, N> {
    fn operand(&self) -> &Raw {
        &self.raw
    }
}

fn labelled<T>(text: &str, operands: &[&dyn Labelled<T>]) -> functions::einsum::Subscripts {
    functions::einsum::Subscripts {
        text: text.into(),
        operands: operands.iter().map(|x| x.operand().clone()).collect(),
    }
}

/// What `einsum!` calls, with the rank that it reads from the subscripts.
#[doc(hidden)]
pub fn einsum_of_rank<T: Dtype, const R: usize>(
    subscripts: &str,
    operands: &[&dyn Labelled<T>],
) -> Result<Tensor<T, R>> {
    einsum(subscripts, operands).map(|y| wrap(y.raw))
}

fn numbers<T, const N: usize>(all: &[&Tensor<T, N>]) -> functions::Numbers {
    functions::Numbers(all.iter().map(|x| Number::Array(x.raw.clone())).collect())
}

fn number<T: Element>(value: T) -> Number {
    Number::Scalar(value.into_scalar())
}

/// A function of the elements for which a condition is true.
pub type Piece<'a, T> = &'a dyn Fn(&Vector<T>) -> Result<Vector<T>>;

/// The elements through a function each of its own: `pieces[k]` where `conditions[k]` is true, of several the last; zero
/// where none is. NumPy's `piecewise`.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![-2.0, -1.0, 1.0, 4.0];
/// let y = np::piecewise(&x, &[&x.lt(0.0)?, &x.ge(0.0)?], &[&|part| part.mul(-1.0), &|part| Ok(part.sqrt())])?;
/// assert_eq!(y.to_string(), "[2. 1. 1. 2.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are not as many functions as conditions, a condition has another shape, or as a function.
pub fn piecewise<T: Element, const N: usize>(
    x: &Tensor<T, N>,
    conditions: &[&Tensor<bool, N>],
    pieces: &[Piece<'_, T>],
) -> Result<Tensor<T, N>> {
    if conditions.len() != pieces.len() {
        return Err(crate::Error::value(
            "piecewise",
            format!(
                "{} functions for {} conditions",
                pieces.len(),
                conditions.len()
            ),
        ));
    }
    let mut y = x.zeros_like();
    for (condition, piece) in conditions.iter().zip(pieces) {
        let part: Vector<T> = wrap(x.raw.select(&condition.raw)?);
        if !part.is_empty() {
            y.raw.assign_where(&condition.raw, &piece(&part)?.raw)?;
        }
    }
    Ok(y)
}

/// The indices of the elements of an `n` × `n` matrix that a function such as `triu` leaves. NumPy's `mask_indices`.
///
/// ```
/// use civita::prelude::*;
///
/// let [rows, columns] = np::mask_indices(3, |ones| np::triu(ones, 1))?;
/// assert_eq!(format!("{rows} {columns}"), "[0 0 1] [1 2 2]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As the function.
pub fn mask_indices(
    n: usize,
    mask: impl FnOnce(&Matrix<i64>) -> Result<Matrix<i64>>,
) -> Result<[Vector<i64>; 2]> {
    let kept = mask(&Tensor::ones([n, n]))?;
    functions::create::nonzero(&kept.raw).and_then(wrap_array)
}

/// What a function makes of the indices along each axis, under a first axis of its own. NumPy's `fromfunction`.
///
/// ```
/// use civita::prelude::*;
///
/// let table = np::fromfunction([2, 3], |index| index.over(0).sum())?;
/// assert_eq!(table.to_string(), "[[0 1 2]\n [1 2 3]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As the function.
pub fn fromfunction<X, const N: usize>(
    shape: [usize; N],
    function: impl FnOnce(&Expanded<i64, N>) -> Result<X>,
) -> Result<X>
where
    Rank<N>: ExpandRank,
{
    function(&indices(shape)?)
}
