//! Sums, extremes and other statistics that leave NaN out.
//!
//! A NaN counts as what changes nothing: 0 in a sum, 1 in a product, -∞ in a maximum. Where no transformation looks on, the
//! elements are replaced on their way into the fold, so that no second array is made; else it is a `where` before the fold.

use std::sync::{Arc, OnceLock};

use super::along::of_number;
use super::value::*;
use super::warn;
use crate::backend::cpu::reduce::{fold_numbers, fold_of};
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::float8::{f8e4m3, f8e5m2};
use crate::functions::ufuncs::{Restriction, root_of_variance, squares_of};
use crate::graph::Function;
use crate::layout::{self, KeepDims, PerAxis};
use crate::ops::{Fold, Op, Reduction};
use crate::primitive::{Over, direct};
use crate::program::Program;
use crate::raw::{Operand, Raw, ReduceOptions};
use smallvec::smallvec;

/// What stands for NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Neutral {
    Zero,
    One,
    Lowest,
    Highest,
}

impl Neutral {
    /// `where(isnan(x), neutral, x)`.
    fn function(self, dtype: DType) -> &'static Arc<Function> {
        static REAL: [OnceLock<Arc<Function>>; 4] = [const { OnceLock::new() }; 4];
        static COMPLEX: [OnceLock<Arc<Function>>; 4] = [const { OnceLock::new() }; 4];
        static WITHOUT_INFINITY: [OnceLock<Arc<Function>>; 4] = [const { OnceLock::new() }; 4];
        let is_complex = dtype.is_complex();
        let greatest = dtype.greatest_float();
        let of = match is_complex {
            true => &COMPLEX,
            false if greatest.is_finite() => &WITHOUT_INFINITY,
            false => &REAL,
        };
        of[self as usize].get_or_init(|| {
            let value = match self {
                Neutral::Zero => 0.0,
                Neutral::One => 1.0,
                Neutral::Lowest => -greatest,
                Neutral::Highest => greatest,
            };
            let program = Program::trace(1, |b| {
                let x = b.input(0);
                let neutral = match is_complex && value.is_infinite() {
                    true => x.complex(value, value),
                    false => x.like(value),
                };
                x.isnan().choose(neutral, x)
            });
            Function::new(program, "without_nan")
        })
    }
}

/// 1 for a number, 0 for NaN.
fn is_number() -> &'static Arc<Function> {
    static F: OnceLock<Arc<Function>> = OnceLock::new();
    F.get_or_init(|| {
        let program = Program::trace(1, |b| {
            let x = b.input(0);
            x.isnan().choose(x.like(0.0), x.like(1.0))
        });
        Function::new(program, "is_number")
    })
}

/// `(x - mean)²`, 0 for NaN.
fn square_deviation() -> &'static Arc<Function> {
    static F: OnceLock<Arc<Function>> = OnceLock::new();
    F.get_or_init(|| {
        let program = Program::trace(2, |b| {
            let (x, mean) = (b.input(0), b.input(1));
            x.isnan().choose(x.like(0.0), (x - mean).square())
        });
        Function::new(program, "nanvar")
    })
}

/// Which axes a statistic is over; those of an array without axes are all.
pub(super) fn axes_of(axis: &Axes, rank: usize) -> layout::Axes<'_> {
    match &axis.0 {
        Some(list) if rank == 0 && matches!(list[..], [0 | -1]) => layout::Axes::All,
        _ => axis.as_layout(),
    }
}

pub(super) fn kept(keepdims: bool) -> KeepDims {
    match keepdims {
        true => KeepDims::Yes,
        false => KeepDims::No,
    }
}

/// Whether its elements may be NaN.
fn may_be_nan(x: &Raw) -> bool {
    x.dtype().is_differentiable()
}

/// What most of these functions are given.
struct Call<'a> {
    op: &'static str,
    x: &'a Raw,
    axes: layout::Axes<'a>,
    keepdims: KeepDims,
    mask: Option<&'a Raw>,
}

impl<'a> Call<'a> {
    fn new(
        op: &'static str,
        x: &'a Raw,
        axis: &'a Axes,
        keepdims: bool,
        mask: &'a Where,
    ) -> Call<'a> {
        Call {
            op,
            x,
            axes: axes_of(axis, x.rank()),
            keepdims: kept(keepdims),
            mask: mask.0.as_ref(),
        }
    }

    fn options(&self, dtype: Option<DType>) -> ReduceOptions<'a> {
        ReduceOptions {
            axes: self.axes,
            keepdims: self.keepdims,
            dtype,
            ddof: 0.0,
        }
    }

    fn over(&self) -> Result<Over> {
        Ok(Over {
            axes: self.axes.resolve(self.op, self.x.rank())?,
            keepdims: self.keepdims,
        })
    }

    /// With the axes kept.
    fn keeping(&self) -> Call<'a> {
        Call {
            keepdims: KeepDims::Yes,
            ..*self
        }
    }

    /// The reduction of the elements that are numbers.
    fn reduce(
        &self,
        op: Reduction,
        neutral: Neutral,
        dtype: Option<DType>,
        initial: Option<Operand<'_>>,
    ) -> Result<Raw> {
        let x = self.x;
        let restriction = Restriction {
            mask: self.mask,
            initial,
        };
        let named = |e: Error| e.in_op(self.op);
        if !may_be_nan(x) {
            return x
                .reduce_where(op, self.options(dtype), restriction)
                .map_err(named);
        }
        let fold = match op {
            Reduction::Sum => Some(Fold::Sum),
            Reduction::Max => Some(Fold::Max),
            Reduction::Min => Some(Fold::Min),
            _ => None,
        };
        let function = neutral.function(x.dtype());
        if let Some(fold) = fold
            && dtype.is_none()
            && self.mask.is_none()
            && initial.is_none()
            && !x.is_empty()
        {
            let over = self.over()?;
            let kernel = || match fold_numbers(fold, x, &over) {
                Some(done) => done,
                None => fold_of(fold, function, &[x], &over, x.dtype()),
            };
            if let Some(y) = direct(self.op, &[x], kernel)? {
                return Ok(y);
            }
        }
        Raw::call(function, &[x])?
            .reduce_where(op, self.options(dtype), restriction)
            .map_err(named)
    }

    /// How many elements are numbers, as `i64`.
    fn count(&self) -> Result<Raw> {
        let x = self.x;
        if self.mask.is_none() && matches!(x.dtype(), DType::F32 | DType::F64) && !x.is_empty() {
            let over = self.over()?;
            let kernel = || fold_of(Fold::Sum, is_number(), &[x], &over, DType::I64);
            if let Some(y) = direct(self.op, &[x], kernel)? {
                return Ok(y);
            }
        }
        let counts = self.counts()?;
        let options = self.options(Some(DType::I64));
        counts.reduce(Reduction::Sum, options)
    }

    /// Returns true where an element counts: a number that the mask picks.
    fn counts(&self) -> Result<Raw> {
        let x = self.x.detach();
        let counts = match may_be_nan(&x) {
            true => x.isnan()?.logical_not()?,
            false => x.like(x.shape(), DType::Bool, Scalar::Bool(true))?,
        };
        match self.mask {
            Some(mask) => counts.logical_and(&mask.broadcast_to(x.shape())?),
            None => Ok(counts),
        }
    }

    /// The sum and the count; the sum is wide enough for a mean.
    fn sum_and_count(&self, dtype: Option<DType>) -> Result<(Raw, Raw)> {
        let dtype = match (dtype, self.x.dtype()) {
            (None, dtype) if dtype.is_narrow_float() => Some(DType::F32),
            (dtype, _) => dtype,
        };
        let sum = self.reduce(Reduction::Sum, Neutral::Zero, dtype, None)?;
        Ok((sum, self.count()?))
    }
}

fn check_inexact(op: &'static str, dtype: OptDType) -> Result<()> {
    match dtype {
        Some(dtype) if !dtype.is_differentiable() => {
            Err(Error::dtype(op, "If a is inexact, then dtype must be inexact").dtypes(&[dtype]))
        }
        _ => Ok(()),
    }
}

/// Whether it holds for any element. False where the values are not known.
pub(super) fn any(x: &Raw) -> Result<bool> {
    if x.opaque().is_some() {
        return Ok(false);
    }
    let any = x.detach().reduce(Reduction::Any, Default::default())?;
    Ok(any.item()? == Scalar::Bool(true))
}

fn is_zero(x: &Raw) -> Result<Raw> {
    Raw::apply(Op::Eq, &[x.into(), Scalar::Int(0).into()])
}

/// NaN where a condition holds.
fn nan_where(condition: &Raw, x: &Raw) -> Result<Raw> {
    let nan = Scalar::Float(f64::NAN).into();
    Raw::apply(Op::Where, &[condition.into(), nan, x.into()])
}

/// A count in the real dtype of what it divides.
fn divided(x: &Raw, count: &Raw) -> Result<Raw> {
    x.div(&count.cast(x.dtype().to_real())?)
}

/// An initial value; beside booleans a number is one.
fn operand<'a>(number: &'a OptNumber, x: &Raw) -> Option<Operand<'a>> {
    match number {
        Some(Number::Scalar(v))
            if x.dtype() == DType::Bool && v.kind() < crate::dtype::Kind::Float =>
        {
            Some(Scalar::Bool(v.as_f64() != 0.0).into())
        }
        other => other.as_ref().map(Number::operand),
    }
}

pub fn nansum(
    a: Array,
    axis: Axes,
    dtype: OptDType,
    _: Out,
    keepdims: Bool,
    initial: OptNumber,
    mask: Where,
) -> Result<Raw> {
    let call = Call::new("nansum", a, &axis, keepdims, &mask);
    call.reduce(
        Reduction::Sum,
        Neutral::Zero,
        dtype,
        initial.as_ref().map(Number::operand),
    )
}

pub fn nanprod(
    a: Array,
    axis: Axes,
    dtype: OptDType,
    _: Out,
    keepdims: Bool,
    initial: OptNumber,
    mask: Where,
) -> Result<Raw> {
    let call = Call::new("nanprod", a, &axis, keepdims, &mask);
    call.reduce(
        Reduction::Prod,
        Neutral::One,
        dtype,
        initial.as_ref().map(Number::operand),
    )
}

fn extreme(call: &Call<'_>, op: Reduction, initial: &OptNumber) -> Result<Raw> {
    let neutral = match op {
        Reduction::Max => Neutral::Lowest,
        _ => Neutral::Highest,
    };
    let y = call.reduce(op, neutral, None, operand(initial, call.x))?;
    if !may_be_nan(call.x) || initial.is_some() {
        return Ok(y);
    }
    // only where the neutral value is left can all have been NaN
    let known = y.opaque().is_none();
    if known && !any(&y.detach().isinf()?)? {
        return Ok(y);
    }
    let none = is_zero(&call.count()?)?;
    if known && !any(&none)? {
        return Ok(y);
    }
    if known {
        warn("All-NaN slice encountered");
    }
    nan_where(&none, &y)
}

pub fn nanmax(
    a: Array,
    axis: Axes,
    _: Out,
    keepdims: Bool,
    initial: OptNumber,
    mask: Where,
) -> Result<Raw> {
    let call = Call::new("nanmax", a, &axis, keepdims, &mask);
    extreme(&call, Reduction::Max, &initial)
}

pub fn nanmin(
    a: Array,
    axis: Axes,
    _: Out,
    keepdims: Bool,
    initial: OptNumber,
    mask: Where,
) -> Result<Raw> {
    let call = Call::new("nanmin", a, &axis, keepdims, &mask);
    extreme(&call, Reduction::Min, &initial)
}

fn arg_extreme(
    op: &'static str,
    reduction: Reduction,
    a: &Raw,
    axis: Axes,
    keepdims: bool,
) -> Result<Raw> {
    let a = a.detach();
    let call = Call::new(op, &a, &axis, keepdims, &Where(None));
    if !may_be_nan(&a) {
        return a
            .reduce(reduction, call.options(None))
            .map_err(|e| e.in_op(op));
    }
    let neutral = match reduction {
        Reduction::Argmax => Neutral::Lowest,
        _ => Neutral::Highest,
    };
    let x = Raw::call(neutral.function(a.dtype()), &[&a])?;
    let y = x
        .reduce(reduction, call.options(None))
        .map_err(|e| match a.is_empty() {
            true => Error::value(
                op,
                format!(
                    "attempt to get {} of an empty sequence",
                    reduction.row().numpy
                ),
            ),
            false => e.in_op(op),
        })?;
    if any(&is_zero(&call.count()?)?)? {
        return Err(Error::value(op, "All-NaN slice encountered"));
    }
    Ok(y)
}

pub fn nanargmax(a: Array, axis: Axes, _: Out, keepdims: Bool) -> Result<Raw> {
    arg_extreme("nanargmax", Reduction::Argmax, a, axis, keepdims)
}

pub fn nanargmin(a: Array, axis: Axes, _: Out, keepdims: Bool) -> Result<Raw> {
    arg_extreme("nanargmin", Reduction::Argmin, a, axis, keepdims)
}

/// Numbers in place of NaN.
fn replaced(x: &Raw, neutral: Neutral) -> Result<Raw> {
    match may_be_nan(x) {
        true => Raw::call(neutral.function(x.dtype()), &[x]),
        false => Ok(x.clone()),
    }
}

pub fn nancumsum(a: Array, axis: AxisOrFlat, dtype: OptDType, out: Out) -> Result<Raw> {
    replaced(a, Neutral::Zero)?.running_fold(Fold::Sum, of_number(a, axis.0), dtype, &out)
}

pub fn nancumprod(a: Array, axis: AxisOrFlat, dtype: OptDType, out: Out) -> Result<Raw> {
    replaced(a, Neutral::One)?.running_fold(Fold::Prod, of_number(a, axis.0), dtype, &out)
}

/// How many numbers are in each row, the last axis.
pub(super) fn counts_of_rows(op: &'static str, x: &Raw) -> Result<Raw> {
    let axis = Axes(Some(smallvec![-1]));
    Call::new(op, x, &axis, false, &Where(None)).count()
}

pub(super) fn nan_mean(
    op: &'static str,
    a: &Raw,
    axis: &Axes,
    dtype: OptDType,
    keepdims: bool,
    mask: &Where,
) -> Result<Raw> {
    let call = Call::new(op, a, axis, keepdims, mask);
    if !may_be_nan(a) {
        let restriction = Restriction {
            mask: call.mask,
            initial: None,
        };
        return a.reduce_where(Reduction::Mean, call.options(dtype), restriction);
    }
    check_inexact(op, dtype)?;
    let (sum, count) = call.sum_and_count(dtype)?;
    if any(&is_zero(&count)?)? {
        warn("Mean of empty slice");
    }
    divided(&sum, &count)?.cast(dtype.unwrap_or(a.dtype()))
}

pub fn nanmean(
    a: Array,
    axis: Axes,
    dtype: OptDType,
    _: Out,
    keepdims: Bool,
    mask: Where,
) -> Result<Raw> {
    nan_mean("nanmean", a, &axis, dtype, keepdims, &mask)
}

/// Two names of what is taken off the number of elements.
fn degrees(op: &'static str, ddof: Float, correction: OptFloat) -> Result<f64> {
    match correction.0 {
        None => Ok(ddof),
        Some(_) if ddof != 0.0 => Err(Error::value(
            op,
            "ddof and correction can't be provided simultaneously.",
        )),
        Some(correction) => Ok(correction),
    }
}

fn variance(call: &Call<'_>, dtype: OptDType, ddof: f64, mean: OptArray) -> Result<Raw> {
    let a = call.x;
    let real = |dtype: DType| dtype.to_real();
    if !may_be_nan(a) && mean.is_none() {
        let options = ReduceOptions {
            ddof,
            ..call.options(dtype)
        };
        let restriction = Restriction {
            mask: call.mask,
            initial: None,
        };
        return a.reduce_where(Reduction::Var, options, restriction);
    }
    check_inexact(call.op, dtype)?;
    let whole = match a.dtype() {
        narrow if narrow.is_narrow_float() => DType::F32,
        other if !may_be_nan(a) => promote(other, DType::F64),
        other => other,
    };
    let whole = dtype.map_or(whole, |dtype| promote(whole, dtype));
    let x = a.cast(whole)?;
    let call = Call { x: &x, ..*call };
    let keeping = call.keeping();
    let (mean, count) = match mean {
        Some(mean) => (mean.cast(x.dtype())?, keeping.count()?),
        None => {
            let (sum, count) = keeping.sum_and_count(None)?;
            (divided(&sum, &count)?, count)
        }
    };
    let over = keeping.over()?;
    let plain = call.mask.is_none() && x.dtype().is_float() && !x.is_empty();
    let kernel = || {
        fold_of(
            Fold::Sum,
            square_deviation(),
            &[&x, &mean],
            &over,
            x.dtype(),
        )
    };
    let fast = match plain && mean.rank() == x.rank() {
        true => direct(call.op, &[&x, &mean], kernel)?,
        false => None,
    };
    let sum = match fast {
        Some(sum) => sum,
        None => {
            // what does not count is left out before the square, so that its derivative is 0
            let deviation = x.sub(&mean)?;
            let zero = Scalar::Bool(false).into();
            let counts = keeping.counts()?;
            let deviation = Raw::apply(Op::Where, &[(&counts).into(), (&deviation).into(), zero])?;
            squares_of(&deviation)?.reduce(Reduction::Sum, keeping.options(None))?
        }
    };
    let count = count.cast(DType::F64)?;
    let left = Raw::apply(Op::Sub, &[(&count).into(), Scalar::Float(ddof).into()])?;
    let bad = Raw::apply(Op::Le, &[(&left).into(), Scalar::Float(0.0).into()])?;
    if any(&bad)? {
        warn("Degrees of freedom <= 0 for slice.");
    }
    let variance = nan_where(&bad, &divided(&sum, &left)?)?;
    let result = dtype.map_or_else(|| real(if may_be_nan(a) { a.dtype() } else { whole }), real);
    let variance = variance.cast(result)?;
    match call.keepdims {
        KeepDims::Yes => Ok(variance),
        KeepDims::No => {
            let axes: PerAxis<isize> = over.axes.iter().map(|&axis| axis as isize).collect();
            variance.squeeze(Some(&axes))
        }
    }
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn nanvar(
    a: Array,
    axis: Axes,
    dtype: OptDType,
    _: Out,
    ddof: Float,
    keepdims: Bool,
    mask: Where,
    mean: OptArray,
    correction: OptFloat,
) -> Result<Raw> {
    let call = Call::new("nanvar", a, &axis, keepdims, &mask);
    let variance = variance(&call, dtype, degrees("nanvar", ddof, correction)?, mean)?;
    match dtype {
        Some(dtype) if dtype.is_complex() => variance.cast(dtype),
        _ => Ok(variance),
    }
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn nanstd(
    a: Array,
    axis: Axes,
    dtype: OptDType,
    _: Out,
    ddof: Float,
    keepdims: Bool,
    mask: Where,
    mean: OptArray,
    correction: OptFloat,
) -> Result<Raw> {
    let call = Call::new("nanstd", a, &axis, keepdims, &mask);
    let variance = variance(&call, dtype, degrees("nanstd", ddof, correction)?, mean)?;
    let deviation = root_of_variance(&variance)?;
    match dtype {
        Some(dtype) if dtype.is_integer() || dtype.is_complex() => deviation.cast(dtype),
        _ => Ok(deviation),
    }
}

/// The largest finite number of a float.
fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F8E4M3 => f8e4m3::MAX.to_f64(),
        DType::F8E5M2 => f8e5m2::MAX.to_f64(),
        DType::F16 => half::f16::MAX.to_f64(),
        DType::BF16 => half::bf16::MAX.to_f64(),
        DType::F32 => f32::MAX.into(),
        _ => f64::MAX,
    }
}

/// `re + im·i`.
pub(super) fn complex(re: &Raw, im: &Raw) -> Result<Raw> {
    if re.is_plain() && im.is_plain() && re.dtype().size() >= 4 {
        // side by side, so that neither an infinite part nor the sign of a zero reaches the other part
        return Raw::stack(&[re, im], -1)?
            .reinterpret(re.dtype().to_complex())?
            .squeeze(Some(&[-1]));
    }
    let i = Scalar::Complex(num_complex::Complex::I);
    re.add(&Raw::apply(Op::Mul, &[im.into(), i.into()])?)
}

/// Where the elements are NaN, `∞` and `-∞`: these; by default 0 and the extremes of the dtype.
pub fn nan_to_num(
    x: Array,
    copy: Bool,
    nan: Number,
    posinf: OptNumber,
    neginf: OptNumber,
) -> Result<Raw> {
    const OP: &str = "nan_to_num";
    static F: OnceLock<Arc<Function>> = OnceLock::new();
    let function = F.get_or_init(|| {
        let program = Program::trace(4, |b| {
            let (x, nan, above, below) = (b.input(0), b.input(1), b.input(2), b.input(3));
            let x_or_below = x.eq(x.like(f64::NEG_INFINITY)).choose(below, x);
            let finite = x.eq(x.like(f64::INFINITY)).choose(above, x_or_below);
            x.isnan().choose(nan, finite)
        });
        Function::new(program, "nan_to_num")
    });
    let result = if !may_be_nan(x) {
        match copy {
            true => x.copied()?,
            false => return Ok(x.clone()),
        }
    } else {
        let real = x.dtype().to_real();
        let most = largest(real);
        let given = |number: &Number| -> Result<Raw> {
            number.written_to(OP, real)?.broadcast_to(x.shape())
        };
        let nan = given(&nan)?;
        let above = given(&posinf.unwrap_or(Number::Scalar(Scalar::Float(most))))?;
        let below = given(&neginf.unwrap_or(Number::Scalar(Scalar::Float(-most))))?;
        let part = |x: &Raw| Raw::call(function, &[x, &nan, &above, &below]);
        match x.dtype().is_complex() {
            true => complex(&part(&x.real()?)?, &part(&x.imag()?)?)?,
            false => part(x)?,
        }
    };
    if copy {
        return Ok(result);
    }
    let mut x = x.clone();
    x.assign(&result)?;
    Ok(x)
}
