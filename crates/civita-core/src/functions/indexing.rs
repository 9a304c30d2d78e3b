//! Elements chosen by index or condition, and the indices of parts of arrays.

use std::sync::{Arc, OnceLock};

use super::create::{counted, counted_beside, nonzero};
use super::join::flat;
use super::rearrange::lower;
use super::shape::at_least;
use super::value::*;
use crate::dtype::{DType, Scalar, promote};
use crate::error::{Error, Result, shape_text};
use crate::graph::Function;
use crate::layout::{Axes as AllAxes, KeepDims, broadcast_shapes, normalize_axis};
use crate::ops::{Fold, Op};
use crate::program::Program;
use crate::raw::{Mode, Raw};
use crate::storage::room;

/// The most arrays that one pass chooses among.
const MOST: usize = 8;

/// The dtype of all of these together; numbers take that of the arrays.
pub(super) fn common(all: &[&Number]) -> DType {
    let arrays = all.iter().filter_map(|n| match n {
        Number::Array(x) => Some(x.dtype()),
        Number::Scalar(_) => None,
    });
    let numbers = all.iter().filter_map(|n| match n {
        Number::Array(_) => None,
        Number::Scalar(v) => Some(*v),
    });
    match arrays.reduce(promote) {
        Some(dtype) => numbers.fold(dtype, |dtype, v| v.weak_with(dtype)),
        None => numbers
            .map(|v| v.default_dtype())
            .reduce(promote)
            .unwrap_or(DType::F64),
    }
}

/// Returns true where elements are not zero.
pub(super) fn is_nonzero(x: &Raw) -> Result<Raw> {
    match x.dtype() {
        DType::Bool => Ok(x.detach()),
        _ => Raw::apply(Op::Ne, &[(&x.detach()).into(), Scalar::Bool(false).into()]),
    }
}

/// The smallest and the largest of integers, those of a batch included; `None` where there is none, or they are not known.
pub(super) fn extent(index: &Raw) -> Option<(i128, i128)> {
    let plain = index.untagged();
    let of = |fold| -> Option<i128> {
        let end = plain.fold(fold, AllAxes::All, KeepDims::No).ok()?;
        match end.item().ok()? {
            Scalar::Int(v) => Some(v),
            Scalar::Bool(v) => Some(v.into()),
            _ => None,
        }
    };
    match plain.is_empty() {
        true => None,
        false => Some((of(Fold::Min)?, of(Fold::Max)?)),
    }
}

/// Integers as `i64`; those that are too large for it are too large for any length.
pub(super) fn integers(op: &'static str, index: &Raw) -> Result<Raw> {
    match index.dtype() {
        DType::I64 => Ok(index.detach()),
        DType::U64 => {
            let most = Scalar::Int(i64::MAX.into());
            Raw::apply(Op::Minimum, &[(&index.detach()).into(), most.into()])?.cast(DType::I64)
        }
        dtype if dtype.is_integer() || dtype == DType::Bool => index.detach().cast(DType::I64),
        dtype => Err(
            Error::dtype(op, format!("indices are integers, not {dtype}"))
                .dtypes(&[dtype])
                .hint_cast("convert them first", DType::I64),
        ),
    }
}

/// `choices[0]` where the index is 0, `choices[1]` where it is 1 …, the last elsewhere: one pass over all.
fn chosen(choices: usize) -> &'static Arc<Function> {
    static ALL: [OnceLock<Arc<Function>>; MOST + 1] = [const { OnceLock::new() }; MOST + 1];
    ALL[choices].get_or_init(|| {
        let program = Program::trace(2 + choices, |b| {
            let index = b.input(0);
            (0..choices).rev().fold(b.input(1), |rest, k| {
                let here = index.eq(b.constant(Scalar::Int(k as i128)));
                here.choose(b.input(2 + k), rest)
            })
        });
        Function::new(program, "choose")
    })
}

pub fn choose(a: Array, choices: Numbers, out: Out, mode: Mode) -> Result<Raw> {
    const OP: &str = "choose";
    let choices = choices.0;
    let n = choices.len();
    if n == 0 {
        return Err(Error::value(OP, "there is nothing to choose from"));
    }
    let dtype = common(&choices.iter().collect::<Vec<_>>());
    let index = integers(OP, a)?;
    let last = Scalar::Int(n as i128 - 1);
    let index = match mode {
        Mode::Raise => {
            let beyond = |(least, most)| least < 0 || most >= n as i128;
            let shapes = || choices.iter().map(|c| c.shape()).chain([index.shape()]);
            // where nothing is chosen no index is wrong, as in NumPy
            if extent(&index).is_some_and(beyond)
                && !broadcast_shapes(OP, &shapes().collect::<Vec<_>>())?.contains(&0)
            {
                return Err(Error::value(OP, "invalid entry in choice array")
                    .rule(format!("an index is a number from 0 to {}", n - 1))
                    .hint_in(
                        format!("clip the index first: `.clip(0, {})`", n - 1),
                        "`mode='wrap'` and `mode='clip'` take any index",
                    ));
            }
            index
        }
        Mode::Wrap => Raw::apply(
            Op::Remainder,
            &[(&index).into(), Scalar::Int(n as i128).into()],
        )?,
        Mode::Clip => {
            let low = Raw::apply(Op::Maximum, &[(&index).into(), Scalar::Int(0).into()])?;
            Raw::apply(Op::Minimum, &[(&low).into(), last.into()])?
        }
    };
    let choices = choices
        .iter()
        .map(|c| c.cast(dtype))
        .collect::<Result<Vec<_>>>()?;
    let Some((rest, first)) = choices.split_last() else {
        return Err(Error::value(OP, "there is nothing to choose from"));
    };
    if first.is_empty() {
        let shapes = [rest.shape(), index.shape()];
        return rest.broadcast_to(&broadcast_shapes(OP, &shapes)?)?.copied();
    }
    let mut y = rest.clone();
    for (part, group) in first.chunks(MOST).enumerate().rev() {
        let from = Scalar::Int((part * MOST) as i128);
        let index = match part {
            0 => index.clone(),
            _ => Raw::apply(Op::Sub, &[(&index).into(), from.into()])?,
        };
        let mut inputs = vec![&index, &y];
        inputs.extend(group);
        let out = if part == 0 { &out } else { &Out::NONE };
        y = Raw::call_into(chosen(group.len()), &inputs, out).map_err(|e| e.in_op(OP))?;
    }
    match out.is_none() {
        true => in_c_order(y),
        false => Ok(y),
    }
}

/// The first of the choices whose condition is true, else the rest: one pass over all.
fn selected(choices: usize) -> &'static Arc<Function> {
    static ALL: [OnceLock<Arc<Function>>; MOST + 1] = [const { OnceLock::new() }; MOST + 1];
    ALL[choices].get_or_init(|| {
        let program = Program::trace(1 + 2 * choices, |b| {
            (0..choices).rev().fold(b.input(0), |rest, k| {
                b.input(1 + k).choose(b.input(1 + choices + k), rest)
            })
        });
        Function::new(program, "select")
    })
}

/// In C order, as NumPy's results of choices are, however their operands lie.
fn in_c_order(y: Raw) -> Result<Raw> {
    match y.is_plain() {
        true => y.contiguous(),
        false => Ok(y),
    }
}

pub fn select(condlist: Arrays, choicelist: Numbers, default: Number) -> Result<Raw> {
    const OP: &str = "select";
    if condlist.len() != choicelist.0.len() {
        return Err(Error::value(
            OP,
            format!(
                "list of cases must be same length as list of conditions: {} choices and {} conditions",
                choicelist.0.len(),
                condlist.len()
            ),
        ));
    }
    if condlist.is_empty() {
        return Err(Error::value(
            OP,
            "select with an empty condition list is not possible",
        ));
    }
    for (i, condition) in condlist.iter().enumerate() {
        if condition.dtype() != DType::Bool {
            return Err(Error::dtype(
                OP,
                format!(
                    "invalid entry {i} in condlist: should be boolean ndarray, not {}",
                    condition.dtype()
                ),
            )
            .dtypes(&[condition.dtype()]));
        }
    }
    let all: Vec<&Number> = choicelist.0.iter().chain([&default]).collect();
    let dtype = common(&all);
    let mut y = default.cast(dtype)?;
    for part in (0..condlist.len().div_ceil(MOST)).rev() {
        let range = part * MOST..((part + 1) * MOST).min(condlist.len());
        let choices = choicelist.0[range.clone()]
            .iter()
            .map(|c| c.cast(dtype))
            .collect::<Result<Vec<_>>>()?;
        let mut inputs = vec![&y];
        inputs.extend(&condlist[range]);
        inputs.extend(&choices);
        y = Raw::call(selected(choices.len()), &inputs).map_err(|e| e.in_op(OP))?;
    }
    in_c_order(y)
}

pub fn compress(condition: Array, a: Array, axis: AxisOrFlat, _: Out) -> Result<Raw> {
    const OP: &str = "compress";
    if condition.rank() != 1 {
        return Err(Error::value(OP, "condition must be a 1-d array").shapes(&[condition.shape()]));
    }
    let (x, at) = match axis.0 {
        None => (flat(a)?, 0),
        // NumPy's array without axes is a vector of one here
        Some(0 | -1) if a.rank() == 0 => (flat(a)?, 0),
        Some(axis) => (a.clone(), normalize_axis(OP, axis, a.rank())?),
    };
    let mut mask = is_nonzero(condition)?;
    let (n, len) = (x.shape()[at], mask.len());
    if len > n {
        let beyond =
            counted_beside(&mask, n as isize, len - n)?.select(&mask.narrow(0, n, len - n)?)?;
        if let Some(i) = beyond.to_vec::<i64>()?.first() {
            return Err(Error::index(
                OP,
                format!("index {i} is out of bounds for axis {at} with size {n}"),
            ));
        }
        mask = mask.narrow(0, 0, n)?;
    }
    let few = mask.len();
    if at == 0 {
        return x.narrow(0, 0, few)?.select(&mask);
    }
    x.take(
        &counted_beside(&mask, 0, few)?.select(&mask)?,
        at as isize,
        Mode::Raise,
    )
}

pub fn extract(condition: Array, arr: Array) -> Result<Raw> {
    compress(&flat(condition)?, &flat(arr)?, AxisOrFlat(None), Out::NONE)
        .map_err(|e| e.in_op("extract"))
}

// ── indices of parts ──

pub fn diag_indices(n: Count, ndim: Count) -> Result<Vec<Raw>> {
    let all = counted(0, n)?;
    room("diag_indices", ndim.saturating_mul(size_of::<Raw>()))?;
    Ok(vec![all; ndim])
}

pub fn diag_indices_from(arr: Array) -> Result<Vec<Raw>> {
    const OP: &str = "diag_indices_from";
    at_least(OP, arr, 2)
        .map_err(|_| Error::value(OP, "input array must be at least 2-d").shapes(&[arr.shape()]))?;
    if arr.shape().iter().any(|&n| n != arr.shape()[0]) {
        return Err(
            Error::value(OP, "All dimensions of input must be of equal length")
                .shapes(&[arr.shape()]),
        );
    }
    diag_indices(arr.shape()[0], arr.rank())
}

pub fn tril_indices(n: Count, k: Int, m: OptCount) -> Result<Vec<Raw>> {
    nonzero(&lower(n, m.0.unwrap_or(n), k)?)
}

pub fn triu_indices(n: Count, k: Int, m: OptCount) -> Result<Vec<Raw>> {
    nonzero(&lower(n, m.0.unwrap_or(n), k.saturating_sub(1))?.logical_not()?)
}

fn matrix(op: &'static str, arr: &Raw) -> Result<(usize, usize)> {
    arr.lengths_are_read(op);
    match arr.shape()[..] {
        [rows, columns] => Ok((rows, columns)),
        _ => Err(Error::value(op, "input array must be 2-d").shapes(&[arr.shape()])),
    }
}

pub fn tril_indices_from(arr: Array, k: Int) -> Result<Vec<Raw>> {
    let (rows, columns) = matrix("tril_indices_from", arr)?;
    tril_indices(rows, k, Some(columns).into())
}

pub fn triu_indices_from(arr: Array, k: Int) -> Result<Vec<Raw>> {
    let (rows, columns) = matrix("triu_indices_from", arr)?;
    triu_indices(rows, k, Some(columns).into())
}

pub fn ix_(args: EachIndices) -> Result<Vec<Raw>> {
    const OP: &str = "ix_";
    let rank = args.0.len();
    let one = |(at, x): (usize, &Raw)| {
        if x.rank() != 1 {
            return Err(Error::value(OP, "Cross index must be 1 dimensional").shapes(&[x.shape()]));
        }
        let places = match x.dtype() {
            DType::Bool => nonzero(x)?.remove(0),
            _ => x.clone(),
        };
        let mut shape = vec![1; rank];
        shape[at] = places.len();
        places.reshape(&shape)
    };
    args.0.iter().enumerate().map(one).collect()
}

/// One number from several, of which the last counts fastest: one pass over all.
fn raveled(axes: usize) -> &'static Arc<Function> {
    static ALL: [OnceLock<Arc<Function>>; MOST + 1] = [const { OnceLock::new() }; MOST + 1];
    ALL[axes].get_or_init(|| {
        let program = Program::trace(2 * axes, |b| {
            (1..axes).fold(b.input(0), |all, k| {
                all * b.input(2 * k + 1) + b.input(2 * k)
            })
        });
        Function::new(program, "ravel_multi_index")
    })
}

/// The elements of an array of this shape.
fn places_of(op: &'static str, shape: &[usize]) -> Result<usize> {
    let all = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n));
    all.filter(|&all| isize::try_from(all).is_ok())
        .ok_or_else(|| {
            Error::value(
                op,
                "invalid dims: array size defined by dims is larger than the maximum possible size.",
            )
        })
}

pub fn ravel_multi_index(
    multi_index: Arrays,
    dims: Shape,
    mode: Modes,
    order: Order,
) -> Result<Raw> {
    const OP: &str = "ravel_multi_index";
    if matches!(order, Order::A | Order::K) {
        return Err(Error::value(OP, "only 'C' or 'F' order is permitted"));
    }
    let (dims, n) = (dims.0, multi_index.len());
    if n != dims.len() || n == 0 {
        return Err(Error::value(
            OP,
            format!(
                "parameter multi_index must be a sequence of length {}, not {n}",
                dims.len()
            ),
        ));
    }
    if mode.0.len() != 1 && mode.0.len() != n {
        return Err(
            Error::value(OP, format!("{} modes for {n} axes", mode.0.len()))
                .rule("there is one mode, or one for each axis"),
        );
    }
    places_of(OP, &dims)?;
    let mut parts = Vec::with_capacity(n);
    for (axis, (index, &len)) in multi_index.iter().zip(&dims).enumerate() {
        let index = integers(OP, index)?;
        let size = Scalar::Int(len as i128);
        if len == 0 && !index.is_empty() {
            return Err(Error::value(OP, "invalid entry in coordinates array")
                .at_axis(axis as isize)
                .rule("an axis of length 0 has no index"));
        }
        let index = match mode.0[if mode.0.len() == 1 { 0 } else { axis }] {
            Mode::Raise => {
                if extent(&index).is_some_and(|(least, most)| least < 0 || most >= len as i128) {
                    return Err(Error::value(OP, "invalid entry in coordinates array")
                        .at_axis(axis as isize)
                        .rule(format!("indices along this axis go from 0 to {}", len - 1)));
                }
                index
            }
            Mode::Wrap => Raw::apply(Op::Remainder, &[(&index).into(), size.into()])?,
            Mode::Clip => {
                let low = Raw::apply(Op::Maximum, &[(&index).into(), Scalar::Int(0).into()])?;
                let last = Scalar::Int(len as i128 - 1);
                Raw::apply(Op::Minimum, &[(&low).into(), last.into()])?
            }
        };
        parts.push((index, len));
    }
    if order == Order::F {
        parts.reverse();
    }
    while parts.len() > 1 {
        let many = parts.len().min(MOST);
        let mut inputs = Vec::with_capacity(2 * many);
        let mut all = 1usize;
        for (index, len) in parts.drain(..many) {
            inputs.push(index);
            inputs.push(Raw::scalar(Scalar::Int(len as i128), DType::I64)?);
            all = all.saturating_mul(len);
        }
        let inputs: Vec<&Raw> = inputs.iter().collect();
        let flat = Raw::call(raveled(many), &inputs).map_err(|e| e.in_op(OP))?;
        parts.insert(0, (flat, all));
    }
    let (flat, _) = parts.remove(0);
    match n {
        1 => flat.copied(),
        _ => Ok(flat),
    }
}

pub fn unravel_index(indices: Array, shape: Shape, order: Order) -> Result<Vec<Raw>> {
    const OP: &str = "unravel_index";
    if matches!(order, Order::A | Order::K) {
        return Err(Error::value(OP, "only 'C' or 'F' order is permitted"));
    }
    let (shape, index) = (shape.0, integers(OP, indices)?);
    if shape.is_empty() && index.rank() > 0 {
        return Err(Error::value(
            OP,
            "multiple indices are not supported for 0d array",
        ));
    }
    let total = places_of(OP, &shape)?;
    if let Some((least, most)) = extent(&index)
        && (least < 0 || most >= total as i128)
    {
        let bad = if least < 0 { least } else { most };
        return Err(Error::value(
            OP,
            format!("index {bad} is out of bounds for array with size {total}"),
        ));
    }
    let mut axes: Vec<usize> = (0..shape.len()).collect();
    if order == Order::F {
        axes.reverse();
    }
    // from the slowest axis on: what is left over belongs to the faster ones
    let mut all = vec![index.clone(); shape.len()];
    let (mut rest, mut step) = (index, total);
    for (&axis, next) in axes.iter().zip(1..) {
        if next == axes.len() {
            all[axis] = rest.copied()?;
            break;
        }
        step /= shape[axis].max(1);
        let step = Scalar::Int(step.max(1) as i128);
        let here = Raw::apply(Op::FloorDivide, &[(&rest).into(), step.into()])?;
        let before = Raw::apply(Op::Mul, &[(&here).into(), step.into()])?;
        rest = rest.sub(&before)?;
        all[axis] = here;
    }
    Ok(all)
}

// ── blocks ──

pub fn block(arrays: Nested) -> Result<Raw> {
    const OP: &str = "block";
    let (mut ranks, mut empty) = (Vec::new(), None);
    let depth = depth_of(&arrays, &mut Vec::new(), &mut ranks, &mut empty)?;
    if let Some(place) = empty {
        return Err(Error::value(OP, format!("List at {place} cannot be empty")));
    }
    let rank = ranks.into_iter().max().unwrap_or(0).max(depth);
    joined(OP, &arrays, depth, rank)?.copied_if_view(&arrays)
}

/// How deep the lists are, which must be the same everywhere; the ranks of the arrays in them, and the place of an empty list.
fn depth_of(
    arrays: &Nested,
    path: &mut Vec<usize>,
    ranks: &mut Vec<usize>,
    empty: &mut Option<String>,
) -> Result<usize> {
    let place = |path: &[usize]| {
        let all: Vec<String> = path.iter().map(|i| format!("[{i}]")).collect();
        format!("arrays{}", all.concat())
    };
    match arrays {
        Nested::Array(x) => {
            ranks.push(x.rank());
            Ok(0)
        }
        Nested::List(all) => {
            let mut depth = None;
            for (i, part) in all.iter().enumerate() {
                path.push(i);
                let own = depth_of(part, path, ranks, empty)?;
                let first = *depth.get_or_insert(own);
                if own != first {
                    return Err(Error::value(
                        "block",
                        format!(
                            "List depths are mismatched. First element was at depth {}, but there is an element at depth {} ({})",
                            path.len() + first,
                            path.len() + own,
                            place(path)
                        ),
                    ));
                }
                path.pop();
            }
            if all.is_empty() {
                empty.get_or_insert_with(|| place(path));
            }
            Ok(depth.unwrap_or(0) + 1)
        }
    }
}

/// The innermost lists along the last axis, the next ones along the axis before it …
fn joined(op: &'static str, arrays: &Nested, depth: usize, rank: usize) -> Result<Raw> {
    match arrays {
        Nested::Array(x) => {
            let mut shape = vec![1; rank - x.rank()];
            shape.extend_from_slice(x.shape());
            x.reshape(&shape)
        }
        Nested::List(all) => {
            let parts = all
                .iter()
                .map(|part| joined(op, part, depth - 1, rank))
                .collect::<Result<Vec<_>>>()?;
            let parts: Vec<&Raw> = parts.iter().collect();
            Raw::concatenate(&parts, -(depth as isize)).map_err(|e| e.in_op(op))
        }
    }
}

impl Raw {
    /// A lone array is copied, as what is joined is.
    fn copied_if_view(self, arrays: &Nested) -> Result<Raw> {
        match arrays {
            Nested::Array(_) => self.copied(),
            Nested::List(_) => Ok(self),
        }
    }
}

/// The shape that arrays broadcast to, as text for an error.
pub(super) fn mismatch(op: &'static str, a: &Raw, b: &Raw) -> Error {
    Error::value(
        op,
        format!(
            "mask and data must be the same size: shapes {} and {}",
            shape_text(a.shape()),
            shape_text(b.shape())
        ),
    )
    .shapes(&[a.shape(), b.shape()])
}
