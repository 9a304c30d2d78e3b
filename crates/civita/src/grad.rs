//! Gradients: reverse mode, forward mode, checks.

use civita_core::graph::{self};
pub use civita_core::graph::{Keep, NoGrad, Tolerance, no_grad};
use civita_core::raw::Raw;

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
    pub fn requires_grad(self) -> Self
    where
        T: Differentiable,
    {
        wrap(self.raw.requires_grad().or_raise())
    }

    /// Adds the gradient of this one number with respect to each variable that it was computed from to what they have:
    /// see [`Tensor::grad`].
    ///
    /// # Errors
    /// When there are several elements (see [`Tensor::backward_from`]), or none of them was computed from a tensor that
    /// requires a gradient.
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

    /// The gradient that [`backward`](Tensor::backward) collected for this variable.
    pub fn grad(&self) -> Option<Tensor<T, N>> {
        self.raw.grad().map(wrap)
    }

    /// Forgets the gradient of this variable; the next `backward` starts from nothing (PyTorch's `zero_grad`).
    #[doc(alias = "zero_grad")]
    pub fn clear_grad(&self) {
        self.raw.set_grad(None);
    }

    /// Will a gradient reach it? True of a variable, and of all that is computed from one.
    #[doc(alias = "requires_grad")]
    pub fn tracks_gradient(&self) -> bool {
        self.raw.tracks_gradient()
    }

    /// The same value as a constant.
    pub fn detach(&self) -> Self {
        wrap(self.raw.detach())
    }
}

/// One or several tensors: `&a`, `(&a, &b)`, or a slice of one type.
pub trait Inputs {
    /// The same as values: `Tensor`, a tuple of tensors, or a vector of them.
    type Values;
    #[doc(hidden)]
    fn raws(&self) -> Vec<Raw>;
    #[doc(hidden)]
    fn values(&self, raws: &[Raw]) -> Self::Values;
}
impl<T: Dtype, const N: usize> Inputs for &Tensor<T, N> {
    type Values = Tensor<T, N>;
    fn raws(&self) -> Vec<Raw> {
        vec![self.raw.clone()]
    }
    fn values(&self, raws: &[Raw]) -> Tensor<T, N> {
        wrap(raws[0].clone())
    }
}
impl<T: Dtype, const N: usize> Inputs for &[&Tensor<T, N>] {
    type Values = Vec<Tensor<T, N>>;
    fn raws(&self) -> Vec<Raw> {
        self.iter().map(|x| x.raw.clone()).collect()
    }
    fn values(&self, raws: &[Raw]) -> Vec<Tensor<T, N>> {
        raws.iter().map(|x| wrap(x.clone())).collect()
    }
}
macro_rules! tuples {
    ($($($T:ident $N:ident $i:tt)*;)*) => { $(
        impl<$($T: Dtype, const $N: usize),*> Inputs for ($(&Tensor<$T, $N>,)*) {
            type Values = ($(Tensor<$T, $N>,)*);
            fn raws(&self) -> Vec<Raw> {
                vec![$(self.$i.raw.clone()),*]
            }
            fn values(&self, raws: &[Raw]) -> Self::Values {
                ($(wrap(raws[$i].clone()),)*)
            }
        }
    )* };
}
tuples! {
    A I 0;
    A I 0 B J 1;
    A I 0 B J 1 C K 2;
    A I 0 B J 1 C K 2 D L 3;
    A I 0 B J 1 C K 2 D L 3 E M 4;
    A I 0 B J 1 C K 2 D L 3 E M 4 F N 5;
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
    Ok(inputs.values(&found))
}

/// The value of a function, and how it changes when its inputs move along `tangents`: `(f(x), J·v)`, in one pass
/// (forward mode).
///
/// ```
/// use civita::prelude::*;
///
/// let (y, dy) = civita::jvp(|x| Ok(&x * &x), &tensor![1.0, 2.0], &tensor![1.0, 0.5])?;
/// assert_eq!(format!("{y} {dy}"), "[1. 4.] [2. 2.]");
/// # Ok::<(), civita::Error>(())
/// ```
///
/// # Errors
/// When a tangent has another shape than its input, an input has no gradient, or `f` fails.
pub fn jvp<I: Inputs, T: Dtype, const N: usize>(
    f: impl FnOnce(I::Values) -> Result<Tensor<T, N>>,
    inputs: I,
    tangents: I,
) -> Result<(Tensor<T, N>, Tensor<T, N>)> {
    let run = |x: &[Raw]| Ok(vec![f(inputs.values(x))?.into_raw()]);
    let (y, dy) = graph::jvp(run, &inputs.raws(), &tangents.raws())?;
    Ok((wrap(y[0].clone()), wrap(dy[0].clone())))
}

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
        &|x| Ok(f(inputs.values(x))?.into_raw()),
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
        &|x| Ok(f(inputs.values(x))?.into_raw()),
        &inputs.raws(),
        Tolerance::default(),
    )
}
