//! Dense linear algebra: factorisations, systems, least squares, eigenvalues, norms and matrix functions, batched over leading
//! axes and differentiable. NumPy's and SciPy's names, shapes and conventions.
//!
//! The functions take and return untyped tensors; users meet them as `civita::linalg` and as `cv.linalg`. Each factorisation is
//! one [`Primitive`](civita_core::primitive::Primitive) in one file: its kernel, its derivatives, its batching rule. Matrices of up
//! to 16 rows have loops of their own (`small`); LU, Cholesky and triangular systems of larger ones are blocked over the engine's
//! products (`blocked`), the rest goes to [faer](https://docs.rs/faer) (`dense`, on the threads of `workers`). Everything
//! else is composed of them and of the engine's operations, so gradients of every order follow.
//!
//! ```text
//! systems, spectra, norms, special, tensors …   the functions
//! lu, lu_factors, cholesky, triangular, qr, pivoted, ldl, banded, svd, eigh, eig, generalized_eig, functions   primitives
//! small, small_eigh, small_svd, blocked, dense, tridiagonal, bidiagonal, qz   kernels for one matrix
//! batch                                                     many matrices, on several threads
//! ```

mod balance;
mod banded;
mod batch;
mod bidiagonal;
mod blocked;
mod checks;
mod cholesky;
mod dense;
mod divided;
mod divisor;
mod eig;
mod eigh;
mod expm;
mod factored;
mod francis;
mod gaps;
mod gemm;
mod generalized;
mod generalized_eig;
mod givens;
mod lanes;
mod ldl;
mod lu;
mod lu_factors;
mod matrix_functions;
mod norms;
mod ops;
mod pivoted;
mod products;
mod qr;
mod qz;
mod reflections;
mod rotations;
mod scalar;
mod scale;
mod schur;
mod schur_order;
mod scratch;
mod small;
mod small_eigh;
mod small_svd;
mod special;
mod spectra;
mod svd;
mod systems;
mod tensors;
mod triangular;
mod tridiagonal;
mod workers;

pub use banded::{Band, solve_banded, solveh_banded};
pub use expm::{coshm, cosm, expm, sinhm, sinm, tanhm, tanm};
pub use factored::{Form, cho_solve, lu_solve, null_space, orth};
pub use generalized::{Problem, eig_generalized, eigenvalues, eigh_generalized, polyeig};
pub use ldl::{Symmetry, ldl};
pub use matrix_functions::{fractional_matrix_power, funm, logm, signm, sqrtm};
pub use norms::{Order, cond, matrix_norm, matrix_rank, norm, vector_norm};
pub use pivoted::qr_pivoted;
pub use products::{matrix_power, multi_dot, tensorinv, tensorsolve};
pub use qr::Mode;
pub use schur::{hessenberg, rsf2csf, schur};
pub use schur_order::{schur_counts, schur_eigenvalues, schur_reorder, schur_sorted};
pub use special::{
    Side, block_diag, circulant, companion, hadamard, hankel, hilbert, polar, toeplitz,
};
pub use spectra::{
    eig, eigh, eigvals, eigvalsh, qr, svd, svd_hermitian, svdvals, svdvals_hermitian,
};
pub use svd::Vectors;
pub use systems::{
    LeastSquares, Uplo, cholesky, det, inv, lstsq, lu, lu_exchanges, lu_factor, lu_rows, pinv,
    pinv_hermitian, plu, slogdet, solve, solve_triangular,
};
pub use tensors::{Cp, TensorTrain, Tucker, cp, hosvd, tensor_train, tucker};
pub use triangular::Triangle;
