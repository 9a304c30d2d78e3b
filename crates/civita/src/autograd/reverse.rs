//! Reverse mode, PyTorch-style: variables, `backward`, hooks.

use std::sync::Arc;

use civita_core::graph::{self, HookHandle, Keep};
use civita_core::raw::Raw;

use super::{Inputs, Tensors};
use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{Differentiable, Dtype, Result, Tensor};

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// The same value as a new variable, whose gradient [`backward`](Tensor::backward) will collect. Its clones are the
    /// same variable.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![1.0, 2.0, 3.0].requires_grad();
    /// let y = (&x * &x).sum();
    /// y.backward()?;
    /// assert_eq!(x.grad().map(|g| g.to_vec()), Some(vec![2.0, 4.0, 6.0]));
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// Integers have no gradient; a tensor of them does not compile:
    ///
    /// ```compile_fail
    /// # use civita::prelude::*;
    /// tensor![1, 2].requires_grad();
    /// ```
    ///
    /// # Panics
    /// When an [`Any`](crate::Any) holds integers.
    #[track_caller]
    pub fn requires_grad(&self) -> Self
    where
        T: Differentiable,
    {
        wrap(self.raw.requires_grad().or_raise())
    }

    /// Adds the gradient of this one number with respect to each variable that it was computed from to what they have:
    /// see [`Tensor::grad`].
    ///
    /// # Errors
    /// When there are several elements or a complex one (see [`Tensor::backward_from`]), or none of them was computed from a
    /// tensor that requires a gradient.
    pub fn backward(&self) -> Result<()> {
        self.raw.backward()
    }

    /// As [`Tensor::backward`] for several elements: `gradient` is that of what comes after, with respect to each of
    /// them.
    ///
    /// ```
    /// # use civita::prelude::*;
    /// let x = tensor![1.0, 2.0].requires_grad();
    /// (&x * 3.0).backward_from(&tensor![1.0, 10.0])?;
    /// assert_eq!(x.grad().map(|g| g.to_vec()), Some(vec![3.0, 30.0]));
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When it has another shape, or there is no graph.
    pub fn backward_from(&self, gradient: &Tensor<T, N>) -> Result<()> {
        graph::backward(&self.raw, Some(&gradient.raw), Keep::Nothing)
    }

    /// As [`Tensor::backward`], where only `inputs` collect their gradients: variables, or computed tensors, which then have one
    /// too (PyTorch's `inputs=`).
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let (a, b) = (tensor![1.0, 2.0].requires_grad(), tensor![3.0, 4.0].requires_grad());
    /// (&a * &b).sum().backward_to(&a)?;
    /// assert_eq!(a.grad().map(|g| g.to_vec()), Some(vec![3.0, 4.0]));
    /// assert!(b.grad().is_none());
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::backward`], and when an input is not part of the graph.
    pub fn backward_to(&self, inputs: impl Inputs) -> Result<()> {
        let inputs = inputs.raws();
        let inputs: Vec<&Raw> = inputs.iter().collect();
        graph::backward_to(&self.raw, None, &inputs, Keep::Nothing)
    }

    /// As [`Tensor::backward`], and says what the pass leaves behind: with [`Keep::Graph`] another pass may follow, with
    /// [`Keep::Differentiable`] the gradients can be differentiated again (PyTorch's `retain_graph`, `create_graph`).
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::autograd::Keep;
    ///
    /// let x = Tensor::scalar(3.0).requires_grad();
    /// let y = &x * &x;
    /// y.backward_kept(Keep::Graph)?;
    /// y.backward_kept(Keep::Nothing)?;
    /// assert_eq!(x.grad().map(|g| g.to_vec()), Some(vec![12.0]));
    /// assert!(y.backward().is_err());
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::backward`].
    #[doc(alias = "retain_graph")]
    #[doc(alias = "create_graph")]
    pub fn backward_kept(&self, keep: Keep) -> Result<()> {
        graph::backward(&self.raw, None, keep)
    }

    /// [`Tensor::backward_from`] and [`Tensor::backward_kept`] in one.
    ///
    /// ```
    /// use civita::prelude::*;
    /// use civita::autograd::Keep;
    ///
    /// let x = tensor![1.0, 2.0].requires_grad();
    /// (&x * &x).backward_from_kept(&tensor![1.0, 1.0], Keep::Differentiable)?;
    /// assert!(x.grad().is_some_and(|g| g.tracks_gradient()));
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::backward_from`].
    pub fn backward_from_kept(&self, gradient: &Tensor<T, N>, keep: Keep) -> Result<()> {
        graph::backward(&self.raw, Some(&gradient.raw), keep)
    }

    /// Makes `backward` leave the gradient of this computed tensor on it, for [`Tensor::grad`].
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![1.0, 2.0].requires_grad();
    /// let y = &x * 3.0;
    /// y.retain_grad()?;
    /// (&y * &y).sum().backward()?;
    /// assert_eq!(y.grad().map(|g| g.to_vec()), Some(vec![6.0, 12.0]));
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no gradient reaches it.
    pub fn retain_grad(&self) -> Result<()> {
        self.raw.retain_grad()
    }

    /// Calls `hook` with the gradient of this tensor in every backward pass that reaches it. A tensor that the hook returns
    /// takes the gradient's place.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![1.0, 2.0].requires_grad();
    /// let y = &x * 3.0;
    /// let hook = y.register_hook(|g| Ok(Some(g * 10.0)))?;
    /// y.sum().backward()?;
    /// assert_eq!(x.grad().map(|g| g.to_vec()), Some(vec![30.0, 30.0]));
    /// hook.remove();
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no gradient reaches it.
    pub fn register_hook(
        &self,
        hook: impl Fn(&Tensor<T, N>) -> Result<Option<Tensor<T, N>>> + Send + Sync + 'static,
    ) -> Result<HookHandle> {
        self.raw.register_hook(Arc::new(move |g: &Raw| {
            Ok(hook(&wrap(g.clone()))?.map(Tensor::into_raw))
        }))
    }

    /// The gradient that [`backward`](Tensor::backward) collected for this variable.
    pub fn grad(&self) -> Option<Tensor<T, N>> {
        self.raw.grad().map(wrap)
    }

    /// Forgets the gradient of this variable; the next `backward` starts from nothing (PyTorch's `zero_grad`).
    #[doc(alias = "zero_grad")]
    pub fn clear_grad(&self) {
        self.raw.set_grad(None);
    }

    /// Whether a gradient reaches it: true of a variable, and of all that is computed from one.
    #[doc(alias = "requires_grad")]
    pub fn tracks_gradient(&self) -> bool {
        self.raw.tracks_gradient()
    }

    /// The same value as a constant.
    pub fn detach(&self) -> Self {
        wrap(self.raw.detach())
    }
}

/// The gradients of one number with respect to tensors that it was computed from, which need not be variables; nothing
/// is added to any variable.
///
/// ```
/// use civita::prelude::*;
/// use civita::grad_of;
///
/// let (a, b) = (tensor![1.0, 2.0].requires_grad(), Tensor::scalar(3.0).requires_grad());
/// let y = (&a * &b).sum();
/// let (da, db) = grad_of(&y, (&a, &b))?;
/// assert_eq!(format!("{da} {db}"), "[3. 3.] 3.0");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When `y` has several elements, or it or an input is not part of a graph.
pub fn grad_of<T: Dtype, const N: usize, I: Inputs>(
    y: &Tensor<T, N>,
    inputs: I,
) -> Result<I::Values> {
    grad_of_kept(y, inputs, Keep::Nothing)
}

/// As [`grad_of`]; with [`Keep::Differentiable`] the gradients can be differentiated again (PyTorch's `create_graph`).
///
/// ```
/// use civita::prelude::*;
/// use civita::{Keep, grad_of, grad_of_kept};
///
/// let x = Tensor::scalar(2.0).requires_grad();
/// let y = &x * &x * &x;
/// let dy = grad_of_kept(&y, &x, Keep::Differentiable)?;
/// let ddy = grad_of(&dy, &x)?;
/// assert_eq!(format!("{dy} {ddy}"), "12.0 12.0");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// As [`grad_of`].
pub fn grad_of_kept<T: Dtype, const N: usize, I: Inputs>(
    y: &Tensor<T, N>,
    inputs: I,
    keep: Keep,
) -> Result<I::Values> {
    let raws = inputs.raws();
    let found = graph::grad(&[(&y.raw, None)], &raws.iter().collect::<Vec<_>>(), keep)?;
    Ok(Tensors::from_raws(found))
}
