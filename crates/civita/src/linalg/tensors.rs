//! Decompositions of tensors with reconstruction.

use civita_linalg as engine;

use super::Linear;
use crate::rank::{typed, wrap};
use crate::{Matrix, Result, Tensor, Vector};

/// A core tensor, and for each axis a matrix with orthonormal columns that it is multiplied by.
#[derive(Clone, Debug)]
pub struct Tucker<T: Linear, const N: usize> {
    /// The core.
    pub core: Tensor<T, N>,
    /// For each axis a matrix of its length times the rank.
    pub factors: Vec<Matrix<T>>,
}

impl<T: Linear, const N: usize> Tucker<T, N> {
    fn of(found: engine::Tucker) -> Tucker<T, N> {
        Tucker {
            core: wrap(found.core),
            factors: found.factors.into_iter().map(wrap).collect(),
        }
    }

    /// The tensor.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn reconstruct(&self) -> Result<Tensor<T, N>> {
        let parts = engine::Tucker {
            core: self.core.raw.clone(),
            factors: self.factors.iter().map(|f| f.raw.clone()).collect(),
        };
        parts.reconstruct().and_then(typed)
    }
}

/// The higher-order singular value decomposition with one rank for each axis, all singular vectors without.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let x = Tensor::<f64, 3>::from_fn([2, 3, 4], |[i, j, k]| (12 * i + 4 * j + k) as f64);
/// let tucker = linalg::hosvd(&x, Some(&[2, 2, 2]))?;
/// assert_eq!(tucker.core.shape(), [2, 2, 2]);
/// assert!(tucker.reconstruct()?.allclose(&x)?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When there is no axis or an empty one, the number of ranks is another, or an element is not finite.
pub fn hosvd<T: Linear, const N: usize>(
    x: &Tensor<T, N>,
    ranks: Option<&[usize]>,
) -> Result<Tucker<T, N>> {
    engine::hosvd(&x.raw, ranks).map(Tucker::of)
}

/// The Tucker decomposition with these ranks by higher-order orthogonal iteration: at most 100 times, until the tensor that it stands for
/// moves by no more than 1e-8 times the norm of `x`.
///
/// # Errors
/// As [`hosvd`].
pub fn tucker<T: Linear, const N: usize>(
    x: &Tensor<T, N>,
    ranks: &[usize],
) -> Result<Tucker<T, N>> {
    engine::tucker(&x.raw, ranks, 100, 1e-8).map(Tucker::of)
}

/// As [`tucker`], with another number of iterations and another tolerance.
///
/// # Errors
/// As [`hosvd`].
pub fn tucker_of<T: Linear, const N: usize>(
    x: &Tensor<T, N>,
    ranks: &[usize],
    iterations: usize,
    tolerance: f64,
) -> Result<Tucker<T, N>> {
    engine::tucker(&x.raw, ranks, iterations, tolerance).map(Tucker::of)
}

/// A sum of outer products: weights, and for each axis a matrix whose columns have the norm 1.
#[derive(Clone, Debug)]
pub struct Cp<T: Linear, const N: usize> {
    /// A weight for each product, descending.
    pub weights: Vector<T::Real>,
    /// For each axis a matrix of its length times the rank.
    pub factors: Vec<Matrix<T>>,
}

impl<T: Linear, const N: usize> Cp<T, N> {
    /// The tensor.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn reconstruct(&self) -> Result<Tensor<T, N>> {
        let parts = engine::Cp {
            weights: self.weights.raw.clone(),
            factors: self.factors.iter().map(|f| f.raw.clone()).collect(),
        };
        parts.reconstruct().and_then(typed)
    }
}

/// The CP decomposition (CANDECOMP/PARAFAC) with this rank by alternating least squares: at most 500 times, until the tensor that it stands
/// for moves by no more than 1e-10 times the norm of `x`.
///
/// # Errors
/// As [`hosvd`], and when the rank is zero.
pub fn cp<T: Linear, const N: usize>(x: &Tensor<T, N>, rank: usize) -> Result<Cp<T, N>> {
    cp_of(x, rank, 500, 1e-10)
}

/// As [`cp`], with another number of iterations and another tolerance.
///
/// # Errors
/// As [`cp`].
pub fn cp_of<T: Linear, const N: usize>(
    x: &Tensor<T, N>,
    rank: usize,
    iterations: usize,
    tolerance: f64,
) -> Result<Cp<T, N>> {
    let found = engine::cp(&x.raw, rank, iterations, tolerance)?;
    Ok(Cp {
        weights: wrap(found.weights),
        factors: found.factors.into_iter().map(wrap).collect(),
    })
}

/// A tensor train: for each axis a core of `rank × length × next rank`, where the first and the last rank are 1.
#[derive(Clone, Debug)]
pub struct TensorTrain<T: Linear, const N: usize> {
    /// The cores.
    pub cores: Vec<Tensor<T, 3>>,
}

impl<T: Linear, const N: usize> TensorTrain<T, N> {
    /// The tensor.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn reconstruct(&self) -> Result<Tensor<T, N>> {
        let parts = engine::TensorTrain {
            cores: self.cores.iter().map(|c| c.raw.clone()).collect(),
        };
        parts.reconstruct().and_then(typed)
    }
}

/// The tensor-train decomposition with ranks of at most `max_rank`, and as small as the relative error `tolerance` allows.
///
/// ```
/// # use civita::{linalg, prelude::*};
/// let x = Tensor::<f64, 3>::from_fn([2, 3, 4], |[i, j, k]| (12 * i + 4 * j + k) as f64);
/// let train = linalg::tensor_train(&x, usize::MAX, 1e-10)?;
/// assert_eq!(train.cores[1].shape(), [2, 3, 2]);
/// assert!(train.reconstruct()?.allclose(&x)?);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`hosvd`], and when `max_rank` is zero or the tolerance is not at least 0.
pub fn tensor_train<T: Linear, const N: usize>(
    x: &Tensor<T, N>,
    max_rank: usize,
    tolerance: f64,
) -> Result<TensorTrain<T, N>> {
    let found = engine::tensor_train(&x.raw, max_rank, tolerance)?;
    Ok(TensorTrain {
        cores: found.cores.into_iter().map(wrap).collect(),
    })
}
