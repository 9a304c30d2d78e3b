//! NumPy's functions, under NumPy's names: `np::matmul(&a, &b)`, `np::exp(&x)`, `np::where_(&c, &a, &b)`.
//!
//! Each is a method too; the methods have short names (`a.sub(&b)`, `x.neg()`) where NumPy's are long (`subtract`,
//! `negative`). Reductions here are of all elements; over some axes they are `x.over(0).sum()?`.
//!
//! ```
//! use civita::prelude::*;
//!
//! let x = np::linspace(0.0, 1.0, 5);
//! let y = np::subtract(&np::square(&x), 1.0)?;
//! assert_eq!(y.to_string(), "[-1.     -0.9375 -0.75   -0.4375  0.    ]");
//! assert_eq!(np::max(&y).to_string(), "0.0");
//! # Ok::<(), civita::Error>(())
//! ```

mod by_hand;
mod functions;
mod loops;
mod polynomials;

use civita_core::dtype::DType;
use civita_core::ops::{Op, elementwise_heads, reduction_rows};

use crate::create::{AnyNumber, Arange, IntoShape, NumberOf};
use crate::elementwise::{Choices, Operands, Rhs, TwoRhs, by_class};
use crate::rank::{
    Axes, AxisArg, DotRank, ExpandRank, Expanded, Fractions, MaskRank, MatmulRank, Rank, typed,
    wrap,
};
use crate::reduce::{quantile_rows, reduced, statistic_rows};
use crate::{
    AsTensor, Beside, Bits, Boolean, ComparesWith, Dtype, Element, Indices, Integer, Matrix,
    NewShape, Number, Real, Result, SliceInt, Tensor, Vector,
};

pub use self::by_hand::*;
pub use self::functions::*;
use self::functions::{example, row_example};
pub use self::loops::*;
pub use self::polynomials::*;
pub use self::{
    absolute as abs, arccos as acos, arccosh as acosh, arcsin as asin, arcsinh as asinh,
    arctan as atan, arctan2 as atan2, arctanh as atanh, conjugate as conj, deg2rad as radians,
    divide as true_divide, invert as bitwise_not, left_shift as bitwise_left_shift, max as amax,
    min as amin, power as pow, rad2deg as degrees, right_shift as bitwise_right_shift,
    round as around, trunc as fix,
};
pub use crate::index::{concatenate, concatenate as concat, stack};
pub use crate::io::{loadtxt, savetxt};
#[cfg(feature = "linalg")]
pub use crate::linalg;
pub use crate::tensor as array;
pub use crate::{fft, random};
pub use civita_core::functions::scatter::Reduce;
pub use civita_core::functions::{
    BitOrder, Boundary, ConvolveMode, Indexing, Order, PadMode, QuantileMethod, ReflectType,
    SemiringProduct, SemiringSum, Side,
};

macro_rules! unary {
    ([$numpy:ident $name:ident $($doc:tt)*] [$out:ty] [$($bound:ident)?]) => {
        $($doc)*
        #[doc = concat!("\n\nThe method: [`Tensor::", stringify!($name), "`].")]
        #[track_caller]
        pub fn $numpy<T: Dtype $(+ $bound)?, const N: usize>(x: &Tensor<T, N>) -> Tensor<$out, N> {
            x.$name()
        }
    };
}

macro_rules! binary {
    ([$Op:ident $numpy:ident $name:ident $a:ident $b:ident $($doc:tt)*] [$out:ty] [$($bound:ident)?]) => {
        $($doc)*
        #[doc = concat!("\n\nEither operand may be a number. The method: [`Tensor::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// When the shapes do not broadcast, or an element has no result.
        pub fn $numpy<T: Dtype $(+ $bound)?, A, B>($a: A, $b: B) -> Result<<(A, B) as Operands<T>>::Out<$out>>
        where
            (A, B): Operands<T>,
        {
            ($a, $b).apply(Op::$Op).and_then(typed)
        }
    };
    (@compare [$Op:ident $numpy:ident $name:ident $a:ident $b:ident $($doc:tt)*]) => {
        $($doc)*
        #[doc = concat!("\n\nThe method: [`Tensor::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// When the shapes do not broadcast, or an element has no result.
        pub fn $numpy<T: Dtype, const N: usize, B: ComparesWith<T> + Beside<N>>($a: &Tensor<T, N>, $b: B) -> Result<B::Out<bool>> {
            $a.$name($b)
        }
    };
}

/// `choose` is [`where_`], whose name is not NumPy's.
macro_rules! ternary {
    (Select $row:tt) => {};
    (RealFloat $row:tt) => {
        ternary! { @broadcast $row [T::Float] [Real] }
    };
    (Ordered $row:tt) => {
        ternary! { @broadcast $row [T] [] }
    };
    (@broadcast [$numpy:ident $name:ident $a:ident $b:ident $c:ident $($doc:tt)*] [$out:ty] [$($bound:ident)?]) => {
        $($doc)*
        #[doc = concat!("\n\nThe method: [`Tensor::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// When the shapes do not broadcast.
        pub fn $numpy<T: Dtype $(+ $bound)?, const N: usize, B, C>(
            $a: &Tensor<T, N>,
            $b: B,
            $c: C,
        ) -> Result<<(B, C) as TwoRhs<T, N>>::Out<$out>>
        where
            (B, C): TwoRhs<T, N>,
        {
            $a.$name($b, $c)
        }
    };
}

macro_rules! functions {
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $numpy1:ident $name1:ident($x:ident): $class1:ident $example1:literal $prints1:literal;)* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $numpy2:ident $name2:ident($a:ident, $b:ident): $class2:ident $example2:literal $prints2:literal;)* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $numpy3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident $example3:literal $prints3:literal;)* }) => {
        $(ternary! { $class3 [$numpy3 $name3 $c $p $q $(#[doc = $doc3])*] })*
        $(by_class! { $class1 unary [$numpy1 $name1 $(#[doc = $doc1])*] })*
        $(by_class! { $class2 binary [$Op2 $numpy2 $name2 $a $b $(#[doc = $doc2])*] })*
    };
}
elementwise_heads!(functions);

macro_rules! reductions {
    ($($(#[doc = $doc:literal])* $Op:ident $name:ident: $class:ident {
        numpy: $numpy:ident, torch: $torch:literal, compute: $compute:expr, empty: $nothing:expr, gradient: $yes:ident $($why:literal)?,
        example: $example:literal => $prints:literal,
    })*) => { $(
        $(#[doc = $doc])*
        #[doc = concat!("\n\nThe method: [`Tensor::", stringify!($name), "`].")]
        #[track_caller]
        pub fn $numpy<T: Dtype, const N: usize>(x: &Tensor<T, N>) -> Tensor<reduced!($class), 0> {
            x.$name()
        }
    )* };
}
reduction_rows!(reductions);

macro_rules! statistics {
    ($($(#[doc = $doc:literal])* $name:ident: $class:ident, $example:literal => $prints:literal, $run:expr;)*) => { $(
        $(#[doc = $doc])*
        #[doc = concat!("\n\nOf all elements, as the method; over axes it is `x.over(0).", stringify!($name), "()?`.\n")]
        #[doc = row_example!($name)]
        #[track_caller]
        pub fn $name<T: Dtype, const N: usize>(x: &Tensor<T, N>) -> Tensor<reduced!($class), 0> {
            x.$name()
        }
    )* };
}
statistic_rows!(statistics);

macro_rules! quantiles {
    ($($(#[doc = $doc:literal])* $name:ident: $example:literal => $prints:literal;)*) => { $(
        $(#[doc = $doc])*
        #[doc = concat!("\n\nOf all elements, as the method; over axes it is `x.over(0).", stringify!($name), "(q)?`.\n")]
        #[doc = row_example!($name)]
        ///
        /// # Errors
        /// When a fraction is out of range.
        pub fn $name<T: Dtype, const N: usize, Q: Fractions<Tensor<T::Mean, 0>>>(x: &Tensor<T, N>, q: Q) -> Result<Q::Out> {
            x.$name(q)
        }
    )* };
}
quantile_rows!(quantiles);

/// `a` where the condition is true, `b` elsewhere. (`where` is a word of the language.)
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![1.0, -2.0];
/// assert_eq!(np::where_(&x.gt(0.0)?, &x, 0.0)?.to_string(), "[1. 0.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the shapes do not broadcast.
pub fn where_<C: Boolean, A, B, const N: usize>(
    condition: &Tensor<C, N>,
    a: A,
    b: B,
) -> Result<<(A, B) as Choices<N>>::Out>
where
    (A, B): Choices<N>,
{
    condition.choose(a, b)
}

/// The sum of the weights of each number from 0 on: NumPy's `bincount` with `weights`, the sums of groups.
///
/// ```
/// use civita::prelude::*;
///
/// let (group, price) = (tensor![0, 1, 1, 3], tensor![2.5, 1.0, 4.0, 3.0]);
/// let sums = np::bincount_weighted(&group, &price, 0)?;
/// assert_eq!(sums.to_string(), "[2.5 5.  0.  3. ]");
/// let means = &sums / np::bincount(&group, 0)?.maximum(1)?;
/// assert_eq!(means.to_string(), "[2.5 2.5 0.  3. ]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a number is negative, the lengths differ, or the weights are complex.
pub fn bincount_weighted<T: Dtype, W: Dtype>(
    x: &Vector<T>,
    weights: &Vector<W>,
    minlength: usize,
) -> Result<Vector<f64>> {
    let minlength = isize::try_from(minlength).unwrap_or(isize::MAX);
    let weights = Some(weights.raw().clone());
    // of no elements the counts are integers, as in NumPy
    civita_core::functions::sorting::bincount(x.raw().clone().into(), weights, minlength)
        .and_then(|sums| typed(sums.cast(DType::F64)?))
}

/// The mean along an axis, each element with its weight: NumPy's `average` with `weights`, which have the tensor's shape or are a vector
/// along the axis.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![[1.0, 2.0], [4.0, 8.0]];
/// assert_eq!(np::average_weighted(&x, &tensor![3.0, 1.0], 0)?.to_string(), "[1.75 3.5 ]");
/// assert_eq!(np::average_weighted(&tensor![1.0, 5.0], &tensor![1.0, 3.0], 0)?, 4.0);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the axis does not exist, the weights have another shape, or their sum is 0.
pub fn average_weighted<T: Dtype, const N: usize, const M: usize>(
    x: &Tensor<T, N>,
    weights: &Tensor<T, M>,
    axis: impl SliceInt,
) -> Result<<isize as Axes<N>>::Out<T::Mean>>
where
    isize: Axes<N>,
{
    let axis = civita_core::layout::Axes::List(&[axis.to_isize()]).into();
    let weights = Some(weights.raw().clone());
    let (mean, _) =
        civita_core::functions::statistics::average(x.raw(), axis, weights, false, false)?;
    Ok(wrap(mean))
}

/// [`np::einsum`](crate::np::einsum()) whose result has the rank that its subscripts say: the sum of products over labelled axes.
///
/// ```
/// use civita::prelude::*;
///
/// let (a, b) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![1.0, 10.0]);
/// let y: Vector<f64> = einsum!("ij,j->i", &a, &b)?;
/// assert_eq!(y.to_string(), "[21. 43.]");
/// assert_eq!(einsum!("ii", &a)?.item()?, 5.0);
/// let product: Matrix<f64> = einsum!("ij,jk", &a, &a.t())?;
/// assert_eq!(product, a.matmul(&a.t())?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// The subscripts are a literal or a constant. Operands are borrowed tensors of one element type. Where the result has `...`, its
/// rank is [`DYN`](crate::DYN).
///
/// # Errors
/// When the subscripts are wrong, or the shapes do not fit.
#[macro_export]
macro_rules! einsum {
    ($subscripts:expr, $($operand:expr),+ $(,)?) => {
        $crate::np::einsum_of_rank::<_, { $crate::rank::of_subscripts($subscripts) }>($subscripts, &[$($operand),+])
    };
}
pub use crate::einsum;

/// π, by NumPy's name.
#[allow(non_upper_case_globals)]
pub const pi: f64 = std::f64::consts::PI;
/// Infinity, by NumPy's name.
#[allow(non_upper_case_globals)]
pub const inf: f64 = f64::INFINITY;
/// Not a number, by NumPy's name.
#[allow(non_upper_case_globals)]
pub const nan: f64 = f64::NAN;

/// A function that calls the method or constructor of another name.
macro_rules! forward {
    ($($(#[doc = $doc:literal])* fn $name:ident[$($generics:tt)*]($($arg:ident: $ty:ty),*) -> $out:ty
        $(where [$($bound:tt)*])? = $call:expr;)*) => { $(
        $(#[doc = $doc])*
        #[track_caller]
        pub fn $name<$($generics)*>($($arg: $ty),*) -> $out
        $(where $($bound)*)?
        {
            $call
        }
    )* };
}
forward! {
    /// Zeros of `f64`, as NumPy's; of another type they are [`Tensor::zeros`]: `Matrix::<i64>::zeros([2, 3])`.
    fn zeros[const N: usize](shape: impl IntoShape<N>) -> Tensor<f64, N> = Tensor::zeros(shape);
    /// Zeros, to be written, by the name of NumPy's function.
    fn empty[const N: usize](shape: impl IntoShape<N>) -> Tensor<f64, N> = Tensor::zeros(shape);
    /// Lengths of the axes: [`Tensor::shape`], as an array.
    fn shape[T: Dtype, const N: usize](x: &Tensor<T, N>) -> [usize; N] = x.dims();
    /// The number of axes: [`Tensor::rank`].
    fn ndim[T: Dtype, const N: usize](x: &Tensor<T, N>) -> usize = x.rank();
    /// The number of elements: [`Tensor::len`].
    fn size[T: Dtype, const N: usize](x: &Tensor<T, N>) -> usize = x.len();
    /// A copy with memory of its own: [`Tensor::copy`].
    fn copy[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> = x.copy();
    /// Ones of `f64`, as NumPy's; of another type they are [`Tensor::ones`].
    fn ones[const N: usize](shape: impl IntoShape<N>) -> Tensor<f64, N> = Tensor::ones(shape);
    /// One value everywhere: [`Tensor::full`].
    fn full[T: Element, const N: usize](shape: impl IntoShape<N>, value: T) -> Tensor<T, N> = Tensor::full(shape, value);
    /// Zeros of the shape and element type of another tensor.
    fn zeros_like[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> = x.zeros_like();
    /// Ones of the shape and element type of another tensor.
    fn ones_like[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> = x.ones_like();
    /// The numbers of a range, or those below a number: `int64` of integers of any type, and `float64` of floats. Of another type they
    /// are [`Tensor::arange`]: `Vector::<f32>::arange(0..n)`.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let n: usize = 3;
    /// assert_eq!(np::arange(0..n).to_string(), "[0 1 2]");
    /// assert_eq!(np::arange(n), np::arange(0..=2));
    /// assert_eq!(np::arange(0.5..3.0).to_string(), "[0.5 1.5 2.5]");
    /// ```
    fn arange[R: Arange](range: R) -> Vector<R::Element> = crate::create::arange(range, 1);
    /// The numbers of a range in steps, down if the step is negative.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// assert_eq!(np::arange_step(0..10, 4).to_string(), "[0 4 8]");
    /// assert_eq!(np::arange_step(0.0..1.0, 0.25).to_string(), "[0.   0.25 0.5  0.75]");
    /// ```
    fn arange_step[R: Arange](range: R, step: impl NumberOf<R::Element>) -> Vector<R::Element> = crate::create::arange(range, step);
    /// `num` numbers of `f64`, evenly spaced from `start` to `stop`, which is the last. Of another type they are [`Tensor::linspace`].
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// assert_eq!(np::linspace(0, 1, 5).to_string(), "[0.   0.25 0.5  0.75 1.  ]");
    /// ```
    fn linspace[](start: impl AnyNumber, stop: impl AnyNumber, num: usize) -> Vector<f64> = Vector::linspace(start.to_f64(), stop.to_f64(), num);
    /// The identity of `f64`, as NumPy's; of another type it is [`Tensor::eye`].
    fn eye[](n: usize) -> Matrix<f64> = Matrix::eye(n);
    /// The matrix product: [`Tensor::matmul`].
    fn matmul[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: impl AsTensor<T, M>)
        -> Result<<Rank<N> as MatmulRank<M>>::Out<T>> where [Rank<N>: MatmulRank<M>] = a.matmul(b);
    /// The product of vectors and matrices: [`Tensor::dot`].
    fn dot[T: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: impl AsTensor<T, M>)
        -> Result<<Rank<N> as DotRank<M>>::Out<T>> where [Rank<N>: DotRank<M>] = a.dot(b);
    /// The same elements under another shape: [`Tensor::reshape`].
    fn reshape[T: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, shape: impl NewShape<M>)
        -> Result<Tensor<T, M>> = x.reshape(shape);
    /// All elements under one axis: [`Tensor::flatten`].
    fn ravel[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Vector<T> = x.flatten();
    /// All axes in reverse order: [`Tensor::t`].
    fn transpose[T: Dtype, const N: usize](x: &Tensor<T, N>) -> Tensor<T, N> = x.t();
    /// The axes in another order: [`Tensor::permute`].
    fn permute_dims[T: Dtype, const N: usize](x: &Tensor<T, N>, axes: impl AxisArg) -> Result<Tensor<T, N>> = x.permute(axes);
    /// Repeated without a copy: [`Tensor::broadcast_to`].
    fn broadcast_to[T: Dtype, const N: usize, const M: usize](x: &Tensor<T, N>, shape: impl IntoShape<M>)
        -> Result<Tensor<T, M>> = x.broadcast_to(shape);
    /// Without axes of length 1: [`Tensor::squeeze`].
    fn squeeze[T: Dtype, const N: usize, A: Axes<N>](x: &Tensor<T, N>, axes: A) -> Result<A::Out<T>> = x.squeeze(axes);
    /// With a new axis: [`Tensor::expand_dims`].
    fn expand_dims[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Result<Expanded<T, N>>
        where [Rank<N>: ExpandRank] = x.expand_dims(axis);
    /// Elements by index along an axis: [`Tensor::take`].
    fn take[T: Dtype, I: Indices<N>, const N: usize](x: &Tensor<T, N>, indices: I, axis: impl SliceInt)
        -> Result<I::Out<T>> = x.take(indices, axis);
    /// The elements where a condition is true: [`Tensor::select`].
    fn extract[C: Boolean, T: Dtype, const N: usize, const M: usize](condition: &Tensor<C, M>, x: &Tensor<T, N>)
        -> Result<<Rank<N> as MaskRank<M>>::Out<T>> where [Rank<N>: MaskRank<M>] = x.select(condition);
    /// The running sum: [`Tensor::cumsum`].
    fn cumsum[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Result<Tensor<T::Sum, N>> = x.cumsum(axis);
    /// Exponentials that sum to 1: [`Tensor::softmax`] (SciPy).
    fn softmax[T: Dtype, const N: usize](x: &Tensor<T, N>, axis: impl SliceInt) -> Result<Tensor<T::Float, N>> = x.softmax(axis);
    /// Whether all elements are near each other: [`Tensor::allclose`].
    fn allclose[T: Dtype, const N: usize, B: Rhs<T, N>](a: &Tensor<T, N>, b: B) -> Result<bool> = a.allclose(b);
    /// Whether shapes and elements are equal: [`Tensor::array_equal`].
    fn array_equal[T: Dtype, U: Dtype, const N: usize, const M: usize](a: &Tensor<T, N>, b: &Tensor<U, M>) -> bool = a.array_equal(b);
}
