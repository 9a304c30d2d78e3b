//! SciPy's factorisations, generalised eigenproblems, functions of matrices, and decompositions of tensors.

use civita_core::raw::Raw;
use civita_linalg::{self as linalg, Band, Cp, Problem, Symmetry, TensorTrain, Tucker};
use pyo3::prelude::*;

use super::{binary, real_if_close, run, several, tuple, unary, uplo};
use crate::convert::{Listed, array_of};
use crate::error::{Fault, Outcome, value_error};
use crate::gil;
use crate::scalar::give;

/// `[q, r, p]` or `[r, p]`, by the mode.
#[pyfunction]
fn qr_pivoted(a: &Bound<'_, PyAny>, mode: &str) -> Outcome<Py<PyAny>> {
    let mode = super::qr_mode(mode)?;
    several(a, |x| {
        let (mut all, p) = linalg::qr_pivoted(x, mode)?;
        all.push(p);
        Ok(all)
    })
}

/// `(l, d, p)`.
#[pyfunction]
fn ldl(a: &Bound<'_, PyAny>, triangle: &str, hermitian: bool) -> Outcome<Py<PyAny>> {
    let uplo = uplo(triangle)?;
    let symmetry = match hermitian {
        true => Symmetry::Hermitian,
        false => Symmetry::Symmetric,
    };
    several(a, |x| {
        linalg::ldl(x, uplo, symmetry).map(|(l, d, p)| vec![l, d, p])
    })
}

#[pyfunction]
fn solve_banded(
    lower: usize,
    upper: usize,
    ab: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
) -> Outcome<Py<PyAny>> {
    let band = Band { lower, upper };
    binary(ab, b, |ab, b| linalg::solve_banded(band, ab, b))
}

#[pyfunction]
fn solveh_banded(
    ab: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    triangle: &str,
) -> Outcome<Py<PyAny>> {
    let uplo = uplo(triangle)?;
    binary(ab, b, |ab, b| linalg::solveh_banded(ab, b, uplo))
}

/// `(w, v)`.
#[pyfunction]
fn eigh_generalized(
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    triangle: &str,
    problem: i64,
) -> Outcome<Py<PyAny>> {
    let uplo = uplo(triangle)?;
    let problem = match problem {
        1 => Problem::AvBv,
        2 => Problem::AbV,
        3 => Problem::BaV,
        _ => return Err(value_error("\"type\" keyword only accepts 1, 2, and 3.")),
    };
    let (x, y) = (array_of(a, None)?, array_of(b, None)?);
    let (w, v) = run(a.py(), &[&x, &y], || {
        linalg::eigh_generalized(&x, &y, uplo, problem)
    })?;
    tuple(a.py(), vec![w, v])
}

/// `(w, v, alpha, beta)`: `w` and `v` real where all of `w` are.
#[pyfunction]
fn eig_generalized(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let (x, y) = (array_of(a, None)?, array_of(b, None)?);
    let all = run(a.py(), &[&x, &y], || {
        let (alpha, beta, v) = linalg::eig_generalized(&x, &y)?;
        let w = linalg::eigenvalues(&alpha, &beta)?;
        let kind = if x.dtype().is_complex() { &x } else { &y };
        // by alpha: the imaginary part of a quotient may be too small for the dtype
        let mut all = real_if_close(kind, alpha.clone(), Some(v))?;
        all[0] = match all[0].dtype().is_complex() {
            true => w,
            false => w.real()?,
        };
        all.extend([alpha, beta]);
        Ok(all)
    })?;
    tuple(a.py(), all)
}

/// The eigenvalues of a Schur form, complex.
#[pyfunction]
fn schur_eigenvalues(t: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(t, linalg::schur_eigenvalues)
}

/// `(t, z)` with the selected eigenvalues first.
#[pyfunction]
fn schur_reorder(
    t: &Bound<'_, PyAny>,
    z: &Bound<'_, PyAny>,
    which: &Bound<'_, PyAny>,
) -> Outcome<Py<PyAny>> {
    let py = t.py();
    let (t, z, which) = (
        array_of(t, None)?,
        array_of(z, None)?,
        array_of(which, None)?,
    );
    let (t, z) = run(py, &[&t, &z], || linalg::schur_reorder(&t, &z, &which))?;
    tuple(py, vec![t, z])
}

/// How many eigenvalues of each reordered Schur form are selected.
#[pyfunction]
fn schur_counts(t: &Bound<'_, PyAny>, which: &Bound<'_, PyAny>) -> Outcome<Vec<usize>> {
    Ok(linalg::schur_counts(
        &array_of(t, None)?,
        &array_of(which, None)?,
    )?)
}

/// `(w, v)`.
#[pyfunction]
fn polyeig(py: Python<'_>, matrices: Vec<Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let all = arrays(&matrices)?;
    let refs: Vec<&Raw> = all.iter().collect();
    let found = run(py, &refs, || linalg::polyeig(&refs))?;
    tuple(py, vec![found.0, found.1])
}

fn arrays(all: &[Bound<'_, PyAny>]) -> Outcome<Vec<Raw>> {
    all.iter().map(|x| array_of(x, None)).collect()
}

macro_rules! functions_of_matrices { ($($name:ident)*) => { $(
    #[pyfunction]
    fn $name(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
        unary(a, linalg::$name)
    }
)* } }
functions_of_matrices! { cosm sinm tanm coshm sinhm tanhm companion }

#[pyfunction]
fn block_diag(py: Python<'_>, blocks: Vec<Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let all = arrays(&blocks)?;
    give(py, linalg::block_diag(&all.iter().collect::<Vec<_>>())?)
}

#[pyfunction]
fn orth(a: &Bound<'_, PyAny>, rcond: Option<f64>) -> Outcome<Py<PyAny>> {
    unary(a, |x| linalg::orth(x, rcond))
}

#[pyfunction]
fn null_space(a: &Bound<'_, PyAny>, rcond: Option<f64>) -> Outcome<Py<PyAny>> {
    unary(a, |x| linalg::null_space(x, rcond))
}

#[pyfunction]
fn signm(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(a, linalg::signm)
}

#[pyfunction]
fn fractional_matrix_power(a: &Bound<'_, PyAny>, p: f64) -> Outcome<Py<PyAny>> {
    unary(a, |x| linalg::fractional_matrix_power(x, p))
}

/// A function of matrices by a Python function of eigenvalues.
#[pyfunction]
fn funm(a: &Bound<'_, PyAny>, f: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let py = a.py();
    let x = array_of(a, None)?;
    let f = f.clone().unbind();
    let mut raised: Option<Fault> = None;
    let call = |w: &Raw| -> Outcome<Raw> {
        gil::attached(|py| {
            let values = f.bind(py).call1((crate::array::wrap(py, w.clone())?,))?;
            array_of(&values, None)
        })
    };
    let y = run(py, &[&x], || {
        linalg::funm(&x, |w| {
            call(w).map_err(|fault| {
                raised = Some(fault);
                civita_core::error::Error::value("funm", "the function raised an exception")
            })
        })
    });
    match (y, raised) {
        (Ok(y), _) => give(py, y),
        (Err(_), Some(fault)) => Err(fault),
        (Err(e), None) => Err(e),
    }
}

/// `(t, z)`.
#[pyfunction]
fn rsf2csf(t: &Bound<'_, PyAny>, z: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let (x, y) = (array_of(t, None)?, array_of(z, None)?);
    let (triangle, turned) = run(t.py(), &[&x, &y], || linalg::rsf2csf(&x, &y))?;
    tuple(t.py(), vec![triangle, turned])
}

/// A count that may not be negative.
fn natural(op: &'static str, what: &str, n: isize) -> Outcome<usize> {
    usize::try_from(n).map_err(|_| value_error(format!("{op}: {what} must be positive, not {n}")))
}

fn ranks_of(op: &'static str, ranks: Listed<isize>) -> Outcome<Vec<usize>> {
    ranks
        .0
        .into_iter()
        .map(|n| natural(op, "ranks", n))
        .collect()
}

/// `[core, *factors]`.
#[pyfunction]
fn hosvd(x: &Bound<'_, PyAny>, ranks: Option<Listed<isize>>) -> Outcome<Py<PyAny>> {
    let ranks = ranks.map(|ranks| ranks_of("hosvd", ranks)).transpose()?;
    several(x, |x| {
        let found = linalg::hosvd(x, ranks.as_deref())?;
        Ok([vec![found.core], found.factors].concat())
    })
}

/// `[core, *factors]`.
#[pyfunction]
fn tucker(
    x: &Bound<'_, PyAny>,
    ranks: Listed<isize>,
    iterations: isize,
    tolerance: f64,
) -> Outcome<Py<PyAny>> {
    let ranks = ranks_of("tucker", ranks)?;
    let iterations = natural("tucker", "n_iter_max", iterations)?;
    several(x, |x| {
        let found = linalg::tucker(x, &ranks, iterations, tolerance)?;
        Ok([vec![found.core], found.factors].concat())
    })
}

/// `[weights, *factors]`.
#[pyfunction]
fn cp(x: &Bound<'_, PyAny>, rank: isize, iterations: isize, tolerance: f64) -> Outcome<Py<PyAny>> {
    let rank = natural("cp", "the rank", rank)?;
    let iterations = natural("cp", "n_iter_max", iterations)?;
    several(x, |x| {
        let found = linalg::cp(x, rank, iterations, tolerance)?;
        Ok([vec![found.weights], found.factors].concat())
    })
}

/// The cores.
#[pyfunction]
fn tensor_train(
    x: &Bound<'_, PyAny>,
    max_rank: Option<isize>,
    tolerance: f64,
) -> Outcome<Py<PyAny>> {
    let max_rank = max_rank
        .map(|n| natural("tensor_train", "max_rank", n))
        .transpose()?;
    several(x, |x| {
        let most = max_rank.unwrap_or(usize::MAX);
        Ok(linalg::tensor_train(x, most, tolerance)?.cores)
    })
}

#[pyfunction]
fn tucker_to_tensor(core: &Bound<'_, PyAny>, factors: Vec<Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let tucker = Tucker {
        core: array_of(core, None)?,
        factors: arrays(&factors)?,
    };
    let y = run(core.py(), &[&tucker.core], || tucker.reconstruct())?;
    give(core.py(), y)
}

#[pyfunction]
fn cp_to_tensor(weights: &Bound<'_, PyAny>, factors: Vec<Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let cp = Cp {
        weights: array_of(weights, None)?,
        factors: arrays(&factors)?,
    };
    let y = run(weights.py(), &[&cp.weights], || cp.reconstruct())?;
    give(weights.py(), y)
}

#[pyfunction]
fn tensor_train_to_tensor(py: Python<'_>, cores: Vec<Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let train = TensorTrain {
        cores: arrays(&cores)?,
    };
    let refs: Vec<&Raw> = train.cores.iter().collect();
    let y = run(py, &refs, || train.reconstruct())?;
    give(py, y)
}

/// Adds the functions.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    macro_rules! functions {
        ($($f:ident)*) => { $( m.add_function(wrap_pyfunction!($f, m)?)?; )* };
    }
    functions! {
        qr_pivoted ldl solve_banded solveh_banded eigh_generalized eig_generalized schur_eigenvalues schur_reorder schur_counts polyeig signm fractional_matrix_power
        cosm sinm tanm coshm sinhm tanhm companion block_diag orth null_space
        funm rsf2csf hosvd tucker cp tensor_train tucker_to_tensor cp_to_tensor tensor_train_to_tensor
    }
    Ok(())
}
