//! Sorted arrays, what is found in them, and what stands in their middle.

use super::along::{axes_of_number, of_number};
use super::join::flat;
use super::shape::keeping_order;
use super::value::*;
use crate::backend::cpu::{best, count, search, select};
use crate::dtype::{Casting, DType, Scalar, promote};
use crate::error::{Error, Result, shape_text};
use crate::layout::{KeepDims, normalize_axis};
use crate::ops::{Fold, Op, Reduction};
use crate::primitive::{Direction, direct};
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
            // NumPy looks at the first letter
            Value::Text(word) => match word.bytes().next().map(|b| b.to_ascii_lowercase()) {
                Some(b'q' | b'm' | b'h' | b's') => Ok(SortKind(true)),
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
    let (x, axis) = along(a, &axis)?;
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
    // as in NumPy an array without axes has one element to sort
    let (x, axis) = match (a.rank(), axis.0) {
        (0, Some(-1 | 0)) => (flat(a)?, 0),
        _ => along(a, &axis)?,
    };
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
    if x.rank() == 1
        && k > 0
        && k < n / 16
        && !x.dtype().is_complex()
        && let Some(best) = few_best(x, k, direction)?
    {
        return Ok(best);
    }
    let (values, indices) = x.sort_with_indices(axis, direction)?;
    Ok(vec![
        values.narrow(axis, 0, k)?,
        indices.narrow(axis, 0, k)?,
    ])
}

/// The `k` first elements of a vector in a direction, and their indices, without a sort of all. `None` where a transformation
/// stands in the way.
fn few_best(x: &Raw, k: usize, direction: Direction) -> Result<Option<Vec<Raw>>> {
    match direct("topk", &[x], || best::best(x, k, direction))? {
        Some(indices) => Ok(Some(vec![x.take(&indices, 0, Mode::Raise)?, indices])),
        None => Ok(None),
    }
}

/// The `k`-th smallest element along an axis, counted from 1, and its index.
pub fn kthvalue(x: Array, k: Int, axis: Axis, keepdims: Bool) -> Result<Vec<Raw>> {
    const OP: &str = "kthvalue";
    let at = normalize_axis(OP, axis, x.rank())?;
    let n = x.shape()[at];
    let Some(place) = usize::try_from(k).ok().filter(|k| (1..=n).contains(k)) else {
        return Err(Error::value(
            OP,
            format!("k = {k} is not a number from 1 to {n}, the elements along the axis"),
        )
        .shapes(&[x.shape()]));
    };
    let (values, indices) = x.sort_with_indices(axis, Direction::Ascending)?;
    let one = |x: &Raw| picked(x, at, place - 1, keepdims);
    Ok(vec![one(&values)?, one(&indices)?])
}

/// The element at a place along an axis, which goes or stays with length 1.
fn picked(x: &Raw, axis: usize, place: usize, keepdims: bool) -> Result<Raw> {
    match keepdims {
        true => x.narrow(axis as isize, place, 1)?.copied(),
        false => x.select_index(axis as isize, place as isize)?.copied(),
    }
}

/// The most frequent element along an axis, of several the smallest, and where it is last.
pub fn mode(x: Array, axis: Axis, keepdims: Bool) -> Result<Vec<Raw>> {
    const OP: &str = "mode";
    let at = normalize_axis(OP, axis, x.rank())?;
    let n = x.shape()[at];
    if n == 0 {
        return Err(Error::value(OP, "there are no elements along the axis").shapes(&[x.shape()]));
    }
    let axis = at as isize;
    let (values, indices) = x.sort_with_indices(axis, Direction::Ascending)?;
    let sorted = values.detach();
    let (before, behind) = (
        sorted.narrow(axis, 0, n - 1)?,
        sorted.narrow(axis, 1, n - 1)?,
    );
    let mut differs = behind.ne(&before)?;
    if sorted.dtype().is_differentiable() {
        let both = behind.isnan()?.logical_and(&before.isnan()?)?;
        differs = differs.logical_and(&both.logical_not()?)?;
    }
    // how far each element is from where its run begins
    let mut wide = vec![1; x.rank()];
    wide[at] = n;
    let places = Raw::arange(
        Scalar::Int(0),
        Scalar::Int(n as i128),
        Scalar::Int(1),
        DType::I64,
    )?
    .to_device(x.device())?
    .reshape(&wide)?;
    let first = sorted.narrow(axis, 0, 1)?;
    let yes = first.like(first.shape(), DType::Bool, Scalar::Bool(true))?;
    let begins = Raw::concatenate(&[&yes, &differs], axis)?;
    let zero = Scalar::Int(0).into();
    let starts = Raw::apply(Op::Where, &[(&begins).into(), (&places).into(), zero])?;
    let length = places.sub(&starts.cummax(axis)?.0)?;
    let axes = [axis];
    let options = ReduceOptions {
        axes: crate::layout::Axes::List(&axes),
        keepdims: KeepDims::Yes,
        ..Default::default()
    };
    // the first longest run ends where its length is reached
    let end = length.reduce(Reduction::Argmax, options)?;
    let one = |x: &Raw| -> Result<Raw> {
        let y = x.take_along_axis(&end, axis)?;
        match keepdims {
            true => Ok(y),
            false => y.squeeze(Some(&axes)),
        }
    };
    Ok(vec![one(&values)?, one(&indices)?])
}

/// Checks that the places exist.
fn check_kth(op: &'static str, kth: &Ints, x: &Raw, axis: isize) -> Result<()> {
    let n = x.shape()[normalize_axis(op, axis, x.rank())?] as isize;
    if x.is_empty() {
        return Ok(());
    }
    match kth.0.iter().find(|&&k| k < -n || k >= n) {
        None => Ok(()),
        Some(k) => Err(Error::value(op, format!("kth(={k}) out of bounds ({n})"))),
    }
}

/// The places that were asked for, increasing.
fn places_of(op: &'static str, kth: &Ints, x: &Raw, axis: isize) -> Result<Vec<usize>> {
    let n = x.shape()[normalize_axis(op, axis, x.rank())?] as isize;
    let place = |&k: &isize| (if k < 0 { k + n } else { k }) as usize;
    let mut places: Vec<usize> = kth.0.iter().map(place).collect();
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

pub fn partition(a: Array, kth: Ints, axis: AxisOrFlat, _: SelectKind, _: Fields) -> Result<Raw> {
    let (x, axis) = along(a, &axis)?;
    check_kth("partition", &kth, &x, axis)?;
    let places = places_of("partition", &kth, &x, axis)?;
    let at = normalize_axis("partition", axis, x.rank())?;
    keeping_order(&x, at, |x, at| {
        let last = x.move_axis(at as isize, -1)?;
        match direct("partition", &[&last], || {
            select::partitioned(&last, &places)
        })? {
            Some(y) => y.move_axis(-1, at as isize)?.contiguous(),
            None => x.sort(at as isize, Direction::Ascending),
        }
    })
}

pub fn argpartition(
    a: Array,
    kth: Ints,
    axis: AxisOrFlat,
    _: SelectKind,
    _: Fields,
) -> Result<Raw> {
    // as in NumPy an array without axes has one element
    let (x, axis) = match (a.rank(), axis.0) {
        (0, Some(-1 | 0)) => (flat(a)?, 0),
        _ => along(a, &axis)?,
    };
    check_kth("argpartition", &kth, &x, axis)?;
    let places = places_of("argpartition", &kth, &x, axis)?;
    let last = x.move_axis(axis, -1)?;
    if !x.dtype().is_complex()
        && let Some(y) = direct("argpartition", &[&last], || {
            select::argpartitioned(&last, &places)
        })?
    {
        return y.move_axis(-1, axis)?.contiguous();
    }
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
    if first.rank() == 0 && matches!(axis, 0 | -1) {
        return first.like(&[], DType::I64, Scalar::Int(0));
    }
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
    let (x, axis) = along(arr, &axis)?;
    x.take_along_axis(&indices.0, axis)
}

pub fn cumprod(a: Array, axis: AxisOrFlat, dtype: OptDType, out: Out) -> Result<Raw> {
    a.running_fold(Fold::Prod, of_number(a, axis.0), dtype, &out)
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

/// A kernel of its own; under transformations a binary search for all values at once: in each step those whose answer lies
/// further go further.
pub(super) fn places(sorted: &Raw, values: &Raw, side: Side) -> Result<Raw> {
    let dtype = promote(sorted.dtype(), values.dtype());
    let (sorted, values) = (sorted.detach(), values.detach().cast(dtype)?);
    // few values need no conversion of all that is sorted
    let kernel = || search::search(&sorted, &values, side == Side::Right);
    if let Some(places) = direct("searchsorted", &[&sorted, &values], kernel)? {
        return Ok(places);
    }
    let sorted = sorted.cast(dtype)?;
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
    a.lengths_are_read(OP);
    if a.rank() != 1 {
        return Err(Error::value(OP, "the sorted array is a vector").shapes(&[a.shape()]));
    }
    let sorted = match sorter {
        None => a,
        Some(sorter) if !sorter.dtype().is_integer() => {
            return Err(
                Error::dtype(OP, "sorter must only contain integers").dtypes(&[sorter.dtype()])
            );
        }
        Some(sorter) if sorter.shape() != a.shape() => {
            return Err(Error::value(OP, "sorter.size must equal a.size")
                .shapes(&[sorter.shape(), a.shape()]));
        }
        Some(sorter) => &a.take(&sorter, 0, Mode::Raise).map_err(|e| e.in_op(OP))?,
    };
    places(sorted, v, side)
}

fn holds_everywhere(op: &'static str, x: &Raw) -> Result<bool> {
    let all = x.reduce(Reduction::All, Default::default())?.item();
    Ok(all.map_err(|e| e.in_op(op))? == Scalar::Bool(true))
}

pub fn digitize(x: Array, bins: Array, right: Bool) -> Result<Raw> {
    const OP: &str = "digitize";
    if x.dtype().is_complex() || bins.dtype().is_complex() {
        return Err(Error::dtype(OP, "x may not be complex").dtypes(&[x.dtype(), bins.dtype()]));
    }
    if bins.rank() != 1 {
        return Err(Error::value(OP, "bins is a vector").shapes(&[bins.shape()]));
    }
    let bins = bins.detach();
    bins.lengths_are_read(OP);
    let n = bins.len();
    let side = if right { Side::Left } else { Side::Right };
    let (left, right) = (
        bins.narrow(0, 0, n.saturating_sub(1))?,
        bins.narrow(0, n.min(1), n.saturating_sub(1))?,
    );
    if holds_everywhere(OP, &left.le(&right)?)? {
        return places(&bins, x, side);
    }
    if !holds_everywhere(OP, &left.ge(&right)?)? {
        return Err(Error::value(
            OP,
            "bins must be monotonically increasing or decreasing",
        ));
    }
    // decreasing bins are looked up from their end
    let back = places(&bins.flip(crate::layout::Axes::All)?, x, side)?;
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
    // numbers beyond `i64` become negative, which is an error
    let casting = match x.dtype() {
        DType::U64 => Casting::Unsafe,
        _ => Casting::Safe,
    };
    let detached = x.tag().map(|_| x.detach());
    let mut x = detached.unwrap_or(x);
    if x.dtype() != DType::I64 {
        x = x.cast_if(DType::I64, casting).map_err(|e| e.in_op(OP))?;
    }
    let least = usize::try_from(minlength)
        .map_err(|_| Error::value(OP, "'minlength' must not be negative"))?;
    // the length of the result is that of the largest number, which must be known
    let length = |low: i64, high: i64| {
        if low < 0 {
            return Err(Error::value(
                OP,
                "'list' argument must have no negative elements",
            ));
        }
        let most = usize::try_from(high).unwrap_or(usize::MAX);
        Ok(least.max(most.saturating_add(1)))
    };
    // an empty input has no weights
    let weights = weights.filter(|_| !x.is_empty());
    if weights.is_none() && !x.is_empty() {
        let counts = direct(OP, &[&x], || {
            let (low, high) = count::extremes(&x)?;
            count::bincount(&x, length(low, high)?)
        })?;
        if let Some(counts) = counts {
            return Ok(counts);
        }
    }
    let mut n = least;
    if !x.is_empty() {
        let known = x.concrete(OP)?;
        let (mut low, mut high) = (0, 0);
        direct(OP, &[&known], || {
            (low, high) = count::extremes(&known)?;
            Ok(known.clone())
        })?;
        n = length(low, high)?;
    }
    let weights = match weights {
        None => {
            let counts = x.like(&[n], DType::I64, Scalar::Int(0))?;
            let ones = x.like(x.shape(), DType::I64, Scalar::Int(1))?;
            return counts.index_add(0, &x, &ones);
        }
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
    let kernel = || count::weighted(&x, &weights, n);
    if let Some(sums) = direct(OP, &[&x, &weights], kernel)? {
        return Ok(sums);
    }
    weights
        .like(&[n], weights.dtype(), Scalar::Bool(false))?
        .index_add(0, &x, &weights)
}

pub fn flatnonzero(a: Array) -> Result<Raw> {
    super::create::nonzero(&flat(a)?)?
        .pop()
        .ok_or_else(|| Error::value("flatnonzero", "there is no axis"))
}

pub fn argwhere(a: Array) -> Result<Raw> {
    let a = a.detach();
    if a.rank() == 0 {
        // a number has no axes: one empty index, or none
        let found = flatnonzero(&a)?.len();
        return a.like(&[found, 0], DType::I64, Scalar::Int(0));
    }
    let places = super::create::nonzero(&a)?;
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
                axes: axes_of_number(a, &axis),
                keepdims,
                ..Default::default()
            },
        )
        .map_err(|e| e.in_op("ptp"))
    };
    extreme(Reduction::Max)?.sub(&extreme(Reduction::Min)?)
}
