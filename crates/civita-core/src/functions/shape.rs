//! Other shapes of the same elements. These are views where the memory allows it.

use super::value::*;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::{self, Layout, broadcast_shapes, normalize_axes, normalize_axis};
use crate::raw::Raw;

pub fn reshape(a: Array, shape: Lengths, order: Order, copy: OptBool) -> Result<Raw> {
    let shape = match shows_memory(a) {
        true => a.layout().resolve_shape(&shape.0)?,
        false => Layout::contiguous(a.shape())?.resolve_shape(&shape.0)?,
    };
    if is_fortran(a, order) {
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        return reshaped(&a.transpose()?, &reversed, copy)?.transpose();
    }
    reshaped(a, &shape, copy)
}

/// Whether the axes are those of the memory. Under `vmap` the memory has more.
fn shows_memory(a: &Raw) -> bool {
    a.layout().rank() == a.rank()
}

/// Steps along the axes that the array shows: under `vmap` those of a sample.
fn steps(a: &Raw) -> &[isize] {
    let strides = a.layout().strides();
    &strides[strides.len() - a.rank()..]
}

/// Whether elements are read in Fortran order by this word; by `A` where they lie so and no other way.
pub fn is_fortran(a: &Raw, order: Order) -> bool {
    match order {
        Order::C | Order::K => false,
        Order::F => true,
        Order::A => {
            let follow = |axes: &mut dyn Iterator<Item = usize>| {
                let mut next = 1;
                axes.filter(|&axis| a.shape()[axis] != 1).all(|axis| {
                    let follows = steps(a)[axis] == next as isize;
                    next *= a.shape()[axis];
                    follows
                })
            };
            // an empty array is contiguous either way
            !a.is_empty() && follow(&mut (0..a.rank())) && !follow(&mut (0..a.rank()).rev())
        }
    }
}

fn reshaped(a: &Raw, shape: &[usize], copy: OptBool) -> Result<Raw> {
    match copy.0 {
        Some(true) => a.copied()?.reshape(shape),
        Some(false) if !a.is_view_under(shape)? => Err(Error::value(
            "reshape",
            "Unable to avoid creating a copy while reshaping.",
        )
        .hint("`copy=None` copies only where it must")),
        _ => a.reshape(shape),
    }
}

pub fn ravel(a: Array, order: Order) -> Result<Raw> {
    let a = match order {
        Order::K => in_memory_order(a)?,
        _ if is_fortran(a, order) => a.transpose()?,
        _ => a.clone(),
    };
    // a view only where elements follow each other, as in NumPy
    a.contiguous()?.reshape_to(&[-1])
}

/// The axes in the order in which NumPy's iterator walks through them: from the last on, each is put inside of those that have larger
/// strides. One that repeats its elements is compared with none.
pub fn in_memory_order(a: &Raw) -> Result<Raw> {
    let strides = steps(a);
    // innermost first
    let mut axes: Vec<isize> = (0..a.rank() as isize).rev().collect();
    for at in 1..axes.len() {
        let own = strides[axes[at] as usize].unsigned_abs();
        let mut place = at;
        for before in (0..at).rev() {
            let other = strides[axes[before] as usize].unsigned_abs();
            if own == 0 || other == 0 {
                continue;
            }
            if other <= own {
                break;
            }
            place = before;
        }
        axes[place..=at].rotate_right(1);
    }
    axes.reverse();
    a.permute(&axes)
}

pub fn transpose(a: Array, axes: AxisOrder) -> Result<Raw> {
    match axes.0 {
        None => a.transpose(),
        Some(axes) => a.permute(&axes),
    }
}

pub fn matrix_transpose(x: Array) -> Result<Raw> {
    at_least("matrix_transpose", x, 2)?;
    x.swap_axes(-1, -2)
}

/// # Errors
/// When an array has too few axes.
pub(super) fn at_least(op: &'static str, x: &Raw, axes: usize) -> Result<()> {
    if x.rank() >= axes {
        return Ok(());
    }
    let s = if axes == 1 { "" } else { "s" };
    Err(Error::shape(
        op,
        format!(
            "an array with {} axes has too few: needs at least {axes} dimension{s}",
            x.rank()
        ),
    )
    .shapes(&[x.shape()]))
}

pub fn swapaxes(a: Array, axis1: Axis, axis2: Axis) -> Result<Raw> {
    a.swap_axes(axis1, axis2)
}

pub fn moveaxis(a: Array, source: AxisList, destination: AxisList) -> Result<Raw> {
    const OP: &str = "moveaxis";
    if source.0.len() != destination.0.len() {
        return Err(Error::value(
            OP,
            "`source` and `destination` arguments must have the same number of elements",
        ));
    }
    let of = |name, axes: &AxisList| {
        normalize_axes(OP, &axes.0, a.rank()).map_err(|e| e.of_argument(name))
    };
    let (from, to) = (of("source", &source)?, of("destination", &destination)?);
    let mut rest = (0..a.rank()).filter(|axis| !from.contains(axis));
    let place = |at: usize| match to.iter().position(|&t| t == at) {
        Some(i) => Some(from[i]),
        None => rest.next(),
    };
    let order: Vec<isize> = (0..a.rank())
        .filter_map(place)
        .map(|axis| axis as isize)
        .collect();
    a.permute(&order)
}

pub fn rollaxis(a: Array, axis: Axis, start: Int) -> Result<Raw> {
    const OP: &str = "rollaxis";
    let rank = a.rank();
    let from = normalize_axis(OP, axis, rank)?;
    // `start` names a gap between axes, so it may be one beyond the last
    let gap = match start < 0 {
        true => normalize_axis(OP, start, rank)?,
        false => normalize_axis(OP, start, rank + 1)?,
    };
    a.move_axis(from as isize, (gap - usize::from(from < gap)) as isize)
}

pub fn flip(m: Array, axis: Axes) -> Result<Raw> {
    m.flip(axis.as_layout())
}

pub fn fliplr(m: Array) -> Result<Raw> {
    at_least("fliplr", m, 2)?;
    m.flip(layout::Axes::List(&[1]))
}

pub fn flipud(m: Array) -> Result<Raw> {
    at_least("flipud", m, 1)?;
    m.flip(layout::Axes::List(&[0]))
}

pub fn rot90(m: Array, k: Int, axes: AxisPair) -> Result<Raw> {
    let [a, b] = normalize_axes("rot90", &axes.0, m.rank())?[..] else {
        return Err(Error::value("rot90", "two axes are needed"));
    };
    let (a, b) = (a as isize, b as isize);
    match k.rem_euclid(4) {
        0 => Ok(m.clone()),
        1 => m.flip(layout::Axes::List(&[b]))?.swap_axes(a, b),
        2 => m.flip(layout::Axes::List(&[a, b])),
        _ => m.swap_axes(a, b)?.flip(layout::Axes::List(&[b])),
    }
}

pub fn squeeze(a: Array, axis: Axes) -> Result<Raw> {
    a.lengths_are_read("squeeze");
    let axes = axis.0.as_deref();
    // NumPy takes the first and the last axis of what has none
    if a.rank() == 0 && axes.is_some_and(|axes| axes.iter().all(|a| matches!(a, 0 | -1))) {
        return Ok(a.clone());
    }
    a.squeeze(axes)
}

pub fn expand_dims(a: Array, axis: AxisList) -> Result<Raw> {
    a.expand_dims(&axis.0)
}

pub fn broadcast_to(array: Array, shape: Shape) -> Result<Raw> {
    array.broadcast_to(&shape.0)
}

pub fn broadcast_arrays(args: EachArray) -> Result<Vec<Raw>> {
    let shapes: Vec<&[usize]> = args.0.iter().map(Raw::shape).collect();
    let shape = broadcast_shapes("broadcast_arrays", &shapes)?;
    args.0.iter().map(|a| a.broadcast_to(&shape)).collect()
}

pub fn common_shape(args: EachShape) -> Result<Vec<usize>> {
    let shapes: Vec<&[usize]> = args.0.iter().map(Vec::as_slice).collect();
    Ok(broadcast_shapes("broadcast_shapes", &shapes)?.to_vec())
}

pub fn atleast_1d(arys: EachArray) -> Result<Vec<Raw>> {
    arys.0.iter().map(|x| deepened(x, 1)).collect()
}

pub fn atleast_2d(arys: EachArray) -> Result<Vec<Raw>> {
    arys.0.iter().map(|x| deepened(x, 2)).collect()
}

pub fn atleast_3d(arys: EachArray) -> Result<Vec<Raw>> {
    arys.0.iter().map(|x| deepened(x, 3)).collect()
}

/// The array with at least so many axes, placed where `atleast_1d`, `atleast_2d` and `atleast_3d` place them.
pub(super) fn deepened(x: &Raw, axes: usize) -> Result<Raw> {
    match (axes, x.rank()) {
        (rank, have) if have >= rank => Ok(x.clone()),
        (2, 1) => x.expand_dims(&[0]),
        (3, 1) => x.expand_dims(&[0, 2]),
        (3, 2) => x.expand_dims(&[2]),
        _ => x.reshape(&vec![1; axes]),
    }
}

pub fn shape(a: Array) -> Result<Vec<usize>> {
    a.lengths_are_read("shape");
    Ok(a.shape().to_vec())
}

pub fn ndim(a: Array) -> Result<usize> {
    Ok(a.rank())
}

pub fn size(a: Array, axis: Axes) -> Result<usize> {
    a.lengths_are_read("size");
    match axis.0 {
        None => Ok(a.len()),
        Some(axes) => {
            let axes = normalize_axes("size", &axes, a.rank())?;
            let lengths: Vec<usize> = axes.iter().map(|&axis| a.shape()[axis]).collect();
            product("size", &lengths)
        }
    }
}

pub fn astype(x: Array, dtype: Dtype, copy: Bool, _: Device) -> Result<Raw> {
    match dtype.0 == x.dtype() && copy {
        true => x.copied(),
        false => x.cast(dtype.0),
    }
}

pub fn copy(a: Array, order: Order) -> Result<Raw> {
    if is_fortran(a, order) {
        return a.transpose()?.copied()?.transpose();
    }
    if order == Order::K && !a.layout().is_contiguous() && a.rank() > 1 {
        let axes = by_steps(a);
        return a.permute(&axes)?.copied()?.permute(&inverse(&axes));
    }
    a.copied()
}

/// What `f` makes of the array with its axes as they lie in memory, given where `axis` is then; the result has as many axes, which go back
/// where they were, so that it lies as the array does (NumPy's `order='K'`).
pub fn keeping_order(
    a: &Raw,
    axis: usize,
    f: impl FnOnce(&Raw, usize) -> Result<Raw>,
) -> Result<Raw> {
    let order = a.is_plain().then(|| a.layout().memory_order()).flatten();
    let Some(order) = order else {
        return f(a, axis);
    };
    let place = order.iter().position(|&other| other == axis);
    let axes: Vec<isize> = order.iter().map(|&axis| axis as isize).collect();
    f(&a.permute(&axes)?, place.unwrap_or(axis))?.permute(&inverse(&axes))
}

/// The axes from the one with the largest steps to the one with the smallest; those of equal steps stay in order.
pub fn by_steps(x: &Raw) -> Vec<isize> {
    let strides = steps(x);
    let mut axes: Vec<isize> = (0..x.rank() as isize).collect();
    axes.sort_by_key(|&a| std::cmp::Reverse(strides[a as usize].unsigned_abs()));
    axes
}

/// The permutation that undoes another one.
pub fn inverse(axes: &[isize]) -> Vec<isize> {
    let mut back = vec![0; axes.len()];
    for (to, &from) in axes.iter().enumerate() {
        back[from as usize] = to as isize;
    }
    back
}

pub fn ascontiguousarray(a: Array, dtype: OptDType) -> Result<Raw> {
    // NumPy's has at least one axis
    deepened(&a.cast(dtype.unwrap_or(a.dtype()))?.contiguous()?, 1)
}

pub fn diagonal(a: Array, offset: Int, axis1: Axis, axis2: Axis) -> Result<Raw> {
    const OP: &str = "diagonal";
    at_least(OP, a, 2)?;
    let [first, second] = normalize_axes(OP, &[axis1, axis2], a.rank())?[..] else {
        return Err(Error::value(OP, "two axes are needed"));
    };
    a.diagonal(offset, first as isize, second as isize)
}

/// The number of elements. Lengths beside a 0 may be anything, and their product beyond memory.
pub(super) fn product(op: &'static str, lengths: &[usize]) -> Result<usize> {
    let all = lengths
        .iter()
        .try_fold(1usize, |all, &n| all.checked_mul(n));
    all.ok_or_else(|| Error::memory(op, "the result has more elements than memory has addresses"))
}

/// The dtype of a function's argument that has a default.
pub(super) fn or_f64(dtype: OptDType) -> DType {
    dtype.unwrap_or(DType::F64)
}
