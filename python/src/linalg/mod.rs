//! `cv.linalg`: arguments by NumPy's conventions for the functions of `civita_linalg`. Results that are named tuples are put
//! together in `civita/linalg.py`, which has the signatures and the docs.

mod decompositions;

use civita_core::dtype::DType;
use civita_core::error::Result;
use civita_core::layout::{Axes, KeepDims};
use civita_core::raw::Raw;
use civita_linalg::{self as linalg, Form, Mode, Order, Side, Triangle, Uplo, Vectors};
use pyo3::prelude::*;
use pyo3::types::{PySequence, PyString, PyTuple};

use crate::convert::{Listed, array_of, check_constant};
use crate::error::{Outcome, type_error, value_error};
use crate::gil;
use crate::scalar::give;
use crate::subclass::wrapped_by;

/// Work on matrices outweighs their elements: the interpreter is released from a tenth of the usual number on.
fn weight(arrays: &[&Raw]) -> usize {
    arrays.iter().map(|x| x.len()).sum::<usize>() * 10
}

/// Runs `f` with the interpreter released where it pays.
fn run<R: Send>(py: Python<'_>, x: &[&Raw], f: impl FnOnce() -> Result<R> + Send) -> Outcome<R> {
    Ok(gil::work(py, weight(x), f)?)
}

/// A function of one array.
fn unary(a: &Bound<'_, PyAny>, f: impl FnOnce(&Raw) -> Result<Raw> + Send) -> Outcome<Py<PyAny>> {
    let x = array_of(a, None)?;
    let y = run(a.py(), &[&x], || f(&x))?;
    give(a.py(), y)
}

/// A function of one array with several results.
fn several(
    a: &Bound<'_, PyAny>,
    f: impl FnOnce(&Raw) -> Result<Vec<Raw>> + Send,
) -> Outcome<Py<PyAny>> {
    let x = array_of(a, None)?;
    let y = run(a.py(), &[&x], || f(&x))?;
    tuple(a.py(), y)
}

fn tuple(py: Python<'_>, all: Vec<Raw>) -> Outcome<Py<PyAny>> {
    let all = all
        .into_iter()
        .map(|y| give(py, y))
        .collect::<Outcome<Vec<_>>>()?;
    Ok(PyTuple::new(py, all)?.into_any().unbind())
}

/// A function of two arrays.
fn binary(
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    f: impl FnOnce(&Raw, &Raw) -> Result<Raw> + Send,
) -> Outcome<Py<PyAny>> {
    let (x, y) = (array_of(a, None)?, array_of(b, None)?);
    let z = run(a.py(), &[&x, &y], || f(&x, &y))?;
    give(a.py(), z)
}

fn uplo(text: &str) -> Outcome<Uplo> {
    match text {
        "L" | "l" => Ok(Uplo::Lower),
        "U" | "u" => Ok(Uplo::Upper),
        _ => Err(value_error("UPLO argument must be 'L' or 'U'")),
    }
}

fn order(ord: Option<&Bound<'_, PyAny>>) -> Outcome<Order> {
    let Some(ord) = ord.filter(|o| !o.is_none()) else {
        return Ok(Order::Default);
    };
    if let Ok(text) = ord.cast::<PyString>() {
        return match text.to_str()? {
            "fro" | "f" => Ok(Order::Frobenius),
            "nuc" => Ok(Order::Nuclear),
            text => Err(value_error(format!("Invalid norm order '{text}'"))),
        };
    }
    check_constant(ord)?;
    Ok(Order::P(ord.extract::<f64>().map_err(|_| {
        type_error("'ord' must be None, a number, 'fro' or 'nuc'")
    })?))
}

fn axes_of(axis: Option<&Bound<'_, PyAny>>) -> Outcome<Option<Vec<isize>>> {
    let Some(axis) = axis.filter(|a| !a.is_none()) else {
        return Ok(None);
    };
    if let Ok(one) = axis.extract::<isize>() {
        return Ok(Some(vec![one]));
    }
    match axis.extract() {
        Ok(Listed(all)) => Ok(Some(all)),
        Err(_) => Err(type_error(
            "'axis' must be None, an integer or a tuple of integers",
        )),
    }
}

fn keep(keepdims: bool) -> KeepDims {
    match keepdims {
        true => KeepDims::Yes,
        false => KeepDims::No,
    }
}

#[pyfunction]
fn solve(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    // of `b`'s class, as NumPy's is
    wrapped_by(b, binary(a, b, linalg::solve))
}

#[pyfunction]
fn inv(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    wrapped_by(a, unary(a, linalg::inv))
}

#[pyfunction]
fn det(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(a, linalg::det)
}

#[pyfunction]
fn slogdet(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| linalg::slogdet(x).map(|(s, l)| vec![s, l]))
}

#[pyfunction]
fn cholesky(a: &Bound<'_, PyAny>, upper: bool) -> Outcome<Py<PyAny>> {
    let uplo = if upper { Uplo::Upper } else { Uplo::Lower };
    unary(a, |x| linalg::cholesky(x, uplo))
}

#[pyfunction]
fn solve_triangular(
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    lower: bool,
    unit: bool,
) -> Outcome<Py<PyAny>> {
    let triangle = match (lower, unit) {
        (true, false) => Triangle::Lower,
        (false, false) => Triangle::Upper,
        (true, true) => Triangle::UnitLower,
        (false, true) => Triangle::UnitUpper,
    };
    binary(a, b, |a, b| linalg::solve_triangular(a, b, triangle))
}

/// What of a QR factorisation is asked for, by NumPy's names.
fn qr_mode(name: &str) -> Outcome<Mode> {
    match name {
        "reduced" => Ok(Mode::Reduced),
        "complete" => Ok(Mode::Complete),
        "r" => Ok(Mode::R),
        "raw" => Ok(Mode::Raw),
        _ => Err(value_error(format!("Unrecognized mode '{name}'"))),
    }
}

/// `[q, r]`, `[r]` or `[h, tau]`, by NumPy's mode.
#[pyfunction]
fn qr(a: &Bound<'_, PyAny>, mode: &str) -> Outcome<Py<PyAny>> {
    let mode = qr_mode(mode)?;
    several(a, |x| linalg::qr(x, mode))
}

/// `(u, s, vh)`.
#[pyfunction]
fn svd(a: &Bound<'_, PyAny>, full: bool, hermitian: bool) -> Outcome<Py<PyAny>> {
    let vectors = if full { Vectors::Full } else { Vectors::Thin };
    several(a, |x| {
        let all = match hermitian {
            true => linalg::svd_hermitian(x)?,
            false => linalg::svd(x, vectors)?,
        };
        Ok(all.into())
    })
}

#[pyfunction]
fn svdvals(a: &Bound<'_, PyAny>, hermitian: bool) -> Outcome<Py<PyAny>> {
    unary(a, |x| match hermitian {
        true => linalg::svdvals_hermitian(x),
        false => linalg::svdvals(x),
    })
}

/// Real parts where everything is real: NumPy's rule for real matrices. Under `vmap` and `trace` values cannot be asked.
fn real_if_close(a: &Raw, w: Raw, v: Option<Raw>) -> Result<Vec<Raw>> {
    let all = |w: Raw, v: Option<Raw>| [Some(w), v].into_iter().flatten().collect();
    if a.dtype().is_complex() || w.opaque().is_some() {
        return Ok(all(w, v));
    }
    let imaginary = w.detach().imag()?;
    let any = imaginary.reduce(
        civita_core::ops::Reduction::Any,
        civita_core::raw::ReduceOptions::default(),
    )?;
    if any.item()?.as_f64() != 0.0 {
        return Ok(all(w, v));
    }
    Ok(all(w.real()?, v.map(|v| v.real()).transpose()?))
}

#[pyfunction]
fn eig(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| {
        let (w, v) = linalg::eig(x)?;
        real_if_close(x, w, Some(v))
    })
}

#[pyfunction]
fn eigvals(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(a, |x| {
        let w = linalg::eigvals(x)?;
        let mut all = real_if_close(x, w.clone(), None)?;
        Ok(all.pop().unwrap_or(w))
    })
}

#[pyfunction]
fn eigh(a: &Bound<'_, PyAny>, triangle: &str) -> Outcome<Py<PyAny>> {
    let uplo = uplo(triangle)?;
    several(a, |x| linalg::eigh(x, uplo).map(|(w, v)| vec![w, v]))
}

#[pyfunction]
fn eigvalsh(a: &Bound<'_, PyAny>, triangle: &str) -> Outcome<Py<PyAny>> {
    let uplo = uplo(triangle)?;
    unary(a, |x| linalg::eigvalsh(x, uplo))
}

/// The pseudoinverse; `rcond` is an array.
#[pyfunction]
fn pinv(a: &Bound<'_, PyAny>, rcond: &Bound<'_, PyAny>, hermitian: bool) -> Outcome<Py<PyAny>> {
    binary(
        a,
        rcond,
        match hermitian {
            true => linalg::pinv_hermitian,
            false => linalg::pinv,
        },
    )
}

/// LAPACK's pivots.
#[pyfunction]
fn lu_exchanges(rows: &Bound<'_, PyAny>, steps: usize) -> Outcome<Py<PyAny>> {
    unary(rows, |rows| linalg::lu_exchanges(rows, steps))
}

#[pyfunction]
fn lu_rows(pivots: &Bound<'_, PyAny>, rows: usize) -> Outcome<Py<PyAny>> {
    unary(pivots, |pivots| linalg::lu_rows(pivots, rows))
}

/// `trans` is 0, 1 or 2.
#[pyfunction]
fn lu_solve(
    lu: &Bound<'_, PyAny>,
    rows: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    trans: u8,
) -> Outcome<Py<PyAny>> {
    let form = match trans {
        0 => Form::Plain,
        1 => Form::Transposed,
        _ => Form::Adjoint,
    };
    let [lu_, rows, b] = [
        array_of(lu, None)?,
        array_of(rows, None)?,
        array_of(b, None)?,
    ];
    let x = run(lu.py(), &[&lu_, &b], || {
        linalg::lu_solve(&lu_, &rows, &b, form)
    })?;
    give(lu.py(), x)
}

#[pyfunction]
fn cho_solve(factor: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>, lower: bool) -> Outcome<Py<PyAny>> {
    let uplo = if lower { Uplo::Lower } else { Uplo::Upper };
    binary(factor, b, |factor, b| linalg::cho_solve(factor, uplo, b))
}

/// `(x, residuals, rank, s)`.
#[pyfunction]
fn lstsq(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>, rcond: Option<f64>) -> Outcome<Py<PyAny>> {
    let (x, y) = (array_of(a, None)?, array_of(b, None)?);
    let found = run(a.py(), &[&x, &y], || linalg::lstsq(&x, &y, rcond))?;
    // where the rank cannot be read, as under `vmap`, there are residuals
    let (rows, columns) = (x.shape()[0], x.shape()[1]);
    let full = match found.rank.opaque() {
        Some(_) => true,
        None => found.rank.item()?.as_f64() == columns as f64,
    };
    let residuals = match full && rows > columns {
        true => found.residuals,
        false => found.residuals.narrow(0, 0, 0)?,
    };
    tuple(a.py(), vec![found.x, residuals, found.rank, found.s])
}

#[pyfunction]
fn matrix_rank(
    a: &Bound<'_, PyAny>,
    tol: Option<&Bound<'_, PyAny>>,
    rtol: Option<&Bound<'_, PyAny>>,
    hermitian: bool,
) -> Outcome<Py<PyAny>> {
    let of = |o: Option<&Bound<'_, PyAny>>| o.map(|o| array_of(o, None)).transpose();
    let (tol, rtol) = (of(tol)?, of(rtol)?);
    unary(a, |x| {
        linalg::matrix_rank(x, tol.as_ref(), rtol.as_ref(), hermitian)
    })
}

#[pyfunction]
fn cond(x: &Bound<'_, PyAny>, p: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let order = order(p)?;
    unary(x, |x| linalg::cond(x, order))
}

#[pyfunction]
fn norm(
    x: &Bound<'_, PyAny>,
    ord: Option<&Bound<'_, PyAny>>,
    axis: Option<&Bound<'_, PyAny>>,
    keepdims: bool,
) -> Outcome<Py<PyAny>> {
    let (order, axes) = (order(ord)?, axes_of(axis)?);
    unary(x, |x| {
        let axes = axes.as_deref().map_or(Axes::All, Axes::List);
        linalg::norm(x, order, axes, keep(keepdims))
    })
}

#[pyfunction]
fn vector_norm(
    x: &Bound<'_, PyAny>,
    ord: Option<&Bound<'_, PyAny>>,
    axis: Option<&Bound<'_, PyAny>>,
    keepdims: bool,
) -> Outcome<Py<PyAny>> {
    let (order, axes) = (order(ord)?, axes_of(axis)?);
    unary(x, |x| {
        let axes = axes.as_deref().map_or(Axes::All, Axes::List);
        linalg::vector_norm(x, order, axes, keep(keepdims))
    })
}

#[pyfunction]
fn matrix_norm(
    x: &Bound<'_, PyAny>,
    ord: Option<&Bound<'_, PyAny>>,
    keepdims: bool,
) -> Outcome<Py<PyAny>> {
    let order = order(ord)?;
    unary(x, |x| {
        linalg::matrix_norm(x, order, [-2, -1], keep(keepdims))
    })
}

#[pyfunction]
fn matrix_power(a: &Bound<'_, PyAny>, n: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let n = a
        .py()
        .import("operator")?
        .getattr("index")?
        .call1((n,))
        .map_err(|_| type_error("exponent must be an integer"))?
        .extract::<i64>()?;
    unary(a, |x| linalg::matrix_power(x, n))
}

#[pyfunction]
fn multi_dot(arrays: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    let py = arrays.py();
    let all = arrays
        .cast::<PySequence>()
        .map_err(|_| type_error("multi_dot takes a sequence of arrays"))?
        .try_iter()?
        .map(|o| array_of(&o?, None))
        .collect::<Outcome<Vec<Raw>>>()?;
    let refs: Vec<&Raw> = all.iter().collect();
    let y = run(py, &refs, || linalg::multi_dot(&refs))?;
    give(py, y)
}

#[pyfunction]
fn tensorinv(a: &Bound<'_, PyAny>, ind: isize) -> Outcome<Py<PyAny>> {
    unary(a, |x| linalg::tensorinv(x, ind))
}

#[pyfunction]
fn tensorsolve(
    a: &Bound<'_, PyAny>,
    b: &Bound<'_, PyAny>,
    axes: Option<Listed<isize>>,
) -> Outcome<Py<PyAny>> {
    let axes = axes.map(|axes| axes.0);
    binary(a, b, |a, b| linalg::tensorsolve(a, b, axes.as_deref()))
}

/// `(packed, rows)`: LAPACK's matrix, and the row of `a` for each of its rows.
#[pyfunction]
fn lu_factor(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| linalg::lu_factor(x).map(|(lu, rows)| vec![lu, rows]))
}

/// `(rows, l, u)`: the row of `a` for each row of `l @ u`.
#[pyfunction]
fn lu(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| linalg::lu(x).map(Vec::from))
}

/// `(p, l, u)`.
#[pyfunction]
fn plu(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| linalg::plu(x).map(Vec::from))
}

#[pyfunction]
fn expm(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(a, linalg::expm)
}

/// `(t, z)`, complex.
#[pyfunction]
fn schur(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| linalg::schur(x).map(|(t, z)| vec![t, z]))
}

/// `(h, q)`.
#[pyfunction]
fn hessenberg(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    several(a, |x| linalg::hessenberg(x).map(|(h, q)| vec![h, q]))
}

#[pyfunction]
fn sqrtm(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(a, linalg::sqrtm)
}

#[pyfunction]
fn logm(a: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(a, linalg::logm)
}

/// `(u, p)`.
#[pyfunction]
fn polar(a: &Bound<'_, PyAny>, right: bool) -> Outcome<Py<PyAny>> {
    let side = if right { Side::Right } else { Side::Left };
    several(a, |x| linalg::polar(x, side).map(|(u, p)| vec![u, p]))
}

#[pyfunction]
fn toeplitz(c: &Bound<'_, PyAny>, r: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let r = r.map(|r| array_of(r, None)).transpose()?;
    unary(c, |c| linalg::toeplitz(c, r.as_ref()))
}

#[pyfunction]
fn hankel(c: &Bound<'_, PyAny>, r: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let r = r.map(|r| array_of(r, None)).transpose()?;
    unary(c, |c| linalg::hankel(c, r.as_ref()))
}

#[pyfunction]
fn circulant(c: &Bound<'_, PyAny>) -> Outcome<Py<PyAny>> {
    unary(c, linalg::circulant)
}

/// Negative ones as none, as SciPy.
#[pyfunction]
fn hilbert(py: Python<'_>, n: isize) -> Outcome<Py<PyAny>> {
    give(py, linalg::hilbert(usize::try_from(n).unwrap_or(0))?)
}

#[pyfunction]
fn hadamard(py: Python<'_>, n: isize, dtype: Option<&Bound<'_, PyAny>>) -> Outcome<Py<PyAny>> {
    let dtype = crate::dtype::parse_optional(dtype)?.unwrap_or(DType::I64);
    // no power of two
    let n = usize::try_from(n).unwrap_or(0);
    give(py, linalg::hadamard(n, dtype)?)
}

/// Adds the module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let linalg = PyModule::new(m.py(), "_linalg")?;
    linalg.add("LinAlgError", crate::error::linalg_error(m.py())?)?;
    macro_rules! functions {
        ($($f:ident)*) => { $( linalg.add_function(wrap_pyfunction!($f, &linalg)?)?; )* };
    }
    functions! {
        solve inv det slogdet cholesky solve_triangular qr svd svdvals eig eigvals eigh eigvalsh pinv lstsq matrix_rank
        cond norm vector_norm matrix_norm matrix_power multi_dot tensorinv tensorsolve lu_factor lu_exchanges lu_rows lu_solve cho_solve lu plu expm schur hessenberg sqrtm logm
        polar toeplitz hankel
        circulant hilbert hadamard
    }
    decompositions::register(&linalg)?;
    m.add_submodule(&linalg)
}
