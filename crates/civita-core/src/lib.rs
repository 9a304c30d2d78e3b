//! The engine of Civita: untyped tensors, the tables of ops, kernels, and the gradient graph.
//!
//! Who calls whom, from the outside in:
//!
//! ```text
//! functions  the table of functions: `roll`, `pad`, `concatenate` …     (what the doors call)
//! raw        Raw: an untyped tensor, and every operation on it
//!   graph    which tensors came from which; reverse and forward mode
//!   reduce   reductions over axes
//!   program  elementwise programs over blocks that stay in L1
//! ops        the tables: a row says everything about an op
//! kernels    loops over contiguous memory, compiled once for each instruction set
//!   math     scalar functions without branches
//! layout     shapes and strides: all index arithmetic
//! storage    bytes: who may touch them, and the pool that they come from
//! threads    fork-join
//! ```
//!
//! Every function that can be reached from outside returns a [`Result`](error::Result). Users meet this crate through
//! `civita`, its typed face, or through the Python package.

pub mod device;
pub mod dtype;
pub mod error;
pub mod explain;
pub mod functions;
pub mod graph;
pub mod info;
pub mod isa;
pub mod kernels;
pub mod layout;
pub mod math;
pub mod ops;
pub mod print;
pub mod program;
pub mod raw;
pub mod reduce;
pub mod storage;
pub mod threads;
