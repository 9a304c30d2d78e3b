//! Linear algebra: NumPy's `linalg`, batched over leading axes and differentiable. Needs the feature `linalg`.
//!
//! ```
//! use civita::linalg;
//! use civita::prelude::*;
//!
//! let a = tensor![[3.0, 1.0], [1.0, 2.0]];
//! assert_eq!(linalg::solve(&a, &tensor![9.0, 8.0])?.to_string(), "[2. 3.]");
//! assert!((linalg::det(&a)?.item()? - 5.0).abs() < 1e-14);
//! let (w, v) = linalg::eigh(&a)?;
//! assert!((v.matmul(&v.t())? - Matrix::<f64>::eye(2)).abs().sum().item()? < 1e-14);
//! # _ = w;
//! # Ok::<(), civita::Error>(())
//! ```
//!
//! Matrices are the last two axes, all others are a batch. `f32` and `c64` stay what they are. A matrix that an algorithm
//! cannot take is an [`Error`] for which [`is_linalg`](Error::is_linalg) holds.

mod functions;
mod systems;
mod tensors;

use civita_linalg::{self as engine, Vectors};
pub use civita_linalg::{Order, Triangle, Uplo};

pub use functions::*;
pub use systems::*;
pub use tensors::*;

use civita_core::layout::{Axes, KeepDims};
use civita_core::ops::Reduction;
use civita_core::raw::Raw;

use crate::error::OrRaise;
use crate::rank::{
    Axes as AxesOf, AxisArg, Rank, ReduceRank, Reduced, SubtractRank, TensorRank, typed, wrap,
};
use crate::{
    Any, AsTensor, Dtype, Error, Matrix, Over, OverKept, Result, SliceInt, Tensor, c64, c128,
};

/// Types that linear algebra computes in: `f32`, `f64`, `c64`, `c128`; and [`Any`].
#[diagnostic::on_unimplemented(
    message = "there is no linear algebra of `{Self}`",
    note = "convert first, for example with `.cast::<f64>()`"
)]
pub trait Linear: Dtype {
    /// Element type of eigenvalues: `c128` for `f64`.
    type Complex: Dtype;
}
macro_rules! linear {
    ($($t:ty => $complex:ty),*) => { $(
        impl Linear for $t {
            type Complex = $complex;
        }
    )* };
}
linear!(f32 => c64, f64 => c128, c64 => c64, c128 => c128, Any => Any);

/// One value for each matrix.
pub type Each<T, const N: usize> = <<Rank<N> as SubtractRank<2>>::Rest as TensorRank>::Of<T>;

/// The element type of a norm: `f64` of integers, the real one of complex numbers.
pub type Size<T> = <<T as Dtype>::Mean as Dtype>::Real;

/// Solves `a x = b` for square `a`; `b` is a vector where it has one axis, else a matrix or a stack of them. NumPy's `solve`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let x = linalg::solve(&tensor![[2.0, 0.0], [0.0, 4.0]], &tensor![1.0, 1.0])?;
/// assert_eq!(x.to_string(), "[0.5  0.25]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `a` is singular or not square, the shapes do not fit, or the result has more axes than `b`.
pub fn solve<T: Linear, const N: usize, const M: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, M>,
) -> Result<Tensor<T, M>> {
    of_rank("solve", engine::solve(&a.raw, &b.raw)?)
}

/// Solves `a x = b` for triangular `a`, of which the other triangle is not read. SciPy's `solve_triangular`.
///
/// # Errors
/// As [`solve`].
pub fn solve_triangular<T: Linear, const N: usize, const M: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, M>,
    triangle: Triangle,
) -> Result<Tensor<T, M>> {
    of_rank(
        "solve_triangular",
        engine::solve_triangular(&a.raw, &b.raw, triangle)?,
    )
}

fn of_rank<T: Dtype, const M: usize>(op: &'static str, raw: Raw) -> Result<Tensor<T, M>> {
    if M != crate::DYN && raw.rank() != M {
        return Err(Error::shape(
            op,
            format!(
                "the result has {} axes, the right-hand side {M}",
                raw.rank()
            ),
        )
        .hint("use `.to_dyn()` on the right-hand side"));
    }
    Ok(wrap(raw))
}

/// The inverse. NumPy's `inv`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// assert_eq!(linalg::inv(&tensor![[2.0, 0.0], [0.0, 4.0]])?.to_string(), "[[0.5  0.  ]\n [0.   0.25]]");
/// assert!(linalg::inv(&tensor![[1.0, 1.0], [1.0, 1.0]]).unwrap_err().is_linalg());
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a matrix is singular or not square.
pub fn inv<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    engine::inv(&a.raw).and_then(typed)
}

/// The determinant. NumPy's `det`. Its gradient exists for singular matrices too.
///
/// # Errors
/// When a matrix is not square.
pub fn det<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Each<T, N>>
where
    Rank<N>: SubtractRank<2>,
{
    engine::det(&a.raw).and_then(typed)
}

/// The sign of the determinant and the logarithm of its absolute value. NumPy's `slogdet`.
///
/// # Errors
/// When a matrix is not square.
pub fn slogdet<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Each<T, N>, Each<T::Real, N>)>
where
    Rank<N>: SubtractRank<2>,
{
    engine::slogdet(&a.raw).map(|(sign, log)| (wrap(sign), wrap(log)))
}

/// The lower Cholesky factor: `L` with `a = L Lᴴ`. Only the lower triangle of `a` is read. NumPy's `cholesky`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let l = linalg::cholesky(&tensor![[4.0, 2.0], [2.0, 5.0]])?;
/// assert_eq!(l.to_string(), "[[2. 0.]\n [1. 2.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a matrix is not positive definite or not square.
pub fn cholesky<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    cholesky_of(a, Uplo::Lower)
}

/// As [`cholesky`], from either triangle: of the upper one `U` with `a = Uᴴ U`.
///
/// # Errors
/// As [`cholesky`].
pub fn cholesky_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    uplo: Uplo,
) -> Result<Tensor<T, N>> {
    engine::cholesky(&a.raw, uplo).and_then(typed)
}

/// The QR factorisation, with as many columns of `q` as the shorter side has. NumPy's `qr`.
///
/// # Errors
/// When there are fewer than two axes.
pub fn qr<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    two(engine::qr(&a.raw, Mode::Reduced)?)
}

/// The QR factorisation with a square `q`. NumPy's `qr(a, mode="complete")`.
///
/// # Errors
/// When there are fewer than two axes.
pub fn qr_complete<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    two(engine::qr(&a.raw, Mode::Complete)?)
}

fn two<T: Dtype, const N: usize>(all: Vec<Raw>) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    match <[Raw; 2]>::try_from(all) {
        Ok([a, b]) => Ok((wrap(a), wrap(b))),
        Err(_) => Err(Error::value("qr", "there are two factors")),
    }
}

/// The singular value decomposition `a = u diag(s) vh`, with as many vectors as singular values, which descend. NumPy's
/// `svd(a, full_matrices=False)`.
///
/// # Errors
/// When there are fewer than two axes, or an element is not finite.
#[allow(clippy::type_complexity)] // three tensors
pub fn svd<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    let [u, s, vh] = engine::svd(&a.raw, Vectors::Thin)?;
    Ok((wrap(u), wrap(s), wrap(vh)))
}

/// As [`svd`], with square `u` and `vh`. NumPy's `svd(a)`.
///
/// # Errors
/// As [`svd`].
#[allow(clippy::type_complexity)] // three tensors
pub fn svd_full<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    let [u, s, vh] = engine::svd(&a.raw, Vectors::Full)?;
    Ok((wrap(u), wrap(s), wrap(vh)))
}

/// The singular values, descending. NumPy's `svdvals`.
///
/// # Errors
/// As [`svd`].
pub fn svdvals<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Reduced<T::Real, N>>
where
    Rank<N>: ReduceRank,
{
    engine::svdvals(&a.raw).and_then(typed)
}

/// Eigenvalues and right eigenvectors, the columns of a matrix; both are complex. NumPy's `eig`.
///
/// # Errors
/// When a matrix is not square, or an element is not finite.
#[allow(clippy::type_complexity)] // two tensors
pub fn eig<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Reduced<T::Complex, N>, Tensor<T::Complex, N>)>
where
    Rank<N>: ReduceRank,
{
    engine::eig(&a.raw).map(|(w, v)| (wrap(w), wrap(v)))
}

/// Eigenvalues, complex. NumPy's `eigvals`.
///
/// # Errors
/// As [`eig`].
pub fn eigvals<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Reduced<T::Complex, N>>
where
    Rank<N>: ReduceRank,
{
    engine::eigvals(&a.raw).and_then(typed)
}

/// Ascending eigenvalues and eigenvectors of Hermitian matrices, of which the lower triangle is read. NumPy's `eigh`.
///
/// # Errors
/// As [`eig`].
#[allow(clippy::type_complexity)] // two tensors
pub fn eigh<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    engine::eigh(&a.raw, Uplo::Lower).map(|(w, v)| (wrap(w), wrap(v)))
}

/// Ascending eigenvalues of Hermitian matrices, of which the lower triangle is read. NumPy's `eigvalsh`.
///
/// # Errors
/// As [`eig`].
pub fn eigvalsh<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Reduced<T::Real, N>>
where
    Rank<N>: ReduceRank,
{
    engine::eigvalsh(&a.raw, Uplo::Lower).and_then(typed)
}

/// As [`eigh`], from either triangle. NumPy's `eigh(a, UPLO="U")`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let (w, _) = linalg::eigh_of(&tensor![[2.0, 0.0], [f64::NAN, 3.0]], linalg::Uplo::Upper)?;
/// assert_eq!(w, [2.0, 3.0]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`eig`].
#[allow(clippy::type_complexity)] // two tensors
pub fn eigh_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    uplo: Uplo,
) -> Result<(Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    engine::eigh(&a.raw, uplo).map(|(w, v)| (wrap(w), wrap(v)))
}

/// As [`eigvalsh`], from either triangle.
///
/// # Errors
/// As [`eig`].
pub fn eigvalsh_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    uplo: Uplo,
) -> Result<Reduced<T::Real, N>>
where
    Rank<N>: ReduceRank,
{
    engine::eigvalsh(&a.raw, uplo).and_then(typed)
}

/// The singular value decomposition of Hermitian matrices, of which the lower triangle is read. NumPy's `svd(a, hermitian=True)`.
///
/// # Errors
/// As [`eigh`].
#[allow(clippy::type_complexity)] // three tensors
pub fn svd_hermitian<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    let [u, s, vh] = engine::svd_hermitian(&a.raw)?;
    Ok((wrap(u), wrap(s), wrap(vh)))
}

/// The pseudoinverse of Hermitian matrices, of which the lower triangle is read. NumPy's `pinv(a, hermitian=True)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let p = linalg::pinv_hermitian(&tensor![[2.0, 99.0], [0.0, 4.0]])?;
/// assert!(p.allclose(&tensor![[0.5, 0.0], [0.0, 0.25]])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a matrix is not square, or an element is not finite.
pub fn pinv_hermitian<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    engine::pinv_hermitian(&a.raw, &Raw::from_vec(vec![1e-15], &[])?).and_then(typed)
}

/// The pseudoinverse; singular values up to 1e-15 times the largest count as zero. NumPy's `pinv`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = tensor![[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]];
/// assert!(linalg::pinv(&a)?.allclose(&tensor![[0.5, 0.0, 0.0], [0.0, 0.25, 0.0]])?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two axes, or an element is not finite.
pub fn pinv<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<T, N>> {
    pinv_of(a, 1e-15)
}

/// As [`pinv`], where singular values up to `rcond` times the largest count as zero.
///
/// # Errors
/// As [`pinv`].
pub fn pinv_of<T: Linear, const N: usize>(a: &Tensor<T, N>, rcond: f64) -> Result<Tensor<T, N>> {
    let rcond = Raw::from_vec(vec![rcond], &[])?;
    engine::pinv(&a.raw, &rcond).and_then(typed)
}

/// What [`lstsq`] finds.
#[derive(Clone, Debug)]
pub struct LeastSquares<T: Linear, const M: usize> {
    /// The solution.
    pub x: Tensor<T, M>,
    /// The sums of squares of `b - a x`, one for each column, where the rank is full and there are more rows than columns.
    pub residuals: Option<Tensor<T::Real, 1>>,
    /// The rank of `a`.
    pub rank: usize,
    /// The singular values of `a`.
    pub s: Tensor<T::Real, 1>,
}

/// `x` with the least `‖b - a x‖`, and of these the shortest. NumPy's `lstsq`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// // a line through four points
/// let a = tensor![[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]];
/// let fit = linalg::lstsq(&a, &tensor![-1.0, 0.2, 0.9, 2.1])?;
/// assert_eq!(fit.x.to_string(), "[ 1.   -0.95]");
/// assert_eq!(fit.rank, 2);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the numbers of rows differ, or an element is not finite.
pub fn lstsq<T: Linear, const M: usize>(
    a: &Matrix<T>,
    b: &Tensor<T, M>,
) -> Result<LeastSquares<T, M>> {
    least_squares(a, b, None)
}

/// As [`lstsq`], where singular values up to `rcond` times the largest count as zero. NumPy's `lstsq(a, b, rcond)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let fit = linalg::lstsq_of(&tensor![[1.0, 0.0], [0.0, 1e-3]], &tensor![1.0, 1.0], 1e-2)?;
/// assert_eq!(fit.rank, 1);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`lstsq`].
pub fn lstsq_of<T: Linear, const M: usize>(
    a: &Matrix<T>,
    b: &Tensor<T, M>,
    rcond: f64,
) -> Result<LeastSquares<T, M>> {
    least_squares(a, b, Some(rcond))
}

fn least_squares<T: Linear, const M: usize>(
    a: &Matrix<T>,
    b: &Tensor<T, M>,
    rcond: Option<f64>,
) -> Result<LeastSquares<T, M>> {
    if !(1..=2).contains(&b.raw.rank()) {
        return Err(Error::shape(
            "lstsq",
            format!("b has {} axes, not one or two", b.raw.rank()),
        ));
    }
    let found = engine::lstsq(&a.raw, &b.raw, rcond)?;
    let rank = found.rank.item().map_err(|e| e.in_op("lstsq"))?.as_f64() as usize;
    let full = rank == a.raw.shape()[1] && a.raw.shape()[0] > rank;
    Ok(LeastSquares {
        x: wrap(found.x),
        residuals: full.then(|| wrap(found.residuals)),
        rank,
        s: wrap(found.s),
    })
}

/// The number of singular values greater than the precision times the largest and the longer side. NumPy's `matrix_rank`.
///
/// # Errors
/// When there are fewer than two axes, or an element is not finite.
pub fn matrix_rank<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Each<i64, N>>
where
    Rank<N>: SubtractRank<2>,
{
    engine::matrix_rank(&a.raw, None, None, false).and_then(typed)
}

/// Up to which size singular values count as zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// Up to this.
    Absolute(f64),
    /// Up to this times the largest.
    Relative(f64),
}

/// As [`matrix_rank`], with another cut. NumPy's `matrix_rank(a, tol)` and `matrix_rank(a, rtol=…)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = tensor![[1.0, 0.0], [0.0, 1e-3]];
/// assert_eq!(linalg::matrix_rank(&a)?.item()?, 2);
/// assert_eq!(linalg::matrix_rank_of(&a, linalg::Cut::Relative(1e-2))?.item()?, 1);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`matrix_rank`].
pub fn matrix_rank_of<T: Linear, const N: usize>(a: &Tensor<T, N>, cut: Cut) -> Result<Each<i64, N>>
where
    Rank<N>: SubtractRank<2>,
{
    let number = |x| Raw::from_vec(vec![x], &[]);
    match cut {
        Cut::Absolute(tol) => engine::matrix_rank(&a.raw, Some(&number(tol)?), None, false),
        Cut::Relative(rtol) => engine::matrix_rank(&a.raw, None, Some(&number(rtol)?), false),
    }
    .and_then(typed)
}

/// The sums of the diagonals of matrices. NumPy's `linalg.trace`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// assert_eq!(linalg::trace(&tensor![[[1, 2], [3, 4]], [[5, 6], [7, 8]]])?, [5, 13]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two axes.
pub fn trace<T: Dtype, const N: usize>(a: &Tensor<T, N>) -> Result<Each<T::Sum, N>>
where
    Rank<N>: SubtractRank<2>,
{
    let options = civita_core::raw::ReduceOptions {
        axes: Axes::List(&[-1]),
        ..Default::default()
    };
    let diagonal = a.raw.diagonal(0, -2, -1)?;
    diagonal.reduce(Reduction::Sum, options).and_then(typed)
}

/// The diagonals of matrices, `offset` above the main one. NumPy's `linalg.diagonal`.
///
/// # Errors
/// When there are fewer than two axes.
pub fn diagonal<T: Dtype, const N: usize>(
    a: &Tensor<T, N>,
    offset: impl SliceInt,
) -> Result<Reduced<T, N>>
where
    Rank<N>: ReduceRank,
{
    a.raw.diagonal(offset.to_isize(), -2, -1).and_then(typed)
}

/// The condition number, the largest singular value over the smallest: infinite for singular matrices. NumPy's `cond`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// assert_eq!(linalg::cond(&tensor![[2.0, 0.0], [0.0, 4.0]])?.to_string(), "2.0");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a matrix is empty.
pub fn cond<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Each<T::Real, N>>
where
    Rank<N>: SubtractRank<2>,
{
    cond_of(a, Order::P(2.0))
}

/// As [`cond`], by another norm: `cond_of(&a, Order::Frobenius)`. NumPy's `cond(a, p)`.
///
/// # Errors
/// When a matrix is empty, or not square where the norm is not that of 2.
pub fn cond_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    order: Order,
) -> Result<Each<T::Real, N>>
where
    Rank<N>: SubtractRank<2>,
{
    engine::cond(&a.raw, order).and_then(typed)
}

/// The Euclidean norm of all elements, `√Σ|x|²`: of a matrix that of Frobenius. NumPy's `norm(x)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// assert_eq!(linalg::norm(&tensor![3.0, 4.0])?.item()?, 5.0);
/// assert_eq!(linalg::norm(&tensor![[3.0, 0.0], [0.0, 4.0]])?.item()?, 5.0);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// The norms of rows are [`norm_over`]`(&x, 1)`.
///
/// # Errors
/// None but of memory.
pub fn norm<T: Dtype, const N: usize>(x: &Tensor<T, N>) -> Result<Tensor<Size<T>, 0>> {
    norm_of(x, Order::P(2.0))
}

/// Norms.
impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// The Euclidean norm of all elements, as [`norm`]: of a matrix that of Frobenius. With the feature `linalg`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// assert_eq!(tensor![3.0, 4.0].norm(), 5.0);
    /// ```
    ///
    /// Over axes it is `x.over(1).norm()?`.
    #[track_caller]
    pub fn norm(&self) -> Tensor<Size<T>, 0> {
        norm(self).or_raise()
    }
}
/// Norms over axes, which go.
impl<T: Dtype, const N: usize, A: AxisArg> Over<'_, T, N, A> {
    /// The Euclidean norms along an axis, or over several, as [`norm_over`]. With the feature `linalg`.
    ///
    /// # Errors
    /// When an axis does not exist.
    pub fn norm(self) -> Result<A::Out<Size<T>>>
    where
        A: AxesOf<N>,
    {
        self.norm_of(Order::P(2.0))
    }

    /// The norms of an order along an axis, or over several as if they were one. NumPy's `vector_norm(x, axis=…, ord=…)`.
    ///
    /// ```
    /// # use civita::{linalg::Order, prelude::*};
    /// assert_eq!(tensor![[3.0, -4.0], [0.0, 1.0]].over(1).norm_of(Order::P(1.0))?, [7.0, 1.0]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an axis does not exist, or the order is no number.
    pub fn norm_of(self, order: Order) -> Result<A::Out<Size<T>>>
    where
        A: AxesOf<N>,
    {
        let (x, axes) = self.taken();
        engine::vector_norm(x, order, axes.named(), KeepDims::No).and_then(typed)
    }
}
/// Norms over axes, which stay with length 1.
impl<T: Dtype, const N: usize, A: AxisArg> OverKept<'_, T, N, A> {
    /// The Euclidean norms along an axis, or over several. With the feature `linalg`.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![[3.0, 4.0], [0.0, 5.0]];
    /// assert_eq!(&x / x.over(1).keepdims().norm()?, [[0.6, 0.8], [0.0, 1.0]]);
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an axis does not exist.
    pub fn norm(self) -> Result<Tensor<Size<T>, N>> {
        self.norm_of(Order::P(2.0))
    }

    /// The norms of an order along an axis, or over several as if they were one.
    ///
    /// # Errors
    /// When an axis does not exist, or the order is no number.
    pub fn norm_of(self, order: Order) -> Result<Tensor<Size<T>, N>> {
        let (x, axes) = self.taken();
        engine::vector_norm(x, order, axes.named(), KeepDims::Yes).and_then(typed)
    }
}

/// The Euclidean norms along an axis, or over several. NumPy's `norm(x, axis=1)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let rows = linalg::norm_over(&tensor![[3.0, 4.0], [0.0, 1.0]], 1)?;
/// assert_eq!(rows, [5.0, 1.0]);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When an axis does not exist.
pub fn norm_over<T: Dtype, A: AxesOf<N>, const N: usize>(
    x: &Tensor<T, N>,
    axes: A,
) -> Result<A::Out<Size<T>>> {
    let axes = axes.axes();
    engine::vector_norm(&x.raw, Order::P(2.0), axes.named(), KeepDims::No).and_then(typed)
}

/// The norm of all elements as one vector, of an order: `norm_of(&x, Order::P(1.0))` is `Σ|x|`. NumPy's `vector_norm`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// assert_eq!(linalg::norm_of(&tensor![3.0, -4.0], linalg::Order::P(1.0))?.item()?, 7.0);
/// assert_eq!(linalg::norm_of(&tensor![3.0, -4.0], linalg::Order::P(f64::INFINITY))?.item()?, 4.0);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the order is no number.
#[doc(alias = "vector_norm")]
pub fn norm_of<T: Dtype, const N: usize>(
    x: &Tensor<T, N>,
    order: Order,
) -> Result<Tensor<Size<T>, 0>> {
    engine::vector_norm(&x.raw, order, Axes::All, KeepDims::No).and_then(typed)
}

/// The Frobenius norms of matrices. NumPy's `matrix_norm(x)`.
///
/// # Errors
/// When there are fewer than two axes.
pub fn matrix_norm<T: Linear, const N: usize>(x: &Tensor<T, N>) -> Result<Each<T::Real, N>>
where
    Rank<N>: SubtractRank<2>,
{
    matrix_norm_of(x, Order::Frobenius)
}

/// The norms of matrices, of an order: `Order::P(2.0)` the spectral norm, `Order::Nuclear`. NumPy's `matrix_norm(x, ord=2)`.
///
/// # Errors
/// When there are fewer than two axes, or no such norm.
pub fn matrix_norm_of<T: Linear, const N: usize>(
    x: &Tensor<T, N>,
    order: Order,
) -> Result<Each<T::Real, N>>
where
    Rank<N>: SubtractRank<2>,
{
    engine::matrix_norm(&x.raw, order, [-2, -1], KeepDims::No).and_then(typed)
}

/// The power by an integer; negative ones are powers of the inverse. NumPy's `matrix_power`.
///
/// # Errors
/// When a matrix is not square, or singular and the exponent negative.
pub fn matrix_power<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    n: impl SliceInt,
) -> Result<Tensor<T, N>> {
    engine::matrix_power(&a.raw, n.to_isize() as i64).and_then(typed)
}

/// The product of several matrices in the order that takes the fewest multiplications. NumPy's `multi_dot`.
///
/// # Errors
/// When there are fewer than two, or lengths do not fit.
pub fn multi_dot<T: Linear>(matrices: &[impl AsTensor<T, 2>]) -> Result<Matrix<T>> {
    let all: Vec<&Raw> = matrices.iter().map(AsTensor::raw).collect();
    engine::multi_dot(&all).and_then(typed)
}
