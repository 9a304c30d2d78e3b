//! Operations as data: the table of rows, the signature classes that fix their dtypes, and what is generated from both.
//!
//! `rows` holds the table. An op is one row of it; see `docs/adding-an-op.md` for a walk through one.

mod class;
pub mod device;
mod reduction;
mod rows;

pub use class::{Class, Result as ClassResult, Signature};
#[doc(hidden)]
pub use reduction::reduction_rows;
pub use reduction::{Fold, REDUCTIONS, ReduceClass, Reduction, ReductionRow};
pub use rows::{Gradient, Op, Partial1, Partial2, Partial3, ROWS, Row};
#[doc(hidden)]
pub use rows::{elementwise_heads, elementwise_rows};
