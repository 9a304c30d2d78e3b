//! Operators: `+ - * / % & | ^ << >>`, unary `- !`, and `+=` and its like. They broadcast and promote; where that is not
//! possible they panic with the [`Error`](crate::Error), which [`catch`](crate::catch) returns.

use std::ops;

use civita_core::error::{Error, shape_text};
use civita_core::float8::{f8e4m3, f8e5m2};
use civita_core::ops::Op;
use civita_core::raw::{Operand, Raw, apply_in_place};
use half::{bf16, f16};

use crate::error::OrRaise;
use crate::rank::{Broadcast, Broadcasted, Rank, wrap};
use crate::{
    Bits, Dtype, Number, Promote, Promoted, Real, Scalar, TakesLeftScalar, TakesScalar, Tensor,
    c64, c128,
};

#[track_caller]
fn apply(op: Op, a: Operand<'_>, b: Operand<'_>) -> Raw {
    Raw::apply(op, &[a, b]).or_raise()
}

/// `a op= b`: the result must have the shape of `a`.
#[track_caller]
fn apply_assign(op: Op, a: &mut Raw, b: Operand<'_>) {
    // a variable is no more written by an operator than by an assignment; inside `no_grad` it stays one
    let is_variable = a.node().is_some_and(|node| node.is_leaf());
    if !is_variable && apply_in_place(op, a, b).or_raise() {
        return;
    }
    let result = Raw::apply(op, &[(&*a).into(), b]).or_raise();
    if result.shape() != a.shape() {
        let (from, to) = (shape_text(result.shape()), shape_text(a.shape()));
        Err(Error::shape(
            op.row().name,
            format!("the result of shape {from} does not fit into the operand of shape {to}"),
        )
        .shapes(&[result.shape(), a.shape()])
        .rule("what is assigned to keeps its shape; only the right operand is broadcast"))
        .or_raise()
    }
    if is_variable {
        return a.assign(&result).or_raise();
    }
    *a = result;
}

type Same<P> = P;
type MeanOf<P> = <P as Dtype>::Mean;
type NumberOf<P> = <P as Dtype>::Number;

/// The documentation shows one form of each, the one that takes borrowed tensors; owned ones and numbers on the left fit as
/// well, and a page that listed them all would be a megabyte.
///
/// `$Out` is what the operator makes of an element type, `$Bound` what it asks of it, `$fits` what it takes for the
/// result to have the type of the left operand.
macro_rules! operators {
    ($($Trait:ident $method:ident, $Assign:ident $assign:ident, $Op:ident: $Out:ident, $Bound:ident, [$($fits:tt)*];)*) => { $(
        operators!(@form [] $Trait $method $Op $Out $Bound, &Tensor<T, N>, &Tensor<U, M>);
        operators!(@form [#[doc(hidden)]] $Trait $method $Op $Out $Bound, &Tensor<T, N>, Tensor<U, M>);
        operators!(@form [#[doc(hidden)]] $Trait $method $Op $Out $Bound, Tensor<T, N>, &Tensor<U, M>);
        operators!(@form [#[doc(hidden)]] $Trait $method $Op $Out $Bound, Tensor<T, N>, Tensor<U, M>);
        operators!(@scalar [] $Trait $method $Op $Out $Bound, &Tensor<T, N>);
        operators!(@scalar [#[doc(hidden)]] $Trait $method $Op $Out $Bound, Tensor<T, N>);
        operators!(@left $Trait $method $Op $Out $Bound, bool u8 u16 u32 u64 i8 i16 i32 i64 f8e4m3 f8e5m2 f16 bf16 f32 f64 c64 c128);
        operators!(@assign [] $Assign $assign $Op $Bound, [$($fits)*], &Tensor<U, M>);
        operators!(@assign [#[doc(hidden)]] $Assign $assign $Op $Bound, [$($fits)*], Tensor<U, M>);
        impl<T: TakesScalar<S> + $Bound + Dtype<$($fits)*>, S: Scalar, const N: usize> ops::$Assign<S> for Tensor<T, N> {
            #[track_caller]
            fn $assign(&mut self, rhs: S) {
                apply_assign(Op::$Op, &mut self.raw, rhs.into_scalar().into());
            }
        }
    )* };
    (@form [$($hidden:tt)*] $Trait:ident $method:ident $Op:ident $Out:ident $Bound:ident, $L:ty, $R:ty) => {
        $($hidden)*
        impl<T: Promote<U>, U: Dtype, const N: usize, const M: usize> ops::$Trait<$R> for $L
        where
            Rank<N>: Broadcast<M>,
            Promoted<T, U>: $Bound,
        {
            type Output = Broadcasted<$Out<Promoted<T, U>>, N, M>;
            #[inline]
            #[track_caller]
            fn $method(self, rhs: $R) -> Self::Output {
                wrap(apply(Op::$Op, (&self.raw).into(), (&rhs.raw).into()))
            }
        }
    };
    (@scalar [$($hidden:tt)*] $Trait:ident $method:ident $Op:ident $Out:ident $Bound:ident, $L:ty) => {
        $($hidden)*
        impl<T: TakesScalar<S> + $Bound, S: Scalar, const N: usize> ops::$Trait<S> for $L {
            type Output = Tensor<$Out<T>, N>;
            #[inline]
            #[track_caller]
            fn $method(self, rhs: S) -> Self::Output {
                wrap(apply(Op::$Op, (&self.raw).into(), rhs.into_scalar().into()))
            }
        }
    };
    (@left $Trait:ident $method:ident $Op:ident $Out:ident $Bound:ident, $($S:ty)*) => { $(
        operators!(@left_of $S, $Trait $method $Op $Out $Bound, &Tensor<T, N>);
        operators!(@left_of $S, $Trait $method $Op $Out $Bound, Tensor<T, N>);
    )* };
    (@left_of $S:ty, $Trait:ident $method:ident $Op:ident $Out:ident $Bound:ident, $R:ty) => {
        #[doc(hidden)]
        impl<T: TakesLeftScalar<$S> + $Bound, const N: usize> ops::$Trait<$R> for $S {
            type Output = Tensor<$Out<T>, N>;
            #[inline]
            #[track_caller]
            fn $method(self, rhs: $R) -> Self::Output {
                wrap(apply(Op::$Op, self.into_scalar().into(), (&rhs.raw).into()))
            }
        }
    };
    (@assign [$($hidden:tt)*] $Assign:ident $assign:ident $Op:ident $Bound:ident, [$($fits:tt)*], $R:ty) => {
        $($hidden)*
        impl<T: Promote<U, Out = T> + $Bound + Dtype<$($fits)*>, U: Dtype, const N: usize, const M: usize>
            ops::$Assign<$R> for Tensor<T, N>
        where
            Rank<N>: Broadcast<M>,
        {
            #[track_caller]
            fn $assign(&mut self, rhs: $R) {
                apply_assign(Op::$Op, &mut self.raw, (&rhs.raw).into());
            }
        }
    };
}
operators! {
    Add add, AddAssign add_assign, Add: Same, Dtype, [];
    Sub sub, SubAssign sub_assign, Sub: Same, Number, [];
    Mul mul, MulAssign mul_assign, Mul: Same, Dtype, [];
    Div div, DivAssign div_assign, Div: MeanOf, Dtype, [Mean = T];
    Rem rem, RemAssign rem_assign, Remainder: NumberOf, Real, [Number = T];
    BitAnd bitand, BitAndAssign bitand_assign, BitwiseAnd: Same, Bits, [];
    BitOr bitor, BitOrAssign bitor_assign, BitwiseOr: Same, Bits, [];
    BitXor bitxor, BitXorAssign bitxor_assign, BitwiseXor: Same, Bits, [];
    Shl shl, ShlAssign shl_assign, LeftShift: NumberOf, Bits, [Number = T];
    Shr shr, ShrAssign shr_assign, RightShift: NumberOf, Bits, [Number = T];
}

/// A complex number beside a tensor of real numbers makes it complex. Of `f32` it is a [`c64`], of all others a [`c128`].
macro_rules! complex {
    ($($Trait:ident $method:ident $Op:ident;)*) => { $(
        complex!(@of $Trait $method $Op, c64: f32);
        complex!(@of $Trait $method $Op, c128: f64 bool u8 u16 u32 u64 i8 i16 i32 i64);
    )* };
    (@of $Trait:ident $method:ident $Op:ident, $C:ident: $($T:ty)*) => { $(
        complex!(@form $Trait $method $Op, $C, Tensor<$T, N>);
        complex!(@form $Trait $method $Op, $C, &Tensor<$T, N>);
    )* };
    (@form $Trait:ident $method:ident $Op:ident, $C:ident, $X:ty) => {
        #[doc(hidden)]
        impl<const N: usize> ops::$Trait<$C> for $X {
            type Output = Tensor<$C, N>;
            #[track_caller]
            fn $method(self, rhs: $C) -> Self::Output {
                wrap(apply(Op::$Op, (&self.raw).into(), rhs.into_scalar().into()))
            }
        }
        #[doc(hidden)]
        impl<const N: usize> ops::$Trait<$X> for $C {
            type Output = Tensor<$C, N>;
            #[track_caller]
            fn $method(self, rhs: $X) -> Self::Output {
                wrap(apply(Op::$Op, self.into_scalar().into(), (&rhs.raw).into()))
            }
        }
    };
}
complex! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
}

/// A float beside a tensor of integers makes it `f64`, as in NumPy.
macro_rules! float_beside_integers {
    ($($Trait:ident $method:ident $Op:ident;)*) => { $(
        float_beside_integers!(@of $Trait $method $Op, bool u8 u16 u32 u64 i8 i16 i32 i64);
    )* };
    (@of $Trait:ident $method:ident $Op:ident, $($T:ty)*) => { $(
        float_beside_integers!(@form $Trait $method $Op, Tensor<$T, N>);
        float_beside_integers!(@form $Trait $method $Op, &Tensor<$T, N>);
    )* };
    (@form $Trait:ident $method:ident $Op:ident, $X:ty) => {
        #[doc(hidden)]
        impl<const N: usize> ops::$Trait<f64> for $X {
            type Output = Tensor<f64, N>;
            #[track_caller]
            fn $method(self, rhs: f64) -> Self::Output {
                wrap(apply(Op::$Op, (&self.raw).into(), rhs.into_scalar().into()))
            }
        }
        #[doc(hidden)]
        impl<const N: usize> ops::$Trait<$X> for f64 {
            type Output = Tensor<f64, N>;
            #[track_caller]
            fn $method(self, rhs: $X) -> Self::Output {
                wrap(apply(Op::$Op, self.into_scalar().into(), (&rhs.raw).into()))
            }
        }
    };
}
float_beside_integers! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
    Rem rem Remainder;
}

macro_rules! unary {
    ($($Trait:ident $method:ident $Op:ident $Bound:ident $X:ty;)*) => { $(
        impl<T: $Bound, const N: usize> ops::$Trait for $X {
            type Output = Tensor<T, N>;
            #[inline]
            #[track_caller]
            fn $method(self) -> Tensor<T, N> {
                wrap(Raw::apply(Op::$Op, &[(&self.raw).into()]).or_raise())
            }
        }
    )* };
}
unary! {
    Neg neg Neg Number &Tensor<T, N>;
    Neg neg Neg Number Tensor<T, N>;
    Not not Invert Bits &Tensor<T, N>;
    Not not Invert Bits Tensor<T, N>;
}
