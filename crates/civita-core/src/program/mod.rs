//! Elementwise programs: what a chain of ops computes for one element.
//!
//! ```text
//! Expr ──trace──► Program ──type──► Typed ──► a backend
//! (closure)       (nodes)           (steps on lanes)
//! ```
//!
//! A single op is a program of one node, a fused chain one of several, a derivative one that was made from a row's
//! partials. All take the same road, so strides, broadcasting, casting, threads and half precision are solved once.

mod derive;
mod expr;
mod typed;

pub use expr::{Builder, Constant, Expr, Id, Node, Program, Term};
pub(crate) use typed::met;
pub use typed::{Action, Src, Step, Typed};
