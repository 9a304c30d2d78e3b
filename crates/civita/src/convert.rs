//! From nested vectors and iterators, and back: what loops in Rust make and take.

use std::iter::{Product, Sum};
use std::ops::Range;

use civita_core::dtype::Scalar as Value;
use civita_core::ops::Op;
use civita_core::raw::Raw;

use crate::error::OrRaise;
use crate::rank::{Rank, wrap};
use crate::{
    AnyTensor, DYN, Element, Error, Real, Result, Tensor, Vector, bf16, c64, c128, f8e4m3, f8e5m2,
    f16,
};

/// Rows of one length.
///
/// ```
/// # use civita::prelude::*;
/// let x = Matrix::try_from(vec![vec![1.0, 2.0], vec![3.0, 4.0]])?;
/// assert_eq!(x.shape(), [2, 2]);
/// assert!(Matrix::try_from(vec![vec![1.0], vec![3.0, 4.0]]).is_err());
/// # Ok::<(), civita::Error>(())
/// ```
impl<T: Element> TryFrom<Vec<Vec<T>>> for Tensor<T, 2> {
    type Error = Error;

    fn try_from(rows: Vec<Vec<T>>) -> Result<Tensor<T, 2>> {
        let columns = length_of_all(&rows, "row")?;
        Tensor::from_shape_vec([rows.len(), columns], rows.into_iter().flatten().collect())
    }
}

/// Matrices of one shape.
impl<T: Element> TryFrom<Vec<Vec<Vec<T>>>> for Tensor<T, 3> {
    type Error = Error;

    fn try_from(matrices: Vec<Vec<Vec<T>>>) -> Result<Tensor<T, 3>> {
        let (n, rows) = (matrices.len(), length_of_all(&matrices, "matrix")?);
        let all: Vec<Vec<T>> = matrices.into_iter().flatten().collect();
        let columns = length_of_all(&all, "row")?;
        Tensor::from_shape_vec([n, rows, columns], all.into_iter().flatten().collect())
    }
}

fn length_of_all<V>(parts: &[Vec<V>], name: &str) -> Result<usize> {
    let len = parts.first().map_or(0, Vec::len);
    match parts.iter().position(|part| part.len() != len) {
        None => Ok(len),
        Some(i) => Err(Error::shape(
            "tensor",
            format!(
                "{name} 0 has {len} elements, {name} {i} has {}",
                parts[i].len()
            ),
        )
        .rule("nested vectors of one level have one length")),
    }
}

/// Which nested vectors hold the elements of a tensor of this rank: see [`Tensor::to_nested_vec`].
pub trait Nested {
    /// `Vec<Vec<T>>` of rank 2.
    type Of<T>;
    #[doc(hidden)]
    fn nest<T>(elements: &mut impl Iterator<Item = T>, shape: &[usize]) -> Option<Self::Of<T>>;
}
impl Nested for Rank<0> {
    type Of<T> = T;
    fn nest<T>(elements: &mut impl Iterator<Item = T>, _: &[usize]) -> Option<T> {
        elements.next()
    }
}
macro_rules! nested {
    ($($n:literal $m:literal),*) => { $(
        impl Nested for Rank<$n> {
            type Of<T> = Vec<<Rank<$m> as Nested>::Of<T>>;
            fn nest<T>(elements: &mut impl Iterator<Item = T>, shape: &[usize]) -> Option<Self::Of<T>> {
                (0..shape[0]).map(|_| Rank::<$m>::nest(elements, &shape[1..])).collect()
            }
        }
    )* };
}
nested!(1 0, 2 1, 3 2, 4 3, 5 4, 6 5, 7 6, 8 7);

impl<T: Element, const N: usize> Tensor<T, N> {
    /// A copy of the elements in nested vectors, one level for each axis.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let rows: Vec<Vec<f64>> = tensor![[1.0, 2.0], [3.0, 4.0]].to_nested_vec();
    /// assert_eq!(rows, [[1.0, 2.0], [3.0, 4.0]]);
    /// ```
    #[doc(alias = "tolist")]
    #[doc(alias = "to_vec2")]
    #[track_caller]
    pub fn to_nested_vec(&self) -> <Rank<N> as Nested>::Of<T>
    where
        Rank<N>: Nested,
    {
        let nested = Rank::<N>::nest(&mut self.to_vec().into_iter(), self.shape());
        nested
            .ok_or_else(|| Error::shape("to_nested_vec", "fewer elements than the shape says"))
            .or_raise()
    }

    /// A copy of the elements in C order as another type of number, each of which must fit: indices as `usize`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let places: Vec<usize> = np::argsort(&tensor![3.0, 1.0, 2.0], 0)?.try_to_vec()?;
    /// assert_eq!(places, [1, 2, 0]);
    /// assert!(tensor![3, -1].try_to_vec::<usize>().is_err());
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an element does not fit, or the values are not known (inside `vmap` and `trace`).
    pub fn try_to_vec<U: TryFrom<T>>(&self) -> Result<Vec<U>> {
        let values = self.raw.to_vec::<T>()?;
        let convert = |(i, &v): (usize, &T)| {
            U::try_from(v).map_err(|_| {
                let (v, to) = (v.into_scalar(), std::any::type_name::<U>());
                Error::value(
                    "try_to_vec",
                    format!("element {i}, which is {v}, does not fit into {to}"),
                )
            })
        };
        values.iter().enumerate().map(convert).collect()
    }
}

impl Vector<i64> {
    /// Indices and lengths, which Rust counts in `usize`: of a vector, an array, a range, an iterator. Back:
    /// [`Tensor::try_to_vec`].
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let lengths: Vec<usize> = ["a", "bcd"].iter().map(|s| s.len()).collect();
    /// assert_eq!(Vector::from_indices(&lengths), [1, 3]);
    /// assert_eq!(Vector::from_indices(2..4), [2, 3]);
    /// ```
    ///
    /// # Panics
    /// When one is above `i64::MAX`.
    #[track_caller]
    pub fn from_indices<I: std::borrow::Borrow<usize>>(
        indices: impl IntoIterator<Item = I>,
    ) -> Self {
        let indices = indices.into_iter().map(|i| {
            let i = *i.borrow();
            i64::try_from(i)
                .map_err(|_| Error::value("from_indices", format!("{i} does not fit into int64")))
        });
        Vector::from_vec(indices.collect::<Result<_>>().or_raise())
    }
}

/// The numbers of the range: [`Vector::arange`].
impl<T: Element + Real> From<Range<T>> for Vector<T> {
    #[track_caller]
    fn from(range: Range<T>) -> Self {
        let (start, stop) = (range.start.into_scalar(), range.end.into_scalar());
        wrap(Raw::arange(start, stop, Value::Int(1), T::DTYPE).or_raise())
    }
}

macro_rules! to_arrays {
    ($($n:literal: [$($K:ident)*] $array:ty, $out:ident => $flat:expr;)*) => { $(
        /// The elements as an array.
        impl<T: Element, $(const $K: usize),*> TryFrom<Tensor<T, $n>> for $array {
            type Error = Error;

            fn try_from(x: Tensor<T, $n>) -> Result<$array> {
                (&x).try_into()
            }
        }
        /// The elements as an array.
        impl<T: Element, $(const $K: usize),*> TryFrom<&Tensor<T, $n>> for $array {
            type Error = Error;

            fn try_from(x: &Tensor<T, $n>) -> Result<$array> {
                let wanted = [$($K),*];
                if x.shape() != wanted {
                    let shapes = [x.shape(), &wanted].map(civita_core::error::shape_text);
                    let [from, to] = shapes;
                    return Err(Error::shape("array", format!("a tensor of shape {from} is no array of shape {to}")));
                }
                let mut $out: $array = zero();
                $flat.copy_from_slice(&x.raw.to_vec::<T>()?);
                Ok($out)
            }
        }
    )* };
}
to_arrays! {
    1: [A] [T; A], out => out;
    2: [A B] [[T; B]; A], out => out.as_flattened_mut();
}

/// Arrays of one value.
trait Zero {
    fn zero() -> Self;
}
impl<T: Element, const A: usize> Zero for [T; A] {
    fn zero() -> Self {
        [T::from_scalar(Value::Int(0)); A]
    }
}
impl<T: Element, const A: usize, const B: usize> Zero for [[T; B]; A] {
    fn zero() -> Self {
        [[T::from_scalar(Value::Int(0)); B]; A]
    }
}
fn zero<Z: Zero>() -> Z {
    Z::zero()
}

/// A copy of the elements: [`Tensor::to_vec`].
///
/// ```
/// # use civita::prelude::*;
/// let total: Vec<f64> = (tensor![1.0, 2.0] + 0.5).into();
/// assert_eq!(total, [1.5, 2.5]);
/// ```
///
/// # Panics
/// When the values are not known (inside `vmap` and `trace`).
impl<T: Element> From<Vector<T>> for Vec<T> {
    #[track_caller]
    fn from(x: Vector<T>) -> Vec<T> {
        x.to_vec()
    }
}
/// A copy of the elements: [`Tensor::to_vec`].
///
/// # Panics
/// When the values are not known (inside `vmap` and `trace`).
impl<T: Element> From<&Vector<T>> for Vec<T> {
    #[track_caller]
    fn from(x: &Vector<T>) -> Vec<T> {
        x.to_vec()
    }
}

/// [`Tensor::into_any`].
///
/// ```
/// # use civita::prelude::*;
/// let parameters: [AnyTensor; 2] = [tensor![[1.0f32]].into(), tensor![0.5].into()];
/// let weights: Matrix<f32> = (&parameters[0]).try_into()?;
/// assert!(Matrix::<f32>::try_from(&parameters[1]).is_err()); // a vector of `f64`
/// # assert_eq!(weights, [[1.0]]);
/// # Ok::<(), civita::Error>(())
/// ```
impl<T: Element, const N: usize> From<Tensor<T, N>> for AnyTensor {
    #[inline]
    fn from(x: Tensor<T, N>) -> AnyTensor {
        x.into_any()
    }
}

// one by one: for all `T: Element` the compiler does not rule out `Any`, of which `TryFrom` is there already
macro_rules! from_any {
    ($($T:ty)*) => { $(
        /// [`Tensor::typed`].
        ///
        /// # Errors
        /// When the element type or the rank is another.
        impl<const N: usize> TryFrom<AnyTensor> for Tensor<$T, N> {
            type Error = Error;

            fn try_from(x: AnyTensor) -> Result<Self> {
                x.typed()
            }
        }
        /// [`Tensor::typed`].
        ///
        /// # Errors
        /// When the element type or the rank is another.
        impl<const N: usize> TryFrom<&AnyTensor> for Tensor<$T, N> {
            type Error = Error;

            fn try_from(x: &AnyTensor) -> Result<Self> {
                x.typed()
            }
        }
    )* };
}
from_any!(bool u8 u16 u32 u64 i8 i16 i32 i64 f8e4m3 f8e5m2 f16 bf16 f32 f64 c64 c128);

macro_rules! collect {
    ($($n:literal => $m:literal),*) => { $(
        /// Tensors of one shape, stacked along a new first axis; without any, a tensor without elements.
        ///
        /// # Panics
        /// When their shapes differ.
        impl<T: Element> FromIterator<Tensor<T, $n>> for Tensor<T, $m> {
            #[track_caller]
            fn from_iter<I: IntoIterator<Item = Tensor<T, $n>>>(iter: I) -> Self {
                let parts: Vec<Raw> = iter.into_iter().map(Tensor::into_raw).collect();
                match parts.is_empty() {
                    true => Self::default(),
                    false => wrap(Raw::stack(&parts.iter().collect::<Vec<_>>(), 0).or_raise()),
                }
            }
        }
    )* };
}
collect!(0 => 1, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 7, 7 => 8);

/// The sum, or with `Mul` the product, of tensors that broadcast.
#[track_caller]
fn total<T: Element, const N: usize>(
    op: Op,
    one: u8,
    iter: impl Iterator<Item = Raw>,
) -> Tensor<T, N> {
    let total = iter.reduce(|a, b| Raw::apply(op, &[(&a).into(), (&b).into()]).or_raise());
    wrap(total.unwrap_or_else(|| {
        // what changes nothing that it is added to
        let shape: &[usize] = if N == DYN { &[] } else { &[1; 8][..N.min(8)] };
        Raw::full(shape, Value::Int(one.into()), T::DTYPE).or_raise()
    }))
}

macro_rules! totals {
    ($($Trait:ident $method:ident $Op:ident $one:literal $text:literal;)*) => { $(
        #[doc = $text]
        ///
        /// # Panics
        /// When their shapes do not broadcast.
        impl<T: Element, const N: usize> $Trait for Tensor<T, N> {
            #[track_caller]
            fn $method<I: Iterator<Item = Self>>(iter: I) -> Self {
                total(Op::$Op, $one, iter.map(Tensor::into_raw))
            }
        }
        impl<'a, T: Element, const N: usize> $Trait<&'a Tensor<T, N>> for Tensor<T, N> {
            #[track_caller]
            fn $method<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
                total(Op::$Op, $one, iter.map(|x| x.raw.clone()))
            }
        }
    )* };
}
totals! {
    Sum sum Add 0 "The sum, element by element; of no tensors zeros of one element.";
    Product product Mul 1 "The product, element by element; of no tensors ones of one element.";
}

/// No elements.
impl<T: Element, const N: usize> Default for Tensor<T, N> {
    fn default() -> Self {
        let shape: &[usize] = if N == DYN { &[0] } else { &[0; 8][..N.min(8)] };
        wrap(Raw::zeros(shape, T::DTYPE).or_raise())
    }
}

// A panic leaves no tensor half written: a write is either not begun or counted.
impl<T, const N: usize> std::panic::UnwindSafe for Tensor<T, N> {}
impl<T, const N: usize> std::panic::RefUnwindSafe for Tensor<T, N> {}
