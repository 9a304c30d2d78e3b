//! Arrays joined and cut apart.

use super::indexing::common;
use super::shape::{at_least, deepened};
use super::value::*;
use crate::dtype::{Casting, DType, promote};
use crate::error::{Error, Result};
use crate::layout::{SliceItem, normalize_axis};
use crate::raw::Raw;
use crate::transform::refs;

/// The parts in one dtype, joined.
fn joined(
    parts: &[Raw],
    dtype: OptDType,
    casting: Casting,
    join: impl Fn(&[&Raw]) -> Result<Raw>,
) -> Result<Raw> {
    let Some(dtype) = dtype else {
        // what they are promoted to is of their kind
        if matches!(casting, Casting::No | Casting::Safe)
            && let Some(met) = parts.iter().map(Raw::dtype).reduce(promote)
        {
            for part in parts {
                part.check_cast(met, casting)?;
            }
        }
        return join(&refs(parts));
    };
    let parts = parts
        .iter()
        .map(|p| p.cast_if(dtype, casting))
        .collect::<Result<Vec<_>>>()?;
    join(&refs(&parts))
}

pub fn concatenate(
    arrays: Numbers,
    axis: AxisOrFlat,
    out: Out,
    dtype: OptDType,
    casting: Casting,
) -> Result<Raw> {
    let arrays = into_arrays(arrays.0)?;
    let Some(axis) = axis.0 else {
        let flat = arrays.iter().map(flat).collect::<Result<Vec<_>>>()?;
        return joined(&flat, dtype, casting, |parts| {
            Raw::concatenate_into(parts, 0, &out)
        });
    };
    joined(&arrays, dtype, casting, |parts| {
        Raw::concatenate_into(parts, axis, &out)
    })
}

/// These as arrays; numbers of the host language take the dtype of what they are joined to.
fn into_arrays(all: Vec<Number>) -> Result<Vec<Raw>> {
    let is_number = |x: &Number| matches!(x, Number::Scalar(_));
    let dtype = all
        .iter()
        .any(is_number)
        .then(|| common(&all.iter().collect::<Vec<_>>()));
    let array = |x: Number| match (x, dtype) {
        (Number::Array(x), _) => Ok(x),
        (number, dtype) => number.cast(dtype.unwrap_or(DType::F64)),
    };
    all.into_iter().map(array).collect()
}

/// All elements under one axis.
pub(super) fn flat(x: &Raw) -> Result<Raw> {
    x.reshape(&[x.len()])
}

pub fn stack(
    arrays: Arrays,
    axis: Axis,
    out: Out,
    dtype: OptDType,
    casting: Casting,
) -> Result<Raw> {
    joined(&arrays, dtype, casting, |parts| {
        Raw::stack_into(parts, axis, &out)
    })
}

pub fn hstack(tup: Arrays, dtype: OptDType, casting: Casting) -> Result<Raw> {
    let parts = tup
        .iter()
        .map(|x| deepened(x, 1))
        .collect::<Result<Vec<_>>>()?;
    // vectors have nothing beside them
    let axis = isize::from(parts.first().is_none_or(|x| x.rank() > 1));
    joined(&parts, dtype, casting, |parts| {
        Raw::concatenate(parts, axis).map_err(|e| e.in_op("hstack"))
    })
}

pub fn vstack(tup: Arrays, dtype: OptDType, casting: Casting) -> Result<Raw> {
    let parts = tup
        .iter()
        .map(|x| deepened(x, 2))
        .collect::<Result<Vec<_>>>()?;
    joined(&parts, dtype, casting, |parts| {
        Raw::concatenate(parts, 0).map_err(|e| e.in_op("vstack"))
    })
}

pub fn dstack(tup: Arrays) -> Result<Raw> {
    let parts = tup
        .iter()
        .map(|x| deepened(x, 3))
        .collect::<Result<Vec<_>>>()?;
    Raw::concatenate(&parts.iter().collect::<Vec<_>>(), 2).map_err(|e| e.in_op("dstack"))
}

pub fn column_stack(tup: Arrays) -> Result<Raw> {
    let column = |x: &Raw| match x.rank() {
        0 | 1 => x.reshape(&[x.len(), 1]),
        _ => Ok(x.clone()),
    };
    let parts = tup.iter().map(column).collect::<Result<Vec<_>>>()?;
    Raw::concatenate(&parts.iter().collect::<Vec<_>>(), 1).map_err(|e| e.in_op("column_stack"))
}

pub fn append(arr: Array, values: Array, axis: AxisOrFlat) -> Result<Raw> {
    let (parts, axis) = match axis.0 {
        None => ([flat(arr)?, flat(values)?], 0),
        Some(axis) => ([arr.clone(), values.clone()], axis),
    };
    Raw::concatenate(&[&parts[0], &parts[1]], axis).map_err(|e| e.in_op("append"))
}

pub fn unstack(x: Array, axis: Axis) -> Result<Vec<Raw>> {
    let at = normalize_axis("unstack", axis, x.rank())?;
    x.length_is_read("unstack", at);
    let mut items = vec![SliceItem::ALL; at + 1];
    let mut row = |i: usize| {
        items[at] = SliceItem::Index(i as isize);
        x.slice(&items)
    };
    let mut rows = room("unstack", x.shape()[at])?;
    for i in 0..x.shape()[at] {
        rows.push(row(i)?);
    }
    Ok(rows)
}

/// Memory for so many handles.
fn room(op: &'static str, count: usize) -> Result<Vec<Raw>> {
    let mut all = Vec::new();
    match all.try_reserve_exact(count) {
        Ok(()) => Ok(all),
        Err(_) => Err(Error::memory(
            op,
            format!("{count} arrays do not fit into memory"),
        )),
    }
}

pub fn split(ary: Array, indices_or_sections: Sections, axis: Axis) -> Result<Vec<Raw>> {
    const OP: &str = "split";
    let at = normalize_axis(OP, axis, ary.rank())?;
    ary.length_is_read(OP, at);
    let n = ary.shape()[at];
    if let Sections::Equal(parts) = indices_or_sections
        && parts > 0
        && !n.is_multiple_of(parts as usize)
    {
        return Err(
            Error::value(OP, "array split does not result in an equal division")
                .rule(format!("{n} elements do not make {parts} equal parts"))
                .hint("`array_split` makes parts whose lengths differ by one"),
        );
    }
    cut(OP, ary, &indices_or_sections, axis)
}

pub fn array_split(ary: Array, indices_or_sections: Sections, axis: Axis) -> Result<Vec<Raw>> {
    cut("array_split", ary, &indices_or_sections, axis)
}

fn cut(op: &'static str, x: &Raw, sections: &Sections, axis: isize) -> Result<Vec<Raw>> {
    let at = normalize_axis(op, axis, x.rank())?;
    x.length_is_read(op, at);
    let n = x.shape()[at] as isize;
    let mut items = vec![SliceItem::ALL; at + 1];
    let mut part = |start: isize, stop: isize| {
        items[at] = SliceItem::from(start..stop);
        x.slice(&items)
    };
    match sections {
        Sections::Equal(parts) if *parts <= 0 => {
            Err(Error::value(op, "number sections must be larger than 0"))
        }
        Sections::Equal(parts) => {
            // the first ones are longer by one
            let (each, longer) = (n / parts, n % parts);
            let start = |i: isize| i * each + i.min(longer);
            let mut all = room(op, parts.unsigned_abs())?;
            for i in 0..*parts {
                all.push(part(start(i), start(i + 1))?);
            }
            Ok(all)
        }
        Sections::At(places) => {
            let starts = std::iter::once(&0).chain(places);
            let stops = places.iter().chain(std::iter::once(&n));
            starts
                .zip(stops)
                .map(|(&start, &stop)| part(start, stop))
                .collect()
        }
    }
}

pub fn hsplit(ary: Array, indices_or_sections: Sections) -> Result<Vec<Raw>> {
    at_least("hsplit", ary, 1)?;
    let axis = isize::from(ary.rank() > 1);
    split(ary, indices_or_sections, axis).map_err(|e| e.in_op("hsplit"))
}

pub fn vsplit(ary: Array, indices_or_sections: Sections) -> Result<Vec<Raw>> {
    at_least("vsplit", ary, 2)?;
    split(ary, indices_or_sections, 0).map_err(|e| e.in_op("vsplit"))
}

pub fn dsplit(ary: Array, indices_or_sections: Sections) -> Result<Vec<Raw>> {
    at_least("dsplit", ary, 3)?;
    split(ary, indices_or_sections, 2).map_err(|e| e.in_op("dsplit"))
}

pub fn meshgrid(xi: EachArray, copy: Bool, sparse: Bool, indexing: Indexing) -> Result<Vec<Raw>> {
    let rank = xi.0.len();
    let turned = |axis: usize| match (indexing, axis) {
        (Indexing::Xy, 0 | 1) if rank > 1 => 1 - axis,
        _ => axis,
    };
    let mut shape = vec![1; rank];
    for (i, x) in xi.0.iter().enumerate() {
        shape[turned(i)] = x.len();
    }
    let grid = |(i, x): (usize, &Raw)| {
        let mut own = vec![1; rank];
        own[turned(i)] = x.len();
        let x = x.reshape(&own)?;
        let x = if sparse { x } else { x.broadcast_to(&shape)? };
        if copy { x.copied() } else { Ok(x) }
    };
    xi.0.iter().enumerate().map(grid).collect()
}
