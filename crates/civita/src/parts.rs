//! Iterators over the parts of an axis: rows, chunks, windows. Each part is a view.

use civita_core::raw::{Lines, Raw};

use crate::error::OrRaise;
use crate::rank::{Axes, wrap};
use crate::{Dtype, Error, FromRaw, Result, SliceInt, Tensor};

impl<T: Dtype, const N: usize> Tensor<T, N> {
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
    #[doc(alias = "lanes")]
    #[doc(alias = "unbind")]
    pub fn axis_iter(&self, axis: impl SliceInt) -> Result<Rows<<isize as Axes<N>>::Out<T>>>
    where
        isize: Axes<N>,
    {
        let rank = self.rank();
        let at = civita_core::layout::normalize_axis("axis_iter", axis.to_isize(), rank)?;
        Ok(Rows {
            end: self.shape()[at],
            lines: self.raw.lines(at),
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
    pub fn rows(&self) -> Rows<<isize as Axes<N>>::Out<T>>
    where
        isize: Axes<N>,
    {
        self.axis_iter(0).or_raise()
    }

    /// The parts of the first axis: [`Tensor::rows`] by ndarray's name.
    pub fn outer_iter(&self) -> Rows<<isize as Axes<N>>::Out<T>>
    where
        isize: Axes<N>,
    {
        self.rows()
    }

    /// Pieces of `size` neighbours along an axis, one after the other; the last one may be shorter.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = Vector::<i64>::arange(0..5);
    /// let sums: Vec<i64> = x.chunks(0, 2)?.map(|c| c.sum().item()).collect::<civita::Result<_>>()?;
    /// assert_eq!(sums, [1, 5, 4]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist, or `size` is 0.
    #[doc(alias = "axis_chunks_iter")]
    pub fn chunks(&self, axis: impl SliceInt, size: usize) -> Result<Pieces<T, N>> {
        let (axis, len) = self.along("chunks", axis.to_isize(), size)?;
        Ok(Pieces::new(&self.raw, axis, size, size, len.div_ceil(size)))
    }

    /// Every `size` neighbours along an axis: the pieces that start at 0, 1, 2, … and are whole. All of them as one tensor are
    /// [`np::sliding_window_view`](crate::np::sliding_window_view), along several axes too.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![1.0, 2.0, 4.0, 8.0];
    /// let means: Vector<f64> = x.windows(0, 2)?.map(|w| w.mean()).collect();
    /// assert_eq!(means, [1.5, 3.0, 6.0]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist, or `size` is 0.
    #[doc(alias = "unfold")]
    pub fn windows(&self, axis: impl SliceInt, size: usize) -> Result<Pieces<T, N>> {
        let (axis, len) = self.along("windows", axis.to_isize(), size)?;
        Ok(Pieces::new(
            &self.raw,
            axis,
            size,
            1,
            (len + 1).saturating_sub(size),
        ))
    }

    fn along(&self, op: &'static str, axis: isize, size: usize) -> Result<(usize, usize)> {
        let axis = civita_core::layout::normalize_axis(op, axis, self.rank())?;
        if size == 0 {
            return Err(Error::value(op, "the size of the pieces is 0")
                .rule("a piece has at least one element"));
        }
        Ok((axis, self.shape()[axis]))
    }

    /// Part `i` of the first axis: of a matrix a row. Negative numbers count from the end.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1, 2], [3, 4]];
    /// assert_eq!(x.row(0)?.to_vec(), [1, 2]);
    /// assert_eq!(x.row(-1)?.to_vec(), [3, 4]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such part.
    #[doc(alias = "index_axis")]
    pub fn row(&self, i: impl SliceInt) -> Result<<isize as Axes<N>>::Out<T>>
    where
        isize: Axes<N>,
    {
        let row = self.raw.select_index(0, i.to_isize());
        row.map_err(|e| e.in_op("row")).map(FromRaw::wrap)
    }
}

impl<T: Dtype> Tensor<T, 2> {
    /// A column of a matrix. Negative numbers count from the end.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1, 2], [3, 4]];
    /// assert_eq!(x.column(0)?.to_vec(), [1, 3]);
    /// assert_eq!(x.column(-1)?.to_vec(), [2, 4]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such column.
    #[doc(alias = "col")]
    pub fn column(&self, j: impl SliceInt) -> Result<Tensor<T, 1>> {
        let column = self.raw.select_index(1, j.to_isize());
        column.map_err(|e| e.in_op("column")).map(FromRaw::wrap)
    }

    /// The columns of a matrix, one after the other.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// let largest: Vec<f64> = x.columns().map(|column| column.to_vec()[1]).collect();
    /// assert_eq!(largest, [3.0, 4.0]);
    /// ```
    pub fn columns(&self) -> Rows<Tensor<T, 1>> {
        self.axis_iter(1).or_raise()
    }
}

/// The parts of an axis: see [`Tensor::axis_iter`].
#[derive(Clone, Debug)]
pub struct Rows<R> {
    raw: Raw,
    /// Where no transformation looks at it.
    lines: Option<Lines>,
    axis: usize,
    start: usize,
    end: usize,
    row: std::marker::PhantomData<fn() -> R>,
}

impl<R: FromRaw> Rows<R> {
    #[inline]
    fn part(&mut self, i: usize) -> R {
        R::wrap(match &mut self.lines {
            Some(lines) => lines.at(i),
            None => self
                .raw
                .select_index(self.axis as isize, i as isize)
                .or_raise(),
        })
    }
}

/// Pieces of an axis: see [`Tensor::chunks`] and [`Tensor::windows`].
#[derive(Clone, Debug)]
pub struct Pieces<T, const N: usize> {
    raw: Raw,
    axis: usize,
    size: usize,
    step: usize,
    start: usize,
    end: usize,
    element: std::marker::PhantomData<fn() -> T>,
}

impl<T: Dtype, const N: usize> Pieces<T, N> {
    fn new(raw: &Raw, axis: usize, size: usize, step: usize, end: usize) -> Self {
        Pieces {
            raw: raw.clone(),
            axis,
            size,
            step,
            start: 0,
            end,
            element: std::marker::PhantomData,
        }
    }

    #[inline]
    fn part(&self, i: usize) -> Tensor<T, N> {
        let start = i * self.step;
        let len = self.size.min(self.raw.shape()[self.axis] - start);
        wrap(self.raw.narrow(self.axis as isize, start, len).or_raise())
    }
}

/// `start..end` are the numbers of the parts that are left.
macro_rules! iterate {
    ([$($generics:tt)*] $Iter:ty => $Item:ty) => {
        impl<$($generics)*> Iterator for $Iter {
            type Item = $Item;

            #[inline]
            fn next(&mut self) -> Option<$Item> {
                (self.start < self.end).then(|| {
                    self.start += 1;
                    self.part(self.start - 1)
                })
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                let left = self.end - self.start;
                (left, Some(left))
            }

            fn nth(&mut self, n: usize) -> Option<$Item> {
                self.start = self.start.saturating_add(n).min(self.end);
                self.next()
            }
        }

        impl<$($generics)*> DoubleEndedIterator for $Iter {
            fn next_back(&mut self) -> Option<$Item> {
                (self.start < self.end).then(|| {
                    self.end -= 1;
                    self.part(self.end)
                })
            }
        }

        impl<$($generics)*> ExactSizeIterator for $Iter {}
        impl<$($generics)*> std::iter::FusedIterator for $Iter {}
    };
}
iterate!([R: FromRaw] Rows<R> => R);
iterate!([T: Dtype, const N: usize] Pieces<T, N> => Tensor<T, N>);
