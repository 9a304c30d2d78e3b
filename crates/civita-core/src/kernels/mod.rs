//! Loops over contiguous memory, one instruction set at a time. Nothing here knows of shapes, strides or threads.

pub mod cast;
pub(crate) mod compress;
pub mod fold;

pub mod lane;
pub mod map;
pub mod matmul;

pub mod strided;
pub(crate) mod transpose;
