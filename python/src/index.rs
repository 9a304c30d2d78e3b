//! Indexing: what stands between the brackets, and what it picks.
//!
//! Integers, slices, `None` and `...` make views. One mask over the leading axes goes to the engine's `select`. Anything
//! else is an index by arrays: those of integers (masks become the integers where they are true) broadcast together and
//! become one flat index over the axes that they stand for.

use civita_core::dtype::{DType, Scalar};
use civita_core::error::shape_text;
use civita_core::layout::{SliceItem, broadcast_shapes};
use civita_core::raw::{Mode, Raw};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PyList, PySlice, PyTuple};
use smallvec::SmallVec;

use crate::array::{Array, wrap};
use crate::convert::array_of;
use crate::error::{Outcome, index_error};
use crate::gil;

/// One entry of an index.
pub enum Entry {
    /// A view.
    Basic(SliceItem),
    /// An array of integers.
    Integers(Raw),
    /// An array of truth values.
    Mask(Raw),
}

/// A number for a slice or an index: what is larger than memory is out of range either way.
fn clamped(ob: &Bound<'_, PyAny>) -> Outcome<isize> {
    match ob.extract::<isize>() {
        Ok(v) => Ok(v),
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(ob.py()) => {
            Ok(if ob.lt(0)? { isize::MIN } else { isize::MAX })
        }
        Err(error) => Err(error.into()),
    }
}

fn range(slice: &Bound<'_, PySlice>) -> Outcome<SliceItem> {
    let (mut start, mut stop, mut step) = (0, 0, 0);
    // ends that are not given, and those beyond memory, come as the ends of `isize`: out of range, and so clamped
    // SAFETY: attached, a slice, three places to write to.
    if unsafe { ffi::PySlice_Unpack(slice.as_ptr(), &mut start, &mut stop, &mut step) } != 0 {
        return Err(PyErr::fetch(slice.py()).into());
    }
    Ok(SliceItem::Range {
        start: Some(start),
        stop: Some(stop),
        step,
    })
}

fn entry(ob: &Bound<'_, PyAny>) -> Outcome<Entry> {
    if ob.is_exact_instance_of::<PyInt>() {
        return Ok(Entry::Basic(SliceItem::Index(clamped(ob)?)));
    }
    if let Ok(slice) = ob.cast::<PySlice>() {
        return range(slice).map(Entry::Basic);
    }
    if ob.is_none() {
        return Ok(Entry::Basic(SliceItem::NewAxis));
    }
    if ob.is_instance_of::<PyEllipsis>() {
        return Ok(Entry::Basic(SliceItem::Ellipsis));
    }
    if ob.is_instance_of::<PyBool>() {
        return Ok(Entry::Mask(array_of(ob, None)?));
    }
    if ob.is_instance_of::<pyo3::types::PyString>() || ob.is_instance_of::<pyo3::types::PyFloat>() {
        return Err(wrong(ob));
    }
    let raw = match array_of(ob, None) {
        Ok(raw) => raw.detach(),
        Err(_) => return Err(wrong(ob)),
    };
    if raw.dtype() == DType::Bool {
        return Ok(Entry::Mask(raw));
    }
    if raw.dtype().is_integer() {
        if raw.rank() == 0 {
            let Scalar::Int(i) = raw.item()? else {
                return Err(wrong(ob));
            };
            return Ok(Entry::Basic(SliceItem::Index(
                isize::try_from(i).unwrap_or(isize::MAX),
            )));
        }
        return Ok(Entry::Integers(raw));
    }
    if raw.is_empty() && ob.is_instance_of::<PyList>() {
        // an empty list says no dtype
        return Ok(Entry::Integers(raw.cast(DType::I64)?));
    }
    Err(index_error(format!(
        "arrays used as indices must be of integer (or boolean) type, not {}",
        raw.dtype()
    )))
}

#[cold]
fn wrong(ob: &Bound<'_, PyAny>) -> crate::error::Fault {
    let name = ob
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |n| n.to_string());
    index_error(format!(
        "only integers, slices (`:`), ellipsis (`...`), cv.newaxis (`None`) and integer or boolean arrays are valid indices, not '{name}'"
    ))
}

/// The entries of an index.
pub fn entries(key: &Bound<'_, PyAny>) -> Outcome<Vec<Entry>> {
    match key.cast::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().map(|ob| entry(&ob)).collect(),
        Err(_) => Ok(vec![entry(key)?]),
    }
}

/// The items of an index that makes a view.
pub fn basic(entries: &[Entry]) -> Option<Vec<SliceItem>> {
    entries
        .iter()
        .map(|e| match e {
            Entry::Basic(item) => Some(*item),
            _ => None,
        })
        .collect()
}

/// The mask of an index that is a mask over leading axes and nothing else.
pub fn lone_mask(entries: &[Entry]) -> Option<&Raw> {
    match entries {
        [Entry::Mask(mask)] => Some(mask),
        [Entry::Mask(mask), Entry::Basic(SliceItem::Ellipsis)] => Some(mask),
        _ => None,
    }
}

/// An index by arrays, resolved against an array.
pub struct Picked {
    /// The array with the axes that are picked from in front, the others behind.
    pub view: Raw,
    /// How many axes are picked from.
    pub axes: usize,
    /// The places in those axes, flat in C order.
    pub flat: Vec<usize>,
    /// The shape of the arrays together.
    pub shape: Vec<usize>,
    /// Where that shape stands in the result, before how many of the other axes.
    pub place: usize,
    /// How the view came from the array: sliced by these, then its axes in this order.
    pub items: Vec<SliceItem>,
    pub order: Vec<isize>,
}

/// The places where a mask is true, along each of its axes.
pub fn nonzero(mask: &Raw) -> Outcome<Vec<Vec<i64>>> {
    let values = mask.cast(DType::Bool)?.to_vec::<bool>()?;
    let mut found: Vec<Vec<i64>> = vec![Vec::new(); mask.rank()];
    let shape = mask.shape();
    for (at, _) in values.iter().enumerate().filter(|(_, v)| **v) {
        let mut rest = at;
        for axis in (0..shape.len()).rev() {
            found[axis].push((rest % shape[axis]) as i64);
            rest /= shape[axis];
        }
    }
    Ok(found)
}

/// Resolves an index that has arrays in it.
pub fn picked(x: &Raw, entries: &[Entry]) -> Outcome<Picked> {
    // integers beside arrays are arrays without axes (NumPy's rule); what is left are slices
    let mut items: Vec<SliceItem> = Vec::new();
    let mut arrays: Vec<Raw> = Vec::new();
    // for each entry of `items` that stands for a picked axis: the array that picks
    let mut picks: Vec<Option<usize>> = Vec::new();
    // a group that a slice, `None` or `...` interrupts comes first in the result
    let (mut apart, mut last) = (false, None);
    let ellipsis = entries
        .iter()
        .filter(|e| matches!(e, Entry::Basic(SliceItem::Ellipsis)))
        .count();
    if ellipsis > 1 {
        return Err(index_error(
            "an index can only have a single ellipsis ('...')",
        ));
    }
    let mut used = 0;
    for e in entries {
        used += match e {
            Entry::Basic(SliceItem::NewAxis | SliceItem::Ellipsis) => 0,
            Entry::Basic(_) | Entry::Integers(_) => 1,
            Entry::Mask(m) => m.rank(),
        };
    }
    let Some(whole) = x.rank().checked_sub(used) else {
        return Err(index_error(format!(
            "too many indices for array: array is {}-dimensional, but {used} were indexed",
            x.rank()
        )));
    };
    let mut axis = 0;
    for (number, e) in entries.iter().enumerate() {
        let mut advanced = |arrays: &mut Vec<Raw>,
                            items: &mut Vec<SliceItem>,
                            picks: &mut Vec<Option<usize>>,
                            array: Raw| {
            apart |= last.is_some_and(|l| l + 1 < number);
            last = Some(number);
            picks.push(Some(arrays.len()));
            items.push(SliceItem::ALL);
            arrays.push(array);
        };
        match e {
            Entry::Basic(SliceItem::Index(i)) => {
                let one = Raw::from_vec(vec![*i as i64], &[])?;
                advanced(&mut arrays, &mut items, &mut picks, one);
                axis += 1;
            }
            Entry::Integers(raw) => {
                advanced(&mut arrays, &mut items, &mut picks, raw.clone());
                axis += 1;
            }
            Entry::Mask(mask) => {
                if mask.rank() == 0 {
                    return Err(index_error(
                        "a single truth value stands alone in an index, not beside others\n  hint: `x[None]` adds an axis, `x[:0]` takes nothing",
                    ));
                }
                if x.shape()[axis..].len() < mask.rank()
                    || mask.shape() != &x.shape()[axis..axis + mask.rank()]
                {
                    return Err(index_error(format!(
                        "a mask of shape {} does not cover the axes from {axis} on of shape {}\n  rule: a mask has the lengths of the axes that it replaces",
                        shape_text(mask.shape()),
                        shape_text(x.shape())
                    )));
                }
                for places in nonzero(mask)? {
                    let n = places.len();
                    advanced(
                        &mut arrays,
                        &mut items,
                        &mut picks,
                        Raw::from_vec(places, &[n])?,
                    );
                }
                axis += mask.rank();
            }
            Entry::Basic(SliceItem::Ellipsis) => {
                for _ in 0..whole {
                    items.push(SliceItem::ALL);
                    picks.push(None);
                }
                axis += whole;
            }
            Entry::Basic(item) => {
                items.push(*item);
                picks.push(None);
                axis += usize::from(*item != SliceItem::NewAxis);
            }
        }
    }
    let sliced = x.slice(&items)?;
    picks.resize(sliced.rank(), None);
    let front: Vec<isize> = (0..sliced.rank())
        .filter(|&a| picks[a].is_some())
        .map(|a| a as isize)
        .collect();
    let place = if apart {
        0
    } else {
        front.first().map_or(0, |&a| a as usize)
    };
    let rest = (0..sliced.rank())
        .filter(|&a| picks[a].is_none())
        .map(|a| a as isize);
    let order: Vec<isize> = front.iter().copied().chain(rest).collect();
    let view = sliced.permute(&order)?;
    let shapes: Vec<&[usize]> = arrays.iter().map(|a| a.shape()).collect();
    let shape = broadcast_shapes("index", &shapes)
        .map_err(|_| {
            let all: Vec<String> = shapes.iter().map(|s| shape_text(s)).collect();
            index_error(format!(
                "shape mismatch: indexing arrays could not be broadcast together with shapes {}",
                all.join(" ")
            ))
        })?
        .to_vec();
    let mut flat: Vec<usize> = Vec::new();
    for (k, array) in arrays.iter().enumerate() {
        let n = view.shape()[k];
        let values = array
            .cast(DType::I64)?
            .broadcast_to(&shape)?
            .to_vec::<i64>()?;
        let checked = |i: i64| {
            let at = if i < 0 { i.saturating_add(n as i64) } else { i };
            if at < 0 || at >= n as i64 {
                let axis = order[k];
                return Err(index_error(format!(
                    "index {i} is out of bounds for axis {axis} with size {n}"
                )));
            }
            Ok(at as usize)
        };
        if k == 0 {
            // in the memory of the values
            flat = values.into_iter().map(checked).collect::<Outcome<_>>()?;
            continue;
        }
        for (place, i) in flat.iter_mut().zip(values) {
            *place = *place * n + checked(i)?;
        }
    }
    Ok(Picked {
        view,
        axes: arrays.len(),
        flat,
        shape,
        place,
        items,
        order,
    })
}

/// Flat places as a tensor.
pub fn indices(flat: Vec<usize>) -> Outcome<Raw> {
    let n = flat.len();
    let flat: Vec<i64> = flat.into_iter().map(|i| i as i64).collect();
    Ok(Raw::from_vec(flat, &[n])?)
}

impl Picked {
    /// The elements.
    pub fn take(self, py: Python<'_>) -> Outcome<Raw> {
        let rest: Vec<usize> = self.view.shape()[self.axes..].to_vec();
        let merged: usize = self.view.shape()[..self.axes].iter().product();
        let mut shape = vec![merged];
        shape.extend_from_slice(&rest);
        let total = self.flat.len();
        let places = indices(self.flat)?;
        let elements = total.saturating_mul(rest.iter().product());
        let view = &self.view;
        let one_axis = self.axes == 1;
        let rows = gil::work(py, elements, || {
            let merged = if one_axis {
                view.clone()
            } else {
                view.reshape(&shape)?
            };
            merged.take(&places, 0, Mode::Raise)
        })?;
        let mut full = self.shape.clone();
        full.extend_from_slice(&rest);
        let out = rows.reshape(&full)?;
        if self.place == 0 {
            return Ok(out);
        }
        // the picked axes go where the first of them was
        let (new, before) = (self.shape.len(), self.place);
        let order: Vec<isize> = (new..new + before)
            .chain(0..new)
            .chain(new + before..full.len())
            .map(|a| a as isize)
            .collect();
        Ok(out.permute(&order)?)
    }
}

/// The place in the buffer of the element that integers alone name: the short way of `a[i]` and `a[i, j]`. Whatever else
/// the key is, or wrong with it, is for the long way.
#[inline]
pub fn element(x: &Raw, key: &Bound<'_, PyAny>) -> Option<usize> {
    let mut index: SmallVec<[usize; 4]> = SmallVec::new();
    let mut number = |ob: &Bound<'_, PyAny>| -> Option<()> {
        let n = *x.shape().get(index.len())?;
        if !ob.is_exact_instance_of::<PyInt>() {
            return None;
        }
        let i = ob.extract::<isize>().ok()?;
        index.push(usize::try_from(if i < 0 { i.checked_add_unsigned(n)? } else { i }).ok()?);
        Some(())
    };
    match key.cast_exact::<PyTuple>() {
        Ok(tuple) => tuple.iter_borrowed().try_for_each(|ob| number(&ob))?,
        Err(_) => number(key)?,
    }
    if index.len() != x.rank() || index.is_empty() {
        None
    } else {
        x.layout().index_of(&index)
    }
}

/// The elements that an index picks.
pub fn get(py: Python<'_>, x: &Raw, key: &Bound<'_, PyAny>) -> Outcome<Raw> {
    if x.is_plain()
        && let Some(place) = element(x, key)
    {
        return Ok(x.element_at(place)?);
    }
    if key.is_exact_instance_of::<PyInt>() && x.rank() >= 1 {
        return view(x, &[SliceItem::Index(clamped(key)?)]);
    }
    if let Ok(slice) = key.cast_exact::<PySlice>() {
        return Ok(x.slice(&[range(slice)?])?);
    }
    let entries = entries(key)?;
    if let Some(items) = basic(&entries) {
        return view(x, &items);
    }
    if let Some(mask) = lone_mask(&entries) {
        return Ok(gil::work(py, x.len(), || x.select(mask))?);
    }
    // of one array along the first axis; what is wrong with it the long way tells
    if let ([Entry::Integers(places)], true) = (&entries[..], x.rank() > 0)
        && let Ok(out) = gil::work(py, places.len(), || x.take(places, 0, Mode::Raise))
    {
        return Ok(out);
    }
    picked(x, &entries)?.take(py)
}

/// A view; of a single element a copy, as NumPy's scalars are (`a[0], a[1] = a[1], a[0]` exchanges).
fn view(x: &Raw, items: &[SliceItem]) -> Outcome<Raw> {
    let part = x.slice(items)?;
    if part.rank() == 0 && !items.contains(&SliceItem::Ellipsis) {
        return Ok(part.copied()?);
    }
    Ok(part)
}

#[pymethods]
impl Array {
    fn __getitem__(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        let py = slf.py();
        wrap(py, get(py, &slf.get().raw(), key)?)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> Outcome<Rows> {
        let len = slf.get().__len_or_error()?;
        Ok(Rows {
            array: slf.clone().unbind(),
            next: std::sync::atomic::AtomicUsize::new(0),
            len,
        })
    }
}

impl Array {
    fn __len_or_error(&self) -> Outcome<usize> {
        let raw = self.raw();
        raw.shape()
            .first()
            .copied()
            .ok_or_else(|| crate::error::type_error("iteration over a 0-d array"))
    }
}

/// The iterator over the first axis.
#[pyclass(module = "civita", frozen)]
struct Rows {
    array: Py<Array>,
    next: std::sync::atomic::AtomicUsize,
    len: usize,
}

#[pymethods]
impl Rows {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Outcome<Option<Py<PyAny>>> {
        let i = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if i >= self.len {
            return Ok(None);
        }
        wrap(
            py,
            view(&self.array.get().raw(), &[SliceItem::Index(i as isize)])?,
        )
        .map(Some)
    }

    fn __length_hint__(&self) -> usize {
        self.len
            .saturating_sub(self.next.load(std::sync::atomic::Ordering::Relaxed))
    }
}
