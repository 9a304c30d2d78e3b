//! Civita.

mod create;
mod dtype;
mod elementwise;
mod error;
mod fuse;
mod grad;
mod index;
mod matmul;
mod operators;
mod rank;
mod reduce;
mod slice;
mod tensor;
mod view;

pub use create::IntoShape;
pub use dtype::{
    Any, Bits, Differentiable, Dtype, Element, Float, Number, Promote, Promoted, Real, Scalar, Takes, Truth,
};
pub use elementwise::{BroadcastWith, Chosen, Rhs};
pub use error::{Error, Result, catch};
pub use fuse::{FuseInputs, Fused};
pub use grad::{
    Inputs, Keep, NoGrad, Tolerance, check_gradients, check_second_gradients, grad_of, grad_of_kept, jvp, no_grad,
};
pub use half::{bf16, f16};
pub use index::{concatenate, stack};
pub use rank::{Axes, AxisArg, Broadcast, Broadcasted, Compress, Contract, Grow, Grown, Rank, Replace, Shrink, TensorRank};
pub use reduce::{Over, OverKept};
pub use slice::{Ellipsis, NewAxis, Slice, SliceEntry, SliceInt, SliceItem, SliceOf, SliceStep};
pub use tensor::{AnyTensor, DYN, FromRaw, Iter, Matrix, Tensor, Vector};

/// Complex number of two `f32`.
#[allow(non_camel_case_types)]
pub type c64 = num_complex::Complex<f32>;
/// Complex number of two `f64`.
#[allow(non_camel_case_types)]
pub type c128 = num_complex::Complex<f64>;

/// What macros of this crate expand to.
#[doc(hidden)]
pub mod __private {
    pub use crate::create::{Literal, LiteralTensor};
    pub use crate::slice::{Literal as Index, Stepped};
}

/// What most programs need: `use civita::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Any, AnyTensor, DYN, Element, Ellipsis, Float, Matrix, NewAxis, Tensor, Vector, fuse, no_grad, s, tensor,
    };
}
