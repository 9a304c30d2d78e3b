//! Derivatives and other transformations of functions.
//!
//! There are two styles. In PyTorch's, tensors that [require a gradient](crate::Tensor::requires_grad) record what is
//! computed from them, and [`backward`](crate::Tensor::backward) walks back. In JAX's, functions are transformed: [`grad`],
//! [`jvp`], [`vjp`], [`jacfwd`], [`jacrev`], [`hessian`], [`hvp`], [`vmap()`], [`trace()`] take a function and its inputs. They
//! nest in each other, in any order, and in a recording.
//!
//! A function takes what its inputs are as values: of `&x` a tensor, of `(&x, &w)` a tuple, of a slice a vector. It returns a
//! tensor, a tuple or a vector, in a [`Result`](crate::Result). What a closure captures is a constant of derivatives, and
//! shared by all samples of a [`vmap()`].
//!
//! ```
//! use civita::prelude::*;
//! use civita::autograd::{grad, hessian, vmap};
//!
//! let (x, w) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![1.0, -1.0]);
//! // the gradient of a loss, for each sample
//! let loss = |w: Vector<f64>, x: &Vector<f64>| Ok(w.matmul(x)?.tanh());
//! let g = vmap(|x| grad(|w| loss(w, &x), &w), &x)?;
//! assert_eq!(g.shape(), [2, 2]);
//! let h = hessian(|w| Ok(w.matmul(&w)? * 3.0), &w)?;
//! assert_eq!(format!("{h}"), "[[6. 0.]\n [0. 6.]]");
//! # Ok::<(), civita::Error>(())
//! ```

mod check;
mod function;
mod functional;
mod reverse;
mod tensors;
mod trace;
mod vmap;

pub use check::{check_gradients, check_second_gradients};
pub use civita_core::graph::HookHandle;
pub use civita_core::graph::{EnableGrad, Keep, NoGrad, Tolerance, enable_grad, no_grad};
pub use civita_core::transform::{EnteredScope, Randomness, Scope};
pub use function::{Function, checkpoint};
pub use functional::{Pullback, grad, hessian, hvp, jacfwd, jacrev, jvp, value_and_grad, vjp};
pub use reverse::{grad_of, grad_of_kept};
pub use tensors::{Batches, Inputs, JacobianInputs, Stackable, Tensors};
pub use trace::{Graph, trace};
pub use vmap::{Vmap, vmap};
