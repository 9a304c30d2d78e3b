//! Gradients, Jacobians and products with them, of functions.

use civita_core::raw::Raw;
use civita_core::transform;

use super::{Inputs, JacobianInputs, Tensors};
use crate::rank::{JacobianOf, JacobianRank, Rank, ScalarRank};
use crate::{Differentiable, Dtype, FromRaw, Result, Tensor};

/// A function of the engine's tensors.
fn flat<V: Tensors, O: Tensors>(f: impl Fn(V) -> Result<O>) -> impl Fn(&[Raw]) -> Result<Vec<Raw>> {
    move |x| Ok(f(V::from_raws(x.to_vec()))?.into_raws())
}

/// The gradient of a function that returns one real number: `∂f/∂x` for each input.
///
/// What the closure captures is a constant; to differentiate with respect to it, make it an input.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::grad;
///
/// let (x, w) = (tensor![1.0, 2.0], tensor![3.0, 4.0]);
/// let (dx, dw) = grad(|(x, w)| Ok((&x * &x * &w).sum()), (&x, &w))?;
/// assert_eq!(format!("{dx} {dw}"), "[ 6. 16.] [1. 4.]");
///
/// // derivatives of derivatives
/// let second = grad(|x| grad(|x| Ok(&x * &x * &x), &x), &Tensor::scalar(2.0))?;
/// assert_eq!(second.item()?, 12.0);
/// # Ok::<(), civita::Error>(())
/// ```
///
/// A function that returns several numbers does not compile:
///
/// ```compile_fail
/// # use civita::prelude::*;
/// civita::autograd::grad(|x| Ok(&x * &x), &tensor![1.0, 2.0]);
/// ```
///
/// # Errors
/// When `f` fails, an input has no gradient, or the result of a function of [`DYN`](crate::DYN) rank has several elements.
pub fn grad<I: Inputs, T: Differentiable, const N: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, N>>,
    inputs: I,
) -> Result<I::Values>
where
    Rank<N>: ScalarRank,
{
    Ok(value_and_grad(f, inputs)?.1)
}

/// As [`grad`], with the value: `(f(x), ∂f/∂x)`.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::value_and_grad;
///
/// let (y, dy) = value_and_grad(|x| Ok((&x * &x).sum()), &tensor![1.0, 2.0])?;
/// assert_eq!(format!("{y} {dy}"), "5.0 [2. 4.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`grad`].
pub fn value_and_grad<I: Inputs, T: Differentiable, const N: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, N>>,
    inputs: I,
) -> Result<(Tensor<T, N>, I::Values)>
where
    Rank<N>: ScalarRank,
{
    let x = inputs.raws();
    let all: Vec<usize> = (0..x.len()).collect();
    let (y, found) = transform::value_and_grad(&flat(f), &x, &all)?;
    Ok((Tensors::from_raws(y), Tensors::from_raws(found)))
}

/// The value of a function, and the way back from gradients of its results to gradients of its inputs.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::vjp;
///
/// let (y, back) = vjp(|x| Ok((&x * &x, x.sum())), &tensor![1.0, 2.0])?;
/// let dx = back.call((tensor![1.0, 10.0], Tensor::scalar(100.0)))?;
/// assert_eq!(format!("{} {} {dx}", y.0, y.1), "[1. 4.] 3.0 [102. 140.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `f` fails or an input has no gradient.
pub fn vjp<I: Inputs, O: Tensors>(
    f: impl Fn(I::Values) -> Result<O>,
    inputs: I,
) -> Result<(O, Pullback<I::Values, O>)> {
    let (y, inner) = transform::vjp(&flat(f), &inputs.raws())?;
    let back = Pullback {
        inner,
        types: std::marker::PhantomData,
    };
    Ok((O::from_raws(y), back))
}

/// What [`vjp`] returns: the map from gradients of the results `O` to gradients of the inputs `V`.
pub struct Pullback<V, O> {
    inner: transform::Pullback,
    types: std::marker::PhantomData<fn(O) -> V>,
}

impl<V: Tensors, O: Tensors> Pullback<V, O> {
    /// `vᵀ J`. May be called again.
    ///
    /// # Errors
    /// When a gradient has another shape than its result.
    pub fn call(&self, gradients: O) -> Result<V> {
        Ok(V::from_raws(self.inner.call(&gradients.into_raws())?))
    }
}

impl<V, O> std::fmt::Debug for Pullback<V, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pullback")
    }
}

/// The value of a function, and how it changes when its inputs move along `tangents`: `(f(x), J·v)`, in one pass
/// (forward mode).
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::jvp;
///
/// let (y, dy) = jvp(|x| Ok(&x * &x), &tensor![1.0, 2.0], &tensor![1.0, 0.5])?;
/// assert_eq!(format!("{y} {dy}"), "[1. 4.] [2. 2.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a tangent has another shape than its input, an input has no gradient, or `f` fails.
pub fn jvp<I: Inputs, O: Tensors>(
    f: impl FnOnce(I::Values) -> Result<O>,
    inputs: I,
    tangents: I,
) -> Result<(O, O)> {
    let run = |x: &[Raw]| Ok(f(I::Values::from_raws(x.to_vec()))?.into_raws());
    let (y, dy) = transform::jvp(run, &inputs.raws(), &tangents.raws())?;
    Ok((O::from_raws(y), O::from_raws(dy)))
}

fn as_inputs(found: Vec<Raw>, x: &[Raw]) -> Result<Vec<Raw>> {
    let like = |(j, x): (Raw, &Raw)| j.cast(x.dtype());
    found.into_iter().zip(x).map(like).collect()
}

/// The Jacobian of a function, column by column, in forward mode: for more results than inputs. For each input a tensor with
/// the axes of the result followed by those of the input.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::{jacfwd, jacrev};
///
/// let x = tensor![1.0, 2.0];
/// let j: Matrix<f64> = jacfwd(|x| Ok(&x * &x), &x)?;
/// assert_eq!(format!("{j}"), "[[2. 0.]\n [0. 4.]]");
/// assert_eq!(j.to_vec(), jacrev(|x| Ok(&x * &x), &x)?.to_vec());
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `f` fails or an input is not of floats.
pub fn jacfwd<I: JacobianInputs<M>, T: Differentiable, const M: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, M>>,
    inputs: I,
) -> Result<I::Jacobian> {
    let (f, x) = (flat(f), inputs.raws());
    let found = (0..x.len())
        .map(|i| Ok(transform::jacfwd(&f, &x, i)?.remove(0)))
        .collect::<Result<_>>()?;
    Ok(Tensors::from_raws(as_inputs(found, &x)?))
}

/// The Jacobian of a function, row by row, in reverse mode: for more inputs than results. The same as [`jacfwd`] but for
/// rounding.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::jacrev;
///
/// let (a, b) = (tensor![1.0, 2.0], Tensor::scalar(3.0));
/// let (da, db) = jacrev(|(a, b)| Ok(&a * &b), (&a, &b))?;
/// assert_eq!(format!("{da} {db}"), "[[3. 0.]\n [0. 3.]] [1. 2.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `f` fails, or its result or an input is not of floats.
pub fn jacrev<I: JacobianInputs<M>, T: Differentiable, const M: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, M>>,
    inputs: I,
) -> Result<I::Jacobian> {
    let x = inputs.raws();
    let all: Vec<usize> = (0..x.len()).collect();
    let found = transform::jacrev(&flat(f), &x, &all)?.remove(0);
    Ok(Tensors::from_raws(as_inputs(found, &x)?))
}

/// The second derivatives of a function of one real number, forward mode over reverse mode: the axes of the input twice.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::hessian;
///
/// let h: Matrix<f64> = hessian(|x| Ok((&x * &x * &x).sum()), &tensor![1.0, 2.0])?;
/// assert_eq!(format!("{h}"), "[[ 6.  0.]\n [ 0. 12.]]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`grad`], and when the input is not of floats.
pub fn hessian<T: Dtype, const N: usize, U: Differentiable, const M: usize>(
    f: impl Fn(Tensor<T, N>) -> Result<Tensor<U, M>>,
    x: &Tensor<T, N>,
) -> Result<JacobianOf<T, N, N>>
where
    Rank<M>: ScalarRank,
    Rank<N>: JacobianRank<N>,
{
    let found = transform::hessian(&flat(f), std::slice::from_ref(&x.raw), 0)?;
    Ok(FromRaw::wrap(found))
}

/// The Hessian of a function of one real number times `v`, without the Hessian: forward mode over reverse mode. A product
/// for each input.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::hvp;
///
/// let (x, v) = (tensor![1.0, 2.0], tensor![1.0, 1.0]);
/// let product = hvp(|x| Ok((&x * &x * &x).sum()), &x, &v)?;
/// assert_eq!(format!("{product}"), "[ 6. 12.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`grad`], and when `v` has other shapes than the inputs.
pub fn hvp<I: Inputs, T: Differentiable, const N: usize>(
    f: impl Fn(I::Values) -> Result<Tensor<T, N>>,
    inputs: I,
    v: I,
) -> Result<I::Values>
where
    Rank<N>: ScalarRank,
{
    let found = transform::hvp(&flat(f), &inputs.raws(), &v.raws())?;
    Ok(Tensors::from_raws(found))
}
