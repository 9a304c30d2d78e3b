//! `nalgebra`: its matrices lie column by column, so that they become transposed tensors without a copy.

use civita_core::raw::Raw;
use nalgebra::{
    DMatrix, DMatrixView, DVector, Dim, Dyn, RawStorage, RowDVector, SMatrix, SVector, U1,
};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{Element, Error, Matrix, Result, Tensor, Vector};

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
/// Without a copy.
impl<T: Element + nalgebra::Scalar> From<RowDVector<T>> for Vector<T> {
    #[track_caller]
    fn from(vector: RowDVector<T>) -> Self {
        Vector::from_vec(vector.data.into())
    }
}
/// A copy: the elements are on the stack.
impl<T: Element + nalgebra::Scalar, const R: usize> From<SVector<T, R>> for Vector<T> {
    #[track_caller]
    fn from(vector: SVector<T, R>) -> Self {
        Vector::from_slice(vector.as_slice())
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

/// A copy of a matrix of any storage.
///
/// ```
/// use civita::prelude::*;
/// use nalgebra::DMatrix;
///
/// let kept = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(Matrix::from(&kept), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(Matrix::from(kept.columns(1, 2)), [[2.0, 3.0], [5.0, 6.0]]);
/// assert_eq!(Vector::from(kept.column(1)), [2.0, 5.0]);
/// ```
impl<T: Element + nalgebra::Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>>
    From<&nalgebra::Matrix<T, R, C, S>> for Matrix<T>
{
    #[track_caller]
    fn from(matrix: &nalgebra::Matrix<T, R, C, S>) -> Self {
        // nalgebra iterates column by column
        let elements: Vec<T> = matrix.iter().copied().collect();
        let by_columns = Raw::from_vec(elements, &[matrix.ncols(), matrix.nrows()]);
        wrap(by_columns.and_then(|x| x.transpose()).or_raise())
    }
}
/// A copy.
impl<T: Element + nalgebra::Scalar, R: Dim, C: Dim, RStride: Dim, CStride: Dim>
    From<nalgebra::MatrixView<'_, T, R, C, RStride, CStride>> for Matrix<T>
{
    #[track_caller]
    fn from(view: nalgebra::MatrixView<'_, T, R, C, RStride, CStride>) -> Self {
        (&view).into()
    }
}
/// A copy of a vector of any storage.
impl<T: Element + nalgebra::Scalar, D: Dim, S: RawStorage<T, D, U1>>
    From<&nalgebra::Vector<T, D, S>> for Vector<T>
{
    #[track_caller]
    fn from(vector: &nalgebra::Vector<T, D, S>) -> Self {
        vector.iter().collect()
    }
}
/// A copy.
impl<T: Element + nalgebra::Scalar, D: Dim, RStride: Dim, CStride: Dim>
    From<nalgebra::VectorView<'_, T, D, RStride, CStride>> for Vector<T>
{
    #[track_caller]
    fn from(view: nalgebra::VectorView<'_, T, D, RStride, CStride>) -> Self {
        view.iter().collect()
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
    /// When an axis runs backwards or repeats one element (after `broadcast_to`), the values are not known (inside `vmap` and
    /// `trace`), or the memory is shared with code that may write it.
    pub fn as_nalgebra(&self) -> Result<MatrixView<'_, T>> {
        let (span, first) = self.raw.as_span::<T>()?;
        let [rows, columns] = self.dims();
        let [row, column] = [self.step(first, 0)?, self.step(first, 1)?];
        let steps = match (rows, columns) {
            // nothing is read, but the bounds are checked
            (0, _) => (columns + 1, 1),
            (_, 0) => (1, rows + 1),
            _ => (row, column),
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

/// A vector that is lent to `nalgebra`, with any stride.
pub type VectorView<'a, T> = nalgebra::VectorView<'a, T, Dyn, Dyn, Dyn>;

/// With the feature `nalgebra`.
impl<T: Element + nalgebra::Scalar> Vector<T> {
    /// The elements as a column vector of `nalgebra`, without a copy.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![3.0, 0.0, 4.0];
    /// assert_eq!(x.as_nalgebra()?.norm(), 5.0);
    /// assert_eq!(x.slice(s![..;2])?.as_nalgebra()?.sum(), 7.0);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for matrices.
    pub fn as_nalgebra(&self) -> Result<VectorView<'_, T>> {
        let (span, first) = self.raw.as_span::<T>()?;
        let (n, step) = (self.len(), self.step(first, 0)?);
        Ok(VectorView::from_slice_with_strides_generic(
            span,
            Dyn(n),
            U1,
            Dyn(step),
            Dyn(n),
        ))
    }
}

impl<T: Element, const N: usize> Tensor<T, N> {
    /// From one element of an axis to the next, in a span whose element `first` is that at index 0.
    fn step(&self, first: usize, axis: usize) -> Result<usize> {
        let refused = |what| {
            Error::value("as_nalgebra", what)
                .rule("nalgebra's strides are positive")
                .hint("give each element a place of its own first: `.contiguous()`")
        };
        if self.is_empty() || self.shape()[axis] == 1 {
            return Ok(1);
        }
        match self.raw.layout().strides()[axis].unsigned_abs() {
            _ if first != 0 => Err(refused("an axis runs backwards")),
            // its iterators compare addresses, and would run beyond the element that is repeated
            0 => Err(refused(
                "an axis repeats one element, as after `broadcast_to`",
            )),
            step => Ok(step),
        }
    }
}

fn static_matrix<T: Element + nalgebra::Scalar, const R: usize, const C: usize>(
    x: &Raw,
    wanted: &[usize],
) -> Result<SMatrix<T, R, C>> {
    if x.shape() != wanted {
        let [from, to] = [x.shape(), wanted].map(civita_core::error::shape_text);
        return Err(Error::shape(
            "nalgebra",
            format!("a tensor of shape {from} is no matrix of shape {to}"),
        ));
    }
    Ok(SMatrix::from_column_slice(&x.transpose()?.to_vec::<T>()?))
}

macro_rules! back {
    ($($(#[doc = $doc:literal])* $X:ident, $To:ty, $x:ident => $made:expr;)*) => { $(
        $(#[doc = $doc])*
        ///
        /// # Panics
        /// When the values are not known (inside `vmap` and `trace`).
        impl<T: Element + nalgebra::Scalar> From<&$X<T>> for $To {
            #[track_caller]
            fn from($x: &$X<T>) -> Self {
                $made
            }
        }
        /// As of a borrowed tensor.
        impl<T: Element + nalgebra::Scalar> From<$X<T>> for $To {
            #[track_caller]
            fn from(x: $X<T>) -> Self {
                (&x).into()
            }
        }
    )* };
    (static $($(#[doc = $doc:literal])* $X:ident [$($K:ident)*] $To:ty;)*) => { $(
        $(#[doc = $doc])*
        ///
        /// # Errors
        /// When the shape is another, or the values are not known (inside `vmap` and `trace`).
        impl<T: Element + nalgebra::Scalar, $(const $K: usize),*> TryFrom<&$X<T>> for $To {
            type Error = Error;

            fn try_from(x: &$X<T>) -> Result<Self> {
                static_matrix(&x.raw, &[$($K),*])
            }
        }
        /// As of a borrowed tensor.
        impl<T: Element + nalgebra::Scalar, $(const $K: usize),*> TryFrom<$X<T>> for $To {
            type Error = Error;

            fn try_from(x: $X<T>) -> Result<Self> {
                (&x).try_into()
            }
        }
    )* };
}
back! {
    /// A copy, column by column.
    Matrix, DMatrix<T>, x => {
        let [rows, columns] = x.dims();
        DMatrix::from_vec(rows, columns, x.t().to_vec())
    };
    /// A copy.
    Vector, DVector<T>, x => DVector::from_vec(x.to_vec());
    /// A copy.
    Vector, RowDVector<T>, x => RowDVector::from_vec(x.to_vec());
}
back! { static
    /// A copy.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use nalgebra::{Matrix2, Vector3};
    ///
    /// let turn: Matrix2<f64> = (&tensor![[0.0, -1.0], [1.0, 0.0]]).try_into()?;
    /// assert_eq!(turn.determinant(), 1.0);
    /// assert!(Vector3::try_from(tensor![1.0, 2.0]).is_err());
    /// # Ok::<(), civita::Error>(())
    /// ```
    Matrix [R C] SMatrix<T, R, C>;
    /// A copy.
    Vector [R] SVector<T, R>;
}
