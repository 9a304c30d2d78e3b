//! Reductions, scans and sorts.

use smallvec::SmallVec;

use super::Raw;
use crate::backend::{Backend, Number};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::{Axes, KeepDims, PerAxis, normalize_axis};
use crate::ops::{Class, Compute, Fold as Monoid, ReduceClass, Reduction};
use crate::primitive::{
    ArgFold, Direction, Fold, Out, Over, Rowwise, Scan, Sort, Sorted, Stat, bind, bind_one, number,
    number_beside, wide,
};

/// How a reduction is called.
#[derive(Clone, Copy, Debug)]
pub struct ReduceOptions<'a> {
    /// Over which axes.
    pub axes: Axes<'a>,
    /// Whether they stay, with length 1.
    pub keepdims: KeepDims,
    /// The dtype to compute in and return, where the rule's is not wanted.
    pub dtype: Option<DType>,
    /// What is subtracted from the number of elements in a variance.
    pub ddof: f64,
}

impl Default for ReduceOptions<'_> {
    /// Over all axes, which go.
    fn default() -> Self {
        ReduceOptions {
            axes: Axes::All,
            keepdims: KeepDims::No,
            dtype: None,
            ddof: 0.0,
        }
    }
}

/// A call that has been checked: axes in range.
pub(super) struct Call {
    over: Over,
    dtype: DType,
    ddof: f64,
}

impl Call {
    pub(crate) fn fold(self, fold: Monoid, x: &Raw) -> Result<Raw> {
        let fold = Fold {
            fold,
            over: self.over,
            dtype: self.dtype,
        };
        bind_one(&fold, &[x])
    }

    pub(crate) fn arg(self, fold: Monoid, x: &Raw) -> Result<Raw> {
        let arg = ArgFold {
            fold,
            over: self.over,
        };
        bind_one(&arg, &[x])
    }

    fn stat(self, stat: Stat, x: &Raw) -> Result<Raw> {
        let stat = Rowwise {
            stat,
            over: self.over,
            dtype: self.dtype,
        };
        bind_one(&stat, &[x])
    }
}

impl Raw {
    /// Reduces axes, by the rule of a row.
    ///
    /// ```
    /// use civita_core::{layout::Axes, ops::Reduction, raw::{Raw, ReduceOptions}};
    /// let x = Raw::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// let y = x.reduce(Reduction::Sum, ReduceOptions { axes: Axes::List(&[0]), ..Default::default() })?;
    /// assert_eq!(y.to_vec::<f32>()?, [4.0, 6.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an axis does not exist or is named twice, the dtype cannot be reduced so, or there is nothing to reduce and
    /// the reduction has no value for that.
    #[inline]
    pub fn reduce(&self, op: Reduction, options: ReduceOptions<'_>) -> Result<Raw> {
        let mut y = Number::EMPTY;
        if self.whole(op, &options, &mut y).is_some() {
            let rank = match options.keepdims {
                KeepDims::No => 0,
                KeepDims::Yes => self.rank(),
            };
            return number_beside(&y, rank, [self; 2]);
        }
        self.reduce_axes(op, options)
    }

    /// As [`Raw::reduce`] of all axes, to a number and its dtype that need no memory; `None` where a primitive has to run.
    #[inline]
    pub fn reduce_number(
        &self,
        op: Reduction,
        options: ReduceOptions<'_>,
    ) -> Option<(Scalar, DType)> {
        let mut y = Number::EMPTY;
        self.whole(op, &options, &mut y)?;
        Some((y.scalar(), y.dtype()))
    }

    /// Writes what all elements are reduced to, if the backend does that at once.
    #[inline(always)]
    fn whole(&self, op: Reduction, options: &ReduceOptions<'_>, to: &mut Number) -> Option<()> {
        let all = match options.axes {
            Axes::All => true,
            Axes::List(&[0 | -1]) => self.rank() == 1,
            Axes::List(_) => false,
        };
        (all && options.dtype.is_none()).then_some(())?;
        number([self; 2], |device: &dyn Backend| {
            device.whole(op, self, options.ddof, to)
        })
    }

    fn reduce_axes(&self, op: Reduction, options: ReduceOptions<'_>) -> Result<Raw> {
        let stats = [Reduction::Var, Reduction::Std, Reduction::LogSumExp];
        if self.dtype().is_float8() && stats.contains(&op) {
            // their steps meet wider numbers, which an 8-bit float does not
            let y = self.cast(DType::F32)?.reduce(op, options)?;
            return match options.dtype {
                Some(_) => Ok(y),
                None => y.cast(self.dtype()),
            };
        }
        let row = op.row();
        if let Some(dtype) = options.dtype
            && dtype.is_integer()
            && matches!(op, Reduction::Mean | Reduction::Var | Reduction::Std)
        {
            return self.statistic_in_integers(op, dtype, options, None);
        }
        let axes = options.axes.resolve(row.name, self.rank())?;
        let over = Over {
            axes,
            keepdims: options.keepdims,
        };
        let count = over.count(self.shape());
        if count == 0 {
            op.check_elements(count)?;
        }
        if self.tag().is_some() && row.empty.is_none() {
            self.elements_are_needed(row.name, &over.axes);
        }
        let dtype = options
            .dtype
            .unwrap_or_else(|| row.class.result(self.dtype()));
        let call = Call {
            over,
            dtype,
            ddof: options.ddof,
        };
        let ddof = call.ddof;
        match row.compute {
            Compute::Fold(fold) => call.fold(fold, self),
            Compute::Arg(fold) => call.arg(fold, self),
            Compute::Mean => call.stat(Stat::Mean, self),
            Compute::Var => call.stat(Stat::Var { ddof }, self),
            Compute::Std => call.stat(Stat::Std { ddof }, self),
            Compute::LogSumExp => call.stat(Stat::LogSumExp, self),
        }
    }

    /// The bare fold over axes, in the row's dtype: for the engine's own sums and extremes.
    pub(crate) fn fold(&self, fold: Monoid, axes: Axes<'_>, keepdims: KeepDims) -> Result<Raw> {
        let op = match fold {
            Monoid::Sum => Reduction::Sum,
            Monoid::Prod => Reduction::Prod,
            Monoid::Max => Reduction::Max,
            Monoid::Min => Reduction::Min,
            Monoid::Any => Reduction::Any,
            Monoid::All => Reduction::All,
        };
        self.reduce(
            op,
            ReduceOptions {
                axes,
                keepdims,
                ..Default::default()
            },
        )
    }

    /// The sum of all elements.
    pub fn sum_all(&self) -> Result<Raw> {
        self.reduce(Reduction::Sum, ReduceOptions::default())
    }

    /// The running sum along an axis, or over all elements in C order. Integers and booleans are summed in 64 bits.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn cumsum(&self, axis: Option<isize>, dtype: Option<DType>) -> Result<Raw> {
        self.running_fold(Monoid::Sum, axis, dtype, &Out::NONE)
    }

    /// The running product along an axis, or over all elements in C order. Integers and booleans are multiplied in 64 bits.
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
    /// assert_eq!(x.cumprod(Some(0), None)?.to_vec::<f64>()?, [1.0, 2.0, 6.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn cumprod(&self, axis: Option<isize>, dtype: Option<DType>) -> Result<Raw> {
        self.running_fold(Monoid::Prod, axis, dtype, &Out::NONE)
    }

    /// [`Raw::cumsum`] or [`Raw::cumprod`], into an output.
    pub(crate) fn running_fold(
        &self,
        fold: Monoid,
        axis: Option<isize>,
        dtype: Option<DType>,
        out: &Out,
    ) -> Result<Raw> {
        let op = match fold {
            Monoid::Prod => "cumprod",
            _ => "cumsum",
        };
        let (x, axis) = match axis {
            None if self.rank() != 1 => (&self.reshape(&[self.len()])?, 0),
            axis => (self, axis.unwrap_or(0)),
        };
        let axis = normalize_axis(op, axis, x.rank())?;
        let dtype = dtype.unwrap_or_else(|| ReduceClass::Sum.result(x.dtype()));
        if dtype == DType::Bool {
            // a sum of booleans is whether one is true so far, a product whether all are
            let x = x.cast(DType::Bool)?;
            let dtype = DType::I64;
            return bind_one(&Scan { fold, axis, dtype }, &[&x])?.cast(DType::Bool);
        }
        out.bind(&Scan { fold, axis, dtype }, &[x])
    }

    /// The running largest elements along an axis, and where each is: of equal ones the last (PyTorch's `cummax`).
    ///
    /// ```
    /// use civita_core::raw::Raw;
    /// let x = Raw::from_vec(vec![1.0, 3.0, 2.0], &[3])?;
    /// let (values, indices) = x.cummax(0)?;
    /// assert_eq!(values.to_vec::<f64>()?, [1.0, 3.0, 3.0]);
    /// assert_eq!(indices.to_vec::<i64>()?, [0, 1, 1]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn cummax(&self, axis: isize) -> Result<(Raw, Raw)> {
        let axis = normalize_axis("cummax", axis, self.rank())?;
        self.running_extremes(Monoid::Max, axis)
    }

    /// The running smallest elements along an axis, and where each is: of equal ones the last (PyTorch's `cummin`).
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn cummin(&self, axis: isize) -> Result<(Raw, Raw)> {
        let axis = normalize_axis("cummin", axis, self.rank())?;
        self.running_extremes(Monoid::Min, axis)
    }

    /// The elements along an axis from small to large, or the other way. The sort is stable; NaN is larger than all
    /// numbers, and complex numbers compare by real part, then by imaginary part.
    ///
    /// ```
    /// use civita_core::{primitive::Direction, raw::Raw};
    /// let x = Raw::from_vec(vec![2.0, f64::NAN, 1.0], &[3])?;
    /// assert_eq!(x.sort(0, Direction::Ascending)?.to_vec::<f64>()?[..2], [1.0, 2.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn sort(&self, axis: isize, direction: Direction) -> Result<Raw> {
        // a derivative needs the indices
        if self.tag().is_some() && self.dtype().is_differentiable() {
            return Ok(self.sort_with_indices(axis, direction)?.0);
        }
        bind_one(&self.sorted(axis, direction, Sorted::Values)?, &[self])
    }

    /// The indices that sort an axis, as [`Raw::sort`] does: equal elements keep their order.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn argsort(&self, axis: isize, direction: Direction) -> Result<Raw> {
        let sort = self.sorted(axis, direction, Sorted::Indices)?;
        bind_one(&sort, &[&self.detach()])
    }

    /// [`Raw::sort`] and [`Raw::argsort`] at once.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn sort_with_indices(&self, axis: isize, direction: Direction) -> Result<(Raw, Raw)> {
        let sort = self.sorted(axis, direction, Sorted::Both)?;
        let mut both = bind(&sort, &[self])?.into_vec();
        match (both.pop(), both.pop()) {
            (Some(indices), Some(values)) => Ok((values, indices)),
            _ => Err(Error::value("sort", "an output is missing")),
        }
    }

    fn sorted(&self, axis: isize, direction: Direction, outputs: Sorted) -> Result<Sort> {
        let op = match outputs {
            Sorted::Indices => "argsort",
            Sorted::Values | Sorted::Both => "sort",
        };
        Ok(Sort {
            axis: normalize_axis(op, axis, self.rank())?,
            direction,
            outputs,
        })
    }

    /// `e^(x - max) / Σ e^(x - max)` along an axis. Integers are computed as `exp` does.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn softmax(&self, axis: isize) -> Result<Raw> {
        self.normalised(Stat::Softmax, "softmax", axis)
    }

    /// `x - ln Σ eˣ` along an axis: the logarithm of [`Raw::softmax`], without its underflow.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn log_softmax(&self, axis: isize) -> Result<Raw> {
        self.normalised(Stat::LogSoftmax, "log_softmax", axis)
    }

    /// `(x - mean) / √(var + eps) · weight + bias` along the last `axes` axes, whose shape weight and bias have. All are of one
    /// real dtype.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn layer_norm(
        &self,
        axes: usize,
        weight: Option<&Raw>,
        bias: Option<&Raw>,
        eps: f64,
    ) -> Result<Raw> {
        self.norm(true, axes, weight, bias, eps)
    }

    /// `x / √(Σx² / n + eps) · weight` along the last `axes` axes, whose shape the weight has. Both are of one real dtype.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn rms_norm(&self, axes: usize, weight: Option<&Raw>, eps: f64) -> Result<Raw> {
        self.norm(false, axes, weight, None, eps)
    }

    fn norm(
        &self,
        centered: bool,
        axes: usize,
        weight: Option<&Raw>,
        bias: Option<&Raw>,
        eps: f64,
    ) -> Result<Raw> {
        if self.dtype().is_float8() {
            let wide = |x: Option<&Raw>| x.map(|x| x.cast(DType::F32)).transpose();
            let (weight, bias) = (wide(weight)?, wide(bias)?);
            let x = self.cast(DType::F32)?;
            let y = x.norm(centered, axes, weight.as_ref(), bias.as_ref(), eps)?;
            return y.cast(self.dtype());
        }
        let op = if centered { "layer_norm" } else { "rms_norm" };
        let first = normalize_axis(op, -axes.max(1).cast_signed(), self.rank())?;
        let norm = Rowwise {
            stat: Stat::Norm {
                centered,
                eps,
                weight: weight.is_some(),
                bias: bias.is_some(),
            },
            over: Over {
                axes: (first..self.rank()).collect(),
                keepdims: KeepDims::Yes,
            },
            dtype: self.dtype(),
        };
        let mut x: SmallVec<[&Raw; 3]> = SmallVec::from_elem(self, 1);
        x.extend(weight);
        x.extend(bias);
        bind_one(&norm, &x)
    }

    /// `ln Σ eˣ - t` along an axis, which goes: for an element `t` of it, the negative logarithm of its softmax. `t` has length 1 there
    /// and is in the dtype of the result, which is wide enough for sums.
    ///
    /// # Errors
    /// When the axis does not exist, or shapes do not fit.
    pub fn log_loss(&self, t: &Raw, axis: isize) -> Result<Raw> {
        let loss = Rowwise {
            stat: Stat::LogLoss,
            over: Over {
                axes: PerAxis::from_slice(&[normalize_axis("log_loss", axis, self.rank())?]),
                keepdims: KeepDims::No,
            },
            dtype: wide(self.dtype()),
        };
        bind_one(&loss, &[self, t])
    }

    fn normalised(&self, stat: Stat, op: &'static str, axis: isize) -> Result<Raw> {
        let axis = normalize_axis(op, axis, self.rank())?;
        let dtype = Class::ToFloat.compute(self.dtype()).unwrap_or(DType::F64);
        let over = Over {
            axes: PerAxis::from_slice(&[axis]),
            keepdims: KeepDims::Yes,
        };
        if dtype.is_float8() {
            return self
                .cast(DType::F32)?
                .normalised(stat, op, axis as isize)?
                .cast(dtype);
        }
        // integers become floats first, so that the derivative sees one dtype
        let x = self.cast(dtype)?;
        bind_one(&Rowwise { stat, over, dtype }, &[&x])
    }
}
