//! Operators: `+ - * / % & | ^`, unary `- !`, and `+=` and its like. They broadcast and promote; where that is not
//! possible they panic with the [`Error`](crate::Error), which [`catch`](crate::catch) returns.

use std::ops;

use civita_core::error::{Error, shape_text};
use civita_core::ops::Op;
use civita_core::raw::{Operand, Raw};
use half::{bf16, f16};

use crate::error::OrRaise;
use crate::rank::wrap;
use crate::{
    Bits, Broadcast, Broadcasted, Dtype, Number, Promote, Promoted, Rank, Real, Scalar, Takes, Tensor, c64, c128,
};

#[track_caller]
fn apply(op: Op, a: Operand<'_>, b: Operand<'_>) -> Raw {
    Raw::apply(op, &[a, b]).or_raise()
}

/// `a op= b`: the result must have the shape of `a`.
#[track_caller]
fn apply_assign(op: Op, a: &mut Raw, b: Operand<'_>) {
    let result = Raw::apply(op, &[(&*a).into(), b]).or_raise();
    if result.shape() != a.shape() {
        let (from, to) = (shape_text(result.shape()), shape_text(a.shape()));
        Err(Error::shape(op.row().name, format!("the result of shape {from} does not fit into the operand of shape {to}"))
            .shapes(&[result.shape(), a.shape()])
            .rule("what is assigned to keeps its shape; only the right operand is broadcast"))
        .or_raise()
    }
    *a = result;
}

/// `$out` is what the operator makes of the promoted element type `P`, `$bound` what it asks of it.
macro_rules! operators {
    ($($Trait:ident $method:ident $Assign:ident $assign:ident $Op:ident: $out:ty, [$($bound:tt)*];)*) => { $(
        operators!(@form $Trait $method $Op $out, [$($bound)*], &Tensor<T, N>, &Tensor<U, M>);
        operators!(@form $Trait $method $Op $out, [$($bound)*], &Tensor<T, N>, Tensor<U, M>);
        operators!(@form $Trait $method $Op $out, [$($bound)*], Tensor<T, N>, &Tensor<U, M>);
        operators!(@form $Trait $method $Op $out, [$($bound)*], Tensor<T, N>, Tensor<U, M>);
        operators!(@scalar $Trait $method $Op $out, [$($bound)*], &Tensor<P, N>);
        operators!(@scalar $Trait $method $Op $out, [$($bound)*], Tensor<P, N>);
        operators!(@left $Trait $method $Op $out, [$($bound)*],
            bool u8 u16 u32 u64 i8 i16 i32 i64 f16 bf16 f32 f64 c64 c128);
        operators!(@assign $Assign $assign $Op [$($bound)*] $out, &Tensor<U, M>);
        operators!(@assign $Assign $assign $Op [$($bound)*] $out, Tensor<U, M>);
        impl<P: Takes<S> $($bound)*, S: Scalar, const N: usize> ops::$Assign<S> for Tensor<P, N>
        where
            P: Dtype<$out = P>,
        {
            #[track_caller]
            fn $assign(&mut self, rhs: S) {
                apply_assign(Op::$Op, &mut self.raw, rhs.into_scalar().into());
            }
        }
    )* };
}
