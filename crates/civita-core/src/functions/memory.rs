//! Where arrays lie in memory, and whether two of them meet there.

use super::shape::{copy, deepened};
use super::value::*;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::ops::Op;
use crate::raw::Raw;
use crate::storage::Access;

/// The bytes that an array covers, from the first to behind the last.
fn bytes(x: &Raw) -> Option<(usize, usize)> {
    let (low, high) = x.layout().span()?;
    // memory of a device has no addresses here: its handle keeps buffers apart
    let base = match x.storage().handle() {
        Some((_, handle)) => (handle as usize) << 40,
        None => x.storage().ptr().addr(),
    };
    let size = x.dtype().size();
    Some((base + low * size, base + (high + 1) * size))
}

pub fn may_share_memory(a: Array, b: Array, max_work: OptInt) -> Result<bool> {
    let (Some((a0, a1)), Some((b0, b1))) = (bytes(a), bytes(b)) else {
        return Ok(false);
    };
    match max_work.0 {
        Some(0) => Ok(a0 < b1 && b0 < a1),
        _ => shares_memory(a, b, max_work),
    }
}

pub fn shares_memory(a: Array, b: Array, max_work: OptInt) -> Result<bool> {
    let (Some((a0, a1)), Some((b0, b1))) = (bytes(a), bytes(b)) else {
        return Ok(false);
    };
    if a0 >= b1 || b0 >= a1 {
        return Ok(false);
    }
    if max_work.0 == Some(0) {
        return Ok(true);
    }
    let from = a0.min(b0);
    Ok(in_bytes(a, from)?.overlaps(&in_bytes(b, from)?))
}

/// The bytes of the elements, counted from an address below them.
fn in_bytes(x: &Raw, from: usize) -> Result<Layout> {
    let (layout, size) = (x.layout(), x.dtype().size());
    let mut shape = layout.shape().to_vec();
    let mut strides: Vec<isize> = layout.strides().iter().map(|s| s * size as isize).collect();
    shape.push(size);
    strides.push(1);
    let offset = x.ptr().addr() - from;
    Layout::from_parts(&shape, &strides, offset, isize::MAX as usize)
}

pub fn isfortran(a: Array) -> Result<bool> {
    let layout = a.layout();
    Ok(layout.is_fortran_contiguous() && !layout.is_contiguous())
}

pub fn asfortranarray(a: Array, dtype: OptDType) -> Result<Raw> {
    let x = deepened(&a.cast(dtype.unwrap_or(a.dtype()))?, 1)?;
    match x.layout().is_fortran_contiguous() {
        true => Ok(x),
        false => copy(&x, Order::F),
    }
}

pub fn asarray_chkfinite(a: Array, dtype: OptDType, order: Order) -> Result<Raw> {
    const OP: &str = "asarray_chkfinite";
    let x = a.cast(dtype.unwrap_or(a.dtype()))?;
    if x.dtype().is_float() || x.dtype().is_complex() {
        let bad = Raw::apply(Op::IsFinite, &[(&x.detach()).into()])?.logical_not()?;
        if super::writes::any(&bad).map_err(|e| e.in_op(OP))? {
            return Err(Error::value(OP, "array must not contain infs or NaNs"));
        }
    }
    let lies = match order {
        Order::C => x.layout().is_contiguous(),
        Order::F => x.layout().is_fortran_contiguous(),
        Order::A | Order::K => true,
    };
    match lies {
        true => Ok(x),
        false => copy(&x, order),
    }
}

/// What `require` asks of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    C,
    F,
    Writable,
    Own,
    Aligned,
}

/// Demands by their names and letters.
#[derive(Clone, Debug)]
pub struct Requirements(Vec<Demand>);

impl Kind for Requirements {
    const EXPECTS: &'static str = "flags, by name or letter, or None";
    const STUB: &'static str = "_str | Sequence[_str] | None";
    fn from_value(value: Value) -> Result<Requirements, Refused> {
        let words = match value {
            Value::None => Vec::new(),
            Value::Text(word) => word.chars().map(String::from).collect(),
            Value::List(all) => all
                .into_iter()
                .map(|word| match word {
                    Value::Text(word) => Ok(word.into_owned()),
                    _ => Err(Refused::Type),
                })
                .collect::<Result<Vec<_>, _>>()?,
            _ => return Err(Refused::Type),
        };
        let demand = |word: &String| match word.to_uppercase().as_str() {
            "C" | "C_CONTIGUOUS" | "CONTIGUOUS" => Ok(Some(Demand::C)),
            "F" | "F_CONTIGUOUS" | "FORTRAN" => Ok(Some(Demand::F)),
            "A" | "ALIGNED" => Ok(Some(Demand::Aligned)),
            "W" | "WRITEABLE" => Ok(Some(Demand::Writable)),
            "O" | "OWNDATA" => Ok(Some(Demand::Own)),
            "E" | "ENSUREARRAY" => Ok(None),
            _ => Err(Error::value("require", format!("'{word}' is no flag")).into()),
        };
        let all = words
            .iter()
            .map(demand)
            .collect::<Result<Vec<_>, Refused>>()?;
        let all: Vec<Demand> = all.into_iter().flatten().collect();
        if all.contains(&Demand::C) && all.contains(&Demand::F) {
            return Err(
                Error::value("require", "Cannot specify both \"C\" and \"F\" order").into(),
            );
        }
        Ok(Requirements(all))
    }
}

impl Requirements {
    /// By letters.
    ///
    /// # Errors
    /// When there is no such flag, or C and F order are asked for.
    pub fn of(letters: &str) -> Result<Requirements> {
        Requirements::from_value(Value::Text(letters.to_owned().into())).map_err(|why| match why {
            Refused::Because(error) => error,
            Refused::Type | Refused::Word(_) => {
                Error::value("require", format!("{letters:?} names no flags"))
            }
        })
    }
}

pub fn require(a: Array, dtype: OptDType, requirements: Requirements) -> Result<Raw> {
    let mut x = a.cast(dtype.unwrap_or(a.dtype()))?;
    for demand in requirements.0 {
        let met = match demand {
            Demand::C => x.layout().is_contiguous(),
            Demand::F => x.layout().is_fortran_contiguous(),
            Demand::Aligned => true,
            Demand::Writable => x.storage().writable() && !x.layout().has_internal_overlap(),
            Demand::Own => {
                x.layout().len() * x.dtype().size() == x.storage().len()
                    && x.storage().access() != Access::Foreign
            }
        };
        if !met {
            let is_f = demand == Demand::F
                || (demand != Demand::C
                    && x.layout().is_fortran_contiguous()
                    && !x.layout().is_contiguous());
            x = copy(&x, if is_f { Order::F } else { Order::C })?;
        }
    }
    Ok(x)
}
