//! Single elements and the whole of them, to be read and written.

use std::ops::{Index, IndexMut};

use civita_core::raw::Raw;

use crate::error::OrRaise;
use crate::{DYN, Dtype, Element, FromRaw, IntoShape, Result, Tensor, Vector};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Lengths of the axes as an array, to be taken apart.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let [rows, columns] = Matrix::<f32>::zeros([2, 3]).dims();
    /// assert_eq!((rows, columns), (2, 3));
    /// ```
    #[inline]
    pub fn dims(&self) -> [usize; N] {
        const { assert!(N != DYN, "the rank is not known: use `shape()`") };
        let mut dims = [0; N];
        dims.copy_from_slice(self.shape());
        dims
    }
}

impl<T: Element, const N: usize> Tensor<T, N> {
    /// The element at an index, if there is one.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// assert_eq!((x.get([1, 0]), x.get([2, 0])), (Some(&3.0), None));
    /// ```
    ///
    /// # Panics
    /// As [indexing](#impl-Index<%5Busize;+K%5D>-for-Tensor<T,+N>), but for an index that is out of range.
    #[inline]
    pub fn get<const K: usize>(&self, index: [usize; K]) -> Option<&T> {
        const { assert!(N == DYN || N == K, "an index has a number for each axis") };
        match self.raw.layout().index_of(&index) {
            Some(_) => Some(self.raw.element(&index).or_raise()),
            None => None,
        }
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
    pub fn get_mut<const K: usize>(&mut self, index: [usize; K]) -> Option<&mut T> {
        const { assert!(N == DYN || N == K, "an index has a number for each axis") };
        match self.raw.layout().index_of(&index) {
            Some(_) => Some(self.raw.element_mut(&index).or_raise()),
            None => None,
        }
    }

    /// Writes one element: `x[[i, j]] = value` as a call that cannot panic.
    ///
    /// # Errors
    /// When there is no such element, or the tensor is tracked.
    #[inline]
    pub fn set<const K: usize>(&mut self, index: [usize; K], value: T) -> Result<()> {
        const { assert!(N == DYN || N == K, "an index has a number for each axis") };
        *self.raw.element_mut(&index)? = value;
        Ok(())
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
    /// # Panics
    /// Where [`Tensor::as_mut_slice`] is an error.
    pub fn map_inplace(&mut self, mut f: impl FnMut(T) -> T) {
        for v in self.iter_mut() {
            *v = f(*v);
        }
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
    pub fn from_fn(shape: [usize; N], mut f: impl FnMut([usize; N]) -> T) -> Self {
        let len = shape.iter().product();
        let mut values = Vec::with_capacity(len);
        let mut index = [0; N];
        for _ in 0..len {
            values.push(f(index));
            for axis in (0..N).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Tensor::wrap(Raw::from_vec(values, &shape).or_raise())
    }

    /// One value everywhere: [`Tensor::full`] by ndarray's name.
    pub fn from_elem(shape: impl IntoShape<N>, value: T) -> Self {
        Tensor::full(shape, value)
    }
}

/// `x[[i, j]]`: a reference to one element.
///
/// ```
/// # use civita::prelude::*;
/// let mut x = tensor![[1.0, 2.0], [3.0, 4.0]];
/// x[[0, 1]] += 10.0;
/// assert_eq!(x[[0, 1]], 12.0);
/// ```
///
/// # Panics
/// When there is no such element; inside `vmap` or `trace`, whose values are not known; and for memory that code in other
/// languages may write, of which there are no references (`to_vec` and `at` read it).
impl<T: Element, const N: usize, const K: usize> Index<[usize; K]> for Tensor<T, N> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, index: [usize; K]) -> &T {
        const { assert!(N == DYN || N == K, "an index has a number for each axis") };
        self.raw.element(&index).or_raise()
    }
}

/// Copies the elements first if other handles share them.
///
/// # Panics
/// As `Index`, and when the tensor is tracked by a gradient.
impl<T: Element, const N: usize, const K: usize> IndexMut<[usize; K]> for Tensor<T, N> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, index: [usize; K]) -> &mut T {
        const { assert!(N == DYN || N == K, "an index has a number for each axis") };
        self.raw.element_mut(&index).or_raise()
    }
}

/// `v[i]` of a vector.
impl<T: Element> Index<usize> for Vector<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, i: usize) -> &T {
        self.raw.element(&[i]).or_raise()
    }
}

/// `v[i] = …` of a vector.
impl<T: Element> IndexMut<usize> for Vector<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, i: usize) -> &mut T {
        self.raw.element_mut(&[i]).or_raise()
    }
}
