//! The engine of Civita: untyped tensors, the tables of ops, kernels, and the gradient graph.
//!
//! Who calls whom, from the outside in:
//!
//! ```text
//! raw        Raw: an untyped tensor, and every operation on it        (what the doors call)
//!   graph    which tensors came from which; reverse and forward mode
//!   reduce   reductions over axes
//!   program  elementwise programs over blocks that stay in L1
//! ops        the tables: a row says everything about an op
//! layout     shapes and strides: all index arithmetic
//! storage    bytes: who may touch them, and the pool that they come from
//! ```
//!
//! Below it stands `civita-kernels`, which compiles alone: kernels, math, fork-join, dtypes and the error type, all of
//! which this crate passes on, and the table of elementwise ops.
//!
//! Every function that can be reached from outside returns a [`Result`](error::Result). Users meet this crate through
//! `civita`, its typed face, or through the Python package.

pub use civita_kernels::{dtype, error, isa, kernels, math, threads};
#[doc(hidden)]
pub use civita_kernels::{elementwise_heads, elementwise_rows};

pub mod device;
pub mod explain;
pub mod graph;
pub mod info;
pub mod layout;
pub mod ops;
pub mod print;
pub mod program;
pub mod raw;
pub mod reduce;
pub mod storage;
