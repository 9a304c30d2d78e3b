//! Single elements and the whole of them, to be read and written.

use std::ops::{Index, IndexMut};

use civita_core::raw::Raw;

use civita_core::error::shape_text;

use crate::error::OrRaise;
use crate::{
    DYN, Dtype, Element, Error, FromRaw, IntoShape, Result, SliceInt, SliceItem, Tensor, Vector,
};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Lengths of the axes as an array, to be taken apart (ndarray's `dim`).
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let [rows, columns] = Matrix::<f32>::zeros([2, 3]).dims();
    /// assert_eq!((rows, columns), (2, 3));
    /// ```
    #[doc(alias = "dim")]
    #[inline]
    pub fn dims(&self) -> [usize; N] {
        const { assert!(N != DYN, "the rank is not known: use `shape()`") };
        let mut dims = [0; N];
        dims.copy_from_slice(self.shape());
        dims
    }
}

/// The index of one element: an array or a tuple with an integer for each axis, of any integer type; of a vector one integer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the index of an element of a tensor of rank {N}",
    note = "an index has an integer for each axis: `[i, j]` or `(i, j)`; a row is `x.row(i)?`, a part `x.slice(s![i, ..])?`"
)]
pub trait ElementIndex<const N: usize>: Copy {
    /// As the engine takes it.
    #[doc(hidden)]
    type Places: AsRef<[usize]>;
    /// The numbers, which count from the end where they are negative.
    #[doc(hidden)]
    fn items(&self) -> impl AsRef<[SliceItem]>;
    /// What counts from the start of each axis.
    #[doc(hidden)]
    fn places(&self, shape: &[usize]) -> Self::Places;
    /// The numbers, to be shown.
    #[doc(hidden)]
    fn numbers(&self) -> Vec<String>;
}
impl<I: SliceInt, const N: usize, const K: usize> ElementIndex<N> for [I; K] {
    type Places = [usize; K];
    fn items(&self) -> impl AsRef<[SliceItem]> {
        self.map(|i| SliceItem::Index(i.to_isize()))
    }
    #[inline]
    fn places(&self, shape: &[usize]) -> [usize; K] {
        const { assert!(N == DYN || N == K, "an index has a number for each axis") };
        std::array::from_fn(|axis| self[axis].place(shape.get(axis).copied().unwrap_or(0)))
    }
    fn numbers(&self) -> Vec<String> {
        self.iter().map(I::to_string).collect()
    }
}
macro_rules! indices {
    ($($n:literal: [$($I:ident $i:tt)*] $Index:ty;)*) => { $(
        impl<$($I: SliceInt),*> ElementIndex<$n> for $Index {
            type Places = [usize; $n];
            fn items(&self) -> impl AsRef<[SliceItem]> {
                let index = self.members();
                [$(SliceItem::Index(index.$i.to_isize())),*]
            }
            #[inline]
            fn places(&self, shape: &[usize]) -> [usize; $n] {
                let index = self.members();
                [$(index.$i.place(shape[$i])),*]
            }
            fn numbers(&self) -> Vec<String> {
                let index = self.members();
                vec![$(index.$i.to_string()),*]
            }
        }
    )* };
}
indices! {
    1: [I 0] I;
    2: [I 0 J 1] (I, J);
    3: [I 0 J 1 K 2] (I, J, K);
    4: [I 0 J 1 K 2 L 3] (I, J, K, L);
}
/// An index as a tuple.
trait Members {
    type Tuple;
    fn members(&self) -> Self::Tuple;
}
impl<I: SliceInt> Members for I {
    type Tuple = (I,);
    #[inline]
    fn members(&self) -> (I,) {
        (*self,)
    }
}
macro_rules! members {
    ($(($($I:ident),*))*) => { $(
        impl<$($I: SliceInt),*> Members for ($($I),*) {
            type Tuple = Self;
            #[inline]
            fn members(&self) -> Self {
                *self
            }
        }
    )* };
}
members!((I, J)(I, J, K)(I, J, K, L));

/// The error of an element that is not there, with the numbers that were asked for.
#[cold]
fn no_element<const N: usize>(error: Error, index: &impl ElementIndex<N>) -> Error {
    with_index(error, &index.numbers())
}
fn with_index(error: Error, index: &[String]) -> Error {
    match error.found_shapes() {
        [shape] if error.is_index() => {
            let comma = if index.len() == 1 { "," } else { "" };
            Error::index(
                "index",
                format!(
                    "there is no element ({}{comma}) in shape {}",
                    index.join(", "),
                    shape_text(shape)
                ),
            )
            .shapes(&[shape])
            .rule("an index has a number for each axis, less than its length; negative ones count from the end")
        }
        _ => error,
    }
}

/// The index comes by value: one that a call reads by reference is in memory, and would be written there before each element is read.
#[cold]
#[inline(never)]
fn other_element<T: Element, const N: usize>(raw: &Raw, index: impl ElementIndex<N>) -> Result<&T> {
    raw.element(index.places(raw.shape()).as_ref())
        .map_err(|error| no_element(error, &index))
}

#[cold]
#[inline(never)]
fn other_element_mut<T: Element, const N: usize>(
    raw: &mut Raw,
    index: impl ElementIndex<N>,
) -> Result<&mut T> {
    let places = index.places(raw.shape());
    raw.element_mut(places.as_ref())
        .map_err(|error| no_element(error, &index))
}

impl<T: Element, const N: usize> Tensor<T, N> {
    /// The element at an index, if there is one: `[i, j]`, `(i, j)`, of a vector `i`. The numbers are of any integer type; negative
    /// ones count from the end.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// assert_eq!((x.get([1, 0]), x.get([-1, 1]), x.get([2, 0])), (Some(&3.0), Some(&4.0), None));
    /// ```
    ///
    /// # Panics
    /// As [indexing](#impl-Index<%5BI;+K%5D>-for-Tensor<T,+N>), but for an index that is out of range.
    #[inline]
    pub fn get(&self, index: impl ElementIndex<N>) -> Option<&T> {
        let places = index.places(self.shape());
        self.raw.layout().index_of(places.as_ref())?;
        Some(self.element(index).or_raise())
    }

    /// A place to write to, if there is one; the elements are copied first if other handles share them.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let mut x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// if let Some(element) = x.get_mut([1, 0]) {
    ///     *element += 0.5;
    /// }
    /// assert_eq!(x.get([1, 0]), Some(&3.5));
    /// assert_eq!(x.get_mut([2, 0]), None);
    /// ```
    ///
    /// # Panics
    /// As [`Tensor::get`], and when the tensor is tracked.
    #[inline]
    pub fn get_mut(&mut self, index: impl ElementIndex<N>) -> Option<&mut T> {
        let places = index.places(self.shape());
        self.raw.layout().index_of(places.as_ref())?;
        Some(self.element_mut(index).or_raise())
    }

    /// Writes one element: `x[[i, j]] = value` as a call that cannot panic.
    ///
    /// # Errors
    /// When there is no such element, or the tensor is tracked.
    #[inline]
    pub fn set(&mut self, index: impl ElementIndex<N>, value: T) -> Result<()> {
        *self.element_mut(index)? = value;
        Ok(())
    }

    #[inline]
    fn element(&self, index: impl ElementIndex<N>) -> Result<&T> {
        let places = index.places(self.raw.layout().shape());
        self.raw
            .element_or(places.as_ref(), |raw| other_element(raw, index))
    }

    #[inline]
    fn element_mut(&mut self, index: impl ElementIndex<N>) -> Result<&mut T> {
        let places = index.places(self.raw.layout().shape());
        self.raw
            .element_mut_or(places.as_ref(), |raw| other_element_mut(raw, index))
    }

    /// The elements in C order, to be written. Copies them first if other handles share them, or if they do not lie in
    /// that order.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let mut x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// x.as_mut_slice()?[3] = 9.0;
    /// assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 9.0]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the tensor is tracked by a gradient, a batch or a trace, which a slice would not see.
    pub fn as_mut_slice(&mut self) -> Result<&mut [T]> {
        self.raw.as_mut_slice()
    }

    /// The elements in C order, one after the other, to be written.
    ///
    /// # Panics
    /// Where [`Tensor::as_mut_slice`] is an error.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.as_mut_slice().or_raise().iter_mut()
    }

    /// Replaces each element by what `f` makes of it.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let mut x = tensor![1, 2, 3];
    /// x.map_inplace(|v| v * v);
    /// assert_eq!(x.to_vec(), [1, 4, 9]);
    /// ```
    ///
    /// What `f` does has no derivative, so a tensor that tracks a gradient is refused; for derivatives use elementwise functions
    /// (`x = x.exp()`), or write them in an [`autograd::Function`](crate::autograd::Function).
    ///
    /// # Panics
    /// Where [`Tensor::as_mut_slice`] is an error.
    pub fn map_inplace(&mut self, mut f: impl FnMut(T) -> T) {
        for v in self.iter_mut() {
            *v = f(*v);
        }
    }

    /// Replaces each element by what `f` makes of it: [`Tensor::map_inplace`] by ndarray's name.
    ///
    /// # Panics
    /// Where [`Tensor::as_mut_slice`] is an error.
    pub fn mapv_inplace(&mut self, f: impl FnMut(T) -> T) {
        self.map_inplace(f);
    }

    /// What `f` makes of each index.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = Matrix::from_fn([2, 3], |[i, j]| (10 * i + j) as i64);
    /// assert_eq!(x.to_string(), "[[ 0  1  2]\n [10 11 12]]");
    /// ```
    ///
    /// # Panics
    /// When there is no memory for so many elements.
    #[doc(alias = "from_shape_fn")]
    #[track_caller]
    pub fn from_fn(shape: [usize; N], mut f: impl FnMut([usize; N]) -> T) -> Self {
        let mut index = [0; N];
        let raw = Raw::written_by(&shape, |out: &mut [T]| {
            for value in out {
                *value = f(index);
                for axis in (0..N).rev() {
                    index[axis] += 1;
                    if index[axis] < shape[axis] {
                        break;
                    }
                    index[axis] = 0;
                }
            }
            Ok::<_, Error>(())
        });
        Tensor::wrap(raw.or_raise())
    }

    /// One value everywhere: [`Tensor::full`] by ndarray's name.
    pub fn from_elem(shape: impl IntoShape<N>, value: T) -> Self {
        Tensor::full(shape, value)
    }
}

/// `x[[i, j]]`: a reference to one element. The numbers are of any integer type, so that what `argmax` returns is an index;
/// negative ones count from the end.
///
/// ```
/// # use civita::prelude::*;
/// let mut x = tensor![[1.0, 2.0], [3.0, 4.0]];
/// x[[0, 1]] += 10.0;
/// assert_eq!(x[[0, -1]], 12.0);
/// let largest = x.flatten().argmax().item()?;
/// assert_eq!(x.flatten()[largest], 12.0);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Panics
/// When there is no such element; inside `vmap` or `trace`, whose values are not known; and for memory that code in other
/// languages may write, of which there are no references (`to_vec` and `at` read it).
impl<T: Element, I: SliceInt, const N: usize, const K: usize> Index<[I; K]> for Tensor<T, N> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, index: [I; K]) -> &T {
        self.element(index).or_raise()
    }
}

/// Copies the elements first if other handles share them.
///
/// # Panics
/// As `Index`, and when the tensor is tracked by a gradient.
impl<T: Element, I: SliceInt, const N: usize, const K: usize> IndexMut<[I; K]> for Tensor<T, N> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, index: [I; K]) -> &mut T {
        self.element_mut(index).or_raise()
    }
}

macro_rules! tuples {
    ($($n:literal: $($I:ident)*;)*) => { $(
        /// `x[(i, j)]`, as ndarray has it.
        impl<T: Element, $($I: SliceInt),*> Index<($($I,)*)> for Tensor<T, $n> {
            type Output = T;

            #[inline]
            #[track_caller]
            fn index(&self, index: ($($I,)*)) -> &T {
                self.element(index).or_raise()
            }
        }

        /// `x[(i, j)] = …`
        impl<T: Element, $($I: SliceInt),*> IndexMut<($($I,)*)> for Tensor<T, $n> {
            #[inline]
            #[track_caller]
            fn index_mut(&mut self, index: ($($I,)*)) -> &mut T {
                self.element_mut(index).or_raise()
            }
        }
    )* };
}
tuples! {
    2: I J;
    3: I J K;
    4: I J K L;
}

/// `v[i]` of a vector.
impl<T: Element, I: SliceInt> Index<I> for Vector<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, i: I) -> &T {
        self.element(i).or_raise()
    }
}

/// `v[i] = …` of a vector.
impl<T: Element, I: SliceInt> IndexMut<I> for Vector<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, i: I) -> &mut T {
        self.element_mut(i).or_raise()
    }
}
