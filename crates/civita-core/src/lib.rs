//! The engine of Civita: untyped tensors, the tables of ops, kernels, and the gradient graph.
//!
//! Who calls whom, from the outside in:
//!
//! ```text
//! functions    the table of functions: `roll`, `pad`, `concatenate` …               (what the typed API and Python call)
//! raw          Raw: an untyped tensor; its methods make primitives and bind them
//! primitive    what can run: one type each, with shapes, derivatives and batching; `bind` is the only way to run one
//!   transform  tags: gradients, tangents, batches and traces look at a computation while it runs
//!   graph      reverse mode: nodes, and the walk that collects gradients
//! backend      who has memory and kernels; `cpu` is the first
//!   program    elementwise programs over blocks that stay in L1
//! ops          the tables: a row says everything about an op
//! layout       shapes and strides: all index arithmetic
//! storage      bytes: who may touch them, and the pool that they come from
//! ```
//!
//! The kernels, the fork-join pool and dtypes are a crate of their own, `civita-kernels`.
//!
//! Every function that can be reached from outside returns a [`Result`](error::Result). Users meet this crate through
//! `civita`, its typed API, or through the Python package.

pub use civita_kernels::{dtype, error, flags, float8, isa, kernels, math, threads};
#[doc(hidden)]
pub use civita_kernels::{elementwise_heads, elementwise_rows};

pub mod backend;
pub mod device;
pub mod explain;
pub mod functions;
pub mod graph;
pub mod info;
pub mod layout;
pub mod ops;
pub mod primitive;
pub mod print;
pub mod program;
pub mod raw;
pub mod storage;
pub mod transform;
