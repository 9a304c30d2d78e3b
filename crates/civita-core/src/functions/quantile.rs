//! Medians and quantiles, with and without NaN, by all of NumPy's methods.
//!
//! ```text
//! the axes as one, the last
//! virtual place of each quantile among n sorted elements; the elements below and above it, and the part between
//! the elements at these places: selected (`backend/cpu/select`), or taken from a sort where a derivative needs its indices
//! ```

use super::join::flat;
use super::nan::{any, counts_of_rows, kept, nan_mean};
use super::shape::inverse;
use super::value::*;
use super::warn;
use crate::backend::cpu::select::{Nan, ranked};
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::layout::{self, KeepDims};
use crate::ops::{Op, Reduction};
use crate::primitive::{Direction, direct};
use crate::raw::{Mode, Operand, Raw, ReduceOptions};

/// The axes as one, at the end, and the shape of the result with axes of length 1 for them if they stay.
struct Rows {
    x: Raw,
    shape: Vec<usize>,
}

impl Rows {
    fn of(op: &'static str, a: &Raw, axis: &Axes, keepdims: bool) -> Result<Rows> {
        let axes = axis.as_layout().resolve(op, a.rank())?;
        axes.iter().for_each(|&axis| a.length_is_read(op, axis));
        let shape = layout::reduced_shape(a.shape(), &axes, kept(keepdims)).to_vec();
        if axes.len() == 1 && a.rank() == 1 {
            return Ok(Rows {
                x: a.clone(),
                shape,
            });
        }
        Ok(Rows {
            x: together(a, &axes)?,
            shape,
        })
    }

    /// Elements of a row.
    fn n(&self) -> usize {
        self.x.shape().last().copied().unwrap_or(1)
    }
}

fn together(a: &Raw, axes: &[usize]) -> Result<Raw> {
    let rest: Vec<usize> = (0..a.rank()).filter(|i| !axes.contains(i)).collect();
    let order: Vec<isize> = rest.iter().chain(axes).map(|&axis| axis as isize).collect();
    let mut shape: Vec<usize> = rest.iter().map(|&i| a.shape()[i]).collect();
    shape.push(axes.iter().map(|&i| a.shape()[i]).product());
    a.permute(&order)?.reshape(&shape)
}

fn with_float(op: Op, x: &Raw, v: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(v).into()])
}

/// Where the sorted rows end in NaN, that; else the numbers beside it.
fn unless_nan(sorted: &Raw, numbers: &Raw) -> Result<Raw> {
    let n = sorted.shape()[sorted.rank() - 1];
    if !sorted.dtype().is_differentiable() || n == 0 {
        return Ok(numbers.clone());
    }
    let last = sorted.narrow(-1, n - 1, 1)?;
    let last = last.reshape(&last.shape()[..last.rank() - 1])?;
    last.isnan()?.choose(&last.cast(numbers.dtype())?, numbers)
}

fn mean_of_last(x: &Raw) -> Result<Raw> {
    let axes = [-1];
    let options = ReduceOptions {
        axes: layout::Axes::List(&axes),
        ..Default::default()
    };
    x.reduce(Reduction::Mean, options)
}

/// The mean of the elements at the middle places of sorted rows of `n`.
fn middle(op: &'static str, x: &Raw, n: usize, nan: Nan) -> Result<Raw> {
    let (low, high) = (n.saturating_sub(1) / 2, n / 2);
    let places = [low, high];
    let places = if low == high {
        &places[..1]
    } else {
        &places[..]
    };
    if n == 0 {
        return mean_of_last(&x.narrow(-1, 0, 0)?);
    }
    if let Some(found) = direct(op, &[x], || ranked(x, places, nan))? {
        return mean_of_last(&found);
    }
    let sorted = x.sort(-1, Direction::Ascending)?;
    let mean = mean_of_last(&sorted.narrow(-1, low, places.len())?)?;
    match nan {
        Nan::Spreads => unless_nan(&sorted, &mean),
        Nan::Last => Ok(mean),
    }
}

pub fn median(a: Array, axis: Axes, _: Out, _overwrite_input: Bool, keepdims: Bool) -> Result<Raw> {
    lying_alike("median", a, axis, keepdims, |rows| {
        let n = rows.n();
        if n == 0 && rows.shape.iter().product::<usize>() > 0 {
            warn("Mean of empty slice");
        }
        middle("median", &rows.x, n, Nan::Spreads)
    })
}

/// What `f` makes of the rows, each a number, in an array that lies as `a` does.
fn lying_alike(
    op: &'static str,
    a: &Raw,
    axis: Axes,
    keepdims: bool,
    f: impl FnOnce(&Rows) -> Result<Raw>,
) -> Result<Raw> {
    let order = a.is_plain().then(|| a.layout().memory_order()).flatten();
    let Some(order) = order else {
        let rows = Rows::of(op, a, &axis, keepdims)?;
        return f(&rows)?.reshape(&rows.shape);
    };
    let axes = axis.as_layout().resolve(op, a.rank())?;
    let places = (0..a.rank()).filter(|&place| axes.contains(&order[place]));
    let places = Axes(Some(places.map(|place| place as isize).collect()));
    let order: Vec<isize> = order.iter().map(|&axis| axis as isize).collect();
    let rows = Rows::of(op, &a.permute(&order)?, &places, true)?;
    let y = f(&rows)?.reshape(&rows.shape)?.permute(&inverse(&order))?;
    match keepdims {
        true => Ok(y),
        false => y.squeeze(Some(&axes.iter().map(|&a| a as isize).collect::<Vec<_>>())),
    }
}

/// How many numbers are in each row.
enum Counts {
    /// In all the same.
    Equal(usize),
    /// In each its own, or not known.
    Each(Raw),
}

fn counts(op: &'static str, x: &Raw) -> Result<Counts> {
    let counts = counts_of_rows(op, x)?;
    if counts.opaque().is_some() {
        return Ok(Counts::Each(counts));
    }
    let all = counts.detach().to_vec::<i64>()?;
    Ok(match all.first() {
        Some(first) if all.iter().all(|n| n == first) => Counts::Equal(*first as usize),
        None => Counts::Equal(0),
        _ => Counts::Each(counts),
    })
}

/// A warning for each row without numbers.
fn warn_of_empty(rows: usize) {
    for _ in 0..rows.min(64) {
        warn("All-NaN slice encountered");
    }
}

/// NaN of rows that have no numbers.
fn nan_of_empty(x: &Raw, count: &Raw) -> Result<Raw> {
    let none = Raw::apply(Op::Eq, &[count.into(), Scalar::Int(0).into()])?;
    if any(&none)? {
        let many = none.detach().sum_all()?.item()?.as_f64();
        warn_of_empty(many as usize);
    }
    let nan = Scalar::Float(f64::NAN).into();
    Raw::apply(Op::Where, &[(&none).into(), nan, x.into()])
}

pub fn nanmedian(
    a: Array,
    axis: Axes,
    out: Out,
    overwrite_input: Bool,
    keepdims: Bool,
) -> Result<Raw> {
    const OP: &str = "nanmedian";
    if a.is_empty() {
        return nan_mean(OP, a, &axis, None, keepdims, &Where(None));
    }
    if !a.dtype().is_differentiable() {
        return median(a, axis, out, overwrite_input, keepdims);
    }
    lying_alike(OP, a, axis, keepdims, |rows| {
        let x = &rows.x;
        match counts(OP, x)? {
            Counts::Equal(0) => {
                warn_of_empty(x.len() / rows.n());
                mean_of_last(&x.narrow(-1, 0, 1)?)
            }
            Counts::Equal(n) => middle(OP, x, n, Nan::Last),
            Counts::Each(count) => {
                let sorted = x.sort(-1, Direction::Ascending)?;
                let half = |of: &Raw| -> Result<Raw> {
                    let half = Raw::apply(Op::FloorDivide, &[of.into(), Scalar::Int(2).into()])?;
                    Raw::apply(Op::Maximum, &[(&half).into(), Scalar::Int(0).into()])?
                        .expand_dims(&[-1])
                };
                let before = Raw::apply(Op::Sub, &[(&count).into(), Scalar::Int(1).into()])?;
                let places = [half(&before)?, half(&count)?];
                let places = Raw::concatenate(&[&places[0], &places[1]], -1)?;
                // of an all-NaN row, and of a full one, `n / 2` is a place of the row
                let last = Scalar::Int(rows.n() as i128 - 1);
                let places = Raw::apply(Op::Minimum, &[(&places).into(), last.into()])?;
                let mean = mean_of_last(&sorted.take_along_axis(&places, -1)?)?;
                nan_of_empty(&mean, &count)
            }
        }
    })
}

/// What the four functions are given.
struct Call<'a> {
    op: &'static str,
    axis: Axes,
    method: QuantileMethod,
    keepdims: bool,
    weights: OptArray,
    /// The largest `q`.
    whole: f64,
    a: &'a Raw,
    q: Number,
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn quantile(
    a: Array,
    q: Number,
    axis: Axes,
    _: Out,
    _overwrite_input: Bool,
    method: QuantileMethod,
    keepdims: Bool,
    weights: OptArray,
) -> Result<Raw> {
    let call = Call {
        op: "quantile",
        axis,
        method,
        keepdims,
        weights,
        whole: 1.0,
        a,
        q,
    };
    call.run(Nan::Spreads)
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn percentile(
    a: Array,
    q: Number,
    axis: Axes,
    _: Out,
    _overwrite_input: Bool,
    method: QuantileMethod,
    keepdims: Bool,
    weights: OptArray,
) -> Result<Raw> {
    let call = Call {
        op: "percentile",
        axis,
        method,
        keepdims,
        weights,
        whole: 100.0,
        a,
        q,
    };
    call.run(Nan::Spreads)
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn nanquantile(
    a: Array,
    q: Number,
    axis: Axes,
    _: Out,
    _overwrite_input: Bool,
    method: QuantileMethod,
    keepdims: Bool,
    weights: OptArray,
) -> Result<Raw> {
    let call = Call {
        op: "nanquantile",
        axis,
        method,
        keepdims,
        weights,
        whole: 1.0,
        a,
        q,
    };
    call.run(Nan::Last)
}

#[allow(clippy::too_many_arguments)] // NumPy's
pub fn nanpercentile(
    a: Array,
    q: Number,
    axis: Axes,
    _: Out,
    _overwrite_input: Bool,
    method: QuantileMethod,
    keepdims: Bool,
    weights: OptArray,
) -> Result<Raw> {
    let call = Call {
        op: "nanpercentile",
        axis,
        method,
        keepdims,
        weights,
        whole: 100.0,
        a,
        q,
    };
    call.run(Nan::Last)
}

impl Call<'_> {
    /// Returns true where the quantiles are the least and the largest elements, as integers or booleans say them.
    fn is_whole(&self) -> bool {
        let is_line = self.whole == 1.0 && self.method == QuantileMethod::Linear;
        let whole = match &self.q {
            Number::Scalar(v) => matches!(v, Scalar::Bool(_) | Scalar::Int(_)),
            Number::Array(q) => q.dtype().is_integer() || q.dtype() == DType::Bool,
        };
        is_line && whole && self.weights.is_none()
    }

    fn run(mut self, nan: Nan) -> Result<Raw> {
        let (op, a) = (self.op, self.a);
        if a.dtype().is_complex() {
            return Err(Error::dtype(op, "a must be an array of real numbers").dtypes(&[a.dtype()]));
        }
        if nan == Nan::Last && a.is_empty() {
            return nan_mean(op, a, &self.axis, None, self.keepdims, &Where(None));
        }
        if self.is_whole() {
            self.method = QuantileMethod::Lower;
        }
        let is_element = self.method.is_element();
        if a.dtype() == DType::Bool && !is_element {
            return Err(
                Error::dtype(op, "booleans have no differences to interpolate")
                    .dtypes(&[a.dtype()])
                    .hint_cast("convert them first", DType::F64),
            );
        }
        let real = match is_element || a.dtype().is_float() {
            true => a.dtype(),
            false => DType::F64,
        };
        let is_complex = match &self.q {
            Number::Scalar(q) => matches!(q, Scalar::Complex(_)),
            Number::Array(q) => q.dtype().is_complex(),
        };
        if is_complex {
            return Err(Error::dtype(op, "q is real"));
        }
        if self.q.shape().len() > 2 {
            return Err(Error::value(op, "q must be a scalar or 1d").shapes(&[self.q.shape()]));
        }
        // a number takes the array's dtype, an array of them has its own
        let dtype = match &self.q {
            _ if is_element => real,
            Number::Scalar(_) => real,
            Number::Array(q) if q.dtype().is_float() => promote(a.dtype(), q.dtype()),
            Number::Array(_) => promote(real, DType::F64),
        };
        let q = self.q.cast(DType::F64)?;
        let q = match self.whole == 1.0 {
            true => q,
            false => with_float(Op::Div, &q, self.whole)?,
        };
        self.check_range(&q)?;
        let nan = match a.dtype().is_float() {
            true => nan,
            false => Nan::Spreads,
        };
        let rows = Rows::of(op, a, &self.axis, self.keepdims)?;
        if rows.n() == 0 {
            return Err(Error::index(op, "a quantile of no elements is undefined"));
        }
        let shape = [q.shape(), &rows.shape].concat();
        let flat_q = flat(&q)?;
        let found = match &self.weights {
            Some(weights) => self.weighted(&rows, weights, &flat_q, nan)?,
            None => self.between(&rows, &flat_q, nan, [real, dtype])?,
        };
        found.reshape(&shape)
    }

    fn check_range(&self, q: &Raw) -> Result<()> {
        if q.opaque().is_some() {
            return Ok(());
        }
        let inside = |q: &f64| (0.0..=1.0).contains(q);
        if q.to_vec::<f64>()?.iter().all(inside) {
            return Ok(());
        }
        Err(Error::value(
            self.op,
            match self.whole == 1.0 {
                true => "Quantiles must be in the range [0, 1]",
                false => "Percentiles must be in the range [0, 100]",
            },
        ))
    }

    /// Without weights: the quantiles along a new first axis.
    fn between(&self, rows: &Rows, q: &Raw, nan: Nan, [real, dtype]: [DType; 2]) -> Result<Raw> {
        let x = rows.x.cast(real)?;
        let n = rows.n();
        let counts = match nan {
            Nan::Spreads => Counts::Equal(n),
            Nan::Last => counts(self.op, &x)?,
        };
        let n = match counts {
            Counts::Equal(0) => {
                warn_of_empty(x.len() / n);
                let nan = x.narrow(-1, 0, 1)?.cast(dtype)?.move_axis(-1, 0)?;
                let mut shape = nan.shape().to_vec();
                shape[0] = q.len();
                return nan.broadcast_to(&shape);
            }
            Counts::Equal(n) => n,
            Counts::Each(count) => return self.of_each(&x, q, &count, dtype),
        };
        let place = self.method.place(
            q,
            Scalar::Float(n as f64).into(),
            Scalar::Float(n as f64 - 1.0).into(),
        )?;
        let mut spread = vec![1; x.rank()];
        spread[0] = q.len();
        if let Some(found) = self.selected(&x, &place, nan)? {
            return found.mixed(dtype, &spread);
        }
        let sorted = x.sort(-1, Direction::Ascending)?;
        let at = |places: &Raw| -> Result<Raw> {
            let taken = sorted.take(&places.cast(DType::I64)?, -1, Mode::Clip)?;
            taken.move_axis(-1, 0)
        };
        let found = place.taken(at)?.mixed(dtype, &spread)?;
        match nan {
            Nan::Spreads => unless_nan(&sorted, &found),
            Nan::Last => Ok(found),
        }
    }

    /// The elements at places that are known, without a sort.
    fn selected(&self, x: &Raw, place: &Place, nan: Nan) -> Result<Option<Ends>> {
        let known = |x: &Raw| x.opaque().is_none();
        if x.tag().is_some() || !known(&place.low) || !place.high.as_ref().is_none_or(known) {
            return Ok(None);
        }
        let read = |places: &Raw| -> Result<Vec<usize>> {
            let all = places.to_vec::<f64>()?;
            Ok(all.into_iter().map(|place| place as usize).collect())
        };
        let low = read(&place.low)?;
        let high = match &place.high {
            Some(high) => read(high)?,
            None => Vec::new(),
        };
        let mut all = [&low[..], &high].concat();
        all.sort_unstable();
        all.dedup();
        if all.is_empty() {
            return Ok(None);
        }
        let Some(found) = direct(self.op, &[x], || ranked(x, &all, nan))? else {
            return Ok(None);
        };
        let at = |places: &[usize]| -> Result<Raw> {
            let first = all.partition_point(|&p| p < places[0]);
            if places.len() == 1 {
                return found.narrow(-1, first, 1)?.move_axis(-1, 0);
            }
            let numbers = places
                .iter()
                .map(|place| all.partition_point(|p| p < place) as i64)
                .collect();
            let numbers = Raw::from_vec(numbers, &[places.len()])?.to_device(found.device())?;
            found.take(&numbers, -1, Mode::Raise)?.move_axis(-1, 0)
        };
        Ok(Some(Ends {
            low: at(&low)?,
            high: match high.is_empty() {
                true => None,
                false => Some((at(&high)?, place.part.clone())),
            },
        }))
    }

    /// Where rows have different counts of numbers.
    fn of_each(&self, x: &Raw, q: &Raw, count: &Raw, dtype: DType) -> Result<Raw> {
        let sorted = x.sort(-1, Direction::Ascending)?;
        let n = count.cast(DType::F64)?.expand_dims(&[-1])?;
        // of a row without numbers the last element is taken, a NaN
        let last = with_float(Op::Sub, &n, 1.0)?;
        let last = with_float(Op::Maximum, &last, 0.0)?;
        let place = self.method.place(q, (&n).into(), (&last).into())?;
        let at = |places: &Raw| -> Result<Raw> {
            let taken = sorted.take_along_axis(&places.cast(DType::I64)?, -1)?;
            taken.move_axis(-1, 0)
        };
        let part = place.part.move_axis(-1, 0)?;
        let spread = part.shape().to_vec();
        let found = Place { part, ..place }.taken(at)?.mixed(dtype, &spread)?;
        nan_of_empty(&found, count)
    }

    /// By `inverted_cdf`, with weights: the quantiles along a new first axis.
    fn weighted(&self, rows: &Rows, weights: &Raw, q: &Raw, nan: Nan) -> Result<Raw> {
        let (op, x) = (self.op, &rows.x);
        if self.method != QuantileMethod::InvertedCdf {
            let word: Value = self.method.into();
            return Err(Error::value(
                op,
                format!("Only method 'inverted_cdf' supports weights. Got: {word}."),
            ));
        }
        let weights = self.weights_like(weights)?;
        let negative = with_float(Op::Lt, &weights, 0.0)?;
        if any(&negative)? {
            return Err(Error::value(op, "Weights must be non-negative."));
        }
        let weights = Rows::of(op, &weights, &self.axis, false)?.x;
        let last = x.rank() as isize - 1;
        let order = x.argsort(last, Direction::Ascending)?;
        let sorted = x.take_along_axis(&order, last)?;
        let mut weights = weights.cast(DType::F64)?;
        if nan == Nan::Last {
            let zero = Scalar::Float(0.0).into();
            weights = Raw::apply(
                Op::Where,
                &[(&x.detach().isnan()?).into(), zero, (&weights).into()],
            )?;
        }
        let weights = weights.take_along_axis(&order, last)?;
        let cdf = weights.cumsum(Some(last), None)?;
        let total = cdf.narrow(last, rows.n() - 1, 1)?;
        let cdf = cdf.div(&total)?;
        let no_weight = cdf.narrow(last, rows.n() - 1, 1)?.isnan()?;
        let bad = match nan {
            Nan::Spreads => no_weight,
            // a row of NaN has no weights, and is allowed to
            Nan::Last => no_weight.logical_and(&{
                let first = sorted.detach().narrow(last, 0, 1)?;
                first.isnan()?.logical_not()?
            })?,
        };
        if any(&bad)? {
            return Err(Error::value(
                op,
                "Weights included NaN, inf or were all zero.",
            ));
        }
        let narrow = match &self.q {
            Number::Array(q) if q.dtype().is_float() => q.dtype(),
            _ => DType::F64,
        };
        let (cdf, q) = (cdf.cast(narrow)?, q.cast(narrow)?);
        // what has no weight is never chosen
        let zero = with_float(Op::Eq, &cdf, 0.0)?;
        let below = Scalar::Float(-1.0).into();
        let cdf = Raw::apply(Op::Where, &[(&zero).into(), below, (&cdf).into()])?;
        let axes = [-1];
        let one = |i: usize| -> Result<Raw> {
            let q = q.select_index(0, i as isize)?;
            let before = cdf.lt(&q)?;
            let options = ReduceOptions {
                axes: layout::Axes::List(&axes),
                keepdims: KeepDims::Yes,
                dtype: Some(DType::I64),
                ddof: 0.0,
            };
            let place = before.reduce(Reduction::Sum, options)?;
            let most = Scalar::Int(rows.n() as i128 - 1).into();
            let place = Raw::apply(Op::Minimum, &[(&place).into(), most])?;
            let taken = sorted.take_along_axis(&place, last)?;
            taken.move_axis(-1, 0)
        };
        let all = (0..q.len()).map(one).collect::<Result<Vec<_>>>()?;
        let found = match all.is_empty() {
            true => sorted.narrow(-1, 0, 0)?.move_axis(-1, 0)?,
            false => Raw::concatenate(&all.iter().collect::<Vec<_>>(), 0)?,
        };
        match nan {
            Nan::Spreads => unless_nan(&sorted, &found),
            Nan::Last => {
                let count = counts_of_rows(op, x)?;
                nan_of_empty(&found, &count)
            }
        }
    }

    /// The weights in the shape of the array.
    fn weights_like(&self, weights: &Raw) -> Result<Raw> {
        let (op, a) = (self.op, self.a);
        if weights.shape() == a.shape() {
            return Ok(weights.clone());
        }
        if self.axis.0.is_none() {
            return Err(Error::dtype(
                op,
                "Axis must be specified when shapes of a and weights differ.",
            )
            .shapes(&[weights.shape(), a.shape()]));
        }
        along_axes(op, weights, a.shape(), &self.axis)
    }
}

/// Weights along these axes of a shape, in the order in which the axes were named, broadcast to the shape.
pub(super) fn along_axes(
    op: &'static str,
    weights: &Raw,
    shape: &[usize],
    axis: &Axes,
) -> Result<Raw> {
    let rank = shape.len();
    let named = axis
        .0
        .iter()
        .flatten()
        .map(|&axis| layout::normalize_axis(op, axis, rank))
        .collect::<Result<Vec<_>>>()?;
    let along: Vec<usize> = named.iter().map(|&axis| shape[axis]).collect();
    if weights.shape() != along {
        return Err(Error::value(
            op,
            "Shape of weights must be consistent with shape of a along specified axis.",
        )
        .shapes(&[weights.shape(), shape]));
    }
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|&i| named[i]);
    let order: Vec<isize> = order.into_iter().map(|i| i as isize).collect();
    let wide: Vec<usize> = (0..rank)
        .map(|axis| {
            if named.contains(&axis) {
                shape[axis]
            } else {
                1
            }
        })
        .collect();
    weights.permute(&order)?.reshape(&wide)?.broadcast_to(shape)
}

/// The elements beside a virtual place, and the part of the way between them.
struct Ends {
    low: Raw,
    high: Option<(Raw, Raw)>,
}

impl Ends {
    /// What lies between, in this dtype; the parts get this shape.
    fn mixed(self, dtype: DType, spread: &[usize]) -> Result<Raw> {
        let a = self.low.cast(dtype)?;
        let Some((b, part)) = self.high else {
            return Ok(a);
        };
        let b = b.cast(dtype)?;
        let part = part.cast(dtype)?.reshape(spread)?;
        let step = b.sub(&a)?;
        // from the nearer end, so that both ends are exact
        let from_low = a.add(&step.mul(&part)?)?;
        let rest = Raw::apply(Op::Sub, &[Scalar::Float(1.0).into(), (&part).into()])?;
        let from_high = b.sub(&step.mul(&rest)?)?;
        let mixed = with_float(Op::Ge, &part, 0.5)?.choose(&from_high, &from_low)?;
        with_float(Op::Eq, &part, 0.0)?.choose(&a, &mixed)
    }
}

/// Virtual places, as `f64`: that of the element, or those of two and the part between.
struct Place {
    low: Raw,
    high: Option<Raw>,
    part: Raw,
}

impl Place {
    fn taken(self, at: impl Fn(&Raw) -> Result<Raw>) -> Result<Ends> {
        Ok(Ends {
            low: at(&self.low)?,
            high: match &self.high {
                Some(high) => Some((at(high)?, self.part)),
                None => None,
            },
        })
    }
}

impl QuantileMethod {
    /// Whether the quantile is always an element.
    fn is_element(self) -> bool {
        matches!(
            self,
            QuantileMethod::Lower
                | QuantileMethod::Higher
                | QuantileMethod::Nearest
                | QuantileMethod::InvertedCdf
                | QuantileMethod::ClosestObservation
        )
    }

    /// The places of quantiles among `n` sorted elements, of which `last` is the last (Hyndman and Fan, Sample Quantiles in
    /// Statistical Packages, 1996).
    fn place(self, q: &Raw, n: Operand<'_>, last: Operand<'_>) -> Result<Place> {
        let times = |n: Operand<'_>| Raw::apply(Op::Mul, &[q.into(), n]);
        let minus = |x: &Raw, v: f64| with_float(Op::Sub, x, v);
        // n q + (α + q (1 - α - β)) - 1
        let by = |alpha: f64, beta: f64| -> Result<Raw> {
            let shift = with_float(Op::Mul, q, 1.0 - alpha - beta)?;
            let shift = with_float(Op::Add, &shift, alpha)?;
            minus(&times(n)?.add(&shift)?, 1.0)
        };
        let place = match self {
            QuantileMethod::Linear => times(last)?,
            QuantileMethod::Lower => times(last)?.floor()?,
            QuantileMethod::Higher => times(last)?.ceil()?,
            QuantileMethod::Nearest => times(last)?.rint()?,
            QuantileMethod::Midpoint => {
                let place = times(last)?;
                with_float(Op::Mul, &place.floor()?.add(&place.ceil()?)?, 0.5)?
            }
            QuantileMethod::InvertedCdf => minus(&times(n)?, 1.0)?.ceil()?,
            QuantileMethod::AveragedInvertedCdf => minus(&times(n)?, 1.0)?,
            QuantileMethod::ClosestObservation => {
                // down where it is whole and odd, else up
                let place = minus(&times(n)?, 1.5)?;
                let floor = place.floor()?;
                let odd = with_float(Op::Remainder, &floor, 2.0)?;
                let down = place
                    .eq(&floor)?
                    .logical_and(&with_float(Op::Eq, &odd, 1.0)?)?;
                down.choose(&floor, &with_float(Op::Add, &floor, 1.0)?)?
            }
            QuantileMethod::InterpolatedInvertedCdf => by(0.0, 1.0)?,
            QuantileMethod::Hazen => by(0.5, 0.5)?,
            QuantileMethod::Weibull => by(0.0, 0.0)?,
            QuantileMethod::MedianUnbiased => by(1.0 / 3.0, 1.0 / 3.0)?,
            QuantileMethod::NormalUnbiased => by(0.375, 0.375)?,
        };
        let inside = with_float(Op::Maximum, &place, 0.0)?;
        let inside = Raw::apply(Op::Minimum, &[(&inside).into(), last])?;
        if self.is_element() {
            return Ok(Place {
                part: inside.clone(),
                low: inside,
                high: None,
            });
        }
        let low = inside.floor()?;
        let part = match self {
            // half where the place is whole, else the upper one
            QuantileMethod::AveragedInvertedCdf => {
                let whole = place.eq(&place.floor()?)?;
                let half = Scalar::Float(0.5).into();
                let one = Scalar::Float(1.0).into();
                let part = Raw::apply(Op::Where, &[(&whole).into(), half, one])?;
                let below = with_float(Op::Lt, &place, 0.0)?;
                let zero = Scalar::Float(0.0).into();
                Raw::apply(Op::Where, &[(&below).into(), zero, (&part).into()])?
            }
            _ => inside.sub(&low)?,
        };
        let high = with_float(Op::Add, &low, 1.0)?;
        let high = Raw::apply(Op::Minimum, &[(&high).into(), last])?;
        Ok(Place {
            low,
            high: Some(high),
            part,
        })
    }
}
