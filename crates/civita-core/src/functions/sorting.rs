//! Sorted arrays, what is found in them, and what stands in their middle.

use super::join::flat;
use super::value::*;
use crate::dtype::{Casting, DType, Scalar, promote};
use crate::error::{Error, Result, shape_text};
use crate::layout::{KeepDims, normalize_axis};
use crate::ops::{Op, Reduction};
use crate::primitive::Direction;
use crate::raw::{Mode, Raw, ReduceOptions};

/// NumPy's choice of an algorithm. There is one here, which is stable.
#[derive(Clone, Copy, Debug)]
pub struct SortKind(bool);

impl Kind for SortKind {
    const EXPECTS: &'static str = "one of 'quicksort', 'mergesort', 'heapsort', 'stable', or None";
    const STUB: &'static str = "Literal['quicksort', 'mergesort', 'heapsort', 'stable'] | None";
    fn from_value(value: Value) -> Result<SortKind, Refused> {
        match value {
            Value::None => Ok(SortKind(false)),
            Value::Text(word) => match word.as_str() {
                "quicksort" | "mergesort" | "heapsort" | "stable" => Ok(SortKind(true)),
                _ => Err(
                    Error::value("kind", format!("{word:?} is not {}", SortKind::EXPECTS)).into(),
                ),
            },
            _ => Err(Refused::Type),
        }
    }
}

/// NumPy's `order`, the fields of a structured array. Arrays have no fields here.
#[derive(Clone, Copy, Debug)]
pub struct Fields;

impl Kind for Fields {
    const EXPECTS: &'static str = "None: arrays have no fields";
    const STUB: &'static str = "None";
    fn from_value(value: Value) -> Result<Fields, Refused> {
        match value {
            Value::None => Ok(Fields),
            Value::Text(_) | Value::List(_) => Err(Error::value(
                "order",
                "Cannot specify order when the array has no fields.",
            )
            .into()),
            _ => Err(Refused::Type),
        }
    }
}

fn direction(
    op: &'static str,
    kind: SortKind,
    stable: &OptBool,
    descending: bool,
) -> Result<Direction> {
    if kind.0 && stable.0.is_some() {
        return Err(Error::value(
            op,
            "`kind` and `stable` parameters can't be provided at the same time. Use only one of them.",
        ));
    }
    Ok(match descending {
        true => Direction::Descending,
        false => Direction::Ascending,
    })
}

/// The array and its axis; without one the flattened array.
fn along(x: &Raw, axis: &AxisOrFlat) -> Result<(Raw, isize)> {
    match axis.0 {
        None => Ok((flat(x)?, 0)),
        Some(axis) => Ok((x.clone(), axis)),
    }
}

pub fn sort(
    a: Array,
    axis: AxisOrFlat,
    kind: SortKind,
    _: Fields,
    stable: OptBool,
    descending: Bool,
) -> Result<Raw> {
    let direction = direction("sort", kind, &stable, descending)?;
    let (x, axis) = along(&a, &axis)?;
    x.sort(axis, direction)
}

pub fn argsort(
    a: Array,
    axis: AxisOrFlat,
    kind: SortKind,
    _: Fields,
    stable: OptBool,
    descending: Bool,
) -> Result<Raw> {
    let direction = direction("argsort", kind, &stable, descending)?;
    let (x, axis) = along(&a, &axis)?;
    x.argsort(axis, direction)
}

pub fn topk(x: Array, k: Count, axis: Axis, largest: Bool, _sorted: Bool) -> Result<Vec<Raw>> {
    const OP: &str = "topk";
    let at = normalize_axis(OP, axis, x.rank())?;
    let n = x.shape()[at];
    if k > n {
        return Err(Error::value(
            OP,
            format!("k = {k} is more than the {n} elements along the axis"),
        )
        .shapes(&[x.shape()]));
    }
    let direction = match largest {
        true => Direction::Descending,
        false => Direction::Ascending,
    };
    let (values, indices) = x.sort_with_indices(axis, direction)?;
    Ok(vec![
        values.narrow(axis, 0, k)?,
        indices.narrow(axis, 0, k)?,
    ])
}

/// Checks that the places exist.
fn check_kth(op: &'static str, kth: &Ints, x: &Raw, axis: isize) -> Result<()> {
    let n = x.shape()[normalize_axis(op, axis, x.rank())?] as isize;
    match kth.0.iter().find(|&&k| k < -n || k >= n) {
        None => Ok(()),
        Some(k) => Err(Error::value(op, format!("kth(={k}) out of bounds ({n})"))),
    }
}

pub fn partition(a: Array, kth: Ints, axis: AxisOrFlat, _: SelectKind, _: Fields) -> Result<Raw> {
    let (x, axis) = along(&a, &axis)?;
    check_kth("partition", &kth, &x, axis)?;
    x.sort(axis, Direction::Ascending)
}

pub fn argpartition(
    a: Array,
    kth: Ints,
    axis: AxisOrFlat,
    _: SelectKind,
    _: Fields,
) -> Result<Raw> {
    let (x, axis) = along(&a, &axis)?;
    check_kth("argpartition", &kth, &x, axis)?;
    x.argsort(axis, Direction::Ascending)
}

/// By the last key; equal elements by the key before it, and so on.
pub fn lexsort(keys: Arrays, axis: Axis) -> Result<Raw> {
    const OP: &str = "lexsort";
    let Some((first, rest)) = keys.split_first() else {
        return Err(Error::dtype(
            OP,
            "need sequence of keys with len > 0 in lexsort",
        ));
    };
    let sorted = |x: &Raw| {
        x.argsort(axis, Direction::Ascending)
            .map_err(|e| e.in_op(OP))
    };
    let mut order = sorted(first)?;
    for key in rest {
        if key.shape() != first.shape() {
            return Err(Error::value(OP, "all keys need to be the same shape")
                .shapes(&[first.shape(), key.shape()]));
        }
        let within = sorted(&key.detach().take_along_axis(&order, axis)?)?;
        order = order.take_along_axis(&within, axis)?;
    }
    Ok(order)
}

pub fn take_along_axis(arr: Array, indices: Indices, axis: AxisOrFlat) -> Result<Raw> {
    let dtype = indices.0.dtype();
    if !dtype.is_integer() {
        let wrong = format!("`indices` must be an integer array, not {dtype}");
        return Err(Error::index("take_along_axis", wrong).dtypes(&[dtype]));
    }
    let (x, axis) = along(&arr, &axis)?;
    x.take_along_axis(&indices.0, axis)
}

pub fn cumprod(a: Array, axis: AxisOrFlat, dtype: OptDType, _: Out) -> Result<Raw> {
    a.cumprod(axis.0, dtype)
}

pub fn cummax(x: Array, axis: Axis) -> Result<Vec<Raw>> {
    x.cummax(axis)
        .map(|(values, indices)| vec![values, indices])
}

pub fn cummin(x: Array, axis: Axis) -> Result<Vec<Raw>> {
    x.cummin(axis)
        .map(|(values, indices)| vec![values, indices])
}

/// Returns true where `a` comes before `b` in the order of `sort`.
fn before(a: &Raw, b: &Raw) -> Result<Raw> {
    if !a.dtype().is_differentiable() {
        return a.lt(b);
    }
    if !a.dtype().is_complex() {
        return a
            .lt(b)?
            .logical_or(&b.isnan()?.logical_and(&a.isnan()?.logical_not()?)?);
    }
    let keys = |x: &Raw| -> Result<[Raw; 4]> {
        let (re, im) = (x.real()?, x.imag()?);
        let (no_re, no_im) = (re.isnan()?, im.isnan()?);
        let zero = |x: &Raw| x.filled(Scalar::Bool(false));
        let re = no_re.choose(&zero(&re)?, &re)?;
        let im = no_im.choose(&zero(&im)?, &im)?;
        Ok([no_re, no_im, re, im])
    };
    let [a0, a1, a2, a3] = keys(a)?;
    let [b0, b1, b2, b3] = keys(b)?;
    let mut before = a3.lt(&b3)?;
    for (a, b) in [(a2, b2), (a1, b1), (a0, b0)] {
        before = a.lt(&b)?.logical_or(&a.eq(&b)?.logical_and(&before)?)?;
    }
    Ok(before)
}

fn with_integer(op: Op, x: &Raw, n: usize) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Int(n as i128).into()])
}

/// A binary search for all values at once: in each step those whose answer lies further go further.
pub(super) fn places(sorted: &Raw, values: &Raw, side: Side) -> Result<Raw> {
    let dtype = promote(sorted.dtype(), values.dtype());
    let sorted = sorted.detach().cast(dtype)?;
    let values = values.detach().cast(dtype)?;
    let n = sorted.len();
    let mut place = values.like(values.shape(), DType::I64, Scalar::Int(0))?;
    if n == 0 {
        return Ok(place);
    }
    let mut step = 1usize << n.ilog2();
    while step > 0 {
        let next = with_integer(Op::Add, &place, step)?;
        let last = with_integer(Op::Minimum, &next, n)?;
        let element = sorted.take(&with_integer(Op::Sub, &last, 1)?, 0, Mode::Raise)?;
        let goes = match side {
            Side::Left => before(&element, &values)?,
            Side::Right => before(&values, &element)?.logical_not()?,
        };
        let goes = goes.logical_and(&with_integer(Op::Le, &next, n)?)?;
        place = goes.choose(&next, &place)?;
        step /= 2;
    }
    Ok(place)
}

pub fn searchsorted(a: Array, v: Array, side: Side, sorter: OptArray) -> Result<Raw> {
    const OP: &str = "searchsorted";
    if a.rank() != 1 {
        return Err(Error::value(OP, "the sorted array is a vector").shapes(&[a.shape()]));
    }
    let sorted = match sorter {
        None => a,
        Some(sorter) if sorter.shape() != a.shape() => {
            return Err(Error::value(OP, "sorter.size must equal a.size")
                .shapes(&[sorter.shape(), a.shape()]));
        }
        Some(sorter) => a.take(&sorter, 0, Mode::Raise).map_err(|e| e.in_op(OP))?,
    };
    places(&sorted, &v, side)
}

fn holds_everywhere(x: &Raw) -> Result<bool> {
    Ok(x.reduce(Reduction::All, Default::default())?.item()? == Scalar::Bool(true))
}

pub fn digitize(x: Array, bins: Array, right: Bool) -> Result<Raw> {
    const OP: &str = "digitize";
    if x.dtype().is_complex() {
        return Err(Error::dtype(OP, "x may not be complex").dtypes(&[x.dtype()]));
    }
    if bins.rank() != 1 {
        return Err(Error::value(OP, "bins is a vector").shapes(&[bins.shape()]));
    }
    let bins = bins.detach();
    let n = bins.len();
    let side = if right { Side::Left } else { Side::Right };
    let (left, right) = (
        bins.narrow(0, 0, n.saturating_sub(1))?,
        bins.narrow(0, n.min(1), n.saturating_sub(1))?,
    );
    if holds_everywhere(&left.le(&right)?)? {
        return places(&bins, &x, side);
    }
    if !holds_everywhere(&left.ge(&right)?)? {
        return Err(Error::value(
            OP,
            "bins must be monotonically increasing or decreasing",
        ));
    }
    // decreasing bins are looked up from their end
    let back = places(&bins.flip(crate::layout::Axes::All)?, &x, side)?;
    Raw::apply(Op::Sub, &[Scalar::Int(n as i128).into(), (&back).into()])
}

pub fn bincount(x: Indices, weights: OptArray, minlength: Int) -> Result<Raw> {
    const OP: &str = "bincount";
    let x = x.0;
    if x.rank() != 1 {
        return Err(
            Error::value(OP, "object of too small depth for desired array")
                .shapes(&[x.shape()])
                .rule("the numbers to count are a vector"),
        );
    }
    let x = x
        .detach()
        .cast_if(DType::I64, Casting::Safe)
        .map_err(|e| e.in_op(OP))?;
    let least = usize::try_from(minlength)
        .map_err(|_| Error::value(OP, "'minlength' must not be negative"))?;
    let extreme = |op| -> Result<i128> {
        match x.reduce(op, Default::default())?.item()? {
            Scalar::Int(v) => Ok(v),
            _ => Err(Error::dtype(OP, "the numbers to count are integers")),
        }
    };
    let mut n = least;
    if !x.is_empty() {
        if extreme(Reduction::Min)? < 0 {
            return Err(Error::value(
                OP,
                "'list' argument must have no negative elements",
            ));
        }
        let most = usize::try_from(extreme(Reduction::Max)?).unwrap_or(usize::MAX);
        n = n.max(most.saturating_add(1));
    }
    let weights = match weights {
        None => Raw::ones(x.shape(), DType::I64)?,
        Some(weights) if weights.shape() != x.shape() => {
            return Err(Error::value(
                OP,
                format!(
                    "The weights and list don't have the same length: {} and {}",
                    shape_text(weights.shape()),
                    shape_text(x.shape())
                ),
            ));
        }
        Some(weights) => weights
            .cast_if(DType::F64, Casting::Safe)
            .map_err(|e| e.in_op(OP))?,
    };
    Raw::zeros(&[n], weights.dtype())?.index_add(0, &x, &weights)
}

pub fn flatnonzero(a: Array) -> Result<Raw> {
    super::create::nonzero(flat(&a)?)?
        .pop()
        .ok_or_else(|| Error::value("flatnonzero", "there is no axis"))
}

pub fn argwhere(a: Array) -> Result<Raw> {
    let a = a.detach();
    if a.rank() == 0 {
        // a number has no axes: one empty index, or none
        let found = flatnonzero(a)?.len();
        return Raw::zeros(&[found, 0], DType::I64);
    }
    let places = super::create::nonzero(a)?;
    Raw::stack(&places.iter().collect::<Vec<_>>(), 1)
}

pub fn ptp(a: Array, axis: Axes, _: Out, keepdims: Bool) -> Result<Raw> {
    let keepdims = if keepdims {
        KeepDims::Yes
    } else {
        KeepDims::No
    };
    let extreme = |op| {
        a.reduce(
            op,
            ReduceOptions {
                axes: axis.as_layout(),
                keepdims,
                ..Default::default()
            },
        )
        .map_err(|e| e.in_op("ptp"))
    };
    extreme(Reduction::Max)?.sub(&extreme(Reduction::Min)?)
}

/// The axes as one, at the end, and the shape of the result with axes of length 1 for them if they stay.
fn gathered(op: &'static str, a: &Raw, axis: &Axes, keepdims: bool) -> Result<(Raw, Vec<usize>)> {
    let axes = axis.as_layout().resolve(op, a.rank())?;
    let rest: Vec<usize> = (0..a.rank()).filter(|i| !axes.contains(i)).collect();
    let order: Vec<isize> = rest
        .iter()
        .chain(axes.iter())
        .map(|&axis| axis as isize)
        .collect();
    let lengths = |axes: &[usize]| axes.iter().map(|&i| a.shape()[i]).collect::<Vec<_>>();
    let mut shape = lengths(&rest);
    let result = match keepdims {
        true => (0..a.rank())
            .map(|i| if axes.contains(&i) { 1 } else { a.shape()[i] })
            .collect(),
        false => shape.clone(),
    };
    shape.push(lengths(&axes).iter().product());
    Ok((a.permute(&order)?.reshape(&shape)?, result))
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

pub fn median(a: Array, axis: Axes, _: Out, _overwrite_input: Bool, keepdims: Bool) -> Result<Raw> {
    let (x, shape) = gathered("median", &a, &axis, keepdims)?;
    let x = x.sort(-1, Direction::Ascending)?;
    let n = x.shape()[x.rank() - 1];
    let middle = match n {
        0 => x.clone(),
        _ => x.narrow(-1, (n - 1) / 2, 2 - n % 2)?,
    };
    let mean = middle.reduce(
        Reduction::Mean,
        ReduceOptions {
            axes: crate::layout::Axes::List(&[-1]),
            ..Default::default()
        },
    )?;
    unless_nan(&x, &mean)?.reshape(&shape)
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
) -> Result<Raw> {
    quantiles("quantile", a, q, 1.0, &axis, method, keepdims)
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
) -> Result<Raw> {
    quantiles("percentile", a, q, 100.0, &axis, method, keepdims)
}

fn with_float(op: Op, x: &Raw, v: f64) -> Result<Raw> {
    Raw::apply(op, &[x.into(), Scalar::Float(v).into()])
}

/// The elements of the sorted rows at fractional places. `whole` is the largest `q`.
fn quantiles(
    op: &'static str,
    a: Array,
    q: Number,
    whole: f64,
    axis: &Axes,
    method: QuantileMethod,
    keepdims: bool,
) -> Result<Raw> {
    if a.dtype().is_complex() {
        return Err(Error::dtype(op, "a must be an array of real numbers").dtypes(&[a.dtype()]));
    }
    // an element as it is, or numbers between elements
    let is_element = matches!(
        method,
        QuantileMethod::Lower | QuantileMethod::Higher | QuantileMethod::Nearest
    );
    if a.dtype() == DType::Bool && !is_element {
        return Err(
            Error::dtype(op, "booleans have no differences to interpolate")
                .dtypes(&[a.dtype()])
                .hint("convert them first: `.cast::<f64>()` (Python: `.astype('float64')`)"),
        );
    }
    let real = match is_element || a.dtype().is_float() {
        true => a.dtype(),
        false => DType::F64,
    };
    // a number takes the array's dtype, an array of them has its own
    let dtype = match &q {
        _ if is_element => real,
        Number::Scalar(_) => real,
        Number::Array(q) if q.dtype().is_float() => promote(real, q.dtype()),
        Number::Array(_) => promote(real, DType::F64),
    };
    let q = with_float(Op::Div, &q.cast(DType::F64)?.detach(), whole)?;
    let in_range = with_float(Op::Ge, &q, 0.0)?.logical_and(&with_float(Op::Le, &q, 1.0)?)?;
    if !q.is_transformed() && !holds_everywhere(&in_range)? {
        return Err(Error::value(
            op,
            match whole == 1.0 {
                true => "Quantiles must be in the range [0, 1]",
                false => "Percentiles must be in the range [0, 100]",
            },
        ));
    }
    let (x, rest) = gathered(op, &a, axis, keepdims)?;
    let x = x.cast(real)?.sort(-1, Direction::Ascending)?;
    let n = x.shape()[x.rank() - 1];
    if n == 0 {
        return Err(Error::index(op, "a quantile of no elements is undefined"));
    }
    let shape = [q.shape(), &rest].concat();
    let place = with_float(Op::Maximum, &method.places(&flat(&q)?, n)?, 0.0)?;
    let place = with_float(Op::Minimum, &place, (n - 1) as f64)?;
    let low = place.floor()?;
    let part = place.sub(&low)?;
    let at = |places: &Raw| -> Result<Raw> {
        let taken = x.take(&places.cast(DType::I64)?, -1, Mode::Clip)?;
        taken.cast(dtype)?.move_axis(-1, 0)
    };
    let a = at(&low)?;
    if is_element {
        return unless_nan(&x, &a)?.reshape(&shape);
    }
    let b = at(&ceil(&place)?)?;
    let mut wide = vec![1; a.rank()];
    wide[0] = part.len();
    let part = part.cast(dtype)?.reshape(&wide)?;
    let step = b.sub(&a)?;
    // from the nearer end, so that both ends are exact
    let from_low = a.add(&step.mul(&part)?)?;
    let rest = Raw::apply(Op::Sub, &[Scalar::Float(1.0).into(), (&part).into()])?;
    let from_high = b.sub(&step.mul(&rest)?)?;
    let mixed = with_float(Op::Ge, &part, 0.5)?.choose(&from_high, &from_low)?;
    let mixed = part
        .eq(&part.filled(Scalar::Bool(false))?)?
        .choose(&a, &mixed)?;
    unless_nan(&x, &mixed)?.reshape(&shape)
}

fn ceil(x: &Raw) -> Result<Raw> {
    x.neg()?.floor()?.neg()
}

/// The nearest integer; of two the even one.
fn rounded(x: &Raw) -> Result<Raw> {
    let above = with_float(Op::Add, x, 0.5)?;
    let whole = above.floor()?;
    let half = with_float(Op::Mul, &whole, 0.5)?;
    let is_odd = half.ne(&half.floor()?)?;
    let down = above.eq(&whole)?.logical_and(&is_odd)?;
    whole.sub(&down.cast(whole.dtype())?)
}

impl QuantileMethod {
    /// The fractional places of quantiles among `n` sorted elements (Hyndman and Fan, Sample Quantiles in Statistical
    /// Packages, 1996).
    fn places(self, q: &Raw, n: usize) -> Result<Raw> {
        let between = |alpha: f64, beta: f64| {
            let scaled = with_float(Op::Mul, q, n as f64 + 1.0 - alpha - beta)?;
            with_float(Op::Add, &scaled, alpha - 1.0)
        };
        let linear = with_float(Op::Mul, q, (n as f64) - 1.0)?;
        match self {
            QuantileMethod::Linear => Ok(linear),
            QuantileMethod::Lower => linear.floor(),
            QuantileMethod::Higher => ceil(&linear),
            QuantileMethod::Nearest => rounded(&linear),
            QuantileMethod::Midpoint => {
                with_float(Op::Mul, &linear.floor()?.add(&ceil(&linear)?)?, 0.5)
            }
            QuantileMethod::InterpolatedInvertedCdf => between(0.0, 1.0),
            QuantileMethod::Hazen => between(0.5, 0.5),
            QuantileMethod::Weibull => between(0.0, 0.0),
            QuantileMethod::MedianUnbiased => between(1.0 / 3.0, 1.0 / 3.0),
            QuantileMethod::NormalUnbiased => between(0.375, 0.375),
        }
    }
}
