//! Reductions: one method for each row, of all elements, and over axes.

use civita_core::layout::KeepDims;
use civita_core::ops::Reduction;
use civita_core::raw::Raw;
use civita_core::raw::ReduceOptions;
use civita_core::reduction_rows;

use crate::elementwise::example;
use crate::error::OrRaise;
use crate::rank::{Axes, AxisArg, wrap};
use crate::{AnyNumber, Dtype, Result, Tensor};

/// A reduction over some axes of a tensor, to be named: see [`Tensor::over`].
#[derive(Clone, Copy)]
#[must_use = "name the reduction: `x.over(0).sum()?`"]
pub struct Over<'a, T, const N: usize, A> {
    x: &'a Tensor<T, N>,
    axes: A,
    ddof: f64,
}

/// As [`Over`], and the axes stay with length 1.
#[derive(Clone, Copy)]
#[must_use = "name the reduction: `x.over(0).keepdims().sum()?`"]
pub struct OverKept<'a, T, const N: usize, A>(Over<'a, T, N, A>);

impl<T: Dtype, const N: usize> Tensor<T, N> {
    /// Chooses the axes of a reduction, which is named next: an axis, an array or slice of axes, or `..` for all.
    ///
    /// ```
    /// use civita::prelude::*;
    ///
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// assert_eq!(x.over(0).sum()?.to_string(), "[4. 6.]");
    /// assert_eq!(x.over(-1).keepdims().max()?.to_string(), "[[2.]\n [4.]]");
    /// assert_eq!(x.over([0, 1]).mean()?.to_string(), "2.5");
    /// assert_eq!(x.over(..).ddof(1).var()?.to_string(), "1.6666666666666667");
    /// # Ok::<(), civita::Error>(())
    /// ```
    pub fn over<A: AxisArg>(&self, axes: A) -> Over<'_, T, N, A> {
        Over {
            x: self,
            axes,
            ddof: 0.0,
        }
    }
}

impl<'a, T: Dtype, const N: usize, A: AxisArg> Over<'a, T, N, A> {
    /// The reduced axes stay, with length 1: so the result broadcasts against the operand, and the rank is the same.
    pub fn keepdims(self) -> OverKept<'a, T, N, A> {
        OverKept(self)
    }

    /// Takes this from the number of elements by which `var` and `std` divide. 1 makes the estimate from a sample
    /// unbiased; 0 is NumPy's default.
    pub fn ddof(self, ddof: impl AnyNumber) -> Self {
        let ddof = ddof.to_f64();
        Over { ddof, ..self }
    }

    fn reduce(&self, op: Reduction, keepdims: KeepDims) -> Result<Raw> {
        self.x.raw.reduce(
            op,
            ReduceOptions {
                axes: self.axes.axes().named(),
                keepdims,
                dtype: None,
                ddof: self.ddof,
            },
        )
    }
}

impl<T: Dtype, const N: usize, A: AxisArg> OverKept<'_, T, N, A> {
    /// As [`Over::ddof`].
    pub fn ddof(self, ddof: impl AnyNumber) -> Self {
        OverKept(self.0.ddof(ddof))
    }
}

#[track_caller]
fn all(op: Reduction, x: &Raw) -> Raw {
    x.reduce(op, ReduceOptions::default()).or_raise()
}

/// The type of a result by class.
macro_rules! reduced {
    (Sum) => {
        T::Sum
    };
    (Mean) => {
        T::Mean
    };
    (RealMean) => {
        <T::Mean as Dtype>::Real
    };
    (Float) => {
        T::Float
    };
    (Same) => {
        T
    };
    (Index) => {
        i64
    };
    (Bool) => {
        bool
    };
}
pub(crate) use reduced;

macro_rules! reductions {
    ($($(#[doc = $doc:literal])* $Op:ident $name:ident: $class:ident {
        numpy: $numpy:ident, torch: $torch:literal, compute: $compute:expr, empty: $nothing:expr, gradient: $yes:ident $($why:literal)?,
        example: $example:literal => $prints:literal,
    })*) => {
        /// Reductions of all elements. Over some of the axes: [`Tensor::over`].
        ///
        /// They panic where there is no result, as of the maximum of an empty tensor; [`catch`](crate::catch) makes that an
        /// error.
        impl<T: Dtype, const N: usize> Tensor<T, N> { $(
            $(#[doc = $doc])*
            #[doc = example!($example, $prints)]
            #[track_caller]
            pub fn $name(&self) -> Tensor<reduced!($class), 0> {
                wrap(all(Reduction::$Op, &self.raw))
            }
        )* }
        /// The reductions over axes, which go.
        impl<T: Dtype, const N: usize, A: AxisArg> Over<'_, T, N, A> { $(
            $(#[doc = $doc])*
            #[doc = example!($example, $prints)]
            ///
            /// # Errors
            /// When an axis does not exist or is named twice, or there is no result, as of the maximum of an empty tensor.
            pub fn $name(self) -> Result<A::Out<reduced!($class)>>
            where
                A: Axes<N>,
            {
                self.reduce(Reduction::$Op, KeepDims::No).map(wrap)
            }
        )* }
        /// The reductions over axes, which stay with length 1.
        impl<T: Dtype, const N: usize, A: AxisArg> OverKept<'_, T, N, A> { $(
            $(#[doc = $doc])*
            #[doc = example!($example, $prints)]
            ///
            /// # Errors
            /// When an axis does not exist or is named twice, or there is no result, as of the maximum of an empty tensor.
            pub fn $name(self) -> Result<Tensor<reduced!($class), N>> {
                self.0.reduce(Reduction::$Op, KeepDims::Yes).map(wrap)
            }
        )* }
    };
}
reduction_rows!(reductions);
