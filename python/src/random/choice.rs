//! `choice`: elements of an array, integers below a number, or things of a list.

use civita_core::dtype::DType;
use civita_core::layout::normalize_axis;
use civita_core::raw::{Mode, Raw};
use civita_core::threads::stop_if_told;
use civita_core::transform::check_draw;
use civita_random::order::{Order, Weights, choose, choose_distinct, permutation};
use civita_random::{BitGenerator as _, Integers, Method};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use super::arguments::size_of;
use super::draw::Source;
use super::order::count;
use super::path::refuse;
use crate::array::wrap;
use crate::convert::array_of;
use crate::error::{Fault, Outcome, type_error, value_error};
use crate::gil;

/// How elements are chosen.
pub struct Choice {
    pub replace: bool,
    /// None is no axis of an array; integers below a number have none.
    pub axis: Option<isize>,
    pub order: Order,
}

/// What is chosen from.
enum Population<'py> {
    Count(i64),
    Array(Raw, usize),
    Things(Bound<'py, PyAny>),
}

impl<'py> Population<'py> {
    fn of(a: &Bound<'py, PyAny>, axis: Option<isize>, legacy: bool) -> Outcome<Population<'py>> {
        if let Some(n) = count(a)? {
            return Ok(Population::Count(n));
        }
        let no_sequence = || -> Outcome<Fault> {
            Ok(value_error(if legacy {
                "a must be 1-dimensional or an integer".to_owned()
            } else {
                format!(
                    "a must be a sequence or an integer, not {}",
                    a.get_type().repr()?
                )
            }))
        };
        if a.is_instance_of::<PyString>() {
            return Err(no_sequence()?);
        }
        let raw = match array_of(a, None) {
            Ok(raw) => raw,
            Err(_) if a.is_instance_of::<PyList>() || a.is_instance_of::<PyTuple>() => {
                return Ok(Population::Things(a.clone()));
            }
            Err(error) => return Err(error),
        };
        if raw.rank() == 0 {
            return Err(no_sequence()?);
        }
        if legacy && raw.rank() != 1 {
            return Err(value_error("a must be 1-dimensional"));
        }
        let axis = axis.ok_or_else(|| type_error("choice: axis must be an integer, not None"))?;
        let axis = normalize_axis("choice", axis, raw.rank())?;
        Ok(Population::Array(raw, axis))
    }

    /// How many there are, if `n` can be chosen from them at all.
    fn len(&self, n: usize, legacy: bool) -> Outcome<usize> {
        let (len, empty) = match self {
            Population::Count(count) => (
                usize::try_from(*count).unwrap_or(0),
                if legacy {
                    "a must be greater than 0 unless no samples are taken"
                } else {
                    "a must be a positive integer unless no samples are taken"
                },
            ),
            Population::Array(raw, axis) => (raw.shape()[*axis], EMPTY[usize::from(legacy)]),
            Population::Things(list) => (list.len()?, EMPTY[usize::from(legacy)]),
        };
        if len == 0 && n > 0 {
            return Err(value_error(empty));
        }
        Ok(len)
    }
}

const EMPTY: [&str; 2] = [
    "a cannot be empty unless no samples are taken",
    "'a' cannot be empty unless no samples are taken",
];

const TOO_FEW: [&str; 2] = [
    "Cannot take a larger sample than population when replace is False",
    "Cannot take a larger sample than population when 'replace=False'",
];

/// NumPy's legacy messages have quotes and small letters.
fn worded(error: civita_random::Error, legacy: bool) -> Fault {
    let text = error.to_string();
    let text = match text.as_str() {
        _ if !legacy => text,
        "Probabilities contain NaN" => "probabilities contain NaN".to_owned(),
        "Probabilities are not non-negative" => "probabilities are not non-negative".to_owned(),
        _ if text.starts_with("Probabilities do not sum") => {
            "probabilities do not sum to 1".to_owned()
        }
        _ => text.replace("replace is False", "'replace=False'"),
    };
    value_error(text)
}

/// The probabilities, checked.
fn weights(p: &Bound<'_, PyAny>, population: usize, legacy: bool) -> Outcome<Weights> {
    let raw = match array_of(p, None) {
        Ok(raw) => raw,
        Err(error) => {
            // None is NaN to NumPy
            let list = p.is_instance_of::<PyList>() || p.is_instance_of::<PyTuple>();
            return Err(match list && p.contains(p.py().None())? {
                true => worded(
                    civita_random::Error::value("Probabilities contain NaN"),
                    legacy,
                ),
                false => error,
            });
        }
    };
    refuse("choice", &raw)?;
    if raw.rank() != 1 {
        return Err(value_error(if legacy {
            "'p' must be 1-dimensional"
        } else {
            "p must be 1-dimensional"
        }));
    }
    if raw.len() != population {
        return Err(value_error(if legacy {
            "'a' and 'p' must have same size"
        } else {
            "a and p must have same size"
        }));
    }
    // the root of the precision that the probabilities had
    let epsilon: f64 = match raw.dtype() {
        DType::F8E4M3 => 0.125,
        DType::F8E5M2 => 0.25,
        DType::F16 => 9.765625e-4,
        DType::BF16 => 7.8125e-3,
        DType::F32 => f32::EPSILON.into(),
        _ => f64::EPSILON,
    };
    gil::work(p.py(), raw.len(), || {
        let p = raw.cast(DType::F64)?.to_vec()?;
        Weights::new_pausing(p, epsilon.sqrt(), stop_if_told).map_err(|e| worded(e, legacy))
    })
}

/// `choice(a, size, replace, p, axis, shuffle)`.
pub fn choice<S: Source>(
    source: &S,
    py: Python<'_>,
    a: &Bound<'_, PyAny>,
    size: Option<&Bound<'_, PyAny>>,
    p: Option<&Bound<'_, PyAny>>,
    how: Choice,
) -> Outcome<Py<PyAny>> {
    check_draw("choice")?;
    let from = Population::of(a, how.axis, S::LEGACY)?;
    let shape = size_of(size)?;
    let n: usize = match &shape {
        None => 1,
        Some(shape) => {
            // says so if there is no memory for them
            Raw::empty(shape, DType::I64)?.len()
        }
    };
    let len = from.len(n, S::LEGACY)?;
    let fewer = matches!(from, Population::Count(count) if count < 0) && !how.replace;
    let weights = match p.filter(|p| !p.is_none()) {
        Some(p) => Some(weights(p, len, S::LEGACY)?),
        None => None,
    };
    if fewer {
        return Err(value_error(TOO_FEW[usize::from(S::LEGACY)]));
    }
    let chosen = chosen(source, py, len, n, weights, &how)?;
    let Some(shape) = shape else {
        let i = chosen.first().copied().unwrap_or(0);
        return match from {
            Population::Count(_) => Ok(i.into_py_any(py)?),
            Population::Things(list) => Ok(list.get_item(i)?.unbind()),
            Population::Array(raw, axis) => {
                let at = Raw::from_vec(vec![i], &[])?;
                crate::scalar::give(py, raw.take(&at, axis as isize, Mode::Raise)?)
            }
        };
    };
    match from {
        Population::Count(_) => wrap(py, Raw::from_vec(chosen, &shape)?),
        Population::Array(raw, axis) => {
            let at = Raw::from_vec(chosen, &shape)?;
            let taken = gil::work(py, at.len(), || raw.take(&at, axis as isize, Mode::Raise))?;
            wrap(py, taken)
        }
        Population::Things(list) if shape.len() == 1 => {
            let all = chosen.iter().map(|&i| list.get_item(i));
            Ok(PyList::new(py, all.collect::<PyResult<Vec<_>>>()?)?
                .into_any()
                .unbind())
        }
        Population::Things(_) => Err(value_error(
            "things that are no numbers are chosen one by one or as a list: size is None or an integer",
        )),
    }
}

/// The places that are chosen.
fn chosen<S: Source>(
    source: &S,
    py: Python<'_>,
    len: usize,
    n: usize,
    weights: Option<Weights>,
    how: &Choice,
) -> Outcome<Vec<i64>> {
    let worded = |e| worded(e, S::LEGACY);
    if !how.replace && n > len {
        return Err(value_error(TOO_FEW[usize::from(S::LEGACY)]));
    }
    if !how.replace && weights.is_none() {
        // says so if there is no memory to shuffle
        if S::LEGACY {
            Raw::empty(&[len], DType::I64)?;
        }
        let order = how.order;
        return source.with_watched(py, n.max(if S::LEGACY { len } else { 0 }), |bits| {
            if S::LEGACY {
                let mut all = permutation(bits, len);
                all.truncate(n);
                return Ok(all);
            }
            choose_distinct(bits, len, n, order).map_err(worded)
        });
    }
    let replace = how.replace;
    source.with_watched(py, n, |bits| match weights {
        Some(weights) if replace => Ok(weights.choose(bits, n)),
        Some(weights) => weights.choose_distinct(bits, n).map_err(worded),
        None if S::LEGACY => {
            let mut out = vec![0; n];
            if n > 0 {
                let integers = Integers::<i64>::below(0, len as i128)
                    .map_err(worded)?
                    .by(Method::Masked);
                bits.fill(&integers, &mut out);
            }
            Ok(out)
        }
        None => choose(bits, len, n).map_err(worded),
    })
}
