//! Derivatives against finite differences.

use civita_core::graph::{self, Tolerance};

use super::{Inputs, Tensors};
use crate::{Dtype, Result, Tensor};

/// Compares the gradients of `f` at `inputs` with finite differences. Inputs are `f64` or `c128`.
///
/// ```
/// use civita::prelude::*;
///
/// let x = tensor![0.5, -1.0];
/// civita::check_gradients(|x| Ok(x.exp() * x.sin()), &x)?;
/// // what is not recorded has no gradient, and that is found
/// assert!(civita::check_gradients(|x| x.detach().mul(&x), &x).is_err());
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// Names the input and the element whose gradient is wrong, with both values.
pub fn check_gradients<I: Inputs, T: Dtype, const N: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, N>>,
    inputs: I,
) -> Result<()> {
    graph::check_gradients(
        &|x| Ok(f(Tensors::from_raws(x.to_vec()))?.into_raw()),
        &inputs.raws(),
        Tolerance::default(),
    )
}

/// As [`check_gradients`], of the gradients themselves: second derivatives.
///
/// # Errors
/// As [`check_gradients`].
pub fn check_second_gradients<I: Inputs, T: Dtype, const N: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, N>>,
    inputs: I,
) -> Result<()> {
    graph::check_second_gradients(
        &|x| Ok(f(Tensors::from_raws(x.to_vec()))?.into_raw()),
        &inputs.raws(),
        Tolerance::default(),
    )
}
