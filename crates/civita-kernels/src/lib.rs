//! The kernels of Civita: loops over contiguous memory, compiled once for each instruction set, and what they are made of.
//! They take most of the time that Civita takes to compile and change least, so they are a crate of their own.
//!
//! ```text
//! ops        the table: a row says everything about an elementwise op; classes say everything about dtypes
//! kernels    loops over contiguous memory: elementwise, casts, folds, transposes, compression, matrix products
//!   math     scalar functions without branches
//!   isa      the instruction sets that they are compiled for
//! flags      the processor's floating-point status
//! threads    fork-join, which matrix products need
//! dtype      element types and promotion
//! error      the one error type
//! ```
//!
//! Nothing here knows of tensors. `civita-core`, the engine, passes on all of these modules under its own name.

pub mod dtype;
pub mod error;
pub mod flags;
pub mod float8;
pub mod isa;
pub mod kernels;
pub mod math;
pub mod ops;
pub mod threads;
