//! Fused functions: several elementwise ops in one pass over memory.

use std::sync::Arc;

use civita_core::error::Error;
use civita_core::graph::Function;
use civita_core::program::{Expr, Program};
use civita_core::raw::Raw;

use crate::elementwise::BroadcastWith;
use crate::rank::{Broadcast, Rank, wrap};
use crate::{AnyTensor, Dtype, FromRaw, Result, Tensor};

/// A function of one element of each of `K` tensors, made by [`fuse!`](crate::fuse).
#[derive(Clone)]
pub struct Fused<const K: usize>(Arc<Function>);

impl<const K: usize> Fused<K> {
    /// Traces a closure: what it does to expressions is the function.
    ///
    /// ```
    /// use civita::Fused;
    /// let f = Fused::<2>::trace(|[a, b]| (a * b + 1.0).exp());
    /// assert_eq!(f.to_string(), "exp(add(mul(x0, x1), 1))");
    /// ```
    pub fn trace(f: impl for<'b> FnOnce([Expr<'b>; K]) -> Expr<'b>) -> Self {
        let program = Program::trace(K, |b| f(std::array::from_fn(|i| b.input(i))));
        Fused(Function::new(program, "fuse"))
    }

    /// Applies it to tensors, with broadcasting. The result has the element type of the first one.
    ///
    /// # Errors
    /// When the shapes do not broadcast, an op takes no such element types, or the result has another element type than
    /// the first tensor: then see [`Fused::call_any`].
    pub fn call<I: FuseInputs<K>>(&self, inputs: I) -> Result<I::Out> {
        let raw = self.apply(&inputs)?;
        if let Some(dtype) = I::First::KNOWN
            && dtype != raw.dtype()
        {
            return Err(Error::dtype(
                "fuse",
                format!("the result is {}, the first input {dtype}", raw.dtype()),
            )
            .dtypes(&[raw.dtype(), dtype])
            .rule("`call` gives a tensor of the first input's element type")
            .hint("`.call_any(&x)` gives what comes out"));
        }
        Ok(wrap(raw))
    }

    /// As [`Fused::call`], whatever the element type of the result is.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let near = fuse!(|a, b| (a - b).abs().lt(a.like(0.5)));
    /// let y = near.call_any((&tensor![1.0, 2.0], &tensor![1.25, 3.0]))?;
    /// assert_eq!(y.to_string(), "[ True False]");
    /// # Ok::<(), civita::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shapes do not broadcast, or an op takes no such element types.
    pub fn call_any<I: FuseInputs<K>>(&self, inputs: I) -> Result<AnyTensor> {
        self.apply(&inputs).map(wrap)
    }

    fn apply<I: FuseInputs<K>>(&self, inputs: &I) -> Result<Raw> {
        Raw::call(&self.0, &inputs.raws())
    }
}

/// The function as nested calls.
impl<const K: usize> std::fmt::Display for Fused<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.program().fmt(f)
    }
}
impl<const K: usize> std::fmt::Debug for Fused<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fused({self})")
    }
}

/// What a function of `K` tensors is called with: a tensor, or a tuple of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a fused function of {K} inputs takes",
    note = "call it with borrowed tensors, as many as it has inputs: `f.call((&a, &b))?`"
)]
pub trait FuseInputs<const K: usize> {
    /// Element type of the first one.
    type First: Dtype;
    /// What they broadcast to.
    type Out: FromRaw;
    #[doc(hidden)]
    fn raws(&self) -> [&Raw; K];
}
impl<T: Dtype, const N: usize> FuseInputs<1> for &Tensor<T, N> {
    type First = T;
    type Out = Tensor<T, N>;
    fn raws(&self) -> [&Raw; 1] {
        [&self.raw]
    }
}
impl<T: Dtype, const N: usize> FuseInputs<1> for (&Tensor<T, N>,) {
    type First = T;
    type Out = Tensor<T, N>;
    fn raws(&self) -> [&Raw; 1] {
        [&self.0.raw]
    }
}

type R2<const A: usize, const B: usize> = <Rank<A> as Broadcast<B>>::Rank;
type R3<const A: usize, const B: usize, const C: usize> = <R2<A, B> as BroadcastWith<C>>::Rank;
type R4<const A: usize, const B: usize, const C: usize, const D: usize> =
    <R3<A, B, C> as BroadcastWith<D>>::Rank;

impl<T: Dtype, U: Dtype, const A: usize, const B: usize> FuseInputs<2>
    for (&Tensor<T, A>, &Tensor<U, B>)
where
    Rank<A>: Broadcast<B>,
{
    type First = T;
    type Out = <Rank<A> as Broadcast<B>>::Out<T>;
    fn raws(&self) -> [&Raw; 2] {
        [&self.0.raw, &self.1.raw]
    }
}
impl<T: Dtype, U: Dtype, V: Dtype, const A: usize, const B: usize, const C: usize> FuseInputs<3>
    for (&Tensor<T, A>, &Tensor<U, B>, &Tensor<V, C>)
where
    Rank<A>: Broadcast<B>,
    R2<A, B>: BroadcastWith<C>,
{
    type First = T;
    type Out = <R2<A, B> as BroadcastWith<C>>::Out<T>;
    fn raws(&self) -> [&Raw; 3] {
        [&self.0.raw, &self.1.raw, &self.2.raw]
    }
}
impl<
    T: Dtype,
    U: Dtype,
    V: Dtype,
    W: Dtype,
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
> FuseInputs<4> for (&Tensor<T, A>, &Tensor<U, B>, &Tensor<V, C>, &Tensor<W, D>)
where
    Rank<A>: Broadcast<B>,
    R2<A, B>: BroadcastWith<C>,
    R3<A, B, C>: BroadcastWith<D>,
{
    type First = T;
    type Out = <R3<A, B, C> as BroadcastWith<D>>::Out<T>;
    fn raws(&self) -> [&Raw; 4] {
        [&self.0.raw, &self.1.raw, &self.2.raw, &self.3.raw]
    }
}
impl<
    T: Dtype,
    U: Dtype,
    V: Dtype,
    W: Dtype,
    X: Dtype,
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
    const E: usize,
> FuseInputs<5>
    for (
        &Tensor<T, A>,
        &Tensor<U, B>,
        &Tensor<V, C>,
        &Tensor<W, D>,
        &Tensor<X, E>,
    )
where
    Rank<A>: Broadcast<B>,
    R2<A, B>: BroadcastWith<C>,
    R3<A, B, C>: BroadcastWith<D>,
    R4<A, B, C, D>: BroadcastWith<E>,
{
    type First = T;
    type Out = <R4<A, B, C, D> as BroadcastWith<E>>::Out<T>;
    fn raws(&self) -> [&Raw; 5] {
        [
            &self.0.raw,
            &self.1.raw,
            &self.2.raw,
            &self.3.raw,
            &self.4.raw,
        ]
    }
}

/// Makes one function of several elementwise ops: it passes over memory once, and makes no tensors in between.
///
/// Its arguments are [`Expr`](crate::Expr)essions: they have the operators and the methods of the elementwise ops, also with
/// numbers of any type on the right, which take the element type of what they meet. What else the closure captures is a
/// constant at the time of the call to `fuse!`. Make the function once, outside of loops.
///
/// ```
/// use civita::prelude::*;
///
/// let f = fuse!(|a, b| (a * b + 1.0).exp());
/// let y = f.call((&tensor![0.0, 1.0], &tensor![2.0, -1.0]))?;
/// assert_eq!(y.to_string(), "[2.71828183 1.        ]");
///
/// let (low, high) = (0.0f32, 4);
/// let clamp = fuse!(|x| x.maximum(low).minimum(high));
/// assert_eq!(clamp.call(&tensor![-1.0, 2.5, 9.0])?.to_string(), "[0.  2.5 4. ]");
/// # Ok::<(), civita::Error>(())
/// ```
#[macro_export]
macro_rules! fuse {
    (|$($input:ident),+ $(,)?| $body:expr) => {
        $crate::Fused::trace(|[$($input),+]| $body)
    };
}
