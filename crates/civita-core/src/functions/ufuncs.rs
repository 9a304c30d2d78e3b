//! What NumPy's ufuncs do beside calling them: `reduce`, `accumulate`, `outer`, `reduceat`, for every op of two operands.

use super::composed::Composed;
use super::shape::keeping_order;
use crate::dtype::{Casting, DType, Scalar, can_cast, promote};
use crate::error::{Error, Result};
use crate::layout::{Axes, KeepDims, normalize_axis};
use crate::ops::{Class, Op, Reduction};
use crate::primitive::{Combine, Gather, Picked, bind_one};
use crate::raw::{Key, Mode, Operand, Raw, ReduceOptions};
use crate::storage::Storage;

/// What a reduction by an op is given beside the array.
#[derive(Clone, Copy, Default)]
pub struct Restriction<'a> {
    /// Where elements count; broadcasts to the array.
    pub mask: Option<&'a Raw>,
    /// What the fold begins with.
    pub initial: Option<Operand<'a>>,
}

/// What changes no other operand of an op.
pub fn identity(op: Op) -> Option<Scalar> {
    Some(match op.row().numpy {
        "add" | "bitwise_or" | "bitwise_xor" | "hypot" | "gcd" => Scalar::Int(0),
        "multiply" => Scalar::Int(1),
        "bitwise_and" => Scalar::Int(-1),
        "logical_and" => Scalar::Bool(true),
        "logical_or" | "logical_xor" => Scalar::Bool(false),
        "logaddexp" | "logaddexp2" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// Whether elements may be combined in any order.
fn is_reorderable(op: Op) -> bool {
    identity(op).is_some()
        || matches!(
            op.row().numpy,
            "maximum" | "minimum" | "fmax" | "fmin" | "lcm"
        )
}

/// The reduction that the table has for an op.
fn reduction(op: Op) -> Option<Reduction> {
    Some(match op {
        Op::Add => Reduction::Sum,
        Op::Mul => Reduction::Prod,
        Op::Maximum => Reduction::Max,
        Op::Minimum => Reduction::Min,
        Op::LogicalAnd => Reduction::All,
        Op::LogicalOr => Reduction::Any,
        _ => return None,
    })
}

fn check_binary(op: Op, what: &str) -> Result<()> {
    if op.row().arity == 2 {
        return Ok(());
    }
    let takes = op.row().arity;
    Err(Error::value(
        op.row().name,
        format!("{what} only supported for binary functions; this one takes {takes}"),
    ))
}

/// `a[0] op a[1] op …` along axes.
///
/// # Errors
/// When the op does not take two operands, there is nothing to reduce and the op has no identity, or there are several axes
/// and the order matters.
pub fn reduce(
    op: Op,
    x: &Raw,
    options: ReduceOptions<'_>,
    restriction: Restriction<'_>,
) -> Result<Raw> {
    check_binary(op, "reduce")?;
    if let Some(reduction) = reduction(op) {
        return x.reduce_where(reduction, options, restriction);
    }
    let name = op.row().name;
    let axes = options.axes.resolve(name, x.rank())?;
    if axes.len() > 1 && !is_reorderable(op) {
        return Err(Error::axis(
            name,
            "the operation is not reorderable, so at most one axis may be specified",
        ));
    }
    let mut y = folded(op, x, options.dtype)?;
    if op == Op::Hypot {
        // beside the identity, with which NumPy begins, an element is its absolute value
        y = y.abs()?;
    }
    let initial = restriction
        .initial
        .map(|first| first_value(first, y.dtype()));
    let initial = initial.transpose()?;
    let in_order = !is_reorderable(op);
    let mut mask = None;
    if let Some(given) = restriction.mask {
        let neutral = identity(op).map(|v| Raw::scalar(fitting(v, y.dtype()), y.dtype()));
        match (neutral.transpose()?, &initial) {
            (Some(neutral), _) => y = given.choose(&y, &neutral)?,
            // of an extreme or a multiple, which do not change when they meet themselves
            (None, Some(first)) if !in_order => y = given.choose(&y, first)?,
            (None, Some(_)) => mask = Some(given.broadcast_to(y.shape())?),
            (None, None) => {
                return Err(no_identity(
                    op,
                    "so to use a where mask one has to specify 'initial'",
                ));
            }
        }
    }
    for &axis in axes.iter() {
        // the maximum or minimum of no elements is the initial value
        let is_empty = y.shape()[axis] == 0 && identity(op).is_none();
        if is_empty {
            y.emptiness_is_read();
        }
        let first = initial.as_ref().filter(|_| in_order || is_empty);
        y = along(op, &y, axis, first, mask.as_ref())?;
    }
    if let Some(initial) = initial.filter(|_| !in_order || axes.is_empty()) {
        y = Raw::apply(op, &[(&initial).into(), (&y).into()])?;
    }
    match options.keepdims {
        KeepDims::Yes => Ok(y),
        KeepDims::No => {
            let signed: Vec<isize> = axes.iter().map(|&a| a as isize).collect();
            y.squeeze(Some(&signed))
        }
    }
}

/// The elements in the dtype that their fold has: that of the op's results, which is also what it takes.
fn folded(op: Op, x: &Raw, dtype: Option<DType>) -> Result<Raw> {
    let x = match dtype {
        Some(dtype) => x.cast(dtype)?,
        None => x.clone(),
    };
    x.cast(op.signature(&[x.dtype(), x.dtype()])?.output)
}

/// The initial value of a reduction in the dtype of its result. What is between two integers loses its fraction; an integer
/// that the dtype does not have is an error.
fn first_value(initial: Operand<'_>, dtype: DType) -> Result<Raw> {
    match initial {
        Operand::Tensor(first) => first.cast(dtype),
        Operand::Scalar(Scalar::Complex(_)) if !dtype.is_complex() && dtype != DType::Bool => {
            Err(Error::dtype(
                "reduce",
                format!("a complex initial value does not fit a fold of {dtype}"),
            )
            .dtypes(&[dtype]))
        }
        Operand::Scalar(Scalar::Float(first)) if !first.is_finite() && dtype.is_integer() => {
            Err(Error::value(
                "reduce",
                format!("the initial value {first} does not fit a fold of {dtype}"),
            ))
        }
        Operand::Scalar(first) if first.kind() > dtype.kind() && !is_integer(first, dtype) => {
            Raw::scalar(first, first.default_dtype())?.cast(dtype)
        }
        Operand::Scalar(first) => Raw::scalar(first, dtype),
    }
}

/// Whether this is an integer for a dtype of integers.
fn is_integer(scalar: Scalar, dtype: DType) -> bool {
    matches!(scalar, Scalar::Int(_)) && dtype.is_integer()
}

/// An identity in a dtype: all bits of an unsigned integer are no -1.
fn fitting(neutral: Scalar, dtype: DType) -> Scalar {
    match (neutral, dtype) {
        (Scalar::Int(-1), DType::Bool) => Scalar::Bool(true),
        (Scalar::Int(0), DType::Bool) => Scalar::Bool(false),
        (Scalar::Int(-1), d) if d.kind() == crate::dtype::Kind::Unsigned => {
            Scalar::Int((1i128 << (8 * d.size())) - 1)
        }
        (other, _) => other,
    }
}

#[cold]
fn no_identity(op: Op, so: &str) -> Error {
    Error::value(
        op.row().name,
        format!(
            "reduction operation '{}' does not have an identity, {so}",
            op.row().numpy
        ),
    )
}

/// The fold along one axis, which stays with length 1; from an initial value where the order matters, and then perhaps of elements
/// that a mask picks.
fn along(op: Op, x: &Raw, axis: usize, initial: Option<&Raw>, mask: Option<&Raw>) -> Result<Raw> {
    x.length_is_read(op.row().name, axis);
    let n = x.shape()[axis];
    let at = axis as isize;
    let mut shape = x.shape().to_vec();
    shape[axis] = 1;
    if let Some(initial) = initial {
        let mut y = initial.broadcast_to(&shape)?.copied()?;
        for i in 0..n {
            let next = Raw::apply(op, &[(&y).into(), (&x.narrow(at, i, 1)?).into()])?;
            y = match mask {
                Some(mask) => mask.narrow(at, i, 1)?.choose(&next, &y)?,
                None => next,
            };
        }
        return Ok(y);
    }
    if n == 0 {
        let Some(neutral) = identity(op) else {
            return Err(Error::value(
                op.row().name,
                format!(
                    "zero-size array to reduction operation {} which has no identity",
                    op.row().numpy
                ),
            ));
        };
        return x.like(&shape, x.dtype(), fitting(neutral, x.dtype()));
    }
    if is_reorderable(op) {
        // halves onto each other: log₂ n steps over whole arrays
        let mut y = x.clone();
        let mut left = n;
        while left > 1 {
            let half = left / 2;
            let low = y.narrow(at, 0, half)?;
            let high = y.narrow(at, left - half, half)?;
            let both = Raw::apply(op, &[(&low).into(), (&high).into()])?;
            y = match left % 2 {
                0 => both,
                _ => {
                    let odd = y.narrow(at, half, 1)?.cast(both.dtype())?;
                    Raw::concatenate(&[&both, &odd], at)?
                }
            };
            left = y.shape()[axis];
        }
        return Ok(y);
    }
    let mut y = x.narrow(at, 0, 1)?;
    for i in 1..n {
        y = Raw::apply(op, &[(&y).into(), (&x.narrow(at, i, 1)?).into()])?;
    }
    Ok(y)
}

/// The running fold along an axis.
///
/// # Errors
/// When the op does not take two operands, or the axis does not exist.
pub fn accumulate(op: Op, x: &Raw, axis: isize, dtype: Option<DType>) -> Result<Raw> {
    check_binary(op, "accumulate")?;
    let at = normalize_axis(op.row().name, axis, x.rank())?;
    match op {
        Op::Add => return x.cumsum(Some(axis), dtype),
        Op::Mul => return x.cumprod(Some(axis), dtype),
        _ => {}
    }
    let x = folded(op, x, dtype)?;
    match op {
        Op::Maximum => return Ok(x.cummax(axis)?.0),
        Op::Minimum => return Ok(x.cummin(axis)?.0),
        _ => {}
    }
    keeping_order(&x, at, |x, at| {
        running(x, at, |a, b| Raw::apply(op, &[a.into(), b.into()]))
    })
}

/// Each element along an axis joined with what came out before it.
fn running(x: &Raw, axis: usize, join: impl Fn(&Raw, &Raw) -> Result<Raw>) -> Result<Raw> {
    let (at, n) = (axis as isize, x.shape()[axis]);
    if n == 0 {
        return Ok(x.clone());
    }
    let mut rows = vec![x.narrow(at, 0, 1)?];
    for i in 1..n {
        rows.push(join(&rows[i - 1], &x.narrow(at, i, 1)?)?);
    }
    Raw::concatenate(&rows.iter().collect::<Vec<_>>(), at)
}

/// The fold, the running fold or (between indices) several folds along an axis by a function of two arrays that is no op; the axis stays.
/// The first element of each has the dtype that `dtype` converts it to.
///
/// # Errors
/// When the axis does not exist, a fold has no elements, an index is out of range, or the function refuses.
pub fn fold_by(
    row: &Composed,
    x: &Raw,
    axis: isize,
    dtype: DType,
    along: Along<'_>,
) -> Result<Raw> {
    let name = row.name;
    let at = normalize_axis(name, axis, x.rank())?;
    let n = x.shape()[at];
    let join = |a: &Raw, b: &Raw| -> Result<Raw> { Ok(row.call(&[a.into(), b.into()])?.remove(0)) };
    let axis = at as isize;
    let folded = |from: usize, to: usize| -> Result<Raw> {
        let mut y = x.narrow(axis, from, 1)?.cast(dtype)?;
        for i in from + 1..to {
            y = join(&y, &x.narrow(axis, i, 1)?)?;
        }
        Ok(y)
    };
    let mut rows = Vec::new();
    match along {
        Along::Whole if n == 0 => {
            return Err(Error::value(
                name,
                format!("zero-size array to reduction operation {name} which has no identity"),
            ));
        }
        Along::Whole => return folded(0, n),
        Along::Running => {
            for i in 0..n {
                let next = x.narrow(axis, i, 1)?;
                rows.push(match rows.last() {
                    None => next.cast(dtype)?,
                    Some(before) => join(before, &next)?,
                });
            }
        }
        Along::Between(indices) => {
            for (i, &index) in indices.iter().enumerate() {
                let Some(from) = usize::try_from(index).ok().filter(|&from| from < n) else {
                    return Err(Error::index(
                        name,
                        format!("index {index} out-of-bounds in {name}.reduceat [0, {n})"),
                    ));
                };
                let next = indices.get(i + 1).map_or(n, |&next| next.max(0) as usize);
                rows.push(folded(from, next.min(n).max(from + 1))?);
            }
        }
    }
    match rows.is_empty() {
        true => x.narrow(axis, 0, 0)?.cast(dtype),
        false => Raw::concatenate(&rows.iter().collect::<Vec<_>>(), axis),
    }
}

/// What [`fold_by`] folds.
#[derive(Clone, Copy, Debug)]
pub enum Along<'a> {
    /// All elements.
    Whole,
    /// All elements up to each.
    Running,
    /// Those from each index to the next.
    Between(&'a [isize]),
}

/// `op` of each element of one array with each of another: the shape is that of the first, then that of the second.
///
/// # Errors
/// As the op.
pub fn outer(op: Op, a: &Raw, b: &Raw) -> Result<Raw> {
    check_binary(op, "outer product")?;
    let mut shape = a.shape().to_vec();
    shape.resize(a.rank() + b.rank(), 1);
    Raw::apply(op, &[(&a.reshape(&shape)?).into(), b.into()])
}

/// For each index the fold of `x[index:next]` along an axis; of `x[index]` alone where the next index is not larger.
///
/// # Errors
/// When an index is out of range, or as [`reduce`].
pub fn reduceat(
    op: Op,
    x: &Raw,
    indices: &[isize],
    axis: isize,
    dtype: Option<DType>,
) -> Result<Raw> {
    check_binary(op, "reduceat")?;
    let at = normalize_axis(op.row().name, axis, x.rank())?;
    x.length_is_read("reduceat", at);
    keeping_order(x, at, |x, at| folds_between(op, x, indices, at, dtype))
}

/// The folds of one length are one fold, of what is gathered or, where they are even steps apart, of a view: so the number of calls is
/// that of the lengths.
fn folds_between(
    op: Op,
    x: &Raw,
    indices: &[isize],
    at: usize,
    dtype: Option<DType>,
) -> Result<Raw> {
    let n = x.shape()[at];
    let mut parts = Vec::with_capacity(indices.len());
    for (i, &index) in indices.iter().enumerate() {
        let Some(from) = usize::try_from(index).ok().filter(|&from| from < n) else {
            return Err(Error::index(
                op.row().name,
                format!(
                    "index {index} out-of-bounds in {}.reduceat [0, {n})",
                    op.row().numpy
                ),
            ));
        };
        let next = indices.get(i + 1).map_or(n, |&next| next.max(0) as usize);
        parts.push((next.min(n).max(from + 1) - from, from));
    }
    if parts.is_empty() {
        let none = folded(op, &x.narrow(at as isize, 0, 0)?, dtype)?;
        let all = ReduceOptions {
            axes: Axes::List(&[]),
            dtype,
            ..Default::default()
        };
        // sums and products of narrow integers are wider
        return reduction(op).map_or(Ok(none.clone()), |sum| none.reduce(sum, all));
    }
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&i| parts[i].0);
    let axis = at as isize;
    let fold = |part: &Raw, along: usize, keepdims: KeepDims| {
        let axes = [along as isize];
        let options = ReduceOptions {
            axes: Axes::List(&axes),
            keepdims,
            dtype,
            ..Default::default()
        };
        reduce(op, part, options, Restriction::default())
    };
    let mut rows = Vec::new();
    for group in order.chunk_by(|&i, &j| parts[i].0 == parts[j].0) {
        let (len, first) = parts[group[0]];
        // parts that lie on each other are not to be gathered
        if group.len().saturating_mul(len) > 2 * n {
            for &i in group {
                let part = x.narrow(axis, parts[i].1, len)?;
                rows.push(fold(&part, at, KeepDims::Yes)?);
            }
            continue;
        }
        let froms = group.iter().map(|&i| parts[i].1);
        let step = group.get(1).map_or(1, |&i| parts[i].1.wrapping_sub(first));
        let even = (1..=n).contains(&step)
            && froms
                .clone()
                .enumerate()
                .all(|(k, from)| from == first + k * step);
        // the parts beside each other, then the elements of each
        let (part, along) = if even {
            let all = (group.len() - 1) * step + len;
            let windows = x.narrow(axis, first, all)?.unfold(axis, len, step)?;
            (windows, x.rank())
        } else {
            let places: Vec<i64> = froms
                .flat_map(|from| (from..from + len).map(|i| i as i64))
                .collect();
            let taken = x.take(&vector(places)?.to_device(x.device())?, axis, Mode::Raise)?;
            let shape = [&x.shape()[..at], &[group.len(), len], &x.shape()[at + 1..]].concat();
            (taken.reshape(&shape)?, at + 1)
        };
        rows.push(fold(&part, along, KeepDims::No)?);
    }
    let all = Raw::concatenate(&rows.iter().collect::<Vec<_>>(), axis)?;
    if order.is_sorted() {
        return Ok(all);
    }
    let mut places = vec![0; order.len()];
    for (place, i) in order.into_iter().enumerate() {
        places[i] = place as i64;
    }
    all.take(&vector(places)?.to_device(x.device())?, axis, Mode::Raise)
}

/// Applies an op in place to what an index picks, and to `b` where the op takes two: `x[keys] = x[keys] op b`, again and again
/// for a place that is picked several times. (NumPy's `ufunc.at`.)
///
/// ```
/// use civita_core::{functions::ufuncs, ops::Op, raw::Raw};
/// let mut x = Raw::from_vec(vec![1.0, 2.0, 3.0], &[3])?;
/// let places = Raw::from_vec(vec![2i64, 0, 2], &[3])?;
/// let b = Raw::from_vec(vec![2.0], &[1])?;
/// ufuncs::at(Op::Mul, &mut x, &[places.into()], Some((&b).into()))?;
/// assert_eq!(x.to_vec::<f64>()?, [2.0, 2.0, 12.0]);
/// # Ok::<(), civita_core::error::Error>(())
/// ```
///
/// # Errors
/// When the op takes another number of operands, its result is not of the array's kind, and as [`Raw::index_assign`].
pub fn at(op: Op, x: &mut Raw, keys: &[Key], b: Option<Operand<'_>>) -> Result<()> {
    let name = op.row().name;
    if op.row().arity != 1 + usize::from(b.is_some()) || op.row().class == Class::Select {
        return Err(Error::value(
            name,
            match op.row().arity {
                1 => "second operand provided when ufunc is unary",
                2 => "second operand needed for ufunc",
                _ => "only unary and binary ufuncs have `at`",
            },
        ));
    }
    // the result must be of the array's kind, whatever its values
    let own = x.dtype();
    let result = match b {
        None => op.signature(&[own])?.output,
        Some(Operand::Tensor(b)) => op.signature(&[own, b.dtype()])?.output,
        Some(Operand::Scalar(v)) => op.signature(&[own, v.weak_with(own)])?.output,
    };
    let whole = own.is_integer() && (result.is_integer() || result == DType::Bool);
    // what is not 0 is true, whatever it was
    let boolean = own == DType::Bool;
    if !whole && !boolean && !can_cast(result, own, Casting::SameKind) {
        return Err(Error::dtype(
            name,
            format!(
                "Cannot cast ufunc '{}' output from {result} to {} with casting rule 'same_kind'",
                op.row().numpy,
                x.dtype()
            ),
        )
        .dtypes(&[result, x.dtype()]));
    }
    // values that lie in the memory which is written are read first: a place may be written more than once
    let first = match b {
        Some(Operand::Tensor(b)) if Storage::same_buffer(b.storage(), x.storage()) => {
            Some(b.copied()?)
        }
        _ => None,
    };
    let b = first.as_ref().map(Operand::Tensor).or(b);
    if !keys.iter().any(|key| matches!(key, Key::Integers(_))) {
        // no place stands twice
        let picked = x.index(keys)?;
        let y = match b {
            Some(b) => Raw::apply(op, &[(&picked).into(), b])?,
            None => Raw::apply(op, &[(&picked).into()])?,
        };
        return x.index_assign(keys, &y.cast(x.dtype())?);
    }
    // a number added to true is not false, unless it is -1
    let counted = match b {
        Some(Operand::Scalar(v)) if boolean && op == Op::Add && v.as_f64() >= 0.0 => {
            Some(Scalar::Bool(v.as_f64() != 0.0))
        }
        _ => None,
    };
    let b = counted.map(Operand::Scalar).or(b);
    if boolean && counted.is_none() && result != DType::Bool {
        return in_rounds(op, x, keys, b);
    }
    let combine = match op {
        Op::Add | Op::Sub => Some(Combine::Add),
        Op::Mul => Some(Combine::Multiply),
        Op::Maximum => Some(Combine::Maximum),
        Op::Minimum => Some(Combine::Minimum),
        _ => None,
    };
    if let (Some(combine), Some(b)) = (combine, b)
        && (x.dtype() != DType::Bool || combine == Combine::Add)
        && !(x.dtype().is_complex() && matches!(combine, Combine::Maximum | Combine::Minimum))
    {
        let b = match b {
            Operand::Tensor(b) => b.clone(),
            Operand::Scalar(v) => Raw::scalar(v, v.weak_with(x.dtype()))?,
        };
        let b = match op {
            // in the dtype of the array: the opposites of narrow integers do not fit their own
            Op::Sub if b.dtype().is_differentiable() => b.neg()?,
            Op::Sub => b.cast(x.dtype())?.neg()?,
            _ => b,
        };
        return x.index_combine(keys, combine, &b);
    }
    in_rounds(op, x, keys, b)
}

/// Different places, and the number of the value that comes to each.
#[derive(Default)]
struct Round {
    at: Vec<i64>,
    from: Vec<i64>,
}

/// The first of each place, the second of those that are picked twice, …; `None` where that would be more than `most` rounds.
fn rounds_of(places: &[i64], len: usize, most: usize) -> Option<Vec<Round>> {
    let mut rounds: Vec<Round> = Vec::new();
    let mut seen = vec![0u32; len];
    for (i, &place) in places.iter().enumerate() {
        let before = &mut seen[place as usize];
        let number = *before as usize;
        *before += 1;
        if number == rounds.len() {
            if number == most {
                return None;
            }
            rounds.push(Round::default());
        }
        rounds[number].at.push(place);
        rounds[number].from.push(i as i64);
    }
    Some(rounds)
}

fn vector(all: Vec<i64>) -> Result<Raw> {
    let n = all.len();
    Raw::from_vec(all, &[n])
}

/// Halves of what comes to one place onto each other, until few are left: the rounds, and the values that they name.
fn put_together(op: Op, places: &[i64], values: Raw) -> Result<(Vec<Round>, Option<Raw>)> {
    // by place, in their order
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&i| places[i]);
    let mut groups: Vec<Vec<i64>> = Vec::new();
    let mut targets = Vec::new();
    for run in order.chunk_by(|&i, &j| places[i] == places[j]) {
        groups.push(run.iter().map(|&i| i as i64).collect());
        targets.push(places[run[0]]);
    }
    let mut values = values;
    while groups.iter().any(|group| group.len() > FEW) {
        // what has no partner goes behind all pairs
        let (mut low, mut high, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        for group in &groups {
            let half = group.len() / 2;
            low.extend(&group[..half]);
            high.extend(&group[half..2 * half]);
            odd.extend(group.get(2 * half));
        }
        let pairs = low.len() as i64;
        let (mut next, mut behind) = (0, pairs);
        for group in &mut groups {
            let (half, is_odd) = ((group.len() / 2) as i64, group.len() % 2 == 1);
            group.clear();
            group.extend(next..next + half);
            next += half;
            if is_odd {
                group.push(behind);
                behind += 1;
            }
        }
        let take = |list: Vec<i64>| values.take(&vector(list)?, 0, Mode::Raise);
        let both = Raw::apply(op, &[(&take(low)?).into(), (&take(high)?).into()])?;
        let single = take(odd)?.cast(both.dtype())?;
        values = Raw::concatenate(&[&both, &single], 0)?;
    }
    let most = groups.iter().map(Vec::len).max().unwrap_or(0);
    let of_round = |round: usize| {
        let here = |(group, &at): (&Vec<i64>, &i64)| Some((at, *group.get(round)?));
        let (at, from) = groups.iter().zip(&targets).filter_map(here).unzip();
        Round { at, from }
    };
    Ok(((0..most).map(of_round).collect(), Some(values)))
}

/// In the first round every place that is picked once or more, in the second those that are picked twice or more …; where the
/// order does not matter, what comes to one place is put together first.
fn in_rounds(op: Op, x: &mut Raw, keys: &[Key], b: Option<Operand<'_>>) -> Result<()> {
    let numbers = Raw::arange(
        Scalar::Int(0),
        Scalar::Int(x.len() as i128),
        Scalar::Int(1),
        DType::I64,
    )?;
    let picked = numbers.reshape(x.shape())?.index(keys)?;
    let places = picked.to_vec::<i64>()?;
    let values = match b {
        None => None,
        Some(Operand::Scalar(v)) => {
            let one = Raw::scalar(v, v.weak_with(x.dtype()))?;
            Some(one.broadcast_to(&[places.len()])?)
        }
        Some(Operand::Tensor(b)) => Some(b.broadcast_to(picked.shape())?.reshape(&[places.len()])?),
    };
    let forgets =
        x.dtype() == DType::Bool && values.as_ref().is_some_and(|v| v.dtype() != DType::Bool);
    let (rounds, values) = match values {
        // a boolean forgets how large what it became was: the order matters
        Some(values) if is_reorderable(op) && !forgets => match rounds_of(&places, x.len(), FEW) {
            Some(rounds) => (rounds, Some(values)),
            None => put_together(op, &places, values)?,
        },
        values => (
            rounds_of(&places, x.len(), usize::MAX).unwrap_or_default(),
            values,
        ),
    };
    let everywhere = x.rank().max(1);
    for Round { at, from } in rounds {
        let at = vector(at)?;
        let flat = Gather {
            axis: 0,
            axes: everywhere,
            batch: 0,
            mode: Mode::Raise,
            picked: Picked::InOrder,
        };
        let base = if x.rank() == 0 {
            x.reshape(&[1])?
        } else {
            x.clone()
        };
        let old = bind_one(&flat, &[&base, &at])?;
        drop(base);
        let new = match &values {
            None => Raw::apply(op, &[(&old).into()])?,
            Some(values) => {
                let values = values.take(&vector(from)?, 0, Mode::Raise)?;
                Raw::apply(op, &[(&old).into(), (&values).into()])?
            }
        };
        x.put(&at, &new.cast(x.dtype())?, Mode::Raise)?;
    }
    Ok(())
}

/// The squares of absolute values.
pub(super) fn squares_of(x: &Raw) -> Result<Raw> {
    match x.dtype().is_complex() {
        true => x.real()?.square()?.add(&x.imag()?.square()?),
        false => x.square(),
    }
}

/// The standard deviation from a variance. Its derivative at 0 is 0, as in PyTorch.
pub(super) fn root_of_variance(var: &Raw) -> Result<Raw> {
    let root = |x: &Raw| Raw::apply(Op::Sqrt, &[x.into()]);
    if !var.is_differentiated() {
        return root(var);
    }
    let [zero, one] = [0, 1].map(|n| Operand::Scalar(Scalar::Int(n)));
    let is_zero = Raw::apply(Op::Eq, &[var.into(), zero])?;
    // the root's own derivative there is infinite, and would make NaN of the zero that it is multiplied by
    let above = Raw::apply(Op::Where, &[(&is_zero).into(), one, var.into()])?;
    Raw::apply(
        Op::Where,
        &[(&is_zero).into(), zero, (&root(&above)?).into()],
    )
}

/// By what a sum of squares over so many elements is divided: never a negative number.
fn degrees_left(count: &Raw, ddof: f64) -> Result<Raw> {
    let left = Raw::apply(Op::Sub, &[count.into(), Scalar::Float(ddof).into()])?;
    Raw::apply(Op::Maximum, &[(&left).into(), Scalar::Float(0.0).into()])
}

/// What no float exceeds from below, or above for a minimum.
fn least(op: Reduction, dtype: DType) -> Option<Scalar> {
    let infinity = match op {
        Reduction::Max => f64::NEG_INFINITY,
        _ => f64::INFINITY,
    };
    // not every float of eight bits has an infinity
    (dtype.is_float() && dtype.size() > 1).then_some(Scalar::Float(infinity))
}

/// Places that are picked no more often are written once for each time.
const FEW: usize = 16;

impl Raw {
    /// As [`Raw::reduce`], of the elements that a mask picks, beginning with an initial value: NumPy's `where=` and `initial=`.
    ///
    /// ```
    /// use civita_core::{functions::ufuncs::Restriction, ops::Reduction, raw::Raw};
    /// let x = Raw::from_vec(vec![1.0, 2.0, 4.0], &[3])?;
    /// let mask = Raw::from_vec(vec![true, false, true], &[3])?;
    /// let only = Restriction { mask: Some(&mask), initial: None };
    /// assert_eq!(x.reduce_where(Reduction::Sum, Default::default(), only)?.to_vec::<f64>()?, [5.0]);
    /// # Ok::<(), civita_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Raw::reduce`]; when an extreme has a mask and no initial value, and when the reduction takes neither.
    pub fn reduce_where(
        &self,
        op: Reduction,
        options: ReduceOptions<'_>,
        restriction: Restriction<'_>,
    ) -> Result<Raw> {
        let Restriction { mask, initial } = restriction;
        // the initial value counts in the dtype of the result
        let initial = match initial {
            Some(initial) => {
                let own = || op.row().class.result(self.dtype());
                Some(first_value(initial, options.dtype.unwrap_or_else(own))?)
            }
            None => None,
        };
        let masked = |neutral: Operand<'_>| match mask {
            None => Ok(self.clone()),
            Some(mask) => {
                // the mask broadcasts to the array, not the other way round
                let mask = mask.broadcast_to(self.shape())?;
                Raw::apply(Op::Where, &[(&mask).into(), self.into(), neutral])
            }
        };
        let neutral = match op {
            Reduction::Sum | Reduction::Any => Operand::Scalar(Scalar::Bool(false)),
            Reduction::Prod | Reduction::All => Operand::Scalar(Scalar::Bool(true)),
            Reduction::Max | Reduction::Min => match (mask, &initial) {
                (None, None) => return self.reduce(op, options),
                // what the mask hides is never the extreme: at a tie with `initial` it would take part of the gradient
                (_, Some(initial)) => match least(op, self.dtype()) {
                    Some(least) => Operand::Scalar(least),
                    None => initial.into(),
                },
                (Some(_), None) => {
                    let op = if op == Reduction::Max {
                        Op::Maximum
                    } else {
                        Op::Minimum
                    };
                    return Err(no_identity(
                        op,
                        "so to use a where mask one has to specify 'initial'",
                    ));
                }
            },
            Reduction::Mean | Reduction::Var | Reduction::Std if initial.is_none() => {
                if let Some(dtype) = options.dtype.filter(|dtype| dtype.is_integer()) {
                    return self.statistic_in_integers(op, dtype, options, mask);
                }
                return match mask {
                    Some(mask) => self.statistic_where(op, options, mask),
                    None => self.reduce(op, options),
                };
            }
            _ if mask.is_none() && initial.is_none() => return self.reduce(op, options),
            _ => {
                return Err(Error::value(
                    op.row().name,
                    "the reduction takes neither a mask nor an initial value",
                ));
            }
        };
        let x = masked(neutral)?;
        let Some(initial) = initial else {
            return x.reduce(op, options);
        };
        let combine = match op {
            Reduction::Sum => Op::Add,
            Reduction::Prod => Op::Mul,
            Reduction::Max => Op::Maximum,
            Reduction::Min => Op::Minimum,
            Reduction::Any => Op::LogicalOr,
            _ => Op::LogicalAnd,
        };
        let axes = options.axes.resolve(op.row().name, x.rank())?;
        let over = axes.iter().map(|&a| x.shape()[a]).product::<usize>();
        if over == 0 && !matches!(op, Reduction::Any | Reduction::All) {
            // nothing but the initial value
            x.emptiness_is_read();
            let shape = crate::layout::reduced_shape(x.shape(), &axes, options.keepdims);
            return initial.broadcast_to(&shape)?.copied();
        }
        let y = x.reduce(op, options)?;
        Raw::apply(combine, &[(&initial).into(), (&y).into()])
    }

    /// Mean, variance or standard deviation in a dtype of integers, as NumPy computes them: sums wrap, the mean and each square lose their
    /// fractions.
    pub(crate) fn statistic_in_integers(
        &self,
        op: Reduction,
        dtype: DType,
        options: ReduceOptions<'_>,
        mask: Option<&Raw>,
    ) -> Result<Raw> {
        let restriction = Restriction {
            mask,
            initial: None,
        };
        let keep = ReduceOptions {
            keepdims: KeepDims::Yes,
            dtype: Some(dtype),
            ddof: 0.0,
            ..options
        };
        let sum = |x: &Raw, options: ReduceOptions<'_>| {
            x.reduce_where(Reduction::Sum, options, restriction)
        };
        let ones = self.like(self.shape(), DType::I64, Scalar::Int(1))?;
        let count = |options: ReduceOptions<'_>| {
            let dtype = None;
            ones.reduce_where(
                Reduction::Sum,
                ReduceOptions { dtype, ..options },
                restriction,
            )
        };
        if op == Reduction::Mean {
            return sum(self, options)?.div(&count(options)?)?.cast(dtype);
        }
        let mean = sum(self, keep)?.div(&count(keep)?)?.cast(dtype)?;
        let deviation = self.sub(&mean)?;
        let squares = match deviation.dtype().is_complex() {
            true => deviation
                .real()?
                .square()?
                .add(&deviation.imag()?.square()?)?,
            false => deviation.mul(&deviation)?,
        };
        let over = count(options)?.cast(DType::F64)?;
        let over = degrees_left(&over, options.ddof)?;
        let var = sum(&squares, options)?.div(&over)?.cast(dtype)?;
        match op {
            Reduction::Std => root_of_variance(&var)?.cast(dtype),
            _ => Ok(var),
        }
    }

    /// The variance or the standard deviation about a mean that is known, which broadcasts to the array: NumPy's `mean=`.
    ///
    /// # Errors
    /// As [`Raw::reduce_where`], and when the mean does not broadcast.
    pub fn deviation_about(
        &self,
        mean: &Raw,
        op: Reduction,
        options: ReduceOptions<'_>,
        mask: Option<&Raw>,
    ) -> Result<Raw> {
        let restriction = Restriction {
            mask,
            initial: None,
        };
        let narrow = self.dtype().is_narrow_float() && options.dtype.is_none();
        let x = match self.dtype() {
            // sums of narrow floats overflow and stall
            _ if narrow => self.cast(DType::F32)?,
            own if own.is_float() || own.is_complex() => self.clone(),
            _ => self.cast(DType::F64)?,
        };
        let deviation = x.sub(&mean.cast(promote(mean.dtype(), x.dtype()))?)?;
        let squares = squares_of(&deviation)?;
        let of_sum = ReduceOptions {
            ddof: 0.0,
            ..options
        };
        let sum = squares.reduce_where(Reduction::Sum, of_sum, restriction)?;
        let ones = squares.like(squares.shape(), DType::I64, Scalar::Int(1))?;
        let dtype = None;
        let count = ones.reduce_where(
            Reduction::Sum,
            ReduceOptions { dtype, ..of_sum },
            restriction,
        )?;
        let over = degrees_left(&count, options.ddof)?;
        let var = sum.div(&over.cast_like_real(&sum)?)?;
        let result = match op {
            Reduction::Std => root_of_variance(&var)?,
            _ => var,
        };
        match narrow {
            true => result.cast(self.dtype()),
            false => Ok(result),
        }
    }

    /// Mean, variance or standard deviation of the elements that a mask picks.
    fn statistic_where(
        &self,
        op: Reduction,
        options: ReduceOptions<'_>,
        mask: &Raw,
    ) -> Result<Raw> {
        let dtype = options
            .dtype
            .unwrap_or_else(|| op.row().class.result(self.dtype()));
        let mask = mask.broadcast_to(self.shape())?;
        let keep = ReduceOptions {
            keepdims: KeepDims::Yes,
            dtype: None,
            ..options
        };
        let count = mask.reduce(Reduction::Sum, keep)?.cast(DType::F64)?;
        let x = match self.dtype() {
            // sums of narrow floats overflow and stall
            narrow if narrow.is_narrow_float() => self.cast(promote(DType::F32, dtype))?,
            own if own.is_float() || own.is_complex() => self.cast(promote(own, dtype))?,
            _ => self.cast(DType::F64)?,
        };
        // what the mask hides is left out of each step: infinity times a gradient of zero is NaN
        let zero = Operand::Scalar(Scalar::Bool(false));
        let picked = |x: &Raw| Raw::apply(Op::Where, &[(&mask).into(), x.into(), zero]);
        let x = picked(&x)?;
        let mean = x
            .reduce(Reduction::Sum, keep)?
            .div(&count.cast_like_real(&x)?)?;
        let result = if op == Reduction::Mean {
            mean
        } else {
            let deviation = Raw::apply(Op::Abs, &[(&picked(&x.sub(&mean)?)?).into()])?;
            let squares = deviation.mul(&deviation)?;
            let over = degrees_left(&count, options.ddof)?;
            let var = squares.reduce(Reduction::Sum, keep)?;
            let var = var.div(&over.cast_like_real(&var)?)?;
            match op {
                Reduction::Std => root_of_variance(&var)?,
                _ => var,
            }
        };
        let result = result.cast(dtype)?;
        match options.keepdims {
            KeepDims::Yes => Ok(result),
            KeepDims::No => {
                let axes = options.axes.resolve(op.row().name, self.rank())?;
                let signed: Vec<isize> = axes.iter().map(|&a| a as isize).collect();
                result.squeeze(Some(&signed))
            }
        }
    }

    /// Counts in the real dtype of what they divide.
    fn cast_like_real(&self, x: &Raw) -> Result<Raw> {
        self.cast(x.dtype().to_real())
    }
}
