//! One method for each row of the table of elementwise ops. The class of a row decides the type of its result.

use civita_core::ops::Op;
use civita_core::ops::elementwise_heads;
use civita_core::raw::{Operand, Raw};

use crate::error::OrRaise;
use crate::rank::{Broadcast, Rank, TensorRank, wrap};
use crate::{
    Bits, Boolean, Dtype, Element, FromRaw, Integer, Number, Real, Result, Scalar, TakesLeftScalar,
    TakesScalar, Tensor,
};

/// The right operand of a named method: a tensor of the same element type that broadcasts, or a scalar that the element
/// type takes.
///
/// One element type, so that the compiler finds it (`a.add(&Vector::zeros(3))`); operators promote.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the right operand beside a tensor of `{T}` and rank {N}",
    note = "a named method takes a tensor of the same element type (`a.add(&b)?`), or a scalar",
    note = "operators promote (`&a + &b`); or convert one side with `.cast::<…>()`",
    note = "where the rank is a parameter, `x.over(..).keepdims().mean()?` has the rank of `x`, and `x.mean()` has none"
)]
pub trait Rhs<T, const N: usize> {
    /// What both broadcast to, holding `V`.
    type Out<V: Dtype>: FromRaw;
    #[doc(hidden)]
    fn operand(&self) -> Operand<'_>;
}

/// The two operands of a function of `np`, of which one is a borrowed tensor of `T` and the other as [`Rhs`], or a number on the
/// left.
#[diagnostic::on_unimplemented(
    message = "there is no result of the two operands `{Self}`",
    note = "one is a borrowed tensor, the other a tensor of the same element type or a number: `np::maximum(&x, 0.0)?`",
    note = "operators promote (`&a + &b`); or convert one side with `.cast::<…>()`"
)]
pub trait Operands<T> {
    /// What both broadcast to, holding `V`.
    type Out<V: Dtype>: FromRaw;
    #[doc(hidden)]
    fn apply(&self, op: Op) -> Result<Raw>;
}
impl<T: Dtype, B: Rhs<T, N>, const N: usize> Operands<T> for (&Tensor<T, N>, B) {
    type Out<V: Dtype> = B::Out<V>;
    fn apply(&self, op: Op) -> Result<Raw> {
        binary(op, &self.0.raw, self.1.operand())
    }
}
impl<T: TakesLeftScalar<S>, S: Scalar, const N: usize> Operands<T> for (S, &Tensor<T, N>) {
    type Out<V: Dtype> = Tensor<V, N>;
    fn apply(&self, op: Op) -> Result<Raw> {
        Raw::apply(op, &[self.0.into_scalar().into(), (&self.1.raw).into()])
    }
}

/// The same type. Written so, and not as one type parameter, a tensor of another type is told apart from a scalar that is
/// none: the text above is shown, and not that a tensor is no scalar.
pub trait SameDtype<U>: Dtype {}
impl<T: Dtype> SameDtype<T> for T {}

impl<T: SameDtype<U>, U: Dtype, const N: usize, const M: usize> Rhs<T, N> for &Tensor<U, M>
where
    Rank<N>: Broadcast<M>,
{
    type Out<V: Dtype> = <Rank<N> as Broadcast<M>>::Out<V>;
    #[inline]
    fn operand(&self) -> Operand<'_> {
        Operand::Tensor(&self.raw)
    }
}
impl<T: SameDtype<U>, U: Dtype, const N: usize, const M: usize> Rhs<T, N> for Tensor<U, M>
where
    Rank<N>: Broadcast<M>,
{
    type Out<V: Dtype> = <Rank<N> as Broadcast<M>>::Out<V>;
    #[inline]
    fn operand(&self) -> Operand<'_> {
        Operand::Tensor(&self.raw)
    }
}
impl<T: TakesScalar<S>, S: Scalar, const N: usize> Rhs<T, N> for S {
    type Out<V: Dtype> = Tensor<V, N>;
    #[inline]
    fn operand(&self) -> Operand<'_> {
        Operand::Scalar(self.into_scalar())
    }
}

/// The right operand of a comparison: what [`Rhs`] takes, and beside integers a float.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared with a tensor of `{T}`",
    note = "a comparison takes a tensor of the same element type (`a.lt(&b)?`), or a number",
    note = "convert one side with `.cast::<…>()`"
)]
pub trait ComparesWith<T> {}
impl<T: SameDtype<U>, U: Dtype, const M: usize> ComparesWith<T> for &Tensor<U, M> {}
impl<T: SameDtype<U>, U: Dtype, const M: usize> ComparesWith<T> for Tensor<U, M> {}
impl<T: TakesScalar<S>, S: Scalar> ComparesWith<T> for S {}
macro_rules! floats_compare_with {
    ($($T:ty)*) => { $(impl ComparesWith<$T> for f64 {})* };
}
floats_compare_with!(bool u8 u16 u32 u64 i8 i16 i32 i64);

/// What a tensor of rank `N` and an operand broadcast to, whatever their element types are: so that it is known before they are.
pub trait Beside<const N: usize> {
    /// The result, holding `V`.
    type Out<V: Dtype>: FromRaw;
    #[doc(hidden)]
    fn beside(&self) -> Operand<'_>;
}
impl<U: Dtype, const N: usize, const M: usize> Beside<N> for &Tensor<U, M>
where
    Rank<N>: Broadcast<M>,
{
    type Out<V: Dtype> = <Rank<N> as Broadcast<M>>::Out<V>;
    #[inline]
    fn beside(&self) -> Operand<'_> {
        Operand::Tensor(&self.raw)
    }
}
impl<U: Dtype, const N: usize, const M: usize> Beside<N> for Tensor<U, M>
where
    Rank<N>: Broadcast<M>,
{
    type Out<V: Dtype> = <Rank<N> as Broadcast<M>>::Out<V>;
    #[inline]
    fn beside(&self) -> Operand<'_> {
        Operand::Tensor(&self.raw)
    }
}
impl<S: Scalar, const N: usize> Beside<N> for S {
    type Out<V: Dtype> = Tensor<V, N>;
    #[inline]
    fn beside(&self) -> Operand<'_> {
        Operand::Scalar(self.into_scalar())
    }
}

/// What a condition of rank `N` and two values of rank `M` and `K` broadcast to.
pub type Chosen<U, const N: usize, const M: usize, const K: usize> =
    <<Rank<N> as Broadcast<M>>::Rank as BroadcastWith<K>>::Out<U>;

/// The two values of a choice by a condition of rank `N`: tensors of one element type, or numbers.
#[diagnostic::on_unimplemented(
    message = "a condition of rank {N} cannot choose between the two values `{Self}`",
    note = "the values are tensors of one element type, or numbers that it takes: `c.choose(&a, 0.0)?`",
    note = "convert one side with `.cast::<…>()`"
)]
pub trait Choices<const N: usize> {
    /// What all three broadcast to.
    type Out: FromRaw;
    #[doc(hidden)]
    fn choose(&self, op: Op, condition: &Raw) -> Result<Raw>;
}
/// Tensors are borrowed or owned, as what an operator returns is.
macro_rules! choices {
    (tensors $(($A:ty, $B:ty))*) => { $(
        impl<U: Dtype, const N: usize, const M: usize, const K: usize> Choices<N> for ($A, $B)
        where
            Rank<N>: Broadcast<M>,
            <Rank<N> as Broadcast<M>>::Rank: BroadcastWith<K>,
        {
            type Out = Chosen<U, N, M, K>;
            fn choose(&self, op: Op, condition: &Raw) -> Result<Raw> {
                ternary(op, condition, (&self.0.raw).into(), (&self.1.raw).into())
            }
        }
    )* };
    (numbers $($A:ty)*) => { $(
        impl<U: TakesScalar<S>, S: Scalar, const N: usize, const M: usize> Choices<N> for ($A, S)
        where
            Rank<N>: Broadcast<M>,
        {
            type Out = <Rank<N> as Broadcast<M>>::Out<U>;
            fn choose(&self, op: Op, condition: &Raw) -> Result<Raw> {
                ternary(op, condition, (&self.0.raw).into(), self.1.into_scalar().into())
            }
        }
        impl<U: TakesScalar<S>, S: Scalar, const N: usize, const M: usize> Choices<N> for (S, $A)
        where
            Rank<N>: Broadcast<M>,
        {
            type Out = <Rank<N> as Broadcast<M>>::Out<U>;
            fn choose(&self, op: Op, condition: &Raw) -> Result<Raw> {
                ternary(op, condition, self.0.into_scalar().into(), (&self.1.raw).into())
            }
        }
    )* };
}
choices!(tensors
    (&Tensor<U, M>, &Tensor<U, K>)
    (&Tensor<U, M>, Tensor<U, K>)
    (Tensor<U, M>, &Tensor<U, K>)
    (Tensor<U, M>, Tensor<U, K>)
);
choices!(numbers &Tensor<U, M> Tensor<U, M>);
impl<S: Element, const N: usize> Choices<N> for (S, S) {
    type Out = Tensor<S, N>;
    fn choose(&self, op: Op, condition: &Raw) -> Result<Raw> {
        let a = Raw::scalar(self.0.into_scalar(), S::DTYPE)?;
        ternary(op, condition, (&a).into(), self.1.into_scalar().into())
    }
}

/// The second and the third operand of a function of three tensors, beside a tensor of `T` and rank `N`: borrowed tensors of the
/// same element type, or numbers that it takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the other two operands beside a tensor of `{T}` and rank {N}",
    note = "each is a borrowed tensor of the same element type, or a number: `x.clamp(0.0, &high)?`",
    note = "convert one side with `.cast::<…>()`"
)]
pub trait TwoRhs<T, const N: usize> {
    /// What all three broadcast to, holding `V`.
    type Out<V: Dtype>: FromRaw;
    #[doc(hidden)]
    fn operands(&self) -> (Operand<'_>, Operand<'_>);
}
impl<T, U: Dtype, V: Dtype, const N: usize, const M: usize, const K: usize> TwoRhs<T, N>
    for (&Tensor<U, M>, &Tensor<V, K>)
where
    T: SameDtype<U> + SameDtype<V>,
    Rank<N>: Broadcast<M>,
    <Rank<N> as Broadcast<M>>::Rank: BroadcastWith<K>,
{
    type Out<W: Dtype> = Chosen<W, N, M, K>;
    fn operands(&self) -> (Operand<'_>, Operand<'_>) {
        ((&self.0.raw).into(), (&self.1.raw).into())
    }
}
impl<T, U: Dtype, S: Scalar, const N: usize, const M: usize> TwoRhs<T, N> for (&Tensor<U, M>, S)
where
    T: SameDtype<U> + TakesScalar<S>,
    Rank<N>: Broadcast<M>,
{
    type Out<W: Dtype> = <Rank<N> as Broadcast<M>>::Out<W>;
    fn operands(&self) -> (Operand<'_>, Operand<'_>) {
        ((&self.0.raw).into(), self.1.into_scalar().into())
    }
}
impl<T, U: Dtype, S: Scalar, const N: usize, const M: usize> TwoRhs<T, N> for (S, &Tensor<U, M>)
where
    T: SameDtype<U> + TakesScalar<S>,
    Rank<N>: Broadcast<M>,
{
    type Out<W: Dtype> = <Rank<N> as Broadcast<M>>::Out<W>;
    fn operands(&self) -> (Operand<'_>, Operand<'_>) {
        (self.0.into_scalar().into(), (&self.1.raw).into())
    }
}
impl<T, R: Scalar, S: Scalar, const N: usize> TwoRhs<T, N> for (R, S)
where
    T: TakesScalar<R> + TakesScalar<S>,
{
    type Out<W: Dtype> = Tensor<W, N>;
    fn operands(&self) -> (Operand<'_>, Operand<'_>) {
        (self.0.into_scalar().into(), self.1.into_scalar().into())
    }
}

/// [`Broadcast`] of a rank that is a type already.
pub trait BroadcastWith<const K: usize>: TensorRank {
    /// The rank of the result.
    type Rank: TensorRank;
    /// The result.
    type Out<U: Dtype>: FromRaw;
}
impl<const N: usize, const K: usize> BroadcastWith<K> for Rank<N>
where
    Rank<N>: Broadcast<K>,
{
    type Rank = <Rank<N> as Broadcast<K>>::Rank;
    type Out<U: Dtype> = <Rank<N> as Broadcast<K>>::Out<U>;
}

#[track_caller]
fn unary(op: Op, x: &Raw) -> Raw {
    Raw::apply(op, &[x.into()]).or_raise()
}

fn binary(op: Op, a: &Raw, b: Operand<'_>) -> Result<Raw> {
    Raw::apply(op, &[a.into(), b])
}

fn ternary(op: Op, c: &Raw, a: Operand<'_>, b: Operand<'_>) -> Result<Raw> {
    Raw::apply(op, &[c.into(), a, b])
}

/// The documentation that a row carries, with its example, which is run.
macro_rules! example {
    ($example:literal, $prints:literal) => {
        concat!(
            "\n```\nuse civita::prelude::*;\nassert_eq!(format!(\"{}\", ",
            $example,
            "), \"",
            $prints,
            "\");\n# Ok::<(), civita::Error>(())\n```"
        )
    };
}
pub(crate) use example;

/// Hands `$callback` the type of a result and the bound on the operand that a signature class stands for.
macro_rules! by_class {
    (Ring $callback:ident $args:tt) => {
        $callback! { $args [T] [] }
    };
    (Ordered $callback:ident $args:tt) => {
        $callback! { $args [T] [] }
    };
    (Subtractive $callback:ident $args:tt) => {
        $callback! { $args [T] [Number] }
    };
    (Numeric $callback:ident $args:tt) => {
        $callback! { $args [T::Number] [] }
    };
    (RealSame $callback:ident $args:tt) => {
        $callback! { $args [T] [Real] }
    };
    (RealPair $callback:ident $args:tt) => {
        $callback! { $args [T::Number] [Real] }
    };
    (ToReal $callback:ident $args:tt) => {
        $callback! { $args [T::Real] [] }
    };
    (ToFloat $callback:ident $args:tt) => {
        $callback! { $args [T::Float] [] }
    };
    (RealFloat $callback:ident $args:tt) => {
        $callback! { $args [T::Float] [Real] }
    };
    (Native $callback:ident $args:tt) => {
        $callback! { $args [crate::Any] [Real] }
    };
    (Double $callback:ident $args:tt) => {
        $callback! { $args [T::Double] [] }
    };
    (RealToBool $callback:ident $args:tt) => {
        $callback! { $args [bool] [Real] }
    };
    (Whole $callback:ident $args:tt) => {
        $callback! { $args [T::Number] [Bits] }
    };
    (Integer $callback:ident $args:tt) => {
        $callback! { $args [T] [Integer] }
    };
    (TrueDiv $callback:ident $args:tt) => {
        $callback! { $args [T::Mean] [] }
    };
    (ToBool $callback:ident $args:tt) => {
        $callback! { $args [bool] [] }
    };
    (Compare $callback:ident $args:tt) => {
        $callback! { @compare $args }
    };
    (Bits $callback:ident $args:tt) => {
        $callback! { $args [T] [Bits] }
    };
}
pub(crate) use by_class;

macro_rules! unary {
    ([$Op:ident $name:ident $($doc:tt)*] [$out:ty] [$($bound:ident)?]) => {
        $($doc)*
        #[allow(clippy::should_implement_trait)]
        #[track_caller]
        pub fn $name(&self) -> Tensor<$out, N>
        where
            $(T: $bound)?
        {
            wrap(unary(Op::$Op, &self.raw))
        }
    };
}

macro_rules! binary {
    ([$Op:ident $name:ident $b:ident $($doc:tt)*] [$out:ty] [$($bound:ident)?]) => {
        $($doc)*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or an element has no result.
        #[allow(clippy::should_implement_trait)]
        pub fn $name<B: Rhs<T, N>>(&self, $b: B) -> Result<B::Out<$out>>
        where
            $(T: $bound)?
        {
            binary(Op::$Op, &self.raw, $b.operand()).map(wrap)
        }
    };
    (@compare [$Op:ident $name:ident $b:ident $($doc:tt)*]) => {
        $($doc)*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or an element has no result.
        #[allow(clippy::should_implement_trait)]
        pub fn $name<B: ComparesWith<T> + Beside<N>>(&self, $b: B) -> Result<B::Out<bool>> {
            binary(Op::$Op, &self.raw, $b.beside()).map(wrap)
        }
    };
}

macro_rules! ternary {
    ($row:tt RealFloat) => {
        ternary! { @broadcast $row [T::Float] [Real] }
    };
    ($row:tt Ordered) => {
        ternary! { @broadcast $row [T] [] }
    };
    (@broadcast [$Op:ident $name:ident $a:ident $b:ident $($doc:tt)*] [$out:ty] [$($bound:ident)?]) => {
        $($doc)*
        ///
        /// Each of the two is a borrowed tensor or a number.
        ///
        /// # Errors
        /// When the shapes do not broadcast.
        pub fn $name<A, B>(&self, $a: A, $b: B) -> Result<<(A, B) as TwoRhs<T, N>>::Out<$out>>
        where
            $(T: $bound,)?
            (A, B): TwoRhs<T, N>,
        {
            let both = ($a, $b);
            let (a, b) = both.operands();
            ternary(Op::$Op, &self.raw, a, b).map(wrap)
        }
    };
    ([$Op:ident $name:ident $a:ident $b:ident $($doc:tt)*] Select) => {
        $($doc)*
        ///
        /// Each of the two is a tensor or a number.
        ///
        /// # Errors
        /// When the shapes do not broadcast.
        pub fn $name<A, B>(&self, $a: A, $b: B) -> Result<<(A, B) as Choices<N>>::Out>
        where
            T: Boolean,
            (A, B): Choices<N>,
        {
            ($a, $b).choose(Op::$Op, &self.raw).map(wrap)
        }
    };
}

macro_rules! methods {
    (unary { $($(#[doc = $doc1:literal])* $Op1:ident $numpy1:ident $name1:ident($x:ident): $class1:ident $example1:literal $prints1:literal;)* }
    binary { $($(#[doc = $doc2:literal])* $Op2:ident $numpy2:ident $name2:ident($a:ident, $b:ident): $class2:ident $example2:literal $prints2:literal;)* }
    ternary { $($(#[doc = $doc3:literal])* $Op3:ident $numpy3:ident $name3:ident($c:ident, $p:ident, $q:ident): $class3:ident $example3:literal $prints3:literal;)* }) => {
        /// One method for each row of the table of elementwise ops.
        ///
        /// Those of one tensor panic where there is no result (memory, or a dtype of [`Any`](crate::Any) that the
        /// op refuses); [`catch`](crate::catch) makes that an error.
        impl<T: Dtype, const N: usize> Tensor<T, N> {
            $(by_class! { $class1 unary [$Op1 $name1 $(#[doc = $doc1])* #[doc = example!($example1, $prints1)]] })*
            $(by_class! { $class2 binary [$Op2 $name2 $b $(#[doc = $doc2])* #[doc = example!($example2, $prints2)]] })*
            $(ternary! { [$Op3 $name3 $p $q $(#[doc = $doc3])* #[doc = example!($example3, $prints3)]] $class3 })*
        }
    };
}
elementwise_heads!(methods);
