//! `nalgebra`: its matrices lie column by column, so that they become transposed tensors without a copy.

use civita_core::raw::Raw;
use nalgebra::{DMatrix, DMatrixView, DVector, Dyn, SMatrix};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{Element, Error, Matrix, Result, Vector};

/// Without a copy: the columns stay where they are.
impl<T: Element + nalgebra::Scalar> From<DMatrix<T>> for Matrix<T> {
    #[track_caller]
    fn from(matrix: DMatrix<T>) -> Self {
        let (rows, columns) = matrix.shape();
        let elements: Vec<T> = matrix.data.into();
        let by_columns = Raw::from_vec(elements, &[columns, rows]);
        wrap(by_columns.and_then(|x| x.transpose()).or_raise())
    }
}
/// Without a copy.
impl<T: Element + nalgebra::Scalar> From<DVector<T>> for Vector<T> {
    #[track_caller]
    fn from(vector: DVector<T>) -> Self {
        Vector::from_vec(vector.data.into())
    }
}
/// A copy: the elements are on the stack.
impl<T: Element + nalgebra::Scalar, const R: usize, const C: usize> From<SMatrix<T, R, C>>
    for Matrix<T>
{
    #[track_caller]
    fn from(matrix: SMatrix<T, R, C>) -> Self {
        let by_columns = Raw::from_slice(matrix.as_slice(), &[C, R]);
        wrap(by_columns.and_then(|x| x.transpose()).or_raise())
    }
}

/// A matrix that is lent to `nalgebra`, with any strides.
pub type MatrixView<'a, T> = nalgebra::MatrixView<'a, T, Dyn, Dyn, Dyn, Dyn>;

/// With the feature `nalgebra`.
impl<T: Element + nalgebra::Scalar> Matrix<T> {
    /// The elements as a view of `nalgebra`, without a copy.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use nalgebra::DMatrix;
    ///
    /// let x = Matrix::from(DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0])); // takes the matrix's memory
    /// assert_eq!(x, [[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.as_nalgebra()?.determinant(), -2.0); // lends its own
    /// let back: DMatrix<f64> = (&x * 2.0).into();
    /// assert_eq!(back[(1, 0)], 6.0);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an axis runs backwards, the values are not known (inside `vmap` and `trace`), or the memory is shared with
    /// code that may write it.
    pub fn as_nalgebra(&self) -> Result<MatrixView<'_, T>> {
        let (span, first) = self.raw.as_span::<T>()?;
        let ([rows, columns], strides) = (self.dims(), self.raw.layout().strides());
        if first != 0 {
            return Err(Error::value("as_nalgebra", "an axis runs backwards")
                .rule("nalgebra's strides are not negative")
                .hint("make the elements contiguous first: `.contiguous()`"));
        }
        let step = |axis: usize, n: usize| {
            if n > 1 {
                strides[axis].unsigned_abs()
            } else {
                1
            }
        };
        let steps = match (rows, columns) {
            // nothing is read, but the bounds are checked
            (0, _) => (columns + 1, 1),
            (_, 0) => (1, rows + 1),
            _ => (step(0, rows), step(1, columns)),
        };
        Ok(DMatrixView::from_slice_with_strides_generic(
            span,
            Dyn(rows),
            Dyn(columns),
            Dyn(steps.0),
            Dyn(steps.1),
        ))
    }
}

/// A copy, column by column.
///
/// # Panics
/// When the values are not known (inside `vmap` and `trace`).
impl<T: Element + nalgebra::Scalar> From<Matrix<T>> for DMatrix<T> {
    #[track_caller]
    fn from(x: Matrix<T>) -> Self {
        let [rows, columns] = x.dims();
        DMatrix::from_vec(rows, columns, x.t().to_vec())
    }
}
/// A copy.
impl<T: Element + nalgebra::Scalar> From<Vector<T>> for DVector<T> {
    #[track_caller]
    fn from(x: Vector<T>) -> Self {
        DVector::from_vec(x.to_vec())
    }
}
