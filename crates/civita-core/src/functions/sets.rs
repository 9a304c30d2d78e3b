//! Arrays as sets: without repeated elements, common ones, those of one only.

use super::create::counted_beside;
use super::join::flat;
use super::sorting::{flatnonzero, places};
use super::value::*;
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result};
use crate::layout::normalize_axis;
use crate::ops::{Op, Reduction};
use crate::primitive::Direction;
use crate::raw::{Mode, Raw, ReduceOptions};

/// What is known of the different elements of an array.
struct Unique {
    values: Raw,
    /// Where each is first.
    indices: Raw,
    /// Which of them each element of the array is.
    inverse: Raw,
    counts: Raw,
}

/// Returns true where an element differs from the one before it, and for the first.
fn starts(x: &Raw, equal_nan: bool) -> Result<Raw> {
    let n = x.shape()[0];
    let first = x.like(&[n.min(1)], DType::Bool, Scalar::Bool(true))?;
    let (left, right) = (
        x.narrow(0, 0, n.saturating_sub(1))?,
        x.narrow(0, n.min(1), n.saturating_sub(1))?,
    );
    let mut differ = left.ne(&right)?;
    if equal_nan && x.dtype().is_differentiable() {
        let both = left.isnan()?.logical_and(&right.isnan()?)?;
        differ = differ.logical_and(&both.logical_not()?)?;
    }
    if x.rank() > 1 {
        // rows differ where an element does
        let rest: usize = x.shape()[1..].iter().product();
        differ = differ.reshape(&[differ.shape()[0], rest])?.reduce(
            Reduction::Any,
            ReduceOptions {
                axes: crate::layout::Axes::List(&[1]),
                ..Default::default()
            },
        )?;
    }
    Raw::concatenate(&[&first, &differ], 0)
}

impl Unique {
    /// From the sorted elements and where they were.
    fn of(sorted: &Raw, order: &Raw, equal_nan: bool) -> Result<Unique> {
        let starts = starts(&sorted.detach(), equal_nan)?;
        let group = starts.cast(DType::I64)?.cumsum(Some(0), None)?;
        let group = Raw::apply(Op::Sub, &[(&group).into(), Scalar::Int(1).into()])?;
        Ok(Unique {
            values: sorted.select(&starts)?,
            indices: order.select(&starts)?,
            inverse: order.index_put(0, order, &group)?,
            counts: lengths(&starts)?,
        })
    }

    /// The unique elements of the flattened array, with all that is known of them.
    fn of_all(x: &Raw, equal_nan: bool) -> Result<Unique> {
        let (sorted, order) = flat(x)?.sort_with_indices(0, Direction::Ascending)?;
        Unique::of(&sorted, &order, equal_nan)
    }
}

/// The different elements, when nothing else is asked for.
fn values(x: &Raw, equal_nan: bool) -> Result<Raw> {
    let sorted = flat(x)?.sort(0, Direction::Ascending)?;
    sorted.select(&starts(&sorted.detach(), equal_nan)?)
}

/// The different elements and how often each is there, for which nobody needs to know where.
fn counted(x: &Raw, equal_nan: bool) -> Result<(Raw, Raw)> {
    let sorted = flat(x)?.sort(0, Direction::Ascending)?;
    let starts = starts(&sorted.detach(), equal_nan)?;
    Ok((sorted.select(&starts)?, lengths(&starts)?))
}

/// How far it is from one start to the next, and from the last to the end.
fn lengths(starts: &Raw) -> Result<Raw> {
    let n = starts.like(&[1], DType::I64, Scalar::Int(starts.len() as i128))?;
    let ends = Raw::concatenate(&[&flatnonzero(starts)?, &n], 0)?;
    let many = ends.len() - 1;
    ends.narrow(0, 1, many)?.sub(&ends.narrow(0, 0, many)?)
}

#[allow(clippy::too_many_arguments, clippy::type_complexity)] // NumPy's
pub fn unique(
    ar: Array,
    return_index: Bool,
    return_inverse: Bool,
    return_counts: Bool,
    axis: AxisOrFlat,
    equal_nan: Bool,
    _sorted: Bool,
) -> Result<(Raw, Option<Raw>, Option<Raw>, Option<Raw>)> {
    const OP: &str = "unique";
    let more = return_index || return_inverse || return_counts;
    // a vector has one axis alone: its elements are its slices
    let axis = match axis.0 {
        Some(0 | -1) if ar.rank() == 1 => None,
        axis => axis,
    };
    let Some(axis) = axis else {
        if !more {
            return Ok((values(ar, equal_nan)?, None, None, None));
        }
        if !return_index && !return_inverse {
            let (values, counts) = counted(ar, equal_nan)?;
            return Ok((values, None, None, Some(counts)));
        }
        let found = Unique::of_all(ar, equal_nan)?;
        let inverse = found.inverse.reshape(ar.shape())?;
        return Ok((
            found.values,
            return_index.then_some(found.indices),
            return_inverse.then_some(inverse),
            return_counts.then_some(found.counts),
        ));
    };
    let at = normalize_axis(OP, axis, ar.rank())? as isize;
    let rows = ar.move_axis(at, 0)?;
    let n = rows.shape()[0];
    let rest: usize = rows.shape()[1..].iter().product();
    // in lexicographic order: by the last column first, each sort keeping the order of those before it
    let columns = rows.detach().reshape(&[n, rest])?;
    let mut order = counted_beside(&columns, 0, n)?;
    for column in (0..rest).rev() {
        let keys = columns.narrow(1, column, 1)?.reshape(&[n])?;
        let keys = keys.take(&order, 0, Mode::Raise)?;
        order = order.take(&keys.argsort(0, Direction::Ascending)?, 0, Mode::Raise)?;
    }
    let found = Unique::of(&rows.take(&order, 0, Mode::Raise)?, &order, false)?;
    Ok((
        found.values.move_axis(0, at)?,
        return_index.then_some(found.indices),
        return_inverse.then_some(found.inverse),
        return_counts.then_some(found.counts),
    ))
}

pub fn unique_values(x: Array) -> Result<Raw> {
    values(x, false)
}

pub fn unique_counts(x: Array) -> Result<Vec<Raw>> {
    let (values, counts) = counted(x, false)?;
    Ok(vec![values, counts])
}

pub fn unique_inverse(x: Array) -> Result<Vec<Raw>> {
    let found = Unique::of_all(x, false)?;
    Ok(vec![found.values, found.inverse.reshape(x.shape())?])
}

pub fn unique_all(x: Array) -> Result<Vec<Raw>> {
    let found = Unique::of_all(x, false)?;
    Ok(vec![
        found.values,
        found.indices,
        found.inverse.reshape(x.shape())?,
        found.counts,
    ])
}

/// NumPy's choice of an algorithm for `isin`. There is one here.
#[derive(Clone, Copy, Debug)]
pub struct LookupKind;

impl Kind for LookupKind {
    const EXPECTS: &'static str = "one of 'sort', 'table', or None";
    const STUB: &'static str = "Literal['sort', 'table'] | None";
    fn from_value(value: Value) -> Result<LookupKind, Refused> {
        match value {
            Value::None => Ok(LookupKind),
            Value::Text(word) if word == "sort" || word == "table" => Ok(LookupKind),
            Value::Text(word) => Err(Error::value(
                "kind",
                format!("Invalid kind: '{word}'. Please use None, 'sort' or 'table'."),
            )
            .into()),
            _ => Err(Refused::Type),
        }
    }
}

/// The most elements that all are compared with, where a search for each would take longer.
const MOST_COMPARED: usize = 16;
/// Elements for each of those at least, or calls cost more than they save.
const LEAST_EACH: usize = 64;

pub fn isin(
    element: Array,
    test_elements: Array,
    _assume_unique: Bool,
    invert: Bool,
    _: LookupKind,
) -> Result<Raw> {
    test_elements.lengths_are_read("isin");
    let dtype = promote(element.dtype(), test_elements.dtype());
    let element = element.detach().cast(dtype)?;
    let tests = flat(&test_elements.detach().cast(dtype)?)?;
    let is_few = tests.len() <= MOST_COMPARED && tests.len() * LEAST_EACH <= element.len();
    let tests = match is_few {
        true => tests,
        false => tests.sort(0, Direction::Ascending)?,
    };
    let found = match tests.len() {
        n if is_few && n > 0 => {
            let equal = |i: usize| element.eq(&tests.narrow(0, i, 1)?.reshape(&[])?);
            (1..n).try_fold(equal(0)?, |found, i| found.logical_or(&equal(i)?))?
        }
        0 => element.like(element.shape(), DType::Bool, Scalar::Bool(false))?,
        n => {
            let place = places(&tests, &element, Side::Left)?;
            let last = Scalar::Int(n as i128 - 1);
            let place = Raw::apply(Op::Minimum, &[(&place).into(), last.into()])?;
            tests.take(&place, 0, Mode::Raise)?.eq(&element)?
        }
    };
    if invert {
        found.logical_not()
    } else {
        Ok(found)
    }
}

/// Both as vectors of one dtype, without repeated elements unless that is so already.
fn two_sets(a: &Raw, b: &Raw, assume_unique: bool) -> Result<[Raw; 2]> {
    let one = |x: &Raw| match assume_unique {
        true => flat(x),
        false => values(x, true),
    };
    Ok([one(a)?, one(b)?])
}

/// Returns true where an element equals the next one.
fn repeated(sorted: &Raw) -> Result<Raw> {
    let n = sorted.len();
    let many = n.saturating_sub(1);
    let sorted = sorted.detach();
    sorted
        .narrow(0, 0, many)?
        .eq(&sorted.narrow(0, n.min(1), many)?)
}

pub fn intersect1d(
    ar1: Array,
    ar2: Array,
    assume_unique: Bool,
    return_indices: Bool,
) -> Result<(Raw, Option<Raw>, Option<Raw>)> {
    let first = |x: &Raw| -> Result<(Raw, Raw)> {
        match assume_unique {
            true => {
                let x = flat(x)?;
                let numbers = counted_beside(&x, 0, x.len())?;
                Ok((x, numbers))
            }
            false => {
                let found = Unique::of_all(x, true)?;
                Ok((found.values, found.indices))
            }
        }
    };
    let ((a, in_a), (b, in_b)) = (first(ar1)?, first(ar2)?);
    let both = Raw::concatenate(&[&a, &b], 0)?;
    let (sorted, order) = both.sort_with_indices(0, Direction::Ascending)?;
    let same = repeated(&sorted)?;
    let many = same.len();
    let common = sorted.narrow(0, 0, many)?.select(&same)?;
    if !return_indices {
        return Ok((common, None, None));
    }
    let from = Raw::concatenate(&[&in_a, &in_b], 0)?;
    let first = order.narrow(0, 0, many)?.select(&same)?;
    let second = order.narrow(0, order.len() - many, many)?.select(&same)?;
    Ok((
        common,
        Some(from.take(&first, 0, Mode::Raise)?),
        Some(from.take(&second, 0, Mode::Raise)?),
    ))
}

pub fn union1d(ar1: Array, ar2: Array) -> Result<Raw> {
    values(&Raw::concatenate(&[&flat(ar1)?, &flat(ar2)?], 0)?, true)
}

pub fn setdiff1d(ar1: Array, ar2: Array, assume_unique: Bool) -> Result<Raw> {
    let [a, b] = two_sets(ar1, ar2, assume_unique)?;
    let others = isin(&a, &b, true, true, LookupKind)?;
    a.select(&others)
}

pub fn setxor1d(ar1: Array, ar2: Array, assume_unique: Bool) -> Result<Raw> {
    let [a, b] = two_sets(ar1, ar2, assume_unique)?;
    let sorted = Raw::concatenate(&[&a, &b], 0)?.sort(0, Direction::Ascending)?;
    let n = sorted.len();
    if n == 0 {
        return Ok(sorted);
    }
    // alone are those that differ from both neighbours
    let no = a.like(&[1], DType::Bool, Scalar::Bool(false))?;
    let same = Raw::concatenate(&[&no, &repeated(&sorted)?, &no], 0)?;
    let paired = same.narrow(0, 0, n)?.logical_or(&same.narrow(0, 1, n)?)?;
    sorted.select(&paired.logical_not()?)
}
