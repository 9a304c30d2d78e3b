//! Integers, bytes, shuffles and permutations.

use civita_core::dtype::{Casting, DType, Element, Scalar};
use civita_core::layout::normalize_axis;
use civita_core::ops::{Op, Reduction};
use civita_core::raw::{Mode, Operand, Raw, ReduceOptions};
use civita_core::transform::check_draw;
use civita_random::{self as random, BitGenerator as _, Integer, Method, Shared};
use pyo3::IntoPyObject;
use pyo3::exceptions::{PyIndexError, PyNotImplementedError, PyUserWarning};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyList, PyString};

use super::arguments::{Along, result_shape, size_of};
use super::draw::{PART, Source, Watched, array, parts, parts_of_rows, value_or_array};
use crate::array::{Array, wrap};
use crate::convert::{Value, array_of, imported, value};
use crate::error::{Fault, Outcome, type_error, value_error};
use crate::gil;

// ---- integers -------------------------------------------------------------------------------------------------------

/// `integers` and `randint`.
pub struct Integers {
    pub name: &'static str,
    pub method: Method,
    /// Whether the upper bound is a value.
    pub endpoint: bool,
}

/// A bound, or bounds with one axis at least.
enum Bounds {
    One(i128),
    Many(Raw),
    /// Of a list, one of which no dtype holds.
    Large(Vec<i128>, [usize; 1]),
}

/// Beyond all integer types, and far enough from the end of `i128` to count on.
const BEYOND: i128 = 1 << 100;

impl Bounds {
    fn of(ob: &Bound<'_, PyAny>) -> Outcome<Bounds> {
        if ob.is_exact_instance_of::<PyInt>() {
            let n = match ob.extract::<i128>() {
                Ok(n) => n.clamp(-BEYOND, BEYOND),
                Err(_) if ob.lt(0)? => -BEYOND,
                Err(_) => BEYOND,
            };
            return Ok(Bounds::One(n));
        }
        // a list with an integer that no dtype holds is taken as it is, as NumPy's arrays of objects
        if let Ok(list) = ob.cast::<PyList>()
            && !list.is_empty()
            && list.iter().all(|n| n.is_exact_instance_of::<PyInt>())
        {
            let values = list
                .iter()
                .map(|n| match Bounds::of(&n)? {
                    Bounds::One(n) => Ok(n),
                    _ => Err(type_error("a bound is an integer")),
                })
                .collect::<Outcome<Vec<i128>>>()?;
            if values
                .iter()
                .any(|n| *n < i64::MIN.into() || *n > u64::MAX.into())
            {
                return Ok(Bounds::Large(values, [list.len()]));
            }
        }
        let raw = match value(ob)? {
            Value::Weak(scalar) => return Ok(Bounds::One(whole(scalar)?)),
            Value::Ref(raw) => raw.clone(),
            Value::Own(raw) => *raw,
        };
        if raw.dtype().is_complex() {
            return Err(complex());
        }
        Ok(match raw.rank() {
            0 => Bounds::One(whole(raw.item()?)?),
            _ => Bounds::Many(raw),
        })
    }

    /// The lengths of its axes.
    fn shape(&self) -> &[usize] {
        match self {
            Bounds::One(_) => &[],
            Bounds::Many(raw) => raw.shape(),
            Bounds::Large(_, shape) => shape,
        }
    }

    /// The least and the largest; `None` where there are none.
    fn ends(&self, py: Python<'_>) -> Outcome<Option<(i128, i128)>> {
        match self {
            Bounds::One(n) => Ok(Some((*n, *n))),
            Bounds::Many(raw) if raw.is_empty() => Ok(None),
            Bounds::Many(raw) => {
                let of = |op| raw.detach().reduce(op, ReduceOptions::default())?.item();
                let (least, most) = gil::work(py, raw.len(), || {
                    Outcome::Ok((of(Reduction::Min)?, of(Reduction::Max)?))
                })?;
                Ok(Some((whole(least)?, whole(most)?)))
            }
            Bounds::Large(all, _) => {
                let least = all.iter().copied().min();
                Ok(least.zip(all.iter().copied().max()))
            }
        }
    }

    /// As an operand that compares exactly with others of its kind: integers that `i64` holds.
    fn operand(&self) -> Option<Operand<'_>> {
        match self {
            Bounds::One(n) => i64::try_from(*n)
                .ok()
                .map(|n| Operand::Scalar(Scalar::Int(n.into()))),
            Bounds::Many(raw) if is_words(raw.dtype()) && !raw.is_transformed() => Some(raw.into()),
            _ => None,
        }
    }

    /// Whether each is below its partner, or, where the upper bound is a value, not above it.
    fn in_order(&self, high: &Bounds, open: bool, shape: &[usize]) -> Outcome<bool> {
        if let (Some(low), Some(high)) = (self.operand(), high.operand()) {
            let op = if open { Op::Lt } else { Op::Le };
            let each = Raw::apply(op, &[low, high])?;
            let all = each.reduce(Reduction::All, ReduceOptions::default())?;
            return Ok(all.item()? == Scalar::Bool(true));
        }
        let (mut lows, mut highs) = (self.along(shape)?, high.along(shape)?);
        for i in 0..shape.iter().product() {
            if lows.at(i)? > highs.at(i)? - i128::from(open) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The bound for each element of a result.
    fn along(&self, shape: &[usize]) -> Outcome<BoundsAlong<'_>> {
        Ok(match self {
            Bounds::One(n) => BoundsAlong::Values(Along::One(*n)),
            Bounds::Many(raw) if is_words(raw.dtype()) => {
                let words = |part: &Raw| Ok(part.cast(DType::I64)?.to_vec()?);
                BoundsAlong::Words(Along::of(raw, shape, words)?)
            }
            Bounds::Many(raw) => BoundsAlong::Values(Along::of(raw, shape, bounds)?),
            Bounds::Large(all, own) => {
                let places = Raw::from_vec((0..all.len() as i64).collect(), own)?;
                BoundsAlong::Places(all, Along::of(&places, shape, |part| Ok(part.to_vec()?))?)
            }
        })
    }
}

/// Whether `i64` holds all values of the dtype.
fn is_words(dtype: DType) -> bool {
    dtype == DType::Bool || dtype.is_integer() && dtype != DType::U64
}

/// Bounds, one for each element of a result: their values, or their places in a list.
enum BoundsAlong<'a> {
    Words(Along<i64>),
    Values(Along<i128>),
    Places(&'a [i128], Along<i64>),
}

impl BoundsAlong<'_> {
    #[inline]
    fn at(&mut self, i: usize) -> Outcome<i128> {
        match self {
            BoundsAlong::Words(along) => Ok(along.at(i)?.into()),
            BoundsAlong::Values(along) => along.at(i),
            BoundsAlong::Places(all, along) => Ok(all[along.at(i)? as usize]),
        }
    }
}

/// Reads bounds that `i64` need not hold.
fn bounds(part: &Raw) -> Outcome<Vec<i128>> {
    if part.dtype() == DType::U64 {
        return Ok(part.to_vec::<u64>()?.into_iter().map(i128::from).collect());
    }
    part.scalars()?.into_iter().map(whole).collect()
}

#[cold]
fn complex() -> Fault {
    type_error("bounds of integers are not complex")
}

/// The integer part.
fn whole(scalar: Scalar) -> Outcome<i128> {
    match scalar {
        Scalar::Bool(b) => Ok(b.into()),
        Scalar::Int(n) => Ok(n.clamp(-BEYOND, BEYOND)),
        Scalar::Float(x) if x.is_nan() => Err(value_error("cannot convert float NaN to integer")),
        Scalar::Float(x) => Ok((x as i128).clamp(-BEYOND, BEYOND)),
        Scalar::Complex(_) => Err(complex()),
    }
}

impl Integers {
    /// Draws of a dtype between bounds.
    pub fn draw<S: Source>(
        &self,
        source: &S,
        py: Python<'_>,
        low: &Bound<'_, PyAny>,
        high: Option<&Bound<'_, PyAny>>,
        size: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> Outcome<Py<PyAny>> {
        check_draw("random")?;
        // one value of a dtype is a scalar of it, of Python's `int` (which `randint` draws) and `bool` a number of Python's
        let typed = match dtype.filter(|dtype| !dtype.is_none()) {
            Some(dtype) => {
                let plain = [py.get_type::<PyInt>(), py.get_type::<PyBool>()];
                !plain.iter().any(|class| dtype.is(class))
            }
            None => !S::LEGACY,
        };
        let dtype = crate::dtype::parse_optional(dtype)?.unwrap_or(DType::I64);
        let (low, high) = match high.filter(|high| !high.is_none()) {
            Some(high) => (Bounds::of(low)?, Bounds::of(high)?),
            None => (Bounds::One(0), Bounds::of(low)?),
        };
        let size = size_of(size)?;
        match dtype {
            DType::Bool => self.typed::<bool, S>(source, py, low, high, size, typed),
            DType::U8 => self.typed::<u8, S>(source, py, low, high, size, typed),
            DType::U16 => self.typed::<u16, S>(source, py, low, high, size, typed),
            DType::U32 => self.typed::<u32, S>(source, py, low, high, size, typed),
            DType::U64 => self.typed::<u64, S>(source, py, low, high, size, typed),
            DType::I8 => self.typed::<i8, S>(source, py, low, high, size, typed),
            DType::I16 => self.typed::<i16, S>(source, py, low, high, size, typed),
            DType::I32 => self.typed::<i32, S>(source, py, low, high, size, typed),
            DType::I64 => self.typed::<i64, S>(source, py, low, high, size, typed),
            other => Err(type_error(format!(
                "Unsupported dtype dtype('{other}') for {}",
                self.name
            ))),
        }
    }

    fn between<T: Integer>(&self, low: i128, high: i128) -> random::Result<random::Integers<T>> {
        let integers = if self.endpoint {
            random::Integers::between(low, high)
        } else {
            random::Integers::below(low, high)
        };
        integers.map(|it| it.by(self.method))
    }

    fn typed<'py, T, S: Source>(
        &self,
        source: &S,
        py: Python<'py>,
        low: Bounds,
        high: Bounds,
        size: Option<Vec<usize>>,
        typed: bool,
    ) -> Outcome<Py<PyAny>>
    where
        T: Integer + Element + Default + IntoPyObject<'py>,
    {
        if let Some(size) = &size
            && size.contains(&0)
        {
            return wrap(py, Raw::zeros(size, T::DTYPE)?);
        }
        if let (&Bounds::One(low), &Bounds::One(high)) = (&low, &high) {
            let integers = self.between::<T>(low, high)?;
            if size.is_none() && typed {
                let one = Raw::written_by::<T, Fault>(&[], |out| {
                    source.with_bits(py, 1, |bits| bits.fill(&integers, out));
                    Ok(())
                })?;
                return crate::scalar::give(py, one);
            }
            return value_or_array(py, size.as_deref(), |out: &mut [T]| {
                source.with_bits_stoppable(py, out.len(), |bits| {
                    match T::DTYPE.size() < 4 {
                        // several narrow ones come out of one word, which the parts share
                        true => {
                            let mut shared = Shared::default();
                            parts(out).for_each(|(_, part)| {
                                bits.fill_integers(&integers, &mut shared, part);
                            });
                        }
                        false => parts(out).for_each(|(_, part)| bits.fill(&integers, part)),
                    }
                    Ok(())
                })
            });
        }
        let open = !self.endpoint;
        let (lows, highs) = (low.ends(py)?, high.ends(py)?);
        if lows.is_some_and(|(least, _)| least < T::LEAST) {
            return Err(value_error(format!("low is out of bounds for {}", T::NAME)));
        }
        if highs.is_some_and(|(_, most)| most - i128::from(open) > T::MOST) {
            return Err(value_error(format!(
                "high is out of bounds for {}",
                T::NAME
            )));
        }
        let shape = result_shape(size, &[low.shape(), high.shape()])?;
        let empty = || {
            value_error(match (lows == Some((0, 0)), self.endpoint) {
                (true, true) => "high < 0",
                (true, false) => "high <= 0",
                (false, true) => "low > high",
                (false, false) => "low >= high",
            })
        };
        array(py, &shape, |out: &mut [T]| {
            let n = out.len();
            if !gil::work(py, n, || low.in_order(&high, open, &shape))? {
                return Err(empty());
            }
            let (mut lows, mut highs) = (low.along(&shape)?, high.along(&shape)?);
            source.with_bits_stoppable(py, n, |bits| {
                let mut shared = Shared::default();
                for (first, part) in parts(out) {
                    for (i, value) in (first..).zip(part) {
                        *value = self
                            .between::<T>(lows.at(i)?, highs.at(i)?)?
                            .draw(bits, &mut shared);
                    }
                }
                Ok(())
            })
        })
    }
}

/// `bytes(length)`.
pub fn bytes<'py, S: Source>(
    source: &S,
    py: Python<'py>,
    length: isize,
) -> Outcome<Bound<'py, PyBytes>> {
    check_draw("bytes")?;
    let Ok(length) = usize::try_from(length) else {
        return Err(value_error("negative length of bytes"));
    };
    let made = PyBytes::new_with(py, length, |out| {
        source
            .with_bits_stoppable(py, length, |bits| {
                // NumPy draws one word even for nothing
                let words = random::Integers::<u32>::between(0, u32::MAX.into())?;
                let mut block = [0_u32; 256];
                let mut left = length.div_ceil(4).max(1);
                for (_, large) in parts(out) {
                    for part in large.chunks_mut(4 * block.len()) {
                        let block = &mut block[..part.len().div_ceil(4)];
                        bits.fill(&words, block);
                        left -= block.len();
                        for (chunk, word) in part.chunks_mut(4).zip(block) {
                            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
                        }
                    }
                }
                if left > 0 {
                    bits.next_u32();
                }
                Ok(())
            })
            .map_err(PyErr::from)
    });
    Ok(made?)
}

// ---- orders ---------------------------------------------------------------------------------------------------------

/// The numbers below `n` in random order.
fn places<S: Source>(source: &S, py: Python<'_>, n: usize) -> Outcome<Raw> {
    check_draw("random")?;
    Raw::written_by::<i64, crate::error::Fault>(&[n], |out| {
        source.with_bits_stoppable(py, n, |bits| {
            for (first, part) in parts(out) {
                (first as i64..).zip(part).for_each(|(i, place)| *place = i);
            }
            random::order::shuffle(&mut Watched::new(bits), out);
            Ok(())
        })
    })
}

/// `shuffle(x, axis)`, in place.
pub fn shuffle<S: Source>(
    source: &S,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    axis: isize,
) -> Outcome<()> {
    if let Ok(array) = x.cast::<Array>() {
        let axis = shuffled_axis(&array.get().raw(), axis)?;
        // before anything is drawn: what is broadcast may have any number of elements
        if !array.get().raw().is_writable() {
            return Err(value_error("array is read-only"));
        }
        if array.get().raw().is_empty() {
            return Ok(());
        }
        let n = array.get().raw().shape()[axis];
        let order = places(source, py, n)?;
        return array
            .get()
            .write(|raw| reordered(py, raw, &order, axis as isize));
    }
    if !x.is_instance_of::<PyList>()
        && let Some(mut raw) = imported(x)?
    {
        let axis = shuffled_axis(&raw, axis)?;
        if !raw.is_writable() {
            return Err(value_error("array is read-only"));
        }
        if raw.is_empty() {
            return Ok(());
        }
        let order = places(source, py, raw.shape()[axis])?;
        return reordered(py, &mut raw, &order, axis as isize);
    }
    let n = x.len()?;
    let sequence = py.import("collections.abc")?.getattr("Sequence")?;
    if !x.is_instance(&sequence)? {
        let text = format!(
            "you are shuffling a '{}' object which is not a subclass of 'Sequence'; `shuffle` is not guaranteed to behave correctly. E.g., non-numpy array/tensor objects with view semantics may contain duplicates after shuffling.",
            x.get_type().name()?
        );
        py.import("warnings")?
            .call_method1("warn", (text, py.get_type::<PyUserWarning>()))?;
    }
    if axis != 0 {
        return Err(PyNotImplementedError::new_err(
            "Axis argument is only supported on ndarray objects",
        )
        .into());
    }
    if let Ok(list) = x.cast_exact::<PyList>() {
        let mut items: Vec<Bound<'_, PyAny>> = Vec::new();
        items
            .try_reserve_exact(list.len())
            .map_err(|_| crate::lists::no_memory(list.len()))?;
        items.extend(list.iter());
        for (i, j) in exchanges(source, py, items.len())? {
            items.swap(i, j);
        }
        // to the end: an item would be there twice, and another not at all
        for (i, item) in items.into_iter().enumerate() {
            list.set_item(i, item)?;
        }
        return Ok(());
    }
    for (k, (i, j)) in exchanges(source, py, n)?.into_iter().enumerate() {
        if k % PART == 0 {
            py.check_signals()?;
        }
        let (a, b) = (x.get_item(i)?, x.get_item(j)?);
        x.set_item(i, b)?;
        x.set_item(j, a)?;
    }
    Ok(())
}

/// The axis, of an array with one at least.
fn shuffled_axis(raw: &Raw, axis: isize) -> Outcome<usize> {
    if raw.rank() == 0 {
        return Err(type_error("len() of unsized object: the array has no axes"));
    }
    Ok(normalize_axis("shuffle", axis, raw.rank())?)
}

/// The exchanges of a shuffle, which Python's objects go through afterwards.
fn exchanges<S: Source>(source: &S, py: Python<'_>, n: usize) -> Outcome<Vec<(usize, usize)>> {
    check_draw("shuffle")?;
    source.with_watched(py, n, |bits| {
        let mut all = Vec::new();
        all.try_reserve_exact(n)
            .map_err(|_| crate::lists::no_memory(n))?;
        random::order::shuffle_by(bits, n, |i, j| all.push((i, j)));
        Ok(all)
    })
}

/// Writes the slices along an axis in another order.
fn reordered(py: Python<'_>, raw: &mut Raw, order: &Raw, axis: isize) -> Outcome<()> {
    let taken = gil::work(py, raw.len(), || raw.take(order, axis, Mode::Raise))?;
    // to the end: written in part, the array would have lost elements
    Ok(gil::work_to_the_end(py, raw.len(), || raw.assign(&taken))?)
}

/// Fails where memory has no room for a copy. What is broadcast may have any number of elements: that is known before any is drawn.
pub fn check_room(raw: &Raw) -> Outcome<()> {
    if raw.layout().has_internal_overlap() {
        Raw::empty(raw.shape(), raw.dtype())?;
    }
    Ok(())
}

/// NumPy's legacy message for what has no axis.
const LEGACY_AXES: &str = "x must be an integer or at least 1-dimensional";

/// `permutation(x, axis)`.
pub fn permutation<S: Source>(
    source: &S,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    axis: isize,
) -> Outcome<Py<PyAny>> {
    // an array without axes is no integer here
    let number = match x.is_instance_of::<Array>() {
        true => None,
        false => count(x)?,
    };
    if let Some(n) = number {
        return wrap(py, places(source, py, n.max(0) as usize)?);
    }
    let raw = match array_of(x, None) {
        Ok(raw) => raw,
        Err(error) => {
            // things that are no numbers
            let Ok(list) = x.cast::<PyList>() else {
                return Err(match x.is_instance_of::<PyString>() {
                    true if S::LEGACY => crate::error::index_error(LEGACY_AXES),
                    true => {
                        normalize_axis("permutation", axis, 0).map_or_else(Fault::from, |_| error)
                    }
                    false => error,
                });
            };
            let copy = PyList::new(py, list.iter())?;
            shuffle(source, py, copy.as_any(), 0)?;
            return Ok(copy.into_any().unbind());
        }
    };
    if raw.rank() == 0 && S::LEGACY {
        return Err(PyIndexError::new_err(LEGACY_AXES).into());
    }
    let axis = normalize_axis("permutation", axis, raw.rank())?;
    check_room(&raw)?;
    let order = places(source, py, raw.shape()[axis])?;
    let taken = gil::work(py, raw.len(), || {
        raw.take(&order, axis as isize, Mode::Raise)
    })?;
    wrap(py, taken)
}

/// The number, if it is an integer of Python's or NumPy's, or an array without axes that holds one.
pub fn count(x: &Bound<'_, PyAny>) -> Outcome<Option<i64>> {
    if let Ok(array) = x.cast::<Array>() {
        let raw = array.get().raw();
        if raw.rank() > 0 || !raw.dtype().is_integer() {
            return Ok(None);
        }
        return match raw.item()? {
            Scalar::Int(n) => Ok(Some(n as i64)),
            _ => Ok(None),
        };
    }
    let number = x.is_instance_of::<PyInt>()
        || x.hasattr("__index__")? && !(x.hasattr("shape")? && x.getattr("shape")?.len()? > 0);
    if !number {
        return Ok(None);
    }
    match x.py().import("operator")?.call_method1("index", (x,)) {
        Ok(index) => Ok(Some(index.extract()?)),
        // an array of NumPy's without axes that holds no integer
        Err(_) => Ok(None),
    }
}

/// `permuted(x, axis=None, out=None)`.
pub fn permuted<S: Source>(
    source: &S,
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    axis: Option<isize>,
    out: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let raw = array_of(x, None)?;
    if raw.rank() == 0 {
        if let Some(axis) = axis {
            normalize_axis("permuted", axis, 0)?;
        }
        return Err(type_error("permuted: x must have at least one axis"));
    }
    let out = match out {
        Some(out) => crate::ufunc::output(out)?,
        None => None,
    };
    if let Some(out) = &out {
        let held = out.get().raw();
        if held.shape() != raw.shape() {
            return Err(value_error("out must have the same shape as x"));
        }
        if !held.is_writable() {
            return Err(value_error("output array is read-only"));
        }
        if !civita_core::dtype::can_cast(raw.dtype(), held.dtype(), Casting::SameKind) {
            return Err(type_error(format!(
                "Cannot cast array data from dtype('{}') to dtype('{}') according to the rule 'same_kind'",
                raw.dtype(),
                held.dtype()
            )));
        }
    }
    let result = match axis {
        Some(axis) => {
            let axis = normalize_axis("permuted", axis, raw.rank())?;
            along_axis(source, py, &raw, axis)?
        }
        None => all_elements(source, py, &raw, out.as_ref().map(|o| o.get()))?,
    };
    match out {
        None => wrap(py, result),
        Some(out) => {
            out.get().write(|raw| Ok(raw.assign(&result)?))?;
            Ok(out.into_any().unbind())
        }
    }
}

/// All elements in one order, counted as they lie in memory: those of the output if there is one.
fn all_elements<S: Source>(
    source: &S,
    py: Python<'_>,
    raw: &Raw,
    out: Option<&Array>,
) -> Outcome<Raw> {
    let transposed = match out {
        Some(out) => lies_transposed(&out.raw()),
        None => lies_transposed(raw),
    };
    let order = places(source, py, raw.len())?;
    let turned = if transposed {
        raw.transpose()?
    } else {
        raw.clone()
    };
    let taken = gil::work(py, raw.len(), || {
        let flat = turned.reshape(&[raw.len()])?;
        flat.take(&order, 0, Mode::Raise)?.reshape(turned.shape())
    })?;
    Ok(if transposed {
        taken.transpose()?
    } else {
        taken
    })
}

/// Whether the first axis has the smallest steps, and the last one the largest. A copy that keeps the order is in Fortran order then.
fn lies_transposed(raw: &Raw) -> bool {
    let steps: Vec<usize> = (raw.shape().iter())
        .zip(raw.layout().strides())
        .filter(|(len, _)| **len > 1)
        .map(|(_, stride)| stride.unsigned_abs())
        .collect();
    steps.len() > 1 && steps.windows(2).all(|pair| pair[0] < pair[1])
}

/// The slices along an axis, each in an order of its own, one after the other as the other axes count.
fn along_axis<S: Source>(source: &S, py: Python<'_>, raw: &Raw, axis: usize) -> Outcome<Raw> {
    check_draw("permuted")?;
    let rows = raw.move_axis(axis as isize, -1)?;
    let n = raw.shape()[axis];
    let places = Raw::written_by::<i64, crate::error::Fault>(rows.shape(), |out| {
        source.with_watched(py, out.len(), |bits| {
            for (_, part) in parts_of_rows(out, n) {
                for row in part.chunks_exact_mut(n.max(1)) {
                    random::order::permute(bits, row);
                }
            }
            Ok(())
        })
    })?;
    Ok(gil::work(py, raw.len(), || {
        rows.take_along_axis(&places, -1)?
            .move_axis(-1, axis as isize)
    })?)
}

/// The shape of draws that are vectors: `size`, and the length of a vector.
pub fn vectors(size: Option<&Bound<'_, PyAny>>, len: usize) -> Outcome<Vec<usize>> {
    let mut shape = size_of(size)?.unwrap_or_default();
    shape.push(len);
    Ok(shape)
}
