//! PyTorch's functions that gather and scatter along an axis, by index and by mask.

use super::create::counted_beside;
use super::value::*;
use crate::dtype::{Casting, DType, Scalar};
use crate::error::{Error, Result, shape_text};
use crate::layout::{SliceItem, broadcast_shapes, normalize_axis};
use crate::ops::Op;
use crate::primitive::Combine;
use crate::raw::{Key, Mode, Raw};

/// What becomes of several elements for one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean.
    Mean,
    /// The largest.
    Amax,
    /// The smallest.
    Amin,
}
impl Kind for Reduce {
    const EXPECTS: &'static str = "one of 'sum', 'prod', 'mean', 'amax', 'amin'";
    const STUB: &'static str = "Literal['sum', 'prod', 'mean', 'amax', 'amin']";
    fn from_value(value: Value) -> Result<Reduce, Refused> {
        let Value::Text(word) = value else {
            return Err(Refused::Type);
        };
        Ok(match &*word {
            "sum" => Reduce::Sum,
            "prod" => Reduce::Prod,
            "mean" => Reduce::Mean,
            "amax" => Reduce::Amax,
            "amin" => Reduce::Amin,
            _ => {
                let wrong = format!("{word:?} is not {}", Reduce::EXPECTS);
                return Err(Error::value("scatter_reduce", wrong).into());
            }
        })
    }
}

/// The first elements along every axis but one, as many as there are indices.
fn leading(op: &'static str, x: &Raw, index: &Raw, axis: Option<usize>) -> Result<Raw> {
    let fits = x.rank() == index.rank()
        && (0..x.rank()).all(|at| Some(at) == axis || index.shape()[at] <= x.shape()[at]);
    if !fits {
        return Err(Error::shape(
            op,
            format!(
                "indices of shape {} for an array of shape {}",
                shape_text(index.shape()),
                shape_text(x.shape())
            ),
        )
        .shapes(&[index.shape(), x.shape()])
        .rule("there are as many axes of indices, none longer than the array's (but the one that is indexed)"));
    }
    let mut part = x.clone();
    for at in 0..x.rank() {
        if Some(at) != axis && index.shape()[at] != x.shape()[at] {
            part = part.narrow(at as isize, 0, index.shape()[at])?;
        }
    }
    Ok(part)
}

/// An array without axes as a vector of one.
fn at_least_vector(x: &Raw) -> Result<Raw> {
    match x.rank() {
        0 => x.reshape(&[1]),
        _ => Ok(x.clone()),
    }
}

pub fn gather(input: Array, dim: Axis, index: Indices) -> Result<Raw> {
    const OP: &str = "gather";
    let indices = &index.0;
    let (x, index) = (at_least_vector(input)?, at_least_vector(indices)?);
    let axis = normalize_axis(OP, dim, x.rank())?;
    let part = leading(OP, &x, &index, Some(axis))?;
    let y = part
        .take_along_axis(&index, axis as isize)
        .map_err(|e| e.in_op(OP))?;
    match indices.rank() {
        0 => y.reshape(&[]),
        _ => Ok(y),
    }
}

/// The elements of `src`, or one number for all, in the dtype and shape that the indices ask for.
fn source(op: &'static str, x: &Raw, index: &Raw, src: &Number) -> Result<Raw> {
    match src {
        Number::Array(src) if src.rank() > 0 => {
            Number::Array(leading(op, src, index, None)?).written_to(op, x.dtype())
        }
        one => one.written_to(op, x.dtype())?.broadcast_to(index.shape()),
    }
}

/// A copy of the array with values combined at indices along an axis.
fn placed(
    op: &'static str,
    combine: Combine,
    x: &Raw,
    axis: usize,
    index: &Raw,
    values: &Raw,
) -> Result<Raw> {
    leading(op, x, index, Some(axis))?;
    let mut keys = Vec::with_capacity(x.rank());
    for at in 0..x.rank() {
        if at == axis {
            keys.push(Key::Integers(index.detach()));
            continue;
        }
        let mut shape = vec![1; x.rank()];
        shape[at] = index.shape()[at];
        keys.push(Key::Integers(
            counted_beside(x, 0, shape[at])?.reshape(&shape)?,
        ));
    }
    let mut y = x.copied()?;
    y.index_combine(&keys, combine, values)
        .map_err(|e| e.in_op(op))?;
    Ok(y)
}

fn scattered(
    op: &'static str,
    input: &Raw,
    dim: isize,
    index: &Raw,
    src: &Number,
    run: impl FnOnce(&Raw, usize, &Raw, &Raw) -> Result<Raw>,
) -> Result<Raw> {
    let (x, index) = (at_least_vector(input)?, at_least_vector(index)?);
    let axis = normalize_axis(op, dim, x.rank())?;
    let src = match src {
        Number::Array(src) if input.rank() == 0 => Number::Array(at_least_vector(src)?),
        other => other.clone(),
    };
    let values = source(op, &x, &index, &src)?;
    run(&x, axis, &index, &values)?.reshape(input.shape())
}

pub fn scatter(input: Array, dim: Axis, index: Indices, src: Number) -> Result<Raw> {
    const OP: &str = "scatter";
    scattered(OP, input, dim, &index.0, &src, |x, axis, index, values| {
        placed(OP, Combine::Set, x, axis, index, values)
    })
}

pub fn scatter_add(input: Array, dim: Axis, index: Indices, src: Number) -> Result<Raw> {
    const OP: &str = "scatter_add";
    scattered(OP, input, dim, &index.0, &src, |x, axis, index, values| {
        placed(OP, Combine::Add, x, axis, index, values)
    })
}

/// The value that a reduction begins with.
fn neutral(reduce: Reduce, dtype: DType) -> Scalar {
    use crate::dtype::Kind as Sort;
    let bits = 8 * dtype.size() as u32;
    match (reduce, dtype.kind()) {
        (Reduce::Sum | Reduce::Mean, _) => Scalar::Bool(false),
        (Reduce::Prod, _) => Scalar::Bool(true),
        (Reduce::Amax, Sort::Float) => Scalar::Float(-dtype.greatest_float()),
        (Reduce::Amin, Sort::Float) => Scalar::Float(dtype.greatest_float()),
        (Reduce::Amax, Sort::Signed) => Scalar::Int(-(1i128 << (bits - 1))),
        (Reduce::Amin, Sort::Signed) => Scalar::Int((1i128 << (bits - 1)) - 1),
        (Reduce::Amin, Sort::Unsigned) => Scalar::Int((1i128 << bits) - 1),
        (Reduce::Amin, Sort::Bool) => Scalar::Bool(true),
        (Reduce::Amax, _) | (Reduce::Amin, Sort::Complex) => Scalar::Bool(false),
    }
}

pub fn scatter_reduce(
    input: Array,
    dim: Axis,
    index: Indices,
    src: Number,
    reduce: Reduce,
    include_self: Bool,
) -> Result<Raw> {
    const OP: &str = "scatter_reduce";
    let combine = match reduce {
        Reduce::Sum | Reduce::Mean => Combine::Add,
        Reduce::Prod => Combine::Multiply,
        Reduce::Amax => Combine::Maximum,
        Reduce::Amin => Combine::Minimum,
    };
    if input.dtype().is_complex() && matches!(reduce, Reduce::Amax | Reduce::Amin) {
        return Err(Error::dtype(OP, "complex numbers have no order").dtypes(&[input.dtype()]));
    }
    scattered(OP, input, dim, &index.0, &src, |x, axis, index, values| {
        let base = match include_self {
            true => x.clone(),
            false => {
                // what is reduced to begins with nothing
                let none = values.like(index.shape(), x.dtype(), neutral(reduce, x.dtype()))?;
                placed(OP, Combine::Set, x, axis, index, &none)?
            }
        };
        if reduce != Reduce::Mean {
            return placed(OP, combine, &base, axis, index, values);
        }
        // sums and counts of narrow numbers may lie beyond them where their mean does not
        let (wide, dtype) = match x.dtype() {
            DType::Bool => (DType::Bool, DType::I64),
            DType::U64 => (DType::U64, DType::U64),
            dtype if dtype.is_integer() => (DType::I64, DType::I64),
            dtype => (dtype.compute(), dtype.compute().to_real()),
        };
        let (base, values) = (base.cast(wide)?, &values.cast(wide)?);
        let sum = placed(OP, combine, &base, axis, index, values)?;
        let first = Scalar::Int(include_self.into());
        let count = x.like(x.shape(), dtype, first)?;
        let one = values.like(index.shape(), dtype, Scalar::Int(1))?;
        let count = placed(OP, Combine::Add, &count, axis, index, &one)?;
        let count = Raw::apply(Op::Maximum, &[(&count).into(), Scalar::Int(1).into()])?;
        let mean = match dtype.is_integer() {
            true => Raw::apply(Op::FloorDivide, &[(&sum).into(), (&count).into()])?,
            false => sum.div(&count)?,
        };
        mean.cast(x.dtype())
    })
}

/// The indices along the last axis, one array for each.
fn columns(indices: &Raw) -> Result<Vec<Key>> {
    let n = indices.shape().last().copied().unwrap_or(0);
    let column = |at: usize| {
        let items = [SliceItem::Ellipsis, SliceItem::Index(at as isize)];
        Ok(Key::Integers(indices.detach().slice(&items)?))
    };
    (0..n).map(column).collect()
}

pub fn gather_nd(input: Array, indices: Indices) -> Result<Raw> {
    const OP: &str = "gather_nd";
    let index = &indices.0;
    let n = index.shape().last().copied();
    let Some(n) = n.filter(|&n| n > 0 && n <= input.rank()) else {
        return Err(Error::shape(
            OP,
            format!(
                "indices of shape {} for an array with {} axes",
                shape_text(index.shape()),
                input.rank()
            ),
        )
        .shapes(&[index.shape(), input.shape()])
        .rule(
            "the last axis of the indices holds one index for each of the first axes of the array",
        ));
    };
    let _ = n;
    input.index(&columns(index)?).map_err(|e| e.in_op(OP))
}

pub fn index_select(input: Array, dim: Axis, index: Indices) -> Result<Raw> {
    const OP: &str = "index_select";
    if index.0.rank() > 1 {
        return Err(Error::shape(OP, "the index is a vector").shapes(&[index.0.shape()]));
    }
    let x = at_least_vector(input)?;
    let y = x.take(&at_least_vector(&index.0)?, dim, Mode::Raise);
    let y = y.map_err(|e| e.in_op(OP))?;
    match input.rank() {
        0 => y.reshape(&[]),
        _ => Ok(y),
    }
}

pub fn index_put(input: Array, indices: Arrays, values: Number, accumulate: Bool) -> Result<Raw> {
    let keys: Vec<Key> = indices.into_iter().map(|x| Key::from(x.detach())).collect();
    let values = values.written_to("index_put", input.dtype())?;
    let mut y = input.copied()?;
    match accumulate {
        true => {
            // masks are places that stand once each
            y.index_accumulate(&keys, &values)
        }
        false => y.index_assign(&keys, &values),
    }
    .map_err(|e| e.in_op("index_put"))?;
    Ok(y)
}

pub fn index_add(
    input: Array,
    dim: Axis,
    index: Indices,
    source: Array,
    alpha: Number,
) -> Result<Raw> {
    const OP: &str = "index_add";
    if index.0.rank() > 1 {
        return Err(Error::shape(OP, "the index is a vector").shapes(&[index.0.shape()]));
    }
    let index = at_least_vector(&index.0)?;
    let by_one = matches!(&alpha, Number::Scalar(v) if v.as_f64() == 1.0);
    let rows = match by_one {
        true => source,
        false => &Raw::apply(Op::Mul, &[source.into(), alpha.operand()])?,
    };
    let rows = match (input.dtype(), source.dtype()) {
        // whether there is a share at all
        (DType::Bool, DType::Bool) => rows.cast(DType::Bool),
        (dtype, _) => rows.cast_if(dtype, Casting::SameKind),
    };
    let rows = rows.map_err(|e| e.in_op(OP))?;
    input.index_add(dim, &index, &rows)
}

fn check_mask(op: &'static str, mask: &Raw) -> Result<()> {
    match mask.dtype() {
        DType::Bool => Ok(()),
        dtype => Err(Error::dtype(op, format!("a mask is boolean, not {dtype}")).dtypes(&[dtype])),
    }
}

pub fn masked_fill(input: Array, mask: Array, value: Number) -> Result<Raw> {
    const OP: &str = "masked_fill";
    check_mask(OP, mask)?;
    let value = value.written_to(OP, input.dtype())?;
    if value.rank() > 0 {
        return Err(Error::shape(OP, "the value has no axes").shapes(&[value.shape()]));
    }
    mask.detach().choose(&value, input).map_err(|e| e.in_op(OP))
}

pub fn masked_select(input: Array, mask: Array) -> Result<Raw> {
    const OP: &str = "masked_select";
    check_mask(OP, mask)?;
    let shape = broadcast_shapes(OP, &[input.shape(), mask.shape()])?;
    let x = at_least_vector(&input.broadcast_to(&shape)?)?;
    x.select(&at_least_vector(&mask.detach().broadcast_to(&shape)?)?)
}

pub fn masked_scatter(input: Array, mask: Array, source: Array) -> Result<Raw> {
    const OP: &str = "masked_scatter";
    check_mask(OP, mask)?;
    let shape = broadcast_shapes(OP, &[input.shape(), mask.shape()])?;
    let mask = mask.detach().broadcast_to(&shape)?;
    let count = mask.sum_all()?.item().map_err(|e| e.in_op(OP))?;
    let count = count.as_f64() as usize;
    if source.len() < count {
        return Err(
            Error::value(OP, format!("{} elements for {count} places", source.len()))
                .rule("the source has an element for each place where the mask is true"),
        );
    }
    let mut y = input.broadcast_to(&shape)?.copied()?;
    let few = super::join::flat(source)?.narrow(0, 0, count)?;
    let few = few
        .cast_if(y.dtype(), Casting::SameKind)
        .map_err(|e| e.in_op(OP))?;
    let (mask, rank) = (at_least_vector(&mask)?, y.rank());
    if rank == 0 {
        y = y.reshape(&[1])?;
    }
    y.assign_where(&mask, &few)?;
    y.reshape(&shape)
}

pub fn repeat_interleave(input: Array, repeats: Times, dim: AxisOrFlat) -> Result<Raw> {
    super::rearrange::repeat(input, repeats, dim).map_err(|e| e.in_op("repeat_interleave"))
}

pub fn unfold(input: Array, dimension: Axis, size: Count, step: Count) -> Result<Raw> {
    input.unfold(dimension, size, step)
}

pub fn embedding(input: Indices, weight: Array, padding_idx: OptInt) -> Result<Raw> {
    const OP: &str = "embedding";
    if weight.rank() != 2 {
        return Err(
            Error::shape(OP, "the weight is a matrix, a row for each index")
                .shapes(&[weight.shape()]),
        );
    }
    let rows = weight
        .take(&input.0, 0, Mode::Raise)
        .map_err(|e| e.in_op(OP))?;
    let Some(padding) = padding_idx.0 else {
        return Ok(rows);
    };
    let n = weight.shape()[0] as isize;
    if !(-n..n).contains(&padding) {
        return Err(Error::index(
            OP,
            format!("padding index {padding} is out of range for {n} rows"),
        ));
    }
    // its row learns nothing
    let is_padding = |at: isize| {
        let at = Scalar::Int(at as i128);
        Raw::apply(Op::Eq, &[(&input.0.detach()).into(), at.into()])
    };
    let padding = padding.rem_euclid(n.max(1));
    let mut still = is_padding(padding)?;
    if input.0.dtype().kind() == crate::dtype::Kind::Signed {
        still = still.logical_or(&is_padding(padding - n)?)?;
    }
    still.expand_dims(&[-1])?.choose(&rows.detach(), &rows)
}
