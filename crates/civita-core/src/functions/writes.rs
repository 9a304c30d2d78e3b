//! Functions that write an array in place, by the rules of indexed assignment: memory that is shared changes for all its
//! views, and under a transformation the array becomes what a functional write returns.

use super::create::counted_beside;
use super::indexing::{is_nonzero, mismatch};
use super::join::flat;
use super::rearrange::resize;
use super::value::*;
use crate::dtype::{Casting, DType, Scalar, can_cast};
use crate::error::{Error, Result};
use crate::layout::normalize_axis;
use crate::ops::{Op, Reduction};
use crate::raw::{Key, Mode, Raw, write_elementwise};
use smallvec::smallvec;

/// Rows of functions that write: the array goes in and comes out.
macro_rules! writes {
    ($($row:ident = $write:ident($($arg:ident: $ty:ty),*);)*) => { $(
        #[allow(missing_docs)] // the row documents it
        pub fn $row(a: Target, $($arg: $ty),*) -> Result<Raw> {
            let mut x = a.0;
            $write(&mut x, $($arg),*)?;
            Ok(x)
        }
    )* };
}
writes! {
    put = put_into(ind: Indices, v: Values, mode: Mode);
    place = place_into(mask: Array, vals: Values);
    putmask = putmask_into(mask: Array, values: Values);
    put_along_axis = put_along_axis_into(indices: Indices, values: Values, axis: AxisOrFlat);
    copyto = copyto_into(src: Number, casting: Casting, where_: Mask);
    fill_diagonal = fill_diagonal_into(val: Values, wrap: Bool);
}

/// All of `values` again and again, `count` of them in a vector.
fn cycled(values: &Raw, count: usize) -> Result<Raw> {
    match values.len() {
        n if n == count => flat(values),
        1 => flat(values)?.broadcast_to(&[count]),
        n if n > count => flat(values)?.narrow(0, 0, count),
        _ => resize(values, Shape(smallvec![count])),
    }
}

/// Writes values at places that count the elements in C order.
pub fn put_into(x: &mut Raw, ind: Indices, Values(v): Values, mode: Mode) -> Result<()> {
    const OP: &str = "put";
    if ind.0.dtype() != DType::Bool && !ind.0.dtype().is_integer() {
        return Err(Error::dtype(
            OP,
            format!("cannot cast indices from {} to int64", ind.0.dtype()),
        )
        .dtypes(&[ind.0.dtype()]));
    }
    let places = super::indexing::integers(OP, &flat(&ind.0)?)?;
    if x.is_empty() && !places.is_empty() {
        return Err(Error::index(
            OP,
            "cannot replace elements of an empty array",
        ));
    }
    if places.is_empty() || v.is_empty() {
        return x.may_be_written(OP);
    }
    let values = cycled(&v, places.len())?.cast(x.dtype())?;
    x.put(&places, &values, mode)
}

/// As NumPy, arrays go where every value of their dtype fits; numbers go everywhere.
fn check_safe(op: &'static str, values: &Raw, x: &Raw) -> Result<()> {
    let (from, to) = (values.dtype(), x.dtype());
    if values.rank() == 0 || can_cast(from, to, Casting::Safe) {
        return Ok(());
    }
    let text = format!("cannot cast array data from {from} to {to} according to the rule 'safe'");
    Err(Error::dtype(op, text)
        .dtypes(&[from, to])
        .hint_cast("convert them first", to))
}

/// Writes values over elements where a mask is true: the first value over the first such element …
pub fn place_into(x: &mut Raw, mask: Array, Values(vals): Values) -> Result<()> {
    const OP: &str = "place";
    if mask.len() != x.len() {
        return Err(mismatch(OP, mask, x));
    }
    let mask = is_nonzero(mask)?.reshape(x.shape())?;
    check_safe(OP, &vals, x)?;
    if vals.len() == 1 {
        return x.assign_where(&mask, &vals.reshape(&[])?);
    }
    let count = mask.sum_all()?.item().map_err(|e| e.in_op(OP))?;
    let count = count.as_f64() as usize;
    if count == 0 {
        return x.may_be_written(OP);
    }
    if vals.is_empty() {
        return Err(Error::value(OP, "Cannot insert from an empty array!"));
    }
    x.assign_where(&mask, &cycled(&vals, count)?)
}

/// Writes over elements where a mask is true the values that lie at the same places, counted in C order.
pub fn putmask_into(x: &mut Raw, mask: Array, Values(values): Values) -> Result<()> {
    const OP: &str = "putmask";
    if mask.len() != x.len() {
        return Err(mismatch(OP, mask, x));
    }
    let mask = is_nonzero(mask)?.reshape(x.shape())?;
    if values.is_empty() {
        return x.may_be_written(OP);
    }
    check_safe(OP, &values, x)?;
    let values = values.cast(x.dtype())?;
    let values = match values.len() {
        1 => values.reshape(&[])?,
        n => cycled(&values, x.len().max(n).min(x.len()))?.reshape(x.shape())?,
    };
    write_where(OP, x, &mask, &values)
}

fn write_where(op: &'static str, x: &mut Raw, mask: &Raw, values: &Raw) -> Result<()> {
    let old = x.clone();
    let choice = [mask.into(), values.into(), (&old).into()];
    write_elementwise(Op::Where, &choice, x, Casting::Unsafe).map_err(|e| e.in_op(op))
}

/// Writes values at indices along an axis, one index for each of them; the other axes broadcast.
pub fn put_along_axis_into(
    x: &mut Raw,
    indices: Indices,
    Values(values): Values,
    axis: AxisOrFlat,
) -> Result<()> {
    const OP: &str = "put_along_axis";
    let index = &indices.0;
    if !index.dtype().is_integer() {
        return Err(Error::index(OP, "`indices` must be an integer array").dtypes(&[index.dtype()]));
    }
    let Some(axis) = axis.0 else {
        if index.rank() != 1 {
            return Err(Error::value(
                OP,
                "when axis=None, `indices` must have a single dimension.",
            )
            .shapes(&[index.shape()]));
        }
        let values = values
            .broadcast_to(index.shape())
            .map_err(|e| e.in_op(OP))?;
        return put_into(x, indices, Values(values), Mode::Raise).map_err(|e| e.in_op(OP));
    };
    let axis = normalize_axis(OP, axis, x.rank())?;
    if index.rank() != x.rank() {
        return Err(Error::value(
            OP,
            "`indices` and `arr` must have the same number of dimensions",
        )
        .shapes(&[index.shape(), x.shape()]));
    }
    let keys = (0..x.rank()).map(|at| {
        if at == axis {
            return Ok(Key::Integers(index.detach()));
        }
        let mut shape = vec![1; x.rank()];
        shape[at] = x.shape()[at];
        Ok(Key::Integers(
            counted_beside(x, 0, shape[at])?.reshape(&shape)?,
        ))
    });
    let keys = keys.collect::<Result<Vec<_>>>()?;
    x.index_assign(&keys, &values)
}

/// Writes a value, broadcast and converted as the rule allows, over the elements where a mask is true.
pub fn copyto_into(x: &mut Raw, src: Number, casting: Casting, where_: Mask) -> Result<()> {
    const OP: &str = "copyto";
    let src = match src {
        Number::Array(src) => src.cast_if(x.dtype(), casting).map_err(|e| e.in_op(OP))?,
        Number::Scalar(v) => {
            let own = v.weak_with(x.dtype());
            if !can_cast(own, x.dtype(), casting) {
                return Err(Error::dtype(
                    OP,
                    format!("cannot cast {} to {}", v.default_dtype(), x.dtype()),
                )
                .dtypes(&[v.default_dtype(), x.dtype()]));
            }
            match v {
                // an integer must fit
                Scalar::Int(_) if x.dtype().is_integer() => Raw::scalar(v, x.dtype())?,
                _ => Raw::scalar(v, v.default_dtype())?.cast(x.dtype())?,
            }
        }
    };
    let where_ = &where_.0;
    if where_.dtype() != DType::Bool {
        return Err(Error::dtype(
            OP,
            format!("cannot cast the mask from {} to bool", where_.dtype()),
        )
        .dtypes(&[where_.dtype()]));
    }
    let src = match src.rank().checked_sub(x.rank()) {
        // leading axes of length 1 may be too many, as in an assignment
        Some(more) if src.shape()[..more].iter().all(|&n| n == 1) => {
            src.reshape(&src.shape()[more..])?
        }
        _ => src,
    };
    let src = src.broadcast_to(x.shape()).map_err(|e| e.in_op(OP))?;
    let src = src.to_device(x.device())?;
    if where_.rank() == 0 && where_.is_plain() {
        return match where_.item()? {
            Scalar::Bool(false) => x.may_be_written(OP),
            _ => x.assign(&src).map_err(|e| e.in_op(OP)),
        };
    }
    let mask = where_.detach().broadcast_to(x.shape());
    let mask = mask.map_err(|e| e.in_op(OP))?;
    write_where(OP, x, &mask, &src)
}

/// Writes values over the main diagonal.
pub fn fill_diagonal_into(x: &mut Raw, Values(val): Values, wrap: Bool) -> Result<()> {
    const OP: &str = "fill_diagonal";
    let shape = x.shape().to_vec();
    let (step, end) = match shape[..] {
        [] | [_] => {
            return Err(Error::value(OP, "array must be at least 2-d").shapes(&[&shape]));
        }
        // beyond the square of a tall matrix the diagonal ends, unless it wraps
        [_, columns] if !wrap => (columns + 1, columns.saturating_mul(columns)),
        [_, columns] => (columns + 1, usize::MAX),
        _ => {
            if shape.iter().any(|&n| n != shape[0]) {
                return Err(
                    Error::value(OP, "All dimensions of input must be of equal length")
                        .shapes(&[&shape]),
                );
            }
            let mut step = 1usize;
            let mut all = 1usize;
            for &n in &shape[..shape.len() - 1] {
                all = all.saturating_mul(n);
                step = step.saturating_add(all);
            }
            (step, usize::MAX)
        }
    };
    let count = x.len().min(end).div_ceil(step);
    if count == 0 {
        return x.may_be_written(OP);
    }
    if val.is_empty() {
        return x.may_be_written(OP);
    }
    let places = Raw::arange(
        Scalar::Int(0),
        Scalar::Int((count * step) as i128),
        Scalar::Int(step as i128),
        DType::I64,
    )?
    .to_device(x.device())?;
    let values = cycled(&val, count)?.cast(x.dtype())?;
    x.put(&places, &values, Mode::Raise)
}

/// Whether an element is true.
pub(super) fn any(x: &Raw) -> Result<bool> {
    Ok(x.reduce(Reduction::Any, Default::default())?.item()? == Scalar::Bool(true))
}
