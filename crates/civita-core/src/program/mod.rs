//! Elementwise programs: what a chain of ops computes for one element, run over blocks that stay in L1.
//!
//! ```text
//! Expr ──trace──► Program ──type──► Plan ──run──► blocks:  bring each input, run each step, store
//! (closure)       (nodes)           (kernels)
//! ```
//!
//! A single op is a program of one node, a fused chain one of several, a derivative one that was made from a row's
//! partials. All take the same road, so strides, broadcasting, casting, threads and half precision are solved once.

mod derive;
mod expr;
mod plan;
mod run;
mod steps;

pub use expr::{Builder, Constant, Expr, Id, Node, Program, Term};
pub use plan::Plan;
pub(crate) use plan::met;
pub(crate) use run::{GRAIN, Source, Target, run};
