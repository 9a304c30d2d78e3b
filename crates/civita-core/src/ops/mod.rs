//! Operations as data: the table of rows, the signature classes that fix their dtypes, and what is generated from both.
//!
//! `civita-kernels` holds the table of elementwise ops and its classes. An op is one row of it; see
//! `docs/adding-an-op.md` for a walk through one. Here are the derivatives of the rows and the table of reductions.

pub mod device;
mod gradient;
mod reduction;

pub use civita_kernels::kernels::fold::Fold;
pub use civita_kernels::ops::{Class, ClassResult, Op, ROWS, Row, Signature};
#[doc(hidden)]
pub use civita_kernels::ops::{elementwise_heads, elementwise_rows};
pub use gradient::{Gradient, Partial1, Partial2, Partial3, gradient_of};
#[doc(hidden)]
pub use reduction::reduction_rows;
pub use reduction::{Compute, REDUCTIONS, ReduceClass, Reduction, ReductionRow};
