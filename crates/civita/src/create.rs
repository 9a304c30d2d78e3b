//! New tensors.

use std::ops::{Range, RangeInclusive};

use civita_core::dtype::Scalar as Value;
use civita_core::raw::{Endpoint, Raw};

use crate::dtype::sealed::RealFloat;
use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{
    DYN, Dtype, Element, Matrix, Real, Result, Scalar, SliceInt, TakesScalar, Tensor, Vector,
};

/// Shapes of tensors of rank `N`: `[usize; N]`, tuples of `usize`, a length alone for vectors, a slice or vector of lengths for [`DYN`].
///
/// Lengths are `usize` and no other type, so that literals are lengths.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape of rank {N}",
    note = "a shape is an array with a `usize` for each axis; `Tensor<T, DYN>` takes slices and vectors too; a length of \
            -1 goes to `x.reshape([-1, 2])?`"
)]
pub trait IntoShape<const N: usize> {
    /// Calls `f` with the lengths.
    #[doc(hidden)]
    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R;
}
impl<const N: usize> IntoShape<N> for [usize; N] {
    #[inline]
    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(self)
    }
}
impl IntoShape<1> for usize {
    #[inline]
    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(&[*self])
    }
}
/// The shape of one number, as NumPy has it.
impl IntoShape<0> for () {
    #[inline]
    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(&[])
    }
}
macro_rules! tuple_shapes {
    ($($n:literal: $($length:ident $i:tt)*;)*) => { $(
        /// As ndarray has shapes.
        impl IntoShape<$n> for ($($length,)*) {
            #[inline]
            #[track_caller]
            fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
                f(&[$(self.$i),*])
            }
        }
    )* };
}
tuple_shapes! {
    1: usize 0;
    2: usize 0 usize 1;
    3: usize 0 usize 1 usize 2;
    4: usize 0 usize 1 usize 2 usize 3;
}
impl IntoShape<DYN> for &[usize] {
    #[inline]
    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(self)
    }
}
impl IntoShape<DYN> for Vec<usize> {
    #[inline]
    #[track_caller]
    fn with<R>(&self, f: impl FnOnce(&[usize]) -> R) -> R {
        f(self)
    }
}

/// Constructors, of the element type that is named or that the surroundings ask for (`a.add(&Matrix::eye(2))?`). An operator
/// promotes and asks for none: there it is named, or a function of [`np`](crate::np) makes `f64`: `&a + np::eye(2)`. They panic when the shape overflows or memory cannot be allocated; [`catch`](crate::catch) makes that an
/// error.
impl<T: Element, const N: usize> Tensor<T, N> {
    /// Zeros.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Matrix::<f32>::zeros([2, 3]).to_string(), "[[0. 0. 0.]\n [0. 0. 0.]]");
    /// ```
    #[track_caller]
    pub fn zeros(shape: impl IntoShape<N>) -> Self {
        wrap(shape.with(|s| Raw::zeros(s, T::DTYPE)).or_raise())
    }

    /// Ones.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Vector::<i32>::ones(3).to_string(), "[1 1 1]");
    /// ```
    #[track_caller]
    pub fn ones(shape: impl IntoShape<N>) -> Self {
        wrap(shape.with(|s| Raw::ones(s, T::DTYPE)).or_raise())
    }

    /// One value everywhere.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Vector::full(3, 2.5).to_string(), "[2.5 2.5 2.5]");
    /// ```
    #[track_caller]
    pub fn full(shape: impl IntoShape<N>, value: T) -> Self {
        wrap(
            shape
                .with(|s| Raw::full(s, value.into_scalar(), T::DTYPE))
                .or_raise(),
        )
    }

    /// The elements of a vector in C order under a shape, without a copy.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = Matrix::from_shape_vec([2, 2], vec![1, 2, 3, 4])?;
    /// assert_eq!(x.to_string(), "[[1 2]\n [3 4]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape has another number of elements.
    pub fn from_shape_vec(shape: impl IntoShape<N>, values: Vec<T>) -> Result<Self> {
        shape.with(|s| Raw::from_vec(values, s)).map(wrap)
    }
}

/// Constructors of the shape and element type of another tensor, which may be known at run time only: an optimizer keeps one for
/// each of its parameters.
///
/// ```
/// # use civita::prelude::*;
/// let parameters: Vec<AnyTensor> = vec![tensor![[1.0f32, 2.0]].into_any(), tensor![3.0].into_any()];
/// let velocities: Vec<AnyTensor> = parameters.iter().map(|p| p.zeros_like()).collect();
/// assert_eq!((velocities[0].shape(), velocities[0].dtype().name()), (&[1, 2][..], "float32"));
/// ```
impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Zeros of the same shape and element type.
    #[track_caller]
    pub fn zeros_like(&self) -> Self {
        wrap(Raw::zeros(self.shape(), self.dtype()).or_raise())
    }

    /// Ones of the same shape and element type.
    #[track_caller]
    pub fn ones_like(&self) -> Self {
        wrap(Raw::ones(self.shape(), self.dtype()).or_raise())
    }

    /// One value everywhere, in the same shape and element type.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![[1.0, 2.0]].full_like(0.5), [[0.5, 0.5]]);
    /// assert_eq!(tensor![[1.0, 2.0]].full_like(7), [[7.0, 7.0]]);
    /// ```
    ///
    /// # Panics
    /// When the element type is known at run time only and cannot hold the value: a fraction among integers.
    #[track_caller]
    pub fn full_like<S: Scalar>(&self, value: S) -> Self
    where
        T: TakesScalar<S>,
    {
        wrap(Raw::full(self.shape(), value.into_scalar(), self.dtype()).or_raise())
    }

    /// Zeros of the same shape and element type, to be written: memory that nobody wrote is no value, so there is no other
    /// `empty`.
    #[track_caller]
    pub fn empty_like(&self) -> Self {
        self.zeros_like()
    }
}

impl<T: Element> Tensor<T, 0> {
    /// A tensor without axes, of one value.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Tensor::scalar(2.5).to_string(), "2.5");
    /// ```
    ///
    /// Before a function of floats a literal needs its type: `Tensor::scalar(2.5f64).exp()`.
    #[track_caller]
    pub fn scalar(value: T) -> Self {
        wrap(Raw::scalar(value.into_scalar(), T::DTYPE).or_raise())
    }
}

impl<T: Element> Vector<T> {
    /// A copy of a slice.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Vector::from_slice(&[1.0, 2.0]).to_string(), "[1. 2.]");
    /// ```
    #[track_caller]
    pub fn from_slice(values: &[T]) -> Self {
        wrap(Raw::from_slice(values, &[values.len()]).or_raise())
    }

    /// The elements of a vector, without a copy.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Vector::from_vec(vec![1u8, 2]).to_string(), "[1 2]");
    /// ```
    #[track_caller]
    pub fn from_vec(values: Vec<T>) -> Self {
        let n = values.len();
        wrap(Raw::from_vec(values, &[n]).or_raise())
    }
}

/// A number of any type, where a parameter is a number and no element.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    note = "numbers are integers of any type, `f32` and `f64`"
)]
pub trait AnyNumber: Copy {
    #[doc(hidden)]
    fn value(self) -> Value;
    #[doc(hidden)]
    fn to_f64(self) -> f64 {
        self.value().as_f64()
    }
}

/// A number beside tensors of `T`: one of that type, of floats also an integer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of a tensor of `{T}`",
    note = "beside integers it is an integer, beside floats one of the same type, or an integer"
)]
pub trait NumberOf<T>: Copy {
    #[doc(hidden)]
    fn number(self) -> Value;
}
impl<T: RealFloat + Element> NumberOf<T> for T {
    #[inline]
    fn number(self) -> Value {
        self.into_scalar()
    }
}

/// The ranges of [`Vector::arange`](Tensor::arange): of integers of any type, or of the element type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range of `{T}`",
    note = "ranges are of integers, as `0..n`, or of the element type, as `0.0..1.0`; `arange_step` has steps"
)]
pub trait RangeOf<T> {
    #[doc(hidden)]
    fn bounds(self) -> (Value, Value);
}
impl<T: RealFloat + Element> RangeOf<T> for Range<T> {
    fn bounds(self) -> (Value, Value) {
        (self.start.into_scalar(), self.end.into_scalar())
    }
}

/// The ranges of [`np::arange`](crate::np::arange): of integers or `f64`, or a number alone, from 0.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range of integers or of `f64`",
    note = "`np::arange(0..n)`, `np::arange(n)`, `np::arange(0.0..1.0)`; of `f32`: `Vector::<f32>::arange(0..n)`"
)]
pub trait Arange {
    /// `i64` of integers, `f64` of floats.
    type Element: Element + Real;
    #[doc(hidden)]
    fn bounds(self) -> (Value, Value);
}
// one impl for all integers and one for floats, so that the element type is known before the type of a literal is
impl<I: SliceInt> Arange for Range<I> {
    type Element = i64;
    fn bounds(self) -> (Value, Value) {
        (whole(self.start), whole(self.end))
    }
}
impl<I: SliceInt> Arange for RangeInclusive<I> {
    type Element = i64;
    fn bounds(self) -> (Value, Value) {
        (whole(*self.start()), after(*self.end()))
    }
}
impl<I: SliceInt> Arange for I {
    type Element = i64;
    fn bounds(self) -> (Value, Value) {
        (Value::Int(0), whole(self))
    }
}
impl Arange for Range<f64> {
    type Element = f64;
    fn bounds(self) -> (Value, Value) {
        (Value::Float(self.start), Value::Float(self.end))
    }
}
impl Arange for f64 {
    type Element = f64;
    fn bounds(self) -> (Value, Value) {
        (Value::Float(0.0), Value::Float(self))
    }
}
fn whole(i: impl SliceInt) -> Value {
    Value::Int(i.to_isize() as i128)
}
fn after(i: impl SliceInt) -> Value {
    Value::Int(i.to_isize() as i128 + 1)
}

macro_rules! integers {
    ($($I:ty)*) => { $(
        impl AnyNumber for $I {
            #[inline]
            fn value(self) -> Value {
                Value::Int(self as i128)
            }
        }
        impl<T: Element + Real> NumberOf<T> for $I {
            #[inline]
            fn number(self) -> Value {
                Value::Int(self as i128)
            }
        }
        impl<T: Element + Real> RangeOf<T> for Range<$I> {
            fn bounds(self) -> (Value, Value) {
                (whole(self.start), whole(self.end))
            }
        }
        impl<T: Element + Real> RangeOf<T> for RangeInclusive<$I> {
            fn bounds(self) -> (Value, Value) {
                (whole(*self.start()), after(*self.end()))
            }
        }
    )* };
}
integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);
macro_rules! floats {
    ($($F:ty)*) => { $(
        impl AnyNumber for $F {
            #[inline]
            fn value(self) -> Value {
                self.into_scalar()
            }
        }
    )* };
}
floats!(f32 f64);

#[track_caller]
pub(crate) fn arange<T: Element + Real>(
    range: impl Arange<Element = T>,
    step: impl NumberOf<T>,
) -> Vector<T> {
    let (start, stop) = range.bounds();
    wrap(Raw::arange(start, stop, step.number(), T::DTYPE).or_raise())
}

impl<T: Element + Real> Vector<T> {
    /// The numbers of a range, one by one. The range is of integers of any type, or of `T`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let n: usize = 3;
    /// assert_eq!(Vector::<i64>::arange(2..5).to_string(), "[2 3 4]");
    /// assert_eq!(Vector::<f64>::arange(0..n).to_string(), "[0. 1. 2.]");
    /// assert_eq!(Vector::arange(0.5..3.0).to_string(), "[0.5 1.5 2.5]");
    /// ```
    ///
    /// A range of integers does not name `T`, so `let v = Vector::arange(0..n);` alone is E0283: `Vector::<f64>::arange(0..n)` and
    /// `let v: Vector<f64> = Vector::arange(0..n);` compile, and [`np::arange`](crate::np::arange) makes `int64` of every one.
    #[track_caller]
    pub fn arange(range: impl RangeOf<T>) -> Self {
        let (start, stop) = range.bounds();
        wrap(Raw::arange(start, stop, Value::Int(1), T::DTYPE).or_raise())
    }

    /// The numbers of a range in steps, down if the step is negative.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Vector::arange_step(0.0..1.0, 0.25).to_string(), "[0.   0.25 0.5  0.75]");
    /// assert_eq!(Vector::<i32>::arange_step(5..0, -2).to_string(), "[5 3 1]");
    /// ```
    #[track_caller]
    pub fn arange_step(range: impl RangeOf<T>, step: impl NumberOf<T>) -> Self {
        let (start, stop) = range.bounds();
        wrap(Raw::arange(start, stop, step.number(), T::DTYPE).or_raise())
    }

    /// `num` numbers evenly spaced from `start` to `stop`, which is the last.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Vector::linspace(0.0, 1.0, 5).to_string(), "[0.   0.25 0.5  0.75 1.  ]");
    /// assert_eq!(Vector::<f32>::linspace(0, 1, 3).to_string(), "[0.  0.5 1. ]");
    /// ```
    ///
    /// Before a function of floats the type is named: `Vector::<f64>::linspace(0, 1, 5).sin()`;
    /// [`np::linspace`](crate::np::linspace) makes `f64`.
    #[track_caller]
    pub fn linspace(start: impl NumberOf<T>, stop: impl NumberOf<T>, num: usize) -> Self {
        let (start, stop) = (start.number().as_f64(), stop.number().as_f64());
        wrap(Raw::linspace(start, stop, num, Endpoint::Included, T::DTYPE).or_raise())
    }
}

impl<T: Element> Matrix<T> {
    /// The identity: ones on the diagonal, zeros elsewhere.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Matrix::<f64>::eye(2).to_string(), "[[1. 0.]\n [0. 1.]]");
    /// let a = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// assert_eq!(&a + Matrix::<f64>::eye(2), &a + np::eye(2));
    /// ```
    ///
    /// Beside an operator, which promotes, the type is named, as here: `&a + Matrix::eye(2)` is E0283.
    #[track_caller]
    pub fn eye(n: usize) -> Self {
        Self::eye_diagonal([n, n], 0)
    }

    /// Ones on the `k`-th diagonal: above the main one for positive `k`, below it for negative.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(Matrix::<i32>::eye_diagonal([2, 3], 1).to_string(), "[[0 1 0]\n [0 0 1]]");
    /// ```
    #[track_caller]
    pub fn eye_diagonal(shape: [usize; 2], k: impl SliceInt) -> Self {
        wrap(Raw::eye(shape[0], shape[1], k.to_isize(), T::DTYPE).or_raise())
    }
}

impl<T: Element> FromIterator<T> for Vector<T> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self {
        Vector::from_vec(iter.into_iter().collect())
    }
}
/// Of borrowed elements, as slices iterate over them.
///
/// ```
/// # use civita::prelude::*;
/// let lengths = vec![3.0, -1.0, 2.0];
/// let positive: Vector<f64> = lengths.iter().filter(|v| **v > 0.0).collect();
/// assert_eq!(positive, [3.0, 2.0]);
/// ```
impl<'a, T: Element> FromIterator<&'a T> for Vector<T> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = &'a T>>(iter: I) -> Self {
        iter.into_iter().copied().collect()
    }
}
impl<T: Element> From<Vec<T>> for Vector<T> {
    #[track_caller]
    fn from(values: Vec<T>) -> Self {
        Vector::from_vec(values)
    }
}
impl<T: Element> From<&[T]> for Vector<T> {
    #[track_caller]
    fn from(values: &[T]) -> Self {
        Vector::from_slice(values)
    }
}
impl<T: Element> From<&Vec<T>> for Vector<T> {
    #[track_caller]
    fn from(values: &Vec<T>) -> Self {
        Vector::from_slice(values)
    }
}
/// Rows that have a length by their type, such as points; without a copy.
///
/// ```
/// # use civita::prelude::*;
/// let points: Vec<[f64; 2]> = vec![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]];
/// assert_eq!(Matrix::from(points).over(0).mean()?, [2.0, 3.0]);
/// # Ok::<(), civita::Error>(())
/// ```
impl<T: Element, const K: usize> From<Vec<[T; K]>> for Matrix<T> {
    #[track_caller]
    fn from(rows: Vec<[T; K]>) -> Self {
        let shape = [rows.len(), K];
        wrap(Raw::from_vec(rows.into_flattened(), &shape).or_raise())
    }
}
/// A copy.
impl<T: Element, const K: usize> From<&[[T; K]]> for Matrix<T> {
    #[track_caller]
    fn from(rows: &[[T; K]]) -> Self {
        wrap(Raw::from_slice(rows.as_flattened(), &[rows.len(), K]).or_raise())
    }
}
/// A copy.
impl<T: Element, const K: usize> From<&Vec<[T; K]>> for Matrix<T> {
    #[track_caller]
    fn from(rows: &Vec<[T; K]>) -> Self {
        rows.as_slice().into()
    }
}
impl<T: Element> From<T> for Tensor<T, 0> {
    #[track_caller]
    fn from(value: T) -> Self {
        Tensor::scalar(value)
    }
}

macro_rules! from_arrays {
    ($($n:literal: $T:ident => $array:ty, $integers:ty, $floats:ty, $lengths:ty, [$($K:ident)*], $values:ident => $flat:expr;)*) => { $(
        impl<$T: Element, $(const $K: usize),*> From<$array> for Tensor<$T, $n> {
            #[track_caller]
            fn from($values: $array) -> Self {
                wrap(Raw::from_slice($flat, &[$($K),*]).or_raise())
            }
        }
        impl<$T: Element, $(const $K: usize),*> From<&$array> for Tensor<$T, $n> {
            #[track_caller]
            fn from($values: &$array) -> Self {
                wrap(Raw::from_slice($flat, &[$($K),*]).or_raise())
            }
        }
        from_arrays!(@literal $n, i64, $integers, $($K)*);
        from_arrays!(@literal $n, f64, $floats, $($K)*);
        from_arrays!(@lengths $n, $lengths, $values => $flat, $($K)*);
        impl<$T: Element, $(const $K: usize),*> LiteralTensor for Literal<$array> {
            type Out = Tensor<$T, $n>;
            #[track_caller]
            fn tensor(self) -> Self::Out {
                self.0.into()
            }
        }
    )* };
    (@lengths $n:literal, $array:ty, $values:ident => $flat:expr, $($K:ident)*) => {
        // lengths and indices are `usize` in Rust and `i64` in tensors
        impl<$(const $K: usize),*> LiteralTensor for Literal<$array> {
            type Out = Tensor<i64, $n>;
            #[track_caller]
            fn tensor(self) -> Self::Out {
                let $values = self.0;
                let values = Vector::from_indices($flat.iter().copied());
                wrap(values.raw.reshape(&[$($K),*]).or_raise())
            }
        }
    };
    (@literal $n:literal, $t:ty, $array:ty, $($K:ident)*) => {
        impl<$(const $K: usize),*> Literal<$array> {
            #[track_caller]
            pub fn tensor(self) -> Tensor<$t, $n> {
                self.0.into()
            }
        }
    };
}
from_arrays! {
    1: T => [T; A], [i64; A], [f64; A], [usize; A], [A], v => v.as_slice();
    2: T => [[T; B]; A], [[i64; B]; A], [[f64; B]; A], [[usize; B]; A], [A B], v => v.as_flattened();
    3: T => [[[T; C]; B]; A], [[[i64; C]; B]; A], [[[f64; C]; B]; A], [[[usize; C]; B]; A], [A B C],
        v => v.as_flattened().as_flattened();
    4: T => [[[[T; D]; C]; B]; A], [[[[i64; D]; C]; B]; A], [[[[f64; D]; C]; B]; A], [[[[usize; D]; C]; B]; A], [A B C D],
        v => v.as_flattened().as_flattened().as_flattened();
}

/// What `tensor!` wraps its literals in.
///
/// A literal like `1` or `1.0` has no type yet when the macro sees it. The inherent methods of `Literal<[i64; _]>` and
/// `Literal<[f64; _]>` are the first that the compiler tries; one of them fits, and settles the type. Where the type is
/// another already, only the trait's method fits.
#[doc(hidden)]
#[derive(Debug)]
pub struct Literal<A>(pub A);

#[doc(hidden)]
pub trait LiteralTensor {
    type Out;
    fn tensor(self) -> Self::Out;
}

/// A tensor of literals: nested brackets are its axes.
///
/// Elements without a type of their own are `f64` or `i64`; a suffix on the first one changes that. Lengths and indices,
/// which are `usize`, become `i64`.
///
/// ```
/// use civita::prelude::*;
///
/// let a = tensor![[1.0, 2.0], [3.0, 4.0]]; // Tensor<f64, 2>
/// let b = tensor![1, 2, 3]; // Tensor<i64, 1>
/// let c = tensor![1.0f32, 2.0]; // Tensor<f32, 1>
/// let d = tensor![true, false]; // Tensor<bool, 1>
/// let e = tensor![0.5; 3]; // three times the same
/// assert_eq!(a.to_string(), "[[1. 2.]\n [3. 4.]]");
/// assert_eq!(format!("{} {} {} {}", b.dtype(), c.dtype(), d.dtype(), e), "int64 float32 bool [0.5 0.5 0.5]");
/// ```
///
/// Without elements there is nothing to tell their type by: `tensor![]` is an error of the compiler, which says to write
/// `Tensor::<f64, 1>::zeros(0)`.
///
/// ```compile_fail
/// # use civita::prelude::*;
/// let nothing: Vector<f64> = tensor![];
/// ```
#[doc(alias = "array")]
#[macro_export]
macro_rules! tensor {
    () => {
        compile_error!("a tensor without elements has no element type: write `Tensor::<f64, 1>::zeros(0)`, with the type of its elements")
    };
    ($([]),+ $(,)?) => {
        compile_error!("a tensor without elements has no element type: write `Tensor::<f64, 2>::zeros([1, 0])`, with the type of its elements and its shape")
    };
    ($($elements:tt)*) => {{
        #[allow(unused_imports)]
        use $crate::__private::LiteralTensor as _;
        $crate::__private::Literal([$($elements)*]).tensor()
    }};
}
