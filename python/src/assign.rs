//! `a[key] = value`.

use civita_core::dtype::DType;
use civita_core::error::shape_text;
use civita_core::layout::Layout;
use civita_core::primitive::host;
use civita_core::raw::Raw;
use pyo3::prelude::*;

use crate::array::Array;
use crate::convert::{Value, array_of, scalar_array, scalar_exact, value};
use crate::error::{Outcome, value_error};
use crate::gil;
use crate::index::{Picked, basic, element, entries, indices, lone_mask, picked};

/// The value of an assignment, for an array of this dtype.
fn source(ob: &Bound<'_, PyAny>, dtype: DType) -> Outcome<Raw> {
    match value(ob)? {
        Value::Weak(s) => scalar_array(s, Some(dtype)),
        Value::Ref(raw) => Ok(raw.clone()),
        Value::Own(_) => array_of(ob, None),
    }
}

/// Leading axes of length 1 go, as in NumPy.
fn without_leading_ones(source: Raw, rank: usize) -> Outcome<Raw> {
    let extra = source.rank().saturating_sub(rank);
    if extra == 0 || source.shape()[..extra].iter().any(|&n| n != 1) {
        return Ok(source);
    }
    let shape = source.shape()[extra..].to_vec();
    Ok(source.reshape(&shape)?)
}

/// Writes `source` over what an index by arrays picks, one row after the other: of equal places the last one stays.
fn scatter(py: Python<'_>, x: &mut Raw, picked: Picked, source: Raw) -> Outcome<()> {
    let Picked {
        mut view,
        axes,
        flat,
        shape,
        place,
        items,
        order,
    } = picked;
    let rest = view.shape()[axes..].to_vec();
    // what `x[key]` would be, with the picked axes where they stand
    let mut full = rest[..place].to_vec();
    full.extend_from_slice(&shape);
    full.extend_from_slice(&rest[place..]);
    let source = without_leading_ones(source, full.len())?.cast(view.dtype())?;
    let source = source.broadcast_to(&full).map_err(|_| {
        value_error(format!(
            "shape mismatch: value array of shape {} could not be broadcast to indexing result of shape {}",
            shape_text(source.shape()),
            shape_text(&full)
        ))
    })?;
    let in_front: Vec<isize> = (place..place + shape.len())
        .chain(0..place)
        .chain(place + shape.len()..full.len())
        .map(|a| a as isize)
        .collect();
    let mut rows = vec![flat.len()];
    rows.extend_from_slice(&rest);
    let rows = source.permute(&in_front)?.reshape(&rows)?;
    let flat = indices(flat)?;
    if x.is_plain() && rows.is_plain() {
        // the view shares its memory with the array: writing into it writes there
        return Ok(gil::work(py, rows.len(), || {
            view.assign_rows(axes, &flat, &rows)
        })?);
    }
    // the same as an op on the view's values, which then take the view's place
    let mut merged = vec![view.shape()[..axes].iter().product()];
    merged.extend_from_slice(&rest);
    let new = view
        .reshape(&merged)?
        .index_put(0, &flat, &rows)?
        .reshape(view.shape())?;
    let mut back = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        back[from as usize] = to as isize;
    }
    Ok(x.assign_slice(&items, &new.permute(&back)?)?)
}

/// Writes `value` over what `key` picks.
pub fn set(
    py: Python<'_>,
    x: &mut Raw,
    key: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> Outcome<()> {
    let entries = entries(key)?;
    let source = source(value, x.dtype())?;
    if let Some(items) = basic(&entries) {
        let part = Layout::contiguous(x.shape())?.slice(&items)?;
        let source = without_leading_ones(source, part.rank())?;
        return Ok(gil::work(py, part.len(), || {
            x.assign_slice(&items, &source)
        })?);
    }
    if let Some(mask) = lone_mask(&entries) {
        let source = without_leading_ones(source, 1 + x.rank().saturating_sub(mask.rank()))?;
        return Ok(gil::work(py, x.len(), || x.assign_where(mask, &source))?);
    }
    let picked = picked(x, &entries)?;
    scatter(py, x, picked, source)
}

/// Writes a number over one element: the short way of `a[i] = 2.5`. False when it takes the long one.
#[inline]
fn set_element(x: &Raw, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> bool {
    let Ok(Some(scalar)) = scalar_exact(value) else {
        return false;
    };
    let dtype = x.dtype();
    // what loses something, or does not fit, is the long way's
    if !x.is_plain()
        || scalar.kind() > dtype.kind()
        || !x.storage().writable()
        || x.layout().has_internal_overlap()
    {
        return false;
    }
    let (Some(place), Ok(bytes)) = (element(x, key), scalar.to_bytes(dtype)) else {
        return false;
    };
    host::write_element(x, place, &bytes);
    true
}

#[pymethods]
impl Array {
    fn __setitem__(
        slf: &Bound<'_, Self>,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> Outcome<()> {
        let py = slf.py();
        if set_element(&slf.get().raw(), key, value) {
            return Ok(());
        }
        slf.get().write(|x| set(py, x, key, value))
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> Outcome<()> {
        Err(value_error("cannot delete array elements"))
    }

    /// Writes one value over all elements.
    #[pyo3(signature = (value))]
    fn fill(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> Outcome<()> {
        let py = slf.py();
        slf.get().write(|x| {
            let source = source(value, x.dtype())?;
            Ok(gil::work(py, x.len(), || x.assign(&source))?)
        })
    }
}
