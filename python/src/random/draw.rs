//! How draws become arrays.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use civita_core::dtype::{DType, Element};
use civita_core::raw::Raw;
use civita_core::threads::stop_if_told;
use civita_core::transform::check_draw;
use civita_random::{
    AnyBits, Binomial, BitGenerator, Distribution, Hypergeometric, LegacyDistribution, Range,
    Triangular, Uniform,
};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::{IntoPyObject, IntoPyObjectExt};

use super::arguments::{Along, Parameter, Whole, result_shape, size_of};
use super::path;
use crate::array::{Array, wrap};
use crate::create::Given;
use crate::error::{Fault, Outcome, type_error, value_error};
use crate::gil;

/// What has been locked, also after a panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `f`, which draws about this many numbers, on what the mutex holds: without the interpreter when they are many,
/// or when another thread draws.
pub fn locked<T: Send, R: Send>(
    py: Python<'_>,
    elements: usize,
    mutex: &Mutex<T>,
    f: impl FnOnce(&mut T) -> R + Send,
) -> R {
    if !gil::is_large(elements) {
        match mutex.try_lock() {
            Ok(mut held) => return f(&mut held),
            Err(TryLockError::Poisoned(held)) => return f(&mut held.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    gil::released_to_the_end(py, || f(&mut lock(mutex)))
}

/// As [`locked`]; Ctrl-C stops it where `f` asks ([`parts`]).
pub fn stoppable<T: Send, R: Send>(
    py: Python<'_>,
    elements: usize,
    mutex: &Mutex<T>,
    f: impl FnOnce(&mut T) -> Outcome<R> + Send,
) -> Outcome<R> {
    match gil::is_large(elements) {
        true => gil::released(py, || f(&mut lock(mutex))),
        false => locked(py, elements, mutex, f),
    }
}

/// Numbers from one place to stop at to the next.
pub const PART: usize = 1 << 16;

/// Parts of a slice, each with the number of its first element: a place to stop at before each.
pub fn parts<T>(out: &mut [T]) -> impl Iterator<Item = (usize, &mut [T])> {
    out.chunks_mut(PART).enumerate().map(|(k, part)| {
        stop_if_told();
        (k * PART, part)
    })
}

/// As [`parts`], of whole rows of `len` elements, at least one in a part.
pub fn parts_of_rows<T>(out: &mut [T], len: usize) -> impl Iterator<Item = (usize, &mut [T])> {
    let rows = (PART / len.max(1)).max(1);
    let part = rows.saturating_mul(len.max(1));
    out.chunks_mut(part).enumerate().map(move |(k, part)| {
        stop_if_told();
        (k * rows, part)
    })
}

/// A bit generator with a place to stop at every so many words: for algorithms that draw one word after the other. Between two
/// words the generator is whole, so what was interrupted goes on with the next word.
pub struct Watched<'a> {
    bits: &'a mut AnyBits,
    left: usize,
}

impl Watched<'_> {
    pub fn new(bits: &mut AnyBits) -> Watched<'_> {
        Watched { bits, left: PART }
    }

    #[inline(always)]
    fn count(&mut self, words: usize) {
        self.left = self.left.saturating_sub(words);
        if self.left == 0 {
            self.left = PART;
            stop_if_told();
        }
    }
}

impl BitGenerator for Watched<'_> {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        self.count(1);
        self.bits.next_u64()
    }

    #[inline(always)]
    fn next_u32(&mut self) -> u32 {
        self.count(1);
        self.bits.next_u32()
    }

    // generators of words of 32 bits have a double of their own
    #[inline(always)]
    fn next_f64(&mut self) -> f64 {
        self.count(1);
        self.bits.next_f64()
    }

    fn fill_below(&mut self, largest: u32, out: &mut [u32]) {
        self.count(out.len());
        self.bits.fill_below(largest, out);
    }

    fn pause(&mut self, elements: usize) {
        self.count(elements);
    }

    /// Of draws that share no words: integers of less than 32 bits do, within a slice.
    fn fill<D: Distribution>(&mut self, distribution: &D, out: &mut [D::Value]) {
        parts(out).for_each(|(_, part)| self.bits.fill(distribution, part));
    }
}

/// What draws from distributions: `Generator` and `RandomState`, each by its own algorithms.
pub trait Source {
    /// Fills a slice with draws.
    fn fill<D: LegacyDistribution + Send>(
        &self,
        py: Python<'_>,
        distribution: &D,
        out: &mut [D::Value],
    ) -> Outcome<()>;

    /// Fills a slice with draws, each from a distribution of its own.
    fn fill_each<D: LegacyDistribution>(
        &self,
        py: Python<'_>,
        out: &mut [D::Value],
        make: impl FnMut(usize) -> Outcome<D> + Send,
    ) -> Outcome<()>;

    /// Runs `f`, which draws about so many numbers, on the bits.
    fn with_bits<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut AnyBits) -> R + Send,
    ) -> R;

    /// As [`Source::with_bits`]; Ctrl-C stops it where `f` asks.
    fn with_bits_stoppable<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut AnyBits) -> Outcome<R> + Send,
    ) -> Outcome<R>;

    /// As [`Source::with_bits_stoppable`], with places to stop at between the words.
    fn with_watched<R: Send>(
        &self,
        py: Python<'_>,
        draws: usize,
        f: impl FnOnce(&mut Watched<'_>) -> Outcome<R> + Send,
    ) -> Outcome<R> {
        self.with_bits_stoppable(py, draws, |bits| f(&mut Watched::new(bits)))
    }

    /// Whether it is the legacy interface, whose limits and messages are a little different.
    const LEGACY: bool;
}

/// A new array that `write` fills.
pub fn array<T: Element>(
    py: Python<'_>,
    shape: &[usize],
    write: impl FnOnce(&mut [T]) -> Outcome<()>,
) -> Outcome<Py<PyAny>> {
    wrap(py, Raw::written_by::<T, Fault>(shape, write)?)
}

/// One value, which is no array, or an array of this shape.
pub fn value_or_array<'py, T>(
    py: Python<'py>,
    shape: Option<&[usize]>,
    write: impl FnOnce(&mut [T]) -> Outcome<()>,
) -> Outcome<Py<PyAny>>
where
    T: Element + Default + IntoPyObject<'py>,
{
    match shape {
        Some(shape) => array(py, shape, write),
        None => {
            let mut one = [T::default()];
            write(&mut one)?;
            let [one] = one;
            Ok(one.into_py_any(py)?)
        }
    }
}

/// Draws from one distribution.
pub fn drawn<'py, S: Source, D>(
    source: &S,
    py: Python<'py>,
    distribution: &D,
    size: Option<&[usize]>,
) -> Outcome<Py<PyAny>>
where
    D: LegacyDistribution + Send,
    D::Value: Element + IntoPyObject<'py>,
{
    check_draw("random")?;
    value_or_array(py, size, |out| source.fill(py, distribution, out))
}

/// Draws from a distribution for each element.
pub fn drawn_each<S: Source, D>(
    source: &S,
    py: Python<'_>,
    shape: &[usize],
    make: impl FnMut(usize) -> Outcome<D> + Send,
) -> Outcome<Py<PyAny>>
where
    D: LegacyDistribution,
    D::Value: Element,
{
    check_draw("random")?;
    array(py, shape, |out| source.fill_each(py, out, make))
}

/// As [`drawn_each`], from what `make` gives for a shape; nothing is drawn if one of the distributions of the parameters, whose
/// shapes these are, cannot be made.
fn drawn_each_of_all<S: Source, D, M>(
    source: &S,
    py: Python<'_>,
    size: Option<Vec<usize>>,
    shapes: [&[usize]; 3],
    make: impl Fn(&[usize]) -> Outcome<M>,
) -> Outcome<Py<PyAny>>
where
    D: LegacyDistribution,
    D::Value: Element,
    M: FnMut(usize) -> Outcome<D> + Send,
{
    let (checked, shape) = (result_shape(None, &shapes)?, result_shape(size, &shapes)?);
    check_draw("random")?;
    array(py, &shape, |out| {
        let (mut each, n) = (make(&checked)?, checked.iter().product());
        gil::work(py, n, || (0..n).try_for_each(|i| each(i).map(drop)))?;
        source.fill_each(py, out, make(&shape)?)
    })
}

/// A distribution of real parameters, as a row describes it.
pub struct Row<D, const P: usize> {
    pub op: &'static str,
    pub names: &'static [&'static str],
    pub ranges: &'static [Range],
    pub make: fn([f64; P]) -> civita_random::Result<D>,
}

/// Draws from a distribution whose parameters are numbers or arrays.
pub fn drawn_by_row<'py, S: Source, D, const P: usize>(
    source: &S,
    py: Python<'py>,
    row: Row<D, P>,
    parameters: [Parameter; P],
    size: Option<Vec<usize>>,
) -> Outcome<Py<PyAny>>
where
    D: LegacyDistribution + Send,
    D::Value: Element + IntoPyObject<'py>,
{
    if parameters.iter().any(Parameter::is_differentiated) {
        return path::drawn(source, py, &row, &parameters, size);
    }
    if let Some(values) = all_numbers(&parameters) {
        return drawn(source, py, &(row.make)(values)?, size.as_deref());
    }
    for ((parameter, name), range) in parameters.iter().zip(row.names).zip(row.ranges) {
        parameter.check(py, name, *range)?;
    }
    let shapes = parameters.each_ref().map(Parameter::shape);
    let shape = result_shape(size, &shapes)?;
    let mut along: [Along<f64>; P] = [const { Along::One(0.0) }; P];
    for (along, parameter) in along.iter_mut().zip(&parameters) {
        *along = parameter.along(&shape)?;
    }
    let make = row.make;
    drawn_each(source, py, &shape, move |i| {
        let mut values = [0.0; P];
        for (value, along) in values.iter_mut().zip(&mut along) {
            *value = along.at(i)?;
        }
        Ok(make(values)?)
    })
}

/// The parameters, if all of them are numbers.
pub fn all_numbers<const P: usize>(parameters: &[Parameter; P]) -> Option<[f64; P]> {
    let mut values = [0.0; P];
    for (value, parameter) in values.iter_mut().zip(parameters) {
        *value = parameter.one()?;
    }
    Some(values)
}

/// Writes draws into `out=`, or returns them as a new array or number. An array in Fortran order is filled in its order, unless
/// `c_order` is asked for.
pub fn into_out<'py, T>(
    py: Python<'py>,
    size: Option<Vec<usize>>,
    out: Option<&Bound<'py, PyAny>>,
    c_order: bool,
    write: impl FnOnce(&mut [T]) -> Outcome<()>,
) -> Outcome<Py<PyAny>>
where
    T: Element + Default + IntoPyObject<'py>,
{
    let Some(out) = out.filter(|out| !out.is_none()) else {
        return value_or_array(py, size.as_deref(), write);
    };
    let Some(out) = crate::ufunc::output(out)? else {
        return value_or_array(py, size.as_deref(), write);
    };
    let (shape, transposed) = accepted::<T>(out.get(), size, c_order)?;
    let drawn = Raw::written_by::<T, Fault>(&shape, write)?;
    let drawn = if transposed {
        drawn.transpose()?
    } else {
        drawn
    };
    out.get().write(|raw| Ok(raw.assign(&drawn)?))?;
    Ok(out.into_any().unbind())
}

/// The shape of what is drawn for an output, and whether it is transposed then.
fn accepted<T: Element>(
    out: &Array,
    size: Option<Vec<usize>>,
    c_order: bool,
) -> Outcome<(Vec<usize>, bool)> {
    let raw = out.raw();
    let layout = raw.layout();
    let c = layout.is_contiguous();
    let fortran = layout.is_fortran_contiguous() && !c_order;
    if !(c || fortran) || !raw.is_writable() {
        return Err(value_error(format!(
            "Supplied output array must be {}contiguous, writable, aligned, and in machine byte-order.",
            if c_order { "C-" } else { "" }
        )));
    }
    if raw.dtype() != T::DTYPE {
        return Err(type_error(format!(
            "Supplied output array has the wrong type. Expected {}, got {}",
            T::DTYPE,
            raw.dtype()
        )));
    }
    let mut shape = raw.shape().to_vec();
    if size.is_some_and(|size| size != shape) {
        return Err(value_error("size must match out.shape when used together"));
    }
    if !c {
        shape.reverse();
    }
    Ok((shape, !c))
}

/// Whether the `dtype=` of a function that draws in double or single precision is single.
pub fn is_single(name: &str, dtype: Option<&Bound<'_, PyAny>>) -> Outcome<bool> {
    match crate::dtype::parse_optional(dtype)? {
        None | Some(DType::F64) => Ok(false),
        Some(DType::F32) => Ok(true),
        Some(other) => Err(type_error(format!(
            "Unsupported dtype dtype('{other}') for {name}"
        ))),
    }
}

/// `uniform`: the range of each element must be finite, and in the new interface not negative.
pub fn uniform<S: Source>(
    source: &S,
    py: Python<'_>,
    low: &Given<'_>,
    high: &Given<'_>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let (low, high) = (Parameter::or(low, 0.0)?, Parameter::or(high, 1.0)?);
    let size = size_of(size)?;
    let overflow = |text: &'static str| Fault::from(PyOverflowError::new_err(text));
    let differentiated = low.is_differentiated() || high.is_differentiated();
    if let (Some(low), Some(high), false) = (low.one(), high.one(), differentiated) {
        if !(high - low).is_finite() {
            return Err(overflow(if S::LEGACY {
                "Range exceeds valid bounds"
            } else {
                "high - low range exceeds valid bounds"
            }));
        }
        let uniform = if S::LEGACY {
            Uniform::from_to(low, high)?
        } else {
            Uniform::between(low, high)?
        };
        return drawn(source, py, &uniform, size.as_deref());
    }
    let parameters = [low, high];
    let shapes = parameters.each_ref().map(Parameter::shape);
    // of the parameters alone, which are wrong also where nothing is drawn
    let checked = result_shape(None, &shapes)?;
    let shape = result_shape(size, &shapes)?;
    let along = |shape: &[usize]| {
        let [low, high] = parameters.each_ref().map(|p| p.along(shape));
        Outcome::Ok((low?, high?))
    };
    check_draw("random")?;
    let check = || {
        let (mut low, mut high) = along(&checked)?;
        let n = checked.iter().product();
        let negative = gil::work(py, n, || {
            let mut negative = false;
            for i in 0..n {
                let range = high.at(i)? - low.at(i)?;
                if !range.is_finite() {
                    return Err(overflow("Range exceeds valid bounds"));
                }
                negative |= !Range::NonNegative.holds(range);
            }
            Ok(negative)
        })?;
        match negative && !S::LEGACY {
            true => Ok(Range::NonNegative.check("high - low", -1.0)?),
            false => Outcome::Ok(()),
        }
    };
    if differentiated {
        check()?;
        let row = Row {
            op: "uniform",
            names: &[],
            ranges: &[],
            make: |[low, high]| Uniform::from_to(low, high),
        };
        return path::drawn(source, py, &row, &parameters, Some(shape));
    }
    let (mut low, mut high) = along(&shape)?;
    array(py, &shape, |out| {
        check()?;
        source.fill_each(py, out, |i| Ok(Uniform::from_to(low.at(i)?, high.at(i)?)?))
    })
}

/// `triangular`.
pub fn triangular<S: Source>(
    source: &S,
    py: Python<'_>,
    [left, mode, right]: [&Bound<'_, PyAny>; 3],
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let parameters = [
        Parameter::of(left)?,
        Parameter::of(mode)?,
        Parameter::of(right)?,
    ];
    let size = size_of(size)?;
    if parameters.iter().any(Parameter::is_differentiated) {
        let shape = result_shape(size, &parameters.each_ref().map(Parameter::shape))?;
        let [left, mode, right] = parameters.each_ref().map(|p| p.along(&shape));
        let (mut left, mut mode, mut right) = (left?, mode?, right?);
        for i in 0..shape.iter().product() {
            Triangular::between(left.at(i)?, mode.at(i)?, right.at(i)?)?;
        }
        let row = Row {
            op: "triangular",
            names: &[],
            ranges: &[],
            make: |[left, mode, right]| Triangular::between(left, mode, right),
        };
        return path::drawn(source, py, &row, &parameters, Some(shape));
    }
    if let Some([left, mode, right]) = all_numbers(&parameters) {
        let triangular = Triangular::between(left, mode, right)?;
        return drawn(source, py, &triangular, size.as_deref());
    }
    let shapes = parameters.each_ref().map(Parameter::shape);
    drawn_each_of_all(source, py, size, shapes, |shape| {
        let [left, mode, right] = parameters.each_ref().map(|p| p.along(shape));
        let (mut left, mut mode, mut right) = (left?, mode?, right?);
        Ok(move |i| {
            let [left, mode, right] = [left.at(i)?, mode.at(i)?, right.at(i)?];
            Ok(Triangular::between(left, mode, right)?)
        })
    })
}

/// `binomial`.
pub fn binomial<S: Source>(
    source: &S,
    py: Python<'_>,
    n: &Bound<'_, PyAny>,
    p: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let (n, p) = (Whole::of(n)?, Parameter::constant("binomial", p)?);
    let size = size_of(size)?;
    if let (Whole::One(n), Some(p)) = (&n, p.one()) {
        return drawn(source, py, &Binomial::new(*n, p)?, size.as_deref());
    }
    p.check(py, "p", Range::Unit)?;
    if !n.is_natural(py)? {
        return Err(value_error("n < 0"));
    }
    let shape = result_shape(size, &[p.shape(), n.shape()])?;
    let (mut n, mut p) = (n.along(&shape)?, p.along(&shape)?);
    drawn_each(source, py, &shape, |i| {
        Ok(Binomial::new(n.at(i)?, p.at(i)?)?)
    })
}

/// `hypergeometric`.
pub fn hypergeometric<S: Source>(
    source: &S,
    py: Python<'_>,
    [good, bad, sample]: [&Bound<'_, PyAny>; 3],
    size: Option<&Bound<'_, PyAny>>,
) -> Outcome<Py<PyAny>> {
    let make = if S::LEGACY {
        Hypergeometric::legacy
    } else {
        Hypergeometric::new
    };
    let (good, bad, sample) = (Whole::of(good)?, Whole::of(bad)?, Whole::of(sample)?);
    let size = size_of(size)?;
    if let (Whole::One(good), Whole::One(bad), Whole::One(sample)) = (&good, &bad, &sample) {
        let one = make(*good, *bad, *sample)?;
        return drawn(source, py, &one, size.as_deref());
    }
    let shapes = [good.shape(), bad.shape(), sample.shape()];
    drawn_each_of_all(source, py, size, shapes, |shape| {
        let (mut good, mut bad, mut sample) =
            (good.along(shape)?, bad.along(shape)?, sample.along(shape)?);
        Ok(move |i| Ok(make(good.at(i)?, bad.at(i)?, sample.at(i)?)?))
    })
}
