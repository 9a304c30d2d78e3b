//! Reductions: one method for each row, of all elements, and over axes.

use civita_core::functions::{self, OptFloat, Out, QuantileMethod, Where};
use civita_core::layout::{Axes as Named, KeepDims};
use civita_core::ops::Reduction;
use civita_core::raw::Raw;
use civita_core::raw::ReduceOptions;
use civita_core::reduction_rows;

use crate::elementwise::example;
use crate::error::OrRaise;
use crate::rank::{Axes, AxisArg, Fractions, typed, wrap};
use crate::{AnyNumber, Dtype, FromRaw, Result, Tensor};

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
    #[doc(alias = "axis")]
    #[doc(alias = "sum_axis")]
    #[doc(alias = "mean_axis")]
    #[doc(alias = "var_axis")]
    #[doc(alias = "std_axis")]
    #[doc(alias = "map_axis")]
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

    /// The tensor and the axes, as the engine takes them.
    #[cfg(feature = "linalg")]
    pub(crate) fn taken(&self) -> (&Raw, crate::rank::AxisList<A::List>) {
        (&self.x.raw, self.axes.axes())
    }

    fn statistic(&self, run: Statistic, keepdims: bool) -> Result<Raw> {
        run(
            &self.x.raw,
            self.axes.axes().named().into(),
            keepdims,
            self.ddof,
        )
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
    #[cfg(feature = "linalg")]
    pub(crate) fn taken(&self) -> (&Raw, crate::rank::AxisList<A::List>) {
        self.0.taken()
    }

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

/// A statistic of a tensor over axes, which may stay; the number is `ddof`.
pub(crate) type Statistic = fn(&Raw, functions::Axes, bool, f64) -> Result<Raw>;
const EVERYWHERE: Where = Where(None);

/// Hands the statistics to a macro: functions of the engine that reduce as the rows above do.
macro_rules! statistic_rows {
    ($callback:ident) => {
        $callback! {
            /// The number of elements that are not zero.
            count_nonzero: Index, "tensor![0, 5, 7].count_nonzero()" => "2",
                |x, axes, keepdims, _| functions::along::count_nonzero(x, axes, keepdims);
            /// The largest element minus the smallest.
            ptp: Same, "tensor![3, 1, 2].ptp()" => "2",
                |x, axes, keepdims, _| functions::sorting::ptp(x, axes, Out::NONE, keepdims);
            /// The middle element of the sorted ones, or the mean of the two in the middle.
            median: Mean, "tensor![3, 1, 2, 4].median()" => "2.5",
                |x, axes, keepdims, _| functions::quantile::median(x, axes, Out::NONE, false, keepdims);
            /// The mean of the elements, as NumPy's `average` without weights.
            average: Mean, "tensor![1.0, 2.0, 6.0].average()" => "3.0",
                |x, axes, keepdims, _| functions::statistics::average(x, axes, None, false, keepdims).map(|all| all.0);
            /// The sum of the elements that are not NaN.
            nansum: Sum, "tensor![1.0, f64::NAN, 2.0].nansum()" => "3.0",
                |x, axes, keepdims, _| functions::nan::nansum(x, axes, None, Out::NONE, keepdims, None, EVERYWHERE);
            /// The product of the elements that are not NaN.
            nanprod: Sum, "tensor![3.0, f64::NAN, 2.0].nanprod()" => "6.0",
                |x, axes, keepdims, _| functions::nan::nanprod(x, axes, None, Out::NONE, keepdims, None, EVERYWHERE);
            /// The mean of the elements that are not NaN.
            nanmean: Mean, "tensor![1.0, f64::NAN, 2.0].nanmean()" => "1.5",
                |x, axes, keepdims, _| functions::nan::nanmean(x, axes, None, Out::NONE, keepdims, EVERYWHERE);
            /// The variance of the elements that are not NaN.
            nanvar: RealMean, "tensor![1.0, f64::NAN, 3.0].nanvar()" => "1.0",
                |x, axes, keepdims, ddof| functions::nan::nanvar(x, axes, None, Out::NONE, ddof, keepdims, EVERYWHERE, None, OptFloat(None));
            /// The standard deviation of the elements that are not NaN.
            nanstd: RealMean, "tensor![1.0, f64::NAN, 3.0].nanstd()" => "1.0",
                |x, axes, keepdims, ddof| functions::nan::nanstd(x, axes, None, Out::NONE, ddof, keepdims, EVERYWHERE, None, OptFloat(None));
            /// The largest element that is not NaN; NaN where all are.
            nanmax: Same, "tensor![1.0, f64::NAN, 2.0].nanmax()" => "2.0",
                |x, axes, keepdims, _| functions::nan::nanmax(x, axes, Out::NONE, keepdims, None, EVERYWHERE);
            /// The smallest element that is not NaN; NaN where all are.
            nanmin: Same, "tensor![1.0, f64::NAN, 2.0].nanmin()" => "1.0",
                |x, axes, keepdims, _| functions::nan::nanmin(x, axes, Out::NONE, keepdims, None, EVERYWHERE);
            /// The index of the largest element that is not NaN, in C order or along one axis.
            nanargmax: Index, "tensor![1.0, f64::NAN, 2.0].nanargmax()" => "2",
                |x, axes, keepdims, _| functions::nan::nanargmax(x, axes, Out::NONE, keepdims);
            /// The index of the smallest element that is not NaN, in C order or along one axis.
            nanargmin: Index, "tensor![1.0, f64::NAN, 2.0].nanargmin()" => "0",
                |x, axes, keepdims, _| functions::nan::nanargmin(x, axes, Out::NONE, keepdims);
            /// The median of the elements that are not NaN.
            nanmedian: Mean, "tensor![3.0, 1.0, f64::NAN, 2.0].nanmedian()" => "2.0",
                |x, axes, keepdims, _| functions::quantile::nanmedian(x, axes, Out::NONE, false, keepdims);
        }
    };
}
pub(crate) use statistic_rows;

macro_rules! statistics {
    ($($(#[doc = $doc:literal])* $name:ident: $class:ident, $example:literal => $prints:literal, $run:expr;)*) => {
        /// Statistics of all elements. Over some of the axes: [`Tensor::over`].
        ///
        /// They panic where there is no result; [`catch`](crate::catch) makes that an error.
        impl<T: Dtype, const N: usize> Tensor<T, N> { $(
            $(#[doc = $doc])*
            #[doc = concat!("\n\nOver axes: `x.over(0).", stringify!($name), "()?`.")]
            #[doc = example!($example, $prints)]
            #[track_caller]
            pub fn $name(&self) -> Tensor<reduced!($class), 0> {
                const RUN: Statistic = $run;
                wrap(RUN(&self.raw, Named::All.into(), false, 0.0).or_raise())
            }
        )* }
        /// The statistics over axes, which go.
        impl<T: Dtype, const N: usize, A: AxisArg> Over<'_, T, N, A> { $(
            $(#[doc = $doc])*
            ///
            /// # Errors
            /// When an axis does not exist or is named twice, or there is no result.
            pub fn $name(self) -> Result<A::Out<reduced!($class)>>
            where
                A: Axes<N>,
            {
                self.statistic($run, false).map(wrap)
            }
        )* }
        /// The statistics over axes, which stay with length 1.
        impl<T: Dtype, const N: usize, A: AxisArg> OverKept<'_, T, N, A> { $(
            $(#[doc = $doc])*
            ///
            /// # Errors
            /// When an axis does not exist or is named twice, or there is no result.
            pub fn $name(self) -> Result<Tensor<reduced!($class), N>> {
                self.0.statistic($run, true).map(wrap)
            }
        )* }
    };
}
statistic_rows!(statistics);

/// Hands the quantiles to a macro.
macro_rules! quantile_rows {
    ($callback:ident) => {
        $callback! {
            /// The value below which a fraction `q` of the elements is, with straight lines between elements. Several fractions,
            /// as in `[0.25, 0.75]`, become the first axis of the result.
            quantile: "tensor![3.0, 1.0, 2.0].quantile(0.5)?" => "2.0";
            /// As `quantile`, with a percentage or several.
            percentile: "tensor![3.0, 1.0, 2.0].percentile(50)?" => "2.0";
            /// As `quantile`, of the elements that are not NaN.
            nanquantile: "tensor![3.0, 1.0, f64::NAN, 2.0].nanquantile([0.0, 0.5])?" => "[1. 2.]";
            /// As `percentile`, of the elements that are not NaN.
            nanpercentile: "tensor![3.0, 1.0, f64::NAN, 2.0].nanpercentile([0, 50])?" => "[1. 2.]";
        }
    };
}
pub(crate) use quantile_rows;

/// Quantiles in the dtype of the mean, for one fraction or several: those of an array are promoted with its `float64` in NumPy.
fn of_means<M: Dtype, X: FromRaw>(y: Raw) -> Result<X> {
    typed(match M::KNOWN {
        Some(dtype) => y.cast(dtype)?,
        None => y,
    })
}

macro_rules! quantiles {
    ($($(#[doc = $doc:literal])* $name:ident: $example:literal => $prints:literal;)*) => {
        /// Quantiles of all elements. Over some of the axes: [`Tensor::over`].
        impl<T: Dtype, const N: usize> Tensor<T, N> { $(
            $(#[doc = $doc])*
            #[doc = concat!("\n\nOver axes: `x.over(0).", stringify!($name), "(q)?`.")]
            #[doc = example!($example, $prints)]
            ///
            /// # Errors
            /// When a fraction is out of range.
            pub fn $name<Q: Fractions<Tensor<T::Mean, 0>>>(&self, q: Q) -> Result<Q::Out> {
                let method = QuantileMethod::Linear;
                functions::quantile::$name(&self.raw, q.numbers()?, Named::All.into(), Out::NONE, false, method, false, None).and_then(of_means::<T::Mean, _>)
            }
        )* }
        /// The quantiles over axes, which go.
        impl<T: Dtype, const N: usize, A: AxisArg> Over<'_, T, N, A> { $(
            $(#[doc = $doc])*
            ///
            /// # Errors
            /// When a fraction is out of range, or an axis does not exist or is named twice.
            pub fn $name<Q: Fractions<A::Out<T::Mean>>>(self, q: Q) -> Result<Q::Out>
            where
                A: Axes<N>,
            {
                let (axes, method) = (self.axes.axes(), QuantileMethod::Linear);
                functions::quantile::$name(&self.x.raw, q.numbers()?, axes.named().into(), Out::NONE, false, method, false, None).and_then(of_means::<T::Mean, _>)
            }
        )* }
        /// The quantiles over axes, which stay with length 1.
        impl<T: Dtype, const N: usize, A: AxisArg> OverKept<'_, T, N, A> { $(
            $(#[doc = $doc])*
            ///
            /// # Errors
            /// When a fraction is out of range, or an axis does not exist or is named twice.
            pub fn $name<Q: Fractions<Tensor<T::Mean, N>>>(self, q: Q) -> Result<Q::Out> {
                let (axes, method) = (self.0.axes.axes(), QuantileMethod::Linear);
                functions::quantile::$name(&self.0.x.raw, q.numbers()?, axes.named().into(), Out::NONE, false, method, true, None).and_then(of_means::<T::Mean, _>)
            }
        )* }
    };
}
quantile_rows!(quantiles);
