//! Functions of [`np`] that NumPy's arrays or PyTorch's tensors have as methods.

use crate::elementwise::Rhs;
use crate::error::OrRaise;
use crate::np::{self, Covariance, OneAxis, RankRule, Repeats};
use crate::rank::{
    Axes, AxisArg, Broadcast, Broadcasted, DotRank, ExpandRank, Expanded, PerAxis, Rank,
};
use crate::{
    AssignValue, Differentiable, Dtype, Element, Float, FromRaw, Matrix, Number, Result, Scalar,
    SliceInt, TakesScalar, Tensor, Value, Vector,
};
use civita_core::functions::rank::AtLeast2;
use civita_core::ops::Op;
use civita_core::raw::Raw;

/// A row calls the function of `np` of the same name; its example is run.
macro_rules! methods {
    ($(#[doc = $title:literal])* impl[$($generics:tt)*] $Self:ty {
        $($(#[doc = $doc:literal])*
        fn $name:ident $([$($own:tt)*])?($($arg:ident: $ty:ty),*) -> $out:ty $(where [$($bound:tt)*])?,
            $example:literal => $prints:literal;)*
    }) => {
        $(#[doc = $title])*
        impl<$($generics)*> $Self {
            $(
                $(#[doc = $doc])*
                #[doc = concat!(
                    "\n\nThe function: [`np::", stringify!($name), "`].\n\n```\nuse civita::prelude::*;\nassert_eq!(format!(\"{}\", ",
                    $example, "), \"", $prints, "\");\n# Ok::<(), civita::Error>(())\n```\n\n# Errors\nWhen shapes or values do not fit."
                )]
                pub fn $name $(<$($own)*>)?(&self $(, $arg: $ty)*) -> Result<$out>
                $(where $($bound)*)?
                {
                    np::$name(self $(, $arg)*)
                }
            )*
        }
    };
}

methods! {
    /// Functions that NumPy and PyTorch have as methods. Each is one of [`np`] too, which documents it.
    impl[T: Dtype, const N: usize] Tensor<T, N> {
        /// The elements along an axis from small to large, with `..` those of the flattened tensor. NaN is last.
        fn sort[A: OneAxis<N>](axis: A) -> A::Out<T>, "tensor![3, 1, 2].sort(0)?" => "[1 2 3]";
        /// The indices that sort an axis, or with `..` the flattened tensor. Equal elements keep their order.
        fn argsort[A: OneAxis<N>](axis: A) -> A::Out<i64>, "tensor![3, 1, 2].argsort(0)?" => "[1 2 0]";
        /// The `k` largest (or smallest) elements along an axis, and their indices.
        fn topk(k: usize, axis: impl SliceInt, largest: bool) -> (Tensor<T, N>, Tensor<i64, N>), "tensor![3, 1, 2].topk(2, 0, true)?.1" => "[0 2]";
        /// The `k`-th smallest elements along an axis, counted from 1, and where they are.
        fn kthvalue(k: impl SliceInt, axis: impl SliceInt) -> (<isize as Axes<N>>::Out<T>, <isize as Axes<N>>::Out<i64>) where [isize: Axes<N>],
            "tensor![3, 1, 2].kthvalue(2, 0)?.0" => "2";
        /// The most frequent elements along an axis, of several the smallest, and where they are last.
        fn mode(axis: impl SliceInt) -> (<isize as Axes<N>>::Out<T>, <isize as Axes<N>>::Out<i64>) where [isize: Axes<N>],
            "tensor![3, 1, 3].mode(0)?.0" => "3";
        /// The elements along an axis with these places as a sort would leave them, smaller ones before, larger ones behind.
        fn partition[P: Into<civita_core::functions::Ints>](places: P, axis: impl SliceInt) -> Tensor<T, N>, "tensor![3, 1, 2].partition(0, 0)?[0]" => "1";
        /// The different elements, sorted.
        fn unique() -> Vector<T>, "tensor![3, 1, 3].unique()?" => "[1 3]";
        /// The running product along an axis.
        fn cumprod(axis: impl SliceInt) -> Tensor<T::Sum, N>, "tensor![1, 2, 3].cumprod(0)?" => "[1 2 6]";
        /// The running largest elements along an axis, and where each is: of equal ones the last.
        fn cummax(axis: impl SliceInt) -> (Tensor<T, N>, Tensor<i64, N>), "tensor![1, 3, 2].cummax(0)?.0" => "[1 3 3]";
        /// The running smallest elements along an axis, and where each is: of equal ones the last.
        fn cummin(axis: impl SliceInt) -> (Tensor<T, N>, Tensor<i64, N>), "tensor![2, 3, 1].cummin(0)?.0" => "[2 2 1]";
        /// Differences of neighbours along an axis, `n` times.
        fn diff(n: impl SliceInt, axis: impl SliceInt) -> Tensor<T, N>, "tensor![1, 2, 4].diff(1, 0)?" => "[1 2]";
        /// The elements limited to an interval; NaN stays.
        fn clip[A: Rhs<T, N, Out<T> = Tensor<T, N>>, B: Rhs<T, N, Out<T> = Tensor<T, N>>](min: A, max: B) -> Tensor<T, N>,
            "tensor![1, 5, 9].clip(2, 6)?" => "[2 5 6]";
        /// Numbers in place of NaN, `∞` and `-∞`: 0, and the largest and the smallest finite number.
        fn nan_to_num() -> Tensor<T, N>, "tensor![1.0, f64::NAN].nan_to_num()?" => "[1. 0.]";
        /// Where elements are not zero: a vector of indices for each axis.
        fn nonzero() -> <Rank<N> as PerAxis>::Of<Vector<i64>> where [Rank<N>: PerAxis], "tensor![0, 5, 7].nonzero()?[0]" => "[1 2]";
        /// Where elements are not zero: the index of each in a row.
        fn argwhere() -> Matrix<i64>, "tensor![0, 5, 7].argwhere()?" => "[[1]\\n [2]]";
        /// Elements at indices along an axis, one index for each of them; the other axes broadcast.
        fn take_along_axis[I: Dtype](indices: &Tensor<I, N>, axis: impl SliceInt) -> Tensor<T, N>, "tensor![3, 1, 2].take_along_axis(&tensor![1, 0], 0)?" => "[1 3]";
        /// The elements at indices along an axis: `x[i, index[i, j]]` for axis 1. The other axes may have fewer indices.
        fn gather[I: Dtype](axis: impl SliceInt, index: &Tensor<I, N>) -> Tensor<T, N>, "tensor![[1, 2], [3, 4]].gather(1, &tensor![[1], [0]])?" => "[[2]\\n [3]]";
        /// A copy with elements placed at indices along an axis, of equal places the last.
        fn scatter[I: Dtype, const M: usize](axis: impl SliceInt, index: &Tensor<I, N>, source: &Tensor<T, M>) -> Tensor<T, N>,
            "tensor![1, 2, 3].scatter(0, &tensor![2, 0], &tensor![7, 8])?" => "[8 2 7]";
        /// A copy with elements added at indices along an axis.
        fn scatter_add[I: Dtype, const M: usize](axis: impl SliceInt, index: &Tensor<I, N>, source: &Tensor<T, M>) -> Tensor<T, N>,
            "tensor![1, 2, 3].scatter_add(0, &tensor![2, 0], &tensor![7, 8])?" => "[ 9  2 10]";
        /// A number where a mask is true, the elements elsewhere.
        fn masked_fill[V: AssignValue<T>, const M: usize](mask: &Tensor<bool, M>, value: V) -> Broadcasted<T, N, M> where [Rank<N>: Broadcast<M>],
            "tensor![1, 2, 3].masked_fill(&tensor![true, false, true], 0)?" => "[0 2 0]";
        /// The elements where a mask is true, as a vector; the two broadcast together.
        fn masked_select[const M: usize](mask: &Tensor<bool, M>) -> Vector<T>, "tensor![1, 2, 3].masked_select(&tensor![true, false, true])?" => "[1 3]";
        /// Each element so many times, along an axis, or with `..` those of the flattened tensor. The counts are integers of any type: one, or
        /// one for each element, in an array, slice, vector or tensor.
        fn repeat[R: np::RepeatCounts, A: OneAxis<N>](repeats: R, axis: A) -> A::Out<T>, "tensor![1, 2].repeat(2, 0)?" => "[1 1 2 2]";
        /// The tensor again and again along each axis, so many times; more numbers than axes make new leading axes.
        fn tile[R: Repeats<N>](repeats: R) -> R::Out<T>, "tensor![1, 2].tile([2, 1])?" => "[[1 2]\\n [1 2]]";
        /// The elements moved along axes; those that leave one end enter the other.
        fn roll[S: Into<civita_core::functions::rearrange::Shifts>, A: AxisArg](shift: S, axis: A) -> Tensor<T, N>, "tensor![1, 2, 3].roll(1, 0)?" => "[3 1 2]";
        /// Of a matrix what is on and below the `k`-th diagonal, and zeros elsewhere.
        fn tril(k: impl SliceInt) -> <AtLeast2 as RankRule<N>>::Of<T> where [AtLeast2: RankRule<N>], "tensor![[1, 2], [3, 4]].tril(0)?" => "[[1 0]\\n [3 4]]";
        /// Of a matrix what is on and above the `k`-th diagonal, and zeros elsewhere.
        fn triu(k: impl SliceInt) -> <AtLeast2 as RankRule<N>>::Of<T> where [AtLeast2: RankRule<N>], "tensor![[1, 2], [3, 4]].triu(0)?" => "[[1 2]\\n [0 4]]";
        /// Every element times every element of another tensor.
        fn outer[const M: usize](b: &Tensor<T, M>) -> Matrix<T>, "tensor![1, 2].outer(&tensor![3, 4])?" => "[[3 4]\\n [6 8]]";
        /// The sums of products over the last axis of both.
        fn inner[const M: usize](b: &Tensor<T, M>) -> <Rank<N> as DotRank<M>>::Out<T> where [Rank<N>: DotRank<M>], "tensor![1, 2].inner(&tensor![3, 4])?" => "11";
        /// The vector product, of vectors along an axis.
        fn cross[const M: usize](b: &Tensor<T, M>, axis: impl SliceInt) -> Broadcasted<T, N, M> where [Rank<N>: Broadcast<M>],
            "tensor![1, 0, 0].cross(&tensor![0, 1, 0], 0)?" => "[0 0 1]";
        /// `|a - b| ≤ 1e-8 + 1e-5 · |b|` for each element.
        fn isclose[B: Rhs<T, N>](b: B) -> B::Out<bool>,
            "tensor![1.0, 2.0].isclose(&tensor![1.0, 2.5])?" => "[ True False]";
        /// Returns true where an element is among the test elements: a tensor, a list or one number.
        fn isin(tests: impl np::Sought) -> Tensor<bool, N>, "tensor![1, 2, 3].isin([3, 1])?" => "[ True False  True]";
        /// The covariance of variables, the rows, whose samples are the columns.
        fn cov() -> <Covariance as RankRule<N>>::Of<T::Mean> where [Covariance: RankRule<N>], "tensor![[1.0, 3.0], [1.0, -1.0]].cov()?" => "[[ 2. -2.]\\n [-2.  2.]]";
        /// The correlation of variables, the rows, whose samples are the columns.
        fn corrcoef() -> <Covariance as RankRule<N>>::Of<T::Mean> where [Covariance: RankRule<N>], "tensor![[1.0, 3.0], [1.0, -1.0]].corrcoef()?" => "[[ 1. -1.]\\n [-1.  1.]]";
    }
}
methods! {
    /// Functions of floats that PyTorch has as methods.
    impl[T: Float, const N: usize] Tensor<T, N> {
        /// `x - ln Σ eˣ` along an axis: the logarithm of softmax, without its underflow.
        fn log_softmax(axis: impl SliceInt) -> Tensor<T, N>, "tensor![0.0, 0.0].log_softmax(0)?" => "[-0.69314718 -0.69314718]";
        /// `ln Σ eˣ` of the elements up to each one, along an axis.
        fn logcumsumexp(axis: impl SliceInt) -> Tensor<T, N>, "tensor![0.0, 0.0].logcumsumexp(0)?" => "[0.         0.69314718]";
    }
}
methods! {
    /// Functions of vectors that NumPy and PyTorch have as methods.
    impl[T: Dtype] Tensor<T, 1> {
        /// Where values would stand in this sorted vector: before equal elements, or behind them.
        fn searchsorted[V: np::Sought](v: V, side: np::Side) -> V::Of<i64>, "tensor![1, 3, 5].searchsorted(&tensor![2, 5], np::Side::Left)?" => "[1 2]";
        /// How often each number from 0 on is there.
        fn bincount(minlength: usize) -> Vector<i64>, "tensor![0, 1, 1].bincount(0)?" => "[1 2]";
    }
}

/// A row is a function of the table of elementwise ops under the name that Rust's floats have for it.
macro_rules! rust_names {
    ($($name:ident $op:ident -> $out:ty, $example:literal => $prints:literal;)*) => {
        /// Functions by the names that they have on Rust's floats.
        impl<T: Dtype, const N: usize> Tensor<T, N> { $(
            #[doc = concat!("[`", stringify!($op), "`](Tensor::", stringify!($op), ") by the name that Rust's floats have for it.")]
            #[doc = concat!(
                "\n\n```\nuse civita::prelude::*;\nassert_eq!(", $example, ".to_string(), \"", $prints, "\");\n```"
            )]
            #[track_caller]
            pub fn $name(&self) -> Tensor<$out, N> {
                self.$op()
            }
        )* }
    };
}
rust_names! {
    ln log -> T::Float, "tensor![1.0, 100.0].ln()" => "[0.         4.60517019]";
    ln_1p log1p -> T::Float, "tensor![0.0].ln_1p()" => "[0.]";
    exp_m1 expm1 -> T::Float, "tensor![0.0].exp_m1()" => "[0.]";
    recip reciprocal -> T::Number, "tensor![2.0, 4.0].recip()" => "[0.5  0.25]";
    is_finite isfinite -> bool, "tensor![1.0, f64::NAN].is_finite()" => "[ True False]";
    is_infinite isinf -> bool, "tensor![1.0, -f64::INFINITY].is_infinite()" => "[False  True]";
    is_nan isnan -> bool, "tensor![1.0, f64::NAN].is_nan()" => "[False  True]";
}

/// Powers by the names that Rust's floats have for them.
impl<T: Number, const N: usize> Tensor<T, N> {
    /// Each element to the power of an integer.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1.0, -2.0].powi(3), [1.0, -8.0]);
    /// assert_eq!(tensor![c128::new(0.0, 1.0)].powi(2), [c128::new(-1.0, 0.0)]);
    /// ```
    ///
    /// # Panics
    /// When the elements are integers and the power is negative.
    #[track_caller]
    pub fn powi(&self, n: i32) -> Self {
        let n = Value::Int(n.into());
        FromRaw::wrap(Raw::apply(Op::Pow, &[(&self.raw).into(), n.into()]).or_raise())
    }
}
impl<T: Differentiable + Element, const N: usize> Tensor<T, N> {
    /// Each element to the power of a number.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![4.0, 9.0].powf(0.5), [2.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn powf(&self, exponent: T) -> Self {
        let power = Raw::apply(
            Op::Pow,
            &[(&self.raw).into(), exponent.into_scalar().into()],
        );
        FromRaw::wrap(power.or_raise())
    }
}

/// Whole tensors written, and functions of the elements.
impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// All axes in reverse order: [`Tensor::t`] by NumPy's name.
    pub fn transpose(&self) -> Self {
        self.t()
    }

    /// The number of axes: [`Tensor::rank`] by NumPy's name.
    pub fn ndim(&self) -> usize {
        self.rank()
    }

    /// The number of elements: [`Tensor::len`] by PyTorch's name.
    pub fn numel(&self) -> usize {
        self.len()
    }

    /// All elements under one axis: [`Tensor::flatten`] by NumPy's name.
    #[track_caller]
    pub fn ravel(&self) -> Vector<T> {
        self.flatten()
    }

    /// With a new axis of length 1 at this place of the result: [`Tensor::expand_dims`] by PyTorch's name.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1, 2].unsqueeze(-1)?, [[1], [2]]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the place does not exist.
    pub fn unsqueeze(&self, axis: impl SliceInt) -> Result<Expanded<T, N>>
    where
        Rank<N>: ExpandRank,
    {
        self.expand_dims(axis)
    }

    /// The elements converted to another type: [`Tensor::cast`] by NumPy's name.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1.7, -1.7].astype::<i32>(), [1, -1]);
    /// ```
    #[track_caller]
    pub fn astype<U: Element>(&self) -> Tensor<U, N> {
        self.cast()
    }

    /// The elements rounded to integers, of two as near to the even one, as NumPy rounds (`f64::round` takes the one farther from 0).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![0.5, 1.5, -2.7].round(), [0.0, 2.0, -3.0]);
    /// ```
    #[track_caller]
    pub fn round(&self) -> Self {
        np::round(self, 0).or_raise()
    }

    /// The elements rounded to so many decimals, of two as near the even one; negative numbers are places before the point. NumPy's
    /// `round(decimals)`, and [`np::round`].
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![1.25, 3.14159].round_to(2)?, [1.25, 3.14]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no memory.
    #[doc(alias = "around")]
    pub fn round_to(&self, decimals: impl SliceInt) -> Result<Self> {
        np::round(self, decimals)
    }

    /// Writes `source`, a tensor that broadcasts or a number, over all elements: NumPy's `x[...] = source` and `x.fill(0)`. Other handles
    /// on the tensor keep what they have.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let mut x = Matrix::<f64>::zeros([2, 2]);
    /// x.assign(&tensor![1.0, 2.0])?;
    /// assert_eq!(x, [[1.0, 2.0], [1.0, 2.0]]);
    /// x.assign(0.5)?;
    /// assert_eq!(x, [[0.5, 0.5], [0.5, 0.5]]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `source` does not broadcast, or the tensor is a variable outside [`no_grad`](crate::no_grad).
    pub fn assign(&mut self, source: impl AssignValue<T>) -> Result<()> {
        let source = source.raw(self.dtype())?;
        self.unfold_repeats()?;
        self.raw.assign(&source)
    }

    /// Writes one number over all elements, by the name of NumPy's and ndarray's method.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let mut x = tensor![1.0, 2.0];
    /// x.fill(0);
    /// assert_eq!(x, [0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// Where [`Tensor::assign`] is an error.
    #[track_caller]
    pub fn fill<S: Scalar>(&mut self, value: S)
    where
        T: TakesScalar<S>,
    {
        self.assign(value).or_raise()
    }
}

impl<T: Element, const N: usize> Tensor<T, N> {
    /// What `f` makes of each element, in C order. Functions of the library (`x.exp()`) run many times faster.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1.5, -2.0], [0.0, 4.0]];
    /// let signs: Matrix<i64> = x.map(|v| if v < 0.0 { -1 } else { 1 });
    /// assert_eq!(signs, [[1, -1], [1, 1]]);
    /// ```
    ///
    /// The result is a constant, of which no gradient goes back to `self`: for derivatives use elementwise functions
    /// (`x.exp()`, [`fuse!`](crate::fuse!)), or write them in an [`autograd::Function`](crate::autograd::Function).
    ///
    /// # Panics
    /// When the values are not known (inside `vmap` and `trace`).
    #[doc(alias = "vectorize")]
    #[track_caller]
    pub fn map<U: Element>(&self, f: impl FnMut(T) -> U) -> Tensor<U, N> {
        let all: Vec<U> = self.iter().map(f).collect();
        from_elements(all, self.shape())
    }

    /// What `f` makes of each element, a constant: [`Tensor::map`] by ndarray's name.
    #[track_caller]
    pub fn mapv<U: Element>(&self, f: impl FnMut(T) -> U) -> Tensor<U, N> {
        self.map(f)
    }
}

#[track_caller]
fn from_elements<X: FromRaw, U: Element>(all: Vec<U>, shape: &[usize]) -> X {
    X::wrap(civita_core::raw::Raw::from_vec(all, shape).or_raise())
}

impl<T: Dtype> Matrix<T> {
    /// The number of rows.
    pub fn nrows(&self) -> usize {
        self.shape()[0]
    }

    /// The number of columns.
    pub fn ncols(&self) -> usize {
        self.shape()[1]
    }

    /// The main diagonal, as a view; others are [`np::diagonal`].
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2], [3, 4]].diagonal(), [1, 4]);
    /// ```
    #[doc(alias = "diag")]
    #[track_caller]
    pub fn diagonal(&self) -> Vector<T> {
        np::diagonal(self, 0, 0, 1).or_raise()
    }

    /// The sum of the main diagonal; of others [`np::trace`].
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1, 2], [3, 4]].trace(), 5);
    /// ```
    #[track_caller]
    pub fn trace(&self) -> Tensor<T::Sum, 0> {
        np::trace(self, 0).or_raise()
    }
}
