//! Functions as data.

use std::fmt;
use std::marker::PhantomData;

use civita_core::raw::Raw;
use civita_core::transform;

use super::{Inputs, Tensors};
use crate::Result;

/// Runs a function once and writes down what it does with tensors of these shapes and types.
///
/// Reading a value inside (`item`, `to_vec`) is an error, for the graph would depend on it; choose by
/// [`choose`](crate::Tensor::choose). A shape is read as it is, a constant of the graph: of the elements that a mask keeps too, whose number
/// may be another one when the graph runs.
///
/// ```
/// use civita::prelude::*;
/// use civita::autograd::trace;
///
/// let graph = trace(|x| Ok((&x * 2.0).sin()), &tensor![1.0, 2.0])?;
/// assert!(graph.to_string().starts_with("{ lambda a:float64[2] . let"));
/// let x = tensor![0.0, 0.5];
/// assert_eq!(graph.run(&x)?.to_vec(), (&x * 2.0).sin().to_vec());
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `f` fails, or reads the value of an input.
pub fn trace<I: Inputs, O: Tensors>(
    f: impl FnOnce(I::Values) -> Result<O>,
    inputs: I,
) -> Result<Graph<I::Values, O>> {
    let run = |x: &[Raw]| Ok(f(I::Values::from_raws(x.to_vec()))?.into_raws());
    Ok(Graph {
        inner: transform::trace(run, &inputs.raws())?,
        types: PhantomData,
    })
}

/// A function of `V` with results `O` as data: the list of primitives that it ran, with shapes and types. It prints like a
/// jaxpr, and runs again.
pub struct Graph<V, O> {
    inner: transform::Graph,
    types: PhantomData<fn(V) -> O>,
}

impl<V: Tensors, O: Tensors> Graph<V, O> {
    /// Runs it on other inputs of the same shapes. Gradients and transformations go through.
    ///
    /// # Errors
    /// When a shape or type is another than in the trace.
    pub fn run<I: Inputs<Values = V>>(&self, inputs: I) -> Result<O> {
        Ok(O::from_raws(self.inner.run(&inputs.raws())?))
    }

    /// As [`Graph::run`], with the results written into tensors of their shapes and types: the same bits, and no memory of a
    /// result that is computed where it lies.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::autograd::trace;
    ///
    /// let graph = trace(|x| Ok((x.sum(), (&x * 2.0).sin())), &tensor![1.0, 2.0])?;
    /// let mut results = (Tensor::scalar(0.0), Tensor::zeros(2));
    /// for i in 0..3 {
    ///     let x = Vector::full(2, f64::from(i));
    ///     graph.run_into(&x, &mut results)?;
    ///     assert_eq!(results.1.to_vec(), (&x * 2.0).sin().to_vec());
    /// }
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::run`], and when a result has another shape.
    pub fn run_into<I: Inputs<Values = V>>(&self, inputs: I, results: &mut O) -> Result<()> {
        let mut out = Vec::new();
        results.lend_raws(&mut out);
        self.inner.run_into(&inputs.raws(), &mut out)
    }
}

impl<V, O> Graph<V, O> {
    /// How many primitives it runs.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Returns true where it is the identity, or constant.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

impl<V, O> fmt::Display for Graph<V, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

impl<V, O> fmt::Debug for Graph<V, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inner, f)
    }
}
