//! Functions of matrices, reductions by similarity, generalised eigenproblems, matrices with a structure.

use civita_linalg as engine;
pub use civita_linalg::{Problem, Side};

use super::Linear;
use super::Uplo;
use crate::rank::{Rank, ReduceRank, Reduced, typed, wrap};
use crate::{Dtype, Matrix, Result, Tensor, Vector, c128};

macro_rules! functions {
    ($($(#[doc = $doc:literal])* $name:ident -> $out:ty;)*) => { $(
        $(#[doc = $doc])*
        ///
        /// # Errors
        /// When a matrix is not square, or an element is not finite.
        pub fn $name<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<Tensor<$out, N>> {
            engine::$name(&a.raw).and_then(typed)
        }
    )* };
}
functions! {
    /// The matrix exponential. SciPy's `expm`.
    ///
    /// ```
    /// # use civita::{linalg, prelude::*};
    /// assert_eq!(linalg::expm(&tensor![[0.0, 1.0], [0.0, 0.0]])?.to_string(), "[[1. 1.]\n [0. 1.]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    expm -> T;
    /// The principal logarithm, complex. SciPy's `logm`.
    logm -> T::Complex;
    /// The principal square root, complex. SciPy's `sqrtm`.
    sqrtm -> T::Complex;
    /// The matrix sign function, complex: eigenvalues become 1 or -1 by their real part. SciPy's `signm`.
    signm -> T::Complex;
    /// The cosine. SciPy's `cosm`.
    ///
    /// ```
    /// # use civita::{linalg, prelude::*};
    /// assert_eq!(linalg::cosm(&tensor![[0.0, 1.0], [0.0, 0.0]])?.to_string(), "[[1. 0.]\n [0. 1.]]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    cosm -> T;
    /// The sine. SciPy's `sinm`.
    sinm -> T;
    /// The tangent, where the cosine is not singular. SciPy's `tanm`.
    tanm -> T;
    /// The hyperbolic cosine. SciPy's `coshm`.
    coshm -> T;
    /// The hyperbolic sine. SciPy's `sinhm`.
    sinhm -> T;
    /// The hyperbolic tangent, where the exponential does not overflow. SciPy's `tanhm`.
    tanhm -> T;
}

/// The matrix with these matrices on its diagonal and zeros elsewhere. SciPy's `block_diag`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = linalg::block_diag(&[&tensor![[1, 2]], &tensor![[3]]])?;
/// assert_eq!(a.to_string(), "[[1 2 0]\n [0 0 3]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn block_diag<T: Dtype>(blocks: &[&Matrix<T>]) -> Result<Matrix<T>> {
    let all: Vec<_> = blocks.iter().map(|a| &a.raw).collect();
    match (all.is_empty(), T::KNOWN) {
        (true, Some(dtype)) => civita_core::raw::Raw::zeros(&[1, 0], dtype).and_then(typed),
        _ => engine::block_diag(&all).and_then(typed),
    }
}

/// The matrix whose characteristic polynomial has these coefficients, of which the first is not zero. SciPy's `companion`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = linalg::companion(&tensor![1.0, -5.0, 6.0])?; // x² - 5 x + 6
/// assert_eq!(a.to_string(), "[[ 5. -6.]\n [ 1.  0.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there are fewer than two coefficients, or the first is zero.
pub fn companion<T: Linear>(a: &Vector<T>) -> Result<Matrix<T>> {
    engine::companion(&a.raw).and_then(typed)
}

/// The principal power by any real number, complex. SciPy's `fractional_matrix_power`.
///
/// # Errors
/// When a matrix is not square, an element is not finite, or a power of a singular one is negative.
pub fn fractional_matrix_power<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    p: f64,
) -> Result<Tensor<T::Complex, N>> {
    engine::fractional_matrix_power(&a.raw, p).and_then(typed)
}

/// A function of matrices by what it does to eigenvalues, complex. SciPy's `funm`; it has no gradient.
///
/// # Errors
/// When a matrix is not square, an element is not finite, or `f` fails.
pub fn funm<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    f: impl FnOnce(&Tensor<T::Complex, { crate::DYN }>) -> Result<Tensor<T::Complex, { crate::DYN }>>,
) -> Result<Tensor<T::Complex, N>> {
    engine::funm(&a.raw, |w| f(&wrap(w.clone())).map(|y| y.raw)).and_then(typed)
}

/// The Schur decomposition `a = z t zᴴ`: `(t, z)`; the `t` of real matrices has blocks of two for pairs of complex eigenvalues. SciPy's
/// `schur`.
///
/// # Errors
/// When a matrix is not square, or an element is not finite.
pub fn schur<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    engine::schur(&a.raw).map(|(t, z)| (wrap(t), wrap(z)))
}

/// The Schur decomposition with the eigenvalues first that `select` takes: `(t, z)` and how many they are, for each matrix. Both of a pair of
/// complex eigenvalues of a real matrix are where it takes one. SciPy's `schur(a, sort=select)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = tensor![[1.0, 2.0], [0.0, -3.0]];
/// let (t, _, counts) = linalg::schur_sorted(&a, |w| w.re < 0.0)?;
/// assert_eq!((t[[0, 0]], counts), (-3.0, vec![1]));
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`schur`]; when two eigenvalues are too close to be exchanged, and when rounding moves one over the border of the selection.
#[allow(clippy::type_complexity)] // two tensors
pub fn schur_sorted<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    select: impl FnMut(c128) -> bool,
) -> Result<(Tensor<T, N>, Tensor<T, N>, Vec<usize>)> {
    engine::schur_sorted(&a.raw, select).map(|(t, z, counts)| (wrap(t), wrap(z), counts))
}

/// The complex Schur form `(t, z)` of the real one. SciPy's `rsf2csf`.
///
/// # Errors
/// When the shapes differ, or are not square.
#[allow(clippy::type_complexity)] // two tensors
pub fn rsf2csf<T: Linear, const N: usize>(
    t: &Tensor<T, N>,
    z: &Tensor<T, N>,
) -> Result<(Tensor<T::Complex, N>, Tensor<T::Complex, N>)> {
    engine::rsf2csf(&t.raw, &z.raw).map(|(t, z)| (wrap(t), wrap(z)))
}

/// The Hessenberg decomposition `a = q h qᴴ`: `(h, q)`. SciPy's `hessenberg`.
///
/// # Errors
/// When a matrix is not square, or an element is not finite.
pub fn hessenberg<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    engine::hessenberg(&a.raw).map(|(h, q)| (wrap(h), wrap(q)))
}

/// The polar decomposition `(u, p)` with `a = u p`. SciPy's `polar`.
///
/// # Errors
/// When there are fewer than two axes, or an element is not finite.
pub fn polar<T: Linear, const N: usize>(a: &Tensor<T, N>) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    polar_of(a, Side::Right)
}

/// As [`polar`], with `a = u p` or `a = p u`.
///
/// # Errors
/// As [`polar`].
pub fn polar_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    side: Side,
) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    engine::polar(&a.raw, side).map(|(u, p)| (wrap(u), wrap(p)))
}

/// Ascending eigenvalues and eigenvectors of `a v = w b v` for a Hermitian `a` and a positive definite `b`, of which the lower triangles
/// are read. SciPy's
/// `eigh(a, b)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let (a, b) = (tensor![[2.0, 0.0], [0.0, 3.0]], tensor![[1.0, 0.0], [0.0, 4.0]]);
/// let (w, _) = linalg::eigh_generalized(&a, &b)?;
/// assert_eq!(w.to_string(), "[0.75 2.  ]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When the shapes differ or are not square, `b` is not positive definite, or an element is not finite.
#[allow(clippy::type_complexity)] // two tensors
pub fn eigh_generalized<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, N>,
) -> Result<(Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    eigh_generalized_of(a, b, Uplo::Lower, Problem::AvBv)
}

/// As [`eigh_generalized`], from either triangle, of `a v = w b v`, `a b v = w v` or `b a v = w v`.
///
/// # Errors
/// As [`eigh_generalized`].
#[allow(clippy::type_complexity)] // two tensors
pub fn eigh_generalized_of<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, N>,
    uplo: Uplo,
    problem: Problem,
) -> Result<(Reduced<T::Real, N>, Tensor<T, N>)>
where
    Rank<N>: ReduceRank,
{
    engine::eigh_generalized(&a.raw, &b.raw, uplo, problem).map(|(w, v)| (wrap(w), wrap(v)))
}

/// Eigenvalues and right eigenvectors of `a v = w b v`, complex; infinite where `b` is singular, NaN where `a - w b` is for every `w`. SciPy's
/// `eig(a, b)`.
///
/// # Errors
/// When the shapes differ or are not square, or an element is not finite.
#[allow(clippy::type_complexity)] // two tensors
pub fn eig_generalized<T: Linear, const N: usize>(
    a: &Tensor<T, N>,
    b: &Tensor<T, N>,
) -> Result<(Reduced<T::Complex, N>, Tensor<T::Complex, N>)>
where
    Rank<N>: ReduceRank,
{
    let (alpha, beta, v) = engine::eig_generalized(&a.raw, &b.raw)?;
    Ok((wrap(engine::eigenvalues(&alpha, &beta)?), wrap(v)))
}

/// Eigenvalues and eigenvectors of `(a₀ + w a₁ + w² a₂ + …) v = 0`, complex. MATLAB's `polyeig`.
///
/// # Errors
/// As [`eig_generalized`], and when there are fewer than two matrices.
#[allow(clippy::type_complexity)] // two tensors
pub fn polyeig<T: Linear>(
    matrices: &[&Matrix<T>],
) -> Result<(Vector<T::Complex>, Matrix<T::Complex>)> {
    let all: Vec<_> = matrices.iter().map(|a| &a.raw).collect();
    engine::polyeig(&all).map(|(w, v)| (wrap(w), wrap(v)))
}

/// The Hermitian matrix with first column `c` and constant diagonals. SciPy's `toeplitz(c)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// assert_eq!(linalg::toeplitz(&tensor![1, 2])?.to_string(), "[[1 2]\n [2 1]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn toeplitz<T: Dtype>(c: &Vector<T>) -> Result<Matrix<T>> {
    engine::toeplitz(&c.raw, None).and_then(typed)
}

/// The matrix with first column `c`, first row `r`, whose first element is not read, and constant diagonals. SciPy's `toeplitz(c, r)`.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let a = linalg::toeplitz_of(&tensor![1, 2], &tensor![1, 3, 4])?;
/// assert_eq!(a.to_string(), "[[1 3 4]\n [2 1 3]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no memory.
pub fn toeplitz_of<T: Dtype>(c: &Vector<T>, r: &Vector<T>) -> Result<Matrix<T>> {
    engine::toeplitz(&c.raw, Some(&r.raw)).and_then(typed)
}

/// The matrix with first column `c`, constant antidiagonals, and zeros below the main one of them. SciPy's `hankel(c)`.
///
/// # Errors
/// When there is no memory.
pub fn hankel<T: Dtype>(c: &Vector<T>) -> Result<Matrix<T>> {
    engine::hankel(&c.raw, None).and_then(typed)
}

/// The matrix with first column `c`, last row `r`, whose first element is not read, and constant antidiagonals. SciPy's `hankel(c, r)`.
///
/// # Errors
/// When there is no memory.
pub fn hankel_of<T: Dtype>(c: &Vector<T>, r: &Vector<T>) -> Result<Matrix<T>> {
    engine::hankel(&c.raw, Some(&r.raw)).and_then(typed)
}

/// The matrix whose columns are `c`, each turned down by one more. SciPy's `circulant`.
///
/// # Errors
/// When there is no memory.
pub fn circulant<T: Dtype>(c: &Vector<T>) -> Result<Matrix<T>> {
    engine::circulant(&c.raw).and_then(typed)
}

/// The matrix of `1 / (i + j + 1)`. SciPy's `hilbert`.
///
/// # Errors
/// When there is no memory.
pub fn hilbert(n: usize) -> Result<Matrix<f64>> {
    engine::hilbert(n).and_then(typed)
}

/// Hadamard's matrix of 1 and -1. SciPy's `hadamard`.
///
/// # Errors
/// When `n` is no power of two.
pub fn hadamard(n: usize) -> Result<Matrix<i64>> {
    engine::hadamard(n, civita_core::dtype::DType::I64).and_then(typed)
}
