//! The rows of the engine's table of functions, typed.
//!
//! A row's kinds of parameters become arguments, the options behind its `;` a struct, and its rule for ranks the type of
//! the result. Where that type depends on the types of arguments (`reshape`, `squeeze`), a row says `ByArgument`, or
//! `Dynamic` where the rank depends on values of Python's (`tile`), and the function stands in `by_hand`.

use std::ops::RangeFull;

use civita_core::dtype::DType;
use civita_core::function_rows;
use civita_core::functions::pad::{Edges, OptReflectType, OptWidths, Widths};
use civita_core::functions::rearrange::Shifts;
use civita_core::functions::{self, Out, *};
use civita_core::raw::Raw;

use crate::rank::{
    AxisArg, Broadcast, ExpandRank, Expanded, PerAxis, Rank, ReduceRank, TensorRank, typed,
};
use crate::{AnyNumber, DYN, Dtype, FromRaw, Integer, Parts, Result, SliceInt, Tensor, Vector};

/// The tensor that a rule makes of the ranks of the first two tensors.
pub trait RankRule<const N: usize, const M: usize = 0> {
    /// It, holding `T`.
    type Of<T: Dtype>: FromRaw;
}
macro_rules! rules {
    ($($Rule:ident $([$($bound:tt)*])? => $out:ty;)*) => { $(
        impl<const N: usize, const M: usize> RankRule<N, M> for functions::rank::$Rule $(where $($bound)*)? {
            type Of<T: Dtype> = $out;
        }
    )* };
    (table $($Rule:ident: $($n:expr => $m:expr),*;)*) => { $($(
        impl<const M: usize> RankRule<{ $n }, M> for functions::rank::$Rule {
            type Of<T: Dtype> = Tensor<T, { $m }>;
        }
    )*)* };
}
rules! {
    Same => Tensor<T, N>;
    Scalar => Tensor<T, 0>;
    Vector => Tensor<T, 1>;
    Matrix => Tensor<T, 2>;
    Plus1 [Rank<N>: ExpandRank] => Expanded<T, N>;
    Minus1 [Rank<N>: ReduceRank] => <<Rank<N> as ReduceRank>::Out as TensorRank>::Of<T>;
    Larger [Rank<N>: Broadcast<M>] => <Rank<N> as Broadcast<M>>::Out<T>;
}
rules! {
    table
    Diagonal: 1 => 2, 2 => 1, DYN => DYN;
    AtLeast1: 0 => 1, 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    AtLeast2: 0 => 2, 1 => 2, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
    AtLeast3: 0 => 3, 1 => 3, 2 => 3, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, DYN => DYN;
}

/// One axis, or `..` for all elements as one axis: the rank of the result follows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no axis",
    note = "an axis is an integer; `..` takes the flattened tensor"
)]
pub trait OneAxis<const N: usize> {
    /// The result.
    type Out<T: Dtype>: FromRaw;
    /// As the engine takes it.
    #[doc(hidden)]
    fn axis(&self) -> AxisOrFlat;
}
impl<I: SliceInt, const N: usize> OneAxis<N> for I {
    type Out<T: Dtype> = Tensor<T, N>;
    fn axis(&self) -> AxisOrFlat {
        AxisOrFlat(Some(self.to_isize()))
    }
}
impl<const N: usize> OneAxis<N> for RangeFull {
    type Out<T: Dtype> = Vector<T>;
    fn axis(&self) -> AxisOrFlat {
        AxisOrFlat(None)
    }
}

/// How often [`repeat`] repeats elements: one integer of any type, or one for each element, in an array, slice, vector or tensor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` says not how often elements are repeated",
    note = "one integer, or one for each element: `x.repeat(2, 0)?`, `x.repeat([1, 0, 2], 0)?`, `Vec<usize>`, `&Vector<i64>`"
)]
pub trait RepeatCounts {
    /// As the engine takes them.
    #[doc(hidden)]
    fn counts(self) -> Result<Times>;
}
impl<I: SliceInt> RepeatCounts for I {
    fn counts(self) -> Result<Times> {
        Ok(Times(vec![self.to_isize()]))
    }
}
macro_rules! lists_of_counts {
    ($([$($generics:tt)*] $List:ty;)*) => { $(
        impl<I: SliceInt $($generics)*> RepeatCounts for $List {
            fn counts(self) -> Result<Times> {
                Ok(Times(self.iter().map(|n| n.to_isize()).collect()))
            }
        }
    )* };
}
lists_of_counts! {
    [, const K: usize] [I; K];
    [, const K: usize] &[I; K];
    [] &[I];
    [] Vec<I>;
    [] &Vec<I>;
}
/// The counts are read: not inside `vmap` and `trace`.
impl<T: Integer> RepeatCounts for &Tensor<T, 1> {
    fn counts(self) -> Result<Times> {
        let counts = self.raw.cast(DType::I64)?.to_vec::<i64>()?;
        Ok(Times(counts.iter().map(|n| n.to_isize()).collect()))
    }
}

/// What the engine returned, as the typed API returns it.
trait Typed<R> {
    fn typed(returned: R) -> Result<Self>
    where
        Self: Sized;
}
impl<X: FromRaw> Typed<Raw> for X {
    fn typed(x: Raw) -> Result<X> {
        typed(x)
    }
}
impl<X: FromRaw> Typed<Vec<Raw>> for Vec<X> {
    fn typed(all: Vec<Raw>) -> Result<Vec<X>> {
        all.into_iter().map(typed).collect()
    }
}

/// The example of a row, which is run.
macro_rules! example {
    ($rust:literal, $prints:literal $(, $in_python:literal)?) => {
        concat!(
            "\n```\nuse civita::prelude::*;\n\nassert_eq!(format!(\"{}\", ",
            $rust,
            "),\n    ",
            stringify!($prints),
            ");\n# Ok::<(), civita::Error>(())\n```\n"
        )
    };
}

macro_rules! define_functions {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($($p:ident: $K:ident $(= $d:expr)?),* $(; $Options:ident { $($o:ident: $O:ident = $od:expr),* })?) -> [$($returns:tt)*] {
            run $topic:ident::$run:ident, $(alone $alone:expr,)? $(together $together:expr,)? $(positional_only $only:literal,)? $(positional $positional:literal,)? $(method $method:literal,)? aliases $aliases:tt, $(properties $properties:tt,)? $(torch $torch:literal,)?
            gradient $gradient:ident $($why:literal)?,
            example $example:literal => $prints:literal, rust $rust:literal $(=> $in_rust:literal)?,
            $(oracle $oracle:literal,)?
            samples $samples:tt,
            laws $laws:tt,
        }
    )*) => { $(
        typed! {
            [$($returns)*]
            [$name ($topic $run) [$(#[doc = $doc])* #[doc = example!($rust, $($in_rust,)? $prints)] $(#[doc(alias = $torch)])?] [$(options: $Options { $($o: $O = $od,)* })?]]
            [] [] [] [] $($p: $K,)* $($(options.$o: $O,)*)?
        }
    )* };
}

/// One typed function. The parameters are taken one after another; what they add to stands in brackets: generics, ranks,
/// arguments, and what the engine's function gets.
macro_rules! typed {
    ([ByArgument] $($rest:tt)*) => {};
    ([Dynamic] $($rest:tt)*) => {};
    ([$form:ident ByArgument $($more:tt)*] $($rest:tt)*) => {};
    ([plain $stub:literal] $($rest:tt)*) => {};
    ([written] $($rest:tt)*) => {};

    ($out:tt $row:tt [] [] [$($args:tt)*] [$($pass:tt)*] $p:ident: Array, $($rest:tt)*) => {
        typed! { $out $row [T: Dtype, const N: usize] [N] [$($args)* $p: &Tensor<T, N>,] [$($pass)* $p.raw(),] $($rest)* }
    };
    ($out:tt $row:tt [] [] [$($args:tt)*] [$($pass:tt)*] $p:ident: Arrays, $($rest:tt)*) => {
        typed! { $out $row [T: Dtype, const N: usize] [N] [$($args)* $p: impl Parts<T, N>,] [$($pass)* raws($p),] $($rest)* }
    };
    ($out:tt $row:tt [$($g:tt)*] [N] [$($args:tt)*] [$($pass:tt)*] $p:ident: Array, $($rest:tt)*) => {
        typed! { $out $row [$($g)*, const M: usize] [N, M] [$($args)* $p: &Tensor<T, M>,] [$($pass)* $p.raw(),] $($rest)* }
    };
    ($out:tt $row:tt [$($g:tt)*] $ranks:tt [$($args:tt)*] [$($pass:tt)*] $p:ident: AxisOrFlat, $($rest:tt)*) => {
        typed! { $out $row [$($g)*, A: OneAxis<N>] $ranks [$($args)* $p: A,] [$($pass)* $p.axis(),] $($rest)* }
    };
    ($out:tt $row:tt $g:tt $ranks:tt $args:tt [$($pass:tt)*] $p:ident: Out, $($rest:tt)*) => {
        typed! { $out $row $g $ranks $args [$($pass)* Out::NONE,] $($rest)* }
    };
    ($out:tt $row:tt $g:tt $ranks:tt $args:tt [$($pass:tt)*] $options:ident.$o:ident: $O:ident, $($rest:tt)*) => {
        typed! { $out $row $g $ranks $args [$($pass)* $options.$o,] $($rest)* }
    };
    ($out:tt $row:tt $g:tt $ranks:tt [$($args:tt)*] [$($pass:tt)*] $p:ident: $K:ident, $($rest:tt)*) => {
        typed! { $out $row $g $ranks [$($args)* $p: argument!($K),] [$($pass)* pass!($K $p),] $($rest)* }
    };

    // what comes back
    ([Along] $row:tt [$($g:tt)*] [$($ranks:tt)*] $args:tt $pass:tt) => {
        emit! { $row [$($g)*] [] [A::Out<T>] $args $pass [and_then Typed::typed] }
    };
    ([list $Rule:ident] $row:tt [$($g:tt)*] [$($ranks:tt)*] $args:tt $pass:tt) => {
        emit! { $row [$($g)*] [functions::rank::$Rule: RankRule<$($ranks)*>] [Vec<<functions::rank::$Rule as RankRule<$($ranks)*>>::Of<T>>] $args $pass [and_then Typed::typed] }
    };
    ([tuple Vector of $E:ident] $row:tt [$($g:tt)*] [N] $args:tt $pass:tt) => {
        emit! { $row [$($g)*] [Rank<N>: PerAxis] [<Rank<N> as PerAxis>::Of<Vector<$E>>] $args $pass [and_then <Rank<N> as PerAxis>::wrapped] }
    };
    ([tuple $Rule:ident $(of $E:ident)?] $row:tt [$($g:tt)*] [$($ranks:tt)*] $args:tt $pass:tt) => {
        emit! { $row [$($g)*] [functions::rank::$Rule: RankRule<$($ranks)*>] [Vec<<functions::rank::$Rule as RankRule<$($ranks)*>>::Of<element!($($E)?)>>] $args $pass [and_then Typed::typed] }
    };
    ([$Rule:ident $(of $E:ident)?] $row:tt [$($g:tt)*] [$($ranks:tt)*] $args:tt $pass:tt) => {
        emit! { $row [$($g)*] [functions::rank::$Rule: RankRule<$($ranks)*>] [<functions::rank::$Rule as RankRule<$($ranks)*>>::Of<element!($($E)?)>] $args $pass [and_then Typed::typed] }
    };
}
macro_rules! emit {
    ([$name:ident ($topic:ident $run:ident) [$($doc:tt)*] [$($options:ident: $Options:ident { $($o:ident: $O:ident = $od:expr,)* })?]]
        [$($g:tt)*] [$($bound:tt)*] [$out:ty] [$($args:tt)*] [$($pass:tt)*] [$then:ident $typed:expr]) => {
        $($doc)*
        ///
        /// # Errors
        /// When shapes or values do not fit.
        #[allow(non_snake_case)] // NumPy's names
        pub fn $name<$($g)*>($($args)* $($options: $Options)?) -> Result<$out>
        where
            $($bound)*
        {
            functions::$topic::$run($($pass)*).$then($typed)
        }
        $(
            #[doc = concat!("What [`", stringify!($name), "`] takes beside its arguments.")]
            #[derive(Clone, Debug)]
            pub struct $Options {
                $(#[doc = concat!("NumPy's `", stringify!($o), "`; by default `", stringify!($od), "`.")] pub $o: $O,)*
            }
            impl Default for $Options {
                fn default() -> $Options {
                    $Options { $($o: $od.into(),)* }
                }
            }
        )?
    };
}
/// Kinds with one form are taken as they are, so that a literal is one; the others in each of their forms.
macro_rules! argument {
    (Bool) => { bool };
    (Int) => { impl SliceInt };
    (Axis) => { impl SliceInt };
    (Count) => { usize };
    (Float) => { f64 };
    (Number) => { impl AnyNumber };
    (PadMode) => { PadMode };
    (Times) => { impl RepeatCounts };
    (Axes) => { impl AxisArg };
    (AxisList) => { impl AxisArg };
    (AxisOrder) => { impl AxisArg };
    ($K:ident) => { impl Into<$K> };
}
macro_rules! pass {
    (Axes $p:ident) => {
        $p.axes().named().into()
    };
    (AxisList $p:ident) => {
        $p.axes().named().into()
    };
    (AxisOrder $p:ident) => {
        $p.axes().named().into()
    };
    (Int $p:ident) => {
        $p.to_isize()
    };
    (Axis $p:ident) => {
        $p.to_isize()
    };
    (Number $p:ident) => {
        functions::Number::Scalar($p.value())
    };
    (Times $p:ident) => {
        $p.counts()?
    };
    ($K:ident $p:ident) => {
        $p.into()
    };
}
macro_rules! element {
    () => {
        T
    };
    (i64) => {
        i64
    };
}
function_rows!(define_functions);

/// `row_example!(roll)`: the example of a row by its name.
macro_rules! define_examples {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident $params:tt -> $returns:tt {
            run $topic:ident::$run:ident, $(alone $alone:expr,)? $(together $together:expr,)? $(positional_only $only:literal,)? $(positional $positional:literal,)? $(method $method:literal,)? aliases $aliases:tt, $(properties $properties:tt,)? $(torch $torch:literal,)?
            gradient $gradient:ident $($why:literal)?,
            example $example:literal => $prints:literal, rust $rust:literal $(=> $in_rust:literal)?,
            $(oracle $oracle:literal,)?
            samples $samples:tt,
            laws $laws:tt,
        }
    )*) => {
        macro_rules! row_example { $(
            ($name) => { example!($rust, $($in_rust,)? $prints) };
        )* }
    };
}
function_rows!(define_examples);
pub(super) use {example, row_example};

fn raws<T, const N: usize>(parts: impl Parts<T, N>) -> Vec<Raw> {
    parts.parts().into_iter().cloned().collect()
}
