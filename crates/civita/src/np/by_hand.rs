//! Rows whose result has a type that depends on the types of arguments.

use civita_core::functions::{self, AxisOrFlat, EachArray, EachShape, Number, Out, rank};
use civita_core::primitive::Direction;
use civita_core::raw::{Mode, Raw};

use super::functions::{OneAxis, RankRule, example, row_example};
use crate::create::IntoShape;
use crate::elementwise::Rhs;
use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{
    Axes, Broadcast, Broadcasted, DYN, Dtype, Element, Float, Grow, Grown, Matrix, Promote,
    Promoted, Rank, Result, Tensor, Truth, Vector,
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
    /// For each index the element of the tensor with that number, of several that broadcast together.
    fn choose[I: Dtype, T: Dtype, const N: usize, const M: usize](index: &Tensor<I, N>, choices: &[&Tensor<T, M>]) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::indexing::choose(index.raw.clone(), each(choices).0, Out, Mode::Raise).map(wrap);
    /// For each element the first of the choices whose condition is true, and the default where none is.
    fn select[T: Element, const N: usize, const M: usize](conditions: &[&Tensor<bool, N>], choices: &[&Tensor<T, M>], default: T) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::indexing::select(each(conditions).0, numbers(choices), Number::Array(Tensor::scalar(default).raw)).map(wrap);
    /// The elements along an axis where a condition is true, with `..` those of the flattened tensor.
    fn compress[C: Truth, T: Dtype, const N: usize, A: OneAxis<N>](condition: &Vector<C>, x: &Tensor<T, N>, axis: A) -> A::Out<T> =
        functions::indexing::compress(condition.raw.clone(), x.raw.clone(), axis.axis(), Out).map(wrap);
    /// Writes values at places that count the elements in C order; values that are too few are repeated, and of equal places
    /// the last stays.
    fn put[T: Dtype, I: Dtype, const N: usize, const M: usize, const K: usize](x: &mut Tensor<T, N>, places: &Tensor<I, M>, values: &Tensor<T, K>) -> () =
        functions::writes::put_into(&mut x.raw, places.raw.clone().into(), values.raw.clone(), Mode::Raise);
    /// Writes values over the elements where a mask is true: the first value over the first of them, and so on; values that
    /// are too few are repeated.
    fn place[T: Dtype, const N: usize, const K: usize](x: &mut Tensor<T, N>, mask: &Tensor<bool, N>, values: &Tensor<T, K>) -> () =
        functions::writes::place_into(&mut x.raw, mask.raw.clone(), values.raw.clone());
    /// Writes over the elements where a mask is true the values at the same places, counted in C order; values that are too
    /// few are repeated.
    fn putmask[T: Dtype, const N: usize, const K: usize](x: &mut Tensor<T, N>, mask: &Tensor<bool, N>, values: &Tensor<T, K>) -> () =
        functions::writes::putmask_into(&mut x.raw, mask.raw.clone(), values.raw.clone());
    /// Writes values at indices along an axis, one index for each of them; the other axes broadcast.
    fn put_along_axis[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &mut Tensor<T, N>, indices: &Tensor<I, N>, values: &Tensor<T, M>, axis: isize) -> () =
        functions::writes::put_along_axis_into(&mut x.raw, indices.raw.clone().into(), values.raw.clone(), AxisOrFlat(Some(axis)));
    /// Writes a tensor, broadcast, over another.
    fn copyto[T: Dtype, const N: usize, const M: usize](x: &mut Tensor<T, N>, source: &Tensor<T, M>) -> () =
        x.raw.assign(&source.raw);
    /// Writes values over the main diagonal; with `wrap` that of a tall matrix goes on after each square.
    fn fill_diagonal[T: Dtype, const N: usize, const M: usize](x: &mut Tensor<T, N>, values: &Tensor<T, M>, wrap: bool) -> () =
        functions::writes::fill_diagonal_into(&mut x.raw, values.raw.clone(), wrap);
    /// The indices of the main diagonal of a tensor of `rank` axes of length `n`.
    fn diag_indices[](n: usize, rank: usize) -> Vec<Vector<i64>> = vectors(functions::indexing::diag_indices(n, rank));
    /// The indices of the lower triangle of an `n` × `m` matrix, up to the `k`-th diagonal.
    fn tril_indices[](n: usize, k: isize, m: usize) -> Vec<Vector<i64>> = vectors(functions::indexing::tril_indices(n, k, Some(m).into()));
    /// The indices of the upper triangle of an `n` × `m` matrix, from the `k`-th diagonal on.
    fn triu_indices[](n: usize, k: isize, m: usize) -> Vec<Vector<i64>> = vectors(functions::indexing::triu_indices(n, k, Some(m).into()));
    /// Indices that broadcast to a grid of some rows, columns and so on.
    fn ix_[I: Dtype, const K: usize](all: [&Vector<I>; K]) -> Vec<Tensor<i64, K>> =
        functions::indexing::ix_(functions::EachIndices(each(&all).0)).and_then(|all| all.iter().map(|x| x.cast(civita_core::dtype::DType::I64).map(wrap)).collect());
    /// The number of an element, counted in C order, from its index along each axis.
    fn ravel_multi_index[I: Dtype, const N: usize, const K: usize](index: [&Tensor<I, N>; K], shape: [usize; K]) -> Tensor<i64, N> =
        functions::indexing::ravel_multi_index(each(&index).0, shape.to_vec().into(), Mode::Raise.into(), functions::Order::C).map(wrap);
    /// The index along each axis of an element, from its number in C order.
    fn unravel_index[I: Dtype, const N: usize, const M: usize](numbers: &Tensor<I, N>, shape: impl IntoShape<M>) -> Vec<Tensor<i64, N>> =
        functions::indexing::unravel_index(numbers.raw.clone(), shape.with(<[usize]>::to_vec).into(), functions::Order::C)
            .map(|all| all.into_iter().map(wrap).collect());
    /// Matrices in rows put together: those of a row beside each other, the rows below each other.
    fn block[T: Dtype](rows: &[&[&Matrix<T>]]) -> Matrix<T> = functions::indexing::block(functions::Nested::List(
        rows.iter().map(|row| functions::Nested::List(row.iter().map(|x| functions::Nested::Array(x.raw.clone())).collect())).collect(),
    )).map(wrap);
    /// Booleans as the bits of bytes, eight in one, along an axis, or with `..` of the flattened tensor.
    fn packbits[T: Dtype, const N: usize, A: OneAxis<N>](x: &Tensor<T, N>, axis: A, order: functions::BitOrder) -> A::Out<u8> =
        functions::bits::packbits(x.raw.clone(), axis.axis(), order).map(wrap);
    /// The bits of bytes as numbers 0 and 1, along an axis, or with `..` of the flattened tensor.
    fn unpackbits[const N: usize, A: OneAxis<N>](x: &Tensor<u8, N>, axis: A, order: functions::BitOrder) -> A::Out<u8> =
        functions::bits::unpackbits(x.raw.clone(), axis.axis(), None.into(), order).map(wrap);
    /// Sums of products over the last axis of both, the first conjugated; the other axes broadcast.
    fn vecdot[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> Tensor<T, DYN> =
        functions::einsum::vecdot(a.raw.clone(), b.raw.clone(), Out, -1, None, SAME_KIND).map(wrap);
    /// The product of matrices and vectors; the axes before them broadcast.
    fn matvec[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> Tensor<T, DYN> =
        functions::einsum::matvec(a.raw.clone(), b.raw.clone(), Out, None, SAME_KIND).map(wrap);
    /// The product of vectors, conjugated, and matrices; the axes before them broadcast.
    fn vecmat[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<T, M>) -> Tensor<T, DYN> =
        functions::einsum::vecmat(a.raw.clone(), b.raw.clone(), Out, None, SAME_KIND).map(wrap);
    /// The sum of products over labelled axes: `"ij,jk->ik"` is the matrix product. A label that stands in several terms joins
    /// their axes, one that is not in the result is summed over, one that stands twice in a term takes the diagonal, and
    /// `...` stands for all other axes, which broadcast.
    fn einsum[T: Dtype](subscripts: &str, operands: &[&dyn Labelled<T>]) -> Tensor<T, DYN> =
        functions::einsum::einsum(labelled(subscripts, operands), Out, functions::einsum::Optimize::No, None, functions::Order::K, SAME_KIND).map(wrap);
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
    fn gather[T: Dtype, I: Dtype, const N: usize](x: &Tensor<T, N>, axis: isize, index: &Tensor<I, N>) -> Tensor<T, N> =
        functions::scatter::gather(x.raw.clone(), axis, index.raw.clone().into()).map(wrap);
    /// A copy of the tensor with elements placed at indices along an axis, of equal places the last. A source without axes is
    /// one value for all.
    fn scatter[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: isize, index: &Tensor<I, N>, source: &Tensor<T, M>) -> Tensor<T, N> =
        functions::scatter::scatter(x.raw.clone(), axis, index.raw.clone().into(), Number::Array(source.raw.clone())).map(wrap);
    /// A copy of the tensor with elements added at indices along an axis.
    fn scatter_add[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: isize, index: &Tensor<I, N>, source: &Tensor<T, M>) -> Tensor<T, N> =
        functions::scatter::scatter_add(x.raw.clone(), axis, index.raw.clone().into(), Number::Array(source.raw.clone())).map(wrap);
    /// A copy of the tensor with elements reduced to indices along an axis, together with the element that is there or without it.
    fn scatter_reduce[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: isize, index: &Tensor<I, N>, source: &Tensor<T, M>, reduce: functions::scatter::Reduce, include_self: bool) -> Tensor<T, N> =
        functions::scatter::scatter_reduce(x.raw.clone(), axis, index.raw.clone().into(), Number::Array(source.raw.clone()), reduce, include_self).map(wrap);
    /// The elements, or parts, at indices that stand along the last axis, one for each of the first axes of the tensor.
    fn gather_nd[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, indices: &Tensor<I, M>) -> Tensor<T, DYN> =
        functions::scatter::gather_nd(x.raw.clone(), indices.raw.clone().into()).map(wrap);
    /// The slices at indices along an axis.
    fn index_select[T: Dtype, I: Dtype, const N: usize](x: &Tensor<T, N>, axis: isize, index: &Vector<I>) -> Tensor<T, N> =
        functions::scatter::index_select(x.raw.clone(), axis, index.raw.clone().into()).map(wrap);
    /// A copy of the tensor with values at what arrays of indices pick, or with values added there: at equal places all of them.
    fn index_put[T: Dtype, I: Dtype, const N: usize, const M: usize, const K: usize](x: &Tensor<T, N>, indices: &[&Tensor<I, M>], values: &Tensor<T, K>, accumulate: bool) -> Tensor<T, N> =
        functions::scatter::index_put(x.raw.clone(), each(indices).0, Number::Array(values.raw.clone()), accumulate).map(wrap);
    /// A copy of the tensor with slices added at indices along an axis.
    fn index_add[T: Dtype, I: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, axis: isize, index: &Vector<I>, source: &Tensor<T, M>) -> Tensor<T, N> =
        functions::scatter::index_add(x.raw.clone(), axis, index.raw.clone().into(), source.raw.clone(), number(1i64)).map(wrap);
    /// A number where a mask is true, the elements elsewhere.
    fn masked_fill[T: Element, const N: usize, const M: usize](x: &Tensor<T, N>, mask: &Tensor<bool, M>, value: T) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::scatter::masked_fill(x.raw.clone(), mask.raw.clone(), number(value)).map(wrap);
    /// The elements where a mask is true, as a vector; the two broadcast together.
    fn masked_select[T: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, mask: &Tensor<bool, M>) -> Vector<T> =
        functions::scatter::masked_select(x.raw.clone(), mask.raw.clone()).map(wrap);
    /// A copy of the tensor with the elements of another, in C order, where a mask is true.
    fn masked_scatter[T: Dtype, const N: usize, const M: usize, const K: usize](x: &Tensor<T, N>, mask: &Tensor<bool, M>, source: &Tensor<T, K>) -> Broadcasted<T, N, M>
        where [Rank<N>: Broadcast<M>] =
        functions::scatter::masked_scatter(x.raw.clone(), mask.raw.clone(), source.raw.clone()).map(wrap);
    /// The rows of a matrix at indices. The row `padding` gets no gradient.
    fn embedding[T: Dtype, I: Dtype, const N: usize](indices: &Tensor<I, N>, weight: &Matrix<T>, padding: Option<isize>) -> Grown<T, N>
        where [Rank<N>: Grow] =
        functions::scatter::embedding(indices.raw.clone().into(), weight.raw.clone(), padding.into()).map(wrap);
    /// Returns true where an element of one tensor lies on one of the other.
    fn shares_memory[T: Dtype, const N: usize, U: Dtype, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool =
        functions::memory::shares_memory(a.raw.clone(), b.raw.clone(), None.into());
    /// Returns true where the memory that two tensors cover meets; elements need not lie on each other.
    fn may_share_memory[T: Dtype, const N: usize, U: Dtype, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool =
        functions::memory::may_share_memory(a.raw.clone(), b.raw.clone(), Some(0).into());
    /// Returns true where a tensor lies in Fortran order and not in C order.
    fn isfortran[T: Dtype, const N: usize](x: &Tensor<T, N>) -> bool = functions::memory::isfortran(x.raw.clone());
    /// The tensor in Fortran order: itself where it lies so already, else a copy.
    fn asfortranarray[T: Dtype, const N: usize](x: &Tensor<T, N>) -> <rank::AtLeast1 as RankRule<N>>::Of<T>
        where [rank::AtLeast1: RankRule<N>] = functions::memory::asfortranarray(x.raw.clone(), None).map(wrap);
    /// The tensor, in which every number is finite.
    fn asarray_chkfinite[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> =
        functions::memory::asarray_chkfinite(x.raw.clone(), None, functions::Order::K).map(wrap);
    /// The tensor with memory that meets requirements, by letter: `"C"`, `"F"`, `"W"`(riteable), `"O"`(wned).
    fn require[T: Dtype, const N: usize](x: &Tensor<T, N>, requirements: &str) -> Tensor<T, N> =
        functions::memory::Requirements::of(requirements).and_then(|all| functions::memory::require(x.raw.clone(), None, all)).map(wrap);
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

fn vectors(all: Result<Vec<Raw>>) -> Result<Vec<Vector<i64>>> {
    Ok(all?.into_iter().map(wrap).collect())
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
/// let upper = np::mask_indices(3, |ones| np::triu(ones, 1))?;
/// assert_eq!(upper[1].to_string(), "[1 2 2]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As the function.
pub fn mask_indices(
    n: usize,
    mask: impl FnOnce(&Matrix<i64>) -> Result<Matrix<i64>>,
) -> Result<Vec<Vector<i64>>> {
    let kept = mask(&Tensor::ones([n, n]))?;
    let all = functions::create::nonzero(kept.raw)?;
    Ok(all.into_iter().map(wrap).collect())
}

/// What a function makes of the indices along each axis, under a first axis of its own. NumPy's `fromfunction`.
///
/// ```
/// use civita::prelude::*;
///
/// let table = np::fromfunction([2, 3], |index| index.select_index(0, 0)?.add(&index.select_index(0, 1)?))?;
/// assert_eq!(table.to_string(), "[[0 1 2]\n [1 2 3]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As the function.
pub fn fromfunction<X, const N: usize>(
    shape: [usize; N],
    function: impl FnOnce(&Grown<i64, N>) -> Result<X>,
) -> Result<X>
where
    Rank<N>: Grow,
{
    function(&indices(shape)?)
}
