//! Kernels of `Sobol`, `Halton` and `LatinHypercube`, which are classes of `civita/random.py`.

use civita_core::dtype::DType;
use civita_core::raw::Raw;
use civita_core::storage;
use civita_core::transform::check_draw;
use civita_random::{self as random, Within};
use pyo3::prelude::*;

use super::draw::{Source, array, parts_of_rows};
use super::generator::Generator;
use crate::array::wrap;
use crate::convert::array_of;
use crate::error::{Outcome, value_error};
use crate::gil;

/// `(directions, shift)` of a Sobol sequence, scrambled by a generator if there is one.
#[pyfunction]
fn sobol(
    py: Python<'_>,
    d: usize,
    bits: u32,
    generator: Option<&Bound<'_, Generator>>,
) -> Outcome<(Py<PyAny>, Py<PyAny>)> {
    check_draw("Sobol")?;
    let mut it = random::Sobol::new(d, bits)?;
    if let Some(generator) = generator {
        let draws = d * bits as usize * (bits as usize + 1);
        it = generator
            .get()
            .with_watched(py, draws, |from| Ok(it.scrambled(from)))?;
    }
    let directions = Raw::from_slice(it.directions(), &[d, bits as usize])?;
    let shift = Raw::from_slice(it.shift(), &[d])?;
    Ok((wrap(py, directions)?, wrap(py, shift)?))
}

/// `n` points of a Sobol sequence from a given one on.
#[pyfunction]
fn sobol_points(
    py: Python<'_>,
    directions: &Bound<'_, PyAny>,
    shift: &Bound<'_, PyAny>,
    first: u64,
    n: usize,
) -> Outcome<Py<PyAny>> {
    let words = |x: &Bound<'_, PyAny>| -> Outcome<Raw> { array_of(x, Some(DType::U64)) };
    let (directions, shift) = (words(directions)?, words(shift)?);
    let bits = directions.shape().last().copied().unwrap_or(0) as u32;
    let it = random::Sobol::from_parts(bits, directions.to_vec()?, shift.to_vec()?)?;
    let shape = [n, it.dimensions()];
    array(py, &shape, |out: &mut [f64]| {
        if shape[1] > 0 {
            it.check(first, n)?;
        }
        gil::work(py, out.len(), || {
            for (point, part) in parts_of_rows(out, shape[1]) {
                it.fill_at(first.wrapping_add(point as u64), part)?;
            }
            Ok(())
        })
    })
}

/// The permutations of a scrambled Halton sequence: an array of digits for each dimension.
#[pyfunction]
fn halton(py: Python<'_>, d: usize, generator: &Bound<'_, Generator>) -> Outcome<Vec<Py<PyAny>>> {
    check_draw("Halton")?;
    if d > 1 << 16 {
        return Err(value_error("d must be at most 65536"));
    }
    let plain = random::Halton::new(d);
    // the permutations, and the arrays that keep them
    let digits = plain.digits_to_permute();
    storage::room("Halton", digits.saturating_mul(2 * size_of::<u32>()))?;
    let it = generator
        .get()
        .with_watched(py, digits, |from| Ok(plain.scrambled(from)))?;
    it.permutations()
        .iter()
        .map(|all| wrap(py, Raw::from_slice(all, &[all.len()])?))
        .collect()
}

/// `n` points of a Halton sequence from a given one on.
#[pyfunction]
fn halton_points(
    py: Python<'_>,
    d: usize,
    permutations: Option<Vec<Bound<'_, PyAny>>>,
    first: u64,
    n: usize,
) -> Outcome<Py<PyAny>> {
    if d > 1 << 16 {
        return Err(value_error("d must be at most 65536"));
    }
    let it = match permutations {
        None => random::Halton::new(d),
        Some(all) => random::Halton::from_permutations(
            all.iter()
                .map(|x| -> Outcome<Vec<u32>> { Ok(array_of(x, Some(DType::U32))?.to_vec()?) })
                .collect::<Outcome<Vec<Vec<u32>>>>()?,
        )?,
    };
    array(py, &[n, it.dimensions()], |out: &mut [f64]| {
        let d = it.dimensions();
        gil::work(py, out.len(), || {
            for (point, part) in parts_of_rows(out, d) {
                it.fill_at(first.wrapping_add(point as u64), part);
            }
            Ok(())
        })
    })
}

/// A Latin hypercube.
#[pyfunction]
fn latin_hypercube(
    py: Python<'_>,
    generator: &Bound<'_, Generator>,
    n: usize,
    d: usize,
    centered: bool,
) -> Outcome<Py<PyAny>> {
    check_draw("LatinHypercube")?;
    let within = match centered {
        true => Within::Middle,
        false => Within::Random,
    };
    array(py, &[n, d], |out: &mut [f64]| {
        let points = generator.get().with_watched(py, out.len(), |from| {
            Ok(random::latin_hypercube(from, n, d, within))
        })?;
        out.copy_from_slice(&points);
        Ok(())
    })
}

/// Adds the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(sobol, m)?)?;
    m.add_function(wrap_pyfunction!(sobol_points, m)?)?;
    m.add_function(wrap_pyfunction!(halton, m)?)?;
    m.add_function(wrap_pyfunction!(halton_points, m)?)?;
    m.add_function(wrap_pyfunction!(latin_hypercube, m)?)
}
