//! Single elements, rows, and everything else that loops in Rust.

use std::ops::{Index, IndexMut};

use civita_core::error::shape_text;
use civita_core::raw::Raw;

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{Axes, DYN, Dtype, Element, Error, FromRaw, IntoShape, Result, Tensor, Vector};

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

    /// The parts of an axis, one after the other; the axis goes. Each is a view, and costs a few nanoseconds.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1, 2, 3], [4, 5, 6]];
    /// let sums: Vec<i64> = x.axis_iter(1)?.map(|column| column.sum().item()).collect::<civita::Result<_>>()?;
    /// assert_eq!(sums, [5, 7, 9]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn axis_iter(&self, axis: isize) -> Result<Rows<<isize as Axes<N>>::Out<T>>>
    where
        isize: Axes<N>,
    {
        let rank = self.rank();
        let at = civita_core::layout::normalize_axis("axis_iter", axis, rank)?;
        Ok(Rows {
            end: self.shape()[at],
            raw: self.raw.clone(),
            axis: at,
            start: 0,
            row: std::marker::PhantomData,
        })
    }

    /// The parts of the first axis: of a matrix its rows.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// for row in x.rows() {
    ///     assert_eq!(row.len(), 2);
    /// }
    /// assert_eq!(x.rows().rev().next().map(|row| row.to_vec()), Some(vec![3.0, 4.0]));
    /// ```
    #[doc(alias = "outer_iter")]
    pub fn rows(&self) -> Rows<<isize as Axes<N>>::Out<T>>
    where
        isize: Axes<N>,
    {
        self.axis_iter(0).or_raise()
    }

    /// Part `i` of the first axis: of a matrix a row.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1, 2], [3, 4]];
    /// assert_eq!(x.row(1)?.to_vec(), [3, 4]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such part.
    pub fn row(&self, i: usize) -> Result<<isize as Axes<N>>::Out<T>>
    where
        isize: Axes<N>,
    {
        select(&self.raw, 0, i).map(FromRaw::wrap)
    }
}

fn select(raw: &Raw, axis: usize, i: usize) -> Result<Raw> {
    raw.select_index(axis as isize, isize::try_from(i).unwrap_or(isize::MAX))
}

/// The parts of an axis: see [`Tensor::axis_iter`].
#[derive(Clone, Debug)]
pub struct Rows<R> {
    raw: Raw,
    axis: usize,
    start: usize,
    end: usize,
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R: FromRaw> Rows<R> {
    fn part(&self, i: usize) -> R {
        R::wrap(select(&self.raw, self.axis, i).or_raise())
    }
}

impl<R: FromRaw> Iterator for Rows<R> {
    type Item = R;

    #[inline]
    fn next(&mut self) -> Option<R> {
        (self.start < self.end).then(|| {
            self.start += 1;
            self.part(self.start - 1)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.start;
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<R> {
        self.start = self.start.saturating_add(n).min(self.end);
        self.next()
    }
}

impl<R: FromRaw> DoubleEndedIterator for Rows<R> {
    fn next_back(&mut self) -> Option<R> {
        (self.start < self.end).then(|| {
            self.end -= 1;
            self.part(self.end)
        })
    }
}

impl<R: FromRaw> ExactSizeIterator for Rows<R> {}
impl<R: FromRaw> std::iter::FusedIterator for Rows<R> {}

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

/// The same shape and equal elements (NaN equals nothing). For one boolean for each element: [`Tensor::eq`].
///
/// ```
/// # use civita::prelude::*;
/// assert!(tensor![1, 2] == tensor![1, 2] && tensor![1, 2] != tensor![1, 3]);
/// assert_eq!(tensor![[1.0, 2.0]], [[1.0, 2.0]]);
/// assert_eq!(tensor![1.0, 2.0], vec![1.0, 2.0]);
/// ```
impl<T: Element + PartialEq, const N: usize, const M: usize> PartialEq<Tensor<T, M>>
    for Tensor<T, N>
{
    fn eq(&self, other: &Tensor<T, M>) -> bool {
        self.shape() == other.shape() && same(self, other.iter())
    }
}

fn same<T: Element + PartialEq, const N: usize>(
    x: &Tensor<T, N>,
    other: impl IntoIterator<Item = T>,
) -> bool {
    x.iter().zip(other).all(|(a, b)| a == b)
}

impl<T: Element + PartialEq, const N: usize> PartialEq<Vec<T>> for Tensor<T, N> {
    fn eq(&self, other: &Vec<T>) -> bool {
        self.shape() == [other.len()] && same(self, other.iter().copied())
    }
}
impl<T: Element + PartialEq, const N: usize> PartialEq<&[T]> for Tensor<T, N> {
    fn eq(&self, other: &&[T]) -> bool {
        self.shape() == [other.len()] && same(self, other.iter().copied())
    }
}
impl<T: Element + PartialEq, const N: usize, const A: usize> PartialEq<[T; A]> for Tensor<T, N> {
    fn eq(&self, other: &[T; A]) -> bool {
        self.shape() == [A] && same(self, *other)
    }
}
impl<T: Element + PartialEq, const N: usize, const A: usize, const B: usize> PartialEq<[[T; B]; A]>
    for Tensor<T, N>
{
    fn eq(&self, other: &[[T; B]; A]) -> bool {
        self.shape() == [A, B] && same(self, other.iter().flatten().copied())
    }
}

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
        let columns = rows.first().map_or(0, Vec::len);
        if let Some(i) = rows.iter().position(|row| row.len() != columns) {
            return Err(Error::shape(
                "tensor",
                format!(
                    "row 0 has {columns} elements, row {i} has {}",
                    rows[i].len()
                ),
            )
            .rule("all rows of a matrix have one length"));
        }
        Tensor::from_shape_vec([rows.len(), columns], rows.into_iter().flatten().collect())
    }
}

/// No elements.
impl<T: Element, const N: usize> Default for Tensor<T, N> {
    fn default() -> Self {
        let shape: &[usize] = if N == DYN { &[0] } else { &[0; 8][..N.min(8)] };
        wrap(Raw::zeros(shape, T::DTYPE).or_raise())
    }
}

/// What differs most between two tensors, for [`assert_close!`](crate::assert_close).
#[doc(hidden)]
pub fn difference<A: Dtype, B: Dtype, const N: usize, const M: usize>(
    found: &Tensor<A, N>,
    wanted: &Tensor<B, M>,
    relative: f64,
    absolute: f64,
) -> Option<String> {
    let (a, b) = (found.raw().scalars(), wanted.raw().scalars());
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(e), _) | (_, Err(e)) => return Some(e.to_string()),
    };
    if found.shape() != wanted.shape() {
        return Some(format!(
            "the shapes differ: {} and {}",
            shape_text(found.shape()),
            shape_text(wanted.shape())
        ));
    }
    let mut worst: Option<(usize, f64)> = None;
    let mut count = 0;
    for (i, (a, b)) in a.iter().zip(&b).enumerate() {
        let (x, y) = (a.as_complex(), b.as_complex());
        let alike = x == y || (x.is_nan() && y.is_nan());
        let far = (x - y).norm();
        let allowed = absolute + relative * y.norm();
        if alike || far <= allowed {
            continue;
        }
        count += 1;
        let by = match far.is_nan() {
            true => f64::INFINITY,
            false => far / allowed.max(f64::MIN_POSITIVE),
        };
        if worst.is_none_or(|(_, most)| by > most) {
            worst = Some((i, by));
        }
    }
    let (at, _) = worst?;
    let mut index = vec![0; found.rank()];
    let mut rest = at;
    for (axis, &n) in found.shape().iter().enumerate().rev() {
        index[axis] = rest % n;
        rest /= n;
    }
    Some(format!(
        "{count} of {} elements differ; most at {index:?}: {} and {}",
        a.len(),
        a[at],
        b[at]
    ))
}

/// Asserts that two tensors have one shape and nearly equal elements: `|a - b| ≤ absolute + relative · |b|`, by default
/// `1e-9` and `1e-6`; NaN equals NaN.
///
/// ```
/// # use civita::prelude::*;
/// use civita::assert_close;
/// assert_close!(tensor![0.1 + 0.2, 1.0], tensor![0.3, 1.0]);
/// assert_close!(tensor![1.0, 2.0], tensor![1.01, 2.0], relative = 0.02);
/// assert_close!(tensor![0.001], tensor![0.0], relative = 0.0, absolute = 0.01);
/// ```
#[macro_export]
macro_rules! assert_close {
    ($found:expr, $wanted:expr $(,)?) => {
        $crate::assert_close!($found, $wanted, relative = 1e-6, absolute = 1e-9)
    };
    ($found:expr, $wanted:expr, relative = $relative:expr $(,)?) => {
        $crate::assert_close!($found, $wanted, relative = $relative, absolute = 1e-9)
    };
    ($found:expr, $wanted:expr, relative = $relative:expr, absolute = $absolute:expr $(,)?) => {
        match (&$found, &$wanted) {
            (found, wanted) => {
                if let Some(text) = $crate::difference(found, wanted, $relative, $absolute) {
                    panic!(
                        "`{}` is not close to `{}`: {text}\nfound:\n{found}\nwanted:\n{wanted}",
                        stringify!($found),
                        stringify!($wanted),
                    );
                }
            }
        }
    };
}
