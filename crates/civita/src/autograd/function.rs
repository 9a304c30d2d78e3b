//! Functions with derivatives of their own, and functions that run again on the way back.

use std::fmt;
use std::marker::PhantomData;

use civita_core::raw::Raw;
use civita_core::transform;

use super::{Inputs, Tensors};
use crate::Result;

/// A function of `V` with results `O`, and derivatives of its own. It goes through [`vmap`](super::vmap()),
/// [`jvp`](super::jvp), [`trace`](super::trace()) and higher derivatives like any other.
///
/// Inside `forward` nothing is recorded. None of the closures holds a tensor that tracks a gradient; those are inputs.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::{Function, grad};
///
/// // log(1 + eˣ), whose derivative does not overflow
/// let softplus = Function::new(
///     "softplus",
///     |x: Vector<f64>| Ok((x.exp() + 1.0).log()),
///     |x, _y, g: Vector<f64>| Ok(g / ((-x).exp() + 1.0)),
/// );
/// let x = tensor![0.0, 1000.0];
/// let g = grad(|x| Ok(softplus.call(&x)?.sum()), &x)?;
/// assert_eq!(format!("{g}"), "[0.5 1. ]");
/// # Ok::<(), civita::Error>(())
/// ```
pub struct Function<V, O> {
    inner: transform::Function,
    types: PhantomData<fn(V) -> O>,
}

impl<V: Tensors, O: Tensors> Function<V, O> {
    /// A function with its backward map, which takes inputs, results and the gradients of the results, and returns the
    /// gradients of the inputs. The name is for errors and traces.
    pub fn new(
        name: &'static str,
        forward: impl Fn(V) -> Result<O> + Send + Sync + 'static,
        backward: impl Fn(V, O, O) -> Result<V> + Send + Sync + 'static,
    ) -> Self {
        Function {
            inner: transform::Function::new(name, forwards(forward), backwards(backward)),
            types: PhantomData,
        }
    }

    /// As [`Function::new`], with a map for forward mode too, which takes inputs, results and the tangents of the inputs, and
    /// returns the tangents of the results. Without it forward mode comes from the backward map.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::autograd::{Function, jvp};
    ///
    /// let square = Function::with_tangent(
    ///     "square",
    ///     |x: Vector<f64>| x.mul(&x),
    ///     |x, _y, g: Vector<f64>| Ok(g * x * 2.0),
    ///     |x, _y, t| Ok(t * x * 2.0),
    /// );
    /// let (_, dy) = jvp(|x| square.call(&x), &tensor![1.0, 2.0], &tensor![1.0, 1.0])?;
    /// assert_eq!(format!("{dy}"), "[2. 4.]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    pub fn with_tangent(
        name: &'static str,
        forward: impl Fn(V) -> Result<O> + Send + Sync + 'static,
        backward: impl Fn(V, O, O) -> Result<V> + Send + Sync + 'static,
        tangent: impl Fn(V, O, V) -> Result<O> + Send + Sync + 'static,
    ) -> Self {
        let tangent = move |x: &[Raw], y: &[Raw], t: &[Raw]| {
            let (x, y, t) = (x.to_vec(), y.to_vec(), t.to_vec());
            Ok(tangent(V::from_raws(x), O::from_raws(y), V::from_raws(t))?.into_raws())
        };
        Function {
            inner: transform::Function::with_tangent(
                name,
                forwards(forward),
                backwards(backward),
                tangent,
            ),
            types: PhantomData,
        }
    }

    /// The results for these inputs.
    ///
    /// # Errors
    /// When the function fails, or reads a tensor that tracks a gradient and is none of its inputs.
    pub fn call<I: Inputs<Values = V>>(&self, inputs: I) -> Result<O> {
        let x = inputs.raws();
        Ok(O::from_raws(
            self.inner.call(&x.iter().collect::<Vec<_>>())?,
        ))
    }
}

fn forwards<V: Tensors, O: Tensors>(
    f: impl Fn(V) -> Result<O>,
) -> impl Fn(&[Raw]) -> Result<Vec<Raw>> {
    move |x| Ok(f(V::from_raws(x.to_vec()))?.into_raws())
}

#[allow(clippy::type_complexity)] // the signature that the engine asks for
fn backwards<V: Tensors, O: Tensors>(
    f: impl Fn(V, O, O) -> Result<V>,
) -> impl Fn(&[Raw], &[Raw], &[Raw]) -> Result<Vec<Option<Raw>>> {
    move |x, y, g| {
        let (x, y, g) = (x.to_vec(), y.to_vec(), g.to_vec());
        let found = f(V::from_raws(x), O::from_raws(y), O::from_raws(g))?;
        Ok(found.into_raws().into_iter().map(Some).collect())
    }
}

impl<V, O> Clone for Function<V, O> {
    fn clone(&self) -> Self {
        Function {
            inner: self.inner.clone(),
            types: PhantomData,
        }
    }
}

// A panic leaves nothing half written: the closures are `Fn + Sync`, and what a call notes of the function is one number.
impl<V, O> std::panic::UnwindSafe for Function<V, O> {}
impl<V, O> std::panic::RefUnwindSafe for Function<V, O> {}

impl<V, O> fmt::Debug for Function<V, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({:?})", self.inner)
    }
}

/// `f(inputs)` with less memory: a graph keeps the inputs only, and the backward pass runs `f` again (PyTorch's
/// `torch.utils.checkpoint`, JAX's `jax.checkpoint`). `f` gives the same results each time.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::checkpoint;
///
/// let x = tensor![0.0, 1.0].requires_grad();
/// let y = checkpoint(|x: Vector<f64>| Ok(x.exp().sin()), &x)?;
/// y.sum().backward()?;
/// assert_eq!(format!("{:.3}", x.grad().unwrap()), "[ 0.540 -2.478]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `f` fails, or reads a tensor that tracks a gradient and is none of its inputs.
pub fn checkpoint<I: Inputs, O: Tensors>(
    f: impl Fn(I::Values) -> Result<O> + Send + Sync + 'static,
    inputs: I,
) -> Result<O> {
    let x = inputs.raws();
    let y = transform::checkpoint(forwards(f), &x.iter().collect::<Vec<_>>())?;
    Ok(O::from_raws(y))
}
