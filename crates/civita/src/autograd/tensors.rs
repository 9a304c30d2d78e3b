//! What functions take and return: a tensor, a tuple of tensors, a vector of tensors of one type.

use std::vec::IntoIter;

use civita_core::raw::Raw;

use crate::rank::{
    ExpandRank, Expanded, JacobianOf, JacobianRank, Rank, ReduceRank, Reduced, wrap,
};
use crate::{Dtype, Tensor};

/// Tensors as values, which functions take and return: a [`Tensor`], a tuple of up to six, which may be nested, or a `Vec`
/// of tensors of one type. In a tuple a `Vec` stands last, for it takes all that is left:
///
/// ```compile_fail
/// use civita::prelude::*;
///
/// let x = tensor![1.0, 2.0];
/// let (many, one) = autograd::vmap(|x: Tensor<f64, 0>| Ok((vec![x.sin(), x.cos()], x.tan())), &x)?;
/// # let (many, one): (Vec<Vector<f64>>, Vector<f64>) = (many, one);
/// # Ok::<(), civita::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor, tuple of tensors or vector of tensors",
    note = "a function that is transformed returns `Ok(tensor)` or `Ok((a, b))`"
)]
pub trait Tensors: Sized + 'static {
    /// Whether it takes all tensors that are left.
    #[doc(hidden)]
    const OPEN: bool = false;
    #[doc(hidden)]
    fn push_raws(self, all: &mut Vec<Raw>);
    #[doc(hidden)]
    fn pull_raws(all: &mut IntoIter<Raw>) -> Self;
    #[doc(hidden)]
    fn lend_raws<'a>(&'a mut self, all: &mut Vec<&'a mut Raw>);
    #[doc(hidden)]
    fn into_raws(self) -> Vec<Raw> {
        let mut all = Vec::new();
        self.push_raws(&mut all);
        all
    }
    #[doc(hidden)]
    fn from_raws(all: Vec<Raw>) -> Self {
        Self::pull_raws(&mut all.into_iter())
    }
}
impl<T: Dtype, const N: usize> Tensors for Tensor<T, N> {
    fn push_raws(self, all: &mut Vec<Raw>) {
        all.push(self.into_raw());
    }
    fn pull_raws(all: &mut IntoIter<Raw>) -> Self {
        match all.next() {
            Some(raw) => wrap(raw),
            None => unreachable!("the engine returns as many tensors as the function did"),
        }
    }
    fn lend_raws<'a>(&'a mut self, all: &mut Vec<&'a mut Raw>) {
        all.push(&mut self.raw);
    }
}
/// All tensors that are left.
impl<T: Dtype, const N: usize> Tensors for Vec<Tensor<T, N>> {
    const OPEN: bool = true;
    fn push_raws(self, all: &mut Vec<Raw>) {
        all.extend(self.into_iter().map(Tensor::into_raw));
    }
    fn pull_raws(all: &mut IntoIter<Raw>) -> Self {
        all.map(wrap).collect()
    }
    fn lend_raws<'a>(&'a mut self, all: &mut Vec<&'a mut Raw>) {
        all.extend(self.iter_mut().map(|x| &mut x.raw));
    }
}

/// Tensors as arguments: `&a`, `(&a, &b)` up to six, or a slice of tensors of one type, such as
/// [`AnyTensor`](crate::AnyTensor).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tensor, tuple of tensors or slice of tensors",
    note = "inputs are borrowed: `&a`, `(&a, &b)`, `&list[..]`"
)]
pub trait Inputs {
    /// The same as values: `Tensor`, a tuple of tensors, or a vector of them.
    type Values: Tensors;
    #[doc(hidden)]
    fn raws(&self) -> Vec<Raw>;
}
impl<T: Dtype, const N: usize> Inputs for &Tensor<T, N> {
    type Values = Tensor<T, N>;
    fn raws(&self) -> Vec<Raw> {
        vec![self.raw.clone()]
    }
}
impl<T: Dtype, const N: usize> Inputs for &[&Tensor<T, N>] {
    type Values = Vec<Tensor<T, N>>;
    fn raws(&self) -> Vec<Raw> {
        self.iter().map(|x| x.raw.clone()).collect()
    }
}
impl<T: Dtype, const N: usize> Inputs for &[Tensor<T, N>] {
    type Values = Vec<Tensor<T, N>>;
    fn raws(&self) -> Vec<Raw> {
        self.iter().map(|x| x.raw.clone()).collect()
    }
}

/// Inputs that have a batch as an axis, as [`vmap`](super::vmap()) takes them: the function sees one axis less.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no axis to map over",
    note = "inputs are tensors of rank 1 to 8 or `DYN`, in a tuple or a slice; what all samples share is captured by the closure"
)]
pub trait Batches: Inputs {
    /// What the function sees of them.
    type Samples: Tensors;
}
impl<T: Dtype, const N: usize> Batches for &Tensor<T, N>
where
    Rank<N>: ReduceRank,
{
    type Samples = Reduced<T, N>;
}
impl<T: Dtype, const N: usize> Batches for &[Tensor<T, N>]
where
    Rank<N>: ReduceRank,
    Vec<Reduced<T, N>>: Tensors,
{
    type Samples = Vec<Reduced<T, N>>;
}

/// Results of a function under [`vmap`](super::vmap()): outside they have one axis more.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stacked to a batch",
    note = "results are tensors of rank 0 to 7 or `DYN`, in a tuple or a vector"
)]
pub trait Stackable: Tensors {
    /// A batch of them.
    type Batch: Tensors;
}
impl<T: Dtype, const N: usize> Stackable for Tensor<T, N>
where
    Rank<N>: ExpandRank,
{
    type Batch = Expanded<T, N>;
}
impl<T: Dtype, const N: usize> Stackable for Vec<Tensor<T, N>>
where
    Rank<N>: ExpandRank,
    Vec<Expanded<T, N>>: Tensors,
{
    type Batch = Vec<Expanded<T, N>>;
}

/// Inputs of a Jacobian whose output has rank `M`.
#[diagnostic::on_unimplemented(
    message = "the Jacobian of an output of rank {M} with respect to `{Self}` has no static rank",
    note = "it has the axes of the output and of the input, 8 at most; use `DYN` ranks beyond"
)]
pub trait JacobianInputs<const M: usize>: Inputs {
    /// For each input a tensor with the axes of the output followed by those of the input.
    type Jacobian: Tensors;
}
impl<T: Dtype, const N: usize, const M: usize> JacobianInputs<M> for &Tensor<T, N>
where
    Rank<M>: JacobianRank<N>,
{
    type Jacobian = JacobianOf<T, M, N>;
}
impl<T: Dtype, const N: usize, const M: usize> JacobianInputs<M> for &[Tensor<T, N>]
where
    Rank<M>: JacobianRank<N>,
    Vec<JacobianOf<T, M, N>>: Tensors,
{
    type Jacobian = Vec<JacobianOf<T, M, N>>;
}

/// Whether the last part of a tuple takes all that is left; no other may.
const fn ends_open(parts: &[bool]) -> bool {
    let mut i = 0;
    while i + 1 < parts.len() {
        assert!(
            !parts[i],
            "a `Vec` of tensors stands last in a tuple: it takes all tensors that are left"
        );
        i += 1;
    }
    parts[i]
}

macro_rules! tuples {
    ($($($X:ident $T:ident $N:ident $i:tt)*;)*) => { $(
        impl<$($X: Tensors),*> Tensors for ($($X,)*) {
            const OPEN: bool = ends_open(&[$($X::OPEN),*]);
            fn push_raws(self, all: &mut Vec<Raw>) {
                const { _ = Self::OPEN };
                $(self.$i.push_raws(all);)*
            }
            fn pull_raws(all: &mut IntoIter<Raw>) -> Self {
                ($($X::pull_raws(all),)*)
            }
            fn lend_raws<'a>(&'a mut self, all: &mut Vec<&'a mut Raw>) {
                $(self.$i.lend_raws(all);)*
            }
        }
        impl<$($X: Stackable),*> Stackable for ($($X,)*) {
            type Batch = ($($X::Batch,)*);
        }
        impl<$($T: Dtype, const $N: usize),*> Inputs for ($(&Tensor<$T, $N>,)*) {
            type Values = ($(Tensor<$T, $N>,)*);
            fn raws(&self) -> Vec<Raw> {
                vec![$(self.$i.raw.clone()),*]
            }
        }
        impl<$($T: Dtype, const $N: usize),*> Batches for ($(&Tensor<$T, $N>,)*)
        where
            $(Rank<$N>: ReduceRank,)*
        {
            type Samples = ($(Reduced<$T, $N>,)*);
        }
        impl<$($T: Dtype, const $N: usize,)* const M: usize> JacobianInputs<M> for ($(&Tensor<$T, $N>,)*)
        where
            $(Rank<M>: JacobianRank<$N>,)*
        {
            type Jacobian = ($(JacobianOf<$T, M, $N>,)*);
        }
    )* };
}
tuples! {
    X0 T0 N0 0;
    X0 T0 N0 0 X1 T1 N1 1;
    X0 T0 N0 0 X1 T1 N1 1 X2 T2 N2 2;
    X0 T0 N0 0 X1 T1 N1 1 X2 T2 N2 2 X3 T3 N3 3;
    X0 T0 N0 0 X1 T1 N1 1 X2 T2 N2 2 X3 T3 N3 3 X4 T4 N4 4;
    X0 T0 N0 0 X1 T1 N1 1 X2 T2 N2 2 X3 T3 N3 3 X4 T4 N4 4 X5 T5 N5 5;
}
