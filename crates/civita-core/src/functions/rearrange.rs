//! Elements moved, repeated, left out and put in.

use super::along::of_number;
use super::create::counted;
use super::join::flat;
use super::shape::copy;
use super::value::*;
use crate::backend::cpu::copy::copy_into;
use crate::dtype::{DType, Scalar};
use crate::error::{Error, Result};
use crate::layout::{Layout, SliceItem, normalize_axis};
use crate::ops::Op;
use crate::primitive::direct;
use crate::raw::{Mode, Raw};

/// How far axes are rolled: integers of any size, as far as the 128 bits of a number go.
#[derive(Clone, Debug)]
pub struct Shifts(pub(super) Vec<i128>);

impl Kind for Shifts {
    const EXPECTS: &'static str = Ints::EXPECTS;
    const STUB: &'static str = Ints::STUB;
    fn from_value(value: Value) -> Result<Shifts, Refused> {
        let one = |v: Value| match v {
            Value::Scalar(Scalar::Int(n)) => Ok(n),
            Value::Scalar(Scalar::Float(v)) => whole("roll", v),
            other => Int::from_value(other).map(|n| n as i128),
        };
        match value {
            Value::List(all) => all
                .into_iter()
                .map(one)
                .collect::<Result<_, _>>()
                .map(Shifts),
            Value::Array(x) if x.rank() == 1 && !x.dtype().is_complex() => {
                let all = x.scalars()?.into_iter().map(Value::Scalar).map(one);
                all.collect::<Result<_, _>>().map(Shifts)
            }
            Value::Array(x) if x.rank() == 0 && !x.dtype().is_complex() => {
                one(Value::Scalar(x.item()?)).map(|n| Shifts(vec![n]))
            }
            other => one(other).map(|n| Shifts(vec![n])),
        }
    }
}
pub fn roll(a: Array, shift: Shifts, axis: Axes) -> Result<Raw> {
    const OP: &str = "roll";
    let Some(axes) = axis.0 else {
        a.lengths_are_read(OP);
        let total = shift
            .0
            .iter()
            .fold(0, |all, &by| within(all + within(by, a.len()), a.len()));
        return rolled(&flat(a)?, 0, total)?.reshape(a.shape());
    };
    let (n, m) = (axes.len(), shift.0.len());
    if n != m && n != 1 && m != 1 {
        return Err(Error::value(OP, format!("{m} shifts for {n} axes"))
            .rule("there are as many shifts as axes, or one of either"));
    }
    // shifts along one axis add up
    let mut shifts = vec![0; a.rank()];
    for (&axis, &by) in axes
        .iter()
        .cycle()
        .zip(shift.0.iter().cycle())
        .take(n.max(m))
    {
        let at = normalize_axis(OP, axis, a.rank())?;
        a.length_is_read(OP, at);
        let n = a.shape()[at];
        shifts[at] = within(shifts[at] + within(by, n), n);
    }
    let moved = (0..a.rank())
        .filter(|&axis| shifts[axis] != 0)
        .collect::<Vec<_>>();
    match moved[..] {
        [] => a.copied(),
        _ => moved
            .iter()
            .try_fold(a.clone(), |x, &axis| rolled(&x, axis, shifts[axis])),
    }
}

/// The end of an axis in front of its beginning.
/// A shift modulo the length of an axis.
fn within(by: i128, n: usize) -> i128 {
    match n {
        0 => 0,
        n => by.rem_euclid(n as i128),
    }
}

/// Rolled by less than the length of the axis.
fn rolled(x: &Raw, axis: usize, by: i128) -> Result<Raw> {
    let (n, first) = (x.shape()[axis], by as usize);
    if first == 0 {
        return x.copied();
    }
    let axis = axis as isize;
    let (head, tail) = (
        x.narrow(axis, 0, n - first)?,
        x.narrow(axis, n - first, first)?,
    );
    Raw::concatenate(&[&tail, &head], axis)
}

/// The array and the axis that `axis` names: without one, the flattened array.
fn along<'a>(op: &'static str, x: &'a Raw, axis: &AxisOrFlat) -> Result<(Held<'a>, usize)> {
    match axis.0 {
        None if x.rank() != 1 => Ok((Held::Owned(Box::new(flat(x)?)), 0)),
        axis => {
            let axis = normalize_axis(op, axis.unwrap_or(0), x.rank())?;
            Ok((Held::Borrowed(x), axis))
        }
    }
}

pub fn repeat(a: Array, repeats: Times, axis: AxisOrFlat) -> Result<Raw> {
    const OP: &str = "repeat";
    let (x, at) = along(OP, a, &AxisOrFlat(of_number(a, axis.0)))?;
    let n = x.shape()[at];
    let counts = repeats
        .0
        .iter()
        .map(|&r| usize::try_from(r))
        .collect::<Result<Vec<_>, _>>();
    let counts = counts.map_err(|_| Error::value(OP, "repeats may not contain negative values"))?;
    if let [times] = counts[..] {
        return repeated(&x, &[(at, times)]);
    }
    if counts.len() != n {
        return Err(Error::value(
            OP,
            format!("{} counts for an axis of length {n}", counts.len()),
        )
        .rule("there is one count, or one for each element along the axis"));
    }
    let runs = counts
        .iter()
        .enumerate()
        .map(|(i, &count)| (i as i64, count));
    pick(&x, at, &listed(OP, runs)?)
}

/// Each index as often as it counts.
fn listed(op: &'static str, runs: impl Iterator<Item = (i64, usize)> + Clone) -> Result<Raw> {
    let total = runs
        .clone()
        .try_fold(0usize, |all, (_, count)| all.checked_add(count));
    let mut list: Vec<i64> = Vec::new();
    let space = total.map(|total| list.try_reserve_exact(total));
    if !matches!(space, Some(Ok(()))) {
        return Err(Error::memory(op, "the result does not fit into memory"));
    }
    for (i, count) in runs {
        list.extend(std::iter::repeat_n(i, count));
    }
    let len = list.len();
    Raw::from_vec(list, &[len])
}

fn pick(x: &Raw, axis: usize, list: &Raw) -> Result<Raw> {
    x.take(&list.to_device(x.device())?, axis as isize, Mode::Raise)
}

/// The array with each element of some axes repeated: a new axis behind each, broadcast and merged.
fn repeated(x: &Raw, times: &[(usize, usize)]) -> Result<Raw> {
    let often = |axis: usize| times.iter().find(|t| t.0 == axis).map_or(1, |t| t.1);
    let (mut apart, mut wide, mut shape) = (Vec::new(), Vec::new(), Vec::new());
    for (axis, &n) in x.shape().iter().enumerate() {
        apart.push(n);
        wide.push(n);
        shape.push(times_len(n, often(axis))?);
        if often(axis) != 1 {
            apart.push(1);
            wide.push(often(axis));
        }
    }
    unshared(x, x.reshape(&apart)?.broadcast_to(&wide)?.reshape(&shape)?)
}

fn times_len(n: usize, times: usize) -> Result<usize> {
    n.checked_mul(times).ok_or_else(|| {
        Error::memory(
            "repeat",
            "the result has more elements than memory has addresses",
        )
    })
}

/// A result that may be a view of its argument, as memory of its own.
fn unshared(x: &Raw, result: Raw) -> Result<Raw> {
    match crate::storage::Storage::same_buffer(x.storage(), result.storage()) {
        true => result.copied(),
        false => Ok(result),
    }
}

pub fn tile(a: Array, reps: Ints) -> Result<Raw> {
    const OP: &str = "tile";
    let reps = reps
        .0
        .iter()
        .map(|&r| usize::try_from(r))
        .collect::<Result<Vec<_>, _>>();
    let mut reps = reps.map_err(|_| Error::value(OP, "a number of repetitions is negative"))?;
    let rank = a.rank().max(reps.len());
    reps.splice(..0, vec![1; rank - reps.len()]);
    let ones = vec![1; rank - a.rank()];
    let lengths = [&ones, a.shape()].concat();
    // a new axis before each that is repeated, broadcast and merged
    let (mut apart, mut wide, mut shape) = (Vec::new(), Vec::new(), Vec::new());
    for (&n, &times) in lengths.iter().zip(&reps) {
        if times != 1 {
            apart.push(1);
            wide.push(times);
        }
        apart.push(n);
        wide.push(n);
        shape.push(times_len(n, times)?);
    }
    unshared(a, a.reshape(&apart)?.broadcast_to(&wide)?.reshape(&shape)?)
}

pub fn take(a: Array, indices: Indices, axis: AxisOrFlat, out: Out, mode: Mode) -> Result<Raw> {
    let (x, at) = along("take", a, &AxisOrFlat(of_number(a, axis.0)))?;
    let (shape, picked) = (x.shape(), indices.0.shape());
    if shape[..at].contains(&0) && indices.0.dtype().is_integer() {
        // nothing is taken, so no index is wrong, as in NumPy
        return out.copy(&x.reshape(&[&shape[..at], picked, &shape[at + 1..]].concat())?);
    }
    match indices.0.dtype() {
        // booleans are 0 and 1 here, no mask
        DType::Bool => x.take_into(&indices.0.cast(DType::I64)?, at as isize, mode, &out),
        _ => x.take_into(&indices.0, at as isize, mode, &out),
    }
}

/// The places that positions name, as indices from 0.
fn places(op: &'static str, positions: &Positions, n: usize, beyond: bool) -> Result<Vec<usize>> {
    let limit = n + usize::from(beyond);
    let place = |i: isize| {
        let at = if i < 0 {
            i.checked_add_unsigned(n)
        } else {
            Some(i)
        };
        let at = at
            .and_then(|at| usize::try_from(at).ok())
            .filter(|&at| at < limit);
        at.ok_or_else(|| {
            Error::index(
                op,
                format!("index {i} is out of bounds for an axis of length {n}"),
            )
        })
    };
    match positions {
        Positions::One(i) => Ok(vec![place(*i)?]),
        Positions::Floats if beyond => Err(Error::dtype(op, "slice indices must be integers")),
        Positions::Floats => Err(Error::index(
            op,
            "arrays used as indices must be of integer (or boolean) type",
        )),
        Positions::Grid(_) if beyond => Err(Error::value(
            op,
            "the places must be one integer or an array of one axis",
        )),
        Positions::List(all) | Positions::Grid(all) => all.iter().map(|&i| place(i)).collect(),
        Positions::Mask(mask) if mask.len() != n && !beyond => Err(Error::value(
            op,
            format!("a mask of length {} for an axis of length {n}", mask.len()),
        )
        .rule("a mask has a boolean for each element along the axis")),
        // where something is put, a mask is no more than the places of its true elements
        Positions::Mask(mask) => (0..mask.len())
            .filter(|&i| mask[i])
            .map(|i| place(i as isize))
            .collect(),
        Positions::Slice(range) => {
            let taken = counted(0, n)?.slice(&[*range])?.to_vec::<i64>()?;
            Ok(taken.into_iter().map(|i| i as usize).collect())
        }
    }
}

pub fn delete(arr: Array, obj: Positions, axis: AxisOrFlat) -> Result<Raw> {
    const OP: &str = "delete";
    let (x, at) = along(OP, arr, &axis)?;
    x.length_is_read(OP, at);
    let n = x.shape()[at];
    let gone = places(OP, &obj, n, false)?;
    let (Some(&first), Some(&last)) = (gone.iter().min(), gone.iter().max()) else {
        return copy(&x, Order::K);
    };
    let axis = at as isize;
    if last - first + 1 == gone.len() && is_run(&gone) {
        let (head, tail) = (
            x.narrow(axis, 0, first)?,
            x.narrow(axis, last + 1, n - last - 1)?,
        );
        return lying_as(&x, Raw::concatenate(&[&head, &tail], axis)?);
    }
    let mut keeps = vec![1usize; n];
    for i in gone {
        keeps[i] = 0;
    }
    let left = listed(OP, keeps.iter().enumerate().map(|(i, &k)| (i as i64, k)))?;
    lying_as(&x, pick(&x, at, &left)?)
}

/// `y` in Fortran order where `x` is, else in C order, as NumPy's `delete` and `insert` make it.
fn lying_as(x: &Raw, y: Raw) -> Result<Raw> {
    if !x.is_plain() || x.rank() < 2 {
        return Ok(y);
    }
    let fortran = x.layout().is_fortran_contiguous() && !x.layout().is_contiguous();
    match fortran {
        true if y.layout().is_fortran_contiguous() => Ok(y),
        true => copy(&y, Order::F),
        false => y.contiguous(),
    }
}

/// Whether these follow each other, up or down.
fn is_run(places: &[usize]) -> bool {
    places.windows(2).all(|w| w[1] == w[0] + 1) || places.windows(2).all(|w| w[0] == w[1] + 1)
}

pub fn insert(arr: Array, obj: Positions, Values(values): Values, axis: AxisOrFlat) -> Result<Raw> {
    const OP: &str = "insert";
    let (x, at) = along(OP, arr, &axis)?;
    x.length_is_read(OP, at);
    let (n, axis) = (x.shape()[at], at as isize);
    let before = places(OP, &obj, n, true)?;
    let mut values = values.cast(x.dtype())?;
    if values.rank() < x.rank() {
        let ones = vec![1; x.rank() - values.rank()];
        values = values.reshape(&[&ones, values.shape()].concat())?;
    }
    if matches!(obj, Positions::One(_)) {
        // what goes into one place lies along the first axis of the values
        values = values.move_axis(0, axis)?;
    }
    let many = match before[..] {
        [_] => *values.shape().get(at).unwrap_or(&1),
        _ => before.len(),
    };
    let mut shape = x.shape().to_vec();
    shape[at] = many;
    let values = values.broadcast_to(&shape).map_err(|e| e.in_op(OP))?;
    if let [place] = before[..] {
        let (head, tail) = (x.narrow(axis, 0, place)?, x.narrow(axis, place, n - place)?);
        return lying_as(&x, Raw::concatenate(&[&head, &values, &tail], axis)?);
    }
    // all elements and then all values; an order that puts each value before its place
    let mut order: Vec<(usize, i64)> = (0..n).map(|i| (2 * i + 1, i as i64)).collect();
    order.extend(
        before
            .iter()
            .enumerate()
            .map(|(k, &i)| (2 * i, (n + k) as i64)),
    );
    order.sort_by_key(|&(place, _)| place);
    let both = Raw::concatenate(&[&x, &values], axis)?;
    let picked = pick(&both, at, &listed(OP, order.iter().map(|&(_, i)| (i, 1)))?)?;
    lying_as(&x, picked)
}

pub fn resize(a: Array, new_shape: Shape) -> Result<Raw> {
    let shape = new_shape.0;
    let wanted = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n));
    let wanted =
        wanted.ok_or_else(|| Error::memory("resize", "the result does not fit into memory"))?;
    if a.is_empty() || wanted == 0 {
        return a.like(&shape, a.dtype(), Scalar::Bool(false));
    }
    let times = wanted.div_ceil(a.len());
    let flat = flat(a)?.reshape(&[1, a.len()])?;
    let again = flat
        .broadcast_to(&[times, a.len()])?
        .reshape(&[times_len(a.len(), times)?])?;
    unshared(a, again.narrow(0, 0, wanted)?.reshape(&shape)?)
}

/// Where a triangle's elements are: `column ≤ row + k`.
pub(super) fn lower(rows: usize, columns: usize, k: isize) -> Result<Raw> {
    // beyond the matrix every diagonal is alike
    let most = |n: usize| isize::try_from(n).unwrap_or(isize::MAX);
    let k = k.clamp(-most(rows), most(columns));
    counted(k, rows)?
        .reshape(&[rows, 1])?
        .ge(&counted(0, columns)?)
}

fn triangle(op: &'static str, m: &Raw, k: isize, keeps_lower: bool) -> Result<Raw> {
    super::shape::at_least(op, m, 1)?;
    let columns = m.shape()[m.rank() - 1];
    let rows = if m.rank() > 1 {
        m.shape()[m.rank() - 2]
    } else {
        columns
    };
    let mask = match keeps_lower {
        true => lower(rows, columns, k)?,
        false => lower(rows, columns, k.saturating_sub(1))?.logical_not()?,
    };
    or_zero(&mask.to_device(m.device())?, m)
}

/// The elements where the mask is true, zeros elsewhere.
pub(super) fn or_zero(mask: &Raw, x: &Raw) -> Result<Raw> {
    Raw::apply(
        Op::Where,
        &[mask.into(), x.into(), Scalar::Bool(false).into()],
    )
}

pub fn tril(m: Array, k: Int) -> Result<Raw> {
    triangle("tril", m, k, true)
}

pub fn triu(m: Array, k: Int) -> Result<Raw> {
    triangle("triu", m, k, false)
}

pub fn diag(v: Array, k: Int) -> Result<Raw> {
    match v.rank() {
        1 => {
            let (n, gap) = (v.len(), k.unsigned_abs());
            let side = n.checked_add(gap).ok_or_else(|| {
                Error::memory(
                    "diag",
                    "the result has more elements than memory has addresses",
                )
            })?;
            let kernel = || on_diagonal(v, side, k);
            if let Some(done) = direct("diag", &[v], kernel)? {
                return Ok(done);
            }
            let zeros = v.like(&[gap], v.dtype(), Scalar::Bool(false))?;
            // each column holds its element; the mask leaves the one on the diagonal
            let columns = match k < 0 {
                true => Raw::concatenate(&[v, &zeros], 0)?,
                false => Raw::concatenate(&[&zeros, v], 0)?,
            };
            let mask = Raw::eye(side, side, k, DType::Bool)?;
            or_zero(&mask.to_device(v.device())?, &columns)
        }
        2 => super::shape::diagonal(v, k, 0, 1),
        rank => Err(Error::shape("diag", format!("an array with {rank} axes"))
            .shapes(&[v.shape()])
            .rule("a vector becomes a matrix, and a matrix gives its diagonal")),
    }
}

/// A square matrix of zeros, but for these elements on a diagonal.
fn on_diagonal(v: &Raw, side: usize, k: Int) -> Result<Raw> {
    let out = Raw::zeros(&[side, side], v.dtype()).map_err(|e| e.in_op("diag"))?;
    if v.is_empty() {
        return Ok(out);
    }
    let gap = k.unsigned_abs();
    let first = if k < 0 { gap * side } else { gap };
    let places = Layout::from_parts(&[v.len()], &[side as isize + 1], first, side * side)?;
    copy_into(v, &out.with_layout(places))?;
    Ok(out)
}

pub fn diagflat(v: Array, k: Int) -> Result<Raw> {
    diag(&flat(v)?, k)
}

/// Elements `start..stop` of an axis, by Python's rules for slices.
pub(super) fn part(x: &Raw, axis: usize, range: SliceItem) -> Result<Raw> {
    let mut items = vec![SliceItem::ALL; axis];
    items.push(range);
    x.slice(&items)
}
